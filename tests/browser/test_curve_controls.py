"""What a visitor does with the cards of curves: selects steps, picks runs, arranges, types ranges, takes pictures."""

from pathlib import Path
from typing import Any

import pytest

from tests import eventfile
from tests.browser import seen
from tests.browser.server import Serve, Site, Visit

# Whether no letter of a name gives way to an ellipsis.
WHOLE = """
head => {
  const range = new Range();
  range.selectNodeContents(head);
  return range.getBoundingClientRect().width <= head.getBoundingClientRect().width;
}
"""
VALUES = {run: seen.noise(seed, 200) for seed, run in enumerate(("alpha", "beta", "gamma"))}


@pytest.fixture(scope="module")
def site(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Three runs of 200 points; beta has a spike, and alpha's rate is a thousand times its loss."""
    logdir = tmp_path_factory.mktemp("controls")
    for run, values in VALUES.items():
        rate = [1000 * value for value in values]
        spiked = [1e6 if run == "beta" and step == 77 else value for step, value in enumerate(values)]
        records = [*eventfile.curve("train/loss", values), *eventfile.curve("train/rate", rate)]
        records += eventfile.curve("train/spiked", spiked)
        eventfile.write(logdir / run / "events.out.tfevents.1.host", eventfile.version(), *records)
    return serve(logdir)


def card(page: Any, tag: str) -> Any:
    return page.locator(".card", has=seen.plot(page, tag))


def press(page: Any, tag: str, name: str) -> None:
    """Press a button of a card."""
    card(page, tag).hover()
    card(page, tag).get_by_role("button", name=name).click()


def choose(page: Any, tag: str, item: str) -> None:
    """Choose an item of a card's menu."""
    press(page, tag, "More of this card")
    page.get_by_role("menuitem", name=item).click()


def test_steps_selected_in_one_card_are_read_in_all_and_kept_in_the_address(site: Site, visit: Visit) -> None:
    page = visit(site, "/scalars?tags=loss|rate&smoothing=0")
    strip = card(page, "train/loss").locator(".strip").bounding_box()
    page.mouse.click(strip["x"] + 0.3 * strip["width"], strip["y"] + 10)
    field = card(page, "train/rate").get_by_label("Selected step", exact=True)
    field.fill("100")
    field.press("Enter")
    for tag, unit in (("train/loss", 1), ("train/rate", 1000)):
        rows = card(page, tag).locator(".readout tbody tr")
        seen.until(page, lambda rows=rows: "100" in "".join(rows.all_inner_texts()))
        assert rows.count() == 3
        alpha = rows.filter(has_text="alpha").locator("td").all_inner_texts()
        assert float(alpha[2]) == pytest.approx(unit * VALUES["alpha"][100], rel=5e-4)
    seen.until(page, lambda: "at" in seen.query(page))
    page.mouse.move(strip["x"] + 0.6 * strip["width"], strip["y"] + 10)
    page.mouse.down()
    page.mouse.move(strip["x"] + 0.8 * strip["width"], strip["y"] + 10, steps=3)
    page.mouse.up()
    seen.until(page, lambda: "Mean" in card(page, "train/loss").locator(".readout").inner_text())
    assert card(page, "train/rate").locator(".shade:visible").count() == 2
    other = visit(site, page.url.removeprefix(site.url))
    seen.until(other, lambda: "Mean" in card(other, "train/rate").locator(".readout").inner_text())


def test_a_line_is_picked_with_the_pointer_or_the_keys(site: Site, visit: Visit) -> None:
    page = visit(site, "/scalars?tags=loss&smoothing=0")
    x, _rows = seen.place_of(page, "train/loss", 100)
    plot = seen.plot(page, "train/loss")
    plot.focus()
    page.keyboard.press("ArrowRight")
    seen.until(page, lambda: {row.at for row in seen.tooltip(page)} == {101})
    page.keyboard.press("Enter")
    run = page.locator(".popup .heading").inner_text()
    assert run in VALUES
    page.get_by_role("menuitem", name="Hide").click()
    seen.until(page, lambda: run not in {row.run for row in seen.point(page, "train/loss", x)})
    assert {row.run for row in seen.point(page, "train/loss", x)} == set(VALUES) - {run}


def test_a_group_is_picked_and_counted_as_one(site: Site, visit: Visit) -> None:
    page = visit(site, "/scalars?tags=loss&smoothing=0&by=regex&by_regex=(a)")
    assert page.get_by_text("1 tag, 1 of 1 group").is_visible()
    seen.plot(page, "train/loss").focus()
    page.keyboard.press("ArrowRight")
    seen.until(page, lambda: len(seen.tooltip(page)) == 1)
    page.keyboard.press("Enter")
    assert page.locator(".popup .heading").inner_text() == "a"
    assert page.get_by_role("menuitem").first.inner_text() == "Only this group"


def test_cards_are_dropped_beside_and_onto_one_another(site: Site, visit: Visit) -> None:
    page = visit(site, "/scalars?smoothing=0")
    assert seen.tags(page) == ["train/loss", "train/rate", "train/spiked"]
    target = card(page, "train/loss")
    card(page, "train/spiked").locator("h3").drag_to(target, target_position={"x": 12, "y": 90})
    seen.until(page, lambda: seen.tags(page) == ["train/spiked", "train/loss", "train/rate"])
    box = target.bounding_box()
    card(page, "train/rate").locator("h3").drag_to(target, target_position={"x": box["width"] / 2, "y": 90})
    seen.until(page, lambda: card(page, "train/loss").locator(".keys li").count() == 2)
    rows = seen.point(page, "train/loss", 150)
    assert {row.run for row in rows} >= {"alpha · train/loss", "alpha · train/rate"}
    press(page, "train/loss", "More of this card")
    page.get_by_role("menuitem", name="train/rate: take off").click()
    seen.until(page, lambda: card(page, "train/loss").locator(".keys li").count() == 0)


def test_a_pinned_card_stands_first_and_a_range_is_typed(site: Site, visit: Visit) -> None:
    page = visit(site, "/scalars?smoothing=0")
    press(page, "train/rate", "Pin the card")
    seen.until(page, lambda: seen.tags(page)[0] == "train/rate")
    press(page, "train/loss", "Ranges of the axes")
    page.get_by_label("x from").fill("50")
    page.get_by_label("x to").fill("60")
    page.get_by_role("button", name="Set", exact=True).click()
    seen.until(page, lambda: 50 <= seen.point(page, "train/loss", 60)[0].at <= 53)
    seen.until(page, lambda: {"pinned", "range"} <= set(seen.query(page)))
    other = visit(site, page.url.removeprefix(site.url))
    seen.until(other, lambda: seen.tags(other)[0] == "train/rate")
    assert 50 <= seen.point(other, "train/loss", 60)[0].at <= 53


def test_the_rarer_settings_change_what_is_drawn_and_the_address(site: Site, visit: Visit) -> None:
    page = visit(site, "/scalars?tags=spiked&smoothing=0")
    notes = card(page, "train/spiked").locator(".note")
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Ignore outliers").check()
    seen.until(page, lambda: notes.text_content() == "outliers lie outside")
    page.get_by_label("Logarithmic x axis").check()
    seen.until(page, lambda: "3 points at x ≤ 0 not shown" in notes.text_content())
    assert card(page, "train/spiked").locator(".head").evaluate(WHOLE)
    page.get_by_label("Tooltip", exact=True).select_option("alphabetical")
    page.keyboard.press("Escape")
    assert [row.run for row in seen.point(page, "train/spiked", 200)] == ["alpha", "beta", "gamma"]
    seen.until(page, lambda: {"outliers", "logx", "tooltip"} <= set(seen.query(page)))


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_a_card_is_saved_as_a_picture_with_its_legend(site: Site, visit: Visit, tmp_path: Path, kind: str) -> None:
    page = visit(site, "/scalars?tags=loss", dark=True)
    with page.expect_download() as waiting:
        choose(page, "train/loss", f"Save as {kind.upper()}")
    path = tmp_path / "picture"
    waiting.value.save_as(path)
    assert waiting.value.suggested_filename == f"train_loss.{kind}"
    if kind == "png":
        assert path.read_bytes().startswith(b"\x89PNG")
        return
    text = path.read_text(encoding="utf-8")
    assert 'fill="#ffffff"' in text
    assert all(f">{run}</text>" in text for run in VALUES)
    assert 'stroke="#4269d0"' in text
