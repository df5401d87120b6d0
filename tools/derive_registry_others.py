"""Airports, irregular crossings, hours of small ports and published waits for the registry: as published, reshaped."""

from __future__ import annotations

import calendar
import re
import statistics
from collections import defaultdict
from pathlib import Path

from tools.derive_pacific_highway import RawDataError, read
from tools.derive_registry_base import MONTHS, Row, Table, number, slug

AIRPORTS = ("YVR", "YYC", "YEG", "YWG", "YYZ", "YOW", "YUL", "YHZ")
"""The eight airports with preclearance, from west to east."""
NAMES = {"saint-john": "st-john"}
"""Ports whose announcements spell them otherwise than the counts."""
MONTH_NUMBERS = {
    "Jan": 1,
    "Feb": 2,
    "Mar": 3,
    "Apr": 4,
    "May": 5,
    "Jun": 6,
    "Jul": 7,
    "Aug": 8,
    "Sep": 9,
    "Oct": 10,
    "Nov": 11,
    "Dec": 12,
}


def addressed(rows: list[Row]) -> list[Row]:
    """The rows with `same` in the column source replaced by the address above."""
    last = ""
    for row in rows:
        last = row["source"] if row["source"] != "same" else last
        row["source"] = last
    return rows


def hours(folder: Path, ports: Table) -> Table:
    """Announced hours of small ports; `entry` is set for those of the counts, `in_force` for the row to be used.

    In force is the latest announcement that is no temporary cut. `from` and `until` are month-day, both included,
    where the hours hold for part of the year.
    """
    entries = {(port["state"], slug(port["name"])): port["id"] for port in ports}
    rows = addressed(
        read(folder, "port_hours_of_operation.csv", "agency", "port", "hours_local", "applies", "effective_from")
    )
    latest: dict[tuple[str, str, str], str] = defaultdict(str)
    for row in rows:
        if not temporary(row):
            latest[port_of(row)] = max(latest[port_of(row)], row["effective_from"])
    table = []
    for row in rows:
        name = slug(row["port"])
        state = row["province_or_state"] if row["agency"] == "CBP" else ""
        opens, _, closes = row["hours_local"].partition("-")
        since, until = season_of(row["applies"])
        current = not temporary(row) and row["effective_from"] == latest[port_of(row)]
        table.append(
            {
                "entry": entries.get((state, NAMES.get(name, name)), ""),
                "agency": row["agency"],
                "port": row["port"],
                "province_or_state": row["province_or_state"],
                "opens": opens if closes else "",
                "closes": closes,
                "from": since,
                "until": until,
                "applies": row["applies"],
                "effective_from": row["effective_from"],
                "in_force": "yes" if current else "no",
                "source": f"{row['agency'].lower()}-hours",
                "address": row["source"],
            }
        )
    return table


def port_of(row: Row) -> tuple[str, str, str]:
    return row["agency"], row["port"], row["province_or_state"]


def temporary(row: Row) -> bool:
    """A cut that was announced for a time."""
    return "COVID" in row["applies"] or "temporarily" in row["applies"]


def season_of(applies: str) -> tuple[str, str]:
    """First and last day (MM-DD) of hours that hold for fixed dates of the year; blank for all other wording."""
    match = re.match(r"([A-Z][a-z]{2}) (\d{1,2})-([A-Z][a-z]{2}) (\d{1,2})\b", applies)
    if match is None or match[1] not in MONTH_NUMBERS or match[3] not in MONTH_NUMBERS:
        return "", ""
    return tuple(f"{MONTH_NUMBERS[match[i]]:02}-{int(match[i + 1]):02}" for i in (1, 3))  # type: ignore[return-value]


def airport_facts(folder: Path) -> Table:
    """Published figures of the eight airports, and of all of them together under ALL."""
    rows = addressed(read(folder, "preclearance_airports.csv", "iata", "airport", "year", "period", "metric", "value"))
    order = {code: place for place, code in enumerate((*AIRPORTS, "ALL"))}
    if strange := {row["iata"] for row in rows} - set(order):
        raise RawDataError(f"airports not among the eight: {', '.join(sorted(strange))}")
    rows.sort(key=lambda row: order[row["iata"]])
    return [
        {
            "iata": row["iata"],
            "name": row["airport"],
            "year": row["year"],
            "period": row["period"],
            "metric": row["metric"],
            "value": row["value"],
            "unit": row["unit"],
            "note": row["note"],
            "source": "statcan-airports",
            "address": row["source"],
        }
        for row in rows
    ]


def irregular_monthly(folder: Path) -> Table:
    """Persons a month met between ports: into Canada by province, into the United States by sector and by state.

    Blank where no figure is published. The series by state holds encounters at ports too.
    """
    cells: dict[tuple[str, str, str, str], dict[int, int]] = defaultdict(dict)
    for row in read(folder, "irregular_rcmp_interceptions_monthly.csv", "year", "month", "province", "interceptions"):
        key = ("interceptions", "northbound", row["province"], row["year"])
        cells[key][int(row["month"])] = int(row["interceptions"])
    for row in read(folder, "irregular_usbp_northern_sectors_monthly_fy2010_fy2020.csv", "sector", "encounters"):
        key = ("encounters between ports", "southbound", row["sector"].replace("_", "-"), row["year"])
        cells[key][int(row["month"])] = int(row["encounters"])
    by_state = "irregular_cbp_northern_border_encounters_by_state_fy2020_fy2023.csv"
    for row in read(folder, by_state, "year", "month", "state", "encounters"):
        key = ("encounters with ports", "southbound", row["state"], row["year"])
        month = int(row["month"])
        cells[key][month] = cells[key].get(month, 0) + int(row["encounters"])
    sources = {
        "interceptions": "ircc",
        "encounters between ports": "usbp",
        "encounters with ports": "cbp-encounters",
    }
    return [
        {
            "series": series,
            "direction": direction,
            "place": place,
            "year": year,
            **{name: str(months[m]) if m in months else "" for m, name in enumerate(MONTHS, start=1)},
            "source": sources[series],
        }
        for (series, direction, place, year), months in sorted(cells.items())
    ]


LEAST_PERSONS = 100
"""A year tells of the season from this many persons on: below it chance moves a month by more than the season."""
LEAST_YEARS = 2


def flow_seasons(monthly: Table) -> Table:
    """Season of irregular flows by place: each month's mean day on that of the year, the median over complete years.

    `monthly` is the table of `irregular_monthly`. The median keeps one surge, such as August 2017 in Quebec, from
    passing for a season. The series by state holds encounters at ports and is left out. The mean day of a year of 365
    days keeps factor 1.
    """
    table = [
        {"name": "flat", "direction": "", "years": "", "count": "", **dict.fromkeys(MONTHS, "1"), "source": ""},
    ]
    years: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in monthly:
        months = [row[month] for month in MONTHS]
        if row["series"] != "encounters with ports" and all(months) and sum(map(int, months)) >= LEAST_PERSONS:
            years[row["direction"], row["place"], row["source"]].append(row)
    for (direction, place, source), rows in sorted(years.items()):
        if len(rows) >= LEAST_YEARS:
            factors = zip(*(of_mean_day(row) for row in rows), strict=True)
            table.append(
                {
                    "name": "canada" if place == "Total" else slug(place),
                    "direction": direction,
                    "years": " ".join(row["year"] for row in rows),
                    "count": str(sum(int(row[month]) for row in rows for month in MONTHS)),
                    **with_mean_one([statistics.median(month) for month in factors]),
                    "source": source,
                }
            )
    return table


def of_mean_day(row: Row) -> list[float]:
    """The mean day of each month on the mean day of the year."""
    days = [calendar.monthrange(int(row["year"]), month)[1] for month in range(1, 13)]
    counts = [int(row[month]) for month in MONTHS]
    return [count / length * sum(days) / sum(counts) for count, length in zip(counts, days, strict=True)]


def with_mean_one(factors: list[float]) -> Row:
    """The factors by month, scaled so that their mean over the days of an ordinary year is 1."""
    days = [calendar.monthrange(2023, month)[1] for month in range(1, 13)]
    mean = sum(factor * length for factor, length in zip(factors, days, strict=True)) / sum(days)
    return {name: number(factor / mean, 3) for name, factor in zip(MONTHS, factors, strict=True)}


def published_waits(folder: Path) -> Table:
    """Waits in minutes to hold results against: by hour where published so, else for the whole day."""
    table = []
    trucks = {
        "St. Stephen": "us-0115-international-avenue",
        "Lacolle": "us-0712-champlain",
        "Lansdowne": "us-0708-thousand-islands-bridge",
        "Peace Bridge": "us-0901-peace-bridge",
        "Sarnia": "us-3802-bluewater-bridge",
        "Emerson": "us-3401-pembina",
        "Pacific Highway": "us-3004-pacific-highway",
    }
    for row in read(folder, "truck_waits_southbound_2023.csv", "canadian_side_port", "median_min", "p95_min"):
        for statistic, column in (("p50", "median_min"), ("p95", "p95_min")):
            entry = trucks[row["canadian_side_port"]]
            table.append(wait(entry, "truck", "2023", "", "", statistic, row[column], "transport-canada"))
    for row in read(folder, "cbp_hourly_wait_pacific_highway.csv", "vehicle_type", "lane_type", "average_wait_min"):
        if row["average_wait_min"]:
            lane = f"{row['vehicle_type']} {row['lane_type']}"
            minutes = row["average_wait_min"]
            table.append(
                wait("us-3004-pacific-highway", lane, "2022", "thu", row["hour"], "mean", minutes, "cbp-hourly")
            )
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    profile = read(folder, "cascade_peace_arch_sb_wait_profile_2013_2016.csv", "dow", "hour", "mean_delay_min")
    for row in profile:
        for statistic, column in (("mean", "mean_delay_min"), ("p50", "p50"), ("p90", "p90"), ("p95", "p95")):
            day, hour = days[int(row["dow"])], row["hour"]
            table.append(
                wait("us-3004-peace-arch", "car", "2013-2016", day, hour, statistic, row[column], "cascade-waits")
            )
    return table


def wait(entry: str, lane: str, years: str, day: str, hour: str, statistic: str, minutes: str, source: str) -> Row:
    """One row of published_waits.csv."""
    return {
        "entry": entry,
        "lane": lane,
        "years": years,
        "day": day,
        "hour": hour,
        "statistic": statistic,
        "minutes": minutes,
        "source": source,
    }
