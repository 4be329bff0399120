"""How far what is fetched is from its end."""

from collections.abc import Sequence

from confluent_kafka import Consumer, TopicPartition

from stream.runtime.ends import Ends
from stream.runtime.metrics import Metrics


def measure_lag(consumer: Consumer, fetched: Sequence[TopicPartition], ends: Ends, metrics: Metrics) -> None:
    """As the client knows it, without asking the brokers."""
    for each in consumer.position(list(fetched)) if fetched else []:
        _, end = consumer.get_watermark_offsets(each, cached=True)
        if each.offset >= 0 and end >= 0:
            # Behind the last record there may be marks of transactions, which are nothing to read.
            read = max(each.offset, ends.offset(each.topic, each.partition))
            metrics.lag.labels(each.topic, str(each.partition)).set(max(0, end - read))
