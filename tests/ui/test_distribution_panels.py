"""The Distributions page's state: pages of panels, settings of an address, and tables kept while they are used."""

import time

from tbcore.ui.components.distributions import Settings, Steps, settings_of
from tbcore.ui.distributions import Shelf, _window, paged


def test_a_page_holds_whole_tags_as_long_as_they_fit() -> None:
    assert paged({"a": 3, "b": 4, "c": 4, "d": 12}, 8) == [
        [("a", 0, 3), ("b", 0, 4)],
        [("c", 0, 4)],
        [("d", 0, 8)],
        [("d", 8, 12)],
    ]


def test_a_tag_of_300_runs_has_pages_of_its_own() -> None:
    pages = paged({"a": 300}, 12)
    assert (len(pages), pages[0], pages[-1]) == (25, [("a", 0, 12)], [("a", 288, 300)])


def test_what_a_settings_address_says_wrongly_is_as_usual() -> None:
    assert settings_of({"show": "percentiles", "bins": "31", "axis": 7, "against": "run"}) == Settings(
        show="percentiles", against="run"
    )


def test_a_zoom_of_the_address_is_its_steps_and_its_tag() -> None:
    assert _window("10,20.5,wall,a,b") == ("a,b", Steps(10.0, 20.5, "wall"))
    assert [_window(text) for text in ("", "1,2", "x,2,step,t", "3,2,step,t", "nan,2,step,t", "0,1,moon,t")] == [
        None
    ] * 6


def test_the_tables_used_last_are_kept_up_to_a_size() -> None:
    shelf = Shelf[list[str]](5)
    seen: list[tuple[str, list[str] | None]] = []

    def ask(name: str, stamp: int) -> list[str]:
        def make(known: list[str] | None) -> list[str]:
            seen.append((name, known))
            return [name] * 2

        return shelf.value(name, stamp, make, len)

    for stamp, name in enumerate(("a", "b", "a", "c", "a", "b")):
        assert ask(name, stamp) == [name] * 2
    assert seen == [("a", None), ("b", None), ("a", ["a", "a"]), ("c", None), ("a", ["a", "a"]), ("b", None)]


def test_a_table_of_nothing_new_is_not_made_again() -> None:
    shelf = Shelf[str](100)
    made = [shelf.value("a", stamp, lambda known: f"{known}, new", len) for stamp in (1, 1, 2, 2, 1)]
    assert made == ["None, new"] * 2 + ["None, new, new"] * 2 + ["None, new, new, new"]


def test_thousands_of_tables_are_found_as_quickly_as_few() -> None:
    shelf = Shelf[str](1_000)
    begin = time.perf_counter()
    for key in range(20_000):
        shelf.value(key, 0, lambda _known: "a", len)
    assert time.perf_counter() - begin < 2
