"""Meshes: which tags belong together, what is read of them, and what is drawn when it is too much or damaged."""

import hashlib
import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tbcore
from tbcore.analysis import meshes
from tbcore.errors import TensorError
from tbcore.formats.schema import MeshPluginData
from tbcore.series import Series
from tests import eventfile
from tests.fixtures import log, needs_fixtures, oracle

CORNERS = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
SIDES = [[0, 1, 2], [0, 1, 3]]
PAINT = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]]
WRITERS = ("torch_all", "tf_v2_all", "tensorboardX_all")


def part(tag: str, value: Any, dtype: str = "float", step: int = 0, content: bytes = b"") -> bytes:
    array = np.array(value)
    meta = eventfile.metadata("mesh", content)
    return eventfile.record(
        eventfile.event(step, eventfile.tensor(tag, dtype, array.ravel().tolist(), array.shape, meta))
    )


def content(kind: int, config: str = "{}", shape: tuple[int, ...] = ()) -> bytes:
    message = MeshPluginData(name="any", content_type=kind, json_config=config, shape=shape)
    return bytes(message.SerializeToString())


def logged(folder: Path, *records: bytes) -> list[Series]:
    eventfile.write(folder / "run" / "events.out.tfevents.1.host", eventfile.version(), *records)
    logdir = tbcore.Logdir(str(folder))
    logdir.refresh()
    return list(logdir.find("meshes"))


def only(folder: Path, *records: bytes) -> meshes.Mesh:
    (mesh,) = meshes.meshes(logged(folder, *records))
    return mesh


def shape_of(vertices: Any, faces: Any = None, colors: Any = None) -> meshes.Shape:
    points = np.array(vertices, np.float32)
    corners = None if faces is None else np.array(faces, np.int64)
    paint = None if colors is None else np.array(colors, np.uint8)
    count = 0 if corners is None else len(corners)
    return meshes.Shape("run", "name", 3, 0.0, 0, 1, points, corners, paint, len(points), count)


@pytest.mark.parametrize("endings", [("_VERTEX", "_FACE", "_COLOR"), ("_1", "_2", "_3")])
def test_tags_of_one_name_are_one_mesh(tmp_path: Path, endings: tuple[str, str, str]) -> None:
    tags = [f"shape/one{ending}" for ending in endings]
    mesh = only(tmp_path, part(tags[0], [CORNERS]), part(tags[1], [SIDES], "int32"), part(tags[2], [PAINT], "uint8"))
    assert mesh.name == "shape/one"
    shape = meshes.read(mesh, None)
    assert shape is not None
    assert shape.vertices.tolist() == CORNERS
    assert shape.faces is not None
    assert shape.faces.tolist() == SIDES
    assert shape.colors is not None
    assert shape.colors.tolist() == PAINT
    assert shape.notes == ()


def test_a_tag_without_a_known_ending_is_what_its_metadata_says(tmp_path: Path) -> None:
    assert meshes.meshes(logged(tmp_path, part("colours only", [PAINT], content=content(3)))) == []
    assert only(tmp_path / "other", part("points", [CORNERS], content=content(1))).name == "points"


def test_without_vertices_there_is_no_mesh(tmp_path: Path) -> None:
    assert meshes.meshes(logged(tmp_path, part("a_FACE", [SIDES], "int32"))) == []


def test_the_writers_words_on_camera_and_material_are_kept_unless_they_are_none(tmp_path: Path) -> None:
    mesh = only(tmp_path / "a", part("a_VERTEX", [CORNERS], content=content(1, '{"camera": {"fov": 60}}')))
    assert mesh.config == {"camera": {"fov": 60}}
    for number, config in enumerate(("null", "[1]", "{", "")):
        folder = tmp_path / str(number)
        assert only(folder, part("a_VERTEX", [CORNERS], content=content(1, config))).config == {}


def test_samples_are_read_one_by_one_and_the_last_for_any_beyond(tmp_path: Path) -> None:
    batch = [CORNERS, [[9, 9, 9]] * 4]
    mesh = only(tmp_path, part("a_VERTEX", batch, content=content(1, shape=(2, 4, 3))))
    assert meshes.samples(mesh) == 2
    found = [meshes.read(mesh, None, sample=sample) for sample in (0, 1, 7)]
    assert [(one.sample, one.samples, one.vertices[0].tolist()) for one in found if one] == [
        (0, 2, [0, 0, 0]),
        (1, 2, [9, 9, 9]),
        (1, 2, [9, 9, 9]),
    ]


def test_faces_and_colours_are_those_of_the_moment_of_the_vertices(tmp_path: Path) -> None:
    records = []
    for step, paint in ((0, 10), (0, 20), (5, 30)):
        records += [
            part("a_VERTEX", [[[step, paint, 0]]], step=step),
            part("a_COLOR", [[[paint] * 3]], "uint8", step=step),
        ]
    mesh = only(tmp_path, *records)
    for step, nth, paint in ((0, 0, 10), (0, 1, 20), (4, 0, 20), (5, 0, 30), (None, 0, 30)):
        shape = meshes.read(mesh, step, nth)
        assert shape is not None
        assert shape.colors is not None
        assert (shape.vertices[0, 1], shape.colors[0, 0]) == (paint, paint)
    assert meshes.read(mesh, -1) is None


def test_faces_of_vertices_that_do_not_exist_are_left_out_and_told(tmp_path: Path) -> None:
    faces = [[0, 1, 2], [0, 1, 4], [-1, 0, 1], [0.5, 1, 2]]
    shape = meshes.read(only(tmp_path, part("a_VERTEX", [CORNERS]), part("a_FACE", [faces])), None)
    assert shape is not None
    assert shape.faces is not None
    assert shape.faces.tolist() == [[0, 1, 2]]
    assert shape.logged_faces == 4
    assert shape.notes == ("3 of 4 faces left out: their vertices do not exist",)


def test_colours_of_other_numbers_of_vertices_are_left_out_and_told(tmp_path: Path) -> None:
    shape = meshes.read(only(tmp_path, part("a_VERTEX", [CORNERS]), part("a_COLOR", [PAINT[:2]], "uint8")), None)
    assert shape is not None
    assert shape.colors is None
    assert shape.notes == ("no colours: there are 2 for 4 vertices",)


def test_colours_between_0_and_1_are_taken_for_shares(tmp_path: Path) -> None:
    paint = [[0, 0.5, 1]] * 4
    shape = meshes.read(only(tmp_path, part("a_VERTEX", [CORNERS]), part("a_COLOR", [paint])), None)
    assert shape is not None
    assert shape.colors is not None
    assert shape.colors[0].tolist() == [0, 128, 255]
    assert shape.notes == ("colours between 0 and 1 are taken for shares of full brightness",)


@pytest.mark.parametrize("value", [[1.0, 2.0], [[[1.0, 2.0]]], [[[[1.0, 2.0, 3.0]]]]])
def test_vertices_of_another_shape_are_an_error_with_words(tmp_path: Path, value: Any) -> None:
    mesh = only(tmp_path, part("a_VERTEX", value))
    with pytest.raises(TensorError, match="vertices have the shape"):
        meshes.read(mesh, None)


def test_vertices_that_are_not_finite_are_not_drawn_nor_the_faces_on_them() -> None:
    broken = [[0, 0, 0], [np.nan, 0, 0], [0, 1, 0], [0, 0, 1]]
    shape = meshes.drawn(shape_of(broken, [[0, 1, 2], [0, 2, 3]], PAINT))
    assert shape.vertices.tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert shape.faces is not None
    assert shape.faces.tolist() == [[0, 1, 2]]
    assert shape.colors is not None
    assert shape.colors.tolist() == [PAINT[0], PAINT[2], PAINT[3]]
    assert shape.notes == ("1 of 4 vertices left out: they are not finite", "1 of 2 faces left out with them")


def test_nothing_but_nan_is_drawn_as_nothing() -> None:
    assert len(meshes.drawn(shape_of([[np.nan] * 3] * 4, SIDES)).vertices) == 0


def test_a_cloud_of_too_many_points_is_thinned_out_always_alike_and_told() -> None:
    cloud = shape_of(np.random.default_rng(5).normal(size=(1_000, 3)), colors=[[1, 2, 3]] * 1_000)
    once, twice = meshes.drawn(cloud, 100), meshes.drawn(cloud, 100)
    assert once.vertices.shape == (100, 3)
    assert once.vertices.tolist() == twice.vertices.tolist()
    assert once.colors is not None
    assert len(once.colors) == 100
    assert once.notes == ("100 of 1,000 points are drawn, evenly chosen",)
    assert once.logged_vertices == 1_000


def test_a_mesh_of_too_many_vertices_keeps_its_shape_with_fewer() -> None:
    across = 60
    u, v = (grid.ravel() for grid in np.meshgrid(np.linspace(0, 1, across), np.linspace(0, 1, across)))
    places = np.arange(across * across).reshape(across, across)
    faces = np.stack((places[:-1, :-1], places[1:, :-1], places[:-1, 1:]), axis=-1).reshape(-1, 3)
    shape = meshes.drawn(shape_of(np.stack((u, v, 0 * u), axis=1), faces), 500)
    assert shape.faces is not None
    assert 100 < len(shape.vertices) <= 500
    assert 0 < len(shape.faces) <= 1_000
    assert shape.faces.max() < len(shape.vertices)
    assert (np.diff(np.sort(shape.faces, axis=1)) > 0).all()
    assert shape.vertices.min() >= 0
    assert shape.vertices.max() > 0.95
    assert shape.notes[0].startswith(f"simplified to {len(shape.vertices):,} of 3,600 vertices")


def test_what_is_small_enough_is_drawn_as_it_is() -> None:
    shape = shape_of(CORNERS, SIDES)
    assert meshes.drawn(shape) is shape


def test_many_large_meshes_share_what_may_be_drawn(tmp_path: Path) -> None:
    large = [
        only(tmp_path / str(number), part("a_VERTEX", [CORNERS], content=content(1, shape=(1, 10**6, 3))))
        for number in range(8)
    ]
    small = only(tmp_path / "small", part("a_VERTEX", [CORNERS], content=content(1, shape=(1, 4, 3))))
    assert meshes.fair_limit([large[0], small], 800_000) == meshes.LIMIT
    assert 80_000 < meshes.fair_limit(large, 800_000) <= 100_000


def test_npz_and_ply_hold_what_was_logged() -> None:
    shape = shape_of(CORNERS, SIDES, PAINT)
    with np.load(io.BytesIO(meshes.npz(shape))) as arrays:
        assert arrays["vertices"].tolist() == CORNERS
        assert arrays["faces"].tolist() == SIDES
        assert arrays["colors"].tolist() == PAINT
    header, _end, body = meshes.ply(shape).partition(b"end_header\n")
    assert header.decode().splitlines() == [
        "ply",
        "format binary_little_endian 1.0",
        "element vertex 4",
        "property float x",
        "property float y",
        "property float z",
        "property uchar red",
        "property uchar green",
        "property uchar blue",
        "element face 2",
        "property list uchar int vertex_indices",
    ]
    assert len(body) == 4 * 15 + 2 * 13
    assert body[-13:] == bytes([3, 0, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0])


def test_names_of_files_in_an_archive_lead_nowhere() -> None:
    shape = shape_of(CORNERS)
    bad = replace(shape, run="../../etc", name="a/b\x00c")
    with zipfile.ZipFile(io.BytesIO(meshes.archive([bad, shape], "ply"))) as files:
        assert files.namelist() == ["0__.._etc_a_b_c_3_0.ply", "1_run_name_3_0.ply"]


def test_items_are_every_sample_of_every_step_and_what_is_wrong_with_others(tmp_path: Path) -> None:
    series = logged(
        tmp_path, part("a_VERTEX", [CORNERS, CORNERS]), part("a_VERTEX", [1.0], step=1), part("a_FACE", [SIDES] * 2)
    )
    found = list(meshes.items(series))
    assert [(one.run, one.tag, one.step, one.sample, one.ending) for one in found[:2]] == [
        ("run", "a", 0, 0, ".npz"),
        ("run", "a", 0, 1, ".npz"),
    ]
    assert dict(found[0].about) == {"vertices": 4, "faces": 2, "colors": False}
    assert [(one.step, one.error) for one in found[2:]] == [(1, "vertices have the shape [1] instead of [batch, n, 3]")]


def test_an_item_holds_faces_of_vertices_that_do_not_exist_and_its_index_says_so(tmp_path: Path) -> None:
    series = logged(tmp_path, part("a_VERTEX", [CORNERS]), part("a_FACE", [[[0, 1, 2], [0, 1, 99]]]))
    (found,) = meshes.items(series)
    with np.load(io.BytesIO(found.data)) as arrays:
        assert arrays["faces"].tolist() == [[0, 1, 2], [0, 1, 99]]
    assert found.about["faces"] == 2
    assert found.about["notes"] == ["1 of 2 faces left out: their vertices do not exist"]


# Real writers --------------------------------------------------------------------------------------------------------


@needs_fixtures
@pytest.mark.parametrize("name", WRITERS)
def test_every_mesh_is_what_its_writer_was_handed(name: str) -> None:
    logdir = tbcore.Logdir(str(log(name)))
    logdir.refresh()
    (truth,) = oracle(name)["truth"]
    found = meshes.meshes(logdir.find("meshes"))
    handed = {
        (run, tag): said
        for run, tags in truth["series"].items()
        for tag, said in tags.items()
        if said["kind"] == "mesh"
    }
    assert {(mesh.run, mesh.name) for mesh in found} == set(handed)
    for mesh in found:
        for step, value in zip(
            handed[mesh.run, mesh.name]["steps"], handed[mesh.run, mesh.name]["values"], strict=True
        ):
            for what in ("vertices", "faces", "colors"):
                batch = [part_of(mesh, step, sample, what) for sample in range(value["vertices"]["shape"][0])]
                if what not in value:
                    assert batch == [None] * len(batch)
                    continue
                whole = np.stack([one for one in batch if one is not None]).astype("<f8")
                assert list(whole.shape) == value[what]["shape"]
                assert hashlib.sha256(whole.tobytes()).hexdigest() == value[what]["sha256_f64le"]
            assert mesh.config == (value.get("config") or mesh.config)


@needs_fixtures
@pytest.mark.parametrize("name", WRITERS)
def test_the_meshes_are_those_tensorboard_shows(name: str) -> None:
    logdir = tbcore.Logdir(str(log(name)))
    logdir.refresh()
    shown = {(one["run"], one["tag"]) for one in oracle(name)["http"]["mesh"]}
    assert {(mesh.run, mesh.name) for mesh in meshes.meshes(logdir.find("meshes"))} == shown


def part_of(mesh: meshes.Mesh, step: int, sample: int, what: str) -> Any:
    shape = meshes.read(mesh, step, sample=sample)
    assert shape is not None
    assert shape.notes == ()
    return getattr(shape, what)
