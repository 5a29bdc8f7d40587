"""Precision-recall curves: what is logged of them, and the numbers that follow from the same counts.

A value is a tensor [6, n]: true positives, false positives, true negatives, false negatives, precision and recall at n
thresholds, which are not logged but evenly spaced from 0 to 1. What scores at least a threshold counts as positive.
Counts may be sums of weights, so they need not be whole, and may all be below 1.

From high thresholds on nothing may be positive any more: TP + FP is 0 and precision is undefined, though writers log a
number for it. This tail is not drawn. TensorBoard cuts the counts to whole numbers first, and so takes weights that add
up to less than 1 for such a tail, and shows them as 0; here only what is exactly 0 is a tail.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tbcore.analysis.curves import reduced
from tbcore.errors import FormatError, TensorError
from tbcore.names import natural
from tbcore.series import Series

Floats = NDArray[np.float64]

TP, FP, TN, FN, PRECISION, RECALL = range(6)
NAMES = ("tp", "fp", "tn", "fn", "precision", "recall")

_ALL_DRAWN = 1_024  # thresholds up to which a curve is drawn with all of them
_DRAWN = 256  # pixel columns that a curve of more is reduced to, either way
_AT_ONCE = 256  # curves that are decoded together


@dataclass(frozen=True)
class Curve:
    """One curve: its values [6, n] as logged, rows as in NAMES."""

    run: str
    tag: str
    step: int
    wall_time: float
    values: Floats

    @property
    def thresholds(self) -> Floats:
        """Return the thresholds [n]."""
        return np.linspace(0.0, 1.0, self.values.shape[1])


@dataclass(frozen=True)
class Problem:
    """A value that is no curve, and why."""

    run: str
    tag: str
    step: int
    reason: str


@dataclass(frozen=True)
class Summaries:
    """The numbers of every curve of a series [n], NaN where they are undefined or the value is no curve.

    average_precision, f1 (the best), threshold (of the best F1), auc (of the ROC curve), positives, negatives.
    places [n, 2]: where each value lies, by which a longer series is recognised. problems: (index, reason).
    """

    average_precision: Floats
    f1: Floats
    threshold: Floats
    auc: Floats
    positives: Floats
    negatives: Floats
    places: NDArray[np.int64]
    problems: tuple[tuple[int, str], ...]

    def __len__(self) -> int:
        return len(self.auc)


STATISTICS: Mapping[str, Callable[[Summaries], Floats]] = {
    "average precision": lambda summaries: summaries.average_precision,
    "best F1": lambda summaries: summaries.f1,
    "threshold of the best F1": lambda summaries: summaries.threshold,
    "ROC AUC": lambda summaries: summaries.auc,
}


# Reading -------------------------------------------------------------------------------------------------------------


def curve(series: Series, index: int) -> Curve:
    """Return point `index` of a series. Raises FormatError when it is no curve."""
    return _curve(series, index, series.values[index])


def _curve(series: Series, index: int, value: NDArray[Any]) -> Curve:
    step, wall_time = int(series.steps[index]), float(series.wall_times[index])
    return Curve(series.run, series.tag, step, wall_time, decoded(value))


def curves(wanted: Iterable[tuple[Series, int]]) -> tuple[list[Curve], list[Problem]]:
    """Return the curves of points, each (series, index), and what is wrong with those that are none."""
    found, problems = [], []
    for series, index in wanted:
        try:
            found.append(curve(series, index))
        except FormatError as error:
            problems.append(Problem(series.run, series.tag, int(series.steps[index]), str(error)))
    return found, problems


def decoded(value: NDArray[Any]) -> Floats:
    """Return a logged tensor as values [6, n] of double precision. Raises TensorError for any other shape or type."""
    if value.dtype.kind not in "fiub":
        raise TensorError("a PR curve holds no numbers")
    if value.ndim != 2 or value.shape[0] != len(NAMES) or value.shape[1] == 0:
        raise TensorError(f"a PR curve has the shape {list(value.shape)} instead of [6, thresholds]")
    return value.astype(np.float64)


def rows(series: Series) -> Iterator[dict[str, Any]]:
    """Yield every curve of a series as logged, all thresholds of it, its tail too.

    Keys: run, tag, step, wall_time, thresholds and the NAMES, lists [n]; of what is no curve run, tag, step, wall_time, error.
    """
    for index in range(len(series)):
        about = {
            "run": series.run,
            "tag": series.tag,
            "step": int(series.steps[index]),
            "wall_time": float(series.wall_times[index]),
        }
        try:
            one = curve(series, index)
        except FormatError as error:
            yield {**about, "error": str(error)}
            continue
        columns = dict(zip(NAMES, one.values.tolist(), strict=True))
        yield {**about, "thresholds": one.thresholds.tolist(), **columns}


# Numbers of a curve --------------------------------------------------------------------------------------------------


def length(values: Floats) -> int:
    """Return how many thresholds of `values` [6, n] come before the tail at which nothing is positive, at least 1."""
    positive = np.flatnonzero(values[TP] + values[FP] != 0)
    return int(positive[-1]) + 1 if len(positive) else 1


def tensorboard_length(values: Floats) -> int:
    """Return how many thresholds TensorBoard shows, which takes weights below 1 for nothing.

    Source: tensorboard/plugins/pr_curve/pr_curves_plugin.py.
    """
    positive = np.flatnonzero(np.trunc(values[TP]) + np.trunc(values[FP]) != 0)
    return int(positive[-1]) + 1 if len(positive) else 1


def f1(precision: Floats, recall: Floats) -> Floats:
    """Return the harmonic mean of precision and recall, 0 where both are 0."""
    total = precision + recall
    return np.where(
        total > 0, 2 * precision * recall / np.where(total > 0, total, 1.0), np.where(total == 0, 0.0, np.nan)
    )


def average_precision(values: Floats) -> Floats:
    """Return the average precision of curves [..., 6, n]: precision weighted with the recall that each threshold adds.

    The sum over falling thresholds of (recall - recall before) x precision, from recall 0: steps, not straight lines
    between thresholds, which would promise too much. It is that of the logged thresholds, not of the scores themselves.
    Source: scikit-learn, average_precision_score.
    """
    precision, recall = values[..., PRECISION, :], values[..., RECALL, :]
    before = np.concatenate((recall[..., 1:], np.zeros_like(recall[..., :1])), axis=-1)
    added = recall - before
    # An undefined precision counts for nothing where no recall is added.
    return np.asarray(np.where(added == 0, 0.0, added * precision).sum(axis=-1))


def best_f1(values: Floats) -> tuple[Floats, Floats]:
    """Return the best F1 of curves [..., 6, n] and the lowest threshold that has it, NaN where there is none."""
    positive = values[..., TP, :] + values[..., FP, :] > 0
    scores = np.where(positive, f1(values[..., PRECISION, :], values[..., RECALL, :]), -1.0)
    scores = np.where(np.isnan(scores), -1.0, scores)
    best = scores.max(axis=-1)
    thresholds = np.linspace(0.0, 1.0, values.shape[-1])[scores.argmax(axis=-1)]
    return np.where(best >= 0, best, np.nan), np.where(best >= 0, thresholds, np.nan)


def rates(values: Floats) -> tuple[Floats, Floats]:
    """Return the false and the true positive rate of curves [..., 6, n], NaN without negatives or positives."""
    return (
        _share(values[..., FP, :], values[..., FP, :] + values[..., TN, :]),
        _share(values[..., TP, :], values[..., TP, :] + values[..., FN, :]),
    )


def auc(values: Floats) -> Floats:
    """Return the area under the ROC curve of curves [..., 6, n], by straight lines between thresholds and both corners.

    NaN without positives or without negatives.
    """
    x, y = (_with_corners(rate[..., ::-1]) for rate in rates(values))
    return np.asarray((np.diff(x) * (y[..., 1:] + y[..., :-1]) / 2).sum(axis=-1))


def _with_corners(rate: Floats) -> Floats:
    """Return rates at falling thresholds between those at which nothing and at which all is positive."""
    edge = rate[..., :1] * 0
    return np.concatenate((edge, rate, edge + 1), axis=-1)


def _share(part: Floats, whole: Floats) -> Floats:
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), np.nan)


# Numbers of a series -------------------------------------------------------------------------------------------------


def summaries(series: Series, known: Summaries | None = None) -> Summaries:
    """Return the numbers of every curve of a series.

    known: those of the series when it was shorter; only what came after is decoded.
    """
    places = _places(series)
    if known is not None and not np.array_equal(known.places, places[: len(known)]):
        known = None
    first = 0 if known is None else len(known)
    columns = np.full((6, len(series) - first), np.nan)
    problems = []
    for start in range(first, len(series), _AT_ONCE):
        alike: dict[int, list[tuple[int, Floats]]] = {}
        for index in range(start, min(start + _AT_ONCE, len(series))):
            try:
                values = decoded(series.values[index])
            except FormatError as error:
                problems.append((index, str(error)))
                continue
            alike.setdefault(values.shape[1], []).append((index - first, values))
        for some in alike.values():
            columns[:, [index for index, _values in some]] = _numbers(np.stack([values for _index, values in some]))
    if known is not None:
        columns = np.concatenate((_columns(known), columns), axis=1)
        problems = [*known.problems, *problems]
    average, best, threshold, area, positives, negatives = columns
    return Summaries(average, best, threshold, area, positives, negatives, places, tuple(problems))


def statistic(series: Series, found: Summaries, name: str) -> Series:
    """Return one of the STATISTICS over the steps of a series, as a series of scalars that is superseded alike."""
    values = STATISTICS[name](found)
    ends = np.cumsum([len(segment.steps) for segment in series.segments])
    segments = tuple(
        replace(segment, form="scalar", values=part, places=None)
        for segment, part in zip(series.segments, np.split(values, ends[:-1]), strict=True)
    )
    return replace(series, kind="scalars", segments=segments, plugin="scalars", content=b"")


def _numbers(values: Floats) -> Floats:
    """Return the columns of Summaries [6, m] of curves [m, 6, n]."""
    best, threshold = best_f1(values)
    # The counts at threshold 0, at which all is positive, are there even where later ones are damaged.
    positives = values[:, TP, 0] + values[:, FN, 0]
    negatives = values[:, FP, 0] + values[:, TN, 0]
    return np.stack((average_precision(values), best, threshold, auc(values), positives, negatives))


def _columns(known: Summaries) -> Floats:
    return np.stack((known.average_precision, known.f1, known.threshold, known.auc, known.positives, known.negatives))


def _places(series: Series) -> NDArray[np.int64]:
    """Return the file, as a number that stands for its name, and the offset of each value [n, 2]."""
    parts = [
        np.column_stack((np.full(len(segment.places), hash(segment.file)), segment.places[:, 0]))
        for segment in series.segments
        if segment.places is not None
    ]
    return np.concatenate(parts) if parts else np.zeros((0, 2), np.int64)


def evenly(indices: Sequence[int], count: int) -> list[int]:
    """Return at most `count` of the indices, evenly spaced, the first and the last among them."""
    if len(indices) <= count:
        return list(indices)
    return [indices[place] for place in np.linspace(0, len(indices) - 1, count).round().astype(int).tolist()]


def in_order(series: Series, *, earlier: bool = False) -> list[int]:
    """Return the points of a series by step, without those of earlier attempts unless asked for."""
    kept = np.arange(len(series)) if earlier else np.flatnonzero(~series.superseded)
    return [int(index) for index in kept[np.argsort(series.steps[kept], kind="stable")]]


# Tables --------------------------------------------------------------------------------------------------------------


def document(curves: Iterable[Curve]) -> list[dict[str, Any]]:
    """Return curves as JSON can hold them: as `rows`, with numbers that are not finite as text."""
    found = []
    for one in curves:
        about = {"run": one.run, "tag": one.tag, "step": one.step, "wall_time": one.wall_time}
        columns = dict(zip(("thresholds", *NAMES), (one.thresholds, *one.values), strict=True))
        found.append({**about, **{name: _spelled(column) for name, column in columns.items()}})
    return found


def _spelled(numbers: Floats) -> list[Any]:
    words = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
    listed: list[Any] = numbers.tolist()
    return listed if np.isfinite(numbers).all() else [words.get(str(number), number) for number in listed]


def table(curves: Sequence[Curve]) -> pd.DataFrame:
    """Return one row per curve.

    Columns: run, tag, step, wall_time, average_precision, f1 (the best), threshold (of the best F1), auc, positives,
    negatives, thresholds (how many).
    """
    columns = np.full((6, len(curves)), np.nan)
    alike: dict[int, list[int]] = {}
    for number, one in enumerate(curves):
        alike.setdefault(one.values.shape[1], []).append(number)
    for numbers in alike.values():
        columns[:, numbers] = _numbers(np.stack([curves[number].values for number in numbers]))
    names = ("average_precision", "f1", "threshold", "auc", "positives", "negatives")
    return (
        _named(curves, np.arange(len(curves)))
        .drop(columns=["curve"])
        .assign(**dict(zip(names, columns, strict=True)), thresholds=[one.values.shape[1] for one in curves])
    )


def points(curves: Sequence[Curve]) -> pd.DataFrame:
    """Return one row per threshold of each curve, all of them.

    Columns: run, tag, step, wall_time, threshold, tp, fp, tn, fn, precision, recall, f1, false_positive_rate,
    true_positive_rate, and curve: the position among the curves.
    """
    counts = [one.values.shape[1] for one in curves]
    values = np.concatenate([one.values for one in curves], axis=1) if curves else np.zeros((len(NAMES), 0))
    false_rate, true_rate = rates(values)
    columns = dict(zip(NAMES, values, strict=True))
    return _named(curves, np.repeat(np.arange(len(curves)), counts)).assign(
        threshold=np.concatenate([one.thresholds for one in curves]) if curves else np.zeros(0),
        **columns,
        f1=f1(columns["precision"], columns["recall"]),
        false_positive_rate=false_rate,
        true_positive_rate=true_rate,
    )


def confusions(curves: Sequence[Curve], threshold: float, chosen: Iterable[int] | None = None) -> pd.DataFrame:
    """Return one row per curve: its confusion matrix at the logged threshold that is nearest.

    chosen: which of the curves, None for all.

    Columns: run, tag, step, curve, threshold (the logged one), tp, fn, fp, tn, their rates among the positives and the
    negatives (true_positive_rate, false_negative_rate, false_positive_rate, true_negative_rate), precision (NaN where
    nothing is positive), recall, f1.
    """
    found = []
    for number in range(len(curves)) if chosen is None else chosen:
        one = curves[number]
        index = int(np.abs(one.thresholds - threshold).argmin())
        tp, fp, tn, fn, precision, recall = one.values[:, index].tolist()
        positives, negatives = np.array([tp + fn]), np.array([fp + tn])
        shares = [
            float(_share(np.array([part]), whole)[0])
            for part, whole in ((tp, positives), (fn, positives), (fp, negatives), (tn, negatives))
        ]
        precision = precision if tp + fp != 0 else float("nan")
        best = float(f1(np.array([precision]), np.array([recall]))[0])
        at = float(one.thresholds[index])
        found.append((one.run, one.tag, one.step, number, at, tp, fn, fp, tn, *shares, precision, recall, best))
    names = ("true_positive_rate", "false_negative_rate", "false_positive_rate", "true_negative_rate")
    return pd.DataFrame(
        found,
        columns=[
            "run",
            "tag",
            "step",
            "curve",
            "threshold",
            "tp",
            "fn",
            "fp",
            "tn",
            *names,
            "precision",
            "recall",
            "f1",
        ],
    )


def _named(curves: Sequence[Curve], numbers: NDArray[np.int64]) -> pd.DataFrame:
    """Return what each of the curves is called: run, tag, step, wall_time, curve."""
    return pd.DataFrame(
        {
            "run": np.array([one.run for one in curves], object)[numbers],
            "tag": np.array([one.tag for one in curves], object)[numbers],
            "step": np.array([one.step for one in curves], np.int64)[numbers],
            "wall_time": np.array([one.wall_time for one in curves], np.float64)[numbers],
            "curve": numbers,
        }
    )


def drawn(one: Curve, thresholds: int = 201) -> NDArray[np.int64]:
    """Return which thresholds of a curve a screen needs to draw it either way: all, or of very many the extremes.

    thresholds: of so many evenly spaced ones the nearest logged ones are always among them.
    """
    count = one.values.shape[1]
    if count <= _ALL_DRAWN:
        return np.arange(count)
    seen = one.values[:, : length(one.values)]
    wanted = np.linspace(0.0, 1.0, thresholds) * (count - 1)
    # Of two equally near ones the lower.
    kept = [np.ceil(wanted - 0.5 - 1e-9).astype(np.int64).clip(0, count - 1)]
    for x, y in ((seen[RECALL], seen[PRECISION]), rates(one.values)):
        kept += [reduced(x, y, _DRAWN), reduced(y, x, _DRAWN)]
    return np.unique(np.concatenate(kept))


# Classes -------------------------------------------------------------------------------------------------------------

# TensorFlow's writer puts an ending of its own behind every tag.
_CLASS = re.compile(
    r"^(?P<name>.*?)(?P<label>(?:[_\-/ .]?class)?[_\-/ .]?\d+)(?P<ending>(?:/pr_curves)?)$", re.IGNORECASE
)


def by_class(tags: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return tags that differ only in the number of a class at their end together: name -> tag -> what the class is called.

    Other tags, and those of a single class, stand for themselves.
    """
    found: dict[tuple[str, str], dict[str, str]] = {}
    for tag in sorted(set(tags), key=lambda tag: (natural(tag), tag)):
        match = _CLASS.match(tag)
        if match is None:
            found[tag, ""] = {tag: ""}
        else:
            label = match["label"].lstrip("_-/ .").replace("_", " ")
            found.setdefault((match["name"] + match["ending"], "class"), {})[tag] = label
    named: dict[str, dict[str, str]] = {}
    for (name, _class), labels in found.items():
        if len(labels) == 1:
            named[next(iter(labels))] = {next(iter(labels)): ""}
        else:
            # A tag of that very name has a chart of its own.
            taken = not name or name in named or (name, "") in found
            named[f"{name} (classes)".lstrip() if taken else name] = labels
    return named
