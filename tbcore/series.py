"""The nouns that every layer talks about: Series, Blob, Problem, FileReport."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from tbcore.kinds import BY_NAME

_Element = TypeVar("_Element", bound=np.generic)

_BYTES_TOGETHER = 32 << 20  # bytes of values that are read in one go
_MOST_TOGETHER = 1 << 16  # values that are read in one go
_SAME_MOMENT = 1.0  # seconds: files opened closer together than this belong to writers that run side by side


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a file or a folder, in words; bytes [offset, offset + skipped) could not be read.

    offset: -1 where no byte is to blame, but the file or folder as a whole.
    """

    file: str
    offset: int
    reason: str
    skipped: int = 0

    def __str__(self) -> str:
        lost = f"; {self.skipped:,} bytes skipped" if self.skipped else ""
        place = f" at byte {self.offset:,}" if self.offset >= 0 else ""
        return f"{self.file}: {self.reason}{place}{lost}"


@dataclass(frozen=True)
class FileReport:
    """What is known of one event file: bytes of it, bytes read, intact records, bytes of an unfinished last record."""

    name: str
    size: int
    read: int
    records: int
    waiting: int
    opened: float
    last_wall_time: float
    version: str
    writer: str
    problems: tuple[Problem, ...]
    uncounted: int = 0  # problems beyond those listed


@dataclass(frozen=True)
class Blob:
    """Bytes of one value, still in their file: `length` bytes at `offset` of `path`, written in `form`."""

    path: str
    offset: int
    length: int
    form: str
    load: Callable[[str, int, int], bytes] = field(repr=False, compare=False)

    def read(self) -> bytes:
        """Return the bytes. Raises CorruptRecordError when the file no longer holds them."""
        return self.load(self.path, self.offset, self.length)


@dataclass(frozen=True)
class Blobs:
    """Bytes of neighbouring values of a series, still in their file: places [n, 2] are offsets in `path` and lengths.

    first: the point of the series that the first of them is; form: the way in which all are written.
    """

    path: str
    places: NDArray[np.int64]
    first: int
    form: str
    load_all: Callable[[str, NDArray[np.int64]], tuple[NDArray[np.uint8], NDArray[np.int64]]] = field(
        repr=False, compare=False
    )

    def read(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Return bytes, and where in them each value begins [n].

        Raises CorruptRecordError when the file no longer holds them all.
        """
        return self.load_all(self.path, self.places)


@dataclass(frozen=True)
class Opened:
    """When a file was opened and last written to, and where its writer said that training restarted: (step, wall time)."""

    wall_time: float
    last_wall_time: float
    restarts: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class Segment:
    """The points of a series that one file holds, in the order written."""

    file: str
    opened: Opened
    form: str
    steps: NDArray[np.int64]
    wall_times: NDArray[np.float64]
    values: NDArray[np.float32] | NDArray[np.float64] | None
    places: NDArray[np.int64] | None = None  # [n, 2]: offset and length in the file
    starts: tuple[tuple[int, int], ...] = ()  # (step, points before it) where the file says that a session starts


class Values(Sequence[Any]):
    """The values of a series that are not scalars: each is decoded when it is asked for, none is kept."""

    def __init__(self, series: "Series") -> None:
        self._series = series

    def __len__(self) -> int:
        return len(self._series)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        blob = self._series.blob(index)
        return (
            blob
            if self._series.data_class == "blobs"
            else self._series.decode(blob.read(), blob.form, self._series.plugin)
        )


@dataclass(frozen=True)
class Series:
    """The points of one tag of one kind in one run, in the order written, every one of them.

    Points of earlier attempts are all there; `superseded` tells which ones a later attempt wrote again.
    """

    run: str
    tag: str
    kind: str
    segments: tuple[Segment, ...] = field(repr=False)
    load: Callable[[str, int, int], bytes] = field(repr=False, compare=False)
    decode: Callable[[bytes, str, str], Any] = field(repr=False, compare=False)
    plugin: str = ""
    content: bytes = field(default=b"", repr=False)  # what the plugin keeps in the metadata
    display_name: str = ""
    description: str = ""
    restarts: tuple[Opened, ...] = field(default=(), repr=False)  # of every file of the run
    load_all: Callable[[str, NDArray[np.int64]], tuple[NDArray[np.uint8], NDArray[np.int64]]] | None = field(
        default=None, repr=False, compare=False
    )

    def __len__(self) -> int:
        return sum(len(segment.steps) for segment in self.segments)

    @property
    def data_class(self) -> str:
        """Return "scalar", "tensor" or "blobs"."""
        return BY_NAME[self.kind].data_class

    @cached_property
    def steps(self) -> NDArray[np.int64]:
        """The steps [n] as written."""
        return _joined([segment.steps for segment in self.segments])

    @cached_property
    def wall_times(self) -> NDArray[np.float64]:
        """The wall times [n] as written: seconds since the epoch, UTC."""
        return _joined([segment.wall_times for segment in self.segments])

    @cached_property
    def values(self) -> Any:
        """The values [n]: float32 or float64 for scalars, else a sequence of Blob or of arrays decoded on demand.

        Integers come as float64, which holds them exactly up to 2**53.
        """
        if self.kind == "scalars":
            return _joined([segment.values for segment in self.segments if segment.values is not None])
        return Values(self)

    @cached_property
    def superseded(self) -> NDArray[np.bool_]:
        """Which points [n] a later attempt wrote again.

        A later file whose writer started after everything in an earlier one was written is a new attempt: from the
        first step it holds of this tag on, the earlier file's points are superseded. So are older points from the step
        on at which a writer says that a session starts. Writers that run side by side supersede nothing.
        """
        masks = []
        for older in self.segments:
            mask = np.zeros(len(older.steps), np.bool_)
            for newer in self.segments:
                if newer is not older and len(newer.steps) and _restarted(older.opened, newer.opened):
                    mask |= older.steps >= newer.steps[0]
            for step, before in older.starts:
                mask[:before] |= older.steps[:before] >= step
            for file in self.restarts:
                if _restarted(older.opened, file):
                    for step, _wall_time in file.restarts:
                        mask |= older.steps >= step
            masks.append(mask)
        return _joined(masks)

    def blob(self, index: int) -> Blob:
        """Return where the value of point `index` lies. Raises IndexError beyond the points and TypeError for scalars."""
        place = index + len(self) if index < 0 else index
        for segment in self.segments:
            if 0 <= place < len(segment.steps):
                if segment.places is None:
                    raise TypeError(f"the values of {self.tag!r} are numbers in memory")
                offset, length = segment.places[place].tolist()
                return Blob(segment.file, offset, length, segment.form, self.load)
            place -= len(segment.steps)
        raise IndexError(f"point {index} of {len(self)}")

    def blobs(self, first: int = 0) -> Iterator[Blobs]:
        """Yield where the values from point `first` on lie, some megabytes at a time, to read many in one go.

        Raises TypeError for scalars.
        """
        point = 0
        for segment in self.segments:
            if segment.places is None:
                raise TypeError(f"the values of {self.tag!r} are numbers in memory")
            begin = max(0, first - point)
            while begin < len(segment.places):
                sizes = np.cumsum(segment.places[begin : begin + _MOST_TOGETHER, 1])
                end = begin + max(1, int(np.searchsorted(sizes, _BYTES_TOGETHER, side="right")))
                yield Blobs(segment.file, segment.places[begin:end], point + begin, segment.form, self._load_all)
                begin = end
            point += len(segment.steps)

    def _load_all(self, path: str, places: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        if self.load_all is not None:
            return self.load_all(path, places)
        data = [self.load(path, offset, length) for offset, length in places.tolist()]
        ends = np.cumsum(places[:, 1])
        return np.frombuffer(b"".join(data), np.uint8), ends - places[:, 1]


def _restarted(older: Opened, newer: Opened) -> bool:
    """Return whether the writer of `newer` started after that of `older` had stopped."""
    return newer.wall_time - older.wall_time > _SAME_MOMENT and not older.last_wall_time > newer.wall_time


def _joined(arrays: list[NDArray[_Element]]) -> NDArray[_Element]:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
