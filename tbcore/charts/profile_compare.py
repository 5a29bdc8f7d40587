"""Two recordings beside each other, as Altair draws them."""

from typing import Any

import altair as alt

from tbcore.charts.profile_memory import Chart, unit
from tbcore.charts.profile_steps import COLORS

MORE, LESS = "#ff725c", "#3ca951"


def steps(frame: Any) -> Chart:
    """Return the average steps of two recordings as bars of their parts. frame: name, part, time (nanoseconds)."""
    size, words = unit(int(frame.groupby("name")["time"].sum().max()) if len(frame) else 0)
    parts = list(dict.fromkeys(frame["part"]))
    chart: Chart = (
        alt.Chart(frame.assign(at=frame["time"] / size, order=frame["part"].map(parts.index)))
        .mark_bar()
        .encode(
            y=alt.Y("name:N", sort=None, title=None),
            x=alt.X("at:Q", title=f"time ({words})", stack="zero"),
            color=alt.Color(
                "part:N",
                title=None,
                scale=alt.Scale(domain=parts, range=[COLORS.get(part, COLORS["Other"]) for part in parts]),
                legend=alt.Legend(orient="top", columns=3),
            ),
            order="order:Q",
            tooltip=[
                alt.Tooltip("name:N", title=None),
                alt.Tooltip("part:N", title="of it"),
                alt.Tooltip("at:Q", title=words, format=",.4~g"),
            ],
        )
        .properties(height=alt.Step(30))
    )
    return chart


def differences(frame: Any) -> Chart:
    """Return what takes more and what takes less, the greatest at the top. frame: name, change, difference (nanoseconds)."""
    size, words = unit(int(frame["difference"].abs().max()) if len(frame) else 0)
    chart: Chart = (
        alt.Chart(frame.assign(at=frame["difference"] / size))
        .mark_bar()
        .encode(
            y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=260)),
            x=alt.X("at:Q", title=f"B − A ({words}): to the right B takes more, to the left less"),
            color=alt.condition("datum.at > 0", alt.value(MORE), alt.value(LESS)),
            tooltip=[
                alt.Tooltip("name:N", title=None),
                alt.Tooltip("change:N"),
                alt.Tooltip("at:Q", title=words, format="+,.4~g"),
            ],
        )
        .properties(height=alt.Step(24))
    )
    return chart
