"""NEXUS on the shared road: trapped behind the general line, freed by a longer split, and who is NEXUS at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from physics_tools import Crowd, crowd, measured, simulated, surely_positive, written
from toolbox import MINUTE, FloatArray, estimate, ratio

from sim.model.network import StationKind

HEADWAY = 0.5
"""Minutes between cars of the general line: two booths of a minute each."""
PORT = """
    traffic: {{car: {{rate: {rate} /h, nexus: 25 %}}}}
    approach: {{split: {split} cars}}
    lanes:
      general: {{serves: [car], booths: 2, service: {{erlang: {{mean: 60 s, shape: 3}}}}}}
      nexus: {{serves: [car.nexus], booths: 1, storage: 90 cars, service: {{gamma: {{mean: 20 s, cv: 0.5}}}}}}
"""
"""The general booths pass 120 cars an hour, which is load 1 at 160 /h. The NEXUS lane itself never fills."""


def test_the_nexus_wait_jumps_once_the_general_line_passes_the_split(tmp_path: Path, times: int) -> None:
    """And a longer split puts that off: it lowers NEXUS waits and leaves those of the others as they are.

    Below load 1 the line rarely reaches the split and NEXUS hardly waits; above, it reaches any split in time.
    """
    more = """
        variants:
          split-15: {ports.here.approach.split: 15 cars}
          split-60: {ports.here.approach.split: 60 cars}
          quiet-15: {ports.here.traffic.car.rate: 120 /h, ports.here.approach.split: 15 cars}
    """
    done = measured(written(tmp_path, PORT.format(rate=200, split=5), more, horizon="50 min", seed=521, times=times))
    variants = {"split of 5": "baseline", "split of 15": "split-15", "split of 60": "split-60", "load 0.75": "quiet-15"}
    nexus, others = (
        {name: done.values("wait_mean", klass=klass, variant=v) for name, v in variants.items()}
        for klass in ("car.nexus", "car")
    )
    for name in variants:
        print(f"{name}: NEXUS waits {nexus[name].mean():.3f} min, others {others[name].mean():.3f} min")
    surely_positive(nexus["split of 5"] - nexus["split of 15"], "minutes NEXUS saves by a split of 15, not 5 cars")
    surely_positive(nexus["split of 15"] - nexus["split of 60"], "minutes NEXUS saves by a split of 60, not 15 cars")
    change = estimate(others["split of 60"] - others["split of 5"])
    assert change.half < 0.1 * others["split of 5"].mean()
    assert abs(change.mean) < 0.05 * others["split of 5"].mean()
    surely_positive(
        nexus["split of 15"] - 10.0 * nexus["load 0.75"], "NEXUS wait less ten times that at load 0.75, min"
    )
    surely_positive(0.5 - nexus["split of 60"], "half a minute less the NEXUS wait at a split not reached")


def ahead_on_the_road(found: Crowd) -> tuple[FloatArray, FloatArray]:
    """For each NEXUS car, the general cars on the road as it comes, and its minutes there."""
    rows = found.rows(StationKind.ROAD, "approach")
    joined, left = found.records.joined[rows], found.records.left[rows]
    nexus = found.klass[found.records.party[rows]] == "car.nexus"
    since, until = np.sort(joined[~nexus]), np.sort(left[~nexus])
    came = joined[nexus]
    ahead = np.searchsorted(since, came, side="left") - np.searchsorted(until, came, side="right")
    return ahead.astype(float), (left[nexus] - came) / MINUTE


def test_a_trapped_nexus_car_waits_for_the_general_cars_before_the_split(tmp_path: Path, times: int) -> None:
    """With n general cars on the road ahead, n of them must start service: n - 1 headways and what is left of one."""
    plan = simulated(written(tmp_path, PORT.format(rate=200, split=5), horizon="1 h", seed=523, times=times))
    cars, minutes, trapped = [], [], []
    for replication in range(plan.replications):
        ahead, waited = ahead_on_the_road(crowd(plan, replication))
        assert not waited[ahead == 0].any(), "nobody general ahead, so nothing traps it"
        cars.append(ahead.sum())
        minutes.append(waited.sum())
        trapped.append((ahead > 0).sum())
    per_car = ratio(np.array(minutes), np.array(cars))
    least = HEADWAY * (1.0 - float(np.sum(trapped) / np.sum(cars)))
    print(
        f"minutes on the road per general car ahead: {per_car.mean:.4f} +- {per_car.half:.4f}, {least:.3f} to {HEADWAY}"
    )
    assert per_car.half < 0.08 * HEADWAY
    assert least - per_car.half < per_car.mean < HEADWAY + per_car.half


def test_when_all_occupants_must_be_members_fewer_cars_are_nexus(tmp_path: Path, times: int) -> None:
    """A car of s persons is NEXUS with probability a m + (1 - a) m^s: with 1 + Poisson(1.2) persons and m = 60 %,
    a share m exp(-1.2 (1 - m)) = 37 % of the cars when people are independent, a = 0.
    """
    port = """
        traffic: {car: {rate: 900 /h, occupants: 2.2, nexus: {members: 60 %}}}
        lanes: {general: {serves: [car], booths: 20, service: 10 s}}
    """
    more = "variants: {alike: {ports.here.traffic.car.nexus: {members: 60 %, alike: 50 %}}}"
    path = written(tmp_path, port, more, horizon="1 h", seed=525, times=times, replications=15)
    plan = simulated(path)
    for variant, alike in (("baseline", 0.0), ("alike", 0.5)):
        crowds = [crowd(plan, replication, variant) for replication in range(plan.replications)]
        nexus = [found.klass == "car.nexus" for found in crowds]
        shares = np.array([mine.mean() for mine in nexus])
        expected = alike * 0.6 + (1.0 - alike) * 0.6 * np.exp(-1.2 * 0.4)
        found = estimate(shares)
        print(f"share of NEXUS cars, {alike:.0%} alike: {found.mean:.4f} +- {found.half:.4f}, theory {expected:.4f}")
        found.agrees(float(expected), precision=0.1)
        for persons in range(1, 5):
            members = ratio(
                *(
                    np.array(
                        [
                            float((some & (c.parties.size == persons)).sum())
                            for c, some in zip(crowds, which, strict=True)
                        ]
                    )
                    for which in (nexus, [np.ones(len(c.parties), bool) for c in crowds])
                )
            )
            expected = alike * 0.6 + (1.0 - alike) * 0.6**persons
            print(f"  of {persons} persons: {members.mean:.4f} +- {members.half:.4f}, theory {expected:.4f}")
            members.agrees(expected, precision=0.5)
