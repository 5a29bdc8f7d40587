"""The rules that say which runs are shown, and their short form in the URL."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tbcore.ui.selection import Selection, decode, encode, portable, selection_of, shown

CASES: dict[str, Any] = json.loads((Path(__file__).parents[1] / "js" / "runs_cases.json").read_text(encoding="utf-8"))
MANY = [f"run {index:03d}" for index in range(41)]


@pytest.mark.parametrize("case", CASES["shown"], ids=str)
def test_a_selection_shows_what_it_says(case: dict[str, Any]) -> None:
    assert shown(case["names"], case["selection"]) == case["shown"]


def test_up_to_500_runs_are_all_shown_at_first() -> None:
    assert shown([str(index) for index in range(500)], {"mode": "newest"}) == [True] * 500


def test_of_more_than_500_runs_the_newest_100_are_shown_at_first() -> None:
    assert shown([str(index) for index in range(501)], {"mode": "newest"}) == [False] * 401 + [True] * 100


@pytest.mark.parametrize("pattern", CASES["portable"])
def test_a_pattern_that_both_languages_read_alike_is_portable(pattern: str) -> None:
    assert portable(pattern)


@pytest.mark.parametrize("pattern", CASES["foreign"])
def test_a_pattern_that_one_language_reads_differently_is_not_portable(pattern: str) -> None:
    assert not portable(pattern)


@pytest.mark.parametrize(
    ("selection", "parameters"),
    [
        ({"mode": "newest"}, {}),
        ({"mode": "all"}, {"all": "1"}),
        ({"mode": "pattern", "pattern": "lr=.1"}, {"runs": "lr=.1"}),
        ({"mode": "only", "runs": ["a", "b/c"]}, {"only": ["a", "b/c"]}),
        ({"mode": "only", "runs": []}, {"only": [""]}),
        ({"mode": "except", "runs": ["a"]}, {"except": ["a"]}),
    ],
    ids=str,
)
def test_a_selection_survives_the_url(selection: Selection, parameters: dict[str, str | list[str]]) -> None:
    assert encode(selection) == parameters
    assert decode(parameters) == selection


def test_more_than_40_names_become_one_regex() -> None:
    parameters = encode({"mode": "only", "runs": MANY})
    assert parameters == {"runs": "^(?:" + "|".join(name.replace(" ", r"\ ") for name in MANY) + ")$"}
    assert shown([*MANY, "run 0001", "run"], decode(parameters)) == [True] * 41 + [False, False]


def test_more_than_40_hidden_names_become_one_regex() -> None:
    parameters = encode({"mode": "except", "runs": MANY})
    assert shown([*MANY, "run 0001", "run"], decode(parameters)) == [False] * 41 + [True, True]


def test_a_selection_too_long_for_a_url_is_left_out() -> None:
    assert encode({"mode": "only", "runs": ["x" * 7_000]}) == {}


def test_hiding_no_run_is_showing_all() -> None:
    assert encode({"mode": "except", "runs": []}) == {"all": "1"}


@pytest.mark.parametrize("parameters", [{"runs": "("}, {"runs": "(?i)a"}, {"runs": ""}, {"all": "0"}, {"except": [""]}])
def test_parameters_that_cannot_be_read_are_left_aside(parameters: dict[str, str | list[str]]) -> None:
    assert decode(parameters) == {"mode": "newest"}


def test_a_single_value_may_come_without_a_list() -> None:
    assert decode({"only": "a"}) == {"mode": "only", "runs": ["a"]}


@pytest.mark.parametrize(
    "value",
    [
        None,
        3,
        {},
        {"mode": "some"},
        {"mode": ["all"]},
        {"mode": "only"},
        {"mode": "only", "runs": [1]},
        {"mode": "pattern", "pattern": "("},
    ],
    ids=str,
)
def test_what_is_not_a_selection_is_refused(value: object) -> None:
    assert selection_of(value) is None


def test_what_a_selection_needs_not_is_dropped() -> None:
    assert selection_of({"mode": "all", "runs": ["a"], "more": 1}) == {"mode": "all"}
    assert selection_of({"mode": "only", "runs": ["a"], "more": 1}) == {"mode": "only", "runs": ["a"]}


@given(st.lists(st.text("abAB01 ./\\()[]{}*+?^$|-_=#&~é", min_size=1, max_size=8), unique_by=str.lower))
def test_any_names_survive_the_url(names: list[str]) -> None:
    hidden: list[bool] = [index % 2 == 0 for index in range(len(names))]
    kept = [name for name, hide in zip(names, hidden, strict=True) if not hide]
    assert shown(names, decode(encode({"mode": "only", "runs": kept}))) == [not hide for hide in hidden]
