"""How a run that settles settles: queue and wait by time bin, Welch's moving averages, and the start to leave out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sim.errors import UsageError
from sim.report import style, words
from sim.report.picture import Picture, write
from sim.report.rundata import ALL, RunData
from sim.scenario.vocabulary import BASELINE
from sim.study.steady import BATCH, LEAST_BATCHES, Truncation, moving_average, mser5, span

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

QUEUE, WAIT = "queue_mean", "wait_mean"
TITLES = {QUEUE: "Parties in the queue", WAIT: "Mean wait of those who join then, minutes"}
WINDOWS = (1 / 40, 1 / 10)
"""Windows of the moving averages, as shares of the series: one that follows it, one that is smooth."""
_HOURS_PER_STEP = (0.25, 0.5, 1, 2, 3, 6, 12, 24, 48, 96, 168, 336, 672)


@dataclass(frozen=True)
class WarmUp:
    """What MSER-5 says of one facility and variant."""

    facility: str
    variant: str
    stated: float
    """Minutes the run left out already."""
    minutes: float
    """Minutes from the start of the horizon to leave out."""
    horizon: float
    settled: bool


def save_warm_up_figures(run_folder: Path | str) -> tuple[list[WarmUp], list[Path]]:
    """Find the warm-up of every facility and variant and draw it as `run_folder`/figures/welch-[VARIANT-]FACILITY.

    Beside each PNG and SVG stands a CSV with the series and its moving averages.

    Raises:
        RunFolderError: the folder is no finished run.
        UsageError: the run has too few time bins.
    """
    run = RunData.open(run_folder)
    folder = run.folder / "figures"
    found, paths = list[WarmUp](), list[Path]()
    for facility in run.facilities:
        for variant in run.variants:
            rows = series_rows(run, facility, variant)
            if rows.empty:
                continue
            folder.mkdir(exist_ok=True)
            found.append(warm_up(run, facility, variant))
            axes = plot_warm_up(run, facility, variant)
            title = f"{facility}{'' if variant == BASELINE else f', {variant}'}: how long the start takes"
            stem = f"welch-{'' if variant == BASELINE else f'{variant}-'}{facility}"
            paths += write(Picture(stem, title, axes, rows), folder)
    return found, paths


def warm_up(run: RunData, facility: str, variant: str = BASELINE) -> WarmUp:
    """The warm-up of one facility and variant, by its queue.

    Raises:
        UsageError: too few time bins.
    """
    rows = series_rows(run, facility, variant)
    if len(rows) < BATCH * LEAST_BATCHES:
        raise UsageError(
            f"{run.folder} has {words.counted(len(rows), 'time bin')} of full width, and MSER-5 needs "
            f"{BATCH * LEAST_BATCHES}: lengthen the horizon, or write a narrower bin"
        )
    found: Truncation = mser5(rows[QUEUE].to_numpy(dtype=float))
    minutes = float(rows["bin_start"].iloc[found.values]) if found.values else run.warm_up
    return WarmUp(facility, variant, run.warm_up, minutes, run.horizon, found.settled)


def series_rows(run: RunData, facility: str, variant: str) -> pd.DataFrame:
    """Queue and wait of a facility by time bin of full width, with their moving averages: the table of the figure.

    Columns: bin_start (minutes), queue_mean, wait_mean, and each with _moving_N, N the bins on either side.
    """
    import pandas as pd

    parts = {measure: run.day((variant, facility, ALL, ALL), measure) for measure in (QUEUE, WAIT)}
    columns = {name: rows.set_index("bin_start")["mean"] for name, rows in parts.items()}
    table = pd.DataFrame(columns).rename_axis("bin_start").reset_index()
    widths = np.diff(np.append(table["bin_start"].to_numpy(dtype=float), run.horizon))
    full: pd.DataFrame = table[np.isclose(widths, widths.max())].reset_index(drop=True)
    for measure in (QUEUE, WAIT):
        for window in windows(len(full)):
            full[f"{measure}_moving_{window}"] = moving_average(full[measure], window)
    return full


def windows(count: int) -> tuple[int, ...]:
    """Neighbours on either side in the moving averages of a series of `count` values."""
    return tuple(dict.fromkeys(max(1, round(share * count)) for share in WINDOWS))


def plot_warm_up(run: RunData, facility: str, variant: str = BASELINE) -> Axes:
    """Draw queue and wait by time bin with Welch's moving averages, and what MSER-5 leaves out in grey.

    Returns the upper panel, of the queue; the other follows it in `ax.figure.axes`.
    """
    found, rows = warm_up(run, facility, variant), series_rows(run, facility, variant)
    with style.styled():
        top = style.new_axes()
        spec = top.get_subplotspec()
        assert spec is not None
        grid = spec.subgridspec(2, 1)
        top.set_subplotspec(grid[0])
        figure = top.get_figure(root=True)
        assert figure is not None
        panels = (top, figure.add_subplot(grid[1], sharex=top))
        for panel, measure in zip(panels, (QUEUE, WAIT), strict=True):
            _draw(panel, rows, measure, found)
        _hours(panels[-1], found.horizon)
        top.tick_params(labelbottom=False)
        style.legend_above(top, list(_handles(top, run)))
    return top


def _draw(ax: Axes, rows: pd.DataFrame, measure: str, found: WarmUp) -> None:
    starts = rows["bin_start"].to_numpy(dtype=float)
    middle = (starts + (starts[1] - starts[0]) / 2.0) / 60.0
    values = rows[measure].to_numpy(dtype=float)
    ax.set_title(TITLES[measure])
    ax.plot(middle, values, color="#9A9A9A", linewidth=1.0, label="by time bin")
    for place, window in enumerate(windows(len(rows))):
        look = style.look(place)
        average = rows[f"{measure}_moving_{window}"].to_numpy(dtype=float)
        label = f"moving average over {words.counted(2 * window + 1, 'bin')}"
        ax.plot(middle, average, color=look.color, linestyle=look.dashes, label=label)
    kept = values[starts >= found.minutes]
    if found.settled:
        ax.axvspan(0.0, found.minutes / 60.0, color="black", alpha=0.10, linewidth=0, label="left out")
        level = float(np.nanmean(kept)) if np.isfinite(kept).any() else np.nan
        ax.axhline(level, color="black", linewidth=1.2, linestyle=(0, (2, 2)), label="mean of the rest")
    ax.set_ylim(0.0, max(ax.get_ylim()[1], 1.0))


def _hours(ax: Axes, minutes: float) -> None:
    hours = minutes / 60.0
    step = next((size for size in _HOURS_PER_STEP if hours / size <= 8), _HOURS_PER_STEP[-1])
    ax.set_xlim(0.0, hours)
    ax.set_xticks(np.arange(0.0, hours + step / 2.0, step))
    ax.set_xlabel("hours from the start")


def _handles(ax: Axes, run: RunData) -> Iterator[object]:
    handles, labels = ax.get_legend_handles_labels()
    for handle, label in zip(handles, labels, strict=True):
        if label == "by time bin":
            handle.set_label(f"by time bin, mean of {words.counted(run.replications, 'replication')}")
        yield handle


def sentences(found: Sequence[WarmUp]) -> Iterator[str]:
    """What was found, a line each, and the warm-up that serves all of them."""
    for each in found:
        where = f"{each.facility}, {each.variant}"
        if not each.settled:
            yield f"{where}: not settled in half of {span(each.horizon)}; lengthen the horizon"
        elif each.minutes <= each.stated:
            what = f"the warm-up of {span(each.stated)} is enough" if each.stated else "no warm-up is needed"
            yield f"{where}: {what}"
        else:
            yield f"{where}: settled after {span(each.minutes)} of {span(each.horizon)} (MSER-5 of the queue)"
    needed = max((each.minutes for each in found), default=0.0)
    if found and all(each.settled for each in found) and needed > found[0].stated:
        yield f"write warm_up: {span(needed)}"
