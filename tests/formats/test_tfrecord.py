"""Records, and the event files that tbcore writes itself."""

import itertools
import math
import struct

import numpy as np
import pytest

from tbcore.errors import CorruptRecordError, TensorError
from tbcore.formats import projector
from tbcore.formats.events import payload
from tbcore.formats.schema import Event, parse
from tbcore.formats.tfrecord import EventWriter, masked_crc, record, records
from tbcore.store.logdir import Logdir
from tests import eventfile

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", 3, 2) + b"\x08\x02\x00\x00\x00"


def clock():
    """Return a clock that starts at 100 and moves a second with each look."""
    return itertools.count(100.0).__next__


def events(path):
    """Return the events of a file."""
    return [parse(Event, data) for data in records(path.read_bytes())]


def values(path):
    """Return (step, decoded value) of each summary value of a file; a tag keeps the plugin of its first value."""
    plugins = {}
    found = []
    for event in events(path):
        for value in event.summary.value:
            plugin = plugins.setdefault(value.tag, value.metadata.plugin_data.plugin_name)
            form = value.WhichOneof("value")
            found.append((event.step, payload(value.SerializeToString(), form, plugin)))
    return found


# Records -------------------------------------------------------------------------------------------------------------


def test_the_masked_checksum_of_nothing_and_of_known_bytes():
    assert masked_crc(b"") == 0xA282EAD8
    assert masked_crc(b"123456789") == (((0xE3069283 >> 15 | 0xE3069283 << 17) & 0xFFFFFFFF) + 0xA282EAD8) & 0xFFFFFFFF


def test_a_record_is_length_checksum_data_checksum():
    assert record(b"abc") == eventfile.record(b"abc")
    assert record(b"abc")[:8] == b"\x03\x00\x00\x00\x00\x00\x00\x00"
    assert len(record(b"abc")) == 12 + 3 + 4


def test_records_come_back_in_order():
    assert list(records(record(b"a") + record(b"") + record(b"b" * 300))) == [b"a", b"", b"b" * 300]
    assert list(records(b"")) == []


@pytest.mark.parametrize(
    ("damaged", "message"),
    [
        (lambda data: eventfile.flip(data, 20), "length checksum failed at byte 17"),
        (lambda data: eventfile.flip(data, 26), "length checksum failed at byte 17"),
        (lambda data: eventfile.flip(data, 30), "data checksum failed at byte 17"),
        (lambda data: eventfile.flip(data, -1), "data checksum failed at byte 17"),
        (lambda data: eventfile.cut(data, 22), "header of a record is cut off at byte 17"),
        (lambda data: eventfile.cut(data, 31), "a record of 3 bytes is cut off at byte 17"),
        (lambda data: eventfile.insert(data, 17, b"garbage garbage"), "length checksum failed at byte 17"),
    ],
)
def test_damage_is_told_with_its_offset_and_what_was_before_is_read(damaged, message):
    data = damaged(record(b"x") + record(b"abc"))
    read = records(data)
    assert next(read) == b"x"
    with pytest.raises(CorruptRecordError, match=message) as raised:
        next(read)
    assert raised.value.offset == 17


# The writer ----------------------------------------------------------------------------------------------------------


def test_a_file_is_named_by_time_host_process_and_number(tmp_path):
    with EventWriter(tmp_path, clock=lambda: 1760000000.9, suffix=".mine") as first, EventWriter(tmp_path) as second:
        parts = first.path.name.split(".")
        assert parts[:4] == ["events", "out", "tfevents", "1760000000"]
        assert first.path.name.endswith(".mine")
        assert first.path.name != second.path.name


def test_a_file_of_the_same_name_is_never_overwritten(tmp_path):
    with EventWriter(tmp_path, name="events.out.tfevents.1"):
        pass
    with pytest.raises(FileExistsError):
        EventWriter(tmp_path, name="events.out.tfevents.1")


def test_the_first_record_tells_the_version_and_the_writer(tmp_path):
    with EventWriter(tmp_path / "a" / "b", clock=clock()) as writer:
        pass
    (event,) = events(writer.path)
    assert (event.wall_time, event.file_version, event.source_metadata.writer) == (100.0, "brain.Event:2", "tbcore")


def test_scalars_are_plain_numbers_with_step_and_wall_time(tmp_path):
    with EventWriter(tmp_path, clock=clock()) as writer:
        writer.scalar("loss", 0.5, 7)
        writer.scalar("loss", math.nan, 2**40, wall_time=5.25)
        writer.scalars({"a": 1.0, "b": -2.0}, -1)
    _, first, second, third = events(writer.path)
    assert (first.wall_time, first.step, first.summary.value[0].simple_value) == (101.0, 7, 0.5)
    assert (second.wall_time, second.step) == (5.25, 2**40)
    assert math.isnan(second.summary.value[0].simple_value)
    assert [(value.tag, value.simple_value) for value in third.summary.value] == [("a", 1.0), ("b", -2.0)]
    assert third.step == -1


def test_a_scalar_is_the_bytes_that_others_write(tmp_path):
    with EventWriter(tmp_path, clock=lambda: 3.0) as writer:
        writer.scalar("loss", 0.5, 7)
    assert writer.path.read_bytes().endswith(eventfile.scalar(7, "loss", 0.5, wall=3.0))


def test_metadata_comes_with_the_first_value_of_a_tag_only(tmp_path):
    with EventWriter(tmp_path) as writer:
        writer.tensor("t", [1.0], 0, "mine", content=b"c")
        writer.tensor("t", [2.0], 1, "mine", content=b"c")
    plugins = [event.summary.value[0].metadata.plugin_data for event in events(writer.path)[1:]]
    assert [(plugin.plugin_name, plugin.content) for plugin in plugins] == [("mine", b"c"), ("", b"")]


def test_a_histogram_has_thirty_buckets_over_its_range(tmp_path):
    with EventWriter(tmp_path) as writer:
        writer.histogram("w", np.arange(31.0), 4)
    ((step, point),) = values(writer.path)
    assert (step, point.value.shape) == (4, (30, 3))
    assert point.value[0].tolist() == [0.0, 1.0, 1.0]
    assert point.value[-1].tolist() == [29.0, 30.0, 2.0]


@pytest.mark.parametrize(
    ("numbers", "buckets"),
    [([], []), ([math.nan], []), ([2.0, 2.0], [[2.0, 2.0, 2.0]]), ([math.inf, 3.0], [[3.0, 3.0, 1.0]])],
)
def test_a_histogram_of_few_values(tmp_path, numbers, buckets):
    with EventWriter(tmp_path) as writer:
        writer.histogram("w", numbers, 0)
    assert values(writer.path)[0][1].value.tolist() == buckets


def test_text_is_one_string_or_a_list(tmp_path):
    with EventWriter(tmp_path) as writer:
        writer.text("t", "grüße", 0)
        writer.text("t", ["a", "b"], 1)
    assert [point.value.tolist() for _, point in values(writer.path)] == ["grüße".encode(), [b"a", b"b"]]


def test_an_image_is_written_with_its_own_size(tmp_path):
    with EventWriter(tmp_path) as writer:
        writer.image("i", PNG, 0)
        writer.image("i", [PNG, PNG], 1)
    assert [point.value for _, point in values(writer.path)] == [(b"3", b"2", PNG), (b"3", b"2", PNG, PNG)]


@pytest.mark.parametrize("png", [b"GIF89a", b"", [], PNG[:20], [PNG, b"JPEG"]])
def test_an_image_that_is_no_png_raises(tmp_path, png):
    with EventWriter(tmp_path) as writer, pytest.raises(TensorError, match="image of i is not a PNG"):
        writer.image("i", png, 0)


def test_graphs_and_what_was_measured_of_them_are_written_as_the_bytes_handed_in(tmp_path):
    with EventWriter(tmp_path) as writer:
        writer.graph(b"graph")
        writer.run_metadata("step 3", b"metadata", 3)
        writer.keras_model('{"class_name": "Dense"}')
    _version, graph, measured, model = events(writer.path)
    assert (graph.graph_def, graph.step) == (b"graph", 0)
    tagged = measured.tagged_run_metadata
    assert (tagged.tag, tagged.run_metadata, measured.step) == ("step 3", b"metadata", 3)
    (value,) = model.summary.value
    assert (value.tag, value.tensor.string_val[0]) == ("keras", b'{"class_name": "Dense"}')
    assert value.metadata.plugin_data.plugin_name == "graph_keras_model"
    assert value.metadata.plugin_data.content == b"1"


def test_a_session_start_is_written_with_its_step(tmp_path):
    with EventWriter(tmp_path) as writer:
        writer.session_start(600)
    event = events(writer.path)[1]
    assert (event.step, event.session_log.status) == (600, 1)


def test_what_is_flushed_can_be_read_while_the_file_is_open(tmp_path):
    with EventWriter(tmp_path) as writer:
        writer.scalar("loss", 1.0, 0)
        writer.flush()
        assert len(events(writer.path)) == 2


def test_tensorboard_reads_what_is_written(tmp_path):
    loader = pytest.importorskip("tensorboard.compat.proto.event_pb2").Event
    make_ndarray = pytest.importorskip("tensorboard.util.tensor_util").make_ndarray
    with EventWriter(tmp_path, clock=clock()) as writer:
        writer.scalar("loss", 0.5, 1)
        writer.histogram("w", [1.0, 1.0], 1)
    _, scalar, histogram = [loader.FromString(data) for data in records(writer.path.read_bytes())]
    assert (scalar.step, scalar.wall_time, scalar.summary.value[0].simple_value) == (1, 101.0, 0.5)
    value = histogram.summary.value[0]
    assert value.metadata.plugin_data.plugin_name == "histograms"
    assert make_ndarray(value.tensor).tolist() == [[1.0, 1.0, 2.0]]


def test_audio_curves_and_meshes_are_read_as_they_were_written(tmp_path):
    with EventWriter(tmp_path, clock=lambda: 1.0) as writer:
        writer.audio("sound", [b"RIFF1", b"RIFF2"], 3)
        writer.pr_curve("curve", [[2, 1], [2, 0], [0, 2], [0, 1]], 3)
        writer.mesh("shape", [[0, 0, 0], [1, 0, 0], [0, 1, 0]], 3, faces=[[0, 1, 2]], colors=[[255, 0, 0]] * 3)
    found = Logdir(str(tmp_path))
    found.refresh()
    (sound,), (curve,), meshes = found.find("audio"), found.find("pr_curves"), found.find("meshes")
    assert payload(sound.values[0].read(), "tensor", "audio").value == (b"RIFF1", b"RIFF2")
    assert curve.values[0].tolist() == [[2, 1], [2, 0], [0, 2], [0, 1], [0.5, 1], [1, 0.5]]
    assert {mesh.tag: mesh.values[0].shape for mesh in meshes} == {
        "shape_VERTEX": (1, 3, 3),
        "shape_FACE": (1, 1, 3),
        "shape_COLOR": (1, 3, 3),
    }


def test_points_are_written_beside_the_file_as_pytorch_does(tmp_path):
    with EventWriter(tmp_path, clock=lambda: 1.0) as writer:
        columns = {"label": ["a", 'b\tc "d"'], "n": ["1", "2"]}
        writer.embedding("x", [[1.5, 2], [float("nan"), -1e-7]], 7, columns=columns)
        writer.embedding('q"', [[0]], 8, columns={"only": ["é"]}, sprite=b"\x89PNG", sprite_size=(3, 4))
    assert (tmp_path / "00007/x/tensors.tsv").read_text() == "1.5\t2\nnan\t-1e-07\n"
    assert (tmp_path / "00007/x/metadata.tsv").read_text() == 'label\tn\na\t1\nb c "d"\t2\n'
    assert (tmp_path / '00008/q"/metadata.tsv').read_text(encoding="utf-8") == "é\n"
    first, second = projector.config((tmp_path / "projector_config.pbtxt").read_text()).entries
    assert (first.name, first.tensor_path, first.sprite_path) == ("x:00007", "00007/x/tensors.tsv", "")
    assert (second.name, second.sprite_path, second.sprite_size) == ('q":00008', '00008/q"/sprite.png', (3, 4))
