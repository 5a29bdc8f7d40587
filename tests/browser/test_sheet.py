"""The table a visitor works with: sorted, filtered, its columns chosen, its rows ticked, and all of it in the address."""

from pathlib import Path
from typing import Any

import pytest

from tbcore.formats.tfrecord import EventWriter
from tests import eventfile
from tests.browser import seen
from tests.browser.server import Serve, Site, Visit

HOSTILE = '<img src="http://elsewhere/x.png" onerror="alert(1)">'
# name: learning rate, optimizer, loss; None is never logged
RUNS: dict[str, tuple[float, str, float | None]] = {
    "a": (0.1, "sgd", 3.0),
    "b": (0.01, "adam", 1.0),
    "c": (0.001, "adam", 2.0),
    "d": (0.0001, "sgd", float("nan")),
    "e": (0.00001, HOSTILE, None),
}
LOSS = "m:last:eval/loss"
FOCUSED = """
() => {
  let found = document.activeElement;
  while (found?.shadowRoot?.activeElement) found = found.shadowRoot.activeElement;
  return found?.dataset.key;
}
"""
KEEP_COPIED = "window.addEventListener('copy', event => { window.copied = event.clipboardData.getData('text/plain'); })"


def write(folder: Path, place: int, lr: float, optimizer: str, loss: float | None) -> None:
    """Write one session of three steps."""
    start = eventfile.T0 + 100 * place
    writer = EventWriter(folder, clock=lambda: start)
    writer.hparams({"lr": lr, "optimizer": optimizer, "seed": 7.0}, start, start_time=start)
    for step in range(3):
        if loss is not None:
            writer.scalar("eval/loss", loss + 2 - step, step, start + step)
        writer.scalar("eval/accuracy", 0.1 * place, step, start + step)
    writer.session_end("success", start + 10, end_time=start + 10)
    writer.close()


@pytest.fixture(scope="module")
def site(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Five sessions; one lacks the metric, one diverged, and the optimizer of one does what it can."""
    logdir = tmp_path_factory.mktemp("sheet")
    for place, (name, (lr, optimizer, loss)) in enumerate(RUNS.items()):
        write(logdir / name, place, lr, optimizer, loss)
    return serve(logdir)


def names(page: Any) -> list[str]:
    """Return the rows listed, from top to bottom."""
    found: list[list[Any]] = page.locator(".sheet .row").evaluate_all(
        "all => all.map(row => [row.getBoundingClientRect().top, row.dataset.name])"
    )
    return [name for _top, name in sorted(found)]


def columns(page: Any) -> list[str]:
    """Return the keys of the columns, from left to right."""
    found: list[list[Any]] = page.locator(".sheet .th").evaluate_all(
        "all => all.map(cell => [cell.getBoundingClientRect().left, cell.dataset.key])"
    )
    return [key for _left, key in sorted(found)]


def cell(page: Any, name: str, key: str) -> Any:
    """Return one cell."""
    return page.locator(f'.sheet .row[data-name="{name}"] .td[data-key="{key}"]')


def title(page: Any, key: str) -> str:
    """Return what a column is called."""
    found: str = head(page, key).locator(".name").inner_text()
    return found


def head(page: Any, key: str) -> Any:
    """Return the head of a column."""
    return page.locator(f'.sheet .th[data-key="{key}"]')


def menu(page: Any, key: str, item: str) -> None:
    """Choose an entry of a column's menu."""
    head(page, key).click(button="right")
    page.locator('[role^="menuitem"]').get_by_text(item, exact=True).click()


def wide(visit: Visit, site: Site, path: str = "/hparams", **how: Any) -> Any:
    """Return a page on which every column is seen."""
    page = visit(site, path, width=2200, **how)
    page.locator(".sheet .row").first.wait_for()
    return page


def test_a_head_sorts_up_down_and_not_at_all(visit: Visit, site: Site) -> None:
    page = wide(visit, site)
    assert names(page) == list("abcde")
    head(page, LOSS).click()
    seen.until(page, lambda: names(page) == list("bcade"))
    assert cell(page, "d", LOSS).inner_text() == "NaN"
    assert cell(page, "e", LOSS).inner_text() == "–"
    head(page, LOSS).click()
    seen.until(page, lambda: names(page) == list("acbde"))
    assert head(page, LOSS).get_attribute("aria-sort") == "descending"
    head(page, LOSS).click()
    seen.until(page, lambda: names(page) == list("abcde"))


def test_with_shift_a_second_column_orders_what_is_equal_in_the_first(visit: Visit, site: Site) -> None:
    page = wide(visit, site)
    head(page, "hp:optimizer").click()
    head(page, LOSS).click(modifiers=["Shift"])
    seen.until(page, lambda: names(page) == list("ebcad"))
    head(page, LOSS).focus()
    page.keyboard.press("Shift+Enter")
    seen.until(page, lambda: names(page) == list("ecbad"))
    seen.until(page, lambda: seen.query(page).get("sort") == ["hp:optimizer", f"-{LOSS}"])
    assert [head(page, key).get_attribute("aria-sort") for key in ("hp:optimizer", LOSS)] == ["ascending", "none"]
    other = wide(visit, site, page.url.removeprefix(site.url))
    assert names(other) == list("ecbad")
    menu(other, "hp:optimizer", "Hide")
    other.get_by_role("button", name="Do not sort by optimizer").click()
    seen.until(other, lambda: names(other) == list("acbde"))


def test_a_cell_or_the_rows_that_are_ticked_are_copied(visit: Visit, site: Site) -> None:
    page = wide(visit, site, f"/hparams?col=hp:optimizer&col={LOSS}")
    page.evaluate(KEEP_COPIED)
    cell(page, "a", LOSS).click()
    page.keyboard.press("Control+c")
    seen.until(page, lambda: page.evaluate("window.copied") == "3")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+c")
    seen.until(page, lambda: page.evaluate("window.copied") == "adam")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Control+c")
    seen.until(page, lambda: page.evaluate("window.copied").splitlines()[1:] == ["b\tadam\t1"])
    page.get_by_role("checkbox", name="Tick d", exact=True).click()
    page.get_by_role("checkbox", name="Tick e", exact=True).click()
    page.keyboard.press("Control+c")
    hostile = '"' + HOSTILE.replace('"', '""') + '"'
    wanted = [f"Session\toptimizer\t{title(page, LOSS)}", "d\tsgd\tNaN", f"e\t{hostile}\t"]
    seen.until(page, lambda: page.evaluate("window.copied").split("\n") == wanted)


def test_a_row_without_a_curve_draws_none(visit: Visit, site: Site) -> None:
    page = wide(visit, site)
    if page.locator(f'.sheet .td.traced[data-key="{LOSS}"]').count() == 0:
        menu(page, LOSS, "Show the curve")
    seen.until(page, lambda: cell(page, "a", LOSS).locator("canvas").count() == 1)
    assert [cell(page, name, LOSS).locator("canvas").count() for name in "abcde"] == [1, 1, 1, 0, 0]


def test_a_reader_of_the_screen_is_told_what_is_where(visit: Visit, site: Site) -> None:
    page = wide(visit, site)
    grid = page.get_by_role("grid", name="Table of sessions")
    assert grid.get_attribute("aria-rowcount") == "6"
    row = grid.get_by_role("row").filter(has=page.get_by_role("rowheader", name="a", exact=True))
    assert row.get_attribute("aria-rowindex") == "2"
    place = head(page, LOSS).get_attribute("aria-colindex")
    assert cell(page, "a", LOSS).get_attribute("aria-colindex") == place
    assert columns(page).index(LOSS) + 1 == int(place)
    row.focus()
    for _ in range(int(place) - 1):
        page.keyboard.press("ArrowRight")
    at = row.get_attribute("aria-activedescendant")
    assert page.locator(f".sheet #{at}").get_attribute("data-key") == LOSS


def test_the_best_of_a_metric_is_marked_by_what_is_good(visit: Visit, site: Site) -> None:
    page = wide(visit, site)
    best = page.locator(f'.sheet .td.best[data-key="{LOSS}"]')
    assert best.inner_text() == "1"
    menu(page, LOSS, "Higher is better")
    seen.until(page, lambda: best.inner_text() == "3")
    seen.until(page, lambda: seen.query(page).get("good") == [f"high:{LOSS}"])


def test_a_range_lists_the_rows_within_it(visit: Visit, site: Site) -> None:
    page = wide(visit, site)
    menu(page, "hp:lr", "Filter…")
    least = page.get_by_role("spinbutton", name="Least")
    least.fill("0.0005")
    least.press("Enter")
    seen.until(page, lambda: names(page) == list("abc"))
    assert page.locator(".sheet .bar > .count").inner_text() == "3 of 5 sessions"
    page.get_by_role("slider", name="Most lr").press("Home")
    seen.until(page, lambda: len(names(page)) < 3)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Remove the filter of lr").click()
    seen.until(page, lambda: names(page) == list("abcde"))


def test_values_are_chosen_from_a_list_that_acts_on_none_of_them(visit: Visit, site: Site) -> None:
    page = wide(visit, site)
    menu(page, "hp:optimizer", "Filter…")
    page.get_by_role("checkbox", name=HOSTILE).wait_for()
    page.get_by_role("checkbox", name="sgd").uncheck()
    seen.until(page, lambda: names(page) == list("bce"))
    page.get_by_role("checkbox", name=HOSTILE).uncheck()
    seen.until(page, lambda: names(page) == list("bc"))
    assert page.locator(".sheet .chip").inner_text().replace("\n", " ") == "optimizer adam"
    assert cell(page, "b", "hp:optimizer").inner_text() == "adam"


def test_what_has_no_value_is_kept_hidden_or_alone(visit: Visit, site: Site) -> None:
    page = wide(visit, site)
    menu(page, LOSS, "Filter…")
    missing = page.get_by_role("group", name="1 row has no value")
    missing.get_by_role("button", name="Only these").click()
    seen.until(page, lambda: names(page) == ["e"])
    missing.get_by_role("button", name="Hide", exact=True).click()
    seen.until(page, lambda: names(page) == list("abcd"))


def test_a_run_that_diverged_is_kept_hidden_or_alone(visit: Visit, site: Site) -> None:
    page = wide(visit, site)
    menu(page, LOSS, "Filter…")
    nan = page.get_by_role("group", name="1 row is NaN")
    nan.get_by_role("button", name="Only these").click()
    seen.until(page, lambda: names(page) == ["d"])
    seen.until(page, lambda: not page.locator(".sheet[data-waiting]").count())
    nan.get_by_role("button", name="Hide", exact=True).click()
    seen.until(page, lambda: names(page) == list("abc"))
    seen.until(page, lambda: seen.query(page).get("where") == [f'{{"key":"{LOSS}","nan":"without"}}'])
    assert page.locator(".sheet .chip").inner_text().replace("\n", " ") == f"{title(page, LOSS)} not NaN"
    page.keyboard.press("Escape")
    assert page.evaluate(FOCUSED) == LOSS


def test_a_column_is_hidden_found_and_put_back(visit: Visit, site: Site) -> None:
    page = wide(visit, site)
    menu(page, "hp:lr", "Hide")
    seen.until(page, lambda: "hp:lr" not in columns(page))
    seen.until(page, lambda: "hp:lr" not in seen.query(page).get("col", ["hp:lr"]))
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("searchbox", name="Search columns").fill("lr")
    page.get_by_role("checkbox", name="lr", exact=True).check()
    seen.until(page, lambda: "hp:lr" in columns(page))
    page.get_by_role("searchbox", name="Search columns").fill("")
    page.get_by_role("dialog", name="Columns").get_by_role("button", name="None").click()
    seen.until(page, lambda: columns(page) == ["name"])
    page.get_by_role("button", name="Reset").click()
    seen.until(page, lambda: "col" not in seen.query(page))
    assert "hp:lr" in columns(page)


def test_a_column_is_dragged_to_another_place(visit: Visit, site: Site) -> None:
    page = wide(visit, site)
    first = columns(page)[1]
    target = head(page, "hp:lr").bounding_box()
    start = head(page, first).bounding_box()
    page.mouse.move(start["x"] + 20, start["y"] + 10)
    page.mouse.down()
    page.mouse.move(start["x"] + 60, start["y"] + 10)
    page.mouse.move(target["x"] + target["width"] - 15, start["y"] + 10, steps=4)
    page.mouse.up()
    seen.until(page, lambda: columns(page).index(first) == columns(page).index("hp:lr") + 1)


def test_ticked_rows_become_the_selection_everywhere(visit: Visit, site: Site) -> None:
    page = wide(visit, site)
    page.get_by_role("checkbox", name="Tick b", exact=True).click()
    page.get_by_role("checkbox", name="Tick d", exact=True).click(modifiers=["Shift"])
    page.get_by_role("checkbox", name="Tick c", exact=True).click()
    seen.until(page, lambda: seen.query(page).get("row") == ["b", "d"])
    page.get_by_role("button", name="Show only these 2 everywhere").click()
    seen.until(page, lambda: seen.query(page).get("only") == ["b", "d"])
    seen.until(page, lambda: page.locator(".runs .count").inner_text() == "2 of 5 runs shown")
    page.get_by_role("button", name="Undo").click()
    seen.until(page, lambda: page.locator(".runs .count").inner_text() == "5 of 5 runs shown")
    seen.until(page, lambda: page.get_by_role("button", name="Undo").count() == 0)
    assert "only" not in seen.query(page)
    page.get_by_role("button", name="Show only these 2 everywhere").click()
    seen.until(page, lambda: seen.query(page).get("only") == ["b", "d"])
    # What is chosen in the sidebar afterwards counts again, also when it is what was chosen there before.
    page.get_by_role("button", name="All", exact=True).click()
    seen.until(page, lambda: "only" not in seen.query(page))
    page.get_by_role("button", name="Show only these 2 everywhere").click()
    seen.until(page, lambda: seen.query(page).get("only") == ["b", "d"])
    page.get_by_role("button", name="All", exact=True).click()
    seen.until(page, lambda: page.locator(".runs .count").inner_text() == "5 of 5 runs shown")
    seen.until(page, lambda: "only" not in seen.query(page))


def test_the_address_shows_the_same_table_to_others(visit: Visit, site: Site) -> None:
    page = wide(visit, site)
    head(page, LOSS).click()
    menu(page, "hp:optimizer", "Filter…")
    page.get_by_role("checkbox", name="sgd").uncheck()
    seen.until(page, lambda: names(page) == list("bce"))
    page.keyboard.press("Escape")
    menu(page, "about:start", "Hide")
    menu(page, "hp:lr", "Pin to the left")
    page.get_by_role("checkbox", name="Tick c", exact=True).click()
    seen.until(page, lambda: "row" in seen.query(page) and "pin" in seen.query(page))
    other = wide(visit, site, page.url.removeprefix(site.url), dark=True)
    assert names(other) == list("bce")
    assert columns(other) == columns(page)
    assert columns(other)[1] == "hp:lr"
    assert other.get_by_role("checkbox", name="Tick c", exact=True).is_checked()
    assert other.locator(".sheet .chip").count() == 1
    assert seen.query(other) == seen.query(page)


def test_the_keyboard_moves_sorts_and_ticks(visit: Visit, site: Site) -> None:
    page = wide(visit, site)
    head(page, LOSS).focus()
    page.keyboard.press("Enter")
    seen.until(page, lambda: names(page) == list("bcade"))
    page.locator(".sheet .row").first.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press(" ")
    seen.until(page, lambda: seen.query(page).get("row") == ["c"])
    page.keyboard.press("Enter")
    seen.until(page, lambda: page.locator(".ticked-count").inner_text() == "1 ticked")


def test_what_is_listed_is_what_is_downloaded(visit: Visit, site: Site) -> None:
    page = wide(visit, site, f"/hparams?col=hp:lr&col={LOSS}&sort=-{LOSS}")
    seen.until(page, lambda: names(page) == list("acbde"))
    with page.expect_download() as waiting:
        page.get_by_role("button", name="CSV").click()
    lines = Path(waiting.value.path()).read_text().splitlines()
    assert lines[0].startswith("name,lr,")
    assert [line.partition(",")[0] for line in lines[1:]] == list("acbde")


def test_a_new_run_leaves_what_the_visitor_is_doing_alone(
    visit: Visit, site: Site, serve: Serve, tmp_path: Path
) -> None:
    for place, (name, (lr, optimizer, loss)) in enumerate(RUNS.items()):
        write(tmp_path / name, place, lr, optimizer, loss)
    growing = serve(tmp_path)
    page = wide(visit, growing, "/hparams?refresh=1+s")
    head(page, LOSS).click()
    menu(page, "hp:optimizer", "Filter…")
    page.get_by_role("checkbox", name="sgd").wait_for()
    width = head(page, "hp:lr").bounding_box()["width"]
    write(tmp_path / "f", 6, 0.5, "adam", 0.5)
    seen.until(page, lambda: names(page) == list("fbcade"), 20)
    assert page.get_by_role("checkbox", name="sgd").is_visible()
    assert head(page, "hp:lr").bounding_box()["width"] == width
