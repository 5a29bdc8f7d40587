"""The Trace tab as the server makes it: what is sent to the browser, and what links and other tabs make stand out."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import profile_trace
from tests.pages.test_profile import logdir, put, recording  # noqa: F401
from tests.pages.visitor import press, texts, visited


@pytest.fixture
def recorded(logdir: Path) -> Path:  # noqa: F811
    """A logdir with one recording: in each of two steps an operator in each of two annotations."""
    put(logdir / "first", *recording())
    return logdir


def opened(**parameters: str) -> AppTest:
    app = visited("profile", profile_tab="trace", **parameters)
    end = time.monotonic() + 60
    while any(one.label == "Stop" for one in app.button):
        assert time.monotonic() < end
        app.run()
    assert not app.exception
    return app


def view(app: AppTest) -> dict[str, Any]:
    """Return what the browser is told besides tables."""
    drawn = [json.loads(one.proto.mixed.json) for one in app.get("bidi_component") if one.proto.HasField("mixed")]
    (found,) = [one for one in drawn if "view" in one]
    told: dict[str, Any] = found["view"]
    return told


def test_lanes_steps_and_the_whole_trace_are_sent_first(recorded: Path) -> None:
    told = view(opened())
    assert sum(lane[4] for group in told["groups"] for lane in group["lanes"]) >= 10
    assert [name for name, _start, _end in told["steps"]] == ["Step 0", "Step 1"]
    assert told["base"]["cell"] >= 1
    assert "answer" not in told
    assert told["seen"] is None


def test_a_link_names_what_is_searched_for_selected_and_seen(recorded: Path) -> None:
    told = view(opened(trace_find="^load", trace_row="0"))
    assert (told["search"], told["found"]["count"], told["dims"]) == ("^load", 2, True)
    assert (told["lead"]["row"], told["picked"]["kind"]) == (0, "event")
    assert told["picked"]["title"].startswith("ProfilerStep#0")
    length = told["length"]
    seen = view(opened(trace_from="0", trace_to=str(length // 2)))["seen"]
    assert 0 < seen["end"] - seen["start"] <= length
    told = view(opened(trace_range=f"{length // 4}..{length // 2}"))
    assert told["range"] == {"start": length // 4, "end": length // 2}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("trace_row", "-5"),
        ("trace_row", "999999999"),
        ("trace_row", "x" * 99),
        ("trace_from", "9" * 30),
        ("trace_to", "1e9"),
        ("trace_range", "7..3"),
        ("trace_range", "1.."),
    ],
)
def test_a_link_that_leads_nowhere_shows_the_trace(recorded: Path, name: str, value: str) -> None:
    told = view(opened(**{name: value}))
    assert told["picked"] is None
    assert told["range"] is None


def test_a_wrong_pattern_is_said_beside_the_field(recorded: Path) -> None:
    assert "not a regular expression" in view(opened(trace_find="("))["found"]["error"]


def test_what_another_tab_names_stands_out_until_the_visitor_ends_it(recorded: Path) -> None:
    app = opened()
    app.session_state[profile_trace.LIT] = (view(app)["key"], "the *slow* ones", np.array([0, 1, 10**6]))
    app.run()
    assert "the \\*slow\\* ones: 2 events stand out." in texts(app)
    assert view(app)["dims"]
    press(app, "Show all alike")
    assert not view(app)["dims"]


def test_what_is_looked_at_in_one_recording_is_not_looked_for_in_another(recorded: Path) -> None:
    put(recorded / "second", *recording(names=("other",)))
    app = opened(trace_run="first", trace_row="1")
    assert view(app)["picked"]["id"] == "event 1"
    app.selectbox(key="trace_run").select("second").run()
    while any(one.label == "Stop" for one in app.button):
        app.run()
    assert view(app)["picked"] is None
    assert "trace_row" not in app.query_params
