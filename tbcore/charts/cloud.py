"""Points of a projection as the browser component `cloud` draws them: where they are, in which colours, what they say."""

import base64
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from tbcore.charts import theme
from tbcore.charts.parallel import NO_VALUE, RAMP, ramp, shades

NAMED = len(theme.RUN_COLORS)  # categories that have a colour of their own
_GREYS = (9, 19)  # of the colours, which could be taken for that of points without a value
LONGEST = 160  # letters of a cell that are sent
MOST_TIPS = 8  # columns that a tooltip shows
LOOK: Mapping[str, Any] = {"size": 1.0, "opacity": 1.0, "labels": "auto", "sprites": False, "tint": True}
_DIGITS = re.compile(r"(\d+)")

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Colors:
    """The colours of points. paints [points]: which of `palette`; the first of them is for points without a value."""

    palette: list[str]
    legend: dict[str, Any]
    paints: NDArray[np.uint8] = field(repr=False)


@dataclass(frozen=True)
class Sprites:
    """Small pictures of points in one PNG, row by row. cells [points]: which picture, -1 for none; None: one each."""

    png: bytes = field(repr=False)
    width: int
    height: int
    columns: int
    cells: NDArray[np.int32] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Cloud:
    """What the component gets: a small view, which changes with every click, and tables, which do not."""

    view: dict[str, Any]
    tables: dict[str, pa.Table] = field(repr=False)


def spec(
    points: ArrayLike,
    *,
    colors: Colors | None = None,
    axes: Sequence[str] = (),
    title: str = "",
    note: str = "",
    labels: Sequence[str] | None = None,
    tips: Mapping[str, Sequence[str]] | None = None,
    sizes: ArrayLike | None = None,
    following: NDArray[np.int32] | None = None,
    links: ArrayLike | None = None,
    sprites: Sprites | None = None,
    bounds: tuple[Sequence[float], Sequence[float]] | None = None,
    hidden: NDArray[np.bool_] | None = None,
    selected: ArrayLike = (),
    picked: int = -1,
    neighbors: ArrayLike = (),
    distances: ArrayLike = (),
    look: Mapping[str, Any] | None = None,
    legend: Mapping[str, Any] | None = None,
    camera: Sequence[float] | None = None,
    scene: str = "",
    group: str = "",
) -> Cloud:
    """Return points [n, 2] or [n, 3] as the component draws them; what is not finite is not drawn and said.

    axes: what each axis is, none for a projection whose axes mean nothing; labels [n]: the name of each point; tips: what a
    tooltip shows besides, by column; sizes [n]: times the usual radius; following [n]: the point that a line goes on to.
    links [n]: points with the same number in clouds of the same `group` are one thing: what is pointed at, picked or
    selected in one is so in the others, which also turn together. bounds: the (low, high) corner that is fitted.
    hidden [n]: what is left out; selected, neighbors: numbers of points; picked: one of them; distances: of `neighbors`.
    look: as LOOK; legend: {"lit": paints that stand out, "only": paints that are shown}; camera: as the component said it, None
    when nobody keeps it. scene: a word for what the camera looks at; another one is looked at from its beginning.
    """
    places = np.asarray(points, np.float32)
    count, dims = places.shape
    columns: dict[str, Any] = {name: np.ascontiguousarray(places[:, at]) for at, name in enumerate("xyz"[:dims])}
    painted = colors or plain(count)
    columns["paint"] = painted.paints
    if sizes is not None:
        columns["size"] = np.nan_to_num(np.clip(np.asarray(sizes, np.float32), 0.2, 6), nan=1.0)
    if following is not None:
        columns["next"] = np.asarray(following, np.int32)
    if links is not None:
        columns["link"] = np.asarray(links, np.int32)
    if labels is not None:
        columns["label"] = words(labels)
    shown = dict(list((tips or {}).items())[:MOST_TIPS])
    for at, cells in enumerate(shown.values()):
        columns[f"tip{at}"] = words(cells)
    tables = {"rows": pa.table(columns)}
    if sprites is not None:
        cells_ = np.arange(count, dtype=np.int32) if sprites.cells is None else np.asarray(sprites.cells, np.int32)
        tables["rows"] = tables["rows"].append_column("sprite", pa.array(cells_))
        tables["atlas"] = pa.table({"png": pa.array([sprites.png], pa.binary())})
    corners = None
    if bounds is not None and np.isfinite(np.asarray(bounds, np.float64)).all():
        corners = [[float(at) for at in corner] for corner in bounds]
    view = {
        "count": count,
        "dims": dims,
        "axes": list(axes)[:dims],
        "title": title,
        "note": note,
        "palette": painted.palette,
        "legend": painted.legend,
        "tips": list(shown),
        "sprites": None if sprites is None else [sprites.width, sprites.height, sprites.columns],
        "bounds": corners,
        "hidden": "" if hidden is None else packed(np.flatnonzero(hidden)),
        "selected": packed(np.asarray(selected, np.int64)),
        "picked": int(picked),
        "neighbors": np.asarray(neighbors, np.int64).tolist(),
        "distances": [float(one) if math.isfinite(one) else None for one in np.asarray(distances, np.float64).tolist()],
        "look": {**LOOK, **(look or {})},
        "legend_state": {"lit": list((legend or {}).get("lit", ())), "only": list((legend or {}).get("only", ()))},
        "camera": None if camera is None else [float(at) for at in camera],
        "scene": scene,
        "group": group,
    }
    return Cloud(view, tables)


def bounds(*clouds: ArrayLike) -> tuple[list[float], list[float]] | None:
    """Return the corners of the box that holds the finite points of all clouds, None when there are none."""
    found = [one[np.isfinite(one).all(axis=1)] for one in (np.asarray(cloud, np.float64) for cloud in clouds)]
    held = [one for one in found if len(one)]
    if not held:
        return None
    low, high = np.min([one.min(axis=0) for one in held], axis=0), np.max([one.max(axis=0) for one in held], axis=0)
    return low.tolist(), high.tolist()


def following(cells: Sequence[str], count: int) -> NDArray[np.int32]:
    """Return which point each one goes on to, -1 for none, from a column `__next__` or `__seq_next__` of row numbers."""
    found = np.full(count, -1, np.int32)
    for row, cell in enumerate(cells[:count]):
        text = cell.strip()
        if text.isascii() and text.isdigit() and len(text) < 10 and int(text) < count and int(text) != row:
            found[row] = int(text)
    return found


def packed(rows: ArrayLike) -> str:
    """Return numbers of points as the shorter of two texts: "r0-99,105", ranges, or "b" and the bits of a set in base 64."""
    found = np.unique(np.asarray(rows, np.int64))
    if len(found) == 0:
        return ""
    breaks = np.flatnonzero(np.diff(found) > 1)
    starts, ends = found[np.concatenate(([0], breaks + 1))], found[np.concatenate((breaks, [len(found) - 1]))]
    bits_length = 4 * -(-(int(found[-1]) // 8 + 1) // 3)
    # Two letters is what the shortest range takes.
    if 2 * len(starts) <= bits_length:
        pairs = zip(starts.tolist(), ends.tolist(), strict=True)
        ranges = ",".join(str(start) if start == end else f"{start}-{end}" for start, end in pairs)
        if len(ranges) <= bits_length:
            return f"r{ranges}"
    bits = np.zeros(int(found[-1]) + 1, np.uint8)
    bits[found] = 1
    return "b" + base64.b64encode(np.packbits(bits, bitorder="little").tobytes()).decode()


def words(cells: Sequence[str]) -> pa.Array:
    """Return texts as a dictionary column, the long ones cut."""
    try:
        column = pa.array(cells, pa.string())
    except (UnicodeEncodeError, pa.ArrowInvalid):
        # Half of a character's two code units is no text that can be sent.
        column = pa.array([cell.encode("utf-8", "replace").decode("utf-8") for cell in cells], pa.string())
    cut = pc.utf8_slice_codeunits(column, 0, LONGEST)
    return cut.dictionary_encode()


# Colours -------------------------------------------------------------------------------------------------------------


def plain(count: int, color: str = theme.RUN_COLORS[0]) -> Colors:
    """Return one colour for all points."""
    return Colors([NO_VALUE, color], {"title": "", "entries": []}, np.ones(count, np.uint8))


def categories(cells: Sequence[str], title: str = "", *, known: Sequence[str] = ()) -> Colors:
    """Return a colour for each category; of more than NAMED the most frequent have one, and the rest are grey.

    known: categories of a larger set that `cells` are of, so that a category keeps its colour.
    """
    counts = Counter(cells)
    for one in known:
        counts.setdefault(one, 0)
    counts.pop("", None)
    some_grey = len(counts) > NAMED or "" in cells
    colors = [one for place, one in enumerate(theme.RUN_COLORS) if not (some_grey and place in _GREYS)]
    most = len(colors)
    often = sorted(counts, key=lambda one: (-counts[one], natural(one)))[:most] if len(counts) > most else counts
    named = sorted(often, key=natural)
    places = {label: place for place, label in enumerate(named, 1)}
    rest = len(counts) - len(named)
    last = len(named) + 1
    lookup = {label: places.get(label, last) for label in counts}
    lookup[""] = 0
    paints = np.fromiter((lookup[cell] for cell in cells), np.uint8, len(cells))
    entries = [{"label": label, "paint": place} for label, place in places.items()]
    if rest:
        entries.append({"label": f"{rest:,} more", "paint": last})
    if (paints == 0).any():
        entries.append({"label": "no value", "paint": 0})
    palette = [NO_VALUE, *colors[: len(named)], NO_VALUE]
    return Colors(palette, {"title": title, "entries": entries}, paints)


def numbers(
    values: ArrayLike, title: str = "", *, kind: Literal["number", "date"] = "number", log: bool = False
) -> Colors:
    """Return a place on the ramp for each number; dates are seconds since the epoch. log: whether it goes by decades."""
    found = np.asarray(values, np.float64)
    here = np.isfinite(found)
    missing = [] if here.all() else [{"label": "no value", "paint": 0}]
    paints = np.zeros(len(found), np.uint8)
    if not here.any():
        return Colors([NO_VALUE], {"title": title, "entries": missing}, paints)
    low, high = float(found[here].min()), float(found[here].max())
    log = log and low > 0
    paints[here] = shades(found[here], low, high, log=log) + 1
    spelled = theme.moment if kind == "date" else theme.number
    legend = {
        "title": title + (" (log)" if log else ""),
        "stops": list(RAMP),
        "low": spelled(low),
        "high": spelled(high),
        "entries": missing,
    }
    return Colors([NO_VALUE, *ramp()], legend, paints)


def natural(label: str) -> tuple[tuple[int, int, str], ...]:
    """Return what labels are sorted by: numbers in them by their size."""
    return tuple(
        (0, int(part), "") if part.isdecimal() and len(part) < 19 else (1, 0, part)
        for part in _DIGITS.split(label)
        if part
    )
