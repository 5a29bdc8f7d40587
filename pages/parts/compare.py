"""Two to five runs beside each other: what was chosen, what came of it, their curves, and what they say in words."""

import dataclasses
from collections.abc import Callable, Sequence

import streamlit as st

from pages.parts import text as texts_page
from pages.parts.curves import cards
from tbcore import ui
from tbcore.analysis import compare
from tbcore.analysis import text as texts
from tbcore.analysis.inspect import Logged
from tbcore.analysis.measures import How, Measure
from tbcore.analysis.sheets import Column, Sheet, Value, word
from tbcore.charts import theme
from tbcore.errors import FormatError
from tbcore.names import grouped, matcher
from tbcore.series import Series
from tbcore.ui.components import text as text_component
from tbcore.ui.components.compare import Cell, Line
from tbcore.ui.components.compare import compare as table
from tbcore.ui.tables import downloads

LEAST, MOST = 2, 5
KEY = "compare"
SAID = "compare_said"
CURVES = "compare_lines"
HOWS: dict[str, How] = {"Last": "last", "Min": "min", "Max": "max"}  # words, as the address spells them, too
ABOUT = (
    "about:state", "about:start", "about:duration", "about:steps", "about:rate", "about:points", "about:bytes",
    "about:kinds", "about:problems", "about:note",
)  # fmt: skip
_WORDS = 400  # signs of a text in a cell
_MANY = 10  # times the baseline, from where on a percentage says less

SheetOf = Callable[[Sequence[Logged], Sequence[Measure]], Sheet]


def chosen(view: ui.View, ticked: Callable[[], Sequence[str]]) -> list[str]:
    """Draw the choice of the runs that are compared, and return them, the baseline first; none while there are too few.

    ticked: returns the names of the rows that are ticked in the table.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = st.multiselect(
            "Compare runs",
            [run.name for run in view.runs],
            key=KEY,
            bind="query-params",
            max_selections=MOST,
            placeholder=f"Choose {LEAST} to {MOST} runs; the first is what the others are held against",
            label_visibility="collapsed",
            width="stretch",
        )
        st.button(
            "Compare ticked runs",
            icon=":material/compare_arrows:",
            on_click=_choose,
            args=(view, ticked),
            help=f"The {LEAST} to {MOST} runs that are ticked in the table.",
        )
    said = st.session_state.pop(SAID, "")
    if said:
        st.caption(f":orange[{said}]")
    elif len(names) == 1:
        st.caption("Choose another run to hold against it.")
    elif not names:
        st.caption(f"Tick {LEAST} to {MOST} runs in the table and press the button, or choose them here.")
    return list(names) if len(names) >= LEAST else []


def _choose(view: ui.View, ticked: Callable[[], Sequence[str]]) -> None:
    """Compare the ticked runs from the next drawing on, or say why not."""
    known = {run.name for run in view.runs}
    names = [name for name in ticked() if name in known]
    if LEAST <= len(names) <= MOST:
        st.session_state[KEY] = names
        return
    count = "No run is" if not names else "One run is" if len(names) == 1 else f"{len(names):,} runs are"
    st.session_state[SAID] = f"{count} ticked in the table: {LEAST} to {MOST} can be compared."


@st.fragment
def comparison(view: ui.View, names: Sequence[str], sheet_of: SheetOf) -> None:
    """Draw the comparison of some runs; what the visitor changes in it runs only this again.

    sheet_of: returns the row of each of some runs, with some measures of its scalars.
    """
    by_name = {run.name: run for run in view.runs}
    runs = [by_name[name] for name in names if name in by_name]
    passes = matcher(view.tags)
    common, lone = compare.tags(runs)
    common = [tag for tag in common if passes(tag)]
    lone = {tag: some for tag, some in lone.items() if passes(tag)}

    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        how = st.segmented_control(
            "Value of the metrics", list(HOWS), default="Last", key="compare_value", bind="query-params", required=True
        )
        all_rows = st.toggle(
            "What is the same, too", key="same", bind="query-params", help="Rows in which the runs do not differ."
        )
    found = sheet_of(runs, [Measure(tag, how=HOWS[how]) for tag in [*common, *lone]])
    about = [row for row in compare.rows(found, "about") if row.column.key in ABOUT]
    hparams = compare.rows(found, "hparam")
    metrics = compare.rows(found, "metric")

    section(view, runs, "Hyperparameters", hparams, all_rows, ratios=True)
    shared = [row for row in metrics if None not in row.values]
    section(view, runs, "Metrics", shared, all_rows)
    partly = [row for row in metrics if None in row.values]
    if partly:
        with st.expander(f"Metrics that only some of them have: {len(partly):,}", key="compare_partly"):
            table(heads(view, runs), [line(row) for row in partly], key="compare_partly_table")
    curves(view, runs, [*common, *(tag for tag, held in lone.items() if len(held) > 1)])
    section(view, runs, "The runs themselves", about, all_rows)
    everything = {"about": about, "hparams": hparams, "metrics": metrics}
    titles = [run.name for run in runs]
    downloads(
        "comparison",
        [
            ("Comparison as CSV", "csv", lambda: compare.to_csv(titles, everything)),
            ("Comparison as JSON", "json", lambda: compare.to_json(titles, everything, lone)),
        ],
    )
    said(runs)


def section(
    view: ui.View, runs: Sequence[Logged], title: str, rows: list[compare.Row], all_rows: bool, *, ratios: bool = False
) -> None:
    """Draw one table, and how many of its rows are the same; nothing where there are none."""
    if not rows:
        return
    same = sum(row.same for row in rows)
    shown = rows if all_rows else [row for row in rows if not row.same]
    st.markdown(f"**{title}** :small[:gray[{_differing(len(rows), same)}]]")
    if shown:
        lines = [line(row, ratios=ratios) for row in shown]
        table(heads(view, runs), lines, key=f"compare_{title}")


def _differing(count: int, same: int) -> str:
    if same == count:
        return "the one there is is the same" if count == 1 else f"all {count:,} are the same"
    differ = count - same
    return f"{differ:,} {'differs' if differ == 1 else 'differ'}" + (f", {same:,} the same" if same else "")


def heads(view: ui.View, runs: Sequence[Logged]) -> list[dict[str, str]]:
    """Return what stands above the columns."""
    return [{"name": run.name, "color": view.color(run.name)} for run in runs]


def line(row: compare.Row, *, ratios: bool = False) -> Line:
    """Return one row as it is drawn. ratios: how many times the baseline, where it is not by how much more."""
    column = row.column
    cells = []
    for place, value in enumerate(row.values):
        if value is None:
            cells.append(Cell(""))
            continue
        text = spelled(column, value)
        cells.append(
            Cell(
                text,
                whole=word(value) if column.type == "number" else text,
                note=_ratio(row, place) if ratios else _delta(row, place),
                tone=row.verdicts[place],
                strong=place in row.best or (column.role == "hparam" and value != row.values[0]),
            )
        )
    good = {"low": "lower is better", "high": "higher is better"}.get(column.better, "")
    side = "↓" if column.better == "low" else "↑" if column.better == "high" else ""
    about = "\n".join(part for part in (column.about, good) if part)
    return Line(column.title, cells, about, side, column.type not in ("text", "bool"))


def spelled(column: Column, value: Value) -> str:
    """Return a value as it stands in a cell."""
    if isinstance(value, bool | str):
        text = word(value)
        return text if len(text) <= _WORDS else f"{text[:_WORDS]}…"
    if column.type == "time":
        return theme.moment(value, ui.zone())
    if column.type == "duration":
        return theme.duration(value)
    if column.type == "size":
        return theme.size(value)
    return f"{int(value):,}" if column.type == "count" else theme.number(value)


def _ratio(row: compare.Row, place: int) -> str:
    ratio, delta = row.ratios[place], row.deltas[place]
    if not delta:
        return ""
    return _signed(row, delta) if ratio is None or ratio <= 0 else f"× {_three(ratio)}"


def _delta(row: compare.Row, place: int) -> str:
    delta, share, ratio = row.deltas[place], row.shares[place], row.ratios[place]
    if not delta:
        return ""
    if ratio is not None and ratio >= _MANY:
        return f"{_signed(row, delta)} (× {_three(ratio)})"
    return _signed(row, delta) + ("" if share is None else f" ({_sign(share)}{_three(abs(100 * share))}%)")


def _three(value: float) -> str:
    return theme.number(float(f"{value:.3g}"))


def _signed(row: compare.Row, delta: float) -> str:
    return f"{_sign(delta)}{spelled(row.column, abs(delta))}"


def _sign(value: float) -> str:
    return "−" if value < 0 else "+"


def curves(view: ui.View, runs: Sequence[Logged], tags: Sequence[str]) -> None:
    """Draw the curves of some tags, those of the runs one over the other."""
    if not tags:
        return
    by_tag: dict[str, list[Series]] = {
        tag: [run.series["scalars", tag] for run in runs if ("scalars", tag) in run.series] for tag in tags
    }
    names = {run.name for run in runs}
    few = tuple(run for run in view.runs if run.name in names)
    st.markdown("**Curves**")
    cards(dataclasses.replace(view, runs=few, shown=(True,) * len(few)), grouped(tags), by_tag, key=CURVES)


def said(runs: Sequence[Logged]) -> None:
    """Draw how two of the runs differ in what they wrote last under a text tag, or in a configuration file."""
    found = compare.texts(runs)
    if not found:
        return
    same = sum(one.same for one in found)
    st.markdown(f"**Texts and files** :small[:gray[{_differing(len(found), same)}]]")
    differing = _titled([one for one in found if not one.same])
    if not differing:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        one = differing[st.selectbox("Text or file", list(differing), key="compare_text_tag", bind="query-params")]
        (left, before), *held = [
            (run.name, page) for run, page in zip(runs, one.pages, strict=True) if page is not None
        ]
        others = dict(held)
        right = next(iter(others))
        if len(others) > 1:
            right = st.selectbox(f"{left} against", list(others), key="compare_text_run", bind="query-params")
        after = others[right]
    try:
        difference, notes = compare.difference(before, after)
    except FormatError as error:
        st.markdown(f"One of the two cannot be shown: {ui.plain(str(error))}.")
        return
    st.caption(ui.plain(" ".join([texts_page.said(difference), *notes])))
    titles = [f"{left}, {compare.where(before)}", f"{right}, {compare.where(after)}"]
    drawn = texts_page.difference(difference, titles, sides=True)
    text_component.text({"focus": "", "difference": drawn}, {}, key="compare_text", on_jump=_nowhere)


def _titled(found: Sequence[compare.Text]) -> dict[str, compare.Text]:
    """Return the texts by what they are called, each by a name of its own."""
    titled: dict[str, compare.Text] = {}
    for one in found:
        short = one.name if one.is_file else texts.title(one.name)
        titled[short if short not in titled else f"{one.name} ({'file' if one.is_file else 'tag'})"] = one
    return titled


def _nowhere() -> None:
    """Follow no hit: nothing is searched here."""
