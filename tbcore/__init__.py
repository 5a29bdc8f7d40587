"""Runlens' library: reads training logs and computes what its pages show.

formats   bytes -> values
store     files -> series
analysis  series -> tables
charts    tables -> figures
ui        figures -> the screen
"""

import os
from typing import Literal

import pandas

from tbcore.analysis.hparams import frame as sessions
from tbcore.analysis.scalars import derived as curves
from tbcore.analysis.scalars import frame, is_smooth, points
from tbcore.names import matcher
from tbcore.series import Series
from tbcore.store.logdir import Logdir
from tbcore.store.run import Run

__all__ = ["Logdir", "Run", "Series", "hparams", "scalars"]
__version__ = "0.1.0"


def scalars(
    logdir: str | os.PathLike[str],
    *,
    tags: str | None = None,
    runs: str | None = None,
    window: tuple[float, float] | None = None,
    smoothing: float = 0.0,
    method: str = "ema",
    derived: str | None = None,
) -> pandas.DataFrame:
    """Return every scalar point of a logdir: run, tag, step, wall_time, value; one row per point.

    tags, runs: regular expressions, case-insensitive and unanchored. window: the first and the last step. smoothing: the
    parameter of `method`, one of `tbcore.analysis.scalars.SMOOTHINGS`: adds a column "smoothed", over all points, missing
    where a later attempt wrote a point again. derived: an expression over tags, whose curve is added; alone without `tags`.
    Raises LogdirError, PatternError and ExpressionError.
    """
    opened = Logdir(logdir)
    opened.refresh()
    found = [] if derived is not None and tags is None else opened.find("scalars", tags, runs)
    if derived is not None:
        found = [*found, *curves(opened.find("scalars", None, runs), derived)]
    if window is None and not is_smooth(method, smoothing):
        return frame(found)
    table = points(found, window=window, weight=smoothing, method=method, earlier=True)
    return table.drop(columns=["relative", "superseded"])


def hparams(
    logdir: str | os.PathLike[str],
    *,
    runs: str | None = None,
    value: Literal["last", "min", "max"] = "last",
    names: bool = False,
) -> pandas.DataFrame:
    """Return every session of a logdir: its run, status and times, what it chose, what its metrics came to; a row each.

    runs: a regular expression, case-insensitive and unanchored; value: which one of a metric counts; names: whether
    hyperparameters are read from names such as lr=0.1,bs=32 too. Raises LogdirError and PatternError.
    """
    passes = matcher(runs)
    opened = Logdir(logdir)
    opened.refresh()
    return sessions([run for run in opened.folded if passes(run.name)], how=value, names=names)
