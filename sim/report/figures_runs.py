"""Forests of several runs that share their days: what each run changes against the baseline of the first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sim.errors import UsageError
from sim.report import words
from sim.report.figures_forest import MOST_VARIANTS, Told, compared, draw_forest, most_wanted_first
from sim.report.picture import Picture, pages, write
from sim.report.rundata import ALL
from sim.scenario.vocabulary import BASELINE
from sim.study import samples as reading
from sim.study.comparison import LEVEL, compare
from sim.study.comparison_files import CHOSEN, place_of, tables
from sim.study.layout import Key

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from sim.study.samples import Samples

FOREST = "forest"
"""The one kind of figure that several runs give."""


def plot_forest_of_runs(
    samples: Samples, facility: str, measure: str = "wait_mean", *, variants: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Axes:  # fmt: skip
    """Draw the difference of each variant of the runs from the baseline of the first, as `plot_forest` does of one run.

    Args:
        samples: of the runs (`sim.study.samples.read`), which refuses runs of other days.
        facility: which.
        measure: as in comparison.csv.
        variants: which to draw, by their names in the table; None draws the first of them.
        ax: where; a new figure when None.
    """
    rows = forest_rows_of_runs(samples, facility, measure)
    base = float(rows["baseline_mean"].iloc[0]) if len(rows) else np.nan
    told = Told(measure, base, f"{100.0 * LEVEL:g} %", samples.replications)
    why = f"{facility}: no variant has a difference in {words.measure_words(measure)}"
    return draw_forest(rows, told, why, variants, ax)


def forest_rows_of_runs(samples: Samples, facility: str, measure: str) -> pd.DataFrame:
    """Differences in one measure of a facility, the most wanted first, in the columns of comparison_chosen.csv.

    The simultaneous intervals hold for all variants of all runs at once, in this measure.
    """
    import pandas as pd

    keys = [key for key in samples.keys[BASELINE] if key[:4] == (facility, ALL, ALL, measure)]
    found = tables(compare(samples, keys, {}))["comparison_chosen.csv"] if _shared(samples, keys) else []
    rows = pd.DataFrame(found, columns=list(CHOSEN))
    return most_wanted_first(rows[rows["difference"].notna()], measure)


def _shared(samples: Samples, keys: Sequence[Key]) -> bool:
    return any(key in samples.keys[variant] for variant in samples.variants for key in keys)


def save_forests_of_runs(
    folders: Sequence[Path], kinds: Sequence[str] = (), note: Callable[[str], None] = lambda text: None
) -> tuple[list[Path], Path]:
    """Write the forests of several runs beside the tables that `compare` writes of them.

    Args:
        folders: of finished runs whose replications are the same days.
        kinds: only `forest` is drawn of several runs.
        note: called with a sentence for each facility of which nothing can be drawn.

    Returns:
        The paths written, and the folder of the comparison, in whose `figures` they are.

    Raises:
        UsageError: another kind was asked for, or the runs are not comparable.
        RunFolderError: a folder is no finished run.
    """
    if other := [kind for kind in kinds if kind != FOREST]:
        raise UsageError(f"of several runs only --only {FOREST} is drawn, not {other[0]}: name one run")
    samples = reading.read(folders)
    place = place_of(samples.folders)
    (place / "figures").mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    for facility in samples.facilities:
        drawn = list(_forests(samples, facility))
        if not drawn:
            said = ", ".join(map(words.measure_words, _compared(samples, facility)))
            note(f"{facility}: no variant has a difference in {said}")
        for one in drawn:
            paths += write(one, place / "figures")
    return paths, place


def _compared(samples: Samples, facility: str) -> tuple[str, ...]:
    return compared({key.measure for key in samples.keys[BASELINE] if key.facility == facility})


def _forests(samples: Samples, facility: str) -> Iterator[Picture]:
    for measure in _compared(samples, facility):
        rows = forest_rows_of_runs(samples, facility, measure)
        for ending, said, part in pages(rows["variant"].tolist(), MOST_VARIANTS):
            title = f"{facility}: {words.measure_words(measure)} against the baseline of {samples.title}{said}"
            axes = plot_forest_of_runs(samples, facility, measure, variants=part)
            own = rows[rows["variant"].isin(part)]
            yield Picture(f"forest-{facility}-{measure}{ending}", title, axes, own)
