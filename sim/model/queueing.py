"""Closed forms of queueing theory: the known answers an engine is held against.

Rates are per any one unit of time, and waits come back in that unit. "Wait" is time in line before service.
A queue that grows without bound has an infinite wait (`math.inf`), not an error; parameters that make no
queue raise `UsageError`. "Gross and Harris" is Gross, Shortle, Thompson and Harris, Fundamentals of Queueing
Theory, 4th edition (Wiley, 2008).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from sim.errors import UsageError

NEGLIGIBLE_LOG = 42.0
"""States this far below the heaviest, in natural log, are left out."""


class Delay(NamedTuple):
    """A queue everybody joins."""

    p_wait: float
    """Probability that an arrival has to wait."""
    mean_wait: float
    """Mean wait in line over all arrivals, those who do not wait included."""


class Loss(NamedTuple):
    """A queue that turns arrivals away when full."""

    mean_in_system: float
    """Time-average number in the system, booths included."""
    p_block: float
    """Probability that an arrival is turned away."""


class Abandonment(NamedTuple):
    """A queue whose customers leave when their patience ends."""

    p_leave: float
    """Probability that an arrival leaves without service."""
    mean_wait_served: float
    """Mean wait in line of those who are served."""
    mean_wait: float
    """Mean wait in line of all, leavers included."""
    p_no_wait: float
    """Probability that an arrival finds a free server."""


def erlang_b(offered: float, servers: int) -> float:
    """Probability that all `servers` are busy in M/G/c/c, `offered` = arrival rate x mean service.

    Erlang (1917), by the recursion B(c) = a B(c-1) / (c + a B(c-1)), which neither over- nor underflows
    (Gross and Harris, ch. 2).
    """
    _require(offered >= 0.0 and servers >= 0, "offered load and servers must not be negative")
    blocked = 1.0
    for count in range(1, servers + 1):
        blocked = offered * blocked / (count + offered * blocked)
    return blocked


def erlang_c(offered: float, servers: int) -> float:
    """Probability that an arrival waits in M/M/c, 1 when the load is 1 or more.

    Erlang (1917), from Erlang B: C = B / (1 - rho (1 - B)) with rho = offered / servers (Gross and Harris,
    ch. 2).
    """
    _require(servers >= 1, "at least one server is needed")
    load = offered / servers
    if load >= 1.0:
        return 1.0
    blocked = erlang_b(offered, servers)
    return blocked / (1.0 - load * (1.0 - blocked))


def mmc(arrival_rate: float, service_rate: float, servers: int) -> Delay:
    """M/M/c: Poisson arrivals, exponential service at `service_rate` per server, one shared line.

    Mean wait = C / (c mu - lambda) with C of Erlang C (Gross and Harris, ch. 2).
    """
    _require_rates(arrival_rate, service_rate)
    p_wait = erlang_c(arrival_rate / service_rate, servers)
    spare = servers * service_rate - arrival_rate
    return Delay(p_wait, p_wait / spare if spare > 0.0 else math.inf)


def mmck(arrival_rate: float, service_rate: float, servers: int, capacity: int) -> Loss:
    """M/M/c/K: as M/M/c, but arrivals that find `capacity` in the system (booths included) are turned away.

    Stationary law of the birth-death chain on 0..capacity (Gross and Harris, ch. 2).
    """
    _require_rates(arrival_rate, service_rate)
    _require(1 <= servers <= capacity, "capacity counts the booths, so it cannot be below their number")
    departure_rates = [min(n, servers) * service_rate for n in range(1, capacity + 1)]
    chance = _birth_death(arrival_rate, departure_rates)
    return Loss(math.fsum(n * p for n, p in enumerate(chance)), chance[-1])


def mg1_mean_wait(arrival_rate: float, mean_service: float, cv: float) -> float:
    """Mean wait in M/G/1 with service of the given mean and coefficient of variation.

    Pollaczek (1930) and Khinchine (1932): rho S (1 + cv^2) / (2 (1 - rho)) (Gross and Harris, ch. 5).
    """
    _require(arrival_rate >= 0.0 and mean_service > 0.0 and cv >= 0.0, "no rate, mean or cv may be negative")
    load = arrival_rate * mean_service
    return load * mean_service * (1.0 + cv**2) / (2.0 * (1.0 - load)) if load < 1.0 else math.inf


def priority_mean_waits(
    arrival_rates: Sequence[float], mean_services: Sequence[float], cvs: Sequence[float]
) -> tuple[float, ...]:
    """Mean wait per class in M/G/1 with non-preemptive priority, the first class served first.

    One entry per class in each argument. Cobham, J. Oper. Res. Soc. America 2 (1954) 70-76:
    W_k = W0 / ((1 - sigma_(k-1)) (1 - sigma_k)), W0 = sum lambda_i E[S_i^2] / 2, sigma_k the load of classes
    1..k. A class whose sigma_k reaches 1 waits for ever; W0 then counts only the share of the server that its
    class can get, so those above it keep a finite wait.
    """
    _require(len(arrival_rates) == len(mean_services) == len(cvs), "each class needs a rate, a mean and a cv")
    _require(all(mean > 0.0 for mean in mean_services), "mean services must be positive")
    _require(all(rate >= 0.0 for rate in arrival_rates), "arrival rates must not be negative")
    loads = [rate * mean for rate, mean in zip(arrival_rates, mean_services, strict=True)]
    residual, above = 0.0, 0.0
    for load, mean, cv in zip(loads, mean_services, cvs, strict=True):
        share = min(load, 1.0 - above)
        residual += share * mean * (1.0 + cv**2) / 2.0
        above += share
    waits: list[float] = []
    above = 0.0
    for load in loads:
        upto = above + load
        waits.append(residual / ((1.0 - above) * (1.0 - upto)) if upto < 1.0 else math.inf)
        above = min(upto, 1.0)
    return tuple(waits)


def erlang_a(arrival_rate: float, service_rate: float, servers: int, patience_rate: float) -> Abandonment:
    """M/M/c+M: as M/M/c, but each customer in line leaves at `patience_rate`.

    Palm (1957); Garnett, Mandelbaum and Reiman, Manufacturing & Service Operations Management 4 (2002)
    208-227. The stationary law is that of a birth-death chain. Who joins j-th in line passes j stages, stage
    i at rate c mu + i theta, and is served with probability c mu / (c mu + j theta) whatever those stages
    take, which gives the wait of the served. States are summed until one weighs less than e^-42 (6e-19) of
    the heaviest; those beyond weigh less still.
    """
    _require_rates(arrival_rate, service_rate)
    _require(servers >= 1 and patience_rate > 0.0, "servers and patience rate must be positive")
    full_rate = servers * service_rate
    departure_rates = [n * service_rate for n in range(1, servers + 1)]
    weight = peak = 0.0  # logs, so that many servers do not overflow
    for rate in departure_rates:
        weight += math.log(arrival_rate / rate)
        peak = max(peak, weight)
    while weight > peak - NEGLIGIBLE_LOG:
        departure_rates.append(full_rate + (len(departure_rates) + 1 - servers) * patience_rate)
        weight += math.log(arrival_rate / departure_rates[-1])
        peak = max(peak, weight)
    chance = _birth_death(arrival_rate, departure_rates)

    in_line = math.fsum((n - servers) * p for n, p in enumerate(chance) if n > servers)
    served, served_wait, stages = math.fsum(chance[:servers]), 0.0, 0.0
    for n in range(servers, len(chance) - 1):
        rate = departure_rates[n]
        stages += 1.0 / rate
        served += chance[n] * full_rate / rate
        served_wait += chance[n] * full_rate / rate * stages
    mean_wait = in_line / arrival_rate
    return Abandonment(
        p_leave=patience_rate * mean_wait,
        mean_wait_served=served_wait / served,
        mean_wait=mean_wait,
        p_no_wait=math.fsum(chance[:servers]),
    )


def batch_mean_wait(batch_rate: float, service_rate: float, batch_mean: float, batch_cv: float) -> float:
    """Mean wait in line of a party in M^[X]/M/1: batches of random size arrive, parties are served singly.

    `batch_mean` and `batch_cv` describe the size X. Mean number in the system
    (rho + r E[X^2]) / (2 (1 - rho)) with r = lambda / mu and rho = r E[X] (Gross and Harris, ch. 3), then
    Little's law, less the party's own service.
    """
    _require_rates(batch_rate, service_rate)
    _require(batch_mean >= 1.0 and batch_cv >= 0.0, "a batch has one party or more")
    ratio = batch_rate / service_rate
    load = ratio * batch_mean
    if load >= 1.0:
        return math.inf
    second_moment = batch_mean**2 * (1.0 + batch_cv**2)
    in_system = (load + ratio * second_moment) / (2.0 * (1.0 - load))
    return in_system / (batch_rate * batch_mean) - 1.0 / service_rate


def _birth_death(arrival_rate: float, departure_rates: Sequence[float]) -> list[float]:
    """Stationary probabilities of 0..len(departure_rates); `departure_rates[n - 1]` is that of state n."""
    logs = [0.0]
    for rate in departure_rates:
        logs.append(logs[-1] + math.log(arrival_rate / rate))
    peak = max(logs)
    weights = [math.exp(value - peak) for value in logs]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def _require_rates(arrival_rate: float, service_rate: float) -> None:
    _require(0.0 < arrival_rate < math.inf, "the arrival rate must be positive")
    _require(0.0 < service_rate < math.inf, "the service rate must be positive")


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise UsageError(message)
