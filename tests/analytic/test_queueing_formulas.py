"""Closed forms against printed answers, limiting cases, and each other."""

import math

import numpy as np
import pytest

from sim.errors import UsageError
from sim.model.queueing import (
    batch_mean_wait,
    erlang_a,
    erlang_b,
    erlang_c,
    mg1_mean_wait,
    mmc,
    mmck,
    priority_mean_waits,
)


def test_erlang_b_printed() -> None:
    assert round(erlang_b(8.0, 10), 5) == 0.12166


def test_erlang_b_is_poisson_cut_at_the_servers() -> None:
    terms = [5.0**k / math.factorial(k) for k in range(8)]
    assert erlang_b(5.0, 7) == pytest.approx(terms[-1] / sum(terms), rel=1e-13)
    assert erlang_b(3.0, 0) == 1.0


def test_mmc_printed() -> None:
    delay = mmc(450 / 3600, 1 / 45, 6)
    assert round(delay.p_wait, 5) == 0.83337
    assert round(delay.mean_wait, 3) == 100.004


def test_two_lines_with_jockeying_wait_as_long_as_one_line_for_two() -> None:
    """Arrivals 3, two servers of rate 2, jockeying at a difference of 2: no server idles while one waits."""
    assert round(mmc(3.0, 2.0, 2).mean_wait, 5) == 0.64286


def test_mm1_is_its_own_formula() -> None:
    assert mmc(0.8, 1.0, 1) == pytest.approx((0.8, 4.0))


def test_mmck_printed() -> None:
    loss = mmck(3.0, 4.0, 2, 3)
    assert round(loss.mean_in_system, 5) == 0.76234
    assert round(loss.p_block, 5) == 0.04936


def test_mmck_limits() -> None:
    assert mmck(8.0, 1.0, 10, 10).p_block == pytest.approx(erlang_b(8.0, 10), rel=1e-12)
    roomy, open_ended = mmck(3.0, 2.0, 2, 400), mmc(3.0, 2.0, 2)
    assert roomy.mean_in_system == pytest.approx(3.0 * open_ended.mean_wait + 1.5, rel=1e-12)
    assert mmck(5.0, 5.0, 1, 4).p_block == pytest.approx(0.2, rel=1e-12)


@pytest.mark.parametrize(("cv", "answer"), [(0.0, 2.0), (0.5, 2.5), (0.6, 2.72), (1.0, 4.0)])
def test_pollaczek_khinchine_printed(cv: float, answer: float) -> None:
    assert mg1_mean_wait(0.8, 1.0, cv) == pytest.approx(answer, rel=1e-12)


def test_batches_of_two_printed() -> None:
    wait = batch_mean_wait(0.4, 1.0, 2.0, 0.0)
    assert wait == pytest.approx(6.5, rel=1e-12)
    assert wait + 1.0 == pytest.approx(7.5, rel=1e-12)


def test_batches_of_one_are_mm1() -> None:
    assert batch_mean_wait(0.8, 1.0, 1.0, 0.0) == pytest.approx(4.0, rel=1e-12)


def test_priority_printed() -> None:
    high, low = priority_mean_waits([0.2, 0.6], [1.0, 1.0], [1.0, 1.0])
    assert (high + 1.0, low + 1.0) == pytest.approx((2.0, 6.0), rel=1e-12)


def test_priority_conserves_work() -> None:
    """Kleinrock: sum of load x wait does not depend on the order of classes."""
    rates, means, cvs = [0.1, 0.05, 0.2], [1.0, 4.0, 2.0], [0.5, 1.0, 0.7]
    loads = np.multiply(rates, means)
    forward = priority_mean_waits(rates, means, cvs)
    backward = priority_mean_waits(rates[::-1], means[::-1], cvs[::-1])[::-1]
    assert np.dot(loads, forward) == pytest.approx(np.dot(loads, backward), rel=1e-12)
    assert forward[0] < backward[0]


def test_priority_with_an_overloaded_last_class() -> None:
    """The first class then finds the server always busy: residual 1, so it waits 1 / (1 - 0.25)."""
    high, low = priority_mean_waits([0.25, 2.0], [1.0, 1.0], [1.0, 1.0])
    assert high == pytest.approx(1.0 / 0.75, rel=1e-12)
    assert low == math.inf


def test_erlang_a_printed() -> None:
    answer = erlang_a(10.0, 1.0, 10, 0.5)
    assert round(answer.p_leave, 5) == 0.10391
    assert round(answer.mean_wait_served, 5) == 0.19958
    assert round(answer.mean_wait, 5) == 0.20783
    assert round(answer.p_no_wait, 5) == 0.38034


def test_erlang_a_balances_its_flows() -> None:
    """Arrivals = served + leavers, with the served from the mean number busy."""
    arrival, servers, patience = 14.0, 12, 0.3
    answer = erlang_a(arrival, 1.0, servers, patience)
    # As patience equals service the system is M/M/infinity with Poisson numbers; here only the balance holds.
    equal = erlang_a(arrival, 1.0, servers, 1.0)
    poisson = [math.exp(-arrival + k * math.log(arrival) - math.lgamma(k + 1)) for k in range(200)]
    assert equal.p_no_wait == pytest.approx(sum(poisson[:servers]), rel=1e-12)
    busy = sum(min(k, servers) * p for k, p in enumerate(poisson))
    assert equal.p_leave == pytest.approx(1.0 - busy / arrival, rel=1e-12)
    assert answer.p_leave < equal.p_leave
    assert answer.mean_wait > equal.mean_wait


def test_erlang_a_mean_wait_of_all_splits_into_served_and_leavers() -> None:
    """Who leaves after joining j-th waited, given that, a time found stage by stage: an independent sum."""
    arrival, servers, patience = 10.0, 10, 0.5
    answer = erlang_a(arrival, 1.0, servers, patience)
    weights = [1.0]
    for n in range(1, 400):
        weights.append(weights[-1] * arrival / (min(n, servers) + max(0, n - servers) * patience))
    chance = np.array(weights) / sum(weights)
    left, left_wait = 0.0, 0.0
    for ahead in range(400 - servers):
        survive, elapsed = 1.0, 0.0
        for stage in range(ahead + 1, 0, -1):
            rate = servers + stage * patience
            elapsed += 1.0 / rate
            left += chance[servers + ahead] * survive * patience / rate
            left_wait += chance[servers + ahead] * survive * patience / rate * elapsed
            survive *= 1.0 - patience / rate
    assert left == pytest.approx(answer.p_leave, rel=1e-10)
    served = 1.0 - answer.p_leave
    assert served * answer.mean_wait_served + left_wait == pytest.approx(answer.mean_wait, rel=1e-10)


def test_erlang_a_limits() -> None:
    patient, endless = erlang_a(3.0, 2.0, 2, 1e-9), mmc(3.0, 2.0, 2)
    assert patient.mean_wait == pytest.approx(endless.mean_wait, rel=1e-6)
    assert 1.0 - patient.p_no_wait == pytest.approx(endless.p_wait, rel=1e-6)
    hasty = erlang_a(8.0, 1.0, 10, 1e9)
    assert hasty.p_leave == pytest.approx(erlang_b(8.0, 10), rel=1e-6)


def test_erlang_a_with_many_servers_does_not_overflow() -> None:
    """At 2000 servers e^2000 is out of range; overloaded by 5 %, about 5 % in 105 % leave."""
    answer = erlang_a(2100.0, 1.0, 2000, 0.2)
    assert answer.p_leave == pytest.approx(100.0 / 2100.0, abs=1e-3)


def test_overload_waits_for_ever() -> None:
    assert erlang_c(6.0, 6) == 1.0
    assert mmc(2.0, 1.0, 2) == (1.0, math.inf)
    assert mg1_mean_wait(1.0, 1.0, 0.5) == math.inf
    assert batch_mean_wait(0.5, 1.0, 2.0, 0.0) == math.inf


@pytest.mark.parametrize(
    "call",
    [
        lambda: erlang_b(-1.0, 3),
        lambda: erlang_c(1.0, 0),
        lambda: mmc(0.0, 1.0, 1),
        lambda: mmck(1.0, 1.0, 3, 2),
        lambda: mg1_mean_wait(0.5, 1.0, -0.1),
        lambda: priority_mean_waits([0.1], [1.0, 1.0], [1.0]),
        lambda: erlang_a(1.0, 1.0, 1, 0.0),
        lambda: batch_mean_wait(0.1, 1.0, 0.5, 0.0),
    ],
)
def test_what_makes_no_queue_is_refused(call) -> None:
    with pytest.raises(UsageError):
        call()
