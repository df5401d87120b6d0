"""Tables of time for the registry: seasons, weekdays, holidays, hourly profiles."""

from __future__ import annotations

import calendar
import statistics
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

from tools.derive_pacific_highway import (
    CARS,
    TRUCKS,
    ProfileShape,
    RawDataError,
    daily_volume,
    hourly_wait,
    profile,
    read,
    saturday_wait,
)
from tools.derive_registry_base import MONTHS, YEAR, Counts, Row, Table, number

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
VEHICLES = {"car": "cars", "truck": "trucks", "bus": "buses", "pedestrian": "pedestrians"}
LEAST = 1000
"""A port's own season is told from this many vehicles in the year; below it the season is that of all ports."""

Series = Mapping[date, float]

# --- seasons -------------------------------------------------------------------------------------------------


def seasons(counts: Counts) -> Table:
    """Factor of each month's mean day on the year's mean day: all ports by mode, then each port with enough traffic."""
    table = [
        {"name": "flat", "year": "", "count": "", **dict.fromkeys(MONTHS, "1"), "source": ""},
    ]
    for mode, measure in VEHICLES.items():
        months = [sum(counts.month(port, measure, YEAR, month) for port in counts.ports) for month in range(1, 13)]
        table.append(season(mode, YEAR, months))
    for port in counts.ports:
        year = counts.used_year(port)
        for mode, measure in VEHICLES.items():
            months = [counts.month(port, measure, year, month) for month in range(1, 13)]
            if sum(months) >= LEAST:
                table.append(season(f"us-{port}-{mode}", year, months))
    return table


def season(name: str, year: int, months: list[int]) -> Row:
    """One row: twelve factors on the mean day; the mean day of the year keeps factor 1."""
    days = [calendar.monthrange(year, month)[1] for month in range(1, 13)]
    mean = sum(months) / sum(days)
    factors = {key: number(count / length / mean, 3) for key, count, length in zip(MONTHS, months, days, strict=True)}
    return {"name": name, "year": str(year), "count": str(sum(months)), **factors, "source": "bts"}


# --- weekdays and holidays -----------------------------------------------------------------------------------


def by_weekday(series: Series) -> list[float]:
    """Mean of the days of each weekday over the mean of the seven, Monday first."""
    means = [mean_of(series, weekday) for weekday in range(7)]
    return [mean / statistics.fmean(means) for mean in means]


def mean_of(series: Series, weekday: int) -> float:
    """Mean of the days of one weekday, Monday 0."""
    return statistics.fmean(value for day, value in series.items() if day.weekday() == weekday)


def weekdays(folder: Path) -> Table:
    """Factor of each weekday on the mean day, by mode."""
    rows = [("flat", [1.0] * 7, "", "", "every day alike")]
    land = travellers(folder, "land")
    plain = without(land, holiday_dates())
    note = "travellers by land into Canada, holidays left out"
    rows.append(("car", by_weekday(plain), str(len(plain)), "cbsa-daily", note))
    trucks = truck_days(folder)
    ordinary = [by_weekday(without(series, holiday_dates())) for series in trucks]
    factors = [statistics.fmean(values) for values in zip(*ordinary, strict=True)]
    size = str(sum(len(series) for series in trucks))
    note = "Pacific Highway both ways and Lynden southbound, mean of the three, holidays left out"
    rows.append(("truck", factors, size, "cascade", note))
    rows.append(("bus", [1.0] * 7, "", "", "no daily counts: every day alike"))
    rows.append(("pedestrian", by_weekday(plain), str(len(plain)), "", "as for cars: no daily counts"))
    for mode in ("land", "air", "marine", "rail"):
        series = travellers(folder, mode)
        mean = statistics.fmean(series.values())
        factors = [mean_of(series, weekday) / mean for weekday in range(7)]
        rows.append(
            (mode, factors, str(len(series)), "cbsa-daily", f"travellers by {mode}, all days, over the mean day")
        )
    return [
        {
            "name": name,
            **{day: number(factor, 3) for day, factor in zip(DAYS, factors, strict=True)},
            "days": size,
            "source": source,
            "note": note,
        }
        for name, factors, size, source, note in rows
    ]


def travellers(folder: Path, mode: str) -> dict[date, float]:
    """Travellers into Canada a day by one mode, 2018 and 2019."""
    rows = read(folder, "cbsa_daily_travellers_by_mode_2018_2019.csv", "date", "mode", "travellers")
    found = {date.fromisoformat(row["date"]): float(row["travellers"]) for row in rows if row["mode"] == mode}
    if not found:
        raise RawDataError(f"no travellers by {mode}")
    return found


def truck_days(folder: Path) -> list[dict[date, float]]:
    """Trucks a day at the three detectors whose days of the week are told apart."""
    rows = read(folder, "cascade_daily_volume_2018.csv", "date", "crossing", "direction", "lane", "volume")
    wanted = (("Pacific Highway", "SB"), ("Pacific Highway", "NB"), ("Lynden/Aldergrove", "SB"))
    return [daily_volume(rows, crossing, direction, "trucks") for crossing, direction in wanted]


HOLIDAYS: dict[str, tuple[str, tuple[date, ...]]] = {
    "New Year's Day": ("both", (date(2018, 1, 1), date(2019, 1, 1))),
    "Martin Luther King Day": ("United States", (date(2018, 1, 15), date(2019, 1, 21))),
    "Family Day, Presidents' Day": ("both", (date(2018, 2, 19), date(2019, 2, 18))),
    "Good Friday": ("Canada", (date(2018, 3, 30), date(2019, 4, 19))),
    "Easter Monday": ("Canada", (date(2018, 4, 2), date(2019, 4, 22))),
    "Victoria Day": ("Canada", (date(2018, 5, 21), date(2019, 5, 20))),
    "Memorial Day": ("United States", (date(2018, 5, 28), date(2019, 5, 27))),
    "Canada Day": ("Canada", (date(2018, 7, 1), date(2019, 7, 1))),
    "Canada Day, day off": ("Canada", (date(2018, 7, 2),)),
    "Independence Day": ("United States", (date(2018, 7, 4), date(2019, 7, 4))),
    "Civic Holiday": ("Canada", (date(2018, 8, 6), date(2019, 8, 5))),
    "Labour Day": ("both", (date(2018, 9, 3), date(2019, 9, 2))),
    "Thanksgiving, Columbus Day": ("both", (date(2018, 10, 8), date(2019, 10, 14))),
    "Remembrance Day, Veterans Day": ("both", (date(2018, 11, 11), date(2019, 11, 11))),
    "Thanksgiving in the United States": ("United States", (date(2018, 11, 22), date(2019, 11, 28))),
    "Christmas Day": ("both", (date(2018, 12, 25), date(2019, 12, 25))),
    "Boxing Day": ("Canada", (date(2018, 12, 26), date(2019, 12, 26))),
}
"""Days off in either country, 2018 and 2019. Civil calendars; Family Day is not a holiday in every province."""


def holiday_dates() -> frozenset[date]:
    """Every date of the table."""
    return frozenset(day for _, days in HOLIDAYS.values() for day in days)


def without(series: Series, left_out: frozenset[date]) -> dict[date, float]:
    """The series without some of its days."""
    return {day: value for day, value in series.items() if day not in left_out}


def holidays(folder: Path) -> Table:
    """Traffic of each holiday over the median of the same weekday and month of that year without holidays."""
    sources = [("car", "northbound", "cbsa-daily", [travellers(folder, "land")])]
    south, north, lynden = truck_days(folder)
    sources += [("truck", "southbound", "cascade", [south, lynden]), ("truck", "northbound", "cascade", [north])]
    table = []
    for mode, direction, source, series in sources:
        for name, (country, days) in HOLIDAYS.items():
            found = [ratio for each in series for day in days if (ratio := against_month(each, day)) is not None]
            if not found:
                continue
            table.append(
                {
                    "mode": mode,
                    "direction": direction,
                    "holiday": name,
                    "country": country,
                    "dates": " ".join(day.isoformat() for day in days),
                    "factor": number(statistics.fmean(ratio for ratio, _ in found)),
                    "low": number(min(ratio for ratio, _ in found)),
                    "high": number(max(ratio for ratio, _ in found)),
                    "samples": str(len(found)),
                    "compared_days": str(sum(size for _, size in found)),
                    "source": source,
                }
            )
    return table


def against_month(series: Series, day: date) -> tuple[float, int] | None:
    """The day over the median of its weekday in its month, and how many days that is; None where one is missing."""
    alike = [
        value
        for other, value in without(series, holiday_dates()).items()
        if (other.year, other.month, other.weekday()) == (day.year, day.month, day.weekday())
    ]
    if day not in series or not alike:
        return None
    return series[day] / statistics.median(alike), len(alike)


# --- profiles ------------------------------------------------------------------------------------------------

TRUCKS_WEEKEND = ProfileShape(peak=12.0, swing=0.5, blend=0.0)
"""Assumed: no hourly waits of trucks are published for a weekend. Swing 0.3 to 0.8."""


def profiles(folder: Path) -> Table:
    """Share of a day's arrivals by hour. None is a published volume: shapes are assumed, helped by hourly waits."""
    waits = read(folder, "cbp_hourly_wait_pacific_highway.csv", "vehicle_type", "lane_type", "hour", "average_wait_min")
    arch = read(folder, "cascade_peace_arch_sb_hourly_wait_2013_2016.csv", "time", "delay_min")
    general, commercial = hourly_wait(waits, "passenger", "standard"), hourly_wait(waits, "commercial", "standard")
    columns = {
        "pov-weekday": profile(CARS, (general, mean_wait(arch, range(5)))),
        "pov-weekend": profile(CARS, (mean_wait(arch, (5, 6)),)),
        "pov-summer-saturday": profile(CARS, (general, saturday_wait(arch))),
        "truck-weekday": profile(TRUCKS, (commercial,)),
        "truck-weekend": profile(TRUCKS_WEEKEND, (commercial,)),
    }
    return [
        {"hour": str(hour), **{name: number(weights[hour], 5) for name, weights in columns.items()}}
        for hour in range(24)
    ]


def mean_wait(rows: list[Row], wanted: range | tuple[int, ...]) -> list[float]:
    """Mean delay by hour (24 values) over the days of those weekdays."""
    delays: list[list[float]] = [[] for _ in range(24)]
    for row in rows:
        moment = datetime.fromisoformat(row["time"])
        if moment.weekday() in wanted and row["delay_min"]:
            delays[moment.hour].append(float(row["delay_min"]))
    if not all(delays):
        raise RawDataError("an hour without a delay")
    return [statistics.fmean(values) for values in delays]
