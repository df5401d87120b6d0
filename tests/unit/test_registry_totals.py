"""Totals of the registry against what is published, to the unit; and the registry derived again where the files are.

The files themselves are not needed: set BORDERSIM_RAW_DATA to a folder that has them to derive the tables anew.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sim import registry
from sim.registry.files import DATA, rows
from sim.registry.tables import MONTHS
from tools import derive_registry as derive
from tools import derive_registry_crossings as crossings
from tools import derive_registry_others as others
from tools import derive_registry_times as times
from tools.derive_pacific_highway import RawDataError

RAW = os.environ.get("BORDERSIM_RAW_DATA")

PUBLISHED = {
    2019: {
        "cars": 26_371_351,
        "car_persons": 50_562_959,
        "trucks": 5_681_155,
        "buses": 76_529,
        "bus_persons": 1_713_110,
        "pedestrians": 522_954,
        "trains": 23_029,
        "train_persons": 284_546,
        "truck_containers_loaded": 4_366_259,
        "truck_containers_empty": 1_460_253,
        "rail_containers_loaded": 1_886_120,
        "rail_containers_empty": 738_524,
    },
    2024: {
        "cars": 22_563_482,
        "car_persons": 44_762_365,
        "trucks": 5_550_550,
        "buses": 50_129,
        "bus_persons": 1_078_984,
        "pedestrians": 267_412,
        "trains": 20_913,
        "train_persons": 292_821,
        "truck_containers_loaded": 7_784_976,
        "truck_containers_empty": 1_307_101,
        "rail_containers_loaded": 1_569_841,
        "rail_containers_empty": 835_721,
    },
}
"""Border Crossing/Entry Data, all ports of the northern border, summed over the published file."""
PERSONS = {2019: 53_083_569, 2024: 46_401_582}
"""Published as 53.08 and 46.40 million persons by land: cars, buses, trains and pedestrians, without truck crews."""


def counted(year: int) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in rows("us_monthly.csv"):
        if int(row["year"]) == year:
            found[row["measure"]] += sum(int(row[month] or 0) for month in MONTHS)
    return found


@pytest.mark.parametrize("year", [2019, 2024])
def test_totals_to_the_unit(year: int) -> None:
    found = counted(year)
    assert dict(found) == PUBLISHED[year]
    persons = sum(found[measure] for measure in ("car_persons", "bus_persons", "train_persons", "pedestrians"))
    assert persons == PERSONS[year]


def test_totals_as_they_are_quoted() -> None:
    millions = {year: {name: round(count / 1e6, 2) for name, count in counted(year).items()} for year in PUBLISHED}
    assert (millions[2019]["cars"], millions[2024]["cars"]) == (26.37, 22.56)
    assert (millions[2019]["trucks"], millions[2024]["trucks"]) == (5.68, 5.55)
    assert {year: round(count / 1e6, 2) for year, count in PERSONS.items()} == {2019: 53.08, 2024: 46.40}
    assert round(counted(2024)["car_persons"] / counted(2024)["cars"], 2) == 1.98


def test_entries_stand_on_the_same_counts() -> None:
    """The ports' mean days of 2024, times 366, are the published year, but for ports that show an earlier one."""
    for mode, measure in {"car": "cars", "truck": "trucks", "bus": "buses", "pedestrian": "pedestrians"}.items():
        volumes = [each.volumes[mode] for each in registry.entries() if each.kind == "port" and mode in each.volumes]
        assert round(sum(v.per_day * 366 for v in volumes if v.year == 2024)) == PUBLISHED[2024][measure]


def test_seasons_as_they_are_quoted() -> None:
    """January 0.71 and August 1.37 of the mean month, cars of all ports in 2024."""
    months = [
        sum(int(row[m]) for row in rows("us_monthly.csv") if (row["measure"], row["year"]) == ("cars", "2024"))
        for m in MONTHS
    ]
    mean = sum(months) / 12
    assert (round(months[0] / mean, 2), round(months[7] / mean, 2)) == (0.71, 1.37)
    days = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    for count, length, factor in zip(months, days, registry.season("car"), strict=True):
        assert factor == pytest.approx(count / length / (sum(months) / 366), abs=5.01e-4)


def test_weekdays_as_they_are_quoted() -> None:
    """CBSA, travellers by land 2018-2019, all days: Tue 0.81, Wed 0.83, Fri 1.11, Sat 1.19, Sun 1.20."""
    land = registry.weekday("land")
    assert [round(land[day], 2) for day in (1, 2, 4, 5, 6)] == [0.81, 0.83, 1.11, 1.19, 1.20]
    assert rows("weekdays.csv")[5]["days"] == "730"


def test_how_many_there_are() -> None:
    counts = {name: len(rows(f"{name}.csv")) for name in ("us_ports", "crossings", "offices", "airports", "sectors")}
    assert counts == {"us_ports": 86, "crossings": 29, "offices": 26, "airports": 8, "sectors": 7}


def test_a_month_beyond_the_file_is_blank_and_within_it_zero() -> None:
    cars = registry.monthly_counts("3004", "cars")
    assert cars[2025][:2] != (None, None)
    assert cars[2025][2:] == (None,) * 10
    assert registry.monthly_counts("3301", "cars")[2025][10] is not None  # Montana goes on to November
    assert 0 in registry.monthly_counts("0112", "cars")[2024]  # the ferry of Bar Harbor rests in winter


def test_the_tables_are_small() -> None:
    assert sum(file.stat().st_size for file in DATA.iterdir()) < 1_000_000


@pytest.mark.skipif(RAW is None, reason="needs the published files: set BORDERSIM_RAW_DATA to their folder")
def test_deriving_again_gives_the_same_bytes(tmp_path: Path) -> None:
    assert derive.main([str(RAW), "--out", str(tmp_path)]) == 0
    written = sorted(file.name for file in tmp_path.iterdir())
    assert len(written) == 13
    for name in written:
        assert (tmp_path / name).read_bytes() == (DATA / name).read_bytes(), name


# ---- the parts of the derivation, on tables made up by hand ------------------------------------------------


def write(folder: Path, name: str, table: list[dict[str, Any]]) -> None:
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        writer.writerows(table)


def counts_file(folder: Path, later: int = 30) -> None:
    row = {"port_code": "3301", "port_name": "Raymond", "state": "Montana", "lat": "49", "lon": "-104"}
    cars = {**row, "measure": "Personal Vehicles"}
    all_ports = [
        {**cars, "year": 2024, "month": 1, "value": "10.0"},
        {**cars, "year": 2024, "month": 3, "value": "20"},
        {**cars, "year": 2025, "month": 2, "value": "30"},
    ]
    montana = [
        {**cars, "year": 2025, "month": 2, "value": later},
        {**cars, "year": 2025, "month": 5, "value": "7"},
    ]
    write(folder, "bts_us_canada_monthly.csv", all_ports)
    write(folder, "bts_montana_ports_2025.csv", montana)


def test_counts_of_two_files(tmp_path: Path) -> None:
    counts_file(tmp_path)
    counts = derive.Counts(tmp_path)
    table = {row["year"]: row for row in derive.us_monthly(counts)}
    assert [table["2024"][month] for month in ("jan", "feb", "mar")] == ["10", "0", "20"]
    assert [table["2025"][month] for month in ("jan", "feb", "mar", "may")] == ["0", "30", "", "7"]
    assert (table["2024"]["source"], table["2025"]["source"]) == ("bts", "bts-montana")
    assert derive.totals(table.values(), 2025)["cars"] == 37


def test_two_files_that_disagree_are_refused(tmp_path: Path) -> None:
    counts_file(tmp_path, later=31)
    with pytest.raises(RawDataError, match="two counts"):
        derive.Counts(tmp_path)


def test_a_season_of_a_port_without_winter(tmp_path: Path) -> None:
    row = times.season("x", 2023, [0, 0, 0, 0, 0, 300, 310, 310, 0, 0, 0, 0])
    assert (row["jan"], row["count"]) == ("0", "920")
    assert float(row["jun"]) == float(row["jul"]) == pytest.approx(10 / (920 / 365), abs=5e-4)


def test_a_holiday_is_held_against_its_own_weekday_and_month() -> None:
    from datetime import date, timedelta

    may = {date(2018, 5, 1) + timedelta(days=n): 100.0 for n in range(31)}
    may[date(2018, 5, 21)] = 230.0  # Victoria Day, a Monday
    may[date(2018, 5, 7)] = 130.0
    # Mondays of May 2018 without holidays: 7 and 14 (21 and 28 are holidays): median of 130 and 100.
    assert times.against_month(may, date(2018, 5, 21)) == (230.0 / 115.0, 2)
    assert times.against_month(may, date(2018, 6, 4)) is None


@pytest.mark.parametrize(
    ("applies", "span"),
    [
        ("Jun 1-Sep 15", ("06-01", "09-15")),
        ("Sep 16-May 31", ("09-16", "05-31")),
        ("Jun 1-Sep 15 (source prints June 1 to 15)", ("06-01", "09-15")),
        ("daily", ("", "")),
        ("2nd Sunday March - 1st Saturday November", ("", "")),
    ],
)
def test_part_of_the_year(applies: str, span: tuple[str, str]) -> None:
    assert others.season_of(applies) == span


@pytest.mark.parametrize(
    ("text", "hours"),
    [("24 hrs/day", ("", "")), ("6 am-6 pm", ("06:00", "18:00")), ("8 am-Midnight", ("08:00", "24:00"))],
)
def test_hours_of_a_crossing(text: str, hours: tuple[str, str]) -> None:
    assert crossings.hours_of(text) == hours
