"""What the AsyncAPI document says in words: delivery, order, compatibility."""

from typing import Final, NamedTuple

from schemas.cloudevents import Kind

DESCRIPTION: Final = """\
Real-time lead scoring on Kafka: events in, score changes and alerts out.

**Delivery.** State, outputs, dead letters and input positions commit in one Kafka transaction: read with
`isolation.level=read_committed`, and each record comes once. Where your own processing can happen twice, deduplicate by
`id`, which is in the header `ce_id` too. With `guarantee: at_least_once` a record can come again, with the same `id`.

**Order.** All records of a lead lie in one partition of each topic, in the order of their `sequence`. Between leads,
and between topics, there is none.

**Keys.** The lead's id in UTF-8; producers use the partitioner murmur2 (Java's default, `murmur2_random` in
librdkafka).

**CloudEvents.** Every output is a CloudEvent 1.0 in binary mode. Inputs may be CloudEvents in binary or structured
mode, and may stand in the frame of Confluent's Schema Registry, as long as the payload is JSON.

**Compatibility.** Fields are only ever added: ignore those that you do not know. What would break a producer or a
reader is a new version: a new type, a new schema and a new topic beside the old one. A build in which a published
schema breaks fails. The list of a dead letter's reasons may grow.
"""

INPUT: Final = """\
What producers send: CHANNEL events by default, though an event means what its `type` says. Every input topic has the
same number of partitions. An event counts once, however often it is sent under its `id` within eight days, and where it
belongs in time. A record that cannot be used becomes a dead letter. The setting `topics.formats` makes a topic one of
SendGrid's, Mailgun's, HubSpot's, Customer.io's or Segment's and RudderStack's own format instead.
"""


class Topic(NamedTuple):
    """An output topic. name: in the document; address: behind the prefix; cleanup: its policy."""

    name: str
    address: str
    kind: Kind
    cleanup: str
    promise: str


OUTPUTS: Final = (
    Topic(
        "score-changes",
        "scores.changes",
        "change",
        "delete",
        "A lead's score moved materially or crossed a tier. Of one lead the `sequence` counts without gaps.\n",
    ),
    Topic(
        "latest-scores",
        "scores.latest",
        "latest",
        "compact",
        "The newest score of each lead; read it from the beginning to fill a table. A record without a value\n"
        "withdraws the lead.\n",
    ),
    Topic(
        "alerts",
        "alerts",
        "alert",
        "delete",
        "A lead that deserves a look now. It comes with the score change of the same `lead` and `sequence`, never\n"
        "because of a model's swap or of time alone, and not again before the cooldown is over.\n",
    ),
    Topic(
        "dead-letters",
        "dead-letters",
        "dead-letter",
        "delete",
        "Input records that could not be used, byte for byte, with Kafka Connect's headers and the reason. None of\n"
        "them left a trace in the state: mended, they can be sent again under the same id.\n",
    ),
)
