"""What differs between two recordings: their steps, their operators, their kernels, their memory.

    profile_compare.steps(a, b)                       # one row per category: what an average step spent on it
    profile_compare.differences(table_a, table_b)     # one row per name: added, removed, slower, faster
    profile_compare.events(trace)                     # a table to compare: everything by name, with its own time

Source: HolisticTraceAnalysis 0.5.0, trace_diff.py, for what counts as added and removed.
"""

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tbcore.analysis.profile_forms import Steps
from tbcore.analysis.profile_idle import Work, work
from tbcore.analysis.profile_memory import Curve
from tbcore.formats.trace import ANNOTATION, DEVICE_WORK, OP, RUNTIME, Trace

CHANGES = ("added", "removed", "slower", "faster", "same")
SAME = 0.01  # share of the longer of two times within which they count as the same
_HOST = (OP, ANNOTATION, RUNTIME)

Side = Literal["host", "device"]


def steps(a: Steps, b: Steps) -> pd.DataFrame:
    """Return what an average step of each spends its time on.

    One row per category that either has, in the order of the first, and "Total" at the end: category, a, b, difference (b - a; nanoseconds),
    explains (share of the difference of the totals, NaN where these are equal).
    """
    names = list(dict.fromkeys((*a.categories, *b.categories)))
    rows = [
        (name, a.average(name) if name in a.categories else 0.0, b.average(name) if name in b.categories else 0.0)
        for name in names
    ]
    rows = [row for row in rows if row[1] or row[2]]
    rows.append(("Total", a.average(), b.average()))
    frame = pd.DataFrame(rows, columns=["category", "a", "b"])
    frame["difference"] = frame["b"] - frame["a"]
    whole = float(frame["difference"].iloc[-1])
    frame["explains"] = frame["difference"] / whole if whole else np.nan
    return frame


def events(trace: Trace, start: int | None = None, end: int | None = None) -> pd.DataFrame:
    """Return everything that ran on the host or on a device by name, of what begins from `start` to before `end`.

    One row per name and side: name, side ("host" or "device"), calls, time (nanoseconds of its own, without what lies in it; what runs
    on a device has no parts), longest (row).
    """
    device = np.isin(trace.role, np.array(DEVICE_WORK, np.uint8))
    kept = device | np.isin(trace.role, np.array(_HOST, np.uint8))
    own = trace.duration.copy()
    inner = np.flatnonzero((trace.parent >= 0) & ~device)
    np.subtract.at(own, trace.parent[inner], trace.duration[inner])
    own = np.maximum(own, 0)
    own[device] = trace.duration[device]
    if start is not None:
        kept &= trace.start >= start
    if end is not None:
        kept &= trace.start < end
    return _by_name(trace, np.flatnonzero(kept), own, device)


def whole_steps(trace: Trace, marks: NDArray[np.intp]) -> pd.DataFrame:
    """Return `events` of all but the last step, as far as the host asked for them before it began; marks: rows of steps."""
    if len(marks) < 2:
        return events(trace)
    last = int(trace.start[marks].max())
    host = events(trace, None, last)
    found: Work = work(trace)
    asked = np.where(found.launch >= 0, trace.start[np.maximum(found.launch, 0)], last)
    rows = found.rows[asked < last]
    device = np.isin(trace.role, np.array(DEVICE_WORK, np.uint8))
    return pd.concat([host[host["side"] == "host"], _by_name(trace, rows, trace.duration, device)], ignore_index=True)


def _by_name(trace: Trace, rows: NDArray[np.intp], time: NDArray[np.int64], device: NDArray[np.bool_]) -> pd.DataFrame:
    frame = pd.DataFrame({"code": trace.name[rows], "on": device[rows], "time": time[rows], "row": rows})
    frame = frame.sort_values("time", ascending=False, kind="stable")
    groups = frame.groupby(["code", "on"], sort=False)
    found = pd.DataFrame({"calls": groups.size(), "time": groups["time"].sum(), "longest": groups["row"].first()})
    found = found.reset_index()
    found.insert(0, "name", pd.Series([trace.names[code] for code in found["code"]], dtype="str"))
    found.insert(1, "side", pd.Series(np.where(found["on"], "device", "host"), dtype="str"))
    found = found.drop(columns=["code", "on"])
    return found.sort_values("time", ascending=False, kind="stable", ignore_index=True)


def differences(
    a: pd.DataFrame,
    b: pd.DataFrame,
    *,
    time: str = "time",
    by: tuple[str, ...] = ("name",),
    per_a: float = 1,
    per_b: float = 1,
) -> pd.DataFrame:
    """Return what became of each name between two tables.

    a, b: columns `by`, calls, the one called `time`, longest. per_a, per_b: what each is divided by, such as the number of steps.
    One row per name, the greatest difference first: by, calls_a, calls_b, time_a, time_b, difference (of times, b - a), explains (share
    of the whole difference, NaN without any), calls (b - a), change (of CHANGES), longest_a, longest_b (rows, -1 for none).
    """
    columns = [*by, "calls", time, "longest"]
    left = a.groupby(list(by), as_index=False, sort=False).agg({"calls": "sum", time: "sum", "longest": "first"})
    right = b.groupby(list(by), as_index=False, sort=False).agg({"calls": "sum", time: "sum", "longest": "first"})
    # What is empty has columns of no certain type.
    left, right = (one.astype(dict.fromkeys(by, "str")) for one in (left, right))
    found = left[columns].merge(right[columns], on=list(by), how="outer", suffixes=("_a", "_b"), indicator=True)
    found = found.rename(columns={f"{time}_a": "time_a", f"{time}_b": "time_b"})
    for name, per in (("_a", per_a), ("_b", per_b)):
        found[f"calls{name}"] = found[f"calls{name}"].fillna(0) / per
        found[f"time{name}"] = found[f"time{name}"].fillna(0) / per
        found[f"longest{name}"] = found[f"longest{name}"].fillna(-1).astype("int64")
    found["difference"] = found["time_b"] - found["time_a"]
    whole = float(found["difference"].sum())
    found["explains"] = found["difference"] / whole if whole else np.nan
    found["calls"] = found["calls_b"] - found["calls_a"]
    within = found["difference"].abs() <= SAME * found[["time_a", "time_b"]].max(axis=1)
    change = np.where(within, "same", np.where(found["difference"] > 0, "slower", "faster")).astype(object)
    change[(found["_merge"] == "left_only").to_numpy()] = "removed"
    change[(found["_merge"] == "right_only").to_numpy()] = "added"
    found["change"] = pd.Series(change, dtype="str")
    found = found.drop(columns="_merge")
    order = found["difference"].abs().sort_values(ascending=False, kind="stable").index
    return found.loc[order].reset_index(drop=True)


def memory(a: list[Curve], b: list[Curve]) -> pd.DataFrame:
    """Return the memory of each device. One row per device: device, a, b, difference (bytes at the peak; NA where one has none)."""
    peaks = [{curve.name: curve.peak for curve in one} for one in (a, b)]
    names = list(dict.fromkeys((*peaks[0], *peaks[1])))
    frame = pd.DataFrame({"device": pd.Series(names, dtype="str")})
    for column, known in zip(("a", "b"), peaks, strict=True):
        frame[column] = pd.array([known.get(name) for name in names], dtype="Int64")
    frame["difference"] = frame["b"] - frame["a"]
    return frame


# Tables to draw ------------------------------------------------------------------------------------------------------


def step_parts(found: pd.DataFrame) -> pd.DataFrame:
    """Return the steps of both as parts of two bars: name ("A", "B"), part, time (nanoseconds)."""
    parts = found[found["category"] != "Total"]
    rows = [
        (name, category, time)
        for name, column in (("A", "a"), ("B", "b"))
        for category, time in zip(parts["category"], parts[column], strict=True)
    ]
    return pd.DataFrame(rows, columns=["name", "part", "time"])


def cause(found: pd.DataFrame, least: float = 0.02) -> tuple[str, float]:
    """Return the category that explains most of the difference between two average steps, and its own difference (nanoseconds).

    found: as `steps` returns it; least: share of the first by which they have to differ. ("", 0) where they do not, or no category
    stands for half of it.
    """
    total, parts = found.iloc[-1], found.iloc[:-1]
    if not len(parts) or abs(total["difference"]) <= least * float(total["a"]):
        return "", 0.0
    most = parts.iloc[int(parts["explains"].to_numpy().argmax())]
    return (str(most["category"]), float(most["difference"])) if most["explains"] >= 0.5 else ("", 0.0)


def of_change(found: pd.DataFrame, change: str) -> pd.DataFrame:
    """Return the rows of one change; "calls" are those whose number of calls differs, any other word all."""
    if change in CHANGES:
        return found[found["change"] == change].reset_index(drop=True)
    return found[found["calls"] != 0].reset_index(drop=True) if change == "calls" else found


def largest(found: pd.DataFrame, most: int = 12) -> pd.DataFrame:
    """Return the rows that differ most: name, change, difference (nanoseconds)."""
    kept = found[found["difference"] != 0].head(most)
    return kept[["name", "change", "difference"]].reset_index(drop=True)


def on_devices(*traces: Trace) -> bool:
    """Return whether something ran on a device in any of them."""
    return any(bool(np.isin(trace.role, np.array(DEVICE_WORK, np.uint8)).any()) for trace in traces)
