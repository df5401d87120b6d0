"""The page of a hall, of an irregular flow, and of a run that settles: the charts they have, drawn from their files."""

from __future__ import annotations

import base64
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from report_page_runs import flow_run, hall_run, settled_run
from test_report_page import Outline, rows

from sim.report.figures_convergence import convergence_rows
from sim.report.figures_hall import INSIDE, hall_rows, missed_rows
from sim.report.figures_irregular import CAME, MET, drivers_rows, true_flow_rows
from sim.report.figures_stages import stage_rows
from sim.report.figures_tornado import studies_of
from sim.report.figures_warmup import QUEUE, series_rows
from sim.report.page import report
from sim.report.rundata import RunData

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
SECTOR = "bc-washington"


def numbers(found: list[dict[str, str]], column: str, **where: str) -> list[float]:
    """A column of a chart's rows, of those with these texts."""
    return [float(row[column]) for row in found if all(row[name] == text for name, text in where.items())]


def pictures(outline: Outline) -> list[dict[str, str | None]]:
    return [own for tag, own in outline.tags if tag == "img"]


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunData, Outline]:
    folder = hall_run(tmp_path_factory.mktemp("hall"))
    return RunData.open(folder), Outline(report(folder))


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunData, Outline]:
    folder = flow_run(tmp_path_factory.mktemp("flow"))
    return RunData.open(folder), Outline(report(folder))


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunData, Outline]:
    folder = settled_run(tmp_path_factory.mktemp("settled"))
    return RunData.open(folder), Outline(report(folder))


def test_a_hall_shows_who_is_inside_and_who_misses_a_bank(hall: tuple[RunData, Outline]) -> None:
    run, outline = hall
    drawn = rows(outline.charts["hall-hall"])
    for variant in run.variants:
        table = hall_rows(run, "hall", variant=variant)
        inside = table.loc[table["measure"] == INSIDE, "mean"]
        np.testing.assert_allclose(numbers(drawn, "inside", variant=variant), inside, rtol=1e-4)
        missed = missed_rows(run, "hall", variant=variant)
        bars = rows(outline.charts["missed-hall"])
        assert len(missed) == 2
        np.testing.assert_allclose(numbers(bars, "missed", variant=variant), missed["mean"], rtol=1e-4)
        np.testing.assert_allclose(numbers(bars, "booked", variant=variant), missed["departing"], rtol=1e-4)
    assert not {"welch-hall", "drivers-hall", "tornado-hall"} & set(outline.charts)
    assert pictures(outline) == []


def test_a_flow_is_told_in_persons(flow: tuple[RunData, Outline]) -> None:
    run, outline = flow
    came = run.estimate(("baseline", SECTOR, "all", "all"), CAME)
    assert came is not None
    assert f"{came.mean:.0f} (" in outline.text
    assert "persons come in the 90 days measured" in outline.text
    assert "Not identified: how many truly came" in outline.text
    assert f"day-{SECTOR}" not in outline.charts
    stages = stage_rows(run, SECTOR)
    (alt, address) = next((own["alt"], own["src"]) for own in pictures(outline) if SECTOR in str(own["alt"]))
    assert "from the border to a decision" in str(alt)
    picture = base64.b64decode(str(address).partition("base64,")[2])
    assert picture.startswith(b"<?xml")
    assert len(picture) < 100_000
    for name in stages.loc[stages["persons"] > 0.5, "stage"]:
        assert f"<!-- {name} -->".encode() in picture
        assert name in outline.text


def test_a_flow_shows_drivers_places_and_what_was_seen(flow: tuple[RunData, Outline]) -> None:
    run, outline = flow
    spec = outline.charts[f"drivers-{SECTOR}"]
    table = drivers_rows(run, SECTOR)
    for short, measure in (("came", CAME), ("met", MET)):
        own = table.loc[table["measure"] == measure, "mean"]
        np.testing.assert_allclose(numbers(rows(spec), short), own, rtol=1e-4)
    assert len(spec["vconcat"]) == 3
    names = [v["name"] for layer in spec["vconcat"][0]["layer"] for v in layer.get("data", {}).get("values", [])]
    assert set(names) == {"us-enforcement-2025 × 1.4"}
    (capacity,) = (
        layer["data"]["values"]
        for layer in outline.charts[f"places-{SECTOR}"]["vconcat"][0]["layer"]
        if "data" in layer
    )
    assert capacity == [{"minute": 0.0, "until": run.horizon, "level": 60.0}]
    points = rows(outline.charts[f"true-flow-{SECTOR}"])
    assert numbers(points, "persons") == true_flow_rows(run, SECTOR)["value"].tolist()
    settling = rows(outline.charts[f"convergence-{SECTOR}"])
    assert {row["measure"] for row in settling} == {"persons, number", "persons intercepted, number"}


def test_a_standard_that_changes_is_drawn_as_steps(settled: tuple[RunData, Outline]) -> None:
    run, outline = settled
    layers = outline.charts["day-crossing"]["vconcat"][0]["layer"]
    flat, upright = next(layer["layer"] for layer in layers if "layer" in layer)
    steps = run.standard_steps("crossing")
    assert [(row["minute"], row["level"]) for row in flat["data"]["values"]] == list(steps)
    assert [(row["minute"], row["level"], row["to"]) for row in upright["data"]["values"]] == [
        (at, before, after) for (_, before), (at, after) in pairwise(steps)
    ]
    assert len(steps) == 5
    assert "Dotted: the standard of 5 to 10 min." in outline.text
    waits = outline.charts["waits-longer-crossing"]["layer"][-1]
    assert [row["standard"] for row in waits["data"]["values"]] == [5.0, 10.0]


def test_settling_is_drawn_over_replications_and_over_time(settled: tuple[RunData, Outline]) -> None:
    run, outline = settled
    table = convergence_rows(run, "crossing", ["wait_mean"])
    drawn = rows(outline.charts["convergence-crossing"])
    np.testing.assert_allclose(numbers(drawn, "mean", measure="mean wait, minutes"), table["mean"], rtol=1e-4)
    series = series_rows(run, "crossing", "baseline")
    curves = rows(outline.charts["welch-crossing"])
    np.testing.assert_allclose(numbers(curves, QUEUE, line="by time bin"), series[QUEUE], rtol=1e-4)
    assert len({row["line"] for row in curves}) == 3


def test_a_study_beside_the_run_gives_the_tornado(settled: tuple[RunData, Outline]) -> None:
    run, outline = settled
    (study,) = studies_of(run)
    (row,) = study.tornado.to_dict("records")
    bars = rows(outline.charts["tornado-crossing"])
    assert {row["input"] for row in bars} == {"lanes.general.booths"}
    assert {bar["at_end"]: float(bar["value"]) for bar in bars} == {
        "2": pytest.approx(row["at_low"], rel=1e-6),
        "3": pytest.approx(row["at_high"], rel=1e-6),
    }
    assert [float(bar["base"]) for bar in bars] == pytest.approx([row["baseline"]] * 2, rel=1e-6)


def test_a_study_of_another_scenario_is_left_out(settled: tuple[RunData, Outline], tmp_path: Path) -> None:
    run, _ = settled
    other = hall_run(tmp_path)
    (study,) = studies_of(run)
    study.folder.rename(other.parent / study.folder.name)
    try:
        assert list(studies_of(RunData.open(other))) == []
    finally:
        (other.parent / study.folder.name).rename(study.folder)
