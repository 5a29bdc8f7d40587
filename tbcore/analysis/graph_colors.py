"""What boxes are coloured by: structure, device, op, or what their operations take."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tbcore.analysis.graph_scopes import Box, Seen, Tree
from tbcore.analysis.graph_series import stem
from tbcore.formats.graphs import Cost

By = Literal["structure", "device", "op", "time", "memory", "parameters", "none"]
Floats = NDArray[np.float64]

OTHER = "other"
UNKNOWN = "not told"

_MOST = 9  # values that get a colour of their own
_UNITS = {"time": "s", "memory": "bytes", "parameters": "parameters"}


@dataclass(frozen=True)
class Paint:
    """What the visible boxes are coloured by.

    values: a word or a number per box id, None for a box without; shares: of a box of several values, each with its share of
    the operations, the largest first; legend: of words, how many operations (boxes, for structure) each has, the most first; of
    numbers, the least and the greatest. unit: of the numbers.
    """

    values: Mapping[str, str | float | None]
    shares: Mapping[str, tuple[tuple[str, float], ...]]
    legend: tuple[tuple[str, float], ...]
    kind: Literal["category", "number"]
    unit: str = ""


def paint(
    tree: Tree,
    seen: Seen,
    by: By,
    costs: Mapping[str, Cost] | None = None,
    parameters: Mapping[str, int] | None = None,
) -> Paint:
    """Return what the visible boxes are coloured by; parameters: how many each node of a name holds."""
    if by == "structure":
        return _structures(tree, seen)
    if by in ("device", "op"):
        return _words(tree, seen, devices(tree, costs) if by == "device" else ops(tree))
    if by == "none":
        return Paint({}, {}, (), "category")
    measured = {
        "time": lambda: times(tree, costs or {}),
        "memory": lambda: memory(tree, costs or {}),
        "parameters": lambda: sums(tree, parameters or {}),
    }[by]()
    values = {box.id: _with_aside(tree, seen, box.id, measured) for box in seen.boxes}
    # What is open shows its parts: the range is that of the boxes that are filled.
    filled = [value for box in seen.boxes if box.id not in seen.open and (value := values[box.id]) is not None]
    legend = (("least", min(filled)), ("most", max(filled))) if filled else ()
    return Paint(values, {}, legend, "number", _UNITS[by])


def _with_aside(tree: Tree, seen: Seen, box: str, measured: Mapping[str, float]) -> float | None:
    """Return the number of a box, with those of what is set aside beside it: parameters count where they are used."""
    beside = [measured[one] for one in seen.aside.get(box, ()) if one in measured and box not in tree.ancestors(one)]
    own = measured.get(box)
    return own if not beside else (own or 0.0) + sum(beside)


# Words ---------------------------------------------------------------------------------------------------------------


def structures(tree: Tree) -> dict[str, int]:
    """Return by the ids of scopes the numbers of their structures, equal for equal ones; those that occur once have none.

    Equal: the same operations, wired alike; names, constants and sizes may differ.
    """
    scopes = [number for number, box in enumerate(tree.boxes) if number and _is_block(box)]
    counts = Counter(tree.structures[scopes].tolist())
    numbers: dict[int, int] = {}
    found = {}
    for number in scopes:
        structure = int(tree.structures[number])
        if counts[structure] > 1:
            found[tree.boxes[number].id] = numbers.setdefault(structure, len(numbers))
    return found


def _is_block(box: Box) -> bool:
    return box.kind in ("scope", "function", "more") and box.children > 0


def _structures(tree: Tree, seen: Seen) -> Paint:
    equal = structures(tree)
    names = _structure_names(tree, equal)
    values: dict[str, str | float | None] = {}
    for box in seen.boxes:
        inner = {equal.get(child) for child in tree.children(box.id)} if box.kind == "series" else {equal.get(box.id)}
        number = inner.pop() if len(inner) == 1 else None
        values[box.id] = None if number is None else names[number]
    whole = Counter(names[number] for number in equal.values())
    shown = set(values.values())
    order = [(name, float(count)) for name, count in whole.most_common() if name in shown]
    kept = {name for name, _count in order[:_MOST]}
    values = {key: value if value in kept or value is None else OTHER for key, value in values.items()}
    return Paint(values, {}, _legend(order), "category")


def _structure_names(tree: Tree, equal: Mapping[str, int]) -> list[str]:
    """Return a name for each structure: the module's class, or the label of the first scope that has it."""
    names: dict[int, str] = {}
    taken: Counter[str] = Counter()
    for box_id, number in equal.items():
        if number in names:
            continue
        box = tree.boxes[tree.numbers[box_id]]
        name = box.type or stem(box.label)
        taken[name] += 1
        names[number] = name if taken[name] == 1 else f"{name} ({taken[name]})"
    return [names[number] for number in range(len(names))]


def devices(tree: Tree, costs: Mapping[str, Cost] | None = None) -> list[str]:
    """Return the device of each node [nodes], shortened to what tells devices apart; what ran says it where the graph does not."""
    costs = costs or {}
    found = [node.device or (costs[node.name].device if node.name in costs else "") for node in tree.nodes]
    parts = {device: _device_parts(device) for device in set(found) if device}
    short = {device: shared[-1] for device, shared in parts.items()}
    if len(set(short.values())) < len({"/".join(shared) for shared in parts.values()}):
        short = {device: "/".join(shared) for device, shared in parts.items()}
    return [short.get(device, UNKNOWN) for device in found]


def _device_parts(device: str) -> list[str]:
    """Return a device's parts: of "/job:worker/replica:0/task:1/device:GPU:0", the job, replica and task, and "GPU:0".

    Source: TensorFlow's DeviceSpec.
    """
    parts = [part for part in device.split("/") if part]
    parts = [part.removeprefix("device:") for part in parts] or [device]
    if ":" in parts[-1]:
        name, _colon, number = parts[-1].partition(":")
        parts[-1] = f"{name.upper()}:{number}"
    else:
        parts[-1] = parts[-1].upper() if parts[-1].lower() in ("cpu", "gpu", "tpu", "cuda") else parts[-1]
    return parts


def ops(tree: Tree) -> list[str]:
    """Return the op of each node [nodes], or the class of the layer that it is."""
    return [node.module or node.op or UNKNOWN for node in tree.nodes]


def _words(tree: Tree, seen: Seen, words: Sequence[str]) -> Paint:
    """Return the values of boxes by a word per node; what is set aside does not count where there is anything else.

    The words of visible boxes go first, where there are more than get a colour.
    """
    numbers: dict[str, int] = {}
    codes = np.array([numbers.setdefault(word, len(numbers)) for word in words], np.int64)
    names = list(numbers)
    counted = ~tree.helps if not tree.helps.all() else np.ones(len(codes), np.bool_)
    totals = np.bincount(codes[counted], minlength=len(names))
    plain = Counter(words[box.node] for box in seen.boxes if box.node >= 0)
    order = [(name, float(total)) for name, total in zip(names, totals.tolist(), strict=True) if total]
    order.sort(key=lambda row: (-plain[row[0]], -row[1]))
    kept = {name for name, _count in order[:_MOST]}
    # The nodes in the order of the boxes, so that those of a box stand together.
    place = np.argsort(tree.owner, kind="stable")
    owners, codes, counted = tree.owner[place], codes[place], counted[place]
    values: dict[str, str | float | None] = {}
    shares: dict[str, tuple[tuple[str, float], ...]] = {}
    for box in seen.boxes:
        number = tree.numbers[box.id]
        low, high = np.searchsorted(owners, [number, tree.ends[number]])
        inner = codes[low:high][counted[low:high]] if counted[low:high].any() else codes[low:high]
        found: Counter[str] = Counter()
        for code, count in enumerate(np.bincount(inner).tolist()):
            if count:
                found[names[code] if names[code] in kept else OTHER] += count
        values[box.id] = next(iter(found)) if len(found) == 1 else None
        if len(found) > 1:
            shares[box.id] = tuple((name, count / len(inner)) for name, count in found.most_common())
    return Paint(values, shares, _legend(order), "category")


def _legend(order: Sequence[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    """Return the rows that get a colour, the most first, and the rest as one."""
    rest = sum(count for _name, count in order[_MOST:])
    return (*sorted(order[:_MOST], key=lambda row: -row[1]), *([(OTHER, rest)] if rest else []))


# Numbers -------------------------------------------------------------------------------------------------------------


def times(tree: Tree, costs: Mapping[str, Cost]) -> dict[str, float]:
    """Return the seconds that the operations in each box took, of those that were measured."""
    return sums(tree, {name: cost.time for name, cost in costs.items()})


def memory(tree: Tree, costs: Mapping[str, Cost]) -> dict[str, float]:
    """Return the bytes that the operations in each box asked for, of those that were measured."""
    return sums(tree, {name: float(cost.memory) for name, cost in costs.items()})


def sums(tree: Tree, of_node: Mapping[str, float]) -> dict[str, float]:
    """Return by box the sum over its operations of what is known by their names; none for a box of which nothing is.

    Of operations of one name, the first counts.
    """
    given: set[str] = set()
    amounts, known = np.zeros(len(tree.boxes)), np.zeros(len(tree.boxes), np.int64)
    for node, owner in zip(tree.nodes, tree.owner.tolist(), strict=True):
        if node.name in of_node and node.name not in given:
            given.add(node.name)
            amounts[owner] += of_node[node.name]
            known[owner] += 1
    amount, count = np.concatenate([[0.0], np.cumsum(amounts)]), np.concatenate([[0], np.cumsum(known)])
    numbers = np.arange(len(tree.boxes))
    inner, told = amount[tree.ends] - amount[numbers], count[tree.ends] - count[numbers]
    return {tree.boxes[number].id: float(inner[number]) for number in np.flatnonzero(told).tolist() if number}
