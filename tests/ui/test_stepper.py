"""The position of the sliders: what a browser may send, and what the address says."""

from tbcore.ui.components.stepper import Position, _position, _read, _spelled


def test_a_position_is_read_as_the_browser_sends_it() -> None:
    sent = {"step": "500", "nth": 1, "own": {"b": ["300", 0]}, "earlier": True}
    assert _position(sent) == Position(500, 1, {"b": (300, 0)}, earlier=True)


def test_no_step_is_the_latest() -> None:
    assert _position({"step": None, "nth": 0, "own": {}, "earlier": False}) == Position()


def test_what_cannot_be_read_is_left_out() -> None:
    sent = {"step": 5.5, "nth": "x", "own": {"a": ["1", 0], "b": "no", "c": [2, 0], "d": ["x", 1]}, "earlier": "yes"}
    assert _position(sent) == Position(None, 0, {"a": (1, 0)})
    assert _position("no") is None
    assert _position(None) is None


def test_a_run_without_a_position_of_its_own_is_where_all_are() -> None:
    at = Position(500, 0, {"b": (300, 2)})
    assert at.at("a") == (500, 0)
    assert at.at("b") == (300, 2)


def test_a_moment_is_spelled_so_that_it_can_be_read() -> None:
    moments = [(0, 0), (12, 3), (-5, 0), (2**62, 1)]
    assert [_spelled(*moment) for moment in moments] == ["0", "12.3", "-5", "4611686018427387904.1"]
    assert [_read(_spelled(*moment)) for moment in moments] == moments


def test_a_moment_that_cannot_be_read_is_none() -> None:
    assert [_read(text) for text in ("", "x", "1.x", "1e5", ".")] == [None] * 5


def test_a_step_beyond_64_bits_is_bounded() -> None:
    assert _read("9" * 30) == (2**63 - 1, 0)
