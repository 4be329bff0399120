"""What a candidate is fitted on, and ways to make up for few conversions among it.

Whatever the balance, probabilities are right only after a calibration on leads as they come.
"""

from dataclasses import dataclass

import numpy as np

from schemas.learning import Balance
from stream.core.fold import Matrix
from stream.core.lead import Ints
from training.arrays import Doubles
from training.refusal import TrainingRefused

NEIGHBOURS = 5


@dataclass(frozen=True)
class Lesson:
    """Rows to fit on, with labels and weights."""

    features: Matrix
    label: Ints
    weight: Doubles


def lesson(features: Matrix, label: Ints, balance: Balance, seed: int) -> Lesson:
    """The lesson that these rows give, both classes being among them.

    `class_weights` gives both classes the same total. `smote` adds conversions between neighbouring ones until there
    are as many as others (Chawla and others, 2002), by fewer neighbours where there are few. Features are brought to
    one scale before distances are taken: hours would drown counts.
    """
    even = np.ones(len(label))
    ones = int(label.sum())
    if balance == "class_weights":
        of_one, of_zero = len(label) / (2 * ones), len(label) / (2 * (len(label) - ones))
        return Lesson(features, label, np.where(label == 1, of_one, of_zero))
    if balance == "smote" and 1 < ones < len(label) - ones:
        try:
            from imblearn.over_sampling import SMOTE
        except ModuleNotFoundError:
            raise TrainingRefused(
                "learning.balance names smote, which needs imbalanced-learn: install leadpulse[training]"
            ) from None
        sampler = SMOTE(random_state=seed, k_neighbors=min(NEIGHBOURS, ones - 1))
        deviation = features.std(axis=0, dtype=np.float64)
        scale = np.where(deviation > 0, deviation, 1.0)
        rows, labels = sampler.fit_resample(features / scale, label)
        return Lesson((rows * scale).astype(np.float32), labels.astype(np.int64), np.ones(len(labels)))
    return Lesson(features, label, even)
