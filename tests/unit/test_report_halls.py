"""What is said of a preclearance hall and of its far side: in the terminal, in a comparison, on the page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from sim.api import run
from sim.report import page_answers
from sim.report.choice import Choice, draw
from sim.report.figures_forest import compared_of
from sim.report.figures_sweep import frontier_rows
from sim.report.page_tables import at_a_glance
from sim.report.rundata import ALL, RunData
from sim.report.sentences import best_sentences
from sim.report.tables import comparison_table, summary_table
from sim.study.comparison import Comparison, compare_runs
from sim.study.layout import Key

HALL = """\
format: 1
name: Two ends
start: 2024-06-14 04:00
horizon: 6 h
replications: 4
seed: 5
preclearance:
  hall:
    code: YVR
    zone: America/Vancouver
    departures: {banks: {"06:30": 3}, within: 15 min, seats: 60, load: 85 %}
    classes: {visitor: rest}
    show_up: {lognormal: {mean: 45 min, cv: 0.2}}
    party: 1.5
    closes: 15 min
    hall: {from: verify, capacity: 40 people}
    stations:
      verify: {kind: primary, under: [full], booths: 2, service: {gamma: {mean: 80 s, cv: 0.4}}}
      stroll: {kind: walk, service: 2 min}
    far_side:
      name: there
      zone: America/Los_Angeles
      journey: 60 min
      stations:
        inspect: {kind: primary, under: [none], booths: 1, service: 60 s}
        out: {kind: walk, service: 2 min}
      costs: {officer_hour: 90 $}
    costs: {officer_hour: 95 $}
variants:
  none: {preclearance.hall.clearance: none}
  one-more: {preclearance.hall.stations.verify.booths: 3}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ends") / "ends.yaml"
    path.write_text(HALL, encoding="utf-8")
    return run(path, "all", out=path.parent / "results").folder


@pytest.fixture(scope="module")
def comparison(folder: Path) -> Comparison:
    return compare_runs([folder])


def printed(what: object, width: int = 80) -> str:
    console = Console(width=width)
    with console.capture() as kept:
        console.print(what)
    return kept.get()


def part(text: str, heading: str) -> str:
    return text.split(heading)[1].split(" · ")[0]


def mean(folder: Path, variant: str, facility: str, measure: str) -> float:
    found = RunData.open(folder).estimate((variant, facility, ALL, ALL), measure)
    assert found is not None
    return found.mean


def starts(lines: Iterable[str], name: str) -> str:
    return next(line for line in lines if line.startswith(name))


def test_the_summary_of_a_hall_has_what_it_is_planned_by(folder: Path) -> None:
    text = printed(summary_table(folder))
    own = part(text, "hall · baseline").splitlines()
    for name, measure, places in (
        ("passengers (persons)", "passengers", 0),
        ("parties", "arrivals", 0),
        ("missed departures, persons", "passengers_missed", 1),
        ("come before departure, 95 %", "arrive_before_p95", 1),
        ("officer-hours", "officer_hours", 1),
        ("cost, $", "cost", 0),
        ("both ends: officer-hours", "journey_officer_hours", 1),
    ):
        value = mean(folder, "baseline", "hall", measure)
        assert f" {value:,.{places if value < 100 else 0}f} " in f"{starts(own, name)} ", name
    share = 100.0 * mean(folder, "baseline", "hall", "missed_share")
    assert f" {share:.1f} " in starts(own, "missed departures, %")
    assert any("room for 40" in line for line in own)
    assert "in standard" not in text, "nothing is promised"
    assert not any(line.startswith(("door  ", "stroll")) for line in own), "neither line nor server"


def test_waits_are_known_where_nobody_is_inspected(folder: Path) -> None:
    text = printed(summary_table(folder))
    for heading in ("there · baseline", "hall · none"):
        row = starts(part(text, heading).splitlines(), "air.visitor")
        assert row.split()[2] == "0.0"


def test_a_line_that_disappears_is_compared(comparison: Comparison) -> None:
    """Under clearance at the far side the wait there appears, and here is gone: both differences are known."""
    rows = {(row.variant, row.key.facility, row.key.measure): row for row in comparison.rows}
    gone, appears = (rows["none", place, "wait_total_mean"] for place in ("hall", "there"))
    assert gone.difference == pytest.approx(-gone.baseline)
    assert appears.baseline == 0.0
    assert appears.difference > 0.0
    text = printed(comparison_table(comparison))
    assert "No parties to compare" not in text
    assert "time to come before departure (95 %)" in " ".join(text.split())


def test_what_is_compared_of_a_hall(comparison: Comparison) -> None:
    own = {row.key.measure for row in comparison.rows if row.key.facility == "hall"}
    assert {"arrive_before_p95", "journey_cost_per_passenger", "missed_share", "wait_total_p95"} <= own


def test_a_forest_of_a_hall_shows_waits_at_all_its_stations(folder: Path) -> None:
    run = RunData.open(folder)
    assert compared_of(run, "hall")[:2] == ("wait_total_mean", "wait_total_p95")
    ax = draw(run, "forest", Choice("hall"))
    assert "in sum" in ax.get_title(loc="left")
    assert [text.get_text() for text in ax.get_yticklabels()] == ["none", "one-more"]


@pytest.mark.parametrize("first", ["none", "one-more"])
def test_the_baseline_at_a_glance_is_the_same_whatever_variant_is_first(comparison: Comparison, first: str) -> None:
    turned = sorted(comparison.rows, key=lambda row: row.variant != first)
    found = {table.rows[0] for table in (at_a_glance(comparison), at_a_glance(replace(comparison, rows=tuple(turned))))}
    assert len(found) == 1
    titles = [column.title for column in at_a_glance(comparison).columns]
    cell = found.pop()[titles.index("mean wait in sum, min")]
    mean = comparison.samples.column("baseline", Key("hall", ALL, ALL, "wait_total_mean", "min"))
    assert mean is not None
    assert float(cell.text) == pytest.approx(mean.mean(), abs=0.06)


def test_the_page_says_when_to_come_and_what_a_passenger_costs(folder: Path) -> None:
    run = RunData.open(folder)
    said = " ".join(page_answers.standing(run, "hall"))
    assert f"Come {mean(folder, 'baseline', 'hall', 'arrive_before_p95'):.1f} (" in said
    assert f"a passenger costs $ {mean(folder, 'baseline', 'hall', 'cost_per_passenger'):.1f}" in said
    assert "At both ends officers work 12.0 h" in said
    assert "passengers) come in the 6 h measured" in said


def test_the_frontier_counts_the_officers_of_both_ends(folder: Path) -> None:
    rows = frontier_rows(RunData.open(folder), "hall").set_index("variant")
    assert rows.loc["none", "price"] == mean(folder, "none", "hall", "journey_officer_hours") > 0.0


def test_a_variant_with_a_plain_name_is_quoted_where_it_may_be_best(comparison: Comparison) -> None:
    said = " ".join(best_sentences(comparison))
    assert "'none'" in said
    assert "'baseline'" not in said
    assert "'one-more'" not in said
