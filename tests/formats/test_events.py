"""Every spelling of a value as a scalar, a tensor or blobs."""

import hashlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tbcore.errors import FormatError, MessageError, TensorError
from tbcore.formats.events import FORMS, Metadata, Moments, Picture, Session, Sound, metadata, payload
from tbcore.formats.schema import Event, Summary, parse
from tbcore.formats.tfrecord import records
from tbcore.kinds import BY_FORM, KINDS, kind_of
from tests import eventfile
from tests.fixtures import log, needs_fixtures, oracle

BIG = 1.7976931348623157e308


# Scalars -------------------------------------------------------------------------------------------------------------


def test_a_simple_value_is_a_scalar():
    point = payload(eventfile.simple("loss", 0.1), "simple_value")
    assert (point.data_class, point.value, point.tag) == ("scalar", 0.10000000149011612, "loss")


def test_a_simple_value_is_a_scalar_under_any_plugin():
    point = payload(eventfile.simple("loss", 0.5, eventfile.metadata("images")), "simple_value")
    assert (point.data_class, point.value) == ("scalar", 0.5)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.0])
def test_a_simple_value_keeps_what_is_not_finite(value):
    point = payload(eventfile.simple("loss", value), "simple_value")
    assert repr(point.value) == repr(value)


def test_a_rank_0_tensor_under_scalars_is_a_scalar():
    point = payload(eventfile.tensor("loss", "double", [0.1], (), eventfile.metadata("scalars")), "tensor")
    assert (point.data_class, point.value) == ("scalar", 0.1)


def test_an_integer_scalar_is_not_rounded():
    point = payload(eventfile.tensor("count", "int64", [2**53 + 1], (), eventfile.metadata("scalars")), "tensor")
    assert point.value == 9007199254740993


def test_a_tensor_of_rank_1_under_scalars_stays_a_tensor():
    point = payload(eventfile.tensor("loss", "float", [4.5], [1], eventfile.metadata("scalars")), "tensor")
    assert point.data_class == "tensor"
    assert point.value.tolist() == [4.5]


def test_a_complex_number_under_scalars_stays_a_tensor():
    value = eventfile.tensor("z", "complex64", [1.0, 2.0], (), eventfile.metadata("scalars"), listed=True)
    assert payload(value, "tensor").value.tolist() == 1 + 2j


def test_a_written_data_class_counts_for_an_unknown_plugin():
    value = eventfile.tensor("x", "float", [4.5], (), eventfile.metadata("mine", data_class=1))
    assert payload(value, "tensor").data_class == "scalar"


def test_the_plugin_of_an_earlier_value_is_used_when_given():
    later = eventfile.tensor("loss", "float", [0.5], ())
    assert payload(later, "tensor").data_class == "tensor"
    assert payload(later, "tensor", "scalars").data_class == "scalar"


# Histograms ----------------------------------------------------------------------------------------------------------


def test_a_legacy_histogram_becomes_left_right_count():
    point = payload(eventfile.histo("w", [1.0, 2.0, 3.0], [4.0, 0.0, 6.0], 0.5, 2.5), "histo")
    assert point.data_class == "tensor"
    assert point.value.dtype == np.float64
    assert point.value.tolist() == [[0.5, 1.0, 4.0], [1.0, 2.0, 0.0], [2.0, 2.5, 6.0]]


def test_empty_buckets_at_both_ends_are_dropped():
    limits, counts = [-1.0, 0.0, 1.0, 2.0, BIG], [0.0, 3.0, 5.0, 0.0, 0.0]
    point = payload(eventfile.histo("w", limits, counts, -0.5, 0.75), "histo")
    assert point.value.tolist() == [[-0.5, 0.0, 3.0], [0.0, 0.75, 5.0]]


def test_one_filled_bucket_reaches_from_min_to_max():
    point = payload(eventfile.histo("w", [1.0, BIG], [0.0, 9.0], 3.5, 3.5), "histo")
    assert point.value.tolist() == [[3.5, 3.5, 9.0]]


@pytest.mark.parametrize("counts", [[], [0.0, 0.0], [math.nan, 0.0]])
def test_a_histogram_of_nothing_has_no_bucket(counts):
    point = payload(eventfile.histo("w", [1.0, 2.0], counts, 0.0, 0.0), "histo")
    assert point.value.shape == (0, 3)


def test_what_a_histogram_says_beside_its_buckets_is_kept():
    point = payload(eventfile.histo("w", [1.0], [4.0], 0.25, 0.75, totals=(5.0, 2.0, 1.0)), "histo")
    assert point.details == Moments(min=0.25, max=0.75, num=5.0, sum=2.0, sum_squares=1.0)


def test_a_histogram_with_too_few_limits_raises():
    with pytest.raises(MessageError, match="3 buckets has only 1 limits"):
        payload(eventfile.histo("w", [1.0], [1.0, 1.0, 1.0], 0.0, 1.0), "histo")


def test_the_last_limit_may_be_left_out():
    point = payload(eventfile.histo("w", [1.0], [1.0, 2.0], 0.0, 3.0), "histo")
    assert point.value.tolist() == [[0.0, 1.0, 1.0], [1.0, 3.0, 2.0]]


# Images and audio ----------------------------------------------------------------------------------------------------


def test_a_legacy_image_is_width_height_and_bytes():
    point = payload(eventfile.image("i", 3, 2, b"\x89PNG", colorspace=4), "image")
    assert (point.data_class, point.value) == ("blobs", (b"3", b"2", b"\x89PNG"))
    assert point.details == Picture(width=3, height=2, colorspace=4)


def test_an_image_tensor_is_the_same_with_all_its_samples():
    value = eventfile.tensor("i", "string", [b"3", b"2", b"one", b"two"], extra=eventfile.metadata("images"))
    point = payload(value, "tensor")
    assert (point.data_class, point.value) == ("blobs", (b"3", b"2", b"one", b"two"))
    assert point.details == Picture(width=3, height=2, colorspace=0)


@pytest.mark.parametrize("width", [b"", b"x", b"-3", b"9" * 5000, "\u00b2".encode()])
def test_an_image_size_that_is_no_number_is_0(width):
    value = eventfile.tensor("i", "string", [width, b"2", b"one"], extra=eventfile.metadata("images"))
    assert payload(value, "tensor").details == Picture(width=0, height=2, colorspace=0)


def test_numbers_under_images_stay_a_tensor():
    point = payload(eventfile.tensor("i", "float", [1.0], extra=eventfile.metadata("images")), "tensor")
    assert point.data_class == "tensor"


def test_a_legacy_audio_clip_keeps_its_format():
    point = payload(eventfile.audio("a", b"RIFF", 8000.0, 2, 99, "audio/flac"), "audio")
    assert (point.data_class, point.value) == ("blobs", (b"RIFF",))
    assert point.details == Sound("audio/flac", sample_rate=8000.0, num_channels=2, length_frames=99)


def test_an_audio_tensor_of_clips_and_labels_gives_both():
    clips = [b"one", b"first", b"two", "größe".encode()]
    point = payload(eventfile.tensor("a", "string", clips, [2, 2], eventfile.metadata("audio")), "tensor")
    assert (point.data_class, point.value) == ("blobs", (b"one", b"two"))
    assert point.details.labels == ("first", "größe")


def test_an_audio_tensor_of_rank_1_is_all_clips():
    point = payload(eventfile.tensor("a", "string", [b"one", b"two"], extra=eventfile.metadata("audio")), "tensor")
    assert (point.data_class, point.value) == ("blobs", (b"one", b"two"))


# Text, graphs, sessions and nothing ----------------------------------------------------------------------------------


def test_text_stays_an_array_of_bytes():
    point = payload(eventfile.tensor("t", "string", [b"hello"], (), eventfile.metadata("text")), "tensor")
    assert point.data_class == "tensor"
    assert point.value.item() == b"hello"


@pytest.mark.parametrize("plugin", ["graphs", "graph_keras_model", "graph_run_metadata", "graph_run_metadata_graph"])
def test_graph_tensors_of_rank_0_are_one_blob(plugin):
    point = payload(eventfile.tensor("g", "string", [b"graph"], (), eventfile.metadata(plugin)), "tensor")
    assert (point.data_class, point.value) == ("blobs", (b"graph",))


@pytest.mark.parametrize("form", ["graph_def", "meta_graph_def"])
def test_a_graph_event_is_one_blob(form):
    point = payload(b"any graph", form)
    assert (point.data_class, point.value, point.tag) == ("blobs", (b"any graph",), "")


def test_tagged_run_metadata_is_one_blob_with_a_tag():
    point = payload(eventfile.field(1, "step 5") + eventfile.field(2, b"stats"), "tagged_run_metadata")
    assert (point.data_class, point.value, point.tag) == ("blobs", (b"stats",), "step 5")


@pytest.mark.parametrize(
    ("status", "name"), [(1, "START"), (2, "STOP"), (3, "CHECKPOINT"), (0, "UNSPECIFIED"), (9, "9")]
)
def test_a_session_log_says_its_status(status, name):
    data = eventfile.integer(1, status) + eventfile.field(2, "model.ckpt") + eventfile.field(3, "hello")
    assert payload(data, "session_log").details == Session(name, "model.ckpt", "hello")


def test_a_value_without_a_value_is_an_empty_tensor_with_its_metadata():
    point = payload(eventfile.nothing("_hparams_/x", eventfile.metadata("hparams", b"content")), "none")
    assert point.data_class == "tensor"
    assert point.value.shape == (0,)
    assert point.metadata.content == b"content"
    assert payload(eventfile.nothing("v", eventfile.metadata("images")), "none").value == ()


def test_an_old_node_name_is_the_tag():
    assert payload(eventfile.field(7, "old") + eventfile.single(2, 1.0), "simple_value").tag == "old"


def test_metadata_is_read_with_its_data_class():
    field = eventfile.metadata("pr_curves", b"\x10\x05", "Name", "What it *is*", 3)
    assert metadata(field[2:]) == Metadata("pr_curves", b"\x10\x05", "Name", "What it *is*", "blobs")


@pytest.mark.parametrize(
    ("plugin", "data_class"),
    [("scalars", "scalar"), ("images", "blobs"), ("text", "tensor"), ("mine", "tensor"), ("", "tensor")],
)
def test_the_data_class_not_written_is_that_of_the_plugin(plugin, data_class):
    assert metadata(eventfile.metadata(plugin)[2:]).data_class == data_class


# Errors --------------------------------------------------------------------------------------------------------------


def test_bytes_that_do_not_hold_the_form_raise():
    with pytest.raises(MessageError, match="does not hold its histo"):
        payload(eventfile.simple("loss", 1.0), "histo")
    with pytest.raises(MessageError):
        payload(b"\xff\xff", "image")
    with pytest.raises(MessageError):
        metadata(b"\xff\xff")
    with pytest.raises(TensorError):
        payload(eventfile.field(1, "t") + eventfile.field(8, b""), "tensor")


@given(
    st.binary(max_size=120), st.sampled_from([form.name for form in FORMS]), st.sampled_from(["", "scalars", "audio"])
)
def test_any_bytes_are_a_value_or_a_format_error(data, form, plugin):
    try:
        point = payload(data, form, plugin)
    except FormatError:
        return
    assert point.data_class in ("scalar", "tensor", "blobs")


# Kinds ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plugin", "form", "kind"),
    [
        ("", "simple_value", "scalars"),
        ("hparams", "simple_value", "scalars"),
        ("scalars", "scalar", "scalars"),
        ("scalars", "tensor", "tensors"),
        ("scalars", "none", "empty"),
        ("", "histo", "histograms"),
        ("histograms", "tensor", "histograms"),
        ("", "image", "images"),
        ("images", "tensor", "images"),
        ("", "audio", "audio"),
        ("audio", "tensor", "audio"),
        ("text", "tensor", "text"),
        ("pr_curves", "tensor", "pr_curves"),
        ("mesh", "tensor", "meshes"),
        ("hparams", "none", "hparams"),
        ("hparams", "tensor", "hparams"),
        ("custom_scalars", "tensor", "custom_scalars"),
        ("", "graph_def", "graphs"),
        ("", "meta_graph_def", "graphs"),
        ("graphs", "tensor", "graphs"),
        ("graph_keras_model", "tensor", "graphs"),
        ("graph_run_metadata", "tensor", "run_metadata"),
        ("", "tagged_run_metadata", "run_metadata"),
        ("", "session_log", "session_log"),
        ("someone_elses", "tensor", "tensors"),
        ("", "tensor", "tensors"),
        ("", "none", "empty"),
    ],
)
def test_the_kind_follows_from_plugin_and_form(plugin, form, kind):
    assert kind_of(plugin, form) == kind


def test_every_form_has_one_kind_and_every_kind_one_row():
    assert set(BY_FORM) == {form.name for form in FORMS} | {"scalar"}
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert len(BY_FORM) == sum(len(kind.forms) for kind in KINDS)


def test_a_form_that_is_none_raises():
    with pytest.raises(KeyError):
        kind_of("", "histogram")


# Real logs -----------------------------------------------------------------------------------------------------------


@needs_fixtures
def test_histograms_are_those_tensorboard_reads_but_in_double_precision():
    expected = oracle("edge_histograms")["tensorboard"]["runs"]["r"]["tags"]
    (path,) = (log("edge_histograms") / "r").iterdir()
    checked = 0
    for data in records(path.read_bytes()):
        for value in parse(Event, data).summary.value:
            buckets = payload(value.SerializeToString(), "histo").value
            with np.errstate(over="ignore"):
                rounded = buckets.astype("<f4").astype("<f8")
            answer = expected[value.tag]["events"][0]
            assert len(buckets) == answer["buckets"], value.tag
            assert hashlib.sha256(rounded.tobytes()).hexdigest() == answer["sha256_f64le"], value.tag
            checked += 1
    assert checked == len(expected)


LEGACY = ["torch_all", "tensorboardX_all", "tf_v1_all", "tf_v2_all", "keras_mnist", "edge_images", "edge_kinds"]


@needs_fixtures
@pytest.mark.parametrize("name", LEGACY)
def test_every_value_of_real_writers_is_read_as_its_kind_says(name):
    classes = {kind.name: kind.data_class for kind in KINDS}
    seen = 0
    for path in sorted(log(name).rglob("*tfevents*")):
        plugins = {}
        for data in records(path.read_bytes()):
            for value in parse(Event, data).summary.value:
                form = value.WhichOneof("value") or "none"
                plugin = plugins.setdefault(value.tag, value.metadata.plugin_data.plugin_name)
                point = payload(value.SerializeToString(), form, plugin)
                if plugin != "scalars" or form != "tensor":
                    assert point.data_class == classes[kind_of(plugin, form)], (value.tag, form, plugin)
                seen += 1
    assert seen


@needs_fixtures
def test_images_of_real_writers_are_byte_for_byte_those_tensorboard_serves():
    checked = 0
    for run, answer in oracle("torch_all")["tensorboard"]["runs"].items():
        expected = {tag: found["events"] for tag, found in answer["tags"].items() if found["plugin"] == "images"}
        images: dict[str, list[tuple[bytes, ...]]] = {tag: [] for tag in expected}
        for path in sorted(path for path in (log("torch_all") / run).glob("*tfevents*") if path.is_file()):
            for data in records(path.read_bytes()):
                for value in parse(Event, data).summary.value:
                    if value.tag in images:
                        form = value.WhichOneof("value")
                        images[value.tag].append(payload(value.SerializeToString(), form, "images").value)
        for tag, events in expected.items():
            for (width, height, *samples), event in zip(images[tag], events, strict=True):
                assert (width.decode(), height.decode()) == (event["width"], event["height"])
                hashes = [hashlib.sha256(sample).hexdigest() for sample in samples]
                assert hashes == [sample["sha256"] for sample in event["samples"]]
                checked += 1
    assert checked


def test_the_form_of_a_value_is_the_field_it_is_written_in():
    numbers = {field.name: field.number for field in Summary.Value.DESCRIPTOR.fields}
    numbers |= {field.name: field.number for field in Event.DESCRIPTOR.fields}
    assert {form.name: form.field for form in FORMS if form.message} == {
        form.name: numbers[form.name] for form in FORMS if form.message
    }
