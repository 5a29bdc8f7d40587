"""HParams: which choice made the difference."""

import dataclasses
from dataclasses import dataclass

import streamlit as st

from pages.parts import hparams_matters, hparams_parallel, hparams_scatter, hparams_tradeoffs
from pages.parts import hparams_rows as parts
from pages.parts import sheet as table_parts
from pages.parts.hparams_rows import KEY, Sweep
from tbcore import ui
from tbcore.analysis import hparams
from tbcore.analysis.measures import Measure
from tbcore.analysis.sheets import Column, Sheet
from tbcore.series import Series
from tbcore.ui import bound, brushes
from tbcore.ui import sheet as table
from tbcore.ui.tables import KEYS

LOOKS = {
    "table": "Table",
    "parallel": "Parallel coordinates",
    "scatter": "Scatter",
    "matters": "What matters",
    "tradeoffs": "Trade-offs",
}
CHARTS = {
    "parallel": hparams_parallel.parallel_coordinates,
    "scatter": hparams_scatter.scatter_plots,
    "matters": hparams_matters.what_matters,
}
AVERAGES = ("mean", "median", "min", "max")
FIRST_METRICS = 2  # that stand before the hyperparameters
CHOICES = (("last", 0, "Last"), ("min", 0, "Min"), ("max", 0, "Max"), ("mean", 10, "Mean of last 10"))
# What names metrics whose values charts need; the table's columns do so as well.
ASKED = (
    hparams_parallel.AXES, hparams_parallel.COLOR, hparams_scatter.X, hparams_scatter.Y, "hp_y2", hparams_scatter.Z,
    hparams_scatter.COLOR, hparams_scatter.ACROSS, hparams_scatter.DOWN, hparams_matters.TARGET,
    hparams_tradeoffs.METRICS, hparams_tradeoffs.TARGET, "hp_front_dots",
)  # fmt: skip


@dataclass(frozen=True)
class Switches:
    """What the switches of the page are set to. value: which number of a metric counts, of no metric in particular."""

    names: bool
    selected: bool
    grouped: bool
    average: hparams.Average
    value: Measure


# What the logs hold --------------------------------------------------------------------------------------------------


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs=KEYS)
def experiment(view: ui.View, names: bool) -> hparams.Experiment:
    """Return the sessions of all runs. names: whether hyperparameters are read from the names of runs as well."""
    return hparams.experiment(view.runs, names=names)


@st.cache_resource(show_spinner=False, max_entries=8, hash_funcs=KEYS)
def session_sheet(
    view: ui.View,
    names: bool,
    runs: tuple[str, ...] | None,
    keys: tuple[str, ...],
    grouped: bool,
    average: hparams.Average,
) -> Sheet:
    """Return the table of sessions. runs: those that take part, None for all; keys: of the metrics."""
    found = experiment(view, names)
    if runs is not None:
        among = set(runs)
        found = dataclasses.replace(found, sessions=tuple(one for one in found.sessions if one.run in among))
    by_name = {run.name: run.series for run in view.runs}

    def lookup(run: str, tag: str) -> Series | None:
        return by_name[run].get(("scalars", tag)) if run in by_name else None

    return hparams.sheet(found, lookup, parts.measures_of(keys), grouped=grouped, average=average)


def sweep_of(view: ui.View, chosen: Switches) -> Sweep:
    """Return the rows of the page."""
    found = experiment(view, chosen.names)
    state = table.sheet_state(KEY)
    metrics = [valued(measure, chosen.value) for measure in hparams.usual_measures(found)]
    offered = offers(view, chosen.names, chosen.value)
    wanted = [*metrics, *(state.columns or ()), *(one.key for one in state.filters), *parts.asked(ASKED)]
    keys = tuple(dict.fromkeys(key for key in wanted if parts.measures_of([key])))
    runs = tuple(run.name for run in view.selected) if chosen.selected else None
    whole = session_sheet(view, chosen.names, runs, keys, chosen.grouped, chosen.average)
    whole = table_parts.judged(whole, state)
    sheet, listed = parts.narrowed(whole, state)
    sweep = Sweep(view, found, whole, sheet, listed, (), offered)
    hyper = sweep.differing or tuple(column.key for column in whole.of("hparam"))
    # What was chosen is to be seen beside what came of it, without scrolling.
    first, last = metrics[:FIRST_METRICS], metrics[FIRST_METRICS : parts.METRICS]
    usual = ("about:trials", *first, *hyper[: parts.AT_FIRST], *last, "about:status", "about:start", "about:duration")
    return dataclasses.replace(sweep, usual=tuple(key for key in usual if says_something(whole, key)))


def valued(measure: Measure, value: Measure) -> str:
    """Return the key of a metric's column, with the number of it that counts."""
    return f"m:{Measure(measure.tag, measure.group, value.how, value.number, value.other).spelled}"


def says_something(sheet: Sheet, key: str) -> bool:
    """Return whether a column is there and has cells."""
    return key in sheet.cells and not bool(sheet.cells[key].missing.all())


@st.cache_resource(show_spinner=False, max_entries=8, hash_funcs={**KEYS, Measure: lambda one: one.spelled})
def offers(view: ui.View, names: bool, value: Measure) -> tuple[Column, ...]:
    """Return the columns of all metrics."""
    found = experiment(view, names)
    return tuple(
        hparams.metric_column(Measure(one.tag, one.group, value.how, value.number, value.other), found)
        for one in found.metrics
    )


# Switches ------------------------------------------------------------------------------------------------------------


def switches(view: ui.View) -> Switches:
    """Draw the switches."""
    names = bool(st.session_state.get("names", st.query_params.get("names") == "true"))
    found = experiment(view, names)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        value = value_choice(found)
        grouped, average = False, "mean"
        if any(session.group != session.run for session in found.sessions):
            grouped = st.toggle(
                "Groups", key="hp_grouped", bind="query-params",
                help="A row for the sessions that belong together, with the average of their metrics.",
            )  # fmt: skip
            if grouped:
                average = bound.select("Average", AVERAGES, str.capitalize, key="hp_average", width=110)
        names = st.toggle(
            "Hyperparameters from names", key="names", bind="query-params",
            help="Read what names such as lr=0.1,bs=32 say, where nothing else does.",
        )  # fmt: skip
        selected = st.toggle(
            "Only selected runs", key="selected", bind="query-params", help="Those of the sidebar, not all."
        )
    if st.session_state.setdefault("hp_value_was", value) != value:
        parts.revalue(ASKED, offers(view, names, value))
        st.session_state["hp_value_was"] = value
    return Switches(names, selected, grouped, average, value)


def value_choice(found: hparams.Experiment) -> Measure:
    """Draw the choice of which number of a metric counts."""
    how = bound.select("Value of a metric", list(parts.HOWS), parts.HOWS.__getitem__, key="hp_value", width=210)
    number, other = 0, ""
    if how == "mean":
        number = int(st.number_input("Values", 1, 1_000_000, 10, key="hp_last", bind="query-params", width=120))
    elif how == "at":
        number = int(st.number_input("Step", value=0, key="hp_step", bind="query-params", width=140))
    elif how.startswith("where"):
        measures = [Measure(one.tag, one.group) for one in found.metrics]
        titles = parts.distinct([hparams.metric_column(measure, found) for measure in measures])
        spelled = {measure.spelled: titles[f"m:{measure.spelled}"] for measure in measures}
        if spelled:
            end = how.removeprefix("where_")
            good = [measure.spelled for measure in measures if hparams.metric_column(measure, found).better == end]
            other = bound.select(
                "Metric that decides", list(spelled), spelled.__getitem__, key="hp_where", usual=next(iter(good), ""),
                width=220,
            )  # fmt: skip
        else:
            how = "last"
    return Measure("", "", how, number, other)


# The page ------------------------------------------------------------------------------------------------------------


@st.fragment
def page(view: ui.View, chosen: Switches) -> None:
    """Draw a chart and the table of the rows that pass; what the visitor changes runs only this again."""
    look = bound.segments("View", LOOKS, key="hp_look", label_visibility="collapsed")
    sweep = sweep_of(view, chosen)
    if not len(sweep.whole):
        st.markdown("No session belongs to the runs that are selected in the sidebar.")
        return
    for problem in list(dict.fromkeys(sweep.found.problems))[:5]:
        st.caption(f":orange[{ui.plain(problem)}]")
    if look != "table" and len(sweep.whole) == 1:
        st.markdown("One session: there is nothing to compare it with yet.")
    elif look == "tradeoffs":
        sweep = hparams_tradeoffs.trade_offs(sweep)
    elif look in CHARTS:
        CHARTS[look](sweep)
    parts.chips(sweep)
    brushes.remember(parts.BRUSH)
    rows_table(sweep, chosen, height=560 if look == "table" else 400)


def rows_table(sweep: Sweep, chosen: Switches, height: int) -> None:
    """Draw the table of the rows that pass."""
    by_name = {run.name: run.series for run in sweep.view.runs}
    members = {session.run: session.runs for session in sweep.found.sessions}
    measures = {column.key: Measure.of(column.key[2:]) for column in sweep.listed.of("metric")}

    def curve(measure: Measure) -> table_parts.Spark:
        def of_row(row: int) -> object:
            runs = sweep.listed.runs[row]
            session = runs[0]
            if len(runs) != len(members.get(session, ())):
                return None
            run = f"{session}/{measure.group}" if measure.group else session
            return table_parts.spark(by_name.get(run, {}).get(("scalars", measure.tag)))

        return of_row

    front = [column.key for column in sweep.listed.columns if column.key == hparams_tradeoffs.FRONT.key]
    table_parts.draw(
        sweep.view,
        sweep.listed,
        whole=sweep.whole,
        key=KEY,
        usual=(*front, *sweep.usual),
        offered=sweep.offered,
        choices={key: others(measure) for key, measure in measures.items() if measure is not None},
        sparks={key: curve(measure) for key, measure in measures.items() if measure is not None},
        name="hparams",
        rows="groups" if chosen.grouped else "sessions",
        height=height,
        alone=False,
    )


def others(measure: Measure) -> list[tuple[str, str]]:
    """Return the other numbers of a metric that a column can show instead."""
    return [(words, f"m:{Measure(measure.tag, measure.group, how, number).spelled}") for how, number, words in CHOICES]


def nothing_logged(view: ui.View) -> None:
    """Say how hyperparameters get into the logs, and where else they are read from."""
    ui.no_data("hparams", "hyperparameters")
    st.markdown(
        "They are also read from `hparams.yaml`, `config.json`, `args.json` and the like beside the event files."
    )
    parsed = sum(bool(hparams.values_of_name(run.name)) for run in view.runs)
    if parsed:
        one = "The name of one run says" if parsed == 1 else f"The names of {parsed:,} runs say"
        st.markdown(f"{one} something like `lr=0.1,bs=32`.")
        st.button("Read hyperparameters from names", on_click=_read_names)


def _read_names() -> None:
    st.session_state["names"] = True


view = ui.view()
by_name = bool(st.session_state.get("names", st.query_params.get("names") == "true"))
if not experiment(view, by_name).hparams:
    nothing_logged(view)
    st.stop()
ui.folding(view)
page(view, switches(view))
