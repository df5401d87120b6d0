"""The model of a controller: booths that open and close by what is seen in the lines."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, WithJsonSchema

from sim.scenario.fields import Duration, Model, OpenTable, PositiveDuration, optional, required
from sim.scenario.problems import Problem, ProblemError, in_words
from sim.scenario.units import duration
from sim.scenario.weektable import WeekTable


class Threshold(tuple[float, bool]):
    """What is compared with a reading: seconds waited (`by_wait`), or parties waiting."""

    __slots__ = ()

    @property
    def value(self) -> float:
        """Seconds or parties."""
        return self[0]

    @property
    def by_wait(self) -> bool:
        """It is a wait."""
        return self[1]


def _threshold(raw: Any) -> Threshold:
    if isinstance(raw, Threshold):
        return raw
    if isinstance(raw, int) and not isinstance(raw, bool):
        if raw < 0:
            raise ProblemError(Problem(in_words(raw), "0 parties or more"))
        return Threshold((float(raw), False))
    if isinstance(raw, str):
        try:
            return Threshold((duration(raw), True))
        except ProblemError as error:
            more = "; or a number of parties waiting, such as 40"
            raise ProblemError(
                *(Problem(p.found, f"a wait, such as '20 min'{more}", p.mend) for p in error.problems)
            ) from None
    raise ProblemError(Problem(in_words(raw), "a wait, such as '20 min', or a number of parties waiting, such as 40"))


Seen = Annotated[
    Threshold,
    BeforeValidator(_threshold),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "description": "a duration", "examples": ["20 min"]}, {"type": "integer"}]}
    ),
]
"""A wait or a number of parties waiting."""


class Control(Model):
    """Opens a booth when the wait is long and closes one when it is short, as supervisors do (rule 7).

    The calendar `open` says how many are open at the least.
    """

    derived: ClassVar[frozenset[str]] = frozenset({"most"})

    every: PositiveDuration = required("Time between two looks at the lines.")
    open_above: Seen = required(
        "One more booth is ordered when the longest wait (or the number waiting) is above this."
    )
    close_below: Seen = required("One booth closes when it is below this.")
    lead: Duration = optional("0 min", "Time from the order until the booth opens: a whole number of looks.")
    most: OpenTable | None = optional(None, "Booths open at the most over the week; not given: all that are built.")

    @property
    def ticks(self) -> int:
        """Looks from the order until the booth opens."""
        return round(self.lead / self.every)

    def check(self) -> Iterator[Problem]:
        """Thresholds of one kind and in order; a lead that ends at a look."""
        if self.open_above.by_wait != self.close_below.by_wait:
            kinds = {True: "a wait", False: "a number"}
            found = f"open_above is {kinds[self.open_above.by_wait]}, close_below {kinds[self.close_below.by_wait]}"
            yield Problem(found, "two waits, or two numbers of parties", at=("close_below",))
        elif not self.close_below.value < self.open_above.value:
            yield Problem("close_below is not below open_above", "a smaller one, such as a third", at=("close_below",))
        if not math.isclose(self.ticks * self.every, self.lead, abs_tol=1e-9):
            yield Problem(
                f"a lead of {self.lead:g} s with a look every {self.every:g} s",
                "a whole number of ticks",
                f"write '{max(self.ticks, 1) * self.every / 60:g} min'",
                at=("lead",),
            )


def check_control(control: Control, booths: int, calendar: WeekTable, pool: str | None) -> Iterable[Problem]:
    """What a controller asks of the lane group it steers."""
    if pool is not None:
        yield Problem("control with a pool", "control at a group with booths of its own", at=("control",), on_key=True)
    elif control.most is not None and (most := max(control.most.values())) > booths:
        yield Problem(f"at most {most:g} booths open, {booths} are built", f"at most {booths}", at=("control", "most"))
