"""A fitted candidate as ONNX nodes, before calibration."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx


@dataclass(frozen=True)
class RawGraph:
    """score: nodes from `features` [N, F] to `raw` [N], the log-odds before calibration. explain: nodes from `features`
    to `raw_parts` [N, whole lanes], with zeros behind the features; a row's raw log-odds are `start` and the sum of its
    parts. constants: what the nodes name.
    """

    features: int
    score: Sequence[onnx.NodeProto]
    explain: Sequence[onnx.NodeProto]
    constants: dict[str, np.ndarray]
    start: float
