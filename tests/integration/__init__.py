"""The worker as a process of its own against a broker: what it writes is compared with `tests/oracle`."""
