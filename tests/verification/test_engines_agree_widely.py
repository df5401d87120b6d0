"""Bit equality of the two engines, and of the two ways to measure, on 20,000 random networks."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))

from engines import disagreeing, measured_apart

pytestmark = pytest.mark.verification


@pytest.mark.parametrize("first", range(0, 20_000, 1_000))
def test_on_a_thousand_random_networks(first: int) -> None:
    assert disagreeing(range(first, first + 1_000)) == {}


@pytest.mark.parametrize("first", range(0, 20_000, 2_000))
def test_measuring_two_thousand_random_networks(first: int) -> None:
    assert measured_apart(range(first, first + 2_000)) == []
