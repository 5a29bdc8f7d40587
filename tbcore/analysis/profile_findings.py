"""What to change, ordered by what it costs: rules over a recording, each with what it measured and what it takes to be told.

    found = profile_findings.findings(trace)
    found.told[0].title                    # "Data loading takes 88.9% of each step"
    found.not_evaluated                    # rules that the recording holds no data for, and what they need

A rule is a row of `RULES`. What a finding costs is the part of an average step that would be gone at most; two findings may
name the same time.
Source: the recommendations of torch-tb-profiler 0.4.3, the idle and launch statistics of HolisticTraceAnalysis, xprof's statements
(in `xla_steps`), and rules of our own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isnan

from tbcore.analysis import profile_checks as checks
from tbcore.analysis import profile_devices, profile_steps, xla_steps
from tbcore.analysis.profile_checks import Facts
from tbcore.analysis.profile_devices import DeviceFigures
from tbcore.analysis.profile_forms import Finding, Severity, Steps
from tbcore.analysis.profile_roles import Named, loading
from tbcore.formats.trace import Trace


@dataclass(frozen=True)
class Need:
    """What a rule needs of a recording: whether it is there, and how to record it, in Markdown."""

    met: Callable[[Facts], bool]
    words: str


@dataclass(frozen=True)
class Rule:
    """One thing that is looked for. threshold: from where on it is told, in the unit of its finding."""

    key: str
    words: str
    threshold: float
    check: Callable[[Facts, float], Finding | None]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Findings:
    """What was found; told: the costly ones first.

    each: what costs are of, in words: each step, or where none is marked the recording;
    fine: words of the rules that found nothing; not_evaluated: words of each other rule, and what it needs.
    """

    told: tuple[Finding, ...]
    each: str
    fine: tuple[str, ...]
    not_evaluated: tuple[tuple[str, str], ...]


NEEDS = {
    "gpu": Need(lambda facts: facts.on_device, "work of a GPU: `profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA])`"),
    "host only": Need(lambda facts: not facts.on_device, "a recording of the host alone"),
    "launches": Need(lambda facts: len(facts.launches[0]) > 0, "calls of the runtime beside the kernels that they start"),
    "operators": Need(lambda facts: not isnan(facts.eligible), "operators beside the kernels that they start"),
    "properties": Need(lambda facts: any(one.capability[0] for one in facts.devices), "the properties of the GPU in the file (`deviceProperties`)"),
    "blocks": Need(lambda facts: any(not isnan(one.sm_efficiency) for one in facts.devices), "blocks per multiprocessor of kernels, which CUDA recordings have"),
    "memory": Need(lambda facts: len(facts.trace.memory) > 0, "`profile(profile_memory=True)`"),
    "gpu memory": Need(lambda facts: any(one.peak >= 0 for one in facts.devices), "`profile(profile_memory=True)` on a GPU"),
    "steps": Need(lambda facts: len(facts.steps) > 2, "three steps or more: call `profiler.step()` after each"),
    "ranks": Need(lambda _facts: False, "the recordings of the other ranks: see the Distributed tab"),
}  # fmt: skip

# In the order in which they are told when they cost the same.
RULES = (
    #    key               what is looked at                                         from    check                 needs
    Rule("loading",        "Waiting for data",                                       0.05,   checks.loads),
    Rule("host",           "The GPU waiting for the host",                           0.20,   checks.host,          ("gpu",)),
    Rule("communication",  "Communication that nothing hides",                       0.10,   checks.communicates),
    Rule("copies",         "Copies that nothing hides",                              0.05,   checks.copies,        ("gpu",)),
    Rule("pageable",       "Copies from memory that is not pinned",                  0.01,   checks.pageable,      ("gpu",)),
    Rule("synchronizing",  "Waiting for the GPU to finish within a step",            0.03,   checks.synchronizes,  ("gpu", "launches")),
    Rule("allocating",     "Allocations of device memory within a step",             0.01,   checks.allocates,     ("gpu",)),
    Rule("short_kernels",  "Kernels shorter than their launch",                      0.30,   checks.short_kernels, ("gpu", "launches")),
    Rule("full_queue",     "Launches waiting at one time",                           1_024,  checks.full_queue,    ("gpu", "launches")),
    Rule("tensor_cores",   "Kernels that could run on Tensor Cores",                 0.10,   checks.tensor_cores,  ("gpu", "operators", "properties")),
    Rule("elementwise",    "Element by element kernels",                             0.30,   checks.elementwise,   ("gpu",)),
    Rule("layouts",        "Changes of memory layout",                               0.03,   checks.layouts,       ("gpu",)),
    Rule("utilization",    "Utilisation of the GPU",                                 0.50,   checks.utilization,   ("gpu",)),
    Rule("multiprocessors", "Multiprocessors without work while kernels run",        0.50,   checks.multiprocessors, ("gpu", "blocks")),
    Rule("optimizer",      "Time of the optimizer",                                  0.15,   checks.optimizer),
    Rule("python",         "Time in no operator",                                    0.15,   checks.python,        ("host only",)),
    Rule("uneven",         "Steps that take much longer than others",                1.50,   checks.uneven,        ("steps",)),
    Rule("memory_full",    "Device memory that is nearly used up",                   0.90,   checks.memory_full,   ("gpu memory",)),
    Rule("memory_growth",  "Memory that grows from step to step",                    0.01,   checks.memory_growth, ("memory", "steps")),
    Rule("fragmentation",  "Memory that is reserved and not used",                   0.30,   checks.fragmentation, ("gpu memory",)),
    Rule("data_parallel",  "`DataParallel` on several GPUs",                         2,      checks.data_parallel, ("gpu",)),
    Rule("backend",        "Distributed training without NCCL",                      3.5,    checks.backend,       ("gpu",)),
    Rule("stragglers",     "Ranks that the others wait for",                         0,      checks.nothing,       ("ranks",)),
    Rule("overhead",       "Time of the profiler itself",                            0.05,   checks.overhead),
    Rule("no_steps",       "Steps that are marked",                                  1,      checks.no_steps),
    Rule("no_gpu",         "A GPU in the recording",                                 1,      checks.no_gpu),
)  # fmt: skip
# Rules of PyTorch alone, and those that xprof's statements tell of TensorFlow and JAX in their own words.
_TORCH_ONLY = {"python", "optimizer", "no_gpu", "backend", "data_parallel", "no_steps"}
_STATED = {"loading", "host", "communication", "copies"}
THRESHOLDS = {rule.key: rule.threshold for rule in RULES}
_ORDER: dict[Severity, int] = {"high": 0, "medium": 1, "low": 2, "info": 3}


def findings(
    trace: Trace,
    steps: Steps | None = None,
    devices: list[DeviceFigures] | None = None,
    *,
    named: Named | None = None,
    thresholds: Mapping[str, float] | None = None,
) -> Findings:
    """Return what is worth changing. steps, devices: when they are known already; thresholds: other ones, by rule."""
    named = named or loading()
    steps = steps if steps is not None else profile_steps.steps(trace, named)
    devices = devices if devices is not None else profile_devices.devices(trace, steps)
    facts = Facts(trace, steps, tuple(devices), named)
    from_where = {**THRESHOLDS, **(thresholds or {})}
    told = list(xla_steps.findings(trace, steps)) if trace.source == "xplane" else []
    fine, lacking = [], []
    for rule in _applying(facts):
        missing = [NEEDS[need].words for need in rule.needs if not NEEDS[need].met(facts)]
        if missing:
            lacking.append((rule.words, missing[0]))
            continue
        found = rule.check(facts, from_where[rule.key])
        if found is None:
            fine.append(rule.words)
        else:
            told.append(found)
    order = sorted(told, key=lambda one: (-round(one.cost_ns), _ORDER[one.severity]))
    return Findings(tuple(order), facts.each, tuple(fine), tuple(lacking))


def _applying(facts: Facts) -> list[Rule]:
    """Return the rules that can say something of such a recording."""
    left = set()
    if facts.trace.source != "pytorch":
        left |= _TORCH_ONLY
    if facts.trace.source == "xplane":
        left |= _STATED
    if facts.on_device:
        left |= {"python"}
    if facts.trace.group is None or facts.trace.group.world_size < 2:
        left |= {"stragglers"}
    return [rule for rule in RULES if rule.key not in left]
