"""The Scalars page as the server makes it: which cards, which runs, which points."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests import eventfile

APP = Path(__file__).resolve().parents[2] / "app.py"
TAGS = ("eval/loss", "train/loss", "train/rate")


@pytest.fixture(autouse=True)
def no_caches() -> Iterator[None]:
    """Forget the readers of other tests, before and after."""
    st.cache_data.clear()
    st.cache_resource.clear()
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def logdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs with three tags of ten points, `second` started later; a server would show them."""
    for place, run in enumerate(("first", "second")):
        start = eventfile.T0 + 100 * place
        points = [eventfile.scalar(step, tag, step + place, start + step) for tag in TAGS for step in range(10)]
        eventfile.write(tmp_path / run / "events.out.tfevents.1.host", eventfile.version(start), *points)
    monkeypatch.setenv("TBCORE_LOGDIR", str(tmp_path))
    return tmp_path


def opened(page: str = "", **parameters: str | list[str]) -> AppTest:
    """Run the app as a visitor who comes with query parameters."""
    app = AppTest.from_file(str(APP), default_timeout=60)
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    if page:
        app.switch_page(page).run()
    assert not app.exception
    return app


def sent(app: AppTest) -> Any:
    """Return what the page sends to the component of the curves."""
    found = [one.proto for one in app.get("bidi_component") if one.proto.component_name.endswith("lines")]
    assert len(found) == 1
    return found[0]


def view(app: AppTest) -> dict[str, Any]:
    raise NotImplementedError
