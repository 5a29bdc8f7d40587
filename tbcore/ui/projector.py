"""What a visitor picked, selected and set aside in an embedding: kept in the session, by embedding, and in the address.

Sets of rows are texts as `tbcore.charts.cloud.packed` makes them, so that a thousand rows are a short address.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from tbcore.ui.components.cloud import LABELS, Look, camera_of, look_of, picked_of, rows_of
from tbcore.ui.query import put_query

# As the address calls them.
POINT, SELECTED, ONLY, WITHOUT, CAMERA, LIT, LOOK = (
    "point",
    "points",
    "isolated",
    "excluded",
    "emb_camera",
    "emb_lit",
    "emb_dots",
)
_URL_UP_TO = 1_500  # letters of the address for each
_MOST = 100  # sets of rows that are left out one after the other, and categories that stand out
_LETTERS = 200  # of the names of what a camera looks at
_ROWS = 10_000_000

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Chosen:
    """What was done to one embedding. picked: a row, -1 for none.

    selected: the rows that statistics are of; only: those that are shown, "" for all; without: sets that are not.
    camera: where it is looked at from, and of which projection, "" for all of it; lit, alone: the categories that stand
    out and those that alone are shown, and of which colouring.
    """

    picked: int = -1
    selected: str = ""
    only: str = ""
    without: tuple[str, ...] = ()
    camera: tuple[str, tuple[float, ...]] = ("", ())
    lit: tuple[str, tuple[int, ...], tuple[int, ...]] = ("", (), ())

    @property
    def narrowed(self) -> bool:
        """Return whether some points are not shown."""
        return bool(self.only or self.without)

    def shown(self, count: int) -> NDArray[np.bool_]:
        """Return which of `count` rows are shown."""
        mask = np.zeros(count, np.bool_) if self.only else np.ones(count, np.bool_)
        mask[rows_of(self.only, count)] = True
        for some in self.without:
            mask[rows_of(some, count)] = False
        return mask

    def isolated(self) -> "Chosen":
        """Return this with only what is selected shown."""
        return replace(self, only=self.selected, without=(), selected="", camera=("", ()))

    def excluded(self) -> "Chosen":
        """Return this with what is selected no longer shown."""
        gone = self.picked in rows_of(self.selected, _ROWS)
        return replace(
            self,
            without=(*self.without, self.selected)[-_MOST:],
            selected="",
            picked=-1 if gone else self.picked,
        )

    def whole(self) -> "Chosen":
        """Return this with everything shown."""
        return replace(self, only="", without=(), camera=("", ()))

    def camera_at(self, projection: str) -> list[float] | None:
        """Return where a projection is looked at from, None where all of it is seen."""
        of, camera = self.camera
        return list(camera) if of == projection[:_LETTERS] and camera else None

    def legend_of(self, coloring: str) -> dict[str, list[int]]:
        """Return which categories of a colouring stand out, and which alone are shown."""
        of, lit, alone = self.lit
        known = of == coloring[:_LETTERS]
        return {"lit": list(lit) if known else [], "only": list(alone) if known else []}

    def looked(self, projection: str, camera: Sequence[float]) -> "Chosen":
        """Return this with a projection looked at from elsewhere."""
        return replace(self, camera=(projection[:_LETTERS], tuple(round(one, 4) for one in camera)))

    def lighted(self, coloring: str, legend: Mapping[str, Sequence[int]]) -> "Chosen":
        """Return this with other categories of a colouring that stand out."""
        return replace(self, lit=(coloring[:_LETTERS], tuple(legend["lit"])[:_MOST], tuple(legend["only"])[:_MOST]))


# What is kept --------------------------------------------------------------------------------------------------------


def chosen(embedding: str) -> Chosen:
    """Return what was done to an embedding: in this session, else as the address says. embedding: as the page calls it."""
    kept = _kept().get(embedding)
    if kept is not None:
        return kept
    if _kept():
        return Chosen()  # what the address says is said of the embedding that was shown first
    said = st.query_params
    point = said.get(POINT, "")
    # Where, and of which projection: "pca-2-1-2@0.5,1,2.5".
    of, _at, numbers = said.get(CAMERA, "").rpartition("@")
    coloring, _at, paints = said.get(LIT, "").rpartition("@")
    lit, _bar, alone = paints.partition("!")
    return Chosen(
        picked_of(int(point), _ROWS) if point.isascii() and point.isdigit() and len(point) < 9 else -1,
        said.get(SELECTED, ""),
        said.get(ONLY, ""),
        tuple(said.get_all(WITHOUT)[:_MOST]),
        (of[:_LETTERS], tuple(camera_of(_numbers(numbers)))),
        (coloring[:_LETTERS], _whole(lit), _whole(alone)),
    )


def keep(embedding: str, now: Chosen) -> None:
    """Keep what was done to an embedding for this session."""
    st.session_state["projector_chosen"] = {**_kept(), embedding: now}


def remember(now: Chosen) -> None:
    """Put what was done to the embedding that is shown into the address, as far as it is short."""
    of, camera = now.camera
    coloring, lit, alone = now.lit
    without = list(now.without)
    paints = "!".join((_joined(lit), _joined(alone)))
    put_query(
        {
            POINT: str(now.picked) if now.picked >= 0 else None,
            SELECTED: _short(now.selected),
            ONLY: _short(now.only),
            WITHOUT: without if 0 < sum(map(len, without)) <= _URL_UP_TO else None,
            CAMERA: f"{of}@{_joined(camera)}" if camera else None,
            LIT: f"{coloring}@{paints}" if lit or alone else None,
        }
    )


def shareable(now: Chosen) -> bool:
    """Return whether the address holds all that is selected and shown, which it does as far as it is short."""
    return max(len(now.selected), len(now.only), sum(map(len, now.without))) <= _URL_UP_TO


def look() -> Look:
    """Return how points are drawn: as chosen in this session, else as the address says."""
    kept = st.session_state.get("projector_look")
    if kept is not None:
        return cast(Look, kept)
    parts = [*st.query_params.get(LOOK, "").split(","), "", "", "", "", ""]
    size, opacity = _numbers(",".join(parts[:2])) or (1.0, 1.0)
    said = {"size": size, "opacity": opacity, "labels": parts[2], "sprites": parts[3] == "1", "tint": parts[4] != "0"}
    return look_of(said)


def keep_look(now: Look) -> None:
    """Keep how points are drawn for this session, and in the address."""
    st.session_state["projector_look"] = now
    usual = now == look_of(None)
    labels = now.labels if now.labels in LABELS else ""
    words = f"{now.size:g},{now.opacity:g},{labels},{int(now.sprites)},{int(now.tint)}"
    put_query({LOOK: None if usual else words})


def _short(rows: str) -> str | None:
    return rows if 0 < len(rows) <= _URL_UP_TO else None


def _joined(numbers: Sequence[float]) -> str:
    return ",".join(f"{one:g}" for one in numbers)


def _numbers(text: str) -> list[float]:
    try:
        return [float(one) for one in text.split(",")]
    except ValueError:
        return []


def _whole(text: str) -> tuple[int, ...]:
    return tuple(int(one) for one in _numbers(text) if one.is_integer() and 0 <= one < 256)[:_MOST]


def _kept() -> Mapping[str, Chosen]:
    return cast(Mapping[str, Chosen], st.session_state.get("projector_chosen") or {})
