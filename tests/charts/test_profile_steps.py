"""Bars of steps, and how busy devices were."""

import pandas as pd
import pytest

from tbcore.charts import profile_steps

TABLE = pd.DataFrame(
    {
        "place": [0, 0], "name": ["5", "5"], "category": ["Kernel", "DataLoader"], "order": [0, 1],
        "time": [2e6, 1e6], "share": [2 / 3, 1 / 3], "total": [3e6, 3e6], "steps": [1, 1],
    }
)  # fmt: skip


def test_categories_have_their_colours_in_their_order() -> None:
    spec = profile_steps.bars(TABLE, ("Kernel", "DataLoader"), 3e6).to_dict()
    assert spec["encoding"]["color"]["scale"] == {"domain": ["Kernel", "DataLoader"], "range": ["#4269d0", "#ff725c"]}
    assert spec["encoding"]["order"]["field"] == "order"
    assert spec["encoding"]["y"]["stack"] == "zero"


def test_a_category_that_is_not_known_is_grey() -> None:
    spec = profile_steps.bars(TABLE, ("Kernel", "New"), 3e6).to_dict()
    assert spec["encoding"]["color"]["scale"]["range"] == ["#4269d0", "#c4c7cb"]


def test_steps_keep_their_order_and_a_click_picks_one() -> None:
    spec = profile_steps.bars(TABLE, ("Kernel", "DataLoader"), 3e6).to_dict()
    assert spec["encoding"]["x"]["sort"] is None
    (picked,) = [one for one in spec["params"] if one["name"] == profile_steps.PICKED]
    assert picked["select"]["fields"] == ["place"]


@pytest.mark.parametrize(
    ("longest", "size", "name"), [(2.5e9, 1e9, "s"), (3e6, 1e6, "ms"), (4_000, 1e3, "µs"), (12, 1.0, "ns")]
)
def test_the_axis_is_in_the_unit_of_the_longest(longest: float, size: float, name: str) -> None:
    assert profile_steps.unit(longest) == (size, name)
    assert profile_steps.bars(TABLE, ("Kernel",), longest).to_dict()["encoding"]["y"]["title"] == name


def busy(devices: int) -> dict[str, object]:
    """Return the encoding of so many devices."""
    names = [f"GPU {number}" for number in range(devices)]
    table = pd.DataFrame({"device": names, "from": 0, "to": 10, "utilization": 0.5})
    encoding: dict[str, object] = profile_steps.utilization(table, devices, 10).to_dict()["encoding"]
    return encoding


def test_one_device_is_drawn_as_heights_from_nothing_to_all_the_time() -> None:
    encoding = busy(1)
    assert encoding["y"]["scale"]["domain"] == [0, 1]  # type: ignore[index]
    assert encoding["y2"] == {"field": "none"}


def test_several_devices_are_strips_that_are_darker_the_busier_they_are() -> None:
    encoding = busy(3)
    assert encoding["y"]["field"] == "device"  # type: ignore[index]
    assert encoding["opacity"]["scale"]["domain"] == [0, 1]  # type: ignore[index]
