"""A port of the registry as a user would write it: the plain tree below `ports.NAME`, and where each value is from.

What is published is used; all else is assumed, with a range (`assumptions.csv`). Calendars of open booths follow the
demand of the months simulated, since agencies staff by season; no calendar is published.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from sim.registry.entries import MODES, Entry, Hours, Share
from sim.registry.files import Origin, assumption, origin_of, published, sources, taken
from sim.registry.searching import entry
from sim.registry.staffing import FOLLOWS_DEMAND, booths_for, enough, open_table
from sim.registry.tables import (
    DAYS,
    HOLIDAY,
    HolidayFactor,
    Profile,
    holiday_factor,
    profile,
    season,
    season_year,
    seasons,
    weekday,
    weekday_row,
)
from sim.registry.writing import Defaults, Path, Writer

YEAR_ROUND = tuple(range(1, 13))
PROFILES = {"car": "pov", "truck": "truck", "bus": "pov", "pedestrian": "pov"}
PROGRAMMES = {"car": ("nexus", "ready"), "truck": ("fast",)}


@dataclass(frozen=True)
class Inspection:
    """Keys of the assumptions on the service of a lane group."""

    mean: str
    kind: str
    """Distribution: `erlang` has a shape, `gamma` a coefficient of variation."""
    spread: str
    move_up: str = ""


INSPECTION = {
    "general": Inspection("car.service.mean", "erlang", "car.service.shape", "car.move_up"),
    "nexus": Inspection("nexus.service.mean", "gamma", "nexus.service.cv", "car.move_up"),
    "ready": Inspection("ready.service.mean", "erlang", "car.service.shape", "car.move_up"),
    "truck": Inspection("truck.service.mean", "gamma", "truck.service.cv", "truck.move_up"),
    "bus": Inspection("bus.service.mean", "gamma", "bus.service.cv"),
    "pedestrian": Inspection("pedestrian.service.mean", "erlang", "pedestrian.service.shape", "pedestrian.move_up"),
}
"""By name of the lane group."""
SECONDARY = {"cars": ("car", "car.nexus", "car.ready", "bus", "pedestrian"), "trucks": ("truck",)}
"""Kinds of secondary inspection and the classes each takes."""


@dataclass(frozen=True)
class PortDefaults(Defaults):
    """What the registry knows or assumes of a port."""

    entry: Entry

    @property
    def id(self) -> str:
        """Id of the entry."""
        return self.entry.id


def port_defaults(id: str, first: date | None = None, last: date | None = None) -> PortDefaults:
    """The defaults of an entry for the days simulated (the whole year when none are given).

    Booths are open for the busiest month among those days; hours that differ over the year are those of the first day.
    Raises UsageError for an unknown id. The result is shared: copy the tree before changing it.
    """
    months = YEAR_ROUND if first is None else _months(first, last or first)
    return _defaults(id, months, f"{first:%m-%d}" if first else "07-01")


def _months(first: date, last: date) -> tuple[int, ...]:
    if last - first >= timedelta(days=365):
        return YEAR_ROUND
    count = 12 * (last.year - first.year) + last.month - first.month + 1
    return tuple(sorted({(first.month - 1 + step) % 12 + 1 for step in range(min(count, 12))}))


@cache
def _defaults(id: str, months: tuple[int, ...], month_day: str) -> PortDefaults:
    return _Builder(entry(id), months, month_day).build()


def percent(value: float) -> str:
    """A fraction as text: `22.5 %`."""
    return f"{100 * value:.4g} %"


def _rounded(value: float) -> float:
    """A count a day: one decimal from 100 on, four significant digits below."""
    return round(value, 1) if value >= 100 else float(f"{value:.4g}")


class _Builder(Writer):
    """Writes the tree of one entry, part by part."""

    def __init__(self, each: Entry, months: tuple[int, ...], month_day: str) -> None:
        super().__init__()
        self.entry, self.months = each, months
        self.hours: Hours | None = next((hours for hours in each.hours if hours.holds(month_day)), None)
        self.opens, self.closes = (_hour(self.hours.opens), _hour(self.hours.closes)) if self.hours else (0, 24)
        self.shares = self.programmes()

    def build(self) -> PortDefaults:
        each = self.entry
        where = "into the United States" if each.direction == "southbound" else "into Canada"
        listed = "cbsa-offices" if each.kind == "office" else "bts"
        place = Origin(sources()[listed].label, source=listed)
        self.put(("description",), f"{each.name}, {each.region}, {where} ({each.agency})", place)
        self.put(("direction",), each.direction, place)
        self.put(("zone",), each.zone, Origin("IANA zone of the place", source="iana"))
        if self.hours is not None:
            across = taken(self.hours.source, "hours of the other side")
            origin = across if each.kind == "office" else published(self.hours.source)
            self.put(("hours",), _hours_tree(self.hours), origin)
        for mode in MODES:
            if mode in each.volumes:
                self.traffic(mode)
        self.assume(("day_to_day", "cv"), "day_to_day.cv")
        self.lanes()
        self.secondary()
        if each.agency == "CBSA":
            standard = {"mon-thu": "10 min", "fri-sun": "20 min", "holiday": "20 min"}
            self.put(("standard", "wait"), standard, published("cbsa-standard"))
        return PortDefaults(self.tree, self.origins, each)

    # ---- demand ---------------------------------------------------------------------------------------

    def traffic(self, mode: str) -> None:
        volume, at = self.entry.volumes[mode], ("traffic", mode)
        low = f"{_rounded(volume.low):g}" if volume.low is not None else None
        high = f"{_rounded(volume.high):g}" if volume.high is not None else None
        label = f"{sources()[volume.source].label} {volume.year}"
        why = f"{label}, {volume.why}" if volume.why else label
        self.put((*at, "per_day"), _rounded(volume.per_day), Origin(why, volume.assumed, low, high, volume.source))
        self.put((*at, "average"), True, Origin("the mean day of the year, brought to each date"))
        self.put((*at, "profile"), self.profile_value(mode), Origin("shaped by published hourly waits", assumed=True))
        name = self.season_name(mode)
        self.put((*at, "season"), name, self.season_origin(name))
        row = weekday_row(mode)
        of_week = taken(row["source"], row["note"]) if row["source"] else Origin(row["note"], assumed=True)
        self.put((*at, "weekday"), mode, of_week)
        self.holiday(mode)
        if mode in self.entry.occupants:
            mean, source, year = self.entry.occupants[mode]
            own = self.entry.kind == "port"
            origin = published(source, str(year)) if own else taken(source, f"as at {self.entry.port} in {year}")
            self.put((*at, "occupants"), round(mean, 2), origin)
        elif mode == "car":
            self.put((*at, "occupants"), 1.98, taken("bts", "all ports in 2024"))
        elif mode in ("truck", "bus"):
            self.assume((*at, "occupants"), f"{mode}.occupants", number=True)
        for programme, (share, origin) in self.shares.get(mode, {}).items():
            self.put((*at, programme), percent(share), origin)

    def profile_value(self, mode: str) -> Any:
        """The name of the profile; a table where the port's hours cut it."""
        return PROFILES[mode] if self.hours is None else self.profile(mode).tree()

    def profile(self, mode: str) -> Profile:
        whole = profile(PROFILES[mode])
        return whole if self.hours is None else whole.within(self.opens, self.closes)

    def season_name(self, mode: str) -> str:
        own = f"us-{self.entry.code}-{mode}"
        return own if own in seasons() else mode

    def season_origin(self, name: str) -> Origin:
        """Published for a port with months of its own; taken from its port, or from all ports, otherwise."""
        if name in MODES:
            return taken("bts", f"all ports in {season_year(name)}")
        if self.entry.kind == "port":
            return published("bts", season_year(name))
        return taken("bts", f"as at {self.entry.port} in {season_year(name)}")

    def holiday(self, mode: str) -> None:
        """One factor for all holidays, where days were counted or an assumption stands."""
        known = self.holiday_known(mode)
        at = ("traffic", mode, "holiday")
        if known is not None:
            low, high = f"{known.low:g}", f"{known.high:g}"
            why = "mean over holidays, where days are counted"
            self.put(at, known.factor, taken(known.source, why, low, high))
        elif mode == "bus":
            self.assume(at, "holiday.bus", number=True)
        else:
            self.assume(at, "holiday.car.southbound", number=True)

    def holiday_known(self, mode: str) -> HolidayFactor | None:
        return holiday_factor("car" if mode == "pedestrian" else mode, self.entry.direction)

    def programmes(self) -> dict[str, dict[str, tuple[float, Origin]]]:
        """Shares of programmes with a lane of their own, by mode and programme."""
        lanes, found = self.entry.lanes, dict[str, dict[str, tuple[float, Origin]]]()
        there = {"nexus": lanes.nexus, "ready": lanes.ready, "fast": lanes.fast and bool(lanes.commercial)}
        for mode, names in PROGRAMMES.items():
            for name in names:
                if there[name] and mode in self.entry.volumes:
                    found.setdefault(mode, {})[name] = self.share(name)
        if found.get("car", {}).get("nexus", (0.0,))[0] >= 1.0:
            found["car"] = {"nexus": found["car"]["nexus"]}
        return found

    def share(self, name: str) -> tuple[float, Origin]:
        known: Share | None = self.entry.programmes.get(name)
        if known is None:
            general = assumption(f"share.{name}")
            return general.number, origin_of(general)
        low, high = percent(known.low), percent(known.high)
        if known.published:
            ends = (None, None) if known.low == known.high else (low, high)
            return known.value, published(known.source, "", *ends)
        if known.source:
            return known.value, taken(known.source, known.why, low, high)
        return known.value, Origin(known.why, assumed=True, low=low, high=high)

    def flows(self, mode: str, part: float, months: tuple[int, ...]) -> dict[int, list[float]]:
        """Parties per hour by day on the busiest of those months, for a part of the mode's traffic."""
        factors = season(self.season_name(mode))
        busiest = max(factors[month - 1] for month in months) * self.entry.volumes[mode].per_day * part
        week, shares = weekday(mode), self.profile(mode)
        found = {day: [busiest * week[day] * share for share in shares.hours(day)] for day in range(len(DAYS))}
        known = self.holiday_known(mode)
        if known is not None:
            found[HOLIDAY] = [busiest * known.factor * share for share in shares.hours(HOLIDAY)]
        return found

    # ---- inspection -----------------------------------------------------------------------------------

    def lanes(self) -> None:
        shares = {name: share for of_mode in self.shares.values() for name, (share, _) in of_mode.items()}
        nexus, ready = shares.get("nexus", 0.0), shares.get("ready", 0.0)
        if "car" in self.entry.volumes:
            of_nexus, of_ready = self.nexus_built(nexus), max(1, self.entry.lanes.ready_seen)
            if nexus < 1.0:
                taken_by = (self.nexus_taken(nexus, of_nexus) if nexus else 0) + (of_ready if ready else 0)
                passenger = self.entry.lanes.passenger
                built = max(1, passenger - taken_by) if passenger else None
                why = "passenger lanes less NEXUS and Ready" if taken_by else ""
                self.group("general", ["car"], "car", 1.0 - nexus - ready, built, why)
            if nexus:
                why = "most seen open" if nexus < 1.0 else ""
                self.group("nexus", ["car.nexus" if nexus < 1.0 else "car"], "car", nexus, of_nexus, why)
            if ready:
                self.group("ready", ["car.ready"], "car", ready, of_ready, "most seen open, 1 at least")
        if "truck" in self.entry.volumes:
            serves = ["truck.fast", "truck"] if "fast" in shares else ["truck"]
            self.group("truck", serves, "truck", 1.0, self.entry.lanes.commercial)
        for mode in ("bus", "pedestrian"):
            if mode in self.entry.volumes:
                self.group(mode, [mode], mode, 1.0, None)

    def nexus_built(self, nexus: float) -> int | None:
        """NEXUS lanes: all of them at a crossing for NEXUS alone, else those seen open; None where none was seen."""
        lanes = self.entry.lanes
        return lanes.passenger if nexus >= 1.0 else lanes.nexus_seen or None

    def nexus_taken(self, nexus: float, built: int | None) -> int:
        """Passenger lanes that NEXUS takes."""
        load = assumption("staffing.built").number
        return built or booths_for(self.flows("car", nexus, YEAR_ROUND), self.seconds("nexus"), load)

    def group(self, name: str, serves: list[str], mode: str, part: float, built: int | None, why: str = "") -> None:
        """One lane group: booths, calendar, service. `why` says how `built` was told from what is published."""
        at = ("lanes", name)
        seconds = self.seconds(name)
        self.put((*at, "serves"), serves, Origin("lane type", source=self.entry.lanes.source))
        if "truck.fast" in serves:
            self.put((*at, "priority"), ["truck.fast"], Origin("FAST goes first", source="cbp-lanes"))
        booths = self.booths(at, self.flows(mode, part, YEAR_ROUND), seconds, built, why)
        if name == "general":
            self.put((*at, "queue"), "per_booth", Origin("each booth has its line", assumed=True))
        week, load = self.flows(mode, part, self.months), assumption("staffing.open").number
        reason, span = Origin(f"{FOLLOWS_DEMAND} in {self.season_words()}", assumed=True), self.span(name)
        if span[1]:
            reason = span[1]
        self.put((*at, "open"), open_table(week, seconds, load, booths, span[0]), reason)
        self.service(at, name)

    def booths(self, at: Path, week: dict[int, list[float]], seconds: float, built: int | None, why: str) -> int:
        """Booths as published where the counted traffic can pass them, else as many as it takes."""
        if built is None:
            count = booths_for(week, seconds, assumption("staffing.built").number)
            low, high = f"{max(1, math.floor(0.7 * count))}", f"{math.ceil(1.5 * count)}"
            self.put((*at, "booths"), count, Origin("sized from the traffic", assumed=True, low=low, high=high))
            return count
        longest = assumption("staffing.longest").number
        count = enough(week, seconds, assumption("staffing.open").number, longest, built)
        source = self.entry.lanes.source
        low, high = str(min(built, count)), str(math.ceil(1.5 * count))
        if count > built:
            origin = Origin(
                f"{built} told from what is published; the counted traffic needs more", True, low, high, source
            )
        else:
            origin = taken(source, why, low, high) if why else published(source)
        self.put((*at, "booths"), count, origin)
        return count

    def span(self, name: str) -> tuple[tuple[int, int], Origin | None]:
        """Hours of a lane group: NEXUS lanes have their own, the others those of the port."""
        if name != "nexus" or self.shares["car"]["nexus"][0] >= 1.0:
            return (0, 24), None
        if self.entry.nexus_hours is not None:
            known = self.entry.nexus_hours
            origin = taken(known.source, known.why) if known.why else published(known.source)
            return (_hour(known.opens), _hour(known.closes)), origin
        opens, closes = assumption("nexus.opens"), assumption("nexus.closes")
        span = f"{opens.low}-{closes.low}", f"{opens.high}-{closes.high}"
        return (_hour(opens.value), _hour(closes.value)), Origin(opens.why, True, *span)

    def season_words(self) -> str:
        if self.months == YEAR_ROUND:
            return "the busiest month"
        return " and ".join(date(2000, month, 1).strftime("%B") for month in self.months[:3])

    def seconds(self, name: str) -> float:
        """Seconds a booth of the group is taken up by a party."""
        keys = INSPECTION[name]
        return assumption(keys.mean).number + (assumption(keys.move_up).number if keys.move_up else 0.0)

    def service(self, at: Path, name: str) -> None:
        keys = INSPECTION[name]
        self.assume((*at, "service", keys.kind, "mean"), keys.mean)
        spread = "shape" if keys.kind == "erlang" else "cv"
        self.assume((*at, "service", keys.kind, spread), keys.spread, number=True)
        if keys.move_up:
            self.assume((*at, "service", "move_up"), keys.move_up)

    def secondary(self) -> None:
        """Secondary inspection of cars and of trucks, with bays for the referrals of the busiest hour."""
        there = dict.fromkeys(self.entry.volumes, 1.0)
        for mode, of_mode in self.shares.items():
            there.update({f"{mode}.{name}": share for name, (share, _) in of_mode.items()})
        for kind, classes in SECONDARY.items():
            referred = [name for name in classes if name in there]
            if not referred:
                continue
            at = ("secondary", kind)
            mean = assumption(f"secondary.{kind}.mean")
            busy = sum(self.peak(name, there) * self.referral(name) for name in referred) * mean.number / 3600.0
            bays = max(1, math.ceil(busy + assumption("bays.slack").number * math.sqrt(busy)))
            low, high = str(max(1, bays // 2)), str(2 * bays)
            self.put((*at, "bays"), bays, Origin("sized from the referrals", assumed=True, low=low, high=high))
            self.assume((*at, "storage"), f"secondary.{kind}.storage")
            for name in referred:
                self.assume((*at, "referral", name), f"referral.{name.rpartition('.')[2]}")
            self.assume((*at, "service", "lognormal", "mean"), f"secondary.{kind}.mean")
            self.assume((*at, "service", "lognormal", "cv"), f"secondary.{kind}.cv", number=True)

    def referral(self, name: str) -> float:
        return assumption(f"referral.{name.rpartition('.')[2]}").number

    def peak(self, name: str, there: Mapping[str, float]) -> float:
        """Parties of a class in the busiest hour of the year."""
        mode = name.partition(".")[0]
        own = there[name] if "." in name else 1.0 - sum(v for k, v in there.items() if k.startswith(f"{mode}."))
        return max(max(hours) for hours in self.flows(mode, max(own, 0.0), YEAR_ROUND).values())


def _hour(text: str) -> int:
    """Full hour of HH:MM, rounded down."""
    return int(text[:2])


def _hours_tree(hours: Hours) -> dict[str, str]:
    if hours.closes == "24:00":
        return {"00:00": "closed", hours.opens: "open"}
    return {hours.opens: "open", hours.closes: "closed"}
