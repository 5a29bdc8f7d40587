"""The scan kernel: literal bytes in, literal rows out."""

import math
import struct

import numpy as np
import pytest

from tbcore.formats import scan
from tests import eventfile as ef
from tests.formats.reading import Found, scanned

T0 = ef.T0
HEAD = ef.version()


def one(value: bytes, step: int = 7) -> Found:
    """Return what is found in a file with one value."""
    return scanned(HEAD + ef.record(ef.event(step, value)))


def rank0(dtype: str, value: float, *, listed: bool, plugin: str = "scalars") -> bytes:
    return ef.tensor("x", dtype, [value], (), ef.metadata(plugin) if plugin else b"", listed=listed)


# Framing -------------------------------------------------------------------------------------------------------------


def mixed() -> bytes:
    """Return a file with every kind of record the kernel tells apart, of 24 to 3,000 bytes."""
    return b"".join(
        [
            HEAD,
            *ef.curve("loss", [0.5, 0.25, 0.125]),
            ef.tensor_scalar(3, "acc", 0.75),
            ef.tensor_scalar(4, "acc", 0.875),
            ef.record(ef.event(5, ef.simple("loss", 1.5), ef.simple("acc", 2.5), ef.nothing("empty"))),
            ef.record(ef.event(6, ef.image("pic", 2, 2, bytes(3000)))),
            ef.graph(b"graph" * 20),
            ef.session(7),
            ef.record(b""),
            ef.record(ef.event(-1, ef.simple("loss", math.inf))),
            ef.flip(ef.scalar(8, "loss", 9.0), 20),
            *ef.curve("loss", [3.0, 4.0], 9),
        ]
    )


def test_every_row_of_a_mixed_file_is_read() -> None:
    found = scanned(mixed())
    assert found.points[b"loss", "scalar"] == [
        (0, T0, 0.5),
        (1, T0 + 1, 0.25),
        (2, T0 + 2, 0.125),
        (5, T0 + 5, 1.5),
        (-1, T0 - 1, math.inf),
        (9, T0 + 9, 3.0),
        (10, T0 + 10, 4.0),
    ]
    assert found.points[b"acc", "scalar"] == [(3, T0 + 3, 0.75), (4, T0 + 4, 0.875), (5, T0 + 5, 2.5)]
    assert found.points[b"empty", "none"] == [(5, T0 + 5, ef.nothing("empty"))]
    assert found.points[b"pic", "image"] == [(6, T0 + 6, ef.image("pic", 2, 2, bytes(3000)))]
    assert found.events == [
        ("file_version", 0, T0, b"brain.Event:2"),
        ("graph_def", 0, T0, b"graph" * 20),
        ("session_log", 7, T0, b"\x08\x01"),
    ]
    assert found.records == 14
    assert [(reason, skipped) for _at, reason, skipped in found.problems] == [("data checksum failed", 42)]
    assert found.position == len(mixed())


@pytest.mark.parametrize("piece", [*range(1, 201), 1000, 4096])
def test_a_file_in_pieces_gives_the_rows_of_the_whole(piece: int) -> None:
    whole, pieces = scanned(mixed()), scanned(mixed(), piece)
    assert pieces.points == whole.points
    assert pieces.events == whole.events
    assert pieces.problems == whole.problems
    assert (pieces.records, pieces.position) == (whole.records, whole.position)


def test_a_file_that_grows_byte_by_byte_gives_the_rows_of_the_whole() -> None:
    data = mixed()
    whole = scanned(data)
    found = scanned(data[:1])
    for end in range(2, len(data) + 1):
        found = scanned(data[:end], part=found.part)
    assert found.points == whole.points
    assert found.problems == whole.problems
    assert found.records == whole.records


def test_the_scan_says_how_many_bytes_a_record_larger_than_the_buffer_needs() -> None:
    data = HEAD + ef.record(ef.event(1, ef.image("pic", 1, 1, bytes(100_000))))
    part = scanned(data[: len(HEAD)], size=len(data)).part
    buffer = np.frombuffer(data[len(HEAD) : len(HEAD) + 1000] + bytes(scan.PADDING), np.uint8).copy()
    assert part.read(buffer, 1000, len(HEAD), len(data), len(data)) == scan.BIG
    assert part.need == len(data) - len(HEAD)
    assert scanned(data, part=part).points[b"pic", "image"][0][0] == 1


def test_a_half_written_record_waits() -> None:
    data = HEAD + ef.scalar(0, "loss", 0.5) + ef.scalar(1, "loss", 0.25)
    for missing in range(1, 43):
        found = scanned(data[:-missing])
        assert found.values("loss") == [0.5]
        assert found.problems == []
        assert found.position == len(data) - 42
        assert scanned(data, part=found.part).values("loss") == [0.5, 0.25]


def test_a_record_of_no_bytes_is_an_event_without_anything() -> None:
    found = scanned(HEAD + ef.record(b"") + ef.scalar(1, "loss", 0.5))
    assert (found.records, found.values("loss"), found.problems) == (3, [0.5], [])


@pytest.mark.parametrize("length", [2**60, 2**63, 2**64 - 1, 2**64 - 16, 2**31, 2**32 + 5])
@pytest.mark.parametrize("sound", [True, False])
def test_a_length_beyond_the_file_is_no_length(length: int, sound: bool) -> None:
    claim = struct.pack("<Q", length)
    claim += struct.pack("<I", ef.masked(claim) ^ (0 if sound else 1))
    found = scanned(HEAD + ef.scalar(0, "loss", 0.5) + claim + ef.scalar(1, "loss", 0.25))
    assert found.values("loss") == [0.5, 0.25]
    reason = "data checksum failed, and no record follows where its length says" if sound else "length checksum failed"
    assert found.problems == [(len(HEAD) + 40, reason, 12)]


# Steps, wall times, tags ---------------------------------------------------------------------------------------------


STEPS = [
    0,
    1,
    127,
    128,
    2**14 - 1,
    2**14,
    2**21 - 1,
    2**21,
    2**28,
    2**35,
    2**40,
    2**42,
    2**49,
    2**56,
    2**62,
    2**63 - 1,
    -1,
    -(2**40),
    -(2**63),
]


def test_steps_of_one_to_ten_varint_bytes_are_read() -> None:
    assert sorted({len(ef.varint(step)) for step in STEPS}) == list(range(1, 11))
    found = scanned(HEAD + b"".join(ef.scalar(step, "x", 1.0, T0) for step in STEPS))
    assert found.steps("x") == STEPS


def test_steps_of_every_size_are_read_the_usual_way_too() -> None:
    data = HEAD + b"".join(ef.scalar(step, "x", 1.0, T0) * 3 for step in STEPS)
    assert scanned(data).steps("x") == [step for step in STEPS for _ in range(3)]


def test_a_step_that_is_not_written_is_zero() -> None:
    data = ef.double(1, T0) + ef.field(5, ef.field(1, ef.simple("x", 1.0)))
    assert scanned(HEAD + ef.record(data)).points[b"x", "scalar"] == [(0, T0, 1.0)]


def test_a_step_with_needless_varint_bytes_is_read() -> None:
    data = ef.double(1, T0) + b"\x10\x85\x80\x80\x00" + ef.field(5, ef.field(1, ef.simple("x", 1.0)))
    assert scanned(HEAD + ef.record(data) * 3).steps("x") == [5, 5, 5]


def test_fields_in_any_order_are_read() -> None:
    summary = ef.field(5, ef.field(1, ef.single(2, 0.5) + ef.field(1, "x")))
    data = HEAD + ef.record(summary + ef.integer(2, 3) + ef.double(1, T0))
    data += ef.record(ef.integer(2, 4) + summary + ef.double(1, T0))
    data += ef.record(ef.double(1, T0) + summary + ef.integer(2, 5)) * 3
    assert scanned(data).points[b"x", "scalar"] == [(3, T0, 0.5), (4, T0, 0.5), *[(5, T0, 0.5)] * 3]


def test_odd_wall_times_are_kept_and_do_not_count_as_the_latest() -> None:
    walls = [math.nan, math.inf, -math.inf, -5.0, 0.0, 5.0]
    found = scanned(b"".join(ef.scalar(1, "x", 1.0, wall) for wall in walls))
    read = [wall for _step, wall, _value in found.points[b"x", "scalar"]]
    assert math.isnan(read[0])
    assert read[1:] == walls[1:]
    assert math.isnan(found.part.columns.floats[0])
    assert found.part.columns.floats[1] == 5.0


def test_values_keep_every_bit_of_a_float32() -> None:
    values = [0.1, -0.0, 1e-45, 3.4028235e38, math.inf, -math.inf, 16777217.0]
    found = scanned(HEAD + b"".join(ef.curve("x", values)))
    expected = np.array(values, np.float32)
    assert found.dtype("x") == "float32"
    assert np.array(found.values("x"), np.float32).tobytes() == expected.tobytes()


def test_tags_are_told_apart_by_every_byte() -> None:
    tags = [
        b"",
        b"a",
        b"ab",
        b"b",
        b"\xff",
        b"\xfe",
        b"\x00",
        b"a" * 127,
        b"a" * 128,
        b"a" * 126 + b"b",
        "損失/β".encode(),
    ]
    data = HEAD + b"".join(ef.scalar(step, tag, float(number)) for step in range(3) for number, tag in enumerate(tags))
    found = scanned(data)
    assert {tag: found.values(tag) for tag in tags} == {tag: [float(number)] * 3 for number, tag in enumerate(tags)}


def test_tags_of_one_length_that_differ_in_one_byte_are_told_apart() -> None:
    for length in (1, 7, 8, 9, 31, 63, 64, 65, 200):
        tags = [bytes([97 + (place == at) for place in range(length)]) for at in range(length)]
        data = HEAD + b"".join(ef.scalar(step, tag, 1.0) for step in range(2) for tag in tags)
        assert [scanned(data).steps(tag) for tag in tags] == [[0, 1]] * length


def test_a_tag_of_a_megabyte_is_a_tag() -> None:
    tag = b"long/" * 200_000
    found = scanned(HEAD + b"".join(ef.scalar(step, tag, step) for step in range(3)) + ef.scalar(3, tag[:-1], 9.0))
    assert found.values(tag) == [0.0, 1.0, 2.0]
    assert found.values(tag[:-1]) == [9.0]


def test_a_hundred_thousand_tags_are_read() -> None:
    names = [f"layer_{number}/weight" for number in range(100_000)]
    data = b"".join(ef.scalar(0, name, number) for number, name in enumerate(names))
    found = scanned(HEAD + data + data)
    assert len(found.points) == 100_000
    assert all(found.values(name) == [float(number)] * 2 for number, name in enumerate(names[:16_777]))


def test_node_name_stands_in_for_a_missing_tag() -> None:
    assert one(ef.field(7, "node") + ef.single(2, 0.5)).points == {(b"node", "scalar"): [(7, T0 + 7, 0.5)]}
    assert one(ef.field(1, "tag") + ef.field(7, "node") + ef.single(2, 0.5)).values("tag") == [0.5]


def test_a_value_without_a_tag_has_the_empty_tag() -> None:
    assert one(ef.single(2, 0.5)).points == {(b"", "scalar"): [(7, T0 + 7, 0.5)]}


def test_a_value_without_a_value_is_a_row() -> None:
    value = ef.nothing("_hparams_/experiment", ef.metadata("hparams", b"\x12\x03abc"))
    found = one(value)
    assert found.points == {(b"_hparams_/experiment", "none"): [(7, T0 + 7, value)]}
    assert found.metadata == {b"_hparams_/experiment": ef.metadata("hparams", b"\x12\x03abc")[2:]}


def test_unknown_fields_are_passed_over() -> None:
    unknown = ef.integer(90, 5) + ef.double(91, 1.0) + ef.single(92, 1.0) + ef.field(93, b"?" * 300)
    value = unknown + ef.field(1, "x") + unknown + ef.single(2, 0.5) + unknown
    data = unknown + ef.double(1, T0) + ef.integer(2, 3) + ef.field(5, unknown + ef.field(1, value) + unknown) + unknown
    assert scanned(HEAD + ef.record(data) * 2).values("x") == [0.5, 0.5]


def test_the_last_of_a_field_written_twice_counts() -> None:
    value = ef.field(1, "a") + ef.single(2, 1.0) + ef.field(1, "b") + ef.single(2, 2.0)
    data = ef.double(1, 1.0) + ef.double(1, T0) + ef.integer(2, 3) + ef.integer(2, 4) + ef.field(5, ef.field(1, value))
    assert scanned(HEAD + ef.record(data) * 2).points == {(b"b", "scalar"): [(4, T0, 2.0)] * 2}


# Several values in one event -----------------------------------------------------------------------------------------


def test_several_summaries_of_one_event_all_count() -> None:
    data = (
        ef.head(1, T0) + ef.field(5, ef.field(1, ef.simple("a", 1.0))) + ef.field(5, ef.field(1, ef.simple("b", 2.0)))
    )
    found = scanned(HEAD + ef.record(data) * 3)
    assert (found.values("a"), found.values("b")) == ([1.0] * 3, [2.0] * 3)


def test_one_tag_many_times_in_one_event_keeps_all_values() -> None:
    found = scanned(HEAD + ef.record(ef.event(1, *[ef.simple("a", value) for value in range(5000)])))
    assert found.values("a") == [float(value) for value in range(5000)]


def test_arrays_that_fill_up_in_the_middle_of_an_event_grow_and_nothing_comes_twice() -> None:
    values = [ef.simple(f"tag{number}", number) for number in range(3000)]
    images = [ef.image(f"image{number}", 1, 1, b"?") for number in range(300)]
    nothings = [ef.nothing(f"long{number}/" + "x" * 500, ef.metadata("text", b"y" * 500)) for number in range(50)]
    logs = b"".join(ef.field(6, b"message") for _ in range(40))
    event = ef.event(1, *values, *images, *nothings) + logs + ef.field(5, ef.field(1, ef.simple("last", 1.0)))
    found = scanned(HEAD + ef.record(event) * 4)
    assert all(found.values(f"tag{number}") == [float(number)] * 4 for number in range(3000))
    assert all(found.values(f"image{number}", "image") == [images[number]] * 4 for number in range(300))
    assert all(len(found.values(f"long{number}/" + "x" * 500, "none")) == 4 for number in range(50))
    assert [form for form, *_rest in found.events].count("log_message") == 160
    assert found.values("last") == [1.0] * 4
    assert found.records == 5


# Numbers in tensors --------------------------------------------------------------------------------------------------


INTEGERS = {
    "int8": (-128, 127),
    "int16": (-(2**15), 2**15 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**53), 2**53),
    "uint8": (0, 255),
    "uint16": (0, 2**16 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**63),
}


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers_of_rank_0_are_exact_scalars(dtype: str, listed: bool) -> None:
    for value in (*INTEGERS[dtype], 1, 100):
        found = one(rank0(dtype, value, listed=listed))
        assert found.points == {(b"x", "scalar"): [(7, T0 + 7, float(value))]}
        assert found.dtype("x") == "float64"


@pytest.mark.parametrize("listed", [True, False])
def test_floats_of_rank_0_are_scalars_of_float32(listed: bool) -> None:
    found = one(rank0("float", 0.1, listed=listed))
    assert found.values("x") == [float(np.float32(0.1))]
    assert found.dtype("x") == "float32"


@pytest.mark.parametrize("listed", [True, False])
def test_doubles_of_rank_0_keep_every_digit(listed: bool) -> None:
    found = one(rank0("double", 0.1, listed=listed))
    assert found.values("x") == [0.1]
    assert found.dtype("x") == "float64"


@pytest.mark.parametrize(("value", "expected"), [(True, 1.0), (False, 0.0)])
@pytest.mark.parametrize("listed", [True, False])
def test_truth_values_are_ones_and_zeros(value: bool, expected: float, listed: bool) -> None:
    assert one(rank0("bool", value, listed=listed)).values("x") == [expected]


def test_every_half_is_the_number_that_numpy_reads() -> None:
    bits = np.arange(0, 65536, 7, dtype=np.uint16)
    data = b"".join(ef.record(ef.event(0, rank0("half", int(number), listed=True))) for number in bits)
    expected = bits.view(np.float16).astype(np.float64)
    np.testing.assert_array_equal(np.array(scanned(HEAD + data).values("x")), expected)


def test_every_bfloat16_is_the_upper_half_of_a_float32() -> None:
    bits = np.arange(0, 65536, 7, dtype=np.uint16)
    data = b"".join(ef.record(ef.event(0, rank0("bfloat16", int(number), listed=True))) for number in bits)
    expected = (bits.astype(np.uint32) << 16).view(np.float32)
    np.testing.assert_array_equal(np.array(scanned(HEAD + data).values("x")), expected)


def test_half_and_bfloat16_are_read_from_raw_content() -> None:
    assert one(rank0("half", 1.5, listed=False)).values("x") == [1.5]
    body = ef.integer(1, 14) + ef.shape_field([]) + ef.field(4, b"\xc0\x3f")
    assert one(ef.field(1, "x") + ef.field(8, body)).values("x") == [1.5]


@pytest.mark.parametrize(
    ("number", "item", "expected"),
    [
        (5, ef.single(5, 0.5), 0.5),
        (6, ef.double(6, 0.1), 0.1),
        (7, ef.integer(7, -3), -3.0),
        (10, ef.integer(10, 2**40), float(2**40)),
        (11, ef.integer(11, 1), 1.0),
        (13, ef.integer(13, 0x3E00), 1.5),
        (16, ef.integer(16, 7), 7.0),
        (17, ef.integer(17, 2**63), float(2**63)),
    ],
)
def test_typed_values_are_read_unpacked_too(number: int, item: bytes, expected: float) -> None:
    dtype = {5: 1, 6: 2, 7: 3, 10: 9, 11: 10, 13: 19, 16: 22, 17: 23}[number]
    assert one(ef.field(1, "x") + ef.field(8, ef.integer(1, dtype) + ef.field(2, b"") + item)).values("x") == [expected]


def test_the_fields_of_a_tensor_come_in_any_order() -> None:
    raw = ef.field(4, struct.pack("<d", 0.1))
    assert one(ef.field(1, "x") + ef.field(8, raw + ef.integer(1, 2))).values("x") == [0.1]
    listed = ef.field(6, struct.pack("<d", 0.1))
    assert one(ef.field(1, "x") + ef.field(8, listed + ef.field(2, b"") + ef.integer(1, 2))).values("x") == [0.1]


@pytest.mark.parametrize("dtype", [1, 2, 3, 9, 10, 14, 19, 22])
def test_a_number_of_rank_0_whose_value_is_left_out_is_zero(dtype: int) -> None:
    assert one(ef.field(1, "x") + ef.field(8, ef.integer(1, dtype) + ef.field(2, b""))).values("x") == [0.0]


@pytest.mark.parametrize(
    "body",
    [
        ef.tensor_body("float", [1.0]),
        ef.tensor_body("float", [1.0], (1, 1)),
        ef.tensor_body("float", [1.0, 2.0], ()),
        ef.tensor_body("double", [1.0, 2.0], (), listed=True),
        ef.tensor_body("string", [b"text"], ()),
        ef.tensor_body("complex64", [1.0, 2.0], (), listed=True),
        ef.integer(1, 1) + ef.field(2, ef.integer(3, 1)) + ef.field(4, bytes(4)),
        ef.integer(1, 1) + ef.field(4, bytes(3)),
        ef.integer(1, 1) + ef.integer(7, 5),
        ef.integer(1, 20) + ef.field(4, bytes(4)),
        ef.integer(1, 2**40) + ef.field(4, bytes(4)),
        ef.field(4, bytes(4)),
        b"",
    ],
)
def test_what_is_not_one_number_of_rank_0_stays_a_tensor(body: bytes) -> None:
    value = ef.field(1, "x") + ef.field(8, body)
    assert one(value).points == {(b"x", "tensor"): [(7, T0 + 7, value)]}


def test_a_number_of_rank_0_under_another_plugin_is_not_taken_for_a_scalar() -> None:
    value = rank0("float", 1.0, listed=False, plugin="mine")
    assert one(value).points == {(b"x", "tensor"): [(7, T0 + 7, value)]}


def test_a_plugin_that_becomes_known_late_counts_from_then_on() -> None:
    plain, named = rank0("float", 1.0, listed=False, plugin=""), rank0("float", 1.0, listed=False, plugin="mine")
    data = b"".join(ef.record(ef.event(step, value)) for step, value in enumerate([plain, plain, named, plain, plain]))
    found = scanned(HEAD + data)
    assert (found.steps("x"), found.steps("x", "tensor")) == ([0, 1], [2, 3, 4])


def test_the_first_metadata_of_a_tag_wins() -> None:
    first, second = ef.metadata("scalars", display_name="one"), ef.metadata("mine", display_name="two")
    data = [ef.tensor("x", "float", [1.0], (), extra) for extra in (b"", first, second, b"")]
    found = scanned(HEAD + b"".join(ef.record(ef.event(step, value)) for step, value in enumerate(data)))
    assert found.metadata == {b"x": first[2:]}
    assert found.steps("x") == [0, 1, 2, 3]


def test_a_double_after_float32_values_widens_the_column_without_loss() -> None:
    data = b"".join(
        [
            ef.scalar(0, "x", 0.1),
            ef.tensor_scalar(1, "x", 0.1),
            ef.tensor_scalar(2, "x", 0.1, "double"),
            ef.scalar(3, "x", 0.2),
            ef.scalar(4, "x", 0.2),
            ef.tensor_scalar(5, "x", 2**40, "int64"),
            ef.tensor_scalar(6, "x", 0.3, "double"),
            ef.tensor_scalar(7, "x", 0.3, "double"),
        ]
    )
    narrow = float(np.float32(0.1)), float(np.float32(0.2))
    found = scanned(HEAD + data)
    assert found.values("x") == [narrow[0], narrow[0], 0.1, narrow[1], narrow[1], float(2**40), 0.3, 0.3]
    assert found.dtype("x") == "float64"


def test_rows_handed_out_stay_as_they_were_when_the_column_widens_and_moves() -> None:
    data = HEAD + b"".join(ef.curve("x", [0.5] * 10))
    found = scanned(data)
    before = found.part.rows()[0]
    longer = data + ef.tensor_scalar(10, "x", 0.1, "double")
    longer += b"".join(ef.scalar(step, tag, 9.0) for step in range(3000) for tag in ("x", "y"))
    after = scanned(longer, part=found.part)
    assert after.steps("x") == [*range(11), *range(3000)]
    assert before.steps.tolist() == list(range(10))
    assert before.values is not None
    assert before.values.tolist() == [0.5] * 10
    assert str(before.values.dtype) == "float32"


def test_one_tag_in_two_forms_keeps_both() -> None:
    image = ef.image("x", 1, 1, b"?")
    data = b"".join(ef.record(ef.event(step, value)) for step, value in enumerate([ef.simple("x", 1.0), image] * 3))
    found = scanned(HEAD + data)
    assert (found.steps("x"), found.steps("x", "image")) == ([0, 2, 4], [1, 3, 5])


def test_an_event_as_long_as_usual_but_different_is_not_mistaken() -> None:
    rng = np.random.default_rng(3)
    names = [f"group/{name}" for name in ("aa", "ab", "ba", "bb")] + ["x" * 70 + end for end in ("a", "b")]
    expected: dict[str, list[tuple[int, float, object]]] = {name: [] for name in names}
    data = HEAD
    for step in range(2000):
        name = names[step % len(names)] if rng.random() < 0.9 else names[int(rng.integers(len(names)))]
        value, wall = float(np.float32(rng.standard_normal())), T0 + float(rng.random())
        data += ef.scalar(step, name, value, wall)
        expected[name].append((step, wall, value))
    found = scanned(data)
    assert {tag.decode(): rows for (tag, _form), rows in found.points.items()} == expected


# Messages that are none ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"\x09",
        b"\xff" * 30,
        ef.head(1, T0) + b"\x2a\x7f",
        ef.head(1, T0) + ef.field(5, b"\x0a\x7f"),
        ef.head(1, T0) + ef.field(5, ef.field(1, b"\x0a\x7fx")),
        ef.head(1, T0) + b"\x03",
        ef.head(1, T0) + b"\x00\x00",
        ef.head(1, T0) + ef.field(5, ef.field(1, ef.field(1, "loss") + ef.field(8, ef.integer(1, 1) + b"\x2a\x7f"))),
        ef.head(1, T0) + b"\x10" + b"\xff" * 12,
    ],
)
def test_an_intact_record_that_is_no_event_is_noted_and_its_neighbours_are_kept(data: bytes) -> None:
    found = scanned(HEAD + ef.scalar(0, "loss", 0.5) + ef.record(data) + ef.scalar(2, "loss", 0.25))
    assert found.values("loss") == [0.5, 0.25]
    assert found.problems == [(len(HEAD) + 40, "the record is not a readable Event message", len(data) + 16)]


def test_more_problems_than_are_kept_are_counted() -> None:
    bad = ef.flip(ef.scalar(0, "loss", 0.5), 20)
    good = ef.scalar(1, "loss", 0.25)
    found = scanned(HEAD + (bad + good) * 1500)
    assert found.values("loss") == [0.25] * 1500
    assert (len(found.problems), found.part.uncounted) == (1024, 476)
    assert found.part.ints[scan.SKIPPED] == 1500 * len(bad)


def test_a_second_reader_starts_at_a_record_that_another_one_follows() -> None:
    data = b"".join(ef.curve("loss", [0.5] * 10))
    starts = ef.offsets(data)
    buffer = np.frombuffer(data + bytes(scan.PADDING), np.uint8).copy()
    for start in range(0, len(data) - 84, 5):
        expected = min(at for at in starts if at >= start) - start
        assert scan.record_after(buffer[start:], len(data) - start) == expected
    assert scan.record_after(np.zeros(500, np.uint8), 300) == -1
