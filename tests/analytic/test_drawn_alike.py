"""Parties drawn in compiled loops are those drawn with numpy, to the last bit, on whatever can be stated."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from random_flows import random_flows
from random_halls import random_hall
from random_ports import random_scenario

from sim.engine import COMPILED, streams_of
from sim.model.build import build
from sim.model.parties import Parties
from sim.scenario import load


def differing(one: Parties, two: Parties) -> list[str]:
    """Columns that are not the same."""
    found = []
    for field in dataclasses.fields(Parties):
        some, other = getattr(one, field.name), getattr(two, field.name)
        if some is None or other is None:
            same = some is other
        else:
            same = some.dtype == other.dtype and some.flags.c_contiguous and other.flags.c_contiguous
            same = same and np.array_equal(some, other, equal_nan=some.dtype == np.float64)
        found += [] if same else [field.name]
    return found


@pytest.mark.parametrize("first", range(0, 24, 8))
def test_on_random_scenarios(first: int, tmp_path: Path) -> None:
    parties = 0
    for seed in range(first, first + 8):
        makers = {"port": random_scenario, "flows": random_flows, "hall": random_hall}
        for kind, make in makers.items():
            folder = tmp_path / f"{kind}-{seed}"
            folder.mkdir()
            study = load(make(folder, seed))
            for name, scenario in {"baseline": study.baseline, **study.variants}.items():
                model = build(scenario, study.baseline)
                one, two = model.draw(seed, 2), model.draw(seed, 2, streams_of(COMPILED))
                assert differing(one, two) == [], (kind, seed, name)
                parties += len(one)
    assert parties > 800
