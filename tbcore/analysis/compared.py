"""Curves as they are compared: of groups of runs, against a baseline run, over another tag, of an expression.

What is drawn is a series in each case, made of those that were logged, with what stands beside its points. What was made
lately is remembered: another zoom, and the next visitor, need it again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tbcore.analysis import expressions, run_groups
from tbcore.analysis.against import against, difference
from tbcore.analysis.curves import Axis, Floats, Points
from tbcore.analysis.expressions import Expression
from tbcore.analysis.known import Recent
from tbcore.analysis.run_groups import Band, How
from tbcore.analysis.step_grids import Places, Values
from tbcore.series import Opened, Segment, Series

ROOM = 96 << 20  # bytes of what was made lately, for all visitors together


@dataclass(frozen=True)
class Made:
    """A series that is drawn. x [n]: what its points lie over, where that is no step and no time; low, high [n]: the band
    around it; runs [n]: how many are in each point.

    interpolated: values that lie between two points of what it was made of; left_out: points of it that have no place;
    strange: values that were not finite and count nowhere.
    """

    series: Series
    x: Floats | None = None
    low: Floats | None = None
    high: Floats | None = None
    runs: NDArray[np.int64] | None = None
    interpolated: int = 0
    left_out: int = 0
    strange: int = 0

    @property
    def band(self) -> tuple[Floats, Floats] | None:
        """Return both edges of the band."""
        return None if self.low is None or self.high is None else (self.low, self.high)


def _bytes(made: Made | None) -> int:
    if made is None:
        return 0
    parts = [made.x, made.low, made.high, made.runs, *(one.values for one in made.series.segments)]
    points = sum(one.steps.nbytes + one.wall_times.nbytes for one in made.series.segments)
    return points + sum(part.nbytes for part in parts if part is not None)


_recent: Recent[Made | None] = Recent(_bytes, ROOM)


def counting(series: Series) -> Points:
    """Return the points of a series that no later attempt wrote again."""
    mask = series.superseded
    if not mask.any():
        return Points(series.steps, series.wall_times, series.values)
    return Points(series.steps[~mask], series.wall_times[~mask], series.values[~mask])


def series_of(like: Series, points: Points, run: str | None = None) -> Series:
    """Return points as a series of a run, that of `like` unless it is said."""
    segment = Segment("", Opened(0.0, 0.0), "scalar", points.steps, points.wall_times, points.values)
    return replace(like, run=like.run if run is None else run, segments=(segment,), restarts=())


def derived(expression: Expression, by_tag: Mapping[str, Series]) -> Made | None:
    """Return what an expression comes to over the series of one run, None where the run lacks one of its tags."""
    if any(tag not in by_tag for tag in expression.tags):
        return None

    def make() -> Made | None:
        found = expressions.evaluate(expression, {tag: counting(by_tag[tag]) for tag in expression.tags})
        if found is None:
            return None
        first = by_tag[expression.tags[0]]
        made = series_of(replace(first, tag=expression.text, description="", display_name=""), found.points)
        return Made(made, interpolated=found.interpolated)

    return _recent([by_tag[tag] for tag in expression.tags], ("derived", expression.text), make)


def apart(made: Made, baseline: Made, *, percent: bool) -> Made:
    """Return how far a series is from that of the baseline run, at its own steps, also in `percent` of it."""

    def make() -> Made:
        points, between = difference(counting(made.series), counting(baseline.series), percent=percent)
        left_out = len(made.series) - len(points.steps)
        return Made(series_of(made.series, points), interpolated=between, left_out=left_out)

    return _recent([made.series, baseline.series], ("apart", percent), make) or made


def over(made: Made, x: Series) -> Made:
    """Return a series over the values of another tag of its run at the same steps."""

    def make() -> Made:
        found = against(counting(x), counting(made.series))
        series = series_of(made.series, Points(found.steps, found.wall_times, found.y))
        return Made(series, x=found.x, interpolated=found.interpolated, left_out=found.left_out)

    return _recent([made.series, x], "over", make) or made


def of_group(
    name: str,
    every: Sequence[Made],
    how: How,
    band: Band,
    axis: Axis = "step",
    starts: Mapping[str, float] | None = None,
) -> Made:
    """Return what the series of some runs come to together, as a series of a run that is called like the group.

    axis: on which they meet: steps, seconds since their run's start in `starts`, or seconds since the epoch; where they
    lie over another tag, on that. Its points then have no steps but their numbers, and on steps no times.
    """
    across = every[0].x is not None
    origins = tuple(
        (starts or {}).get(one.series.run, 0.0) if axis == "relative" and not across else 0.0 for one in every
    )

    def make() -> Made:
        curves: list[tuple[Places, Values]] = []
        for one, origin in zip(every, origins, strict=True):
            points = counting(one.series)
            if one.x is not None:
                curves.append((one.x, points.values))
            else:
                curves.append((points.steps if axis == "step" else points.wall_times - origin, points.values))
        found = run_groups.together(curves, how, band)
        on_steps = axis == "step" and not across
        steps = found.x.astype(np.int64) if on_steps else np.arange(len(found.x))
        times = np.full(len(found.x), np.nan) if on_steps or across else found.x.astype(np.float64)
        series = series_of(every[0].series, Points(steps, times, found.middle), name)
        x = found.x.astype(np.float64) if across else None
        return Made(series, x, found.low, found.high, found.counts, found.interpolated, 0, found.strange)

    # Without x on it, what a series was made of says all; with it, what it lies over does as well.
    return _recent([one.series for one in every], ("group", name, how, band, axis, origins, across), make) or every[0]
