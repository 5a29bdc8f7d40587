"""One number of a metric's curve: its last, least or greatest value, a mean, or its value where something else is best.

Points that a later attempt of a restarted run wrote again do not count.
"""

import math
import re
from dataclasses import dataclass
from typing import Literal, NamedTuple, cast
from urllib.parse import quote, unquote

import numpy as np
from numpy.typing import NDArray

from tbcore.analysis.known import Known
from tbcore.series import Series

How = Literal["last", "min", "max", "mean", "at", "where_low", "where_high"]

_SPELLED = re.compile(
    r"(?P<how>last|min|max|mean|at|where_low|where_high)(?P<number>-?\d{1,19})?"
    r"(?:\((?P<other>[^()]*)\))?(?:@(?P<group>[^:]*))?:(?P<tag>.*)",
    re.DOTALL,
)
_LOW = (
    "loss losses err error errors perplexity ppl mse mae mape rmse nll bpc bpb bpd ce xent cross_entropy crossentropy fid "
    "lpips wer cer ece eer kl divergence time latency seconds duration regret cost brier"
)
_HIGH = (
    "acc accuracy top1 top5 auc auroc auprc ap map f1 fscore precision recall sensitivity specificity score reward rewards "
    "return returns bleu rouge chrf meteor psnr ssim iou miou dice r2 throughput per_second fps ndcg mrr hit hits elo "
    "win_rate success success_rate mcc kappa confidence"
)
_WORDS = re.compile(rf"(?<![a-z])(?:(?P<low>{_LOW.replace(' ', '|')})|(?P<high>{_HIGH.replace(' ', '|')}))(?![a-z])")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")  # where words meet in valLoss
# A number that goes with a metric and is none itself; and what turns around which word is the one that counts.
_BESIDE = re.compile(r"[^a-z](scale|weight|weights|coef|coeff|coefficient|std|var|norm)$")
_TURNED = re.compile(r"[^a-z](to|per|at|of|until)[^a-z]")


@dataclass(frozen=True)
class Measure:
    """Which number of which scalar tag.

    group: the run below the session's own that holds the tag, "" for its own. how: the last value; the least and the
    greatest finite one; the mean of the last `number`; the one at step `number`, or the latest before it; the one at
    the step where `other`, spelled as a measure, has its least or its greatest value.
    """

    tag: str
    group: str = ""
    how: How = "last"
    number: int = 0
    other: str = ""

    @property
    def spelled(self) -> str:
        """Return the measure as addresses and column keys hold it: last:eval/loss, mean10:eval/loss, min@eval:loss."""
        number = str(self.number) if self.how in ("mean", "at") else ""
        other = f"({quote(self.other, safe='/')})" if self.how in ("where_low", "where_high") else ""
        group = f"@{quote(self.group, safe='/')}" if self.group else ""
        return f"{self.how}{number}{other}{group}:{self.tag}"

    @staticmethod
    def of(text: str) -> "Measure | None":
        """Return the measure that `text` spells, None when it spells none."""
        found = _SPELLED.fullmatch(text)
        if found is None:
            return None
        how, number = cast(How, found["how"]), found["number"]
        if (how in ("mean", "at")) != (number is not None) or (how == "mean" and int(number) < 1):
            return None
        if how.startswith("where") != (found["other"] is not None):
            return None
        return Measure(
            found["tag"], unquote(found["group"] or ""), how, int(number or 0), unquote(found["other"] or "")
        )

    @property
    def name(self) -> str:
        """Return the metric's name without regard to which number of it is meant."""
        return f"{self.group}/{self.tag}" if self.group else self.tag

    @property
    def words(self) -> str:
        """Return which number of the metric is meant, in words; "" for the last one."""
        other = Measure.of(self.other)
        where = self.other if other is None else other.name
        return {
            "last": "",
            "min": "min",
            "max": "max",
            "mean": f"mean of last {self.number:,}",
            "at": f"at step {self.number:,}",
            "where_low": f"where {where} is lowest",
            "where_high": f"where {where} is highest",
        }[self.how]


class Summary(NamedTuple):
    """What a curve comes to. Of finite values: the least and the greatest, NaN without any, and the first steps at which they are."""

    last: float
    last_step: int
    min: float
    min_step: int
    max: float
    max_step: int
    points: int


def better(tag: str) -> Literal["", "low", "high"]:
    """Return which end of a metric is the good one, guessed from the words in its tag; "" where they do not tell.

    The last part of the tag counts before the whole, and the last word before others: top5_error is an error.
    """
    plain, apart = tag.lower(), _HUMP.sub("_", tag).lower()
    if _BESIDE.search(apart):
        return ""
    for part in (plain.rpartition("/")[2], apart.rpartition("/")[2], plain, apart):
        ends = ["low" if found["low"] else "high" for found in _WORDS.finditer(part)]
        if len(set(ends)) == 1 or (ends and not _TURNED.search(part)):
            return "low" if ends[-1] == "low" else "high"
    return ""


def value(series: Series | None, measure: Measure, other: Series | None = None) -> float | None:
    """Return the number that `measure` asks for; None when there is none, NaN when it is not a number.

    other: the series that `measure.other` names. A mean over values of which one is not finite is not either.
    """
    if series is None or not len(series):
        return None
    if measure.how == "last":
        return _last(series)
    if measure.how in ("min", "max"):
        found = summary(series)
        if found.points == 0:
            return None
        return found.min if measure.how == "min" else found.max
    steps, values = _counting(series)
    if not len(steps):
        return None
    if measure.how == "mean":
        with np.errstate(invalid="ignore"):  # infinities of both signs have no mean
            return float(np.mean(values[-measure.number :], dtype=np.float64))
    if measure.how == "at":
        return _at(steps, values, measure.number)
    if other is None or not len(other):
        return None
    best = summary(other)
    extreme = best.min if measure.how == "where_low" else best.max
    if math.isnan(extreme):
        return None
    return _at(steps, values, best.min_step if measure.how == "where_low" else best.max_step)


def _last(series: Series) -> float | None:
    """Return the last value that counts: of several writers, of the one that wrote last."""
    _steps, values = _counting(series)
    return float(values[-1]) if len(values) else None


def _counting(series: Series) -> tuple[NDArray[np.int64], NDArray[np.floating]]:
    """Return steps and values [n] of the points that count, in the order written, files by when they were last written to."""
    first = series.segments[0]
    if len(series.segments) == 1 and not first.starts and not series.restarts and first.values is not None:
        return first.steps, first.values
    superseded = series.superseded
    steps, values = series.steps, series.values
    ends = np.cumsum([len(segment.steps) for segment in series.segments])
    last = [segment.wall_times[-1] if len(segment.steps) else -math.inf for segment in series.segments]
    if any(last[i] > last[i + 1] for i in range(len(last) - 1)):
        order = sorted(range(len(last)), key=lambda place: (not math.isnan(last[place]), last[place]))
        rows = np.concatenate(
            [np.arange(ends[place] - len(series.segments[place].steps), ends[place]) for place in order]
        )
        superseded, steps, values = superseded[rows], steps[rows], values[rows]
    if not superseded.any():
        return steps, values
    return steps[~superseded], values[~superseded]


def _at(steps: NDArray[np.int64], values: NDArray[np.floating], step: int) -> float | None:
    """Return the last value at the latest step that is not after `step`, None when all are."""
    before = steps <= step
    if not before.any():
        return None
    latest = steps[before].max()
    return float(values[np.flatnonzero(steps == latest)[-1]])


def _summary(series: Series) -> Summary:
    steps, values = _counting(series)
    if not len(steps):
        return Summary(math.nan, 0, math.nan, 0, math.nan, 0, 0)
    last, last_step, points = float(values[-1]), int(steps[-1]), len(steps)
    low, high = values.argmin(), values.argmax()
    least, greatest = float(values[low]), float(values[high])
    if not math.isfinite(least) or not math.isfinite(greatest):
        finite = np.flatnonzero(np.isfinite(values))
        if not len(finite):
            return Summary(last, last_step, math.nan, 0, math.nan, 0, points)
        low, high = finite[values[finite].argmin()], finite[values[finite].argmax()]
        least, greatest = float(values[low]), float(values[high])
    return Summary(last, last_step, least, int(steps[low]), greatest, int(steps[high]), points)


_summaries = Known(_summary)


def summary(series: Series) -> Summary:
    """Return what a curve comes to, worked out once."""
    return _summaries(series)


def written(series: Series, number: float) -> float:
    """Return a value of a series with no more digits than tell it in the precision it was logged in: 0.1, not 0.10000000149."""
    single = all(one.values is not None and one.values.dtype == np.float32 for one in series.segments)
    return float(str(np.float32(number))) if single and math.isfinite(number) else number
