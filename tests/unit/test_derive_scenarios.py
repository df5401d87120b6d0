"""The derivation of the shipped scenarios, on excerpts made up by hand and on the tables that are shipped."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tools import derive_scenarios as derive

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = ROOT / "scenarios"


def bts(port: str, month: int, measure: str, value: int, year: int = 2024) -> dict[str, Any]:
    return {"port_code": port, "year": year, "month": month, "measure": measure, "value": value}


def flat_years(value: float) -> list[dict[str, Any]]:
    """The same number of travellers by land on every day of 2018 and 2019."""
    days = (date(2018, 1, 1) + timedelta(days=number) for number in range(730))
    return [{"date": day.isoformat(), "mode": "land", "travellers": value} for day in days]


def write(folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def column(lines: list[str], name: str) -> list[float]:
    return [float(row[name]) for row in csv.DictReader(lines)]


def found(derived: Any, start: str) -> float:
    return float(next(finding.value for finding in derived.findings if finding.name.startswith(start)))


def test_a_cosine_day_sums_to_one_and_peaks_where_told() -> None:
    day = derive.cosine_day(16.0, 0.85)
    assert sum(day) == pytest.approx(1.0)
    assert day[15] == pytest.approx(day[16])  # the hours on either side of 16:00
    assert max(day) == day[15] or max(day) == day[16]
    assert max(day) / min(day) == pytest.approx(1.85 / 0.15, rel=0.06)


def test_a_shape_cut_to_hours_keeps_its_proportions() -> None:
    cut = derive.within([2, 5], [0.0, 0.0, 0.1, 0.0, 0.0, 0.3])
    assert cut == pytest.approx({2: 0.25, 5: 0.75})


@pytest.mark.parametrize(
    ("table", "shape"),
    [
        ("peace-arch-northbound/cars.csv", (derive.PEACE_ARCH_PEAK, derive.PEACE_ARCH_SWING)),
        ("ambassador-bridge-trucks-southbound/trucks.csv", (derive.AMBASSADOR_PEAK, derive.AMBASSADOR_SWING)),
        ("peace-bridge-tolls/cars.csv", derive.PEACE_BRIDGE_SHAPES["cars.csv"]),
        ("peace-bridge-tolls/trucks.csv", derive.PEACE_BRIDGE_SHAPES["trucks.csv"]),
        ("whirlpool-nexus-only/rainbow.csv", (derive.NIAGARA_PEAK, derive.NIAGARA_SWING)),
    ],
)
def test_shipped_profiles_are_what_the_script_writes(table: str, shape: tuple[float, float]) -> None:
    assert (SCENARIOS / table).read_text(encoding="utf-8").splitlines() == derive.profile_table(
        derive.cosine_day(*shape)
    )


def test_peace_arch_takes_the_median_sound_saturday(tmp_path: Path) -> None:
    rows = []
    for number in range(28):
        day = date(2018, 6, 4) + timedelta(days=number)  # Mondays 4 June to Sundays 1 July
        busy = 1.0 + number // 7 * 0.1 if day.weekday() == 5 else 0.5
        nexus = 5.0 if number == 26 else 400 * busy  # the last Saturday has a faulty detector
        for lane, volume, delay in (("cars", 600 * busy, 10.0 * busy), ("nexus", nexus, 1.0)):
            rows.append(
                {
                    "date": day.isoformat(),
                    "crossing": "Peace Arch",
                    "direction": "NB",
                    "lane": lane,
                    "avg_delay_min": delay,
                    "volume": volume,
                }
            )
    write(tmp_path, "cascade_daily_volume_2018.csv", rows)
    derived = derive.peace_arch(tmp_path)
    assert found(derived, "days of 2018 left out") == 1
    assert found(derived, "cars, NEXUS included") == pytest.approx(1100)
    assert found(derived, "NEXUS share") == pytest.approx(0.4)
    assert found(derived, "published mean delay of a Saturday, cars") == pytest.approx(11.0)


def test_remote_port_spreads_the_mean_day_over_its_hours(tmp_path: Path) -> None:
    counts = {"Personal Vehicles": 3100, "Personal Vehicle Passengers": 6200, "Trucks": 31}
    write(tmp_path, "bts_us_canada_monthly.csv", [bts("3012", 7, name, value) for name, value in counts.items()])
    write(tmp_path, "cbsa_daily_travellers_by_mode_2018_2019.csv", flat_years(1000))
    derived = derive.remote_port(tmp_path)
    assert found(derived, "persons per car") == 2.0
    opening, always = (column(derived.tables[name], "car") for name in ("cars.csv", "cars-day-and-night.csv"))
    assert len(opening) == len(always) == 168
    assert sum(opening) == pytest.approx(700, abs=1)  # 100 a day: every weekday is alike here
    assert sum(always) == pytest.approx(700 + 7 * 12 * derive.REMOTE_NIGHT, abs=1)
    assert opening[7] == opening[20] == 0.0 < opening[8]
    assert always[7] == derive.REMOTE_NIGHT


def test_rainbow_share_leaves_walkers_and_truck_crews_out() -> None:
    top = [
        {"cbsa_port_name": name, "travellers_2018_2019_total": value}
        for name, value in (
            ("Rainbow Bridge", 320),
            ("Fort Erie - Traffic", 500),
            ("Queenston Bridge - Traffic", 460),
        )
    ]
    share, note = derive.rainbow_share(top, {"Pedestrians": 10, "Trucks": 80})
    assert share == pytest.approx(300 / (300 + 800))
    assert "300 of 1100" in note


def test_a_folder_without_the_files_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert derive.main([str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "not found in the raw folder" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
