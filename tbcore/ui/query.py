"""The address of the page, as far as no widget is bound to it."""

from collections.abc import Mapping, Sequence

import streamlit as st


def put_query(*parameters: Mapping[str, str | Sequence[str] | None]) -> None:
    """Make the URL hold `parameters`, later ones over earlier ones; None removes one."""
    wanted: dict[str, str | Sequence[str] | None] = {}
    for some in parameters:
        wanted.update(some)
    for name, value in wanted.items():
        values = [] if value is None else [value] if isinstance(value, str) else list(value)
        if st.query_params.get_all(name) == values:
            continue
        if values:
            st.query_params[name] = values
        else:
            del st.query_params[name]
