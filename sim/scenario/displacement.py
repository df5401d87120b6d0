"""Models of displacement: whether people come, and where, as a choice among sectors and other ways to a claim.

Each group of an origin takes the way with the highest utility: attraction + outcome x share found eligible there by
the rule in force - distance x (distance / 1,000 km) - risk x risk + log(deterrence), the factor of the units on patrol,
+ a draw of its own from the standard Gumbel distribution. It acts on what held a lag ago.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from sim.scenario.checks import check_zone
from sim.scenario.drivers import CivilMoment, Drivers
from sim.scenario.fields import Distance, Duration, Model, Name, Share, as_tuple, optional, required
from sim.scenario.irregular import Groups
from sim.scenario.problems import Problem, ProblemError, in_words

STAYING = "staying"
"""The way of those who do not come."""
MOST = 100.0
"""Utilities are counted in the spread of the draws; beyond a few tens nothing is left to chance."""


def _number(low: float) -> Any:
    def read(raw: Any) -> float:
        if isinstance(raw, int | float) and not isinstance(raw, bool) and low <= raw <= MOST:
            return float(raw)
        raise ProblemError(Problem(in_words(raw), f"a plain number from {low:g} to {MOST:g}, such as 2.5"))

    return BeforeValidator(read), WithJsonSchema({"type": "number", "minimum": low, "maximum": MOST})


Utility = Annotated[float, *_number(-MOST)]
Weight = Annotated[float, *_number(0.0)]


class Closed(Model):
    """A time in which a way is shut: nobody chooses it, after the lag."""

    quiet: ClassVar[frozenset[str]] = frozenset({"until"})

    from_: CivilMoment = required("When it begins.", alias="from")
    until: CivilMoment | None = optional(None, "When it ends; none: to the end.")

    def check(self) -> Iterator[Problem]:
        """Order of the two ends."""
        if self.until is not None and self.until <= self.from_:
            yield Problem("'until' is not after 'from'", "an end after the beginning", at=("until",))


class Way(Model):
    """A sector or another way to a claim, as it looks from an origin."""

    quiet: ClassVar[frozenset[str]] = frozenset({"outcome"})

    attraction: Utility = optional(0, "What speaks for it beside the rest, such as family or a known road.")
    distance: Distance = optional("0 km", "How far it is.")
    risk: Share = optional("0 %", "Chance of harm on the way, as people see it.")
    outcome: Share | None = optional(
        None, "Chance of an eligible claim as people see it; none: what rule and exceptions give a group that is met."
    )
    closed: Annotated[tuple[Closed, ...], BeforeValidator(as_tuple)] = optional([], "When it is shut.")


class Weights(Model):
    """What the parts of utility weigh, in units of the spread of the draws (a Gumbel of scale 1)."""

    outcome: Weight = optional(5, "Of a certain eligible claim against none; assumed, as the others.")
    distance: Weight = optional(1, "Of 1,000 km; assumed.")
    risk: Weight = optional(2, "Of certain harm against none; assumed.")


def _zone(zone: str) -> str:
    check_zone(zone)
    return zone


class Origin(Model):
    """Where people set out from, how many, and the ways they see."""

    zone: Annotated[str, AfterValidator(_zone)] = required("IANA time zone.")
    groups: Groups = required("Who could set out, those who then stay among them.")
    drivers: Drivers = optional([], "What multiplies them from a date on.")
    to: dict[Name, Way] = required("Ways by name of an irregular flow, and staying: who does not come.", min_length=1)

    def check(self) -> Iterable[Problem]:
        """What is detected says nothing of those who have not chosen yet; somewhere to be when all else is shut."""
        if STAYING not in self.to:
            yield Problem(
                f"no way '{STAYING}'", f"{STAYING}, such as {STAYING}: {{attraction: 1}}", at=("to",), on_key=True
            )
        elif self.to[STAYING].closed:
            yield Problem(f"'{STAYING}' closed", "ways that lead somewhere", at=("to", STAYING, "closed"), on_key=True)
        if self.groups.detected_per_day is not None:
            at = ("groups", "detected_per_day")
            yield Problem("detected_per_day at an origin", "per_day: those who could set out", at=at, on_key=True)


class Displacement(Model):
    """A choice of whether and where to come."""

    lag: Duration = optional("14 d", "How long ago what people act on held; assumed, as no figure tells.")
    weights: Weights = optional({}, "Weights of the parts of utility.")
    origins: dict[Name, Origin] = required("Origins by name.", min_length=1)
