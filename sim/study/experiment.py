"""Many replications of a scenario and its variants on common random numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from sim.engine import Records, engine
from sim.errors import BordersimError, ReplicationError
from sim.model.build import Model, build
from sim.model.parties import Parties
from sim.scenario import Scenario
from sim.study.conservation import check_conservation
from sim.study.executors import map_ordered
from sim.study.layout import Layout
from sim.study.measures import FloatArray, measure

BASELINE = "baseline"
CHUNK = 5
"""Replications a task holds: enough work that handing it to a process costs little."""


@dataclass(frozen=True)
class Measures:
    """What one or many replications gave: arrays by replication once stacked."""

    values: FloatArray
    bins: FloatArray
    start_bins: FloatArray
    survival: FloatArray


@dataclass
class Experiment:
    """What is to be run. Sent whole to every worker, which builds each variant's model once."""

    scenarios: Mapping[str, Scenario]
    """By name of variant, the baseline first and called `baseline`; resolved."""
    seed: int
    replications: int
    engine: str = "reference"
    _models: dict[str, tuple[Model, Layout]] = field(default_factory=dict, repr=False)

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_models": {}}  # a worker builds its own: models are larger than scenarios

    @property
    def variants(self) -> list[str]:
        return list(self.scenarios)

    def model(self, variant: str) -> tuple[Model, Layout]:
        """The variant's model and layout, built when first asked for."""
        if variant not in self._models:
            scenario = self.scenarios[variant]
            model = build(scenario, self.scenarios[BASELINE])
            self._models[variant] = model, Layout.of(model.network, scenario.bin, model.standards)
        return self._models[variant]

    def expected_parties(self) -> float:
        """About how many parties all replications of all variants have."""
        return self.replications * sum(self.model(variant)[0].expected_parties() for variant in self.scenarios)

    def simulate(self, variant: str, replication: int) -> tuple[Parties, Records]:
        """Run one replication alone; equal to the same replication of the whole.

        Raises:
            SimulationError: the records break conservation.
        """
        model, _ = self.model(variant)
        parties = model.draw(self.seed, replication)
        records = engine(self.engine)(model.network, parties)
        check_conservation(model.network, parties, records)
        return parties, records

    def measures(self, variant: str, replication: int) -> Measures:
        """Measures of one replication.

        Raises:
            ReplicationError: something went wrong in it; says which it was, so that it can be replayed.
        """
        _, layout = self.model(variant)
        try:
            measured = measure(layout, *self.simulate(variant, replication))
        except Exception as error:
            reason = str(error) if isinstance(error, BordersimError) else f"{type(error).__name__}: {error}"
            raise ReplicationError(variant, replication, reason) from error
        return Measures(measured.values, measured.bins, measured.bins_by_start, measured.survival)

    def chunk(self, task: tuple[str, int, int]) -> list[Measures]:
        """Measures of replications [first, last) of a variant."""
        variant, first, last = task
        return [self.measures(variant, replication) for replication in range(first, last)]

    def run(self, workers: int = 1, advance: Callable[[int], None] = lambda n: None) -> dict[str, Measures]:
        """Run everything.

        Args:
            workers: processes.
            advance: called with the number of replications just finished.

        Returns:
            Per variant, its measures with a first axis of replications in index order.
        """
        tasks = [
            (variant, first, min(first + CHUNK, self.replications))
            for variant in self.scenarios
            for first in range(0, self.replications, CHUNK)
        ]
        found: dict[str, list[Measures]] = {variant: [] for variant in self.scenarios}
        for (variant, *_), chunk in zip(tasks, map_ordered(self.chunk, tasks, workers), strict=True):
            found[variant] += chunk
            advance(len(chunk))
        return {variant: _stack(measures) for variant, measures in found.items()}


def _stack(measures: list[Measures]) -> Measures:
    return Measures(
        values=np.stack([m.values for m in measures]),
        bins=np.stack([m.bins for m in measures]),
        start_bins=np.stack([m.start_bins for m in measures]),
        survival=np.stack([m.survival for m in measures]),
    )
