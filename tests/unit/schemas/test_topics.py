"""Names of topics, on which subscribers rely."""

from schemas.settings import Topics
from schemas.topics import TopicNames


def test_every_topic_begins_with_the_prefix() -> None:
    names = TopicNames.of(Topics(prefix="acme.prod", inputs=("web", "crm")))
    assert [names.input(channel) for channel in names.inputs] == ["acme.prod.web", "acme.prod.crm"]
    assert set(names.outputs) == {
        "acme.prod.scores.changes",
        "acme.prod.scores.latest",
        "acme.prod.alerts",
        "acme.prod.dead-letters",
        "acme.prod.changelog.v1",
    }
