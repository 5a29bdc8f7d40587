import json
import os
import time
from pathlib import Path

import numpy as np
import pytest

from tbcore.formats import chrome_trace
from tbcore.formats.trace import Trace
from tbcore.store import traces
from tests import tracemaker as tm


def made(key: str = "key", count: int = 500) -> Trace:
    """Return a trace with something of everything."""
    events = [
        tm.named("thread_name", "main \u00e9", 100, 100),
        tm.event("heap", 1, ph="C", args={"used": 5}),
        tm.event("mark", 1, ph="i", s="g"),
        tm.event("launch", 1, 1, "cuda_runtime"),
        tm.event("gemm", 50, 5, "kernel", 0, 7),
        tm.event("ac2g", 1, None, "ac2g", ph="s", id=5),
        tm.event("ac2g", 50, None, "ac2g", 0, 7, ph="f", id=5, bp="e"),
        tm.allocation(5, 100, 700, 2, Addr=64),
        *(
            tm.event(f"\u00e9{place}", place, 1, args={"External id": place, "Input Dims": [[place]]})
            for place in range(count)
        ),
    ]
    group = {"rank": 1, "world_size": 2, "backend": "nccl", "pg_config": [{"pg_name": "0", "ranks": [0, 1]}]}
    return chrome_trace.read(
        [tm.trace(*events, distributedInfo=group, deviceProperties=[{"id": 0, "name": "GPU"}])], key
    )


def never() -> Trace:
    """Fail: the trace is kept and need not be made."""
    raise AssertionError


def test_a_trace_is_opened_as_it_was_made(tmp_path: Path) -> None:
    trace = made()
    traces.open(tmp_path, "key", lambda: trace)
    again = traces.open(tmp_path, "key", never)
    for name in ("start", "duration", "name", "category", "role", "lane", "depth", "parent", "place"):
        assert np.array_equal(getattr(again, name), getattr(trace, name))
        assert getattr(again, name).dtype == getattr(trace, name).dtype
    for name in ("key", "source", "base", "categories", "lanes", "devices", "group", "info", "notes", "crossing"):
        assert getattr(again, name) == getattr(trace, name)
    assert list(again.names) == list(trace.names) == [again.names[place] for place in range(len(again.names))]
    assert [again.arguments(row) for row in range(len(again))] == [trace.arguments(row) for row in range(len(trace))]
    assert {name: (one.rows.tolist(), one.values.tolist(), one.words) for name, one in again.columns.items()} == {
        name: (one.rows.tolist(), one.values.tolist(), one.words) for name, one in trace.columns.items()
    }
    assert (again.flows.source.tolist(), again.flows.target.tolist(), again.flows.words) == (
        trace.flows.source.tolist(), trace.flows.target.tolist(), trace.flows.words,
    )  # fmt: skip
    assert [(one.name, one.process, one.times.tolist(), one.values.tolist()) for one in again.counters] == [
        (one.name, one.process, one.times.tolist(), one.values.tolist()) for one in trace.counters
    ]
    assert (again.memory.address.tolist(), again.instants.times.tolist()) == ([64], trace.instants.times.tolist())


@pytest.mark.parametrize("events", [[], [tm.event("a", 1, 1)]], ids=["none", "without arguments"])
def test_a_trace_of_little_is_kept_too(tmp_path: Path, events: list[dict[str, object]]) -> None:
    little = chrome_trace.read([tm.trace(*events)], "key")
    traces.open(tmp_path, "key", lambda: little)
    again = traces.open(tmp_path, "key", never)
    assert [again.arguments(row) for row in range(len(again))] == [{} for _ in events]


@pytest.mark.parametrize(
    ("file", "data"),
    [
        ("head.json", b"{"), ("head.json", b"[]"), ("head.json", b'{"version": 0}'), ("start.npy", b""), ("start.npy", b"\x93NUMPY"),
        ("names.ends.npy", b"other"), ("column0.rows.npy", None), ("arguments.edges.npy", None),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_made_anew(tmp_path: Path, file: str, data: bytes | None) -> None:
    traces.open(tmp_path, "key", made)
    path = next(tmp_path.iterdir()) / file
    if data is None:
        path.unlink()
    else:
        path.write_bytes(data)
    assert len(traces.open(tmp_path, "key", made)) == 502
    assert len(traces.open(tmp_path, "key", never)) == 502


def test_a_key_that_leads_elsewhere_stays_in_the_folder(tmp_path: Path) -> None:
    inside = tmp_path / "cache"
    traces.open(inside, "../../outside", lambda: made("../../outside"))
    assert [one.name for one in tmp_path.iterdir()] == ["cache"]
    assert len(traces.open(inside, "../../outside", never)) == 502


def test_another_trace_of_the_same_folder_is_not_taken_for_it(tmp_path: Path) -> None:
    traces.open(tmp_path, "a/b", lambda: made("a/b", 1))
    assert len(traces.open(tmp_path, "a.b", lambda: made("a.b", 2))) == 4


def test_where_nothing_can_be_written_the_trace_is_made_each_time(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    assert len(traces.open(file, "key", made)) == 502
    assert len(traces.open(file / "below", "key", made)) == 502


def test_those_not_opened_for_the_longest_time_go_first(tmp_path: Path) -> None:
    for place, key in enumerate("abc"):
        traces.open(tmp_path, key, lambda key=key: made(key))
        os.utime(tmp_path / f"{key}.v{traces.VERSION}", (1_000 + place, 1_000 + place))
    traces.open(tmp_path, "a", never)
    size = sum(file.stat().st_size for file in (tmp_path / f"a.v{traces.VERSION}").iterdir())
    traces.open(tmp_path, "d", lambda: made("d"), room=2 * size + size // 2)
    assert sorted(one.name[0] for one in tmp_path.iterdir()) == ["a", "d"]


def test_what_was_never_finished_and_other_versions_are_removed(tmp_path: Path) -> None:
    for name in ("x.v1.abc.new", "y.v0", "keep", "z.v1.abc.new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "head.json").write_text("{}")
    os.utime(tmp_path / "x.v1.abc.new", (1_000, 1_000))
    traces.open(tmp_path, "key", made)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["keep", f"key.v{traces.VERSION}", "z.v1.abc.new"]


def test_a_large_trace_is_opened_again_at_once(tmp_path: Path) -> None:
    trace = chrome_trace.read(tm.large(50_000), "key")
    traces.open(tmp_path, "key", lambda: trace)
    start = time.perf_counter()
    assert len(traces.open(tmp_path, "key", never)) == len(trace)
    assert time.perf_counter() - start < 1.0
    head = json.loads((tmp_path / f"key.v{traces.VERSION}" / "head.json").read_text())
    assert head["key"] == "key"
