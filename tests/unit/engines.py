"""Both engines side by side."""

from __future__ import annotations

import dataclasses

import numpy as np
from networks import random_case

from sim.engine import engine
from sim.model.network import Network
from sim.model.parties import Parties


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
