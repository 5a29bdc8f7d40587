"""Sessions: what TensorBoard says of the logs of real writers, and what it leaves out."""

import math
from pathlib import Path

import numpy as np
import pytest

import tbcore
from tbcore.analysis import hparams, sheets
from tbcore.analysis.measures import Measure
from tbcore.formats.hparams import Experiment, HParam, Metric
from tbcore.formats.tfrecord import EventWriter
from tbcore.store.logdir import Logdir
from tests.fixtures import log, needs_fixtures, oracle

FIXTURES = ("torch_all", "tf_v2_all", "tensorboardX_all", "torch_hparams_mixed")
TYPES = {"DATA_TYPE_STRING": "text", "DATA_TYPE_BOOL": "bool", "DATA_TYPE_FLOAT64": "number"}


def runs_of(folder: Path):
    """Return the runs of a logdir, as they were logged."""
    logdir = Logdir(folder)
    logdir.refresh()
    return logdir.runs


def lookup_of(runs):
    """Return what finds the scalars of a run and tag."""
    by_name = {run.name: run for run in runs}
    return lambda run, tag: by_name[run].series.get(("scalars", tag)) if run in by_name else None


def session_rows(runs, **more):
    """Return the experiment of some runs, and its sheet with all metrics that are declared."""
    found = hparams.experiment(runs)
    return found, hparams.sheet(found, lookup_of(runs), hparams.usual_measures(found), **more)


def cell(sheet, name, key):
    """Return a cell as Python has it, None when it is missing."""
    row, cells = sheet.names.index(name), sheet.cells[key]
    return None if cells.missing[row] else cells.values[row]


def rows_by_group(found, sheet):
    """Return the name of the row of each group, by what its sessions call it."""
    row_of = {run: name for name, runs in zip(sheet.names, sheet.runs, strict=True) for run in runs}
    return {session.group: row_of[session.run] for session in found.sessions}


def key_of(name):
    """Return the key of the column of a metric as TensorBoard names it."""
    return f"m:{Measure(name['tag'], name['group']).spelled}"


# TensorBoard's own answers -------------------------------------------------------------------------------------------


@needs_fixtures
@pytest.mark.parametrize("name", FIXTURES)
def test_groups_their_sessions_and_their_values_are_those_of_tensorboard(name) -> None:
    answer = oracle(name)["http"]["hparams"]["session_groups"]["sessionGroups"]
    runs = runs_of(log(name))
    found, sheet = session_rows(runs, grouped=True)
    sessions = {one.run: one for one in found.sessions}
    names = rows_by_group(found, sheet)
    assert {one.group for one in found.sessions if one.is_session} == {group["name"] for group in answer}
    for group in answer:
        name = names[group["name"]]
        row = sheet.names.index(name)
        assert cell(sheet, name, "about:trials") == len(group["sessions"])
        assert {one["name"] for one in group["sessions"]} <= set(sheet.runs[row])
        for hparam, said in group["hparams"].items():
            ours = cell(sheet, name, f"hp:{hparam}")
            assert ours == (float(said) if sheet.column(f"hp:{hparam}").type != "text" else said)
        for metric in group["metricValues"]:
            assert cell(sheet, name, key_of(metric["name"])) == pytest.approx(metric["value"], rel=1e-12)
        for said in group["sessions"]:
            ours = sessions[said["name"]]
            assert said["status"] == f"STATUS_{ours.status.upper()}"
            assert said["startTimeSecs"] == (0 if math.isnan(ours.start_time) else ours.start_time)
            assert said["endTimeSecs"] == (0 if math.isnan(ours.end_time) else ours.end_time)


@needs_fixtures
@pytest.mark.parametrize("name", FIXTURES)
def test_hyperparameters_have_the_types_and_domains_of_tensorboard(name) -> None:
    answer = oracle(name)["http"]["hparams"]["experiment"]
    found, sheet = session_rows(runs_of(log(name)))
    for said in answer["hparamInfos"]:
        column, one = sheet.column(f"hp:{said['name']}"), found.hparams[said["name"]]
        assert column.type == TYPES[said["type"]]
        assert column.title == (said["displayName"] or said["name"])
        assert one.description == said["description"]
        assert set(one.choices) == set(said.get("domainDiscrete", ()))
        interval = said.get("domainInterval")
        assert (one.low, one.high) == ((interval["minValue"], interval["maxValue"]) if interval else (None, None))
    declared = {(one.tag, one.group): one for one in found.metrics[: found.declared]}
    for said in answer["metricInfos"]:
        one = declared[said["name"]["tag"], said["name"]["group"]]
        assert (one.title, one.description) == (said["displayName"], said["description"])


@needs_fixtures
@pytest.mark.parametrize("name", FIXTURES)
def test_the_order_by_the_first_metric_is_that_of_tensorboard(name) -> None:
    answer = oracle(name)["http"]["hparams"]
    first = answer["experiment"]["metricInfos"][0]["name"]
    found, sheet = session_rows(runs_of(log(name)), grouped=True)
    names = rows_by_group(found, sheet)
    theirs = [names[one] for one in answer["order_desc_by_first_metric"]]
    ordered = [sheet.names[row] for row in sheets.order(sheet, key_of(first), descending=True)]
    ours = [one for one in ordered if one in theirs]
    values = [cell(sheet, one, key_of(first)) for one in ours]
    assert set(ours) == set(theirs)
    assert values == [cell(sheet, one, key_of(first)) for one in theirs]


@needs_fixtures
def test_the_least_and_the_greatest_of_a_groups_trials_are_those_of_tensorboard() -> None:
    answer = oracle("tf_v2_all")["http"]["hparams"]["by_aggregation"]
    for word, average in (("AGGREGATION_MIN", "min"), ("AGGREGATION_MAX", "max")):
        found, sheet = session_rows(runs_of(log("tf_v2_all")), grouped=True, average=average)
        names = rows_by_group(found, sheet)
        for group, metrics in answer[word]:
            # TensorBoard takes all metrics of the session in which the first one is least; here each counts for itself.
            metric, number = metrics[0]
            assert cell(sheet, names[group], key_of(metric)) == pytest.approx(number, rel=1e-12)


# What TensorBoard leaves out: the writers' truth ---------------------------------------------------------------------


@needs_fixtures
@pytest.mark.parametrize("name", FIXTURES)
def test_every_session_has_all_that_its_writer_was_handed(name) -> None:
    truth = [each for part in oracle(name)["truth"] for each in (part.get("hparams") or [])]
    assert truth
    runs = runs_of(log(name))
    found = hparams.experiment(runs)
    sessions = {one.run: one for one in found.sessions}
    lookup = lookup_of(runs)
    for said in truth:
        stamped = [run for run in sessions if run.startswith("plain/1")]
        run = stamped[0] if "<" in said["run"] else said["run"]
        assert sessions[run].hparams == said["hparams"]
        # PyTorch writes a boolean as the number that it equals.
        assert name.startswith("torch") or {
            key for key, one in sessions[run].hparams.items() if isinstance(one, bool)
        } == {key for key, one in said["hparams"].items() if isinstance(one, bool)}
        for tag, number in said.get("metrics", {}).items():
            assert lookup(run, tag).values[-1] == np.float32(number)


@needs_fixtures
def test_experiments_of_all_runs_are_united() -> None:
    answer = oracle("torch_hparams_mixed")["http"]["hparams"]["experiment"]
    found, sheet = session_rows(runs_of(log("torch_hparams_mixed")), grouped=True)
    assert [one["name"] for one in answer["hparamInfos"]] == ["act", "lr"]
    assert list(found.hparams) == ["lr", "bsize", "bn", "extra", "act"]
    assert {metric.tag for metric in found.metrics[: found.declared]} == {"hparam/accuracy", "hparam/loss", "hparam/f1"}
    assert cell(sheet, "plain/p_extra", "m:last:hparam/f1") == np.float32(0.2)
    assert cell(sheet, "plain/p_0", "m:last:hparam/loss") == 1.0
    assert found.hparams["act"].choices == ("relu", "gelu", "silu")


# By our own writer ---------------------------------------------------------------------------------------------------


def write(folder: Path, run: str, values=None, *, scalars=(), described=None, status=None, group="", at=1000.0) -> None:
    """Write a run that begins at `at`; values: what it chose; scalars: (tag, values)."""
    with EventWriter(folder / run, clock=lambda: at, name=f"events.out.tfevents.{int(at)}.host") as writer:
        if described is not None:
            writer.experiment(described)
        if values is not None:
            writer.hparams(values, group=group)
        for tag, numbers in scalars:
            for step, number in enumerate(numbers):
                writer.scalar(tag, number, step, at + step)
        if status is not None:
            writer.session_end(status, end_time=at + 60)


def test_types_are_those_that_fit_all_values(tmp_path: Path) -> None:
    write(tmp_path, "a", {"mixed": 1.0, "flag": True, "n": 2.0, "gone": None, "nan": math.nan, "list": "[1, 2]"})
    write(tmp_path, "b", {"mixed": "one", "flag": False, "n": 0.5, "gone": None, "nan": 1.0, "both": True})
    write(tmp_path, "c", {"both": 0.0})
    _found, sheet = session_rows(runs_of(tmp_path))
    types = {column.key: column.type for column in sheet.of("hparam")}
    assert types == {
        "hp:mixed": "text",
        "hp:flag": "bool",
        "hp:n": "number",
        "hp:nan": "number",
        "hp:list": "text",
        "hp:both": "text",
    }
    assert [cell(sheet, run, "hp:mixed") for run in "abc"] == ["1", "one", None]
    assert [cell(sheet, run, "hp:flag") for run in "abc"] == [1.0, 0.0, None]
    assert math.isnan(cell(sheet, "a", "hp:nan"))
    assert [cell(sheet, run, "hp:both") for run in "abc"] == [None, "true", "0"]


def test_metrics_lie_in_the_runs_below_a_session(tmp_path: Path) -> None:
    about = Experiment(metrics=(Metric("epoch_loss", "validation", "val loss"), Metric("loss", ".")))
    write(tmp_path, "s/1", {"lr": 0.1}, described=about, scalars=[("loss", [3.0, 2.0])])
    write(tmp_path, "s/1/validation", scalars=[("epoch_loss", [5.0, 4.0])])
    write(tmp_path, "s/1/validation/deep", scalars=[("x", [1.0])])
    write(tmp_path, "s/10/validation", scalars=[("epoch_loss", [9.0])])
    found, sheet = session_rows(runs_of(tmp_path))
    assert sheet.names == ("s/1", "s/10/validation")
    assert sheet.runs[0] == ("s/1", "s/1/validation", "s/1/validation/deep")
    assert [column.title for column in sheet.of("metric")] == ["val loss", "loss"]
    assert cell(sheet, "s/1", "m:last@validation:epoch_loss") == 4.0
    assert cell(sheet, "s/1", "m:last:loss") == 2.0
    assert ("validation/deep", "x") in {(metric.group, metric.tag) for metric in found.metrics}
    assert cell(sheet, "s/10/validation", "m:last:loss") is None


def test_the_logdir_itself_can_be_a_session(tmp_path: Path) -> None:
    write(tmp_path, ".", {"lr": 0.1}, scalars=[("loss", [1.0])])
    write(tmp_path, "eval", scalars=[("loss", [2.0])])
    found, sheet = session_rows(runs_of(tmp_path))
    assert sheet.names == (".",)
    assert sheet.runs == ((".", "eval"),)
    assert {(metric.group, metric.tag) for metric in found.metrics} == {("", "loss"), ("eval", "loss")}
    made = hparams.sheet(found, lookup_of(runs_of(tmp_path)), [Measure("loss", "eval")])
    assert cell(made, ".", "m:last@eval:loss") == 2.0


def test_groups_have_the_mean_or_the_median_of_their_trials(tmp_path: Path) -> None:
    for seed, number in enumerate([1.0, 2.0, 6.0]):
        write(
            tmp_path,
            f"s{seed}",
            {"lr": 0.1, "seed": float(seed)},
            group="g",
            scalars=[("loss", [number])],
            status="success",
        )
    write(tmp_path, "alone", {"lr": 0.2, "seed": 0.0}, scalars=[("loss", [7.0])], status="failure")
    runs = runs_of(tmp_path)
    found = hparams.experiment(runs)
    for average, expected in (("mean", 3.0), ("median", 2.0), ("min", 1.0), ("max", 6.0)):
        sheet = hparams.sheet(found, lookup_of(runs), [Measure("loss")], grouped=True, average=average)
        assert set(sheet.names) == {"g", "alone"}
        assert cell(sheet, "g", "m:last:loss") == expected
        assert cell(sheet, "alone", "m:last:loss") == 7.0
    assert cell(sheet, "g", "about:trials") == 3
    assert cell(sheet, "g", "hp:lr") == 0.1
    assert cell(sheet, "g", "hp:seed") == "0, 1, 2"
    assert cell(sheet, "alone", "hp:seed") == "0"
    assert cell(sheet, "g", "about:duration") == 60.0
    assert [cell(sheet, name, "about:status") for name in ("g", "alone")] == ["success", "failure"]


def test_a_run_without_hyperparameters_takes_part_with_what_it_has(tmp_path: Path) -> None:
    write(tmp_path, "with", {"lr": 0.1}, scalars=[("loss", [1.0])])
    write(tmp_path, "without", scalars=[("loss", [2.0])])
    write(tmp_path, "empty")
    found, sheet = session_rows(runs_of(tmp_path))
    assert [(one.run, one.is_session) for one in found.sessions] == [("with", True), ("without", False)]
    assert cell(sheet, "without", "hp:lr") is None
    assert cell(sheet, "without", "m:last:loss") == 2.0


def test_groups_named_by_a_digest_are_called_after_their_first_run(tmp_path: Path) -> None:
    for number, group in enumerate(["a" * 64, "a" * 64, "b" * 64, "setting"]):
        write(tmp_path, f"r{number}", {"lr": 0.1}, group=group, at=1000.0 + number)
    _found, sheet = session_rows(runs_of(tmp_path), grouped=True)
    assert sheet.names == ("r0 and others", "r2", "setting")
    assert sheet.cells["about:group"].values.tolist() == list(sheet.names)


def test_a_metric_of_a_run_below_and_a_tag_of_its_name_have_titles_of_their_own(tmp_path: Path) -> None:
    write(tmp_path, "a", {"lr": 0.1}, scalars=[("eval/loss", [1.0])])
    write(tmp_path, "a/eval", scalars=[("loss", [5.0])])
    found = hparams.experiment(runs_of(tmp_path))
    titles = [hparams.metric_column(Measure(one.tag, one.group), found).title for one in found.metrics]
    assert titles == ["eval/loss", "eval: loss"]


def test_a_run_that_is_no_session_is_no_trial_of_the_group_of_its_name(tmp_path: Path) -> None:
    write(tmp_path, "g", scalars=[("loss", [9.0])])
    for seed in range(2):
        write(tmp_path, f"g{seed}", {"lr": 0.1}, group="g", scalars=[("loss", [float(seed)])])
    _found, sheet = session_rows(runs_of(tmp_path), grouped=True)
    assert set(sheet.names) == {"g", "g (run)"}
    assert [cell(sheet, name, "m:last:loss") for name in ("g", "g (run)")] == [0.5, 9.0]
    assert [cell(sheet, name, "about:trials") for name in ("g", "g (run)")] == [2, 1]
    assert [cell(sheet, name, "hp:lr") for name in ("g", "g (run)")] == [0.1, None]


def test_a_hyperparameter_that_differs_within_a_group_says_so(tmp_path: Path) -> None:
    write(tmp_path, "a", {"lr": 0.1, "bs": 32.0, "wd": 0.0, "x": 1.0, "nan": math.nan}, group="g")
    write(tmp_path, "b", {"lr": 0.2, "bs": 32.0, "x": math.nan, "nan": math.nan}, group="g")
    write(tmp_path, "c", {"lr": 0.4, "bs": 64.0, "wd": 0.0})
    _found, sheet = session_rows(runs_of(tmp_path), grouped=True)
    assert [cell(sheet, name, "hp:lr") for name in ("g", "c")] == ["0.1, 0.2", "0.4"]
    assert cell(sheet, "g", "hp:wd") == "0, -"
    assert cell(sheet, "g", "hp:x") == "1, NaN"
    assert math.isnan(cell(sheet, "g", "hp:nan"))
    words = "differs within groups: all its values are written out"
    assert [sheet.column(f"hp:{name}").about for name in ("lr", "bs", "wd")] == [words, "", words]
    assert sheet.column("hp:bs").type == "number"


def test_times_are_those_of_the_events_where_none_are_logged(tmp_path: Path) -> None:
    write(tmp_path, "a", {"lr": 0.1}, scalars=[("loss", [1.0, 1.0, 1.0])], at=1000.0)
    write(tmp_path, "b", {"lr": 0.1}, scalars=[("loss", [1.0])], status="success", at=2000.0)
    _found, sheet = session_rows(runs_of(tmp_path))
    assert [cell(sheet, run, "about:start") for run in "ab"] == [1000.0, 2000.0]
    assert [cell(sheet, run, "about:end") for run in "ab"] == [1002.0, 2060.0]
    assert [cell(sheet, run, "about:duration") for run in "ab"] == [2.0, 60.0]
    assert [cell(sheet, run, "about:status") for run in "ab"] == [None, "success"]


def test_what_a_restarted_job_chose_later_counts(tmp_path: Path) -> None:
    write(tmp_path, "a", {"lr": 0.1, "bs": 32.0}, at=1000.0)
    write(tmp_path, "a", {"lr": 0.2, "wd": 0.01}, status="success", at=2000.0)
    found = hparams.experiment(runs_of(tmp_path))
    assert found.sessions[0].hparams == {"lr": 0.2, "bs": 32.0, "wd": 0.01}
    assert found.sessions[0].status == "success"


def test_what_is_described_twice_is_united(tmp_path: Path) -> None:
    one = Experiment(
        "first", "", "", math.nan, (HParam("lr", "Rate", "", "number", (), 0.1, 0.5), HParam("o", choices=("a", "b")))
    )
    two = Experiment(
        "second", "", "", 5.0, (HParam("lr", "", "of SGD", "number", (), 0.0, 0.2), HParam("o", choices=("b", "c")))
    )
    write(tmp_path, "a", {"lr": 0.1}, described=one)
    write(tmp_path, "b", {"lr": 0.2}, described=two, at=2000.0)
    found = hparams.experiment(runs_of(tmp_path))
    assert found.hparams["lr"] == HParam("lr", "Rate", "of SGD", "number", (), 0.0, 0.5)
    assert found.hparams["o"].choices == ("a", "b", "c")
    assert (found.name, found.time_created) == ("first", 5.0)


def test_what_cannot_be_read_is_said_and_the_rest_is_there(tmp_path: Path) -> None:
    with EventWriter(tmp_path / "a") as writer:
        writer.tensor("_hparams_/session_start_info", np.zeros(0, np.float32), 0, "hparams", content=b"\x1a\xff\x01")
        writer.scalar("loss", 0.5, 0)
    write(tmp_path, "b", {"lr": 0.1}, scalars=[("loss", [1.0])])
    found, sheet = session_rows(runs_of(tmp_path))
    [problem] = found.problems
    assert problem.startswith("a: _hparams_/session_start_info cannot be read: HParamsPluginData of 3 bytes")
    assert cell(sheet, "a", "m:last:loss") == 0.5
    assert cell(sheet, "b", "hp:lr") == 0.1


def test_a_configuration_that_cannot_be_read_is_said_once(tmp_path: Path) -> None:
    write(tmp_path, "a", {"lr": 0.1})
    (tmp_path / "a" / "hparams.yaml").write_text("bs: [")
    found = hparams.experiment(runs_of(tmp_path))
    [problem] = found.problems
    assert problem.startswith("a: hparams.yaml is not YAML that can be read: ")
    assert found.sessions[0].hparams == {"lr": 0.1}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("lr=0.1,bs=32", {"lr": 0.1, "bs": 32.0}),
        ("sweep/lr=1e-3_batch_size=64_opt=adam", {"lr": 1e-3, "batch_size": 64.0, "opt": "adam"}),
        ("run-3/lr=0.1,aug=True", {"lr": 0.1, "aug": True}),
        ("mlp_lr0.05", {"lr": 0.05}),
        ("lr-0.1-bs-32", {"lr": 0.1, "bs": 32.0}),
        ("seed_3/wd1e-4", {"seed": 3.0, "wd": 1e-4}),
        ("exp12/resnet50_lr0.1", {"lr": 0.1}),
        ("2025-10-09_12-00-00_host", {}),
        ("model_v2", {}),
        ("lr=", {}),
        ("lr=-0.5", {"lr": -0.5}),
    ],
)
def test_names_are_read_with_care(name, values) -> None:
    assert hparams.values_of_name(name) == values


def test_names_are_read_only_when_asked_for(tmp_path: Path) -> None:
    write(tmp_path, "lr=0.1,bs=32", {"lr": 0.5}, scalars=[("loss", [1.0])])
    write(tmp_path, "lr=0.2,bs=64", scalars=[("loss", [1.0])])
    runs = runs_of(tmp_path)
    assert [one.hparams for one in hparams.experiment(runs).sessions] == [{"lr": 0.5}, {}]
    sessions = hparams.experiment(runs, names=True).sessions
    assert [one.hparams for one in sessions] == [{"lr": 0.5, "bs": 32.0}, {"lr": 0.2, "bs": 64.0}]
    assert sessions[0].origins == {"lr": "logged", "bs": "name"}


def test_evaluations_are_shown_first_where_no_experiment_names_metrics(tmp_path: Path) -> None:
    tags = ["train/loss", "lr", "time/step_seconds", "eval/loss", "eval/accuracy", "train/accuracy", "grad_norm"]
    write(tmp_path, "a", {"lr": 0.1}, scalars=[(tag, [1.0]) for tag in tags])
    found = hparams.experiment(runs_of(tmp_path))
    assert [one.tag for one in hparams.usual_measures(found)] == [
        "eval/loss",
        "eval/accuracy",
        "train/loss",
        "train/accuracy",
    ]


def test_records_hold_what_each_session_chose_and_what_its_metrics_came_to(tmp_path: Path) -> None:
    write(tmp_path, "a", {"lr": 0.1, "bn": True}, scalars=[("loss", [3.0, 1.0, 2.0])], status="success", group="g")
    write(tmp_path, "a/eval", scalars=[("loss", [5.0])])
    write(tmp_path, "b", scalars=[("loss", [3.0])])
    runs = runs_of(tmp_path)
    rows = list(hparams.rows(hparams.experiment(runs), {run.name: run for run in runs}))
    assert rows == [
        {
            "session": "a",
            "group": "g",
            "status": "success",
            "start_time": 1000.0,
            "end_time": 1060.0,
            "hparams": {"bn": True, "lr": 0.1},
            "metrics": {
                "loss": {"last": 2.0, "min": 1.0, "max": 3.0},
                "eval/loss": {"last": 5.0, "min": 5.0, "max": 5.0},
            },
        }
    ]


def test_records_keep_a_metric_of_a_run_below_apart_from_one_of_its_name(tmp_path: Path) -> None:
    write(tmp_path, "a", {"lr": 0.1}, scalars=[("eval/loss", [1.0])])
    write(tmp_path, "a/eval", scalars=[("loss", [5.0])])
    runs = runs_of(tmp_path)
    [row] = hparams.rows(hparams.experiment(runs), {run.name: run for run in runs})
    assert {tag: metric["last"] for tag, metric in row["metrics"].items()} == {"eval/loss": 1.0, "eval:loss": 5.0}


def test_sessions_come_as_a_data_frame(tmp_path: Path) -> None:
    write(tmp_path, "a", {"lr": 0.1, "opt": "sgd"}, scalars=[("loss", [3.0, 1.0, 2.0])], status="success")
    write(tmp_path, "b", {"lr": 0.2}, scalars=[("loss", [math.nan, 4.0])])
    write(tmp_path, "c=3", scalars=[("loss", [5.0])])
    found = tbcore.hparams(tmp_path, runs="^[ab]$", value="min")
    assert found["name"].tolist() == ["a", "b"]
    assert found["lr"].tolist() == [0.1, 0.2]
    assert found["opt"].tolist()[0] == "sgd"
    assert found["loss (min)"].tolist() == [1.0, 4.0]
    assert tbcore.hparams(tmp_path, names=True).set_index("name")["c"]["c=3"] == 3.0


def test_a_column_says_what_its_hyperparameter_may_be(tmp_path: Path) -> None:
    about = (HParam("lr", "Rate", "of SGD", "number", (), 0.1, 0.5), HParam("opt", choices=("sgd", "adam")))
    write(tmp_path, "a", {"lr": 0.1, "opt": "sgd"}, described=Experiment(hparams=about))
    _found, sheet = session_rows(runs_of(tmp_path))
    assert sheet.column("hp:lr").about == "lr; of SGD; from 0.1 to 0.5"
    assert sheet.column("hp:opt").about == "one of sgd, adam"
