"""The local store: a committed past of each partition's rows, in RocksDB.

Keys: the partition (4 bytes, big-endian), then `r` and the lead, `m` for the marker, `t` for the time of the latest
write. The marker says up to which changelog offset (exclusive) the rows go, and holds the partition row found there.
Rows and marker of a commit are written in one batch, so the store is always as of a commit. The key 255 says which
cluster and deployment it is of.

Nothing is written ahead: the changelog is the log. What RocksDB has put into tables by the time a process is killed is
a prefix of the batches, for there is one column family and a batch is never parted, so rows and markers still agree;
what is missing, a memtable or two, is the changelog's tail and is read from there. `close` leaves nothing missing.
"""

import math
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple, cast

import msgspec
from rocksdict import (
    BlockBasedOptions,
    Cache,
    DBCompactionStyle,
    DBCompressionType,
    Options,
    Rdict,
    ReadOptions,
    WriteBatch,
    WriteBufferManager,
    WriteOptions,
)

MEMORY_BYTES: Final = 128 * 1024 * 1024
OPEN_FILES: Final = 256
FLUSH_SECONDS: Final = 300.0
MERGED_FROM: Final = 8
MERGED_LATE: Final = 64
"""So many tables of about one size are merged; the latter while a long restore is under way."""
REBUILD: Final = "rebuild"
HOME_KEY: Final = b"\xff"
REMEDIES: Final = {
    "No space left": "free or add disk space",
    "quota exceeded": "free or add disk space",
    "Permission denied": "let the worker's user read and write there",
    "Read-only file system": "mount it so that it can be written",
    "Too many open files": f"let the worker have {4 * OPEN_FILES} open files or more (`ulimit -n`)",
}
"""What the system refuses, in its words, and what helps: the rows themselves are good, and kept."""


class StoreError(Exception):
    """The local store cannot be used; the message says why and what to do."""


class Marker(NamedTuple):
    """How far the rows of a partition go, with the partition row and the definitions row found on the way."""

    offset: int
    row: bytes | None
    definitions: bytes | None


class Store:
    """The rows of all partitions this worker has had."""

    def __init__(self, directory: Path, memory: int = MEMORY_BYTES) -> None:
        """Opens or creates it. A store that cannot be read is set aside and begun anew: the changelog has it all.

        memory: bytes for memtables, blocks read, indexes and filters together, however many rows there are.
        """
        self._directory = directory
        self._memory = memory
        self._flushed = time.monotonic()
        self._merges_late = False
        self.rebuilt: str | None = None
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot make the state directory {directory}: {error.strerror}") from None
        if (directory / REBUILD).exists():
            self.rebuilt = "it was found corrupt"
            shutil.rmtree(directory / "rows", ignore_errors=True)
            (directory / REBUILD).unlink()
        try:
            self._rocks = self._open()
        except Exception as error:  # rocksdict raises Exception itself
            if _remedy(error):
                raise self._failed("open", error) from None
            if "/LOCK:" in str(error):
                raise StoreError(f"another worker uses {directory}: give each worker a `state` of its own") from None
            self.rebuilt = " ".join(str(error).split())
            shutil.rmtree(directory / "rows", ignore_errors=True)
            try:
                self._rocks = self._open()
            except Exception as second:
                raise self._failed("open", second, "remove what is there") from None

    def claim(self, home: str) -> None:
        """Makes it the store of this home (cluster, topics, application); rows of another one are removed. Raises
        StoreError.
        """
        if self._get([HOME_KEY]) != [home.encode()]:
            try:
                self._rocks.delete_range(b"", HOME_KEY)
                self._rocks.put(HOME_KEY, home.encode())
            except Exception as error:  # rocksdict raises Exception itself
                raise self._unwritable(error) from None

    def rows(self, partition: int, leads: list[bytes]) -> list[bytes | None]:
        """The rows of these leads, None for those unknown. Raises StoreError."""
        prefix = _prefix(partition, b"r")
        return self._get([prefix + lead for lead in leads])

    def all_rows(self, partition: int) -> Iterable[tuple[bytes, bytes]]:
        """Every lead of a partition with its row, in the order of their keys. Raises StoreError."""
        return self._walk(partition, b"")

    def rows_after(self, partition: int, lead: bytes | None, most: int) -> list[tuple[bytes, bytes]]:
        """Up to `most` leads with their rows, in the order of their keys, from the first one after `lead` on; from the
        very first one where that is None. Fewer than `most` are the partition's last. Raises StoreError.
        """
        # No key lies between a key and the same one with a zero byte after it.
        return list(islice(self._walk(partition, b"" if lead is None else lead + b"\0"), most))

    def marker(self, partition: int) -> Marker | None:
        """How far the partition goes; None where it was never restored. Raises StoreError."""
        (found,) = self._get([_prefix(partition, b"m")])
        return None if found is None else msgspec.msgpack.decode(found, type=Marker)

    def age(self, partition: int) -> float:
        """Seconds since the partition was as new as its changelog; infinite where it never was. Raises StoreError."""
        (found,) = self._get([_prefix(partition, b"t")])
        return math.inf if found is None else time.time() - msgspec.msgpack.decode(found, type=float)

    def write(
        self, partitions: Mapping[int, tuple[Mapping[bytes, bytes | None], Marker]], *, whole: bool = True
    ) -> None:
        """Rows (None removes one) and marker of each partition, all or nothing. Raises StoreError.

        Not `whole`: a restore on its way, beyond whose marker rows are still as old as `age` says.
        """
        batch = WriteBatch(raw_mode=True)
        now = msgspec.msgpack.encode(time.time())
        for partition, (rows, marker) in partitions.items():
            prefix = _prefix(partition, b"r")
            for lead, row in rows.items():
                if row is None:
                    batch.delete(prefix + lead)
                else:
                    batch.put(prefix + lead, row)
            batch.put(_prefix(partition, b"m"), msgspec.msgpack.encode(marker))
            if whole or self.age(partition) == math.inf:
                batch.put(_prefix(partition, b"t"), now)
        try:
            self._rocks.write(batch)
            if time.monotonic() - self._flushed > FLUSH_SECONDS:
                self._flushed = time.monotonic()
                self._rocks.flush(wait=False)
        except Exception as error:  # rocksdict raises Exception itself
            raise self._unwritable(error) from None

    def merge(self, *, late: bool) -> None:
        """Whether more tables than usually may wait to be merged, as is good for a long restore: what is merged at once
        is merged again soon. Raises StoreError.
        """
        if late != self._merges_late:
            self._merges_late = late
            try:
                most = MERGED_LATE if late else MERGED_FROM
                self._rocks.set_options({"level0_file_num_compaction_trigger": str(most)})
            except Exception as error:  # rocksdict raises Exception itself
                raise self._unwritable(error) from None

    def size(self) -> int:
        """Bytes of its tables on disk. From any thread."""
        return int(self._rocks.property_int_value("rocksdb.total-sst-files-size") or 0)

    def room(self) -> tuple[int, int]:
        """Bytes of the disk that it lies on: those still to be had, and all."""
        # Also once somebody has removed the directory.
        usage = shutil.disk_usage(next(each for each in (self._directory, *self._directory.parents) if each.exists()))
        return usage.free, usage.total

    def forget(self, partition: int) -> None:
        """Removes everything of a partition. Raises StoreError."""
        try:
            self._rocks.delete_range(_prefix(partition, b""), _prefix(partition + 1, b""))
        except Exception as error:  # rocksdict raises Exception itself
            raise self._unwritable(error) from None

    def close(self) -> None:
        """Flushes and gives up the lock. Raises StoreError where it cannot; the changelog has what is missing."""
        try:
            self._rocks.close()
        except Exception as error:  # rocksdict raises Exception itself
            raise self._unwritable(error) from None

    def _open(self) -> Rdict:
        options = _options(self._memory)
        # Without the second an existing store is opened with the options, and the cache, that it was closed with.
        rocks = Rdict(str(self._directory / "rows"), options, {"default": options})
        unlogged = WriteOptions()
        unlogged.disable_wal = True  # type: ignore[method-assign,assignment]  # a property, whatever its stub says
        rocks.set_write_options(unlogged)
        return rocks

    def _walk(self, partition: int, first: bytes) -> Iterator[tuple[bytes, bytes]]:
        prefix = _prefix(partition, b"r")
        once = ReadOptions()
        once.fill_cache(False)  # type: ignore[call-arg]  # its stub forgets the argument
        place = self._rocks.iter(once)
        place.seek(prefix + first)
        while place.valid() and (key := place.key()).startswith(prefix):
            yield key[len(prefix) :], place.value()
            place.next()
        try:
            place.status()  # a block that cannot be read looks like the end
        except Exception as error:  # rocksdict raises Exception itself
            raise self._unreadable(error) from None

    def _get(self, keys: list[bytes]) -> list[bytes | None]:
        try:
            return cast(list[bytes | None], self._rocks.get([*keys]))
        except Exception as error:  # rocksdict raises Exception itself
            raise self._unreadable(error) from None

    def _unwritable(self, error: Exception) -> StoreError:
        if "Corruption" in str(error):  # a merge met it, as would that of the next start
            return self._spoilt("write", error)
        return self._failed("write", error, "the next start rebuilds what is missing")

    def _unreadable(self, error: Exception) -> StoreError:
        return self._failed("read", error) if _remedy(error) else self._spoilt("read", error)

    def _spoilt(self, what: str, error: Exception) -> StoreError:
        try:
            (self._directory / REBUILD).touch()
        except OSError:
            return self._failed(what, error, "remove what is there")
        return self._failed(what, error, "the next start rebuilds it")

    def _failed(self, what: str, error: Exception, remedy: str = "") -> StoreError:
        text = " ".join(str(error).split())
        return StoreError(f"cannot {what} the state in {self._directory}: {text}; {_remedy(error) or remedy}")


def _remedy(error: Exception) -> str:
    """Empty where it is not the system that refuses."""
    return next((remedy for refusal, remedy in REMEDIES.items() if refusal in str(error)), "")


def _prefix(partition: int, kind: bytes) -> bytes:
    return partition.to_bytes(4, "big") + kind


def _options(memory: int) -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    # One budget: memtables are counted as blocks of the cache, and so are the indexes and filters of the tables.
    cache = Cache(memory)
    options.set_write_buffer_manager(WriteBufferManager.new_write_buffer_manager_with_cache(memory // 2, False, cache))
    options.set_write_buffer_size(memory // 8)
    options.set_max_write_buffer_number(3)
    options.set_max_open_files(OPEN_FILES)
    options.set_keep_log_file_num(2)
    # Fewer and larger merges, and what is merged soon anyway is not compressed first. To merge tables of one size, not
    # level by level, takes half the CPU, and now and then twice the disk.
    options.set_level_zero_file_num_compaction_trigger(MERGED_FROM)
    # After a long restore many wait to be merged: commits need not wait for that.
    options.set_level_zero_slowdown_writes_trigger(2 * MERGED_LATE)
    options.set_level_zero_stop_writes_trigger(4 * MERGED_LATE)
    options.set_compaction_style(DBCompactionStyle.universal())
    options.set_compression_per_level([DBCompressionType.none(), *[DBCompressionType.lz4()] * 6])
    table = BlockBasedOptions()
    table.set_block_cache(cache)
    table.set_bloom_filter(10, False)
    table.set_cache_index_and_filter_blocks(True)
    options.set_block_based_table_factory(table)
    return options
