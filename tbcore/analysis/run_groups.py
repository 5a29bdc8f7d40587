"""Runs that belong together, by what they are called, what they chose or where they lie, and what they come to together."""

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import stdtrit

from tbcore.analysis.curves import reduced
from tbcore.analysis.sheets import word
from tbcore.analysis.step_grids import Floats, Places, Values, in_order, read_into, union
from tbcore.names import matcher, natural

How = Literal["mean", "median"]
Band = Literal["minmax", "std", "sem", "ci95"]

BANDS: Mapping[Band, str] = {
    "minmax": "Least to greatest",
    "std": "Standard deviation",
    "sem": "Standard error",
    "ci95": "95 % interval",
}

_CHUNK = 512  # places that are worked on together, so that what is known of them stays near
_PIECE = 1 << 15  # places that one thread takes at a time
_THREADS = 4
_EXACT = 1 << 53  # up to here, every whole number is a float64

_fast = njit(nogil=True, cache=True, error_model="numpy")


@dataclass(frozen=True)
class Group:
    """Runs that belong together. key: what they have in common; name: that in words."""

    name: str
    key: tuple[Hashable, ...]
    runs: tuple[str, ...]


@dataclass(frozen=True)
class Groups:
    """Groups in order, and the runs that belong to none."""

    groups: tuple[Group, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Together:
    """What several curves come to at the places [n] that any of them has.

    middle: their mean or median; low, high: the band around it, NaN where there is none, as for the deviation of a
    single run; counts: how many runs are in it. interpolated: values that lie between two points of their run;
    strange: values that are not finite, and count nowhere.
    """

    x: Places
    middle: Floats
    low: Floats
    high: Floats
    counts: NDArray[np.int64]
    runs: int
    interpolated: int
    strange: int


class Chose(Protocol):
    """A session: its runs, and what it chose."""

    @property
    def runs(self) -> tuple[str, ...]: ...
    @property
    def hparams(self) -> Mapping[str, bool | float | str]: ...


def by_pattern(runs: Iterable[str], pattern: str) -> Groups:
    """Return the runs by what a regular expression captures of their names, groups in the order of their first run.

    It may match anywhere in a name, and tells capitals from small letters. Without a capturing group, all that match
    are one group; runs that do not match, and all runs without a pattern, are others.
    Raises PatternError when it is not a regular expression.
    Source: TensorBoard's webapp/runs/store/utils.ts, groupRuns.
    """
    every = list(runs)
    if not pattern:
        return Groups((), tuple(every))
    matcher(pattern)
    compiled = re.compile(pattern)
    titles = {number: name for name, number in compiled.groupindex.items()}

    def key(run: str) -> tuple[str | None, ...] | None:
        found = compiled.search(run)
        return None if found is None else found.groups()

    def name(captured: tuple[Hashable, ...]) -> str:
        if not captured:
            return pattern
        texts = ["" if each is None else str(each) for each in captured]
        return ", ".join(f"{titles[n]}={text}" if n in titles else text for n, text in enumerate(texts, 1))

    return _grouped(every, key, name)


def by_hparam(runs: Iterable[str], sessions: Iterable[Chose], hparam: str) -> Groups:
    """Return the runs by what their session chose for a hyperparameter, numbers from the least to the greatest first.

    Runs whose session did not choose one are others.
    """
    chosen = {run: session.hparams[hparam] for session in sessions if hparam in session.hparams for run in session.runs}

    def key(run: str) -> tuple[str, bool | float | str] | None:
        if run not in chosen:
            return None
        value = chosen[run]
        return (type(value).__name__, value)  # 1 is not true

    def name(key: tuple[Hashable, ...]) -> str:
        value = key[1]
        return f"{hparam}={word(value) if isinstance(value, bool | float | str) else value}"

    found = _grouped(runs, key, name)
    return Groups(tuple(sorted(found.groups, key=_by_value)), found.others)


def by_folder(runs: Iterable[str], depth: int = 0) -> Groups:
    """Return the runs by the folder they lie in, "." for none; depth: by the first so many folders, 0 for all of them."""

    def key(run: str) -> tuple[str]:
        folders = run.split("/")[:-1]
        return ("/".join(folders[:depth] if depth > 0 else folders) or ".",)

    return _grouped(runs, key, lambda key: str(key[0]))


def _by_value(group: Group) -> tuple[int, float, list[tuple[int, int, str]]]:
    value = group.key[1]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return (0, float(value), [])
    return (1, 0.0, natural(group.name))


def _grouped(
    runs: Iterable[str],
    key: Callable[[str], tuple[Hashable, ...] | None],
    name: Callable[[tuple[Hashable, ...]], str],
) -> Groups:
    found: dict[tuple[Hashable, ...], list[str]] = {}
    others = []
    for run in runs:
        which = key(run)
        if which is None:
            others.append(run)
        else:
            found.setdefault(which, []).append(run)
    return Groups(tuple(Group(name(which), which, tuple(some)) for which, some in found.items()), tuple(others))


def together(curves: Sequence[tuple[Places, Values]], how: How = "mean", band: Band = "minmax") -> Together:
    """Return what curves, each x [n] and y [n], come to together.

    Where a curve has no point of its own, the straight line between its neighbours counts, within its own range. Of
    several points at one place the last written counts. band: from the least to the greatest; or, around the mean
    whatever the middle line is, one standard deviation (of a sample), one standard error, or the interval in which the
    mean lies with a probability of 95 %, by Student's distribution.
    """
    placed = []
    for x, y in curves:
        order = in_order(x)
        placed.append((x[order], y[order]))
    placed = [one for one in placed if len(one[0])]
    grid = union([x for x, _y in placed])
    ends = np.cumsum([0, *(len(x) for x, _y in placed)])
    if placed:
        places, values = np.concatenate([x for x, _y in placed]), np.concatenate([y for _x, y in placed])
    else:
        places, values = grid, np.zeros(0)
    size = len(grid)
    at = grid
    if size and grid.dtype.kind == "i" and abs(int(grid[0])) < _EXACT and abs(int(grid[-1])) < _EXACT:
        at, places = grid.astype(np.float64), places.astype(np.float64)  # are compared faster
    middle, low, high, deviation = np.empty(size), np.empty(size), np.empty(size), np.empty(size)
    counts = np.zeros(size, np.int64)

    def work(start: int) -> int:
        part = slice(start, start + _PIECE)
        found = (middle[part], low[part], high[part], deviation[part], counts[part])
        return int(_together(at[part], places, values, ends, how == "median", band != "minmax", *found))

    starts = range(0, size, _PIECE)
    if len(starts) <= 1:
        interpolated = sum(map(work, starts))
    else:
        with ThreadPoolExecutor(_THREADS) as pool:
            interpolated = sum(pool.map(work, starts))
    if band != "minmax":
        # Up to here, low is the mean.
        reach = deviation if band == "std" else deviation / np.sqrt(np.maximum(counts, 1))
        if band == "ci95":
            reach = reach * _students(len(placed))[counts]
        low, high = low - reach, low + reach
    strange = int(np.count_nonzero(~np.isfinite(values)))
    return Together(grid, middle, low, high, counts, len(placed), interpolated, strange)


def drawn(found: Together, columns: int) -> NDArray[np.int64]:
    """Return which places of a group's curve draw it at `columns` pixel columns: its line and both edges of its band."""
    every = [reduced(found.x, y, columns) for y in (found.middle, found.low, found.high)]
    return np.unique(np.concatenate(every))


def _students(most: int) -> Floats:
    """Return how many standard errors hold a mean of 0, 1, 2 ... `most` values with a probability of 95 %."""
    found = np.full(most + 1, np.nan)
    if most > 1:
        found[2:] = stdtrit(np.arange(1, most), 0.975)
    return found


@_fast
def _together(
    grid: Places,
    places: Places,
    values: Values,
    ends: NDArray[np.int64],
    median: bool,
    mean_in_low: bool,
    middle: Floats,
    low: Floats,
    high: Floats,
    deviation: Floats,
    counts: NDArray[np.int64],
) -> int:
    """Write what the curves come to at `grid` [m] and return how many values were interpolated."""
    runs = len(ends) - 1
    known = np.empty((runs, _CHUNK + 8))  # a power of two apart, they would drive each other out of the cache
    some = np.empty(runs)
    order = np.arange(runs)
    interpolated = 0
    for start in range(0, len(grid), _CHUNK):
        size = min(_CHUNK, len(grid) - start)
        for run in range(runs):
            here = grid[start : start + size]
            interpolated += read_into(here, places, values, ends[run], ends[run + 1], known[run, :size])
        for i in range(size):
            count = 0
            total = 0.0
            for run in range(runs):
                value = known[run, i]
                if np.isfinite(value):
                    some[count] = value
                    total += value
                    count += 1
            counts[start + i] = count
            if count == 0:
                middle[start + i] = low[start + i] = high[start + i] = deviation[start + i] = np.nan
                continue
            mean = total / count
            least, greatest, squares = some[0], some[0], 0.0
            for k in range(count):
                value = some[k]
                least, greatest = min(least, value), max(greatest, value)
                squares += (value - mean) * (value - mean)
            mean = min(max(mean, least), greatest)  # rounding may lead just outside
            low[start + i] = mean if mean_in_low else least
            high[start + i] = greatest
            deviation[start + i] = np.sqrt(squares / (count - 1)) if count > 1 else np.nan
            if median:
                _sort(order, known[:, i], some)
                half = count >> 1
                mean = some[half] if count & 1 else some[half - 1] / 2 + some[half] / 2
            middle[start + i] = mean
    return interpolated


@_fast
def _sort(order: NDArray[np.int64], values: Floats, ordered: Floats) -> None:
    """Write the finite values [n] into `ordered` [n], the least first, and their places into `order` [n].

    order: as it was for the values before, which are seldom far from these.
    """
    n = len(values)
    shifts = 0
    for k in range(n):
        run = order[k]
        value = values[run] if np.isfinite(values[run]) else np.inf
        at = k
        while at > 0 and ordered[at - 1] > value:
            ordered[at] = ordered[at - 1]
            order[at] = order[at - 1]
            at -= 1
        ordered[at] = value
        order[at] = run
        shifts += k - at
        if shifts > 4 * n:
            break
    if shifts > 4 * n:
        for k in range(n):
            ordered[k] = values[k] if np.isfinite(values[k]) else np.inf
        order[:] = np.argsort(ordered)
        for k in range(n):
            value = values[order[k]]
            ordered[k] = value if np.isfinite(value) else np.inf
