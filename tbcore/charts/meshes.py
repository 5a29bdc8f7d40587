"""Meshes and point clouds as the browser component `meshes` draws them: what is what as JSON, the points as columns."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import hypot, isfinite
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

EDGES = 60_000  # faces up to which a wireframe is drawn as one

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_DISTANCE = 2.1  # of the eye from the middle, in lengths of the box around the shapes
_BELOW = 0.15  # the middle of the picture lies lower: labels stand below the box, and above it there are none
_FROM = {"y": (0.49, 0.33, 0.81), "z": (0.49, -0.81, 0.33)}  # a corner, seen from above


@dataclass(frozen=True)
class Panel:
    """One shape and its tables, by the names the component looks for."""

    spec: dict[str, Any]
    tables: dict[str, pa.Table] = field(repr=False)


class _Shape(Protocol):
    @property
    def vertices(self) -> NDArray[np.float32]: ...
    @property
    def faces(self) -> NDArray[np.int64] | None: ...
    @property
    def colors(self) -> NDArray[np.uint8] | None: ...
    @property
    def notes(self) -> Sequence[str]: ...


def panel(
    key: str, title: str, words: str, shape: _Shape, config: Mapping[str, Any], *, color: str, table: str, mark: str
) -> Panel:
    """Return one panel. title: what it is called; words: what it holds; color: of its run, where it has none of its own.

    mark: changes when the shape does. config: camera and material in the words of THREE.js; what has no counterpart is left alone.
    """
    material = _mapping(config.get("material"))
    faces = shape.faces if shape.faces is not None and len(shape.faces) else None
    form = (
        "cloud" if faces is None else "edges" if material.get("wireframe") is True and len(faces) <= EDGES else "mesh"
    )
    tables = {f"{table}_points": pa.table(dict(zip("xyz", _columns(shape.vertices), strict=True)))}
    if faces is not None:
        tables[f"{table}_faces"] = pa.table(dict(zip("ijk", _columns(faces.astype(np.int32)), strict=True)))
    if shape.colors is not None:
        tables[f"{table}_colors"] = pa.table(dict(zip("rgb", _columns(shape.colors), strict=True)))
    spec = {
        "key": key,
        "title": title,
        "words": words,
        "notes": list(shape.notes),
        "table": table,
        "mark": mark,
        "form": form,
        "swatch": color,
        "color": _color(material.get("color")) or color,
        "size": _size(len(shape.vertices), material.get("size")),
        "opacity": _within(material.get("opacity"), 0.05, 1.0, 1.0) if material.get("transparent") is True else 1.0,
        "flat": material.get("flatShading") is True,
        "roughness": _within(material.get("roughness"), 0.0, 1.0, 0.9),
        "ambient": _ambient(config.get("lights")),
    }
    return Panel(spec, tables)


def empty(key: str, title: str, words: str, *, color: str) -> Panel:
    """Return the panel of what cannot be drawn. words: why."""
    return Panel({"key": key, "title": title, "words": words, "notes": [], "form": "none", "swatch": color}, {})


def bounds(shapes: Sequence[_Shape]) -> list[list[float]] | None:
    """Return the range [low, high] of each axis that holds all shapes, all equally long; None without a point."""
    filled = [shape.vertices for shape in shapes if len(shape.vertices)]
    if not filled:
        return None
    low = np.min([vertices.min(axis=0) for vertices in filled], axis=0).astype(np.float64)
    high = np.max([vertices.max(axis=0) for vertices in filled], axis=0).astype(np.float64)
    half = 0.52 * float((high - low).max()) or 0.5
    middle = (low + high) / 2
    return [[float(at - half), float(at + half)] for at in middle]


def upwards(config: Mapping[str, Any]) -> str:
    """Return which axis points upwards when nobody says so: z, but y where a writer said how THREE.js is to look.

    Scanners, maps and most libraries of point clouds have z upwards, as plots have; the camera of THREE.js has y.
    """
    return "y" if _mapping(config.get("camera")) else "z"


def camera(config: Mapping[str, Any], up: str = "") -> dict[str, Any]:
    """Return from where the shapes are seen at first: from where the writer said, else from a corner, `up` upwards."""
    said = _mapping(config.get("camera"))
    up = up or upwards(config)
    unit = {axis: 1.0 if axis == up else 0.0 for axis in "xyz"}
    eye = _direction(said.get("position"))
    center = {axis: 0.0 if eye else -_BELOW * length for axis, length in unit.items()}
    flat = said.get("cls") == "OrthographicCamera"
    return {
        "up": _direction(said.get("up"), 1.0) or unit,
        "eye": eye or _direction(_FROM[up]) or unit,
        "center": center,
        "projection": {"type": "orthographic" if flat else "perspective"},
    }


def _columns(array: NDArray[Any]) -> list[NDArray[Any]]:
    return [np.ascontiguousarray(array[:, axis]) for axis in range(3)]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if isfinite(value) else None


def _within(value: object, low: float, high: float, usual: float) -> float:
    number = _number(value)
    return usual if number is None else min(max(number, low), high)


def _color(value: object) -> str | None:
    """Return a colour of THREE.js, "#rrggbb" or a whole number, as CSS; None for anything else."""
    if isinstance(value, str) and _HEX.fullmatch(value):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 24:
        return f"#{value:06x}"
    return None


def _size(points: int, said: object) -> float:
    """Return the pixels across a point: as said when that is of the size of a pixel, else by how many there are."""
    number = _number(said)
    if number is not None and 1 <= number <= 20:
        return number
    return 4.0 if points < 1_000 else 2.5 if points < 20_000 else 1.5


def _ambient(lights: object) -> float:
    """Return how bright the sides away from the light are."""
    for light in lights if isinstance(lights, list) else []:
        if _mapping(light).get("cls") == "AmbientLight":
            return _within(_mapping(light).get("intensity"), 0.2, 1.0, 0.6)
    return 0.6


def _direction(value: object, length: float = _DISTANCE) -> dict[str, float] | None:
    """Return a vector of three numbers, made `length` long; None when it is none."""
    numbers = [_number(part) for part in value] if isinstance(value, list | tuple) and len(value) == 3 else []
    known = [number for number in numbers if number is not None]
    far = hypot(*known) if len(known) == 3 else 0.0
    return {axis: length * number / far for axis, number in zip("xyz", known, strict=True)} if far > 0 else None
