"""Peace Arch northbound, the days of 2018: the scenario, what is fitted, and how it is scored.

The volume of each day is published and given to the model. When in the day the vehicles came is not, so the shape of
the day is assumed, and daily means cannot correct it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .case import DAY, ZONE, Case
from .detector import NORTHBOUND, FloatArray
from .fit import Fitted, Values, fit
from .scores import HIGH, LOW, Score, apart, profile, score, share_inside, tail
from .workers import Workers

START, DAYS, SEED = pd.Timestamp("2018-01-01"), 365, 49
LANES = {"cars": "general", "nexus": "nexus"}
"""Published lane to lane group."""
NEXUS_OPENS = 7
"""The NEXUS lane is open from 07:00 to 24:00: CBSA, release of 8 November 2012. Lanes are counted, not vehicles: at
night NEXUS cars are among the cars."""
PEAK, SWING = 16.0, 0.85
"""Assumed shape of the day, that of scenarios/peace-arch-northbound.yaml."""
FIFTHS = 5
TABLE = "volumes.csv"

CONTROL_GRID: dict[str, Sequence[float]] = {
    "gap": (7, 10, 13, 16, 19),
    "base": (2, 3, 4),
    "open_above": (10, 15, 20, 25, 30),
    "nexus_above": (8, 10, 12, 14, 18),
    "lead": (10, 20, 30),
}
CONTROL_STARTS: tuple[Values, ...] = ({"gap": 13, "base": 3, "open_above": 15, "nexus_above": 12, "lead": 20},)
CALENDAR_GRID: dict[str, Sequence[float]] = {
    "gap": (4, 7, 10, 13, 16),
    "base": (2, 3, 4),
    "day": (3, 4, 5, 6),
    "opens": (11, 13, 15),
    "closes": (19, 21, 23),
    "nexus_opens": (9, 12, 15),
}
CALENDAR_STARTS: tuple[Values, ...] = tuple(
    {"gap": gap, "base": base, "day": day, "opens": 13, "closes": 21, "nexus_opens": 12}
    for gap, base, day in ((13, 3, 4), (7, 2, 4), (13, 2, 3), (16, 2, 4), (10, 2, 3))
)
"""Several, as a fit by the clock sticks easily; the best still ends where hardly anybody waits."""

SCENARIO = """\
format: 1
name: Peace Arch northbound, the days of 2018
start: {start:%Y-%m-%d %H:%M}
horizon: {days} d
replications: 1
seed: {seed}
bin: none
ports:
  peace-arch:
    direction: northbound
    zone: America/Vancouver
    traffic: {{car: {{counts: {table}}}}}
    approach: {{lanes: 2, split: 300 cars}}
    lanes:
      general:
        serves: [car]
        booths: 8
        open: {open}
        # 45 to 60 s: CBP for Blaine, 2008. The time between two cars is fitted: with it goes what booths lose.
        service: {{erlang: {{mean: 52.5 s, shape: 3}}, move_up: {gap} s}}
{control}      nexus:
        serves: [car.nexus]
        booths: 2
        open: {nexus_open}
        service: {{gamma: {{mean: 10 s, cv: 0.5}}, move_up: 7 s}}
{nexus_control}"""
CONTROL = (
    "        control: {{every: 10 min, open_above: {above} min, close_below: {below:.2f} min, "
    "lead: {lead} min, most: {most}}}\n"
)


def control_case(values: Values, table: str) -> Case:
    """Booths opened by the wait that is seen, over a base of two by night and `base` from 09:00."""
    v = values
    general = CONTROL.format(above=v["open_above"], below=v["open_above"] / 3, lead=v["lead"], most=8)
    most = f'{{"00:00": 0, "{NEXUS_OPENS:02}:00": 2}}'
    nexus = CONTROL.format(above=v["nexus_above"], below=v["nexus_above"] / 3, lead=v["lead"], most=most)
    opened = f'{{"00:00": 2, "09:00": {v["base"]}}}'
    return _case(v, table, opened, f'{{"00:00": 0, "{NEXUS_OPENS:02}:00": 1}}', general, nexus)


def calendar_case(values: Values, table: str) -> Case:
    """Booths opened by the clock: two by night, `base` from 09:00, `day` in between."""
    v = values
    opened = (
        f'{{"00:00": 2, "09:00": {v["base"]}, "{v["opens"]:02}:00": {v["day"]}, "{v["closes"]:02}:00": {v["base"]}}}'
    )
    nexus = f'{{"00:00": 0, "{NEXUS_OPENS:02}:00": 1, "{v["nexus_opens"]:02}:00": 2, "22:00": 1}}'
    return _case(v, table, opened, nexus, "", "")


def _case(v: Values, table: str, opened: str, nexus: str, control: str, nexus_control: str) -> Case:
    text = SCENARIO.format(
        start=START,
        days=DAYS,
        seed=SEED,
        table=TABLE,
        open=opened,
        gap=v["gap"],
        control=control,
        nexus_open=nexus,
        nexus_control=nexus_control,
    )
    return Case(text, NORTHBOUND, tuple(LANES.values()), DAY, ((TABLE, table),))


MAKE: dict[str, Callable[[Values, str], Case]] = {"control": control_case, "calendar": calendar_case}
GRIDS = {"control": (CONTROL_GRID, CONTROL_STARTS), "calendar": (CALENDAR_GRID, CALENDAR_STARTS)}


def volumes_table(days: pd.DataFrame, odd_only: bool) -> str:
    """Expected vehicles of each hour of the year, by lane: the day's volume by the assumed shape.

    Days that are missing or not sound get the mean of their weekday, so that the queue they leave is an ordinary one.
    With `odd_only` nobody comes in even weeks: what is scored stays out of the fit.
    """
    dates = pd.date_range(START, periods=DAYS)
    good = days[days["sound"]]
    usual = good[good["odd"]].groupby("weekday")[["cars", "nexus"]].mean().loc[dates.day_of_week].set_index(dates)
    volume = good.set_index("time")[["cars", "nexus"]].reindex(dates).fillna(usual)
    if odd_only:
        volume[dates.isocalendar()["week"].to_numpy(dtype=int) % 2 == 0] = 0.0
    civil = pd.date_range(START.tz_localize(ZONE), periods=DAYS * 24, freq="h").tz_localize(None)
    shape = 1.0 + SWING * np.cos(2.0 * math.pi / 24.0 * (civil.hour.to_numpy() + 0.5 - PEAK))
    counts = {}
    for lane in LANES:
        weight = np.where((lane == "nexus") & (civil.hour < NEXUS_OPENS), 0.0, shape)
        share = weight / pd.Series(weight).groupby(civil.normalize()).transform("sum").to_numpy()
        counts[lane] = share * volume[lane].reindex(civil.normalize()).to_numpy()
    rows = zip(counts["cars"], counts["nexus"], strict=True)
    return "\n".join(["time,car,car.nexus", *(f"{hour}:00,{c:.3f},{n:.3f}" for hour, (c, n) in enumerate(rows))]) + "\n"


@dataclass(frozen=True)
class Scored:
    """One way of forecasting the days of one lane, on the weeks scored."""

    score: Score
    mean_apart: float
    """Mean absolute difference of the means over fifths of the days by volume, minutes."""
    p90_apart: float
    tail: float
    """P95 over median of the days."""


@dataclass(frozen=True)
class Northbound:
    """Everything the page and the figures need."""

    fits: dict[str, Fitted]
    scored: dict[str, dict[str, dict[str, Scored]]]
    """By stretch (`rest`, `spring`), lane, and forecast (`yardstick`, `volume`, `control`, `calendar`)."""
    published_tail: dict[str, float]
    """By lane, the scored days outside spring."""
    days: pd.DataFrame
    """The sound days as published."""
    forecasts: dict[str, dict[str, FloatArray]]
    """By forecast and lane, shape (replications, days of `days`)."""
    left_out: int
    """Days screened out."""


def day_of_year(days: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Where each day stands in the simulated year."""
    return np.asarray((days["time"] - START).dt.days, dtype=np.int64)


def loss(days: pd.DataFrame, found: Mapping[str, FloatArray]) -> float:
    """What is fitted: means and P90s over fifths of the days by volume, of cars and of NEXUS."""
    total = 0.0
    for lane, group in LANES.items():
        fifths = days.assign(fifth=pd.qcut(days[lane], FIFTHS, labels=False), simulated=found[group][day_of_year(days)])
        total += sum(apart(profile(fifths, ["fifth"], f"{lane}_delay"), profile(fifths, ["fifth"], "simulated")))
    return total


def weekday_month(fitted_on: pd.DataFrame, lane: str, days: pd.DataFrame) -> FloatArray:
    """The yardstick: the mean of the weekday in the month, of the weekday where the odd weeks have none."""
    delay = f"{lane}_delay"
    cell = days.join(fitted_on.groupby(["weekday", "month"])[delay].mean().rename("cell"), on=["weekday", "month"])
    weekday = days["weekday"].map(fitted_on.groupby("weekday")[delay].mean())
    return cell["cell"].fillna(weekday).to_numpy(dtype=np.float64)


def by_volume(fitted_on: pd.DataFrame, lane: str, days: pd.DataFrame) -> FloatArray:
    """A yardstick that knows what the model knows: a parabola of the day's volume, by least squares."""
    curve = np.polynomial.Polynomial.fit(fitted_on[lane], fitted_on[f"{lane}_delay"], 2)
    return np.asarray(curve(days[lane].to_numpy()), dtype=np.float64)


def evaluate(days: pd.DataFrame, lane: str, found: FloatArray, inside: float) -> Scored:
    """Score days by the mean over replications; profile and tail from all of them. `found`: (replications, days)."""
    published = days[f"{lane}_delay"].to_numpy(dtype=np.float64)
    fifth = pd.qcut(days[lane], FIFTHS, labels=False).to_numpy()
    every = pd.DataFrame({"fifth": np.tile(fifth, len(found)), "delay": found.ravel()})
    real = pd.DataFrame({"fifth": fifth, "delay": published})
    off = apart(profile(real, ["fifth"]), profile(every, ["fifth"]))
    return Scored(score(published, found.mean(axis=0), inside), off[0], off[1], tail(found.ravel()))


def _inside(days: pd.DataFrame, lane: str, found: FloatArray) -> float:
    low, high = np.quantile(found, (LOW, HIGH), axis=0)
    return share_inside(days[f"{lane}_delay"].to_numpy(), low, high)


def _inside_weekday(fitted_on: pd.DataFrame, lane: str, days: pd.DataFrame) -> float:
    """The yardstick's band: of the weekday, as a month has two odd weeks at most."""
    groups = fitted_on.groupby("weekday")[f"{lane}_delay"]
    low, high = (days["weekday"].map(groups.quantile(end)).to_numpy() for end in (LOW, HIGH))
    return share_inside(days[f"{lane}_delay"].to_numpy(), low, high)


def _score_lane(
    fitted_on: pd.DataFrame, days: pd.DataFrame, lane: str, found: Mapping[str, FloatArray]
) -> dict[str, Scored]:
    yardsticks = {"yardstick": weekday_month, "volume": by_volume}
    result = {}
    for name, forecast in yardsticks.items():
        inside = _inside_weekday(fitted_on, lane, days) if name == "yardstick" else float("nan")
        result[name] = evaluate(days, lane, forecast(fitted_on, lane, days)[np.newaxis], inside)
    for name, simulated in found.items():
        result[name] = evaluate(days, lane, simulated, _inside(days, lane, simulated))
    return result


def run(days: pd.DataFrame, workers: Workers, replications: int, sweeps: int) -> Northbound:
    """Fit on the odd weeks outside spring, score the even ones."""
    good = days[days["sound"]].reset_index(drop=True)
    fitted_on = good[good["odd"] & ~good["spring"]]
    table, odd_table = volumes_table(days, odd_only=False), volumes_table(days, odd_only=True)
    fits: dict[str, Fitted] = {}
    forecasts: dict[str, dict[str, FloatArray]] = {}
    for name, make in MAKE.items():

        def losses(settings: Sequence[Values], make: Callable[[Values, str], Case] = make) -> list[float]:
            cases = [make(each, odd_table) for each in settings]
            return [loss(fitted_on, found[0]) for found in workers.simulate(cases, 1)]

        fits[name] = fit(*GRIDS[name], losses, sweeps)
        found = workers.simulate([make(fits[name].values, table)], replications)[0]
        place = day_of_year(good)
        forecasts[name] = {lane: np.stack([each[group][place] for each in found]) for lane, group in LANES.items()}
    scored: dict[str, dict[str, dict[str, Scored]]] = {}
    for stretch in ("rest", "spring"):
        chosen = (~good["odd"] & (good["spring"] == (stretch == "spring"))).to_numpy()
        scored[stretch] = {
            lane: _score_lane(
                fitted_on, good[chosen], lane, {name: each[lane][:, chosen] for name, each in forecasts.items()}
            )
            for lane in LANES
        }
    rest = good[~good["odd"] & ~good["spring"]]
    return Northbound(
        fits=fits,
        scored=scored,
        published_tail={lane: tail(rest[f"{lane}_delay"].to_numpy()) for lane in LANES},
        days=good,
        forecasts=forecasts,
        left_out=int((~days["sound"]).sum()),
    )
