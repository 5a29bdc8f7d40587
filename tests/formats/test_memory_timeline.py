import gzip

import pytest

from tbcore.errors import TraceError
from tbcore.formats import memory_timeline
from tests.fixtures import samples


def test_events_are_summed_by_category_and_microsecond() -> None:
    found = memory_timeline.read(
        b"[[-1, 1, 100, 0], [5000, 2, 40, 3], [5999, 3, -40, 3], [5999, 3, 40, 4], [8000, 4, -40, 4]]"
    )
    assert found.times.tolist() == [5000, 5000, 8000]
    assert found.sizes.tolist() == [[100, 0, 0, 0, 0, 0, 0, 0], [100, 0, 0, 0, 40, 0, 0, 0], [100, 0, 0, 0, 0, 0, 0, 0]]
    assert found.total.tolist() == [100, 140, 100]


def test_sizes_are_taken_as_they_are_without_the_leading_total() -> None:
    found = memory_timeline.read(b"[[7, 9], [[0, 1, 2, 3, 4, 5, 6, 7, 8], [0, 8, 7, 6, 5, 4, 3, 2, 1]]]")
    assert found.times.tolist() == [7000, 9000]
    assert found.sizes.tolist() == [[1, 2, 3, 4, 5, 6, 7, 8], [8, 7, 6, 5, 4, 3, 2, 1]]


def test_damaged_entries_are_left_out_and_counted() -> None:
    found = memory_timeline.read(b'[[1000, 1, 100, 0], [2000, 1, 100, 9], ["a", 1, 1, 1], [3000, 1, 5, 7], []]')
    assert found.times.tolist() == [1000, 3000]
    assert found.notes == ("3 damaged entries were left out.",)


@pytest.mark.parametrize("data", [b"", b"{}", b"[1, 2]", b"[[1], 2]", b"[" * 100_000, b"\xff"])
def test_what_is_no_timeline_is_an_error(data: bytes) -> None:
    with pytest.raises(TraceError, match="memory timeline"):
        memory_timeline.read(data)


def test_a_real_recording_gives_the_sizes_that_its_own_tools_give() -> None:
    found = memory_timeline.read(gzip.decompress(samples("hta/memory_analysis/memory_timeline.raw.gz").read_bytes()))
    assert found.sizes[744].tolist() == [102440608, 102228128, 19395584, 0, 2618160128, 58417152, 41811968, 25494440]
    assert (len(found.times), found.notes) == (7717, ())


def test_both_forms_of_pytorch_reach_the_same_peak() -> None:
    folder = samples("torch_cpu/with_stack")
    raw = memory_timeline.read(gzip.decompress((folder / "memory_timeline.raw.json.gz").read_bytes()))
    curve = memory_timeline.read((folder / "memory_timeline.json").read_bytes())
    assert (int(raw.total.max()), int(curve.total.max())) == (300_072, 300_072)
