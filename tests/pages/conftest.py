"""What every test of a page needs: nothing that another one has read."""

from collections.abc import Iterator

import pytest
import streamlit as st


@pytest.fixture(autouse=True)
def _no_caches() -> Iterator[None]:
    """Keep the readers of one test from the next."""
    st.cache_data.clear()
    st.cache_resource.clear()
    yield
    st.cache_data.clear()
    st.cache_resource.clear()
