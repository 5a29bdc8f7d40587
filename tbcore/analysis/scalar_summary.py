"""All scalars at a glance, as a sheet that the pages draw: one row per tag and run."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tbcore.analysis.scalar_tables import against_baseline, overview
from tbcore.analysis.sheets import Cells, Column, Sheet, Type
from tbcore.names import natural
from tbcore.series import Series

USUAL = (
    "about:last",
    "about:last_step",
    "about:min",
    "about:max",
    "about:best",
    "about:best_step",
    "about:points",
    "about:strange",
)
_DIFFERENCES = ("about:last_difference", "about:last_percent")

_COLUMNS: tuple[tuple[str, str, Type, str], ...] = (
    # key               title              type      what it is
    ("run",             "Run",             "text",   ""),
    ("tag",             "Tag",             "text",   ""),
    ("last",            "Last",            "number", "The last value that was written."),
    ("last_step",       "Last step",       "count",  ""),
    ("min",             "Min",             "number", "The least of the finite values."),
    ("min_step",        "Min at",          "count",  "The step of the least value."),
    ("max",             "Max",             "number", "The greatest of the finite values."),
    ("max_step",        "Max at",          "count",  "The step of the greatest value."),
    ("best",            "Best",            "number", "Min or max: whichever the tag's name says is good, as it does of a loss or an accuracy."),
    ("best_step",       "Best at",         "count",  "The step of the best value."),
    ("points",          "Points",          "count",  "Those that a later attempt wrote again are left out."),
    ("strange",         "NaN, Inf",        "count",  "Values that are not finite."),
    ("last_difference", "Δ last",          "number", "How far the last value is from that of the baseline run."),
    ("last_percent",    "Δ last %",        "number", "The same in percent of the size of the baseline's value."),
    ("best_difference", "Δ best",          "number", "How far the best value is from that of the baseline run."),
    ("best_percent",    "Δ best %",        "number", "The same in percent of the size of the baseline's best value."),
)  # fmt: skip


def sheet(
    series: Iterable[Series], baseline: str = "", hidden: Iterable[Series] = ()
) -> tuple[Sheet, tuple[Series, ...]]:
    """Return the summary of all series, ordered by tag and then as they come, and the series of each row.

    hidden: series that have no row, but may be those of the baseline run.

    Columns are those of `scalar_tables.overview`, their keys begin with "about:"; with a baseline run, how far last and
    best are from its own. Rows without any point have no cells but their names.
    """
    found = list(series)
    ranks = {tag: natural(tag) for tag in dict.fromkeys(one.tag for one in found)}
    every = sorted(found, key=lambda one: ranks[one.tag])
    table = overview([*every, *(hidden if baseline else ())])
    table["strange"] = table["nan"] + table["inf"]
    if baseline:
        table = against_baseline(table, baseline, ("last", "best")).iloc[: len(every)]
    columns = [
        Column(f"about:{key}", title, "about", kind, about) for key, title, kind, about in _COLUMNS if key in table
    ]
    cells = {column.key: _cells(table[column.key.removeprefix("about:")], column.type) for column in columns}
    # What is not known differs from what came out as NaN: a value of a curve that has points is there.
    empty = table["points"].to_numpy(np.int64) == 0
    unknown = (table["better"] == "").to_numpy()
    for key, gone in (("last", empty), ("min", empty), ("max", empty), ("best", empty | unknown)):
        cells[f"about:{key}"] = Cells(cells[f"about:{key}"].values, gone)
    return Sheet(_names(every), tuple(columns), cells, tuple((one.run,) for one in every)), tuple(every)


def usual(baseline: str = "") -> tuple[str, ...]:
    """Return the columns that are shown before the visitor chooses any."""
    return (*USUAL[:2], *_DIFFERENCES, *USUAL[2:]) if baseline else USUAL


def _names(series: Sequence[Series]) -> tuple[str, ...]:
    """Return what each row is called: its tag and its run, by which it is told from all others."""
    names: dict[str, int] = {}
    for one in series:
        name = f"{one.tag} · {one.run}"
        while name in names:
            name += " "
        names[name] = len(names)
    return tuple(names)


def _cells(column: Any, kind: Type) -> Cells:
    if kind == "text":
        return Cells(column.to_numpy(object), np.zeros(len(column), np.bool_))
    missing = column.isna().to_numpy(np.bool_)
    return Cells(column.to_numpy(np.float64, na_value=np.nan), missing)
