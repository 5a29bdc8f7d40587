"""What curves are compared by: groups of runs, a baseline run, expressions, other tags in a card; and notes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import quote, unquote

import streamlit as st

from tbcore import ui
from tbcore.analysis import hparams, run_groups
from tbcore.analysis.expression_functions import FUNCTIONS
from tbcore.analysis.expressions import Expression, parse
from tbcore.analysis.run_groups import BANDS, Band, Groups, How
from tbcore.charts import theme
from tbcore.errors import ExpressionError, PatternError
from tbcore.names import matcher
from tbcore.ui import bound, frame, sheet
from tbcore.ui.components.lines import LinesState, Note
from tbcore.ui.tables import KEYS

GROUPS = {"": "No groups", "regex": "Regex of the name", "hparam": "Hyperparameter", "folder": "Folder"}
MIDDLES = {"mean": "Mean", "median": "Median", "each": "Every run, in the colour of its group"}
AGAINST = {"": "Values", "difference": "Difference", "percent": "Difference in %"}
PREFIX = "= "  # of the card of an expression
OTHERS = "#9498a0"
# Parameters of the address, each also what it is kept by in the session.
GROUP, REGEX, HPARAM, DEPTH, MIDDLE, BAND = "by", "by_regex", "by_hparam", "by_depth", "middle", "band"
BASELINE, SHOW, DERIVED, TAGS_BY, OVER, NOTES, MARKS = (
    "baseline", "versus", "derived", "tags_by", "over", "note", "marks",
)  # fmt: skip
PARAMETERS = (
    GROUP, REGEX, HPARAM, DEPTH, MIDDLE, BAND, BASELINE, SHOW, DERIVED, TAGS_BY, OVER, NOTES, MARKS,
)  # fmt: skip
_RUNS = "runs_table"  # the table of the Runs page
_DEEPEST = 4  # folders
_URL_UP_TO = 3_000  # signs of the address
_MOST_NOTES = 50


@dataclass(frozen=True)
class Compared:
    """What the visitor wants to be compared.

    groups: None without; by: how they are made, in words of the command line; each: every run stays a line of its own.
    against: "" for values, else "difference" or "percent". expressions: by the id of their card; over: further tags of
    a card, each with whether it belongs to the second axis; wrong: what cannot be read, in words.
    """

    groups: Groups | None = None
    by: str = ""
    each: bool = False
    how: How = "mean"
    band: Band = "minmax"
    baseline: str = ""
    against: str = ""
    expressions: Mapping[str, Expression] = field(default_factory=dict)
    tags_by: str = ""
    over: Mapping[str, tuple[tuple[str, bool], ...]] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    marks: bool = True
    wrong: tuple[str, ...] = ()

    @property
    def together(self) -> Groups | None:
        """Return the groups that are drawn as one line each, None where runs stay apart."""
        return None if self.each else self.groups


def _one(key: str, usual: str = "") -> str:
    return next(iter(bound.chosen(key)), usual)


def compared(view: ui.View) -> Compared:
    """Return what the visitor chose, in this session or in the address."""
    wrong: list[str] = []
    groups, by = _groups(view, wrong)
    middle = _one(MIDDLE, "mean")
    band = _one(BAND, "minmax")
    tags_by = _one(TAGS_BY)
    try:
        matcher(tags_by)
    except PatternError as error:
        wrong.append(str(error))
        tags_by = ""
    names = {run.name for run in view.runs}
    baseline = _one(BASELINE)
    return Compared(
        groups,
        by,
        middle == "each",
        "median" if middle == "median" else "mean",
        cast(Band, band) if band in BANDS else "minmax",
        baseline if baseline in names else "",
        _one(SHOW) if baseline in names and _one(SHOW) in AGAINST else "",
        _expressions(view, wrong),
        tags_by,
        _over(),
        _notes(),
        _one(MARKS) != "off",
        tuple(wrong),
    )


def _groups(view: ui.View, wrong: list[str]) -> tuple[Groups | None, str]:
    kind = _one(GROUP)
    runs = [run.name for run in view.runs] if kind else []
    if kind == "regex" and _one(REGEX):
        try:
            return run_groups.by_pattern(runs, _one(REGEX)), _one(REGEX)
        except PatternError as error:
            wrong.append(str(error))
    elif kind == "hparam":
        found = experiment(view)
        name = _one(HPARAM, next(iter(found.hparams), ""))
        return run_groups.by_hparam(runs, found.sessions, name), f"hparam:{name}"
    elif kind == "folder":
        return run_groups.by_folder(runs, _depth()), "folder"
    return None, ""


def _depth() -> int:
    text = _one(DEPTH, "0")
    return int(text) if text in map(str, range(_DEEPEST + 1)) else 0


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs=KEYS)
def experiment(view: ui.View) -> hparams.Experiment:
    """Return the sessions of all runs, with hyperparameters that their names say."""
    return hparams.experiment(view.runs, names=True)


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs=KEYS)
def all_tags(view: ui.View) -> frozenset[str]:
    """Return the tags of scalars in all runs, whatever the tag filter says."""
    return frozenset(tag for run in view.runs for kind, tag in run.series if kind == "scalars")


def _expressions(view: ui.View, wrong: list[str]) -> dict[str, Expression]:
    found = {}
    for text in bound.chosen(DERIVED):
        try:
            found[PREFIX + text] = parse(text, all_tags(view))
        except ExpressionError as error:
            wrong.append(f"{text}: {error}")
    return found


def _over() -> dict[str, tuple[tuple[str, bool], ...]]:
    found: dict[str, tuple[tuple[str, bool], ...]] = {}
    for text in bound.chosen(OVER):
        onto, tag, side, *_more = (*map(unquote, text.split(",")), "", "")
        if onto and tag and onto != tag:
            found[onto] = (*found.get(onto, ()), (tag, side == "r"))
    return found


def _notes() -> tuple[Note, ...]:
    said = (text.partition(",") for text in bound.chosen(NOTES))
    return tuple(
        Note(int(step), text) for step, _comma, text in said if step.lstrip("-").isdecimal() and len(step) < 19
    )


def take(view: ui.View, said: LinesState) -> None:
    """Take in what the visitor just did in the cards; what concerns the runs draws the whole page anew."""
    if said.dropped is not None:
        new = said.dropped
        chosen = {one: dict(tags) for one, tags in _over().items()}
        chosen.setdefault(new.onto, {})[new.tag] = new.right
        _keep_over(chosen)
    if said.split is not None:
        chosen = {one: dict(tags) for one, tags in _over().items()}
        some = chosen.pop(said.split.tag, {})
        if said.split.part is not None:
            some.pop(said.split.part, None)
            chosen[said.split.tag] = some
        _keep_over(chosen)
    if said.note is not None and said.note.text.strip():
        kept = bound.chosen(NOTES)[: _MOST_NOTES - 1]
        bound.choose(NOTES, [*kept, f"{said.note.step},{said.note.text.strip()}"])
    if said.unnote is not None:
        gone = f"{said.unnote.step},{said.unnote.text}"
        bound.choose(NOTES, [text for text in bound.chosen(NOTES) if text != gone])
    if said.picked is not None:
        _pick(view, said.picked.run, said.picked.act)


def _keep_over(chosen: Mapping[str, Mapping[str, bool]]) -> None:
    words = [
        ",".join((quote(one, safe="/"), quote(tag, safe="/"), *(["r"] if right else [])))
        for one, tags in chosen.items()
        for tag, right in tags.items()
    ]
    bound.choose(OVER, words)


def _pick(view: ui.View, name: str, act: str) -> None:
    groups = compared(view).together
    members = next((one.runs for one in groups.groups if one.name == name), (name,)) if groups else (name,)
    if act == "baseline":
        bound.choose(BASELINE, [] if _one(BASELINE) == members[0] else [members[0]])
        if not _one(SHOW):
            bound.choose(SHOW, [])
    elif act == "only":
        frame.select({"mode": "only", "runs": list(members)})
        st.rerun()
    elif act == "hide":
        gone = set(members)
        rest = [run.name for run in view.selected if run.name not in gone]
        frame.select({"mode": "except", "runs": list(members)} if all(view.shown) else {"mode": "only", "runs": rest})
        st.rerun()
    elif act == "open":
        sheet.change(_RUNS, chosen=tuple(members))
        st.switch_page("pages/runs.py", query_params={})  # None would clear what widgets are bound to, which fails


def remember() -> None:
    """Put what is compared into the address."""
    said = {key: bound.chosen(key) for key in PARAMETERS}
    if sum(len(text) for texts in said.values() for text in texts) > _URL_UP_TO:
        said = {key: [] for key in PARAMETERS}
    usual = {MIDDLE: ["mean"], BAND: ["minmax"], DEPTH: ["0"], GROUP: [""], SHOW: [""]}
    ui.put_query({key: None if texts in ([], usual.get(key)) else texts for key, texts in said.items()})


# The popover ---------------------------------------------------------------------------------------------------------


def controls(view: ui.View, chosen: Compared, tags: Sequence[str]) -> None:
    """Draw what curves are compared by, for a popover that is open. tags: that can be overlaid."""
    groups, baseline, derived, cards, colors = st.tabs(["Groups", "Baseline", "Derived metrics", "Cards", "Colours"])
    with groups:
        _group_controls(view, chosen)
    with baseline:
        _baseline_controls(view)
    with derived:
        _expression_controls(view)
    with cards:
        _card_controls(chosen, tags)
    with colors:
        _color_controls(view)


def _typed(words: str, key: str, **how: Any) -> str:
    """Draw a field whose text stands in the address."""
    st.session_state[f"{key}_typed"] = _one(key)
    st.text_input(words, key=f"{key}_typed", on_change=_take_typed, args=(key,), **how)
    return _one(key)


def _take_typed(key: str) -> None:
    text = st.session_state[f"{key}_typed"]
    bound.choose(key, [text] if text else [])


def _group_controls(view: ui.View, chosen: Compared) -> None:
    kind = bound.segments("Group runs by", GROUPS, key=GROUP)
    if kind == "regex":
        _typed(
            "Regular expression of the run's name",
            REGEX,
            placeholder=r"(lr=[^_/]+)",
            help="What its parentheses capture names the group: `lr=([0-9.e-]+)` makes a group of each learning rate, "
            "`^(.*)/seed` one of the runs that differ in their seed. Without parentheses all runs that match are one group. "
            "It may match anywhere in the name.",
        )
        try:
            matcher(_one(REGEX))
        except PatternError as error:  # what the page says of it may lie under the popover
            st.caption(f":red[{ui.plain(str(error))}]")
    elif kind == "hparam":
        names = [name for name, one in experiment(view).hparams.items()]
        if names:
            bound.select("Hyperparameter", names, str, key=HPARAM)
        else:
            st.caption("No hyperparameters were logged, and the names of the runs say none.")
    elif kind == "folder":
        options = [str(depth) for depth in range(_DEEPEST + 1)]
        words = {"0": "The folder the run lies in", "1": "The first folder"}
        bound.select("Folder", options, lambda one: words.get(one, f"The first {one} folders"), key=DEPTH)
    if kind:
        bound.segments("Line", MIDDLES, key=MIDDLE)
        if not chosen.each:
            bound.segments("Band", {str(key): words for key, words in BANDS.items()}, key=BAND)
    if chosen.groups is not None:
        _preview(chosen.groups)


def _preview(groups: Groups) -> None:
    many = len(groups.groups)
    rest = f"; {len(groups.others):,} run{'s' if len(groups.others) != 1 else ''} in none" if groups.others else ""
    st.caption(f"{many:,} group{'s' if many != 1 else ''}{rest}")
    for one in groups.groups[:5]:
        some = ", ".join(one.runs[:5]) + (f" and {len(one.runs) - 5:,} more" if len(one.runs) > 5 else "")
        st.caption(f"**{ui.plain(one.name[:80])}** ({len(one.runs):,}): {ui.plain(some[:200])}")


def _baseline_controls(view: ui.View) -> None:
    options = ["", *(run.name for run in view.runs)]
    run = bound.select("Baseline run", options, lambda one: one or "None", key=BASELINE)
    if run:
        bound.segments("Cards show", AGAINST, key=SHOW, help="How far each run is from the baseline at the same step.")


def _expression_controls(view: ui.View) -> None:
    for place, text in enumerate(bound.chosen(DERIVED)):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.code(text, language=None)
            st.button(
                "", icon=":material/close:", key=f"derived_off_{place}", on_click=_drop, args=(text,), type="tertiary"
            )
    st.text_input(
        "Derived metric",
        key="derived_draft",
        placeholder="train/loss - eval/loss",
        live=True,
        help="Tags, numbers, `+ - * / ** < >` and functions: " + ", ".join(f"`{name}`" for name in FUNCTIONS) + ". "
        "A tag with spaces stands in quotes. Where steps differ, values lie on straight lines between points.",
    )
    draft = st.session_state.get("derived_draft", "").strip()
    problem = _problem(view, draft)
    if problem is not None:
        place, words = problem
        st.code(f"{draft}\n{' ' * place}^ {words}", language=None)
    st.button("Add as a card", disabled=not draft or problem is not None, on_click=_derive, icon=":material/add:")


def _problem(view: ui.View, draft: str) -> tuple[int, str] | None:
    if not draft:
        return None
    try:
        parse(draft, all_tags(view))
    except ExpressionError as error:
        return error.position, str(error)
    return None


def _derive() -> None:
    draft = st.session_state["derived_draft"].strip()
    if draft:
        bound.choose(DERIVED, [*bound.chosen(DERIVED), draft])
        st.session_state["derived_draft"] = ""


def _drop(text: str) -> None:
    bound.choose(DERIVED, [one for one in bound.chosen(DERIVED) if one != text])


def _card_controls(chosen: Compared, tags: Sequence[str]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        onto = st.selectbox("Into the card", tags, key="over_onto", index=None)
        tag = st.selectbox("draw as well", [one for one in tags if one != onto], key="over_tag", index=None)
        st.checkbox("on a second axis", key="over_right")
        st.button("Overlay", on_click=_overlay, disabled=onto is None or tag is None)
    for place, (card, others) in enumerate(chosen.over.items()):
        words = ", ".join(f"{one}{' (second axis)' if second else ''}" for one, second in others)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{ui.plain(card)}: {ui.plain(words)}")
            st.button(
                "", icon=":material/close:", key=f"over_off_{place}", on_click=_split, args=(card,), type="tertiary"
            )
    _typed(
        "Group cards by (regex of the tag)",
        TAGS_BY,
        placeholder="by what stands before the first slash",
        help="What its parentheses capture of a tag names the group: `/([a-z]+)_[0-9]+$` puts layers together.",
    )
    st.session_state["marks_switch"] = chosen.marks
    st.toggle("Marks at restarts and checkpoints", key="marks_switch", on_change=_mark)


def _color_controls(view: ui.View) -> None:
    run = st.selectbox("Colour of a run", [one.name for one in view.runs], key="color_run", index=None)
    if run is not None:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            key = f"color_of_{run}"
            st.session_state[key] = view.color(run)
            st.color_picker("Colour", key=key, on_change=_color, args=(run, key))
            if run in frame.picked_colors():
                st.button("Its own colour again", on_click=_color, args=(run, None))
    picked = frame.picked_colors()
    if picked:
        st.caption(f"{len(picked):,} picked by hand")


def _overlay() -> None:
    onto, tag = st.session_state["over_onto"], st.session_state["over_tag"]
    chosen = {one: dict(tags) for one, tags in _over().items()}
    chosen.setdefault(onto, {})[tag] = bool(st.session_state["over_right"])
    _keep_over(chosen)
    st.session_state["over_tag"] = None


def _split(card: str) -> None:
    _keep_over({one: dict(tags) for one, tags in _over().items() if one != card})


def _mark() -> None:
    bound.choose(MARKS, [] if st.session_state["marks_switch"] else ["off"])


def _color(run: str, key: str | None) -> None:
    colors = frame.picked_colors()
    if key is None:
        colors.pop(run, None)
    else:
        colors[run] = st.session_state[key]
    frame.paint(colors)
    st.session_state["color_changed"] = True


def group_colors(groups: Groups) -> dict[str, str]:
    """Return the colour of each run by its group; of those in none, a grey."""
    found = dict.fromkeys(groups.others, OTHERS)
    for place, one in enumerate(groups.groups):
        found |= dict.fromkeys(one.runs, theme.color(place))
    return found
