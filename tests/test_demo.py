"""The demo log: what its curves show, and that it appears whole or not at all."""

import math
import os
import shutil
import threading
from itertools import count

import numpy as np
import pytest
from sklearn.metrics import silhouette_score

from tbcore import Logdir, demo, sweep
from tbcore.analysis import custom_scalars, embeddings, graph_layers, sprites
from tbcore.errors import LogdirError
from tbcore.formats import chrome_trace, graphdef, hparams
from tbcore.formats.schema import Event, parse
from tbcore.formats.tfrecord import records
from tbcore.formats.trace import ANNOTATION

END = 1_760_000_000.0


def ignore(done, total, run):
    """Show no progress."""


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """Return a demo log that ended at END."""
    folder = tmp_path_factory.mktemp("demo") / "log"
    demo.write_demo(folder, progress=ignore, clock=lambda: END)
    return folder


def events(folder, run):
    """Return the events of each file of a run, the files by name."""
    return [
        [parse(Event, data) for data in records(path.read_bytes())] for path in sorted((folder / run).glob("events.*"))
    ]


def points(file, tag):
    """Return step -> number of a tag in the events of one file."""
    return {event.step: value.simple_value for event in file for value in event.summary.value if value.tag == tag}


def files(folder):
    """Return relative path -> bytes of everything under a folder."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def quick(monkeypatch):
    """Leave one short recipe and one trial, so that a whole demo takes a moment."""
    recipe = demo.Recipe(
        "tiny", "A moment.", (8,), (demo.Attempt(0, 40, lambda step: 0.05),), examples=64, recorded="one by one"
    )
    monkeypatch.setattr(demo, "RECIPES", (recipe,))
    monkeypatch.setattr(demo, "TRIALS", sweep.TRIALS[:1])
    monkeypatch.setattr(demo, "TOTAL", 240)


# What it shows -------------------------------------------------------------------------------------------------------


def test_there_are_eight_runs_of_about_eighteen_tags(log):
    assert len(demo.RECIPES) == 8
    tags = {value.tag for recipe in demo.RECIPES for file in events(log, recipe.run) for event in file
            for value in event.summary.value if value.HasField("simple_value")}  # fmt: skip
    assert 15 <= len(tags) <= 20


def test_small_right_and_annealed_learning_rates_can_be_told_apart(log):
    final = {run: points(events(log, run)[0], "eval/loss") for run in ("mlp_lr0.001", "mlp_lr0.01", "mlp_cosine")}
    last = {run: curve[max(curve)] for run, curve in final.items()}
    assert last["mlp_cosine"] < last["mlp_lr0.01"] < 0.5 * last["mlp_lr0.001"]


def test_one_run_overfits(log):
    (file,) = events(log, "mlp_overfits")
    train, held_out = points(file, "train/loss"), points(file, "eval/loss")
    assert train[max(train)] < 0.05
    assert held_out[max(held_out)] > 1.5 * min(held_out.values())


def test_one_run_becomes_nan_after_it_had_learned(log):
    (file,) = events(log, "mlp_diverges")
    loss = points(file, "train/loss")
    first = min(step for step, value in loss.items() if math.isnan(value))
    assert min(value for step, value in loss.items() if step < first) < 0.1
    assert all(math.isnan(value) for step, value in loss.items() if step >= first)
    assert max(loss) == first + 60 < 1499


def test_one_run_is_restarted_at_a_step_it_had_already_written(log):
    before, after = events(log, "mlp_restarted")
    assert [(event.step, event.session_log.status) for event in after if event.HasField("session_log")] == [(600, 1)]
    first, second = points(before, "train/loss"), points(after, "train/loss")
    assert (max(first), min(second), max(second)) == (899, 600, 1499)
    assert sum(first[step] for step in range(620, 900)) > 2 * sum(second[step] for step in range(620, 900))
    assert after[0].wall_time - before[-1].wall_time > 600


def test_time_never_goes_back_within_a_run_and_all_ended_just_now(log):
    ends = []
    for recipe in demo.RECIPES:
        times = [event.wall_time for file in events(log, recipe.run) for event in file]
        assert times == sorted(times)
        assert times[-1] - times[0] > 60
        ends.append(times[-1])
    assert END - 300 < max(ends) <= END


def test_the_layout_draws_lines_and_bands_that_the_runs_have(log):
    logdir = Logdir(str(log))
    logdir.refresh()
    layout, problems = custom_scalars.layout(logdir.find("custom_scalars"))
    assert (layout, problems) == (demo.LAYOUT, ())
    found = {one.tag: one for one in logdir.find("scalars") if one.run == "mlp_cosine"}
    lines = {
        chart.title: custom_scalars.matched(chart, found).tags for one in layout.categories for chart in one.charts
    }
    assert {title: len(tags) for title, tags in lines.items()} == {
        "Loss": 2, "Accuracy": 2, "Accuracy, 95 %": 3, "Gradient norms": 3, "Weight norms": 3,
    }  # fmt: skip
    band = custom_scalars.band(layout.categories[0].charts[2].content.series[0], found)
    assert band.problem == ""
    assert (band.lower <= band.values).all()
    assert (band.values <= band.upper).all()
    assert (band.upper - band.lower).max() < 0.11


def test_every_run_tells_what_it_is_about(log):
    for recipe in demo.RECIPES:
        texts = [value.tensor.string_val[0].decode() for event in events(log, recipe.run)[0]
                 for value in event.summary.value if value.tag == "about"]  # fmt: skip
        assert len(texts) == 1
        assert texts[0].startswith(recipe.about)


def graph(log, run):
    """Return the graph of a run and what was measured of it."""
    first = events(log, run)[0]
    (data,) = [event.graph_def for event in first if event.HasField("graph_def")]
    (measured,) = [event.tagged_run_metadata for event in first if event.HasField("tagged_run_metadata")]
    return graphdef.graph(data), graphdef.run_metadata(measured.run_metadata)


def test_each_of_the_eight_tells_its_graph_and_what_a_step_of_it_took(log):
    sizes = {}
    for recipe in demo.RECIPES:
        found, measured = graph(log, recipe.run)
        sizes[recipe.run] = len(found.nodes)
        assert {node.name for node in found.nodes} - set(measured.costs) == {"Momentum/step"}
        assert all(cost.time > 0 for cost in measured.costs.values())
    assert sizes == {
        "softmax_lr0.05": 38, "mlp_lr0.001": 72, "mlp_lr0.01": 72, "mlp_lr0.3": 72, "mlp_cosine": 72, "mlp_overfits": 65,
        "mlp_diverges": 63, "mlp_restarted": 72,
    }  # fmt: skip


def test_the_layers_of_a_graph_are_those_of_the_network(log):
    table = graph_layers.layers(graph(log, "mlp_overfits")[0])
    assert {row.name: row.parameters for row in table.rows} == {
        "hidden1": 64 * 128 + 128, "hidden2": 128 * 64 + 64, "output": 64 * 10 + 10,
    }  # fmt: skip


def test_networks_with_hidden_layers_log_what_the_last_one_gets_to_see(log):
    logdir = Logdir(str(log))
    logdir.refresh()
    found = {run.name: run.embeddings for run in logdir.runs if run.embeddings}
    assert set(found) == {recipe.run for recipe in demo.RECIPES if recipe.hidden}
    assert [(file.name, file.step) for file in found["mlp_cosine"]] == [
        ("features", step) for step in (0, 500, 1000, 1500, 1999)
    ]
    first, last = (embeddings.load(file) for file in (found["mlp_cosine"][0], found["mlp_cosine"][-1]))
    assert last.values.shape == (360, 32)
    assert last.notes == ()
    digits = np.array([int(cell) for cell in last.columns[0].cells])
    right = [cell == "right" for cell in last.column("answer").cells]
    assert sum(right) > 330
    # What is learned brings the images of a digit together.
    assert silhouette_score(last.values, digits) > 2 * max(0.05, silhouette_score(first.values, digits))
    assert sprites.sprite(last.sprite, last.sprite_size, 360).count == 360


def recording(folder, run):
    """Return the events of the recording of a run."""
    (path,) = (folder / run).glob("demo_0.*.pt.trace.json.gz")
    assert path.stat().st_size < 100_000
    return chrome_trace.read(chrome_trace.gunzipped([path.read_bytes()]), "key")


def lasting(trace, name):
    """Return how long the events of a name took in all, in microseconds."""
    return trace.duration[trace.matching(lambda one: one == name)].sum() / 1e3


def test_two_runs_have_a_recording_of_six_steps(log):
    for recipe in demo.RECIPES:
        assert len(list((log / recipe.run).glob("*.pt.trace.json.gz"))) == bool(recipe.recorded)
    for run in ("mlp_lr0.01", "mlp_cosine"):
        trace = recording(log, run)
        assert trace.notes == ()
        assert trace.crossing == 0
        assert {f"ProfilerStep#{step}" for step in range(6)} <= {trace.named(row) for row in trace.of(ANNOTATION)}
        assert len(trace.flows.source) == 18
        assert trace.info["record_shapes"] == 1


def test_one_recording_waits_for_its_data_and_the_other_does_not(log):
    shares = []
    for run in ("mlp_lr0.01", "mlp_cosine"):
        trace = recording(log, run)
        steps = sum(lasting(trace, f"ProfilerStep#{step}") for step in range(6))
        shares.append(lasting(trace, "load_batch") / steps)
    # What else the machine does counts as well, and this is a measured time.
    assert shares[0] > 0.25
    assert shares[1] < 0.5 * shares[0]


def test_what_was_allocated_while_recording_is_let_go_of(log):
    memory = recording(log, "mlp_cosine").memory
    assert memory.size.sum() == 0
    assert memory.allocated.min() == memory.allocated[-1] == 0
    parameters = 64 * 64 + 64 + 64 * 32 + 32 + 32 * 10 + 10
    assert memory.allocated.max() > 2 * 4 * parameters  # with their velocities


# The sweep -----------------------------------------------------------------------------------------------------------


def session(folder, run):
    """Return what a run tells of its session: experiment, start and end by tag."""
    values = [value for file in events(folder, run) for event in file for value in event.summary.value]
    return {
        value.tag: hparams.read(value.metadata.plugin_data.content)
        for value in values
        if value.metadata.plugin_data.plugin_name == "hparams"
    }


RUNS = [one.run for one in (*demo.RECIPES, *demo.TRIALS)]


def test_there_is_a_sweep_of_34_short_runs_that_begin_after_the_eight():
    assert len(demo.TRIALS) == 34
    assert len(set(RUNS)) == 42
    assert all(run.startswith("sweep/") for run in RUNS[8:])


def test_the_sweep_begins_after_the_eight_and_ends_before_the_last_of_them(log):
    times = {run: [event.wall_time for file in events(log, run) for event in file] for run in RUNS}
    assert [times[run][0] for run in RUNS] == sorted(times[run][0] for run in RUNS)
    assert all(times[run] == sorted(times[run]) and times[run][-1] < END for run in RUNS)


def test_the_sweep_logs_little(log):
    tags = {
        value.tag for run in RUNS[8:] for file in events(log, run) for event in file for value in event.summary.value
    }
    assert tags == {
        "train/loss", "train/accuracy", "eval/loss", "eval/accuracy", "time/step_seconds", hparams.START, hparams.END,
    }  # fmt: skip


def test_every_run_tells_what_it_chose_and_one_what_can_be_chosen(log):
    found = {run: session(log, run) for run in RUNS}
    assert all(found[run][hparams.START].hparams["learning_rate"] > 0 for run in RUNS)
    assert [run for run in RUNS if hparams.EXPERIMENT in found[run]] == ["softmax_lr0.05"]
    described = {one.name: one for one in found["softmax_lr0.05"][hparams.EXPERIMENT].hparams}
    for run in RUNS:
        for name, value in found[run][hparams.START].hparams.items():
            assert not described[name].choices or value in described[name].choices
            if described[name].low is not None:
                assert described[name].low <= value <= described[name].high
    assert found["mlp_cosine"][hparams.START].hparams["learning_rate"] == 0.2
    assert "hidden" not in found["softmax_lr0.05"][hparams.START].hparams


def test_four_settings_have_three_seeds_each(log):
    groups = {}
    for run in RUNS:
        start = session(log, run)[hparams.START]
        groups.setdefault(start.group, []).append(start.hparams)
    assert len(groups.pop("")) == 30
    assert [len(some) for some in groups.values()] == [3, 3, 3, 3]
    assert all(one == some[0] for some in groups.values() for one in some)


def test_three_runs_fail_and_one_is_killed(log):
    ends = {run: session(log, run).get(hparams.END) for run in RUNS}
    failed = [run for run, end in ends.items() if end is not None and end.status == "failure"]
    assert failed == ["mlp_diverges", "sweep/07_sgd", "sweep/09_adam"]
    assert [run for run, end in ends.items() if end is None] == ["sweep/20_sgd"]
    (file,) = events(log, "sweep/07_sgd")
    assert not math.isfinite(list(points(file, "eval/loss").values())[-1])


def test_the_learning_rate_decides_how_well_the_sweep_does(log):
    accuracy = {}
    for trial in demo.TRIALS:
        curve = points(events(log, trial.run)[0], "eval/accuracy")
        accuracy[trial.run] = curve[max(curve)]
    small = [accuracy[trial.run] for trial in demo.TRIALS if trial.rate < 0.002]
    right = [accuracy[trial.run] for trial in demo.TRIALS if 0.02 < trial.rate < 0.4]
    assert sum(small) / len(small) < 0.7
    assert sum(right) / len(right) > 0.9
    assert max(accuracy.values()) > 0.97


def test_the_curves_of_a_trial_are_as_long_as_the_sweep_says(log):
    (file,) = events(log, "sweep/01_adam")
    assert max(points(file, "train/loss")) == max(points(file, "eval/loss")) == sweep.STEPS - 1
    assert len(points(file, "train/loss")) == 101


# How it is written ---------------------------------------------------------------------------------------------------


def test_the_same_seed_clock_and_timer_give_the_same_bytes(quick, tmp_path):
    for name in ("a", "b"):
        demo.write_demo(tmp_path / name, progress=ignore, clock=lambda: END, timer=count().__next__)
    demo.write_demo(tmp_path / "c", progress=ignore, clock=lambda: END, timer=count().__next__, seed=1)
    assert files(tmp_path / "a") == files(tmp_path / "b") != files(tmp_path / "c")


def test_nothing_but_the_log_is_left(quick, tmp_path):
    demo.write_demo(tmp_path / "log", progress=ignore)
    assert [path.name for path in tmp_path.iterdir()] == ["log"]
    assert demo.is_complete(tmp_path / "log")


def test_a_log_that_lacks_a_run_of_the_sweep_is_not_whole(quick, tmp_path):
    demo.write_demo(tmp_path / "log", progress=ignore)
    shutil.rmtree(tmp_path / "log" / "sweep")
    assert not demo.is_complete(tmp_path / "log")
    demo.write_demo(tmp_path / "log", progress=ignore)
    assert demo.is_complete(tmp_path / "log")


def test_progress_is_told_in_steps(quick, tmp_path):
    told = []
    demo.write_demo(tmp_path / "log", progress=lambda done, total, run: told.append((done, total, run)))
    assert told == [(0, 240, "tiny"), (40, 240, "sweep/01_adam"), (240, 240, "")]


def test_a_whole_log_is_left_as_it_is(quick, tmp_path):
    demo.write_demo(tmp_path / "log", progress=ignore, clock=lambda: END)
    before = files(tmp_path / "log")
    demo.write_demo(tmp_path / "log", progress=ignore, clock=lambda: END + 5)
    assert files(tmp_path / "log") == before


def test_an_interrupted_log_leaves_nothing_behind(quick, tmp_path):
    def interrupt(done, total, run):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        demo.write_demo(tmp_path / "log", progress=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_a_log_of_which_a_part_was_cleaned_up_is_written_anew(quick, tmp_path):
    folder = tmp_path / "log"
    demo.write_demo(folder, progress=ignore)
    next((folder / "tiny").glob("events.*")).unlink()
    assert not demo.is_complete(folder)
    demo.write_demo(folder, progress=ignore)
    assert demo.is_complete(folder)


def test_an_empty_folder_is_filled(quick, tmp_path):
    (tmp_path / "log").mkdir()
    demo.write_demo(tmp_path / "log", progress=ignore)
    assert demo.is_complete(tmp_path / "log")


def test_a_folder_with_something_else_is_not_touched(quick, tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(LogdirError, match="is not an empty folder: name a new one"):
        demo.write_demo(tmp_path, progress=ignore)
    with pytest.raises(LogdirError, match="is not an empty folder"):
        demo.write_demo(tmp_path / "thesis.tex", progress=ignore)
    assert (tmp_path / "thesis.tex").read_text() == "x"


def test_a_place_that_cannot_be_written_is_said(quick, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(LogdirError, match=r"the demo log cannot be written to .*/file/log: \w+"):
        demo.write_demo(tmp_path / "file" / "log", progress=ignore)


def test_two_that_begin_at_once_both_end_with_a_whole_log(quick, tmp_path):
    barrier = threading.Barrier(2, timeout=30)
    wrong = []

    def meet(done, total, run):
        if done == 0:
            barrier.wait()

    def write():
        try:
            demo.write_demo(tmp_path / "log", progress=meet)
        except (LogdirError, threading.BrokenBarrierError) as error:
            wrong.append(error)

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert demo.is_complete(tmp_path / "log")
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


# Where it lies -------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="Windows has another cache folder")
def test_it_lies_in_the_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert demo.demo_folder() == tmp_path / "runlens" / f"demo-{demo.VERSION}"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has another cache folder")
def test_a_relative_cache_folder_does_not_count(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", "somewhere")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(demo.sys, "platform", "linux")
    assert demo.demo_folder() == tmp_path / ".cache" / "runlens" / f"demo-{demo.VERSION}"


@pytest.mark.skipif(os.name == "nt", reason="Windows has another cache folder")
def test_where_the_cache_folder_cannot_be_made_it_lies_in_the_temporary_one(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(demo.tempfile, "tempdir", str(tmp_path))
    assert demo.demo_folder() == tmp_path / f"runlens-{os.getuid()}" / f"demo-{demo.VERSION}"


def test_a_folder_that_does_not_exist_holds_no_demo(tmp_path):
    assert not demo.is_complete(tmp_path / "no" / "such")
