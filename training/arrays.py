"""Names for arrays of 64-bit numbers, which fits and figures are made with."""

import numpy as np

Doubles = np.ndarray[tuple[int], np.dtype[np.float64]]
DoubleRows = np.ndarray[tuple[int, int], np.dtype[np.float64]]
