"""What is made of records and checked of them in compiled loops is what numpy says, of sound ones and damaged ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from networks import random_case

from sim.engine import Records, engine
from sim.engine.books import full_log
from sim.engine.compiled import fullness
from sim.engine.compiled import layout as at
from sim.engine.records import INSIDE, MOVED_ON
from sim.errors import SimulationError
from sim.study.compiled import check_conservation as check_compiled
from sim.study.compiled.conserving import is_sound
from sim.study.conservation import check_conservation

CASES = range(60)
Damage = Callable[[Records, np.random.Generator], Records]


def _changed(records: Records, name: str, row: int, value: float) -> Records:
    column = getattr(records, name).copy()
    column[row] = value
    return replace(records, **{name: column})


def _row(records: Records, rng: np.random.Generator) -> int:
    return int(rng.integers(len(records.party)))


DAMAGES: dict[str, Damage] = {
    "another outcome": lambda r, rng: _changed(r, "outcome", _row(r, rng), rng.integers(-2, 3)),
    "inside": lambda r, rng: _changed(r, "outcome", _row(r, rng), INSIDE),
    "moved on": lambda r, rng: _changed(r, "outcome", _row(r, rng), MOVED_ON),
    "another party": lambda r, rng: _changed(r, "party", _row(r, rng), rng.integers(r.party.max() + 2)),
    "left earlier": lambda r, rng: _changed(r, "left", _row(r, rng), -1.0),
    "never left": lambda r, rng: _changed(r, "left", _row(r, rng), np.nan),
    "joined later": lambda r, rng: _changed(r, "joined", _row(r, rng), 1e9),
    "started later": lambda r, rng: _changed(r, "started", _row(r, rng), 1e9),
    "ended earlier": lambda r, rng: _changed(r, "ended", _row(r, rng), -1.0),
    "a visit less": lambda r, rng: _without(r, _row(r, rng)),
}


def _without(records: Records, row: int) -> Records:
    names = ("party", "station", "joined", "started", "ended", "left", "booth", "outcome")
    return replace(records, **{name: np.delete(getattr(records, name), row) for name in names})


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=list(DAMAGES))
def test_the_same_is_found_wrong(damage: Damage) -> None:
    found = 0
    for seed in CASES:
        network, parties = random_case(seed)
        records = engine("compiled")(network, parties)
        said = []
        if not len(records.party):
            continue
        for damaged in (records, damage(records, np.random.default_rng(seed))):
            for check in (check_conservation, check_compiled):
                try:
                    check(network, parties, damaged)
                    said.append("")
                except SimulationError as error:
                    said.append(str(error))
        assert said[:2] == ["", ""]
        assert said[2] == said[3]
        found += said[2] != ""
    assert found > 5


def test_sound_records_are_seen_at_once() -> None:
    """Where nobody is turned away, numpy is not asked."""
    seen = 0
    for seed in CASES:
        network, parties = random_case(seed)
        records = engine("compiled")(network, parties)
        if len(records.party) and not records.turned_away.size:
            columns = records.party, records.outcome, records.joined, records.started, records.ended, records.left
            assert is_sound(*map(np.ascontiguousarray, columns), len(parties))
            seen += 1
    assert seen > 10


def test_the_log_of_fullness() -> None:
    rng, stations, horizon = np.random.default_rng(5), 4, 20.0
    network = replace(random_case(0)[0], horizon=horizon)
    kept = 0
    for _ in range(300):
        count = int(rng.integers(0, 30))
        rows = np.zeros((count, at.FULL_WIDTH), np.int64)
        # Whole times, so that many changes of a station fall on one instant.
        rows.view(np.float64)[:, at.FULL_TIME] = np.sort(rng.integers(0, 25, count))
        rows[:, at.FULL_STATION] = rng.integers(0, stations, count)
        rows[:, at.FULL_STATE] = rng.integers(0, 2, count)
        reals = rows.view(np.float64)
        expected = full_log(network, reals[:, at.FULL_TIME], rows[:, at.FULL_STATION], rows[:, at.FULL_STATE])
        found = fullness.log_of(rows.ravel(), reals.ravel(), stations, horizon)
        assert all(np.array_equal(one, other) for one, other in zip(expected, found, strict=True))
        kept += len(found[0])
    assert kept > 500
