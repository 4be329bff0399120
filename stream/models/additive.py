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
    parts, constants = _parts(model)
    size = len(model.weight)
    score = [
        *parts,
        helper.make_node("ReduceSum", ["parts", "last_axis"], ["total"], keepdims=0),
        helper.make_node("Add", ["total", "bias"], ["log_odds"]),
        helper.make_node("Sigmoid", ["log_odds"], ["probability"]),
    ]
    constants |= {"last_axis": np.array([1], np.int64), "bias": np.array([model.bias], np.float32)}
    explain = [
        *parts,
        helper.make_node("Shape", ["features"], ["rows"], start=0, end=1),
        helper.make_node("Concat", ["rows", "one"], ["column"], axis=0),
        helper.make_node("Expand", ["bias", "column"], ["baseline"]),
        helper.make_node("Concat", ["parts", "baseline"], ["contributions"], axis=1),
    ]
    outputs = [_floats("log_odds", "N"), _floats("probability", "N")]
    return (
        onnx_file("score", score, size, outputs, constants),
        onnx_file(
            "explain", explain, size, [_floats("contributions", "N", size + 1)], constants | {"one": np.array([1])}
        ),
    )


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


def _parts(model: Additive) -> tuple[list[onnx.NodeProto], dict[str, np.ndarray]]:
    constants: dict[str, np.ndarray] = {
        "weight": model.weight.astype(np.float32),
        "centre": model.centre.astype(np.float32),
        "cap": model.cap.astype(np.float32),
    }
    nodes = [helper.make_node("Min", ["features", "cap"], ["capped"])]
    shaped = "capped"
    if model.floor is not None:
        constants["floor"] = model.floor.astype(np.float32)
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
        helper.make_node("Mul", ["centred", "weight"], ["parts"]),
    ]
    return nodes, constants


def _floats(name: str, *shape: str | int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
