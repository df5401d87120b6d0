"""Few parameters fitted on a coarse grid, one after another, on common random numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Values = Mapping[str, float]
Losses = Callable[[Sequence[Values]], list[float]]
"""Loss of each of several settings; they may be found side by side."""
SWEEPS = 2


@dataclass(frozen=True)
class Fitted:
    """What a fit found."""

    values: dict[str, float]
    loss: float
    tried: int
    """Settings simulated."""


def fit(grid: Mapping[str, Sequence[float]], starts: Sequence[Values], losses: Losses, sweeps: int = SWEEPS) -> Fitted:
    """The setting of least loss that changing one parameter at a time over its grid leads to, from any of the starts.

    Args:
        grid: candidates by parameter; parameters are gone through in this order.
        starts: settings to begin with; one descent from each.
        losses: called with settings not tried before.
        sweeps: times to go through all parameters at the most; it ends when a sweep changes nothing.
    """
    known: dict[tuple[float, ...], float] = {}

    def look(settings: Sequence[Values]) -> None:
        new = list({_key(setting): setting for setting in settings if _key(setting) not in known}.values())
        known.update(zip(map(_key, new), losses(new), strict=True) if new else ())

    def descend(best: Values) -> Values:
        for _ in range(sweeps):
            before = best
            for name, candidates in grid.items():
                settings = [{**best, name: value} for value in candidates]
                look(settings)
                best = min([best, *settings], key=lambda setting: known[_key(setting)])
            if best == before:
                break
        return best

    look(starts)
    best = min((descend(start) for start in starts), key=lambda setting: known[_key(setting)])
    return Fitted(dict(best), known[_key(best)], len(known))


def _key(setting: Values) -> tuple[float, ...]:
    return tuple(setting[name] for name in sorted(setting))
