"""The functions that an expression over scalars may call.

A value is a number or a curve. Where curves meet they are handed in at the same steps, so that a function sees plain
arrays, and the steps where it asks for them. What is not finite is passed through and enters no sum.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tbcore.analysis.smoothing import smoothed

Floats = NDArray[np.float64]
Kind = Literal["points", "curve", "number"]


@dataclass(frozen=True)
class Function:
    """One function. least, most: how many arguments it takes.

    kind: of "points", whatever goes in comes out for each point; of "curve" and of "number" the first argument is a
    curve and the others are numbers, and a curve or a number comes out. apply: takes values, of a "curve" the steps first.
    """

    least: int
    most: int
    kind: Kind
    words: str
    apply: Callable[..., Any]


def _sum(values: Floats) -> Floats:
    finite = np.isfinite(values)
    return np.where(finite, np.cumsum(np.where(finite, values, 0.0)), values)


def _least(values: Floats) -> Floats:
    return np.where(np.isnan(values), values, np.fmin.accumulate(values)) if len(values) else values


def _greatest(values: Floats) -> Floats:
    return np.where(np.isnan(values), values, np.fmax.accumulate(values)) if len(values) else values


def _before(values: Floats, count: float) -> Floats:
    """Return the value that stands `count` points before each, after it where `count` is negative; NaN where none does."""
    found = np.full(len(values), np.nan)
    by = int(np.clip(count, -len(values), len(values))) if np.isfinite(count) else len(values)
    if by > 0:
        found[by:] = values[:-by]
    elif by < 0:
        found[:by] = values[-by:]
    else:
        found[:] = values
    return found


def _slope(steps: Floats, values: Floats) -> Floats:
    return (values - _before(values, 1)) / (steps - _before(steps, 1))


def _finite(apply: Callable[[Floats], Any]) -> Callable[[Floats], float]:
    """Return what `apply` makes of the finite values, NaN where there are none."""

    def of(values: Floats) -> float:
        finite = values[np.isfinite(values)]
        return float(apply(finite)) if len(finite) else float("nan")

    return of


def _deviation(values: Floats) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")


def _rounded(values: Any, digits: float = 0.0) -> Any:
    # A power of ten keeps whole digits whole, also where there are many points.
    unit = 10.0 ** np.clip(np.round(digits), -300, 300)
    return np.round(values * unit) / unit


FUNCTIONS: Mapping[str, Function] = {
    "abs": Function(1, 1, "points", "without its sign", np.abs),
    "sign": Function(1, 1, "points", "-1, 0 or 1", np.sign),
    "sqrt": Function(1, 1, "points", "square root", np.sqrt),
    "exp": Function(1, 1, "points", "e to the power of it", np.exp),
    "expm1": Function(1, 1, "points", "exp(x) - 1", np.expm1),
    "log": Function(1, 1, "points", "natural logarithm", np.log),
    "ln": Function(1, 1, "points", "natural logarithm", np.log),
    "log2": Function(1, 1, "points", "logarithm to base 2", np.log2),
    "log10": Function(1, 1, "points", "logarithm to base 10", np.log10),
    "log1p": Function(1, 1, "points", "log(1 + x)", np.log1p),
    "sin": Function(1, 1, "points", "sine", np.sin),
    "cos": Function(1, 1, "points", "cosine", np.cos),
    "tanh": Function(1, 1, "points", "hyperbolic tangent", np.tanh),
    "sigmoid": Function(1, 1, "points", "1 / (1 + exp(-x))", lambda x: 1.0 / (1.0 + np.exp(-x))),
    "floor": Function(1, 1, "points", "the whole number below", np.floor),
    "ceil": Function(1, 1, "points", "the whole number above", np.ceil),
    "round": Function(1, 2, "points", "rounded to so many digits", _rounded),
    "clip": Function(3, 3, "points", "kept between two values", lambda x, low, high: np.minimum(np.maximum(x, low), high)),
    "where": Function(3, 3, "points", "the second where the first is not 0, else the third",
                      lambda test, one, other: np.where(test != 0, one, other)),
    "ema": Function(2, 2, "curve", "debiased exponential average by weight", lambda _, x, by: smoothed(x, "ema", by)),
    "twema": Function(2, 2, "curve", "time-weighted average by weight", lambda at, x, by: smoothed(x, "twema", by, at)),
    "gaussian": Function(2, 2, "curve", "Gaussian of so many points", lambda _, x, by: smoothed(x, "gaussian", by)),
    "rolling": Function(2, 2, "curve", "mean over so many points", lambda _, x, by: smoothed(x, "mean", by)),
    "rolling_median": Function(2, 2, "curve", "median over so many points", lambda _, x, by: smoothed(x, "median", by)),
    "cumsum": Function(1, 1, "curve", "sum so far", lambda _, x: _sum(x)),
    "cummin": Function(1, 1, "curve", "least so far", lambda _, x: _least(x)),
    "cummax": Function(1, 1, "curve", "greatest so far", lambda _, x: _greatest(x)),
    "diff": Function(1, 1, "curve", "change since the point before", lambda _, x: x - _before(x, 1)),
    "slope": Function(1, 1, "curve", "change per step", _slope),
    "shift": Function(2, 2, "curve", "so many points later", lambda _, x, by: _before(x, by)),
    "first": Function(1, 1, "number", "first finite value", _finite(lambda x: x[0])),
    "last": Function(1, 1, "number", "last finite value", _finite(lambda x: x[-1])),
    "mean": Function(1, 1, "number", "mean of all points", _finite(np.mean)),
    "median": Function(1, 1, "number", "median of all points", _finite(np.median)),
    "std": Function(1, 1, "number", "standard deviation of all points", _finite(_deviation)),
    "sum": Function(1, 1, "number", "sum of all points", _finite(np.sum)),
    "min": Function(1, 20, "points", "least of all points, or of several at each", lambda *x: _extreme(np.minimum, x)),
    "max": Function(1, 20, "points", "greatest of all points, or of several at each", lambda *x: _extreme(np.maximum, x)),
}  # fmt: skip


OVER_ALL = ("min", "max")  # of a single curve they come to a number


def _extreme(of: np.ufunc, values: tuple[Any, ...]) -> Any:
    if len(values) == 1:
        return _finite(of.reduce)(np.atleast_1d(values[0]))
    found = values[0]
    for value in values[1:]:
        found = of(found, value)
    return found
