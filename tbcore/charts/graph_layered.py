"""Layout in ranks without Graphviz, on SciPy's solver of linear programs: the same steps, and it always ends.

Cycles are broken, ranks make lines short, sweeps make them cross little, and places make them straight.
Source: Gansner, Koutsofios, North, Vo: A technique for drawing directed graphs, IEEE TSE 19(3), 1993.
"""

import itertools
from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tbcore.charts.graph_places import BOTTOM, GAP, RANK_GAP, TOP, Link, Placed, Task, curve, entering, leaving

SOLVED_UP_TO = 3_000  # lines, with the pieces of long ones, whose places are solved for exactly
SWEEPS = 12
_WORK = 40_000  # lines that all sweeps together look at, about
_SWAPPED_UP_TO = 1_500  # lines, with the pieces of long ones, whose boxes are swapped one by one
_LINE_GAP = 10.0  # between a line that passes a rank and what is beside it
_SIMPLER_SWEEPS = 30


@dataclass
class _Ranked:
    """A task in ranks: its boxes, then a point for each rank that a line passes.

    chains: the boxes and points of each line from above to below, None of a line that is not drawn so; turned: whether
    a line goes upwards; pieces: (above, below, place above, place below, weight), places from the middle; turns: the
    points beside a box where a line that goes upwards turns around to its place on the other side of the box.
    """

    widths: list[float]
    heights: list[float]
    ranks: list[int]
    chains: list[list[int] | None]
    turned: list[bool]
    pieces: list[tuple[int, int, float, float, int]]
    order: list[list[int]]
    turns: dict[int, int] = field(default_factory=dict)


def span(task: Task) -> int:
    """Return over how many ranks all lines of a task go together, about: what a layout has to do."""
    links = [
        (link.target, link.source, 1) if back else (link.source, link.target, link.length)
        for link, back in zip(task.links, _turned(task), strict=True)
        if link.source != link.target
    ]
    ranks = _longest(len(task.sizes), links)
    return sum(ranks[below] - ranks[above] for above, below, _length in links)


def layout(task: Task) -> Placed:
    """Return where everything of a task is that hangs together."""
    ranked = _ranked(task)
    _untangle(ranked)
    middles = _middles(ranked)
    return _placed(task, ranked, middles)


# Ranks ---------------------------------------------------------------------------------------------------------------


def _ranked(task: Task) -> _Ranked:
    count = len(task.sizes)
    turned = _turned(task)
    ends = [
        (link.target, link.source) if back else (link.source, link.target)
        for link, back in zip(task.links, turned, strict=True)
    ]
    ranks = _ranks(task, ends)
    ranked = _Ranked(
        [width for width, _height in task.sizes], [height for _width, height in task.sizes], ranks, [], turned, [], []
    )
    for link, (above, below), back in zip(task.links, ends, turned, strict=True):
        if above == below:
            ranked.chains.append(None)
            continue
        first = _point(ranked, ranks[above], above) if back and link.into is not None else above
        passed = [_point(ranked, rank) for rank in range(ranks[above] + 1, ranks[below])]
        last = _point(ranked, ranks[below], below) if back and link.out is not None else below
        chain = [first, *passed, last]
        ranked.chains.append(chain)
        for high, low in itertools.pairwise(chain):
            # A bend is worst in the middle of a long line.
            factor = 1 + (high >= count) * 2 + (low >= count) * 2
            begin = _off_middle(task, link, high, back=back) if high < count else 0.0
            end = _off_middle(task, link, low, back=back) if low < count else 0.0
            ranked.pieces.append((high, low, begin, end, factor * max(1, link.weight)))
    ranked.order = [[] for _rank in range(max(ranked.ranks, default=0) + 1)]
    for one in _first_order(ranked, count):
        ranked.order[ranked.ranks[one]].append(one)
    return ranked


def _point(ranked: _Ranked, rank: int, turns: int | None = None) -> int:
    """Return a new point in a rank. turns: the box around which a line turns there."""
    point = len(ranked.ranks)
    ranked.ranks.append(rank)
    ranked.widths.append(0.0)
    ranked.heights.append(0.0)
    if turns is not None:
        ranked.turns[point] = turns
    return point


def _off_middle(task: Task, link: Link, box: int, *, back: bool) -> float:
    if back:
        return 0.0
    place = link.out if box == link.source else link.into
    return 0.0 if place is None else place - task.sizes[box][0] / 2


def _turned(task: Task) -> list[bool]:
    """Return which lines go upwards: as few as are needed so that the others make no cycle, about."""
    after: list[list[tuple[int, int]]] = [[] for _size in task.sizes]
    entered = [0] * len(task.sizes)
    for at, link in enumerate(task.links):
        after[link.source].append((link.target, at))
        entered[link.target] += link.source != link.target
    turned = [False] * len(task.links)
    state = [0] * len(task.sizes)
    for first in sorted(range(len(task.sizes)), key=lambda box: (task.roles[box], entered[box] > 0, box)):
        if state[first]:
            continue
        state[first] = 1
        path = [(first, iter(after[first]))]
        while path:
            box, rest = path[-1]
            for target, at in rest:
                if state[target] == 0:
                    state[target] = 1
                    path.append((target, iter(after[target])))
                    break
                turned[at] = state[target] == 1
            else:
                state[box] = 2
                path.pop()
    return turned


def _ranks(task: Task, ends: Sequence[tuple[int, int]]) -> list[int]:
    """Return the rank of each box: lines as short as can be, ports first and last."""
    count = len(task.sizes)
    links = [(above, below, link) for (above, below), link in zip(ends, task.links, strict=True) if above != below]
    ranks = _longest(count, [(above, below, link.length) for above, below, link in links])
    if 0 < len(links) <= SOLVED_UP_TO:
        from scipy.optimize import linprog
        from scipy.sparse import coo_array

        pull = np.zeros(count)
        for above, below, link in links:
            weight = max(1, link.weight) if not (task.roles[above] or task.roles[below]) else 0.1
            pull[above] -= weight
            pull[below] += weight
        rows = np.repeat(np.arange(len(links)), 2)
        columns = np.array([box for above, below, _link in links for box in (above, below)])
        values = np.tile([1.0, -1.0], len(links))
        lengths = np.array([-float(link.length) for _above, _below, link in links])
        matrix = coo_array((values, (rows, columns)), shape=(len(links), count)).tocsr()
        found = linprog(pull, A_ub=matrix, b_ub=lengths, bounds=(0, count * 4), method="highs-ds")
        if found.status == 0:
            ranks = [round(rank) for rank in found.x.tolist()]
    inner = [rank for rank, role in zip(ranks, task.roles, strict=True) if not role]
    low, high = min(inner, default=0), max(inner, default=0)
    ranks = [low - 1 if role == TOP else high + 1 if role == BOTTOM else rank for rank, role in zip(ranks, task.roles, strict=True)]  # fmt: skip
    used = {rank: at for at, rank in enumerate(sorted(set(ranks)))}
    return [used[rank] for rank in ranks]


def _longest(count: int, links: Sequence[tuple[int, int, int]]) -> list[int]:
    """Return for each box how long the longest way to it is."""
    after: list[list[tuple[int, int]]] = [[] for _box in range(count)]
    entered = [0] * count
    for above, below, length in links:
        after[above].append((below, length))
        entered[below] += 1
    ranks = [0] * count
    ready = [box for box in range(count) if not entered[box]]
    while ready:
        box = ready.pop()
        for below, length in after[box]:
            ranks[below] = max(ranks[below], ranks[box] + length)
            entered[below] -= 1
            if not entered[below]:
                ready.append(below)
    return ranks


# Order ---------------------------------------------------------------------------------------------------------------


def _first_order(ranked: _Ranked, count: int) -> list[int]:
    """Return everything in the order in which a walk along the lines from the first box meets it."""
    beside: list[list[int]] = [[] for _one in ranked.ranks]
    for high, low, *_rest in ranked.pieces:
        beside[high].append(low)
        beside[low].append(high)
    seen = [False] * len(ranked.ranks)
    found = []
    for first in sorted(range(len(ranked.ranks)), key=lambda one: (one >= count, ranked.ranks[one], one)):
        if seen[first]:
            continue
        seen[first] = True
        waiting = [first]
        for one in waiting:
            for other in beside[one]:
                if not seen[other]:
                    seen[other] = True
                    waiting.append(other)
        found += waiting
    return found


def _untangle(ranked: _Ranked) -> None:
    """Put each rank into an order in which few lines cross."""
    above: list[list[tuple[int, float]]] = [[] for _one in ranked.ranks]
    below: list[list[tuple[int, float]]] = [[] for _one in ranked.ranks]
    for high, low, begin, end, _weight in ranked.pieces:
        # Where a line meets a wide box tells it from the box's other lines.
        above[low].append((high, begin / max(1.0, ranked.widths[high])))
        below[high].append((low, end / max(1.0, ranked.widths[low])))
    places = [0.0] * len(ranked.ranks)
    for rank in ranked.order:
        for at, one in enumerate(rank):
            places[one] = at
    first = [list(rank) for rank in ranked.order]
    best, fewest = first, _crossings(ranked, places)
    sweeps = min(SWEEPS, 2 + _WORK // max(1, len(ranked.pieces)))
    # Beginning from above and from below ends in different orders; the better one is taken.
    for begin_down in (True, False):
        ranked.order = [list(rank) for rank in first]
        for rank in ranked.order:
            for at, one in enumerate(rank):
                places[one] = at
        for sweep in range(sweeps if fewest else 0):
            down = (sweep % 2 == 0) == begin_down
            _sweep(ranked, above if down else below, places, down=down)
            if len(ranked.pieces) <= _SWAPPED_UP_TO:
                _swap(ranked, above, below, places)
            crossings = _crossings(ranked, places)
            if crossings < fewest:
                best, fewest = [list(rank) for rank in ranked.order], crossings
            if not fewest:
                break
    ranked.order = best
    for point, box in ranked.turns.items():
        rank = ranked.order[ranked.ranks[point]]
        rank.remove(point)
        rank.insert(rank.index(box) + 1, point)


def _sweep(ranked: _Ranked, beside: Sequence[Sequence[tuple[int, float]]], places: list[float], *, down: bool) -> None:
    """Order each rank by where the lines from the rank before come from."""
    for rank in ranked.order if down else reversed(ranked.order):
        keys = {one: _barycentre(beside[one], places, places[one]) for one in rank}
        rank.sort(key=keys.__getitem__)
        for at, one in enumerate(rank):
            places[one] = at


def _barycentre(beside: Sequence[tuple[int, float]], places: Sequence[float], own: float) -> float:
    return sum(places[other] + place for other, place in beside) / len(beside) if beside else own


def _swap(
    ranked: _Ranked,
    above: Sequence[Sequence[tuple[int, float]]],
    below: Sequence[Sequence[tuple[int, float]]],
    places: list[float],
) -> None:
    """Swap neighbours wherever that saves a crossing."""
    for rank in ranked.order:
        for at in range(len(rank) - 1):
            first, second = rank[at], rank[at + 1]
            gain = 0
            for beside in (above, below):
                ones = sorted(places[other] + place for other, place in beside[first])
                others = sorted(places[other] + place for other, place in beside[second])
                gain += _inversions(ones, others) - _inversions(others, ones)
            if gain > 0:
                rank[at], rank[at + 1] = second, first
                places[first], places[second] = places[second], places[first]


def _inversions(firsts: Sequence[float], seconds: Sequence[float]) -> int:
    """Return how many of `firsts` lie right of how many of `seconds`, both sorted."""
    return sum(bisect_left(seconds, place) for place in firsts)


def _crossings(ranked: _Ranked, places: Sequence[float]) -> int:
    ends: list[list[tuple[float, float]]] = [[] for _rank in ranked.order]
    for high, low, begin, end, _weight in ranked.pieces:
        ends[ranked.ranks[high]].append(
            (places[high] + begin / max(1.0, ranked.widths[high]), places[low] + end / max(1.0, ranked.widths[low]))
        )
    total = 0
    for lines in ends:
        passed: list[float] = []
        group: list[float] = []
        before = None
        for begin, end in sorted(lines):
            if begin != before:
                for one in group:
                    insort(passed, one)
                group, before = [], begin
            total += len(passed) - bisect_left(passed, end + 1e-9)
            group.append(end)
    return total


# Places --------------------------------------------------------------------------------------------------------------


def _apart(ranked: _Ranked, first: int, second: int) -> float:
    gap = GAP if ranked.widths[first] and ranked.widths[second] else _LINE_GAP
    return ranked.widths[first] / 2 + ranked.widths[second] / 2 + gap


def _middles(ranked: _Ranked) -> list[float]:
    """Return the x of the middle of everything, so that lines go straight down as far as possible."""
    middles = [0.0] * len(ranked.ranks)
    for rank in ranked.order:
        for first, second in itertools.pairwise(rank):
            middles[second] = middles[first] + _apart(ranked, first, second)
    if not ranked.pieces:
        return middles
    if len(ranked.pieces) <= SOLVED_UP_TO:
        middles = _solved(ranked) or middles
        _balance(ranked, middles, sweeps=4)
    else:
        _balance(ranked, middles, sweeps=max(2, min(_SIMPLER_SWEEPS, _WORK * 5 // len(ranked.pieces))))
    return middles


def _solved(ranked: _Ranked) -> list[float] | None:
    """Return the middles with the least weighted sum of how far lines go sideways."""
    from scipy.optimize import linprog
    from scipy.sparse import coo_array

    count, pieces = len(ranked.ranks), ranked.pieces
    pairs = [pair for rank in ranked.order for pair in itertools.pairwise(rank)]
    highs, lows = (np.array([piece[end] for piece in pieces]) for end in (0, 1))
    shift = np.array([begin - end for _high, _low, begin, end, _weight in pieces])
    weights = np.array([float(weight) for *_rest, weight in pieces])
    lines = np.arange(len(pieces))
    own = count + lines
    ones = np.ones(len(pieces))
    # x_high + begin - x_low - end <= length, and the other way round; x_first + apart <= x_second.
    rows = [lines, lines, lines, lines + len(pieces), lines + len(pieces), lines + len(pieces)]
    columns = [highs, lows, own, lows, highs, own]
    values = [ones, -ones, -ones, ones, -ones, -ones]
    limits = [-shift, shift]
    if pairs:
        first, second = np.array(pairs).T
        apart = 2 * len(pieces) + np.arange(len(pairs))
        rows += [apart, apart]
        columns += [first, second]
        values += [np.ones(len(pairs)), -np.ones(len(pairs))]
        limits.append(np.array([-_apart(ranked, one, other) for one, other in pairs]))
    matrix = coo_array(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))),
        shape=(2 * len(pieces) + len(pairs), count + len(pieces)),
    ).tocsr()
    found = linprog(
        np.concatenate([np.zeros(count), weights]),
        A_ub=matrix,
        b_ub=np.concatenate(limits),
        bounds=(0, None),
        method="highs-ds",
        options={"time_limit": 2.0},
    )
    return None if found.x is None else [float(x) for x in found.x[:count]]


def _balance(ranked: _Ranked, middles: list[float], sweeps: int) -> None:
    """Move everything between its neighbours to the middle of where its lines are shortest."""
    beside: list[list[tuple[int, float, int]]] = [[] for _one in ranked.ranks]
    for high, low, begin, end, weight in ranked.pieces:
        beside[high].append((low, end - begin, weight))
        beside[low].append((high, begin - end, weight))
    for sweep in range(sweeps):
        for rank in ranked.order if sweep % 2 == 0 else reversed(ranked.order):
            for at in range(len(rank)) if sweep % 4 < 2 else reversed(range(len(rank))):
                one = rank[at]
                if not beside[one]:
                    continue
                wanted = _median([(middles[other] + shift, weight) for other, shift, weight in beside[one]])
                if at > 0:
                    wanted = max(wanted, middles[rank[at - 1]] + _apart(ranked, rank[at - 1], one))
                if at + 1 < len(rank):
                    wanted = min(wanted, middles[rank[at + 1]] - _apart(ranked, one, rank[at + 1]))
                middles[one] = wanted


def _median(places: list[tuple[float, int]]) -> float:
    """Return the middle of where the weighted sum of distances to the places is least."""
    places.sort()
    half = sum(weight for _place, weight in places) / 2
    passed = 0
    for at, (place, weight) in enumerate(places):
        passed += weight
        if passed > half:
            return place
        if passed == half:
            return (place + places[at + 1][0]) / 2
    return places[-1][0]


def _placed(task: Task, ranked: _Ranked, middles: list[float]) -> Placed:
    tops, bottoms, y = [], [], 0.0
    for rank in ranked.order:
        height = max((ranked.heights[one] for one in rank), default=0.0)
        tops.append(y)
        bottoms.append(y + height)
        y += height + RANK_GAP
    left = min((middles[one] - ranked.widths[one] / 2 for one in range(len(middles))), default=0.0)
    right = max((middles[one] + ranked.widths[one] / 2 for one in range(len(middles))), default=0.0)
    places = []
    for box, (width, height) in enumerate(task.sizes):
        row = ranked.ranks[box]
        places.append((middles[box] - left - width / 2, (tops[row] + bottoms[row] - height) / 2))
    routes: list[tuple[float, ...]] = []
    for link, chain, back in zip(task.links, ranked.chains, ranked.turned, strict=True):
        if chain is None:
            routes.append(_loop(places[link.source], task.sizes[link.source]))
            continue
        if back:
            routes.append(
                _upwards(task, link, chain, ranked, places, [middle - left for middle in middles], tops, bottoms)
            )
            continue
        begin, end = leaving(task, link, places), entering(task, link, places)
        stops = [begin]
        if bottoms[ranked.ranks[chain[0]]] - begin[1] > 1:
            stops.append((begin[0], bottoms[ranked.ranks[chain[0]]]))
        for one in chain[1:-1]:
            x, row = middles[one] - left, ranked.ranks[one]
            stops += [(x, tops[row]), (x, bottoms[row])]
        if end[1] - tops[ranked.ranks[chain[-1]]] > 1:
            stops.append((end[0], tops[ranked.ranks[chain[-1]]]))
        stops.append(end)
        routes.append(curve(stops))
    height = bottoms[-1] if bottoms else 0.0
    return Placed(right - left, height, tuple(places), tuple(routes))


def _upwards(
    task: Task,
    link: Link,
    chain: Sequence[int],
    ranked: _Ranked,
    places: Sequence[tuple[float, float]],
    middles: Sequence[float],
    tops: Sequence[float],
    bottoms: Sequence[float],
) -> tuple[float, ...]:
    """Return a line that goes up: from the upper edge of its box to the lower one of the other, or around both."""
    stops = []
    for one in chain:
        x, rank = middles[one], ranked.ranks[one]
        if one >= len(task.sizes):
            stops += [(x, tops[rank]), (x, bottoms[rank])]
            continue
        y, height = places[one][1], task.sizes[one][1]
        edges = [(x, y + height), (x, bottoms[rank])] if one == link.target else [(x, tops[rank]), (x, y)]
        stops += edges if abs(edges[0][1] - edges[1][1]) > 1 else edges[:1] if one == link.target else edges[1:]
    points = list(curve(stops[::-1]))
    for box, at_end in ((link.source, False), (link.target, True)):
        if chain[0 if at_end else -1] == box:
            continue
        x0, y0 = entering(task, link, places) if at_end else leaving(task, link, places)
        x1, y1 = (points[-2], points[-1]) if at_end else (points[0], points[1])
        reach = min(y0, y1) - RANK_GAP / 2 if at_end else max(y0, y1) + RANK_GAP / 2
        points = [*points, x1, reach, x0, reach, x0, y0] if at_end else [x0, y0, x0, reach, x1, reach, *points]
    return tuple(points)


def _loop(place: tuple[float, float], size: tuple[float, float]) -> tuple[float, ...]:
    """Return a curve from the bottom of a box around its right side to its top."""
    (x, y), (width, height) = place, size
    middle, right, reach = x + width / 2, x + width + 12, RANK_GAP / 3
    return (
        middle, y + height, middle, y + height + reach, right, y + height + reach, right, y + height / 2,
        right, y - reach, middle, y - reach, middle, y,
    )  # fmt: skip
