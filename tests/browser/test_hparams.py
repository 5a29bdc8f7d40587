"""The HParams page a visitor sees: lines brushed, plots brushed, rankings pressed, all narrowing one list of rows."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from tbcore.formats.tfrecord import EventWriter
from tests.browser import seen
from tests.browser.server import Serve, Site, Visit

HOSTILE = '<img src="http://elsewhere/x.png" onerror="alert(1)">'
TOP, BOTTOM, HEAD, SIDE, LABELS = 54, 14, 18, 18, 66  # pixels of the plot, as `geometry.js` has them


def write(logdir: Path, place: int) -> None:
    """Write one of many sessions whose loss depends on the learning rate."""
    rate = 10 ** (-4 + 4 * place / 29)
    start = 1.75e9 + 60 * place
    with EventWriter(logdir / f"run{place:02}", clock=lambda: start) as writer:
        chosen: dict[str, Any] = {"lr": rate, "opt": ("adam", "sgd", HOSTILE)[place % 3]}
        if place % 2:
            chosen["decay"] = 0.1 * place
        writer.hparams(chosen)
        for step in range(3):
            loss = abs(math.log10(rate) + 2) + 1 / (1 + step)
            writer.scalars({"eval/loss": loss, "eval/accuracy": 1 / (1 + loss)}, step, start + step)
        writer.session_end()


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hparams")
    for place in range(30):
        write(folder, place)
    return folder


@pytest.fixture(scope="module")
def site(serve: Serve, logdir: Path) -> Site:
    """Thirty sessions; the name of one optimiser does what it can."""
    return serve(logdir)


def visited(visit: Visit, site: Site, parameters: str, component: str, **how: Any) -> Any:
    """Open the page and wait until a component is painted."""
    page = visit(site, f"/hparams?{parameters}", **how)
    seen.until(page, lambda: page.locator(f".{component}[data-painted]").count() == 1, 30)
    return page


def axis_at(page: Any, title: str) -> tuple[float, float, float]:
    """Return where an axis is: across, its top and its bottom, on the page."""
    page.locator(".parallel .box").scroll_into_view_if_needed()
    box = page.locator(".parallel .box").bounding_box()
    titles = [text.strip() for text in page.locator(".parallel .axis .name").all_text_contents()]
    across = box["x"] + SIDE + titles.index(title) * (box["width"] - SIDE - LABELS) / (len(titles) - 1)
    lanes = 20  # one axis has a lane for what is missing
    return across, box["y"] + TOP, box["y"] + box["height"] - BOTTOM - lanes


def drag(page: Any, x0: float, y0: float, x1: float, y1: float) -> None:
    page.mouse.move(x0, y0)
    page.mouse.down()
    page.mouse.move((x0 + x1) / 2, (y0 + y1) / 2)
    page.mouse.move(x1, y1)
    page.mouse.up()


def clauses(page: Any) -> dict[str, Any]:
    """Return what the address says is brushed."""
    return dict(json.loads(text) for text in seen.query(page).get("brush", []))


def brushed(page: Any) -> str:
    return str(page.locator(".parallel .count, .scatter .count").first.text_content())


def listed(page: Any, count: int) -> bool:
    """Return whether the page says that so many rows are brushed."""
    return bool(page.get_by_text(f"Brushed: {count} of 30").count())


def test_a_brushed_range_narrows_the_lines_the_table_and_the_address(site: Site, visit: Visit) -> None:
    page = visited(visit, site, "hp_look=parallel", "parallel")
    x, top, bottom = axis_at(page, "lr")
    drag(page, x, top - 4, x, (top + bottom) / 2)
    seen.until(page, lambda: listed(page, 15))
    assert brushed(page) == "15 of 30 brushed"
    clause = clauses(page)["hp:lr"]
    assert clause["ranges"][0][1] is None
    assert clause["ranges"][0][0] == pytest.approx(0.01, rel=0.1)
    again = visited(visit, site, page.url.partition("?")[2], "parallel")
    seen.until(again, lambda: listed(again, 15))
    assert brushed(again) == "15 of 30 brushed"


def test_several_ranges_of_several_axes_are_brushed_and_cleared(site: Site, visit: Visit) -> None:
    page = visited(visit, site, "hp_look=parallel", "parallel")
    x, top, bottom = axis_at(page, "lr")
    third = (bottom - top) / 3
    drag(page, x, top - 4, x, top + third)
    drag(page, x, bottom - third, x, bottom + 2)
    seen.until(page, lambda: len(clauses(page).get("hp:lr", {}).get("ranges", [])) == 2)
    seen.until(page, lambda: listed(page, 20))
    x, top, bottom = axis_at(page, "opt")
    page.mouse.click(x, bottom)
    seen.until(page, lambda: "hp:opt" in clauses(page))
    (value,) = clauses(page)["hp:opt"]["values"]
    seen.until(page, lambda: brushed(page) == "7 of 30 brushed" or brushed(page) == "6 of 30 brushed")
    assert value in ("adam", "sgd", HOSTILE)
    page.get_by_role("button", name="Clear brushes").click()
    seen.until(page, lambda: "brush" not in seen.query(page))
    seen.until(page, lambda: page.get_by_text("Brushed:").count() == 0)


def test_what_is_missing_has_a_lane_that_can_be_brushed(site: Site, visit: Visit) -> None:
    page = visited(visit, site, "hp_look=parallel", "parallel")
    x, _top, bottom = axis_at(page, "decay")
    page.mouse.click(x, bottom + 0.8 * 20)
    seen.until(page, lambda: clauses(page) == {"hp:decay": {"ranges": [], "lanes": ["missing"]}})
    seen.until(page, lambda: listed(page, 15))
    page.get_by_role("button", name="decay: missing").click()
    seen.until(page, lambda: brushed(page) == "")


def test_an_axis_is_moved_by_its_name_and_scaled_from_its_menu(site: Site, visit: Visit) -> None:
    page = visited(visit, site, "hp_look=parallel", "parallel")
    titles = [text.strip() for text in page.locator(".parallel .axis .name").all_text_contents()]
    head = page.get_by_role("button", name=f"Axis {titles[0]}").bounding_box()
    other = page.get_by_role("button", name=f"Axis {titles[1]}").bounding_box()
    y = head["y"] + head["height"] / 2
    drag(page, head["x"] + 8, y, other["x"] + 20, y)
    wanted = [titles[1], titles[0], *titles[2:]]
    keys = [f"m:last:{title}" if "/" in title else f"hp:{title}" for title in wanted]
    seen.until(page, lambda: seen.query(page).get("hp_axes") == keys)
    page.get_by_role("button", name="Axis lr").click()
    page.get_by_role("button", name="Quantile").click()
    seen.until(page, lambda: seen.query(page).get("hp_scale") == ["quantile:hp:lr"])
    page.get_by_role("button", name="Axis opt").click()
    page.get_by_role("button", name="Colour by this").click()
    seen.until(page, lambda: page.locator(".legend .entry").count() == 3)
    assert seen.query(page)["hp_color"] == ["hp:opt"]


def test_a_range_is_typed_and_a_category_pressed_with_the_keyboard(site: Site, visit: Visit) -> None:
    page = visited(visit, site, "hp_look=parallel", "parallel")
    page.get_by_role("button", name="Axis lr").press("Enter")
    page.get_by_label("From: lr").fill("much")
    page.get_by_label("From: lr").press("Enter")
    assert page.locator(".parallel input.wrong").count() == 1
    page.get_by_label("From: lr").fill("1e-2")
    page.get_by_label("From: lr").press("Enter")
    seen.until(page, lambda: clauses(page) == {"hp:lr": {"ranges": [[0.01, None]], "lanes": []}})
    seen.until(page, lambda: listed(page, 15))
    page.get_by_role("button", name="Axis opt").press("Enter")
    page.locator(".parallel .levels").get_by_role("button", name="adam").press("Enter")
    seen.until(page, lambda: clauses(page).get("hp:opt") == {"values": ["adam"], "lanes": []})
    seen.until(page, lambda: listed(page, 5))


def test_the_address_holds_keys_and_opens_the_same_page(site: Site, visit: Visit) -> None:
    page = visited(visit, site, "", "sheet")
    page.get_by_text("Scatter", exact=True).click()
    seen.until(page, lambda: page.locator(".scatter[data-painted]").count() == 1)
    page.get_by_role("combobox", name="x").click()
    page.get_by_role("option", name="opt").click()
    seen.until(page, lambda: seen.query(page).get("hp_x") == ["hp:opt"])
    assert seen.query(page)["hp_look"] == ["scatter"]
    page.get_by_text("Table", exact=True).click()
    seen.until(page, lambda: page.locator(".scatter").count() == 0)
    page.get_by_text("Scatter", exact=True).click()
    seen.until(page, lambda: page.locator(".scatter[data-painted]").count() == 1)
    again = visited(visit, site, page.url.partition("?")[2], "scatter")
    for one in (page, again):
        assert one.get_by_role("combobox", name="x").input_value() == "opt"


def test_three_hyperparameters_are_seen_beside_the_metrics_without_scrolling(site: Site, visit: Visit) -> None:
    page = visited(visit, site, "", "sheet")
    table = page.locator(".sheet .scroller").bounding_box()
    for name in ("hp:decay", "hp:lr", "hp:opt", "m:last:eval/loss"):
        head = page.locator(f'.sheet .th[data-key="{name}"]').bounding_box()
        assert head["x"] + 56 <= table["x"] + table["width"]


def test_a_box_in_one_plot_of_a_matrix_is_brushed_in_all(site: Site, visit: Visit) -> None:
    page = visited(visit, site, "hp_look=scatter&hp_form=matrix", "scatter")
    page.locator(".scatter .box").scroll_into_view_if_needed()
    box = page.locator(".scatter .box").bounding_box()
    drag(page, box["x"] + 90, box["y"] + 20, box["x"] + 220, box["y"] + 100)
    seen.until(page, lambda: len(clauses(page)) == 2)
    seen.until(page, lambda: brushed(page).endswith("of 30 brushed"))
    seen.until(page, lambda: listed(page, int(brushed(page).split()[0])))


def test_a_pressed_hyperparameter_shows_the_metric_along_it(site: Site, visit: Visit) -> None:
    page = visited(visit, site, "hp_look=matters", "ranking")
    assert page.locator(".ranking .line .name").first.text_content() == "lr"
    page.locator(".ranking button.line", has_text="opt").click()
    seen.until(page, lambda: seen.query(page).get("hp_along") == ["hp:opt"])
    seen.until(page, lambda: page.locator(".ranking [aria-pressed=true]").get_attribute("data-key") == "hp:opt")


def test_the_brush_stays_when_the_logs_grow(serve: Serve, visit: Visit, tmp_path: Path) -> None:
    for place in range(0, 30, 3):
        write(tmp_path, place)
    site = serve(tmp_path)
    brush = json.dumps(["hp:lr", {"ranges": [[0.01, None]], "lanes": []}])
    page = visited(visit, site, f"hp_look=parallel&refresh=1 s&brush={brush}", "parallel")
    assert brushed(page) == "5 of 10 brushed"
    write(tmp_path, 29)
    seen.until(page, lambda: brushed(page) == "6 of 11 brushed", 20)


def test_names_of_a_log_are_words_and_nothing_else(site: Site, visit: Visit) -> None:
    page = visited(visit, site, "hp_look=parallel&hp_color=hp:opt", "parallel")
    assert HOSTILE in page.locator(".legend .entry .name").all_text_contents()
    assert page.locator("img[src*=elsewhere]").count() == 0


@pytest.mark.parametrize("look", ["parallel", "scatter", "scatter&hp_form=matrix", "tradeoffs"])
def test_in_the_dark_and_in_narrow_windows_nothing_runs_over(site: Site, visit: Visit, look: str) -> None:
    component = "parallel" if look == "parallel" else "scatter"
    page = visited(visit, site, f"hp_look={look}", component, width=700, dark=True)
    assert not seen.wider_than_the_window(page)
