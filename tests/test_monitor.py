"""A command that is watched: it runs as it would alone, and its run holds what the machine did."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tbcore import Logdir, monitor
from tbcore.errors import LogdirError
from tbcore.formats.schema import Event, parse
from tbcore.formats.tfrecord import EventWriter, records
from tbcore.store.devices import Machine
from tests.nvml import Library

SLEEP = [sys.executable, "-c", "import time; time.sleep(0.5)"]


def told(folder):
    """Return the points (step, value) of scalars by tag, and the texts by tag."""
    numbers, texts = {}, {}
    for path in sorted(folder.glob("events.*")):
        for event in (parse(Event, data) for data in records(path.read_bytes())):
            for value in event.summary.value:
                if value.HasField("tensor"):
                    texts[value.tag] = value.tensor.string_val[0].decode()
                else:
                    numbers.setdefault(value.tag, []).append((event.step, value.simple_value))
    return numbers, texts


def run(folder, command, **how):
    """Run a command with readings every tenth of a second on a machine with a GPU that is made up."""
    return monitor.monitor(folder, command, every=0.1, machine=Machine(Library()), **how)


def test_tags_name_the_unit():
    assert [monitor.tag(key) for key in ("cpu", "memory", "memory_percent", "disk_read", "gpu0/power", "gpu0/sm_clock",
                                         "gpu1/temperature", "command/cpu", "command/memory")] == [
        "system/cpu_percent", "system/memory_bytes", "system/memory_percent", "system/disk_read_bytes_per_second",
        "system/gpu0/power_watts", "system/gpu0/sm_clock_mhz", "system/gpu1/temperature_celsius",
        "system/command/cpu_percent", "system/command/memory_bytes",
    ]  # fmt: skip
    assert monitor.scalars({"gpu0/sm_clock": 1.755e9}) == {"system/gpu0/sm_clock_mhz": 1755.0}


@pytest.mark.parametrize("code", [0, 7, 255])
def test_the_exit_code_is_the_commands(tmp_path, code):
    assert run(tmp_path, [sys.executable, "-c", f"raise SystemExit({code})"]) == code
    assert f"exit code {code} " in told(tmp_path)[1]["system/result"]


def test_readings_stand_at_steps_that_grow(tmp_path):
    assert run(tmp_path, SLEEP) == 0
    numbers, _texts = told(tmp_path)
    steps = [step for step, _value in numbers["system/memory_bytes"]]
    assert steps == list(range(len(steps)))
    assert len(steps) >= 3
    assert {value for _step, value in numbers["system/gpu0/power_watts"]} == {412.5}
    assert max(value for _step, value in numbers["system/command/memory_bytes"]) > 1 << 20


def test_the_command_line_and_the_machine_are_told_and_nothing_of_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    run(tmp_path, [sys.executable, "-c", "pass", "a | b", "<i>"])
    text = told(tmp_path)[1]["system/about"]
    assert text.startswith(f"    {sys.executable} -c pass 'a | b' '<i>'\n\n| | |\n|---|---|\n")
    assert "| GPUs | Made-up GPU |" in text
    assert "hunter2" not in text


def test_the_state_of_the_repository_is_told(tmp_path):
    def git(*arguments):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path), *arguments], check=True, capture_output=True)  # fmt: skip

    git("init", "-q", "-b", "trunk")
    (tmp_path / "train.py").write_text("a\n")
    git("add", ".")
    git("commit", "-q", "-m", "Begin | here")
    machine = Machine(Library())
    clean = monitor.about(machine, (), str(tmp_path))
    assert "Begin \\| here |" in clean
    assert "| Branch | trunk |" in clean
    assert "Not committed" not in clean
    (tmp_path / "train.py").write_text("b\nc\n")
    changed = monitor.about(machine, (), str(tmp_path))
    assert "Not committed:\n\n     M train.py" in changed
    assert "1 file changed, 2 insertions(+), 1 deletion(-)" in changed


def test_without_a_repository_nothing_is_said_of_one(tmp_path):
    assert "Commit" not in monitor.about(Machine(Library()), (), str(tmp_path))


def test_a_command_that_is_not_there_is_told(tmp_path):
    words = []
    assert run(tmp_path, ["no_such_program"], complain=words.append) == 127
    assert words == ["no_such_program cannot be run: No such file or directory"]


def test_a_folder_that_cannot_be_written_is_told_before_anything_runs(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(LogdirError, match=r"file/run cannot be written"):
        run(tmp_path / "file" / "run", [sys.executable, "-c", f"open({str(tmp_path / 'ran')!r}, 'w')"])
    assert not (tmp_path / "ran").exists()


def test_the_run_holds_both_what_was_trained_and_what_the_machine_did(tmp_path):
    with EventWriter(tmp_path / "first") as writer:
        for step in range(5):
            writer.scalar("loss", 1.0 / (1 + step), step)
    run(tmp_path / "first", SLEEP)
    logdir = Logdir(str(tmp_path))
    logdir.refresh()
    (found,) = logdir.runs
    assert len(found.series["scalars", "loss"].steps) == 5
    assert not found.series["scalars", "loss"].superseded.any()
    assert found.series["scalars", "system/gpu0/utilization_percent"].values[0] == 83.0


# As a program --------------------------------------------------------------------------------------------------------

WAITS = """
import signal, sys, time
def end(number, frame):
    print("got", number, flush=True)
    sys.exit(5)
signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGINT, end)
print("ready", flush=True)
time.sleep(30)
"""


def started(folder, *command):
    """Start the command line and return its process."""
    return subprocess.Popen(
        [sys.executable, "-m", "tbcore", "monitor", "--logdir", str(folder), "--every", "0.2", *command],
        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
    )  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_go_on_to_the_command_which_ends_as_it_likes(tmp_path, number):
    with started(tmp_path, "--", sys.executable, "-c", WAITS) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.stdout.readline() == f"got {int(number)}\n"
        assert process.wait(20) == 5
    assert "exit code 5 " in told(tmp_path)[1]["system/result"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
def test_a_command_that_was_killed_gives_the_code_a_shell_would(tmp_path):
    assert run(tmp_path, [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]) == 137
    assert "ended by signal 9 " in told(tmp_path)[1]["system/result"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
def test_without_a_command_it_goes_on_until_it_is_interrupted(tmp_path):
    with started(tmp_path) as process:
        end = time.monotonic() + 20
        while not list(tmp_path.glob("events.*")) or len(told(tmp_path)[0].get("system/memory_bytes", ())) < 2:
            assert time.monotonic() < end
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def test_a_wrong_interval_is_told(tmp_path, capsys):
    from tbcore.cli import main

    assert main(["monitor", "--logdir", str(tmp_path / "run"), "--every", "0"]) == 2
    assert "is no number of seconds from 0.1 to 3600" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
