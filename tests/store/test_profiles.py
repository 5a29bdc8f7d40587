"""Recordings anywhere below a logdir belong to the run around them, and are read as events or as tables."""

import gzip
import json
import os

import pytest

import tbcore
from tbcore.errors import FormatError
from tbcore.formats.tfrecord import EventWriter
from tests.fixtures import log, needs_fixtures, samples
from tests.xplanemaker import Plane, space

EVENTS = {"traceEvents": [{"ph": "X", "cat": "cpu_op", "name": "aten::add", "pid": 1, "tid": 1, "ts": 10, "dur": 5}]}
TORCH = json.dumps({"schemaVersion": 1, **EVENTS}).encode()
CHROME = json.dumps({"displayTimeUnit": "ns", **EVENTS}).encode()
XSPACE = space(Plane("/host:CPU").line("python", ("a", 0, 1)))


def put(root, **files):
    """Write files by their path."""
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def refreshed(root):
    found = tbcore.Logdir(root)
    found.refresh()
    return found


def listed(logdir):
    """Return (run, name, format, worker, span, session) of every profile."""
    return [
        (run.name, one.name, one.format, one.worker, one.span, one.session)
        for run in logdir.runs
        for one in run.profiles
    ]


def run_of(root, name):
    with EventWriter(root / name) as writer:
        writer.scalar("loss", 0.5, step=1)


def test_a_folder_of_traces_is_a_run_without_series(tmp_path):
    put(tmp_path, **{"a/worker0.1623143089861.pt.trace.json": TORCH})
    logdir = refreshed(tmp_path)
    (run,) = logdir.runs
    assert (run.name, len(run.series), run.path) == ("a", 0, os.fspath(tmp_path / "a"))
    (one,) = run.profiles
    assert (one.format, one.worker, one.span, one.host, one.session, one.size) == (
        "pytorch",
        "worker0",
        1,
        "worker0",
        "",
        len(TORCH),
    )
    assert one.wall_time == 1623143089.861


def test_spans_of_a_worker_are_numbered_in_the_order_of_their_stamps(tmp_path):
    stamps = (1795196161879393333, 1795196161700166532, 1795196162000000000)
    put(tmp_path, **{f"a/node-1_4711.{stamp}.pt.trace.json.gz": gzip.compress(TORCH) for stamp in stamps})
    put(tmp_path, **{"a/node-1_4712.5.pt.trace.json": TORCH})
    (run,) = refreshed(tmp_path).runs
    assert [(one.worker, one.host, one.span, one.stamp) for one in run.profiles] == [
        ("node-1_4711", "node-1", 1, 1795196161700166532), ("node-1_4711", "node-1", 2, 1795196161879393333),
        ("node-1_4711", "node-1", 3, 1795196162000000000), ("node-1_4712", "node-1", 1, 5),
    ]  # fmt: skip


def test_traces_below_a_run_belong_to_it(tmp_path):
    run_of(tmp_path, "a")
    put(
        tmp_path,
        **{"a/w.1.pt.trace.json": TORCH, "a/profiles/epoch 2/w.2.pt.trace.json": TORCH, "b/w.3.pt.trace.json": TORCH},
    )
    assert listed(refreshed(tmp_path)) == [
        ("a", "a/w.1.pt.trace.json", "pytorch", "w", 1, ""),
        ("a", "a/profiles/epoch 2/w.2.pt.trace.json", "pytorch", "w", 1, "profiles/epoch 2"),
        ("b", "b/w.3.pt.trace.json", "pytorch", "w", 1, ""),
    ]


def test_sessions_of_tensorflow_and_jax_belong_to_the_folder_around_plugins(tmp_path):
    session = "plugins/profile/2026_11_20_17_36_04"
    put(tmp_path, **{f"{session}/host.with.dots.xplane.pb": XSPACE, f"a/train/{session}/vm.xplane.pb": XSPACE})
    put(tmp_path, **{f"a/train/{session}/vm.trace.json.gz": gzip.compress(CHROME)})
    assert listed(refreshed(tmp_path)) == [
        (".", f"{session}/host.with.dots.xplane.pb", "xplane", "host.with.dots", 1, "2026_11_20_17_36_04"),
        ("a/train", f"a/train/{session}/vm.xplane.pb", "xplane", "vm", 1, "2026_11_20_17_36_04"),
        ("a/train", f"a/train/{session}/vm.trace.json.gz", "chrome", "vm", 1, "2026_11_20_17_36_04"),
    ]


@pytest.mark.parametrize(
    ("name", "data", "form"),
    [
        ("trace.json", CHROME, "chrome"), ("trace.json.gz", gzip.compress(CHROME, mtime=0), "chrome"), ("x.json", TORCH, "pytorch"),
        ("x.json.gz", gzip.compress(b'{"distributedInfo": {"rank": 1}, "traceEvents": []}', mtime=0), "pytorch"),
        ("array.json", b'[{"ph": "X", "name": "a", "ts": 1, "dur": 2}]', "chrome"),
        ("host.overview_page.pb", b"", "report"), ("memory_timeline.raw.json.gz", b"", "memory_timeline"),
        ("memory.prof", gzip.compress(b"", mtime=0), "pprof"), ("memory.prof", b"\x00", None), ("metrics.json", b'{"loss": 1}', None),
        ("broken.json.gz", b"\x1f\x8bnothing", None), ("nothing.json", b"", None), ("hparams.json", CHROME, None),
        ("vm.hlo_proto.pb", b"", None), ("notes.txt", CHROME, None), ("list.json", b"[1, 2]", None),
    ],
)  # fmt: skip
def test_files_are_known_by_their_names_or_by_how_they_begin(tmp_path, name, data, form):
    put(tmp_path, **{f"a/{name}": data})
    assert [row[2] for row in listed(refreshed(tmp_path))] == ([form] if form else [])


def test_a_file_that_is_none_makes_no_run(tmp_path):
    put(tmp_path, **{"a/metrics.json": b'{"loss": 1}'})
    assert refreshed(tmp_path).runs == ()


def test_events_are_read_and_come_from_the_cache_the_second_time(tmp_path):
    put(tmp_path, **{"logs/a/w.1.pt.trace.json.gz": gzip.compress(TORCH)})
    (one,) = refreshed(tmp_path / "logs").runs[0].profiles
    shares = []
    cache = os.fspath(tmp_path / "cache")
    first = one.read(shares.append, cache=cache)
    assert (first.source, first.named(0), first.duration.tolist(), shares[-1]) == ("pytorch", "aten::add", [5000], 1.0)
    assert one.read(cache=cache).key == first.key
    assert len(os.listdir(cache)) == 1


def test_the_same_bytes_elsewhere_have_the_same_key(tmp_path):
    put(tmp_path, **{"a/w.1.pt.trace.json": TORCH, "b/v.2.pt.trace.json": TORCH, "c/w.1.pt.trace.json": TORCH + b" "})
    keys = [run.profiles[0].key() for run in refreshed(tmp_path).runs]
    assert keys[0] == keys[1] != keys[2]


def test_reading_can_be_stopped(tmp_path):
    put(tmp_path, **{"a/w.1.pt.trace.json": TORCH})
    (one,) = refreshed(tmp_path).runs[0].profiles
    with pytest.raises(FormatError, match="stopped"):
        one.read(stopped=lambda: True, cache=os.fspath(tmp_path / "cache"))


def test_a_trace_that_is_damaged_says_so(tmp_path):
    put(tmp_path, **{"a/plugins/profile/s/vm.xplane.pb": b"\xff" * 50})
    (one,) = refreshed(tmp_path).runs[0].profiles
    with pytest.raises(FormatError, match="damaged"):
        one.read(cache=os.fspath(tmp_path / "cache"))


def test_a_report_has_no_events_and_a_trace_no_tables(tmp_path):
    put(
        tmp_path,
        **{
            "a/h.op_profile.json": b'{"byCategory": {"name": "all", "metrics": {"time": 1}}}',
            "a/w.1.pt.trace.json": TORCH,
        },
    )
    trace, report = refreshed(tmp_path).runs[0].profiles
    assert (report.is_trace, trace.is_trace) == (False, True)
    assert report.report().tables[0].rows == (("all", 1, None),)
    with pytest.raises(FormatError, match="holds no events"):
        report.read()


def test_what_comes_and_goes_moves_the_run(tmp_path):
    run_of(tmp_path, "a")
    logdir = refreshed(tmp_path)
    path = tmp_path / "a" / "w.1.pt.trace.json"
    put(tmp_path, **{"a/w.1.pt.trace.json": TORCH})
    os.utime(tmp_path / "a", ns=(1, 1))
    assert logdir.refresh()
    before = logdir.runs[0]
    path.write_bytes(TORCH + b"\n")
    assert logdir.refresh()
    assert before.profiles[0].mark != logdir.runs[0].profiles[0].mark
    assert before.generation < logdir.runs[0].generation
    assert not logdir.refresh()
    path.unlink()
    os.utime(tmp_path / "a", ns=(2, 2))
    assert logdir.refresh()
    assert logdir.runs[0].profiles == ()


def test_a_run_of_traces_alone_is_gone_with_them(tmp_path):
    put(tmp_path, **{"a/w.1.pt.trace.json": TORCH})
    logdir = refreshed(tmp_path)
    (tmp_path / "a" / "w.1.pt.trace.json").unlink()
    os.utime(tmp_path / "a", ns=(2, 2))
    assert logdir.refresh()
    assert logdir.runs == ()


def test_traces_move_to_the_run_that_appears_around_them(tmp_path):
    put(tmp_path, **{"a/profiles/w.1.pt.trace.json": TORCH})
    logdir = refreshed(tmp_path)
    assert [row[0] for row in listed(logdir)] == ["a/profiles"]
    run_of(tmp_path, "a")
    os.utime(tmp_path / "a", ns=(2, 2))
    logdir.refresh()
    assert [(row[0], row[-1]) for row in listed(logdir)] == [("a", "profiles")]
    assert [run.name for run in logdir.runs] == ["a"]


def test_files_that_were_looked_into_are_not_opened_again(tmp_path):
    put(tmp_path, **{f"a/metrics {number}.json": b"{}" for number in range(5)})
    put(tmp_path, **{"a/trace.json": CHROME})
    logdir = refreshed(tmp_path)
    opened = []
    usual = logdir.source.open
    logdir.source.open = lambda path: opened.append(path) or usual(path)
    logdir.refresh()
    assert opened == []
    (tmp_path / "a" / "metrics 3.json").write_bytes(CHROME)
    logdir.refresh()
    assert [os.path.basename(path) for path in opened] == ["metrics 3.json"]


def test_a_link_out_of_the_logdir_is_not_followed(tmp_path):
    put(tmp_path, **{"secret/w.1.pt.trace.json": TORCH, "logs/b/v.1.pt.trace.json": TORCH})
    (tmp_path / "logs" / "a").mkdir()
    (tmp_path / "logs" / "a" / "w.1.pt.trace.json").symlink_to(tmp_path / "secret" / "w.1.pt.trace.json")
    (tmp_path / "logs" / "a" / "v.2.pt.trace.json").symlink_to(tmp_path / "logs" / "b" / "v.1.pt.trace.json")
    assert [row[1] for row in listed(refreshed(tmp_path / "logs"))] == ["a/v.2.pt.trace.json", "b/v.1.pt.trace.json"]


def test_a_link_that_is_turned_outwards_later_is_not_read(tmp_path):
    put(tmp_path, **{"secret/w.1.pt.trace.json": TORCH, "logs/a/w.1.pt.trace.json": TORCH})
    (one,) = refreshed(tmp_path / "logs").runs[0].profiles
    path = tmp_path / "logs" / "a" / "w.1.pt.trace.json"
    path.unlink()
    path.symlink_to(tmp_path / "secret" / "w.1.pt.trace.json")
    with pytest.raises(FormatError, match="leads out of the logdir"):
        one.key()


def test_names_that_are_no_text_are_spelled_out(tmp_path):
    folder = os.fsencode(tmp_path / "a")
    os.makedirs(folder)
    with open(folder + b"/w\xff.1.pt.trace.json", "wb") as file:
        file.write(TORCH)
    assert listed(refreshed(tmp_path))[0][1:4] == (r"a/w\udcff.1.pt.trace.json", "pytorch", r"w\udcff")


@needs_fixtures
def test_run_metadata_of_tensorflow_is_a_recording_per_tag_and_step():
    found = listed(refreshed(log("tf_v1_all")))
    assert [row[1:5] for row in found] == [
        (f"step0{step} at step {step}", "step_stats", f"step0{step}", 1) for step in (10, 30, 50)
    ]  # fmt: skip


@needs_fixtures
def test_run_metadata_that_pytorch_writes_beside_a_graph_measures_nothing():
    assert [row for row in listed(refreshed(log("torch_all"))) if row[2] == "step_stats"] == []


def test_graphs_of_trace_export_measure_nothing():
    assert [row[2] for row in listed(refreshed(samples("tf_cpu") / "trace_export"))] == ["xplane"]


@pytest.mark.parametrize(
    ("folder", "count"), [("tf_cpu/logdir", 1), ("jax_cpu/logdir", 4), ("torch_cpu/with_stack", 4)]
)
def test_the_samples_are_found(folder, count):
    (run,) = refreshed(samples(folder)).runs
    assert len(run.profiles) == count


def test_the_binary_trace_of_an_older_tensorflow_is_read(tmp_path):
    event = b"\x08\x01\x10\x07\x1a\x02mm\x48\x80\x89\x7a\x50\xd0\x0f"  # device 1, resource 7, at 2 us for 2 ns
    trace = b"\x0a\x0b\x08\x01\x12\x07\x0a\x03CPU\x10\x01" + b"\x22" + bytes([len(event)]) + event
    put(tmp_path, **{"plugins/profile/s/host.trace": trace, "plugins/profile/s/other.trace": b"strace of a program"})
    logdir = refreshed(tmp_path)
    assert listed(logdir) == [(".", "plugins/profile/s/host.trace", "tf_trace", "host", 1, "s")]
    found = logdir.runs[0].profiles[0].read(cache=str(tmp_path / "cache"))
    assert [(found.named(0), found.start.tolist(), found.duration.tolist())] == [("mm", [2_000], [2])]
