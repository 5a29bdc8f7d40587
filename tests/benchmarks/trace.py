"""Measure how long a trace takes to be read, to be opened again from the cache, and the memory that takes.

    python -m tests.benchmarks.trace [file ...]

Without files: one of 1,000,000 events, made. Prints seconds, and the largest resident memory of this process so far; the first
line is what Python and the imports take. Run it once before it counts: the first time compiles.
"""

import hashlib
import resource
import sys
import tempfile
import time
import zlib
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from tbcore.formats import chrome_trace
from tbcore.store import traces
from tests import tracemaker

EVENTS = 1_000_000


def main(files: list[str]) -> None:
    """Print the figures of each file."""
    print(f"{'imports':40} memory {memory():5.0f} MB")
    if not files:
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / f"{EVENTS}.json.gz"
            pack = zlib.compressobj(1, wbits=31)
            with made.open("wb") as file:
                for piece in tracemaker.large(EVENTS):
                    file.write(pack.compress(piece))
                file.write(pack.flush())
            measure(made)
    for name in files:
        measure(Path(name))


def measure(path: Path) -> None:
    """Print the figures of one file."""
    with tempfile.TemporaryDirectory() as folder:
        for what in ("read", "opened again"):
            start, worked = time.perf_counter(), time.process_time()
            digest = hashlib.blake2b(digest_size=16)
            for piece in pieces(path):
                digest.update(piece)
            key = digest.hexdigest()
            trace = traces.open(folder, key, partial(read, path, key))
            took = time.perf_counter() - start
            worked = time.process_time() - worked
            print(
                f"{path.name[:24]:24} {what:15} {took:6.2f} s ({worked:.2f} s of processors)  "
                f"{len(trace):9,} events with a duration  memory {memory():5.0f} MB"
            )
        kept = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
        print(f"{'':24} {'kept on disk':15} {kept / 1e6:6.1f} MB")


def read(path: Path, key: str) -> chrome_trace.Trace:
    """Return the trace in a file."""
    data: Iterable[bytes] = pieces(path)
    return chrome_trace.read(chrome_trace.gunzipped(data) if path.suffix == ".gz" else data, key)


def pieces(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file."""
    with path.open("rb") as file:
        while piece := file.read(1 << 18):
            yield piece


def memory() -> float:
    """Return the largest resident memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(sys.argv[1:])
