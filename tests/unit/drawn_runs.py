"""A small real run for tests of figures: a port with NEXUS over a change of the clocks, with variants and a sweep."""

from __future__ import annotations

from pathlib import Path

from sim.scenario import load
from sim.study import runs

PORT = """\
format: 1
name: A crossing
start: 2024-11-02 00:00
horizon: 2 d
replications: 3
seed: 7
bin: 15 min
ports:
  crossing:
    direction: southbound
    zone: America/Vancouver
    standard: {wait: 10 min}
    traffic:
      car: {rate: 40 /h, nexus: 20 %}
    lanes:
      general:
        {serves: [car], booths: 2, open: {"00:00": 1, "08:00": 2, "20:00": 1}, service: {gamma: {mean: 80 s, cv: 0.6}}}
      nexus: {serves: [car.nexus], booths: 1, open: {"00:00": 0, "06:00": 1}, service: 15 s}
variants:
  slower: {ports.crossing.lanes.general.service.gamma.mean: 85 s}
sweeps:
  staff:
    vary:
      ports.crossing.lanes.general.open: [1, 2]
      ports.crossing.traffic.car.nexus: [20 %, 40 %]
"""


def port_run(folder: Path) -> Path:
    """A run over the night in which Vancouver puts its clocks back."""
    file = folder / "crossing.yaml"
    file.write_text(PORT, encoding="utf-8")
    return runs.run(load(file), folder / "results", workers=1)[0]
