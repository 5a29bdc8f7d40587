"""Flame graphs as the browser gets them."""

from typing import Any

import numpy as np

from tbcore.charts import flame


def frames(*rows: tuple[str, int, int, int, int, str, int]) -> dict[str, Any]:
    names = ("name", "parent", "total", "self", "calls", "role", "row")
    return {name: np.array([row[at] for row in rows]) for at, name in enumerate(names)}


def test_frames_are_sent_as_columns_with_the_place_of_their_role() -> None:
    view, table = flame.spec(frames(("main", -1, 2**40, 5, 1, "python", 7), ("aten::add", 0, 3, 3, 2, "op", -1)))
    assert table.column_names == ["name", "parent", "total", "self", "calls", "role", "row"]
    assert table["total"].to_pylist() == [2.0**40, 3.0]
    assert table["row"].to_pylist() == [7, -1]
    words = [view["roles"][place]["words"] for place in table["role"].to_pylist()]
    assert words == ["Python", "Operators"]


def test_modules_have_a_colour_of_their_own_and_lose_what_all_their_names_begin_with() -> None:
    view, table = flame.spec(
        frames(("nn.Module: Linear_0", -1, 3, 3, 1, "python", 0), ("Net", -1, 3, 3, 1, "module", 1))
    )
    assert table["name"].to_pylist() == ["Linear_0", "Net"]
    assert [view["roles"][place]["one"] for place in table["role"].to_pylist()] == ["module", "module"]


def test_a_role_that_is_not_known_is_drawn_all_the_same() -> None:
    view, table = flame.spec(frames(("odd", -1, 3, 3, 1, "something else", 0)))
    assert view["roles"][table["role"].to_pylist()[0]]["words"] == ""


def test_a_name_of_any_length_is_sent_short() -> None:
    _view, table = flame.spec(frames(("x" * 10_000_000, -1, 3, 3, 1, "op", 0)))
    assert len(table["name"].to_pylist()[0]) == flame.LONGEST


def test_no_frames_are_no_rows() -> None:
    assert flame.spec(frames())[1].num_rows == 0
