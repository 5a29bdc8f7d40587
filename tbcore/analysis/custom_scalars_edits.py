"""Layouts of custom scalars as a person builds them: every edit gives a new layout.

A place is (category,) or (category, chart), counted from 0.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from tbcore.analysis.custom_scalars import Category, Chart, Layout, Margin, Margins, Multiline
from tbcore.names import grouped, natural

Place = tuple[int, ...]

_MOST = 24  # charts of one category that are proposed
_TOGETHER = 12  # tags that are proposed for one chart
_MIDDLES = ("mean", "average", "avg", "value", "median", "p50")
_ENDS = (("min", "max"), ("low", "high"), ("lower", "upper"), ("p5", "p95"), ("p10", "p90"), ("p25", "p75"))
_SEPARATORS = "/_-."


# Edits ---------------------------------------------------------------------------------------------------------------


def part(layout: Layout, place: Place) -> Category | Chart | None:
    """Return what is at a place, None when there is nothing."""
    if not place or not 0 <= place[0] < len(layout.categories):
        return None
    category = layout.categories[place[0]]
    if len(place) == 1:
        return category
    return category.charts[place[1]] if 0 <= place[1] < len(category.charts) else None


def put(layout: Layout, place: Place, new: Category | Chart) -> Layout:
    """Return the layout with another category or chart at a place. Raises IndexError when there is nothing there."""
    if part(layout, place) is None:
        raise IndexError(f"nothing at {place}")
    return _spliced(layout, place, 1, (new,))


def added(layout: Layout, place: Place, new: Category | Chart) -> Layout:
    """Return the layout with one more category or chart, at a place; what was there comes after it."""
    return _spliced(layout, place, 0, (new,))


def removed(layout: Layout, place: Place) -> Layout:
    """Return the layout without what is at a place."""
    return layout if part(layout, place) is None else _spliced(layout, place, 1, ())


def moved(layout: Layout, place: Place, by: int) -> tuple[Layout, Place]:
    """Return the layout with what is at a place one further up (-1) or down (1), and where it is then.

    A chart leaves its category at either end, for the next one. What has nowhere to go stays.
    """
    found = part(layout, place)
    to = _neighbour(layout, place, by)
    if found is None or to is None:
        return layout, place
    return added(removed(layout, place), to, found), to


def _neighbour(layout: Layout, place: Place, by: int) -> Place | None:
    count = len(layout.categories)
    if len(place) == 1:
        return (place[0] + by,) if 0 <= place[0] + by < count else None
    category, chart = place
    if 0 <= chart + by < len(layout.categories[category].charts):
        return category, chart + by
    if not 0 <= category + by < count:
        return None
    return category + by, 0 if by > 0 else len(layout.categories[category + by].charts)


def _spliced(layout: Layout, place: Place, gone: int, new: Sequence[Category | Chart]) -> Layout:
    categories = layout.categories
    if len(place) == 1:
        some = tuple(one for one in new if isinstance(one, Category))
        return replace(layout, categories=categories[: place[0]] + some + categories[place[0] + gone :])
    number, at = place
    charts = categories[number].charts
    more = tuple(one for one in new if isinstance(one, Chart))
    changed = replace(categories[number], charts=charts[:at] + more + charts[at + gone :])
    return replace(layout, categories=(*categories[:number], changed, *categories[number + 1 :]))


# What the tags of a log suggest ---------------------------------------------------------------------------------------


def exactly(tag: str) -> str:
    """Return the regular expression that matches one tag and no other."""
    return re.sub(r"([^\w/ -])", r"\\\1", tag) + "$"


def proposed(tags: Iterable[str]) -> Layout:
    """Return a layout that tags suggest by what they are called.

    Compared: what several groups call the same, as the loss of training and of evaluation. Bands: a mean between a least
    and a greatest value. Groups: what stands in one group, where that is not too much for a chart.
    """
    every = sorted(set(tags), key=natural)
    categories = (
        Category("Compared", _compared(every)[:_MOST]),
        Category("Bands", _bands(every)[:_MOST]),
        Category("Groups", _groups(every)[:_MOST], closed=True),
    )
    return Layout(tuple(one for one in categories if one.charts))


def _compared(tags: Sequence[str]) -> tuple[Chart, ...]:
    by_end: dict[str, list[str]] = {}
    for tag in tags:
        head, slash, end = tag.rpartition("/")
        if slash and head and end:
            by_end.setdefault(end, []).append(head)
    return tuple(
        Chart(end, Multiline((f"({'|'.join(exactly(head)[:-1] for head in heads)})/{exactly(end)}",)))
        for end, heads in by_end.items()
        if 2 <= len(heads) <= _TOGETHER
    )


def _bands(tags: Sequence[str]) -> tuple[Chart, ...]:
    known = set(tags)
    charts = []
    for tag in tags:
        for stem in _stems(tag):
            ends = next((pair for pair in _ENDS if all(stem + one in known for one in pair)), None)
            if ends is not None:
                margin = Margin(tag, stem + ends[0], stem + ends[1])
                charts.append(Chart(stem.rstrip(_SEPARATORS), Margins((margin,))))
    return tuple(charts)


def _stems(tag: str) -> list[str]:
    """Return what the ends of a band around a tag may begin with: r/ of r/mean, and loss_ of loss."""
    cut = [tag.removesuffix(middle) for middle in _MIDDLES if tag.endswith(middle)]
    return [one for one in cut if one.endswith(tuple(_SEPARATORS))] + [f"{tag}{sign}" for sign in _SEPARATORS]


def _groups(tags: Sequence[str]) -> tuple[Chart, ...]:
    return tuple(
        Chart(group, Multiline((f"{exactly(group)[:-1]}/",)))
        for group, some in grouped(tags).items()
        if group and 2 <= len(some) <= _TOGETHER
    )
