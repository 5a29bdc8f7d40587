"""Names of files and the index that lists them: every system takes them, and nothing leads out of the folder."""

import pytest

from tbcore.analysis.items import FileNames, Item, index_row


def item(run="r", tag="t", step=1, sample=0, ending=".png", **more):
    """Return an item."""
    return Item(run, tag, step, 2.5, sample, ending, b"abc", **more)


def test_a_file_lies_in_the_folder_of_its_run_and_tag():
    names = FileNames()
    assert names.name(item("a/b", "x/image", 10)) == "a/b/x/image/10.png"
    assert names.name(item("a/b", "x/image", 10, sample=2)) == "a/b/x/image/10-2.png"


def test_several_values_of_one_step_have_names_of_their_own():
    names = FileNames()
    assert [names.name(item()) for _ in range(3)] == ["r/t/1.png", "r/t/1~2.png", "r/t/1~3.png"]


@pytest.mark.parametrize(
    ("run", "folder"),
    [
        ("..", "_"),
        (".", "_"),
        ("../../etc", "_/_/etc"),
        ("/etc", "etc"),
        ("a\\b:c*?", "a_b_c__"),
        ("1.png", "1.png_"),
        ("0.001", "0.001"),
        ("nul", "_nul"),
        ("COM1.txt", "_COM1.txt"),
        ("ends.", "ends"),
        ("日本", "日本"),
        ("", "t"),
        ("a\x00\n", "a__"),
    ],
)
def test_a_name_leads_nowhere_else_and_is_one_that_systems_take(run, folder):
    expected = f"{folder}/1.png" if run == "" else f"{folder}/t/1.png"
    assert FileNames().name(item(run)) == expected


def test_names_that_become_alike_are_kept_apart():
    names = FileNames()
    found = [names.name(item(tag=tag)) for tag in ("a:b", "a*b", "A_B", "a:b")]
    assert found == ["r/a_b/1.png", "r/a_b~2/1.png", "r/A_B~3/1.png", "r/a_b/1~2.png"]


def test_a_long_name_is_cut_and_told_apart():
    names = FileNames()
    one, two = (names.name(item(tag="x" * 300 + end)) for end in "ab")
    assert one != two
    assert max(len(part) for part in one.split("/")) == 80


def test_the_index_tells_the_checksum_and_what_the_item_says_of_itself():
    row = index_row(item(about={"width": 3}), "r/t/1.png")
    assert row == {
        "run": "r",
        "tag": "t",
        "step": 1,
        "wall_time": 2.5,
        "sample": 0,
        "file": "r/t/1.png",
        "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "width": 3,
    }


def test_the_index_says_why_there_is_no_file():
    row = index_row(item(error="it is damaged"), "")
    assert row["error"] == "it is damaged"
    assert "file" not in row
