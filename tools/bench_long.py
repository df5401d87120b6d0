"""How long a summer week at all eight preclearance airports takes, and a year of all sectors of irregular flows.

    python -m tools.bench_long

prints the seconds of CPU of each stage of one replication with the compiled engine: of the first, which brings the
compiled code into memory, and the median of those after it; one thread does it all. Beside it stands the target of the
week, which is for one replication. That of the year is for the command `bordersim run` with its 100 replications on two
workers, from starting Python to the written files: its seconds by the clock, the
CPU of its processes below. It measures and judges nothing.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from sim.engine import COMPILED, engine, streams_of
from sim.model.build import build
from sim.scenario import Scenario, load
from sim.study.compiled import see
from sim.study.layout import Layout
from sim.study.measures import measure
from tools.bench_startup import median

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
HALLS, FLOWS = SCENARIOS / "preclearance-eight-airports.yaml", SCENARIOS / "irregular-year-all-sectors.yaml"
WEEK = 7 * 86400.0
TARGET = 10.0
"""Seconds for a week of the halls, and for a run of the flows."""
RUNS = 3


@dataclass(frozen=True)
class Replication:
    """What one replication held and the seconds of CPU it took."""

    persons: int
    visits: int
    stages: dict[str, float]

    @property
    def seconds(self) -> float:
        """Of all stages."""
        return sum(self.stages.values())


def replicate(scenario: Scenario, replication: int) -> Replication:
    """Build, draw, run and measure the scenario once."""
    marks = [time.process_time()]
    model = build(scenario)
    marks.append(time.process_time())
    parties = model.draw(1, replication, streams_of(COMPILED))
    marks.append(time.process_time())
    records = engine(COMPILED)(model.network, parties)
    marks.append(time.process_time())
    measure(Layout.of(model.network, scenario.bin, model.standards), parties, records, see)
    marks.append(time.process_time())
    spent = (after - before for before, after in pairwise(marks))
    stages = dict(zip(("build", "draw", "run", "measure"), spent, strict=True))
    return Replication(int(parties.size.sum()), len(records.party), stages)


def table(scenario: Scenario) -> str:
    """The stages of one replication, a line each under what it held."""
    first, *others = (replicate(scenario, replication) for replication in range(RUNS + 1))
    lines = [
        f"{scenario.name}: {first.persons:,} persons, {first.visits:,} visits to stations; one replication,"
        " seconds of CPU",
        f"{'stage':<10}{'first':>8}{'later':>8}",
    ]
    for name in first.stages:
        later = statistics.median(one.stages[name] for one in others)
        lines.append(f"{name:<10}{first.stages[name]:>8.2f}{later:>8.2f}")
    whole = statistics.median(one.seconds for one in others)
    return "\n".join([*lines, f"{'whole':<10}{first.seconds:>8.2f}{whole:>8.2f}"])


def run_of_flows() -> tuple[float, float]:
    """Median seconds by the clock and mean seconds of CPU of the whole run; compiled code is on disk by then."""
    before = cpu_of_children()
    with tempfile.TemporaryDirectory() as folder:
        where = ("--engine", COMPILED, "--workers", "2", "--quiet", "--force", "--out", folder)
        clock = median(("run", str(FLOWS), *where), RUNS)
    return clock, (cpu_of_children() - before) / RUNS


def cpu_of_children() -> float:
    """Seconds of CPU of all processes that this one and those it started have waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Print the tables; 0 always."""
    week = load(HALLS).baseline.model_copy(update={"horizon": WEEK})
    print(f"{table(week)}   target {TARGET:g}")
    year = load(FLOWS).baseline
    print(f"\n{table(year)}")
    clock, cpu = run_of_flows()
    print(f"bordersim run, {year.replications} replications, two workers: {clock:.1f} s   target {TARGET:g}")
    print(f"seconds of CPU of its processes together: {cpu:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
