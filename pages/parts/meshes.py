"""Meshes and point clouds: the shape of each run at the step looked at, side by side, all seen from the same place."""

from dataclasses import dataclass

import streamlit as st

from pages.parts.sliders import sliders
from tbcore import ui
from tbcore.analysis import meshes as analysis
from tbcore.analysis.steps import index_at
from tbcore.charts import meshes as charts
from tbcore.errors import FormatError
from tbcore.names import natural
from tbcore.ui.components.meshes import PANELS, Camera, camera_of, looked_from, shapes, spelled
from tbcore.ui.components.stepper import Position, position
from tbcore.ui.tables import downloads

UPWARDS = ("z", "y")
VERTICES = 800_000  # drawn in all panels together


@dataclass(frozen=True)
class Seen:
    """What one panel shows: a shape as it is drawn, or why there is none."""

    mesh: analysis.Mesh
    shape: analysis.Shape | None
    problem: str = ""
    mark: str = ""

    @property
    def key(self) -> str:
        """Return what tells the panel from the others."""
        return f"{self.mesh.run}\n{self.mesh.name}"


def meshes(view: ui.View) -> None:
    """Draw the meshes of the selected runs."""
    found = analysis.meshes(view.series("meshes"))
    if not found:
        ui.nothing_selected("meshes")
        return
    order = {run.name: place for place, run in enumerate(view.runs)}
    at_a_step(view, sorted(found, key=lambda mesh: (natural(mesh.name), mesh.name, order[mesh.run])))


@st.fragment
def at_a_step(view: ui.View, found: list[analysis.Mesh]) -> None:
    """Draw the meshes at the step looked at; what the visitor moves runs only this again."""
    at = position()
    controls = st.container(horizontal=True, vertical_alignment="center", gap="small")
    above = st.container()
    pages = -(-len(found) // PANELS)
    page = st.pagination(pages, key="mesh_page", bind="query-params") if pages > 1 else 1
    shown = found[(page - 1) * PANELS : page * PANELS]
    samples = max(analysis.samples(mesh) for mesh in shown)
    configs = [mesh.config for mesh in shown if mesh.config]
    config = configs[0] if configs else {}
    with controls:
        st.markdown("Upwards", width="content")
        up = st.segmented_control(
            "Upwards", UPWARDS, default=charts.upwards(config), key="mesh_up",
            bind="query-params", required=True, label_visibility="collapsed", help="The axis that points upwards",
        )  # fmt: skip
        axes = st.toggle("Axes", True, key="mesh_axes", bind="query-params")
        sample = 1
        if samples > 1:
            st.markdown(f"Sample of {samples:,}", width="content")
            sample = st.number_input(
                "Sample", 1, samples, 1, key="mesh_sample", bind="query-params", width=120, label_visibility="collapsed"
            )
    limit = analysis.fair_limit(shown, VERTICES)
    seen = [look(mesh, at, sample - 1, limit) for mesh in shown]
    panels = [panel(view, one, f"p{number}") for number, one in enumerate(seen)]
    looked = shapes(
        {
            "panels": [one.spec for one in panels],
            "bounds": bounds(seen),
            "home": charts.camera(config, up),
            "camera": looked_from() or camera_of(st.query_params.get("camera", "")),
            "axes": axes,
        },
        {name: table for one in panels for name, table in one.tables.items()},
    )
    remember(looked)
    logged = [one for one in seen if one.shape is not None]
    if logged:
        downloads(
            "meshes",
            [
                ("Shapes shown as NPZ", "npz.zip", lambda: analysis.archive(whole(logged, at, sample - 1), "npz")),
                ("as PLY", "ply.zip", lambda: analysis.archive(whole(logged, at, sample - 1), "ply")),
            ],
        )
    with above:
        sliders(view, [mesh.vertices for mesh in found], at)


def look(mesh: analysis.Mesh, at: Position, sample: int, limit: int) -> Seen:
    """Return what there is of a mesh at the step looked at."""
    step, nth = at.at(mesh.run)
    index = index_at(mesh.vertices, step, nth, earlier=at.earlier)
    if index is None:
        return Seen(mesh, None, "nothing up to this step")
    try:
        wanted = Wanted(mesh, index, at, sample, limit)
        return Seen(mesh, drawn(wanted), mark=repr(wanted.key))
    except FormatError as error:
        return Seen(mesh, None, f"step {int(mesh.vertices.steps[index]):,}: {error}")


@dataclass(frozen=True)
class Wanted:
    """Which shape is to be drawn, and of how many vertices at most."""

    mesh: analysis.Mesh
    index: int
    at: Position
    sample: int
    limit: int

    @property
    def key(self) -> tuple[object, ...]:
        """Return what the shape is remembered by: where it lies, and how much of its other parts is logged."""
        place = self.mesh.vertices.blob(self.index)
        parts = tuple(0 if part is None else len(part) for part in (self.mesh.faces, self.mesh.colors))
        return (place.path, place.offset, self.mesh.run, *parts, self.at.earlier, self.sample, self.limit)


@st.cache_resource(show_spinner=False, max_entries=64, hash_funcs={Wanted: lambda wanted: wanted.key})
def drawn(wanted: Wanted) -> analysis.Shape | None:
    """Return a sample of a mesh as it is drawn."""
    step, nth = wanted.at.at(wanted.mesh.run)
    shape = analysis.read(wanted.mesh, step, nth, wanted.sample, earlier=wanted.at.earlier)
    return None if shape is None else analysis.drawn(shape, wanted.limit)


def whole(seen: list[Seen], at: Position, sample: int) -> list[analysis.Shape]:
    """Return the shapes as logged, with all their points."""
    found = [analysis.read(one.mesh, *at.at(one.mesh.run), sample, earlier=at.earlier) for one in seen]
    return [shape for shape in found if shape is not None]


def panel(view: ui.View, seen: Seen, table: str) -> charts.Panel:
    """Return the panel of a shape, or of what is wrong with it."""
    mesh, shape, color = seen.mesh, seen.shape, view.color(seen.mesh.run)
    title = f"{mesh.name} · {mesh.run}"
    if shape is None:
        return charts.empty(seen.key, title, seen.problem, color=color)
    one, many = ("vertex", "vertices") if shape.logged_faces else ("point", "points")
    numbers = [f"step {shape.step:,}", f"{shape.logged_vertices:,} {one if shape.logged_vertices == 1 else many}"]
    numbers += (
        [f"{shape.logged_faces:,} {'face' if shape.logged_faces == 1 else 'faces'}"] if shape.logged_faces else []
    )
    numbers += [f"sample {shape.sample + 1} of {shape.samples}"] if shape.samples > 1 else []
    if not len(shape.vertices):
        return charts.empty(seen.key, title, " · ".join([*numbers, *shape.notes]), color=color)
    return charts.panel(
        seen.key, title, " · ".join(numbers), shape, mesh.config, color=color, table=table, mark=seen.mark
    )


def bounds(seen: list[Seen]) -> dict[str, list[list[float]] | None]:
    """Return the ranges of the axes of each panel: alike for all runs of a mesh, so that sizes compare."""
    by_name: dict[str, list[analysis.Shape]] = {}
    for one in seen:
        if one.shape is not None:
            by_name.setdefault(one.mesh.name, []).append(one.shape)
    ranges = {name: charts.bounds(some) for name, some in by_name.items()}
    return {one.key: ranges.get(one.mesh.name) for one in seen}


def remember(looked: Camera | None) -> None:
    """Put from where the shapes are looked at into the address."""
    if looked is not None:
        ui.put_query({"camera": spelled(looked)})
