"""What is brushed on the axes of a chart holds the rows that lie there."""

import math

import numpy as np
import pytest

from tbcore.analysis.brushes import Brush, brushed, lanes, with_any
from tbcore.analysis.sheets import Cells, Column, Sheet, number_cells, text_cells

LR = number_cells([0.001, 0.01, None, math.nan, math.inf, -math.inf])
OPT = text_cells(["adam", "sgd", None, "", "adam", "sgd"])
AMP = Cells(np.array([1.0, 0.0, np.nan, 1.0, 0.0, 1.0]), np.array([False, False, True, False, False, False]))


@pytest.fixture
def sheet() -> Sheet:
    columns = (Column("hp:lr", "lr", "hparam"), Column("hp:opt", "opt", "hparam", "text"), Column("hp:amp", "amp", "hparam", "bool"))  # fmt: skip
    return Sheet(tuple("abcdef"), columns, {"hp:lr": LR, "hp:opt": OPT, "hp:amp": AMP}, tuple((name,) for name in "abcdef"))  # fmt: skip


def held(sheet: Sheet, **brushes: Brush) -> str:
    found = brushed(sheet, {f"hp:{name}": brush for name, brush in brushes.items()})
    return "".join(name for name, there in zip(sheet.names, found, strict=True) if there)


def test_a_row_is_held_by_any_range_of_a_column(sheet: Sheet) -> None:
    assert held(sheet, lr=Brush(((0.005, 0.05),))) == "b"
    assert held(sheet, lr=Brush(((0.0005, 0.002), (0.01, 0.01)))) == "ab"


def test_a_range_open_at_both_ends_holds_numbers_and_nothing_else(sheet: Sheet) -> None:
    assert held(sheet, lr=Brush(((None, None),))) == "ab"


def test_what_is_no_number_is_held_by_its_lane(sheet: Sheet) -> None:
    assert [held(sheet, lr=Brush(lanes=(lane,))) for lane in ("missing", "NaN", "∞", "-∞")] == ["c", "d", "e", "f"]


def test_categories_and_booleans_are_held_by_their_words(sheet: Sheet) -> None:
    assert held(sheet, opt=Brush(values=("adam",))) == "ae"
    assert held(sheet, opt=Brush(values=("",))) == "d"
    assert held(sheet, amp=Brush(values=("true",), lanes=("missing",))) == "acdf"


def test_all_brushes_must_hold_a_row_and_one_of_an_unknown_column_holds_all(sheet: Sheet) -> None:
    assert held(sheet, opt=Brush(values=("adam",)), lr=Brush(((None, 0.1),))) == "a"
    assert held(sheet, gone=Brush()) == "abcdef"


def test_an_empty_brush_holds_nothing(sheet: Sheet) -> None:
    assert held(sheet, lr=Brush()) == ""


def test_lanes_say_what_has_no_place_among_numbers(sheet: Sheet) -> None:
    assert lanes(sheet.columns[0], LR).tolist() == [0, 0, 1, 2, 4, 3]
    assert lanes(sheet.columns[1], OPT).tolist() == [0, 0, 1, 0, 0, 0]


def test_rows_that_lack_all_of_some_columns_are_left_out(sheet: Sheet) -> None:
    assert with_any(sheet, ["hp:lr", "hp:opt", "hp:amp"]).names == ("a", "b", "d", "e", "f")
    assert with_any(sheet, []).names == ()
