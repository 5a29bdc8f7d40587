"""What the cells of one column of a sheet are spread over: for its filter, before anything is filtered."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tbcore.analysis import sheets
from tbcore.analysis.sheets import Sheet

BINS = 30
FEW = 24  # different numbers up to which they are listed as well
MOST = 2_000  # different values that are listed
DECADES = 3  # numbers over more of them are best looked at on a log scale


@dataclass(frozen=True)
class Spread:
    """The cells of one column.

    low, high: of finite numbers, NaN where there is none; log: whether they are positive and over more than three
    decades; whole: whether all are whole; bins: how many lie in each of 30 equal parts of the range, of its logarithm
    where `log`. levels: the values and how many rows have each, None where there are too many different numbers to list;
    more: values beyond those listed. missing, nan: rows without a value, with one that is not a number.
    """

    low: float
    high: float
    log: bool
    whole: bool
    bins: tuple[int, ...]
    levels: tuple[tuple[str, int], ...] | None
    more: int
    missing: int
    nan: int


def spread(sheet: Sheet, key: str) -> Spread | None:
    """Return what a column is spread over, None when the sheet has no such column."""
    column = sheet.column(key)
    if column is None:
        return None
    cells = sheet.cells[key]
    missing = int(cells.missing.sum())
    if column.type in ("text", "bool"):
        levels = sheets.levels(sheet, key)
        nan = 0
        return Spread(np.nan, np.nan, False, False, (), tuple(levels[:MOST]), max(0, len(levels) - MOST), missing, nan)
    values = cells.values.astype(np.float64)
    finite = values[np.isfinite(values)]
    few = len(np.unique(values[~cells.missing])) <= FEW and column.type not in ("time", "duration")
    listed = tuple(sheets.levels(sheet, key)) if few else None
    nan = int(np.isnan(values).sum()) - int((cells.missing & np.isnan(values)).sum())
    if len(finite) == 0:
        return Spread(np.nan, np.nan, False, False, (), listed, 0, missing, nan)
    low, high = float(finite.min()), float(finite.max())
    log = low > 0 and math.log10(high) - math.log10(low) > DECADES
    whole = bool((finite == np.round(finite)).all())
    return Spread(low, high, log, whole, _bins(finite, low, high, log), listed, 0, missing, nan)


def _bins(values: NDArray[np.float64], low: float, high: float, log: bool) -> tuple[int, ...]:
    if low == high:
        return ()
    if log:
        values, low, high = np.log(values), math.log(low), math.log(high)
    # Halves, since the whole range may be larger than a number can be.
    places = (values / 2 - low / 2) / (high / 2 - low / 2) * BINS
    counts = np.bincount(np.clip(places.astype(np.int64), 0, BINS - 1), minlength=BINS)
    return tuple(int(count) for count in counts)
