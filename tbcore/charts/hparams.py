"""The ranking of hyperparameters as the browser component `ranking` draws it."""

import math
from collections.abc import Sequence
from typing import Any, Protocol


class _Row(Protocol):
    @property
    def key(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def importance(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def matters(self) -> bool: ...
    @property
    def correlation(self) -> float: ...
    @property
    def correlation_low(self) -> float: ...
    @property
    def correlation_high(self) -> float: ...
    @property
    def how(self) -> str: ...
    @property
    def n(self) -> int: ...


def ranking(rows: Sequence[_Row], floor: float, picked: str) -> dict[str, Any]:
    """Return the rows, the most important first, the floor of what is no more than chance, and which row is pressed."""
    return {
        "rows": [
            {
                "key": row.key,
                "title": row.title,
                "importance": _known(row.importance),
                "low": _known(row.low),
                "high": _known(row.high),
                "matters": row.matters,
                "correlation": _known(row.correlation),
                "correlation_low": _known(row.correlation_low),
                "correlation_high": _known(row.correlation_high),
                "how": row.how,
                "n": row.n,
            }
            for row in rows
        ],
        "floor": _known(floor),
        "picked": picked,
    }


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
