"""What matters: how much each hyperparameter matters to a metric, and how the metric goes along one of them."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.parts import hparams_rows as parts
from pages.parts.hparams_rows import BRUSH, Sweep
from tbcore import ui
from tbcore.analysis import importance as analysis
from tbcore.analysis import sheets
from tbcore.analysis.importance import Importance, PartialDependence
from tbcore.charts import hparams as charts
from tbcore.charts import parallel, points
from tbcore.ui import bound, brushes, jobs
from tbcore.ui.components.parallel import said
from tbcore.ui.components.ranking import picked, ranking
from tbcore.ui.components.scatter import scatter
from tbcore.ui.tables import csv, downloads

KEY = "hparams_ranking"
TARGET, PICKED, LAST = "hp_target", "hp_along", "hp_ranked"


def what_matters(sweep: Sweep) -> None:
    """Draw the ranking for a metric, and the metric along the hyperparameter that is pressed."""
    metrics = sweep.choices("metric")
    keys = sweep.differing
    if not metrics or not keys:
        st.markdown("These sessions have no metrics." if keys else "No hyperparameter differs between these sessions.")
        return
    target = bound.select("Metric", metrics, sweep.title, key=TARGET, width=280)
    if sweep.sheet.column(target) is None:
        return
    sheet = sweep.listed
    mark = parts.mark_of(sheets.picked(sheet, [target, *keys]))
    job = jobs.job(
        ("importance", mark, target, tuple(keys)),
        f"What matters to {sweep.title(target)}",
        lambda progress: analysis.importance(sheet, target, keys, progress=progress, stop=progress.stopped),
    )
    jobs.progress(job)
    if job.done:
        st.session_state[LAST] = (mark, job.result)
    # While it is computed anew for logs that grew, what was found before stays.
    mark, found = st.session_state.get(LAST, ("", None))
    if found is not None and found.target == target:
        ranked(sweep, found, mark, list(keys))


def ranked(sweep: Sweep, found: Importance, mark: str, keys: list[str]) -> None:
    """Draw the ranking, what is to be known of it, and what is behind the row that is pressed."""
    for note in found.notes:
        st.caption(ui.plain(sentence(note)))
    if not found.rows:
        return
    along = chosen(found)
    left, right = st.columns([5, 4], gap="medium")
    with left:
        ranking(charts.ranking(found.rows, found.floor, along), key=KEY)
        st.caption(
            "Importance: the share of the metric's variance (R²) that a random forest can no longer explain when the column "
            "is shuffled, with its 95 % interval; left of the dashed line it is no more than chance. Correlation: of "
            "ranks, with its sign. Press a row to see the metric along it."
        )
        downloads("importance", [("Ranking as CSV", "csv", lambda: csv(analysis.table(found)))])
    with right:
        dependence(sweep, found, along, mark, keys)


def chosen(found: Importance) -> str:
    """Return the hyperparameter that was pressed: in this session, else as the address says, else the first."""
    keys = [row.key for row in found.rows]
    pressed = picked(KEY) or st.session_state.get(f"{PICKED}_kept") or st.query_params.get(PICKED, "")
    st.session_state[f"{PICKED}_kept"] = pressed
    ui.put_query({PICKED: pressed or None})
    return pressed if pressed in keys else keys[0]


def dependence(sweep: Sweep, ranked_by: Importance, along: str, mark: str, keys: list[str]) -> None:
    """Draw the metric along one hyperparameter: the points, and what the forest says with all others as they are."""
    sheet, target = sweep.listed, ranked_by.target
    job = jobs.job(
        ("dependence", mark, target, along, tuple(keys)),
        f"{sweep.title(target)} along {sweep.title(along)}",
        lambda _progress: analysis.partial_dependence(sheet, target, along, keys=keys),
    )
    jobs.progress(job)
    if not job.done:
        return
    found = job.result
    axes = [parts.axis_of(sweep, along, "log" if found.log else ""), parts.axis_of(sweep, target)]
    at = places(axes[0], found)
    known = np.isfinite(at)
    marks = points.dependence(
        at[known], found.mean[known], found.low[known], found.high[known], parts.WARM,
        numbers=axes[0].spec["levels"] is None,
    )  # fmt: skip
    shades = parts.colors(sweep, parts.RUN)
    view = points.single(*axes, [], shades, brushes.clauses(BRUSH), marks, note="Partial dependence", height=360)
    scatter(
        view,
        {"rows": parallel.rows(sweep.sheet.names, axes, shades), **marks.tables},
        key="hparams_dependence",
        brushed=_brush,
    )
    for note in found.notes:
        if note not in ranked_by.notes:
            st.caption(ui.plain(sentence(note)))
    if len(found.grid):
        downloads("dependence", [("Curve as CSV", "csv", lambda: csv(analysis.dependence_table(found)))])


def places(axis: parallel.Axis, found: PartialDependence) -> NDArray[np.float64]:
    """Return where the values of a curve are on its axis, NaN for what has no place there: of categories, which they are."""
    levels = axis.spec["levels"]
    if levels is None:
        return found.grid
    return np.array([levels.index(label) if label in levels else np.nan for label in found.labels], np.float64)


def sentence(note: str) -> str:
    """Return a note as a sentence."""
    return f"{note[:1].upper()}{note[1:]}."


def _brush() -> None:
    brushes.take(BRUSH, said("hparams_dependence", "brush"))
