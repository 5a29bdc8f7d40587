"""Expressions over tags: what is read, what is refused and where, and what it comes to."""

import math

import numpy as np
import pytest

from tbcore.analysis.curves import Points
from tbcore.analysis.expression_functions import FUNCTIONS
from tbcore.analysis.expressions import DEEPEST, LONGEST, derived, evaluate, parse
from tbcore.analysis.smoothing import ema
from tbcore.errors import ExpressionError
from tbcore.series import Opened, Segment, Series

TAGS = ("train/loss", "eval/loss", "x", "y", "my loss", "a", "b", "a/b", "val-loss", "loss", "loss/1", "0/w", "log")
STEPS = np.arange(5)


def points(values: list[float], steps: list[int] | None = None) -> Points:
    at = np.array(range(len(values)) if steps is None else steps, np.int64)
    return Points(at, at + 1000.0, np.array(values, np.float32))


X, Y = points([1, 2, 4, 8, 16]), points([1, 1, 2, 2, 4])


def value(text: str, **curves: Points) -> list[float]:
    known = {"x": X, "y": Y, **curves}
    found = evaluate(parse(text, TAGS), known)
    assert found is not None
    return found.points.values.tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", [1, 2, 4, 8, 16]),
        ("x - y", [0, 1, 2, 6, 12]),
        ("x-y", [0, 1, 2, 6, 12]),
        ("-x + 2 * y", [1, 0, 0, -4, -8]),
        ("x / y", [1, 2, 2, 4, 4]),
        ("x // 3", [0, 0, 1, 2, 5]),
        ("x % 3", [1, 2, 1, 2, 1]),
        ("y ** 2", [1, 1, 4, 4, 16]),
        ("2 ** -y", [0.5, 0.5, 0.25, 0.25, 0.0625]),
        ("(x + y) * .5", [1, 1.5, 3, 5, 10]),
        ("x > 2", [0, 0, 1, 1, 1]),
        ("where(x >= 4, x, -1)", [-1, -1, 4, 8, 16]),
        ("log2(x)", [0, 1, 2, 3, 4]),
        ("abs(round(sqrt(x) ** 2 - x, 9))", [0, 0, 0, 0, 0]),
        ("min(x, 4)", [1, 2, 4, 4, 4]),
        ("max(x, y * 2, 3)", [3, 3, 4, 8, 16]),
        ("x - min(x)", [0, 1, 3, 7, 15]),
        ("x / first(x)", [1, 2, 4, 8, 16]),
        ("x / max(x)", [0.0625, 0.125, 0.25, 0.5, 1]),
        ("last(x)", [16, 16, 16, 16, 16]),
        ("mean(y) + median(y) + sum(y) + std(y) * 0", [14, 14, 14, 14, 14]),
        ("clip(x, 2, 8)", [2, 2, 4, 8, 8]),
        ("cumsum(y)", [1, 2, 4, 6, 10]),
        ("cummax(-y)", [-1, -1, -1, -1, -1]),
        ("cummin(8 - x)", [7, 6, 4, 0, -8]),
        ("shift(x, -1)", [2, 4, 8, 16, math.nan]),
        ("diff(x)", [math.nan, 1, 2, 4, 8]),
        ("slope(x)", [math.nan, 1, 2, 4, 8]),
        ("x * step", [0, 2, 8, 24, 64]),
        ("round(x / 3, 1)", [0.3, 0.7, 1.3, 2.7, 5.3]),
        ("x + 0 * pi", [1, 2, 4, 8, 16]),
        ("x / 0 * 0 + e", [math.nan] * 5),
        ("x\n+\n1e0", [2, 3, 5, 9, 17]),
    ],
)
def test_an_expression_comes_to_its_value_at_every_point(text: str, expected: list[float]) -> None:
    assert value(text) == pytest.approx(expected, nan_ok=True, rel=1e-12)


def test_every_function_takes_a_curve() -> None:
    for name, function in FUNCTIONS.items():
        text = f"{name}(x{', 2' * (function.least - 1)})"
        assert len(value(text)) == 5, text


def test_functions_of_a_curve_see_all_of_its_points_before_it_meets_another() -> None:
    dense = points(list(np.random.default_rng(0).normal(size=100)))
    sparse = points([1.0, 2.0], [50, 99])
    found = evaluate(parse("ema(x, 0.9) - y", TAGS), {"x": dense, "y": sparse})
    assert found is not None
    smooth = ema(dense.values, 0.9)
    assert found.points.values.tolist() == [smooth[50] - 1, smooth[99] - 2]
    assert found.points.steps.tolist() == [50, 99]
    assert found.interpolated == 0


@pytest.mark.parametrize(
    ("align", "steps", "values", "interpolated"),
    [
        ("sparsest", [3, 6], [103, 206], 2),
        ("shared", [], [], 0),
        ("union", [3, 4, 6, 8], [103, pytest.approx(4 + 400 / 3), 206, pytest.approx(8 + 800 / 3)], 4),
    ],
)
def test_curves_meet_by_step_within_the_range_of_both(align, steps, values, interpolated) -> None:
    one, other = points([0, 2, 4, 8], [0, 2, 4, 8]), points([100, 200, 300], [3, 6, 9])
    found = evaluate(parse("x + y", TAGS), {"x": one, "y": other}, align)
    assert found is not None
    assert found.points.steps.tolist() == steps
    assert found.points.values.tolist() == values
    assert found.interpolated == interpolated
    np.testing.assert_allclose(found.points.wall_times, np.array(steps) + 1000.0)


def test_without_a_common_range_nothing_is_left() -> None:
    found = evaluate(parse("x + y", TAGS), {"x": points([1, 2]), "y": points([1], [9])})
    assert found is not None
    assert len(found.points.steps) == 0


def test_steps_written_twice_are_kept_as_long_as_both_have_them() -> None:
    twice = points([1, 2, 3], [5, 5, 4])
    found = evaluate(parse("x + y", TAGS), {"x": twice, "y": points([1, 1, 1], [5, 5, 4])})
    assert found is not None
    assert found.points.values.tolist() == [2, 3, 4]
    found = evaluate(parse("x + y", TAGS), {"x": twice, "y": points([10, 20], [4, 5])})
    assert found is not None
    assert found.points.values.tolist() == [13, 22]


def test_values_that_are_not_finite_go_through() -> None:
    found = value("x + 1", x=points([1, math.nan, math.inf]))
    assert found == pytest.approx([2, math.nan, math.inf], nan_ok=True)
    assert value("cumsum(x)", x=points([1, math.nan, 2])) == pytest.approx([1, math.nan, 3], nan_ok=True)
    assert value("x - first(x)", x=points([math.nan, 2, 3])) == pytest.approx([math.nan, 0, 1], nan_ok=True)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("train/loss - eval/loss", ("train/loss", "eval/loss")),
        ("train/loss-eval/loss", ("train/loss", "eval/loss")),
        ("a/b", ("a/b",)),
        ("a / b", ("a", "b")),
        ("a /b", ("a", "b")),
        ("a/x", ("a", "x")),
        ('"a"/b', ("a", "b")),
        ("val-loss", ("val-loss",)),
        ("x-loss", ("x", "loss")),
        ("loss/1", ("loss/1",)),
        ("loss / 1", ("loss",)),
        ("loss/2", ("loss",)),
        ("0/w", ("0/w",)),
        ("`my loss`*2", ("my loss",)),
        ("'my loss' + \"train/loss\"", ("my loss", "train/loss")),
        ("log(x) + log", ("x", "log")),
        ("loss/log10(x)", ("loss", "x")),
        ("x + x", ("x",)),
    ],
)
def test_the_longest_tag_there_is_wins_and_spaces_make_an_operator(text: str, tags: tuple[str, ...]) -> None:
    assert parse(text, TAGS).tags == tags


@pytest.mark.parametrize(
    "tag", ['say "x"', "it's", "`tick`", "-x", "12", "1e5", "*", "a,b", "f(x)", "ε/ü", "__import__('os')"]
)
def test_any_tag_can_be_quoted(tag: str) -> None:
    for quote in "\"'`":
        assert parse(quote + tag.replace(quote, quote * 2) + quote, [tag]).tags == (tag,)


def test_a_number_is_a_number_whatever_tags_are_called() -> None:
    assert parse("x + 12", ["x", "12"]).tags == ("x",)


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ("", "empty", 0),
        ("   ", "empty", 0),
        ("1 + 2", "names no tag", 0),
        ("x +", "ends too early", 3),
        ("x + * y", "cannot stand here", 4),
        ("x y", "no operator before this", 2),
        ("2 x", "no operator before this", 2),
        ("x (y)", "no function is called 'x'", 0),
        ("(x)(y)", "no operator before this", 3),
        ("(x + y", "not closed", 0),
        ("x + y)", "closes none", 5),
        ("x + 'y", "is not closed", 4),
        ("train/lss * 2", "no tag is called 'train/lss'; did you mean 'train/loss'?", 0),
        ("x + 'my los'", "no tag is called 'my los'; did you mean 'my loss'?", 4),
        ("log3(x)", "no function is called 'log3'; did you mean 'log", 0),
        ("x ^ 2", "** is the power", 2),
        ("x = 2", "== compares", 2),
        ("x + 1e999", "too large", 4),
        ("x + 1j", "no tag is called '1j'", 4),
        ("x + ()", "where one value should be", 4),
        ("x, y", "where one value should be", 0),
        ("1 < x < 3", "more than two values", 0),
        ("ema(x)", "ema takes 2 values, not 1", 0),
        ("log10(x, y)", "log10 takes 1 value, not 2", 0),
        ("y + ema(2, 0.9)", "is of a curve", 8),
        ("ema(x, y)", "takes a number here", 7),
        ("ema(x, w=2)", "no tag is called 'w'", 7),
        ("max(*x)", "cannot stand here", 4),
        ("max(**x)", "cannot stand here", 0),
        ("x.__class__", "no tag is called 'x.__class__'", 0),
        ("__import__('os')", "no function is called '__import__'", 0),
        ("[x]", "'[' has no meaning", 0),
        ("x; y", "';' has no meaning", 1),
        ("lambda: x", "no tag is called 'lambda:'", 0),
        ("x if y else 1", "no tag is called 'if'", 2),
        ("x := 3", "':' has no meaning", 2),
        ("x # y", "'#' has no meaning", 2),
        ("f'{x}'", "no tag is called 'f'", 0),
        ("x \\\n y", "has no meaning", 2),
        ("_0", "no tag is called '_0'", 0),
        ("x + ２", "'２' has no meaning", 4),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, message: str, position: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text, TAGS)
    assert message in str(caught.value)
    assert caught.value.position == position
    assert str(caught.value).endswith(f"at character {position + 1}")


@pytest.mark.parametrize(
    "text",
    [
        "(" * (DEEPEST + 1) + "x" + ")" * (DEEPEST + 1),
        "-" * (DEEPEST + 2) + "x",
        "abs(" * 70 + "x" + ")" * 70,
        "x" + "+x" * (DEEPEST + 2),
        "x" * (LONGEST + 1),
        "-" * LONGEST,
        "x**" * 300 + "x",
    ],
)
def test_what_is_too_long_or_too_deep_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text, TAGS)


def test_huge_powers_and_divisions_by_zero_are_numbers_that_are_not_finite() -> None:
    assert value("x * 9 ** 9 ** 9") == [math.inf] * 5
    assert value("0 * x + 1 / 0") == [math.inf] * 5
    assert all(math.isnan(one) for one in value("(-x) ** 0.5"))


def test_a_run_without_the_tag_has_no_value() -> None:
    assert evaluate(parse("x + y", TAGS), {"x": X}) is None


def test_random_text_is_read_or_refused_and_nothing_else() -> None:
    random = np.random.default_rng(0)
    pieces = [
        "x",
        "y",
        "a/b",
        "(",
        ")",
        "+",
        "-",
        "*",
        "/",
        "**",
        ",",
        "1",
        "2.5",
        "log10(",
        "ema(",
        "'",
        '"x"',
        " ",
        "<",
        "ü",
        "\x00",
    ]
    read, places = 0, []
    for _ in range(3_000):
        text = "".join(random.choice(pieces, size=random.integers(1, 9)))
        try:
            expression = parse(text, TAGS)
        except ExpressionError as error:
            places.append((error.position, len(text)))
        else:
            read += 1
            evaluate(expression, dict.fromkeys(TAGS, X))
    assert read > 50
    assert all(0 <= position <= length for position, length in places)


def test_a_series_is_made_of_series_without_what_was_written_again() -> None:
    older = Segment("a", Opened(10.0, 20.0), "simple_value", np.array([0, 1, 2]), np.arange(3.0), np.arange(3.0))
    newer = Segment("b", Opened(30.0, 40.0), "simple_value", np.array([1, 2]), np.arange(2.0), np.array([5.0, 6.0]))
    logged = Series("run", "x", "scalars", (older, newer), load=lambda *_: b"", decode=lambda *_: None)
    found = derived(parse("2 * x", TAGS), {"x": logged})
    assert found is not None
    assert (found.run, found.tag, found.kind) == ("run", "2 * x", "scalars")
    assert found.steps.tolist() == [0, 1, 2]
    assert found.values.tolist() == [0, 10, 12]
    assert not found.superseded.any()
    assert derived(parse("x + y", TAGS), {"x": logged}) is None
