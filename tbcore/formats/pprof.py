"""Profiles in pprof's form, such as what JAX writes of a device's memory: values of call stacks.

Source: pprof's profile.proto.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tbcore.errors import FormatError, TraceError
from tbcore.formats.schema import messages, parse, text

_CLASSES = messages(
    "pprof",
    """
Profile
     1  sample_type             ValueType                   repeated
     2  sample                  Sample                      repeated
     4  location                Location                    repeated
     5  function                Function                    repeated
     6  string_table            string                      repeated
     9  time_nanos              int64
    10  duration_nanos          int64

ValueType
     1  type                    int64
     2  unit                    int64

Sample
     1  location_id             uint64                      repeated
     2  value                   int64                       repeated
     3  label                   Label                       repeated

Label
     1  key                     int64
     2  str                     int64
     3  num                     int64
     4  num_unit                int64

Location
     1  id                      uint64
     4  line                    Line                        repeated

Line
     1  function_id             uint64
     2  line                    int64

Function
     1  id                      uint64
     2  name                    int64
     4  filename                int64
""",
)


@dataclass(frozen=True)
class Frame:
    """One function of a call stack."""

    function: str
    file: str
    line: int


@dataclass(frozen=True)
class Sample:
    """What one call stack holds. stack: the innermost function first; values: by the profile's kinds; labels: such as device."""

    stack: tuple[Frame, ...]
    values: tuple[int, ...]
    labels: Mapping[str, str | int]


@dataclass(frozen=True)
class Pprof:
    """A profile: what the values of its samples are, in words and units, and the samples. time: nanoseconds, 0 for unknown."""

    kinds: tuple[tuple[str, str], ...]
    samples: tuple[Sample, ...]
    time: int = 0


def read(data: bytes) -> Pprof:
    """Return a profile from its bytes, unpacked. Raises TraceError when they are none."""
    try:
        said: Any = parse(_CLASSES["Profile"], data)
    except FormatError as error:
        raise TraceError(f"this is no profile in pprof's form: {error}") from error
    words = said.string_table
    if not words:
        raise TraceError("this is no profile in pprof's form: it has no names")

    def word(place: int) -> str:
        return text(words[place]) if 0 <= place < len(words) else ""

    functions = {one.id: (word(one.name), word(one.filename)) for one in said.function}
    frames = {
        one.id: tuple(Frame(*functions.get(line.function_id, ("", "")), line.line) for line in one.line)
        for one in said.location
    }
    return Pprof(
        kinds=tuple((word(one.type), word(one.unit)) for one in said.sample_type),
        samples=tuple(
            Sample(
                tuple(frame for place in one.location_id for frame in frames.get(place, ())),
                tuple(one.value),
                {word(label.key): word(label.str) if label.str else label.num for label in one.label},
            )
            for one in said.sample
        ),
        time=said.time_nanos,
    )
