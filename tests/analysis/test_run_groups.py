"""Groups of runs, and what the curves of a group come to together."""

import math
import time
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tbcore.analysis.run_groups import BANDS, by_folder, by_hparam, by_pattern, drawn, together
from tbcore.errors import PatternError


@dataclass(frozen=True)
class Session:
    runs: tuple[str, ...]
    hparams: dict = field(default_factory=dict)


RUNS = ("lr0.1_seed1", "lr0.1_seed2", "lr0.01_seed1", "baseline", "LR0.1_seed3")


def members(groups) -> list[tuple[str, tuple[str, ...]]]:
    return [(group.name, group.runs) for group in groups.groups]


def test_runs_are_grouped_by_what_is_captured_of_their_names() -> None:
    found = by_pattern(RUNS, r"lr([\d.]+)_")
    assert members(found) == [("0.1", RUNS[:2]), ("0.01", RUNS[2:3])]
    assert found.others == ("baseline", "LR0.1_seed3")


def test_several_captures_make_a_group_together_and_named_ones_say_their_name() -> None:
    assert members(by_pattern(RUNS[:2], r"lr([\d.]+)_seed(\d)")) == [("0.1, 1", RUNS[:1]), ("0.1, 2", RUNS[1:2])]
    assert members(by_pattern(RUNS[:2], r"lr(?P<lr>[\d.]+)_")) == [("lr=0.1", RUNS[:2])]


def test_without_a_capture_all_that_match_are_one_group() -> None:
    found = by_pattern(RUNS, "seed")
    assert members(found) == [("seed", (*RUNS[:3], RUNS[4]))]
    assert found.others == ("baseline",)


def test_a_capture_that_takes_no_part_is_told_from_an_empty_one() -> None:
    assert [group.key for group in by_pattern(("a", "ab"), "a(b)?").groups] == [(None,), ("b",)]
    assert by_pattern(("a",), "a(b*)").groups[0].key == ("",)


def test_without_a_pattern_no_run_is_in_a_group() -> None:
    assert by_pattern(RUNS, "").others == RUNS


def test_a_wrong_pattern_says_where() -> None:
    with pytest.raises(PatternError, match="position 1"):
        by_pattern(RUNS, "(lr")


def test_runs_are_grouped_by_what_their_session_chose() -> None:
    sessions = [Session(("a", "a/eval"), {"lr": 0.1}), Session(("b",), {"lr": 0.01}), Session(("c",), {"lr": 0.1})]
    found = by_hparam(("a", "a/eval", "b", "c", "d"), sessions, "lr")
    assert members(found) == [("lr=0.01", ("b",)), ("lr=0.1", ("a", "a/eval", "c"))]
    assert found.others == ("d",)


def test_one_and_true_are_different_choices() -> None:
    sessions = [Session(("a",), {"x": 1.0}), Session(("b",), {"x": True}), Session(("c",), {"x": "1"})]
    assert sorted(runs for _name, runs in members(by_hparam("abc", sessions, "x"))) == [("a",), ("b",), ("c",)]


def test_runs_are_grouped_by_folder() -> None:
    runs = ("x/a/1", "x/a/2", "x/b/1", "y/1", "top", ".")
    assert members(by_folder(runs)) == [
        ("x/a", runs[:2]),
        ("x/b", runs[2:3]),
        ("y", ("y/1",)),
        (".", ("top", ".")),
    ]
    assert members(by_folder(runs, depth=1)) == [("x", runs[:3]), ("y", ("y/1",)), (".", ("top", "."))]


def test_curves_at_the_same_steps_come_to_their_mean_and_extremes() -> None:
    x = np.array([0, 1, 2])
    found = together([(x, np.array([1.0, 2.0, 3.0])), (x, np.array([3.0, 2.0, 7.0]))])
    assert found.x.tolist() == [0, 1, 2]
    assert found.middle.tolist() == [2, 2, 5]
    assert found.low.tolist() == [1, 2, 3]
    assert found.high.tolist() == [3, 2, 7]
    assert found.counts.tolist() == [2, 2, 2]
    assert found.interpolated == 0
    assert found.runs == 2


def test_a_run_counts_between_its_own_first_and_last_step_alone() -> None:
    found = together([(np.array([0, 4]), np.array([0.0, 4.0])), (np.array([2, 6]), np.array([10.0, 10.0]))])
    assert found.x.tolist() == [0, 2, 4, 6]
    assert found.counts.tolist() == [1, 2, 2, 1]
    assert found.middle.tolist() == [0, 6, 7, 10]
    assert found.interpolated == 2


@pytest.mark.parametrize("how", ["mean", "median"])
@pytest.mark.parametrize("band", list(BANDS))
@pytest.mark.parametrize("seconds", [False, True])
def test_what_curves_come_to_is_what_pandas_and_scipy_say(how: str, band: str, seconds: bool) -> None:
    random = np.random.default_rng(0)
    curves = []
    for _ in range(9):
        x = np.sort(random.choice(3_000, 700, replace=False))
        curves.append((x / 7 if seconds else x, random.normal(size=700)))
    found = together(curves, how, band)  # type: ignore[arg-type]
    index = np.unique(np.concatenate([x for x, _y in curves]))
    columns = [np.interp(index, x, y, left=math.nan, right=math.nan) for x, y in curves]
    table = pd.DataFrame(np.array(columns).T, index=index)
    np.testing.assert_array_equal(found.x, index)
    np.testing.assert_array_equal(found.counts, table.count(axis=1))
    np.testing.assert_allclose(found.middle, table.agg(how, axis=1), rtol=1e-9, atol=1e-12)
    mean, count = table.mean(axis=1), table.count(axis=1)
    reach = {"std": table.std(axis=1), "sem": table.sem(axis=1)}
    reach["ci95"] = table.sem(axis=1) * stats.t.ppf(0.975, count.clip(lower=2) - 1)
    low, high = (table.min(axis=1), table.max(axis=1)) if band == "minmax" else (mean - reach[band], mean + reach[band])
    np.testing.assert_allclose(found.low, low, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(found.high, high, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("band", ["std", "sem", "ci95"])
def test_a_single_run_has_no_deviation(band: str) -> None:
    found = together([(np.array([1, 2]), np.array([5.0, 6.0]))], "mean", band)  # type: ignore[arg-type]
    assert found.middle.tolist() == [5, 6]
    assert np.isnan(found.low).all()
    assert np.isnan(found.high).all()


def test_values_that_are_not_finite_do_not_count() -> None:
    x = np.array([0, 1, 2])
    found = together([(x, np.array([1.0, math.nan, 3.0])), (x, np.array([3.0, 2.0, math.inf]))], "median")
    assert found.middle.tolist() == [2, 2, 3]
    assert found.counts.tolist() == [2, 1, 1]
    assert found.strange == 2


def test_a_step_at_which_no_run_has_a_finite_value_has_no_middle() -> None:
    found = together([(np.array([0, 1]), np.array([1.0, math.nan]))])
    np.testing.assert_array_equal(found.middle, [1, math.nan])
    assert found.counts.tolist() == [1, 0]


def test_of_equal_steps_the_last_written_counts_and_order_does_not() -> None:
    found = together([(np.array([2, 0, 2]), np.array([9.0, 1.0, 3.0]))])
    assert found.x.tolist() == [0, 2]
    assert found.middle.tolist() == [1, 3]


@pytest.mark.parametrize("curves", [[], [(np.zeros(0, np.int64), np.zeros(0))]])
def test_nothing_comes_to_nothing(curves: list) -> None:
    found = together(curves)
    assert len(found.x) == len(found.middle) == 0
    assert found.runs == 0


def test_steps_too_large_for_a_float_keep_apart() -> None:
    large = 2**60
    found = together([(np.array([large, large + 1]), np.array([1.0, 2.0])), (np.array([large]), np.array([3.0]))])
    assert found.x.tolist() == [large, large + 1]
    assert found.middle.tolist() == [2, 2]


def test_what_is_drawn_of_a_group_keeps_the_extremes_of_line_and_band() -> None:
    random = np.random.default_rng(2)
    x = np.arange(50_000)
    values = random.normal(size=(5, 50_000))
    values[0, 12_345], values[1, 23_456] = 1e6, -1e6
    found = together([(x, y) for y in values], "median")
    kept = drawn(found, 200)
    assert {12_345, 23_456, int(found.middle.argmax()), int(found.middle.argmin())} <= set(kept.tolist())
    assert len(kept) <= 6 * 200 + 6


def test_a_hundred_runs_of_twenty_thousand_points_take_two_cores_less_than_a_second() -> None:
    random = np.random.default_rng(1)
    curves = []
    for _ in range(100):
        x = np.sort(random.choice(40_000, 20_000, replace=False))
        curves.append((x, random.normal(size=20_000).astype(np.float32)))
    together([(x[:10], y[:10]) for x, y in curves], "median", "ci95")
    best = math.inf
    for _ in range(3):
        began = time.process_time()
        together(curves, "median", "ci95")
        best = min(best, time.process_time() - began)
    assert best < 2
