"""How long a summer week at all eight preclearance airports takes with the compiled engine.

    python tools/bench_halls.py

prints the seconds of CPU of each stage of one replication beside the target of the whole: of the first, which brings
the compiled code into memory, and the median of those after it. One thread does it all. It measures and judges nothing.
"""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from sim.engine import engine
from sim.model.build import build
from sim.scenario import Scenario, load
from sim.study.layout import Layout
from sim.study.measures import measure

FILE = Path(__file__).resolve().parents[1] / "scenarios" / "preclearance-eight-airports.yaml"
WEEK = 7 * 86400.0
TARGET = 10.0
"""Seconds for the whole."""
RUNS = 3


@dataclass(frozen=True)
class Week:
    """One replication: what it held and the seconds of CPU it took."""

    passengers: int
    visits: int
    stages: dict[str, float]

    @property
    def seconds(self) -> float:
        """Of all stages."""
        return sum(self.stages.values())


def week(scenario: Scenario, replication: int) -> Week:
    """Build, draw, run and measure the scenario over a week."""
    marks = [time.process_time()]
    model = build(scenario.model_copy(update={"horizon": WEEK}))
    marks.append(time.process_time())
    parties = model.draw(1, replication)
    marks.append(time.process_time())
    records = engine("compiled")(model.network, parties)
    marks.append(time.process_time())
    measure(Layout.of(model.network, scenario.bin, model.standards), parties, records)
    marks.append(time.process_time())
    spent = (after - before for before, after in pairwise(marks))
    stages = dict(zip(("build", "draw", "run", "measure"), spent, strict=True))
    return Week(int(parties.size.sum()), len(records.party), stages)


def main() -> int:
    """Print the table; 0 always."""
    scenario = load(FILE).baseline
    first, *others = (week(scenario, replication) for replication in range(RUNS + 1))
    print(f"{first.passengers:,} passengers, {first.visits:,} visits to stations; one replication, seconds of CPU")
    print(f"{'stage':<10}{'first':>8}{'later':>8}")
    for name in first.stages:
        print(f"{name:<10}{first.stages[name]:>8.2f}{statistics.median(one.stages[name] for one in others):>8.2f}")
    whole = statistics.median(one.seconds for one in others)
    print(f"{'whole':<10}{first.seconds:>8.2f}{whole:>8.2f}   target {TARGET:g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
