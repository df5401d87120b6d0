"""A fit of irregular flows as a scenario: what the months tell is fitted, all else is assumed and says so.

The flow is stated as groups that are detected, since the months count persons who were intercepted. Ends of the
intervals stand under `ranges`, where `bordersim sensitivity` goes through them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sim import registry
from sim.errors import UsageError
from sim.registry.searching import folded
from sim.scenario.drivers import Driver, mean_of_season
from sim.scenario.fields import MOST_SERVERS
from sim.scenario.problems import Path
from sim.scenario.show import annotated
from sim.scenario.tree import dotted
from sim.study.flow_fit import Estimate, FittedDriver, FlowFit, shape_weights
from sim.study.flow_study import FlowStudy

DAY = 86400.0
LENGTH = 365
"""Days simulated."""
SEED = 1
CARRIED = "level-at-the-end"
"""Driver that carries the level of the last month on."""
FORGOTTEN = 0.02
"""A pulse of which no more than this is left when the scenario begins is left out."""
FALLBACK_ZONE = "America/Toronto"
RESPONSE = {"lognormal": {"mean": "40 min", "cv": 0.6}}
DECISION = {"gamma": {"mean": "90 min", "cv": 0.5}}
ASSUMED_DETECT = "100 %"
RULES: list[dict[str, str]] = [{"rule": "ports-2004"}, {"from": "2023-03-25", "rule": "whole-border-14-days"}]
ASSUMED = "assumed; the months say nothing of it"
JOINTLY = (
    "The ranges were fitted jointly: where base is high the factors are low. Taken as independent, as `sensitivity`",
    "takes them, their product spans far more than the months allow: read it one input at a time.",
)
CAUTION = (
    *JOINTLY,
    "The level of each month, which moves by itself, is not carried: replications differ by chance of arrivals, and",
    "of detection where it is a range, so that their spread is narrower than the bands of a forecast.",
)
"""What a written scenario does not say of the fit."""


@dataclass(frozen=True)
class Assumptions:
    """What the months cannot tell, stated by the user."""

    detect: str | list[str] = ASSUMED_DETECT
    """Probability of detecting a group: a share, or a range of it."""
    group_size: float = 1.0
    """Persons in a group, mean."""


class _Writer:
    """One scenario: its tree, and where each value comes from."""

    def __init__(self, study: FlowStudy, assumed: Assumptions) -> None:
        self.study, self.assumed = study, assumed
        self.start = study.next_month
        self.origins: dict[str, str] = {}
        self.ranges: dict[str, list[float]] = {}

    def note(self, path: Path, value: Any, origin: str) -> Any:
        """The value, after keeping where it comes from."""
        self.origins[dotted(path)] = origin
        return value

    def tree(self) -> dict[str, Any]:
        """The whole scenario. Raises UsageError when two provinces are of one sector."""
        provinces = ", ".join(fit.province for fit in self.study.fits)
        flows: dict[str, Any] = {}
        for fit in self.study.fits:
            if (name := sector_of(fit.province)) in flows:
                raise UsageError(f"'{fit.province}' is a second province for the sector '{name}' of a scenario")
            flows[name] = self.flow(fit)
        first = min(next(iter(fit.series.counts)) for fit in self.study.fits)
        return {
            "format": 1,
            "name": f"Irregular crossings into {provinces}, fitted to monthly interceptions",
            "description": f"Fitted to {self.study.file}, {first} to {self.start.plus(-1)}.",
            "start": f"{self.start}-01 00:00",
            "horizon": f"{LENGTH} d",
            "end": "cut",
            "bin": "7 d",
            "replications": 30,
            "seed": SEED,
            "agreement": RULES,
            "irregular": flows,
            "ranges": self.ranges,
        }

    def flow(self, fit: FlowFit) -> dict[str, Any]:
        """One province."""
        name = sector_of(fit.province)
        at: Path = ("irregular", name)
        known = name in {sector.id for sector in registry.sectors()}
        per_group = self.assumed.group_size
        per_day = fit.base.value / per_group
        groups_at = (*at, "groups")
        lasting = tuple(self.lasting(fit))
        busiest = fit.base.high / per_group * max(one.value for one in fit.season)
        for one in lasting:
            busiest *= max(1.0, one.factor.high if isinstance(one, FittedDriver) else one.multiply)
        drivers = [self.driver(one, (*at, "drivers", index)) for index, one in enumerate(lasting)]
        groups: dict[str, Any] = {
            "detected_per_day": self.note(
                (*groups_at, "detected_per_day"), _rounded(per_day), f"fitted, {_words(fit.base)} persons a day"
            ),
            "season": self.note((*groups_at, "season"), _mean_one(fit), "fitted" if fit.own_season else "as elsewhere"),
        }
        if per_group != 1.0:
            groups["size"] = self.note((*groups_at, "size"), per_group, ASSUMED)
        if self.assumed.detect != ASSUMED_DETECT:
            groups["hide"] = self.note((*groups_at, "hide"), "100 %", "assumed: detect holds for every group")
        self.range((*groups_at, "detected_per_day"), fit.base, per_group)
        place = {"registry": name} if known else {"zone": self.note((*at, "zone"), FALLBACK_ZONE, "assumed")}
        return {
            **place,
            "groups": groups,
            **({"drivers": drivers} if drivers else {}),
            "intercept": {
                "detect": self.note((*at, "intercept", "detect"), self.assumed.detect, self.of_detect()),
                "patrols": self.note((*at, "intercept", "patrols"), _enough(busiest, 1.0), ASSUMED),
                "response": self.note((*at, "intercept", "response"), RESPONSE, ASSUMED),
            },
            "eligibility": {
                "officers": self.note((*at, "eligibility", "officers"), _enough(busiest, 1.5), ASSUMED),
                "service": self.note((*at, "eligibility", "service"), DECISION, ASSUMED),
            },
        }

    def of_detect(self) -> str:
        if self.assumed.detect == ASSUMED_DETECT:
            return "assumed: those who were intercepted, no others"
        return "as given; with the base rate it makes the true flow"

    def lasting(self, fit: FlowFit) -> Iterator[FittedDriver | Driver]:
        """The drivers that still act when the scenario begins, and the level it begins with."""
        begin = datetime(self.start.year, self.start.month, 1)
        for one in fit.drivers:
            over = one.driver.until is not None and one.driver.until <= begin
            weights = shape_weights(one.driver, (self.start,))
            if not over and (one.driver.half_life is None or float(weights.max()) > FORGOTTEN):
                yield one
        if fit.carried is not None and max(fit.series.counts) == self.start.plus(-1):
            keys = {"name": CARRIED, "from": f"{self.start}-01", "half_life": f"{fit.carried.half_life / DAY:.0f} d"}
            yield Driver.model_validate({**keys, "multiply": max(_rounded(fit.carried.multiply), 0.001)})

    def driver(self, one: FittedDriver | Driver, at: Path) -> dict[str, Any]:
        """A driver as it is written."""
        stated = one.driver if isinstance(one, FittedDriver) else one
        found: dict[str, Any] = {"name": stated.name, "from": f"{stated.from_:%Y-%m-%d}"}
        if stated.until is not None:
            found["until"] = f"{stated.until:%Y-%m-%d}"
        for key in ("over", "half_life"):
            if (seconds := getattr(stated, key)) is not None:
                found[key] = f"{seconds / DAY:g} d"
        if isinstance(one, FittedDriver):
            how = "found" if one.found else "fitted"
            found["multiply"] = self.note((*at, "multiply"), stated.multiply, f"{how}, {_words(one.factor)}")
            self.range((*at, "multiply"), one.factor)
        else:
            found["multiply"] = self.note((*at, "multiply"), stated.multiply, "fitted: where the last months stand")
        return found

    def range(self, at: Path, one: Estimate, divisor: float = 1.0) -> None:
        """Keep the ends of an interval, above 0 and at most 1000 for what is a factor."""
        low, high = (_rounded(min(max(value / divisor, 1e-4), 1e6)) for value in (one.low, one.high))
        if at[-1] == "multiply":
            low, high = max(low, 0.001), min(high, 1000.0)
        if low < high:
            self.ranges[dotted(at)] = [low, high]


def scenario_text(study: FlowStudy, assumed: Assumptions) -> str:
    """The scenario as YAML, the origin of each value beside it."""
    writer = _Writer(study, assumed)
    tree = writer.tree()
    head = [
        "# Written by `bordersim fit-flow`. Fitted: base rate, season and drivers, with 95 % intervals in comments and",
        "# under `ranges`. Everything marked assumed is to be replaced by what is known of the place.",
        *(f"# {line}" for line in CAUTION if len(writer.ranges) > 1 or line not in JOINTLY),
    ]
    return "\n".join(head) + "\n" + annotated(tree, writer.origins)


def sector_of(province: str) -> str:
    """Id of the registry's sector of that province, else its name in small letters and hyphens."""
    for sector in registry.sectors():
        if folded(province) in (folded(sector.province), sector.id, folded(sector.code)):
            return sector.id
    return re.sub(r"[^a-z0-9]+", "-", folded(province)).strip("-") or "flow"


def _mean_one(fit: FlowFit) -> list[float]:
    """The medians, brought to the mean 1 that a season has to have."""
    factors = [one.value for one in fit.season]
    mean = mean_of_season(factors)
    return [round(factor / mean, 3) for factor in factors]


def _enough(groups_per_day: float, hours: float) -> int:
    """Servers that are busy less than half of the time, 2 at least and as many as a scenario can have at most."""
    return min(max(2, math.ceil(groups_per_day * hours / 24.0 / 0.5)), MOST_SERVERS)


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


def _words(one: Estimate) -> str:
    return f"{_rounded(one.value):g} ({_rounded(one.low):g} to {_rounded(one.high):g})"
