"""Monthly interceptions, fitted before each window and forecast in it, with months that are alike or independent."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sim.errors import UsageError
from sim.study.flow_data import Month, read_flows
from sim.study.flow_fit import BANDS, RHOS, FlowFit, Forecast
from sim.study.flow_study import FlowStudy, fit_flows
from tools.marked_page import table

from .page import percent

FILE = "irregular_rcmp_interceptions_monthly.csv"
PROVINCES = ("British Columbia", "Manitoba", "Quebec")
"""Those with enough figures; the others have one or two persons a month at most."""
STATED = "2022-07..2022-12"
"""Held back of 2022: fitted are 2017, 2018 and the first half of 2022."""
WINDOWS = ("2018-01..2018-06", "2018-07..2018-12", STATED, "2024-07..2024-12")
"""Half years that follow months with figures."""
AFTER_A_GAP = ("2022-01..2022-06", "2024-01..2024-06")
"""Half years after more than a year without figures, in which the rule at the border changed."""
LAST = 6
"""Months whose mean is the yardstick."""


@dataclass(frozen=True)
class Scored:
    """A figure that was held back, its forecast, and the yardstick."""

    window: str
    province: str
    forecast: Forecast
    yardstick: float
    """Mean day of the last months before the window, over the days of the month."""


@dataclass(frozen=True)
class Irregular:
    """Every forecast by the way it was made."""

    scored: dict[str, tuple[Scored, ...]]
    """By `alike` (months that resemble each other, as `fit-flow` has it) or `independent`."""


WAYS: Mapping[str, tuple[float, ...]] = {"alike": RHOS, "independent": (0.0,)}
NAMES = {"alike": "as `fit-flow` does", "independent": "months independent"}


def run(folder: Path) -> Irregular:
    """Fit and forecast every window both ways.

    Raises:
        UsageError: the file is missing.
    """
    path = folder / FILE
    if not path.exists():
        raise UsageError(f"{path} is missing")
    scored = {}
    for way, rhos in WAYS.items():
        scored[way] = tuple(each for window in (*WINDOWS, *AFTER_A_GAP) for each in _window(path, window, rhos))
    return Irregular(scored)


def _window(path: Path, window: str, rhos: tuple[float, ...]) -> Iterator[Scored]:
    here = [name for name in PROVINCES if _has_figures(path, name, window)]
    study: FlowStudy = fit_flows(path, here, held=window, rhos=rhos)
    for fit in study.fits:
        usual = _last_mean(fit)
        for one in fit.held_back:
            yield Scored(window, fit.province, one, usual * one.month.days)


def _has_figures(path: Path, province: str, window: str) -> bool:
    first, last = window.split("..")
    return any(first <= str(month) <= last for month in read_flows(path)[province].counts)


def _last_mean(fit: FlowFit) -> float:
    """Persons on the mean day of the last months fitted."""
    months: list[Month] = list(fit.series.counts)[-LAST:]
    return sum(fit.series.counts[month] for month in months) / sum(month.days for month in months)


# --- tables ----------------------------------------------------------------------------------------------------


def blocks(irregular: Irregular) -> dict[str, str]:
    """Each table of the page by its name."""
    return {"irregular-bands": bands(irregular), "irregular-2022": stated(irregular)}


def bands(irregular: Irregular) -> str:
    """Share of figures inside each band by window, upper over lower end of the band, and how far the median is off."""
    inside = (f"inside {percent(band)}" for band in BANDS)
    head = ("", "figures", *inside, "80 % band", "median off by", "last six off by")
    rows = []
    for window in WINDOWS:
        rows.append(_row(window.replace("..", " to "), [s for s in irregular.scored["alike"] if s.window == window]))
    for way, name in NAMES.items():
        rows.append(_row(f"all four, {name}", [s for s in irregular.scored[way] if s.window in WINDOWS]))
    for way, name in NAMES.items():
        rows.append(_row(f"after a gap, {name}", [s for s in irregular.scored[way] if s.window in AFTER_A_GAP]))
    return table(head, rows)


def _row(name: str, scored: list[Scored]) -> tuple[str, ...]:
    shares = (sum(each.forecast.inside(band) for each in scored) / len(scored) for band in BANDS)
    off = _factor((each.forecast.median, each.forecast.observed) for each in scored)
    usual = _factor((each.yardstick, each.forecast.observed) for each in scored)
    ends = [each.forecast.bands[0.8] for each in scored]
    wide = statistics.median((high + 0.5) / (low + 0.5) for low, high in ends)
    return (name, str(len(scored)), *map(percent, shares), f"{wide:.1f}", f"{off:.2f}", f"{usual:.2f}")


def _factor(pairs: Iterator[tuple[float, float]]) -> float:
    """Median factor between forecast and figure, either way; half a person is added to both for the sake of zeros."""
    return math.exp(statistics.median(abs(math.log((said + 0.5) / (found + 0.5))) for said, found in pairs))


def stated(irregular: Irregular) -> str:
    """The months of the second half of 2022, one by one."""
    head = ("", "month", "found", "median", *(percent(band) for band in BANDS))
    rows = []
    for each in irregular.scored["alike"]:
        if each.window == STATED:
            one = each.forecast
            cells = (
                f"{low:,.0f} to {high:,.0f}{'' if one.inside(b) else ' *'}" for b, (low, high) in one.bands.items()
            )
            rows.append((each.province, str(one.month), f"{one.observed:,}", f"{one.median:,.0f}", *cells))
    return table(head, rows)
