"""Kafka brokers for tests: a real one in its own process, the mock cluster in this one, and the choice between them."""
