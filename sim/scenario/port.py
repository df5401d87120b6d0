"""Models of one port of entry: traffic, approach, lanes, secondary inspection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from sim import registry
from sim.scenario import checks
from sim.scenario.control import Control
from sim.scenario.distributions import KINDS
from sim.scenario.fields import (
    MOST_SERVERS,
    AnyShare,
    CarLengths,
    ClassOrEvery,
    ClassPattern,
    Count,
    Distribution,
    Duration,
    DurationTable,
    HoursTable,
    Metres,
    Model,
    Name,
    OpenTable,
    Patience,
    PositiveFactor,
    Room,
    Share,
    Staffed,
    TimeOfDay,
    WholeKey,
    as_tuple,
    by_class,
    optional,
    required,
    servers,
)
from sim.scenario.problems import Problem, ProblemError, in_words
from sim.scenario.traffic import Traffic
from sim.scenario.vocabulary import Mode
from sim.scenario.weektable import WeekTable

SERVICE_EXTRAS = ("when_queue_over", "per_extra_person", "move_up")
SINGLE_SECONDARY = "secondary"
"""Name of the kind of secondary inspection when a port has just one."""
LENGTHS: dict[Mode, str] = {"car": "1 car", "truck": "3 cars", "bus": "3 cars", "pedestrian": "0 cars"}

WhenFull = Literal["wait", "balk", "divert"]


class Service(Model):
    """Time an inspection takes, and what changes it (rule 10)."""

    distribution: Distribution = required("Distribution of the inspection time, seconds inside.")
    when_queue_over: dict[WholeKey, PositiveFactor] = optional(
        {}, "Factor on the service while the line is longer than this many parties, such as {40: 0.9}."
    )
    per_extra_person: AnyShare = optional("0 %", "Share of the service added by each person beyond the first.")
    move_up: Duration = optional("0 s", "Time the booth is taken up while the next party pulls in.")

    @classmethod
    def keys(cls) -> tuple[str, ...]:
        """The kinds of distribution stand beside the other keys."""
        return (*KINDS, *SERVICE_EXTRAS)

    @classmethod
    def prepare(cls, data: Any) -> Any:
        """`50 s` and `{erlang: .., move_up: 5 s}` become a distribution and the rest."""
        if not isinstance(data, dict):
            return data if isinstance(data, Service) else {"distribution": data}
        stated = {key: value for key, value in data.items() if key in KINDS}
        rest = {key: value for key, value in data.items() if key not in KINDS}
        if not stated:
            if unknown := [key for key in rest if key not in SERVICE_EXTRAS]:
                raise ProblemError(*(checks.unknown_key(key, cls.keys()) for key in unknown))
            raise ProblemError(
                Problem("no distribution", "exactly one, such as 50 s or {erlang: {mean: 50 s, shape: 3}}")
            )
        return {"distribution": stated, **rest}


PerClassService = Annotated[
    dict[ClassOrEvery, Service], BeforeValidator(lambda raw: by_class(raw, (*KINDS, *SERVICE_EXTRAS)))
]
"""PerClass[Service]: keyed by class pattern, `*` for every class."""


class DayToDay(Model):
    """Variation of demand from day to day: one factor per replication day, common to all classes."""

    cv: AnyShare = required("Coefficient of variation of a day's demand, such as 8 %.")


class Approach(Model):
    """The shared road before the lanes; its head blocks what is behind it (rule 4)."""

    serves: Annotated[tuple[ClassPattern, ...], BeforeValidator(as_tuple)] = optional(
        [], "Class patterns that come by this road; none named: all. The others reach their lanes at once."
    )
    lanes: int = optional(1, "Parallel lanes of the road.", ge=1, le=100)
    storage: Room | None = optional(
        None, "Car lengths that fit on the road, the part after the split included; none: unlimited."
    )
    split: Room | None = optional(None, "Car lengths before the booths at which lanes part; none: at the booths.")
    when_full: WhenFull = optional("wait", "What a party does that finds the road full.")
    balk_at: int | None = optional(None, "A party from outside that finds this many on the road leaves.", ge=1)
    travel: Duration = optional("0 s", "Free-flow time along the road, not counted as wait.")
    can_leave: bool = optional(False, "Parties out of patience may leave the road.")
    patience: Patience | None = optional(None, "How long a party waits on the road before it leaves; needs can_leave.")

    def check(self) -> Iterator[Problem]:
        """Split inside the road; patience only where one can leave."""
        if self.split is not None and self.storage is not None and self.split > self.storage:
            yield Problem(
                f"the split lies {self.split:g} cars before the booths, the road holds {self.storage:g}",
                "a split of at most the storage",
                at=("split",),
            )
        if self.patience is not None and not self.can_leave:
            yield Problem(
                "patience on a road nobody can leave", "patience with can_leave: true", at=("patience",), on_key=True
            )
        if self.can_leave and self.patience is None:
            yield Problem(
                "can_leave without patience", "patience, such as {exponential: {mean: 40 min}}", at=("can_leave",)
            )


class Handover(Model):
    """Change of shift: booths stop one after another for a gap."""

    at: Annotated[tuple[TimeOfDay, ...], BeforeValidator(as_tuple)] = required(
        "Times of day at which shifts change.", min_length=1
    )
    gap: Duration = required("How long each open booth takes nobody new.")


class LaneGroup(Staffed):
    """Booths that serve the same classes from the same line or lines."""

    quiet: ClassVar[frozenset[str]] = frozenset({"booths", "pool"})

    serves: Annotated[tuple[ClassPattern, ...], BeforeValidator(as_tuple)] = optional(
        [], "Class patterns served; `car` is every programme of the mode. A toll plaza without it serves all."
    )
    booths: int = optional(0, "Booths built.", ge=0, le=MOST_SERVERS)
    pool: Name | None = optional(None, "Name of a pool of officers that serves the group, instead of booths and open.")
    open: OpenTable = optional(0, "How many booths are open over the week; not given: all of them, always.")
    queue: Literal["shared", "per_booth"] = optional("shared", "One line for the group, or one per booth (rule 3).")
    priority: Annotated[tuple[ClassPattern, ...], BeforeValidator(as_tuple)] = optional(
        [], "Class patterns served before the others, the first first; classes not named come last."
    )
    service: PerClassService = required("Inspection time, one for all classes or per class pattern.")
    storage: CarLengths | None = optional(None, "Car lengths that fit in the line; none: unlimited.")
    when_full: WhenFull = optional("wait", "What a party from outside does that finds the line full.")
    balk_at: int | None = optional(None, "A party from outside that finds this many in the group leaves.", ge=1)
    patience: Patience | None = optional(None, "How long a party waits in line before it leaves.")
    jockey: int | None = optional(None, "Difference of line lengths at which the last party changes line.", ge=2)
    on_close: Literal["finish", "reroute", "wait"] = optional(
        "reroute", "What becomes of the line at closing (rule 5)."
    )
    tandem: int = optional(0, "Booths, from the first, with a second position behind; true: all.", ge=0)
    waive_when_full: bool = optional(False, "Release a referred party without inspection when all bays are full.")
    handover: Handover | None = optional(None, "Changes of shift.")
    control: Control | None = optional(
        None, "Booths opened beyond `open` by the wait; none: the calendar alone says how many are open."
    )

    @classmethod
    def prepare(cls, data: Any) -> Any:
        """All booths are open unless stated; `tandem: true` is all booths."""
        tandem = data.get("tandem") if isinstance(data, dict) else None
        if isinstance(tandem, bool) and (number := servers(data.get("booths")) if tandem else 0) is not None:
            data = {**data, "tandem": number}
        return super().prepare(data)

    def check(self) -> Iterable[Problem]:
        """Servers, lines and options that contradict one another."""
        return checks.lane_group(self)


class Secondary(Staffed):
    """Secondary inspection: finite bays; full bays block primary (rule 8)."""

    quiet: ClassVar[frozenset[str]] = frozenset({"bays", "pool"})
    built: ClassVar[str] = "bays"

    bays: int = optional(0, "Bays built.", ge=0, le=MOST_SERVERS)
    pool: Name | None = optional(
        None, "Name of a pool of officers that works the inspections, instead of bays and open."
    )
    open: OpenTable = optional(0, "How many bays are open over the week; not given: all of them, always.")
    storage: CarLengths = optional(
        "0 cars", "Car lengths that fit before the bays; 0: none, a referred party waits in its booth."
    )
    referral: dict[ClassPattern, Share] = required("Share of each class that is referred here.")
    service: PerClassService = required("Inspection time, one for all classes or per class pattern.")
    outcomes: dict[Name, Share] = optional(
        {}, "Share with each outcome by name, such as {refused: 1 %}; the rest is released."
    )

    def check(self) -> Iterable[Problem]:
        """Servers and shares that contradict one another."""
        return checks.secondary(self)


class Standard(Model):
    """The wait the agency promises."""

    wait: DurationTable = required("Longest wait within standard, a duration or a table by days.")


class Divert(Model):
    """Where parties go that divert."""

    to: Name = required("Name of the port they go to.")
    after: Duration = required("Time it takes to get there.")


def _zone(zone: str) -> str:
    checks.check_zone(zone)
    return zone


def _check_entry(id: Any) -> None:
    """An id the registry does not have is the one fault of its port: the others would follow from it."""
    if id not in registry.ids():
        allowed = "an id such as us-3004-pacific-highway"
        raise ProblemError(
            Problem(f"no registry entry {in_words(id)}", allowed, registry.hint(str(id)), at=("registry",))
        )


EntryId = Annotated[
    str,
    WithJsonSchema(
        {
            "title": "id of the registry",
            "type": "string",
            "pattern": "^(us-[0-9]{4}|ca-[a-z]{2})-[a-z0-9-]+$",
            "examples": ["us-3004-pacific-highway", "ca-bc-pacific-highway"],
        }
    ),
]
"""Id of an entry of the registry."""


class Port(Model):
    """A port of entry in one direction."""

    quiet: ClassVar[frozenset[str]] = frozenset({"registry"})

    registry: EntryId | None = optional(
        None,
        "An entry of the registry, such as us-3004-pacific-highway: fills in every key that is not written here. "
        "`bordersim ports` lists them; null for a key takes its value away.",
    )
    description: str = optional("", "What it is, for people.")
    direction: Literal["northbound", "southbound"] = required("Northbound is inspected by CBSA, southbound by CBP.")
    zone: Annotated[str, AfterValidator(_zone)] = required("IANA time zone, such as America/Vancouver.")
    traffic: dict[Mode, Traffic] = required("Demand by mode.", min_length=1)
    day_to_day: DayToDay | None = optional(None, "Variation of demand between days; none: no more than chance.")
    approach: Approach | None = optional(None, "Shared road before the lanes; none: parties reach the lanes at once.")
    toll: LaneGroup | None = optional(None, "Toll plaza before the approach.")
    lanes: dict[Name, LaneGroup] = required("Lane groups by name.", min_length=1)
    secondary: dict[Name, Secondary] = optional({}, "Secondary inspection: one, or several kinds by name.")
    choose: Literal["exact", "shorter"] = optional("exact", "How a party chooses among groups that serve it (rule 2).")
    standard: Standard | None = optional(None, "Service standard for waits.")
    hours: HoursTable | None = optional(
        None, 'When the port is open, such as {"08:00": open, "20:00": closed}; none: always.'
    )
    outside_hours: WhenFull = optional("wait", "What an arrival outside hours does.")
    divert: Divert | None = optional(None, "Where parties go that divert.")
    initial_queue: dict[ClassPattern, Count] = optional({}, "Parties of each class in line when the horizon begins.")
    lengths: dict[Mode, CarLengths] = optional(LENGTHS, "Car lengths a party of each mode takes up.")
    metres_per_car: Metres = optional("7.5 m", "Metres of road per car length.")

    @classmethod
    def prepare(cls, data: Any) -> Any:
        """One secondary without a name is called `secondary`; lengths not given keep their defaults."""
        if not isinstance(data, dict):
            return data
        if data.get("registry") is not None:
            _check_entry(data["registry"])
        checks.check_spelt(data, cls.keys(), "registry")
        data = dict(data)
        secondary, lengths = data.get("secondary"), data.get("lengths")
        if isinstance(secondary, dict) and is_single_secondary(secondary):
            data["secondary"] = {SINGLE_SECONDARY: secondary}
        if isinstance(lengths, dict):
            data["lengths"] = {**LENGTHS, **lengths}
        return data

    def check(self) -> Iterable[Problem]:
        """Classes, storage and shares that contradict one another across the port."""
        return checks.port(self)


def is_single_secondary(raw: dict[str, Any]) -> bool:
    """True for a mapping that states one secondary inspection rather than several by name."""
    return any(key in Secondary.model_fields for key in raw)


def class_names(port: Port) -> tuple[str, ...]:
    """The classes with traffic: for each mode in order, the mode without programme, then its programmes."""
    return tuple(name for mode, traffic in port.traffic.items() for name in traffic.classes(mode))


__all__ = [
    "Approach",
    "DayToDay",
    "Divert",
    "Handover",
    "LaneGroup",
    "Port",
    "Secondary",
    "Service",
    "Standard",
    "WeekTable",
    "class_names",
]
