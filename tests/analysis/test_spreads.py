"""What a column's cells are spread over."""

import math
from collections.abc import Sequence
from typing import Any

from tbcore.analysis.sheets import Column, Sheet, Type, number_cells, text_cells
from tbcore.analysis.spreads import Spread, spread


def spread_of(cells: Sequence[Any], type_: Type = "number") -> Spread:
    """Return what one column is spread over."""
    made = text_cells(cells) if type_ == "text" else number_cells(cells)
    names = tuple(map(str, range(len(cells))))
    found = spread(Sheet(names, (Column("k", "k", "hparam", type_),), {"k": made}, ((),) * len(cells)), "k")
    assert found is not None
    return found


def test_numbers_are_counted_in_thirty_parts_of_their_range() -> None:
    found = spread_of([0.0, 0.5, 29.9, 30.0, 15.0])
    assert (found.low, found.high, found.log, found.whole) == (0.0, 30.0, False, False)
    assert found.bins == (2, *(0,) * 14, 1, *(0,) * 13, 2)


def test_positive_numbers_over_four_decades_are_counted_by_their_logarithm() -> None:
    found = spread_of([1e-5, 1e-3, 1e-1])
    assert found.log
    assert found.bins == (1, *(0,) * 14, 1, *(0,) * 13, 1)


def test_few_different_numbers_are_listed_too() -> None:
    assert spread_of([32.0, 16.0, 32.0, None]).levels == (("16", 1), ("32", 2))
    assert spread_of([float(number) for number in range(25)]).levels is None


def test_times_are_never_listed() -> None:
    assert spread_of([1.7e9, 1.7e9], "time").levels is None


def test_rows_without_a_value_and_with_one_that_is_no_number_are_counted_apart() -> None:
    found = spread_of([1.0, None, None, math.nan, math.inf])
    assert (found.missing, found.nan, found.low, found.high) == (2, 1, 1.0, 1.0)


def test_texts_are_listed_in_their_order() -> None:
    found = spread_of(["sgd", "adam", "sgd", None], "text")
    assert (found.levels, found.missing, found.more) == ((("adam", 1), ("sgd", 2)), 1, 0)


def test_of_very_many_texts_some_are_listed() -> None:
    found = spread_of([f"note {number}" for number in range(2003)], "text")
    assert found.levels is not None
    assert (len(found.levels), found.more) == (2000, 3)


def test_nothing_but_missing_cells_has_no_range() -> None:
    found = spread_of([None, None])
    assert (math.isnan(found.low), found.bins, found.missing) == (True, (), 2)


def test_the_widest_range_there_is_has_bins() -> None:
    assert sum(spread_of([-1.7e308, 0.0, 1.7e308]).bins) == 3


def test_a_column_that_is_not_there_has_no_spread() -> None:
    assert spread(Sheet((), (), {}, ()), "k") is None
