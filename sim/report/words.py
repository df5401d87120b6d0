"""How numbers, classes and measures read in tables, sentences and figures."""

from __future__ import annotations

import math
from collections.abc import Collection

from sim.report.rundata import ALL

MEASURES = {
    "wait_mean": "mean wait",
    "wait_p95": "95th percentile wait",
    "queue_mean": "mean queue",
    "utilisation": "utilisation",
    "over_standard_share": "share over the standard",
    "over_standard_mean": "time over the standard",
    "throughput": "throughput",
    "open_booths": "open booths",
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
_UNITS = {"min": "min", "parties": "parties", "share": "%", "h": "h", "m": "m"}

BLANK = "-"
"""Stands where there is no number: no party came, or nothing was measured."""


def class_words(class_name: str, among: Collection[str] = ()) -> str:
    """A class in plural words: `car.nexus` is "NEXUS cars".

    `car` is "general cars" when a programme of the mode is in `among`, else "cars". Unknown names stay as they are.
    """
    if class_name == ALL:
        return "all parties"
    mode, _, programme = class_name.partition(".")
    if mode not in _MODES or (programme and programme not in _PROGRAMMES):
        return class_name
    if programme:
        return f"{_PROGRAMMES[programme]} {_MODES[mode]}"
    mixed = any(other.startswith(f"{mode}.") for other in among)
    return f"general {_MODES[mode]}" if mixed else _MODES[mode]


def measure_words(measure: str) -> str:
    """A measure in words; an unlisted one with its underscores as spaces."""
    return MEASURES.get(measure, measure.replace("_", " "))


def unit_words(unit: str, *, difference: bool = False) -> str:
    """A unit of the result files in words; a difference of shares is in percentage points."""
    if difference and unit == "share":
        return "points"
    return _UNITS.get(unit, unit)


def scale(unit: str) -> float:
    """Factor from the files' numbers to the printed ones: shares are printed in per cent."""
    return 100.0 if unit == "share" else 1.0


def decimals(value: float, half_width: float = math.nan) -> int:
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


def plus_minus(value: float, half_width: float) -> str:
    """`18.3 ± 1.2`, `0.3 ± <0.1`; the value alone when there is no interval."""
    places = decimals(value)
    if not math.isfinite(value) or not math.isfinite(half_width):
        return number(value, places)
    smallest = 10.0**-places
    width = f"<{smallest:g}" if 0.0 < half_width < smallest / 2.0 else number(half_width, places)
    return f"{number(value, places)} ± {width}"


def signed(value: float, places: int) -> str:
    """A difference with its sign: `+1.2`, `-1.2`, `0.0`."""
    text = number(value, places)
    if not math.isfinite(value) or text.startswith("-") or not text.strip("0.,"):
        return text
    return f"+{text}"


def counted(count: int, noun: str) -> str:
    """`1 replication`, `30 replications`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
