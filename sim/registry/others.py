"""What the registry holds beside land ports: airports with preclearance, irregular crossings, published waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from sim.registry.files import rows
from sim.registry.tables import MONTHS


@dataclass(frozen=True)
class Fact:
    """One published figure of an airport."""

    year: str
    period: str
    metric: str
    value: float
    unit: str
    note: str
    address: str


@dataclass(frozen=True)
class Airport:
    """An airport in Canada whose passengers to the United States are inspected before departure."""

    iata: str
    name: str
    province: str
    zone: str
    latitude: float
    longitude: float
    """Degrees, to a tenth: enough for a map of the country."""
    facts: tuple[Fact, ...]
    """As published. `transborder_enplaned_deplaned` counts both directions, `precleared` one."""


@cache
def airports() -> tuple[Airport, ...]:
    """The eight airports with preclearance, from west to east."""
    return tuple(
        Airport(
            row["iata"],
            row["name"],
            row["province"],
            row["zone"],
            float(row["latitude"]),
            float(row["longitude"]),
            airport_facts(row["iata"]),
        )
        for row in rows("airports.csv")
    )


def airport(iata: str) -> Airport | None:
    """The airport with preclearance of that code; None for any other."""
    return next((one for one in airports() if one.iata == iata), None)


def airport_facts(iata: str) -> tuple[Fact, ...]:
    """Published figures of an airport; `ALL` has those of all eight, or of all Canada, together."""
    return tuple(
        Fact(row["year"], row["period"], row["metric"], float(row["value"]), row["unit"], row["note"], row["address"])
        for row in rows("airport_facts.csv")
        if row["iata"] == iata
    )


@dataclass(frozen=True)
class MonthlySeries:
    """Persons a month met between ports of entry in a year; None where no figure is published."""

    series: str
    """`interceptions` (RCMP), `encounters between ports` (Border Patrol), `encounters with ports` (CBP, by state)."""
    place: str
    year: int
    months: tuple[int | None, ...]
    source: str


@dataclass(frozen=True)
class Sector:
    """A stretch of the border by Canadian province, with the Border Patrol sectors and states that face it."""

    id: str
    province: str
    code: str
    zone: str
    us_sectors: tuple[str, ...]
    us_states: tuple[str, ...]
    northbound: tuple[MonthlySeries, ...]
    """Interceptions in the province."""
    southbound: tuple[MonthlySeries, ...]
    """Encounters in the facing Border Patrol sectors; a sector that faces two provinces is whole in both."""


@cache
def irregular_series() -> tuple[MonthlySeries, ...]:
    """Every monthly series of the registry, totals (`Total`, `northern-border`) among them."""
    return tuple(
        MonthlySeries(
            row["series"],
            row["place"],
            int(row["year"]),
            tuple(int(row[month]) if row[month] else None for month in MONTHS),
            row["source"],
        )
        for row in rows("irregular_monthly.csv")
    )


@cache
def sectors() -> tuple[Sector, ...]:
    """The stretches of the land border, from west to east."""
    return tuple(
        _sector(row["id"], row["province"], row["code"], row["zone"], row["us_sectors"], row["us_states"])
        for row in rows("sectors.csv")
    )


@dataclass(frozen=True)
class FlowSeason:
    """Season of the irregular flow of a place, told from months of whole years."""

    name: str
    """Id of a sector of the registry or the Border Patrol (`quebec`, `blaine`), `canada`, `northern-border`, `flat`."""
    direction: str
    """`northbound` (interceptions), `southbound` (encounters between ports), empty for `flat`."""
    years: tuple[str, ...]
    count: int
    """Persons counted in those years."""
    factors: tuple[float, ...]
    """Factor of each month's mean day on that of the year, January first: the median over the years."""
    source: str


@cache
def flow_seasons() -> Mapping[str, FlowSeason]:
    """Every season of irregular flows by its name."""
    return {
        row["name"]: FlowSeason(
            row["name"],
            row["direction"],
            tuple(row["years"].split()),
            int(row["count"] or 0),
            tuple(float(row[month]) for month in MONTHS),
            row["source"],
        )
        for row in rows("flow_seasons.csv")
    }


def _sector(id: str, province: str, code: str, zone: str, us_sectors: str, us_states: str) -> Sector:
    facing = tuple(us_sectors.split())
    return Sector(
        id=id,
        province=province,
        code=code,
        zone=zone,
        us_sectors=facing,
        us_states=tuple(us_states.split()),
        northbound=tuple(s for s in irregular_series() if s.series == "interceptions" and s.place == province),
        southbound=tuple(s for s in irregular_series() if s.series == "encounters between ports" and s.place in facing),
    )


@dataclass(frozen=True)
class PublishedWait:
    """A wait as an agency published it, in minutes; agencies measure in their own ways."""

    lane: str
    years: str
    day: str
    """Day of the week, empty for all days together."""
    hour: int | None
    """Hour of the day, None for the whole day."""
    statistic: str
    """`mean`, `p50`, `p90` or `p95`."""
    minutes: float
    source: str


@cache
def published_waits(id: str) -> tuple[PublishedWait, ...]:
    """Published waits of an entry, empty where there are none."""
    return tuple(
        PublishedWait(
            row["lane"],
            row["years"],
            row["day"],
            int(row["hour"]) if row["hour"] else None,
            row["statistic"],
            float(row["minutes"]),
            row["source"],
        )
        for row in rows("published_waits.csv")
        if row["entry"] == id
    )


def monthly_counts(code: str, measure: str) -> dict[int, tuple[int | None, ...]]:
    """Published counts by year and month at a port of the BTS counts, such as ("3004", "cars"); None: not published.

    A year in which nothing was counted is left out.
    """
    return {
        int(row["year"]): tuple(int(row[month]) if row[month] else None for month in MONTHS)
        for row in rows("us_monthly.csv")
        if (row["port_code"], row["measure"]) == (code, measure)
    }
