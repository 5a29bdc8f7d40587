"""What is done to the points of an embedding, one thing after the other."""

from tbcore.ui.projector import Chosen, shareable


def test_everything_is_shown_at_first() -> None:
    assert Chosen().shown(3).tolist() == [True, True, True]
    assert not Chosen().narrowed


def test_only_what_is_selected_is_isolated_and_no_longer_selected() -> None:
    now = Chosen(selected="r1-2", picked=1).isolated()
    assert now.shown(4).tolist() == [False, True, True, False]
    assert (now.selected, now.picked) == ("", 1)


def test_what_is_excluded_stays_away_also_from_what_is_isolated() -> None:
    now = Chosen(selected="r0-2").isolated()
    now = Chosen(selected="r1", only=now.only, picked=1).excluded()
    assert now.shown(4).tolist() == [True, False, True, False]
    assert now.picked == -1
    assert now.whole().shown(4).all()


def test_rows_that_are_not_there_and_words_that_name_none_hide_nothing() -> None:
    assert Chosen(without=("r7", "b!!", "x")).shown(3).all()


def test_a_camera_belongs_to_the_projection_it_looks_at() -> None:
    now = Chosen().looked("pca-2-pc1-pc2", [0.123456, 1, 2])
    assert now.camera_at("pca-2-pc1-pc2") == [0.1235, 1, 2]
    assert now.camera_at("tsne-2-tsne_1-tsne_2") is None


def test_categories_stand_out_in_the_colouring_they_are_of() -> None:
    now = Chosen().lighted("c:digit", {"lit": [3], "only": []})
    assert now.legend_of("c:digit") == {"lit": [3], "only": []}
    assert now.legend_of("c:other") == {"lit": [], "only": []}


def test_an_address_holds_what_is_chosen_as_far_as_it_is_short() -> None:
    assert shareable(Chosen(selected="r1-2", without=("r7", "r9")))
    assert not shareable(Chosen(selected="b" + "x" * 2_000))
    assert not shareable(Chosen(without=("b" + "x" * 800, "b" + "x" * 800)))
