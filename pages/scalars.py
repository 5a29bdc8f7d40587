"""Scalars: one card per tag, one line per run."""

import streamlit as st

from tbcore import ui
from tbcore.analysis import curves
from tbcore.charts import lines as charts
from tbcore.names import grouped, title_of
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
def cards(view: ui.View, groups: dict[str, list[str]], by_tag: dict[str, list[Series]]) -> None:
    """Draw the cards of the open groups; what the visitor changes in them runs only this again."""
    layout = grid.layout(view, groups)
    everything = sum(len(one) for tag, _place in layout.visible for one in by_tag.get(tag, [])) <= EVERYTHING
    made = [
        curve_card(tag, by_tag.get(tag, []), place, f"c{number}", everything)
        for number, (tag, place) in enumerate(layout.visible)
    ]
    tables = {name: table for card in made for name, table in card.tables.items()}
    grid.remember(lines(layout.view([card.spec for card in made]), tables, key=grid.KEY))


view = ui.view()
if not view.holds("scalars"):
    ui.no_data("scalars", "scalars")
    st.stop()

by_tag: dict[str, list[Series]] = {}
for series in view.series("scalars"):
    by_tag.setdefault(series.tag, []).append(series)
# Without a run to show, the cards stay where they are, empty.
tags = list(by_tag) if any(view.shown) else view.tags_of("scalars")
if tags:
    cards(view, grouped(tags), by_tag)
else:
    ui.nothing_selected("scalars")
