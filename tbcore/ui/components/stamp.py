"""A word for what is sent to a component, so that the browser need not read and paint again what it has painted."""

from collections.abc import Mapping
from hashlib import blake2b

import pyarrow as pa


def stamp(tables: Mapping[str, pa.Table]) -> str:
    """Return a word that is another one for other tables."""
    digest = blake2b(digest_size=12)
    for name, table in tables.items():
        digest.update(f"{name} {table.schema} {table.num_rows}".encode())
        for column in table.columns:
            for buffer in (buffer for chunk in column.chunks for buffer in chunk.buffers() if buffer is not None):
                digest.update(buffer)
    return digest.hexdigest()
