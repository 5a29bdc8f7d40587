"""What matters: planted effects are found, chance is called chance, and what cannot be told is said."""

import math
import time

import numpy as np
import pytest

from tbcore.analysis.importance import importance, is_log, partial_dependence, table
from tbcore.analysis.sheets import Cells, Column, Sheet

NAN = math.nan
LOSS = "m:last:loss"


def sheet(y, **columns):
    """Return a sheet with hyperparameters hp:NAME of numbers (NaN is missing), booleans or text ("" is missing)."""
    made, cells = [], {}
    for name, values in columns.items():
        array = np.asarray(values)
        kind = "bool" if array.dtype == np.bool_ else "number" if array.dtype.kind in "if" else "text"
        missing = np.array([value == "" for value in values]) if kind == "text" else np.isnan(array.astype(float))
        made.append(Column(f"hp:{name}", name, "hparam", kind))
        cells[f"hp:{name}"] = Cells(array.astype(object if kind == "text" else float), missing)
    made.append(Column(LOSS, "loss", "metric", better="low"))
    y = np.asarray([NAN if value is None else value for value in y], float)
    cells[LOSS] = Cells(y, np.zeros(len(y), bool))
    names = tuple(f"r{row}" for row in range(len(y)))
    return Sheet(names, tuple(made), cells, tuple((name,) for name in names))


def keys(found):
    """Return the keys of a sheet's hyperparameters."""
    return [column.key for column in found.of("hparam")]


def sweep(count, seed, noise=0.3, more=0):
    """Return a random sweep of ten hyperparameters, two of which matter: the learning rate and the optimizer."""
    rng = np.random.default_rng(seed)
    rate, optimizer = 10 ** rng.uniform(-5, -1, count), rng.choice(["sgd", "adam", "rmsprop"], count)
    effect = np.where(optimizer == "sgd", 0.8, np.where(optimizer == "adam", 0.0, 0.3))
    return sheet(
        (np.log10(rate) + 3) ** 2 / 4 + effect + noise * rng.normal(size=count),
        batch=rng.choice([16, 32, 64, 128], count),
        decay=10 ** rng.uniform(-6, -2, count),
        dropout=rng.uniform(0, 0.5, count),
        lr=rate,
        width=rng.choice([32, 64, 128, 256], count),
        layers=rng.integers(1, 6, count),
        norm=rng.random(count) < 0.5,
        activation=rng.choice(["relu", "gelu", "tanh"], count),
        schedule=rng.choice(["cosine", "linear", "none", "step"], count),
        optimizer=optimizer,
        **{f"more{number}": rng.normal(size=count) for number in range(more)},
    )


# Planted effects -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_the_two_that_matter_of_ten_come_first_with_sixty_runs(seed):
    runs = sweep(60, seed)
    found = importance(runs, LOSS, keys(runs))
    assert {row.key for row in found.rows[:2]} == {"hp:lr", "hp:optimizer"}


def test_a_thousand_runs_of_thirty_hyperparameters_take_three_seconds():
    runs = sweep(1000, 0, more=20)
    begun = time.perf_counter()
    found = importance(runs, LOSS, keys(runs))
    seconds = time.perf_counter() - begun
    assert {row.key for row in found.rows if row.matters} >= {"hp:lr", "hp:optimizer"}
    assert sum(row.matters for row in found.rows) <= 5
    assert found.rows[0].low > 0.1
    assert (found.trust, len(found.rows)) == ("fair", 30)
    # Twice the bar, for machines that are busy.
    assert seconds < 6


def test_two_hundred_hyperparameters_of_sixty_runs_are_no_trouble():
    rng = np.random.default_rng(0)
    columns = {f"x{number}": rng.normal(size=60) for number in range(200)}
    runs = sheet(columns["x7"] + 0.1 * rng.normal(size=60), **columns)
    found = importance(runs, LOSS, keys(runs))
    assert found.rows[0].key == "hp:x7"
    assert "200 hyperparameters for 60 settings: some will seem to matter by chance" in found.notes


def test_pure_chance_is_called_chance():
    rng = np.random.default_rng(3)
    runs = sheet(rng.normal(size=60), **{f"x{number}": rng.normal(size=60) for number in range(8)})
    found = importance(runs, LOSS, keys(runs))
    assert found.score < 0.1
    assert any(note.startswith("the forest explains little (R² = ") for note in found.notes)
    assert sum(row.matters for row in found.rows) <= 1


def test_the_same_seed_gives_the_same_numbers():
    runs = sweep(30, 1)
    assert importance(runs, LOSS, keys(runs), seed=4) == importance(runs, LOSS, keys(runs), seed=4)
    assert importance(runs, LOSS, keys(runs), seed=4).rows != importance(runs, LOSS, keys(runs), seed=5).rows


def test_shares_are_of_all_that_is_lost_and_intervals_hold_their_mean():
    runs = sweep(60, 0)
    found = importance(runs, LOSS, keys(runs))
    assert sum(row.share for row in found.rows) == pytest.approx(1)
    assert all(row.low <= row.importance <= row.high and row.share >= 0 for row in found.rows)


# Columns -------------------------------------------------------------------------------------------------------------


def test_whether_a_value_is_there_can_matter():
    rng = np.random.default_rng(0)
    there = rng.random(60) < 0.5
    momentum = np.where(there, rng.choice([0.5, 0.9], 60), NAN)
    runs = sheet(there + 0.1 * rng.normal(size=60), momentum=momentum, other=rng.normal(size=60))
    found = importance(runs, LOSS, keys(runs))
    assert (found.rows[0].key, found.rows[0].matters, found.rows[0].n) == ("hp:momentum", True, int(there.sum()))


def test_a_category_is_shuffled_as_one():
    rng = np.random.default_rng(0)
    kind = rng.choice(["a", "b", "c", "d", ""], 80)
    runs = sheet((kind == "") * 2.0 + (kind == "a") + 0.1 * rng.normal(size=80), kind=kind, other=rng.normal(size=80))
    found = importance(runs, LOSS, keys(runs))
    assert [row.key for row in found.rows] == ["hp:kind", "hp:other"]
    assert found.rows[0].importance > 0.8


def test_columns_that_cannot_explain_anything_are_left_out_with_the_reason():
    runs = sheet(
        range(12), lr=np.linspace(0, 1, 12), name=[f"run{row}" for row in range(12)], one=[1.0] * 12, none=[NAN] * 12
    )
    found = importance(runs, LOSS, keys(runs))
    assert found.left_out == (
        ("hp:name", "a different text in every row"),
        ("hp:one", "the same in every row"),
        ("hp:none", "no row has it"),
    )
    assert "name is left out: a different text in every row" in found.notes
    assert [row.key for row in found.rows] == ["hp:lr"]


def test_of_a_category_with_many_values_the_rare_ones_are_taken_together():
    rng = np.random.default_rng(0)
    runs = sheet(rng.normal(size=90), kind=[f"k{row % 30}" for row in range(90)], x=rng.normal(size=90))
    assert "6 of the 30 values of kind are taken together" in importance(runs, LOSS, keys(runs)).notes


def test_infinite_and_huge_hyperparameters_are_no_trouble():
    runs = sheet(
        range(10), x=[1e300, -1e300, math.inf, -math.inf, 0, 1, 2, 3, 4, NAN], tiny=[1e-320 * n for n in range(10)]
    )
    found = importance(runs, LOSS, keys(runs))
    assert [row.n for row in sorted(found.rows, key=lambda row: row.key)] == [10, 9]
    assert all(math.isfinite(row.importance) for row in found.rows)


def test_a_column_that_is_not_there_is_an_error():
    with pytest.raises(KeyError, match="hp:nothing"):
        importance(sheet(range(9)), LOSS, ["hp:nothing"])


# The metric ----------------------------------------------------------------------------------------------------------


def test_rows_without_a_finite_metric_are_left_out_and_counted():
    y = [math.inf, NAN, *range(10)]
    runs = sheet(y, x=np.arange(12.0))
    runs.cells[LOSS].missing[11] = True
    found = importance(runs, LOSS, keys(runs))
    assert found.n == 9
    assert "1 row without a value of loss is left out" in found.notes
    assert any(note.startswith("2 rows in which loss is not finite are left out") for note in found.notes)


def test_a_metric_that_spans_many_decades_is_explained_by_its_ranks():
    x = np.linspace(0, 1, 40)
    runs = sheet(10 ** (12 * x), x=x, other=np.random.default_rng(0).normal(size=40))
    found = importance(runs, LOSS, keys(runs))
    assert found.ranked
    assert found.score > 0.8
    assert any(
        note.startswith("loss is spread unevenly from 1 to 1e+12: its ranks are explained") for note in found.notes
    )


def test_a_few_diverged_runs_do_not_decide_alone():
    x = np.linspace(0, 1, 60)
    y = -x.copy()
    y[::31] = 1e6
    found = importance(sheet(y, x=x), LOSS, ["hp:x"])
    assert (found.ranked, found.rows[0].matters) == (True, True)


def test_huge_metrics_are_no_trouble():
    x = np.linspace(1, 2, 40)
    found = importance(sheet(1e308 * (x - 1.5), x=x), LOSS, ["hp:x"])
    assert found.rows[0].importance > 0.5


def test_metrics_at_both_ends_of_what_floats_hold_are_no_trouble():
    x = np.arange(40.0) % 2
    found = importance(sheet(1.7e308 * (2 * x - 1), x=x), LOSS, ["hp:x"])
    assert found.rows[0].matters
    assert importance(sheet(np.where(x > 0, 1.7e308, 1e-308), x=x), LOSS, ["hp:x"]).ranked


def test_a_metric_that_never_differs_leaves_nothing_to_explain():
    found = importance(sheet([1.0] * 20, x=np.arange(20.0)), LOSS, ["hp:x"])
    assert found.notes[-1] == "loss is the same in every row: there is nothing to explain"
    assert (found.trust, math.isnan(found.rows[0].importance), found.rows[0].matters) == ("none", True, False)


# How many rows -------------------------------------------------------------------------------------------------------


def test_two_runs_tell_nothing():
    found = importance(sheet([1.0, 2.0], lr=[0.1, 0.2]), LOSS, ["hp:lr"])
    assert found.notes == ("2 rows with a value of loss: cannot tell what matters",)
    assert (found.trust, found.trees, math.isnan(found.rows[0].importance)) == ("none", 0, True)


def test_no_rows_tell_nothing():
    found = importance(sheet([NAN, NAN], lr=[0.1, 0.2]), LOSS, ["hp:lr"])
    assert (found.n, found.rows, found.trust, found.left_out) == (0, (), "none", ())
    assert importance(sheet([]), LOSS, []).rows == ()


@pytest.mark.parametrize(
    ("count", "trust", "note"),
    [
        (8, "none", "8 rows: cannot tell what matters; this is little more than chance"),
        (12, "hint", "12 rows: treat as a hint"),
        (40, "fair", None),
    ],
)
def test_how_much_to_believe_depends_on_the_number_of_rows(count, trust, note):
    x = np.arange(float(count))
    found = importance(sheet(x, x=x, other=x % 3), LOSS, ["hp:x", "hp:other"])
    assert found.trust == trust
    assert math.isfinite(found.rows[0].importance)
    assert note is None or found.notes[0] == note


def test_rows_that_differ_only_in_their_seed_are_one_setting():
    rate, seed = np.repeat(np.arange(12.0), 3), np.tile(np.arange(3.0), 12)
    found = importance(sheet(rate + 0.1 * seed, lr=rate, seed=seed), LOSS, ["hp:lr", "hp:seed"])
    assert (found.n, found.settings, found.trust) == (36, 12, "hint")
    assert found.notes[0] == "36 rows, 12 settings: treat as a hint"
    assert found.rows[0].key == "hp:lr"


# Moving together -----------------------------------------------------------------------------------------------------


def test_hyperparameters_that_move_together_are_named():
    rng = np.random.default_rng(0)
    x, kind = rng.normal(size=60), rng.choice(["a", "b"], 60)
    runs = sheet(
        x + (kind == "a"), x=x, twin=-x + 0.01 * rng.normal(size=60), kind=kind,
        same=np.where(kind == "a", "yes", "no"), off=kind == "b", alone=rng.normal(size=60),
    )  # fmt: skip
    found = importance(runs, LOSS, keys(runs))
    assert {frozenset(pair[:2]) for pair in found.twins} == {
        frozenset(("hp:x", "hp:twin")),
        frozenset(("hp:kind", "hp:same")),
        frozenset(("hp:kind", "hp:off")),
        frozenset(("hp:same", "hp:off")),
    }
    assert sum(" together" in note for note in found.notes) == 4
    assert "1 more pair of hyperparameters moves together" in found.notes
    assert any("their shares cannot be told apart" in note for note in found.notes)


def test_numbers_that_move_together_where_both_are_there_are_named():
    x = np.arange(40.0)
    found = importance(sheet(x, x=x, half=np.where(x < 20, x**2, NAN)), LOSS, ["hp:x", "hp:half"])
    assert found.twins == (("hp:x", "hp:half", pytest.approx(1.0)),)


# Correlation ---------------------------------------------------------------------------------------------------------


def test_the_rank_correlation_has_a_sign_and_an_interval():
    found = importance(sheet([9, 8, 7, 6, 5, 4, 2, 3], lr=np.arange(8.0)), LOSS, ["hp:lr"])
    (row,) = found.rows
    assert (row.how, row.n) == ("rank", 8)
    assert row.correlation == pytest.approx(1 / 42 - 1)
    assert -1 < row.correlation_low < row.correlation < row.correlation_high < 0


def test_booleans_have_a_rank_correlation_and_categories_a_ratio_without_a_sign():
    y = [0, 1, 0, 1, 0, 1, 0, 1, 0, 1]
    runs = sheet(y, on=np.array(y) == 0, kind=["b" if value else "a" for value in y])
    found = {row.key: row for row in importance(runs, LOSS, keys(runs)).rows}
    assert (found["hp:on"].correlation, found["hp:on"].how) == (pytest.approx(-1), "rank")
    assert (found["hp:kind"].correlation, found["hp:kind"].how) == (pytest.approx(1), "ratio")
    assert math.isnan(found["hp:kind"].correlation_low)


def test_categories_by_chance_have_a_ratio_near_nothing():
    rng = np.random.default_rng(0)
    runs = sheet(rng.normal(size=100), kind=rng.choice(list("abcdefghij"), 100))
    assert importance(runs, LOSS, ["hp:kind"]).rows[0].correlation < 0.25


# On the way ----------------------------------------------------------------------------------------------------------


def test_progress_grows_and_says_what_is_done():
    runs = sweep(30, 0)
    told = []
    importance(runs, LOSS, keys(runs), progress=lambda share, words: told.append((share, words)))
    assert told[0] == (0.0, "tree 1 of 400")
    assert [share for share, _words in told] == sorted(share for share, _words in told)
    assert 0.99 < told[-1][0] < 1


def test_when_it_is_stopped_what_was_found_until_then_is_returned():
    runs = sweep(60, 0)
    asked = iter(range(10_000))
    found = importance(runs, LOSS, keys(runs), stop=lambda: next(asked) >= 50)
    assert (found.trees, found.notes[0]) == (50, "stopped after 50 of 400 trees")
    assert math.isfinite(found.rows[0].importance)
    nothing = importance(runs, LOSS, keys(runs), stop=lambda: True)
    assert (nothing.trees, nothing.rows[0].matters) == (0, False)


def test_the_table_has_a_row_per_hyperparameter():
    runs = sweep(30, 0)
    found = importance(runs, LOSS, keys(runs))
    frame = table(found)
    assert frame["key"].tolist() == [row.key for row in found.rows]
    assert frame.columns.tolist()[:4] == ["key", "title", "importance", "low"]
    assert len(table(importance(sheet([]), LOSS, []))) == 0


def test_an_axis_is_logarithmic_when_its_numbers_are_positive_and_span_more_than_two_decades():
    assert is_log(np.array([1e-4, 1e-1, NAN]))
    assert not is_log(np.array([1.0, 100.0]))
    assert not is_log(np.array([0.0, 1e-5, 1]))
    assert not is_log(np.array([5.0]))


# Along one hyperparameter --------------------------------------------------------------------------------------------


def test_partial_dependence_finds_a_planted_curve():
    runs = sweep(300, 0)
    found = partial_dependence(runs, LOSS, "hp:lr")
    assert (len(found.grid), found.log, found.counts.sum(), found.numbers) == (20, True, 300, True)
    assert 1e-4 < found.grid[found.mean.argmin()] < 1e-2
    truth = (np.log10(found.grid) + 3) ** 2 / 4 + 0.37
    assert np.abs(found.mean - truth).max() < 0.35
    assert ((found.low <= found.mean) & (found.mean <= found.high)).all()


def test_partial_dependence_of_a_category_has_a_value_each():
    found = partial_dependence(sweep(200, 0), LOSS, "hp:optimizer")
    assert found.labels == ("adam", "rmsprop", "sgd")
    assert found.grid.tolist() == [0, 1, 2]
    assert not found.numbers
    assert found.mean[0] < found.mean[1] < found.mean[2]


def test_partial_dependence_of_a_boolean_or_of_few_numbers_has_each_of_them():
    runs = sweep(100, 0)
    assert partial_dependence(runs, LOSS, "hp:norm").labels == ("false", "true")
    assert partial_dependence(runs, LOSS, "hp:batch").labels == ("16", "32", "64", "128")


def test_partial_dependence_asks_for_missing_values_too():
    x = np.where(np.arange(40) % 2 == 0, np.arange(40.0) % 4, NAN)
    found = partial_dependence(sheet(np.isnan(x) * 3.0, x=x), LOSS, "hp:x")
    assert found.labels == ("0", "2", "missing")
    assert found.mean.round(1).tolist() == [0, 0, 3]
    assert math.isnan(found.grid[2])
    assert found.counts.tolist() == [10, 10, 20]


def test_partial_dependence_is_in_the_units_of_the_metric_also_when_ranks_were_explained():
    x = np.linspace(0, 1, 60)
    found = partial_dependence(sheet(10 ** (12 * x), x=x), LOSS, "hp:x")
    assert found.mean[-1] > 1e10
    assert found.mean[0] < 1e2
    assert found.notes[0].startswith("loss is spread unevenly")


def test_where_partial_dependence_cannot_be_told_it_says_why():
    few = partial_dependence(sheet([1.0, 2.0], lr=[0.1, 0.2]), LOSS, "hp:lr")
    assert (len(few.grid), few.notes[0]) == (0, "2 rows with a value of loss: cannot tell")
    same = partial_dependence(sheet(range(9), lr=[0.1] * 9), LOSS, "hp:lr")
    assert (len(same.mean), same.notes[0]) == (0, "lr: the same in every row")
