"""What a summary value holds, whichever way it was written: a scalar, a tensor or blobs.

The oldest logs spell values in fields of their own (simple_value, histo, image, audio, graph_def, ...), newer ones in
tensors whose meaning the plugin's metadata tells. This is the only place that knows the difference.
Source: the migrations of tensorboard/data_compat.py and dataclass_compat.py, but with float64 histograms.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tbcore.errors import MessageError
from tbcore.formats.schema import (
    SessionLog,
    SessionStatus,
    SourceMetadata,
    Summary,
    SummaryMetadata,
    TaggedRunMetadata,
    parse,
    text,
)
from tbcore.formats.tensors import ndarray
from tbcore.kinds import BY_NAME, BY_PLUGIN, DataClass, kind_of


@dataclass(frozen=True)
class Form:
    """One field that a value can be written in; field 0 of message "" is a value without one."""

    name: str
    message: str
    field: int


FORMS = (
    #    name                    message           field
    Form("none",                 "",               0),
    Form("simple_value",         "Summary.Value",  2),
    Form("image",                "Summary.Value",  4),
    Form("histo",                "Summary.Value",  5),
    Form("audio",                "Summary.Value",  6),
    Form("tensor",               "Summary.Value",  8),
    Form("graph_def",            "Event",          4),
    Form("session_log",          "Event",          7),
    Form("tagged_run_metadata",  "Event",          8),
    Form("meta_graph_def",       "Event",          9),
)  # fmt: skip

EVENT_FORMS = tuple(form.name for form in FORMS if form.message == "Event")

_DATA_CLASSES: dict[int, DataClass] = {1: "scalar", 2: "tensor", 3: "blobs"}


@dataclass(frozen=True)
class Metadata:
    """What the first value of a tag says about the tag. data_class: as written, else the one of the plugin's kind."""

    plugin: str = ""
    content: bytes = b""
    display_name: str = ""
    description: str = ""
    data_class: DataClass = "tensor"


@dataclass(frozen=True)
class Moments:
    """What a legacy histogram says beside its buckets; values that fell into no bucket are counted in `num`."""

    min: float
    max: float
    num: float
    sum: float
    sum_squares: float


@dataclass(frozen=True)
class Picture:
    """What an image says beside its bytes, in pixels; colorspace 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA, 0 unsaid."""

    width: int
    height: int
    colorspace: int


@dataclass(frozen=True)
class Sound:
    """What an audio clip says beside its bytes: Hz and frames, 0 when not written; labels: one per clip, or none."""

    content_type: str
    sample_rate: float
    num_channels: int
    length_frames: int
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Session:
    """A mark of a training session: "START", "STOP", "CHECKPOINT" or another status' number."""

    status: str
    checkpoint_path: str
    message: str


Details = Moments | Picture | Sound | Session


@dataclass(frozen=True)
class Payload:
    """The decoded value of one point.

    value: a number for "scalar" (an int when an integer was written, so that none is rounded), an array for "tensor",
    a tuple of bytes for "blobs". Blobs of images are the width, the height, both as digits, then the encoded images.
    """

    data_class: DataClass
    value: float | NDArray[Any] | tuple[bytes, ...]
    tag: str
    metadata: Metadata
    details: Details | None = None


def payload(data: bytes, form: str, plugin: str | None = None) -> Payload:
    """Return the value that `data` holds in `form`.

    data: the bytes of the Summary.Value for the forms inside a summary, else the bytes of the event's field.
    plugin: that of the tag, when it is known from an earlier value; metadata may be on the first value only.
    Raises MessageError or TensorError when the bytes do not hold such a value, KeyError when `form` is not a form.
    """
    if form in _EVENT_READERS:
        return _EVENT_READERS[form](data)
    read = _VALUE_READERS[form]
    message = parse(Summary.Value, data)
    if form != "none" and message.WhichOneof("value") != form:
        raise MessageError(f"a value of {len(data)} bytes does not hold its {form}")
    found = _metadata(message.metadata, plugin)
    data_class, value, details = read(message, found, kind_of(found.plugin, form))
    # Files of plugin assets once named the tag node_name.
    return Payload(data_class, value, text(message.tag or message.node_name), found, details)


def metadata(data: bytes) -> Metadata:
    """Return the metadata that the bytes of a SummaryMetadata hold. Raises MessageError when they hold none."""
    return _metadata(parse(SummaryMetadata, data), None)


def _metadata(message: Any, plugin: str | None) -> Metadata:
    written = message.plugin_data
    name = text(written.plugin_name) if plugin is None else plugin
    of_plugin = BY_PLUGIN.get(name, BY_NAME["tensors"]).data_class
    return Metadata(
        plugin=name,
        content=written.content,
        display_name=text(message.display_name),
        description=text(message.summary_description),
        data_class=_DATA_CLASSES.get(message.data_class, of_plugin),
    )


_Read = tuple[DataClass, float | NDArray[Any] | tuple[bytes, ...], Details | None]


def _simple_value(message: Any, _found: Metadata, _kind: str) -> _Read:
    return "scalar", float(message.simple_value), None


def _histo(message: Any, _found: Metadata, _kind: str) -> _Read:
    written = message.histo
    moments = Moments(written.min, written.max, written.num, written.sum, written.sum_squares)
    return "tensor", _buckets(written), moments


def _buckets(histo: Any) -> NDArray[np.float64]:
    """Return the buckets [k, 3] of left edge, right edge and count, without the empty ones at both ends.

    The outermost edges become the least and the greatest value, since writers set the outermost limits to +-1e308.
    """
    counts = np.fromiter(histo.bucket, np.float64, len(histo.bucket))
    limits = np.fromiter(histo.bucket_limit, np.float64, len(histo.bucket_limit))
    filled = np.flatnonzero(counts > 0)
    if not len(filled):
        return np.zeros((0, 3))
    first, last = int(filled[0]), int(filled[-1])
    if len(limits) < last:
        raise MessageError(f"a histogram of {len(counts)} buckets has only {len(limits)} limits")
    inner = limits[first:last]
    lefts = np.concatenate(([histo.min], inner))
    rights = np.concatenate((inner, [histo.max]))
    return np.column_stack((lefts, rights, counts[first : last + 1]))


def _image(message: Any, _found: Metadata, _kind: str) -> _Read:
    image = message.image
    blobs = (b"%d" % image.width, b"%d" % image.height, image.encoded_image_string)
    return "blobs", blobs, Picture(image.width, image.height, image.colorspace)


def _audio(message: Any, _found: Metadata, _kind: str) -> _Read:
    audio = message.audio
    sound = Sound(text(audio.content_type), audio.sample_rate, audio.num_channels, audio.length_frames)
    return "blobs", (audio.encoded_audio_string,), sound


def _tensor(message: Any, found: Metadata, kind: str) -> _Read:
    """Return the tensor as its data class says, or as it is when it cannot be that: a bad shape is not lost."""
    array = ndarray(message.tensor)
    if found.data_class == "scalar" and array.ndim == 0 and array.dtype.kind in "fiub":
        return "scalar", int(array) if array.dtype.kind in "iub" else float(array), None
    if found.data_class == "blobs" and array.dtype.kind == "O":
        if kind == "audio" and array.ndim > 1:
            return "blobs", _blobs(array[:, :1]), Sound("", 0.0, 0, 0, _labels(array[:, 1:]))
        if kind == "images" and array.ndim == 1 and len(array) > 1:
            return "blobs", _blobs(array), Picture(_digits(array[0]), _digits(array[1]), 0)
        return "blobs", _blobs(array), None
    return "tensor", array, None


def _blobs(array: NDArray[Any]) -> tuple[bytes, ...]:
    return tuple(array.ravel().tolist())


def _labels(array: NDArray[Any]) -> tuple[str, ...]:
    return tuple(text(label) for label in array.ravel().tolist())


def _digits(number: bytes) -> int:
    """Return a size in pixels, 0 when it is not digits; ten of them are more than any image has."""
    return int(number) if number.isdigit() and len(number) <= 10 else 0


def _none(_message: Any, found: Metadata, _kind: str) -> _Read:
    if found.data_class == "blobs":
        return "blobs", (), None
    return "tensor", np.zeros(0, np.float32), None


def _graph(data: bytes) -> Payload:
    return Payload("blobs", (data,), "", Metadata(data_class="blobs"))


def _session_log(data: bytes) -> Payload:
    message = parse(SessionLog, data)
    status = next((status.name for status in SessionStatus if status == message.status), str(message.status))
    session = Session(status, text(message.checkpoint_path), text(message.msg))
    return Payload("blobs", (data,), "", Metadata(data_class="blobs"), session)


def _tagged_run_metadata(data: bytes) -> Payload:
    message = parse(TaggedRunMetadata, data)
    return Payload("blobs", (message.run_metadata,), text(message.tag), Metadata(data_class="blobs"))


_VALUE_READERS = {
    "none": _none,
    "simple_value": _simple_value,
    "image": _image,
    "histo": _histo,
    "audio": _audio,
    "tensor": _tensor,
}
_EVENT_READERS = {
    "graph_def": _graph,
    "meta_graph_def": _graph,
    "session_log": _session_log,
    "tagged_run_metadata": _tagged_run_metadata,
}


def writer_of(data: bytes) -> str:
    """Return the name of the writer in the bytes of a SourceMetadata, "" when it is unreadable."""
    try:
        return text(parse(SourceMetadata, data).writer)
    except MessageError:
        return ""


def tag_of_run_metadata(data: bytes) -> str:
    """Return the tag of a TaggedRunMetadata of which `data` is the beginning; "" when the tag does not come first."""
    if len(data) < 2 or data[0] != 0x0A or data[1] >= 0x80:
        return ""
    return text(data[2 : 2 + data[1]])
