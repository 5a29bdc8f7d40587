"""Which part of a recording a tab is about: all of it, or one step."""

from collections.abc import Sequence
from typing import Any

from pages.parts import profile_source as source
from pages.parts.profile_source import Chosen, Recording
from tbcore.analysis import profile_roles, profile_steps
from tbcore.analysis.profile_forms import Steps
from tbcore.analysis.profiles import Trace
from tbcore.charts import theme
from tbcore.errors import PatternError
from tbcore.ui import bound, profile
from tbcore.ui.tables import csv, downloads

ALL = "all"
STEP = "profile_step"  # one choice for all tabs
LONGEST = 60  # letters of a name on a chart


def steps(chosen: Chosen) -> Steps:
    """Return the steps of the recording that is looked at."""
    return source.remembered(chosen, "steps", lambda: steps_of(chosen.trace, chosen.loading), chosen.loading)


def steps_of(trace: Trace, loading: str) -> Steps:
    """Return the steps of a recording; a pattern that is none counts as the usual one."""
    try:
        return profile_steps.steps(trace, profile_roles.loading(loading) if loading else None)
    except PatternError:
        return profile_steps.steps(trace)


def window(chosen: Chosen, *, usual: str = ALL, **how: Any) -> tuple[int, int] | None:
    """Draw the choice between all and one step, and return its start and end, nanoseconds; None is all."""
    found = steps(chosen)
    if len(found) < 2:
        return None
    places = {name: place for place, name in enumerate(found.names)}
    names = [ALL, *places]
    name = bound.select(
        "Part of the recording",
        names,
        lambda one: "the whole recording" if one == ALL else f"step {one}",
        key=STEP,
        usual=usual,
        width=190,
        **how,
    )
    if name == ALL:
        return None
    return int(found.starts[places[name]]), int(found.ends[places[name]])


def told(nanoseconds: float) -> str:
    """Return a duration in words."""
    return theme.duration(nanoseconds * 1e-9)


def show_event(row: int, key: str, words: str = "Show in the trace") -> None:
    """Draw a button that shows an event in the picture."""
    if row >= 0:
        profile.link(words, key, "trace", profile.at(int(row)))


def show_elsewhere(chosen: Chosen, file: Recording, row: int, key: str, words: str) -> None:
    """Draw a button that shows an event of another recording."""
    if row >= 0:
        profile.link(words, key, "trace", profile.at(int(row)), first=lambda: source.turn_to(file, chosen.files))


def show_moment(start: int, end: int, key: str, words: str = "Show in the trace") -> None:
    """Draw a button that shows a stretch of time in the picture."""
    room = max(1, (end - start) // 4)
    profile.link(words, key, "trace", profile.at(int(start - room), int(end + room)))


def saved(name: str, frame: Any) -> None:
    """Draw the button that downloads a table."""
    downloads(name, [("CSV", "csv", lambda: csv(frame))])


def other(files: list[Recording], words: str, key: str, among: Sequence[Recording]) -> Recording | None:
    """Draw the choice of another recording. among: all there are, from which its title shall tell it."""
    found = {title(file, among): file for file in files}
    if not found:
        return None
    return found[bound.select(words, list(found), source.spelled, key=key, width=380)]


def title(file: Recording, among: Sequence[Recording] = ()) -> str:
    """Return what a recording is called among those of all runs."""
    spans = file.span > 1 or any(
        one.span > 1 and (one.run, source.label(one)) == (file.run, source.label(file)) for one in among
    )
    parts = (file.run, source.label(file), f"span {file.span}" if spans else "")
    return " · ".join(part for part in parts if part)
