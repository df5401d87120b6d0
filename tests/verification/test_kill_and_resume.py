"""Fifty kills at random moments: a run goes on from what it had, and ends with the bytes of one never killed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))  # the quick kills stand there
import stopped_runs as stopped

from sim.cli import main

pytestmark = [
    pytest.mark.verification,
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc"),
]
ROUNDS = 10
KILLS = 5


def test_fifty_kills(tmp_path: Path) -> None:
    scenario = stopped.write_scenario(tmp_path)
    out = tmp_path / "unbroken"
    assert main(stopped.arguments(scenario, out, "--workers", "1")) == 0
    unbroken = stopped.contents(stopped.run_folder(scenario, out))
    hits = 0
    for round_ in range(ROUNDS):
        out = tmp_path / str(round_)
        had = stopped.kill_and_resume(scenario, out, KILLS, seed=round_, workers=1 + round_ % 2)
        assert had == sorted(had), "something finished was lost"
        assert stopped.contents(stopped.run_folder(scenario, out)) == unbroken, f"round {round_}, with {had} kept"
        hits += len(had)
    # The last kill of a round may come too late; a round with none at all would show nothing.
    assert hits >= 0.8 * ROUNDS * KILLS
