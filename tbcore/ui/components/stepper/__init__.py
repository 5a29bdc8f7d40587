"""A slider over steps, one for all runs and, opened, one for each; it plays, and keeps where it is in the address.

    at = position()
    above = st.container()
    ...                         # everything that is looked at
    with above:
        stepper(tracks)

It is drawn last: what it hears from the server tells it that the page is done, and only then does it send where the
visitor has moved it meanwhile. Else a page would be interrupted again and again and never show anything on the way.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import streamlit as st
from numpy.typing import NDArray

from tbcore.ui.components.bundle import bundle, styles
from tbcore.ui.query import put_query

KEY = "stepper"
MODULES = ("../lines/format.js", "../lines/dom.js", "track.js", "main.js")

_FOLDER = Path(__file__).parent
_INT53 = 2**53
_KEPT = "position"  # where the session keeps the position while no slider is on the page

STEPPER = st.components.v2.component(
    "stepper",
    html='<div class="stage"></div>',
    css=styles(_FOLDER, "stepper.css"),
    js=bundle(_FOLDER, MODULES),
    isolate_styles=True,
)


@dataclass(frozen=True)
class Track:
    """What one slider runs over: moments [m] in order, each a step and which of its values (`tbcore.analysis.steps`).

    run: "" for the slider of all runs.
    """

    run: str
    color: str
    steps: NDArray[np.int64]
    nths: NDArray[np.int64]


@dataclass(frozen=True)
class Position:
    """Where the sliders are. step: None for the latest; own: (step, nth) of runs that are not where all are.

    earlier: whether what earlier attempts of restarted runs wrote is among the moments.
    """

    step: int | None = None
    nth: int = 0
    own: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    earlier: bool = False

    def at(self, run: str) -> tuple[int | None, int]:
        """Return the moment (step, nth) at which a run is looked at."""
        return self.own.get(run, (self.step, self.nth))


def position() -> Position:
    """Return where the sliders are: as just moved, as left in this session, or as the address says."""
    said = _position(cast(Mapping[str, Any], st.session_state.get(KEY) or {}).get("at"))
    if said is not None:
        return said
    kept: Position | None = st.session_state.get(_KEPT)
    return _from_address() if kept is None else kept


def look_at(step: int, nth: int = 0, *, earlier: bool = False) -> None:
    """Move the sliders of all runs to a moment, for pages that show none just now.

    earlier: whether it is one of an attempt that a later one wrote again.
    """
    st.session_state[_KEPT] = Position(step, nth, earlier=earlier or position().earlier)


def stepper(
    tracks: Sequence[Track], *, has_earlier: bool = False, on_change: Callable[[], None] | None = None
) -> Position:
    """Draw the sliders and return where they are. The first track is that of all runs.

    What is selected is shared by all pages that look at one step at a time. has_earlier: whether the runs shown hold
    values of earlier attempts, which a switch adds to the moments.
    """
    at = position()
    # Runs that are logged alike share their rows.
    rows: dict[bytes, int] = {}
    parts: list[Track] = []
    starts = []
    for track in tracks:
        alike = track.steps.tobytes() + track.nths.tobytes()
        if alike not in rows:
            rows[alike] = sum(len(part.steps) for part in parts)
            parts.append(track)
        starts.append(rows[alike])
    steps = np.concatenate([part.steps for part in parts])
    nths = np.concatenate([part.nths for part in parts])
    # Text, where a number of JavaScript would not hold the step exactly.
    exact = bool((np.abs(steps.astype(np.float64)) < _INT53).all())
    table = pa.table({"step": steps.astype(np.float64) if exact else steps.astype(str), "nth": nths.astype(np.int32)})
    STEPPER(
        key=KEY,
        data={
            "view": {
                "tracks": [
                    {"run": track.run, "color": track.color, "start": start, "count": len(track.steps)}
                    for track, start in zip(tracks, starts, strict=True)
                ],
                "at": {
                    "step": None if at.step is None else str(at.step),
                    "nth": at.nth,
                    "own": {run: [str(step), nth] for run, (step, nth) in at.own.items()},
                    "earlier": at.earlier,
                },
                "has_earlier": has_earlier,
            },
            "moments": table,
        },
        on_at_change=on_change or _nothing,
    )
    _remember(at)
    return at


def _remember(at: Position) -> None:
    """Keep the position for the other pages, and put it into the address."""
    st.session_state[_KEPT] = at
    put_query(
        {
            "step": [] if at.step is None else _spelled(at.step, at.nth),
            "step_of": [f"{_spelled(step, nth)},{run}" for run, (step, nth) in at.own.items()],
            "attempts": "1" if at.earlier else [],
        }
    )


def _from_address() -> Position:
    step, nth = _read(st.query_params.get("step", "")) or (None, 0)
    said = (text.partition(",") for text in st.query_params.get_all("step_of"))
    own = {run: moment for spelled, _comma, run in said if (moment := _read(spelled)) is not None}
    return Position(step, nth, own, st.query_params.get("attempts") == "1")


def _spelled(step: int, nth: int) -> str:
    return f"{step}.{nth}" if nth else str(step)


def _read(text: str) -> tuple[int, int] | None:
    """Return the moment that `text` spells, None when it spells none."""
    step, _dot, nth = text.partition(".")
    try:
        return _bounded(int(step)), max(0, int(nth or 0))
    except ValueError:
        return None


def _position(raw: object) -> Position | None:
    """Return the position a browser sent, None when it sent none that can be read: anyone can send anything."""
    if not isinstance(raw, Mapping):
        return None
    own = raw.get("own")
    moments = own.items() if isinstance(own, Mapping) else ()
    step, nth = _moment([raw.get("step"), raw.get("nth")]) or (None, 0)
    return Position(
        step,
        nth,
        {str(run): moment for run, said in moments if (moment := _moment(said)) is not None},
        raw.get("earlier") is True,
    )


def _moment(raw: object) -> tuple[int, int] | None:
    match raw:
        case [str(step), int(nth)]:
            read = _read(step)
            return None if read is None else (read[0], max(0, nth))
    return None


def _bounded(step: int) -> int:
    return min(max(step, -(2**63)), 2**63 - 1)


def _nothing() -> None:
    pass
