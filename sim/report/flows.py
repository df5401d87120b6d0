"""What a planner reads of an irregular flow in the terminal: people by what became of them, and what stays unknown."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sim.report import words
from sim.report.rundata import ALL, OfASummary

if TYPE_CHECKING:
    from rich.table import Table

ROWS: tuple[tuple[str, str], ...] = (
    ("persons", "persons who came"),
    ("persons_detected", "of whom there was an alert"),
    ("persons_intercepted", "met by a unit"),
    ("persons_undetected", "not met"),
    ("persons_waiting_end", "still waiting for a unit at the end, persons"),
    ("persons_alert_end", "an alert may still come at the end, persons"),
    ("claims_inland", "claimed inland after 14 days"),
    ("claims", "claims decided on, persons"),
    ("persons_returned", "returned"),
    ("claims_eligible", "eligible"),
    ("persons_inadmissible", "inadmissible"),
    ("persons_detained", "detained"),
    ("response_mean", "alert to unit, min"),
    ("over_standard_share", "over the standard, %"),
    ("custody_mean", "met to decision, h"),
    ("over_custody_share", "over the custody standard, %"),
    ("interviews_pending_mean", "interviews pending, persons"),
    ("places_mean", "places taken"),
    ("overflow_nights", "overflow nights"),
    ("board_pending_end", "at the board at the end, persons"),
    ("board_wait_mean", "wait for the board, days"),
    ("board_inventory_wait_mean", "inventory / capacity, days"),
    ("cold_exposed", "persons exposed to cold"),
    ("cost_per_claimant", "cost per claimant, $"),
)
"""Measures and what they are called."""


_ALL = 0.995
"""A share that is written as 100 %."""


def is_flow(run: OfASummary, facility: str) -> bool:
    """True for the results of an irregular flow."""
    return _has(run, facility, "persons")


def decides(run: OfASummary, facility: str) -> bool:
    """True for an irregular flow with a decision: not for those who stayed."""
    return is_flow(run, facility) and _has(run, facility, "claims")


def _has(run: OfASummary, facility: str, measure: str) -> bool:
    return any(run.estimate((variant, facility, ALL, ALL), measure) is not None for variant in run.variants)


def flow_table(table: Table, run: OfASummary, facility: str, variant: str) -> Table:
    """Fill a table of three columns: what, its mean with interval, 8 replications in 10.

    What is 0 is left out, but for shares: one over a standard is there where the standard is.
    """
    for measure, name in ROWS:
        row = run.estimate((variant, facility, ALL, ALL), measure)
        if row is not None and math.isfinite(row.mean) and (row.mean != 0.0 or row.unit == "share"):
            places = 0 if row.mean >= 100.0 or row.unit == "share" else 1
            ends = (words.number(words.scale(row.unit) * end, places) for end in (row.day_p10, row.day_p90))
            name = named(run, facility, measure, name)
            table.add_row(name, words.with_interval(row.mean, row.low, row.high, row.unit), " to ".join(ends))
    return table


def named(run: OfASummary, facility: str, measure: str, name: str) -> str:
    """What a row is called: who stayed did not come, and the wait in a sector is that for a unit to be sent."""
    if measure == "persons" and not decides(run, facility):
        return "persons who stayed away"
    return f"wait{until_sent(run, facility)} {name}" if measure == "over_standard_share" else name


def until_sent(run: OfASummary, facility: str) -> str:
    """How the wait of a sector ends, the way of the unit left out; nothing where it is that for an officer."""
    return " until a unit is sent" if _has(run, facility, "persons_detected") else ""


def unknown_sentence(run: OfASummary, facility: str, variant: str) -> str:
    """What the data cannot tell apart; empty where all groups are detected, or too few came to say."""
    scope = (variant, facility, ALL, ALL)
    share, came = run.estimate(scope, "detected_share"), run.estimate(scope, "persons")
    if share is None or came is None or not math.isfinite(share.day_p10) or share.day_p10 >= _ALL:
        return ""
    detected = _between(100.0 * share.day_p10, 100.0 * share.day_p90)
    return (
        "Not identified: how many truly came, and how many of them are detected. What is seen tells the product alone; "
        f"with {detected} % of the groups detected, {_between(came.day_p10, came.day_p90)} persons came "
        "(8 replications in 10)."
    )


def _between(low: float, high: float) -> str:
    """Two whole numbers, or one where they are the same."""
    return " to ".join(dict.fromkeys(words.number(value, 0) for value in (low, high)))
