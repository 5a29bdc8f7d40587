"""Memory over a recording: how much each device holds, who asked for it, what is alive at a moment, what never goes away.

    for curve in profile_memory.curves(trace):
        curve.name, curve.peak, curve.peak_time
    found = profile_memory.allocations(trace)               # one row per piece of memory
    profile_memory.alive(found, "CPU", curve.peak_time)     # of these, by operator
    profile_memory.operators(trace)                         # what each operator asked for and gave back
    profile_memory.growth(curve, step_ends)                 # bytes held after each step

An allocation belongs to the innermost operator that runs on its thread at that moment; outside of any to what the program named there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tbcore.analysis.profile_forms import Steps
from tbcore.formats.trace import ANNOTATION, OP, Memory, Trace

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]

OUTSIDE = "(outside of any operator)"
BEFORE = "(before the recording)"
POINTS = 4_000  # of a curve that are drawn
_FOREVER = np.iinfo(np.int64).max
_STEP = "ProfilerStep"
_TYPES = {0: "CPU", 1: "GPU", 6: "GPU", 9: "TPU", 12: "XPU", 13: "MPS", 20: "PrivateUse", 21: "MTIA"}


def device_name(kind: int, number: int) -> str:
    """Return what a device is called: CPU, GPU 0."""
    name = _TYPES.get(kind, f"Device type {kind}")
    return name if kind == 0 or number < 0 else f"{name} {number}"


@dataclass(frozen=True)
class Curve:
    """How much memory one device holds. times int64 [m] nanoseconds since the trace's base.

    allocated int64 [m] from each moment on, bytes; reserved likewise, of length 0 where nothing is known of it; before: bytes held
    when the recording began; capacity: bytes of the device, 0 where the file does not say.
    """

    name: str
    number: int
    times: Ints = field(repr=False)
    allocated: Ints = field(repr=False)
    reserved: Ints = field(repr=False)
    before: int = 0
    capacity: int = 0

    @cached_property
    def peak_place(self) -> int:
        """Return where in the curve the most is held, the first of equal ones."""
        return int(np.argmax(self.allocated)) if len(self.allocated) else 0

    @property
    def peak(self) -> int:
        """Return the most that was held at once, bytes."""
        return max(int(self.allocated[self.peak_place]), self.before) if len(self.allocated) else self.before

    @property
    def peak_time(self) -> int:
        """Return when the most was held, nanoseconds."""
        return int(self.times[self.peak_place]) if len(self.times) else 0

    @property
    def peak_reserved(self) -> int:
        """Return the most that was reserved at once, 0 where nothing is known of it."""
        return int(self.reserved.max(initial=0))

    def at(self, times: Ints) -> Ints:
        """Return how much is held at these moments [k]."""
        place = np.searchsorted(self.times, times, side="right") - 1
        held: Ints = np.where(place >= 0, self.allocated[np.maximum(place, 0)] if len(self.times) else 0, self.before)
        return held


def curves(trace: Trace) -> list[Curve]:
    """Return the memory of each device, the one that holds most at its peak first."""
    memory = trace.memory
    found = []
    for (kind, number), rows in _by_device(memory).items():
        size = memory.size[rows]
        held = memory.allocated[rows]
        known = held >= 0
        if known.all():
            before = int(held[0] - size[0])
        else:
            # The file gives no totals: what was there before is what is freed without having been asked for.
            sums = np.cumsum(size)
            before = max(0, -int(sums.min()))
            held = sums + before
        reserved = memory.reserved[rows]
        reserved = reserved if bool((reserved > 0).any()) else np.zeros(0, np.int64)
        found.append(
            Curve(
                device_name(kind, number), number if kind else -1, memory.times[rows], held, reserved, max(0, before), _capacity(trace, kind, number)
            )
        )  # fmt: skip
    return sorted(found, key=lambda curve: -curve.peak)


def reduced(curve: Curve, start: int | None = None, end: int | None = None, most: int = POINTS) -> pd.DataFrame:
    """Return a curve with few enough points to draw that still shows every peak: of each stretch its least and its most.

    One row per point: time (nanoseconds), allocated, reserved (bytes; reserved only where it is known).
    """
    low, high = 0, len(curve.times)
    if start is not None:
        low = max(0, int(np.searchsorted(curve.times, start)) - 1)
    if end is not None:
        high = int(np.searchsorted(curve.times, end, side="right"))
    kept = _extremes(curve.allocated[low:high], most)
    if len(curve.reserved):
        kept = np.union1d(kept, _extremes(curve.reserved[low:high], most))
    frame = pd.DataFrame({"time": curve.times[low:high][kept], "allocated": curve.allocated[low:high][kept]})
    if len(curve.reserved):
        frame["reserved"] = curve.reserved[low:high][kept]
    return frame


def allocations(trace: Trace) -> pd.DataFrame:
    """Return the pieces of memory that were asked for or given back.

    One row per piece, the largest first: device, operator, size (bytes), start, end, duration (nanoseconds; NA where it lies before or after the
    recording, or is not known), row (of the event that asked for it, -1).
    """
    memory = trace.memory
    device = _device_codes(memory)
    asked, given = _matched(memory, device)
    op = _operators_at(trace, memory)
    known = asked >= 0
    first = np.where(known, asked, given)
    sizes = np.abs(memory.size[first])
    start = _moments(memory.times, asked)
    end = _moments(memory.times, given)
    row = np.where(known, op[np.maximum(asked, 0)], -1)
    names = [device_name(*one) for one in _by_device(memory)]
    words = _words(trace)
    operator = np.where(known, _spelled(trace, row, words), BEFORE)
    frame = pd.DataFrame(
        {
            "device": pd.Series([names[code] for code in device[first].tolist()], dtype="str"),
            "operator": pd.Series(operator, dtype="str"),
            "size": sizes,
            "start": start,
            "end": end,
            "duration": end - start,
            "row": row,
        }
    )
    return frame.sort_values("size", ascending=False, kind="stable", ignore_index=True)


def between(found: pd.DataFrame, start: int, end: int) -> pd.DataFrame:
    """Return the pieces of memory that were asked for or given back from `start` to `end`."""
    asked = (found["start"] >= start) & (found["start"] <= end)
    given = (found["end"] >= start) & (found["end"] <= end)
    return found[asked.fillna(False) | given.fillna(False)].reset_index(drop=True)


def alive(found: pd.DataFrame, curve: Curve, time: int) -> pd.DataFrame:
    """Return who holds the memory of a device at a moment.

    One row per operator, the most first: operator, size (bytes), count, most (bytes of the largest piece). What was there before
    the recording and is not told of one by one is a row of its own, with count 0.
    """
    ours = found[found["device"] == curve.name]
    begun = ours["start"].isna() | (ours["start"] <= time).fillna(False)
    lasting = ours["end"].isna() | (ours["end"] > time).fillna(False)
    held = ours[begun & lasting]
    groups = held.groupby("operator", sort=False)["size"]
    frame = pd.DataFrame({"size": groups.sum(), "count": groups.size(), "most": groups.max()}).reset_index()
    # What was given back later was held before, but all together no more than the curve says.
    first = frame["operator"] == BEFORE
    count = int(frame.loc[first, "count"].sum())
    rest = int(curve.at(np.array([time], np.int64))[0]) - int(frame.loc[~first, "size"].sum())
    most = min(int(frame.loc[first, "most"].max()) if count else rest, max(rest, 0))
    frame = frame[~first]
    if rest > 0:
        told = pd.DataFrame({"operator": [BEFORE], "size": [rest], "count": [count], "most": [most]})
        frame = pd.concat([frame, told], ignore_index=True)
    return frame.sort_values("size", ascending=False, kind="stable", ignore_index=True)


def operators(trace: Trace, start: int | None = None, end: int | None = None) -> pd.DataFrame:
    """Return what each operator asked for and gave back, from `start` to `end` where these are given.

    One row per device and operator: device, operator, calls, increase, self_increase (bytes asked for less those given back),
    count, self_count (allocations), size, self_size (bytes asked for). What an operator has of its own leaves out those it calls.
    """
    memory = trace.memory
    op = _operators_at(trace, memory)
    inside = np.ones(len(memory), np.bool_)
    if start is not None:
        inside &= memory.times >= start
    if end is not None:
        inside &= memory.times <= end
    events = np.flatnonzero(inside)
    device = _device_codes(memory)
    own = op[events]
    above = _parents(trace)
    pieces: list[tuple[Ints, Ints]] = []
    # Who holds the event: its operator, and all that lie above.
    at, current = events, own
    while len(at):
        here = current >= 0
        at, current = at[here], current[here]
        pieces.append((at, trace.name[current].astype(np.int64)))
        current = above[current]
    places = np.concatenate([one for one, _ in pieces]) if pieces else np.zeros(0, np.int64)
    names = np.concatenate([one for _, one in pieces]) if pieces else np.zeros(0, np.int64)
    # An operator that calls itself counts an allocation once.
    both = np.unique(np.stack((places, names)), axis=1) if len(places) else np.zeros((2, 0), np.int64)
    whole = _sums(memory, device, both[0], both[1])
    named = own >= 0
    selves = _sums(memory, device, events[named], trace.name[own[named]].astype(np.int64))
    frame = whole.join(selves.add_suffix("_self")).fillna(0).astype("int64").reset_index()
    calls = np.bincount(trace.name[_called(trace, start, end)], minlength=len(trace.names) or 1)
    labels = [device_name(*one) for one in _by_device(memory)]
    table = pd.DataFrame(
        {
            "device": pd.Series([labels[code] for code in frame["device"]], dtype="str"),
            "operator": pd.Series([trace.names[code] for code in frame["name"]], dtype="str"),
            "calls": calls[frame["name"].to_numpy(np.int64)],
            "increase": frame["increase"],
            "self_increase": frame["increase_self"],
            "count": frame["count"],
            "self_count": frame["count_self"],
            "size": frame["size"],
            "self_size": frame["size_self"],
        }
    )
    return table.sort_values(["self_size", "size"], ascending=False, kind="stable", ignore_index=True)


@dataclass(frozen=True)
class Growth:
    """What a device holds after each step. held int64 [s] bytes; slope: bytes that it grows by from step to step.

    grows: whether it grew in every step after the first, and by more than a thousandth of what it holds.
    """

    name: str
    held: Ints
    slope: float
    grows: bool


def growth(curve: Curve, ends: Ints) -> Growth:
    """Return what is held at the end of each step [s], and whether it keeps growing."""
    held = curve.at(ends)
    if len(held) < 2:
        return Growth(curve.name, held, 0.0, grows=False)
    # The first step sets up what stays: states of the optimizer, plans of the libraries.
    later = held[1:] if len(held) > 2 else held
    slope = float(np.polyfit(np.arange(len(later)), later.astype(np.float64), 1)[0]) if len(later) > 1 else 0.0
    grows = len(later) > 1 and bool((np.diff(later) > 0).all()) and slope > 1e-3 * max(1, int(later[-1]))
    return Growth(curve.name, held, slope, grows)


def survivors(found: pd.DataFrame, device: str, starts: Ints, ends: Ints) -> pd.DataFrame:
    """Return what was asked for in a step after the first and is still held after the step that followed.

    One row per operator, the most first: operator, size (bytes), count, steps (in how many of them). Steps that nothing follows
    do not tell.
    """
    empty = pd.DataFrame({"operator": pd.Series(dtype="str"), "size": [], "count": [], "steps": []})
    if len(starts) < 3:
        return empty
    ours = found[(found["device"] == device) & found["start"].notna()]
    begun = ours["start"].to_numpy(np.int64)
    until = ours["end"].fillna(_FOREVER).to_numpy(np.int64)
    step = np.searchsorted(starts, begun, side="right") - 1
    inside = (step >= 1) & (step < len(starts) - 1)
    inside &= begun < ends[np.maximum(step, 0)]
    kept = inside & (until > ends[np.minimum(np.maximum(step, 0) + 1, len(ends) - 1)])
    held = ours[kept].assign(step=step[kept])
    if held.empty:
        return empty
    groups = held.groupby("operator", sort=False)
    frame = pd.DataFrame(
        {"size": groups["size"].sum(), "count": groups.size(), "steps": groups["step"].nunique()}
    ).reset_index()
    return frame.sort_values("size", ascending=False, kind="stable", ignore_index=True)


# Tables to draw ------------------------------------------------------------------------------------------------------


def of_device(found: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the rows of one device."""
    return found[found["device"] == name].reset_index(drop=True)


def peak_within(curve: Curve, start: int, end: int) -> int:
    """Return when the most is held from `start` to `end`, nanoseconds."""
    low = max(0, int(np.searchsorted(curve.times, start)) - 1)
    high = max(low + 1, int(np.searchsorted(curve.times, end, side="right")))
    place = low + int(np.argmax(curve.allocated[low:high]))
    return max(start, int(curve.times[place]))


def step_bands(steps: Steps, start: int, end: int) -> pd.DataFrame:
    """Return the steps between two moments. One row per step: name, start, end (nanoseconds)."""
    here = (steps.ends > start) & (steps.starts < end)
    return pd.DataFrame(
        {
            "name": pd.Series(
                [name for name, seen in zip(steps.names, here.tolist(), strict=True) if seen], dtype="str"
            ),
            "start": np.maximum(steps.starts[here], start),
            "end": np.minimum(steps.ends[here], end),
        }
    )


def held_table(steps: Steps, found: Growth) -> pd.DataFrame:
    """Return what is held after each step. One row per step: step (name), held (bytes)."""
    return pd.DataFrame({"step": pd.Series(list(steps.names), dtype="str"), "held": found.held})


# Which event belongs where --------------------------------------------------------------------------------------------


def _by_device(memory: Memory) -> dict[tuple[int, int], NDArray[np.intp]]:
    """Return the places of each device's events by its type and number, in order of them."""
    codes = _keys(memory)
    known, place = np.unique(codes, return_inverse=True)
    return {
        (int(code) >> 20, int(code & (1 << 20) - 1) - 1): np.flatnonzero(place == number)
        for number, code in enumerate(known)
    }


def _device_codes(memory: Memory) -> Ints:
    """Return for each event the place of its device in `_by_device`."""
    return np.asarray(np.unique(_keys(memory), return_inverse=True)[1], np.int64)


def _keys(memory: Memory) -> Ints:
    number = np.where(memory.device_type == 0, -1, memory.device).astype(np.int64)
    return (memory.device_type.astype(np.int64) << 20) + np.maximum(number, -1) + 1


def _matched(memory: Memory, device: Ints) -> tuple[Ints, Ints]:
    """Return which event asked for each piece of memory and which gave it back [k], -1 where there is none.

    Where a file tells no addresses, what is given back is the piece of its size that was asked for last.
    """
    where = _pieces(memory, device)
    order = np.lexsort((np.arange(len(memory)), *where))
    here, following = order[:-1], order[1:]
    pairs = (memory.size[here] > 0) & (memory.size[following] < 0)
    for column in where:
        pairs &= column[here] == column[following]
    asked, given = here[pairs], following[pairs]
    alone = np.ones(len(memory), np.bool_)
    alone[asked] = alone[given] = False
    alone &= memory.size != 0
    rest = np.flatnonzero(alone)
    gained = memory.size[rest] > 0
    none = np.full(len(rest), -1)
    return (
        np.concatenate((asked, np.where(gained, rest, none))),
        np.concatenate((given, np.where(gained, none, rest))),
    )


def _pieces(memory: Memory, device: Ints) -> tuple[Ints, ...]:
    """Return what tells pieces of memory apart: columns that are equal for what asks for one and what gives it back."""
    known = memory.address != -1
    size = np.abs(memory.size)
    if known.all():
        return memory.address, device
    # How many pieces of its size are held, counting the one that is asked for or given back here.
    order = np.lexsort((np.arange(len(memory)), size, device))
    change = np.sign(memory.size[order])
    sums = np.cumsum(change)
    first = np.ones(len(order), np.bool_)
    first[1:] = (device[order][1:] != device[order][:-1]) | (size[order][1:] != size[order][:-1])
    starts = np.flatnonzero(first)
    before = np.repeat(sums[starts] - change[starts], np.diff(np.append(starts, len(order))))
    level = np.zeros(len(memory), np.int64)
    level[order] = sums - before + (change < 0)
    return np.where(known, memory.address, level), np.where(known, -1, size), device


def _operators_at(trace: Trace, memory: Memory) -> Ints:
    """Return for each event of memory the row of the innermost operator around it on its thread, -1 for none."""
    found = np.full(len(memory), -1, np.int64)
    if not len(trace) or not len(memory):
        return found
    # Rows of each lane stand together, in order of start.
    order = np.argsort(trace.lane, kind="stable")
    lanes, first = np.unique(trace.lane[order], return_index=True)
    last = np.append(first[1:], len(order))
    for lane, low, high in zip(lanes.tolist(), first.tolist(), last.tolist(), strict=True):
        here = np.flatnonzero(memory.lane == lane)
        if not len(here):
            continue
        rows = order[low:high]
        place = np.searchsorted(trace.start[rows], memory.times[here], side="right") - 1
        found[here] = np.where(place >= 0, rows[np.maximum(place, 0)], -1)
    owners = _owners(trace)
    times = memory.times
    end = trace.end
    while True:
        # What began last may be over: then whatever lies around it.
        wrong = (found >= 0) & ((end[np.maximum(found, 0)] < times) | ~owners[np.maximum(found, 0)])
        if not wrong.any():
            return found
        found[wrong] = trace.parent[found[wrong]]


def _owners(trace: Trace) -> NDArray[np.bool_]:
    """Return which events may own memory: operators, and what the program named, but no steps."""
    steps = trace.matching(lambda name: name.startswith(_STEP))
    owners: NDArray[np.bool_] = np.isin(trace.role, np.array((OP, ANNOTATION), np.uint8)) & ~steps
    return owners


def _parents(trace: Trace) -> Ints:
    """Return for each event the row of the innermost owner around it, -1 for none."""
    owners = _owners(trace)
    above = trace.parent.astype(np.int64)
    while True:
        wrong = (above >= 0) & ~owners[np.maximum(above, 0)]
        if not wrong.any():
            return above
        above[wrong] = trace.parent[above[wrong]]


def _called(trace: Trace, start: int | None, end: int | None) -> NDArray[np.bool_]:
    called = _owners(trace)
    if start is not None:
        called &= trace.end >= start
    if end is not None:
        called &= trace.start <= end
    return called


def _words(trace: Trace) -> Ints:
    """Return for each event the row under whose name it is shown: of one that only makes room, the operator that wanted it."""
    above = _parents(trace)
    shown = np.arange(len(trace), dtype=np.int64)
    empty = trace.matching(lambda name: name.startswith("aten::empty"))
    shown[empty & (above >= 0)] = above[empty & (above >= 0)]
    return shown


def _spelled(trace: Trace, rows: Ints, words: Ints) -> NDArray[np.object_]:
    names: dict[tuple[int, int], str] = {}
    own = np.where(rows >= 0, trace.name[np.maximum(rows, 0)] if len(trace) else -1, -1)
    upper = np.where(rows >= 0, trace.name[words[np.maximum(rows, 0)]] if len(trace) else -1, -1)
    found = np.empty(len(rows), object)
    for place, pair in enumerate(zip(upper.tolist(), own.tolist(), strict=True)):
        if pair not in names:
            names[pair] = _name(trace.names, *pair)
        found[place] = names[pair]
    return found


def _name(names: Sequence[str], upper: int, own: int) -> str:
    if own < 0:
        return OUTSIDE
    return names[own] if upper == own else f"{names[upper]} ({names[own]})"


def _moments(times: Ints, places: Ints) -> "pd.Series[Any]":
    """Return the moments at these places, NA for -1."""
    found = pd.Series(times[np.maximum(places, 0)] if len(times) else places, dtype="Int64")
    return found.mask(places < 0)


def _sums(memory: Memory, device: Ints, events: Ints, names: Ints) -> pd.DataFrame:
    """Return sums by device and name: increase, count, size."""
    size = memory.size[events]
    frame = pd.DataFrame(
        {
            "device": device[events],
            "name": names,
            "increase": size,
            "count": (size > 0).astype(np.int64),
            "size": np.maximum(size, 0),
        }
    )
    return frame.groupby(["device", "name"]).sum()


def _capacity(trace: Trace, kind: int, number: int) -> int:
    if kind == 0:
        return 0
    return next((device.memory for device in trace.devices if device.number == number), 0)


def _extremes(values: Ints, most: int) -> NDArray[np.intp]:
    """Return the places of the least and the most of each of some stretches, with the first and the last place."""
    count = len(values)
    if count <= most:
        return np.arange(count)
    edges = np.linspace(0, count, most // 2 + 1).astype(np.intp)[:-1]
    # Where the extremes of each stretch lie: the first place in it that has them.
    spread = np.repeat(np.arange(len(edges)), np.diff(np.append(edges, count)))
    places = np.arange(count)
    found = [np.array([0, count - 1], np.intp)]
    for extreme in (np.minimum.reduceat(values, edges), np.maximum.reduceat(values, edges)):
        hits = places[values == extreme[spread]]
        found.append(hits[np.unique(spread[hits], return_index=True)[1]])
    return np.unique(np.concatenate(found))
