"""The local store: a committed past of each partition's rows, in RocksDB.

Keys: the partition (4 bytes, big-endian), then `r` and the lead, or `m` for the marker. The marker says up to which
changelog offset (exclusive) the rows go, and holds the partition row found there. Rows and marker of a commit are
written in one batch, so the store is always as of a commit. The key 255 says which cluster and deployment it is of.
"""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, cast

import msgspec
from rocksdict import BlockBasedOptions, Cache, DBCompressionType, Options, Rdict, WriteBatch

BLOCK_CACHE_BYTES = 64 * 1024 * 1024
MEMTABLE_BYTES = 32 * 1024 * 1024
REBUILD = "rebuild"
HOME_KEY = b"\xff"


class StoreError(Exception):
    """The local store cannot be used; the message says why and what to do."""


class Marker(NamedTuple):
    """How far the rows of a partition go, with the partition row and the definitions row found on the way."""

    offset: int
    row: bytes | None
    definitions: bytes | None


class Store:
    """The rows of all partitions this worker has had."""

    def __init__(self, directory: Path) -> None:
        """Opens or creates it. A store that cannot be read is set aside and begun anew: the changelog has it all."""
        self._directory = directory
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
            self._rocks = Rdict(str(directory / "rows"), _options())
        except Exception as error:  # rocksdict raises Exception itself
            if "/LOCK:" in str(error):
                raise StoreError(f"another worker uses {directory}: give each worker a `state` of its own") from None
            self.rebuilt = " ".join(str(error).split())
            shutil.rmtree(directory / "rows", ignore_errors=True)
            try:
                self._rocks = Rdict(str(directory / "rows"), _options())
            except Exception as second:
                raise StoreError(f"cannot open the state in {directory}: {second}; remove what is there") from None

    def claim(self, home: str) -> None:
        """Makes it the store of this home (cluster, topics, application); rows of another one are removed."""
        if self._get([HOME_KEY]) != [home.encode()]:
            self._rocks.delete_range(b"", HOME_KEY)
            self._rocks.put(HOME_KEY, home.encode())

    def rows(self, partition: int, leads: list[bytes]) -> list[bytes | None]:
        """The rows of these leads, None for those unknown. Raises StoreError."""
        prefix = _prefix(partition, b"r")
        return self._get([prefix + lead for lead in leads])

    def all_rows(self, partition: int) -> Iterable[tuple[bytes, bytes]]:
        """Every lead of a partition with its row, in the order of their keys."""
        prefix = _prefix(partition, b"r")
        for key, row in cast(Iterable[tuple[bytes, bytes]], self._rocks.items(from_key=prefix)):
            if not key.startswith(prefix):
                return
            yield key[len(prefix) :], row

    def marker(self, partition: int) -> Marker | None:
        """How far the partition goes; None where it was never restored. Raises StoreError."""
        (found,) = self._get([_prefix(partition, b"m")])
        return None if found is None else msgspec.msgpack.decode(found, type=Marker)

    def write(self, partitions: Mapping[int, tuple[Mapping[bytes, bytes | None], Marker]]) -> None:
        """Rows (None removes one) and marker of each partition, all or nothing. Raises StoreError."""
        batch = WriteBatch(raw_mode=True)
        for partition, (rows, marker) in partitions.items():
            prefix = _prefix(partition, b"r")
            for lead, row in rows.items():
                if row is None:
                    batch.delete(prefix + lead)
                else:
                    batch.put(prefix + lead, row)
            batch.put(_prefix(partition, b"m"), msgspec.msgpack.encode(marker))
        try:
            self._rocks.write(batch)
        except Exception as error:  # rocksdict raises Exception itself
            text = " ".join(str(error).split())
            raise StoreError(f"cannot write the state in {self._directory}: {text}; free or add disk space") from None

    def forget(self, partition: int) -> None:
        """Removes everything of a partition."""
        self._rocks.delete_range(_prefix(partition, b""), _prefix(partition + 1, b""))

    def close(self) -> None:
        """Flushes and gives up the lock."""
        self._rocks.close()

    def _get(self, keys: list[bytes]) -> list[bytes | None]:
        try:
            return cast(list[bytes | None], self._rocks.get([*keys]))
        except Exception as error:  # rocksdict raises Exception itself
            text = " ".join(str(error).split())
            where = self._directory
            (where / REBUILD).touch()
            raise StoreError(f"cannot read the state in {where}: {text}; the next start rebuilds it") from None


def _prefix(partition: int, kind: bytes) -> bytes:
    return partition.to_bytes(4, "big") + kind


def _options() -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_write_buffer_size(MEMTABLE_BYTES)
    options.set_max_write_buffer_number(3)
    options.set_keep_log_file_num(2)
    options.set_compression_type(DBCompressionType.lz4())
    table = BlockBasedOptions()
    table.set_block_cache(Cache(BLOCK_CACHE_BYTES))
    table.set_bloom_filter(10, False)
    table.set_cache_index_and_filter_blocks(True)
    options.set_block_based_table_factory(table)
    return options
