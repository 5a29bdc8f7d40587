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
from tbcore.analysis.scalars import frame
from tbcore.names import matcher
from tbcore.series import Series
from tbcore.store.logdir import Logdir
from tbcore.store.run import Run

__all__ = ["Logdir", "Run", "Series", "hparams", "scalars"]
__version__ = "0.1.0"


def scalars(logdir: str | os.PathLike[str], *, tags: str | None = None, runs: str | None = None) -> pandas.DataFrame:
    """Return every scalar point of a logdir: run, tag, step, wall_time, value; one row per point.

    tags, runs: regular expressions, case-insensitive and unanchored. Raises LogdirError and PatternError.
    """
    opened = Logdir(logdir)
    opened.refresh()
    return frame(opened.find("scalars", tags, runs))


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
