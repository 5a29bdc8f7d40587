"""Large things that visitors share: bounded, and gone together with what was made of them."""

import threading

from tbcore.ui.held import Held


def test_what_was_not_asked_for_the_longest_goes_first():
    held = Held(len, most=10)
    held.keep("a", "xxxx")
    held.keep("b", "xxxx")
    assert held("a") == "xxxx"
    held.keep("c", "xxxx")
    assert [held(key) for key in "abc"] == ["xxxx", None, "xxxx"]
    assert [held.gone(key) for key in "abc"] == [0, 1, 0]


def test_the_last_one_is_kept_however_large_it_is():
    held = Held(len, most=3)
    held.keep("a", "xx")
    held.keep("b", "x" * 100)
    assert [held(key) for key in "ab"] == [None, "x" * 100]


def test_no_more_than_a_count_are_kept():
    held = Held(len, most=1000, count=2)
    for key in "abc":
        held.keep(key, key)
    assert len(held) == 2


def test_what_is_made_of_a_thing_is_made_once_and_gone_with_it():
    held = Held(len, most=3)
    calls = []
    held.keep("a", "xx")
    for _ in range(3):
        assert held.made("a", "length", lambda: calls.append(1) or 2) == 2
    assert held.knows("a", "length")
    held.keep("b", "xx")
    assert not held.knows("a", "length")
    assert held.made("a", "length", lambda: calls.append(1) or 2) == 2
    assert len(calls) == 2


def test_what_is_made_may_be_made_of_something_else_that_is_made():
    held = Held(len, most=3)
    held.keep("a", "xx")
    assert held.made("a", "double", lambda: 2 * held.made("a", "length", lambda: 2)) == 4


def test_several_that_want_the_same_at_once_have_it_made_once():
    held = Held(len, most=3)
    held.keep("a", "xx")
    calls, begun = [], threading.Event()

    def make():
        calls.append(1)
        begun.wait(5)
        return object()

    found = []
    threads = [threading.Thread(target=lambda: found.append(held.made("a", "thing", make))) for _ in range(4)]
    for thread in threads:
        thread.start()
    begun.set()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert all(one is found[0] for one in found)
