"""Small multiples of a machine: their lines, their scales, and names that are never acted on."""

import re
from base64 import b64decode

from tbcore.charts.machine import Card, Line, cards, spelled


def drawn(html):
    """Return the pictures of cards."""
    return "".join(b64decode(one).decode() for one in re.findall(r"base64,([^\"]*)", html))


def test_values_are_spelled_with_their_units():
    assert [spelled(value, unit) for value, unit in ((83.4, "%"), (0.25, "%"), (0, "%"), (1.755e9, "Hz"), (412.5, "W"), (64, "°C"))] == [
        "83%", "0.2%", "0%", "1,755 MHz", "412 W", "64 °C",
    ]  # fmt: skip


def test_a_line_goes_from_the_left_edge_at_the_start_to_the_right_edge_at_the_end():
    html = cards([Card("GPU", "%", [Line("0", "#123456", [(0.0, 0.0), (4.0, 100.0)])], 100.0)], 0.0, 4.0)
    assert 'd="M0.0 55.0 L260.0 2.0"' in drawn(html)
    assert 'stroke="#123456"' in drawn(html)
    assert "of 100%" in html


def test_where_nothing_was_measured_for_a_while_no_line_is_drawn():
    html = cards([Card("GPU", "%", [Line("0", "#123456", [(0.0, 0.0), (10.0, 0.0)])], 100.0)], 0.0, 10.0)
    assert 'd="M0.0 55.0 M260.0 55.0"' in drawn(html)


def test_points_before_the_start_and_numbers_that_are_not_finite_are_left_out():
    line = Line("0", "#123456", [(-5.0, 9.0), (0.0, float("nan")), (1.0, 1.0)])
    assert 'd="M260.0 2.0"' in drawn(cards([Card("Disk", "B/s", [line])], 0.0, 1.0))


def test_of_many_gpus_the_least_and_the_most_are_told():
    lines = [Line(str(number), "#123456", [(0.0, 10.0 * number)]) for number in range(8)]
    assert "0% – 70%" in cards([Card("GPU", "%", lines, 100.0)], 0.0, 1.0)


def test_an_axis_ends_at_a_round_number():
    html = cards([Card("Power", "W", [Line("0", "#123456", [(0.0, 312.0)])])], 0.0, 1.0)
    assert "up to 500 W" in html


def test_nothing_of_a_title_is_acted_on():
    html = cards([Card("<b>", "%", [], about='"><script>')], 0.0, 1.0)
    assert "<script>" not in html
    assert "<b>" not in html
