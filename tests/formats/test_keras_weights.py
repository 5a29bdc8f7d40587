import io
import random
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from tbcore.errors import EmbeddingError
from tbcore.formats import keras_weights
from tests.fixtures import log, needs_fixtures, oracle

VALUES = np.arange(12, dtype=np.float32).reshape(4, 3)


def weights(**arrays: Any) -> bytes:
    """Return a file of weights; "__" in a name stands for a group."""
    file = io.BytesIO()
    with h5py.File(file, "w") as held:
        for name, values in arrays.items():
            held.create_dataset(name.replace("__", "/"), data=values)
    return file.getvalue()


def test_matrices_of_embedding_layers_come_first_and_the_optimizer_is_left_out() -> None:
    data = weights(
        layers__dense__vars__0=VALUES,
        layers__dense__vars__1=VALUES[0],
        layers__embedding__vars__0=VALUES[:2],
        layers__embedding_1__vars__0=VALUES[:3],
        optimizer__vars__2=VALUES,
    )
    assert list(keras_weights.matrices(data).items()) == [
        ("layers/embedding/vars/0", (2, 3)),
        ("layers/embedding_1/vars/0", (3, 3)),
        ("layers/dense/vars/0", (4, 3)),
    ]
    assert np.array_equal(keras_weights.matrix(data, "layers/dense/vars/0"), VALUES)


@needs_fixtures
def test_the_embedding_that_keras_wrote_reads_bit_for_bit() -> None:
    data = (log("keras_mnist") / "embed" / "train" / "keras_embedding.ckpt-1.weights.h5").read_bytes()
    values = keras_weights.matrix(data, next(iter(keras_weights.matrices(data)))).astype(np.float64)
    truth = next(one["embed_weights"] for one in oracle("keras_mnist")["truth"] if "embed_weights" in one)
    assert (list(values.shape), float(values.min()), float(values.max())) == (
        truth["shape"],
        truth["min"],
        truth["max"],
    )


def test_numbers_kept_in_another_file_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(VALUES.tobytes())
    path = tmp_path / "w.h5"
    with h5py.File(path, "w") as held:
        held.create_dataset("layers/x", (4, 3), np.float32, external=[(str(tmp_path / "secret"), 0, 48)])
        held["layers/out"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/layers/y")
        held["layers/soft"] = h5py.SoftLink("/layers/x")
    with h5py.File(tmp_path / "other.h5", "w") as held:
        held.create_dataset("layers/y", data=VALUES)
    data = path.read_bytes()
    assert list(keras_weights.matrices(data)) == ["layers/x"]
    with pytest.raises(EmbeddingError, match="kept outside of the file"):
        keras_weights.matrix(data, "layers/x")


def test_an_array_that_claims_gigabytes_is_refused_before_it_is_made() -> None:
    file = io.BytesIO()
    with h5py.File(file, "w") as held:
        held.create_dataset("layers/x", (1 << 20, 1 << 12), np.float32, chunks=(1024, 1024), compression="gzip")
    with pytest.raises(EmbeddingError, match="takes more than"):
        keras_weights.matrix(file.getvalue(), "layers/x")


@pytest.mark.parametrize("data", [b"", b"\x89HDF\r\n\x1a\n", b"x" * 5000])
def test_what_is_no_hdf5_is_refused(data: bytes) -> None:
    with pytest.raises(EmbeddingError):
        keras_weights.matrices(data)


def test_damage_raises_nothing_else() -> None:
    whole = weights(layers__embedding__vars__0=VALUES, layers__dense__vars__0=VALUES)
    chance = random.Random(0)
    for _ in range(300):
        data = bytearray(whole)
        data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.2:
            del data[chance.randrange(len(data)) :]
        try:
            for name in keras_weights.matrices(bytes(data)):
                keras_weights.matrix(bytes(data), name)
        except EmbeddingError:
            continue
