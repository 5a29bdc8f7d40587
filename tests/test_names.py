"""Names: natural order, groups, patterns."""

import pytest

from tbcore.errors import PatternError
from tbcore.names import captured, grouped, matcher, natural, title_of


def test_numbers_in_names_count() -> None:
    assert sorted(["step10", "step9", "Step1", "a"], key=natural) == ["a", "Step1", "step9", "step10"]


def test_a_tag_belongs_to_what_stands_before_its_first_slash() -> None:
    assert grouped(["train/loss", "lr", "eval/a/b", "train/acc10", "train/acc9"]) == {
        "eval": ["eval/a/b"],
        "train": ["train/acc9", "train/acc10", "train/loss"],
        "": ["lr"],
    }


def test_a_tag_is_called_what_stands_after_its_first_slash() -> None:
    assert [title_of(tag) for tag in ("train/a/b", "lr", "x/", "/x")] == ["a/b", "lr", "x/", "x"]


def test_patterns_are_case_insensitive_and_unanchored_and_none_matches_all() -> None:
    assert matcher("LOSS")("train/loss")
    assert matcher(None)("anything")
    assert matcher("")("anything")
    assert not matcher("^loss")("train/loss")


def test_a_wrong_pattern_says_what_is_wrong_and_where() -> None:
    with pytest.raises(PatternError, match=r"'a\(b' is not a regular expression: .* at position 2"):
        matcher("a(b")


def test_digits_of_other_scripts_do_not_break_the_order() -> None:
    assert sorted(["x²", "x٣", "x1"], key=natural)[0] == "x1"


def test_tags_are_grouped_by_what_a_regex_captures() -> None:
    tags = ["layer10/w", "layer2/w", "layer2/b", "loss"]
    assert captured(tags, "(layer[0-9]+)") == {
        "layer2": ["layer2/b", "layer2/w"],
        "layer10": ["layer10/w"],
        "": ["loss"],
    }
    assert captured(tags, "layer|loss") == {"layer": ["layer2/b", "layer2/w", "layer10/w"], "loss": ["loss"]}
