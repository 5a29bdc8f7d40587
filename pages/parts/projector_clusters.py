"""Groups that the points themselves form, each named by what is typical of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.parts import projector_picture as pictures
from pages.parts import projector_points as points
from pages.parts import projector_projection as projection
from pages.parts import projector_source as source
from pages.parts.projector_picture import CLUSTER, Groups, Paint
from pages.parts.projector_projection import Drawn
from pages.parts.projector_source import Read
from tbcore.analysis import clusters as analysis
from tbcore.analysis import embedding_points
from tbcore.charts.cloud import packed
from tbcore.ui import bound, jobs
from tbcore.ui import projector as state
from tbcore.ui.tables import downloads

KEY = "projector_clusters"
HOWS = {"hdbscan": "HDBSCAN", "kmeans": "k-means"}
OF = {"values": "All dimensions", "picture": "The picture"}
LAST = "projector_clusters_last"


@dataclass(frozen=True)
class Found:
    """Clusters that were found, with their names. labels [n]: -1 for a point in none of them."""

    labels: NDArray[np.int64]
    named: Sequence[analysis.Cluster]
    notes: tuple[str, ...]


def last(found: Read) -> Groups | None:
    """Return the clusters of an embedding as they were found last, None when they were not."""
    mark, groups = st.session_state.get(LAST, ("", None))
    return groups if mark == found.mark else None


@st.fragment
def clustered(found: Read) -> None:
    """Draw the clusters in the picture, and the list of them."""
    now = state.chosen(found.key)
    with projection.row():
        wanted = projection.controls(found, now)
        parameters = projection.inside()
    with projection.row():
        asked = choices(found)
        button = st.container(width="content")
    left, right = st.columns([3, 2], gap="medium")
    with left.container():
        drawn = projection.drawn(found, wanted, parameters)
        made = computed(found, drawn, asked, button)
    groups = None if made is None else last(found)
    first = projection.categories_first(found)
    paint = Paint(CLUSTER if made is not None else pictures.usual_color(found), first)
    now = pictures.taken(found, drawn, paint, now, KEY)
    marked = points.asked_near(found, now)
    with left:
        pictures.picture(found, drawn, paint, now, key=KEY, marked=marked, groups=groups)
        projection.told(drawn)
    with right:
        if made is not None and groups is not None:
            listed(found, made, groups.mark)
        points.selection(found, drawn, now, first)
        if 0 <= now.picked < found.count:
            points.point(found, now, first, marked)
    state.keep(found.key, now)
    state.remember(now)


def choices(found: Read) -> tuple[tuple[str, Any], ...]:
    """Draw the choice of how clusters are found, and return it."""
    how = bound.select("Clusters by", list(HOWS), HOWS.__getitem__, key="emb_cluster_by", width=130)
    of = bound.select("Of", list(OF), OF.__getitem__, key="emb_cluster_of", width=160)
    if how == "hdbscan":
        most = max(2, found.count // 2)
        usual = int(np.clip(found.count // 100, 5, 50))
        size = int(
            st.number_input(
                "Smallest cluster", 2, most, min(usual, most), 1, key="emb_cluster_size", bind="query-params", width=140,
                help="Points of the smallest group that is a cluster. Points between clusters are in none.",
            )
        )  # fmt: skip
        return (("how", how), ("of", of), ("size", size), ("k", None), ("seed", 0))
    most = max(1, min(100, found.count))
    k = int(st.number_input("Clusters", 1, most, min(10, most), 1, key="emb_cluster_k", bind="query-params", width=140))
    seed = int(st.number_input("Seed", 0, 2**31 - 1, 0, 1, key="emb_cluster_seed", bind="query-params", width=140))
    return (("how", how), ("of", of), ("size", None), ("k", k), ("seed", seed))


def computed(found: Read, drawn: Drawn, asked: tuple[tuple[str, Any], ...], button: Any) -> Found | None:
    """Draw the button that has clusters found, or how far that is; return them once they are there."""
    parameters = dict(asked)
    key = ("clusters", found.mark, drawn.mark if parameters["of"] == "picture" else "", asked)
    values = drawn.points if parameters["of"] == "picture" else found.values
    with button:
        job = jobs.asked(
            key, f"Clusters by {HOWS[parameters['how']]}", lambda progress: _work(found, values, parameters, progress),
            words=f"Find clusters among {source.counted(found.count, 'point')}", button="emb_cluster_go", icon="bubble_chart",
        )  # fmt: skip
    if job is None:
        return None
    jobs.progress(job)
    if not job.done:
        return None
    made: Found = job.result
    st.session_state[LAST] = (found.mark, Groups(made.labels, str(hash(key))))
    return made


def _work(found: Read, values: Any, parameters: dict[str, Any], progress: jobs.Progress) -> Found:
    made = analysis.clusters(
        values, parameters["how"], size=parameters["size"], k=parameters["k"], seed=parameters["seed"],
        progress=progress, stop=progress.stopped,
    )  # fmt: skip
    named = [one for one in analysis.named(made.labels, found.table.columns, found.values) if one.number >= 0]
    return Found(made.labels, named, made.notes)


def listed(found: Read, made: Found, mark: str) -> None:
    """Draw the clusters below each other; a press selects the points of one."""
    none = int((made.labels < 0).sum())
    words = source.counted(len(made.named), "cluster")
    st.markdown(f"**{words}**" + (f", {source.counted(none, 'point')} in none" if none else ""))
    for note in made.notes:
        st.caption(source.sentence(note))
    if not made.named:
        return
    rows = [
        {
            "number": one.number + 1,
            "size": one.size,
            "name": points.shortened(one.name),
            "typical": points.shortened(typical_words(one)),
        }
        for one in made.named
    ]
    key = f"emb_clusters_{mark}"

    def pressed() -> None:
        cells = st.session_state[key].selection.cells
        if cells and 0 <= cells[0][0] < len(made.named):
            members = packed(np.flatnonzero(made.labels == made.named[cells[0][0]].number))
            state.keep(found.key, replace(state.chosen(found.key), selected=members))

    st.dataframe(
        rows,
        key=key,
        hide_index=True,
        column_order=["number", "size", "name", *(["typical"] if any(row["typical"] for row in rows) else [])],
        height="content" if len(rows) <= 10 else 330,
        on_select=pressed,
        selection_mode="single-cell",
        column_config={
            "number": st.column_config.NumberColumn("", width=36),
            "name": st.column_config.TextColumn("Most typical"),
            "size": st.column_config.NumberColumn("Points", format="localized", width=64),
            "typical": st.column_config.TextColumn("Also"),
        },
    )
    st.caption("Press one to select its points.")
    downloads("clusters", [("Clusters as CSV", "csv", lambda: written(found, made))], width="content")


def typical_words(one: analysis.Cluster) -> str:
    """Return what is typical of a cluster besides its name, in words."""
    return "; ".join(f"{each.column} {each.value} ({100 * each.share:.0f} %)" for each in one.typical[1:])


def written(found: Read, made: Found) -> bytes:
    """Return of each point which cluster it is in, nothing where it is in none."""
    columns = {column.name: column.cells for column in found.table.columns}
    names = {one.number: one.name for one in made.named}
    columns["cluster_name"] = [names.get(label, "") for label in made.labels.tolist()]
    numbers = np.where(made.labels < 0, np.nan, made.labels + 1.0)
    return embedding_points.table_of(points.every(found), columns, {"cluster": numbers})
