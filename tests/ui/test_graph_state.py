"""What a browser says of the graph is heard once, and nothing but ids and clicks."""

from tbcore.ui.components.graph import LONGEST, selected_of, toggles_of


def test_each_click_is_told_once_in_the_order_of_the_clicks() -> None:
    log = [[2, "b", False], [1, "a", True], [3, "a", False]]
    assert toggles_of(log, 0) == (3, (("a", True), ("b", False), ("a", False)))
    assert toggles_of(log, 2) == (3, (("a", False),))
    assert toggles_of(log, 3) == (3, ())


def test_what_is_no_click_is_passed_over() -> None:
    odd = [["1", "a", True], [1, 2, True], [1, "a"], "x", None, {"turn": 1}, [1, "a", "yes"], [4, "ok", True]]
    assert toggles_of(odd, 0) == (4, (("ok", True),))
    assert toggles_of(None, 7) == (7, ())
    assert toggles_of("text", 7) == (7, ())


def test_only_text_is_an_id_and_not_too_much_of_it() -> None:
    assert selected_of("net/conv") == "net/conv"
    assert selected_of("") == ""
    assert selected_of(None) is None
    assert selected_of(["a"]) is None
    assert len(selected_of("x" * 100_000) or "") == LONGEST
