"""Jobs: done once for all who ask, a few at a time, the last asked for first; stopped, failed and begun anew."""

import threading
import time
import weakref

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tbcore.errors import FormatError, RunlensError
from tbcore.ui.jobs import Queue, _queue

LONG = 10  # seconds no test waits for when all is well


@pytest.fixture(autouse=True)
def _no_jobs():
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


class Gate:
    """A computation that waits until it is let go, and returns its name."""

    def __init__(self, name="a"):
        self.name = name
        self.begun = threading.Event()
        self.go = threading.Event()
        self.times = 0

    def __call__(self, progress):
        self.times += 1
        progress(0.5, "half of it")
        self.begun.set()
        while not self.go.wait(0.01):
            if progress.stopped():
                return "stopped"
        return self.name


def test_a_job_is_done_in_another_thread_and_keeps_what_it_returns():
    job = Queue().job("key", "Counting", lambda progress: threading.current_thread().name)
    assert job.wait(LONG)
    assert (job.done, job.result, job.state) == (True, "runlens-job", "done")


def test_a_job_that_is_done_lets_go_of_what_it_was_computed_from():
    gate = Gate()
    gate.go.set()
    there = weakref.ref(gate)
    job = Queue().job("key", "Waiting", gate)
    assert job.wait(LONG)
    del gate
    deadline = time.monotonic() + LONG
    while there() is not None and time.monotonic() < deadline:
        time.sleep(0.01)  # until the thread, too, has ended
    assert there() is None
    assert job.result == "a"


def test_all_who_ask_with_the_same_key_get_the_same_job():
    queue, gate = Queue(), Gate()
    one, two = (queue.job(("a", 1), "Waiting", gate) for _ in range(2))
    gate.go.set()
    assert one is two
    assert one.wait(LONG)
    assert queue.job(("a", 1), "Waiting", gate).result == "a"
    assert gate.times == 1


def test_a_job_tells_how_far_it_is():
    queue, gate = Queue(), Gate()
    job = queue.job("key", "Waiting", gate)
    assert gate.begun.wait(LONG)
    assert (job.state, job.share, job.words, job.done, job.ended) == ("running", 0.5, "half of it", False, False)
    gate.go.set()
    assert job.wait(LONG)


def test_a_job_that_is_not_done_has_no_result():
    queue, gate = Queue(), Gate()
    job = queue.job("key", "Waiting", gate)
    with pytest.raises(RunlensError, match="Waiting is not done"):
        _ = job.result
    gate.go.set()
    assert job.wait(LONG)


def test_two_run_at_once_and_of_the_others_the_last_asked_for_comes_first():
    queue = Queue(together=2)
    order = []
    first = [Gate("a"), Gate("b")]
    jobs = [queue.job(gate.name, gate.name, gate) for gate in first]
    for gate in first:
        assert gate.begun.wait(LONG)
    jobs += [queue.job(name, name, lambda progress, name=name: order.append(name)) for name in ("c", "d", "e")]
    assert [job.state for job in jobs] == ["running", "running", "waiting", "waiting", "waiting"]
    assert jobs[2].words == "waiting for other computations"
    first[0].go.set()
    for job in jobs[2:]:
        assert job.wait(LONG)
    assert order == ["e", "d", "c"]
    first[1].go.set()
    assert jobs[1].wait(LONG)


def test_a_job_can_be_stopped_while_it_runs_and_begun_anew():
    queue, gate = Queue(), Gate()
    job = queue.job("key", "Waiting", gate)
    assert gate.begun.wait(LONG)
    job.stop()
    assert job.wait(LONG)
    assert (job.state, job.done) == ("stopped", False)
    assert queue.job("key", "Waiting", gate) is job
    gate.go.set()
    job.again()
    assert job.wait(LONG)
    assert (job.result, gate.times) == ("a", 2)


def test_a_job_that_is_stopped_while_it_waits_is_never_begun():
    queue = Queue(together=1)
    gate, never = Gate(), Gate()
    running = queue.job("a", "a", gate)
    assert gate.begun.wait(LONG)
    waiting = queue.job("b", "b", never)
    waiting.stop()
    assert waiting.state == "stopped"
    gate.go.set()
    assert running.wait(LONG)
    assert queue.job("c", "c", lambda progress: 1).wait(LONG)
    assert never.times == 0


def test_what_a_job_raises_is_kept_and_does_not_end_the_thread_of_others():
    queue = Queue(together=1)

    def fail(progress):
        raise FormatError("no such thing")

    job, other = queue.job("a", "a", fail), queue.job("b", "b", lambda progress: 1)
    assert job.wait(LONG)
    assert other.wait(LONG)
    assert (job.state, str(job.error), other.result) == ("failed", "no such thing", 1)


def test_the_jobs_that_ended_and_were_asked_for_least_recently_are_forgotten():
    queue, gate = Queue(kept=3), Gate()
    running = queue.job("running", "Waiting", gate)
    jobs = [queue.job(number, "n", lambda progress, number=number: number) for number in range(3)]
    for job in jobs:
        assert job.wait(LONG)
    assert queue.job(1, "n", lambda progress: None) is jobs[1]
    assert queue.job("new", "n", lambda progress: 1).wait(LONG)
    assert queue.job("newer", "n", lambda progress: 1).wait(LONG)
    assert queue.job("running", "Waiting", gate) is running
    assert len(queue) == 3
    gate.go.set()
    assert running.wait(LONG)


def test_a_share_stays_between_nothing_and_all():
    job = Queue().job("key", "Counting", lambda progress: progress(7.0))
    assert job.wait(LONG)
    assert job.share == 1.0


# On a page -----------------------------------------------------------------------------------------------------------


def quick_page():
    import streamlit as st

    from tbcore.ui import jobs

    found = jobs.job("quick", "Adding", lambda progress: 1 + 1)
    jobs.progress(found)
    if found.done:
        st.markdown(f"result {found.result}")


def slow_page(event):
    import streamlit as st

    from tbcore.ui import jobs

    def work(progress):
        progress(0.25, "tree 1 of 4 *of [all]*")
        event.wait(10)
        return "all"

    found = jobs.job("slow", "Planting", work)
    jobs.progress(found)
    st.markdown(f"result {found.result}" if found.done else "later")


def wrong_page():
    from tbcore.errors import FormatError
    from tbcore.ui import jobs

    def work(progress):
        raise FormatError("byte 7 is *odd*")

    jobs.progress(jobs.job("wrong", "Reading", work))


def broken_page():
    from tbcore.ui import jobs

    jobs.progress(jobs.job("broken", "Dividing", lambda progress: 1 / 0))


def test_a_quick_job_draws_nothing_but_its_result():
    at = AppTest.from_function(quick_page).run()
    assert [one.value for one in at.markdown] == ["result 2"]
    assert not at.button


def test_a_slow_job_shows_how_far_it_is_and_can_be_stopped():
    event = threading.Event()
    at = AppTest.from_function(slow_page, args=(event,)).run()
    (bar,) = at.get("progress")
    assert (bar.proto.value, bar.proto.text) == (25, "Planting: tree 1 of 4 \\*of \\[all\\]\\*")
    assert [one.value for one in at.markdown] == ["later"]
    at.button[0].click().run()
    event.set()
    assert _queue().job("slow", "", id).wait(LONG)
    at.run()
    assert at.caption[0].value == "Planting was stopped."
    at.button[0].click().run()
    at.run()
    assert [one.value for one in at.markdown] == ["result all"]


def test_an_error_of_ours_is_shown_literally():
    at = AppTest.from_function(wrong_page).run()
    assert at.error[0].value == "Reading: byte 7 is \\*odd\\*"
    assert not at.exception


def test_any_other_error_is_raised_on_the_page():
    at = AppTest.from_function(broken_page).run()
    assert at.exception[0].message == "division by zero"


def test_all_visitors_share_the_jobs():
    AppTest.from_function(quick_page).run()
    AppTest.from_function(quick_page).run()
    assert len(_queue()) == 1


def test_a_job_is_known_from_when_it_is_asked_for() -> None:
    queue = Queue()
    assert not queue.known("a")
    queue.job("a", "A", lambda _progress: 1).wait(5)
    assert queue.known("a")
    assert not queue.known("b")
