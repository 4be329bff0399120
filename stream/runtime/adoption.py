"""Whether a restored partition can be gone on with, and from where."""

import logging
from typing import NamedTuple

from stream.runtime import partition_row
from stream.runtime.partition_row import Clock, PartitionRowError
from stream.runtime.store import Marker

log = logging.getLogger(__name__)


class Adoptable(NamedTuple):
    """positions: next offset by input topic, where known. definitions: the definitions row that is still to be written.

    model, kind, model_since: the model that was in force, empty for a new partition. clock: how far its time has come.
    """

    positions: dict[str, int]
    definitions: bytes | None
    model: str
    kind: str
    model_since: dict[str, int]
    clock: Clock


def examine(
    partition: int, marker: Marker, committed: dict[str, int], application: str, meaning: dict[str, str], digest: str
) -> Adoptable:
    """`committed`: the group's offsets. `meaning`: what rows refer to by number, with its digest.

    The state's own positions count: they were written with it. Raises PartitionRowError where the state is another
    application's, was made by settings that these do not extend, or is gone.
    """
    if marker.row is None:
        if committed:
            raise PartitionRowError(
                f"partition {partition}: the group has read up to {committed}, but the changelog has no state: it was "
                "deleted, or the prefix changed. Restore the changelog, or begin anew with another `application`"
            )
        return Adoptable({}, partition_row.encode_definitions(meaning), "", "", {}, Clock())
    row = partition_row.decode(marker.row)
    if row.application != application:
        raise PartitionRowError(
            f"partition {partition}: the changelog holds the state of application {row.application}, this is "
            f"{application}: give each application a topics.prefix of its own"
        )
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
    return Adoptable(committed | row.positions, missing, row.model, row.kind, row.model_since, row.clock)
