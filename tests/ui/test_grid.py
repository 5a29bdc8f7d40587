"""The grid of cards: what the address says of it, and what is kept of it."""

from tbcore.ui.components.lines import Window
from tbcore.ui.grid import _window


def test_a_zoom_of_the_address_is_its_window_and_its_tag() -> None:
    assert _window("10,20.5,step,train/loss") == ("train/loss", Window(10.0, 20.5, "step"))


def test_a_tag_of_a_zoom_may_hold_commas() -> None:
    assert _window("0,1,wall,a,b") == ("a,b", Window(0.0, 1.0, "wall"))


def test_a_zoom_that_cannot_be_read_is_none() -> None:
    assert [_window(text) for text in ("", "1,2", "x,2,step,t", "3,2,step,t", "nan,2,step,t", "1,inf,step,t")] == [
        None
    ] * 6


def test_an_unknown_axis_is_steps() -> None:
    assert _window("0,1,moon,t") == ("t", Window(0.0, 1.0, "step"))
