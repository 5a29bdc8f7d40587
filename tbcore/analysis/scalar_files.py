"""Scalars to take away: all points of a window as CSV, JSON and Parquet, and a card as a figure for LaTeX.

    with open("loss.csv", "wb") as file:
        write(file, "csv", series, window=(1_000, 2_000))

Points come a bounded number at a time, so that they never all lie in memory twice. Numbers are spelled as
`tbcore.analysis.export` spells them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tbcore.analysis.curves import Axis, reduced
from tbcore.analysis.export import FORMATS
from tbcore.analysis.smoothing import is_smooth, smoothed
from tbcore.series import Series

Floats = NDArray[np.float64]

_ROWS = 1 << 17  # rows that are made at a time
_COLUMNS = 400  # pixel columns that a figure in a paper has, about
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_GREY = "888888"
_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
}  # fmt: skip


@dataclass(frozen=True)
class Drawn:
    """One line of a figure. x, y [n]; low, high [n]: a band around it. pale: drawn faint, and not in the legend."""

    name: str
    color: str
    x: NDArray[np.number]
    y: NDArray[np.floating]
    pale: bool = False
    low: Floats | None = None
    high: Floats | None = None


def schema(series: Sequence[Series], *, smooth: bool = False, earlier: bool = False) -> pa.Schema:
    """Return the columns: run, tag, step, wall_time, relative, value; smoothed; superseded.

    Values are float32 unless some were logged as float64.
    """
    double = any(one.values is None or one.values.dtype == np.float64 for each in series for one in each.segments)
    columns = {"run": pa.string(), "tag": pa.string(), "step": pa.int64(), "wall_time": pa.float64()}
    columns |= {"relative": pa.float64(), "value": pa.float64() if double else pa.float32()}
    columns |= {"smoothed": pa.float64()} if smooth else {}
    columns |= {"superseded": pa.bool_()} if earlier else {}
    return pa.schema(list(columns.items()))


def tables(
    series: Sequence[Series],
    *,
    window: tuple[float, float] | None = None,
    axis: Axis = "step",
    starts: Mapping[str, float] | None = None,
    weight: float = 0.0,
    method: str = "ema",
    earlier: bool = False,
) -> Iterator[pa.Table]:
    """Yield the points of each series in the window, both ends included, in the order written; None for all of them.

    window: in steps, in seconds since the epoch, or in seconds since the run began, as `axis` says. starts: when that
    was, by run, else at the series' first point; column relative: seconds since then. With smoothing, it is that of the
    whole curve. earlier: with the points that a later attempt wrote again, which are marked and are not smoothed.
    """
    for one in series:
        steps, wall_times, values, superseded = one.steps, one.wall_times, one.values, one.superseded
        start = _start(one, starts)
        smooth = _smoothed(one, axis, weight, method) if is_smooth(method, weight) else None
        rows = np.flatnonzero(_chosen(one, window, axis, start, earlier))
        for first in range(0, len(rows), _ROWS):
            part = rows[first : first + _ROWS]
            columns = {
                "run": _repeated(one.run, len(part)),
                "tag": _repeated(one.tag, len(part)),
                "step": pa.array(steps[part]),
                "wall_time": pa.array(wall_times[part]),
                "relative": pa.array(wall_times[part] - start),
                "value": pa.array(values[part]),
            }
            if smooth is not None:
                columns["smoothed"] = pa.array(smooth[part])
            if earlier:
                columns["superseded"] = pa.array(superseded[part])
            yield pa.table(columns)


def count(
    series: Series,
    window: tuple[float, float] | None,
    axis: Axis = "step",
    starts: Mapping[str, float] | None = None,
    *,
    earlier: bool = False,
) -> int:
    """Return how many points of a series `tables` gives."""
    return int(np.count_nonzero(_chosen(series, window, axis, _start(series, starts), earlier)))


def _start(series: Series, starts: Mapping[str, float] | None) -> float:
    return (starts or {}).get(series.run, float(series.wall_times[0]) if len(series) else 0.0)


def _chosen(
    series: Series, window: tuple[float, float] | None, axis: Axis, start: float, earlier: bool
) -> NDArray[np.bool_]:
    chosen = np.ones(len(series), np.bool_) if earlier else ~series.superseded
    if window is not None:
        x: NDArray[np.number] = series.steps if axis == "step" else series.wall_times
        origin = start if axis == "relative" else 0.0
        chosen &= (x >= window[0] + origin) & (x <= window[1] + origin)
    return chosen


def write(
    sink: BinaryIO,
    form: str,
    series: Sequence[Series],
    *,
    window: tuple[float, float] | None = None,
    axis: Axis = "step",
    starts: Mapping[str, float] | None = None,
    weight: float = 0.0,
    method: str = "ema",
    earlier: bool = False,
) -> None:
    """Write the points that `tables` gives as "csv", "json" or "parquet". Raises KeyError for any other form."""
    put = FORMATS[form]
    some = tables(series, window=window, axis=axis, starts=starts, weight=weight, method=method, earlier=earlier)
    put(sink, schema(series, smooth=is_smooth(method, weight), earlier=earlier), some)


def _smoothed(series: Series, axis: Axis, weight: float, method: str) -> Floats:
    """Return the smoothed values [n], NaN for points that a later attempt wrote again."""
    counting = ~series.superseded
    x: NDArray[np.number] = series.steps if axis == "step" else series.wall_times
    if counting.all():
        return smoothed(series.values, method, weight, x)
    found = np.full(len(series), np.nan)
    found[counting] = smoothed(series.values[counting], method, weight, x[counting])
    return found


def _repeated(name: str, count: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(np.zeros(count, np.int32), pa.array([name]))


# LaTeX ---------------------------------------------------------------------------------------------------------------


def pgfplots(
    lines: Sequence[Drawn],
    *,
    title: str = "",
    x_title: str = "",
    y_title: str = "",
    log_x: bool = False,
    log_y: bool = False,
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
    columns: int = _COLUMNS,
) -> str:
    r"""Return a card as a `tikzpicture` for LaTeX with the packages pgfplots and, for bands, its library fillbetween.

    A line of many points keeps the least and the greatest of each of `columns` pixel columns; how many there were stands
    in a comment. Gaps are where values are not finite or, on a logarithmic axis, not positive.
    """
    options = [("width", r"\linewidth"), ("height", r"0.62\linewidth"), ("grid", "major"), ("unbounded coords", "jump")]
    options += [
        (name, f"{{{latex(words)}}}")
        for name, words in (("title", title), ("xlabel", x_title), ("ylabel", y_title))
        if words
    ]
    options += [("xmode", "log")] * log_x + [("ymode", "log")] * log_y
    for name, limits in (("x", x_range), ("y", y_range)):
        if limits is not None:
            options += [(f"{name}min", _number(limits[0])), (f"{name}max", _number(limits[1]))]
    options += [("legend cell align", "left"), ("legend pos", "outer north east")]
    colors = dict.fromkeys(_hex(line.color) for line in lines)
    names = {color: f"runlens{number}" for number, color in enumerate(colors)}
    found = ["% needs \\usepackage{pgfplots} and \\pgfplotsset{compat=1.18}"]
    if any(line.low is not None for line in lines):
        found[0] += " and \\usepgfplotslibrary{fillbetween}"
    found += [rf"\definecolor{{{name}}}{{HTML}}{{{color}}}" for color, name in names.items()]
    found += [r"\begin{tikzpicture}", r"\begin{axis}[" + ", ".join(f"{name}={value}" for name, value in options) + "]"]
    for number, line in enumerate(lines):
        found += _plot(line, names[_hex(line.color)], number, columns, (log_x, log_y))
    return "\n".join([*found, r"\end{axis}", r"\end{tikzpicture}", ""])


def _plot(line: Drawn, color: str, number: int, columns: int, logs: tuple[bool, bool]) -> list[str]:
    """Return the commands that draw one line, its band first."""
    kept = kept_of(line, columns)
    found = []
    if line.low is not None and line.high is not None:
        for edge, y in (("low", line.low), ("high", line.high)):
            style = f"draw=none, forget plot, name path={edge}{number}"
            found += [rf"\addplot[{style}] table {{", *_rows(line.x[kept], y[kept], logs), "};"]
        found.append(rf"\addplot[{color}, opacity=0.2, forget plot] fill between[of=low{number} and high{number}];")
    style = f"{color}, opacity=0.3, forget plot" if line.pale else f"{color}, thick"
    found.append(f"% {len(kept):,} of {len(line.x):,} points")
    found += [rf"\addplot[{style}] table {{", *_rows(line.x[kept], line.y[kept], logs), "};"]
    if not line.pale:
        found.append(rf"\addlegendentry{{{latex(line.name)}}}")
    return found


def kept_of(line: Drawn, columns: int) -> NDArray[np.int64]:
    """Return which points [n] of a line, and of the edges of its band, `columns` pixel columns can show."""
    every = [edge for edge in (line.y, line.low, line.high) if edge is not None]
    return np.unique(np.concatenate([reduced(line.x, edge, columns) for edge in every]))


def _rows(x: NDArray[np.number], y: NDArray[np.floating], logs: tuple[bool, bool]) -> list[str]:
    rows = []
    for one, other in zip(x.tolist(), y, strict=True):
        seen = np.isfinite(one) and np.isfinite(other) and (one > 0 or not logs[0]) and (other > 0 or not logs[1])
        rows.append(f"{_number(one)} {_number(other) if seen else 'nan'}")
    return rows


def _number(value: float) -> str:
    """Return a number with as many digits as it takes to read it again in its own precision."""
    if isinstance(value, np.floating):
        return str(value)
    return repr(value)


def latex(words: str) -> str:
    """Return text as LaTeX shows it, on one line."""
    plain = "".join(letter if letter.isprintable() else " " for letter in words)
    return "".join(_LATEX.get(letter, letter) for letter in plain)


def _hex(color: str) -> str:
    return color[1:].upper() if _COLOR.fullmatch(color) else _GREY
