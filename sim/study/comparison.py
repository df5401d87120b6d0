"""Variants against the baseline: paired differences that hold all at once, bad days, and the best with a guarantee.

`compare_runs` is the way in; everything it finds is computed from the replications of finished runs. The statistics
stand in `sim.study.estimators` (one interval), `simultaneous` (many), `baddays` and `selection`; their coverage is
measured in docs/comparing.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path

import numpy as np

from sim.errors import UsageError
from sim.model.arrays import FloatArray
from sim.scenario.problems import ProblemError
from sim.scenario.units import DURATION, NUMBER, SHARE
from sim.scenario.vocabulary import BASELINE
from sim.study import samples as reading
from sim.study.baddays import BadDays, bad_days
from sim.study.catalogue import describe
from sim.study.estimators import Interval, crn_variance_ratio, mean_interval
from sim.study.layout import ALL, Key
from sim.study.samples import Choice, Samples
from sim.study.selection import Selection, select_best
from sim.study.simultaneous import method_of, simultaneous_intervals

LEVEL = 0.95
ZONES: Mapping[str, float] = {"min": 1.0, "share": 0.01}
"""Indifference zones by unit, unless others are given: a minute, one percentage point."""


@dataclass(frozen=True)
class Row:
    """One measure of one variant against the baseline, in the unit of the measure. NaN is what cannot be said."""

    variant: str
    key: Key
    baseline: float
    """Mean of the baseline over the paired replications."""
    difference: float
    """Variant minus baseline."""
    low: float
    high: float
    """Of this row alone."""
    low_all: float
    high_all: float
    """Of all rows at once."""
    correlation: float
    """Of the paired replications."""
    variance_ratio: float
    """What common random numbers saved (`crn_variance_ratio`)."""
    replications: int
    needed: int
    """Replications, about, for a half-width of the indifference zone; 0 without a zone or an interval."""
    same: bool
    """Equal to the baseline in every replication."""
    days: BadDays

    @property
    def is_clear(self) -> bool:
        """The interval that holds for all rows at once exists and does not contain 0."""
        return self.low_all > 0.0 or self.high_all < 0.0

    @property
    def is_clear_alone(self) -> bool:
        """The interval of this row alone exists and does not contain 0."""
        return self.low > 0.0 or self.high < 0.0

    @property
    def to_tell(self) -> int:
        """Replications, about, at which the interval for all rows leaves out 0, were mean and spread to stay.

        By the square root law, from the bound on the side of 0. 0 where it does already, or there is no difference or
        no interval.
        """
        bound = self.high_all if self.difference < 0.0 else self.low_all
        if self.is_clear or self.difference == 0.0 or not math.isfinite(bound):
            return 0
        ratio = (bound - self.difference) / self.difference
        return max(self.replications + 1, math.ceil(self.replications * ratio**2))


class Verdict(Enum):
    """What the replications say about which contender is best. Only `CHOSEN` and `SURE` name one."""

    SAME = auto()
    """All are equal in every replication."""
    NO_CHOICE = auto()
    """Several, the one in front among them, are no worse than the best by more than the zone."""
    EQUAL = auto()
    """KN has ended with several: none is better by the zone."""
    CHOSEN = auto()
    """KN has ended, and the one it chose leads by the zone or more."""
    SURE = auto()
    """The one in front is best by the intervals: nobody can be better."""
    NOT_SURE = auto()
    """KN has ended with one that does not lead by the zone, for which its promise is not meant."""
    IN_FRONT = auto()
    """KN has not ended; the one in front is no worse than the best by more than the zone."""
    OPEN = auto()
    """KN has not ended, and the one in front may be worse than the best by more than the zone."""


@dataclass(frozen=True)
class Best:
    """The selection among the baseline and the variants by one measure."""

    key: Key
    contenders: tuple[str, ...]
    means: tuple[float, ...]
    selection: Selection

    @property
    def survivors(self) -> tuple[str, ...]:
        """Names, best mean first."""
        return tuple(self.contenders[i] for i in self.selection.survivors)

    @property
    def near(self) -> tuple[str, ...]:
        """Names of those no worse than the best by more than the zone, with the guarantee."""
        bounds = zip(self.contenders, self.selection.at_most_worse, strict=True)
        return tuple(name for name, bound in bounds if bound <= self.selection.zone)

    @property
    def lead(self) -> tuple[float, str]:
        """How far the survivor with the best mean is ahead of the best of all others by its mean, and who that is.

        Below 0 where one that was dropped on the way has the better mean in the end.
        """
        front, sign = self.selection.best, -1.0 if describe(self.key.measure).lower_is_better is False else 1.0
        others = (at for at in range(len(self.means)) if at != front)
        second = min(others, key=lambda at: sign * self.means[at])
        return sign * (self.means[second] - self.means[front]), self.contenders[second]

    @property
    def verdict(self) -> Verdict:
        """What may be said: sentences, pages and the Python interface go by this alone."""
        selection, near = self.selection, self.near
        if not any(selection.at_most_worse):
            return Verdict.SAME
        several = len(near) > 1 and self.survivors[0] in near and selection.decided
        if several or len(near) == len(self.contenders):
            return Verdict.NO_CHOICE
        if selection.decided and len(selection.survivors) > 1:
            return Verdict.EQUAL
        if selection.decided and self.lead[0] >= selection.zone:
            return Verdict.CHOSEN
        bound = selection.at_most_worse[selection.best]
        if bound == 0.0:
            return Verdict.SURE
        if selection.decided:
            return Verdict.NOT_SURE
        return Verdict.IN_FRONT if bound <= selection.zone else Verdict.OPEN

    @property
    def winner(self) -> str | None:
        """The best, where the replications decide it."""
        return self.survivors[0] if self.verdict in (Verdict.CHOSEN, Verdict.SURE) else None


@dataclass(frozen=True, eq=False)
class Comparison:
    """What `compare_runs` found."""

    samples: Samples
    rows: tuple[Row, ...]
    """By variant, then as chosen."""
    best: tuple[Best, ...]
    zones: Mapping[str, float]
    level: float
    """At which all rows hold together."""
    row_level: float
    """At which each row's simultaneous interval is taken."""
    method: str
    """How `row_level` was found."""
    idle: tuple[str, ...]
    """Variants that change no measure in any replication."""
    weights: Mapping[tuple[str, str], float]
    """Mean arrivals of the baseline by facility and class."""


def compare_runs(
    folders: Sequence[Path], choice: Choice | None = None, indifference: Sequence[str] = (), level: float = LEVEL
) -> Comparison:
    """Compare the variants of a run, or of several that share their days, with the baseline of the first.

    Args:
        folders: of finished runs.
        choice: measures, classes, facilities, stations.
        indifference: differences not worth detecting, each with its unit: `1 min`, `2 %`, `5 parties`.
        level: coverage of the intervals, and the probability of a correct selection.

    Raises:
        RunFolderError: a folder is no finished run, or there is nothing to compare.
        UsageError: the runs are not comparable, nothing is called what was named, or a zone is at fault.
    """
    samples = reading.read(folders)
    keys = reading.chosen_keys(samples, choice or Choice())
    return compare(samples, keys, zones_of(indifference, keys), level)


def compare(samples: Samples, keys: Sequence[Key], zones: Mapping[str, float], level: float = LEVEL) -> Comparison:
    """Compare the chosen rows; `zones` by unit of measure."""
    pairs = [
        (variant, key, mine, base)
        for variant in samples.variants
        for key in keys
        if (mine := samples.column(variant, key)) is not None and (base := samples.column(BASELINE, key)) is not None
    ]
    if not pairs:
        raise UsageError("no variant has any of the chosen measures")
    mine, base = (np.stack([pair[at] for pair in pairs], axis=1) for at in (2, 3))
    together, row_level = simultaneous_intervals(mine - base, level)
    return Comparison(
        samples=samples,
        rows=tuple(_rows(pairs, mine, base, zones, level, together)),
        best=tuple(_bests(samples, keys, zones, level)),
        zones=zones,
        level=level,
        row_level=row_level,
        method=method_of(mine - base),
        idle=tuple(name for name in samples.variants if _is_idle(samples, name)),
        weights=_weights(samples),
    )


def _rows(
    pairs: Sequence[tuple[str, Key, FloatArray, FloatArray]],
    mine: FloatArray,
    base: FloatArray,
    zones: Mapping[str, float],
    level: float,
    together: Interval,
) -> list[Row]:
    difference = mine - base
    alone = mean_interval(difference, level)
    saved = crn_variance_ratio(mine, base)
    missing = np.isnan(difference)
    means = mean_interval(np.where(missing, np.nan, base)).mean
    rows = []
    for at, (variant, key, own, its) in enumerate(pairs):
        arm = max(float(together.high[at] - together.mean[at]), float(together.mean[at] - together.low[at]))
        rows.append(
            Row(
                variant=variant,
                key=key,
                baseline=float(means[at]),
                difference=float(alone.mean[at]),
                low=float(alone.low[at]),
                high=float(alone.high[at]),
                low_all=float(together.low[at]),
                high_all=float(together.high[at]),
                correlation=_correlation(own[~missing[:, at]], its[~missing[:, at]]),
                variance_ratio=float(saved[at]),
                replications=int(alone.n[at]),
                needed=_needed(int(alone.n[at]), arm, zones.get(key.unit, math.nan)),
                same=bool(np.array_equal(own, its, equal_nan=True)),
                days=bad_days(*_worst_is_most(key, own, its), level),
            )
        )
    return [_turned(row) if describe(row.key.measure).lower_is_better is False else row for row in rows]


def _worst_is_most(key: Key, own: FloatArray, its: FloatArray) -> tuple[FloatArray, FloatArray]:
    return (-own, -its) if describe(key.measure).lower_is_better is False else (own, its)


def _turned(row: Row) -> Row:
    """Bad days of a measure of which more is better, computed on its negative."""
    quantile, worst = (type(e)(-e.difference, -e.high, -e.low) for e in (row.days.quantile, row.days.worst))
    return replace(row, days=row.days._replace(quantile=quantile, worst=worst))


def _correlation(mine: FloatArray, base: FloatArray) -> float:
    if len(mine) < 2 or np.ptp(mine) == 0.0 or np.ptp(base) == 0.0:
        return math.nan
    return float(np.corrcoef(mine, base)[0, 1])


def _needed(replications: int, arm: float, zone: float) -> int:
    """Replications for an arm of the zone's length, by the square root law; never fewer than two."""
    if not (math.isfinite(arm) and math.isfinite(zone)):
        return 0
    return max(2, math.ceil(replications * (arm / zone) ** 2))


def _bests(samples: Samples, keys: Sequence[Key], zones: Mapping[str, float], level: float) -> list[Best]:
    """A selection by each measure with a zone that is better in one direction, for `all` where it is chosen."""
    found = []
    for key in keys:
        lower = describe(key.measure).lower_is_better
        whole = key._replace(klass=ALL)
        if lower is None or key.unit not in zones or (key.klass != ALL and whole in keys):
            continue
        columns = {name: samples.column(name, key) for name in samples.values}
        there = {name: column for name, column in columns.items() if column is not None}
        values = np.stack(list(there.values()), axis=1)
        if len(there) < 2 or np.isnan(values).any(axis=1).all():
            continue
        selection = select_best(values, zones[key.unit], lower_is_better=lower, confidence=level)
        means = values[~np.isnan(values).any(axis=1)].mean(axis=0)
        found.append(Best(key, tuple(there), tuple(float(mean) for mean in means), selection))
    return found


def _is_idle(samples: Samples, variant: str) -> bool:
    same = samples.keys[variant] == samples.keys[BASELINE]
    return same and np.array_equal(samples.values[variant], samples.values[BASELINE], equal_nan=True)


def _weights(samples: Samples) -> dict[tuple[str, str], float]:
    found = {}
    for at, key in enumerate(samples.keys[BASELINE]):
        if key.measure == "arrivals" and key.station == ALL:
            found[key.facility, key.klass] = float(samples.values[BASELINE][:, at].mean())
    return found


def zones_of(texts: Sequence[str], keys: Sequence[Key] = ()) -> dict[str, float]:
    """Indifference zones by unit of measure, over `ZONES`: `1 min`, `30 s` (in minutes), `2 %`, `5 parties`.

    Raises:
        UsageError: no number with a unit, a number not above 0, or a unit that no chosen measure has.
    """
    zones = dict(ZONES)
    units = dict.fromkeys(key.unit for key in keys)
    for text in texts:
        unit, zone = _zone(text)
        if keys and unit not in units:
            raise UsageError(f"--indifference '{text}': no chosen measure is in {unit}; they are in {', '.join(units)}")
        zones[unit] = zone
    return zones


def _zone(text: str) -> tuple[str, float]:
    with suppress(ProblemError):
        return "min", _above_nought(text, DURATION.parse(text) / 60.0)
    with suppress(ProblemError):
        return "share", _above_nought(text, SHARE.parse(text))
    found = re.fullmatch(rf"((?>{NUMBER}))\s*([^\s\d].*)", text.strip())
    if found is None:
        return "", _above_nought(text, math.nan)
    return found[2], _above_nought(text, float(found[1]))


def _above_nought(text: str, zone: float) -> float:
    if not 0.0 < zone < math.inf:
        allowed = "--indifference takes a difference above 0 with its unit, such as '1 min', '2 %' or '5 parties'"
        raise UsageError(f"{allowed}; found '{text}'")
    return zone
