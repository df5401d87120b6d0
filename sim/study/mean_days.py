"""Numbers of parties a day that were written over the registry's, which are means over a year."""

from __future__ import annotations

from collections.abc import Iterator

from sim.scenario import Scenario
from sim.scenario.cautions import Doubt
from sim.scenario.problems import Path
from sim.scenario.tree import Tree
from sim.study.offered import plans_of


def mean_days(scenario: Scenario, tree: Tree) -> Iterator[Doubt]:
    """A `per_day` of the user's own under the registry's `average`: what it comes to on the days simulated."""
    for plan in plans_of(scenario):
        for mode, traffic in plan.port.traffic.items():
            at: Path = ("ports", plan.name, "traffic", mode)
            number, average = (tree.places.get((*at, key)) for key in ("per_day", "average"))
            if traffic.per_day is None or number is None or average is None or not average.registry:
                continue
            if number.registry or number.reckoned or not traffic.average:
                continue
            days = [day for day in plan.clock.dates() if plan.clock.at(day, 0.0) < plan.end]
            factors = [traffic.factor(day, day in plan.clock.holidays) for day in days]
            low, high = min(factors), max(factors)
            when = f"on {days[0]}" if len(days) == 1 else f"from {days[0]} to {days[-1]}"
            spread, comes = (f"{low:.3g}", f"{traffic.per_day * low:,.0f}")
            if low != high:
                spread, comes = f"{spread} to {high:.3g}", f"{comes} to {traffic.per_day * high:,.0f}"
            found = (
                "taken as the registry's number is, for the mean day of the year: "
                f"{traffic.per_day:,g} x {spread} = {comes} {when}"
            )
            mend = "write average: no beside it if it is the count of the day itself, average: yes if it is not"
            yield Doubt("mean-day", found, mend, (*at, "per_day"), once=True)
