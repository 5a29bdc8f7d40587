"""The errors that Runlens raises.

    RunlensError                  anything below
    ├── FormatError               bytes that are not what their format says
    │   ├── ConfigError           a configuration file that cannot be read, or that holds no names with values
    │   ├── CorruptRecordError    a record's framing or checksums do not hold
    │   ├── EmbeddingError        files of an embedding that do not fit together, or that are not read
    │   ├── MessageError          a message does not parse, or lacks what it should hold
    │   ├── PictureError          a picture that is not what its format says, or that cannot be shown
    │   ├── SoundError            a sound that is not what its format says, or that cannot be decoded here
    │   ├── TensorError           a tensor's shape, type and values do not fit together
    │   └── TraceError            a recording of what ran when cannot be read at all
    ├── ExpressionError           an expression over tags that cannot be read, or that does not fit its values
    ├── LogdirError               a logdir that cannot be read at all
    └── PatternError              a regular expression that does not compile

What formats raise is always a FormatError; the store keeps what was good and notes the rest as a problem.
"""


class RunlensError(Exception):
    """Anything that Runlens says went wrong."""


class FormatError(RunlensError):
    """Bytes are not what their format says."""


class ConfigError(FormatError):
    """A configuration file cannot be read, or holds no names with values."""


class CorruptRecordError(FormatError):
    """A record's framing or checksums do not hold, at `offset` bytes into the file."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class EmbeddingError(FormatError):
    """Files of an embedding do not fit together, or are not read for what they are."""


class MessageError(FormatError):
    """A message does not parse, or lacks what it should hold."""


class PictureError(FormatError):
    """A picture is not what its format says, or cannot be shown."""


class SoundError(FormatError):
    """A sound is not what its format says, or cannot be decoded here."""


class TensorError(FormatError):
    """A tensor's shape, type and values do not fit together."""


class TraceError(FormatError):
    """A recording of what ran when cannot be read at all."""


class ExpressionError(RunlensError):
    """An expression over tags cannot be read, or does not fit its values, at the character `position`, counted from 0."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"{message} at character {position + 1}")
        self.position = position


class LogdirError(RunlensError):
    """A logdir cannot be read at all."""


class PatternError(RunlensError):
    """A regular expression does not compile."""
