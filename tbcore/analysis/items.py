"""Logged values as files of their own: images, clips, meshes, and the index that lists them."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_LONGEST_PART = 80
# Names that Windows keeps for devices, whatever their ending.
_KEPT = {"con", "prn", "aux", "nul", *(f"{name}{digit}" for name in ("com", "lpt") for digit in range(10))}
# A folder must not have the name that a file beside it may have.
_LIKE_A_FILE = re.compile(r"-?\d[-\d~]*\.[a-z]\w*$", re.IGNORECASE)


@dataclass(frozen=True)
class Item:
    """One logged value as a file of its own: `data`, whose name ends in `ending` (".png").

    sample: which of the values of a point it is, from 0. about: what an index says beside, such as width and height.
    error: why there is no data, "" where there is.
    """

    run: str
    tag: str
    step: int
    wall_time: float
    sample: int = 0
    ending: str = ".bin"
    data: bytes = field(default=b"", repr=False)
    about: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""


class FileNames:
    """Names for files of items that every system takes, each different: run/tag/step[-nth][-sample] and an ending."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._folders: dict[tuple[str, str], str] = {}
        self._owners: dict[str, tuple[str, str]] = {}

    def name(self, item: Item) -> str:
        """Return the name of the next item, its parts joined by "/"; nothing of it leads out of a folder."""
        folder = self._folder(item.run, item.tag)
        sample = f"-{item.sample}" if item.sample else ""
        stem = f"{folder}/{item.step}{sample}"
        number = 1
        while (name := f"{stem}{f'~{number}' if number > 1 else ''}{item.ending}").casefold() in self._taken:
            number += 1
        self._taken.add(name.casefold())
        return name

    def _folder(self, run: str, tag: str) -> str:
        known = self._folders.get((run, tag))
        if known is None:
            parts = [_part(part) for name in (run, tag) for part in name.split("/") if part] or ["_"]
            known, number = "/".join(parts), 1
            # Tags that differ only in what was replaced, or in capital letters, are kept apart.
            while self._owners.setdefault(known.casefold(), (run, tag)) != (run, tag):
                number += 1
                known = f"{'/'.join(parts)}~{number}"
            self._folders[run, tag] = known
        return known


def _part(text: str) -> str:
    """Return text as the name of a folder: letters, digits and a few signs, no longer than most systems allow."""
    safe = "".join(
        sign if sign.isalnum() or sign in "-_+=@,()" or (sign == "." and at) else "_" for at, sign in enumerate(text)
    )
    safe = safe.rstrip(".") or "_"
    if len(safe.encode()) > _LONGEST_PART:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        safe = f"{safe.encode()[: _LONGEST_PART - 9].decode('utf-8', 'ignore')}~{digest}"
    if _LIKE_A_FILE.match(safe):
        safe += "_"
    return f"_{safe}" if safe.partition(".")[0].casefold() in _KEPT else safe


def index_row(item: Item, file: str) -> dict[str, Any]:
    """Return what an index says of an item that was written to `file`, or of one that could not be read."""
    row: dict[str, Any] = {
        "run": item.run,
        "tag": item.tag,
        "step": item.step,
        "wall_time": item.wall_time,
        "sample": item.sample,
    }
    if item.error:
        return row | {"error": item.error}
    return row | {"file": file, "sha256": hashlib.sha256(item.data).hexdigest(), **item.about}
