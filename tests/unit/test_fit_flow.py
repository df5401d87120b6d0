"""`bordersim fit-flow`: from a file of months to words, JSON and a scenario that loads."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flow_worlds import World, driver

from sim.cli import main
from sim.errors import UsageError
from sim.report.flows_fitted import describe, number
from sim.scenario import load
from sim.scenario.drivers import mean_of_season
from sim.study import flow_study
from sim.study.flow_data import FlowSeries, Month
from sim.study.flow_fit import Task
from sim.study.flow_scenario import Assumptions, scenario_text, sector_of
from sim.study.flow_study import FlowStudy, fit_flows, hold_back, split


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four years of two provinces and a third with next to nothing; a fall in the first, no figure of March 2015."""
    path = tmp_path_factory.mktemp("flows") / "months.csv"
    fall = World(base=20.0, months=48, drivers=(driver("fall", "2016-05-20"),), factors=(0.3,)).draw(1)
    worlds = {"Quebec": fall, "Manitoba": World(base=0.2, months=48).draw(2)}
    rows = [
        f"{month.year},{month.month},{name},{persons},{'news' if month == Month(2014, 2) else 'complete'},made"
        for name, series in worlds.items()
        for month, persons in series.counts.items()
        if month != Month(2015, 3)
    ]
    rows += [f"2014,{month},Ontario,0,complete,made" for month in range(1, 13)]
    path.write_text(
        "\n".join(["year,month,province,interceptions,completeness,source", *rows]) + "\n", encoding="utf-8"
    )
    return path


@pytest.fixture(scope="module")
def study(file: Path) -> FlowStudy:
    return fit_flows(file, held="2017-07..2017-09", given=[driver("fall", "2016-05-20")])


def test_the_parts_of_a_study(study: FlowStudy) -> None:
    assert [fit.province for fit in study.fits] == ["Quebec", "Manitoba"]
    assert [each.province for each in study.too_few] == ["Ontario"]
    assert study.too_few[0].rate.high == pytest.approx(3.689 / 365, rel=1e-3)  # none seen: up to -log(2.5 %)
    quebec, manitoba = study.fits
    assert (quebec.own_season, manitoba.own_season) == (True, False)
    assert [str(month.month) for month in quebec.held_back] == ["2017-07", "2017-08", "2017-09"]
    assert max(quebec.series.counts) == Month(2017, 6)  # what comes after is not looked at
    assert quebec.drivers[0].factor.low < 0.3 < quebec.drivers[0].factor.high
    assert "protocol-2023" in quebec.untold


def test_the_words_of_a_fit(study: FlowStudy) -> None:
    text = describe(study)
    assert "Quebec: 41 months from 2014-01 to 2017-06" in text
    assert "driver    fall (from 2016-05-20): times 0." in text
    assert "Ontario: not fitted, 0 persons in 12 months; a fit needs 30 in 12" in text
    assert "Held back: 6 figures, of which" in text
    assert "only the product is known" in text
    assert max(map(len, text.splitlines())) <= 100
    assert [number(value) for value in (0.0, 0.0004, 0.0123456, 45.83, 1234.5)] == [
        "0",
        "under 0.001",
        "0.0123",
        "45.8",
        "1,234",
    ]


def test_the_scenario_of_a_fit_loads_and_says_what_was_fitted(study: FlowStudy, tmp_path: Path) -> None:
    path = tmp_path / "fitted.yaml"
    path.write_text(scenario_text(study, Assumptions(["20 %", "60 %"], 2.0)), encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    assert text.count("# fitted") >= 5
    assert "# The ranges were fitted jointly" in text
    assert "# The level of each month, which moves by itself, is not carried" in text
    assert "assumed; the months say nothing of it" in text
    scenario = load(path).baseline
    quebec, groups = scenario.irregular["quebec"], scenario.irregular["quebec"].groups
    assert groups is not None
    assert str(scenario.start) == "2017-07-01 00:00:00"
    assert groups.detected_per_day == pytest.approx(study.fits[0].base.value / 2.0, rel=0.01)
    assert groups.season is not None
    assert mean_of_season(groups.season) == pytest.approx(1.0, abs=1e-3)
    assert quebec.drivers[0].multiply == study.fits[0].drivers[0].driver.multiply
    low, high = scenario.ranges["irregular.quebec.groups.detected_per_day"]
    assert low < groups.detected_per_day < high
    assert quebec.intercept is not None
    assert quebec.intercept.detect == {"all": (0.2, 0.6)}
    assert {groups.hide[rule] for rule in groups.hide} == {1.0}


def test_without_assumptions_the_flow_is_those_intercepted(study: FlowStudy, tmp_path: Path) -> None:
    path = tmp_path / "fitted.yaml"
    path.write_text(scenario_text(study, Assumptions()), encoding="utf-8")
    quebec = load(path).baseline.irregular["quebec"]
    assert quebec.groups is not None
    assert quebec.groups.hide == {}
    assert quebec.intercept is not None
    assert quebec.intercept.detect == {"all": (1.0, 1.0)}


def test_provinces_have_the_names_of_the_registry() -> None:
    assert [sector_of(name) for name in ("British Columbia", "Québec", "NB", "Yukon / Alaska")] == [
        "british-columbia",
        "quebec",
        "new-brunswick",
        "yukon-alaska",
    ]


def test_two_names_of_one_sector_are_not_written_as_one(study: FlowStudy) -> None:
    quebec, manitoba = study.fits
    both = replace(study, fits=(quebec, replace(manitoba, series=replace(manitoba.series, province="QC"))))
    with pytest.raises(UsageError, match="'QC' is a second province for the sector 'quebec'"):
        scenario_text(both, Assumptions())


def test_servers_suffice_at_the_upper_ends_of_the_ranges(study: FlowStudy, tmp_path: Path) -> None:
    path = tmp_path / "fitted.yaml"
    path.write_text(scenario_text(study, Assumptions()), encoding="utf-8")
    scenario = load(path).baseline
    for name, flow in scenario.irregular.items():
        assert flow.groups is not None
        assert flow.intercept is not None
        groups = scenario.ranges[f"irregular.{name}.groups.detected_per_day"][1] * max(flow.groups.season or (1.0,))
        for index, one in enumerate(flow.drivers):
            groups *= max(1.0, *scenario.ranges.get(f"irregular.{name}.drivers.{index}.multiply", (one.multiply,)))
        assert groups * 1.5 / 24.0 <= 0.505 * flow.eligibility.officers  # hours of a decision; values are rounded
        assert groups * 1.0 / 24.0 <= 0.505 * flow.intercept.patrols


def test_the_season_of_others_is_looked_for_only_where_it_is_needed(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, tuple[float, ...]]] = []

    def shared(tasks: list[Task], drivers: object, rhos: tuple[float, ...]) -> np.ndarray:
        asked.append((len(tasks), rhos))
        return np.zeros(12)

    monkeypatch.setattr(flow_study, "shared_season", shared)
    monkeypatch.setattr(flow_study, "fit", lambda task, *_: task)
    fit_flows(file, ["Quebec"])
    assert asked == []
    fit_flows(file, rhos=(0.0,))
    assert asked == [(2, (0.0,))]


def test_what_is_held_back() -> None:
    series = FlowSeries("Here", {Month(2022, month): month for month in range(1, 13)})
    assert hold_back("3", [series]) == (Month(2022, 10), None)
    assert hold_back("2022-07", [series]) == (Month(2022, 7), None)
    ends = hold_back("2022-07..2022-09", [series])
    task = split(series, ends)
    assert [len(task.fitted.counts), len(task.held_back.counts)] == [6, 3]
    assert split(series, None).held_back.counts == {}
    for text in ("0", "12", "soon", "2022-07..2022-05", "2030-01", "2022-13"):
        with pytest.raises(UsageError, match="--hold-back"):
            hold_back(text, [series])


# ---- the command ----------------------------------------------------------------------------------------------


def test_the_command_prints_json_and_writes_a_scenario_once(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "fitted.yaml"
    asked = ["fit-flow", str(file), "--province", "Quebec", "--hold-back", "4", "--breaks", "none", "--out", str(out)]
    assert main([*asked, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    (quebec,) = said["provinces"]
    assert quebec["per_day"]["low"] < quebec["per_day"]["value"] < quebec["per_day"]["high"]
    assert [band["share"] for band in quebec["held_back"][0]["bands"]] == [0.5, 0.8, 0.95]
    assert main(["check", str(out)]) == 0
    assert main(asked) == 2
    assert "stands there already" in capsys.readouterr().err
    assert main([*asked, "--force"]) == 0
    assert "bordersim run" in capsys.readouterr().out


def test_only_complete_figures(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit-flow", str(file), "--province", "quebec", "--complete", "--breaks", "none", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["provinces"][0]["months"] == 46


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--province", "Yukon"], "no province 'Yukon' in the file, which has Quebec, Manitoba, Ontario"),
        (["--province", "Ontario"], "0 persons in 12 months; a fit needs 30 in 12"),
        (["--out", "fitted.txt"], "ends in .yaml"),
        (["--detect", "40%"], "go with --out"),
        (["--out", "x.yaml", "--detect", "40"], "--detect: "),
        (["--out", "x.yaml", "--detect", "60%..20%"], "the lowest first"),
        (["--out", "x.yaml", "--group-size", "0.5"], "--group-size takes a mean of 1"),
        (["--break", "a=2016-01-01", "--break", "a=2016-02-01"], "--break names 'a' twice"),
    ],
)
def test_what_was_asked_wrongly_is_said_in_one_line(
    file: Path, asked: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit-flow", str(file), *asked]) == 2
    assert said in capsys.readouterr().err


def test_faults_in_the_file_have_their_places(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("year,month,province,interceptions\n2022,13,Quebec,5\n", encoding="utf-8")
    assert main(["fit-flow", str(path)]) == 2
    assert f"{path}:2:6: '13'; allowed: a month from 1 to 12" in capsys.readouterr().err
