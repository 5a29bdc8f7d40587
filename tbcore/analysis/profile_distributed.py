"""One job recorded on several ranks: who computes, who sends, who waits for whom.

    found = [profile_distributed.collectives(trace, steps) for trace, steps in ranks]
    together = profile_distributed.together(found)
    together.transfer, together.waiting     # nanoseconds by rank and step
    together.last                           # how often each rank was the last to arrive, and what that cost the others

A collective ends when the last rank has come: of what it takes, the shortest time that any rank needs for it is taken to be the transfer,
all else waiting. That holds whatever the clocks of the ranks say.
Source: torch-tb-profiler 0.4.3, communication.py; HolisticTraceAnalysis 0.5.0, straggler analysis.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tbcore.analysis import intervals
from tbcore.analysis import profile_words as words
from tbcore.analysis.profile_forms import OVERLAPS, Steps
from tbcore.analysis.profile_idle import launches
from tbcore.analysis.profile_roles import collective
from tbcore.formats.trace import ANNOTATION, KERNEL, OP, Trace

Ints = NDArray[np.int64]

_CALL = re.compile(r"^(nccl|gloo|hccl|rccl|xccl|ucc|mpi):", re.I)
_COLLECTIVE = re.compile(
    r"all_?reduce|all_?gather|reduce_?scatter|all_?to_?all|broadcast|send_?recv|reduce|gather|scatter|send|recv|barrier",
    re.I,
)
_BYTES = {
    "long": 8, "long int": 8, "int64": 8, "double": 8, "float64": 8, "complexfloat": 8,
    "float": 4, "int": 4, "int32": 4, "float32": 4, "unsigned int": 4,
    "half": 2, "bfloat16": 2, "short": 2, "short int": 2, "float16": 2, "int16": 2,
    "unsigned char": 1, "signed char": 1, "byte": 1, "char": 1, "bool": 1, "int8": 1, "uint8": 1,
    "float8_e4m3fn": 1, "float8_e5m2": 1,
}  # fmt: skip
_SPREAD = 1_000_000  # nanoseconds that clocks may differ by before it is told
_OUTLYING, _LEAST_MAD, _LEAST_AWAY = 3.5, 0.1, 1.0  # a modified z-score, and points of a percentage


@dataclass(frozen=True)
class Collectives:
    """What one rank sent, in order; all [m] but the ranges.

    names; step: place in the steps, -1 without any; rows: of the call, or of the kernel; bytes: handed over; time: nanoseconds that the ranges
    of each cover together; ranges [k, 2]: when each ran, those of the i-th from first[i] to first[i + 1]; base: nanoseconds since the
    epoch of time 0; steps: their names.
    """

    names: tuple[str, ...]
    groups: tuple[str, ...]
    step: Ints = field(repr=False)
    rows: Ints = field(repr=False)
    bytes: Ints = field(repr=False)
    time: Ints = field(repr=False)
    ranges: Ints = field(repr=False)
    first: Ints = field(repr=False)
    base: int = 0
    steps: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    @property
    def ends(self) -> Ints:
        """Return when each was over."""
        return self.ranges[self.first[1:] - 1, 1] if len(self) else np.zeros(0, np.int64)

    @property
    def starts(self) -> Ints:
        """Return when each began."""
        return self.ranges[self.first[:-1], 0] if len(self) else np.zeros(0, np.int64)


def collectives(trace: Trace, steps: Steps, *, host: bool = False) -> Collectives:
    """Return what a rank sent to others and received.

    host: whether the time of the calls on the host counts even where kernels are known that do the sending.
    """
    calls, kernels, owner = _owned(trace)
    columns = _Columns(trace)
    rows: list[int] = []
    parts: list[list[tuple[int, int]]] = []
    with_kernels = len(kernels) > 0
    by_owner: dict[int, list[int]] = {}
    for kernel, call in zip(kernels.tolist(), owner.tolist(), strict=True):
        by_owner.setdefault(call, []).append(kernel)
    for call in calls.tolist():
        ours = by_owner.get(call, [])
        if host or not with_kernels:
            rows.append(call)
            parts.append([columns.range(call), *map(columns.range, ours)])
        elif ours:
            rows.append(call)
            parts.append([columns.range(one) for one in ours])
    for kernel in by_owner.get(-1, []):
        rows.append(kernel)
        parts.append([columns.range(kernel)])
    parts = [sorted(one, key=lambda pair: (pair[0], -pair[1])) for one in parts]
    # In the order of the calls: kernels of several streams may overtake each other.
    order = sorted(range(len(rows)), key=lambda place: (int(trace.start[rows[place]]), -int(trace.end[rows[place]])))
    rows, parts = [rows[place] for place in order], [parts[place] for place in order]
    found = np.array(rows, np.int64)
    step = np.searchsorted(steps.ends, trace.start[found]) if len(steps) else np.full(len(found), -1)
    return Collectives(
        tuple(columns.name(row) for row in rows),
        tuple(columns.group(row, by_owner.get(row, [])) for row in rows),
        np.minimum(step, len(steps) - 1).astype(np.int64),
        found,
        np.array([columns.bytes(row, by_owner.get(row, [])) for row in rows], np.int64),
        np.array([_covered(one) for one in parts], np.int64),
        np.array([pair for one in parts for pair in one], np.int64).reshape(-1, 2),
        np.cumsum([0, *map(len, parts)]).astype(np.int64),
        trace.base,
        steps.names,
    )


@dataclass(frozen=True)
class Together:
    """What several ranks did together.

    steps: those that all have; transfer, waiting int64 [ranks, steps] nanoseconds; last: one row per rank: rank (place), last (collectives that it
    came last to), cost (nanoseconds that the others waited for it then), waited (nanoseconds that it waited);
    each: one row per collective and rank: place, name, step, rank, row, time, transfer, waiting (nanoseconds);
    offsets [ranks]: nanoseconds by which a rank's clock is ahead of the middle of all, NaN where nothing tells; notes: what could not be
    brought together.
    """

    steps: tuple[str, ...]
    transfer: Ints
    waiting: Ints
    last: pd.DataFrame = field(repr=False)
    each: pd.DataFrame = field(repr=False)
    offsets: NDArray[np.float64]
    notes: tuple[str, ...] = ()


def together(ranks: Sequence[Collectives]) -> Together:
    """Return how long each rank waited for the others."""
    matched, notes = _matched(ranks)
    steps = tuple(name for name in (ranks[0].steps if ranks else ()) if all(name in one.steps for one in ranks))
    places = {name: place for place, name in enumerate(steps)}
    transfer = np.zeros((len(ranks), max(1, len(steps))), np.int64)
    waiting = np.zeros_like(transfer)
    least = _least(ranks, matched)
    rows = []
    for number, one in enumerate(ranks):
        spans: dict[int, list[tuple[int, int]]] = {}
        whole: dict[int, list[tuple[int, int]]] = {}
        for place in range(len(one)):
            name = one.steps[one.step[place]] if one.step[place] >= 0 else ""
            at = places.get(name, -1) if steps else 0
            if at < 0:
                continue
            times = least[number].get(place)
            if times is None:
                continue
            ours = one.ranges[one.first[place] : one.first[place + 1]].tolist()
            whole.setdefault(at, []).extend((start, end) for start, end in ours)
            spans.setdefault(at, []).extend((end - time, end) for (_start, end), time in zip(ours, times, strict=True))
        for at, covered in whole.items():
            real = _covered(spans[at])
            transfer[number, at] = real
            waiting[number, at] = _covered(covered) - real
    for place, pair in enumerate(matched):
        shortest = min(int(ranks[number].time[at]) for number, at in enumerate(pair))
        for number, at in enumerate(pair):
            one = ranks[number]
            name = one.steps[one.step[at]] if one.step[at] >= 0 else ""
            time = int(one.time[at])
            real = min(time, sum(least[number][at]))
            rows.append(
                (place, one.names[at], name, number, int(one.rows[at]), time, real, time - real, shortest == time)
            )
    each = pd.DataFrame(
        rows, columns=["place", "name", "step", "rank", "row", "time", "transfer", "waiting", "is_last"]
    )
    offsets = _offsets(ranks, matched)
    spread = float(np.nanmax(offsets) - np.nanmin(offsets)) if np.isfinite(offsets).any() else 0.0
    if spread > _SPREAD:
        notes.append(
            f"The clocks of the ranks differ by up to {spread / 1e6:,.1f} ms, judged by when collectives end: compare durations, not moments."
        )
    return Together(steps, transfer, waiting, _last(each, len(ranks)), each, offsets, tuple(notes))


def operations(ranks: Sequence[Collectives], found: Together) -> pd.DataFrame:
    """Return the collectives of each rank by name.

    One row per name and rank, the longest first: name, rank (place), calls, bytes, latency, transfer (nanoseconds; transfer: NA where it is not
    known of all of them).
    """
    rows = []
    for number, one in enumerate(ranks):
        ours = found.each[found.each["rank"] == number].groupby("name")["transfer"]
        real, count = ours.sum().to_dict(), ours.size().to_dict()
        names = np.array(one.names, object)
        for name in dict.fromkeys(one.names):
            here = names == name
            rows.append(
                (
                    name,
                    number,
                    int(here.sum()),
                    int(one.bytes[here].sum()),
                    int(one.time[here].sum()),
                    int(real[name]) if count.get(name) == int(here.sum()) else pd.NA,
                )
            )
    frame = pd.DataFrame(rows, columns=["name", "rank", "calls", "bytes", "latency", "transfer"])
    frame["transfer"] = frame["transfer"].astype("Int64")
    total = frame.groupby("name")["latency"].transform("sum")
    return (
        frame.assign(total=total)
        .sort_values(["total", "name", "rank"], ascending=[False, True, True], kind="stable", ignore_index=True)
        .drop(columns="total")
    )


# One rank ------------------------------------------------------------------------------------------------------------


class _Columns:
    """What a trace says of calls and kernels."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.end = trace.end

    def range(self, row: int) -> tuple[int, int]:
        return int(self.trace.start[row]), int(self.end[row])

    def said(self, name: str, row: int) -> str | float | None:
        column = self.trace.columns.get(name)
        if column is None:
            return None
        at = int(np.searchsorted(column.rows, row))
        if at >= len(column.rows) or column.rows[at] != row:
            return None
        value = column.values[at].item()
        return self.trace.names[int(value)] if column.words else float(value)

    def name(self, row: int) -> str:
        name = self.trace.named(row)
        if self.trace.role[row] != KERNEL:
            return name
        said = self.said("Collective name", row)
        if isinstance(said, str) and said:
            return said
        if "-" in name:
            return name.partition(".")[0]  # XLA's, with a number for each place in the program
        found = _COLLECTIVE.search(name)
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", found.group()).lower() if found else name

    def group(self, row: int, kernels: Sequence[int]) -> str:
        for one in (row, *kernels):
            said = self.said("Process Group Name", one)
            if isinstance(said, str):
                return said
        return ""

    def bytes(self, row: int, kernels: Sequence[int]) -> int:
        for one in (row, *kernels):
            count, kind = self.said("In msg nelems", one), self.said("dtype", one)
            if isinstance(count, float) and isinstance(kind, str) and count > 0:
                return int(count) * _size(kind)
        shapes, types = self.said("Input Dims", row), self.said("Input type", row)
        if not isinstance(shapes, str) or not isinstance(types, str):
            return 0
        try:
            dims, kinds = json.loads(shapes), json.loads(types)
        except ValueError:
            return 0
        return (
            sum(_elements(one) * _size(kind) for one, kind in zip(dims, kinds, strict=False))
            if _lists(dims, kinds)
            else 0
        )


def _lists(*values: object) -> bool:
    return all(isinstance(one, list) for one in values)


def _elements(shape: object) -> int:
    if not isinstance(shape, list) or not shape:
        return 0
    if isinstance(shape[0], list):
        return sum(map(_elements, shape))
    count = 1
    for one in shape:
        if not isinstance(one, int) or one < 0:
            return 0
        count = min(count * one, 1 << 50)
    return count


def _size(kind: object) -> int:
    return _BYTES.get(str(kind).rpartition("::")[2].lower(), 0)


def _owned(trace: Trace) -> tuple[Ints, Ints, Ints]:
    """Return the rows of calls, those of kernels that send, and which call each kernel is of, -1 for none."""
    host = np.isin(trace.role, np.array((OP, ANNOTATION), np.uint8))
    calling = trace.matching(lambda name: bool(_CALL.match(name))) & host
    calls = np.flatnonzero(calling)
    kernels = np.flatnonzero(trace.matching(collective) & (trace.role == KERNEL))
    external = trace.columns.get("External id")
    if external is not None and len(calls):
        ids = trace.column("External id", -1)
        linked = np.flatnonzero(
            np.isin(trace.role, np.array((KERNEL,), np.uint8)) & np.isin(ids, ids[calls]) & (ids >= 0)
        )
        # What a call of a library started is its own, whatever the kernel is called.
        kernels = np.union1d(kernels, linked)
    owner = np.full(len(kernels), -1, np.int64)
    if not len(calls) or not len(kernels):
        return calls, kernels, owner
    if external is not None:
        known, first = np.unique(ids[calls], return_index=True)
        place = np.minimum(np.searchsorted(known, ids[kernels]), len(known) - 1)
        same = (known[place] == ids[kernels]) & (ids[kernels] >= 0)
        owner[same] = calls[first][place[same]]
    at = launches(trace)[kernels].astype(np.int64)
    at[owner >= 0] = -1
    while (at >= 0).any():
        here = at >= 0
        hit = here & calling[np.maximum(at, 0)]
        owner[hit] = at[hit]
        at = np.where(here & ~hit, trace.parent[np.maximum(at, 0)].astype(np.int64), -1)
    return calls, kernels, owner


def _covered(ranges: Sequence[tuple[int, int]]) -> int:
    pairs = np.array(ranges, np.int64).reshape(-1, 2)
    return intervals.length(intervals.merged(pairs[:, 0], pairs[:, 1]))


# Several ranks -------------------------------------------------------------------------------------------------------


def _matched(ranks: Sequence[Collectives]) -> tuple[list[tuple[int, ...]], list[str]]:
    """Return which collective of each rank is the same one, as places by rank, and what could not be brought together."""
    notes: list[str] = []
    if len(ranks) < 2:
        return [], notes
    kinds = [list(zip(one.names, one.groups, strict=True)) for one in ranks]
    if any(set(one) != set(kinds[0]) for one in kinds):
        # Names of process groups are those of each rank where they do not agree.
        kinds = [[(name, "") for name, _group in one] for one in kinds]
    found: list[tuple[int, ...]] = []
    left: list[str] = []
    for kind in dict.fromkeys(one for rank in kinds for one in rank):
        places = [[place for place, one in enumerate(rank) if one == kind] for rank in kinds]
        if len(set(map(len, places))) == 1:
            found.extend(zip(*places, strict=True))
        else:
            left.append(f"{kind[0]} ({', '.join(f'{len(one):,}' for one in places)})")
    if left:
        notes.append(
            f"Ranks recorded different numbers of {'; '.join(left[:4])}: nothing can be said of who waited there."
        )
    return sorted(found), notes


def _least(ranks: Sequence[Collectives], matched: Sequence[tuple[int, ...]]) -> list[dict[int, list[int]]]:
    """Return for each rank the shortest time of each range of its collectives over all ranks."""
    least: list[dict[int, list[int]]] = [{} for _ in ranks]
    for pair in matched:
        own = [one.ranges[one.first[at] : one.first[at + 1]] for one, at in zip(ranks, pair, strict=True)]
        times = [(rows[:, 1] - rows[:, 0]).tolist() for rows in own]
        for number, at in enumerate(pair):
            least[number][at] = [
                min(other[place] for other in times if place < len(other)) for place in range(len(times[number]))
            ]
    return least


def _last(each: pd.DataFrame, count: int) -> pd.DataFrame:
    rows = []
    waited = each.groupby("rank")["waiting"].sum() if len(each) else pd.Series(dtype="int64")
    groups = each.groupby("place")["waiting"].transform("sum") if len(each) else each["waiting"]
    # Where two came last together, the first of them stands for both.
    latest = each[each["is_last"]].drop_duplicates("place") if len(each) else each
    for number in range(count):
        ours = latest[latest["rank"] == number]
        cost = int(groups.loc[ours.index].sum()) if len(ours) else 0
        rows.append((number, len(ours), cost, int(waited.get(number, 0))))
    return pd.DataFrame(rows, columns=["rank", "last", "cost", "waited"])


def _offsets(ranks: Sequence[Collectives], matched: Sequence[tuple[int, ...]]) -> NDArray[np.float64]:
    """Return by how many nanoseconds the clock of each rank is ahead: a collective ends everywhere at once."""
    if not matched or any(not one.base for one in ranks):
        return np.full(len(ranks), np.nan)
    origin = ranks[0].base
    ends = np.array(
        [[one.ends[pair[number]] + (one.base - origin) for pair in matched] for number, one in enumerate(ranks)],
        np.float64,
    )
    found: NDArray[np.float64] = np.median(ends - np.median(ends, axis=0), axis=1)
    return found


# Tables to draw ------------------------------------------------------------------------------------------------------


def ordered(name: str) -> list[tuple[int, int | str]]:
    """Return what sorts names with numbers in them by these numbers."""
    return [(0, int(one)) if one.isdigit() else (1, one) for one in re.split(r"(\d{1,18})", name)]


def overlap_parts(ranks: Sequence[Steps], names: Sequence[str], step: str = "") -> pd.DataFrame:
    """Return how each rank spends a step, or an average one. One row per rank and part: name, part (of OVERLAPS), time (nanoseconds)."""
    rows: list[tuple[str, str, float]] = []
    for steps, name in zip(ranks, names, strict=True):
        if steps.overlap is None or not len(steps):
            continue
        here = [place for place, one in enumerate(steps.names) if not step or one == step]
        if here:
            rows.extend(
                (name, part, float(time)) for part, time in zip(OVERLAPS, steps.overlap[here].mean(axis=0), strict=True)
            )
    return pd.DataFrame(rows, columns=["name", "part", "time"])


def wait_parts(found: Together, names: Sequence[str], step: str = "") -> pd.DataFrame:
    """Return what each rank's communication is, in a step or an average one: name, part, time (nanoseconds)."""
    here = (
        [place for place, one in enumerate(found.steps) if one == step]
        if step
        else list(range(found.transfer.shape[1]))
    )
    if not here:
        return pd.DataFrame({"name": [], "part": [], "time": []})
    rows = [
        (name, part, float(times[number, here].mean()))
        for number, name in enumerate(names)
        for part, times in (("Data transfer", found.transfer), ("Waiting for others", found.waiting))
    ]
    return pd.DataFrame(rows, columns=["name", "part", "time"])


def last_table(found: Together, names: Sequence[str]) -> pd.DataFrame:
    """Return `Together.last` with the names of the ranks and by how much their clocks are ahead, who costs most first."""
    table = found.last.assign(
        name=pd.Series([names[rank] for rank in found.last["rank"]], dtype="str"), offset=found.offsets
    )
    return table.sort_values("cost", ascending=False, kind="stable", ignore_index=True)


def straggler(found: Together, names: Sequence[str]) -> str:
    """Return a sentence about the rank that the others wait for, "" when none stands out."""
    total = int(found.last["cost"].sum())
    if len(names) < 2 or not total:
        return ""
    worst = found.last.sort_values("cost", kind="stable").iloc[-1]
    share = float(worst["cost"]) / total
    # Of two ranks one always has at least half.
    if share < min(0.9, max(0.6, 2 / len(names))):
        return ""
    return (
        f"{share:.0%} of all waiting is for {names[int(worst['rank'])]}: look at what it does before its collectives."
    )


def unusual(ranks: Sequence[Steps], names: Sequence[str]) -> list[str]:
    """Return a sentence about each rank that spends its steps otherwise than the others do; nothing about fewer than three.

    A rank stands out in a category by the modified z-score of its percentage, 0.6745 (x - median) / MAD with a MAD of at least 0.1, beyond
    3.5, and by a point at least. Told is what it does longest beyond the others: who comes late communicates less, which is no cause.
    Source: xprof's stragglers.
    """
    known = [(steps, name) for steps, name in zip(ranks, names, strict=True) if len(steps)]
    categories = list(dict.fromkeys(category for steps, _name in known for category in steps.categories))
    if len(known) < 3 or not categories:
        return []
    percent = 100 * np.array([[steps.share(category) for category in categories] for steps, _name in known])
    middle = np.median(percent, axis=0)
    away = percent - middle
    score = 0.6745 * away / np.maximum(np.median(np.abs(away), axis=0), _LEAST_MAD)
    out = np.where((np.abs(score) > _OUTLYING) & (np.abs(away) >= _LEAST_AWAY), np.abs(away), 0.0)
    causes = (away > 0) & ~np.isin(categories, ("Communication", "Collectives"))
    found = []
    for (_steps, name), parts, cause, own in zip(known, out, causes, percent, strict=True):
        place = int((parts * cause if (parts * cause).any() else parts).argmax())
        if parts[place] > 0:
            ours, others = (words.share(float(one) / 100) for one in (own[place], middle[place]))
            found.append(
                f"{name} stands out: {categories[place]} takes {ours} of its steps, {others} of those of most ranks."
            )
    return found


def each_table(found: Together, names: Sequence[str], most: int = 1_000) -> pd.DataFrame:
    """Return the collectives that a rank waited in the longest: as `Together.each`, and who (name of the rank)."""
    table = found.each[found.each["waiting"] > 0].sort_values("waiting", ascending=False, kind="stable").head(most)
    return table.assign(who=[names[rank] for rank in table["rank"]]).reset_index(drop=True)


def last_of(found: Together, place: int) -> tuple[int, int]:
    """Return the rank that came last to a collective, and the row of it there; place: as in `Together.each`."""
    ours = found.each[(found.each["place"] == place) & found.each["is_last"]].iloc[0]
    return int(ours["rank"]), int(ours["row"])


def operation_table(ranks: Sequence[Collectives], found: Together, names: Sequence[str]) -> pd.DataFrame:
    """Return `operations` with the names of the ranks (who)."""
    table = operations(ranks, found)
    return table.assign(who=pd.Series([names[rank] for rank in table["rank"]], dtype="str"))


def device_table(ranks: Sequence[tuple[str, Trace]]) -> pd.DataFrame:
    """Return the devices that ranks ran on. One row per rank and device: who, device, memory (bytes), backend, world (ranks of the job)."""
    rows: list[tuple[str, str, int, str, int]] = []
    for name, trace in ranks:
        group = trace.group
        used = {lane.device for lane in trace.lanes if lane.is_device}
        own = [device for device in trace.devices if device.number in used]
        rows.extend(
            (name, device.name, device.memory, group.backend if group else "", group.world_size if group else 0)
            for device in own
        )
    return pd.DataFrame(rows, columns=["who", "device", "memory", "backend", "world"])
