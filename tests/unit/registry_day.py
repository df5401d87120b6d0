"""One simulated day of a registry entry in the reference engine, held against what must be so."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sim.engine.records import INSIDE
from sim.engine.reference import run
from sim.model.build import build
from sim.model.drawing import draw_parties
from sim.scenario import load

LONGEST = 2 * 3600.0
"""Seconds. The calendars keep the load of mean demand near 0.85: a day with a longer wait is wrong, not unlucky."""


def simulate(id: str, folder: Path, start: str = "2024-07-06 00:00", seed: int = 3) -> int:
    """Simulate a day; returns how many parties came. Fails when one is lost, left inside, or waits too long."""
    path = folder / f"{id}.yaml"
    path.write_text(
        f"format: 1\nname: a day\nstart: {start}\nhorizon: 24 h\nseed: {seed}\nports: {{here: {{registry: {id}}}}}\n",
        encoding="utf-8",
    )
    scenario = load(path).baseline
    model = build(scenario)
    parties = draw_parties(model.sources, scenario.horizon, seed, 0)
    records = run(model.network, parties)
    came = parties.time.size
    expected = sum(source.expected(scenario.horizon) for source in model.sources)
    cv = max(source.day_cv for source in model.sources)  # one factor a day, common to all sources
    assert abs(came - expected) <= 5.0 * np.sqrt(expected + (cv * expected) ** 2) + 3.0, (came, expected)
    assert np.array_equal(np.unique(records.party), np.arange(came))
    assert records.turned_away.size == 0
    assert not (records.outcome == INSIDE).any()
    if came:
        assert np.nanmax(records.started - records.joined) < LONGEST
    return int(came)
