"""The ranks of a job side by side: who computes, who sends, who waits for whom."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st

from pages.parts import profile_source as source
from pages.parts import profile_window as windows
from pages.parts.profile_source import Chosen, Recording
from tbcore import ui
from tbcore.analysis import profile_distributed
from tbcore.analysis.profile_distributed import Collectives, Together
from tbcore.analysis.profile_forms import Steps
from tbcore.analysis.profiles import Trace
from tbcore.charts import profile_idle as charts
from tbcore.errors import FormatError
from tbcore.ui import bound, profile
from tbcore.ui.timings import Column, timings

MOST = 16  # ranks that are read at once, unless the visitor asks for more
MEAN = "mean"
LAST = (
    Column("name", "Rank", "text", width=220),
    Column(
        "last", "Came last", "count", "How many collectives it was the last one to arrive at: the others waited for it."
    ),
    Column("cost", "Others waited for it", "duration"),
    Column("waited", "It waited", "duration"),
    Column("offset", "Clock ahead by", "duration", "Judged by when collectives end."),
)
OPERATIONS = (
    Column("name", "Collective", "text", width=220),
    Column("who", "Rank", "text", width=180),
    Column("calls", "Calls", "count"),
    Column("bytes", "Handed over", "size"),
    Column("latency", "Time", "duration"),
    Column("transfer", "Data transfer", "duration", "As long as the rank that needed the least time for it."),
)
EACH = (
    Column("name", "Collective", "text", width=200),
    Column("step", "Step", "text", width=120),
    Column("who", "Rank", "text", width=180),
    Column("time", "Time", "duration"),
    Column("transfer", "Data transfer", "duration"),
    Column("waiting", "Waiting", "duration"),
)
DEVICES = (
    Column("who", "Rank", "text", width=220),
    Column("device", "Device", "text", width=220),
    Column("memory", "Memory", "size"),
    Column("backend", "Backend", "text"),
    Column("world", "Of ranks", "count"),
)


@dataclass(frozen=True)
class Rank:
    """One recording of a job."""

    name: str
    file: Recording
    trace: Trace = field(repr=False)
    steps: Steps = field(repr=False)


def show(chosen: Chosen) -> None:
    """Draw the tab."""
    files = siblings(chosen)
    if len(files) > MOST:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            picked = bound.several(
                "Ranks",
                [windows.title(one) for one in files],
                [windows.title(one) for one in files[:MOST]],
                str,
                key="dist_ranks",
            )
        files = [one for one in files if windows.title(one) in picked]
    ranks = read(chosen, files)
    if ranks is None:
        return
    names = tuple(rank.name for rank in ranks)
    marks = tuple(rank.trace.key for rank in ranks)
    sent = [
        source.remembered(
            chosen,
            "collectives",
            lambda rank=rank: profile_distributed.collectives(rank.trace, rank.steps),
            rank.trace.key,
            chosen.loading,
        )
        for rank in ranks
    ]
    for words in profile_distributed.unusual([rank.steps for rank in ranks], names):
        st.warning(ui.plain(words), icon=":material/group_remove:")
    if not any(map(len, sent)):
        alone(chosen, len(ranks))
        return
    together = source.remembered(chosen, "together", lambda: profile_distributed.together(sent), marks, chosen.loading)
    for note in together.notes:
        st.warning(ui.plain(note), icon=":material/schedule:")
    bars(ranks, together, names)
    if len(ranks) < 2:
        st.caption("Recordings of the other ranks of this job are not beside it: who waited for whom cannot be told.")
    elif len(together.each):
        waits(chosen, ranks, together, names)
    operations(sent, together, names)
    devices(ranks)


def alone(chosen: Chosen, ranks: int) -> None:
    """Say that nothing is sent between ranks, and where other recordings would be found."""
    if ranks > 1:
        st.markdown("No collective was recorded: nothing here is sent between ranks by NCCL, Gloo or their like.")
        return
    how = {
        "pytorch": ', as `tensorboard_trace_handler(folder, worker_name=f"rank{rank}")` on each of them writes them',
        "xplane": " and session, a file for each host",
    }
    st.markdown(
        "No collective was recorded: this process sends nothing to others. Recordings of the other ranks of a job are found when they "
        f"lie in the same run{how.get(chosen.trace.source, '')}."
    )


def siblings(chosen: Chosen) -> list[Recording]:
    """Return the recordings of the same job: those of the same run, session and span by other workers, in order."""
    file = chosen.file
    found = [
        one
        for one in chosen.files
        if one.run == file.run
        and one.is_trace
        and one.format == file.format
        and one.session == file.session
        and one.span == file.span
    ]
    if isinstance(file, source.Brought):
        # Nothing tells what belongs together but who brought it.
        return sorted(
            (one for one in chosen.files if isinstance(one, source.Brought) and one.format == file.format),
            key=lambda one: profile_distributed.ordered(one.name),
        )
    if len({one.worker for one in found}) < 2:
        return [file]
    return sorted(found, key=lambda one: profile_distributed.ordered(windows.title(one)))


def read(chosen: Chosen, files: Sequence[Recording]) -> list[Rank] | None:
    """Return the ranks of these recordings; while some are still being read, draw how far that is and return None."""
    ranks: list[Rank] = []
    waiting = False
    for file in files:
        try:
            trace = chosen.trace if file.mark == chosen.file.mark else source.read(file)
        except FormatError as error:
            st.error(f"{ui.plain(file.name)} cannot be read: {ui.plain(str(error))}")
            continue
        if trace is None:
            waiting = True
            continue
        steps = source.remembered(
            chosen, "steps", lambda trace=trace: windows.steps_of(trace, chosen.loading), trace.key, chosen.loading
        )
        ranks.append(Rank(name_of(file, trace), file, trace, steps))
    if waiting:
        return None
    ranks.sort(key=lambda rank: rank.trace.group.rank if rank.trace.group else 0)
    return ranks


def name_of(file: Recording, trace: Trace) -> str:
    """Return what a rank is called."""
    own = file.worker or file.name.rpartition("/")[2]
    return f"rank {trace.group.rank} · {own}" if trace.group else own


def bars(ranks: Sequence[Rank], together: Together, names: Sequence[str]) -> None:
    """Draw how each rank spends its steps: computing, communicating, both at once."""
    if not any(rank.steps.overlap is not None and len(rank.steps) for rank in ranks):
        return
    shared = list(together.steps)
    step = MEAN
    if len(shared) > 1:
        step = bound.select(
            "Step",
            [MEAN, *shared],
            lambda one: "mean of all steps" if one == MEAN else f"step {one}",
            key="dist_step",
            width=190,
        )
    table = profile_distributed.overlap_parts([rank.steps for rank in ranks], names, "" if step == MEAN else step)
    left, right = st.columns(2, gap="medium") if len(ranks) > 1 else (st.container(), None)
    with left:
        st.markdown("**Computation and communication**")
        if len(table):
            st.altair_chart(charts.stacked(table, charts.OVERLAPS, columns=2), key="dist_overlap")
        windows.saved("ranks", table)
    if right is None:
        return
    with right:
        st.markdown("**What communication is spent on**")
        waited = profile_distributed.wait_parts(together, names, "" if step == MEAN else step)
        if not len(together.each):
            st.caption("No collective was recorded by all ranks alike, so that it cannot be told.")
        elif len(waited):
            st.altair_chart(charts.stacked(waited, charts.WAITS), key="dist_waits")
            windows.saved("rank_waits", waited)


def waits(chosen: Chosen, ranks: Sequence[Rank], together: Together, names: Sequence[str]) -> None:
    """Draw who came last to collectives, and what that cost the others."""
    table = profile_distributed.last_table(together, names)
    st.markdown("**Who the others wait for**")
    row = timings(table, LAST, key="dist_last")
    worst = profile_distributed.straggler(together, names)
    if worst:
        st.caption(ui.plain(worst))
    with st.container(horizontal=True, vertical_alignment="center"):
        if row is not None:
            one = ranks[int(table.iloc[row]["rank"])]
            profile.link(
                f"Overview of {ui.plain(one.name)}", "dist_open", "overview", {}, icon="arrow_forward",
                first=lambda: source.turn_to(one.file, chosen.files),
            )  # fmt: skip
        windows.saved("stragglers", table)
    each = profile_distributed.each_table(together, names)
    if len(each):
        st.markdown("**Longest waits**")
        row = timings(each, EACH, key="dist_each", rows=8)
        with st.container(horizontal=True, vertical_alignment="center"):
            if row is None:
                st.caption(
                    "Tick a wait to see it in the trace of its rank, or of the one that came last.", width="content"
                )
            else:
                one = each.iloc[row]
                last = profile_distributed.last_of(together, int(one["place"]))
                places = {"Show the wait in": (int(one["rank"]), int(one["row"])), "Show who came last:": last}
                for number, (words, (rank, event)) in enumerate(places.items()):
                    told = f"{words} {ui.plain(names[rank])}"
                    windows.show_elsewhere(chosen, ranks[rank].file, event, f"dist_wait_{number}", told)
            windows.saved("waits", each)


def operations(sent: Sequence[Collectives], together: Together, names: Sequence[str]) -> None:
    """Draw the collectives by name."""
    st.markdown("**Collectives**")
    table = profile_distributed.operation_table(sent, together, names)
    timings(table, OPERATIONS, key="dist_operations", ticks=False)
    windows.saved("collectives", table)


def devices(ranks: Sequence[Rank]) -> None:
    """Draw what each rank ran on."""
    table = profile_distributed.device_table([(rank.name, rank.trace) for rank in ranks])
    if len(table):
        st.markdown("**Devices**")
        timings(table, DEVICES, key="dist_devices", ticks=False)
