"""Small PyTorch traces for tests: times in microseconds."""

from collections.abc import Sequence
from typing import Any

from tbcore.formats import chrome_trace
from tbcore.formats.trace import Trace
from tests import tracemaker

Event = dict[str, Any]


def event(
    category: str, name: str, start: float, lasts: float, /, thread: Any = 1, process: Any = 1, **args: Any
) -> Event:
    """Return an event of a host thread, or of any other process; args: with blanks as underscores."""
    named = {key.replace("_", " "): value for key, value in args.items()}
    return tracemaker.event(name, start, lasts, category, process, thread, named)


def op(name: str, start: float, lasts: float, /, thread: Any = 1, **args: Any) -> Event:
    """Return an operator."""
    return event("cpu_op", name, start, lasts, thread, **args)


def launch(correlation: int, start: float, lasts: float, /, thread: Any = 1, **args: Any) -> Event:
    """Return the launch of what has this correlation."""
    return event("cuda_runtime", "cudaLaunchKernel", start, lasts, thread, correlation=correlation, **args)


def kernel(name: str, correlation: int, start: float, lasts: float, /, stream: int = 7, **args: Any) -> Event:
    """Return a kernel on device 0."""
    return event("kernel", name, start, lasts, stream, 0, device=0, stream=stream, correlation=correlation, **args)


def python(name: str, start: float, lasts: float, /, thread: Any = 1, **args: Any) -> Event:
    """Return a frame of Python, or a module."""
    return event("python_function", name, start, lasts, thread, **args)


def arrow(category: str, number: int, source: Event, target: Event) -> list[Event]:
    """Return an arrow from the start of an event to that of another one."""
    return [
        {"ph": phase, "cat": category, "id": number, "name": category, "pid": end["pid"], "tid": end["tid"], "ts": end["ts"], "bp": "e"}
        for phase, end in (("s", source), ("f", target))
    ]  # fmt: skip


def trace(*events: Event | Sequence[Event]) -> Trace:
    """Return the trace of these events."""
    flat: list[Event] = []
    for one in events:
        flat.extend([one] if isinstance(one, dict) else one)
    return chrome_trace.read([tracemaker.trace(*flat)], "test")
