"""What all views of the HParams page share: one list of rows, narrowed by the table's filters and by what is brushed."""

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.parts import sheet as parts
from tbcore import ui
from tbcore.analysis import brushes as analysis
from tbcore.analysis import hparams, sheets
from tbcore.analysis.known import Known
from tbcore.analysis.measures import Measure
from tbcore.analysis.sheets import Cells, Column, Sheet
from tbcore.charts import parallel as charts
from tbcore.charts import theme
from tbcore.ui import bound, brushes
from tbcore.ui import sheet as table

KEY = "hparams_table"
BRUSH = "brush"
RUN = "run"
HOWS = {
    "last": "Last",
    "min": "Min",
    "max": "Max",
    "mean": "Mean of last",
    "at": "At step",
    "where_low": "Where another is lowest",
    "where_high": "Where another is highest",
}
AT_FIRST = 8  # hyperparameters that have a column, or an axis, before the visitor picks any
METRICS = 5
ORDER = ("hparam", "metric", "about")
_CATEGORIES = ("text", "bool")


@dataclass(frozen=True)
class Sweep:
    """The rows of the page.

    whole: all of them; sheet: those that pass the table's filters, which is what charts draw; listed: those that are
    brushed as well, which is what the table lists. usual: the columns shown at first; offered: those that can be added.
    """

    view: ui.View
    found: hparams.Experiment
    whole: Sheet
    sheet: Sheet
    listed: Sheet
    usual: tuple[str, ...]
    offered: tuple[Column, ...] = field(repr=False, default=())

    def color(self, row: int) -> str:
        """Return the colour of a row that is drawn: of its first run."""
        return self.view.color(self.sheet.runs[row][0])

    @cached_property
    def differing(self) -> tuple[str, ...]:
        """The keys of the hyperparameters that differ."""
        return tuple(column.key for column in self.whole.of("hparam") if _DIFFERS(self.whole.cells[column.key]))

    def choices(self, *roles: sheets.Role) -> list[str]:
        """Return the keys of columns to pick from: hyperparameters that differ, metrics, the rest."""
        differ = set(self.differing)

        def place(column: Column) -> tuple[bool, int]:
            return (column.role == "hparam" and column.key not in differ, ORDER.index(column.role))

        found = [column for column in self.whole.columns if not roles or column.role in roles]
        keys = [column.key for column in sorted(found, key=place)]
        more = [one.key for one in self.offered if not roles or one.role in roles]
        return list(dict.fromkeys([*keys, *more]))

    def metrics(self) -> list[str]:
        """Return the keys of the metrics that the sheet holds."""
        return [column.key for column in self.whole.of("metric")]

    def title(self, key: str) -> str:
        """Return what a column is called, unlike any other one."""
        return self._titles.get(key) or key.partition(":")[2]

    @cached_property
    def _titles(self) -> dict[str, str]:
        known = {**{one.key: one for one in self.offered}, **{one.key: one for one in self.whole.columns}}
        return {RUN: "Run", **distinct(list(known.values()))}


def distinct(columns: Sequence[Column]) -> dict[str, str]:
    """Return a title for each column that no other one has: addresses hold them."""
    counts = Counter(column.title for column in columns)
    found: dict[str, str] = {}
    taken = {"Run"}
    for column in columns:
        title = column.title if counts[column.title] == 1 else f"{column.title} ({column.role})"
        while title in taken:
            title += " "
        taken.add(title)
        found[column.key] = title
    return found


# Which rows ----------------------------------------------------------------------------------------------------------


def asked(names: Sequence[str]) -> list[str]:
    """Return the keys of the metrics that widgets of the page name."""
    return [key for name in names for key in bound.chosen(name) if key.startswith("m:")]


def revalue(names: Sequence[str], offered: Sequence[Column]) -> None:
    """Have widgets of the page name metrics by the number of them that counts now."""
    now = {(measure.tag, measure.group): column.key for column in offered for measure in measures_of([column.key])}

    def key_now(key: str) -> str:
        return next((now.get((one.tag, one.group), key) for one in measures_of([key])), key)

    for name in names:
        if bound.chosen(name):
            bound.choose(name, [key_now(key) for key in bound.chosen(name)])


def measures_of(keys: Sequence[str]) -> list[Measure]:
    """Return the measures that keys of columns spell."""
    found = [Measure.of(key.removeprefix("m:")) for key in keys if key.startswith("m:")]
    return [one for one in found if one is not None]


def narrowed(whole: Sheet, state: table.SheetState) -> tuple[Sheet, Sheet]:
    """Return the rows that charts draw, and those that the table lists.

    A row without a hyperparameter and a metric has no place in a chart, and is listed as long as nothing is brushed.
    """
    listed = parts.listed(whole, state)
    told = [column.key for column in whole.of("hparam", "metric")]
    sheet = analysis.with_any(listed, told)
    brushed = {
        key: analysis.Brush(
            tuple((low, high) for low, high in clause.get("ranges", ())),
            tuple(clause.get("values", ())),
            tuple(clause.get("lanes", ())),
        )
        for key, clause in brushes.clauses(BRUSH).items()
        if whole.column(key) is not None
    }
    return sheet, sheets.only(sheet, analysis.brushed(sheet, brushed)) if brushed else listed


# What is brushed -----------------------------------------------------------------------------------------------------


def chips(sweep: Sweep) -> None:
    """Draw what is brushed, each part with a press to let it go."""
    held = {key: clause for key, clause in brushes.clauses(BRUSH).items() if sweep.whole.column(key) is not None}
    if not held:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"Brushed: **{len(sweep.listed):,}** of {len(sweep.sheet):,}", width="content")
        for number, (key, clause) in enumerate(held.items()):
            st.button(
                f"{ui.plain(_shortened(sweep.title(key)))}: {ui.plain(_shortened(_words(sweep, key, clause)))}",
                key=f"unbrush_{number}",
                icon=":material/close:",
                on_click=_let_go,
                args=(key,),
            )
        if len(held) > 1:
            st.button("Clear all", key="unbrush", type="tertiary", on_click=brushes.clear, args=(BRUSH,))


def _let_go(key: str) -> None:
    brushes.take(BRUSH, {other: clause for other, clause in brushes.clauses(BRUSH).items() if other != key})


def _words(sweep: Sweep, key: str, clause: brushes.Clause) -> str:
    column = sweep.whole.column(key)
    kind = "number" if column is None else column.type

    def end(value: float | None) -> str:
        return "" if value is None else charts.spelled(kind, value)

    ranges = []
    for low, high in clause.get("ranges", ()):
        if low is None and high is None:
            ranges.append("any number")
        else:
            ranges.append(
                f"≥ {end(low)}" if high is None else f"≤ {end(high)}" if low is None else f"{end(low)} – {end(high)}"
            )
    return ", ".join([*ranges, *clause.get("values", ()), *clause.get("lanes", ())]) or "nothing"


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:20]}…{text[-18:]}"


# Axes and colours ----------------------------------------------------------------------------------------------------


def axis_of(sweep: Sweep, key: str, scale: str = "") -> charts.Axis:
    """Return a column of the rows that charts draw as an axis; its categories are those of all rows."""
    column = sweep.sheet.column(key)
    if column is None:
        raise KeyError(key)
    return axis_by(sweep, column, scale)


def axis_by(sweep: Sweep, column: Column, scale: str = "") -> charts.Axis:
    """Return a column, which may be called otherwise than in the sheet, as an axis; its categories are those of all rows."""
    cells = sweep.sheet.cells[column.key]
    whole = sweep.whole.cells[column.key]
    # While no filter hides a row, an axis depends on nothing that a visitor does.
    known = _AXES(cells) if cells is whole else {}
    if (column, scale) not in known:
        category = column.type in _CATEGORIES
        levels = _LEVELS(whole) if category else ()
        spelled = sheets.words(column, cells) if category else ()
        lanes = analysis.lanes(column, cells)
        known[column, scale] = charts.axis(column, cells, lanes, levels, spelled, scale=scale)
    return known[column, scale]


def _alone(cells: Cells) -> Sheet:
    """Return a sheet of one column, of text or booleans, that has no name."""
    column = Column("", "", "hparam", "text" if cells.values.dtype == object else "bool")
    return Sheet(("",) * len(cells.values), (column,), {"": cells}, ((),) * len(cells.values))


# What depends on nothing but cells is computed once for all visitors, and forgotten with them.
_DIFFERS: Known[Cells, bool] = Known(lambda cells: sheets.differs(_alone(cells), ""))
_LEVELS: Known[Cells, list[str]] = Known(lambda cells: [label for label, _count in sheets.levels(_alone(cells), "")])
_AXES: Known[Cells, dict[tuple[Column, str], charts.Axis]] = Known(lambda _cells: {})


def color_choice(sweep: Sweep, key: str, usual: str) -> str:
    """Draw the choice of what rows are coloured by, and return it."""
    options = [RUN, *sweep.choices()]
    return bound.select("Colour by", options, sweep.title, key=key, usual=usual, width=220)


def colors(sweep: Sweep, key: str) -> charts.Colors:
    """Return the colours of the rows that charts draw: by run, or by a column."""
    if key == RUN or sweep.sheet.column(key) is None:
        return charts.run_colors([sweep.color(row) for row in range(len(sweep.sheet))])
    one = axis_of(sweep, key)
    return charts.column_colors(one, log=one.spec["scale"] == "log")


def mark_of(sheet: Sheet) -> str:
    """Return what tells the rows and cells of a sheet from any others."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update("\n".join(sheet.names).encode())
    for column in sheet.columns:
        cells = sheet.cells[column.key]
        digest.update(f"\n{column.key}\n{column.title}\n".encode())
        digest.update("\n".join(cells.values).encode() if cells.values.dtype == object else cells.values.tobytes())
        digest.update(cells.missing.tobytes())
    return digest.hexdigest()


def replaced(sweep: Sweep, sheet: Sheet) -> Sweep:
    """Return the sweep with other rows or columns for the table."""
    return dataclasses.replace(sweep, listed=sheet)


def with_column(sheet: Sheet, column: Column, values: NDArray[np.bool_]) -> Sheet:
    """Return the sheet with one more column of booleans, the first."""
    cells = sheets.Cells(values.astype(np.float64), np.zeros(len(sheet), np.bool_))
    return Sheet(sheet.names, (column, *sheet.columns), {**sheet.cells, column.key: cells}, sheet.runs)


ACCENT = theme.RUN_COLORS[0]
WARM = theme.RUN_COLORS[2]
