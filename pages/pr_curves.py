"""PR curves: precision over recall, and what follows from the same counts, of every run at the steps looked at."""

import json
from collections.abc import Iterator

import streamlit as st

from pages.parts.sliders import sliders
from tbcore import ui
from tbcore.analysis import curves as scalar_curves
from tbcore.analysis import pr_curves
from tbcore.analysis.steps import index_at
from tbcore.charts import lines as line_charts
from tbcore.charts import pr_curves as charts
from tbcore.charts import theme
from tbcore.names import grouped
from tbcore.series import Series
from tbcore.ui import grid
from tbcore.ui.components.lines import lines
from tbcore.ui.components.stepper import Position, position
from tbcore.ui.tables import csv, downloads

VIEWS = ("PR curves", "ROC curves", "Over steps")
STEPS = ("at the slider", "over training")
AXES = ("0 to 1", "fit")
PER_PAGE = 6  # cards
SPREAD = 8  # curves of one run over training
FAINTEST = 0.18
MATRICES = 12  # below one chart
CARD = 330  # pixels, the least width

Tags = dict[str, dict[str, list[Series]]]  # chart -> tag -> its series


def looked_at(tags: dict[str, list[Series]], at: Position, spread: bool) -> Iterator[tuple[Series, int, bool]]:
    """Yield the points of a chart in the order they are drawn, and whether each is the one at the slider."""
    for series in (one for some in tags.values() for one in some):
        step, nth = at.at(series.run)
        here = index_at(series, step, nth, earlier=at.earlier)
        logged = pr_curves.in_order(series, earlier=at.earlier) if spread else []
        chosen = set(pr_curves.evenly(logged, SPREAD))
        for index in [one for one in logged if one in chosen and one != here] + ([] if here is None else [here]):
            yield series, index, index == here


def looks_of(view: ui.View, found: list[pr_curves.Curve], labels: dict[str, str]) -> list[charts.Look]:
    """Return how each curve is drawn: in its run's colour or, with one run, its class's; older steps fainter."""
    one_run = len({one.run for one in found}) == 1
    classes = list(dict.fromkeys(labels.values()))
    by_class = one_run and len(classes) > 1
    alike: dict[tuple[str, str], list[int]] = {}
    for one in found:
        alike.setdefault((one.run, one.tag), []).append(one.step)
    looks = []
    for one in found:
        steps = sorted(alike[one.run, one.tag])
        age = 1.0 if len(steps) == 1 else steps.index(one.step) / (len(steps) - 1)
        label = labels[one.tag]
        color = theme.color(classes.index(label)) if by_class else view.color(one.run)
        looks.append(charts.Look(color, FAINTEST + (1 - FAINTEST) * age, label))
    return looks


def card(
    view: ui.View, name: str, tags: dict[str, list[Series]], labels: dict[str, str], at: Position
) -> list[pr_curves.Curve]:
    """Draw one chart with the confusion matrices at the slider below it, and return its curves."""
    spread = st.session_state["pr_steps"] == STEPS[1]
    wanted = list(looked_at(tags, at, spread))
    found, problems = pr_curves.curves((series, index) for series, index, _here in wanted)
    st.markdown(
        f"**{ui.plain(name)}**", help=next((one.description for some in tags.values() for one in some), None) or None
    )
    for problem in problems:
        st.caption(f":orange[{ui.plain(problem.run)}, step {problem.step:,}: {ui.plain(problem.reason)}]")
    if not found:
        if not problems:
            st.caption("Nothing is logged up to this step.")
        return []
    looks = looks_of(view, found, labels)
    here = {(one.run, one.tag, int(one.steps[index])) for one, index, is_here in wanted if is_here}
    at_slider = [number for number, one in enumerate(found) if (one.run, one.tag, one.step) in here]
    matrices = pr_curves.confusions(found, st.session_state["pr_threshold"], at_slider)
    fit = st.session_state["pr_axes"] == AXES[1]
    if st.session_state["pr_view"] == VIEWS[0]:
        chart = charts.precision_recall(pr_curves.drawn_precision_recall(found), matrices, looks, fit=fit)
    else:
        chart = charts.roc(pr_curves.drawn_roc(found), matrices, looks, fit=fit)
    st.vega_lite_chart(spec=chart, key=f"curves {name}", alt=f"{st.session_state['pr_view']} of {name}")
    if at_slider and st.session_state["pr_matrices"]:
        titles = [
            f"{labels[one.tag]} · {one.run}" if labels[one.tag] else f"{one.run} · {one.step:,}"
            for one in (found[number] for number in at_slider[:MATRICES])
        ]
        st.html(charts.confusion(matrices.head(MATRICES), titles, looks))
        if len(at_slider) > MATRICES:
            st.caption(
                f"The first {MATRICES} of {len(at_slider):,} confusion matrices: select fewer runs to see others."
            )
    return found


def choices() -> None:
    """Draw what the cards are set to."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.segmented_control(
            "Steps", STEPS, default=STEPS[0], key="pr_steps", bind="query-params", required=True,
            help=f"One curve of each run, or {SPREAD} of them, from old and faint to new.",
        )  # fmt: skip
        st.segmented_control("Axes", AXES, default=AXES[0], key="pr_axes", bind="query-params", required=True)
        st.slider(
            "Threshold", 0.0, 1.0, 0.5, 0.005, format="%.3f", key="pr_threshold", bind="query-params", width=230,
            help="What scores at least this much counts as positive. Diamonds on the curves mark it.",
        )  # fmt: skip
        st.toggle("Confusion matrices", True, key="pr_matrices", bind="query-params")


@st.fragment
def at_steps(view: ui.View, shown: Tags, labels: dict[str, dict[str, str]]) -> None:
    """Draw the curves at the steps looked at; what the visitor moves runs only this again."""
    at = position()
    choices()
    above = st.container()
    pages = -(-len(shown) // PER_PAGE)
    page = st.pagination(pages, key="pr_page", bind="query-params") if pages > 1 else 1
    names = list(shown)[(page - 1) * PER_PAGE : page * PER_PAGE]
    found: list[pr_curves.Curve] = []
    for place in _cells(len(names)):
        name = names[place]
        found += card(view, name, shown[name], labels[name], at)
    if found:
        numbers(found)
    with above:
        sliders(view, [one for tags in shown.values() for some in tags.values() for one in some], at)


def _cells(count: int) -> Iterator[int]:
    """Yield the number of each card inside its cell of a grid."""
    cells = st.grid(3, min_column_width=CARD, gap="small")
    for number in range(count):
        with cells.container(border=True):
            yield number


def numbers(found: list[pr_curves.Curve]) -> None:
    """Draw the numbers of the curves shown, and let them be downloaded."""
    st.subheader("Numbers", anchor="numbers")
    table = pr_curves.table(found)
    four = st.column_config.NumberColumn
    st.dataframe(
        table.drop(columns=["wall_time"]),
        key="pr_numbers",
        hide_index=True,
        placeholder="",
        column_config={
            "run": st.column_config.TextColumn("Run", pinned=True),
            "tag": st.column_config.TextColumn("Tag"),
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
        ],
    )


@st.cache_resource(show_spinner=False, max_entries=8)
def known(_spec: str) -> dict[tuple[str, str], pr_curves.Summaries]:
    """Return the numbers that were worked out of the logs of one logdir so far, by run and tag."""
    return {}


@st.fragment
def over_steps(view: ui.View, by_tag: dict[str, list[Series]]) -> None:
    """Draw the numbers of all steps as curves; only those of cards that are seen are worked out."""
    tags = [tag for some in grouped(by_tag).values() for tag in some]
    names = {f"{name}/{tag}": (name, tag) for name in pr_curves.STATISTICS for tag in tags}
    layout = grid.layout(view, {name: [f"{name}/{tag}" for tag in tags] for name in pr_curves.STATISTICS})
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
    grid.remember(lines(layout.view([one.spec for one in made]), tables, key=grid.KEY))
    problems = sum(len(kept[one.run, one.tag].problems) for one in wanted)
    if problems:
        st.caption(f":orange[Values that are no PR curves, left out: {problems:,}]")


view = ui.view()
if not view.holds("pr_curves"):
    ui.no_data("pr_curves", "PR curves")
    st.stop()

by_tag: dict[str, list[Series]] = {}
for series in view.series("pr_curves"):
    by_tag.setdefault(series.tag, []).append(series)
if not by_tag:
    ui.nothing_selected("PR curves")
    st.stop()

together = pr_curves.by_class(by_tag)
with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
    chosen = st.segmented_control(
        "View", VIEWS, default=VIEWS[0], key="pr_view", bind="query-params", required=True, label_visibility="collapsed"
    )
    if len(together) < len(by_tag) and chosen != VIEWS[2]:
        merged = st.toggle("Classes in one chart", key="pr_classes", bind="query-params", help="Tags that differ only in the number of a class at their end.")  # fmt: skip
    else:
        merged = False
if chosen == VIEWS[2]:
    over_steps(view, by_tag)
else:
    ordered = [tag for some in grouped(by_tag).values() for tag in some]
    places = {tag: place for place, tag in enumerate(ordered)}
    labels = (
        dict(sorted(together.items(), key=lambda named: places[next(iter(named[1]))]))
        if merged
        else {tag: {tag: ""} for tag in ordered}
    )
    at_steps(view, {name: {tag: by_tag[tag] for tag in tags} for name, tags in labels.items()}, labels)
