"""Where bytes come from. A source lists folders, tells the state of files, and reads bytes; the local one is first."""

import os
import stat
import time
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tbcore.errors import CorruptRecordError, LogdirError
from tbcore.formats import configs, projector, tf_profile


@dataclass(frozen=True)
class Stat:
    """The state of a file: `identity` changes when another file takes its name, `modified` when it is written (ns)."""

    identity: tuple[int, int]
    size: int
    modified: int


@dataclass(frozen=True)
class Folder:
    """What a folder holds: names of folders in it, of event files, and of files that may be configuration files.

    beside: names of files that say where embeddings are; traces: of those that may be profiles; error: why it could not
    be listed.
    """

    folders: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    identity: tuple[int, int] = (0, 0)
    error: str = ""
    configs: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    traces: tuple[str, ...] = ()


class Source(Protocol):
    """What the store needs of a file system."""

    def check(self, root: str) -> None:
        """Raise LogdirError, saying what to do, when `root` is not a folder that can be read."""

    def folder(self, path: str) -> Folder:
        """Return what the folder at `path` holds."""

    def names(self, path: str) -> tuple[str, ...]:
        """Return the names of all plain files in a folder, sorted; nothing where it cannot be listed."""

    def join(self, *parts: str) -> str:
        """Return the path of `parts`, one inside the other."""

    def stat(self, path: str) -> Stat:
        """Return the state of a file. Raises OSError when there is none."""

    def resolved(self, path: str, roots: tuple[str, ...]) -> str:
        """Return where a path leads in the end, "" where that lies in none of `roots`. Raises OSError."""

    def open(self, path: str) -> int:
        """Return a handle for `read`. Raises OSError."""

    def read(self, handle: int, buffer: NDArray[np.uint8], offset: int) -> int:
        """Read bytes from `offset` on into `buffer`; return how many came, 0 at the end. Raises OSError."""

    def close(self, handle: int) -> None:
        """Give a handle back."""

    def load(self, path: str, offset: int, length: int) -> bytes:
        """Return `length` bytes at `offset`. Raises CorruptRecordError when the file no longer holds them."""

    def load_all(self, path: str, places: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Return bytes that hold the values at places [n, 2] of offset and length, and where in them each begins [n].

        Raises CorruptRecordError when the file no longer holds all of them.
        """


_EMBEDDINGS = (projector.NAME, projector.STATE)
_NAMES = frozenset((*configs.NAMES, *_EMBEDDINGS))  # of files beside the events that say something about the run
# Ends of names of files that may be profiles; of the last three kinds, only the content tells.
TRACES = (".xplane.pb", "memory_timeline.raw.gz", *tf_profile.ENDINGS, ".json", ".json.gz", ".prof", ".trace")
_NEAR = 4096  # bytes between two values that are quicker to read than to leave out
_SETTLED = 2_000_000_000  # ns after which a folder's time stamp tells every change of it


class LocalSource:
    """Files of this machine. Folders whose time stamp has not moved are not listed again."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, Folder]] = {}

    def check(self, root: str) -> None:
        if not os.path.exists(root):
            raise LogdirError(f"{root} does not exist: check the path, or start training first")
        if not os.path.isdir(root):
            raise LogdirError(
                f"{root} is a file: give the folder that holds it, {os.path.dirname(os.path.abspath(root))}"
            )
        try:
            os.scandir(root).close()
        except OSError as error:
            raise LogdirError(f"{root} cannot be read ({error.strerror}): check its permissions") from error

    def folder(self, path: str) -> Folder:
        try:
            state = os.stat(path)
        except FileNotFoundError:
            self._known.pop(path, None)
            return Folder()  # gone since the folder around it was listed
        except OSError as error:
            self._known.pop(path, None)
            return Folder(error=error.strerror or str(error))
        known = self._known.get(path)
        if known is not None and known[0] == state.st_mtime_ns and known[1].identity == (state.st_dev, state.st_ino):
            return known[1]
        folders, files, others, traces, linked = [], [], [], [], False
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    linked = linked or entry.is_symlink()
                    try:
                        if entry.is_dir():
                            folders.append(entry.name)
                        elif "tfevents" in entry.name and entry.is_file():
                            files.append(entry.name)
                        elif entry.name in _NAMES and entry.is_file():
                            others.append(entry.name)
                        elif entry.name.endswith(TRACES) and entry.is_file():
                            traces.append(entry.name)
                    except OSError:
                        continue  # a link that leads to itself, or where we may not look
        except OSError as error:
            self._known.pop(path, None)
            return Folder(identity=(state.st_dev, state.st_ino), error=error.strerror or str(error))
        identity = (state.st_dev, state.st_ino)
        found = Folder(
            tuple(sorted(folders)),
            tuple(sorted(files)),
            identity,
            configs=tuple(sorted(name for name in others if name not in _EMBEDDINGS)),
            beside=tuple(sorted(name for name in others if name in _EMBEDDINGS)),
            traces=tuple(sorted(traces)),
        )
        if abs(time.time_ns() - state.st_mtime_ns) > _SETTLED and not linked:
            self._known[path] = (state.st_mtime_ns, found)
        else:
            self._known.pop(path, None)  # a change within the clock's tick, or behind a link, would not show
        return found

    def names(self, path: str) -> tuple[str, ...]:
        try:
            with os.scandir(path) as entries:
                return tuple(sorted(entry.name for entry in entries if entry.is_file()))
        except OSError:
            return ()

    def join(self, *parts: str) -> str:
        return os.path.join(*parts)

    def stat(self, path: str) -> Stat:
        state = os.stat(path)
        if not stat.S_ISREG(state.st_mode):
            raise OSError(0, "not a plain file")
        return Stat((state.st_dev, state.st_ino), state.st_size, state.st_mtime_ns)

    def resolved(self, path: str, roots: tuple[str, ...]) -> str:
        led = os.path.realpath(path, strict=True)
        for root in roots:
            inside = os.path.realpath(root, strict=True)
            if led.startswith(inside.rstrip(os.sep) + os.sep):
                return led
        return ""

    def open(self, path: str) -> int:
        return os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))

    def read(self, handle: int, buffer: NDArray[np.uint8], offset: int) -> int:
        if hasattr(os, "preadv"):
            return os.preadv(handle, [buffer.data], offset)
        os.lseek(handle, offset, os.SEEK_SET)
        data = os.read(handle, buffer.size)
        buffer[: len(data)] = np.frombuffer(data, np.uint8)
        return len(data)

    def close(self, handle: int) -> None:
        os.close(handle)

    def load(self, path: str, offset: int, length: int) -> bytes:
        try:
            with open(path, "rb") as file:
                file.seek(offset)
                data = file.read(length)
        except OSError as error:
            raise CorruptRecordError(f"{path}: the file cannot be read any more ({error.strerror})", offset) from error
        if len(data) < length:
            raise CorruptRecordError(f"{path}: the file became shorter and lost a value at byte {offset:,}", offset)
        return data

    def load_all(self, path: str, places: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        if not len(places):
            return np.empty(0, np.uint8), np.empty(0, np.int64)
        spans, starts = _spans(places)
        ends = np.cumsum(spans[:, 1])
        buffer = np.empty(int(ends[-1]), np.uint8)
        try:
            handle = self.open(path)
            try:
                begin = 0
                for (offset, length), end in zip(spans.tolist(), ends.tolist(), strict=True):
                    filled = self.read(handle, buffer[begin:end], offset)
                    while filled < length:
                        got = self.read(handle, buffer[begin + filled : end], offset + filled)
                        if got == 0:
                            raise CorruptRecordError(
                                f"{path}: the file became shorter and lost a value at byte {offset:,}", offset
                            )
                        filled += got
                    begin = end
            finally:
                self.close(handle)
        except OSError as error:
            offset = int(places[0, 0])
            raise CorruptRecordError(f"{path}: the file cannot be read any more ({error.strerror})", offset) from error
        return buffer, starts


def _spans(places: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the stretches [m, 2] of offset and length in which near places lie together, and where each place begins.

    The latter counts in the bytes of all stretches, one after the other.
    """
    offsets, ends = places[:, 0], places[:, 0] + places[:, 1]
    gaps = offsets[1:] - ends[:-1]
    firsts = np.concatenate(([0], np.flatnonzero((gaps < 0) | (gaps > _NEAR)) + 1))
    lasts = np.append(firsts[1:], len(places)) - 1
    spans = np.stack([offsets[firsts], ends[lasts] - offsets[firsts]], axis=1)
    begins = np.cumsum(spans[:, 1]) - spans[:, 1]
    return spans, offsets - np.repeat(offsets[firsts] - begins, lasts - firsts + 1)
