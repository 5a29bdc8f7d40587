"""A trace as a file for other viewers."""

import gzip
import io

from tbcore.formats import chrome_write
from tbcore.formats.trace import Trace


def packed(trace: Trace) -> bytes:
    """Return a trace as gzipped Chrome JSON, cleaned of what others stumble over."""
    target = io.BytesIO()
    with gzip.GzipFile(fileobj=target, mode="wb", compresslevel=5, mtime=0) as file:
        for piece in chrome_write.written(trace):
            file.write(piece)
    return target.getvalue()
