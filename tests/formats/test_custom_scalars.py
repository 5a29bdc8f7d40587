"""Layouts of custom scalars: as bytes, as JSON, and of several runs in one; read by TensorBoard as well."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tbcore.errors import MessageError
from tbcore.formats.custom_scalars import (
    Category,
    Chart,
    Layout,
    Margin,
    Margins,
    Multiline,
    from_json,
    merged,
    read,
    to_json,
    write,
)
from tbcore.formats.tfrecord import EventWriter

LOSSES = Chart("Losses", Multiline(("loss/.*", "val$")))
BAND = Chart("Band", Margins((Margin("mean", "low", "high"), Margin("a", "b", "c"))))
FULL = Layout((Category("First", (LOSSES, BAND)), Category("Zweite Ü", (Chart("Empty"),), closed=True)))

# category { title: "A" chart { title: "c" multiline { tag: "x" tag: "y" } } closed: true }
BYTES = bytes.fromhex("12 12 0a0141 120b 0a0163 1206 0a0178 0a0179 1801".replace(" ", ""))


def test_a_layout_is_read_from_its_bytes_and_written_to_them() -> None:
    layout = Layout((Category("A", (Chart("c", Multiline(("x", "y"))),), closed=True),))
    assert read(BYTES) == layout
    assert read(write(layout)) == layout


@pytest.mark.parametrize(
    "layout", [FULL, Layout(), Layout((Category(),), 0), Layout((Category("x", (Chart("", Margins()),)),))]
)
def test_what_is_written_is_read_again_as_bytes_and_as_json(layout: Layout) -> None:
    assert read(write(layout)) == layout
    assert from_json(to_json(layout)) == layout


def test_bytes_that_are_no_layout_are_refused() -> None:
    with pytest.raises(MessageError):
        read(b"\x12\xff\xff")


def test_json_is_spelled_as_protobuf_spells_it() -> None:
    assert json.loads(to_json(FULL))["category"][0] == {
        "title": "First",
        "closed": False,
        "chart": [
            {"title": "Losses", "multiline": {"tag": ["loss/.*", "val$"]}},
            {
                "title": "Band",
                "margin": {
                    "series": [
                        {"value": "mean", "lower": "low", "upper": "high"},
                        {"value": "a", "lower": "b", "upper": "c"},
                    ]
                },
            },
        ],
    }


def test_what_json_leaves_out_is_empty() -> None:
    assert from_json("{}") == Layout()
    assert from_json('{"category": [{"chart": [{}, {"multiline": {}}, {"margin": {"series": [{}]}}]}]}') == Layout(
        (Category("", (Chart(), Chart("", Multiline()), Chart("", Margins((Margin("", "", ""),))))),)
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "not JSON"),
        ("[]", "the layout is not an object"),
        ('{"categories": []}', "'categories', which is none of version, category"),
        ('{"version": "1"}', "version is '1'"),
        ('{"version": true}', "version is True"),
        ('{"category": {}}', "category of the layout is not a list"),
        ('{"category": [1]}', "category 1 is not an object"),
        ('{"category": [{"title": 1}]}', "title of category 1 is not text"),
        ('{"category": [{"closed": 1}]}', "category 1: closed is 1"),
        ('{"category": [{}, {"chart": [{"multiline": {"tag": [1]}}]}]}', "chart 1 of category 2: a tag is not text"),
        ('{"category": [{"chart": [{"margin": {}, "multiline": {}}]}]}', "both"),
        ('{"category": [{"chart": [{"margin": {"series": [{"value": 1}]}}]}]}', "value of chart 1 of category 1"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_json_that_is_no_layout_is_refused_with_the_place(words: str, message: str) -> None:
    with pytest.raises(MessageError, match=r".") as caught:
        from_json(words)
    assert message in str(caught.value)


def one(title: str, *charts: str, closed: bool = False) -> Category:
    return Category(title, tuple(Chart(chart) for chart in charts), closed)


def test_runs_are_merged_by_category_in_the_order_of_their_names_without_repeating_a_chart() -> None:
    found = merged(
        {
            "b": Layout((one("Y", "3"), one("X", "1", "2", closed=True))),
            "a": Layout((one("X", "1"),)),
            "c": Layout((one("Y", "3", "4"),)),
        }
    )
    assert found == Layout((one("X", "1", "2"), one("Y", "3", "4")))


def test_one_layout_stays_as_it_is() -> None:
    assert merged({"a": FULL}) == FULL
    assert merged({}) == Layout()


@pytest.mark.skipif(find_spec("tensorboard") is None, reason="TensorBoard is not installed")
def test_tensorboard_reads_what_is_written_and_merges_it_alike(tmp_path: Path) -> None:
    layouts = {"one": FULL, "two": Layout((Category("First", (LOSSES, Chart("New", Multiline(("x",))))),))}
    for run, layout in layouts.items():
        with EventWriter(tmp_path / run) as writer:
            writer.custom_scalars(Layout((Category("Old"),)), 0)
            writer.custom_scalars(layout, 1)
            writer.scalar("loss/a", 1.0, 0)
    script = """
import json, sys
from tensorboard import context
from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
from tensorboard.plugins import base_plugin
from tensorboard.plugins.custom_scalar import custom_scalars_plugin
from tensorboard.plugins.scalar import scalars_plugin
multiplexer = plugin_event_multiplexer.EventMultiplexer(tensor_size_guidance={})
multiplexer.AddRunsFromDirectory(sys.argv[1])
multiplexer.Reload()
provider = data_provider.MultiplexerDataProvider(multiplexer, sys.argv[1])
mapping = {}
about = base_plugin.TBContext(logdir=sys.argv[1], data_provider=provider, plugin_name_to_instance=mapping)
mapping["scalars"] = scalars_plugin.ScalarsPlugin(about)
plugin = custom_scalars_plugin.CustomScalarsPlugin(about)
print(plugin.layout_impl(context.RequestContext(), ""))
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert from_json(done.stdout[done.stdout.index("{") :]) == merged(layouts)


def test_half_a_sign_of_json_is_replaced_so_that_it_can_be_written() -> None:
    found = from_json('{"category": [{"title": "\\ud800", "chart": [{"multiline": {"tag": ["\\udc80x"]}}]}]}')
    assert found == Layout((Category("?", (Chart("", Multiline(("?x",))),)),))
    assert read(write(found)) == found
