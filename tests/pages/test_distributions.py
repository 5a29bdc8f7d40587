"""The Distributions page as the server makes it: which panels, which numbers in them, and what it says of them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from tests import eventfile
from tests.pages.visitor import visited

NAME = "events.out.tfevents.1.host"
STEPS = 100


def histogram(step: int, tag: str, buckets: list[list[float]], wall: float | None = None) -> bytes:
    """Return a record with the buckets of one histogram, as TensorFlow 2 writes them."""
    shape = (len(buckets), 3)
    values = [number for bucket in buckets for number in bucket]
    return eventfile.record(
        eventfile.event(
            step,
            eventfile.tensor(tag, "double", values, shape, eventfile.metadata("histograms")),
            wall=wall,
        )
    )


@pytest.fixture
def logdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs of 100 steps: 10 values from -1 to 0 and 30 from 0 to 3, in the second run 10 times as many."""
    for place, run in enumerate(("first", "second")):
        start = eventfile.T0 + 1000 * place
        many = 10**place
        records = [
            histogram(step, tag, [[-1, 0, 10 * many], [0, 3, 30 * many]], start + step)
            for tag in ("net/bias", "net/weight")
            for step in range(STEPS)
        ]
        eventfile.write(tmp_path / run / NAME, eventfile.version(start), *records)
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    return tmp_path


def opened(**parameters: str | list[str]) -> AppTest:
    return visited("distributions", **parameters)


def sent(app: AppTest, name: str = "distributions") -> tuple[dict[str, Any], dict[str, pa.Table]]:
    """Return what the page sends to one of its components: the view and the tables."""
    (made,) = [one.proto for one in app.get("bidi_component") if one.proto.component_name == name]
    data = json.loads(made.mixed.json or made.json)
    view = data.pop("view")
    blobs = {name: made.mixed.arrow_blobs[reference["__streamlit_arrow_ref__"]] for name, reference in data.items()}
    return view, {name: pa.ipc.open_stream(blob.data).read_all() for name, blob in blobs.items()}


def panels(app: AppTest) -> list[dict[str, Any]]:
    """Return what the page says of each panel."""
    return [panel for group in sent(app)[0]["groups"] for panel in group["panels"]]


def words(app: AppTest) -> str:
    """Return all the text of the page."""
    parts = [*app.main.subheader, *app.main.markdown, *app.main.caption, *app.main.code, *app.main.warning]
    return "\n".join(str(part.value) for part in parts)


def test_every_run_of_every_tag_has_a_panel_with_the_shares_of_its_values(logdir: Path) -> None:
    app = opened()
    assert [(panel["tag"], panel["run"], panel["form"]) for panel in panels(app)] == [
        ("net/bias", 0, "heat"),
        ("net/bias", 1, "heat"),
        ("net/weight", 0, "heat"),
        ("net/weight", 1, "heat"),
    ]
    _view, tables = sent(app)
    panel = panels(app)[1]
    assert tables[panel["edges"]]["edge"].to_pylist() == pytest.approx(np.linspace(-1, 3, 31).tolist())
    shares = np.array(tables[panel["table"] + "_shares"]["share"]).reshape(STEPS, 30)
    assert shares.sum(axis=1) == pytest.approx(np.ones(STEPS))
    assert shares[7, 0] == pytest.approx(0.25 * 4 / 30)
    assert tables[panel["table"]]["step"].to_pylist() == list(range(STEPS))
    assert set(tables[panel["table"]]["count"].to_pylist()) == {400}


@pytest.mark.parametrize(
    ("parameters", "form", "rows"),
    [
        ({"view": "ridgeline"}, "ridges", 64),
        ({"view": "overlay"}, "ridges", 64),
        ({"view": "percentiles"}, "bands", STEPS),
        ({"view": "heat"}, "heat", STEPS),
        ({"view": "nonsense"}, "heat", STEPS),
        ({"view": "heat", "zoom": "10,19.5,step,net/bias"}, "heat", 10),
        ({"view": "heat", "zoom": "1e9,2e9,step,net/bias"}, "heat", 1),
    ],
)
def test_the_address_says_what_is_drawn_of_which_steps(
    logdir: Path, parameters: dict[str, str], form: str, rows: int
) -> None:
    app = opened(tags="bias", **parameters)
    first = panels(app)[0]
    assert (first["form"], len(sent(app)[1][first["table"]])) == (form, rows)


def test_what_is_left_out_is_said(logdir: Path) -> None:
    assert panels(opened(tags="bias", view="ridgeline"))[0]["notes"] == [
        "64 of 100 steps, evenly chosen: drag over the steps to see any"
    ]
    assert panels(opened(tags="bias", scale="log"))[0]["notes"] == [
        "not all values are above zero: symlog instead of log"
    ]


def test_bins_and_the_scale_of_values_set_the_edges(logdir: Path) -> None:
    app = opened(tags="bias", bins="120", scale="symlog")
    panel = panels(app)[0]
    edges = np.array(sent(app)[1][panel["edges"]]["edge"])
    assert len(edges) == 121
    units = np.sign(edges) * np.log1p(np.abs(edges) / panel["unit"])
    assert np.diff(units) == pytest.approx(np.full(120, (units[-1] - units[0]) / 120))


def test_runs_share_a_range_of_values_unless_each_shall_have_its_own(logdir: Path) -> None:
    eventfile.write(
        logdir / "wide" / NAME, eventfile.version(eventfile.T0 + 5000), histogram(0, "net/bias", [[-100, 100, 1]])
    )
    assert [panel["low"] for panel in panels(opened(tags="bias"))] == [-100] * 3
    assert [panel["low"] for panel in panels(opened(tags="bias", range="own"))] == [-1, -1, -100]


def test_a_range_and_a_peak_are_those_of_the_runs_on_all_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for index in range(13):
        last = index == 12
        buckets = [[-100, -99, 3]] if last else [[0, 1, 1], [1, 2, 1]]
        records = histogram(0, "net/w", buckets, eventfile.T0 + index)
        eventfile.write(tmp_path / f"run{index:02}" / NAME, records)
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    first, second = panels(opened()), panels(opened(page="2,net"))
    assert (len(first), len(second)) == (12, 1)
    assert {(panel["low"], panel["high"]) for panel in first + second} == {(-100, 2)}
    assert first[0]["peaks"] == {"share": 1, "count": 3}
    own = panels(opened(range="own"))
    assert {(panel["low"], panel["high"], "peaks" in panel) for panel in own} == {(0, 2, False)}


def test_how_much_there_is_to_see_is_told_above_the_panels(logdir: Path) -> None:
    assert sent(opened())[0]["tally"] == "2 tags, 2 of 2 runs"
    assert sent(opened(tags="bias", only="first", view="step"))[0]["tally"] == "1 tag, 1 of 2 runs"


def test_at_one_step_all_runs_are_in_one_panel_with_their_numbers(logdir: Path) -> None:
    app = opened(tags="bias", view="step", step="42")
    (panel,) = panels(app)
    assert (panel["form"], [line["run"] for line in panel["lines"]]) == ("outlines", [0, 1])
    facts = sent(app)[1][panel["table"] + "_facts"].to_pydict()
    assert (facts["step"], facts["count"]) == ([42, 42], [40, 400])
    assert facts["distance"] == pytest.approx([0, 0])
    assert facts["mean"] == pytest.approx([(10 * -0.5 + 30 * 1.5) / 40] * 2)


@pytest.mark.parametrize(
    ("parameters", "form", "lines"),
    [({"draw": "cdf"}, "cdf", [0, 1]), ({"draw": "qq"}, "qq", [1]), ({"draw": "qq", "against": "second"}, "qq", [0])],
)
def test_one_step_is_drawn_as_asked(logdir: Path, parameters: dict[str, str], form: str, lines: list[int]) -> None:
    (panel,) = panels(opened(tags="bias", view="step", **parameters))
    assert (panel["form"], [line["run"] for line in panel["lines"]]) == (form, lines)


def test_one_run_at_one_step_is_drawn_in_its_logged_buckets(logdir: Path) -> None:
    app = opened(tags="bias", view="step", only="second")
    (panel,) = panels(app)
    assert panel["form"] == "bars"
    assert sent(app)[1][panel["table"]].to_pydict() == {"left": [-1, 0], "right": [0, 3], "count": [100, 300]}


def test_a_statistic_is_a_curve_for_each_run(logdir: Path) -> None:
    app = opened(tags="bias", view="statistics", statistic="median")
    view, tables = sent(app, "lines")
    (card,) = view["cards"]
    assert view["settings"]["smoothing"] == 0
    assert [(one["run"], one["count"]) for one in card["series"]] == [(0, STEPS), (1, STEPS)]
    assert tables[card["table"]]["value"].to_pylist() == pytest.approx([1.0] * 2 * STEPS)
    assert "Half of the values lie below." in words(app)


def test_earlier_attempts_have_panels_of_their_own_when_asked_for(logdir: Path) -> None:
    again = [histogram(step, "net/bias", [[0, 1, 7]], eventfile.T0 + 9000 + step) for step in range(50, 60)]
    eventfile.write(logdir / "first" / "events.out.tfevents.2.host", eventfile.version(eventfile.T0 + 9000), *again)
    assert len(panels(opened(tags="bias", only="first"))) == 1
    app = opened(tags="bias", only="first", earlier="1")
    assert [panel["earlier"] for panel in panels(app)] == [False, True]
    tables = sent(app)[1]
    assert tables[panels(app)[0]["table"]]["step"].to_pylist() == list(range(60))
    assert tables[panels(app)[1]["table"]]["step"].to_pylist() == list(range(50, 100))


def test_what_cannot_be_decoded_is_said_and_the_rest_is_drawn(logdir: Path) -> None:
    bad = eventfile.tensor("net/bad", "double", [1.0, 2.0], (1, 2), eventfile.metadata("histograms"))
    good = histogram(2, "net/bad", [[0, 1, 3]])
    eventfile.write(logdir / "third" / NAME, eventfile.version(), eventfile.record(eventfile.event(1, bad)), good)
    for view, form in (("heat", "heat"), ("step", "bars"), ("percentiles", "bands")):
        (panel,) = panels(opened(tags="bad", view=view))
        assert panel["form"] == form
        if view != "step":
            assert panel["problem"]
            assert "one cannot be read: step 1: " in panel["notes"][0]
    (panel,) = panels(opened(tags="bad", view="step", step="1"))
    assert (panel["form"], panel["problem"]) == ("none", True)
    assert panel["notes"][0].startswith("third: ")


def test_300_runs_come_on_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for index in range(300):
        start = eventfile.T0 + index
        eventfile.write(tmp_path / f"run{index}" / NAME, histogram(0, "net/w", [[0, 1, 1]], start))
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    app = opened()
    assert [panel["run"] for panel in panels(app)] == list(range(12))
    assert {panel["part"] for panel in panels(app)} == {"runs 1 – 12 of 300"}
    assert [panel["run"] for panel in panels(opened(page="25,net"))] == list(range(288, 300))
    assert len(panels(opened(view="step"))[0]["lines"]) == 300


def test_the_controls_are_told_what_there_is_to_choose(logdir: Path) -> None:
    both, _tables = sent(opened(), "distributions_bar")
    assert "range" in [control["name"] for control in both["controls"]]
    one, _tables = sent(opened(only="first"), "distributions_bar")
    assert "range" not in [control["name"] for control in one["controls"]]


def test_logs_without_histograms_say_how_to_log_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    eventfile.write(tmp_path / NAME, eventfile.version(), eventfile.scalar(0, "loss", 1.0))
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    assert "No histograms in these logs" in words(opened())


def test_a_tag_filter_without_a_match_says_so(logdir: Path) -> None:
    assert "No histograms to show" in words(opened(tags="nothing"))
