"""Recordings that no profiler would write: whatever is in them, something is told and the parts of a step are all of it."""

import json
import random
from typing import Any

import numpy as np
import pytest

from tbcore.analysis import profile_report, profile_steps
from tests.analysis.recordings import recorded
from tests.tracemaker import allocation, event

NAMES = (
    "ProfilerStep#1", "ProfilerStep#2", "ProfilerStep#3", "step 4", "train_step", "load_batch", "nccl:all_reduce",
    "ncclKernel_AllReduce", "Optimizer.step#SGD.step", "aten::mm", "cudaLaunchKernel", "cudaMemcpyAsync", "cudaMalloc",
    "cudaStreamSynchronize", "Memcpy HtoD (Pageable -> Device)", "Memcpy DtoH (Device -> Pageable)", "gemm_s884",
    "elementwise_kernel", "DataParallel.forward", "", "`x`",
)  # fmt: skip
CATEGORIES = (
    "cpu_op", "user_annotation", "cuda_runtime", "kernel", "gpu_memcpy", "gpu_memset", "python_function", "overhead",
    "Operator", "Kernel", "Runtime", "gpu_user_annotation", "cuda_sync", "odd",
)  # fmt: skip


def mixture(draw: random.Random) -> list[dict[str, Any]]:
    """Return some events of anything, anywhere, with arguments that fit or do not."""
    events = []
    for _ in range(draw.randrange(40)):
        category = draw.choice(CATEGORIES)
        args: dict[str, Any] = {
            "correlation": draw.choice([1, 2, 3, 0, -1, "x"]),
            "External id": draw.choice([1, 2, 0]),
        }
        if category in ("kernel", "Kernel", "gpu_memcpy"):
            args |= {"device": draw.choice([0, 1, -1, "z"]), "blocks per SM": draw.choice([0, 0.5, 1e9, -1, "nan"])}
        start = draw.choice([0, 1e6, -5, 1e15]) if draw.random() < 0.1 else draw.randrange(200)
        long = draw.choice([0, 1e12, -3, 1e30]) if draw.random() < 0.1 else draw.randrange(60)
        events.append(event(draw.choice(NAMES), start, long, category, pid=draw.choice([0, 1, 100]), args=args))
    events += [
        allocation(draw.randrange(200), draw.choice([10, -10, 0, 2**60]), draw.choice([None, 5]), draw.choice([-1, 0]))
        for _ in range(draw.randrange(6))
    ]
    return events


@pytest.mark.parametrize("seed", range(60))
def test_any_mixture_of_events_is_told(seed: int) -> None:
    draw = random.Random(seed)
    device = {
        "id": 0,
        "name": "V100",
        "totalGlobalMem": draw.choice([0, 100, "x"]),
        "computeMajor": draw.choice([7, 0]),
    }
    trace = recorded(*mixture(draw), deviceProperties=[device], cuda_runtime_version="odd", host_name=5)
    steps = profile_steps.steps(trace)
    assert np.array_equal(steps.parts.sum(axis=1), steps.totals)
    assert (steps.parts >= 0).all()
    assert json.loads(json.dumps(profile_report.report(trace), allow_nan=False))["events"] == len(trace)
