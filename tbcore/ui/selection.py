"""Which runs are shown: a rule short enough for the URL that still holds when new runs appear.

The browser's `components/runs/selection.js` speaks the same rules; both sides are tested against one table of cases.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Literal, NotRequired, TypedDict, cast
from urllib.parse import urlencode

SHOW_ALL_UP_TO = 500
NEWEST = 100
NAMES_UP_TO = 40
URL_UP_TO = 7_000

# What Python and JavaScript read differently, or only one of them reads at all.
_FOREIGN = re.compile(
    r"\(\?(?![:=!])"
    r"|\\(?![dDwWsSbBnrtfv]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[^a-zA-Z0-9])"
    r"|\[\^?\]"
    r"|\{,"
    r"|[*+?}]\+"
)


class Selection(TypedDict):
    """A rule that says of every run whether it is shown; plain JSON.

    all      every run
    newest   every run while there are at most 500, else the newest 100: what a visitor sees first
    only     the runs named in `runs`
    except   all but the runs named in `runs`
    pattern  the runs whose name matches the regex `pattern`, case-insensitive and unanchored
    """

    mode: Literal["all", "newest", "only", "except", "pattern"]
    runs: NotRequired[list[str]]
    pattern: NotRequired[str]


def shown(names: Sequence[str], selection: Selection) -> list[bool]:
    """Return for each run of `names`, oldest first, whether `selection` shows it.

    Raises re.error when the selection holds a pattern that `selection_of` would have refused.
    """
    match selection["mode"]:
        case "all":
            return [True] * len(names)
        case "newest":
            hidden = len(names) - NEWEST if len(names) > SHOW_ALL_UP_TO else 0
            return [index >= hidden for index in range(len(names))]
        case "only":
            kept = set(selection.get("runs", ()))
            return [name in kept for name in names]
        case "except":
            dropped = set(selection.get("runs", ()))
            return [name not in dropped for name in names]
        case "pattern":
            pattern = re.compile(selection.get("pattern", ""), re.IGNORECASE)
            return [pattern.search(name) is not None for name in names]


def portable(pattern: str) -> bool:
    """Return whether Python and every browser read the regex `pattern`, and read it alike."""
    if _FOREIGN.search(pattern):
        return False
    try:
        re.compile(pattern, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def selection_of(value: object) -> Selection | None:
    """Return the JSON `value` as a selection, None when it is not one."""
    if not isinstance(value, Mapping):
        return None
    mode, runs, pattern = value.get("mode"), value.get("runs"), value.get("pattern")
    if mode in ("all", "newest"):
        return {"mode": cast(Literal["all", "newest"], mode)}
    if mode in ("only", "except") and isinstance(runs, list) and all(isinstance(name, str) for name in runs):
        return {"mode": cast(Literal["only", "except"], mode), "runs": list(runs)}
    if mode == "pattern" and isinstance(pattern, str) and portable(pattern):
        return {"mode": "pattern", "pattern": pattern}
    return None


def encode(selection: Selection) -> dict[str, str | list[str]]:
    """Return `selection` as query parameters; none for "newest", where every visitor starts.

    More than 40 names become one regex, which no longer tells names apart that differ in case alone.
    A selection longer than a URL may safely be (7,000 bytes) becomes none.
    """
    runs = selection.get("runs", [])
    parameters: dict[str, str | list[str]] = {}
    match selection["mode"]:
        case "all":
            parameters = {"all": "1"}
        case "pattern":
            parameters = {"runs": selection.get("pattern", "")}
        case "only" if len(runs) > NAMES_UP_TO:
            parameters = {"runs": f"^(?:{_either(runs)})$"}
        case "except" if len(runs) > NAMES_UP_TO:
            parameters = {"runs": f"^(?!(?:{_either(runs)})$)"}
        case "only":
            # A parameter that is there and empty says "no run"; one that is not there says nothing.
            parameters = {"only": list(runs) or [""]}
        case "except" if runs:
            parameters = {"except": list(runs)}
        case "except":
            parameters = {"all": "1"}
    return parameters if len(urlencode(parameters, doseq=True)) <= URL_UP_TO else {}


def decode(parameters: Mapping[str, str | Sequence[str]]) -> Selection:
    """Return the selection that the query `parameters` hold; "newest" when they hold none that can be read.

    parameters: each name's value or list of values.
    """
    pattern = "".join(_values(parameters, "runs")[:1])
    if pattern and portable(pattern):
        return {"mode": "pattern", "pattern": pattern}
    if "only" in parameters:
        return {"mode": "only", "runs": [name for name in _values(parameters, "only") if name]}
    dropped = [name for name in _values(parameters, "except") if name]
    if dropped:
        return {"mode": "except", "runs": dropped}
    return {"mode": "all"} if _values(parameters, "all")[:1] == ["1"] else {"mode": "newest"}


def _either(names: Sequence[str]) -> str:
    return "|".join(re.escape(name) for name in names)


def _values(parameters: Mapping[str, str | Sequence[str]], name: str) -> list[str]:
    value = parameters.get(name, ())
    return [value] if isinstance(value, str) else list(value)
