"""How findings spell their figures; the same as everywhere on screen."""

from collections.abc import Iterable


def share(value: float) -> str:
    """Return 0.889 as 88.9%."""
    return f"{value:.1%}"


def time(nanoseconds: float) -> str:
    """Return nanoseconds with three digits: 412ns, 17.4ms, 2.05s."""
    for unit, name in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
        # 999.6 µs is 1 ms, not 1000 µs.
        if abs(nanoseconds) >= 0.9995 * unit:
            return f"{_digits(nanoseconds / unit)}{name}"
    return f"{nanoseconds:.0f}ns"


def size(count: float) -> str:
    """Return bytes in decimal units: 290.7 kB, 2.8 GB."""
    for unit, name in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if abs(count) >= 0.99995 * unit:
            return f"{count / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{count:.0f} B"


def count(number: int, one: str, many: str = "") -> str:
    """Return 1 step, 2 steps."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def code(text: str, longest: int = 70) -> str:
    """Return a name of the log between backticks, such that nothing in it means anything."""
    safe = "".join(sign if sign.isprintable() and sign != "`" else " " for sign in text).strip() or " "
    return f"`{safe if len(safe) <= longest else safe[: longest - 1] + '…'}`"


def name(text: str, longest: int = 40) -> str:
    """Return a short name of the log as words of a sentence: as it is when it is letters and digits alone."""
    return text if text.replace(" ", "").isalnum() and len(text) <= longest else code(text, longest)


def listed(words: Iterable[str]) -> str:
    """Return a, b and c."""
    found = list(words)
    return " and ".join(found) if len(found) < 3 else f"{', '.join(found[:-1])} and {found[-1]}"


def _digits(value: float) -> str:
    text = f"{value:.3g}" if abs(value) < 1_000 else f"{value:.0f}"
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
