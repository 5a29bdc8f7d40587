"""Logs of real writers beside the repository, with TensorBoard's own answers; tests that need them skip without."""

import json
from pathlib import Path
from typing import Any

import pytest

FIXTURES = Path(__file__).resolve().parents[2] / "shared" / "fixtures"
SAMPLES = FIXTURES.parent / "profile_samples"

needs_fixtures = pytest.mark.skipif(
    not (FIXTURES / "logs").is_dir(), reason="the logs of real writers do not lie beside the repository"
)


_NO_SAMPLES = "the recordings of real profilers do not lie beside the repository"
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason=_NO_SAMPLES)


def samples(name: str) -> Path:
    """Return a file or folder of recordings of real profilers; the test is skipped where they do not lie beside the repository."""
    if not SAMPLES.is_dir():
        pytest.skip(_NO_SAMPLES)
    return SAMPLES / name


def log(name: str) -> Path:
    """Return the logdir of a fixture."""
    return FIXTURES / "logs" / name


def oracle(name: str) -> dict[str, Any]:
    """Return what the fixture's writer was handed and what TensorBoard reads from it."""
    with (FIXTURES / "oracle" / f"{name}.json").open(encoding="utf-8") as file:
        answer: dict[str, Any] = json.load(file)
    return answer
