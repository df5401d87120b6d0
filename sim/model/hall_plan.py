"""What a preclearance facility is made of: its clock, departures, classes, and the ways through its chain."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sim.model.civil import CivilClock
from sim.model.dated import Dated
from sim.model.network import Steps
from sim.scenario.port import Standard
from sim.scenario.preclearance import EXIT, Costs, Hall, Preclearance, Stage, of_traveller
from sim.scenario.schema import Scenario
from sim.scenario.timetable import Departure, placed_departures
from sim.scenario.units import second_of_day


@dataclass(frozen=True)
class Way:
    """One way on, with its probability: to a station, or out when it is empty."""

    probability: float
    station: str


@dataclass(frozen=True)
class Chain:
    """The stations of one hall under one kind of clearance."""

    stations: dict[str, Stage]
    clearance: str

    def worked(self, name: str, klass: str) -> bool:
        """The station is worked under this clearance, and serves the class."""
        stage = self.stations[name]
        return (not stage.under or self.clearance in stage.under) and (not stage.serves or klass in stage.serves)

    def ways(self, klass: str, position: int) -> list[Way]:
        """Where a class goes from the beginning of the chain after `position` stations; probabilities sum to 1."""
        names = list(self.stations)
        for index in range(position, len(names)):
            name = names[index]
            stage = self.stations[name]
            if stage.kind == "secondary" or not self.worked(name, klass):
                continue
            share = float(of_traveller(stage.share, klass) or 0.0)
            if share >= 1.0:
                return [Way(1.0, name)]
            others = self.to(klass, stage.instead) if stage.instead else self.ways(klass, index + 1)
            return merged([Way(share, name), *(Way((1.0 - share) * way.probability, way.station) for way in others)])
        return [Way(1.0, "")]

    def to(self, klass: str, name: str) -> list[Way]:
        """Where a class goes that is sent to a station by name: there, or on from there if it does not serve it."""
        return [Way(1.0, "")] if name == EXIT else self.ways(klass, list(self.stations).index(name))

    def after(self, klass: str, name: str) -> list[Way]:
        """Where a class goes from a station: referred or failed first, then the rest."""
        stage = self.stations[name]
        first: list[Way] = []
        if stage.kind == "primary":
            for kind, other in self.stations.items():
                referred = float(of_traveller(other.referral, klass) or 0.0)
                if other.kind == "secondary" and self.worked(kind, klass) and referred > 0.0:
                    first.append(Way(referred, kind))
        if stage.failure is not None:
            failed = float(of_traveller(stage.failure.share, klass) or 0.0)
            first += [Way(failed * way.probability, way.station) for way in self.to(klass, stage.failure.to)]
        position = list(self.stations).index(name) + 1
        onward = self.to(klass, stage.then) if stage.then else self.ways(klass, position)
        rest = max(0.0, 1.0 - math.fsum(way.probability for way in first))
        return merged([*first, *(Way(rest * way.probability, way.station) for way in onward)])


def merged(ways: list[Way]) -> list[Way]:
    """Each station once, in order of first naming; ways of probability 0 left out."""
    total: dict[str, float] = {}
    for way in ways:
        total[way.station] = total.get(way.station, 0.0) + way.probability
    return [Way(probability, station) for station, probability in total.items() if probability > 0.0]


class HallPlan(Dated):
    """One hall of a scenario: a preclearance facility, or the far side of one."""

    def __init__(self, name: str, scenario: Scenario, end: float, far: bool = False) -> None:
        self.home = name
        self.place: Preclearance = scenario.preclearance[name]
        there = self.place.far_side if far else None
        self.far = there
        self.zone = (there.zone if there is not None else None) or self.place.place
        super().__init__(there.name if there is not None else name, self.zone, scenario, end)
        self.boards: Dated = self if there is None else Dated(name, self.place.place, scenario, end)
        """Clock and events of where the travellers come from."""
        self.hall: Hall | None = there.hall if there is not None else self.place.hall
        self.costs: Costs = there.costs if there is not None else self.place.costs
        stations = there.stations if there is not None else self.place.stations
        self.chain = Chain(stations, self.place.clearance)
        stated: Standard | None = there.standard if there is not None else self.place.standard
        self.standard: Steps | None = None if stated is None else self.clock.steps(stated.wait)
        self.facility = -1
        """Index of the facility, set when it is laid out."""
        self.own: dict[tuple[str, bool], int] = {}
        """Class index by class of travellers and whether they are tight."""
        self.index: dict[str, int] = {}
        """Station index by name, `outside` and `door` where there are any."""

    @property
    def tight(self) -> bool:
        """Some of the travellers have a class of their own because they show up late."""
        return self.far is None and self.place.tight is not None

    @property
    def inside(self) -> tuple[str, ...]:
        """Stations within the hall: from its first to the last that is no walk; where none is stated, all but walks."""
        names = list(self.chain.stations)
        staffed = [name for name in names if self.chain.stations[name].kind != "walk"]
        if self.hall is None:
            return tuple(staffed)
        return tuple(names[names.index(self.hall.from_) : names.index(staffed[-1]) + 1])

    def pools(self) -> set[str]:
        """Names of the pools of officers that work here."""
        return {stage.pool for stage in self.chain.stations.values() if stage.pool is not None}

    @property
    def labels(self) -> tuple[str, ...]:
        """Classes as results and events call them: `air.visitor`."""
        return tuple(f"{self.place.mode}.{name}" for name in self.place.classes)

    def mean_size(self, name: str) -> float:
        """Mean persons in a party of a class of travellers."""
        party = of_traveller(self.place.party, name)
        return 1.0 if party is None else float(party.average)

    def departures(self) -> tuple[Departure, ...]:
        """What leaves within the horizon, in order of the timetable, events on demand counted."""
        factors = [self.boards.demand(label) for label in self.labels]
        found = self._stated()
        return found if all(one.is_one() for one in factors) else tuple(self._under(factors, one) for one in found)

    def _under(self, factors: list[Steps], one: Departure) -> Departure:
        """The departure with the passengers events leave or bring, class by class, as far as there are seats."""
        place = self.place
        here = [factor.at(one.departs) for factor in factors]
        persons = [share * self.mean_size(name) for name, share in place.shares.items()]
        overall = math.fsum(n * f for n, f in zip(persons, here, strict=True)) / math.fsum(persons)
        passengers = min(one.seats, math.floor(one.passengers * overall + 0.5))
        parties = [share * factor for share, factor in zip(place.shares.values(), here, strict=True)]
        total = math.fsum(parties)
        mix = tuple(part / total for part in parties) if total and len(set(here)) > 1 else ()
        return replace(one, passengers=passengers, mix=mix)

    def _stated(self) -> tuple[Departure, ...]:
        stated = self.place.departures
        if stated.timetable is not None:
            code = self.place.code or self.home
            scenario = self.scenario
            rows, _ = placed_departures(
                stated.timetable, scenario.start, scenario.horizon, self.place.place, code, (code,)
            )
            return rows
        assert stated.seats is not None
        passengers = math.floor(stated.seats * stated.load + 0.5)
        clock = self.boards.clock
        found = []
        for day in clock.dates():
            instants = self._banks(clock, day) if stated.banks else self._profile(clock, day)
            for number, instant in enumerate(instants, start=1):
                if 0.0 <= instant <= self.scenario.horizon:
                    found.append(Departure(f"{number:04d}@{day:%Y-%m-%d}", instant, passengers, stated.seats))
        return tuple(found)

    def _banks(self, clock: CivilClock, day: date) -> list[float]:
        stated, found = self.place.departures, []
        for time, count in stated.banks.items():
            begin = clock.at(day, second_of_day(time))
            found += [begin + stated.within * number / count for number in range(count)]
        return found

    def _profile(self, clock: CivilClock, day: date) -> list[float]:
        """Departures in the middle of equal parts of the profile's area, to the minute; none where clocks skip it."""
        stated = self.place.departures
        assert stated.per_day is not None
        midnight, until = clock.at(day, 0.0), clock.at(day + timedelta(days=1), 0.0)
        entries = clock.entries(stated.profile, day) if stated.profile is not None else ((0.0, 1.0),)
        edges = [clock.at(day, second) for second, _ in entries] + [until]
        weights = [weight for _, weight in entries]
        areas = [w * (b - a) for w, a, b in zip(weights, edges, edges[1:], strict=False)]
        total, found = math.fsum(areas), []
        for number in range(stated.per_day if total > 0.0 else 0):
            wanted, piece = total * (number + 0.5) / stated.per_day, 0
            while piece < len(areas) - 1 and wanted >= areas[piece]:
                wanted -= areas[piece]
                piece += 1
            instant = edges[piece] + wanted / weights[piece]
            found.append(midnight + 60.0 * math.floor((instant - midnight) / 60.0))
        return found


def hall_plans(scenario: Scenario, end: float) -> list[HallPlan]:
    """Every hall of a scenario, each facility followed by its far side."""
    plans = []
    for name, place in scenario.preclearance.items():
        plans.append(HallPlan(name, scenario, end))
        if place.far_side is not None:
            plans.append(HallPlan(name, scenario, end, far=True))
    return plans
