"""The plan of a deployment's topics: what is made, what is changed, and what is never done."""

import pytest

from leadpulse.topics.plan import Found, Sizes, Step, plan
from schemas.times import DAY
from schemas.topics import TopicNames

NAMES = TopicNames("acme", ("web", "crm"))
DELETE = {"cleanup.policy": "delete", "retention.ms": str(14 * DAY)}
COMPACT = {"cleanup.policy": "compact", "delete.retention.ms": "86400000"}


def there(partitions: int = 12, *, state: bool = False) -> dict[str, Found]:
    """All topics, as a plan would have made them; with state the changelog has records."""
    found = {topic: Found(partitions, 3, False, DELETE) for topic in ("acme.web", "acme.crm")}
    found["acme.changelog.v1"] = Found(partitions, 3, state, COMPACT)
    found["acme.scores.latest"] = Found(3, 3, state, COMPACT)
    found |= {topic: Found(3, 3, state, DELETE) for topic in ("acme.scores.changes", "acme.alerts")}
    found["acme.dead-letters"] = Found(3, 3, False, DELETE | {"retention.ms": str(30 * DAY)})
    return found | {"acme.dead-letters.replayed": Found(1, 3, False, COMPACT)}


def steps(sizes: Sizes, found: dict[str, Found]) -> dict[str, Step]:
    return {step.topic: step for step in plan(NAMES, sizes, found)}


def actions(sizes: Sizes, found: dict[str, Found]) -> dict[str, str]:
    """Of the topics that are not kept as they are."""
    return {topic: step.action for topic, step in steps(sizes, found).items() if step.action != "keep"}


def test_from_nothing_every_topic_is_made_as_the_worker_wants_it() -> None:
    made = steps(Sizes(partitions=24, replicas=3), {})
    assert set(made) == {*map(NAMES.input, NAMES.inputs), *NAMES.outputs, NAMES.replayed}
    assert {step.action for step in made.values()} == {"create"}
    assert {topic for topic, step in made.items() if step.partitions == 24} == {
        "acme.web", "acme.crm", "acme.changelog.v1",
    }  # fmt: skip
    compacted = {topic for topic, step in made.items() if step.config["cleanup.policy"] == "compact"}
    assert compacted == {"acme.changelog.v1", "acme.scores.latest", "acme.dead-letters.replayed"}
    assert {step.config["min.insync.replicas"] for step in made.values()} == {"2"}


def test_what_is_right_is_left_alone() -> None:
    assert actions(Sizes(), there(state=True)) == {}
    assert actions(Sizes(partitions=12, output_partitions=3, replicas=3), there(state=True)) == {}


def test_a_new_input_gets_as_many_partitions_as_the_others() -> None:
    found = there(7, state=True)
    del found["acme.crm"]
    step = steps(Sizes(), found)["acme.crm"]
    assert (step.action, step.partitions) == ("create", 7)


@pytest.mark.parametrize("partitions", [13, 24])
def test_partitions_under_state_are_refused_and_the_way_is_named(partitions: int) -> None:
    found = steps(Sizes(partitions=partitions), there(state=True))
    refused = {topic for topic, step in found.items() if step.action == "refuse"}
    assert refused == {"acme.web", "acme.crm", "acme.changelog.v1"}
    assert "there is state" in found["acme.web"].told
    assert "docs/runbooks/partition-growth.md" in found["acme.web"].told


def test_partitions_are_never_taken_away() -> None:
    assert set(actions(Sizes(partitions=6), there()).values()) == {"refuse"}


def test_without_state_and_records_partitions_are_added() -> None:
    assert actions(Sizes(partitions=24), there()) == dict.fromkeys(
        ["acme.web", "acme.crm", "acme.changelog.v1"], "grow"
    )


def test_an_input_with_records_keeps_its_number_though_nothing_was_scored() -> None:
    found = there() | {"acme.web": Found(12, 3, True, DELETE)}
    assert steps(Sizes(partitions=24), found)["acme.web"].action == "refuse"


def test_outputs_with_records_keep_their_number() -> None:
    refused = {topic for topic, step in steps(Sizes(output_partitions=6), there(state=True)).items()
               if step.action == "refuse"}  # fmt: skip
    assert refused == {"acme.scores.latest", "acme.scores.changes", "acme.alerts"}


def test_a_changelog_that_deletes_is_mended_whatever_was_asked() -> None:
    found = there(state=True) | {"acme.changelog.v1": Found(12, 3, True, {"cleanup.policy": "delete"})}
    step = steps(Sizes(), found)["acme.changelog.v1"]
    assert step.action == "configure"
    assert step.config == {"cleanup.policy": "compact", "delete.retention.ms": "86400000"}
    assert "cleanup.policy from delete to compact" in step.told


def test_a_longer_keeping_of_removals_is_as_good() -> None:
    kept = COMPACT | {"delete.retention.ms": str(7 * DAY)}
    assert actions(Sizes(), there() | {"acme.changelog.v1": Found(12, 3, False, kept)}) == {}


def test_retention_changes_only_where_it_is_asked_for() -> None:
    found = there() | {"acme.web": Found(12, 3, False, DELETE | {"retention.ms": "-1"})}
    assert actions(Sizes(), found) == {}
    asked = steps(Sizes(retention=14 * DAY), found)["acme.web"]
    assert (asked.action, asked.config) == ("configure", {"retention.ms": str(14 * DAY)})


def test_replicas_are_not_changed_from_here() -> None:
    found = steps(Sizes(replicas=2), there())["acme.web"]
    assert (found.action, "kafka-reassign-partitions.sh" in found.told) == ("refuse", True)
