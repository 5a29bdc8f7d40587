"""The kernel on any bytes: with bounds checked, no access lies outside an array and every scan ends."""

import os
import subprocess
import sys

import pytest


@pytest.mark.timeout(240)
def test_no_bytes_lead_the_kernel_outside_its_arrays_or_away_from_what_protobuf_reads(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    environment = os.environ | {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path_factory.mktemp("cache"))}
    command = [sys.executable, "-m", "tests.formats.fuzz", "12", "20000"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=220, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    assert run.stdout.startswith("checked: {'noise': ")
