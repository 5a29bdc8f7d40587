"""What the visitor chose in a table: read from the browser and from the address, and put back into both."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tbcore.ui.sheet import SheetState, Sieve, decode, encode, sieve_of, spelled, state_of

CHOSEN = SheetState(
    columns=("hp:lr", "m:last:eval/loss"),
    sort=(("m:last:eval/loss", True), ("hp:lr", False)),
    filters=(
        Sieve("hp:lr", low=1e-4, high=0.1),
        Sieve("hp:optimizer", values=("adam", "a&b=c|#"), missing="with"),
        Sieve("about:run", pattern="^sweep/"),
        Sieve("hp:seed", missing="without"),
        Sieve("hp:bs", missing="only"),
        Sieve("m:last:eval/loss", nan="without"),
    ),
    chosen=("sweep/0", "ärger", "a,b"),
    better={"m:last:fps": "high", "m:last:gap": "low", "m:last:eval/loss": ""},
    pinned=("hp:lr",),
    curves=("m:last:eval/loss",),
)
JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
FIELDS = ("columns", "sort", "filters", "chosen", "better", "pinned", "curves", "folded", "widths", "asking")


def test_a_state_survives_the_address() -> None:
    assert decode(encode(CHOSEN)) == CHOSEN


def test_a_state_survives_the_browser() -> None:
    state = SheetState(columns=(), folded=("a/",), widths={"hp:lr": 120}, asking="hp:lr", curves=())
    assert state_of(json.loads(json.dumps(spelled(state)))) == state
    assert state_of(json.loads(json.dumps(spelled(CHOSEN)))) == CHOSEN


def test_an_untouched_table_leaves_the_address_alone() -> None:
    assert not any(encode(SheetState()).values())
    assert decode({}) == SheetState()


def test_no_column_at_all_is_a_choice() -> None:
    assert encode(SheetState(columns=()))["col"] == [""]
    assert decode({"col": [""]}) == SheetState(columns=())


def test_the_address_is_words_that_can_be_read() -> None:
    assert encode(CHOSEN) == {
        "col": ["hp:lr", "m:last:eval/loss"],
        "sort": ["-m:last:eval/loss", "hp:lr"],
        "where": [
            '{"key":"hp:lr","low":0.0001,"high":0.1}',
            '{"key":"hp:optimizer","values":["adam","a&b=c|#"],"missing":"with"}',
            '{"key":"about:run","pattern":"^sweep/"}',
            '{"key":"hp:seed","missing":"without"}',
            '{"key":"hp:bs","missing":"only"}',
            '{"key":"m:last:eval/loss","nan":"without"}',
        ],
        "row": ["sweep/0", "ärger", "a,b"],
        "good": ["high:m:last:fps", "low:m:last:gap", "none:m:last:eval/loss"],
        "pin": ["hp:lr"],
        "spark": ["m:last:eval/loss"],
    }


def test_what_would_make_the_address_too_long_is_left_out_of_it() -> None:
    many = SheetState(chosen=tuple(f"run {number}" for number in range(1000)), sort=(("name", False),))
    assert encode(many)["row"] == []
    assert encode(many)["sort"] == ["name"]


@pytest.mark.parametrize(
    "where",
    ["", "{", "[]", "1", "null", '{"key":1}', '{"key":""}', '{"low":1}', "[" * 5000, '{"key":"a","missing":"with"}'],
)
def test_a_filter_of_the_address_that_cannot_be_read_is_left_out(where: str) -> None:
    assert decode({"where": [where, '{"key":"a","low":1}']}).filters == (Sieve("a", low=1.0),)


def test_a_pattern_that_is_no_regex_is_left_out() -> None:
    assert sieve_of({"key": "a", "pattern": "(", "low": 1}) == Sieve("a", low=1.0)


def test_ends_that_are_no_numbers_are_left_out() -> None:
    assert sieve_of({"key": "a", "low": math.nan, "high": True, "values": ["x", 1]}) == Sieve("a", values=("x",))


def test_a_filter_that_lets_every_row_pass_is_none() -> None:
    assert sieve_of({"key": "a", "missing": "with"}) is None


def test_of_two_filters_of_one_column_the_later_counts() -> None:
    raw = [{"key": "a", "low": 1}, {"key": "b", "low": 1}, {"key": "a", "low": 2}]
    assert state_of({"filters": raw}).filters == (Sieve("a", low=2.0), Sieve("b", low=1.0))


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, JSON)))
def test_whatever_a_browser_sends_is_read_as_a_state(raw: dict[str, Any]) -> None:
    state = state_of(raw)
    assert state_of(spelled(state)) == state


@given(
    st.dictionaries(
        st.sampled_from(("col", "sort", "where", "row", "good", "pin", "spark")),
        st.lists(st.text(max_size=20), max_size=4),
    )
)
def test_whatever_an_address_says_is_read_as_a_state(parameters: dict[str, list[str]]) -> None:
    state = decode(parameters)
    assert decode(encode(state)) == state


def test_widths_stay_within_what_a_screen_shows() -> None:
    assert state_of({"widths": {"a": 1, "b": 1e9, "c": "wide"}}).widths == {"a": 36, "b": 1600}
