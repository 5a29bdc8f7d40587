"""The grid of cards: what the address says of it, and what is kept of it."""

from tbcore.ui.components.lines import Range, Settings, Window
from tbcore.ui.defaults import cookie
from tbcore.ui.grid import USUAL, Arranged, _range, _window, arrange, settings_said, settings_words


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


def test_settings_come_back_from_the_words_of_the_address() -> None:
    settings = Settings(
        smoothing=21, method="median", log_x=True, linked=False, rows=7, order="ascending", axis_tag="a"
    )
    words = {name: text for name, text in settings_words(settings, USUAL).items() if isinstance(text, str)}
    assert words == {
        "smoothing": "21", "method": "median", "logx": "1", "linked": "0", "tiprows": "7", "tooltip": "ascending", "x": "a",
    }  # fmt: skip
    assert settings_said(words, USUAL) == settings


def test_usual_settings_are_said_where_the_visitor_keeps_others() -> None:
    personal = Settings(smoothing=0.9, log_x=True)
    said = {name: text for name, text in settings_words(USUAL, USUAL, personal=personal).items() if text}
    assert said == {"smoothing": "0.6", "logx": "0"}
    assert not any(settings_words(USUAL, USUAL, personal=USUAL).values())
    assert settings_words(personal, USUAL, personal=personal) == settings_words(personal, USUAL)


def test_settings_that_cannot_be_read_are_as_usual() -> None:
    wrong = {"smoothing": "x", "method": "no", "logx": "maybe", "tiprows": "nan", "width": "-4", "tooltip": "up"}
    assert settings_said(wrong, USUAL) == USUAL


def test_pinned_cards_stand_first_and_nowhere_else() -> None:
    groups = {"a": ["a/1", "a/2", "a/3"], "b": ["b/1"]}
    found = arrange(groups, Arranged(pinned=("b/1", "gone", "a/2"), order={"a": ("a/3",)}))
    assert list(found.items()) == [("Pinned", ["b/1", "a/2"]), ("a", ["a/3", "a/1"])]


def test_a_group_of_the_logs_may_be_called_pinned() -> None:
    found = arrange({"Pinned": ["Pinned/1"], "b": ["b/1"]}, Arranged(pinned=("b/1",)))
    assert list(found.items()) == [("Pinned cards", ["b/1"]), ("Pinned", ["Pinned/1"])]


def test_a_range_of_the_address_may_leave_an_end_open_and_a_tag_may_hold_commas() -> None:
    assert _range("0,5,,,a,b") == ("a,b", Range((0.0, 5.0), None))
    assert [_range(text) for text in ("", ",,,,t", "5,0,x,1,t")] == [None] * 3


def test_defaults_are_a_cookie_that_says_what_differs() -> None:
    kept = cookie(Settings(smoothing=0.9))
    assert kept == "runlens_curves=%7B%22smoothing%22%3A0.9%7D; path=/; max-age=31536000; SameSite=Lax"
    assert "max-age=0" in cookie(None)
