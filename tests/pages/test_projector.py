"""The Projector page as the server makes it: which points are where, what is known of them, and what it says of bad ones."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from streamlit.testing.v1 import AppTest

from tbcore.formats.tfrecord import EventWriter
from tbcore.ui.components.cloud import rows_of
from tests import projectormaker
from tests.pages.visitor import press, texts, told, visited

NAMES = ["cat", "dog", "eel"]
COUNT = 60  # points


def points(moved: float = 0.0) -> NDArray[np.float32]:
    """Return three heaps of points [60, 5]; moved: how far the first heap has gone."""
    rng = np.random.default_rng(0)
    middles = np.eye(3, 5) * 6
    middles[0, 4] += moved
    return (middles[np.arange(COUNT) % 3] + rng.normal(0, 0.5, (COUNT, 5))).astype(np.float32)


def rows() -> list[list[str]]:
    """Return the metadata: what each point is, and a number."""
    return [[NAMES[row % 3], f"{NAMES[row % 3]} {row}", f"{row / 10}"] for row in range(COUNT)]


@pytest.fixture
def logdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run with the same points at two steps, labelled and pictured, and with scalars."""
    pictures = np.arange(COUNT, dtype=np.uint8)[:, None, None] * np.full((1, 4, 4), 4, np.uint8)
    for step, moved in ((10, 0.0), (20, 3.0)):
        projectormaker.write(
            tmp_path / "run", points(moved), rows(), header=["kind", "name", "size"], sprite=pictures, step=step,
            name="pets",
        )  # fmt: skip
    with EventWriter(tmp_path / "run", clock=lambda: 1.0) as writer:
        writer.scalar("loss", 1.0, 0)
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    return tmp_path


def opened(**parameters: str | list[str]) -> AppTest:
    """Go to the page as a visitor who comes with query parameters."""
    return visited("projector", **parameters)


def views(app: AppTest) -> list[dict[str, Any]]:
    """Return what the page tells the pictures."""
    return [
        json.loads(one.proto.mixed.json or one.proto.json)["view"]
        for one in app.get("bidi_component")
        if one.proto.component_name == "cloud"
    ]


def view(app: AppTest) -> dict[str, Any]:
    (only,) = views(app)
    return only


def table(app: AppTest) -> pa.Table:
    """Return the points that the page sends."""
    (made,) = [one.proto for one in app.get("bidi_component") if one.proto.component_name == "cloud_rows"]
    found = [pa.ipc.open_stream(blob.data).read_all() for blob in made.mixed.arrow_blobs.values()]
    return next(one for one in found if "x" in one.column_names)


def finished(app: AppTest) -> AppTest:
    """Return the page once nothing is being computed any more."""
    for _ in range(100):
        if not any(one.label == "Stop" for one in app.button):
            return app
        app.run()
    raise AssertionError("still computing")


def test_the_last_step_opens_as_principal_components(logdir: Path) -> None:
    app = opened()
    assert view(app)["count"] == COUNT
    assert view(app)["title"] == "run · pets · step 20"
    assert [words.partition(" (")[0] for words in view(app)["axes"]] == ["PC 1", "PC 2"]
    assert "explain" in texts(app)
    assert app.query_params.get("emb_step") is None
    assert ">Dimensions<" in told(app)


def test_the_principal_components_are_those_of_the_values(logdir: Path) -> None:
    app = opened(emb_step="10", emb_x="2", emb_y="1")
    values = points().astype(float)
    centred = values - values.mean(0)
    expected = np.linalg.svd(centred, full_matrices=False)[2][:2] @ centred.T
    sent = table(app)
    for name, row in (("x", 1), ("y", 0)):
        found = sent[name].to_numpy()
        assert np.allclose(found, expected[row], atol=1e-4) or np.allclose(found, -expected[row], atol=1e-4)


def test_the_slider_goes_to_another_step_and_the_address_tells_it(logdir: Path) -> None:
    app = opened()
    app.select_slider(key="emb_step").set_value("10").run()
    assert view(app)["title"] == "run · pets · step 10"
    assert app.query_params["emb_step"] == "10"


def test_points_are_coloured_by_categories_at_first_and_by_any_column(logdir: Path) -> None:
    app = opened()
    assert [one["label"] for one in view(app)["legend"]["entries"]] == NAMES
    app.selectbox(key="emb_color").set_value("c:size").run()
    assert view(app)["legend"]["low"] == "0"
    assert app.query_params["emb_color"] == "c:size"


def test_labels_that_are_all_different_give_no_colours_at_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    projectormaker.write(tmp_path / "run", points(), [f"w{row}" for row in range(COUNT)], name="words")
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    app = opened()
    assert app.selectbox(key="emb_color").value == ""
    assert app.selectbox(key="emb_label").value == "label"


def test_a_point_of_the_address_is_told_with_its_picture_and_its_neighbours(logdir: Path) -> None:
    app = opened(point="4", emb_k="3", emb_metric="euclidean", emb_step="10")
    values = points().astype(float)
    distances = np.linalg.norm(values - values[4], axis=1)
    expected = np.argsort(distances)[1:4].tolist()
    assert view(app)["picked"] == 4
    assert view(app)["neighbors"] == expected
    assert ">dog 4<" in told(app)
    (listed,) = app.dataframe
    assert listed.value["row"].tolist() == expected
    assert listed.value["picture"].str.startswith("data:image/png;base64,").all()
    assert app.query_params["point"] == "4"


def test_a_search_finds_points_which_can_be_selected_and_isolated(logdir: Path) -> None:
    app = opened()
    app.text_input(key="emb_find").set_value("^dog").run()
    assert "20 found" in texts(app)
    press(app, "Select them")
    assert rows_of(view(app)["selected"], COUNT).tolist() == list(range(1, COUNT, 3))
    assert "20 points are selected" in texts(app)
    press(app, "Isolate")
    assert view(app)["hidden"] != ""
    assert "40 of 60 points are hidden" in texts(app)
    assert rows_of(app.query_params["isolated"], COUNT).tolist() == list(range(1, COUNT, 3))
    press(app, "Show all")
    assert view(app)["hidden"] == ""


def test_a_selection_of_dates_tells_when(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = [[f"2026-11-{row + 1:02d}", f"{row}"] for row in range(20)]
    projectormaker.write(tmp_path / "run", points()[:20], cells, header=["day", "n"], name="dated")
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    assert "**day**: median 2026\\-11\\-02" in texts(opened(points="r0-2"))


def test_a_wrong_pattern_says_so(logdir: Path) -> None:
    assert "is not a regular expression" in texts(opened(emb_find="("))


def test_a_selection_tells_what_it_is_made_of(logdir: Path) -> None:
    app = opened(points="r0,3,6,9,12")
    assert "5 points are selected" in texts(app)
    assert "cat" in texts(app)


def test_what_is_excluded_is_hidden_and_may_be_left_out_of_the_projection(logdir: Path) -> None:
    app = opened(points="r0-29")
    press(app, "Exclude")
    assert "30 of 60 points are hidden" in texts(app)
    app.toggle(key="emb_alone").set_value(True).run()
    assert np.isnan(table(app)["x"].to_numpy()[:30]).all()
    assert np.isfinite(table(app)["x"].to_numpy()[30:]).all()


def test_three_dimensions_have_three_components(logdir: Path) -> None:
    app = opened(emb_dims="3")
    assert view(app)["dims"] == 3
    assert {"x", "y", "z"} <= set(table(app).column_names)


def test_t_sne_is_computed_when_it_is_asked_for(logdir: Path) -> None:
    app = opened(emb_by="tsne", emb_iterations="250", emb_perplexity="10", emb_seed="3")
    assert view(app)["axes"][0].startswith("PC 1")
    finished(press(app, f"Compute t-SNE of {COUNT} points"))
    assert view(app)["axes"] == []
    xy = np.column_stack([table(app)["x"].to_numpy(), table(app)["y"].to_numpy()])
    middles = np.array([xy[row::3].mean(0) for row in range(3)])
    assert all(np.linalg.norm(point - middles, axis=1).argmin() == row % 3 for row, point in enumerate(xy))
    assert app.number_input(key="emb_seed").value == 3


def test_custom_axes_go_from_label_to_label(logdir: Path) -> None:
    app = opened(emb_by="custom", emb_left="^cat$", emb_right="^dog$")
    finished(app)
    x = table(app)["x"].to_numpy()
    assert x[1::3].mean() > x[0::3].mean() + 1
    assert view(app)["axes"][0] == "^cat$ → ^dog$"
    assert "No label is found for left" in texts(opened(emb_by="custom", emb_left="^horse$", emb_right="^dog$"))


def test_lda_keeps_labels_apart(logdir: Path) -> None:
    app = finished(opened(emb_by="lda"))
    x, y = table(app)["x"].to_numpy(), table(app)["y"].to_numpy()
    assert [words[:7] for words in view(app)["axes"]] == ["LDA 1 (", "LDA 2 ("]
    middles = np.array([[x[row::3].mean(), y[row::3].mean()] for row in range(3)])
    assert np.linalg.norm(middles[0] - middles[1]) > 3 * x[0::3].std()


def test_umap_is_offered_with_the_line_that_installs_it(logdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tbcore.analysis.projections.umap_available", lambda: False)
    app = opened(emb_by="umap")
    assert any("umap-learn" in block.value for block in app.code)
    assert view(app)["count"] == COUNT


def test_quality_is_measured_on_a_press(logdir: Path) -> None:
    app = opened(emb_look="quality")
    assert not app.metric
    finished(press(app, "Measure"))
    found = {one.label: one.value for one in app.metric}
    assert float(found["Trustworthiness"]) > 0.8
    assert float(found["Neighbourhood hit"]) > 0.9
    assert all(f">{name}</th>" in told(app) for name in NAMES)
    (hits, _outliers) = app.dataframe
    assert sorted(hits.value["label"]) == NAMES


def test_of_very_many_labels_the_most_frequent_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).normal(size=(300, 4))
    projectormaker.write(tmp_path / "run", values, [f"label {row // 2}" for row in range(300)], name="many")
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    app = finished(press(opened(emb_look="quality"), "Measure"))
    assert "most frequent labels" in texts(app)
    assert "with other labels" not in texts(app)


def test_clusters_are_found_named_and_coloured(logdir: Path) -> None:
    app = opened(emb_look="clusters", emb_cluster_by="kmeans", emb_cluster_k="3")
    finished(press(app, f"Find clusters among {COUNT} points"))
    assert [one["label"] for one in view(app)["legend"]["entries"]] == ["cluster 1", "cluster 2", "cluster 3"]
    names = " ".join(app.dataframe[0].value["name"])
    assert all(name in names for name in NAMES)


def test_two_steps_lie_over_each_other_and_tell_what_moved_most(logdir: Path) -> None:
    app = opened(emb_look="compare", emb_other_step="10", points="r0,3")
    left, right = views(app)
    assert (left["title"], right["title"]) == ("step 10", "step 20")
    assert left["selected"] == right["selected"] == "r0,3"
    assert left["group"] == right["group"] != ""
    finished(press(app, "Find what moved most"))
    assert "nearest neighbours" in texts(app)


def test_another_run_is_compared_at_the_same_step(logdir: Path) -> None:
    for step in (10, 20, 30):
        projectormaker.write(
            logdir / "other", points(1), rows(), header=["kind", "name", "size"], step=step, name="pets"
        )
    app = opened(emb="run · pets", emb_look="compare", emb_other="other · pets")
    assert [one["title"] for one in views(app)] == ["other · step 20", "run · step 20"]


def test_two_that_cannot_be_matched_are_not_compared_and_say_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    projectormaker.write(tmp_path / "a", points()[:7], name="few")
    projectormaker.write(tmp_path / "b", points(), name="all")
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    app = opened(emb_look="compare")
    assert "They cannot be compared: nothing says which rows belong together" in texts(app)
    assert views(app) == []


def test_a_tensor_of_the_logs_becomes_points_on_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with EventWriter(tmp_path / "run", clock=lambda: 1.0) as writer:
        for step in (0, 5):
            writer.tensor("weights", points(step), step, "mine")
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    app = opened()
    assert "No embeddings in these logs" in [one.value for one in app.subheader]
    app.selectbox(key="emb_tensor").set_value("run · weights").run()
    assert view(app)["title"] == "run · weights (tensor) · step 5"
    assert view(app)["count"] == COUNT


def test_points_are_brought_along_with_their_labels(logdir: Path) -> None:
    app = opened()
    file = io.BytesIO()
    np.save(file, points()[:7])
    app.file_uploader(key="emb_upload").upload("mine.npy", file.getvalue(), "application/octet-stream").run()
    assert view(app)["count"] == 7
    assert view(app)["title"].startswith("mine")
    labels = b"kind,name\n" + b"".join(f"{NAMES[row % 3]},n{row}\n".encode() for row in range(7))
    app.file_uploader(key="emb_upload_labels").upload("labels.csv", labels, "text/csv").run()
    assert [one["label"] for one in view(app)["legend"]["entries"]] == NAMES


def test_a_view_is_kept_as_a_bookmark_and_shown_again(logdir: Path) -> None:
    app = opened(emb_x="3", points="r0-4", emb_sphere="true")
    app.text_input(key="emb_bookmark").set_value("mine").run()
    press(app, "Keep this view")
    app.selectbox(key="emb_x").set_value("1").run()
    app.toggle(key="emb_sphere").set_value(False).run()
    press(app, "Clear")
    press(app, "mine")
    assert app.query_params["emb_x"] == "3"
    assert app.toggle(key="emb_sphere").value
    assert view(app)["selected"] == "r0-4"


def test_places_that_a_bookmark_kept_are_not_those_of_another_step(logdir: Path) -> None:
    app = finished(opened(emb_by="lda"))
    app.text_input(key="emb_bookmark").set_value("mine").run()
    press(app, "Keep this view")
    press(app, "mine")
    assert app.selectbox(key="emb_by").value == "kept"
    app.segmented_control(key="emb_look").set_value("compare").run()
    assert app.selectbox(key="emb_by").value == "pca"


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (
            lambda run: projectormaker.config(run, {"tensor_name": "a", "tensor_path": "../../../etc/passwd"}),
            "etc/passwd",
        ),
        (lambda run: projectormaker.config(run, {"tensor_name": "a", "tensor_path": "/etc/passwd"}), "etc/passwd"),
        (lambda run: projectormaker.config(run, {"tensor_name": "a", "tensor_path": "gone.tsv"}), "gone.tsv"),
    ],
)
def test_a_path_that_leads_nowhere_good_is_named_and_the_page_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Any, says: str
) -> None:
    write(tmp_path / "run")
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    app = opened()
    assert says in texts(app).replace("\\", "")
    assert views(app) == []


def test_rows_that_are_not_finite_are_said_and_the_rest_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = points()
    values[3, 1] = np.nan
    projectormaker.write(tmp_path / "run", values, [row[0] for row in rows()], name="pets")
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    app = opened()
    assert "1 row holds NaN" in texts(app)
    assert np.isnan(table(app)["x"].to_numpy()).sum() == 1
    for look in ("projection", "quality", "clusters"):
        assert "1 row holds NaN" in texts(opened(emb_look=look, point="1"))


def test_of_an_embedding_without_a_finite_row_nothing_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    projectormaker.write(tmp_path / "run", np.full((5, 3), np.nan), [row[0] for row in rows()][:5], name="broken")
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    assert np.isnan(table(opened())["x"].to_numpy()).all()
    for look in ("quality", "clusters", "compare"):
        assert not opened(emb_look=look, point="0").exception


def test_one_point_of_one_dimension_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for step in (0, 1):
        projectormaker.write(tmp_path / "run", np.ones((1, 1), np.float32), name="lonely", step=step)
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    for look in ("projection", "quality", "clusters", "compare"):
        assert not opened(emb_look=look, point="0").exception


def test_strange_labels_are_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = '<img src=x onerror="alert(1)"> $x^2$ :red[x] ' + "long " * 200
    projectormaker.write(tmp_path / "run", points(), [hostile] * COUNT, name="odd")
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    app = opened(point="0")
    assert "<img" not in told(app)
    assert "\\<img" in texts(app)


def test_columns_of_the_same_name_or_of_none_do_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    header = ["a", "a", "", ":row", "__next__"]
    cells = [["x", "y", "z", "1", str((row + 1) % COUNT)] for row in range(COUNT)]
    projectormaker.write(tmp_path / "run", points(), cells, header=header, name="odd")
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    app = opened(point="1", points="r0-3", emb_find="x", emb_find_in="a")
    assert view(app)["count"] == COUNT
    assert table(app)["next"].to_pylist() == [(row + 1) % COUNT for row in range(COUNT)]


def test_a_tag_filter_that_leaves_nothing_says_so(logdir: Path) -> None:
    assert "No embedding to show" in texts(opened(tags="nothing like this"))


def test_an_address_full_of_nonsense_shows_the_page(logdir: Path) -> None:
    odd = {
        "point": "9" * 30,
        "points": "b%%%",
        "isolated": "rx",
        "excluded": ["", "r1-"],
        "emb_camera": "@@",
        "emb_lit": "@!",
        "emb_dots": "x",
    }
    app = opened(**odd, emb="nobody", emb_step="-1", emb_by="?", emb_color="c:?", emb_k="-5", emb_look="?")
    assert view(app)["count"] == COUNT
