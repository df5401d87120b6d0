"""Models of demand: how many parties of a mode come, when, with whom, and in which programme."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Discriminator, Tag, WithJsonSchema

from sim import registry
from sim.scenario.fields import Counts, Factor, Model, ProfileTable, Rate, Share, Trace, optional, required
from sim.scenario.problems import Collector, Problem, ProblemError, in_words, nearest
from sim.scenario.vocabulary import CLASS_NAMES, PROGRAMMES, Mode, Programme


class Occupants(Model):
    """Persons in a party: 1 + Poisson(mean - 1), a geometric number, or always the same number."""

    quiet: ClassVar[frozenset[str]] = frozenset({"mean", "geometric", "fixed"})

    mean: float | None = optional(None, "Mean of 1 + Poisson(mean - 1); persons, 1 or more.", ge=1, le=1000)
    geometric: float | None = optional(
        None, "Mean of a geometric number from 1 on: most parties small, a few large.", ge=1, le=1000
    )
    fixed: int | None = optional(None, "Persons in every party.", ge=1, le=1000)

    @classmethod
    def prepare(cls, data: Any) -> Any:
        """A bare number is the mean."""
        if isinstance(data, int | float) and not isinstance(data, bool):
            return {"mean": data}
        if isinstance(data, dict | Occupants):
            return data
        raise ProblemError(
            Problem(in_words(data), "the mean number of persons, such as 2.1, {geometric: 2.1} or {fixed: 2}")
        )

    @property
    def average(self) -> float:
        """Mean number of persons."""
        return float(self.fixed if self.fixed is not None else self.mean or self.geometric or 1.0)

    def check(self) -> Iterator[Problem]:
        """Exactly one of the three."""
        given = [name for name in ("mean", "geometric", "fixed") if getattr(self, name) is not None]
        if len(given) != 1:
            found = f"both {' and '.join(given)}" if given else "neither mean nor geometric nor fixed"
            yield Problem(found, "a number, {geometric: 2.1} or {fixed: 2}")


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


MOST_PER_DAY = 1e7
"""No facility sees more parties on a day: a larger number is a slip."""


def _per_day(raw: Any) -> float:
    if isinstance(raw, int | float) and not isinstance(raw, bool) and 0 <= raw <= MOST_PER_DAY:
        return float(raw)
    mend = "a rate goes to 'rate'" if isinstance(raw, str) and "/" in raw else ""
    raise ProblemError(
        Problem(
            in_words(raw), f"a plain number of parties on a day, such as 5200, and at most {MOST_PER_DAY:.0f}", mend
        )
    )


PerDay = Annotated[float, BeforeValidator(_per_day), WithJsonSchema({"type": "number", "minimum": 0})]


# ---- names of the registry ------------------------------------------------------------------------------


def named_profile(name: str) -> dict[str, object] | None:
    """The registry's profile of that name as a table; None for a name it has not."""
    return registry.profile(name).tree() if name in registry.profiles() else None


def named_season(name: str) -> list[float] | None:
    """The registry's twelve factors of that name; None for a name it has not."""
    return list(registry.season(name)) if name in registry.seasons() else None


def named_weekday(name: str) -> list[float] | None:
    """The registry's seven factors of that name, Monday first; None for a name it has not."""
    return list(registry.weekday(name)) if name in registry.weekdays() else None


def averaged(raw: Any) -> bool:
    """What `average` says: true, or the word `yes`, which YAML 1.2 takes for text."""
    return raw is True or raw == "yes"


def _average(raw: Any) -> bool:
    if isinstance(raw, bool) or raw in ("yes", "no"):
        return averaged(raw)
    raise ProblemError(Problem(in_words(raw), "yes or no", nearest(str(raw), ("yes", "no"))))


def _profile(raw: Any) -> Any:
    """A name without a dot or slash is a profile of the registry."""
    if not isinstance(raw, str) or "." in raw or "/" in raw or "\\" in raw:
        return raw
    known = named_profile(raw)
    if known is None:
        names = tuple(registry.profiles())
        allowed = f"one of {', '.join(names)}, a CSV file such as profile.csv, or a table"
        raise ProblemError(Problem(f"no profile {in_words(raw)}", allowed, nearest(raw, names)))
    return known


def _factors(count: int, what: str, look_up: Callable[[str], list[float] | None]) -> Callable[[Any], tuple[float, ...]]:
    """A reader of that many factors, or of their name in the registry."""

    def read(raw: Any) -> tuple[float, ...]:
        factors = look_up(raw) if isinstance(raw, str) else raw
        if factors is None:
            names = registry.seasons() if what == "months" else registry.weekdays()
            shown = ", ".join(name for name in names if not name.startswith("us-"))
            raise ProblemError(Problem(f"{in_words(raw)} names no factors", f"one of {shown}", nearest(raw, names)))
        if not isinstance(factors, list | tuple) or len(factors) != count:
            found = f"{len(factors)} numbers" if isinstance(factors, list | tuple) else in_words(raw)
            raise ProblemError(
                Problem(found, f"{count} factors, one for each of the {what}, or a name of the registry")
            )
        collector = Collector()
        parsed = [collector.attempt((index,), _one_factor, value) for index, value in enumerate(factors)]
        collector.done()
        if not any(parsed):
            raise ProblemError(Problem("factors that are all 0", "some factor above 0"))
        return tuple(value for value in parsed if value is not None)

    return read


MOST_OF_A_FACTOR = 1000.0


def _one_factor(raw: Any) -> float:
    if isinstance(raw, int | float) and not isinstance(raw, bool) and 0 <= raw <= MOST_OF_A_FACTOR:
        return float(raw)
    raise ProblemError(Problem(in_words(raw), "a plain factor of 0 or more, such as 1.2"))


NAME_PATTERN = "^[a-z0-9][a-z0-9-]*$"
"""Of a name in the registry."""


def _factors_schema(count: int, example: str) -> WithJsonSchema:
    factor = {"title": "number", "type": "number", "minimum": 0}
    numbers = {"type": "array", "items": factor, "minItems": count, "maxItems": count}
    name = {"title": "name of the registry", "type": "string", "pattern": NAME_PATTERN, "examples": [example]}
    return WithJsonSchema({"anyOf": [name, numbers]})


Average = Annotated[
    bool,
    BeforeValidator(_average),
    WithJsonSchema(
        {"anyOf": [{"title": "true or false", "type": "boolean"}, {"title": "word", "enum": ["yes", "no"]}]}
    ),
]
NamedProfile = Annotated[
    ProfileTable,
    BeforeValidator(_profile),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": NAME_PATTERN},
                {"type": "string", "pattern": r"\.csv$"},
                {"type": "object"},
            ],
            "examples": ["pov-summer-saturday", "profile.csv", {"06:00": 3, "20:00": 1}],
        }
    ),
]
"""A table of weights, a CSV file, or the name of a profile of the registry."""
Season = Annotated[
    tuple[float, ...], BeforeValidator(_factors(12, "months", named_season)), _factors_schema(12, "us-3004-car")
]
"""Twelve factors on the mean day, January first."""
Weekday = Annotated[
    tuple[float, ...], BeforeValidator(_factors(7, "days from Monday", named_weekday)), _factors_schema(7, "car")
]
"""Seven factors on the mean day, Monday first."""


class Traffic(Model):
    """Demand of one mode. Exactly one of per_day, rate, trace and counts."""

    quiet: ClassVar[frozenset[str]] = frozenset(
        {"per_day", "rate", "trace", "counts", "average", "season", "weekday", "holiday", *PROGRAMMES}
    )

    per_day: PerDay | None = optional(
        None,
        "Parties on a day, spread by the profile: on each day simulated, or with average on the mean day of a year.",
    )
    average: Average = optional(
        False, "Bring per_day from the mean day of a year to each date, by season, weekday and holidays: yes or no."
    )
    season: Season | None = optional(
        None,
        "With average, twelve factors from January on, or a name of the registry, such as us-3004-car; "
        "not given: the mode's over all ports.",
    )
    weekday: Weekday | None = optional(
        None,
        "With average, seven factors from Monday on, or a name of the registry, such as car; not given: the mode's.",
    )
    holiday: Factor = optional(1, "With average, factor on the scenario's holidays, beside that of the weekday.")
    rate: Rate | None = optional(None, "Parties per unit of time, constant, such as 450 /h.")
    trace: Trace | None = optional(None, "CSV file with one row per party.")
    counts: Counts | None = optional(None, "CSV file with counts per interval and class.")
    profile: NamedProfile | None = optional(
        None,
        "Weights over the day and week, a CSV file, or a name of the registry, such as pov-weekday; none: flat. "
        "Only with per_day.",
    )
    occupants: Occupants = optional(1, "Persons in a party: a mean, {geometric: mean} or {fixed: n}.")
    nexus: Nexus | None = optional(None, "Share in NEXUS, or {members: share of people, alike: share of parties}.")
    fast: Share | None = optional(None, "Share of trucks in FAST.")
    ready: Share | None = optional(None, "Share of parties for the Ready lane.")
    batch: int = optional(1, "Parties that arrive together.", ge=1, le=1000)

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

    def factor(self, day: date, holiday: bool) -> float:
        """Factor on `per_day` on a civil date: 1, or with `average` season x weekday x holiday, in that order."""
        if not self.average:
            return 1.0
        of_season = self.season[day.month - 1] if self.season is not None else 1.0
        of_weekday = self.weekday[day.weekday()] if self.weekday is not None else 1.0
        return of_season * of_weekday * (self.holiday if holiday else 1.0)

    def check(self) -> Iterator[Problem]:
        """One source of demand; what goes with it."""
        stated = [key for key in ("per_day", "rate", "trace", "counts") if getattr(self, key) is not None]
        if len(stated) != 1:
            found = f"both {' and '.join(stated)}" if stated else "no demand"
            yield Problem(found, "exactly one of per_day, rate, trace and counts, such as per_day: 5200")
            return
        if self.profile is not None and self.per_day is None:
            yield Problem(f"a profile with {stated[0]}", "a profile with per_day", at=("profile",), on_key=True)
        yield from self._check_average(stated[0])
        if self.trace is not None or self.counts is not None:
            yield from self._check_table(stated[0])
        shares = [self.nexus.members if isinstance(self.nexus, NexusMembers) else self.nexus, self.fast, self.ready]
        total = sum(share for share in shares if share is not None)
        if total > 1 + 1e-9:
            yield Problem(f"programmes sum to {100 * total:g} %", "at most 100 %", at=(self.programmes[0],))

    def _check_average(self, source: str) -> Iterator[Problem]:
        if self.average and self.per_day is None:
            yield Problem(f"average with {source}", "average with per_day", at=("average",), on_key=True)
        for key in ("season", "weekday", "holiday"):
            if key in self.model_fields_set and not self.average:
                allowed = f"{key} with average: yes"
                yield Problem(f"a {key} without average", allowed, "write average: yes", (key,), on_key=True)

    def _check_table(self, source: str) -> Iterator[Problem]:
        for programme in self.programmes:
            allowed = "programmes as classes in the table, such as car.nexus"
            yield Problem(f"a share of {programme} with {source}", allowed, at=(programme,), on_key=True)
        if self.trace is not None and self.occupants != Occupants(mean=1.0):
            yield Problem("occupants with trace", "a column size in the table", at=("occupants",), on_key=True)
        if self.trace is not None and self.batch != 1:
            yield Problem("a batch with trace", "rows at the same time in the table", at=("batch",), on_key=True)
