"""Replications until measures are precise: what a scenario may say instead of a number of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema

from sim.errors import UsageError
from sim.scenario import units
from sim.scenario.fields import Model, Name, optional, required
from sim.scenario.problems import Problem, ProblemError, in_words

ALL = "all"
"""Every station, and every class, of a port: its own row in the results."""
MOST_REPLICATIONS = 1_000_000


def _above_zero(raw: Any) -> float:
    share = units.share(raw)
    if share == 0.0:
        raise ProblemError(Problem(f"{in_words(raw)}, which no number of replications reaches", "such as '5 %'"))
    return share


def _as_measures(raw: Any) -> Any:
    """A name stands for a measure of the ports as a whole; one alone needs no list."""
    several = raw if isinstance(raw, list | tuple) else (raw,)
    if not several:
        raise ProblemError(Problem("no measure", "one or more, such as wait_p95"))
    return tuple({"measure": one} if isinstance(one, str) else one for one in several)


MEASURE = "^[a-z][a-z0-9_]*$"
_SHARE = {"type": "string", "description": units.SHARE.allowed, "examples": ["5 %"]}
Precision = Annotated[float, BeforeValidator(_above_zero), WithJsonSchema(_SHARE)]
"""Fraction of 1, above 0."""
CLASS = r"^[a-z][a-z0-9-]*(\.[a-z0-9-]+)?$"
MeasureName = Annotated[str, WithJsonSchema({"title": "name of a measure", "type": "string", "pattern": MEASURE})]

ClassName = Annotated[str, WithJsonSchema({"title": "class in the results", "type": "string", "pattern": CLASS})]
"""Any: which classes the results have is known once the model stands, and `sim.study.named` refuses the others."""


class PreciseMeasure(Model):
    """A measure that has to be precise; of each port as a whole unless more is said."""

    quiet: ClassVar[frozenset[str]] = frozenset({"port"})

    measure: MeasureName = required("Its name in the results, such as wait_p95.")
    port: Name | None = optional(None, "The port; not given: each of them.")
    station: Name = optional(ALL, "Lane group, kind of secondary, `toll`, `approach`; `all` for the port as a whole.")
    class_: ClassName = optional(
        ALL, "Class as the results call it, such as car.nexus or air.visitor; `all` for everybody.", alias="class"
    )


Measures = Annotated[tuple[PreciseMeasure, ...], BeforeValidator(_as_measures)]


class UntilPrecise(Model):
    """As many replications as it takes until measures are precise, in the baseline and in every variant of the run."""

    precision: Precision = required("Half-width of the 95 % interval over the mean that is to be reached.")
    of: Measures = optional("wait_mean", "Measures that have to reach it, by name or as mappings.")
    at_least: int = optional(10, "Fewest replications.", ge=2, le=MOST_REPLICATIONS)
    at_most: int = optional(400, "Most replications, precise or not.", ge=2, le=MOST_REPLICATIONS)
    look_ahead: int = optional(
        5, "Further replications through which it has to hold; so many per hundred beyond 100.", ge=0, le=100
    )

    def check(self) -> Iterator[Problem]:
        """A ceiling above the floor."""
        if self.at_most < self.at_least:
            found = f"at most {self.at_most} replications and at least {self.at_least}"
            yield Problem(found, f"at_most of {self.at_least} or more", at=("at_most",))


def _form(raw: Any) -> str:
    return "<precise>" if isinstance(raw, dict | UntilPrecise) else "<number>"


Number = Annotated[
    int,
    Field(ge=1, le=MOST_REPLICATIONS),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MOST_REPLICATIONS}),
]
Replications = Annotated[
    Annotated[Number, Tag("<number>")] | Annotated[UntilPrecise, Tag("<precise>")], Discriminator(_form)
]
"""A number, or the precision to go on to. The tags are no keys of a scenario."""


def until(precision: str, stated: Any) -> dict[str, Any]:
    """What `--precision` makes of the replications a scenario states: the same floor, ceiling and measures, if any.

    Raises UsageError where `precision` is no share above 0.
    """
    try:
        _above_zero(precision)
    except ProblemError as error:
        (problem,) = error.problems
        raise UsageError(f"--precision takes a share above 0 such as 5%; {problem.found}") from None
    return {**(stated if isinstance(stated, dict) else {}), "precision": precision}
