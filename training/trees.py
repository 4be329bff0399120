"""Gradient-boosted trees as ONNX: the log-odds, and what each feature adds to them.

A node's value is the mean of its leaves, weighted by the training rows that reach them. Walking down, each split moves
the value from the node's to the child's, and that step belongs to the split's feature; the steps and the roots' values
sum to the leaves', so contributions sum to the log-odds (Saabas, 2014). A leaf's steps are fixed, so an ensemble with
one target for each feature gives them.
"""

import warnings
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import onnx
from onnx import helper
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType

from stream.core.fold import Matrix
from stream.core.lead import Ints
from stream.models.additive import OPSET, onnx_file
from training.calibration import Sigmoid
from training.candidates import Boosted, Doubles

SHAPE: Final = (
    "nodes_falsenodeids", "nodes_featureids", "nodes_hitrates", "nodes_missing_value_tracks_true", "nodes_modes",
    "nodes_nodeids", "nodes_treeids", "nodes_truenodeids", "nodes_values",
)  # fmt: skip


@dataclass(frozen=True)
class _Tree:
    """One tree, a place for each node: children (0 at a leaf), feature, threshold, value at leaves."""

    number: int
    left: Ints
    right: Ints
    feature: Ints
    threshold: "np.ndarray[tuple[int], np.dtype[np.float32]]"
    value: Doubles


def tree_graphs(boosted: Boosted, sigmoid: Sigmoid) -> tuple[bytes, bytes]:
    """The files score.onnx and explain.onnx, calibration included."""
    attributes = _exported(boosted)
    size = boosted.rows.shape[1]
    slope, intercept = np.array([sigmoid.slope], np.float32), np.array([sigmoid.intercept], np.float32)
    leaves = (attributes["class_treeids"], attributes["class_nodeids"])
    score = [
        _ensemble(attributes, 1, leaves, [0] * len(leaves[0]), attributes["class_weights"], attributes["base_values"]),
        helper.make_node("Squeeze", ["sums", "last_axis"], ["raw"]),
        helper.make_node("Mul", ["raw", "slope"], ["scaled"]),
        helper.make_node("Add", ["scaled", "intercept"], ["log_odds"]),
        helper.make_node("Sigmoid", ["log_odds"], ["probability"]),
    ]
    targets, baseline = _contributions(attributes, boosted.rows)
    explain = [
        _ensemble(attributes, size, targets[:2], targets[2], targets[3], None),
        helper.make_node("Mul", ["sums", "slope"], ["parts"]),
        helper.make_node("Shape", ["features"], ["rows"], start=0, end=1),
        helper.make_node("Concat", ["rows", "one"], ["column"], axis=0),
        helper.make_node("Expand", ["baseline", "column"], ["baselines"]),
        helper.make_node("Concat", ["parts", "baselines"], ["contributions"], axis=1),
    ]
    constants: dict[str, np.ndarray] = {
        "slope": slope,
        "intercept": intercept,
        "last_axis": np.array([1], np.int64),
        "one": np.array([1], np.int64),
        "baseline": np.array([baseline * float(slope[0]) + float(intercept[0])], np.float32),
    }
    return (
        onnx_file("score", score, size, [_floats("log_odds", "N"), _floats("probability", "N")], constants),
        onnx_file("explain", explain, size, [_floats("contributions", "N", size + 1)], constants),
    )


def _exported(boosted: Boosted) -> dict[str, Any]:
    """The attributes of the one tree node that skl2onnx makes of the bare model."""
    with warnings.catch_warnings():
        # It hands numpy's small integers to protobuf, which takes them under protest.
        warnings.simplefilter("ignore", DeprecationWarning)
        graph = convert_sklearn(
            boosted.model,
            initial_types=[("features", FloatTensorType([None, boosted.rows.shape[1]]))],
            options={id(boosted.model): {"raw_scores": True, "zipmap": False}},
            target_opset={"": OPSET, "ai.onnx.ml": 3},
        ).graph
    (node,) = [node for node in graph.node if node.op_type == "TreeEnsembleClassifier"]
    return {each.name: helper.get_attribute_value(each) for each in node.attribute}


def _ensemble(
    attributes: dict[str, Any],
    targets: int,
    leaves: tuple[list[int], list[int]],
    ids: list[int],
    weights: list[float],
    start: list[float] | None,
) -> onnx.NodeProto:
    """The trees' shape with other values at the leaves."""
    kept = {name: attributes[name] for name in SHAPE} | ({"base_values": start} if start else {})
    return helper.make_node(
        "TreeEnsembleRegressor",
        ["features"],
        ["sums"],
        domain="ai.onnx.ml",
        n_targets=targets,
        target_treeids=leaves[0],
        target_nodeids=leaves[1],
        target_ids=ids,
        target_weights=weights,
        aggregate_function="SUM",
        post_transform="NONE",
        **kept,
    )


def _contributions(
    attributes: dict[str, Any], rows: Matrix
) -> tuple[tuple[list[int], list[int], list[int], list[float]], float]:
    """Tree, node, feature and step of every leaf's steps, and the sum of the roots' values and the start."""
    tree_ids: list[int] = []
    node_ids: list[int] = []
    features: list[int] = []
    steps: list[float] = []
    baseline = float(sum(attributes.get("base_values", ())))
    for tree in _trees(attributes):
        value = _node_values(tree, rows)
        baseline += float(value[0])
        for leaf, moved in _paths(tree, value):
            # A tree that is one leaf moves nothing, yet a leaf must have a target.
            for feature, step in moved.items() or [(0, 0.0)]:
                tree_ids.append(tree.number)
                node_ids.append(leaf)
                features.append(feature)
                steps.append(step)
    return (tree_ids, node_ids, features, steps), baseline


def _trees(attributes: dict[str, Any]) -> list[_Tree]:
    owner = np.array(attributes["nodes_treeids"])
    leaf_tree, leaf_node = np.array(attributes["class_treeids"]), np.array(attributes["class_nodeids"])
    weight = np.array(attributes["class_weights"], np.float64)
    trees = []
    for number in np.unique(owner).tolist():
        mine, leaves = owner == number, leaf_tree == number
        value = np.zeros(int(mine.sum()))
        value[leaf_node[leaves]] = weight[leaves]
        left, right, feature = (
            np.array(attributes[name], np.int64)[mine]
            for name in ("nodes_truenodeids", "nodes_falsenodeids", "nodes_featureids")
        )
        trees.append(_Tree(number, left, right, feature, np.array(attributes["nodes_values"], np.float32)[mine], value))
    return trees


def _node_values(tree: _Tree, rows: Matrix) -> Doubles:
    """Every node's value from the rows that reach it; children have greater numbers than their parents."""
    reached: list[Ints] = [np.zeros(0, np.int64)] * len(tree.left)
    reached[0] = np.arange(len(rows))
    for node in np.flatnonzero(tree.left).tolist():
        low = rows[reached[node], tree.feature[node]] <= tree.threshold[node]
        reached[tree.left[node]], reached[tree.right[node]] = reached[node][low], reached[node][~low]
    value = tree.value.copy()
    for node in np.flatnonzero(tree.left)[::-1].tolist():
        left, right = int(tree.left[node]), int(tree.right[node])
        share = len(reached[left]) / max(len(reached[node]), 1)
        value[node] = share * value[left] + (1 - share) * value[right]
    return value


def _paths(tree: _Tree, value: Doubles) -> list[tuple[int, dict[int, float]]]:
    """Each leaf with its steps, by feature."""
    found = []
    open_nodes: list[tuple[int, dict[int, float]]] = [(0, {})]
    while open_nodes:
        node, moved = open_nodes.pop()
        if tree.left[node] == 0:
            found.append((node, moved))
            continue
        feature = int(tree.feature[node])
        for child in (int(tree.right[node]), int(tree.left[node])):
            step = moved.get(feature, 0.0) + float(value[child] - value[node])
            open_nodes.append((child, moved | {feature: step}))
    return found


def _floats(name: str, *shape: str | int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, list(shape))
