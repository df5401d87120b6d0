"""Stretches of the border on a map: where the flow between ports of a province is drawn.

A flow is aggregate by province, so it is drawn along the whole stretch that the province shares with the states that
face it, and named at the middle of that stretch. The stretches are those of the outline on which they are drawn; the
one between British Columbia and Alaska is left out, as it would double the map.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from sim import registry
from sim.registry.outline import Ring, outline

if TYPE_CHECKING:
    from sim.model.arrays import FloatArray
    from sim.registry import Sector

Place = tuple[float, float]
"""(longitude, latitude) in degrees."""
_LEFT_OUT = "AK"


@dataclass(frozen=True)
class Stretch:
    """The border of a province with the states that face it."""

    lines: tuple[tuple[Place, ...], ...]
    """Several, where the outline has no border in a lake."""

    @property
    def middle(self) -> Place:
        """The place on the lines with as much of them before it as behind, in degrees of latitude."""
        parts = [np.array(line) for line in self.lines]
        long = [_lengths(part) for part in parts]
        half = sum(float(each.sum()) for each in long) / 2.0
        for part, each in zip(parts, long, strict=True):
            if half <= each.sum():
                along = np.append(0.0, np.cumsum(each))
                return float(np.interp(half, along, part[:, 0])), float(np.interp(half, along, part[:, 1]))
            half -= float(each.sum())
        return self.lines[-1][-1]  # only where rounding leaves the half a hair beyond the end


def _lengths(points: FloatArray) -> FloatArray:
    """(points - 1,): length of each step, in degrees of latitude."""
    steps = np.diff(points, axis=0)
    middles = np.radians((points[1:, 1] + points[:-1, 1]) / 2.0)
    return np.asarray(np.hypot(steps[:, 0] * np.cos(middles), steps[:, 1]), dtype=np.float64)


@cache
def stretches() -> dict[str, Stretch]:
    """Stretch of each sector of the registry, by its id."""
    return {sector.id: Stretch(tuple(_shared(sector))) for sector in registry.sectors()}


def _shared(sector: Sector) -> list[tuple[Place, ...]]:
    """Lines on the outline of a province that lie on that of a state too, from west to east."""
    rings = {shape.name: shape.rings for shape in outline() if shape.kind != "lake"}
    theirs = {
        frozenset(step)
        for state in sector.us_states
        if state != _LEFT_OUT
        for ring in rings[state]
        for step in pairwise(ring)
    }
    found = [line for ring in rings[sector.code] for line in _runs(ring, theirs)]
    return sorted((line if line[0][0] <= line[-1][0] else line[::-1] for line in found), key=lambda line: line[0])


def _runs(ring: Ring, theirs: set[frozenset[Place]]) -> list[tuple[Place, ...]]:
    """Lines of steps that follow one another on a closed ring and are in the set."""
    steps = list(pairwise(ring))
    first = next((at for at, step in enumerate(steps) if frozenset(step) not in theirs), 0)
    lines: list[list[Place]] = []
    follows = False
    for step in (*steps[first:], *steps[:first]):
        shared = frozenset(step) in theirs
        if shared and follows:
            lines[-1].append(step[1])
        elif shared:
            lines.append(list(step))
        follows = shared
    return [tuple(line) for line in lines]
