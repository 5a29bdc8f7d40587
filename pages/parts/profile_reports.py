"""Recordings that hold a tool's answers instead of events: shown as they are, in tables."""

import streamlit as st

from pages.parts import profile_source as source
from pages.parts.facts import facts
from pages.parts.profile_source import Recording
from tbcore import ui
from tbcore.analysis import profiles
from tbcore.charts import profile_memory
from tbcore.ui.tables import downloads

_SEEN = 15  # rows that are seen at once
_ROW = 35  # pixels


def show(file: Recording) -> None:
    """Draw the tables of a recording. Raises FormatError when it cannot be read."""
    report = source.report(file)
    st.subheader(ui.plain(report.kind))
    for note in report.notes:
        st.markdown(ui.plain(note))
    facts(dict(report.facts))
    if file.format == "memory_timeline" and report.tables:
        st.altair_chart(profile_memory.categories(report.tables[-1].columns, report.tables[-1].rows))
    for place, table in enumerate(report.tables):
        st.markdown(f"##### {ui.plain(table.title)}")
        if table.note:
            st.caption(ui.plain(table.note))
        columns = {name: [row[number] for row in table.rows] for number, name in enumerate(table.columns)}
        st.dataframe(
            columns,
            key=f"report_{file.mark}_{place}",
            hide_index=True,
            height="content" if len(table.rows) <= _SEEN else (_SEEN + 1) * _ROW,
        )
        name = "".join(sign if sign.isalnum() else "_" for sign in table.title.lower()) or "table"
        downloads(
            f"{name}_{place}", [("Table as CSV", "csv", lambda table=table: profiles.csv(table))], width="content"
        )
    if not report.tables and not report.facts:
        st.markdown("There is nothing in it.")
