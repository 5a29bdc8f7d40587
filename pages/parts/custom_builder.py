"""The builder of layouts of custom scalars: categories and charts in a list, and one of them to change beside it."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import streamlit as st

from pages.parts import custom_charts
from pages.parts.custom_charts import Named
from tbcore import ui
from tbcore.analysis import custom_scalars as layouts
from tbcore.analysis import custom_scalars_edits as edits
from tbcore.analysis.custom_scalars import Category, Chart, Layout, Margin, Margins, Multiline
from tbcore.analysis.custom_scalars_edits import Place
from tbcore.ui import custom_scalars as state

FORMS = {"lines": "Lines", "bands": "Lines with a band"}
SIDES = (2, 5)  # how much room the list has, and what is beside it
FEW = 60  # parts of a layout that are all in the list; of a longer one, the charts of one category are
LISTED = 300  # parts in the list at most
TAGS = 12  # tags of a preview that are named
LONG = 40  # signs of a name that are shown
INDENT = "\u2003"


# What an edit does ----------------------------------------------------------------------------------------------------


def now(asked: Layout) -> Layout:
    """Return the layout as it is: the visitor's own, else that of the logs."""
    words = state.own()
    return asked if not words else layouts.from_json(words)


def changed(asked: Layout, change: Callable[[Layout], Layout]) -> None:
    """Change the layout as it is at this moment: several edits may come at once."""
    state.keep(layouts.to_json(change(now(asked))))


def chart_at(layout: Layout, place: Place) -> Chart:
    """Return the chart at a place, an empty one where another edit just removed it."""
    found = edits.part(layout, place)
    return found if isinstance(found, Chart) else Chart()


def put(asked: Layout, place: Place, change: Callable[[Chart], Chart]) -> None:
    """Change the chart at a place."""
    changed(asked, lambda layout: edits.put(layout, place, change(chart_at(layout, place))))


def step(asked: Layout, place: Place, by: int) -> None:
    """Move what is being edited up or down."""
    to = edits.moved(now(asked), place, by)[1]
    changed(asked, lambda layout: edits.moved(layout, place, by)[0])
    state.go(to)


def drop(asked: Layout, place: Place) -> None:
    """Remove what is being edited, and go on with what is near."""
    changed(asked, lambda layout: edits.removed(layout, place))
    layout = now(asked)
    near = (place, (*place[:-1], place[-1] - 1), place[:-1], (0,))
    state.go(next((one for one in near if edits.part(layout, one) is not None), (0,)))


def add_category(asked: Layout) -> None:
    """Add a category at the end, with an empty chart."""
    count = len(now(asked).categories)
    new = Category(f"Category {count + 1}", (Chart("Chart 1", Multiline()),))
    changed(asked, lambda layout: edits.added(layout, (count,), new))
    state.go((count, 0))


def add_chart(asked: Layout, place: Place, like: Chart | None = None) -> None:
    """Add a chart below what is being edited. like: one to begin with."""
    layout = now(asked)
    if not layout.categories:
        add_category(asked)
        return
    category = min(place[0], len(layout.categories) - 1)
    at = place[1] + 1 if len(place) > 1 else len(layout.categories[category].charts)
    new = like or Chart(f"Chart {len(layout.categories[category].charts) + 1}", Multiline())
    changed(asked, lambda layout: edits.added(layout, (category, at), new))
    state.go((category, at))


def hold(key: str, value: object) -> None:
    """Make a widget hold a value. One that holds it is left alone: what is being typed meanwhile stays."""
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


# The list ------------------------------------------------------------------------------------------------------------


def outline(asked: Layout, layout: Layout, place: Place) -> None:
    """Draw the categories and charts, and what moves them."""
    found = edits.part(layout, place)
    with st.container(horizontal=True, gap="xsmall", key="cs_bar"):
        _tool("create_new_folder", "Add a category", "cs_add_category", add_category, asked)
        _tool("add_chart", "Add a chart", "cs_add_chart", add_chart, asked, place)
        none = found is None
        _tool("arrow_upward", "Move up", "cs_up", step, asked, place, -1, disabled=none or _first(layout, place))
        _tool("arrow_downward", "Move down", "cs_down", step, asked, place, 1, disabled=none or _last(layout, place))
        copied = found if isinstance(found, Chart) else None
        _tool("content_copy", "Copy the chart", "cs_copy", add_chart, asked, place, copied, disabled=copied is None)
        _tool("delete", "Remove", "cs_drop", drop, asked, place, disabled=none)
        _tool("undo", "Take the last change back", "cs_undo", state.take_back, disabled=not state.past())
    everything = sum(1 + len(one.charts) for one in layout.categories) <= FEW
    listed = 0
    with st.container(gap=None, key="cs_outline"):
        for number, category in enumerate(layout.categories):
            charts = category.charts if everything or place[0] == number else ()
            _entry((number,), place, category.title or "untitled", "folder")
            for at, chart in enumerate(charts[:LISTED]):
                icon = "area_chart" if isinstance(chart.content, Margins) else "show_chart"
                _entry((number, at), place, layouts.title(chart), icon)
            listed += 1 + len(charts)
            if listed > LISTED:
                st.caption("More is not listed here.")
                break


def _tool(icon: str, words: str, key: str, act: Callable[..., None], *args: object, disabled: bool = False) -> None:
    st.button(
        "", icon=f":material/{icon}:", help=words, key=key, on_click=act, args=args, disabled=disabled, type="tertiary"
    )


def _entry(to: Place, place: Place, title: str, icon: str) -> None:
    name = ui.plain(shortened(title))
    st.button(
        f"{INDENT if len(to) > 1 else ''}:material/{icon}: " + (f":primary[**{name}**]" if to == place else name),
        key="cs_at_" + "_".join(map(str, to)), on_click=state.go, args=(to,), type="tertiary",
        wrap=False,
    )  # fmt: skip


def shortened(name: str) -> str:
    """Return a name without its middle, where that is needed to list it."""
    return name if len(name) <= LONG else f"{name[: LONG // 2]}…{name[-(LONG // 2 - 1) :]}"


def _first(layout: Layout, place: Place) -> bool:
    return edits.moved(layout, place, -1)[1] == place


def _last(layout: Layout, place: Place) -> bool:
    return edits.moved(layout, place, 1)[1] == place


# One category, one chart ----------------------------------------------------------------------------------------------


def category_form(asked: Layout, place: Place, category: Category) -> None:
    """Draw what can be changed of a category."""

    def take() -> None:
        title, closed = st.session_state["cs_category"], st.session_state["cs_closed"]

        def change(layout: Layout) -> Layout:
            found = edits.part(layout, place)
            return (
                edits.put(layout, place, replace(found, title=title, closed=closed))
                if isinstance(found, Category)
                else layout
            )

        changed(asked, change)

    hold("cs_category", category.title)
    hold("cs_closed", category.closed)
    st.text_input("Category", key="cs_category", on_change=take, live=True, width=420)
    st.toggle("Closed at first", key="cs_closed", on_change=take)


def chart_form(asked: Layout, place: Place, chart: Chart, tags: tuple[str, ...]) -> None:
    """Draw what can be changed of a chart."""
    form = "bands" if isinstance(chart.content, Margins) else "lines"
    hold("cs_title", chart.title)
    hold("cs_form", form)

    def retitle() -> None:
        title = st.session_state["cs_title"]
        put(asked, place, lambda one: replace(one, title=title))

    def reform() -> None:
        wanted = st.session_state["cs_form"]
        new = Margins((Margin("", "", ""),)) if wanted == "bands" else Multiline()
        put(asked, place, lambda one: replace(one, content=new))

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Title", key="cs_title", on_change=retitle, live=True, width=420, placeholder=layouts.title(chart)
        )
        st.segmented_control(
            "Shows", list(FORMS), format_func=FORMS.__getitem__, key="cs_form", required=True, on_change=reform,
            label_visibility="collapsed",
        )  # fmt: skip
    if isinstance(chart.content, Margins):
        bands_form(asked, place, chart.content.series, tags)
    else:
        lines_form(asked, place, chart.content.tags if chart.content is not None else (), tags)


def lines_form(asked: Layout, place: Place, patterns: Sequence[str], tags: tuple[str, ...]) -> None:
    """Draw the expressions of a chart, with the tags that each matches."""

    def rewrite(number: int, new: Sequence[str]) -> None:
        def change(one: Chart) -> Chart:
            said = one.content.tags if isinstance(one.content, Multiline) else ()
            return replace(one, content=Multiline((*said[:number], *new, *said[number + 1 :])))

        put(asked, place, change)

    def typed(number: int) -> None:
        rewrite(number, (st.session_state[f"cs_pattern_{number}"],))

    def picked() -> None:
        tag = st.session_state["cs_pick"]
        if tag is not None:
            rewrite(len(patterns), (edits.exactly(tag),))

    for number, pattern in enumerate(patterns):
        key = f"cs_pattern_{number}"
        hold(key, pattern)
        with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
            st.text_input(
                "Tags that match", key=key, on_change=typed, args=(number,), live=True, placeholder="train/.*",
                icon=":material/regular_expression:", label_visibility="collapsed" if number else "visible",
                help="A regular expression. It has to match from the first sign of a tag on, and need not reach the last; "
                "it tells capitals from small letters, as in TensorBoard." if not number else None,
            )  # fmt: skip
            st.button(
                "", icon=":material/close:", help="Remove", key=f"cs_pattern_drop_{number}", type="tertiary",
                on_click=rewrite, args=(number, ()),
            )  # fmt: skip
        preview(pattern, tags)
    hold("cs_pick", None)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button(
            "Add an expression", key="cs_pattern_add", icon=":material/add:", on_click=rewrite,
            args=(len(patterns), ("",)),
        )  # fmt: skip
        st.selectbox(
            "Add a tag", tags, index=None, key="cs_pick", on_change=picked, placeholder="Add a tag", width=320,
            label_visibility="collapsed",
        )  # fmt: skip


def preview(pattern: str, tags: tuple[str, ...]) -> None:
    """Say which tags an expression matches, or what is wrong with it."""
    if not pattern:
        return
    found = custom_charts.matched(Chart("", Multiline((pattern,))), tags)
    if found.problems:
        st.caption(f":red[{ui.plain(found.problems[0])}]")
    elif not found.tags:
        st.caption(":orange[No tag of these logs matches.]")
    else:
        names = ", ".join(ui.plain(shortened(tag)) for tag in found.tags[:TAGS])
        more = f" and {len(found.tags) - TAGS:,} more" if len(found.tags) > TAGS else ""
        st.caption(f"{len(found.tags):,} {'tag' if len(found.tags) == 1 else 'tags'}: {names}{more}")


def bands_form(asked: Layout, place: Place, margins: Sequence[Margin], tags: tuple[str, ...]) -> None:
    """Draw the lines with a band of a chart, each of three tags."""

    def rewrite(number: int, new: Sequence[Margin]) -> None:
        def change(one: Chart) -> Chart:
            said = one.content.series if isinstance(one.content, Margins) else ()
            return replace(one, content=Margins((*said[:number], *new, *said[number + 1 :])))

        put(asked, place, change)

    def picked(number: int) -> None:
        names = [st.session_state[f"cs_{name}_{number}"] or "" for name in ("value", "lower", "upper")]
        rewrite(number, (Margin(*names),))

    known = set(tags)
    for number, margin in enumerate(margins):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
            for name, words in (("value", "Line"), ("lower", "Band from"), ("upper", "to")):
                key, tag = f"cs_{name}_{number}", getattr(margin, name)
                hold(key, tag or None)
                st.selectbox(
                    words, [*([tag] if tag and tag not in known else []), *tags], index=None, key=key,
                    on_change=picked, args=(number,), placeholder="A tag", accept_new_options=True,
                )  # fmt: skip
            st.button(
                "", icon=":material/close:", help="Remove", key=f"cs_margin_drop_{number}", type="tertiary",
                on_click=rewrite, args=(number, ()),
            )  # fmt: skip
        missing = [tag for tag in (margin.value, margin.lower, margin.upper) if tag and tag not in known]
        if missing:
            st.caption(f":orange[Not in these logs: {', '.join(ui.plain(shortened(tag)) for tag in missing)}]")
    st.button(
        "Add a line with a band", key="cs_margin_add", icon=":material/add:", on_click=rewrite,
        args=(len(margins), (Margin("", "", ""),)),
    )  # fmt: skip


# The builder ---------------------------------------------------------------------------------------------------------


def builder(view: ui.View, asked: Layout, layout: Layout, tags: tuple[str, ...]) -> None:
    """Draw the list of a layout's parts and, beside it, the one that is being edited, with its chart."""
    place = state.place()
    if edits.part(layout, place) is None:
        place = next((one for one in ((0, 0), (0,)) if edits.part(layout, one) is not None), (0,))
    left, right = st.columns(SIDES, gap="medium")
    with left:
        outline(asked, layout, place)
    found = edits.part(layout, place)
    with right:
        if isinstance(found, Category):
            category_form(asked, place, found)
        elif isinstance(found, Chart):
            chart_form(asked, place, found, tags)
            title = layouts.title(found)
            custom_charts.cards(view, [Named("Preview", f"Preview/{title}", title, found)], set(), tags)
        else:
            st.markdown("Nothing in it yet: add a category or a chart.")
