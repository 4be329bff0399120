package leadpulse.bench;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** Occurrences by tile and signal; only what is there, in the order of the tiles. */
final class Tiles {
    /** A key is a tile's number, and in the last bits the signal. */
    static final int SIGNAL_BITS = 4;

    int[] keys = new int[8];
    int[] counts = new int[8];
    int size;

    /** Counts one occurrence; tiles come in order. */
    void count(int tile, int signal) {
        int least = tile << SIGNAL_BITS;
        int key = least | signal;
        for (int place = size - 1; place >= 0 && keys[place] >= least; place--) {
            if (keys[place] == key) {
                counts[place]++;
                return;
            }
        }
        if (size == keys.length) {
            keys = Arrays.copyOf(keys, 2 * size);
            counts = Arrays.copyOf(counts, 2 * size);
        }
        keys[size] = key;
        counts[size++] = 1;
    }

    /** Drops the tiles before this one. */
    void forget(int firstTile) {
        int first = firstTile << SIGNAL_BITS;
        int gone = 0;
        while (gone < size && keys[gone] < first) {
            gone++;
        }
        if (gone > 0) {
            System.arraycopy(keys, gone, keys, 0, size - gone);
            System.arraycopy(counts, gone, counts, 0, size - gone);
            size -= gone;
        }
    }

    /** Different days among the tiles, of which a day has so many. */
    int days(int tilesADay) {
        int found = 0;
        int latest = Integer.MIN_VALUE;
        for (int place = 0; place < size; place++) {
            int day = (keys[place] >> SIGNAL_BITS) / tilesADay;
            if (day != latest) {
                found++;
                latest = day;
            }
        }
        return found;
    }

    int bytes() {
        return Integer.BYTES + size * 2 * Integer.BYTES;
    }

    void write(ByteBuffer to) {
        to.putInt(size);
        for (int place = 0; place < size; place++) {
            to.putInt(keys[place]).putInt(counts[place]);
        }
    }

    static Tiles read(ByteBuffer from) {
        Tiles tiles = new Tiles();
        tiles.size = from.getInt();
        tiles.keys = new int[tiles.size + 2];
        tiles.counts = new int[tiles.size + 2];
        for (int place = 0; place < tiles.size; place++) {
            tiles.keys[place] = from.getInt();
            tiles.counts[place] = from.getInt();
        }
        return tiles;
    }
}
