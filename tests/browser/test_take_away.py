"""What a visitor takes away of the curves: points, figures, the link, and the table of all of them."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests import eventfile
from tests.browser import seen
from tests.browser.server import Serve, Site, Visit


@pytest.fixture(scope="module")
def site(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Two runs of 100 points of two tags."""
    logdir = tmp_path_factory.mktemp("taken")
    for place, run in enumerate(("alpha", "beta")):
        start = eventfile.T0 + 1000 * place
        points = [
            eventfile.scalar(step, tag, (step - 40) ** 2 + place, start + step)
            for tag in ("train/loss", "train/rate")
            for step in range(100)
        ]
        eventfile.write(logdir / run / "events.out.tfevents.1.host", eventfile.version(start), *points)
    return serve(logdir)


def opened(page: Any) -> Any:
    """Open what can be taken away and return the dialog."""
    page.get_by_role("button", name="Take away", exact=True).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Command line").wait_for()
    return dialog


def downloaded(page: Any, within: Any, words: str) -> tuple[str, str]:
    """Press a button and return the name and the text of the file it gives."""
    with page.expect_download() as file:
        within.get_by_role("button", name=words, exact=False).click()
    return file.value.suggested_filename, Path(file.value.path()).read_text()


def test_a_card_is_taken_away_as_it_is_seen_with_all_of_its_points(site: Site, visit: Visit) -> None:
    page = visit(site, "/scalars?tags=loss&smoothing=0.5&zoom=10,19,step,train/loss")
    dialog = opened(page)
    name, text = downloaded(page, dialog, "CSV")
    rows = list(csv.DictReader(text.splitlines()))
    assert name == "train_loss.csv"
    assert [(row["run"], row["step"]) for row in rows] == [
        (run, str(step)) for run in ("alpha", "beta") for step in range(10, 20)
    ]
    exact = seen.averages([(step - 40) ** 2 for step in range(100)], 0.5)
    assert [float(row["smoothed"]) for row in rows[:10]] == pytest.approx(exact[10:20])
    figure = json.loads(downloaded(page, dialog, "Vega-Lite")[1])
    assert figure["layer"][0]["encoding"]["x"]["scale"]["domain"] == [10, 19]
    assert r"\begin{tikzpicture}" in downloaded(page, dialog, "LaTeX")[1]


def test_the_link_opens_the_same_view(site: Site, visit: Visit) -> None:
    page = visit(site, "/scalars?tags=loss&smoothing=0.5&zoom=10,19,step,train/loss")
    link = opened(page).locator("code").first.inner_text()
    assert link.startswith(f"{site.url}/scalars?")
    again = visit(site, link.removeprefix(site.url))
    assert seen.query(again) == seen.query(page)


def test_the_table_lists_every_tag_of_every_run(site: Site, visit: Visit) -> None:
    page = visit(site, "/scalars?as=table", curves=False)
    page.locator(".sheet .row").nth(3).wait_for()
    rows = page.locator(".sheet .row")
    assert sorted(rows.evaluate_all("all => all.map(row => row.dataset.name)")) == [
        "train/loss · alpha", "train/loss · beta", "train/rate · alpha", "train/rate · beta",
    ]  # fmt: skip
    name, text = downloaded(page, page, "CSV")
    (first, *_rest) = csv.DictReader(text.splitlines())
    assert name == "scalars.csv"
    assert (first["name"], first["Last"], first["Best"], first["Best at"]) == ("train/loss · alpha", "3481", "0", "40")


def test_the_menu_of_a_card_takes_away_that_card(site: Site, visit: Visit) -> None:
    page = visit(site, "/scalars")
    card = page.locator("[data-painted]").filter(has=seen.plot(page, "train/rate"))
    card.hover()
    card.get_by_role("button", name="More of this card").click()
    page.get_by_role("menuitem", name="Take the data away…").click()
    dialog = page.get_by_role("dialog").filter(has_text="Command line")
    name, text = downloaded(page, dialog, "JSON")
    assert (name, {row["tag"] for row in json.loads(text)}) == ("train_rate.json", {"train/rate"})


def test_what_is_open_stays_open_while_the_logs_grow(serve: Serve, visit: Visit, tmp_path: Path) -> None:
    log = tmp_path / "run" / "events.out.tfevents.1.host"
    eventfile.write(log, eventfile.version(), *eventfile.curve("loss", [3.0, 2.0]))
    dialog = opened(visit(serve(tmp_path)))
    dialog.get_by_text("1 run, 2 points").wait_for()
    with log.open("ab") as file:
        file.write(eventfile.scalar(2, "loss", 1.0))
    dialog.get_by_text("1 run, 3 points").wait_for()
