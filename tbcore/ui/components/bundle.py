"""Join the JavaScript modules of a component into one inline script, and its style sheet with the one all share."""

import base64
import re
import zlib
from pathlib import Path

_IMPORT = re.compile(r"^import .*\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default )", re.MULTILINE)
_WORDS = re.compile(r"^[ \t]*(?:/\*\*.*?\*/|//[^\n]*)\n", re.MULTILINE | re.DOTALL)
_INDENT = re.compile(r"^[ \t]+|[ \t]+$|\n(?=\n)", re.MULTILINE)
_UNPACK = """\
const packed = Uint8Array.from(atob("{code}"), (sign) => sign.charCodeAt(0));
const plain = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
const made = await import(URL.createObjectURL(new Blob([plain], {{ type: "text/javascript" }})));
export default made.default;
"""


def bundle(folder: Path, names: tuple[str, ...]) -> str:
    """Return the modules `names` of `folder` as one script, dependencies first, the default export last.

    Browsers get a component's script inline, where relative imports cannot resolve; Node runs the same files as modules.
    So every import is one line, relative and named, and no two modules share a top-level name.
    """
    sources = [(folder / name).read_text(encoding="utf-8") for name in names]
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", source)) for source in sources)


def stripped(source: str) -> str:
    """Return a script without the comments that have lines of their own, indentation and empty lines.

    No text in it may have more than one line.
    """
    return _INDENT.sub("", _WORDS.sub("", source))


def packed(source: str) -> str:
    """Return a large script as a short one that unpacks it: about a third of the bytes travel to each visitor."""
    return _UNPACK.format(code=base64.b64encode(zlib.compress(stripped(source).encode(), 9)).decode())


def styles(folder: Path, *names: str) -> str:
    """Return the style sheets `names` of `folder` after the one that all components share."""
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in ("../base.css", *names))
