"""The word for what is sent to a component."""

import pyarrow as pa

from tbcore.ui.components.stamp import stamp


def test_the_same_tables_have_the_same_word_and_others_another() -> None:
    word = stamp({"rows": pa.table({"x": [1.0, 2.0], "name": ["a", "b"]})})
    assert stamp({"rows": pa.table({"x": [1.0, 2.0], "name": ["a", "b"]})}) == word
    assert stamp({"rows": pa.table({"x": [1.0, 3.0], "name": ["a", "b"]})}) != word
    assert stamp({"rows": pa.table({"x": [1.0, 2.0], "name": ["a", "c"]})}) != word
    assert stamp({"rows": pa.table({"y": [1.0, 2.0], "name": ["a", "b"]})}) != word
    assert stamp({"mark0": pa.table({"x": [1.0, 2.0], "name": ["a", "b"]})}) != word


def test_a_cell_that_is_missing_is_not_one_that_is_nought() -> None:
    assert stamp({"rows": pa.table({"x": [0.0, 1.0]})}) != stamp({"rows": pa.table({"x": [None, 1.0]})})
