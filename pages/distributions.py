"""Distributions: histograms over steps, or of all runs at one step, and the numbers that sum them up."""

from dataclasses import dataclass, replace

import streamlit as st

from tbcore import ui
from tbcore.analysis import curves as scalar_curves
from tbcore.analysis import distributions as analysis
from tbcore.analysis import histograms
from tbcore.analysis.steps import Moments, index_at, moments
from tbcore.charts import distributions as charts
from tbcore.charts import lines as line_charts
from tbcore.names import grouped, title_of
from tbcore.series import Series
from tbcore.ui import distributions as state
from tbcore.ui import grid
from tbcore.ui.components.distributions import (
    OVERLAY,
    PERCENTILES,
    RIDGELINE,
    STATISTICS,
    STEP,
    Settings,
    distributions,
)
from tbcore.ui.components.lines import Settings as CurveSettings
from tbcore.ui.components.lines import lines
from tbcore.ui.components.stepper import Position, Track, position, stepper
from tbcore.ui.tables import downloads

RIDGES = 64  # on one panel
KEPT = 400_000_000  # bytes of decoded histograms that all visitors share
LOOKED_AT = 200_000  # histograms of a tag that its range is that of, however few of its runs a page shows
READING = "Reading histograms"
CURVES = CurveSettings(smoothing=0.0)
Tags = dict[str, list[Series]]


@dataclass(frozen=True)
class Looked:
    """A panel with its series, the table of that, and which rows of it are looked at; outside: none is in the window."""

    panel: state.Panel
    series: Series
    table: histograms.Histograms
    rows: analysis.Ints
    outside: bool


@st.cache_resource(show_spinner=False)
def shelf() -> state.Shelf[histograms.Histograms]:
    """Return the tables that were looked at last, of all visitors."""
    return state.Shelf(KEPT)


def table_of(view: ui.View, series: Series) -> histograms.Histograms:
    """Return all histograms of a series; what was decoded before is not decoded again."""
    return shelf().value(
        (view.spec, series.run, series.tag),
        (view.generation, len(series), series.wall_times[-1:].tobytes()),
        lambda known: histograms.table(series, known),
        analysis.size,
    )


def looked_at(view: ui.View, place: state.Layout, by_tag: Tags, panels: list[state.Panel]) -> list[Looked]:
    """Return what panels over steps are made of."""
    starts = {run["name"]: run["start"] or 0.0 for run in place.about["runs"]}
    found = []
    for panel in panels:
        series = next(one for one in by_tag[panel.tag] if one.run == panel.run)
        table = table_of(view, series)
        rows, outside = analysis.looked_at(
            table,
            axis=place.settings.axis,
            window=place.window(panel.tag),
            start=starts[panel.run],
            superseded=panel.earlier,
        )
        found.append(Looked(panel, series, table, rows, outside))
    return found


def elsewhere(place: state.Layout, by_tag: Tags, seen: list[state.Panel]) -> list[state.Panel] | None:
    """Return the panels of the same tag that are on other pages, None when they are too many to look at."""
    if not seen[0].part or place.settings.range != "shared":
        return []
    series = by_tag[seen[0].tag]
    if sum(map(len, series)) > LOOKED_AT:
        return None
    runs = analysis.panels({"": series}, earlier=bool(place.settings.earlier))[""]
    every = [replace(seen[0], run=run, earlier=earlier) for run, earlier in runs]
    return [panel for panel in every if panel not in seen]


def scale_of(scale: str, table: histograms.Histograms, bins: int) -> tuple[charts.Scale, analysis.Floats]:
    """Return the axis of values and the edges of common bins for all histograms of a table; log where it can be."""
    name = "symlog" if scale == "log" and not analysis.all_positive(table) else scale
    edges = histograms.edges(table, bins, name)
    unit = histograms.linear_range(table) if name == "symlog" else 1.0
    return charts.Scale(name, unit, float(edges[0]), float(edges[-1])), edges


def over_steps(view: ui.View, place: state.Layout, by_tag: Tags) -> dict[str, charts.Panel]:
    """Return what is in each panel over steps."""
    order = {run.name: index for index, run in enumerate(view.runs)}
    chosen = place.settings
    made: dict[str, charts.Panel] = {}
    shared: dict[str, list[state.Panel]] = {}
    for panel in place.visible:
        shared.setdefault(panel.tag if chosen.range == "shared" else panel.name, []).append(panel)
    for number, seen in enumerate(shared.values()):
        some = looked_at(view, place, by_tag, seen)
        unseen = elsewhere(place, by_tag, seen)
        others = [one for one in looked_at(view, place, by_tag, unseen or []) if len(one.rows)]
        full = [one for one in some if len(one.rows)] + others
        full = [one for one in full if not one.outside] or full
        scale, edges = (
            scale_of(chosen.scale, analysis.together([(one.table, one.rows) for one in full]), int(chosen.bins))
            if full
            else (charts.Scale("linear", 1.0, 0.0, 1.0), None)
        )
        name = f"e{number}"
        for place_of, one in enumerate(some):
            about = charts.About(title_of(one.panel.tag), order[one.panel.run], one.series.description)
            panel = panel_over_steps(one, about, scale, edges, place, f"p{number}_{place_of}", name)
            made[one.panel.name] = panel if unseen is not None else charts.of_page(panel)
        if edges is None:
            continue
        made[some[0].panel.name].tables[name] = charts.edge_table(edges)
        if others and chosen.show != PERCENTILES:
            peaks = analysis.peaks([analysis.shares(one.table, edges, *drawn_rows(one, place)) for one in others])
            for one in some:
                made[one.panel.name].spec["peaks"] = peaks
    return made


def drawn_rows(one: Looked, place: state.Layout) -> tuple[analysis.Ints, analysis.Ints | None]:
    """Return which rows of a panel are drawn, and where each pixel column begins in them; None: each is drawn by itself."""
    if place.settings.show in (RIDGELINE, OVERLAY):
        return analysis.evenly(one.rows, RIDGES), None
    return one.rows, analysis.in_columns(one.table, one.rows, place.columns, place.settings.axis)


def panel_over_steps(
    one: Looked,
    about: charts.About,
    scale: charts.Scale,
    edges: analysis.Floats | None,
    place: state.Layout,
    name: str,
    of_edges: str,
) -> charts.Panel:
    """Return what is in one panel over steps, with what has to be said of it."""
    chosen = place.settings
    problems = analysis.problems(one.table)
    if edges is None or not len(one.rows):
        why = problems[:1] or ["no histogram of this attempt"]
        return charts.nothing(charts.noted(about, why, problem=True))
    rows, starts = drawn_rows(one, place)
    missing, values, empty = analysis.losses(one.table, one.rows)
    notes = charts.notes(
        total=len(one.rows),
        drawn=len(rows) if starts is None else len(starts),
        merged=starts is not None,
        problems=problems,
        missing=missing,
        values=values,
        empty=empty,
        not_positive=chosen.scale == "log" and scale.name != "log",
        outside=one.outside,
    )
    cut = analysis.cut(one.table, edges, one.rows)
    about = charts.noted(about, notes + charts.cut_notes(**cut, scale=scale), problem=bool(problems))
    if chosen.show == PERCENTILES:
        return charts.bands(analysis.bands(one.table, rows, starts), about, scale, table=name, edges=of_edges)
    shares = analysis.shares(one.table, edges, rows, starts)
    return charts.shares("ridges" if starts is None else "heat", shares, about, scale, table=name, edges=of_edges)


def at_one_step(view: ui.View, place: state.Layout, by_tag: Tags, at: Position) -> dict[str, charts.Panel]:
    """Return what is in each panel of one step: all runs of a tag."""
    made = {}
    for number, panel in enumerate(place.visible):
        found = []
        problems = []
        for series in by_tag[panel.tag]:
            index = index_at(series, *at.at(series.run), earlier=at.earlier)
            if index is None:
                continue
            table = analysis.single(series, index)
            if table.problems:
                problems.append(f"{series.run}: {table.problems[0][1]}")
            else:
                found.append((series, index, table))
        made[panel.name] = panel_at(view, place.settings, panel, found, problems, f"p{number}")
    return made


def panel_at(
    view: ui.View,
    chosen: Settings,
    panel: state.Panel,
    found: list[tuple[Series, int, histograms.Histograms]],
    problems: list[str],
    name: str,
) -> charts.Panel:
    """Return what is in one panel of one step."""
    order = {run.name: index for index, run in enumerate(view.runs)}
    about = charts.About(title_of(panel.tag), None, next((series.description for series, _i, _t in found), ""))
    if not found:
        return charts.nothing(
            charts.noted(about, problems or ["nothing is logged up to this step"], problem=bool(problems))
        )
    one = analysis.together([(table, analysis.every(table)) for _series, _index, table in found])
    scale, edges = scale_of(chosen.scale, one, int(chosen.bins))
    runs = [order[series.run] for series, _index, _table in found]
    earlier = [bool(series.superseded[index]) for series, index, _table in found]
    facts = {**analysis.facts(one), "run": runs, "earlier": earlier, "step": one.steps}
    missing, values, _empty = analysis.losses(one, analysis.every(one))
    notes = charts.notes(
        total=len(found), drawn=len(found), merged=False, problems=problems, missing=missing, values=values, empty=0,
        not_positive=chosen.scale == "log" and scale.name != "log",
    )  # fmt: skip
    cut = analysis.cut(one, edges, analysis.every(one))
    notes += charts.cut_notes(**cut, scale=scale)
    full = analysis.filled(one)
    notes += charts.empty_notes([series.run for (series, _i, _t), known in zip(found, full, strict=True) if not known])
    candidates = [place for place, known in enumerate(full) if known]
    if not candidates:
        return charts.nothing(charts.noted(about, notes, problem=bool(problems)))
    against = next((place for place in candidates if found[place][0].run == chosen.against), candidates[0])
    if chosen.draw == "qq":
        notes.append(f"1% to 99% of the values, against {found[against][0].run}")
    about = charts.noted(about, notes, problem=bool(problems))
    if len(found) == 1 and chosen.draw == "outlines":
        return charts.bars(runs[0], histograms.buckets(one, 0), facts, about, scale, table=name)
    drawn = analysis.curves_at(one, chosen.draw, edges, against)
    curves = [
        charts.Curve(runs[place], *drawn[place], earlier[place])
        for place in candidates
        if chosen.draw != "qq" or place != against or len(candidates) == 1
    ]
    made = charts.curves(
        chosen.draw, curves, facts, about, scale, table=name, edges=f"{name}_edges", against=runs[against]
    )
    made.tables[f"{name}_edges"] = charts.edge_table(edges)
    return made


def statistics(view: ui.View, chosen: Settings, groups: dict[str, list[str]], by_tag: Tags) -> None:
    """Draw one number of each histogram as curves: a card for each tag, a line for each run."""
    seen = grid.layout(view, groups, key=state.CURVES, usual=CURVES)
    st.caption(analysis.MEANINGS[chosen.statistic])
    with st.spinner(READING):
        made = statistic_cards(view, chosen, seen, by_tag)
    tables = {name: table for card in made for name, table in card.tables.items()}
    drawn_state = lines(seen.view([card.spec for card in made]), tables, key=state.CURVES)
    grid.remember(drawn_state, key=state.CURVES, usual=CURVES)


def statistic_cards(view: ui.View, chosen: Settings, seen: grid.Layout, by_tag: Tags) -> list[line_charts.Card]:
    """Return what is in the cards of one number of each histogram."""
    made = []
    for number, (tag, place) in enumerate(seen.visible):
        drawn = []
        for series in by_tag.get(tag, []):
            values = analysis.statistic(
                table_of(view, series), chosen.statistic, run=series.run, tag=tag, description=series.description
            )
            for earlier in (False, True) if bool(values.superseded.any()) else (False,):
                curve = scalar_curves.curve(
                    values,
                    weight=place.smoothing,
                    columns=place.columns,
                    axis=place.axis,
                    window=place.window(tag),
                    start=place.starts[series.run],
                    superseded=earlier,
                )
                drawn.append(line_charts.line(place.order[series.run], curve, earlier=earlier))
        about = analysis.MEANINGS[chosen.statistic]
        made.append(
            line_charts.card(
                tag,
                title_of(tag),
                place.group,
                drawn,
                table=f"c{number}",
                description=about,
                window=place.window_spec(tag),
            )
        )
    return made


def track(run: str, color: str, series: list[Series], at: Position) -> Track:
    """Return what a slider runs over: the moments of all tags that are seen."""
    found: Moments = moments(analysis.unlike(series), earlier=at.earlier)
    return Track(run, color, found.steps, found.nths)


@st.fragment
def panels(view: ui.View, groups: dict[str, list[str]], by_tag: Tags) -> None:
    """Draw the controls and what they choose; what the visitor changes runs only this again."""
    chosen = state.settings()
    every = [one for some in by_tag.values() for one in some]
    by_run: dict[str, list[Series]] = {}
    for one in every:
        by_run.setdefault(one.run, []).append(one)
    runs = [run.name for run in view.selected if run.name in by_run]
    restarted = any(bool(one.superseded.any()) for one in every)
    state.bar(chosen, runs=runs, restarted=restarted)
    tally = state.count(view, runs=len(runs), tags=len(by_tag))
    if chosen.show == STATISTICS:
        state.remember(chosen)
        statistics(view, chosen, groups, by_tag)
    elif chosen.show == STEP:
        at = position()
        above = st.container()
        place = state.layout(chosen, view, groups, {}, tally)
        with st.spinner(READING):
            made = at_one_step(view, place, by_tag, at)
        show(place, made)
        with above:
            tracks = [("", "", every)]
            tracks += [(run, view.color(run), by_run[run]) for run in runs]
            stepper([track(run, color, some, at) for run, color, some in tracks], has_earlier=restarted)
    else:
        place = state.layout(chosen, view, groups, analysis.panels(by_tag, earlier=bool(chosen.earlier)), tally)
        with st.spinner(READING):
            made = over_steps(view, place, by_tag)
        show(place, made)
    exports(every)


def show(place: state.Layout, made: dict[str, charts.Panel]) -> None:
    """Draw the panels, and keep what the visitor chose."""
    tables = {name: table for panel in made.values() for name, table in panel.tables.items()}
    specs = {name: panel.spec for name, panel in made.items()}
    state.remember(place.settings, distributions(place.view(specs), tables, key=state.KEY))


def exports(every: list[Series]) -> None:
    """Draw the buttons for the numbers of all histograms that pass the filters."""
    downloads(
        "distributions",
        [
            ("Buckets (JSON)", "json", lambda: analysis.json_of(every)),
            ("Buckets (CSV)", "csv", lambda: analysis.csv_of(every)),
            ("Buckets (NPZ)", "npz", lambda: analysis.npz_of(every)),
            ("Percentiles and statistics (CSV)", "numbers.csv", lambda: analysis.numbers_of(every)),
        ],
    )


view = ui.view()
if not view.holds("histograms"):
    ui.no_data("histograms", "histograms")
    st.stop()

by_tag: Tags = {}
for series in view.series("histograms"):
    by_tag.setdefault(series.tag, []).append(series)
if by_tag:
    panels(view, grouped(by_tag), by_tag)
elif any(view.shown):
    ui.nothing_selected("histograms")
else:
    st.markdown("No run is selected: choose some in the sidebar.")
