"""More booths help and more demand hurts: party by party where that is a theorem, in the mean elsewhere.

For a shared line without blocking the recursion start = max(arrival, earliest free booth) is monotone in every
term, also in floating point, so the inequality holds for each party. With lines of their own or full bays it
fails on some sample paths (a booth more, or a party less, can lengthen a line) and holds in the mean.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from toolbox import FloatArray, Run, run, scenario

ONE_SIDED = 0.999
PER_BOOTH_PORT = """
    traffic: {car: {rate: 165 /h}}
    lanes:
      general: {serves: [car], booths: 3, queue: per_booth, service: {erlang: {mean: 60 s, shape: 2}}}
"""
BLOCKING_PORT = """
    traffic: {car: {rate: 100 /h}}
    lanes:
      general: {serves: [car], booths: 2, service: {erlang: {mean: 50 s, shape: 2}}}
    secondary: {bays: 1, referral: {car: 10 %}, service: {gamma: {mean: 6 min, cv: 0.8}}}
"""


def shared(folder: Path, replications: int) -> Run:
    """One shared line, with a booth more, with more demand on the same candidates, and with a further layer."""
    port = """
        traffic: {car: {rate: 165 /h, nexus: 20 %}}
        lanes:
          general: {serves: [car], booths: 3, service: {gamma: {mean: 60 s, cv: 1.2}}}
    """
    variants = """
        variants:
          one-more-booth: {ports.here.lanes.general.booths: 4}
          more-demand: {ports.here.traffic.car.rate: 200 /h}
          further-layer: {ports.here.traffic.car.rate: 330 /h}
    """
    return run(scenario(folder, port, horizon="2 h", replications=replications, seed=31, more=variants), "--all")


def starts(done: Run, variant: str, replication: int) -> tuple[FloatArray, FloatArray]:
    """When service began for each party of the baseline, there and in the variant; seconds."""
    before, after = (done.visits("general", replication, v) for v in ("baseline", variant))
    # A party is known by the instant it came: its number counts those that only the variant has.
    place = np.searchsorted(after["joined"], before["joined"])
    assert np.array_equal(after["joined"].to_numpy()[place], before["joined"]), "a party is missing in the variant"
    return before["started"].to_numpy(), after["started"].to_numpy()[place]


def test_one_more_booth_never_makes_a_party_of_a_shared_line_wait_longer(tmp_path) -> None:
    done = shared(tmp_path, 5)
    for replication in range(5):
        before, after = starts(done, "one-more-booth", replication)
        assert (after <= before).all()
        assert (after < before).any()


def test_more_demand_never_makes_a_common_party_of_a_shared_line_wait_less(tmp_path) -> None:
    done = shared(tmp_path, 5)
    for replication in range(5):
        for variant, least in (("more-demand", 1.05), ("further-layer", 1.6)):
            before, after = starts(done, variant, replication)
            assert (after >= before).all()
            assert (after > before).any()
            assert len(done.visits("general", replication, variant)) > least * len(before)


def surely_above_zero(differences: FloatArray) -> bool:
    """One-sided at 99.9 %."""
    n = len(differences)
    error = differences.std(ddof=1) / np.sqrt(n)
    return bool(differences.mean() > stats.t.ppf(ONE_SIDED, n - 1) * error)


@pytest.mark.parametrize(
    ("port", "variant", "change"),
    [
        (PER_BOOTH_PORT, "one-more-booth", "lanes.general.booths: 4"),
        (BLOCKING_PORT, "one-more-booth", "lanes.general.booths: 3"),
        (BLOCKING_PORT, "one-more-bay", "secondary.bays: 2"),
    ],
)
def test_more_staff_shortens_the_mean_wait(tmp_path, port, variant, change) -> None:
    more = f"variants: {{{variant}: {{ports.here.{change}}}}}"
    path = scenario(tmp_path, port, horizon="1 h", replications=100, seed=32, more=more)
    done = run(path, "--all", visits=False)  # the parties are the same, so their mean waits can be compared
    assert surely_above_zero(done.values("wait_mean") - done.values("wait_mean", variant=variant))


@pytest.mark.parametrize("port", [PER_BOOTH_PORT, BLOCKING_PORT], ids=["per booth", "blocking"])
def test_more_demand_lengthens_the_mean_wait_of_the_common_parties(tmp_path, port) -> None:
    rate = int(port.split("rate: ")[1].split(" /h")[0])
    more = f"variants: {{more-demand: {{ports.here.traffic.car.rate: {1.15 * rate} /h}}}}"
    done = run(scenario(tmp_path, port, horizon="1 h", replications=100, seed=33, more=more), "--all")
    pairs = (starts(done, "more-demand", replication) for replication in range(100))
    assert surely_above_zero(np.array([(after - before).mean() for before, after in pairs]))
