"""The three messages of the plugin `hparams`: read as they were written, by us and by others."""

import math

import pytest

from tbcore.errors import MessageError
from tbcore.formats.hparams import Experiment, HParam, Metric, SessionEnd, SessionStart, read, write

# plugin_data { session_start_info { hparams { lr: 0.5, opt: "sgd" } group_name: "g" start_time_secs: 8 } }
START = bytes.fromhex(
    "1a2b 0a0f 0a026c72 1209 11000000000000e03f 0a0c 0a036f7074 1205 1a03736764 2201 67 29 0000000000002040"
)


def test_a_session_start_is_read_from_its_bytes() -> None:
    assert read(START) == SessionStart({"lr": 0.5, "opt": "sgd"}, "g", 8.0)


@pytest.mark.parametrize(
    "data",
    [
        SessionStart(
            {"lr": 0.1, "n": 3.0, "bn": True, "opt": "adam", "none": None, "nan": math.inf}, "group", 12.5, "a", "b"
        ),
        SessionStart(),
        SessionEnd("failure", 99.0),
        SessionEnd("running"),
        Experiment(
            "name",
            "about",
            "me",
            5.0,
            (
                HParam("lr", "Learning rate", "of SGD", "number", (), 0.0, 1.0),
                HParam("opt", type="text", choices=("sgd", "adam")),
                HParam("bn", type="bool", choices=(True, False)),
            ),
            (Metric("loss", "validation", "Loss", "mean", "validation"), Metric("acc")),
        ),
    ],
)
def test_what_is_written_is_read_again(data) -> None:
    found = read(write(data))
    assert type(found) is type(data)
    for name in data.__dataclass_fields__:
        old, new = getattr(data, name), getattr(found, name)
        assert new == old or (math.isnan(new) and math.isnan(old)), name


def test_a_time_of_zero_is_a_time_that_was_not_said() -> None:
    found = read(bytes.fromhex("2209 08 01 11 0000000000000000".replace("2209", "220b")))
    assert isinstance(found, SessionEnd)
    assert found.status == "success"
    assert math.isnan(found.end_time)


def test_a_status_nobody_knows_is_unknown() -> None:
    assert read(bytes.fromhex("2202 0863")) == SessionEnd("unknown", pytest.approx(math.nan, nan_ok=True))


def test_lists_and_structs_become_json() -> None:
    # hparams { a: [1, "x", true, null] }
    values = "0a09 11 000000000000f03f" + "0a03 1a0178" + "0a02 2001" + "0a02 0800"
    body = bytes.fromhex(values)
    value = b"\x32" + bytes([len(body)]) + body
    entry = b"\x0a\x01a\x12" + bytes([len(value)]) + value
    start = b"\x0a" + bytes([len(entry)]) + entry
    assert read(b"\x1a" + bytes([len(start)]) + start) == SessionStart(
        {"a": '[1, "x", true, null]'}, "", pytest.approx(math.nan, nan_ok=True)
    )


def test_metadata_of_something_else_say_nothing() -> None:
    assert read(b"") is None
    assert read(b"\x08\x00") is None


def test_bytes_that_are_no_message_say_so() -> None:
    with pytest.raises(MessageError, match="HParamsPluginData of 3 bytes does not parse"):
        read(b"\x1a\xff\x01")


def test_text_that_is_not_utf8_is_shown_as_far_as_it_goes() -> None:
    # hparams { k: <a string of the bytes ff 61> }
    assert read(bytes.fromhex("1a0b 0a09 0a016b 1204 1a02ff61")).hparams == {"k": "�a"}
