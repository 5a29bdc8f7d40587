"""The Graph page a visitor sees: boxes opened, found and selected, layers that lead to them, and strange names."""

from pathlib import Path
from typing import Any

import pytest

from tbcore.analysis import graph_layers
from tbcore.formats import graphdef
from tests import graphmaker
from tests.browser import seen
from tests.browser.server import Serve, Site, Visit

HOSTILE = '<img src="http://elsewhere/x.png" onerror="alert(1)">'
DEEP = 5_000  # nodes


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("graph")
    shaped = {"T": graphmaker.dtype("float"), "_output_shapes": graphmaker.shapes((None, 8))}
    nodes: list[Any] = [
        ("x", "Placeholder", [], shaped),
        ("block/inner/MatMul", "MatMul", ["x"], shaped),
        ("block/inner/Relu", "Relu", ["block/inner/MatMul"], shaped),
        ("block/Tanh", "Tanh", ["block/inner/Relu"], shaped),
        (HOSTILE, "Mean", ["block/Tanh"], shaped),
    ]
    graphmaker.write_log(folder / "a", graphmaker.graph_def(nodes))
    graphmaker.write_log(folder / "b", graphmaker.graph_def([*nodes, ("more", "Neg", [HOSTILE], shaped)]))
    graphmaker.write_log(folder / "deep", graphmaker.deep(DEEP))
    return folder


@pytest.fixture(scope="module")
def site(serve: Serve, logdir: Path) -> Site:
    """A small graph, the same with one node more, and a large one."""
    return serve(logdir)


def visited(visit: Visit, site: Site, parameters: str = "", **how: Any) -> Any:
    """Open the page and wait until the picture is painted."""
    page = visit(site, f"/graph?{parameters}", **how)
    seen.until(page, lambda: page.locator(".graph[data-painted]").count() == 1, 30)
    return page


def ids(page: Any) -> list[str]:
    return [str(one) for one in page.locator(".graph [data-id]").evaluate_all("all => all.map(one => one.dataset.id)")]


def box(page: Any, name: str) -> Any:
    return page.locator(f'.graph [data-id="{name}"]').first


def test_a_double_click_closes_a_box_and_opens_it_again_where_it_was(visit: Visit, site: Site) -> None:
    page = visited(visit, site, "graph=a · Run graph")
    seen.until(page, lambda: "block/inner/Relu" in ids(page))
    box(page, "x").wait_for()
    page.locator('.graph [data-id="block/Tanh"]').click()
    seen.until(page, lambda: seen.query(page).get("node") == ["block/Tanh"])
    page.keyboard.press("Escape")
    seen.until(page, lambda: "node" not in seen.query(page))
    frame = box(page, "block/inner").bounding_box()
    page.mouse.dblclick(frame["x"] + 45, frame["y"] + 12)  # on its title
    seen.until(page, lambda: "block/inner/Relu" not in ids(page))
    assert seen.query(page)["shut"] == ["block/inner"]
    page.wait_for_timeout(300)  # the glide
    before = box(page, "block/inner").bounding_box()
    box(page, "block/inner").dblclick()
    seen.until(page, lambda: "block/inner/Relu" in ids(page))
    page.wait_for_timeout(300)
    after = box(page, "block/inner").bounding_box()
    assert abs(after["x"] + after["width"] / 2 - before["x"] - before["width"] / 2) < 2
    assert abs(after["y"] - before["y"]) < 2


def test_a_search_opens_a_large_graph_down_to_what_it_finds_and_a_deep_link_shows_it(visit: Visit, site: Site) -> None:
    page = visited(visit, site, "graph=deep · Run graph")
    few = len(ids(page))
    assert 10 <= few <= 60
    nodes = graphdef.graph(graphmaker.deep(DEEP)).nodes
    name = next(node.name for node in reversed(nodes) if node.op == "Conv2D")
    assert name not in ids(page)
    page.get_by_label("Search (regex)").fill(f"^{name}$")
    page.keyboard.press("Enter")
    seen.until(page, lambda: name in ids(page))
    page.get_by_text("1 of 1 found").wait_for()
    page.wait_for_timeout(300)  # the glide
    around, found = page.locator(".graph").bounding_box(), box(page, name).bounding_box()
    assert around["y"] < found["y"] < around["y"] + around["height"] - found["height"]
    again = visited(visit, site, f"graph=deep · Run graph&node={name}")
    seen.until(again, lambda: name in ids(again))
    again.get_by_text("Conv2D", exact=True).first.wait_for()


def test_the_layers_are_sorted_and_the_first_of_them_leads_to_its_box(visit: Visit, site: Site) -> None:
    page = visit(site, "/graph?graph=deep · Run graph&graph_look=layers", curves=False)
    cells = page.locator('[data-testid="stDataFrame"] canvas').first
    cells.wait_for()
    page.get_by_text("Parameters", exact=True).first.wait_for()
    page.wait_for_timeout(500)
    frame = cells.bounding_box()
    for _descending in range(2):
        page.mouse.click(frame["x"] + 545, frame["y"] + 15)  # the title of the parameters
        page.wait_for_timeout(500)
    page.mouse.click(frame["x"] + 22, frame["y"] + 46)  # the tick of the first row
    seen.until(page, lambda: page.locator(".graph[data-painted]").count() == 1, 20)
    rows = graph_layers.layers(graphdef.graph(graphmaker.deep(DEEP))).rows
    most = max(row.parameters or 0 for row in rows)
    assert seen.query(page)["node"][0] in {row.id for row in rows if row.parameters == most}


def test_two_graphs_are_one_picture_in_which_the_new_node_is_marked(visit: Visit, site: Site) -> None:
    page = visited(visit, site, "graph=b · Run graph&graph_look=compare&graph_other=a · Run graph", dark=True)
    seen.until(page, lambda: "more" in ids(page))
    assert page.locator('[data-testid="stMetric"]').filter(has_text="Added").inner_text().split() == ["Added", "1"]


def test_a_new_graph_appears_by_itself(visit: Visit, serve: Serve, tmp_path: Path) -> None:
    graphmaker.write_log(tmp_path / "a", graphmaker.graph_def([("x", "Placeholder", [], {})]))
    page = visited(visit, serve(tmp_path), "refresh=1 s")
    graphmaker.write_log(tmp_path / "b", graphmaker.graph_def([("y", "Placeholder", [], {})]))
    page.get_by_role("combobox", name="Graph").first.click()
    seen.until(page, lambda: page.get_by_text("b · Run graph").count() > 0, 15)
