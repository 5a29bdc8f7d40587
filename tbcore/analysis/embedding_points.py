"""The points of an embedding, row by row: what they are called, which of them a search finds, what is written of them."""

import csv
import io
import time
from collections.abc import Mapping, Sequence

import numpy as np
import regex
from numpy.typing import NDArray

from tbcore.errors import PatternError
from tbcore.names import matcher

Rows = NDArray[np.int64]

SECONDS = 3.0  # that a search may take

_NOT_FINITE = ""


# Cells ---------------------------------------------------------------------------------------------------------------


def taken(cells: Sequence[str], rows: Rows) -> list[str]:
    """Return the cells of rows."""
    return [cells[row] for row in rows.tolist()]


def row_names(rows: Rows) -> list[str]:
    """Return what rows are called that have no other name."""
    return [f"row {row}" for row in rows.tolist()]


def cluster_names(labels: Rows) -> list[str]:
    """Return what the cluster of each row is called; labels [n]: -1 for none, whose name is ""."""
    return ["" if one < 0 else f"cluster {one + 1}" for one in labels.tolist()]


# Search --------------------------------------------------------------------------------------------------------------


def found(cells: Sequence[str], pattern: str, *, seconds: float = SECONDS) -> Rows:
    """Return the rows whose cell a pattern finds, case-insensitive and unanchored as `tbcore.names.matcher` has it.

    Raises PatternError when it is no regular expression, or takes more than `seconds` on these cells.
    """
    if not pattern:
        return np.zeros(0, np.int64)
    matcher(pattern)
    try:
        # Unlike Python's own, this one can be told to stop, and lets other visitors go on meanwhile.
        compiled = regex.compile(pattern, regex.IGNORECASE)
    except (regex.error, OverflowError, RecursionError) as error:
        raise PatternError(f"{pattern!r} is not a regular expression: {error}") from error
    last = time.monotonic() + seconds
    known: dict[str, bool] = {}
    try:
        for cell in cells:
            if cell not in known:
                left = max(0.001, last - time.monotonic())
                known[cell] = compiled.search(cell, timeout=left, concurrent=True) is not None
    except TimeoutError as error:
        raise PatternError(f"{pattern!r} takes more than {seconds:g} seconds on these labels") from error
    return np.flatnonzero([known[cell] for cell in cells]).astype(np.int64)


# What is written -----------------------------------------------------------------------------------------------------


def table_of(
    rows: Rows, columns: Mapping[str, Sequence[str]], more: Mapping[str, NDArray[np.generic]], *, tabs: bool = False
) -> bytes:
    """Return rows as CSV, or as TSV: their numbers, what is known of each and numbers besides, NaN as nothing.

    columns: cells by title; more: numbers [len(rows)] by title.
    """
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t" if tabs else ",", lineterminator="\n")
    writer.writerow(["row", *columns, *more])
    numbers = {title: _spelled(values) for title, values in more.items()}
    for place, row in enumerate(rows.tolist()):
        known = [cells[row] for cells in columns.values()]
        writer.writerow([row, *known, *(values[place] for values in numbers.values())])
    return text.getvalue().encode()


def _spelled(values: NDArray[np.generic]) -> list[str]:
    if values.dtype.kind != "f":
        return [str(value) for value in values.tolist()]
    # As short as it can be and still be the same number.
    return [np.format_float_positional(v, trim="-") if np.isfinite(v) else _NOT_FINITE for v in values]
