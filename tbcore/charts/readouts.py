"""The table under a card of curves, as the browser component `lines` draws it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

Kind = Literal["run", "number", "step", "duration", "share"]
Column = tuple[str, str, Kind]  # key, words, kind

AT_STEP: tuple[Column, ...] = (
    ("run", "Run", "run"),
    ("tag", "Tag", "run"),
    ("smoothed", "Smoothed", "number"),
    ("value", "Value", "number"),
    ("step", "Step", "step"),
    ("relative", "Relative", "duration"),
)
OVER_RANGE: tuple[Column, ...] = (
    ("run", "Run", "run"),
    ("tag", "Tag", "run"),
    ("min", "Min", "number"),
    ("max", "Max", "number"),
    ("start", "Start", "number"),
    ("end", "End", "number"),
    ("change", "Change", "number"),
    ("change_percent", "% change", "share"),
    ("mean", "Mean", "number"),
    ("std", "Std", "number"),
    ("slope", "Slope per step", "number"),
    ("min_step", "Step at min", "step"),
    ("max_step", "Step at max", "step"),
    ("start_step", "Start step", "step"),
    ("end_step", "End step", "step"),
    ("points", "Points", "step"),
)
AGAINST: Mapping[str, tuple[Column, Column]] = {
    "value": (
        ("value_difference", "Difference", "number"),
        ("value_percent", "% of baseline", "share"),
    ),
    "mean": (
        ("mean_difference", "Mean difference", "number"),
        ("mean_percent", "% of baseline", "share"),
    ),
}


class _Table(Protocol):
    @property
    def columns(self) -> Any: ...
    def __getitem__(self, name: str) -> Any: ...


def readout(table: _Table, columns: Sequence[Column], note: str = "") -> dict[str, Any]:
    """Return the columns of a data frame that it has, in the order of `columns`; the tag only where there are several."""
    found = [column for column in columns if column[0] in table.columns]
    if "tag" in table.columns and len(set(table["tag"].tolist())) < 2:
        found = [column for column in found if column[0] != "tag"]
    cells = [[_cell(value, kind) for value in table[key].astype(object).tolist()] for key, _words, kind in found]
    return {
        "columns": [{"key": key, "label": words, "kind": kind} for key, words, kind in found],
        "rows": [list(row) for row in zip(*cells, strict=True)],
        "note": note,
    }


def _cell(value: Any, kind: Kind) -> int | float | str | None:
    if isinstance(value, str | int):
        return value
    if isinstance(value, float):
        if kind == "duration" and math.isnan(value):
            return None  # the runs of a group share no time
        return value if math.isfinite(value) else "NaN" if math.isnan(value) else "∞" if value > 0 else "-∞"
    return None  # nothing is known: a missing step
