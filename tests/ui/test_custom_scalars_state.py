"""A layout in the address: what is put into it comes back, and what anyone else writes there does no harm."""

import base64
import json
import zlib

import pytest

from tbcore.ui.custom_scalars import SHORT, spelled, unspelled


@pytest.mark.parametrize("words", ["", "{}", "Löss 😀 \n" * 1000])
def test_a_layout_comes_back_from_the_address(words: str) -> None:
    assert unspelled(spelled(words)) == words
    assert spelled(words).isascii()


def test_a_usual_layout_has_room_in_the_address() -> None:
    charts = [{"title": f"Chart {n}", "multiline": {"tag": [f"(train|eval)/metric_{n}$"]}} for n in range(100)]
    assert len(spelled(json.dumps({"version": 0, "category": [{"title": "All", "chart": charts}]}))) < SHORT


@pytest.mark.parametrize(
    "text", ["?", "abc", "é", "e" * 5000, base64.urlsafe_b64encode(zlib.compress(b"\xff")).decode()]
)
def test_what_cannot_be_read_is_nothing(text: str) -> None:
    assert unspelled(text) == ""


def test_a_little_that_unpacks_to_very_much_is_cut_short() -> None:
    bomb = base64.urlsafe_b64encode(zlib.compress(b"0" * 100_000_000, 9)).decode()
    assert len(unspelled(bomb)) <= 1 << 20
