"""Growing arrays that the scan kernel fills, and the frozen columns that readers see."""

import itertools
import mmap
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tbcore.formats import scan

_PROBLEMS = 1024  # problems kept per part; beyond that they are only counted
_ROW = 44  # bytes of one row in all its columns
_SMALL = 8 << 20  # bytes of rows under which spare room is given back when a part is read
_MOST_GROWTH = 16.0  # times the rows so far that are reserved at once, so that a wrong guess costs little memory
_LARGE = 2 << 20  # bytes of rows from which NumPy's own memory is avoided
_CHEAP = 32 << 20  # bytes up to which a guess may be wrong all the same
_MOST_TEMPLATES = 64 << 20


_SHOWN = [scan.BASE, scan.COUNT, scan.CLASS]  # what the rows of a slot depend on


@dataclass(frozen=True)
class Rows:
    """The rows of one tag in one form, in the order written: views that never change."""

    tag: bytes
    form: str
    metadata: bytes
    steps: NDArray[np.int64]
    wall_times: NDArray[np.float64]
    values: NDArray[np.float32] | NDArray[np.float64] | None  # scalars only
    places: NDArray[np.int64] | None  # [n, 2], everything else: offset and length of the Summary.Value message
    starts: tuple[tuple[int, int], ...] = ()  # (step, rows before it) where a session starts in this part


@dataclass(frozen=True)
class EventField:
    """One event-level field of interest: its form, step, wall time, and where its bytes lie."""

    form: str
    step: int
    wall_time: float
    offset: int
    length: int


class Part:
    """What has been read of one stretch of an event file, from `start` on.

    A part is filled by one thread at a time. What `rows` returned stays as it was while the part grows.
    """

    def __init__(self, start: int = 0, expected: int = 0) -> None:
        """expected: bytes that will be read at first, to size the arrays by."""
        self.start = start
        self.ints = np.zeros(scan.INTS, np.int64)
        self.ints[[scan.POS, scan.KEEP]] = start
        self.ints[[scan.PREVIOUS, scan.DAMAGE, scan.WAITING]] = -1
        self.columns = scan.Columns(
            ints=self.ints,
            floats=np.array([np.nan, -np.inf]),
            slots=np.zeros((32, scan.SLOT_FIELDS), np.int64),
            tags=np.zeros((32, scan.TAG_FIELDS), np.int64),
            hashes=np.zeros(128, np.int64),
            text=np.zeros(4096, np.uint8),
            templates=np.zeros(8192, np.uint8),
            **_rows(expected // 16 + 64),
            problems=np.empty((_PROBLEMS, 3), np.int64),
            misc=np.empty((8, 5), np.int64),
        )
        self._shown: tuple[scan.Columns, int, NDArray[np.int64], list[Rows | None]] | None = None
        self._marks: list[tuple[int, NDArray[np.int64]]] = []  # row of misc, rows of every slot then

    @property
    def position(self) -> int:
        """Where the next record begins, or where the search for one goes on: bytes from the start of the file."""
        return int(self.ints[scan.POS])

    @property
    def keep(self) -> int:
        """The first byte of the file that the next call of `read` needs."""
        return int(self.ints[scan.KEEP])

    @property
    def need(self) -> int:
        """How many bytes from `keep` on the next record needs at least."""
        return int(self.ints[scan.NEED])

    @property
    def records(self) -> int:
        """How many intact records were read."""
        return int(self.ints[scan.RECORDS])

    @property
    def damage(self) -> int:
        """Where the unreadable bytes begin that the scan is in the middle of, or -1."""
        return int(self.ints[scan.DAMAGE])

    @property
    def search(self) -> int:
        """Where in the file the search for a record goes on when the scan is in the middle of unreadable bytes."""
        return int(self.ints[scan.SEARCH])

    def reason(self, end: int) -> int:
        """Return what is wrong with the unreadable bytes that the scan is in the middle of, when they end at `end`."""
        claim = int(self.ints[scan.CLAIM])
        if claim < 0:
            return scan.BAD_LENGTH
        return scan.BAD_DATA if claim == end else scan.BAD_FRAME

    @property
    def damaged(self) -> bool:
        """Whether the scan ended in the middle of unreadable bytes."""
        return self.damage >= 0

    @property
    def uncounted(self) -> int:
        """How many problems there were beyond those kept."""
        return int(self.ints[scan.LOST_PROBLEMS])

    def read(self, buffer: NDArray[np.uint8], filled: int, base: int, size: int, limit: int) -> int:
        """Read the whole records of buffer[:filled], which lie at `base` in a file of `size` bytes; return the scan's status.

        The status is scan.MORE, scan.BIG or scan.REACHED; arrays grow here as the kernel asks for it.
        """
        while True:
            status = int(scan.scan(buffer, filled, base, size, limit, self.columns))
            if self.ints[scan.TEMPLATE_USED] * 2 > self.columns.templates.size < _MOST_TEMPLATES:
                self._replace(templates=_longer(self.columns.templates, 4 * self.columns.templates.size))
            if status != scan.ROOM:
                return status
            self._grow(min(size, limit))

    def following(self, start: int, expected: int) -> "Part":
        """Return an empty part that begins at `start` and already knows this part's tags and how often they come.

        expected: bytes from `start` to the end of the new part.
        """
        part = Part(start)
        old = self.columns
        part.ints[[scan.TAGS, scan.SLOTS, scan.TEXT_USED, scan.TEMPLATE_USED, scan.PREVIOUS]] = self.ints[
            [scan.TAGS, scan.SLOTS, scan.TEXT_USED, scan.TEMPLATE_USED, scan.PREVIOUS]
        ]
        part.columns = part.columns._replace(
            slots=old.slots.copy(),
            tags=old.tags.copy(),
            hashes=old.hashes.copy(),
            text=old.text.copy(),
            templates=old.templates.copy(),
        )
        scale = 1.02 * expected / max(1, self.position - self.start)
        part._resize(scale, empty=True)
        return part

    def rewind(self) -> None:
        """Go back to where unreadable bytes began, since some file systems show the size of a file before its bytes."""
        if self.damaged and self.keep == self.damage:
            self.ints[scan.POS] = self.damage
            self.ints[[scan.DAMAGE, scan.WAITING]] = -1

    def trim(self) -> None:
        """Give spare room back where the arrays are small; large ones are not touched where they are not filled."""
        rows = self.columns.steps.size
        used = int(self.columns.slots[: self.ints[scan.SLOTS], scan.COUNT].sum())
        if rows * _ROW < _SMALL and rows > used:
            self._resize(0.0)

    def rows(self) -> list[Rows]:
        """Return the rows of every tag and form, in the order in which they were first met; slots without rows are left out."""
        c = self.columns
        slots = c.slots[: self.ints[scan.SLOTS]]
        tags = c.tags[: self.ints[scan.TAGS]]
        state = np.column_stack((slots[:, _SHOWN], tags[slots[:, scan.TAG], scan.META]))
        found: list[Rows | None] = [None] * len(slots)
        new = np.ones(len(slots), np.bool_)
        if self._shown is not None and self._shown[0] is c and self._shown[1] == len(self._marks):
            _columns, _marked, before, shown = self._shown
            new[: len(shown)] = (state[: len(shown)] != before).any(axis=1)
            found[: len(shown)] = shown
        self._fill(found, np.flatnonzero(new))
        self._shown = c, len(self._marks), state, found
        return [rows for rows in found if rows is not None]

    def _fill(self, found: list[Rows | None], numbers: NDArray[np.intp]) -> None:
        """Put the rows of the slots in `numbers` into `found`, None for a slot without rows."""
        c = self.columns
        marks = [(int(c.misc[row, 1]), counts.tolist()) for row, counts in self._marks]
        slots = c.slots[numbers]
        of_slots = slots[:, [scan.BASE, scan.COUNT, scan.CLASS, scan.FORM]].tolist()
        of_tags = c.tags[slots[:, scan.TAG]][:, [scan.TEXT, scan.LENGTH, scan.META, scan.META_LENGTH]].tolist()
        text = c.text[: self.ints[scan.TEXT_USED]].tobytes() if len(numbers) else b""
        for number, slot, tag in zip(numbers.tolist(), of_slots, of_tags, strict=True):
            begin, count, kind, form = slot
            at, length, meta, meta_length = tag
            end = begin + count
            if not count:
                found[number] = None
                continue
            places = c.places[begin:end] if kind == scan.BLOB else None
            values = None if kind == scan.BLOB else (c.values32 if kind == scan.FLOAT32 else c.values64)[begin:end]
            found[number] = Rows(
                tag=text[at : at + length],
                form=scan.FORMS[form],
                metadata=text[meta : meta + meta_length] if meta >= 0 else b"",
                steps=c.steps[begin:end],
                wall_times=c.walls[begin:end],
                values=values,
                places=places,
                starts=tuple((step, counts[number] if number < len(counts) else 0) for step, counts in marks),
            )

    def starts(self) -> list[int]:
        """Return the steps at which the part says that a session starts."""
        return [int(self.columns.misc[row, 1]) for row, _counts in self._marks]

    def plugins(self) -> dict[bytes, int]:
        """Return what is known of the plugin of every tag: scan.UNKNOWN_PLUGIN, SCALARS_PLUGIN or OTHER_PLUGIN."""
        text = self.columns.text
        tags = self.columns.tags[: self.ints[scan.TAGS]].tolist()
        return {text[tag[scan.TEXT] : tag[scan.TEXT] + tag[scan.LENGTH]].tobytes(): tag[scan.PLUGIN] for tag in tags}

    def event_fields(self, first: int = 0) -> list[EventField]:
        """Return the event-level fields of interest from number `first` on, in file order."""
        count = int(self.ints[scan.MISC])
        rows = self.columns.misc[first:count]
        walls = np.ascontiguousarray(rows[:, 4]).view(np.float64).tolist()
        return [
            EventField(scan.EVENT_FIELDS[form], step, wall, at, length)
            for (form, step, at, length, _bits), wall in zip(rows.tolist(), walls, strict=True)
        ]

    def problems(self) -> list[tuple[int, int, int]]:
        """Return (file offset, reason of scan.REASONS, bytes skipped) of each problem that was kept."""
        return [
            (at, reason, skipped) for at, reason, skipped in self.columns.problems[: self.ints[scan.PROBLEMS]].tolist()
        ]

    def _filled(self) -> int:
        """Return how many rows hold something."""
        return int(self.columns.slots[: self.ints[scan.SLOTS], scan.COUNT].sum())

    def _replace(self, **arrays: Any) -> None:
        self.columns = self.columns._replace(**arrays)

    def _grow(self, end: int) -> None:
        """Make room in the array that the kernel found full; `end` is where the part is expected to end."""
        c = self.columns
        want = int(self.ints[scan.WANT])
        if want == scan.WANT_TAGS:
            tags = np.zeros((2 * c.tags.shape[0], scan.TAG_FIELDS), np.int64)
            tags[: c.tags.shape[0]] = c.tags
            hashes = np.zeros(4 * tags.shape[0], np.int64)
            scan.rehash(tags, int(self.ints[scan.TAGS]), hashes)
            self._replace(tags=tags, hashes=hashes)
        elif want == scan.WANT_SLOTS:
            slots = np.zeros((2 * c.slots.shape[0], scan.SLOT_FIELDS), np.int64)
            slots[: c.slots.shape[0]] = c.slots
            self._replace(slots=slots)
        elif want == scan.WANT_TEXT:
            self._replace(text=_longer(c.text, 2 * c.text.size + self.need + scan.PADDING))
        elif want == scan.WANT_MISC:
            misc = np.empty((2 * c.misc.shape[0], 5), np.int64)
            misc[: c.misc.shape[0]] = c.misc
            self._replace(misc=misc)
        elif want == scan.WANT_MARK:
            row = int(self.ints[scan.MISC])
            self._marks.append((row, c.slots[: self.ints[scan.SLOTS], scan.COUNT].copy()))
            self.ints[scan.MARKED] = row + 1
        else:
            read = self.position - self.start
            ahead = max(0, end - self.position)
            scale = 1.03 * (read + ahead) / read if read >= 1 << 16 else 2.0
            most = max(_MOST_GROWTH, _CHEAP / (20 * (1 + self._filled())))
            self._resize(min(max(scale, 1.25), most))

    def _resize(self, scale: float, *, empty: bool = False) -> None:
        """Move the rows into new arrays with `scale` times the rows so far for each slot.

        scale 0 leaves no spare room; empty: leave the rows behind.
        """
        slots = self.columns.slots[: self.ints[scan.SLOTS]]
        counts = slots[:, scan.COUNT].copy()
        # An odd number of cache lines each: columns a power of two apart would share one set of the cache.
        rooms = ((counts * scale).astype(np.int64) // 8 + 2 | 1) * 8 if scale else counts
        bases = np.concatenate(([0], np.cumsum(rooms)))
        used = int(bases[-1])
        new = _rows(used + (used // 16 + 256 if scale else 0))
        if empty:
            slots[:, scan.COUNT] = 0
        else:
            scan.move(slots, bases, *new.values(), self.columns)
        slots[:, scan.BASE] = bases[:-1]
        slots[:, scan.CAPACITY] = rooms
        self._replace(**new)
        self.ints[scan.USED] = used


def _rows(count: int) -> dict[str, NDArray[Any]]:
    """Return the columns of `count` rows, large ones as stretches of one block; memory that no row touches is not taken."""
    if _ROW * count < _LARGE:
        return {
            "steps": np.empty(count, np.int64),
            "walls": np.empty(count, np.float64),
            "values32": np.empty(count, np.float32),
            "values64": np.empty(count, np.float64),
            "places": np.empty((count, 2), np.int64),
        }
    count += -count % 16
    block = np.frombuffer(_pages(_ROW * count), np.uint8)
    ends = np.cumsum([0, 8, 8, 4, 8, 16]) * count
    steps, walls, values32, values64, places = (block[a:b] for a, b in itertools.pairwise(ends.tolist()))
    return {
        "steps": steps.view(np.int64),
        "walls": walls.view(np.float64),
        "values32": values32.view(np.float32),
        "values64": values64.view(np.float64),
        "places": places.view(np.int64).reshape(count, 2),
    }


def _pages(size: int) -> mmap.mmap:
    """Return `size` bytes of fresh memory in small pages.

    NumPy asks for huge pages, but a virtual machine may have to fetch each of them from its host piece by piece: 15 M
    points took 0.8 s with them and 0.37 s without. Small pages also leave less of the last one unused.
    """
    if hasattr(mmap, "MAP_PRIVATE"):
        return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    return mmap.mmap(-1, size)


def _longer(array: NDArray[np.generic], size: int) -> NDArray[np.generic]:
    """Return a copy of `array` [n] with room for `size` elements; the new ones hold anything."""
    longer = np.empty(size, array.dtype)
    longer[: array.size] = array
    return longer
