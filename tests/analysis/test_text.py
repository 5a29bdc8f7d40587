"""Texts: every one of real writers as it was written, and hostile ones that stay text."""

import re
import tracemalloc
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import tbcore
from tbcore.analysis import text
from tbcore.errors import FormatError, PatternError
from tbcore.series import Series
from tests import eventfile
from tests.fixtures import log, needs_fixtures, oracle

ALLOWED = {
    "ul", "ol", "li", "p", "pre", "code", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "br", "strong", "em",
    "a", "table", "thead", "tbody", "td", "tr", "th",
}  # fmt: skip


def value(texts: list[str | bytes], shape: list[int] | None = None, tag: str = "note") -> bytes:
    encoded = [one if isinstance(one, bytes) else one.encode() for one in texts]
    return eventfile.tensor(tag, "string", encoded, [] if shape is None else shape, eventfile.metadata("text"))


def found(folder: Path) -> list[Series]:
    logdir = tbcore.Logdir(str(folder))
    logdir.refresh()
    return list(logdir.find("text"))


def written(folder: Path, *values: bytes, run: str = "run", first: int = 0) -> list[Series]:
    records = [eventfile.record(eventfile.event(first + step, one)) for step, one in enumerate(values)]
    eventfile.write(folder / run / "events.out.tfevents.1.host", eventfile.version(), *records)
    return found(folder)


def last(series: list[Series], pattern: str, **more: Any) -> text.Search:
    *_, end = text.search(series, pattern, **more)
    return end


# Values ----------------------------------------------------------------------------------------------------------------


def test_a_value_is_a_string_or_nested_lists_by_its_shape(tmp_path: Path) -> None:
    values = (
        value(["one"]), value(["a", "b"], [2]), value(["1", "2", "3", "4"], [2, 2]), value(["x", "y"], [1, 2, 1]), value([], [0])
    )  # fmt: skip
    (series,) = written(tmp_path, *values)
    rows = list(text.rows(series))
    assert [row["text"] for row in rows] == ["one", ["a", "b"], [["1", "2"], ["3", "4"]], [[["x"], ["y"]]], []]
    assert rows[1] == {"run": "run", "tag": "note", "step": 1, "wall_time": eventfile.T0 + 1, "text": ["a", "b"]}


def test_a_value_that_cannot_be_decoded_has_an_error_and_the_rest_is_there(tmp_path: Path) -> None:
    (series,) = written(tmp_path, value(["a", "b"], [3, 7_000_000]), value(["fine"]))
    bad, fine = text.rows(series)
    assert "holds only 2 values" in bad["error"]
    assert "text" not in bad
    assert fine["text"] == "fine"
    with pytest.raises(FormatError):
        text.texts(series, 0)


def test_bytes_that_are_no_utf_8_are_replaced_and_said(tmp_path: Path) -> None:
    (series,) = written(tmp_path, value([b"\xff ok \xe2\x82 \xef\xbf\xbd nul \0"]))
    shown = text.beginning(text.texts(series, 0), 0)
    assert shown.text == "� ok � � nul \0"
    assert shown.notes == ("2 byte sequences not UTF-8, shown as �", "1 NUL character, shown as \\0")


def test_signs_that_turn_the_direction_of_a_text_are_told(tmp_path: Path) -> None:
    (series,) = written(tmp_path, value(["abc\u202egnp.exe\u202c"]))
    assert text.beginning(text.texts(series, 0), 0).notes == (
        "2 invisible characters that may turn the direction in which it reads",
    )


def test_a_long_text_is_cut_between_characters_and_the_rest_counted(tmp_path: Path) -> None:
    (series,) = written(tmp_path, value(["é🚀" * 1000]))
    shown = text.beginning(text.texts(series, 0), 0, 3)
    assert (shown.text, shown.more, shown.notes) == ("é🚀é", 1997, ())


def test_of_100_megabytes_only_the_beginning_is_kept(tmp_path: Path) -> None:
    (series,) = written(tmp_path, value([b"0123456789\xc3\xa9" * 8_400_000]))
    tracemalloc.start()
    try:
        shown = text.table(text.texts(series, 0)).cells[0][0]
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(shown.text) == text.SHOWN
    assert shown.more == 11 * 8_400_000 - text.SHOWN
    assert most < 8 << 20


def test_a_point_is_saved_as_it_was_logged(tmp_path: Path) -> None:
    (series,) = written(tmp_path, value([b"raw \xff"]), value([b"one"], [1]), value(["a", "b"], [2]))
    assert [text.file(series, index) for index in range(3)] == [b"raw \xff", b"one", b'[\n "a",\n "b"\n]']


def test_the_newest_value_comes_first_across_runs(tmp_path: Path) -> None:
    written(tmp_path, value(["a"]), value(["b"]), run="one")
    series = written(tmp_path, value(["c"]), value(["d"]), run="two", first=1)
    order = [(series[one].run, int(series[one].steps[index])) for one, index in text.newest_first(series)]
    assert order == [("two", 2), ("one", 1), ("two", 1), ("one", 0)]


def test_the_title_leaves_out_what_pytorch_puts_after_each_tag() -> None:
    assert [text.title(tag) for tag in ("a/b/text_summary", "text_summary", "plain")] == [
        "a/b",
        "text_summary",
        "plain",
    ]


# Tables ----------------------------------------------------------------------------------------------------------------


def cells(table: text.Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.cells]


def test_tensors_are_tables_and_of_higher_ranks_one_slice_at_a_time(tmp_path: Path) -> None:
    numbers = [str(number) for number in range(12)]
    (series,) = written(tmp_path, value(["one"]), value(["a", "b"], [2]), value(numbers, [3, 2, 2]), value([], [0, 2]))
    assert cells(text.table(text.texts(series, 0))) == [["one"]]
    assert cells(text.table(text.texts(series, 1))) == [["a"], ["b"]]
    first, middle = text.table(text.texts(series, 2)), text.table(text.texts(series, 2), 1)
    assert (cells(first), first.slices, first.at) == ([["0", "1"], ["2", "3"]], 3, (0,))
    assert (cells(middle), middle.which, middle.at) == ([["4", "5"], ["6", "7"]], 1, (1,))
    assert cells(text.table(text.texts(series, 3))) == []


def test_large_tables_are_cut_and_say_so(tmp_path: Path) -> None:
    (series,) = written(tmp_path, value(["x"] * 30_000, [300, 100]))
    table = text.table(text.texts(series, 0))
    assert (len(table.cells), len(table.cells[0])) == (text.ROWS, text.ACROSS)
    assert table.notes == ("200 of 300 rows and 30 of 100 columns are shown",)


# Markdown --------------------------------------------------------------------------------------------------------------


class Tags(HTMLParser):
    """The tags and attributes of HTML, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_markdown_becomes_html_with_tables_and_code() -> None:
    html = text.markdown(
        "# T\n\n*e* **s** `c`\n\n| a | b |\n|---|:-:|\n| 1 | 2 |\n\n```python\nx < 1\n```\n\nhard  \nbreak"
    )
    parsed = Tags(html)
    assert parsed.tags == [
        "h1", "p", "em", "strong", "code", "table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td", "pre", "code",
        "p", "br",
    ]  # fmt: skip
    assert parsed.attributes == []
    assert "x < 1" in parsed.text


def test_deep_lists_are_whole_and_what_is_too_deep_is_not_shown_in_part() -> None:
    lines = ["  " * depth + f"- item {depth}" for depth in range(60)]
    assert "item 18" in str(text.markdown("\n".join(lines[:19])))
    assert text.markdown("\n".join(lines)) is None
    assert "<p>deep</p>" in str(text.markdown(">" * 39 + "deep"))
    assert text.markdown(">" * 40 + "deep") is None


def test_links_lead_to_pages_and_mail_only_and_open_apart() -> None:
    parsed = Tags(text.markdown('[a](https://a.example/b "t") [m](mailto:x@y.example)'))
    assert [(name, value) for _tag, name, value in parsed.attributes] == [
        ("href", "https://a.example/b"), ("title", "t"), ("target", "_blank"), ("rel", "noopener noreferrer"),
        ("href", "mailto:x@y.example"), ("target", "_blank"), ("rel", "noopener noreferrer"),
    ]  # fmt: skip


def test_images_are_their_words_and_their_address() -> None:
    assert text.markdown("![a <cat>](https://evil.example/x.png)") == (
        "<p>a &lt;cat&gt; <code>https://evil.example/x.png</code></p>\n"
    )


HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '<div style="position:fixed" class=x id=y onclick=alert(1)>z</div>',
    "<iframe src=//evil.example></iframe>",
    '<a href="javascript:alert(1)">x</a>',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&colon;alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "[x](/scalars?all=)",
    "[x](//evil.example)",
    "[x](#top)",
    "<javascript:alert(1)>",
    "[x]\n\n[x]: javascript:alert(1)",
    '[x](https://a.example "\\" onmouseover=alert(1) x=\\"")',
    "![x](javascript:alert(1))",
    '![x" onerror="alert(1)](https://a.example)',
    "`<script>alert(1)</script>`",
    "```html\"><script>\n<script>alert(1)</script>\n```",
    "<!--><script>alert(1)</script>-->",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "| a |\n|---|\n| <script>alert(1)</script> |",
    "\0<scr\0ipt>alert(1)</scr\0ipt>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u202ealert\u202c",
)  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_hostile_is_left_but_text(hostile: str) -> None:
    parsed = Tags(text.markdown(hostile))
    assert set(parsed.tags) <= ALLOWED
    for tag, name, value in parsed.attributes:
        assert (tag, name) in {("a", "href"), ("a", "title"), ("a", "target"), ("a", "rel")}
        if name == "href":
            assert re.match(r"(https?://|mailto:)", str(value))
    assert parsed.text.strip()


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece", ["[", "![", "*a **b ", "`a``", "> ", "- ", "<a ", "|a\n|-\n", "[a](<b", "_a", "&", "\\"]
)
def test_a_text_made_to_take_long_does_not(piece: str) -> None:
    assert text.markdown((piece * text.SHOWN)[: text.SHOWN]) != ""


# Search ----------------------------------------------------------------------------------------------------------------


def test_a_search_finds_all_steps_of_all_runs_the_latest_first(tmp_path: Path) -> None:
    written(tmp_path, value(["no"]), value(["a Cat, a cat"]), value(["x" * 200 + " cat " + "y" * 200]), run="one")
    series = written(tmp_path, value(["dog", "cat"], [2]), run="two")
    end = last(series, "CAT")
    assert [(hit.run, hit.step, hit.cell, hit.count) for hit in end.hits] == [
        ("one", 2, 0, 1),
        ("one", 1, 0, 2),
        ("two", 0, 1, 1),
    ]
    assert (end.points, end.total, end.done, end.stopped) == (4, 4, True, "")
    middle = end.hits[0]
    assert [middle.text[low:high] for low, high in middle.marks] == ["cat"]
    assert (middle.text[0], middle.text[-1], len(middle.text)) == ("…", "…", 165)
    assert [end.hits[1].text[low:high] for low, high in end.hits[1].marks] == ["Cat", "cat"]
    assert text.summary(end) == "3 texts found in 4 of 4 values, 0.4 kB."


def test_a_search_stops_at_its_limit_and_says_so(tmp_path: Path) -> None:
    series = written(tmp_path, *(value(["cat"]) for _ in range(10)))
    end = last(series, "cat", limit=3)
    assert (len(end.hits), end.stopped, end.points) == (3, "3 hits", 3)


def test_a_search_stops_when_its_time_is_over(tmp_path: Path) -> None:
    series = written(tmp_path, *(value(["cat"]) for _ in range(10)))
    ticks = iter(range(1000))
    end = last(series, "cat", seconds=4, clock=lambda: float(next(ticks)))
    assert end.stopped == "4 seconds"
    assert 0 < end.points < 10


@pytest.mark.timeout(20)
def test_a_pattern_that_would_take_for_ever_is_given_up(tmp_path: Path) -> None:
    series = written(tmp_path, value(["x" * 5000]), value(["b"]))
    end = last(series, "(x+x+)+y", seconds=3)
    assert (end.slow, len(end.hits)) == (1, 0)
    assert "given up" in text.summary(end)


def test_what_cannot_be_decoded_is_counted_and_the_rest_searched(tmp_path: Path) -> None:
    series = written(tmp_path, value(["cat"]), value(["cat"], [3, 7_000_000]))
    end = last(series, "cat")
    assert (len(end.hits), end.unread, end.points) == (1, 1, 2)


def test_a_pattern_that_is_none_says_so(tmp_path: Path) -> None:
    with pytest.raises(PatternError):
        last(written(tmp_path, value(["cat"])), "(")


def test_of_several_values_of_a_step_the_one_that_holds_the_hit_is_told(tmp_path: Path) -> None:
    records = [eventfile.record(eventfile.event(5, value([word]))) for word in ("dog", "cat", "cow")]
    eventfile.write(tmp_path / "run" / "events.out.tfevents.1.host", eventfile.version(), *records)
    (hit,) = last(found(tmp_path), "cat").hits
    assert (hit.step, hit.nth) == (5, 1)


# Difference ------------------------------------------------------------------------------------------------------------


def test_lines_are_compared_and_words_within_changed_ones() -> None:
    made = text.difference("a\nthe old cat\nz", "a\nthe new cat\nz\nmore")
    assert [(one.kind, one.left, one.right) for one in made.lines] == [
        ("same", 1, 1), ("changed", 2, 2), ("same", 3, 3), ("added", 0, 4),
    ]  # fmt: skip
    assert made.lines[1].before == (("the ", False), ("old", True), (" cat", False))
    assert made.lines[1].after == (("the ", False), ("new", True), (" cat", False))
    assert (made.added, made.removed) == (2, 1)


def test_equal_texts_have_nothing_but_a_gap() -> None:
    made = text.difference("a\nb", "a\nb")
    assert [(one.kind, one.count) for one in made.lines] == [("gap", 2)]
    assert (made.added, made.removed) == (0, 0)


def test_equal_lines_far_from_a_change_are_left_out_and_counted() -> None:
    lines = [str(number) for number in range(20)]
    made = text.difference("\n".join(lines), "\n".join([*lines[:10], "new", *lines[11:]]))
    assert [(one.kind, one.count) for one in made.lines if one.kind == "gap"] == [("gap", 7), ("gap", 6)]
    assert len(made.lines) == 2 + 3 + 1 + 3


def test_the_lines_of_a_difference_spell_both_texts() -> None:
    before, after = "a b c\nd\ne f\n\ng", "a c\nd\nx\ne f g\n\ng\nh"
    made = text.difference(before, after, context=99)
    left = [one for one in made.lines if one.left]
    right = [one for one in made.lines if one.right]
    assert "\n".join("".join(part for part, _ in one.before) for one in left) == before
    assert "\n".join("".join(part for part, _ in one.after) for one in right) == after


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\n".join("a b " * 90 for _ in range(500)), "\n".join("b a c " * 66 for _ in range(500))),
        ("a\n" * 4000, "b\na\n" * 4000),
        ("x" * 10_000_000, "y" * 10_000_000),
    ],
    ids=["words", "lines", "one line"],
)
def test_large_texts_are_compared_within_bounds(before: str, after: str) -> None:
    made = text.difference(before, after)
    assert made.added
    assert made.removed


def test_a_text_that_is_compared_in_part_says_so() -> None:
    made = text.difference("a" * (text.COMPARED + 5), "a" * text.COMPARED)
    assert made.notes == ("the first 200,000 of 200,005 characters are compared",)


def test_the_latest_of_two_runs_are_compared_and_of_one_run_its_latest_steps(tmp_path: Path) -> None:
    (one,) = written(tmp_path, value(["a"]), value(["b"]), run="one")
    assert text.usual_pair([one]) == (("one", 0), ("one", 1))
    both = written(tmp_path, value(["c"]), run="two", first=7)
    assert text.usual_pair(both) == (("one", 1), ("two", 7))


def test_a_step_holds_every_value_written_at_it_the_latest_attempt_s_last_one_first_choice(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    start = eventfile.T0
    first = [eventfile.record(eventfile.event(step, value([f"first {step}"]), wall=start + step)) for step in (0, 5, 8)]
    again = [
        eventfile.record(eventfile.event(step, value([f"again {step}"]), wall=start + 100 + step)) for step in (5, 5, 6)
    ]
    eventfile.write(folder / "events.out.tfevents.1.host", eventfile.version(start), *first)
    eventfile.write(folder / "events.out.tfevents.2.host", eventfile.version(start + 100), *again)
    (series,) = found(tmp_path)
    assert series.superseded.tolist() == [False, True, True, False, False, False]
    assert text.at_step(series, 5) == ([1, 3, 4], 2)
    assert text.at_step(series, 4) == ([0], 0)
    assert text.at_step(series, 7) == ([5], 0)
    assert text.at_step(series, 8) == ([2], 0)
    assert text.at_step(series, -1) == ([], 0)
    assert text.neighbours(series, 5) == (0, 6)
    assert text.neighbours(series, 0) == (None, 5)
    assert text.neighbours(series, 8) == (6, None)


def test_tables_are_compared_row_by_row(tmp_path: Path) -> None:
    (series,) = written(tmp_path, value(["a", "b", "c", "d"], [2, 2]), value(["a", "b", "c", "x"], [2, 2]))
    made, notes = text.compared(series, 0, series, 1)
    assert [(one.kind, "".join(part for part, _ in one.before)) for one in made.lines] == [
        ("same", "a | b"),
        ("changed", "c | d"),
    ]
    assert notes == []


# Real writers ----------------------------------------------------------------------------------------------------------


def told(event: dict[str, Any]) -> Any:
    return event["strings"]


@needs_fixtures
@pytest.mark.parametrize(
    ("name", "count"), [("edge_live", 17), ("edge_meta", 3), ("tensorboardX_all", 3), ("tf_v1_all", 3), ("tf_v2_all", 6), ("torch_all", 5)]
)  # fmt: skip
def test_every_text_of_real_writers_is_the_one_that_was_written(name: str, count: int) -> None:
    logdir = tbcore.Logdir(str(log(name)))
    logdir.refresh()
    answers = oracle(name)
    truth = {(run, tag): one["values"] for part in answers["truth"] for run, tags in part.get("series", {}).items() for tag, one in tags.items() if one.get("kind") == "text"}  # fmt: skip
    seen = 0
    for series in logdir.find("text"):
        rows = list(text.rows(series))
        events = answers["tensorboard"]["runs"][series.run]["tags"][series.tag]["events"]
        assert [row["text"] for row in rows] == [told(event) for event in events]
        handed = truth.get((series.run, series.tag))
        if handed is not None:
            # PyTorch and tensorboardX write a text as a list of one.
            assert [row["text"] for row in rows] in (handed, [[one] for one in handed])
        seen += len(rows)
    assert seen == count
