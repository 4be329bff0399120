"""Additive models as ONNX: every feature adds its own part to the log-odds. Logistic models and scorecards are such.

contribution of feature f = weight_f x (g(max(min(x_f, cap_f), floor_f)) - centre_f), with g(x) = x or
sign(x) x log(1 + |x|) and no floor where none is given;
log-odds = bias + the sum of contributions.
"""

from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from stream.core.features import Vector

OPSET = 18
IR_VERSION = 9
LANES = 16
"""Numbers that a processor works on at once, at most. What is left over at the end of a batch, or stands before the
next whole place in memory, the runtime takes one by one, and logarithms and sums get other last bits. Rows of whole
lanes leave nothing over, so a row scores the same whatever batch it comes in."""


@dataclass(frozen=True)
class Additive:
    """The parameters: float32 vectors of length F, the bias, and which g."""

    weight: Vector
    centre: Vector
    cap: Vector
    bias: float
    logarithmic: bool
    floor: Vector | None = None


def additive_graphs(model: Additive) -> tuple[bytes, bytes]:
    """The files score.onnx and explain.onnx."""
    lanes, constants = additive_parts(model, "lanes")
    size = len(model.weight)
    score = [
        *lanes,
        helper.make_node("ReduceSum", ["lanes", "last_axis"], ["total"], keepdims=0),
        helper.make_node("Add", ["total", "bias"], ["log_odds"]),
        helper.make_node("Sigmoid", ["log_odds"], ["probability"]),
    ]
    more, cut = cut_lanes("lanes", "parts", size)
    constants |= more | {"bias": np.array([model.bias], np.float32), "one": np.array([1], np.int64)}
    explain = [
        *lanes,
        cut,
        helper.make_node("Shape", ["features"], ["rows"], start=0, end=1),
        helper.make_node("Concat", ["rows", "one"], ["column"], axis=0),
        helper.make_node("Expand", ["bias", "column"], ["baseline"]),
        helper.make_node("Concat", ["parts", "baseline"], ["contributions"], axis=1),
    ]
    outputs = [_floats("log_odds", "N"), _floats("probability", "N")]
    return (
        onnx_file("score", score, size, outputs, constants),
        onnx_file("explain", explain, size, [_floats("contributions", "N", size + 1)], constants),
    )


def whole_lanes(size: int) -> int:
    """How many columns so many features take."""
    return -(-size // LANES) * LANES


def cut_lanes(source: str, output: str, size: int) -> tuple[dict[str, np.ndarray], onnx.NodeProto]:
    """The node that leaves [N, size] of [N, whole lanes], with its constants."""
    constants: dict[str, np.ndarray] = {
        "lanes_begin": np.array([0], np.int64),
        "lanes_end": np.array([size], np.int64),
        "last_axis": np.array([1], np.int64),
    }
    return constants, helper.make_node("Slice", [source, "lanes_begin", "lanes_end", "last_axis"], [output])


def onnx_file(
    name: str,
    nodes: list[onnx.NodeProto],
    features: int,
    outputs: list[onnx.ValueInfoProto],
    constants: dict[str, np.ndarray],
) -> bytes:
    """A checked ONNX file with the input `features` [N, features]; the same content gives the same bytes."""
    used = {each for node in nodes for each in node.input}
    graph = helper.make_graph(
        nodes,
        name,
        [_floats("features", "N", features)],
        outputs,
        [numpy_helper.from_array(value, key) for key, value in sorted(constants.items()) if key in used],
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="leadpulse")
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def additive_parts(model: Additive, output: str) -> tuple[list[onnx.NodeProto], dict[str, np.ndarray]]:
    """Nodes from `features` to each feature's part, [N, whole lanes] with zeros behind the features, named `output`,
    and the constants that they name.
    """
    more = whole_lanes(len(model.weight)) - len(model.weight)

    def lanes(values: np.ndarray) -> np.ndarray:
        return np.pad(values.astype(np.float32), (0, more))

    constants: dict[str, np.ndarray] = {
        "weight": lanes(model.weight),
        "centre": lanes(model.centre),
        "cap": lanes(model.cap),
        "lanes_more": np.array([0, 0, 0, more], np.int64),
        "last_axis": np.array([1], np.int64),
    }
    nodes = [
        helper.make_node("Pad", ["features", "lanes_more"], ["filled"]),
        helper.make_node("Min", ["filled", "cap"], ["capped"]),
    ]
    shaped = "capped"
    if model.floor is not None:
        constants["floor"] = lanes(model.floor)
        nodes.append(helper.make_node("Max", ["capped", "floor"], ["held"]))
        shaped = "held"
    if model.logarithmic:
        constants["unit"] = np.array([1], np.float32)
        nodes += [
            helper.make_node("Abs", [shaped], ["size"]),
            helper.make_node("Add", ["size", "unit"], ["more"]),
            helper.make_node("Log", ["more"], ["logarithm"]),
            helper.make_node("Sign", [shaped], ["sign"]),
            helper.make_node("Mul", ["logarithm", "sign"], ["shaped"]),
        ]
        shaped = "shaped"
    nodes += [
        helper.make_node("Sub", [shaped, "centre"], ["centred"]),
        helper.make_node("Mul", ["centred", "weight"], [output]),
    ]
    return nodes, constants


def _floats(name: str, *shape: str | int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
