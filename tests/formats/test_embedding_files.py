import io
import random
import zipfile
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from tbcore.errors import EmbeddingError
from tbcore.formats import embedding_files
from tbcore.formats.embedding_files import read

VALUES = np.arange(12, dtype=np.float32).reshape(4, 3)


def npy(values: NDArray[Any], **how: Any) -> bytes:
    """Return an NPY file."""
    file = io.BytesIO()
    np.save(file, values, **how)
    return file.getvalue()


def npz(**arrays: Any) -> bytes:
    """Return an NPZ file."""
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def parquet(**columns: Any) -> bytes:
    """Return a Parquet file."""
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", "<f2", "<i8", "|u1", "|b1"])
def test_an_array_of_any_numbers_is_vectors(dtype: str) -> None:
    found = read(npy(VALUES.astype(dtype)), "x.npy").values
    assert found.dtype == np.float32
    assert np.array_equal(found, VALUES.astype(dtype).astype(np.float32))


def test_an_array_by_columns_reads_as_one_by_rows() -> None:
    assert np.array_equal(read(npy(np.asfortranarray(VALUES)), "x.npy").values, VALUES)


def test_objects_are_never_unpickled() -> None:
    objects = np.array([[{"a": 1}]], dtype=object)
    with pytest.raises(EmbeddingError, match="pickles are not read"):
        read(npy(objects, allow_pickle=True), "x.npy")
    with pytest.raises(EmbeddingError, match="pickles are not read"):
        read(npz(x=objects), "x.npz")
    with pytest.raises(EmbeddingError, match="may be a pickle"):
        read(b"\x80\x04N.", "x.pkl")


def test_an_array_that_claims_more_than_it_holds_is_refused_before_it_is_made() -> None:
    head = b"\x93NUMPY\x01\x00" + (118).to_bytes(2, "little")
    about = b"{'descr': '<f4', 'fortran_order': False, 'shape': (%b, 1000000), }"
    for rows, words in ((b"100000", "only up to"), (b"100", "cut short")):
        with pytest.raises(EmbeddingError, match=words):
            read(head + (about % rows).ljust(117) + b"\n", "x.npy")


@pytest.mark.parametrize("data", [b"", b"\x93NUMPY", b"\x93NUMPY\x01\x00\x10\x00__import__('os')", npy(VALUES)[:-1]])
def test_what_is_no_array_is_refused(data: bytes) -> None:
    with pytest.raises(EmbeddingError):
        read(data, "x.npy")


def test_arrays_of_an_archive_are_vectors_and_what_is_known_of_the_rows() -> None:
    found = read(npz(small=VALUES[:, :1], X=VALUES, y=np.array([0, 1, 0, 1]), names=np.array(list("abcd"))), "x.npz")
    assert np.array_equal(found.values, VALUES)
    assert found.columns == {"y": ["0", "1", "0", "1"], "names": ["a", "b", "c", "d"]}
    assert found.notes == ("the vectors are the array 'X'; the file holds 2 of two dimensions",)


def test_an_archive_that_unpacks_into_gigabytes_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("x.npy", "w") as entry:
        entry.write(npy(np.zeros((1, 1), np.float32))[:-4].replace(b"(1, 1)", b"(9999, 99999)"[:6]))
        for _ in range(1100):
            entry.write(bytes(1 << 20))
    with pytest.raises(EmbeddingError, match="unpack into more than"):
        read(file.getvalue(), "x.npz")


def test_a_table_of_numbers_alone_needs_no_header() -> None:
    assert read(b"1\t2\n3\t4\n", "x.tsv").values.tolist() == [[1, 2], [3, 4]]
    assert read(b"1,2\n3,4\n", "x.csv").values.tolist() == [[1, 2], [3, 4]]
    assert read(b"1;2\n3;4\n", "x.csv").values.tolist() == [[1, 2], [3, 4]]


def test_text_and_named_whole_numbers_tell_of_rows_and_the_rest_is_vectors() -> None:
    found = read(b'word,a,b,label\n"x, y",0.5,1,3\nz,1.5,2,4\n', "x.csv")
    assert found.values.tolist() == [[0.5, 1], [1.5, 2]]
    assert found.columns == {"word": ["x, y", "z"], "label": ["3", "4"]}


def test_words_before_their_vectors_need_no_header() -> None:
    found = read(b"the 0.1 0.2\ncat 0.3 0.4\n", "glove.txt")
    assert np.allclose(found.values, [[0.1, 0.2], [0.3, 0.4]])
    assert list(found.columns.values()) == [["the", "cat"]]


def test_rows_that_do_not_fit_a_table_are_left_out_and_said() -> None:
    found = read(b"word,a\nx,1\ny,2,3\nz,4\n", "x.csv")
    assert found.values.tolist() == [[1], [4]]
    assert found.notes == ("1 row with another number of cells left out",)


def test_lists_of_a_table_are_the_vectors_and_ragged_ones_nan() -> None:
    found = read(parquet(vector=[[1.0, 2.0], [3.0], None, [5.0, 6.0]], n=[1, 2, 3, 4]), "x.parquet")
    expected = [[1, 2], [np.nan, np.nan], [np.nan, np.nan], [5, 6]]
    assert np.array_equal(found.values, np.array(expected, np.float32), equal_nan=True)
    assert found.columns == {"n": ["1", "2", "3", "4"]}
    assert found.notes == ("2 rows hold another number of values than 2: they are NaN",)
    fixed = pa.FixedSizeListArray.from_arrays(pa.array(VALUES.ravel()), 3)
    assert np.array_equal(read(parquet(vector=fixed), "x.parquet").values, VALUES)


def test_columns_of_a_parquet_file_are_told_apart_as_those_of_text() -> None:
    found = read(parquet(a=[0.5, None], b=[1, 2], id=[7, 8], name=["x", None]), "x.parquet")
    assert np.array_equal(found.values, np.array([[0.5, 1], [np.nan, 2]], np.float32), equal_nan=True)
    assert found.columns == {"id": ["7", "8"], "name": ["x", ""]}


def test_a_table_of_more_rows_than_are_read_is_refused_by_its_header() -> None:
    with pytest.raises(EmbeddingError, match="5,000,001 rows"):
        read(parquet(a=np.zeros(5_000_001, np.float32)), "x.parquet")


@pytest.mark.parametrize("name", ["x.parquet", "x.npz", "x.npy", "x.csv", "x.tsv", "x.exe", "x"])
@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"PAR1PAR1", b"\0" * 100, b"\xff\xfe"])
def test_what_is_none_of_it_is_refused(data: bytes, name: str) -> None:
    with pytest.raises(EmbeddingError):
        read(data, name)


def test_a_file_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_files, "LARGEST", 10)
    with pytest.raises(EmbeddingError, match="only up to 10 are read"):
        read(npy(VALUES), "x.npy")


@pytest.mark.parametrize("ending", ["npy", "npz", "parquet", "csv"])
def test_damage_raises_nothing_else(ending: str) -> None:
    whole = {
        "npy": npy(VALUES),
        "npz": npz(x=VALUES, y=np.arange(4)),
        "parquet": parquet(a=[0.5, 1.5], v=[[1.0], [2.0]], s=["x", "y"]),
        "csv": b'word,a,b\n"x, y",0.5,1\nz,1.5,2\n',
    }[ending]
    chance = random.Random(0)
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 3)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            read(bytes(data), f"x.{ending}")
        except EmbeddingError:
            continue


@pytest.mark.parametrize(
    ("data", "values", "columns"),
    [
        (b",0,1\n0,0.5,1.5\n1,0.25,1\n", [[0.5, 1.5], [0.25, 1]], {"index": ["0", "1"]}),
        (b"0,1\n0.5,1.5\n0.25,1\n", [[0.5, 1.5], [0.25, 1]], {}),
        (b",x,y\n0,0.5,1.5\n1,0.25,1\n", [[0.5, 1.5], [0.25, 1]], {"index": ["0", "1"]}),
        (b"word,0,1\nthe,0.5,1.5\nof,0.25,1\n", [[0.5, 1.5], [0.25, 1]], {"word": ["the", "of"]}),
        (b"1,2\n3,4\n", [[1, 2], [3, 4]], {}),
        (b"2 1\n3 4\n", [[2, 1], [3, 4]], {}),
        (b"0.5,1\n3,4\n", [[0.5, 1], [3, 4]], {}),
    ],
)
def test_a_header_of_numbers_as_pandas_writes_it_is_no_row(
    data: bytes, values: list[list[float]], columns: dict[str, list[str]]
) -> None:
    found = read(data, "x.csv")
    assert found.values.tolist() == values
    assert found.columns == columns


def test_the_counts_in_front_of_word_vectors_are_no_row() -> None:
    found = read(b"3 2\nthe 0.5 0.25 \nof 1 2 \nto 3 4 \n", "w2v.txt")
    assert found.values.tolist() == [[0.5, 0.25], [1, 2], [3, 4]]
    assert found.columns == {"label": ["the", "of", "to"]}
    assert found.notes == ()
    cut = read(b"400 2\nthe 0.5 0.25\nof 1 2\n", "w2v.txt")
    assert cut.notes == ("the first line promises 400 vectors, and there are 2",)


def test_a_lone_quote_is_a_word() -> None:
    for data in (b'the 1 2\n" 3 4\nof 5 6\n', b'the 1 2\n" 3 4\nof 5 6\n" 7 8\n', b'the 1 2\n" 3 4'):
        found = read(data, "glove.txt")
        assert found.columns["label"][:2] == ["the", '"']
        assert len(found.values) == len(data.strip().split(b"\n"))
        assert not found.notes


def test_decimal_commas_between_semicolons_are_numbers() -> None:
    assert read(b"1,5;2,5\n3;4,25\n", "x.csv").values.tolist() == [[1.5, 2.5], [3, 4.25]]
    assert read(b"a;b\n1,5;2,5\n3;4,25\n", "x.csv").values.tolist() == [[1.5, 2.5], [3, 4.25]]


def test_text_of_excel_in_utf_16_is_read() -> None:
    found = read("w\tx\ncafé\t1\n".encode("utf-16"), "x.tsv")
    assert (found.values.tolist(), found.columns) == ([[1]], {"w": ["café"]})


def test_a_column_that_a_word_keeps_from_the_vectors_is_named() -> None:
    found = read(b"a,b\n1.5,2.5\n1.5,oops\n1.5,2.5\n", "x.csv")
    assert found.values.tolist() == [[1.5]] * 3
    assert found.notes == ("the column 'b' is not among the vectors: 1 of its cells is no number ('oops')",)


def test_a_table_whose_first_line_has_another_width_is_refused() -> None:
    with pytest.raises(EmbeddingError, match="the first line has 3 cells, and 2 rows have another number"):
        read(b"word,a,b\nx,1\ny,2\n", "x.csv")


def test_a_long_text_that_is_named_in_each_row_is_kept_once() -> None:
    cells = pa.DictionaryArray.from_arrays(pa.array([0, None, 1] * 1000, pa.int32()), pa.array(["é" * 5000, "b"]))
    found = read(parquet(a=np.zeros(3000, np.float32), w=cells), "x.parquet").columns["w"]
    assert found[:3] == ["é" * 2000, "", "b"]
    assert found[0] is found[3]
