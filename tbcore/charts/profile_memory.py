"""Memory over time as Altair draws it."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pyarrow as pa

HEIGHT = 260
ALLOCATED, RESERVED, PEAK, GROWN = "#4269d0", "#9498a0", "#ff725c", "#efb118"
_SIZE = "datum.value >= 1e3 ? format(datum.value, '.3~s') + 'B' : datum.value + ' B'"
Chart = alt.Chart | alt.LayerChart
WINDOW = "window"  # what a brush is called in the selection of the chart


def unit(span: int) -> tuple[int, str]:
    """Return how many nanoseconds one unit of a time axis has that `span` nanoseconds fit well on, and what it is called."""
    return next(
        ((size, name) for size, name in ((10**9, "s"), (10**6, "ms"), (10**3, "µs")) if span >= 5 * size), (1, "ns")
    )


def curve(frame: Any, steps: Any, span: tuple[int, int], peak: tuple[int, int], capacity: int = 0) -> Chart:
    """Return the memory of a device over time, to be brushed.

    frame: time (nanoseconds), allocated, reserved or not (bytes); steps: name, start, end (nanoseconds); span: what the axis shows;
    peak: nanoseconds and bytes; capacity: drawn where it is not far above the curve, 0 for none.
    """
    size, words = unit(span[1] - span[0])
    forms = [name for name in ("allocated", "reserved") if name in frame]
    # In every unit the names of the columns are the same, so that what was brushed can be read.
    long = frame.assign(at=frame["time"] / size).melt("at", forms, "what", "bytes")
    # Every layer needs it: the axis shows what any of them asks for.
    scale = alt.Scale(domain=[span[0] / size, span[1] / size], nice=False, zero=False, clamp=True)
    x = alt.X("at:Q", title=f"time ({words})", scale=scale)
    y = alt.Y("bytes:Q", title=None, axis=alt.Axis(labelExpr=_SIZE, tickCount=5))
    what = alt.Color(
        "what:N",
        title=None,
        scale=alt.Scale(domain=forms, range=[ALLOCATED, RESERVED][: len(forms)]),
        legend=alt.Legend(orient="top") if len(forms) > 1 else None,
    )
    brush = alt.selection_interval(name=WINDOW, encodings=["x"])
    line = (
        alt.Chart(long)
        .mark_line(interpolate="step-after", strokeWidth=1.5)
        .encode(x=x, y=y, color=what)
        .add_params(brush)
    )
    layers: list[alt.Chart] = []
    if len(steps):
        bands = steps.assign(low=steps["start"] / size, high=steps["end"] / size, odd=(steps.index % 2).astype(int))
        layers.append(
            alt.Chart(bands)
            .mark_rect(color=RESERVED)
            .encode(
                x=alt.X("low:Q", scale=scale),
                x2="high:Q",
                opacity=alt.Opacity("odd:Q", scale=alt.Scale(domain=[0, 1], range=[0.0, 0.1]), legend=None),
                tooltip=[alt.Tooltip("name:N", title="step")],
            )
        )
    layers.append(line)
    if span[0] <= peak[0] <= span[1]:
        mark = alt.InlineData(values=[{"at": peak[0] / size, "bytes": peak[1]}])
        layers.append(
            alt.Chart(mark)
            .mark_point(color=PEAK, size=70, filled=False, strokeWidth=2)
            .encode(
                x=alt.X("at:Q", scale=scale),
                y="bytes:Q",
                tooltip=[alt.Tooltip("bytes:Q", title="peak, bytes", format=",")],
            )
        )
    if 0 < capacity <= 3 * max(1, int(frame[forms].max().max())):
        layers.append(
            alt.Chart(alt.InlineData(values=[{"bytes": capacity}]))
            .mark_rule(color=PEAK, strokeDash=[4, 3])
            .encode(y="bytes:Q", tooltip=[alt.Tooltip("bytes:Q", title="memory of the device", format=",")])
        )
    return alt.LayerChart(layer=layers, height=HEIGHT)


def growth(frame: Any) -> Chart:
    """Return what is held after each step. frame: step (name), held (bytes)."""
    chart: Chart = (
        alt.Chart(frame)
        .mark_bar(color=ALLOCATED)
        .encode(
            x=alt.X("step:N", sort=None, title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True, labelLimit=90)),
            y=alt.Y("held:Q", title=None, axis=alt.Axis(labelExpr=_SIZE, tickCount=4)),
            tooltip=[alt.Tooltip("step:N"), alt.Tooltip("held:Q", title="bytes", format=",")],
        )
        .properties(height=150)
    )
    return chart


def categories(columns: Sequence[str], rows: Sequence[Sequence[float]]) -> Chart:
    """Return what is held over time by category, one upon the other. columns: the time (ms), the total, the categories; rows: bytes."""
    names = list(columns[2:])
    # Of what is told of one moment the last holds; all of it would be stacked.
    rows = list({row[0]: row for row in rows}.values())
    kept = [place for place in range(len(names)) if any(row[2 + place] for row in rows)]
    table = pa.table(
        {
            "at": [row[0] for _place in kept for row in rows],
            "category": [names[place] for place in kept for _row in rows],
            "order": [place for place in kept for _row in rows],
            "bytes": [row[2 + place] for place in kept for row in rows],
        }
    )
    chart: Chart = (
        alt.Chart(table)
        .mark_area(interpolate="step-after")
        .encode(
            x=alt.X("at:Q", title="time (ms)", scale=alt.Scale(nice=False)),
            y=alt.Y("bytes:Q", title=None, stack="zero", axis=alt.Axis(labelExpr=_SIZE, tickCount=5)),
            color=alt.Color("category:N", title=None, sort=names, legend=alt.Legend(orient="top", columns=8)),
            order="order:Q",
            tooltip=[alt.Tooltip("category:N"), alt.Tooltip("bytes:Q", format=","), alt.Tooltip("at:Q", title="ms")],
        )
        .properties(height=HEIGHT)
    )
    return chart
