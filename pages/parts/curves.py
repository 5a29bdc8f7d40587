"""Cards of curves: one card per tag, one line per run, in groups; and what they are compared by."""

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import streamlit as st

from pages.parts import curves_compare as comparing
from pages.parts.curves_compare import Compared
from pages.parts.curves_files import Seen, take_away
from pages.parts.curves_summary import summary
from tbcore import ui
from tbcore.analysis import compared, curves, scalar_tables
from tbcore.analysis.compared import Made
from tbcore.analysis.markers import markers
from tbcore.charts import lines as charts
from tbcore.charts import readouts, theme
from tbcore.names import captured, group_of, grouped, title_of
from tbcore.series import Series
from tbcore.ui import bound, frame, grid
from tbcore.ui.components.lines import LinesState, Settings, lines
from tbcore.ui.defaults import keep_defaults, usual_settings

EVERYTHING = 1_500_000  # values on a page up to which the browser gets them all, and smooths without asking
POINTS = 600_000  # that are drawn on a page, about: where there are more lines, each gets fewer pixel columns
FEWEST = 128  # pixel columns
DERIVED = "Derived"
LOOKS = {"": "Curves", "table": "Table"}
_MARKS = 300
_NOTED = 60  # signs of a name in a line under a card

ByTag = Mapping[str, Sequence[Series]]


@dataclass(frozen=True)
class Line:
    """One line of a card: of which entry of the list of runs, of which tag of the card, and on which side."""

    run: int
    made: Made
    tag: int = 0
    right: bool = False
    earlier: bool = False


@dataclass(frozen=True)
class Board:
    """What the cards of the Scalars page are made of, besides the logs: what is compared, and the settings."""

    view: ui.View
    by_tag: ByTag
    chosen: Compared
    settings: Settings
    runs: list[dict[str, Any]]
    order: Mapping[str, int]
    across: Mapping[str, Series]


# Plain cards ---------------------------------------------------------------------------------------------------------


def curve_card(tag: str, series: Sequence[Series], place: grid.Place, table: str, everything: bool) -> charts.Card:
    """Return the card of one tag: the curve of each run, and what earlier attempts wrote where a run was restarted."""
    made = [
        Line(place.order[one.run], Made(one), earlier=earlier)
        for one in series
        for earlier in ((False, True) if bool(one.superseded.any()) else (False,))
    ]
    drawn = drawn_lines(tag, made, place, everything)
    about = next((one.description for one in series if one.description), "")
    return charts.card(
        tag, title_of(tag), place.group, drawn, table=table, description=about, window=place.window_spec(tag)
    )


def drawn_lines(tag: str, made: Sequence[Line], place: grid.Place, everything: bool) -> list[charts.Line]:
    """Return the lines of a card as they are sent: reduced to what its pixel columns show."""
    settings = place.settings
    window = place.window(tag)
    extent = _extent(made, place) if settings.method == "twema" else None
    make = partial(
        curves.curve,
        weight=place.smoothing,
        method=settings.method,
        extent=extent,
        columns=place.columns,
        axis=place.axis if place.axis != "tag" else "step",
        window=window,
        with_everything=everything,
    )
    found = curves.at_once(
        [
            partial(
                make,
                one.made.series,
                start=place.starts.get(one.made.series.run, 0.0),
                superseded=one.earlier,
                across=one.made.x,
                band=one.made.band,
                runs=one.made.runs,
            )
            for one in made
        ],
        sum(len(one.made.series) for one in made),
    )
    return [
        charts.line(one.run, curve, earlier=one.earlier, tag=one.tag, dash=one.tag, right=one.right)
        for one, curve in zip(made, found, strict=True)
    ]


def _extent(made: Sequence[Line], place: grid.Place) -> float | None:
    """Return how much of x all lines of a card show."""
    ends = [
        curves.extent(one.made.series, place.axis, one.made.x, place.starts.get(one.made.series.run, 0.0))
        for one in made
    ]
    lows, highs = [low for low, _high in ends], [high for _low, high in ends]
    return max(highs) - min(lows) if ends else None


@st.fragment
def cards(view: ui.View, groups: dict[str, list[str]], by_tag: dict[str, list[Series]], *, key: str = grid.KEY) -> None:
    """Draw the cards of the open groups; what the visitor changes in them runs only this again.

    key: of the grid; each page that has one keeps its own.
    """
    layout = grid.layout(view, groups, key=key)
    everything = sum(len(one) for tag, _place in layout.visible for one in by_tag.get(tag, [])) <= EVERYTHING
    made = [
        curve_card(tag, by_tag.get(tag, []), place, f"c{number}", everything)
        for number, (tag, place) in enumerate(layout.visible)
    ]
    tables = {name: table for card in made for name, table in card.tables.items()}
    grid.remember(lines(layout.view([card.spec for card in made]), tables, key=key), key=key)


# The Scalars page ----------------------------------------------------------------------------------------------------


@st.fragment
def board(view: ui.View, tags: Sequence[str], by_tag: ByTag) -> None:
    """Draw the cards of the Scalars page under what they are compared by; what changes runs only this again.

    tags: that have a card.
    """
    chosen = comparing.compared(view)
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    with row:
        look = bound.segments("What is shown", LOOKS, key="as", label_visibility="collapsed")
        box = st.popover(
            "Compare", icon=":material/compare_arrows:", type="tertiary", key="compare_box", on_change="rerun"
        )
        if box.open:
            with box:
                comparing.controls(view, chosen, tags)
                keep_defaults()
    if st.session_state.pop("color_changed", False):
        st.rerun()
    colors = comparing.group_colors(chosen.groups) if chosen.groups is not None else {}
    if frame.paint_groups(colors):
        st.rerun()
    comparing.remember()
    for words in chosen.wrong:
        st.caption(f":red[{ui.plain(words)}]")
    if look == "table":
        every = [one for tag in tags for one in by_tag.get(tag, [])]
        derived = _board(view, by_tag, chosen, Settings())
        every += [made.series for card in chosen.expressions for made in made_of(derived, card)]
        summary(view, every, baseline=chosen.baseline)
        return
    groups = captured(tags, chosen.tags_by) if chosen.tags_by else grouped(tags)
    if chosen.expressions:
        groups = {DERIVED: list(chosen.expressions), **groups} if DERIVED not in groups else groups
        groups[DERIVED] = list(dict.fromkeys([*chosen.expressions, *groups[DERIVED]]))
    layout = grid.layout(
        view,
        groups,
        features=grid.ALL,
        personal=usual_settings(),
        kinds={DERIVED: "derived"} if chosen.expressions else {},
    )
    if _took(view, layout.said):
        chosen = comparing.compared(view)
        comparing.remember()
    one = _board(view, by_tag, chosen, layout.settings)
    specs, tables = _made(one, layout)
    more = {
        "runs": one.runs or layout.about["runs"],
        "baseline": chosen.baseline or None,
        "markers": _markers(view, chosen),
        "axis_tags": sorted(comparing.all_tags(view))[:500],
    }
    state = lines(layout.view(specs, more), tables, key=grid.KEY)
    grid.remember(state, features=grid.ALL, personal=usual_settings())
    with row:
        take_away(view, _seen(one, layout, groups), card=layout.said.taken)


def _took(view: ui.View, said: LinesState) -> bool:
    """Take in what the visitor just did in the cards; return whether anything."""
    if (said.picked, said.dropped, said.split, said.note, said.unnote) == (None,) * 5:
        return False
    comparing.take(view, said)
    return True


def _board(view: ui.View, by_tag: ByTag, chosen: Compared, settings: Settings) -> Board:
    """Return what cards are made of. Groups that are drawn as one line each take the place of their runs."""
    across: dict[str, Series] = {}
    if settings.axis == "tag" and settings.axis_tag:
        key = ("scalars", settings.axis_tag)
        across = {run.name: run.series[key] for run in view.selected if key in run.series}
    order = {run.name: place for place, run in enumerate(view.runs)}
    if chosen.together is None:
        return Board(view, by_tag, chosen, settings, [], order, across)
    shown = {run.name: is_shown for run, is_shown in zip(view.runs, view.shown, strict=True)}
    runs: list[dict[str, Any]] = []
    order = {}
    others = set(chosen.together.others)
    for place, group in enumerate(chosen.together.groups):
        members = [run for run in group.runs if shown[run]]
        order |= dict.fromkeys(group.runs, len(runs))
        name = group.name if group.name not in others else f"{group.name} (group)"
        runs.append(
            {"name": name, "color": theme.color(place), "start": None, "shown": bool(members), "members": members, "group": True}
        )  # fmt: skip
    for run in view.runs:
        if run.name in others:
            order[run.name] = len(runs)
            start = ui.finite(run.start)
            runs.append(
                {"name": run.name, "color": view.color(run.name), "start": start or None, "shown": shown[run.name]}
            )
    return Board(view, by_tag, chosen, settings, runs, order, across)


# One card ------------------------------------------------------------------------------------------------------------


def card_tags(one: Board, card: str) -> list[tuple[str, bool]]:
    """Return the tags of a card, its own first, each with whether it belongs to the second axis."""
    return [(card, False), *one.chosen.over.get(card, ())]


def made_of(one: Board, tag: str) -> list[Made]:
    """Return what is drawn of a tag or an expression, run by run, before groups and other axes."""
    expression = one.chosen.expressions.get(tag)
    if expression is None:
        return [Made(series) for series in one.by_tag.get(tag) or _series(one, tag)]
    found = (
        compared.derived(expression, {tag: s for (kind, tag), s in run.series.items() if kind == "scalars"})
        for run in one.view.selected
    )
    return [made for made in found if made is not None]


def _series(one: Board, tag: str) -> list[Series]:
    """Return the series of a tag that the tag filter hides, for cards that show it as well."""
    return [run.series["scalars", tag] for run in one.view.selected if ("scalars", tag) in run.series]


def _base(one: Board, tag: str) -> Made | None:
    """Return what is drawn of a tag in the baseline run, shown or not."""
    run = next((run for run in one.view.runs if run.name == one.chosen.baseline), None)
    if run is None:
        return None
    expression = one.chosen.expressions.get(tag)
    if expression is not None:
        return compared.derived(expression, {tag: s for (kind, tag), s in run.series.items() if kind == "scalars"})
    series = run.series.get(("scalars", tag))
    return None if series is None else Made(series)


def made_apart(one: Board, tag: str) -> list[Made]:
    """Return how far what is drawn of a tag is from the baseline run, nothing where that has no such tag."""
    base = _base(one, tag)
    percent = one.chosen.against == "percent"
    return [] if base is None else [compared.apart(each, base, percent=percent) for each in made_of(one, tag)]


def card_lines(one: Board, card: str) -> tuple[list[Line], list[str], str]:
    """Return the lines of a card, lines of words under its title, and the words that stand in place of its plot, if any."""
    chosen, settings = one.chosen, one.settings
    found: list[Line] = []
    notes: list[str] = []
    on_tag = settings.axis == "tag"
    if on_tag and not one.across:
        words = (
            f"no run logged {settings.axis_tag!r}"
            if settings.axis_tag
            else "choose the tag of the x axis in the settings"
        )
        return [], [], words
    plain = not chosen.against and not on_tag and chosen.together is None
    left_out = interpolated = aligned = 0
    grouped_runs: dict[int, int] = {}
    for number, (tag, right) in enumerate(card_tags(one, card)):
        every = made_apart(one, tag) if chosen.against else made_of(one, tag)
        if chosen.against:
            if not every:
                notes.append(f"the baseline run has no {_short(tag)}")
                continue
            interpolated += sum(each.interpolated for each in every)
        if on_tag:
            lacking = [each for each in every if each.series.run not in one.across]
            every = [
                compared.over(each, one.across[each.series.run]) for each in every if each.series.run in one.across
            ]
            left_out += sum(each.left_out for each in every)
            interpolated += sum(each.interpolated for each in every)
            if lacking:
                notes.append(_counted(len(lacking), "run", f"without {_short(settings.axis_tag)}"))
        if chosen.together is None:
            found += [
                Line(one.order[each.series.run], each, number, right, earlier)
                for each in every
                for earlier in ((False, True) if plain and bool(each.series.superseded.any()) else (False,))
            ]
            continue
        members: dict[int, list[Made]] = {}
        for each in every:
            members.setdefault(one.order[each.series.run], []).append(each)
        for place, some in sorted(members.items()):
            if not one.runs[place].get("group"):
                found.append(Line(place, some[0], number, right))
                continue
            made = compared.of_group(
                one.runs[place]["name"], some, chosen.how, chosen.band, settings.axis if not on_tag else "step", _starts(one.view)
            )  # fmt: skip
            aligned += made.interpolated
            grouped_runs[place] = max(grouped_runs.get(place, 0), len(some))
            found.append(Line(place, made, number, right))
    if grouped_runs:
        runs, what = _counted(sum(grouped_runs.values()), "run"), "mean" if chosen.how == "mean" else "median"
        band = comparing.BANDS[chosen.band].lower()
        notes.append(f"{what} of {runs} in {_counted(len(grouped_runs), 'group')}, band: {band}")
    if aligned:
        notes.append(f"steps differ: {_counted(aligned, 'value')} interpolated onto the union of the steps")
    if interpolated and chosen.together is None:
        notes.append(f"{_counted(interpolated, 'value')} interpolated")
    if left_out:
        notes.append(f"{_counted(left_out, 'point')} left out, where {_short(settings.axis_tag)} is not known")
    if on_tag:
        notes.insert(0, f"over {_short(settings.axis_tag)}")
    if chosen.against:
        notes.insert(0, f"difference to {_short(chosen.baseline)}" + (" in %" if chosen.against == "percent" else ""))
    return found, notes, ""


def _counted(count: int, what: str, rest: str = "") -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}" + (f" {rest}" if rest else "")


def _short(name: str) -> str:
    return name if len(name) <= _NOTED else f"{name[: _NOTED - 1]}…"


def _starts(view: ui.View) -> dict[str, float]:
    return {run.name: ui.finite(run.start) or 0.0 for run in view.runs}


def _made(one: Board, layout: grid.Layout) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the specifications of the cards that are seen, and their tables; without what the browser still holds."""
    points = sum(
        len(series) for card, _place in layout.visible for tag, _right in card_tags(one, card)
        for series in one.by_tag.get(tag, ())
    )  # fmt: skip
    everything = points <= EVERYTHING
    count = sum(len(one.by_tag.get(tag, ())) for card, _place in layout.visible for tag, _right in card_tags(one, card))
    most = max(FEWEST, POINTS // max(1, 2 * count))
    before = _before(one.view, layout.said.again)
    stamps: dict[str, str] = {}
    specs, tables = [], {}
    for number, (card, usual) in enumerate(layout.visible):
        place = usual if usual.window(card) is not None else replace(usual, columns=min(usual.columns, most))
        stamps[card] = stamp = _stamp(one, card, place, everything)
        kept = before.get(card)
        if kept is not None and kept["stamp"] == stamp:
            spec = {**kept, "kept": True}
        else:
            made = _card(one, card, place, f"c{number}", everything)
            spec = {**made.spec, "stamp": stamp}
            tables.update(made.tables)
        spec |= {"group": place.group, "pinned": False, "wide": False, "tall": False, "range": None} | place.about(card)
        spec["readout"] = _readout(one, card, layout)
        specs.append(spec)
    kept_specs = {**before, **{spec["tag"]: {k: v for k, v in spec.items() if k != "kept"} for spec in specs}}
    # The browser drops cards that are not seen.
    st.session_state[_SENT] = (weakref.ref(one.view), {card: kept_specs[card] for card in stamps})
    return specs, tables


_SENT = "scalars_sent"


def _before(view: ui.View, again: bool) -> dict[str, dict[str, Any]]:
    """Return the cards the browser holds: those of the drawing before, as long as only this part of the page was drawn."""
    known = st.session_state.get(_SENT)
    return known[1] if known is not None and known[0]() is view and not again else {}


def _stamp(one: Board, card: str, place: grid.Place, everything: bool) -> str:
    """Return what the lines of a card depend on, in one word, for as long as the logs stay as they are."""
    chosen, settings = one.chosen, one.settings
    alone = everything and settings.method == "ema" and place.window(card) is None  # the browser smooths by itself
    parts = (
        card_tags(one, card), place.group, place.axis, settings.axis_tag if place.axis == "tag" else "", place.window(card),
        place.columns, settings.method, None if alone else place.smoothing, everything, chosen.against,
        chosen.baseline if chosen.against else "", chosen.together, chosen.how, chosen.band,
    )  # fmt: skip
    return format(hash(repr(parts)) & (1 << 64) - 1, "x")


def _card(one: Board, card: str, place: grid.Place, table: str, everything: bool) -> charts.Card:
    made, notes, message = card_lines(one, card)
    tags = [tag for tag, _right in card_tags(one, card)]
    about: dict[str, Any] = {"notes": notes, "message": message or None}
    if len(tags) > 1:
        about["tags"] = tags
    series = one.by_tag.get(card, ())
    own = place.group == group_of(card)
    title = card.removeprefix(comparing.PREFIX) if card in one.chosen.expressions else title_of(card) if own else card
    description = next((each.description for each in series if each.description), "")
    return charts.card(
        card,
        title,
        place.group,
        drawn_lines(card, made, place, everything),
        table=table,
        description=description,
        window=place.window_spec(card),
        about=about,
    )


# What stands beside the cards ----------------------------------------------------------------------------------------


def _readout(one: Board, card: str, layout: grid.Layout) -> dict[str, Any] | None:
    """Return the table under a card: of the step or the range that is selected, None while nothing is."""
    selected = layout.arranged.selected
    if selected.first is None:
        return None
    settings = one.settings
    if one.chosen.together is not None and settings.axis != "step":
        return None  # there the points of a group have no steps
    made, _notes, message = card_lines(one, card)
    if message:
        return None
    series = [line.made.series for line in made if not line.earlier]
    smoothing = {"weight": settings.smoothing, "method": settings.method}
    if selected.last is None:
        table = scalar_tables.at_step(series, selected.first, starts=_starts(one.view), **smoothing)
        columns, compared_by = readouts.AT_STEP, "value"
    else:
        window = (selected.first, selected.last)
        table = scalar_tables.over_range(series, window, starts=_starts(one.view), **smoothing)
        columns, compared_by = readouts.OVER_RANGE, "mean"
    if one.chosen.baseline in {each.run for each in series} and not one.chosen.against:
        table = scalar_tables.against_baseline(table, one.chosen.baseline, [compared_by])
        columns = (*columns, *readouts.AGAINST[compared_by])
    return readouts.readout(table, columns)


def _markers(view: ui.View, chosen: Compared) -> list[dict[str, Any]]:
    """Return the marks of all cards: the visitor's notes; restarts and checkpoints of the runs that are shown."""
    found: list[dict[str, Any]] = [
        {"step": note.step, "wall": None, "kind": "note", "text": note.text, "run": None} for note in chosen.notes
    ]
    if chosen.marks:
        for run in view.selected:
            found += [{**_marker(asdict(one)), "run": run.name} for one in markers(run)]
            if len(found) > _MARKS:
                break
    return found[:_MARKS]


def _marker(said: dict[str, Any]) -> dict[str, Any]:
    return {"step": said["step"], "wall": said["wall_time"], "kind": said["kind"], "text": said["text"]}


def _seen(one: Board, layout: grid.Layout, groups: Mapping[str, Sequence[str]]) -> Seen:
    """Return the cards as the visitor sees them, for what can be taken away."""
    settings = one.settings
    every = [card for tags in groups.values() for card in tags]
    places = dict(layout.visible)
    windows = {card: window for card, place in places.items() if (window := place.window(card)) is not None}
    ranges = {card: some.y for card, some in layout.arranged.ranges.items() if some.y is not None}
    return Seen(
        _Cards(one, every),
        tuple(places),
        windows,
        ranges,
        _starts(one.view),
        settings.axis,
        settings.axis_tag,
        one.across,
        settings.smoothing,
        settings.method,
        settings.earlier,
        settings.log_x,
        settings.log_y,
        one.chosen.together,
        one.chosen.how,
        one.chosen.band,
        one.chosen.by,
        {run["name"]: run["color"] for run in one.runs},
        drawn=_Cards(one, every, drawn=True) if one.chosen.against else None,
    )


class _Cards(Mapping[str, Sequence[Series]]):
    """The series of each card, made when they are asked for. drawn: as far from those of the baseline as is drawn."""

    def __init__(self, one: Board, cards: Sequence[str], *, drawn: bool = False) -> None:
        self._one = one
        self._cards = dict.fromkeys(cards)
        self._drawn = drawn

    def __getitem__(self, card: str) -> list[Series]:
        if card not in self._cards:
            raise KeyError(card)
        made = made_apart if self._drawn else made_of
        return [each.series for tag, _right in card_tags(self._one, card) for each in made(self._one, tag)]

    def __iter__(self) -> Any:
        return iter(self._cards)

    def __len__(self) -> int:
        return len(self._cards)
