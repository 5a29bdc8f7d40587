"""Where the strings of a tensor lie, against the same bytes decoded whole."""

import random

import pytest

from tbcore.errors import FormatError, MessageError, TensorError
from tbcore.formats.events import payload
from tbcore.formats.strings import strings
from tests import eventfile


def value(texts: list[bytes], shape: list[int], dtype: str = "string") -> bytes:
    return eventfile.tensor("tag", dtype, texts, shape, eventfile.metadata("text"))


def found(data: bytes) -> tuple[tuple[int, ...], list[bytes]]:
    where = strings(lambda at, count: data[at : at + count], len(data))
    return where.shape, [data[at : at + length] for at, length in where.places]


@pytest.mark.parametrize(
    ("texts", "shape"),
    [([b"one"], []), ([b""], []), ([b"a", b"bb", b""], [3]), ([b"1", b"2", b"3", b"4"], [2, 2]), ([], [0]), ([b"x" * 70_000, b"y"], [2])],
)  # fmt: skip
def test_the_strings_are_those_that_decoding_gives(texts: list[bytes], shape: list[int]) -> None:
    data = value(texts, shape)
    array = payload(data, "tensor").value
    assert found(data) == (tuple(shape), texts)
    assert (array.shape, array.ravel().tolist()) == (tuple(shape), texts)


def test_only_a_few_bytes_are_read() -> None:
    data = value([b"x" * 10_000_000, b"y" * 10_000_000], [2])
    read = []

    def some(at: int, count: int) -> bytes:
        read.append(count)
        return data[at : at + count]

    assert [length for _at, length in strings(some, len(data)).places] == [10_000_000, 10_000_000]
    assert sum(read) < 40_000


def test_what_is_no_tensor_of_strings_says_so() -> None:
    with pytest.raises(MessageError, match="does not hold its tensor"):
        found(eventfile.simple("tag", 1.0))
    with pytest.raises(TensorError, match="holds no strings"):
        found(eventfile.tensor("tag", "float", [1.0], [1]))
    with pytest.raises(TensorError, match=r"shape \[3\] holds 1 values"):
        found(value([b"a"], [3]))


def test_damaged_values_are_refused_or_read_but_never_crash() -> None:
    random_ = random.Random(3)
    whole = value([b"abc", b"de", b"", b"f" * 300], [2, 2])
    for _ in range(3000):
        data = bytearray(whole[: random_.randrange(len(whole) + 1)])
        for _ in range(random_.randrange(3)):
            if data:
                data[random_.randrange(len(data))] = random_.randrange(256)
        try:
            _shape, texts = found(bytes(data))
        except FormatError:
            continue
        assert sum(map(len, texts)) <= len(data)
