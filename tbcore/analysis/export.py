"""Series in other formats, a bounded number of points at a time: they never all lie in memory.

Scalars become rows of CSV, JSON and Parquet; histograms, precision-recall curves and texts become JSON, one object per
point; images, clips and meshes become files, which an index lists.

    with open("points.csv", "wb") as file:
        FORMATS["csv"](file, schema("scalars", series), tables("scalars", series))

Every point is a row, in the order written, those of earlier attempts too. A value is written with as many digits as it
takes to read the same number again in the precision it was logged in: 0.1 for the float32 nearest to 0.1, and 1.0, not
1, so that whole numbers read as the fractions they may be. In CSV and JSON, numbers that are not finite are NaN, Infinity and -Infinity, in JSON as strings. A Parquet column has one type:
float32, or float64 when any of its series was logged so.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tbcore.analysis import audio, histograms, images, meshes, pr_curves, text
from tbcore.analysis.items import Item
from tbcore.analysis.sheets import word
from tbcore.series import Segment, Series

_BATCH = 8 << 20  # bytes of text that are made at once, about
_ROW = 60  # bytes of text of one row without its names, about
_QUOTED = re.compile(r'[,"\r\n]').search
_ROW_GROUP = 1 << 18  # rows that Parquet keeps together, at least

__all__ = ["EXPORTS", "FORMATS", "Item", "schema", "tables", "write_rows"]


@dataclass(frozen=True)
class Piece:
    """Some neighbouring points of a series: those from `first` up to `last` (not included) of a segment."""

    series: Series
    segment: Segment
    first: int
    last: int


@dataclass(frozen=True)
class Export:
    """How one kind becomes rows. schema: the columns of all series; table: the rows of pieces of one type of value."""

    schema: Callable[[Sequence[Series]], pa.Schema]
    table: Callable[[Sequence[Piece]], pa.Table]


def _scalar_schema(series: Sequence[Series]) -> pa.Schema:
    double = any(_type(segment) == np.float64 for one in series for segment in one.segments)
    columns = {"run": pa.string(), "tag": pa.string(), "step": pa.int64(), "wall_time": pa.float64()}
    return pa.schema([*columns.items(), ("value", pa.float64() if double else pa.float32())])


def _scalar_table(pieces: Sequence[Piece]) -> pa.Table:
    lengths = [piece.last - piece.first for piece in pieces]
    values = [piece.segment.values[piece.first : piece.last] for piece in pieces if piece.segment.values is not None]
    return pa.table(
        {
            "run": _repeated([piece.series.run for piece in pieces], lengths),
            "tag": _repeated([piece.series.tag for piece in pieces], lengths),
            "step": pa.array(_joined([piece.segment.steps[piece.first : piece.last] for piece in pieces])),
            "wall_time": pa.array(_joined([piece.segment.wall_times[piece.first : piece.last] for piece in pieces])),
            "value": pa.array(_joined(values)),
        }
    )


EXPORTS = {
    # kind            columns of all, rows of some
    "scalars": Export(_scalar_schema, _scalar_table),
}


ROWS: Mapping[str, Callable[[Series], Iterator[Mapping[str, Any]]]] = {
    # kind          one object per point
    "histograms": histograms.rows,
    "pr_curves": pr_curves.rows,
    "text": text.rows,
}
ITEMS: Mapping[str, Callable[[Sequence[Series]], Iterator[Item]]] = {
    # kind        files of many series
    "images": lambda series: chain.from_iterable(map(images.items, series)),
    "audio": lambda series: chain.from_iterable(map(audio.items, series)),
    "meshes": meshes.items,
}


def schema(kind: str, series: Sequence[Series]) -> pa.Schema:
    """Return the columns of the series together. Raises KeyError when `kind` is not one of EXPORTS."""
    return EXPORTS[kind].schema(series)


def tables(kind: str, series: Sequence[Series]) -> Iterator[pa.Table]:
    """Yield the rows of all series in order, some megabytes at a time.

    Values have the type of their series, so that one table's column may be narrower than the schema's.
    Raises KeyError when `kind` is not one of EXPORTS.
    """
    table = EXPORTS[kind].table
    pieces: list[Piece] = []
    size = 0
    for one in series:
        width = _ROW + len(one.run) + len(one.tag)
        most = max(1, _BATCH // width)
        for segment in one.segments:
            for first in range(0, len(segment.steps), most):
                last = min(first + most, len(segment.steps))
                if pieces and (size + (last - first) * width > _BATCH or _type(segment) != _type(pieces[0].segment)):
                    yield table(pieces)
                    pieces, size = [], 0
                pieces.append(Piece(one, segment, first, last))
                size += (last - first) * width
    if pieces:
        yield table(pieces)


def _type(segment: Segment) -> Any:
    return None if segment.values is None else segment.values.dtype


def _repeated(names: list[str], lengths: list[int]) -> pa.Array:
    """Return each name as often as its length says."""
    codes = np.repeat(np.arange(len(names), dtype=np.int32), lengths)
    return pa.DictionaryArray.from_arrays(codes, pa.array(names))


def _joined(arrays: list[Any]) -> Any:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


# The formats ---------------------------------------------------------------------------------------------------------


def write_csv(sink: BinaryIO, schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
    """Write tables as one CSV: a header, then rows; text is quoted where it must be."""
    sink.write((",".join(schema.names) + "\n").encode())
    for table in tables:
        cells: list[pa.Array | str] = []
        for column in table.columns:
            cells += [_texts(column, _csv_quoted, ""), ","]
        cells[-1] = "\n"
        sink.write(pc.binary_join_element_wise(*cells, "").buffers()[2])


def write_json(sink: BinaryIO, schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
    """Write tables as one JSON list of objects, one line each."""
    before = b"[\n"
    for table in tables:
        cells: list[pa.Array | str] = []
        for place, (name, column) in enumerate(zip(schema.names, table.columns, strict=True)):
            cells += [("{" if place == 0 else ", ") + json.dumps(name) + ": ", _texts(column, json.dumps, '"')]
        rows = pc.binary_join_element_wise(",\n", *cells, "}", "").buffers()[2]
        sink.write(before)
        sink.write(memoryview(rows)[2:] if before else rows)
        before = b""
    sink.write(before + b"\n]\n")


def write_parquet(sink: BinaryIO, schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
    """Write tables as one Parquet file."""
    with pq.ParquetWriter(sink, schema) as writer:
        waiting: list[pa.Table] = []
        for table in tables:
            waiting.append(table.cast(schema))
            if sum(each.num_rows for each in waiting) >= _ROW_GROUP:
                writer.write_table(pa.concat_tables(waiting))
                waiting = []
        if waiting:
            writer.write_table(pa.concat_tables(waiting))


FORMATS = {"csv": write_csv, "json": write_json, "parquet": write_parquet}


def write_rows(sink: BinaryIO, rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Write rows as one JSON list of objects, one line each, and return those that hold an "error" instead of a value.

    Numbers that are not finite are the strings NaN, Infinity and -Infinity.
    """
    before = b"["
    errors = []
    for row in rows:
        if "error" in row:
            errors.append(row)
            continue
        sink.write(before + b"\n" + json_line(row).encode())
        before = b","
    sink.write(b"[]\n" if before == b"[" else b"\n]\n")
    return errors


def write_all(sink: BinaryIO, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows likewise, those with an "error" too."""
    sink.write(b"[" + ",".join("\n" + json_line(row) for row in rows).encode() + b"\n]\n")


# Records: one per run or session, with what was chosen and what came of it nested in them ------------------------------


def flat(records: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the records with one key for each path into them: hparams.lr, metrics.loss.last; lists become text."""
    found: list[dict[str, Any]] = []
    for record in records:
        row: dict[str, Any] = {}
        _flatten("", record, row)
        found.append(row)
    return found


def _flatten(before: str, record: Mapping[str, Any], row: dict[str, Any]) -> None:
    for key, value in record.items():
        if isinstance(value, dict):
            _flatten(f"{before}{key}.", value, row)
        else:
            row[before + key] = ", ".join(map(str, value)) if isinstance(value, list) else value


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return all keys, those of what every record has first, then by what they are nested in."""
    every = dict.fromkeys(key for row in rows for key in row)
    heads = {key.partition(".")[0]: None for key in every}
    order = {head: place for place, head in enumerate(sorted(heads, key=lambda head: head in ("hparams", "metrics")))}
    return sorted(every, key=lambda key: order[key.partition(".")[0]])


def write_records_csv(sink: BinaryIO, records: Iterable[Mapping[str, Any]]) -> None:
    """Write records as CSV, flat: a header, nothing where a record has no such key; numbers as `sheets.word` spells them."""
    rows = flat(records)
    columns = _columns(rows)
    sink.write((",".join(map(_csv_quoted, columns)) + "\n").encode("utf-8", "replace"))
    for row in rows:
        cells = [_csv_cell(row.get(key)) for key in columns]
        sink.write((",".join(cells) + "\n").encode("utf-8", "replace"))


def _csv_cell(value: Any) -> str:
    # Most cells are numbers, in which there is nothing to quote.
    return _csv_quoted(value) if isinstance(value, str) else _spelled(value)


def write_records_parquet(sink: BinaryIO, records: Iterable[Mapping[str, Any]]) -> None:
    """Write records as Parquet, flat; a column of several types is text, as CSV has it."""
    rows = flat(records)
    table = {key: _column([row.get(key) for row in rows]) for key in _columns(rows)}
    pq.write_table(pa.table(table), sink)


def _column(values: Sequence[Any]) -> pa.Array:
    types = {type(value) for value in values if value is not None}
    if types <= {int, float} and types != {int}:
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    if types <= {int}:
        return pa.array(values, pa.int64())
    if types <= {bool}:
        return pa.array(values, pa.bool_())
    texts = [None if value is None else _spelled(value).encode("utf-8", "replace").decode() for value in values]
    return pa.array(texts, pa.string())


def _spelled(value: Any) -> str:
    return "" if value is None else str(value) if type(value) is int else word(value)


RECORD_FORMATS: Mapping[str, Callable[[BinaryIO, Iterable[Mapping[str, Any]]], None]] = {
    "csv": write_records_csv,
    "json": lambda sink, records: write_all(sink, list(records)),
    "parquet": write_records_parquet,
}


def json_line(row: Mapping[str, Any]) -> str:
    """Return a row as JSON on one line."""
    try:
        return json.dumps(row, ensure_ascii=False, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(row), ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    """Return nested lists and mappings in which numbers that are not finite are words."""
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def _texts(column: pa.ChunkedArray, quoted: Callable[[str], str], mark: str) -> pa.Array:
    """Return the cells of a column as text; `mark` goes around numbers that are not finite."""
    array = column.combine_chunks()
    if pa.types.is_dictionary(array.type):
        return pa.array([quoted(text) for text in array.dictionary.to_pylist()]).take(array.indices)
    texts = pc.cast(array, pa.string())
    if not pa.types.is_floating(array.type):
        return texts
    whole = pc.and_(pc.equal(array, pc.floor(array)), pc.is_finite(array))
    if pc.any(whole).as_py():
        # Large ones are spelled with an exponent, which says that they are no integers.
        plain = pc.and_(whole, pc.invert(pc.match_substring(texts, "e")))
        texts = pc.if_else(plain, pc.binary_join_element_wise(texts, ".0", ""), texts)
    if not pc.all(pc.is_finite(array)).as_py():
        for ours, word in (("nan", "NaN"), ("inf", "Infinity"), ("-inf", "-Infinity")):
            texts = pc.if_else(pc.equal(texts, ours), mark + word + mark, texts)
    return texts


def _csv_quoted(text: str) -> str:
    if _QUOTED(text) or text != text.strip():
        return '"' + text.replace('"', '""') + '"'
    return text
