"""The frame around every page: menu, logdir, run list, tag filter, live updates."""

import gc
import math
import re
import sys
import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from tbcore.charts import theme
from tbcore.errors import PatternError
from tbcore.names import matcher
from tbcore.series import Problem, Series
from tbcore.store.logdir import Logdir
from tbcore.store.run import Run
from tbcore.ui import selection
from tbcore.ui.cache import Watch, logdir_spec, watch
from tbcore.ui.components.runs import run_list, spelled_runs
from tbcore.ui.navigation import ALONE, navigation
from tbcore.ui.query import put_query

INTERVALS = {"off": None, "1 s": 1.0, "5 s": 5.0, "10 s": 10.0, "30 s": 30.0, "60 s": 60.0}
_USUAL = "5 s"
_SELECTION = ("runs", "only", "except", "all")  # query parameters of the run selection
# A named icon would be fetched from another machine.
_ICON = Path(__file__).parent / "icon.svg"
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_COLORS_UP_TO = 2_000  # signs of the URL
_PICKED, _OF_GROUPS = "picked_colors", "group_colors"
_POLL = 0.4  # seconds between looks while there is nothing to show yet
_PUBLISHED = 1.5  # seconds between drawings of a large logdir while it is read for the first time

_view: ContextVar["View | None"] = ContextVar("view", default=None)


@dataclass(frozen=True)
class View:
    """What the visitor selected, of one snapshot of the logs.

    runs: all of them, by start; shown: whether each is selected; tags: the pattern of the tag filter, "" for all.
    raw: whether sub-runs of hyperparameters stand on their own; folds: how many there are that can be folded.
    """

    spec: str
    runs: tuple[Run, ...]
    shown: tuple[bool, ...]
    tags: str
    problems: tuple[Problem, ...] = ()
    generation: int = 0
    raw: bool = False
    folds: int = 0
    _colors: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def selected(self) -> tuple[Run, ...]:
        """Return the runs that are shown."""
        return tuple(run for run, shown in zip(self.runs, self.shown, strict=True) if shown)

    def color(self, run: str) -> str:
        """Return the colour of a run: the same on every page, by the order in which runs started."""
        return self._colors[run]

    def series(self, kind: str) -> list[Series]:
        """Return the series of a kind in the selected runs whose tag passes the tag filter, in run order."""
        passes = matcher(self.tags)
        known: dict[str, bool] = {}
        found = []
        for run in self.selected:
            for (of_kind, tag), series in run.series.items():
                if of_kind == kind:
                    if tag not in known:
                        known[tag] = passes(tag)
                    if known[tag]:
                        found.append(series)
        return found

    def tags_of(self, kind: str) -> list[str]:
        """Return the tags of a kind in all runs, selected or not, that pass the tag filter."""
        passes = matcher(self.tags)
        return [
            tag
            for tag in {tag: None for run in self.runs for of_kind, tag in run.series if of_kind == kind}
            if passes(tag)
        ]

    def holds(self, kind: str) -> bool:
        """Return whether any run, selected or not, holds series of a kind."""
        return any(of_kind == kind for run in self.runs for of_kind, _tag in run.series)


def page_config() -> None:
    """Set up the browser's tab; the first thing an app does."""
    st.set_page_config(
        page_title="Runlens",
        page_icon=_ICON,
        layout="wide",
        initial_sidebar_state=320,
        menu_items={"About": "**Runlens** shows training logs. Nothing is sampled away."},
    )


def run() -> None:
    """Draw the frame and run the page that the visitor is on."""
    watched = watch(logdir_spec())
    if not watched.wait():
        navigation()
        _waiting(watched)
        return
    # Before the runs, so that what is read meanwhile is drawn a moment later, not never.
    seen = _state(watched)
    listed = _listed(watched.logdir, _raw(), _painted()) if watched.logdir is not None else None
    page = navigation(listed.kinds if listed is not None and listed.runs else None)
    if page.url_path == "":
        # The root only leads on, and can hand on the address only while no widget is bound to a part of it.
        page.run()
    if listed is None or (watched.error and not listed.runs):
        _sidebar_top(watched)
        _live(watched, seen)
        _unreadable(watched)
        return
    if not listed.runs:
        _sidebar_top(watched)
        _live(watched, seen)
        if page.url_path not in ALONE:
            _no_runs(watched)
            return
    token = _view.set(_frame(watched, listed, seen) if listed.runs else _without_runs(watched, listed, seen))
    try:
        page.run()
    finally:
        _view.reset(token)
    _settle(len(sys.modules))


@st.cache_resource(show_spinner=False, max_entries=1)
def _settle(modules: int) -> int:
    """Have the garbage collector pass over what modules are made of, anew when there are more; return how many there are.

    Streamlit has it look at every object after every drawing, and nothing reaches a browser meanwhile.
    """
    gc.collect()
    gc.freeze()
    return modules


def view() -> View:
    """Return what the visitor selected.

    On a server's first visit a page can be run without the app around it; then the app takes over from here.
    """
    current = _view.get()
    if current is None:
        page_config()
        navigation()
        st.rerun()
    return current


def zone() -> tzinfo:
    """Return the visitor's time zone."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def folding(view: View) -> None:
    """Draw a switch that shows sub-runs of hyperparameters on their own, where there are any; not in a fragment."""
    if not view.folds:
        return
    what = "sub-run" if view.folds == 1 else f"{view.folds:,} sub-runs"
    st.toggle(
        f"Show the {what} of add_hparams separately",
        value=view.raw,
        key="raw_switch",
        on_change=_switch_raw,
        help="PyTorch and tensorboardX write the hyperparameters of a run into a run of their own below it, named after "
        "the moment. Runlens takes it as a part of the run that it belongs to.",
    )


def _switch_raw() -> None:
    st.session_state["raw"] = st.session_state["raw_switch"]


def _raw() -> bool:
    """Return whether sub-runs stand on their own: as chosen in this session, else as the URL says."""
    return bool(st.session_state.setdefault("raw", st.query_params.get("raw") == "1"))


def paint(colors: Mapping[str, str]) -> None:
    """Give some runs colours that the visitor picked, and all others their own, from the next drawing on."""
    st.session_state[_PICKED] = {run: color for run, color in colors.items() if _COLOR.fullmatch(color)}


def picked_colors() -> dict[str, str]:
    """Return the colours that the visitor picked, by run: in this session, else as the URL says."""
    kept: dict[str, str] | None = st.session_state.get(_PICKED)
    if kept is None:
        said = (text.partition(",") for text in st.query_params.get_all("color"))
        kept = {run: f"#{color}" for color, _comma, run in said if run and _COLOR.fullmatch(f"#{color}")}
        st.session_state[_PICKED] = kept
    return dict(kept)


def paint_groups(colors: Mapping[str, str]) -> bool:
    """Give runs the colours of their groups for as long as they have some; return whether that changes anything."""
    if st.session_state.get(_OF_GROUPS, {}) == colors:
        return False
    st.session_state[_OF_GROUPS] = dict(colors)
    return True


def _painted() -> tuple[tuple[str, str], ...]:
    """Return the colours, by run, that are not those of the order of the runs."""
    return tuple({**st.session_state.get(_OF_GROUPS, {}), **picked_colors()}.items())


@dataclass(frozen=True)
class _Listed:
    """What the frame makes of the runs of one generation, the same for all visitors and all their drawings.

    logdir: held, so that no other one takes its place in memory; kinds: that there are; colors: by run; rows: of the run
    list; folds: how many sub-runs can be folded.
    """

    logdir: Logdir
    runs: tuple[Run, ...]
    problems: tuple[Problem, ...]
    kinds: frozenset[str]
    colors: dict[str, str]
    rows: str
    folds: int


@st.cache_resource(
    show_spinner=False, max_entries=8, hash_funcs={Logdir: lambda logdir: (id(logdir), logdir.generation)}
)
def _listed(logdir: Logdir, raw: bool, painted: tuple[tuple[str, str], ...]) -> _Listed:
    """Return the runs of a logdir. raw: whether sub-runs stand on their own; painted: (run, colour) of some of them."""
    folded = logdir.folded
    runs = logdir.runs if raw else folded
    # Sub-runs on their own come after all others, whose colours they do not change.
    ordered = dict.fromkeys([*(one.name for one in folded), *(one.name for one in runs)])
    colors = {name: theme.color(index) for index, name in enumerate(ordered)}
    colors |= {name: color for name, color in painted if name in colors}
    return _Listed(
        logdir,
        runs,
        logdir.problems,
        frozenset(kind for one in runs for kind, _tag in one.series)
        | {"embeddings" for one in runs if one.embeddings}
        | {"profiles" for one in runs if one.profile_files},
        colors,
        spelled_runs([_row(one, colors[one.name]) for one in runs]),
        sum(len(one.folded) for one in folded),
    )


def _frame(watched: Watch, listed: _Listed, seen: tuple[int, str, bool]) -> View:
    """Draw the sidebar and return what is selected in it."""
    _sidebar_top(watched)
    picked = [f"{color[1:]},{run}" for run, color in picked_colors().items()]
    put_query({"raw": "1" if _raw() else None, "color": picked if sum(map(len, picked)) < _COLORS_UP_TO else None})
    with st.sidebar:
        tags = _tag_filter()
        chosen = _selection()
        state = run_list(
            {
                "runs": listed.rows,
                "shown": chosen,
                "limit": selection.NEWEST,
            },
            key="run_list",
        )
        said = _said()
        if said is not None and said != chosen:
            chosen = said
            _remember(chosen)
        if state.problems is not None:
            # The page binds this choice to the address: nobody but its widget may change it there.
            st.session_state["run"] = state.problems
            st.switch_page("pages/inspect.py", query_params={})
    _live(watched, seen)
    if watched.error:
        st.warning(f"{plain(watched.error)}. What was read before is shown.", icon=":material/warning:")
    shown = tuple(selection.shown([one.name for one in listed.runs], chosen))
    return View(watched.spec, listed.runs, shown, tags, listed.problems, seen[0], _raw(), listed.folds, listed.colors)


def _without_runs(watched: Watch, listed: _Listed, seen: tuple[int, str, bool]) -> View:
    """Return what is selected where there is nothing to select from."""
    return View(watched.spec, (), (), "", listed.problems, seen[0], _raw(), listed.folds, listed.colors)


def _sidebar_top(watched: Watch) -> None:
    with st.sidebar:
        name = "Demo: handwritten digits" if watched.is_demo else watched.spec
        st.markdown(f"**{plain(name)}**")


def _tag_filter() -> str:
    """Draw the tag filter and return its pattern; a wrong one says so and leaves the last good one standing."""
    typed = st.text_input(
        "Filter tags (regex)",
        key="tags",
        bind="query-params",
        placeholder="Filter tags (regex)",
        label_visibility="collapsed",
        type="search",
        live=True,
    )
    try:
        matcher(typed)
    except PatternError as error:
        last: str = st.session_state.get("tags_last", "")
        reason = str(error).split(": ", 1)[-1]
        st.caption(
            f":red[Not a regular expression: {plain(reason)}]; still shown: {_code(last) if last else 'all tags'}"
        )
        return last
    st.session_state["tags_last"] = typed
    return typed


def _selection() -> selection.Selection:
    """Return which runs are selected: as chosen in this session, else as the URL says."""
    chosen = _said()
    if chosen is None:
        chosen = st.session_state.get("selection")
    if chosen is None:
        chosen = selection.decode(
            {name: st.query_params.get_all(name) for name in _SELECTION if name in st.query_params}
        )
        pattern = st.query_params.get("runs", "")
        if pattern and chosen.get("pattern") != pattern:
            st.session_state["selection_note"] = (
                f":red[The address names runs by {_code(pattern)}, which cannot be read]"
            )
    if "selection_note" in st.session_state:
        st.caption(st.session_state["selection_note"])
    _remember(chosen)
    return chosen


def select(chosen: selection.Selection) -> None:
    """Make `chosen` the selection on every page, over what was chosen in the run list before; from the next drawing on."""
    st.session_state["selection_over"] = (st.session_state.get("run_list") or {}).get("shown")
    _remember(chosen)


def _said() -> selection.Selection | None:
    """Return what was chosen in the run list, None when nothing was since a page chose."""
    said = (st.session_state.get("run_list") or {}).get("shown")
    return selection.selection_of(said) if said != st.session_state.get("selection_over") else None


def _remember(chosen: selection.Selection) -> None:
    """Keep the selection for the other pages, and put it into the URL."""
    st.session_state["selection"] = chosen
    put_query(dict.fromkeys(_SELECTION), selection.encode(chosen))


def _row(one: Run, color: str) -> dict[str, object]:
    problems = one.problems
    return {
        "name": one.name,
        "color": color,
        "points": one.points,
        "last_step": one.last_step,
        "start": one.start,
        "last": one.last_wall_time,
        "problems": len(problems),
        "problem_text": str(problems[0]) if problems else "",
    }


def _state(watched: Watch) -> tuple[int, str, bool]:
    """Return what changes when there is something new to draw: the logdir's generation, its error, whether all is read."""
    return (watched.logdir.generation if watched.logdir is not None else 0, watched.error, watched.ready)


def _live(watched: Watch, seen: tuple[int, str, bool]) -> None:
    """Draw when the logs were last read, and read them again every so often; only what moved is drawn anew."""
    with st.sidebar:
        # On a visitor's first run the widget below has not taken the address over yet.
        interval = st.session_state.get("refresh") or st.query_params.get("refresh", _USUAL)
        seconds = INTERVALS.get(interval, INTERVALS[_USUAL])
        row = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
        with row:
            st.fragment(_tick, run_every=seconds if watched.ready else _PUBLISHED)(watched, seen, seconds)
        with (
            row,
            st.popover(
                "", icon=":material/sync:", width="content", type="tertiary", help="How often the logs are read"
            ),
        ):
            st.segmented_control(
                "Read the logs every",
                list(INTERVALS),
                default=_USUAL,
                key="refresh",
                bind="query-params",
                required=True,
            )
            if st.button("Read now"):
                watched.refresh()
                st.rerun()


def _tick(watched: Watch, seen: tuple[int, str, bool], seconds: float | None) -> None:
    if seconds is not None:
        watched.refresh(older_than=0.8 * seconds)
    if _state(watched) != seen:
        st.rerun()
    doing = watched.doing
    if doing is not None:
        st.caption(f"{plain(doing.words)}: {doing.done:,} of {doing.total:,} files")
        return
    read = datetime.fromtimestamp(watched.read_at or time.time(), zone()).strftime("%H:%M:%S")
    st.caption(f"Last read {read}" + ("" if seconds is not None else "; automatic reading is off"))


def _waiting(watched: Watch) -> None:
    """Show how far the first reading is, and look again shortly."""

    def progress() -> None:
        doing = watched.doing
        if doing is None:
            st.rerun()
        counts = f" ({doing.done:,} of {doing.total:,})" if doing.total else ""
        st.progress(doing.done / doing.total if doing.total else 0.0, f"{plain(doing.words)}{counts}")

    st.fragment(progress, run_every=_POLL)()


def _unreadable(watched: Watch) -> None:
    st.subheader("This logdir cannot be read")
    st.markdown(plain(watched.error) + ".")
    st.markdown("Start Runlens with the folder that holds your runs, in one of these ways:")
    st.code("make run LOGDIR=runs\nstreamlit run app.py -- --logdir runs", language="sh")
    st.caption("As soon as there is something to read, it appears here by itself.")


def _no_runs(watched: Watch) -> None:
    gone = watched.logdir is not None and watched.logdir.generation > 0
    st.subheader("The runs are gone" if gone else "No event files yet")
    st.markdown(
        f"No file below {_code(watched.spec)} has `tfevents` in its name{' any more' if gone else ''}. "
        "Point a writer there, and its curves appear by themselves:"
    )
    folder = watched.spec.rstrip("/") + "/first"
    st.code((_TORCH + _SNIPPETS["scalars"][0]).replace('"runs/first"', repr(folder)), language="python")


# What to call so that a kind is logged: three lines of PyTorch, and of TensorFlow.
_TORCH = 'from torch.utils.tensorboard import SummaryWriter\nwriter = SummaryWriter("runs/first")\n'
_TENSORFLOW = 'import tensorflow as tf\nwith tf.summary.create_file_writer("runs/first").as_default():\n    '
_SNIPPETS = {
    # kind        PyTorch                                                            TensorFlow
    "scalars": ('writer.add_scalar("train/loss", loss, step)', 'tf.summary.scalar("train/loss", loss, step)'),
    "custom_scalars": (
        'writer.add_custom_scalars({"Losses": {"Loss": ["Multiline", ["train/loss", "eval/loss"]]}})',
        "from tensorboard.plugins.custom_scalar import layout_pb2, summary\n"
        '    lines = layout_pb2.MultilineChartContent(tag=["train/loss", "eval/loss"])\n'
        '    chart = layout_pb2.Chart(title="Loss", multiline=lines)\n'
        '    layout = layout_pb2.Layout(category=[layout_pb2.Category(title="Losses", chart=[chart])])\n'
        "    tf.summary.experimental.write_raw_pb(summary.pb(layout).SerializeToString(), step=0)",
    ),
    "histograms": (
        'writer.add_histogram("layer1/weights", layer1.weight, step)',
        'tf.summary.histogram("layer1/weights", layer1.weights[0], step)',
    ),
    "pr_curves": (
        'writer.add_pr_curve("cats", labels, predictions, step)  # labels: 0 or 1; predictions: 0 to 1',
        "from tensorboard.plugins.pr_curve import summary as pr_curve\n"
        '    curve = pr_curve.pb("cats", labels, predictions, num_thresholds=201)  # labels: bool; predictions: 0 to 1\n'
        "    tf.summary.experimental.write_raw_pb(curve.SerializeToString(), step)",
    ),
    "images": (
        'writer.add_images("samples", images, step)  # [n, 3, height, width], 0 to 1',
        'tf.summary.image("samples", images, step)  # [n, height, width, 3], 0 to 1',
    ),
    "audio": (
        'writer.add_audio("speech", samples, step, sample_rate=16000)  # [1, frames], -1 to 1',
        'tf.summary.audio("speech", samples, 16000, step)  # [clips, frames, channels], -1 to 1',
    ),
    "text": (
        'writer.add_text("prediction", "**input** and what the model made of it", step)',
        'tf.summary.text("prediction", "**input** and what the model made of it", step)',
    ),
    "hparams": (
        'writer.add_hparams({"lr": 0.1, "batch_size": 32}, {"hparam/accuracy": accuracy}, run_name=".")',
        "from tensorboard.plugins.hparams import api as hp\n"
        '    hp.hparams({"lr": 0.1, "batch_size": 32})\n'
        '    tf.summary.scalar("eval/accuracy", accuracy, step)',
    ),
    "graphs": (
        "writer.add_graph(model, example_input)  # one batch of what the model takes",
        "tf.summary.trace_on(graph=True)\n"
        "    model_function(example_input)  # a tf.function\n"
        '    tf.summary.trace_export("model", step=0)\n'
        "# Keras: model.fit(..., callbacks=[keras.callbacks.TensorBoard('runs/first')])",
    ),
    "embeddings": (
        'writer.add_embedding(features, metadata=labels, label_img=images, global_step=step, tag="features")',
        "checkpoint = tf.train.Checkpoint(embedding=tf.Variable(features))\n"
        '    checkpoint.save("runs/first/embedding.ckpt")\n'
        "from tensorboard.plugins import projector\n"
        "config = projector.ProjectorConfig()\n"
        'config.embeddings.add(tensor_name="embedding/.ATTRIBUTES/VARIABLE_VALUE", metadata_path="labels.tsv")\n'
        'projector.visualize_embeddings("runs/first", config)  # labels.tsv: a line per row',
    ),
    "profiles": (
        "from torch.profiler import profile, schedule, tensorboard_trace_handler\n"
        "with profile(schedule=schedule(wait=1, warmup=1, active=3), record_shapes=True, profile_memory=True,\n"
        '             on_trace_ready=tensorboard_trace_handler("runs/first")) as recorder:\n'
        "    for batch in loader:\n"
        "        train(batch)\n"
        "        recorder.step()",
        "import tensorflow as tf\n"
        'tf.profiler.experimental.start("runs/first")\n'
        "for step in range(5):\n"
        '    with tf.profiler.experimental.Trace("train", step_num=step, _r=1):\n'
        "        train(next(batches))\n"
        "tf.profiler.experimental.stop()",
    ),
    "meshes": (
        'writer.add_mesh("shape", vertices, colors, faces, global_step=step)  # [1, n, 3], [1, n, 3], [1, m, 3]',
        "from tensorboard.plugins.mesh import summary_v2 as mesh\n"
        '    mesh.mesh("shape", vertices, faces, colors, step=step)  # [1, n, 3], [1, m, 3], [1, n, 3]',
    ),
}


_JAX = {
    "profiles": "import jax\n"
    'jax.profiler.start_trace("runs/first")\n'
    "for step in range(5):\n"
    '    with jax.profiler.StepTraceAnnotation("train", step_num=step):\n'
    '        with jax.profiler.TraceAnnotation("load_batch"):\n'
    "            batch = next(batches)\n"
    "        jax.block_until_ready(train(batch))\n"
    "jax.profiler.stop_trace()"
}


def no_data(kind: str, title: str) -> None:
    """Say that nothing of a kind was logged, and what to call to log it."""
    torch, tensorflow = _SNIPPETS[kind]
    st.subheader(f"No {title} in these logs")
    st.markdown("This is how they get there, with PyTorch:")
    alone = kind == "profiles"  # which no writer of events writes
    st.code(torch if alone else _TORCH + torch, language="python")
    st.markdown("and with TensorFlow:")
    st.code(tensorflow if alone else _TENSORFLOW + tensorflow, language="python")
    if kind in _JAX:
        st.markdown("and with JAX:")
        st.code(_JAX[kind], language="python")


def nothing_selected(what: str) -> None:
    """Say that the tag filter leaves nothing to show."""
    st.markdown(f"No {what} to show: change the tag filter in the sidebar.")


def _code(text: str) -> str:
    """Return text as Markdown's code, in which nothing is acted on."""
    return "`" + text.replace("`", "'") + "`"


def plain(text: str) -> str:
    """Return text with every sign that Markdown would act on taken literally."""
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]()#+-.!|<>~$:&" else sign for sign in text)


def finite(value: float) -> float | None:
    """Return the value, or None when it is not a finite number."""
    return value if math.isfinite(value) else None
