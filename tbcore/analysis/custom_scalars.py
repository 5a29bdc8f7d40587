"""Custom scalars: the layout that the runs of a logdir ask for, and what each of its charts draws.

A layout comes out of a log, and with it regular expressions that anyone may have written: one that takes too long is
given up, and said to be wrong.
"""

import json
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import regex
from numpy.typing import NDArray

from tbcore.analysis.compared import Made, series_of
from tbcore.analysis.curves import Points
from tbcore.errors import FormatError, MessageError
from tbcore.formats.custom_scalars import (
    PLUGIN,
    TAG,
    Category,
    Chart,
    Layout,
    Margin,
    Margins,
    Multiline,
    from_json,
    merged,
    read,
    to_json,
    write,
)
from tbcore.formats.schema import FILE_VERSION, Event, SourceMetadata, Summary, SummaryMetadata
from tbcore.formats.tensors import tensor_proto
from tbcore.formats.tfrecord import record
from tbcore.series import Series

__all__ = [
    "TAG", "Band", "Category", "Chart", "Layout", "Margin", "Margins", "Matched", "Multiline", "band", "drawn",
    "event_file", "from_json", "layout", "matched", "title", "to_code", "to_json", "write",
]  # fmt: skip

_LONGEST = 1_000  # characters of a regular expression
_SECONDS = 0.5  # in which those of a chart have to be done with all tags
_REPEATS = regex.compile(r"\{(\d*)(?:,(\d*))?\}")
_MOST = 10_000  # times that counts in one may repeat something: each takes memory
_SHOWN = 5  # steps that are listed where they do not match


@dataclass(frozen=True)
class Matched:
    """The tags that a chart draws, in the order of its expressions, and which of these are wrong, in words."""

    tags: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Band:
    """A line with a band: steps, wall times, values, lower and upper ends [n]. problem: why there is none, in words."""

    steps: NDArray[np.int64]
    wall_times: NDArray[np.float64]
    values: NDArray[np.floating]
    lower: NDArray[np.floating]
    upper: NDArray[np.floating]
    problem: str = ""


def layout(series: Iterable[Series]) -> tuple[Layout | None, tuple[str, ...]]:
    """Return the layout that series of the kind ask for, the latest of each run, merged; and what is wrong, in words.

    None where no run asks for one.
    """
    found: dict[str, Layout] = {}
    problems = []
    for one in series:
        if one.tag != TAG or not len(one):
            continue
        try:
            found[one.run] = read(_bytes(one))
        except FormatError as error:
            problems.append(f"{one.run}: {error}")
    return (merged(found) if found else None), tuple(problems)


def _bytes(series: Series) -> bytes:
    value = series.values[len(series) - 1]
    flat = np.asarray(value, object).ravel()
    if len(flat) != 1 or not isinstance(flat[0], bytes | str):
        raise MessageError("the layout is not one text")
    return flat[0] if isinstance(flat[0], bytes) else flat[0].encode("utf-8", "surrogateescape")


def title(chart: Chart) -> str:
    """Return what a chart is called: its title, else its expressions, or "untitled" where it has bands."""
    if chart.title:
        return chart.title
    if isinstance(chart.content, Multiline):
        return ", ".join(chart.content.tags) or "untitled"
    return "untitled"


def matched(chart: Chart, tags: Iterable[str]) -> Matched:
    """Return which of the scalar tags of a run, or of all runs, a chart draws.

    An expression has to match from the first character of a tag on, and need not reach its last; it tells capitals from
    small letters. The tags of bands are meant as they are written.
    """
    every = list(tags)
    if isinstance(chart.content, Margins):
        names = [name for one in chart.content.series for name in (one.value, one.lower, one.upper)]
        known = set(every)
        return Matched(tuple(dict.fromkeys(name for name in names if name in known)), ())
    if chart.content is None:
        return Matched((), ("the chart says nothing of what is in it",))
    found: dict[str, None] = {}
    problems = []
    until = time.perf_counter() + _SECONDS
    for pattern in chart.content.tags:
        try:
            found.update(dict.fromkeys(_matching(pattern, every, until)))
        except TimeoutError:
            problems.append(f"{pattern!r} takes too long")
        except (regex.error, OverflowError, RecursionError, ValueError) as error:
            problems.append(f"{pattern!r} is not a regular expression: {getattr(error, 'msg', error)}")
    return Matched(tuple(found), tuple(problems))


def _matching(pattern: str, tags: Sequence[str], until: float) -> list[str]:
    """Return the tags that match from their start on. Raises TimeoutError when that is not known before `until`."""
    if not pattern:
        raise ValueError("it is empty")
    if len(pattern) > _LONGEST:
        raise ValueError("it is too long")
    if math.prod(max(int(one or 0), int(other or 0), 1) for one, other in _REPEATS.findall(pattern)) > _MOST:
        raise ValueError("it repeats too much")
    compiled = regex.compile(pattern)
    found = []
    for tag in tags:
        left = until - time.perf_counter()
        if left <= 0:
            raise TimeoutError
        if compiled.match(tag, timeout=left):
            found.append(tag)
    return found


def band(margin: Margin, series: Mapping[str, Series]) -> Band | None:
    """Return the line and the band of one run, whose scalar series are given by tag.

    None where the run has none of the three tags. There is only a problem where it lacks some, or where their steps are
    not the same. Points that a later attempt wrote again are left out.
    """
    names = (margin.value, margin.lower, margin.upper)
    missing = [name for name in dict.fromkeys(names) if name not in series]
    if len(missing) == len(set(names)):
        return None
    if missing:
        return _without(f"there is no data of {' and '.join(map(repr, missing))}")
    value, lower, upper = (_counting(series[name]) for name in names)
    if not (np.array_equal(value[0], lower[0]) and np.array_equal(value[0], upper[0])):
        parts = [f"{name}: {_listed(one[0])}" for name, one in zip(names, (value, lower, upper), strict=True)]
        return _without("the steps of value, lower and upper do not match - " + "; ".join(parts))
    return Band(value[0], value[1], value[2], lower[2], upper[2])


def _without(problem: str) -> Band:
    none = np.zeros(0)
    return Band(np.zeros(0, np.int64), none, none, none, none, problem)


def _counting(series: Series) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.floating]]:
    kept = ~series.superseded
    if kept.all():
        return series.steps, series.wall_times, series.values
    return series.steps[kept], series.wall_times[kept], series.values[kept]


def _listed(steps: Sequence[int] | NDArray[np.int64]) -> str:
    shown = ", ".join(f"{int(step):,}" for step in steps[:_SHOWN])
    return f"{shown}, ... ({len(steps):,} in all)" if len(steps) > _SHOWN else shown or "none"


def drawn(found: Band, value: Series) -> Made:
    """Return a band as it is drawn, around the series of its line."""
    series = series_of(value, Points(found.steps, found.wall_times, found.values))
    return Made(series, low=found.lower.astype(np.float64), high=found.upper.astype(np.float64))


# To take away ---------------------------------------------------------------------------------------------------------


def event_file(layout: Layout, wall_time: float) -> bytes:
    """Return an event file that holds a layout and nothing else, as of a moment in seconds since the epoch."""
    plugin = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name=PLUGIN))
    tensor = tensor_proto(np.array(write(layout), object))
    value = Summary.Value(tag=TAG, metadata=plugin, tensor=tensor)
    first = Event(file_version=FILE_VERSION, source_metadata=SourceMetadata(writer="tbcore"), wall_time=wall_time)
    second = Event(summary=Summary(value=[value]), wall_time=wall_time)
    return b"".join(record(one.SerializeToString(deterministic=True)) for one in (first, second))


def to_code(layout: Layout) -> str:
    """Return the lines of Python with which PyTorch and tensorboardX write a layout.

    They know neither closed categories, nor charts with several bands, nor two charts of one title: what is of no use to
    them is said in comments.
    """
    lines = ["writer.add_custom_scalars({"]
    titles: set[str] = set()
    for category in layout.categories:
        if category.title in titles:
            lines.append(f"    # a second category {category.title!r} has to be called something else")
            continue
        titles.add(category.title)
        lines.append(f"    {_word(category.title)}: {{")
        known: set[str] = set()
        for chart in category.charts:
            parts, note = _spelled(chart.content)
            if not note and chart.title in known:
                note = "a second one has to be called something else"
            known.add(chart.title)
            lines.append(f"        # {chart.title!r}: {note}" if note else f"        {_word(chart.title)}: {parts},")
        lines.append("    },")
    return "\n".join([*lines, "})"]) + "\n"


def _spelled(content: Multiline | Margins | None) -> tuple[str, str]:
    """Return what a chart shows as Python, or why it cannot be written."""
    match content:
        case Multiline(tags):
            return f'["Multiline", [{", ".join(map(_word, tags))}]]', ""
        case Margins((one,)):
            return f'["Margin", [{", ".join(map(_word, (one.value, one.lower, one.upper)))}]]', ""
        case Margins(several):
            return "", f"{len(several)} bands in one chart cannot be written this way"
    return "", "says nothing of what is in it"


def _word(text: str) -> str:
    # Every string of JSON is one of Python.
    return json.dumps(text, ensure_ascii=False)
