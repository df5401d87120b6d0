"""Every figure of a run, written to its `figures/` folder as PNG and SVG with the table behind it as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sim.report import style, words
from sim.report.figures_day import MEASURES, day_rows, plot_day
from sim.report.figures_wait import plot_wait_distribution, wait_classes, wait_rows
from sim.report.rundata import ALL, BASELINE, RunData

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["RunData", "plot_day", "plot_wait_distribution", "save_figures"]


@dataclass(frozen=True)
class _Picture:
    """A drawn figure on its way to disk."""

    stem: str
    title: str
    axes: Axes
    rows: pd.DataFrame


def save_figures(run_folder: Path | str) -> list[Path]:
    """Draw the baseline and each variant against it, and write everything under `run_folder`/figures.

    Per facility: `day-F` (all parties), `day-F-CLASS`, `day-F-at-STATION` for lane groups and `wait-F`; per variant
    `compare-V-F` with the same endings. A comparison in which every curve equals the baseline's is left out. Beside
    each NAME.png and NAME.svg stands NAME.csv with the numbers drawn. Returns the paths written, in that order; the
    same run gives the same bytes. Raises `RunFolderError` when the folder is not a finished run.
    """
    run = RunData.open(run_folder)
    folder = run.folder / "figures"
    folder.mkdir(exist_ok=True)
    paths: list[Path] = []
    for picture in _pictures(run):
        figure = picture.axes.get_figure(root=True)
        assert figure is not None
        with style.styled():
            style.write_title(figure, picture.title)
        stem = folder / picture.stem
        paths += style.save(figure, stem, picture.title)
        table = picture.rows.to_csv(index=False, lineterminator="\n").encode()
        paths.append(style.write_whole(stem.with_name(f"{stem.name}.csv"), table))
    return paths


def _pictures(run: RunData) -> Iterator[_Picture]:
    for facility in run.facilities:
        for station, class_name in _scopes(run, facility):
            yield _day(run, facility, station, class_name, (BASELINE,))
        classes = wait_classes(run, facility, BASELINE)
        if classes:
            axes = plot_wait_distribution(run, facility)
            rows = wait_rows(run, facility, BASELINE, classes)
            yield _Picture(f"wait-{facility}", f"{facility}: how long parties wait", axes, rows)
        for variant in run.variants:
            for station, class_name in _scopes(run, facility):
                if variant != BASELINE and _changes(run, facility, station, class_name, variant):
                    yield _day(run, facility, station, class_name, (BASELINE, variant))


def _scopes(run: RunData, facility: str) -> list[tuple[str, str]]:
    """(station, class) of each day figure: the whole facility, then its classes and lane groups if several."""
    classes, stations = run.classes(facility), run.lane_groups(facility)
    scopes = [(ALL, ALL)]
    scopes += [(ALL, name) for name in classes if len(classes) > 1]
    scopes += [(name, ALL) for name in stations if len(stations) > 1]
    return [(s, c) for s, c in scopes if any(not run.day((BASELINE, facility, s, c), m).empty for m in MEASURES)]


def _day(run: RunData, facility: str, station: str, class_name: str, variants: Sequence[str]) -> _Picture:
    stem, title = ("day", facility) if len(variants) == 1 else (f"compare-{variants[1]}", facility)
    if class_name != ALL:
        ending, title = f"-{class_name}", f"{title}, {words.class_words(class_name, run.classes(facility))}"
    else:
        ending, title = (f"-at-{station}", f"{title}, {station}") if station != ALL else ("", title)
    what = "wait and queue over the day" if len(variants) == 1 else f"{variants[1]} against the {BASELINE}"
    return _Picture(
        f"{stem}-{facility}{ending}",
        f"{title}: {what}",
        plot_day(run, facility, station=station, class_name=class_name, variants=variants),
        day_rows(run, facility, station, class_name, variants),
    )


def _changes(run: RunData, facility: str, station: str, class_name: str, variant: str) -> bool:
    """True when a curve of the variant differs from the baseline's in any bin."""
    for measure in MEASURES:
        before, after = (
            run.day((name, facility, station, class_name), measure)["mean"].reset_index(drop=True)
            for name in (BASELINE, variant)
        )
        if not before.equals(after):
            return True
    return False
