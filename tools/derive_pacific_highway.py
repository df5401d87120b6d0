"""Derive the numbers of `scenarios/pacific-highway-southbound.yaml` from published series.

    python -m tools.derive_pacific_highway RAW_FOLDER [--out FOLDER]

prints every derived number with its working and writes the hourly profiles as CSV. RAW_FOLDER holds the
published files named in docs/data.md; nothing else in the project reads them. What no file can tell is assumed
and stands in capitals at the top of this module, or in the scenario itself, with its reason and range.
"""

from __future__ import annotations

import argparse
import calendar
import csv
import math
import statistics
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

DAY = date(2024, 7, 6)
"""The Saturday of the scenario."""
MONTH_DAYS = calendar.monthrange(DAY.year, DAY.month)[1]
BLAINE = "3004"
"""BTS port code: Peace Arch and Pacific Highway together. Point Roberts has its own code, 3017."""
PACIFIC_HIGHWAY, PEACE_ARCH = "300401", "300402"
SATURDAY = 5
SUMMER = (6, 7, 8)
HOLIDAYS_2018 = frozenset({date(2018, 7, 1), date(2018, 7, 2), date(2018, 7, 4), date(2018, 8, 6)})
"""Canada Day with its observed Monday, Independence Day, British Columbia Day."""
FACTOR_WORKING = "June-August 2018, median by weekday, calendar of July 2024"
FAULTY_NEXUS = 0.25
"""Days whose NEXUS volume is under this share of the median are detector faults (NEXUS booked as cars)."""

BLAINE_NEXUS = 0.42
"""Share of travellers at Blaine who use NEXUS: Border Barometer (Border Policy Research Institute and partners),
reported by The Northern Light, "Report finds cross-border traffic steadier in Blaine than other regions"."""
ONE_PERSON_PER_TRUCK = 1.0
"""Assumed, to take crews out of the CBSA traveller counts; two per truck moves the crossing share by 0.03."""


@dataclass(frozen=True)
class ProfileShape:
    """An assumed hourly profile: a day-long cosine plus a share placed where waits are published.

    `peak` is the hour the cosine is highest, `swing` its amplitude over its mean (0 to 1), `blend` the share of
    the day's arrivals placed by the waits and `lead` how many hours arrivals come before the wait they cause.
    """

    peak: float
    swing: float
    blend: float
    lead: int = 1


CARS = ProfileShape(peak=13.5, swing=0.9, blend=0.15)
"""Assumed: blend 0 to 0.25, swing 0.8 to 0.95. Peak hour 7 to 9 % of the day over those ranges."""
TRUCKS = ProfileShape(peak=12.0, swing=0.7, blend=0.25)
"""Assumed: blend 0 to 0.4, swing 0.5 to 0.9."""

Row = Mapping[str, str]


@dataclass(frozen=True)
class Finding:
    """One derived number: what it is, the value, and how it came about."""

    name: str
    value: float
    working: str
    unit: str = ""


class RawDataError(Exception):
    """A raw file is missing, lacks a column, or holds no row for what is asked."""


# --- reading -------------------------------------------------------------------------------------------------


def read(folder: Path, name: str, *columns: str) -> list[dict[str, str]]:
    """Rows of a CSV as dictionaries; raises `RawDataError` when the file or a needed column is missing."""
    path = folder / name
    if not path.is_file():
        raise RawDataError(f"{name}: not found in the raw folder")
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        if missing:
            raise RawDataError(f"{name}: no column {', '.join(missing)}")
        return list(reader)


def monthly_counts(rows: Iterable[Row], port: str, year: int, month: int | None = None) -> dict[str, int]:
    """Count by measure at a BTS port in a month, or in the whole year without `month`. An absent row is zero."""
    counts: dict[str, int] = {}
    for row in rows:
        if row["port_code"] == port and int(row["year"]) == year and month in (None, int(row["month"])):
            counts[row["measure"]] = counts.get(row["measure"], 0) + int(float(row["value"]))
    if not counts:
        raise RawDataError(f"no counts of port {port} in {year}" + (f"-{month:02}" if month else ""))
    return counts


def daily_volume(rows: Iterable[Row], crossing: str, direction: str, lane: str) -> dict[date, float]:
    """Vehicles a day of one Cascade Gateway series; days without a volume are left out."""
    wanted = (crossing, direction, lane)
    return {
        date.fromisoformat(row["date"]): float(row["volume"])
        for row in rows
        if (row["crossing"], row["direction"], row["lane"]) == wanted and row["volume"]
    }


def literature(rows: Iterable[Row], parameter: str, place: str) -> float:
    """The one value of a parameter at a place in the table of published figures."""
    for row in rows:
        if row["parameter"] == parameter and row["place"] == place:
            return float(row["value"])
    raise RawDataError(f"no published figure {parameter} for {place}")


def hourly_wait(rows: Iterable[Row], vehicle: str, lane: str) -> list[float]:
    """Published average wait in minutes by hour of day (24 values) of one CBP lane type."""
    waits = {
        int(row["hour"]): float(row["average_wait_min"])
        for row in rows
        if (row["vehicle_type"], row["lane_type"]) == (vehicle, lane)
    }
    if sorted(waits) != list(range(24)):
        raise RawDataError(f"the {vehicle} {lane} lane has no wait for every hour")
    return [waits[hour] for hour in range(24)]


def saturday_wait(rows: Iterable[Row], months: Sequence[int] = (7, 8)) -> list[float]:
    """Mean delay in minutes by hour (24 values) on Saturdays of the given months."""
    delays: list[list[float]] = [[] for _ in range(24)]
    for row in rows:
        moment = datetime.fromisoformat(row["time"])
        if moment.weekday() == SATURDAY and moment.month in months and row["delay_min"]:
            delays[moment.hour].append(float(row["delay_min"]))
    if not all(delays):
        raise RawDataError("an hour of the Saturday delays is empty")
    return [statistics.fmean(values) for values in delays]


# --- working -------------------------------------------------------------------------------------------------


def ordinary_summer(series: Mapping[date, float]) -> dict[date, float]:
    """June to August without public holidays."""
    return {day: v for day, v in series.items() if day.month in SUMMER and day not in HOLIDAYS_2018}


def by_weekday(
    series: Mapping[date, float], summary: Callable[[list[float]], float] = statistics.median
) -> tuple[float, ...]:
    """A summary of the days of each weekday, Monday first; the median shrugs off days of a faulty detector."""
    days: list[list[float]] = [[] for _ in range(7)]
    for day, volume in series.items():
        days[day.weekday()].append(volume)
    if not all(days):
        raise RawDataError("a weekday without a single volume")
    return tuple(summary(values) for values in days)


def day_factor(weekdays: Sequence[float], day: date) -> float:
    """Volume of `day` over the mean day of its month, given the level of each weekday (Monday first).

    The mean counts each weekday as often as that month has it.
    """
    _, length = calendar.monthrange(day.year, day.month)
    month = [weekdays[date(day.year, day.month, number).weekday()] for number in range(1, length + 1)]
    return weekdays[day.weekday()] / statistics.fmean(month)


def without_faults(cars: Mapping[date, float], nexus: Mapping[date, float]) -> dict[date, tuple[float, float]]:
    """Days with both a car and a believable NEXUS volume (see `FAULTY_NEXUS`), as (cars, nexus)."""
    least = FAULTY_NEXUS * statistics.median(nexus.values())
    return {day: (cars[day], nexus[day]) for day in cars if nexus.get(day, -1.0) >= least}


def day_to_day_cv(series: Mapping[date, float]) -> float:
    """Coefficient of variation of days around the mean of their weekday, Poisson noise taken out.

    A Poisson count of mean m has a relative variance 1/m, subtracted here.
    """
    means = by_weekday(series, statistics.fmean)
    relative = [volume / means[day.weekday()] for day, volume in series.items()]
    poisson = 1.0 / statistics.fmean(series.values())
    return math.sqrt(max(0.0, statistics.variance(relative) - poisson))


def to_step(value: float, step: float) -> float:
    """`value` rounded to a multiple of `step`."""
    return round(value / step) * step


def pacific_nexus_share(blaine: float, peace_arch: float, pacific_part: float) -> float:
    """NEXUS share at Pacific Highway that makes both crossings together come to the share at Blaine."""
    return (blaine - (1.0 - pacific_part) * peace_arch) / pacific_part


def excess(waits: Sequence[float]) -> list[float]:
    """How the waits above their least value are spread over the day (sums to 1)."""
    least = min(waits)
    total = sum(wait - least for wait in waits)
    if total == 0:
        raise RawDataError("waits that are the same in every hour say nothing of the day")
    return [(wait - least) / total for wait in waits]


def profile(shape: ProfileShape, waits: Sequence[Sequence[float]]) -> list[float]:
    """Share of the day's arrivals in each hour (24 values, sum 1), shaped on one or more hourly waits.

    Each set of waits counts the same, whatever its level: waits are not volumes, only their shape is used.
    """
    spread = [statistics.fmean(values) for values in zip(*(excess(wait) for wait in waits), strict=True)]
    turn = 2.0 * math.pi / 24.0
    day = [(1.0 + shape.swing * math.cos(turn * (hour + 0.5 - shape.peak))) / 24.0 for hour in range(24)]
    return [(1.0 - shape.blend) * day[hour] + shape.blend * spread[(hour + shape.lead) % 24] for hour in range(24)]


def hours_in_use(waits: Sequence[float]) -> tuple[int, int]:
    """First hour with a wait above 0 and the hour after the last one: when the lane reports waits."""
    hours = [hour for hour, wait in enumerate(waits) if wait > 0]
    if not hours:
        raise RawDataError("a lane that never reports a wait")
    return hours[0], hours[-1] + 1


def crossing_shares(
    lanes: Iterable[Row],
    cbsa_top: Iterable[Row],
    published: Sequence[Row],
    year: Mapping[str, int],
    arch_cars: float,
) -> list[Finding]:
    """Four indications of Pacific Highway's share of the cars at Blaine; none of them counts southbound cars.

    `year` holds the BTS counts of 2019, `arch_cars` the mean cars a day at Peace Arch northbound in 2018.
    """
    most = {row["port_number"]: row["passenger_max_lanes"] for row in lanes}
    here, there = float(most[PACIFIC_HIGHWAY]), float(most[PEACE_ARCH])
    travellers = {row["cbsa_port_name"]: float(row["travellers_2018_2019_total"]) for row in cbsa_top}
    trucks, buses, riders = year["Trucks"], year["Buses"], year["Bus Passengers"]
    cars = literature(published, "cbsa_annual_vehicles", "Pacific Highway") - trucks - buses
    all_cars = cars + literature(published, "cbsa_annual_vehicles", "Douglas (Peace Arch)")
    people = travellers["Pacific Highway - Traffic"] - 2 * (ONE_PERSON_PER_TRUCK * trucks + riders)
    all_people = people + travellers["Douglas Passenger"]
    south = year["Personal Vehicles"]
    left = 1.0 - 365.0 * arch_cars / south
    vehicles_note = f"{cars:.0f} of {all_cars:.0f}, trucks and buses out at the southbound counts of 2019"
    people_note = f"{people:.0f} of {all_people:.0f}, truck crews and bus passengers out likewise"
    left_note = f"1 - 365 x {arch_cars:.1f} cars a day northbound 2018 / {south} southbound 2019"
    return [
        Finding("from CBSA vehicles 2016, northbound", cars / all_cars, vehicles_note),
        Finding("from CBSA travellers 2018-19, northbound", people / all_people, people_note),
        Finding("from passenger lanes built", here / (here + there), f"{here:.0f} of {here + there:.0f}"),
        Finding("what Peace Arch leaves over", left, left_note),
    ]


def cars_findings(
    july: Mapping[str, int], arch_total: Mapping[date, float], shares: Sequence[Finding], share: float
) -> list[Finding]:
    """Cars a day, occupants and how much days differ."""
    cars, people = july["Personal Vehicles"], july["Personal Vehicle Passengers"]
    summer = ordinary_summer(arch_total)
    factor = day_factor(by_weekday(summer), DAY)
    mean = cars / MONTH_DAYS
    day = mean * factor * share
    low, high = min(each.value for each in shares), max(each.value for each in shares)
    factor_note = "Peace Arch northbound, cars and NEXUS, " + FACTOR_WORKING
    share_note = f"mean of the four rounded to 5 %, range {low:.2f} to {high:.2f}"
    day_note = f"{mean:.1f} x {factor:.4f} x {share:.2f} = {day:.0f}, rounded to 10"
    cv_note = f"Peace Arch northbound, {len(summer)} ordinary summer days around the mean of their weekday"
    return [
        Finding("cars at Blaine, mean day of July 2024", mean, f"BTS {cars} / {MONTH_DAYS} days", "cars/day"),
        Finding("Saturday factor, cars", factor, factor_note),
        *shares,
        Finding("Pacific Highway's share of cars", share, share_note),
        Finding("cars per day", to_step(day, 10), day_note, "cars/day"),
        Finding("occupants per car", people / cars, f"BTS {people} / {cars}", "persons"),
        Finding("day-to-day variation", day_to_day_cv(summer), cv_note),
    ]


def nexus_findings(arch: Mapping[date, tuple[float, float]], share: float, hours: tuple[int, int]) -> list[Finding]:
    """NEXUS share of cars at Pacific Highway on a summer Saturday, and the hours of its lane."""
    year = sum(nexus for _, nexus in arch.values()) / sum(cars + nexus for cars, nexus in arch.values())
    saturdays = [v for day, v in arch.items() if day.weekday() == SATURDAY and day.month in SUMMER]
    saturday = statistics.median(nexus / (cars + nexus) for cars, nexus in saturdays)
    balanced = pacific_nexus_share(BLAINE_NEXUS, year, share)
    scaled = balanced * saturday / year
    balance_note = f"({BLAINE_NEXUS} at Blaine - {1 - share:.2f} x {year:.3f}) / {share:.2f}"
    scaled_note = f"{balanced:.3f} x {saturday:.3f} / {year:.3f} = {scaled:.3f}, rounded to 5 %"
    opens_note = "first hour whose published average NEXUS wait is above 0"
    return [
        Finding("NEXUS share, Peace Arch northbound 2018", year, f"{len(arch)} days without detector fault"),
        Finding("NEXUS share there, summer Saturday", saturday, f"median of {len(saturdays)} Saturdays"),
        Finding("NEXUS share at Pacific Highway, any day", balanced, balance_note),
        Finding("NEXUS share", to_step(scaled, 0.05), scaled_note),
        Finding("NEXUS lane opens", hours[0], opens_note, "h"),
        Finding("NEXUS lane closes", hours[1], "the hour after the last such hour", "h"),
    ]


def truck_findings(july: Mapping[str, int], cascade: Sequence[Row], published: Sequence[Row]) -> list[Finding]:
    """Trucks a day and FAST share. All commercial lanes of Peace Arch and Pacific Highway are at the latter."""
    trucks = july["Trucks"]
    south = daily_volume(cascade, "Pacific Highway", "SB", "trucks")
    north = daily_volume(cascade, "Pacific Highway", "NB", "trucks")
    factor = day_factor(by_weekday(ordinary_summer(south)), DAY)
    other = day_factor(by_weekday(ordinary_summer(north)), DAY)
    mean = trucks / MONTH_DAYS
    july_2018 = sum(volume for day, volume in south.items() if day.month == 7)
    fast = literature(published, "fast_eligible_share_trucks", "Pacific Highway SB") / 100.0
    mean_note = f"BTS {trucks} / {MONTH_DAYS} days; Peace Arch has no commercial lane"
    detector_note = "far above the trucks BTS counts in any July (docs/data.md): only its weekday shape is used"
    day_note = f"{mean:.1f} x {factor:.4f} = {mean * factor:.0f}, rounded to 10"
    return [
        Finding("trucks at Blaine, mean day of July 2024", mean, mean_note, "trucks/day"),
        Finding("Saturday factor, trucks", factor, "Pacific Highway southbound, " + FACTOR_WORKING),
        Finding("Saturday factor, trucks northbound", other, "the same northbound: low end of the range"),
        Finding("southbound detector, July 2018", july_2018, detector_note, "vehicles"),
        Finding("trucks per day", to_step(mean * factor, 10), day_note, "trucks/day"),
        Finding("FAST share", fast, "FAST-eligible trucks southbound, summer 2009"),
    ]


def bus_findings(july: Mapping[str, int]) -> list[Finding]:
    """Buses a day (no day-of-week series is published) and passengers per bus."""
    buses, people = july["Buses"], july["Bus Passengers"]
    mean = buses / MONTH_DAYS
    return [
        Finding("buses per day", to_step(mean, 1), f"BTS {buses} / {MONTH_DAYS} = {mean:.1f}", "buses/day"),
        Finding("passengers per bus", people / buses, f"BTS {people} / {buses}", "persons"),
    ]


# --- the whole -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Derived:
    """All findings in the order of the working, and the profiles by file name."""

    findings: tuple[Finding, ...]
    profiles: dict[str, list[float]]


def derive(folder: Path) -> Derived:
    """Everything the scenario takes from the published files in `folder`; raises `RawDataError`."""
    bts = read(folder, "bts_us_canada_monthly.csv", "port_code", "year", "month", "measure", "value")
    cascade = read(folder, "cascade_daily_volume_2018.csv", "date", "crossing", "direction", "lane", "volume")
    published = read(folder, "service_parameters_literature.csv", "parameter", "place", "value")
    lanes = read(folder, "cbp_lanes_canada_border.csv", "port_number", "passenger_max_lanes")
    top = read(folder, "cbsa_top30_ports_2018_2019.csv", "cbsa_port_name", "travellers_2018_2019_total")
    waits = read(folder, "cbp_hourly_wait_pacific_highway.csv", "vehicle_type", "lane_type", "hour", "average_wait_min")
    arch_waits = read(folder, "cascade_peace_arch_sb_hourly_wait_2013_2016.csv", "time", "delay_min")

    july = monthly_counts(bts, BLAINE, DAY.year, DAY.month)
    arch = without_faults(
        daily_volume(cascade, "Peace Arch", "NB", "cars"), daily_volume(cascade, "Peace Arch", "NB", "nexus")
    )
    arch_total = {day: cars + nexus for day, (cars, nexus) in arch.items()}
    arch_cars = statistics.fmean(arch_total.values())
    shares = crossing_shares(lanes, top, published, monthly_counts(bts, BLAINE, 2019), arch_cars)
    share = to_step(statistics.fmean(each.value for each in shares), 0.05)
    findings = (
        *cars_findings(july, arch_total, shares, share),
        *nexus_findings(arch, share, hours_in_use(hourly_wait(waits, "passenger", "nexus"))),
        *truck_findings(july, cascade, published),
        *bus_findings(july),
    )
    car_waits = (hourly_wait(waits, "passenger", "standard"), saturday_wait(arch_waits))
    truck_waits = (hourly_wait(waits, "commercial", "standard"),)
    return Derived(findings, {"cars.csv": profile(CARS, car_waits), "trucks.csv": profile(TRUCKS, truck_waits)})


def write_profile(path: Path, weights: Sequence[float]) -> None:
    """Write a profile table: `hour` (0 to 23) and `weight` (share of the day, five decimals)."""
    lines = ["hour,weight", *(f"{hour},{weight:.5f}" for hour, weight in enumerate(weights))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the working and write the profiles; 0 when done, 2 when the raw folder lacks something."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("raw", type=Path, help="folder with the published files named in docs/data.md")
    default = Path(__file__).resolve().parents[1] / "scenarios" / "pacific-highway"
    parser.add_argument("--out", type=Path, default=default, help="where the profiles go")
    options = parser.parse_args(arguments)
    try:
        derived = derive(options.raw)
    except RawDataError as error:
        print(f"derive_pacific_highway: {error}", file=sys.stderr)
        return 2
    for finding in derived.findings:
        value = f"{finding.value:,.4f}".rstrip("0").rstrip(".")
        print(f"{finding.name}: {value} {finding.unit}".rstrip())
        print(f"    {finding.working}")
    options.out.mkdir(parents=True, exist_ok=True)
    for name, weights in derived.profiles.items():
        write_profile(options.out / name, weights)
        peak = max(range(24), key=weights.__getitem__)
        print(f"{name}: 24 hours, highest at {peak:02}:00 with {100 * weights[peak]:.1f} % of the day")
    return 0


if __name__ == "__main__":
    sys.exit(main())
