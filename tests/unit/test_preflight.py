"""Warnings with their numbers, offered load against hand calculation and drawn parties, and the guard of memory."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from sim.cli import main
from sim.errors import ScenarioError, UsageError
from sim.model.build import build
from sim.model.distributions import from_spec
from sim.scenario import Study, load
from sim.scenario.cautions import Caution
from sim.scenario.distributions import mean, parse_dist
from sim.study.demand import flows
from sim.study.layout import Layout
from sim.study.offered import offered_load, plans_of
from sim.study.preflight import (
    BYTES_OF_THE_PROGRAM,
    BYTES_PER_PARTY,
    BYTES_PER_PARTY_COMPILED,
    available_memory,
    binned_values,
    check_memory,
    expected_parties,
    for_a_run,
    warnings_of,
)
from sim.study.runs import select

VALID = Path(__file__).parents[1] / "scenarios" / "valid"

QUIET = """format: 1
name: A port
start: 2024-07-06 06:00
horizon: 12 h
seed: 1
ports:
  here:
    direction: northbound
    zone: America/Vancouver
    traffic:
      car: {rate: 60 /h}
    lanes:
      general: {serves: [car], booths: 2, service: 50 s}
"""


def study(folder: Path, text: str) -> Study:
    (folder / "s.yaml").write_text(text, encoding="utf-8")
    return load(folder / "s.yaml")


def warned(folder: Path, text: str) -> tuple[Caution, ...]:
    return warnings_of(study(folder, text))


def test_a_quiet_scenario_has_no_warning(tmp_path: Path) -> None:
    assert warned(tmp_path, QUIET) == ()


CASES: dict[str, tuple[str, Sequence[tuple[str, str]], str, tuple[int, int], str]] = {
    "more-work-than-booths": (
        "overloaded-lane",
        [("60 /h", "180 /h")],
        "",
        (13, 7),
        "offered load 1.25: 30.0 booth-hours of work for 24.0 open, worst hour 2024-07-06 06:00 at 1.25",
    ),
    "queue-when-the-horizon-ends": (
        "queue-at-end",
        [("60 /h", "120 /h"), ("booths: 2", 'booths: 2, open: {"00:00": 2, "16:00": 1}')],
        "",
        (13, 7),
        "about 96 parties, 80 min of work, are in line when the horizon ends: offered load 0.91",
    ),
    "bays-too-few": (
        "overloaded-secondary",
        [],
        "    secondary: {bays: 1, referral: {car: 20 %}, service: 10 min}\n",
        (14, 5),
        "offered load 2.00: 24.0 bay-hours of work for 12.0 open",
    ),
    "officers-never-on-duty": (
        "never-open",
        [("booths: 2", "pool: team")],
        "officers:\n  team: {officers: 1, open: 0}\n",
        (15, 29),
        "nobody of this pool is on duty within the horizon",
    ),
    "officers-too-few": (
        "overloaded-lane",
        [("booths: 2", "pool: team"), ("60 /h", "90 /h")],
        "officers:\n  team: {officers: 1}\n",
        (15, 3),
        "offered load 1.25: 15.0 officer-hours of work for 12.0 open",
    ),
    "toll-too-slow": (
        "overloaded-lane",
        [],
        "    toll: {booths: 1, service: 90 s}\n",
        (14, 5),
        "offered load 1.50",
    ),
    "lane-never-open": (
        "never-open",
        [],
        "      spare: {serves: [car], booths: 2, open: 0, service: 50 s}\n",
        (14, 47),
        "no booth of this lane group opens within the horizon",
    ),
    "booth-never-open": (
        "never-open-booth",
        [("booths: 2", "booths: 4, open: 2")],
        "",
        (13, 40),
        "booths 3 to 4 of 4 are never open within the horizon",
    ),
    "lane-behind-another": (
        "idle-lane",
        [("rate: 60 /h", "rate: 60 /h, nexus: 20 %")],
        "      nexus: {serves: [car.nexus], booths: 1, service: 10 s}\n"
        "      nexus-two: {serves: [car.nexus], booths: 1, service: 10 s}\n",
        (15, 7),
        "nobody comes here: 'nexus' never closes",
    ),
    "start-that-comes-twice": (
        "clock-change",
        [("2024-07-06 06:00", "2024-11-03 01:30")],
        "",
        (3, 8),
        "2024-11-03 01:30 comes twice in America/Vancouver, where clocks go back; the first is used",
    ),
    "event-that-comes-twice": (
        "clock-change",
        [("2024-07-06 06:00", "2024-11-03 00:00")],
        "events:\n  - {name: Fair, from: 2024-11-03 00:30, until: 2024-11-03 01:15, demand: 1.1}\n",
        (15, 49),
        "2024-11-03 01:15 comes twice",
    ),
    "event-in-another-year": (
        "event-outside-horizon",
        [],
        "events:\n  - {name: Fair, from: 2025-07-06 12:00, demand: 1.1}\n",
        (15, 5),
        "'Fair' lies wholly outside the horizon, 2024-07-06 06:00 to 2024-07-06 18:00",
    ),
    "event-before-the-start": (
        "event-outside-horizon",
        [],
        "events:\n  - {name: Fair, from: 2024-07-05 12:00, until: 2024-07-06 06:00, service: 1.1}\n",
        (15, 5),
        "'Fair' lies wholly outside",
    ),
    "event-with-more-booths-than-there-are": (
        "event-booths-above-built",
        [],
        "events:\n  - {name: Rush, from: 2024-07-06 12:00, booths: {general: 5}}\n",
        (15, 60),
        "at most 5 booths of 'general', of which 2 are built",
    ),
    "secondary-of-nobody": (
        "unreachable-secondary",
        [],
        "    secondary: {bays: 1, referral: {car: 0 %}, service: 10 min}\n",
        (14, 26),
        "every share is 0 %",
    ),
    "few-replications": ("few-replications", [], "replications: 5\n", (14, 15), "5 replications"),
    "one-replication": ("few-replications", [], "replications: 1\n", (14, 15), "1 replication has no interval"),
    "only-in-a-variant": (
        "never-open-booth",
        [("booths: 2", "booths: 2, open: 2")],
        "variants:\n  more: {ports.here.lanes.general.booths: 3}\n",
        (15, 43),
        "booth 3 of 3 is never open",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_warning_has_name_place_and_numbers(tmp_path: Path, case: str) -> None:
    name, edits, more, place, found = CASES[case]
    text = QUIET
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    (warning,) = warned(tmp_path, text + more)
    assert (warning.name, warning.line, warning.column) == (name, *place)
    assert found in warning.found
    assert warning.mend
    assert warning.variant == ("more" if case == "only-in-a-variant" else "")
    assert str(warning).endswith(f"[{name}]")


@pytest.mark.parametrize(
    ("rows", "name", "found"),
    [
        (
            "0,car\n43000,car\n50000,car\n",
            "table-beyond-horizon",
            "1 of 3 rows of t.csv come after the horizon of 12 h",
        ),
        ("0,car\n7200,car\n", "table-ends-early", "the last row of t.csv is at 2 h of a horizon of 12 h"),
    ],
)
def test_a_trace_is_held_against_the_horizon(tmp_path: Path, rows: str, name: str, found: str) -> None:
    (tmp_path / "t.csv").write_text(f"time,class\n{rows}")
    (warning,) = warned(tmp_path, QUIET.replace("rate: 60 /h", "trace: t.csv"))
    assert (warning.name, warning.line, warning.column) == (name, 11, 20)
    assert found in warning.found


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        ("00:00,50\n06:00,50\n12:00,50\n", "table-beyond-horizon"),
        ("00:00,50\n04:00,50\n", "table-ends-early"),
        ("00:00,50\n06:00,50\n", ""),
        ("00:00,50\n06:00,50\n12:00,0\n", ""),
    ],
)
def test_counts_are_held_against_the_horizon(tmp_path: Path, rows: str, name: str) -> None:
    (tmp_path / "t.csv").write_text(f"time,car\n{rows}")
    assert [w.name for w in warned(tmp_path, QUIET.replace("rate: 60 /h", "counts: t.csv"))] == ([name] if name else [])


@pytest.mark.parametrize(
    "more",
    [
        "      other: {serves: [car], booths: 1, service: 50 s}\n    choose: shorter\n",
        '      other: {serves: [car], booths: 1, open: {"08:00": 1, "20:00": 0}, service: 50 s}\n',
    ],
    ids=["shorter", "general-first"],
)
def test_idle_lanes_only_where_the_first_choice_decides(tmp_path: Path, more: str) -> None:
    names = [warning.name for warning in warned(tmp_path, QUIET + more)]
    assert ("idle-lane" in names) == ("shorter" not in more)


def test_a_lane_that_closes_leaves_work_to_the_next(tmp_path: Path) -> None:
    text = QUIET.replace("booths: 2", 'booths: 2, open: {"06:00": 2, "12:00": 0}')
    more = "      other: {serves: [car], booths: 2, service: 50 s}\n"
    assert not [w for w in warned(tmp_path, text + more) if w.name == "idle-lane"]
    first, second = offered_load(study(tmp_path, text + more).baseline)
    assert (first.work, second.work) == (6 * 3000.0, 6 * 3000.0)
    assert second.backlog == 0.0


def test_offered_load_by_hand(tmp_path: Path) -> None:
    """90 cars an hour, 30 % NEXUS; 63 x (50 s x 1.1 + 5 s) = 1.05 h and 27 x 10 s = 0.075 h of work an hour."""
    text = QUIET.replace("rate: 60 /h", "rate: 90 /h, nexus: 30 %, occupants: {fixed: 2}")
    text = text.replace("service: 50 s", "service: {exponential: {mean: 50 s}, per_extra_person: 10 %, move_up: 5 s}")
    text += "      nexus: {serves: [car.nexus], booths: 1, service: 10 s}\n"
    text += "    secondary: {bays: 3, referral: {car: 10 %, car.nexus: 0 %}, service: 20 min}\n"
    general, nexus, secondary = offered_load(study(tmp_path, text).baseline)
    assert general.work == pytest.approx(12 * 63 * 60.0)
    assert general.load == pytest.approx(63 * 60.0 / 7200.0)
    assert nexus.load == pytest.approx(27 * 10.0 / 3600.0)
    assert secondary.load == pytest.approx(6.3 * 1200.0 / (3 * 3600.0))


def test_events_and_tandem_booths_count(tmp_path: Path) -> None:
    text = QUIET.replace("service: 50 s", "tandem: 1, service: {exponential: {mean: 50 s}}")
    text += "events:\n"
    text += "  - {name: Fair, from: 2024-07-06 06:00, until: 2024-07-06 08:00, demand: 2}\n"
    text += "  - {name: Slow, from: 2024-07-06 07:00, until: 2024-07-06 08:00, service: 3}\n"
    text += "  - {name: Closed, from: 2024-07-06 09:00, until: 2024-07-06 10:00, stopped: all}\n"
    (group,) = offered_load(study(tmp_path, text).baseline)
    assert [group.offered[hour] for hour in range(3)] == pytest.approx([6000.0, 18000.0, 3000.0])
    assert [group.opened[hour] for hour in range(4)] == [9000.0, 9000.0, 9000.0, 0.0]
    assert group.worst_hour() == (3, math.inf)


@pytest.mark.parametrize("name", ["members-in-families", "trucks-by-table", "events-of-every-kind", "day-of-23-hours"])
def test_expected_flows_are_those_drawn(name: str) -> None:
    """Mean of 40 replications within 4.5 standard errors of a Poisson count, class by class."""
    scenario = load(VALID / f"{name}.yaml").baseline
    model = build(scenario)
    parties = [model.draw(7, replication) for replication in range(40)]
    for plan in plans_of(scenario):
        for index, flow in enumerate(flows(plan).values()):
            drawn = np.mean([np.count_nonzero(p.klass == index) for p in parties])
            expected = flow.parties(scenario.horizon)
            assert drawn == pytest.approx(expected, abs=4.5 * math.sqrt(expected / 40))


@pytest.mark.parametrize(
    "raw",
    [
        "50 s",
        {"exponential": {"mean": "50 s"}},
        {"erlang": {"mean": "50 s", "shape": 3}},
        {"gamma": {"mean": "50 s", "cv": 0.7}},
        {"lognormal": {"mean": "50 s", "cv": 0.7}},
        {"weibull": {"mean": "50 s", "shape": 1.4}},
        {"uniform": {"low": "20 s", "high": "70 s"}},
        {"triangular": {"low": "20 s", "mode": "30 s", "high": "70 s"}},
        {"truncated_normal": {"mean": "50 s", "sd": "20 s", "high": "60 s"}},
        {"truncated_normal": {"mean": "10 s", "sd": "20 s", "low": "40 s", "high": "5 min"}},
        {
            "mixture": [
                {"share": "30 %", "exponential": {"mean": "9 s"}},
                {"share": "70 %", "deterministic": {"value": "60 s"}},
            ]
        },
    ],
)
def test_the_mean_of_a_distribution_is_the_models(raw: object) -> None:
    dist = parse_dist(raw)
    assert mean(dist.kind, dist.parameters) == pytest.approx(from_spec(dist.kind, dist.parameters).mean(), rel=1e-9)


def test_the_mean_of_an_empirical_distribution() -> None:
    parameters = {"values": (10.0, 40.0), "weights": (2.0, 1.0)}
    assert mean("empirical", parameters) == pytest.approx(from_spec("empirical", parameters).mean()) == 20.0


# ---- memory -----------------------------------------------------------------------------------------------


def test_a_horizon_beyond_memory_is_refused_with_the_estimate(tmp_path: Path) -> None:
    big = study(tmp_path, QUIET.replace("60 /h", "900 /s").replace("12 h", "3000 d"))
    assert expected_parties(big.baseline) == pytest.approx(900 * 3000 * 86400)
    with pytest.raises(ScenarioError) as caught:
        check_memory(big)
    (fault,) = caught.value.faults
    assert (fault.line, fault.column, fault.path) == (4, 10, "horizon")
    assert "233,280,000,000 parties in a replication: the run needs about 116,6" in fault.found
    assert "GB is free" in fault.found


def test_bins_beyond_memory_are_refused_at_the_bin(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        check_memory(study(tmp_path, QUIET + "bin: 0.001 s\n"))
    (fault,) = caught.value.faults
    assert (fault.line, fault.path) == (14, "bin")
    assert "values by time bin" in fault.found
    check_memory(study(tmp_path, QUIET + "bin: 0.001 s\n"), keeps_bins=False)


def test_memory_is_what_the_run_needs_and_no_more(tmp_path: Path) -> None:
    small = study(tmp_path, QUIET)
    need = 720 * BYTES_PER_PARTY
    check_memory(small, available=1e9)
    with pytest.raises(ScenarioError):
        check_memory(small, available=float(need))
    hundred = study(tmp_path, QUIET.replace("60 /h", "60000 /h"))
    check_memory(hundred, workers=1, available=2e9)
    with pytest.raises(ScenarioError):
        check_memory(hundred, workers=8, available=2e9)
    with pytest.raises(ScenarioError):
        check_memory(hundred, workers=8, available=2e9, keeps_bins=False)


def test_the_compiled_engine_takes_less_at_land_ports_and_is_reckoned_with(tmp_path: Path) -> None:
    busy = study(tmp_path, QUIET.replace("60 /h", "60000 /h"))
    need = BYTES_OF_THE_PROGRAM + 1.01 * 720_000 * BYTES_PER_PARTY_COMPILED
    check_memory(busy, available=need, keeps_bins=False, engine="compiled")
    for engine, free in (("reference", need), ("compiled", 0.98 * need)):
        with pytest.raises(ScenarioError):
            check_memory(busy, available=free, keeps_bins=False, engine=engine)


def test_bins_too_short_for_a_long_horizon_are_warned_of_with_the_size_of_the_table(tmp_path: Path) -> None:
    text = QUIET.replace("12 h", "2000 d") + "replications: 10\n"
    (caution,) = [one for one in warnings_of(study(tmp_path, text)) if one.name == "many-bins"]
    assert (caution.line, "192,000 time bins" in caution.found, "GB" in caution.found) == (4, True, True)
    for fewer in ("bin: 1 d\n", "bin: none\n"):
        assert not [one for one in warnings_of(study(tmp_path, text + fewer)) if one.name == "many-bins"]


def test_the_system_says_how_much_memory_there_is() -> None:
    free = available_memory()
    assert free is None or 1e7 < free < 1e15


# ---- the command line -------------------------------------------------------------------------------------


def test_check_prints_warnings_and_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study(tmp_path, QUIET.replace("60 /h", "180 /h"))
    assert main(["check", str(tmp_path / "s.yaml")]) == 0
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{tmp_path / 's.yaml'}:13:7: warning: ports.here.lanes.general: offered load 1.25")
    assert last == f"{tmp_path / 's.yaml'}: no faults in the scenario; 1 warning"
    assert main(["check", str(tmp_path / "s.yaml"), "--strict"]) == 2


def test_a_variant_that_builds_without_opening_is_told_beside_a_baseline_that_does(tmp_path: Path) -> None:
    text = QUIET.replace("booths: 2", "booths: 3, open: 2")
    text += "variants:\n  same: {replications: 31}\n  more: {ports.here.lanes.general.booths: 4}\n"
    warnings = warned(tmp_path, text)
    assert [(w.name, w.variant) for w in warnings] == [("never-open-booth", ""), ("never-open-booth", "more")]
    assert [w.variant for w in for_a_run(warnings)] == ["more"]


def test_run_prints_warnings_to_standard_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study(tmp_path, QUIET.replace("60 /h", "180 /h").replace("12 h", "1 h") + "replications: 2\n")
    arguments = [
        "run",
        str(tmp_path / "s.yaml"),
        "--out",
        str(tmp_path / "out"),
        "--engine",
        "reference",
        "--workers",
        "1",
    ]
    assert main([*arguments]) == 0
    told = capsys.readouterr().err
    assert "[overloaded-lane]" in told
    assert "[few-replications]" in told
    assert main([*arguments, "--quiet", "--force"]) == 0
    assert "warning" not in capsys.readouterr().err


def test_run_refuses_what_does_not_fit_before_anything_is_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study(tmp_path, QUIET.replace("60 /h", "900 /s").replace("12 h", "3000 d"))
    assert main(["run", str(tmp_path / "s.yaml"), "--out", str(tmp_path / "out")]) == 2
    assert "s.yaml:4:10: horizon: about 233,280,000,000 parties" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_strict_passes_without_warnings(tmp_path: Path) -> None:
    study(tmp_path, QUIET)
    assert main(["check", str(tmp_path / "s.yaml"), "--strict"]) == 0


def test_check_as_json_has_stable_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(tmp_path / "s.yaml")
    study(tmp_path, QUIET.replace("60 /h", "180 /h"))
    assert main(["check", file, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["faults"] == []
    assert list(found["warnings"][0]) == ["file", "line", "column", "path", "name", "found", "mend", "variant"]
    (tmp_path / "s.yaml").write_text(QUIET.replace("horizon: 12 h", "horizon: 12"))
    assert main(["check", file, "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert found["faults"] == [
        {
            "file": file,
            "line": 4,
            "column": 10,
            "path": "horizon",
            "found": "the number 12 has no unit",
            "allowed": "a duration with its unit (s, min, h, d), such as '24 h'",
            "mend": "write '12 h'",
        }
    ]
    assert found["warnings"] == []


def test_a_misspelt_variant_is_answered_with_the_nearest(tmp_path: Path) -> None:
    found = study(tmp_path, QUIET + "variants:\n  nexus-40: {ports.here.lanes.general.booths: 1}\n")
    with pytest.raises(UsageError, match=r"its variants are: nexus-40\. did you mean 'nexus-40'\?"):
        select(found, ["nexus-4"])


@pytest.mark.parametrize(
    "name", ["pacific-highway-southbound", "preclearance-kiosks", "irregular-washington-bc-winter-2025"]
)
def test_values_by_time_bin_are_about_as_many_as_there_will_be(name: str) -> None:
    """Of a port, a hall and flows, in each of which a place has other measures."""
    scenario = load(VALID.parents[2] / "scenarios" / f"{name}.yaml", replications=2).baseline
    layout = Layout.of(build(scenario).network, scenario.bin)
    true = (len(layout.bin_keys) + len(layout.start_bin_keys)) * (len(layout.edges) - 1)
    assert binned_values(scenario) / 2 == pytest.approx(true, rel=0.25)
