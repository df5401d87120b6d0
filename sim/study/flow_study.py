"""A file of monthly interceptions fitted, province by province: what `bordersim fit-flow` does before it prints."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sim.errors import UsageError
from sim.scenario.drivers import Driver
from sim.scenario.problems import ProblemError
from sim.study.flow_breaks import known_drivers, search
from sim.study.flow_data import FlowSeries, Month, OfAProvince, chosen, month_of, read_flows
from sim.study.flow_fit import LEAST_MONTHS, LEAST_PERSONS, LEVEL, RHOS, Estimate, FlowFit, Task, fit, shared_season

Breaks = Literal["known", "find", "none"]


@dataclass(frozen=True)
class TooFew(OfAProvince):
    """A province with too few figures to be fitted: its rate alone, as if it never changed."""

    series: FlowSeries
    rate: Estimate
    """Persons a day, with the exact interval of a Poisson count (Garwood, Biometrika 28 (1936) 437)."""

    @property
    def why(self) -> str:
        """What there is, and what is needed."""
        months, persons = len(self.series.counts), self.series.total
        had = f"{persons} person{'s' if persons != 1 else ''} in {months} month{'s' if months != 1 else ''}"
        return f"{had}; a fit needs {LEAST_PERSONS} in {LEAST_MONTHS}"


@dataclass(frozen=True)
class FlowStudy:
    """Every province of a file."""

    file: str
    fits: tuple[FlowFit, ...]
    too_few: tuple[TooFew, ...]

    @property
    def next_month(self) -> Month:
        """The month after the last that was fitted."""
        return max(month for each in self.fits for month in each.series.counts).plus(1)


def hold_back(text: str, series: Iterable[FlowSeries]) -> tuple[Month, Month | None]:
    """First and last month to hold back: `6` for the last six with a figure, `2022-07`, or `2022-07..2022-12`.

    No last month: to the end. Raises UsageError.
    """
    months = sorted({month for each in series for month in each.counts})
    if re.fullmatch(r"[0-9]{1,4}", text.strip()):
        count = int(text)
        if not 1 <= count < len(months):
            raise UsageError(f"--hold-back takes 1 to {len(months) - 1} of the {len(months)} months, found {count}")
        return months[-count], None
    first, dots, last = text.partition("..")
    try:
        ends = month_of(first), month_of(last) if dots else None
    except ProblemError:
        said = "a number of months, or months such as 2022-07 or 2022-07..2022-12"
        raise UsageError(f"--hold-back takes {said}, found {text}") from None
    if ends[1] is not None and ends[1] < ends[0]:
        raise UsageError(f"--hold-back {text} ends before it begins")
    if not any(ends[0] <= month and (ends[1] is None or month <= ends[1]) for month in months):
        raise UsageError(f"--hold-back {text} holds no month with a figure; they go from {months[0]} to {months[-1]}")
    return ends


def split(series: FlowSeries, held: tuple[Month, Month | None] | None) -> Task:
    """What is fitted and what is held back; what comes after it is left out, as a forecast cannot know it."""
    if held is None:
        return Task(series, series.only(()))
    first, last = held
    return Task(
        series.only(month for month in series.counts if month < first),
        series.only(month for month in series.counts if month >= first and (last is None or month <= last)),
    )


def fit_flows(
    path: Path,
    provinces: Sequence[str] = (),
    *,
    held: str | None = None,
    given: Sequence[Driver] = (),
    breaks: Breaks = "known",
    complete_only: bool = False,
    rhos: Sequence[float] = RHOS,
) -> FlowStudy:
    """Read a file and fit its provinces.

    Args:
        path: the file (`sim.study.flow_data.read_flows`).
        provinces: those wanted; none: all but the rows `Total`.
        held: what is held back, as `hold_back` reads it.
        given: drivers beside those known, their factors to be estimated.
        breaks: `known` takes the dated changes of rule of the registry, `find` searches for more, `none` takes neither.
        complete_only: leave out figures that the file does not call complete.
        rhos: correlations of the level from month to month that are considered; 0 alone makes months independent.

    Raises UsageError, and ScenarioError for faults in the file.
    """
    series = tuple(chosen(read_flows(path, complete_only), provinces))
    ends = hold_back(held, series) if held is not None else None
    tasks = [split(each, ends) for each in series]
    drivers = _together(given, () if breaks == "none" else known_drivers())
    fitted = [task for task in tasks if task.enough]
    if not fitted:
        said = "; ".join(f"{each.province}: {each.why}" for each in map(_too_few, tasks))
        raise UsageError(f"no province of {path} has enough figures. {said}")
    shared = None if all(task.tells_season for task in fitted) else shared_season(fitted, drivers, rhos)
    fits = []
    for task in fitted:
        season = None if task.tells_season else shared
        found = search(task, drivers, season) if breaks == "find" else []
        fits.append(fit(task, drivers, season, found, rhos))
    return FlowStudy(str(path), tuple(fits), tuple(_too_few(task) for task in tasks if not task.enough))


def _together(given: Sequence[Driver], known: Sequence[Driver]) -> tuple[Driver, ...]:
    """The drivers given, and those known under other names."""
    names = [driver.name for driver in given]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"--break names '{twice}' twice")
    return (*given, *(driver for driver in known if driver.name not in names))


def _too_few(task: Task) -> TooFew:
    from scipy.special import gammaincinv

    persons, days = task.fitted.total, sum(month.days for month in task.fitted.counts)
    outside = (1.0 - LEVEL) / 2.0
    low = float(gammaincinv(persons, outside)) if persons else 0.0
    high = float(gammaincinv(persons + 1.0, 1.0 - outside))
    rate = [value / max(days, 1) for value in (persons, low, high)]
    return TooFew(task.fitted, Estimate(*rate))
