"""The measures there are: what each is called, its unit, and what it says (one table, in order of printing).

`sim.study.layout` decides which of them a facility, station and class has; `sim.study.measures` computes them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from sim.study.estimators import Interval

Kind = Literal["party", "time"]


@dataclass(frozen=True)
class Measure:
    """One measure of one replication."""

    name: str
    unit: str
    """As printed: `min`, `parties`, `share`, `parties/h`, `booths`, `booth-h`, `person-h`, `m` or `count`."""
    doc: str
    lower_is_better: bool | None
    """None where neither more nor less is better in itself, such as arrivals."""
    kind: Kind
    """`party`: over parties that joined in [warm_up, horizon); `time`: over the time [warm_up, horizon)."""


OUTCOME_PREFIX = "outcome_"
_UNWELCOME = ("balked", "closed", "diverted", "reneged")


def outcome_measure(outcome: str) -> Measure:
    """The measure that counts parties ending in `outcome`, such as `outcome_reneged`."""
    lower = True if outcome in _UNWELCOME else None
    doc = f"Parties that ended as {outcome.replace('_', ' ')}."
    return Measure(OUTCOME_PREFIX + outcome, "count", doc, lower, "party")


_WAIT = "wait: from the first join to the start of primary, without driving, tolls and travel on the way"
_TABLE: tuple[Measure, ...] = (
    Measure("arrivals", "count", "Parties that came, those turned away included.", None, "party"),
    Measure("wait_mean", "min", f"Mean {_WAIT}; at a station, from joining its line to its service.", True, "party"),
    Measure("wait_p50", "min", "Median wait.", True, "party"),
    Measure("wait_p90", "min", "Wait that 90 % of the parties stay below.", True, "party"),
    Measure("wait_p95", "min", "Wait that 95 % of the parties stay below.", True, "party"),
    Measure("wait_p99", "min", "Wait that 99 % of the parties stay below.", True, "party"),
    Measure("wait_max", "min", "Longest wait.", True, "party"),
    Measure("buffer_index", "share", "95th percentile less mean wait, over the mean wait.", True, "party"),
    Measure("wait_person_mean", "min", "Mean wait of a person: parties weighted by their size.", True, "party"),
    Measure("wait_left_mean", "min", "Mean wait of those who left without service.", True, "party"),
    Measure("over_standard_share", "share", "Share of the waits longer than the facility's standard.", True, "party"),
    Measure("over_standard_mean", "min", "Minutes over the standard, mean of all waits.", True, "party"),
    Measure("time_in_system_mean", "min", "Mean time from the first join to leaving, in whatever way.", True, "party"),
    Measure("time_in_system_p95", "min", "Time in system that 95 % of the parties stay below.", True, "party"),
    Measure("queue_mean", "parties", "Parties waiting, mean over time.", True, "time"),
    Measure("queue_max", "parties", "Most parties waiting at once.", True, "time"),
    Measure("queue_metres_mean", "m", "Metres of road the waiting parties take, mean over time.", True, "time"),
    Measure("queue_metres_max", "m", "Most metres of road the waiting parties took.", True, "time"),
    Measure("spillback_share", "share", "Share of the time the line had no room for another party.", True, "time"),
    Measure("recovery", "min", "Longest time from the end of an event until the queue was as before it.", True, "time"),
    Measure("blocked_hours", "booth-h", "Time finished parties were held in a booth or bay.", True, "time"),
    Measure("utilisation", "share", "Busy over open booth time and overtime; blocked is not busy.", None, "time"),
    Measure("booth_hours", "booth-h", "Booth time open by the calendar.", True, "time"),
    Measure("overtime_hours", "booth-h", "Time positions of closed booths were occupied.", True, "time"),
    Measure("throughput", "parties/h", "Parties served that left, per hour.", False, "time"),
    Measure("referrals", "count", "Parties that went to secondary inspection.", None, "party"),
    Measure("inspected_share", "share", "Share of those who reached primary that went to secondary.", None, "party"),
    Measure("person_hours_delay", "person-h", "Waits times persons, added up.", True, "party"),
    Measure("censored_share", "share", "Share of the arrivals still waiting when the run stopped.", True, "party"),
    Measure("wait_total_mean", "min", "Mean wait at all stations of a hall together.", True, "party"),
    Measure("wait_total_p95", "min", "Total wait that 95 % of the parties stay below.", True, "party"),
    Measure("door_to_airside_mean", "min", "Mean time from the door to the walk at the end.", True, "party"),
    Measure("door_to_airside_p95", "min", "Time from door to airside of 95 % of the parties.", True, "party"),
    Measure("passengers", "count", "Persons that came to a hall.", None, "party"),
    Measure("passengers_boarded", "count", "Persons who reached their departure in time.", False, "party"),
    Measure("passengers_missed", "count", "Persons who missed their departure.", True, "party"),
    Measure("passengers_refused", "count", "Persons not let through: every outcome of a secondary.", None, "party"),
    Measure("missed_share", "share", "Share of the persons who missed their departure.", True, "party"),
    Measure("late_share", "share", "Share of the persons at the gate after it closed, or never.", True, "party"),
    Measure("late_mean", "min", "Minutes after the closing of the gate, mean of the late persons.", True, "party"),
    Measure("arrive_before_p95", "min", "Time to come before departure for 95 %, others unchanged.", True, "party"),
    Measure("arrive_before_p99", "min", "Time to come before departure for 99 %, others unchanged.", True, "party"),
    Measure("departures", "count", "Departures with passengers.", None, "party"),
    Measure("departures_held", "count", "Departures held for passengers who came late.", True, "party"),
    Measure("departures_held_share", "share", "Share of the departures that were held.", True, "party"),
    Measure("held_mean", "min", "How long the held departures were held, on average.", True, "party"),
    Measure("hall_mean", "persons", "Persons in the hall, mean over time.", True, "time"),
    Measure("hall_max", "persons", "Most persons in the hall at once.", True, "time"),
    Measure("officer_hours", "officer-h", "Officers' time at open primary booths and secondary bays.", True, "time"),
    Measure("passengers_per_officer_hour", "persons/h", "Persons let through per officer-hour.", False, "time"),
    Measure("cost", "$", "Officers' hours and the facility, or all a sector spends.", True, "time"),
    Measure("cost_per_passenger", "$", "Cost per person let through.", True, "time"),
    Measure("journey_wait_mean", "min", "Mean wait here and at the far side together.", True, "party"),
    Measure("journey_wait_p95", "min", "Wait at both ends that 95 % of the parties stay below.", True, "party"),
    Measure("journey_person_hours", "person-h", "Waits at both ends times persons, added up.", True, "party"),
    Measure("passengers_arrived", "count", "Persons who travelled and were let in at the far side.", False, "party"),
    Measure("passengers_refused_there", "count", "Persons not let through at the far side.", None, "party"),
    Measure("passengers_on_the_way", "count", "Persons who left and come there after the horizon.", None, "party"),
    Measure("journey_officer_hours", "officer-h", "Officers' time at both ends.", True, "time"),
    Measure("journey_cost", "$", "Cost of both ends.", True, "time"),
    Measure("journey_cost_per_passenger", "$", "Cost of both ends per person who arrived.", True, "time"),
    Measure("persons", "count", "Persons that truly came.", None, "party"),
    Measure("groups_detected", "count", "Groups of which there was an alert.", None, "party"),
    Measure("persons_detected", "count", "Persons in them.", None, "party"),
    Measure("detected_share", "share", "Share of the groups of which there was an alert.", None, "party"),
    Measure("groups_intercepted", "count", "Groups that a unit reached.", None, "party"),
    Measure("persons_intercepted", "count", "Persons in them.", None, "party"),
    Measure("intercepted_share", "share", "Share of the groups that a unit reached.", None, "party"),
    Measure("groups_undetected", "count", "Groups without an alert, or gone before a unit came.", None, "party"),
    Measure("persons_undetected", "count", "Persons in them.", None, "party"),
    Measure("persons_waiting_end", "count", "Persons with an alert, not met, not gone at the end.", True, "party"),
    Measure("persons_alert_end", "count", "Persons who came so late that an alert may follow the end.", None, "party"),
    Measure("claims_inland", "count", "Persons not met who claimed inland after 14 days.", None, "party"),
    Measure("response_mean", "min", "Mean time from the alert until a unit reached the group.", True, "party"),
    Measure("response_p95", "min", "Time from alert to unit of 95 % of the groups reached.", True, "party"),
    Measure("cold_exposed", "count", "Persons outside in dangerous cold for long, expected.", True, "party"),
    Measure("custody_mean", "h", "Mean time from being met, or coming to a port, to the decision.", True, "party"),
    Measure("custody_p95", "h", "Time to the decision of 95 % of the groups.", True, "party"),
    Measure("over_custody_share", "share", "Share of the groups over the standard for that time.", True, "party"),
    Measure("claims", "count", "Persons on whose eligibility was decided.", None, "party"),
    Measure("persons_returned", "count", "Persons returned under the agreement.", None, "party"),
    Measure("persons_inadmissible", "count", "Persons found inadmissible.", None, "party"),
    Measure("persons_detained", "count", "Persons detained.", None, "party"),
    Measure("claims_eligible", "count", "Persons whose claim is eligible, by an exception or without.", None, "party"),
    Measure("exception_family", "count", "Persons eligible for a family member in Canada.", None, "party"),
    Measure("exception_minor", "count", "Persons eligible as minors alone.", None, "party"),
    Measure("exception_document", "count", "Persons eligible for a document.", None, "party"),
    Measure("exception_public_interest", "count", "Persons eligible in the public interest.", None, "party"),
    Measure("exception_other", "count", "Persons eligible by an exemption.", None, "party"),
    Measure("interviews_pending_mean", "persons", "Persons in an interview or its line, mean over time.", True, "time"),
    Measure("interviews_pending_max", "persons", "Most persons in an interview or its line.", True, "time"),
    Measure("places_mean", "persons", "Persons in places of intake, mean over time.", None, "time"),
    Measure("places_max", "persons", "Most persons in places of intake.", None, "time"),
    Measure("overflow_nights", "nights", "Persons' nights in a hotel, or waiting for a place.", True, "time"),
    Measure("board_pending_end", "persons", "Persons at the board, of this flow, at the end.", True, "party"),
    Measure("board_wait_mean", "d", "Mean wait for the board of those whose turn came.", True, "party"),
    Measure("board_inventory_wait_mean", "d", "Pending when a claim comes, over the yearly capacity.", True, "party"),
    Measure("cost_per_claimant", "$", "Cost per person on whose claim was decided.", True, "time"),
)  # fmt: skip

FLOW_MEASURES = frozenset({
    "persons", "custody_mean", "custody_p95", "claims", "persons_returned", "persons_inadmissible", "persons_detained",
    "claims_eligible", "exception_family", "exception_minor", "exception_document", "exception_public_interest",
    "exception_other", "interviews_pending_mean", "interviews_pending_max", "cost", "cost_per_claimant",
})  # fmt: skip
"""Of an irregular flow, and of the other ways to a claim."""
CROSSING_MEASURES = frozenset({
    "groups_detected", "persons_detected", "detected_share", "groups_intercepted", "persons_intercepted",
    "intercepted_share", "groups_undetected", "persons_undetected", "persons_waiting_end", "persons_alert_end",
    "claims_inland", "response_mean", "response_p95", "cold_exposed",
})  # fmt: skip
"""Of a sector, where people cross."""
INTAKE_MEASURES = frozenset({"places_mean", "places_max", "overflow_nights", "overflow_mean"})
"""Of a flow whose places are looked at."""
BOARD_MEASURES = frozenset({"board_pending_end", "board_wait_mean", "board_inventory_wait_mean"})
"""Of a flow whose claims go to the board."""
FLOW_ALONE = (INTAKE_MEASURES | BOARD_MEASURES) | {
    "interviews_pending_mean", "interviews_pending_max", "cost", "cost_per_claimant",
}  # fmt: skip
"""Of these no class has a row."""

HALL_MEASURES = frozenset({
    "wait_total_mean", "wait_total_p95", "door_to_airside_mean", "door_to_airside_p95", "passengers",
    "passengers_refused", "hall_mean", "hall_max", "officer_hours", "passengers_per_officer_hour", "cost",
    "cost_per_passenger",
})  # fmt: skip
"""Of a preclearance hall and of its far side."""
BOARDING_MEASURES = frozenset({
    "passengers_boarded", "passengers_missed", "missed_share", "late_share", "late_mean", "arrive_before_p95",
    "arrive_before_p99", "departures", "departures_held", "departures_held_share", "held_mean", "departing",
    "departing_missed",
})  # fmt: skip
"""Of a hall whose passengers board there."""
JOURNEY_MEASURES = frozenset({
    "journey_wait_mean", "journey_wait_p95", "journey_person_hours", "passengers_arrived", "passengers_refused_there",
    "passengers_on_the_way", "journey_officer_hours", "journey_cost", "journey_cost_per_passenger",
})  # fmt: skip
"""Of a hall with a far side: both ends together, each person once."""
HALL_ALONE = frozenset({
    "journey_officer_hours", "journey_cost", "journey_cost_per_passenger",
    "departures", "departures_held", "departures_held_share", "held_mean", "hall_mean", "hall_max", "officer_hours",
    "passengers_per_officer_hour", "cost", "cost_per_passenger",
})  # fmt: skip
"""Of these no class has a row."""

BIN_TABLE: tuple[Measure, ...] = (
    Measure("arrivals", "count", "Parties that came in the bin.", None, "party"),
    Measure("wait_sum", "min", "Waits of the parties that joined in the bin, added up.", True, "party"),
    Measure("wait_count", "count", "How many waits `wait_sum` adds up.", None, "party"),
    Measure("wait_p50", "min", "Median wait of the parties that joined in the bin.", True, "party"),
    Measure("wait_p90", "min", "Wait that 90 % of them stay below.", True, "party"),
    Measure("wait_p95", "min", "Wait that 95 % of them stay below.", True, "party"),
    Measure("wait_p99", "min", "Wait that 99 % of them stay below.", True, "party"),
    Measure("wait_max", "min", "Longest wait among them.", True, "party"),
    Measure("person_hours_delay", "person-h", "Their waits times persons, added up.", True, "party"),
    Measure("wait_persons", "count", "Persons in the parties of `wait_count`.", None, "party"),
    Measure("wait_left_sum", "min", "Waiting of those who joined in the bin and left without service.", True, "party"),
    Measure("wait_left_count", "count", "How many `wait_left_sum` adds up.", True, "party"),
    Measure("over_standard_count", "count", "How many of their waits are longer than the standard.", True, "party"),
    Measure("over_standard_sum", "min", "Minutes over the standard, added up.", True, "party"),
    Measure("in_system_sum", "min", "Time in system of the parties that joined in the bin, added up.", True, "party"),
    Measure("in_system_count", "count", "How many of them have left.", None, "party"),
    Measure("referrals", "count", "How many of them went to secondary.", None, "party"),
    Measure("inspected_count", "count", "How many of those who reached primary went to secondary.", None, "party"),
    Measure("censored_count", "count", "How many of them were still waiting when the run stopped.", True, "party"),
    Measure("queue_mean", "parties", "Parties waiting, mean over the bin.", True, "time"),
    Measure("queue_max", "parties", "Most parties waiting at once in the bin.", True, "time"),
    Measure("queue_metres_mean", "m", "Metres of road the waiting parties take, mean over the bin.", True, "time"),
    Measure("queue_metres_max", "m", "Most metres of road they took in the bin.", True, "time"),
    Measure("spillback_share", "share", "Share of the bin in which the line had no room for another.", True, "time"),
    Measure("utilisation", "share", "Busy over open booth time in the bin, overtime included.", None, "time"),
    Measure("open_booths", "booths", "Booths open by the calendar, mean over the bin.", None, "time"),
    Measure("overtime_hours", "booth-h", "Time booths were occupied after they had closed, in the bin.", True, "time"),
    Measure("blocked_hours", "booth-h", "Time finished parties were held in a booth or bay, in the bin.", True, "time"),
    Measure("throughput", "parties/h", "Parties served that left in the bin, per hour.", False, "time"),
    Measure("passengers", "count", "Persons that came to a hall in the bin.", None, "party"),
    Measure("passengers_missed", "count", "How many of them missed their departure.", True, "party"),
    Measure("departing", "count", "Persons whose departure left in the bin, those refused left out.", None, "party"),
    Measure("departing_missed", "count", "How many of them missed it.", True, "party"),
    Measure("door_to_airside_sum", "min", "Times from door to airside of those who joined in the bin.", True, "party"),
    Measure("door_to_airside_count", "count", "How many `door_to_airside_sum` adds up.", None, "party"),
    Measure("hall_mean", "persons", "Persons in the hall, mean over the bin.", True, "time"),
    Measure("persons", "count", "Persons that truly came in the bin.", None, "party"),
    Measure("persons_detected", "count", "How many of them there was an alert of.", None, "party"),
    Measure("persons_intercepted", "count", "How many of them a unit reached.", None, "party"),
    Measure("persons_undetected", "count", "How many of them went without alert or unit.", None, "party"),
    Measure("persons_returned", "count", "How many of them were returned.", None, "party"),
    Measure("claims_eligible", "count", "How many of them had an eligible claim.", None, "party"),
    Measure("interviews_pending_mean", "persons", "Persons in an interview or its line, mean over the bin.", True,
            "time"),
    Measure("places_mean", "persons", "Persons in places of intake, mean over the bin.", None, "time"),
    Measure("overflow_mean", "persons", "Persons in a hotel or waiting for a place, mean over the bin.", True, "time"),
)  # fmt: skip
"""What bins.parquet holds: of joining for parties (as sums, so that ratios over replications can be formed), of time
otherwise."""

START_BIN_TABLE: tuple[Measure, ...] = (
    Measure("started_wait_sum", "min", "Waits of the parties whose service began in the bin, added up.", True, "party"),
    Measure("started_count", "count", "Parties whose service began in the bin.", None, "party"),
)
"""The agencies' habit: waits by the bin in which primary began (service, at a station)."""


class Ratio(NamedTuple):
    """A measure of series.csv that is one sum over replications over another (docs/theory.md, mean by bin)."""

    measure: Measure
    above: str
    below: str
    factor: float = 1.0


RATIOS: tuple[Ratio, ...] = (
    Ratio(Measure("wait_mean", "min", "Mean wait of those who joined in the bin.", True, "party"), "wait_sum",
          "wait_count"),
    Ratio(Measure("wait_person_mean", "min", "Mean wait of a person who joined in the bin.", True, "party"),
          "person_hours_delay", "wait_persons", 60.0),
    Ratio(Measure("wait_left_mean", "min", "Mean wait of those who joined then and left without service.", True,
                  "party"), "wait_left_sum", "wait_left_count"),
    Ratio(Measure("over_standard_share", "share", "Share of waits longer than the standard.", True, "party"),
          "over_standard_count", "wait_count"),
    Ratio(Measure("over_standard_mean", "min", "Minutes over the standard, mean of all waits.", True, "party"),
          "over_standard_sum", "wait_count"),
    Ratio(Measure("time_in_system_mean", "min", "Mean time in system.", True, "party"), "in_system_sum",
          "in_system_count"),
    Ratio(Measure("inspected_share", "share", "Share of those who reached primary that went to secondary.", None,
                  "party"), "inspected_count", "wait_count"),
    Ratio(Measure("censored_share", "share", "Share still waiting when the run stopped.", True, "party"),
          "censored_count", "arrivals"),
    Ratio(Measure("missed_share", "share", "Share of the persons who missed their departure.", True, "party"),
          "passengers_missed", "passengers"),
    Ratio(Measure("door_to_airside_mean", "min", "Mean time from door to airside.", True, "party"),
          "door_to_airside_sum", "door_to_airside_count"),
)  # fmt: skip
START_RATIOS: tuple[Ratio, ...] = (
    Ratio(Measure("wait_mean_by_start", "min", "Mean wait of those whose primary began in the bin.", True, "party"),
          "started_wait_sum", "started_count"),
)  # fmt: skip
ONLY_IN_RATIOS = frozenset(name for ratio in (*RATIOS, *START_RATIOS) for name in (ratio.above, ratio.below)) - {
    "arrivals",
    "passengers",
    "passengers_missed",
    "person_hours_delay",
}
"""Binned measures that series.csv leaves out: their ratios stand there."""
BUFFER_INDEX = Measure("buffer_index", "share", "95th percentile less mean wait, over the mean wait.", True, "party")
BOOTH_HOURS = Measure("booth_hours", "booth-h", "Booth time open by the calendar, in the bin.", True, "time")
"""Of series.csv too: from the quantile and mean of each replication; from the open booths."""


def bin_table(outcomes: tuple[str, ...]) -> tuple[Measure, ...]:
    """Every measure by bin: BIN_TABLE, then the outcomes of the parties that joined in the bin."""
    return (*BIN_TABLE, *(outcome_measure(name) for name in outcomes))


def catalogue(outcomes: tuple[str, ...]) -> tuple[Measure, ...]:
    """Every measure in order of printing, `outcomes` (names) counted one by one after the arrivals."""
    return (_TABLE[0], *(outcome_measure(name) for name in outcomes), *_TABLE[1:])


def describe(name: str) -> Measure:
    """The measure called `name`, whole-run first, then by bin.

    Raises:
        KeyError: there is no such measure.
    """
    if name.startswith(OUTCOME_PREFIX):
        return outcome_measure(name.removeprefix(OUTCOME_PREFIX))
    ratios = (ratio.measure for ratio in START_RATIOS)
    for measure in (*_TABLE, *BIN_TABLE, *START_BIN_TABLE, *ratios):
        if measure.name == name:
            return measure
    raise KeyError(name)


def largest(measure: str, unit: str) -> float:
    """The most that a measure can be, in its unit: 1 of a share; the buffer index is called one and has no end."""
    return 1.0 if unit == "share" and measure != BUFFER_INDEX.name else math.inf


def within_what_can_be(interval: Interval, most: npt.ArrayLike) -> Interval:
    """The same with bounds that keep to what the measure can be: no wait is below 0, no share above 1.

    Args:
        interval: of one measure or of many.
        most: what each can be at most (`largest`), of a shape that goes with the interval's. A mean above it, which
            is rounding, stays within its bounds.
    """
    with np.errstate(invalid="ignore"):
        low, high = np.maximum(interval.low, 0.0), np.minimum(interval.high, np.maximum(interval.mean, most))
    return replace(interval, low=low, high=high)
