"""An airport with preclearance as a user would write it: the plain tree below `preclearance.NAME`.

Passengers of a year are published for some airports, in some year; the rest is assumed, with a range
(`airport_volumes.csv`, `assumptions.csv`). Staffing of no airport is published: officers and lanes are as many as the
assumed demand needs at an assumed load. The day is the mean day of a year.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from sim.registry.files import Origin, assumption, published, rows
from sim.registry.others import Airport, airport
from sim.registry.staffing import Week, booths_for, open_table
from sim.registry.tables import DAYS, HOLIDAY
from sim.registry.writing import Defaults, Writer

DAYS_OF_A_YEAR = 365.25
PROFILE = {"00:00": 0, "06:00": "hall.profile.morning", "09:00": "hall.profile.day", "20:00": 1, "22:00": 0}
"""Weights of departures over the day, those of the morning and the day by their assumptions."""
OFFICERS = ("nexus", "primary")


@dataclass(frozen=True)
class HallDefaults(Defaults):
    """What the registry knows or assumes of an airport with preclearance."""

    airport: Airport

    @property
    def id(self) -> str:
        """Code of the airport."""
        return self.airport.iata


@dataclass(frozen=True)
class AirportVolume:
    """Passengers precleared at an airport in a year."""

    passengers: float
    low: float
    high: float
    origin: Origin


def airport_volume(iata: str) -> AirportVolume:
    """Passengers of a year, one way. Raises KeyError for an airport without preclearance."""
    row = {row["iata"]: row for row in rows("airport_volumes.csv")}[iata]
    low, high = row["low"], row["high"]
    if row["published"]:
        origin = published("statcan-airports", f"{row['year']}, {row['why']}", low, high)
    else:
        origin = Origin(row["why"], assumed=True, low=low, high=high)
    return AirportVolume(float(row["passengers"]), float(low), float(high), origin)


@cache
def hall_defaults(iata: str) -> HallDefaults:
    """The defaults of one of the eight airports. The result is shared: copy the tree before changing it.

    Raises KeyError for an airport that has no preclearance.
    """
    known = airport(iata)
    if known is None:
        raise KeyError(iata)
    return _Hall(known).build()


class _Hall(Writer):
    """Writes the tree of one airport."""

    def __init__(self, airport: Airport) -> None:
        super().__init__()
        self.airport = airport
        self.shares = {name: assumption(f"hall.share.{name}").number for name in ("nexus", "app", "visitor")}
        self.shares["citizen"] = 1.0 - sum(self.shares.values())

    def build(self) -> HallDefaults:
        airport = self.airport
        where = Origin("airport with preclearance", source="statcan-airports")
        self.put(("code",), airport.iata, where)
        self.put(("description",), f"{airport.name}, {airport.province}: preclearance to the United States", where)
        self.put(("zone",), airport.zone, Origin("IANA zone of the place", source="iana"))
        self.departures()
        for name in ("nexus", "app", "visitor"):
            self.assume(("classes", name), f"hall.share.{name}")
        self.put(("classes", "citizen"), "rest", Origin("the others"))
        self.assume(("show_up", "lognormal", "mean"), "hall.show_up.mean")
        self.assume(("show_up", "lognormal", "cv"), "hall.show_up.cv", number=True)
        self.assume(("party",), "hall.party", number=True)
        self.stations()
        return HallDefaults(self.tree, self.origins, airport)

    def departures(self) -> None:
        volume = airport_volume(self.airport.iata)
        aboard = assumption("hall.seats").number * assumption("hall.load").number
        per_day, low, high = (
            max(1, round(passengers / DAYS_OF_A_YEAR / aboard))
            for passengers in (volume.passengers, volume.low, volume.high)
        )
        text = f"{volume.passengers:,.0f} passengers a year: {volume.origin.text}"
        self.put(
            ("departures", "per_day"),
            per_day,
            Origin(text, volume.origin.assumed, str(low), str(high), volume.origin.source),
        )
        at = ("departures", "profile")
        self.put(at, {}, Origin("most of them early", assumed=True))
        for time, weight in PROFILE.items():
            if isinstance(weight, str):
                self.assume((*at, time), weight, number=True)
            else:
                self.tree["departures"]["profile"][time] = weight
        self.assume(("departures", "seats"), "hall.seats", number=True)
        self.assume(("departures", "load"), "hall.load")
        self.parties = per_day * aboard / assumption("hall.party").number

    # ---- stations -------------------------------------------------------------------------------------

    def stations(self) -> None:
        seconds = {name: assumption(f"hall.primary.{name}").number for name in ("nexus", "app", "others")}
        self.desk("security", assumption("hall.security.mean").number, 1.0, "hall.security.load")
        self.assume(("stations", "security", "service", "gamma", "mean"), "hall.security.mean")
        self.assume(("stations", "security", "service", "gamma", "cv"), "hall.security.cv", number=True)
        for name in OFFICERS:
            self.put(("stations", name, "kind"), "primary", Origin("an officer inspects"))
        self.put(("stations", "nexus", "serves"), ["nexus"], Origin("a lane of their own"))
        self.desk("nexus", seconds["nexus"], self.shares["nexus"], "hall.officers.load")
        self.assume(("stations", "nexus", "service"), "hall.primary.nexus")
        # They are named by who does not go to the NEXUS lane.
        self.put(("stations", "primary", "serves"), ["app", "visitor", "citizen"], Origin("all others"))
        others = 1.0 - self.shares["nexus"]
        app = self.shares["app"] / others
        mean = app * seconds["app"] + (1.0 - app) * seconds["others"]
        self.desk("primary", mean, others, "hall.officers.load")
        for known, key in (("app", "app"), ("*", "others")):
            self.assume(("stations", "primary", "service", known, "gamma", "mean"), f"hall.primary.{key}")
            self.assume(("stations", "primary", "service", known, "gamma", "cv"), "hall.primary.cv", number=True)
        self.secondary()
        self.put(("stations", "walk", "kind"), "walk", Origin("to the gate"))
        self.assume(("stations", "walk", "service"), "hall.walk")

    def desk(self, name: str, seconds: float, part: float, load: str) -> None:
        """Booths for a part of the parties, and how many are open by the hour."""
        week, target = self.week(part), assumption(load)
        booths = booths_for(week, seconds, target.number)
        ends = [booths_for(week, seconds, float(end)) for end in (target.high, target.low)]
        why = f"enough for a load of {target.value} in the busiest hour"
        self.put(("stations", name, "booths"), booths, Origin(why, True, str(ends[0]), str(ends[1])))
        calendar = open_table(week, seconds, target.number, booths)
        self.put(("stations", name, "open"), calendar, Origin(f"{why}, by the hour", assumed=True))

    def week(self, part: float) -> Week:
        """Parties per hour: the departures' profile, as much earlier as people come."""
        times = sorted((int(time[:2]), weight) for time, weight in self.tree["departures"]["profile"].items())
        ahead = round(assumption("hall.show_up.busiest").number / 3600.0)
        by_hour = [[weight for begin, weight in times if begin <= hour][-1] for hour in range(24)]
        whole = float(sum(by_hour))
        hours = [self.parties * part * by_hour[(hour + ahead) % 24] / whole for hour in range(24)]
        return dict.fromkeys((*range(len(DAYS)), HOLIDAY), hours)

    def secondary(self) -> None:
        at = ("stations", "secondary")
        self.put((*at, "kind"), "secondary", Origin("those referred"))
        stay = assumption("hall.secondary.mean").number
        busiest = max(self.week(1.0)[0]) * assumption("hall.referral").number * stay / 3600.0
        slack = assumption("bays.slack")
        bays, low, high = (
            max(1, math.ceil(busiest + roots * math.sqrt(busiest)))
            for roots in (slack.number, float(slack.low), float(slack.high))
        )
        why = f"occupied on average in the busiest hour and {slack.value} times its root"
        self.put((*at, "booths"), bays, Origin(why, True, str(low), str(high)))
        self.assume((*at, "referral", "*"), "hall.referral")
        self.assume((*at, "service", "lognormal", "mean"), "hall.secondary.mean")
        self.assume((*at, "service", "lognormal", "cv"), "hall.secondary.cv", number=True)
        self.assume((*at, "outcomes", "refused"), "hall.refused")
