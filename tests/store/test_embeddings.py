import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tbcore.errors import FormatError
from tbcore.store import embeddings
from tbcore.store.embeddings import EmbeddingFile
from tbcore.store.logdir import Logdir
from tests import eventfile as ef
from tests import projectormaker as pm
from tests.fixtures import log, needs_fixtures, oracle

VALUES = np.arange(12, dtype=np.float32).reshape(4, 3)
EVENTS = "events.out.tfevents.1.host"


def opened(folder: Path) -> Logdir:
    """Return a logdir that was read."""
    logdir = Logdir(folder)
    logdir.refresh()
    return logdir


def of(folder: Path, run: str = "run") -> tuple[EmbeddingFile, ...]:
    """Return the embeddings of a run below a folder."""
    return opened(folder).snapshot.runs[run].embeddings


def events(folder: Path) -> None:
    """Write an event file."""
    folder.mkdir(parents=True, exist_ok=True)
    ef.write(folder / EVENTS, ef.version(), ef.scalar(0, "loss", 0.5))


# What real writers write -----------------------------------------------------------------------------------------------


@needs_fixtures
@pytest.mark.parametrize("name", ["projector", "torch_all", "tensorboardX_all"])
def test_every_tensor_has_the_numbers_that_tensorboard_serves(name: str) -> None:
    runs = opened(log(name)).snapshot.runs
    served: list[dict[str, Any]] = oracle(name)["http"]["projector"]
    configured = {
        (one["run"], entry["tensorName"]): entry["tensorShape"]
        for one in served
        if "info" in one
        for entry in one["info"]["embeddings"]
    }
    digests = {(one["run"], one["tensor"]): one["sha256"] for one in served if "tensor" in one}
    found = {(run.name, file.tensor_name): file for run in runs.values() for file in run.embeddings}
    assert set(found) == set(digests) == set(configured)
    for key, file in found.items():
        values = file.tensor()
        assert list(values.shape) == configured[key]
        assert hashlib.sha256(values.astype("<f4").tobytes()).hexdigest() == digests[key]
        assert file.problems == ()


@needs_fixtures
def test_steps_sprites_metadata_and_bookmarks_of_real_writers_are_found() -> None:
    runs = opened(log("projector")).snapshot.runs
    torch = {(file.name, file.step): file for file in runs["torch"].embeddings}
    assert set(torch) == {*(("digits", step) for step in (0, 10, 20)), ("default", 0), ("no_meta", 0), ("weird", 3)}
    sprite, metadata = torch["digits", 20].sprite(), torch["default", 0].metadata()
    assert sprite is not None
    assert sprite.startswith(b"\x89PNG")
    assert torch["digits", 20].sprite_size == (8, 8)
    assert metadata is not None
    assert (metadata.columns, metadata.rows) == (("id", "species"), 150)
    assert (torch["no_meta", 0].metadata(), torch["no_meta", 0].sprite()) == (None, None)
    assert [one.label for one in runs["bytes"].embeddings[0].bookmarks()] == ["State 0"]
    (checkpoint,) = runs["tf_ckpt"].embeddings
    assert (checkpoint.name, checkpoint.step, checkpoint.shape) == ("embedding", 1, (50, 6))


@needs_fixtures
def test_the_files_of_weights_that_keras_writes_are_the_steps_of_its_embedding() -> None:
    first, last = of(log("keras_mnist"), "embed")
    truth = next(one["embed_weights"] for one in oracle("keras_mnist")["truth"] if "embed_weights" in one)
    assert [(file.name, file.step) for file in (first, last)] == [
        ("layer_with_weights-0/embeddings", 0),
        ("layer_with_weights-0/embeddings", 1),
    ]
    values = last.tensor()
    assert hashlib.sha256(values.astype("<f8").tobytes()).hexdigest() == truth["sha256_f64le"]
    metadata = last.metadata(len(values))
    assert metadata is not None
    assert metadata.rows == 40


# Where they are --------------------------------------------------------------------------------------------------------


def test_embeddings_are_told_by_name_and_step_and_read_when_asked(tmp_path: Path) -> None:
    events(tmp_path / "run")
    for step in (0, 20):
        pm.write(tmp_path / "run", VALUES + step, ["a", "b", "c", "d"], step=step)
    first, second = of(tmp_path)
    assert [(file.run, file.name, file.step) for file in (first, second)] == [
        ("run", "digits", 0),
        ("run", "digits", 20),
    ]
    assert np.array_equal(second.tensor(), VALUES + 20)
    metadata = second.metadata()
    assert metadata is not None
    assert metadata.cells == [["a", "b", "c", "d"]]


def test_a_run_is_a_folder_with_a_configuration_too_and_has_no_series(tmp_path: Path) -> None:
    events(tmp_path / "curves")
    pm.write(tmp_path / "words", VALUES)
    runs = opened(tmp_path).runs
    assert [(run.name, len(run.series), len(run.embeddings)) for run in runs] == [("curves", 1, 0), ("words", 0, 1)]
    assert runs[1].path == str(tmp_path / "words")


def test_the_logdir_itself_can_be_that_run(tmp_path: Path) -> None:
    pm.write(tmp_path, VALUES)
    assert [run.name for run in opened(tmp_path).runs] == ["."]


def test_the_plugin_has_a_folder_of_its_own(tmp_path: Path) -> None:
    events(tmp_path / "run")
    pm.write(tmp_path.joinpath("run", *pm.PLUGIN), VALUES, name="assets")
    pm.write(tmp_path.joinpath("other", *pm.PLUGIN), VALUES, name="alone")
    runs = opened(tmp_path).runs
    assert [(run.name, [file.name for file in run.embeddings]) for run in runs] == [
        ("run", ["assets"]),
        ("other", ["alone"]),
    ]


def test_the_same_embedding_written_twice_is_one_and_another_of_its_name_has_a_number(tmp_path: Path) -> None:
    pm.write(tmp_path / "run", VALUES)
    pm.write(tmp_path / "run", VALUES + 1)
    (tmp_path / "run" / "other.tsv").write_text("1\t2\n")
    pm.config(tmp_path / "run", {"tensor_name": "a", "tensor_path": "00000/digits/tensors.tsv"})
    pm.config(tmp_path / "run", {"tensor_name": "a", "tensor_path": "other.tsv"})
    found = of(tmp_path)
    assert [(file.name, file.step) for file in found] == [("digits", 0), ("a", None), ("a (2)", None)]
    assert np.array_equal(found[0].tensor(), VALUES + 1)


def test_runs_without_embeddings_have_none_and_cost_nothing_to_look(tmp_path: Path) -> None:
    events(tmp_path / "run")
    assert of(tmp_path) == ()


# Live --------------------------------------------------------------------------------------------------------------------


def test_what_is_new_or_changed_moves_the_generation_and_the_mark(tmp_path: Path) -> None:
    events(tmp_path / "run")
    logdir = opened(tmp_path)
    pm.write(tmp_path / "run", VALUES)
    assert logdir.refresh()
    (before,) = logdir.runs[0].embeddings
    generation = logdir.runs[0].generation
    assert not logdir.refresh()
    (tmp_path / "run" / "00000" / "digits" / "tensors.tsv").write_text("9\t9\n")
    assert logdir.refresh()
    (after,) = logdir.runs[0].embeddings
    assert after.mark != before.mark
    assert logdir.runs[0].generation > generation
    assert after.tensor().tolist() == [[9, 9]]
    pm.write(tmp_path / "run", VALUES, step=5)
    assert logdir.refresh()
    assert [file.step for file in logdir.runs[0].embeddings] == [0, 5]


def test_a_configuration_that_goes_takes_its_embeddings_along(tmp_path: Path) -> None:
    events(tmp_path / "run")
    pm.write(tmp_path / "run", VALUES)
    pm.write(tmp_path / "alone", VALUES)
    logdir = opened(tmp_path)
    for run in ("run", "alone"):
        (tmp_path / run / pm.CONFIG).unlink()
    assert logdir.refresh()
    assert [(run.name, run.embeddings) for run in logdir.runs] == [("run", ())]
    assert not logdir.refresh()


def test_event_files_that_come_later_join_the_run(tmp_path: Path) -> None:
    pm.write(tmp_path / "run", VALUES)
    logdir = opened(tmp_path)
    events(tmp_path / "run")
    assert logdir.refresh()
    (run,) = logdir.runs
    assert (len(run.series), len(run.embeddings)) == (1, 1)


# Checkpoints -------------------------------------------------------------------------------------------------------------


def test_checkpoints_of_one_name_are_steps_and_matrices_that_nobody_names_come_too(tmp_path: Path) -> None:
    run = tmp_path / "run"
    for step in (3, 12):
        variables = {
            "emb/.ATTRIBUTES/VARIABLE_VALUE": VALUES + step,
            "dense/kernel": VALUES,
            "dense/kernel/Adam": VALUES,
            "emb/.OPTIMIZER_SLOT/m": VALUES,
            "bias": VALUES[0],
        }
        pm.checkpoint(run / f"model.ckpt-{step}", variables, state=True)
    pm.checkpoint(run / "other-1", {"x": VALUES})
    pm.config(run, {"tensor_name": "emb/.ATTRIBUTES/VARIABLE_VALUE"})
    found = of(tmp_path)
    assert [(file.name, file.step, file.shape) for file in found] == [
        ("emb", 3, (4, 3)),
        ("emb", 12, (4, 3)),
        ("dense/kernel", 3, (4, 3)),
        ("dense/kernel", 12, (4, 3)),
    ]
    assert np.array_equal(found[1].tensor(), VALUES + 12)


def test_a_new_checkpoint_is_a_new_step(tmp_path: Path) -> None:
    pm.config(tmp_path / "run", {"tensor_name": "emb:0"})
    pm.checkpoint(tmp_path / "run" / "m-1", {"emb": VALUES})
    logdir = opened(tmp_path)
    pm.checkpoint(tmp_path / "run" / "m-2", {"emb": VALUES})
    assert logdir.refresh()
    assert [file.step for file in logdir.runs[0].embeddings] == [1, 2]


def test_a_checkpoint_beside_event_files_needs_no_configuration(tmp_path: Path) -> None:
    events(tmp_path / "run")
    pm.checkpoint(tmp_path / "run" / "m-1", {"emb": VALUES}, state=True)
    (tmp_path / "alone").mkdir()
    pm.checkpoint(tmp_path / "alone" / "m-1", {"emb": VALUES}, state=True)
    assert [(run.name, len(run.embeddings)) for run in opened(tmp_path).runs] == [("run", 1)]


def test_the_configuration_may_name_its_checkpoint(tmp_path: Path) -> None:
    pm.checkpoint(tmp_path / "models" / "m-1", {"emb": VALUES})
    pm.config(tmp_path / "run", {"tensor_name": "emb"}, model_checkpoint_path="../models/m-1")
    (file,) = of(tmp_path)
    assert np.array_equal(file.tensor(), VALUES)


def test_keras_writes_its_checkpoints_into_a_folder_below(tmp_path: Path) -> None:
    name = "layer_with_weights-0/embeddings/.ATTRIBUTES/VARIABLE_VALUE"
    pm.config(tmp_path / "run", {"tensor_name": name})
    pm.checkpoint(tmp_path / "run" / "train" / "keras_embedding.ckpt-4", {name: VALUES})
    (file,) = of(tmp_path)
    assert (file.name, file.step) == ("layer_with_weights-0/embeddings", 4)


def test_a_checkpoint_that_is_missing_or_of_the_first_version_is_said(tmp_path: Path) -> None:
    pm.config(tmp_path / "run", {"tensor_name": "emb"})
    (tmp_path / "run" / "m-1").write_bytes(pm.table({b"": b""}))
    (file,) = of(tmp_path)
    assert file.problems == ("no checkpoint that holds emb was found in the folder of the run",)
    (tmp_path / "run" / "m-1.index").write_bytes(b"no index")
    (file,) = of(tmp_path)
    with pytest.raises(FormatError, match=r"m-1\.index: this is no index of a checkpoint"):
        file.tensor()


# What is hostile -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["../../etc/passwd", "/etc/passwd", "../../../../../../../etc/passwd", "/dev/zero", "a/../../../x", "\0", "~/x"],
)
def test_a_path_out_of_the_logdir_is_refused_by_name_and_the_rest_is_shown(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "logs"
    pm.write(folder / "run", VALUES)
    pm.config(
        folder / "run",
        {
            "tensor_name": "bad",
            "tensor_path": "00000/digits/tensors.tsv",
            "metadata_path": path,
            "bookmarks_path": path,
            "sprite": {"image_path": path, "single_image_dim": [8, 8]},
        },
        {"tensor_name": "worse", "tensor_path": path},
    )
    good, bad, worse = of(folder)
    assert good.problems == ()
    assert np.array_equal(bad.tensor(), VALUES)
    assert len(bad.problems) == 3
    for read in (bad.metadata, bad.sprite, bad.bookmarks, worse.tensor):
        with pytest.raises(FormatError, match=r"leads out of the logdir|no path has|is not there"):
            read()
    if path[0] in "./":
        assert f"metadata_path {path} leads out of the logdir: not read" in bad.problems


def test_links_out_of_the_logdir_are_refused_also_when_they_come_later(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    secret = tmp_path / "secret.tsv"
    secret.write_text("1\t2\n")
    pm.write(folder / "run", VALUES, ["a", "b", "c", "d"])
    inside = folder / "run" / "00000" / "digits"
    (inside / "metadata.tsv").unlink()
    (inside / "metadata.tsv").symlink_to(secret)
    (file,) = of(folder)
    assert file.problems == ("metadata_path 00000/digits/metadata.tsv leads out of the logdir: not read",)
    (inside / "tensors.tsv").unlink()
    (inside / "tensors.tsv").symlink_to(secret)
    with pytest.raises(FormatError, match="leads out of the logdir"):
        file.tensor()


def test_a_link_within_the_logdir_and_a_linked_run_are_followed(tmp_path: Path) -> None:
    pm.write(tmp_path / "elsewhere", VALUES)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "run").symlink_to(tmp_path / "elsewhere")
    (file,) = of(tmp_path / "logs")
    assert np.array_equal(file.tensor(), VALUES)


def test_data_files_of_a_checkpoint_that_lead_out_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    pm.config(folder / "run", {"tensor_name": "emb"})
    pm.checkpoint(folder / "run" / "m-1", {"emb": VALUES})
    data = folder / "run" / "m-1.data-00000-of-00001"
    data.rename(tmp_path / "data")
    data.symlink_to(tmp_path / "data")
    (file,) = of(folder)
    with pytest.raises(FormatError, match="leads out of the logdir"):
        file.tensor()


def test_a_log_that_was_moved_finds_its_files_beside_the_configuration(tmp_path: Path) -> None:
    run = tmp_path / "run"
    pm.config(run, {"tensor_name": "a", "tensor_path": "vec.tsv", "metadata_path": "/home/me/runs/labels.tsv"})
    (run / "vec.tsv").write_text("1\t2\n")
    (run / "labels.tsv").write_text("one\n")
    (file,) = of(tmp_path)
    metadata = file.metadata()
    assert metadata is not None
    assert metadata.cells == [["one"]]
    assert file.problems == (
        "metadata_path /home/me/runs/labels.tsv leads out of the logdir: not read; labels.tsv beside the configuration "
        "is read instead",
    )


def test_pipes_and_folders_are_no_files(tmp_path: Path) -> None:
    run = tmp_path / "run"
    pm.config(run, {"tensor_name": "a", "tensor_path": "pipe"}, {"tensor_name": "b", "tensor_path": "."})
    os.mkfifo(run / "pipe")
    for file in of(tmp_path):
        with pytest.raises(FormatError, match="cannot be read"):
            file.tensor()


@pytest.mark.parametrize(
    ("limit", "what", "read"),
    [
        ("LARGEST_TENSOR", "tensor", EmbeddingFile.tensor),
        ("LARGEST_METADATA", "metadata", EmbeddingFile.metadata),
        ("LARGEST_SPRITE", "sprite", EmbeddingFile.sprite),
    ],
)
def test_files_beyond_a_limit_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, what: str, read: Any
) -> None:
    monkeypatch.setattr(embeddings, limit, 5)
    pm.write(tmp_path / "run", VALUES, ["aa", "bb", "cc", "dd"], sprite=np.zeros((4, 8, 8), np.uint8))
    (file,) = of(tmp_path)
    with pytest.raises(FormatError, match=f"{what}.*bytes: only up to 5 are read"):
        read(file)


@pytest.mark.parametrize(("width", "height"), [(8193, 8), (60_000, 60_000), (1 << 30, 1 << 30)])
def test_a_sprite_bomb_is_refused_by_its_header(tmp_path: Path, width: int, height: int) -> None:
    pm.write(tmp_path / "run", VALUES, sprite=np.zeros((4, 8, 8), np.uint8))
    (tmp_path / "run" / "00000" / "digits" / "sprite.png").write_bytes(pm.png_claiming(width, height, b"x" * 100))
    (file,) = of(tmp_path)
    with pytest.raises(FormatError):
        file.sprite()
    assert np.array_equal(file.tensor(), VALUES)


def test_a_configuration_that_cannot_be_read_is_an_embedding_that_says_why(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / pm.CONFIG).write_text("embeddings {\n ]")
    (file,) = of(tmp_path)
    assert (file.name, file.problems) == (pm.CONFIG, (f"{pm.CONFIG}: line 2 of the text: unexpected ]",))
    with pytest.raises(FormatError, match="line 2"):
        file.tensor()


def test_raw_numbers_without_a_shape_say_what_is_missing(tmp_path: Path) -> None:
    pm.config(tmp_path / "run", {"tensor_name": "a", "tensor_path": "vec.bytes"})
    (tmp_path / "run" / "vec.bytes").write_bytes(VALUES.tobytes())
    (file,) = of(tmp_path)
    with pytest.raises(FormatError, match=r"vec\.bytes is no text, and the configuration gives no tensor_shape"):
        file.tensor()


def test_an_array_of_numpy_is_read_though_tensorboard_cannot(tmp_path: Path) -> None:
    pm.config(tmp_path / "run", {"tensor_name": "a", "tensor_path": "vec.npy"})
    np.save(tmp_path / "run" / "vec.npy", VALUES.astype(np.float64))
    (file,) = of(tmp_path)
    assert np.array_equal(file.tensor(), VALUES)


def test_a_run_with_folded_sub_runs_keeps_its_embeddings(tmp_path: Path) -> None:
    events(tmp_path / "run")
    pm.write(tmp_path / "run", VALUES)
    assert [len(run.embeddings) for run in opened(tmp_path).folded] == [1]
