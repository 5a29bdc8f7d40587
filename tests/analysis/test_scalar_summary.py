"""All scalars at a glance, as a sheet."""

import time

import numpy as np

from tbcore.analysis import sheets
from tbcore.analysis.scalar_summary import sheet, usual
from tbcore.series import Opened, Segment, Series


def series(values, *, run="run", tag="loss") -> Series:
    at = np.arange(len(values))
    segment = Segment("f", Opened(0.0, 0.0), "simple_value", at, at * 2.0, np.asarray(values, np.float32))
    return Series(run, tag, "scalars", (segment,), load=lambda *_: b"", decode=lambda *_: None)


def cell(found, row, key):
    cells = found.cells[f"about:{key}"]
    return None if cells.missing[row] else cells.values[row]


def test_rows_are_ordered_by_tag_and_name_both():
    found, rows = sheet([series([1], tag="b10"), series([1], tag="b9"), series([1], run="other", tag="b9")])
    assert found.names == ("b9 · run", "b9 · other", "b10 · run")
    assert [(one.tag, one.run) for one in rows] == [("b9", "run"), ("b9", "other"), ("b10", "run")]
    assert found.runs == (("run",), ("other",), ("run",))


def test_names_that_come_to_the_same_stay_apart():
    found, _rows = sheet([series([1], tag="a · b", run="c"), series([1], tag="a", run="b · c")])
    assert len(set(found.names)) == 2


def test_the_best_is_the_end_that_the_tag_says_is_good():
    found, _rows = sheet([series([3, 1, 2]), series([3, 4, 2], tag="accuracy"), series([3, 4, 2], tag="lr")])
    by_name = {name: row for row, name in enumerate(found.names)}
    loss, accuracy, other = (by_name[f"{tag} · run"] for tag in ("loss", "accuracy", "lr"))
    assert (cell(found, loss, "best"), cell(found, loss, "best_step")) == (1, 1)
    assert (cell(found, accuracy, "best"), cell(found, accuracy, "best_step")) == (4, 1)
    assert (cell(found, other, "best"), cell(found, other, "best_step")) == (None, None)


def test_what_is_not_finite_is_there_and_what_was_never_logged_is_not():
    found, _rows = sheet([series([1, np.inf, np.nan]), series([], tag="none")])
    assert np.isnan(cell(found, 0, "last"))
    assert cell(found, 0, "strange") == 2
    assert [cell(found, 1, key) for key in ("last", "last_step", "min")] == [None, None, None]
    assert cell(found, 1, "points") == 0


def test_a_baseline_adds_how_far_the_others_are_from_it():
    found, _rows = sheet([series([2, 4]), series([1, 5], run="other")], "run")
    assert (cell(found, 1, "last_difference"), cell(found, 1, "last_percent")) == (1, 25)
    assert (cell(found, 1, "best_difference"), cell(found, 1, "best_percent")) == (-1, -50)
    assert {"about:last_difference", "about:last_percent"} <= set(usual("run")) - set(usual())
    assert set(usual("run")) <= set(found.cells)


def test_a_baseline_that_is_not_shown_has_no_row():
    found, rows = sheet([series([1, 5], run="other")], "run", [series([2, 4]), series([1], tag="x")])
    assert (len(found), len(rows)) == (1, 1)
    assert cell(found, 0, "last_difference") == 1


def test_it_downloads_like_any_sheet():
    found, _rows = sheet([series([2, 4])])
    assert sheets.to_csv(sheets.picked(found, usual())).decode().splitlines()[1] == "loss · run,4,1,2,4,2,0,2,0"


def test_nothing_is_an_empty_sheet():
    found, rows = sheet([])
    assert (len(found), rows) == (0, ())


def test_4_000_curves_take_a_moment():
    every = [series(np.arange(50.0), run=f"run{run}", tag=f"tag{tag}") for run in range(100) for tag in range(40)]
    sheet(every)
    start = time.perf_counter()
    found, _rows = sheet(every)
    assert time.perf_counter() - start < 1.5
    assert len(found) == 4_000
