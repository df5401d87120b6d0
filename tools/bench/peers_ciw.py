"""The port in Ciw: a network of three nodes with two classes of customers.

The Erlang services are written as gamma, which Ciw draws faster than its own Erlang. At a change of shift Ciw's
servers all leave and the new ones all come, so a busy booth is for the rest of its inspection one too many.
"""

from __future__ import annotations

import ciw

from .port import BAY_CV, BAY_MEAN, BAYS, DAY, GENERAL, HOUR, NEXUS, NEXUS_SHARE, Group, pieces

LONGEST_DAY = 2 * DAY
"""Ciw stops at an instant; by then the last vehicle has long left."""


def network() -> ciw.network.Network:
    """The port; its arrivals are drawn when it is made."""
    begins, rates = pieces()
    ends = [*begins[1:], DAY]
    general, nexus = (
        ciw.dists.PoissonIntervals([share * rate for rate in rates], ends, DAY)
        for share in (1.0 - NEXUS_SHARE, NEXUS_SHARE)
    )
    bay = ciw.dists.Gamma(BAY_CV**-2, BAY_MEAN * BAY_CV**2)
    return ciw.create_network(
        arrival_distributions={"general": [general, None, None], "nexus": [None, nexus, None]},
        service_distributions={name: [_service(GENERAL), _service(NEXUS), bay] for name in ("general", "nexus")},
        number_of_servers=[_shifts(GENERAL), _shifts(NEXUS), BAYS],
        queue_capacities=[float("inf"), float("inf"), 0],
        routing={
            "general": [[0.0, 0.0, GENERAL.referred], [0.0] * 3, [0.0] * 3],
            "nexus": [[0.0] * 3, [0.0, 0.0, NEXUS.referred], [0.0] * 3],
        },
    )


def _service(group: Group) -> ciw.dists.Gamma:
    return ciw.dists.Gamma(group.shape, group.mean / group.shape)


def _shifts(group: Group) -> ciw.Schedule:
    ends = [*(hour * HOUR for hour in list(group.calendar)[1:]), DAY]
    return ciw.Schedule(numbers_of_servers=list(group.calendar.values()), shift_end_dates=ends)


def day(seed: int) -> list[float]:
    """Seconds waited by each vehicle of one day."""
    ciw.seed(seed)
    simulation = ciw.Simulation(network())
    simulation.simulate_until_max_time(LONGEST_DAY)
    return [record.waiting_time for record in simulation.get_all_records(only=["service"]) if record.node < 3]
