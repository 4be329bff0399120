"""A fitted candidate as the files that the worker runs."""

import numpy as np

from stream.models.additive import Additive, additive_graphs
from training.calibration import Sigmoid
from training.candidates import Candidate, Logistic
from training.trees import tree_graphs


def export(candidate: Candidate, sigmoid: Sigmoid) -> tuple[bytes, bytes]:
    """The files score.onnx and explain.onnx."""
    if isinstance(candidate, Logistic):
        return additive_graphs(_additive(candidate, sigmoid))
    return tree_graphs(candidate, sigmoid)


def _additive(candidate: Logistic, sigmoid: Sigmoid) -> Additive:
    """Standardisation and calibration folded into the weights; centres at the means, so the bias is the mean lead's."""
    scaler, regression = candidate.pipeline[1], candidate.pipeline[2]
    return Additive(
        weight=(sigmoid.slope * regression.coef_[0] / scaler.scale_).astype(np.float32),
        centre=scaler.mean_.astype(np.float32),
        cap=candidate.cap,
        bias=sigmoid.slope * float(regression.intercept_[0]) + sigmoid.intercept,
        logarithmic=True,
        floor=candidate.floor,
    )
