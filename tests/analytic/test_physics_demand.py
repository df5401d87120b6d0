"""Who comes, who stays, and how days differ: what demand, patience and balking do to waits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from physics_tools import ONE_SIDED, measured, pairs, simulated, surely_positive, written
from scipy import stats
from toolbox import MINUTE, Run, estimate

# ---- leaving ------------------------------------------------------------------------------------------


def test_patience_and_balking_cut_the_queue(tmp_path: Path, times: int) -> None:
    port = """
        traffic: {car: {rate: 130 /h}}
        lanes: {general: {serves: [car], booths: 2, service: {erlang: {mean: 60 s, shape: 3}}}}
    """
    more = """
        variants:
          patience: {ports.here.lanes.general.patience: {exponential: {mean: 20 min}}}
          balking: {ports.here.lanes.general.balk_at: 10}
    """
    done = measured(written(tmp_path, port, more, horizon="1 h", seed=511, times=times))
    for variant, outcome in (("patience", "reneged"), ("balking", "balked")):
        surely_positive(done.values(f"outcome_{outcome}", variant=variant), f"cars that {outcome}")
        for measure in ("queue_mean", "queue_max", "wait_mean"):
            fewer = done.values(measure) - done.values(measure, variant=variant)
            surely_positive(fewer, f"less {measure} with {variant}")
    most = done.values("queue_max", variant="balking").max()
    assert most == 8, "10 in the group are 8 in line and 2 in booths"


# ---- the line at the start ----------------------------------------------------------------------------


def test_an_initial_queue_is_waited_for_and_forgotten(tmp_path: Path, times: int) -> None:
    """Twenty cars before two booths of a minute each: who comes next finds ten minutes of work in front."""
    port = """
        traffic: {car: {rate: 70 /h}}
        lanes: {general: {serves: [car], booths: 2, service: {erlang: {mean: 60 s, shape: 3}}}}
    """
    more = "variants: {queue: {ports.here.initial_queue: {car: 20}}}"
    plan = simulated(written(tmp_path, port, more, horizon="3 h", seed=512, times=times))
    first, early, late, same = [], [], [], 0
    for (pair,) in pairs(plan, "queue"):
        mine, others = pair.common
        assert len(mine) == len(pair.before.parties) == len(pair.after.parties) - 20
        came = pair.before.parties.time[mine[0]] / MINUTE
        first.append(pair.after.wait[others[0]] + came)  # it waits until the work in front is done
        early.append(pair.longer(until=30 * MINUTE))
        last_hour = pair.before.parties.time[mine] > 120 * MINUTE
        late.append(pair.longer(since=120 * MINUTE))
        same += np.array_equal(pair.before.wait[mine[last_hour]], pair.after.wait[others[last_hour]])
    surely_positive(early, "minutes longer in the first half hour")
    begins = estimate(np.array(first))
    print(f"first arrival begins after {begins.mean:.3f} +- {begins.half:.3f} min")
    # Half the work of 20 cars, less half of what is left in the other booth when one frees: under a minute.
    assert 9.5 - begins.half < begins.mean < 10.0 + begins.half
    assert begins.half < 1.0
    print(f"last hour equal to the bit in {same} of {len(late)}, else longer by up to {max(late):.2f} min")
    assert same >= 0.8 * len(late)
    assert np.mean(late) < 0.05 * np.mean(early)


# ---- how days differ ----------------------------------------------------------------------------------


def test_days_that_differ_by_a_tenth_spread_the_mean_wait_of_a_day_many_times(tmp_path: Path, times: int) -> None:
    """Published: 9 s of standard deviation without, 282 s with a daily factor of 10 %, on a busy port.

    Six booths at load 0.86 are such a port. The short run has load 0.82 and eight hours: bad days get less bad. The few
    worst days make up most of the variance, so even a hundred days give its order and no more.
    """
    port = """
        traffic: {car: {rate: 300 /h}}
        lanes: {general: {serves: [car], booths: 6, service: {erlang: {mean: 60 s, shape: 3}}}}
    """
    hours, rate, least, most = (24, 310, 31 / 3, 31 * 3) if times > 1 else (8, 295, 3, 31)
    more = "variants: {days: {ports.here.day_to_day: {cv: 10 %}}}"
    port = port.replace("300 /h", f"{rate} /h")
    path = written(tmp_path, port, more, horizon=f"{hours} h", seed=513, times=min(times, 2), replications=50)
    done = measured(path)
    chance, days = (60.0 * done.values("wait_mean", variant=v) for v in ("baseline", "days"))
    low, rise, high = resampled(lambda rows: days[rows].std(ddof=1) / chance[rows].std(ddof=1), len(days))
    sd = f"{chance.std(ddof=1):.1f} s, with days of 10 % {days.std(ddof=1):.1f} s"
    print(f"sd of the mean wait of {hours} h: {sd}, {rise:.1f} times as much ({low:.1f} to {high:.1f})")
    # The few worst days make a test of variances say nothing; a sign test is blind to how bad they are.
    wider = np.abs(days - np.median(days)) > np.abs(chance - np.median(chance))
    print(f"further from the median than without on {wider.sum()} of {len(days)} days")
    assert stats.binomtest(int(wider.sum()), len(days), alternative="greater").pvalue < 1.0 - ONE_SIDED
    assert low < most, "of another order than published"
    assert high > least, "of another order than published"


# ---- common random numbers ----------------------------------------------------------------------------


def resampled(statistic: Callable[[npt.NDArray[np.int64]], float], replications: int) -> tuple[float, float, float]:
    """A statistic of the replications with its bootstrap interval, two-sided at 99 %.

    Args:
        statistic: of the numbers of the replications to use, with repetitions.
        replications: how many there are.
    """
    rng = np.random.default_rng(515)
    draws = [statistic(rng.integers(replications, size=replications)) for _ in range(2000)]
    low, high = np.quantile(draws, [0.005, 0.995])
    return float(low), float(statistic(np.arange(replications))), float(high)


BUSY_HOURS = """
    traffic: {car: {rate: 165 /h}}
    lanes: {general: {serves: [car], booths: 3, service: {erlang: {mean: 60 s, shape: 3}}}}
"""
DAY = """
    traffic:
      car:
        per_day: 5200
        profile: {"00:00": 1, "06:00": 3, "09:00": 6, "12:00": 7, "15:00": 6, "18:00": 4, "21:00": 2}
    lanes: {general: {serves: [car], booths: 6, service: {erlang: {mean: 50 s, shape: 3}}}}
"""
"""A day of six booths with a peak load of 0.88, the kind of port the published ratios were measured on."""


def test_common_random_numbers_help_little_for_a_booth_and_much_for_demand(tmp_path: Path, times: int) -> None:
    """Published for such a day: 1 to 1.9 for one more booth, 5 to 11 for small changes of demand.

    As long as waits are linear in demand the second cannot exceed 2 / 0.02 = 100: the cars added are 2 % of the noise.
    """
    port, horizon, key, more_demand, booths = (
        (DAY, "24 h", "per_day", "5304", 7) if times > 1 else (BUSY_HOURS, "90 min", "rate", "168.3 /h", 4)
    )
    more = f"""
        variants:
          booth: {{ports.here.lanes.general.booths: {booths}}}
          demand: {{ports.here.traffic.car.{key}: {more_demand}}}
    """
    done = measured(written(tmp_path, port, more, horizon=horizon, seed=514, times=min(times, 2)))
    low, _, high = saved_by_pairing(done, "booth")
    assert low > 0.95, "pairing costs"
    assert high < 1.9
    low, ratio, _ = saved_by_pairing(done, "demand")
    assert low > 5
    assert ratio < (20 if times > 1 else 100)


def saved_by_pairing(done: Run, variant: str) -> tuple[float, float, float]:
    """Variance of the difference of independent runs over that of the pairs, with its interval around it."""
    before, after = (done.values("wait_mean", variant=v) for v in ("baseline", variant))

    def variance_ratio(rows: npt.NDArray[np.int64]) -> float:
        one, other = before[rows], after[rows]
        return float((one.var(ddof=1) + other.var(ddof=1)) / (other - one).var(ddof=1))

    low, ratio, high = resampled(variance_ratio, len(before))
    print(f"variance ratio for {variant}: {ratio:.2f} ({low:.2f} to {high:.2f})")
    return low, ratio, high
