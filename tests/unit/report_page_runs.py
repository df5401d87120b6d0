"""Small finished runs for the tests of the report page."""

from __future__ import annotations

from pathlib import Path

from sim.api import run
from sim.scenario import load
from sim.study import runs, sensitivity

HOSTILE = "<img src=x onerror=document.title='broken'>"
"""A tag that would run where it is not escaped."""
PORT = """\
format: 1
name: {name}
description: {description}
start: 2024-07-06 06:00
horizon: {horizon}
{more}
replications: {replications}
seed: 3
ports:
  here:
    description: {description}
    direction: southbound
    zone: America/Vancouver
    traffic: {{car: {{rate: {rate}, nexus: {nexus}}}}}
    lanes:
      general: {{serves: [car], booths: 2, service: {{erlang: {{mean: 50 s, shape: 3}}}}}}
      nexus: {{serves: [car.nexus], booths: 1, service: 12 s}}
    standard: {{wait: 5 min}}
"""
VARIANTS = """\
variants:
  nexus-40: {ports.here.traffic.car.nexus: 40 %}
  third-booth: {ports.here.lanes.general.booths: 3}
"""


def quoted(text: str) -> str:
    """As a YAML text."""
    return "'" + text.replace("'", "''") + "'"


def port_run(
    folder: Path,
    *,
    name: str = "A small port",
    description: str = "What do more NEXUS cars, or a third booth, bring?",
    horizon: str = "3 h",
    replications: int = 6,
    rate: str = "150 /h",
    nexus: str = "20 %",
    variants: str = VARIANTS,
    file: str = "port.yaml",
    more: str = "",
) -> Path:
    """Run it and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {"name": quoted(name), "description": quoted(description)}
    numbers = {"horizon": horizon, "replications": replications, "rate": rate, "nexus": nexus, "more": more}
    path = folder / file
    path.write_text(PORT.format(**texts, **numbers) + variants, encoding="utf-8")
    return run(path, "all", out=folder / "results").folder


HALL = """\
format: 1
name: A small hall
start: 2024-06-14 04:00
horizon: 6 h
replications: 3
seed: 5
officers: {desk: {officers: 2}}
preclearance:
  hall:
    code: YVR
    zone: America/Vancouver
    departures: {banks: {"06:30": 2, "08:30": 1}, within: 15 min, seats: 60, load: 85 %}
    classes: {visitor: rest}
    show_up: {lognormal: {mean: 80 min, cv: 0.3}}
    stations:
      verify: {kind: primary, pool: desk, service: {gamma: {mean: 80 s, cv: 0.4}}}
variants:
  one-more: {officers.desk.officers: 3}
"""
SETTLED = """\
format: 1
name: A settled crossing
start: 2024-07-06 00:00
horizon: 2 d
warm_up: 2 h
end: cut
replications: 2
seed: 7
ports:
  crossing:
    direction: southbound
    zone: America/Vancouver
    standard: {wait: {"00:00": 5 min, "08:00": 10 min, "20:00": 5 min}}
    traffic: {car: {rate: 50 /h}}
    lanes: {general: {serves: [car], booths: 2, service: {exponential: {mean: 80 s}}}}
ranges: {ports.crossing.lanes.general.booths: [2, 3]}
"""
FLOW = Path(__file__).resolve().parents[2] / "scenarios" / "irregular-washington-bc-winter-2025.yaml"


def hall_run(folder: Path) -> Path:
    """A preclearance hall with two banks of departures, and its folder."""
    return _run_of(folder, "hall.yaml", HALL)


def flow_run(folder: Path) -> Path:
    """The baseline of an irregular flow, and its folder."""
    return runs.run(load(FLOW, replications=2).only(()), folder, workers=1)[0]


def settled_run(folder: Path) -> Path:
    """A run that settles, whose standard changes, with a sensitivity study beside it; its folder."""
    found = _run_of(folder, "settled.yaml", SETTLED)
    sensitivity.run(load(folder / "settled.yaml"), folder / "results", trajectories=2, replications=2, workers=1)
    return found


def _run_of(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return runs.run(load(path), folder / "results", workers=1)[0]
