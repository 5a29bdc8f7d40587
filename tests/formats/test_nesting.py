import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tbcore.formats.nesting import nest


def nested(*events: tuple[int, int, int]) -> tuple[list[int], list[int], list[int], int]:
    """Return what `nest` says of (start, duration, lane)."""
    columns = np.array(events, np.int64).reshape(-1, 3).T
    order, depth, parent, crossing = nest(columns[0].copy(), columns[1].copy(), columns[2].astype(np.int32))
    return order.tolist(), depth.tolist(), parent.tolist(), crossing


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([], ([], [], [], 0)),
        ([(5, 0, 0)], ([0], [0], [-1], 0)),
        ([(0, 10, 0), (2, 3, 0), (2, 1, 0), (6, 2, 0)], ([0, 1, 2, 3], [0, 1, 2, 1], [-1, 0, 1, 0], 0)),
        ([(2, 3, 0), (0, 10, 0)], ([1, 0], [0, 1], [-1, 0], 0)),
        ([(0, 4, 0), (0, 10, 0)], ([1, 0], [0, 1], [-1, 0], 0)),
        ([(0, 10, 0), (0, 10, 0)], ([0, 1], [0, 1], [-1, 0], 0)),
        ([(0, 10, 0), (2, 3, 1)], ([0, 1], [0, 0], [-1, -1], 0)),
        ([(0, 5, 0), (5, 5, 0)], ([0, 1], [0, 0], [-1, -1], 0)),
    ],
    ids=["none", "one", "within", "later in the file", "longer first", "equal", "other lane", "one after the other"],
)
def test_an_event_lies_in_the_innermost_one_of_its_lane_that_encloses_it(
    events: list[tuple[int, int, int]], said: tuple[list[int], list[int], list[int], int]
) -> None:
    assert nested(*events) == said


def test_events_that_overlap_get_rows_of_their_own_and_are_counted() -> None:
    assert nested((0, 10, 0), (5, 10, 0), (12, 2, 0), (16, 2, 0)) == ([0, 1, 2, 3], [0, 1, 2, 0], [-1, -1, 1, -1], 1)


def test_a_chain_of_overlaps_takes_two_rows() -> None:
    events = [(10 * place, 15, 0) for place in range(1_000)]
    _, depth, _, crossing = nested(*events)
    assert (max(depth), crossing) == (1, 999)


def test_a_hundred_thousand_events_that_all_overlap_are_placed_at_once() -> None:
    count = 100_000
    _, depth, _, crossing = nest(np.arange(count), np.full(count, 10**9), np.zeros(count, np.int32))
    assert crossing == count - 1
    assert int(depth.max()) <= 512


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 12), st.integers(0, 2)), max_size=40))
def test_parents_enclose_and_no_two_events_share_a_place(events: list[tuple[int, int, int]]) -> None:
    order, depth, parent, _ = nested(*events)
    assert sorted(order) == list(range(len(events)))
    sorted_events = [events[place] for place in order]
    for row, (start, duration, lane) in enumerate(sorted_events):
        above = parent[row]
        if above >= 0:
            begin, size, other = sorted_events[above]
            assert above < row
            assert (other, begin <= start, begin + size >= start + duration) == (lane, True, True)
            assert depth[row] > depth[above]
        for other_row in range(row):
            begin, size, other = sorted_events[other_row]
            if other == lane and depth[other_row] == depth[row]:
                assert begin + size <= start or size == 0 or (duration == 0 and begin + size <= start)
