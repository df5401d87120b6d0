"""Models of demand: how many parties of a mode come, when, with whom, and in which programme."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Discriminator, Tag, WithJsonSchema

from sim.scenario.fields import Counts, Model, ProfileTable, Rate, Share, Trace, optional, required
from sim.scenario.problems import Problem, ProblemError, in_words
from sim.scenario.vocabulary import CLASS_NAMES, PROGRAMMES, Mode, Programme


class Occupants(Model):
    """Persons in a party: 1 + Poisson(mean - 1), or always the same number."""

    quiet: ClassVar[frozenset[str]] = frozenset({"mean", "fixed"})

    mean: float | None = optional(None, "Mean of 1 + Poisson(mean - 1); persons, 1 or more.", ge=1)
    fixed: int | None = optional(None, "Persons in every party.", ge=1)

    @classmethod
    def prepare(cls, data: Any) -> Any:
        """A bare number is the mean."""
        if isinstance(data, int | float) and not isinstance(data, bool):
            return {"mean": data}
        if isinstance(data, dict | Occupants):
            return data
        raise ProblemError(Problem(in_words(data), "the mean number of persons, such as 2.1, or {fixed: 2}"))

    @property
    def average(self) -> float:
        """Mean number of persons."""
        return float(self.fixed if self.fixed is not None else self.mean or 1.0)

    def check(self) -> Iterator[Problem]:
        """Exactly one of the two."""
        if (self.mean is None) == (self.fixed is None):
            yield Problem("both mean and fixed" if self.mean else "neither mean nor fixed", "a number, or {fixed: 2}")


class NexusMembers(Model):
    """Members among people rather than among vehicles: a vehicle is NEXUS when everyone in it is a member."""

    members: Share = required("Share of people who are members.")
    alike: Share = optional("0 %", "Share of parties whose people are all alike: all members or none.")


def _form_of_nexus(raw: Any) -> str:
    return "<members>" if isinstance(raw, dict | NexusMembers) else "<share>"


Nexus = Annotated[
    Annotated[Share, Tag("<share>")] | Annotated[NexusMembers, Tag("<members>")], Discriminator(_form_of_nexus)
]
"""A share of parties, or members among people. The tags are no keys of a scenario."""


def _per_day(raw: Any) -> float:
    if isinstance(raw, int | float) and not isinstance(raw, bool) and 0 <= raw < math.inf:
        return float(raw)
    mend = "a rate goes to 'rate'" if isinstance(raw, str) and "/" in raw else ""
    raise ProblemError(Problem(in_words(raw), "a plain number of parties on a day, such as 5200", mend))


PerDay = Annotated[float, BeforeValidator(_per_day), WithJsonSchema({"type": "number", "minimum": 0})]


class Traffic(Model):
    """Demand of one mode. Exactly one of per_day, rate, trace and counts."""

    quiet: ClassVar[frozenset[str]] = frozenset({"per_day", "rate", "trace", "counts", *PROGRAMMES})

    per_day: PerDay | None = optional(None, "Parties on a day, spread by the profile.")
    rate: Rate | None = optional(None, "Parties per unit of time, constant, such as 450 /h.")
    trace: Trace | None = optional(None, "CSV file with one row per party.")
    counts: Counts | None = optional(None, "CSV file with counts per interval and class.")
    profile: ProfileTable | None = optional(
        None, "Weights over the day and week, or a CSV file; none: flat. Only with per_day."
    )
    occupants: Occupants = optional(1, "Persons in a party: a mean, or {fixed: n}.")
    nexus: Nexus | None = optional(None, "Share in NEXUS, or {members: share of people, alike: share of parties}.")
    fast: Share | None = optional(None, "Share of trucks in FAST.")
    ready: Share | None = optional(None, "Share of parties for the Ready lane.")
    batch: int = optional(1, "Parties that arrive together.", ge=1)

    @property
    def programmes(self) -> tuple[Programme, ...]:
        """Programmes with a stated share, in the order of the vocabulary."""
        return tuple(programme for programme in PROGRAMMES if getattr(self, programme) is not None)

    def classes(self, mode: Mode) -> tuple[str, ...]:
        """Classes with traffic: the mode without programme first. For a table, those that occur in it."""
        table = self.trace or self.counts
        if table is not None:
            return tuple(name for name in CLASS_NAMES if name in table.classes)
        return (mode, *(f"{mode}.{programme}" for programme in self.programmes))

    def check(self) -> Iterator[Problem]:
        """One source of demand; what goes with it."""
        stated = [key for key in ("per_day", "rate", "trace", "counts") if getattr(self, key) is not None]
        if len(stated) != 1:
            found = f"both {' and '.join(stated)}" if stated else "no demand"
            yield Problem(found, "exactly one of per_day, rate, trace and counts, such as per_day: 5200")
            return
        if self.profile is not None and self.per_day is None:
            yield Problem(f"a profile with {stated[0]}", "a profile with per_day", at=("profile",), on_key=True)
        if self.trace is not None or self.counts is not None:
            yield from self._check_table(stated[0])
        shares = [self.nexus.members if isinstance(self.nexus, NexusMembers) else self.nexus, self.fast, self.ready]
        total = sum(share for share in shares if share is not None)
        if total > 1 + 1e-9:
            yield Problem(f"programmes sum to {100 * total:g} %", "at most 100 %", at=(self.programmes[0],))

    def _check_table(self, source: str) -> Iterator[Problem]:
        for programme in self.programmes:
            allowed = "programmes as classes in the table, such as car.nexus"
            yield Problem(f"a share of {programme} with {source}", allowed, at=(programme,), on_key=True)
        if self.trace is not None and self.occupants != Occupants(mean=1.0):
            yield Problem("occupants with trace", "a column size in the table", at=("occupants",), on_key=True)
        if self.trace is not None and self.batch != 1:
            yield Problem("a batch with trace", "rows at the same time in the table", at=("batch",), on_key=True)
