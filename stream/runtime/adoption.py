"""Whether a restored partition can be gone on with, and from where."""

import logging
from collections.abc import Mapping
from typing import NamedTuple

from confluent_kafka import TopicPartition

from stream.runtime import partition_row
from stream.runtime.commit import WorkerError
from stream.runtime.partition_row import Clock, PartitionRowError, other_count
from stream.runtime.spans import Span
from stream.runtime.store import Marker

log = logging.getLogger(__name__)


class Restored(NamedTuple):
    """What there is to go on with. marker: what the changelog says. committed: the group's offsets, by input topic.

    lows: the first offset of each input topic. partitions: how many each of them has. ids: theirs, as in `Topics`.
    """

    marker: Marker
    committed: dict[str, int]
    lows: dict[str, int]
    partitions: int
    ids: dict[str, str]


class Adoptable(NamedTuple):
    """positions: next offset, of every input topic. definitions: the definitions row that is still to be written.

    model, kind, model_since: the model that was in force, empty for a new partition. clock: how far its time has come.
    """

    positions: dict[str, int]
    definitions: bytes | None
    model: str
    kind: str
    model_since: dict[str, int]
    clock: Clock


def examine(
    partition: int, restored: Restored, application: str, meaning: dict[str, str], digest: str, *, skip_missing: bool
) -> Adoptable:
    """`meaning`: what rows refer to by number, with its digest.

    The state's own positions count: they were written with it. A topic that it does not know begins where the topic
    does, and so does, where events that are gone may be skipped, one that was made anew. Raises PartitionRowError where
    the state is another application's, was made for another number of partitions or by settings that these do not
    extend, or is gone; WorkerError for a topic that was made anew.
    """
    marker, committed = restored.marker, restored.committed
    if marker.row is None:
        if any(committed.values()):
            raise PartitionRowError(
                f"partition {partition}: the group has read up to {committed}, but the changelog has no state: it was "
                "deleted, or the prefix changed. Restore the changelog, or begin anew with another `application`"
            )
        return Adoptable(restored.lows, partition_row.encode_definitions(meaning), "", "", {}, Clock())
    row = partition_row.decode(marker.row)
    if row.application != application:
        raise PartitionRowError(
            f"partition {partition}: the changelog holds the state of application {row.application}, this is "
            f"{application}: give each application a topics.prefix of its own"
        )
    if row.partitions and row.partitions != restored.partitions:
        raise PartitionRowError(f"partition {partition}: {other_count(row.partitions, restored.partitions)}")
    missing = None
    if row.definitions != digest:
        partition_row.check_definitions(marker.definitions, meaning, partition)
        missing = partition_row.encode_definitions(meaning)
    if any(row.positions.get(topic, offset) != offset for topic, offset in committed.items()):
        log.warning(
            "partition %d: the group's offsets %s are not the state's %s, which count",
            partition,
            committed,
            row.positions,
        )
    positions = restored.lows | committed | row.positions
    for topic in _made_anew(row.ids, restored.ids):
        text = f"{topic}, partition {partition}: the topic was made anew after the state was at {positions[topic]}"
        positions[topic] = _from_the_first(text, restored.lows[topic], skip_missing)
    return Adoptable(positions, missing, row.model, row.kind, row.model_since, row.clock)


def first_offset(place: TopicPartition, position: int, span: Span, skip_missing: bool) -> int:
    """Where to fetch from: the state's position, unless the topic no longer has it. Raises WorkerError for that where
    nothing may be skipped.
    """
    if span.low <= position <= span.end:
        return position
    where = f"{place.topic}, partition {place.partition}"
    text = f"{where}: the state is at {position}, the topic has {span.low} to {span.end}"
    return _from_the_first(text, span.low, skip_missing)


def _made_anew(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Topics that have another id in the same cluster. Another cluster may have the same records under its own ids."""
    return [
        topic
        for topic, found in sorted(now.items())
        if topic in before and found != before[topic] and found.split()[0] == before[topic].split()[0]
    ]


def _from_the_first(text: str, low: int, skip_missing: bool) -> int:
    if not skip_missing:
        raise WorkerError(
            f"{text}: events that were not read are gone, or the topic was made anew. To go on without them set "
            "topics.missing_events to skip; to keep nothing, begin anew with another prefix"
        )
    log.error("%s; going on from %d, as topics.missing_events says", text, low)
    return low
