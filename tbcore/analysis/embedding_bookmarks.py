"""Bookmarks of an embedding: how somebody looked at it, as TensorBoard's projector keeps it in a file.

    views = read(data, rows=1797)
    data = write(views)                # TensorBoard opens it, and shows the same points in the same places

Source: the class State of vz_projector's data.ts, and how vz-projector.ts fills it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tbcore.formats import projector
from tbcore.formats.projector import Bookmark

Rows = NDArray[np.int64]

# How TensorBoard calls a projection, and what stands before the number of a coordinate.
_PROJECTIONS = {"pca": "pca", "tsne": "tsne", "umap": "umap", "custom": "custom"}
_AXES = {"custom": ("linear-x", "linear-y", "linear-z")}
_OURS = "runlens"  # what TensorBoard has no word for
_KEPT = 100  # bookmarks of one file


@dataclass(frozen=True)
class View:
    """One way to look at an embedding.

    how: "pca", "tsne", "umap", "custom", or what else it was; dims: 2 or 3; components: of PCA, from 0.
    color, label: columns, "" for none; selected, shown: rows, None for all; points [shown, dims]: where each was, None
    when that is not known. sphere: whether they were put on a sphere first; alone: whether of the shown points only.
    """

    title: str
    how: str
    dims: int
    components: tuple[int, ...] = ()
    color: str = ""
    label: str = ""
    selected: Rows = field(default_factory=lambda: np.zeros(0, np.int64), repr=False)
    shown: Rows | None = field(default=None, repr=False)
    points: NDArray[np.float32] | None = field(default=None, repr=False)
    shape: tuple[int, int] | None = None
    sphere: bool = False
    alone: bool = False


def read(data: bytes, rows: int) -> list[View]:
    """Return the bookmarks of a file. rows: how many points there are; those that are named beyond are left out.

    Raises FormatError when they cannot be read.
    """
    return views(projector.bookmarks(data), rows)


def views(found: Sequence[Bookmark], rows: int) -> list[View]:
    """Return bookmarks as ways to look at `rows` points."""
    return [_view(one, rows) for one in found[:_KEPT]]


def write(some: Sequence[View]) -> bytes:
    """Return a file of bookmarks as TensorBoard reads it."""
    return projector.write_bookmarks([_bookmark(one, last=place == len(some) - 1) for place, one in enumerate(some)])


def _view(one: Bookmark, rows: int) -> View:
    said = one.fields.get(_OURS)
    ours = said if isinstance(said, dict) else {}
    how = one.projection if one.projection in _PROJECTIONS else "pca"
    if isinstance(ours.get("how"), str):
        how = ours["how"]
    names = _names(how)
    dims = 3 if _solid(one, how) else 2
    shown = _rows(one.fields.get("filteredPoints"), rows)
    points = None
    count = rows if shown is None else len(shown)
    whole = shown is None or len(shown) == len(one.fields["filteredPoints"])
    if whole and len(one.points) == count and count and all(names[axis] in one.points[0] for axis in range(2)):
        points = np.array(
            [[point.get(names[axis], np.nan) for axis in range(dims)] for point in one.points], np.float32
        ).reshape(count, dims)
        # TensorBoard lists points as they were filtered, not as they rise.
        points = points if shown is None else points[np.argsort(one.fields["filteredPoints"], kind="stable")]
    selected = _rows(list(one.selected), rows)
    return View(
        one.label,
        how,
        dims,
        one.components,
        one.color_by,
        one.label_by,
        np.zeros(0, np.int64) if selected is None else selected,
        shown,
        points,
        one.shape,
        ours.get("sphere") is True,
        ours.get("alone") is True,
    )


def _solid(one: Bookmark, how: str) -> bool:
    """Return whether a bookmark has three dimensions."""
    if how == "pca":
        return len(one.components) != 2
    flags = {"tsne": "tSNEis3d", "umap": "umapIs3d"}
    if how in flags:
        return one.fields.get(flags[how]) is True
    return bool(one.points) and _names(how)[2] in one.points[0]


def _rows(raw: Any, count: int) -> Rows | None:
    """Return rows below `count` of a list, None where there is none."""
    if not isinstance(raw, list) or not raw:
        return None
    return np.array(sorted({row for row in raw if type(row) is int and 0 <= row < count}), np.int64)


def _names(how: str) -> tuple[str, ...]:
    return _AXES.get(how, tuple(f"{how}-{axis}" for axis in range(3)))


def _bookmark(one: View, *, last: bool) -> Bookmark:
    names = _names(one.how)
    points: tuple[dict[str, float], ...] = ()
    if one.points is not None:
        points = tuple(
            {names[axis]: float(value) for axis, value in enumerate(point)}
            for point in one.points.astype(float).tolist()
        )
    fields: dict[str, Any] = {
        "tSNEIteration": 0,
        "tSNEPerplexity": 0,
        "tSNELearningRate": 0,
        "tSNEis3d": one.dims == 3,
        "umapIs3d": one.dims == 3,
        "pcaComponentDimensions": list(one.components),
        "selectedPoints": [],
        "projections": [],
        _OURS: {"how": one.how, "sphere": one.sphere, "alone": one.alone},
    }
    if one.shown is not None:
        fields["filteredPoints"] = one.shown.tolist()
    return Bookmark(
        label=one.title,
        is_selected=last,
        projection=_PROJECTIONS.get(one.how, "custom"),
        components=one.components,
        color_by=one.color,
        label_by=one.label,
        selected=tuple(one.selected.tolist()),
        shape=one.shape,
        points=points,
        fields=fields,
    )


def scattered(one: View, rows: int) -> NDArray[np.float32] | None:
    """Return where each of `rows` points was, NaN for those that were not shown; None when that is not known."""
    if one.points is None:
        return None
    if one.shown is None:
        return one.points if len(one.points) == rows else None
    whole = np.full((rows, one.points.shape[1]), np.nan, np.float32)
    whole[one.shown] = one.points
    return whole
