"""Offices of CBSA for the registry: travellers of 2018-2019 brought to 2024, or the traffic of the facing port."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.derive_pacific_highway import read
from tools.derive_registry_base import Counts, Row, Table, number, slug

PROVINCES = {
    "NB": "America/Moncton",
    "QC": "America/Toronto",
    "ON": "America/Toronto",
    "MB": "America/Winnipeg",
    "SK": "America/Regina",
    "AB": "America/Edmonton",
    "BC": "America/Vancouver",
}
ZONES = {"Fort Frances Bridge": "America/Winnipeg"}
"""Offices on another clock than the rest of their province: Ontario west of 90 degrees is on Central time."""

FACING = {
    "St. Stephen": "us-0115-ferry-point",
    "St. Stephen 3rd Bridge": "us-0115-international-avenue",
    "Edmundston": "us-0109-madawaska",
    "Woodstock Road": "us-0106-houlton",
    "Stanstead": "us-0209-derby-line-i-91",
    "St-Armand/Philipsburg": "us-0212-highgate-springs",
    "St-Bernard-de-Lacolle": "us-0712-champlain",
    "Cornwall": "us-0704-massena",
    "Prescott": "us-0701-ogdensburg",
    "Thousand Islands Bridge": "us-0708-thousand-islands-bridge",
    "Sault Ste. Marie": "us-3803-international-bridge-ssm",
    "Fort Frances Bridge": "us-3604-international-falls",
    "Queenston-Lewiston Bridge": "us-0901-lewiston-bridge",
    "Rainbow Bridge": "us-0901-rainbow-bridge",
    "Peace Bridge": "us-0901-peace-bridge",
    "Blue Water Bridge": "us-3802-bluewater-bridge",
    "Windsor and Detroit Tunnel": "us-3801-windsor-tunnel",
    "Ambassador Bridge": "us-3801-ambassador-bridge",
    "Emerson": "us-3401-pembina",
    "North Portal": "us-3403-portal",
    "Coutts": "us-3310-sweetgrass",
    "Abbotsford-Huntingdon": "us-3009-sumas",
    "Aldergrove": "us-3023-lynden",
    "Pacific Highway": "us-3004-pacific-highway",
    "Douglas (Peace Arch)": "us-3004-peace-arch",
    "Boundary Bay": "us-3017-point-roberts",
}
"""The entry on the other side of each office; Portal has no published lanes and is named by its port."""
PUBLISHED = {
    "Stanstead": ("Stanstead Route 55 (Rock Island)", True),
    "St-Armand/Philipsburg": ("St.-Armand - Traffic", True),
    "St-Bernard-de-Lacolle": ("Lacolle Route 15 - Traffic", True),
    "Cornwall": ("Cornwall - Traffic", True),
    "Thousand Islands Bridge": ("Lansdowne - Traffic", True),
    "Sault Ste. Marie": ("Sault Ste. Marie - Traffic", True),
    "Fort Frances Bridge": ("Fort Frances - Traffic", True),
    "Queenston-Lewiston Bridge": ("Queenston Bridge - Traffic", True),
    "Rainbow Bridge": ("Rainbow Bridge", True),
    "Peace Bridge": ("Fort Erie - Traffic", True),
    "Blue Water Bridge": ("Blue Water Bridge - Travellers", False),
    "Windsor and Detroit Tunnel": ("Windsor Tunnel - Travellers", False),
    "Ambassador Bridge": ("Ambassador Bridge - Travellers", False),
    "Emerson": ("Emerson West Lynne - Traffic", True),
    "Abbotsford-Huntingdon": ("Huntingdon - Traffic", True),
    "Aldergrove": ("Aldergrove Traffic", True),
    "Pacific Highway": ("Pacific Highway - Traffic", True),
    "Douglas (Peace Arch)": ("Douglas Passenger", False),
    "Boundary Bay": ("Boundary Bay", True),
}
"""Name among the 30 busiest, and whether truck crews are among its travellers. St. Stephen counts several bridges."""
NEXUS_HOURS = {
    "Douglas (Peace Arch)": ("07:00", "24:00"),
    "Abbotsford-Huntingdon": ("08:00", "20:00"),
    "Pacific Highway": ("07:00", "24:00"),
}
NEXUS_PUBLISHED = {"Douglas (Peace Arch)": (0.49, 0.40, 0.55)}
"""Share of cars in 2018 (Cascade Gateway), with its range."""
LANES = {"Douglas (Peace Arch)": ("10", "cbsa-voice")}
EQUAL = (0.85, 1.15)
"""Range of a volume taken from the other direction."""
DAYS_BEFORE = 730
"""Days of 2018 and 2019, over which travellers are counted."""


@dataclass(frozen=True)
class Facing:
    """Traffic of the facing crossing in a year: its shares of its port's counts."""

    counts: Counts
    code: str
    shares: Mapping[str, float]

    def per_day(self, measure: str, year: int, share: str) -> float:
        return self.shares[share] * self.counts.year(self.code, measure, year) / (366 if year % 4 == 0 else 365)


def offices(folder: Path, counts: Counts, crossings: Table) -> Table:
    """One row per office that publishes waits, with its vehicles a day of 2024."""
    travellers = {
        row["cbsa_port_name"]: float(row["travellers_2018_2019_total"])
        for row in read(folder, "cbsa_top30_ports_2018_2019.csv", "cbsa_port_name")
    }
    by_id = {row["id"]: row for row in crossings}
    rows = read(folder, "cbsa_offices_wait_times.csv", "office", "province", "lat", "lon", "commercial_offered")
    return [office(row, counts, by_id.get(FACING[row["office"]]), travellers) for row in rows]


def office(row: Row, counts: Counts, across: Row | None, travellers: Mapping[str, float]) -> Row:
    """One row of offices.csv."""
    name = row["office"]
    facing_id = FACING[name]
    facing = Facing(
        counts,
        facing_id.split("-")[1],
        {kind: float(across[f"{kind}_share"]) if across else 1.0 for kind in ("car", "truck", "bus", "pedestrian")},
    )
    commercial = row["commercial_offered"] == "1"
    cars = cars_per_day(name, facing, travellers)
    nexus = NEXUS_PUBLISHED.get(name)
    opens, closes = NEXUS_HOURS.get(name, ("", ""))
    lanes, lanes_source = LANES.get(name, ("", ""))
    own_nexus = [number(value) for value in nexus] if nexus else ["", "", ""]
    return {
        "id": f"ca-{row['province'].lower()}-{slug(name)}",
        "name": name,
        "province": row["province"],
        "latitude": row["lat"],
        "longitude": row["lon"],
        "zone": ZONES.get(name, PROVINCES[row["province"]]),
        "facing": facing_id,
        "source": "cbsa-offices",
        "cars_per_day": number(cars[0], 2),
        "cars_low": number(cars[1], 2),
        "cars_high": number(cars[2], 2),
        "cars_source": "cbsa-travellers" if name in PUBLISHED else "bts",
        "trucks_per_day": number(facing.per_day("trucks", 2024, "truck"), 2) if commercial else "0",
        "buses_per_day": number(facing.per_day("buses", 2024, "bus"), 2),
        "pedestrians_per_day": number(facing.per_day("pedestrians", 2024, "pedestrian"), 2),
        "passenger_lanes": lanes,
        "lanes_source": lanes_source,
        "nexus_share": own_nexus[0],
        "nexus_share_low": own_nexus[1],
        "nexus_share_high": own_nexus[2],
        "nexus_share_source": "cascade" if nexus else "",
        "nexus_share_published": "yes" if nexus else "",
        "nexus_share_why": "days with detector faults left out" if nexus else "",
        "nexus_opens": opens,
        "nexus_closes": closes,
        "nexus_hours_source": "cbsa-nexus-hours" if opens else "",
        "nexus_hours_why": "",
    }


def cars_per_day(name: str, facing: Facing, travellers: Mapping[str, float]) -> tuple[float, float, float]:
    """Cars a day of 2024 with their range.

    Travellers of 2018-2019 less truck crews (one each), bus passengers and walkers, over persons per car, times the
    change since 2019; these four are those of the facing port. Without such a count: the facing port's own cars.
    """
    across = facing.per_day("cars", 2024, "car")
    if name not in PUBLISHED:
        return across, EQUAL[0] * across, EQUAL[1] * across
    column, crews = PUBLISHED[name]
    people = travellers[column] / DAYS_BEFORE
    people -= facing.per_day("trucks", 2019, "truck") if crews else 0.0
    people -= facing.per_day("bus_persons", 2019, "bus") + facing.per_day("pedestrians", 2019, "pedestrian")
    then = facing.per_day("cars", 2019, "car")
    cars = people / (facing.per_day("car_persons", 2019, "car") / then) * across / then
    return cars, 0.9 * min(cars, across), 1.1 * max(cars, across)
