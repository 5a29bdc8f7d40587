"""The message tables: wire format, errors, and the field numbers of TensorBoard where it is installed."""

import pytest

from tbcore.errors import MessageError
from tbcore.formats import schema

NAMES = {1: "double", 2: "float", 3: "int64", 4: "uint64", 5: "int32", 8: "bool", 9: "string", 11: "message",
         12: "bytes", 13: "uint32", 14: "int32"}  # fmt: skip


def test_an_event_is_written_as_these_bytes():
    value = schema.Summary.Value(tag="loss", simple_value=0.5)
    event = schema.Event(wall_time=2.0, step=3, summary=schema.Summary(value=[value]))
    assert event.SerializeToString() == (
        b"\x09\x00\x00\x00\x00\x00\x00\x00\x40"  # 1: wall_time
        b"\x10\x03"  # 2: step
        b"\x2a\x0d"  # 5: summary
        b"\x0a\x0b\x0a\x04loss\x15\x00\x00\x00\x3f"
    )


def test_an_event_is_read_from_the_same_bytes():
    event = schema.parse(schema.Event, b"\x09\x00\x00\x00\x00\x00\x00\x00\x40\x10\x03\x2a\x02\x0a\x00")
    assert (event.wall_time, event.step, event.WhichOneof("what"), len(event.summary.value)) == (2.0, 3, "summary", 1)


def test_a_negative_step_takes_ten_bytes():
    assert schema.Event(step=-1).SerializeToString() == b"\x10" + b"\xff" * 9 + b"\x01"


def test_repeated_numbers_are_written_packed_and_read_either_way():
    assert schema.HistogramProto(bucket=[1.0]).SerializeToString() == b"\x3a\x08\x00\x00\x00\x00\x00\x00\xf0\x3f"
    unpacked = b"\x39\x00\x00\x00\x00\x00\x00\xf0\x3f" * 2
    assert list(schema.parse(schema.HistogramProto, unpacked).bucket) == [1.0, 1.0]


def test_the_last_of_two_values_counts():
    value = schema.parse(schema.Summary.Value, b"\x15\x00\x00\x00\x3f\x42\x00")
    assert value.WhichOneof("value") == "tensor"


def test_unknown_fields_and_unknown_enum_numbers_do_no_harm():
    session = schema.parse(schema.SessionLog, b"\x08\x63\xf8\x07\x01")
    assert session.status == 99


@pytest.mark.parametrize("data", [b"\x0a\xff", b"\x2a\x05\x0a", b"\x00", b"\xff" * 11, b"\x2a\x02\x0a\x7f"])
def test_bytes_that_are_no_message_raise_with_the_reason(data):
    with pytest.raises(MessageError, match=rf"Event of {len(data)} bytes does not parse: .+"):
        schema.parse(schema.Event, data)


def test_messages_nested_a_thousand_deep_are_refused():
    data = b""
    for _ in range(1000):
        length = len(data)
        varint = bytes([length]) if length < 128 else bytes([length & 127 | 128, length >> 7])
        data = b"\x1a" + varint + data  # VariantTensorDataProto.tensors
        length = len(data)
        varint = bytes([length]) if length < 128 else bytes([length & 127 | 128, length >> 7])
        data = b"\x7a" + varint + data  # TensorProto.variant_val
    with pytest.raises(MessageError):
        schema.parse(schema.TensorProto, data)


def test_text_that_is_not_utf8_is_kept_readable():
    value = schema.parse(schema.Summary.Value, b"\x0a\x03a\xff\xfe\x15\x00\x00\x00\x3f")
    assert value.simple_value == 0.5
    assert schema.text(value.tag) == "a��"
    assert schema.text("größe") == "größe"


def test_a_table_added_later_uses_messages_of_the_first():
    later = schema.messages(
        "test_later",
        """
Node
     1  name    string
     5  attr    map<string,TensorProto>
     6  inner   Inner                       repeated
     7  one     int64                       choice
     8  two     string                      choice

Node.Inner
     1  shape   TensorShapeProto
""",
    )
    node = later["Node"](name="n", one=1, two="2", inner=[later["Node.Inner"]()])
    node.attr["value"].dtype = 3
    assert node.WhichOneof("choice") == "two"
    assert later["Node"].FromString(node.SerializeToString()).attr["value"].dtype == 3
    assert later["Node"].DESCRIPTOR.full_name == "tbcore.test_later.Node"


def fields_of(descriptor):
    """Return number -> (name, type, repeated, oneof) of a message."""
    return {
        field.number: (
            field.name,
            field.message_type.name if field.message_type else NAMES[field.type],
            field.is_repeated,
            field.containing_oneof.name if field.containing_oneof else "",
        )
        for field in descriptor.fields
    }


TENSORBOARD = {
    "event_pb2": ("Event", "SourceMetadata", "LogMessage", "SessionLog", "TaggedRunMetadata"),
    "summary_pb2": ("Summary", "SummaryMetadata"),
    "histogram_pb2": ("HistogramProto",),
    "tensor_pb2": ("TensorProto", "VariantTensorDataProto"),
    "tensor_shape_pb2": ("TensorShapeProto",),
    "resource_handle_pb2": ("ResourceHandleProto",),
}


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, names in TENSORBOARD.items() for name in names]
)
def test_fields_are_those_of_tensorboard(module, name):
    theirs = getattr(pytest.importorskip(f"tensorboard.compat.proto.{module}"), name).DESCRIPTOR
    ours = getattr(schema, name).DESCRIPTOR
    assert fields_of(ours) == fields_of(theirs)
    for nested in ours.nested_types:
        assert fields_of(nested) == fields_of(theirs.nested_types_by_name[nested.name])


def test_dtypes_are_those_of_tensorboard():
    theirs = pytest.importorskip("tensorboard.compat.proto.types_pb2").DataType
    assert {f"DT_{dtype.name}": int(dtype) for dtype in schema.DataType} == {
        name: number for name, number in theirs.items() if not name.endswith("_REF")
    }


@pytest.mark.parametrize(
    ("plugin", "name"),
    [
        ("scalar", "ScalarPluginData"),
        ("histogram", "HistogramPluginData"),
        ("image", "ImagePluginData"),
        ("audio", "AudioPluginData"),
        ("text", "TextPluginData"),
        ("pr_curve", "PrCurvePluginData"),
        ("mesh", "MeshPluginData"),
    ],
)
def test_plugin_contents_are_those_of_tensorboard(plugin, name):
    theirs = pytest.importorskip(f"tensorboard.plugins.{plugin}.plugin_data_pb2")
    assert fields_of(getattr(schema, name).DESCRIPTOR) == fields_of(getattr(theirs, name).DESCRIPTOR)
