"""The answers of TensorFlow's old profiler are shown as they are."""

import gzip
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tbcore.errors import FormatError, MessageError
from tbcore.formats import memory_timeline, pprof, tf_profile
from tests.fixtures import samples


def sample(name):
    path = samples("xprof") / "plugin/xprof/demo/data" / f"profile_demo.{name}"
    return tf_profile.read(path.name, path.read_bytes())


def tables(report):
    return {table.title: table for table in report.tables}


def test_the_overview_page_of_the_sample_is_read():
    found = sample("overview_page.pb")
    facts = dict(found.facts)
    assert (facts["Device"], facts["Step time: Average"], facts["Step time: Standard deviation"]) == (
        "GPU",
        "652.3236 ms",
        "467.7382 ms",
    )
    assert (facts["Step time: Shortest"], facts["Step time: Longest"], facts["Input: Average"]) == (
        "196.6357 ms", "1,190.4141 ms", "43.3844 %"
    )  # fmt: skip
    assert len(tables(found)["Operations that take most of the device's time"].rows) == 10
    assert "HIGHLY input-bound" in found.notes[0]


def test_the_input_pipeline_of_the_sample_is_read():
    found = tables(sample("input_pipeline.pb"))
    assert found["Steps"].columns == (
        "Number",
        "Step time (ms)",
        "Device compute",
        "Kernel launch",
        "Waiting for input",
        "All others",
    )
    assert len(found["Steps"].rows) == 9
    assert found["Operations of input"].rows[0][:2] == ("Iterator::Prefetch::Generator", 64)


def test_the_statistics_of_the_sample_are_read():
    found = tables(sample("tensorflow_stats.pb"))
    assert [len(found[name].rows) for name in ("Operations and idle time", "Operations")] == [27, 25]


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("overview_page.json", [10, 5, 3]), ("input_pipeline.json", [3, 5, 3]), ("op_profile.json", [8]), ("pod_viewer.json", [64]),
        ("memory_viewer.json", [1, 2, 2, 4]),
    ],
)  # fmt: skip
def test_answers_in_json_are_tables(name, counts):
    assert [len(table.rows) for table in sample(name).tables] == counts


def test_kernels_are_read():
    made = tf_profile._CLASSES["KernelStatsDb"]()
    made.reports.add(
        name="sgemm",
        registers_per_thread=32,
        block_dim=[32, 1, 1],
        total_duration_ns=500,
        occurrences=2,
        occupancy_pct=50,
    )
    (table,) = tf_profile.read("h.kernel_stats.pb", made.SerializeToString()).tables
    assert dict(zip(table.columns, table.rows[0], strict=True)) == {
        "Kernel": "sgemm", "Calls": 2, "Time (ns)": 500, "Registers per thread": 32, "Block": "[32, 1, 1]", "Occupancy (%)": 50.0,
    }  # fmt: skip


def test_markup_is_taken_out():
    data = json.dumps(
        [{"cols": [{"label": "tip"}], "rows": [{"c": [{"v": '<a href="javascript:x">here</a>'}]}]}]
    ).encode()
    assert tf_profile.read("h.overview_page.json", data).tables[0].rows == (("here",),)


def test_what_no_tool_wrote_is_refused():
    with pytest.raises(MessageError, match="holds no answers that are known"):
        tf_profile.read("h.something.pb", b"")


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xff", b"[" * 100_000])
@pytest.mark.parametrize("name", ["h.overview_page.json", "h.op_profile.json", "h.pod_viewer.json"])
def test_what_is_no_json_is_refused(name, data):
    with pytest.raises(MessageError):
        tf_profile.read(name, data)


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(("cols", "rows", "p", "c", "v", "byCategory", "children", "podStatsSequence", "podStatsMap", "x")), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(_JSON)
@example({"podStatsSequence": {"podStatsMap": None}})
def test_any_json_is_read_or_refused(found):
    for ending in ("overview_page.json", "op_profile.json", "pod_viewer.json"):
        try:
            report = tf_profile.read(f"h.{ending}", json.dumps(found).encode())
        except FormatError:
            continue
        assert all(len(row) == len(table.columns) for table in report.tables for row in table.rows)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    for ending in tf_profile.ENDINGS:
        try:
            tf_profile.read(f"h.{ending}", data)
        except FormatError:
            continue


def test_a_memory_timeline_shows_its_peak_by_category():
    path = samples("hta") / "memory_analysis/memory_timeline.raw.gz"
    found = tf_profile.memory_timeline(memory_timeline.read(gzip.decompress(path.read_bytes())))
    assert dict(found.facts)["Peak"] == "3,082,832,104 bytes"
    held, curve = found.tables
    assert held.rows[0] == ("Activation", 2_592_465_920, 2_746_497_024)
    assert max(row[1] for row in curve.rows) == 3_082_832_104


def test_a_heap_profile_shows_what_functions_hold():
    path = samples("jax_cpu") / "logdir/memory.prof"
    found = tf_profile.heap(pprof.read(gzip.decompress(path.read_bytes())))
    assert found.facts == (("allocations (count)", "6"), ("space (bytes)", "36,868"))
    functions, stacks = found.tables
    assert functions.rows[0] == ("<module>", 3, 36_868)
    assert stacks.rows[0][1:] == ("kind buffer, device cpu:0", 1, 32_768)
