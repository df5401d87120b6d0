"""Entries of the registry: ports of the counts, crossings with published lanes, offices of CBSA.

An id says what it is: `us-3004-blaine` is a port of the BTS counts (into the United States, inspected by CBP),
`us-3004-pacific-highway` a crossing of that port with published lanes, `ca-bc-pacific-highway` an office of CBSA by
province (into Canada). A port whose only listed crossing has its name is one entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from sim.registry.files import Row, rows

MODES = ("car", "truck", "bus", "pedestrian")
COUNTED = {"car": "cars", "truck": "trucks", "bus": "buses", "pedestrian": "pedestrians"}


@dataclass(frozen=True)
class Volume:
    """Parties of a mode on the mean day of a year."""

    per_day: float
    year: int
    source: str
    """Id of the source of the count behind it."""
    assumed: bool = False
    """The count was parted among crossings, or taken from the other direction."""
    low: float | None = None
    high: float | None = None
    why: str = ""


@dataclass(frozen=True)
class Share:
    """Share of a programme, a fraction of 1, with an assumed range."""

    value: float
    low: float
    high: float
    source: str
    """Id of the source it was read in, empty where there is none."""
    published: bool
    """The source gives this very share: this place, direction and kind of party."""
    why: str


@dataclass(frozen=True)
class Lanes:
    """Lanes built at most, as published; None where nothing is."""

    passenger: int | None = None
    commercial: int | None = None
    nexus: bool = False
    ready: bool = False
    fast: bool = False
    nexus_seen: int = 0
    """NEXUS lanes seen open at most."""
    ready_seen: int = 0
    source: str = ""


@dataclass(frozen=True)
class Hours:
    """Opening hours (HH:MM, `24:00` for midnight), for part of the year when `since` and `until` (MM-DD) are set."""

    opens: str
    closes: str
    source: str
    since: str = ""
    until: str = ""
    address: str = ""
    """Where it was announced."""
    why: str = ""
    """How the hours were told from the source, empty where it states them."""

    def holds(self, month_day: str) -> bool:
        """True on a day of the year written MM-DD; part of a year may run over its end."""
        if not self.since:
            return True
        if self.since <= self.until:
            return self.since <= month_day <= self.until
        return month_day >= self.since or month_day <= self.until


@dataclass(frozen=True, eq=False)
class Entry:
    """One port, crossing or office, in one direction."""

    id: str
    kind: str
    """`port`, `crossing` or `office`."""
    name: str
    agency: str
    """CBP or CBSA."""
    direction: str
    """Southbound into the United States, northbound into Canada; also at Alaska, where compass and word differ."""
    region: str
    """State or province, two letters."""
    latitude: float
    longitude: float
    """Degrees; a crossing has the position of its port."""
    zone: str
    code: str
    """Code of the port of the counts; for an office that of the facing port."""
    port: str
    """Id of the port of that code: for a crossing the port it is part of, for an office the one it faces."""
    facing: str
    """For an office, the entry on the other side."""
    volumes: Mapping[str, Volume] = field(default_factory=dict)
    """By mode; a mode nobody used is left out."""
    occupants: Mapping[str, tuple[float, str, int]] = field(default_factory=dict)
    """Persons in a car or bus: (mean, source, year)."""
    programmes: Mapping[str, Share] = field(default_factory=dict)
    """Shares read for this place, by programme."""
    lanes: Lanes = Lanes()
    hours: tuple[Hours, ...] = ()
    nexus_hours: Hours | None = None


def ids() -> tuple[str, ...]:
    """Every id, ports and crossings by code, then offices."""
    return tuple(by_id())


def entries() -> tuple[Entry, ...]:
    """Every entry, in the order of `ids`."""
    return tuple(by_id().values())


# --- reading -------------------------------------------------------------------------------------------------


@cache
def by_id() -> Mapping[str, Entry]:
    """Every entry by its id, in the order of `ids`."""
    found: dict[str, Entry] = {}
    listed = rows("crossings.csv")
    for port in rows("us_ports.csv"):
        own = [row for row in listed if row["port"] == port["id"]]
        found[port["id"]] = _port(port, own)
        for row in own:
            if row["id"] != port["id"]:
                found[row["id"]] = _crossing(port, row)
    by_id = {row["id"]: row for row in (*rows("us_ports.csv"), *listed)}
    for row in rows("offices.csv"):
        found[row["id"]] = _office(row, by_id[row["facing"]])
    return found


def _days(year: int) -> int:
    return 366 if year % 4 == 0 else 365


def _port(row: Row, own: list[Row]) -> Entry:
    year = int(row["year"])
    volumes = {
        mode: Volume(int(row[column]) / _days(year), year, row["source"])
        for mode, column in COUNTED.items()
        if int(row[column])
    }
    whole = own[0] if len(own) == 1 else None
    return Entry(
        id=row["id"],
        kind="port",
        name=row["name"],
        agency="CBP",
        direction="southbound",
        region=row["state"],
        latitude=float(row["latitude"]),
        longitude=float(row["longitude"]),
        zone=row["zone"],
        code=row["port_code"],
        port=row["id"],
        facing="",
        volumes=volumes,
        occupants=_occupants(row),
        programmes=_programmes(whole or row),
        lanes=_lanes(own),
        hours=(_published_hours(whole) if whole else ()) or _announced_hours(row["id"]),
        nexus_hours=_nexus_hours(whole or row),
    )


def _crossing(port: Row, row: Row) -> Entry:
    year = int(port["year"])
    volumes = {}
    for mode, column in COUNTED.items():
        share = float(row[f"{mode}_share"])
        counted = int(port[column]) / _days(year)
        if share * counted:
            volumes[mode] = _parted(row, mode, share, counted, year, port["source"])
    return Entry(
        id=row["id"],
        kind="crossing",
        name=row["name"],
        agency="CBP",
        direction="southbound",
        region=port["state"],
        latitude=float(port["latitude"]),
        longitude=float(port["longitude"]),
        zone=port["zone"],
        code=port["port_code"],
        port=port["id"],
        facing="",
        volumes=volumes,
        occupants=_occupants(port),
        programmes=_programmes(row),
        lanes=_lanes([row]),
        hours=_published_hours(row),
        nexus_hours=_nexus_hours(row),
    )


def _parted(row: Row, mode: str, share: float, counted: float, year: int, source: str) -> Volume:
    """A crossing's part of what was counted at its port."""
    if mode == "car":
        low, high = float(row["car_share_low"]), float(row["car_share_high"])
    else:
        low, high = 0.7 * share, min(1.0, 1.3 * share)
    why = f"{100 * share:.0f} % of the port"
    if mode == "car":
        why += f": {row['share_why']}"
    return Volume(share * counted, year, source, True, low * counted, high * counted, why)


def _office(row: Row, across: Row) -> Entry:
    volumes = {}
    for mode, column in COUNTED.items():
        per_day = float(row[f"{column}_per_day"])
        if not per_day:
            continue
        if mode == "car":
            why = "travellers of 2018-2019 brought to 2024" if row["cars_source"] != "bts" else "as many as southbound"
            low, high = float(row["cars_low"]), float(row["cars_high"])
            volumes[mode] = Volume(per_day, 2024, row["cars_source"], True, low, high, why)
        else:
            volumes[mode] = Volume(per_day, 2024, "bts", True, 0.85 * per_day, 1.15 * per_day, "as many as southbound")
    code = across.get("port_code") or across["port"].split("-")[1]
    port = next(port for port in rows("us_ports.csv") if port["port_code"] == code)
    facing = _lanes([across]) if "port_number" in across else Lanes()
    lanes = int(row["passenger_lanes"]) if row["passenger_lanes"] else None
    return Entry(
        id=row["id"],
        kind="office",
        name=row["name"],
        agency="CBSA",
        direction="northbound",
        region=row["province"],
        latitude=float(row["latitude"]),
        longitude=float(row["longitude"]),
        zone=row["zone"],
        code=code,
        port=port["id"],
        facing=row["facing"],
        volumes=volumes,
        occupants=_occupants(port),
        programmes=_programmes(row) or _as_across(across),
        lanes=Lanes(passenger=lanes, nexus=facing.nexus, source=row["lanes_source"]),
        hours=_published_hours(across),
        nexus_hours=_nexus_hours(row),
    )


def _as_across(across: Row) -> Mapping[str, Share]:
    """The NEXUS share of the facing crossing, assumed for this direction."""
    found = _programmes(across).get("nexus")
    return {"nexus": replace(found, published=False, why="as the other way")} if found is not None else {}


def _occupants(port: Row) -> Mapping[str, tuple[float, str, int]]:
    """Persons in a car (driver included) and on a bus (passengers), where as many persons as vehicles were counted."""
    found, year = {}, int(port["year"])
    for mode, vehicles, persons in (("car", "cars", "car_persons"), ("bus", "buses", "bus_persons")):
        if 0 < int(port[vehicles]) <= int(port[persons]):
            found[mode] = (int(port[persons]) / int(port[vehicles]), port["source"], year)
    return found


def _programmes(row: Row) -> Mapping[str, Share]:
    return {name: _share(row, f"{name}_share") for name in ("nexus", "fast") if row.get(f"{name}_share")}


def _share(row: Row, column: str) -> Share:
    value, low, high = (float(row[f"{column}{end}"]) for end in ("", "_low", "_high"))
    return Share(value, low, high, row[f"{column}_source"], row[f"{column}_published"] == "yes", row[f"{column}_why"])


def _lanes(own: list[Row]) -> Lanes:
    """Lanes of one crossing, or of all crossings of a port together."""
    if not own:
        return Lanes()
    total = {key: sum(int(row[key] or 0) for row in own) for key in ("passenger_lanes", "commercial_lanes")}
    return Lanes(
        passenger=total["passenger_lanes"] or None,
        commercial=total["commercial_lanes"] or None,
        nexus=any(row["nexus"] == "1" for row in own),
        ready=any(row["ready"] == "1" for row in own),
        fast=any(row["fast"] == "1" for row in own),
        nexus_seen=sum(int(row["nexus_lanes_seen"] or 0) for row in own),
        ready_seen=sum(int(row["ready_lanes_seen"] or 0) for row in own),
        source=own[0]["source"],
    )


def _published_hours(row: Row) -> tuple[Hours, ...]:
    return (Hours(row["opens"], row["closes"], "cbp-lanes"),) if row.get("opens") else ()


def _announced_hours(id: str) -> tuple[Hours, ...]:
    return tuple(
        Hours(row["opens"], row["closes"], row["source"], row["from"], row["until"], row["address"])
        for row in rows("hours.csv")
        if row["entry"] == id and row["in_force"] == "yes"
    )


def _nexus_hours(row: Row) -> Hours | None:
    if not row.get("nexus_opens"):
        return None
    return Hours(row["nexus_opens"], row["nexus_closes"], row["nexus_hours_source"], why=row["nexus_hours_why"])
