"""A run whose hyperparameters lie in a sub-run named after a moment: one run in the sidebar, until it is asked for raw."""

from typing import Any

import pytest

from tests import eventfile
from tests.browser import seen
from tests.browser.server import Serve, Site, Visit
from tests.store.test_folding import MOMENT, curve, sub_run

SWITCH = "Show the sub-run of add_hparams separately"


@pytest.fixture(scope="module")
def site(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Two runs, of which the first has a sub-run with its hyperparameters and a metric."""
    logdir = tmp_path_factory.mktemp("folding")
    curve(logdir / "first", *seen.noise(1, 20))
    accuracy = eventfile.scalar(0, "hparam/accuracy", 0.5)
    sub_run(logdir / "first" / MOMENT, accuracy, wall=eventfile.T0 + 1, lr=0.1)
    started = eventfile.version(eventfile.T0 + 100)
    eventfile.write(logdir / "second" / "events.out.tfevents.1.host", started, *eventfile.curve("loss", [3.0, 2.0]))
    return serve(logdir)


def colors(page: Any) -> set[str]:
    return set(seen.ink(page, "loss")["colors"])


def test_a_folded_run_is_one_run_with_all_its_curves_until_it_is_shown_raw(site: Site, visit: Visit) -> None:
    page = visit(site, "/scalars?smoothing=0")
    page.get_by_text("2 of 2 runs shown").wait_for()
    assert page.get_by_text(MOMENT).count() == 0
    seen.until(page, lambda: set(seen.tags(page)) == {"loss", "hparam/accuracy"})
    assert [row.run for row in seen.point(page, "hparam/accuracy", 150)] == ["first"]
    inked = colors(page)

    page.get_by_role("link", name="Inspect").click()
    page.get_by_text(SWITCH).click()
    page.get_by_text("3 of 3 runs shown").wait_for()
    seen.until(page, lambda: seen.query(page).get("raw") == ["1"])
    page.get_by_role("link", name="Scalars", exact=True).click()
    seen.until(page, lambda: set(seen.tags(page)) == {"loss", "hparam/accuracy"})
    assert [row.run for row in seen.point(page, "hparam/accuracy", 150)] == [f"first/{MOMENT}"]
    # Runs keep their colours, however the others are shown.
    seen.until(page, lambda: colors(page) == inked)
    assert seen.query(page)["raw"] == ["1"]

    again = visit(site, "/scalars?raw=1&only=first/" + MOMENT)
    again.get_by_text("1 of 3 runs shown").wait_for()
    assert seen.tags(again) == ["hparam/accuracy"]
    again.get_by_role("link", name="Inspect").click()
    again.get_by_text(SWITCH).click()
    again.get_by_text("0 of 2 runs shown").wait_for()
    seen.until(again, lambda: "raw" not in seen.query(again))
