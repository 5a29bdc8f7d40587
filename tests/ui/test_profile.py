"""Links between the tabs of a profile stand in the address, also what a field of the tab they lead to takes from them."""

from streamlit.testing.v1 import AppTest


def script() -> None:
    """Draw a link, and a field that takes what the link says where that is shown."""
    import streamlit as st

    from tbcore.ui import profile

    st.button("Go", on_click=profile.go, args=("kernels",), kwargs={"kernels_find": "gemm"})
    st.button("Moment", on_click=profile.go, args=("trace",), kwargs=profile.at(3, 9))
    st.button("Event", on_click=profile.go, args=("trace",), kwargs=profile.at(7))
    if profile.said(profile.TAB) == "kernels":
        st.text_input("Find", key="kernels_find", bind="query-params")


def pressed(app: AppTest, words: str) -> AppTest:
    (button,) = [one for one in app.button if one.label == words]
    return button.click().run()


def test_what_a_link_looks_for_stands_in_its_field_and_in_the_address() -> None:
    app = pressed(AppTest.from_function(script).run(), "Go")
    assert app.text_input(key="kernels_find").value == "gemm"
    assert app.query_params["kernels_find"] == "gemm"


def test_a_link_to_the_tab_that_is_shown_changes_its_field() -> None:
    app = pressed(AppTest.from_function(script).run(), "Go")
    app.text_input(key="kernels_find").set_value("other").run()
    assert pressed(app, "Go").text_input(key="kernels_find").value == "gemm"
    assert not app.exception


def test_a_link_to_a_moment_takes_the_last_one_out_of_the_address() -> None:
    app = pressed(AppTest.from_function(script).run(), "Moment")
    assert (app.query_params["trace_from"], app.query_params["trace_to"]) == ("3", "9")
    app = pressed(app, "Event")
    assert app.query_params["trace_row"] == "7"
    assert "trace_from" not in app.query_params
