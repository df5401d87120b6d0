"""What is drawn does not depend on how it is drawn: in stretches or at once, with the times nobody needs or without."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.engine import engine
from sim.engine.compiled_streams import CompiledStreams
from sim.model import drawing, sources
from sim.model.build import Model, build
from sim.model.parties import Parties
from sim.model.sources import Quantity, Source
from sim.model.streams import Streams
from sim.scenario import load

ROOT = Path(__file__).resolve().parents[2]
BY_COUNTER = ("time", "klass", "size", "initial", "departs", "flight", "traveller")
PORT = """
format: 1
name: A week at a port
start: 2024-07-08 00:00
horizon: 168 h
ports:
  here:
    direction: southbound
    zone: UTC
    traffic:
      car: {PACE, occupants: 2.1, batch: BATCH, nexus: {members: 30 %, alike: 40 %}}
    day_to_day: {cv: 20 %}
    lanes:
      general: {serves: [car], booths: 4, service: {erlang: {mean: 60 s, shape: 3}}}
      nexus: {serves: [car.nexus], booths: 1, service: {gamma: {mean: 15 s, cv: 0.5}}}
    secondary: {bays: 3, referral: {car: 4 %, car.nexus: 1 %}, service: {lognormal: {mean: 6 min, cv: 0.8}}}
events:
  - {name: Alert, from: 2024-07-09 00:00, until: 2024-07-10 00:00, referral: {car: 3}}
"""


DAILY = 'per_day: 3000, profile: {"00:00": 1, "07:00": 5, "19:00": 2}'


def model_of(tmp_path: Path, text: str = PORT, batch: int = 1) -> Model:
    path = tmp_path / "port.yaml"
    pace = DAILY if batch == 1 else "rate: 120 /h"
    path.write_text(text.replace("PACE", pace).replace("BATCH", str(batch)), encoding="utf-8")
    return build(load(path).baseline)


def same_but_for_nan(model: Model, some: Parties, other: Parties) -> int:
    """Holds every party's draws against each other where both have one; returns how many have none."""
    missing = 0
    for source in model.sources:
        for programme in source.programmes:
            mine = np.flatnonzero(some.klass == programme.klass)
            for slot in range(len(programme.slots)):
                one, two = some.draws[some.first_draw[mine] + slot], other.draws[other.first_draw[mine] + slot]
                both = ~(np.isnan(one) | np.isnan(two))
                assert np.array_equal(one[both], two[both])
                missing += int(np.isnan(one).sum())
    return missing


@pytest.mark.parametrize(("batch", "many"), [(1, 2**17), (1, 2000), (3, 2000)])
def test_stretches_are_the_whole(batch: int, many: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of(tmp_path, batch=batch)
    whole = model.draw(7, 2)
    monkeypatch.setattr(sources, "STRETCH", 1000)
    monkeypatch.setattr(drawing, "MANY", many)
    pieces = model.draw(7, 2)
    for name in BY_COUNTER:
        one, two = getattr(whole, name), getattr(pieces, name)
        assert (one is None and two is None) or np.array_equal(one, two), name
    assert len(whole) > 15_000, "many stretches"
    same_but_for_nan(model, pieces, whole)


@pytest.mark.parametrize("growth", [0.0, 1.0, 1.3, 50.0])
def test_a_column_is_its_parts_end_to_end(growth: float) -> None:
    """Without room, with too little time and again, and with plenty."""
    rng = np.random.default_rng(4)
    parts = [rng.random(count) for count in (0, 5, 0, 200, 1, 40, 0, 77)]
    for number in range(len(parts) + 1):
        column = drawing._Column(np.float64, lambda: growth)
        for part in parts[:number]:
            column.append(part)
        together = np.concatenate([np.empty(0), *parts[:number]])
        assert np.array_equal(column.values(), together)
        order = rng.permutation(together.size)
        assert np.array_equal(column.give(order), together[order])


def _one_by_one(source: Source) -> tuple[Quantity, ...]:
    """The quantities of a source, each of one programme alone."""
    every = []
    for quantity in type(source).quantities.func(source):
        for programme in quantity.programmes:
            columns = np.full_like(quantity.columns, -1)
            columns[programme] = quantity.columns[programme]
            marks = np.where(columns >= 0, quantity.marks, -1)
            every.append(Quantity(quantity.slot, columns, marks, quantity.below))
    return tuple(every)


@pytest.mark.parametrize("kind", [Streams, CompiledStreams], ids=["numpy", "compiled"])
@pytest.mark.parametrize("name", ["irregular-agreement-suspended", "pacific-highway-southbound"])
def test_what_programmes_share_is_as_if_each_had_its_own(
    kind: type[Streams], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = build(load(ROOT / "scenarios" / f"{name}.yaml").baseline)
    assert any(len(quantity.programmes) > 1 for source in model.sources for quantity in source.quantities)
    together = model.draw(7, 2, kind)
    every = {id(source): _one_by_one(source) for source in model.sources}
    monkeypatch.setattr(Source, "quantities", property(lambda source: every[id(source)]))
    apart = model.draw(7, 2, kind)
    for column in ("time", "klass", "size", "first_draw", "draws"):
        assert np.array_equal(getattr(together, column), getattr(apart, column), equal_nan=column == "draws"), column
    assert len(apart) > 100


@pytest.mark.parametrize("kind", [Streams, CompiledStreams], ids=["numpy", "compiled"])
def test_where_draws_stand_and_who_is_marked(kind: type[Streams]) -> None:
    streams = kind(1, 0)
    programme = np.array([1, 0, 2, 1, 3, 0])
    first, count = streams.begins(programme, np.array([2, 3, 0, 1]))
    assert (first.tolist(), count) == ([4, 0, 10, 7, 10, 2], 11)
    draws = np.full(count, np.nan)
    some = np.array([0, 1, 3, 4, 5])
    streams.put(draws, first[some], programme[some], np.array([1, 0, -1, 0]), np.array([0.1, 0.2, 2.0, 0.4, np.nan]))
    assert np.array_equal(draws[first[some] + np.array([0, 1, 0, 0, 1])], [0.1, 0.2, 2.0, 0.4, np.nan], equal_nan=True)
    again = np.full(count, np.nan)
    streams.put(again, first, programme, np.array([1, 0, -1, 0]), np.array([0.1, 0.2, 2.0, 0.4, np.nan]), some)
    assert np.array_equal(again, draws, equal_nan=True)
    # 0.1 is below its limit and 0.2 is not; 2 is forced; the others have no mark, or no draw.
    marked = streams.marked(draws, first, programme, np.array([1, 0, -1, -1]), np.array([0.2, 0.11, 9.0, 9.0]))
    assert marked.tolist() == [0, 3]
    nobody = np.empty(0, np.int64)
    assert streams.begins(nobody, np.array([2]))[1] == 0
    assert streams.marked(np.empty(0), nobody, nobody, np.array([0]), np.array([1.0])).size == 0


@pytest.mark.parametrize("kind", [Streams, CompiledStreams], ids=["numpy", "compiled"])
def test_kinds_by_their_shares_and_times_in_order(kind: type[Streams]) -> None:
    streams = kind(1, 0)
    rows = np.arange(3, 40_000, 7)
    upper = np.array([0.25, 0.25, 0.6, 1.0])
    found = streams.kinds("class", rows, upper)
    assert np.array_equal(found, np.searchsorted(upper, streams.at("class", rows), side="right"))
    assert set(found.tolist()) == {0, 2, 3}
    assert streams.kinds("class", rows, upper[:0]).tolist() == [0] * rows.size
    assert streams.kinds("class", rows[:0], upper).size == 0
    assert all(streams.ascend(np.array(times)) for times in ([], [1.0], [1.0, 1.0, 2.0], [-np.inf, 0.0, np.inf]))
    assert not any(streams.ascend(np.array(times)) for times in ([1.0, 0.5], [0.0, 2.0, 1.0], [0.0, np.nan, 1.0]))


def test_times_that_nobody_needs_are_missing_and_not_missed(tmp_path: Path) -> None:
    model = model_of(tmp_path)
    without = model.draw(7, 0)
    everywhere = [replace(s, programmes=tuple(replace(p, seldom={}) for p in s.programmes)) for s in model.sources]
    all_of_them = replace(model, sources=tuple(everywhere)).draw(7, 0)
    missing = same_but_for_nan(model, without, all_of_them)
    assert not np.isnan(all_of_them.draws).any()
    # A car has one in eight at the worst (4 % threefold), a member one in thirty-three.
    assert 0.85 * len(without) < missing < len(without)
    run = engine("reference")
    one, two = run(model.network, without), run(model.network, all_of_them)
    for name in ("party", "station", "joined", "started", "ended", "left"):
        assert np.array_equal(getattr(one, name), getattr(two, name), equal_nan=True), name


def test_where_many_are_sent_all_have_a_time(tmp_path: Path) -> None:
    """Three times 20 % on the day of the alert is more than half of the cars; of members it is still 3 %."""
    model = model_of(tmp_path, PORT.replace("{car: 4 %", "{car: 20 %"))
    programmes = [programme for source in model.sources for programme in source.programmes]
    names = [model.network.classes[programme.klass].name for programme in programmes]
    assert {name: bool(p.seldom) for name, p in zip(names, programmes, strict=True)} == {
        "car": False,
        "car.nexus": True,
    }
