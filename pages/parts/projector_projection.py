"""How the points come onto a plane or into a space: the choice of a projection, its parameters, and its result."""

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.parts import projector_source as source
from pages.parts.projector_source import MARKS, Read
from tbcore import ui
from tbcore.analysis import embedding_points, projections
from tbcore.analysis.projections import Projection
from tbcore.charts.cloud import packed
from tbcore.errors import PatternError
from tbcore.ui import bound, jobs
from tbcore.ui.components.cloud import rows_of
from tbcore.ui.projector import Chosen

KEPT = "kept"  # where a bookmark says that the points were
HOWS = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP", "custom": "Custom", "lda": "LDA", KEPT: "Bookmark"}
DIMS = {"2": "2-D", "3": "3-D"}
COMPONENTS = 10
LETTERS = "XYZ"
SIDES = {"left": "Left", "right": "Right", "down": "Down", "up": "Up"}
NOTHING = ""
_KEPT_SEED = 2**31 - 1

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Wanted:
    """What the visitor chose. how: of HOWS; dims: 2 or 3; parameters: by name; sphere: whether data are put on a sphere first.

    among: the rows that take part, packed, "" for all.
    """

    how: str
    dims: int
    parameters: tuple[tuple[str, Any], ...] = ()
    sphere: bool = False
    among: str = ""

    @property
    def seed(self) -> int | None:
        """Return the seed, None of what has none."""
        return dict(self.parameters).get("seed")

    @property
    def words(self) -> str:
        """Return what is computed, as people call it."""
        return HOWS[self.how]


@dataclass(frozen=True)
class Drawn:
    """A projection to draw. points [n, 2 or 3], NaN for those that have no place; axes: titles; mark: of all it depends on.

    wanted: what it is; notes: what is to be known of it; names: of the exported columns.
    """

    wanted: Wanted
    points: Floats = field(repr=False)
    axes: tuple[str, ...]
    notes: tuple[str, ...]
    mark: str
    names: tuple[str, ...] = ()


def row() -> Any:
    """Return the row above a picture, in which its controls stand."""
    return st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall")


def inside() -> Any:
    """Return a part of such a row, which is filled later."""
    return st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", width="content")


def told(drawn: Drawn) -> None:
    """Draw what is to be known of a projection."""
    for words in drawn.notes:
        st.caption(source.sentence(words), width="content")


# What is chosen ------------------------------------------------------------------------------------------------------


def controls(found: Read, now: Chosen, *, computed_only: bool = False) -> Wanted:
    """Draw the choice of a projection with its parameters, and return it.

    computed_only: whether the places that a bookmark kept are none to choose.
    """
    options = [how for how in HOWS if how != KEPT or (not computed_only and kept(found) is not None)]
    how = bound.select("Projection", options, HOWS.__getitem__, key="emb_by", width=104)
    dims = int(bound.segments("Dimensions", DIMS, key="emb_dims", label_visibility="collapsed"))
    sphere = st.toggle(
        "Sphereize", key="emb_sphere", bind="query-params",
        help="Move the centre of the points to 0 and divide each by its length before it is projected.",
    )  # fmt: skip
    among = ""
    if now.narrowed:
        alone = st.toggle(
            "Of the shown points only", key="emb_alone", bind="query-params",
            help="Project the points that are isolated as if there were no others.",
        )  # fmt: skip
        among = packed(np.flatnonzero(now.shown(found.count))) if alone else ""
    parameters: Mapping[str, Any] = _PARAMETERS[how](found) if how in _PARAMETERS else {}
    return Wanted(how, dims, tuple(parameters.items()), sphere, among)


def _of_tsne(found: Read) -> Mapping[str, Any]:
    most = max(2.0, float((found.count - 1) // 3))
    usual = min(30.0, most)
    return {
        "perplexity": st.number_input(
            "Perplexity", 2.0, max(200.0, usual), usual, 1.0, format="%.0f", key="emb_perplexity", bind="query-params", width=120,
            help="About how many neighbours of each point count.",
        ),
        "rate": _numbered(
            st.text_input(
                "Learning rate", "auto", key="emb_rate", bind="query-params", width=100,
                help="A number, or auto: the number of points divided by 48, at least 50.",
            )
        ),
        "iterations": st.number_input("Iterations", 250, 10_000, 1000, 250, key="emb_iterations", bind="query-params", width=120),
        "seed": _seed(),
    }  # fmt: skip


def _of_umap(found: Read) -> Mapping[str, Any]:
    return {
        "neighbors": st.number_input(
            "Neighbours", 2, 200, 15, 1, key="emb_neighbors", bind="query-params", width=120,
            help="Few show what is near, many the whole.",
        ),
        "min_dist": st.number_input(
            "Minimum distance", 0.0, 0.99, 0.1, 0.05, key="emb_min_dist", bind="query-params", width=150,
            help="How close points may lie.",
        ),
        "supervise": column_choice(found, "Supervise with", "emb_supervise", none="nothing"),
        "seed": _seed(),
    }  # fmt: skip


def _of_custom(found: Read) -> Mapping[str, Any]:
    names = [column.name for column in found.table.columns]
    if not names:
        st.caption("Custom axes go between labels, and these points have none.")
        return {}
    chosen: dict[str, Any] = {"column": bound.select("Labels", names, str, key="emb_axis_of", width=130)}
    for side, words in SIDES.items():
        chosen[side] = st.text_input(
            words, key=f"emb_{side}", bind="query-params", placeholder="label (regex)", width=120,
            help="The middle of all points whose label this finds.",
        )  # fmt: skip
    return chosen


def _of_lda(found: Read) -> Mapping[str, Any]:
    return {"labels": column_choice(found, "Labels", "emb_lda_of")}


_PARAMETERS: Mapping[str, Callable[[Read], Mapping[str, Any]]] = {
    "tsne": _of_tsne,
    "umap": _of_umap,
    "custom": _of_custom,
    "lda": _of_lda,
}


def _seed() -> int:
    return int(
        st.number_input(
            "Seed", 0, _KEPT_SEED, 0, 1, key="emb_seed", bind="query-params", width=100,
            help="The same seed gives the same picture.",
        )
    )  # fmt: skip


def _numbered(text: str) -> float | str:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if text.strip() == "auto" or math.isfinite(value):
        return "auto" if text.strip() == "auto" else max(1e-3, min(1e6, value))
    st.caption(":red[A number, or auto]")
    return "auto"


def column_choice(found: Read, words: str, key: str, *, none: str = "") -> str:
    """Draw the choice of a column of labels; none: what is first offered besides, "" for nothing."""
    names = [column.name for column in found.table.columns]
    options = [*([NOTHING] if none or not names else []), *names]
    usual = NOTHING if none else categories_first(found)
    return bound.select(words, options, lambda one: one or none or "no labels", key=key, usual=usual, width=140)


def categories_first(found: Read) -> str:
    """Return the column that says most about the points at first sight: categories before anything else, "" for none."""
    kinds = {column.name: column.kind for column in found.table.columns if not column.name.startswith("__")}
    order = sorted(kinds, key=lambda name: ("category", "text", "number", "date").index(kinds[name]))
    return order[0] if order else NOTHING


# What comes of it ----------------------------------------------------------------------------------------------------


@st.cache_resource(show_spinner="Principal components …", max_entries=24, hash_funcs=MARKS)
def pca(found: Read, sphere: bool, among: str) -> Projection:
    """Return the principal components of an embedding."""
    return projections.pca(_values(found, sphere, among), COMPONENTS)


def _values(found: Read, sphere: bool, among: str) -> Floats:
    values = found.values[rows_of(among, found.count)] if among else found.values
    return projections.sphereized(values) if sphere else values


def drawn(found: Read, wanted: Wanted, more: Any, name: str = "emb") -> Drawn:
    """Return what to draw: what is wanted, or until it is computed the principal components; say how far that is.

    more: where to choose components, and the button is that begins it; name: of these, where there are two.
    """
    if wanted.how == "pca":
        return _components(found, wanted, more, name)
    if wanted.how == KEPT:
        return as_kept(found, wanted)
    if wanted.how == "umap" and not projections.umap_available():
        st.caption("UMAP comes with another package, which is not installed. In the environment of Runlens:")
        st.code(projections.UMAP_INSTALL, language="sh")
        return first(found, wanted)
    reason = _missing(found, wanted)
    if reason:
        st.caption(f":orange[{ui.plain(reason)}]")
        return first(found, wanted)
    made = computed(found, wanted, more, name)
    return first(found, wanted) if made is None else made


def key_of(found: Read, wanted: Wanted) -> Hashable:
    """Return what a result depends on."""
    parameters = _custom_rows(found, wanted) if wanted.how == "custom" else wanted.parameters
    return ("projection", found.mark, wanted.how, wanted.dims, parameters, wanted.sphere, wanted.among)


def computed(found: Read, wanted: Wanted, more: Any, name: str) -> Drawn | None:
    """Draw the button that has a projection computed, or how far it is; return it once it is there."""
    key = key_of(found, wanted)
    rows = rows_of(wanted.among, found.count) if wanted.among else ()
    count = len(rows) if wanted.among else found.count

    def work(progress: jobs.Progress) -> Projection:
        return _work(found, wanted, progress)

    if wanted.how in ("tsne", "umap"):
        with more:
            job = jobs.asked(
                key, wanted.words, work, words=f"Compute {wanted.words} of {source.counted(count, 'point')}", button=f"{name}_go",
                icon="play_arrow", about="Until then the principal components are shown.",
            )  # fmt: skip
    else:
        job = jobs.job(key, wanted.words, work)
    if job is None:
        return None
    jobs.progress(job)
    if not job.done:
        return None
    made: Projection = job.result
    shares = [f" ({_percent(float(share))})" if share > 0 else "" for share in made.explained]
    titles = tuple(f"{wanted.words} {place + 1}{''.join(shares[place : place + 1])}" for place in range(wanted.dims))
    if wanted.how == "custom":
        titles = tuple(_axis_words(wanted))
    points = _scattered(_wide(made.points, wanted.dims, _placed(found, wanted.among)), found, wanted.among)
    names = tuple(f"{wanted.how}_{place + 1}" for place in range(wanted.dims))
    return Drawn(wanted, points, titles[: wanted.dims], tuple(made.notes), str(hash(key)), names)


def _work(found: Read, wanted: Wanted, progress: jobs.Progress) -> Projection:
    parameters = dict(wanted.parameters)
    values = _values(found, wanted.sphere, wanted.among)
    rows = rows_of(wanted.among, found.count) if wanted.among else np.arange(found.count)
    if wanted.how == "tsne":
        return projections.tsne(
            values, wanted.dims, perplexity=parameters["perplexity"], learning_rate=parameters["rate"],
            seed=parameters["seed"], iterations=int(parameters["iterations"]), progress=progress, stop=progress.stopped,
        )  # fmt: skip
    if wanted.how == "umap":
        labels = _labels(found, parameters["supervise"], rows) if parameters["supervise"] else None
        return projections.umap(
            values, wanted.dims, neighbors=int(parameters["neighbors"]), min_dist=parameters["min_dist"],
            seed=parameters["seed"], labels=labels, progress=progress, stop=progress.stopped,
        )  # fmt: skip
    if wanted.how == "lda":
        return projections.lda(values, _labels(found, parameters["labels"], rows), wanted.dims)
    masks = {side: None if hits is None else np.isin(rows, hits) for side, hits in _masks(found, wanted).items()}
    return projections.axes(values, masks["left"], masks["right"], masks["up"], masks["down"])


def _labels(found: Read, name: str, rows: NDArray[np.int64]) -> list[str]:
    """Return the labels of rows, "" where there is no such column."""
    column = found.column(name)
    return [""] * len(rows) if column is None else embedding_points.taken(column.cells, rows)


def _masks(found: Read, wanted: Wanted) -> dict[str, NDArray[np.int64] | None]:
    """Return the rows at each end of the custom axes, None where nothing is said."""
    parameters = dict(wanted.parameters)
    column = found.column(parameters.get("column", ""))
    cells = [] if column is None else column.cells
    return {
        side: embedding_points.found(cells, parameters[side]) if parameters.get(side) else None
        for side in ("left", "right", "up", "down")
    }


def _custom_rows(found: Read, wanted: Wanted) -> tuple[tuple[str, Any], ...]:
    """Return what custom axes depend on: the rows, not how they were found."""
    return tuple((side, None if rows is None else packed(rows)) for side, rows in _masks(found, wanted).items())


def _missing(found: Read, wanted: Wanted) -> str:
    """Return what has to be said before a projection can be computed, "" for nothing."""
    parameters = dict(wanted.parameters)
    if wanted.how == "lda":
        if found.column(parameters["labels"]) is None:
            return "LDA keeps labels apart, and these points have none"
        if source.distinct(found, parameters["labels"]) < 2:
            return "LDA keeps labels apart: choose a column with two of them or more"
    if wanted.how == "custom":
        try:
            masks = _masks(found, wanted)
        except PatternError as error:
            return str(error)
        if masks["left"] is None or masks["right"] is None:
            return "Say which labels lie at the left and at the right"
        if (masks["up"] is None) != (masks["down"] is None):
            return "Say which labels lie at both ends of the other axis"
        nothing = [SIDES[side].lower() for side, rows in masks.items() if rows is not None and not len(rows)]
        if nothing:
            return f"No label is found for {', '.join(nothing)}"
    return ""


def _axis_words(wanted: Wanted) -> list[str]:
    parameters = dict(wanted.parameters)
    across = f"{parameters['left']} → {parameters['right']}"
    along = f"{parameters['down']} → {parameters['up']}" if parameters["up"] and parameters["down"] else "rest 1"
    return [across, along, "rest"]


# What a bookmark kept ------------------------------------------------------------------------------------------------


def keep(found: Read, title: str, points: Floats) -> None:
    """Keep where a bookmark says that the points were."""
    st.session_state["projector_kept"] = {found.key: (title, points)}


def kept(found: Read) -> tuple[str, Floats] | None:
    """Return where a bookmark said that the points were, and its title."""
    made = st.session_state.get("projector_kept", {}).get(found.key)
    return made if made is not None and len(made[1]) == found.count else None


def as_kept(found: Read, wanted: Wanted) -> Drawn:
    """Return the points where a bookmark says that they were."""
    made = kept(found)
    if made is None:
        return first(found, wanted)
    title, points = made
    dims = points.shape[1]
    mark = str(hash((found.mark, title, points.tobytes())))
    names = tuple(f"bookmark_{place + 1}" for place in range(dims))
    return Drawn(Wanted(KEPT, dims), points, (), (f"as the bookmark {title!r} has them",), mark, names)


# Principal components ------------------------------------------------------------------------------------------------


def first(found: Read, wanted: Wanted, like: Drawn | None = None) -> Drawn:
    """Return the first principal components, which are shown until there is something else.

    like: a projection of another embedding whose components are taken.
    """
    made = pca(found, wanted.sphere, wanted.among)
    chosen = [int(name[2:]) - 1 for name in like.names if name.startswith("pc")] if like is not None else ()
    return _of_components(found, wanted, made, tuple(chosen) or tuple(range(wanted.dims)))


def _components(found: Read, wanted: Wanted, more: Any, name: str) -> Drawn:
    """Draw the choice of components, and return them."""
    made = pca(found, wanted.sphere, wanted.among)
    count = made.points.shape[1]
    options = [str(place + 1) for place in range(count)]
    chosen = []
    if count > 1:
        with more:
            for place in range(min(wanted.dims, count)):
                chosen.append(  # noqa: PERF401
                    int(
                        bound.select(
                            LETTERS[place], options, lambda one: _component_words(made, int(one) - 1),
                            key=f"{name}_{LETTERS[place].lower()}", usual=options[place], width=94,
                        )
                    )
                    - 1
                )  # fmt: skip
    else:
        chosen = [0] * count
    return _of_components(found, wanted, made, tuple(chosen))


def _component_words(made: Projection, place: int) -> str:
    return f"{place + 1} · {100 * float(made.explained[place]):.0f} %"


def _of_components(found: Read, wanted: Wanted, made: Projection, chosen: Sequence[int]) -> Drawn:
    chosen = [one for one in chosen if one < made.points.shape[1]]
    points = _scattered(_wide(made.points[:, chosen], wanted.dims, _placed(found, wanted.among)), found, wanted.among)
    titles = [f"PC {one + 1} ({_percent(float(made.explained[one]))})" for one in chosen]
    titles += [""] * (wanted.dims - len(titles))
    distinct = sorted(set(chosen))
    share = float(np.sum(made.explained[distinct])) if distinct else 0.0
    some = f"These {len(distinct)} components explain" if len(distinct) > 1 else "This component explains"
    notes = (f"{some} {_percent(share)} of the variance", *made.notes) if share > 0 else tuple(made.notes)
    mark = str(hash(("pca", found.mark, wanted.sphere, wanted.among, tuple(chosen), wanted.dims)))
    names = tuple(f"pc{one + 1}" for one in chosen) + tuple(f"zero{one}" for one in range(wanted.dims - len(chosen)))
    pca_wanted = Wanted("pca", wanted.dims, (), wanted.sphere, wanted.among)
    return Drawn(pca_wanted, points, tuple(titles), notes, mark, names)


def _percent(share: float) -> str:
    if not math.isfinite(share):
        return "–"
    return f"{100 * share:.1f} %"


def _wide(points: Floats, dims: int, placed: NDArray[np.bool_]) -> Floats:
    """Return points with so many columns: those that are missing are 0 for the points that have a place."""
    if points.shape[1] >= dims:
        return np.ascontiguousarray(points[:, :dims], np.float32)
    more = np.where(placed[:, None], np.float32(0), np.float32(np.nan))
    return np.concatenate([points, np.repeat(more, dims - points.shape[1], axis=1)], axis=1).astype(np.float32)


def _placed(found: Read, among: str) -> NDArray[np.bool_]:
    """Return which of the points that take part are finite."""
    finite: NDArray[np.bool_] = found.table.finite
    return finite[rows_of(among, found.count)] if among else finite


def _scattered(points: Floats, found: Read, among: str) -> Floats:
    """Return the points of all rows, NaN for those that did not take part."""
    if not among:
        return points
    whole = np.full((found.count, points.shape[1]), np.nan, np.float32)
    whole[rows_of(among, found.count)] = points
    return whole
