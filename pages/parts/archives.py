"""The button that puts all that was logged under a tag into one file."""

import io
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import BinaryIO, Protocol, TypeVar

import streamlit as st

from tbcore import ui
from tbcore.charts import theme

LARGEST = 256 << 20  # bytes of values that are put into one file


class OfRun(Protocol):
    """What one run logged under a tag."""

    @property
    def run(self) -> str: ...


Logged = TypeVar("Logged", bound=OfRun)


def archives(
    view: ui.View,
    kind: str,
    by_tag: Mapping[str, Sequence[Logged]],
    size_of: Callable[[Sequence[Logged]], tuple[int, int]],
    write: Callable[[BinaryIO, Sequence[Logged]], None],
) -> None:
    """Draw the button for one kind of media, and say before how large the file is.

    size_of: values and bytes of what some runs logged; write: puts it into a ZIP.
    """
    box = st.popover(
        "Download all steps", icon=":material/download:", type="tertiary", key=f"{kind}_zip_box", on_change="rerun"
    )
    if not box.open:
        return
    with box:
        tag = st.selectbox("Tag", list(by_tag), key=f"{kind}_zip_tag")
        logged = by_tag.get(tag, [])
        names = [one.run for one in logged]
        runs = st.multiselect("Runs", names, default=names[:1], key=f"{kind}_zip_runs_{tag}")
        chosen = [one for one in logged if one.run in runs]
        points, size = size_of(chosen)
        said = f"{points:,} value{'s' if points != 1 else ''}, {theme.size(size)}"
        if not points:
            st.caption("Choose a run.")
        elif size > LARGEST:
            st.caption(f"{said}: more than the {theme.size(LARGEST)} that can be put into one file here. Instead:")
            command = f"python -m tbcore export {shlex.quote(view.spec)} --kind {kind} --out {kind}"
            st.code(command, language="sh", wrap_lines=True)
        else:
            st.caption(f"{said}, as they were logged, and index.json, which says what each file is.")
            st.download_button(
                "Download as ZIP",
                lambda: zipped(chosen, write),
                file_name=f"{kind}.zip",
                mime="application/zip",
                key=f"{kind}_zip",
                on_click="ignore",
            )


def zipped(logged: Sequence[Logged], write: Callable[[BinaryIO, Sequence[Logged]], None]) -> bytes:
    """Return what some runs logged as a ZIP."""
    file = io.BytesIO()
    write(file, logged)
    return file.getvalue()
