"""Replications measured together are those measured alone, to the last bit; one at fault is told from the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from engines import row_of
from test_engines_agree import SCENARIOS, earliest

from sim.engine import Records, engine
from sim.errors import ReplicationError, SimulationError
from sim.model.parties import Parties
from sim.scenario import load
from sim.study import experiment as experiments
from sim.study import measures
from sim.study.cells import Gather
from sim.study.compiled import see
from sim.study.experiment import Experiment
from sim.study.layout import Layout
from sim.study.looked import Looked, look_at
from sim.study.measures import Together, measure
from sim.study.rows import Measured, Parts, in_rows
from sim.study.runs import experiment

BINNED_TOGETHER = {"bins one at a time": 1, "bins of two": 2, "all": 100}


@pytest.mark.parametrize("at_once", BINNED_TOGETHER.values(), ids=list(BINNED_TOGETHER))
@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_together_as_alone(path: Path, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = experiment(load(path), "compiled")
    model, layout = plan.model("baseline")
    layout = Layout.of(model.network, max(layout.bin_length, model.network.horizon / 30.0), model.standards)
    values = layout.cells.n_columns * len(layout.bin_slots) * len(layout.bin_seconds)
    monkeypatch.setattr(measures, "VALUES_AT_ONCE", at_once * values)
    together, alone = Together(layout, 3), []
    for replication in range(3):
        parties = earliest(model.draw(plan.seed, replication), 1_000 * (replication + 1))
        records = engine("compiled")(model.network, parties)
        together.add(look_at(layout, parties, records, see))
        alone.append(row_of(measure(layout, parties, records, see)))
    assert together.measure() == {}
    assert np.array_equal(together.rows, np.stack(alone), equal_nan=True)


def test_the_parts_of_rows_are_the_rows_themselves() -> None:
    layout = experiment(load(SCENARIOS[0]), "compiled").model("baseline")[1]
    rows = np.zeros((2, Parts.of(layout).width))
    parts = in_rows(rows, Parts.of(layout))
    for number, part in enumerate(parts, start=1):
        part[...] = number
    assert set(np.unique(rows)) == {1.0, 2.0, 3.0, 4.0}
    assert np.array_equal(rows[0], row_of(Measured(*(part[0] for part in parts))))


def test_cells_add_up_in_one_order_whatever_stands_beside_them() -> None:
    # Columns of every length up to 40, of which numpy adds the longer ones in another order.
    gather = Gather.of([list(range(count, 0, -1)) for count in range(41)])
    cells = np.random.default_rng(1).lognormal(0.0, 8.0, (41, 6))
    alone = np.stack([gather(np.ascontiguousarray(column)) for column in cells.T], axis=1)
    assert np.array_equal(alone[1:3], [cells[1], cells[1] + cells[2]])
    assert np.array_equal(alone[3], cells[3] + (cells[2] + cells[1]))
    assert np.array_equal(gather(cells), alone)
    assert np.array_equal(gather(cells[:, :1]), alone[:, :1])
    assert np.array_equal(gather(cells.reshape(41, 2, 3)), alone.reshape(-1, 2, 3))


def test_who_ends_as_no_rule_allows_is_told_and_the_others_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = replace(experiment(load(SCENARIOS[0]), "compiled"), replications=4)
    whole = plan.chunk(("baseline", 0, 4))
    assert whole.failures == []
    monkeypatch.setattr(experiments, "look_at", _spoiling(plan, {1, 3}))
    spoilt = plan.chunk(("baseline", 0, 4))
    assert [(failure.variant, failure.replication) for failure in spoilt.failures] == [("baseline", 1), ("baseline", 3)]
    assert "a party ended as 'reneged' where no rule" in str(spoilt.failures[0])
    assert np.isnan(spoilt.rows[[1, 3]]).all()
    assert np.array_equal(spoilt.rows[[0, 2]], whole.rows[[0, 2]], equal_nan=True)
    with pytest.raises(ReplicationError, match="'reneged'") as told:
        plan.measures("baseline", 1)
    assert isinstance(told.value.__cause__, SimulationError)


def test_what_goes_wrong_in_forming_measures_is_told_of_its_replication(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = replace(experiment(load(SCENARIOS[0]), "compiled"), replications=4, visits=True)
    whole = plan.chunk(("baseline", 0, 4))
    model, _ = plan.model("baseline")
    second = model.draw(plan.seed, 2).time[0]

    def look(layout: Layout, parties: Parties, *more: object) -> Looked:
        looked = look_at(layout, parties, *more)  # type: ignore[arg-type]
        if parties.time[0] != second:
            return looked
        return looked._replace(of_run=looked.of_run._replace(waits=looked.of_run.waits[:2]))

    monkeypatch.setattr(experiments, "look_at", look)
    spoilt = plan.chunk(("baseline", 0, 4))
    assert [failure.replication for failure in spoilt.failures] == [2]
    assert "ValueError" in str(spoilt.failures[0])
    assert np.isnan(spoilt.rows[2]).all()
    others = [0, 1, 3]
    assert np.array_equal(spoilt.rows[others], whole.rows[others], equal_nan=True)
    assert [bool(visits) for visits in spoilt.visits] == [True, True, False, True]
    assert [spoilt.visits[at] for at in others] == [whole.visits[at] for at in others]


def _spoiling(plan: Experiment, which: set[int]) -> Callable[..., object]:
    """`look_at` that meets a party that gave up, at a place where nobody does, in some replications."""
    model, _ = plan.model("baseline")
    times = {replication: model.draw(plan.seed, replication).time[0] for replication in which}
    reneged = model.network.outcomes.index("reneged")

    def look(layout: Layout, parties: Parties, records: Records, *more: object) -> object:
        if parties.time[0] in times.values():
            outcome = records.outcome.copy()
            outcome[np.flatnonzero(outcome >= 0)[0]] = reneged
            records = replace(records, outcome=outcome)
        return look_at(layout, parties, records, *more)  # type: ignore[arg-type]

    return look
