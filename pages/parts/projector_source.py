"""Which embedding is looked at: those that lie beside the logs, tensors of the logs, and those a visitor brings along."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from tbcore import ui
from tbcore.analysis import embeddings, sprites
from tbcore.analysis.embeddings import Column, Table
from tbcore.analysis.sprites import Sprite
from tbcore.errors import FormatError, PictureError
from tbcore.names import matcher
from tbcore.series import Series
from tbcore.ui import bound

UPLOADS = "projector_uploads"
ENDINGS = ("tsv", "csv", "txt", "npy", "npz", "parquet")
LIMIT_MB = 200
TENSOR = "emb_tensor"
ROW = "Row"  # the column that says which row a point is
_TRAIL = 4  # uploads that are kept for one visitor
_TENSORS = 1_000  # that can be chosen from


@dataclass(frozen=True)
class Pick:
    """One embedding at one step. step: as the slider spells it, "" for none; mark: another one for another content."""

    step: str
    mark: Callable[[], str]
    load: Callable[[], Table]
    bookmarks: Callable[[], Any] = tuple


@dataclass(frozen=True)
class Embedding:
    """One embedding to choose: key, as the address has it and the page calls it; at: one for each step."""

    key: str
    run: str
    at: tuple[Pick, ...]

    def of(self, step: str) -> Pick:
        """Return it at a step, else at the last one."""
        return next((pick for pick in self.at if pick.step == step), self.at[-1])


@dataclass(frozen=True)
class Read:
    """An embedding that was read. key: what the page calls it; mark: another one for another content."""

    key: str
    step: str
    mark: str
    table: Table = field(repr=False)
    bookmarks: Callable[[], Any] = field(default=tuple, repr=False)

    @property
    def values(self) -> NDArray[np.float32]:
        """Return the points [n, d]."""
        return self.table.values

    @property
    def count(self) -> int:
        """Return how many points there are."""
        return len(self.table.values)

    @property
    def title(self) -> str:
        """Return what it is called, with its step."""
        return f"{self.key} · step {self.step}" if self.step else self.key

    def column(self, name: str) -> Column | None:
        """Return a column of the metadata, None when there is none of that name."""
        return next((one for one in self.table.columns if one.name == name), None)

    def label(self, row: int, by: str) -> str:
        """Return what a point is called by a column, else by its row."""
        column = self.column(by)
        return f"row {row:,}" if column is None or row >= len(column.cells) else column.cells[row]


# What is computed of an embedding is computed once for all visitors.
MARKS: dict[str | type, Callable[[Any], Any]] = {Read: lambda read: read.mark, Column: lambda column: column.name}


def sentence(words: str) -> str:
    """Return what is to be known as a sentence, in which nothing is acted on."""
    return f"{ui.plain(words[:1].upper() + words[1:])}."


def counted(count: int, thing: str) -> str:
    """Return how many there are of a thing."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


# What there is -------------------------------------------------------------------------------------------------------


def offered(view: ui.View) -> list[Embedding]:
    """Return the embeddings of the selected runs whose name passes the tag filter, and what the visitor added."""
    passes = matcher(view.tags)
    files = [one for run in view.selected for one in run.embeddings if passes(one.name)]
    found = [_logged(view.spec, run, name, some) for (run, name), some in embeddings.steps(files).items()]
    tensor = next((one for one in tensors(view) if _tensor_key(one) == _wanted_tensor()), None)
    return [*found, *([] if tensor is None else [_of_tensor(view.spec, tensor)]), *uploads()]


def _logged(spec: str, run: str, name: str, files: Sequence[Any]) -> Embedding:
    at = tuple(
        Pick(
            "" if one.step is None else str(one.step),
            lambda one=one: f"{spec}\n{run}\n{name}\n{one.step}\n{one.mark}",
            lambda one=one: embeddings.load(one),
            lambda one=one: one.bookmarks(),
        )
        for one in files
    )
    return Embedding(f"{run} · {name}", run, at)


def tensors(view: ui.View) -> list[Series]:
    """Return the tensors of the logs that may be points."""
    return [one for one in view.series("tensors") if len(one.steps)][:_TENSORS]


def _tensor_key(series: Series) -> str:
    return f"{series.run} · {series.tag}"


def _wanted_tensor() -> str:
    return (bound.chosen(TENSOR) or [""])[0]


def _of_tensor(spec: str, series: Series) -> Embedding:
    steps: dict[str, int] = {str(step): place for place, step in enumerate(series.steps.tolist())}
    at = tuple(
        Pick(
            step,
            lambda step=step, place=place: f"{spec}\n{series.run}\n{series.tag}\n{step}\n{series.wall_times[place]}",
            lambda place=place: embeddings.of_series(series, place),
        )
        for step, place in steps.items()
    )
    return Embedding(f"{_tensor_key(series)} (tensor)", series.run, at)


# What is brought along -----------------------------------------------------------------------------------------------


def uploads() -> list[Embedding]:
    """Return what the visitor brought along in this session."""
    kept: dict[str, Table] = st.session_state.get(UPLOADS, {})
    return [
        Embedding(
            f"{table.name} · brought along", "", (Pick("", lambda digest=digest: digest, lambda table=table: table),)
        )
        for digest, table in kept.items()
    ]


def bring(view: ui.View) -> Embedding | None:
    """Draw where points can be dropped and tensors of the logs chosen; return what has just been brought."""
    file = st.file_uploader(
        "Points from a file",
        type=list(ENDINGS),
        help="One point in a row: TSV or CSV of numbers (columns of words become labels), NumPy (.npy, .npz) or Parquet. "
        "It stays in this session.",
        max_upload_size=LIMIT_MB,
        key="emb_upload",
    )
    about = st.file_uploader(
        "Labels of these points (optional)",
        type=["tsv", "csv", "txt"],
        help="TSV or CSV: one row for each point, the names of the columns in the first line where there are several.",
        max_upload_size=LIMIT_MB,
        key="emb_upload_labels",
    )
    series = tensors(view)
    if series:
        bound.select(
            "Points from a tensor of the logs",
            ["", *(_tensor_key(one) for one in series)],
            lambda one: one or "none",
            key=TENSOR,
        )
    if file is None:
        return None
    data, labels = file.getvalue(), about.getvalue() if about is not None else b""
    # How a file is read depends on how its name ends.
    names = f"{file.name}\0{about.name if about is not None else ''}\0".encode("utf-8", "surrogatepass")
    digest = hashlib.blake2b(names + data + b"\0" + labels, digest_size=16).hexdigest()
    kept: dict[str, Table] = st.session_state.setdefault(UPLOADS, {})
    if digest in kept:
        return None
    try:
        table = embeddings.upload(data, file.name)
        if about is not None:
            table = embeddings.labelled(table, labels, about.name)
    except FormatError as error:
        st.error(f"{ui.plain(file.name)}: {ui.plain(str(error))}")
        return None
    # The same file with its labels takes the place of the one without.
    others = [(one, other) for one, other in kept.items() if other.name != table.name]
    st.session_state[UPLOADS] = dict([*others, (digest, table)][-_TRAIL:])
    return uploads()[-1]


# What is read --------------------------------------------------------------------------------------------------------


@st.cache_resource(show_spinner="Reading the embedding …", max_entries=4)
def _read(mark: str, _load: Callable[[], Table]) -> Table:  # noqa: ARG001
    return _load()


def read(embedding: Embedding, pick: Pick) -> Read:
    """Return an embedding. Raises FormatError when it cannot be read."""
    mark = pick.mark()
    word = hashlib.blake2b(mark.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
    return Read(embedding.key, pick.step, word, _read(mark, pick.load), pick.bookmarks)


@st.cache_resource(show_spinner=False, max_entries=32, hash_funcs=MARKS)
def distinct(found: Read, name: str) -> int:
    """Return how many labels a column of the metadata has."""
    column = found.column(name)
    return 0 if column is None else len(set(column.cells) - {""})


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs=MARKS)
def pictured(found: Read) -> tuple[Sprite | None, str]:
    """Return the pictures of the points, None when there are none, and what is wrong with them."""
    table = found.table
    if not table.sprite or table.sprite_size is None:
        return None, ""
    try:
        return sprites.sprite(table.sprite, table.sprite_size, found.count), ""
    except PictureError as error:
        return None, f"The sprite cannot be shown: {error}"
