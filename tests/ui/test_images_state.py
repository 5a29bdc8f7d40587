"""What a browser may say about images, and what the page makes of it: anyone can send anything."""

import pytest

from tbcore.ui.components.images import Opened, Pick, Settings, _state, opened_of, settings_of

PICK = {"run": "a", "tag": "x/y", "step": "9007199254740993", "nth": 1, "sample": 2}


def test_nothing_said_is_nothing_chosen():
    state = _state({})
    assert (state.settings, state.near, state.opened, state.chose, state.wanted) == (None, None, None, False, None)


def test_a_step_beyond_2_to_the_53_stays_exact():
    assert opened_of({"first": PICK}) == Opened(Pick("a", "x/y", 2**53 + 1, 1, 2))


def test_what_is_said_is_kept_within_bounds():
    said = {"size": 1e9, "brightness": -3, "contrast": 99, "actual": True, "every": 1}
    assert settings_of(said) == Settings(size=1024, actual=True, every=False, brightness=0.0, contrast=5.0)
    opened = opened_of({"first": PICK, "second": PICK, "mode": "xray", "gain": 3, "opacity": 7, "signed": "yes"})
    assert opened is not None
    assert (opened.mode, opened.gain, opened.opacity, opened.signed) == ("swipe", 1, 1.0, False)


def test_a_closed_view_is_told_from_one_that_was_never_opened():
    state = _state({"opened": {"first": None, "turn": 4}})
    assert (state.chose, state.opened) == (True, None)


@pytest.mark.parametrize(
    "raw",
    [
        {"settings": 7, "layout": [1], "near": "all", "opened": "x", "wanted": {"run": 1}},
        {
            "layout": {"open": [1], "page": {"a": "b"}, "sample": {"t": -4, "u": True}},
            "near": {"tags": 3, "ratio": "x"},
        },
        {"opened": {"first": {**PICK, "step": "NaN"}}, "near": {"tags": [1, None], "ratio": float("nan")}},
    ],
)
def test_what_cannot_be_read_is_left_out(raw):
    state = _state(raw)
    assert (state.settings, state.opened, state.wanted, state.ratio) == (None, None, None, 1.0)
    assert set(state.samples.values()) <= {0}


def test_a_place_is_kept_only_where_it_is_a_number():
    assert opened_of({"first": {**PICK, "place": 12}}).first.place == 12
    assert opened_of({"first": {**PICK, "place": None}}).first.place is None
    assert opened_of({"first": {**PICK, "place": True}}).first.place is None
    assert opened_of({"first": {**PICK, "step": str(10**30)}}).first.step == 2**63 - 1
