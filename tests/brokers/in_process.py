"""The broker that ships with the demo serves the tests that need no guarantee."""

from leadpulse.demo.broker import InProcessKafka

__all__ = ["InProcessKafka"]
