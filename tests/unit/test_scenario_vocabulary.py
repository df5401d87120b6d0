"""Class names and patterns."""

from __future__ import annotations

import pytest

from sim.scenario import most_exact, serves
from sim.scenario.fields import by_class
from sim.scenario.vocabulary import CLASS_NAMES


def test_class_names_in_order() -> None:
    assert CLASS_NAMES == (
        "car",
        "car.nexus",
        "car.ready",
        "truck",
        "truck.fast",
        "bus",
        "pedestrian",
        "pedestrian.nexus",
        "pedestrian.ready",
    )


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("car", "car", True),
        ("car", "car.nexus", True),
        ("car.nexus", "car.nexus", True),
        ("car.nexus", "car", False),
        ("car.nexus", "car.ready", False),
        ("*", "bus", True),
        ("truck", "car", False),
    ],
)
def test_serves(pattern: str, name: str, expected: bool) -> None:
    assert serves(pattern, name) is expected


def test_most_exact_prefers_the_full_name_then_the_mode_then_every() -> None:
    mapping = {"*": 0, "car": 1, "car.nexus": 2}
    assert [most_exact(mapping, name) for name in ("car.nexus", "car.ready", "car", "bus")] == [2, 1, 1, 0]
    assert most_exact({"car.nexus": 2}, "car") is None


@pytest.mark.parametrize(
    ("raw", "per_class"),
    [
        ("50 s", False),
        ({"erlang": {}}, False),
        ({"erlan": {}}, False),
        ({"gamma": {}, "move_up": "5 s"}, False),
        ({"car": "50 s"}, True),
        ({"car.nexsus": "50 s"}, True),
        ({"cra": "50 s"}, True),
        ({"*": "50 s"}, True),
        ({}, False),
    ],
)
def test_one_value_or_one_per_class(raw: object, per_class: bool) -> None:
    expected = raw if per_class else {"*": raw}
    assert by_class(raw, ("erlang", "gamma", "exponential", "move_up")) == expected
