"""What can be taken away of the cards: all of their points, figures, a link to this view, and the command that writes the same."""

import io
import json
import math
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal
from urllib.parse import urlencode

import pyarrow as pa
import streamlit as st

from tbcore import ui
from tbcore.analysis import export, scalar_files, scalars
from tbcore.analysis.curves import Axis
from tbcore.analysis.run_groups import Band, Groups, How
from tbcore.analysis.scalar_files import Drawn
from tbcore.charts import scalar_spec, theme
from tbcore.series import Series
from tbcore.ui.tables import downloads

LARGEST = 250_000_000  # bytes of text that are made in one go here, about
EVERY = ""  # the choice of all cards
_ROW = 60  # bytes of text of one row without its names, about
_LONGEST = 1_500  # signs of a command line that names runs
_OPEN = "take_away_open"
_TABLES = {"CSV": "csv", "JSON": "json", "Parquet": "parquet"}

Span = tuple[float, float]


@dataclass(frozen=True)
class Seen:
    """The cards as the visitor sees them.

    cards: the series of the runs that are shown, by card, in the order of the page; visible: those that are drawn now.
    windows, ranges: what they are zoomed to, and the ranges of y that were typed. starts: when each run began. across:
    the series of `axis_tag` by run, where that is the x axis. smoothing: the parameter of `method`. by: what the groups
    are, as the command line has it; colors: by run, or by group. drawn: like cards, where what is drawn is not what was
    logged but how far it is from a baseline run; files of points hold what was logged.
    """

    cards: Mapping[str, Sequence[Series]]
    visible: Sequence[str] = ()
    windows: Mapping[str, Span] = field(default_factory=dict)
    ranges: Mapping[str, Span] = field(default_factory=dict)
    starts: Mapping[str, float] = field(default_factory=dict)
    axis: Literal["step", "relative", "wall", "tag"] = "step"
    axis_tag: str = ""
    across: Mapping[str, Series] = field(default_factory=dict)
    smoothing: float = 0.0
    method: str = "ema"
    earlier: bool = False
    log_x: bool = False
    log_y: bool = False
    groups: Groups | None = None
    how: How = "mean"
    band: Band = "minmax"
    by: str = ""
    colors: Mapping[str, str] = field(default_factory=dict)
    drawn: Mapping[str, Sequence[Series]] | None = None


@dataclass(frozen=True)
class Choice:
    """What the visitor wants of it: which cards; only their windows; smoothed values; earlier attempts; groups, not runs."""

    cards: tuple[str, ...]
    windows: bool = True
    smoothed: bool = True
    earlier: bool = False
    grouped: bool = True


def take_away(view: ui.View, seen: Seen, card: str | None = None) -> None:
    """Draw the button that opens what can be taken away. card: the one for which the visitor just asked."""
    st.button(
        "Take away", icon=":material/download:", type="tertiary", key="take_away", disabled=not seen.cards, on_click=_open,
        help="Points, figures, and a link to this view",
    )  # fmt: skip
    if card in seen.cards:
        st.session_state[_OPEN] = card
    # It stays open while the page is drawn anew, as it is whenever the logs grow.
    if _OPEN in st.session_state and seen.cards:
        wanted = st.session_state[_OPEN]
        _offer(view, seen, wanted if wanted in seen.cards else None)


def _open() -> None:
    st.session_state[_OPEN] = None


def _close() -> None:
    st.session_state.pop(_OPEN, None)


@st.dialog("Take away", width="medium", icon=":material/download:", on_dismiss=_close)
def _offer(view: ui.View, seen: Seen, card: str | None) -> None:
    """Draw what there is of one card, or of all."""
    names = [*seen.visible, *(name for name in seen.cards if name not in set(seen.visible))]
    options = [*names, EVERY] if len(names) > 1 else names
    chosen = st.selectbox(
        "Card",
        options,
        index=options.index(card) if card is not None else 0,
        format_func=lambda name: name or f"All {len(names):,} cards",
        key=f"take_card_{card}",
    )
    choice = _points(seen, tuple(names) if chosen == EVERY else (chosen,))
    if chosen != EVERY:
        _figures(view, seen, chosen, choice)
    st.markdown("**This view**")
    st.caption("The address of the page holds what is seen: whoever opens it, on this server, sees the same.")
    st.code(link(), language=None, wrap_lines=True)
    st.markdown("**Command line**")
    st.code(command(view, seen, choice), language="sh", wrap_lines=True)


def _points(seen: Seen, cards: tuple[str, ...]) -> Choice:
    """Draw the buttons that download points, and return what was chosen of them."""
    st.markdown("**Points**")
    series = [one for card in cards for one in seen.cards[card]]
    with st.container(horizontal=True):
        choice = Choice(
            cards,
            _asked("Only what is zoomed to", "windows", any(card in _spans(seen) for card in cards)),
            _asked("With smoothed values", "smoothed", scalars.is_smooth(seen.method, seen.smoothing)),
            _asked(
                "With earlier attempts", "earlier", any(bool(one.superseded.any()) for one in series), on=seen.earlier
            ),
            _asked("Groups, not runs", "groups", seen.groups is not None),
        )
    if seen.drawn is not None:
        st.caption("The values are those that were logged, not their differences to the baseline; figures show those.")
    points, size = sizes(seen, choice)
    told = f"{_counted(len(scalars.runs(series)), 'run')}, {_counted(points, 'point')}, drawn or not"
    if not points:
        st.caption("There is no point to write.")
    elif size > LARGEST:
        st.caption(
            f"{told}. That is more than the {theme.size(LARGEST)} that can be made here; the command below writes them."
        )
    else:
        st.caption(f"{told}; about {theme.size(size)} as CSV.")
        name = _file_name(cards)
        downloads(
            name, [(words, form, _written(seen, choice, form)) for words, form in _TABLES.items()], width="content"
        )
    return choice


def _asked(words: str, key: str, there: bool, *, on: bool = True) -> bool:
    """Draw a switch where there is something to choose, and return whether it is on."""
    return there and st.checkbox(words, value=on, key=f"take_{key}")


def _figures(view: ui.View, seen: Seen, card: str, choice: Choice) -> None:
    """Draw the buttons that download a figure of one card."""
    st.markdown("**Figure**")
    st.caption(
        "Vega-Lite is what Altair reads; LaTeX needs the package pgfplots. Each pixel column keeps its least and its greatest "
        "value. PNG and SVG are made by the menu of the card."
    )
    downloads(
        _file_name((card,)),
        [
            ("Vega-Lite", "vl.json", lambda: vega_lite(view, seen, card, choice)),
            ("LaTeX", "tex", lambda: latex(view, seen, card, choice)),
        ],
        width="content",
    )


# The files -----------------------------------------------------------------------------------------------------------


def sizes(seen: Seen, choice: Choice) -> tuple[int, int]:
    """Return how many points there are to write, and how many bytes they take as CSV, about."""
    points = size = 0
    for card in choice.cards:
        window = _spans(seen).get(card) if choice.windows else None
        for one in seen.cards[card]:
            count = scalar_files.count(one, window, _axis(seen), seen.starts, earlier=choice.earlier)
            points += count
            size += count * (_ROW + len(one.run) + len(one.tag) + 20 * choice.smoothed)
    return points, size


def write(seen: Seen, choice: Choice, form: str) -> bytes:
    """Return the points as "csv", "json" or "parquet"."""
    every = [one for card in choice.cards for one in seen.cards[card]]
    weight = seen.smoothing if choice.smoothed else 0.0
    smooth = scalars.is_smooth(seen.method, weight)
    if choice.grouped and seen.groups is not None:
        schema = scalars.group_schema(_axis(seen), smooth=smooth)
    else:
        schema = scalar_files.schema(every, smooth=smooth, earlier=choice.earlier)
    sink = io.BytesIO()
    export.FORMATS[form](sink, schema, chain.from_iterable(_rows(seen, choice, card, weight) for card in choice.cards))
    return sink.getvalue()


def _rows(seen: Seen, choice: Choice, card: str, weight: float) -> Iterator[pa.Table]:
    """Return the points of one card, or what its groups come to."""
    how: dict[str, Any] = {
        "window": _spans(seen).get(card) if choice.windows else None,
        "axis": _axis(seen),
        "starts": seen.starts,
        "weight": weight,
        "method": seen.method,
    }
    if choice.grouped and seen.groups is not None:
        return scalars.group_tables(seen.cards[card], seen.groups, how=seen.how, band=seen.band, **how)
    return scalar_files.tables(seen.cards[card], earlier=choice.earlier, **how)


def _written(seen: Seen, choice: Choice, form: str) -> Callable[[], bytes]:
    return lambda: write(seen, choice, form)


def vega_lite(view: ui.View, seen: Seen, card: str, choice: Choice) -> bytes:
    """Return a card as a specification of Vega-Lite."""
    lines = _lines(view, seen, card, choice)
    found = scalar_spec.spec(
        scalars.thinned(lines, _columns(lines, 1_000)),
        x_type="temporal" if seen.axis == "wall" else "quantitative",
        **{**_labels(seen, card, choice), **({"x_title": "wall time"} if seen.axis == "wall" else {})},
    )
    return json.dumps(found, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")


def latex(view: ui.View, seen: Seen, card: str, choice: Choice) -> bytes:
    """Return a card as a figure for LaTeX."""
    lines = _lines(view, seen, card, choice)
    text = scalars.pgfplots(lines, columns=_columns(lines, 400), **_labels(seen, card, choice))
    return text.encode("utf-8", "replace")


def _columns(lines: Sequence[Drawn], most: int) -> int:
    """Return how many pixel columns of each line a figure keeps: fewer of many, which nothing else could draw."""
    return max(100, min(most, 40 * most // max(1, len(lines))))


def _lines(view: ui.View, seen: Seen, card: str, choice: Choice) -> list[Drawn]:
    return scalars.lines(
        (seen.cards if seen.drawn is None else seen.drawn)[card],
        colors={**{run.name: view.color(run.name) for run in view.runs}, **seen.colors},
        axis=_axis(seen),
        across=seen.across if seen.axis == "tag" else None,
        window=seen.windows.get(card) if choice.windows else None,
        starts=seen.starts,
        weight=seen.smoothing if choice.smoothed else 0.0,
        method=seen.method,
        groups=seen.groups if choice.grouped else None,
        how=seen.how,
        band=seen.band,
    )


def _labels(seen: Seen, card: str, choice: Choice) -> dict[str, Any]:
    title = seen.axis_tag if seen.axis == "tag" else scalars.AXIS_TITLES[seen.axis]
    return {
        "title": card,
        "x_title": title,
        "log_x": seen.log_x,
        "log_y": seen.log_y,
        "x_range": seen.windows.get(card) if choice.windows else None,
        "y_range": seen.ranges.get(card),
    }


def _axis(seen: Seen) -> Axis:
    """Return the axis of the points themselves: what lies over another tag is still counted in steps."""
    return "step" if seen.axis == "tag" else seen.axis


def _spans(seen: Seen) -> Mapping[str, Span]:
    """Return the windows that hold for points: those over another tag say nothing about steps."""
    return {} if seen.axis == "tag" else seen.windows


# The link and the command --------------------------------------------------------------------------------------------


def link() -> str:
    """Return the address of exactly this view."""
    said = urlencode({name: st.query_params.get_all(name) for name in st.query_params}, doseq=True)
    return f"{st.context.url or ''}{'?' if said else ''}{said}"


def command(view: ui.View, seen: Seen, choice: Choice) -> str:
    """Return the command line that writes the same, as far as one can."""
    every = [one for card in choice.cards for one in seen.cards[card]]
    logged = {tag for _kind, tag in chain.from_iterable(run.series for run in view.selected)}
    tags = dict.fromkeys(one.tag for one in every)
    parts = ["python -m tbcore export", shlex.quote(view.spec), "--kind scalars"]
    if not all(view.shown):
        parts += _option("--runs", _exactly(run.name for run in view.selected))
    plain = [tag for tag in tags if tag in logged]
    if plain and len(choice.cards) < len(seen.cards):
        parts += _option("--tags", _exactly(plain))
    elif plain and view.tags:
        parts += _option("--tags", view.tags)
    parts += [f"--derived {shlex.quote(tag)}" for tag in tags if tag not in logged]
    spans = {_spans(seen)[card] for card in choice.cards if choice.windows and card in _spans(seen)}
    if len(spans) == 1 and len(choice.cards) == 1:
        (span,) = spans
        parts.append(f"--window={_end(span[0])}:{_end(span[1])}")
    if _axis(seen) != "step":
        parts.append(f"--axis {seen.axis}")
    if choice.smoothed and scalars.is_smooth(seen.method, seen.smoothing):
        parts.append(f"--smoothing {seen.smoothing:g}" + ("" if seen.method == "ema" else f" --method {seen.method}"))
    if choice.grouped and seen.groups is not None and seen.by:
        parts.append(f"--group-by {shlex.quote(seen.by)} --middle {seen.how} --band {seen.band}")
    if choice.earlier:
        parts.append("--earlier")
    return " ".join([*parts, f"--out {shlex.quote(_file_name(choice.cards))}.csv"])


def _option(name: str, value: str) -> list[str]:
    return [f"{name} {shlex.quote(value)}"] if len(value) < _LONGEST else []


def _exactly(names: Any) -> str:
    """Return a regular expression that matches these names and no other."""
    every = [re.escape(name) for name in names]
    return f"^{every[0]}$" if len(every) == 1 else f"^({'|'.join(every)})$"


def _end(value: float) -> str:
    return f"{value:.15g}" if math.isfinite(value) else ""


def _file_name(cards: Sequence[str]) -> str:
    """Return what a file of these cards is called, without its ending."""
    said = re.sub(r"[^\w.=-]+", "_", cards[0]).strip("_.=") if len(cards) == 1 else ""
    return said[:80] or "scalars"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
