"""What a visitor sees of custom scalars: lines of several tags, bands, what is wrong, and the builder at work."""

from pathlib import Path
from typing import Any

import pytest

from tbcore import Logdir
from tbcore.analysis.custom_scalars import layout
from tbcore.formats.custom_scalars import Category, Chart, Layout, Margin, Margins, Multiline, from_json
from tbcore.formats.tfrecord import EventWriter
from tests import eventfile
from tests.browser import seen
from tests.browser.server import Serve, Site, Visit

STEPS = 50
# The share of a plot that is covered by colours one can see through.
FAINT = """
plot => Math.max(...[...plot.querySelectorAll('canvas')].filter(({width, height}) => width && height).map(canvas => {
  const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 3; at < data.length; at += 4) count += data[at] > 0 && data[at] < 128;
  return 4 * count / data.length;
}))
"""
LAYOUT = Layout(
    (
        Category("Losses", (Chart("Loss", Multiline(("train/loss", "eval/loss"))),)),
        Category(
            "Bands",
            (
                Chart("Reward", Margins((Margin("r/mean", "r/min", "r/max"),))),
                Chart("Mismatch", Margins((Margin("r/mean", "eval/loss", "r/max"),))),
            ),
        ),
    )
)


@pytest.fixture(scope="module")
def site(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Site:
    logdir = tmp_path_factory.mktemp("custom")
    for place, run in enumerate(("alpha", "beta")):
        with EventWriter(logdir / run, clock=lambda place=place: eventfile.T0 + 100 * place) as writer:
            writer.custom_scalars(LAYOUT)
            for step in range(STEPS):
                mean = 10 * place + step / 10
                writer.scalars(
                    {"train/loss": 2 - step / 50, "r/mean": mean, "r/min": mean - 3, "r/max": mean + 3}, step
                )
                if step % 5 == 0:
                    writer.scalar("eval/loss", 3 - step / 50, step)
    return serve(logdir)


def typed(page: Any, name: str) -> Any:
    return page.get_by_role("textbox", name=name).first


def outline(page: Any) -> list[str]:
    return [text.split()[-1] for text in page.locator(".st-key-cs_outline button").all_inner_texts()]


def test_a_chart_draws_the_lines_of_all_its_tags(site: Site, visit: Visit) -> None:
    page = visit(site, "/custom_scalars?smoothing=0")
    assert seen.tags(page) == ["Losses/Loss", "Bands/Reward", "Bands/Mismatch"]
    page.mouse.move(5, 5)
    rows = {row.run: row.value for row in seen.point(page, "Losses/Loss", 60)}
    assert set(rows) == {f"{run} · {tag}/loss" for run in ("alpha", "beta") for tag in ("train", "eval")}


def test_a_band_is_drawn_around_its_line(site: Site, visit: Visit) -> None:
    page = visit(site, "/custom_scalars?smoothing=0&only=alpha")
    assert seen.plot(page, "Bands/Reward").evaluate(FAINT) > 0.2
    assert seen.plot(page, "Losses/Loss").evaluate(FAINT) < 0.05


def test_steps_that_do_not_match_are_told_in_place_of_the_plot(site: Site, visit: Visit) -> None:
    page = visit(site, "/custom_scalars")
    page.get_by_text("alpha and 1 more: the steps of value, lower and upper do not match").wait_for()


def test_what_is_typed_is_seen_at_once_and_comes_back_from_the_address(site: Site, visit: Visit) -> None:
    page = visit(site, "/custom_scalars?custom=edit&smoothing=0")
    box = typed(page, "Tags that match")
    box.click()
    page.keyboard.press("End")
    page.keyboard.type("|r/m[ai]", delay=20)
    page.get_by_text("3 tags: r/max, r/min, train/loss").wait_for()
    assert box.input_value() == "train/loss|r/m[ai]"
    seen.until(page, lambda: any("r/max" in row.run for row in seen.point(page, "Preview/Loss", 60)))
    typed(page, "Title").fill("Everything")
    seen.until(page, lambda: "Everything" in outline(page))
    seen.until(page, lambda: "layout" in seen.query(page))
    page.wait_for_timeout(500)
    link = page.url.removeprefix(site.url).replace("custom=edit", "custom=charts")
    other = visit(site, link)
    assert seen.tags(other) == ["Losses/Everything", "Bands/Reward", "Bands/Mismatch"]


def test_a_wrong_expression_says_so_beside_the_field(site: Site, visit: Visit) -> None:
    page = visit(site, "/custom_scalars?custom=edit")
    typed(page, "Tags that match").fill("train/(")
    page.get_by_text("is not a regular expression").first.wait_for()


def test_charts_are_moved_and_taken_away_and_opened_again(site: Site, visit: Visit, tmp_path: Path) -> None:
    page = visit(site, "/custom_scalars?custom=edit")
    assert outline(page) == ["Losses", "Loss", "Bands", "Reward", "Mismatch"]
    page.locator(".st-key-cs_down button").first.click()
    seen.until(page, lambda: outline(page) == ["Losses", "Bands", "Loss", "Reward", "Mismatch"])
    page.get_by_role("button", name="Layout").click()
    files = {}
    for words in ("JSON", "Event file"):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=words).first.click()
        files[words] = tmp_path / "run" / waiting.value.suggested_filename
        waiting.value.save_as(files[words])
    moved = from_json(files["JSON"].read_bytes())
    assert [len(one.charts) for one in moved.categories] == [0, 3]
    logdir = Logdir(str(tmp_path))
    logdir.refresh()
    assert layout(logdir.find("custom_scalars")) == (moved, ())
    other = visit(site, "/custom_scalars?custom=edit")
    other.get_by_role("button", name="Layout").click()
    other.locator("input[type=file]").set_input_files(files["JSON"])
    seen.until(other, lambda: outline(other) == ["Losses", "Bands", "Loss", "Reward", "Mismatch"])
