"""Panels of histograms as the browser component `distributions` draws them: what is where as JSON, numbers as Arrow columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tbcore.charts.theme import number

Floats = NDArray[np.float64]

# What the table below a panel of one step shows of each run.
FACTS = ("run", "earlier", "step", "count", "mean", "std", "median", "min", "max", "zeros", "distance")


@dataclass(frozen=True)
class Panel:
    """What is in one panel, and its tables by the names the component looks for."""

    spec: dict[str, Any]
    tables: dict[str, pa.Table] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class About:
    """What a panel is of. run: position in the list of runs, None for all; notes: what is said below it."""

    title: str
    run: int | None = None
    description: str = ""
    notes: Sequence[str] = ()
    problem: bool = False


@dataclass(frozen=True)
class Scale:
    """The axis of the values: "linear", "log" or "symlog", which is linear within `unit` of zero; from low to high."""

    name: str
    unit: float
    low: float
    high: float


@dataclass(frozen=True)
class Curve:
    """One curve of a panel of one step; earlier: of an attempt that a later one wrote again."""

    run: int
    x: Floats
    y: Floats
    earlier: bool = False


class _Rows(Protocol):
    @property
    def steps(self) -> NDArray[np.int64]: ...
    @property
    def last_steps(self) -> NDArray[np.int64]: ...
    @property
    def wall_times(self) -> Floats: ...
    @property
    def last_wall_times(self) -> Floats: ...
    @property
    def many(self) -> NDArray[np.int64]: ...
    @property
    def counts(self) -> Floats: ...


class _Shares(Protocol):
    @property
    def rows(self) -> _Rows: ...
    @property
    def shares(self) -> Floats: ...


class _Bands(Protocol):
    @property
    def rows(self) -> _Rows: ...
    @property
    def quantiles(self) -> Floats: ...


def shares(form: str, made: _Shares, about: About, scale: Scale, *, table: str, edges: str) -> Panel:
    """Return the panel of histograms over steps; form: "heat" or "ridges"; edges: the table of the bins' edges."""
    tables = {
        table: _over_steps(made.rows),
        f"{table}_shares": pa.table({"share": made.shares.astype(np.float32).ravel()}),
    }
    return Panel({**_spec(form, about, scale), "table": table, "edges": edges}, tables)


def bands(made: _Bands, about: About, scale: Scale, *, table: str, edges: str) -> Panel:
    """Return the panel of percentiles over steps."""
    rows = _over_steps(made.rows)
    for place in range(made.quantiles.shape[1]):
        rows = rows.append_column(f"q{place}", pa.array(made.quantiles[:, place]))
    return Panel({**_spec("bands", about, scale), "table": table, "edges": edges}, {table: rows})


def bars(
    run: int, buckets: Floats, facts: Mapping[str, Sequence[float]], about: About, scale: Scale, *, table: str
) -> Panel:
    """Return the panel of the logged buckets [k, 3] of one histogram: left edge, right edge, count."""
    columns = {name: buckets[:, place] for place, name in enumerate(("left", "right", "count"))}
    spec = {**_spec("bars", about, scale), "table": table, "facts": list(FACTS), "lines": [{"run": run}]}
    return Panel(spec, {table: pa.table(columns), f"{table}_facts": _facts(facts)})


def curves(
    form: str,
    made: Sequence[Curve],
    facts: Mapping[str, Sequence[float]],
    about: About,
    scale: Scale,
    *,
    table: str,
    edges: str = "",
    against: int | None = None,
) -> Panel:
    """Return the panel of several runs at one step; form: "outlines" over the bins of `edges`, "cdf", or "qq" against a run."""
    lines = []
    start = 0
    for curve in made:
        lines.append({"run": curve.run, "earlier": curve.earlier, "start": start, "count": len(curve.y)})
        start += len(curve.y)
    columns = {
        "x": np.concatenate([_long(curve.x, len(curve.y)) for curve in made] or [np.zeros(0)]),
        "y": np.concatenate([curve.y for curve in made] or [np.zeros(0)]),
    }
    spec = {
        **_spec(form, about, scale),
        "table": table,
        "facts": list(FACTS),
        "lines": lines,
        "edges": edges,
        "against": against,
    }
    return Panel(spec, {table: pa.table(columns), f"{table}_facts": _facts(facts)})


def nothing(about: About) -> Panel:
    """Return a panel that says why there is nothing to draw."""
    return Panel({**_spec("none", about, Scale("linear", 1.0, 0.0, 1.0)), "table": "", "edges": ""})


def of_page(panel: Panel) -> Panel:
    """Return a panel that says that its range is that of the runs on its page alone."""
    note = "the range is that of the runs on this page: there are too many to look at all"
    return replace(panel, spec={**panel.spec, "notes": [*panel.spec["notes"], note]})


def noted(about: About, notes: Sequence[str], *, problem: bool = False) -> About:
    """Return the same with notes."""
    return replace(about, notes=tuple(notes), problem=problem)


def edge_table(edges: Floats) -> pa.Table:
    """Return the table of the edges [bins + 1] of common bins."""
    return pa.table({"edge": np.asarray(edges, np.float64)})


def notes(
    *,
    total: int,
    drawn: int,
    merged: bool,
    problems: Sequence[str],
    missing: float,
    values: float,
    empty: int,
    not_positive: bool,
    outside: bool = False,
) -> list[str]:
    """Return what has to be said of a panel over steps.

    drawn: how many of `total` histograms are, or into how many columns they went when `merged`; missing: how many of
    `values` values are in no bucket; empty: histograms without values; outside: none is in the chosen range of steps.
    """
    said = ["nothing logged between these steps"] if outside else []
    if merged and drawn < total:
        said.append(f"{total:,} steps, each pixel column the mean of about {round(total / drawn):,}")
    elif drawn < total:
        said.append(f"{drawn:,} of {total:,} steps, evenly chosen: drag over the steps to see any")
    if not_positive:
        said.append("not all values are above zero: symlog instead of log")
    if missing > 0:
        verb = "is" if missing == 1 else "are"
        said.append(f"{number(missing)} of {_values(values)} {verb} in no bucket (NaN, infinite or left out)")
    if empty and total == 1:
        said.append("the histogram is empty")
    elif empty:
        said.append(f"{empty:,} of {total:,} histograms {'is' if empty == 1 else 'are'} empty")
    if problems:
        many = f"{len(problems):,} cannot be read" if len(problems) > 1 else "one cannot be read"
        said.append(f"{many}: {problems[0]}")
    return said


def cut_notes(*, below: float, above: float, lost: float, least: float, greatest: float, scale: Scale) -> list[str]:
    """Return what has to be said of buckets that reach beyond the axis: how many values lie in those, and how far they reach."""
    said = []
    if below > 0:
        said.append(
            f"the outermost edge is {number(least)}: drawn from {number(scale.low)} on, with {_values(below)} of such buckets"
        )
    if above > 0:
        said.append(
            f"the outermost edge is {number(greatest)}: drawn up to {number(scale.high)}, with {_values(above)} of such buckets"
        )
    if lost > 0:
        said.append(f"{_values(lost)} {'is' if lost == 1 else 'are'} in buckets whose edges are no numbers: not drawn")
    return said


def empty_notes(runs: Sequence[str]) -> list[str]:
    """Return what has to be said of runs whose histogram holds no values."""
    if not runs:
        return []
    more = f" and {len(runs) - 5:,} more" if len(runs) > 5 else ""
    return [f"without values: {', '.join(runs[:5])}{more}"]


def _values(count: float) -> str:
    return "1 value" if count == 1 else f"{number(count)} values"


def _spec(form: str, about: About, scale: Scale) -> dict[str, Any]:
    return {
        "form": form,
        "title": about.title,
        "run": about.run,
        "description": about.description,
        "notes": list(about.notes),
        "problem": about.problem,
        "scale": scale.name,
        "unit": scale.unit,
        "low": scale.low,
        "high": scale.high,
    }


def _over_steps(rows: _Rows) -> pa.Table:
    return pa.table(
        {
            "step": rows.steps.astype(np.float64),
            "last_step": rows.last_steps.astype(np.float64),
            "wall": rows.wall_times,
            "last_wall": rows.last_wall_times,
            "many": rows.many.astype(np.int32),
            "count": rows.counts,
        }
    )


def _facts(facts: Mapping[str, Sequence[float]]) -> pa.Table:
    return pa.table({name: np.asarray(facts[name], np.float64) for name in FACTS})


def _long(x: Floats, count: int) -> Floats:
    return x if len(x) == count else np.full(count, np.nan)
