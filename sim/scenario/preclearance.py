"""Models of a preclearance facility: departures, travellers, the chain of stations, the far side.

An airport, a station of a railway, a ferry or cruise terminal whose travellers are inspected before they leave, on
arrival, or partly here and partly there. Travellers' classes have names of the scenario's own (`nexus`, `app`,
`visitor`); `*` stands for every class.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, InstanceOf, ValidationInfo, WithJsonSchema

from sim import registry
from sim.scenario import hall_checks, units
from sim.scenario.checks import check_spelt, check_zone
from sim.scenario.distributions import KINDS
from sim.scenario.fields import (
    MOST_SERVERS,
    Count,
    Distribution,
    Duration,
    Model,
    Money,
    Name,
    OpenTable,
    People,
    ProfileTable,
    Share,
    Staffed,
    as_tuple,
    optional,
    required,
    tables_of,
)
from sim.scenario.port import SERVICE_EXTRAS, DayToDay, Service, Standard
from sim.scenario.problems import Problem, ProblemError, in_words, nearest
from sim.scenario.timetable import MOST_SEATS, Timetable, read_timetable
from sim.scenario.traffic import Occupants
from sim.scenario.vocabulary import EVERY, HallMode, check_name

REST = -1.0
"""A class whose share is what the others leave."""
TIGHT = "tight"
"""In `priority`: travellers who show up late, of whatever class."""
EXIT = "exit"
"""In `then` and the like: out of the facility, whatever stations follow."""

CLEARED = {"full": "cleared", "pre-inspection": "departed", "none": "departed"}
"""How a traveller leaves the facility here: cleared, or to be inspected further at the far side."""
ADMITTED = "admitted"
"""How a traveller leaves the far side."""
PASSED = frozenset({*CLEARED.values(), ADMITTED})
"""Every way of being let through; the outcomes of a secondary are not."""

Clearance = Literal["none", "pre-inspection", "full"]


def _traveller(raw: Any) -> str:
    return EVERY if raw == EVERY else check_name(raw)


Traveller = Annotated[str, BeforeValidator(_traveller), WithJsonSchema({"type": "string", "pattern": "^.+$"})]
"""Name of a class of travellers, or `*`."""


def _by_traveller(*single_keys: str) -> Any:
    """One value for all travellers, or one by class."""

    def read(raw: Any) -> Any:
        return raw if isinstance(raw, dict) and not any(key in single_keys for key in raw) else {EVERY: raw}

    return BeforeValidator(read)


def _share_or_rest(raw: Any) -> float:
    return REST if raw == "rest" else units.share(raw)


ShareOrRest = Annotated[
    float, BeforeValidator(_share_or_rest), WithJsonSchema({"type": "string", "pattern": r"^\s*(rest|.*%)\s*$"})
]
"""Fraction of 1, or REST."""
Shares = Annotated[dict[Traveller, Share], _by_traveller()]
Times = Annotated[dict[Traveller, Distribution], _by_traveller(*KINDS)]
Services = Annotated[dict[Traveller, Service], _by_traveller(*KINDS, *SERVICE_EXTRAS)]
Sizes = Annotated[dict[Traveller, Occupants], _by_traveller("mean", "geometric", "fixed")]


def of_traveller(mapping: dict[str, Any], name: str) -> Any:
    """The value that names the class most exactly: its own, then `*`; None without one."""
    return mapping.get(name, mapping.get(EVERY))


def _timetable(raw: Any, info: ValidationInfo) -> Timetable:
    if isinstance(raw, Timetable):
        return raw
    return tables_of(info).table("timetable", raw, read_timetable)


def _bank_time(raw: Any) -> str:
    try:
        units.second_of_day(raw)
    except ProblemError as trouble:
        raise ProblemError(*(Problem(p.found, p.allowed, p.mend, on_key=True) for p in trouble.problems)) from None
    return str(raw)


BankTime = Annotated[str, BeforeValidator(_bank_time), WithJsonSchema({"type": "string"})]
"""Time of day as written."""
TimetableFile = Annotated[
    InstanceOf[Timetable], BeforeValidator(_timetable), WithJsonSchema({"type": "string", "pattern": r"\.csv$"})
]


class Departures(Model):
    """What leaves and when: a timetable, departures in banks, or so many a day along a profile."""

    quiet: ClassVar[frozenset[str]] = frozenset({"timetable", "per_day", "profile", "banks", "seats", "load", "within"})

    timetable: TimetableFile | None = optional(
        None,
        "CSV file with columns flight, departs, seats, load, and maybe airport, gate, origin, in order of time.",
    )
    per_day: int | None = optional(None, "Departures on each civil day, spread along the profile.", ge=1, le=5000)
    profile: ProfileTable | None = optional(None, "Weights over the day and week, or a CSV file; none: flat.")
    banks: dict[BankTime, Count] = optional(
        {}, "Departures in banks: how many leave from each time of day on, every day."
    )
    within: Duration = optional("30 min", "Time over which the departures of a bank are spread evenly.")
    seats: int | None = optional(None, "Passengers that fit, for generated departures.", ge=1, le=MOST_SEATS)
    load: Share = optional("80 %", "Share of the seats taken, for generated departures.")

    def check(self) -> Iterable[Problem]:
        """One way of saying it, and what goes with it."""
        return hall_checks.departures(self)


class Failure(Model):
    """Travellers a station cannot deal with: those a kiosk sends to an officer, those whose bag has not come."""

    share: Shares = required("Share of those served that fail, one or by class.")
    to: Name = required("Station further on that deals with them, a stage of its own.")


class Stage(Staffed):
    """A station of the chain. Travellers go from one that serves them to the next, in the order written."""

    quiet: ClassVar[frozenset[str]] = frozenset(
        {"booths", "pool", "referral", "outcomes", "failure", "instead", "then", "storage"}
    )

    kind: Literal["process", "primary", "secondary", "walk"] = optional(
        "process",
        "process: a desk, screening or kiosk; primary: an officer's inspection; secondary: only those referred come; "
        "walk: on foot or any other delay, no server.",
    )
    serves: Annotated[tuple[Name, ...], BeforeValidator(as_tuple)] = optional(
        [], "Classes that come here; none named: all. The others go on to the next station."
    )
    under: Annotated[tuple[Clearance, ...], BeforeValidator(as_tuple)] = optional(
        [], "Kinds of clearance under which it is worked; none named: all."
    )
    share: Shares = optional("100 %", "Share of those it serves that uses it, one or by class.")
    instead: Name | None = optional(None, "Station further on for those who do not use it; none: the next.")
    then: Name | None = optional(None, "Station further on for those served; none: the next; exit: out.")
    failure: Failure | None = optional(None, "Travellers it sends to another station.")
    booths: int = optional(0, "Desks, lanes, kiosks, booths or bays.", ge=0, le=MOST_SERVERS)
    pool: Name | None = optional(None, "Name of a pool of officers that works it, instead of booths and open.")
    open: OpenTable = optional(0, "How many are open over the week; not given: all of them, always.")
    queue: Literal["shared", "per_booth"] = optional("shared", "One line, or one per booth (rule 3).")
    priority: Annotated[tuple[Name, ...], BeforeValidator(as_tuple)] = optional(
        [],
        "Classes served before the others in the line, the first first; tight: those who show up late, who also go "
        "first among the stations of its pool.",
    )
    service: Services = required("Time it takes, one for all classes or by class.")
    storage: People | None = optional(
        None, "People that fit in its line; more are held in the station before. None: unlimited."
    )
    referral: Shares = optional({}, "Of a secondary: share of those inspected that is referred here, by class.")
    outcomes: dict[Name, Share] = optional(
        {}, "Of a secondary: share with each outcome, such as {refused: 1 %}; none of them is let through."
    )

    def check(self) -> Iterable[Problem]:
        """Servers and keys that do not go with the kind."""
        return hall_checks.stage(self)


class Hall(Model):
    """Room in the inspection hall as a whole; when it is full people are held outside, in order of arrival."""

    from_: Name = required(
        "First station of the hall in the order written. It ends with the last that is no walk.",
        alias="from",
    )
    capacity: People = required("People that fit in all its stations together, in line and being served.")


class Costs(Model):
    """What the facility costs, for cost recovery; all amounts in one currency."""

    officer_hour: Money = optional("0 $", "An officer's hour, open primary booths and secondary bays counted.")
    facility: Money = optional(
        "0 $", "The facility on a day of 24 h, where a primary or secondary is worked under the clearance."
    )


class FarSide(Model):
    """The arrival hall at the other end, where those not cleared here are inspected."""

    quiet: ClassVar[frozenset[str]] = frozenset({"hall", "standard"})

    name: Name = required("Name of the facility there.")
    description: str = optional("", "What it is, for people.")
    zone: str | None = optional(None, "IANA time zone there; none: the one here.")
    journey: Duration = required("Time from departure to the doors being opened there.")
    stations: dict[Name, Stage] = required("Stations there in order, by name.", min_length=1)
    hall: Hall | None = optional(None, "Room in the hall there.")
    costs: Costs = optional({}, "What it costs there.")
    standard: Standard | None = optional(None, "Service standard for waits there.")

    def check(self) -> Iterable[Problem]:
        """Zone and names."""
        return hall_checks.far_side(self)


class Preclearance(Model):
    """A facility whose travellers may be cleared before they leave."""

    quiet: ClassVar[frozenset[str]] = frozenset(
        {"registry", "code", "tight", "hall", "far_side", "standard", "day_to_day"}
    )
    derived: ClassVar[frozenset[str]] = frozenset({"zone"})

    registry: str | None = optional(None, "Code of an airport of the registry, such as YVR; gives the zone.")
    code: str | None = optional(
        None, "What the column airport of a timetable calls it; none: the registry's code, else its name."
    )
    description: str = optional("", "What it is, for people.")
    zone: str | None = optional(None, "IANA time zone; not given: that of the airport.")
    mode: HallMode = optional("air", "Kind of traffic.")
    clearance: Clearance = optional("full", "Inspected at the far side, partly here, or wholly here.")
    departures: Departures = required("What leaves and when.")
    classes: dict[Name, ShareOrRest] = required(
        "Share of parties in each class of travellers; rest for one of them.", min_length=1
    )
    day_to_day: DayToDay | None = optional(
        None, "Variation of the load between days, one factor for all departures of a day; seats limit it."
    )
    show_up: Times = required("Time before departure at which parties come, one or by class.")
    party: Sizes = optional(1, "Persons in a party, one or by class: a mean, or {fixed: n}.")
    closes: Duration = optional("15 min", "Time before departure at which the gate closes.")
    holds: Duration = optional("0 s", "How long a departure is held for those who come after the gate has closed.")
    tight: Duration | None = optional(None, "Who shows up less than this before departure is tight, for priority.")
    hall: Hall | None = optional(None, "Room in the hall; none: no limit.")
    stations: dict[Name, Stage] = required("Stations in order, by name.", min_length=1)
    far_side: FarSide | None = optional(None, "Arrival hall at the other end; none: not looked at.")
    costs: Costs = optional({}, "What it costs.")
    standard: Standard | None = optional(None, "Service standard for waits.")

    @classmethod
    def prepare(cls, data: Any) -> Any:
        """The zone and the code of the airport from the registry, for what is read without being filled in."""
        if isinstance(data, dict):
            check_spelt(data, cls.keys(), "registry")
        if not isinstance(data, dict) or data.get("registry") is None:
            return data
        airport = registry.airport(str(data["registry"]))
        if airport is None:
            known = [one.iata for one in registry.airports()]
            found = f"no airport {in_words(data['registry'])}"
            mend = nearest(str(data["registry"]), known)
            raise ProblemError(Problem(found, f"one of {', '.join(known)}", mend, ("registry",)))
        return {"zone": airport.zone, "code": airport.iata, **data}

    def check(self) -> Iterable[Problem]:
        """Everything that needs more than one key."""
        return hall_checks.facility(self)

    @property
    def shares(self) -> dict[str, float]:
        """Share of parties by class, `rest` resolved, in the order written."""
        stated = sum(share for share in self.classes.values() if share != REST)
        return {name: max(0.0, 1.0 - stated) if share == REST else share for name, share in self.classes.items()}

    @property
    def place(self) -> str:
        """The time zone."""
        assert self.zone is not None
        return self.zone


def check_zone_of(zone: str | None, entry: str = "YVR") -> Iterable[Problem]:
    """The fault of a zone that is missing or unknown."""
    if zone is None:
        yield Problem("no 'zone'", f"zone, such as America/Vancouver, or registry: {entry}")
        return
    try:
        check_zone(zone)
    except ProblemError as trouble:
        yield from (problem.under("zone") for problem in trouble.problems)
