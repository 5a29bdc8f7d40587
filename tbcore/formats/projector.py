"""The files of TensorBoard's projector: its configuration, tensors and metadata as TSV, tensors as bytes, bookmarks.

    found = config(text)
    tensor = tensor_tsv(data)                             # values float32 [n, d], and what was repaired
    labels = metadata(data, rows=len(tensor.values))      # columns, and the cells of each

Only bytes are read here: nothing that a configuration names is opened. What can be repaired is, and said in `notes`.

Source: fields of tensorboard/plugins/projector/projector_config.proto; the readers of projector_plugin.py and of
vz_projector's data-provider.ts: a line is a row, a tab ends a cell, and the first line of metadata is a header when it
has a tab. Bookmarks are a list of the State of vz_projector's data.ts.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from csv import Error as CsvError
from csv import reader
from dataclasses import dataclass, field
from io import StringIO
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv

from tbcore.errors import EmbeddingError
from tbcore.formats import pbtxt
from tbcore.formats.schema import messages, parse, text

NAME = "projector_config.pbtxt"
FOLDER = ("plugins", "org_tensorflow_tensorboard_projector")  # below a run: the other place of a configuration
STATE = "checkpoint"  # TensorFlow's note of the latest checkpoint, in the folder of the checkpoints

_TABLE = """
ProjectorConfig
     1  model_checkpoint_path   string
     2  embeddings              EmbeddingInfo               repeated
     3  model_checkpoint_dir    string

EmbeddingInfo
     1  tensor_name             string
     2  metadata_path           string
     3  bookmarks_path          string
     4  tensor_shape            uint32                      repeated
     5  sprite                  SpriteMetadata
     6  tensor_path             string

SpriteMetadata
     1  image_path              string
     2  single_image_dim        uint32                      repeated

CheckpointState
     1  model_checkpoint_path   string
"""
_classes = messages("projector", _TABLE)
_Config, _State = _classes["ProjectorConfig"], _classes["CheckpointState"]

_MOST_NOTES = 5  # rows that are named one by one where they were repaired
_SLOW = 64 << 20  # bytes of a tensor with rows that do not fit that are read row by row
_WIDEST = 1 << 16  # numbers in a row
_FARTHEST = float(np.finfo(np.float32).max)
_QUOTED_CELL = r'"((?:[^"{}]|"")*)"(?=\t|\n|$)'
_LABEL = "label"  # the only column of metadata without a header


class Tensor(NamedTuple):
    """Vectors float32 [n, d], and in words what was repaired in reading them."""

    values: NDArray[np.float32]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One embedding of a configuration, as it is named there; "" and () where nothing is said.

    sprite_size: width and height of each picture in the sprite.
    """

    name: str
    tensor_path: str = ""
    metadata_path: str = ""
    bookmarks_path: str = ""
    shape: tuple[int, ...] = ()
    sprite_path: str = ""
    sprite_size: tuple[int, int] | None = None


@dataclass(frozen=True)
class Config:
    """A configuration: its embeddings in order, and where the checkpoint is that holds those without a file of their own."""

    entries: tuple[Entry, ...] = ()
    checkpoint_path: str = ""
    checkpoint_dir: str = ""


@dataclass(frozen=True)
class Metadata:
    """What is known of each row: names of columns, the cells of each column [n], and what was repaired, in words."""

    columns: tuple[str, ...]
    cells: list[list[str]] = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Return how many rows there are."""
        return len(self.cells[0]) if self.cells else 0


def config(source: str) -> Config:
    """Return what a configuration says. Raises MessageError, which tells the line, when it is not in the text format."""
    found = parse(_Config, pbtxt.wire(source.removeprefix("\ufeff"), _Config))
    return Config(
        tuple(_entry(info) for info in found.embeddings),
        text(found.model_checkpoint_path),
        text(found.model_checkpoint_dir),
    )


def _entry(info: Any) -> Entry:
    sides = tuple(info.sprite.single_image_dim)
    if len(sides) == 1:
        sides *= 2
    return Entry(
        text(info.tensor_name),
        text(info.tensor_path),
        text(info.metadata_path),
        text(info.bookmarks_path),
        tuple(info.tensor_shape),
        text(info.sprite.image_path),
        (sides[0], sides[1]) if len(sides) == 2 and min(sides) > 0 else None,
    )


def latest_checkpoint(source: str) -> str:
    """Return the path that TensorFlow's file "checkpoint" names, "" for none. Raises MessageError."""
    return text(parse(_State, pbtxt.wire(source, _State)).model_checkpoint_path)


_STEP = re.compile(r"(?s)(.+):(-?[0-9]{4,18})")
_STEP_PATH = re.compile(r"(?s)(?:\./)?(-?[0-9]{4,18})/(.+)/[^/]+")


def named(entry: Entry) -> tuple[str, int | None]:
    """Return the name of an embedding, and its step as PyTorch and tensorboardX write it: "digits:00020" in "00020/".

    A name alone ("weights:0") says no step.
    """
    name, path = _STEP.fullmatch(entry.name), _STEP_PATH.fullmatch(entry.tensor_path)
    if name and path and name[2] == path[1]:
        return name[1], int(path[1])
    if not entry.name and path:
        return path[2], int(path[1])
    return entry.name.removesuffix("/.ATTRIBUTES/VARIABLE_VALUE") or entry.tensor_path, None


# Tensors -------------------------------------------------------------------------------------------------------------


def is_text(data: bytes | memoryview) -> bool:
    """Return whether bytes may be a TSV: raw numbers hold signs that no text has."""
    head = bytes(data[: 1 << 16]).removeprefix(b"\xef\xbb\xbf")
    return not head.translate(None, _PRINTED)


_PRINTED = bytes([9, 10, 13, *range(32, 127), *range(128, 256)])


def tensor_raw(data: bytes | memoryview, shape: tuple[int, ...]) -> Tensor:
    """Return the vectors that raw float32 numbers are, row by row. Raises EmbeddingError when they do not fit `shape`."""
    if len(shape) != 2 or min(shape) < 1:
        said = " x ".join(map(str, shape)) or "nothing"
        raise EmbeddingError(f"raw numbers need a tensor_shape of rows and columns: the configuration says {said}")
    rows, width = shape
    if len(data) == 4 * rows * width:
        return Tensor(np.frombuffer(data, "<f4").reshape(rows, width).astype(np.float32, copy=False))
    held = len(data) // (4 * width)
    if not held or held > rows:
        raise EmbeddingError(
            f"{len(data):,} bytes are not {rows:,} x {width:,} numbers of 4 bytes: tensor_shape does not fit the file"
        )
    values = np.frombuffer(data, "<f4", held * width).reshape(held, width).astype(np.float32, copy=False)
    return Tensor(values, (f"the file holds {held:,} of the {rows:,} rows that tensor_shape says",))


def tensor_tsv(data: bytes | memoryview) -> Tensor:
    """Return the vectors of a TSV: a line is a row, its numbers are parted by tabs.

    Rows of another width and cells that are no numbers are repaired with NaN, and a header is left out; notes say so.
    Commas or spaces in place of tabs are taken too. Raises EmbeddingError when there are no numbers.
    """
    data = bytes(data).removeprefix(b"\xef\xbb\xbf")
    first = _first_line(data)
    if not first:
        raise EmbeddingError("the tensor is empty: it holds no line")
    delimiter = b"\t" if b"\t" in first else b"," if b"," in first else b" " if b" " in first else b"\t"
    notes: list[str] = []
    if delimiter == b" ":
        data, delimiter = tabbed(data), b"\t"
        first = _first_line(data)
    width = first.count(delimiter) + 1
    if width > _WIDEST:
        raise EmbeddingError(f"the first row holds {width:,} numbers: only up to {_WIDEST:,} are read")
    try:
        values = _read_table(data, delimiter.decode(), width)
    except pa.ArrowInvalid as error:
        if len(data) > _SLOW:
            reason = str(error).partition(". Row")[0].splitlines()[0][:200]
            raise EmbeddingError(f"the rows do not fit together, and are too many to repair: {reason}") from error
        values, notes = _repaired(data, delimiter)
    if width > 1 and first.endswith(delimiter) and len(values) and bool(np.isnan(values[:, -1]).all()):
        values = np.ascontiguousarray(values[:, :-1])
    if not values.size:
        raise EmbeddingError("the tensor holds no numbers")
    return Tensor(values, tuple(notes))


def tabbed(data: bytes) -> bytes:
    """Return lines whose cells are parted by spaces with a tab in place of each run of them."""
    while b"  " in data:
        data = data.replace(b"  ", b" ")
    return data.replace(b" \r\n", b"\n").replace(b" \n", b"\n").replace(b"\n ", b"\n").strip(b" ").replace(b" ", b"\t")


def _first_line(data: bytes) -> bytes:
    """Return the first line that is not empty, without what ends it."""
    at = 0
    while at < len(data):
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end
        line = data[at:end].rstrip(b"\r")
        if line.strip():
            return line
        at = end + 1
    return b""


def _read_table(data: bytes, delimiter: str, width: int) -> NDArray[np.float32]:
    """Return numbers [n, width]; an empty cell is NaN. Raises ArrowInvalid when a row or a cell does not fit."""
    names = [str(column) for column in range(width)]
    table = csv.read_csv(
        pa.BufferReader(data),
        read_options=csv.ReadOptions(column_names=names),
        parse_options=csv.ParseOptions(delimiter=delimiter, quote_char=False),
        convert_options=csv.ConvertOptions(column_types=dict.fromkeys(names, pa.float32()), null_values=[""]),
    )
    columns = np.empty((width, len(table)), np.float32)
    for place, column in enumerate(table.columns):
        columns[place] = column.to_numpy()
    return np.ascontiguousarray(columns.T)


def _repaired(data: bytes, delimiter: bytes) -> tuple[NDArray[np.float32], list[str]]:
    """Return numbers [n, d] of rows that do not all fit, and what was done about it."""
    rows = [(at, line.split(delimiter)) for at, line in enumerate(data.split(b"\n"), 1) if line.strip()]
    notes = []
    at, cells = rows[0]
    if len(rows) > 1 and all(_number(cell) is None for cell in cells) and _number(rows[1][1][0]) is not None:
        notes.append(f"line {at} holds names, not numbers: it was left out")
        rows = rows[1:]
    widths = Counter(len(cells) for _at, cells in rows)
    width = max(widths, key=lambda size: (widths[size], size))
    if width > _WIDEST:
        raise EmbeddingError(f"most rows hold {width:,} numbers: only up to {_WIDEST:,} are read")
    values = np.full((len(rows), width), np.nan, np.float32)
    odd, strange = [], []
    with np.errstate(over="ignore"):
        for row, (at, cells) in enumerate(rows):
            numbers = [_number(cell) for cell in cells[:width]]
            if len(cells) != width:
                odd.append(f"line {at:,} holds {len(cells):,}")
            if None in numbers:
                strange.append(f"line {at:,}")
            values[row, : len(numbers)] = [np.nan if number is None else number for number in numbers]
    if bool(np.isnan(values).all()):
        raise EmbeddingError("the tensor holds no numbers: is this its metadata?")
    if odd:
        notes.append(f"rows hold {width:,} numbers, but {_some(odd)}: missing ones are NaN, others left out")
    if strange:
        notes.append(f"cells that are no numbers became NaN ({_some(strange)})")
    return values, notes


def _number(cell: bytes) -> float | None:
    try:
        return float(cell) if cell.strip() else None
    except ValueError:
        return None


def _some(words: list[str]) -> str:
    more = f", and {len(words) - _MOST_NOTES:,} more" if len(words) > _MOST_NOTES else ""
    return ", ".join(words[:_MOST_NOTES]) + more


# Metadata ------------------------------------------------------------------------------------------------------------


def decoded(data: bytes) -> tuple[str, list[str]]:
    """Return bytes as text, with lines that end in one sign each, and what was repaired."""
    notes = []
    try:
        found = data.decode("utf-16") if data[:2] in (b"\xff\xfe", b"\xfe\xff") else data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found = data.decode("utf-8", "replace").removeprefix("\ufeff")
        notes.append(f"the metadata is not all UTF-8 (from byte {error.start:,} on): signs that are not became \ufffd")
    if "\r" in found:
        found = found.replace("\r\n", "\n").replace("\r", "\n")
    return found, notes


def metadata(data: bytes, rows: int | None = None) -> Metadata:
    """Return the columns of metadata. The first line names them when it has a tab; else it is a row as the others.

    rows: how many vectors there are, when that is known. Where it fits only so, a first line with a tab is a row, one
    without is a header, empty lines do not count, or quoted cells go on over lines; notes say so.
    """
    whole, notes = decoded(data)
    if not whole.strip("\n"):
        return Metadata((), [], (*notes, "the metadata is empty"))
    uniform = _uniform(whole)
    if uniform is not None:
        heads = len(uniform) > 1
        if rows is None or len(uniform[0]) - heads == rows:
            names = [column[0] for column in uniform] if heads else []
            return Metadata(_names(names, len(uniform)), [one[heads:] for one in uniform], tuple(notes))
    lines = _lines(whole, across=False)
    heads = "\t" in whole[: whole.find("\n") if "\n" in whole else len(whole)]
    if rows is not None and len(lines) - heads != rows:
        filled = [line for line in lines if line != [""]]
        across = _lines(whole, across=True) if '"' in whole else lines
        turned = "the first line of the metadata is a row, though it has a tab"
        if not heads:
            turned = "the first line of the metadata names its column: there is one line more than vectors"
        for candidate, head, words in (
            (filled, heads, "empty lines of the metadata are no rows"),
            (across, heads, "quoted cells of the metadata go on over lines"),
            (lines, not heads, turned),
            (filled, not heads, f"{turned}; empty lines are no rows"),
        ):
            if len(candidate) - head == rows:
                lines, heads = candidate, head
                notes.append(words)
                break
    return _columns(lines[0] if heads else [], lines[1:] if heads else lines, notes)


def metadata_csv(data: bytes, rows: int | None = None) -> Metadata:
    """Return the columns of metadata whose cells are parted by commas, or semicolons; the first line names them.

    rows: how many vectors there are, when that is known: with as many lines the first one is a row. Raises EmbeddingError.
    """
    whole, notes = decoded(data)
    first = whole[: whole.find("\n") if "\n" in whole else len(whole)]
    try:
        every = list(reader(StringIO(whole), delimiter="," if "," in first or ";" not in first else ";"))
    except CsvError as error:
        raise EmbeddingError(f"the metadata is no CSV: {error}") from error
    lines = [line for line in every if line]
    if not lines:
        return Metadata((), [], (*notes, "the metadata is empty"))
    if rows is not None and rows not in (len(lines), len(lines) - 1) and rows in (len(every), len(every) - 1):
        lines = [line or [""] for line in every]  # of one column, in which nothing is known of some rows
    heads = rows is None or len(lines) != rows
    return _columns(lines[0] if heads else [], lines[1:] if heads else lines, notes)


def _columns(names: list[str], lines: list[list[str]], notes: list[str]) -> Metadata:
    """Return rows of cells as columns, each row as wide as the widest."""
    widths = Counter(map(len, lines))
    width = max([len(names), *widths])
    usual = len(names) or max(widths, key=lambda size: (widths[size], size), default=1)
    if set(widths) - {usual}:
        odd = [f"row {at:,} has {len(line):,}" for at, line in enumerate(lines, 1) if len(line) != usual]
        notes.append(
            f"the metadata has {usual:,} column{'s' if usual != 1 else ''}, but {_some(odd)}: missing cells are empty"
        )
        # One row that is far too wide would make a column of every cell in it.
        width = min(width, max(usual, 2 * usual + 8))
        lines = [line[:width] + [""] * (width - len(line)) for line in lines]
    cells = [list(column) for column in zip(*lines, strict=True)] if lines else [[] for _name in names]
    return Metadata(_names(names, width), cells, tuple(notes))


def _uniform(whole: str) -> list[list[str]] | None:
    """Return the cells of each column where all lines have as many and none is quoted or empty, None elsewhere."""
    whole = whole.removesuffix("\n")
    if '"' in whole or "\n\n" in whole or whole.startswith("\n"):
        return None
    width = whole[: whole.find("\n") if "\n" in whole else len(whole)].count("\t") + 1
    if width == 1:
        return None if "\t" in whole else [whole.split("\n")]
    signs = np.frombuffer(whole.encode("utf-8", "replace"), np.uint8)
    ends = np.append(np.flatnonzero(signs == ord("\n")), len(signs))
    before = np.searchsorted(np.flatnonzero(signs == ord("\t")), ends)
    if bool((np.diff(before, prepend=0) != width - 1).any()):
        return None
    # One cut and a stride are several times quicker than to cut each line.
    cells = whole.replace("\n", "\t").split("\t")
    return [cells[place::width] for place in range(width)]


def _names(names: list[str], width: int) -> tuple[str, ...]:
    """Return a name of its own for each column, those given first."""
    default = [_LABEL] if width == 1 else [f"column {place}" for place in range(1, width + 1)]
    found = [name.strip() or default[place] for place, name in enumerate(names)] + default[len(names) :]
    return tuple(distinct(found[:width]))


def distinct(names: Iterable[str]) -> list[str]:
    """Return names of which each comes once: a second "id" is "id (2)"."""
    taken: dict[str, None] = {}
    for name in names:
        number, one = 2, name
        while one in taken:
            one, number = f"{name} ({number})", number + 1
        taken[one] = None
    return list(taken)


_ON_A_LINE = re.compile(_QUOTED_CELL.format(r"\n"))
_ACROSS = re.compile(_QUOTED_CELL.format(""))
_PLAIN_CELL = re.compile(r"[^\t\n]*")


def _lines(whole: str, *, across: bool) -> list[list[str]]:
    """Return rows of cells. A cell in quotes may hold tabs, and with `across` the ends of lines; a lone quote is a sign."""
    whole = whole.removesuffix("\n")
    if '"' not in whole:
        return [line.split("\t") for line in whole.split("\n")]
    if across:
        return _cells(whole, _ACROSS)
    return [_cells(line, _ON_A_LINE)[0] if '"' in line else line.split("\t") for line in whole.split("\n")]


def _cells(source: str, quoted: re.Pattern[str]) -> list[list[str]]:
    rows: list[list[str]] = [[]]
    at = 0
    while True:
        match = quoted.match(source, at) if source.startswith('"', at) else None
        if match:
            rows[-1].append(match[1].replace('""', '"'))
        else:
            match = _PLAIN_CELL.match(source, at)
            assert match is not None  # an empty cell is one
            rows[-1].append(match[0])
        at = match.end()
        if at >= len(source):
            return rows
        if source[at] == "\n":
            rows.append([])
        at += 1


def metadata_tsv(columns: Iterable[str], cells: Iterable[list[str]]) -> bytes:
    """Return metadata as TensorBoard reads it: one column without a header, several with one."""
    names, rows = list(columns), zip(*cells, strict=True)
    lines = ["\t".join(map(_cell, row)) for row in rows]
    if len(names) > 1:
        lines = ["\t".join(map(_cell, names)), *lines]
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")


def _cell(value: str) -> str:
    """Return a cell that stays one: signs that would end it become spaces, as TensorBoard knows no quotes."""
    return re.sub(r"[\t\r\n]+", " ", value)


# Bookmarks -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bookmark:
    """A state of the projector that somebody kept.

    projection: "pca", "tsne", "umap" or "custom"; components: of PCA, from 0; points: what each projection said of every
    point ("pca-0", "tsne-1"); selected: rows; camera: position, target and zoom as TensorBoard keeps them; fields: the
    whole as it was read, with what is not known here.
    """

    label: str = ""
    is_selected: bool = False
    projection: str = ""
    components: tuple[int, ...] = ()
    color_by: str = ""
    label_by: str = ""
    selected: tuple[int, ...] = ()
    shape: tuple[int, int] | None = None
    points: tuple[Mapping[str, float], ...] = field(default=(), repr=False)
    camera: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False)


def bookmarks(data: bytes) -> tuple[Bookmark, ...]:
    """Return the bookmarks of a file, in order. Raises EmbeddingError when it is not a list of them in JSON."""
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise EmbeddingError(f"the bookmarks are not JSON: {str(error)[:200]}") from error
    if isinstance(found, dict):
        found = [found]
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise EmbeddingError("the bookmarks are not a list of states")
    return tuple(map(_bookmark, found))


def _bookmark(state: dict[str, Any]) -> Bookmark:
    shape = _whole_numbers(state.get("dataSetDimensions"))
    camera = state.get("cameraDef")
    points = state.get("projections")
    return Bookmark(
        label=_word(state.get("label")),
        is_selected=state.get("isSelected") is True,
        projection=_word(state.get("selectedProjection")),
        components=_whole_numbers(state.get("pcaComponentDimensions")),
        color_by=_word(state.get("selectedColorOptionName")),
        label_by=_word(state.get("selectedLabelOption")),
        selected=_whole_numbers(state.get("selectedPoints")),
        shape=(shape[0], shape[1]) if len(shape) == 2 else None,
        points=tuple(map(_coordinates, points)) if isinstance(points, list) else (),
        camera=camera if isinstance(camera, dict) else {},
        fields=state,
    )


def _word(value: Any) -> str:
    # JSON may hold halves of signs, which no page can show.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _whole_numbers(value: Any) -> tuple[int, ...]:
    """Return the whole numbers from 0 on of a list; nothing of it where something else is in it."""
    if not isinstance(value, list) or not all(type(one) is int and one >= 0 for one in value):
        return ()
    return tuple(value)


def _coordinates(value: Any) -> dict[str, float]:
    items = value.items() if isinstance(value, dict) else ()
    return {name: _coordinate(number) for name, number in items if type(number) in (int, float)}


def _coordinate(number: int | float) -> float:
    """Return a number as far as a coordinate goes: NaN beyond single precision."""
    return float(number) if abs(number) <= _FARTHEST else math.nan


def write_bookmarks(found: Iterable[Bookmark]) -> bytes:
    """Return bookmarks as TensorBoard reads them; what it knows and Runlens does not stays as it was read."""
    states = []
    for one in found:
        state = dict(one.fields)
        said = {
            "label": one.label,
            "selectedProjection": one.projection,
            "pcaComponentDimensions": list(one.components),
            "selectedColorOptionName": one.color_by,
            "selectedLabelOption": one.label_by,
            "selectedPoints": list(one.selected),
            "dataSetDimensions": list(one.shape or ()),
            "projections": [
                {name: each for name, each in point.items() if math.isfinite(each)} for point in one.points
            ],
            "cameraDef": dict(one.camera),
        }
        state |= {name: value for name, value in said.items() if value or name in state}
        states.append(state | {"label": one.label, "isSelected": one.is_selected})
    return json.dumps(states).encode()
