"""Many siblings made few: equal ones that are counted become a series, and what is still too many becomes groups."""

import heapq
import itertools
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SERIES = 5  # equal siblings from which on they are one box, as in TensorBoard
CROWD = 60  # boxes that an open scope shows at most

_GROUP = 10  # boxes that a group aims at
_GROUPS = 36  # groups that a scope is cut into at most
_SHORTEST, _LONGEST = 0.7, 1.5  # of a piece, times what it aims at
_STEPS = 200_000  # wires followed at most to see whether what a series gives comes back to it
_RANGES = 3  # ranges of numbers that a label spells out

_MODULE = re.compile(r"(.*)\[([0-9]{1,9})\]", re.DOTALL)
_WORDS = re.compile(r"[_./]+")
_SPLIT = re.compile(r"([_./]+)")
_COUNTED = re.compile(r"(.*?)([0-9]{1,9})", re.DOTALL)


@dataclass(frozen=True)
class Sibling:
    """One box among those of its scope: its name there, its op ("" of a scope), and the number of its structure."""

    name: str
    op: str
    structure: int


@dataclass(frozen=True)
class Group:
    """Siblings drawn as one, in their order; series: equal ones that are counted."""

    label: str
    members: tuple[int, ...]
    series: bool


def numbered(name: str) -> tuple[str, int]:
    """Return a name with "[]" for its number, and the number; "_[]" at its end and -1 without one.

    Of several names in a row, the first is looked at: "block_1/conv" is "block_[]".
    """
    head = name.partition("/")[0]
    counted = _MODULE.fullmatch(head) or _COUNTED.fullmatch(head)
    return (counted[1] + "[]", int(counted[2])) if counted is not None else (head + "_[]", -1)


def stem(name: str) -> str:
    """Return a name without the number at its end; all of it where nothing else would be left."""
    return numbered(name)[0].removesuffix("[]").rstrip("_.-") or name


def series(siblings: Sequence[Sibling], after: Mapping[int, set[int]]) -> list[Group]:
    """Return the series among siblings: at least five of equal structure whose names differ by a number.

    after: the siblings that each one feeds. A series whose outputs come back to it through others is left alone: drawn
    as one box it would hide the order of what it holds.
    """
    found: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for place, sibling in enumerate(siblings):
        name, number = numbered(sibling.name)
        found.setdefault((name, sibling.structure), []).append((number, place))
    return [
        _series(siblings, name, run)
        for (name, _structure), members in found.items()
        if len(members) >= SERIES
        for run in _closed_runs(sorted(members), after)
    ]


def _closed_runs(members: list[tuple[int, int]], after: Mapping[int, set[int]]) -> list[list[tuple[int, int]]]:
    """Return all of the counted places, or where these do not hang together, runs without a gap that do."""
    if _closed({place for _number, place in members}, after):
        return [members]
    runs: list[list[tuple[int, int]]] = []
    for number, place in members:
        if runs and number == runs[-1][-1][0] + 1:
            runs[-1].append((number, place))
        else:
            runs.append([(number, place)])
    return [
        run for run in runs if SERIES <= len(run) < len(members) and _closed({place for _number, place in run}, after)
    ]


def _series(siblings: Sequence[Sibling], name: str, members: Sequence[tuple[int, int]]) -> Group:
    places = tuple(sorted(place for _number, place in members))
    numbers = ranges(sorted({max(number, 0) for number, _place in members}))
    if name == "[]":
        return Group(f"{siblings[places[0]].op.rpartition('::')[2]} [{numbers}]".lstrip(), places, True)
    return Group(f"{name.removesuffix('[]')}[{numbers}]", places, True)


def ranges(numbers: Sequence[int]) -> str:
    """Return rising numbers as ranges, "1-4,7"; many as the first and last only."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    if len(parts) > _RANGES:
        return f"{numbers[0]}-{numbers[-1]}"
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in parts)


def _closed(members: set[int], after: Mapping[int, set[int]]) -> bool:
    """Return whether nothing that leaves `members` comes back to them, as far as it is followed."""
    queue = [other for member in members for other in after.get(member, ()) if other not in members]
    seen = set(queue)
    steps = 0
    while queue:
        onward = after.get(queue.pop(), set())
        steps += len(onward)
        if steps > _STEPS or not members.isdisjoint(onward):
            return False
        fresh = onward - seen
        seen |= fresh
        queue.extend(fresh)
    return True


def crowds(siblings: Sequence[Sibling], after: Mapping[int, set[int]]) -> list[Group]:
    """Return groups that together with the siblings in none are at most about 60 boxes; none where there are few enough.

    Those of one op that stand in one place, or nowhere, go together; the rest is cut along its order where few wires
    cross, so that a group is a piece of the way through the graph.
    """
    if len(siblings) <= CROWD:
        return []
    before: dict[int, set[int]] = {}
    for place, onward in after.items():
        for other in onward:
            before.setdefault(other, set()).add(place)
    groups = _alike(siblings, before, after)
    taken = {place for group in groups for place in group.members}
    rest = [place for place in range(len(siblings)) if place not in taken]
    if len(rest) + len(groups) > CROWD:
        groups += _pieces(siblings, rest, after)
    if len(groups) == 1 and len(groups[0].members) == len(siblings):
        groups = _halves(siblings)
    return groups if len(groups) <= CROWD else _halves(siblings)


def _alike(siblings: Sequence[Sibling], before: Mapping[int, set[int]], after: Mapping[int, set[int]]) -> list[Group]:
    """Return the groups of siblings of one kind that are fed by the same and feed the same."""
    found: dict[tuple[str, int, frozenset[int], frozenset[int]], list[int]] = {}
    for place, sibling in enumerate(siblings):
        fed, feeds = frozenset(before.get(place, ())), frozenset(after.get(place, ()))
        kind = (sibling.op, 0 if sibling.op else sibling.structure, fed, feeds)
        found.setdefault(kind, []).append(place)
    groups = []
    for (op, _structure, _fed, _feeds), places in found.items():
        if SERIES <= len(places) < len(siblings):
            label = f"{op or siblings[places[0]].name} × {len(places)}"
            groups.append(Group(label, tuple(places), False))
    return groups


def _pieces(siblings: Sequence[Sibling], places: Sequence[int], after: Mapping[int, set[int]]) -> list[Group]:
    """Return siblings cut into runs of their order, where the fewest wires cross."""
    order = ordered(places, after)
    rank = {place: index for index, place in enumerate(order)}
    # A wire is open in all gaps between its source and the last that it feeds: counted by how the number changes.
    change = [0] * (len(order) + 1)
    for place in order:
        last = max((rank[other] for other in after.get(place, ()) if other in rank), default=-1)
        if last > rank[place]:
            change[rank[place] + 1] += 1
            change[last + 1] -= 1
    crossing = [0] * (len(order) + 1)
    for gap in range(1, len(order)):
        crossing[gap] = crossing[gap - 1] + change[gap]
    size = len(order) / min(_GROUPS, -(-len(order) // _GROUP))
    shared = [0, *(_shared(siblings[low].name, siblings[high].name) for low, high in itertools.pairwise(order))]
    cuts = [0]
    while len(order) - cuts[-1] > _LONGEST * size:
        middle = cuts[-1] + size
        low, high = cuts[-1] + math.ceil(_SHORTEST * size), cuts[-1] + math.floor(_LONGEST * size)
        high = min(high, cuts[-1] + CROWD) if size <= CROWD else high
        cuts.append(min(range(low, high + 1), key=lambda gap: (crossing[gap], shared[gap], abs(gap - middle))))
    cuts.append(len(order))
    groups = [_piece(siblings, order[low:high]) for low, high in itertools.pairwise(cuts)]
    labels = Counter(group.label for group in groups)
    return [group if labels[group.label] == 1 else _piece(siblings, group.members, whole=True) for group in groups]


def _shared(one: str, other: str) -> int:
    """Return how many words two names begin with together: 2 of "conv2_block1_add" and "conv2_block1_out"."""
    pairs = zip(_WORDS.split(one)[:-1], _WORDS.split(other)[:-1], strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def _halves(siblings: Sequence[Sibling]) -> list[Group]:
    """Return siblings cut into even runs as they stand."""
    count = min(_GROUPS, -(-len(siblings) // _GROUP))
    cuts = [round(number * len(siblings) / count) for number in range(count + 1)]
    return [_piece(siblings, range(low, high)) for low, high in itertools.pairwise(cuts)]


def _piece(siblings: Sequence[Sibling], places: Sequence[int], *, whole: bool = False) -> Group:
    """Return siblings as a group, called by the words that all names begin with, else, or if `whole`, by first and last."""
    first, last = siblings[places[0]].name, siblings[places[-1]].name
    count = min((_shared(first, siblings[place].name) for place in places), default=0)
    head = "".join(_SPLIT.split(first)[: 2 * count - 1]) if count else ""
    return Group(head if head and not whole else f"{first} … {last}", tuple(places), False)


def ordered(places: Sequence[int], after: Mapping[int, set[int]]) -> list[int]:
    """Return places so that each comes before those it feeds, else as they stand; of a circle, the first goes first."""
    waits = dict.fromkeys(places, 0)
    for place in places:
        for other in after.get(place, ()):
            if other in waits and other != place:
                waits[other] += 1
    ready = [place for place in places if waits[place] == 0]
    heapq.heapify(ready)
    left = iter(sorted(places))
    done: list[int] = []
    gone: set[int] = set()
    while len(done) < len(waits):
        place = heapq.heappop(ready) if ready else next(place for place in left if place not in gone)
        if place in gone:
            continue
        gone.add(place)
        done.append(place)
        for other in after.get(place, ()):
            if other in waits and other not in gone:
                waits[other] -= 1
                if waits[other] == 0:
                    heapq.heappush(ready, other)
    return done
