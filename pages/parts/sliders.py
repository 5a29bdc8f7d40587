"""The sliders over the steps of some series: one for all runs, one for each."""

from tbcore import ui
from tbcore.analysis.steps import moments
from tbcore.series import Series
from tbcore.ui.components.stepper import Position, Track, stepper


def sliders(view: ui.View, series: list[Series], at: Position) -> None:
    """Draw the sliders; the last thing on a page, as `stepper` says."""
    by_run: dict[str, list[Series]] = {}
    for one in series:
        by_run.setdefault(one.run, []).append(one)
    tracks = [_track("", "", series, at)]
    tracks += [_track(run, view.color(run), some, at) for run, some in by_run.items()]
    stepper(tracks, has_earlier=any(bool(one.superseded.any()) for one in series))


def _track(run: str, color: str, series: list[Series], at: Position) -> Track:
    found = moments(series, earlier=at.earlier)
    return Track(run, color, found.steps, found.nths)
