"""Embeddings as tables: vectors, what is known of each row, and pictures of the rows.

    for file in run.embeddings:
        table = load(file)                       # values float32 [n, d], columns, sprite, notes
    table = upload(data, "words.tsv")            # of a file that somebody hands in
    table = of_series(series, index)             # of a matrix that was logged as a summary

No row is left out: `finite` tells which ones can be placed.
"""

import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tbcore.errors import EmbeddingError, FormatError
from tbcore.formats import embedding_files, pictures, projector
from tbcore.formats.projector import Bookmark, Metadata, Tensor, bookmarks, write_bookmarks
from tbcore.names import natural
from tbcore.series import Series

LARGEST_UPLOAD = embedding_files.LARGEST  # bytes
_MOST_CATEGORIES = 500
_FEW = 30  # whole numbers that are rather names than amounts
_DATE = re.compile(
    r"[12]\d{3}-[01]\d-[0-3]\d(?:[T ][0-2]\d:[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?:Z|[+-][0-2]\d:?[0-5]\d)?)?"
)

__all__ = [
    "Bookmark", "Column", "File", "Table", "bookmarks", "column", "fitted", "is_matrix", "items", "labelled", "load",
    "of_series", "steps", "upload", "write_bookmarks",
]  # fmt: skip

ColumnKind = Literal["category", "number", "date", "text"]


class File(Protocol):
    """What an embedding of a run is, as the store finds it."""

    @property
    def run(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def step(self) -> int | None: ...
    @property
    def problems(self) -> tuple[str, ...]: ...
    @property
    def sprite_size(self) -> tuple[int, int] | None: ...
    @property
    def source_name(self) -> str: ...
    @property
    def mark(self) -> str: ...
    def vectors(self) -> Tensor: ...
    def metadata(self, rows: int | None = None) -> Metadata | None: ...
    def sprite(self) -> bytes | None: ...
    def bookmarks(self) -> tuple[Bookmark, ...]: ...


@dataclass(frozen=True)
class Column:
    """What is known of every row under one name.

    kind: how it is best coloured: "category" (few values, each often), "number", "date" or "text"; cells [n], "" where
    nothing is known; numbers [n]: of numbers and of categories that are numbers, of dates seconds since the epoch, NaN
    where nothing is known, None of others.
    """

    name: str
    kind: ColumnKind
    cells: list[str] = field(repr=False)
    numbers: NDArray[np.float64] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Table:
    """An embedding: vectors [n, d] and what is known of the rows.

    sprite: a picture of all rows as it was logged, each sprite_size (width, height) large, row by row; notes: what was
    repaired or is missing, in words; source: the file that the vectors come from, or the tag.
    """

    name: str
    run: str
    step: int | None
    values: NDArray[np.float32] = field(repr=False)
    columns: tuple[Column, ...] = ()
    notes: tuple[str, ...] = ()
    sprite: bytes | None = field(default=None, repr=False)
    sprite_size: tuple[int, int] | None = None
    source: str = ""

    @cached_property
    def finite(self) -> NDArray[np.bool_]:
        """Whether all numbers of a row are finite [n]."""
        return np.asarray(np.isfinite(self.values).all(axis=1), np.bool_)

    def column(self, name: str) -> Column | None:
        """Return a column by its name, None when there is none."""
        return next((one for one in self.columns if one.name == name), None)


def load(file: File) -> Table:
    """Return an embedding of a run, with what is wrong with its metadata and sprite in `notes`.

    Raises FormatError when its vectors cannot be read.
    """
    tensor = file.vectors()
    rows = len(tensor.values)
    notes = [*file.problems, *tensor.notes]
    columns: tuple[Column, ...] = ()
    try:
        found = file.metadata(rows)
    except FormatError as error:
        found = None
        notes.append(str(error))
    if found is not None:
        columns, more = fitted(found, rows)
        notes += more
    sprite = None
    try:
        sprite = file.sprite()
        notes += _sprite_notes(sprite, file.sprite_size, rows)
    except FormatError as error:
        notes.append(f"the pictures of the rows cannot be shown: {error}")
    table = Table(
        name=file.name,
        run=file.run,
        step=file.step,
        values=tensor.values,
        columns=columns,
        sprite=sprite if file.sprite_size else None,
        sprite_size=file.sprite_size if sprite else None,
        source=file.source_name,
    )
    return replace(table, notes=tuple(dict.fromkeys([*notes, *_not_finite(table)])))


def _not_finite(table: Table) -> list[str]:
    missing = len(table.values) - int(table.finite.sum())
    if not missing:
        return []
    rows = "1 row holds" if missing == 1 else f"{missing:,} rows hold"
    return [f"{rows} NaN or infinity, and cannot be placed"]


def _sprite_notes(sprite: bytes | None, size: tuple[int, int] | None, rows: int) -> list[str]:
    """Return what is wrong with a picture of all rows. Raises PictureError."""
    if sprite is None:
        return []
    if size is None:
        return ["the configuration does not say how large each picture in the sprite is (single_image_dim): not shown"]
    facts = pictures.facts(sprite)
    held = (facts.width // size[0]) * (facts.height // size[1])
    return [] if held >= rows else [f"the sprite holds {held:,} pictures for {rows:,} rows: the last have none"]


def fitted(found: Metadata, rows: int) -> tuple[tuple[Column, ...], list[str]]:
    """Return metadata as columns of `rows` cells, and what had to be done for it."""
    notes = list(found.notes)
    cells = found.cells
    if found.columns and found.rows != rows:
        told = f"the metadata has {found.rows:,} rows for {rows:,} vectors"
        if found.rows < rows:
            notes.append(f"{told}: nothing is known of the last {rows - found.rows:,}")
            cells = [column + [""] * (rows - len(column)) for column in cells]
        else:
            notes.append(f"{told}: its last {found.rows - rows:,} are left out")
            cells = [column[:rows] for column in cells]
    return tuple(column(name, each) for name, each in zip(found.columns, cells, strict=True)), notes


def column(name: str, cells: Sequence[str]) -> Column:
    """Return cells as a column, of the kind that they look like."""
    texts = list(cells)
    array = pa.array(texts, pa.string())
    trimmed = pc.utf8_trim_whitespace(array)
    known = pc.not_equal(trimmed, "")
    distinct = pc.count_distinct(trimmed.filter(known)).as_py()
    many = int(pc.sum(known).as_py() or 0)
    few = 0 < distinct <= min(_MOST_CATEGORIES, max(2, many // 2))
    numbers = _numbers(trimmed, known)
    if numbers is not None and many:
        finite = numbers[np.isfinite(numbers)]
        names = few and distinct <= _FEW and len(finite) and bool(np.all(finite == np.floor(finite)))
        return Column(name, "category" if names else "number", texts, numbers)
    dates = _dates(texts) if many else None
    if dates is not None:
        return Column(name, "date", texts, dates)
    return Column(name, "category" if few else "text", texts)


def _numbers(trimmed: Any, known: Any) -> NDArray[np.float64] | None:
    """Return cells as numbers, None when one that says something is none."""
    try:
        found = pc.cast(pc.if_else(known, trimmed, None), pa.float64())
    except pa.ArrowInvalid:
        return None
    numbers: NDArray[np.float64] = found.to_numpy(zero_copy_only=False)
    return numbers


def _dates(cells: Sequence[str]) -> NDArray[np.float64] | None:
    """Return cells as seconds since the epoch, None when one that says something is no date; without a zone it is UTC."""
    found = np.full(len(cells), np.nan)
    for place, cell in enumerate(cells):
        text = cell.strip()
        if not text:
            continue
        if not _DATE.fullmatch(text):
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        found[place] = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return found


def steps(files: Iterable[File]) -> dict[tuple[str, str], list[File]]:
    """Return embeddings by run and name, each by step; those without a step first. Names are in natural order."""
    found: dict[tuple[str, str], list[File]] = {}
    for file in files:
        found.setdefault((file.run, file.name), []).append(file)
    runs = {run: place for place, run in enumerate(dict.fromkeys(run for run, _name in found))}
    order = sorted(found, key=lambda key: (runs[key[0]], natural(key[1])))
    return {key: sorted(found[key], key=lambda file: (file.step is not None, file.step or 0)) for key in order}


# What is handed in, and other tensors --------------------------------------------------------------------------------


def upload(data: bytes, name: str) -> Table:
    """Return the embedding that a file is: TSV, CSV, NPY, NPZ or Parquet. Raises FormatError."""
    found = embedding_files.read(data, name)
    stem = re.split(r"[\\/]", name)[-1]
    columns = tuple(column(each, cells) for each, cells in found.columns.items())
    table = Table(stem.rpartition(".")[0] or stem, "", None, found.values, columns, source=stem)
    return replace(table, notes=(*found.notes, *_not_finite(table)))


def labelled(table: Table, data: bytes, name: str = "") -> Table:
    """Return an embedding with the columns of metadata that is handed in, in place of its own.

    It is TSV, or CSV when the name of the file says so. Raises EmbeddingError when it is too large, or has nothing to do with the rows.
    """
    if len(data) > LARGEST_UPLOAD:
        raise EmbeddingError(f"the metadata takes {len(data):,} bytes: only up to {LARGEST_UPLOAD:,} are read")
    read = projector.metadata_csv if name.lower().endswith(".csv") else projector.metadata
    found = read(data, len(table.values))
    if not found.rows:
        raise EmbeddingError("the metadata is empty")
    columns, notes = fitted(found, len(table.values))
    return replace(table, columns=columns, notes=(*table.notes, *notes))


def is_matrix(series: Series, index: int) -> bool:
    """Return whether a value of a series is a matrix of numbers. Raises FormatError."""
    value = series.values[index]
    return isinstance(value, np.ndarray) and value.ndim == 2 and value.dtype.kind in "fiub" and value.size > 0


def of_series(series: Series, index: int) -> Table:
    """Return a matrix that was logged as a summary: its rows are the points. Raises FormatError."""
    value = series.values[index]
    if not isinstance(value, np.ndarray):
        raise EmbeddingError(f"{series.tag} holds no array")
    table = Table(
        series.tag, series.run, int(series.steps[index]), embedding_files.vectors(value), source=f"tensor {series.tag}"
    )
    return replace(table, notes=tuple(_not_finite(table)))


# Files of their own --------------------------------------------------------------------------------------------------


def items(files: Iterable[File]) -> Iterator[tuple[dict[str, Any], dict[str, bytes]]]:
    """Yield (row of an index, files by name) of each embedding: vectors as NPY, columns as TSV, the sprite as logged.

    A row has run, name, step, shape, columns, source, files, notes; one that cannot be read has "error" and no files.
    """
    for number, file in enumerate(files):
        about = {"run": file.run, "name": file.name, "step": file.step}
        try:
            table = load(file)
        except FormatError as error:
            yield about | {"source": file.source_name, "error": str(error)}, {}
            continue
        found = {f"{number:03d}.npy": _npy(table.values)}
        if table.columns:
            cells = [one.cells for one in table.columns]
            found[f"{number:03d}.tsv"] = projector.metadata_tsv([one.name for one in table.columns], cells)
        if table.sprite is not None:
            found[f"{number:03d}{pictures.encoding(table.sprite).ending}"] = table.sprite
        said: Mapping[str, Any] = {
            "shape": list(table.values.shape),
            "columns": [one.name for one in table.columns],
            "source": table.source,
            "files": list(found),
            "notes": list(table.notes),
        }
        if table.sprite_size is not None:
            said = {**said, "sprite_size": list(table.sprite_size)}
        yield {**about, **said}, found


def _npy(values: NDArray[np.float32]) -> bytes:
    """Return the NPY file of an array."""
    file = io.BytesIO()
    np.save(file, values, allow_pickle=False)
    return file.getvalue()
