"""Inspect: what is in the logs, file by file, and what is wrong with them."""

import streamlit as st

from tbcore import ui

view = ui.view()
st.write([r.name for r in view.runs])
