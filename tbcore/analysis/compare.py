"""A few runs beside each other: what they share, in what they differ, and by how much, against the first of them."""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from tbcore.analysis import text
from tbcore.analysis.sheets import Column, Role, Sheet, Value, word
from tbcore.analysis.text import Difference
from tbcore.errors import ConfigError, FormatError
from tbcore.formats.configs import Config
from tbcore.names import natural
from tbcore.series import Series

Verdict = Literal["better", "worse", ""]
Page = tuple[Series, int] | Config  # a text: a point of a series, or a configuration file


class Logged(Protocol):
    """What is needed of a run."""

    @property
    def name(self) -> str:
        """Return the name of the run."""

    @property
    def series(self) -> Mapping[tuple[str, str], Series]:
        """Return its series by (kind, tag)."""

    @property
    def configs(self) -> Sequence[Config]:
        """Return the configuration files that lie beside its events, the most telling first."""


@dataclass(frozen=True)
class Row:
    """One thing that is known of the runs, each [runs]. None: missing, or not to be said.

    deltas: how much more the value is than the first run's; ratios: how many times that; shares: the delta as a part of
    the first run's value. All are None for the first run, and where the two are no finite numbers.
    verdicts: whether the value is better or worse than the first run's, where somebody knows; best: which runs have the
    best of all, none where all have it.
    """

    column: Column
    values: tuple[Value | None, ...]
    same: bool
    deltas: tuple[float | None, ...]
    ratios: tuple[float | None, ...]
    shares: tuple[float | None, ...]
    verdicts: tuple[Verdict, ...]
    best: tuple[int, ...] = ()


@dataclass(frozen=True)
class Text:
    """What the runs wrote last under one text tag, or hold in one configuration file.

    name: the tag's or the file's; pages: what each run has of it, None where it has nothing.
    """

    name: str
    is_file: bool
    pages: tuple[Page | None, ...]
    same: bool


def rows(sheet: Sheet, *roles: Role) -> list[Row]:
    """Return a row for each column of some roles that any of the runs, the rows of the sheet, has a value of."""
    return [_row(sheet, column) for column in sheet.of(*roles) if not sheet.cells[column.key].missing.all()]


def _row(sheet: Sheet, column: Column) -> Row:
    cells = sheet.cells[column.key]
    values = tuple(
        None if gone else bool(one) if column.type == "bool" else one
        for one, gone in zip(cells.values.tolist(), cells.missing.tolist(), strict=True)
    )
    numbers = [
        one if isinstance(one, float) and column.type not in ("bool", "time") and math.isfinite(one) else None
        for one in values
    ]
    first, others = numbers[0], [None, *numbers[1:]]
    deltas = tuple(None if first is None or one is None else one - first for one in others)
    return Row(
        column=column,
        values=values,
        same=len({_spelled(one) for one in values}) <= 1,
        deltas=deltas,
        ratios=tuple(None if not first or one is None else one / first for one in others),
        shares=tuple(None if not first or delta is None else delta / abs(first) for delta in deltas),
        verdicts=tuple(_verdict(column, delta) for delta in deltas),
        best=_best(column, numbers),
    )


def _best(column: Column, numbers: Sequence[float | None]) -> tuple[int, ...]:
    known = [one for one in numbers if one is not None]
    if not column.better or len(set(known)) < 2:
        return ()
    top = min(known) if column.better == "low" else max(known)
    return tuple(place for place, one in enumerate(numbers) if one == top)


def _verdict(column: Column, delta: float | None) -> Verdict:
    if not delta or not column.better:
        return ""
    return "better" if (delta < 0) == (column.better == "low") else "worse"


def _spelled(value: Value | None) -> str | None:
    return None if value is None else word(value)


def tags(runs: Sequence[Logged], kind: str = "scalars") -> tuple[list[str], dict[str, list[str]]]:
    """Return the tags of a kind that all runs have, and of the others which runs have them; both in natural order."""
    holding: dict[str, list[str]] = {}
    for run in runs:
        for (of_kind, tag), series in run.series.items():
            if of_kind == kind and len(series):
                holding.setdefault(tag, []).append(run.name)
    ordered = sorted(holding, key=lambda tag: (natural(tag), tag))
    common = [tag for tag in ordered if len(holding[tag]) == len(runs)]
    return common, {tag: holding[tag] for tag in ordered if len(holding[tag]) < len(runs)}


def texts(runs: Sequence[Logged]) -> list[Text]:
    """Return each text tag and each configuration file that two of the runs have, the different ones first, tags before files."""
    common, some = tags(runs, "text")
    found = []
    for tag in [*common, *(tag for tag, names in some.items() if len(names) > 1)]:
        points = tuple(_latest(run.series.get(("text", tag))) for run in runs)
        found.append(Text(tag, False, points, _alike(points)))
    files = [{one.name: one for one in run.configs} for run in runs]
    for name in dict.fromkeys(name for held in files for name in held):
        pages = tuple(held.get(name) for held in files)
        if sum(page is not None for page in pages) > 1:
            readable = [page for page in pages if page is not None and not page.problem]
            same = len(readable) == len(pages) and len({listed(page) for page in readable}) == 1
            found.append(Text(name, True, pages, same))
    return sorted(found, key=lambda one: (one.same, one.is_file, natural(one.name)))


def listed(config: Config) -> str:
    """Return what a configuration file says, a line for each name in natural order: the order in the file says nothing."""
    names = sorted(config.values, key=lambda name: (natural(name), name))
    return "\n".join(f"{name}: {_on_a_line(config.values[name])}" for name in names)


def _on_a_line(value: Value | None) -> str:
    if value is None:
        return "null"
    spelled = word(value)
    # Text that takes several lines or none, or that reads like something else, stands in quotes.
    plain = not isinstance(value, str) or (len(spelled.splitlines()) == 1 and spelled not in ("null", "true", "false"))
    return spelled if plain else json.dumps(spelled, ensure_ascii=False)


def where(page: Page) -> str:
    """Return in words where a run says it: at a step, or in a file."""
    return page.name if isinstance(page, Config) else f"step {int(page[0].steps[page[1]]):,}"


def difference(before: Page, after: Page) -> tuple[Difference, list[str]]:
    """Return how two pages differ, and what was left out, in words. Raises FormatError when one cannot be read."""
    return text.against(_flat(before), _flat(after))


def _flat(page: Page) -> text.Text:
    if not isinstance(page, Config):
        return text.flat(text.texts(*page))
    if page.problem:
        raise ConfigError(page.problem)
    return text.Text(listed(page))


def _latest(series: Series | None) -> tuple[Series, int] | None:
    if series is None or not len(series):
        return None
    kept = np.flatnonzero(~series.superseded)
    return series, int(kept[np.argmax(series.steps[kept])]) if len(kept) else len(series) - 1


def _alike(points: Sequence[tuple[Series, int] | None]) -> bool:
    """Return whether all texts are there and are the same bytes."""
    blobs = [None if one is None else one[0].blob(one[1]) for one in points]
    if None in blobs or len({blob.length for blob in blobs if blob is not None}) > 1:
        return False
    try:
        return len({blob.read() for blob in blobs if blob is not None}) == 1
    except FormatError:
        return False


# Downloads -----------------------------------------------------------------------------------------------------------


def to_csv(names: Sequence[str], sections: Mapping[str, Sequence[Row]]) -> bytes:
    """Return the rows as CSV: section, name, better, a column per run, and for each but the first its delta and ratio."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    others = names[1:]
    head = [*names, *(f"{name} - {names[0]}" for name in others), *(f"{name} / {names[0]}" for name in others)]
    writer.writerow(["section", "name", "better", *head])
    for section, some in sections.items():
        for row in some:
            cells = [*row.values, *row.deltas[1:], *row.ratios[1:]]
            writer.writerow([section, row.column.title, row.column.better, *(_spelled(one) or "" for one in cells)])
    return sink.getvalue().encode("utf-8", "replace")


def to_json(names: Sequence[str], sections: Mapping[str, Sequence[Row]], lone: Mapping[str, Sequence[str]]) -> bytes:
    """Return the comparison as one JSON document: runs, the sections, and only_in, the tags that some runs lack.

    A row has name, better, same, and by run values, deltas and ratios against the first. Numbers that are not finite
    are the strings NaN, Infinity and -Infinity; what is missing is null.
    """
    document: dict[str, Any] = {"runs": list(names)}
    for section, some in sections.items():
        document[section] = [
            {
                "name": row.column.title,
                "better": row.column.better,
                "same": row.same,
                "values": dict(zip(names, map(_plain, row.values), strict=True)),
                "deltas": dict(zip(names[1:], row.deltas[1:], strict=True)),
                "ratios": dict(zip(names[1:], row.ratios[1:], strict=True)),
            }
            for row in some
        ]
    document["only_in"] = {tag: list(some) for tag, some in lone.items()}
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1).encode("utf-8", "replace")


def _plain(value: Value | None) -> Value | None:
    return word(value) if isinstance(value, float) and not math.isfinite(value) else value
