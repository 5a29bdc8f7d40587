"""Find events of a trace by their names, and go from one to the next in order of time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tbcore.formats.trace import Codes, Trace
from tbcore.names import matcher


@dataclass(frozen=True)
class Found:
    """What a search found. matched bool [events]; rows: those events, by start; total: nanoseconds of all of them, added up."""

    matched: NDArray[np.bool_]
    rows: Codes
    total: int

    def __len__(self) -> int:
        return len(self.rows)

    def after(self, row: int, forward: bool = True) -> int:
        """Return the next event found after the one at `row`, or before it; the first again after the last; -1 when there is none.

        row: -1 for none, which begins with the first, or the last.
        """
        if len(self.rows) == 0:
            return -1
        if row < 0:
            return int(self.rows[0 if forward else -1])
        # Rows are in order of time.
        at = int(np.searchsorted(self.rows, row, side="right" if forward else "left")) - (0 if forward else 1)
        return int(self.rows[at % len(self.rows)])

    def nearest(self, trace: Trace, moment: int) -> int:
        """Return the first event found that starts at `moment` or later, nanoseconds since the base; else the first of all."""
        if len(self.rows) == 0:
            return -1
        at = int(np.searchsorted(trace.start[self.rows], moment))
        return int(self.rows[at % len(self.rows)])

    def place(self, row: int) -> int:
        """Return which of those found an event is, from 0; -1 when it is none of them."""
        at = int(np.searchsorted(self.rows, row))
        return at if at < len(self.rows) and self.rows[at] == row else -1


def find(trace: Trace, pattern: str, lasting: int = 0) -> Found:
    """Return the events whose names match a regular expression; lasting: nanoseconds that they last at the least.

    Raises PatternError when `pattern` is none. Each name is asked about once.
    """
    matches = matcher(pattern)
    inside = trace.matching(matches)
    if lasting > 0:
        inside &= trace.duration >= lasting
    rows = np.flatnonzero(inside).astype(np.int32)
    return Found(inside, rows, int(trace.duration[rows].sum()))
