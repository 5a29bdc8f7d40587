"""What a browser says of a cloud is heard once, and nothing but points, cameras and colours."""

import json
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tbcore.ui.components.cloud import Look, camera_of, legend_of, look_of, picked_of, rows_of

CASES = json.loads((Path(__file__).parents[1] / "js" / "cloud_cases.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES)
def test_sets_are_read_as_the_browser_spells_them(case: dict[str, object]) -> None:
    assert rows_of(case["text"], int(str(case["count"]))).tolist() == case["rows"]


def test_points_that_do_not_exist_are_passed_over() -> None:
    assert rows_of("r2-999999999,1", 4).tolist() == [1, 2, 3]
    assert rows_of("b//////8=", 3).tolist() == [0, 1, 2]
    assert rows_of("r1", 0).tolist() == []


@pytest.mark.parametrize("raw", [None, 7, "", "x", "r", "r-1", "r1-2-3", "rx", "r" + "9" * 400, "b=", "b§", ["r1"]])
def test_what_is_no_set_is_an_empty_one(raw: object) -> None:
    assert rows_of(raw, 4).tolist() == []


def test_only_a_point_is_picked() -> None:
    assert [picked_of(raw, 3) for raw in (0, 2, 3, -1, True, "1", None, 1.0)] == [0, 2, -1, -1, -1, -1, -1, -1]


def test_only_numbers_are_a_camera() -> None:
    assert camera_of([0, 1.5, 2]) == [0, 1.5, 2]
    assert camera_of([1e99, 0, 1, 0, 0, 0]) == [1e6, 0, 1, 0, 0, 0]
    for raw in (None, [], [1, 2], [1, 2, "3"], [1, 2, True], [1, 2, float("nan")], "1,2,3"):
        assert camera_of(raw) == []


def test_only_colours_are_lit() -> None:
    assert legend_of({"lit": [3, 1, 3, -1, 999, "2", True], "only": "x"}) == {"lit": [1, 3], "only": []}
    assert legend_of(None) == {"lit": [], "only": []}


def test_a_look_is_held_within_what_can_be_seen() -> None:
    assert look_of({"size": 99, "opacity": -1, "labels": "many", "sprites": True, "tint": False}) == Look(
        4, 0.05, "many", True, False
    )
    assert look_of({"size": "x", "labels": "<b>", "sprites": 1}) == Look(1, 1, "auto", False, True)
    assert look_of([]) == Look(1, 1, "auto", False, True)


def _page() -> None:
    import numpy as np
    import streamlit as st

    from tbcore.charts import cloud as clouds
    from tbcore.ui.components.cloud import cloud, cloud_state

    said = cloud_state("c", 5)
    st.text(f"{said.picked} {None if said.selected is None else said.selected.tolist()} {said.camera}")
    made = clouds.spec(np.zeros((5, 2)), picked=3)
    cloud(made.view, made.tables, key="c")


def test_a_cloud_is_two_elements_of_which_only_one_holds_points() -> None:
    at = AppTest.from_function(_page).run()
    assert not at.exception
    assert at.text[0].value == "None None None"
    rows, view = (element.proto for element in at.get("bidi_component"))
    assert rows.mixed.arrow_blobs
    assert not view.mixed.arrow_blobs
    assert json.loads(view.json)["view"]["picked"] == 3
    assert json.loads(view.json)["view"]["stamp"] in rows.mixed.json


def _heard() -> None:
    import streamlit as st

    from tbcore.ui.components.cloud import cloud_state

    # What a browser sent is in the session under the component's key.
    st.session_state["c"] = st.session_state.get("sent", {})
    for _time in range(2):
        said = cloud_state("c", 5)
        st.text(f"{said.picked} {None if said.selected is None else said.selected.tolist()} {said.legend}")


def test_what_was_done_is_heard_once() -> None:
    at = AppTest.from_function(_heard)
    at.session_state["sent"] = {"picked": [4, 2], "selected": [3, "r1-2"], "camera": "odd", "legend": [1, {"lit": [1]}]}
    at.run()
    assert [text.value for text in at.text] == ["2 [1, 2] {'lit': [1], 'only': []}", "None None None"]
    at.session_state["sent"] = {"picked": [5, -1], "selected": [3, "r1-2"]}
    at.run()
    assert [text.value for text in at.text] == ["-1 None None", "None None None"]


def test_numbers_of_points_are_whole() -> None:
    assert rows_of("r0-2", 3).dtype == np.int64
