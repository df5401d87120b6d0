"""A shared line has a recursion that gives every party's times: the run must equal it to the bit.

start = max(arrival, earliest free booth), end = start + service, in order of arrival. It needs no clock and no
events, and it holds for any arrivals and services, so it is a second engine for this one kind of queue.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from toolbox import FloatArray, run, scenario, trace

from sim.model.build import build
from sim.scenario import load


def oracle(arrival: FloatArray, service: FloatArray, booths: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Start, end and booth of each party; a party takes the lowest-numbered booth that is free."""
    free = np.full(booths, -np.inf)
    start, end, booth = np.empty(len(arrival)), np.empty(len(arrival)), np.empty(len(arrival))
    for party, (came, takes) in enumerate(zip(arrival, service, strict=True)):
        start[party] = max(came, free.min())
        number = int(np.argmax(free <= start[party]))
        free[number] = end[party] = start[party] + takes
        booth[party] = number
    return start, end, booth


def equals_oracle(visits: pd.DataFrame, service: FloatArray, booths: int) -> None:
    """Hold the visits of a shared line against the recursion, bit for bit."""
    start, end, booth = oracle(visits["joined"].to_numpy(), service, booths)
    assert np.array_equal(visits["started"], start)
    assert np.array_equal(visits["ended"], end)
    assert np.array_equal(visits["left"], end)
    assert np.array_equal(visits["booth"], booth)
    assert (visits["started"] > visits["joined"]).any(), "nobody waited: the case shows nothing"


def drawn_services(path: Path, replication: int) -> FloatArray:
    """The service time of each party of a replication, as drawn before the clock starts."""
    scenario = load(path).baseline
    model = build(scenario)
    parties = model.draw(scenario.seed, replication)
    (station,) = model.network.stations
    slots = np.array([station.classes[klass].service for klass in parties.klass])
    return parties.draws[parties.first_draw + slots]


def m_m_6(folder: Path, horizon: str) -> Path:
    """450 vehicles an hour, 45 s each, 6 booths: load 0.94, where statistics are hopeless."""
    port = """
        traffic: {car: {rate: 450 /h}}
        lanes: {general: {serves: [car], booths: 6, service: {exponential: {mean: 45 s}}}}
    """
    return scenario(folder, port, horizon=horizon, replications=2, seed=450)


def test_m_m_6_at_load_094(tmp_path) -> None:
    path = m_m_6(tmp_path, "12 h")
    done = run(path)
    for replication in range(2):
        equals_oracle(done.visits(replication=replication), drawn_services(path, replication), 6)


def test_several_classes_in_one_line(tmp_path) -> None:
    """Classes with services of their own, sizes and batches: still one line in order of arrival."""
    port = """
        traffic:
          car: {rate: 60 /h, nexus: 30 %, batch: 2}
          truck: {rate: 20 /h, fast: 20 %}
          bus: {rate: 3 /h}
        day_to_day: {cv: 20 %}
        lanes:
          together:
            serves: [car, truck, bus]
            booths: 3
            service:
              car: {erlang: {mean: 50 s, shape: 3}}
              car.nexus: {gamma: {mean: 12 s, cv: 0.5}}
              truck: {lognormal: {mean: 4 min, cv: 1}}
              truck.fast: 40 s
              bus: {uniform: {low: 5 min, high: 20 min}}
    """
    path = scenario(tmp_path, port, horizon="10 h", replications=3, seed=8)
    done = run(path)
    for replication in range(3):
        visits = done.visits(replication=replication)
        assert visits["class"].nunique() == 5
        cars = visits[visits["class"].str.startswith("car")]
        assert (cars["joined"].value_counts() == 2).all()  # a batch comes whole or not at all
        equals_oracle(visits, drawn_services(path, replication), 3)


@pytest.mark.parametrize("seed", range(8))
def test_tables_with_many_ties(tmp_path, seed) -> None:
    """Whole seconds, so that arrivals and ends of service fall together; half of the cases with odd fractions."""
    rng = np.random.default_rng([94, seed])
    booths, count = int(rng.integers(1, 6)), 300
    arrival = np.sort(rng.integers(0, 600, count)).astype(np.float64)
    service = rng.integers(0, 4 * booths, count).astype(np.float64)
    if seed % 2:
        service = service + rng.random(count)
    klass = rng.choice(["car", "car.nexus", "car.ready"], count)
    trace(tmp_path, "cars.csv", arrival, klass, unit=1.0, service=service)
    port = f"""
        traffic: {{car: {{trace: cars.csv}}}}
        lanes: {{general: {{serves: [car], booths: {booths}, service: 1 s}}}}
    """
    visits = run(scenario(tmp_path, port, horizon="15 min")).visits()
    assert np.array_equal(visits["joined"], arrival)
    equals_oracle(visits, service, booths)
