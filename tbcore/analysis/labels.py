"""Labels of rows as numbers."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def codes(labels: Sequence[object] | NDArray[np.generic]) -> tuple[NDArray[np.int64], list[str]]:
    """Return the number of each label [n], -1 for "" and None, and the labels in the order of their numbers: sorted."""
    cells = np.empty(len(labels), object)
    cells[:] = [None if label is None or label == "" else str(label) for label in labels]
    found, names = pd.factorize(cells, sort=True)
    return found.astype(np.int64), [str(name) for name in names]
