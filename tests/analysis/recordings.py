"""Recordings of the samples and of literal events, read once for all tests."""

import gzip
from functools import cache
from typing import Any

from tbcore.formats import chrome_trace, xplane
from tbcore.formats.trace import Trace
from tests import tracemaker
from tests.fixtures import samples

RESNET = "kineto_tb_plugin/samples/resnet50_num_workers_0/worker0.1623143089861.pt.trace.json.gz"
SLOW_LOADER = "torch_cpu/slow_loader/worker0.1795196161879393333.pt.trace.json.gz"
WITH_STACK = "torch_cpu/with_stack/worker0.1795196162334742021.pt.trace.json.gz"
QUEUE = "hta/negative_queue_length_values_check/rank0.json.gz"


def inline(name: str) -> str:
    """Return the sample of a test of torch-tb-profiler."""
    return f"kineto_tb_plugin/test_inline/{name}.json"


@cache
def sample(name: str) -> Trace:
    """Return one of the samples; the test is skipped where they are not."""
    data = samples(name).read_bytes()
    if name.endswith(".pb"):
        return xplane.read(data, name)
    return chrome_trace.read([gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data], name)


def recorded(*events: dict[str, Any], **info: Any) -> Trace:
    """Return the recording of these events."""
    return chrome_trace.read([tracemaker.trace(*events, **info)], "literal")
