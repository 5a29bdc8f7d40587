"""Parallel coordinates: an axis for each hyperparameter and metric, a line for each session."""

import streamlit as st

from pages.parts import hparams_rows as parts
from pages.parts.hparams_rows import BRUSH, Sweep
from tbcore import ui
from tbcore.charts import parallel as charts
from tbcore.ui import bound, brushes
from tbcore.ui.components.parallel import order_of, parallel, said, scales_of

KEY = "hparams_parallel"
AXES, COLOR, SCALE = "hp_axes", "hp_color", "hp_scale"
METRICS = 3  # axes of metrics before the visitor picks any
MOST = 40


def usual_axes(sweep: Sweep) -> list[str]:
    """Return the axes that are there before the visitor picks any: what differs, and what came of it."""
    return [*sweep.differing[: parts.AT_FIRST], *sweep.metrics()[:METRICS]]


def parallel_coordinates(sweep: Sweep) -> None:
    """Draw the lines, and take over what is brushed."""
    usual = usual_axes(sweep)
    options = sweep.choices()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        metrics = sweep.metrics()
        color = parts.color_choice(sweep, COLOR, metrics[0] if metrics else parts.RUN)
        with st.popover("Axes", icon=":material/view_column:"):
            keys = bound.several(
                "Axes", options, usual, sweep.title, key=AXES, max_selections=MOST, width=480,
                help="Drag a name above an axis to move it; press it for its scale.",
            )  # fmt: skip
    axes = [parts.axis_of(sweep, key, scales().get(key, "")) for key in keys if sweep.sheet.column(key) is not None]
    if not axes:
        st.markdown(
            "No axis is chosen." if usual else "Nothing differs between these sessions, and they have no metrics."
        )
        return
    if not len(sweep.sheet):
        st.markdown("No session passes the filters.")
        return
    shades = parts.colors(sweep, color)
    parallel(
        charts.view(axes, shades, brushes.clauses(BRUSH)),
        charts.rows(sweep.sheet.names, axes, shades),
        key=KEY,
        changed={"brush": _brush, "order": _order, "scales": _rescale, "color": _recolor},
    )
    other = [one.spec for one in axes if one.spec["scale"] != one.spec["usual"]]
    ui.put_query({SCALE: [f"{spec['scale']}:{spec['key']}" for spec in other]})


def scales() -> dict[str, str]:
    """Return the scales that the visitor chose, by column: in this session, else as the address says."""
    kept: dict[str, str] | None = st.session_state.get(f"{SCALE}_kept")
    if kept is None:
        said = (text.partition(":") for text in st.query_params.get_all(SCALE))
        kept = scales_of({key: scale for scale, _colon, key in said})
        st.session_state[f"{SCALE}_kept"] = kept
    return kept


def _brush() -> None:
    brushes.take(BRUSH, said(KEY, "brush"))


def _order() -> None:
    order = order_of(said(KEY, "order"))
    if order:
        bound.choose(AXES, order[:MOST])


def _rescale() -> None:
    st.session_state[f"{SCALE}_kept"] = scales() | scales_of(said(KEY, "scales"))


def _recolor() -> None:
    wanted = said(KEY, "color")
    if isinstance(wanted, str):
        bound.choose(COLOR, [wanted])
