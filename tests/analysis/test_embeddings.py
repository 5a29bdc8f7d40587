import io
from pathlib import Path

import numpy as np
import pytest

from tbcore.analysis import embeddings
from tbcore.analysis.embeddings import Table
from tbcore.errors import FormatError
from tbcore.store.logdir import Logdir
from tests import eventfile as ef
from tests import projectormaker as pm
from tests.fixtures import log, needs_fixtures

VALUES = np.arange(12, dtype=np.float32).reshape(4, 3)


def loaded(folder: Path) -> Table:
    """Return the first embedding of a logdir."""
    logdir = Logdir(folder)
    logdir.refresh()
    return embeddings.load(logdir.runs[0].embeddings[0])


def npy(values: np.ndarray) -> bytes:
    """Return an NPY file."""
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


# Tables --------------------------------------------------------------------------------------------------------------


def test_a_table_has_vectors_columns_and_pictures(tmp_path: Path) -> None:
    labels = [["cat", "1"], ["dog", "2"], ["cat", "3"], ["dog", "4"]]
    pm.write(tmp_path / "run", VALUES, labels, header=["animal", "n"], sprite=np.zeros((4, 8, 6), np.uint8), step=20)
    table = loaded(tmp_path)
    assert (table.run, table.name, table.step, table.source) == ("run", "digits", 20, "00020/digits/tensors.tsv")
    assert table.values.tobytes() == VALUES.tobytes()
    assert [(one.name, one.cells) for one in table.columns] == [
        ("animal", ["cat", "dog", "cat", "dog"]),
        ("n", ["1", "2", "3", "4"]),
    ]
    assert table.sprite is not None
    assert table.sprite_size == (6, 8)
    assert (table.notes, table.finite.tolist()) == ((), [True] * 4)
    animal = table.column("animal")
    assert animal is not None
    assert (animal.kind, table.column("other")) == ("category", None)


def test_rows_that_cannot_be_placed_stay_and_are_said(tmp_path: Path) -> None:
    values = VALUES.copy()
    values[1, 2], values[3, 0] = np.nan, np.inf
    pm.write(tmp_path / "run", values, list("abcd"))
    table = loaded(tmp_path)
    assert table.finite.tolist() == [True, False, True, False]
    assert (len(table.values), len(table.columns[0].cells)) == (4, 4)
    assert table.notes == ("2 rows hold NaN or infinity, and cannot be placed",)


def test_infinities_of_both_signs_are_not_finite_either() -> None:
    values = np.array([[np.inf, -np.inf], [3e38, 3e38]], np.float32)
    assert Table("x", "", None, values).finite.tolist() == [False, True]


@pytest.mark.parametrize(
    ("labels", "cells", "note"),
    [
        (["a", "b"], ["a", "b", "", ""], "the metadata has 2 rows for 4 vectors: nothing is known of the last 2"),
        (list("abcdef"), list("abcd"), "the metadata has 6 rows for 4 vectors: its last 2 are left out"),
    ],
)
def test_metadata_that_does_not_fit_is_fitted_and_said(
    tmp_path: Path, labels: list[str], cells: list[str], note: str
) -> None:
    pm.write(tmp_path / "run", VALUES, labels)
    table = loaded(tmp_path)
    assert table.columns[0].cells == cells
    assert table.notes == (note,)


def test_what_is_wrong_beside_the_vectors_is_said_and_the_rest_shown(tmp_path: Path) -> None:
    pm.write(tmp_path / "run", VALUES, list("abcd"), sprite=np.zeros((4, 8, 8), np.uint8))
    inside = tmp_path / "run" / "00000" / "digits"
    (inside / "metadata.tsv").unlink()
    (inside / "sprite.png").write_bytes(pm.png_claiming(60_000, 60_000, b""))
    table = loaded(tmp_path)
    assert table.values.tobytes() == VALUES.tobytes()
    assert (table.columns, table.sprite, table.sprite_size) == ((), None, None)
    assert table.notes[0] == "00000/digits/metadata.tsv (metadata_path) is not there"
    assert "the pictures of the rows cannot be shown" in table.notes[1]
    assert len(table.notes) == 2


def test_a_sprite_with_too_few_pictures_or_of_unknown_size_is_said(tmp_path: Path) -> None:
    pm.write(tmp_path / "few", np.zeros((5, 2), np.float32), sprite=np.zeros((4, 8, 8), np.uint8))
    assert loaded(tmp_path / "few").notes == ("the sprite holds 4 pictures for 5 rows: the last have none",)
    (tmp_path / "unknown").mkdir()
    (tmp_path / "unknown" / "v.tsv").write_text("1\t2\n")
    (tmp_path / "unknown" / "s.png").write_bytes(pm.sprite_of(np.zeros((1, 8, 8), np.uint8)))
    pm.config(tmp_path / "unknown", {"tensor_name": "x", "tensor_path": "v.tsv", "sprite": {"image_path": "s.png"}})
    table = loaded(tmp_path / "unknown")
    assert table.sprite is None
    assert "single_image_dim" in table.notes[0]


@pytest.mark.parametrize(
    ("cells", "kind", "numbers"),
    [
        (["cat", "dog", "cat", "dog"], "category", None),
        (["0", "1", "0", "1"], "category", [0, 1, 0, 1]),
        (["0.5", "1", "", "nan"], "number", [0.5, 1, np.nan, np.nan]),
        (["1", "20", "300", "4000"], "number", [1, 20, 300, 4000]),
        (["w", "x", "y", "z"], "text", None),
        (["1970-01-02", "1970-01-01T00:01:00Z", "", "1970-01-01 01:00+01:00"], "date", [86400, 60, np.nan, 0]),
        (["2024-13-01", "2024-01-01", "2024-01-02", "2024-01-03"], "text", None),
        (["", "", "", ""], "text", None),
        (["1_000", "2", "3", "4"], "text", None),
    ],
)
def test_the_kind_of_a_column_is_what_its_cells_look_like(
    cells: list[str], kind: str, numbers: list[float] | None
) -> None:
    found = embeddings.column("x", cells)
    assert (found.kind, found.cells) == (kind, cells)
    assert (found.numbers is None) == (numbers is None)
    if numbers is not None:
        assert np.array_equal(found.numbers, numbers, equal_nan=True)


def test_steps_of_one_name_come_in_order(tmp_path: Path) -> None:
    for step in (20, 3):
        pm.write(tmp_path / "run", VALUES, step=step)
    pm.write(tmp_path / "run", VALUES, name="other")
    pm.write(tmp_path / "run", VALUES, name="layer10")
    pm.write(tmp_path / "run", VALUES, name="layer9")
    logdir = Logdir(tmp_path)
    logdir.refresh()
    found = embeddings.steps(logdir.runs[0].embeddings)
    assert {key: [file.step for file in files] for key, files in found.items()} == {
        ("run", "digits"): [3, 20],
        ("run", "layer9"): [0],
        ("run", "layer10"): [0],
        ("run", "other"): [0],
    }
    assert list(found)[1:3] == [("run", "layer9"), ("run", "layer10")]


@needs_fixtures
def test_every_embedding_of_the_fixtures_loads_without_a_word() -> None:
    for name in ("projector", "torch_all", "tensorboardX_all", "keras_mnist"):
        logdir = Logdir(log(name))
        logdir.refresh()
        tables = [embeddings.load(file) for run in logdir.runs for file in run.embeddings]
        assert [table.name for table in tables if table.notes] == (["weird"] if name == "projector" else [])


# What is handed in -----------------------------------------------------------------------------------------------------


def test_a_file_that_is_handed_in_is_an_embedding() -> None:
    table = embeddings.upload(b"word,a,b\nx,0.5,1\ny,nan,2\n", "C:\\my words.csv")
    assert (table.name, table.run, table.step, table.source) == ("my words", "", None, "my words.csv")
    assert [(one.name, one.cells) for one in table.columns] == [("word", ["x", "y"])]
    assert table.notes == ("1 row holds NaN or infinity, and cannot be placed",)


def test_metadata_that_is_handed_in_takes_the_place_of_its_own() -> None:
    table = embeddings.upload(npy(VALUES), "x.npy")
    found = embeddings.labelled(table, b"animal\tage\ncat\t1\ndog\t2\n")
    assert [(one.name, one.cells) for one in found.columns] == [
        ("animal", ["cat", "dog", "", ""]),
        ("age", ["1", "2", "", ""]),
    ]
    assert found.notes == ("the metadata has 2 rows for 4 vectors: nothing is known of the last 2",)
    comma = embeddings.labelled(table, b'animal,age\n"cat, black",1\ndog,2\na,3\nb,4\n', "Labels.CSV")
    assert [(one.name, one.cells[0]) for one in comma.columns] == [("animal", "cat, black"), ("age", "1")]
    with pytest.raises(FormatError, match="empty"):
        embeddings.labelled(table, b"")


def test_a_matrix_that_was_logged_as_a_summary_is_points(tmp_path: Path) -> None:
    ef.write(
        tmp_path / "events.out.tfevents.1.host",
        ef.version(),
        ef.record(ef.event(7, ef.tensor("activations", "float", [1, 2, 3, 4, 5, 6], (2, 3)))),
        ef.record(ef.event(8, ef.tensor("activations", "float", [1, 2, 3, 4, 5, 6]))),
    )
    logdir = Logdir(tmp_path)
    logdir.refresh()
    (series,) = logdir.find("tensors")
    assert [embeddings.is_matrix(series, index) for index in (0, 1)] == [True, False]
    table = embeddings.of_series(series, 0)
    assert (table.name, table.step, table.values.tolist()) == ("activations", 7, [[1, 2, 3], [4, 5, 6]])
    with pytest.raises(FormatError, match="rows and columns"):
        embeddings.of_series(series, 1)


# Files of their own ----------------------------------------------------------------------------------------------------


def test_items_are_files_that_read_back(tmp_path: Path) -> None:
    pm.write(tmp_path / "run", VALUES, list("abcd"), sprite=np.zeros((4, 8, 8), np.uint8), step=3)
    pm.config(tmp_path / "run", {"tensor_name": "gone", "tensor_path": "gone.tsv"})
    logdir = Logdir(tmp_path)
    logdir.refresh()
    (row, files), (other, nothing) = embeddings.items(logdir.runs[0].embeddings)
    assert row == {
        "run": "run",
        "name": "digits",
        "step": 3,
        "shape": [4, 3],
        "columns": ["label"],
        "source": "00003/digits/tensors.tsv",
        "files": ["000.npy", "000.tsv", "000.png"],
        "notes": [],
        "sprite_size": [8, 8],
    }
    assert np.array_equal(np.load(io.BytesIO(files["000.npy"])), VALUES)
    assert files["000.tsv"] == b"a\nb\nc\nd\n"
    assert (other["error"], nothing) == ("gone.tsv (tensor_path) is not there", {})
