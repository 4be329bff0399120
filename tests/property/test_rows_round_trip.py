"""Packed rows: what is written is read again, within the announced size, and numbers of every length survive."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.core import lead as places
from stream.core.lead import FIELDS, IDS_KEPT, NOTABLE_KEPT, SIGNALS, Lead, new_lead
from stream.core.octets import get, get_fixed, get_signed, put, put_fixed, put_signed
from stream.core.pack import pack, packed_limit, unpack
from tests.folding import fold_all
from tests.property.logs import BEGIN, DAY, HOUR, logs
from tests.property.observed import Scene, shipped, small

AGES = st.one_of(st.integers(0, 127), st.integers(0, 200 * 365 * DAY))
HASHES = st.integers(0, 2**64 - 1)
LARGEST = 2**62 - 1


@st.composite
def leads(draw: st.DrawFn) -> Lead:
    """A lead with any content that its arrays can hold, likely or not."""
    lead = new_lead()
    as_of = BEGIN + draw(st.integers(0, 170 * 365 * DAY))
    lead.times[places.AS_OF] = as_of
    lead.times[places.FIRST] = as_of - draw(AGES)
    if draw(st.booleans()):
        lead.times[places.OUTCOME] = as_of - draw(AGES)
    if draw(st.booleans()):
        lead.times[places.LANDED] = as_of - draw(AGES)
        lead.times[places.LANDING] = draw(st.integers(0, 1000))
    numbers = st.integers(0, SIGNALS - 1)
    tiles = sorted(draw(st.sets(st.tuples(st.integers(0, 2**45), numbers), max_size=12)))
    for i, (start, signal) in enumerate(tiles):
        lead.tile_start[i], lead.tile_signal[i] = start, signal
        lead.tile_count[i] = draw(st.just(1) | st.integers(1, LARGEST))
        lead.tile_sum[i] = draw(st.just(0) | st.integers(-LARGEST, LARGEST))
    lead.sizes[places.TILES] = len(tiles)
    oldest = as_of // HOUR - 192
    ids = sorted(draw(st.sets(st.tuples(st.integers(oldest, as_of // HOUR), HASHES), max_size=8)))
    for i, (hour, identifier) in enumerate(ids):
        lead.id_hour[i], lead.id_hash[i] = hour, identifier
    lead.sizes[places.IDS] = len(ids)
    lead.sizes[places.NOTABLE] = draw(st.integers(0, NOTABLE_KEPT))
    for i in range(lead.sizes[places.NOTABLE]):
        lead.notable_time[i], lead.notable_signal[i] = as_of - draw(AGES), draw(numbers)
        lead.notable_hash[i] = draw(HASHES)
    for signal in draw(st.sets(numbers)):
        lead.last[signal] = as_of - draw(AGES)
    for field in draw(st.sets(st.integers(0, FIELDS - 1))):
        lead.field_time[field] = as_of - draw(AGES)
        lead.field_value[field] = draw(st.integers(-LARGEST, LARGEST))
    return lead


@given(leads())
def test_a_packed_lead_is_read_back_whole_and_fits_its_limit(lead: Lead) -> None:
    row = np.full(packed_limit(lead), 255, np.uint8)
    end = pack(lead, row, 0)
    assert end <= row.size
    again = new_lead()
    assert unpack(row[:end], 0, again) == end
    for name in ("times", "sizes", "last", "field_time", "field_value"):
        assert getattr(again, name).tolist() == getattr(lead, name).tolist()
    tiles, ids, notable = lead.sizes.tolist()
    for name in Lead._fields:
        size = {"tile": tiles, "id": ids, "notable": notable}.get(name.split("_")[0])
        if size is not None:
            assert getattr(again, name)[:size].tolist() == getattr(lead, name)[:size].tolist()


@pytest.mark.parametrize("scenes", [shipped(), small()], ids=["shipped settings", "random settings"])
@given(st.data())
def test_a_row_unpacked_and_packed_again_is_the_same_row(scenes: st.SearchStrategy[Scene], data: st.DataObject) -> None:
    scene = data.draw(scenes)
    for row in fold_all(scene.settings, [data.draw(logs(scene.words))]).values():
        lead = new_lead()
        # Rows stand one after another in what is read, so the place of the row must not matter.
        assert unpack(np.frombuffer(b"\xff\xff" + row, np.uint8), 2, lead) == 2 + len(row)
        again = np.zeros(packed_limit(lead), np.uint8)
        assert again[: pack(lead, again, 0)].tobytes() == row


def test_the_largest_possible_lead_fits_its_limit() -> None:
    lead = new_lead()
    lead.times[:] = (0, LARGEST, 0, 0, LARGEST)
    lead.sizes[:] = (lead.tile_start.size, IDS_KEPT, NOTABLE_KEPT)
    # Steps between tiles are as long as they can be on the whole; every other number is the longest.
    lead.tile_start[:] = np.linspace(0, LARGEST, lead.tile_start.size).astype(np.int64)
    lead.tile_signal[:] = SIGNALS - 1
    lead.tile_count[:] = LARGEST
    lead.tile_sum[:] = -LARGEST
    lead.last[:] = 0
    lead.id_hash[:] = 2**64 - 1
    lead.id_hour[:] = LARGEST // HOUR
    lead.notable_time[:] = 0
    lead.notable_signal[:] = SIGNALS - 1
    lead.field_time[:] = 0
    lead.field_value[:] = -LARGEST
    row = np.zeros(packed_limit(lead) + 100_000, np.uint8)
    assert pack(lead, row, 0) <= packed_limit(lead)


@given(st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=20))
@settings(max_examples=200)
def test_whole_numbers_of_any_length_are_read_back(numbers: list[int]) -> None:
    out = np.full(9 * len(numbers), 255, np.uint8)
    at = 0
    for number in numbers:
        start, at = at, put(out, at, number)
        assert at - start == max(1, -(-number.bit_length() // 7))
    at = 0
    for number in numbers:
        found, at = get(out, at)
        assert found == number


@given(st.integers(-LARGEST, LARGEST))
@settings(max_examples=200)
def test_signed_numbers_are_read_back(number: int) -> None:
    out = np.full(9, 255, np.uint8)
    end = put_signed(out, 0, number)
    assert get_signed(out, 0) == (number, end)


@given(HASHES, st.integers(0, 3))
@settings(max_examples=200)
def test_hashes_are_little_endian_and_read_back(bits: int, at: int) -> None:
    out = np.zeros(16, np.uint8)
    assert put_fixed(out, at, np.uint64(bits), 8) == at + 8
    assert out[at : at + 8].tobytes() == bits.to_bytes(8, "little")
    assert int(get_fixed(out, at, 8)) == bits
