"""Every fixture against what its writers were handed and against what TensorBoard's framing rules leave intact."""

import hashlib
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tbcore
from tbcore.series import Series
from tests.fixtures import FIXTURES, log, needs_fixtures, oracle

pytestmark = needs_fixtures

NAMES = sorted(path.stem for path in (FIXTURES / "oracle").glob("*.json")) if FIXTURES.is_dir() else []
WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}

# A copy of the logs may hold links as small text files with what they lead to.
LINKS = {
    "edge_symlink_loop": ("twice", "dangling", "sub/up", "sub/b/events.out.tfevents.9999999999.linked"),
    "edge_tree": ("link_to_a",),
}
# A record of which only the length is wrong: TensorBoard's rules give it up, and so does the oracle.
RECOVERED = {("edge_bad_length", "len_value", "loss"): 7}

# The kind that each way of writing becomes; what has no plugin or an unknown one is a tensor.
KINDS = {
    "simple_value": "scalars",
    "histo": "histograms",
    "image": "images",
    "audio": "audio",
    "none": "empty",
    "tensor:-": "tensors",
    "tensor:graph_keras_model": "graphs",
    "tensor:graph_run_metadata_graph": "run_metadata",
    "tensor:mesh": "meshes",
}
PLUGINS = ("scalars", "histograms", "images", "audio", "text", "pr_curves", "hparams", "custom_scalars")
# Where the shape decides, as (ours, by plugin alone).
ODD = [
    ({"scalars"}, {"tensors"}),  # a number of rank 0 without metadata
    ({"tensors"}, {"scalars"}),  # another rank under the plugin of scalars
    ({"hparams"}, {"empty"}),  # hparams keep their values in the metadata
]
EVENT_FORMS = ("graph_def", "meta_graph_def", "session_log", "tagged_run_metadata")
Logged = tuple[str, tbcore.Logdir, dict[str, Any]]


@pytest.fixture(scope="module", params=NAMES)
def fixture(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Logged:
    name = request.param
    path = log(name)
    if name in LINKS:
        path = linked(path, tmp_path_factory.mktemp(name) / name, LINKS[name])
    logdir = tbcore.Logdir(path)
    logdir.refresh()
    return name, logdir, oracle(name)


def linked(source: Path, target: Path, links: tuple[str, ...]) -> Path:
    """Return a copy of a log in which the links are links."""
    shutil.copytree(source, target, symlinks=True)
    for link in links:
        path = target / link
        if not path.is_symlink():
            leads_to = path.read_text()
            path.unlink()
            path.symlink_to(leads_to)
    return target


def numbers(values: list[Any]) -> list[float]:
    return [WORDS.get(value, value) if isinstance(value, str) else value for value in values]


def assert_same(ours: np.ndarray, theirs: dict[str, Any], what: str) -> None:
    assert len(ours) == theirs["n"], what
    if "values" in theirs:
        np.testing.assert_array_equal(np.asarray(ours, float), np.array(numbers(theirs["values"]), float), what)
    else:
        data = np.ascontiguousarray(ours, theirs["dtype"]).tobytes()
        assert hashlib.sha256(data).hexdigest() == theirs["sha256"], what


def series_of(logdir: tbcore.Logdir) -> dict[tuple[str, str], list[Series]]:
    """Return the series of every run and tag, without those of event-level fields, which have tags of our own."""
    found: dict[tuple[str, str], list[Series]] = {}
    for run in logdir.runs:
        for (_kind, tag), series in run.series.items():
            if series.segments[0].form not in EVENT_FORMS:
                found.setdefault((run.name, tag), []).append(series)
    return found


def test_every_point_of_every_intact_record_is_read(fixture: Logged) -> None:
    name, logdir, expected = fixture
    ours = series_of(logdir)
    written = {(run, tag): entry for run, tags in expected["as_written"].items() for tag, entry in tags.items()}
    assert {key for key in written if key not in ours} == set()
    assert {key for key in ours if key not in written} == set()
    for (run, tag), entry in written.items():
        what = f"{name} {run} {tag}"
        found = ours[run, tag]
        extra = RECOVERED.get((name, run, tag))
        assert sum(len(series) for series in found) == entry["n"] + (extra is not None), what
        steps = np.concatenate([series.steps for series in found])
        walls = np.concatenate([series.wall_times for series in found])
        if extra is not None:
            keep = steps != extra
            assert np.count_nonzero(~keep) == 1, what
            steps, walls = steps[keep], walls[keep]
        elif len(found) > 1:
            order = np.argsort(walls, kind="stable")
            steps, walls = steps[order], walls[order]
        assert_same(steps, entry["steps"], what)
        assert_same(walls, entry["walls"], what)


def test_every_scalar_value_of_every_intact_record_is_read(fixture: Logged) -> None:
    name, logdir, expected = fixture
    ours = {(series.run, series.tag): series for series in logdir.find("scalars")}
    for run, tags in expected["as_written"].items():
        for tag, entry in tags.items():
            if "values" not in entry or not set(entry["kinds"]) <= {"simple_value", "tensor:scalars", "tensor:-"}:
                continue
            series = ours[run, tag]
            keep = (
                np.ones(len(series), bool)
                if (name, run, tag) not in RECOVERED
                else series.steps != RECOVERED[name, run, tag]
            )
            assert_same(series.values[keep], entry["values"], f"{name} {run} {tag}")


def test_every_way_of_writing_becomes_its_kind(fixture: Logged) -> None:
    name, logdir, expected = fixture
    ours = series_of(logdir)
    for run, tags in expected["as_written"].items():
        for tag, entry in tags.items():
            kinds = {kind_of(form) for form in entry["kinds"]}
            found = {series.kind for series in ours[run, tag]}
            if len(entry["kinds"]) == 1 and found != kinds:
                assert (found, kinds) in ODD, (name, run, tag, found, kinds)


def kind_of(form: str) -> str:
    plugin = form.removeprefix("tensor:")
    return plugin if form.startswith("tensor:") and plugin in PLUGINS else KINDS.get(form, "tensors")


def handed(expected: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Return (run, tag, points) of every scalar series that the writers were handed."""
    truths = expected["truth"] if isinstance(expected["truth"], list) else [expected["truth"]]
    return [
        (run, tag, entry)
        for truth in truths
        for run, tags in (truth.get("series") or {}).items()
        for tag, entry in tags.items()
        if entry.get("kind") == "scalar" and isinstance(entry.get("values"), dict)
    ]


# Points that damage took, by fixture and run.
LOST = {
    ("edge_bad_data", "crc_only"): 1,
    ("edge_bad_data", "proto_break"): 1,
    ("edge_bad_data", "three_bad"): 3,
    ("edge_bad_data", "value_byte"): 1,
    ("edge_bad_length", "missing_mid"): 5,
    ("edge_bad_length", "zeros_mid"): 3,
    ("edge_truncated", "after_header"): 1,
    ("edge_truncated", "in_crc"): 1,
    ("edge_truncated", "in_data"): 1,
    ("edge_truncated", "in_length"): 1,
}


def test_every_scalar_is_what_the_writer_was_handed(fixture: Logged) -> None:
    name, logdir, expected = fixture
    ours = {(series.run, series.tag): series for series in logdir.find("scalars")}
    for run, tag, entry in handed(expected):
        what = f"{name} {run} {tag}"
        series = ours[run, tag]
        steps = np.array(numbers(entry["steps"]["values"]))
        values = np.array(numbers(entry["values"]["values"]), float)
        with np.errstate(over="ignore"):
            values = values.astype(np.float32) if series.values.dtype == np.float32 else values
        read_steps, read_values = series.steps, series.values
        if (name, run) in LOST:
            assert len(series) == len(values) - LOST[name, run], what
            intact = np.isin(steps, read_steps)
            steps, values = steps[intact], values[intact]
        elif name == "edge_interleaved":  # two files at once: what each was handed comes file by file
            order, read_order = np.lexsort((values, steps)), np.lexsort((read_values, read_steps))
            steps, values = steps[order], values[order]
            read_steps, read_values = read_steps[read_order], read_values[read_order]
        elif (name, run) == ("edge_symlink_loop", "sub/b"):  # a linked file of another run comes after
            assert len(series) == len(values) + len(ours["a", tag]), what
            read_steps, read_values = read_steps[: len(steps)], read_values[: len(steps)]
        np.testing.assert_array_equal(read_steps, steps, what)
        np.testing.assert_array_equal(read_values, values, what)
