"""A graph of computation as every format spells it: operations, what flows between them, functions, and what was measured.

Formats that hold one are read by `graphdef`, `graph_keras`, `graph_onnx`; nothing in a graph is ever executed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

Shape = tuple[int | None, ...]  # None for a length that is not known


class Input(NamedTuple):
    """Where an operation takes something from: the node `source` and its output `slot`; control: only the order matters.

    source: a name as written, without "^" and ":slot"; a node of that name need not exist.
    """

    source: str
    slot: int = 0
    control: bool = False


class Output(NamedTuple):
    """What an operation gives: dtype, "" where unknown; shape, None where not even its rank is known."""

    dtype: str = ""
    shape: Shape | None = None

    @property
    def elements(self) -> int | None:
        """Return how many numbers one has, None where a length is not known."""
        if self.shape is None or any(length is None for length in self.shape):
            return None
        count = 1
        for length in self.shape:
            count *= length or 0
        return count


@dataclass(frozen=True, slots=True)
class Node:
    """One operation, layer or argument.

    name: as written, its scopes separated by "/"; unlike `Graph.nodes` tells it may occur twice in a damaged graph.
    attributes: as text to be read by people and by `analysis`, in the order written: numbers, shapes as "[1, 8, ?]", dtypes by name,
    JSON of a layer's config, "float32 [3, 3] 1.0, 2.0, …" of a tensor; a long one is whole, except a tensor's values.
    size: bytes of a constant that the node holds, 0 without one.
    module: the type of the layer or module that it is, "" of an operation (Keras: Conv2D).
    """

    name: str
    op: str
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    device: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    size: int = 0
    module: str = ""


@dataclass(frozen=True, slots=True)
class Function:
    """A function of a graph's library, which nodes call by its name as their op (or in an attribute)."""

    name: str
    nodes: tuple[Node, ...]
    arguments: tuple[str, ...] = ()
    results: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph: its nodes in the order written, equal names included, and its function library.

    form: "graphdef", "torch", "keras" or "onnx": who speaks, so what an op's name means.
    problems: what could not be read, in words.
    """

    nodes: tuple[Node, ...]
    functions: tuple[Function, ...] = ()
    form: str = "graphdef"
    producer: str = ""
    problems: tuple[str, ...] = ()


class Cost(NamedTuple):
    """What running a node took, of all its runs together; times in seconds, sizes in bytes; device as the writer names it."""

    device: str
    start: float
    time: float
    memory: int
    runs: int = 1
    outputs: tuple[Output, ...] = ()
