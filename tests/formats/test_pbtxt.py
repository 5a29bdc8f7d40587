"""Protobuf's text format: what it may look like, and where it is told to be wrong."""

import pytest

from tbcore.errors import MessageError
from tbcore.formats.pbtxt import wire
from tbcore.formats.schema import TensorProto, TensorShapeProto, messages

_classes = messages(
    "pbtxt_test",
    """
Thing
     1  name      string
     2  number    int64
     3  real      float
     4  wide      double
     5  yes       bool
     6  data      bytes
     7  part      Thing    repeated
     8  numbers   int64    repeated
     9  pairs     map<string,string>
""",
)
Thing = _classes["Thing"]


def thing(source):
    return Thing.FromString(wire(source, Thing))


def test_a_text_spells_what_its_message_would_hold() -> None:
    found = thing(
        """
        # a comment { that is not read
        name: "a" number: -3 real: 1.5 wide: 2.5e3, yes: true;
        part { name: 'b' part < name: "c" > }
        part: { number: 0x10 }
        numbers: 1 numbers: 2
        """
    )
    assert (found.name, found.number, found.real, found.wide, found.yes) == ("a", -3, 1.5, 2500.0, True)
    assert [part.name for part in found.part] == ["b", ""]
    assert found.part[0].part[0].name == "c"
    assert found.part[1].number == 16
    assert list(found.numbers) == [1, 2]


def test_lists_hold_numbers_or_messages() -> None:
    found = thing('numbers: [1, 2, 010] part: [{ name: "a" }, < name: "b" >] numbers: [] name: "end"')
    assert list(found.numbers) == [1, 2, 8]
    assert [part.name for part in found.part] == ["a", "b"]
    assert found.name == "end"


def test_strings_side_by_side_are_one_and_escapes_are_bytes() -> None:
    found = thing(r"""name: "a" 'b' "c" data: "\000\x41\n\"\303\251\u00e9" """)
    assert found.name == "abc"
    assert found.data == b'\x00A\n"\xc3\xa9\xc3\xa9'


def test_maps_are_lists_of_pairs() -> None:
    assert dict(thing('pairs { key: "a" value: "b" } pairs { key: "c" value: "d" }').pairs) == {"a": "b", "c": "d"}


def test_numbers_that_are_none_are_read() -> None:
    found = thing("real: inf wide: -inf part { real: nan } part { real: 1e300 } part { real: 2.5f }")
    assert (found.real, found.wide) == (float("inf"), float("-inf"))
    assert found.part[0].real != found.part[0].real
    assert [part.real for part in found.part[1:]] == [float("inf"), 2.5]


def test_types_are_named() -> None:
    names = ("DT_FLOAT", "DT_FLOAT_REF", "DT_OF_TOMORROW", "7")
    assert [TensorProto.FromString(wire(f"dtype: {name}", TensorProto)).dtype for name in names] == [1, 101, 0, 7]


def test_what_a_table_does_not_name_is_skipped() -> None:
    found = thing(
        'other: 5 other { name: "x" part { deep: [1, 2] } } [type.googleapis.com/a.B] { name: "y" } more: WORD name: "a"'
    )
    assert found == Thing(name="a")


def test_a_field_of_bytes_may_hold_a_message() -> None:
    found = Thing.FromString(wire("data { dim { size: 3 } }", Thing, {("Thing", "data"): TensorShapeProto}))
    assert TensorShapeProto.FromString(found.data).dim[0].size == 3


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ('name: "a"\npart {', "line 2 of the text: unexpected the end"),
        ("part }", "line 1 of the text: unexpected }"),
        ("}", "line 1 of the text: unexpected }"),
        ("\n\nname", "line 3 of the text: unexpected the end"),
        ("name: name:", "line 1 of the text: unexpected name"),
        ('name: "a', 'line 1 of the text: unexpected "'),
        ("name: 5", "line 1 of the text: unexpected 5"),
        ("number: x\nnumber: 1x", "line 2 of the text: invalid literal"),
        ("yes: perhaps", "line 1 of the text: unexpected perhaps"),
        ("part: 5", "line 1 of the text: unexpected 5"),
        ("numbers: [1 2]", "line 1 of the text: unexpected 2"),
        ("name { }", "line 1 of the text: unexpected {"),
        ('"name": 1', 'line 1 of the text: unexpected "name"'),
        ("number: " + "9" * 10_000, "line 1 of the text: unexpected 9999"),
        ("part {" * 1000, "more than 90 messages within one an"),
    ],
)
def test_what_is_not_in_the_format_is_told_with_its_line(source, words) -> None:
    with pytest.raises(MessageError) as error:
        thing(source)
    assert words in str(error.value)


def test_a_message_holds_no_more_of_a_long_token_than_fits() -> None:
    with pytest.raises(MessageError) as error:
        thing("part: " + "x" * 1_000_000)
    assert len(str(error.value)) < 100
