"""Sub-runs of hyperparameters on the pages: folded into the run around them unless the visitor asks for them."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests import eventfile as ef
from tests.pages.visitor import visited
from tests.store.test_folding import MOMENT, curve, sub_run

SWITCH = "Show the sub-run of add_hparams separately"


@pytest.fixture
def logdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run with a sub-run of its hyperparameters, and a run that started later."""
    curve(tmp_path / "a", 1.0, 2.0)
    sub_run(
        tmp_path / "a" / MOMENT,
        ef.scalar(0, "hparam/accuracy", 0.5),
        ef.scalar(0, "loss", 9.0, ef.T0 + 60),
        wall=ef.T0 + 1,
        lr=0.1,
    )
    ef.write(tmp_path / "b" / "events.out.tfevents.1.host", ef.version(ef.T0 + 100), *ef.curve("loss", [3.0]))
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    return tmp_path


def opened(page: str = "inspect", **parameters: str) -> AppTest:
    return visited(page, **parameters)


def runs(app: AppTest) -> str:
    """Return how many runs the headline of the Inspect page counts."""
    return {metric.label: metric.value for metric in app.main.metric}["Runs"]


def files(app: AppTest) -> list[tuple[object, object]]:
    """Return the runs and the points of the table of files."""
    heading = [heading.value for heading in app.main.subheader].index("Files")
    return [(row["run"], row["points"]) for row in app.main.dataframe[heading].value.to_dict("records")]


def switched(app: AppTest) -> AppTest:
    """Press the switch."""
    (switch,) = (toggle for toggle in app.toggle if toggle.key == "raw_switch")
    assert switch.label == SWITCH
    (switch.set_value(not switch.value)).run()
    assert not app.exception
    return app


def test_sub_runs_are_folded_and_the_switch_shows_them(logdir: Path) -> None:
    app = opened()
    assert (runs(app), app.query_params.get("raw")) == ("2", None)
    assert files(app) == [("a", 2), ("a", 3), ("b", 1)]
    switched(app)
    assert (runs(app), app.query_params["raw"]) == ("3", "1")
    assert files(app) == [("a", 2), (f"a/{MOMENT}", 3), ("b", 1)]
    switched(app)
    assert (runs(app), app.query_params.get("raw")) == ("2", None)
    assert files(app) == [("a", 2), ("a", 3), ("b", 1)]


def test_the_address_shows_them_too_and_the_choice_holds_on_other_pages(logdir: Path) -> None:
    app = opened(raw="1")
    assert runs(app) == "3"
    app.switch_page("pages/scalars.py").run()
    assert app.query_params["raw"] == "1"
    app.switch_page("pages/inspect.py").run()
    assert runs(app) == "3"
    switched(app)
    app.switch_page("pages/scalars.py").run()
    app.switch_page("pages/inspect.py").run()
    assert (runs(app), app.query_params.get("raw")) == ("2", None)


def test_a_run_that_is_folded_while_its_tags_are_shown_gives_way_to_another(logdir: Path) -> None:
    app = opened(raw="1", run=f"a/{MOMENT}")
    assert app.main.selectbox[0].value == f"a/{MOMENT}"
    assert app.main.selectbox[0].options == ["a", f"a/{MOMENT}", "b"]
    switched(app)
    assert (app.main.selectbox[0].value, app.main.selectbox[0].options) == ("a", ["a", "b"])


def test_nothing_is_counted_twice_or_lost_when_sub_runs_are_folded(logdir: Path) -> None:
    app = opened()
    folded = {metric.label: metric.value for metric in app.main.metric}
    raw = {metric.label: metric.value for metric in switched(app).main.metric}
    assert folded == raw | {"Runs": "2"}


def test_there_is_no_switch_where_nothing_can_be_folded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    curve(tmp_path / "a", 1.0)
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    assert [toggle for toggle in opened().toggle if toggle.key == "raw_switch"] == []
