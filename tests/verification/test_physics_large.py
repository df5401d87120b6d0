"""The physical expectations of tests/analytic with more replications, some on whole days.

`pytest -s` prints what is measured; docs/physics.md quotes it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

import pytest
import test_physics_booths
import test_physics_demand
import test_physics_events
import test_physics_nexus
import test_physics_staffing
import test_physics_trucks

pytestmark = pytest.mark.verification

TIMES = 5
"""As many replications as in the quick test."""
MODULES = (
    test_physics_staffing,
    test_physics_demand,
    test_physics_nexus,
    test_physics_trucks,
    test_physics_booths,
    test_physics_events,
)
CASES: dict[str, Callable[[Path, int], None]] = {
    name.removeprefix("test_"): function
    for module in MODULES
    for name, function in vars(module).items()
    if name.startswith("test_") and "times" in inspect.signature(function).parameters
}


@pytest.mark.parametrize("name", CASES)
def test_with_more_replications(tmp_path: Path, name: str) -> None:
    CASES[name](tmp_path, TIMES)
