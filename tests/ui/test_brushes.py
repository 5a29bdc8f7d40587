"""What a browser or an address says is brushed is taken as far as it can be read."""

import pytest

from tbcore.ui.brushes import clause_of, clauses_of
from tbcore.ui.components.parallel import order_of, scales_of


def test_ranges_values_and_lanes_are_taken() -> None:
    assert clause_of({"ranges": [[1, None], [None, 2.5]], "lanes": ["NaN"]}) == {
        "ranges": [[1.0, None], [None, 2.5]],
        "lanes": ["NaN"],
    }
    assert clause_of({"values": ["adam", "<b>"], "lanes": []}) == {"values": ["adam", "<b>"], "lanes": []}


@pytest.mark.parametrize(
    "raw",
    [None, 3, "text", [], {}, {"lanes": ["NaN"]}],
)
def test_what_is_no_clause_is_none(raw: object) -> None:
    assert clause_of(raw) is None


@pytest.mark.parametrize(
    "one",
    [[1], [1, 2, 3], ["1", 2], [True, 2], [float("nan"), 1], [10**400, None], "12", None],
)
def test_a_range_that_cannot_be_read_is_left_out(one: object) -> None:
    assert clause_of({"ranges": [one, [0, 1]]}) == {"ranges": [[0.0, 1.0]], "lanes": []}


def test_lanes_and_values_that_are_none_are_left_out() -> None:
    assert clause_of({"values": ["a", 3, None], "lanes": ["NaN", "elsewhere", 7]}) == {
        "values": ["a"],
        "lanes": ["NaN"],
    }


def test_clauses_that_cannot_be_read_leave_the_others() -> None:
    assert clauses_of({"hp:a": {"ranges": [[0, 1]]}, "hp:b": 5}) == {"hp:a": {"ranges": [[0.0, 1.0]], "lanes": []}}


def test_an_order_is_a_list_of_keys_and_scales_are_known_ones() -> None:
    assert order_of(["a", "b", "a"]) == ["a", "b"]
    assert order_of(["a", 3]) is None
    assert order_of({"a": 1}) is None
    assert scales_of({"a": "log", "b": "cubic", "c": 1}) == {"a": "log"}
    assert scales_of("log") == {}
