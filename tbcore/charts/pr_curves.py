"""Precision-recall curves as the browser component `pr_curves` draws them: what is what as JSON, the counts as columns."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

COLUMNS = ("tp", "fp", "tn", "fn", "precision", "recall")


@dataclass(frozen=True)
class Look:
    """How one curve is drawn.

    color: its run's, or its class's; opacity: less for older steps; label: its class, "" where a card has but one;
    here: whether it is the one at the slider; earlier: whether a later attempt wrote its step again.
    """

    run: int
    color: str
    opacity: float = 1.0
    label: str = ""
    here: bool = True
    earlier: bool = False


@dataclass(frozen=True)
class Card:
    """One card and its table, by the names the component looks for."""

    spec: dict[str, Any]
    tables: dict[str, pa.Table] = field(repr=False)


class _Curve(Protocol):
    @property
    def step(self) -> int: ...
    @property
    def wall_time(self) -> float: ...
    @property
    def values(self) -> NDArray[np.float64]: ...


def card(
    tag: str,
    title: str,
    curves: Sequence[_Curve],
    kept: Sequence[NDArray[np.int64]],
    looks: Sequence[Look],
    areas: Sequence[float],
    *,
    table: str,
    lengths: Sequence[int],
    description: str = "",
    problems: Sequence[str] = (),
) -> Card:
    """Return one card.

    kept: which thresholds of each curve go to the browser; lengths: how many of all its thresholds come before those at
    which nothing is positive; areas: under each ROC curve, NaN where there is none. table: names its Arrow table, a row
    for each threshold, curve after curve.
    """
    entries = []
    start = 0
    for curve, places, look, length, area in zip(curves, kept, looks, lengths, areas, strict=True):
        entries.append(
            {
                "run": look.run,
                "color": look.color,
                "opacity": round(look.opacity, 3),
                "label": look.label,
                "here": look.here,
                "earlier": look.earlier,
                # As text: no number of JavaScript may hold it.
                "step": f"{curve.step:,}",
                "wall": curve.wall_time if math.isfinite(curve.wall_time) else None,
                "start": start,
                "count": len(places),
                "seen": int(np.searchsorted(places, length)),
                "thresholds": curve.values.shape[1],
                "auc": area if math.isfinite(area) else None,
            }
        )
        start += len(places)
    spec = {
        "tag": tag,
        "title": title,
        "description": description,
        "problems": list(problems),
        "labels": _labels(looks),
        "curves": entries,
        "table": table,
    }
    return Card(spec, {table: _table(curves, kept)} if entries else {})


def _labels(looks: Sequence[Look]) -> list[dict[str, Any]]:
    """Return the classes of a card: with their colour where each has one of its own, else they are told by dashes."""
    colors: dict[str, set[str]] = {}
    for look in looks:
        if look.label:
            colors.setdefault(look.label, set()).add(look.color)
    own = all(len(some) == 1 for some in colors.values()) and len(set().union(*colors.values())) == len(colors)
    return [{"label": label, "color": min(some) if own else None} for label, some in colors.items()]


def _table(curves: Sequence[_Curve], kept: Sequence[NDArray[np.int64]]) -> pa.Table:
    values = np.concatenate([curve.values[:, places] for curve, places in zip(curves, kept, strict=True)], axis=1)
    # What was logged in single precision, as nearly all is, takes half the way.
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    columns: Mapping[str, NDArray[Any]] = dict(
        zip(COLUMNS, single if np.array_equal(single, values, equal_nan=True) else values, strict=True)
    )
    return pa.table({"place": np.concatenate(kept).astype(np.int32), **columns})
