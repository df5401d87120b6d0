"""Queues with a closed form, as scenarios: shared by the quick tests and by the long verification.

Unit of time: the minute. Each case runs from an empty start through a warm-up of several times the slowest
relaxation of its queue, so that what is left of the start lies far below the sampling error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from toolbox import MINUTE, Estimate, FloatArray, Run, estimate, ratio, run, scenario

from sim.model.queueing import batch_mean_wait, erlang_a, erlang_b, mg1_mean_wait, mmc, mmck, priority_mean_waits

REPLICATIONS = 30
SEED = 20240706

Measure = Callable[[Run], Estimate]


@dataclass(frozen=True)
class Check:
    """One number of a run that theory knows."""

    measure: Measure
    answer: float
    precision: float
    """Widest sampling error of the quick run, as a share of the answer, that still makes it a test."""


@dataclass(frozen=True)
class Case:
    """A port, how long to run it, and what theory says of it."""

    port: str
    checks: dict[str, Check]
    length: int
    """Minutes of a replication after the warm-up, in the quick run."""
    warm_up: int
    visits: bool = False
    """Some check reads visits."""
    more: str = ""
    """Further keys of the scenario; its variants are run as well."""

    def run(self, folder: Path, times: int = 1) -> Run:
        """Run the case with each replication `times` as long."""
        horizon = self.warm_up + times * self.length
        more = f"warm_up: {self.warm_up} min\nbin: {horizon} min\n{self.more}"
        path = scenario(folder, self.port, horizon=f"{horizon} min", replications=REPLICATIONS, seed=SEED, more=more)
        return run(path, "--all", visits=self.visits)

    def check(self, done: Run, times: int = 1) -> None:
        """Hold every number against theory; a run `times` as long must be that much (root) more precise."""
        for name, check in self.checks.items():
            found = check.measure(done)
            print(f"{name}: {found.mean:.5f} +- {found.half:.5f}, theory {check.answer:.5f}")
            found.agrees(check.answer, check.precision / times**0.5)


# ---- what is measured ---------------------------------------------------------------------------------


def mean_wait(variant: str = "baseline") -> Measure:
    """Mean wait of those who are served."""

    def measure(done: Run) -> Estimate:
        served = done.values("outcome_admitted", variant=variant)
        return ratio(done.values("wait_mean", variant=variant) * served, served)

    return measure


def wait_saved(variant: str) -> Measure:
    """How much shorter the mean wait is in the variant, for the same parties."""

    def measure(done: Run) -> Estimate:
        saved = done.values("wait_mean") - done.values("wait_mean", variant=variant)
        served = done.values("outcome_admitted")
        return ratio(saved * served, served)

    return measure


def mean_time_in_system(klass: str = "all") -> Measure:
    """Mean time from joining to leaving."""

    def measure(done: Run) -> Estimate:
        came = done.values("arrivals", klass=klass)
        return ratio(done.values("time_in_system_mean", klass=klass) * came, came)

    return measure


def mean_wait_of_all(done: Run) -> Estimate:
    """Mean wait, those who left without service included."""
    served, left = done.values("outcome_admitted"), done.values("outcome_reneged")
    waited = done.values("wait_mean") * served + done.values("wait_left_mean") * left
    return ratio(waited, done.values("arrivals"))


def share(outcome: str) -> Measure:
    """Share of the arrivals with that outcome."""
    return lambda done: ratio(done.values(f"outcome_{outcome}"), done.values("arrivals"))


def share_that_waits(done: Run) -> Estimate:
    """Share of the arrivals whose service does not begin as they come."""
    opens, shuts = (done.manifest[key] * MINUTE for key in ("warm_up_minutes", "horizon_minutes"))
    came, waits = np.zeros(REPLICATIONS), np.zeros(REPLICATIONS)
    for replication in range(REPLICATIONS):
        visits = done.visits(replication=replication)
        counted = visits[(visits["joined"] >= opens) & (visits["joined"] < shuts)]
        came[replication] = len(counted)
        waits[replication] = (counted["started"] != counted["joined"]).sum()
    return ratio(waits, came)


def mean_queue(done: Run) -> Estimate:
    """Parties in line, mean over time."""
    return estimate(done.values("queue_mean"))


def mean_in_system(booths: int) -> Measure:
    """Parties in line and in service, mean over time."""

    def measure(done: Run) -> Estimate:
        in_service: FloatArray = booths * done.values("utilisation", station="general")
        return estimate(done.values("queue_mean", station="general") + in_service)

    return measure


def per_minute(done: Run) -> Estimate:
    """Parties served per minute."""
    return estimate(done.values("throughput") / MINUTE)


# ---- the queues ---------------------------------------------------------------------------------------


def single_class(rate: float, lane: str, more: str = "") -> str:
    """Poisson cars at `rate` per minute before one group of booths."""
    return f"""
        traffic: {{car: {{rate: {rate} /min{more}}}}}
        lanes: {{general: {{serves: [car], {lane}}}}}
    """


def one_server(service: str, cv: float, precision: float) -> Case:
    """One booth at load 0.8, mean service 1."""
    answer = mg1_mean_wait(0.8, 1.0, cv)
    checks = {
        "mean wait": Check(mean_wait(), answer, precision),
        "mean in line": Check(mean_queue, 0.8 * answer, precision),
    }
    return Case(single_class(0.8, f"booths: 1, service: {service}"), checks, length=3000, warm_up=400)


def loss(lane: str) -> Case:
    """8 Erlang on 10 booths and no room to wait: the law of service does not matter."""
    checks = {"share turned away": Check(share("balked"), erlang_b(8.0, 10), 0.15)}
    return Case(single_class(8.0, f"booths: 10, {lane}"), checks, length=180, warm_up=20)


def saturated_tandem(service: str, answer: float) -> Case:
    """One tandem booth that is never out of cars once a line has formed in the warm-up."""
    port = single_class(2.5, f"booths: 1, tandem: true, service: {service}")
    return Case(port, {"throughput": Check(per_minute, answer, 0.03)}, length=1000, warm_up=60, more="end: cut")


ERLANG_A = erlang_a(10.0, 1.0, 10, 0.5)
M_M_6 = mmc(6.4, 80.0 / 60.0, 6)
HIGH, LOW = priority_mean_waits([0.2, 0.6], [1.0, 1.0], [1.0, 1.0])
BATCHES = batch_mean_wait(0.4, 1.0, 2.0, 0.0)
SHORTER_OF_TWO = 0.72403
"""Mean wait of arrivals 3 that each join the shorter line of two booths of rate 2, to five digits."""
ONE_LINE_FOR_TWO = mmc(3.0, 2.0, 2).mean_wait
"""With jockeying at a difference of 2 no booth is idle while a party waits."""

CASES = {
    "M/D/1": one_server("1 min", 0.0, 0.15),
    "M/E4/1": one_server("{erlang: {mean: 1 min, shape: 4}}", 0.5, 0.15),
    "M/G/1, gamma of cv 0.6": one_server("{gamma: {mean: 1 min, cv: 0.6}}", 0.6, 0.15),
    "M/M/6 at load 0.8": Case(
        single_class(6.4, "booths: 6, service: {exponential: {mean: 45 s}}"),
        {
            "mean wait": Check(mean_wait(), M_M_6.mean_wait, 0.3),
            "share that waits": Check(share_that_waits, M_M_6.p_wait, 0.1),
        },
        length=400,
        warm_up=50,
        visits=True,
    ),
    "two per batch": Case(
        single_class(0.8, "booths: 1, service: {exponential: {mean: 1 min}}", more=", batch: 2"),
        {
            "mean wait": Check(mean_wait(), BATCHES, 0.2),
            "mean time in system": Check(mean_time_in_system(), BATCHES + 1.0, 0.2),
        },
        length=4000,
        warm_up=500,
    ),
    "priority M/M/1": Case(
        """
        traffic: {truck: {rate: 0.8 /min, fast: 25 %}}
        lanes:
          general:
            serves: [truck]
            priority: [truck.fast]
            booths: 1
            service: {exponential: {mean: 1 min}}
        """,
        {
            "time in system, high": Check(mean_time_in_system("truck.fast"), HIGH + 1.0, 0.05),
            "time in system, low": Check(mean_time_in_system("truck"), LOW + 1.0, 0.25),
        },
        length=3000,
        warm_up=500,
    ),
    "M/M/2, at most 3 in the system": Case(
        single_class(3.0, "booths: 2, balk_at: 3, service: {exponential: {mean: 15 s}}"),
        {
            "mean in system": Check(mean_in_system(2), mmck(3.0, 4.0, 2, 3).mean_in_system, 0.05),
            "share turned away": Check(share("balked"), mmck(3.0, 4.0, 2, 3).p_block, 0.1),
        },
        length=900,
        warm_up=10,
    ),
    "Erlang A": Case(
        single_class(10.0, "booths: 10, service: {exponential: {mean: 1 min}}, patience: {exponential: {mean: 2 min}}"),
        {
            "share that leaves": Check(share("reneged"), ERLANG_A.p_leave, 0.15),
            "mean wait of the served": Check(mean_wait(), ERLANG_A.mean_wait_served, 0.15),
            "mean wait of all": Check(mean_wait_of_all, ERLANG_A.mean_wait, 0.15),
            "share that waits": Check(share_that_waits, 1.0 - ERLANG_A.p_no_wait, 0.08),
        },
        length=200,
        warm_up=20,
        visits=True,
    ),
    "Erlang B, no waiting room": loss("storage: 0 cars, when_full: balk, service: {exponential: {mean: 1 min}}"),
    "Erlang B, balking, fixed service": loss("balk_at: 10, service: 1 min"),
    "Erlang B, balking, long tail": loss("balk_at: 10, service: {lognormal: {mean: 1 min, cv: 1.5}}"),
    "shorter of two lines": Case(
        single_class(3.0, "booths: 2, queue: per_booth, service: {exponential: {mean: 30 s}}"),
        {
            "mean wait": Check(mean_wait(), SHORTER_OF_TWO, 0.2),
            "mean wait, jockeying": Check(mean_wait("jockeying"), ONE_LINE_FOR_TWO, 0.2),
            "saved by jockeying": Check(wait_saved("jockeying"), SHORTER_OF_TWO - ONE_LINE_FOR_TWO, 0.2),
        },
        length=600,
        warm_up=50,
        more="variants: {jockeying: {ports.here.lanes.general.jockey: 2}}",
    ),
    "saturated tandem, Erlang 1": saturated_tandem("{erlang: {mean: 1 min, shape: 1}}", 4 / 3),
    "saturated tandem, Erlang 2": saturated_tandem("{erlang: {mean: 1 min, shape: 2}}", 16 / 11),
    "saturated tandem, Erlang 3": saturated_tandem("{erlang: {mean: 1 min, shape: 3}}", 32 / 21),
}
