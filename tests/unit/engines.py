"""Both engines side by side."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from networks import random_case

from sim.engine import Records, engine
from sim.errors import SimulationError
from sim.model.arrays import FloatArray
from sim.model.network import Network, Steps
from sim.model.parties import Parties
from sim.study.compiled import see
from sim.study.layout import Layout
from sim.study.measures import measure
from sim.study.rows import Measured
from sim.study.seen import See


def differences(network: Network, parties: Parties) -> list[str]:
    """Fields of the records in which the two engines differ in any bit."""
    first, second = engine("reference")(network, parties), engine("compiled")(network, parties)
    return [
        field.name
        for field in dataclasses.fields(first)
        if not np.array_equal(
            np.asarray(getattr(first, field.name)), np.asarray(getattr(second, field.name)), equal_nan=True
        )
    ]


def case_with_initial_queue(seed: int) -> tuple[Network, Parties]:
    """A random case, in every third of which the first arrivals stand in line when the horizon begins."""
    network, parties = random_case(seed)
    if seed % 3 or not len(parties):
        return network, parties
    standing = np.arange(len(parties)) < 1 + seed % 5
    time = np.where(standing, 0.0, parties.time)
    return network, dataclasses.replace(parties, time=time, initial=standing)


def disagreeing(seeds: range) -> dict[int, list[str]]:
    """Seeds whose case the two engines do not agree on, with the fields."""
    found = {seed: differences(*case_with_initial_queue(seed)) for seed in seeds}
    return {seed: fields for seed, fields in found.items() if fields}


def measured_apart(seeds: range) -> list[int]:
    """Seeds of random cases whose measures differ between numpy and compiled loops.

    Bins are a tenth, all, or an odd part of the horizon; each facility but the first has a standard that changes.
    """
    found = []
    for seed in seeds:
        network, parties = case_with_initial_queue(seed)
        records = engine("compiled")(network, parties)
        width = (network.horizon or 1.0) * (0.1, 2.0, 0.37)[seed % 3]
        standards = {
            facility.name: Steps((-math.inf, network.horizon / 2.0), (60.0 * at, 30.0 * at))
            for at, facility in enumerate(network.facilities)
            if at > 0 or seed % 2
        }
        layout = Layout.of(network, width, standards)
        first, second = (_measured(layout, parties, records, *look) for look in ((), (see,)))
        if not (first == second if isinstance(first, str) else np.array_equal(first, second, equal_nan=True)):
            found.append(seed)
    return found


def _measured(layout: Layout, parties: Parties, records: Records, *look: See) -> FloatArray | str:
    """The row, or what is refused: a random network may reroute to another facility, which no builder does."""
    try:
        with np.errstate(invalid="ignore"):  # an empty horizon has no time to divide by
            return row_of(measure(layout, parties, records, *look))
    except SimulationError as error:
        return str(error)


def row_of(measured: Measured) -> FloatArray:
    """One replication's row."""
    return np.concatenate([part.ravel() for part in measured])
