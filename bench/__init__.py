"""The bench: one reference job, measured on a real Kafka. Run by `make bench`; nothing imports it."""
