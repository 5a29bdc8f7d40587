"""This machine, live: what its GPUs, processors, memory, disks and network are doing."""

from collections.abc import Sequence
from html import escape
from math import isfinite, nan

import streamlit as st

from pages.parts.facts import facts
from tbcore import ui
from tbcore.charts import machine as chart
from tbcore.charts import theme
from tbcore.ui import machine
from tbcore.ui.machine import Gpu, History, Metric, Reading
from tbcore.ui.tables import downloads

_EVERY = 2.0  # seconds between drawings
_SPANS = (120.0, 300.0, 600.0)  # seconds that are shown, the least that holds all readings
_MOST_GPUS = 16  # that are drawn
_WHEN_USED = ("encoder", "decoder", "nvlink_sent", "nvlink_received")
_LETTERS = 40  # of a program's name


def show() -> None:
    """Draw what this machine is doing, again every moment."""
    history = machine.history()
    _told(history)
    st.fragment(_live, run_every=_EVERY)(history)
    downloads("machine", [("Readings as CSV", "csv", lambda: machine.written(history.readings()))], width="content")
    with st.expander("Keep these beside the curves of a run"):
        st.markdown(
            "This command runs a program and writes what is measured meanwhile into its run, as scalars that any TensorBoard "
            "shows, with its command line and the state of its git repository:"
        )
        st.code("python -m tbcore monitor --logdir runs/first -- python train.py", language="sh")


def _told(history: History) -> None:
    """Draw what there is: the GPUs, or why there are none."""
    found = history.machine
    words = f"{found.cores:,} cores, {theme.size(found.memory)} of memory"
    if found.why:
        st.caption(f"{words}. No GPU is shown: {ui.plain(found.why)}.")
        return
    driver = f", driver {ui.plain(found.driver)}" if found.driver else ""
    st.caption(f"{words}{driver}. Other programs and other visitors use it as well.")
    legend = [
        f'<span style="white-space:nowrap"><span style="color:{theme.color(gpu.number)}">●</span> '
        f"GPU {gpu.number}: {escape(gpu.name)}, {theme.size(gpu.memory)}</span>"
        for gpu in found.gpus[:_MOST_GPUS]
    ]
    st.html(f'<div style="font-size:.8125rem;display:flex;flex-wrap:wrap;gap:4px 18px">{"".join(legend)}</div>')


def _live(history: History) -> None:
    readings = history.readings()
    if not readings:
        st.caption("Measuring …")
        return
    end = readings[-1].time
    age = end - readings[0].time
    start = end - next((span for span in _SPANS if span >= age), _SPANS[-1])
    gpus = history.machine.gpus[:_MOST_GPUS]
    if gpus:
        st.html(chart.cards(_gpu_cards(readings, gpus), start, end))
        _troubles(readings[-1], gpus)
        _processes(readings[-1])
        st.markdown("##### Host")
    st.html(chart.cards(_host_cards(readings, history.machine.memory), start, end))


def _gpu_cards(readings: Sequence[Reading], gpus: Sequence[Gpu]) -> list[chart.Card]:
    found = []
    for metric in machine.GPU_METRICS:
        lines = [
            chart.Line(f"GPU {gpu.number}", theme.color(gpu.number), _points(readings, f"gpu{gpu.number}/{metric.key}"))
            for gpu in gpus
        ]
        lines = [line for line in lines if line.points]
        if metric.key in _WHEN_USED and not any(value for line in lines for _at, value in line.points):
            continue
        if lines and metric.key != "memory_percent":
            found.append(chart.Card(metric.title, metric.unit, lines, _limit(metric, gpus), metric.about))
    return found


def _host_cards(readings: Sequence[Reading], memory: int) -> list[chart.Card]:
    found = []
    for metric in machine.HOST_METRICS:
        points = _points(readings, metric.key)
        if points and metric.key != "memory_percent":
            limit = float(memory) if metric.key == "memory" else 100.0 if metric.unit == "%" else nan
            found.append(
                chart.Card(
                    metric.title, metric.unit, [chart.Line(metric.title, theme.color(0), points)], limit, metric.about
                )
            )
    return found


def _points(readings: Sequence[Reading], key: str) -> list[tuple[float, float]]:
    return [(one.time, one.values[key]) for one in readings if key in one.values]


def _limit(metric: Metric, gpus: Sequence[Gpu]) -> float:
    """Return the most that a metric can be on any of the GPUs, NaN where nobody says."""
    if metric.unit == "%":
        return 100.0
    told = {
        "memory": [float(gpu.memory) for gpu in gpus],
        "power": [gpu.power for gpu in gpus],
        "sm_clock": [gpu.clock for gpu in gpus],
    }
    return max((value for value in told.get(metric.key, ()) if isfinite(value) and value > 0), default=nan)


def _troubles(reading: Reading, gpus: Sequence[Gpu]) -> None:
    for gpu in gpus:
        reasons = reading.throttled.get(gpu.number)
        if reasons:
            st.caption(f":orange[GPU {gpu.number} runs slower than it could: {', '.join(reasons)}.]")


def _processes(reading: Reading) -> None:
    if not reading.processes:
        return
    with st.expander(f"Programs on the GPUs ({len(reading.processes)})"):
        facts(
            {
                f"GPU {one.gpu} · {one.pid} · {one.name[:_LETTERS] or '?'}": theme.size(one.memory)
                if one.memory >= 0
                else "memory not told"
                for one in reading.processes
            }
        )
