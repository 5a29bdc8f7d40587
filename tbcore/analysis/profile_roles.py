"""What part of training an event belongs to, by what it is called: loading data, communication, steps.

loads = profile_roles.loading()               # or loading(r"my_reader|^wait_for_data$")
loads("enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__")
profile_roles.communicates("nccl:all_reduce")
profile_roles.step_of("ProfilerStep#5")       # "5"
"""

import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tbcore.formats.trace import ANNOTATION, KERNEL, OP, OTHER, Trace
from tbcore.names import matcher

Named = Callable[[str], bool]

_THINGS = r"(data|dataset|((mini|micro)[-_ ]?)?batch(es)?|inputs?|samples?|examples?)"
_WHICH = r"((the|next|first|new|raw|train(ing)?|val(id(ation)?)?|eval|test|mini|macro)[-_ ]?)*"
_LOAD = r"(load|fetch|read|get|next|wait|await)(ing|er|s)?"
# What programs call their waiting for data. Not meant: train_batch, batch_norm, DataParallel.forward, load_state_dict, next_token.
LOADING = "|".join(
    (
        r"^enumerate\(Data(Loader|Pipe)\)#",  # PyTorch's own
        rf"(^|[^a-z]){_LOAD}[-_ .]*((for|on)[-_ ]?)?{_WHICH}{_THINGS}(?![a-z]|[-_ ]?(norm|embed|grad|size|shape|layer|proj|parallel|type|ptr))",
        r"data(set)?[-_ .]?(load|fetch|read|wait|iter|pipeline|queue|next|time)",
        r"(^|[^a-z])(batch|input|sample)[-_ ]?(load|fetch|read|wait|pipeline|queue|fn([^a-z]|$))",
        r"(^|[^a-z])(prefetch|collate|iter(ator)?[-_ ]?get[-_ ]?next)",
        r"__next__",
        r"^(data|batch|inputs?|load(ing)?|fetch(ing)?|next)$",
        r"(^|[^a-z])(train|val|test|predict)_next$",
    )
)

# Operations of process groups as PyTorch writes them on the host, whatever the backend.
_COMMUNICATES = re.compile(r"^(nccl|gloo|mpi|ucc|xccl|hccl|cncl|rccl):|^c10d::|^record_param_comms$")
# The same on a device, by NCCL's and RCCL's names of kernels.
_COLLECTIVE = re.compile(r"^(nccl|rccl|ncclDev|void nccl|void rccl)\w*[Kk]ernel|^ncclDev|^oneccl")
# And by XLA's, of TPUs.
_XLA = re.compile(r"^(all-(reduce|gather|to-all)|reduce-scatter|collective-(permute|broadcast))(-start|-done)?[.\d]*$")
# What PyTorch itself annotates as it annotated operators before annotations had a category of their own.
_LIBRARY = re.compile(r"^(Optimizer\.\w+#|(Distributed|FullySharded)?DataParallel\.forward$)")
_STEP = re.compile(r"^ProfilerStep#(\d+)$")
# Steps under names of one's own: "step 12", "train_step#3", "iteration 7", "## step: 5 ##".
_NUMBERED = re.compile(r"^\W*(?:\w*[^a-z])?(?:step|iter|iteration|train|batch)[\s_#:=]+(\d+)\W*$", re.IGNORECASE)
# Steps that are told by being there again and again under the same name.
_REPEATED = re.compile(r"^(train|training|step|iteration)([_ ]?(step|iteration|batch))?$", re.IGNORECASE)


def loading(pattern: str = "") -> Named:
    """Return what tells by its name whether something waits for data. pattern: a regular expression, "" for the usual.

    Raises PatternError when it is not a regular expression.
    """
    return matcher(pattern or LOADING)


def communicates(name: str) -> bool:
    """Return whether an operation on the host is one of a process group."""
    return _COMMUNICATES.search(name) is not None


def collective(name: str) -> bool:
    """Return whether a kernel moves data between devices for a process group."""
    return _COLLECTIVE.search(name) is not None or _XLA.match(name) is not None


def of_library(name: str) -> bool:
    """Return whether PyTorch itself annotates something by this name, as it would an operator."""
    return _LIBRARY.search(name) is not None


def step_of(name: str) -> str:
    """Return the number in the name that PyTorch gives a step, "" for anything else."""
    found = _STEP.match(name)
    return found[1] if found else ""


def numbered(name: str) -> str:
    """Return the number of what looks like a step of a program's own, "" for anything else."""
    found = _NUMBERED.match(name)
    return found[1] if found else ""


def repeated(name: str) -> bool:
    """Return whether a name is one that programs give to each of their steps alike."""
    return _REPEATED.match(name) is not None


def hosts(trace: Trace) -> tuple[int, ...]:
    """Return the roles of what a program or its operators do on the host; a trace of no profiler says no more than names."""
    return (OP, ANNOTATION, OTHER) if trace.source == "chrome" else (OP, ANNOTATION)


def loaders(trace: Trace, named: Named) -> NDArray[np.intp]:
    """Return the rows of what waits for data: annotations, and operators that are no operators of a library."""
    told = trace.matching(lambda name: "::" not in name and step_of(name) == "" and named(name))
    return np.flatnonzero(told & np.isin(trace.role, hosts(trace)))


def operations(trace: Trace) -> NDArray[np.intp]:
    """Return the rows of operations of process groups on the host."""
    return np.flatnonzero(trace.matching(communicates) & np.isin(trace.role, (OP, ANNOTATION)))


def collectives(trace: Trace) -> NDArray[np.intp]:
    """Return the rows of kernels of process groups: by their names, or because such an operation started them."""
    kernels = trace.role == KERNEL
    told = trace.matching(collective) & kernels
    ids = trace.columns.get("External id")
    started = operations(trace)
    if ids is not None and len(started):
        theirs = ids.values[np.isin(ids.rows, started)]
        ours = np.zeros(len(trace), np.bool_)
        ours[ids.rows[np.isin(ids.values, theirs[theirs > 0])]] = True
        told |= ours & kernels
    return np.flatnonzero(told)
