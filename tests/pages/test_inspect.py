"""The Inspect page as the server makes it: its numbers, its tables, and what the visitor's choices change."""

import os
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests import eventfile as ef
from tests.pages.visitor import visited

FILE = "events.out.tfevents.1.host"


@pytest.fixture
def logdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs; the second started later, lost a record, and marked a session."""
    bad = ef.flip(ef.scalar(1, "loss", 1.0), -1)
    later = ef.version(ef.T0 + 100), ef.session(0, wall=ef.T0 + 100), ef.scalar(0, "loss", 1.0, ef.T0 + 101), bad
    ef.write(tmp_path / "good_*run*" / FILE, ef.version(), *ef.curve("loss", [1.0, 2.0]), *ef.curve("rate", [0.1]))
    ef.write(tmp_path / "hurt" / FILE, *later, ef.scalar(2, "loss", 1.0, ef.T0 + 102))
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    return tmp_path


def opened(**parameters: str | list[str]) -> AppTest:
    return visited("inspect", **parameters)


def headings(app: AppTest) -> list[str]:
    """Return the headings of the page's parts."""
    return [heading.value for heading in app.main.subheader]


def cells(app: AppTest, heading: str) -> list[dict[str, object]]:
    """Return the rows of the table below a heading."""
    return app.main.dataframe[headings(app).index(heading)].value.to_dict("records")


def test_the_headline_counts_everything(logdir: Path) -> None:
    shown = {metric.label: metric.value for metric in opened().main.metric}
    assert shown == {"Runs": "2", "Files": "2", "Points": "6", "Size on disk": shown["Size on disk"], "Problems": "1"}


def test_problems_come_first_and_in_words(logdir: Path) -> None:
    app = opened()
    assert headings(app) == ["Problems", "By run and kind", "Sessions", "Files", "Tags of one run"]
    (problem,) = cells(app, "Problems")
    words = "Data checksum failed: 1 record skipped"
    assert (problem["run"], problem["words"], problem["file"]) == ("hurt", words, "…1.host")
    assert problem["skipped"] == len(ef.scalar(1, "loss", 1.0))


def test_without_problems_there_is_no_word_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ef.write(tmp_path / FILE, ef.version(), *ef.curve("loss", [1.0]))
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    app = opened()
    assert headings(app) == ["By run and kind", "Files", "Tags of one run"]
    assert app.main.metric[-1].value == "none"


def test_every_run_and_kind_has_a_row(logdir: Path) -> None:
    rows = cells(opened(), "By run and kind")
    assert [(row["run"], row["kind"], row["points"]) for row in rows] == [
        ("good_*run*", "Scalars", 3),
        ("hurt", "Scalars", 2),
        ("hurt", "Sessions", 1),
    ]


def test_the_tables_follow_the_selection_but_the_problems_do_not(logdir: Path) -> None:
    app = opened(only="good_*run*")
    assert {row["run"] for row in cells(app, "By run and kind")} == {"good_*run*"}
    assert len(cells(app, "Files")) == 1
    assert len(cells(app, "Problems")) == 1
    assert any("Only of the selected runs, 1 of 2," in caption.value for caption in app.main.caption)


def test_without_a_selected_run_one_sentence_stands_for_its_tables(logdir: Path) -> None:
    app = opened(only=[""])
    assert headings(app) == ["Problems", "Tags of one run"]
    assert any("No run is selected" in text.value for text in app.main.markdown)


def test_the_problems_of_the_run_that_was_asked_for_come_first(logdir: Path) -> None:
    assert [text.value for text in opened(run="hurt").main.text] == ["Those of the run hurt come first."]
    assert not opened().main.text


def test_a_file_has_numbers_of_its_own(logdir: Path) -> None:
    first, second = cells(opened(), "Files")
    assert (first["file"], first["tags"], first["points"], first["first_step"]) == ("…1.host", 2, 3, "0 – 1")
    assert (second["tags"], second["points"], second["first_step"], second["problems"]) == (2, 3, "0 – 2", 1)


def test_columns_that_say_nothing_are_left_out(logdir: Path) -> None:
    assert list(cells(opened(), "By run and kind")[0]) == [
        "run",
        "kind",
        "tags",
        "points",
        "first_step",
        "bytes",
        "first_wall_time",
    ]


def test_a_link_chooses_the_run_whose_tags_are_shown(logdir: Path) -> None:
    app = opened(run="hurt")
    assert app.selectbox("run").value == "hurt"
    assert [row["tag"] for row in cells(app, "Tags of one run")] == ["loss", "(sessions)"]


def test_another_run_can_be_chosen(logdir: Path) -> None:
    app = opened()
    assert [row["tag"] for row in cells(app, "Tags of one run")] == ["loss", "rate"]
    app.selectbox("run").set_value("hurt").run()
    assert [row["tag"] for row in cells(app, "Tags of one run")] == ["loss", "(sessions)"]


def test_the_tag_filter_narrows_the_tags(logdir: Path) -> None:
    app = opened(tags="RATE")
    assert [row["tag"] for row in cells(app, "Tags of one run")] == ["rate"]
    app = opened(tags="nothing")
    assert any("No tag of this run passes the tag filter" in text.value for text in app.main.markdown)


def test_steps_beyond_what_browsers_count_are_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ef.write(tmp_path / FILE, ef.version(), ef.scalar(2**60 + 1, "loss", 1.0, ef.T0))
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    assert cells(opened(), "By run and kind")[0]["first_step"] == f"{2**60 + 1:,}"


def test_a_run_without_values_is_said_to_have_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ef.write(tmp_path / FILE, ef.version())
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    words = [text.value for text in opened().main.markdown]
    assert "The selected runs hold no values yet." in words
    assert "No tags in this run." in words


def test_names_that_are_not_text_are_spelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ef.write(tmp_path / os.fsdecode(b"\xff") / FILE, ef.version(), *ef.curve("loss", [1.0]))
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    app = opened()
    assert cells(app, "By run and kind")[0]["run"] == "\\udcff"
    assert cells(app, "Files")[0]["run"] == "\\udcff"
