"""Merged call stacks as the browser component `flame` draws them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from tbcore.charts import theme

LONGEST = 300  # letters of a frame that are sent

# What a frame may be: its role, the colour, the words in the legend, the word in the tooltip.
ROLES = (
    ("op", theme.RUN_COLORS[0], "Operators", "operator"),
    ("annotation", theme.RUN_COLORS[1], "Annotations", "annotation"),
    ("python", theme.RUN_COLORS[4], "Python", "Python"),
    ("module", theme.RUN_COLORS[6], "Modules", "module"),
    ("runtime", theme.RUN_COLORS[3], "Runtime calls", "call of the runtime"),
    ("kernel", theme.RUN_COLORS[2], "Kernels", "kernel"),
    ("memcpy", theme.RUN_COLORS[8], "Copies", "copy"),
    ("memset", theme.RUN_COLORS[8], "", "memory set"),
    ("thread", theme.RUN_COLORS[9], "Threads", "thread"),
    ("rest", theme.RUN_COLORS[9], "", ""),
    ("other", theme.RUN_COLORS[9], "", ""),
)
_PLACES = {role: place for place, (role, _color, _words, _one) in enumerate(ROLES)}
_OTHER = _PLACES["other"]
_MODULE = "nn.Module: "


def spec(frames: Mapping[str, Any]) -> tuple[dict[str, Any], pa.Table]:
    """Return what the component gets: a small view, and the frames, one row each.

    frames: columns name, parent, total, self (nanoseconds), calls, role, row; callers before what they call.
    """
    names = [str(name) for name in frames["name"]]
    roles = [
        _PLACES["module"] if name.startswith(_MODULE) else _PLACES.get(role, _OTHER)
        for name, role in zip(names, frames["role"], strict=True)
    ]
    table = pa.table(
        {
            "name": pa.array([shortened(name.removeprefix(_MODULE)) for name in names], pa.string()),
            "parent": pa.array(np.asarray(frames["parent"]), pa.int32()),
            "total": pa.array(np.asarray(frames["total"]), pa.float64()),
            "self": pa.array(np.asarray(frames["self"]), pa.float64()),
            "calls": pa.array(np.asarray(frames["calls"]), pa.int32()),
            "role": pa.array(roles, pa.int32()),
            "row": pa.array(np.asarray(frames["row"]), pa.int32()),
        }
    )
    view = {"roles": [{"color": color, "words": words, "one": one} for _role, color, words, one in ROLES]}
    return view, table


def shortened(name: str, most: int = LONGEST) -> str:
    """Return the beginning of a name that may be of any length."""
    return name if len(name) <= most else f"{name[: most - 1]}…"
