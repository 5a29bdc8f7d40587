"""Text: what was written at a step, run beside run; every step of a tag; a search through all of them; two compared."""

import json
from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.parts.sliders import sliders
from tbcore import ui
from tbcore.analysis import text as texts
from tbcore.analysis.steps import index_at, moments
from tbcore.charts import theme
from tbcore.errors import FormatError, PatternError
from tbcore.names import grouped, title_of
from tbcore.series import Blob, Series
from tbcore.ui.components import text as component
from tbcore.ui.components.stepper import Position, look_at, position
from tbcore.ui.tables import downloads

LOOKS = ("At a step", "All steps", "Search", "Compare")
FORMS = ("Markdown", "Raw")
LAYOUTS = ("Side by side", "Unified")
PER_PAGE = 6  # cards
ENTRIES = 20  # of a list of steps
RUNS = 24  # of one card
LARGEST = 16 << 20  # bytes of one text that is handed to a browser whole
EXPORTED = 64 << 20  # bytes of all texts that are handed to a browser whole
_HTML = 400_000  # characters of HTML that one text may become
_FOUND = "text_found"
_FOCUS = "text_focus"
_JUMPED = "text_jumped"
_TURN = "text_turn"
_PAGE = "text_pages"
_EXACT = 2**53 - 1

Tags = dict[str, list[Series]]


@st.cache_data(
    show_spinner=False, max_entries=1_000, hash_funcs={Blob: lambda blob: (blob.path, blob.offset, blob.length)}
)
def shown(blob: Blob, plugin: str, which: int, rendered: bool) -> dict[str, Any]:
    """Return the cells of a value and what is to be said of them."""
    try:
        found = texts.table(texts.held(blob, plugin), which)
    except FormatError as error:
        return {
            "error": f"This value cannot be shown: {error}.",
            "cells": [],
            "notes": [],
            "single": False,
            "slices": 1,
        }
    notes = list(found.notes)
    if found.rank > 2:
        notes.append(f"a tensor of rank {found.rank}: slice {found.which + 1:,} of {found.slices:,} is shown")
    lines = []
    for line in found.cells:
        cells = []
        for cell in line:
            cells.append(_cell(cell.text, rendered))
            notes += cell.notes
            if cell.more:
                notes.append(f"{cell.more:,} more characters: only the beginning is shown")
            if rendered and "html" not in cells[-1]:
                notes.append("shown raw: as HTML it would be too large")
        lines.append(cells)
    if not any(cells for cells in lines):
        notes.append("an empty list")
    elif all(not cell.text and not cell.more for line in found.cells for cell in line):
        notes.append("an empty text")
    return {
        "error": "",
        "cells": lines,
        "notes": [f"{note[0].upper()}{note[1:]}." for note in dict.fromkeys(notes)][:12],
        "single": found.single,
        "slices": found.slices,
        "which": found.which,
        "at": list(found.at),
    }


def _cell(text: str, rendered: bool) -> dict[str, str]:
    if rendered and len(html := texts.markdown(text)) <= _HTML:
        return {"html": html}
    return {"text": text.replace("\0", "\\0")}


def entry(view: ui.View, series: Series, index: int, which: int, rendered: bool) -> dict[str, Any]:
    """Return what is shown of one point."""
    blob = series.blob(index)
    step = int(series.steps[index])
    made = shown(blob, series.plugin, which, rendered)
    name = "".join(
        sign if sign.isalnum() or sign in "-_." else "_" for sign in f"{series.run}_{texts.title(series.tag)}"
    )
    too_large = [f"{theme.size(blob.length)}: the command line exports it whole."] if blob.length > LARGEST else []
    offered = not made["error"] and not too_large
    return {
        **made,
        "notes": made["notes"] + too_large,
        "id": json.dumps([series.run, series.tag, index]),
        "run": series.run,
        "color": view.color(series.run),
        "step": step,
        "wall": ui.finite(float(series.wall_times[index])),
        "earlier": bool(series.superseded[index]),
        "file": f"{name[-100:]}_{step}.{'txt' if made['single'] else 'json'}" if offered else "",
    }


def card(
    tag: str, group: str, some: list[Series], entries: list[dict[str, Any]], more: str, *, listed: bool = False
) -> dict[str, Any]:
    """Return the card of one tag."""
    most = max(entries, key=lambda one: int(one["slices"]), default={"slices": 1})
    return {
        "tag": tag,
        "title": texts.title(tag if listed else title_of(tag)),
        "group": group,
        "description": next((one.description for one in some if one.description), ""),
        "entries": entries,
        "slices": most["slices"],
        "which": most.get("which", 0),
        "at": most.get("at", []),
        "list": listed,
        "more": more,
    }


def given(by_tag: Tags) -> dict[str, bytes]:
    """Return the text that a browser asked for just now, as it was logged, or as JSON when it is a list or a table."""
    asked = component.wanted()
    for some in by_tag.values():
        for one in some:
            prefix = json.dumps([one.run, one.tag])[:-1]
            if not asked.startswith(f"save:{prefix}, "):
                continue
            digits = asked.removeprefix(f"save:{prefix}, ").removesuffix("]")
            index = int(digits) if digits.isdigit() else len(one)
            if index < len(one) and one.blob(index).length <= LARGEST:
                return {asked: texts.file(one, index)}
    return {}


def draw(view: dict[str, Any], by_tag: Tags) -> None:
    """Draw the component with what a page looks at."""
    component.text({"focus": "", **view}, given(by_tag), on_jump=jump)


def offer(shown_rows: Callable[[], list[dict[str, Any]]], by_tag: Tags) -> None:
    """Offer what is shown, and all of it, as JSON."""
    every = [one for some in by_tag.values() for one in some]
    size = sum(texts.size(one) for one in every)
    with st.container(horizontal=True, vertical_alignment="center"):
        downloads("texts_shown", [("Texts shown as JSON", "json", lambda: _json(shown_rows()))])
        if size <= EXPORTED:
            downloads(
                "texts",
                [("All steps as JSON", "json", lambda: _json([row for one in every for row in texts.rows(one)]))],
            )
        else:
            st.caption(f"All steps are {theme.size(size)}: `python -m tbcore export LOGDIR --kind text` writes them.")


def _json(rows: list[dict[str, Any]]) -> bytes:
    return json.dumps(rows, ensure_ascii=False, indent=1).encode("utf-8", "replace")


# At a step -------------------------------------------------------------------------------------------------------------


def at_a_step(view: ui.View, by_tag: Tags, rendered: bool) -> None:
    """Draw the texts at the slider: a card per tag, run beside run."""
    at = position()
    above, here = st.container(), st.container()
    groups = grouped(by_tag)
    tags = [(group, tag) for group, some in groups.items() for tag in some]
    pages = -(-len(tags) // PER_PAGE)
    turn = st.session_state.pop(_TURN, None)
    place = next((at for at, (_group, tag) in enumerate(tags) if tag == turn), None)
    page = turned(pages, None if place is None else place // PER_PAGE + 1)
    chosen = component.slices()
    cards = []
    looked: list[tuple[Series, int]] = []
    for group, tag in tags[(page - 1) * PER_PAGE : page * PER_PAGE]:
        points, more = points_at(by_tag[tag], at)
        looked += points
        entries = [entry(view, one, index, chosen.get(tag, 0), rendered) for one, index in points]
        cards.append(card(tag, group, by_tag[tag], entries, more))
    with here:
        draw({"cards": cards, "grouped": any(groups), "focus": st.session_state.get(_FOCUS, "")}, by_tag)
    offer(lambda: [texts.row(one, index) for one, index in looked], by_tag)
    with above:
        sliders(view, [one for some in by_tag.values() for one in some], at)


def turned(pages: int, to: int | None) -> int:
    """Draw the choice of a page of cards and return it. to: the page to go to, None to stay."""
    said = st.query_params.get("text_page", "")
    number, kept = st.session_state.get(_PAGE, (0, int(said) if said.isdigit() else 1))
    if to is not None:
        # A new widget: one that is there already cannot be told to turn.
        number, kept = number + 1, to
    page = st.pagination(pages, default=min(max(kept, 1), pages), key=f"text_page_{number}") if pages > 1 else 1
    st.session_state[_PAGE] = (number, page)
    ui.put_query({"text_page": str(page) if page > 1 else None})
    return page


def points_at(some: list[Series], at: Position) -> tuple[list[tuple[Series, int]], str]:
    """Return the point of each run at the slider, and what is not shown, in words."""
    placed = [(one, index_at(one, *at.at(one.run), earlier=at.earlier)) for one in some]
    points = [(one, index) for one, index in placed if index is not None]
    more = []
    if len(points) > RUNS:
        more.append(f"{len(points) - RUNS:,} more runs: select fewer in the sidebar to see them.")
    if without := len(placed) - len(points):
        more.append(f"{without:,} {'run has' if without == 1 else 'runs have'} nothing up to this step.")
    return points[:RUNS], " ".join(more)


# All steps -------------------------------------------------------------------------------------------------------------


def all_steps(view: ui.View, by_tag: Tags, rendered: bool) -> None:
    """Draw every value of one tag, the newest first, in pages."""
    some = by_tag[chosen_tag(by_tag)]
    order = texts.newest_first(some)
    pages = -(-len(order) // ENTRIES)
    page = min(st.pagination(pages, key="text_list", bind="query-params") if pages > 1 else 1, max(pages, 1))
    looked = [(some[one], index) for one, index in order[(page - 1) * ENTRIES : page * ENTRIES]]
    tag = some[0].tag
    which = component.slices().get(tag, 0)
    entries = [entry(view, one, index, which, rendered) for one, index in looked]
    first = (page - 1) * ENTRIES
    more = f"{first + 1:,} to {first + len(entries):,} of {len(order):,} values, the newest first." if pages > 1 else ""
    draw({"cards": [card(tag, "", some, entries, more, listed=True)], "grouped": False}, by_tag)
    offer(lambda: [texts.row(one, index) for one, index in looked], by_tag)


def chosen_tag(by_tag: Tags) -> str:
    """Draw the choice of one tag and return it."""
    tags = [tag for some in grouped(by_tag).values() for tag in some]
    if len(tags) == 1:
        return tags[0]
    return str(st.selectbox("Tag", tags, key="text_tag", bind="query-params"))


# Search ----------------------------------------------------------------------------------------------------------------


def searched(view: ui.View, by_tag: Tags) -> None:
    """Draw the search box and what was found in all steps of all runs."""
    pattern = st.text_input(
        "Search (regex)",
        key="find",
        bind="query-params",
        placeholder="Search all steps of all selected runs (regex)",
        label_visibility="collapsed",
        type="search",
    )
    if not pattern:
        st.caption("A regular expression, upper and lower case alike: what it is found in is listed with step and run.")
        return
    every = [one for some in by_tag.values() for one in some]
    try:
        found = result(view, every, pattern)
    except PatternError as error:
        st.caption(f":red[Not a regular expression: {ui.plain(str(error).split(': ', 1)[-1])}]")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(ui.plain(texts.summary(found)))
        if st.session_state[_FOUND][2] != view.generation and st.button(
            "Search again", help="The logs have grown since.", type="tertiary", icon=":material/refresh:"
        ):
            del st.session_state[_FOUND]
            st.rerun(scope="fragment")
    hits = [
        {
            "run": hit.run,
            "color": view.color(hit.run),
            "tag": hit.tag,
            "title": texts.title(hit.tag),
            "step": hit.step,
            "wall": ui.finite(hit.wall_time),
            "cell": hit.cell,
            "text": hit.text,
            "marks": hit.marks,
            "count": hit.count,
            "earlier": hit.earlier,
        }
        for hit in found.hits
    ]
    draw({"hits": hits}, by_tag)
    downloads("text_hits", [("What was found as JSON", "json", lambda: _json(texts.hit_rows(found)))])


def result(view: ui.View, every: list[Series], pattern: str) -> texts.Search:
    """Return what a search found: searched once, and again when other runs or tags are shown."""
    asked = (pattern, view.spec, view.shown, view.tags)
    kept: tuple[Any, texts.Search, int] | None = st.session_state.get(_FOUND)
    if kept is not None and kept[0] == asked:
        return kept[1]
    bar = st.empty()
    found = texts.Search((), 0, 0, 0)
    for found in texts.search(every, pattern):
        if not found.done:
            bar.progress(found.points / max(found.total, 1), f"{found.points:,} of {found.total:,} values searched")
    bar.empty()
    st.session_state[_FOUND] = (asked, found, view.generation)
    return found


def jump() -> None:
    """Go to the step and the tag of the hit that was clicked."""
    number = component.jumped()
    kept: tuple[Any, texts.Search, int] | None = st.session_state.get(_FOUND)
    if number is None or kept is None or number >= len(kept[1].hits):
        return
    hit = kept[1].hits[number]
    look_at(hit.step, hit.nth, earlier=hit.earlier)
    st.session_state["text_look"] = LOOKS[0]
    st.session_state[_JUMPED] = True
    st.session_state[_FOCUS] = json.dumps([hit.tag, hit.run, hit.step, number])
    st.session_state[_TURN] = hit.tag


# Compare ---------------------------------------------------------------------------------------------------------------


def compared(by_tag: Tags) -> None:
    """Draw the choice of two values of a tag, and how they differ."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        some = by_tag[chosen_tag(by_tag)]
        layout = st.segmented_control(
            "Layout", LAYOUTS, default=LAYOUTS[0], key="text_layout", bind="query-params", required=True
        )
    runs = {one.run: one for one in some}
    names = list(runs)
    first, second = texts.usual_pair(some)
    sides = []
    for column, side, usual in zip(st.columns(2), "ab", (first, second), strict=True):
        with column:
            picked = _pick(side, runs, names, *usual)
        sides.append(picked)
    left, right = sides
    if left is None or right is None:
        st.markdown("Nothing is logged up to the step of one of the two.")
        return
    try:
        found, notes = texts.compared(*left, *right)
    except FormatError as error:
        st.markdown(f"One of the two cannot be shown: {ui.plain(str(error))}.")
        return
    said = "They are the same." if not found.added and not found.removed else (
        f"{found.added:,} {'line' if found.added == 1 else 'lines'} added, "
        f"{found.removed:,} removed; words that differ are underlined or struck through."
    )  # fmt: skip
    st.caption(ui.plain(" ".join([said, *notes])))
    titles = [f"{one.run}, step {int(one.steps[index]):,}" for one, index in (left, right)]
    lines = [
        {"kind": line.kind, "left": line.left, "right": line.right, "before": line.before, "after": line.after, "count": line.count}
        for line in found.lines
    ]  # fmt: skip
    draw(
        {"difference": {"lines": lines, "sides": layout == LAYOUTS[0], "left": titles[0], "right": titles[1]}},
        by_tag,
    )
    offer(lambda: [texts.row(*left), texts.row(*right)], by_tag)


def _pick(side: str, runs: dict[str, Series], names: list[str], run: str, step: int) -> tuple[Series, int] | None:
    """Draw the choice of one side and return the point it means."""
    chosen_run, chosen_step = st.columns([3, 2])
    name = chosen_run.selectbox(
        f"{side.upper()}: run", names, index=names.index(run), key=f"{side}_run", bind="query-params"
    )
    bound = min(max(step, -_EXACT), _EXACT)
    wanted = chosen_step.number_input(
        "Step", min_value=-_EXACT, max_value=_EXACT, value=bound, key=f"{side}_step", bind="query-params",
        help="The latest value at this step or before.",
    )  # fmt: skip
    one = runs[name]
    index = index_at(one, int(wanted), len(one), earlier=False)
    found = None if index is None else (one, index)
    steps = moments([one])
    here = "no value yet" if index is None else f"step {int(one.steps[index]):,}"
    chosen_run.caption(f"Shown: {here}; {len(steps):,} in all")
    return found


# The tab ---------------------------------------------------------------------------------------------------------------


@st.fragment
def looks(view: ui.View, by_tag: Tags) -> None:
    """Draw the choice of what is looked at, and that; what the visitor changes runs only this again."""
    with st.container(horizontal=True, vertical_alignment="center"):
        look = st.segmented_control(
            "Look at", LOOKS, default=None if st.session_state.pop(_JUMPED, False) else LOOKS[0], key="text_look", bind="query-params", required=True,
            label_visibility="collapsed",
        )  # fmt: skip
        look = look or LOOKS[0]
        form = FORMS[0]
        if look in LOOKS[:2]:
            form = st.segmented_control(
                "Form", FORMS, default=FORMS[0], key="text_form", bind="query-params", required=True,
                label_visibility="collapsed",
            )  # fmt: skip
    if look != LOOKS[0]:
        st.session_state.pop(_FOCUS, None)
    if look == LOOKS[2]:
        searched(view, by_tag)
    elif look == LOOKS[3]:
        compared(by_tag)
    else:
        (at_a_step if look == LOOKS[0] else all_steps)(view, by_tag, form == FORMS[0])


def text(view: ui.View) -> None:
    """Draw the Text tab."""
    if not view.holds("text"):
        ui.no_data("text", "text")
        return
    by_tag: Tags = {}
    for series in view.series("text"):
        by_tag.setdefault(series.tag, []).append(series)
    if by_tag:
        looks(view, by_tag)
    else:
        ui.nothing_selected("text")
