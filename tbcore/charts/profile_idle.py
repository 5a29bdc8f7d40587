"""What devices wait for, as Altair draws it."""

from collections.abc import Mapping
from typing import Any

import altair as alt

from tbcore.charts.profile_memory import Chart, unit

# What a device did, or what it waited for; colours as of the categories of steps.
PARTS = {
    "Computing": "#4269d0",
    "Communicating": "#a463f2",
    "Copying": "#6cc5b0",
    "Waiting for the host": "#efb118",
    "Between kernels": "#97bbf5",
    "Waiting for others": "#c8ae9e",
    "Idle": "#c4c7cb",
}
# How the time of a rank divides, and its collectives.
OVERLAPS = {
    "Computation only": "#4269d0",
    "Overlap": "#3ca951",
    "Communication only": "#a463f2",
    "Other": "#c4c7cb",
}
WAITS = {"Data transfer": "#a463f2", "Waiting for others": "#ff725c"}
# What the critical path is spent on, by the words of its kinds.
PATH = {
    "Host": "#efb118",
    "Nothing recorded": "#c4c7cb",
    "Launching": "#f6d480",
    "Kernels": "#4269d0",
    "Collectives": "#a463f2",
    "Copies": "#6cc5b0",
    "Between kernels": "#97bbf5",
    "Coming back from a wait": "#ff8ab7",
    "Between threads": "#9c6b4e",
}


def stacked(frame: Any, colors: Mapping[str, str] = PARTS, columns: int = 4) -> Chart:
    """Return one bar for each row name, made of its parts. frame: name, part (of `colors`), time (nanoseconds), in order."""
    size, words = unit(int(frame.groupby("name")["time"].sum().max()) if len(frame) else 0)
    kinds = [part for part in colors if part in set(frame["part"])]
    table = frame.assign(
        at=frame["time"] / size, order=frame["part"].map({part: place for place, part in enumerate(colors)})
    )
    chart: Chart = (
        alt.Chart(table)
        .mark_bar()
        .encode(
            y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=240)),
            x=alt.X("at:Q", title=f"time ({words})", stack="zero"),
            color=alt.Color(
                "part:N",
                title=None,
                scale=alt.Scale(domain=kinds, range=[colors[part] for part in kinds]),
                legend=alt.Legend(orient="top", columns=columns, labelLimit=220),
            ),
            order="order:Q",
            tooltip=[
                alt.Tooltip("name:N", title=None),
                alt.Tooltip("part:N", title="of it"),
                alt.Tooltip("at:Q", title=words, format=",.4~g"),
            ],
        )
        .properties(height=alt.Step(26))
    )
    return chart


def over_time(frame: Any, span: tuple[int, int], words: str) -> Chart:
    """Return lines that hold until they change. frame: name, time (nanoseconds), value; span: what the axis shows; words: of the values."""
    size, name = unit(span[1] - span[0])
    table = frame.assign(at=frame["time"] / size)
    chart: Chart = (
        alt.Chart(table)
        .mark_line(interpolate="step-after", strokeWidth=1.2)
        .encode(
            x=alt.X(
                "at:Q", title=f"time ({name})", scale=alt.Scale(domain=[span[0] / size, span[1] / size], nice=False)
            ),
            y=alt.Y("value:Q", title=words),
            color=alt.Color("name:N", title=None, legend=alt.Legend(orient="top", labelLimit=220, columns=5)),
        )
        .properties(height=200)
    )
    return chart
