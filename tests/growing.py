"""A file that grows, shrinks and is replaced as a test says, the way a training job writes one.

    file = GrowingFile(path, *eventfile.curve("loss", range(4)))
    file.more(2)        # two more records are written
    file.more(0, 5)     # ... and the first 5 bytes of the one after them: a half-written tail
    file.more(1)        # ... which is completed

It can be truncated, overwritten, replaced and removed too.
"""

import os
from collections.abc import Sequence
from pathlib import Path


class GrowingFile:
    """One event file and the records still to be written into it."""

    def __init__(self, path: Path, *records: bytes) -> None:
        self.path = path
        self._waiting: list[bytes] = list(records)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    @property
    def left(self) -> int:
        """Return how many records are not wholly written yet."""
        return len(self._waiting)

    @property
    def size(self) -> int:
        """Return the size of the file in bytes."""
        return self.path.stat().st_size

    def more(self, records: int = 1, partial: int = 0) -> None:
        """Append the next `records` records, completing a begun one first, and `partial` bytes of the one after."""
        if records > len(self._waiting):
            raise ValueError(f"{records} records asked for, {len(self._waiting)} are left")
        now, self._waiting = self._waiting[:records], self._waiting[records:]
        if partial:
            now.append(self._waiting[0][:partial])
            self._waiting[0] = self._waiting[0][partial:]
        with self.path.open("ab") as file:
            file.write(b"".join(now))

    def rest(self) -> None:
        """Append all that is left."""
        self.more(self.left)

    def script(self, *records: bytes) -> None:
        """Put more records at the end of those still to be written."""
        self._waiting.extend(records)

    def truncate(self, size: int) -> None:
        """Cut the file to `size` bytes in place; what is appended later goes there."""
        os.truncate(self.path, size)

    def replace(self, *records: bytes) -> None:
        """Put another file with `records` in its place, in one step, as rsync does."""
        aside = self.path.with_name(f".{self.path.name}.aside")
        aside.write_bytes(b"".join(records))
        aside.replace(self.path)

    def overwrite(self, *records: bytes) -> None:
        """Write `records` over the file from its start, keeping the same file."""
        with self.path.open("wb") as file:
            file.write(b"".join(records))

    def remove(self) -> None:
        """Delete the file."""
        self.path.unlink()


def stages(file: GrowingFile, counts: Sequence[int]) -> list[int]:
    """Append the records in stages of `counts` and return the size of the file after each."""
    sizes = []
    for count in counts:
        file.more(count)
        sizes.append(file.size)
    return sizes
