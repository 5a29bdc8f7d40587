"""Steps as stacked bars, and how busy devices were over time.

Colours say who is at work, whoever wrote the recording: loading data, the host, copies, communication, kernels.
"""

from collections.abc import Sequence
from typing import Any

import altair as alt

CAUSES = {
    "loader": "#ff725c",
    "host": "#efb118",
    "copies": "#6cc5b0",
    "collectives": "#a463f2",
    "kernels": "#4269d0",
}
COLORS = {
    "Kernel": "#4269d0",
    "Memcpy": "#6cc5b0",
    "Memset": "#aedfd4",
    "Communication": "#a463f2",
    "Runtime": "#f6d480",
    "DataLoader": "#ff725c",
    "CPU Exec": "#efb118",
    "Other": "#9498a0",
    "Device compute": "#4269d0",
    "Device to device": "#aedfd4",
    "Collectives": "#a463f2",
    "Host compute": "#efb118",
    "Kernel launch": "#f6d480",
    "Input": "#ff725c",
    "Output": "#6cc5b0",
    "Compilation": "#9c6b4e",
    "All others": "#9498a0",
}
_REST = "#c4c7cb"
_UNITS = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"))
_AXIS, _STRIP = 56, 20  # pixels below the strips of devices, and of each
PICKED = "step"  # the name of the selection of bars


def unit(nanoseconds: float) -> tuple[float, str]:
    """Return the unit in which so many nanoseconds are a number of one to three digits: how many make one, and its name."""
    return next(((size, name) for size, name in _UNITS if nanoseconds >= size), (1.0, "ns"))


def bars(table: Any, categories: Sequence[str], longest: float, height: int = 260) -> alt.Chart:
    """Return a bar for each step, or each few of them, stacked by category; a click picks one.

    table: columns place, name, category, order, time [ns], share, total [ns], steps; longest: the greatest total.
    """
    size, name = unit(longest)
    picked = alt.selection_point(name=PICKED, fields=["place"], on="click", clear="dblclick", empty=True)
    chart: alt.Chart = (
        alt.Chart(table, height=height)
        .transform_calculate(length=f"datum.time / {size}", whole=f"datum.total / {size}")
        .mark_bar(cursor="pointer")
        .encode(
            x=alt.X("name:O", sort=None, title="Step", axis=alt.Axis(labelAngle=0, labelOverlap="parity", ticks=False)),
            y=alt.Y("length:Q", stack="zero", title=name, axis=alt.Axis(tickCount=5)),
            color=alt.Color(
                "category:N",
                scale=alt.Scale(domain=list(categories), range=[COLORS.get(one, _REST) for one in categories]),
                legend=None,
            ),
            order=alt.Order("order:Q"),
            opacity=alt.condition(picked, alt.value(1), alt.value(0.55)),
            tooltip=[
                alt.Tooltip("name:O", title="Step"),
                alt.Tooltip("category:N", title="Category"),
                alt.Tooltip("length:Q", title=name, format=",.3~f"),
                alt.Tooltip("share:Q", title="Share", format=".1%"),
                alt.Tooltip("whole:Q", title=f"Step, {name}", format=",.3~f"),
                alt.Tooltip("steps:Q", title="Steps in this bar"),
            ],
        )
        .add_params(picked)
    )
    return chart


def utilization(table: Any, devices: int, longest: float) -> alt.Chart:
    """Return how busy each device was over time: as heights for one device, for several as a strip of colour each.

    table: columns device, from, to [ns since the start of the first step], utilization; longest: the last of them.
    """
    size, name = unit(longest)
    shared = (
        alt.Chart(table, height=150 if devices == 1 else _AXIS + _STRIP * devices)
        .transform_calculate(begins=f"datum.from / {size}", ends=f"datum.to / {size}", none="0")
        .encode(
            x=alt.X(
                "begins:Q", title=f"{name} since the first step", axis=alt.Axis(grid=False), scale=alt.Scale(nice=False)
            ),
            x2="ends:Q",
            tooltip=[
                alt.Tooltip("device:N", title="Device"),
                alt.Tooltip("begins:Q", title=f"From, {name}", format=",.3~f"),
                alt.Tooltip("ends:Q", title="To", format=",.3~f"),
                alt.Tooltip("utilization:Q", title="A kernel ran", format=".1%"),
            ],
        )
    )
    if devices == 1:
        heights: alt.Chart = shared.mark_rect(color=CAUSES["kernels"]).encode(
            y=alt.Y(
                "utilization:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=3)
            ),
            y2="none:Q",
        )
        return heights
    strips: alt.Chart = shared.mark_rect(color=CAUSES["kernels"]).encode(
        y=alt.Y(
            "device:N",
            title=None,
            sort=None,
            scale=alt.Scale(paddingInner=0.2),
            axis=alt.Axis(labelOverlap=False, ticks=False),
        ),
        opacity=alt.Opacity("utilization:Q", scale=alt.Scale(domain=[0, 1], range=[0.06, 1]), legend=None),
    )
    return strips
