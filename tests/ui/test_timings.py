"""Tables of what took how long: what is shown of them, and how it is spelled."""

from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from tbcore.ui import timings


@pytest.mark.parametrize(
    ("nanoseconds", "words"),
    [(0, "0s"), (0.5, "0.5ns"), (5.7612, "5.76ns"), (999, "999ns"), (999.7, "1µs"), (12_345, "12.3µs"), (2_050_000_000, "2.1s")],
)  # fmt: skip
def test_durations_are_spelled_down_to_the_nanosecond(nanoseconds: float, words: str) -> None:
    assert timings.lasting(nanoseconds) == words


def test_a_text_of_any_length_is_cut() -> None:
    assert timings.shortened("x" * 10_000_000) == "x" * 299 + "…"
    assert timings.shortened("aten::add") == "aten::add"


def page() -> None:
    import pandas as pd
    import streamlit as st

    from tbcore.ui.timings import Column, sifted, timings

    frame = pd.DataFrame(
        {"name": ["aten::add", "aten::mm", "[odd]"], "took": [3_000, 20, 0], "size": [1, 2, 3], "empty": [0, 0, 0]}
    )
    shown = sifted(frame, "find", "Find operators")
    columns = [
        Column("name", "Operator", "text"),
        Column("took", "Took", "duration"),
        Column("empty", "Nothing", "count"),
    ]
    st.caption(f"chosen {timings(shown, columns, key='table')}")


def visited(**parameters: str) -> AppTest:
    app = AppTest.from_function(page, default_timeout=30)
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def names(app: AppTest) -> Any:
    return app.dataframe[0].value["name"].tolist()


def test_a_table_shows_the_columns_that_say_something(tmp_path: Any) -> None:
    app = visited()
    assert list(app.dataframe[0].value.columns) == ["name", "took"]
    assert app.caption[0].value == "chosen None"


def test_a_regular_expression_sifts_the_rows() -> None:
    assert names(visited(find="mm$")) == ["aten::mm"]
    assert names(visited(find="^ATEN")) == ["aten::add", "aten::mm"]


def test_a_wrong_expression_says_so_and_leaves_the_table_whole() -> None:
    app = visited(find="[odd")
    assert names(app) == ["aten::add", "aten::mm", "[odd]"]
    assert "not a regular expression" in app.error[0].value


def test_nothing_found_is_an_empty_table() -> None:
    assert len(pd.DataFrame(visited(find="no such name").dataframe[0].value)) == 0


def test_a_table_of_which_no_row_leads_anywhere_has_no_boxes_to_tick() -> None:
    def page() -> None:
        import pandas as pd

        from tbcore.ui.timings import Column, timings

        frame = pd.DataFrame({"name": ["a"], "time": [1_500.0]})
        columns = (Column("name", "Name", "text"), Column("time", "Time", "duration", signed=True))
        timings(frame, columns, key="one")
        timings(frame, columns, key="other", ticks=False)

    app = AppTest.from_function(page).run()
    assert not app.exception
    assert [list(one.proto.selection_mode) for one in app.dataframe] == [[0], []]
    spelled = pa.ipc.open_stream(app.dataframe[0].proto.arrow_data.styler.display_values).read_all()
    assert spelled["time"].to_pylist() == ["+1.5µs"]
