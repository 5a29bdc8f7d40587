"""Scanning bytes for tests: a file's bytes in pieces of any size, and what was found as plain tuples."""

from dataclasses import dataclass, field

import numpy as np

from tbcore.formats import scan
from tbcore.store.columns import Part


@dataclass
class Found:
    """What a scan found. points: by tag and form, each (step, wall time, value or bytes of the Summary.Value)."""

    points: dict[tuple[bytes, str], list[tuple[int, float, object]]]
    metadata: dict[bytes, bytes]
    events: list[tuple[str, int, float, bytes]]
    problems: list[tuple[int, str, int]]
    records: int
    position: int
    part: Part = field(repr=False)

    def values(self, tag: str | bytes, form: str = "scalar") -> list[object]:
        return [value for _step, _wall, value in self.points.get((_bytes(tag), form), [])]

    def steps(self, tag: str | bytes, form: str = "scalar") -> list[int]:
        return [step for step, _wall, _value in self.points.get((_bytes(tag), form), [])]

    def dtype(self, tag: str | bytes) -> str:
        return next(
            str(rows.values.dtype) for rows in self.part.rows() if rows.tag == _bytes(tag) and rows.values is not None
        )


def scanned(data: bytes, piece: int = 0, part: Part | None = None, size: int = 0) -> Found:
    """Return what is found in a file of `data`, handed over in pieces of `piece` bytes (whole when 0).

    part: reads on where an earlier scan of the same file, then shorter, ended. size: bytes that the file claims to have.
    """
    part = Part() if part is None else part
    size = size or len(data)
    end = part.keep
    while True:
        end = min(len(data), end + piece) if piece else len(data)
        base = part.keep
        filled = end - base
        buffer = np.frombuffer(data[base:end] + b"\xa5" * scan.PADDING, np.uint8).copy()
        status = part.read(buffer, filled, base, size, size)
        assert status in (scan.MORE, scan.BIG, scan.REACHED)
        if end == len(data):
            return _found(part, data)


def _found(part: Part, data: bytes) -> Found:
    points: dict[tuple[bytes, str], list[tuple[int, float, object]]] = {}
    metadata: dict[bytes, bytes] = {}
    for rows in part.rows():
        values: list[object]
        if rows.places is not None:
            values = [data[at : at + length] for at, length in rows.places.tolist()]
        else:
            assert rows.values is not None
            values = rows.values.tolist()
        points[rows.tag, rows.form] = list(zip(rows.steps.tolist(), rows.wall_times.tolist(), values, strict=True))
        if rows.metadata:
            metadata[rows.tag] = rows.metadata
    return Found(
        points=points,
        metadata=metadata,
        events=[(e.form, e.step, e.wall_time, data[e.offset : e.offset + e.length]) for e in part.event_fields()],
        problems=[(at, scan.REASONS[why], skipped) for at, why, skipped in part.problems()],
        records=part.records,
        position=part.position,
        part=part,
    )


def _bytes(tag: str | bytes) -> bytes:
    return tag.encode() if isinstance(tag, str) else tag
