"""Configuration files: what becomes of YAML and JSON, and that nothing in them is acted on."""

import itertools
import math
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tbcore.errors import ConfigError
from tbcore.formats.configs import LARGEST, Value, parse


def values(text: str, name: str = "hparams.yaml") -> dict[str, Value | None]:
    return dict(parse(name, text.encode()))


def refused(data: bytes, name: str = "hparams.yaml") -> str:
    with pytest.raises(ConfigError) as caught:
        parse(name, data)
    return str(caught.value)


# Values --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3.0),
        ("-0.5", -0.5),
        ("1e-3", 0.001),
        ("1E5", 100_000.0),
        ("+.5e+2", 50.0),
        ("1.", 1.0),
        ("1_000_000", 1_000_000.0),
        ("0x1f", 31.0),
        ("0o17", 15.0),
        (".inf", math.inf),
        ("-.Inf", -math.inf),
        ("true", True),
        ("False", False),
        ("yes", "yes"),
        ("on", "on"),
        ("off", "off"),
        ("2024-01-01", "2024-01-01"),
        ("1:30", "1:30"),
        ("nan", "nan"),
        ("1e999", "1e999"),
        ("'3'", "3"),
        ('"true"', "true"),
        ("!!str 3", "3"),
        ("!!float '3'", 3.0),
        ("${optimizer.lr}", "${optimizer.lr}"),
        ("~", None),
        ("null", None),
        ("", None),
        ("''", ""),
    ],
)
def test_a_scalar_of_yaml_is_what_the_core_schema_says(text: str, value: Value | None) -> None:
    found = values(f"x: {text}\n")["x"]
    assert (found, type(found)) == (value, type(value))


def test_nan_of_yaml_is_not_a_number() -> None:
    found = values("x: .nan")["x"]
    assert isinstance(found, float)
    assert math.isnan(found)


def test_what_lies_inside_is_named_by_its_path_and_lists_are_json() -> None:
    text = "model:\n  layers: 3\n  sizes: [64, 1e-3, a, null, true]\n  head: {}\nseed: 7\nnothing: []\n"
    assert values(text) == {
        "model.layers": 3.0,
        "model.sizes": '[64, 0.001, "a", null, true]',
        "model.head": "{}",
        "seed": 7.0,
        "nothing": "[]",
    }


def test_a_table_of_very_many_entries_stays_in_one_piece() -> None:
    text = "labels:\n" + "".join(f"  {number}: name{number}\n" for number in range(501))
    found = values(text)
    assert list(found) == ["labels"]
    assert str(found["labels"]).startswith('{"0": "name0", ')
    assert len(values("".join(f"a{number}: {number}\n" for number in range(501)))) == 501


def test_keys_that_are_not_text_are_spelled() -> None:
    assert values("1: a\n0.5: b\ntrue: c\n? [x, y]\n: d\n~: e") == {
        "1": "a",
        "0.5": "b",
        "true": "c",
        '["x", "y"]': "d",
        "null": "e",
    }


def test_aliases_are_followed_and_merged_entries_yield_to_those_that_are_said() -> None:
    text = "base: &b {lr: 0.1, steps: 10}\nrun:\n  <<: *b\n  lr: 0.2\nother:\n  lr: 0.3\n  <<: [*b]\n'<<': text\n"
    assert values(text) == {
        "base.lr": 0.1,
        "base.steps": 10.0,
        "run.lr": 0.2,
        "run.steps": 10.0,
        "other.lr": 0.3,
        "other.steps": 10.0,
        "<<": "text",
    }


def test_only_the_first_document_counts() -> None:
    assert values("a: 1\n---\na: 2\n") == {"a": 1.0}


def test_json_may_hold_what_python_writes_in_it() -> None:
    found = values('{"lr": 1e-3, "n": 3, "a": {"b": [1, {"c": NaN}]}, "x": -Infinity, "no": null, "t": true}', "a.json")
    assert found == {"lr": 0.001, "n": 3.0, "a.b": '[1, {"c": NaN}]', "x": -math.inf, "no": None, "t": True}


def test_halves_of_a_pair_are_written_out() -> None:
    assert parse("a.json", rb'{"a": "\ud800!", "\udfff": "\ud83d\ude00"}') == {"a": "\\ud800!", "\\udfff": "\U0001f600"}


def test_a_byte_order_mark_is_no_part_of_a_name() -> None:
    assert dict(parse("args.json", b'\xef\xbb\xbf{"a": 1}')) == {"a": 1.0}


@pytest.mark.parametrize(
    ("name", "text"), [("a.yaml", ""), ("a.yaml", "# nothing\n"), ("a.yaml", "{}"), ("a.json", " ")]
)
def test_an_empty_file_holds_nothing(name: str, text: str) -> None:
    assert values(text, name) == {}


# Tags ----------------------------------------------------------------------------------------------------------------


def test_tags_of_python_become_their_plain_content() -> None:
    text = """
args: !!python/object:argparse.Namespace {lr: 0.1}
optimizer: !!python/name:torch.optim.adam.Adam ''
betas: !!python/tuple [0.9, 0.999]
mode: !!python/object/apply:train.Mode
- 2
names: !!set {a: null, b: null}
own: !thing 3
"""
    assert values(text) == {
        "args.lr": 0.1,
        "optimizer": "torch.optim.adam.Adam",
        "betas": "[0.9, 0.999]",
        "mode": "[2]",
        "names": '["a", "b"]',
        "own": 3.0,
    }


def test_code_in_a_file_is_never_run(tmp_path: object) -> None:
    text = f"x: !!python/object/apply:os.mkdir ['{tmp_path}/harmed']\ny: !!python/object/new:os.system [exit 1]\n"
    assert values(text) == {"x": f'["{tmp_path}/harmed"]', "y": '["exit 1"]'}


def test_paths_ordered_mappings_and_numbers_of_numpy_are_what_they_stand_for() -> None:
    text = """
data: !!python/object/apply:pathlib.PosixPath [/, data, cifar]
run: !!python/object/apply:pathlib._local.PosixPath [runs, a]
more: !!python/object/apply:collections.OrderedDict
- - - lr
    - 0.1
  - - layers
    - 2
rate: !!python/object/apply:numpy._core.multiarray.scalar
- &id001 !!python/object/apply:numpy.dtype
  args: [f8, false, true]
  state: !!python/tuple [3, <, null, null, null, -1, -1, 0]
- !!binary |
  mpmZmZmZuT8=
half: !!python/object/apply:numpy.core.multiarray.scalar
- *id001
- !!binary |
  AAAAAAAA4D8=
"""
    assert values(text) == {
        "data": "/data/cifar",
        "run": "runs/a",
        "more.lr": 0.1,
        "more.layers": 2.0,
        "rate": 0.1,
        "half": 0.5,
    }


def test_a_number_of_numpy_that_is_none_stays_as_it_is_written() -> None:
    text = "x: !!python/object/apply:numpy.core.multiarray.scalar [{args: [f8]}, !!binary AAAA]"
    assert values(text) == {"x": '[{"args": ["f8"]}, "AAAA"]'}


# What is refused -----------------------------------------------------------------------------------------------------


def test_aliases_that_unfold_into_very_much_are_refused_before_they_take_memory() -> None:
    names = "abcdefghij"
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"{own}: &{own} [{', '.join([f'*{last}'] * 10)}]" for last, own in itertools.pairwise(names)]
    tracemalloc.start()
    assert refused("\n".join(lines).encode()) == (
        "hparams.yaml is not YAML that can be read: it unfolds into more than 20,000 values"
    )
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 16 << 20


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.yaml", b"[" * 500_000),
        ("a.yaml", b"- " * 400_000),
        ("a.yaml", b"a: " + b"{a: " * 100_000),
        ("a.yaml", b"? " * 400_000),
        ("a.json", b"[" * 500_000),
        ("a.json", b'{"a":' * 100_000),
        ("a.json", b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}"),
    ],
)
def test_what_is_nested_very_deep_is_refused(name: str, data: bytes) -> None:
    assert "it is nested more than 32 deep" in refused(data, name)


def test_a_mapping_inside_of_itself_is_refused() -> None:
    assert "repeats 'a', which it does not hold (line 1)" in refused(b"x: &a {y: *a}")


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.yaml", b"a: [1\nb: 2\n", "a.yaml is not YAML that can be read: "),
        ("a.yaml", b"a: b: c", "(line 1)"),
        ("a.yaml", b"a: \x01", "a.yaml is not YAML that can be read: "),
        ("a.yaml", b"a: *b", "it repeats 'b', which it does not hold (line 1)"),
        ("a.yaml", b"a: !other!x 1", "a.yaml is not YAML that can be read: "),
        ("a.yaml", b"- 1\n", "a.yaml holds no names with values"),
        ("a.yaml", b"just words", "a.yaml holds no names with values"),
        ("a.json", b"{,}", "a.json is not JSON that can be read: "),
        ("a.json", b'{"a": 1}\n{"a": 2}\n', "Extra data (line 2)"),
        ("a.json", b"[1]", "a.json holds no names with values"),
        ("a.json", b"9" * 5_000, "a.json holds no names with values"),
        ("a.yaml", b"a: \xff", "a.yaml is not text in UTF-8 (byte 3)"),
        ("a.yaml", b" " * (LARGEST + 1), "a.yaml takes 1,048,577 bytes: only up to 1,048,576 are read"),
        ("a.yaml", b"a: [" + b"1," * 50_000 + b"]", "it holds more than 20,000 values"),
    ],
)
def test_what_cannot_be_read_says_why(name: str, data: bytes, words: str) -> None:
    assert words in refused(data, name)


def test_any_bytes_are_values_or_refused() -> None:
    whole = b"a: &x {b: [1, 'c', !!python/tuple [d]], <<: {e: 2}}\nf: *x\n"
    for cut in range(len(whole)):
        for sign in (b"", b"\x00", b"{", b"&", b"!", b'"', b"\n", b"\xc3"):
            for name in ("a.yaml", "a.json"):
                try:
                    parse(name, whole[:cut] + sign + whole[cut + 1 :])
                except ConfigError:
                    continue


SIMPLE = st.lists(
    st.tuples(
        st.from_regex(r"[A-Za-z_][A-Za-z0-9_./-]{0,5}|null|True", fullmatch=True),
        st.from_regex(
            r"[A-Za-z0-9_.+/-]{0,8}|-?[0-9]{1,3}(\.[0-9]+)?(e-?[0-9]+)?|null|true|\.inf|0x1f|1_0", fullmatch=True
        ),
    ),
    min_size=1,
    max_size=5,
)


@given(SIMPLE)
def test_simple_lines_are_read_as_the_whole_format_says(lines: list[tuple[str, str]]) -> None:
    text = "".join(f"{name}: {value}\n" for name, value in lines)
    try:
        whole = parse("a.yaml", f"# so that the whole format is read\n{text}".encode())
    except ConfigError:
        whole = None
    try:
        simple = parse("a.yaml", text.encode())
    except ConfigError:
        simple = None
    assert repr(simple) == repr(whole)
