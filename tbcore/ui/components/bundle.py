"""Join the JavaScript modules of a component into one inline script, and its style sheet with the one all share."""

import re
from pathlib import Path

_IMPORT = re.compile(r"^import .*\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default )", re.MULTILINE)


def bundle(folder: Path, names: tuple[str, ...]) -> str:
    """Return the modules `names` of `folder` as one script, dependencies first, the default export last.

    Browsers get a component's script inline, where relative imports cannot resolve; Node runs the same files as modules.
    So every import is one line, relative and named, and no two modules share a top-level name.
    """
    sources = [(folder / name).read_text(encoding="utf-8") for name in names]
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", source)) for source in sources)


def styles(folder: Path, *names: str) -> str:
    """Return the style sheets `names` of `folder` after the one that all components share."""
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in ("../base.css", *names))
