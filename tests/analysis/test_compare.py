"""Runs beside each other: in what they differ, by how much, and what only some of them have."""

import json
from pathlib import Path
from typing import Any, Literal

import pytest

from tbcore.analysis import compare, sheets
from tbcore.errors import ConfigError
from tbcore.store.logdir import Logdir
from tests import eventfile as ef

NAME = "events.out.tfevents.1.host"


def numbers(*values: float | None, better: Literal["", "low", "high"] = "", type_: Any = "number") -> compare.Row:
    """Return the row of a column of numbers."""
    column = sheets.Column("m:last:loss", "loss", "metric", type_, better=better)
    names = tuple(f"r{place}" for place in range(len(values)))
    sheet = sheets.Sheet(names, (column,), {column.key: sheets.number_cells(values)}, tuple((one,) for one in names))
    (row,) = compare.rows(sheet, "metric")
    return row


def test_runs_are_held_against_the_first() -> None:
    row = numbers(2.0, 1.0, 5.0, better="low")
    assert row.deltas == (None, -1.0, 3.0)
    assert row.ratios == (None, 0.5, 2.5)
    assert row.shares == (None, -0.5, 1.5)
    assert row.verdicts == ("", "better", "worse")
    assert row.best == (1,)
    assert not row.same


@pytest.mark.parametrize(
    ("better", "verdicts"), [("high", ("", "worse", "better")), ("", ("", "", "")), ("low", ("", "better", "worse"))]
)
def test_what_is_better_depends_on_the_metric(better: Any, verdicts: tuple[str, ...]) -> None:
    assert numbers(0.0, -1.0, 1.0, better=better).verdicts == verdicts


def test_nothing_is_a_part_or_a_multiple_of_zero() -> None:
    row = numbers(0.0, 2.0)
    assert (row.deltas, row.ratios, row.shares) == ((None, 2.0), (None, None), (None, None))


def test_a_share_of_a_negative_value_keeps_its_direction() -> None:
    assert numbers(-2.0, -1.0).shares == (None, 0.5)


@pytest.mark.parametrize("other", [None, float("nan"), float("inf")])
def test_what_is_no_number_has_no_delta(other: float | None) -> None:
    row = numbers(1.0, other)
    assert (row.deltas, row.verdicts, row.same) == ((None, None), ("", ""), False)


def test_the_same_is_the_same_whatever_it_is() -> None:
    assert numbers(1.0, 1.0).same
    assert numbers(float("nan"), float("nan")).same
    assert not numbers(1.0, 1.0, None).same


def test_what_none_of_the_runs_has_is_no_row() -> None:
    names = ("a", "b")
    column = sheets.Column("hp:lr", "lr", "hparam")
    empty = sheets.Sheet(names, (column,), {column.key: sheets.number_cells([None, None])}, (("a",), ("b",)))
    assert compare.rows(empty, "hparam") == []


def test_times_are_no_amounts() -> None:
    assert numbers(1e9, 2e9, type_="time").deltas == (None, None)


def says(text: str) -> bytes:
    return ef.record(ef.event(1, ef.tensor("config", "string", [text.encode()], (), ef.metadata("text"))))


@pytest.fixture
def runs(tmp_path: Path) -> Any:
    """Return three runs that share the tag loss, and of which two have a text."""
    for place, name in enumerate(("a", "b", "c")):
        more = [ef.scalar(0, "only_a", 1)] if name == "a" else []
        more += [says(f"lr: {name}")] if name != "c" else []
        more += [ef.record(ef.event(2, ef.tensor("note", "string", [b"alike"], (), ef.metadata("text"))))]
        ef.write(
            tmp_path / name / NAME, ef.version(ef.T0 + place), *ef.curve("loss10", [1]), *ef.curve("loss9", [1]), *more
        )
    logdir = Logdir(tmp_path)
    logdir.refresh()
    return logdir.runs


def test_tags_that_all_have_are_told_from_those_some_lack(runs: Any) -> None:
    assert compare.tags(runs) == (["loss9", "loss10"], {"only_a": ["a"]})
    assert compare.tags(runs[1:]) == (["loss9", "loss10"], {})


def test_texts_that_differ_come_first(runs: Any) -> None:
    found = compare.texts(runs)
    assert [(one.name, one.same) for one in found] == [("config", False), ("note", True)]
    assert [None if page is None else compare.where(page) for page in found[0].pages] == ["step 1", "step 1", None]


def files(folder: Path, **contents: str) -> Any:
    """Return a run for each content, of which hparams.yaml beside its events has that."""
    for place, (name, content) in enumerate(contents.items()):
        ef.write(folder / name / NAME, ef.version(ef.T0 + place), *ef.curve("loss", [1]))
        (folder / name / "hparams.yaml").write_text(content)
    logdir = Logdir(folder)
    logdir.refresh()
    return logdir.runs


def test_configuration_files_are_compared_line_by_line_whatever_their_order(tmp_path: Path) -> None:
    runs = files(
        tmp_path, a="lr: 0.1\nmodel:\n  depth: 10\n  name: net\n", b="model: {name: net, depth: 12}\nlr: 0.1\nnew:\n"
    )
    (one,) = compare.texts(runs)
    assert (one.name, one.is_file, one.same) == ("hparams.yaml", True, False)
    before, after = one.pages
    assert before is not None
    assert after is not None
    found, notes = compare.difference(before, after)
    assert [
        (line.kind, "".join(part for part, _new in line.before), "".join(part for part, _new in line.after))
        for line in found.lines
    ] == [
        ("same", "lr: 0.1", "lr: 0.1"),
        ("changed", "model.depth: 10", "model.depth: 12"),
        ("same", "model.name: net", "model.name: net"),
        ("added", "", "new: null"),
    ]
    assert notes == []


def test_configuration_files_that_say_the_same_are_the_same(tmp_path: Path) -> None:
    (one,) = compare.texts(files(tmp_path, a="lr: 0.1\nbs: 32\n", b="bs: 32.0\nlr: 1.0e-1\n"))
    assert one.same


def test_a_configuration_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    (one,) = compare.texts(files(tmp_path, a="lr: 0.1\n", b="lr: [\n"))
    before, after = one.pages
    assert before is not None
    assert after is not None
    assert not one.same
    with pytest.raises(ConfigError, match=r"hparams\.yaml is not YAML that can be read"):
        compare.difference(before, after)


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ('"true"', 'k: "true"'),
        ("true", "k: true"),
        ('"a\\nb"', 'k: "a\\nb"'),
        ('""', 'k: ""'),
        ("[1, 2]", "k: [1, 2]"),
        (".nan", "k: NaN"),
    ],
)
def test_each_name_of_a_configuration_file_takes_one_line(tmp_path: Path, written: str, line: str) -> None:
    (run,) = files(tmp_path, a=f"k: {written}\n")
    assert compare.listed(run.configs[0]) == line


def test_a_comparison_as_csv_has_a_column_per_run_and_against_the_first() -> None:
    text = compare.to_csv(["x", "y"], {"metrics": [numbers(2.0, 1.0, better="low")]}).decode()
    assert text == "section,name,better,x,y,y - x,y / x\nmetrics,loss,low,2,1,-1,0.5\n"


def test_a_comparison_as_json_spells_what_json_cannot() -> None:
    document = json.loads(compare.to_json(["x", "y"], {"metrics": [numbers(float("nan"), None)]}, {"t": ["x"]}))
    assert document == {
        "runs": ["x", "y"],
        "metrics": [
            {
                "name": "loss",
                "better": "",
                "same": False,
                "values": {"x": "NaN", "y": None},
                "deltas": {"y": None},
                "ratios": {"y": None},
            }
        ],
        "only_in": {"t": ["x"]},
    }
