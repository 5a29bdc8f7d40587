"""The scanner of Chrome traces: JSON text in pieces to columns, one row for each event, in one compiled pass.

Times are read from their digits, words become codes, of the arguments only the columns that are known are taken apart;
the rest is kept as text, compressed. Of a damaged event the scanner goes on at the next one. Source: RFC 8259; Chrome's
Trace Event Format; beyond both, what profilers were seen to write: bare N/A and nan, control characters in strings.
"""

import zlib
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tbcore.errors import TraceError
from tbcore.formats.trace import NUMBERS, WORDS, Arguments, loaded

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Codes = NDArray[np.int32]

MISSING = -(1 << 63)  # a time that is not said
ABSURD = MISSING + 1  # one that no clock tells
ENCLOSING, EVERYWHERE = 1, 2  # flags: an arrow that leads to what encloses its end; a moment of the whole trace

MOST_EVENTS = 4_000_000  # lines of a file that are read
_MOST_WORDS = 1 << 24
_MOST_TEXT = 1 << 28  # bytes of all words
_LONGEST_WORD = 1 << 16
_LARGEST = 1 << 26  # bytes of one event
_LONGEST_VALUE = 1 << 20  # bytes of one value beside the events that are kept
_DEEPEST = 256

# Columns beyond those of a trace that are needed to make one.
_MORE = ("Bytes", "Addr", "Total Allocated", "Total Reserved", "Device Type", "Device Id", "device")
_COLUMNS = (*NUMBERS, *WORDS, *_MORE)
_FLOATS = {"memory bandwidth (GB/s)", "blocks per SM", "warps per SM", "est. achieved occupancy %", "flops"}
_ALIASES = {"external id": "External id"}
_WHOLE, _REAL, _WORD = range(3)
_KINDS = np.array([_WORD if one in WORDS else _REAL if one in _FLOATS else _WHOLE for one in _COLUMNS], np.int8)

# Entries of `ints`, which counts what a batch holds; bare words of the event at hand follow: where each begins and ends
_EVENTS, _CELLS, _TEXT, _WORDS_USED, _WORDS_TEXT, _BAD, _LOST, _LONG, _FULL_WORDS, _FIXES, _TOTAL = range(11)
_INTS = 16
_MOST_FIXES = 128

# Columns of `rows`: one row for each event of a batch; _ENDS: where the text of its arguments ends
_ROWS = ("phase", "time", "duration", "name", "category", "pid", "tid", "id", "flags", "extra", "ends")
_PHASE, _TIME, _DURATION, _NAME, _CATEGORY, _PID, _TID, _ID, _FLAGS, _EXTRA, _ENDS = range(len(_ROWS))
# What each member of an event fills, by its letters in one number; args are taken apart. The flags: bp is "e", s is "g".
_MEMBERS = np.array(
    [
        (int.from_bytes(name, "big"), column)
        for name, column in (
            (b"ph", _PHASE), (b"ts", _TIME), (b"dur", _DURATION), (b"name", _NAME), (b"cat", _CATEGORY), (b"pid", _PID),
            (b"tid", _TID), (b"id", _ID), (b"id2", _ID), (b"bp", _FLAGS), (b"s", _FLAGS), (b"args", _EXTRA),
        )
    ],
    np.int64,
)  # fmt: skip
_TYPES = (
    np.uint8, np.int64, np.int64, np.int32, np.int32, np.int32, np.int32, np.int64, np.uint8, np.int32, np.int64,
)  # fmt: skip

# Columns of `cells`: values of events; _DIGITS: a whole number, a code, or digits to be taken times ten to the power;
# _PART: what the part of a counter is called
_OF, _COLUMN, _DIGITS, _POWER, _PART = range(5)
_COUNTED = len(_COLUMNS)  # the column of counters

# Columns of `table`: one row for each word
_HASH, _BEGIN, _END, _ESCAPED = range(4)

# What a scan ended with
_MORE_BYTES, _DRAIN, _CLOSED, _MORE_WORDS, _MORE_TEXT, _DAMAGED = range(6)

# JSON's words without quotes, by their letters in one number; the first two may have a sign.
_KNOWN_WORDS = np.array(
    [int.from_bytes(word, "big") for word in (b"NaN", b"Infinity", b"true", b"false", b"null")], np.int64
)

# What a byte may be; a look into a table takes the compiler less time than a row of comparisons.
_BLANK, _NUMERAL, _LETTER, _BREAK = 1, 2, 4, 8
_BYTES = np.zeros(256, np.uint8)
for _kind, _set in (
    (_BLANK, b" \n\r\t"),
    (_NUMERAL, b"0123456789.eE-+"),
    (_LETTER, b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    (_BREAK, b',]}"{[' + bytes(range(33))),  # what ends a word without quotes
):
    _BYTES[list(_set)] |= _kind

_BATCH = 1 << 16
_CELL_ROOM = 1 << 18
_CELL_EDGE = 1 << 12
_TEXT_ROOM = 1 << 18
_BUFFER = 1 << 22


@dataclass(frozen=True)
class Scan:
    """What a file holds: one entry per line of its events, all [n].

    name, category, pid, tid: codes into `words`, of which the first is ""; id: itself where it is a whole number, -1 for none,
    others below; extra: the arguments of metadata, a code. cells: by column (places int32 [m], values [m]); counts: parts of
    counters (places, codes of what each is called, values).
    """

    phase: Bytes
    time: Ints
    duration: Ints
    name: Codes
    category: Codes
    pid: Codes
    tid: Codes
    id: Ints
    flags: Bytes
    extra: Codes
    words: Sequence[str]
    cells: Mapping[str, tuple[Codes, NDArray[Any]]]
    counts: tuple[Codes, Codes, NDArray[np.float64]]
    info: Mapping[str, Any]
    notes: tuple[str, ...]
    base: int
    written: Arguments

    def code(self, word: str) -> int:
        """Return the code of a word, -2 where it does not occur."""
        try:
            return self.words.index(word)
        except ValueError:
            return -2


# Of what only compiled code calls: without wrappers for Python, and kept on disk only as part of its callers.
_HELPER = njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)


@njit(cache=True, nogil=True)
def _space(data: Bytes, pos: int, end: int) -> int:
    """Return where the next byte that is no white space lies."""
    while pos < end and _BYTES[data[pos]] & _BLANK:
        pos += 1
    return pos


@_HELPER
def _string(data: Bytes, pos: int, end: int) -> tuple[int, bool]:
    """Return where the string that begins after `pos` has its closing quote, -1 for not here, and whether anything is escaped."""
    escaped = False
    pos += 1
    while pos < end:
        byte = data[pos]
        if byte == 34:
            return pos, escaped
        if byte == 92:
            escaped = True
            pos += 1
        pos += 1
    return -1, escaped


@_HELPER
def _bare(data: Bytes, begin: int, pos: int, end: int, ints: Ints) -> int:
    """Return where a word without quotes ends, -1 for not here, -2 for none; note it when it is none of JSON's.

    begin: where a sign or digits before it begin.
    """
    stop = pos
    word = np.int64(0)
    while stop < end and not _BYTES[data[stop]] & _BREAK:
        word = (word << 8) | data[stop]
        stop += 1
    if stop == end:
        return -1
    size = stop - pos
    if size == 0:
        return -2
    if size <= 8:
        for index in range(2 if pos == begin + 1 else len(_KNOWN_WORDS) if pos == begin else 0):
            if word == _KNOWN_WORDS[index]:
                return stop
    used = ints[_FIXES]
    if used < _MOST_FIXES:
        ints[_INTS + used] = begin
        ints[_INTS + used + 1] = stop
        ints[_FIXES] = used + 2
    return stop


@njit(cache=True, nogil=True)
def _skip(data: Bytes, pos: int, end: int, ints: Ints) -> int:
    """Return where the value that begins at `pos` ends, -1 when that is not here, -2 when there is none or too deep."""
    depth = 0
    while True:
        pos = _space(data, pos, end)
        if pos >= end:
            return -1
        byte = data[pos]
        if byte == 34:
            pos, _ = _string(data, pos, end)
            if pos < 0:
                return -1
            pos += 1
        elif byte == 123 or byte == 91:
            depth += 1
            if depth > _DEEPEST:
                return -2
            pos += 1
            continue
        elif byte == 125 or byte == 93:
            if depth == 0:
                return -2
            depth -= 1
            pos += 1
        elif byte == 44 or byte == 58:
            if depth == 0:
                return -2
            pos += 1
            continue
        elif _BYTES[byte] & (_NUMERAL | _LETTER) == _NUMERAL:
            begin = pos
            while pos < end and _BYTES[data[pos]] & _NUMERAL:
                pos += 1
            if pos == end:
                return -1
            # A number that goes on is a word: 0x7f, 12abc.
            if _BYTES[data[pos]] & _LETTER:
                pos = _bare(data, begin, pos, end, ints)
                if pos < 0:
                    return pos
        else:
            pos = _bare(data, pos, pos, end, ints)
            if pos < 0:
                return pos
        if depth == 0:
            return pos


@_HELPER
def _decimal(data: Bytes, pos: int, end: int) -> tuple[int, int, bool, int]:
    """Return (digits, power of ten, whether negative, where it ends) of a number; it ends at `pos` when there is none."""
    begin = pos
    negative = False
    if pos < end and (data[pos] == 45 or data[pos] == 43):
        negative = data[pos] == 45
        pos += 1
    digits = np.int64(0)
    power = np.int64(0)
    seen = 0
    point = False
    while pos < end:
        byte = data[pos]
        if 48 <= byte <= 57:
            seen += 1
            if digits < 92_233_720_368_547_757:
                digits = digits * 10 + (byte - 48)
                if point:
                    power -= 1
            elif not point:
                power += 1
        elif byte == 46 and not point:
            point = True
        else:
            break
        pos += 1
    if seen == 0:
        return 0, 0, False, begin
    if pos < end and (data[pos] == 101 or data[pos] == 69):
        pos += 1
        minus = False
        if pos < end and (data[pos] == 45 or data[pos] == 43):
            minus = data[pos] == 45
            pos += 1
        exponent = 0
        while pos < end and 48 <= data[pos] <= 57:
            if exponent < 100_000:
                exponent = exponent * 10 + (data[pos] - 48)
            pos += 1
        power += -exponent if minus else exponent
    return digits, power, negative, pos


@_HELPER
def _scaled(digits: int, power: int, negative: bool) -> int:
    """Return a number as a whole one, halves away from zero; ABSURD beyond 2^62."""
    value = np.int64(digits)
    if value == 0:
        return np.int64(0)
    while power > 0:
        if value > (1 << 62) // 10:
            return np.int64(ABSURD)
        value *= 10
        power -= 1
    last = np.int64(0)
    while power < 0:
        last = value % 10
        value //= 10
        power += 1
        if value == 0 and power < 0:
            last = np.int64(0)
            break
    if last >= 5:
        value += 1
    if value > 1 << 62:
        return np.int64(ABSURD)
    return -value if negative else value


@_HELPER
def _nanoseconds(data: Bytes, pos: int, end: int) -> int:
    """Return a time in microseconds, of digits or a string of them, as nanoseconds."""
    if pos < end and data[pos] == 34:
        pos += 1
        end -= 1
    digits, power, negative, stop = _decimal(data, pos, end)
    if stop != end or stop == pos:
        return np.int64(MISSING)
    return _scaled(digits, power + 3, negative)


@_HELPER
def _hash(data: Bytes, pos: int, end: int) -> int:
    value = np.uint64(14695981039346656037)
    for index in range(pos, end):
        value = (value ^ np.uint64(data[index])) * np.uint64(1099511628211)
    value ^= value >> np.uint64(29)
    return np.int64(value >> np.uint64(1))


@_HELPER
def _find(
    data: Bytes, pos: int, end: int, escaped: bool, slots: Codes, table: Ints, pool: Bytes
) -> tuple[int, int, int]:
    """Return (code of a word or -1, its hash, the slot where it belongs)."""
    key = _hash(data, pos, end)
    mask = len(slots) - 1
    slot = key & mask
    size = end - pos
    while slots[slot]:
        code = slots[slot] - 1
        begin = table[code, _BEGIN]
        if table[code, _HASH] == key and table[code, _END] - begin == size and (table[code, _ESCAPED] != 0) == escaped:
            same = True
            for index in range(size):
                if pool[begin + index] != data[pos + index]:
                    same = False
                    break
            if same:
                return code, key, slot
        slot = (slot + 1) & mask
    return -1, key, slot


@njit(cache=True, nogil=True)
def _code(data: Bytes, pos: int, end: int, escaped: bool, slots: Codes, table: Ints, pool: Bytes, ints: Ints) -> int:
    """Return the code of a word, a new one where it was not seen before, -1 when there is no room for it."""
    if end - pos > _LONGEST_WORD:
        end = pos + _LONGEST_WORD
        # Not amid an escape: \u takes six bytes.
        if escaped:
            index = pos
            while index < end:
                size = 1
                if data[index] == 92:
                    size = 6 if data[index + 1] == 117 else 2
                if index + size > end:
                    break
                index += size
            end = index
        ints[_LONG] += 1
    if end <= pos:
        return 0
    code, key, slot = _find(data, pos, end, escaped, slots, table, pool)
    if code >= 0:
        return code
    if ints[_FULL_WORDS]:
        ints[_LOST] += 1
        return 1
    code = ints[_WORDS_USED]
    used = ints[_WORDS_TEXT]
    size = end - pos
    if 2 * (code + 1) > len(slots) or code >= len(table) or used + size > len(pool):
        return -1
    for index in range(size):
        pool[used + index] = data[pos + index]
    slots[slot] = code + 1
    table[code, _HASH] = key
    table[code, _BEGIN] = used
    table[code, _END] = used + size
    table[code, _ESCAPED] = escaped
    ints[_WORDS_USED] = code + 1
    ints[_WORDS_TEXT] = used + size
    return code


@_HELPER
def _value_code(data: Bytes, pos: int, end: int, slots: Codes, table: Ints, pool: Bytes, ints: Ints) -> int:
    """Return the code of a value: of a string what is between the quotes, of null nothing, of others the text."""
    quoted = data[pos] == 34
    if quoted:
        _, escaped = _string(data, pos, end)
        return _code(data, pos + 1, end - 1, escaped, slots, table, pool, ints)
    if end - pos == 4 and data[pos] == 110 and data[pos + 1] == 117 and data[pos + 2] == 108 and data[pos + 3] == 108:
        return 0
    return _code(data, pos, end, quoted, slots, table, pool, ints)


@njit(cache=True, nogil=True)
def _rehash(slots: Codes, table: Ints, count: int) -> None:
    """Fill a larger hash table."""
    mask = len(slots) - 1
    for code in range(count):
        slot = table[code, _HASH] & mask
        while slots[slot]:
            slot = (slot + 1) & mask
        slots[slot] = code + 1


@_HELPER
def _cell(
    column: int, kind: int, data: Bytes, pos: int, end: int, slots: Codes, table: Ints, pool: Bytes, ints: Ints, cells: Ints
) -> bool:  # fmt: skip
    """Keep one value of a column, where it is one; return False when there is no room for a word."""
    used = ints[_CELLS]
    if used >= len(cells):
        return True
    if kind == _WORD:
        code = _value_code(data, pos, end, slots, table, pool, ints)
        if code < 0:
            return False
        if code == 0:
            return True
        cells[used, _DIGITS] = code
    else:
        if data[pos] == 34:
            pos += 1
            end -= 1
        digits, power, negative, stop = _decimal(data, pos, end)
        if stop != end or stop == pos:
            return True
        if kind == _WHOLE:
            digits = _scaled(digits, power, negative)
            if digits == ABSURD:
                return True
        elif negative:
            digits = -digits
        cells[used, _DIGITS] = digits
        cells[used, _POWER] = power
    cells[used, _OF] = ints[_TOTAL]
    cells[used, _COLUMN] = column
    ints[_CELLS] = used + 1
    return True


@_HELPER
def _arguments(
    data: Bytes, pos: int, end: int, slots: Codes, table: Ints, pool: Bytes, columns: Ints, ints: Ints, cells: Ints
) -> int:
    """Take what columns know from the object at `pos` and return where it ends; -1 not here, -2 none, -3 no room for a word."""
    pos += 1
    while True:
        pos = _space(data, pos, end)
        if pos >= end:
            return -1
        if data[pos] == 125:
            return pos + 1
        if data[pos] == 44:
            pos += 1
            continue
        if data[pos] != 34:
            return -2
        stop, escaped = _string(data, pos, end)
        if stop < 0:
            return -1
        code, _, _ = _find(data, pos + 1, stop, escaped, slots, table, pool)
        pos = _space(data, stop + 1, end)
        if pos >= end:
            return -1
        if data[pos] != 58:
            return -2
        pos = _space(data, pos + 1, end)
        if pos >= end:
            return -1
        begin = pos
        pos = _skip(data, pos, end, ints)
        if pos < 0:
            return pos
        if 0 <= code < len(columns) and columns[code, 0] >= 0:
            if not _cell(columns[code, 0], columns[code, 1], data, begin, pos, slots, table, pool, ints, cells):
                return -3


@_HELPER
def _parts(data: Bytes, pos: int, end: int, slots: Codes, table: Ints, pool: Bytes, ints: Ints, cells: Ints) -> bool:
    """Keep the numbers of a counter, an object that is whole; return False when there is no room for a word."""
    pos += 1
    while pos < end and data[pos] != 125:
        pos = _space(data, pos, end)
        if data[pos] != 34:
            pos += 1
            continue
        stop, escaped = _string(data, pos, end)
        name = pos + 1
        begin = _space(data, stop + 1, end) + 1
        begin = _space(data, begin, end)
        pos = _skip(data, begin, end, ints)
        if pos < 0:
            return True
        quoted = data[begin] == 34
        digits, power, negative, after = _decimal(data, begin + quoted, pos - quoted)
        used = ints[_CELLS]
        if after == pos - quoted and after > begin + quoted and used < len(cells):
            code = _code(data, name, stop, escaped, slots, table, pool, ints)
            if code < 0:
                return False
            cells[used, _OF] = ints[_TOTAL]
            cells[used, _COLUMN] = _COUNTED
            cells[used, _DIGITS] = -digits if negative else digits
            cells[used, _POWER] = power
            cells[used, _PART] = code
            ints[_CELLS] = used + 1
        pos = _space(data, pos, end)
    return True


@_HELPER
def _copy(data: Bytes, pos: int, end: int, ints: Ints, text: Bytes) -> bool:
    """Keep the text of an event's arguments, bare words in quotes; return False when there is no room for it."""
    used = ints[_TEXT]
    fixes = ints[_FIXES]
    if used + end - pos + fixes > len(text):
        return False
    fix = 0
    while fix < fixes and ints[_INTS + fix] < pos:
        fix += 2
    while True:
        stop = ints[_INTS + fix] if fix < fixes else end
        stop = min(stop, end)
        for index in range(pos, stop):
            text[used + index - pos] = 32 if data[index] < 32 else data[index]
        used += stop - pos
        pos = stop
        if pos >= end:
            break
        stop = ints[_INTS + fix + 1]
        text[used] = 34
        used += 1
        for index in range(pos, stop):
            text[used + index - pos] = data[index]
        used += stop - pos
        text[used] = 34
        used += 1
        pos = stop
        fix += 2
    ints[_TEXT] = used
    return True


@_HELPER
def _identity(data: Bytes, pos: int, end: int, slots: Codes, table: Ints, pool: Bytes, ints: Ints, rows: Ints) -> int:
    """Keep what joins events: a whole number as it is, anything else as a code. Return -1 when there is no room for it."""
    quoted = data[pos] == 34
    digits, power, negative, stop = _decimal(data, pos + quoted, end - quoted)
    if stop == end - quoted and power == 0 and not negative and stop > pos + quoted:
        rows[ints[_EVENTS], _ID] = digits
        return 0
    code = _value_code(data, pos, end, slots, table, pool, ints)
    if code >= 0:
        rows[ints[_EVENTS], _ID] = -2 - code
    return code


@_HELPER
def _event(
    data: Bytes, pos: int, end: int, slots: Codes, table: Ints, pool: Bytes, columns: Ints, ints: Ints, rows: Ints,
    cells: Ints, text: Bytes,
) -> int:  # fmt: skip
    """Read the object at `pos` into the next row and return where it ends.

    -1: its end is not here; -2: it is damaged; -3: no room for words; -4: no room for its arguments.
    """
    event = ints[_EVENTS]
    before = ints[_CELLS]
    phase = 0
    for column in range(len(_ROWS)):
        rows[event, column] = 0
    rows[event, _TIME] = MISSING
    rows[event, _DURATION] = MISSING
    rows[event, _ID] = -1
    ints[_FIXES] = 0
    flags = 0
    arguments = np.int64(-1)  # of one type with what it becomes: each type of an argument is compiled anew
    arguments_end = np.int64(-1)
    any_key = False
    pos += 1
    while True:
        pos = _space(data, pos, end)
        if pos >= end:
            return -1
        if data[pos] == 125:
            pos += 1
            break
        if data[pos] == 44:
            pos += 1
            continue
        if data[pos] != 34:
            return -2
        stop, _ = _string(data, pos, end)
        if stop < 0:
            return -1
        key = pos + 1
        size = stop - key
        pos = _space(data, stop + 1, end)
        if pos >= end:
            return -1
        if data[pos] != 58:
            return -2
        word = np.int64(0)
        for index in range(key, stop if size <= 4 else key):
            word = (word << 8) | data[index]
        what = -1
        for index in range(len(_MEMBERS)):
            if _MEMBERS[index, 0] == word:
                what = _MEMBERS[index, 1]
        pos = _space(data, pos + 1, end)
        if pos >= end:
            return -1
        begin = pos
        any_key = True
        if what == _EXTRA and data[pos] == 123 and arguments < 0:
            pos = _arguments(data, pos, end, slots, table, pool, columns, ints, cells)
            if pos < 0:
                return pos
            arguments = begin
            arguments_end = pos
            continue
        pos = _skip(data, pos, end, ints)
        if pos < 0:
            return pos
        letter = data[begin + 1] if data[begin] == 34 else 34
        code = 0
        if _TIME <= what <= _DURATION:
            rows[event, what] = _nanoseconds(data, begin, pos)
        elif _NAME <= what <= _TID:  # or the category, or the pid
            code = _value_code(data, begin, pos, slots, table, pool, ints)
            rows[event, what] = code
        elif what == _ID:
            code = _identity(data, begin, pos, slots, table, pool, ints, rows)
        elif what == _PHASE and letter != 34:
            phase = int(letter)
        elif what == _FLAGS:
            flags |= ENCLOSING if letter == 101 else EVERYWHERE if letter == 103 else 0
        if code < 0:
            return -3
    if phase == 0:
        # TensorFlow ends its list with an empty object, which says nothing and is not damaged.
        if any_key:
            ints[_BAD] += 1
        ints[_CELLS] = before
        return pos
    if arguments >= 0:
        if phase == 77:  # M
            code = _code(data, arguments, arguments_end, phase == 0, slots, table, pool, ints)
            if code < 0:
                return -3
            rows[event, _EXTRA] = code
        elif phase == 67:  # C
            if not _parts(data, arguments, arguments_end, slots, table, pool, ints, cells):
                return -3
        elif phase == 88 or phase == 66 or phase == 98 or phase == 83:  # X, B, b, S
            if not _copy(data, arguments, arguments_end, ints, text):
                return -4
    rows[event, _PHASE] = phase
    rows[event, _FLAGS] = flags
    rows[event, _ENDS] = ints[_TEXT]
    ints[_EVENTS] = event + 1
    ints[_TOTAL] += 1
    return pos


@njit(cache=True, nogil=True)
def _resumed(data: Bytes, pos: int, end: int) -> tuple[int, int]:
    """Return where the next event begins after a damaged one, -1 for not here, and from where to go on looking then."""
    keep = end
    while pos < end:
        if data[pos] == 125:
            here = _space(data, pos + 1, end)
            if here < end and data[here] == 44:
                here = _space(data, here + 1, end)
                if here < end and data[here] == 123:
                    inner = _space(data, here + 1, end)
                    if inner < end and data[inner] == 34:
                        return here, 0
                    if inner >= end:
                        keep = pos
                        break
            if here >= end:
                keep = pos
                break
        pos += 1
    return -1, keep


@njit(cache=True, nogil=True)
def _scan(
    data: Bytes, pos: int, end: int, slots: Codes, table: Ints, pool: Bytes, columns: Ints, ints: Ints, rows: Ints,
    cells: Ints, text: Bytes,
) -> tuple[int, int]:  # fmt: skip
    """Read events from `pos` on; return what it ended with, and where to go on."""
    while True:
        while pos < end and (data[pos] <= 32 or data[pos] == 44):
            pos += 1
        if pos >= end:
            return _MORE_BYTES, pos
        if data[pos] == 93:
            return _CLOSED, pos + 1
        used = ints[_CELLS]
        if ints[_EVENTS] >= len(rows) or used + _CELL_EDGE > len(cells):
            return _DRAIN, pos
        if data[pos] == 123:
            after = _event(data, pos, end, slots, table, pool, columns, ints, rows, cells, text)
        else:
            after = _skip(data, pos, end, ints)
            if after >= 0:
                ints[_BAD] += 1
        if after >= 0:
            pos = after
            continue
        ints[_CELLS] = used
        if after == -3:
            return _MORE_WORDS, pos
        if after == -4:
            return (_DRAIN if ints[_TEXT] else _MORE_TEXT), pos
        if after == -1:
            return _MORE_BYTES, pos
        ints[_BAD] += 1
        found, keep = _resumed(data, pos, end)
        if found < 0:
            return _DAMAGED, keep
        pos = found


@njit(cache=True, nogil=True)
def _member(data: Bytes, pos: int, end: int, ints: Ints) -> tuple[int, int, int, int]:
    """Return (what follows, where the key of the next member of the object begins, where it ends, where its value begins).

    What follows: 0 a member, 1 the object's end, -1 not here, -2 no member.
    """
    while pos < end and (data[pos] <= 32 or data[pos] == 44):
        pos += 1
    if pos >= end:
        return -1, pos, pos, pos
    if data[pos] == 125:
        return 1, pos, pos, pos + 1
    if data[pos] != 34:
        return -2, pos, pos, pos
    stop, _ = _string(data, pos, end)
    if stop < 0:
        return -1, pos, pos, pos
    begin = pos + 1
    pos = _space(data, stop + 1, end)
    if pos >= end:
        return -1, pos, pos, pos
    if data[pos] != 58:
        return -2, pos, pos, pos
    pos = _space(data, pos + 1, end)
    if pos >= end:
        return -1, pos, pos, pos
    ints[_FIXES] = 0
    return 0, begin, stop, pos


def scan(
    pieces: Iterable[bytes],
    progress: Callable[[int], None] | None = None,
    stopped: Callable[[], bool] | None = None,
    most: int = MOST_EVENTS,
) -> Scan:
    """Return what the JSON text in `pieces` holds, `most` lines at most. Raises TraceError when it is no trace."""
    feed = _Feed(pieces, progress, stopped)
    with ThreadPoolExecutor(1, "runlens-pack") as pool:
        held = _Held(pool, most)
        found = _read(feed, held)
        if not found:
            raise TraceError(_none_found(feed))
        return held.scan(feed.notes)


def _none_found(feed: "_Feed") -> str:
    if feed.taken == 0:
        return "the file is empty"
    return "this is no trace: it holds no list of events" + (", or ends before it" if feed.final else "")


class _Feed:
    """The text, piece by piece: data[pos:end] is at hand."""

    def __init__(
        self, pieces: Iterable[bytes], progress: Callable[[int], None] | None, stopped: Callable[[], bool] | None
    ) -> None:
        self.data = np.empty(_BUFFER, np.uint8)
        self.pos = 0
        self.end = 0
        self.taken = 0
        self.final = False
        self.notes: list[str] = []
        self._pieces = iter(pieces)
        self._rest = memoryview(b"")
        self._progress = progress
        self._stopped = stopped

    def more(self) -> bool:
        """Bring more text, behind what is at hand; return False when there is none, or no room for it."""
        if self.final:
            return False
        at_hand = self.end - self.pos
        if at_hand > len(self.data) // 2:
            if 2 * len(self.data) > 2 * _LARGEST:
                return False
            grown = np.empty(2 * len(self.data), np.uint8)
            grown[:at_hand] = self.data[self.pos : self.end]
            self.data = grown
        elif self.pos:
            self.data[:at_hand] = self.data[self.pos : self.end].copy()
        self.pos, self.end = 0, at_hand
        before = self.end
        while self.end < len(self.data):
            if not len(self._rest):
                if self._stopped is not None and self._stopped():
                    self.notes.append("The reading was stopped: what follows is left out.")
                    self.final = True
                    break
                piece = next(self._pieces, None)
                if piece is None:
                    self.final = True
                    break
                self._rest = memoryview(piece)
            size = min(len(self._rest), len(self.data) - self.end)
            self.data[self.end : self.end + size] = np.frombuffer(self._rest[:size], np.uint8)
            self._rest = self._rest[size:]
            self.end += size
        self.taken += self.end - before
        if self._progress is not None:
            self._progress(self.taken)
        return self.end > before

    def text(self, begin: int, end: int) -> str:
        """Return part of what is at hand."""
        return self.data[begin:end].tobytes().decode("utf-8", "replace")


def _read(feed: _Feed, held: "_Held") -> bool:
    """Read all there is; return whether a list of events was found."""
    feed.more()
    if feed.end >= 3 and bytes(feed.data[:3]) == b"\xef\xbb\xbf":
        feed.pos = 3
    feed.pos = _space(feed.data, feed.pos, feed.end)
    while feed.pos >= feed.end and feed.more():
        feed.pos = _space(feed.data, feed.pos, feed.end)
    if feed.pos >= feed.end:
        return False
    opening = feed.data[feed.pos]
    feed.pos += 1
    if opening == ord("["):
        whole = _events(feed, held, bare=True)
        return held.total > 0 or (whole and not held.bad)
    if opening != ord("{"):
        return False
    found = False
    while True:
        what, begin, stop, value = _member(feed.data, feed.pos, feed.end, held.ints)
        if what == 1:
            return found
        if what == -1 and feed.more():
            continue
        if what != 0:
            if found:
                feed.notes.append("The file ends before it is complete: what it says of itself may be missing.")
            return found
        key = feed.text(begin, stop)
        if key == "traceEvents" and feed.data[value] == ord("["):
            feed.pos = value + 1
            found = True
            if not _events(feed, held, bare=False):
                return True
            continue
        after = _skip(feed.data, value, feed.end, held.ints)
        if after == -1 and feed.more():
            continue
        if after < 0:
            if found:
                feed.notes.append("The file is damaged behind its events: what it says of itself may be missing.")
            return found
        held.tell(key, feed.text(value, after) if after - value <= _LONGEST_VALUE else None)
        feed.pos = after


def _events(feed: _Feed, held: "_Held", bare: bool) -> bool:
    """Read a list of events; return whether it was read to its end. bare: whether the list is all there is.

    Chrome leaves the bracket of a bare list open, so that a file that is being written can be read.
    """
    damaged = False
    while True:
        if damaged:
            found, keep = _resumed(feed.data, feed.pos, feed.end)
            feed.pos = keep if found < 0 else found
            damaged = found < 0
            if damaged:
                if not feed.more():
                    feed.notes.append("The list of events is damaged, and none was found behind that place.")
                    return False
                continue
        what, feed.pos = held.step(feed.data, feed.pos, feed.end)
        if what == _CLOSED:
            return True
        if held.total >= held.most:
            feed.notes.append(f"The file holds more than {held.most:,} events: what follows is left out.")
            return False
        if what == _MORE_BYTES and not feed.more():
            rest = feed.end - feed.pos
            if rest and not feed.final:
                held.ints[_BAD] += 1
                feed.pos += 1
                damaged = True
                continue
            if rest or not bare:
                feed.notes.append(f"The file ends amid its events: the {held.total:,} whole ones before that are kept.")
            return False
        damaged = what == _DAMAGED


class _Held:
    """What was found so far."""

    def __init__(self, pool: ThreadPoolExecutor, most: int) -> None:
        self.most = most
        self._bad = 0
        self._pool = pool
        self.ints = np.zeros(_INTS + _MOST_FIXES, np.int64)
        self._slots = np.zeros(1 << 13, np.int32)
        self._table = np.zeros((1 << 12, 4), np.int64)
        self._pool_of_words = np.zeros(1 << 18, np.uint8)
        self._batch = np.zeros((_BATCH, len(_ROWS)), np.int64)
        self._values = np.zeros((_CELL_ROOM, 5), np.int64)
        self._text = np.zeros(_TEXT_ROOM, np.uint8)
        known = ["", "…", *_COLUMNS, *_ALIASES]
        places = [-1, -1, *range(len(_COLUMNS)), *(_COLUMNS.index(one) for one in _ALIASES.values())]
        self._columns = np.array([(place, _KINDS[place]) for place in places], np.int64)
        self.ints[_WORDS_USED] = 1  # nothing is the first word
        for word in known[1:]:
            raw = np.frombuffer(word.encode(), np.uint8).copy()
            _code(raw, 0, len(raw), False, self._slots, self._table, self._pool_of_words, self.ints)
        self._rows: dict[str, list[NDArray[Any]]] = {name: [] for name in _ROWS}
        self._cells: list[list[tuple[Codes, NDArray[Any]]]] = [[] for _ in _COLUMNS]
        self._counts: list[tuple[Codes, Codes, NDArray[np.float64]]] = []
        self._blocks: deque[Future[bytes]] = deque()
        self._packed: list[bytes] = []
        self._first: list[int] = [0]
        self._told: dict[str, Any] = {}
        self._left: list[str] = []

    @property
    def bad(self) -> int:
        """How many events were damaged."""
        return self._bad + int(self.ints[_BAD])

    @property
    def total(self) -> int:
        """How many events were read."""
        return int(self.ints[_TOTAL])

    def step(self, data: Bytes, pos: int, end: int) -> tuple[int, int]:
        """Read events until more text is needed; return what it ended with, and where to go on."""
        while True:
            what, pos = _scan(
                data, pos, end, self._slots, self._table, self._pool_of_words, self._columns, self.ints, self._batch,
                self._values, self._text,
            )  # fmt: skip
            if what == _DRAIN:
                self.drain()
                if self.total >= self.most:
                    return _DRAIN, int(pos)
            elif what == _MORE_WORDS:
                self._grow_words()
            elif what == _MORE_TEXT:
                self._text = np.zeros(2 * len(self._text), np.uint8)
            else:
                return int(what), int(pos)

    def _grow_words(self) -> None:
        """Make room for more words, or have new ones share one from now on."""
        count, used = int(self.ints[_WORDS_USED]), int(self.ints[_WORDS_TEXT])
        if count >= _MOST_WORDS or used >= _MOST_TEXT:
            self.ints[_FULL_WORDS] = 1
            return
        if count + 2 > len(self._table):
            table = np.zeros((2 * len(self._table), 4), np.int64)
            table[:count] = self._table[:count]
            self._table = table
            self._slots = np.zeros(2 * len(self._slots), np.int32)
            _rehash(self._slots, self._table, count)
        if used + _LONGEST_WORD > len(self._pool_of_words):
            pool = np.zeros(2 * len(self._pool_of_words), np.uint8)
            pool[:used] = self._pool_of_words[:used]
            self._pool_of_words = pool

    def drain(self) -> None:
        """Take over what the scanner found, so that it has room again."""
        count = int(self.ints[_EVENTS])
        for place, name in enumerate(_ROWS):
            self._rows[name].append(self._batch[:count, place].astype(_TYPES[place]))
        cells = self._values[: int(self.ints[_CELLS])]
        column = cells[:, _COLUMN].astype(np.int8)
        for place in np.flatnonzero(np.bincount(column, minlength=1)).tolist():
            at = np.flatnonzero(column == place)
            of = cells[at, _OF].astype(np.int32)
            if place == _COUNTED:
                self._counts.append((of, cells[at, _PART].astype(np.int32), _reals(cells[at])))
                continue
            values: NDArray[Any] = cells[at, _DIGITS]
            if _KINDS[place] == _REAL:
                values = _reals(cells[at])
            elif _KINDS[place] == _WORD or np.abs(values).max() < 1 << 31:
                values = values.astype(np.int32)
            self._cells[place].append((of, values))
        used = int(self.ints[_TEXT])
        if used:
            self._blocks.append(self._pool.submit(zlib.compress, self._text[:used].tobytes(), 1))
            self._first.append(self.total)
            while len(self._blocks) > _AHEAD or (self._blocks and self._blocks[0].done()):
                self._packed.append(self._blocks.popleft().result())
        elif len(self._first) > 1:
            self._first[-1] = self.total
        self._bad += int(self.ints[_BAD])
        self.ints[[_EVENTS, _CELLS, _TEXT, _BAD]] = 0

    def tell(self, key: str, text: str | None) -> None:
        """Keep what the file says of itself."""
        value = None if text is None else _parsed(text)
        if value is None:
            self._left.append(key)
        else:
            self._told[key] = value[0]

    def scan(self, notes: list[str]) -> Scan:
        """Return everything."""
        self.drain()
        self._packed += [one.result() for one in self._blocks]
        if not self._packed:
            self._packed.append(zlib.compress(b""))  # of events without any arguments
        words, new = self._decoded()
        rows = {name: _joined(self._rows[name]) for name in _ROWS}
        count = len(rows["phase"])
        first, ends = _spread(self._first, rows.pop("ends"), count)
        if new is not None:
            for name in ("name", "category", "pid", "tid", "extra"):
                rows[name] = new[rows[name]]
            coded = rows["id"] < -1
            rows["id"][coded] = -2 - new[-2 - rows["id"][coded]].astype(np.int64)
        cells: dict[str, tuple[Codes, NDArray[Any]]] = {}
        for place, name in enumerate(_COLUMNS):
            chunks, self._cells[place] = self._cells[place], []
            if chunks:
                values = np.concatenate([one for _, one in chunks])
                if _KINDS[place] == _WORD:
                    values = values if new is None else new[values]
                elif _KINDS[place] == _WHOLE:
                    values = values.astype(np.int64)
                cells[name] = (np.concatenate([at for at, _ in chunks]), values)
        parts = [np.concatenate(one) for one in zip(*self._counts, strict=True)] or [np.zeros(0, np.int32)] * 3
        part = parts[1] if new is None else new[parts[1]]
        base = self._told.get("baseTimeNanoseconds")
        packed = self._packed
        for number, one, many in (
            (self.bad, "damaged event was left out", "damaged events were left out"),
            (int(self.ints[_LONG]), "very long word was cut", "very long words were cut"),
            (int(self.ints[_LOST]), "word too many reads …", "words too many read …"),
        ):
            if number:
                notes.append(f"{number:,} {one if number == 1 else many}.")
        if self._left:
            notes.append(f"What the file says of itself under {', '.join(self._left[:8])} was left out.")
        return Scan(
            **rows,
            words=words,
            cells=cells,
            counts=(parts[0], part, parts[2].astype(np.float64)),
            info=self._told,
            notes=tuple(notes),
            base=base if isinstance(base, int) and abs(base) < 1 << 62 else 0,
            written=Arguments(packed.__getitem__, first, ends),
        )

    def _decoded(self) -> tuple[list[str], Codes | None]:
        """Return all words, and the code of each among them where some are spelled in two ways."""
        count = int(self.ints[_WORDS_USED])
        raw = self._pool_of_words[: int(self.ints[_WORDS_TEXT])].tobytes()
        begins, ends, escaped = self._table[:count, _BEGIN:].T.tolist()
        places: dict[str, int] = {}
        new = np.zeros(count, np.int32)
        for code in range(count):
            text = raw[begins[code] : ends[code]].decode("utf-8", "replace")
            if escaped[code]:
                text = _unescaped(text)
            new[code] = places.setdefault(text, len(places))
        return list(places), None if len(places) == count else new


_AHEAD = 16  # blocks of arguments that wait to be packed


def _reals(cells: Ints) -> NDArray[np.float64]:
    """Return the numbers that digits and powers of ten make, rounded once as far as this platform's long numbers go."""
    digits, power = cells[:, _DIGITS], cells[:, _POWER]
    found = digits.astype(np.float64)
    # Of numbers that are exact, as are these powers of ten, the quotient is rounded once.
    few = (np.abs(digits) < 1 << 53) & (np.abs(power) <= 22)
    scale = 10.0 ** np.abs(np.where(few, power, 0))
    found = np.where(power < 0, found / scale, found * scale)
    if not few.all():
        rest = ~few
        long = digits[rest].astype(np.longdouble)
        by = np.clip(power[rest], -4_000, 4_000).astype(np.longdouble)
        with np.errstate(all="ignore"):
            long = np.where(by < 0, long / np.longdouble(10) ** -by, long * np.longdouble(10) ** by)
            found[rest] = np.nan_to_num(long.astype(np.float64))
    return found


def _joined(chunks: list[NDArray[Any]]) -> NDArray[Any]:
    """Return all chunks as one, and let go of them."""
    found = np.concatenate(chunks)
    chunks.clear()
    return found


def _spread(first: list[int], ends: Ints, count: int) -> tuple[Ints, Ints]:
    """Return the first event of each block and where the text of each event ends in its block."""
    edges = np.array(first, np.int64)
    if len(edges) > 1:
        edges[-1] = count
    else:
        edges = np.array([0, count], np.int64)
    return edges, ends


def _parsed(text: str) -> tuple[Any] | None:
    """Return the value that JSON text stands for, None when it is none."""
    try:
        return (loaded(text),)
    except ValueError:
        return None


def _unescaped(text: str) -> str:
    try:
        return str(loaded(f'"{text}"'))
    except ValueError:
        return text
