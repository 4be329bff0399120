"""What a deployment's topics must be like, what they are, and the steps from the one to the other. Pure."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from schemas.times import DAY
from schemas.topics import TopicNames
from stream.runtime.topics import REMOVALS_KEPT_MS

Action = Literal["create", "configure", "grow", "keep", "refuse"]

PARTITIONS: Final = 12
OUTPUT_PARTITIONS: Final = 3
REPLICAS: Final = 3
RETENTION: Final = 14 * DAY
DEAD_RETENTION: Final = 30 * DAY
MIGRATION: Final = "docs/runbooks/partition-growth.md says how to move to more"


class Sizes(NamedTuple):
    """What a person asks for; None leaves what is there, and takes the usual where nothing is. retention in ms."""

    partitions: int | None = None
    output_partitions: int | None = None
    replicas: int | None = None
    retention: int | None = None
    dead_retention: int | None = None


class Found(NamedTuple):
    """A topic as the brokers have it. replicas: of the partition with the fewest. records: whether it holds any."""

    partitions: int
    replicas: int
    records: bool
    config: Mapping[str, str]


class Step(NamedTuple):
    """What to do with a topic. told: in words. partitions, replicas: as they will be. config: what is set."""

    topic: str
    action: Action
    told: str
    partitions: int
    replicas: int
    config: dict[str, str]


class _Wanted(NamedTuple):
    """Of one topic. config: must be so. usual: for a new one, or where it was asked for. stateful: its partitions are
    those of the state.
    """

    partitions: int | None
    usual_partitions: int
    config: dict[str, str]
    usual: dict[str, str]
    asked: bool
    stateful: bool = False


def plan(names: TopicNames, sizes: Sizes, there: Mapping[str, Found]) -> list[Step]:
    """A step a topic, in the order in which they are to be made."""
    with_state = there.get(names.changelog)
    has_state = with_state is not None and with_state.records
    return [
        _step(topic, wanted, sizes.replicas, there.get(topic), has_state)
        for topic, wanted in _wanted(names, sizes, there).items()
    ]


def _wanted(names: TopicNames, sizes: Sizes, there: Mapping[str, Found]) -> dict[str, _Wanted]:
    inputs = [names.input(channel) for channel in names.inputs]
    # A topic that is missing gets as many partitions as those that it must agree with have.
    known = [there[topic].partitions for topic in (names.changelog, *inputs) if topic in there]
    partitions = sizes.partitions if sizes.partitions is not None else known[0] if known else PARTITIONS
    kept = {"retention.ms": str(sizes.retention or RETENTION)}
    dead = {"retention.ms": str(sizes.dead_retention or DEAD_RETENTION)}
    delete, compact = {"cleanup.policy": "delete"}, {"cleanup.policy": "compact"}
    outputs = sizes.output_partitions, OUTPUT_PARTITIONS
    asked, dead_asked = sizes.retention is not None, sizes.dead_retention is not None
    found = {topic: _Wanted(partitions, partitions, delete, kept, asked, stateful=True) for topic in inputs}
    # Removals are kept for a day and more: a worker that reads everything anew must see which leads were forgotten.
    state = compact | {"delete.retention.ms": str(REMOVALS_KEPT_MS)}
    found[names.changelog] = _Wanted(partitions, partitions, state, {}, False, stateful=True)
    found[names.latest] = _Wanted(*outputs, compact, {}, False)
    found[names.changes] = _Wanted(*outputs, delete, kept, asked)
    found[names.alerts] = _Wanted(*outputs, delete, kept, asked)
    found[names.dead_letters] = _Wanted(*outputs, delete, dead, dead_asked)
    found[names.replayed] = _Wanted(1, 1, compact, {}, False)
    return found


def _step(topic: str, wanted: _Wanted, replicas: int | None, found: Found | None, has_state: bool) -> Step:
    if found is None:
        copies = replicas or REPLICAS
        partitions = wanted.partitions or wanted.usual_partitions
        config = wanted.config | wanted.usual | {"min.insync.replicas": str(max(1, copies - 1))}
        told = f"{partitions} partitions, {copies} replicas, {_told(config)}"
        return Step(topic, "create", told, partitions, copies, config)
    number = wanted.partitions or found.partitions
    against = _objection(wanted, number, replicas, found, has_state)
    if against:
        return Step(topic, "refuse", against, found.partitions, found.replicas, {})
    must = wanted.config | (wanted.usual if wanted.asked else {})
    config = {key: value for key, value in must.items() if not _is_so(key, value, found.config.get(key))}
    if number > found.partitions:
        told = f"{found.partitions} to {number} partitions" + (f", {_told(config)}" if config else "")
        return Step(topic, "grow", told, number, found.replicas, config)
    if config:
        changes = [f"{key} from {found.config.get(key, 'none')} to {value}" for key, value in sorted(config.items())]
        return Step(topic, "configure", ", ".join(changes), number, found.replicas, config)
    return Step(topic, "keep", f"{number} partitions, {found.replicas} replicas", number, found.replicas, {})


def _objection(wanted: _Wanted, number: int, replicas: int | None, found: Found, has_state: bool) -> str:
    """Why what is asked for cannot be; empty where it can."""
    if number < found.partitions:
        return f"{found.partitions} partitions cannot become {number}: Kafka takes none away; {MIGRATION}"
    if number > found.partitions and wanted.stateful and has_state:
        return (
            f"{found.partitions} partitions cannot become {number}: there is state, and leads would move away from "
            f"theirs; {MIGRATION}"
        )
    if number > found.partitions and found.records:
        return (
            f"{found.partitions} partitions cannot become {number}: it has records, and of a key some would lie in "
            f"another partition than those before; {MIGRATION}"
        )
    if replicas is not None and replicas != found.replicas:
        return (
            f"{found.replicas} replicas cannot become {replicas} from here: use kafka-reassign-partitions.sh, or leave "
            "--replicas out"
        )
    return ""


def _is_so(key: str, value: str, found: str | None) -> bool:
    # Longer is as good.
    if key == "delete.retention.ms" and found is not None:
        return int(found) >= int(value)
    return found == value


def _told(config: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(config.items()))
