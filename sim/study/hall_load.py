"""Work offered to the stations of preclearance halls: expected passengers spread over the time they show up.

Everybody is put at every station of theirs when they come to the hall: walks and waits on the way are left out, so an
hour may be told a little early. The times of showing up are spread evenly with the mean and variance they have.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from sim.model.hall_plan import HallPlan
from sim.model.network import Steps
from sim.scenario.distributions import mean, variance
from sim.scenario.preclearance import Stage, of_traveller
from sim.study.demand import QUARTER, Flow


def hall_flows(plan: HallPlan) -> dict[str, Flow]:
    """Expected parties at the door of a hall by class of travellers."""
    place = plan.place
    sizes = {name: plan.mean_size(name) for name in place.classes}
    bins: dict[str, dict[int, float]] = {name: {} for name in place.classes}
    for departure in plan.departures():
        shares = dict(zip(place.classes, departure.mix or place.shares.values(), strict=True))
        parties = departure.passengers / math.fsum(share * sizes[name] for name, share in shares.items())
        for name, share in shares.items():
            for number, part in _spread(plan, name, departure.departs):
                bins[name][number] = bins[name].get(number, 0.0) + parties * share * part
    return {name: Flow(_rate(found), sizes[name]) for name, found in bins.items()}


def _spread(plan: HallPlan, name: str, departs: float) -> Iterator[tuple[int, float]]:
    """The quarters of an hour in which the parties of a departure come, each with its share of them."""
    if plan.far is not None:
        yield int((departs + plan.far.journey) // QUARTER), 1.0
        return
    ahead = of_traveller(plan.place.show_up, name)
    middle = departs - mean(ahead.kind, ahead.parameters)
    half = math.sqrt(3.0 * variance(ahead.kind, ahead.parameters))
    # Who would come before the horizon begins is there when it begins; nobody comes after the departure.
    low, high = max(0.0, middle - half), max(0.0, min(departs, middle + half))
    if high - low < QUARTER:
        yield int((low + high) / 2.0 // QUARTER), 1.0
        return
    for number in range(int(low // QUARTER), math.ceil(high / QUARTER)):
        inside = min(high, (number + 1) * QUARTER) - max(low, number * QUARTER)
        yield number, inside / (high - low)


def _rate(found: dict[int, float]) -> Steps:
    edges = sorted({number + step for number in found for step in (0, 1)})
    rates = [(number * QUARTER, found.get(number, 0.0) / QUARTER) for number in edges]
    return Steps((-math.inf, *(time for time, _ in rates)), (0.0, *(rate for _, rate in rates)))


def visits(plan: HallPlan, name: str) -> dict[str, float]:
    """Expected visits of a party of the class to each station, in the order of the chain."""
    chain = plan.chain
    found: dict[str, float] = {}
    for way in chain.ways(name, 0):
        found[way.station] = found.get(way.station, 0.0) + way.probability
    for station in chain.stations:
        for way in chain.after(name, station) if found.get(station) else ():
            found[way.station] = found.get(way.station, 0.0) + found[station] * way.probability
    return {station: found[station] for station in chain.stations if found.get(station)}


def servers_of(plan: HallPlan, name: str, stage: Stage) -> Steps:
    """Servers of a station with booths of its own over time, dated events counted."""
    return plan.at_most(name, plan.clock.steps(stage.open))
