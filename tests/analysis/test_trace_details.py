"""What is known of one event, and of all events in a stretch of time."""

from tbcore.analysis import trace_details, trace_window
from tbcore.analysis.trace_details import Arrow
from tbcore.formats.trace import KERNEL, RUNTIME, SPAN
from tests.traces import trace

ROLES = {"launch": RUNTIME, "kernel": KERNEL, "whole": SPAN}
# rows:      0                  1                   2                     3                  4
EVENTS = [(0, 100, "step", 0), (10, 40, "mm", 0), (20, 5, "launch", 0), (60, 30, "kernel", 1), (70, 20, "mm", 0)]


def test_an_event_knows_what_is_around_it_inside_it_and_like_it() -> None:
    found = trace_details.event(trace(EVENTS, roles=ROLES), 1)
    assert (found.above, found.children, found.own) == ((0,), 1, 35)
    assert (found.like, found.like_total, found.rank, found.longest, found.shortest) == (2, 60, 0, 1, 4)
    assert trace_details.event(trace(EVENTS, roles=ROLES), 2).above == (0, 1)


def test_an_operator_leads_to_what_calls_inside_it_started() -> None:
    of = trace(EVENTS, roles=ROLES, flows=[(2, 3, "launch"), (1, 4, "backward")])
    assert trace_details.event(of, 1).arrows == (Arrow(2, 3, "launch"), Arrow(1, 4, "backward"))
    assert trace_details.event(of, 2).arrows == (Arrow(2, 3, "launch"),)
    assert trace_details.event(of, 3).arrows == (Arrow(2, 3, "launch"),)
    assert trace_details.event(of, 4).arrows == (Arrow(1, 4, "backward"),)


def test_without_flows_launches_are_known_by_their_numbers() -> None:
    of = trace(EVENTS, roles=ROLES, columns={"correlation": {2: 7, 3: 7, 4: 0}})
    assert trace_details.event(of, 2).arrows == (Arrow(2, 3, "launch"),)
    assert trace_details.event(of, 3).arrows == (Arrow(2, 3, "launch"),)
    assert trace_details.event(of, 4).arrows == ()


def test_arrows_that_are_too_many_are_counted() -> None:
    many = [(0, 1_000, "op", 0), *((place, 1, "kernel", 1) for place in range(300))]
    of = trace(many, flows=[(0, row, "launch") for row in range(1, 301)])
    found = trace_details.event(of, 0)
    assert (len(found.arrows), found.more_arrows) == (200, 100)


def test_keys_go_along_a_row_and_up_and_down() -> None:
    of = trace(EVENTS, roles=ROLES)
    ways = ("left", "right", "up", "down")
    assert [trace_details.beside(of, 1, way) for way in ways] == [-1, 4, 0, 2]
    assert [trace_details.beside(of, 4, way) for way in ways] == [1, -1, 0, -1]


def test_a_stretch_tells_the_time_within_it_and_what_names_have_of_their_own() -> None:
    of = trace(EVENTS, roles=ROLES)
    frame = trace_details.stretch(of, trace_window.index(of), 15, 75)
    rows = {
        row["name"]: (row["kind"], row["count"], row["total"], row["own"], row["most"])
        for row in frame.to_dict("records")
    }
    assert rows == {
        "step": ("op", 1, 60, 20, 100),
        "mm": ("op", 2, 40, 35, 40),
        "launch": ("runtime", 1, 5, 5, 5),
        "kernel": ("kernel", 1, 15, 15, 30),
    }
    assert list(frame["name"]) == ["mm", "step", "kernel", "launch"]


def test_a_stretch_of_one_track_leaves_the_others_out() -> None:
    of = trace(EVENTS, roles=ROLES)
    known = trace_window.index(of)
    frame = trace_details.stretch(of, known, 0, 100, known.of_lanes([(1, 1)]))
    assert list(frame["name"]) == ["kernel"]


def test_the_span_of_the_whole_recording_comes_last_though_it_is_the_longest() -> None:
    of = trace([(0, 100, "whole", 1), *EVENTS], roles=ROLES)
    assert list(trace_details.stretch(of, trace_window.index(of), 0, 100)["name"])[-1] == "whole"


def test_a_stretch_without_events_is_an_empty_table() -> None:
    of = trace(EVENTS)
    frame = trace_details.stretch(of, trace_window.index(of), 200, 300)
    assert len(frame) == 0
    assert "own" in frame
