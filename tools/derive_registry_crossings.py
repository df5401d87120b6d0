"""The crossings with published lanes and hours, and how the traffic of a port parts among them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tools.derive_pacific_highway import read
from tools.derive_registry_base import Row, Stated, Table, number, programmes, slug

PACIFIC_HIGHWAY = 0.40
"""Share of Blaine's cars, mean of four indications between 33 and 44 %: docs/data.md."""
WHIRLPOOL_CARS = 330_000 / 181 / 2
"""Cars a day in one direction, January to June 2013 (Berardi); both directions are taken to be in the 330,000."""
AMBASSADOR_TRUCKS = 0.97
"""Share of Detroit's trucks; the tunnel has 1 of 14 commercial lanes."""
BETWEEN_LANES = 0.4
"""A share known from lanes alone is believed to within this part of itself."""


def crossings(folder: Path, ports: Table) -> Table:
    """The crossings with published lanes and hours, each with its assumed share of its port's traffic."""
    lanes = [row for row in read(folder, "cbp_lanes_canada_border.csv", "port_number") if row["placeholder"] == "0"]
    by_code = {port["port_code"]: port for port in ports}
    travellers = {
        row["cbsa_port_name"]: float(row["travellers_2018_2019_total"])
        for row in read(folder, "cbsa_top30_ports_2018_2019.csv", "cbsa_port_name")
    }
    shares = Shares(lanes, by_code, travellers)
    return [crossing(row, by_code[row["bts_port_code"]], shares) for row in lanes]


def crossing(row: Row, port: Row, shares: Shares) -> Row:
    """One row of crossings.csv."""
    name = row["crossing_name"] or row["port_name"]
    opens, closes = hours_of(row["hours"])
    own = f"us-{port['port_code']}-{slug(name)}"
    car = shares.cars(row)
    return {
        "id": own,
        "port": port["id"],
        "port_number": row["port_number"],
        "name": name,
        "opens": opens,
        "closes": closes,
        "passenger_lanes": row["passenger_max_lanes"],
        "commercial_lanes": row["commercial_max_lanes"],
        "pedestrian_lanes": row["pedestrian_max_lanes"],
        "nexus": row["has_nexus_lane"],
        "ready": row["has_ready_lane"],
        "fast": row["has_fast_lane"],
        "nexus_lanes_seen": row["nexus_lanes_open_max_seen"],
        "ready_lanes_seen": row["ready_lanes_open_max_seen"],
        "source": "cbp-lanes",
        "car_share": number(car.value),
        "car_share_low": number(car.low),
        "car_share_high": number(car.high),
        "truck_share": number(shares.trucks(row)),
        "bus_share": number(shares.buses(row)),
        "pedestrian_share": number(shares.pedestrians(row)),
        "share_why": car.why,
        **programmes(own),
    }


def hours_of(text: str) -> tuple[str, str]:
    """Opening and closing time as HH:MM; blank for a crossing that never closes."""
    if text.startswith("24 hrs"):
        return "", ""
    first, last = (clock(part) for part in text.split("-"))
    return first, last


def clock(text: str) -> str:
    """`6 am`, `11 pm`, `Midnight` as HH:MM."""
    if text.strip() == "Midnight":
        return "24:00"
    hour, half = text.split()
    return f"{int(hour) % 12 + (12 if half == 'pm' else 0):02}:00"


class Shares:
    """How the traffic of a port parts among its crossings: no count says, so each share has a reason and a range."""

    def __init__(self, lanes: list[Row], ports: Mapping[str, Row], travellers: Mapping[str, float]) -> None:
        self.lanes, self.ports, self.travellers = lanes, ports, travellers

    def others(self, row: Row) -> list[Row]:
        """The crossings of the same port, this one among them."""
        return [other for other in self.lanes if other["bts_port_code"] == row["bts_port_code"]]

    def by_lanes(self, row: Row, kind: str) -> float:
        total = sum(int(other[kind] or 0) for other in self.others(row))
        return int(row[kind] or 0) / total if total else 0.0

    def cars(self, row: Row) -> Stated:
        """Share of the port's cars."""
        name, code = row["crossing_name"], row["bts_port_code"]
        if len(self.others(row)) == 1:
            return Stated(1.0, 0.7, 1.0, "", "the only crossing of the port with published lanes")
        if code == "3004":
            share = PACIFIC_HIGHWAY if name == "Pacific Highway" else 1 - PACIFIC_HIGHWAY
            high = 0.44 if name == "Pacific Highway" else 0.67
            return Stated(share, high - 0.11, high, "", "mean of four indications, none a southbound count")
        if code == "3801":
            tunnel, bridge = (
                self.travellers[f"{which} - Travellers"] for which in ("Windsor Tunnel", "Ambassador Bridge")
            )
            share = (tunnel if "Tunnel" in name else bridge) / (tunnel + bridge)
            return Stated(share, share - 0.1, share + 0.1, "", "travellers into Canada 2018-2019")
        if code == "0901":
            return self.niagara(name)
        share = self.by_lanes(row, "passenger_max_lanes")
        low, high = share * (1 - BETWEEN_LANES), min(1.0, share * (1 + BETWEEN_LANES))
        return Stated(share, low, high, "", "passenger lanes built")

    def niagara(self, name: str) -> Stated:
        """Whirlpool by NEXUS vehicles of 2013, the rest by travellers into Canada less crews and walkers of 2019."""
        whirlpool = WHIRLPOOL_CARS / (int(self.ports["0901"]["cars"]) / 366)
        if name == "Whirlpool Bridge":
            return Stated(whirlpool, 0.6 * whirlpool, 1.5 * whirlpool, "", "330,000 NEXUS vehicles in half of 2013")
        trucks, walkers = 904_788, 384_676  # BTS 2019, port 0901
        people = {
            "Peace Bridge": self.travellers["Fort Erie - Traffic"] - 2 * trucks * 2 / 3,
            "Lewiston Bridge": self.travellers["Queenston Bridge - Traffic"] - 2 * trucks / 3,
            "Rainbow Bridge": self.travellers["Rainbow Bridge"] - 2 * walkers,
        }
        share = (1 - whirlpool) * people[name] / sum(people.values())
        why = "travellers into Canada 2018-2019 less truck crews and walkers"
        return Stated(share, 0.8 * share, 1.2 * share, "", why)

    def trucks(self, row: Row) -> float:
        """Share of the port's trucks: by commercial lanes built, but for Detroit."""
        if row["bts_port_code"] == "3801":
            return AMBASSADOR_TRUCKS if "Ambassador" in row["crossing_name"] else 1 - AMBASSADOR_TRUCKS
        return self.by_lanes(row, "commercial_max_lanes")

    def buses(self, row: Row) -> float:
        """Share of the port's buses: where its trucks go at Blaine, by passenger lanes elsewhere, none at Whirlpool."""
        if row["bts_port_code"] == "3004":
            return self.by_lanes(row, "commercial_max_lanes")
        with_buses = [other for other in self.others(row) if other["crossing_name"] != "Whirlpool Bridge"]
        if row not in with_buses:
            return 0.0
        total = sum(int(other["passenger_max_lanes"] or 0) for other in with_buses)
        return int(row["passenger_max_lanes"] or 0) / total

    def pedestrians(self, row: Row) -> float:
        """Share of those on foot: the crossings with a pedestrian lane, else by passenger lanes."""
        walking = self.by_lanes(row, "pedestrian_max_lanes")
        if walking or any(other["pedestrian_max_lanes"] for other in self.others(row)):
            return walking
        if row["bts_port_code"] == "3004":
            return float(row["crossing_name"] == "Peace Arch")
        return self.by_lanes(row, "passenger_max_lanes")
