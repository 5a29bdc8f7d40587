"""Profile: where the time goes, and what to do about it."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts import (
    profile_compare,
    profile_critical,
    profile_distributed,
    profile_idle,
    profile_input,
    profile_kernels,
    profile_machine,
    profile_memory,
    profile_modules,
    profile_operators,
    profile_overview,
    profile_reports,
    profile_trace,
)
from pages.parts import profile_source as source
from pages.parts.profile_source import Chosen, Recording
from tbcore import ui
from tbcore.analysis import profiles
from tbcore.analysis.profiles import Trace
from tbcore.errors import FormatError
from tbcore.ui import bound, profile

MODE = "profile_mode"
MODES = {"recorded": "Recordings", "machine": "This machine"}


@dataclass(frozen=True)
class Tab:
    """One way to look at a recording. has: whether there is something to see; lacking: what it takes, when there is not."""

    title: str
    show: Callable[[Chosen], None]
    has: Callable[[Trace], bool] = bool
    lacking: str = ""


TABS = {
    "overview": Tab("Overview", profile_overview.show),
    "trace": Tab("Trace", profile_trace.show),
    "input": Tab("Input", profile_input.show),
    "operators": Tab("Operators", profile_operators.show),
    "kernels": Tab(
        "Kernels", profile_kernels.show, profiles.has_kernels, "events of a GPU, which no CPU-only recording has"
    ),
    "memory": Tab("Memory", profile_memory.show, profiles.has_memory, "`profile(profile_memory=True)`"),
    "modules": Tab(
        "Modules", profile_modules.show, profiles.has_modules, "`profile(with_stack=True, with_modules=True)`"
    ),
    "distributed": Tab("Distributed", profile_distributed.show),
    "idle": Tab("Idle", profile_idle.show, profiles.has_kernels, "events of a GPU, which no CPU-only recording has"),
    "critical": Tab("Critical path", profile_critical.show),
    "compare": Tab("Compare", profile_compare.show),
}


def chosen(view: ui.View) -> tuple[str, Recording | None, DeltaGenerator]:
    """Draw the choice of a recording, or of this machine, and return them, and the row that they stand in."""
    file = None
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
    with row:
        mode = bound.segments("View", MODES, key=MODE, label_visibility="collapsed")
        offered = source.offered(view) if mode == "recorded" else []
        if offered:
            file = source.choose(offered)
            with st.popover("", icon=":material/upload_file:", help="Open a recording from a file"):
                brought = source.bring()
            if brought is not None:
                open_it(brought)
    return mode, file, row


def open_it(brought: source.Brought) -> None:
    """Show a recording that has just been opened."""
    bound.choose(source.RUN, [source.BROUGHT])
    bound.choose(source.FILE, [source.label(brought)])
    st.rerun()


def tab_of(trace: Trace, row: DeltaGenerator) -> str:
    """Draw the choice of a tab, and in the row what those that have nothing to show would take; return the one that is chosen."""
    wanted = profile.said(profile.TAB)
    shown = {key: one.title for key, one in TABS.items() if one.has(trace) or key == wanted}
    tab = bound.segments("Tab", shown, key=profile.TAB, label_visibility="collapsed")
    missing = [one for key, one in TABS.items() if key not in shown]
    if missing:
        words = "1 more view" if len(missing) == 1 else f"{len(missing)} more views"
        with row, st.popover(words, type="tertiary", help="What this recording holds no data for"):
            for one in missing:
                st.markdown(f"**{one.title}** needs {one.lacking}.")
    return tab


def page(view: ui.View, file: Recording, row: DeltaGenerator) -> None:
    """Draw the tab that is chosen."""
    try:
        if not file.is_trace:
            profile_reports.show(file)
            return
        trace = source.read(file)
    except FormatError as error:
        st.error(f"{ui.plain(file.name)} cannot be read: {ui.plain(str(error))}")
        return
    if trace is None:
        return
    source.notes(trace)
    if not len(trace):
        st.markdown("There are no events in this recording.")
        return
    now = Chosen(view, file, trace, trace.key, source.loading(), tuple(source.offered(view)))
    TABS[tab_of(trace, row)].show(now)


def nothing(view: ui.View) -> None:
    """Say why there is no recording to look at."""
    if any(run.profiles for run in view.runs):
        st.markdown("There are recordings, but none of the runs that are shown: choose others in the sidebar.")
        return
    ui.no_data("profiles", "recordings")
    brought = source.bring()
    if brought is not None:
        open_it(brought)


view = ui.view()
mode, file, row = chosen(view)
if mode == "machine":
    profile_machine.show()
elif file is not None:
    page(view, file, row)
else:
    nothing(view)
