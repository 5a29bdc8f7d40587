"""What of a table is downloaded, and in which order: as it is listed on the screen."""

import numpy as np

from pages.parts import sheet as parts
from tbcore.analysis.sheets import Column, Sheet, number_cells, only, text_cells
from tbcore.ui.frame import View
from tbcore.ui.sheet import NAME, SheetState

NAMES = ("bs16", "r10", "r9", "bs32", "r8", "r7")
PARENT = np.array([-1, 0, 0, -1, 3, 3])
COLUMNS = (Column("hp:opt", "opt", "hparam", "text"), Column("m:last:loss", "loss", "metric", better="low"))


def listed(state: SheetState, *, tree: bool) -> list[str]:
    """Return the rows of a download. tree: two groups of two runs each, else the runs alone."""
    cells = {
        "hp:opt": text_cells([None, "b", "a", None, "a", "b"]),
        "m:last:loss": number_cells([3.0, 4.0, 2.0, 1.0, 2.0, None]),
    }
    sheet = Sheet(NAMES, COLUMNS, cells, tuple((name,) for name in NAMES))
    runs = np.array([name.startswith("r") for name in NAMES])
    whole = only(sheet, runs)
    made = parts.Table(
        View("", (), (), ""),
        sheet if tree else whole,
        whole,
        ("hp:opt",),
        depth=(PARENT >= 0).astype(np.int64) if tree else None,
        parent=PARENT if tree else None,
    )
    return list(parts.in_order(made, state).names)


def test_rows_come_as_they_are_until_a_column_orders_them() -> None:
    assert listed(SheetState(), tree=False) == ["r10", "r9", "r8", "r7"]
    assert listed(SheetState(sort=((NAME, False),)), tree=False) == ["r7", "r8", "r9", "r10"]


def test_a_second_column_orders_what_is_equal_in_the_first() -> None:
    both = SheetState(sort=(("m:last:loss", False), (NAME, False)))
    assert listed(both, tree=False) == ["r8", "r9", "r10", "r7"]
    assert listed(SheetState(sort=(("hp:opt", True), ("m:last:loss", True))), tree=False) == ["r10", "r7", "r9", "r8"]


def test_rows_of_groups_stay_together_in_the_order_of_the_groups() -> None:
    assert listed(SheetState(sort=(("m:last:loss", False),)), tree=True) == ["r8", "r7", "r9", "r10"]
    assert listed(SheetState(sort=(("m:last:loss", True),)), tree=True) == ["r10", "r9", "r8", "r7"]
