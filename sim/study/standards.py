"""The share of days within standard: how many replications keep what the facility promises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from sim.model.arrays import FloatArray
from sim.model.network import Steps
from sim.study.layout import ALL, Key, Layout, Standard

WAITS = frozenset({"wait_mean", "wait_p50", "wait_p90", "wait_p95", "wait_p99", "wait_max"})
"""Measures that are held against the standard itself."""
TOLERATED = 0.10
"""Share of waits that may exceed the standard on a day within it: CBSA aims at 90 % of them within its standard."""


def limits_of_run(layout: Layout) -> FloatArray:
    """The most each of `Layout.keys` may be on a day within standard, NaN where nothing is promised.

    Minutes for waits at a facility, NaN where its standard changes within the horizon; `TOLERATED` for
    `over_standard_share`, which takes a standard as it stood when each party joined.
    """
    window = layout.network.warm_up, layout.network.horizon
    return np.array([_limit(layout, key, *window) for key in layout.keys])


def limits_by_bin(layout: Layout, keys: Sequence[Key]) -> FloatArray:
    """The same by bin: (len(keys), n_bins)."""
    edges = layout.edges.tolist()
    limits = np.full((len(keys), len(edges) - 1), np.nan)
    known: dict[tuple[str, str], list[float]] = {}
    for row, key in zip(limits, keys, strict=True):
        if key.station != ALL or (key.measure not in WAITS and key.measure != "over_standard_share"):
            continue
        kind = "wait" if key.measure in WAITS else "share"
        if (key.facility, kind) not in known:
            known[key.facility, kind] = [_limit(layout, key, a, b) for a, b in pairwise(edges)]
        row[:] = known[key.facility, kind]
    return limits


def days_within(days: FloatArray, limits: FloatArray) -> FloatArray:
    """Share of the replications that have a measure in which it keeps its limit; NaN without either.

    Args:
        days: (replications, ...) values, NaN where a replication has none.
        limits: (...) the most allowed.
    """
    count = np.sum(~np.isnan(days), axis=0)
    kept = np.sum(days <= limits, axis=0)
    known = (count > 0) & ~np.isnan(limits)
    shares: FloatArray = np.divide(kept, count, out=np.full(limits.shape, np.nan), where=known)
    return shares


def _limit(layout: Layout, key: Key, since: float, until: float) -> float:
    if key.station != ALL:
        return np.nan
    names = [facility.name for facility in layout.network.facilities]
    standard = layout.standards[names.index(key.facility)]
    if standard is None:
        return np.nan
    if key.measure == "over_standard_share":
        return TOLERATED
    return _constant(standard, since, until) / 60.0 if key.measure in WAITS else np.nan


def _constant(standard: Standard, since: float, until: float) -> float:
    """The standard in seconds where it is the same over all of [since, until), else NaN."""
    if not isinstance(standard, Steps):
        return np.nan
    held = stretches(standard, since, until)
    return held[0][1] if len(held) == 1 else np.nan


def stretches(standard: Steps, since: float, until: float) -> list[tuple[float, float]]:
    """(from, seconds) of each stretch of [since, until) over which a standard stays the same, in order."""
    held = [(since, standard.at(since))]
    for time, value in zip(standard.times, standard.values, strict=True):
        if since < time < until and value != held[-1][1]:
            held.append((time, value))
    return held


def of_manifest(standards: Mapping[str, Steps], since: float, until: float) -> dict[str, Any]:
    """What a manifest says of the standards that hold from `since` to `until`, in minutes.

    `standard` has those that stay the same meanwhile, by facility; `standard_steps` the others, as [from, standard]
    of each stretch.
    """
    held = {name: stretches(standard, since, until) for name, standard in standards.items()}
    return {
        "standard": {name: parts[0][1] / 60.0 for name, parts in held.items() if len(parts) == 1},
        "standard_steps": {
            name: [[time / 60.0, value / 60.0] for time, value in parts]
            for name, parts in held.items()
            if len(parts) > 1
        },
    }
