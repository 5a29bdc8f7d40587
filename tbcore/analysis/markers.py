"""Moments of a run that are worth a mark in its curves: where training restarted, and which checkpoints were written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from tbcore.analysis.known import Known
from tbcore.errors import FormatError
from tbcore.formats.events import Session, payload
from tbcore.series import Opened, Series

Kind = Literal["restart", "checkpoint"]

MOST = 200  # of one run


@dataclass(frozen=True)
class Marker:
    """One moment: at a step, in seconds since the epoch, and what happened then, in words."""

    step: int
    wall_time: float
    kind: Kind
    text: str


class Logged(Protocol):
    """A run: its series by kind and tag."""

    @property
    def series(self) -> Mapping[tuple[str, str], Series]: ...


def _of_run(run: Logged) -> tuple[Marker, ...]:
    found: dict[Marker, None] = {}
    restarts: dict[int, float] = {}
    for (kind, _tag), series in run.series.items():
        if kind == "session_log":
            for marker in _said(series):
                found.setdefault(marker)
        elif kind == "scalars":
            for step, wall_time in _attempts(series):
                restarts.setdefault(step, wall_time)
            if len(restarts) > MOST:
                break
    # Tags that are logged at other steps begin anew a little later: that is one restart.
    last = None
    for step, wall_time in sorted(restarts.items(), key=lambda one: (one[1], one[0])):
        if last is None or wall_time - last > _SAME:
            found.setdefault(Marker(step, wall_time, "restart", "Training restarted"))
            last = wall_time
    return tuple(found)[:MOST]


_SAME = 60.0  # seconds


def _attempts(series: Series) -> list[tuple[int, float]]:
    """Return where a later attempt begins: its first step and its time."""
    if len(series.segments) == 1 and not series.segments[0].starts:
        return []
    found = []
    for older in series.segments:
        found += [
            (int(newer.steps[0]), float(newer.wall_times[0]))
            for newer in series.segments
            if newer is not older and len(newer.steps) and _after(older.opened, newer.opened)
        ]
        for step, before in older.starts:
            if 0 < before < len(older.steps):
                found.append((int(step), float(older.wall_times[before])))
    return found


def _after(older: Opened, newer: Opened) -> bool:
    return newer.wall_time - older.wall_time > 1.0 and not older.last_wall_time > newer.wall_time


def _said(series: Series) -> list[Marker]:
    found: list[Marker] = []
    for index, (step, wall_time) in enumerate(zip(series.steps.tolist(), series.wall_times.tolist(), strict=True)):
        if len(found) >= MOST:
            break
        blob = series.blob(index)
        try:
            said = payload(blob.read(), blob.form).details
        except FormatError:
            continue  # the Inspect page tells of it
        if isinstance(said, Session) and said.status == "CHECKPOINT":
            found.append(Marker(step, wall_time, "checkpoint", said.checkpoint_path or said.message or "Checkpoint"))
    return found


markers = Known(_of_run)
