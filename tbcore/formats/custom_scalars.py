"""The layout of the plugin `custom_scalars`: which tags are drawn together, in charts, in categories.

It lies in one value, a string of rank 0 under the tag `custom_scalars__config__`: a message that is spelled here as JSON,
too, just as protobuf spells it:

    {"version": 0, "category": [{"title": "Losses", "closed": false, "chart": [
        {"title": "Loss", "multiline": {"tag": ["loss/.*"]}},
        {"title": "Error", "margin": {"series": [{"value": "mean", "lower": "low", "upper": "high"}]}}]}]}

Source: tensorboard/plugins/custom_scalar/{layout.proto, custom_scalars_plugin.py}.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tbcore.errors import MessageError
from tbcore.formats.schema import messages, parse, text

PLUGIN = "custom_scalars"
TAG = "custom_scalars__config__"

_TABLE = """
Layout
     1  version                 int32
     2  category                Category                    repeated

Category
     1  title                   string
     2  chart                   Chart                       repeated
     3  closed                  bool

Chart
     1  title                   string
     2  multiline               Multiline                   content
     3  margin                  Margin                      content

Multiline
     1  tag                     string                      repeated

Margin
     1  series                  Series                      repeated

Margin.Series
     1  value                   string
     2  lower                   string
     3  upper                   string
"""

LayoutMessage = messages("custom_scalars", _TABLE)["Layout"]


@dataclass(frozen=True)
class Multiline:
    """Lines of all tags that match one of the regular expressions, from the tag's first character on."""

    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Margin:
    """A line with a band: three tags, exactly as they are called."""

    value: str
    lower: str
    upper: str


@dataclass(frozen=True)
class Margins:
    """Lines with a band each."""

    series: tuple[Margin, ...] = ()


@dataclass(frozen=True)
class Chart:
    """One chart; a layout may leave out what is in it."""

    title: str = ""
    content: Multiline | Margins | None = None


@dataclass(frozen=True)
class Category:
    """Charts under one heading. closed: whether they are hidden at first."""

    title: str = ""
    charts: tuple[Chart, ...] = ()
    closed: bool = False


@dataclass(frozen=True)
class Layout:
    """Categories, from top to bottom."""

    categories: tuple[Category, ...] = ()
    version: int = 0


def read(data: bytes) -> Layout:
    """Return the layout that the bytes spell. Raises MessageError when they spell none."""
    message = parse(LayoutMessage, data)
    return Layout(
        tuple(
            Category(text(category.title), tuple(map(_chart, category.chart)), category.closed)
            for category in message.category
        ),
        message.version,
    )


def _chart(message: Any) -> Chart:
    match message.WhichOneof("content"):
        case "multiline":
            return Chart(text(message.title), Multiline(tuple(map(text, message.multiline.tag))))
        case "margin":
            every = message.margin.series
            margins = tuple(Margin(text(one.value), text(one.lower), text(one.upper)) for one in every)
            return Chart(text(message.title), Margins(margins))
    return Chart(text(message.title))


def write(layout: Layout) -> bytes:
    """Return the bytes of a layout, as TensorFlow, PyTorch and TensorBoard read them."""
    message = LayoutMessage(version=layout.version)
    for category in layout.categories:
        put = message.category.add(title=category.title, closed=category.closed)
        for chart in category.charts:
            drawn = put.chart.add(title=chart.title)
            if isinstance(chart.content, Multiline):
                drawn.multiline.SetInParent()
                drawn.multiline.tag.extend(chart.content.tags)
            elif isinstance(chart.content, Margins):
                drawn.margin.SetInParent()
                for one in chart.content.series:
                    drawn.margin.series.add(value=one.value, lower=one.lower, upper=one.upper)
    return bytes(message.SerializeToString(deterministic=True))


def merged(layouts: Mapping[str, Layout]) -> Layout:
    """Return the layouts of several runs in one: categories by their title, runs in the order of their names.

    A chart that a category has already is not added again. The first run with a category says whether it is closed.
    """
    found: list[Category] = []
    version = 0
    for place, (_run, layout) in enumerate(sorted(layouts.items())):
        if place == 0:
            found, version = list(layout.categories), layout.version
            continue
        for category in layout.categories:
            # As in a lookup by title, the last of equal ones is the one that is added to.
            known = max((at for at, each in enumerate(found) if each.title == category.title), default=None)
            if known is None:
                found.append(category)
            else:
                new = tuple(chart for chart in category.charts if chart not in found[known].charts)
                found[known] = replace(found[known], charts=found[known].charts + new)
    return Layout(tuple(found), version)


# JSON ----------------------------------------------------------------------------------------------------------------


def to_json(layout: Layout) -> str:
    """Return a layout as JSON."""
    return json.dumps(_plain(layout), ensure_ascii=False, indent=2) + "\n"


def _plain(layout: Layout) -> dict[str, Any]:
    return {
        "version": layout.version,
        "category": [
            {
                "title": category.title,
                "closed": category.closed,
                "chart": [_plain_chart(one) for one in category.charts],
            }
            for category in layout.categories
        ],
    }


def _plain_chart(chart: Chart) -> dict[str, Any]:
    plain: dict[str, Any] = {"title": chart.title}
    if isinstance(chart.content, Multiline):
        plain["multiline"] = {"tag": list(chart.content.tags)}
    elif isinstance(chart.content, Margins):
        every = chart.content.series
        plain["margin"] = {"series": [{"value": one.value, "lower": one.lower, "upper": one.upper} for one in every]}
    return plain


def from_json(words: str | bytes) -> Layout:
    """Return the layout that JSON spells; what is left out is empty. Raises MessageError, saying where it is wrong."""
    try:
        plain = json.loads(words)
    except (ValueError, RecursionError) as error:
        raise MessageError(f"the layout is not JSON: {error}") from error
    top = _object(plain, "the layout", ("version", "category"))
    version = top.get("version", 0)
    if type(version) is not int or not 0 <= version < 2**31:
        raise MessageError(f"the layout's version is {version!r}, not a whole number")
    return Layout(tuple(_categories(top)), version)


def _categories(top: Mapping[str, Any]) -> list[Category]:
    found = []
    for number, each in enumerate(_list(top, "category", "the layout"), 1):
        where = f"category {number}"
        plain = _object(each, where, ("title", "closed", "chart"))
        closed = plain.get("closed", False)
        if not isinstance(closed, bool):
            raise MessageError(f"{where}: closed is {closed!r}, neither true nor false")
        charts = _list(plain, "chart", where)
        made = tuple(_chart_of(one, f"chart {place} of {where}") for place, one in enumerate(charts, 1))
        found.append(Category(_text(plain, "title", where), made, closed))
    return found


def _chart_of(each: Any, where: str) -> Chart:
    plain = _object(each, where, ("title", "multiline", "margin"))
    title = _text(plain, "title", where)
    if "multiline" in plain and "margin" in plain:
        raise MessageError(f"{where} is both multiline and margin")
    if "multiline" in plain:
        tags = _list(_object(plain["multiline"], where, ("tag",)), "tag", where)
        if not all(isinstance(tag, str) for tag in tags):
            raise MessageError(f"{where}: a tag is not text")
        return Chart(title, Multiline(tuple(map(_whole, tags))))
    if "margin" in plain:
        margins = []
        for one in _list(_object(plain["margin"], where, ("series",)), "series", where):
            names = _object(one, where, ("value", "lower", "upper"))
            margins.append(Margin(*(_text(names, name, where) for name in ("value", "lower", "upper"))))
        return Chart(title, Margins(tuple(margins)))
    return Chart(title)


def _object(plain: Any, where: str, names: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(plain, dict):
        raise MessageError(f"{where} is not an object")
    for name in plain:
        if name not in names:
            raise MessageError(f"{where} has {name!r}, which is none of {', '.join(names)}")
    return plain


def _list(plain: Mapping[str, Any], name: str, where: str) -> list[Any]:
    found = plain.get(name, [])
    if not isinstance(found, list):
        raise MessageError(f"{name} of {where} is not a list")
    return found


def _text(plain: Mapping[str, Any], name: str, where: str) -> str:
    found = plain.get(name, "")
    if not isinstance(found, str):
        raise MessageError(f"{name} of {where} is not text")
    return _whole(found)


def _whole(words: str) -> str:
    """Return text that can be written: JSON may hold one half of a sign, which nothing else may."""
    return words.encode("utf-8", "replace").decode()
