"""Event files as records: a plain reader and a small writer.

    uint64 length | uint32 masked CRC32C of the length | data | uint32 masked CRC32C of the data     (little-endian)

The reader stops at the first damage; what serves the store, resynchronises and is fast, is `tbcore.formats.scan`.
Source: tensorflow/core/lib/io/record_writer.h; file names as in tensorflow/core/util/events_writer.cc.
"""

import itertools
import os
import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from tbcore.errors import CorruptRecordError, TensorError
from tbcore.formats import custom_scalars as layouts
from tbcore.formats import hparams as sessions
from tbcore.formats.crc import masked_crc
from tbcore.formats.schema import (
    FILE_VERSION,
    AudioPluginData,
    Event,
    MeshPluginData,
    PrCurvePluginData,
    SessionLog,
    SessionStatus,
    SourceMetadata,
    Summary,
    SummaryMetadata,
    TaggedRunMetadata,
)
from tbcore.formats.tensors import tensor_proto

__all__ = ["EventWriter", "masked_crc", "record", "records"]

_HEADER = 12
_FOOTER = 4
_BINS = 30
_BUFFER = 1 << 16
_WAV = 11  # the encoding in AudioPluginData
_LEAST = 1e-7  # what counts are divided by at least
_PNG_SIZE = slice(16, 24)
_PNG_START = b"\x89PNG\r\n\x1a\n"
_number_of_file = itertools.count()


def record(data: bytes) -> bytes:
    """Return `data` framed as one record."""
    length = struct.pack("<Q", len(data))
    return b"%b%b%b%b" % (
        length,
        struct.pack("<I", masked_crc(length)),
        data,
        struct.pack("<I", masked_crc(data)),
    )


def records(data: bytes) -> Iterator[bytes]:
    """Yield the data of each record of a file's bytes. Raises CorruptRecordError at the first that is not whole."""
    offset = 0
    while offset < len(data):
        start = offset + _HEADER
        if start > len(data):
            raise CorruptRecordError(f"the header of a record is cut off at byte {offset}", offset)
        length, length_crc = struct.unpack_from("<QI", data, offset)
        if masked_crc(data[offset : offset + 8]) != length_crc:
            raise CorruptRecordError(f"length checksum failed at byte {offset}", offset)
        end = start + length
        if end + _FOOTER > len(data):
            raise CorruptRecordError(f"a record of {length} bytes is cut off at byte {offset}", offset)
        if masked_crc(data[start:end]) != struct.unpack_from("<I", data, end)[0]:
            raise CorruptRecordError(f"data checksum failed at byte {offset}", offset)
        yield data[start:end]
        offset = end + _FOOTER


class EventWriter:
    """An event file being written into `folder`, which every reader of TensorBoard logs understands.

    Scalars are written as plain numbers, everything else as a tensor with metadata on the first value of its tag.
    clock: gives the wall time, in seconds since the epoch, of values that are handed in without one.
    name: the file's name, when it is not to be made of time, host and process; suffix: comes after the name.
    A writer belongs to one thread.
    """

    def __init__(
        self, folder: Path, *, clock: Callable[[], float] = time.time, suffix: str = "", name: str = ""
    ) -> None:
        now = clock()
        unique = f"{socket.gethostname()}.{os.getpid()}.{next(_number_of_file)}"
        self.path = folder / ((name or f"events.out.tfevents.{int(now):010d}.{unique}") + suffix)
        self._clock = clock
        self._described: set[str] = set()
        folder.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("xb", buffering=_BUFFER)
        self.event(Event(file_version=FILE_VERSION, source_metadata=SourceMetadata(writer="tbcore")), now)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def event(self, event: Any, wall_time: float | None = None) -> None:
        """Write an Event message, at `wall_time` or now."""
        event.wall_time = self._clock() if wall_time is None else wall_time
        self._file.write(record(event.SerializeToString()))

    def scalar(self, tag: str, value: float, step: int, wall_time: float | None = None) -> None:
        """Write one number."""
        self.scalars({tag: value}, step, wall_time)

    def scalars(self, values: Mapping[str, float], step: int, wall_time: float | None = None) -> None:
        """Write the numbers of several tags at one step, in one event."""
        items = [Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
        self.event(Event(step=step, summary=Summary(value=items)), wall_time)

    def tensor(
        self,
        tag: str,
        array: ArrayLike,
        step: int,
        plugin: str,
        wall_time: float | None = None,
        *,
        content: bytes = b"",
    ) -> None:
        """Write an array for `plugin`; content: what that plugin keeps in the metadata of a tag."""
        value = Summary.Value(tag=tag, tensor=tensor_proto(array))
        if tag not in self._described:
            self._described.add(tag)
            data = SummaryMetadata.PluginData(plugin_name=plugin, content=content)
            value.metadata.CopyFrom(SummaryMetadata(plugin_data=data))
        self.event(Event(step=step, summary=Summary(value=[value])), wall_time)

    def histogram(self, tag: str, values: ArrayLike, step: int, wall_time: float | None = None) -> None:
        """Write the distribution of `values` as buckets [30, 3] of left edge, right edge and count.

        Values that are not finite are left out; no value gives no bucket, equal values give one.
        """
        numbers = np.asarray(values, np.float64).ravel()
        numbers = numbers[np.isfinite(numbers)]
        if not len(numbers):
            buckets = np.zeros((0, 3))
        elif numbers.min() == numbers.max():
            buckets = np.array([[numbers[0], numbers[0], len(numbers)]])
        else:
            counts, edges = np.histogram(numbers, _BINS)
            buckets = np.column_stack((edges[:-1], edges[1:], counts))
        self.tensor(tag, buckets, step, "histograms", wall_time)

    def text(self, tag: str, text: str | Sequence[str], step: int, wall_time: float | None = None) -> None:
        """Write a Markdown text, or a list of them."""
        self.tensor(tag, np.array(text, object), step, "text", wall_time)

    def image(self, tag: str, png: bytes | Sequence[bytes], step: int, wall_time: float | None = None) -> None:
        """Write an image encoded as PNG, or several of one size. Raises TensorError when it is not a PNG."""
        encoded = [png] if isinstance(png, bytes) else list(png)
        if not encoded or any(not image.startswith(_PNG_START) or len(image) < _PNG_SIZE.stop for image in encoded):
            raise TensorError(f"the image of {tag} is not a PNG")
        size = [b"%d" % number for number in struct.unpack(">II", encoded[0][_PNG_SIZE])]
        self.tensor(tag, np.array(size + encoded, object), step, "images", wall_time)

    def audio(self, tag: str, wav: bytes | Sequence[bytes], step: int, wall_time: float | None = None) -> None:
        """Write a clip encoded as WAV, or several."""
        clips = [wav] if isinstance(wav, bytes) else list(wav)
        content = AudioPluginData(encoding=_WAV).SerializeToString()
        self.tensor(tag, np.array([[clip, b""] for clip in clips], object), step, "audio", wall_time, content=content)

    def pr_curve(self, tag: str, counts: ArrayLike, step: int, wall_time: float | None = None) -> None:
        """Write a precision-recall curve from true and false positives, true and false negatives [4, thresholds].

        The thresholds lie evenly from 0 to 1. Where nothing is predicted to be positive, precision is written as 0.
        """
        table = np.asarray(counts, np.float64)
        positives, false_positives, _negatives, false_negatives = table
        precision = positives / np.maximum(positives + false_positives, _LEAST)
        recall = positives / np.maximum(positives + false_negatives, _LEAST)
        rows = np.vstack((table, precision, recall)).astype(np.float32)
        content = PrCurvePluginData(num_thresholds=rows.shape[1]).SerializeToString()
        self.tensor(tag, rows, step, "pr_curves", wall_time, content=content)

    def mesh(
        self,
        tag: str,
        vertices: ArrayLike,
        step: int,
        wall_time: float | None = None,
        *,
        faces: ArrayLike | None = None,
        colors: ArrayLike | None = None,
    ) -> None:
        """Write points [n, 3], as a mesh when there are faces [m, 3] of point numbers; colors [n, 3]: 0 to 255."""
        parts = [(1, "VERTEX", np.asarray(vertices, np.float32))]
        parts += [(2, "FACE", np.asarray(faces, np.int32))] if faces is not None else []
        parts += [(3, "COLOR", np.asarray(colors, np.uint8))] if colors is not None else []
        components = sum(1 << number for number, _name, _array in parts)
        for number, name, array in parts:
            about = MeshPluginData(name=tag, content_type=number, shape=[1, *array.shape], components=components)
            content = about.SerializeToString()
            self.tensor(f"{tag}_{name}", array[np.newaxis], step, "mesh", wall_time, content=content)

    def embedding(
        self,
        tag: str,
        values: ArrayLike,
        step: int,
        *,
        columns: Mapping[str, Sequence[str]] | None = None,
        sprite: bytes = b"",
        sprite_size: tuple[int, int] = (0, 0),
    ) -> None:
        """Write points [n, d] for the projector: files beside this one, which projector_config.pbtxt names, as PyTorch does.

        columns: the cells of each point [n] by title; sprite: a PNG of the pictures of all points, row by row, each
        sprite_size (width, height) large. Numbers keep four digits.
        """
        below = f"{step:05d}/{tag}"
        folder = self.path.parent / below
        folder.mkdir(parents=True, exist_ok=True)
        rows = np.asarray(values, np.float64).tolist()
        _write(folder / "tensors.tsv", ["\t".join(f"{one:.4g}" for one in row) for row in rows])
        entry = [f"tensor_name: {_quoted(f'{tag}:{step:05d}')}", f"tensor_path: {_quoted(f'{below}/tensors.tsv')}"]
        if columns:
            # A header is one only when it has a tab.
            lines = ["\t".join(map(_cell, row)) for row in zip(*columns.values(), strict=True)]
            heads = ["\t".join(map(_cell, columns))] if len(columns) > 1 else []
            _write(folder / "metadata.tsv", [*heads, *lines])
            entry.append(f"metadata_path: {_quoted(f'{below}/metadata.tsv')}")
        if sprite:
            (folder / "sprite.png").write_bytes(sprite)
            width, height = sprite_size
            entry.append(
                f"sprite {{ image_path: {_quoted(f'{below}/sprite.png')} "
                f"single_image_dim: {width} single_image_dim: {height} }}"
            )
        with (self.path.parent / "projector_config.pbtxt").open("a", encoding="utf-8", newline="\n") as config:
            config.write("embeddings {\n" + "".join(f"  {line}\n" for line in entry) + "}\n")

    def graph(self, graph_def: bytes, wall_time: float | None = None) -> None:
        """Write the graph of this run, a GraphDef."""
        self.event(Event(graph_def=graph_def), wall_time)

    def run_metadata(self, tag: str, run_metadata: bytes, step: int, wall_time: float | None = None) -> None:
        """Write what one run of the graph was measured to take, a RunMetadata; no other may have this tag."""
        about = TaggedRunMetadata(tag=tag, run_metadata=run_metadata)
        self.event(Event(step=step, tagged_run_metadata=about), wall_time)

    def keras_model(self, text: str, step: int = 0, wall_time: float | None = None) -> None:
        """Write the layers of a model of Keras, as `model.to_json()` gives them."""
        self.tensor("keras", np.array(text.encode(), object), step, "graph_keras_model", wall_time, content=b"1")

    def hparams(
        self,
        values: Mapping[str, sessions.Value | None],
        wall_time: float | None = None,
        *,
        group: str = "",
        start_time: float | None = None,
    ) -> None:
        """Write what this run chose. group: of sessions that chose the same; start_time: now when it is not given."""
        begun = self._clock() if start_time is None else start_time
        self._hparams(sessions.START, sessions.SessionStart(values, group, begun), wall_time)

    def experiment(self, experiment: sessions.Experiment, wall_time: float | None = None) -> None:
        """Write what the runs of a logdir may choose, and what is measured: once, in any of them."""
        self._hparams(sessions.EXPERIMENT, experiment, wall_time)

    def session_end(
        self, status: sessions.Status = "success", wall_time: float | None = None, *, end_time: float | None = None
    ) -> None:
        """Write how the session ended. end_time: now when it is not given."""
        ended = self._clock() if end_time is None else end_time
        self._hparams(sessions.END, sessions.SessionEnd(status, ended), wall_time)

    def _hparams(
        self,
        tag: str,
        data: sessions.Experiment | sessions.SessionStart | sessions.SessionEnd,
        wall_time: float | None,
    ) -> None:
        """Write data that lie in the metadata of a tag, of whose value nothing is meant."""
        plugin = SummaryMetadata.PluginData(plugin_name=sessions.PLUGIN, content=sessions.write(data))
        value = Summary.Value(tag=tag, tensor=tensor_proto(np.zeros(0, np.float32)))
        value.metadata.CopyFrom(SummaryMetadata(plugin_data=plugin))
        self.event(Event(summary=Summary(value=[value])), wall_time)

    def custom_scalars(self, layout: layouts.Layout, step: int = 0, wall_time: float | None = None) -> None:
        """Write which scalars are drawn together; the latest that a run writes counts."""
        self.tensor(layouts.TAG, np.array(layouts.write(layout), object), step, layouts.PLUGIN, wall_time)

    def session_start(self, step: int, wall_time: float | None = None) -> None:
        """Write that the run starts again at `step`: what was written from there on is superseded."""
        self.event(Event(step=step, session_log=SessionLog(status=SessionStatus.START)), wall_time)

    def flush(self) -> None:
        """Hand what was written to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Write the rest and close the file."""
        self._file.close()


def _write(path: Path, lines: Sequence[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def _cell(text: str) -> str:
    return " ".join(text.split())


def _quoted(text: str) -> str:
    """Return text as a string of a text-format message."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
