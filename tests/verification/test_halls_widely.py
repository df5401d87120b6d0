"""Bit equality of the two engines on many random halls and timetables, with and without dated events."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "analytic"))

from random_halls import random_hall

from sim.engine import engine
from sim.model.build import build
from sim.scenario import load
from sim.study.conservation import check_conservation

pytestmark = pytest.mark.verification


@pytest.mark.parametrize("events", [False, True], ids=["plain", "events"])
@pytest.mark.parametrize("first", range(0, 600, 100))
def test_on_a_hundred_random_halls(first: int, events: bool, tmp_path: Path) -> None:
    for seed in range(first, first + 100):
        model = build(load(random_hall(tmp_path, seed, events=events)).baseline)
        parties = model.draw(seed, 1)
        reference, compiled = (engine(name)(model.network, parties) for name in ("reference", "compiled"))
        for name, values in vars(reference).items():
            same = np.array_equal(np.asarray(values), np.asarray(getattr(compiled, name)), equal_nan=True)
            assert same, f"hall {seed}: {name}"
        check_conservation(model.network, parties, reference)


def test_on_a_whole_day_of_eight_airports() -> None:
    """Some 45,000 passengers at once: the reference engine takes a minute."""
    model = build(load(Path(__file__).parents[2] / "scenarios" / "preclearance-eight-airports.yaml").baseline)
    parties = model.draw(5, 0)
    assert parties.size.sum() > 40_000
    reference, compiled = (engine(name)(model.network, parties) for name in ("reference", "compiled"))
    for name, values in vars(reference).items():
        assert np.array_equal(np.asarray(values), np.asarray(getattr(compiled, name)), equal_nan=True), name
