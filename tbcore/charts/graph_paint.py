"""The colours of a graph's boxes: one for each category, or along a scale."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import isfinite, log1p

from tbcore.charts import theme

REST = "#9498a0"  # of what has no colour of its own
_LOW, _HIGH = (0xD9, 0xE3, 0xFA), (0x2B, 0x4C, 0xB0)


@dataclass(frozen=True)
class Entry:
    """One line of a legend."""

    label: str
    color: str
    count: int


def categories(words: Sequence[str], rest: Collection[str]) -> dict[str, str]:
    """Return a colour for each category, in this order; rest: those that say nothing by themselves and are grey."""
    # The grey of the run colours is that of the rest here.
    hues = [color for color in theme.RUN_COLORS if color != REST]
    named = [one for one in words if one not in rest]
    found = {one: hues[place % len(hues)] for place, one in enumerate(named)}
    return {one: found.get(one, REST) for one in words}


def ramp(value: float, most: float) -> str:
    """Return the colour of a value from 0 to `most`; the scale is logarithmic, since a few boxes hold nearly all."""
    if not (isfinite(value) and isfinite(most)) or most <= 0:
        return ""
    share = log1p(1e3 * min(1.0, max(0.0, value / most))) / log1p(1e3)
    return "#" + "".join(f"{round(low + share * (high - low)):02x}" for low, high in zip(_LOW, _HIGH, strict=True))


def stops(most: float, count: int = 24) -> Sequence[str]:
    """Return the colours of a scale from 0 to `most`, evenly along it as it is drawn in a legend."""
    return [ramp(most * (1e3 ** (place / (count - 1)) - 1) / (1e3 - 1), most) for place in range(count)]
