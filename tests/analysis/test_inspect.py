"""Tables of what is in the logs: literal files in, literal numbers out, and every fixture against its oracle."""

import json
import math
from itertools import pairwise

import pytest

import tbcore
from tbcore.analysis import inspect
from tbcore.names import matcher
from tbcore.series import Problem
from tests import eventfile as ef
from tests.fixtures import FIXTURES, log, needs_fixtures, oracle

FILE = "events.out.tfevents.1.host"
NAMES = sorted(path.stem for path in (FIXTURES / "oracle").glob("*.json")) if FIXTURES.is_dir() else []
# A record whose length is wrong is recovered here; the oracle gives it up.
RECOVERED = {("edge_bad_length", "len_value"): 1}
# What is reached through links depends on whether the copy of the fixtures kept them.
LINKED = ("edge_symlink_loop/", "edge_tree/link_to_a/")


def opened(path):
    """Return a logdir, read."""
    logdir = tbcore.Logdir(path)
    logdir.refresh()
    return logdir


def row(table, **where):
    """Return the one row of a table in which the columns hold what is said."""
    for name, value in where.items():
        table = table[table[name] == value]
    assert len(table) == 1
    return table.iloc[0].to_dict()


def scalars(*points, tag="loss"):
    """Return a record per (step, value, seconds after the start)."""
    return [ef.scalar(step, tag, value, wall=ef.T0 + wall) for step, value, wall in points]


# By run and kind -----------------------------------------------------------------------------------------------------


def test_the_numbers_of_a_kind_are_those_of_its_tags_together(tmp_path):
    path = ef.write(
        tmp_path / "a" / FILE,
        ef.version(),
        *scalars((3, 1.0, 1), (5, math.nan, 2), (4, math.inf, 3), (9, 2.0, 4)),
        *scalars((0, 1.0, 5), (3, 2.0, 6), tag="accuracy"),
    )
    table = inspect.kinds_table(opened(tmp_path).runs)
    assert row(table, run="a", kind="scalars") == {
        "bytes": path.stat().st_size,
        "run": "a",
        "kind": "scalars",
        "tags": 2,
        "points": 6,
        "steps": 5,
        "first_step": 3,
        "last_step": 3,
        "min_step": 0,
        "max_step": 9,
        "out_of_order": 1,
        "superseded": 0,
        "non_finite": 2,
        "first_wall_time": ef.T0 + 1,
        "last_wall_time": ef.T0 + 6,
    }


def test_payloads_are_counted_in_bytes_and_not_read(tmp_path):
    image = ef.image("picture", 1, 1, b"x" * 1000)
    ef.write(tmp_path / FILE, ef.version(), ef.record(ef.event(0, image)), ef.record(ef.event(1, image)))
    table = inspect.kinds_table(opened(tmp_path).runs)
    assert row(table, kind="images")["bytes"] == 2 * len(image)
    assert table["non_finite"].isna().all()


def test_scalars_take_what_was_read_less_other_payloads_and_what_was_skipped(tmp_path):
    image = ef.image("picture", 1, 1, b"x" * 1000)
    bad = ef.flip(ef.scalar(1, "loss", 1.0), -1)
    loss = ef.scalar(0, "loss", 1.0)
    both, alone = ef.record(ef.event(0, image)), ef.version() + ef.record(ef.event(0, image))
    ef.write(tmp_path / FILE, ef.version(), loss, both, bad, loss, loss[:9])
    ef.write(tmp_path / f"{FILE}.2", alone)
    ef.write(tmp_path / f"{FILE}.3", ef.version(), loss)
    (run,) = opened(tmp_path).runs
    expected = 2 * len(ef.version()) + 3 * len(loss) + len(both) - len(image)
    assert row(inspect.kinds_table([run]), kind="scalars")["bytes"] == expected
    some = inspect.narrowed(run, matcher("loss"))
    assert row(inspect.kinds_table([some]), kind="scalars")["bytes"] == expected


def test_bytes_of_single_tags_of_scalars_are_not_known(tmp_path):
    ef.write(tmp_path / FILE, ef.version(), *ef.curve("loss", [1.0]), *ef.curve("rate", [1.0]))
    (run,) = opened(tmp_path).runs
    assert inspect.tags_table(run)["bytes"].isna().all()
    assert inspect.kinds_table([inspect.narrowed(run, matcher("loss"))])["bytes"].isna().all()


def test_kinds_come_in_one_order_and_runs_in_theirs(tmp_path):
    text = ef.tensor("note", "string", [b"hello"], (), ef.metadata("text"))
    ef.write(tmp_path / "late" / FILE, ef.version(wall=ef.T0 + 50), ef.scalar(0, "loss", 1.0, wall=ef.T0 + 51))
    ef.write(tmp_path / "early" / FILE, ef.version(), ef.record(ef.event(0, text)), ef.scalar(0, "loss", 1.0))
    table = inspect.kinds_table(opened(tmp_path).runs)
    assert list(zip(table["run"], table["kind"], strict=True)) == [
        ("early", "scalars"),
        ("early", "text"),
        ("late", "scalars"),
    ]


def test_points_that_a_later_attempt_wrote_again_are_superseded(tmp_path):
    ef.write(tmp_path / "events.out.tfevents.1", ef.version(), *ef.curve("loss", [1.0] * 10))
    later = [ef.scalar(step, "loss", 2.0, wall=ef.T0 + 100 + step) for step in range(6, 12)]
    ef.write(tmp_path / "events.out.tfevents.2", ef.version(wall=ef.T0 + 90), *later)
    found = row(inspect.kinds_table(opened(tmp_path).runs), kind="scalars")
    assert (found["points"], found["superseded"], found["out_of_order"], found["steps"]) == (16, 4, 1, 12)


def test_wide_ranges_of_steps_are_counted_like_narrow_ones(tmp_path):
    steps = [-(2**40), 2**62, 2**62, -5, 0]
    ef.write(tmp_path / FILE, ef.version(), *[ef.scalar(step, "loss", 1.0, wall=ef.T0) for step in steps])
    found = row(inspect.kinds_table(opened(tmp_path).runs), kind="scalars")
    assert (found["steps"], found["min_step"], found["max_step"], found["out_of_order"]) == (4, -(2**40), 2**62, 1)


def test_many_series_are_measured_like_one_by_one(tmp_path, monkeypatch):
    records = [ef.scalar(step * tag % 7, f"tag{tag}", float(step)) for tag in range(1, 20) for step in range(tag)]
    ef.write(tmp_path / FILE, ef.version(), *records)
    runs = opened(tmp_path).runs
    together = inspect.kinds_table(runs), inspect.tags_table(runs[0])
    monkeypatch.setattr(inspect, "_BATCH", 5)
    assert inspect.kinds_table(runs).equals(together[0])
    assert inspect.tags_table(runs[0]).equals(together[1])


def test_wall_times_that_are_no_numbers_do_not_count(tmp_path):
    ef.write(tmp_path / FILE, ef.version(), *scalars((0, 1.0, math.nan), (1, 1.0, 3), (2, 1.0, math.nan)))
    found = row(inspect.kinds_table(opened(tmp_path).runs), kind="scalars")
    assert (found["first_wall_time"], found["last_wall_time"], found["last_step"]) == (ef.T0 + 3, ef.T0 + 3, 2)


def test_a_logdir_without_values_has_tables_without_rows(tmp_path):
    ef.write(tmp_path / FILE, ef.version())
    logdir = opened(tmp_path)
    kinds, tags = inspect.kinds_table(logdir.runs), inspect.tags_table(logdir.runs[0])
    assert (len(kinds), len(tags), len(inspect.sessions_table(logdir.runs))) == (0, 0, 0)
    assert kinds["points"].dtype == "int64"
    assert list(inspect.files_table(logdir.runs)["records"]) == [1]


def test_rows_may_come_from_who_remembers_them(tmp_path):
    ef.write(tmp_path / FILE, ef.version(), *ef.curve("loss", [1.0]))
    runs = opened(tmp_path).runs
    asked = []

    def remembered(run):
        asked.append(run.name)
        return inspect.kind_rows(run)

    assert inspect.kinds_table(runs, remembered).equals(inspect.kinds_table(runs))
    assert asked == ["."]


# By tag --------------------------------------------------------------------------------------------------------------


def test_tags_come_in_natural_order_with_numbers_of_their_own(tmp_path):
    ef.write(tmp_path / FILE, ef.version(), *ef.curve("step10", [1.0]), *ef.curve("step9", [1.0, math.nan], first=4))
    table = inspect.tags_table(opened(tmp_path).runs[0])
    assert list(table["tag"]) == ["step9", "step10"]
    found = row(table, tag="step9")
    assert (found["points"], found["first_step"], found["last_step"], found["non_finite"]) == (2, 4, 5, 1)


def test_a_narrowed_run_keeps_its_files(tmp_path):
    ef.write(tmp_path / FILE, ef.version(), *ef.curve("loss", [1.0]), *ef.curve("accuracy", [1.0]))
    run = inspect.narrowed(opened(tmp_path).runs[0], matcher("LOSS"))
    assert list(inspect.tags_table(run)["tag"]) == ["loss"]
    assert len(inspect.files_table([run])) == 1


# Files, problems, sessions -------------------------------------------------------------------------------------------


def test_a_file_has_the_numbers_of_what_it_holds_alone(tmp_path):
    text = ef.tensor("note", "string", [b"hello"], (), ef.metadata("text"))
    note = ef.record(ef.event(7, text, wall=ef.T0 + 5))
    ef.write(tmp_path / f"{FILE}.1", ef.version(), *scalars((3, 1.0, 1), (9, 1.0, 2), (4, 1.0, 3)), note)
    ef.write(tmp_path / f"{FILE}.2", ef.version(wall=ef.T0 + 50), *scalars((2, 1.0, 51)))
    ef.write(tmp_path / f"{FILE}.3", ef.version(wall=ef.T0 + 60))
    table = inspect.files_table(opened(tmp_path).runs)
    names = ["tags", "points", "first_step", "last_step", "min_step", "max_step", "out_of_order"]
    assert table[names].iloc[0].to_list() == [2, 4, 3, 7, 3, 9, 1]
    assert table[names].iloc[1].to_list() == [1, 1, 2, 2, 2, 2, 0]
    assert table[names].iloc[2].dropna().to_list() == [0, 0, 0]


def test_a_problem_is_said_in_a_sentence():
    row = {"reason": "length checksum failed", "skipped": 4096}
    assert inspect.sentence(row) == "Length checksum failed: 4,096 bytes skipped"
    assert inspect.sentence({"reason": "cannot be read", "skipped": 0}) == "Cannot be read"


def test_an_unfinished_record_waits_and_is_no_problem(tmp_path):
    whole = ef.version(writer="me") + ef.scalar(0, "loss", 1.0)
    ef.write(tmp_path / FILE, whole, ef.scalar(1, "loss", 1.0)[:10])
    found = inspect.files_table(opened(tmp_path).runs).iloc[0].to_dict()
    assert (found["size"], found["read"], found["waiting"]) == (len(whole) + 10, len(whole), 10)
    assert (found["records"], found["problems"], found["writer"], found["version"]) == (2, 0, "me", "brain.Event:2")
    assert (found["opened"], found["last_wall_time"]) == (ef.T0, ef.T0)


def test_a_problem_says_where_and_how_much(tmp_path):
    start = ef.version()
    bad = ef.flip(ef.scalar(0, "loss", 1.0), -1)
    ef.write(tmp_path / "a" / FILE, start, bad, ef.scalar(1, "loss", 1.0))
    logdir = opened(tmp_path)
    assert inspect.problems_table(logdir.runs, logdir.problems).to_dict("records") == [
        {
            "run": "a",
            "file": f"a/{FILE}",
            "offset": len(start),
            "reason": "data checksum failed",
            "skipped": len(bad),
        }
    ]


def test_problems_of_folders_come_first_and_have_no_byte(tmp_path):
    ef.write(tmp_path / "a" / FILE, ef.version())
    table = inspect.problems_table(opened(tmp_path).runs, [Problem("b", -1, "the folder cannot be listed")])
    assert list(table["run"]) == [""]
    assert list(table["file"]) == ["b"]
    assert table["offset"].isna().all()


def test_totals_count_each_problem_once(tmp_path):
    ef.write(tmp_path / "a" / FILE, ef.version(), ef.flip(ef.scalar(0, "loss", 1.0), -1), ef.scalar(1, "loss", 1.0))
    ef.write(tmp_path / "b" / FILE, ef.version())
    logdir = opened(tmp_path)
    size = sum(path.stat().st_size for path in tmp_path.rglob("*tfevents*"))
    expected = inspect.Totals(runs=2, files=2, bytes=size, points=1, problems=1, damaged=1)
    assert inspect.totals(logdir.runs, logdir.problems) == expected
    assert inspect.totals(logdir.runs, [*logdir.problems, Problem("c", -1, "x")]).problems == 2


def test_sessions_are_listed_as_marked(tmp_path):
    ef.write(
        tmp_path / FILE,
        ef.version(),
        ef.session(0),
        ef.session(5, 3, wall=ef.T0 + 1, path="/model"),
        ef.session(9, 2, wall=ef.T0 + 2, message="done"),
    )
    table = inspect.sessions_table(opened(tmp_path).runs)
    assert list(zip(table["status"], table["step"], table["wall_time"] - ef.T0, table["about"], strict=True)) == [
        ("START", 0, 0.0, ""),
        ("CHECKPOINT", 5, 1.0, "/model"),
        ("STOP", 9, 2.0, "done"),
    ]


def test_a_mark_that_is_gone_is_said_to_be_unreadable(tmp_path):
    path = ef.write(tmp_path / FILE, ef.version(), ef.session(3))
    logdir = opened(tmp_path)
    path.write_bytes(b"")
    assert list(inspect.sessions_table(logdir.runs)["status"]) == ["unreadable"]


# The document --------------------------------------------------------------------------------------------------------


def test_the_document_is_plain_json(tmp_path):
    ef.write(tmp_path / "a" / FILE, ef.version(), *scalars((0, math.nan, math.nan)), ef.session(4))
    ef.write(tmp_path / "b" / FILE)
    logdir = opened(tmp_path)
    document = inspect.document("logs", logdir.runs, logdir.problems, tags=True)
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert list(document) == ["schema", "logdir", "totals", "runs", "problems"]
    first, second = document["runs"]
    assert list(first) == ["run", "kinds", "files", "sessions", "tags"]
    assert first["kinds"][0]["first_wall_time"] == "NaN"
    assert first["kinds"][0]["bytes"] == first["files"][0]["read"] - first["kinds"][1]["bytes"]
    assert first["tags"][0]["bytes"] is None
    assert second["files"][0]["first_step"] is None
    assert first["tags"][0]["tag"] == "loss"
    assert second["files"][0]["opened"] == "NaN"
    assert "tags" not in inspect.document("logs", logdir.runs)["runs"][0]


# The fixtures --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=NAMES)
def fixture(request):
    """Return the name of a fixture, its logdir and its oracle."""
    return request.param, opened(log(request.param)), oracle(request.param)


@needs_fixtures
def test_files_have_the_records_and_damages_that_were_found_in_them(fixture):
    name, logdir, expected = fixture
    table = inspect.files_table(logdir.runs).set_index("file")
    problems = inspect.problems_table(logdir.runs, logdir.problems)
    for file in expected["files"]:
        if f"{name}/{file['path']}".startswith(LINKED):
            continue
        ours = table.loc[file["path"]]
        assert ours["size"] == file["size"], file["path"]
        recovered = RECOVERED.get((name, file["run"]), 0)
        assert ours["records"] == file["records_intact"] + recovered, file["path"]
        if file.get("source_writer"):
            assert ours["writer"] == file["source_writer"]
        if file.get("file_version"):
            assert ours["version"] == file["file_version"]
        if recovered or not file["records_intact"]:
            continue
        found = problems[problems["file"] == file["path"]]
        torn = [damage for damage in file["damage"] if not damage["kind"].startswith("trunc")]
        # The oracle makes one damage of records that are bad one after the other.
        assert {damage["offset"] for damage in torn} <= set(found["offset"]), file["path"]
        assert found["skipped"].sum() == sum(damage.get("bytes_skipped", 0) for damage in torn), file["path"]


@needs_fixtures
def test_tags_have_the_steps_that_were_written(fixture):
    name, logdir, expected = fixture
    for run in logdir.runs:
        if (name, run.name) in RECOVERED or f"{name}/{run.name}/".startswith(LINKED):
            continue
        table = inspect.tags_table(run)
        for tag, written in expected["as_written"].get(run.name, {}).items():
            ours = table[(table["tag"] == tag) & ~table["kind"].isin(["graphs", "run_metadata", "session_log"])]
            if len(ours) != 1 or "values" not in written.get("steps", {}):
                continue
            steps = written["steps"]["values"]
            found = ours.iloc[0]
            assert found["points"] == len(steps), tag
            assert found["steps"] == len(set(steps)), tag
            assert (found["first_step"], found["last_step"]) == (steps[0], steps[-1]), tag
            assert (found["min_step"], found["max_step"]) == (min(steps), max(steps)), tag
            falls = sum(later < earlier for earlier, later in pairwise(steps))
            assert found["out_of_order"] == falls, tag
