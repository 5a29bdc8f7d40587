"""A whole graph in the DOT language of Graphviz: its scopes as clusters, its operations as nodes.

Source: graphviz.org/doc/info/lang.html. What a log calls things is quoted, so that nothing of it is read as DOT.
"""

from collections.abc import Iterator

from tbcore.analysis.graph_scopes import Tree, shape_label

_LETTERS = 200  # of a name that are shown; the whole is in the tooltip
_WHOLE = 2000


def lines(tree: Tree, name: str) -> Iterator[str]:
    """Yield the lines of a graph in DOT; name: what it is called."""
    yield f"digraph {quoted(name)} {{"
    yield "  rankdir=TB; compound=true; fontname=Helvetica;"
    yield "  node [shape=box, style=rounded, fontname=Helvetica, fontsize=10];"
    yield "  edge [fontname=Helvetica, fontsize=8];"
    open_until: list[int] = []
    for number, box in enumerate(tree.boxes):
        while open_until and open_until[-1] <= number:
            open_until.pop()
            yield f"{_space(open_until)}}}"
        if not number:
            continue
        space = _space(open_until)
        if tree.ends[number] > number + 1:
            yield f"{space}subgraph cluster_{number} {{"
            yield f"{space}  label={quoted(box.label)}; tooltip={quoted(box.id, _WHOLE)};"
            open_until.append(int(tree.ends[number]))
        else:
            kind = f"\n{box.type}" if box.type and box.type != box.label else ""
            style = ', style="rounded,dashed"' if tree.roles[number] else ""
            yield f"{space}n{number} [label={quoted(box.label + kind)}, tooltip={quoted(box.id, _WHOLE)}{style}];"
    while open_until:
        open_until.pop()
        yield f"{_space(open_until)}}}"
    yield from _edges(tree)
    yield "}"


def _space(open_until: list[int]) -> str:
    return "  " * (len(open_until) + 1)


def _edges(tree: Tree) -> Iterator[str]:
    wires, owner = tree.wires, tree.owner.tolist()
    columns = zip(
        wires.source.tolist(), wires.target.tolist(), wires.control.tolist(), wires.slot.tolist(), strict=True
    )
    for source, target, control, slot in columns:
        outputs = tree.nodes[source].outputs
        label = shape_label(outputs[slot]) if not control and 0 <= slot < len(outputs) else ""
        words = [f"label={quoted(label)}"] * bool(label) + ["style=dashed"] * bool(control)
        told = f" [{', '.join(words)}]" if words else ""
        yield f"  n{owner[source]} -> n{owner[target]}{told};"


def quoted(text: str, letters: int = _LETTERS) -> str:
    """Return text as a string of DOT, a long one cut; line ends stay, other signs that cannot be seen do not."""
    if len(text) > letters:
        text = f"{text[: letters // 2]}…{text[-(letters // 2) :]}"
    safe = "".join(sign if sign.isprintable() or sign == "\n" else "\ufffd" for sign in text)
    escaped = safe.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
