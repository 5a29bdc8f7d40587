"""Overview: what holds training back, what to change, where the time of each step goes, how well devices are used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import isnan
from typing import Any

import streamlit as st

from pages.parts import profile_source as source
from pages.parts.facts import facts
from pages.parts.profile_source import Chosen
from tbcore import ui
from tbcore.analysis import profile_devices, profile_findings, profile_report, profile_roles, profile_steps
from tbcore.analysis import profile_words as words
from tbcore.analysis.profile_devices import HOST, DeviceFigures, Peak
from tbcore.analysis.profile_findings import Findings
from tbcore.analysis.profile_forms import EACH, Evidence, Finding, Steps
from tbcore.analysis.profile_memory import device_name
from tbcore.analysis.profile_report import CAUSES, Verdict
from tbcore.charts import profile_steps as charts
from tbcore.charts import theme
from tbcore.errors import PatternError
from tbcore.ui import profile
from tbcore.ui.tables import downloads

BARS = "profile_steps"
SHOWN = 4  # findings that are shown at once
MOST_BARS = 80
MOST_DEVICES = 16  # with a curve over time
SIGNS = {
    "high": (":red[:material/error:]", "Costs a lot"),
    "medium": (":orange[:material/warning:]", "Worth a look"),
    "low": (":blue[:material/lightbulb:]", "A little"),
    "info": (":gray[:material/info:]", "Good to know"),
}


@dataclass(frozen=True)
class Overview:
    """All that is shown of one recording."""

    steps: Steps
    devices: list[DeviceFigures]
    peaks: list[Peak]
    findings: Findings
    verdict: Verdict


def show(chosen: Chosen) -> None:
    """Draw the overview of a recording."""
    named, wrong = pattern(chosen.loading)
    found = source.remembered(chosen, "overview", lambda: made(chosen, named), "" if wrong else chosen.loading)
    if not len(found.steps):
        for note in found.steps.notes:
            st.caption(f":orange[{ui.plain(note)}]")
        st.markdown("There are no steps in this recording. The Trace tab shows its events.")
        return
    verdict(found)
    left, right = st.columns([6, 5], gap="large")
    with left:
        told(found.findings)
    with right:
        steps(chosen, found, wrong)
    used(found)
    lacking(found.findings)
    with st.expander("How it was recorded"):
        facts({**profile_report.told(chosen.trace), "File": chosen.file.name})


def pattern(text: str) -> tuple[profile_roles.Named, str]:
    """Return what tells data loading by names, and what is wrong with the pattern, "" for nothing."""
    try:
        return profile_roles.loading(text), ""
    except PatternError as error:
        return profile_roles.loading(), str(error)


def made(chosen: Chosen, named: profile_roles.Named) -> Overview:
    """Return what is shown of a recording."""
    steps = profile_steps.steps(chosen.trace, named)
    devices = profile_devices.devices(chosen.trace, steps)
    return Overview(
        steps,
        devices,
        profile_devices.peaks(chosen.trace),
        profile_findings.findings(chosen.trace, steps, devices, named=named),
        profile_report.verdict(chosen.trace, steps),
    )


# In one glance -------------------------------------------------------------------------------------------------------


def verdict(found: Overview) -> None:
    """Draw what holds training back, and how the time of a step is shared."""
    said = found.verdict
    whole = sum(said.parts.values()) or 1.0
    st.markdown(f"#### {said.words}")
    # The largest part first is what the eye meets first.
    parts = [(key, time) for key, time in said.parts.items() if time > 0]
    strip = "".join(
        f'<div style="flex:{max(time / whole, 0.004):.4f} 1 0;background:{charts.CAUSES[key]}" title="{escape(title(key, said))}"></div>'
        for key, time in parts
    )
    legend = "".join(
        f'<span style="white-space:nowrap;{"" if time > 0 else "opacity:.45;"}{"font-weight:600;" if key == said.cause else ""}">'
        f'<span style="display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:6px;background:{charts.CAUSES[key]}"></span>'
        f"{escape(title(key, said))} {words.share(time / whole)}"
        f'<span style="opacity:.65;font-weight:400"> {words.time(time) if time > 0 else ""}</span></span>'
        for key, time in said.parts.items()
    )
    st.html(
        f'<div class="profile-verdict" data-cause="{said.cause}"><div style="display:flex;gap:2px;height:22px;border-radius:4px;overflow:hidden">{strip}</div>'
        f'<div style="display:flex;flex-wrap:wrap;gap:4px 22px;margin-top:8px;font-size:0.875rem">{legend}</div></div>'
    )
    figures(found)


def title(key: str, said: Verdict) -> str:
    """Return what a cause is called; without a device the host is what computes."""
    return "Operators and Python" if key == "host" and not said.on_device else CAUSES[key][0]


def figures(found: Overview) -> None:
    """Draw the figures of the recording in a row, each with what it means."""
    steps = found.steps
    spread = float(steps.totals.std()) if len(steps) > 1 else 0.0
    many = words.count(len(steps), "step")
    rows: list[tuple[str, str, str]] = [
        ("Step time", words.time(steps.average()), f"Mean of {many}" + (f", ± {words.time(spread)} (standard deviation)." if spread else "."))
        if found.findings.each == EACH
        else ("Whole recording", words.time(steps.average()), "From the first event to the last: no step is marked in it.")
    ]  # fmt: skip
    busy = [one for one in found.devices if one.kernels]
    if busy:
        which = f"GPU {busy[0].number}" if len(busy) == 1 else f"{len(busy)} GPUs, mean"
        for name, about, values in (
            (
                "GPU utilisation",
                "Share of the time in which a kernel runs, however small.",
                [one.utilization for one in busy],
            ),
            (
                "SM efficiency",
                "Mean share of multiprocessors that have work, estimated from the blocks of kernels.",
                [one.sm_efficiency for one in busy],
            ),
            (
                "Occupancy",
                "Mean share of the warps that a multiprocessor can hold, estimated, while kernels run.",
                [one.occupancy for one in busy],
            ),
            (
                "Tensor Cores",
                "Share of the time of kernels whose names say that they use Tensor Cores.",
                [one.tensor_cores for one in busy],
            ),
        ):
            known = [value for value in values if not isnan(value)]
            if known:
                rows.append((name, words.share(sum(known) / len(known)), f"{about} ({which})"))
    for peak in found.peaks[:2]:
        where = "host" if peak.device_type == HOST else device_name(peak.device_type, peak.device)
        about = "Most memory that was allocated at one time." + (
            " Counted from the start of the recording." if peak.increase else ""
        )
        rows.append((f"Peak memory, {where}", words.size(peak.bytes), about))
    with st.container(horizontal=True, gap="medium"):
        for name, value, about in rows:
            st.metric(name, value, help=about, width="content")


# What to change ------------------------------------------------------------------------------------------------------


def told(found: Findings) -> None:
    """Draw the findings, the costly ones open."""
    st.markdown("##### What to change")
    if not found.told:
        st.markdown("Nothing stands out: all that was looked at is fine.")
    for place, one in enumerate(found.told[:SHOWN]):
        finding(one, place, found.each)
    rest = found.told[SHOWN:]
    if rest:
        with st.expander(words.count(len(rest), "more finding"), key="profile_more_findings"):
            for place, one in enumerate(rest, SHOWN):
                finding(one, place, found.each)


def finding(one: Finding, place: int, each: str) -> None:
    """Draw one finding: what it costs, what was measured, where it can be seen and what to do."""
    sign, about = SIGNS[one.severity]
    with st.container(border=True, key=f"finding_{place}", gap="small"):
        cost = f" &nbsp; :gray-badge[{words.time(one.cost_ns)} of {each}]" if one.cost_ns > 0 else ""
        st.markdown(f"{sign} **{one.title}**{cost}")
        st.markdown(one.text)
        if one.severity != "info":
            st.caption(measured(one, about))
        if one.advice:
            advice = "\n".join(f"- {sentence}" for sentence in one.advice)
            # The first is what to do first; of the others it is one click away.
            if place == 0:
                st.markdown(advice)
            else:
                with st.expander("What to do", key=f"advice_{place}"):
                    st.markdown(advice)
        if one.evidence:
            with st.container(horizontal=True, gap="small"):
                for number, shown in enumerate(one.evidence):
                    link(shown, f"evidence_{place}_{number}")


def link(evidence: Evidence, key: str) -> None:
    """Draw a button to where a finding can be seen."""
    st.button(
        ui.plain(evidence.words), key=key, type="tertiary", icon=":material/arrow_forward:",
        on_click=profile.go, args=(evidence.tab,), kwargs=dict(evidence.parameters),
    )  # fmt: skip


def measured(one: Finding, about: str) -> str:
    """Return the rule behind a finding: what was measured, and from where on it is told."""
    spelled = {
        "share": words.share,
        "bytes": words.size,
        "ns": words.time,
        "times": lambda value: f"{value:.2f} times",
    }.get(one.unit, theme.number)
    return f"{about}: {spelled(one.value)} measured, told from {spelled(one.threshold)} on (rule `{one.rule}`)"


def lacking(found: Findings) -> None:
    """Draw which rules found nothing, and which could not be evaluated and why."""
    needs: dict[str, list[str]] = {}
    for rule, need in found.not_evaluated:
        needs.setdefault(need, []).append(rule)
    names = [f"{len(found.fine)} rules found nothing"] if found.fine else []
    names += [f"{len(found.not_evaluated)} not evaluated"] if needs else []
    if not names:
        return
    with st.expander(", ".join(names), key="profile_lacking"):
        for need, rules in needs.items():
            st.markdown(f"Not evaluated: needs {need}")
            st.markdown("\n".join(f"- {rule}" for rule in rules))
        if found.fine:
            st.markdown("Found nothing:")
            st.markdown("\n".join(f"- {rule}" for rule in found.fine))


# Where the time goes -------------------------------------------------------------------------------------------------


def steps(chosen: Chosen, found: Overview, wrong: str) -> None:
    """Draw a bar for each step, and the average of each category. wrong: with the pattern of data loading."""
    st.markdown(f"##### Where the time of {found.findings.each} goes")
    for note in found.steps.notes:
        st.caption(ui.plain(note))
    table = profile_steps.table(found.steps, MOST_BARS)
    if len(found.steps) > MOST_BARS:
        st.caption(f"Neighbours are drawn as one bar with their mean: {len(found.steps):,} steps.")
    st.altair_chart(
        charts.bars(table, found.steps.categories, float(table["total"].max())),
        key=BARS, on_select=picked, selection_mode=charts.PICKED,
    )  # fmt: skip
    st.session_state["profile_windows"] = windows(table, found.steps)
    averages(found.steps)
    st.caption("A click on a bar shows the step in the trace.")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        downloads(
            f"steps_{ui_name(chosen)}",
            [("Steps as CSV", "csv", lambda: profile_steps.wide(found.steps).to_csv(index=False).encode())],
            width="content",
        )
        settings(wrong)


def ui_name(chosen: Chosen) -> str:
    """Return letters of a recording's name for the name of a file."""
    return "".join(sign if sign.isalnum() else "_" for sign in chosen.file.run)[:40] or "profile"


def windows(table: Any, found: Steps) -> dict[int, tuple[int, int]]:
    """Return from when to when each bar is, by the place of its first step."""
    firsts = list(dict.fromkeys(int(place) for place in table["place"]))
    lasts = [*(first - 1 for first in firsts[1:]), len(found) - 1]
    return {first: (int(found.starts[first]), int(found.ends[last])) for first, last in zip(firsts, lasts, strict=True)}


def picked() -> None:
    """Show the step of the bar that was clicked in the trace."""
    said = st.session_state.get(BARS)
    rows: Sequence[Mapping[str, Any]] = said.selection.get(charts.PICKED, []) if said else []
    window = st.session_state.get("profile_windows", {}).get(rows[0].get("place")) if rows else None
    if window is not None:
        profile.go("trace", **profile.at(*window))


def averages(found: Steps) -> None:
    """Draw the average of each category with its colour."""
    cell = "padding:3px 0 3px 8px;text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap"
    head = "".join(
        f'<th style="{cell};font-weight:400;opacity:.65{";text-align:left;padding-left:0" if not place else ""}">{name}</th>'
        for place, name in enumerate(("Category", "Mean", "Share", "Shortest", "Longest"))
    )
    rows = "".join(
        f'<tr><td style="{cell};text-align:left;padding-left:0"><span style="display:inline-block;width:10px;height:10px;border-radius:2px;'
        f'margin-right:8px;background:{charts.COLORS.get(row.category, "#9498a0")}"></span>{escape(row.category)}</td>'
        f'<td style="{cell}">{words.time(row.mean)}</td><td style="{cell}">{words.share(row.share)}</td>'
        f'<td style="{cell}">{words.time(row.shortest)}</td><td style="{cell}">{words.time(row.longest)}</td></tr>'
        for row in profile_steps.averages(found).itertuples()
    )
    whole = (
        f'<tr style="border-top:1px solid rgba(128,128,128,.35)"><td style="{cell};text-align:left;padding-left:0">Step</td>'
        f'<td style="{cell}">{words.time(found.average())}</td><td style="{cell}"></td>'
        f'<td style="{cell}">{words.time(float(found.totals.min()))}</td><td style="{cell}">{words.time(float(found.totals.max()))}</td></tr>'
    )
    st.html(
        '<div style="overflow-x:auto"><table class="profile-averages" style="font-size:0.8125rem;border-collapse:collapse">'
        f"<tr>{head}</tr>{rows}{whole}</table></div>"
    )


def settings(wrong: str) -> None:
    """Draw what of a recording counts as loading data."""
    with st.popover("What counts as data loading", type="tertiary", icon=":material/tune:"):
        st.text_input(
            "Names of annotations (regex)", key=source.LOADING, bind="query-params", placeholder="the usual names",
            help="Annotations are what `torch.profiler.record_function(name)`, `jax.profiler.TraceAnnotation(name)` and PyTorch's "
            "data loader write. Empty: the usual names of loading data, as `load_batch`, `next_batch` or `data_time`.",
        )  # fmt: skip
    if wrong:
        st.caption(f":red[{ui.plain(wrong)}]")


# How devices were used -----------------------------------------------------------------------------------------------


def used(found: Overview) -> None:
    """Draw how busy each device was over time, and their figures where there are several."""
    devices = [one for one in found.devices if one.kernels]
    if not devices:
        return
    st.markdown("##### How busy the devices were")
    if len(devices) > 1:
        st.dataframe(
            {
                "Device": [f"GPU {one.number}" for one in devices],
                "Name": [one.name for one in devices],
                "Utilisation": [spelled(one.utilization) for one in devices],
                "SM efficiency": [spelled(one.sm_efficiency) for one in devices],
                "Occupancy": [spelled(one.occupancy) for one in devices],
                "Tensor Cores": [spelled(one.tensor_cores) for one in devices],
                "Kernels": [one.kernels for one in devices],
                "Peak memory": [words.size(one.peak) if one.peak >= 0 else "" for one in devices],
            },
            key="profile_devices", hide_index=True,
        )  # fmt: skip
    table = profile_devices.timelines(devices[:MOST_DEVICES])
    if len(table):
        st.altair_chart(
            charts.utilization(table, min(len(devices), MOST_DEVICES), float(table["to"].max())),
            key="profile_utilization",
        )


def spelled(share: float) -> str:
    """Return a share in words, nothing for one that is not known."""
    return "" if isnan(share) else words.share(share)
