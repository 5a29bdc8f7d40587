"""All that is told of one recording, as one document; and in one line what holds training back.

profile_report.verdict(trace, steps).words       # "Data loading holds training back: 88.9% of each step waits for it."
profile_report.report(trace)                     # the document of `python -m tbcore profile --json`
profile_report.told(trace)                       # names and values of how it was recorded
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd

from tbcore.analysis import profile_devices, profile_findings, profile_kernels, profile_ops, profile_steps
from tbcore.analysis import profile_words as words
from tbcore.analysis.profile_devices import HOST, DeviceFigures, Peak
from tbcore.analysis.profile_forms import OVERLAPS, Finding, Steps
from tbcore.analysis.profile_memory import device_name
from tbcore.analysis.profile_roles import Named, loading
from tbcore.formats.trace import DEVICE_WORK, Trace

# What may hold training back, and the categories of steps that say so, whoever wrote the recording.
CAUSES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "loader": ("Data loading", ("DataLoader", "Input")),
    "host": ("Host", ("Runtime", "CPU Exec", "Other", "Host compute", "Kernel launch", "Compilation", "All others")),
    "copies": ("Copies", ("Memcpy", "Memset", "Device to device", "Output")),
    "collectives": ("Communication", ("Communication", "Collectives")),
    "kernels": ("Kernels", ("Kernel", "Device compute")),
}
_WORTH = 0.1  # share of the time from which on something other than computing is what to look at first
_SAID = 0.01  # share below which the next one is not said
_NEXT = {"loader": "data loading", "host": "the host", "copies": "copying", "collectives": "communication"}
_NEARLY_ALL = 0.95  # share of the time without any event beyond which a recording tells nothing
_MOSTLY = 0.75  # share of the time beyond which computing is the limit
_FLAGS = ("record_shapes", "profile_memory", "with_stack", "with_modules", "with_flops")
_LONGEST = 200  # letters of a value in words


@dataclass(frozen=True)
class Verdict:
    """What holds training back: a key of CAUSES, which share of the time it takes, and what to say of it.

    parts: nanoseconds of an average step of each cause; on_device: whether a device worked, without which computing is the
    host's.
    """

    cause: str
    share: float
    words: str
    parts: Mapping[str, float]
    on_device: bool


def verdict(trace: Trace, steps: Steps) -> Verdict:
    """Return what holds training back."""
    parts = {key: steps.average(*categories) for key, (_title, categories) in CAUSES.items()}
    whole = sum(parts.values())
    on_device = bool(np.isin(trace.role, DEVICE_WORK).any())
    shares = {key: part / whole if whole else 0.0 for key, part in parts.items()}
    waiting = {key: shares[key] for key in ("loader", "host", "copies", "collectives")}
    computing = "kernels" if on_device else "host"
    waiting.pop("" if on_device else "host", None)
    worst = max(waiting, key=waiting.__getitem__)
    # Where the device computes most of the time, little else is to be had.
    cause = worst if waiting[worst] >= (_WORTH if shares[computing] < _MOSTLY else 2 * _WORTH) else computing
    nothing = steps.share("Other", "All others")
    return Verdict(cause, shares[cause], _said(cause, shares, on_device, worst, nothing), parts, on_device)


def _said(cause: str, shares: Mapping[str, float], on_device: bool, worst: str, nothing: float) -> str:
    """Return a sentence; worst: the largest of what is waited for; nothing: the share in which no event was recorded."""
    told = words.share(shares[cause])
    if cause == "loader":
        return f"Data loading holds training back: {told} of the time is spent waiting for it."
    if cause == "copies":
        return f"Copies hold training back: {told} of the time memory moves and nothing is computed."
    if cause == "collectives":
        return f"Communication holds training back: {told} of the time is spent in it and nothing is computed."
    if cause == "host" and on_device:
        return f"The host holds training back: {told} of the time the device waits for it."
    rest = f"; next is {_NEXT[worst]} with {words.share(shares[worst])}" if shares[worst] >= _SAID else ""
    if cause == "host" and nothing >= _NEARLY_ALL:
        return f"For {words.share(nothing)} of the time nothing was recorded: what it is spent on cannot be told."
    if cause == "host" and nothing >= _WORTH:
        told = (
            f"{words.share(shares[cause] - nothing)} of the time, and for {words.share(nothing)} nothing was recorded"
        )
        return f"Computing on the host is the limit: it takes {told}{rest}. Nothing ran on a device."
    if cause == "host":
        return f"Computing on the host is the limit: it takes {told} of the time{rest}. Nothing ran on a device."
    return f"The kernels are the limit: the device computes {told} of the time{rest}."


# How it was recorded -------------------------------------------------------------------------------------------------


def told(trace: Trace) -> dict[str, str]:
    """Return how a recording was made, as far as the file says: names and values in words."""
    info = trace.info
    flags = [name for name in _FLAGS if info.get(name)]
    known = {device.name for device in trace.devices if device.name}
    start, end = trace.span
    group = trace.group
    found = {
        "Written by": {"pytorch": "PyTorch", "xplane": "TensorFlow or JAX", "step_stats": "TensorFlow", "chrome": "Chrome trace"}[trace.source],
        "Host": _text(info.get("host_name") or info.get("hostname")),
        "Devices": ", ".join(
            f"{sum(device.name == name for device in trace.devices)} × {name}" for name in sorted(known)
        )[:_LONGEST],
        "Rank": f"{group.rank} of {group.world_size}{f', {group.backend}' if group.backend else ''}" if group is not None and group.world_size > 1 else "",
        "Recorded with": ", ".join(flags),
        "CUDA": _cuda(info.get("cuda_runtime_version")),
        "Framework": _text(info.get("Framework") or info.get("jax_version")),
        "Events": f"{len(trace):,}" + (f", {trace.crossing:,} of them crossing" if trace.crossing else ""),
        "Length": words.time(end - start),
    }  # fmt: skip
    return {name: value for name, value in found.items() if value}


def _text(value: Any) -> str:
    return str(value)[:_LONGEST] if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _cuda(value: Any) -> str:
    """Return CUDA's way to write 12.4, which is 12040, in the usual one."""
    whole = value if isinstance(value, int) else 0
    return f"{whole // 1000}.{whole % 1000 // 10}" if whole > 0 else ""


# The document --------------------------------------------------------------------------------------------------------


def report(trace: Trace, named: Named | None = None, thresholds: Mapping[str, float] | None = None) -> dict[str, Any]:
    """Return all that is told of a recording; times in microseconds, shares 0 to 1, None for what is not known."""
    named = named or loading()
    steps = profile_steps.steps(trace, named)
    devices = profile_devices.devices(trace, steps)
    found = profile_findings.findings(trace, steps, devices, named=named, thresholds=thresholds)
    start, end = trace.span
    said = verdict(trace, steps)
    return {
        "source": trace.source,
        "base_ns": trace.base,
        "events": len(trace),
        "duration_us": _us(end - start),
        "recorded": told(trace),
        "notes": [*trace.notes, *steps.notes],
        "verdict": {"cause": said.cause, "share": said.share, "text": said.words},
        "steps": [_step(steps, place) for place in range(len(steps))],
        "average": _average(steps),
        "devices": [_device(one) for one in devices],
        "memory_peaks": [_peak(one) for one in profile_devices.peaks(trace)],
        "operators": _rows(profile_ops.operators(trace)),
        "kernels": _rows(profile_kernels.kernels(trace)) if said.on_device else [],
        "findings": [_finding(one) for one in found.told],
        "fine": list(found.fine),
        "not_evaluated": [{"rule": rule, "needs": needs} for rule, needs in found.not_evaluated],
    }


def _us(nanoseconds: float) -> float:
    return round(float(nanoseconds) / 1e3, 3)


def _or_none(value: float) -> float | None:
    return float(value) if isfinite(value) else None


def _step(steps: Steps, place: int) -> dict[str, Any]:
    found = {
        "name": steps.names[place],
        "start_us": _us(int(steps.starts[place])),
        "total_us": _us(int(steps.totals[place])),
        "categories": {name: _us(int(part)) for name, part in zip(steps.categories, steps.parts[place], strict=True)},
    }
    if steps.overlap is not None:
        found["overlap"] = {name: _us(int(part)) for name, part in zip(OVERLAPS, steps.overlap[place], strict=True)}
    return found


def _average(steps: Steps) -> dict[str, Any]:
    return {
        "total_us": _us(steps.average()),
        "categories": {name: _us(steps.average(name)) for name in steps.categories},
        "shares": {name: steps.share(name) for name in steps.categories},
    }


def _device(one: DeviceFigures) -> dict[str, Any]:
    return {
        "device": one.number,
        "name": one.name,
        "utilization": _or_none(one.utilization),
        "sm_efficiency": _or_none(one.sm_efficiency),
        "occupancy": _or_none(one.occupancy),
        "tensor_cores": _or_none(one.tensor_cores),
        "tensor_cores_eligible": _or_none(one.eligible),
        "kernels": one.kernels,
        "busy_us": _us(one.busy),
        "memory_bytes": one.memory or None,
        "peak_bytes": one.peak if one.peak >= 0 else None,
    }


def _peak(one: Peak) -> dict[str, Any]:
    return {
        "device": "host"
        if one.device_type == HOST
        else device_name(one.device_type, one.device).lower().replace(" ", ":"),
        "bytes": one.bytes,
        "at_us": _us(one.when),
        "reserved_bytes": one.reserved if one.reserved >= 0 else None,
        "since_start_only": one.increase,
    }


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "severity": one.severity,
        "value": one.value,
        "threshold": one.threshold,
        "unit": one.unit,
        "cost_us": _us(one.cost_ns),
        "title": one.title,
        "text": one.text,
        "advice": list(one.advice),
        "evidence": [{"tab": each.tab, **each.parameters} for each in one.evidence],
    }


# Columns of the tables of operators and kernels that are nanoseconds.
_TIMES = {
    "host_self", "host_total", "device_self", "device_total", "tensor_self", "tensor_total", "total", "mean", "min", "max",
}  # fmt: skip


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as JSON has them: times in microseconds, with it in their names."""
    columns: dict[str, list[Any]] = {}
    for name in table.columns:
        values = table[name]
        if name in _TIMES:
            columns[f"{name}_us"] = [_us(value) if isfinite(value) else None for value in values.tolist()]
        else:
            columns[str(name)] = [
                None if isinstance(value, float) and not isfinite(value) else value for value in values.tolist()
            ]
    names = list(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
