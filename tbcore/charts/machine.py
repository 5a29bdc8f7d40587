"""Small multiples of what a machine is doing: one card for each metric, a line for each GPU, as HTML that nothing acts on."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import isfinite

from tbcore.charts import theme

WIDTH, HEIGHT = 260, 56
_GAP = 4.0  # seconds without a reading that are not drawn over
_LISTED = 2  # lines whose values are told one by one; of more the least and the most

Points = Sequence[tuple[float, float]]

_GRID = "display:grid;grid-template-columns:repeat(auto-fill,minmax(210px,1fr));gap:12px"
_CARD = "border:1px solid rgba(128,128,128,.25);border-radius:8px;padding:8px 10px 6px;min-width:0"
_TITLE = "font-size:.8125rem;opacity:.7;white-space:nowrap;overflow:hidden;text-overflow:ellipsis"
_VALUE = "font-size:1.15rem;white-space:nowrap;font-variant-numeric:tabular-nums;line-height:1.3;overflow:hidden;text-overflow:ellipsis"
_PLOT = f"display:block;width:100%;height:{HEIGHT}px;border-bottom:1px solid rgba(128,128,128,.3);margin-bottom:2px"
_SMALL = "font-size:.6875rem;opacity:.55;display:flex;justify-content:space-between"


@dataclass(frozen=True)
class Line:
    """One line: its name, its colour, and its points (seconds, value), the latest last."""

    name: str
    color: str
    points: Points


@dataclass(frozen=True)
class Card:
    """One metric. limit: what is the most it can be, NaN where nobody knows; about: told when the pointer rests on it."""

    title: str
    unit: str
    lines: Sequence[Line]
    limit: float = float("nan")
    about: str = ""


def spelled(value: float, unit: str) -> str:
    """Return a value with its unit."""
    if unit == "B":
        return theme.size(value)
    if unit == "B/s":
        return f"{theme.size(value)}/s"
    if unit == "Hz":
        return f"{value / 1e6:,.0f} MHz"
    if unit == "%":
        return f"{value:.0f}%" if value >= 9.95 or value == 0 else f"{value:.1f}%"
    return f"{value:,.0f} {unit}".strip()


def cards(found: Sequence[Card], start: float, end: float) -> str:
    """Return cards side by side, each from `start` to `end` seconds."""
    return f'<div style="{_GRID}">{"".join(_card(one, start, end) for one in found)}</div>'


def _card(card: Card, start: float, end: float) -> str:
    last = [(line, line.points[-1][1]) for line in card.lines if line.points]
    values = [value for line in card.lines for at, value in line.points if at >= start and isfinite(value)]
    most = card.limit if isfinite(card.limit) else _round(max(values, default=0.0))
    most = max(most, *values, 1e-9) if values else max(most, 1e-9)
    if len(last) > _LISTED:
        told = [value for _line, value in last]
        each = ", ".join(f"{line.name}: {spelled(value, card.unit)}" for line, value in last)
        now = f'<span title="{escape(each)}">{escape(f"{spelled(min(told), card.unit)} – {spelled(max(told), card.unit)}")}</span>'
    else:
        now = " · ".join(
            f'<span style="color:{line.color if len(last) > 1 else "inherit"}">{escape(spelled(value, card.unit))}</span>'
            for line, value in last
        )
    drawn = "".join(_path(line, start, end, most) for line in card.lines)
    about = escape(f"{card.title}: {card.about}" if card.about else card.title)
    return (
        f'<div style="{_CARD}" title="{about}"><div style="{_TITLE}">{escape(card.title)}</div>'
        f'<div style="{_VALUE}">{now}</div>'
        f'<img src="{_picture(drawn)}" alt="" style="{_PLOT}">'
        f'<div style="{_SMALL}"><span>{(end - start) / 60:g} min</span>'
        f"<span>{escape('of' if isfinite(card.limit) else 'up to')} {escape(spelled(most, card.unit))}</span></div></div>"
    )


def _picture(drawn: str) -> str:
    """Return lines as the address of a picture, since pages let no drawing of their own through."""
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none">{drawn}</svg>'
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"


def _round(value: float) -> float:
    """Return the next of 1, 2, 5, 10 times a power of ten, so that an axis does not move with every reading."""
    if value <= 0:
        return 0.0
    power = 10.0 ** (len(f"{int(value)}") - 1) if value >= 1 else 1.0
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value)


def _path(line: Line, start: float, end: float, most: float) -> str:
    seen = [(at, value) for at, value in line.points if at >= start and isfinite(value)]
    words, before = [], float("-inf")
    for at, value in seen:
        x = WIDTH * (at - start) / max(end - start, 1e-9)
        y = HEIGHT - 1 - (HEIGHT - 3) * max(0.0, value) / most
        words.append(f"{'L' if at - before <= _GAP else 'M'}{x:.1f} {y:.1f}")
        before = at
    if not words:
        return ""
    return (
        f'<path d="{" ".join(words)}" fill="none" stroke="{line.color}" stroke-width="1.5" '
        f'stroke-linejoin="round" stroke-linecap="round" vector-effect="non-scaling-stroke"/>'
    )
