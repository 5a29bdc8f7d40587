"""Colours and the spelling of numbers, durations, sizes and times."""

import re
import tomllib
from datetime import timedelta, timezone
from math import inf, nan
from pathlib import Path

import pytest

from tbcore.charts.theme import RUN_COLORS, color, duration, moment, number, size

CONFIG = Path(__file__).parents[2] / ".streamlit" / "config.toml"


def test_the_first_ten_runs_have_the_ten_hues() -> None:
    hues = "#4269d0 #efb118 #ff725c #6cc5b0 #3ca951 #ff8ab7 #a463f2 #97bbf5 #9c6b4e #9498a0"
    assert " ".join(color(index) for index in range(10)) == hues


def test_twenty_colours_differ_and_then_come_round_again() -> None:
    assert len(set(RUN_COLORS)) == 20
    assert all(re.fullmatch(r"#[0-9a-f]{6}", code) for code in RUN_COLORS)
    assert color(20) == color(0)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_other_charts_start_with_the_run_colours(mode: str) -> None:
    theme = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["theme"]
    assert theme[mode]["chartCategoricalColors"] == list(RUN_COLORS)
    assert [len(theme[mode][name]) for name in ("chartSequentialColors", "chartDivergingColors")] == [10, 10]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (1, "1"),
        (0.1, "0.1"),
        (0.123456, "0.1235"),
        (-2.5, "-2.5"),
        (9999, "9999"),
        (9999.4, "9999"),
        (9999.5, "10k"),
        (12_300, "12.3k"),
        (12_345, "12.35k"),
        (-12_300, "-12.3k"),
        (999_950, "1M"),
        (1_200_000, "1.2M"),
        (15_000_000, "15M"),
        (3_000_000_000, "3G"),
        (1.5e12, "1.5T"),
        (2**40, "1.1T"),
        (1e15, "1e15"),
        (-1.23456e18, "-1.235e18"),
        (0.0001, "0.0001"),
        (0.00001, "1e-5"),
        (3.14159e-7, "3.142e-7"),
        (5e-324, "4.941e-324"),
        (nan, "NaN"),
        (inf, "Infinity"),
        (-inf, "-Infinity"),
    ],
)
def test_a_number_has_at_most_four_significant_digits(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.0000125, "12.5µs"),
        (0.25, "250ms"),
        (1, "1s"),
        (12.34, "12.3s"),
        (59.94, "59.9s"),
        (59.96, "1m 00s"),
        (185, "3m 05s"),
        (3599.5, "1h 00m"),
        (3780, "1h 03m"),
        (86_399, "1d 00h"),
        (187_200, "2d 04h"),
        (-185, "-3m 05s"),
        (nan, "NaN"),
        (inf, "Infinity"),
    ],
)
def test_a_duration_has_its_two_largest_parts(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1 kB"),
        (1_234, "1.2 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1 MB"),
        (1_234_567, "1.2 MB"),
        (783_000_000, "783 MB"),
        (2_000_000_000, "2 GB"),
        (10**19, "10000 PB"),
    ],
)
def test_a_size_is_in_decimal_units(count: float, text: str) -> None:
    assert size(count) == text


def test_a_moment_is_in_universal_time_unless_a_zone_is_given() -> None:
    assert moment(1_795_202_043.9) == "2026-11-20 19:14:03"
    assert moment(1_795_202_043.9, timezone(timedelta(hours=1))) == "2026-11-20 20:14:03"


@pytest.mark.parametrize(("wall_time", "text"), [(nan, "NaN"), (inf, "Infinity"), (1e18, "1e18"), (-1e18, "-1e18")])
def test_what_is_no_date_is_spelled_as_a_number(wall_time: float, text: str) -> None:
    assert moment(wall_time) == text
