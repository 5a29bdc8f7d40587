"""What each operator cost: on the host and on the devices, itself and with all that it called.

    found = profile_ops.tree(trace)                    # the calls, and what each of them started on a device
    profile_ops.operators(trace, "shape")              # one row per operator and shapes of its inputs

A launch belongs to the operator whose id was written with it, one without an id to the operator that it lies in; what runs
on a device belongs to the launch of the same correlation. The time of an operator itself is without the operators and the
calls of the runtime in it.
Source: the operator view of torch-tb-profiler 0.4.3, with today's names of categories.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from tbcore.analysis import profile_groups as groups
from tbcore.analysis import tensor_cores, xla_ops
from tbcore.analysis.known import Known
from tbcore.formats.trace import ANNOTATION, DEVICE_WORK, KERNEL, OP, PYTHON, RUNTIME, Trace

By = Literal["name", "shape", "stack"]
Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
Marks = NDArray[np.bool_]

MODULES = ("nn.Module: ", "[pl][module]")  # as PyTorch and Lightning call them

# What stands among the operators but is none: it holds them, and its time is not theirs.
_FRAMES = re.compile(
    r"ProfilerStep#|enumerate\(Data(Loader|Pipe)\)#|Optimizer\.|(Distributed)?DataParallel\.forward$|\[pl\]"
)
_COLLECTIVE = re.compile(r"(nccl|gloo):")

_NOTHING, _NODE, _CALL = 0, 1, 2
SLACK = 2_000  # nanoseconds by which rounded times of callers and what they call may contradict each other

_fast = njit(nogil=True, cache=True, error_model="numpy")


@dataclass(frozen=True)
class OpTree:
    """The calls of a recording, callers before what they call; all times nanoseconds.

    rows [k]: of the trace, ascending; parent [k]: place of the caller, -1 for none; is_op [k]: whether it counts as an operator,
    False for steps, modules and the like, and for a call that is nothing but its caller again, which it is part of.
    host_total, host_self, device_total, device_self, tensor_total, tensor_self [k]: the last two are of kernels on Tensor Cores.
    eligible [k]: whether it, or an operator in it, can run on Tensor Cores; part_of [k]: the place whose part it is, its own mostly.
    node_of [n]: for each event of the trace the place of the call it belongs to, -1 for none: launches and what ran on a device;
    launch_of [n]: the row of the launch of what ran on a device, -1 where nothing says.
    """

    rows: Codes
    parent: Codes
    is_op: Marks
    host_total: Ints
    host_self: Ints
    device_total: Ints
    device_self: Ints
    tensor_total: Ints
    tensor_self: Ints
    eligible: Marks
    part_of: Codes
    node_of: Codes = field(repr=False)
    launch_of: Codes = field(repr=False)

    def __len__(self) -> int:
        return len(self.rows)


def _tree(trace: Trace) -> OpTree:
    kind, is_op = _kinds(trace)
    parent_row, around = _within(trace.start, trace.duration, trace.lane, kind, len(trace.lanes), SLACK)
    rows = np.flatnonzero(kind == _NODE).astype(np.int32)
    place = np.full(len(trace) + 1, -1, np.int32)  # the last one answers for "none"
    place[rows] = np.arange(len(rows), dtype=np.int32)
    parent = place[parent_row[rows]]
    ops = is_op[rows]
    part_of = _parts(parent, trace.name[rows], trace.role[rows] == OP)
    launch_of = launches(trace)
    node_of = _owners(trace, rows, place, around, launch_of)
    node_of[node_of >= 0] = part_of[node_of[node_of >= 0]]

    whole = part_of == np.arange(len(rows))
    host_total = np.where(whole, trace.duration[rows], 0)
    host_self = host_total.copy()
    inner = whole & (parent >= 0)
    caller = part_of[parent[inner]]
    beyond = trace.end[rows[inner]] - trace.end[rows[caller]]
    np.subtract.at(host_self, caller, host_total[inner] - np.maximum(beyond, 0))
    _without_calls(trace, rows, node_of, host_self)

    device_self, tensor_self = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int64)
    work = trace.of(*DEVICE_WORK)
    work = work[node_of[work] >= 0]
    np.add.at(device_self, node_of[work], trace.duration[work])
    on_tensor_cores = trace.matching(tensor_cores.uses)
    tensor = work[on_tensor_cores[work]]
    np.add.at(tensor_self, node_of[tensor], trace.duration[tensor])
    device_total, tensor_total = device_self.copy(), tensor_self.copy()
    eligible = (trace.matching(tensor_cores.eligible)[rows] & (trace.role[rows] == OP)) | (tensor_self > 0)
    groups.upwards(parent, device_total)
    groups.upwards(parent, tensor_total)
    _marks_upwards(parent, eligible, trace.role[rows] == OP)
    return OpTree(
        rows,
        parent,
        ops & whole,
        host_total,
        host_self,
        device_total,
        device_self,
        tensor_total,
        tensor_self,
        eligible,
        part_of,
        node_of,
        launch_of,
    )


tree: Callable[[Trace], OpTree] = Known(_tree)


def _kinds(trace: Trace) -> tuple[NDArray[np.uint8], Marks]:
    """Return what each event is to the tree [n], and which are operators [n]."""
    frame = trace.matching(lambda name: _FRAMES.match(name) is not None)
    module = modules(trace)
    collective = trace.matching(lambda name: _COLLECTIVE.match(name) is not None)
    op = trace.role == OP
    node = op | ((trace.role == ANNOTATION) & (frame | collective)) | module
    kind = np.zeros(len(trace), np.uint8)
    kind[node] = _NODE
    kind[trace.role == RUNTIME] = _CALL
    return kind, op & ~frame


def modules(trace: Trace) -> Marks:
    """Return which events are calls of a module of a network [n]."""
    named = trace.matching(lambda name: name.startswith(MODULES))
    found = trace.columns.get("Python module id")
    if found is not None:
        named[found.rows[found.values >= 0]] = True
    return named & np.isin(trace.role, np.array((PYTHON, OP, ANNOTATION), np.uint8))


def launches(trace: Trace) -> Codes:
    """Return for each event the row of the call that launched it [n], -1 for what was not launched or where nothing says."""
    found = np.full(len(trace), -1, np.int32)
    column = trace.columns.get("correlation")
    if column is None:
        return found
    rows, ids = column.rows[column.values > 0], column.values[column.values > 0]
    is_call = trace.role[rows] == RUNTIME
    calls, call_ids = rows[is_call], ids[is_call]
    if len(calls) == 0:
        return found
    order = np.argsort(call_ids, kind="stable")
    calls, call_ids = calls[order], call_ids[order]
    is_work = np.isin(trace.role[rows], np.array(DEVICE_WORK, np.uint8))
    work, work_ids = rows[is_work], ids[is_work]
    at = np.searchsorted(call_ids, work_ids, side="right") - 1
    known = (at >= 0) & (call_ids[at] == work_ids)
    found[work[known]] = calls[at[known]]
    return found


def _owners(trace: Trace, rows: Codes, place: Codes, around: Codes, launch_of: Codes) -> Codes:
    """Return the place of the call that each launch, and each thing on a device, belongs to [n], -1 for none."""
    found = np.full(len(trace), -1, np.int32)
    ids = trace.column("External id").astype(np.int64)
    own = ids[rows]
    own[trace.role[rows] == PYTHON] = -1
    known = np.flatnonzero(own > 0)
    numbers, first = np.unique(own[known], return_index=True)
    nodes = known[first]

    def named(some: NDArray[np.intp]) -> Codes:
        if len(numbers) == 0:
            return np.full(len(some), -1, np.int32)
        at = np.minimum(np.searchsorted(numbers, ids[some]), len(numbers) - 1)
        return np.where(numbers[at] == ids[some], nodes[at], -1).astype(np.int32)

    calls = trace.of(RUNTIME)
    found[calls] = place[around[calls]]
    by_id = named(calls)
    # Some files count calls and operators apart: an id is believed of an operator that was running.
    begin = trace.start[rows[by_id]] - SLACK if len(rows) else trace.start[calls]
    end = begin + 2 * SLACK + trace.duration[rows[by_id]] if len(rows) else begin
    believed = (by_id >= 0) & (begin <= trace.start[calls]) & (trace.start[calls] <= end)
    found[calls[believed]] = by_id[believed]
    work = trace.of(*DEVICE_WORK)
    launched = launch_of[work] >= 0
    found[work[launched]] = found[launch_of[work[launched]]]
    found[work[~launched]] = named(work[~launched])
    return found


def _without_calls(trace: Trace, rows: Codes, node_of: Codes, host_self: Ints) -> None:
    """Take the time of calls of the runtime out of the operators that made them."""
    calls = trace.of(RUNTIME)
    calls = calls[node_of[calls] >= 0]
    # The runtime calls the driver: what lies in such a call is taken out with it.
    inner = (trace.parent[calls] >= 0) & (trace.role[trace.parent[calls]] == RUNTIME)
    same = trace.lane[calls] == trace.lane[rows[node_of[calls]]]
    calls = calls[~inner & same]
    np.subtract.at(host_self, node_of[calls], trace.duration[calls])


@_fast
def _within(
    start: Ints, duration: Ints, lane: Codes, kind: NDArray[np.uint8], lanes: int, slack: int
) -> tuple[Codes, Codes]:
    """Return for each node the innermost one that encloses it [n], and for each call the innermost one it starts in [n]."""
    count = len(start)
    parent = np.full(count, -1, np.int32)
    around = np.full(count, -1, np.int32)
    top = np.full(lanes, -1, np.int32)
    for row in range(count):
        if kind[row] == _NOTHING:
            continue
        at = lane[row]
        last = top[at]
        while last >= 0 and start[row] >= start[last] + duration[last]:
            last = parent[last]
        if kind[row] == _CALL:
            around[row] = last
            continue
        end = start[row] + duration[row]
        while last >= 0:
            beyond = end - start[last] - duration[last]
            # Rounded times let a call end a little after its caller.
            if beyond <= 0 or (beyond <= slack and 2 * beyond <= duration[row]):
                break
            last = parent[last]
        parent[row] = last
        top[at] = row
    return parent, around


@_fast
def _parts(parent: Codes, name: Codes, is_op: Marks) -> Codes:
    """Return for each call itself, or the one that it merely is again: its only call, of the same name [k]."""
    count = len(parent)
    children = np.zeros(count, np.int32)
    for node in range(count):
        if parent[node] >= 0:
            children[parent[node]] += 1
    found = np.arange(count).astype(np.int32)
    for node in range(count):
        caller = parent[node]
        if caller >= 0 and children[caller] == 1 and name[caller] == name[node] and is_op[caller] and is_op[node]:
            found[node] = found[caller]
    return found


@_fast
def _marks_upwards(parent: Codes, marks: Marks, is_op: Marks) -> None:
    """Mark the operators in which something is marked."""
    for node in range(len(parent) - 1, -1, -1):
        if parent[node] >= 0 and marks[node] and is_op[parent[node]]:
            marks[parent[node]] = True


def lacking(trace: Trace) -> set[By]:
    """Return by what operators cannot be told apart, since it was not recorded."""
    found: set[By] = set()
    if "Input Dims" not in trace.columns or trace.source == "xplane":
        found.add("shape")
    if not groups.has_stacks(trace) or trace.source == "xplane":
        found.add("stack")
    return found


def has_device_work(trace: Trace) -> bool:
    """Return whether anything ran on a device."""
    return bool(np.isin(trace.role, np.array(DEVICE_WORK, np.uint8)).any())


@dataclass(frozen=True)
class Totals:
    """What all operators took together, nanoseconds. calls; host: by themselves; device: of what they launched, outside: of what no operator
    launched; kernels: of kernels they launched, of which tensor on Tensor Cores and eligible by operators that can use them and call none
    that can.
    """

    calls: int
    host: int
    device: int
    outside: int
    kernels: int
    tensor: int
    eligible: int


def totals(trace: Trace) -> Totals:
    """Return what all operators took together."""
    frame = _of_xla(trace)
    if frame is not None:
        return Totals(
            int(frame["calls"].sum()), int(frame["host_self"].sum()), int(frame["device_self"].sum()), 0, 0, 0, 0
        )
    found = tree(trace)
    ops = found.is_op
    lowest = ops & found.eligible
    able = np.flatnonzero(found.eligible & (found.parent >= 0))
    lowest[found.parent[able]] = False
    work = trace.of(*DEVICE_WORK)
    owner = found.node_of[work]
    owned = (owner >= 0) & ops[owner] if len(found) else np.zeros(len(work), np.bool_)
    kernels = work[owned & (trace.role[work] == KERNEL)]
    took = trace.duration[kernels]
    return Totals(
        int(ops.sum()),
        int(found.host_self[ops].sum()),
        int(trace.duration[work[owned]].sum()),
        int(trace.duration[work[~owned]].sum()),
        int(took.sum()),
        int(took[trace.matching(tensor_cores.uses)[kernels]].sum()),
        int(took[lowest[found.node_of[kernels]]].sum()),
    )


# Tables --------------------------------------------------------------------------------------------------------------

SUMS = ("host_self", "host_total", "device_self", "device_total", "tensor_self", "tensor_total")


def operators(trace: Trace, by: By = "name") -> pd.DataFrame:
    """Return what the operators took, one row per name, or per name and shapes of inputs, or per name and call stack.

    Columns: name, with "shape" also input, with "stack" also stack (its frames, outermost first, one per line) and frame (the innermost in a file);
    calls, host_self, host_total, host_mean (per call), device_self, device_total, tensor_self, tensor_total: nanoseconds; host_share,
    device_share: of the sums of the "self" columns; tensor_self_share, tensor_total_share: of its device times, NaN without any; eligible;
    longest: the row of the longest call. The largest on the devices come first, without devices the largest on the host.
    What a call inside another one of its row took counts once in the totals.
    """
    named = _of_xla(trace)
    if named is not None:
        return _shares(named)
    found = tree(trace)
    nodes = np.flatnonzero(found.is_op)
    rows = found.rows[nodes]
    keys: list[NDArray[Any]] = [trace.name[rows]]
    more = _more(trace, rows, by)
    if more is not None:
        keys.append(more[0])
    which, count, first = groups.grouped(keys)
    table: dict[str, Any] = {"name": groups.texts(trace.names, trace.name[rows[first]])}
    if more is not None:
        table[more[1]] = groups.spelled(more[0][first], more[2])
        if by == "stack":
            table["frame"] = [_own_frame(stack) for stack in table["stack"]]
    table["calls"] = np.bincount(which, minlength=count)
    outer = _outermost(found.parent, nodes, which)
    for sum_ in SUMS:
        values = getattr(found, sum_)[nodes]
        # What a call inside another one of its kind took is in that one's total.
        table[sum_] = groups.summed(which, count, np.where(outer, values, 0) if sum_.endswith("_total") else values)
    table["eligible"] = np.bincount(which, weights=found.eligible[nodes], minlength=count) > 0
    table["longest"] = groups.longest(which, count, rows, found.host_total[nodes])
    return _shares(groups.ranked(pd.DataFrame(table), ["device_self", "host_self"]))


def pattern(name: str) -> str:
    """Return the regular expression that finds just this name."""
    return f"^{re.escape(name)}$"


def _of_xla(trace: Trace) -> pd.DataFrame | None:
    """Return what TensorFlow and JAX name their operations, None where they name none and events tell."""
    if trace.source != "xplane":
        return None
    found = xla_ops.operators(trace)
    return None if found.empty else found


def _own_frame(stack: str) -> str:
    """Return the innermost frame of a stack that lies in a file, else the innermost."""
    frames = stack.split("\n")
    return next((frame for frame in reversed(frames) if not frame.startswith("<")), frames[-1])


@_fast
def _outermost(parent: Codes, nodes: Ints, which: Ints) -> Marks:
    """Return which of some calls lie in no other one of their group; which: the group of each [m]."""
    group = np.full(len(parent), -1, np.int64)
    for at in range(len(nodes)):
        group[nodes[at]] = which[at]
    found = np.ones(len(nodes), np.bool_)
    for at in range(len(nodes)):
        above = parent[nodes[at]]
        while above >= 0:
            if group[above] == which[at]:
                found[at] = False
                break
            above = parent[above]
    return found


def _shares(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with what follows from it."""
    column = {name: frame[name].to_numpy() for name in ("calls", *SUMS)}
    more = {
        "host_mean": column["host_total"] / np.maximum(column["calls"], 1),
        "host_share": groups.share(column["host_self"], column["host_self"].sum()),
        "device_share": groups.share(column["device_self"], column["device_self"].sum()),
        "tensor_self_share": groups.share(column["tensor_self"], column["device_self"]),
        "tensor_total_share": groups.share(column["tensor_total"], column["device_total"]),
    }
    return frame.assign(**more)


def _more(trace: Trace, rows: Codes, by: By) -> tuple[Ints, str, Callable[[int], str]] | None:
    """Return codes for each row beside its name, what they are called, and how to spell one."""
    if by == "shape":
        codes = trace.column("Input Dims")[rows].astype(np.int64)
        return codes, "input", lambda code: str(trace.names[code]) if code >= 0 else ""
    if by == "stack":
        stacks = groups.above(trace, rows)
        return stacks.of, "stack", stacks.spelled
    return None
