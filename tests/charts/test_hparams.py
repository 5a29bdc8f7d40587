"""The ranking of hyperparameters as the browser draws it."""

import math

from tbcore.analysis.importance import Row
from tbcore.charts.hparams import ranking


def test_a_row_is_told_with_what_is_known_of_it() -> None:
    row = Row("hp:lr", "lr", 0.5, 0.4, 0.6, matters=True, correlation=-0.2, n=12)
    drawn = ranking([row], 0.01, "hp:lr")
    assert drawn["rows"] == [
        {
            "key": "hp:lr", "title": "lr", "importance": 0.5, "low": 0.4, "high": 0.6, "matters": True,
            "correlation": -0.2, "correlation_low": None, "correlation_high": None, "how": "rank", "n": 12,
        }
    ]  # fmt: skip
    assert (drawn["floor"], drawn["picked"]) == (0.01, "hp:lr")


def test_without_a_forest_there_is_no_floor() -> None:
    assert ranking([], math.nan, "")["floor"] is None
