"""What matters: which hyperparameters a metric depends on, how far that can be told, and along which curve.

A random forest learns to predict the metric; the importance of a hyperparameter is how much worse the forest does on
rows it was not trained on when that column is shuffled. Shuffled copies of columns take part, so that what is no more
than chance can be recognised.
Source: Breiman, Random Forests (2001), for permutation on out-of-bag rows; Kursa and Rudnicki, Feature Selection with
the Boruta Package (2010), for the shuffled copies.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tbcore.analysis.sheets import Cells, Column, Sheet, word

Progress = Callable[[float, str], None]
Stop = Callable[[], bool]
Told = Callable[[], bool]
Floats = NDArray[np.float64]

_FEWEST = 5  # rows of which anything is computed
_FEW, _ENOUGH = 10, 30  # settings from which on it is a hint, and more than that
# Up to so many rows: so many trees for the importance, and for the noise floor.
_TREES = ((200, 300, 100), (1000, 150, 60), (math.inf, 100, 40))
_IN_BAG, _OUT_OF_BAG = 1000, 300  # rows of one tree at most
_REPEATS = 3
_CELLS = 1_000_000  # columns times rows beyond which every column is shuffled once only
_SHADOWS = (6, 20)  # fewest and most shuffled copies
_LEVELS = 24  # values of a category that are told apart
_LITTLE = 0.1  # R2 below which a forest explains little
_TOGETHER = 0.8
_NAMED = 3  # pairs of hyperparameters named in the notes
_ONE_MORE = "1 more pair of hyperparameters moves together"
_WIDE = 3.0  # decades
_TAIL = 20.0
_UNEVEN = 3.0
_DECADES = 2.0
_GRID = 20
_RESAMPLES, _TREES_EACH = 40, 3
_BAND = 1.96


@dataclass(frozen=True)
class Row:
    """How much one hyperparameter matters.

    importance: R2 of the forest that is lost when the column is shuffled, with its 95 % interval; NaN where there are
    too few rows. share: of all that is lost, 0 to 1. matters: whether it is above what shuffled copies reach, and
    above 0 for sure. correlation: Spearman's with its 95 % interval where `how` is "rank", of the ranks' variation
    the root of the part between categories, without sign and interval, where it is "ratio".
    n: rows that have it; log: whether its axis had better be logarithmic.
    """

    key: str
    title: str
    importance: float = math.nan
    low: float = math.nan
    high: float = math.nan
    share: float = 0.0
    matters: bool = False
    correlation: float = math.nan
    correlation_low: float = math.nan
    correlation_high: float = math.nan
    how: Literal["rank", "ratio"] = "rank"
    n: int = 0
    log: bool = False


@dataclass(frozen=True)
class Importance:
    """What a metric depends on.

    rows: the most important first; floor: the importance that a shuffled copy reached; score: R2 on rows that a tree
    was not trained on, NaN without one; n: rows used; settings: how many of them differ in more than their seed;
    ranked: whether the ranks of the metric were explained in its place; twins: keys that move together and how
    closely; left_out: keys and why; notes: what to know before believing any of it.
    """

    target: str
    rows: tuple[Row, ...]
    floor: float
    score: float
    n: int
    settings: int
    trees: int
    seed: int
    trust: Literal["none", "hint", "fair"]
    ranked: bool
    twins: tuple[tuple[str, str, float], ...]
    left_out: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class PartialDependence:
    """The metric along one hyperparameter, all others as they are in the rows.

    labels [k]: the values, spelled; grid [k]: the numbers themselves, or 0, 1, 2, ... of categories; mean, low, high
    [k]: what the forest says, and where 95 % of forests of resampled rows lie; counts [k]: rows nearest to it.
    """

    key: str
    target: str
    numbers: bool
    labels: tuple[str, ...]
    grid: Floats
    mean: Floats
    low: Floats
    high: Floats
    counts: NDArray[np.int64]
    log: bool
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Feature:
    """One hyperparameter as the forest sees it.

    block [n, columns]: places of numbers in their order and whether there is one; of categories one column for each.
    codes [n]: which category, or the number's place, -1 where missing; levels: what the codes stand for.
    """

    column: Column
    block: NDArray[np.float32]
    codes: NDArray[np.int64]
    levels: tuple[Any, ...]
    grouped: int = 0

    @property
    def is_category(self) -> bool:
        return self.column.type == "text"


@dataclass(frozen=True)
class _Goal:
    """The metric that is to be explained: `y` [n] between about -1 and 1, of the rows at `places`."""

    column: Column
    places: NDArray[np.int64]
    values: Floats
    y: Floats
    ranked: bool
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Tree:
    tree: Any
    values: Floats
    out_of_bag: NDArray[np.int64]


# What matters --------------------------------------------------------------------------------------------------------


def importance(
    sheet: Sheet,
    target: str,
    keys: Sequence[str],
    *,
    seed: int = 0,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Importance:
    """Return how much the hyperparameters `keys` matter to the metric `target`.

    progress: called with the share that is done and what is being done; stop: asked before every tree, and when it
    says so, what the trees until then found is returned, with a note.
    Raises KeyError when the sheet has no such columns.
    """
    goal = _goal(sheet, target)
    count = len(goal.places)
    features, left_out = _features(sheet, keys, goal.places)
    if not count:
        left_out = ()  # the rows are what is lacking
    clusters = _settings(features, count)
    settings = int(clusters.max(initial=-1)) + 1
    rows = [_related(feature, goal.values) for feature in features]
    notes = [*_size_notes(count, settings, len(features), goal.column.title), *goal.notes]
    floor, score, trees = math.nan, math.nan, 0
    wanted, checked = next((many, few) for most, many, few in _TREES if count <= most)
    flat = count >= _FEWEST and bool(goal.values.min() == goal.values.max())
    if flat:
        notes.append(f"{goal.column.title} is the same in every row: there is nothing to explain")
    elif count >= _FEWEST and features:
        told = _teller(wanted + checked, progress, stop)
        blocks = [feature.block for feature in features]
        found = _permuted(blocks, goal.y, clusters, wanted, seed, told)
        # The copies would take part of every tree from the columns, so they stand in a forest of their own.
        noise = _permuted(_with_copies(blocks, seed), goal.y, clusters, checked, seed + 1, told)
        trees, score = found.trees, found.score
        floor = max(0.0, float(noise.importance[len(blocks) :].max()))
        rows = _ranked_rows(rows, found, floor)
        if stop is not None and stop() and found.trees + noise.trees < wanted + checked:
            notes.append(f"stopped after {found.trees + noise.trees:,} of {wanted + checked:,} trees")
        notes += _score_notes(score, rows)
    if count >= _FEWEST and not features:
        notes.append("no hyperparameter differs between these rows")
    twins = _twins(features, {row.key: place for place, row in enumerate(rows)})
    notes += _twin_notes(twins, {feature.column.key: feature.column.title for feature in features})
    notes += _category_notes(features)
    notes += [f"{_title(sheet, key)} is left out: {why}" for key, why in left_out if why.startswith("a different")]
    trust: Literal["none", "hint", "fair"] = (
        "none" if settings < _FEW or flat else "hint" if settings < _ENOUGH else "fair"
    )
    return Importance(
        target, tuple(rows), floor, score, count, settings, trees, seed, trust, goal.ranked, twins, left_out, tuple(notes)
    )  # fmt: skip


def table(found: Importance) -> pd.DataFrame:
    """Return one row per hyperparameter, the most important first, with the columns of `Row`."""
    return pd.DataFrame([asdict(row) for row in found.rows], columns=list(Row.__dataclass_fields__))


def dependence_table(found: PartialDependence) -> pd.DataFrame:
    """Return one row per value of the hyperparameter: value as it is spelled, mean, low, high, rows."""
    return pd.DataFrame(
        {
            "value": list(found.labels),
            "mean": found.mean,
            "low": found.low,
            "high": found.high,
            "rows": found.counts,
        }
    )


def is_log(values: Floats) -> bool:
    """Return whether numbers are all positive and span more than two decades."""
    finite = values[np.isfinite(values)]
    return len(finite) > 1 and finite.min() > 0 and _decades(finite) > _DECADES


def _decades(values: Floats) -> float:
    """Return over how many decades positive numbers reach; their ratio may be more than a float holds."""
    return math.log10(values.max()) - math.log10(values.min())


def _teller(total: int, progress: Progress | None, stop: Stop | None) -> Told:
    """Return what is called before every tree: it tells how far all is, and returns whether to go on."""
    begun = iter(range(total + 1))

    def told() -> bool:
        if stop is not None and stop():
            return False
        done = next(begun)
        if progress is not None:
            progress(done / total, f"tree {done + 1:,} of {total:,}")
        return True

    return told


@dataclass(frozen=True)
class _Permuted:
    """The importance [blocks] with half its interval, R2 on unseen rows, and how many trees found it."""

    importance: Floats
    margin: Floats
    score: float
    trees: int


def _permuted(
    blocks: Sequence[NDArray[np.float32]], y: Floats, clusters: NDArray[np.int64], trees: int, seed: int, told: Told
) -> _Permuted:
    """Return what shuffling each block of columns costs a forest on the rows that its trees did not see.

    told: called before every tree; the forest ends there when it says so.
    """
    count = len(y)
    data = np.ascontiguousarray(np.hstack(blocks))
    owner = np.repeat(np.arange(len(blocks)), [block.shape[1] for block in blocks])
    spans = [slice(*np.searchsorted(owner, (place, place + 1))) for place in range(len(blocks))]
    rng = np.random.default_rng(seed)
    repeats = _REPEATS if len(blocks) * count <= _CELLS else 1
    shuffles = np.stack([rng.permutation(count) for _ in range(repeats)])
    seen = np.zeros(count)
    plain = np.zeros(count)
    shuffled = np.zeros((len(blocks), repeats, count))
    done = 0
    for one in _forest(data, y, clusters, trees, seed):
        if not told():
            break
        done += 1
        rows = one.out_of_bag
        said = one.values[one.tree.apply(data[rows])]
        seen[rows] += 1
        plain[rows] += said
        answers = np.empty((len(blocks), repeats * len(rows)))
        answers[:] = np.tile(said, repeats)
        many = np.tile(data[rows], (repeats, 1))
        others = shuffles[:, rows].ravel()
        for place in np.unique(owner[one.tree.feature[one.tree.feature >= 0]]):
            span = spans[place]
            kept = many[:, span].copy()
            many[:, span] = data[others, span]
            answers[place] = one.values[one.tree.apply(many)]
            many[:, span] = kept
        shuffled[:, :, rows] += answers.reshape(len(blocks), repeats, len(rows))
    known = seen > 0
    if not known.any():
        nothing = np.full(len(blocks), np.nan)
        return _Permuted(nothing, nothing, math.nan, done)
    truth, seen = y[known], seen[known]
    spread = float(truth.var()) or 1.0
    errors = (truth - plain[known] / seen) ** 2
    losses = ((truth - shuffled[:, :, known] / seen) ** 2 - errors) / spread
    margin = _BAND * np.sqrt(_variance(losses.mean(axis=1), clusters[known]) + losses.mean(axis=2).var(1) / repeats)
    return _Permuted(losses.mean(axis=(1, 2)), margin, 1 - float(errors.mean()) / spread, done)


def _with_copies(blocks: Sequence[NDArray[np.float32]], seed: int) -> list[NDArray[np.float32]]:
    """Return the blocks and after them shuffled copies of some, which can matter by chance only."""
    rng = np.random.default_rng(seed)
    copied = rng.permutation(np.arange(max(_SHADOWS[0], len(blocks))) % len(blocks))[: _SHADOWS[1]]
    return [*blocks, *(blocks[place][rng.permutation(len(blocks[place]))] for place in copied)]


def _variance(losses: Floats, clusters: NDArray[np.int64]) -> Floats:
    """Return the variance of the mean over rows of `losses` [features, n], rows of one cluster counted together."""
    count = losses.shape[1]
    apart = losses - losses.mean(1, keepdims=True)
    _names, place = np.unique(clusters, return_inverse=True)
    together = np.stack([np.bincount(place, one) for one in apart])
    groups = together.shape[1]
    return np.asarray((together**2).sum(1) / count**2 * groups / max(1, groups - 1))


def _forest(
    data: NDArray[np.float32], y: Floats, clusters: NDArray[np.int64], trees: int, seed: int
) -> Iterator[_Tree]:
    """Yield trees, each trained on settings drawn with replacement, and the rows that it has not seen."""
    # Importing scikit-learn takes a second, and most visitors never ask what matters.
    from sklearn.tree import DecisionTreeRegressor

    settings = int(clusters.max()) + 1
    for number in range(trees):
        rng = np.random.default_rng([seed, number])
        drawn = rng.integers(0, settings, min(settings, _IN_BAG))
        weights = np.bincount(drawn, minlength=settings)[clusters].astype(np.float64)
        unseen = np.flatnonzero(weights == 0)
        if not len(unseen):
            continue
        model = DecisionTreeRegressor(
            max_features=_features_tried(data.shape[1]), min_samples_leaf=_leaf(len(y)), random_state=number
        )
        model.fit(data, y, sample_weight=weights, check_input=False)
        if len(unseen) > _OUT_OF_BAG:
            unseen = np.sort(rng.choice(unseen, _OUT_OF_BAG, replace=False))
        yield _Tree(model.tree_, model.tree_.value[:, 0, 0], unseen)


def _features_tried(columns: int) -> int:
    return max(1, round(columns / 2))


def _leaf(rows: int) -> int:
    return 1 if rows < 20 else 2 if rows < 500 else 4


def _ranked_rows(rows: Sequence[Row], found: _Permuted, floor: float) -> list[Row]:
    """Return the rows with their importance, the most important first."""
    total = float(np.nansum(np.maximum(found.importance, 0)))
    filled = [
        replace(
            row,
            importance=float(mean),
            low=float(mean - margin),
            high=float(mean + margin),
            share=max(0.0, float(mean)) / total if total > 0 else 0.0,
            matters=bool(mean > floor and mean - margin > 0),
        )
        for row, mean, margin in zip(rows, found.importance, found.margin, strict=True)
    ]
    return sorted(filled, key=lambda row: -row.importance if not math.isnan(row.importance) else math.inf)


# Columns -------------------------------------------------------------------------------------------------------------


def _goal(sheet: Sheet, target: str) -> _Goal:
    """Return the rows in which the metric is a finite number, and that number."""
    column, cells = _known(sheet, target), sheet.cells[target]
    values = np.asarray(cells.values, np.float64)
    finite = np.isfinite(values) & ~cells.missing
    notes = []
    without, odd = int(cells.missing.sum()), int((~finite & ~cells.missing).sum())
    if without:
        notes.append(f"{_rows(without)} without a value of {column.title} {_are(without)} left out")
    if odd:
        notes.append(
            f"{_rows(odd)} in which {column.title} is not finite {_are(odd)} left out: what makes runs diverge is not in here"
        )
    places = np.flatnonzero(finite)
    used = values[places]
    ranked = _is_wide(used)
    if ranked:
        notes.append(
            f"{column.title} is spread unevenly from {used.min():.4g} to {used.max():.4g}: its ranks are explained, so "
            "that a few values do not decide alone"
        )
    base = _ranks(used) if ranked else used
    # Values near the end of what a float holds cannot be squared.
    scale = float(np.abs(base).max(initial=0.0)) or 1.0
    scaled = base / scale
    return _Goal(column, places, used, scaled - (scaled.mean() if len(scaled) else 0.0), ranked, tuple(notes))


def _is_wide(values: Floats) -> bool:
    """Return whether a few values would decide alone: one side reaches much further, or more than three decades."""
    if len(values) < _FEWEST or values.min() == values.max():
        return False
    if values.min() > 0 and _decades(values) > _WIDE:
        return True
    scaled = values / np.abs(values).max()
    low, middle, high = np.quantile(scaled, (0.05, 0.5, 0.95))
    sides = sorted((middle - low, high - middle))
    return bool(np.ptp(scaled) > _TAIL * (high - low) or sides[1] > _UNEVEN * sides[0])


def _features(
    sheet: Sheet, keys: Sequence[str], places: NDArray[np.int64]
) -> tuple[list[_Feature], tuple[tuple[str, str], ...]]:
    """Return what the forest can learn from, and the columns that it cannot, with the reason."""
    found: list[_Feature] = []
    left_out: list[tuple[str, str]] = []
    for key in dict.fromkeys(keys):
        column, cells = _known(sheet, key), sheet.cells[key]
        feature = _feature(column, Cells(cells.values[places], cells.missing[places]))
        if isinstance(feature, str):
            left_out.append((key, feature))
        else:
            found.append(feature)
    return found, tuple(left_out)


def _feature(column: Column, cells: Cells) -> _Feature | str:
    """Return a column as the forest sees it, or why it cannot see it."""
    count = len(cells.values)
    numbers = column.type != "text"
    missing = cells.missing | np.isnan(cells.values.astype(np.float64)) if numbers else cells.missing
    if count == 0 or missing.all():
        return "no row has it"
    values = cells.values[~missing]
    levels, places = np.unique(values if numbers else values.astype(str), return_inverse=True)
    if len(levels) == 1 and not missing.any():
        return "the same in every row"
    if not numbers and len(levels) == len(values) and len(levels) > 2:
        return "a different text in every row"
    codes = np.full(count, -1, np.int64)
    codes[~missing] = places
    if numbers:
        # Places in the order are all that a tree can use, and they cannot overflow.
        filled = np.where(missing, float(np.median(places)), codes)
        block = np.column_stack((filled, missing)) if missing.any() and len(levels) > 1 else filled[:, np.newaxis]
        if len(levels) == 1:
            block = missing[:, np.newaxis]
        return _Feature(column, block.astype(np.float32), codes, tuple(levels.tolist()))
    often = np.argsort(-np.bincount(places), kind="stable")[:_LEVELS]
    shown = [codes == level for level in often] + ([missing] if missing.any() else [])
    block = np.column_stack(shown).astype(np.float32)
    return _Feature(column, block, codes, tuple(levels.tolist()), max(0, len(levels) - _LEVELS))


def _settings(features: Sequence[_Feature], count: int) -> NDArray[np.int64]:
    """Return which setting each row [n] is a trial of: rows that differ in nothing but a seed are trials of the same."""
    apart = [feature.codes for feature in features if "seed" not in feature.column.title.lower()]
    if not apart or count == 0:
        return np.arange(count)
    _rows, place = np.unique(np.column_stack(apart), axis=0, return_inverse=True)
    return place.astype(np.int64).ravel() if len(_rows) >= _FEWEST else np.arange(count)


def _known(sheet: Sheet, key: str) -> Column:
    column = sheet.column(key)
    if column is None:
        raise KeyError(key)
    return column


def _title(sheet: Sheet, key: str) -> str:
    return _known(sheet, key).title


# Correlation ---------------------------------------------------------------------------------------------------------


def _ranks(values: NDArray[Any]) -> Floats:
    """Return the ranks of values, from 1 on, equal ones their mean."""
    _values, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]


def _related(feature: _Feature, target: Floats) -> Row:
    """Return the correlation of one hyperparameter with the metric."""
    there = feature.codes >= 0
    codes, ranks = feature.codes[there], _ranks(target[there])
    column = feature.column
    row = Row(column.key, column.title, n=int(there.sum()))
    if feature.is_category:
        return replace(row, correlation=_ratio(codes, ranks), how="ratio")
    found = _pearson(_ranks(codes), ranks)
    low, high = _interval(found, row.n)
    log = column.type != "bool" and is_log(np.array(feature.levels, np.float64))
    return replace(row, correlation=found, correlation_low=low, correlation_high=high, log=log)


def _pearson(x: Floats, y: Floats) -> float:
    """Return Pearson's correlation, NaN where one of both does not vary."""
    if len(x) < 3:
        return math.nan
    x, y = x - x.mean(), y - y.mean()
    size = math.sqrt(float(x @ x) * float(y @ y))
    return max(-1.0, min(1.0, float(x @ y) / size)) if size > 0 else math.nan


def _interval(rank: float, count: int) -> tuple[float, float]:
    """Return the 95 % interval of Spearman's correlation. Source: Bonett and Wright (2000)."""
    if math.isnan(rank) or count < 4:
        return math.nan, math.nan
    center = math.atanh(max(-1 + 1e-12, min(1 - 1e-12, rank)))
    error = _BAND * math.sqrt((1 + rank**2 / 2) / (count - 3))
    return math.tanh(center - error), math.tanh(center + error)


def _ratio(codes: NDArray[np.int64], values: Floats) -> float:
    """Return the correlation ratio, less what as many categories reach by chance. Source: Kelley, epsilon squared (1935)."""
    count, groups = len(values), len(np.unique(codes))
    total = float(((values - values.mean()) ** 2).sum()) if count else 0.0
    if groups < 2 or count < 2 * groups or total == 0:
        return math.nan
    sums, counts = np.bincount(codes, values), np.bincount(codes)
    there = counts > 0
    between = float((counts[there] * (sums[there] / counts[there] - values.mean()) ** 2).sum())
    within = total - between
    return math.sqrt(max(0.0, 1 - (within / (count - groups)) / (total / (count - 1))))


def _association(one: NDArray[np.int64], two: NDArray[np.int64]) -> float:
    """Return Cramer's V of two categories, less what chance reaches. Source: Bergsma (2013)."""
    _a, one = np.unique(one, return_inverse=True)
    _b, two = np.unique(two, return_inverse=True)
    rows, columns, count = len(_a), len(_b), len(one)
    if min(rows, columns) < 2 or count < 2:
        return math.nan
    seen = np.bincount(one * columns + two, minlength=rows * columns).reshape(rows, columns)
    expected = np.outer(seen.sum(1), seen.sum(0)) / count
    chi = float(((seen - expected) ** 2 / expected).sum()) / count
    less = max(0.0, chi - (rows - 1) * (columns - 1) / (count - 1))
    smallest = min(rows - (rows - 1) ** 2 / (count - 1), columns - (columns - 1) ** 2 / (count - 1)) - 1
    return math.sqrt(min(1.0, less / smallest)) if smallest > 0 else math.nan


def _twins(features: Sequence[_Feature], order: dict[str, int]) -> tuple[tuple[str, str, float], ...]:
    """Return the pairs of hyperparameters that move together, those of the most important ones first."""
    if not features or len(features[0].codes) < _FEWEST:
        return ()
    numbers = [feature for feature in features if not feature.is_category]
    found = _twin_numbers(numbers)
    for place, one in enumerate(features):
        if one.is_category:
            others = [other for other in features[:place] if other.is_category] + numbers
            found += [(one.column.key, other.column.key, _closeness(one, other)) for other in others]
    close = [pair for pair in found if pair[2] > _TOGETHER]
    named = [(a, b, much) if order[a] < order[b] else (b, a, much) for a, b, much in close]
    return tuple(sorted(named, key=lambda pair: (order[pair[0]], -pair[2])))


def _twin_numbers(numbers: Sequence[_Feature]) -> list[tuple[str, str, float]]:
    """Return the size of Spearman's correlation of every two columns of numbers, where both are there."""
    if len(numbers) < 2:
        return []
    whole = [feature for feature in numbers if (feature.codes >= 0).all()]
    found = []
    if len(whole) > 1:
        matrix = np.abs(np.corrcoef(np.stack([_ranks(feature.codes) for feature in whole])))
        for one, two in np.argwhere(np.triu(matrix > _TOGETHER, 1)):
            found.append((whole[one].column.key, whole[two].column.key, float(matrix[one, two])))
    for place, feature in enumerate(numbers):
        if not (feature.codes >= 0).all():
            for other in [*numbers[:place], *(later for later in numbers[place + 1 :] if later in whole)]:
                both = _both(feature, other)
                if both.any():
                    much = abs(_pearson(_ranks(feature.codes[both]), _ranks(other.codes[both])))
                    found.append((feature.column.key, other.column.key, much))
    return found


def _both(one: _Feature, other: _Feature) -> NDArray[np.bool_]:
    """Return the rows [n] that have both, none where these are few or less than half of all."""
    both = (one.codes >= 0) & (other.codes >= 0)
    return both if int(both.sum()) >= max(_FEWEST, len(both) / 2) else np.zeros(len(both), np.bool_)


def _closeness(category: _Feature, other: _Feature) -> float:
    both = _both(category, other)
    if both.sum() < _FEWEST * (1 if other.is_category else len(category.levels)):
        return math.nan
    if other.is_category:
        return _association(category.codes[both], other.codes[both])
    return _ratio(category.codes[both], _ranks(other.codes[both]))


# In words ------------------------------------------------------------------------------------------------------------


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _signed(number: float) -> str:
    return f"{number:.2f}".replace("-", "−")


def _size_notes(count: int, settings: int, columns: int, title: str) -> list[str]:
    """Return what the number of rows allows to say."""
    if count < _FEWEST:
        return [f"{_rows(count)} with a value of {title}: cannot tell what matters"]
    repeated = f", {settings:,} settings" if settings < count else ""
    notes = []
    if settings < _FEW:
        notes.append(f"{_rows(count)}{repeated}: cannot tell what matters; this is little more than chance")
    elif settings < _ENOUGH:
        notes.append(f"{_rows(count)}{repeated}: treat as a hint")
    elif repeated:
        notes.append(f"{_rows(count)}{repeated}: those that differ only in their seed count as one")
    if columns > settings:
        notes.append(f"{columns:,} hyperparameters for {settings:,} settings: some will seem to matter by chance")
    return notes


def _score_notes(score: float, rows: Sequence[Row]) -> list[str]:
    if math.isnan(score):
        return []
    if score < _LITTLE:
        return [
            f"the forest explains little (R² = {_signed(score)} on rows it was not trained on): the order may be chance"
        ]
    if not any(row.matters for row in rows):
        return ["no hyperparameter stands out from chance"]
    return []


def _twin_notes(twins: Sequence[tuple[str, str, float]], titles: dict[str, str]) -> list[str]:
    notes = [
        f"{titles[one]} and {titles[two]} move together ({much:.2f}): their shares cannot be told apart"
        for one, two, much in twins[:_NAMED]
    ]
    more = len(twins) - _NAMED
    return notes + (
        [f"{more:,} more pairs of hyperparameters move together" if more > 1 else _ONE_MORE] if more > 0 else []
    )


def _category_notes(features: Sequence[_Feature]) -> list[str]:
    return [
        f"{feature.grouped:,} of the {len(feature.levels):,} values of {feature.column.title} are taken together"
        for feature in features
        if feature.grouped
    ]


# Along one hyperparameter --------------------------------------------------------------------------------------------


def partial_dependence(
    sheet: Sheet, target: str, key: str, *, keys: Sequence[str] | None = None, seed: int = 0
) -> PartialDependence:
    """Return what a forest says of the metric `target` along `key`, at 20 values at most, or at each category.

    keys: the hyperparameters that the forest learns from, all of them if not said. With fewer than 5 rows, or when
    `key` does not differ, nothing is returned [0], and the notes say why. Raises KeyError as `importance` does.
    """
    goal = _goal(sheet, target)
    others = [column.key for column in sheet.of("hparam")] if keys is None else keys
    features, left_out = _features(sheet, [key, *others], goal.places)
    reason = dict(left_out).get(key, "")
    if len(goal.places) < _FEWEST:
        reason = f"{_rows(len(goal.places))} with a value of {goal.column.title}: cannot tell"
    elif reason:
        reason = f"{_title(sheet, key)}: {reason}"
    if reason:
        none = np.zeros(0)
        return PartialDependence(
            key, target, sheet.column(key) is not None and _known(sheet, key).type != "text",
            (), none, none, none, none, np.zeros(0, np.int64), False, (reason, *goal.notes),
        )  # fmt: skip
    feature = features[0]
    count = len(goal.places)
    data = np.ascontiguousarray(np.hstack([each.block for each in features]))
    looks = _looks(feature)
    clusters = _settings(features, count)
    curves = np.stack([_curve(data, goal.y, clusters, looks, [seed, number]) for number in range(_RESAMPLES)])
    middle, spread = curves.mean(0), _BAND * curves.std(0, ddof=1)
    mean, low, high = (_back(goal, each) for each in (middle, middle - spread, middle + spread))
    numbers = not feature.is_category
    log = numbers and feature.column.type != "bool" and is_log(np.array(feature.levels, np.float64))
    return PartialDependence(
        key, target, numbers, tuple(look.label for look in looks),
        np.array([look.value for look in looks]), mean, low, high,
        np.array([look.count for look in looks], np.int64), log, goal.notes,
    )  # fmt: skip


@dataclass(frozen=True)
class _Look:
    """One value of a hyperparameter: what to put into its block [columns], and how many rows are nearest to it."""

    label: str
    value: float
    block: NDArray[np.float32]
    count: int


def _looks(feature: _Feature) -> list[_Look]:
    """Return the values at which to ask: every level, or evenly many rows apart where there are more than 20."""
    present = feature.codes[feature.codes >= 0]
    counts = np.bincount(present, minlength=len(feature.levels))
    missing = int((feature.codes < 0).sum())
    looks = []
    if feature.is_category:
        order = np.argsort(-counts, kind="stable")[:_LEVELS]
        for place, level in enumerate(sorted(order.tolist())):
            block = feature.block[int(np.argmax(feature.codes == level))]
            looks.append(_Look(str(feature.levels[level]), float(place), block, int(counts[level])))
    else:
        chosen = np.arange(len(feature.levels))
        if len(chosen) > _GRID:
            chosen = np.unique(np.quantile(np.sort(present), np.linspace(0, 1, _GRID), method="nearest")).astype(int)
        nearest = chosen[np.abs(present[:, np.newaxis] - chosen).argmin(1)]
        for level in chosen.tolist():
            block = feature.block[int(np.argmax(feature.codes == level))]
            number = feature.levels[level]
            label = word(bool(number)) if feature.column.type == "bool" else word(float(number))
            looks.append(_Look(label, float(number), block, int((nearest == level).sum())))
    if missing:
        where = float(len(looks)) if feature.is_category else math.nan
        looks.append(_Look("missing", where, feature.block[int(np.argmax(feature.codes < 0))], missing))
    return looks


def _curve(
    data: NDArray[np.float32], y: Floats, clusters: NDArray[np.int64], looks: Sequence[_Look], seed: list[int]
) -> Floats:
    """Return what a few trees, trained on one draw of settings, say on average at each look [k]."""
    from sklearn.tree import DecisionTreeRegressor

    rng = np.random.default_rng(seed)
    settings = int(clusters.max()) + 1
    drawn = np.bincount(rng.integers(0, settings, settings), minlength=settings)[clusters]
    rows = rng.choice(len(y), min(len(y), _OUT_OF_BAG), replace=False)
    width = looks[0].block.shape[0]
    many = np.tile(data[rows], (len(looks), 1))
    many[:, :width] = np.repeat(np.stack([look.block for look in looks]), len(rows), axis=0)
    total = np.zeros(len(looks))
    for number in range(_TREES_EACH):
        model = DecisionTreeRegressor(
            max_features=_features_tried(data.shape[1]), min_samples_leaf=_leaf(len(y)), random_state=number
        )
        model.fit(data, y, sample_weight=drawn.astype(np.float64), check_input=False)
        total += model.tree_.value[model.tree_.apply(many), 0, 0].reshape(len(looks), len(rows)).mean(1)
    return total / _TREES_EACH


def _back(goal: _Goal, said: Floats) -> Floats:
    """Return what the forest says in the units of the metric."""
    base = _ranks(goal.values) if goal.ranked else goal.values
    scale = float(np.abs(base).max(initial=0.0)) or 1.0
    back = (said + (base / scale).mean()) * scale
    if not goal.ranked:
        return np.asarray(back)
    return np.asarray(np.interp(back, np.sort(base), np.sort(goal.values)))
