"""What a browser says of a trace: read with care, since anyone can send anything."""

import math
from typing import Any

import pytest

from tbcore.ui.components.perfetto import USUAL, address
from tbcore.ui.components.trace import LANES, LETTERS, PIXELS, Need, Said, said_of

GOOD: dict[str, Any] = {
    "key": "k",
    "turn": 3,
    "seen": [0, 100],
    "need": {"start": 0, "end": 300, "pixels": 900, "lanes": [[0, 2], [5, 1]], "curves": [1], "groups": [2]},
    "base": True,
    "search": "conv",
    "picked": {"row": 7},
    "range": [10, 20],
    "go": {"way": "next", "row": 7},
}


def test_what_a_browser_says_is_read() -> None:
    need = Need(0, 300, 900, ((0, 2), (5, 1)), (1,), (2,))
    assert said_of(GOOD) == Said("k", 3, (0, 100), need, True, "conv", 7, None, (10, 20), ("next", 7))
    assert said_of({**GOOD, "picked": {"track": 4, "start": 1, "end": 9}}).run == (4, 1, 9)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [],
        "said",
        {},
        {**GOOD, "key": 1},
        {**GOOD, "turn": "3"},
        {**GOOD, "seen": [5, 5]},
        {**GOOD, "seen": [0, math.inf]},
    ],
)
def test_what_cannot_be_read_is_nothing(raw: object) -> None:
    assert said_of(raw) is None


@pytest.mark.parametrize(
    ("part", "value", "name", "found"),
    [
        ("need", {"start": 0, "end": 0, "pixels": 9}, "need", None),
        ("need", {"start": 0, "end": 1e300, "pixels": 9}, "need", None),
        ("need", "all", "need", None),
        ("picked", {"row": True}, "row", -1),
        ("picked", {"row": "7"}, "row", -1),
        ("picked", {"track": 1, "start": None, "end": 2}, "run", None),
        ("range", [9, 1], "stretch", None),
        ("range", [math.nan, 1], "stretch", None),
        ("go", {"way": "away", "row": 1}, "go", None),
        ("go", {"way": "next", "row": 2**60}, "go", None),
        ("search", ["a"], "search", ""),
        ("base", 1, "base", False),
    ],
)
def test_a_part_that_does_not_fit_is_left_out(part: str, value: object, name: str, found: object) -> None:
    said = said_of({**GOOD, part: value})
    assert said is not None
    assert getattr(said, name) == found


def test_what_is_too_much_is_cut() -> None:
    need = {"start": 0, "end": 9, "pixels": 10**9, "lanes": [[1, 1]] * 10**5, "curves": ["a", 2], "groups": None}
    said = said_of({**GOOD, "need": need, "search": "x" * 10**5, "key": "k" * 10**5})
    assert said is not None
    assert said.need is not None
    assert (said.need.pixels, len(said.need.lanes), said.need.curves, said.need.groups) == (PIXELS[1], LANES, (2,), ())
    assert (len(said.search), len(said.key)) == (LETTERS, 200)


def test_perfetto_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TBCORE_PERFETTO_URL", "https://perfetto.example/")
    assert address() == "https://perfetto.example"
    monkeypatch.setenv("TBCORE_PERFETTO_URL", "javascript:alert(1)")
    assert address() == USUAL
