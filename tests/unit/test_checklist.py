"""The reporting checklist of every kind of facility: what it says comes from the network that was run."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.model.build import build
from sim.model.network import StationKind
from sim.report import checklist_components as components
from sim.report import checklist_inputs as inputs
from sim.report.checklist_answers import ITEMS
from sim.report.checklist_facts import Facts
from sim.scenario import load

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
PUBLISHED = [
    *("1.1", "1.2", "1.3", "2.1", "2.2", "2.3", "2.4", "2.5.1", "2.5.2", "2.5.3", "2.5.4", "2.5.5"),
    *("3.1", "3.2", "3.3", "3.4", "4.1", "4.2", "4.3", "5.1", "5.2", "5.3", "5.4", "6.1"),
]
"""Items of Monks et al. (2019), table 1."""


def facts_of(name: str) -> Facts:
    study = load(SCENARIOS / name)
    return Facts({"files": {}}, {}, study, build(study.baseline), study.origins["baseline"])


def rows(lines: tuple[str, ...]) -> list[list[str]]:
    """Cells of the table among the lines, without its head."""
    found = [[cell.strip() for cell in line.split(" | ")] for line in lines if line.startswith("| ")]
    return [[cell.strip("| ") for cell in row] for row in found[1:]]


@pytest.mark.parametrize(
    "name",
    [
        "pacific-highway-southbound.yaml",
        "preclearance-yvr-summer-morning.yaml",
        "irregular-lacolle-surge-2025.yaml",
        "everything-on.yaml",
    ],
)
def test_every_station_and_its_servers_are_told(name: str) -> None:
    facts = facts_of(name)
    network = facts.network
    used = [station for station in network.stations if station.classes]
    names = {id(s): f"{network.facilities[s.facility].name}, {s.name}" for s in used}
    served = rows(components.activities(facts).lines)
    assert [row[0] for row in served] == [names[id(s)] for s in used if s.pool >= 0]
    assert all(row[1] and row[2] for row in served)
    waiting = rows(components.queues(facts).lines)
    assert [row[0] for row in waiting] == [names[id(s)] for s in used if s.kind is not StationKind.TRAVEL]
    using = [name for row in rows(components.resources(facts).lines) for name in row[3].split("; ")]
    assert sorted(using) == sorted(names[id(s)] for s in used if s.pool >= 0 and network.pools[s.pool].servers >= 0)
    came = rows(components.entry_exit(facts).lines)
    assert [row[0].strip("`") for row in came] == [source.name for source in facts.model.sources]
    assert rows(inputs.inputs(facts).lines)


def test_the_registry_and_what_it_assumes_are_named(tmp_path: Path) -> None:
    scenario = tmp_path / "port.yaml"
    scenario.write_text(
        "format: 1\nname: P\nstart: 2024-07-06 08:00\nhorizon: 2 h\nseed: 3\n"
        "ports: {here: {registry: us-3004-pacific-highway}}\nranges: {ports.here.lanes.nexus.booths: [1, 2]}\n",
        encoding="utf-8",
    )
    facts = facts_of(str(scenario))
    sources = "\n".join(inputs.sources(facts).lines)
    assert "| `us-3004-pacific-highway` | BTS (" in sources
    assumed = inputs.assumptions(facts)
    said = "\n".join(assumed.lines)
    for path, text in facts.origins.items():
        if text.startswith("registry (assumed"):
            assert text.removeprefix("registry (")[:-1].replace("|", "\\|") in said, path
    assert assumed.gap == "say what was left out of the system"
    assert "`ports.here.lanes.nexus.booths`" in said


def test_the_items_are_those_that_were_published() -> None:
    assert [number for number, _, _ in ITEMS] == PUBLISHED
