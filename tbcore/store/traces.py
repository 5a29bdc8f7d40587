"""Traces that were read before, kept in a folder of files that are mapped into memory when they are opened again.

    trace = traces.open(folder, key, make)        # make() where the folder does not hold it

One folder for each key holds a file for each column. It is written aside and then renamed, so that it is whole or not there;
what cannot be read is made anew. Where nothing can be written, traces are made each time.
"""

import builtins
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from tbcore.formats.trace import Arguments, Column, Counter, Device, Flows, Group, Instants, Lane, Memory, Trace

VERSION = 2  # of how a trace is read and kept: another one is made anew
ROOM = 2 << 30  # bytes of all traces that are kept

_COLUMNS = ("start", "duration", "name", "category", "role", "lane", "depth", "parent", "place")
_FLOWS = ("source", "target", "kind")
_MEMORY = ("times", "size", "address", "allocated", "reserved", "device_type", "device", "lane")
_INSTANTS = ("times", "name", "lane")
_HEAD = "head.json"
_PACKED = "arguments.bin"
_OURS = re.compile(r"\.v\d+(\..*\.new)?$")
_STALE = 3600.0  # seconds after which what was begun and never finished is removed
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, IndexError, EOFError)


def open(  # noqa: A001 - traces.open is what it does
    folder: str | os.PathLike[str], key: str, make: Callable[[], Trace], room: int = ROOM
) -> Trace:
    """Return the trace of `key` from a folder, or what `make` returns, which is then kept there.

    key: changes with the content and how it is read; room: bytes that all traces may take, beyond which those not opened for
    the longest time are removed.
    """
    folder = os.fspath(folder)
    at = os.path.join(folder, f"{re.sub(r'[^0-9A-Za-z]', '_', key)[:128]}.v{VERSION}")
    try:
        found = _read(at, key)
    except _UNREADABLE:
        found = None
    if found is not None:
        with suppress(OSError):
            os.utime(at)
        return found
    made = make()
    with suppress(OSError):
        _write(at, made)
        _tidy(folder, room)
    # Mapped, it takes no memory of its own.
    try:
        return _read(at, key) or made
    except _UNREADABLE:
        return made


class Words(Sequence[str]):
    """Words in one text, each made when it is asked for."""

    def __init__(self, text: NDArray[np.uint8], ends: NDArray[np.int64]) -> None:
        self._text = text
        self._ends = ends

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        index %= len(self)
        begin = int(self._ends[index - 1]) if index else 0
        return self._text[begin : int(self._ends[index])].tobytes().decode("utf-8", "replace")

    def __iter__(self) -> Iterator[str]:
        text = self._text.tobytes()
        begin = 0
        for end in self._ends.tolist():
            yield text[begin:end].decode("utf-8", "replace")
            begin = end


def _write(at: str, trace: Trace) -> None:
    """Write a trace into a folder, which is there whole or not at all."""
    folder, name = os.path.split(at)
    os.makedirs(folder, exist_ok=True)
    aside = tempfile.mkdtemp(prefix=f"{name}.", suffix=".new", dir=folder)

    def save(name: str, values: NDArray[Any]) -> None:
        np.save(os.path.join(aside, f"{name}.npy"), values, allow_pickle=False)

    try:
        for name in _COLUMNS:
            save(name, getattr(trace, name))
        for prefix, part, names in (
            ("flows", trace.flows, _FLOWS), ("memory", trace.memory, _MEMORY), ("instants", trace.instants, _INSTANTS),
        ):  # fmt: skip
            for name in names:
                save(f"{prefix}.{name}", getattr(part, name))
        columns = []
        for number, (name, column) in enumerate(trace.columns.items()):
            save(f"column{number}.rows", column.rows)
            save(f"column{number}.values", column.values)
            columns.append([name, column.words])
        sizes = [len(one.times) for one in trace.counters]
        save(
            "counters.times",
            np.concatenate([np.zeros(0, np.int64), *(one.times for one in trace.counters)]),
        )
        save("counters.values", np.concatenate([np.zeros(0), *(one.values for one in trace.counters)]))
        encoded = [word.encode("utf-8", "replace") for word in trace.names]
        save("names.ends", np.cumsum([len(one) for one in encoded], dtype=np.int64))
        save("names.text", np.frombuffer(b"".join(encoded), np.uint8))
        written = trace.written
        if written is not None:
            save("arguments.first", written.first)
            save("arguments.ends", written.ends)
            edges = [0]
            with builtins.open(os.path.join(aside, _PACKED), "wb") as file:
                for number in range(len(written.first) - 1 if len(written.ends) else 0):
                    edges.append(edges[-1] + file.write(written.block(number)))
            save("arguments.edges", np.array(edges, np.int64))
        head = {
            "version": VERSION,
            "key": trace.key,
            "source": trace.source,
            "base": trace.base,
            "categories": trace.categories,
            "lanes": [asdict(lane) for lane in trace.lanes],
            "columns": columns,
            "flows": trace.flows.words,
            "counters": [[one.name, one.process, size] for one, size in zip(trace.counters, sizes, strict=True)],
            "devices": [asdict(device) for device in trace.devices],
            "group": None if trace.group is None else asdict(trace.group),
            "info": dict(trace.info),
            "notes": trace.notes,
            "crossing": trace.crossing,
            "written": written is not None,
        }
        with builtins.open(os.path.join(aside, _HEAD), "w", encoding="utf-8") as text:
            json.dump(head, text, default=str)
        try:
            os.rename(aside, at)
        except OSError:
            # Another reader was quicker, or what lies there cannot be read.
            shutil.rmtree(at, ignore_errors=True)
            os.rename(aside, at)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _read(at: str, key: str) -> Trace | None:
    """Return the trace in a folder, None when there is none of this key."""
    path = os.path.join(at, _HEAD)
    if not os.path.isfile(path):
        return None
    with builtins.open(path, encoding="utf-8") as file:
        head = json.load(file)
    if head["version"] != VERSION or head["key"] != key:
        return None

    def array(name: str) -> NDArray[Any]:
        found: NDArray[Any] = np.load(os.path.join(at, f"{name}.npy"), mmap_mode="r", allow_pickle=False)
        return found

    def fields(prefix: str, names: Sequence[str]) -> dict[str, Any]:
        return {name: array(f"{prefix}.{name}") for name in names}

    columns = {
        name: Column(array(f"column{number}.rows"), array(f"column{number}.values"), words)
        for number, (name, words) in enumerate(head["columns"])
    }
    rows = {name: array(name) for name in _COLUMNS}
    if len({len(one) for one in rows.values()}) != 1:
        return None
    times, values = array("counters.times"), array("counters.values")
    counters, begin = [], 0
    for name, process, size in head["counters"]:
        counters.append(Counter(name, process, times[begin : begin + size], values[begin : begin + size]))
        begin += size
    group = head["group"]
    return Trace(
        key=key,
        source=head["source"],
        base=head["base"],
        **rows,
        names=Words(array("names.text"), array("names.ends")),
        categories=tuple(head["categories"]),
        lanes=tuple(Lane(**lane | {"order": tuple(lane["order"])}) for lane in head["lanes"]),
        columns=columns,
        flows=Flows(**fields("flows", _FLOWS), words=tuple(head["flows"])),
        counters=tuple(counters),
        memory=Memory(**fields("memory", _MEMORY)),
        instants=Instants(**fields("instants", _INSTANTS)),
        devices=tuple(Device(**device) for device in head["devices"]),
        group=None if group is None else Group(**group | {"ranks": {n: tuple(r) for n, r in group["ranks"].items()}}),
        info=head["info"],
        notes=tuple(head["notes"]),
        crossing=head["crossing"],
        written=_arguments(at, array) if head["written"] else None,
    )


def _arguments(at: str, array: Callable[[str], NDArray[Any]]) -> Arguments:
    """Return the arguments in a folder, whose blocks are read when they are asked for."""
    edges = array("arguments.edges")
    path = os.path.join(at, _PACKED)
    packed = np.memmap(path, np.uint8, "r") if os.path.getsize(path) else np.zeros(0, np.uint8)

    def block(number: int) -> bytes:
        return packed[int(edges[number]) : int(edges[number + 1])].tobytes()

    return Arguments(block, array("arguments.first"), array("arguments.ends"))


def _tidy(folder: str, room: int) -> None:
    """Remove the traces not opened for the longest time until the rest fits, and what was never finished."""
    kept: list[tuple[float, int, str]] = []
    now = time.time()
    with os.scandir(folder) as entries:
        found = [one for one in entries if one.is_dir(follow_symlinks=False) and _OURS.search(one.name)]
    for one in found:
        changed = one.stat().st_mtime
        if one.name.endswith(f".v{VERSION}"):
            with os.scandir(one.path) as files:
                kept.append((changed, sum(file.stat().st_size for file in files), one.path))
        elif not one.name.endswith(".new") or now - changed > _STALE:
            shutil.rmtree(one.path, ignore_errors=True)
    total = sum(size for _, size, _ in kept)
    # The newest one is in use.
    for _, size, path in sorted(kept)[:-1]:
        if total <= room:
            break
        shutil.rmtree(path, ignore_errors=True)
        total -= size
