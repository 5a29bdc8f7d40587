"""What this machine is doing, measured once for all visitors, only while one of them looks."""

import csv
import io
from collections.abc import Sequence

import streamlit as st

from tbcore.store.devices import GPU_METRICS, HOST_METRICS, Gpu, History, Machine, Metric, Reading

__all__ = ["GPU_METRICS", "HOST_METRICS", "Gpu", "History", "Metric", "Reading", "history", "written"]


@st.cache_resource(show_spinner=False)
def history() -> History:
    """Return what was measured lately on this server."""
    return History(Machine())


def written(readings: Sequence[Reading]) -> bytes:
    """Return readings as CSV: a row for each, seconds since the epoch and a column for each metric."""
    keys = list(dict.fromkeys(key for one in readings for key in one.values))
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["time", *keys])
    table.writerows([one.time, *(one.values.get(key, "") for key in keys)] for one in readings)
    return text.getvalue().encode()
