"""Scalars to take away: points of a window in every format, and figures for LaTeX."""

import csv
import io
import json
import math

import numpy as np
import pyarrow.parquet as pq
import pytest

from tbcore.analysis.scalar_files import Drawn, latex, pgfplots, schema, tables, write
from tbcore.analysis.smoothing import ema
from tbcore.series import Opened, Segment, Series


def series(values: list[float] | np.ndarray, *, run: str = "run", dtype: type = np.float32) -> Series:
    at = np.arange(len(values))
    segment = Segment("f", Opened(0.0, 0.0), "simple_value", at, at * 2.0 + 1000.0, np.asarray(values, dtype))
    return Series(run, "loss", "scalars", (segment,), load=lambda *_: b"", decode=lambda *_: None)


def restarted() -> Series:
    older = Segment(
        "a", Opened(10.0, 20.0), "simple_value", np.array([0, 1, 2]), np.arange(3.0), np.array([1.0, 99, 99])
    )
    newer = Segment("b", Opened(30.0, 40.0), "simple_value", np.array([1, 2]), np.arange(2.0), np.array([5.0, 6.0]))
    return Series("run", "loss", "scalars", (older, newer), load=lambda *_: b"", decode=lambda *_: None)


def written(form: str, *every: Series, **choices) -> bytes:
    sink = io.BytesIO()
    write(sink, form, every, **choices)
    return sink.getvalue()


def test_all_points_are_rows_of_csv() -> None:
    found = written("csv", series([0.1, math.nan]), series([1], run='b,"'))
    assert found.decode() == (
        "run,tag,step,wall_time,relative,value\n"
        "run,loss,0,1000.0,0.0,0.1\n"
        "run,loss,1,1002.0,2.0,NaN\n"
        '"b,""",loss,0,1000.0,0.0,1.0\n'
    )


@pytest.mark.parametrize(
    ("choices", "steps"),
    [
        ({"window": (1, 2)}, [1, 2]),
        ({"window": (1002.0, 1004.0), "axis": "wall"}, [1, 2]),
        ({"window": (2.0, 4.0), "axis": "relative"}, [1, 2]),
        ({"window": (12.0, 14.0), "axis": "relative", "starts": {"run": 990.0}}, [1, 2]),
        ({"window": (50, 60)}, []),
        ({}, [0, 1, 2, 3]),
    ],
)
def test_a_window_holds_its_points_and_no_other(choices: dict, steps: list[int]) -> None:
    rows = list(csv.DictReader(io.StringIO(written("csv", series([1, 2, 3, 4]), **choices).decode())))
    assert [int(row["step"]) for row in rows] == steps
    rows = json.loads(written("json", series([1, 2, 3, 4]), **choices))
    assert [row["step"] for row in rows] == steps
    table = pq.read_table(io.BytesIO(written("parquet", series([1, 2, 3, 4]), **choices)))
    assert table["step"].to_pylist() == steps


def test_smoothed_values_are_those_of_the_whole_curve() -> None:
    values = np.random.default_rng(0).normal(size=100).astype(np.float32)
    table = pq.read_table(io.BytesIO(written("parquet", series(values), window=(50, 60), weight=0.9)))
    np.testing.assert_array_equal(table["smoothed"], ema(values, 0.9)[50:61])
    np.testing.assert_array_equal(table["value"], values[50:61])


def test_what_was_written_again_is_left_out_or_marked() -> None:
    rows = json.loads(written("json", restarted()))
    assert [row["value"] for row in rows] == [1, 5, 6]
    rows = json.loads(written("json", restarted(), earlier=True, weight=0.5))
    assert [row["value"] for row in rows] == [1, 99, 99, 5, 6]
    assert [row["superseded"] for row in rows] == [False, True, True, False, False]
    smooth = ema(np.array([1.0, 5.0, 6.0]), 0.5)
    assert [row["smoothed"] for row in rows] == [1, "NaN", "NaN", *smooth[1:]]


def test_values_are_double_where_any_was_logged_so() -> None:
    assert str(schema([series([1])]).field("value").type) == "float"
    mixed = [series([0.1]), series([0.1], dtype=np.float64)]
    assert str(schema(mixed).field("value").type) == "double"
    assert written("csv", *mixed).decode().count("0.1\n") == 2


def test_many_points_come_in_pieces() -> None:
    every = list(tables([series(np.zeros(300_000))]))
    assert len(every) == 3
    assert sum(table.num_rows for table in every) == 300_000


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_nothing_is_a_file_without_rows(form: str) -> None:
    assert written(form, series([]))
    assert written(form)


def test_a_format_nobody_knows_is_refused() -> None:
    with pytest.raises(KeyError):
        written("xls", series([1]))


LINE = Drawn("a_b", "#4269d0", np.array([0, 1, 2]), np.array([0.1, math.nan, 3], np.float32))


def test_a_card_is_a_picture_of_tikz() -> None:
    found = pgfplots([LINE], title="50 % & more", x_title="step", y_title="loss", x_range=(0, 2), y_range=(0.5, 1.0))
    assert found == (
        "% needs \\usepackage{pgfplots} and \\pgfplotsset{compat=1.18}\n"
        "\\definecolor{runlens0}{HTML}{4269D0}\n"
        "\\begin{tikzpicture}\n"
        "\\begin{axis}[width=\\linewidth, height=0.62\\linewidth, grid=major, unbounded coords=jump, "
        "title={50 \\% \\& more}, xlabel={step}, ylabel={loss}, xmin=0, xmax=2, ymin=0.5, ymax=1.0, "
        "legend cell align=left, legend pos=outer north east]\n"
        "% 3 of 3 points\n"
        "\\addplot[runlens0, thick] table {\n0 0.1\n1 nan\n2 3.0\n};\n"
        "\\addlegendentry{a\\_b}\n"
        "\\end{axis}\n"
        "\\end{tikzpicture}\n"
    )


def test_logarithmic_axes_faint_lines_and_bands_are_said() -> None:
    low, high = np.array([0.0, 1.0, 2.0]), np.array([1.0, 2.0, 4.0])
    banded = Drawn("b", "#4269d0", np.array([0, 1, 2]), np.array([1.0, 2.0, 3.0]), low=low, high=high)
    pale = Drawn("b", "red; \\input{x}", np.array([0, 1, 2]), np.array([1.0, -2.0, 3.0]), pale=True)
    found = pgfplots([pale, banded], log_x=True, log_y=True)
    assert "xmode=log, ymode=log" in found
    assert "fill between[of=low1 and high1]" in found
    assert "usepgfplotslibrary{fillbetween}" in found
    assert "{HTML}{888888}" in found
    assert "\\input" not in found
    assert found.count("\\addlegendentry") == 1
    assert "\n0 nan\n1 nan\n2 3.0\n};" in found


def test_a_long_line_keeps_its_extremes() -> None:
    values = np.sin(np.arange(100_000) / 1000)
    values[77_777] = 1e6
    found = pgfplots([Drawn("a", "#000000", np.arange(100_000), values)], columns=100)
    assert "\n77777 1000000.0\n" in found
    assert "of 100,000 points" in found
    assert len(found) < 20_000


def test_names_cannot_leave_their_place_in_latex() -> None:
    assert latex("a}\\end{axis}%\n\x00$") == "a\\}\\textbackslash{}end\\{axis\\}\\%  \\$"


def test_no_lines_are_an_empty_picture() -> None:
    assert "\\begin{axis}" in pgfplots([])
