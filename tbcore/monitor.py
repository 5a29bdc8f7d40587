"""Run a command and write what the machine does meanwhile into its run: scalars and texts as any TensorBoard shows them.

    system/cpu_percent, system/memory_bytes, system/gpu0/utilization_percent ...   one point for each reading
    system/command/cpu_percent, system/command/memory_bytes                        of the command with all it started
    system/about                                                                   once: command line, git, machine
    system/result                                                                  at the end: how it ended

The step of a point is the number of seconds since the start, or of the reading where there are several in a second.
Nothing of the environment is written. The command is run as it is, with this terminal; signals go on to it.
"""

import os
import platform
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from shlex import join
from types import FrameType
from typing import Any

import psutil

from tbcore.errors import LogdirError
from tbcore.formats.tfrecord import EventWriter
from tbcore.store.devices import BYTES, COUNT, DEGREES, GPU_METRICS, HERTZ, HOST_METRICS, PERCENT, RATE, WATTS, Machine

NOT_FOUND, NOT_RUNNABLE, INTERRUPTED = 127, 126, 130
_BY_SIGNAL = 128  # what a shell adds to the number of the signal that ended a command
_NAMES = {PERCENT: "_percent", BYTES: "_bytes", RATE: "_bytes_per_second", WATTS: "_watts", DEGREES: "_celsius",
          HERTZ: "_mhz", COUNT: ""}  # fmt: skip
_UNITS = {metric.key: metric.unit for metric in (*HOST_METRICS, *GPU_METRICS)}
_GIT_SECONDS = 5.0
_MOST_LINES = 60  # of what git says
_MOST_LETTERS = 20_000


def tag(key: str) -> str:
    """Return the tag of a metric: "system/gpu0/power_watts" of "gpu0/power"."""
    own = key.rpartition("/")[2]
    ending = _NAMES[_UNITS.get(own, COUNT)]
    return f"system/{key}" if key.endswith(ending) else f"system/{key}{ending}"


def scalars(values: Mapping[str, float]) -> dict[str, float]:
    """Return readings by tag; what a tag calls MHz is in MHz."""
    return {tag(key): value / 1e6 if tag(key).endswith("_mhz") else value for key, value in values.items()}


def monitor(
    folder: Path,
    command: Sequence[str] = (),
    *,
    every: float = 1.0,
    machine: Machine | None = None,
    clock: Callable[[], float] = time.time,
    complain: Callable[[str], None] = lambda _words: None,
) -> int:
    """Run `command`, or nothing until Ctrl+C, writing readings into the run in `folder`; return the command's exit code.

    every: seconds between readings; complain: is told what goes wrong with the log, which never stops the command.
    Raises LogdirError when the folder cannot be written, before anything is run.
    """
    machine = Machine() if machine is None else machine
    try:
        writer = EventWriter(folder, clock=clock, suffix=".system")
    except OSError as error:
        raise LogdirError(f"{folder} cannot be written: {error.strerror or error}") from error
    log = _Log(writer, complain)
    log.text("system/about", about(machine, command))
    try:
        return _until_interrupted(log, machine, every) if not command else _run(log, machine, every, command, complain)
    finally:
        log.close()


class _Log:
    """The event file, for as long as it can be written; what cannot is told once."""

    def __init__(self, writer: EventWriter, complain: Callable[[str], None]) -> None:
        self._writer: EventWriter | None = writer
        self._complain = complain
        self._begun = time.monotonic()
        self._last = -1

    def read(self, machine: Machine, more: Mapping[str, float], every: float) -> None:
        """Write one reading."""
        seconds = time.monotonic() - self._begun
        step = max(self._last + 1, round(seconds) if every >= 1 else 0)
        self._last = step
        values = scalars({**machine.read().values, **more})
        self._write(lambda writer: writer.scalars(values, step))

    def text(self, name: str, words: str) -> None:
        """Write one text."""
        self._write(lambda writer: writer.text(name, words, max(self._last, 0)))

    def close(self) -> None:
        """Close the file."""
        if self._writer is not None:
            with suppress(OSError):
                self._writer.close()

    def _write(self, act: Callable[[EventWriter], None]) -> None:
        if self._writer is None:
            return
        try:
            act(self._writer)
            self._writer.flush()
        except OSError as error:
            self._complain(f"the readings are not written any more: {error.strerror or error}")
            self._writer = None


# The command ---------------------------------------------------------------------------------------------------------


def _until_interrupted(log: _Log, machine: Machine, every: float) -> int:
    try:
        while True:
            log.read(machine, {}, every)
            time.sleep(every)
    except KeyboardInterrupt:
        return 0


def _run(log: _Log, machine: Machine, every: float, command: Sequence[str], complain: Callable[[str], None]) -> int:
    begun = time.monotonic()
    try:
        process = subprocess.Popen(command)
    except OSError as error:
        complain(f"{command[0]} cannot be run: {error.strerror or error}")
        return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_RUNNABLE
    with _signals(process):
        tree = _Tree(process.pid)
        peak = 0.0
        while True:
            used = tree.read()
            peak = max(peak, used.get("command/memory", 0.0))
            log.read(machine, used, every)
            try:
                code = process.wait(every)
                break
            except subprocess.TimeoutExpired:
                continue
    ended = f"ended by signal {-code}" if code < 0 else f"exit code {code}"
    log.text(
        "system/result",
        _table(
            {
                "Ended with": ended,
                "Took": f"{time.monotonic() - begun:.1f} s",
                "Memory, at most": f"{peak / 2**20:,.1f} MiB",
            }
        ),
    )
    return _BY_SIGNAL - code if code < 0 else code


@contextmanager
def _signals(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Hand signals on to a process; the terminal itself hands Ctrl+C to all that run in it."""

    def hand_on(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGINT and _in_terminal():
            return
        with suppress(OSError):
            process.send_signal(number)

    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGBREAK")
    before: dict[int, Any] = {}
    for name in names:
        number = getattr(signal, name, None)
        if number is not None:
            before[number] = signal.signal(number, hand_on)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _in_terminal() -> bool:
    """Return whether this runs in the foreground of a terminal."""
    try:
        return os.isatty(0) and os.tcgetpgrp(0) == os.getpgrp()
    except (AttributeError, OSError):
        return os.isatty(0)


class _Tree:
    """A process with all that it started."""

    def __init__(self, pid: int) -> None:
        self._root = pid
        self._known: dict[psutil.Process, psutil.Process] = {}

    def read(self) -> dict[str, float]:
        """Return what they use together: percent of one core, bytes; nothing once they are gone."""
        try:
            root = psutil.Process(self._root)
            every = [root, *root.children(recursive=True)]
        except psutil.Error:
            return {}
        # A process tells what it did since the same object was asked before: nothing at first.
        self._known = {one: self._known.get(one, one) for one in every}
        cpu, memory = 0.0, 0.0
        for one in self._known.values():
            with suppress(psutil.Error):
                cpu += one.cpu_percent()
                memory += one.memory_info().rss
        return {"command/memory": memory, "command/cpu": cpu}


# What is told once ---------------------------------------------------------------------------------------------------


def about(machine: Machine, command: Sequence[str], folder: str = ".") -> str:
    """Return what runs where, and which state of a git repository, as Markdown."""
    rows = {
        "Folder": os.path.abspath(folder),
        "Host": socket.gethostname(),
        "System": platform.platform(),
        "Python": f"{platform.python_version()} ({sys.executable})",
        "Processor": f"{machine.cores} cores, {machine.memory / 2**30:,.1f} GiB of memory",
        "GPUs": ", ".join(gpu.name for gpu in machine.gpus) or f"none: {machine.why}",
        "Driver": machine.driver,
    }
    parts = [_code(join(command))] if command else []
    return "\n\n".join([*parts, _table({**rows, **_commit(folder)}), *_changes(folder)])


def _commit(folder: str) -> dict[str, str]:
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit:
        return {}
    branch = _git(folder, "rev-parse", "--abbrev-ref", "HEAD")
    said = _git(folder, "log", "-1", "--format=%s").partition("\n")[0]
    return {"Commit": f"{commit} {said}", "Branch": "" if branch == "HEAD" else branch}


def _changes(folder: str) -> list[str]:
    """Return what differs from the commit: names of files and counts of lines, not the lines."""
    changed = _git(folder, "status", "--porcelain")
    if not changed:
        return []
    stat = _git(folder, "diff", "--stat", "--no-ext-diff", "--no-textconv", "HEAD")
    return ["Not committed:", _code(_first(changed)), *([_code(_first(stat))] if stat else [])]


def _git(folder: str, *arguments: str) -> str:
    """Return what git says, "" when there is no git, no repository or no answer in time."""
    try:
        done = subprocess.run(
            ["git", "-c", "core.fsmonitor=false", "-C", folder, *arguments],
            check=False, capture_output=True, timeout=_GIT_SECONDS, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace").rstrip() if done.returncode == 0 else ""


def _first(text: str) -> str:
    lines = text[:_MOST_LETTERS].splitlines()
    more = text.count("\n") + 1 - _MOST_LINES
    return "\n".join(lines[:_MOST_LINES]) + (f"\n… {more:,} more lines" if more > 0 else "")


def _code(text: str) -> str:
    """Return text as a block of code, whatever is in it."""
    return "\n".join(f"    {line}" for line in text.splitlines())


def _table(rows: Mapping[str, str]) -> str:
    cells = [f"| {name} | {_cell(value)} |" for name, value in rows.items() if value]
    return "\n".join(["| | |", "|---|---|", *cells])


def _cell(text: str) -> str:
    return "".join(f"\\{sign}" if sign in "\\|`*_<>[]" else sign for sign in " ".join(text.split()))
