"""Measures read from the records in compiled loops are those read in numpy, to the last bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from engines import measured_apart, row_of
from test_engines_agree import SCENARIOS, earliest

from sim.engine import engine
from sim.model.network import Steps
from sim.scenario import load
from sim.study.compiled import see
from sim.study.compiled.highest import ENOUGH, EVERY
from sim.study.layout import Layout
from sim.study.measures import measure
from sim.study.runs import experiment
from sim.study.seen import see as see_in_numpy


@pytest.mark.parametrize("first", range(0, 300, 100))
def test_on_random_networks(first: int) -> None:
    assert measured_apart(range(first, first + 100)) == []


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
@pytest.mark.parametrize("bin_width", [None, 1e9], ids=["bins", "none"])
def test_on_every_shipped_scenario(path: Path, bin_width: float | None) -> None:
    plan = experiment(load(path), "compiled")
    model, layout = plan.model("baseline")
    if bin_width is not None:
        layout = Layout.of(model.network, bin_width, model.standards)
    parties = earliest(model.draw(plan.seed, 0), 20_000)
    records = engine("compiled")(model.network, parties)
    first, second = (row_of(measure(layout, parties, records, *look)) for look in ((), (see,)))
    assert np.array_equal(first, second, equal_nan=True)


def test_a_standard_that_is_a_function() -> None:
    plan = experiment(load(SCENARIOS[0]), "compiled")
    model, _ = plan.model("baseline")
    parties = model.draw(1, 0)
    records = engine("compiled")(model.network, parties)
    names = [facility.name for facility in model.network.facilities]
    rows = [
        row_of(measure(Layout.of(model.network, 900.0, dict.fromkeys(names, standard)), parties, records, see))
        for standard in (Steps(values=(300.0,)), lambda joined: np.full(joined.shape, 300.0))
    ]
    assert np.array_equal(rows[0], rows[1], equal_nan=True)


@pytest.mark.parametrize("every", [1, EVERY], ids=["as they are", "those looked at first are longer"])
def test_the_highest_times_in_system_of_many(every: int) -> None:
    plan = experiment(load(SCENARIOS[0]), "compiled")
    model, layout = plan.model("baseline")
    parties = earliest(model.draw(plan.seed, 0), 4 * ENOUGH * EVERY)
    records = engine("compiled")(model.network, parties)
    assert len(records.left) > 2 * ENOUGH * EVERY
    longer = np.where(np.arange(len(records.left)) % every == 0, records.left + 10_000.0, records.left)
    records = replace(records, left=longer)
    first, second = (look(layout, parties, records).in_system for look in (see_in_numpy, see))
    assert np.array_equal(first.p95, second.p95, equal_nan=True)
    assert np.array_equal(first.sums, second.sums)
