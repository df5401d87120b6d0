"""The eight airports of the registry: one line makes a hall that runs, and every value says where it is from."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim import registry
from sim.model.build import build
from sim.registry.files import plain_number
from sim.scenario import load
from sim.scenario.ranges import inputs_of, with_values
from sim.scenario.show import resolved_yaml, show
from sim.study.experiment import Experiment
from sim.study.measures import measure
from sim.study.preflight import warnings_of

CODES = tuple(airport.iata for airport in registry.airports())

ONE_LINE = """\
format: 1
name: One line
start: 2024-06-14 00:00
horizon: 24 h
replications: 10
seed: 3
preclearance:
  hall: {registry: CODE}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "hall.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("code", CODES)
def test_one_line_makes_a_hall(code: str, tmp_path: Path) -> None:
    """It loads without a warning, its passengers are those of the year, and its demand can be served."""
    study = load(written(tmp_path, ONE_LINE.replace("CODE", code)))
    assert warnings_of(study) == ()
    place = study.baseline.preclearance["hall"]
    assert place.zone == next(airport.zone for airport in registry.airports() if airport.iata == code)
    parties = build(study.baseline).draw(1, 0)
    volume = registry.airport_volume(code)
    departures = place.departures
    assert departures.per_day is not None
    assert departures.seats is not None
    assert parties.size.sum() == departures.per_day * round(departures.seats * departures.load + 1e-9)
    assert parties.size.sum() * 365.25 == pytest.approx(volume.passengers, rel=0.14)  # whole departures
    assert volume.low <= volume.passengers <= volume.high


@pytest.mark.parametrize("code", CODES)
def test_every_value_has_its_origin_and_lies_in_its_range(code: str) -> None:
    defaults = registry.hall_defaults(code)
    for path, origin in defaults.origins.items():
        value = defaults.tree
        for step in path:
            value = value[step]
        assert origin.text
        assert not origin.source or origin.source in registry.sources()
        if origin.assumed and isinstance(value, int | float) and path[-1] != "open":  # follows from the booths
            assert origin.low, f"{path} is assumed without a range"
        if origin.low is not None and origin.high is not None:
            assert plain_number(origin.low) <= plain_number(str(value)) <= plain_number(origin.high), path


def test_show_marks_what_is_published_and_what_is_assumed(tmp_path: Path) -> None:
    text = show(load(written(tmp_path, ONE_LINE.replace("CODE", "YVR"))))
    lines = {line.split(":")[0].strip(): line for line in text.splitlines()}
    assert "registry YVR: 3,318,000 passengers a year: StatCan 2024" in lines["per_day"]
    assert "registry (assumed 75 % to 92 %)" in lines["load"]
    assert "registry (assumed 8 % to 25 %)" in lines["nexus"] or "assumed 8 % to 25 %" in text
    other = show(load(written(tmp_path, ONE_LINE.replace("CODE", "YWG"))))
    assert "per_day: 9" in other
    assert "registry (assumed 4 to 11)" in other


def test_what_is_written_goes_first(tmp_path: Path) -> None:
    """A key written replaces the registry's whole; a variant may change any part of it."""
    more = ", classes: {trusted: 30 %, app: 20 %, others: rest}, departures: {per_day: 9, seats: 100}"
    text = ONE_LINE.replace("CODE}", f"YVR{more}}}")
    text += "variants: {few: {preclearance.hall.stations.primary.booths: 2}, late: {preclearance.hall.party: 2}}\n"
    study = load(written(tmp_path, text))
    place = study.baseline.preclearance["hall"]
    assert place.departures.per_day == 9
    assert not place.departures.profile
    assert "nexus" not in place.stations
    assert place.stations["primary"].serves == ("trusted", "app", "others")
    few = study.variants["few"].preclearance["hall"].stations["primary"]
    assert few.booths == 2
    assert max(few.open.values()) == 2
    assert few.service == place.stations["primary"].service
    assert study.variants["late"].preclearance["hall"].party["*"].average == 2


def test_the_resolved_scenario_needs_no_registry(tmp_path: Path) -> None:
    study = load(written(tmp_path, ONE_LINE.replace("CODE", "YOW")))
    text = resolved_yaml(study)
    assert "registry" not in text
    again = load(written(tmp_path, text))
    assert again.baseline == study.baseline


def test_assumed_inputs_can_be_screened(tmp_path: Path) -> None:
    """Fewer booths cap the calendar, as at a port."""
    study = load(written(tmp_path, ONE_LINE.replace("CODE", "YYZ")))
    found = {one.name: one for one in inputs_of(study)}
    load_, booths = (found[f"preclearance.hall.{name}"] for name in ("departures.load", "stations.primary.booths"))
    made = with_values(study, {load_.path: load_.at(1.0), booths.path: booths.at(0.0)}).preclearance["hall"]
    assert made.departures.load == pytest.approx(0.92)
    assert max(made.stations["primary"].open.values()) == made.stations["primary"].booths == booths.low.number


def test_assumed_staffing_serves_the_assumed_demand(tmp_path: Path) -> None:
    """Waits of minutes and next to nobody who misses the departure: a day, not a week's queue."""
    scenario = load(written(tmp_path, ONE_LINE.replace("CODE", "YHZ"))).baseline
    experiment = Experiment({"baseline": scenario}, seed=3, replications=5, engine="compiled")
    _, layout = experiment.model("baseline")
    days = []
    for replication in range(5):
        values = measure(layout, *experiment.simulate("baseline", replication)).values
        days.append({key.measure: v for key, v in zip(layout.keys, values, strict=True) if key[1:3] == ("all", "all")})
    day = {name: sum(one[name] for one in days) / len(days) for name in days[0]}
    assert 0.0 < day["wait_mean"] < 10.0
    assert day["missed_share"] < 0.01
    assert 20.0 < day["arrive_before_p95"] < 90.0
