"""Reads alerts and acts on each of them once, whatever happens to this program: pip install confluent-kafka.

    python subscriber.py localhost:9092 leadpulse alerts.db

What is done about an alert and its id go into one transaction of one database. So an alert that is read again, because
the program was killed before its position was stored, is recognised by its id.
"""

import json
import sqlite3
import sys

from confluent_kafka import Consumer, KafkaException


def main(bootstrap: str, prefix: str, database: str) -> None:
    """Until it is interrupted."""
    store = sqlite3.connect(database)
    store.execute("CREATE TABLE IF NOT EXISTS alerts (id TEXT PRIMARY KEY, lead TEXT, text TEXT)")
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "sales-alerts",
            "isolation.level": "read_committed",  # else what was rolled back is seen too
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([f"{prefix}.alerts"])
    try:
        while True:
            message = consumer.poll(1.0)
            if message is None:
                continue
            error = message.error()
            if error is not None:
                raise KafkaException(error)
            alert = json.loads(message.value() or b"")  # fields may be added: take those you know
            with store:
                done = store.execute(
                    "INSERT OR IGNORE INTO alerts VALUES (?, ?, ?)", (alert["id"], alert["lead"], alert["text"])
                )
            if done.rowcount:
                print(f"{alert['lead']}: {alert['text']}", flush=True)
            consumer.commit(message=message, asynchronous=False)
    except KeyboardInterrupt:
        pass
    finally:
        consumer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
