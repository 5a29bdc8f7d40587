"""Keras' files of weights (`.weights.h5`): the matrices in them.

Only numbers that lie in the file itself are read: HDF5 can point to other files, and such links are not followed.

Source: keras/src/saving/saving_lib.py: layers/<name>/vars/<number>, an Embedding layer being called embedding, embedding_1.
"""

import io
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tbcore.errors import EmbeddingError

ENDING = ".weights.h5"
LARGEST = 1 << 30  # bytes of a matrix
_DEEPEST = 24  # groups inside each other
_MOST = 20_000  # groups and arrays
_PACKED = (None, "gzip", "lzf")  # by what HDF5 itself knows
_EMBEDDING = re.compile(r"(?:^|/)[^/]*embedding[^/]*(?:/|$)", re.IGNORECASE)


def matrices(data: bytes) -> dict[str, tuple[int, int]]:
    """Return the shapes of the matrices of the model, by their place in the file; those of Embedding layers first.

    What the optimizer keeps is left out. Raises EmbeddingError when the file is not HDF5.
    """
    with _Opened(data) as file:
        found = {name: (array.shape[0], array.shape[1]) for name, array in _arrays(file).items()}
    return dict(sorted(found.items(), key=lambda item: _EMBEDDING.search(item[0]) is None))


def is_embedding(name: str) -> bool:
    """Return whether a matrix is that of an Embedding layer."""
    return _EMBEDDING.search(name) is not None


def matrix(data: bytes, name: str) -> NDArray[Any]:
    """Return one matrix [n, d]. Raises EmbeddingError when it is not there, too large, or not in the file itself."""
    with _Opened(data) as file:
        array = _arrays(file).get(name)
        if array is None:
            raise EmbeddingError(f"the file of weights holds no matrix {name!r}")
        if array.dtype.kind not in "fiu" or array.size * array.dtype.itemsize > LARGEST:
            raise EmbeddingError(f"{name} takes more than {LARGEST:,} bytes, or holds no numbers: it is not read")
        if array.external or array.is_virtual or array.compression not in _PACKED:
            raise EmbeddingError(
                f"{name} is kept outside of the file of weights, or packed by a plugin: it is not read"
            )
        values: NDArray[Any] = np.empty(array.shape, array.dtype)
        if values.size:
            array.read_direct(values)
    return values


class _Opened:
    """An HDF5 file in memory; what HDF5 says is wrong with it becomes an EmbeddingError."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __enter__(self) -> Any:
        import h5py

        try:
            self._file = h5py.File(io.BytesIO(self._data), "r")
        except _FAILURES as error:
            raise EmbeddingError(f"the file of weights is not HDF5, or cut short: {_reason(error)}") from error
        return self._file

    def __exit__(self, _kind: object, error: object, _where: object) -> None:
        self._file.close()
        if isinstance(error, _FAILURES):
            raise EmbeddingError(f"the file of weights is damaged: {_reason(error)}") from error


# What h5py raises of damaged bytes, as tried out.
_FAILURES = (OSError, KeyError, ValueError, RuntimeError, TypeError, OverflowError, MemoryError)


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]


def _arrays(file: Any) -> dict[str, Any]:
    """Return the arrays of two dimensions by name, following no links that lead elsewhere."""
    import h5py

    found: dict[str, Any] = {}
    waiting = [("", file, 0)]
    met = 0
    while waiting:
        before, group, depth = waiting.pop()
        for name in group:
            met += 1
            if met > _MOST or depth > _DEEPEST:
                raise EmbeddingError(f"the file of weights holds more than {_MOST:,} arrays, or groups without end")
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                continue
            path, held = f"{before}{name}", group[name]
            if isinstance(held, h5py.Group):
                if path not in ("optimizer", "optimizer_weights"):
                    waiting.append((f"{path}/", held, depth + 1))
            elif isinstance(held, h5py.Dataset) and held.ndim == 2 and held.dtype.kind in "fiu":
                found[path] = held
    return dict(sorted(found.items()))
