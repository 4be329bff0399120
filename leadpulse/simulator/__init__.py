"""A seeded simulator of B2B leads: events of a made-up market whose conversion probabilities are known exactly."""

from leadpulse.simulator.disturbance import FLAWS, Flaw, disturb
from leadpulse.simulator.record import Record
from leadpulse.simulator.simulation import Simulation, Truth

__all__ = ["FLAWS", "Flaw", "Record", "Simulation", "Truth", "disturb"]
