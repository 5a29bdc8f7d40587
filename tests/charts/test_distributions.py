"""Panels of histograms: what the browser component is told, and the Arrow columns it reads."""

import math
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest

from tbcore.analysis.distributions import Bands, Rows, Shares
from tbcore.charts import distributions as charts

LINEAR = charts.Scale("linear", 1.0, 0.0, 2.0)
ABOUT = charts.About("layer", 3, "weights", ("a note",))
QUIET = {
    "total": 5,
    "drawn": 5,
    "merged": False,
    "problems": [],
    "missing": 0.0,
    "values": 0.0,
    "empty": 0,
    "not_positive": False,
}


@dataclass(frozen=True)
class Made:
    """What two rows of three bins hold."""

    rows = Rows(
        np.array([0, 2**40]),
        np.array([1, 2**40]),
        np.array([100.0, 200.0]),
        np.array([150.0, 200.0]),
        np.array([2, 1]),
        np.array([10.0, 20.0]),
    )
    shares = np.array([[0.5, 0.5, 0.0], [0.0, 0.25, 0.75]])


def test_histograms_over_steps_are_rows_and_a_column_of_shares() -> None:
    made = charts.shares("heat", Shares(Made.rows, Made.shares), ABOUT, LINEAR, table="p0", edges="e0")
    assert made.tables["p0"].to_pydict() == {
        "step": [0, 2**40],
        "last_step": [1, 2**40],
        "wall": [100, 200],
        "last_wall": [150, 200],
        "many": [2, 1],
        "count": [10, 20],
    }
    assert made.tables["p0_shares"].schema.field("share").type == pa.float32()
    assert made.tables["p0_shares"]["share"].to_pylist() == [0.5, 0.5, 0, 0, 0.25, 0.75]
    wanted = {
        "form": "heat",
        "title": "layer",
        "run": 3,
        "notes": ["a note"],
        "edges": "e0",
        "table": "p0",
        "high": 2.0,
    }
    assert {name: made.spec[name] for name in wanted} == wanted


def test_percentiles_are_columns_in_double_precision() -> None:
    quantiles = np.arange(18.0).reshape(2, 9)
    quantiles[1] = np.nan
    made = charts.bands(Bands(Made.rows, quantiles), ABOUT, LINEAR, table="p1", edges="e0")
    table = made.tables["p1"]
    assert [table[f"q{place}"][0].as_py() for place in range(9)] == list(range(9))
    assert table["q8"].null_count == 0
    assert table.schema.field("q4").type == pa.float64()


def test_curves_of_runs_lie_one_below_the_other_with_their_facts() -> None:
    curves = [
        charts.Curve(0, np.array([0.0, 1.0, 2.0]), np.array([0.5, 0.5])),
        charts.Curve(4, np.array([0.0, 1.0, 2.0]), np.array([1.0, 0.0]), earlier=True),
    ]
    facts = {name: [0.0, 1.0] for name in charts.FACTS}
    made = charts.curves("outlines", curves, facts, charts.About("t"), LINEAR, table="p2", edges="p2_edges", against=0)
    assert made.tables["p2"]["y"].to_pylist() == [0.5, 0.5, 1, 0]
    assert made.spec["lines"] == [
        {"run": 0, "earlier": False, "start": 0, "count": 2},
        {"run": 4, "earlier": True, "start": 2, "count": 2},
    ]
    assert made.tables["p2_facts"].column_names == list(charts.FACTS)
    assert made.spec["run"] is None


def test_logged_buckets_are_sent_as_they_are() -> None:
    facts = {name: [0.0] for name in charts.FACTS}
    buckets = np.array([[-np.inf, 0.1, 3.0], [0.1, 0.30000000000000004, 5.0]])
    made = charts.bars(0, buckets, facts, charts.About("t"), LINEAR, table="p3")
    assert made.tables["p3"].to_pydict() == {
        "left": [-np.inf, 0.1],
        "right": [0.1, 0.30000000000000004],
        "count": [3, 5],
    }


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({}, []),
        ({"total": 10_000, "drawn": 64}, ["64 of 10,000 steps, evenly chosen: drag over the steps to see any"]),
        ({"total": 10_000, "drawn": 500, "merged": True}, ["10,000 steps, each pixel column the mean of about 20"]),
        ({"missing": 12.0, "values": 500.0}, ["12 of 500 values are in no bucket (NaN, infinite or left out)"]),
        ({"missing": 1.0, "values": 4.0}, ["1 of 4 values is in no bucket (NaN, infinite or left out)"]),
        ({"empty": 2}, ["2 of 5 histograms are empty"]),
        ({"outside": True}, ["nothing logged between these steps"]),
        ({"not_positive": True}, ["not all values are above zero: symlog instead of log"]),
        ({"problems": ["step 3: bad", "step 4: bad"]}, ["2 cannot be read: step 3: bad"]),
    ],
)
def test_what_is_not_as_it_seems_is_said(what: dict[str, object], said: list[str]) -> None:
    assert charts.notes(**{**QUIET, **what}) == said


def test_edges_beyond_the_axis_are_said() -> None:
    quiet = {"below": 0.0, "above": 0.0, "lost": 0.0, "least": 0.0, "greatest": 2.0, "scale": LINEAR}
    assert charts.cut_notes(**quiet) == []
    assert charts.cut_notes(**{**quiet, "above": 3.0, "greatest": 1.7976931348623157e308}) == [
        "the outermost edge is 1.798e308: drawn up to 2, with 3 values of such buckets"
    ]
    assert charts.cut_notes(**{**quiet, "below": 1.0, "least": -math.inf, "lost": 1.0}) == [
        "the outermost edge is -Infinity: drawn from 0 on, with 1 value of such buckets",
        "1 value is in buckets whose edges are no numbers: not drawn",
    ]


def test_a_range_of_some_runs_alone_is_said() -> None:
    panel = charts.of_page(charts.nothing(charts.About("weight", notes=["one"])))
    assert panel.spec["notes"] == [
        "one",
        "the range is that of the runs on this page: there are too many to look at all",
    ]
