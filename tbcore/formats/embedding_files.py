"""Vectors that somebody hands in as a file: TSV, CSV, NPY, NPZ and Parquet. Nothing of a file is run.

    found = read(data, "words.parquet")          # vectors, and the columns beside them

Which columns are the vectors: a column of lists of numbers, where there is one; else every column of numbers, except
whole numbers under a name that says what they are ("label", "id"); the others tell something of each row. The first line
of text is a header where it holds words, or numbers in sequence as pandas writes them; word2vec and GloVe need none. In NPZ it is
the array of two dimensions, the largest of several, and arrays of its length tell something.

Source: NumPy Enhancement Proposal 1 for NPY, numpy.lib.format for its versions; the ZIP file format for NPZ, whose lengths are those of its index.
"""

import ast
import io
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyarrow import csv

from tbcore.errors import EmbeddingError
from tbcore.formats import projector

NUMPY = b"\x93NUMPY"
LARGEST = 200 << 20  # bytes of a file
LARGEST_VECTORS = 1 << 30  # bytes of vectors when they are unpacked
MOST_ROWS = 5_000_000
_MOST_COLUMNS = 1 << 16
_MOST_TOLD = 200  # columns beside the vectors
_MOST_CELLS = 20_000_000
_LOOKED_AT = 1000  # cells that tell whether a column is nearly all numbers
_LONGEST_CELL = 2000  # signs
_LONGEST_HEADER = 10_000  # bytes
_INDEX = ("", "Unnamed: 0", "__index_level_0__")
_SEQUENCE = 8  # whole numbers one after the other that are rather names of columns than a row
_LENGTHS = {1: "<H", 2: "<I", 3: "<I"}  # how long the header is, by version
_PLAIN_TYPE = re.compile(r"[<>|=]?(?:b1|[iu][1248]|f(?:2|4|8)|[US][0-9]{1,6})")
# All that zipfile raises, and what reads its members, on an archive that is damaged or packed in a way it does not know.
_UNPACKING = (struct.error, zlib.error, zipfile.BadZipFile, NotImplementedError, OSError)
_ENDINGS = ("tsv", "txt", "csv", "npy", "npz", "parquet")
# Whole numbers under such a name tell what a row is, not where it lies.
_TELLS = re.compile(
    r"(?:.*[_. ])?(?:labels?|class(?:es)?|target|y|id|ids|index|idx|step|epoch|cluster|group|year|split|fold|count|rank|row)",
    re.IGNORECASE,
)


class Found(NamedTuple):
    """Vectors float32 [n, d], the cells of each column beside them, and what was repaired."""

    values: NDArray[np.float32]
    columns: Mapping[str, list[str]]
    notes: tuple[str, ...] = ()


def read(data: bytes, name: str) -> Found:
    """Return what a file holds; the end of its name says how it is written. Raises EmbeddingError."""
    if len(data) > LARGEST:
        raise EmbeddingError(f"{name} takes {len(data):,} bytes: only up to {LARGEST:,} are read")
    ending = name.rpartition(".")[2].lower()
    if ending in ("pkl", "pickle", "pt", "pth", "bin"):
        raise EmbeddingError(f"{name} may be a pickle, which is a program: save the array with numpy.save instead")
    if ending not in _READERS:
        raise EmbeddingError(f"{name} is none of what is read: {', '.join(_ENDINGS)}")
    return _READERS[ending](data)


# NumPy ---------------------------------------------------------------------------------------------------------------


def array(data: bytes) -> NDArray[Any]:
    """Return the array of an NPY file. Raises EmbeddingError when it holds objects, is too large or cut short."""
    file = io.BytesIO(data)
    return _array(file, len(data))


def _array(file: Any, size: int) -> NDArray[Any]:
    """size: bytes that the file has, or claims."""
    try:
        shape, fortran, dtype = _header(file)
    except (ValueError, SyntaxError, RecursionError, MemoryError, EOFError, *_UNPACKING) as error:
        raise EmbeddingError(f"this is no NPY file: {_reason(error)}") from error
    if dtype is None:
        raise EmbeddingError("the array holds objects or records, not numbers or text: pickles are not read")
    takes = math.prod(shape) * dtype.itemsize
    if takes > LARGEST_VECTORS:
        raise EmbeddingError(f"the array takes {takes:,} bytes: only up to {LARGEST_VECTORS:,} are read")
    if takes > size:
        raise EmbeddingError(f"the array is cut short: {size:,} of {takes:,} bytes are there")
    try:
        content = file.read(takes)
    except (EOFError, *_UNPACKING) as error:
        raise EmbeddingError(f"the array cannot be unpacked: {_reason(error)}") from error
    if len(content) < takes:
        raise EmbeddingError(f"the array is cut short: {len(content):,} of {takes:,} bytes are there")
    if not takes:
        return np.empty(0, dtype)
    values = np.frombuffer(content, dtype)
    return values.reshape(shape[::-1]).T if fortran else values.reshape(shape)


def _header(file: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any] | None]:
    """Return shape, whether columns come first, and the type of an array, None for one that is not plain.

    Raises ValueError, SyntaxError and others when it is no header.
    """
    head = file.read(8)
    if len(head) < 8 or head[:6] != NUMPY or head[6] not in _LENGTHS:
        raise ValueError("its first bytes are not those of one")
    (length,) = struct.unpack(_LENGTHS[head[6]], file.read(struct.calcsize(_LENGTHS[head[6]])))
    if length > _LONGEST_HEADER:
        raise ValueError(f"its header takes {length:,} bytes")
    said = ast.literal_eval(file.read(length).decode("utf-8" if head[6] == 3 else "latin-1").strip())
    if not isinstance(said, dict) or not isinstance(said.get("shape"), tuple):
        raise ValueError("its header says no shape")
    if not all(type(size) is int and size >= 0 for size in said["shape"]):
        raise ValueError("its shape is not made of sizes")
    descr = said.get("descr")
    plain = isinstance(descr, str) and _PLAIN_TYPE.fullmatch(descr)
    return said["shape"], said.get("fortran_order") is True, np.dtype(str(descr)) if plain else None


def _npy(data: bytes) -> Found:
    return Found(vectors(array(data)), {})


def _npz(data: bytes) -> Found:
    arrays: dict[str, NDArray[Any]] = {}
    notes = []
    budget = LARGEST_VECTORS
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist()[:1000]:
                if not info.filename.endswith(".npy"):
                    continue
                budget -= info.file_size
                if budget < 0:
                    raise EmbeddingError(f"the arrays unpack into more than {LARGEST_VECTORS:,} bytes")
                if info.flag_bits & 1:
                    raise EmbeddingError("the file is locked with a password")
                name = info.filename.removesuffix(".npy")
                try:
                    with archive.open(info) as file:
                        arrays[name] = _array(file, info.file_size)
                except EmbeddingError as error:
                    notes.append(f"{name}: {error}")
    except (ValueError, EOFError, *_UNPACKING) as error:
        raise EmbeddingError(f"this is no NPZ file: {_reason(error)}") from error
    matrices = {name: one for name, one in arrays.items() if one.ndim == 2 and one.dtype.kind in "fiu" and one.size}
    if not matrices:
        raise EmbeddingError("; ".join(["the file holds no array of two dimensions", *notes]))
    chosen = max(matrices, key=lambda name: (matrices[name].dtype.kind == "f", matrices[name].size))
    found = vectors(matrices[chosen])
    if len(matrices) > 1:
        notes.append(f"the vectors are the array {chosen!r}; the file holds {len(matrices):,} of two dimensions")
    told = {
        name: _texts(one) for name, one in arrays.items() if one.shape == (len(found),) and one.dtype.kind in "fiubUS"
    }
    return Found(found, told, tuple(notes))


def _texts(values: NDArray[Any]) -> list[str]:
    if values.dtype.kind == "S":
        return [cell.decode("utf-8", "replace")[:_LONGEST_CELL] for cell in values.tolist()]
    return [str(cell)[:_LONGEST_CELL] for cell in values.tolist()]


def vectors(values: NDArray[Any]) -> NDArray[np.float32]:
    """Return an array as vectors [n, d]. Raises EmbeddingError when it is not one of two dimensions, of numbers."""
    if values.ndim != 2 or not values.size or values.dtype.kind not in "fiub":
        shape = " x ".join(map(str, values.shape)) or "one value"
        raise EmbeddingError(f"vectors are numbers in rows and columns, not {values.dtype.name} of shape {shape}")
    if values.size * 4 > LARGEST_VECTORS:
        raise EmbeddingError(f"the vectors take {values.size * 4:,} bytes: only up to {LARGEST_VECTORS:,} are shown")
    with np.errstate(over="ignore", invalid="ignore"):
        return np.ascontiguousarray(values, np.float32)


# Tables --------------------------------------------------------------------------------------------------------------


def _tsv(data: bytes) -> Found:
    return _text(data, "\t")


def _csv(data: bytes) -> Found:
    return _text(data, ",")


def _text(data: bytes, delimiter: str) -> Found:
    """Return what a table of text holds. The first line is a header where its cells are words, or numbers in sequence."""
    data = _utf8(data)
    first, second, rest = _begin(data)
    if not first:
        raise EmbeddingError("the file is empty")
    if b";" in first and all(b"," not in one or _is_number(one.replace(b",", b".")) for one in first.split(b";")):
        delimiter = ";"
    elif delimiter.encode() not in first and (other := next((one for one in b"\t,; " if bytes([one]) in first), None)):
        delimiter = chr(other)
    if delimiter == " ":
        data, delimiter = projector.tabbed(data), "\t"
        first, second, rest = _begin(data)
    sign = delimiter.encode()
    notes: list[str] = []
    promised = _counts(first.split(sign), second.split(sign))
    if promised is not None:
        data = rest
        first, second, _rest = _begin(data)
    comma = delimiter == ";" and b"," in second and b"." not in second
    head, row = ([one.strip().replace(b",", b".") if comma else one.strip() for one in line.split(sign)]
                 for line in (first, second))  # fmt: skip
    if len(head) > _MOST_COLUMNS:
        raise EmbeddingError(f"the first line has {len(head):,} cells: only up to {_MOST_COLUMNS:,} are read")
    heads = _heads(head, row)
    if not heads and all(map(_is_number, [*head, *row])):
        data = data.replace(b",", b".") if comma else data
        tensor = projector.tensor_tsv(data if delimiter in "\t," else data.replace(sign, b"\t"))
        return Found(tensor.values, {}, (*notes, *tensor.notes))
    if heads and head[0] and any(map(_is_number, filter(None, head))):
        notes.append("the first line numbers the columns: it is no row")
    table, bad = _parsed(data, delimiter, heads=heads, decimal="," if comma else ".")
    if bad > table.num_rows:
        raise EmbeddingError(f"the first line has {len(head):,} cells, and {bad:,} rows have another number")
    if bad:
        notes.append(f"{bad:,} row{'s' if bad > 1 else ''} with another number of cells left out")
    if promised not in (None, table.num_rows):
        notes.append(f"the first line promises {promised:,} vectors, and there are {table.num_rows:,}")
    found = _table(table, notes)
    return found if heads else found._replace(columns=_unnamed(found.columns))


def _utf8(data: bytes) -> bytes:
    """Return text in UTF-8, whatever it is in, without a mark in front."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace").encode()
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        data.decode()
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace").encode()
    return data


def _begin(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Return the first two lines without what ends them, and all after the first."""
    first, _, rest = data.lstrip(b"\r\n").partition(b"\n")
    return first.rstrip(b"\r"), rest[: rest.find(b"\n") if b"\n" in rest else len(rest)].rstrip(b"\r"), rest


def _counts(head: list[bytes], row: list[bytes]) -> int | None:
    """Return how many vectors the first line promises, as word2vec and fastText write it, None where it is another line."""
    if (
        len(head) != 2
        or not all(one.isdigit() and len(one) < 10 for one in head)
        or not len(row) == int(head[1]) + 1 > 2
    ):
        return None
    return int(head[0])


def _heads(head: list[bytes], row: list[bytes]) -> bool:
    """Return whether the cells of the first line name the columns: words, or whole numbers one after the other."""
    numbers = [cell for cell in head if cell and _is_number(cell)]
    if not numbers:
        return any(head)
    if not all(cell.isdigit() and len(cell) < 10 for cell in numbers):
        return False
    whole = list(map(int, numbers))
    if whole != list(range(whole[0], whole[0] + len(whole))):
        return False
    if not head[0] or len(whole) >= _SEQUENCE:
        return True
    below = list(zip(head, row, strict=False))
    words = any(one and not _is_number(one) and other and _is_number(other) for one, other in below)
    return words or (len(whole) > 1 and any(one.isdigit() and not other.isdigit() for one, other in below))


def _parsed(data: bytes, delimiter: str, *, heads: bool, decimal: str) -> tuple[Any, int]:
    """Return a table, and how many rows have another number of cells. Raises EmbeddingError."""
    table, bad = _rows(data, delimiter, heads=heads, decimal=decimal, quoted=True)
    if b'"' in data and (bad or table.num_rows < data.rstrip(b"\r\n").count(b"\n") + (not heads)):
        # A lone quote is a sign, and not the beginning of a cell that goes on over lines.
        other, lost = _rows(data, delimiter, heads=heads, decimal=decimal, quoted=False)
        if other.num_rows > table.num_rows:
            return other, lost
    return table, bad


def _rows(data: bytes, delimiter: str, *, heads: bool, decimal: str, quoted: bool) -> tuple[Any, int]:
    bad = 0

    def skip(_row: Any) -> str:
        nonlocal bad
        bad += 1
        return "skip"

    try:
        table = csv.read_csv(
            pa.BufferReader(data),
            read_options=csv.ReadOptions(autogenerate_column_names=not heads, block_size=max(1 << 20, len(data))),
            parse_options=csv.ParseOptions(
                delimiter=delimiter,
                quote_char='"' if quoted else False,
                newlines_in_values=quoted,
                invalid_row_handler=skip,
            ),
            convert_options=csv.ConvertOptions(strings_can_be_null=False, check_utf8=True, decimal_point=decimal),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise EmbeddingError(f"the table cannot be read: {_reason(error)}") from error
    return table, bad


def _unnamed(columns: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return columns that no header names under names of their own."""
    if len(columns) == 1:
        return dict.fromkeys(["label"], *columns.values())
    return {f"column {int(name.removeprefix('f')) + 1}": cells for name, cells in columns.items()}


def _is_number(cell: bytes) -> bool:
    try:
        float(cell)
    except ValueError:
        return not cell.strip()
    return True


def _parquet(data: bytes) -> Found:
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        about = file.metadata
        if about.num_rows > MOST_ROWS or about.num_columns > _MOST_COLUMNS:
            raise EmbeddingError(
                f"the table has {about.num_rows:,} rows and {about.num_columns:,} columns: only up to "
                f"{MOST_ROWS:,} and {_MOST_COLUMNS:,} are read"
            )
        # What is said of single columns is not asked for: pyarrow ends the process where that is damaged.
        takes = sum(about.row_group(place).total_byte_size for place in range(about.num_row_groups))
        if max(takes, 4 * about.num_rows * about.num_columns) > LARGEST_VECTORS:
            raise EmbeddingError(f"the table unpacks into more than {LARGEST_VECTORS:,} bytes")
        # A long text that is written once, and named in each row, is kept so.
        texts = [name for name, kind in zip(file.schema_arrow.names, file.schema_arrow.types, strict=True)
                 if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind)]  # fmt: skip
        table = pq.ParquetFile(pa.BufferReader(data), read_dictionary=texts).read(use_threads=False)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise EmbeddingError(f"this is no Parquet file that can be read: {_reason(error)}") from error
    return _table(table, [])


def _table(table: Any, notes: list[str]) -> Found:
    """Return the vectors of a table, and the columns beside them."""
    rows = table.num_rows
    if not rows:
        raise EmbeddingError("the table has no rows")
    try:
        # Pandas writes the index of its rows without a name.
        names = ["index" if not at and name in _INDEX else name for at, name in enumerate(table.column_names)]
        table = table.rename_columns(projector.distinct(names))
    except UnicodeDecodeError as error:
        raise EmbeddingError("the names of the columns are not UTF-8") from error
    lists = [name for name, kind in zip(table.column_names, table.schema.types, strict=True) if _is_list(kind)]
    if lists:
        chosen = {lists[0]}
        if len(lists) > 1:
            notes.append(f"the vectors are the column {lists[0]!r}: {len(lists):,} columns hold lists")
        found = _listed(table.column(table.column_names.index(lists[0])), notes)
    else:
        chosen, found = _numbers(table)
    beside = [place for place, name in enumerate(table.column_names) if name not in chosen and name not in lists]
    room = min(_MOST_TOLD, max(1, _MOST_CELLS // rows))
    if len(beside) > room:
        notes.append(f"{room:,} of {len(beside):,} columns beside the vectors are shown")
    names = [table.column_names[place] for place in beside[:room]]
    told = {name: _cells(table.column(place)) for name, place in zip(names, beside[:room], strict=True)}
    if not lists:
        notes += [words for name, cells in told.items() if (words := _almost(name, cells))]
    return Found(found, told, tuple(notes))


def _almost(name: str, cells: list[str]) -> str:
    """Return why a column that is nearly all numbers is not among the vectors, "" when it is none such."""
    if _TELLS.fullmatch(name) or len(_words(cells[:_LOOKED_AT])) > len(cells[:_LOOKED_AT]) // 2:
        return ""
    words = _words(cells)
    if not words:
        return ""
    are = "is no number" if len(words) == 1 else "are no numbers"
    return f"the column {name!r} is not among the vectors: {len(words):,} of its cells {are} ({words[0][:40]!r})"


def _words(cells: list[str]) -> list[str]:
    """Return the cells that are no numbers."""
    return [cell for cell in cells if not _is_number(cell.encode("utf-8", "replace"))]


def _is_list(kind: Any) -> bool:
    """Return whether a column holds lists of numbers."""
    if not any(test(kind) for test in (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)):
        return False
    return any(test(kind.value_type) for test in (pa.types.is_floating, pa.types.is_integer))


def _listed(column: Any, notes: list[str]) -> NDArray[np.float32]:
    """Return lists of numbers as rows; those of another length than most are NaN."""
    whole = column.combine_chunks()
    whole = whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole
    kind = whole.type
    if pa.types.is_fixed_size_list(kind):
        whole = whole.cast(pa.list_(kind.value_type))
    lengths = np.nan_to_num(
        pc.list_value_length(whole).to_numpy(zero_copy_only=False).astype(np.float64), nan=0
    ).astype(np.int64)
    sizes, counts = np.unique(lengths[lengths > 0], return_counts=True)
    if not len(sizes):
        raise EmbeddingError("the lists of the table are empty")
    width = int(sizes[np.argmax(counts)])
    if len(lengths) * width * 4 > LARGEST_VECTORS:
        raise EmbeddingError(
            f"the vectors take {len(lengths) * width * 4:,} bytes: only up to {LARGEST_VECTORS:,} are shown"
        )
    fits = lengths == width
    values = np.full((len(lengths), width), np.nan, np.float32)
    flat = pc.list_flatten(whole.filter(pa.array(fits))).to_numpy(zero_copy_only=False)
    with np.errstate(over="ignore", invalid="ignore"):
        values[fits] = flat.astype(np.float32).reshape(-1, width)
    if not fits.all():
        notes.append(f"{int((~fits).sum()):,} rows hold another number of values than {width:,}: they are NaN")
    return values


def _numbers(table: Any) -> tuple[set[str], NDArray[np.float32]]:
    """Return the names of the columns that are vectors, and these."""
    kinds = dict(zip(table.column_names, table.schema.types, strict=True))
    chosen = [
        name
        for name, kind in kinds.items()
        if pa.types.is_floating(kind) or (pa.types.is_integer(kind) and not _TELLS.fullmatch(name))
    ]
    if not chosen:
        raise EmbeddingError("the table has no columns of numbers to be vectors")
    if len(chosen) * table.num_rows * 4 > LARGEST_VECTORS:
        raise EmbeddingError(f"the vectors take more than {LARGEST_VECTORS:,} bytes: not shown")
    values = np.empty((len(chosen), table.num_rows), np.float32)
    for place, name in enumerate(chosen):
        column = table.column(table.column_names.index(name))
        with np.errstate(over="ignore", invalid="ignore"):
            values[place] = pc.cast(column, pa.float64(), safe=False).to_numpy()
    return set(chosen), np.ascontiguousarray(values.T)


def _cells(column: Any) -> list[str]:
    """Return the cells of a column as text."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        found: list[str] = []
        for chunk in column.chunks:
            # A damaged file may point beyond what it holds.
            known = dict(enumerate(_cells(pa.chunked_array([chunk.dictionary]))))
            found += [known.get(place, "") for place in chunk.indices.to_pylist()]
        return found
    if any(test(kind) for test in (pa.types.is_string, pa.types.is_large_string)):
        # What claims to be text may be no UTF-8.
        column = pc.cast(column, pa.large_binary())
    elif not any(test(kind) for test in (pa.types.is_binary, pa.types.is_large_binary)):
        try:
            column = pc.cast(column, pa.string())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            # Lists and structures, which Arrow does not spell: Python does.
            column = pa.array(["" if cell is None else str(cell) for cell in column.to_pylist()], pa.string())
        column = pc.cast(column, pa.large_binary())
    return [(cell or b"").decode("utf-8", "replace")[:_LONGEST_CELL] for cell in column.to_pylist()]


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]


_READERS: Mapping[str, Callable[[bytes], Found]] = {
    "tsv": _tsv,
    "txt": _tsv,
    "csv": _csv,
    "npy": _npy,
    "npz": _npz,
    "parquet": _parquet,
}
