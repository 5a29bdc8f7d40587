"""Cards of curves: one card per tag, one line per run, in groups."""

import streamlit as st

from tbcore import ui
from tbcore.analysis import curves
from tbcore.charts import lines as charts
from tbcore.names import title_of
from tbcore.series import Series
from tbcore.ui import grid
from tbcore.ui.components.lines import lines

EVERYTHING = 1_500_000  # values on a page up to which the browser gets them all, and smooths without asking


def curve_card(tag: str, series: list[Series], place: grid.Place, table: str, everything: bool) -> charts.Card:
    """Return the card of one tag: the curve of each run, and what earlier attempts wrote where a run was restarted."""
    drawn = []
    for one in series:
        starts = place.starts[one.run]
        attempts = (False, True) if bool(one.superseded.any()) else (False,)
        for earlier in attempts:
            curve = curves.curve(
                one,
                weight=place.smoothing,
                columns=place.columns,
                axis=place.axis,
                window=place.window(tag),
                start=starts,
                superseded=earlier,
                with_everything=everything,
            )
            drawn.append(charts.line(place.order[one.run], curve, earlier=earlier))
    about = next((one.description for one in series if one.description), "")
    return charts.card(
        tag, title_of(tag), place.group, drawn, table=table, description=about, window=place.window_spec(tag)
    )


@st.fragment
def cards(view: ui.View, groups: dict[str, list[str]], by_tag: dict[str, list[Series]], *, key: str = grid.KEY) -> None:
    """Draw the cards of the open groups; what the visitor changes in them runs only this again.

    key: of the grid; each page that has one keeps its own.
    """
    layout = grid.layout(view, groups, key=key)
    everything = sum(len(one) for tag, _place in layout.visible for one in by_tag.get(tag, [])) <= EVERYTHING
    made = [
        curve_card(tag, by_tag.get(tag, []), place, f"c{number}", everything)
        for number, (tag, place) in enumerate(layout.visible)
    ]
    tables = {name: table for card in made for name, table in card.tables.items()}
    grid.remember(lines(layout.view([card.spec for card in made]), tables, key=key), key=key)
