import math

import numpy as np
import pytest

from tbcore.errors import EmbeddingError, MessageError
from tbcore.formats import projector
from tbcore.formats.projector import Bookmark, Entry

CONFIG = """
# written by hand
model_checkpoint_path: "embedding.ckpt-7"
some_future_field { of: [1, 2] }
embeddings {
  tensor_name: "digits:00020"
  metadata_path: "00020/digits/metadata.tsv"
  bookmarks_path: "bm.txt"
  tensor_shape: 30 tensor_shape: 4
  sprite { image_path: "sprite.png" single_image_dim: 8 single_image_dim: 12 }
  tensor_path: "00020/digits/tensors.tsv"
}
embeddings { tensor_name: 'w\\303\\266rter' }
"""


def rows(text: str, count: int | None = None) -> list[tuple[str, ...]]:
    """Return metadata row by row."""
    return list(zip(*projector.metadata(text.encode(), count).cells, strict=True))


# The configuration ---------------------------------------------------------------------------------------------------


def test_a_configuration_tells_embeddings_in_order_and_the_checkpoint() -> None:
    found = projector.config(CONFIG)
    digits = Entry(
        "digits:00020",
        "00020/digits/tensors.tsv",
        "00020/digits/metadata.tsv",
        "bm.txt",
        (30, 4),
        "sprite.png",
        (8, 12),
    )
    assert found.entries == (digits, Entry("wörter"))
    assert found.checkpoint_path == "embedding.ckpt-7"


def test_one_side_of_a_sprite_means_a_square_and_none_is_unknown() -> None:
    one = projector.config('embeddings { sprite { image_path: "s" single_image_dim: 8 } }')
    none = projector.config('embeddings { sprite { image_path: "s" single_image_dim: 0 single_image_dim: 8 } }')
    assert (one.entries[0].sprite_size, none.entries[0].sprite_size) == ((8, 8), None)


def test_a_configuration_that_does_not_parse_says_in_which_line() -> None:
    with pytest.raises(MessageError, match="line 2"):
        projector.config("embeddings {\n  tensor_name ]\n}")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (Entry("digits:00020", "00020/digits/tensors.tsv"), ("digits", 20)),
        (Entry("a:b:00005", "./00005/a_b/tensors.tsv"), ("a:b", 5)),
        (Entry("big:123456", "123456/big/tensors.tsv"), ("big", 123456)),
        (Entry("back:-0001", "-0001/back/tensors.tsv"), ("back", -1)),
        (Entry("", "00020/digits/tensors.tsv"), ("digits", 20)),
        (Entry("weights:00020", "weights.tsv"), ("weights:00020", None)),
        (Entry("embedding:0", ""), ("embedding:0", None)),
        (Entry("layer/.ATTRIBUTES/VARIABLE_VALUE", ""), ("layer", None)),
        (Entry("", "vec.tsv"), ("vec.tsv", None)),
    ],
)
def test_a_step_is_read_from_the_name_only_where_the_folder_says_it_too(
    entry: Entry, expected: tuple[str, int | None]
) -> None:
    assert projector.named(entry) == expected


def test_the_latest_checkpoint_is_the_one_that_tensorflow_notes() -> None:
    noted = 'model_checkpoint_path: "m-9"\nall_model_checkpoint_paths: "m-8"\nlast_preserved_timestamp: 1.5\n'
    assert projector.latest_checkpoint(noted) == "m-9"


# Tensors -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"1\t2\n3\t4\n",
        b"1\t2\r\n3\t4\r\n",
        b"\xef\xbb\xbf1\t2\n\n3\t4",
        b"1,2\n3,4",
        b" 1  2 \n3 4\n",
        b"1\t2\t\n3\t4\t\n",
    ],
    ids=["tabs", "carriage returns", "mark and empty line", "commas", "spaces", "a tab at the end"],
)
def test_rows_of_numbers_are_vectors(data: bytes) -> None:
    tensor = projector.tensor_tsv(data)
    assert tensor.values.dtype == np.float32
    assert (tensor.values.tolist(), tensor.notes) == ([[1, 2], [3, 4]], ())


def test_numbers_read_back_bit_for_bit() -> None:
    values = np.random.default_rng(0).standard_normal((100, 7)).astype(np.float32)
    text = "\n".join("\t".join(map(str, row)) for row in values.tolist())
    assert np.array_equal(projector.tensor_tsv(text.encode()).values, values)


def test_nan_and_infinity_are_numbers() -> None:
    values = projector.tensor_tsv(b"1.0\tnan\ninf\t-Infinity\n").values
    assert values[0, 0] == 1
    assert math.isnan(values[0, 1])
    assert values[1].tolist() == [math.inf, -math.inf]


def test_one_number_in_a_line_is_a_vector_of_one() -> None:
    assert projector.tensor_tsv(b"1\n2\n3").values.tolist() == [[1], [2], [3]]


def test_ragged_rows_are_filled_and_said() -> None:
    tensor = projector.tensor_tsv(b"1\t2\t3\n4\t5\n6\t7\t8\t9\n1\t1\t1\n")
    expected = np.array([[1, 2, 3], [4, 5, np.nan], [6, 7, 8], [1, 1, 1]], np.float32)
    assert np.array_equal(tensor.values, expected, equal_nan=True)
    assert tensor.notes == (
        "rows hold 3 numbers, but line 2 holds 2, line 3 holds 4: missing ones are NaN, others left out",
    )


def test_text_among_the_numbers_becomes_nan_and_a_header_is_left_out() -> None:
    tensor = projector.tensor_tsv(b"x\ty\n1\t2\n3\tfour\n")
    assert np.array_equal(tensor.values, np.array([[1, 2], [3, np.nan]], np.float32), equal_nan=True)
    assert tensor.notes == (
        "line 1 holds names, not numbers: it was left out",
        "cells that are no numbers became NaN (line 3)",
    )


@pytest.mark.parametrize("data", [b"", b"\n \n", b"a\tb\nc\td\n"])
def test_a_tensor_without_numbers_is_refused(data: bytes) -> None:
    with pytest.raises(EmbeddingError):
        projector.tensor_tsv(data)


def test_a_row_of_more_numbers_than_anybody_needs_is_refused() -> None:
    with pytest.raises(EmbeddingError, match="only up to"):
        projector.tensor_tsv(b"1\t" * 70_000 + b"1")


def test_raw_numbers_take_their_shape_and_a_file_cut_short_is_said() -> None:
    values = np.arange(12, dtype="<f4").reshape(4, 3)
    assert np.array_equal(projector.tensor_raw(values.tobytes(), (4, 3)).values, values)
    short = projector.tensor_raw(values[:2].tobytes() + b"\0", (4, 3))
    assert short.values.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert short.notes == ("the file holds 2 of the 4 rows that tensor_shape says",)


@pytest.mark.parametrize("shape", [(), (12,), (3, 0), (5, 2), (1 << 40, 1 << 40)])
def test_raw_numbers_that_do_not_fit_their_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(EmbeddingError):
        projector.tensor_raw(np.arange(12, dtype="<f4").tobytes(), shape)


def test_raw_numbers_are_told_from_text() -> None:
    assert projector.is_text(b"1.5\t-2e-3\nnan\r\n")
    assert not projector.is_text(np.zeros(100, "<f4").tobytes())
    assert not projector.is_text(np.random.default_rng(0).standard_normal(100).astype("<f4").tobytes())


# Metadata ------------------------------------------------------------------------------------------------------------


def test_the_first_line_is_a_header_only_when_it_has_a_tab() -> None:
    one = projector.metadata(b"cat\ndog\n")
    two = projector.metadata("word\tlänge\ncat\t3\nüber\t4\n".encode())
    assert (one.columns, one.cells) == (("label",), [["cat", "dog"]])
    assert (two.columns, two.cells) == (("word", "länge"), [["cat", "über"], ["3", "4"]])


def test_the_number_of_vectors_tells_a_header_from_a_row() -> None:
    with_tab = projector.metadata(b"a\tb\nc\td\n", 2)
    without = projector.metadata(b"animal\ncat\ndog\n", 2)
    assert (with_tab.columns, with_tab.rows) == (("column 1", "column 2"), 2)
    assert with_tab.notes == ("the first line of the metadata is a row, though it has a tab",)
    assert (without.columns, without.cells) == (("animal",), [["cat", "dog"]])
    assert without.notes == ("the first line of the metadata names its column: there is one line more than vectors",)


def test_empty_lines_are_rows_unless_the_count_says_otherwise() -> None:
    assert rows("a\n\nb\n") == [("a",), ("",), ("b",)]
    assert rows("a\n\nb\n", 3) == [("a",), ("",), ("b",)]
    assert rows("a\n\nb\n", 2) == [("a",), ("b",)]


def test_quoted_cells_hold_tabs_and_quotes_and_a_lone_quote_is_a_word() -> None:
    assert rows('x\ty\n"a\tb"\t"say ""hi"""\n') == [("a\tb", 'say "hi"')]
    assert rows('"\nto\n"\nbe\n') == [('"',), ("to",), ('"',), ("be",)]
    assert rows('5" disk\n"so" he said\n') == [('5" disk',), ('"so" he said',)]


def test_a_quoted_cell_goes_on_over_lines_where_only_that_fits() -> None:
    found = projector.metadata(b'x\ty\n"two\nlines"\t1\nb\t2\n', 2)
    assert found.cells == [["two\nlines", "b"], ["1", "2"]]
    assert found.notes == ("quoted cells of the metadata go on over lines",)


def test_ragged_metadata_is_filled_and_said() -> None:
    found = projector.metadata(b"a\tb\n1\n2\t3\n4\t5\t6\n")
    assert found.columns == ("a", "b", "column 3")
    assert found.cells == [["1", "2", "4"], ["", "3", "5"], ["", "", "6"]]
    assert found.notes == ("the metadata has 2 columns, but row 1 has 1, row 3 has 3: missing cells are empty",)


def test_one_row_of_a_million_cells_makes_no_million_columns() -> None:
    found = projector.metadata(b"a\tb\n" + b"1\t2\n" * 10 + b"x\t" * 1_000_000 + b"\n")
    assert len(found.columns) < 20


def test_columns_have_names_of_their_own() -> None:
    assert projector.metadata(b"id\tid\t\n1\t2\t3\n").columns == ("id", "id (2)", "column 3")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marks_of_an_encoding_are_no_text(encoding: str) -> None:
    assert projector.metadata("größe\r\nß\r\n".encode(encoding)).cells == [["größe", "ß"]]


def test_bytes_that_are_no_text_are_replaced_and_said() -> None:
    found = projector.metadata(b"ok\n\xff\xe4\n")
    assert found.cells[0][0] == "ok"
    assert "not all UTF-8 (from byte 3 on)" in found.notes[0]


def test_unusual_ends_of_lines_are_no_ends() -> None:
    assert rows("a\x0bb\nc\u2028d\x85e\n") == [("a\x0bb",), ("c\u2028d\x85e",)]


def test_empty_metadata_has_no_columns() -> None:
    found = projector.metadata(b"")
    assert (found.columns, found.rows, found.notes) == ((), 0, ("the metadata is empty",))


def test_metadata_is_written_as_it_is_read() -> None:
    one = projector.metadata_tsv(["label"], [["a\tb", "ü"]])
    two = projector.metadata_tsv(["x", "y"], [["1", "2"], ["a\nb", ""]])
    assert (one, two) == ("a b\nü\n".encode(), b"x\ty\n1\ta b\n2\t\n")


# Bookmarks -----------------------------------------------------------------------------------------------------------

STATE = (
    b'[{"label": "State 0", "isSelected": true, "selectedProjection": "pca", "pcaComponentDimensions": [0, 1, 2], '
    b'"selectedPoints": [3, 5], "dataSetDimensions": [10, 4], "projections": [{"pca-0": 0.5, "pca-1": 1}], '
    b'"cameraDef": {"orthographic": false, "position": [1, 2, 3]}, "selectedColorOptionName": "digit", '
    b'"selectedLabelOption": "id", "tSNEPerplexity": 25}]'
)


def test_a_bookmark_of_tensorboard_reads_and_writes_back() -> None:
    (found,) = projector.bookmarks(STATE)
    assert (found.label, found.is_selected, found.projection, found.components) == ("State 0", True, "pca", (0, 1, 2))
    assert (found.selected, found.shape, found.color_by, found.label_by) == ((3, 5), (10, 4), "digit", "id")
    assert found.points == ({"pca-0": 0.5, "pca-1": 1.0},)
    assert found.fields["tSNEPerplexity"] == 25
    assert projector.bookmarks(projector.write_bookmarks([found]))[0].fields == found.fields


def test_a_bookmark_of_ones_own_has_only_what_it_says_and_no_nan() -> None:
    data = projector.write_bookmarks([Bookmark("mine", points=({"pca-0": math.nan, "pca-1": 1.0},))])
    assert data == b'[{"label": "mine", "projections": [{"pca-1": 1.0}], "isSelected": false}]'


def test_strange_fields_of_a_bookmark_are_nothing() -> None:
    (found,) = projector.bookmarks(b'[{"label": 5, "selectedPoints": [1, -2], "projections": [1], "cameraDef": "x"}]')
    assert (found.label, found.selected, found.points, found.camera) == ("", (), ({},), {})


@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b'"x"', b"\xff", b"[" * 100_000])
def test_bookmarks_that_are_none_are_refused(data: bytes) -> None:
    with pytest.raises(EmbeddingError):
        projector.bookmarks(data)


@pytest.mark.parametrize(
    ("data", "rows", "columns", "cells"),
    [
        (b'name,size\n"a, b",1\nc,2\n', 2, ("name", "size"), [["a, b", "c"], ["1", "2"]]),
        (b"a,1\nc,2\n", 2, ("column 1", "column 2"), [["a", "c"], ["1", "2"]]),
        (b"name;size\na;1\n", 1, ("name", "size"), [["a"], ["1"]]),
        (b"name\na\n\nc\n\n", 4, ("name",), [["a", "", "c", ""]]),
        (b"name,size\na,1\n", None, ("name", "size"), [["a"], ["1"]]),
    ],
)
def test_metadata_in_csv_has_a_header_unless_it_has_as_many_lines_as_there_are_vectors(
    data: bytes, rows: int | None, columns: tuple[str, ...], cells: list[list[str]]
) -> None:
    found = projector.metadata_csv(data, rows)
    assert (found.columns, found.cells, found.notes) == (columns, cells, ())


def test_bookmarks_with_numbers_and_signs_beyond_all_bounds_are_read() -> None:
    data = b'[{"label": "\\ud800a", "projections": [{"pca-0": 1%b, "pca-1": 1e300, "pca-2": 2}]}]' % (b"0" * 400)
    (found,) = projector.bookmarks(data)
    assert found.label == "?a"
    assert [str(number) for number in found.points[0].values()] == ["nan", "nan", "2.0"]
