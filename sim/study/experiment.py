"""Many replications of a scenario and its variants on common random numbers."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from sim.engine import COMPILED, Records, engine, streams_of
from sim.errors import BordersimError, ReplicationError
from sim.model.arrays import FloatArray
from sim.model.build import Model, build
from sim.model.network import Network
from sim.model.parties import Parties
from sim.scenario import Scenario
from sim.scenario.vocabulary import BASELINE
from sim.study.conservation import check_conservation
from sim.study.estimated import Estimators
from sim.study.executors import map_unordered, on_this_machine, way_to_start
from sim.study.journal import Journal
from sim.study.layout import Layout
from sim.study.looked import Looked, look_at
from sim.study.matrix import Found
from sim.study.measures import Together
from sim.study.rows import Parts
from sim.study.seen import See, see
from sim.study.visits import visits_file

PARTIES_PER_TASK = 100_000
MOST_PER_TASK, LEAST_TASKS = 50, 8
"""A task holds replications of about so many parties: enough work that handing it to a process costs little, and
small enough that several workers finish together."""

WORTH_WORKERS = {"reference": 150_000.0, "compiled": 1_500_000.0}
"""Parties in all, by engine, from which starting processes anew (some 2 s each, meanwhile this one works) pays: about
4 s of work."""
OF_COPIES = 0.2
"""Share of that from which processes pay that start as copies of this one, in some milliseconds."""

Task = tuple[str, int, int]
"""Replications [first, last) of a variant."""


@dataclass
class Chunk:
    """What a task gave."""

    rows: FloatArray
    """(last - first, width): a row per replication (`sim.study.matrix`); NaN where it failed."""
    visits: list[bytes] = field(default_factory=list)
    """A parquet file per replication, where they are asked for; empty where it failed."""
    failures: list[ReplicationError] = field(default_factory=list)

    @classmethod
    def joined(cls, chunks: Sequence[Chunk]) -> Chunk:
        """Tasks that follow one another as one."""
        visits = [one for chunk in chunks for one in chunk.visits]
        failures = [one for chunk in chunks for one in chunk.failures]
        return cls(np.concatenate([chunk.rows for chunk in chunks]), visits, failures)


@dataclass
class Experiment:
    """What is to be run. Sent whole to every worker, which builds each variant's model once."""

    scenarios: Mapping[str, Scenario]
    """By name of variant, the baseline first and called `baseline`; resolved."""
    seed: int
    replications: int
    engine: str = "reference"
    visits: bool = False
    """Also make one row per visit."""
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

    def parts(self, variant: str) -> Parts:
        """The columns of a variant's rows."""
        return Parts.of(self.model(variant)[1])

    def expected_work(self) -> float:
        """About how many parties all replications of all variants have, in parties of a land port."""
        return self.replications * sum(self.model(variant)[0].expected_work() for variant in self.scenarios)

    def workers_worth(self) -> int:
        """Processes that pay: all cores once the work is longer than starting them takes."""
        enough = WORTH_WORKERS.get(self.engine, 0.0) * (OF_COPIES if way_to_start() == "fork" else 1.0)
        return cores() if self.expected_work() >= enough else 1

    def simulate(self, variant: str, replication: int) -> tuple[Parties, Records]:
        """Run one replication alone; equal to the same replication of the whole.

        Raises:
            SimulationError: the records break conservation.
        """
        model, _ = self.model(variant)
        parties = model.draw(self.seed, replication, streams_of(self.engine))
        records = engine(self.engine)(model.network, parties)
        self._check()(model.network, parties, records)
        return parties, records

    def measures(self, variant: str, replication: int) -> tuple[FloatArray, bytes]:
        """The row of one replication, and its visits where they are asked for.

        Raises:
            ReplicationError: something went wrong in it; says which it was, so that it can be replayed.
        """
        looked, visits = self._looked(variant, replication)
        together = self._together(variant, 1)
        try:
            together.add(looked)
            for fault in together.measure().values():
                raise fault
        except Exception as error:
            raise _told(variant, replication, error) from error
        return together.rows[0], visits

    def _looked(self, variant: str, replication: int) -> tuple[Looked, bytes]:
        """What one replication is measured by, and its visits."""
        model, layout = self.model(variant)
        try:
            parties, records = self.simulate(variant, replication)
            visits = visits_file(model.network, parties, records) if self.visits else b""
            if not any(facility.flow for facility in model.network.facilities):
                parties = parties.without_draws()
            return look_at(layout, parties, records, self._look()), visits
        except Exception as error:
            raise _told(variant, replication, error) from error

    def _check(self) -> Callable[[Network, Parties, Records], None]:
        """Who holds records against what any run must satisfy: as fast as the engine."""
        if self.engine == COMPILED:
            from sim.study.compiled import check_conservation as check_compiled

            return check_compiled
        return check_conservation

    def _together(self, variant: str, most: int) -> Together:
        """Room for as many replications of a variant, to be measured as fast as the engine."""
        layout = self.model(variant)[1]
        if self.engine == COMPILED:
            from sim.study.compiled import put_binned

            return Together(layout, most, put_binned)
        return Together(layout, most)

    def _look(self) -> See:
        """How records are read: as fast as the engine."""
        if self.engine == COMPILED:
            from sim.study.compiled import see as see_compiled

            return see_compiled
        return see

    def estimators(self) -> Estimators:
        """Who estimates from the replications: as fast as the engine."""
        if self.engine == COMPILED:
            from sim.study.compiled import estimating

            return Estimators(estimating.of_means, estimating.means_by_bin, estimating.ratios_by_bin)
        return Estimators()

    def chunk(self, task: Task) -> Chunk:
        """A task's replications; one that fails does not stop the others."""
        variant, first, last = task
        try:
            return self._chunk(task)
        except (
            Exception
        ) as error:  # in what is formed of several at once: which of them it was shows when each is alone
            if last - first > 1:
                return Chunk.joined([self.chunk((variant, at, at + 1)) for at in range(first, last)])
            nothing = np.full((1, self.parts(variant).width), np.nan)
            return Chunk(nothing, [b""] if self.visits else [], [_told(variant, first, error)])

    def _chunk(self, task: Task) -> Chunk:
        """The same, where no more goes wrong than replications and their records."""
        variant, first, last = task
        together, failures = self._together(variant, last - first), list[ReplicationError]()
        done, visited = list[int](), list[bytes]()
        for replication in range(first, last):
            visits = b""
            try:
                looked, visits = self._looked(variant, replication)
                together.add(looked)
                done.append(replication)
            except ReplicationError as error:
                failures.append(error)
            if self.visits:
                visited.append(visits)
        if done:
            failures += [_told(variant, done[at], fault) for at, fault in together.measure().items()]
        if not failures:
            return Chunk(together.rows, visited)
        rows = np.full(together.rows.shape, np.nan)
        rows[np.array(done, np.int64) - first] = together.rows[: len(done)]
        rows[[failure.replication - first for failure in failures]] = np.nan
        return Chunk(rows, visited, failures)

    def kept(self, journal: Journal, task: Task) -> Chunk:
        """The same, its replications in the journal: what is left in it are those that failed.

        On the machine of the journal whoever makes rows writes them: handing them over would take a process longer
        than that, and the one that takes them, busy with replications of its own, keeps it waiting.
        """
        chunk = self.chunk(task)
        _keep(journal, task, chunk)
        return Chunk(chunk.rows[:0], failures=chunk.failures)

    def tasks(self, journal: Journal) -> list[Task]:
        """What is still to be done, in pieces that do not depend on the number of workers."""
        tasks: list[Task] = []
        for variant in self.scenarios:
            each = max(self.model(variant)[0].expected_parties(), 1.0)
            size = int(max(1, min(PARTIES_PER_TASK / each, MOST_PER_TASK, self.replications / LEAST_TASKS)))
            for begin, gap_ends in journal.missing(variant, self.replications):
                end = min(gap_ends, self.replications)  # the journal may reach beyond
                tasks += [(variant, first, min(first + size, end)) for first in range(begin, end, size)]
        return tasks

    def run(
        self, journal: Journal, workers: int = 1, advance: Callable[[int], None] = lambda n: None
    ) -> list[ReplicationError]:
        """Run what the journal does not hold yet, and keep it there as it is finished.

        Args:
            journal: where finished replications are kept.
            workers: processes.
            advance: called with the number of replications just finished.

        Returns:
            What failed, in order; everything else is in the journal.
        """
        tasks = self.tasks(journal)
        advance(self.replications * len(self.scenarios) - sum(last - first for _, first, last in tasks))
        failures: list[ReplicationError] = []
        work = partial(self.kept, journal) if on_this_machine() else self.chunk
        for task, chunk in map_unordered(work, tasks, workers):
            if work == self.chunk:
                _keep(journal, task, chunk)
            failures += chunk.failures
            advance(task[2] - task[1])
        order = list(self.scenarios)
        return sorted(failures, key=lambda failure: (order.index(failure.variant), failure.replication))

    def found(self, journal: Journal) -> dict[str, Found]:
        """The rows of every variant, once all of them are in the journal; it may hold more of them."""
        parts, n = {variant: self.parts(variant) for variant in self.scenarios}, self.replications
        return {variant: Found(of, journal.rows(variant, of.width, n), n) for variant, of in parts.items()}


def _told(variant: str, replication: int, error: Exception) -> ReplicationError:
    """What went wrong, saying in which replication."""
    reason = str(error) if isinstance(error, BordersimError) else f"{type(error).__name__}: {error}"
    return ReplicationError(variant, replication, reason)


def _keep(journal: Journal, task: Task, chunk: Chunk) -> None:
    """Write what a task gave to the journal, but for what failed."""
    variant, first, last = task
    failed = {failure.replication for failure in chunk.failures}
    for at, data in enumerate(chunk.visits):
        if first + at not in failed:
            journal.keep_visits(visits_name(variant, first + at), data)
    for begin, end in _stretches(first, last, failed):
        journal.keep(variant, begin, chunk.rows[begin - first : end - first])


def visits_name(variant: str, replication: int) -> str:
    """The file of the visits of one replication."""
    return f"{variant}-{replication:05d}.parquet"


def cores() -> int:
    """Processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _stretches(first: int, last: int, failed: set[int]) -> list[tuple[int, int]]:
    """[first, last) without those that failed, as stretches [begin, end)."""
    stretches, begin = [], first
    for stop in [*sorted(failed), last]:
        if stop > begin:
            stretches.append((begin, stop))
        begin = stop + 1
    return stretches
