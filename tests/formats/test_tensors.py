"""TensorProto to arrays and back: every type, every way of writing it, and what cannot be one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tbcore.errors import FormatError, TensorError
from tbcore.formats.schema import Event, TensorProto, parse
from tbcore.formats.tensors import MAX_REPEATED, ndarray, tensor_proto
from tbcore.formats.tfrecord import records
from tests import eventfile
from tests.fixtures import log, needs_fixtures, oracle

CONTENT = [
    #    dtype      values               expected type
    ("half",       [0.5, -2.0],         np.float16),
    ("float",      [0.5, -2.0],         np.float32),
    ("double",     [0.1, -2.0],         np.float64),
    ("int8",       [-128, 127],         np.int8),
    ("int16",      [-32768, 32767],     np.int16),
    ("int32",      [-(2**31), 5],       np.int32),
    ("int64",      [-(2**63), 5],       np.int64),
    ("uint8",      [0, 255],            np.uint8),
    ("uint16",     [0, 65535],          np.uint16),
    ("uint32",     [0, 2**32 - 1],      np.uint32),
    ("uint64",     [0, 2**64 - 1],      np.uint64),
    ("bool",       [True, False],       np.bool_),
]  # fmt: skip


def read(*fields):
    """Return the array of the TensorProto that these bytes spell."""
    return ndarray(parse(TensorProto, b"".join(fields)))


@pytest.mark.parametrize(("dtype", "values", "expected"), CONTENT)
def test_content_is_read_exactly(dtype, values, expected):
    array = read(eventfile.tensor_body(dtype, values))
    assert array.dtype == expected
    assert array.tolist() == values


@pytest.mark.parametrize(("dtype", "values", "expected"), CONTENT[1:])
def test_typed_lists_are_read_exactly(dtype, values, expected):
    array = read(eventfile.tensor_body(dtype, values, listed=True))
    assert array.dtype == expected
    assert array.tolist() == values


def test_half_values_are_listed_as_their_bits():
    array = read(eventfile.tensor_body("half", [0x3C00, 0xC000, 0x7E00], listed=True))
    assert array.dtype == np.float16
    assert array[:2].tolist() == [1.0, -2.0]
    assert np.isnan(array[2])


def test_bfloat16_is_widened_to_float32_exactly():
    listed = read(eventfile.tensor_body("bfloat16", [0x3F80, 0xC2C8, 0x7F80, 0x0001], listed=True))
    content = read(eventfile.integer(1, 14), eventfile.shape_field([2]), eventfile.field(4, b"\x80\x3f\xc8\xc2"))
    assert listed.dtype == content.dtype == np.float32
    assert listed.tolist() == [1.0, -100.0, np.inf, 2.0**-133]
    assert content.tolist() == [1.0, -100.0]


def test_complex_values_are_listed_as_pairs():
    array = read(eventfile.tensor_body("complex64", [1.0, 2.0, 3.0, -4.0], [2], listed=True))
    assert array.dtype == np.complex64
    assert array.tolist() == [1 + 2j, 3 - 4j]
    array = read(eventfile.tensor_body("complex128", [0.1, 0.2], (), listed=True))
    assert array.dtype == np.complex128
    assert array.item() == 0.1 + 0.2j


def test_strings_become_an_object_array_of_bytes():
    array = read(eventfile.tensor_body("string", [b"a", b"", b"\xff\x00"], [3]))
    assert array.dtype == object
    assert array.tolist() == [b"a", b"", b"\xff\x00"]


def test_a_string_of_rank_0_is_one_item():
    array = read(eventfile.tensor_body("string", [b"solo"], ()))
    assert array.shape == ()
    assert array.item() == b"solo"


@pytest.mark.parametrize(
    ("number", "expected"), [(11, np.int8), (12, np.uint8), (13, np.int32), (15, np.int16), (16, np.uint16)]
)
def test_quantised_integers_are_their_integers(number, expected):
    array = read(eventfile.integer(1, number), eventfile.shape_field([2]), eventfile.field(7, b"\x01\x02"))
    assert array.dtype == expected
    assert array.tolist() == [1, 2]


def test_references_are_what_they_refer_to():
    assert read(eventfile.integer(1, 103), eventfile.shape_field([1]), eventfile.field(7, b"\x07")).tolist() == [7]


def test_the_shape_is_applied_row_by_row():
    array = read(eventfile.tensor_body("int32", [0, 1, 2, 3, 4, 5], [2, 3]))
    assert array.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_one_value_fills_the_shape():
    assert read(eventfile.tensor_body("float", [7.0], [2, 2], listed=True)).tolist() == [[7.0, 7.0], [7.0, 7.0]]


def test_the_last_value_is_repeated():
    assert read(eventfile.tensor_body("int64", [1, 2], [4], listed=True)).tolist() == [1, 2, 2, 2]


def test_no_value_at_all_is_zeros():
    assert read(eventfile.integer(1, 1), eventfile.shape_field([2])).tolist() == [0.0, 0.0]
    assert read(eventfile.integer(1, 1)).item() == 0.0
    assert read(eventfile.integer(1, 7), eventfile.shape_field([2])).tolist() == [b"", b""]


def test_a_size_of_zero_is_an_empty_array():
    array = read(eventfile.integer(1, 1), eventfile.shape_field([0, 3]))
    assert array.shape == (0, 3)


def test_unknown_rank_gives_one_dimension():
    unknown = eventfile.field(2, eventfile.integer(3, 1))
    assert read(eventfile.integer(1, 9), unknown, eventfile.field(10, b"\x05\x06")).tolist() == [5, 6]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ([eventfile.integer(1, 0)], r"type invalid \(0\)"),
        ([eventfile.integer(1, 20)], r"type resource \(20\)"),
        ([eventfile.integer(1, 121)], r"type variant \(121\)"),
        ([eventfile.integer(1, 24)], r"type float8_e5m2 \(24\)"),
        ([eventfile.integer(1, 77)], r"type 77"),
        ([eventfile.integer(1, -3)], r"type -3"),
        ([eventfile.integer(1, 1), eventfile.shape_field([2**50])], r"shape \[1125899906842624\] holds only 0 values"),
        ([eventfile.integer(1, 1), eventfile.shape_field([2**31, 2**31, 2**31])], r"holds only 0 values"),
        ([eventfile.integer(1, 1), eventfile.shape_field([-1])], r"claims the shape \[-1\]"),
        ([eventfile.tensor_body("float", [1.0, 2.0], [3])], r"shape \[3\] holds 2 values instead of 3"),
        ([eventfile.tensor_body("float", [1.0, 2.0], [1], listed=True)], r"holds 2 values instead of 1"),
        ([eventfile.tensor_body("float", [1.0], [0])], r"shape \[0\] holds 1 values"),
        ([eventfile.integer(1, 1), eventfile.field(4, b"\x00" * 5)], r"4-byte values has 5 bytes"),
        ([eventfile.integer(1, 14), eventfile.field(4, b"\x00" * 5)], r"2-byte values has 5 bytes"),
        ([eventfile.integer(1, 7), eventfile.field(4, b"\x01a")], r"strings keeps them in tensor_content"),
        ([eventfile.tensor_body("complex64", [1.0], (), listed=True)], r"1 halves"),
        ([eventfile.integer(1, 1), eventfile.shape_field([0] + [1] * 200)], r"cannot be an array"),
        ([eventfile.integer(1, 1), eventfile.shape_field([0, 2**62, 2**62])], r"cannot be an array"),
    ],
)
def test_what_does_not_fit_together_raises(fields, message):
    with pytest.raises(TensorError, match=message):
        read(*fields)


def test_values_are_repeated_up_to_a_limit_only():
    body = eventfile.integer(1, 4) + eventfile.shape_field([MAX_REPEATED + 1]) + eventfile.field(7, b"\x01")
    with pytest.raises(TensorError, match="holds only 1 values"):
        read(body)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_array_or_a_format_error(data):
    try:
        array = read(data)
    except FormatError:
        return
    assert isinstance(array, np.ndarray)


WRITTEN = ["<f2", "<f4", "<f8", "<i1", "<i2", "<i4", "<i8", "<u1", "<u2", "<u4", "<u8", "|b1", "<c8", "<c16"]


@given(
    st.sampled_from(WRITTEN).flatmap(
        lambda dtype: arrays.arrays(np.dtype(dtype), arrays.array_shapes(min_dims=0, min_side=0, max_side=4))
    )
)
def test_an_array_comes_back_as_it_was_written(array):
    back = ndarray(parse(TensorProto, tensor_proto(array).SerializeToString()))
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert back.tobytes() == array.tobytes()


def test_text_is_written_as_utf8():
    assert ndarray(tensor_proto("ü")).item() == b"\xc3\xbc"
    assert ndarray(tensor_proto(np.array([["a", b"\xff"]], object))).tolist() == [[b"a", b"\xff"]]


def test_big_endian_arrays_keep_their_values():
    assert ndarray(tensor_proto(np.array([1, 2], ">i4"))).tolist() == [1, 2]


@pytest.mark.parametrize("array", [np.array(["2026-01-01"], "M8[D]"), np.array([{}], object)])
def test_an_array_without_a_counterpart_raises(array):
    with pytest.raises(TensorError):
        tensor_proto(array)


def test_tensorboard_reads_what_is_written():
    theirs = pytest.importorskip("tensorboard.compat.proto.tensor_pb2").TensorProto
    make_ndarray = pytest.importorskip("tensorboard.util.tensor_util").make_ndarray
    for array in (np.array([[1.5, 2.5]]), np.float32(3.0), np.zeros((0, 3), np.int64), np.array([b"a", b"b"], object)):
        back = make_ndarray(theirs.FromString(tensor_proto(array).SerializeToString()))
        assert back.tolist() == np.asarray(array).tolist()
        assert back.shape == np.asarray(array).shape


@needs_fixtures
def test_all_types_that_tensorflow_wrote_are_as_it_was_handed_them():
    series = oracle("edge_dtypes")["truth"][0]["series"]["r"]
    (path,) = (log("edge_dtypes") / "r").iterdir()
    checked = 0
    for data in records(path.read_bytes()):
        for value in parse(Event, data).summary.value:
            array = ndarray(value.tensor)
            truth = series[value.tag]["values"]
            if series[value.tag]["kind"] == "scalar":
                assert array.shape == ()
                assert float(array) == truth["values"][0], value.tag
            elif "bytes_hex" in truth[0]:
                assert [item.hex() for item in array.ravel()] == truth[0]["bytes_hex"], value.tag
            else:
                real = array.real if array.dtype.kind == "c" else array
                assert real.tolist() == truth[0]["values"], value.tag
                assert list(array.shape) == truth[0].get("shape", list(array.shape)), value.tag
                named = truth[0].get("dtype", array.dtype.name)
                assert array.dtype.name == ("float32" if named == "bfloat16" else named)
            checked += 1
    assert checked == 80
