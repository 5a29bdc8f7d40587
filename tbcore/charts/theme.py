"""The colours of the runs and the one spelling of numbers, durations, sizes and times.

The browser spells them alike: `ui/components/lines/format.js`.
"""

from datetime import UTC, datetime, tzinfo
from decimal import ROUND_HALF_UP, Context, Decimal
from math import isfinite, isnan

# Ten hues far apart, then the same ten lightened; light and dark backgrounds carry all of them.
RUN_COLORS = (
    "#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#ff8ab7", "#a463f2", "#97bbf5", "#9c6b4e", "#9498a0",
    "#97ade5", "#f6d480", "#ffb1a5", "#aedfd4", "#94d09f", "#ffbfd7", "#cda9f8", "#c6d9f9", "#c8ae9e", "#c4c7cb",
)  # fmt: skip

_UNITS = ((Decimal(10) ** 12, "T"), (Decimal(10) ** 9, "G"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "k"))


def color(index: int) -> str:
    """Return the colour of the run that is `index`-th by start, counted from 0; the colours come round again."""
    return RUN_COLORS[index % len(RUN_COLORS)]


def number(value: float) -> str:
    """Return `value` with at most 4 significant digits: 0.1235, 9999, 12.3k, 1.2M, 3.1e-7, NaN, -Infinity."""
    value = float(value)
    if not isfinite(value):
        return "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"
    rounded = _significant(value, 4)
    size = abs(rounded)
    if size == 0:
        return "0"
    if size < Decimal("1e-4") or size >= Decimal("1e15"):
        exponent = rounded.adjusted()
        return f"{_plain(rounded.scaleb(-exponent))}e{exponent}"
    if size < 10_000:
        return _plain(rounded)
    unit, letter = next((unit, letter) for unit, letter in _UNITS if size >= unit)
    return _plain(rounded / unit) + letter


def duration(seconds: float) -> str:
    """Return seconds as their two largest parts: 250ms, 12.3s, 3m 05s, 1h 03m, 2d 04h."""
    seconds = float(seconds)
    if not isfinite(seconds):
        return number(seconds)
    if seconds < 0:
        return "-" + duration(-seconds)
    if seconds == 0:
        return "0s"
    if seconds < 1e-3:
        return number(float(_significant(seconds * 1e6, 3))) + "µs"
    if seconds < 0.9995:
        return number(float(_significant(seconds * 1e3, 3))) + "ms"
    if seconds < 59.95:
        return _plain(Decimal(seconds).quantize(Decimal("0.1"), ROUND_HALF_UP)) + "s"
    whole = _whole(seconds)
    if whole < 3_600:
        return f"{whole // 60}m {whole % 60:02d}s"
    minutes = _whole(seconds / 60)
    if minutes < 1_440:
        return f"{minutes // 60}h {minutes % 60:02d}m"
    hours = _whole(seconds / 3_600)
    return f"{hours // 24}d {hours % 24:02d}h"


def size(count: float) -> str:
    """Return `count` bytes in decimal units with at most one decimal: 512 B, 1.2 MB, 3 GB."""
    if not isfinite(count):
        return number(count)
    amount, unit = Decimal(count), "B"
    for larger in ("kB", "MB", "GB", "TB", "PB"):
        # 999.95 kB would be spelled 1000 kB.
        if abs(amount) < (1_000 if unit == "B" else Decimal("999.95")):
            break
        amount, unit = amount / 1_000, larger
    return f"{_plain(amount.quantize(Decimal('0.1'), ROUND_HALF_UP))} {unit}"


def moment(wall_time: float, zone: tzinfo = UTC) -> str:
    """Return seconds since the epoch as 2026-11-20 19:14:03 in `zone`; what is no date of the calendar as a number."""
    try:
        return datetime.fromtimestamp(wall_time, zone).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return number(wall_time)


def _significant(value: float, digits: int) -> Decimal:
    # JavaScript's toPrecision rounds halves away from zero, Python's formats to even.
    return Context(prec=digits, rounding=ROUND_HALF_UP).create_decimal(Decimal(value))


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _whole(value: float) -> int:
    return int(Decimal(value).quantize(Decimal(1), ROUND_HALF_UP))
