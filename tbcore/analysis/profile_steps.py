"""Where the time of each step went, every nanosecond of it once.

Of all that happens at a moment the first in a fixed order counts: a kernel that runs hides the copy beside it, and both hide
what the host does meanwhile. So a category's time is what would be gone were it infinitely fast, or nearly.

Source: the algorithm of torch-tb-profiler 0.4.3, with the categories that traces have had since and with collectives told by
the names of their kernels; xprof's for TensorFlow and JAX, in `xla_steps`.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tbcore.analysis import intervals, profile_roles, xla_steps
from tbcore.analysis.intervals import Intervals
from tbcore.analysis.profile_forms import WHOLE, Ints, Steps
from tbcore.formats.trace import (
    ANNOTATION,
    DEVICE_WORK,
    KERNEL,
    MEMCPY,
    MEMSET,
    OP,
    PYTHON,
    RUNTIME,
    SPAN,
    Trace,
)

# In the order in which they count.
CATEGORIES = ("Kernel", "Memcpy", "Memset", "Communication", "Runtime", "DataLoader", "CPU Exec", "Other")
_AGAIN = 2  # events of one name that make steps
_SHORTER = 0.8  # of the work of the step before it, below which the last step was cut off by the end of the recording


def steps(trace: Trace, loading: profile_roles.Named | None = None) -> Steps:
    """Return the steps of a recording with what each spent its time on. loading: tells what waits for data by its name."""
    named = loading or profile_roles.loading()
    if trace.source == "xplane":
        return xla_steps.steps(trace, named)
    return _torch(trace, named)


# Which steps there are -----------------------------------------------------------------------------------------------


def marked(trace: Trace) -> tuple[list[str], NDArray[np.intp]]:
    """Return the names and rows of the events that mark steps on the host, in order; none where nothing does."""
    for told in (profile_roles.step_of, profile_roles.numbered):
        names = {code: told(name) for code, name in enumerate(trace.names) if told(name)}
        if not names:
            continue
        hosts = np.isin(trace.role, profile_roles.hosts(trace)) & np.isin(trace.name, list(names))
        rows = _of_one_lane(trace, np.flatnonzero(hosts))
        if len(rows):
            return [names[int(code)] for code in trace.name[rows]], rows
    alike = np.isin(trace.role, profile_roles.hosts(trace)) & trace.matching(profile_roles.repeated)
    rows = _of_one_lane(trace, np.flatnonzero(alike))
    if len(rows) < _AGAIN:
        return [], np.zeros(0, np.intp)
    return [str(number) for number in range(1, len(rows) + 1)], rows


def _of_one_lane(trace: Trace, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return those of the lane that has most of them, the outermost where they lie in each other."""
    if not len(rows):
        return rows
    lanes, counts = np.unique(trace.lane[rows], return_counts=True)
    rows = rows[trace.lane[rows] == lanes[counts.argmax()]]
    ends = np.maximum.accumulate(trace.end[rows])
    outermost = np.ones(len(rows), np.bool_)
    outermost[1:] = trace.start[rows[1:]] >= ends[:-1]
    return rows[outermost]


def _whole(trace: Trace) -> tuple[int, int]:
    """Return when the first thing on the host starts and the last one ends; of the devices where the host did nothing."""
    for rows in (
        trace.of(*profile_roles.hosts(trace), RUNTIME),
        np.flatnonzero(trace.role != SPAN),
        np.arange(len(trace)),
    ):
        if len(rows):
            return int(trace.start[rows].min()), int(trace.end[rows].max())
    return 0, 0


# What happens when ---------------------------------------------------------------------------------------------------


def ranges(trace: Trace, loading: profile_roles.Named) -> dict[str, Intervals]:
    """Return when something of each category but the last happens, whatever else happens meanwhile."""
    collectives, operations = profile_roles.collectives(trace), profile_roles.operations(trace)
    loaders = profile_roles.loaders(trace, loading)
    rows = {
        "Kernel": np.setdiff1d(trace.of(KERNEL), collectives, assume_unique=True),
        "Memcpy": trace.of(MEMCPY),
        "Memset": trace.of(MEMSET),
        "Communication": np.concatenate((collectives, operations)),
        "Runtime": trace.of(RUNTIME),
        "DataLoader": loaders,
        "CPU Exec": _executing(trace, loaders, operations),
    }
    return {name: intervals.merged(trace.start[found], trace.end[found]) for name, found in rows.items()}


def _executing(trace: Trace, *told: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the rows of operators, and of annotations those of PyTorch itself."""
    # Once there was one category for operators, annotations and steps.
    operators = (trace.role == OP) & trace.matching(lambda name: profile_roles.step_of(name) == "")
    if trace.source == "chrome":
        operators |= np.isin(trace.role, profile_roles.hosts(trace)) & (trace.duration > 0)
    operators |= (trace.role == ANNOTATION) & trace.matching(profile_roles.of_library)
    operators[np.concatenate(told)] = False
    found = np.flatnonzero(operators)
    # A recording of Python alone, or a Chrome trace of anything.
    return found if len(found) or len(trace.of(*DEVICE_WORK)) else trace.of(PYTHON)


def launched(trace: Trace) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows of calls of the runtime and of what each started on a device, by their shared number; a row per start."""
    numbers = trace.columns.get("correlation")
    none = np.zeros(0, np.intp)
    if numbers is None:
        return none, none
    roles = trace.role[numbers.rows]
    calls, work = roles == RUNTIME, np.isin(roles, DEVICE_WORK)
    order = np.argsort(numbers.values[calls], kind="stable")
    keys, rows = numbers.values[calls][order], numbers.rows[calls][order].astype(np.intp)
    if not len(keys):
        return none, none
    place = np.searchsorted(keys, numbers.values[work])
    known = np.minimum(place, len(keys) - 1)
    found = keys[known] == numbers.values[work]
    return rows[known[found]], numbers.rows[work][found].astype(np.intp)


# PyTorch's steps -----------------------------------------------------------------------------------------------------


def _torch(trace: Trace, loading: profile_roles.Named) -> Steps:
    notes: list[str] = []
    names, rows = marked(trace)
    if names:
        starts, ends = trace.start[rows], trace.end[rows]
        if not profile_roles.step_of(trace.named(int(rows[0]))):
            notes.append(f"Steps are told by annotations such as {trace.named(int(rows[0]))[:80]!r}.")
    else:
        start, end = _whole(trace)
        names, starts, ends = [WHOLE], np.array([start], np.int64), np.array([end], np.int64)
        notes.append("No step is marked: the whole recording is shown as one.")
    names, starts, ends = _lasting(trace, names, starts, ends, notes)
    found = ranges(trace, loading)
    return Steps(CATEGORIES, tuple(names), starts, ends - starts, _shared(found, starts, ends), _overlap(found, starts, ends), tuple(notes))  # fmt: skip


def _lasting(
    trace: Trace, names: list[str], starts: Ints, ends: Ints, notes: list[str]
) -> tuple[list[str], Ints, Ints]:
    """Return the steps until the last of what they started on devices has ended."""
    calls, work = launched(trace)
    inside = np.searchsorted(starts, trace.start[calls], side="right") - 1
    own = (inside >= 0) & (trace.end[calls] <= ends[np.maximum(inside, 0)])
    step, work = inside[own], work[own]
    if not len(work):
        return names, starts, ends
    count = np.bincount(step, minlength=len(names))
    first = np.full(len(names), np.iinfo(np.int64).max)
    last = np.full(len(names), np.iinfo(np.int64).min)
    np.minimum.at(first, step, trace.start[work])
    np.maximum.at(last, step, trace.end[work])
    before = int(starts[0])
    if count[0]:
        others = np.setdiff1d(trace.of(*DEVICE_WORK), work, assume_unique=True)
        ended = trace.end[others]
        before = max(before, int(ended[ended < first[0]].max(initial=before)))
    begins, finishes = starts.copy(), ends.copy()
    for place in range(len(names)):
        begins[place] = max(before, starts[place])
        finishes[place] = max(begins[place], ends[place], last[place])
        before = int(finishes[place])
    kept = _kept(count)
    if kept < len(names):
        left = len(names) - kept
        notes.append(
            f"The last {'step is' if left == 1 else f'{left} steps are'} left out: the recording ended before its work did."
        )
    return names[:kept], begins[:kept], finishes[:kept]


def _kept(count: NDArray[np.intp]) -> int:
    """Return how many steps to keep by what each started: not those that the end of the recording cut off."""
    if len(count) < 2:
        return len(count)
    last = int(np.flatnonzero(count)[-1])
    return last if last > 0 and count[last] < _SHORTER * count[last - 1] else last + 1


def _shared(found: dict[str, Intervals], starts: Ints, ends: Ints) -> Ints:
    """Return how much of each step goes to each category [s, c], to the first one that happens."""
    parts = np.zeros((len(starts), len(CATEGORIES)), np.int64)
    left = intervals.merged(starts, ends)
    for place, name in enumerate(CATEGORIES[:-1]):
        ours = intervals.both(left, found[name])
        left = intervals.without(left, ours)
        parts[:, place] = intervals.within(ours, starts, ends)
    parts[:, -1] = intervals.within(left, starts, ends)
    return parts


def _overlap(found: dict[str, Intervals], starts: Ints, ends: Ints) -> Ints | None:
    """Return how long each step computed, communicated and did both; None where nothing communicates."""
    if not len(found["Communication"][0]):
        return None
    computing = found["Kernel"] if len(found["Kernel"][0]) else found["CPU Exec"]
    shared = intervals.both(computing, found["Communication"])
    both, computes, talks = (intervals.within(one, starts, ends) for one in (shared, computing, found["Communication"]))
    return np.stack((computes - both, both, talks - both, ends - starts + both - computes - talks), axis=1)


# As tables -----------------------------------------------------------------------------------------------------------


def table(found: Steps, most: int = 0) -> pd.DataFrame:
    """Return one row per step and category: place, name, category, order, time [ns], share, total [ns], steps.

    most: how many steps at most, 0 for any number; of more, neighbours become one with the mean of their times, and `steps` says
    of how many. place: of the first of them.
    """
    width = -(-len(found) // most) if most else 1
    firsts = np.arange(0, len(found), max(1, width))
    many = np.diff(np.append(firsts, len(found)))
    count = len(found.categories)
    sums = np.add.reduceat(found.parts, firsts, axis=0) if len(firsts) else found.parts
    parts = sums / many[:, None]
    totals = parts.sum(axis=1)
    names = [
        found.names[first] if steps == 1 else f"{found.names[first]} – {found.names[first + steps - 1]}"
        for first, steps in zip(firsts.tolist(), many.tolist(), strict=True)
    ]
    return pd.DataFrame(
        {
            "place": np.repeat(firsts, count),
            "name": np.repeat(np.array(names, object), count),
            "category": list(found.categories) * len(firsts),
            "order": list(range(count)) * len(firsts),
            "time": parts.ravel(),
            "share": (parts / np.maximum(totals, 1)[:, None]).ravel(),
            "total": np.repeat(totals, count),
            "steps": np.repeat(many, count),
        }
    )


def averages(found: Steps) -> pd.DataFrame:
    """Return one row per category that took any time: category, mean, shortest, longest [ns], share of all time."""
    kept = [place for place in range(len(found.categories)) if found.parts[:, place].any()]
    parts = found.parts[:, kept]
    return pd.DataFrame(
        {
            "category": [found.categories[place] for place in kept],
            "mean": parts.mean(axis=0) if len(found) else [],
            "shortest": parts.min(axis=0) if len(found) else [],
            "longest": parts.max(axis=0) if len(found) else [],
            "share": parts.sum(axis=0) / max(1, int(found.totals.sum())),
        }
    )


def wide(found: Steps) -> pd.DataFrame:
    """Return one row per step, to keep: step, start_us, total_us, and the microseconds of each category."""
    return pd.DataFrame(
        {
            "step": list(found.names),
            "start_us": found.starts / 1e3,
            "total_us": found.totals / 1e3,
            **{name: found.parts[:, place] / 1e3 for place, name in enumerate(found.categories)},
        }
    )
