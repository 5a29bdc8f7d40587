"""Measure how long a large graph takes to be read, first drawn, and opened further, and the memory it needs.

    python -m tests.benchmarks.graph [nodes]

Prints seconds: reading and hierarchy together, the first picture, opening one box after the other from the top to the
bottom (the slowest and the median), the same of a flat scope of 2,000 nodes; then the growth of memory. Each on a graph that was not seen before.
"""

import resource
import sys
import time
from statistics import median

from pages.parts import graph_picture
from tbcore.analysis import graph_scopes
from tbcore.charts import graph as charts
from tbcore.formats import graphdef
from tests import graphmaker

NODES = 20_000


def main(count: int) -> None:
    """Print the figures of a deep graph of `count` nodes, and of a flat one."""
    measure("small", graphmaker.deep(50, levels=3))
    measure("deep", graphmaker.deep(count))
    measure("flat", graphmaker.flat(2_000))
    measure("flat, many ops", graphmaker.flat(2_000, numbered=False))


def measure(name: str, data: bytes) -> None:
    """Print the figures of one graph."""
    before = memory()
    start = time.perf_counter()
    graph = graphdef.graph(data)
    tree = graph_scopes.tree(graph)
    read = time.perf_counter() - start
    opened = graph_scopes.first(tree)
    shown, took = drawn(tree, opened)
    steps = []
    now = set(opened)
    box = next((one for one in shown if closed(tree, one, now)), None)
    while box is not None:
        now.add(box)
        inside, step = drawn(tree, frozenset(now))
        steps.append(step)
        box = next((one for one in tree.children(box) if one in inside and closed(tree, one, now)), None)
    print(
        f"{name:16} {len(graph.nodes):7,} nodes  read {read:6.3f} s  picture of {len(shown):3} boxes {took:6.3f} s  "
        f"opening: worst {max(steps, default=0):6.3f} s, median {median(steps or [0]):6.3f} s of {len(steps)}  "
        f"memory +{(memory() - before) / 1e6:,.0f} MB"
    )


def drawn(tree: graph_scopes.Tree, opened: frozenset[str]) -> tuple[list[str], float]:
    """Return the boxes of a picture, and the seconds that it takes."""
    start = time.perf_counter()
    seen = graph_scopes.visible(tree, opened)
    charts.picture(*graph_picture.shapes(tree, seen))
    return [box.id for box in seen.boxes], time.perf_counter() - start


def closed(tree: graph_scopes.Tree, box: str, opened: set[str]) -> bool:
    """Return whether a box can be opened."""
    found = tree.box(box)
    return found is not None and found.children > 0 and box not in opened


def memory() -> int:
    """Return the most bytes of memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else NODES)
