"""A picture of a graph as an SVG file that stands alone, drawn as on the screen; names are text and nothing else."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from math import hypot
from typing import Any

from tbcore.charts.graph_text import SMALL, text_width

_BORDER = 16
_BUTTON = 20.0
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_HEX = re.compile(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
# What XML cannot hold, and lone halves of letters, which no file can.
_UNTOLD = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PAPER = {False: "#ffffff", True: "#16181c"}
_INK = {False: "#23272e", True: "#dcdfe4"}
_CHANGES = {"added": "#2f9145", "removed": "#d0453a", "changed": "#c77800"}
_CHANGES_DARK = {"added": "#62bd75", "removed": "#f0766b", "changed": "#e5a13a"}
_SIGNS = {"added": "+", "removed": "−", "changed": "≠", "inside": "•"}
_DASHES = {"more": "4 2.5"}


class _Look:
    """The colours of a light or a dark picture."""

    def __init__(self, dark: bool) -> None:
        self.paper, self.ink = _PAPER[dark], _INK[dark]
        self.changes = _CHANGES_DARK if dark else _CHANGES

    def grey(self, part: float) -> str:
        """Return a mix of the ink with the paper."""
        return self.tint(self.ink, part)

    def tint(self, color: str, part: float) -> str:
        """Return a mix of a colour with the paper, grey for what is no colour of six or three digits."""
        own = color if _HEX.fullmatch(color) else self.ink
        pairs = zip(_parts(own), _parts(self.paper), strict=True)
        return "#" + "".join(f"{round(part * mine + (1 - part) * theirs):02x}" for mine, theirs in pairs)


def _parts(color: str) -> list[int]:
    digits = color[1:] if len(color) == 7 else "".join(2 * digit for digit in color[1:])
    return [int(digits[at : at + 2], 16) for at in (0, 2, 4)]


def svg(picture: Mapping[str, Any], dark: bool = False) -> str:
    """Return a picture as an SVG file."""
    look = _Look(dark)
    width, height = picture["width"] + 2 * _BORDER, picture["height"] + 2 * _BORDER
    boxes = picture["boxes"]
    told = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="{-_BORDER} {-_BORDER} {width:g} {height:g}" font-family="{_FONT}">',
        f'<rect x="{-_BORDER}" y="{-_BORDER}" width="{width:g}" height="{height:g}" fill="{look.paper}"/>',
    ]
    told += [_panel(box, look) for box in boxes if box["open"]]
    told += [_line(line, look) for line in sorted(picture["lines"], key=lambda line: "control" not in line)]
    told += [_closed(box, look) for box in boxes if not box["open"]]
    told += [_title(box, look) for box in boxes if box["open"]]
    told += [_label(line, look) for line in picture["lines"] if "lx" in line]
    return "\n".join([*told, "</svg>", ""])


def _text(x: float, y: float, words: str, look: _Look, more: str = "") -> str:
    fill = "" if "fill=" in more else f' fill="{look.ink}"'
    return f'<text x="{x:.1f}" y="{y:.1f}"{fill} {more}>{_escaped(words)}</text>'


def _escaped(words: str) -> str:
    return escape(_UNTOLD.sub("\ufffd", words))


def _rect(x: float, y: float, width: float, height: float, more: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" {more}/>'


def _panel(box: Mapping[str, Any], look: _Look) -> str:
    change, color = look.changes.get(box.get("change", "")), box.get("color")
    fill = look.tint(change, 0.05) if change else look.tint(color, 0.07) if color else look.grey((0.055, 0.025)[box["depth"] % 2])  # fmt: skip
    stroke = change or (look.tint(color, 0.42) if color else look.grey(0.17))
    return _rect(box["x"], box["y"], box["w"], box["h"], f'rx="9" fill="{fill}" stroke="{stroke}"')


def _title(box: Mapping[str, Any], look: _Look) -> str:
    words = _text(box["x"] + 12, box["y"] + 17.5, box["text"], look, 'font-size="12" font-weight="600"')
    return words + _sign(box, box["x"] + text_width(box["text"]) + 28, box["y"] + 14, look)


def _closed(box: Mapping[str, Any], look: _Look) -> str:
    x, y, width, height, kind = box["x"], box["y"], box["w"], box["h"], box["kind"]
    change, color = look.changes.get(box.get("change", "")), box.get("color")
    plain = kind == "op"
    fill = look.tint(change, 0.16) if change else look.tint(color, 0.26) if color else look.grey(0.03 if plain else 0.08)  # fmt: skip
    stroke = change or (look.tint(color, 0.72) if color else look.grey(0.3 if plain else 0.38))
    round_ = f'rx="{6 if plain else 8}"'
    parts = [f"<g><title>{_escaped(box['label'])}</title>"]
    if kind in ("series", "more"):
        behind = f'{round_} fill="{look.tint(color, 0.16) if color else look.grey(0.05)}" stroke="{look.grey(0.26)}"'
        parts += [_rect(x + off, y + off, width, height, behind) for off in (6, 3)]
    dashes = f' stroke-dasharray="{_DASHES[kind]}"' if kind in _DASHES else ""
    parts.append(_rect(x, y, width, height, f'{round_} fill="{fill}" stroke="{stroke}"{dashes}'))
    two = box["sub"] or box["note"]
    button = 0.0 if plain else _BUTTON
    middle = x + (width - button) / 2
    parts.append(
        _text(middle, y + (17 if two else height / 2 + 4.2), box["text"], look, 'font-size="12" font-weight="500" text-anchor="middle"')
    )  # fmt: skip
    if two:
        below = "  ".join(part for part in (box["sub"], box["note"]) if part)
        tight = text_width(below, SMALL) + button > width - 14
        more = f'font-size="{SMALL:g}" text-anchor="middle" fill="{look.grey(0.68)}"'
        parts.append(_text(x + width / 2 if tight else middle, y + 31, below, look, more))
    if not plain:
        cross = f"M{x + width - 16.5:.1f} {y + 13:.1f}h7m-3.5 -3.5v7"
        parts.append(f'<path d="{cross}" fill="none" stroke="{look.grey(0.62)}" stroke-width="1.4"/>')
    parts += _shares(box, look)
    parts += _marks(box, look)
    return "".join([*parts, _sign(box, x, y, look), "</g>"])


def _shares(box: Mapping[str, Any], look: _Look) -> list[str]:
    whole, x, parts = box["w"] - 12, box["x"] + 6, []
    for color, share in box.get("shares", ()):
        fill = color if _HEX.fullmatch(color) else look.grey(0.5)
        parts.append(_rect(x, box["y"] + box["h"] - 5, max(0.0, whole * share - 0.6), 3, f'rx="1" fill="{fill}"'))
        x += whole * share
    return parts


def _marks(box: Mapping[str, Any], look: _Look) -> list[str]:
    marks: Sequence[Any] = box.get("marks", ())
    right = sum(kind == "summary" for _id, _label_, kind in marks)
    left = box.get("marked", 0) - right
    looks = f'fill="{look.paper}" stroke="{look.grey(0.4)}"'
    parts = []
    for count, x, edge in ((left, box["x"] - 13, box["x"]), (right, box["x"] + box["w"] + 13, box["x"] + box["w"])):
        if not count:
            continue
        y = box["y"] + box["h"] / 2
        parts.append(f'<path d="M{x:.1f} {y:.1f}H{edge:.1f}" stroke="{look.grey(0.4)}"/>')
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" {looks}/>')
        if count > 1:
            parts.append(_text(x, y + 3, str(count) if count < 100 else "…", look, 'font-size="8.5" text-anchor="middle"'))  # fmt: skip
    return parts


def _sign(box: Mapping[str, Any], x: float, y: float, look: _Look) -> str:
    change = box.get("change", "")
    if not change:
        return ""
    fill = look.changes.get(change, look.grey(0.46))
    more = f'font-size="11" font-weight="700" text-anchor="middle" fill="{look.paper}"'
    circle = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="7" fill="{fill}" stroke="{look.paper}" stroke-width="1.5"/>'
    return circle + _text(x, y + 3.6, _SIGNS.get(change, "?"), look, more)


def _line(line: Mapping[str, Any], look: _Look) -> str:
    points: Sequence[float] = line["points"]
    control = "control" in line
    color = look.grey(0.3 if control else 0.4)
    way = f"M{points[0]:g} {points[1]:g}" + "".join(
        "C" + " ".join(f"{value:g}" for value in points[at : at + 6]) for at in range(2, len(points), 6)
    )
    dashes = ' stroke-dasharray="3 4"' if control else ""
    stroke = f'<path d="{way}" fill="none" stroke="{color}" stroke-width="{line["width"]:g}"{dashes}/>'
    x, y = points[-2], points[-1]
    dx, dy = x - points[-4], y - points[-3]
    length = hypot(dx, dy) or 1.0
    size = 5.5 if control else 5.5 + line["width"]
    dx, dy = dx / length * size, dy / length * size
    head = f"M{x:.1f} {y:.1f}L{x - dx - dy / 2:.1f} {y - dy + dx / 2:.1f}L{x - dx + dy / 2:.1f} {y - dy - dx / 2:.1f}Z"
    return f'{stroke}<path d="{head}" fill="{color}"/>'


def _label(line: Mapping[str, Any], look: _Look) -> str:
    more = f'font-size="{SMALL:g}" fill="{look.grey(0.72)}" stroke="{look.paper}" stroke-width="3" paint-order="stroke"'
    return _text(line["lx"], line["ly"] + 3.5, line["label"], look, more)
