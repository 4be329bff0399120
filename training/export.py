"""A fitted candidate and its calibration as the worker's files."""

from typing import Final

import numpy as np
import onnx
from onnx import TensorProto, helper

from stream.models.additive import cut_lanes, onnx_file, whole_lanes
from training.calibration import Calibration, Sigmoid
from training.candidates import Candidate
from training.families.raw_graph import RawGraph
from training.isotonic import Isotonic

Nodes = list[onnx.NodeProto]

ENDLESS: Final = 3e38
"""Nearly the largest 32-bit number."""


def export(candidate: Candidate, calibration: Calibration) -> tuple[bytes, bytes]:
    """The files score.onnx and explain.onnx."""
    raw = candidate.graph()
    constants = raw.constants | {
        "one": np.array([1], np.int64),
        "last_axis": np.array([1], np.int64),
        "baseline": calibration(np.array([raw.start])).astype(np.float32),
    }
    if isinstance(calibration, Sigmoid):
        score, parts = _line(), [helper.make_node("Mul", ["raw_parts", "calibration_slope"], ["lane_parts"])]
        constants |= {
            "calibration_slope": np.array([calibration.slope], np.float32),
            "calibration_intercept": np.array([calibration.intercept], np.float32),
        }
    else:
        score, parts = _bends(), _spread()
        constants |= _bend_constants(calibration, raw.start)
    return _score_file(raw, score, constants), _explain_file(raw, parts, constants)


def _score_file(raw: RawGraph, calibration: Nodes, constants: dict[str, np.ndarray]) -> bytes:
    nodes = [*raw.score, *calibration, helper.make_node("Sigmoid", ["log_odds"], ["probability"])]
    return onnx_file("score", nodes, raw.features, [_floats("log_odds", "N"), _floats("probability", "N")], constants)


def _explain_file(raw: RawGraph, calibration: Nodes, constants: dict[str, np.ndarray]) -> bytes:
    more, cut = cut_lanes("lane_parts", "parts", raw.features)
    constants = constants | more
    nodes = [
        *raw.explain,
        *calibration,
        cut,
        helper.make_node("Shape", ["features"], ["rows"], start=0, end=1),
        helper.make_node("Concat", ["rows", "one"], ["column"], axis=0),
        helper.make_node("Expand", ["baseline", "column"], ["baselines"]),
        helper.make_node("Concat", ["parts", "baselines"], ["contributions"], axis=1),
    ]
    return onnx_file("explain", nodes, raw.features, [_floats("contributions", "N", raw.features + 1)], constants)


def _line() -> Nodes:
    return [
        helper.make_node("Mul", ["raw", "calibration_slope"], ["scaled"]),
        helper.make_node("Add", ["scaled", "calibration_intercept"], ["log_odds"]),
    ]


def _bends() -> Nodes:
    """The isotonic line: [N] raw to [N] log-odds, as what each piece adds from where contributions start."""
    return [helper.make_node("Sub", ["raw", "raw_start"], ["moved"]), *_rise()]


def _rise() -> Nodes:
    """[N] moved to [N] log_odds. Pieces are placed relative to the start: a row that stays in the start's piece rises
    by exactly its slope times its move, however little that is.
    """
    return [
        helper.make_node("Unsqueeze", ["moved", "last_axis"], ["moved_column"]),
        helper.make_node("Max", ["moved_column", "piece_begins"], ["entered"]),
        helper.make_node("Min", ["entered", "piece_ends"], ["in_piece"]),
        helper.make_node("Sub", ["in_piece", "piece_starts"], ["run"]),
        helper.make_node("Mul", ["run", "piece_slopes"], ["rises"]),
        helper.make_node("ReduceSum", ["rises", "last_axis"], ["rise"], keepdims=0),
        helper.make_node("Add", ["rise", "baseline"], ["log_odds"]),
    ]


def _spread() -> Nodes:
    """See `Isotonic.spread`."""
    return [
        helper.make_node("ReduceSum", ["raw_parts", "last_axis"], ["moved"], keepdims=0),
        *_rise(),
        helper.make_node("Equal", ["moved", "nothing"], ["is_still"]),
        helper.make_node("Where", ["is_still", "whole", "moved"], ["divisor"]),
        helper.make_node("Div", ["rise", "divisor"], ["mean_slope"]),
        helper.make_node("Where", ["is_still", "still_slope", "mean_slope"], ["factor"]),
        helper.make_node("Unsqueeze", ["factor", "last_axis"], ["factor_column"]),
        helper.make_node("Mul", ["raw_parts", "factor_column"], ["lane_parts"]),
    ]


def _bend_constants(line: Isotonic, start: float) -> dict[str, np.ndarray]:
    """A row that has not moved stands in the piece that begins at the start or holds it."""
    pieces = line.pieces()
    more = (0, whole_lanes(len(pieces.slope)) - len(pieces.slope))
    begin, end = (np.clip(each - start, -ENDLESS, ENDLESS) for each in (pieces.begin, pieces.end))
    found: dict[str, np.ndarray] = {
        "piece_begins": np.pad(begin, more),
        "piece_ends": np.pad(end, more),
        "piece_starts": np.pad(np.clip(0.0, begin, end), more),
        "piece_slopes": np.pad(pieces.slope, more),
        "still_slope": pieces.slope[np.searchsorted(line.raw, start, side="right")][None],
        "raw_start": np.array([start]),
        "nothing": np.array([0.0]),
        "whole": np.array([1.0]),
    }
    return {name: value.astype(np.float32) for name, value in found.items()}


def _floats(name: str, *shape: str | int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
