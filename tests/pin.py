"""Write requirements.txt and requirements-dev.txt: what pyproject.toml resolves to in a fresh environment."""

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTE = "# Written from pyproject.toml by `make requirements`.\n"


def resolved(wanted: list[str]) -> list[str]:
    """Return the pinned packages that `wanted` and all they need resolve to."""
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run([sys.executable, "-m", "venv", scratch], check=True)
        python = f"{scratch}/bin/python"
        subprocess.run([python, "-m", "pip", "install", "-q", *wanted], check=True)
        listed = subprocess.run(
            [python, "-m", "pip", "freeze", "--exclude", "pip"], check=True, capture_output=True, text=True
        )
    return [line for line in listed.stdout.splitlines() if "==" in line]


if __name__ == "__main__":
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = resolved(project["dependencies"])
    everything = resolved([*needed, *project["optional-dependencies"]["dev"]])
    (ROOT / "requirements.txt").write_text(NOTE + "\n".join(needed) + "\n")
    more = [line for line in everything if line not in needed]
    (ROOT / "requirements-dev.txt").write_text(NOTE + "-r requirements.txt\n" + "\n".join(more) + "\n")
