"""Other stream processors on the reference job, each as its own documentation recommends."""

from bench.engines import Engine
from bench.peers.bytewax import Bytewax
from bench.peers.faust import Faust
from bench.peers.kafka_streams import KafkaStreams
from bench.peers.quix import Quix

PEERS: tuple[Engine, ...] = (
    KafkaStreams(),
    Quix(),
    Bytewax(),
    Faust("faust", "exactly_once"),
    Faust("faust_at_least_once", "at_least_once"),
)
