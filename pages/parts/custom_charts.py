"""The charts of a layout of custom scalars: several tags in one card, and lines with a band around them."""

import weakref
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import streamlit as st

from pages.parts import curves_compare as comparing
from pages.parts.curves import EVERYTHING, Line, drawn_lines
from pages.parts.curves_files import Seen, take_away
from tbcore import ui
from tbcore.analysis import compared, scalar_tables
from tbcore.analysis import custom_scalars as layouts
from tbcore.analysis.compared import Made
from tbcore.analysis.custom_scalars import Chart, Layout, Margins
from tbcore.charts import lines as charts
from tbcore.charts import readouts, theme
from tbcore.names import matcher, natural
from tbcore.series import Series
from tbcore.ui import grid
from tbcore.ui.components.lines import Settings, lines
from tbcore.ui.custom_scalars import KEY
from tbcore.ui.defaults import usual_settings
from tbcore.ui.tables import KEYS

NOTES = 4  # problems of a card that are spelled out
AXIS_TAGS = 500  # tags that are offered for the x axis
FEATURES = ("settings", "select", "pick", "ranges")
ARRANGED = (*FEATURES, "pin", "size", "arrange", "take")
_SENT = "custom_scalars_sent"


@dataclass(frozen=True)
class Named:
    """A chart of a layout. group and name: of its category and of its card, which no other one has."""

    group: str
    name: str
    title: str
    chart: Chart


@dataclass(frozen=True)
class Board:
    """What cards are made of, besides the layout. tags: of scalars in any run; order: places of the runs in their list;
    across: the series on the x axis by run, where that is a tag."""

    view: ui.View
    tags: tuple[str, ...]
    settings: Settings
    order: Mapping[str, int]
    starts: Mapping[str, float]
    across: Mapping[str, Series]


@dataclass(frozen=True)
class Drawn:
    """What is in a card: its lines, what each tag of it is called, and what is wrong, in words."""

    lines: list[Line]
    tags: list[str]
    problems: list[str]


# What is drawn -------------------------------------------------------------------------------------------------------


def named(layout: Layout) -> tuple[list[Named], set[str]]:
    """Return the charts of a layout by names that differ, and the categories that are closed at first."""
    found = []
    closed = set()
    groups: set[str] = set()
    for category in layout.categories:
        group = _new(category.title or "untitled", groups)
        closed |= {group} if category.closed else set()
        names: set[str] = set()
        for chart in category.charts:
            title = layouts.title(chart)
            found.append(Named(group, f"{group}/{_new(title, names)}", title, chart))
    return found, closed


def _new(name: str, known: set[str]) -> str:
    number, new = 1, name
    while new in known:
        number += 1
        new = f"{name} ({number})"
    known.add(new)
    return new


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs=KEYS)
def every_tag(view: ui.View) -> tuple[str, ...]:
    """Return the scalar tags of all runs in natural order, also those that the tag filter leaves out."""
    tags = {tag for run in view.runs for kind, tag in run.series if kind == "scalars"}
    return tuple(sorted(tags, key=lambda tag: (natural(tag), tag)))


@lru_cache(maxsize=512)
def matched(chart: Chart, tags: tuple[str, ...]) -> layouts.Matched:
    """Return which tags a chart draws; an expression that takes long is not tried again at every drawing."""
    return layouts.matched(chart, tags)


def passing(view: ui.View, every: Iterable[Named], tags: tuple[str, ...]) -> list[Named]:
    """Return the charts that show something that passes the tag filter; all of them without one."""
    if not view.tags:
        return list(every)
    passes = matcher(view.tags)
    return [one for one in every if any(map(passes, _values(one.chart, tags)))]


def _values(chart: Chart, tags: tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(chart.content, Margins):
        return tuple(one.value for one in chart.content.series)
    return matched(chart, tags).tags


# What is in a card ---------------------------------------------------------------------------------------------------


def drawn(one: Board, chart: Chart) -> Drawn:
    """Return the lines of a chart, and what is wrong with it."""
    if one.settings.axis == "tag" and not one.across:
        words = one.settings.axis_tag and f"no run that is shown logged {one.settings.axis_tag!r}"
        return Drawn([], [], [words or "choose the tag of the x axis in the settings"])
    found = _bands(one, chart.content.series) if isinstance(chart.content, Margins) else _multiline(one, chart)
    if not found.lines and not found.problems:
        return replace(found, problems=[_nothing(one, chart)])
    return found


def _multiline(one: Board, chart: Chart) -> Drawn:
    """Return a line for each tag of each run."""
    found = matched(chart, one.tags)
    passes = matcher(one.view.tags)
    names = [tag for tag in found.tags if passes(tag)]
    lines = []
    for number, tag in enumerate(names):
        for run in one.view.selected:
            series = run.series.get(("scalars", tag))
            if series is None:
                continue
            attempts = (False, True) if bool(series.superseded.any()) and not one.across else (False,)
            lines += [_line(one, Made(series), number, earlier=earlier) for earlier in attempts]
    return Drawn([line for line in lines if line is not None], names, list(found.problems))


def _bands(one: Board, margins: Sequence[layouts.Margin]) -> Drawn:
    """Return a line with a band for each three tags of each run."""
    lines = []
    wrong: dict[str, list[str]] = {}
    for number, margin in enumerate(margins):
        for run in one.view.selected:
            some = {tag: run.series.get(("scalars", tag)) for tag in (margin.value, margin.lower, margin.upper)}
            known = {tag: series for tag, series in some.items() if series is not None}
            found = layouts.band(margin, known)
            if found is not None and found.problem:
                wrong.setdefault(found.problem, []).append(run.name)
            elif found is not None:
                lines.append(_line(one, layouts.drawn(found, known[margin.value]), number))
    problems = [f"{_some(runs)}: {problem}" for problem, runs in wrong.items()]
    if one.across and lines:
        problems.append("over another tag, bands are not drawn")
    return Drawn([line for line in lines if line is not None], [each.value for each in margins], problems)


def _line(one: Board, made: Made, number: int, *, earlier: bool = False) -> Line | None:
    """Return a line of a tag of a card; None where the run did not log what is on the x axis."""
    run = made.series.run
    if one.across:
        if run not in one.across:
            return None
        made = compared.over(made, one.across[run])
    return Line(one.order[run], made, number, earlier=earlier)


def _some(runs: Sequence[str]) -> str:
    return runs[0] if len(runs) == 1 else f"{runs[0]} and {len(runs) - 1:,} more"


def _nothing(one: Board, chart: Chart) -> str:
    """Return why a chart that is not wrong has no line."""
    if isinstance(chart.content, Margins):
        names = dict.fromkeys(tag for each in chart.content.series for tag in (each.value, each.lower, each.upper))
        missing = [tag for tag in names if tag not in set(one.tags)]
        if missing:
            return f"no scalars are called {', '.join(missing)}" if any(missing) else "no tags are chosen yet"
    elif not matched(chart, one.tags).tags:
        said = [tag for tag in (chart.content.tags if chart.content is not None else ()) if tag]
        return f"no tag matches {' or '.join(said)}" if said else "no expression is written yet"
    return "the runs that are shown have no such scalars"


def card(one: Board, named: Named, place: grid.Place, table: str, everything: bool) -> charts.Card:
    """Return the card of a chart."""
    found = drawn(one, named.chart)
    notes = found.problems[:NOTES]
    if len(found.problems) > NOTES:
        notes.append(f"and {len(found.problems) - NOTES:,} more")
    about: dict[str, Any] = {"tags": found.tags, "notes": notes if found.lines else []}
    about["message"] = None if found.lines else "; ".join(notes)
    made = charts.card(
        named.name, named.title, place.group, drawn_lines(named.name, found.lines, place, everything), table=table,
        window=place.window_spec(named.name), about=about,
    )  # fmt: skip
    for entry in made.spec["series"]:
        if isinstance(named.chart.content, Margins):
            entry["raw"] = True  # the line would leave its band
        if len(one.view.selected) == 1 and len(found.tags) > 1:
            entry["color"] = theme.color(entry.get("tag", 0))  # of one run, all lines would be alike
    return made


def _readout(one: Board, chart: Chart, layout: grid.Layout) -> dict[str, Any] | None:
    """Return the table under a card: of the step or the range that is selected, None while nothing is."""
    selected = layout.arranged.selected
    if selected.first is None:
        return None
    series = [line.made.series for line in drawn(one, chart).lines if not line.earlier]
    if not series:
        return None
    weight = 0.0 if isinstance(chart.content, Margins) else one.settings.smoothing
    how: dict[str, Any] = {"weight": weight, "method": one.settings.method, "starts": one.starts}
    if selected.last is None:
        return readouts.readout(scalar_tables.at_step(series, selected.first, **how), readouts.AT_STEP)
    table = scalar_tables.over_range(series, (selected.first, selected.last), **how)
    return readouts.readout(table, readouts.OVER_RANGE)


# The cards -----------------------------------------------------------------------------------------------------------


def cards(
    view: ui.View, every: Sequence[Named], closed: Collection[str], tags: tuple[str, ...], row: Any = None
) -> None:
    """Draw the cards of the open categories. closed: categories that are so at first.

    row: where what can be taken away is offered, if anywhere; then cards can be arranged as well.
    """
    groups: dict[str, list[str]] = {}
    for each in every:
        groups.setdefault(each.group, []).append(each.name)
    by_name = {each.name: each for each in every}
    layout = grid.layout(
        view, groups, key=KEY, closed=closed, features=ARRANGED if row is not None else FEATURES,
        personal=usual_settings(),
    )  # fmt: skip
    if layout.said.picked is not None:
        comparing.take(view, layout.said)
    one = _board(view, tags, layout.settings)
    specs, tables = _made(one, by_name, layout)
    state = lines(layout.view(specs, {"axis_tags": tags[:AXIS_TAGS], "noun": ["chart", "charts"]}), tables, key=KEY)
    grid.remember(state, key=KEY, features=ARRANGED, personal=usual_settings())
    if row is not None:
        with row:
            take_away(view, _seen(one, by_name, layout), card=layout.said.taken)


def _made(one: Board, by_name: Mapping[str, Named], layout: grid.Layout) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the specifications of the cards that are seen, and their tables; without what the browser still holds."""
    everything = sum(_points(one, by_name[name].chart) for name, _place in layout.visible) <= EVERYTHING
    known = st.session_state.get(_SENT)
    # A browser forgets what another drawing of the whole page does not show.
    before = known[1] if known is not None and known[0]() is one.view and not layout.said.again else {}
    sent: dict[str, dict[str, Any]] = {}
    specs = []
    tables: dict[str, Any] = {}
    for number, (name, place) in enumerate(layout.visible):
        stamp = _stamp(one, by_name[name], place, everything)
        spec = {**before[name], "kept": True} if before.get(name, {}).get("stamp") == stamp else None
        if spec is None:
            made = card(one, by_name[name], place, f"c{number}", everything)
            spec = {**made.spec, "stamp": stamp}
            tables.update(made.tables)
        sent[name] = {key: value for key, value in spec.items() if key != "kept"}
        seen = {"group": place.group, "pinned": False, "wide": False, "tall": False, "range": None}
        specs.append({**spec, **seen, **place.about(name), "readout": _readout(one, by_name[name].chart, layout)})
    st.session_state[_SENT] = (weakref.ref(one.view), sent)
    return specs, tables


def _stamp(one: Board, named: Named, place: grid.Place, everything: bool) -> str:
    """Return what the lines of a card depend on, in one word, for as long as the logs and the selection stay."""
    settings = one.settings
    window = place.window(named.name)
    alone = everything and settings.method == "ema" and window is None  # the browser smooths by itself
    axis = (place.axis, settings.axis_tag if place.axis == "tag" else "")
    smoothing = (settings.method, None if alone else place.smoothing)
    return format(hash((named, axis, window, place.columns, smoothing, everything)) & (1 << 64) - 1, "x")


def _board(view: ui.View, tags: tuple[str, ...], settings: Settings) -> Board:
    across: dict[str, Series] = {}
    if settings.axis == "tag" and settings.axis_tag:
        found = {run.name: run.series.get(("scalars", settings.axis_tag)) for run in view.selected}
        across = {run: series for run, series in found.items() if series is not None}
    order = {run.name: place for place, run in enumerate(view.runs)}
    starts = {run.name: ui.finite(run.start) or 0.0 for run in view.runs}
    return Board(view, tags, settings, order, starts, across)


def _points(one: Board, chart: Chart) -> int:
    found = matched(chart, one.tags).tags
    series = (run.series.get(("scalars", tag)) for run in one.view.selected for tag in found)
    return sum(len(each) for each in series if each is not None)


def _seen(one: Board, by_name: Mapping[str, Named], layout: grid.Layout) -> Seen:
    """Return the cards as the visitor sees them, for what can be taken away."""
    settings = one.settings
    places = dict(layout.visible)
    windows = {name: window for name, place in places.items() if (window := place.window(name)) is not None}
    ranges = {name: some.y for name, some in layout.arranged.ranges.items() if some.y is not None}
    return Seen(
        _Cards(one, by_name), tuple(places), windows, ranges, one.starts, settings.axis, settings.axis_tag, one.across,
        settings.smoothing, settings.method, settings.earlier, settings.log_x, settings.log_y,
    )  # fmt: skip


class _Cards(Mapping[str, Sequence[Series]]):
    """The series of each card, found when they are asked for; of a band, those of its edges as well."""

    def __init__(self, one: Board, by_name: Mapping[str, Named]) -> None:
        self._one = one
        self._by_name = by_name

    def __getitem__(self, name: str) -> list[Series]:
        chart = self._by_name[name].chart
        found = matched(chart, self._one.tags).tags
        some = (run.series.get(("scalars", tag)) for tag in found for run in self._one.view.selected)
        return [series for series in some if series is not None]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)
