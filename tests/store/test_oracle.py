"""Every fixture against its writers' truth and against what TensorBoard's framing rules leave intact."""

import math
from typing import Any

import numpy as np
import pytest

import tbcore
from tests.fixtures import FIXTURES, needs_fixtures, oracle

pytestmark = needs_fixtures

NAMES = sorted(path.stem for path in (FIXTURES / "oracle").glob("*.json")) if FIXTURES.is_dir() else []
WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def numbers(values: list[Any]) -> list[float]:
    return [WORDS.get(value, value) if isinstance(value, str) else value for value in values]


def assert_same(ours: np.ndarray, theirs: dict[str, Any], what: str) -> None:
    assert len(ours) == theirs["n"], what
    if "values" in theirs:
        np.testing.assert_array_equal(np.asarray(ours, float), np.array(numbers(theirs["values"]), float), what)
    else:
        import hashlib

        data = np.ascontiguousarray(ours, theirs["dtype"]).tobytes()
        assert hashlib.sha256(data).hexdigest() == theirs["sha256"], what


@pytest.fixture(scope="module", params=NAMES)
def fixture(request: pytest.FixtureRequest) -> tuple[str, tbcore.Logdir, dict[str, Any]]:
    logdir = tbcore.Logdir(FIXTURES / "logs" / request.param)
    logdir.refresh()
    return request.param, logdir, oracle(request.param)


RECOVERED = {("edge_bad_length", "len_value", "loss"): 1}  # a record whose length is wrong; the oracle gives it up


def test_every_scalar_point_of_every_intact_record_is_read(fixture: tuple[str, tbcore.Logdir, dict[str, Any]]) -> None:
    name, logdir, expected = fixture
    ours = {(series.run, series.tag): series for series in logdir.find("scalars")}
    checked = 0
    for run, tags in expected["as_written"].items():
        if run not in {key[0] for key in ours} and name == "edge_symlink_loop":
            continue
        for tag, written in tags.items():
            if set(written["kinds"]) - {"simple_value", "tensor:scalars", "tensor:-"} or "values" not in written:
                continue
            if (name, run, tag) in RECOVERED:
                continue
            what = f"{name} {run} {tag}"
            series = ours[run, tag]
            assert_same(series.steps, written["steps"], what)
            assert_same(series.wall_times, written["walls"], what)
            assert_same(series.values, written["values"], what)
            checked += 1
    print(name, checked)
