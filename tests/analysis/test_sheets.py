"""Sheets: what passes, in which order, what differs, what is best, and how it is written down."""

import io
import json
import math

import numpy as np
import pandas as pd
import pytest

from tbcore.analysis.sheets import (
    Cells,
    Column,
    Filter,
    Sheet,
    best,
    differs,
    frame,
    levels,
    number_cells,
    only,
    order,
    passing,
    picked,
    rows,
    text_cells,
    titles,
    to_csv,
    to_json,
    to_latex,
    to_parquet,
    word,
    words,
)
from tbcore.errors import PatternError

NAN = math.nan


def sheet() -> Sheet:
    """Return five rows: a number, text, a boolean, a metric, a time, a count; each with something missing."""
    flag = number_cells([1, 0, 1, None, 0])
    return Sheet(
        ("a", "b", "c", "d", "e"),
        (
            Column("hp:lr", "lr", "hparam"),
            Column("hp:opt", "optimizer", "hparam", "text"),
            Column("hp:bn", "bn", "hparam", "bool"),
            Column("m:last:loss", "loss", "metric", better="low"),
            Column("about:start", "Start", "about", "time"),
            Column("about:points", "Points", "about", "count"),
        ),
        {
            "hp:lr": number_cells([0.1, 0.01, None, 1e-5, 0.1]),
            "hp:opt": text_cells(["sgd", "adam", None, "adam", "10-step"]),
            "hp:bn": flag,
            "m:last:loss": number_cells([0.5, NAN, 0.25, None, math.inf]),
            "about:start": number_cells([0.0, 1.5, None, 2.0, 3.0]),
            "about:points": number_cells([1, 20, 300, None, 5]),
        },
        (("a",), ("b",), ("c", "c/eval"), ("d",), ("e",)),
    )


def names(chosen) -> str:
    """Return the names of the rows of a mask, or of row numbers, as one word."""
    return "".join(only(sheet(), np.asarray(chosen)).names)


@pytest.mark.parametrize(
    ("filters", "passes"),
    [
        ([], "abcde"),
        ([Filter("hp:lr", low=0.01)], "abe"),
        ([Filter("hp:lr", low=0.01, high=0.05)], "b"),
        ([Filter("hp:lr", low=0.05, missing="with")], "ace"),
        ([Filter("hp:lr", missing="only")], "c"),
        ([Filter("hp:lr")], "abde"),
        ([Filter("hp:lr", values=("0.1",))], "ae"),
        ([Filter("hp:opt", values=("adam",))], "bd"),
        ([Filter("hp:opt", values=())], ""),
        ([Filter("hp:opt", pattern="^S|step")], "ae"),
        ([Filter("hp:opt", pattern="adam", missing="with")], "bcd"),
        ([Filter("hp:bn", values=("true",))], "ac"),
        ([Filter("hp:bn", values=("false",), missing="with")], "bde"),
        ([Filter("m:last:loss")], "abce"),
        ([Filter("m:last:loss", high=1.0)], "ac"),
        ([Filter("m:last:loss", low=0.3)], "ae"),
        ([Filter("m:last:loss", nan="only")], "b"),
        ([Filter("m:last:loss", nan="without")], "ace"),
        ([Filter("m:last:loss", nan="without", missing="with")], "acde"),
        ([Filter("hp:opt", values=("adam",)), Filter("hp:lr", low=0.001)], "b"),
        ([Filter("hp:gone", low=1.0)], "abcde"),
    ],
)
def test_rows_pass_when_every_filter_lets_them(filters: list[Filter], passes: str) -> None:
    assert names(passing(sheet(), filters)) == passes


def test_a_pattern_that_is_none_says_where() -> None:
    with pytest.raises(PatternError, match="at position 1"):
        passing(sheet(), [Filter("hp:opt", pattern="(")])


@pytest.mark.parametrize(
    ("key", "descending", "ordered"),
    [
        ("hp:lr", False, "dbaec"),
        ("hp:lr", True, "aebdc"),
        ("m:last:loss", False, "caebd"),
        ("m:last:loss", True, "eacbd"),
        ("hp:opt", False, "ebdac"),
        ("hp:opt", True, "abdec"),
        ("about:points", True, "cbead"),
        ("hp:gone", False, "abcde"),
    ],
)
def test_order_has_nan_after_numbers_and_what_is_missing_last(key: str, descending: bool, ordered: str) -> None:
    assert names(order(sheet(), key, descending=descending)) == ordered


def test_text_that_begins_with_a_number_is_in_the_order_of_the_numbers() -> None:
    texts = text_cells(["run 10", "10 layers", "9 layers", "run 9", "1e-3", ".5"])
    one = Sheet(tuple("abcdef"), (Column("k", "k", "hparam", "text"),), {"k": texts}, ((),) * 6)
    assert "".join(only(one, order(one, "k")).names) == "efcbda"


def test_a_column_differs_when_its_values_do_or_some_rows_lack_it() -> None:
    same, gone = number_cells([1.0, 1.0]), number_cells([None, None])
    half, nan = number_cells([1.0, None]), number_cells([NAN, NAN])
    cells = {"same": same, "gone": gone, "half": half, "nan": nan, "text": text_cells(["x", "y"])}
    two = Sheet(("a", "b"), tuple(Column(key, key, "hparam") for key in cells), cells, ((), ()))
    assert [key for key in cells if differs(two, key)] == ["half", "text"]


def test_the_best_row_is_the_least_or_the_greatest_finite_value() -> None:
    one = sheet()
    assert best(one, "m:last:loss") == 2
    assert best(one, "hp:lr") is None
    high = Sheet(
        one.names, (Column("m", "m", "metric", better="high"),), {"m": number_cells([NAN, 1, 3, None, 3])}, one.runs
    )
    assert best(high, "m") == 2


def test_levels_count_each_value_that_is_there() -> None:
    assert levels(sheet(), "hp:opt") == [("10-step", 1), ("adam", 2), ("sgd", 1)]
    assert levels(sheet(), "hp:bn") == [("false", 2), ("true", 2)]
    assert levels(sheet(), "hp:lr") == [("1e-05", 1), ("0.01", 1), ("0.1", 2)]


def test_values_are_spelled_so_that_they_can_be_read_back() -> None:
    spelled = [word(value) for value in (True, False, 32.0, 0.1, 1e-5, NAN, math.inf, -math.inf, "a b", -0.5, 1e300)]
    assert spelled == ["true", "false", "32", "0.1", "1e-05", "NaN", "Infinity", "-Infinity", "a b", "-0.5", "1e+300"]
    assert words(Column("k", "k", "metric"), number_cells([1.0, None, NAN])) == ["1", "", "NaN"]


def test_only_and_picked_keep_rows_and_columns_in_the_order_asked_for() -> None:
    one = picked(only(sheet(), np.array([4, 2])), ["hp:opt", "gone", "hp:lr", "hp:opt"])
    assert one.names == ("e", "c")
    assert [column.key for column in one.columns] == ["hp:opt", "hp:lr"]
    assert one.runs == (("e",), ("c", "c/eval"))
    assert one.cells["hp:lr"].missing.tolist() == [False, True]


def test_columns_of_one_title_are_told_apart() -> None:
    columns = (
        Column("hp:loss", "loss", "hparam"),
        Column("m:last:loss", "loss", "metric"),
        Column("m:min:loss", "loss", "metric"),
        Column("hp:name", "name", "hparam"),
    )
    cells = {column.key: number_cells([]) for column in columns}
    assert titles(Sheet((), columns, cells, ())) == [
        "loss (hparam)",
        "loss (metric)",
        "loss (metric) 2",
        "name (hparam)",
    ]


def test_titles_are_unique_whatever_columns_are_called() -> None:
    called = ["x", "x", "x (hparam)", "x (hparam) 2", "name", "name (hparam)"]
    columns = tuple(Column(f"hp:{place}", title, "hparam") for place, title in enumerate(called))
    found = titles(Sheet((), columns, {}, ()))
    assert found == ["x (hparam)", "x (hparam) 2", "x (hparam) 3", "x (hparam) 2 2", "name (hparam)", "name (hparam) 2"]


def test_csv_says_nothing_where_a_cell_is_missing() -> None:
    lines = to_csv(sheet()).decode().splitlines()
    assert lines[0] == "name,lr,optimizer,bn,loss,Start,Points"
    assert lines[1] == "a,0.1,sgd,true,0.5,0,1"
    assert lines[2] == "b,0.01,adam,false,NaN,1.5,20"
    assert lines[3] == "c,,,true,0.25,,300"
    assert lines[5] == "e,0.1,10-step,false,Infinity,3,5"


def test_json_has_null_where_a_cell_is_missing_and_words_for_what_is_not_finite() -> None:
    found = json.loads(to_json(sheet()))
    assert found[1] == {
        "name": "b",
        "lr": 0.01,
        "optimizer": "adam",
        "bn": False,
        "loss": "NaN",
        "Start": 1.5,
        "Points": 20,
    }
    assert found[3] == {
        "name": "d",
        "lr": 1e-5,
        "optimizer": "adam",
        "bn": None,
        "loss": None,
        "Start": 2.0,
        "Points": None,
    }
    assert rows(sheet()) == found
    assert json.loads(to_json(only(sheet(), np.array([], np.int64)))) == []


def test_parquet_has_columns_of_their_types() -> None:
    found = pd.read_parquet(io.BytesIO(to_parquet(sheet())))
    assert found["Points"].tolist()[:3] == [1, 20, 300]
    assert found["bn"].isna().tolist() == [False, False, False, True, False]
    assert str(found["Start"].dtype) == "datetime64[us, UTC]"
    assert found["Start"][1] == pd.Timestamp("1970-01-01T00:00:01.5", tz="UTC")
    assert frame(sheet())["optimizer"].isna().tolist() == [False, False, True, False, False]


def test_latex_escapes_what_it_would_act_on() -> None:
    columns = (Column("hp:a_b", "a_b%", "hparam", "text"), Column("m", "loss", "metric"))
    cells = {"hp:a_b": text_cells(["$x_1$", None]), "m": number_cells([1.23456e-7, NAN])}
    text = to_latex(Sheet(("r&d", "b\\"), columns, cells, ((), ()))).decode()
    assert text == (
        "\\begin{tabular}{llr}\n"
        "  \\toprule\n"
        "  name & a\\_b\\% & loss \\\\\n"
        "  \\midrule\n"
        "  r\\&d & \\$x\\_1\\$ & $1.235 \\cdot 10^{-7}$ \\\\\n"
        "  b\\textbackslash{} & --- & NaN \\\\\n"
        "  \\bottomrule\n"
        "\\end{tabular}\n"
    )


def test_times_beyond_the_calendar_are_left_out_of_data_frames_but_not_of_json() -> None:
    far = Sheet(("a",), (Column("t", "t", "about", "time"),), {"t": number_cells([1e300])}, ((),))
    assert frame(far)["t"].isna().all()
    assert rows(far)[0]["t"] == 1e300


def test_five_thousand_rows_and_forty_columns_are_filtered_within_a_moment() -> None:
    rng = np.random.default_rng(0)
    cells = {f"c{i}": Cells(rng.random(5000), np.zeros(5000, np.bool_)) for i in range(40)}
    large = Sheet(tuple(map(str, range(5000))), tuple(Column(key, key, "hparam") for key in cells), cells, ((),) * 5000)
    kept = passing(large, [Filter("c1", low=0.25, high=0.75), Filter("c2", low=0.5)])
    expected = (cells["c1"].values >= 0.25) & (cells["c1"].values <= 0.75) & (cells["c2"].values >= 0.5)
    assert (kept == expected).all()
