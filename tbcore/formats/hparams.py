"""What the plugin `hparams` keeps in the metadata of its three tags: an experiment, a session's start, its end.

    _hparams_/experiment           what may be chosen and what is measured, once for many sessions
    _hparams_/session_start_info   what one session, which is one run, has chosen
    _hparams_/session_end_info     how it ended

Source: tensorboard/plugins/hparams/{api,plugin_data}.proto and google/protobuf/struct.proto.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tbcore.errors import MessageError
from tbcore.formats.schema import messages, parse, text

Value = bool | float | str
Status = Literal["unknown", "success", "failure", "running"]

PLUGIN = "hparams"
EXPERIMENT = "_hparams_/experiment"
START = "_hparams_/session_start_info"
END = "_hparams_/session_end_info"

STATUSES: tuple[Status, ...] = ("unknown", "success", "failure", "running")
TYPES = ("", "text", "bool", "number")
DATASETS = ("", "training", "validation")

_TABLE = """
HParamsPluginData
     1  version                 int32
     2  experiment              Experiment                  data
     3  session_start_info      SessionStartInfo            data
     4  session_end_info        SessionEndInfo              data

Experiment
     1  description             string
     2  user                    string
     3  time_created_secs       double
     4  hparam_infos            HParamInfo                  repeated
     5  metric_infos            MetricInfo                  repeated
     6  name                    string

HParamInfo
     1  name                    string
     2  display_name            string
     3  description             string
     4  type                    int32
     5  domain_discrete         ListValue                   domain
     6  domain_interval         Interval                    domain
     7  differs                 bool

Interval
     1  min_value               double
     2  max_value               double

MetricInfo
     1  name                    MetricName
     3  display_name            string
     4  description             string
     5  dataset_type            int32

MetricName
     1  group                   string
     2  tag                     string

SessionStartInfo
     1  hparams                 map<string,Value>
     2  model_uri               string
     3  monitor_url             string
     4  group_name              string
     5  start_time_secs         double

SessionEndInfo
     1  status                  int32
     2  end_time_secs           double

Value
     1  null_value              int32                       kind
     2  number_value            double                      kind
     3  string_value            string                      kind
     4  bool_value              bool                        kind
     5  struct_value            Struct                      kind
     6  list_value              ListValue                   kind

Struct
     1  fields                  map<string,Value>

ListValue
     1  values                  Value                       repeated
"""

_classes = messages("hparams", _TABLE)

HParamsPluginData = _classes["HParamsPluginData"]


@dataclass(frozen=True)
class HParam:
    """A hyperparameter as an experiment describes it.

    type: one of TYPES, "" where it is not said; choices: the values it may take, or low and high: the interval.
    """

    name: str
    title: str = ""
    description: str = ""
    type: str = ""
    choices: tuple[Value, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Metric:
    """A metric as an experiment describes it: a scalar tag of the run `group` below the session's own, "" for that."""

    tag: str
    group: str = ""
    title: str = ""
    description: str = ""
    dataset: str = ""


@dataclass(frozen=True)
class Experiment:
    """What may be chosen, and what is measured. time_created: seconds since the epoch, NaN when it is not said."""

    name: str = ""
    description: str = ""
    user: str = ""
    time_created: float = math.nan
    hparams: tuple[HParam, ...] = ()
    metrics: tuple[Metric, ...] = ()


@dataclass(frozen=True)
class SessionStart:
    """What a session chose; None is null. start_time: seconds since the epoch, NaN when it is not said."""

    hparams: Mapping[str, Value | None] = field(default_factory=dict)
    group: str = ""
    start_time: float = math.nan
    model_uri: str = ""
    monitor_url: str = ""


@dataclass(frozen=True)
class SessionEnd:
    """How a session ended. end_time: seconds since the epoch, NaN when it is not said."""

    status: Status = "unknown"
    end_time: float = math.nan


def read(content: bytes) -> Experiment | SessionStart | SessionEnd | None:
    """Return what the metadata of a tag hold, None when they hold none of the three.

    Lists and structs among the values become JSON. Raises MessageError when the bytes do not parse.
    """
    message = parse(HParamsPluginData, content)
    try:
        match message.WhichOneof("data"):
            case "experiment":
                return _experiment(message.experiment)
            case "session_start_info":
                return _start(message.session_start_info)
            case "session_end_info":
                return _end(message.session_end_info)
    except RecursionError as error:
        raise MessageError("a hyperparameter is nested too deeply") from error
    return None


def _experiment(message: Any) -> Experiment:
    return Experiment(
        text(message.name),
        text(message.description),
        text(message.user),
        _time(message.time_created_secs),
        tuple(_hparam(each) for each in message.hparam_infos),
        tuple(
            Metric(
                text(each.name.tag),
                text(each.name.group),
                text(each.display_name),
                text(each.description),
                _word(DATASETS, each.dataset_type),
            )
            for each in message.metric_infos
        ),
    )


def _hparam(message: Any) -> HParam:
    choices = [_value(each) for each in message.domain_discrete.values]
    interval = message.domain_interval if message.HasField("domain_interval") else None
    return HParam(
        text(message.name),
        text(message.display_name),
        text(message.description),
        _word(TYPES, message.type),
        tuple(each for each in choices if each is not None),
        None if interval is None else interval.min_value,
        None if interval is None else interval.max_value,
    )


def _start(message: Any) -> SessionStart:
    return SessionStart(
        # A message keeps them in no order of its own.
        {text(name): _value(message.hparams[name]) for name in sorted(message.hparams)},
        text(message.group_name),
        _time(message.start_time_secs),
        text(message.model_uri),
        text(message.monitor_url),
    )


def _end(message: Any) -> SessionEnd:
    status: Any = _word(STATUSES, message.status)
    return SessionEnd(status, _time(message.end_time_secs))


def _time(seconds: float) -> float:
    """Return a time; writers that do not know one leave 0."""
    return seconds if seconds != 0 else math.nan


def _word(known: Sequence[str], number: int) -> str:
    return known[number] if 0 <= number < len(known) else known[0]


def _value(message: Any) -> Value | None:
    kind = message.WhichOneof("kind")
    if kind == "number_value":
        return float(message.number_value)
    if kind == "string_value":
        return text(message.string_value)
    if kind == "bool_value":
        return bool(message.bool_value)
    if kind in ("list_value", "struct_value"):
        return json.dumps(_plain(message), ensure_ascii=False)
    return None


def _plain(message: Any) -> Any:
    kind = message.WhichOneof("kind")
    if kind == "list_value":
        return [_plain(each) for each in message.list_value.values]
    if kind == "struct_value":
        return {text(name): _plain(each) for name, each in message.struct_value.fields.items()}
    value = _value(message)
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


# Writing -------------------------------------------------------------------------------------------------------------


def write(data: Experiment | SessionStart | SessionEnd) -> bytes:
    """Return the metadata that hold `data`, as TensorFlow and PyTorch write them."""
    message = HParamsPluginData(version=0)
    if isinstance(data, Experiment):
        said = message.experiment
        said.SetInParent()
        said.name, said.description, said.user = data.name, data.description, data.user
        if not math.isnan(data.time_created):
            said.time_created_secs = data.time_created
        for one in data.hparams:
            _put_hparam(said.hparam_infos.add(), one)
        for metric in data.metrics:
            info = said.metric_infos.add(display_name=metric.title, description=metric.description)
            info.name.tag, info.name.group = metric.tag, metric.group
            info.dataset_type = DATASETS.index(metric.dataset)
    elif isinstance(data, SessionStart):
        start = message.session_start_info
        start.SetInParent()
        start.group_name, start.model_uri, start.monitor_url = data.group, data.model_uri, data.monitor_url
        if not math.isnan(data.start_time):
            start.start_time_secs = data.start_time
        for name, value in data.hparams.items():
            _put(start.hparams[name], value)
    else:
        end = message.session_end_info
        end.SetInParent()
        end.status = STATUSES.index(data.status)
        if not math.isnan(data.end_time):
            end.end_time_secs = data.end_time
    return bytes(message.SerializeToString(deterministic=True))


def _put_hparam(info: Any, one: HParam) -> None:
    info.name, info.display_name, info.description = one.name, one.title, one.description
    info.type = TYPES.index(one.type)
    for choice in one.choices:
        _put(info.domain_discrete.values.add(), choice)
    if one.low is not None and one.high is not None:
        info.domain_interval.min_value, info.domain_interval.max_value = one.low, one.high


def _put(message: Any, value: Value | None) -> None:
    if value is None:
        message.null_value = 0
    elif isinstance(value, bool):
        message.bool_value = value
    elif isinstance(value, str):
        message.string_value = value
    else:
        message.number_value = value
