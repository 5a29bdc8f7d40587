"""Sub-runs that say of the run around them what was chosen, folded into that run.

PyTorch and tensorboardX write the hyperparameters of a run, and the metrics handed in with them, into a run of their
own below it, which is named after the moment. Curves and hyperparameters belong together: the run takes it in.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from tbcore.errors import FormatError
from tbcore.formats import hparams
from tbcore.series import Series
from tbcore.store.run import Run

_MOMENT = re.compile(r"[0-9]{9,11}\.[0-9]+")  # what str(time.time()) makes
_START = ("hparams", hparams.START)


@dataclass(frozen=True)
class Folded(Run):
    """A run with sub-runs folded into it: the files and configurations of all, and what any of them logged.

    of: the run itself and then the sub-runs, each as it was read. Of a tag that several have, the series is that of the
    run itself, else what the sub-runs logged, one after the other. Numbers that sub-runs logged under a tag of the run
    itself, and that are not what its curve ended with, stand beside it as "TAG (add_hparams)".
    """

    of: tuple[Run, ...] = ()

    @property
    def parts(self) -> tuple[Run, ...]:
        return self.of

    @cached_property
    def series(self) -> Mapping[tuple[str, str], Series]:
        own, *below = self.of
        of_others: dict[tuple[str, str], list[Series]] = {}
        for run in below:
            for key, series in run.series.items():
                known = own.series.get(key)
                if known is None:
                    of_others.setdefault(key, []).append(series)
                elif _differs(known, series):
                    kind, tag = key
                    beside = f"{tag} (add_hparams)"
                    of_others.setdefault((kind, beside), []).append(replace(series, tag=beside))
        return {**own.series, **{key: _together(self.name, every) for key, every in of_others.items()}}


def _differs(curve: Series, handed: Series) -> bool:
    """Return whether the last number of one series is another than that of the other; False where they hold no numbers."""
    if curve.data_class != "scalar" or handed.data_class != "scalar" or not len(curve) or not len(handed):
        return False
    ended, said = float(curve.values[-1]), float(handed.values[-1])
    return ended != said and not (math.isnan(ended) and math.isnan(said))


def folded(runs: Sequence[Run], known: Iterable[Run] = ()) -> tuple[Run, ...]:
    """Return runs with sub-runs folded in, in their order; known: an earlier result, whose runs are used where nothing changed.

    A sub-run is folded when it is named after a moment, holds a session's hyperparameters, has no runs below it, and
    when all such sub-runs of the run, and the run itself where it holds some, say the same ones. Others are sessions of
    their own and stay.
    """
    below = _below(runs)
    if not below:
        return tuple(runs)
    before = {_identity(run.of): run for run in known if isinstance(run, Folded)}
    gone = {part.name for parts in below.values() for part in parts}
    found: list[Run] = []
    for run in runs:
        if run.name in below:
            parts = (run, *below[run.name])
            found.append(before.get(_identity(parts)) or _fold(parts))
        elif run.name not in gone:
            found.append(run)
    return tuple(found)


def _below(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """Return the sub-runs to fold, in the order of their moments, by the name of the run around them."""
    candidates: dict[str, list[Run]] = {}
    names = {run.name: run for run in runs}
    for run in runs:
        around, _, last = run.name.rpartition("/")
        if _MOMENT.fullmatch(last) and (around or ".") in names and _START in run.series:
            candidates.setdefault(around or ".", []).append(run)
    if not candidates:
        return {}
    around_others = {run.name.rpartition("/")[0] for run in runs}
    return {
        name: sorted(every, key=lambda run: float(run.name.rpartition("/")[2]))
        for name, every in candidates.items()
        if _agree([run for run in (names[name], *every) if _START in run.series])
        and not any(run.name in around_others for run in every)
    }


def _agree(runs: Sequence[Run]) -> bool:
    """Return whether the sessions of all runs chose the same."""
    first = _chosen(runs[0])
    return first is not None and all(_chosen(run) == first for run in runs[1:])


def _chosen(run: Run) -> tuple[str, ...] | None:
    """Return the hyperparameters of a run's session, the same for the same ones in any order, None when they cannot be read."""
    try:
        said = hparams.read(run.series[_START].content)
    except FormatError:
        return None
    if not isinstance(said, hparams.SessionStart):
        return None
    return (said.group, *sorted(f"{name!r}: {value!r}" for name, value in said.hparams.items()))


def _identity(parts: Sequence[Run]) -> tuple[int, ...]:
    """Return what tells runs of one reading from those of another."""
    return tuple(id(part) for part in parts)


def _fold(parts: tuple[Run, ...]) -> Folded:
    own = parts[0]
    return Folded(
        name=own.name,
        path=own.path,
        start=min((part.start for part in parts if math.isfinite(part.start)), default=own.start),
        last_wall_time=max((p.last_wall_time for p in parts if math.isfinite(p.last_wall_time)), default=math.nan),
        generation=sum(part.generation for part in parts),
        files=tuple(file for part in parts for file in part.files),
        segments=tuple(segment for part in parts for segment in part.segments),
        source=own.source,
        config_files=tuple(file for part in parts for file in part.config_files),
        embeddings=tuple(file for part in parts for file in part.embeddings),
        profile_files=tuple(file for part in parts for file in part.profile_files),
        of=parts,
    )


def _together(run: str, every: Sequence[Series]) -> Series:
    """Return what several sub-runs logged of one tag as one series of the run; what the latest says of it counts."""
    segments = tuple(segment for series in every for segment in series.segments)
    restarts = tuple(opened for series in every for opened in series.restarts)
    return replace(every[-1], run=run, segments=segments, restarts=restarts)
