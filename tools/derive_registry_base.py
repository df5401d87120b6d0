"""What the derivation of the registry starts from: counts of ports, and what sources state for single places."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tools.derive_pacific_highway import RawDataError, read

Row = dict[str, str]
Table = list[Row]

YEAR = 2024
"""Year of the volumes; a port without vehicles in it has its last year with some."""
LAST_MONTH = (2025, 2)
"""Last month of the file of all ports; within it an absent row is zero."""
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MEASURES = {
    "Personal Vehicles": "cars",
    "Personal Vehicle Passengers": "car_persons",
    "Trucks": "trucks",
    "Buses": "buses",
    "Bus Passengers": "bus_persons",
    "Pedestrians": "pedestrians",
    "Trains": "trains",
    "Train Passengers": "train_persons",
    "Truck Containers Loaded": "truck_containers_loaded",
    "Truck Containers Empty": "truck_containers_empty",
    "Rail Containers Loaded": "rail_containers_loaded",
    "Rail Containers Empty": "rail_containers_empty",
}
OF_A_PORT = ("cars", "car_persons", "trucks", "buses", "bus_persons", "pedestrians")
STATES = {
    "Alaska": ("AK", "America/Anchorage"),
    "Idaho": ("ID", "America/Los_Angeles"),  # both ports lie in the panhandle, on Pacific time
    "Maine": ("ME", "America/New_York"),
    "Michigan": ("MI", "America/Detroit"),  # none in the four western counties on Central time
    "Minnesota": ("MN", "America/Chicago"),
    "Montana": ("MT", "America/Denver"),
    "New York": ("NY", "America/New_York"),
    "North Dakota": ("ND", "America/Chicago"),  # the counties along the border are on Central time
    "Vermont": ("VT", "America/New_York"),
    "Washington": ("WA", "America/Los_Angeles"),
}
"""Code and time zone of each state; each has one zone along the border."""


@dataclass(frozen=True)
class Stated:
    """A share with an assumed range; `source` is an id of sources.csv, empty where none was read.

    `published` is set where the source gives this very share: this place, direction and kind of party.
    """

    value: float
    low: float
    high: float
    source: str
    why: str
    published: bool = False


NEXUS_SHARES = {
    "us-3004-blaine": Stated(0.42, 0.30, 0.50, "border-barometer", "share of travellers, taken for cars"),
    "us-3004-pacific-highway": Stated(0.30, 0.20, 0.44, "", "what Peace Arch leaves of the 42 % at Blaine"),
    "us-3004-peace-arch": Stated(0.49, 0.40, 0.55, "cascade", "as northbound, faulty days left out"),
    "us-0901-peace-bridge": Stated(0.17, 0.10, 0.30, "berardi", "more than 17 % of both directions, 2013"),
    "us-0901-lewiston-bridge": Stated(0.04, 0.02, 0.15, "", "40,000 vehicles in half of 2013, both directions"),
    "us-0901-whirlpool-bridge": Stated(1.0, 1.0, 1.0, "cbp-lanes", "NEXUS only", True),
}
FAST_SHARES = {
    "us-3004-pacific-highway": Stated(0.225, 0.10, 0.40, "bpri", "FAST-eligible trucks, summer 2009", True),
    "us-3004-blaine": Stated(0.225, 0.10, 0.40, "bpri", "FAST-eligible trucks at Pacific Highway, summer 2009"),
}
NEXUS_HOURS = {
    "us-3004-blaine": ("06:00", "24:00", "cbp-nexus-hours", "as at Peace Arch"),
    "us-3004-peace-arch": ("06:00", "24:00", "cbp-nexus-hours", ""),
    "us-3004-pacific-highway": ("06:00", "24:00", "cbp-hourly", "hours whose NEXUS wait is above 0"),
}


def slug(text: str) -> str:
    """The text as a name: small letters, digits, hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower().replace(".", "")).strip("-")


def number(value: float, digits: int = 4) -> str:
    """A number as short text, the same on every machine."""
    return f"{value:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:.0f}"


# --- counts --------------------------------------------------------------------------------------------------


class Counts:
    """Monthly counts by port and measure, from the file of all ports and the later one of Montana."""

    def __init__(self, folder: Path) -> None:
        columns = ("port_code", "port_name", "state", "year", "month", "measure", "value", "lat", "lon")
        self.rows = read(folder, "bts_us_canada_monthly.csv", *columns)
        later = read(folder, "bts_montana_ports_2025.csv", *columns)
        self.value: dict[tuple[str, str, int, int], int] = {}
        for row in (*self.rows, *later):
            key = (row["port_code"], MEASURES[row["measure"]], int(row["year"]), int(row["month"]))
            count = int(float(row["value"]))
            if self.value.setdefault(key, count) != count:
                raise RawDataError(f"two counts for {key}")
        self.later = {(row["port_code"], int(row["year"]), int(row["month"])) for row in later}
        self.ports = sorted({row["port_code"] for row in self.rows})

    def published(self, port: str, year: int, month: int) -> bool:
        """The month is in one of the files; a measure without a row in it is zero."""
        return (year, month) <= LAST_MONTH or (port, year, month) in self.later

    def month(self, port: str, measure: str, year: int, month: int) -> int:
        return self.value.get((port, measure, year, month), 0)

    def year(self, port: str, measure: str, year: int) -> int:
        return sum(self.month(port, measure, year, month) for month in range(1, 13))

    def used_year(self, port: str) -> int:
        """`YEAR`, or the last year before it in which vehicles crossed."""
        for year in range(YEAR, 2018, -1):
            if any(self.year(port, measure, year) for measure in ("cars", "trucks", "buses")):
                return year
        raise RawDataError(f"port {port} never had a vehicle")


def us_ports(counts: Counts) -> Table:
    """One row per port of the counts: position, zone, and what crossed in the year used."""
    first = {row["port_code"]: row for row in reversed(counts.rows)}
    table = []
    for code in counts.ports:
        row, year = first[code], counts.used_year(code)
        state, zone = STATES[row["state"]]
        table.append(
            {
                "id": f"us-{code}-{slug(row['port_name'])}",
                "port_code": code,
                "name": row["port_name"],
                "state": state,
                "latitude": row["lat"],
                "longitude": row["lon"],
                "zone": zone,
                "year": str(year),
                **{measure: str(counts.year(code, measure, year)) for measure in OF_A_PORT},
                "source": "bts",
                **programmes(f"us-{code}-{slug(row['port_name'])}"),
            }
        )
    return table


def programmes(own: str) -> Row:
    """Columns of what is stated for the programmes of a port or crossing; blank where nothing is."""
    opens, closes, source, why = NEXUS_HOURS.get(own, ("", "", "", ""))
    return {
        **stated("nexus", NEXUS_SHARES.get(own)),
        **stated("fast", FAST_SHARES.get(own)),
        "nexus_opens": opens,
        "nexus_closes": closes,
        "nexus_hours_source": source,
        "nexus_hours_why": why,
    }


def stated(name: str, share: Stated | None) -> Row:
    """Columns of a programme's share; blank where the general assumption holds."""
    texts = [number(value) for value in (share.value, share.low, share.high)] if share else ["", "", ""]
    keys = (f"{name}_share", f"{name}_share_low", f"{name}_share_high")
    return {
        **dict(zip(keys, texts, strict=True)),
        f"{name}_share_source": share.source if share else "",
        f"{name}_share_published": ("yes" if share.published else "no") if share else "",
        f"{name}_share_why": share.why if share else "",
    }


def us_monthly(counts: Counts) -> Table:
    """One row per port, measure and year in which anything was counted; blank where no count is published."""
    table = []
    years = sorted({year for _, _, year, _ in counts.value})
    for code in counts.ports:
        for measure in MEASURES.values():
            for year in years:
                if not counts.year(code, measure, year):
                    continue
                months = {
                    name: str(counts.month(code, measure, year, month)) if counts.published(code, year, month) else ""
                    for month, name in enumerate(MONTHS, start=1)
                }
                montana = any((code, year, month) in counts.later and (year, month) > LAST_MONTH for month in range(13))
                table.append(
                    {
                        "port_code": code,
                        "measure": measure,
                        "year": str(year),
                        **months,
                        "source": "bts-montana" if montana else "bts",
                    }
                )
    return table
