"""Ensembles of trees: what they score, and what each feature adds.

A node's value is the mean of its leaves, weighted by the training rows that reach them. Walking down, each split moves
the value from the node's to the child's, and that step belongs to the split's feature; the steps and the roots' values
sum to the leaves', so contributions sum to the raw log-odds (Saabas, 2014). A leaf's steps are fixed, so an ensemble
with one target for each feature gives them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import onnx
from onnx import helper

from stream.core.features import Vector
from stream.core.fold import Matrix
from stream.core.lead import Ints
from stream.models.additive import whole_lanes
from training.arrays import DoubleRows, Doubles
from training.families.raw_graph import RawGraph


@dataclass(frozen=True)
class Tree:
    """A place for each node: children (0 at a leaf; they have greater numbers than their parents), feature, threshold
    (a row goes left where it is not above), value at leaves.
    """

    left: Ints
    right: Ints
    feature: Ints
    threshold: Vector
    value: Doubles

    def leaf(self, rows: Matrix) -> Ints:
        """The leaf that each row ends in."""
        at = np.zeros(len(rows), np.int64)
        open_rows = np.arange(len(rows))
        while len(open_rows):
            open_rows = open_rows[self.left[at[open_rows]] > 0]
            node = at[open_rows]
            low = rows[open_rows, self.feature[node]] <= self.threshold[node]
            at[open_rows] = np.where(low, self.left[node], self.right[node])
        return at


@dataclass(frozen=True)
class Ensemble:
    """Trees whose values are summed and added to `added`; `rows` are those it was fitted on, [N, features]."""

    trees: Sequence[Tree]
    added: float
    rows: Matrix

    @cached_property
    def values(self) -> Sequence[Doubles]:
        """The value of every node of every tree."""
        return [_node_values(tree, self.rows) for tree in self.trees]

    @property
    def start(self) -> float:
        """What a row is worth before any split."""
        return self.added + sum(float(value[0]) for value in self.values)

    def parts(self, features: Matrix) -> DoubleRows:
        """What each feature adds to `start`, [N, features]."""
        found = np.zeros(features.shape)
        for tree, value in zip(self.trees, self.values, strict=True):
            steps = np.zeros((len(tree.left), features.shape[1]))
            for node in np.flatnonzero(tree.left).tolist():
                for child in (int(tree.left[node]), int(tree.right[node])):
                    steps[child] = steps[node]
                    steps[child, tree.feature[node]] += value[child] - value[node]
            found += steps[tree.leaf(features)]
        return found

    def thresholds(self) -> dict[int, Vector]:
        """The thresholds at which each feature is split."""
        feature = np.concatenate([tree.feature[tree.left > 0] for tree in self.trees])
        threshold = np.concatenate([tree.threshold[tree.left > 0] for tree in self.trees])
        return {f: np.unique(threshold[feature == f]) for f in np.unique(feature).tolist()}

    def graph(self) -> RawGraph:
        """Two tree nodes of one shape: with the leaves' values, and with their steps."""
        size = self.rows.shape[1]
        leaves = [
            (number, node, 0, float(tree.value[node]))
            for number, tree in enumerate(self.trees)
            for node in np.flatnonzero(tree.left == 0).tolist()
        ]
        # A tree that is one leaf moves nothing, yet a leaf must have a target.
        steps = [
            (number, node, feature, step)
            for number, (tree, value) in enumerate(zip(self.trees, self.values, strict=True))
            for node, moved in _paths(tree, value)
            for feature, step in moved.items() or [(0, 0.0)]
        ]
        score = [
            self._node("sums", 1, leaves, self.added),
            helper.make_node("Squeeze", ["sums", "last_axis"], ["raw"]),
        ]
        explain = [self._node("raw_parts", whole_lanes(size), steps, 0.0)]
        return RawGraph(size, score, explain, {"last_axis": np.array([1], np.int64)}, self.start)

    def _node(
        self, output: str, targets: int, weights: Sequence[tuple[int, int, int, float]], added: float
    ) -> onnx.NodeProto:
        """weights: tree, leaf, target and value."""
        tree_ids, node_ids, target_ids, values = (list(each) for each in zip(*weights, strict=True))
        trees = self.trees
        return helper.make_node(
            "TreeEnsembleRegressor",
            ["features"],
            [output],
            domain="ai.onnx.ml",
            n_targets=targets,
            target_treeids=tree_ids,
            target_nodeids=node_ids,
            target_ids=target_ids,
            target_weights=values,
            aggregate_function="SUM",
            post_transform="NONE",
            nodes_treeids=[number for number, tree in enumerate(trees) for _ in tree.left],
            nodes_nodeids=[node for tree in trees for node in range(len(tree.left))],
            nodes_modes=["BRANCH_LEQ" if left else "LEAF" for tree in trees for left in tree.left.tolist()],
            nodes_featureids=[f for tree in trees for f in np.where(tree.left > 0, tree.feature, 0).tolist()],
            nodes_values=[t for tree in trees for t in np.where(tree.left > 0, tree.threshold, 0).tolist()],
            nodes_truenodeids=[node for tree in trees for node in tree.left.tolist()],
            nodes_falsenodeids=[node for tree in trees for node in tree.right.tolist()],
            base_values=[added] * targets,
        )


def rounded_down(threshold: Doubles) -> Vector:
    """The largest 32-bit number not above each threshold.

    For a 32-bit x, x <= t holds exactly where x is not above that number. ONNX keeps 32 bits and would round to the
    nearest one, which may be a value of x above t.
    """
    nearest = threshold.astype(np.float32)
    above = nearest.astype(np.float64) > threshold
    nearest[above] = np.nextafter(nearest[above], np.float32(-np.inf))
    return nearest


def _node_values(tree: Tree, rows: Matrix) -> Doubles:
    value = tree.value.copy()
    reached = np.bincount(tree.leaf(rows), minlength=len(tree.left))
    for node in np.flatnonzero(tree.left)[::-1].tolist():
        left, right = int(tree.left[node]), int(tree.right[node])
        reached[node] = reached[left] + reached[right]
        share = reached[left] / max(int(reached[node]), 1)
        value[node] = share * value[left] + (1 - share) * value[right]
    return value


def _paths(tree: Tree, value: Doubles) -> list[tuple[int, dict[int, float]]]:
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
