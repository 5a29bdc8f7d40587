"""Which value of a series a moment means, for everything that is looked at one step at a time.

A moment is a step and, since a step may be written more than once, which of its values in the order written:
(step, nth), nth from 0. No step means the latest value there is.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tbcore.series import Series


@dataclass(frozen=True)
class Moments:
    """Moments [m] in order: by step, then by how often the step was written before."""

    steps: NDArray[np.int64]
    nths: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.steps)


def moments(series: Iterable[Series], *, earlier: bool = False) -> Moments:
    """Return every moment at which any of the series has a value, without those of earlier attempts unless asked for."""
    # Most are written at the same steps: what is alike is looked at once.
    placed = (_placed(one, earlier)[:2] for one in series)
    pairs = list({(steps.tobytes(), nths.tobytes()): (steps, nths) for steps, nths in placed}.values())
    if not pairs:
        return Moments(np.zeros(0, np.int64), np.zeros(0, np.int64))
    if len(pairs) == 1:
        return Moments(pairs[0][0].copy(), pairs[0][1].copy())
    both = np.unique(np.stack([np.concatenate(part) for part in zip(*pairs, strict=True)], axis=1), axis=0)
    return Moments(both[:, 0].copy(), both[:, 1].copy())


def index_at(series: Series, step: int | None, nth: int = 0, *, earlier: bool = False) -> int | None:
    """Return which point [0, n) of the series a moment means: the latest one that was written at it or before.

    step: None for the latest of all. nth: beyond what a step holds, its last. Returns None where there is no point yet.
    Points of earlier attempts are passed over unless asked for.
    """
    steps, _nths, places = _placed(series, earlier)
    if not len(steps):
        return None
    if step is None:
        return int(places[-1])
    before = int(np.searchsorted(steps, step, side="right"))
    if not before:
        return None
    if steps[before - 1] < step:
        return int(places[before - 1])
    first = int(np.searchsorted(steps, step, side="left"))
    return int(places[min(first + max(nth, 0), before - 1)])


def _placed(series: Series, earlier: bool) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the steps in order, which time each was written, and the point it is, [n] each."""
    kept = np.arange(len(series)) if earlier else np.flatnonzero(~series.superseded)
    steps = series.steps[kept]
    if len(steps) > 1 and not bool((steps[1:] >= steps[:-1]).all()):
        order = np.argsort(steps, kind="stable")
        steps, kept = steps[order], kept[order]
    starts = np.searchsorted(steps, steps, side="left") if len(steps) else np.zeros(0, np.int64)
    return steps, np.arange(len(steps)) - starts, kept
