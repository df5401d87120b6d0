"""A dozen entries of the registry simulate a day as scenarios of one line; tests/verification runs them all."""

from __future__ import annotations

from pathlib import Path

import pytest
from registry_day import simulate

ENTRIES = (
    "us-3004-pacific-highway",
    "us-3004-peace-arch",
    "us-0901-rainbow-bridge",
    "us-0901-whirlpool-bridge",
    "us-0712-champlain",
    "us-0109-madawaska",
    "us-3103-skagway",
    "us-3310-sweetgrass",
    "us-3309-scobey",
    "us-3408-hannah",
    "us-3010-anacortes",
    "ca-bc-douglas-peace-arch",
    "ca-on-windsor-and-detroit-tunnel",
    "ca-mb-emerson",
)


@pytest.mark.parametrize("id", ENTRIES)
def test_a_day_in_july(id: str, tmp_path: Path) -> None:
    simulate(id, tmp_path)
