"""What a visitor brushed on the axes of a chart, in the units of the columns, and which rows of a sheet it holds.

The browser's `components/parallel/clause.js` says the same of what it draws.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tbcore.analysis.sheets import Cells, Column, Sheet, only, words

LANES = ("missing", "NaN", "-∞", "∞")


@dataclass(frozen=True)
class Brush:
    """What is brushed on one axis; a row is in it when it is in any of its parts.

    ranges: of numbers, both ends belong to them and None is open; values: of text and booleans, as `word` spells them;
    lanes: which of what is no number.
    """

    ranges: tuple[tuple[float | None, float | None], ...] = ()
    values: tuple[str, ...] = ()
    lanes: tuple[str, ...] = ()


def brushed(sheet: Sheet, brushes: Mapping[str, Brush]) -> NDArray[np.bool_]:
    """Return which rows [rows] are in all brushes, by column; one of a column that is not there holds all."""
    found = np.ones(len(sheet), np.bool_)
    for key, brush in brushes.items():
        column = sheet.column(key)
        if column is not None:
            found &= _brushed(column, sheet.cells[key], brush)
    return found


def with_any(sheet: Sheet, keys: Sequence[str]) -> Sheet:
    """Return the sheet without the rows that lack all of some columns."""
    found = np.zeros(len(sheet), np.bool_)
    for key in keys:
        found |= ~sheet.cells[key].missing
    return sheet if found.all() else only(sheet, found)


def lanes(column: Column, cells: Cells) -> NDArray[np.int8]:
    """Return for each cell 0 when it has a value on an axis, else the number of its lane, counted from 1."""
    found = np.zeros(len(cells.missing), np.int8)
    if column.type != "text":
        found[np.isnan(cells.values)] = 2
        found[cells.values == -np.inf] = 3
        found[cells.values == np.inf] = 4
    found[cells.missing] = 1
    return found


def _brushed(column: Column, cells: Cells, brush: Brush) -> NDArray[np.bool_]:
    lane = lanes(column, cells)
    found = np.zeros(len(lane), np.bool_)
    if column.type in ("text", "bool"):
        wanted = set(brush.values)
        spelled = words(column, cells)
        found |= np.fromiter((text in wanted for text in spelled), np.bool_, len(spelled))
    else:
        for low, high in brush.ranges:
            found |= (cells.values >= (-np.inf if low is None else low)) & (
                cells.values <= (np.inf if high is None else high)
            )
    found &= lane == 0
    for number, name in enumerate(LANES, 1):
        if name in brush.lanes:
            found |= lane == number
    return found
