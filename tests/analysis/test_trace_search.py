"""Events are found by their names, and gone through in order of time."""

import pytest

from tbcore.analysis import trace_search
from tbcore.errors import PatternError
from tests.traces import trace

EVENTS = [(0, 10, "aten::add", 0), (20, 5, "aten::mm", 0), (30, 7, "aten::ADD_", 0), (40, 1, "add", 1)]


def test_a_regular_expression_finds_names_of_any_case_with_their_time() -> None:
    found = trace_search.find(trace(EVENTS), "add")
    assert found.rows.tolist() == [0, 2, 3]
    assert found.total == 18
    assert found.matched.tolist() == [True, False, True, True]
    assert trace_search.find(trace(EVENTS), "^add$").rows.tolist() == [3]


def test_only_those_that_last_long_enough_are_found() -> None:
    assert trace_search.find(trace(EVENTS), "a", lasting=7).rows.tolist() == [0, 2]


def test_the_next_one_follows_in_time_and_after_the_last_comes_the_first() -> None:
    of = trace(EVENTS)
    found = trace_search.find(of, "add")
    assert [found.after(row) for row in (-1, 0, 1, 2, 3)] == [0, 2, 2, 3, 0]
    assert [found.after(row, forward=False) for row in (-1, 0, 1, 2, 3)] == [3, 3, 0, 0, 2]
    assert [found.place(row) for row in (0, 1, 2, 3)] == [0, -1, 1, 2]
    assert [found.nearest(of, moment) for moment in (0, 1, 30, 99)] == [0, 2, 2, 0]


def test_nothing_found_leads_nowhere() -> None:
    of = trace(EVENTS)
    found = trace_search.find(of, "conv")
    assert (len(found), found.total, found.after(0), found.nearest(of, 0), found.place(0)) == (0, 0, -1, -1, -1)


def test_what_is_no_regular_expression_is_said() -> None:
    with pytest.raises(PatternError, match="not a regular expression"):
        trace_search.find(trace(EVENTS), "(")
