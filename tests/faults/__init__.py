"""The faults that a worker must survive: eighteen rows, played on a real Kafka under load and judged by the oracle.

`python -m tests.faults` plays them and prints a table; `docs/faults.md` says what each row shows.
"""
