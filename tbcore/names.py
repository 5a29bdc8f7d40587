"""Names of runs and tags: their natural order, their groups, and the regular expressions that pick them."""

import re
from collections.abc import Callable, Iterable

from tbcore.errors import PatternError

_DIGITS = re.compile(r"([0-9]+)")


def natural(name: str) -> list[tuple[int, int, str]]:
    """Return a key that sorts names as people count: step9 before step10."""
    parts = _DIGITS.split(name.casefold())
    return [(0, int(part), part) if index % 2 else (1, 0, part) for index, part in enumerate(parts)]


def group_of(tag: str) -> str:
    """Return the group of a tag: what stands before its first slash, "" when there is none."""
    head, slash, _rest = tag.partition("/")
    return head if slash else ""


def title_of(tag: str) -> str:
    """Return what a tag is called inside its group."""
    _head, slash, rest = tag.partition("/")
    return rest if slash and rest else tag


def grouped(tags: Iterable[str]) -> dict[str, list[str]]:
    """Return the distinct tags by group, both in natural order; tags without a group come last."""
    groups: dict[str, list[str]] = {}
    for tag in sorted(set(tags), key=lambda tag: (natural(tag), tag)):
        groups.setdefault(group_of(tag), []).append(tag)
    return {group: groups[group] for group in sorted(groups, key=lambda group: (group == "", natural(group), group))}


def captured(tags: Iterable[str], pattern: str) -> dict[str, list[str]]:
    """Return the distinct tags by what the groups of a regular expression capture of them, both in natural order.

    Without a capturing group it is what matches that names the group. Tags that do not match come last, under "".
    Raises PatternError when it is not a regular expression.
    """
    matcher(pattern)
    compiled = re.compile(pattern, re.IGNORECASE)
    groups: dict[str, list[str]] = {}
    for tag in sorted(set(tags), key=lambda tag: (natural(tag), tag)):
        found = compiled.search(tag)
        name = "" if found is None else ", ".join(text or "" for text in found.groups()) or found[0]
        groups.setdefault(name, []).append(tag)
    return {group: groups[group] for group in sorted(groups, key=lambda group: (group == "", natural(group), group))}


def matcher(pattern: str | None) -> Callable[[str], bool]:
    """Return a test for names: case-insensitive, unanchored; None and "" match all.

    Raises PatternError, saying where, when `pattern` is not a regular expression.
    """
    if not pattern:
        return lambda _name: True
    try:
        compiled = re.compile(pattern, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        position = getattr(error, "pos", None)
        at = "" if position is None else f" at position {position + 1}"
        reason = getattr(error, "msg", "it is too large")
        raise PatternError(f"{pattern!r} is not a regular expression: {reason}{at}") from error
    return lambda name: compiled.search(name) is not None
