"""The measures that only some kinds of facility have: preclearance halls and irregular flows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from sim.model.arrays import FloatArray
from sim.study.boarding import HallMeasures
from sim.study.flows import Board, FlowMeasures
from sim.study.layout import Layout
from sim.study.spells import Rows
from sim.study.staffing import Staffing


class Kind(Protocol):
    """The measures of one facility."""

    def whole(self, staff: Staffing) -> Mapping[str, Mapping[int, float]]:
        """Values by measure and column of `Cells`."""

    def binned(self) -> Mapping[str, Mapping[int, FloatArray]]:
        """Values by measure, column and bin."""


def measures_of_kinds(
    layout: Layout, rows: Rows, staff: Staffing
) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
    """By column of `Cells`, (n_columns,), and by bin, (n_columns, n_bins); NaN where a facility has none of them."""
    whole: dict[str, FloatArray] = {}
    bins: dict[str, FloatArray] = {}
    board = Board(rows)
    for facility, one in enumerate(layout.network.facilities):
        measures: Kind
        if one.hall is not None:
            measures = HallMeasures(layout, rows, facility, one.hall)
        elif one.flow is not None:
            measures = FlowMeasures(layout, rows, facility, one.flow, board)
        else:
            continue
        _put(whole, measures.whole(staff), (layout.cells.n_columns,))
        _put(bins, measures.binned(), (layout.cells.n_columns, len(layout.edges) - 1))
    return whole, bins


def _put(
    into: dict[str, FloatArray], found: Mapping[str, Mapping[int, float | FloatArray]], shape: tuple[int, ...]
) -> None:
    for name, values in found.items():
        if name not in into:
            into[name] = np.full(shape, np.nan)
        for column, value in values.items():
            into[name][column] = value
