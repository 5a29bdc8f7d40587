"""The table under a card, as the component draws it."""

import pandas as pd

from tbcore.charts.readouts import AT_STEP, readout


def table(tags: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "run": ["a", "b"],
            "tag": tags,
            "value": [1.5, float("nan")],
            "step": pd.Series([3, None], dtype="Int64"),
            "relative": [2.0, float("nan")],
        }
    )


def test_what_json_cannot_hold_is_spelled_out_and_what_is_not_known_is_nothing() -> None:
    found = readout(table(["t", "t"]), AT_STEP, "a note")
    assert [one["key"] for one in found["columns"]] == ["run", "value", "step", "relative"]
    assert found["rows"] == [["a", 1.5, 3, 2.0], ["b", "NaN", None, None]]
    assert found["note"] == "a note"


def test_several_tags_are_told_apart() -> None:
    found = readout(table(["t", "u"]), AT_STEP)
    assert [row[:2] for row in found["rows"]] == [["a", "t"], ["b", "u"]]
