"""Bookmarks are read and written as TensorBoard's projector has them."""

import json

import numpy as np
import pytest

from tbcore.analysis import embedding_bookmarks
from tbcore.analysis.embedding_bookmarks import View
from tbcore.errors import FormatError

# As TensorBoard's projector saves a state, shortened.
TENSORBOARD = [
    {
        "label": "my view",
        "isSelected": True,
        "tSNEIteration": 412,
        "tSNEPerplexity": 8,
        "tSNELearningRate": 10,
        "tSNEis3d": False,
        "umapIs3d": True,
        "pcaComponentDimensions": [0, 1],
        "projections": [{"tsne-0": 0.5, "tsne-1": -1}, {"tsne-0": 2, "tsne-1": 3}],
        "selectedProjection": "tsne",
        "dataSetDimensions": [3, 4],
        "filteredPoints": [0, 2],
        "selectedPoints": [2, 99],
        "selectedColorOptionName": "digit",
        "selectedLabelOption": "name",
        "cameraDef": {"orthographic": True, "position": {"x": 0, "y": 0, "z": 10}, "target": {"x": 0, "y": 0, "z": 0}},
    }
]


def test_a_state_of_tensorboard_says_projection_colours_rows_and_places() -> None:
    (found,) = embedding_bookmarks.read(json.dumps(TENSORBOARD).encode(), 3)
    assert (found.title, found.how, found.dims, found.color, found.label) == ("my view", "tsne", 2, "digit", "name")
    assert found.selected.tolist() == [2]
    assert found.shown is not None
    assert found.shown.tolist() == [0, 2]
    whole = embedding_bookmarks.scattered(found, 3)
    assert whole is not None
    assert whole[[0, 2]].tolist() == [[0.5, -1], [2, 3]]
    assert np.isnan(whole[1]).all()


def test_places_are_of_the_points_in_the_order_in_which_they_were_filtered() -> None:
    state = TENSORBOARD[0] | {"filteredPoints": [2, 0]}
    (found,) = embedding_bookmarks.read(json.dumps([state]).encode(), 3)
    whole = embedding_bookmarks.scattered(found, 3)
    assert whole is not None
    assert whole[[2, 0]].tolist() == [[0.5, -1], [2, 3]]


def test_places_of_points_that_are_not_there_are_not_given_to_others() -> None:
    state = TENSORBOARD[0] | {"filteredPoints": [0, 0, 2], "projections": [{"tsne-0": 1, "tsne-1": 1}] * 2}
    (found,) = embedding_bookmarks.read(json.dumps([state]).encode(), 3)
    assert found.points is None


def test_a_sphere_and_a_projection_of_what_is_shown_are_kept() -> None:
    view = View("a", "pca", 2, (0, 1), shown=np.array([1]), sphere=True, alone=True)
    (again,) = embedding_bookmarks.read(embedding_bookmarks.write([view]), 2)
    assert (again.sphere, again.alone) == (True, True)


def test_what_is_written_is_read_again_the_same() -> None:
    points = np.array([[0.25, 1, 2], [3, 4, 5]], np.float32)
    view = View("a", "pca", 3, (1, 0, 2), "c", "l", np.array([1]), None, points, (2, 7))
    (state,) = json.loads(embedding_bookmarks.write([view]))
    assert state["selectedProjection"] == "pca"
    assert state["pcaComponentDimensions"] == [1, 0, 2]
    assert state["projections"][1] == {"pca-0": 3, "pca-1": 4, "pca-2": 5}
    assert state["dataSetDimensions"] == [2, 7]
    (again,) = embedding_bookmarks.read(embedding_bookmarks.write([view]), 2)
    assert (again.title, again.how, again.dims, again.components) == ("a", "pca", 3, (1, 0, 2))
    assert again.points is not None
    assert again.points.tolist() == points.tolist()


def test_a_projection_that_tensorboard_has_not_is_custom_there_and_itself_here() -> None:
    view = View("a", "lda", 2, points=np.zeros((2, 2), np.float32), selected=np.array([0]))
    (state,) = json.loads(embedding_bookmarks.write([view]))
    assert state["selectedProjection"] == "custom"
    assert embedding_bookmarks.read(json.dumps([state]).encode(), 2)[0].how == "lda"


def test_the_last_one_is_the_one_that_tensorboard_opens() -> None:
    some = [View(title, "pca", 2) for title in "ab"]
    assert [one["isSelected"] for one in json.loads(embedding_bookmarks.write(some))] == [False, True]


@pytest.mark.parametrize("odd", [[{"projections": "x", "selectedPoints": [None], "filteredPoints": {}}], [{}]])
def test_odd_states_say_nothing(odd: list[dict[str, object]]) -> None:
    (found,) = embedding_bookmarks.read(json.dumps(odd).encode(), 3)
    assert found.points is None
    assert found.shown is None
    assert len(found.selected) == 0


@pytest.mark.parametrize("data", [b"not json", b'"text"', b"[1, 2]"])
def test_what_is_no_list_of_states_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        embedding_bookmarks.read(data, 3)
