"""A file system in memory for tests, whose files grow, shrink and fail as a test says."""

import errno
from collections.abc import Callable
from posixpath import join

import numpy as np
from numpy.typing import NDArray

from tbcore.errors import CorruptRecordError
from tbcore.store.sources import Folder, Stat


class MemorySource:
    """Files by path. most: bytes that one call of `read` returns at most; fail: called with (what, path) before each access.

    truncated: files that hold fewer bytes than their state says, as when they shrink while they are read.
    """

    def __init__(self, files: dict[str, bytes], *, most: int = 1 << 30) -> None:
        self.files = dict(files)
        self.most = most
        self.truncated: dict[str, int] = {}
        self.fail: Callable[[str, str], None] = lambda _what, _path: None
        self.calls: list[tuple[str, str]] = []
        self._open: dict[int, str] = {}
        self._handles = 0
        self._writes = 0
        self._modified: dict[str, int] = {}

    @property
    def open_handles(self) -> int:
        return len(self._open)

    def write(self, path: str, data: bytes) -> None:
        """Put `data` in place of what the file holds."""
        self._writes += 1
        self.files[path] = data
        self._modified[path] = self._writes

    def check(self, root: str) -> None:
        self._note("check", root)

    def folder(self, path: str) -> Folder:
        try:
            self._note("folder", path)
        except OSError as error:
            return Folder(error=error.strerror or str(error))
        below = [name.removeprefix(f"{path}/") for name in self.files if name.startswith(f"{path}/")]
        return Folder(
            tuple(sorted({name.split("/")[0] for name in below if "/" in name})),
            tuple(sorted(name for name in below if "/" not in name and "tfevents" in name)),
        )

    def join(self, *parts: str) -> str:
        return join(*parts)

    def stat(self, path: str) -> Stat:
        self._note("stat", path)
        if path not in self.files:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
        return Stat((1, hash(path)), len(self.files[path]), self._modified.get(path, 0))

    def open(self, path: str) -> int:
        self._note("open", path)
        self._handles += 1
        self._open[self._handles] = path
        return self._handles

    def read(self, handle: int, buffer: NDArray[np.uint8], offset: int) -> int:
        path = self._open[handle]
        self._note("read", path)
        whole = self.files[path][: self.truncated.get(path)]
        data = whole[offset : offset + min(buffer.size, self.most)]
        buffer[: len(data)] = np.frombuffer(data, np.uint8)
        return len(data)

    def close(self, handle: int) -> None:
        del self._open[handle]

    def load(self, path: str, offset: int, length: int) -> bytes:
        data = self.files[path][offset : offset + length]
        if len(data) < length:
            raise CorruptRecordError(f"{path}: the file became shorter", offset)
        return data

    def load_all(self, path: str, places: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        data = [self.load(path, offset, length) for offset, length in places.tolist()]
        return np.frombuffer(b"".join(data), np.uint8), np.cumsum(places[:, 1]) - places[:, 1]

    def _note(self, what: str, path: str) -> None:
        self.calls.append((what, path))
        self.fail(what, path)
