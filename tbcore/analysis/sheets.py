"""Tables whose rows are runs or sessions, and whose columns are what is known, what was chosen, and what came of it.

A sheet keeps what is missing apart from what is not a number: a metric that ended as NaN is there, one that was never
logged is not. Filters, order and downloads are the same for every sheet.
"""

import io
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tbcore.names import matcher, natural

Role = Literal["about", "hparam", "metric"]
Type = Literal["number", "bool", "text", "time", "duration", "size", "count"]
Value = bool | float | str

_LEADING = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")
_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column.

    key: unique in its sheet, and the same at every look at the logs; title: what it is called on screen.
    type: times are seconds since the epoch, UTC, durations seconds, sizes bytes, counts whole numbers.
    better: for metrics, which end is the good one, "" where nobody knows.
    choices: the values a hyperparameter may take, as its experiment says; low, high: the interval likewise.
    """

    key: str
    title: str
    role: Role
    type: Type = "number"
    about: str = ""
    better: Literal["", "low", "high"] = ""
    choices: tuple[Value, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Cells:
    """The cells of one column [rows].

    values: float64 for every type but text, booleans as 0 and 1; of text, str in an object array. Where a cell is
    missing they hold NaN or "", and `missing` says so; NaN elsewhere is a value that is not a number.
    """

    values: NDArray[Any]
    missing: NDArray[np.bool_]


@dataclass(frozen=True)
class Sheet:
    """A table of rows that have names, and columns of cells.

    names: unique, what a row is called in addresses and downloads; runs: the runs that each row is made of.
    """

    names: tuple[str, ...]
    columns: tuple[Column, ...]
    cells: Mapping[str, Cells] = field(repr=False)
    runs: tuple[tuple[str, ...], ...] = field(repr=False)

    def __len__(self) -> int:
        return len(self.names)

    def column(self, key: str) -> Column | None:
        """Return the column that is called `key`, None when there is none."""
        return next((column for column in self.columns if column.key == key), None)

    def of(self, *roles: Role) -> list[Column]:
        """Return the columns of some roles, in order."""
        return [column for column in self.columns if column.role in roles]


@dataclass(frozen=True)
class Filter:
    """What the cells of one column must be for their row to pass.

    numbers: within [low, high]; text and booleans: one of `values` (booleans as "true" and "false"), unless that is
    None, and matching the regular expression `pattern`. missing: whether rows without a cell pass as well ("with"),
    do not ("without"), or are the only ones that do ("only"). nan: likewise for numbers that are not a number, which no
    range holds.
    """

    key: str
    low: float | None = None
    high: float | None = None
    values: tuple[str, ...] | None = None
    pattern: str = ""
    missing: Literal["with", "without", "only"] = "without"
    nan: Literal["with", "without", "only"] = "with"


def number_cells(values: Sequence[float | None]) -> Cells:
    """Return cells of numbers; None is missing."""
    missing = np.fromiter((value is None for value in values), np.bool_, len(values))
    return Cells(np.array([np.nan if value is None else value for value in values], np.float64), missing)


def text_cells(values: Sequence[str | None]) -> Cells:
    """Return cells of text; None is missing."""
    missing = np.fromiter((value is None for value in values), np.bool_, len(values))
    cells = np.empty(len(values), object)
    cells[:] = ["" if value is None else value for value in values]
    return Cells(cells, missing)


def word(value: Value) -> str:
    """Return a value as filters and downloads spell it: true, 0.1, 32, adam."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def words(column: Column, cells: Cells) -> list[str]:
    """Return the cells as `word` spells them, "" where they are missing."""
    if column.type == "text":
        return list(cells.values)
    spell: Callable[[Any], str] = (lambda value: word(bool(value))) if column.type == "bool" else word
    spelled = {value: spell(value) for value in set(cells.values[~cells.missing & ~np.isnan(cells.values)].tolist())}
    return [
        "" if gone else spelled.get(value, "NaN")
        for value, gone in zip(cells.values.tolist(), cells.missing.tolist(), strict=True)
    ]


# Rows ----------------------------------------------------------------------------------------------------------------


def passing(sheet: Sheet, filters: Sequence[Filter]) -> NDArray[np.bool_]:
    """Return which rows [rows] pass all filters; one of a column that is not there lets all pass.

    Raises PatternError when a pattern is not a regular expression.
    """
    found = np.ones(len(sheet), np.bool_)
    for one in filters:
        column = sheet.column(one.key)
        if column is not None:
            found &= _passing(column, sheet.cells[one.key], one)
    return found


def _passing(column: Column, cells: Cells, one: Filter) -> NDArray[np.bool_]:
    if one.missing == "only":
        return cells.missing
    found: NDArray[np.bool_]
    if column.type in ("text", "bool"):
        matches = matcher(one.pattern)
        wanted = None if one.values is None else set(one.values)
        spelled = words(column, cells)
        good = {text for text in set(spelled) if (wanted is None or text in wanted) and matches(text)}
        found = np.fromiter((text in good for text in spelled), np.bool_, len(spelled))
    else:
        found = np.ones(len(cells.values), np.bool_)
        if one.low is not None:
            found &= cells.values >= one.low
        if one.high is not None:
            found &= cells.values <= one.high
        if one.values is not None or one.pattern:
            matches = matcher(one.pattern)
            wanted = None if one.values is None else set(one.values)
            spelled = words(column, cells)
            found &= np.array([(wanted is None or text in wanted) and matches(text) for text in spelled], np.bool_)
        if one.nan != "with":
            found &= np.isnan(cells.values) == (one.nan == "only")
    return (found | cells.missing) if one.missing == "with" else (found & ~cells.missing)


def order(sheet: Sheet, key: str, *, descending: bool = False) -> NDArray[np.int64]:
    """Return the rows [rows] in the order of a column: NaN after numbers, missing ones last either way.

    Text that begins with a number comes before other text, by that number; the rest in natural order. Rows that are
    equal stay in their order.
    """
    column = sheet.column(key)
    if column is None:
        return np.arange(len(sheet))
    cells = sheet.cells[key]
    if column.type == "text":
        rank = {text: place for place, text in enumerate(sorted(set(cells.values), key=_text_key))}
        values = np.array([rank[text] for text in cells.values], np.float64)
    else:
        values = cells.values.astype(np.float64)
    last = np.where(cells.missing, 2, np.isnan(values))
    keyed = np.where(last > 0, 0.0, -values if descending else values)
    return np.lexsort((keyed, last)).astype(np.int64)


def _text_key(text: str) -> tuple[int, float, list[tuple[int, int, str]], str]:
    found = _LEADING.match(text)
    return (0, float(found[1]), natural(text), text) if found else (1, 0.0, natural(text), text)


def only(sheet: Sheet, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Sheet:
    """Return the sheet with only some rows, by number or by mask, in that order."""
    places = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
    return Sheet(
        tuple(sheet.names[place] for place in places),
        sheet.columns,
        {key: Cells(cells.values[places], cells.missing[places]) for key, cells in sheet.cells.items()},
        tuple(sheet.runs[place] for place in places),
    )


def picked(sheet: Sheet, keys: Sequence[str]) -> Sheet:
    """Return the sheet with only some columns, in that order; those that are not there are left out."""
    known = {column.key: column for column in sheet.columns}
    columns = tuple(known[key] for key in dict.fromkeys(keys) if key in known)
    return Sheet(sheet.names, columns, {column.key: sheet.cells[column.key] for column in columns}, sheet.runs)


# Columns -------------------------------------------------------------------------------------------------------------


def differs(sheet: Sheet, key: str) -> bool:
    """Return whether the cells of a column differ; one that some rows lack and others have does."""
    cells = sheet.cells[key]
    if len(cells.values) == 0:
        return False
    if bool(cells.missing.any()):
        return not bool(cells.missing.all())
    if cells.values.dtype == object:
        return len(set(cells.values)) > 1
    return len(np.unique(cells.values)) > 1


def levels(sheet: Sheet, key: str) -> list[tuple[str, int]]:
    """Return the different values of a column, spelled and in their order, and how many rows have each."""
    column = sheet.column(key)
    if column is None:
        return []
    cells = sheet.cells[key]
    counts: dict[str, int] = {}
    for text, gone in zip(words(column, cells), cells.missing.tolist(), strict=True):
        if not gone:
            counts[text] = counts.get(text, 0) + 1
    return sorted(counts.items(), key=lambda one: _text_key(one[0]))


def best(sheet: Sheet, key: str) -> int | None:
    """Return the row with the best value of a column, the first of equals; None where nobody knows what is good."""
    column = sheet.column(key)
    if column is None or not column.better:
        return None
    values = sheet.cells[key].values
    finite = np.isfinite(values)
    if not finite.any():
        return None
    sign = 1.0 if column.better == "low" else -1.0
    return int(np.argmin(np.where(finite, sign * values, np.inf)))


# Downloads -----------------------------------------------------------------------------------------------------------


def frame(sheet: Sheet) -> pd.DataFrame:
    """Return the sheet as a data frame: a column `name`, then one per column, by its title where that is unique.

    Numbers are float64, NaN where missing; counts Int64; booleans of the type boolean; times datetimes in UTC.
    """
    columns: dict[str, Any] = {"name": pd.Series(list(sheet.names), dtype="str")}
    for title, column in zip(titles(sheet), sheet.columns, strict=True):
        cells = sheet.cells[column.key]
        columns[title] = _typed(column, cells)
    return pd.DataFrame(columns)


def titles(sheet: Sheet) -> list[str]:
    """Return the title of each column, with its role where another column has the same one, else unique by a number."""
    counts = Counter(["name", *(column.title for column in sheet.columns)])
    taken = {"name"}
    found = []
    for column in sheet.columns:
        plain = column.title if counts[column.title] == 1 else f"{column.title} ({column.role})"
        title, number = plain, 1
        while title in taken:
            number += 1
            title = f"{plain} {number}"
        taken.add(title)
        found.append(title)
    return found


def _typed(column: Column, cells: Cells) -> "pd.Series[Any]":
    if column.type == "text":
        return pd.Series(
            [None if gone else text for text, gone in zip(cells.values, cells.missing, strict=True)], dtype="str"
        )
    if column.type == "bool":
        return pd.Series(
            [None if gone else bool(one) for one, gone in zip(cells.values, cells.missing, strict=True)],
            dtype="boolean",
        )
    if column.type in ("count", "size"):
        return pd.Series(
            [None if gone else int(one) for one, gone in zip(cells.values, cells.missing, strict=True)], dtype="Int64"
        )
    if column.type == "time":
        return pd.Series([_date(one) for one in cells.values], dtype="datetime64[us, UTC]")
    return pd.Series(cells.values, dtype="float64")


def _date(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def rows(sheet: Sheet) -> list[dict[str, Any]]:
    """Return the rows as JSON has them: `name`, then the cells by title, null where missing; times in seconds.

    Numbers that are not finite are the strings NaN, Infinity and -Infinity.
    """
    named = titles(sheet)
    found: list[dict[str, Any]] = [{"name": name} for name in sheet.names]
    for title, column in zip(named, sheet.columns, strict=True):
        cells = sheet.cells[column.key]
        for row, value, gone in zip(found, cells.values.tolist(), cells.missing.tolist(), strict=True):
            row[title] = None if gone else _plain(column, value)
    return found


def _plain(column: Column, value: Any) -> Any:
    if column.type == "text":
        return value
    if column.type == "bool":
        return bool(value)
    if not math.isfinite(value):
        return word(value)
    return int(value) if column.type in ("count", "size") else value


def to_csv(sheet: Sheet) -> bytes:
    """Return the sheet as CSV: a header, nothing where a cell is missing, times in seconds since the epoch."""
    spelled = {"name": list(sheet.names)}
    for title, column in zip(titles(sheet), sheet.columns, strict=True):
        spelled[title] = words(column, sheet.cells[column.key])
    return pd.DataFrame(spelled, dtype="str").to_csv(index=False, lineterminator="\n").encode()


def to_json(sheet: Sheet) -> bytes:
    """Return the sheet as one JSON list of objects, one line each."""
    lines = [json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows(sheet)]
    return ("[\n" + ",\n".join(lines) + "\n]\n").encode() if lines else b"[]\n"


def to_latex(sheet: Sheet) -> bytes:
    """Return the sheet as a LaTeX tabular of the package booktabs; numbers with 4 significant digits, missing ones ---."""
    aligned = "l" + "".join("l" if column.type in ("text", "bool") else "r" for column in sheet.columns)
    head = " & ".join(map(_latex, ["name", *titles(sheet)]))
    cells = [[_latex(name) for name in sheet.names], *(_latex_cells(column, sheet) for column in sheet.columns)]
    body = "\n".join("  " + " & ".join(row) + r" \\" for row in zip(*cells, strict=True))
    return (
        f"\\begin{{tabular}}{{{aligned}}}\n  \\toprule\n  {head} \\\\\n  \\midrule\n{body}\n"
        "  \\bottomrule\n\\end{tabular}\n"
    ).encode()


def _latex_cells(column: Column, sheet: Sheet) -> list[str]:
    cells = sheet.cells[column.key]
    found = []
    for text, value, gone in zip(words(column, cells), cells.values, cells.missing, strict=True):
        if gone:
            found.append("---")
        elif column.type in ("number", "duration") and math.isfinite(value):
            found.append(f"${_scientific(f'{value:.4g}')}$")
        elif column.type == "time":
            date = _date(value)
            found.append(_latex(text) if date is None else date.strftime("%Y-%m-%d %H:%M:%S"))
        else:
            found.append(_latex(text))
    return found


def _scientific(text: str) -> str:
    digits, mark, exponent = text.partition("e")
    return rf"{digits} \cdot 10^{{{int(exponent)}}}" if mark else text


def _latex(text: str) -> str:
    return "".join(_LATEX.get(sign, " " if sign in "\r\n\t" else sign) for sign in text)


def to_parquet(sheet: Sheet) -> bytes:
    """Return the sheet as Parquet, with the types of `frame`."""
    sink = io.BytesIO()
    frame(sheet).to_parquet(sink, index=False)
    return sink.getvalue()


DOWNLOADS: Mapping[str, Callable[[Sheet], bytes]] = {
    "csv": to_csv,
    "json": to_json,
    "tex": to_latex,
    "parquet": to_parquet,
}
