"""Queues whose answer theory knows, from the scenario file to the run folder."""

import numpy as np
import pytest
from queueing_cases import CASES, SHORTER_OF_TWO


@pytest.mark.parametrize("name", CASES)
def test_closed_form(tmp_path, name) -> None:
    case = CASES[name]
    case.check(case.run(tmp_path))


def test_wait_in_the_shorter_of_two_lines_solves_the_balance_equations() -> None:
    """Stationary law of the two lengths, cut at 29 each (beyond: 0.75^58 of the mass), then Little's law."""
    arrival, service, size = 3.0, 2.0, 30
    flow = np.zeros((size, size, size, size))
    for one in range(size):
        for other in range(size):
            if one > 0:
                flow[one, other, one - 1, other] += service
            if other > 0:
                flow[one, other, one, other - 1] += service
            if one <= other < size - 1 or one < other:
                flow[one, other, one + 1, other] += arrival
            elif other < size - 1:
                flow[one, other, one, other + 1] += arrival
    rates = flow.reshape(size**2, size**2)
    balance = rates.T - np.diag(rates.sum(axis=1))
    balance[0] = 1.0  # one equation is spare; the chances sum to 1
    chance = np.linalg.solve(balance, np.eye(size**2)[0]).reshape(size, size)
    length = np.arange(size)
    in_line = chance.sum(axis=1) @ np.maximum(length - 1, 0) + chance.sum(axis=0) @ np.maximum(length - 1, 0)
    assert round(in_line / arrival, 5) == SHORTER_OF_TWO
