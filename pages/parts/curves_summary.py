"""All scalars that are shown, in one table: a row per tag and run, with its curve."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pages.parts import sheet as parts
from tbcore import ui
from tbcore.analysis import scalar_summary
from tbcore.series import Series
from tbcore.ui import sheet as table

KEY = "scalars_table"


def summary(view: ui.View, series: Sequence[Series], *, baseline: str = "") -> None:
    """Draw the table. baseline: the run to which the others are compared, "" for none."""
    state = table.sheet_state(KEY)
    shown = {run.name for run in view.selected}
    hidden = [
        one
        for run in view.runs
        if run.name == baseline and run.name not in shown
        for (kind, _tag), one in run.series.items()
        if kind == "scalars"
    ]
    made, rows = scalar_summary.sheet(series, baseline, hidden)
    whole = parts.judged(made, state)
    listed = parts.listed(whole, state)
    by_name = dict(zip(whole.names, rows, strict=True))

    def curve(row: int) -> "NDArray[np.float32] | None":
        return parts.spark(by_name[listed.names[row]])

    parts.draw(
        view,
        listed,
        whole=whole,
        key=KEY,
        usual=scalar_summary.usual(baseline),
        sparks={"about:last": curve},
        name="scalars",
        rows="curves",
        height=720,
    )
