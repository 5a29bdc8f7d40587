"""Rows of an embedding: their names, searches, and what is written of them."""

import numpy as np
import pytest

from tbcore.analysis import embedding_points
from tbcore.errors import PatternError


def test_rows_and_clusters_have_names() -> None:
    assert embedding_points.row_names(np.array([0, 12])) == ["row 0", "row 12"]
    assert embedding_points.cluster_names(np.array([1, -1, 0])) == ["cluster 2", "", "cluster 1"]
    assert embedding_points.taken(["a", "b", "c"], np.array([2, 0])) == ["c", "a"]


def test_a_search_finds_rows_without_regard_to_case() -> None:
    assert embedding_points.found(["Cat", "dog", "concat", "cat"], "^cat$").tolist() == [0, 3]
    assert embedding_points.found(["a"], "").tolist() == []


def test_a_wrong_pattern_is_refused() -> None:
    with pytest.raises(PatternError, match="not a regular expression"):
        embedding_points.found(["a"], "(")


def test_a_pattern_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(PatternError, match="takes more than"):
        embedding_points.found(["a" * 60 + f"b{row}" for row in range(20)], "(a|aa)+$", seconds=0.2)


def test_rows_are_written_with_their_cells_and_the_shortest_numbers_that_are_the_same() -> None:
    columns = {"label": ["a", 'b "x", y', "c"]}
    places = {"pc1": np.array([0.1, np.nan], np.float32), "pc2": np.array([1e-7, 3], np.float32)}
    written = embedding_points.table_of(np.array([0, 1]), columns, places)
    assert written.decode() == 'row,label,pc1,pc2\n0,a,0.1,0.0000001\n1,"b ""x"", y",,3\n'


def test_whole_numbers_stay_whole_and_tabs_part_a_tsv() -> None:
    written = embedding_points.table_of(np.array([2]), {"l": ["", "", "x"]}, {"kept": np.array([7])}, tabs=True)
    assert written.decode() == "row\tl\tkept\n2\tx\t7\n"
