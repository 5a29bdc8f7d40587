"""Where the time of each step of a TensorFlow or JAX program went, in the nine categories of its profiler.

    found = steps(trace)
    found.part("Input")                 # nanoseconds, one entry per step

Every moment of a step belongs to the most telling of the events that run then. Unlike xprof, waiting in what the program itself calls
loading counts as input.
Source: xprof's op_stats conversion, its priorities and thresholds; `xprof_compat` also copies that an event without
duration keeps its category switched on until the next one ends.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tbcore.analysis import profile_words as words
from tbcore.analysis import xla_ops
from tbcore.analysis.profile_forms import WHOLE, Evidence, Finding, Steps
from tbcore.analysis.xla_groups import Groups, groups, picoseconds
from tbcore.formats.trace import ANNOTATION, DEVICE_ANNOTATION, Trace

Ints = NDArray[np.int64]

# What is going on, by its priority: the higher counts where several are.
(UNKNOWN, HOST_COMPUTE, RUNTIME, HOST_COMPILE, HOST_TO_HOST, HOST_TO_DEVICE, HOST_PREPARE, COLLECTIVES, WAIT_INPUT, DEVICE_TO_DEVICE,
 DEVICE_TO_HOST, COMPUTE_32, COMPUTE_16, DEVICE_WAIT_DEVICE, DEVICE_WAIT_HOST) = (
    0, 10, 50, 60, 70, 80, 90, 100, 110, 120, 130, 140, 150, 160, 170
)  # fmt: skip
_TYPES = 171

CATEGORIES = (
    "Device compute", "Device to device", "Collectives", "Host compute", "Kernel launch", "Input", "Output", "Compilation",
    "All others",
)  # fmt: skip
_COLUMN = {
    COMPUTE_16: 0, COMPUTE_32: 0, DEVICE_TO_DEVICE: 1, DEVICE_WAIT_DEVICE: 1, COLLECTIVES: 2, HOST_COMPUTE: 3,
    HOST_PREPARE: 4, WAIT_INPUT: 5, HOST_TO_DEVICE: 5, DEVICE_WAIT_HOST: 5, DEVICE_TO_HOST: 6, HOST_COMPILE: 7,
}  # fmt: skip
_TRIMMED = 5  # steps: of more than these the first and the last are left out, which are rarely whole

_SKIPPED = ("EagerExecute", "EagerLocalExecute", "EagerKernelExecute", "FunctionRun")
_HALF = re.compile(r"(?i)half|fp16|bf16|bfloat16")
_COPYING = re.compile(r"copy-(start|done)|async-(start|done)")
_COLLECTIVE = re.compile(r"(?i)nccl|rccl|all-?(reduce|gather|to-?all)|reduce-?scatter|collective|megascale|send|recv")


def steps(trace: Trace, loading: Callable[[str], bool] | None = None, *, xprof_compat: bool = False) -> Steps:
    """Return the steps of a recording.

    loading: whether a name of an annotation means waiting for data; xprof_compat: count exactly as xprof does.
    """
    found = groups(trace)
    start, duration = picoseconds(trace)
    kind = _kinds(trace, None if xprof_compat else loading)
    device = _on_device(trace)
    tpu = _tpu(trace)
    notes = []
    spans = _spans(found, device, start, duration)
    if not len(spans):
        how = "mark them with tf.profiler.experimental.Trace or jax.profiler.StepTraceAnnotation."
        if xprof_compat or not len(trace):
            return _empty([f"No step is marked: {how}"])
        notes.append(f"No step is marked, the whole recording is shown as one: {how}")
        return _whole(start, duration, np.where(device, kind, -1) if tpu else kind, notes)
    every = np.where(found.markers, -1, kind)
    if tpu:
        every = kind = np.where(device, kind, -1)
    elif device.any():
        there = np.unique(found.group[device & (found.group >= 0)])
        kind = np.where(~device & ~np.isin(found.group, there), -1, kind)
    counted = np.flatnonzero((kind >= 0) & (found.group >= 0) & ~found.markers)
    parts = np.zeros((len(found.names), len(CATEGORIES)), np.int64)
    whole = np.zeros(len(found.names), np.bool_)
    order = counted[np.argsort(found.group[counted], kind="stable")]
    cuts = np.searchsorted(found.group[order], np.arange(len(found.names) + 1))
    for number in np.flatnonzero(spans[:, 1] >= 0).tolist():
        rows = order[cuts[number] : cuts[number + 1]]
        begin, end = spans[number].tolist()
        times = _sweep(start[rows], start[rows] + duration[rows], kind[rows], begin, end, xprof_compat)
        for one, column in _COLUMN.items():
            parts[number, column] += times[one]
        parts[number, -1] = end - begin - parts[number, :-1].sum()
        computes = (COMPUTE_16, COMPUTE_32) if device.any() else (HOST_COMPUTE, WAIT_INPUT)
        # What belongs to a step may run at another time altogether.
        some = xprof_compat or bool(parts[number, :-1].any())
        whole[number] = some and bool(np.isin(kind[rows], computes).any())
    kept = np.flatnonzero(whole & (spans[:, 1] > spans[:, 0]))
    kept = kept[np.argsort(spans[kept, 0], kind="stable")]
    if len(kept) < int((spans[:, 1] >= 0).sum()):
        lost = int((spans[:, 1] >= 0).sum()) - len(kept)
        if not len(kept) and not xprof_compat and (spans[:, 1] > spans[:, 0]).any():
            # Work that nothing connects with its step: it still ran at some time.
            kept = np.flatnonzero(spans[:, 1] > spans[:, 0])
            kept = kept[np.argsort(spans[kept, 0], kind="stable")]
            parts[kept] = _at_the_time(spans[kept], start, duration, every, xprof_compat)
            notes.append("Nothing that was computed is connected with a step: what ran at the time of each counts.")
        else:
            notes.append(
                f"{words.count(lost, 'step')} in which nothing was computed {'is' if lost == 1 else 'are'} left out."
            )
    if len(kept) > _TRIMMED:
        notes.append("The first and the last step are left out: they are rarely whole.")
        kept = kept[1:-1]
    if not len(kept):
        return _empty(notes)
    total = (spans[kept, 1] - spans[kept, 0]) // 1000
    rounded = _nanoseconds(parts[kept], total)
    return Steps(
        CATEGORIES,
        tuple(found.names[number] for number in kept.tolist()),
        spans[kept, 0] // 1000,
        total,
        rounded,
        _overlap(rounded, total),
        tuple(notes),
    )


def _whole(start: Ints, duration: Ints, kind: NDArray[np.int16], notes: list[str]) -> Steps:
    """Return a whole recording as one step: of all that counts."""
    rows = np.flatnonzero(kind >= 0)
    if not len(rows):
        return _empty(notes)
    spans = np.array([[start[rows].min(), (start[rows] + duration[rows]).max()]], np.int64)
    total = (spans[:, 1] - spans[:, 0]) // 1000
    rounded = _nanoseconds(_at_the_time(spans, start, duration, kind, False), total)
    return Steps(CATEGORIES, (WHOLE,), spans[:, 0] // 1000, total, rounded, _overlap(rounded, total), tuple(notes))


def _at_the_time(spans: Ints, start: Ints, duration: Ints, kind: NDArray[np.int16], compat: bool) -> Ints:
    """Return what each span of time [s, 2] is spent on by all events then, whatever step they belong to [s, categories]."""
    rows = np.flatnonzero(kind >= 0)
    start, end, kind = start[rows], start[rows] + duration[rows], kind[rows]
    parts = np.zeros((len(spans), len(CATEGORIES)), np.int64)
    for number, (first, last) in enumerate(spans.tolist()):
        inside = (start < last) & (end > first)
        times = _sweep(start[inside], end[inside], kind[inside], first, last, compat)
        for one, column in _COLUMN.items():
            parts[number, column] += times[one]
        parts[number, -1] = last - first - parts[number, :-1].sum()
    return parts


def _empty(notes: list[str]) -> Steps:
    none = np.zeros(0, np.int64)
    return Steps(CATEGORIES, (), none, none, np.zeros((0, len(CATEGORIES)), np.int64), None, tuple(notes))


def _nanoseconds(parts: Ints, total: Ints) -> Ints:
    """Return picoseconds [s, c] as nanoseconds that sum to the totals."""
    rounded = parts // 1000
    rounded[:, -1] = total - rounded[:, :-1].sum(axis=1)
    return rounded


def _overlap(parts: Ints, total: Ints) -> Ints | None:
    """Return computation only, overlap, communication only and other, None without communication; the sweep lets computing win."""
    if not parts[:, 2].any():
        return None
    compute, communication = parts[:, 0], parts[:, 2]
    return np.stack([compute, np.zeros_like(compute), communication, total - compute - communication], axis=1)


def _on_device(trace: Trace) -> NDArray[np.bool_]:
    device = np.array([lane.is_device for lane in trace.lanes], np.bool_)
    return device[trace.lane] if len(trace.lanes) else np.zeros(len(trace), np.bool_)


def _tpu(trace: Trace) -> bool:
    return any(lane.process.startswith("/device:TPU") for lane in trace.lanes)


def _spans(found: Groups, device: NDArray[np.bool_], start: Ints, duration: Ints) -> Ints:
    """Return begin and end [groups, 2] of every step, -1 for those without a marker.

    The longest marker counts; of a device's and a host's the device's, unless the host's spans it.
    """
    spans = np.full((len(found.names), 2), -1, np.int64)
    longest = np.full((2, len(found.names)), -1, np.int64)
    held = np.full((2, len(found.names)), -1, np.int64)
    for row in np.flatnonzero(found.markers & (found.group >= 0)).tolist():
        side, number = int(device[row]), int(found.group[row])
        if duration[row] > longest[side, number]:
            longest[side, number] = duration[row]
            held[side, number] = row
    for number in range(len(found.names)):
        host, there = held[:, number].tolist()
        row = host if there < 0 else there
        if (
            host >= 0
            and there >= 0
            and start[host] <= start[there]
            and start[host] + duration[host] >= start[there] + duration[there]
        ):
            row = host
        if row >= 0:
            spans[number] = start[row], start[row] + duration[row]
    return spans


class _Rule(NamedTuple):
    """A kind by what a name starts with, whatever its case."""

    begins: tuple[str, ...]
    kind: int


# In the order in which they are tried.
_HOST = (
    _Rule(("infeedenqueue", "memcpyhtod", "memcpyh2d"), HOST_TO_DEVICE),
    _Rule(("memcpyhtoh", "memcpyh2h"), HOST_TO_HOST),
)
_DEVICE = (
    _Rule(("memcpyhtod", "memcpyh2d"), HOST_TO_DEVICE),
    _Rule(("memcpydtoh", "memcpyd2h"), DEVICE_TO_HOST),
    _Rule(("memcpydtod", "memcpyd2d", "memcpyp2p"), DEVICE_TO_DEVICE),
    _Rule(("infeed",), DEVICE_WAIT_HOST),
    _Rule(("outfeed",), DEVICE_TO_HOST),
    _Rule(("nccl",), COLLECTIVES),
)


def _by_name(trace: Trace, rules: tuple[_Rule, ...], otherwise: int) -> NDArray[np.int16]:
    """Return the kind that each event's name tells."""
    kinds = np.full(max(len(trace.names), 1), otherwise, np.int16)
    for code, name in enumerate(trace.names):
        lowered = name[:64].lower()
        kinds[code] = next((rule.kind for rule in rules if lowered.startswith(rule.begins)), otherwise)
    return kinds[trace.name]


def _kinds(trace: Trace, loading: Callable[[str], bool] | None) -> NDArray[np.int16]:
    """Return what each event stands for, -1 for those that do not count."""
    device = _on_device(trace)
    kind = np.where(device, -1, _by_name(trace, _HOST, HOST_COMPUTE))
    plain = ~device & (kind == HOST_COMPUTE)
    waits = trace.matching(lambda name: name.lower().startswith("iteratorgetnext"))
    stages = np.zeros(len(trace), np.bool_)
    if "_ipl_stage_id" in trace.columns:
        stages[trace.columns["_ipl_stage_id"].rows] = True
    if device.any():
        launches = trace.matching(lambda name: name.startswith("ExecutorState::Process"))
        launches |= _has(trace, "correlation")
        kind[plain & launches] = HOST_PREPARE
        plain &= ~launches
    kind[plain & (waits | stages)] = WAIT_INPUT
    if loading is not None:
        kind[~device & (trace.role == ANNOTATION) & trace.matching(loading)] = WAIT_INPUT
        compiling = trace.matching(lambda name: name.startswith(("backend_compile", "XlaCompile", "pxla.compile")))
        kind[plain & compiling] = HOST_COMPILE
    kind[~device & trace.matching(lambda name: name.startswith(_SKIPPED))] = -1
    if device.any():
        _kinds_of_devices(trace, kind, device)
    return kind.astype(np.int16)


def _kinds_of_devices(trace: Trace, kind: NDArray[np.int16], device: NDArray[np.bool_]) -> None:
    """Fill in what events of devices stand for."""
    work = device & ~np.isin(trace.role, (DEVICE_ANNOTATION,))
    tpu = np.array([lane.process.startswith("/device:TPU") for lane in trace.lanes], np.bool_)[trace.lane]
    named = _by_name(trace, _DEVICE, COMPUTE_32)
    shapes = trace.columns.get("shape")
    half = trace.matching(lambda name: _HALF.search(name) is not None)
    if shapes is not None and shapes.words:
        half[shapes.rows] = np.array(
            [_HALF.search(trace.names[int(code)]) is not None for code in shapes.values], np.bool_
        )
    named[(named == COMPUTE_32) & half] = COMPUTE_16
    launched = work & (tpu | _has(trace, "correlation"))
    kind[launched] = named[launched]
    categories = trace.columns.get("hlo_category")
    if categories is not None and categories.words and tpu.any():
        for pattern, one in ((_COPYING, DEVICE_TO_DEVICE), (_COLLECTIVE, COLLECTIVES)):
            told = np.zeros(len(trace), np.bool_)
            told[categories.rows] = [bool(pattern.search(trace.names[int(code)])) for code in categories.values]
            kind[launched & tpu & told] = one


def _has(trace: Trace, name: str) -> NDArray[np.bool_]:
    found = np.zeros(len(trace), np.bool_)
    if name in trace.columns:
        found[trace.columns[name].rows] = True
    return found


def _sweep(start: Ints, end: Ints, kind: NDArray[np.int16], first: int, last: int, compat: bool) -> Ints:
    """Return how long each kind is the highest between first and last [171]."""
    if not compat:
        lasting = end > start
        start, end, kind = start[lasting], end[lasting], kind[lasting]
    times = np.concatenate([start, end])
    starts = np.repeat([True, False], len(start))
    kinds = np.concatenate([kind, kind]).astype(np.int64)
    order = np.lexsort((-kinds, starts, times))
    return _highest(times[order], starts[order], kinds[order], first, last)


@njit(cache=True, nogil=True)
def _highest(times: Ints, starts: NDArray[np.bool_], kinds: Ints, first: int, last: int) -> Ints:
    held = np.zeros(_TYPES, np.int64)
    count = np.zeros(_TYPES, np.int64)
    current = 0
    for index in range(len(times) - 1):
        kind = kinds[index]
        if starts[index]:
            current = max(current, kind)
            count[kind] += 1
        else:
            count[kind] -= 1
            if kind == current and count[kind] == 0:
                current = kind - 1
                while current > 0 and count[current] <= 0:
                    current -= 1
        begin, end = max(times[index], first), min(times[index + 1], last)
        if end > begin:
            held[current] += end - begin
    return held


# What is worth changing ----------------------------------------------------------------------------------------------


class _Statement(NamedTuple):
    """One of the statements about a share of all steps.

    parts: the categories it is about; high, medium: from where on it is told; tab: where there is more of it, "trace" for nowhere else.
    """

    rule: str
    title: str
    parts: tuple[str, ...]
    high: float
    medium: float
    text: str
    advice: tuple[str, ...]
    tab: str


_STATEMENTS = (
    _Statement(
        "input", "Waiting for data takes {share} of each step", ("Input",), 0.20, 0.05,
        "Of {whole} for each step, {cost} are spent waiting for input.",
        ("`dataset.prefetch(tf.data.AUTOTUNE)` last, `dataset.map(f, num_parallel_calls=tf.data.AUTOTUNE)` before it.",
         "With JAX, load the next batch in a thread of its own and move it ahead with `jax.device_put`, which returns at once."),
        "input",
    ),
    _Statement(
        "output", "Moving results off the device takes {share} of each step", ("Output",), 0.20, 0.05,
        "Of {whole} for each step, {cost} go to copies from the device to the host.",
        ("Read results less often: `if step % 100 == 0: float(loss)`.",), "trace",
    ),
    _Statement(
        "launch", "Launching kernels takes {share} of each step", ("Kernel launch",), 0.15, 0.03,
        "Of {whole} for each step, {cost} go to launching kernels.",
        ("Give the launches threads of their own: `TF_GPU_THREAD_MODE=gpu_private`.",
         "Fewer and larger kernels: `tf.function(jit_compile=True)`, or a larger batch."), "trace",
    ),
    _Statement(
        "collectives", "Communication takes {share} of each step", ("Collectives",), 0.15, 0.03,
        "Of {whole} for each step, {cost} go to collective operations.",
        ("Communicate less often: larger batches, or several of them before each update.",
         "Communicate less: gradients in 16 bits."), "distributed",
    ),
    _Statement(
        "compilation", "Compiling takes {share} of each step", ("Compilation",), 0.15, 0.03,
        "Of {whole} for each step, {cost} go to compiling.",
        ("Keep shapes and Python arguments the same from step to step: each new combination is compiled anew.",
         "Keep compiled programs: `jax.config.update('jax_compilation_cache_dir', 'cache')`."), "trace",
    ),
    _Statement(
        "others", "Nothing accounts for {share} of each step", ("All others",), 0.15, 0.03,
        "In {cost} of {whole} for each step none of the recorded events runs: mostly the overhead of Python.",
        ("Run several steps per call: `model.compile(steps_per_execution=10)`, or `jax.lax.scan` over batches.",
         "Annotate what the program does: `with tf.profiler.experimental.Trace('name')`, `jax.profiler.TraceAnnotation('name')`."),
        "trace",
    ),
)  # fmt: skip
_TABS = {"input": "Input pipeline", "distributed": "Distributed"}
_COPIED = (0.20, 0.05)  # of the time in copies within devices: high, medium
_HOSTS = "S(5)"  # how XLA writes that a layout lies in the memory of the host
_HALF_SHARE = 0.10  # of the compute time in 16 bits; less is told
_NOTHING = 0.95  # of the time without an event: then the recording tells nothing
_RETRACED = 0.20  # of the time of a tf.function in calls that trace, or run eagerly
_EAGER = 0.10  # of the host's time in operations
_IDLE = 0.03  # of a TPU's time without an operation


def findings(trace: Trace, steps: Steps) -> list[Finding]:
    """Return what is worth changing in a TensorFlow or JAX program, by the shares of its steps, the costly first."""
    found = [one for one in (_said(statement, steps) for statement in _STATEMENTS) if one is not None]
    more = (_copying(trace, steps), _in_half(trace, steps), _tpu_idle(trace, steps), _eagerly(trace, steps))
    found += [one for one in more if one is not None]
    found += _retraced(trace)
    return sorted(found, key=lambda one: -one.cost_ns)


def _said(statement: _Statement, steps: Steps) -> Finding | None:
    share = steps.share(*statement.parts)
    if share < statement.medium or (statement.rule == "others" and share > _NOTHING):
        return None
    return Finding(
        statement.rule,
        "high" if share >= statement.high else "medium",
        statement.title.format(share=words.share(share)),
        share,
        statement.medium,
        "share",
        steps.average(*statement.parts),
        statement.text.format(whole=words.time(steps.average()), cost=words.time(steps.average(*statement.parts))),
        (
            _most(steps, *statement.parts),
            *(Evidence(tab, title) for tab, title in _TABS.items() if tab == statement.tab),
        ),
        statement.advice,
    )


def _most(steps: Steps, *categories: str) -> Evidence:
    """Return where the trace shows the step that spends most on some categories."""
    place = int(steps.part(*categories).argmax())
    start, end = int(steps.starts[place]), int(steps.ends[place])
    return Evidence("trace", "The step with most of it in the trace", {"trace_from": str(start), "trace_to": str(end)})


def _copying(trace: Trace, steps: Steps) -> Finding | None:
    """Tell how much of the time nothing but copies of a device's memory goes on."""
    share = steps.share("Device to device")
    if share < _COPIED[1]:
        return None
    cost = steps.average("Device to device")
    text = f"Of {words.time(steps.average())} for each step, {words.time(cost)} go to copies beside which nothing is computed."
    advice = [
        "Begin copies earlier, so that something is computed meanwhile: work on one part while the next one is on its way."
    ]
    told = trace.columns.get("long_name")
    if _tpu(trace):
        text += " There `copy-done` waits for a copy that `copy-start` began."
    if told is not None and told.words:
        done = trace.matching(lambda name: name.startswith("copy-done"))[told.rows]
        hosts = np.array([_HOSTS in trace.names[int(code)] for code in told.values], np.bool_) & done
        whole = int(trace.duration[told.rows[done]].sum())
        theirs = int(trace.duration[told.rows[hosts]].sum()) / whole if whole else 0.0
        if theirs >= 0.5:
            text += f" In {words.share(theirs)} of that time they move between the device and the memory of the host."
            advice.insert(
                0,
                "Keep on the device what every step needs, instead of in `pinned_host` memory: less offloading, or only of what is rarely used.",
            )
    return Finding(
        "copies", "high" if share >= _COPIED[0] else "medium", f"Copies take {words.share(share)} of each step", share, _COPIED[1], "share",
        cost, text, (_most(steps, "Device to device"), Evidence("operators", "Operators", {"ops_find": "copy"})), tuple(advice),
    )  # fmt: skip


def _in_half(trace: Trace, steps: Steps) -> Finding | None:
    """Tell that a GPU computes in 32 bits."""
    device = _on_device(trace)
    gpu = np.array([lane.process.startswith("/device:GPU") for lane in trace.lanes], np.bool_)
    if not device.any() or not gpu.any():
        return None
    kind = np.full(len(trace), -1, np.int16)
    _kinds_of_devices(trace, kind, device)
    half, full = (float(trace.duration[kind == one].sum()) for one in (COMPUTE_16, COMPUTE_32))
    share = half / (half + full) if half + full else 1.0
    if share >= _HALF_SHARE:
        return None
    return Finding(
        "half", "low", f"{words.share(1 - share)} of the time of kernels computes in 32 bits", share, _HALF_SHARE, "share", steps.average("Device compute") / 2,
        f"Only {words.share(share)} of the time of kernels computes with numbers of 16 bits, which take half the memory and, on Tensor "
        "Cores, much less time.",
        (Evidence("kernels", "Kernels"),),
        ("`tf.keras.mixed_precision.set_global_policy('mixed_float16')`, or `dtype=jnp.bfloat16` in JAX.",),
    )  # fmt: skip


def _tpu_idle(trace: Trace, steps: Steps) -> Finding | None:
    """Tell how much of the time of TPUs no operation runs."""
    cores = [
        place
        for place, lane in enumerate(trace.lanes)
        if lane.process.startswith("/device:TPU") and lane.thread == "XLA Ops"
    ]
    busy = whole = 0
    for lane in cores:
        rows = np.flatnonzero(trace.lane == lane)
        outer = rows[trace.parent[rows] < 0]
        if len(rows):
            busy += int(trace.duration[outer].sum())
            whole += int(trace.end[rows].max() - trace.start[rows].min())
    share = 1 - busy / whole if whole else 0.0
    if share < _IDLE:
        return None
    return Finding(
        "tpu_idle", "medium", f"The TPU has no work for {words.share(share)} of the time", share, _IDLE, "share", share * steps.average(),
        f"In {words.share(share)} of the time no operation runs on the TPU.",
        (Evidence("trace", "The operations in the trace"),),
        ("Run a loop of steps on the device: `jax.lax.scan` or `model.compile(steps_per_execution=100)`.",
         "Dispatch ahead: read results of a step only after the next one has begun."),
    )  # fmt: skip


def _eagerly(trace: Trace, steps: Steps) -> Finding | None:
    """Tell that operations run one by one from Python, outside of any tf.function."""
    share, lost, longest = xla_ops.eager(trace)
    if share <= _EAGER:
        return None
    return Finding(
        "eager", "medium", f"{words.share(share)} of the host's operations run eagerly", share, _EAGER, "share",
        min(lost / max(1, len(steps)), steps.average()),
        f"{words.share(share)} of the time in operations on the host goes to those that Python runs one by one, outside of any `tf.function`.",
        (Evidence("trace", "The longest such operation in the trace", {"trace_row": str(longest)}),),
        ("Put the whole step into one function: `@tf.function` above `def train_step(batch)`.",
         "Look for `model.compile(run_eagerly=True)` and `tf.config.run_functions_eagerly(True)` left from debugging."),
    )  # fmt: skip


def _retraced(trace: Trace) -> list[Finding]:
    """Tell which functions of tf.function spend their calls on tracing, or run eagerly: at most three."""
    calls = trace.columns.get("tf_function_call")
    if calls is None or not calls.words:
        return []
    rows = calls.rows
    modes = [trace.names[int(code)] for code in calls.values]
    dear = np.array([mode.startswith("traced") or mode == "eager" for mode in modes], np.bool_)
    found = []
    for code in np.unique(trace.name[rows]).tolist():
        own = trace.name[rows] == code
        whole = int(trace.duration[rows[own]].sum())
        lost = int(trace.duration[rows[own & dear]].sum())
        if whole and lost >= _RETRACED * whole and own.sum() > 1:
            longest = int(rows[own & dear][trace.duration[rows[own & dear]].argmax()])
            found.append((lost, trace.names[code], lost / whole, int((own & dear).sum()), int(own.sum()), longest))
    return [
        Finding(
            "retracing", "medium", f"{words.name(name)} is traced again and again", share, _RETRACED, "share", lost / calls_of,
            f"{words.share(share)} of the time of {words.name(name)} goes to {dear_of:,} of {calls_of:,} calls that trace it or run it eagerly.",
            (Evidence("trace", "Longest such call in the trace", {"trace_row": str(longest)}),),
            ("Pass tensors instead of Python numbers, keep shapes the same, or give `tf.function` an `input_signature`.",),
        )
        for lost, name, share, dear_of, calls_of, longest in sorted(found, reverse=True)[:3]
    ]  # fmt: skip
