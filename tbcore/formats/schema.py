"""The messages in event files, as tables of fields.

Each table becomes a file of a private descriptor pool, so it cannot clash with an installed TensorFlow or TensorBoard.
A table lists messages, each followed by its fields, indented:

    number  name  type  [repeated | the name of a oneof]

type: a scalar type of protobuf, a message (looked up in the message itself, in its table, then in the table below), or
`map<key,value>`. Enums are written int32, which is the same on the wire and keeps numbers that are not known yet.
Fields of type string whose bytes are not UTF-8 are handed out as bytes instead of failing: see `text`.
Source: field numbers of tensorflow/core/{util/event.proto, framework/{summary,tensor,tensor_shape,types}.proto} and
of tensorboard/plugins/*/plugin_data.proto.
"""

from enum import IntEnum
from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from tbcore.errors import MessageError

_CORE = """
Event
     1  wall_time               double
     2  step                    int64
     3  file_version            string                      what
     4  graph_def               bytes                       what
     5  summary                 Summary                     what
     6  log_message             LogMessage                  what
     7  session_log             SessionLog                  what
     8  tagged_run_metadata     TaggedRunMetadata           what
     9  meta_graph_def          bytes                       what
    10  source_metadata         SourceMetadata

SourceMetadata
     1  writer                  string

LogMessage
     1  level                   int32
     2  message                 string

SessionLog
     1  status                  int32
     2  checkpoint_path         string
     3  msg                     string

TaggedRunMetadata
     1  tag                     string
     2  run_metadata            bytes

Summary
     1  value                   Value                       repeated

Summary.Value
     1  tag                     string
     2  simple_value            float                       value
     3  obsolete_old_style_histogram  bytes                 value
     4  image                   Image                       value
     5  histo                   HistogramProto              value
     6  audio                   Audio                       value
     7  node_name               string
     8  tensor                  TensorProto                 value
     9  metadata                SummaryMetadata

Summary.Image
     1  height                  int32
     2  width                   int32
     3  colorspace              int32
     4  encoded_image_string    bytes

Summary.Audio
     1  sample_rate             float
     2  num_channels            int64
     3  length_frames           int64
     4  encoded_audio_string    bytes
     5  content_type            string

HistogramProto
     1  min                     double
     2  max                     double
     3  num                     double
     4  sum                     double
     5  sum_squares             double
     6  bucket_limit            double                      repeated
     7  bucket                  double                      repeated

SummaryMetadata
     1  plugin_data             PluginData
     2  display_name            string
     3  summary_description     string
     4  data_class              int32

SummaryMetadata.PluginData
     1  plugin_name             string
     2  content                 bytes

TensorProto
     1  dtype                   int32
     2  tensor_shape            TensorShapeProto
     3  version_number          int32
     4  tensor_content          bytes
     5  float_val               float                       repeated
     6  double_val              double                      repeated
     7  int_val                 int32                       repeated
     8  string_val              bytes                       repeated
     9  scomplex_val            float                       repeated
    10  int64_val               int64                       repeated
    11  bool_val                bool                        repeated
    12  dcomplex_val            double                      repeated
    13  half_val                int32                       repeated
    14  resource_handle_val     ResourceHandleProto         repeated
    15  variant_val             VariantTensorDataProto      repeated
    16  uint32_val              uint32                      repeated
    17  uint64_val              uint64                      repeated
    18  float8_val              bytes

TensorShapeProto
     2  dim                     Dim                         repeated
     3  unknown_rank            bool

TensorShapeProto.Dim
     1  size                    int64
     2  name                    string

ResourceHandleProto
     1  device                  string
     2  container               string
     3  name                    string
     4  hash_code               uint64
     5  maybe_type_name         string
     6  dtypes_and_shapes       DtypeAndShape               repeated

ResourceHandleProto.DtypeAndShape
     1  dtype                   int32
     2  shape                   TensorShapeProto

VariantTensorDataProto
     1  type_name               string
     2  metadata                bytes
     3  tensors                 TensorProto                 repeated

ScalarPluginData
     1  version                 int32

HistogramPluginData
     1  version                 int32

ImagePluginData
     1  version                 int32
     2  converted_to_tensor     bool

AudioPluginData
     1  version                 int32
     2  encoding                int32
     3  converted_to_tensor     bool

TextPluginData
     1  version                 int32

PrCurvePluginData
     1  version                 int32
     2  num_thresholds          uint32

MeshPluginData
     1  version                 int32
     2  name                    string
     3  content_type            int32
     5  json_config             string
     6  shape                   int32                       repeated
     7  components              uint32
"""

FILE_VERSION = "brain.Event:2"


class DataType(IntEnum):
    """The numbers of TensorProto.dtype; 100 more means a reference to one."""

    INVALID = 0
    FLOAT = 1
    DOUBLE = 2
    INT32 = 3
    UINT8 = 4
    INT16 = 5
    INT8 = 6
    STRING = 7
    COMPLEX64 = 8
    INT64 = 9
    BOOL = 10
    QINT8 = 11
    QUINT8 = 12
    QINT32 = 13
    BFLOAT16 = 14
    QINT16 = 15
    QUINT16 = 16
    UINT16 = 17
    COMPLEX128 = 18
    HALF = 19
    RESOURCE = 20
    VARIANT = 21
    UINT32 = 22
    UINT64 = 23
    FLOAT8_E5M2 = 24
    FLOAT8_E4M3FN = 25
    FLOAT8_E4M3FNUZ = 26
    FLOAT8_E4M3B11FNUZ = 27
    FLOAT8_E5M2FNUZ = 28
    INT4 = 29
    UINT4 = 30
    INT2 = 31
    UINT2 = 32
    FLOAT4_E2M1FN = 33


class SessionStatus(IntEnum):
    """The numbers of SessionLog.status."""

    UNSPECIFIED = 0
    START = 1
    STOP = 2
    CHECKPOINT = 3


_SCALARS = {
    "double": FieldDescriptorProto.TYPE_DOUBLE,
    "float": FieldDescriptorProto.TYPE_FLOAT,
    "int64": FieldDescriptorProto.TYPE_INT64,
    "uint64": FieldDescriptorProto.TYPE_UINT64,
    "fixed32": FieldDescriptorProto.TYPE_FIXED32,
    "int32": FieldDescriptorProto.TYPE_INT32,
    "uint32": FieldDescriptorProto.TYPE_UINT32,
    "bool": FieldDescriptorProto.TYPE_BOOL,
    "string": FieldDescriptorProto.TYPE_STRING,
    "bytes": FieldDescriptorProto.TYPE_BYTES,
}
_UNPACKED = ("string", "bytes")

_POOL = DescriptorPool()
_PACKAGE = "tbcore"


def messages(name: str, table: str) -> dict[str, Any]:
    """Return the message classes of `table` by name; a nested one ("Summary.Value") is an attribute of its parent too.

    name: names the table in the private pool, once; its messages may use those of this module's own table.
    """
    core = f"{_PACKAGE}.proto"
    file = FileDescriptorProto(name=core, package=_PACKAGE, syntax="proto2")
    if name:
        file = FileDescriptorProto(
            name=f"{_PACKAGE}/{name}.proto", package=f"{_PACKAGE}.{name}", syntax="proto2", dependency=[core]
        )
    found: dict[str, DescriptorProto] = {}
    message = DescriptorProto()
    for line in filter(str.strip, table.splitlines()):
        if line.startswith(" "):
            _add_field(message, line)
            continue
        path = line.strip()
        parent, _, own = path.rpartition(".")
        message = found[parent].nested_type.add(name=own) if parent else file.message_type.add(name=own)
        found[path] = message
    _POOL.Add(file)
    return {path: GetMessageClass(_POOL.FindMessageTypeByName(f"{file.package}.{path}")) for path in found}


def _add_field(message: DescriptorProto, line: str) -> None:
    """Add the field that a line of a table describes to `message`."""
    number, name, type_name, label = [*line.split(), ""][:4]
    field = message.field.add(name=name, number=int(number), label=FieldDescriptorProto.LABEL_OPTIONAL)
    if type_name.startswith("map<"):
        entry = message.nested_type.add(name="".join(part.title() for part in name.split("_")) + "Entry")
        entry.options.map_entry = True
        for position, part in enumerate(type_name[4:-1].split(","), 1):
            _add_field(entry, f"{position} {('key', 'value')[position - 1]} {part}")
        type_name, label = entry.name, "repeated"
    if type_name in _SCALARS:
        field.type = _SCALARS[type_name]
    else:
        field.type, field.type_name = FieldDescriptorProto.TYPE_MESSAGE, type_name
    if label == "repeated":
        field.label = FieldDescriptorProto.LABEL_REPEATED
        if type_name in _SCALARS and type_name not in _UNPACKED:
            field.options.packed = True
    elif label:
        oneofs = [oneof.name for oneof in message.oneof_decl]
        if label not in oneofs:
            message.oneof_decl.add(name=label)
            oneofs.append(label)
        field.oneof_index = oneofs.index(label)


def parse(cls: Any, data: bytes) -> Any:
    """Return the message of class `cls` that `data` spells. Raises MessageError when it does not spell one."""
    try:
        return cls.FromString(data)
    except DecodeError as error:
        raise MessageError(f"{cls.DESCRIPTOR.name} of {len(data)} bytes does not parse: {error}") from error


def text(value: str | bytes) -> str:
    """Return a string field as text; bytes that are not UTF-8 become U+FFFD, the replacement character."""
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the number that begins at `at` and where it ends, -1 when it is cut off."""
    value = shift = 0
    while 0 <= at < len(data) and shift < 64:
        value |= (data[at] & 127) << shift
        at += 1
        if data[at - 1] < 128:
            return value, at
        shift += 7
    return 0, -1


_classes = messages("", _CORE)

Event = _classes["Event"]
SourceMetadata = _classes["SourceMetadata"]
LogMessage = _classes["LogMessage"]
SessionLog = _classes["SessionLog"]
TaggedRunMetadata = _classes["TaggedRunMetadata"]
Summary = _classes["Summary"]
HistogramProto = _classes["HistogramProto"]
SummaryMetadata = _classes["SummaryMetadata"]
TensorProto = _classes["TensorProto"]
TensorShapeProto = _classes["TensorShapeProto"]
ResourceHandleProto = _classes["ResourceHandleProto"]
VariantTensorDataProto = _classes["VariantTensorDataProto"]
ScalarPluginData = _classes["ScalarPluginData"]
HistogramPluginData = _classes["HistogramPluginData"]
ImagePluginData = _classes["ImagePluginData"]
AudioPluginData = _classes["AudioPluginData"]
TextPluginData = _classes["TextPluginData"]
PrCurvePluginData = _classes["PrCurvePluginData"]
MeshPluginData = _classes["MeshPluginData"]
