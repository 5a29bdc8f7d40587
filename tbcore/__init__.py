"""Runlens' library: reads training logs and computes what its pages show.

formats   bytes -> values
store     files -> series
analysis  series -> tables
charts    tables -> figures
ui        figures -> the screen
"""

import os

import pandas

from tbcore.analysis.scalars import frame
from tbcore.series import Series
from tbcore.store.logdir import Logdir
from tbcore.store.run import Run

__all__ = ["Logdir", "Run", "Series", "scalars"]
__version__ = "0.1.0"


def scalars(logdir: str | os.PathLike[str], *, tags: str | None = None, runs: str | None = None) -> pandas.DataFrame:
    """Return every scalar point of a logdir: run, tag, step, wall_time, value; one row per point.

    tags, runs: regular expressions, case-insensitive and unanchored. Raises LogdirError and PatternError.
    """
    opened = Logdir(logdir)
    opened.refresh()
    return frame(opened.find("scalars", tags, runs))
