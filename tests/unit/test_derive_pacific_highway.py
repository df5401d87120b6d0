"""The derivation of the Pacific Highway scenario, on excerpts made up by hand."""

from __future__ import annotations

import csv
import math
from datetime import date, timedelta
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from sim import scenario
from tools import derive_pacific_highway as derive

ROOT = Path(__file__).resolve().parents[2]
WEEK = [date(2018, 6, 4) + timedelta(days=number) for number in range(7)]
"""Monday to Sunday, no holiday among them."""
SATURDAY_DOUBLE = 2 * 31 / 35
"""A Saturday twice every other day, over the mean of July 2024: 27 days of 1 and 4 Saturdays of 2."""


def bts(measure: str, value: int, year: int = 2024, month: int = 7, port: str = "3004") -> dict[str, str]:
    return {
        "port_code": port,
        "year": str(year),
        "month": str(month),
        "measure": measure,
        "value": str(value),
    }


def volumes(crossing: str, direction: str, lane: str, weekday: float, saturday: float) -> list[dict[str, str]]:
    return [
        {
            "date": day.isoformat(),
            "crossing": crossing,
            "direction": direction,
            "lane": lane,
            "volume": str(saturday if day.weekday() == 5 else weekday),
        }
        for day in WEEK
    ]


def waits(vehicle: str, lane: str, level: float, peak_hour: int, peak: float) -> list[dict[str, str]]:
    return [
        {
            "vehicle_type": vehicle,
            "lane_type": lane,
            "hour": str(hour),
            "average_wait_min": str(peak if hour == peak_hour else level),
        }
        for hour in range(24)
    ]


def raw_files() -> dict[str, list[dict[str, str]]]:
    """A raw folder whose answers can be worked out on paper."""
    nexus = waits("passenger", "nexus", 5, 12, 5)
    for row in nexus[:6]:
        row["average_wait_min"] = "0"
    return {
        "bts_us_canada_monthly.csv": [
            bts("Personal Vehicles", 3100),
            bts("Personal Vehicle Passengers", 6200),
            bts("Trucks", 310),
            bts("Buses", 62),
            bts("Bus Passengers", 1240),
            bts("Personal Vehicles", 99999, port="3017"),
            bts("Personal Vehicles", 34762, year=2019, month=1),
            bts("Personal Vehicles", 34762, year=2019, month=2),
            bts("Trucks", 100, year=2019),
            bts("Buses", 10, year=2019),
            bts("Bus Passengers", 200, year=2019),
        ],
        "cascade_daily_volume_2018.csv": [
            *volumes("Peace Arch", "NB", "cars", 60, 120),
            *volumes("Peace Arch", "NB", "nexus", 40, 80),
            *volumes("Pacific Highway", "SB", "trucks", 100, 50),
            *volumes("Pacific Highway", "NB", "trucks", 100, 25),
        ],
        "service_parameters_literature.csv": [
            {"parameter": "cbsa_annual_vehicles", "place": "Pacific Highway", "value": "510"},
            {"parameter": "cbsa_annual_vehicles", "place": "Douglas (Peace Arch)", "value": "600"},
            {"parameter": "fast_eligible_share_trucks", "place": "Pacific Highway SB", "value": "22.5"},
        ],
        "cbp_lanes_canada_border.csv": [
            {"port_number": "300401", "passenger_max_lanes": "7"},
            {"port_number": "300402", "passenger_max_lanes": "10"},
        ],
        "cbsa_top30_ports_2018_2019.csv": [
            {"cbsa_port_name": "Pacific Highway - Traffic", "travellers_2018_2019_total": "1000"},
            {"cbsa_port_name": "Douglas Passenger", "travellers_2018_2019_total": "600"},
        ],
        "cbp_hourly_wait_pacific_highway.csv": [
            *waits("passenger", "standard", 5, 11, 20),
            *nexus,
            *waits("commercial", "standard", 5, 8, 40),
        ],
        "cascade_peace_arch_sb_hourly_wait_2013_2016.csv": [
            {"time": f"2016-07-09 {hour:02}:00:00", "delay_min": "30" if hour == 10 else "2"} for hour in range(24)
        ],
    }


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    folder.mkdir()
    for name, rows in raw_files().items():
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return folder


def test_monthly_counts_take_one_port_and_month() -> None:
    rows = [
        bts("Trucks", 5),
        bts("Trucks", 7, month=8),
        bts("Trucks", 11, port="3017"),
        bts("Buses", 2, year=2023),
    ]
    assert derive.monthly_counts(rows, "3004", 2024, 7) == {"Trucks": 5}
    assert derive.monthly_counts(rows, "3004", 2024) == {"Trucks": 12}
    with pytest.raises(derive.RawDataError, match="3004 in 2022-07"):
        derive.monthly_counts(rows, "3004", 2022, 7)


def test_day_factor_counts_each_weekday_as_often_as_the_month_has_it() -> None:
    weekdays = (1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 1.0)
    assert derive.day_factor(weekdays, date(2024, 7, 6)) == pytest.approx(SATURDAY_DOUBLE)
    assert derive.day_factor(weekdays, date(2024, 7, 8)) == pytest.approx(31 / 35)
    assert derive.day_factor(weekdays, date(2024, 6, 1)) == pytest.approx(2 * 30 / 35)  # five Saturdays


def test_a_faulty_day_does_not_move_the_weekday_level() -> None:
    days = [WEEK[0] + timedelta(days=number) for number in range(21)]
    series = dict.fromkeys(days, 100.0) | {days[7]: 3.0}
    assert derive.by_weekday(series) == (100.0,) * 7
    with pytest.raises(derive.RawDataError, match="weekday"):
        derive.by_weekday({day: 1.0 for day in days if day.weekday() != 2})


def test_ordinary_summer_leaves_out_holidays_and_other_seasons() -> None:
    days = [date(2018, 5, 31), date(2018, 6, 1), date(2018, 7, 4), date(2018, 8, 31), date(2018, 9, 1)]
    assert list(derive.ordinary_summer(dict.fromkeys(days, 1.0))) == [date(2018, 6, 1), date(2018, 8, 31)]


def test_days_with_nexus_booked_as_cars_are_dropped() -> None:
    cars = dict.fromkeys(WEEK, 60.0)
    nexus = dict.fromkeys(WEEK[:6], 40.0) | {WEEK[1]: 9.9, WEEK[2]: 10.0}
    kept = derive.without_faults(cars, nexus)
    assert list(kept) == [WEEK[0], *WEEK[2:6]]  # under a quarter of the median, and a day without NEXUS
    assert kept[WEEK[2]] == (60.0, 10.0)


def test_day_to_day_variation_is_around_the_weekday_and_without_poisson_noise() -> None:
    days = [WEEK[0] + timedelta(days=number) for number in range(14)]
    level = {day: 4.0e6 if day.weekday() == 5 else 1.0e6 for day in days}
    assert derive.day_to_day_cv(level) == 0.0
    swinging = {day: volume * (1.1 if number < 7 else 0.9) for number, (day, volume) in enumerate(level.items())}
    expected = math.sqrt(14 * 0.01 / 13 - 1 / (10.0e6 / 7))
    assert derive.day_to_day_cv(swinging) == pytest.approx(expected, rel=1e-9)


def test_nexus_share_balances_both_crossings() -> None:
    share = derive.pacific_nexus_share(0.42, 0.49, 0.4)
    assert 0.4 * share + 0.6 * 0.49 == pytest.approx(0.42)


def test_profile_without_blend_is_the_cosine() -> None:
    weights = derive.profile(derive.ProfileShape(peak=13.5, swing=0.9, blend=0.0), [[5.0] * 23 + [9.0]])
    assert sum(weights) == pytest.approx(1.0)
    assert max(weights) == weights[13] == pytest.approx(1.9 / 24)
    assert min(weights) == weights[1] == pytest.approx(0.1 / 24)


def test_profile_places_the_blend_before_the_wait() -> None:
    shape = derive.ProfileShape(peak=12.0, swing=0.0, blend=0.5, lead=1)
    first, second = [5.0] * 24, [0.0] * 24
    first[0], second[10] = 8.0, 50.0
    weights = derive.profile(shape, [first, second])
    for hour, weight in enumerate(weights):
        expected = 0.5 / 24 + (0.25 if hour in (23, 9) else 0.0)
        assert weight == pytest.approx(expected), hour


def test_profile_ignores_the_level_of_the_waits() -> None:
    shape = derive.ProfileShape(peak=12.0, swing=0.5, blend=0.3)
    base = [float(hour % 7) for hour in range(24)]
    scaled = [10.0 + 3.0 * wait for wait in base]
    assert derive.profile(shape, [base]) == pytest.approx(derive.profile(shape, [scaled]))
    with pytest.raises(derive.RawDataError, match="same in every hour"):
        derive.profile(shape, [[5.0] * 24])


def test_hours_in_use_end_after_the_last_wait() -> None:
    assert derive.hours_in_use([0.0] * 6 + [5.0] * 18) == (6, 24)
    assert derive.hours_in_use([0.0] * 8 + [5.0, 0.0, 5.0] + [0.0] * 13) == (8, 11)
    with pytest.raises(derive.RawDataError):
        derive.hours_in_use([0.0] * 24)


def test_saturday_wait_takes_saturdays_of_the_months_only() -> None:
    def rows(day: str, delay: int) -> list[dict[str, str]]:
        return [{"time": f"{day} {hour:02}:00:00", "delay_min": str(delay + hour)} for hour in range(24)]

    mixed = [
        *rows("2016-07-09", 10),
        *rows("2016-08-06", 20),
        *rows("2016-07-10", 500),
        *rows("2016-06-04", 900),
    ]
    assert derive.saturday_wait(mixed) == [15.0 + hour for hour in range(24)]


def test_findings_of_the_made_up_folder(raw: Path) -> None:
    derived = derive.derive(raw)
    value = {finding.name: finding.value for finding in derived.findings}
    arch_per_day = (6 * 100 + 200) / 7
    assert value["cars at Blaine, mean day of July 2024"] == pytest.approx(100.0)
    assert value["Saturday factor, cars"] == pytest.approx(SATURDAY_DOUBLE)
    assert value["from CBSA vehicles 2016, northbound"] == pytest.approx(400 / 1000)
    assert value["from CBSA travellers 2018-19, northbound"] == pytest.approx(400 / 1000)
    assert value["from passenger lanes built"] == pytest.approx(7 / 17)
    assert value["what Peace Arch leaves over"] == pytest.approx(1 - 365 * arch_per_day / 69524)
    assert value["Pacific Highway's share of cars"] == pytest.approx(0.40)
    assert value["cars per day"] == 70  # 100 x 1.7714 x 0.40 = 70.9, to 10
    assert value["occupants per car"] == 2.0
    assert value["NEXUS share"] == pytest.approx(0.45)  # (0.42 - 0.6 x 0.4) / 0.4, Saturdays like other days
    assert (value["NEXUS lane opens"], value["NEXUS lane closes"]) == (6, 24)
    assert value["Saturday factor, trucks"] == pytest.approx(0.5 * 31 / (27 + 4 * 0.5))
    assert value["trucks per day"] == 10  # 10 x 0.534 = 5.3, to 10
    assert value["FAST share"] == pytest.approx(0.225)
    assert value["buses per day"] == 2
    assert value["passengers per bus"] == 20.0


def test_running_prints_the_working_and_writes_the_same_profiles_each_time(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert derive.main([str(raw), "--out", str(first)]) == 0
    assert "100.0 x 1.7714 x 0.40 = 71, rounded to 10" in capsys.readouterr().out
    assert derive.main([str(raw), "--out", str(second)]) == 0
    assert {path.name for path in first.iterdir()} == {"cars.csv", "trucks.csv"}
    for path in first.iterdir():
        assert path.read_bytes() == (second / path.name).read_bytes()
        assert b"\r" not in path.read_bytes()


@pytest.mark.parametrize("name", sorted(raw_files()))
def test_a_missing_file_is_named_and_nothing_is_written(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (raw / name).unlink()
    out = tmp_path / "out"
    assert derive.main([str(raw), "--out", str(out)]) == 2
    assert name in capsys.readouterr().err
    assert not out.exists()


def test_a_missing_column_is_named(raw: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (raw / "cbp_lanes_canada_border.csv").write_text("port_number,lanes\n300401,7\n", encoding="utf-8")
    assert derive.main([str(raw), "--out", str(raw)]) == 2
    assert "cbp_lanes_canada_border.csv: no column passenger_max_lanes" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["cars.csv", "trucks.csv"])
def test_profiles_of_the_scenario_cover_the_day(name: str) -> None:
    with (ROOT / "scenarios" / "pacific-highway" / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["hour"]) for row in rows] == list(range(24))
    weights = [float(row["weight"]) for row in rows]
    assert min(weights) > 0
    assert sum(weights) == pytest.approx(1.0, abs=24 * 0.5e-5)  # five decimals each


def test_the_line_of_the_scenario_is_believable_at_mean_demand() -> None:
    """A fluid line (arrivals less what the open booths pass) peaks at 20 to 60 minutes and clears by evening."""
    port = YAML(typ="safe", pure=True).load(
        (ROOT / "scenarios" / "pacific-highway-southbound.yaml").read_text(encoding="utf-8")
    )["ports"]["pacific-highway"]
    car, general = port["traffic"]["car"], port["lanes"]["general"]
    with (ROOT / "scenarios" / car["profile"]).open(encoding="utf-8", newline="") as file:
        weights = [float(row["weight"]) for row in csv.DictReader(file)]
    service = general["service"]
    seconds = float(service["erlang"]["mean"].removesuffix(" s")) + float(service["move_up"].removesuffix(" s"))
    opening = {int(key[:2]) * 60 + int(key[3:]): booths for key, booths in general["open"].items()}
    nexus_from = next(int(key[:2]) for key, booths in port["lanes"]["nexus"]["open"].items() if booths)
    nexus = float(car["nexus"].removesuffix(" %")) / 100
    line, waits_of_day = 0.0, []
    for minute in range(24 * 60):
        hour = minute // 60
        share = 1 - nexus if hour >= nexus_from else 1.0
        passed = opening[max(start for start in opening if start <= minute)] * 60 / seconds
        line = max(0.0, line + car["per_day"] * weights[hour] * share / 60 - passed)
        waits_of_day.append(line / passed)
    assert 20 < max(waits_of_day) < 60
    assert max(minute for minute, wait in enumerate(waits_of_day) if wait > 5) < 20 * 60


def test_the_scenario_loads_with_its_three_variants() -> None:
    study = scenario.load(ROOT / "scenarios" / "pacific-highway-southbound.yaml")
    assert set(study.variants) == {"nexus-40", "one-more-booth", "trucks-down-25"}
    assert (study.baseline.replications, study.baseline.seed) == (30, 49)
    base = study.baseline.ports["pacific-highway"]
    nexus, booth, trucks = (
        study.variants[name].ports["pacific-highway"] for name in ("nexus-40", "one-more-booth", "trucks-down-25")
    )
    assert nexus.traffic["car"].nexus == 0.40
    assert trucks.traffic["truck"].per_day == 0.75 * base.traffic["truck"].per_day
    saturday = 5
    more = [
        booth.lanes["general"].open.at(saturday, 3600.0 * hour) - base.lanes["general"].open.at(saturday, 3600.0 * hour)
        for hour in range(24)
    ]
    assert more == [1.0 if 8 <= hour < 19 else 0.0 for hour in range(24)]
    for port in (base, booth):
        assert port.lanes["general"].booths + port.lanes["nexus"].booths <= 7  # passenger lanes built
