"""Events put together: by equal keys, and by the call stacks that they lie in."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from tbcore.formats.trace import PYTHON, Trace

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
Places = NDArray[np.int32] | NDArray[np.int64]

_NUMBERED = re.compile(r"(?<=#)\d+|(?<= at )0x[0-9a-fA-F]+")  # what makes two names of one thing

_fast = njit(nogil=True, cache=True, error_model="numpy")

# Groups --------------------------------------------------------------------------------------------------------------


def grouped(keys: Sequence[NDArray[Any]]) -> tuple[Ints, int, Ints]:
    """Return for each place the number of its group [n], how many groups there are, and where each is met first.

    Groups are numbered as they are met.
    """
    codes = np.zeros(len(keys[0]), np.int64)
    for key in keys:
        inverse, values = pd.factorize(key)
        codes = codes * max(len(values), 1) + inverse
        codes = pd.factorize(codes)[0].astype(np.int64)
    count = int(codes.max(initial=-1)) + 1
    first = np.zeros(count, np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    return codes, count, first


def share(parts: NDArray[Any], whole: Any) -> NDArray[np.float64]:
    """Return parts of a whole, NaN of nothing."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.asarray(whole) > 0, parts / np.asarray(whole, np.float64), np.nan)


def summed(which: Ints, count: int, values: Ints) -> Ints:
    """Return the sum of each group [count]."""
    found = np.zeros(count, np.int64)
    np.add.at(found, which, values)
    return found


def longest(which: Ints, count: int, rows: Places, values: Ints) -> Ints:
    """Return for each group the row where `values` is the largest, of several the first."""
    order = np.lexsort((-np.arange(len(rows)), values))
    found = np.full(count, -1, np.int64)
    found[which[order]] = rows[order]
    return found


def spelled(codes: NDArray[Any], word: Callable[[int], str]) -> list[str]:
    """Return the words of some codes; each is asked for once."""
    which, used = pd.factorize(np.asarray(codes))
    words = [word(code) for code in used.tolist()]
    return [words[at] for at in which.tolist()]


def texts(names: Sequence[str], codes: NDArray[Any]) -> list[str]:
    """Return the names of some codes, "" of -1."""
    return spelled(codes, lambda code: str(names[code]) if code >= 0 else "")


def ranked(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return the rows with the largest first."""
    return frame.sort_values([*by, "name"], ascending=[False] * len(by) + [True], ignore_index=True, kind="stable")


# Trees ---------------------------------------------------------------------------------------------------------------


@_fast
def upwards(parent: Places, values: Ints) -> None:
    """Add to each call what those in it have."""
    for node in range(len(parent) - 1, -1, -1):
        if parent[node] >= 0:
            values[parent[node]] += values[node]


@dataclass(frozen=True)
class Stacks:
    """The call stack of some events. of [m]: a number for each, alike for equal stacks; spelled: the frames of one, outermost first."""

    of: Ints
    spelled: Callable[[int], str]


@dataclass(frozen=True)
class Merged:
    """Events merged by their call stacks: node [m] of each; parent, label [k] of each node, parents before their children."""

    node: Ints
    parent: Ints
    label: Ints


def above(trace: Trace, rows: NDArray[Any]) -> Stacks:
    """Return the Python call stacks that some events lie in, as was written with them or as recorded around them."""
    written = trace.columns.get("Call stack")
    if written is not None:
        codes = written.dense(len(trace))[rows].astype(np.int64)
        return Stacks(codes, lambda code: _spelled(str(trace.names[code])) if code >= 0 else "")
    frames = trace.of(PYTHON)
    around = enclosing(trace.parent, trace.role == PYTHON)
    place = np.full(len(trace) + 1, -1, np.int64)
    place[frames] = np.arange(len(frames))
    names, label = labels(trace)
    merged = merge(place[around[frames]], label[frames])
    node = np.concatenate([merged.node, np.full(1, -1)])

    def stack(number: int) -> str:
        lines: list[str] = []
        while number >= 0:
            lines.append(names[int(merged.label[number])])
            number = int(merged.parent[number])
        return "\n".join(reversed(lines))

    return Stacks(node[place[around[rows]]], stack)


def has_stacks(trace: Trace) -> bool:
    """Return whether anything says from where in the program operators were called."""
    return "Call stack" in trace.columns or bool((trace.role == PYTHON).any())


def _spelled(stack: str) -> str:
    """Return a stack as files write it, innermost frame first, outermost first."""
    return "\n".join(reversed([frame.strip() for frame in re.split(r"[;\n]", stack) if frame.strip()]))


def labels(trace: Trace) -> tuple[list[str], Ints]:
    """Return what events are called without numbers that tell calls of one thing apart, and the place of each among them [n]."""
    which, used = pd.factorize(np.asarray(trace.name))
    places: dict[str, int] = {}
    codes = [places.setdefault(_NUMBERED.sub("…", str(trace.names[code])), len(places)) for code in used.tolist()]
    return list(places), np.array(codes, np.int64)[which] if len(used) else np.zeros(0, np.int64)


@_fast
def enclosing(parent: Codes, wanted: NDArray[np.bool_]) -> Codes:
    """Return for each event the innermost wanted one that it lies in [n], -1 for none; callers stand first."""
    found = np.full(len(parent), -1, np.int32)
    for row in range(len(parent)):
        above_ = parent[row]
        if above_ >= 0:
            found[row] = above_ if wanted[above_] else found[above_]
    return found


@_fast
def levels(parent: Ints) -> Ints:
    """Return how many stand above each entry; parents stand before their children."""
    found = np.zeros(len(parent), np.int64)
    for at in range(len(parent)):
        if parent[at] >= 0:
            found[at] = found[parent[at]] + 1
    return found


def merge(parent: Ints, label: Ints) -> Merged:
    """Merge entries whose labels and those of all above them are equal; parents stand before their children [m]."""
    node = np.full(len(parent) + 1, -1, np.int64)
    level = levels(parent)
    order = np.argsort(level, kind="stable")
    cuts = np.flatnonzero(np.diff(level[order], prepend=-1, append=-1))
    labels = int(label.max(initial=0)) + 1
    parents: list[Ints] = []
    spelled: list[Ints] = []
    count = 0
    for start, end in pairwise(cuts.tolist()):
        some = order[start:end]
        which, keys = pd.factorize((node[parent[some]] + 1) * labels + label[some])
        node[some] = count + which
        parents.append(keys // labels - 1)
        spelled.append(keys % labels)
        count += len(keys)
    empty = np.zeros(0, np.int64)
    return Merged(node[:-1], np.concatenate([empty, *parents]), np.concatenate([empty, *spelled]))
