import gzip

import pytest

from tbcore.errors import TraceError
from tbcore.formats import pprof
from tests.fixtures import samples


def test_the_memory_that_jax_writes_has_stacks_counts_and_bytes() -> None:
    found = pprof.read(gzip.decompress(samples("jax_cpu/logdir/memory.prof").read_bytes()))
    assert found.kinds == (("allocations", "count"), ("space", "bytes"))
    assert len(found.samples) == 6
    first = found.samples[0]
    assert (first.stack[0].function, first.stack[0].line, first.values) == ("backend_compile_and_load", 353, (1, 0))
    assert (first.stack[-1].function, dict(first.labels)) == ("<module>", {"kind": "executable"})


@pytest.mark.parametrize("data", [b"", b"\xff\xff\xff", b"\x0a\x05ab"])
def test_other_bytes_are_an_error(data: bytes) -> None:
    with pytest.raises(TraceError, match="pprof"):
        pprof.read(data)


def test_samples_that_refer_to_nothing_have_empty_stacks() -> None:
    # string_table "", sample {location_id 9, value 5}
    found = pprof.read(bytes.fromhex("32001206") + bytes.fromhex("0a0109") + bytes.fromhex("120105"))
    assert [(one.stack, one.values) for one in found.samples] == [((), (5,))]
