"""Meshes and point clouds: the tags that belong together, and one logged shape ready to be drawn.

A mesh is logged as up to three tags, `<name>_VERTEX`, `<name>_FACE` and `<name>_COLOR` (other writers: `<name>_1`, `_2`,
`_3`), each a tensor [batch, n, 3]: coordinates, corners of triangles as places among the vertices, and red, green, blue
from 0 to 255. Without faces it is a point cloud. Source: tensorboard/plugins/mesh/{metadata.py,plugin_data.proto}.
"""

import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tbcore.analysis.items import Item
from tbcore.analysis.steps import index_at
from tbcore.errors import FormatError, MessageError, TensorError
from tbcore.formats.schema import MeshPluginData, parse
from tbcore.series import Series

LIMIT = 200_000  # vertices that are drawn at most; twice as many faces

_SEED = 0
_PARTS = ("VERTEX", "FACE", "COLOR")  # by content type, from 1
_ENDINGS = {f"_{word}": part for part, word in enumerate(_PARTS, 1)} | {f"_{part}": part for part in (1, 2, 3)}


@dataclass(frozen=True)
class Mesh:
    """The tags of one mesh of one run. config: what the writer said of camera and material, in the words of THREE.js."""

    run: str
    name: str
    vertices: Series
    faces: Series | None = None
    colors: Series | None = None
    config: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Shape:
    """One sample of a mesh at one step.

    vertices float32 [n, 3]; faces int64 [m, 3], None for a point cloud; colors uint8 [n, 3], None when none were logged.
    samples: how many were logged at this step. logged_vertices, logged_faces: how many there were before anything was
    left out. notes: what was left out or taken otherwise than logged, in words.
    """

    run: str
    name: str
    step: int
    wall_time: float
    sample: int
    samples: int
    vertices: NDArray[np.float32]
    faces: NDArray[np.int64] | None
    colors: NDArray[np.uint8] | None
    logged_vertices: int
    logged_faces: int
    notes: tuple[str, ...] = ()


def meshes(series: Iterable[Series]) -> list[Mesh]:
    """Return the meshes that series of tags make up, in the order of their vertices; without vertices there is none."""
    found: dict[tuple[str, str], dict[int, Series]] = {}
    for one in series:
        name, part = _named(one)
        found.setdefault((one.run, name), {}).setdefault(part, one)
    return [
        Mesh(run, name, parts[1], parts.get(2), parts.get(3), _config(parts[1]))
        for (run, name), parts in found.items()
        if 1 in parts
    ]


def samples(mesh: Mesh) -> int:
    """Return how many samples a mesh has at a step, as its first one said; at least 1."""
    return max(1, _said_shape(mesh)[0])


def fair_limit(some: Iterable[Mesh], most: int) -> int:
    """Return how many vertices of each mesh may be drawn so that together they are not more than `most`, about."""
    wanted = [min(LIMIT, _said_shape(mesh)[1] or LIMIT) for mesh in some]
    limit = LIMIT
    while sum(min(limit, size) for size in wanted) > most:
        limit = int(0.9 * limit)
    return limit


def _said_shape(mesh: Mesh) -> tuple[int, int]:
    """Return the samples and the vertices of the first batch as its metadata tells, 0 where it does not."""
    content = _content(mesh.vertices)
    shape = [] if content is None else list(content.shape)
    return (max(0, shape[0]), max(0, shape[1])) if len(shape) == 3 else (0, 0)


def _named(series: Series) -> tuple[str, int]:
    """Return the name of the mesh and which part of it a series is: 1 vertices, 2 faces, 3 colours."""
    ending = next((ending for ending in _ENDINGS if series.tag.endswith(ending)), "")
    if ending:
        return series.tag.removesuffix(ending), _ENDINGS[ending]
    content = _content(series)
    part = content.content_type if content is not None and content.content_type in (1, 2, 3) else 1
    return series.tag, part


def _content(series: Series) -> Any:
    try:
        return parse(MeshPluginData, series.content)
    except MessageError:
        return None


def _config(series: Series) -> dict[str, Any]:
    content = _content(series)
    try:
        config = json.loads(content.json_config) if content is not None else None
    except ValueError:
        return {}
    return config if isinstance(config, dict) else {}


# One shape -----------------------------------------------------------------------------------------------------------


def read(mesh: Mesh, step: int | None, nth: int = 0, sample: int = 0, *, earlier: bool = False) -> Shape | None:
    """Return one sample of a mesh at a moment, exactly as logged; the last sample there is when there are fewer.

    None where nothing is logged yet. What does not fit, such as faces of vertices that do not exist, is left out and
    noted. Raises FormatError when there are no vertices to be had.
    """
    index = index_at(mesh.vertices, step, nth, earlier=earlier)
    if index is None:
        return None
    return _read(mesh, index, sample, earlier=earlier)


def _read(mesh: Mesh, index: int, sample: int, *, earlier: bool) -> Shape:
    return _fitted(mesh, index, _logged(mesh, index, sample, earlier=earlier))


@dataclass(frozen=True)
class _Logged:
    """The arrays of one sample as they were written, whether or not they fit each other."""

    sample: int
    samples: int
    vertices: NDArray[Any]
    faces: NDArray[Any] | None
    colors: NDArray[Any] | None
    notes: tuple[str, ...]


def _logged(mesh: Mesh, index: int, sample: int, *, earlier: bool) -> _Logged:
    at = int(mesh.vertices.steps[index])
    # The parts of one moment were written together: the n-th time a step was written belongs to the n-th.
    nth = int((mesh.vertices.steps[:index][_kept(mesh.vertices, earlier)[:index]] == at).sum())
    vertices, samples, sample = _sampled(mesh.vertices.values[index], "vertices", sample)
    if vertices.dtype.kind not in "fiu" or vertices.shape[1] != 3:
        raise TensorError(f"vertices have the shape {list(vertices.shape)} instead of [n, 3]")
    notes: list[str] = []
    faces = _part(mesh.faces, "faces", at, nth, sample, notes, earlier)
    colors = _part(mesh.colors, "colours", at, nth, sample, notes, earlier)
    return _Logged(sample, samples, vertices, faces, colors, tuple(notes))


def _fitted(mesh: Mesh, index: int, logged: _Logged) -> Shape:
    """Return what of the arrays fits together, and in words what does not."""
    vertices, faces, colors, notes = logged.vertices, logged.faces, logged.colors, list(logged.notes)
    shape = Shape(
        mesh.run,
        mesh.name,
        int(mesh.vertices.steps[index]),
        float(mesh.vertices.wall_times[index]),
        logged.sample,
        logged.samples,
        vertices.astype(np.float32),
        None if faces is None else _faces(faces, len(vertices), notes),
        None if colors is None else _colors(colors, len(vertices), notes),
        len(vertices),
        0 if faces is None else len(faces),
    )
    return replace(shape, notes=tuple(notes))


def _kept(series: Series, earlier: bool) -> NDArray[np.bool_]:
    return np.ones(len(series), np.bool_) if earlier else ~series.superseded


def _sampled(value: NDArray[Any], what: str, sample: int) -> tuple[NDArray[Any], int, int]:
    """Return one sample [n, k] of a batch [b, n, k], how many there are, and which it is."""
    batch = value[np.newaxis] if value.ndim == 2 else value
    if batch.ndim != 3 or not len(batch):
        raise TensorError(f"{what} have the shape {list(value.shape)} instead of [batch, n, 3]")
    at = min(max(sample, 0), len(batch) - 1)
    return batch[at], len(batch), at


def _part(
    series: Series | None, what: str, step: int, nth: int, sample: int, notes: list[str], earlier: bool
) -> NDArray[Any] | None:
    """Return the faces or colours that belong to the vertices of a moment, None when there are none."""
    index = None if series is None else index_at(series, step, nth, earlier=earlier)
    if series is None or index is None:
        return None
    try:
        return _sampled(series.values[index], what, sample)[0]
    except FormatError as error:
        notes.append(f"no {what}: {error}")
        return None


def _faces(faces: NDArray[Any], vertices: int, notes: list[str]) -> NDArray[np.int64] | None:
    if faces.dtype.kind not in "fiu" or faces.shape[1] != 3:
        notes.append(f"no faces: they have the shape {list(faces.shape)} instead of [m, 3]")
        return None
    # Some writers log every tensor in single precision.
    good: NDArray[np.bool_] = ((faces >= 0) & (faces < vertices) & (faces == np.floor(faces))).all(axis=1)
    if not good.all():
        count = int((~good).sum())
        notes.append(f"{count:,} of {len(faces):,} faces left out: their vertices do not exist")
    return np.asarray(faces[good], np.int64)


def _colors(colors: NDArray[Any], vertices: int, notes: list[str]) -> NDArray[np.uint8] | None:
    if colors.dtype.kind not in "fiu" or colors.shape[1] not in (3, 4):
        notes.append(f"no colours: they have the shape {list(colors.shape)} instead of [n, 3]")
        return None
    if len(colors) != vertices:
        notes.append(f"no colours: there are {len(colors):,} for {vertices:,} vertices")
        return None
    found = np.nan_to_num(colors[:, :3].astype(np.float64), posinf=255.0, neginf=0.0)
    if len(found) and colors.dtype.kind == "f" and found.max() <= 1 and bool((found % 1).any()):
        notes.append("colours between 0 and 1 are taken for shares of full brightness")
        found *= 255
    return np.asarray(found.round().clip(0, 255), np.uint8)


# What is drawn -------------------------------------------------------------------------------------------------------


def drawn(shape: Shape, limit: int = LIMIT) -> Shape:
    """Return a shape as it is drawn: without vertices that are not finite, and not more than `limit` vertices.

    A larger cloud is thinned out, evenly and always alike; of a larger mesh the vertices in one cell of a grid become
    one, their middle. Both are noted.
    """
    return _smaller(_finite(shape), limit)


def _finite(shape: Shape) -> Shape:
    good = np.asarray(np.isfinite(shape.vertices).all(axis=1))
    if good.all():
        return shape
    notes = [f"{int((~good).sum()):,} of {len(good):,} vertices left out: they are not finite"]
    faces = shape.faces
    if faces is not None:
        whole = np.asarray(good[faces].all(axis=1))
        if not whole.all():
            notes.append(f"{int((~whole).sum()):,} of {len(faces):,} faces left out with them")
        faces = (np.cumsum(good) - 1)[faces[whole]]
    return replace(
        shape,
        vertices=shape.vertices[good],
        faces=faces,
        colors=None if shape.colors is None else shape.colors[good],
        notes=(*shape.notes, *notes),
    )


def _smaller(shape: Shape, limit: int) -> Shape:
    count = len(shape.vertices)
    if shape.faces is None or not len(shape.faces):
        if count <= limit:
            return shape
        chosen = np.sort(np.random.default_rng(_SEED).choice(count, limit, replace=False))
        note = f"{limit:,} of {count:,} points are drawn, evenly chosen"
        return replace(
            shape,
            vertices=shape.vertices[chosen],
            colors=None if shape.colors is None else shape.colors[chosen],
            notes=(*shape.notes, note),
        )
    if count <= limit and len(shape.faces) <= 2 * limit:
        return shape
    return _merged(shape, limit)


def _merged(shape: Shape, limit: int) -> Shape:
    """Return a mesh whose vertices in one cell of a grid are one; the grid is as fine as the limit allows."""
    assert shape.faces is not None
    low, high = shape.vertices.min(axis=0).astype(np.float64), shape.vertices.max(axis=0).astype(np.float64)
    longest = float((high - low).max()) or 1.0
    cells = 2.0 * limit**0.5  # along the longest side
    while True:
        places = ((shape.vertices - low) * (cells / longest)).astype(np.int64)
        width = int(cells) + 1
        keys = (places[:, 0] * width + places[:, 1]) * width + places[:, 2]
        distinct, merged, counts = np.unique(keys, return_inverse=True, return_counts=True)
        if len(distinct) <= limit or cells <= 1:
            faces = _distinct(merged[shape.faces], len(distinct))
            if len(faces) <= 2 * limit or cells <= 1:
                break
        # The cells that a surface passes through grow with the square of how many there are along a side.
        cells *= min(0.9, 0.97 * (limit / len(distinct)) ** 0.5)

    def middle(values: NDArray[Any]) -> NDArray[np.float64]:
        sums = [np.bincount(merged, values[:, axis], len(counts)) for axis in range(3)]
        return np.stack(sums, axis=1) / counts[:, np.newaxis]

    note = (
        f"simplified to {len(counts):,} of {len(shape.vertices):,} vertices and {len(faces):,} of "
        f"{len(shape.faces):,} faces: vertices closer than 1/{cells:,.0f} of its length are one"
    )
    return replace(
        shape,
        vertices=middle(shape.vertices).astype(np.float32),
        faces=faces,
        colors=None if shape.colors is None else middle(shape.colors).round().astype(np.uint8),
        notes=(*shape.notes, note),
    )


def _distinct(faces: NDArray[np.int64], vertices: int) -> NDArray[np.int64]:
    """Return each triangle of three different vertices once, its least corner first, its sides the way they were."""
    faces = faces[(faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 0] != faces[:, 2])]
    first = faces.argmin(axis=1)
    a, b, c = (np.take_along_axis(faces, ((first + turn) % 3)[:, np.newaxis], axis=1)[:, 0] for turn in range(3))
    keys = np.unique((a * vertices + b) * vertices + c)
    return np.stack((keys // vertices**2, keys // vertices % vertices, keys % vertices), axis=1)


# Files ---------------------------------------------------------------------------------------------------------------


def npz(shape: Shape) -> bytes:
    """Return a shape as NPZ: vertices float32 [n, 3], and where they exist faces int64 [m, 3] and colors uint8 [n, 3]."""
    return _npz(shape.vertices, shape.faces, shape.colors)


def _npz(vertices: NDArray[Any], faces: NDArray[Any] | None, colors: NDArray[Any] | None) -> bytes:
    named = {"vertices": vertices, "faces": faces, "colors": colors}
    arrays: dict[str, Any] = {name: array for name, array in named.items() if array is not None}
    sink = io.BytesIO()
    np.savez_compressed(sink, **arrays)
    return sink.getvalue()


def ply(shape: Shape) -> bytes:
    """Return a shape as binary PLY, which programs for meshes read. Source: the PLY format, 1.0."""
    lines = ["ply", "format binary_little_endian 1.0", f"element vertex {len(shape.vertices)}"]
    lines += [f"property float {axis}" for axis in "xyz"]
    columns: list[tuple[str, str, tuple[int, ...]]] = [("vertex", "<f4", (3,))]
    if shape.colors is not None:
        lines += [f"property uchar {name}" for name in ("red", "green", "blue")]
        columns.append(("color", "u1", (3,)))
    vertices = np.zeros(len(shape.vertices), columns)
    vertices["vertex"] = shape.vertices
    if shape.colors is not None:
        vertices["color"] = shape.colors
    body = vertices.tobytes()
    if shape.faces is not None:
        lines += [f"element face {len(shape.faces)}", "property list uchar int vertex_indices"]
        faces = np.zeros(len(shape.faces), [("count", "u1"), ("corners", "<i4", (3,))])
        faces["count"] = 3
        faces["corners"] = shape.faces
        body += faces.tobytes()
    return ("\n".join([*lines, "end_header"]) + "\n").encode() + body


def items(series: Iterable[Series]) -> Iterator[Item]:
    """Yield every sample of every mesh as NPZ, earlier attempts too; where it cannot be read, why.

    The arrays are those that were logged, in their types; notes of the index say what of them does not fit together.
    """
    for mesh in meshes(series):
        for index in range(len(mesh.vertices)):
            step, wall_time = int(mesh.vertices.steps[index]), float(mesh.vertices.wall_times[index])
            sample, samples = 0, 1
            while sample < samples:
                try:
                    logged = _logged(mesh, index, sample, earlier=True)
                except FormatError as error:
                    yield Item(mesh.run, mesh.name, step, wall_time, sample, error=str(error))
                    break
                samples = logged.samples
                notes = _fitted(mesh, index, logged).notes
                about = {
                    "vertices": len(logged.vertices),
                    "faces": 0 if logged.faces is None else len(logged.faces),
                    "colors": logged.colors is not None,
                    **({"notes": list(notes)} if notes else {}),
                }
                data = _npz(logged.vertices, logged.faces, logged.colors)
                yield Item(mesh.run, mesh.name, step, wall_time, sample, ".npz", data, about)
                sample += 1


def archive(shapes: Iterable[Shape], ending: str) -> bytes:
    """Return shapes as a ZIP of files that end in "npz" or "ply", named after run, mesh, step and sample."""
    made = {"npz": npz, "ply": ply}[ending]
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED if ending == "npz" else zipfile.ZIP_DEFLATED) as files:
        for number, shape in enumerate(shapes):
            # Names of logs may be anything; a file's name shall lead nowhere.
            name = re.sub(r"[^\w.-]+", "_", f"{shape.run}_{shape.name}_{shape.step}_{shape.sample}").lstrip(".")
            files.writestr(f"{number}_{name[-150:]}.{ending}", made(shape))
    return sink.getvalue()
