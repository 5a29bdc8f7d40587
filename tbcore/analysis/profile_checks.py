"""The checks of `profile_findings`, one function each: what was measured against what it takes to be told.

A check returns None when there is nothing to tell. Costs are nanoseconds of an average step.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from math import isnan, nan

import numpy as np
from numpy.typing import NDArray

from tbcore.analysis import intervals, profile_devices, profile_roles, profile_steps
from tbcore.analysis import profile_words as words
from tbcore.analysis.intervals import Intervals
from tbcore.analysis.profile_devices import HOST, DeviceFigures
from tbcore.analysis.profile_forms import EACH, WHOLE, Evidence, Finding, Severity, Steps
from tbcore.analysis.profile_roles import Named
from tbcore.formats.trace import ANNOTATION, DEVICE_WORK, KERNEL, MEMCPY, OP, OVERHEAD, RUNTIME, Trace

Rows = NDArray[np.intp]
_NAMED = 3  # names that a text spells out
_WORTH = 0.05  # share of the time below which a name is not spelled out

_SYNCHRONIZES = re.compile(r"^(cuda|hip)(DeviceSynchronize|StreamSynchronize|EventSynchronize|Memcpy|MemcpyDtoH)$|^cu(Ctx|Stream|Event)Synchronize$")  # fmt: skip
_ALLOCATES = re.compile(r"^(cuda|hip)(Malloc|Free|HostAlloc|HostRegister|FreeHost|MallocHost|HostMalloc)\w*$|^cuMem(Alloc|Free|Create|Map|Unmap|Release)\w*$")  # fmt: skip
_LAUNCHES = re.compile(r"launch", re.IGNORECASE)
_ELEMENTWISE = re.compile(r"elementwise_kernel|elementwise_kernel_with_index|reduce_kernel|multi_tensor_apply|CatArrayBatchedCopy")  # fmt: skip
_LAYOUTS = re.compile(r"(nchwToNhwc|nhwcToNchw|nchw2nhwc|nhwc2nchw|convertTensor|transpose_readWrite|batched_transpose)", re.IGNORECASE)  # fmt: skip
_SINGLE = re.compile(r"\b(sgemm|fp32|ffma|f32f32_f32f32|s884|volta_s|maxwell_s|ampere_s|implicit_convolve_sgemm)", re.IGNORECASE)  # fmt: skip
_OPTIMIZER = re.compile(r"^Optimizer\.step#")
_DATA_PARALLEL = "DataParallel.forward"
_DISTRIBUTED = "DistributedDataParallel.forward"
_HOST_TIME = ("CPU Exec", "Runtime", "Other")


@dataclass(frozen=True)
class Facts:
    """A recording with what several checks ask about it."""

    trace: Trace
    steps: Steps
    devices: tuple[DeviceFigures, ...]
    named: Named

    @cached_property
    def on_device(self) -> bool:
        """Return whether a device did something."""
        return bool(np.isin(self.trace.role, DEVICE_WORK).any())

    @cached_property
    def each(self) -> str:
        """Return what figures are of, in words: each step, or where none is marked the recording."""
        marked = self.steps.names != (WHOLE,) if self.trace.source == "xplane" else profile_steps.marked(self.trace)[0]
        return EACH if marked else "the recording"

    @cached_property
    def whole(self) -> float:
        """Return the nanoseconds of an average step."""
        return self.steps.average()

    @cached_property
    def launches(self) -> tuple[Rows, Rows]:
        """Return the rows of calls and of what each started on a device."""
        return profile_steps.launched(self.trace)

    @cached_property
    def busy(self) -> Intervals:
        """Return when any device does anything."""
        return self.merged(self.trace.of(*DEVICE_WORK))

    @cached_property
    def kernels(self) -> Intervals:
        """Return when a kernel runs."""
        return self.merged(self.trace.of(KERNEL))

    @cached_property
    def eligible(self) -> float:
        """Return the share of the time of kernels that could be on Tensor Cores, NaN when nothing says."""
        return next((one.eligible for one in self.devices if not isnan(one.eligible)), nan)

    def merged(self, rows: Rows) -> Intervals:
        """Return when any of these events happens."""
        return intervals.merged(self.trace.start[rows], self.trace.end[rows])

    def per_step(self, found: Intervals) -> float:
        """Return how much of an average step these moments are."""
        within = intervals.within(found, self.steps.starts, self.steps.ends)
        return float(within.mean()) if len(self.steps) else 0.0

    def usually(self, found: Intervals) -> float:
        """Return how much of a step these moments are: of an average one, or of that in the middle where that is less."""
        within = intervals.within(found, self.steps.starts, self.steps.ends)
        return float(min(within.mean(), np.median(within))) if len(self.steps) else 0.0

    def inside(self, rows: Rows) -> Rows:
        """Return those that start within a step."""
        if not len(self.steps):
            return rows[:0]
        starts = self.trace.start[rows]
        place = np.searchsorted(self.steps.starts, starts, side="right") - 1
        return rows[(place >= 0) & (starts < self.steps.ends[np.maximum(place, 0)])]

    def called(self, pattern: re.Pattern[str], *roles: int) -> Rows:
        """Return the rows of these roles with names that a pattern finds."""
        told = self.trace.matching(lambda name: pattern.search(name) is not None)
        return np.flatnonzero(told & np.isin(self.trace.role, roles))

    def share(self, nanoseconds: float) -> float:
        """Return which share of an average step that is."""
        return nanoseconds / self.whole if self.whole else 0.0

    def names(self, rows: Rows, most: int = _NAMED) -> list[tuple[str, int, int]]:
        """Return the names that take the longest together: name, how often, nanoseconds."""
        codes, place = np.unique(self.trace.name[rows], return_inverse=True)
        time = np.bincount(place, self.trace.duration[rows], len(codes))
        often = np.bincount(place, minlength=len(codes))
        order = np.argsort(-time, kind="stable")[:most]
        return [(self.trace.names[int(codes[one])], int(often[one]), int(time[one])) for one in order]


def moment(facts: Facts, text: str, rows: Rows | None = None) -> Evidence:
    """Return where the trace shows the longest of some events, or else the step that is nearest to the average."""
    if rows is not None and len(rows):
        row = int(rows[facts.trace.duration[rows].argmax()])
        return Evidence("trace", text, {"trace_row": str(row)})
    place = int(np.abs(facts.steps.totals - facts.whole).argmin())
    return step(facts, text, place)


def step(facts: Facts, text: str, place: int) -> Evidence:
    """Return where the trace shows a step."""
    start, end = int(facts.steps.starts[place]), int(facts.steps.ends[place])
    return Evidence("trace", text, {"trace_from": str(start), "trace_to": str(end)})


def graded(value: float, high: float, usual: Severity = "medium") -> Severity:
    """Return how much a share matters."""
    return "high" if value >= high else usual


def nothing(facts: Facts, threshold: float) -> Finding | None:  # noqa: ARG001
    """Return None: of a rule that one recording alone cannot answer."""
    return None


# Who waits for whom --------------------------------------------------------------------------------------------------


def loads(facts: Facts, threshold: float) -> Finding | None:
    """Tell the time in which training waits for data."""
    cost = facts.steps.average("DataLoader")
    value = facts.steps.share("DataLoader")
    if value <= threshold:
        return None
    rows = facts.inside(profile_roles.loaders(facts.trace, facts.named))
    who = [name for name, _often, _time in facts.names(rows)]
    advice: list[str]
    if any("_SingleProcessDataLoaderIter" in name for name in who):
        how = "The data loader runs in the training process (`num_workers=0`), so that nothing else happens meanwhile."
        advice = [
            "Load in other processes: `DataLoader(..., num_workers=4, persistent_workers=True)`; try as many workers as the machine has cores for each GPU.",
            "For a GPU add `pin_memory=True` and copy with `.to(device, non_blocking=True)`.",
            "If it is small enough, keep the data set decoded in memory; move work on single examples out of `__getitem__`.",
        ]
    elif any("_MultiProcessingDataLoaderIter" in name for name in who):
        how = "The workers of the data loader do not keep up."
        advice = [
            "Give it more workers and more batches in advance: `DataLoader(..., num_workers=8, prefetch_factor=4, persistent_workers=True)`.",
            "Make each example cheaper: store images smaller or decoded, augment on the GPU (`torchvision.transforms.v2` takes batches on a device).",
            "Set `torch.set_num_threads(1)` in `worker_init_fn` when workers get in each other's way.",
        ]
    else:
        how = (
            f"The {'names' if len(who) > 1 else 'name'} {words.listed(words.code(name) for name in who)} "
            f"{'say' if len(who) > 1 else 'says'} so."
        )
        advice = [
            "Prepare the next batch in a thread or process of its own while this step computes: in PyTorch `DataLoader(..., num_workers=4)`, in TensorFlow `dataset.prefetch(tf.data.AUTOTUNE)`.",
            "In JAX, start the copy of the next batch (`jax.device_put`) before waiting for the results of this one.",
        ]
    where = Evidence("input", "Input pipeline")
    return Finding(
        "loading",
        graded(value, 0.2),
        f"Data loading takes {words.share(value)} of {facts.each}",
        value,
        threshold,
        "share",
        cost,
        f"Of {words.time(facts.whole)} for {facts.each}, {words.time(cost)} are spent waiting for data. {how}",
        (moment(facts, "Longest wait in the trace", rows), where),
        tuple(advice),
    )


def host(facts: Facts, threshold: float) -> Finding | None:
    """Tell the time in which the device has nothing to do because the host is not there yet."""
    value = facts.steps.share(*_HOST_TIME)
    if value <= threshold:
        return None
    cost = facts.steps.average(*_HOST_TIME)
    parts = words.listed(
        f"{name} {words.time(facts.steps.average(name))}" for name in _HOST_TIME if facts.steps.average(name) >= 1
    )
    calls = facts.names(facts.inside(facts.trace.of(RUNTIME)), 1)
    longest = "".join(
        f" Of the runtime's calls {words.code(name)} takes the longest: {words.time(time / len(facts.steps))} of {facts.each}."
        for name, _often, time in calls
    )
    return Finding(
        "host",
        graded(value, 0.4),
        f"The GPU waits for the host in {words.share(value)} of {facts.each}",
        value,
        threshold,
        "share",
        cost,
        f"In {words.time(cost)} of {facts.each} ({words.time(facts.whole)}) nothing runs on the GPU while the host prepares work for it ({parts}).{longest}",
        (moment(facts, "A step in the trace"), Evidence("idle", "Idle time"), Evidence("operators", "Operators")),
        (
            'Have operators fused and started together: `model = torch.compile(model, mode="reduce-overhead")`.',
            "Give each kernel more to do: a larger batch.",
            "Do not ask for results within the step (`.item()`, `.cpu()`, `print(loss)`, `if loss > ...`): log every so many steps.",
            "Update all parameters at once: `torch.optim.AdamW(..., fused=True)`, and `optimizer.zero_grad(set_to_none=True)`.",
        ),
    )


def communicates(facts: Facts, threshold: float) -> Finding | None:
    """Tell the time of collectives beside which nothing else runs."""
    value = facts.steps.share("Communication")
    if value <= threshold:
        return None
    cost = facts.steps.average("Communication")
    rows = facts.inside(profile_roles.collectives(facts.trace))
    rows = rows if len(rows) else facts.inside(profile_roles.operations(facts.trace))
    hidden = ""
    if facts.steps.overlap is not None:
        both, alone = float(facts.steps.overlap[:, 1].sum()), float(facts.steps.overlap[:, 2].sum())
        if both + alone:
            hidden = f" Of all communication {words.share(both / (both + alone))} runs beside computation."
    return Finding(
        "communication",
        graded(value, 0.3),
        f"Communication takes {words.share(value)} of {facts.each}",
        value,
        threshold,
        "share",
        cost,
        f"For {words.time(cost)} of {facts.each} ({words.time(facts.whole)}) data is exchanged and nothing is computed.{hidden}",
        (moment(facts, "Longest collective in the trace", rows), Evidence("distributed", "Distributed")),
        (
            "Exchange less often: accumulate gradients of several batches under `model.no_sync()`, or take a larger batch (LAMB keeps large ones stable).",
            "Exchange less: `model.register_comm_hook(None, torch.distributed.algorithms.ddp_comm_hooks.default_hooks.bf16_compress_hook)`.",
            "Begin earlier: `DistributedDataParallel(model, gradient_as_bucket_view=True, bucket_cap_mb=50)`; see in the trace what the first collective waits for.",
            "If other ranks are late, this is waiting, not sending: compare the ranks.",
        ),
    )


def copies(facts: Facts, threshold: float) -> Finding | None:
    """Tell the time of copies beside which no kernel runs."""
    value = facts.steps.share("Memcpy", "Memset")
    if value <= threshold:
        return None
    cost = facts.steps.average("Memcpy", "Memset")
    rows = facts.inside(facts.trace.of(MEMCPY))
    kinds = words.listed(f"{words.code(name)} ({often:,} times)" for name, often, _time in facts.names(rows))
    return Finding(
        "copies",
        graded(value, 0.2),
        f"Copies take {words.share(value)} of {facts.each}",
        value,
        threshold,
        "share",
        cost,
        f"For {words.time(cost)} of {facts.each} ({words.time(facts.whole)}) memory is copied and no kernel runs: {kinds}.",
        (moment(facts, "Longest copy in the trace", rows),),
        (
            "Pin the host's memory, so that copies run beside kernels: `DataLoader(..., pin_memory=True)` and `.to(device, non_blocking=True)`.",
            "Copy less: small types (`uint8` images, scaled on the GPU), one large copy instead of many small ones.",
            "Create tensors where they are used: `torch.zeros(n, device=device)` instead of `torch.zeros(n).to(device)`.",
        ),
    )


def pageable(facts: Facts, threshold: float) -> Finding | None:
    """Tell copies to the device from memory that is not pinned, when copies as a whole are not told."""
    copies = facts.inside(facts.called(re.compile("Pageable ->"), MEMCPY))
    calls, work = facts.launches
    rows = np.union1d(copies, calls[np.isin(work, copies)])
    cost = facts.per_step(intervals.without(facts.merged(rows), facts.kernels))
    value = facts.share(cost)
    if value <= threshold or facts.steps.share("Memcpy", "Memset") > 0.05:
        return None
    return Finding(
        "pageable",
        graded(value, 0.1, "low"),
        f"Copies from memory that is not pinned take {words.share(value)} of {facts.each}",
        value,
        threshold,
        "share",
        cost,
        f"{words.count(len(copies), 'copy', 'copies')} to the GPU came from memory that the system may page out: {words.time(cost)} of {facts.each} "
        "without a kernel beside them, in which the host stands still.",
        (moment(facts, "Longest of them in the trace", rows),),
        ("Pin it: `DataLoader(..., pin_memory=True)`, and copy with `.to(device, non_blocking=True)`.",),
    )


def synchronizes(facts: Facts, threshold: float) -> Finding | None:
    """Tell the time in which the device has nothing to do because the host waits for it, and until it has work again."""
    calls, work = facts.launches
    fetched = np.isin(work, facts.called(re.compile("-> Pageable"), MEMCPY))
    rows = facts.inside(np.union1d(facts.called(_SYNCHRONIZES, RUNTIME), calls[fetched]))
    if not len(rows):
        return None
    starts, ends = facts.trace.start[rows], facts.trace.end[rows]
    place = np.searchsorted(facts.busy[0], ends, side="right")
    known = place < len(facts.busy[0])
    following = np.where(known, facts.busy[0][np.minimum(place, len(facts.busy[0]) - 1)], ends)
    cost = facts.per_step(intervals.without(intervals.merged(starts, following), facts.busy))
    value = facts.share(cost)
    if value <= threshold:
        return None
    parents = facts.trace.parent[rows]
    callers: Rows = parents[parents >= 0].astype(np.intp)
    callers = callers[np.isin(facts.trace.role[callers], (OP, ANNOTATION))].astype(np.intp)
    waited = float(facts.trace.duration[rows].sum())
    which = words.listed(
        f"{words.code(name)} {often / len(facts.steps):,.3g} times"
        for name, often, time in facts.names(rows)
        if time > _WORTH * waited
    )
    by = words.listed(words.code(name) for name, _often, _time in facts.names(callers))
    return Finding(
        "synchronizing",
        graded(value, 0.2),
        f"The GPU stands still around waits for its results: {words.share(value)} of {facts.each}",
        value,
        threshold,
        "share",
        cost,
        f"In {facts.each} the host waits until the GPU is done ({which}) and only then prepares more: {words.time(cost)} in which nothing runs on it."
        + (f" Called by {by}." if by else ""),
        (moment(facts, "Longest wait in the trace", rows), Evidence("idle", "Idle time")),
        (
            "Leave results on the GPU: sum up `loss.detach()` and call `.item()` once in a hundred steps.",
            "What depends on values waits for them: `nonzero`, masks as indices, `if tensor:`, `.tolist()`, `print(tensor)`; `torch.where` does not.",
            '`torch.cuda.set_sync_debug_mode("warn")` names each place.',
        ),
    )


def allocates(facts: Facts, threshold: float) -> Finding | None:
    """Tell the time of allocations of device memory within steps."""
    rows = facts.inside(facts.called(_ALLOCATES, RUNTIME))
    cost = facts.per_step(intervals.without(facts.merged(rows), facts.kernels))
    value = facts.share(cost)
    if value <= threshold:
        return None
    often = len(rows) / len(facts.steps)
    which = words.listed(words.code(name) for name, _often, _time in facts.names(rows))
    return Finding(
        "allocating",
        graded(value, 0.1),
        f"Device memory is allocated in {words.share(value)} of {facts.each}",
        value,
        threshold,
        "share",
        cost,
        f"{which} ran {often:,.1f} times in {facts.each}, {words.time(cost)} of it without a kernel beside it. After the first few steps the allocator should have all it needs.",
        (moment(facts, "Longest of them in the trace", rows), Evidence("memory", "Memory")),
        (
            "Keep shapes the same from step to step: pad batches, drop the last one (`drop_last=True`).",
            "Do not call `torch.cuda.empty_cache()` in the loop.",
            "`PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True` lets memory grow without new blocks.",
        ),
    )


# Kernels -------------------------------------------------------------------------------------------------------------


def short_kernels(facts: Facts, threshold: float) -> Finding | None:
    """Tell kernels that are over sooner than the call that starts them."""
    calls, work = facts.launches
    kept = (facts.trace.role[work] == KERNEL) & facts.trace.matching(lambda name: _LAUNCHES.search(name) is not None)[
        calls
    ]
    calls, work = calls[kept], work[kept]
    if not len(work):
        return None
    short = facts.trace.duration[work] < facts.trace.duration[calls]
    value = float(short.mean())
    cost = facts.per_step(intervals.without(facts.merged(calls[short]), facts.busy))
    if value <= threshold or facts.share(cost) < 0.01:
        return None
    names = words.listed(words.code(name, 50) for name, _often, _time in facts.names(work[short]))
    return Finding(
        "short_kernels",
        graded(facts.share(cost), 0.2),
        f"{words.share(value)} of kernels are shorter than their launch",
        value,
        threshold,
        "share",
        cost,
        f"Starting a kernel takes the host longer than {int(short.sum()):,} of {len(short):,} kernels run; the GPU waits {words.time(cost)} of {facts.each} for such calls. Most time goes to {names}.",
        (Evidence("kernels", "Kernels"),),
        (
            'Start many at once: `torch.compile(model, mode="reduce-overhead")` records CUDA graphs.',
            "Fuse them: `torch.compile`, `fused=True` of the optimizer, one operator over a stacked tensor instead of a loop.",
            "Give each more to do: a larger batch.",
        ),
    )


def full_queue(facts: Facts, threshold: float) -> Finding | None:
    """Tell that so many launches wait on a stream that the host has to wait."""
    calls, work = facts.launches
    longest = 0
    for lane in np.unique(facts.trace.lane[work]):
        ours = facts.trace.lane[work] == lane
        times = np.concatenate((facts.trace.start[calls[ours]], facts.trace.start[work[ours]]))
        change = np.concatenate((np.ones(ours.sum(), np.int64), -np.ones(ours.sum(), np.int64)))
        longest = max(longest, int(np.cumsum(change[np.lexsort((-change, times))]).max()))
    if longest < threshold:
        return None
    return Finding(
        "full_queue",
        "info",
        f"{longest:,} launches waited on one stream",
        longest,
        threshold,
        "count",
        0.0,
        "The queue of a stream holds about a thousand launches; the host waits when it is full. The GPU is the limit, not the host.",
        (Evidence("idle", "Idle time"),),
        (),
    )


def tensor_cores(facts: Facts, threshold: float) -> Finding | None:
    """Tell that operators which could use Tensor Cores do not."""
    # Capabilities of AMD's devices mean something else; how much of their matrix cores is used is not known.
    able = [one for one in facts.devices if one.capability[0] >= 7 and one.kernels and not isnan(one.tensor_cores)]
    value = facts.eligible
    if not able or isnan(value):
        return None
    used = max(one.tensor_cores for one in able)
    if value <= threshold or used > 0.25 * value:
        return None
    rows = np.setdiff1d(facts.inside(facts.trace.of(KERNEL)), profile_roles.collectives(facts.trace))
    single = facts.called(_SINGLE, KERNEL)
    # In half the bits, on units made for it, twice as fast is usual.
    cost = 0.5 * (value - used) * facts.steps.average("Kernel")
    advice = [
        'Compute in 16 bits: `with torch.autocast("cuda", dtype=torch.bfloat16):` around the forward pass and the loss (`float16` with a `GradScaler` on GPUs before Ampere).',
        "Sizes of layers and batches that are multiples of 8 fit Tensor Cores; of 64, better.",
    ]
    if any(one.capability[0] >= 8 for one in able) and len(single):
        advice.insert(
            1,
            'With no other change: `torch.set_float32_matmul_precision("high")` lets 32-bit products use them (TF32).',
        )
    often = f"Kernels that use them take {words.share(used)}." if used else "Not one kernel uses them."
    return Finding(
        "tensor_cores",
        graded(value, 0.3),
        f"{words.share(value)} of kernel time could run on Tensor Cores, and {'does not' if not used else 'little does'}",
        value,
        threshold,
        "share",
        cost,
        f"{words.code(able[0].name) if able[0].name else 'The GPU'} has Tensor Cores, and operators that can use them start {words.share(value)} of the time of all kernels. {often}",
        (
            Evidence("operators", "Operators"),
            Evidence("kernels", "Kernels"),
            moment(facts, "Longest kernel in the trace", rows),
        ),
        tuple(advice),
    )


def _part_of_kernels(facts: Facts, pattern: re.Pattern[str]) -> tuple[Rows, float, float]:
    """Return the kernels that a pattern finds, their share of the time of all, and how much of a step they take alone."""
    rows = facts.inside(facts.called(pattern, KERNEL))
    every = facts.inside(facts.trace.of(KERNEL))
    whole = float(facts.trace.duration[every].sum())
    share = float(facts.trace.duration[rows].sum()) / whole if whole else 0.0
    rest = facts.merged(np.setdiff1d(every, rows, assume_unique=True))
    return rows, share, facts.per_step(intervals.without(facts.merged(rows), rest))


def elementwise(facts: Facts, threshold: float) -> Finding | None:
    """Tell kernels that only pass over memory once each, which can be fused."""
    rows, value, alone = _part_of_kernels(facts, _ELEMENTWISE)
    if value <= threshold:
        return None
    return Finding(
        "elementwise",
        "medium",
        f"{words.share(value)} of kernel time is element by element work",
        value,
        threshold,
        "share",
        0.5 * alone,
        f"{len(rows):,} such kernels read and write all their data for very little arithmetic; joined ones do it once.",
        (
            Evidence(
                "kernels", "These kernels", {"kernels_find": "elementwise_kernel|reduce_kernel|multi_tensor_apply"}
            ),
            moment(facts, "Longest of them in the trace", rows),
        ),
        (
            "`torch.compile(model)` joins chains of them into one kernel.",
            "Use joined forms: `F.scaled_dot_product_attention`, `nn.RMSNorm`, `F.gelu`, `fused=True` of the optimizer; in-place activations (`nn.ReLU(inplace=True)`).",
        ),
    )


def layouts(facts: Facts, threshold: float) -> Finding | None:
    """Tell kernels that change the order of dimensions in memory."""
    rows, value, alone = _part_of_kernels(facts, _LAYOUTS)
    if value <= threshold:
        return None
    return Finding(
        "layouts",
        "medium",
        f"{words.share(value)} of kernel time changes memory layouts",
        value,
        threshold,
        "share",
        alone,
        f"{len(rows):,} kernels do nothing but bring channels to the place where convolutions on Tensor Cores want them.",
        (moment(facts, "Longest of them in the trace", rows),),
        (
            "Keep images with their channels last: `model = model.to(memory_format=torch.channels_last)`, and the same for the input.",
        ),
    )


def utilization(facts: Facts, threshold: float) -> Finding | None:
    """Tell devices on which most of the time no kernel runs."""
    low = [one for one in facts.devices if one.utilization < threshold and one.kernels]
    if not low:
        return None
    worst = min(low, key=lambda one: one.utilization)
    told = words.listed(f"GPU {one.number} {words.share(one.utilization)}" for one in low[:8])
    return Finding(
        "utilization",
        "medium",
        f"GPU {worst.number} computes {words.share(worst.utilization)} of the time",
        worst.utilization,
        threshold,
        "share",
        0.0,
        f"Share of the time in which a kernel runs: {told}. What it waits for is told by the findings that have a cost.",
        (Evidence("idle", "Idle time"), moment(facts, "A step in the trace")),
        ("A larger batch gives it more to do for each thing that the host starts; mind how that changes training.",),
    )


def multiprocessors(facts: Facts, threshold: float) -> Finding | None:
    """Tell devices whose kernels leave most multiprocessors without a block."""
    shares = {
        one.number: one.sm_efficiency / one.utilization
        for one in facts.devices
        if one.utilization > 0.05 and not isnan(one.sm_efficiency)
    }
    low = {number: value for number, value in shares.items() if value < threshold}
    if not low:
        return None
    number, value = min(low.items(), key=lambda one: one[1])
    return Finding(
        "multiprocessors",
        "low",
        f"Kernels use {words.share(value)} of GPU {number}'s multiprocessors",
        value,
        threshold,
        "share",
        0.0,
        "While kernels run, on average so many multiprocessors have a block: most kernels are too small to fill the GPU.",
        (Evidence("kernels", "Kernels"),),
        (
            "A larger batch makes kernels larger.",
            "Independent work can run side by side: several streams, or several processes on one GPU (MPS).",
        ),
    )


# What programs do ----------------------------------------------------------------------------------------------------


def optimizer(facts: Facts, threshold: float) -> Finding | None:
    """Tell the time of the optimizer that no kernel hides."""
    rows = facts.inside(facts.called(_OPTIMIZER, OP, ANNOTATION))
    # One step that was held up is no reason to change the optimizer.
    cost = facts.usually(intervals.without(facts.merged(rows), facts.kernels))
    value = facts.share(cost)
    if value <= threshold:
        return None
    who = words.listed(words.code(name.removeprefix("Optimizer.step#")) for name, _often, _time in facts.names(rows))
    return Finding(
        "optimizer",
        graded(value, 0.3),
        f"The optimizer takes {words.share(value)} of {facts.each}",
        value,
        threshold,
        "share",
        cost,
        f"Updating parameters ({who}) takes {words.time(cost)} of {facts.each} ({words.time(facts.whole)})"
        + (" while no kernel runs." if facts.on_device else "."),
        (moment(facts, "Longest of them in the trace", rows), Evidence("operators", "Operators")),
        (
            "Update all parameters in one go: `torch.optim.AdamW(..., fused=True)`; `foreach=True` where there is no fused form.",
            "Keep parameters few and large: one embedding instead of many.",
        ),
    )


def python(facts: Facts, threshold: float) -> Finding | None:
    """Tell the time in which no operator runs: Python itself."""
    value = facts.steps.share("Other")
    if value <= threshold or not facts.steps.share("CPU Exec"):
        return None
    cost = facts.steps.average("Other")
    return Finding(
        "python",
        graded(value, 0.4),
        f"No operator runs in {words.share(value)} of {facts.each}",
        value,
        threshold,
        "share",
        cost,
        f"{words.time(cost)} of {facts.each} ({words.time(facts.whole)}) is Python between operators, or work that PyTorch does not record.",
        (moment(facts, "A step in the trace"),),
        (
            'Name parts of the loop to see which: `with torch.profiler.record_function("augment"):`; `with_stack=True` records Python\'s functions.',
            "Work on batches, not on single examples; `torch.compile` takes Python out of the model.",
        ),
    )


def uneven(facts: Facts, threshold: float) -> Finding | None:
    """Tell steps that take much longer than the one in the middle."""
    totals = facts.steps.totals
    middle = float(np.median(totals))
    if middle <= 0:
        return None
    long = np.flatnonzero(totals > threshold * middle)
    if not len(long):
        return None
    worst = int(totals.argmax())
    value = float(totals[worst]) / middle
    growth = facts.steps.parts[worst] - np.median(facts.steps.parts, axis=0)
    most = facts.steps.categories[int(growth.argmax())]
    first = len(long) == 1 and worst == 0
    return Finding(
        "uneven",
        "low" if first else "medium",
        f"Step {words.name(facts.steps.names[worst])} takes {value:.1f} times as long as others",
        value,
        threshold,
        "times",
        0.0 if first else float(totals.mean()) - middle,
        f"{words.time(float(totals[worst]))} instead of {words.time(middle)}; most of the difference is {most} ({words.time(float(growth.max()))} more). "
        + (
            "It is the first one: warming up, which the averages here count in."
            if first
            else f"{len(long):,} of {len(totals):,} steps {'is' if len(long) == 1 else 'are'} {threshold:g} times as long or longer."
        ),
        (step(facts, "This step in the trace", worst),),
        (
            ("Let it pass before recording: `torch.profiler.schedule(wait=1, warmup=2, active=5)`.",)
            if first
            else (
                "See what is special about it: saving, evaluation, a new shape of input that has to be compiled or tuned for, garbage collection.",
            )
        ),
    )


def overhead(facts: Facts, threshold: float) -> Finding | None:
    """Tell the time that recording itself took."""
    rows = facts.inside(facts.trace.of(OVERHEAD))
    cost = facts.per_step(intervals.without(facts.merged(rows), facts.busy))
    value = facts.share(cost)
    if value <= threshold:
        return None
    return Finding(
        "overhead",
        "info",
        f"The profiler itself takes {words.share(value)} of {facts.each}",
        value,
        threshold,
        "share",
        0.0,
        f"{words.time(cost)} of {facts.each} ({words.time(facts.whole)}) would not be there without it.",
        (moment(facts, "Longest of it in the trace", rows),),
        ("Record less: without `with_stack`, `profile_memory` and `record_shapes`; let two steps of warm-up pass.",),
    )


def data_parallel(facts: Facts, threshold: float) -> Finding | None:
    """Tell `DataParallel` on several devices."""
    used = sum(one.kernels > 0 for one in facts.devices)
    rows = np.flatnonzero(facts.trace.matching(lambda name: name == _DATA_PARALLEL))
    if not len(rows) or used < threshold:
        return None
    return Finding(
        "data_parallel",
        "high",
        f"`DataParallel` drives {used} GPUs",
        used,
        threshold,
        "count",
        0.0,
        "One process starts the kernels of all GPUs and copies the model to each of them in every step.",
        (moment(facts, "In the trace", rows),),
        (
            "Take `torch.nn.parallel.DistributedDataParallel` with a process for each GPU: `torchrun --nproc-per-node=N train.py`.",
        ),
    )


def backend(facts: Facts, threshold: float) -> Finding | None:
    """Tell distributed training on GPUs that can use NCCL and do not."""
    rows = np.flatnonzero(facts.trace.matching(lambda name: name == _DISTRIBUTED))
    able = [one for one in facts.devices if one.capability[0] + one.capability[1] / 10 >= threshold]
    talks = facts.trace.matching(lambda name: name.startswith("nccl:") or profile_roles.collective(name))
    if not len(rows) or not able or talks.any():
        return None
    name = facts.trace.group.backend if facts.trace.group is not None else ""
    return Finding(
        "backend",
        "high",
        "Distributed training without NCCL",
        able[0].capability[0],
        threshold,
        "capability",
        0.0,
        f"`DistributedDataParallel` runs here and NCCL does not{f': the backend is {words.code(name)}' if name else ''}. On these GPUs NCCL is the faster one.",
        (moment(facts, "In the trace", rows), Evidence("distributed", "Distributed")),
        ('`torch.distributed.init_process_group(backend="nccl")`.',),
    )


# Memory --------------------------------------------------------------------------------------------------------------


def memory_full(facts: Facts, threshold: float) -> Finding | None:
    """Tell devices whose memory is nearly used up."""
    full = [one for one in facts.devices if one.memory > 0 and one.peak > threshold * one.memory]
    if not full:
        return None
    worst = max(full, key=lambda one: one.peak / one.memory)
    value = worst.peak / worst.memory
    return Finding(
        "memory_full",
        "medium",
        f"GPU {worst.number} uses {words.share(value)} of its memory",
        value,
        threshold,
        "share",
        0.0,
        f"{words.size(worst.peak)} of {words.size(worst.memory)} were allocated at one time: a slightly larger input fails.",
        (Evidence("memory", "Memory"),),
        (
            "Recompute activations: `torch.utils.checkpoint.checkpoint(block, x, use_reentrant=False)`.",
            '16-bit activations: `torch.autocast("cuda", dtype=torch.bfloat16)`; a smaller batch with accumulated gradients.',
        ),
    )


def memory_growth(facts: Facts, threshold: float) -> Finding | None:
    """Tell memory that each step leaves behind."""
    memory = facts.trace.memory
    ends = facts.steps.ends
    found: list[tuple[float, int, int]] = []
    for peak in profile_devices.peaks(facts.trace):
        rows = np.flatnonzero((memory.device_type == peak.device_type) & (memory.device == peak.device))
        held = np.cumsum(memory.size[rows]) if peak.increase else memory.allocated[rows]
        place = np.searchsorted(memory.times[rows], ends, side="right") - 1
        after = held[np.maximum(place, 0)][place >= 0]
        grown = np.diff(after)
        # The first step still makes what stays.
        if len(grown) < 2 or not (grown[1:] > 0).all() or peak.bytes <= 0:
            continue
        found.append((float(np.median(grown[1:])) / peak.bytes, int(np.median(grown[1:])), peak.device_type))
    if not found or max(found)[0] <= threshold:
        return None
    value, each, kind = max(found)
    return Finding(
        "memory_growth",
        "medium",
        f"Memory grows by {words.size(each)} in each step",
        value,
        threshold,
        "share",
        0.0,
        f"After every step more is allocated {'on the host' if kind == HOST else 'on the GPU'} than after the one before: {words.share(value)} of the peak each time.",
        (Evidence("memory", "Memory"),),
        (
            "Keep no graphs: `losses.append(loss.item())` or `loss.detach()`, not `loss`.",
            "Look in the Memory tab for what is allocated in a step and not freed.",
        ),
    )


def fragmentation(facts: Facts, threshold: float) -> Finding | None:
    """Tell memory that the allocator holds and nobody uses."""
    found = [
        one
        for one in profile_devices.peaks(facts.trace)
        if one.device_type != HOST and one.reserved > 0 and not one.increase
    ]
    wasted = [(1 - one.bytes / one.reserved, one) for one in found if one.reserved > 1_000_000_000]
    if not wasted or max(share for share, _one in wasted) <= threshold:
        return None
    value, worst = max(wasted, key=lambda pair: pair[0])
    return Finding(
        "fragmentation",
        "info",
        f"{words.share(value)} of the reserved memory of GPU {worst.device} is never used",
        value,
        threshold,
        "share",
        0.0,
        f"{words.size(worst.reserved)} are reserved, and at most {words.size(worst.bytes)} of them were in use at one time.",
        (Evidence("memory", "Memory"),),
        ("`PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True`; shapes that stay the same from step to step.",),
    )


# How it was recorded -------------------------------------------------------------------------------------------------


def no_steps(facts: Facts, threshold: float) -> Finding | None:
    """Tell a recording in which no step is marked."""
    if facts.each == EACH:
        return None
    torch = "Call `profiler.step()` at the end of each step, and record a few: `torch.profiler.schedule(wait=1, warmup=1, active=5)`."
    others = "`with tf.profiler.experimental.Trace('train', step_num=step, _r=1):` or `jax.profiler.StepTraceAnnotation('train', step_num=step)` around each step."
    return Finding(
        "no_steps",
        "info",
        "No step is marked",
        0,
        threshold,
        "count",
        0.0,
        "All figures are of the whole recording, taken as one step.",
        (),
        (others if facts.trace.source in ("xplane", "step_stats") else torch,),
    )


def no_gpu(facts: Facts, threshold: float) -> Finding | None:
    """Tell a recording without a device, in which one may be missing."""
    if facts.on_device or facts.trace.source != "pytorch":
        return None
    known = len(facts.trace.devices)
    title = "The GPU was not recorded" if known else "Only the CPU was at work"
    return Finding(
        "no_gpu",
        "info",
        title,
        0,
        threshold,
        "count",
        0.0,
        f"The machine has {words.count(known, 'GPU')}, and the recording holds nothing of it."
        if known
        else "The recording holds nothing of a GPU: all operators ran on the host.",
        (),
        (
            ("Record it: `profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA])`.",)
            if known
            else (
                'If there is one: `model.to("cuda")`, and `profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA])`.',
            )
        ),
    )
