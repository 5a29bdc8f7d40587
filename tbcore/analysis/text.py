"""Texts of a series: as strings, as safe HTML, searched through, and compared.

A point holds one text (rank 0), a list of them (rank 1), a table (rank 2) or more. A text may be of any size: what is
shown is its beginning, and only that much of it is read.
"""

import codecs
import difflib
import html
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import nh3
import numpy as np
import regex
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from tbcore.analysis.steps import index_at
from tbcore.errors import FormatError, PatternError
from tbcore.formats.events import payload
from tbcore.formats.strings import strings
from tbcore.names import matcher
from tbcore.series import Blob, Series

SHOWN = 20_000  # characters of one text that a page shows
_WHOLE = 4 << 20  # bytes of a value up to which it is decoded as a whole
_PIECE = 1 << 20  # bytes that are read of a larger one at once
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# Marks, embeddings, overrides and isolates of Unicode's bidirectional algorithm.
_TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_TEXT_SUMMARY = "/text_summary"  # what PyTorch puts after a tag


@dataclass(frozen=True)
class Texts:
    """The texts of one point, still undecoded, in the order of their tensor's elements.

    sizes: bytes of each; part(text, first, last): those bytes of one.
    """

    shape: tuple[int, ...]
    sizes: tuple[int, ...]
    part: Callable[[int, int, int], bytes] = field(repr=False)


@dataclass(frozen=True)
class Text:
    """The beginning of one text. more: characters that follow it; notes: what is not as it was written, in words."""

    text: str
    more: int = 0
    notes: tuple[str, ...] = ()


def title(tag: str) -> str:
    """Return a tag without what PyTorch puts after each one of a text."""
    return tag.removesuffix(_TEXT_SUMMARY) or tag


def texts(series: Series, index: int) -> Texts:
    """Return the texts of point `index`. Raises FormatError when the file does not hold them any more, or no texts."""
    return held(series.blob(index), series.plugin)


def held(blob: Blob, plugin: str) -> Texts:
    """Return the texts that a value holds. Raises FormatError as `texts`."""
    if blob.length <= _WHOLE:
        array = np.asarray(payload(blob.read(), blob.form, plugin).value)
        encoded = [item if isinstance(item, bytes) else str(item).encode() for item in array.ravel().tolist()]
        return Texts(array.shape, tuple(map(len, encoded)), lambda text, first, last: encoded[text][first:last])

    def read(at: int, count: int) -> bytes:
        return blob.load(blob.path, blob.offset + at, count)

    found = strings(read, blob.length)

    def part(text: int, first: int, last: int) -> bytes:
        at, size = found.places[text]
        return read(at + first, max(0, min(last, size) - first))

    return Texts(found.shape, tuple(size for _at, size in found.places), part)


def beginning(of: Texts, place: int, most: int = SHOWN) -> Text:
    """Return the first `most` characters of one text. Bytes that are no UTF-8 become replacement characters."""
    size = of.sizes[place]
    head = of.part(place, 0, min(size, 4 * most))
    whole = len(head) == size
    # A character that the end of what was read cuts in two is not a wrong one.
    decoded = codecs.getincrementaldecoder("utf-8")("replace").decode(head, whole)
    shown = decoded[:most]
    if whole:
        more = len(decoded) - len(shown)
    else:
        more = sum(_characters(of.part(place, at, at + _PIECE)) for at in range(0, size, _PIECE)) - len(shown)
    wrong = decoded.count(_REPLACEMENT) - head.count(_REPLACEMENT.encode())
    notes = [f"{_counted(wrong, 'byte sequence')} not UTF-8, shown as {_REPLACEMENT}"] if wrong > 0 else []
    if "\0" in shown:
        notes.append(f"{_counted(shown.count(chr(0)), 'NUL character')}, shown as \\0")
    if turns := len(_TURNS.findall(shown)):
        notes.append(f"{_counted(turns, 'invisible character')} that may turn the direction in which it reads")
    return Text(shown, max(more, 0), tuple(notes))


def _characters(data: bytes) -> int:
    """Return how many characters of UTF-8 begin in some bytes."""
    return int(np.count_nonzero((np.frombuffer(data, np.uint8) & 0xC0) != 0x80))


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def nested(series: Series, index: int) -> Any:
    """Return the texts of a point: a string, or lists of them by the tensor's shape. Raises FormatError as `texts`."""
    of = texts(series, index)
    decoded = np.empty(len(of.sizes), object)
    decoded[:] = [of.part(place, 0, size).decode("utf-8", "replace") for place, size in enumerate(of.sizes)]
    return decoded.reshape(of.shape).tolist()


def size(series: Series) -> int:
    """Return the bytes that all values of a series take in their files."""
    return sum(int(segment.places[:, 1].sum()) for segment in series.segments if segment.places is not None)


def rows(series: Series) -> Iterator[dict[str, Any]]:
    """Yield run, tag, step, wall_time and text of each point, or error where it cannot be decoded.

    Bytes that are no UTF-8 become replacement characters.
    """
    for index in range(len(series)):
        yield row(series, index)


def row(series: Series, index: int) -> dict[str, Any]:
    """Return the same of one point."""
    found: dict[str, Any] = {
        "run": series.run,
        "tag": series.tag,
        "step": int(series.steps[index]),
        "wall_time": float(series.wall_times[index]),
    }
    try:
        return found | {"text": nested(series, index)}
    except FormatError as error:
        return found | {"error": str(error)}


def file(series: Series, index: int) -> bytes:
    """Return a point as a file: one text as its bytes were logged, more as JSON. Raises FormatError."""
    of = texts(series, index)
    if len(of.sizes) == 1:
        return of.part(0, 0, of.sizes[0])
    return json.dumps(nested(series, index), ensure_ascii=False, indent=1).encode()


def newest_first(series: Sequence[Series]) -> list[tuple[int, int]]:
    """Return every point as (number of its series, point), the highest step first, and of one step the latest."""
    if not series:
        return []
    steps = np.concatenate([one.steps for one in series])
    walls = np.concatenate([one.wall_times for one in series])
    owners = np.repeat(np.arange(len(series)), [len(one) for one in series])
    points = np.concatenate([np.arange(len(one)) for one in series])
    order = np.lexsort((owners, -walls, -steps.astype(np.float64)))
    return list(zip(owners[order].tolist(), points[order].tolist(), strict=True))


# Tables ----------------------------------------------------------------------------------------------------------------

ROWS, ACROSS = 200, 30  # of a table that are shown


@dataclass(frozen=True)
class Table:
    """The texts of a point as rows of cells: one cell (rank 0), one column (rank 1), or a slice of the last two ranks.

    single: whether it is one text, in a tensor of whatever rank; slices: how many there are of the last two ranks; which: the one it is, from 0; at: its place among the first ranks.
    """

    cells: tuple[tuple[Text, ...], ...]
    rank: int
    single: bool = True
    slices: int = 1
    which: int = 0
    at: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


def table(of: Texts, which: int = 0, most: int = SHOWN) -> Table:
    """Return what is shown of the texts of a point, `most` characters all together; cells after that are left empty."""
    shape = of.shape
    rank = len(shape)
    height, width = (1, 1) if rank == 0 else (shape[0], 1) if rank == 1 else shape[-2:]
    leading = shape[:-2]
    slices = int(np.prod(leading, dtype=np.int64)) if leading else 1
    which = min(max(which, 0), max(slices - 1, 0))
    first = which * height * width
    notes = []
    if height > ROWS or width > ACROSS:
        notes.append(
            f"{min(height, ROWS):,} of {height:,} rows and {min(width, ACROSS):,} of {width:,} columns are shown"
        )
    left = most
    cells = []
    for row in range(min(height, ROWS) if slices else 0):
        line = []
        for column in range(min(width, ACROSS)):
            cell = beginning(of, first + row * width + column, left)
            left -= len(cell.text)
            line.append(cell)
        cells.append(tuple(line))
    at = tuple(int(place) for place in np.unravel_index(which, leading)) if leading and slices else ()
    return Table(tuple(cells), rank, len(of.sizes) == 1, slices, which, at, tuple(notes))


# Markdown --------------------------------------------------------------------------------------------------------------

_TAGS = {
    "ul", "ol", "li", "p", "pre", "code", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "br", "strong", "em",
    "a", "table", "thead", "tbody", "td", "tr", "th",
}  # fmt: skip
_SCHEMES = {"http", "https", "mailto"}


def _leads_out(address: str) -> bool:
    """Return whether a link leads to a page elsewhere or to an address of mail: anything else stays text."""
    try:
        return urlsplit(address.strip()).scheme.lower() in _SCHEMES
    except ValueError:
        return False


class _Renderer(RendererHTML):
    """Writes an image as what it shows in words and where it lies: nothing is fetched for a text in a log."""

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[idx]
        words = self.renderInlineAsText(token.children or [], options, env)
        address = str(token.attrs.get("src", ""))
        return f"{html.escape(words)} <code>{html.escape(address)}</code>"


_DEEPEST = 40  # blocks within blocks
_OPTIONS = {"html": False, "linkify": False, "maxNesting": _DEEPEST}
_CONTAINERS = {"blockquote_open", "bullet_list_open", "ordered_list_open", "list_item_open"}


def _markdown() -> MarkdownIt:
    made = MarkdownIt("commonmark", _OPTIONS, renderer_cls=_Renderer).enable("table")
    # An image is not fetched, so that any address of one can be told; links are judged when they are written.
    made.validateLink = _any_address  # type: ignore[method-assign]
    return made


def _any_address(url: str) -> bool:
    return bool(url)


_MARKDOWN = _markdown()


def markdown(text: str) -> str | None:
    """Return Markdown (CommonMark and tables) as HTML in which nothing can be run, fetched or laid out by the text.

    Only the tags of _TAGS are left, without any attribute but a link's; raw HTML is shown as the text it is.
    None when lists or quotations lie deeper in each other than is read, so that some of the text would be missing.
    """
    env: dict[str, Any] = {}
    tokens = _MARKDOWN.parse(text.replace("\0", "\\0"), env)
    if any(token.level >= _DEEPEST - 1 and token.type in _CONTAINERS for token in tokens):
        return None
    return nh3.clean(
        _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, env),
        tags=_TAGS,
        attributes={"a": {"href", "title"}},
        attribute_filter=_kept,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def _kept(tag: str, name: str, value: str) -> str | None:
    if (tag, name) == ("a", "href"):
        return value if _leads_out(value) else None
    return value


# Search ----------------------------------------------------------------------------------------------------------------

SECONDS = 10.0  # a search may take
_SLOW = 1.0  # seconds that one text may take
_SEARCHED = 4 << 20  # characters of one text that are searched
_AROUND = 80  # characters on either side of what was found
_TELL = 0.2  # seconds between two words about how far it is


@dataclass(frozen=True)
class Hit:
    """One text in which the pattern was found: `text` is what stands around the first place, marks where in that.

    nth: which of the values of its step it is; cell: which of its texts; count: how often it was found, up to 999.
    earlier: whether a later attempt of the run wrote it again.
    """

    run: str
    tag: str
    step: int
    nth: int
    wall_time: float
    cell: int
    text: str
    marks: tuple[tuple[int, int], ...]
    count: int
    earlier: bool = False


@dataclass(frozen=True)
class Search:
    """How far a search is. total: points there are; unread: those that cannot be decoded; stopped: why it ended early.

    slow: texts that were given up, since the pattern takes too long on them; cut: texts of which only the beginning
    was searched.
    """

    hits: tuple[Hit, ...]
    points: int
    total: int
    bytes: int
    unread: int = 0
    slow: int = 0
    cut: int = 0
    stopped: str = ""
    done: bool = False


def search(
    series: Sequence[Series],
    pattern: str,
    *,
    limit: int = 200,
    seconds: float = SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Search]:
    """Search all points of the series, the latest of each first, and yield how far it is, the end last.

    pattern: a regular expression, case-insensitive and unanchored as `tbcore.names.matcher` has it, that may take
    `seconds` in all and one second a text. limit: hits after which it stops.
    Raises PatternError when it is not a regular expression.
    """
    matcher(pattern)
    try:
        # Unlike Python's own, this one can be told to stop.
        compiled = regex.compile(pattern, regex.IGNORECASE)
    except (regex.error, OverflowError, RecursionError) as error:
        raise PatternError(f"{pattern!r} is not a regular expression: {error}") from error
    started = told = clock()
    found = Search((), 0, sum(map(len, series)), 0)
    hits: list[Hit] = []
    for one in series:
        superseded = one.superseded.tolist()
        nths = _nths(one, superseded)
        for index in reversed(range(len(one))):
            now = clock()
            if len(hits) >= limit or now - started > seconds:
                why = f"{limit:,} hits" if len(hits) >= limit else f"{seconds:g} seconds"
                yield replace(found, hits=tuple(hits), stopped=why, done=True)
                return
            if now - told > _TELL:
                told = now
                yield replace(found, hits=tuple(hits))
            try:
                of = texts(one, index)
                for cell in range(len(of.sizes)):
                    read = beginning(of, cell, _SEARCHED)
                    hit, slow = _hit(compiled, read.text, min(_SLOW, max(0.01, seconds - (clock() - started))))
                    found = replace(
                        found,
                        bytes=found.bytes + min(of.sizes[cell], 4 * _SEARCHED),
                        slow=found.slow + slow,
                        cut=found.cut + bool(read.more),
                    )
                    if hit is not None:
                        step, wall_time = int(one.steps[index]), float(one.wall_times[index])
                        hits.append(Hit(one.run, one.tag, step, nths[index], wall_time, cell, *hit, superseded[index]))
                    if len(hits) >= limit or clock() - started > seconds:
                        break
            except FormatError:
                found = replace(found, unread=found.unread + 1)
            found = replace(found, points=found.points + 1)
    yield replace(found, hits=tuple(hits), done=True)


def _nths(series: Series, superseded: Sequence[bool]) -> list[int]:
    """Return of each point how often its step was written before, in the attempts among which it is looked for."""
    latest: dict[int, int] = {}
    every: dict[int, int] = {}
    found = []
    for step, earlier in zip(series.steps.tolist(), superseded, strict=True):
        found.append((every if earlier else latest).get(step, 0))
        every[step] = every.get(step, 0) + 1
        if not earlier:
            latest[step] = latest.get(step, 0) + 1
    return found


def summary(found: Search) -> str:
    """Return what a search found and what it left out, in words."""
    begun = f"{_counted(len(found.hits), 'text')} found in {found.points:,} of {_counted(found.total, 'value')}"
    said = [f"{begun}, {_megabytes(found.bytes)}."]
    if found.stopped:
        said.append(f"It stopped after {found.stopped}: select fewer runs or tags, or search for something rarer.")
    if found.slow:
        said.append(f"{_counted(found.slow, 'text')} given up: the pattern takes more than a second on them.")
    if found.cut:
        said.append(f"Of {_counted(found.cut, 'text')} only the first {_SEARCHED:,} characters were searched.")
    if found.unread:
        said.append(f"{_counted(found.unread, 'value')} cannot be decoded.")
    return " ".join(said)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 100_000 else f"{size / 1e3:,.1f} kB"


def hit_rows(found: Search) -> list[dict[str, Any]]:
    """Return the hits as run, tag, step, wall_time, cell, count, and text around the first place."""
    names = ("run", "tag", "step", "wall_time", "cell", "count", "text")
    return [{name: getattr(hit, name) for name in names} for hit in found.hits]


def _hit(
    compiled: "regex.Pattern[str]", text: str, seconds: float
) -> tuple[tuple[str, tuple[tuple[int, int], ...], int] | None, bool]:
    """Return what stands around the first place in a text, the places in that, how many there are; and if time ran out."""
    try:
        first = compiled.search(text, timeout=seconds, concurrent=True)
        if first is None:
            return None, False
        start = max(0, first.start() - _AROUND)
        end = min(len(text), max(first.end(), first.start() + 1) + _AROUND, first.start() + 6 * _AROUND)
        marks, count = [], 0
        for match in compiled.finditer(text, timeout=seconds, concurrent=True):
            count += 1
            if match.start() < end and match.end() > match.start():
                marks.append((match.start() - start, min(match.end(), end) - start))
            if count == 999:
                break
        shown = ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")
        by = 1 if start else 0
        return (shown.replace("\0", "\\0"), tuple((low + by, high + by) for low, high in marks), count), False
    except TimeoutError:
        return None, True


# Difference ------------------------------------------------------------------------------------------------------------

COMPARED = 200_000  # characters of either text that are compared
_LINES = 4_000  # of either text
_PAIRS = 1_000_000  # of words that are held against each other, in all lines together
_LINE_PAIRS = 20_000  # and in one line
_CONTEXT = 3  # equal lines that stay around a change
_EXACT = 400  # lines up to which those that occur often are matched too
_WORD = re.compile(r"\w+|\s+|[^\w\s]")

Parts = tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Change:
    """One line of a comparison: "same", "changed", "removed", "added", or "gap" for `count` equal lines left out.

    left, right: the number of the line in either text, 0 where it has none; before, after: its pieces, each with
    whether the other text has it not.
    """

    kind: str
    left: int = 0
    right: int = 0
    before: Parts = ()
    after: Parts = ()
    count: int = 0


@dataclass(frozen=True)
class Difference:
    """Two texts compared. notes: what was left out, in words."""

    lines: tuple[Change, ...]
    added: int
    removed: int
    notes: tuple[str, ...] = ()


def difference(before: str, after: str, *, context: int = _CONTEXT) -> Difference:
    """Return two texts line by line, and within changed lines word by word. Long texts are compared in part."""
    notes = []
    texts_ = []
    for text in (before, after):
        lines = text[:COMPARED].split("\n")
        if len(text) > COMPARED or len(lines) > _LINES:
            shown = sum(map(len, lines[:_LINES])) + min(len(lines), _LINES) - 1
            notes.append(f"the first {shown:,} of {len(text):,} characters are compared")
        texts_.append(lines[:_LINES])
    left, right = texts_
    same = 0
    while same < min(len(left), len(right)) and left[same] == right[same]:
        same += 1
    middle_left, middle_right = left[same:], right[same:]
    frequent = max(len(middle_left), len(middle_right)) > _EXACT
    steps = difflib.SequenceMatcher(None, middle_left, middle_right, autojunk=frequent).get_opcodes()
    found: list[Change] = [
        Change("same", at + 1, at + 1, ((left[at], False),), ((left[at], False),)) for at in range(same)
    ]
    added = removed = 0
    left_to_pair = _PAIRS
    for step, *ends in steps:
        l0, l1, r0, r1 = (end + same for end in ends)
        pairs = min(l1 - l0, r1 - r0)
        for at in range(pairs):
            one, other = left[l0 + at], right[r0 + at]
            if step == "equal":
                found.append(Change("same", l0 + at + 1, r0 + at + 1, ((one, False),), ((other, False),)))
            else:
                ours, theirs, taken = _words(one, other, min(_LINE_PAIRS, left_to_pair))
                left_to_pair -= taken
                found.append(Change("changed", l0 + at + 1, r0 + at + 1, ours, theirs))
        found += [Change("removed", at + 1, 0, ((left[at], True),)) for at in range(l0 + pairs, l1)]
        found += [Change("added", 0, at + 1, (), ((right[at], True),)) for at in range(r0 + pairs, r1)]
        if step != "equal":
            added, removed = added + r1 - r0, removed + l1 - l0
    return Difference(tuple(_folded(found, context)), added, removed, tuple(dict.fromkeys(notes)))


def _words(before: str, after: str, most: int) -> tuple[Parts, Parts, int]:
    """Return the pieces of two lines, each with whether the other line has it not, and how many pairs it took.

    most: pairs of words up to which words are compared; beyond that, all between what both lines begin and end with
    differs.
    """
    left, right = _WORD.findall(before), _WORD.findall(after)
    shortest = min(len(left), len(right))
    head = next((at for at in range(shortest) if left[at] != right[at]), shortest)
    tail = next((at for at in range(shortest - head) if left[-1 - at] != right[-1 - at]), shortest - head)
    inner_left, inner_right = left[head : len(left) - tail], right[head : len(right) - tail]
    pairs = len(inner_left) * len(inner_right)
    steps: Sequence[tuple[str, int, int, int, int]] = [("replace", 0, len(inner_left), 0, len(inner_right))]
    if pairs <= most:
        steps = difflib.SequenceMatcher(None, inner_left, inner_right, autojunk=False).get_opcodes()
    ends = (("".join(left[:head]), False), ("".join(left[len(left) - tail :]), False))
    ours = [("".join(inner_left[l0:l1]), step != "equal") for step, l0, l1, _r0, _r1 in steps]
    theirs = [("".join(inner_right[r0:r1]), step != "equal") for step, _l0, _l1, r0, r1 in steps]
    return _joined(ends[0], *ours, ends[1]), _joined(ends[0], *theirs, ends[1]), min(pairs, most)


def _joined(*parts: tuple[str, bool]) -> Parts:
    return tuple(part for part in parts if part[0])


def _folded(lines: Sequence[Change], context: int) -> Iterator[Change]:
    """Yield the lines with `context` equal ones around each change, and a gap for those left out."""
    near = np.zeros(len(lines), bool)
    for at, line in enumerate(lines):
        if line.kind != "same":
            near[max(0, at - context) : at + context + 1] = True
    at = 0
    while at < len(lines):
        if near[at]:
            yield lines[at]
            at += 1
            continue
        end = at
        while end < len(lines) and not near[end]:
            end += 1
        yield Change("gap", lines[at].left, lines[at].right, count=end - at)
        at = end


def flat(of: Texts, most: int = COMPARED) -> Text:
    """Return the texts of a point as one: a list has an item per line, a table a row per line, in Markdown's manner."""
    if len(of.shape) == 0:
        return beginning(of, 0, most)
    width = 1 if len(of.shape) == 1 else of.shape[-1]
    lines: list[str] = []
    row: list[str] = []
    used = 0
    for place in range(len(of.sizes)):
        if used >= most:
            return Text("\n".join(lines), len(of.sizes) - place, ())
        cell = beginning(of, place, most - used)
        used += len(cell.text) + 3
        row.append(cell.text)
        if len(row) == width:
            lines.append(" | ".join(row))
            row = []
    return Text("\n".join(lines))


def usual_pair(series: Sequence[Series]) -> tuple[tuple[str, int], tuple[str, int]]:
    """Return which two values, as (run, step), are compared unless others are chosen.

    The latest of the first two runs; with one run, its latest two steps.
    """
    last = [(one.run, int(one.steps.max())) for one in series if len(one)]
    if len(last) > 1:
        return last[0], last[1]
    one = series[0]
    steps = np.unique(one.steps)
    return (one.run, int(steps[-2] if len(steps) > 1 else steps[-1])), (one.run, int(steps[-1]))


def at_step(series: Series, step: int) -> tuple[list[int], int]:
    """Return the points of the latest step up to `step`, in the order written, and the place of the usual one in that list.

    A step that only earlier attempts wrote counts when it is named exactly. No points where there is none yet.
    """
    exact = np.flatnonzero(series.steps == step)
    if not len(exact):
        index = index_at(series, step, len(series))
        if index is None:
            return [], 0
        exact = np.flatnonzero(series.steps == series.steps[index])
    kept = np.flatnonzero(~series.superseded[exact])
    return exact.tolist(), int(kept[-1]) if len(kept) else len(exact) - 1


def neighbours(series: Series, step: int) -> tuple[int | None, int | None]:
    """Return the logged steps before and after a step, earlier attempts' too, None where there is none."""
    steps = np.unique(series.steps)
    before, after = steps[steps < step], steps[steps > step]
    return (int(before[-1]) if len(before) else None), (int(after[0]) if len(after) else None)


def compared(before: Series, index: int, after: Series, other: int) -> tuple[Difference, list[str]]:
    """Return how two points differ, and what was left out, in words. Raises FormatError when one cannot be decoded."""
    return against(flat(texts(before, index)), flat(texts(after, other)))


def against(left: Text, right: Text) -> tuple[Difference, list[str]]:
    """Return how two texts differ, and what was left out, in words."""
    found = difference(left.text, right.text)
    notes = [*found.notes, *left.notes, *right.notes]
    if left.more or right.more:
        notes.append(f"only the first {COMPARED:,} characters are compared")
    return found, [f"{note[0].upper()}{note[1:]}." for note in dict.fromkeys(notes)]
