"""How numbers, classes and measures read in tables, sentences and figures."""

from __future__ import annotations

import math
from collections.abc import Collection

from sim.report.rundata import ALL
from sim.scenario.vocabulary import HALL_MODES

MEASURES = {
    "wait_mean": "mean wait",
    "wait_p95": "95th percentile wait",
    "queue_mean": "mean queue",
    "utilisation": "utilisation",
    "over_standard_share": "share over the standard",
    "wait_total_mean": "mean wait in sum",
    "wait_total_p95": "95th percentile wait in sum",
    "door_to_airside_mean": "mean time from door to airside",
    "missed_share": "share who miss their departure",
    "arrive_before_p95": "time to come before departure (95 %)",
    "arrive_before_p99": "time to come before departure (99 %)",
    "journey_wait_mean": "mean wait at both ends",
    "journey_cost_per_passenger": "cost of both ends per passenger",
}
_MODES = {
    "car": "cars",
    "truck": "trucks",
    "bus": "buses",
    "pedestrian": "pedestrians",
    "air": "air travellers",
    "rail": "rail travellers",
    "ferry": "ferry travellers",
    "cruise": "cruise travellers",
    "irregular": "irregular groups",
}
_PROGRAMMES = {"nexus": "NEXUS", "fast": "FAST", "ready": "Ready Lane"}

LONGEST_DAY = 25 * 60.0
"""Minutes; a replication that is longer is not called a day."""
BLANK = "-"
"""Stands where there is no number: no party came, or nothing was measured."""


def class_words(class_name: str, among: Collection[str] = ()) -> str:
    """A class in plural words: `car.nexus` is "NEXUS cars".

    `car` is "general cars" when a programme of the mode is in `among`, else "cars". A class of a hall, which has names
    of its own, is its name: `air.visitor` is "visitor". Unknown names stay as they are.
    """
    if class_name == ALL:
        return "all parties"
    mode, _, programme = class_name.partition(".")
    if mode in HALL_MODES and programme:
        return _PROGRAMMES.get(programme, programme)
    if mode not in _MODES or (programme and programme not in _PROGRAMMES):
        return class_name
    if programme:
        return f"{_PROGRAMMES[programme]} {_MODES[mode]}"
    mixed = any(other.startswith(f"{mode}.") for other in among)
    return f"general {_MODES[mode]}" if mixed else _MODES[mode]


def station_words(station: str, kind: str) -> str:
    """Name of a station; a secondary inspection (its kind) that is not called so says what it is."""
    return f"{station} (secondary)" if kind == "secondary" and "secondary" not in station else station


def eight_in_ten(horizon: float) -> str:
    """What the middle 80 % of the replications are called, of a horizon in minutes."""
    return f"8 {day_word(horizon)}s in 10"


def day_word(horizon: float) -> str:
    """What a replication is called: a day, or where it is longer than one a replication."""
    return "day" if horizon <= LONGEST_DAY else "replication"


def measure_words(measure: str) -> str:
    """A measure in words; an unlisted one with its underscores as spaces."""
    return MEASURES.get(measure, measure.replace("_", " "))


def scale(unit: str) -> float:
    """Factor from the files' numbers to the printed ones: shares are printed in per cent."""
    return 100.0 if unit == "share" else 1.0


def decimals(value: float, half_width: float) -> int:
    """Decimals worth printing: one as a rule, two when the interval is finer than 0.1, none for thousands."""
    if abs(value) >= 1000.0:
        return 0
    return 2 if 0.0 < half_width < 0.1 else 1


def number(value: float, places: int = 1) -> str:
    """A number with thousands separated, `-` when it is not finite, never `-0`."""
    if not math.isfinite(value):
        return BLANK
    text = f"{value:,.{places}f}"
    return text.lstrip("-") if float(text.replace(",", "")) == 0.0 else text


def with_interval(value: float, low: float, high: float, unit: str = "") -> str:
    """`18.3 (17.4 to 19.9)`, a share in whole per cent; the value alone when there is no interval or it prints alike.

    The bounds are spelt out because intervals of skewed measures do not lie evenly about the mean. They are cut at what
    the measure can be (0, and 100 % for a share), which takes nothing from their coverage.
    """
    low, high = max(low, 0.0), min(high, 1.0 if unit == "share" else math.inf)
    value, low, high = (scale(unit) * each for each in (value, low, high))
    places = 0 if unit == "share" or max(abs(value), abs(high)) >= 100.0 else 1
    text, below, above = (number(each, places) for each in (value, low, high))
    if not (math.isfinite(low) and math.isfinite(high)) or text == below == above:
        return text
    return f"{text} ({below} to {above})"


def signed(value: float, places: int) -> str:
    """A difference with its sign: `+1.2`, `-1.2`, `0.0`."""
    text = number(value, places)
    if not math.isfinite(value) or text.startswith("-") or not text.strip("0.,"):
        return text
    return f"+{text}"


def cut_difference(value: float, unit: str) -> float:
    """A bound of a difference; of shares no more than 100 points either way, the most there can be."""
    return max(-1.0, min(1.0, value)) if unit == "share" else value


def counted(count: int, noun: str) -> str:
    """`1 replication`, `30 replications`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


_UNITS = {"min": "minutes", "share": "per cent", "count": "number", "m": "metres", "booth-h": "booth-hours"}


def thing(measure: str, unit: str) -> str:
    """The unit as it stands after a number: of a count what is counted, or nothing where its name says so."""
    if unit != "count":
        return unit
    if measure == "persons" or measure.startswith(("persons_", "groups_", "passengers", "departures", "claims")):
        return ""
    return "persons" if measure.startswith(("exception_", "cold_exposed")) else ""


def unit_words(unit: str) -> str:
    """A unit as an axis says it: `min` is "minutes"; shares are drawn in per cent."""
    return _UNITS.get(unit, unit)
