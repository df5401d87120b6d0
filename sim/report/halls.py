"""What a planner reads of a preclearance hall or its far side in the terminal, and the measures of its waits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sim.report import words
from sim.report.rundata import ALL, OfASummary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from sim.report.rundata import Estimate
    from sim.scenario.preclearance import Hall

MISSED, COME_95, COME_99, MOST_INSIDE = "missed_share", "arrive_before_p95", "arrive_before_p99", "hall_max"
ROWS: tuple[tuple[str, str], ...] = (
    ("arrivals", "parties who came"),
    ("passengers", "passengers (persons) who came"),
    ("passengers_refused", "of whom refused, persons"),
    ("passengers_missed", "missed departures, persons"),
    (MISSED, "missed departures, % of persons"),
    (COME_95, "come before departure, 95 %, min"),
    (COME_99, "come before departure, 99 %, min"),
    ("door_to_airside_mean", "door to airside, mean, min"),
    (MOST_INSIDE, "most people in the hall"),
    ("officer_hours", "officer-hours"),
    ("cost", "cost, $"),
    ("cost_per_passenger", "cost per passenger, $"),
    ("journey_wait_mean", "both ends: mean wait, min"),
    ("journey_officer_hours", "both ends: officer-hours"),
    ("journey_cost", "both ends: cost, $"),
    ("journey_cost_per_passenger", "both ends: cost per passenger, $"),
)
"""Measures and what they are called."""
_BOTH_COST = "journey_cost_per_passenger"
_WITHOUT_NOUGHT = ("passengers_refused", "cost", "cost_per_passenger", "journey_cost", _BOTH_COST)
"""Left out where they are 0: nobody was refused, or no cost is stated."""


def is_hall(run: OfASummary, facility: str) -> bool:
    """True for the results of a preclearance hall or of a far side."""
    return any(run.estimate((variant, facility, ALL, ALL), "wait_total_mean") is not None for variant in run.variants)


def waits_of(run: OfASummary, facility: str) -> tuple[str, str]:
    """The measures of the mean wait and of its 95th percentile.

    Of a hall those of all its stations together: the wait for an officer alone is known only of who comes to one, and
    under another clearance nobody may.
    """
    return ("wait_total_mean", "wait_total_p95") if is_hall(run, facility) else ("wait_mean", "wait_p95")


def hall_table(table: Table, run: OfASummary, facility: str, variant: str) -> Table:
    """Fill a table of three columns: what, its mean with interval, 8 replications in 10."""
    boards = run.estimate((variant, facility, ALL, ALL), MISSED) is not None
    for measure, name in ROWS:
        row = run.estimate((variant, facility, ALL, ALL), measure)
        if row is None or not math.isfinite(row.mean) or (measure in _WITHOUT_NOUGHT and row.mean == 0.0):
            continue
        if measure == MOST_INSIDE and (hall := _hall(run, facility, variant)) is not None:
            name += f" (room for {hall.capacity:,g})"
        if not boards and measure == "door_to_airside_mean":
            name = "door to way out, mean, min"
        table.add_row(name, _mean(measure, row), _days(run, row))
    return table


def come_sentence(run: OfASummary, facility: str, variant: str) -> Iterator[str]:
    """How long before departure a passenger should come; nothing where nobody boards."""
    scope = (variant, facility, ALL, ALL)
    often, nearly_always = run.estimate(scope, COME_95), run.estimate(scope, COME_99)
    if often is None or nearly_always is None or not (math.isfinite(often.mean) and math.isfinite(nearly_always.mean)):
        return
    first, second = (words.with_interval(row.mean, row.low, row.high) for row in (often, nearly_always))
    yield f"Come {first} min before departure for a chance of 95 % to board, {second} min for 99 %."


def cost_sentence(run: OfASummary, facility: str, variant: str) -> Iterator[str]:
    """Officers' hours and what a passenger costs, of both ends where there are two; nothing where none is stated."""
    scope = (variant, facility, ALL, ALL)
    ends = (("", "officer_hours", "cost_per_passenger"), ("At both ends ", "journey_officer_hours", _BOTH_COST))
    for where, hours, cost in ends:
        worked, paid = run.estimate(scope, hours), run.estimate(scope, cost)
        if worked is None or not math.isfinite(worked.mean):
            continue
        said = f"{where}officers work {words.with_interval(worked.mean, worked.low, worked.high)} h"
        if paid is not None and paid.mean > 0.0:
            said += f"; a passenger costs $ {words.with_interval(paid.mean, paid.low, paid.high)}"
        yield f"{said[0].upper()}{said[1:]}."


def _mean(measure: str, row: Estimate) -> str:
    """The mean with its interval; small shares of missed departures are planned for, so they have decimals."""
    if measure != MISSED:
        return words.with_interval(row.mean, row.low, row.high, row.unit)
    return words.with_interval(100.0 * row.mean, 100.0 * row.low, min(100.0 * row.high, 100.0))


def _days(run: OfASummary, row: Estimate) -> str:
    if run.replications < 2:
        return words.BLANK
    factor = words.scale(row.unit)
    ends = (factor * row.day_p10, factor * row.day_p90)
    places = 0 if max(map(abs, ends)) >= 100.0 else 1
    return " to ".join(dict.fromkeys(words.number(end, places) for end in ends))


def _hall(run: OfASummary, facility: str, variant: str) -> Hall | None:
    """The room in the hall under a variant; None where none is stated, or the scenario of the run is not kept."""
    scenario = run.scenario_of(variant)
    for name, place in scenario.preclearance.items() if scenario is not None else ():
        if name == facility:
            return place.hall
        if place.far_side is not None and place.far_side.name == facility:
            return place.far_side.hall
    return None
