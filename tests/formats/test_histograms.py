"""Histograms in bulk: bit for bit what decoding one by one gives, whichever way they are written."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tbcore.errors import FormatError
from tbcore.formats import histograms
from tests import eventfile as ef
from tests.formats.fuzz import mutated

BIG = 1.7976931348623157e308
PLUGIN = ef.metadata("histograms", b"\x08\x00")
ROWS = [0.0, 1.0, 4.0, 1.0, 2.5, 3.0]


def packed(values: list[bytes]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the bytes of values with others between them, where each begins, and how long each is."""
    data, starts = b"\x00\x01\x02", []
    for value in values:
        starts.append(len(data))
        data += value + b"\xff\xfe"
    return np.frombuffer(data, np.uint8), np.array(starts, np.int64), np.array([len(value) for value in values])


def read(values: list[bytes], form: str, plugin: str = "") -> histograms.Columns:
    return histograms.columns(*packed(values), form, plugin)


def buckets(found: histograms.Columns, value: int) -> list[list[float]]:
    place = slice(found.starts[value], found.starts[value + 1])
    return np.column_stack((found.lefts[place], found.rights[place], found.counts[place])).tolist()


def assert_as_one_by_one(values: list[bytes], form: str) -> None:
    """Assert that the columns hold, to the bit, what each value decodes to by itself."""
    found = read(values, form)
    problems = dict(found.problems)
    for i, value in enumerate(values):
        place = slice(found.starts[i], found.starts[i + 1])
        ours = np.column_stack((found.lefts[place], found.rights[place], found.counts[place]))
        expected, moments, reason = np.zeros((0, 3)), np.full(5, np.nan), None
        try:
            expected, moments = histograms.one(value, form)
        except FormatError as error:
            reason = str(error)
        assert problems.pop(i, None) == reason
        assert ours.tobytes() == expected.tobytes(), value
        assert found.moments[i].tobytes() == moments.tobytes(), value
    assert problems == {}


# Ways of writing -----------------------------------------------------------------------------------------------------


def test_legacy_histograms_become_buckets_without_the_empty_ones_at_both_ends() -> None:
    first = ef.histo("w", [-1.0, 0.0, 1.0, 2.0, BIG], [0.0, 3.0, 0.0, 4.0, 0.0], -0.5, 1.5, totals=(7.0, 2.0, 8.0))
    found = read([first, ef.histo("w", [5.0], [9.0], 5.0, 5.0, totals=(9.0, 45.0, 225.0))], "histo")
    assert buckets(found, 0) == [[-0.5, 0.0, 3.0], [0.0, 1.0, 0.0], [1.0, 1.5, 4.0]]
    assert buckets(found, 1) == [[5.0, 5.0, 9.0]]
    assert found.moments.tolist() == [[-0.5, 1.5, 7.0, 2.0, 8.0], [5.0, 5.0, 9.0, 45.0, 225.0]]
    assert found.problems == ()


def test_tensors_of_doubles_become_buckets_and_say_nothing_beside_them() -> None:
    found = read([ef.tensor("w", "double", ROWS, (2, 3), PLUGIN), ef.tensor("w", "double", [], (0, 3))], "tensor")
    assert buckets(found, 0) == [[0.0, 1.0, 4.0], [1.0, 2.5, 3.0]]
    assert found.starts.tolist() == [0, 2, 2]
    assert np.isnan(found.moments).all()


@pytest.mark.parametrize("dtype", ["float", "int32", "int64", "half"])
def test_tensors_of_other_numbers_are_widened(dtype: str) -> None:
    found = read([ef.tensor("w", dtype, [0, 1, 4], (1, 3))], "tensor")
    assert buckets(found, 0) == [[0.0, 1.0, 4.0]]


def test_typed_lists_and_lists_that_are_not_packed_are_read() -> None:
    spread = b"".join(ef.double(6, limit) for limit in (1.0, 2.0)) + b"".join(ef.double(7, n) for n in (3.0, 4.0))
    legacy = ef.field(1, "w") + ef.field(5, ef.double(1, 0.5) + ef.double(2, 1.5) + spread)
    assert buckets(read([legacy], "histo"), 0) == [[0.5, 1.0, 3.0], [1.0, 1.5, 4.0]]
    listed = ef.tensor("w", "double", ROWS, (2, 3), listed=True)
    assert buckets(read([listed], "tensor"), 0) == [[0.0, 1.0, 4.0], [1.0, 2.5, 3.0]]


@pytest.mark.parametrize(
    ("value", "form", "reason"),
    [
        (ef.tensor("w", "double", [1.0, 2.0], (1, 2)), "tensor", "but this one is [1, 2]"),
        (ef.tensor("w", "double", [1.0, 2.0, 3.0]), "tensor", "but this one is [3]"),
        (ef.tensor("w", "double", [1.0], ()), "tensor", "but this one is []"),
        (ef.tensor("w", "string", [b"a", b"b", b"c"], (1, 3)), "tensor", "but this one is of strings"),
        (ef.tensor("w", "bool", [1, 0, 1], (1, 3)), "tensor", "but this one is of type bool"),
        (ef.tensor("w", "double", [1.0, 2.0, 3.0], (2, 3)), "tensor", "holds 3 values instead of 6"),
        (ef.nothing("w"), "none", "but this one is [0]"),
        (ef.histo("w", [], [1.0, 1.0], 0.0, 1.0), "histo", "2 buckets has only 0 limits"),
        (ef.simple("w", 1.0), "histo", "does not hold its histo"),
        (ef.field(1, "w") + b"\x2a\x7f", "histo", ""),
    ],
)
def test_what_is_no_histogram_is_a_problem_and_the_others_are_read(value: bytes, form: str, reason: str) -> None:
    good = ef.histo("w", [1.0], [2.0], 0.0, 1.0) if form == "histo" else ef.tensor("w", "double", ROWS, (2, 3))
    found = read([good, value, good], form)
    ((which, why),) = [problem for problem in found.problems if problem[0] == 1]
    assert which == 1
    assert reason in why
    if form != "none":
        assert len(found.problems) == 1
        assert buckets(found, 1) == []
        assert buckets(found, 0) == buckets(found, 2) != []


def test_metadata_that_cannot_be_read_is_a_problem_of_its_value_alone() -> None:
    broken = ef.field(9, b"\x0a\x7f")
    values = [
        ef.tensor("w", "double", ROWS, (2, 3), extra) for extra in (PLUGIN, broken, PLUGIN, b"", ef.metadata("x"))
    ]
    found = read(values, "tensor")
    assert [which for which, _why in found.problems] == [1]
    assert np.diff(found.starts).tolist() == [2, 0, 2, 2, 2]
    first = read([values[1], values[0]], "tensor")
    assert [which for which, _why in first.problems] == [0]
    assert np.diff(first.starts).tolist() == [0, 2]


def test_nothing_becomes_nothing() -> None:
    found = read([], "histo")
    assert found.starts.tolist() == [0]
    assert found.moments.shape == (0, 5)


def test_places_outside_of_the_bytes_raise() -> None:
    data = np.zeros(8, np.uint8)
    for start, length in ((-1, 2), (0, 9), (7, 2), (0, -1)):
        with pytest.raises(IndexError, match="outside"):
            histograms.columns(data, np.array([start]), np.array([length]), "histo")


# Any bytes -----------------------------------------------------------------------------------------------------------

NUMBERS = st.floats(width=64, allow_nan=True, allow_infinity=True)


@settings(deadline=None)
@given(st.lists(st.tuples(st.lists(NUMBERS, max_size=6), st.lists(NUMBERS, max_size=6), NUMBERS, NUMBERS), max_size=5))
def test_legacy_histograms_of_any_numbers_are_what_they_are_one_by_one(
    written: list[tuple[list[float], list[float], float, float]],
) -> None:
    values = [ef.histo("w", limits, counts, *ends, totals=(1.0, 2.0, 3.0)) for limits, counts, *ends in written]
    assert_as_one_by_one(values, "histo")


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.lists(NUMBERS, max_size=12), st.integers(0, 4), st.sampled_from([3, 3, 3, 2])), max_size=5),
    st.booleans(),
)
def test_tensors_of_any_numbers_are_what_they_are_one_by_one(
    written: list[tuple[list[float], int, int]], listed: bool
) -> None:
    values = [
        ef.tensor("w", "double", numbers, (rows, width), PLUGIN, listed=listed) for numbers, rows, width in written
    ]
    assert_as_one_by_one(values, "tensor")


@settings(deadline=None, max_examples=300)
@given(st.integers(0, 2**32), st.sampled_from(["histo", "tensor"]))
def test_damaged_values_are_what_they_are_one_by_one(seed: int, form: str) -> None:
    rng = np.random.default_rng(seed)
    whole = [
        ef.histo("w", [1.0, 2.0, 3.0], [1.0, 0.0, 2.0], 0.5, 2.5, totals=(3.0, 4.0, 5.0)),
        ef.tensor("w", "double", ROWS, (2, 3), PLUGIN),
        ef.tensor("w", "double", ROWS, (2, 3)),
    ]
    values = [whole[int(i)] for i in rng.integers(len(whole), size=3)]
    assert_as_one_by_one([mutated(value, rng) if rng.random() < 0.7 else value for value in values], form)
