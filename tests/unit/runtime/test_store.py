"""The local store: rows and how far they go, together or not at all, and never a reason to lose anything."""

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from stream.runtime.store import Marker, Store, StoreError

FIRST = Marker(7, b"row", b"definitions")
LATER = Marker(9, b"later row", None)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "state")


def reopened(store: Store, directory: Path) -> Store:
    store.close()
    return Store(directory / "state")


def test_a_new_store_knows_nothing(store: Store) -> None:
    assert store.rebuilt is None
    assert store.marker(0) is None
    assert store.rows(0, [b"ann", b"bob"]) == [None, None]
    assert list(store.all_rows(0)) == []


def test_what_is_written_is_there_after_a_restart(store: Store, tmp_path: Path) -> None:
    store.write({3: ({b"ann": b"1", b"bob": b"2"}, FIRST)})
    again = reopened(store, tmp_path)
    assert again.rebuilt is None
    assert again.marker(3) == FIRST
    assert again.rows(3, [b"bob", b"eve", b"ann"]) == [b"2", None, b"1"]
    again.close()


def test_no_rows_asked_for_are_none_found(store: Store) -> None:
    assert store.rows(0, []) == []


def test_a_row_of_none_removes_the_lead(store: Store) -> None:
    store.write({0: ({b"ann": b"1", b"bob": b"2"}, FIRST)})
    store.write({0: ({b"ann": None}, LATER)})
    assert list(store.all_rows(0)) == [(b"bob", b"2")]
    assert store.marker(0) == LATER


def test_what_a_restore_has_brought_so_far_is_as_old_as_what_it_found(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "time", lambda: clock[0])
    ages = []
    for whole in (False, False, True, False, False, True):
        store.write({0: ({b"ann": b"1"}, FIRST)}, whole=whole)
        ages.append(store.age(0))
        clock[0] += 1.0
    assert ages == [0, 1, 0, 1, 2, 0]


def test_partitions_do_not_see_each_other(store: Store) -> None:
    for partition in (0, 1, 255, 256, 2**31):
        store.write({partition: ({b"ann": b"%d" % partition}, Marker(partition, None, None))})
    for partition in (0, 1, 255, 256, 2**31):
        assert list(store.all_rows(partition)) == [(b"ann", b"%d" % partition)]
        assert store.marker(partition) == Marker(partition, None, None)


@pytest.mark.parametrize("lead", [b"\xff\xff", b"", b"m", b"r", b"a" * 1000, "änn".encode()])
def test_any_key_is_a_lead_and_none_is_taken_for_the_marker(store: Store, lead: bytes) -> None:
    store.write({0: ({lead: b"1"}, FIRST)})
    assert store.rows(0, [lead]) == [b"1"]
    assert list(store.all_rows(0)) == [(lead, b"1")]
    assert store.marker(0) == FIRST


def test_forgetting_a_partition_leaves_the_others(store: Store, tmp_path: Path) -> None:
    for partition in (0, 1, 2):
        store.write({partition: ({b"ann": b"1", b"\xff": b"2"}, FIRST)})
    store.forget(1)
    again = reopened(store, tmp_path)
    assert [again.marker(partition) for partition in (0, 1, 2)] == [FIRST, None, FIRST]
    assert [len(list(again.all_rows(partition))) for partition in (0, 1, 2)] == [2, 0, 2]
    again.close()


def test_rows_can_be_walked_in_chunks_and_gone_on_with_after_any_lead(store: Store) -> None:
    leads = [b"", b"\0", b"a", b"a\0", b"a\0\0", b"a\1", b"aa", b"b", b"\xff", b"\xff\xff"]
    rows = {lead: b"row of " + lead for lead in leads}
    store.write(dict.fromkeys((0, 1, 2), (rows, FIRST)))
    for most in (1, 3, 10, 11):
        walked = store.rows_after(1, None, most)
        while len(walked) < len(leads):
            chunk = store.rows_after(1, walked[-1][0], most)
            assert 0 < len(chunk) <= most
            walked += chunk
        assert walked == sorted(rows.items())
        assert store.rows_after(1, walked[-1][0], most) == []
    assert store.rows_after(1, b"a\0unknown", 1) == [(b"a\1", b"row of a\1")]
    assert store.rows_after(3, None, 10) == []


WRITER = """
import sys
from pathlib import Path
from stream.runtime.store import Marker, Store

store = Store(Path(sys.argv[1]), memory=2 * 1024 * 1024)
print("open", flush=True)
for number in range(1, 10**9):
    rows = {b"%d" % lead: b"%0400d" % number for lead in range(50)}
    if number % 7 == 0:
        store.forget(1)
    store.write({partition: (rows, Marker(number, b"%0400d" % number, None)) for partition in (0, 1)})
    if number % 10 == 0:
        print(number, flush=True)
"""


@pytest.mark.parametrize("writes", [200, 330, 520, 810, 1300])
def test_a_process_killed_while_it_writes_leaves_rows_and_markers_of_one_recent_commit(
    tmp_path: Path, writes: int
) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
        while int(writer.stdout.readline()) < writes:
            pass
        writer.kill()
        said = [int(line) for line in writer.stdout.read().splitlines() if line.endswith("0")]
    store = Store(tmp_path)
    assert store.rebuilt is None
    marker = store.marker(0)
    # Three memtables of an eighth of the memory each are 18 commits of 100 rows of 400 bytes.
    assert marker is not None and marker.offset > max([writes, *said[:-1]]) - 40
    # One is also a prefix where a partition was forgotten and its next rows were still to come.
    forgotten = (marker.offset + 1) % 7 == 0 and store.marker(1) is None
    assert forgotten or store.marker(1) == marker
    for partition in (0,) if forgotten else (0, 1):
        rows = dict(store.all_rows(partition))
        assert len(rows) == 50
        assert set(rows.values()) == {marker.row}
    assert not forgotten or list(store.all_rows(1)) == []
    store.close()


def test_a_second_worker_in_the_same_directory_is_told_what_to_do(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "open\n"
        with pytest.raises(StoreError, match=r"another worker uses .*: give each worker a `state` of its own"):
            Store(tmp_path)
        assert first.poll() is None
        first.kill()
    Store(tmp_path).close()


def current(rows: Path) -> None:
    (rows / "CURRENT").write_bytes(b"garbage")


def manifest(rows: Path) -> None:
    next(rows.glob("MANIFEST-*")).write_bytes(b"\0" * 200)


def footer(rows: Path) -> None:
    table = next(rows.glob("*.sst"))
    table.write_bytes(table.read_bytes()[:-100] + b"\0" * 100)


def index(rows: Path) -> None:
    # What RocksDB says of it has the word `block` in it, which is not a lock.
    table = next(rows.glob("*.sst"))
    content = table.read_bytes()
    table.write_bytes(content[:-2500] + bytes(reversed(content[-2500:-100])) + content[-100:])


def table(rows: Path) -> None:
    next(rows.glob("*.sst")).unlink()


@pytest.mark.parametrize("damage", [current, manifest, footer, index, table])
def test_a_store_that_cannot_be_opened_is_begun_anew_and_says_why(
    store: Store, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    store.write({0: ({b"%d" % lead: bytes(range(200)) for lead in range(5000)}, FIRST)})
    reopened(store, tmp_path).close()  # closed twice, so that everything is in tables
    damage(tmp_path / "state" / "rows")
    again = Store(tmp_path / "state")
    assert again.rebuilt
    assert "\n" not in again.rebuilt
    assert again.marker(0) is None
    assert list(again.all_rows(0)) == []
    again.write({0: ({b"ann": b"1"}, LATER)})
    whole = reopened(again, tmp_path)
    assert whole.rebuilt is None
    assert whole.marker(0) == LATER
    whole.close()


def test_rows_that_cannot_be_read_stop_the_worker_and_the_next_start_rebuilds_them(
    store: Store, tmp_path: Path
) -> None:
    store.write({0: ({b"%05d" % lead: b"%d" % lead * 50 for lead in range(5000)}, FIRST)})
    reopened(store, tmp_path).close()
    for found in (tmp_path / "state" / "rows").glob("*.sst"):
        content = bytearray(found.read_bytes())
        content[: len(content) // 2] = bytes(len(content) // 2)
        found.write_bytes(content)
    again = Store(tmp_path / "state")
    assert again.rebuilt is None
    with pytest.raises(StoreError, match=r"cannot read the state in .*; the next start rebuilds it"):
        again.rows(0, [b"%05d" % lead for lead in range(5000)])
    with pytest.raises(StoreError, match=r"cannot read the state in .*; the next start rebuilds it"):
        again.rows_after(0, None, 5000)  # which is no end
    next_start = reopened(again, tmp_path)
    assert next_start.rebuilt
    assert next_start.marker(0) is None
    assert reopened(next_start, tmp_path).rebuilt is None


def test_rows_that_a_merge_cannot_read_stop_the_worker_and_the_next_start_rebuilds_them(
    store: Store, tmp_path: Path
) -> None:
    def fill(tables: Store, number: int) -> None:
        tables.write({0: ({b"%05d" % lead: b"%d" % (lead + number) * 50 for lead in range(5000)}, FIRST)})

    fill(store, 0)
    store.close()
    spoilt = next((tmp_path / "state" / "rows").glob("*.sst"))
    content = bytearray(spoilt.read_bytes())
    content[: len(content) // 2] = bytes(len(content) // 2)
    spoilt.write_bytes(content)
    again = Store(tmp_path / "state")

    def fill_table_after_table() -> None:
        nonlocal again
        for number in range(1, 30):
            fill(again, number)
            again = reopened(again, tmp_path)
            assert again.rebuilt is None
            time.sleep(0.05)

    with pytest.raises(StoreError, match=r"cannot write the state in .*Corruption.*; the next start rebuilds it"):
        fill_table_after_table()
    with suppress(StoreError):
        again.close()
    assert Store(tmp_path / "state").rebuilt


def test_a_store_that_the_system_refuses_to_open_is_kept_and_the_remedy_named(store: Store, tmp_path: Path) -> None:
    store.write({0: ({b"ann": b"1"}, FIRST)})
    store.close()
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with (tmp_path / "the highest open file").open("w") as highest:
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest.fileno() + 2, before[1]))
        try:
            with pytest.raises(StoreError, match=r"cannot open the state in .*: Too many open files.*; let the worker"):
                Store(tmp_path / "state")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
    again = Store(tmp_path / "state")
    assert again.rebuilt is None
    assert again.rows(0, [b"ann"]) == [b"1"]
    again.close()


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot make the state directory .*file/state: Not a directory"):
        Store(tmp_path / "file" / "state")


def test_something_else_in_the_place_of_the_rows_is_named(tmp_path: Path) -> None:
    (tmp_path / "rows").write_text("")
    with pytest.raises(StoreError, match=r"cannot open the state in .*: File exists.*; remove what is there"):
        Store(tmp_path)


def test_rows_of_another_cluster_or_deployment_are_removed(store: Store, tmp_path: Path) -> None:
    store.claim("cluster-a acme.prod leadpulse")
    store.write({0: ({b"ann": b"1"}, FIRST), 2**31: ({b"bob": b"2"}, FIRST)})
    store.claim("cluster-a acme.prod leadpulse")
    assert store.marker(0) == FIRST
    again = reopened(store, tmp_path)
    again.claim("cluster-a acme.prod leadpulse")
    assert again.rows(0, [b"ann"]) == [b"1"]
    again.claim("cluster-b acme.prod leadpulse")
    assert [again.marker(0), again.marker(2**31)] == [None, None]
    assert list(again.all_rows(0)) == []
    again.close()
