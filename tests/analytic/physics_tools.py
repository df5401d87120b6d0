"""What the physical expectations share: variants on common random numbers, parties matched, statements made.

Where theory promises an order only in the mean, it is tested one-sided at 99.9 % over at least 100 replications:
the statement holds when the lower bound of the difference lies above zero. Each test takes `times`, by which the long
verification multiplies its replications, and prints what it measured (`pytest -s`): docs/physics.md quotes that.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from textwrap import dedent

import numpy as np
import numpy.typing as npt
from scipy import stats
from toolbox import MINUTE, FloatArray, Run, run, scenario

from sim.engine import Records
from sim.model.network import Network, StationKind
from sim.model.parties import Parties
from sim.scenario import load
from sim.scenario.vocabulary import BASELINE
from sim.study.experiment import Experiment
from sim.study.runs import experiment

REPLICATIONS = 100
"""What a statement in the mean needs at least."""
ONE_SIDED = 0.999


# ---- running ------------------------------------------------------------------------------------------


def written(
    folder: Path,
    port: str,
    variants: str = "",
    *,
    horizon: str,
    seed: int,
    times: int = 1,
    replications: int = REPLICATIONS,
    more: str = "",
) -> Path:
    """A scenario with one port called `here` and `times` as many replications."""
    keys = f"{dedent(more).strip()}\n{dedent(variants).strip()}"
    return scenario(folder, port, horizon=horizon, replications=times * replications, seed=seed, more=keys)


def measured(path: Path) -> Run:
    """Run the baseline and all variants through the command line; measures only."""
    return run(path, "--all", visits=False)


def simulated(path: Path) -> Experiment:
    """The same runs, for what is said party by party: `Experiment.simulate` gives parties and visits of each."""
    return experiment(load(path), "reference")


def at_port(done: Run, facility: str, measure: str, variant: str = BASELINE) -> FloatArray:
    """The measure of a facility as a whole in each replication, for runs of several ports."""
    table = done.replications
    whole = (table["station"] == "all") & (table["class"] == "all") & (table["variant"] == variant)
    rows = table[whole & (table["facility"] == facility) & (table["measure"] == measure)]
    assert len(rows), f"the run has no {measure} of {facility}"
    return rows.sort_values("replication")["value"].to_numpy()


# ---- parties ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Crowd:
    """The parties of one replication, what they did, and where."""

    network: Network
    parties: Parties
    records: Records

    @cached_property
    def klass(self) -> npt.NDArray[np.str_]:
        """Name of each party's class."""
        return np.array([k.name for k in self.network.classes])[self.parties.klass]

    @cached_property
    def started(self) -> FloatArray:
        """Seconds at which each party's primary inspection began, NaN for none."""
        rows = self.rows(StationKind.LANE_GROUP)
        found = np.full(len(self.parties), np.nan)
        found[self.records.party[rows]] = self.records.started[rows]
        return found

    @cached_property
    def wait(self) -> FloatArray:
        """Minutes from arriving to the start of primary, NaN for none; the ports here have no free drive."""
        waited: FloatArray = (self.started - self.parties.time) / MINUTE
        return waited

    def rows(self, kind: StationKind, name: str = "") -> npt.NDArray[np.int64]:
        """Visits to the stations of a kind, or to the one of that kind and name."""
        wanted = [s.kind is kind and name in ("", s.name) for s in self.network.stations]
        return np.flatnonzero(np.array(wanted)[self.records.station])

    def end(self, outcome: str) -> npt.NDArray[np.int64]:
        """Numbers of the parties that joined and ended so."""
        return self.records.party[self.records.outcome == self.network.outcome(outcome)]


def crowd(plan: Experiment, replication: int, variant: str = BASELINE) -> Crowd:
    """One replication of a variant."""
    return Crowd(plan.model(variant)[0].network, *plan.simulate(variant, replication))


@dataclass(frozen=True)
class Pair:
    """A replication of the baseline and of a variant, and the parties they have in common."""

    before: Crowd
    after: Crowd

    @cached_property
    def common(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Numbers of the common parties in each: those that came at the same instant, the initial queue left out."""
        one, other = self.before.parties, self.after.parties
        mine = np.flatnonzero(~one.initial & np.isin(one.time, other.time))
        return mine, np.searchsorted(other.time, one.time[mine])

    def longer(self, classes: tuple[str, ...] = (), since: float = 0.0, until: float = math.inf) -> float:
        """Minutes the common parties that came in [since, until), of the classes, wait longer; their mean."""
        mine, others = self.common
        came = self.before.parties.time[mine]
        chosen = (came >= since) & (came < until)
        if classes:
            chosen &= np.isin(self.before.klass[mine], classes)
        assert np.array_equal(self.before.klass[mine[chosen]], self.after.klass[others[chosen]])
        return float((self.after.wait[others[chosen]] - self.before.wait[mine[chosen]]).mean())


def pairs(plan: Experiment, *variants: str) -> Iterator[tuple[Pair, ...]]:
    """Each replication of the baseline paired with that of each of the variants."""
    for replication in range(plan.replications):
        before = crowd(plan, replication)
        yield tuple(Pair(before, crowd(plan, replication, variant)) for variant in variants)


# ---- statements ---------------------------------------------------------------------------------------


def surely_positive(differences: FloatArray | list[float], what: str) -> float:
    """Hold that the mean of the differences, one per replication, is above zero; returns it.

    Args:
        differences: paired, one per replication, at least 100.
        what: what is said to be positive, with its unit, for whoever reads the output.
    """
    values = np.asarray(differences)
    assert len(values) >= REPLICATIONS
    assert np.isfinite(values).all(), f"{what}: a replication without a value"
    mean, half = float(values.mean()), one_sided(values)
    print(f"{what}: {mean:.4g}, surely above {mean - half:.4g}")
    assert mean > half, f"{what}: {mean} is not surely above zero, one-sided error {half}"
    return mean


def one_sided(values: FloatArray) -> float:
    """How far below its estimate the mean surely does not lie, at 99.9 %."""
    n = len(values)
    return float(stats.t.ppf(ONE_SIDED, n - 1) * values.std(ddof=1) / math.sqrt(n))
