"""A fit of irregular flows for people: what the months tell, and what they cannot."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from sim.registry.tables import MONTHS
from sim.report.words import counted
from sim.scenario.drivers import Driver
from sim.study.flow_fit import BANDS, Estimate, FittedDriver, FlowFit, Forecast
from sim.study.flow_study import FlowStudy, TooFew

DAY = 86400.0
LEAST_SHOWN = 0.001
CLOSING = (
    "Figures count persons who were intercepted. How many came is this over the share that is\n"
    "intercepted, which months of interceptions cannot tell: only the product is known."
)


def describe(study: FlowStudy) -> str:
    """Everything in words and small tables, at most 100 characters wide."""
    parts = ["\n".join(_province(fit)) for fit in study.fits]
    parts += ["\n".join(_too_few(each)) for each in study.too_few]
    return "\n\n".join([*parts, *_inside(study), CLOSING]) + "\n"


def _province(fit: FlowFit) -> Iterator[str]:
    months = list(fit.series.counts)
    span = f"{counted(len(months), 'month')} from {months[0]} to {months[-1]}, {counted(fit.series.total, 'person')}"
    yield f"{fit.province}: {span}"
    yield f"  base      {interval(fit.base)} persons a day, before drivers"
    spread = f"{fit.spread.value:.2f} ({fit.spread.low:.2f} to {fit.spread.high:.2f})"
    memory = f"{fit.memory.value:.2f} ({fit.memory.low:.2f} to {fit.memory.high:.2f})"
    yield f"  level     moves by itself: standard deviation of its logarithm {spread},"
    yield f"            correlated from month to month {memory}"
    yield f"  season    {'its own' if fit.own_season else 'as in the other provinces, where its figures do not differ'}"
    for half in (slice(0, 6), slice(6, 12)):
        cells = (f"{name} {one.value:.2f}" for name, one in zip(MONTHS[half], fit.season[half], strict=True))
        yield f"            {'  '.join(cells)}"
    for one in fit.drivers:
        yield f"  driver    {_driver(one)}"
    for name, why in fit.untold.items():
        yield f"  not told  {name}: {why}"
    if fit.carried is not None:
        back = f"half of it is expected to be gone in {fit.carried.half_life / DAY:.0f} days"
        yield f"  at the end the level stands at {fit.carried.multiply:.2f} of its mean; {back}"
    if fit.held_back:
        yield f"  held back {'month':>8}{'found':>9}{'median':>9}" + "".join(f"{_percent(b):>17}" for b in BANDS)
        for month in fit.held_back:
            yield _forecast(month)


def _driver(one: FittedDriver) -> str:
    found = f", found (odds {_odds(one.evidence)} to 1)" if one.found else ""
    return f"{one.driver.name} ({timing(one.driver)}): times {interval(one.factor)}{found}"


def _odds(log: float) -> str:
    return f"{math.exp(log):.0f}" if log < 7.0 else "over 1000"


def timing(driver: Driver) -> str:
    """When a driver acts, and its shape."""
    text = f"from {driver.from_:%Y-%m-%d}"
    if driver.until is not None:
        text += f" until {driver.until:%Y-%m-%d}"
    if driver.over is not None:
        text += f", ramp over {driver.over / DAY:g} d"
    if driver.half_life is not None:
        text += f", pulse with half-life {driver.half_life / DAY:g} d"
    return text


def _forecast(one: Forecast) -> str:
    cells = (
        f"{one.bands[band][0]:,.0f} to {one.bands[band][1]:,.0f}{' ' if one.inside(band) else '*'}" for band in BANDS
    )
    return f"            {one.month!s:>6}{one.observed:>9,}{one.median:>9,.0f}" + "".join(
        f"{cell:>17}" for cell in cells
    )


def _too_few(each: TooFew) -> Iterator[str]:
    yield f"{each.province}: not fitted, {each.why}"
    yield f"  {interval(each.rate)} persons a day, were the rate always the same"


def _inside(study: FlowStudy) -> Iterator[str]:
    held = [month for fit in study.fits for month in fit.held_back]
    if held:
        said = ", ".join(f"{sum(m.inside(band) for m in held)} inside {_percent(band)}" for band in BANDS)
        yield f"Held back: {counted(len(held), 'figure')}, of which {said}; * is outside."


def _percent(share: float) -> str:
    return f"{100.0 * share:g} %"


def interval(one: Estimate) -> str:
    """`45.8 (18.4 to 161)`, three digits."""
    return f"{number(one.value)} ({number(one.low)} to {number(one.high)})"


def number(value: float) -> str:
    """Three digits, without an exponent."""
    if 0.0 < value < LEAST_SHOWN:
        return f"under {LEAST_SHOWN:g}"
    return f"{value:,.0f}" if value >= 100.0 else f"{value:.3g}"


# ---- JSON -----------------------------------------------------------------------------------------------------


def plain(study: FlowStudy) -> dict[str, Any]:
    """The same as plain values, for JSON."""
    return {
        "file": study.file,
        "provinces": [_plain_fit(fit) for fit in study.fits],
        "not_fitted": [{"province": e.province, "why": e.why, "per_day": _plain(e.rate)} for e in study.too_few],
    }


def _plain(one: Estimate) -> dict[str, float]:
    return {"value": one.value, "low": one.low, "high": one.high}


def _plain_fit(fit: FlowFit) -> dict[str, Any]:
    months = list(fit.series.counts)
    return {
        "province": fit.province,
        "from": str(months[0]),
        "to": str(months[-1]),
        "months": len(months),
        "persons": fit.series.total,
        "per_day": _plain(fit.base),
        "season": {name: _plain(one) for name, one in zip(MONTHS, fit.season, strict=True)},
        "own_season": fit.own_season,
        "level_sd": _plain(fit.spread),
        "level_correlation": _plain(fit.memory),
        "drivers": [_plain_driver(one) for one in fit.drivers],
        "not_told": fit.untold,
        "at_end": None
        if fit.carried is None
        else {"multiply": fit.carried.multiply, "half_life_days": fit.carried.half_life / DAY},
        "held_back": [
            {
                "month": str(one.month),
                "found": one.observed,
                "median": one.median,
                "bands": [{"share": b, "low": ends[0], "high": ends[1]} for b, ends in one.bands.items()],
            }
            for one in fit.held_back
        ],
    }


def _plain_driver(one: FittedDriver) -> dict[str, Any]:
    return {
        "name": one.driver.name,
        "shape": one.driver.shape,
        "from": f"{one.driver.from_:%Y-%m-%d}",
        "until": None if one.driver.until is None else f"{one.driver.until:%Y-%m-%d}",
        "over_days": None if one.driver.over is None else one.driver.over / DAY,
        "half_life_days": None if one.driver.half_life is None else one.driver.half_life / DAY,
        "multiply": _plain(one.factor),
        "found": one.found,
        "log_odds": one.evidence if one.found else None,
    }
