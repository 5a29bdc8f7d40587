"""What the component of the meshes is told: forms, colours, cameras, and the points as columns."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tbcore.charts import meshes

CORNERS = np.array([[0, 0, 0], [1, 0, 0], [0, 2, 0]], np.float32)
SIDES = np.array([[0, 1, 2]], np.int64)
PAINT = np.array([[255, 0, 1], [0, 2, 0], [3, 0, 0]], np.uint8)


def shape(faces: Any = None, colors: Any = None, vertices: Any = CORNERS) -> Any:
    return SimpleNamespace(vertices=vertices, faces=faces, colors=colors, notes=("a note",))


def panel(one: Any, config: dict[str, Any] | None = None) -> meshes.Panel:
    return meshes.panel("key", "title", "words", one, config or {}, color="#4269d0", table="p0", mark="m")


def test_points_faces_and_colours_are_columns_of_tables() -> None:
    made = panel(shape(SIDES, PAINT))
    assert {name: table.to_pydict() for name, table in made.tables.items()} == {
        "p0_points": {"x": [0, 1, 0], "y": [0, 0, 2], "z": [0, 0, 0]},
        "p0_faces": {"i": [0], "j": [1], "k": [2]},
        "p0_colors": {"r": [255, 0, 3], "g": [0, 2, 0], "b": [1, 0, 0]},
    }
    assert [str(table.schema.types[0]) for table in made.tables.values()] == ["float", "int32", "uint8"]
    assert (made.spec["title"], made.spec["words"], made.spec["notes"]) == ("title", "words", ["a note"])


@pytest.mark.parametrize(
    ("faces", "config", "form"),
    [
        (None, {}, "cloud"),
        (np.zeros((0, 3), np.int64), {}, "cloud"),
        (SIDES, {}, "mesh"),
        (SIDES, {"material": {"wireframe": True}}, "edges"),
        (np.repeat(SIDES, meshes.EDGES + 1, axis=0), {"material": {"wireframe": True}}, "mesh"),
    ],
)
def test_without_faces_it_is_a_cloud_and_wireframes_are_drawn_where_they_are_few(
    faces: Any, config: dict[str, Any], form: str
) -> None:
    assert panel(shape(faces), config).spec["form"] == form


@pytest.mark.parametrize(
    ("said", "color"),
    [("#ff8800", "#ff8800"), (0xFF, "#0000ff"), ("red; x: url(a)", "#4269d0"), (-1, "#4269d0"), (True, "#4269d0")],
)
def test_the_colour_is_that_of_the_material_when_it_is_one_else_the_runs(said: Any, color: str) -> None:
    assert panel(shape(), {"material": {"color": said}}).spec["color"] == color


def test_words_about_the_material_that_make_no_sense_change_nothing() -> None:
    odd = {"material": {"size": "big", "opacity": float("nan"), "transparent": True, "roughness": []}, "lights": 3}
    assert panel(shape(), odd).spec == panel(shape()).spec
    assert panel(shape(), {"material": [1], "camera": "x"}).spec == panel(shape()).spec


def test_size_opacity_and_roughness_are_as_said_within_reason() -> None:
    spec = panel(shape(), {"material": {"size": 7, "opacity": 0.001, "transparent": True, "roughness": 0.25}}).spec
    assert (spec["size"], spec["opacity"], spec["roughness"]) == (7, 0.05, 0.25)


def test_the_camera_stands_where_the_writer_said_at_a_distance_that_shows_all() -> None:
    said = meshes.camera({"camera": {"cls": "OrthographicCamera", "position": [0, 0, 100]}})
    assert said["eye"] == {"x": 0, "y": 0, "z": 2.1}
    assert said["projection"] == {"type": "orthographic"}


@pytest.mark.parametrize("position", [None, [0, 0, 0], [1, 2], ["a", 1, 2], [float("inf"), 0, 0]])
def test_a_camera_nowhere_stands_at_the_usual_corner(position: Any) -> None:
    assert meshes.camera({"camera": {"position": position}}) == meshes.camera({}, "y")


def test_up_is_z_unless_a_camera_of_three_js_is_said_or_the_visitor_says_so() -> None:
    unit = {"y": {"x": 0, "y": 1, "z": 0}, "z": {"x": 0, "y": 0, "z": 1}}
    assert meshes.camera({})["up"] == meshes.camera({"material": {"cls": "PointsMaterial"}})["up"] == unit["z"]
    assert meshes.camera({}, "y")["up"] == unit["y"]
    assert meshes.camera({"camera": {"position": [0, 0, 5]}})["up"] == unit["y"]
    assert meshes.camera({"camera": {"position": [0, 0, 5], "up": [0, 0, 3]}})["up"] == unit["z"]


def test_all_runs_of_a_mesh_share_a_cube_around_them() -> None:
    other = shape(vertices=CORNERS - 1)
    ranges = meshes.bounds([shape(), other])
    assert ranges is not None
    lengths = [high - low for low, high in ranges]
    assert lengths == pytest.approx([3.12] * 3)
    assert ranges[1] == pytest.approx([0.5 - 1.56, 0.5 + 1.56])
    assert meshes.bounds([shape(vertices=np.zeros((0, 3), np.float32))]) is None


def test_a_single_point_has_room_around_it() -> None:
    assert meshes.bounds([shape(vertices=np.ones((1, 3), np.float32))]) == [[0.5, 1.5]] * 3


def test_what_cannot_be_drawn_says_why() -> None:
    spec = meshes.empty("key", "title", "it is broken", color="#4269d0").spec
    assert (spec["form"], spec["words"]) == ("none", "it is broken")
