"""Derive the numbers of the scenarios beside Pacific Highway from published series.

    python -m tools.derive_scenarios RAW_FOLDER [--out FOLDER]

prints every derived number with its working, scenario by scenario, and writes their hourly tables as CSV.
RAW_FOLDER holds the published files named in docs/data.md; nothing else in the project reads them. What no file
can tell stands in capitals below: read in the source named there, or assumed, with its reason and range.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from tools.derive_pacific_highway import (
    Finding,
    RawDataError,
    Row,
    by_weekday,
    daily_volume,
    day_factor,
    day_to_day_cv,
    literature,
    monthly_counts,
    ordinary_summer,
    read,
    to_step,
    without_faults,
)

SATURDAY = 5

# --- Peace Arch northbound -----------------------------------------------------------------------------------
PEACE_ARCH_PEAK, PEACE_ARCH_SWING = 16.0, 0.85
"""Assumed hour and height of the peak: "longer wait times begin building in the afternoon and carry on throughout
the evening" (CBSA on Douglas, The Voice, Easter travel tips). Ranges 14 to 18 h and 0.7 to 0.95."""

# --- Ambassador Bridge ---------------------------------------------------------------------------------------
AMBASSADOR_DAY = date(2024, 5, 15)
DETROIT = "3801"
AMBASSADOR_SHARE = 0.97
"""Assumed: Detroit's trucks less those of the tunnel, 1 commercial lane of 14 (CBP); 0.93 to 1."""
AMBASSADOR_PEAK, AMBASSADOR_SWING = 13.0, 0.6
"""Assumed: trucks cross all night. Ranges 11 to 15 h and 0.4 to 0.8."""

# --- Peace Bridge --------------------------------------------------------------------------------------------
PEACE_BRIDGE_DAY = date(2001, 6, 20)
"""A Wednesday on which the Federal Highway Administration measured truck crossing times."""
PEACE_BRIDGE_CARS_2002, PEACE_BRIDGE_TRUCKS_2002 = 6_670_000, 1_340_000
"""Both directions in 2002: Peace Bridge Authority, in The Buffalo News, 2003-05-20."""
TOLLS_DECEMBER_2002 = 7_155
"""Motorists who paid a toll in Buffalo on the mean day of December 2002: the same article."""
BUFFALO_NIAGARA = "0901"
PEACE_BRIDGE_BUSES = 0.5
"""Assumed share of the port's buses at Peace Bridge; 0.25 to 0.75."""
PEACE_BRIDGE_SHAPES = {"cars.csv": (16.0, 0.8), "trucks.csv": (13.0, 0.6)}
"""Assumed (peak, swing): Canada-bound cars peak in the late afternoon and evening (Niagara Falls Bridge Commission,
2012, on the bridges next to it); ranges 14 to 18 h and 0.6 to 0.9; trucks as at Ambassador Bridge."""

# --- Whirlpool and Rainbow bridges ---------------------------------------------------------------------------
NIAGARA_DAY = date(2024, 6, 14)
WHIRLPOOL_HOURS = range(7, 23)
"""07:00 to 23:00: CBP, bwt.cbp.gov, 2022."""
WHIRLPOOL_AFTER_HOURS = 0.03
"""Assumed: comers outside hours, as a share of those within; members know the hours. 0 to 0.1."""
NIAGARA_PEAK, NIAGARA_SWING = 13.5, 0.75
"""Assumed (hour, height): traffic into the United States "peaks in the late morning and early afternoons" (Niagara
Falls Bridge Commission, 2012), while CBP saw 22 min at 20:27 in 2022. Ranges 12 to 16 h and 0.6 to 0.9."""

# --- the co-located remote port ------------------------------------------------------------------------------
REMOTE_WEEK = date(2025, 7, 7)
"""A Monday after the hours of 2025-01-06."""
DANVILLE = "3012"
"""The nearest thing to a count: another building shared by both countries (Carson, British Columbia)."""
REMOTE_HOURS = range(8, 20)
REMOTE_NIGHT = 0.5
"""Assumed vehicles an hour and direction if it never closed: two or less in the hours that were cut (CBSA); 0 to 2."""
REMOTE_PEAK, REMOTE_SWING = 14.5, 0.5
"""Assumed shape of the day within opening hours; 12 to 17 h, 0.2 to 0.8."""


@dataclass(frozen=True)
class Derived:
    """Findings of one scenario, and its tables: file name to header and rows."""

    findings: tuple[Finding, ...]
    tables: dict[str, list[str]]


# --- working -------------------------------------------------------------------------------------------------


def cosine_day(peak: float, swing: float) -> list[float]:
    """Share of the day's arrivals in each hour (24 values, sum 1): a cosine highest at `peak` (hours)."""
    turn = 2.0 * math.pi / 24.0
    return [(1.0 + swing * math.cos(turn * (hour + 0.5 - peak))) / 24.0 for hour in range(24)]


def within(hours: Sequence[int], shape: Sequence[float]) -> dict[int, float]:
    """The shape cut to some hours of the day, scaled to sum 1 again."""
    total = sum(shape[hour] for hour in hours)
    return {hour: shape[hour] / total for hour in hours}


def profile_table(shape: Sequence[float]) -> list[str]:
    """Lines of a profile: hour and weight, five decimals."""
    return ["hour,weight", *(f"{hour},{weight:.5f}" for hour, weight in enumerate(shape))]


def land_travellers(rows: Sequence[Row], month: int) -> tuple[dict[date, float], float]:
    """CBSA travellers by land on each day of one month of 2018 and 2019, and the mean day of both years."""
    land = {date.fromisoformat(row["date"]): float(row["travellers"]) for row in rows if row["mode"] == "land"}
    return {day: count for day, count in land.items() if day.month == month}, statistics.fmean(land.values())


def weekday_means(series: Mapping[date, float]) -> tuple[float, ...]:
    """Mean of each weekday, Monday first."""
    return by_weekday(series, statistics.fmean)


def truck_factor(cascade: Sequence[Row], direction: str, day: date) -> float:
    """Trucks of a weekday over the mean day, Pacific Highway 2018, median by weekday."""
    return day_factor(by_weekday(daily_volume(cascade, "Pacific Highway", direction, "trucks")), day)


# --- scenario by scenario ------------------------------------------------------------------------------------


def peace_arch(folder: Path) -> Derived:
    """Cars and NEXUS cars into Canada on a summer Saturday of 2018."""
    columns = ("date", "crossing", "direction", "lane", "volume", "avg_delay_min")
    rows = read(folder, "cascade_daily_volume_2018.csv", *columns)
    cars, nexus = (daily_volume(rows, "Peace Arch", "NB", lane) for lane in ("cars", "nexus"))
    sound = without_faults(cars, nexus)
    saturdays = [day for day in ordinary_summer({d: sum(v) for d, v in sound.items()}) if day.weekday() == SATURDAY]
    total = statistics.median(sum(sound[day]) for day in saturdays)
    share = statistics.median(sound[day][1] / sum(sound[day]) for day in saturdays)
    summer = ordinary_summer({day: sum(both) for day, both in sound.items()})
    note = f"median of {len(saturdays)} Saturdays of June to August 2018 without holidays and faulty days"
    findings = [
        Finding("days of 2018 left out as faulty", len(set(cars) & set(nexus)) - len(sound), "NEXUS below a quarter"),
        Finding("cars, NEXUS included", to_step(total, 10), f"{note}: {total:.1f}, rounded to 10", "cars/day"),
        Finding("NEXUS share", to_step(share, 0.01), f"{note}: {share:.4f}, rounded to 1 %"),
        Finding("day-to-day variation", day_to_day_cv(summer), f"{len(summer)} days around the mean of their weekday"),
    ]
    for lane in ("cars", "nexus"):
        delays = sorted(_delays(rows, lane, saturdays))
        span = f"from {delays[0]} to {delays[-1]}"
        findings.append(Finding(f"published mean delay of a Saturday, {lane}", statistics.median(delays), span, "min"))
    return Derived(tuple(findings), {"cars.csv": profile_table(cosine_day(PEACE_ARCH_PEAK, PEACE_ARCH_SWING))})


def _delays(rows: Sequence[Row], lane: str, days: Sequence[date]) -> list[float]:
    wanted = {day.isoformat() for day in days}
    return [
        float(row["avg_delay_min"])
        for row in rows
        if (row["crossing"], row["direction"], row["lane"]) == ("Peace Arch", "NB", lane)
        and row["date"] in wanted
        and row["avg_delay_min"]
    ]


def ambassador(folder: Path) -> Derived:
    """Trucks into the United States on a Wednesday of May 2024."""
    bts = read(folder, "bts_us_canada_monthly.csv", "port_code", "year", "month", "measure", "value")
    cascade = read(folder, "cascade_daily_volume_2018.csv", "date", "crossing", "direction", "lane", "volume")
    lanes = read(folder, "cbp_lanes_canada_border.csv", "port_number", "fast_lanes_open_max_seen")
    trucks = monthly_counts(bts, DETROIT, AMBASSADOR_DAY.year, AMBASSADOR_DAY.month)["Trucks"]
    south, north = (truck_factor(cascade, direction, AMBASSADOR_DAY) for direction in ("SB", "NB"))
    factor = (south + north) / 2.0
    day = trucks / 31 * factor * AMBASSADOR_SHARE
    seen = next(row for row in lanes if row["port_number"] == "380001")
    fast, standard = float(seen["fast_lanes_open_max_seen"]), float(seen["std_commercial_lanes_open_max_seen"])
    open_note = f"{fast:.0f} of {fast + standard:.0f} lanes at the same delay of 30 min, 29 June 2022"
    findings = (
        Finding("trucks at Detroit, mean day of May 2024", trucks / 31, f"BTS {trucks} / 31", "trucks/day"),
        Finding("Wednesday factor", factor, f"mean of Pacific Highway southbound {south:.4f}, northbound {north:.4f}"),
        Finding("trucks per day", to_step(day, 10), f"{trucks / 31:.1f} x {factor:.4f} x {AMBASSADOR_SHARE}"),
        Finding("FAST lanes among those open", fast / (fast + standard), open_note),
    )
    return Derived(findings, {"trucks.csv": profile_table(cosine_day(AMBASSADOR_PEAK, AMBASSADOR_SWING))})


def peace_bridge(folder: Path) -> Derived:
    """Cars, trucks and buses into Canada on a Wednesday of June 2001, tolls still collected in Buffalo."""
    bts = read(folder, "bts_us_canada_monthly.csv", "port_code", "year", "month", "measure", "value")
    cbsa = read(folder, "cbsa_daily_travellers_by_mode_2018_2019.csv", "date", "mode", "travellers")
    cascade = read(folder, "cascade_daily_volume_2018.csv", "date", "crossing", "direction", "lane", "volume")
    june, mean = land_travellers(cbsa, 6)
    december, _ = land_travellers(cbsa, 12)
    car_factor = weekday_means(june)[PEACE_BRIDGE_DAY.weekday()] / mean
    winter = statistics.fmean(december.values()) / mean
    truck = truck_factor(cascade, "NB", PEACE_BRIDGE_DAY)
    cars, trucks = (count / 2 / 365 for count in (PEACE_BRIDGE_CARS_2002, PEACE_BRIDGE_TRUCKS_2002))
    counts = monthly_counts(bts, BUFFALO_NIAGARA, 2019)
    buses = counts["Buses"] / 365 * PEACE_BRIDGE_BUSES
    check = f"published: {TOLLS_DECEMBER_2002} paid a toll in Buffalo; {cars:.0f} x {winter:.4f}"
    findings = (
        Finding("cars, mean day of 2002, one way", cars, f"{PEACE_BRIDGE_CARS_2002} / 2 / 365", "cars/day"),
        Finding("Wednesday of June over the mean day", car_factor, "CBSA travellers by land, 2018 and 2019"),
        Finding("cars per day", to_step(cars * car_factor, 10), f"{cars:.1f} x {car_factor:.4f}", "cars/day"),
        Finding("check: cars in December 2002", cars * winter, check, "cars/day"),
        Finding("trucks, mean day of 2002, one way", trucks, f"{PEACE_BRIDGE_TRUCKS_2002} / 2 / 365", "trucks/day"),
        Finding("Wednesday factor, trucks", truck, "Pacific Highway northbound, 2018"),
        Finding("trucks per day", to_step(trucks * truck, 10), f"{trucks:.1f} x {truck:.4f}", "trucks/day"),
        Finding("buses per day", to_step(buses, 1), f"BTS {counts['Buses']} in 2019 / 365 x {PEACE_BRIDGE_BUSES}"),
        Finding("persons per bus", counts["Bus Passengers"] / counts["Buses"], "BTS, port 0901, 2019", "persons"),
        Finding(
            "persons per car",
            counts["Personal Vehicle Passengers"] / counts["Personal Vehicles"],
            "BTS, port 0901, 2019",
            "persons",
        ),
    )
    return Derived(findings, {name: profile_table(cosine_day(*shape)) for name, shape in PEACE_BRIDGE_SHAPES.items()})


def whirlpool(folder: Path) -> Derived:
    """NEXUS cars at Whirlpool Bridge and all cars at Rainbow Bridge into the United States, a Friday of June 2024."""
    bts = read(folder, "bts_us_canada_monthly.csv", "port_code", "year", "month", "measure", "value")
    cbsa = read(folder, "cbsa_daily_travellers_by_mode_2018_2019.csv", "date", "mode", "travellers")
    top = read(folder, "cbsa_top30_ports_2018_2019.csv", "cbsa_port_name", "travellers_2018_2019_total")
    published = read(folder, "service_parameters_literature.csv", "parameter", "place", "value")
    half_year = literature(published, "nexus_conveyances_6_months", "Whirlpool Bridge (NEXUS only)")
    june = monthly_counts(bts, BUFFALO_NIAGARA, NIAGARA_DAY.year, 6)
    first_half = sum(
        monthly_counts(bts, BUFFALO_NIAGARA, NIAGARA_DAY.year, month)["Personal Vehicles"] for month in range(1, 7)
    )
    season = june["Personal Vehicles"] / 30 / (first_half / 182)
    friday = day_factor(weekday_means(land_travellers(cbsa, 6)[0]), NIAGARA_DAY)
    nexus = half_year / 181 / 2 * season
    share, share_note = rainbow_share(top, monthly_counts(bts, BUFFALO_NIAGARA, 2019))
    others = june["Personal Vehicles"] / 30 - nexus
    rainbow_nexus = literature(published, "nexus_conveyances_6_months", "Rainbow Bridge") / 181 / 2 * season
    shape = cosine_day(NIAGARA_PEAK, NIAGARA_SWING)
    day = to_step(nexus * friday, 10)
    findings = (
        Finding("June over January to June", season, "BTS cars of port 0901, 2024, per day"),
        Finding("Friday factor", friday, "CBSA travellers by land, June 2018 and 2019"),
        Finding(
            "NEXUS cars per day at Whirlpool within hours",
            day,
            f"{half_year:.0f} / 181 days of 2013 / 2 directions x {season:.4f} x {friday:.4f}",
        ),
        Finding("Rainbow's share of the other cars", share, share_note),
        Finding(
            "cars per day at Rainbow",
            to_step(others * share * friday, 10),
            f"(BTS {june['Personal Vehicles']} / 30 - {nexus:.0f}) x {share:.4f} x {friday:.4f}",
        ),
        Finding(
            "NEXUS share at Rainbow",
            rainbow_nexus / (others * share),
            f"15000 / 181 / 2 x {season:.4f} over {others * share:.0f} cars",
        ),
        Finding("persons per car", june["Personal Vehicle Passengers"] / june["Personal Vehicles"], "BTS, June 2024"),
    )
    inside = within(WHIRLPOOL_HOURS, shape)
    after = within([hour for hour in range(24) if hour not in inside], shape)
    cars = {
        hour: day * inside.get(hour, 0.0) + day * WHIRLPOOL_AFTER_HOURS * after.get(hour, 0.0) for hour in range(24)
    }
    counts = ["time,car.nexus", *(f"{hour:02}:00,{count:.2f}" for hour, count in cars.items())]
    return Derived(findings, {"whirlpool.csv": counts, "rainbow.csv": profile_table(shape)})


def rainbow_share(top: Sequence[Row], year: Mapping[str, int]) -> tuple[float, str]:
    """Rainbow Bridge's share of the car travellers of three bridges, from CBSA travellers northbound 2018-2019.

    Truck crews (one each, BTS 2019 southbound) are taken out of the two bridges that take trucks, pedestrians out
    of Rainbow Bridge.
    """
    travellers = {row["cbsa_port_name"]: float(row["travellers_2018_2019_total"]) for row in top}
    walkers, trucks = 2 * year["Pedestrians"], 2 * year["Trucks"]
    rainbow = travellers["Rainbow Bridge"] - walkers
    others = travellers["Fort Erie - Traffic"] + travellers["Queenston Bridge - Traffic"] - trucks
    note = f"{rainbow:.0f} of {rainbow + others:.0f} travellers into Canada, 2018-2019; range 0.28 to 0.36"
    return rainbow / (rainbow + others), note


def remote_port(folder: Path) -> Derived:
    """A week at a building shared by both countries: the same cars in both directions."""
    bts = read(folder, "bts_us_canada_monthly.csv", "port_code", "year", "month", "measure", "value")
    cbsa = read(folder, "cbsa_daily_travellers_by_mode_2018_2019.csv", "date", "mode", "travellers")
    july = monthly_counts(bts, DANVILLE, 2024, 7)
    weekdays = weekday_means(land_travellers(cbsa, 7)[0])
    mean = july["Personal Vehicles"] / 31
    shape = within(REMOTE_HOURS, cosine_day(REMOTE_PEAK, REMOTE_SWING))
    opening, always = ["time,car"], ["time,car"]
    for number in range(7):
        cars = mean * day_factor(weekdays, REMOTE_WEEK + timedelta(days=number))
        for hour in range(24):
            count = cars * shape.get(hour, 0.0)
            opening.append(f"{24 * number + hour}:00,{count:.2f}")
            always.append(f"{24 * number + hour}:00,{count or REMOTE_NIGHT:.2f}")
    factors = ", ".join(f"{day_factor(weekdays, REMOTE_WEEK + timedelta(days=n)):.3f}" for n in range(7))
    findings = (
        Finding("cars, mean day of July 2024", mean, f"BTS {july['Personal Vehicles']} at Danville / 31", "cars/day"),
        Finding(
            "persons per car",
            july["Personal Vehicle Passengers"] / july["Personal Vehicles"],
            f"BTS {july['Personal Vehicle Passengers']} / {july['Personal Vehicles']}",
        ),
        Finding("trucks a day, left out", july["Trucks"] / 31, f"BTS {july['Trucks']} / 31"),
        Finding("weekday factors, Monday first", 1.0, f"{factors} (CBSA by land, July 2018 and 2019)"),
    )
    return Derived(findings, {"cars.csv": opening, "cars-day-and-night.csv": always})


# --- the whole -----------------------------------------------------------------------------------------------

SCENARIOS: dict[str, Callable[[Path], Derived]] = {
    "peace-arch-northbound": peace_arch,
    "ambassador-bridge-trucks-southbound": ambassador,
    "peace-bridge-tolls": peace_bridge,
    "whirlpool-nexus-only": whirlpool,
    "remote-port-co-located": remote_port,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the working and write the tables; 0 when done, 2 when the raw folder lacks something."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("raw", type=Path, help="folder with the published files named in docs/data.md")
    default = Path(__file__).resolve().parents[1] / "scenarios"
    parser.add_argument("--out", type=Path, default=default, help="folder of scenarios")
    options = parser.parse_args(arguments)
    try:
        derived = {name: derive(options.raw) for name, derive in SCENARIOS.items()}
    except RawDataError as error:
        print(f"derive_scenarios: {error}", file=sys.stderr)
        return 2
    for name, result in derived.items():
        print(f"== {name}")
        for finding in result.findings:
            value = f"{finding.value:,.4f}".rstrip("0").rstrip(".")
            print(f"{finding.name}: {value} {finding.unit}".rstrip())
            print(f"    {finding.working}")
        (options.out / name).mkdir(parents=True, exist_ok=True)
        for file, lines in result.tables.items():
            (options.out / name / file).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
