"""PR curves: precision over recall, and what follows from the same counts, of every run at the steps looked at."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.parts.sliders import sliders
from tbcore import ui
from tbcore.analysis import curves as scalar_curves
from tbcore.analysis import pr_curves
from tbcore.analysis.steps import index_at
from tbcore.charts import lines as line_charts
from tbcore.charts import pr_curves as charts
from tbcore.charts import theme
from tbcore.names import grouped, title_of
from tbcore.series import Series
from tbcore.ui import grid
from tbcore.ui import pr_curves as state
from tbcore.ui.components.lines import Settings as CurveSettings
from tbcore.ui.components.lines import lines
from tbcore.ui.components.pr_curves import STEPS, Settings
from tbcore.ui.components.stepper import Position, position
from tbcore.ui.tables import csv, downloads

SPREAD = 8  # curves of one run over training
FAINTEST, FAINT = 0.2, 0.7
CURVES = CurveSettings(smoothing=0.0)
Tags = dict[str, list[Series]]  # tag -> its series


@dataclass(frozen=True)
class Chart:
    """One chart: its tags, each with what its class is called."""

    tags: Tags
    labels: dict[str, str]

    @property
    def series(self) -> list[Series]:
        """Return the series of all tags."""
        return [one for some in self.tags.values() for one in some]


def spread_of(chart: Chart) -> int:
    """Return how many curves of each series are drawn over training: fewer where there are many series."""
    return max(2, min(SPREAD, state.TOGETHER // max(1, len(chart.series))))


def looked_at(chart: Chart, at: Position, spread: int) -> Iterator[tuple[Series, int, bool]]:
    """Yield the points of a chart in the order they are drawn, and whether each is the one at the slider.

    spread: how many of each series besides, evenly over its steps.
    """
    for series in chart.series:
        step, nth = at.at(series.run)
        here = index_at(series, step, nth, earlier=at.earlier)
        logged = pr_curves.evenly(pr_curves.in_order(series, earlier=at.earlier), spread) if spread else []
        for index in [one for one in logged if one != here] + ([] if here is None else [here]):
            yield series, index, index == here


def looks_of(
    view: ui.View, chart: Chart, wanted: list[tuple[Series, int, bool]], order: dict[str, int]
) -> list[charts.Look]:
    """Return how each curve is drawn: in its run's colour or, with one run, its class's; older steps fainter."""
    classes = list(dict.fromkeys(chart.labels.values()))
    by_class = len(classes) > 1 and len({series.run for series, _index, _here in wanted}) == 1
    steps: dict[tuple[str, str], list[int]] = {}
    for series, index, here in wanted:
        if not here:
            steps.setdefault((series.run, series.tag), []).append(int(series.steps[index]))
    looks = []
    for series, index, here in wanted:
        older = steps.get((series.run, series.tag), [])
        age = sorted(older).index(int(series.steps[index])) / max(1, len(older) - 1) if not here else 1.0
        opacity = 1.0 if here else FAINTEST + (FAINT - FAINTEST) * age
        label = chart.labels[series.tag]
        color = theme.color(classes.index(label)) if by_class else view.color(series.run)
        looks.append(charts.Look(order[series.run], color, opacity, label, here, bool(series.superseded[index])))
    return looks


@dataclass(frozen=True)
class Drawn:
    """A card and its curves."""

    card: charts.Card
    curves: list[pr_curves.Curve]


def card(
    view: ui.View, name: str, chart: Chart, at: Position, chosen: Settings, order: dict[str, int], table: str
) -> Drawn:
    """Return the card of one chart."""
    wanted = list(looked_at(chart, at, spread_of(chart) if chosen.curves == "training" else 0))
    found, problems = [], []
    good = []
    for one in wanted:
        curves, wrong = pr_curves.curves([one[:2]])
        found += curves
        good += [one] if curves else []
        problems += [f"{problem.run}, step {problem.step:,}: {problem.reason}" for problem in wrong]
    made = charts.card(
        name,
        title_of(name),
        found,
        [pr_curves.drawn(one) for one in found],
        looks_of(view, chart, good, order),
        pr_curves.table(found)["auc"].tolist(),
        table=table,
        lengths=[pr_curves.length(one.values) for one in found],
        description=next((one.description for one in chart.series if one.description), ""),
        problems=problems,
    )
    return Drawn(made, found)


def at_steps(view: ui.View, shown: dict[str, Chart], chosen: Settings) -> None:
    """Draw the curves at the steps looked at."""
    at = position()
    above = st.container()
    most = max(len(chart.series) * (spread_of(chart) if chosen.curves == "training" else 1) for chart in shown.values())
    place = state.layout(view, grouped(shown), most)
    order = {run.name: number for number, run in enumerate(view.runs)}
    made = [
        card(view, name, shown[name], at, chosen, order, f"c{number}")
        for number, (name, _place) in enumerate(place.visible)
    ]
    tables = {name: table for one in made for name, table in one.card.tables.items()}
    state.show(chosen, place, [one.card.spec for one in made], tables)
    found = [curve for one in made for curve in one.curves]
    if found:
        numbers(found, pr_curves.table(found), chosen.threshold)
    with above:
        sliders(view, [one for chart in shown.values() for one in chart.series], at)


def numbers(found: list[pr_curves.Curve], table: Any, threshold: float) -> None:
    """Draw the numbers of the curves shown, and let them be downloaded."""
    st.subheader("Numbers", anchor="numbers")
    four = st.column_config.NumberColumn
    st.dataframe(
        table.drop(columns=["wall_time"]),
        key="pr_numbers",
        hide_index=True,
        placeholder="",
        column_config={
            "run": st.column_config.TextColumn("Run", pinned=True, width=180),
            "tag": st.column_config.TextColumn("Tag", width=140),
            "step": four("Step", format="localized"),
            "average_precision": four("Average precision", format="%.4f", help="Precision weighted with the recall that each logged threshold adds; no straight lines in between."),
            "f1": four("Best F1", format="%.4f"),
            "threshold": four("At threshold", format="%.4f", help="The lowest threshold that has the best F1."),
            "auc": four("ROC AUC", format="%.4f", help="The area under the ROC curve, by straight lines between the logged thresholds."),
            "positives": four("Positives", format="localized", help="Examples, or the sum of their weights."),
            "negatives": four("Negatives", format="localized"),
            "thresholds": four("Thresholds", format="localized"),
        },
    )  # fmt: skip
    downloads(
        "pr_curves",
        [
            ("Curves shown as CSV", "csv", lambda: csv(pr_curves.points(found).drop(columns=["curve"]))),
            ("as JSON", "json", lambda: json.dumps(pr_curves.document(found)).encode()),
            ("Numbers as CSV", "numbers.csv", lambda: csv(table)),
            (
                "Matrices as CSV",
                "matrices.csv",
                lambda: csv(pr_curves.confusions(found, threshold).drop(columns=["curve"])),
            ),
        ],
    )


@st.cache_resource(show_spinner=False, max_entries=8)
def known(_spec: str) -> dict[tuple[str, str], pr_curves.Summaries]:
    """Return the numbers that were worked out of the logs of one logdir so far, by run and tag."""
    return {}


def over_steps(view: ui.View, by_tag: dict[str, list[Series]]) -> None:
    """Draw the numbers of all steps as curves; only those of cards that are seen are worked out."""
    tags = [tag for some in grouped(by_tag).values() for tag in some]
    names = {f"{name}/{tag}": (name, tag) for name in pr_curves.STATISTICS for tag in tags}
    groups = {name: [f"{name}/{tag}" for tag in tags] for name in pr_curves.STATISTICS}
    layout = grid.layout(view, groups, key=state.CURVES, usual=CURVES)
    seen = {tag: None for shown, _place in layout.visible for tag in [names[shown][1]]}
    wanted = [one for tag in seen for one in by_tag[tag]]
    kept = known(view.spec)
    bar = st.empty()
    for number, one in enumerate(wanted):
        before = kept.get((one.run, one.tag))
        if before is None or len(before) != len(one):
            bar.progress(number / len(wanted), f"Reading {number + 1:,} of {len(wanted):,} series")
        kept[one.run, one.tag] = pr_curves.summaries(one, before)
    bar.empty()
    made = []
    for number, (shown, place) in enumerate(layout.visible):
        name, tag = names[shown]
        drawn = []
        for one in by_tag[tag]:
            scalars = pr_curves.statistic(one, kept[one.run, one.tag], name)
            for earlier in (False, True) if bool(one.superseded.any()) else (False,):
                curve = scalar_curves.curve(
                    scalars,
                    weight=place.smoothing,
                    columns=place.columns,
                    axis=place.axis,
                    window=place.window(shown),
                    start=place.starts[one.run],
                    superseded=earlier,
                    with_everything=True,
                )
                drawn.append(line_charts.line(place.order[one.run], curve, earlier=earlier))
        made.append(
            line_charts.card(shown, tag, place.group, drawn, table=f"c{number}", window=place.window_spec(shown))
        )
    tables = {name: table for one in made for name, table in one.tables.items()}
    drawn_state = lines(layout.view([one.spec for one in made]), tables, key=state.CURVES)
    grid.remember(drawn_state, key=state.CURVES, usual=CURVES)
    problems = sum(len(kept[one.run, one.tag].problems) for one in wanted)
    if problems:
        st.caption(f":orange[Values that are no PR curves, left out: {problems:,}]")


@st.fragment
def page(view: ui.View, by_tag: Tags) -> None:
    """Draw the controls and what they choose; what the visitor changes runs only this again."""
    chosen = state.settings()
    together = pr_curves.by_class(by_tag)
    state.bar(chosen, classes=len(together) < len(by_tag))
    state.remember(chosen)
    if chosen.view == STEPS:
        over_steps(view, by_tag)
        return
    labels = together if chosen.classes else {tag: {tag: ""} for tag in by_tag}
    shown = {name: Chart({tag: by_tag[tag] for tag in tags}, tags) for name, tags in labels.items()}
    at_steps(view, shown, chosen)


view = ui.view()
if not view.holds("pr_curves"):
    ui.no_data("pr_curves", "PR curves")
    st.stop()

by_tag: Tags = {}
for series in view.series("pr_curves"):
    by_tag.setdefault(series.tag, []).append(series)
if by_tag:
    page(view, by_tag)
elif any(view.shown):
    ui.nothing_selected("PR curves")
else:
    st.markdown("No run is selected: choose some in the sidebar.")
