"""Intervals as sets: unions, intersections, how much of a window is covered."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tbcore.analysis import intervals
from tbcore.analysis.intervals import Intervals

Pairs = list[tuple[int, int]]
SOME = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 12)).map(lambda one: (one[0], one[0] + one[1])), max_size=12
)


def made(pairs: Pairs) -> Intervals:
    table = np.array(pairs, np.int64).reshape(-1, 2)
    return intervals.merged(table[:, 0], table[:, 1])


def pairs(found: Intervals) -> Pairs:
    return list(zip(found[0].tolist(), found[1].tolist(), strict=True))


def moments(pairs: Pairs) -> set[int]:
    return {moment for start, end in pairs for moment in range(start, end)}


def test_what_overlaps_or_touches_becomes_one() -> None:
    assert pairs(made([(5, 7), (0, 2), (2, 4), (6, 9), (20, 20)])) == [(0, 4), (5, 9)]


def test_nothing_is_an_empty_set_that_covers_nothing() -> None:
    none = made([])
    assert intervals.length(none) == 0
    assert pairs(intervals.both(none, made([(0, 3)]))) == []
    assert pairs(intervals.without(made([(0, 3)]), none)) == [(0, 3)]
    assert intervals.within(none, np.array([0]), np.array([9])).tolist() == [0]


@pytest.mark.parametrize(("start", "end", "covered"), [(0, 10, 6), (1, 5, 3), (3, 3, 0), (8, 100, 2), (-5, 0, 0)])
def test_a_window_is_covered_as_far_as_intervals_reach_into_it(start: int, end: int, covered: int) -> None:
    assert intervals.within(made([(0, 4), (8, 10)]), np.array([start]), np.array([end])).tolist() == [covered]


def test_clipping_leaves_what_lies_between_two_moments() -> None:
    assert pairs(intervals.clipped(made([(0, 4), (8, 10), (12, 20)]), 2, 13)) == [(2, 4), (8, 10), (12, 13)]


@settings(deadline=None)
@given(SOME, SOME)
def test_sets_of_intervals_are_sets_of_moments(a: Pairs, b: Pairs) -> None:
    one, other = made(a), made(b)
    assert moments(pairs(one)) == moments(a)
    assert intervals.length(one) == len(moments(a))
    assert moments(pairs(intervals.both(one, other))) == moments(a) & moments(b)
    assert moments(pairs(intervals.without(one, other))) == moments(a) - moments(b)
    for found in (one, intervals.both(one, other), intervals.without(one, other)):
        starts, ends = found
        assert (starts < ends).all()
        assert (starts[1:] > ends[:-1]).all()
