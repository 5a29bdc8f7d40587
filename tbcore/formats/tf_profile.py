"""What TensorFlow's profiler wrote before 2021: the answers of its tools, each in a file of its own, shown as they are.

    report = read("host.overview_page.pb", data)
    report.tables[0].columns, report.tables[0].rows

Nothing is computed anew: such files hold answers, not events.
Source: field numbers of tensorflow/core/profiler/protobuf/{overview_page,input_pipeline,tf_stats,kernel_stats}.proto.
"""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tbcore.errors import MessageError
from tbcore.formats.memory_timeline import CATEGORIES, MemoryTimeline
from tbcore.formats.pprof import Pprof
from tbcore.formats.schema import messages, parse, text

Cell = str | float | int | bool | None

_LONGEST = 2_000  # signs of a cell
_MOST_ROWS = 10_000
_MOST_COLUMNS = 40
_MOST_POINTS = 2_000  # of a curve
_DEEPEST = 60


@dataclass(frozen=True)
class Table:
    """One table of a report. columns: their names as they stand on screen; rows: a cell for each; note: what they are."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Report:
    """What a file says: facts by name, tables, and sentences. kind: what wrote it, in words."""

    kind: str
    facts: tuple[tuple[str, str], ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()


_CLASSES = messages(
    "tf_profile",
    """
Any
     1  type_url                string
     2  value                   bytes

OverviewPage
     2  input_analysis          InputPipelineAnalysisResult
     3  analysis                OverviewPageAnalysis
     4  recommendation          OverviewPageRecommendation
     6  run_environment         RunEnvironment
     8  diagnostics             Diagnostics

Diagnostics
     1  info                    string                      repeated
     2  warnings                string                      repeated
     3  errors                  string                      repeated

OverviewPageAnalysis
     2  device_idle_time_percent  double
     3  host_idle_time_percent  double
     4  top_device_ops          OverviewTfOp                repeated
     9  device_compute_16bit_percent  double
    10  device_compute_32bit_percent  double
    11  host_tf_op_percent      double
    12  device_tf_op_percent    double
    14  host_op_time_eager_percent  double
    15  device_op_time_eager_percent  double
    17  device_duty_cycle_percent  double

OverviewTfOp
     1  name                    string
     2  category                string
     3  self_time_fraction      double
     4  cumulative_time_fraction  double
     5  flop_rate               double
     6  is_op_tensorcore_eligible  bool
     7  is_op_using_tensorcore  bool

OverviewPageRecommendation
     1  bottleneck              string
     2  statement               string
     3  host_tips               Tip                         repeated
     4  device_tips             Tip                         repeated
     9  output_statement        string
    10  tf_function_statement_html  string
    12  eager_statement_html    string

Tip
     1  link                    string

RunEnvironment
     1  host_count              int32
     2  task_count              int32
     4  device_type             string
     5  device_core_count       int32

InputPipelineAnalysisResult
     2  step_time_summary       StepSummary
     3  input_percent_summary   StepSummary
     4  step_details            Any                         repeated
     5  input_time_breakdown    InputTimeBreakdown
     6  input_op_details        InputOpDetails              repeated
     7  recommendation          InputPipelineAnalysisRecommendation
     9  hardware_type           int32
    11  input_percent           double
    13  output_percent          double
    14  idle_percent            double
    15  compute_percent         double

StepSummary
     1  average                 double
     2  standard_deviation      double
     3  minimum                 double
     4  maximum                 double

InputTimeBreakdown
     1  demanded_file_read_us   double
     2  advanced_file_read_us   double
     3  preprocessing_us        double
     4  enqueue_us              double
     5  unclassified_non_enqueue_us  double

InputOpDetails
     1  op_name                 string
     2  count                   uint64
     3  time_in_ms              double
     4  time_in_percent         double
     5  self_time_in_ms         double
     6  self_time_in_percent    double
     7  category                string

InputPipelineAnalysisRecommendation
     1  details                 string                      repeated

PerGenericStepDetails
     1  step_number             int32
     2  step_time_ms            double
     3  unknown_time_ms         double
     5  output_ms               double
     6  device_compute_ms       double
     7  device_to_device_ms     double
     8  host_compute_ms         double
     9  host_prepare_ms         double
    10  host_compile_ms         double
    11  host_wait_input_ms      double
    12  host_to_device_ms       double
    13  device_collectives_ms   double
    14  step_name               string

TfStatsDatabase
     4  with_idle               TfStatsTable
     5  without_idle            TfStatsTable
     6  device_type             string

TfStatsTable
     1  tf_stats_record         TfStatsRecord               repeated

TfStatsRecord
     1  rank                    uint64
     2  host_or_device          string
     3  op_type                 string
     4  op_name                 string
     5  occurrences             int64
     6  total_time_in_us        double
     7  avg_time_in_us          double
     8  total_self_time_in_us   double
     9  avg_self_time_in_us     double
    10  device_total_self_time_as_fraction  double
    12  host_total_self_time_as_fraction  double
    14  measured_flop_rate      double
    15  measured_memory_bw      double
    16  operational_intensity   double
    17  bound_by                string
    18  is_eager                bool
    19  gpu_tensorcore_utilization  double

KernelStatsDb
     1  reports                 KernelReport                repeated

KernelReport
     1  name                    string
     2  registers_per_thread    uint32
     3  static_shmem_bytes      uint32
     4  dynamic_shmem_bytes     uint32
     5  block_dim               uint32                      repeated
     6  grid_dim                uint32                      repeated
     7  total_duration_ns       uint64
     8  min_duration_ns         uint64
     9  max_duration_ns         uint64
    10  is_kernel_using_tensor_core  bool
    11  is_op_tensor_core_eligible  bool
    12  op_name                 string
    13  occurrences             uint32
    14  occupancy_pct           float
""",
)


@dataclass(frozen=True)
class _Columns:
    """Fields of a repeated message, and what each is called on screen."""

    fields: tuple[str, ...]
    words: tuple[str, ...]


def _columns(**words: str) -> _Columns:
    return _Columns(tuple(words), tuple(words.values()))


_TOP_OPS = _columns(
    name="Operation", category="Type", self_time_fraction="Share of the device's time", cumulative_time_fraction="Together with those above",
    flop_rate="GFLOP/s", is_op_tensorcore_eligible="Could use Tensor Cores", is_op_using_tensorcore="Uses Tensor Cores",
)  # fmt: skip
_INPUT_OPS = _columns(
    op_name="Operation", count="Calls", time_in_ms="Time (ms)", time_in_percent="Time (%)", self_time_in_ms="Own time (ms)",
    self_time_in_percent="Own time (%)", category="Category",
)  # fmt: skip
_STEPS = _columns(
    step_name="Step", step_number="Number", step_time_ms="Step time (ms)", device_compute_ms="Device compute",
    device_to_device_ms="Device to device", device_collectives_ms="Collectives", host_compute_ms="Host compute",
    host_prepare_ms="Kernel launch", host_wait_input_ms="Waiting for input", host_to_device_ms="Host to device", output_ms="Output",
    host_compile_ms="Compilation", unknown_time_ms="All others",
)  # fmt: skip
_RECORDS = _columns(
    rank="Rank", host_or_device="Where", op_type="Type", op_name="Operation", occurrences="Calls", total_time_in_us="Time (us)",
    avg_time_in_us="Average (us)", total_self_time_in_us="Own time (us)", avg_self_time_in_us="Average own time (us)",
    device_total_self_time_as_fraction="Share of the device's time", host_total_self_time_as_fraction="Share of the host's time",
    measured_flop_rate="GFLOP/s", measured_memory_bw="GiB/s", operational_intensity="FLOP per byte", bound_by="Bound by", is_eager="Eager",
    gpu_tensorcore_utilization="Tensor Core use",
)  # fmt: skip
_KERNELS = _columns(
    name="Kernel", op_name="Operation", occurrences="Calls", total_duration_ns="Time (ns)", min_duration_ns="Shortest (ns)",
    max_duration_ns="Longest (ns)", registers_per_thread="Registers per thread", static_shmem_bytes="Static shared memory (bytes)",
    dynamic_shmem_bytes="Dynamic shared memory (bytes)", block_dim="Block", grid_dim="Grid", occupancy_pct="Occupancy (%)",
    is_kernel_using_tensor_core="Uses Tensor Cores", is_op_tensor_core_eligible="Could use Tensor Cores",
)  # fmt: skip
_SUMMARY = _columns(average="Average", standard_deviation="Standard deviation", minimum="Shortest", maximum="Longest")
_PERCENTS = (
    ("device_idle_time_percent", "Device idle"), ("host_idle_time_percent", "Host idle"),
    ("device_duty_cycle_percent", "Device duty cycle"), ("device_compute_16bit_percent", "Device compute in 16 bits"),
    ("device_compute_32bit_percent", "Device compute in 32 bits"), ("host_tf_op_percent", "Operations on the host"),
    ("device_tf_op_percent", "Operations on the device"), ("host_op_time_eager_percent", "Eager time of the host"),
    ("device_op_time_eager_percent", "Eager time of the device"),
)  # fmt: skip


def read(name: str, data: bytes) -> Report:
    """Return what a file says. name: by whose end it is known. Raises MessageError."""
    for ending, made in _READERS:
        if name.removesuffix(".gz").endswith(ending):
            return made(data)
    raise MessageError(f"{name[:_LONGEST]} holds no answers that are known: {', '.join(ENDINGS)}")


# Messages ------------------------------------------------------------------------------------------------------------


def _cell(value: Any) -> Cell:
    if isinstance(value, bool | int):
        return value if abs(value) < 1 << 63 else float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str | bytes):
        return _plain(text(value))
    if value is None:
        return None
    return _plain(json.dumps(list(value) if not isinstance(value, Mapping) else value, default=str))


_MARKUP = re.compile(r"<[^<>]{0,500}>")


def _plain(words: str) -> str:
    """Return text without markup, which old files hold links in."""
    return _MARKUP.sub("", words)[:_LONGEST]


def _table(title: str, rows: Sequence[Any], columns: _Columns, note: str = "") -> Table:
    """Return messages as a table, without columns in which none says anything."""
    cells = [tuple(_cell(getattr(row, name)) for name in columns.fields) for row in rows[:_MOST_ROWS]]
    kept = [at for at in range(len(columns.fields)) if any(row[at] not in (0, "", "[]", None, False) for row in cells)]
    return Table(
        title, tuple(columns.words[at] for at in kept), tuple(tuple(row[at] for at in kept) for row in cells), note
    )


def _overview(data: bytes) -> Report:
    page = parse(_CLASSES["OverviewPage"], data)
    where, said, told = page.run_environment, page.analysis, page.recommendation
    facts = [
        ("Device", text(where.device_type)),
        ("Hosts", _number(where.host_count)),
        ("Device cores", _number(where.device_core_count)),
    ]
    facts += [(words, f"{getattr(said, name):.1f} %") for name, words in _PERCENTS if getattr(said, name)]
    facts.append(("Bottleneck", text(told.bottleneck)))
    own = _input(page.input_analysis)
    tables = [_table("Operations that take most of the device's time", said.top_device_ops, _TOP_OPS)]
    tips = [("Host", tip) for tip in told.host_tips] + [("Device", tip) for tip in told.device_tips]
    if tips:
        tables.append(
            Table("What to look at next", ("Where", "Tip"), tuple((side, _plain(text(tip.link))) for side, tip in tips))
        )
    notes = [told.statement, told.output_statement, told.tf_function_statement_html, told.eager_statement_html]
    notes += [*page.diagnostics.errors, *page.diagnostics.warnings, *page.diagnostics.info]
    return Report(
        "TensorFlow's overview page",
        tuple((name, value) for name, value in facts if value) + own.facts,
        tuple(one for one in (*own.tables, *tables) if one.rows),
        tuple(_plain(text(one)) for one in notes if one),
    )


def _number(value: int) -> str:
    return f"{value:,}" if value else ""


def _input_file(data: bytes) -> Report:
    return _input(parse(_CLASSES["InputPipelineAnalysisResult"], data))


def _input(found: Any) -> Report:
    kind = "PerGenericStepDetails"
    details = [one for one in found.step_details[:_MOST_ROWS] if text(one.type_url).endswith(kind)]
    steps = [parse(_CLASSES[kind], detail.value) for detail in details]
    facts = [
        (f"{words}: {column}", f"{getattr(summary, name):,.4f} {unit}")
        for words, unit, summary in (
            ("Step time", "ms", found.step_time_summary),
            ("Input", "%", found.input_percent_summary),
        )
        for name, column in zip(_SUMMARY.fields, _SUMMARY.words, strict=True)
        if summary.average
    ]
    facts += [
        (words, f"{getattr(found, name):.1f} %")
        for name, words in (
            ("input_percent", "Input"),
            ("output_percent", "Output"),
            ("idle_percent", "Idle"),
            ("compute_percent", "Compute"),
        )
        if getattr(found, name)
    ]
    times = found.input_time_breakdown
    kinds = (
        ("Reading files on demand", times.demanded_file_read_us), ("Reading files ahead", times.advanced_file_read_us),
        ("Preprocessing", times.preprocessing_us), ("Enqueueing", times.enqueue_us), ("Other", times.unclassified_non_enqueue_us),
    )  # fmt: skip
    tables = [
        _table("Steps", steps, _STEPS, "Milliseconds."),
        Table(
            "Time of the host on input",
            ("Kind", "Time (us)"),
            tuple(kinds) if any(value for _name, value in kinds) else (),
        ),
        _table("Operations of input", found.input_op_details, _INPUT_OPS),
    ]
    advice = tuple(_plain(text(one)) for one in found.recommendation.details)
    return Report(
        "TensorFlow's input pipeline analysis", tuple(facts), tuple(one for one in tables if one.rows), advice
    )


def _statistics(data: bytes) -> Report:
    found = parse(_CLASSES["TfStatsDatabase"], data)
    tables = [
        _table("Operations and idle time", found.with_idle.tf_stats_record, _RECORDS),
        _table("Operations", found.without_idle.tf_stats_record, _RECORDS, "Shares without idle time."),
    ]
    facts = (("Device", text(found.device_type)),) if found.device_type else ()
    return Report("TensorFlow's statistics of operations", facts, tuple(one for one in tables if one.rows))


def _kernels(data: bytes) -> Report:
    found = parse(_CLASSES["KernelStatsDb"], data)
    table = _table("Kernels", found.reports, _KERNELS)
    return Report("TensorFlow's statistics of kernels", (), (table,) if table.rows else ())


# JSON ----------------------------------------------------------------------------------------------------------------


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError) as error:
        raise MessageError(f"this report is no JSON: {str(error)[:200]}") from error


def _any_json(kind: str) -> Callable[[bytes], Report]:
    """Return what reads any JSON: tables of Google's charts as such, other lists of objects as tables, the rest as facts."""

    def made(data: bytes) -> Report:
        found = _parsed(data)
        facts: list[tuple[str, str]] = []
        tables: list[Table] = []
        _gather(found, "", facts, tables, 0)
        return Report(kind, tuple(facts[:_MOST_COLUMNS]), tuple(tables[:_MOST_COLUMNS]))

    return made


def _gather(found: Any, title: str, facts: list[tuple[str, str]], tables: list[Table], depth: int) -> None:
    """Sort what JSON holds into facts and tables."""
    if depth > _DEEPEST or len(tables) > _MOST_COLUMNS:
        return
    if isinstance(found, dict) and isinstance(found.get("cols"), list) and isinstance(found.get("rows"), list):
        table = _chart_table(found, title or f"Table {len(tables) + 1}")
        if table.rows:
            tables.append(table)
        said = found.get("p")
        if isinstance(said, dict):
            facts += [(_words(name), _plain(str(value))) for name, value in said.items() if value not in ("", None)]
    elif isinstance(found, dict) and found and all(isinstance(one, dict) for one in found.values()):
        rows = [{"": key, **one} for key, one in found.items()]
        if len(rows) > 1 and _alike(rows):
            tables.append(_table_of(title or "Values", rows))
        else:
            for key, one in found.items():
                _gather(one, _words(key), facts, tables, depth + 1)
    elif isinstance(found, dict):
        for key, one in found.items():
            if isinstance(one, dict | list):
                _gather(one, _words(key), facts, tables, depth + 1)
            elif one not in ("", None):
                facts.append((_words(key), _plain(str(one))))
    elif isinstance(found, list):
        rows = [one for one in found if isinstance(one, dict)]
        if rows and len(rows) == len(found) and not any("cols" in one for one in rows) and _alike(rows):
            tables.append(_table_of(title or "Values", rows))
        else:
            for one in found[:_MOST_ROWS]:
                if isinstance(one, dict | list):
                    _gather(one, title, facts, tables, depth + 1)


def _alike(rows: list[dict[str, Any]]) -> bool:
    """Return whether objects are rows of one table: mostly plain values, under the same names."""
    first = {key for key, one in rows[0].items() if not isinstance(one, dict | list)}
    shared = all(2 * len((row.keys() & rows[0].keys()) - {""}) >= len(row.keys() - {""}) for row in rows[:100])
    return bool(first - {""}) and shared


def _table_of(title: str, rows: list[dict[str, Any]]) -> Table:
    rows = [dict(_flat(row)) for row in rows[:_MOST_ROWS]]
    names = list(dict.fromkeys(key for row in rows[:_MOST_ROWS] for key in row))[:_MOST_COLUMNS]
    return Table(
        title,
        tuple(_words(name) for name in names),
        tuple(tuple(_cell(row.get(name)) for name in names) for row in rows[:_MOST_ROWS]),
    )


def _flat(row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the values of an object, those of an object in it beside its own."""
    for name, value in row.items():
        if isinstance(value, dict) and value and not any(isinstance(one, dict | list) for one in value.values()):
            yield from value.items()
        else:
            yield name, value


def _chart_table(found: dict[str, Any], title: str) -> Table:
    columns = [one if isinstance(one, dict) else {} for one in found["cols"]]
    shown = [
        at for at, one in enumerate(columns) if "tooltip" not in str(one.get("id", "")).lower() and one.get("role") != "tooltip"
    ]  # fmt: skip
    rows = []
    for row in found["rows"][:_MOST_ROWS]:
        cells = row.get("c") if isinstance(row, dict) else None
        if isinstance(cells, list):
            values = [one.get("v") if isinstance(one, dict) else one for one in cells]
            rows.append(tuple(_cell(values[at]) if at < len(values) else None for at in shown))
    names = tuple(_plain(str(columns[at].get("label") or columns[at].get("id") or "")) for at in shown)
    return Table(title, names, tuple(rows))


def _words(name: str) -> str:
    """Return the name of a field as words: "steptime_ms_average" and "peakMemory" become "steptime ms average", "peak memory"."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", str(name)).replace("_", " ").strip()
    return (spaced[:1].upper() + spaced[1:].lower())[:200] if spaced else "Name"


def _op_profile(data: bytes) -> Report:
    """Return the tree of an operation profile as rows, its depth as an indent."""
    found = _parsed(data)
    tables = []
    for key in ("byCategory", "byProgram", "byProgramExcludeIdle", "byCategoryExcludeIdle"):
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            rows = tuple(_tree(found[key], 0))
            if rows:
                tables.append(
                    Table(_words(key), ("Operation", "Time", "FLOP rate"), rows[:_MOST_ROWS], "Shares of the whole.")
                )
    return Report("TensorFlow's profile of operations", (), tuple(tables))


def _tree(node: Any, depth: int) -> Iterator[tuple[Cell, ...]]:
    if not isinstance(node, dict) or depth > _DEEPEST:
        return
    metrics = node.get("metrics")
    metrics = metrics if isinstance(metrics, dict) else {}
    indent = "\u2007\u2007" * depth
    yield f"{indent}{_plain(str(node.get('name', '')))}", _cell(metrics.get("time")), _cell(metrics.get("flops"))
    children = node.get("children")
    for one in children if isinstance(children, list) else ():
        yield from _tree(one, depth + 1)


def _pod_viewer(data: bytes) -> Report:
    """Return the time of every core in every step."""
    found = _parsed(data)
    facts: list[tuple[str, str]] = []
    rows: list[dict[str, Any]] = []
    steps = found.get("podStatsSequence", {}) if isinstance(found, dict) else {}
    listed = steps.get("podStatsMap") if isinstance(steps, dict) else None
    for step in listed if isinstance(listed, list) else ():
        cores = step.get("podStatsPerCore") if isinstance(step, dict) else None
        for core, said in cores.items() if isinstance(cores, dict) else ():
            if isinstance(said, dict):
                times = said.get("stepBreakdownUs")
                plain = {key: one for key, one in said.items() if not isinstance(one, dict | list)}
                rows.append(
                    {"step": step.get("stepNum"), "core": core, **plain, **(times if isinstance(times, dict) else {})}
                )
    if isinstance(found, dict) and isinstance(found.get("runEnvironment"), dict):
        _gather(found["runEnvironment"], "", facts, [], 0)
    if not rows:
        return _any_json("TensorFlow's pod viewer")(data)
    return Report("TensorFlow's pod viewer", tuple(facts), (_table_of("Cores by step", rows),))


# Others ---------------------------------------------------------------------------------------------------------------


def memory_timeline(found: MemoryTimeline) -> Report:
    """Return PyTorch's memory timeline as tables: its peak by category, and the curve."""
    sizes, times = found.sizes, found.times
    if not len(times):
        return Report("PyTorch's memory timeline", notes=found.notes)
    total = sizes.sum(axis=1)
    peak = int(total.argmax())
    rows = [(name, int(sizes[peak, at]), int(sizes[:, at].max())) for at, name in enumerate(CATEGORIES)]
    rows.sort(key=lambda row: -row[1])
    first = int(times[0])
    # The peak stays among the points that are shown.
    places = sorted({*range(0, len(times), max(1, len(times) // _MOST_POINTS)), peak, len(times) - 1})
    curve = tuple(((int(times[at]) - first) / 1e6, int(total[at]), *sizes[at].tolist()) for at in places)
    return Report(
        "PyTorch's memory timeline",
        (
            ("Peak", f"{int(total[peak]):,} bytes"),
            ("At", f"{(int(times[peak]) - first) / 1e6:,.3f} ms"),
            ("Moments", f"{len(times):,}"),
        ),
        (
            Table("What was held", ("Category", "At the peak (bytes)", "At most (bytes)"), tuple(rows)),
            Table("Over time", ("Time (ms)", "Total (bytes)", *CATEGORIES), curve, "Bytes."),
        ),
        found.notes,
    )


def heap(found: Pprof) -> Report:
    """Return a heap profile as tables: what each function, and each call stack, holds."""
    kinds = tuple(f"{name} ({unit})" if unit else name for name, unit in found.kinds)
    own: dict[str, list[int]] = {}
    stacks = []
    for sample in found.samples:
        values = [*sample.values, *([0] * len(kinds))][: len(kinds)]
        function = sample.stack[0].function if sample.stack else "unknown"
        held = own.setdefault(function or "unknown", [0] * len(kinds))
        for at, value in enumerate(values):
            held[at] += value
        lines = " \u2190 ".join(
            f"{one.function} ({one.file}:{one.line})" if one.file else one.function for one in sample.stack
        )
        labels = ", ".join(f"{name} {value}" for name, value in sample.labels.items())
        stacks.append(((lines or "unknown")[:_LONGEST], labels[:_LONGEST], *(_cell(value) for value in values)))
    last = max(0, len(kinds) - 1)
    functions = sorted(
        ((name[:_LONGEST], *(_cell(value) for value in values)) for name, values in own.items()),
        key=lambda row: -_size(row[1 + last :]),
    )
    stacks.sort(key=lambda row: -_size(row[2 + last :]))
    totals = [sum(values[at] for values in own.values()) for at in range(len(kinds))]
    return Report(
        "Heap profile",
        tuple((name, f"{total:,}") for name, total in zip(kinds, totals, strict=True)),
        tuple(
            table
            for table in (
                Table("By function", ("Function", *kinds), tuple(functions[:_MOST_ROWS])),
                Table(
                    "By call stack", ("Called from, the innermost first", "Labels", *kinds), tuple(stacks[:_MOST_ROWS])
                ),
            )
            if table.rows
        ),
    )


def _size(cells: Sequence[Cell]) -> float:
    return float(cells[0]) if cells and isinstance(cells[0], int | float) else 0.0


_READERS: tuple[tuple[str, Callable[[bytes], Report]], ...] = (
    ("overview_page.pb", _overview),
    ("overview_page.json", _any_json("TensorFlow's overview page")),
    ("input_pipeline.pb", _input_file),
    ("input_pipeline.json", _any_json("TensorFlow's input pipeline analysis")),
    ("tensorflow_stats.pb", _statistics),
    ("kernel_stats.pb", _kernels),
    ("op_profile.json", _op_profile),
    ("pod_viewer.json", _pod_viewer),
    ("memory_viewer.json", _any_json("TensorFlow's memory viewer")),
    ("memory_profile.json", _any_json("TensorFlow's memory profile")),
    ("tf_data_bottleneck_analysis.json", _any_json("TensorFlow's analysis of tf.data")),
)
# How the names of the files end.
ENDINGS = (*(ending for ending, _made in _READERS), *(f"{ending}.gz" for ending, _made in _READERS))
