"""The order and the best of a column are the same on the server and in the browser: one table of cases for both."""

import json
from pathlib import Path
from typing import Any

import pytest

from tbcore.analysis.sheets import Cells, Column, Sheet, best, number_cells, order, text_cells

CASES: dict[str, Any] = json.loads((Path(__file__).parents[1] / "js" / "sheet_cases.json").read_text(encoding="utf-8"))


def sheet_of(type_: str, cells: list[Any], better: Any = "") -> Sheet:
    """Return a sheet of one column."""
    made: Cells
    if type_ == "text":
        made = text_cells(cells)
    else:
        made = number_cells([None if cell is None else float(cell) for cell in cells])
    column = Column("k", "k", "metric", "text" if type_ == "text" else "number", better=better)
    names = tuple(map(str, range(len(cells))))
    return Sheet(names, (column,), {"k": made}, ((),) * len(cells))


@pytest.mark.parametrize("case", CASES["order"], ids=str)
def test_a_column_is_ordered_as_the_browser_orders_it(case: dict[str, Any]) -> None:
    sheet = sheet_of(case["type"], case["cells"])
    assert order(sheet, "k").tolist() == case["up"]
    assert order(sheet, "k", descending=True).tolist() == case["down"]


@pytest.mark.parametrize("case", CASES["best"], ids=str)
def test_the_best_of_a_column_is_the_browsers(case: dict[str, Any]) -> None:
    assert best(sheet_of("number", case["cells"], case["better"]), "k") == case["best"]
