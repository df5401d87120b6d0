"""Peace Arch southbound, hours of 2013 to 2016: the scenario, what is fitted, and how it is scored.

No volumes are published, so that the demand is fitted with the capacity, and the model knows neither years nor dates:
one year stands for the four, and a replication of it holds some four days of every weekday and month.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.registry import tables

from .case import HOUR, Case, periods
from .data import with_calendar
from .detector import SOUTHBOUND, FloatArray
from .fit import Fitted, Values, fit
from .scores import HIGH, LOW, Score, apart, profile, score, share_inside, tail
from .workers import Workers

START, DAYS, SEED, LANE = pd.Timestamp("2014-01-01"), 365, 49, "general"
CELL, DAY_CELL, WEEK_HOUR = ["weekday", "hour", "month"], ["weekday", "month"], ["weekday", "hour"]
WEEKDAYS = tables.weekday("car")
"""Travellers by land into Canada over the mean day, Monday first: `car` of the registry (CBSA, 2018 and 2019)."""
MONTHS = tables.season("us-3004-car")
"""Cars over the mean day, January first: `us-3004-car` of the registry (BTS, Blaine, 2024)."""
HOURS_OF_A_DAY = 20
"""Published hours from which a day has a mean."""
BUSY = range(10, 14)
"""Hours at which the tail is looked at."""

DEMAND_GRID: dict[str, Sequence[float]] = {
    "per_day": (2000, 2250, 2500, 2750, 3000, 3500),
    "season": (0.0, 0.5, 1.0),
    "weekday": (0.0, 0.5, 0.75, 1.0),
    "peak": (11.5, 12.0, 12.5, 13.0),
    "sharpness": (0.5, 0.75, 1.0, 1.5),
    "cv": (8, 16, 25, 30),
}
"""`season` and `weekday` are shares of the published factors that hold: the rest is as if staffing followed it."""
DEMAND_START = {"per_day": 2500, "season": 1.0, "weekday": 1.0, "peak": 12.0, "sharpness": 1.0, "cv": 16}
CONTROL_GRID = DEMAND_GRID | {"open_above": (10, 15, 20, 25), "lead": (20, 30, 40), "base": (2, 3)}
CONTROL_STARTS = (DEMAND_START | {"open_above": 15, "lead": 30, "base": 2},)
CALENDAR_GRID = DEMAND_GRID | {
    "day": (3, 4, 5, 6),
    "opens": (8, 9, 10, 11),
    "closes": (18, 20, 22),
    "night": (1, 2),
}
CALENDAR_STARTS = (
    DEMAND_START | {"day": 4, "opens": 9, "closes": 20, "night": 2},
    DEMAND_START | {"day": 3, "opens": 11, "closes": 20, "night": 2, "season": 0.0, "weekday": 0.5},
)
"""Two: a fit by the clock stops early on the steep side of overload."""

SCENARIO = """\
format: 1
name: Peace Arch southbound, a year of general cars
start: {start:%Y-%m-%d %H:%M}
horizon: {days} d
replications: 1
seed: {seed}
bin: none
ports:
  peace-arch:
    direction: southbound
    zone: America/Vancouver
    traffic:
      # Fitted: per_day, the hour and sharpness of the profile, and how much of the weekday factors holds.
      car: {{per_day: {per_day}, average: yes, season: {season}, weekday: {weekday}, profile: {profile}}}
    day_to_day: {{cv: {cv} %}}
    lanes:
      general:
        serves: [car]
        booths: 8
        open: {open}
        # 45 to 60 s: CBP for Blaine, 2008. With moving up about 60 s a car.
        service: {{erlang: {{mean: 52.5 s, shape: 3}}, move_up: 7 s}}
{control}"""
CONTROL = """\
        control: {{every: 10 min, open_above: {above} min, close_below: {below} min, lead: {lead} min}}
"""


def control_case(values: Values) -> Case:
    """Booths opened by the wait that is seen."""
    above = values["open_above"]
    control = CONTROL.format(above=above, below=f"{above / 3:.2f}", lead=values["lead"])
    return _case(values, f'{{"00:00": {values["base"]}}}', control)


def calendar_case(values: Values) -> Case:
    """Booths opened by the clock."""
    night, day = values["night"], values["day"]
    table = f'{{"00:00": {night}, "{values["opens"]:02}:00": {day}, "{values["closes"]:02}:00": {night}}}'
    return _case(values, table, "")


def _case(values: Values, table: str, control: str) -> Case:
    text = SCENARIO.format(
        start=START,
        days=DAYS,
        seed=SEED,
        per_day=values["per_day"],
        season=_shrunk(MONTHS, values["season"]),
        weekday=_shrunk(WEEKDAYS, values["weekday"]),
        profile=_bell(values["peak"], values["sharpness"]),
        cv=values["cv"],
        open=table,
        control=control,
    )
    return Case(text, SOUTHBOUND, (LANE,), HOUR)


def _shrunk(factors: Sequence[float], share: float) -> list[float]:
    """Factors with only a share of their distance from 1."""
    return [round(1.0 + share * (factor - 1.0), 4) for factor in factors]


def _bell(peak: float, sharpness: float) -> str:
    """Hourly weights that go as exp(sharpness x cosine of the hour from the peak), 1 at it."""
    turn = 2.0 * math.pi / 24.0
    weights = [math.exp(sharpness * (math.cos(turn * (hour + 0.5 - peak)) - 1.0)) for hour in range(24)]
    return "{" + ", ".join(f'"{hour:02}:00": {weight:.4f}' for hour, weight in enumerate(weights)) + "}"


MAKE: dict[str, Callable[[Values], Case]] = {"control": control_case, "calendar": calendar_case}
GRIDS = {"control": (CONTROL_GRID, CONTROL_STARTS), "calendar": (CALENDAR_GRID, CALENDAR_STARTS)}


@dataclass(frozen=True)
class Scored:
    """One way of forecasting the hours, on the weeks scored."""

    score: Score
    mean_apart: float
    """Mean absolute difference of the weekday x hour means, minutes."""
    p90_apart: float
    hours_inside: float
    """Share of hours inside the 90 % band of their weekday, hour and month."""
    tail: float
    """P95 over median of the hours from 10:00 to 14:00."""


@dataclass(frozen=True)
class Southbound:
    """Everything the page and the figures need."""

    fits: dict[str, Fitted]
    scored: dict[str, Scored]
    """`yardstick`, `control`, `calendar`."""
    published_tail: float
    hours: dict[str, pd.DataFrame]
    """Hours with their `delay`: `published` (even weeks), `control`, `calendar`."""


def simulated(found: Sequence[Mapping[str, FloatArray]]) -> pd.DataFrame:
    """Hours of all replications one below the other: `time`, `replication`, `delay` and the calendar's columns."""
    hours = with_calendar(periods(START, DAYS * 86400.0, HOUR))
    parts = [hours.assign(replication=index, delay=each[LANE]) for index, each in enumerate(found)]
    return pd.concat(parts, ignore_index=True)


def loss(published: pd.DataFrame, hours: pd.DataFrame) -> float:
    """What is fitted: means and P90s of the weekday x hour profile, both by their mean absolute difference."""
    return sum(apart(profile(published, WEEK_HOUR), profile(hours, WEEK_HOUR)))


def days_of(hours: pd.DataFrame) -> pd.DataFrame:
    """Mean delay of each day that has enough hours."""
    keys = ["replication"] if "replication" in hours else []
    groups = hours.assign(date=hours["time"].dt.normalize()).groupby([*keys, "date"], as_index=False)
    days = groups.agg(delay=("delay", "mean"), hours=("delay", "size"))
    return with_calendar(days[days["hours"] >= HOURS_OF_A_DAY].rename(columns={"date": "time"}))


def evaluate(published: pd.DataFrame, forecast: pd.DataFrame) -> Scored:
    """Score hours by the mean of their cell in `forecast`: past hours, or simulated ones."""
    cells = forecast.groupby(CELL)["delay"]
    mean = np.asarray(published.join(cells.mean().rename("mean"), on=CELL)["mean"], dtype=np.float64)
    off = apart(profile(published, WEEK_HOUR), profile(forecast, WEEK_HOUR))
    busy = forecast["hour"].isin(BUSY)
    return Scored(
        score=score(published["delay"].to_numpy(), mean, _inside(days_of(published), days_of(forecast), DAY_CELL)),
        mean_apart=off[0],
        p90_apart=off[1],
        hours_inside=_inside(published, forecast, CELL),
        tail=tail(forecast.loc[busy, "delay"].to_numpy()),
    )


def _inside(published: pd.DataFrame, forecast: pd.DataFrame, by: list[str]) -> float:
    groups = forecast.groupby(by)["delay"]
    band = published.join(groups.quantile(LOW).rename("low"), on=by).join(groups.quantile(HIGH).rename("high"), on=by)
    return share_inside(band["delay"].to_numpy(), band["low"].to_numpy(), band["high"].to_numpy())


def run(published: pd.DataFrame, workers: Workers, replications: int, sweeps: int) -> Southbound:
    """Fit on the odd weeks, score the even ones."""
    odd, even = published[published["odd"]], published[~published["odd"]]
    fits: dict[str, Fitted] = {}
    hours = {"published": even}
    for name, make in MAKE.items():

        def losses(settings: Sequence[Values], make: Callable[[Values], Case] = make) -> list[float]:
            return [loss(odd, simulated(found)) for found in workers.simulate([make(each) for each in settings], 1)]

        fits[name] = fit(*GRIDS[name], losses, sweeps)
        hours[name] = simulated(workers.simulate([make(fits[name].values)], replications)[0])
    forecasts = {"yardstick": odd, "control": hours["control"], "calendar": hours["calendar"]}
    busy = even["hour"].isin(BUSY)
    return Southbound(
        fits=fits,
        scored={name: evaluate(even, forecast) for name, forecast in forecasts.items()},
        published_tail=tail(even.loc[busy, "delay"].to_numpy()),
        hours=hours,
    )
