"""The schema of a scenario: what may be written, with its meaning, limits and default.

Models of a port are in `sim.scenario.port`, of demand in `sim.scenario.traffic`. Quantities are text with a
unit in YAML and floats inside (seconds, per second, fractions, car lengths). `Scenario.model_json_schema()`
is the schema for editors.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator

from sim.scenario import checks, hall_checks
from sim.scenario.agreement import Agreement, DatedRule
from sim.scenario.displacement import Closed, Displacement, Origin, Way, Weights
from sim.scenario.distributions import Dist
from sim.scenario.drivers import Driver
from sim.scenario.fields import (
    MOST_SERVERS,
    BinWidth,
    CivilDate,
    CivilTime,
    ClassAnywhere,
    Count,
    Factor,
    Horizon,
    Model,
    Name,
    OpenTable,
    PositiveFactor,
    Span,
    Staffed,
    as_tuple,
    for_every,
    optional,
    required,
)
from sim.scenario.irregular import (
    Board,
    ClaimStage,
    Deterrence,
    Eligibility,
    Exemption,
    FlowCosts,
    Groups,
    Intake,
    Intercept,
    Irregular,
    Resource,
    Weather,
)
from sim.scenario.port import (
    Approach,
    DayToDay,
    Divert,
    Handover,
    LaneGroup,
    Port,
    Secondary,
    Service,
    Standard,
    class_names,
)
from sim.scenario.precision import PreciseMeasure, Replications, UntilPrecise
from sim.scenario.preclearance import Costs, Departures, Failure, FarSide, Hall, Preclearance, Stage
from sim.scenario.problems import Problem, ProblemError, in_words
from sim.scenario.sweeps import Sweep, ends
from sim.scenario.tables import CountsTable, TraceTable
from sim.scenario.traffic import Average, NexusMembers, Occupants, Traffic
from sim.scenario.vocabulary import EVERY, check_name, most_exact, serves
from sim.scenario.weektable import WeekTable

FORMAT = 1
"""Version of the scenario format this program reads."""


class OfficerPool(Staffed):
    """Officers shared by lane groups and secondary inspections, also of several ports."""

    built: ClassVar[str] = "officers"

    officers: int = required("Officers in the pool.", ge=1, le=MOST_SERVERS)
    open: OpenTable = optional(0, "How many are on duty over the week; not given: all of them, always.")

    def check(self) -> Iterator[Problem]:
        """No more on duty than there are."""
        if (most := max(self.open.values())) > self.officers:
            yield Problem(f"{most:g} on duty of {self.officers} officers", f"at most {self.officers}", at=("open",))


def _every(raw: Any) -> Any:
    """A bare factor holds for all; `all` is another word for `*`."""
    return {EVERY if key == "all" else key: value for key, value in for_every(raw).items()}


def _all_or_names(raw: Any) -> Any:
    return (EVERY,) if raw == "all" else as_tuple(raw)


Stopped = Annotated[str, BeforeValidator(lambda raw: EVERY if raw == EVERY else check_name(raw))]


class Event(Model):
    """Something dated that changes demand, service or staff. Several events at once multiply."""

    name: str = required("What happens, for people.", min_length=1)
    from_: CivilTime = required("When it begins.", alias="from")
    until: CivilTime | None = optional(None, "When it ends; none: to the end.")
    ports: Annotated[tuple[Name, ...], BeforeValidator(as_tuple)] = optional(
        [], "Ports, preclearance facilities, far sides and irregular flows it touches, by name; none named: all."
    )
    demand: Annotated[dict[ClassAnywhere, Factor], BeforeValidator(_every)] = optional(
        {},
        "Factor on demand, one or by class pattern (`all` for the others); at a preclearance facility (`air`, "
        "`air.visitor`) on the passengers of departures that leave meanwhile, as far as there are seats; at an "
        "irregular flow (`irregular`, `irregular.family`) on the groups that come, those who chose to come too.",
    )
    service: Annotated[dict[str, PositiveFactor], BeforeValidator(for_every)] = optional(
        {},
        "Factor on primary inspection times, one or by lane group (`*` for the others); by name also on any other "
        "station of a preclearance facility but a secondary, and on processing, interview and eligibility of an "
        "irregular flow, where `*` is for all three. `response`, by name alone, is for the way of units to groups that "
        "come meanwhile.",
    )
    referral: Annotated[dict[ClassAnywhere, Factor], BeforeValidator(_every)] = optional(
        {}, "Factor on referral shares, one or by class pattern (`all` for the others)."
    )
    secondary: PositiveFactor | None = optional(None, "Factor on secondary inspection times.")
    booths: dict[Name, Count] = optional(
        {},
        "At most this many booths open, by lane group or station with booths of its own; units and officers on duty by "
        "stage of an irregular flow: response, processing, interview, eligibility.",
    )
    officers: dict[Name, Count] = optional(
        {}, "At most this many officers on duty, by pool, whatever facilities it serves."
    )
    stopped: Annotated[tuple[Stopped, ...], BeforeValidator(_all_or_names)] = optional(
        [],
        "Lane groups, kinds of secondary, stations (no walks) and stages with units or officers in which no new "
        "service starts; `all` for every one.",
    )
    closed: Average = optional(
        False,
        "Nobody comes to the irregular flows it touches, which it has to name: yes or no. Groups that choose go "
        "elsewhere, at once; groups of the flow itself do not come.",
    )
    more_places: int = optional(
        0,
        "Places of intake beside those stated, at each irregular flow it touches, which it has to name; below 0: "
        "fewer.",
        ge=-1_000_000,
        le=1_000_000,
    )
    holiday: bool = optional(False, "The days it touches count as holidays.")

    def touches(self, facility: str) -> bool:
        """True for every facility where none is named."""
        return not self.ports or facility in self.ports

    def check(self) -> Iterator[Problem]:
        """Order of the two ends; at least one effect."""
        if self.until is not None and self.until <= self.from_:
            yield Problem("'until' is not after 'from'", "an end after the beginning", at=("until",))
        staff = (self.booths, self.officers, self.stopped)
        flows = (self.closed, self.more_places)
        if not any((self.demand, self.service, self.referral, self.secondary, *staff, self.holiday, *flows)):
            keys = ", ".join(
                name for name in type(self).model_fields if name not in ("name", "from_", "until", "ports")
            )
            allowed = f"at least one of {keys}"
            yield Problem("an event without an effect", f"{allowed}, such as demand: 1.3")


def _format(raw: Any) -> int:
    if isinstance(raw, int) and not isinstance(raw, bool) and raw == FORMAT:
        return FORMAT
    raise ProblemError(Problem(f"format {in_words(raw)}", f"format: {FORMAT}, the one this program reads"))


def _two_ends(raw: Any) -> Any:
    ends(raw if isinstance(raw, list) else list(as_tuple(raw)))
    return tuple(raw)


Range = Annotated[tuple[Any, ...], BeforeValidator(_two_ends)]
"""The lowest and the highest value of a quantity, as written."""


class Scenario(Model):
    """What is simulated: facilities, demand, horizon, replications, and variants to compare."""

    quiet: ClassVar[frozenset[str]] = frozenset({"sweeps", "ranges", "irregular", "agreement", "displacement", "board"})

    format: Annotated[Literal[1], BeforeValidator(_format)] = required("Version of this format.")
    name: str = required("What the scenario is, for people.", min_length=1)
    description: str = optional("", "More about it, for people.")
    start: CivilTime = required("Civil date and time at which the horizon begins.")
    horizon: Horizon = required("Length of time simulated, such as 24 h.")
    warm_up: Span = optional("0 s", "Time at the start left out of measures.")
    end: Literal["drain", "cut"] = optional("drain", "Run on until empty, or stop at the horizon.")
    drain_cap: Span = optional("24 h", "Longest time to run on after the horizon.")
    replications: Replications = optional(
        30, "Independent replications: how many, or how precise they have to make it."
    )
    seed: int | None = optional(None, "Master seed; not given: drawn and recorded.", ge=0)
    bin: BinWidth = optional(
        "15 min", "Width of the bins of measures over time; `none` for a single one over all of it."
    )
    holidays: Annotated[tuple[CivilDate, ...], BeforeValidator(as_tuple)] = optional([], "Dates that are holidays.")
    ports: dict[Name, Port] = optional({}, "Ports of entry by name.")
    preclearance: dict[Name, Preclearance] = optional({}, "Preclearance facilities by name.")
    irregular: dict[Name, Irregular] = optional(
        {}, "Irregular flows by name: sectors between ports, and the other ways to a claim."
    )
    agreement: Agreement = optional(
        "whole-border-14-days", "Rule about claims at the border: one, or a list of several with their dates."
    )
    displacement: Displacement | None = optional(
        None, "Whether and where people come, as a choice; none: every flow has groups of its own."
    )
    board: Board | None = optional(None, "The refugee board, for all flows together; none: not looked at.")
    officers: dict[Name, OfficerPool] = optional({}, "Pools of officers by name.")
    events: Annotated[tuple[Event, ...], BeforeValidator(as_tuple)] = optional([], "Dated events.")
    variants: dict[Name, dict[str, Any]] = optional(
        {}, "Variants by name: each maps paths to values that replace what stands there, or extends another."
    )
    sweeps: dict[Name, Sweep] = optional({}, "Sweeps by name: each makes variants NAME-1, NAME-2 and so on.")
    ranges: dict[str, Range] = optional(
        {},
        "Paths, as in a variant, with the lowest and highest value each may have: what `bordersim sensitivity` goes "
        "through, beside the ranges of the registry.",
    )

    @property
    def zones(self) -> dict[str, str]:
        """Time zone by facility: ports, irregular flows, then each preclearance facility with its far side."""
        found = {name: port.zone for name, port in self.ports.items()}
        found |= {name: flow.place for name, flow in self.irregular.items()}
        for name, place in self.preclearance.items():
            found[name] = place.place
            if place.far_side is not None:
                found[place.far_side.name] = place.far_side.zone or place.place
        return found

    @property
    def most_replications(self) -> int:
        """How many replications there are at the most."""
        return self.replications.at_most if isinstance(self.replications, UntilPrecise) else self.replications

    def check(self) -> Iterator[Problem]:
        """Warm-up inside the horizon; ports that can take what is diverted to them."""
        if self.warm_up >= self.horizon:
            yield Problem("the warm-up takes the whole horizon", "a warm-up below the horizon", at=("warm_up",))
        yield from hall_checks.scenario(self)
        for name, port in self.ports.items():
            other = self.ports.get(port.divert.to) if port.divert is not None else None
            if other is not None:
                yield from checks.diverted(name, port, other)


__all__ = [
    "FORMAT",
    "Approach",
    "Board",
    "ClaimStage",
    "Closed",
    "Costs",
    "CountsTable",
    "DatedRule",
    "DayToDay",
    "Departures",
    "Deterrence",
    "Displacement",
    "Dist",
    "Divert",
    "Driver",
    "Eligibility",
    "Event",
    "Exemption",
    "Failure",
    "FarSide",
    "FlowCosts",
    "Groups",
    "Hall",
    "Handover",
    "Intake",
    "Intercept",
    "Irregular",
    "LaneGroup",
    "NexusMembers",
    "Occupants",
    "OfficerPool",
    "Origin",
    "Port",
    "PreciseMeasure",
    "Preclearance",
    "Resource",
    "Scenario",
    "Secondary",
    "Service",
    "Stage",
    "Standard",
    "Sweep",
    "TraceTable",
    "Traffic",
    "UntilPrecise",
    "Way",
    "Weather",
    "WeekTable",
    "Weights",
    "class_names",
    "most_exact",
    "serves",
]
