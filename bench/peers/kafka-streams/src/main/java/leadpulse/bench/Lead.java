package leadpulse.bench;

import java.nio.ByteBuffer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;

/** A lead's state. Times in milliseconds since 1970, by signal; 0 for never. */
final class Lead {
    final long[] latest;
    final Tiles hours;
    final Tiles days;
    int sequence;
    float told;
    int tier;

    Lead(int signals) {
        this(new long[signals], new Tiles(), new Tiles());
    }

    private Lead(long[] latest, Tiles hours, Tiles days) {
        this.latest = latest;
        this.hours = hours;
        this.days = days;
    }

    static Serde<Lead> serde() {
        Serializer<Lead> serializer = (topic, lead) -> lead == null ? null : lead.write();
        Deserializer<Lead> deserializer = (topic, bytes) -> bytes == null ? null : read(ByteBuffer.wrap(bytes));
        return Serdes.serdeFrom(serializer, deserializer);
    }

    private byte[] write() {
        int fixed = 2 * Integer.BYTES + Float.BYTES + 1 + latest.length * Long.BYTES;
        ByteBuffer to = ByteBuffer.allocate(fixed + hours.bytes() + days.bytes());
        to.putInt(sequence).putFloat(told).putInt(tier).put((byte) latest.length);
        for (long time : latest) {
            to.putLong(time);
        }
        hours.write(to);
        days.write(to);
        return to.array();
    }

    private static Lead read(ByteBuffer from) {
        int sequence = from.getInt();
        float told = from.getFloat();
        int tier = from.getInt();
        long[] latest = new long[from.get()];
        for (int signal = 0; signal < latest.length; signal++) {
            latest[signal] = from.getLong();
        }
        Lead lead = new Lead(latest, Tiles.read(from), Tiles.read(from));
        lead.sequence = sequence;
        lead.told = told;
        lead.tier = tier;
        return lead;
    }
}
