"""Scalars as tables and as curves."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from tbcore.series import Series


def frame(series: Iterable[Series]) -> pd.DataFrame:
    """Return the points of all series: run, tag (categories), step, wall_time, value; one row per point, order kept."""
    every = list(series)
    counts = [len(one) for one in every]
    runs = pd.Index(dict.fromkeys(one.run for one in every), dtype=object)
    tags = pd.Index(dict.fromkeys(one.tag for one in every), dtype=object)
    run_codes = np.repeat(runs.get_indexer(pd.Index([one.run for one in every])) if every else np.zeros(0, int), counts)
    tag_codes = np.repeat(tags.get_indexer(pd.Index([one.tag for one in every])) if every else np.zeros(0, int), counts)
    return pd.DataFrame(
        {
            "run": pd.Categorical.from_codes(run_codes, categories=runs),
            "tag": pd.Categorical.from_codes(tag_codes, categories=tags),
            "step": np.concatenate([one.steps for one in every] or [np.zeros(0, np.int64)]),
            "wall_time": np.concatenate([one.wall_times for one in every] or [np.zeros(0)]),
            "value": np.concatenate([one.values for one in every] or [np.zeros(0)]),
        }
    )
