"""A thousandfold surge of claims at the busiest shipped scenario of irregular flows, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sim.scenario import load
from sim.study.preflight import BYTES_OF_THE_PROGRAM, BYTES_PER_PARTY, expected_parties

pytestmark = pytest.mark.verification
ROOT = Path(__file__).resolve().parents[2]
SURGE = """
events:
  - {name: Surge, from: 2025-04-01 00:00, ports: [lacolle-claims], demand: 1000}
"""
CHILD = """
import json, resource, sys
from pathlib import Path
import numpy as np
from sim.engine import engine
from sim.engine.records import INSIDE, MOVED_ON
from sim.model.build import build
from sim.scenario import load
from sim.study.conservation import check_conservation
from sim.study.layout import Layout
from sim.study.measures import measure

model = build(load(Path(sys.argv[1])).baseline)
parties = model.draw(1, 0)
records = engine("compiled")(model.network, parties)
check_conservation(model.network, parties, records)
layout = Layout.of(model.network, 86400.0, model.standards)
measure(layout, parties, records)
ends = records.outcome[records.outcome != MOVED_ON]
named = int((ends != INSIDE).sum())
print(json.dumps({
    "parties": len(parties), "visits": len(records.party), "ends": len(ends), "named": named,
    "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
}))
"""


def test_a_thousandfold_surge_stays_within_the_memory_that_is_asked_for(tmp_path: Path) -> None:
    """Every party has one end, by name or in line when the run is cut; the peak is below what `run` reckons with."""
    text = (ROOT / "scenarios" / "irregular-lacolle-surge-2025.yaml").read_text(encoding="utf-8")
    path = tmp_path / "surge.yaml"
    path.write_text(text + SURGE, encoding="utf-8")
    expected = expected_parties(load(path).baseline)
    done = subprocess.run([sys.executable, "-c", CHILD, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["parties"] > 500_000
    assert found["ends"] == found["parties"]
    assert found["named"] > 5_000
    assert found["peak"] < BYTES_OF_THE_PROGRAM + BYTES_PER_PARTY * expected
