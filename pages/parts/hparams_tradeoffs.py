"""Trade-offs: which sessions no other one betters in all of two or three metrics, and how the best value came about."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from pages.parts import hparams_rows as parts
from pages.parts import hparams_scatter as scatters
from pages.parts.hparams_rows import BRUSH, Sweep
from tbcore.analysis import sheets, tradeoffs
from tbcore.analysis.sheets import Column, Sheet
from tbcore.charts import parallel as charts
from tbcore.charts import points, theme
from tbcore.ui import bound, brushes
from tbcore.ui import sheet as table
from tbcore.ui.components.parallel import said
from tbcore.ui.components.scatter import scatter
from tbcore.ui.tables import downloads

KEY = "hparams_tradeoffs"
FORMS = {"front": "Pareto front", "history": "Best so far"}
METRICS, TARGET = "hp_front", "hp_best"
FRONT = Column("about:front", "On the front", "about", "bool", "No other session is as good in all of these metrics.")
ENDS = {"low": "Lower", "high": "Higher"}


def trade_offs(sweep: Sweep) -> Sweep:
    """Draw the front or the history, and return the rows with what is found of them."""
    metrics = sweep.choices("metric")
    if not metrics:
        st.markdown("These sessions have no metrics.")
        return sweep
    row = st.container(horizontal=True, vertical_alignment="bottom")
    with row:
        form = bound.segments("Show", FORMS, key="hp_offs")
    return front(sweep, metrics, row) if form == "front" else history(sweep, metrics, row)


def front(sweep: Sweep, metrics: list[str], row: DeltaGenerator) -> Sweep:
    """Draw two metrics over each other, a third one as colour, and what no other session betters."""
    with row:
        chosen = bound.several(
            "Metrics", metrics, usual_pair(sweep), sweep.title, key=METRICS, max_selections=3, width=420,
            help="Two, or three: the third is the colour.",
        )  # fmt: skip
        keys = [key for key in chosen if sweep.sheet.column(key) is not None]
        for key in keys:
            better(sweep, key)
        color = parts.color_choice(sweep, "hp_front_dots", parts.RUN) if len(keys) < 3 else keys[2]
    if len(keys) < 2:
        st.markdown("Choose two or three metrics.")
        return sweep
    drawn = sheets.only(sweep.sheet, np.isin(sweep.sheet.names, sweep.listed.names))
    found = tradeoffs.pareto(drawn, keys)
    x, y = (drawn.cells[key].values[found] for key in keys[:2])
    marks = points.front(x, y, parts.WARM)
    if len(keys) == 3:
        marks.specs[:] = [spec for spec in marks.specs if spec["form"] == "rings"]
    note = f"{int(found.sum()):,} of {len(drawn):,} on the front"
    with row:
        switches = zip(keys[:2], ("hp_flogx", "hp_flogy"), strict=True)
        axes = [scatters.axis(sweep, key, switch) for key, switch in switches]
    shades = parts.colors(sweep, color)
    besides = [parts.axis_of(sweep, keys[2])] if len(keys) == 3 else []
    view = points.single(*axes, besides, shades, brushes.clauses(BRUSH), marks, note=note)
    tables = {"rows": charts.rows(sweep.sheet.names, [*axes, *besides], shades), **marks.tables}
    scatter(view, tables, key=KEY, brushed=_brush)
    on_front = sheets.picked(sheets.only(drawn, found), [*keys, *sweep.differing])
    downloads("pareto", [("Front as CSV", "csv", lambda: sheets.to_csv(on_front))])
    return marked(sweep, set(np.array(drawn.names, object)[found]))


def usual_pair(sweep: Sweep) -> list[str]:
    """Return two metrics to begin with: the first, and the one that agrees with it least about which rows are good.

    The same for as long as the visitor stays: axes do not change by themselves while logs grow.
    """
    kept: list[str] = st.session_state.get(f"{METRICS}_usual", [])
    if kept and all(sweep.whole.column(key) is not None for key in kept):
        return kept
    signs = {"low": -1.0, "high": 1.0}
    judged = {column.key: signs[column.better] for column in sweep.whole.of("metric") if column.better}
    if len(judged) < 2:
        return list(dict.fromkeys([*judged, *sweep.metrics()]))[:2]
    first, *others = judged

    def agreement(key: str) -> float:
        rank = tradeoffs.trend(values(sweep.whole, first), values(sweep.whole, key)).rank
        return 1.0 if np.isnan(rank) else rank * judged[first] * judged[key]

    found = [first, min(others, key=agreement)]
    st.session_state[f"{METRICS}_usual"] = found
    return found


def values(sheet: Sheet, key: str) -> NDArray[np.float64]:
    """Return the numbers of a column, NaN where there are none."""
    return np.asarray(sheet.cells[key].values, np.float64)


def marked(sweep: Sweep, names: set[str]) -> Sweep:
    """Return the sweep whose table says which rows are on the front, and can show only those."""
    only = st.toggle("List only the front", key="hp_front_only", bind="query-params")
    listed = parts.with_column(sweep.listed, FRONT, _among(sweep.listed.names, names))
    if only:
        listed = sheets.only(listed, _among(sweep.listed.names, names))
    return parts.replaced(sweep, listed)


def _among(names: tuple[str, ...], wanted: set[str]) -> NDArray[np.bool_]:
    return np.array([name in wanted for name in names], np.bool_)


def better(sweep: Sweep, key: str) -> None:
    """Draw which end of a metric is good, and take over what the visitor says."""
    column = sweep.whole.column(key)
    if column is None:
        return
    name = f"hp_end_{key}"
    st.session_state[name] = column.better or "low"
    st.segmented_control(
        f"{sweep.title(key)} is better", list(ENDS), format_func=ENDS.__getitem__, key=name, required=True,
        on_change=_judge, args=(key, name),
    )  # fmt: skip


def _judge(key: str, name: str) -> None:
    state = table.sheet_state(parts.KEY)
    table.change(parts.KEY, better={**state.better, key: st.session_state[name]})


def history(sweep: Sweep, metrics: list[str], row: DeltaGenerator) -> Sweep:
    """Draw a metric over the time of its sessions, and the best of it so far."""
    with row:
        target = bound.select("Metric", metrics, sweep.title, key=TARGET, width=240)
        if sweep.sheet.column(target) is None:
            return sweep
        better(sweep, target)
        by = bound.segments("In the order of", {"about:start": "Start", "about:end": "End"}, key="hp_by")
    if sweep.sheet.column(by) is None:
        st.markdown("When these sessions ran is not known.")
        return sweep
    found = tradeoffs.history(sweep.listed, target, by)
    marks = points.best_so_far(found.times, found.best, found.improved, parts.WARM)
    left = f"; {found.left_out:,} left out" if found.left_out else ""
    best = (
        f"best {theme.number(float(found.best[-1]))}, bettered {int(found.improved.sum()) - 1:,} times"
        if len(found.best)
        else "no values"
    )
    with row:
        axes = [parts.axis_of(sweep, by), scatters.axis(sweep, target, "hp_hlogy")]
    shades = parts.colors(sweep, parts.RUN)
    view = points.single(*axes, [], shades, brushes.clauses(BRUSH), marks, note=best + left)
    scatter(view, {"rows": charts.rows(sweep.sheet.names, axes, shades), **marks.tables}, key=KEY, brushed=_brush)
    return sweep


def _brush() -> None:
    brushes.take(BRUSH, said(KEY, "brush"))
