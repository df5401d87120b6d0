"""Every entry of the registry simulates a day of each season as a scenario of one line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sim import registry

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))

from registry_day import simulate

pytestmark = pytest.mark.verification

DAYS = ("2024-01-17 00:00", "2024-05-24 00:00", "2024-08-03 00:00", "2024-10-14 00:00")


@pytest.mark.parametrize("id", registry.ids())
def test_a_day_of_each_season(id: str, tmp_path: Path) -> None:
    for number, start in enumerate(DAYS):
        simulate(id, tmp_path, start, seed=number)
