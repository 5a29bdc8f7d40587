"""What ran on the devices: kernels, how well they filled them, and how they were launched.

profile_kernels.kernels(trace)                     # one row per kernel
profile_kernels.kernels(trace, "launch")           # one row per kernel, operator and shape of the launch
profile_kernels.launched(trace)                    # one row per launch and what it started
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tbcore.analysis import profile_groups as groups
from tbcore.analysis import profile_ops, tensor_cores
from tbcore.formats.trace import DEVICE_WORK, KERNEL, ROLES, RUNTIME, Trace

By = Literal["name", "launch"]
Ints = NDArray[np.int64]

SLOW_CALL, LATE = 50_000, 100_000  # nanoseconds from which on a call that launches, and its delay, stand out

_NOISE = re.compile(r"^void |\(anonymous namespace\)::|at::native::|at::cuda::|cutlass::")
_WORD = re.compile(r"[_.]*[^_.]+|[_.]+$")
_RANGE = "cuda_profiler_range"
_LAUNCH = re.compile(r"(cuda|hip)(Launch|ExtLaunch)|cuLaunch|hipModuleLaunch")
_NUMBERS = {"registers per thread": "registers", "shared memory": "shared"}
_WORDS = {"grid": "grid", "block": "block"}


def kernels(trace: Trace, by: By = "name") -> pd.DataFrame:
    """Return what the kernels took, one row per name, or per name, operator and shape of the launch.

    Columns: name; with "launch" also op, grid, block, registers (per thread), shared (bytes), "" or NaN where the file does not say;
    tensor_cores; with "launch" eligible: whether the operator could use them; calls, total, mean, min, max: nanoseconds;
    share: of the time of all kernels; blocks: per multiprocessor, occupancy: percent, both means weighted by duration, NaN where the
    file does not say; gap: nanoseconds that the streams stood empty before them; longest: the row of the longest; title: the name, short.
    The largest in total come first.
    """
    rows = trace.of(KERNEL)
    parts: dict[str, Any] = {}
    keys: list[NDArray[Any]] = [trace.name[rows]]
    if by == "launch":
        ops, eligible = _launchers(trace, rows)
        words = {title: trace.column(name)[rows].astype(np.int64) for name, title in _WORDS.items()}
        numbers = {title: trace.column(name)[rows].astype(np.int64) for name, title in _NUMBERS.items()}
        keys += [ops, eligible, *words.values(), *numbers.values()]
    which, count, first = groups.grouped(keys)
    calls = np.bincount(which, minlength=count)
    duration = _lasts(trace)[rows]
    total = groups.summed(which, count, duration)
    parts["name"] = groups.texts(trace.names, trace.name[rows[first]])
    if by == "launch":
        parts["op"] = groups.texts(trace.names, ops[first])
        parts |= {title: groups.texts(trace.names, codes[first]) for title, codes in words.items()}
        parts |= {title: np.where(some[first] >= 0, some[first], np.nan) for title, some in numbers.items()}
        parts["eligible"] = eligible[first]
    parts["tensor_cores"] = trace.matching(tensor_cores.uses)[rows[first]]
    low, high = np.full(count, np.iinfo(np.int64).max), np.zeros(count, np.int64)
    np.minimum.at(low, which, duration)
    np.maximum.at(high, which, duration)
    parts |= {"calls": calls, "total": total, "mean": total / np.maximum(calls, 1), "min": low, "max": high}
    parts["share"] = groups.share(total, total.sum())
    parts["blocks"] = _mean(which, count, duration, trace.column("blocks per SM", np.nan)[rows])
    parts["occupancy"] = _mean(which, count, duration, trace.column("est. achieved occupancy %", np.nan)[rows])
    parts["gap"] = groups.summed(which, count, gaps(trace)[rows])
    parts["longest"] = groups.longest(which, count, rows.astype(np.int32), duration)
    parts["title"] = groups.spelled(trace.name[rows[first]], lambda code: title(str(trace.names[code])))
    return groups.ranked(pd.DataFrame(parts), ["total"])


def _lasts(trace: Trace) -> Ints:
    """Return how long each event takes [n], nanoseconds, by the clock of the device where it tells."""
    told = trace.columns.get("device_duration_ps")
    if told is None or told.words:
        return trace.duration
    found = trace.duration.copy()
    found[told.rows] = np.rint(told.values / 1000)
    return found


def has_kernels(trace: Trace) -> bool:
    """Return whether kernels were recorded."""
    return bool((trace.role == KERNEL).any())


def title(name: str) -> str:
    """Return the name of a kernel without what stands in all names of C++: its result, common namespaces, arguments."""
    found = _NOISE.sub("", name)
    if found.endswith(")"):
        depth = 0
        for at in range(len(found) - 1, -1, -1):
            depth += {")": 1, "(": -1}.get(found[at], 0)
            if depth == 0:
                return found[:at] or found
    return found


@dataclass(frozen=True)
class Figures:
    """What all kernels took. total, tensor (on Tensor Cores): nanoseconds; blocks, occupancy: weighted by duration, NaN unless told.

    gpu: whether they ran on one, and not on a TPU; made_up: whether all stand for ranges of counters that are equally long.
    """

    kernels: int
    total: int
    tensor: int
    blocks: float
    occupancy: float
    launches: "LaunchFigures"
    gpu: bool = True
    made_up: bool = False


def figures(trace: Trace) -> Figures:
    """Return what all kernels took."""
    rows = trace.of(KERNEL)
    duration = _lasts(trace)[rows]
    one = np.zeros(len(rows), np.int64)
    tensor = trace.matching(tensor_cores.uses)[rows]
    blocks, occupancy = (
        float(_mean(one, 1, duration, trace.column(name, np.nan)[rows])[0])
        for name in ("blocks per SM", "est. achieved occupancy %")
    )
    equal = len(rows) > 1 and bool((duration == duration[0]).all())
    return Figures(
        len(rows),
        int(duration.sum()),
        int(duration[tensor].sum()),
        blocks,
        occupancy,
        launch_figures(trace),
        not any(lane.process.startswith("/device:TPU") for lane in trace.lanes),
        equal and has_counters(trace),
    )


def _launchers(trace: Trace, rows: NDArray[np.intp]) -> tuple[Ints, NDArray[np.bool_]]:
    """Return the name of the operator behind each event as a code, -1 for none, and whether it can use Tensor Cores."""
    found = profile_ops.tree(trace)
    node = found.node_of[rows]
    known = node >= 0
    ops, eligible = np.full(len(rows), -1, np.int64), np.zeros(len(rows), np.bool_)
    ops[known] = trace.name[found.rows[node[known]]]
    eligible[known] = found.eligible[node[known]]
    written = trace.columns.get("tf_op")
    if written is not None:
        said = written.dense(len(trace))[rows].astype(np.int64)
        ops = np.where(ops >= 0, ops, said)
    return ops, eligible


def _mean(which: Ints, count: int, weights: Ints, values: NDArray[Any]) -> NDArray[np.float64]:
    """Return the mean of each group, weighted; NaN where no value is known."""
    known = np.isfinite(values) & (values >= 0)
    weight = np.bincount(which[known], weights=weights[known], minlength=count)
    sums = np.bincount(which[known], weights=weights[known] * values[known], minlength=count)
    plain = np.bincount(which[known], minlength=count)
    none = np.bincount(which[known], weights=values[known], minlength=count)
    with np.errstate(invalid="ignore", divide="ignore"):
        # What took no time at all has no weight.
        return np.where(weight > 0, sums / weight, none / plain)


def gaps(trace: Trace) -> Ints:
    """Return how long its stream stood empty before each thing on a device [n], nanoseconds, 0 for the first of a stream and others."""
    found = np.zeros(len(trace), np.int64)
    rows = trace.of(*DEVICE_WORK)
    rows = rows[np.argsort(trace.lane[rows], kind="stable")]
    lane, end = trace.lane[rows], trace.end[rows]
    for start, stop in _runs(lane):
        some = rows[start:stop]
        before = np.maximum.accumulate(end[start:stop])
        found[some[1:]] = np.maximum(trace.start[some[1:]] - before[:-1], 0)
    return found


def _runs(values: NDArray[Any]) -> list[tuple[int, int]]:
    """Return where equal values that stand side by side begin and end."""
    cuts = np.flatnonzero(np.diff(values)) + 1
    edges = [0, *cuts.tolist(), len(values)]
    return [(start, stop) for start, stop in pairwise(edges) if stop > start]


# Launches ------------------------------------------------------------------------------------------------------------


def launched(trace: Trace) -> pd.DataFrame:
    """Return each launch with what it started, one row per thing on a device, in order of time.

    Columns: call, row: of the launch and of what it started; correlation; name, kind: kernel, memcpy or memset; host, device: how long
    both took, delay: from the end of the launch to the start on the device, 0 when it began before; nanoseconds.
    """
    call_of = profile_ops.tree(trace).launch_of
    rows = trace.of(*DEVICE_WORK)
    rows = rows[call_of[rows] >= 0]
    calls = call_of[rows]
    order = np.argsort(trace.start[calls], kind="stable")
    rows, calls = rows[order], calls[order]
    return pd.DataFrame(
        {
            "call": calls,
            "row": rows,
            "correlation": trace.column("correlation")[rows].astype(np.int64),
            "name": trace.name[rows],
            "kind": [ROLES[role] for role in trace.role[rows].tolist()],
            "host": trace.duration[calls],
            "device": trace.duration[rows],
            "delay": np.maximum(trace.start[rows] - trace.end[calls], 0),
        }
    )


@dataclass(frozen=True)
class LaunchFigures:
    """What stands out among the launches. short: kernels that take less than their launch; slow: launches that take more than
    SLOW_CALL; late: that start more than LATE after their launch; host, device, delay: sums in nanoseconds; all of kernels.
    unlaunched: kernels whose launch was not recorded.
    """

    kernels: int
    short: int
    slow: int
    late: int
    host: int
    device: int
    delay: int
    short_host: int
    short_device: int
    unlaunched: int


def launch_figures(trace: Trace, found: pd.DataFrame | None = None) -> LaunchFigures:
    """Return what stands out among the launches of kernels. found: what `launched` returned."""
    table = launched(trace) if found is None else found
    table = table[table["kind"] == ROLES[KERNEL]]
    host, device, delay = (table[name].to_numpy() for name in ("host", "device", "delay"))
    short = device < host
    return LaunchFigures(
        len(table),
        int(short.sum()),
        int((host > SLOW_CALL).sum()),
        int((delay > LATE).sum()),
        int(host.sum()),
        int(device.sum()),
        int(delay.sum()),
        int(host[short].sum()),
        int(device[short].sum()),
        len(trace.of(KERNEL)) - len(table),
    )


def launch_table(trace: Trace) -> pd.DataFrame:
    """Return how what ran on the devices was launched, one row per name.

    Columns: name, kind, calls, host, device, delay: medians in nanoseconds, delay_high: the 95th percentile; short: how many took less
    than their launch; longest: the row with the longest delay. The most frequent first.
    """
    table = launched(trace)
    if table.empty:
        return pd.DataFrame(
            columns=["name", "title", "kind", "calls", "host", "device", "delay", "delay_high", "short", "longest"]
        )
    grouped = table.assign(short=table["device"] < table["host"]).groupby(["name", "kind"], sort=False)
    found = grouped.agg(
        calls=("row", "size"),
        host=("host", "median"),
        device=("device", "median"),
        delay=("delay", "median"),
        delay_high=("delay", lambda values: float(np.quantile(values, 0.95))),
        short=("short", "sum"),
    ).reset_index()
    last = table.sort_values("delay", kind="stable").groupby(["name", "kind"])["row"].last()
    found["longest"] = last.loc[list(zip(found["name"], found["kind"], strict=True))].to_numpy()
    found["name"] = groups.texts(trace.names, found["name"].to_numpy())
    found.insert(1, "title", [title(name) for name in found["name"]])
    return groups.ranked(found, ["calls"])


# Sequences -----------------------------------------------------------------------------------------------------------


def sequences(trace: Trace, op: str) -> pd.DataFrame:
    """Return which kernels the calls of an operator launch one after the other, one row per different sequence.

    Columns: sequence (names, one per line), title: the same, short, in one line; kernels, calls, device, host: nanoseconds of all calls,
    share: of the device time of all; longest: the row of the longest call. The largest on the devices come first.
    """
    found = profile_ops.tree(trace)
    name = _code(trace, op)
    wanted = (trace.name[found.rows] == name) & found.is_op
    owner = _outermost(found.parent, wanted)
    rows = trace.of(KERNEL)
    rows = rows[found.node_of[rows] >= 0]
    of = owner[found.node_of[rows]]
    rows, of = rows[of >= 0], of[of >= 0]
    order = np.lexsort((trace.start[rows], of))
    rows, of = rows[order], of[order]
    calls: Counter[bytes] = Counter()
    device: Counter[bytes] = Counter()
    host: Counter[bytes] = Counter()
    best: dict[bytes, tuple[int, int]] = {}
    for start, stop in _runs(of):
        some, node = rows[start:stop], int(of[start])
        key = trace.name[some].tobytes()
        took = int(trace.duration[some].sum())
        calls[key] += 1
        device[key] += took
        host[key] += int(found.host_total[node])
        best[key] = max(best.get(key, (-1, -1)), (took, int(found.rows[node])))
    keys = sorted(device, key=lambda key: -device[key])
    lists = [np.frombuffer(key, np.int32).tolist() for key in keys]
    return pd.DataFrame(
        {
            "sequence": ["\n".join(str(trace.names[code]) for code in some) for some in lists],
            "title": [" → ".join(title(str(trace.names[code])) for code in some) for some in lists],
            "kernels": [len(some) for some in lists],
            "calls": [calls[key] for key in keys],
            "share": groups.share(np.array([device[key] for key in keys], np.float64), sum(device.values())),
            "device": [device[key] for key in keys],
            "host": [host[key] for key in keys],
            "longest": [best[key][1] for key in keys],
        }
    )


def launching(trace: Trace, most: int) -> list[str]:
    """Return the operators that launch kernels, the one whose kernels take longest first."""
    frame = profile_ops.operators(trace)
    frame = frame[frame["device_total"] > 0].sort_values("device_total", ascending=False, kind="stable")
    return [str(name) for name in frame["name"].head(most).tolist()]


def _code(trace: Trace, name: str) -> int:
    return next((code for code in np.unique(trace.name).tolist() if trace.names[code] == name), -1)


def _outermost(parent: NDArray[np.int32], wanted: NDArray[np.bool_]) -> Ints:
    """Return for each call the outermost wanted one that it lies in or is [k], -1 for none; callers stand first."""
    found = np.full(len(parent), -1, np.int64)
    for node, (above, is_wanted) in enumerate(zip(parent.tolist(), wanted.tolist(), strict=True)):
        found[node] = found[above] if above >= 0 and found[above] >= 0 else node if is_wanted else -1
    return found


# Counters ------------------------------------------------------------------------------------------------------------


def has_counters(trace: Trace) -> bool:
    """Return whether counters of the hardware were recorded."""
    return _RANGE in trace.categories and bool((trace.category == trace.categories.index(_RANGE)).any())


def counters(trace: Trace) -> pd.DataFrame:
    """Return the counters of the hardware, one row per kernel in order of time.

    Columns: row, name, title; ops (operators that launched it, outermost first, one per line), op (the innermost); one of each counter.
    Where as many kernels were launched as were counted they are taken in turn: the recording runs them one at a time and
    writes no other link.
    """
    if not has_counters(trace):
        return pd.DataFrame(columns=["row", "name", "title", "ops", "op"])
    rows = np.flatnonzero(trace.category == trace.categories.index(_RANGE))
    calls = trace.of(RUNTIME)
    calls = calls[trace.matching(lambda name: _LAUNCH.match(name) is not None)[calls]]
    node_of = profile_ops.tree(trace).node_of
    nodes: Sequence[int] = node_of[calls].tolist() if len(calls) == len(rows) else [-1] * len(rows)
    read = [
        {name: value for name, value in trace.arguments(row).items() if isinstance(value, int | float)}
        for row in rows.tolist()
    ]
    names = list(dict.fromkeys(name for one in read for name in one))
    chains = [_chain(trace, node) for node in nodes]
    called = groups.texts(trace.names, trace.name[rows])
    return pd.DataFrame(
        {
            "row": rows,
            "name": called,
            "title": [title(name) for name in called],
            "ops": ["\n".join(chain) for chain in chains],
            "op": [chain[-1] if chain else "" for chain in chains],
            **{name: [one.get(name, np.nan) for one in read] for name in names},
        }
    )


def counter_titles(names: Sequence[str]) -> dict[str, str]:
    """Return what counters are called beside each other: without the words, between _ and ., that all begin and end with."""
    parts = [_WORD.findall(name) for name in names]
    least = min(map(len, parts), default=0)
    if len(parts) < 2:
        return {name: name for name in names}
    head = next((at for at in range(least) if len({one[at] for one in parts}) > 1), least)
    tail = next((at for at in range(least - head) if len({one[-1 - at] for one in parts}) > 1), 0)
    return {
        name: "".join(one[head : len(one) - tail]).strip("_.") or name for name, one in zip(names, parts, strict=True)
    }


def _chain(trace: Trace, node: int) -> list[str]:
    """Return the operators from the outermost one to a call."""
    found = profile_ops.tree(trace)
    names: list[str] = []
    while node >= 0:
        if found.is_op[node]:
            names.append(trace.named(int(found.rows[node])))
        node = int(found.parent[node])
    return names[::-1]
