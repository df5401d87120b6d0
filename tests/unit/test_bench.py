"""The contestants of the benchmark simulate one and the same port. Nothing here is timed."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from tools import marked_page
from tools.bench import floor, page, port
from tools.bench.measure import Estimate, Sample, child, median_ratio

TOLERANCE = 4.0
"""Standard errors; a right peer is farther off once in 16,000 seeds."""


def peer(library: str) -> ModuleType:
    """A peer, or a skip that says what to install."""
    pytest.importorskip(library, reason=f"{library} is not installed: pip install -c constraints.txt -e '.[bench]'")
    return importlib.import_module(f"tools.bench.peers_{library}")


def days(module: ModuleType, count: int) -> list[np.ndarray]:
    """Waits of the vehicles of some days."""
    return [np.array(module.day(seed)) for seed in range(1, count + 1)]


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Estimate]:
    """Arrivals, and mean wait in seconds, of many days of our own."""
    from sim.scenario import load
    from sim.study.journal import Journal
    from sim.study.runs import experiment

    path = tmp_path_factory.mktemp("bench") / "port.yaml"
    path.write_text(port.scenario(replications=200, time_bin="24 h"), encoding="utf-8")
    plan = experiment(load(path), "compiled")
    journal = Journal(path.parent / "journal", {})
    assert plan.run(journal) == []
    found = plan.found(journal)["baseline"]
    _, layout = plan.model("baseline")
    column = {key.measure: at for at, key in enumerate(layout.keys) if (key.station, key.klass) == ("all", "all")}
    return {
        "arrivals": Estimate.over(found.values[:, column["arrivals"]].tolist()),
        "wait": Estimate.over((found.values[:, column["wait_mean"]] * 60.0).tolist()),
    }


@pytest.mark.parametrize(("library", "count"), [("simpy", 16), ("ciw", 6)])
def test_a_peer_agrees_in_arrivals_and_waits(library: str, count: int, ours: dict[str, Estimate]) -> None:
    waits = days(peer(library), count)
    assert abs(Estimate.over([len(day) for day in waits]).distance(ours["arrivals"])) < TOLERANCE
    assert abs(Estimate.over([float(day.mean()) for day in waits]).distance(ours["wait"])) < TOLERANCE


def test_salabim_and_simpy_agree_vehicle_by_vehicle() -> None:
    """Both draw from Python's generator, in the same order."""
    salabim, simpy = peer("salabim"), peer("simpy")
    assert sorted(salabim.day(5)) == sorted(simpy.day(5))


def test_the_floor_draws_as_many_vehicles(ours: dict[str, Estimate]) -> None:
    drawn = Estimate.over([floor.day(seed) for seed in range(1, 51)])
    assert abs(drawn.distance(ours["arrivals"])) < TOLERANCE


def test_the_rate_of_a_day_adds_up_to_its_vehicles() -> None:
    minutes = np.arange(0.0, port.DAY, 60.0)
    assert sum(port.rate(float(minute)) * 60.0 for minute in minutes) == pytest.approx(port.VEHICLES_PER_DAY)
    assert max(port.rate(float(minute)) for minute in minutes) == port.PEAK


def test_copies_of_the_port_are_ports_of_their_own(tmp_path: Path) -> None:
    from sim.scenario import load

    path = tmp_path / "ports.yaml"
    path.write_text(port.scenario(ports=3, hours=48), encoding="utf-8")
    baseline = load(path).baseline
    assert list(baseline.ports) == ["port-000", "port-001", "port-002"]
    assert baseline.horizon == 2 * port.DAY


def test_a_task_runs_in_a_process_of_its_own() -> None:
    sample = child("peer", library="simpy", seeds=[1, 2])
    waits = days(peer("simpy"), 2)
    assert sample.vehicles == sum(map(len, waits))
    assert sample.means == tuple(float(day.mean()) for day in waits)
    assert 0.0 < sample.over_import_mb < sample.peak_mb


def test_a_task_that_fails_says_why() -> None:
    with pytest.raises(RuntimeError, match=r"(?s)status 1:.*peers_arena"):
        child("peer", library="arena", seeds=[1])


def test_ratios_are_taken_within_a_round() -> None:
    def samples(*paces: float) -> list[Sample]:
        return [
            Sample(seconds=1.0 / pace, processor=1.0, vehicles=1, peak_mb=0.0, over_import_mb=0.0) for pace in paces
        ]

    assert median_ratio(samples(10.0, 60.0, 40.0), samples(1.0, 2.0, 8.0)) == pytest.approx(10.0)


def test_only_the_tables_of_the_page_are_replaced(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text("By hand.\n<!-- bench: pace -->\nold\n<!-- end -->\nBy hand too.\n", encoding="utf-8")
    page.write({"pace": "new | 1", "unused": ""}, file)
    expected = "By hand.\n<!-- bench: pace -->\n\nnew | 1\n\n<!-- end -->\nBy hand too.\n"
    assert file.read_text(encoding="utf-8") == expected
    with pytest.raises(KeyError):
        page.write({}, file)


def test_the_page_has_a_place_for_every_table() -> None:
    assert marked_page.names(page.PAGE, "bench") == ["machine", "targets", "pace", "profile", "vehicles", "ports"]


def test_some_tables_alone_are_replaced(tmp_path: Path) -> None:
    file, place = tmp_path / "page.md", "<!-- cost: {} -->\n{}\n<!-- end -->\n"
    file.write_text(place.format("a", "old") + place.format("b", "old"), encoding="utf-8")
    marked_page.write(file, "cost", {"b": "new"}, only=True)
    assert file.read_text(encoding="utf-8") == place.format("a", "old") + place.format("b", "\nnew\n")
    with pytest.raises(KeyError):
        marked_page.write(file, "cost", {"c": "new"}, only=True)


def test_the_page_on_comparing_has_a_place_for_every_table() -> None:
    from tools.make_coverage_table import KIND, PAGE, TABLES

    assert marked_page.names(PAGE, KIND) == ["variants", *TABLES]


def test_a_command_is_measured_from_its_start_to_its_end() -> None:
    """As a user waits for it: the process that it is, not what it would take within another."""
    nothing, imports = child("command", words=["--version"]), child("imports")
    assert 0.0 < nothing.processor <= 1.5 * nothing.seconds
    assert 1.0 < nothing.peak_mb < imports.peak_mb, "it imports hardly anything, the other all that a run does"
    with pytest.raises(RuntimeError, match="status 2"):
        child("command", words=["run", "nowhere.yaml"])


def test_costs_of_sizes_are_compared_within_a_round() -> None:
    """A machine that is half as fast in one round changes nothing."""

    def samples(*seconds: float) -> list[Sample]:
        stages = [dict.fromkeys(page.PER_VEHICLE, spent / len(page.PER_VEHICLE)) for spent in seconds]
        costs = {"seconds": 1.0, "processor": 1.0, "vehicles": 10, "peak_mb": 0.0, "over_import_mb": 0.0}
        return [Sample(**costs, stages=own) for own in stages]  # type: ignore[arg-type]

    few, some, many = samples(1.0, 2.0, 1.0), samples(0.9, 1.8, 0.9), samples(1.2, 2.4, 5.0)
    assert page.highest_over_lowest([few, some, many]) == pytest.approx(1.2 / 0.9)
