"""Layouts as a person builds them: what each edit gives, and what tags suggest."""

import pytest

from tbcore.analysis.custom_scalars import Category, Chart, Layout, Margin, Margins, Multiline, matched
from tbcore.analysis.custom_scalars_edits import Place, added, exactly, moved, part, proposed, put, removed

A, B, C = (Chart(name, Multiline((name,))) for name in "abc")
LAYOUT = Layout((Category("one", (A, B)), Category("two", (C,)), Category("empty")))


def charts(layout: Layout) -> list[list[str]]:
    return [[chart.title for chart in category.charts] for category in layout.categories]


def test_a_place_is_that_of_a_category_or_of_a_chart_in_it() -> None:
    assert part(LAYOUT, (0, 1)) == B
    assert part(LAYOUT, (1,)) == LAYOUT.categories[1]
    for nowhere in ((), (3,), (-1,), (0, 2), (0, -1), (3, 0)):
        assert part(LAYOUT, nowhere) is None


def test_a_part_is_put_added_and_removed_where_it_is_and_nowhere_else() -> None:
    assert put(LAYOUT, (0, 0), C).categories == (Category("one", (C, B)), *LAYOUT.categories[1:])
    assert put(LAYOUT, (2,), Category("x", (), True)).categories[2] == Category("x", (), True)
    assert charts(added(LAYOUT, (2, 0), A)) == [["a", "b"], ["c"], ["a"]]
    assert charts(added(LAYOUT, (0,), Category("new"))) == [[], ["a", "b"], ["c"], []]
    assert charts(removed(LAYOUT, (0, 0))) == [["b"], ["c"], []]
    assert charts(removed(LAYOUT, (0,))) == [["c"], []]
    assert removed(LAYOUT, (0, 7)) == LAYOUT
    with pytest.raises(IndexError):
        put(LAYOUT, (0, 7), C)


@pytest.mark.parametrize(
    ("place", "by", "to", "then"),
    [
        ((0, 0), 1, (0, 1), [["b", "a"], ["c"], []]),
        ((0, 1), -1, (0, 0), [["b", "a"], ["c"], []]),
        ((0, 1), 1, (1, 0), [["a"], ["b", "c"], []]),
        ((1, 0), -1, (0, 2), [["a", "b", "c"], [], []]),
        ((1, 0), 1, (2, 0), [["a", "b"], [], ["c"]]),
        ((0, 0), -1, (0, 0), [["a", "b"], ["c"], []]),
        ((0,), 1, (1,), [["c"], ["a", "b"], []]),
        ((2,), 1, (2,), [["a", "b"], ["c"], []]),
        ((9,), 1, (9,), [["a", "b"], ["c"], []]),
    ],
)
def test_a_chart_moves_on_into_the_next_category_and_stays_at_the_end(
    place: Place, by: int, to: Place, then: list[list[str]]
) -> None:
    layout, found = moved(LAYOUT, place, by)
    assert (found, charts(layout)) == (to, then)


@pytest.mark.parametrize("tag", ["loss", "a.b/c (d)", "x[0]+y|z", "große Zahl/1", "a-b_c d", "^$\\{}*?", "a\nb"])
def test_the_expression_of_one_tag_matches_it_and_no_longer_one(tag: str) -> None:
    chart = Chart("", Multiline((exactly(tag),)))
    assert matched(chart, [tag, f"{tag}2", f"x{tag}"]).tags == (tag,)


def test_what_several_groups_call_the_same_is_proposed_together() -> None:
    layout = proposed(["train/loss", "eval/loss", "eval.b/loss", "eval/solo", "alone"])
    (compared,) = [one for one in layout.categories if one.title == "Compared"]
    assert compared.charts == (Chart("loss", Multiline(("(eval\\.b|eval|train)/loss$",))),)
    assert set(matched(compared.charts[0], ["train/loss", "eval.b/loss", "evalxb/loss"]).tags) == {
        "train/loss",
        "eval.b/loss",
    }


def test_a_mean_between_a_least_and_a_greatest_value_is_proposed_as_a_band() -> None:
    layout = proposed(
        ["r/mean", "r/min", "r/max", "q_p50", "q_p5", "q_p95", "mean", "x/mean", "x/min", "acc", "acc_low", "acc_high"]
    )
    (bands,) = [one for one in layout.categories if one.title == "Bands"]
    assert bands.charts == (
        Chart("acc", Margins((Margin("acc", "acc_low", "acc_high"),))),
        Chart("q", Margins((Margin("q_p50", "q_p5", "q_p95"),))),
        Chart("r", Margins((Margin("r/mean", "r/min", "r/max"),))),
    )


def test_a_group_is_proposed_unless_it_is_one_tag_or_too_many() -> None:
    layout = proposed([*(f"many/{n}" for n in range(50)), "solo/x", "few/a", "few/b", "ungrouped", "other"])
    assert layout.categories == (Category("Groups", (Chart("few", Multiline(("few/",))),), closed=True),)
    assert proposed([]) == Layout()
