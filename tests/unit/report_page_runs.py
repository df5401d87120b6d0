"""Small finished runs for the tests of the report page."""

from __future__ import annotations

from pathlib import Path

from sim.api import run

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
