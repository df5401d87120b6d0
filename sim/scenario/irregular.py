"""Models of irregular flows: sectors between ports of entry, and the other ways to a claim.

Groups cross, are detected or not, are met by a unit or not, and go through processing, an interview and a decision
about eligibility to intake and the refugee board. Everything is aggregate by sector. Kinds of groups are `adults`,
`family` and `minors-alone`; `*` stands for every kind.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BeforeValidator, WithJsonSchema

from sim import registry
from sim.registry.tables import MONTHS
from sim.scenario import irregular_checks, units
from sim.scenario.agreement import Place, RuleOrEvery
from sim.scenario.drivers import CivilMoment, Drivers, Season
from sim.scenario.fields import (
    MOST_SERVERS,
    AnyShare,
    Count,
    Distribution,
    Duration,
    Model,
    Money,
    Name,
    OpenTable,
    PositiveDuration,
    Share,
    Staffed,
    for_every,
    optional,
    required,
)
from sim.scenario.port import DayToDay, Standard
from sim.scenario.preclearance import REST, Services, ShareOrRest, Shares, Sizes
from sim.scenario.problems import Collector, Problem, ProblemError, in_words, nearest
from sim.scenario.traffic import Average, NamedProfile, PerDay

Composition = Literal["adults", "family", "minors-alone"]
COMPOSITIONS: tuple[Composition, ...] = get_args(Composition)
"""Kinds of groups; two adults or more with a child are a family, minors without an adult are alone."""
Source = Literal["sensor", "patrol", "tip", "us-notice"]
SOURCES: tuple[Source, ...] = get_args(Source)
"""Where an alert comes from: a sensor, a patrol, a resident, or the agencies of the other country."""
US_NOTICE: Source = "us-notice"
ANY_SOURCE = "all"
"""Source of a probability of detection that is stated for all sources together."""
Ground = Literal["family", "document", "public-interest"]
GROUNDS: tuple[Ground, ...] = get_args(Ground)
"""Exceptions to the agreement with a share: a family member in Canada, a document, the public interest."""
ALONE: Composition = "minors-alone"
"""Kind of groups that are an exception as such."""
Month = Literal["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
Detection = dict[str, tuple[float, float]]
"""Lowest and highest probability by source; equal where one was stated."""


def _one_detect(raw: Any) -> tuple[float, float]:
    """A share, or the two ends of a range of it."""
    if not isinstance(raw, list | tuple):
        value = units.share(raw)
        return value, value
    if len(raw) != 2:
        raise ProblemError(Problem(f"a range of {len(raw)} values", "the lowest and the highest, such as [20 %, 60 %]"))
    collector = Collector()
    low, high = (collector.attempt((index,), units.share, value) for index, value in enumerate(raw))
    if low is not None and high is not None and low > high:
        collector.add("a range that begins above its end", "the lowest first, such as [20 %, 60 %]")
    collector.done()
    assert low is not None
    assert high is not None
    return low, high


def _detect(raw: Any) -> Detection:
    if not isinstance(raw, dict):
        return {ANY_SOURCE: _one_detect(raw)}
    collector, found = Collector(), {}
    for key, value in raw.items():
        if key not in SOURCES:
            allowed = f"one of {', '.join(SOURCES)}"
            collector.add(f"no source '{key}'", allowed, nearest(key, SOURCES), at=(key,), on_key=True)
        elif (ends := collector.attempt((key,), _one_detect, value)) is not None:
            found[key] = ends
    if not raw:
        collector.add("no source", f"one of {', '.join(SOURCES)}")
    collector.done()
    return found


_SHARE = {"title": "share", "type": "string", "pattern": "%"}
_DETECT_ONE: dict[str, Any] = {
    "anyOf": [_SHARE, {"title": "range", "type": "array", "items": _SHARE, "minItems": 2, "maxItems": 2}]
}
Detect = Annotated[
    Detection,
    BeforeValidator(_detect),
    WithJsonSchema(
        {
            "anyOf": [
                *_DETECT_ONE["anyOf"],
                {
                    "title": "by source",
                    "type": "object",
                    "properties": dict.fromkeys(SOURCES, _DETECT_ONE),
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


HideShares = Annotated[dict[RuleOrEvery, Share], BeforeValidator(for_every)]


def _elasticity(raw: Any) -> float:
    if isinstance(raw, int | float) and not isinstance(raw, bool) and -1.0 <= raw <= 0.0:
        return float(raw)
    raise ProblemError(Problem(in_words(raw), "a plain number from -1 to 0, such as -0.1"))


Elasticity = Annotated[
    float, BeforeValidator(_elasticity), WithJsonSchema({"type": "number", "minimum": -1, "maximum": 0})
]


class Groups(Model):
    """Who sets out: groups on a day, what they are made of, and whether they want to be met."""

    quiet: ClassVar[frozenset[str]] = frozenset({"per_day", "detected_per_day", "season", "profile", "day_to_day"})

    per_day: PerDay | None = optional(None, "Groups that truly come on the mean day, before season and drivers.")
    detected_per_day: PerDay | None = optional(
        None,
        "Groups that are detected on the mean day: the true flow is this over the share that the baseline detects at "
        "the start. What a variant changes, or begins later, finds more or fewer of the same groups.",
    )
    composition: dict[Composition, ShareOrRest] = optional(
        {"adults": "100 %"}, "Share of groups of each kind; rest for one of them.", min_length=1
    )
    size: Sizes = optional(
        1,
        "Persons in a group, one or by kind: a mean (of 1 + Poisson), {geometric: mean} or {fixed: n}. A family has 2 "
        "at least.",
    )
    season: Season | None = optional(
        None, "Twelve factors, or the name of a season of irregular flows, such as quebec; none: flat."
    )
    profile: NamedProfile | None = optional(None, "Weights over the day and week; none: flat.")
    day_to_day: DayToDay | None = optional(None, "Variation of demand between days; none: no more than chance.")
    hide: HideShares = optional(
        {}, "Share of groups between ports that hide instead of wanting to be met, one or by rule in force."
    )

    def check(self) -> Iterable[Problem]:
        """One way of saying how many; shares of kinds."""
        return irregular_checks.groups(self)

    @property
    def shares(self) -> dict[Composition, float]:
        """Share of groups by kind, `rest` resolved, in the order written."""
        stated = sum(share for share in self.composition.values() if share != REST)
        return {kind: max(0.0, 1.0 - stated) if s == REST else s for kind, s in self.composition.items()}


class Deterrence(Model):
    """How the flow answers to the most units on duty at once: (units / reference) to the power of the elasticity."""

    elasticity: Elasticity = optional(
        0, "Per cent of flow for each per cent of effort; about -0.1 (Gathmann 2008), assumed from 0 to -0.5."
    )
    reference: int = required("Units on duty at which the flow is as stated.", ge=1, le=MOST_SERVERS)


class Resource(Model):
    """Aircraft, towers and the like: each unit detects and shortens the way to a group, the next with less effect.

    Together n units detect with 1 - (1 - detect)^n beside the other sources, and divide the time of response by
    1 + n x response.
    """

    quiet: ClassVar[frozenset[str]] = frozenset({"from_", "from"})

    units: Count = required("How many.")
    detect: Share = optional("0 %", "Probability that one unit alone detects a group that hides.")
    response: AnyShare = optional("0 %", "What each adds to the pace of response: 20 % makes it 1.2 times as fast.")
    per_year: Money = optional("0 $", "Cost of one unit in a year.")
    from_: CivilMoment | None = optional(None, "When they come into use; none: from the start.", alias="from")

    @property
    def missed(self) -> float:
        """Probability that all units miss a group that hides."""
        return float((1.0 - self.detect) ** self.units)


class Intercept(Staffed):
    """From the crossing to being met: alert, response, and how long a group that hides can be found."""

    quiet: ClassVar[frozenset[str]] = frozenset({"patrols", "pool", "leaves_after"})
    built: ClassVar[str] = "patrols"

    detect: Detect = required(
        "Probability of detecting a group that hides: one share or by source, each a value or a range [low, high]. "
        "Of a range each replication draws a value."
    )
    shared_information: Average = optional(True, "The other country tells what it sees (us-notice): yes or no.")
    alert: Distribution = optional("0 s", "Time from the crossing until the alert.")
    patrols: int = optional(0, "Units that can respond.", ge=0, le=MOST_SERVERS)
    pool: Name | None = optional(None, "Name of a pool of officers that responds, instead of patrols and open.")
    open: OpenTable = optional(0, "How many units are on duty over the week; not given: all of them, always.")
    joint_patrols: int = optional(0, "Units of both countries on shared waters, always on duty.", ge=0, le=MOST_SERVERS)
    response: Distribution = required("Time from sending a unit to reaching the group.")
    with_group: Distribution = optional("0 s", "Time the unit is then taken up with the group.")
    leaves_after: Distribution | None = optional(
        None, "Time after the alert at which a group that hides is gone; none: it waits for ever."
    )

    def check(self) -> Iterable[Problem]:
        """Units and keys that contradict one another."""
        return irregular_checks.intercept(self)

    @property
    def told(self) -> bool:
        """The other country tells what it sees; units of both share what they know."""
        return self.shared_information or self.joint_patrols > 0

    @property
    def notices(self) -> bool:
        """Some of the probability is stated as that of the other country's notices."""
        return US_NOTICE in self.detect

    def missed(self, end: int) -> float:
        """Probability that every source misses a group that hides, at the lowest (0) or highest (1) of each."""
        heard = (ends[end] for source, ends in self.detect.items() if self.told or source != US_NOTICE)
        return math.prod(1.0 - chance for chance in heard)


class ClaimStage(Staffed):
    """A stage with officers: processing, interview, decision."""

    quiet: ClassVar[frozenset[str]] = frozenset({"officers", "pool"})
    built: ClassVar[str] = "officers"

    officers: int = optional(0, "Officers of its own.", ge=0, le=MOST_SERVERS)
    pool: Name | None = optional(
        None, "Name of a pool of officers that works it, instead of officers and open; ports may share it."
    )
    open: OpenTable = optional(0, "How many officers are on duty over the week; not given: all of them, always.")
    service: Services = required("Time it takes with one group, one for all kinds of groups or by kind.")

    def check(self) -> Iterable[Problem]:
        """Officers of one kind, and services for every kind of group."""
        return irregular_checks.stage(self)


class Exemption(Model):
    """A further exception that a policy could make."""

    share: Shares = required("Share of groups it is for, one or by kind.")
    applies: Average = optional(False, "Whether it is in force: yes or no.")


class Eligibility(ClaimStage):
    """The second officer's decision, by the rule in force when the group came."""

    exceptions: dict[Ground, Shares] = optional(
        {}, "Share of groups with each exception to the agreement, one or by kind; minors alone always have theirs."
    )
    exemptions: dict[Name, Exemption] = optional({}, "Further exceptions by name, each with its switch.")
    inadmissible: Share = optional("0 %", "Share of groups found inadmissible, whatever the rule.")
    detained: Share = optional("0 %", "Share of groups detained, whatever the rule.")

    def check(self) -> Iterable[Problem]:
        """Shares that sum to more than all."""
        return irregular_checks.eligibility(self)


class Intake(Model):
    """Places to stay for those whose claim is eligible, and what happens when they are full."""

    places: int = required("Places, one for a person.", ge=1, le=1_000_000)
    stay: Distribution = required("How long a group stays.")
    share: Share = optional("100 %", "Share of eligible groups that need places.")
    overflow: Literal["hotel", "wait"] = optional(
        "hotel", "Where those go that find no place: to a hotel for all their stay, or they wait for a place."
    )


class Weather(Model):
    """Cold as a risk to people on foot."""

    cold: dict[Month, Share] = required("Share of the time of each month that is dangerously cold; not named: 0 %.")
    after: Duration = optional("1 h", "Time outside in the cold after which a person counts as exposed.")


class FlowCosts(Model):
    """What a sector costs; all amounts in one currency."""

    patrol_hour: Money = optional("0 $", "An hour of a unit on duty.")
    officer_hour: Money = optional("0 $", "An hour of an officer on duty in processing, interview and decision.")
    place_night: Money = optional("0 $", "A person's night in a place of intake.")
    hotel_night: Money = optional("0 $", "A person's night in a hotel.")
    per_day: Money = optional("0 $", "The sector on a day of 24 h, beside all that.")


STAFFED = ("intercept", "processing", "interview", "eligibility")
"""Parts of a flow that a pool of officers may serve."""


class Irregular(Model):
    """A sector of the border, or another way to a claim: a port, the airports, inland."""

    quiet: ClassVar[frozenset[str]] = frozenset(
        {"registry", "groups", "deterrence", "intercept", "processing", "transfer", "interview", "intake", "weather"}
        | {"standard", "custody_standard"}
    )
    derived: ClassVar[frozenset[str]] = frozenset({"zone"})

    registry: str | None = optional(None, "Id of a sector of the registry, such as quebec; gives the zone.")
    description: str = optional("", "What it is, for people.")
    kind: Place = optional("land", "Between ports on land or water, at a land port, at airports, or inland.")
    zone: str | None = optional(None, "IANA time zone; not given: that of the registry's sector.")
    groups: Groups | None = optional(None, "Who comes here; none: only those whom displacement brings.")
    drivers: Drivers = optional([], "What multiplies demand from a date on.")
    deterrence: Deterrence | None = optional(None, "How demand answers to the units on patrol; none: not at all.")
    intercept: Intercept | None = optional(None, "From crossing to being met: of land and marine sectors.")
    resources: dict[Name, Resource] = optional({}, "Aircraft, towers and the like, by name.")
    processing: ClaimStage | None = optional(None, "Processing by the police after being met; none: not looked at.")
    transfer: Distribution | None = optional(None, "Journey to the port; none: no time.")
    interview: ClaimStage | None = optional(None, "Interview and biometrics; none: not looked at.")
    eligibility: Eligibility = required("Decision about eligibility, by a second officer.")
    claims_inland: Share = optional(
        "0 %", "Share of undetected groups that claim inland after 14 days, under the rule that makes them wait."
    )
    intake: Intake | None = optional(None, "Places to stay for those eligible; none: not looked at.")
    weather: Weather | None = optional(None, "Cold as a risk; none: not looked at.")
    standard: Standard | None = optional(
        None,
        "Service standard for the wait until a unit is sent, its way left out; at a port, at "
        "airports and inland for the wait for the first officer.",
    )
    custody_standard: PositiveDuration | None = optional(
        None, "Longest time from being met to the decision that is within standard."
    )
    costs: FlowCosts = optional({}, "What it costs.")

    @classmethod
    def prepare(cls, data: Any) -> Any:
        """What the registry knows of the sector."""
        if not isinstance(data, dict) or data.get("registry") is None:
            return data
        known = {sector.id: sector for sector in registry.sectors()}
        sector = known.get(str(data["registry"]))
        if sector is None:
            found = f"no sector {in_words(data['registry'])}"
            mend = nearest(str(data["registry"]), known)
            raise ProblemError(Problem(found, f"one of {', '.join(known)}", mend, ("registry",)))
        return {"zone": sector.zone, **data}

    def check(self) -> Iterable[Problem]:
        """Parts that do not go with the kind of place."""
        return irregular_checks.sector(self)

    def pools(self) -> set[str]:
        """Names of the pools of officers that work here."""
        parts = (getattr(self, name) for name in STAFFED)
        return {part.pool for part in parts if part is not None and part.pool is not None}

    @property
    def between_ports(self) -> bool:
        """People cross the border here."""
        return self.kind in ("land", "marine")

    @property
    def place(self) -> str:
        """The time zone."""
        assert self.zone is not None
        return self.zone


class Board(Model):
    """The refugee board: one queue for all claims found eligible, decided in order at a yearly capacity."""

    per_year: int = required("Claims (persons) it decides in a year of 365 days.", ge=1, le=10_000_000)
    inventory: int = optional(
        0, "Claims (persons) pending when the horizon begins, decided first.", ge=0, le=10_000_000
    )


assert get_args(Month) == MONTHS
