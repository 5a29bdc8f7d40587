"""Damaged files: what is intact is read, nothing else is, and every byte is accounted for."""

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import tbcore
from tbcore.series import FileReport, Problem
from tbcore.store import run as reading
from tbcore.store.run import EventFile
from tests import eventfile as ef
from tests.fixtures import log, needs_fixtures, oracle
from tests.store.memory import MemorySource

LENGTH, DATA = "length checksum failed", "data checksum failed"
LENGTH_KEPT = "length checksum failed, but the data checksum holds: the record is kept"
FRAME_KEPT = "the length was damaged; the record was recovered up to the next one"
FRAME = "data checksum failed, and no record follows where its length says"

# Any corruption ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bytes:
    """Bytes of a file, and where each stood in the undamaged one (-1 for bytes that were not in it)."""

    data: NDArray[np.uint8]
    origin: NDArray[np.int64]


def flipped(file: Bytes, at: int, length: int, seed: int) -> Bytes:
    return changed(file, at, np.asarray([file.data[at] ^ (1 << seed % 8)]))


def noise(file: Bytes, at: int, length: int, seed: int) -> Bytes:
    return changed(file, at, np.random.default_rng(seed).integers(0, 256, length))


def zeros(file: Bytes, at: int, length: int, seed: int) -> Bytes:
    return changed(file, at, np.zeros(length))


def deleted(file: Bytes, at: int, length: int, seed: int) -> Bytes:
    place = slice(at, at + length)
    return Bytes(np.delete(file.data, place), np.delete(file.origin, place))


def garbage(file: Bytes, at: int, length: int, seed: int) -> Bytes:
    extra = np.random.default_rng(seed).integers(0, 256, length).astype(np.uint8)
    return Bytes(np.insert(file.data, at, extra), np.insert(file.origin, at, np.full(length, -1)))


def truncated(file: Bytes, at: int, length: int, seed: int) -> Bytes:
    return Bytes(file.data[:at], file.origin[:at])


def changed(file: Bytes, at: int, values: NDArray[np.generic]) -> Bytes:
    data, origin = file.data.copy(), file.origin.copy()
    values = values[: len(data) - at].astype(np.uint8)
    new = data[at : at + len(values)] != values
    data[at : at + len(values)] = values
    origin[at : at + len(values)][new] = -1
    return Bytes(data, origin)


@dataclass(frozen=True)
class Undamaged:
    """A file of records, each with one point whose step is its number; `starts` has one entry more than there are records."""

    data: bytes
    starts: list[int]
    points: list[tuple[str, float, float]]  # tag, wall time, value; of an image the bytes of its Summary.Value


def undamaged(count: int, seed: int) -> Undamaged:
    rng = np.random.default_rng(seed)
    records, points = [], []
    for step in range(count):
        kind, value, wall = int(rng.integers(10)), float(np.float32(rng.standard_normal())), ef.T0 + float(rng.random())
        tag = f"{'abcd'[step % 4]}/{'long ' * (step % 4 // 2 * 20)}tag"
        if kind == 0:
            image = ef.image("image", 1, 1, rng.bytes(int(rng.integers(200))))
            records.append(ef.record(ef.event(step, image, wall=wall)))
            points.append(("image", wall, float(len(image))))
        elif kind == 1:
            records.append(ef.tensor_scalar(step, tag, value, "double", wall))
            points.append((tag, wall, value))
        else:
            records.append(ef.scalar(step, tag, value, wall))
            points.append((tag, wall, value))
    return Undamaged(b"".join(records), ef.offsets(b"".join(records)), points)


def intact(file: Bytes, starts: list[int]) -> list[int]:
    """Return the numbers of the records that stand whole and unchanged in a damaged file."""
    whole = []
    for number, (start, end) in enumerate(pairwise(starts)):
        at = np.flatnonzero(file.origin == start)
        if len(at) and np.array_equal(file.origin[at[0] : at[0] + end - start], np.arange(start, end)):
            whole.append(number)
    return whole


def found_points(file: EventFile) -> dict[int, tuple[str, float, float]]:
    """Return every point that was read, by step; each step must come once."""
    points: dict[int, tuple[str, float, float]] = {}
    for rows in (rows for part in file.rows for rows in part):
        assert np.all(np.diff(rows.steps) > 0)
        values = rows.places[:, 1] if rows.places is not None else rows.values
        assert values is not None
        for step, wall, value in zip(rows.steps.tolist(), rows.wall_times.tolist(), values.tolist(), strict=True):
            assert step not in points
            points[step] = (rows.tag.decode(), wall, float(value))
    return points


def check(file: EventFile, size: int, truth: Undamaged, must: list[int]) -> None:
    points = found_points(file)
    assert {step: truth.points[step] for step in points} == points
    assert set(must) <= set(points)
    report = file.report
    kept = sum(truth.starts[step + 1] - truth.starts[step] for step in points)
    assert report.records == len(points)
    assert kept + sum(problem.skipped for problem in report.problems) + report.waiting == size
    spans = [(problem.offset, problem.offset + problem.skipped) for problem in report.problems]
    assert spans == sorted(spans)
    assert all(end <= start for (_begin, end), (start, _end) in pairwise(spans))


Damage = st.tuples(
    st.sampled_from([flipped, noise, zeros, deleted, garbage, truncated]),
    st.floats(0, 1, exclude_max=True),
    st.integers(1, 120),
    st.integers(0, 2**32 - 1),
)
SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


def damage(truth: Undamaged, damages: list[tuple[object, float, int, int]]) -> Bytes:
    file = Bytes(np.frombuffer(truth.data, np.uint8), np.arange(len(truth.data)))
    for act, place, length, seed in damages:
        if len(file.data):
            file = act(file, int(place * len(file.data)), length, seed)
    return file


def source_of(file: Bytes, end: int | None = None) -> MemorySource:
    return MemorySource({"f": file.data[:end].tobytes()})


@given(count=st.integers(0, 40), seed=st.integers(0, 1000), damages=st.lists(Damage, max_size=5))
@SETTINGS
def test_every_intact_record_outside_the_damage_is_read_and_nothing_else(
    count: int, seed: int, damages: list[tuple[object, float, int, int]]
) -> None:
    truth = undamaged(count, seed)
    file = damage(truth, damages)
    source = source_of(file)
    read = EventFile("f", "f", source)
    read.read(source.stat("f"))
    check(read, len(file.data), truth, intact(file, truth.starts))


@given(
    count=st.integers(1, 40),
    seed=st.integers(0, 1000),
    damages=st.lists(Damage, max_size=4),
    ends=st.lists(st.floats(0, 1), max_size=4).map(sorted),
)
@SETTINGS
def test_a_damaged_file_that_grows_loses_no_intact_record(
    count: int, seed: int, damages: list[tuple[object, float, int, int]], ends: list[float]
) -> None:
    truth = undamaged(count, seed)
    file = damage(truth, damages)
    source = source_of(file, 0)
    read = EventFile("f", "f", source)
    for end in [*(int(end * len(file.data)) for end in ends), len(file.data)]:
        source.write("f", file.data[:end].tobytes())
        read.read(source.stat("f"))
        check(read, end, truth, intact(Bytes(file.data[:end], file.origin[:end]), truth.starts))


@given(
    count=st.integers(1, 60),
    seed=st.integers(0, 1000),
    damages=st.lists(Damage, max_size=4),
    pieces=st.integers(2, 6),
    chunk=st.sampled_from([64, 333, 1000]),
)
@SETTINGS
def test_readers_side_by_side_find_what_one_finds(
    count: int, seed: int, damages: list[tuple[object, float, int, int]], pieces: int, chunk: int
) -> None:
    truth = undamaged(count, seed)
    file = damage(truth, damages)
    source = source_of(file)
    state = source.stat("f")
    alone, together = EventFile("f", "f", source), EventFile("f", "f", source)
    alone.read(state)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "CHUNK", chunk)
        patch.setattr(reading, "_SEEK", 700)
        parts = together.split(state, pieces)
        handle = source.open("f")
        for part, limit in parts:
            reading.read_part(source, handle, part, state.size, limit)
        together.read(state, [part for part, _limit in parts])
    check(together, len(file.data), truth, intact(file, truth.starts))
    assert found_points(together) == found_points(alone)
    assert together.report.problems == alone.report.problems
    assert (together.report.read, together.report.waiting) == (alone.report.read, alone.report.waiting)


# One kind of damage after the other ----------------------------------------------------------------------------------


HEAD = ef.version()
FIVE = [ef.scalar(step, "loss", float(step)) for step in range(1, 6)]
SECOND = len(HEAD) + len(FIVE[0])


def read_of(*data: bytes) -> tuple[list[float], FileReport]:
    source = MemorySource({"f": b"".join(data)})
    file = EventFile("f", "f", source)
    file.read(source.stat("f"))
    values = [
        value
        for part in file.rows
        for rows in part
        for value in (rows.values.tolist() if rows.values is not None else [])
    ]
    return values, file.report


def problem(offset: int, reason: str, skipped: int) -> tuple[Problem, ...]:
    return (Problem("f", offset, reason, skipped),)


def test_a_problem_says_file_place_reason_and_loss_in_words() -> None:
    _values, report = read_of(HEAD, *FIVE[:1], ef.flip(FIVE[1], 30), *FIVE[2:])
    assert str(report.problems[0]) == "f: data checksum failed at byte 82; 42 bytes skipped"
    assert SECOND == 82


@pytest.mark.parametrize("at", range(12, 42))
def test_a_flipped_bit_of_data_or_its_checksum_costs_that_record(at: int) -> None:
    values, report = read_of(HEAD, FIVE[0], ef.flip(FIVE[1], at), *FIVE[2:])
    assert values == [1.0, 3.0, 4.0, 5.0]
    assert report.problems == problem(SECOND, DATA, 42)


@pytest.mark.parametrize("at", range(8, 12))
def test_a_record_whose_length_checksum_alone_is_bad_is_kept(at: int) -> None:
    values, report = read_of(HEAD, FIVE[0], ef.flip(FIVE[1], at), *FIVE[2:])
    assert values == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert report.problems == problem(SECOND, LENGTH_KEPT, 0)


@pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
@pytest.mark.parametrize("at", range(8))
def test_a_record_whose_length_alone_is_bad_is_recovered_up_to_the_next(at: int, mask: int) -> None:
    for number in (1, 4):
        records = [ef.flip(record, at, mask) if record is FIVE[number] else record for record in FIVE]
        values, report = read_of(HEAD, *records)
        assert values == [1.0, 2.0, 3.0, 4.0, 5.0]
        assert report.problems == problem(SECOND + 42 * (number - 1), FRAME_KEPT, 0)


def test_several_values_of_a_record_with_a_bad_length_come_once_each() -> None:
    event = ef.record(ef.event(1, *[ef.simple(f"tag{number}", number) for number in range(3000)]))
    values, report = read_of(HEAD, ef.flip(event, 3), FIVE[0])
    assert values == [*(float(number) for number in range(3000)), 1.0]
    assert report.problems == problem(len(HEAD), FRAME_KEPT, 0)


def test_a_recovered_record_that_is_no_event_is_lost() -> None:
    values, report = read_of(HEAD, ef.flip(ef.record(b"\xff" * 50), 3), FIVE[0])
    assert values == [1.0]
    assert report.problems == problem(len(HEAD), LENGTH, 66)


def test_bytes_put_in_are_skipped() -> None:
    values, report = read_of(HEAD, FIVE[0], b"\x55" * 37, *FIVE[1:])
    assert values == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert report.problems == problem(SECOND, LENGTH, 37)


def test_bytes_missing_cost_the_record_they_are_missing_from() -> None:
    values, report = read_of(HEAD, FIVE[0], ef.cut(FIVE[1], 20, 30), *FIVE[2:])
    assert values == [1.0, 3.0, 4.0, 5.0]
    assert report.problems == problem(SECOND, FRAME, 32)


def test_a_shortened_record_whose_end_falls_on_a_later_record_does_not_cover_the_one_between() -> None:
    long = ef.scalar(2, "l" * 46, 2.0)
    assert len(long) == 42 + 42
    values, report = read_of(HEAD, FIVE[0], ef.cut(long, 30, 72), *FIVE[2:])
    assert values == [1.0, 3.0, 4.0, 5.0]
    assert report.problems == problem(SECOND, FRAME, 42)


def test_records_inside_a_damaged_record_of_sound_length_are_not_taken_for_the_files_own() -> None:
    inner = HEAD + ef.scalar(7, "inner", 7.0)
    outer = ef.record(ef.event(1, ef.tensor("file", "string", [inner], ())))
    values, report = read_of(HEAD, FIVE[0], ef.flip(outer, 20), *FIVE[2:])
    assert values == [1.0, 3.0, 4.0, 5.0]
    assert report.problems == problem(SECOND, DATA, len(outer))


@pytest.mark.parametrize("size", [3_000, 1_500_000, 5_000_000])
def test_a_block_of_zeros_of_any_size_is_skipped(size: int) -> None:
    values, report = read_of(HEAD, FIVE[0], bytes(size), *FIVE[1:])
    assert values == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert report.problems == problem(SECOND, LENGTH, size)


def test_a_header_that_claims_more_than_the_file_holds_is_passed_without_keeping_the_file_in_memory() -> None:
    claim = (2**60).to_bytes(8, "little")
    claim += ef.masked(claim).to_bytes(4, "little")
    source = MemorySource({"f": HEAD + claim + bytes(30_000_000) + FIVE[0]})
    largest = 0
    buffer = reading._buffer

    def measured(room: int) -> NDArray[np.uint8]:
        nonlocal largest
        largest = max(largest, room)
        return buffer(room)

    file = EventFile("f", "f", source)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_buffer", measured)
        file.read(source.stat("f"))
    assert largest < 8 << 20
    assert file.report.problems == problem(len(HEAD), FRAME, 30_000_012)
    assert [rows.steps.tolist() for rows in file.rows[0]] == [[1]]


def test_a_half_written_record_after_damage_is_read_when_it_is_whole() -> None:
    data = HEAD + b"\x55" * 37 + FIVE[0] + FIVE[1]
    for missing in (1, 30, 41, 42, 43, 80):
        source = MemorySource({"f": data[:-missing]})
        file = EventFile("f", "f", source)
        file.read(source.stat("f"))
        source.write("f", data)
        file.read(source.stat("f"))
        assert file.rows[0][0].steps.tolist() == [1, 2]
        assert file.report.problems == problem(len(HEAD), LENGTH, 37)


def test_a_large_half_written_record_waits_and_is_read_when_it_is_whole() -> None:
    data = HEAD + ef.record(ef.event(1, ef.image("image", 1, 1, bytes(5_000_000)))) + FIVE[1]
    source = MemorySource({"f": data[:3_000_000]})
    file = EventFile("f", "f", source)
    for end, waiting in ((3_000_000, 3_000_000 - len(HEAD)), (4_000_000, 4_000_000 - len(HEAD)), (len(data), 0)):
        source.write("f", data[:end])
        file.read(source.stat("f"))
        assert (file.report.problems, file.report.waiting) == ((), waiting)
    assert file.report.records == 3


def test_bytes_that_arrive_after_the_size_are_read_when_they_are_there() -> None:
    data = HEAD + b"".join(FIVE)
    source = MemorySource({"f": data[:SECOND] + bytes(len(data) - SECOND)})
    file = EventFile("f", "f", source)
    file.read(source.stat("f"))
    assert file.report.problems == problem(SECOND, LENGTH, 168)
    source.write("f", data[: SECOND + 20] + bytes(len(data) - SECOND - 20))
    file.read(source.stat("f"))
    source.write("f", data)
    file.read(source.stat("f"))
    assert file.rows[0][0].steps.tolist() == [1, 2, 3, 4, 5]
    assert file.report.problems == ()


def test_the_last_record_of_a_file_with_a_bad_data_checksum_is_reported() -> None:
    values, report = read_of(HEAD, *FIVE[:4], ef.flip(FIVE[4], 25))
    assert values == [1.0, 2.0, 3.0, 4.0]
    assert report.problems == problem(SECOND + 3 * 42, DATA, 42)
    assert report.waiting == 0


def test_what_is_no_event_file_says_so() -> None:
    assert read_of(b"just some text, long enough to be looked at")[1].problems == problem(
        0, "this is not an event file: no record found", 43
    )
    assert read_of(b"\x1f\x8b" + bytes(range(200)))[1].problems == problem(0, "compressed with gzip: unpack it", 202)


# Real writers' files, damaged ----------------------------------------------------------------------------------------


def reports(name: str) -> dict[str, FileReport]:
    logdir = tbcore.Logdir(log(name))
    logdir.refresh()
    return {file.name: file for run in logdir.runs for file in run.files}


def runs_of(files: dict[str, FileReport]) -> dict[str, tuple[list[tuple[int, str, int]], int, int]]:
    return {
        str(Path(name).parent): ([(p.offset, p.reason, p.skipped) for p in file.problems], file.waiting, file.records)
        for name, file in files.items()
    }


@needs_fixtures
def test_bit_errors_in_data_cost_the_record_and_are_told() -> None:
    assert runs_of(reports("edge_bad_data")) == {
        "crc_only": ([(506, DATA, 42)], 0, 20),
        "first_record": ([(0, DATA, 88)], 0, 20),
        "proto_break": ([(506, DATA, 42)], 0, 20),
        "three_bad": ([(254, DATA, 42), (296, DATA, 42), (1304, DATA, 42)], 0, 48),
        "value_byte": ([(506, DATA, 42)], 0, 20),
    }


@needs_fixtures
def test_damaged_lengths_are_searched_past_and_told() -> None:
    assert runs_of(reports("edge_bad_length")) == {
        "garbage_mid": ([(464, LENGTH, 37)], 0, 21),
        "len_crc": ([(380, LENGTH_KEPT, 0)], 0, 21),
        "len_value": ([(380, FRAME_KEPT, 0)], 0, 21),
        "missing_mid": ([(254, LENGTH, 46)], 0, 16),
        "zeros_mid": ([(464, LENGTH, 126)], 0, 18),
        "zeros_tail": ([(926, LENGTH, 4096)], 0, 21),
    }


@needs_fixtures
def test_cut_files_wait_for_the_rest() -> None:
    assert runs_of(reports("edge_truncated")) == {
        "after_header": ([], 12, 20),
        "in_crc": ([], 40, 20),
        "in_data": ([], 20, 20),
        "in_length": ([], 5, 20),
    }


@needs_fixtures
@pytest.mark.parametrize("name", ["edge_empty", "edge_fake"])
def test_files_that_hold_nothing_are_named(name: str) -> None:
    ours = {
        file: ([replace(p, reason="") for p in report.problems], report.records)
        for file, report in reports(name).items()
    }
    theirs = {
        file["path"]: (
            [Problem(file["path"], d["offset"], "", d["bytes_skipped"]) for d in file["damage"]],
            file["records_intact"],
        )
        for file in oracle(name)["files"]
    }
    assert ours == theirs


@needs_fixtures
def test_not_event_files_say_what_they_are() -> None:
    found = {name: file.problems[0].reason for name, file in reports("edge_fake").items() if file.problems}
    assert found == {
        "gz/events.out.tfevents.1760000000.host.gz": "compressed with gzip: unpack it",
        "text/events.out.tfevents.README.txt": "this is not an event file: no record found",
    }


@needs_fixtures
@pytest.mark.parametrize("name", ["edge_bad_data", "edge_bad_length", "edge_truncated", "edge_empty", "edge_fake"])
def test_no_more_is_lost_than_a_search_for_headers_loses(name: str) -> None:
    ours = reports(name)
    for file in oracle(name)["files"]:
        report = ours[file["path"]]
        lost = sum(problem.skipped for problem in report.problems) + report.waiting
        assert report.size == file["size"]
        assert report.records >= file["records_intact"]
        assert lost <= file["bytes_skipped"]
        assert (lost < file["bytes_skipped"]) == (report.records > file["records_intact"])
