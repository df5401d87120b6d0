"""The known answers of tests/analytic on runs long enough to tell theory from what is nearly right."""

from pathlib import Path

import pytest
from queueing_cases import CASES
from random_ports import random_scenario
from test_little import PACIFIC_HIGHWAY, hold_counts_against_visits, loaded
from test_oracle import drawn_services, equals_oracle, m_m_6
from toolbox import run, same_files

from sim.errors import ScenarioError
from sim.scenario.vocabulary import BASELINE

pytestmark = pytest.mark.verification

TIMES = 10
"""Each replication is this many times as long as in the quick test, its sampling error a third."""


@pytest.mark.parametrize("name", CASES)
def test_closed_form(tmp_path, name) -> None:
    case = CASES[name]
    case.check(case.run(tmp_path, TIMES), TIMES)


def test_m_m_6_at_load_094_by_the_recursion(tmp_path) -> None:
    """A hundred thousand vehicles, each to the bit."""
    path = m_m_6(tmp_path, "120 h")
    done = run(path)
    for replication in range(2):
        visits = done.visits(replication=replication)
        assert len(visits) > 50_000
        equals_oracle(visits, drawn_services(path, replication), 6)


@pytest.mark.parametrize("hundred", range(1, 6))
def test_engine_counts_agree_with_the_visits_of_random_ports(tmp_path, hundred) -> None:
    held = 0
    for seed in range(100 * hundred, 100 * hundred + 100):
        try:
            plan = loaded(random_scenario(tmp_path, seed))
        except ScenarioError as error:  # drawn for each lane group alone, what a class meets before two may differ
            if "one way for all lane groups of a class" in str(error):
                continue
            raise
        for replication in range(plan.replications):
            hold_counts_against_visits(plan, BASELINE, replication)
        held += 1
    assert held > 80


@pytest.mark.parametrize("variant", [BASELINE, "nexus-40", "one-more-booth", "trucks-down-25"])
def test_engine_counts_agree_with_the_visits_of_pacific_highway(variant) -> None:
    plan = loaded(PACIFIC_HIGHWAY)
    for replication in range(10):
        hold_counts_against_visits(plan, variant, replication)


def test_pacific_highway_has_the_same_bytes_on_one_and_two_workers(tmp_path) -> None:
    folder = PACIFIC_HIGHWAY.parent
    copy = tmp_path / PACIFIC_HIGHWAY.name
    copy.write_bytes(PACIFIC_HIGHWAY.read_bytes())
    _copy_tables(folder / "pacific-highway", tmp_path / "pacific-highway")
    asked = ("--all", "--replications", "12")
    one = run(copy, *asked, out="one", workers=1)
    two = run(copy, *asked, out="two", workers=2)
    files = same_files(one.folder, two.folder, but=["runtime.json"])
    assert len([name for name in files if name.startswith("visits/")]) == 4 * 12


def _copy_tables(source: Path, target: Path) -> None:
    target.mkdir()
    for table in source.glob("*.csv"):
        (target / table.name).write_bytes(table.read_bytes())
