"""Whether a picture can be trusted: what it keeps of the neighbourhoods, which labels lie apart, what is odd."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from html import escape

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.parts import projector_points as points
from pages.parts import projector_projection as projection
from pages.parts import projector_source as source
from pages.parts.projector_projection import Drawn
from pages.parts.projector_source import Read
from tbcore import ui
from tbcore.analysis import embedding_points, embedding_quality
from tbcore.charts.cloud import packed
from tbcore.ui import bound, jobs
from tbcore.ui import projector as state
from tbcore.ui.tables import downloads

GRID = 26  # labels that a square of them can show
LISTED = 50
SHOWN = 12  # groups of duplicates
SHORT = 40  # letters of a label in a sentence
_HEAT = "66,105,208"
_CELL = "padding:2px 5px;text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap"


@dataclass(frozen=True)
class Measured:
    """What was measured: of the picture, of labels where there are some, and of the points themselves."""

    quality: embedding_quality.Quality
    hits: embedding_quality.Hits | None
    drawn_hits: embedding_quality.Hits | None
    confusion: embedding_quality.Confusion | None
    outliers: embedding_quality.Outliers
    duplicates: Sequence[NDArray[np.int64]]


@st.fragment
def quality(found: Read) -> None:
    """Draw what is measured of a projection and of the points, once somebody asks for it."""
    now = state.chosen(found.key)
    with projection.row():
        wanted = projection.controls(found, now)
        parameters = projection.inside()
        labels = projection.column_choice(found, "Labels", "emb_quality_of")
        most = max(1, min(100, (found.count - 1) // 2))
        count = int(
            st.number_input(
                "Neighbours", 1, most, min(12, most), 1, key="emb_quality_k", bind="query-params", width=120,
                help="How many neighbours of each point are compared.",
            )
        )  # fmt: skip
    drawn = projection.drawn(found, wanted, parameters)
    made = measured(found, drawn, labels, count)
    if made is not None:
        shown(found, made, labels)
    state.keep(found.key, now)
    state.remember(now)


def measured(found: Read, drawn: Drawn, labels: str, count: int) -> Measured | None:
    """Draw the button that has everything measured, or how far that is; return it once it is there."""
    key = ("embedding quality", found.mark, drawn.mark, labels, count)
    column = found.column(labels)
    cells = None if column is None else column.cells
    if not jobs.known(key):
        st.markdown(
            f"How much of the neighbourhoods in {found.values.shape[1]:,} dimensions is left in the picture by "
            f"**{ui.plain(drawn.wanted.words)}**, which labels are neighbours, which points are odd."
        )
    job = jobs.asked(
        key, "Measuring", lambda progress: _work(found, drawn, cells, count, progress),
        words="Measure", button="emb_measure", icon="straighten",
    )  # fmt: skip
    if job is None:
        return None
    jobs.progress(job)
    return job.result if job.done else None


def _work(found: Read, drawn: Drawn, cells: Sequence[str] | None, count: int, progress: jobs.Progress) -> Measured:
    values, stop = found.values, progress.stopped

    def part(first: float, last: float, what: str = "") -> Callable[[float, str], None]:
        return lambda share, words: progress(first + (last - first) * share, what or words)

    made = embedding_quality.quality(values, drawn.points, count, progress=part(0, 0.4), stop=stop)
    hits = drawn_hits = confusion = None
    if cells is not None:
        told = "labels of neighbours"
        hits = embedding_quality.hit(values, cells, count, progress=part(0.4, 0.55, told), stop=stop)
        drawn_hits = embedding_quality.hit(drawn.points, cells, count, progress=part(0.55, 0.7, told), stop=stop)
        confusion = embedding_quality.confusion(values, cells, count, progress=part(0.7, 0.8, told), stop=stop)
    outliers = embedding_quality.outliers(values, progress=part(0.8, 0.95, "outliers"), stop=stop)
    progress(0.95, "duplicates")
    return Measured(made, hits, drawn_hits, confusion, outliers, embedding_quality.duplicates(values))


# What is shown -------------------------------------------------------------------------------------------------------


def shown(found: Read, made: Measured, labels: str) -> None:
    """Draw what was measured."""
    with st.container(horizontal=True, gap="large"):
        _metric(
            "Trustworthiness",
            made.quality.trustworthiness,
            "1: no point has neighbours in the picture that it has not.",
        )
        _metric("Continuity", made.quality.continuity, "1: no point has lost a neighbour in the picture.")
        if made.hits is not None and made.drawn_hits is not None:
            _metric(
                "Neighbourhood hit", made.hits.share, "The share of neighbours with the same label, in all dimensions."
            )
            _metric(
                "In the picture", made.drawn_hits.share, "The share of neighbours with the same label in the picture."
            )
        twins = sum(len(rows) for rows in made.duplicates)
        st.metric(
            "Duplicates", f"{twins:,}", width="content", help="Points that are equal to another one in every dimension."
        )
    parts = (made.quality, made.hits, made.confusion, made.outliers)
    for note in dict.fromkeys(note for one in parts if one is not None for note in one.notes):
        st.caption(source.sentence(note))
    left, right = st.columns([3, 2], gap="medium")
    with left:
        if made.hits is not None and made.drawn_hits is not None and made.confusion is not None:
            by_label(made.hits, made.drawn_hits)
            confused(made.confusion)
        else:
            st.caption("With labels this also tells which of them lie apart: these points have none.")
    with right:
        odd(found, made, labels)
        twice(found, made, labels)
    downloads("quality", [("Numbers of every point as CSV", "csv", lambda: written(found, made))], width="content")


def _metric(title: str, value: float, about: str) -> None:
    st.metric(title, f"{value:.3f}" if np.isfinite(value) else "–", width="content", help=about)


def by_label(hits: embedding_quality.Hits, drawn: embedding_quality.Hits) -> None:
    """Draw how many neighbours of each label have the same one."""
    st.markdown("**Neighbours with the same label**")
    in_picture = {row.label: row.share for row in drawn.rows}
    rows = [
        {
            "label": points.shortened(row.label) or "(none)",
            "count": row.count,
            "share": 100 * row.share,
            "picture": 100 * in_picture.get(row.label, float("nan")),
            "chance": 100 * row.chance,
        }
        for row in hits.rows
    ]
    share = {"min_value": 0.0, "max_value": 100.0, "format": "%.0f %%", "width": 118}
    st.dataframe(
        rows,
        key="emb_hits_by_label",
        hide_index=True,
        height="content" if len(rows) <= 12 else 380,
        column_config={
            "label": st.column_config.TextColumn("Label"),
            "count": st.column_config.NumberColumn("Points", format="localized", width=64),
            "share": st.column_config.ProgressColumn("In all dimensions", **share),
            "picture": st.column_config.ProgressColumn("In the picture", **share),
            "chance": st.column_config.NumberColumn("By chance", format="%.0f %%", width=76),
        },
    )


def confused(found: embedding_quality.Confusion) -> None:
    """Draw which labels the neighbours of each label have."""
    labels = [points.shortened(one) or "(none)" for one in found.labels]
    st.markdown("**Labels of the neighbours**")
    if embedding_quality.OTHERS in found.labels:
        st.caption(f"Of the {len(labels) - 1:,} most frequent labels.")
    if len(labels) <= GRID:
        heads = "".join(f'<th style="{_CELL};font-weight:500;opacity:.65">{escape(one[:12])}</th>' for one in labels)
        body = ""
        for one, shares in zip(labels, found.shares.tolist(), strict=True):
            cells = "".join(
                f'<td style="{_CELL};background:rgba({_HEAT},{0.75 * share:.3f})">{100 * share:.0f}</td>'
                if np.isfinite(share) and share >= 0.005
                else f'<td style="{_CELL};opacity:.35">·</td>'
                for share in shares
            )
            body += f'<tr><th style="{_CELL};font-weight:500;opacity:.65">{escape(one[:24])}</th>{cells}</tr>'
        st.html(
            '<div style="overflow-x:auto"><table style="font-size:0.75rem;border-collapse:collapse">'
            f"<tr><th></th>{heads}</tr>{body}</table></div>"
        )
        st.caption("Of the neighbours of points with the label at the left, how many in 100 have the one above.")
    # What many labels are taken together as is none to be mixed with.
    own = np.array([one != embedding_quality.OTHERS for one in found.labels])
    apart = own[:, None] & own & ~np.eye(len(labels), dtype=bool)
    shares = np.where(apart, np.nan_to_num(found.shares, nan=-1.0), -1.0)
    order = np.argsort(-shares, axis=None)[:10]
    pairs = [divmod(int(one), len(labels)) for one in order]
    some = [(labels[one], labels[other], shares[one, other]) for one, other in pairs if shares[one, other] > 0.005]
    if some and len(labels) > 2:
        st.caption(
            "Most mixed: "
            + "; ".join(
                f"{ui.plain(points.shortened(one, SHORT))} with {ui.plain(points.shortened(other, SHORT))} "
                f"({100 * share:.0f} %)"
                for one, other, share in some[:5]
            )
        )


def odd(found: Read, made: Measured, labels: str) -> None:
    """Draw the points that are far from all others."""
    scores = np.nan_to_num(made.outliers.scores, nan=-np.inf)
    order = np.argsort(-scores, kind="stable")[:LISTED]
    rows = [int(row) for row in order if np.isfinite(scores[row])]
    st.markdown("**Outliers**")
    st.caption("How many times as far from its neighbours as they are from theirs. Press one to see it in the picture.")
    points.listed(
        found, rows, labels, {"Score": scores[rows].tolist()}, key=f"emb_outliers_{found.mark}",
        pick=lambda row: show(found, row), height=250,
    )  # fmt: skip


def twice(found: Read, made: Measured, labels: str) -> None:
    """Draw the points that are equal."""
    if not made.duplicates:
        return
    st.markdown("**Duplicates**")
    for place, rows in enumerate(made.duplicates[:SHOWN]):
        names = list(dict.fromkeys(points.shortened(found.label(int(row), labels)) for row in rows[:8].tolist()))
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.button(
                f"{len(rows):,} points", key=f"emb_twice_{place}", type="tertiary", on_click=show,
                args=(found, int(rows[0]), packed(rows)),
            )  # fmt: skip
            st.caption(ui.plain(", ".join(names)))
    if len(made.duplicates) > SHOWN:
        st.caption(f"The {SHOWN} largest of {len(made.duplicates):,} groups; the download holds all.")


def show(found: Read, row: int, rows: str | None = None) -> None:
    """Go to the picture with a point picked, and some selected."""
    now = replace(state.chosen(found.key), picked=row)
    state.keep(found.key, now if rows is None else replace(now, selected=rows))
    bound.choose("emb_look", ["projection"])


def written(found: Read, made: Measured) -> bytes:
    """Return what was measured of every point, nothing where a point was not asked about."""
    trust = np.full(found.count, np.nan)
    kept = np.full(found.count, np.nan)
    trust[made.quality.of], kept[made.quality.of] = made.quality.trusted, made.quality.continued
    group = np.zeros(found.count, np.int64)
    for number, rows in enumerate(made.duplicates, 1):
        group[rows] = number
    columns = {column.name: column.cells for column in found.table.columns}
    numbers = {"trustworthiness": trust, "continuity": kept, "outlier": made.outliers.scores, "duplicates": group}
    return embedding_points.table_of(points.every(found), columns, numbers)
