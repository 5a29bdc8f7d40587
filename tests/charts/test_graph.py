"""Boxes in boxes get places, lines go around boxes and through borders, and names stay text."""

import itertools
import random
import time
from typing import Any
from xml.dom import minidom

import pytest

from tbcore.charts import graph_dot
from tbcore.charts.graph import LABEL_UP_TO, PORTS_UP_TO, Line, Shown, dot, picture, svg
from tbcore.charts.graph_text import shortened, text_width

each_engine = pytest.mark.parametrize("engine", graph_dot.engines())

NET = [
    Shown("x", "", "x", "Placeholder"),
    Shown("block", "", "block", "2 ops", "scope", open=True),
    Shown("block/conv", "block", "conv", "Conv2D"),
    Shown("block/relu", "block", "relu", "Relu"),
    Shown("y", "", "y", "Identity"),
]
FLOW = [Line("x", "block/conv", "1×8"), Line("block/conv", "block/relu"), Line("block/relu", "y"), Line("x", "y")]


def placed(spec: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {box["id"]: box for box in spec["boxes"]}


def apart(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(
        one["x"] + one["w"] <= other["x"]
        or other["x"] + other["w"] <= one["x"]
        or one["y"] + one["h"] <= other["y"]
        or other["y"] + other["h"] <= one["y"]
    )


def within(inner: dict[str, Any], outer: dict[str, Any]) -> bool:
    return bool(
        outer["x"] <= inner["x"]
        and outer["y"] <= inner["y"]
        and inner["x"] + inner["w"] <= outer["x"] + outer["w"]
        and inner["y"] + inner["h"] <= outer["y"] + outer["h"]
    )


def points_on(line: dict[str, Any]) -> list[tuple[float, float]]:
    """Return points along a line."""
    found, points = [], line["points"]
    for at in range(0, len(points) - 2, 6):
        piece = points[at : at + 8]
        for step in range(21):
            part = step / 20
            weights = ((1 - part) ** 3, 3 * (1 - part) ** 2 * part, 3 * (1 - part) * part**2, part**3)
            found.append(tuple(sum(w * piece[2 * i + axis] for i, w in enumerate(weights)) for axis in (0, 1)))
    return found  # type: ignore[return-value]


def random_graph(seed: int, count: int = 40, scopes: int = 5) -> tuple[list[Shown], list[Line]]:
    source = random.Random(seed)
    boxes = [Shown(f"s{at}", f"s{at - 1}" if at % 2 else "", f"scope {at}", kind="scope", open=True) for at in range(scopes)]  # fmt: skip
    for at in range(count):
        parent = f"s{at * scopes // count}" if source.random() < 0.8 else ""
        marks = [("c", "c", "const")] if source.random() < 0.3 else []
        boxes.append(Shown(f"n{at}", parent, f"op_{at}" * source.randrange(1, 4), "MatMul", marks=marks))
    ends = [(source.randrange(count), source.randrange(count)) for _line in range(int(1.3 * count))]
    return boxes, [Line(f"n{a}", f"n{b}", "1×2", control=source.random() < 0.2) for a, b in ends]


@each_engine
def test_lines_go_from_top_to_bottom_and_begin_and_end_at_their_boxes(engine: str) -> None:
    spec = picture(NET, FLOW, engine=engine)
    boxes = placed(spec)
    assert [box["id"] for box in spec["boxes"]] == [box.id for box in NET]
    assert boxes["x"]["y"] < boxes["block/conv"]["y"] < boxes["block/relu"]["y"] < boxes["y"]["y"]
    assert all(within(boxes[inner], boxes["block"]) for inner in ("block/conv", "block/relu"))
    for line in spec["lines"]:
        source, target = boxes[line["source"]], boxes[line["target"]]
        begin, end = line["points"][:2], line["points"][-2:]
        assert begin == pytest.approx([source["x"] + source["w"] / 2, source["y"] + source["h"]], abs=1.1)
        assert end == pytest.approx([target["x"] + target["w"] / 2, target["y"]], abs=1.1)


@each_engine
@pytest.mark.parametrize("seed", range(6))
def test_boxes_lie_apart_within_what_they_are_in_and_within_the_picture(engine: str, seed: int) -> None:
    spec = picture(*random_graph(seed), engine=engine)
    boxes = placed(spec)
    whole = {"x": -0.1, "y": -0.1, "w": spec["width"] + 0.2, "h": spec["height"] + 0.2}
    for one, other in itertools.combinations(boxes.values(), 2):
        if one["parent"] == other["parent"]:
            assert apart(one, other), (one["id"], other["id"])
    assert all(within(box, boxes.get(box["parent"], whole)) for box in boxes.values())


@each_engine
@pytest.mark.parametrize("seed", range(6))
def test_lines_go_around_the_boxes_that_they_do_not_end_at(engine: str, seed: int) -> None:
    spec = picture(*random_graph(seed, count=24, scopes=3), engine=engine)
    closed = [box for box in spec["boxes"] if not box["open"]]
    crossed = 0
    for line in spec["lines"]:
        for box in closed:
            if box["id"] in (line["source"], line["target"]):
                continue
            inner = {**box, "x": box["x"] + 2, "y": box["y"] + 2, "w": box["w"] - 4, "h": box["h"] - 4}
            crossed += any(not apart({"x": x, "y": y, "w": 0, "h": 0}, inner) for x, y in points_on(line))
    assert crossed == 0


@each_engine
def test_lines_through_a_border_hang_together(engine: str) -> None:
    boxes, lines = random_graph(3)
    for line in picture(boxes, lines, engine=engine)["lines"]:
        points = points_on(line)
        assert all(abs(a[0] - b[0]) + abs(a[1] - b[1]) < 400 for a, b in itertools.pairwise(points))
        assert (len(line["points"]) - 2) % 6 == 0


@each_engine
def test_opening_a_scope_leaves_the_order_of_the_others(engine: str) -> None:
    closed = [Shown(f"s{at}", "", f"scope {at}", "9 ops", "scope") for at in range(6)] + [Shown("end", "", "end")]
    lines = [Line(f"s{at}", "end") for at in range(6)]
    opened = [
        *closed[:2],
        Shown("s2", "", "scope 2", "9 ops", "scope", open=True),
        Shown("in", "s2", "in"),
        *closed[3:],
    ]
    before = placed(picture(closed, lines, engine=engine))
    after = placed(picture(opened, [*lines[:2], Line("in", "end"), *lines[3:]], engine=engine))
    order = sorted((f"s{at}" for at in range(6)), key=lambda one: before[one]["x"])
    assert sorted(order, key=lambda one: after[one]["x"]) == order


@each_engine
def test_the_same_picture_has_the_same_stamp_and_another_one_another(engine: str) -> None:
    assert picture(NET, FLOW, engine=engine)["stamp"] == picture(NET, FLOW, engine=engine)["stamp"]
    assert picture(NET, FLOW, engine=engine)["stamp"] != picture(NET, FLOW[:2], engine=engine)["stamp"]


@each_engine
def test_cycles_loops_double_lines_and_lines_into_nowhere_are_drawn_or_left_out(engine: str) -> None:
    boxes = [
        Shown("a", "", "a"),
        Shown("b", "", "b"),
        Shown("s", "", "s", kind="scope", open=True),
        Shown("c", "s", "c"),
    ]
    lines = [
        Line("a", "b"), Line("b", "a"), Line("a", "a"), Line("a", "b", control=True), Line("a", "b", "twice"),
        Line("c", "a"), Line("b", "c"), Line("gone", "a"), Line("a", ""), Line("s", "c"), Line("c", "s"),
    ]  # fmt: skip
    spec = picture(boxes, lines, engine=engine)
    drawn = [(line["source"], line["target"]) for line in spec["lines"]]
    assert drawn == [("a", "b"), ("b", "a"), ("a", "a"), ("a", "b"), ("a", "b"), ("c", "a"), ("b", "c")]


@each_engine
def test_nothing_one_box_and_boxes_without_lines_are_pictures_too(engine: str) -> None:
    nothing = picture([], [], engine=engine)
    assert (nothing["width"], nothing["height"], nothing["boxes"], nothing["lines"]) == (0, 0, [], [])
    one = picture([Shown("a", "", "only", "Const")], [], engine=engine)
    assert (one["boxes"][0]["x"], one["boxes"][0]["y"], one["height"]) == (0, 0, 40)
    alone = picture([Shown(f"n{at}", "", f"op {at}") for at in range(60)], [], engine=engine)
    assert 0.5 < alone["width"] / alone["height"] < 4
    empty = picture([Shown("s", "", "empty", kind="scope", open=True)], [], engine=engine)
    assert empty["boxes"][0]["w"] > 50


@each_engine
def test_a_box_in_itself_or_in_what_is_not_there_is_at_the_top(engine: str) -> None:
    boxes = [
        Shown("a", "a", "a", kind="scope", open=True),
        Shown("b", "c", "b", kind="scope", open=True),
        Shown("c", "b", "c", kind="scope", open=True),
        Shown("d", "gone", "d"),
        Shown("e", "d", "in a closed box"),
    ]
    spec = picture(boxes, [Line("d", "e")], engine=engine)
    assert [(box["id"], box["parent"]) for box in spec["boxes"]] == [
        ("a", ""),
        ("b", ""),
        ("c", "b"),
        ("d", ""),
        ("e", ""),
    ]
    assert dot(boxes, []).count("subgraph") == 3


@each_engine
def test_many_boxes_that_hang_on_one_stand_in_several_rows(engine: str) -> None:
    boxes = [Shown("hub", "", "hub")] + [Shown(f"n{at}", "", f"leaf number {at}", "Assign") for at in range(60)]
    spec = picture(boxes, [Line("hub", f"n{at}") for at in range(60)], engine=engine)
    assert len({box["y"] for box in spec["boxes"]}) == 7
    assert spec["width"] < 3_600


@each_engine
def test_many_lines_through_a_border_go_together(engine: str) -> None:
    many = PORTS_UP_TO + 1
    boxes = [Shown(f"n{at}", "", f"n{at}") for at in range(many)]
    boxes += [Shown("s", "", "s", kind="scope", open=True), Shown("sum", "s", "sum")]
    spec = picture(boxes, [Line(f"n{at}", "sum") for at in range(many)], engine=engine)
    # All end along one and the same last piece.
    assert len({tuple(line["points"][-6:]) for line in spec["lines"]}) == 1


@each_engine
def test_labels_of_lines_lie_on_nothing(engine: str) -> None:
    boxes, lines = random_graph(1)
    spec = picture(boxes, lines, engine=engine)
    labels = [
        {"x": line["lx"], "y": line["ly"] - 5, "w": text_width(line["label"], 10.5), "h": 10}
        for line in spec["lines"]
        if "lx" in line
    ]
    assert len(labels) > 0.6 * len(lines)
    assert all(apart(label, box) for label in labels for box in spec["boxes"] if not box["open"])
    assert all(apart(one, other) for one, other in itertools.combinations(labels, 2))


def test_what_a_box_does_not_have_is_not_told() -> None:
    (box,) = picture([Shown("a", "", "a")], [])["boxes"]
    assert set(box) == {"id", "parent", "depth", "kind", "open", "label", "text", "sub", "note", "count", "x", "y", "w", "h"}  # fmt: skip
    full = Shown("a", "", "a", "Conv2D", "scope", color="#4269d0", shares=[("#fff", 0.5)], marks=[("m", "w", "const")], note="1ms", change="added")  # fmt: skip
    (box,) = picture([full], [])["boxes"]
    assert (box["color"], box["shares"], box["marks"], box["marked"], box["change"], box["note"]) == ("#4269d0", [["#fff", 0.5]], [["m", "w", "const"]], 1, "added", "1ms")  # fmt: skip


def test_marks_have_room_beside_their_box() -> None:
    plain, marked = (picture([Shown("a", "", "a", marks=marks)], []) for marks in ([], [("m", "w", "const")]))
    assert plain["boxes"][0]["w"] == marked["boxes"][0]["w"]
    assert marked["width"] == plain["width"] + 44
    assert marked["boxes"][0]["x"] == 22


def test_the_thicker_a_line_the_larger_its_weight() -> None:
    boxes = [Shown("a", "", "a"), Shown("b", "", "b")]
    widths = [picture(boxes, [Line("a", "b", weight=weight)])["lines"][0]["width"] for weight in (-1.0, 0, 0.5, 1, 9)]
    assert widths == [1.1, 1.1, 2.8, 4.5, 4.5]


HOSTILE = '<script>alert("1")</script>\\"};\x00\n\ud800 &amp; %s' + "x" * 1_000_000


@each_engine
def test_hostile_names_are_cut_and_reach_no_other_language(engine: str) -> None:
    boxes = [
        Shown(HOSTILE[:90], "", HOSTILE, HOSTILE, "scope", open=True, note="<b>"),
        Shown("b", HOSTILE[:90], HOSTILE),
    ]
    boxes += [Shown("c", "", HOSTILE, HOSTILE[:100], color='"/><script>', shares=[('"/><script>', 0.5)])]
    lines = [Line("b", "c", HOSTILE)]
    start = time.perf_counter()
    spec = picture(boxes, lines, engine=engine)
    assert time.perf_counter() - start < 1.5
    assert len(spec["boxes"][0]["label"]) <= LABEL_UP_TO
    assert all(box["w"] < 320 for box in spec["boxes"])
    text = svg(spec, dark=True)
    tree = minidom.parseString(text.encode())
    assert not tree.getElementsByTagName("script")
    assert "<script>alert" in tree.getElementsByTagName("title")[0].firstChild.data
    written = dot(boxes, lines)
    assert "\x00" not in written
    assert written.count("\n") == 10


@each_engine
def test_a_picture_of_50_boxes_is_made_at_once(engine: str) -> None:
    boxes, lines = random_graph(11, count=50)
    start = time.perf_counter()
    picture(boxes, lines, engine=engine)
    assert time.perf_counter() - start < 1.0


@each_engine
def test_everything_joined_with_everything_does_not_hang(engine: str) -> None:
    boxes = [Shown(f"n{at}", "", f"n{at}") for at in range(60)]
    lines = [Line(f"n{a}", f"n{b}") for a in range(60) for b in range(60)]
    start = time.perf_counter()
    assert len(picture(boxes, lines, engine=engine)["lines"]) == 3_600
    assert time.perf_counter() - start < 8


@pytest.mark.parametrize("dark", [False, True])
def test_an_svg_stands_alone_and_says_everything(dark: bool) -> None:
    boxes = [
        *NET, Shown("sr", "", "layer_[1-9]", "9 ops", "series", marks=[("w", "w", "const"), ("v", "v", "const")]),
        Shown("m", "", "more", "300", "more", change="removed", color="#f00", shares=[("#4269d0", 0.5)], note="2ms"),
    ]  # fmt: skip
    spec = picture(boxes, [*FLOW, Line("sr", "m", control=True)])
    tree = minidom.parseString(svg(spec, dark).encode())
    words = {node.firstChild.data for node in tree.getElementsByTagName("text")}
    assert {"x", "block", "conv", "Conv2D", "1×8", "layer_[1-9]", "more", "2", "−", "300  2ms"} <= words
    background = tree.getElementsByTagName("rect")[0].getAttribute("fill")
    assert background == ("#16181c" if dark else "#ffffff")
    assert float(tree.documentElement.getAttribute("width")) == pytest.approx(spec["width"] + 32, abs=0.01)


def test_dot_has_a_cluster_for_each_open_box() -> None:
    assert dot(NET, [*FLOW[:2], Line("x", "y", control=True), Line("x", "block"), Line("x", "gone")]) == (
        "digraph graph_ {\n"
        "\tnode [fontname=sans shape=box style=rounded]\n"
        "\tedge [fontname=sans]\n"
        '\tn0 [label="x\\nPlaceholder"]\n'
        '\tn4 [label="y\\nIdentity"]\n'
        "\tsubgraph cluster_n1 {\n"
        "\t\tgraph [label=block style=rounded]\n"
        '\t\tn2 [label="conv\\nConv2D"]\n'
        '\t\tn3 [label="relu\\nRelu"]\n'
        "\t}\n"
        '\tn0 -> n2 [label="1×8"]\n'
        "\tn2 -> n3\n"
        "\tn0 -> n4 [style=dashed]\n"
        "}\n"
    )


def test_names_are_text_in_dot() -> None:
    written = dot([Shown("a", "", "<b>\\N</b>"), Shown("s", "", '"];', open=True), Shown("t", "s", "node\n\0")], [])
    assert written.splitlines()[3:-1] == [
        '\tn0 [label="<b>\\\\N</b>"]',
        "\tsubgraph cluster_n1 {",
        '\t\tgraph [label="\\"];" style=rounded]',
        '\t\tn2 [label="node  "]',
        "\t}",
    ]


def test_a_text_is_cut_in_its_middle() -> None:
    assert shortened("conv1", 100) == "conv1"
    cut = shortened("resnet/block_1/unit_2/conv_3/BiasAdd", 120)
    assert cut.startswith("resnet/b")
    assert cut.endswith("BiasAdd")
    assert text_width(cut) <= 120
    assert shortened("a\n b\t c", 100) == "a b c"
    assert text_width("日本") == pytest.approx(25.2)
