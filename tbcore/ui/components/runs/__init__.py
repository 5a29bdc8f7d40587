"""The run list of the sidebar: which runs are shown, how far each has come, when the logs were last read."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import streamlit as st

from tbcore.ui.components.bundle import bundle
from tbcore.ui.selection import Selection, selection_of

FOLDER = Path(__file__).parent
MODULES = ("../lines/dom.js", "../lines/format.js", "selection.js", "words.js", "rows.js", "main.js")

HTML = """
<div class="runs">
  <div class="top">
    <span class="count" role="status"></span>
    <button type="button" class="text all" title="Show every run">All</button>
    <button type="button" class="text none" title="Hide every run">None</button>
  </div>
  <div class="why"></div>
  <input class="filter" type="search" placeholder="Filter runs (regex)" aria-label="Filter runs (regex)"
    autocomplete="off" spellcheck="false">
  <div class="wrong" role="alert" hidden></div>
  <div class="matching" hidden>
    <span class="matches" role="status"></span>
    <button type="button" class="text these" title="Show the runs that match, now and later, and no others"
      >Only these</button>
    <button type="button" class="text add" title="Show the runs that match as well">Add</button>
    <button type="button" class="text hide" title="Hide the runs that match">Hide</button>
  </div>
  <div class="scroller" tabindex="-1">
    <div class="column-head" aria-hidden="true">
      <span class="name">run</span><span class="figure age"><small>age</small></span
      ><span class="figure points"><small>points</small></span><span class="figure step"><small>step</small></span>
    </div>
    <div class="spacer" role="list" aria-label="Runs"></div>
  </div>
  <div class="empty">No runs yet</div>
  <div class="read"><span class="read-text"></span><div class="bar" hidden><div class="done"></div></div></div>
</div>
"""

RUNS = st.components.v2.component(
    "runs", html=HTML, css=(FOLDER / "runs.css").read_text(encoding="utf-8"), js=bundle(FOLDER, MODULES)
)


@dataclass(frozen=True)
class RunListState:
    """What the visitor did to the run list.

    shown: the runs chosen, None until anything was.
    problems: the run whose badge was clicked just now, in this one rerun; else None.
    """

    shown: Selection | None
    problems: str | None


def run_list(view: dict[str, Any], *, key: str) -> RunListState:
    """Draw the run list and return what the visitor did to it.

    view: {"runs": as `spelled_runs` makes them; "shown": a Selection; "limit": how many "newest" shows}, and where the list shall tell it "read_at": when the logs were last read, seconds
    since the epoch, or None, and "reading": None or {"done", "total"} in files.
    Choices reach the charts at once through the window event `runlens:shown`, and this function a moment later.
    """
    result = RUNS(
        key=key,
        data={"view": view},
        on_shown_change=_nothing,
        on_problems_change=_nothing,
    )
    problems = result.get("problems")
    return RunListState(selection_of(result.get("shown")), problems if isinstance(problems, str) else None)


def spelled_runs(runs: Sequence[Mapping[str, Any]]) -> str:
    """Return the runs of the run list, oldest first, as the browser reads them.

    runs: {"name", "color", "points", "last_step" or None, "start" or None, "last" or None: wall times of the first and the
    last event, "problems": how many, "problem_text": the first}.
    One text that can be kept: thousands of runs are spelled at every drawing otherwise.
    """
    return json.dumps([{**run, "start": _finite(run["start"]), "last": _finite(run["last"])} for run in runs])


def _finite(wall_time: float | None) -> float | None:
    # JSON knows no NaN, and damaged logs hold such times.
    return wall_time if wall_time is not None and isfinite(wall_time) else None


def _nothing() -> None:
    """Do nothing: a callback declares a state to Streamlit, and the page reads the state itself."""
