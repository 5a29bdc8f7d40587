"""What each module of a network cost, forward and backward.

    profile_modules.modules(trace)                     # one row per module and place in the network

Source: the module view of torch-tb-profiler 0.4.3, with today's arrows from forward to backward.
"""

import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tbcore.analysis import profile_groups as groups
from tbcore.analysis import profile_ops
from tbcore.formats.trace import Trace

Ints = NDArray[np.int64]

_ENGINE = "autograd::engine::evaluate_function: "
_ACCUMULATE = "torch::autograd::AccumulateGrad"
_INDENT = "\u2003"
_PREFIX = re.compile(r"nn\.Module: |\[pl\]\[module\]")


def has_modules(trace: Trace) -> bool:
    """Return whether calls of modules were recorded."""
    return bool(profile_ops.modules(trace).any())


def modules(trace: Trace) -> pd.DataFrame:
    """Return what the modules took, one row per module below each of its callers, callers first and in order of their first call.

    Columns: name; title: name behind spaces for its depth; path: from the outermost module on; parent (place of the module it is called
    by, -1 for none), depth; calls; operators: that it calls itself; host_total, host_mean (per call), host_self, device_total,
    device_self: nanoseconds forward, of which "self" is without modules in it and, on the host, without operators; backward_host,
    backward_device: nanoseconds of what its operators caused backward, with modules in it; share: of all modules forward and backward, on the
    devices if there are any; first: the row of the first call, longest: of the longest.
    """
    found = profile_ops.tree(trace)
    is_module = profile_ops.modules(trace)[found.rows] if len(found) else np.zeros(0, np.bool_)
    module_of = _above(found.parent, is_module)
    nodes = np.flatnonzero(is_module)
    place = np.full(len(found) + 1, -1, np.int64)
    place[nodes] = np.arange(len(nodes))
    rows = found.rows[nodes]
    numbers = trace.column("Python module id")[rows].astype(np.int64)
    labels, _count, _first = groups.grouped([trace.name[rows], numbers])
    merged = groups.merge(place[module_of[nodes]], labels)
    count = len(merged.parent)
    row_of = np.full(len(found) + 1, -1, np.int64)
    row_of[nodes] = merged.node

    direct = np.flatnonzero(found.is_op & (found.parent >= 0))
    direct = direct[is_module[found.parent[direct]]]
    owner = row_of[found.parent[direct]]
    back = _backward(trace, row_of[_self_or_above(found.parent, is_module)])
    first = np.full(count, -1, np.int64)
    first[merged.node[::-1]] = rows[::-1]
    table: dict[str, Any] = {
        "name": [_PREFIX.sub("", trace.named(row)) for row in first.tolist()],
        "parent": merged.parent,
        "depth": groups.levels(merged.parent),
        "calls": np.bincount(merged.node, minlength=count),
        "operators": np.bincount(owner, minlength=count),
        "host_total": groups.summed(merged.node, count, found.host_total[nodes]),
        "host_self": groups.summed(merged.node, count, found.host_self[nodes]),
        "device_total": groups.summed(merged.node, count, found.device_total[nodes]),
        "device_self": groups.summed(merged.node, count, found.device_self[nodes])
        + groups.summed(owner, count, found.device_total[direct]),
    }
    for name, values in back.items():
        sums = groups.summed(values[0], count, values[1])
        groups.upwards(merged.parent, sums)
        table[name] = sums
    table["host_mean"] = table["host_total"] / np.maximum(table["calls"], 1)
    clock = "device" if table["device_total"].any() or table["backward_device"].any() else "host"
    both = table[f"{clock}_total"] + table[f"backward_{clock}"]
    table["share"] = groups.share(both, both[merged.parent < 0].sum())
    table["first"] = first
    table["longest"] = groups.longest(merged.node, count, rows, found.host_total[nodes])
    return _nested(pd.DataFrame(table))


def _above(parent: NDArray[np.int32], wanted: NDArray[np.bool_]) -> Ints:
    """Return for each call the innermost wanted one that it lies in [k], -1 for none."""
    found = np.full(len(parent), -1, np.int64)
    for node, above in enumerate(parent.tolist()):
        if above >= 0:
            found[node] = above if wanted[above] else found[above]
    return found


def _self_or_above(parent: NDArray[np.int32], wanted: NDArray[np.bool_]) -> Ints:
    return np.where(wanted, np.arange(len(parent)), _above(parent, wanted))


def _backward(trace: Trace, module: Ints) -> dict[str, tuple[Ints, Ints]]:
    """Return whose modules what ran backward belongs to: by column the modules' rows and nanoseconds, both [m].

    module [k]: the row of the module that each call lies in, -1 for none.
    """
    found = profile_ops.tree(trace)
    none = np.zeros(0, np.int64)
    empty = {"backward_host": (none, none), "backward_device": (none, none)}
    if "backward" not in trace.flows.words or len(found) == 0:
        return empty
    place = np.full(len(trace), -1, np.int64)
    place[found.rows] = np.arange(len(found))
    arrows = trace.flows.kind == trace.flows.words.index("backward")
    source, target = place[trace.flows.source[arrows]], place[trace.flows.target[arrows]]
    known = (source >= 0) & (target >= 0)
    source, target = source[known], target[known]
    engine = trace.matching(lambda name: name.startswith(_ENGINE))[found.rows]
    accumulates = trace.matching(lambda name: name.endswith(_ACCUMULATE) and name.startswith(_ENGINE))[found.rows]
    root = _self_or_above(found.parent, engine if engine.any() else found.is_op & (found.parent < 0))[target]
    root = np.where(root >= 0, root, target)
    roots, first = np.unique(root, return_index=True)
    of = np.full(len(found), -1, np.int64)
    of[roots] = module[source[first]]
    # Gradients are added up right after what computed them.
    lane = trace.lane[found.rows]
    for number in np.unique(lane[engine]).tolist():
        some = np.flatnonzero(engine & (lane == number))
        heads = np.maximum.accumulate(np.where(~accumulates[some], np.arange(len(some)), -1))
        follows = accumulates[some] & (heads >= 0) & (of[some] < 0)
        of[some[follows]] = of[some[heads[follows]]]
    told = np.flatnonzero(of >= 0)
    return {
        "backward_host": (of[told], found.host_total[told]),
        "backward_device": (of[told], found.device_total[told]),
    }


def _nested(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows in the order of a tree that is open: each after its caller, side by side in order of their first call."""
    parents, first = frame["parent"].tolist(), frame["first"].tolist()
    below: dict[int, list[int]] = {}
    for row in sorted(range(len(parents)), key=first.__getitem__, reverse=True):
        below.setdefault(parents[row], []).append(row)
    order: list[int] = []
    waiting = list(below.get(-1, ()))
    while waiting:
        row = waiting.pop()
        order.append(row)
        waiting.extend(below.get(row, ()))
    moved = np.full(len(order) + 1, -1, np.int64)
    moved[order] = np.arange(len(order))
    found = frame.iloc[order].reset_index(drop=True)
    found["parent"] = moved[found["parent"].to_numpy()]
    paths: list[str] = []
    for name, parent in zip(found["name"].tolist(), found["parent"].tolist(), strict=True):
        paths.append(f"{paths[parent]} › {name}" if parent >= 0 else name)
    found.insert(1, "path", paths)
    titles = [_INDENT * depth + name for name, depth in zip(found["name"], found["depth"], strict=True)]
    found.insert(2, "title", titles)
    return found


def flame(frame: pd.DataFrame, clock: str) -> pd.DataFrame:
    """Return modules as frames of a flame graph, as `groups.flame` has them. clock: the column that is time."""
    total, parent = frame[clock].to_numpy(), frame["parent"].to_numpy()
    own = total.copy()
    np.subtract.at(own, parent[parent >= 0], total[parent >= 0])
    return pd.DataFrame(
        {
            "name": frame["name"],
            "parent": parent,
            "total": total,
            "self": np.maximum(own, 0),
            "calls": frame["calls"],
            "role": "module",
            "row": frame["longest"],
        }
    )
