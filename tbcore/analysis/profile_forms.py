"""What is told of every recording, whoever wrote it: its steps and what is worth changing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Severity = Literal["high", "medium", "low", "info"]

EACH = "each step"  # what figures are of where steps are marked
WHOLE = "0"  # what the one step of a recording is called in which none is marked
# The columns of `Steps.overlap`.
OVERLAPS = ("Computation only", "Overlap", "Communication only", "Other")


@dataclass(frozen=True)
class Steps:
    """Where the time of each step went; nanoseconds, starts since the base of the trace.

    categories [c]; names, starts, totals [s]; parts [s, c], which sum to the totals; overlap [s, 4]: columns as in OVERLAPS,
    None where nothing is said of communication; notes: what was assumed or left out, one sentence each.
    """

    categories: tuple[str, ...]
    names: tuple[str, ...]
    starts: Ints
    totals: Ints
    parts: Ints
    overlap: Ints | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    @property
    def ends(self) -> Ints:
        """Return when each step ends."""
        return self.starts + self.totals

    def part(self, *categories: str) -> Ints:
        """Return how long each step took for these categories together, 0 for those it has not."""
        return np.asarray(self.parts[:, [name in categories for name in self.categories]].sum(axis=1))

    def average(self, *categories: str) -> float:
        """Return the nanoseconds that a step takes for these categories, or altogether without any; 0 without steps."""
        found = self.part(*categories) if categories else self.totals
        return float(found.mean()) if len(self) else 0.0

    def share(self, *categories: str) -> float:
        """Return which share of the time of all steps went to these categories, 0 to 1."""
        whole = int(self.totals.sum())
        return float(self.part(*categories).sum()) / whole if whole else 0.0


@dataclass(frozen=True)
class Evidence:
    """Where a finding can be seen: a tab of the page by its key, and what to set there."""

    tab: str
    words: str
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """One thing worth changing, or worth knowing.

    value, threshold: what was measured and from where on it is told, both in `unit` ("share": 0 to 1, "count", "ns", "bytes");
    cost_ns: how much of an average step it costs, at most; text: one or two sentences; advice: sentences, with
    code between backticks.
    """

    rule: str
    severity: Severity
    title: str
    value: float
    threshold: float
    unit: str
    cost_ns: float
    text: str
    evidence: tuple[Evidence, ...] = ()
    advice: tuple[str, ...] = ()
