"""Figures of irregular flows draw what the run says: stages that add up, places, drivers, true flow against seen."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from matplotlib.patches import Rectangle
from rich.table import Table

from sim.report.figures import RunData, plot_drivers, plot_places, plot_stages, plot_true_flow, save_figures
from sim.report.figures_irregular import drivers_rows, places_of, places_rows, true_flow_rows
from sim.report.figures_stages import DECIDED, stage_rows, stages_of
from sim.report.flows import decides, flow_table, is_flow, unknown_sentence
from sim.report.page_answers import standing
from sim.report.page_charts import facility_charts
from sim.report.page_tables import results
from sim.report.page_time import bands_words
from sim.report.rundata import ALL
from sim.scenario import load
from sim.study import runs

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
SECTOR = "bc-washington"
SCOPE = ("baseline", SECTOR, ALL, ALL)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunData:
    study = load(SCENARIOS / "irregular-washington-bc-winter-2025.yaml", replications=3)
    return RunData.open(runs.run(study.only(()), tmp_path_factory.mktemp("flows"), workers=1)[0])


def mean(run: RunData, measure: str) -> float:
    found = run.estimate(SCOPE, measure)
    assert found is not None
    return found.mean


def test_stages_part_and_add_up(run: RunData) -> None:
    by = {stage.name: stage for stage in stages_of(run, SECTOR)}
    assert by["came"].persons == mean(run, "persons") > 0.0
    assert sum(stage.persons for stage in by.values() if stage.of == "came") == pytest.approx(by["came"].persons)
    assert sum(stage.persons for stage in by.values() if stage.of == "detected") == pytest.approx(
        by["detected"].persons
    )
    assert by["still waiting for a unit"].persons == mean(run, "persons_waiting_end")
    assert by["claims inland later"].persons <= by["not seen"].persons
    after = [stage.persons for stage in by.values() if stage.of == "met by a unit"]
    assert sum(after) == pytest.approx(by["met by a unit"].persons)
    assert min(stage.persons for stage in by.values()) >= -1e-9


TWO_DAYS = """\
format: 1
name: two days of a flow
start: 2025-01-20 00:00
horizon: 2 d
end: cut
bin: 1 d
replications: 2
seed: 5
"""
OVERRUN = (
    TWO_DAYS
    + """irregular:
  sector:
    zone: America/Winnipeg
    groups: {per_day: 100, size: {fixed: 1}, hide: 0 %}
    intercept: {detect: 40 %, alert: 2 h, patrols: 2, response: 60 min, with_group: 90 min}
    eligibility: {officers: 200, service: 90 min}
    standard: {wait: 30 min}
    custody_standard: 24 h
"""
)


@pytest.fixture(scope="module")
def overrun(tmp_path_factory: pytest.TempPathFactory) -> RunData:
    """Two units for 250 hours of work a day, where everybody waits for them."""
    folder = tmp_path_factory.mktemp("overrun")
    path = folder / "overrun.yaml"
    path.write_text(OVERRUN)
    return RunData.open(runs.run(load(path), folder, workers=1)[0])


def test_who_waits_for_a_unit_at_the_end_is_not_gone(overrun: RunData) -> None:
    by = {stage.name: stage.persons for stage in stages_of(overrun, "sector")}
    assert by["gone before a unit came"] == by["not seen"] == 0.0
    assert by["no alert so far"] > 0.0
    assert by["met by a unit"] + by["still waiting for a unit"] + by["no alert so far"] == by["came"]
    assert by["still waiting for a unit"] > 3.0 * by["met by a unit"]
    table = flow_table(Table("", "mean", "8 replications in 10"), overrun, "sector", "baseline")
    shown = dict(zip(table.columns[0].cells, table.columns[1].cells, strict=True))
    assert "still waiting for a unit at the end, persons" in shown
    over = overrun.estimate(("baseline", "sector", ALL, ALL), "over_standard_share")
    assert over is not None
    assert over.mean > 0.9
    assert shown["wait until a unit is sent over the standard, %"].startswith(f"{100.0 * over.mean:.0f}")
    assert shown["over the custody standard, %"] == "0"
    assert any("From replication to replication (8 replications in 10)" in line for line in standing(overrun, "sector"))
    assert "8 replications in 10" in bands_words(overrun)
    legend = plot_drivers(overrun, "sector").get_legend()
    assert legend is not None
    assert "8 replications in 10" in [text.get_text() for text in legend.get_texts()]
    assert any("waits until a unit is sent are longer" in line for line in standing(overrun, "sector"))


def test_stages_are_as_high_as_their_persons(run: RunData) -> None:
    ax = plot_stages(run, SECTOR)
    rows = stage_rows(run, SECTOR).set_index("stage")
    drawn = {bar.get_label(): bar[0] for bar in ax.containers}
    assert set(drawn) == set(rows.index[rows["persons"] > 0.5])
    for name, box in drawn.items():
        assert isinstance(box, Rectangle)
        assert abs(box.get_height()) == pytest.approx(rows.loc[name, "share"])
    written = "\n".join(text.get_text() for text in ax.texts)
    assert f"met by a unit\n{rows.loc['met by a unit', 'persons']:.0f}" in written
    assert set(DECIDED.values()) & set(drawn)


def test_boxes_of_a_column_do_not_overlap(run: RunData) -> None:
    boxes = [bar[0].get_bbox() for bar in plot_stages(run, SECTOR).containers]
    assert not [1 for at, one in enumerate(boxes) for other in boxes[at + 1 :] if one.overlaps(other)]


def test_places_stand_against_how_many_there_are(run: RunData) -> None:
    ax = plot_places(run, SECTOR)
    rows = places_rows(run, SECTOR)
    own = rows[rows["measure"] == "places_mean"]
    drawn = next(line for line in ax.lines if line.get_label() == "in places of intake")
    np.testing.assert_array_equal(drawn.get_ydata(), own["mean"])
    assert places_of(run, SECTOR) == 60
    capacity = next(line for line in ax.lines if line.get_label() == "60 places")
    assert list(capacity.get_ydata()) == [60, 60]


def test_persons_a_day_add_up_to_those_who_came(run: RunData) -> None:
    rows = drivers_rows(run, SECTOR)
    came = rows[rows["measure"] == "persons"]
    days = np.diff(np.append(came["bin_start"], run.horizon)) / 1440.0
    assert (came["mean"] * days).sum() == pytest.approx(mean(run, "persons"))
    # Ninety days in bins of a week: the last bin is shorter, and is a rate all the same.
    assert days[-1] < days[0]


def test_a_driver_stands_where_it_begins(run: RunData) -> None:
    top = plot_drivers(run, SECTOR)
    (driver,) = run.scenario_of("baseline").irregular[SECTOR].drivers  # type: ignore[union-attr]
    minutes = (driver.from_ - datetime(2025, 1, 1)).total_seconds() / 60.0
    for panel in top.figure.axes:
        upright = [line for line in panel.lines if str(line.get_label()).startswith(driver.name)]
        assert [list(line.get_xdata()) for line in upright] == [[minutes, minutes]]
    rows = drivers_rows(run, SECTOR)
    factor = rows[rows["measure"] == "factor"]
    before, after = (factor[factor["bin_start"] < minutes], factor[factor["bin_start"] >= minutes])
    assert set(before["mean"]) == {1.0}
    assert after["mean"].iloc[0] == pytest.approx(driver.multiply, rel=0.01)


def test_true_flow_shows_every_replication(run: RunData) -> None:
    ax = plot_true_flow(run, SECTOR)
    rows = true_flow_rows(run, SECTOR)
    for measure in ("persons", "persons_detected", "persons_intercepted"):
        own = rows.loc[rows["measure"] == measure, "value"]
        np.testing.assert_array_equal(own, run.samples.whole(SCOPE, measure))
        assert next(line for line in ax.lines if line.get_label() == measure).get_xdata().tolist() == own.tolist()


def test_save_figures_of_a_flow(run: RunData) -> None:
    told: list[str] = []
    paths = save_figures(run.folder, ["irregular", "programmes"], told.append)
    names = {path.stem for path in paths}
    assert {f"{kind}-{SECTOR}" for kind in ("stages", "places", "drivers", "true-flow")} <= names
    assert not [name for name in names if name.startswith("programmes")]
    assert is_flow(run, SECTOR)
    assert decides(run, SECTOR)


def test_the_sentence_says_what_is_not_identified_and_nothing_where_all_is(run: RunData) -> None:
    key = SCOPE, "detected_share"
    share = run.estimates[key]

    def sentence(low: float, high: float) -> str:
        changed = replace(run)
        vars(changed)["estimates"] = {**run.estimates, key: replace(share, day_p10=low, day_p90=high)}
        return unknown_sentence(changed, SECTOR, "baseline")

    assert "with 20 to 50 % of the groups detected," in sentence(0.2, 0.5)
    assert "with 20 % of the groups detected," in sentence(0.2, 0.2)
    assert sentence(1.0, 1.0) == ""
    assert "with 99 to 100 % of the groups detected," in sentence(0.99, 1.0)
    assert sentence(math.nan, math.nan) == ""


STAYING = (
    TWO_DAYS
    + """irregular:
  port:
    zone: America/Winnipeg
    kind: port
    eligibility: {officers: 20, service: 90 min}
displacement:
  origins:
    away:
      zone: America/Winnipeg
      groups: {per_day: 48}
      to: {port: {attraction: 1}, staying: {attraction: 1}}
"""
)


def test_an_event_that_multiplies_demand_is_drawn_by_name_and_factor(overrun: RunData, tmp_path: Path) -> None:
    event = "events: [{name: Surge, from: 2025-01-20 12:00, until: 2025-01-21 00:00, demand: 4}]\n"
    path = tmp_path / "surge.yaml"
    path.write_text(OVERRUN.replace("per_day: 100", "per_day: 5") + event)
    surge = RunData.open(runs.run(load(path), tmp_path, workers=1)[0])
    top = plot_drivers(surge, "sector")
    assert "Surge × 4" in [text.get_text() for text in top.texts]
    titles = [panel.get_title(loc="left") for panel in top.figure.axes]
    assert "Factor on demand: season, drivers and events" in titles
    rows = drivers_rows(surge, "sector")
    factor = rows[rows["measure"] == "factor"]
    assert dict(zip(factor["bin_start"], factor["mean"], strict=True)) == {0.0: 1.0, 720.0: 4.0, 1440.0: 1.0}
    assert "factor" not in set(drivers_rows(overrun, "sector")["measure"])


def test_who_stays_away_did_not_come_and_waits_for_nobody(tmp_path: Path) -> None:
    path = tmp_path / "staying.yaml"
    path.write_text(STAYING)
    stayed = RunData.open(runs.run(load(path), tmp_path, workers=1)[0])
    table = flow_table(Table("", "mean", "8 replications in 10"), stayed, "staying", "baseline")
    assert list(table.columns[0].cells) == ["persons who stayed away"]
    assert [line for line in standing(stayed, "staying") if "persons stay away in the 2 days measured" in line]
    assert len(standing(stayed, "staying")) == 1
    assert list(facility_charts(stayed, "staying")) == []
    assert [table.name for table in results(stayed, "staying")] == ["measures-staying"]
