"""Every event on its lane, moved and zoomed in the browser; what is selected, found, and handed on."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar, cast

import numpy as np
import streamlit as st

from pages.parts import profile_source as source
from pages.parts.profile_source import Chosen
from tbcore import ui
from tbcore.analysis import profile_steps, trace_counters, trace_details, trace_export, trace_search, trace_window
from tbcore.charts import theme
from tbcore.charts import trace as charts
from tbcore.errors import PatternError
from tbcore.ui import profile, tables
from tbcore.ui.components.perfetto import perfetto
from tbcore.ui.components.trace import HEIGHT, Need, Said, trace, trace_state

T = TypeVar("T")

KEY = "profile_trace"
FIND = "trace_find"
LIT = "trace_lit"  # what another tab wants to stand out: (key of the trace, words, rows)
STEPS = 4_000  # that are drawn
BASE = (1_000, 40_000)  # pixels and marks of the whole trace, which the browser keeps
ROWS = 60  # names of a selection that are shown
_LINK, _LEAD, _ONCE = "trace_link", "trace_lead", "trace_once"
_ARROWS = {"launch": ("launches", "launched by"), "backward": ("backward:", "forward:")}


def show(chosen: Chosen) -> None:
    """Draw the tab."""
    _picture(chosen)
    if chosen.trace.crossing:
        st.caption(
            f"{chosen.trace.crossing:,} events overlap another one of their lane and stand in rows of their own."
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        name = chosen.file.name.rpartition("/")[2].partition(".")[0] or "trace"
        tables.downloads(
            f"{name}.trace", [("Trace as JSON", "json.gz", lambda: trace_export.packed(chosen.trace))], width="content"
        )
        perfetto(lambda: trace_export.packed(chosen.trace), name=name, key=f"perfetto_{chosen.key}")


def light(key: str, words: str, rows: Sequence[int]) -> None:
    """Make events of a trace stand out in its picture; words: what they are. For the `on_click` of a button."""
    st.session_state[LIT] = (key, words, np.asarray(rows, np.int64))


def _unlight() -> None:
    st.session_state.pop(LIT, None)


@st.fragment
def _picture(chosen: Chosen) -> None:
    known = trace_window.indexed(chosen.trace)
    curves = trace_counters.known(chosen.trace)
    drawn = source.remembered(chosen, "trace_structure", lambda: _structure(chosen, known, curves))
    said = trace_state(KEY)
    if said is not None and said.key != chosen.key:
        said = None
    _leave(chosen.key)
    lit = _lit(chosen)
    search = said.search if said is not None else profile.said(FIND)
    found, wrong = _found(chosen, search)
    lead = _lead(chosen, known, said, found)
    matched = found.matched if found is not None and search else None
    if matched is None and lit is not None:
        matched = lit[1]
    row = lead["row"] if lead is not None and lead["row"] >= 0 else said.row if said is not None else -1
    picked, frame = _picked(chosen, known, said, row)
    view: dict[str, Any] = {
        **drawn,
        "key": chosen.key,
        "stamp": f"{said.turn if said else 0} {lead['turn'] if lead else -1} {chosen.loading} {lit[0] if lit else ''}",
        "turn": said.turn if said else 0,
        "height": HEIGHT,
        "search": search,
        "found": _told(found, wrong, row, search),
        "dims": matched is not None,
        "lead": lead,
        "picked": picked,
        "range": _selected(known) if said is None else None,
        "seen": _linked(known) if said is None else dict(zip(("start", "end"), said.seen, strict=True)),
    }
    made: dict[str, Any] = {}
    codes: list[Any] = []
    if said is None or not said.base:
        marks, strip, cell = source.remembered(chosen, "trace_base", lambda: _base(known, drawn))
        made |= {"base": _marks(marks), "strip": strip}
        view["base"] = {"cell": marks.cell, "strip": cell}
        codes.append(marks.name)
    if said is not None and said.need is not None:
        answer, more, own = _answer(chosen, known, curves, drawn, said.need, matched)
        view["answer"] = {**answer, "search": search}
        made |= more
        codes.append(own)
    every = np.unique(np.concatenate(codes)) if codes else np.zeros(0, np.int32)
    made["names"] = charts.names(every.tolist(), [chosen.trace.names[int(code)] for code in every])
    trace(view, made, key=KEY)
    if said is not None:
        _remember(known, said, row)
    if frame is not None:
        tables.downloads("trace-selection", [("Selection as CSV", "csv", lambda: tables.csv(frame))], width="content")


# What is drawn ---------------------------------------------------------------------------------------------------------


def _structure(chosen: Chosen, known: trace_window.Index, curves: Sequence[trace_counters.Curve]) -> Mapping[str, Any]:
    of = chosen.trace
    counts = trace_window.events_of_lanes(known)
    rows = [
        charts.Row(
            place, lane.process, lane.pid, lane.thread, lane.device, lane.order, int(deep), int(track), int(count)
        )
        for place, (lane, deep, track, count) in enumerate(
            zip(of.lanes, np.diff(known.tracks), known.tracks, counts, strict=False)
        )
        if deep
    ]
    lines = [
        charts.Line(place, one.process, one.name, one.unit, one.peak, _valued(one.peak, one.unit))
        for place, one in enumerate(curves)
    ]
    steps = profile_steps.steps(of)
    spans = zip(steps.names[:STEPS], steps.starts - known.origin, steps.ends - known.origin, strict=False)
    present = set(np.unique(of.role).tolist())
    return {
        "groups": charts.groups(rows, lines),
        "steps": [[charts.step(name), int(start), int(end)] for name, start, end in spans],
        "length": known.length or 1,
        "kinds": [[words, color, place in present] for place, (words, color) in enumerate(charts.KINDS)],
        "hues": list(charts.HUES),
    }


def _valued(value: float, unit: str) -> str:
    if unit == "bytes":
        return theme.size(value)
    return f"{theme.number(value)} {unit.removesuffix('es') if value == 1 and unit == 'launches' else unit}".strip()


def _base(known: trace_window.Index, drawn: Mapping[str, Any]) -> tuple[trace_window.Marks, Any, int]:
    pixels, most = BASE
    marks = trace_window.window(known, 0, known.length + 1, pixels, most=most)
    return marks, *_density(known, drawn, range(len(drawn["groups"])), 0, known.length + 1, pixels)


def _marks(marks: trace_window.Marks) -> Any:
    return charts.table(
        {
            "track": marks.track,
            "start": marks.start.astype(np.float64),
            "end": marks.end.astype(np.float64),
            "name": marks.name,
            "role": marks.role,
            "count": marks.count,
            "total": marks.total.astype(np.float64),
            "main": marks.main.astype(np.float64),
            "row": marks.row,
            "hits": marks.hits,
        }
    )


def _density(
    known: trace_window.Index, drawn: Mapping[str, Any], groups: Sequence[int], start: int, end: int, pixels: int
) -> tuple[Any, int]:
    """Return how busy processes are, as a table, and the nanoseconds of a cell."""
    parts: list[tuple[int, int, Any]] = []
    for group in groups:
        if 0 <= group < len(drawn["groups"]):
            lanes = [lane[0] for lane in drawn["groups"][group]["lanes"]]
            parts.append((group, *trace_window.density(known, lanes, start, end, pixels)))
    sizes = [len(values) for _group, _first, values in parts]
    table = charts.table(
        {
            "group": np.repeat(np.array([group for group, _first, _values in parts], np.int32), sizes),
            "place": _joined([np.arange(first, first + len(values)) for _group, first, values in parts], np.float64),
            "value": _joined([values for _group, _first, values in parts], np.float32),
        }
    )
    return table, trace_window.cell_of(end - start, pixels)


def _joined(parts: Sequence[Any], kind: type) -> Any:
    return np.concatenate(parts).astype(kind) if parts else np.zeros(0, kind)


def _answer(
    chosen: Chosen,
    known: trace_window.Index,
    curves: Sequence[trace_counters.Curve],
    drawn: Mapping[str, Any],
    need: Need,
    matched: Any,
) -> tuple[dict[str, Any], dict[str, Any], Any]:
    """Return what a window holds: what it is, its tables, and the codes of its names."""
    marks = trace_window.window(known, need.start, need.end, need.pixels, known.of_lanes(need.lanes), matched)
    made = {"marks": _marks(marks)}
    answer = {
        "start": need.start,
        "end": need.end,
        "cell": marks.cell,
        "pixel": (need.end - need.start) / need.pixels,
        "lanes": [list(one) for one in need.lanes],
        "searched": matched is not None,
    }
    if need.groups:
        made["density"], answer["cells"] = _density(known, drawn, need.groups, need.start, need.end, need.pixels)
    wanted = [one for one in need.curves if 0 <= one < len(curves)]
    if wanted:
        low, high = need.start + known.origin, need.end + known.origin
        parts = [trace_counters.cells(curves[one], low, high, need.pixels) for one in wanted]
        made["curves"] = charts.table(
            {
                "curve": np.repeat(np.array(wanted, np.int32), [len(times) for times, *_values in parts]),
                "time": _joined([times - known.origin for times, *_values in parts], np.float64),
                "mean": _joined([mean for _times, _low, mean, _high in parts], np.float64),
                "high": _joined([high for _times, _low, _mean, high in parts], np.float64),
            }
        )
    lanes, times = trace_window.instants(chosen.trace, known, need.start, need.end, need.pixels)
    if len(lanes):
        made["instants"] = charts.table({"lane": lanes, "time": times.astype(np.float64)})
    return answer, made, marks.name


# What is searched, selected, linked --------------------------------------------------------------------------------------


def _lit(chosen: Chosen) -> tuple[str, Any] | None:
    """Draw what stands out because another tab says so, with a button that ends it."""
    key, words, rows = st.session_state.get(LIT, ("", "", ()))
    if key != chosen.key:
        return None
    mask = np.zeros(len(chosen.trace), np.bool_)
    mask[rows[(rows >= 0) & (rows < len(mask))]] = True
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"{ui.plain(words)}: {np.count_nonzero(mask):,} events stand out.")
        st.button("Show all alike", type="tertiary", on_click=_unlight)
    return words, mask


def _once(name: str, key: Hashable, make: Callable[[], T]) -> T:
    """Return what `make()` returned for this key, if that was the last one that this visitor asked for."""
    kept = st.session_state.setdefault(_ONCE, {})
    if name not in kept or kept[name][0] != key:
        kept[name] = (key, make())
    found: T = kept[name][1]
    return found


def _found(chosen: Chosen, search: str) -> tuple[trace_search.Found | None, str]:
    if not search:
        return None, ""
    try:
        found = _once("found", (chosen.key, search), lambda: trace_search.find(chosen.trace, search))
    except PatternError as error:
        return None, str(error)
    return found, ""


def _told(found: trace_search.Found | None, wrong: str, row: int, search: str) -> dict[str, Any] | None:
    if not search:
        return None
    if found is None:
        return {"count": 0, "error": charts.printable(wrong)}
    return {"count": len(found), "place": found.place(row), "words": theme.duration(found.total / 1e9)}


def _lead(
    chosen: Chosen, known: trace_window.Index, said: Said | None, found: trace_search.Found | None
) -> dict[str, Any] | None:
    """Return where the picture shall go: where a link leads that was not followed yet, or to another event."""
    turn = said.turn if said is not None else -1
    number, made, lead = cast(tuple[int, Any, dict[str, Any] | None], st.session_state.get(_LEAD, (0, None, None)))
    link = (chosen.key, *(profile.said(name) for name in profile.MOMENT))
    if link != st.session_state.get(_LINK):
        st.session_state[_LINK] = link
        lead = _where(chosen, known, _number(link[1]), _linked(known))
        # Where a link names what is to be seen as well, that is seen.
        if lead is not None and lead["row"] >= 0 and not link[2]:
            lead["near"] = True
    elif said is not None and said.go is not None and made != (chosen.key, turn):
        lead = _where(chosen, known, _next(chosen, said, found), None)
    elif made != (chosen.key, turn):
        return None
    if made != (chosen.key, turn) or (lead is not None and "turn" not in lead):
        number += 1
        lead = {**lead, "turn": number} if lead is not None else None
    st.session_state[_LEAD] = (number, (chosen.key, turn), lead)
    return lead


def _next(chosen: Chosen, said: Said, found: trace_search.Found | None) -> int:
    way, row = said.go or ("to", -1)
    if row >= len(chosen.trace):
        return -1
    if way == "to":
        return row
    if way in ("next", "previous"):
        if found is None:
            return -1
        if row < 0 and way == "next":
            return found.nearest(chosen.trace, said.seen[0] + chosen.trace.span[0])
        return found.after(row, way == "next")
    return trace_details.beside(chosen.trace, row, way) if row >= 0 else -1


def _where(
    chosen: Chosen, known: trace_window.Index, row: int, seen: Mapping[str, int] | None
) -> dict[str, Any] | None:
    if 0 <= row < len(chosen.trace):
        start = int(chosen.trace.start[row]) - known.origin
        end = start + int(chosen.trace.duration[row])
        track = int(known.tracks[chosen.trace.lane[row]]) + int(chosen.trace.depth[row])
        return {"row": row, "track": track, "start": start, "end": end, "whole": False}
    if seen is not None:
        return {"row": -1, "start": seen["start"], "end": seen["end"], "whole": True}
    return None


def _leave(key: str) -> None:
    """Take out of the address which moment was shown when that was of another trace."""
    of, *moment = st.session_state.get(_LINK, (key,))
    if of != key and any(moment) and moment == [profile.said(name) for name in profile.MOMENT]:
        profile.forget()


def _linked(known: trace_window.Index) -> dict[str, int] | None:
    """Return the stretch that a link names, within the trace."""
    return _within(known, profile.said(profile.FROM), profile.said(profile.TO))


def _selected(known: trace_window.Index) -> dict[str, int] | None:
    """Return the stretch that a link names as selected, within the trace."""
    start, _dots, end = profile.said(profile.RANGE).partition("..")
    return _within(known, start, end)


def _within(known: trace_window.Index, said_start: str, said_end: str) -> dict[str, int] | None:
    start, end = _number(said_start, None), _number(said_end, None)
    if start is None or end is None:
        return None
    low, high = (min(max(one - known.origin, -known.length), 2 * known.length) for one in (start, end))
    return {"start": low, "end": high} if high > low else None


def _number(text: str, otherwise: Any = -1) -> Any:
    return int(text) if text.lstrip("-").isdecimal() and len(text) < 25 else otherwise


def _remember(known: trace_window.Index, said: Said, row: int) -> None:
    """Put what is seen into the address."""
    start, end = said.seen
    whole = start <= 0 and end >= known.length
    moment = {
        profile.ROW: None if row < 0 else row,
        profile.FROM: None if whole else start + known.origin,
        profile.TO: None if whole else end + known.origin,
        profile.RANGE: None
        if row >= 0 or said.stretch is None
        else "..".join(str(one + known.origin) for one in said.stretch),
    }
    profile.say({**moment, FIND: said.search or None})
    st.session_state[_LINK] = (said.key, *("" if one is None else str(one) for one in moment.values()))


def _picked(
    chosen: Chosen, known: trace_window.Index, said: Said | None, row: int
) -> tuple[dict[str, Any] | None, Any]:
    """Return what is told of what is selected, and the table of a stretch."""
    if 0 <= row < len(chosen.trace):
        return _once("event", (chosen.key, row), lambda: _event(chosen, known, row)), None
    if said is None or (said.stretch is None and said.run is None):
        return None, None
    track, start, end = said.run or (-1, *(said.stretch or (0, 0)))
    tracks = np.array([track], np.int32) if 0 <= track < len(known.lane) else None
    make = lambda: trace_details.stretch(chosen.trace, known, start, max(end, start + 1), tracks)  # noqa: E731
    frame = _once("stretch", (chosen.key, track, start, end), make)
    count, most = int(frame["count"].sum()), int(frame["own"].iloc[0]) if len(frame) else 1
    told = {
        "kind": "run" if tracks is not None else "range",
        "id": f"{track} {start} {end}",
        "title": f"{count:,} events of {len(frame):,} {'name' if len(frame) == 1 else 'names'}",
        "sub": f"within {theme.duration((end - start) / 1e9)}",
        "rows": [
            {
                **one,
                "name": charts.printable(charts.shortened(str(one["name"]))),
                "share": min(1.0, one["own"] / max(1, most)),
            }
            for one in frame.head(ROWS).to_dict("records")
        ],
        "more": max(0, len(frame) - ROWS),
        "at": {"row": -1, "track": track, "start": start, "end": end},
    }
    return told, frame


def _event(chosen: Chosen, known: trace_window.Index, row: int) -> dict[str, Any]:
    of = chosen.trace
    one = trace_details.event(of, row)
    lane = of.lanes[int(of.lane[row])]

    def place(at: int) -> dict[str, Any]:
        start = int(of.start[at]) - known.origin
        track = int(known.tracks[of.lane[at]]) + int(of.depth[at])
        return {"row": at, "track": track, "start": start, "end": start + int(of.duration[at])}

    def named(at: int) -> str:
        return charts.printable(charts.shortened(of.named(at)))

    def arrow(each: trace_details.Arrow) -> dict[str, Any]:
        to = each.target == row
        other = each.source if to else each.target
        gap = int(of.start[each.target]) - int(of.start[each.source] + of.duration[each.source])
        words = _ARROWS.get(each.kind, (f"{each.kind} →", f"{each.kind} ←"))[to]
        return {
            "source": place(each.source),
            "target": place(each.target),
            "row": other,
            "name": named(other),
            "words": charts.printable(words[:60]),
            "after": f"{theme.duration(gap / 1e9)} later" if gap > 0 else "",
        }

    same = of.duration[[one.longest, one.shortest]]
    return {
        "kind": "event",
        "id": f"event {row}",
        "title": charts.printable(of.named(row)[:500]),
        "sub": theme.duration(int(of.duration[row]) / 1e9),
        "exact": charts.exact(of.named(row)),
        "kindName": charts.KINDS[int(of.role[row])][0],
        "category": charts.printable(of.categories[int(of.category[row])][:80]) if of.categories else "",
        "lane": charts.printable(f"{lane.process} · {lane.thread}"[:200]),
        "own": one.own,
        "children": one.children,
        "above": [{"row": at, "name": named(at), "length": int(of.duration[at])} for at in one.above],
        "arguments": [[charts.printable(name[:80]), value] for name, value in charts.spelled(one.arguments)],
        "arrows": [arrow(each) for each in one.arrows],
        "moreArrows": one.more_arrows,
        "like": {
            "count": one.like,
            "total": one.like_total,
            "rank": one.rank,
            "longest": one.longest,
            "shortest": one.shortest,
            "most": int(same[0]),
            "least": int(same[1]),
        },
        "at": place(row),
        **{name: value for name, value in place(row).items() if name in ("start", "end")},
    }
