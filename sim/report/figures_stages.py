"""An irregular flow by stage: how many came, were seen, were met, and what was decided, as bands that part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.report import style, words
from sim.report.rundata import ALL, RunData, Scope
from sim.scenario.vocabulary import BASELINE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

DECIDED = {
    "claims_eligible": "claim eligible",
    "persons_returned": "returned",
    "persons_inadmissible": "inadmissible",
    "persons_detained": "detained",
}
_WIDTH, _GAP, _LABEL = 0.10, 0.05, 0.125
"""Width of a box, room between boxes and height of a label, of columns and of all who came."""
_LEAST = 0.5
"""Persons: less is left out of the picture, not of the table."""


@dataclass(frozen=True)
class Stage:
    """Persons at one stage, drawn in a column, as part of those of another."""

    name: str
    column: int
    persons: float
    of: str
    """Name of the stage they come from; empty for the first."""


def plot_stages(run: RunData, facility: str, *, variant: str = BASELINE, ax: Axes | None = None) -> Axes:
    """Draw the persons of a flow from left to right: came, detected, met, decided; heights are means of the run."""
    stages = stages_of(run, facility, variant)
    with style.styled():
        ax = ax or style.new_axes()
        if not stages or not stages[0].persons > _LEAST:
            style.say(ax, f"{facility}: nobody came")
            return ax
        shown = [stage for stage in stages if stage.persons > _LEAST]
        boxes = _boxes(shown)
        first = {stage.name: boxes[stage.name][1] for stage in shown}
        for stage in shown:
            place = shown.index(stage)
            look, hatch = style.look(place), style.HATCHES[place % len(style.HATCHES)]
            left, top, height = boxes[stage.name]
            ax.bar(
                left, -height, bottom=top, width=_WIDTH, align="edge", color=look.color, hatch=hatch, edgecolor="white",
                label=stage.name,
            )  # fmt: skip
            if stage.of in boxes:
                _band(ax, boxes[stage.of][0] + _WIDTH, first[stage.of], left, top, height, look.color)
                first[stage.of] -= height
        _labels(ax, shown, boxes)
        ax.set_axis_off()
        ax.set_title("Persons, mean of the run, and their share of those who came")
    return ax


def stage_rows(run: RunData, facility: str, *, variant: str = BASELINE) -> pd.DataFrame:
    """A row per stage: persons (mean), where they come from, and their share of those who came."""
    import pandas as pd

    stages = stages_of(run, facility, variant)
    rows = [(variant, facility, s.name, s.of, s.persons, _share(s, stages)) for s in stages]
    return pd.DataFrame(rows, columns=["variant", "facility", "stage", "of", "persons", "share"])


def stages_of(run: RunData, facility: str, variant: str = BASELINE) -> list[Stage]:
    """The stages a flow has, those before first."""
    scope: Scope = (variant, facility, ALL, ALL)

    def mean(measure: str) -> float:
        found = run.estimate(scope, measure)
        return found.mean if found is not None and np.isfinite(found.mean) else 0.0

    came, seen, met = mean("persons"), mean("persons_detected"), mean("persons_intercepted")
    stages = [Stage("came", 0, came, "")]
    source, column, left = "came", 1, came
    if run.estimate(scope, "persons_detected") is not None:
        inland, waiting, late = mean("claims_inland"), mean("persons_waiting_end"), mean("persons_alert_end")
        stages += [
            Stage("detected", 1, seen, "came"),
            Stage("not seen", 1, came - seen - late, "came"),
            Stage("no alert so far", 1, late, "came"),
            Stage("met by a unit", 2, met, "detected"),
            Stage("gone before a unit came", 2, seen - met - waiting, "detected"),
            Stage("still waiting for a unit", 2, waiting, "detected"),
            Stage("claims inland later", 2, inland, "not seen"),
        ]
        source, column, left = "met by a unit", 3, met
    stages += [Stage(name, column, mean(measure), source) for measure, name in DECIDED.items()]
    stages.append(Stage("not decided by the end", column, left - sum(mean(measure) for measure in DECIDED), source))
    return stages


def _share(stage: Stage, stages: Sequence[Stage]) -> float:
    return stage.persons / stages[0].persons if stages[0].persons > 0.0 else 0.0


def _boxes(stages: Sequence[Stage]) -> dict[str, tuple[float, float, float]]:
    """Left, top and height of each box; all who came are 1 high."""
    whole = stages[0].persons
    boxes: dict[str, tuple[float, float, float]] = {}
    for column in sorted({stage.column for stage in stages}):
        top = 1.0
        for stage in (stage for stage in stages if stage.column == column):
            height = stage.persons / whole
            boxes[stage.name] = (float(column), top, height)
            top -= max(height + _GAP, _LABEL)
    return boxes


def _band(ax: Axes, left: float, top: float, right: float, other: float, height: float, color: str) -> None:
    """A band of one height from the side of one box to the side of another, without corners."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    middle = (left + right) / 2.0
    points = [
        (left, top), (middle, top), (middle, other), (right, other), (right, other - height),
        (middle, other - height), (middle, top - height), (left, top - height), (left, top),
    ]  # fmt: skip
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    ax.add_patch(PathPatch(Path(points, codes), facecolor=color, alpha=0.25, linewidth=0, label="_band"))


def _labels(ax: Axes, stages: Sequence[Stage], boxes: dict[str, tuple[float, float, float]]) -> None:
    from matplotlib.patheffects import withStroke

    for stage in stages:
        left, top, height = boxes[stage.name]
        places = 0 if stage.persons >= 100.0 else 1
        text = f"{stage.name}\n{words.number(stage.persons, places)}, {words.number(100.0 * _share(stage, stages))} %"
        ax.text(
            left + _WIDTH + 0.02, top - max(height, 0.0) / 2.0, text, va="center", fontsize=16, linespacing=1.1,
            path_effects=[withStroke(linewidth=3.5, foreground="white")],
        )  # fmt: skip
    columns = max(stage.column for stage in stages)
    ax.set_xlim(-0.02, columns + 0.75)
    ax.set_ylim(min(top - height for _, top, height in boxes.values()) - 0.05, 1.05)
