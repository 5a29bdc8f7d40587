"""Many values read in one go: what is read one by one, with one opening of the file."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import tbcore
from tbcore.errors import CorruptRecordError
from tbcore.series import Series
from tbcore.store.sources import LocalSource
from tests import eventfile as ef
from tests.store.memory import MemorySource

NAME = "events.out.tfevents.1.host"


def histograms(folder: Path, *files: bytes) -> Series:
    for number, data in enumerate(files):
        ef.write(folder / "run" / f"events.out.tfevents.{number}.host", ef.version(ef.T0 + 1000 * number), data)
    logdir = tbcore.Logdir(folder)
    logdir.refresh()
    (series,) = logdir.find("histograms")
    return series


def steps(first: int, last: int, padding: int = 0) -> bytes:
    """Return records of one histogram per step, each followed by an image of `padding` bytes."""
    histogram = [ef.histo("w", [float(step)], [1.0], 0.0, float(step)) for step in range(first, last)]
    image = ef.image("image", 1, 1, bytes(padding))
    return b"".join(ef.record(ef.event(first + i, value, image, wall=ef.T0)) for i, value in enumerate(histogram))


def read(series: Series, first: int = 0) -> list[bytes]:
    """Return the bytes of the values from `first` on."""
    found = []
    for blobs in series.blobs(first):
        data, starts = blobs.read()
        assert blobs.first == first + len(found)
        for start, length in zip(starts.tolist(), blobs.places[:, 1].tolist(), strict=True):
            found.append(data[start : start + length].tobytes())
    return found


@pytest.mark.parametrize("padding", [0, 1000, 5000])
def test_values_read_together_are_those_read_one_by_one(tmp_path: Path, padding: int) -> None:
    series = histograms(tmp_path, steps(0, 5, padding), steps(5, 8, padding))
    single = [series.blob(i).read() for i in range(8)]
    assert read(series) == single
    assert read(series, 3) == single[3:]
    assert read(series, 6) == single[6:]
    assert read(series, 8) == []


def test_near_values_are_read_with_what_lies_between_and_far_ones_without(tmp_path: Path) -> None:
    near = next(histograms(tmp_path / "near", steps(0, 50, 100)).blobs())
    far = next(histograms(tmp_path / "far", steps(0, 50, 100_000)).blobs())
    assert 50 * 100 < len(near.read()[0]) < 50 * 400
    assert len(far.read()[0]) == far.places[:, 1].sum()


def test_places_in_any_order_and_over_each_other_are_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(200)))
    places = np.array([[150, 3], [10, 2], [11, 4], [199, 1], [0, 0]])
    data, starts = LocalSource().load_all(str(path), places)
    found = [data[start : start + length].tolist() for start, length in zip(starts, places[:, 1], strict=True)]
    assert found == [[150, 151, 152], [10, 11], [11, 12, 13, 14], [199], []]
    nothing, none = LocalSource().load_all(str(path), np.zeros((0, 2), np.int64))
    assert (len(nothing), len(none)) == (0, 0)


def test_a_file_that_became_shorter_or_went_away_says_so(tmp_path: Path) -> None:
    series = histograms(tmp_path, steps(0, 5))
    path = tmp_path / "run" / "events.out.tfevents.0.host"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(CorruptRecordError, match="became shorter"):
        read(series)
    path.unlink()
    with pytest.raises(CorruptRecordError, match="cannot be read any more") as raised:
        read(series)
    assert str(path) in str(raised.value)


def test_a_series_without_a_way_to_read_many_reads_one_by_one() -> None:
    source = MemorySource({"logs/run/" + NAME: ef.version() + steps(0, 3)})
    logdir = tbcore.Logdir("logs", source=source)
    logdir.refresh()
    (series,) = logdir.find("histograms")
    assert read(replace(series, load_all=None)) == read(series) == [series.blob(i).read() for i in range(3)]


def test_scalars_have_no_bytes_to_read(tmp_path: Path) -> None:
    ef.write(tmp_path / NAME, ef.version(), ef.scalar(0, "loss", 1.0))
    logdir = tbcore.Logdir(tmp_path)
    logdir.refresh()
    (series,) = logdir.find("scalars")
    with pytest.raises(TypeError, match="numbers in memory"):
        next(series.blobs())
