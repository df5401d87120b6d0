"""Distributions of times as a scenario states them: `50 s`, `{erlang: {mean: 50 s, shape: 3}}`, a mixture, a file."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Protocol

from sim.scenario.problems import Collector, Problem, ProblemError, in_words, nearest
from sim.scenario.units import duration, positive_duration, share


class EmpiricalTables(Protocol):
    """Where an empirical distribution finds its CSV file."""

    def empirical(self, file: Any) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Values in seconds and their weights."""


@dataclass(frozen=True)
class Dist:
    """A distribution of a time. Parameters are in seconds, shapes and weights plain numbers.

    Kinds and parameters: deterministic (value); exponential (mean); erlang (mean, shape: int); gamma and
    lognormal (mean, cv); weibull (mean, shape); uniform (low, high); triangular (low, mode, high);
    truncated_normal (mean, sd, low, high: those of the normal before truncation, high may be infinite);
    empirical (values, weights: tuples); mixture (parts: tuple of (share, kind, parameters)).
    """

    kind: str
    parameters: dict[str, Any] = field(default_factory=dict)


def _number_above_zero(raw: Any) -> float:
    if isinstance(raw, int | float) and not isinstance(raw, bool) and SMALLEST <= raw <= LARGEST:
        return float(raw)
    mend = ""
    if isinstance(raw, str) and (percent := re.fullmatch(r"\s*(\d{1,6}(\.\d*)?)\s*%\s*", raw)):
        mend = f"write {float(percent[1]) / 100:.10g}"
    allowed = f"a plain number above 0, such as 0.7 (from {SMALLEST:g} to {LARGEST:g})"
    raise ProblemError(Problem(in_words(raw), allowed, mend))


def _whole_from_one(raw: Any) -> int:
    if isinstance(raw, int) and not isinstance(raw, bool) and 1 <= raw <= MOST_PHASES:
        return raw
    raise ProblemError(Problem(in_words(raw), f"a whole number from 1 to {MOST_PHASES}, such as 3"))


SMALLEST, LARGEST = 0.01, 100.0
"""A shape or coefficient of variation beyond these gives numbers that are no times of an inspection."""
MOST_PHASES = 10_000

Reader = Callable[[Any], float]
_PARAMETERS: dict[str, dict[str, Reader]] = {
    "deterministic": {"value": duration},
    "exponential": {"mean": positive_duration},
    "erlang": {"mean": positive_duration, "shape": _whole_from_one},
    "gamma": {"mean": positive_duration, "cv": _number_above_zero},
    "lognormal": {"mean": positive_duration, "cv": _number_above_zero},
    "weibull": {"mean": positive_duration, "shape": _number_above_zero},
    "uniform": {"low": duration, "high": duration},
    "triangular": {"low": duration, "mode": duration, "high": duration},
    "truncated_normal": {"mean": duration, "sd": positive_duration, "low": duration, "high": duration},
}
DEFAULTS: dict[str, dict[str, str]] = {"truncated_normal": {"low": "0 s"}}
"""Parameters that need not be written, as text."""
KINDS: tuple[str, ...] = (*_PARAMETERS, "empirical", "mixture")
"""Every kind of distribution."""

_EXAMPLE = "such as 50 s or {erlang: {mean: 50 s, shape: 3}}"


def parse_dist(raw: Any, tables: EmpiricalTables | None = None) -> Dist:
    """The distribution stated by `raw`: text with a unit, or a mapping with one kind.

    Raises ProblemError with every fault, placed below `raw`.
    """
    if isinstance(raw, Dist):
        return raw
    if not isinstance(raw, dict):
        return Dist("deterministic", {"value": duration(raw)})
    collector = Collector()
    for key in raw:
        if key not in KINDS:
            collector.add(
                f"unknown distribution '{key}'",
                f"one of {', '.join(KINDS)}",
                nearest(key, KINDS),
                at=(key,),
                on_key=True,
            )
    kinds = [key for key in raw if key in KINDS]
    if len(kinds) != 1 and not collector.problems:
        found = "no distribution" if not kinds else f"{len(kinds)} distributions: {', '.join(kinds)}"
        collector.add(found, f"exactly one, {_EXAMPLE}")
    parsed = [collector.attempt((kind,), _parse_kind, kind, raw[kind], tables) for kind in kinds]
    collector.done()
    assert parsed[0] is not None
    return parsed[0]


def _parse_kind(kind: str, raw: Any, tables: EmpiricalTables | None) -> Dist:
    if kind == "mixture":
        return _mixture(raw, tables)
    if kind == "empirical":
        return _empirical(raw, tables)
    values = _parameters(kind, raw)
    _check_shape(kind, values)
    return Dist(kind, values)


def _parameters(kind: str, raw: Any) -> dict[str, Any]:
    readers, defaults = _PARAMETERS[kind], DEFAULTS.get(kind, {})
    example = f"{{{', '.join(f'{name}: ..' for name in readers)}}}"
    if not isinstance(raw, dict):
        raise ProblemError(Problem(in_words(raw), f"the parameters of {kind}: {example}"))
    collector, values = Collector(), dict[str, Any]()
    for name in raw:
        if name not in readers:
            mend = nearest(name, readers)
            collector.add(
                f"unknown parameter '{name}'", f"of {kind}: {', '.join(readers)}", mend, at=(name,), on_key=True
            )
    for name, reader in readers.items():
        if name in raw or name in defaults:
            values[name] = collector.attempt((name,), reader, raw.get(name, defaults.get(name)))
        elif set(raw) <= set(readers):  # a misspelt one is reported already
            collector.add(f"no '{name}'", f"{kind}: {example}")
    collector.done()
    return values


def _check_shape(kind: str, values: dict[str, Any]) -> None:
    order = {"uniform": ("low", "high"), "triangular": ("low", "mode", "high"), "truncated_normal": ("low", "high")}
    names = order.get(kind, ())
    for left, right in pairwise(names):
        if values[left] > values[right]:
            raise ProblemError(Problem(f"'{left}' is above '{right}'", f"{' <= '.join(names)}", at=(left,)))
    if kind == "truncated_normal" and _nothing_between(**values):
        found = "no probability between 'low' and 'high'"
        raise ProblemError(Problem(found, "bounds within 30 sd of the mean", at=("mean",)))
    if names and values[names[0]] == values[names[-1]]:
        raise ProblemError(
            Problem(
                f"'{names[0]}' equals '{names[-1]}'",
                f"{names[0]} < {names[-1]}",
                f"for a fixed time write {values[names[0]]:g} s",
            )
        )


def _nothing_between(mean: float, sd: float, low: float, high: float) -> bool:
    return low > mean + 30.0 * sd or high < mean - 30.0 * sd


def _empirical(raw: Any, tables: EmpiricalTables | None) -> Dist:
    if not isinstance(raw, dict) or set(raw) != {"file"}:
        raise ProblemError(Problem(in_words(raw), "the CSV file, such as {file: service.csv}"))
    if tables is None:
        raise ProblemError(Problem("a file", "a distribution without a file", at=("file",)))
    collector = Collector()
    found = collector.attempt(("file",), tables.empirical, raw["file"])
    collector.done()
    assert found is not None
    return Dist("empirical", {"values": found[0], "weights": found[1]})


def _mixture(raw: Any, tables: EmpiricalTables | None) -> Dist:
    example = "such as [{share: 30 %, gamma: {mean: 10 s, cv: 0.5}}, {share: 70 %, exponential: {mean: 60 s}}]"
    if not isinstance(raw, list) or not raw:
        raise ProblemError(Problem(in_words(raw), f"a list of parts, {example}"))
    collector, parts = Collector(), list[tuple[float, str, dict[str, Any]]]()
    for index, part in enumerate(raw):
        if not isinstance(part, dict) or "share" not in part:
            collector.add(f"{in_words(part)} without a share", f"a part with its share, {example}", at=(index,))
            continue
        weight = collector.attempt((index, "share"), share, part["share"])
        rest = {key: value for key, value in part.items() if key != "share"}
        dist = collector.attempt((index,), parse_dist, rest, tables)
        if dist is not None and dist.kind == "mixture":
            collector.add("a mixture inside a mixture", "plain distributions", at=(index, "mixture"), on_key=True)
        if weight is not None and dist is not None:
            parts.append((weight, dist.kind, dist.parameters))
    collector.done()
    total = sum(weight for weight, _, _ in parts)
    if abs(total - 1) > 1e-9:
        raise ProblemError(Problem(f"the shares sum to {100 * total:g} %", "shares that sum to 100 %"))
    return Dist("mixture", {"parts": tuple(parts)})


def mean(kind: str, parameters: Mapping[str, Any]) -> float:
    """Expected value in seconds of a `Dist` of that kind, in closed form and without any library of numbers.

    Truncated normal: Johnson, Kotz and Balakrishnan, Continuous Univariate Distributions 1 (1994), ch. 13.
    """
    if kind == "mixture":
        return math.fsum(share * mean(part, values) for share, part, values in parameters["parts"])
    if kind == "empirical":
        weights = parameters["weights"]
        return math.fsum(v * w for v, w in zip(parameters["values"], weights, strict=True)) / math.fsum(weights)
    if kind == "truncated_normal":
        return _truncated_mean(**parameters)
    if kind in ("uniform", "triangular", "deterministic"):
        return math.fsum(parameters.values()) / len(parameters)
    return float(parameters["mean"])


def variance(kind: str, parameters: Mapping[str, Any]) -> float:
    """Variance in seconds squared of a `Dist` of that kind, in closed form.

    Weibull: Johnson, Kotz and Balakrishnan (as for `mean`), ch. 21. A truncated normal counts with no more than the
    variance of the uniform between its bounds.
    """
    one = parameters
    if kind == "mixture":
        second = math.fsum(share * (variance(k, p) + mean(k, p) ** 2) for share, k, p in one["parts"])
        return max(0.0, second - mean(kind, one) ** 2)
    if kind == "empirical":
        second = math.fsum(v * v * w for v, w in zip(one["values"], one["weights"], strict=True))
        return max(0.0, second / math.fsum(one["weights"]) - mean(kind, one) ** 2)
    if kind == "deterministic":
        return 0.0
    if kind == "uniform":
        return float((one["high"] - one["low"]) ** 2 / 12.0)
    if kind == "triangular":
        a, c, b = one["low"], one["mode"], one["high"]
        return float((a * a + b * b + c * c - a * b - a * c - b * c) / 18.0)
    if kind == "truncated_normal":
        return float(min(one["sd"] ** 2, (one["high"] - one["low"]) ** 2 / 12.0))
    if kind == "weibull":
        squared = math.gamma(1.0 + 2.0 / one["shape"]) / math.gamma(1.0 + 1.0 / one["shape"]) ** 2 - 1.0
    else:
        squared = {"exponential": 1.0, "erlang": 1.0 / one.get("shape", 1.0)}.get(kind, one.get("cv", 1.0) ** 2)
    return float(one["mean"] ** 2 * squared)


def _truncated_mean(mean: float, sd: float, low: float, high: float) -> float:
    a, b = (low - mean) / sd, (high - mean) / sd
    mass = (math.erfc(-b / math.sqrt(2.0)) - math.erfc(-a / math.sqrt(2.0))) / 2.0
    if mass < 1e-9:  # far in one tail nearly all of it lies at the bound next to the mean
        return low if a > 0.0 else high
    density = (math.exp(-a * a / 2.0) - math.exp(-b * b / 2.0)) / math.sqrt(2.0 * math.pi)
    return mean + sd * density / mass
