"""Text: what was written at a step, run beside run; every step of a tag; a search through all of them; two compared."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from pages.parts.sliders import sliders
from tbcore import ui
from tbcore.analysis import text as texts
from tbcore.analysis.steps import index_at
from tbcore.charts import theme
from tbcore.errors import FormatError, PatternError
from tbcore.names import grouped, title_of
from tbcore.series import Blob, Series
from tbcore.ui import groups as folded
from tbcore.ui.components import text as component
from tbcore.ui.components.stepper import Position, look_at, position
from tbcore.ui.tables import downloads

LOOKS = ("At a step", "All steps", "Search", "Compare")
LAYOUTS = ("Side by side", "Unified")
ENTRIES = 20  # of a list of steps
LARGEST = 16 << 20  # bytes of one text that is handed to a browser whole
EXPORTED = 64 << 20  # bytes of all texts that are handed to a browser whole
_HTML = 400_000  # characters of HTML that one text may become
_FOUND = "text_found"
_FOCUS = "text_focus"
_JUMPED = "text_jumped"
_TURN = "text_turn"
_EXACT = 2**53 - 1

Tags = dict[str, list[Series]]


def forget() -> None:
    """Take what belongs to texts out of the address: another tab is shown."""
    folded.forget("text")


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
    if found.slices > 1:
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
                notes.append("shown raw: as Markdown it is too large or too deep")
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
    if rendered and (html := texts.markdown(text)) is not None and len(html) <= _HTML:
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
    tag: str,
    some: list[Series],
    entries: list[dict[str, Any]],
    more: str,
    *,
    listed: bool = False,
    seen: tuple[int, int] = (0, 1),
) -> dict[str, Any]:
    """Return the card of one tag. seen: which part of its runs, of how many."""
    most = max(entries, key=lambda one: int(one["slices"]), default={"slices": 1})
    said = next((one.display_name for one in some if one.display_name != tag), "")
    return {
        "tag": tag,
        "title": said or texts.title(tag if listed else title_of(tag)),
        "description": next((one.description for one in some if one.description), ""),
        "entries": entries,
        "slices": most["slices"],
        "which": most.get("which", 0),
        "at": most.get("at", []),
        "list": listed,
        "more": more,
        "runs": len(some),
        "part": seen[0],
        "parts": seen[1],
        "each": folded.TILES,
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
    if not every:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        downloads("texts_shown", [("Texts shown as JSON", "json", lambda: _json(shown_rows()))], width="content")
        if size <= EXPORTED:
            downloads(
                "texts",
                [("All steps as JSON", "json", lambda: _json([row for one in every for row in texts.rows(one)]))],
                width="content",
            )
        else:
            st.caption(f"All steps are {theme.size(size)}: `python -m tbcore export LOGDIR --kind text` writes them.")


def _json(rows: list[dict[str, Any]]) -> bytes:
    return json.dumps(rows, ensure_ascii=False, indent=1).encode("utf-8", "replace")


# At a step -------------------------------------------------------------------------------------------------------------


def at_a_step(view: ui.View, by_tag: Tags, rendered: bool) -> None:
    """Draw the texts at the slider: a card per tag in groups, run beside run."""
    at = position()
    above, here = st.container(), st.container()
    groups = grouped(by_tag)
    counts = {tag: len(some) for tag, some in by_tag.items()}
    tag, run = st.session_state.pop(_TURN, ("", ""))
    if tag in by_tag:
        place = next((place for place, one in enumerate(by_tag[tag]) if one.run == run), 0)
        folded.turn_to("text", groups, counts, component.layout(), tag, place)
    seen = folded.layout("text", groups, counts, component.layout())
    chosen = component.slices()
    cards = []
    looked: list[tuple[Series, int]] = []
    for tag in seen.visible:
        first, last, parts = seen.runs(tag, len(by_tag[tag]))
        points, more = points_at(by_tag[tag][first:last], at)
        looked += points
        entries = [entry(view, one, index, chosen.get(tag, 0), rendered) for one, index in points]
        cards.append(card(tag, by_tag[tag], entries, more, seen=(first // folded.TILES, parts)))
    with here:
        draw({**seen.about, "cards": cards, "focus": focus(looked)}, by_tag)
    folded.remember("text", seen)
    offer(lambda: [texts.row(one, index) for one, index in looked], by_tag)
    with above:
        sliders(view, [one for tag in seen.visible for one in by_tag[tag]], at)


def focus(looked: list[tuple[Series, int]]) -> str:
    """Return which of the texts shown a hit of the search has led to, and what was found, "" for none."""
    kept: tuple[str, str, int, int, str] | None = st.session_state.get(_FOCUS)
    if kept is None:
        return ""
    tag, run, step, number, words = kept
    shown_here = any((one.tag, one.run, int(one.steps[index])) == (tag, run, step) for one, index in looked)
    return json.dumps([tag, run, number, words]) if shown_here else ""


def points_at(some: list[Series], at: Position) -> tuple[list[tuple[Series, int]], str]:
    """Return the point of each run at the slider, and which have none, in words."""
    placed = [(one, index_at(one, *at.at(one.run), earlier=at.earlier)) for one in some]
    points = [(one, index) for one, index in placed if index is not None]
    without = len(placed) - len(points)
    return (
        points,
        f"{without:,} {'run has' if without == 1 else 'runs have'} nothing up to this step." if without else "",
    )


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
    draw({"cards": [card(tag, some, entries, more, listed=True)]}, by_tag)
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
    low, high = hit.marks[0] if hit.marks else (0, 0)
    st.session_state[_FOCUS] = (hit.tag, hit.run, hit.step, number, hit.text[low:high])
    st.session_state[_TURN] = (hit.tag, hit.run)


# Compare ---------------------------------------------------------------------------------------------------------------


def compared(by_tag: Tags) -> None:
    """Draw the choice of two values of a tag, and how they differ."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        some = by_tag[chosen_tag(by_tag)]
        layout = st.segmented_control(
            "Layout", LAYOUTS, default=LAYOUTS[0], key="text_layout", bind="query-params", required=True
        )
    runs = {one.run: one for one in some}
    sides = []
    for column, side, usual in zip(st.columns(2), "ab", texts.usual_pair(some), strict=True):
        with column:
            sides.append(_pick(side, runs, *usual))
    left, right = sides
    if left is None or right is None:
        st.markdown("Nothing is logged up to the step of one of the two.")
        return
    try:
        found, notes = texts.compared(*left, *right)
    except FormatError as error:
        st.markdown(f"One of the two cannot be shown: {ui.plain(str(error))}.")
        return
    st.caption(ui.plain(" ".join([said(found), *notes])))
    titles = [f"{one.run}, step {int(one.steps[index]):,}" for one, index in (left, right)]
    draw({"difference": difference(found, titles, sides=layout == LAYOUTS[0])}, by_tag)
    offer(lambda: [texts.row(*left), texts.row(*right)], by_tag)


def said(found: texts.Difference) -> str:
    """Return in words how far two texts differ."""
    if not found.added and not found.removed:
        return "They are the same."
    return (
        f"{found.added:,} {'line' if found.added == 1 else 'lines'} added, "
        f"{found.removed:,} removed; words that differ are underlined or struck through."
    )


def difference(found: texts.Difference, titles: Sequence[str], *, sides: bool) -> dict[str, Any]:
    """Return what the component draws of two texts compared; sides: side by side."""
    lines = [
        {"kind": line.kind, "left": line.left, "right": line.right, "before": line.before, "after": line.after, "count": line.count}
        for line in found.lines
    ]  # fmt: skip
    return {"lines": lines, "sides": sides, "left": titles[0], "right": titles[1]}


def _pick(side: str, runs: dict[str, Series], run: str, step: int) -> tuple[Series, int] | None:
    """Draw the choice of one side and return the point it means."""
    names = list(runs)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        name = st.selectbox(
            f"{side.upper()}: run",
            names,
            index=names.index(run),
            key=f"{side}_run",
            bind="query-params",
            width="stretch",
        )
        one = runs[name]
        bound = min(max(step, -_EXACT), _EXACT)
        wanted = int(
            st.number_input(
                "Step", min_value=-_EXACT, max_value=_EXACT, value=bound, key=f"{side}_step", bind="query-params",
                help="The latest value at this step or before. The arrows lead to the next step that was logged.", width=130,
            )
        )  # fmt: skip
        points, usual = texts.at_step(one, wanted)
        here = int(one.steps[points[0]]) if points else wanted
        for to, icon, words in zip(texts.neighbours(one, here), ("back", "forward"), ("before", "after"), strict=True):
            st.button(
                "", icon=f":material/arrow_{icon}:", key=f"{side}_{icon}", help=f"The logged step {words}",
                disabled=to is None or abs(to) > _EXACT, on_click=_move, args=(side, to), type="tertiary",
            )  # fmt: skip
    if not points:
        st.caption("No value yet at this step.")
        return None
    place = usual
    if len(points) > 1:
        labels = [f"{number + 1} of {len(points)}{_attempt(one, index)}" for number, index in enumerate(points)]
        label = st.selectbox(
            f"Value at step {here:,}",
            labels,
            index=usual,
            key=f"{side}_value_{here}",
            bind="query-params",
            width="stretch",
        )
        place = labels.index(label)
    elif here != wanted:
        st.caption(f"Nothing at step {wanted:,}: the one before it is shown, step {here:,}.")
    return one, points[place]


def _attempt(one: Series, index: int) -> str:
    return ", of an earlier attempt" if one.superseded[index] else ""


def _move(side: str, step: int) -> None:
    """Choose another step of one side."""
    st.session_state[f"{side}_step"] = step


# The tab ---------------------------------------------------------------------------------------------------------------


def choices() -> None:
    """Draw the choice of what is looked at and in which form, beside the tabs."""
    look = st.segmented_control(
        "Look at", LOOKS, default=None if st.session_state.pop(_JUMPED, False) else LOOKS[0], key="text_look",
        bind="query-params", required=True, label_visibility="collapsed",
    )  # fmt: skip
    if look in LOOKS[:2]:
        st.toggle("Raw", key="text_raw", bind="query-params", help="The text as it was logged, not as Markdown.")
    if look != LOOKS[0]:
        st.session_state.pop(_FOCUS, None)


@st.fragment
def looks(view: ui.View, by_tag: Tags) -> None:
    """Draw what is looked at; what the visitor changes in it runs only this again."""
    if _JUMPED in st.session_state:
        # What is looked at is chosen outside.
        st.rerun()
    look = st.session_state.get("text_look") or LOOKS[0]
    if look != LOOKS[0] and not any(by_tag.values()):
        st.markdown("No run is selected: choose some in the sidebar.")
    elif look == LOOKS[2]:
        searched(view, by_tag)
    elif look == LOOKS[3]:
        compared(by_tag)
    else:
        rendered = not st.session_state.get("text_raw")
        (at_a_step if look == LOOKS[0] else all_steps)(view, by_tag, rendered)


def text(view: ui.View) -> None:
    """Draw the Text tab."""
    if not view.holds("text"):
        ui.no_data("text", "text")
        return
    by_tag: Tags = {}
    for series in view.series("text"):
        by_tag.setdefault(series.tag, []).append(series)
    # Without a run to show, the cards stay where they are, empty.
    tags = list(by_tag) if any(view.shown) else view.tags_of("text")
    if tags:
        looks(view, {tag: by_tag.get(tag, []) for tag in tags})
    else:
        ui.nothing_selected("text")
