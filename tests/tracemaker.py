"""Chrome traces for tests, as PyTorch's profiler and Chrome write them; nothing of tbcore is used.

    trace(event("aten::mm", 10, 5, "cpu_op"), event("gemm", 20, 3, "kernel", pid=0, tid=7), baseTimeNanoseconds=10**18)

Times are microseconds, as in the files.
"""

import json
import random
from collections.abc import Iterator
from typing import Any


def event(
    name: str,
    start: float | str | None,
    duration: float | str | None = None,
    category: str = "cpu_op",
    pid: Any = 100,
    tid: Any = 100,
    args: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return one event; more: keys beside these, such as ph, id, bp, s."""
    said: dict[str, Any] = {"ph": "X", "cat": category, "name": name, "pid": pid, "tid": tid, "ts": start}
    if duration is not None:
        said["dur"] = duration
    if args is not None:
        said["args"] = args
    return {key: value for key, value in (said | more).items() if value is not None}


def named(what: str, value: Any, pid: Any = 100, tid: Any = 0) -> dict[str, Any]:
    """Return metadata: what is such as thread_name or process_sort_index."""
    key = {"sort_index": "sort_index", "labels": "labels"}.get(what.partition("_")[2], "name")
    return {"ph": "M", "name": what, "pid": pid, "tid": tid, "ts": 0.0, "args": {key: value}}


def allocation(start: float, size: int, total: int | None = None, device: int = -1, **more: Any) -> dict[str, Any]:
    """Return an allocation, or with a negative size what frees it."""
    args: dict[str, Any] = {"Device Type": int(device >= 0), "Device Id": device, "Bytes": size} | more
    if total is not None:
        args |= {"Total Allocated": total, "Total Reserved": 2 * total}
    return event("[memory]", start, None, "cpu_instant_event", args=args, ph="i", s="t")


def trace(*events: dict[str, Any], **info: Any) -> bytes:
    """Return a file of these events in the form that PyTorch writes."""
    return json.dumps({"schemaVersion": 1, "deviceProperties": []} | info | {"traceEvents": list(events)}).encode()


def rank(number: int = 0, late: float = 0.0, slower: float = 1.0) -> bytes:
    """Return a rank of three steps, with memory, a GPU and a reduction that it comes `late` µs to."""
    events = []
    held = 0
    for step in range(3):
        start = 1_000.0 * step
        events.append(event(f"ProfilerStep#{step}", start, 1_000, "user_annotation"))
        events.append(event("aten::mm", start + 10, 200 * slower))
        held += 4_096
        events.append(allocation(start + 20, 4_096, held, number, Addr=64 * step + 64))
        for place, (name, at, length) in enumerate(
            (("gemm", 60, 300.0), ("ncclDevKernel_AllReduce_Sum(x)", 400 + late, 300.0 - late), ("gemm", 800, 100.0))
        ):
            correlation = 10 * step + place + 1
            said = {
                "correlation": correlation,
                "stream": 7,
                "device": number,
                "Collective name": "allreduce",
                "dtype": "Float",
                "In msg nelems": 100,
            }
            events.append(
                event("cudaLaunchKernel", start + at - 20, 5, "cuda_runtime", args={"correlation": correlation})
            )
            events.append(
                event(
                    name,
                    start + at,
                    length,
                    "kernel",
                    number,
                    7,
                    said if "nccl" in name else {k: said[k] for k in ("correlation", "stream", "device")},
                )
            )
    info = {"rank": number, "world_size": 2, "backend": "nccl"}
    devices = [{"id": number, "name": "GPU <b>", "totalGlobalMem": 16_384}]
    return trace(*events, distributedInfo=info, deviceProperties=devices, baseTimeNanoseconds=1_760_000_000_000_000_000)


def large(count: int, seed: int = 0) -> Iterator[bytes]:
    """Yield a PyTorch trace of `count` events: operators within each other on threads, launches, kernels on streams, memory."""
    draw = random.Random(seed)
    yield b'{"schemaVersion": 1, "deviceProperties": [{"id": 0, "name": "GPU", "totalGlobalMem": 85899345920, "computeMajor": 9, '
    yield b'"computeMinor": 0, "numSms": 132}], "baseTimeNanoseconds": 1727743122000000000, "traceEvents": [\n'
    made = 0
    clock = 1_000_000.0
    shapes = [[[draw.choice((8, 16, 32, 64)), draw.randrange(1, 513)], [], []] for _ in range(200)]
    while made < count:
        lines = []
        thread = 100 + made // 8 % 4
        begin = clock
        for depth in range(4):
            args = {"External id": made, "Record function id": 0, "Ev Idx": made, "Input Dims": draw.choice(shapes),
                    "Input type": ["float", "Scalar", ""], "Sequence number": made % 1000, "Fwd thread id": 0}  # fmt: skip
            lines.append(
                event(
                    f"aten::op_{draw.randrange(300)}",
                    round(begin + depth, 3),
                    round(80.125 - 2 * depth, 3),
                    tid=thread,
                    args=args,
                )
            )
        lines.append(event("cudaLaunchKernel", round(begin + 10, 3), 5.25, "cuda_runtime", tid=thread,
                           args={"External id": made, "cbid": 211, "correlation": made}))  # fmt: skip
        lines.append(
            event(
                f"void at::native::vectorized_elementwise_kernel<4, at::native::Functor{draw.randrange(80)}<float>>(int)",
                round(begin + 20, 3), 60.5, "kernel", 0, 7 + draw.randrange(3),
                {"External id": made, "queued": 0, "device": 0, "context": 1, "stream": 7, "correlation": made,
                 "registers per thread": 32, "shared memory": 0, "blocks per SM": 1.5151515, "warps per SM": 6.060606,
                 "grid": [200, 1, 1], "block": [128, 1, 1], "est. achieved occupancy %": 9},
            )
        )  # fmt: skip
        lines.append(
            {
                "ph": "s",
                "id": made,
                "pid": 100,
                "tid": thread,
                "ts": round(begin + 10, 3),
                "cat": "ac2g",
                "name": "ac2g",
            }
        )
        lines.append(allocation(round(begin + 5, 3), 4096, 4096 * made, 0, Addr=made * 4096))
        made += len(lines)
        clock += 90.0
        yield (",\n".join(map(json.dumps, lines)) + (",\n" if made < count else "\n")).encode()
    yield b"]}\n"
