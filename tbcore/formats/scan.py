"""The scan kernel: one pass over an event file's bytes, from TFRecord frames to columns of points.

A record is framed, both its checksums are verified, its Event message is walked on the wire, and every summary value
becomes one row of the columns of its slot: a scalar keeps its number, anything else keeps where its bytes are.
Bytes come in pieces, rows go straight into per-tag columns, and every length is checked against its record before use.

Sources: TFRecord framing (u64 length, u32 masked CRC32C of it, data, u32 masked CRC32C of that); field numbers of
event.proto, summary.proto, tensor.proto, types.proto of TensorFlow.
"""

import os
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from tbcore.formats.crc import crc_byte, crc_word

# Numba checks no bounds by itself. With NUMBA_BOUNDSCHECK=1 array accesses are checked, and so are the raw loads below.
_CHECKED = os.environ.get("NUMBA_BOUNDSCHECK", "0") not in ("", "0")

PADDING = 128  # bytes that a buffer must hold beyond what is filled, so that a block can be loaded at any position

# Entries of Columns.ints
POS = 0  # file offset of the next record
PREVIOUS = 1  # slot of the last value: where prediction starts
TAGS = 2
SLOTS = 3
TEXT_USED = 4  # bytes used of Columns.text
TEMPLATE_USED = 5
USED = 6  # rows given out
PROBLEMS = 7
MISC = 8
RECORDS = 9  # intact records read
DAMAGE = 10  # file offset where unreadable bytes begin, or -1
SEARCH = 11  # file offset where the search for the next record goes on
SKIP = 12  # values of the current record that are stored already
NEED = 13  # bytes that must be in the buffer from KEEP on to go on
KEEP = 14  # file offset of the first byte still needed
WANT = 15  # which array ran out of room
LOST_PROBLEMS = 16  # problems beyond those kept
SKIPPED = 17  # bytes skipped in all
WAITING = 18  # file offset of a sound header inside the damage whose record may still be being written, or -1
CLAIM = 19  # where the damaged record ends by its length: file offset, 0 beyond the file, -1 when the length is damaged
MARKED = 20  # rows of Columns.misc whose session starts are marked already
INTS = 21

# Columns of Columns.slots: a slot is one tag in one form
BASE, CAPACITY, COUNT, TEMPLATE, TAIL, HOLE, SUCCESSOR, CLASS, TAG, FORM, TEMPLATE_ROOM, NEXT_SLOT, WIDTH, MASK = range(
    14
)
SLOT_FIELDS = 16

# Columns of Columns.tags
TEXT, LENGTH, HASH, FIRST_SLOT, META, META_LENGTH, PLUGIN = range(7)
TAG_FIELDS = 8

FLOAT32, FLOAT64, BLOB = range(3)  # classes of a slot
UNKNOWN_PLUGIN, SCALARS_PLUGIN, OTHER_PLUGIN = range(3)

# Forms of a value: a scalar of whatever spelling, or the field of Summary.Value that holds it
FORM_SCALAR, FORM_NONE, FORM_IMAGE, FORM_HISTO, FORM_AUDIO, FORM_TENSOR = 0, 1, 4, 5, 6, 8
FORMS = {0: "scalar", 1: "none", 4: "image", 5: "histo", 6: "audio", 8: "tensor"}

# Event-level fields that are kept as rows of Columns.misc
EVENT_FIELDS = {
    3: "file_version",
    4: "graph_def",
    6: "log_message",
    7: "session_log",
    8: "tagged_run_metadata",
    9: "meta_graph_def",
    10: "source_metadata",
}

# Status of a scan
MORE = 0  # all whole records of the buffer are read
ROOM = 1  # Columns.ints[WANT] names an array that is full
REACHED = 2  # the limit is reached
BIG = 3  # the next record needs ints[NEED] bytes in the buffer

# Names of arrays for WANT
WANT_TAGS, WANT_SLOTS, WANT_TEXT, WANT_ROWS, WANT_MISC = range(5)
WANT_MARK = 5  # not an array: what the slots hold now is to be kept, since a session starts here

# Reasons of a problem
BAD_LENGTH, BAD_DATA, BAD_MESSAGE, LENGTH_KEPT, FRAME_KEPT, BAD_FRAME = range(6)
REASONS = {
    BAD_LENGTH: "length checksum failed",
    BAD_DATA: "data checksum failed",
    BAD_MESSAGE: "the record is not a readable Event message",
    LENGTH_KEPT: "length checksum failed, but the data checksum holds: the record is kept",
    FRAME_KEPT: "the length was damaged; the record was recovered up to the next one",
    BAD_FRAME: "data checksum failed, and no record follows where its length says",
}

_LONGEST_TEMPLATE = 512
_LONGEST_TRY = 1 << 26  # bytes of a frame with a bad length checksum that are worth a data checksum
_KEEP_DAMAGE = 1 << 20  # bytes of damage kept in the buffer to recover a record whose length is wrong

_ALL = np.uint32(0xFFFFFFFF)
_DELTA = np.uint32(0xA282EAD8)


class Columns(NamedTuple):
    """Everything a scan of one file, or one part of it, has found so far: plain arrays that grow."""

    ints: NDArray[np.int64]  # [INTS]
    floats: NDArray[np.float64]  # [2]: wall time of the first event, latest finite wall time
    slots: NDArray[np.int64]  # [slots, SLOT_FIELDS]
    tags: NDArray[np.int64]  # [tags, TAG_FIELDS]
    hashes: NDArray[np.int64]  # open addressing, 1 + tag
    text: NDArray[np.uint8]  # tags, and each tag's first metadata
    templates: NDArray[np.uint8]
    steps: NDArray[np.int64]  # [rows]; a slot's rows lie together, and fill one of the next three by its class
    walls: NDArray[np.float64]  # [rows]
    values32: NDArray[np.float32]  # [rows]
    values64: NDArray[np.float64]  # [rows]
    places: NDArray[np.int64]  # [rows, 2]: offset of the Summary.Value message in the file, its length
    problems: NDArray[np.int64]  # [problems, 3]: file offset, reason, bytes skipped
    misc: NDArray[np.int64]  # [misc, 5]: field of Event, step, file offset, length, the bits of the wall time


def _load(result: Any, kind: Any) -> Any:
    """Return an intrinsic that loads a little-endian number of type `result` from a byte array at any index."""

    def typed(_context: Any, array: Any, index: Any) -> Any:
        def codegen(target: Any, builder: Any, signature: Any, args: Any) -> Any:
            data = target.make_array(signature.args[0])(target, builder, args[0]).data
            pointer = builder.bitcast(builder.gep(data, [args[1]]), kind.as_pointer())
            return builder.load(pointer, align=1)

        return result(array, types.int64), codegen

    return intrinsic(typed)


_word = _load(types.uint64, ir.IntType(64))
_half_word = _load(types.uint32, ir.IntType(32))
_double = _load(types.float64, ir.DoubleType())
_float = _load(types.float32, ir.FloatType())


@intrinsic
def _block_differences(_context: Any, a: Any, p: Any, b: Any, q: Any) -> Any:
    """Return which of the 64 bytes at a[p] and b[q] differ, bit i for byte i: vector instructions, no branch."""

    def codegen(target: Any, builder: Any, signature: Any, args: Any) -> Any:
        block = ir.VectorType(ir.IntType(8), 64)
        loaded = []
        for array, index, kind in ((args[0], args[1], signature.args[0]), (args[2], args[3], signature.args[2])):
            data = target.make_array(kind)(target, builder, array).data
            loaded.append(builder.load(builder.bitcast(builder.gep(data, [index]), block.as_pointer()), align=1))
        return builder.bitcast(builder.icmp_unsigned("!=", *loaded), ir.IntType(64))

    return types.uint64(a, types.int64, b, types.int64), codegen


# Nothing is allocated in compiled code, so no references are counted: counting cost more than a record.
_fast = njit(nogil=True, cache=True, error_model="numpy", _nrt=False)


@_fast
def _load64(buf: NDArray[np.uint8], p: int) -> np.uint64:
    if _CHECKED and (p < 0 or p + 8 > buf.size):
        raise IndexError("load beyond the buffer")
    return _word(buf, np.int64(p))


@_fast
def _load32(buf: NDArray[np.uint8], p: int) -> np.uint32:
    if _CHECKED and (p < 0 or p + 4 > buf.size):
        raise IndexError("load beyond the buffer")
    return _half_word(buf, np.int64(p))


@_fast
def _load_double(buf: NDArray[np.uint8], p: int) -> np.float64:
    if _CHECKED and (p < 0 or p + 8 > buf.size):
        raise IndexError("load beyond the buffer")
    return _double(buf, np.int64(p))


@_fast
def _load_float(buf: NDArray[np.uint8], p: int) -> np.float32:
    if _CHECKED and (p < 0 or p + 4 > buf.size):
        raise IndexError("load beyond the buffer")
    return _float(buf, np.int64(p))


@_fast
def _mask(crc: np.uint32) -> np.uint32:
    return np.uint32(np.uint32((crc >> np.uint32(15)) | (crc << np.uint32(17))) + _DELTA)


@_fast
def _differences(a: NDArray[np.uint8], p: int, b: NDArray[np.uint8], q: int) -> np.uint64:
    if _CHECKED and (p < 0 or p + 64 > a.size or q < 0 or q + 64 > b.size):
        raise IndexError("load beyond the buffer")
    return _block_differences(a, np.int64(p), b, np.int64(q))


@_fast
def _masked_crc(buf: NDArray[np.uint8], p: int, n: int) -> np.uint32:
    """Return the masked CRC32C of buf[p : p + n].

    The odd bytes come first, as the last of a word of zeros: zeros before the data change nothing when the start value
    is not in the register but in the first four bytes of the data. So short records take few branches, and the same
    ones: a mispredicted branch costs more than all their words.
    """
    odd = np.uint64(n & 7)
    words = n >> 3
    crc = np.uint32(0)
    if odd != 0:
        crc = crc_word(crc, (_load64(buf, p) ^ np.uint64(0xFFFFFFFF)) << (np.uint64(64) - (odd << np.uint64(3))))
        p += np.int64(odd)
    start = np.uint64(0xFFFFFFFF) >> (odd << np.uint64(3))
    if words == 0:
        if n < 4:  # the start value reaches beyond the data: take the plain way
            crc = _ALL
            for i in range(n):
                crc = crc_byte(crc, buf[p - np.int64(odd) + i])
        return _mask(np.uint32(crc ^ _ALL))
    crc = crc_word(crc, _load64(buf, p) ^ start)
    p += 8
    words -= 1
    while words >= 8:
        for i in range(8):
            crc = crc_word(crc, _load64(buf, p + 8 * i))
        p += 64
        words -= 8
    for i in range(7):
        after = crc_word(crc, _load64(buf, p + 8 * i))
        crc = after if i < words else crc
    return _mask(np.uint32(crc ^ _ALL))


@_fast
def _header_holds(buf: NDArray[np.uint8], p: int) -> bool:
    """Return whether the twelve bytes at p are a length and its checksum."""
    return _mask(np.uint32(crc_word(_ALL, _load64(buf, p)) ^ _ALL)) == _load32(buf, p + 8)


@_fast
def _varint(buf: NDArray[np.uint8], p: int, end: int) -> tuple[np.uint64, int]:
    """Return the varint at p and the position after it, or position -1 where there is none before `end`."""
    value = np.uint64(0)
    shift = np.uint64(0)
    while p < end and shift < np.uint64(70):
        byte = buf[p]
        value |= np.uint64(byte & np.uint8(127)) << shift
        p += 1
        if byte < 128:
            return value, p
        shift += np.uint64(7)
    return value, -1


@_fast
def _field(buf: NDArray[np.uint8], p: int, end: int) -> tuple[int, int, int, int]:
    """Return (key, start, stop, next) of the wire field at p; next is -1 where the bytes are no field.

    key: 8 x field number + wire type.

    start..stop is the payload: the bytes of a length-delimited field, the number's own bytes otherwise.
    """
    key, p = _varint(buf, p, end)
    if p < 0 or key > np.uint64(0xFFFFFFFF) or key < np.uint64(8):
        return 0, 0, 0, -1
    number = np.int64(key)
    wire = key & np.uint64(7)
    if wire == 0:
        _value, stop = _varint(buf, p, end)
        return number, p, stop, stop
    if wire == 1:
        return number, p, p + 8, (p + 8 if p + 8 <= end else -1)
    if wire == 5:
        return number, p, p + 4, (p + 4 if p + 4 <= end else -1)
    if wire == 2:
        size, p = _varint(buf, p, end)
        if p < 0 or size > np.uint64(end - p):
            return 0, 0, 0, -1
        return number, p, p + np.int64(size), p + np.int64(size)
    return 0, 0, 0, -1


@_fast
def _same(a: NDArray[np.uint8], p: int, b: NDArray[np.uint8], q: int, n: int) -> bool:
    """Return whether a[p : p + n] equals b[q : q + n]; both arrays hold PADDING bytes beyond."""
    if n >= 8:
        last = n - 8
        i = 0
        while i < last:
            if _load64(a, p + i) != _load64(b, q + i):
                return False
            i += 8
        return _load64(a, p + last) == _load64(b, q + last)
    for i in range(n):
        if a[p + i] != b[q + i]:
            return False
    return True


@_fast
def _hash(buf: NDArray[np.uint8], p: int, n: int) -> np.uint64:
    mixed = np.uint64(n) * np.uint64(0x9E3779B97F4A7C15)
    while n >= 8:
        mixed = (mixed ^ _load64(buf, p)) * np.uint64(0xFF51AFD7ED558CCD)
        mixed ^= mixed >> np.uint64(32)
        p += 8
        n -= 8
    for i in range(n):
        mixed = (mixed ^ np.uint64(buf[p + i])) * np.uint64(0xC4CEB9FE1A85EC53)
        mixed ^= mixed >> np.uint64(29)
    return mixed >> np.uint64(1)


@_fast
def _copy(source: NDArray[np.uint8], p: int, target: NDArray[np.uint8], q: int, n: int) -> None:
    for i in range(n):
        target[q + i] = source[p + i]


@_fast
def _tag(buf: NDArray[np.uint8], p: int, n: int, hint: int, t: Columns) -> int:
    """Return the number of the tag buf[p : p + n], new or known, or -1 when there is no room for it.

    hint: the tag that is likely, or -1.
    """
    ints, tags, text = t.ints, t.tags, t.text
    if hint >= 0 and tags[hint, LENGTH] == n and _same(buf, p, text, tags[hint, TEXT], n):
        return hint
    mixed = np.int64(_hash(buf, p, n))
    size = t.hashes.size
    place = mixed & (size - 1)
    while t.hashes[place] > 0:
        tag = t.hashes[place] - 1
        if tags[tag, HASH] == mixed and tags[tag, LENGTH] == n and _same(buf, p, text, tags[tag, TEXT], n):
            return tag
        place = (place + 1) & (size - 1)
    tag = ints[TAGS]
    if tag >= tags.shape[0] or 2 * tag >= size:
        ints[WANT] = WANT_TAGS
        return -1
    if ints[TEXT_USED] + n + PADDING > text.size:
        ints[WANT] = WANT_TEXT
        ints[NEED] = n
        return -1
    start = ints[TEXT_USED]
    _copy(buf, p, text, start, n)
    ints[TEXT_USED] = start + n
    tags[tag, TEXT] = start
    tags[tag, LENGTH] = n
    tags[tag, HASH] = mixed
    tags[tag, FIRST_SLOT] = -1
    tags[tag, META] = -1
    tags[tag, META_LENGTH] = 0
    tags[tag, PLUGIN] = UNKNOWN_PLUGIN
    t.hashes[place] = tag + 1
    ints[TAGS] = tag + 1
    return tag


@_fast
def _slot(tag: int, form: int, kind: int, t: Columns) -> int:
    """Return the slot of `tag` in `form`, new ones of class `kind`, or -1 when there is no room for it."""
    ints, slots = t.ints, t.slots
    slot = t.tags[tag, FIRST_SLOT]
    while slot >= 0:
        if slots[slot, FORM] == form:
            return slot
        slot = slots[slot, NEXT_SLOT]
    slot = ints[SLOTS]
    if slot >= slots.shape[0]:
        ints[WANT] = WANT_SLOTS
        return -1
    for column in range(SLOT_FIELDS):
        slots[slot, column] = 0
    slots[slot, CLASS] = kind
    slots[slot, TAG] = tag
    slots[slot, FORM] = form
    slots[slot, NEXT_SLOT] = t.tags[tag, FIRST_SLOT]
    t.tags[tag, FIRST_SLOT] = slot
    ints[SLOTS] = slot + 1
    return slot


@_fast
def _room(t: Columns, slot: int) -> bool:
    """Give a full slot more than twice its rows and return True, or return False when there is no room.

    Where the slot lies last it grows in place. Rows given up are never given out again: snapshots may still show them.
    """
    ints, slots = t.ints, t.slots
    base = slots[slot, BASE]
    capacity = slots[slot, CAPACITY]
    more = 2 * capacity + 24  # never a power of two: columns at such distances would share one set of the cache
    if capacity > 0 and base + capacity == ints[USED]:
        if base + more <= t.steps.size:
            ints[USED] = base + more
            slots[slot, CAPACITY] = more
            return True
    elif ints[USED] + more <= t.steps.size:
        after = ints[USED]
        kind = slots[slot, CLASS]
        for i in range(slots[slot, COUNT]):
            t.steps[after + i] = t.steps[base + i]
            t.walls[after + i] = t.walls[base + i]
            if kind == FLOAT32:
                t.values32[after + i] = t.values32[base + i]
            elif kind == FLOAT64:
                t.values64[after + i] = t.values64[base + i]
            else:
                t.places[after + i, 0] = t.places[base + i, 0]
                t.places[after + i, 1] = t.places[base + i, 1]
        slots[slot, BASE] = after
        slots[slot, CAPACITY] = more
        ints[USED] = after + more
        return True
    ints[WANT] = WANT_ROWS
    return False


@_fast
def _widen(t: Columns, slot: int) -> None:
    """Turn a float32 slot into a float64 one, since a value came that float32 cannot hold."""
    base = t.slots[slot, BASE]
    for i in range(t.slots[slot, COUNT]):
        t.values64[base + i] = np.float64(t.values32[base + i])
    t.slots[slot, CLASS] = FLOAT64


@_fast
def _half(bits: np.uint64) -> np.float64:
    """Return the number that sixteen bits of an IEEE half hold."""
    exponent = np.int64((bits >> np.uint64(10)) & np.uint64(31))
    fraction = np.float64(bits & np.uint64(1023))
    if exponent == 31:
        value = np.inf if fraction == 0 else np.nan
    elif exponent == 0:
        value = fraction * 2.0**-24
    else:
        value = (fraction + 1024.0) * 2.0 ** (exponent - 25.0)
    return -value if bits & np.uint64(0x8000) else value


_DT_FLOAT, _DT_DOUBLE, _DT_BFLOAT16, _DT_HALF = 1, 2, 14, 19  # DataType numbers
_WIDTHS = np.array(
    [0, 4, 8, 4, 1, 2, 1, 0, 0, 8, 1, 0, 0, 0, 2, 0, 0, 2, 0, 2, 0, 0, 4, 8], np.int64
)  # bytes per element


@_fast
def _bfloat16(bits: np.uint64) -> np.float64:
    """Return the number that sixteen bits of a bfloat16, the upper half of a float32, hold."""
    exponent = np.int64((bits >> np.uint64(7)) & np.uint64(255))
    fraction = np.float64(bits & np.uint64(127))
    if exponent == 255:
        value = np.inf if fraction == 0 else np.nan
    elif exponent == 0:
        value = fraction * 2.0**-133
    else:
        value = (fraction + 128.0) * 2.0 ** (exponent - 134.0)
    return -value if bits & np.uint64(0x8000) else value


@_fast
def _number(dtype: int, bits: np.uint64) -> tuple[bool, np.float64]:
    """Return (known, value) of an integer-coded element: its bits as the wire or the raw content hold them."""
    if dtype == _DT_HALF:
        return True, _half(bits)
    if dtype == _DT_BFLOAT16:
        return True, _bfloat16(bits)
    if dtype == 3 or dtype == 5 or dtype == 6 or dtype == 9:  # int32, int16, int8, int64
        shift = np.int64(64 - 8 * _WIDTHS[dtype])
        return True, np.float64((np.int64(bits) << shift) >> shift)
    if dtype == 4 or dtype == 10 or dtype == 17 or dtype == 22 or dtype == 23:  # uint8, bool, uint16, uint32, uint64
        return True, np.float64(bits)
    return False, 0.0


@_fast
def _scalar_tensor(buf: NDArray[np.uint8], p: int, end: int) -> tuple[int, np.float64, int]:
    """Return (what, value, position) of the TensorProto at p..end.

    what: 0 not a number of rank 0; 4 or 8 a float or double whose raw bytes lie at position; 1 another number; -1 damaged.
    """
    dtype = np.int64(0)
    scalar = True
    numbers = 0  # typed elements seen
    content = np.int64(0)  # bytes of tensor_content
    kind = np.int64(0)  # key of the field the element came from
    position = np.int64(-1)
    bits = np.uint64(0)
    while p < end:
        key, start, stop, p = _field(buf, p, end)
        if p < 0:
            return -1, 0.0, -1
        if key == 8:
            value, _next = _varint(buf, start, stop)
            dtype = np.int64(min(value, np.uint64(1000)))
        elif key == 18:
            q = start
            while q < stop:
                inner, _start, _stop, q = _field(buf, q, stop)
                if q < 0:
                    return -1, 0.0, -1
                if inner == 18 or inner == 24:
                    scalar = False
        elif key == 34 and stop > start:  # tensor_content
            content = stop - start
            numbers += 1
            kind = key
            position = start
        elif (key == 42 or key == 45) and stop - start >= 4:  # float_val
            numbers += (stop - start) // 4
            kind = 45
            position = start
        elif (key == 50 or key == 49) and stop - start >= 8:  # double_val
            numbers += (stop - start) // 8
            kind = 49
            position = start
        elif key == 56 or key == 80 or key == 88 or key == 104 or key == 128 or key == 136:
            bits, _next = _varint(buf, start, stop)
            numbers += 1
            kind = 56
        elif key == 58 or key == 82 or key == 90 or key == 106 or key == 130 or key == 138:
            q = start
            while q < stop:
                bits, q = _varint(buf, q, stop)
                if q < 0:
                    return -1, 0.0, -1
                numbers += 1
                kind = 56
        elif key == 66 or key == 74 or key == 98 or key == 114 or key == 122:
            return 0, 0.0, -1  # strings, complex numbers, resources, variants
    if not scalar or numbers > 1 or dtype <= 0 or dtype >= _WIDTHS.size or _WIDTHS[dtype] == 0:
        return 0, 0.0, -1
    if numbers == 0:  # TensorFlow leaves zeros out
        return 1, 0.0, -1
    if kind == 34 and content != _WIDTHS[dtype]:
        return 0, 0.0, -1
    if dtype == _DT_FLOAT and (kind == 45 or kind == 34):
        return 4, np.float64(_load_float(buf, position)), position
    if dtype == _DT_DOUBLE and (kind == 49 or kind == 34):
        return 8, _load_double(buf, position), position
    if kind == 34:
        bits = np.uint64(0)
        for i in range(_WIDTHS[dtype]):
            bits |= np.uint64(buf[position + i]) << np.uint64(8 * i)
    elif kind != 56:
        return 0, 0.0, -1
    known, number = _number(dtype, bits)
    return (1 if known else 0), number, -1


@_fast
def _plugin(buf: NDArray[np.uint8], p: int, end: int) -> int:
    """Return which plugin the SummaryMetadata at p..end names: UNKNOWN_PLUGIN where it names none."""
    found = UNKNOWN_PLUGIN
    while p < end:
        key, start, stop, p = _field(buf, p, end)
        if p < 0:
            return found
        if key == 10:
            q = start
            while q < stop:
                inner, name, name_end, q = _field(buf, q, stop)
                if q < 0:
                    return found
                if inner == 10 and name_end > name:
                    found = OTHER_PLUGIN
                    if name_end - name == 7:  # "scalars"
                        if buf[name] == 115 and buf[name + 1] == 99 and buf[name + 2] == 97 and buf[name + 3] == 108:
                            if buf[name + 4] == 97 and buf[name + 5] == 114 and buf[name + 6] == 115:
                                found = SCALARS_PLUGIN
    return found


@_fast
def _row(t: Columns, slot: int, step: int, wall: np.float64) -> int:
    """Append a row to a slot and return its number, or -1 when there is no room."""
    count = t.slots[slot, COUNT]
    if count >= t.slots[slot, CAPACITY] and not _room(t, slot):
        return -1
    row = t.slots[slot, BASE] + count
    t.steps[row] = step
    t.walls[row] = wall
    t.slots[slot, COUNT] = count + 1
    return row


# What became of a value or a record
_DONE, _NO_ROOM, _UNREADABLE = 0, 1, 2


@_fast
def _value(
    buf: NDArray[np.uint8], p: int, end: int, base: int, step: int, wall: np.float64, previous: int, t: Columns
) -> tuple[int, int, int, int]:
    """Store the Summary.Value at p..end; return (status, slot, position of its number, width of its number)."""
    start = p
    tag_at, tag_end, node_at, node_end = p, p, p, p
    meta_at, meta_end = np.int64(-1), np.int64(-1)
    form = FORM_NONE
    payload, payload_end = p, p
    while p < end:
        key, a, b, p = _field(buf, p, end)
        if p < 0:
            return _UNREADABLE, -1, -1, 0
        if key == 10:
            tag_at, tag_end = a, b
        elif key == 58:
            node_at, node_end = a, b
        elif key == 74:
            meta_at, meta_end = a, b
        elif key == 21:
            form, payload, payload_end = FORM_SCALAR, a, b
        elif key == 34 or key == 42 or key == 50 or key == 66:
            form, payload, payload_end = key >> 3, a, b
    if tag_end == tag_at:
        tag_at, tag_end = node_at, node_end
    hint = np.int64(-1)
    if previous >= 0:
        hint = t.slots[t.slots[previous, SUCCESSOR], TAG]
    tag = _tag(buf, tag_at, tag_end - tag_at, hint, t)
    if tag < 0:
        return _NO_ROOM, -1, -1, 0
    if meta_at >= 0 and t.tags[tag, META] < 0:
        size = meta_end - meta_at
        if t.ints[TEXT_USED] + size + PADDING > t.text.size:
            t.ints[WANT] = WANT_TEXT
            t.ints[NEED] = size
            return _NO_ROOM, -1, -1, 0
        _copy(buf, meta_at, t.text, t.ints[TEXT_USED], size)
        t.tags[tag, META] = t.ints[TEXT_USED]
        t.tags[tag, META_LENGTH] = size
        t.tags[tag, PLUGIN] = _plugin(buf, meta_at, meta_end)
        t.ints[TEXT_USED] += size
        known = t.tags[tag, FIRST_SLOT]
        while known >= 0:  # a plugin that becomes known late may turn numbers into something else
            t.slots[known, TAIL] = 0
            known = t.slots[known, NEXT_SLOT]
    number = 0.0
    what = 0
    position = np.int64(-1)
    if form == FORM_SCALAR:
        what, position = 4, payload
        number = np.float64(_load_float(buf, payload))
    elif form == FORM_TENSOR and t.tags[tag, PLUGIN] != OTHER_PLUGIN:
        what, number, position = _scalar_tensor(buf, payload, payload_end)
        if what < 0:
            return _UNREADABLE, -1, -1, 0
    if what > 0:
        form = FORM_SCALAR
        kind = FLOAT32 if what == 4 else FLOAT64
    else:
        kind = BLOB
    slot = _slot(tag, form, kind, t)
    row = _row(t, slot, step, wall) if slot >= 0 else np.int64(-1)
    if row < 0:
        return _NO_ROOM, -1, -1, 0
    if kind == BLOB:
        t.places[row, 0] = base + start
        t.places[row, 1] = end - start
        return _DONE, slot, -1, 0
    if kind == FLOAT64 and t.slots[slot, CLASS] == FLOAT32:
        _widen(t, slot)
    if t.slots[slot, CLASS] == FLOAT32:
        t.values32[row] = np.float32(number)
    else:
        t.values64[row] = number
    return _DONE, slot, position, what


@_fast
def _event(buf: NDArray[np.uint8], p: int, end: int, base: int, previous: int, t: Columns) -> tuple[int, int]:
    """Store every value of the Event at p..end; return (status, slot of its last value).

    Without room the values stored so far are counted in ints[SKIP], and the same event comes again.
    """
    ints = t.ints
    event = p
    head_end = p
    wall = 0.0
    wall_bits = np.int64(0)
    step = np.int64(0)
    while p < end:
        key, a, b, p = _field(buf, p, end)
        if p < 0:
            return _UNREADABLE, previous
        if key == 9:
            wall = _load_double(buf, a)
            wall_bits = np.int64(_load64(buf, a))
            head_end = p
        elif key == 16:
            value, _next = _varint(buf, a, b)
            step = np.int64(value)
            head_end = p
    if ints[RECORDS] == 0:
        t.floats[0] = wall
    if np.isfinite(wall) and not t.floats[1] >= wall:
        t.floats[1] = wall
    skip = ints[SKIP]
    done = np.int64(0)
    p = event
    while p < end:
        key, a, b, p = _field(buf, p, end)
        if key == 42:
            q = a
            while q < b:
                inner, value_at, value_end, q = _field(buf, q, b)
                if q < 0:
                    return _UNREADABLE, previous
                if inner != 10:
                    continue
                done += 1
                if done <= skip:
                    continue
                status, slot, position, width = _value(buf, value_at, value_end, base, step, wall, previous, t)
                if status != _DONE:
                    ints[SKIP] = done - 1
                    return status, previous
                if previous >= 0:
                    t.slots[previous, SUCCESSOR] = slot
                previous = slot
                if done == 1 and q == b and p == end and position >= 0:
                    _remember(buf, event, head_end, end, position, width, slot, t)
        elif key == 26 or key == 34 or key == 50 or key == 58 or key == 66 or key == 74 or key == 82:
            done += 1
            if done <= skip:
                continue
            row = ints[MISC]
            if row >= t.misc.shape[0]:
                ints[WANT] = WANT_MISC
                ints[SKIP] = done - 1
                return _NO_ROOM, previous
            if key == 58 and ints[MARKED] <= row and _session_starts(buf, a, b):
                ints[WANT] = WANT_MARK
                ints[SKIP] = done - 1
                return _NO_ROOM, previous
            t.misc[row, 0] = key >> 3
            t.misc[row, 1] = step
            t.misc[row, 2] = base + a
            t.misc[row, 3] = b - a
            t.misc[row, 4] = wall_bits
            ints[MISC] = row + 1
    ints[SKIP] = 0
    return _DONE, previous


@_fast
def _session_starts(buf: NDArray[np.uint8], p: int, end: int) -> bool:
    """Return whether the SessionLog at p..end says that a session starts."""
    status = np.uint64(0)
    while p < end:
        key, start, stop, p = _field(buf, p, end)
        if p < 0:
            return False
        if key == 8:
            status, _next = _varint(buf, start, stop)
    return status == np.uint64(1)


@_fast
def _tail(buf: NDArray[np.uint8], p: int, end: int) -> tuple[int, int]:
    """Return (position, step) of what follows the wall time and the step of an event in the usual order, else (-1, 0)."""
    if end - p < 11 or buf[p] != 9:
        return np.int64(-1), np.int64(0)
    q = p + 9
    if buf[q] != 16:
        return q, np.int64(0)
    word = np.int64(_load64(buf, q + 1))  # steps of up to three varint bytes without a loop
    if word & 0x80 == 0:
        return q + 2, word & 0x7F
    if word & 0x8000 == 0:
        return q + 3, (word & 0x7F) | ((word >> 1) & 0x3F80)
    if word & 0x800000 == 0:
        return q + 4, (word & 0x7F) | ((word >> 1) & 0x3F80) | ((word >> 2) & 0x1FC000)
    value, q = _varint(buf, q + 1, end)
    return q, np.int64(value)


@_fast
def _remember(
    buf: NDArray[np.uint8], event: int, head_end: int, end: int, position: int, width: int, slot: int, t: Columns
) -> None:
    """Keep the bytes of an event of one number as the slot's template: the next is expected to differ in its number only.

    head_end: where the last field ends that holds a wall time or a step; a template must hold neither.
    """
    ints, slots = t.ints, t.slots
    start, _step = _tail(buf, event, end)
    if start != head_end or position < start:
        return
    size = end - start
    slots[slot, TAIL] = 0
    if size > _LONGEST_TEMPLATE:
        return
    if slots[slot, TEMPLATE_ROOM] < size:
        if ints[TEMPLATE_USED] + size + PADDING > t.templates.size:
            return  # no room: the values of this slot take the slow path until there is
        slots[slot, TEMPLATE] = ints[TEMPLATE_USED]
        slots[slot, TEMPLATE_ROOM] = size
        ints[TEMPLATE_USED] += size
    _copy(buf, start, t.templates, slots[slot, TEMPLATE], size)
    slots[slot, TAIL] = size
    slots[slot, HOLE] = position - start
    slots[slot, WIDTH] = width
    mask = np.uint64(0xFFFFFFFFFFFFFFFF) >> np.uint64(64 - min(size, np.int64(64)))
    if position - start < 64:
        mask &= ~(((np.uint64(1) << np.uint64(width)) - np.uint64(1)) << np.uint64(position - start))
    slots[slot, MASK] = np.int64(mask)


@_fast
def _problem(t: Columns, offset: int, reason: int, skipped: int) -> None:
    """Note a problem; ints[SKIPPED] counts on when there is no more room."""
    row = t.ints[PROBLEMS]
    t.ints[SKIPPED] += skipped
    if row >= t.problems.shape[0]:
        t.ints[LOST_PROBLEMS] += 1
        return
    t.problems[row, 0] = offset
    t.problems[row, 1] = reason
    t.problems[row, 2] = skipped
    t.ints[PROBLEMS] = row + 1


@_fast
def _intact_after(buf: NDArray[np.uint8], p: int, end: int) -> int:
    """Return the position of the first whole record in buf[p:end] whose two checksums hold, or -1."""
    while p + 16 <= end:
        if _header_holds(buf, p):
            length = _load64(buf, p)
            if length <= np.uint64(end - p - 16):
                n = np.int64(length)
                if _masked_crc(buf, p + 12, n) == _load32(buf, p + 12 + n):
                    return p
        p += 1
    return -1


@_fast
def _chain_to(buf: NDArray[np.uint8], p: int, end: int) -> bool:
    """Return whether somewhere from p on intact records follow each other exactly up to `end`.

    Records inside the data of another one never do: four bytes of that one's checksum come after them.
    """
    while p + 16 <= end:
        q = p
        while q + 16 <= end and _header_holds(buf, q):
            length = _load64(buf, q)
            if length > np.uint64(end - q - 16):
                break
            n = np.int64(length)
            if _masked_crc(buf, q + 12, n) != _load32(buf, q + 12 + n):
                break
            q += 16 + n
        if q == end:
            return True
        p += 1
    return False


@_fast
def _usual(
    buf: NDArray[np.uint8],
    pos: int,
    stop: int,
    previous: int,
    floats: NDArray[np.float64],
    slots: NDArray[np.int64],
    templates: NDArray[np.uint8],
    steps: NDArray[np.int64],
    walls: NDArray[np.float64],
    values32: NDArray[np.float32],
    values64: NDArray[np.float64],
) -> tuple[int, int, int]:
    """Read records from `pos` on as long as they are usual; return (position, last slot, records read).

    Usual is an intact record whose event differs from the last one of the predicted slot only in its wall time, step
    and number: training loops log the same tags in the same order. Anything else is left to the general path.
    """
    read = np.int64(0)
    latest = floats[1]
    while stop - pos >= 40:
        length = np.int64(_load64(buf, pos))
        if length < 24 or length > stop - pos - 16 or not _header_holds(buf, pos):
            break
        start = pos + 12
        end = start + length
        slot = slots[previous, SUCCESSOR]
        tail = slots[slot, TAIL]
        q, step = _tail(buf, start, end)
        if q < 0 or tail != end - q or tail == 0:
            break
        template = slots[slot, TEMPLATE]
        hole = slots[slot, HOLE]
        width = slots[slot, WIDTH]
        rest = hole + width
        if tail <= 64:
            if _differences(buf, q, templates, template) & np.uint64(slots[slot, MASK]) != 0:
                break
        elif not _same(buf, q, templates, template, hole) or not _same(
            buf, q + rest, templates, template + rest, tail - rest
        ):
            break
        if _masked_crc(buf, start, length) != _load32(buf, end):
            break
        count = slots[slot, COUNT]
        kind = slots[slot, CLASS]
        if count >= slots[slot, CAPACITY]:
            break
        row = slots[slot, BASE] + count
        wall = _load_double(buf, start + 1)
        if kind == FLOAT32 and width == 4:
            values32[row] = _load_float(buf, q + hole)
        elif kind == FLOAT64:
            values64[row] = np.float64(_load_float(buf, q + hole)) if width == 4 else _load_double(buf, q + hole)
        else:
            break
        steps[row] = step
        walls[row] = wall
        slots[slot, COUNT] = count + 1
        if wall > latest and wall < np.inf:
            latest = wall
        previous = slot
        read += 1
        pos = end + 4
    floats[1] = latest
    return pos, previous, read


@_fast
def scan(buf: NDArray[np.uint8], filled: int, base: int, size: int, limit: int, t: Columns) -> int:
    """Read the whole records of buf[:filled] into the columns `t` and return a status.

    base: file offset of buf[0]; size: bytes of the file as far as known, to judge lengths by; limit: file offset at
    which a record of somebody else's part begins. Reading starts at ints[POS] (or in the middle of damage) and goes
    on there next time, with at least the bytes from ints[KEEP] on in the buffer.
    """
    ints = t.ints
    pos = ints[POS] - base
    previous = ints[PREVIOUS]
    records = ints[RECORDS]
    at_end = base + filled >= size
    status = MORE
    while True:
        if ints[DAMAGE] >= 0:
            # Unreadable bytes: look for the next header whose checksum holds.
            damage = ints[DAMAGE] - base
            q = ints[SEARCH] - base
            found = np.int64(-1)
            while q + 12 <= filled:
                if _header_holds(buf, q):
                    if _load64(buf, q) <= np.uint64(max(np.int64(0), size - base - q - 16)):
                        found = q
                        break
                    if ints[WAITING] < 0:
                        ints[WAITING] = base + q
                q += 1
            whole = damage >= 0 and (found if found >= 0 else filled) - damage >= 16
            if found < 0 and at_end and ints[WAITING] < 0 and whole:
                if _masked_crc(buf, damage + 12, filled - damage - 16) == _load32(buf, filled - 4):
                    found = np.int64(filled)
            if found < 0:
                if at_end and ints[WAITING] >= 0:
                    q = ints[WAITING] - base  # look there again when the file has grown
                    ints[WAITING] = -1
                ints[SEARCH] = base + q
                if q - damage > _KEEP_DAMAGE:
                    damage = q
                ints[KEEP] = base + damage if damage >= 0 else ints[SEARCH]
                ints[NEED] = base + q + 12 - ints[KEEP]
                pos = q
                break
            kept = whole and _masked_crc(buf, damage + 12, found - damage - 16) == _load32(buf, found - 4)
            if kept:
                ints[RECORDS] = records
                event_status, previous = _event(buf, damage + 12, found - 4, base, previous, t)
                if event_status == _NO_ROOM:
                    ints[SEARCH] = base + found
                    ints[KEEP] = ints[DAMAGE]
                    status = ROOM
                    break
                kept = event_status == _DONE
            if kept:
                records += 1
                _problem(t, ints[DAMAGE], FRAME_KEPT, 0)
            elif base + found > ints[DAMAGE]:
                reason = BAD_DATA if ints[CLAIM] == base + found else BAD_FRAME
                _problem(t, ints[DAMAGE], BAD_LENGTH if ints[CLAIM] < 0 else reason, base + found - ints[DAMAGE])
            ints[SKIP] = 0
            ints[DAMAGE] = -1
            ints[WAITING] = -1
            pos = found
        if previous >= 0 and ints[SKIP] == 0:
            stop = min(np.int64(filled), limit - base)
            pos, previous, read = _usual(
                buf, pos, stop, previous, t.floats, t.slots, t.templates, t.steps, t.walls, t.values32, t.values64
            )
            records += read
        if base + pos >= limit:
            status = REACHED
            break
        if filled - pos < 12:
            ints[NEED] = 12
            break
        length = _load64(buf, pos)
        sound = _header_holds(buf, pos)
        if not sound and (
            length > np.uint64(max(np.int64(0), size - base - pos - 16)) or length > np.uint64(_LONGEST_TRY)
        ):
            ints[DAMAGE] = base + pos
            ints[SEARCH] = base + pos + 1
            ints[CLAIM] = -1
            continue
        if length > np.uint64(max(np.int64(0), filled - pos - 16)) or filled - pos < 16:
            if at_end:
                # A half-written tail is normal; one with an intact record inside is damage.
                inside = _intact_after(buf, pos + 1, filled)
                if inside >= 0:
                    ints[DAMAGE] = base + pos
                    ints[SEARCH] = base + inside
                    ints[CLAIM] = 0
                    continue
                ints[NEED] = 12
            elif length > np.uint64(max(np.int64(0), size - base - pos - 16)):
                # The same, but its end is far: look without keeping it all in memory.
                ints[DAMAGE] = base + pos
                ints[WAITING] = base + pos
                ints[SEARCH] = base + pos + 1
                ints[CLAIM] = 0
                continue
            else:
                ints[NEED] = 16 + np.int64(min(length, np.uint64(size)))
                if ints[NEED] > filled - pos:
                    status = BIG
            break
        n = np.int64(length)
        start = pos + 12
        end = start + n
        if _masked_crc(buf, start, n) != _load32(buf, end):
            after = end + 4
            if sound and base + after + 12 <= size and after + 12 > filled:
                ints[NEED] = 28 + n  # the next header tells whether the length of this record can be trusted
                status = BIG
                break
            if sound and base + after + 12 <= size and _header_holds(buf, after) and not _chain_to(buf, pos + 1, after):
                _problem(t, base + pos, BAD_DATA, 16 + n)
                pos = after
                continue
            ints[DAMAGE] = base + pos
            ints[SEARCH] = base + pos + 1
            ints[CLAIM] = base + after if sound else -1
            continue
        ints[RECORDS] = records
        event_status, previous = _event(buf, start, end, base, previous, t)
        if event_status == _NO_ROOM:
            status = ROOM
            break
        if event_status == _UNREADABLE:
            ints[SKIP] = 0
            _problem(t, base + pos, BAD_MESSAGE, 16 + n)
        else:
            records += 1
            if not sound:
                _problem(t, base + pos, LENGTH_KEPT, 0)
        pos = end + 4
    ints[RECORDS] = records
    ints[PREVIOUS] = previous
    ints[POS] = base + pos
    if ints[DAMAGE] < 0:
        ints[KEEP] = base + pos
    return status


@_fast
def record_after(buf: NDArray[np.uint8], filled: int) -> int:
    """Return the position of the first intact record of buf[:filled] whose next header holds too, or -1."""
    p = np.int64(0)
    while True:
        p = _intact_after(buf, p, filled)
        if p < 0:
            return -1
        after = p + 16 + np.int64(_load64(buf, p))
        if after + 12 <= filled and _header_holds(buf, after):
            return p
        p += 1


@_fast
def rehash(tags: NDArray[np.int64], count: int, hashes: NDArray[np.int64]) -> None:
    """Fill the empty table `hashes` with the first `count` tags."""
    for tag in range(count):
        place = tags[tag, HASH] & (hashes.size - 1)
        while hashes[place] > 0:
            place = (place + 1) & (hashes.size - 1)
        hashes[place] = tag + 1


@_fast
def move(
    slots: NDArray[np.int64],
    bases: NDArray[np.int64],
    steps: NDArray[np.int64],
    walls: NDArray[np.float64],
    values32: NDArray[np.float32],
    values64: NDArray[np.float64],
    places: NDArray[np.int64],
    t: Columns,
) -> None:
    """Copy the rows of `slots` from the columns `t` into the other arrays, those of each slot to its entry of `bases`."""
    for slot in range(slots.shape[0]):
        source, target, kind = slots[slot, BASE], bases[slot], slots[slot, CLASS]
        for i in range(slots[slot, COUNT]):
            steps[target + i] = t.steps[source + i]
            walls[target + i] = t.walls[source + i]
            if kind == FLOAT32:
                values32[target + i] = t.values32[source + i]
            elif kind == FLOAT64:
                values64[target + i] = t.values64[source + i]
            else:
                places[target + i, 0] = t.places[source + i, 0]
                places[target + i, 1] = t.places[source + i, 1]


def warm() -> None:
    """Compile the kernel, or load it from the cache on disk, by scanning nothing."""
    ints = np.zeros(INTS, np.int64)
    ints[[DAMAGE, WAITING]] = -1
    table, bytes_, rows = np.zeros((1, 16), np.int64), np.zeros(PADDING, np.uint8), np.zeros(1, np.int64)
    walls, values = np.zeros(1), np.zeros(1, np.float32)
    columns = Columns(ints, walls, table, table, rows, bytes_, bytes_, rows, walls, values, walls, table, table, table)
    scan(bytes_, 0, 0, 0, 0, columns)
    move(table[:0], rows, rows, walls, values, walls, table, columns)
    rehash(table, 0, rows)
    record_after(bytes_, 0)
