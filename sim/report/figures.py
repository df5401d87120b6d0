"""Every figure of a run, written to its `figures/` folder as PNG and SVG with the table behind it as CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from sim.errors import UsageError
from sim.report import picture, words
from sim.report.figures_convergence import convergence_rows, convergence_why_not, plot_convergence, usual_measures
from sim.report.figures_day import MEASURES, day_rows, plot_day
from sim.report.figures_flow import flow_rows, plot_flow
from sim.report.figures_forest import MOST_VARIANTS, compared_of, forest_rows, forest_why_not, plot_forest
from sim.report.figures_hall import hall_rows, is_hall, missed_rows, plot_hall, plot_missed
from sim.report.figures_heat import heat_rows, heat_why_not, plot_heat
from sim.report.figures_histogram import MOST_CLASSES, histogram_rows, plot_wait_histogram
from sim.report.figures_irregular import (
    drivers_rows,
    places_rows,
    plot_drivers,
    plot_places,
    plot_true_flow,
    true_flow_rows,
)
from sim.report.figures_lanes import MOST_STATIONS, lanes, plot_utilisation, utilisation_rows
from sim.report.figures_map import (
    PERSONS,
    VOLUME,
    WAIT,
    map_rows,
    map_table,
    map_why_not,
    plot_airports_map,
    plot_between_ports_map,
    plot_map,
    plot_ports_map,
)
from sim.report.figures_programme import groups, plot_programmes, programme_rows
from sim.report.figures_runs import plot_forest_of_runs
from sim.report.figures_stages import plot_stages, stage_rows
from sim.report.figures_sweep import frontier_rows, frontier_why_not, plot_frontier, plot_sweep, sweep_rows, sweeps
from sim.report.figures_wait import plot_wait_distribution, wait_classes, wait_rows
from sim.report.flows import decides, is_flow
from sim.report.halls import waits_of
from sim.report.picture import Drawn, LeftOut, Picture, pages
from sim.report.rundata import ALL, RunData
from sim.scenario.vocabulary import BASELINE

__all__ = [
    "KINDS",
    "RunData",
    "plot_airports_map",
    "plot_between_ports_map",
    "plot_convergence",
    "plot_day",
    "plot_drivers",
    "plot_flow",
    "plot_forest",
    "plot_forest_of_runs",
    "plot_frontier",
    "plot_hall",
    "plot_heat",
    "plot_map",
    "plot_missed",
    "plot_places",
    "plot_ports_map",
    "plot_programmes",
    "plot_stages",
    "plot_sweep",
    "plot_true_flow",
    "plot_utilisation",
    "plot_wait_distribution",
    "plot_wait_histogram",
    "save_figures",
]

MAP = "map"
"""The kind that shows all facilities together."""
MOST_COMPARED = 6
"""Variants whose day is drawn against the baseline's: a hundred would make a thousand figures that nobody opens."""


def save_figures(
    run_folder: Path | str, kinds: Sequence[str] = (), note: Callable[[str], None] = lambda text: None
) -> list[Path]:
    """Draw a run and write everything under `run_folder`/figures.

    Stems begin with the kind, one of `KINDS`, and hold the facility; beside each NAME.png and NAME.svg stands NAME.csv
    with the numbers drawn. docs/results.md lists them. A comparison in which every curve equals the baseline's is left
    out.

    Args:
        run_folder: of a finished run.
        kinds: only these; all when empty.
        note: called with a sentence for each figure that this run does not give, though one might look for it.

    Returns:
        The paths written, in that order; the same run gives the same bytes.

    Raises:
        RunFolderError: the folder is not a finished run.
        UsageError: there is no such kind.
    """
    from sim.scenario.problems import nearest

    if unknown := [kind for kind in kinds if kind not in KINDS]:
        hint = nearest(unknown[0], list(KINDS)) or f"there are: {', '.join(KINDS)}"
        raise UsageError(f"no kind of figure {unknown[0]!r}; {hint}")
    run = RunData.open(run_folder)
    folder = run.folder / "figures"
    folder.mkdir(exist_ok=True)
    paths: list[Path] = []
    for drawn in _all(run, [kind for kind in KINDS if not kinds or kind in kinds]):
        if isinstance(drawn, LeftOut):
            note(drawn.why)
        else:
            paths += picture.write(drawn, folder)
    return paths


def _all(run: RunData, kinds: Sequence[str]) -> Iterator[Drawn]:
    for facility in run.facilities:
        for kind in kinds:
            if kind != MAP:
                yield from KINDS[kind](run, facility)
    if MAP in kinds:
        yield from _maps(run)


def _maps(run: RunData, facility: str = "") -> Iterator[Drawn]:
    """Maps of all facilities together."""
    if why := map_why_not(run):
        if len(run.registry_names) + len(run.sectors) > 1:
            yield LeftOut(why)
        return
    measures = [measure for measure in (WAIT, VOLUME) if not map_rows(run, measure).empty]
    for measure in measures or [PERSONS]:
        rows = map_table(run, measure)
        if not rows.empty:
            title = f"{run.scenario}: {words.measure_words(measure)} by place"
            yield Picture(f"map-{measure}", title, plot_map(run, measure), rows)


# ---- what is drawn of a facility, by kind -----------------------------------------------------------------


def _days(run: RunData, facility: str) -> Iterator[Drawn]:
    for station, class_name in _scopes(run, facility):
        yield _day(run, facility, station, class_name, (BASELINE,))


def _waits(run: RunData, facility: str) -> Iterator[Drawn]:
    classes = wait_classes(run, facility, BASELINE)
    if not classes:
        yield LeftOut(f"{facility}: no distribution of waits, as nobody waited")
        return
    axes = plot_wait_distribution(run, facility)
    rows = wait_rows(run, facility, BASELINE, classes)
    yield Picture(f"wait-{facility}", f"{facility}: how long parties wait", axes, rows)
    for ending, said, part in pages(classes, MOST_CLASSES):
        axes = plot_wait_histogram(run, facility, classes=part)
        rows = histogram_rows(run, facility, part)
        yield Picture(f"histogram-{facility}{ending}", f"{facility}: how many wait how long{said}", axes, rows)


def _heat(run: RunData, facility: str) -> Iterator[Drawn]:
    if why := heat_why_not(run, facility):
        yield LeftOut(why)
        return
    classes = run.classes(facility)
    for name in (ALL, *(classes if len(classes) > 1 else ())):
        if run.estimate((BASELINE, facility, ALL, name), "wait_mean") is not None:
            ending, said = _ending(run, facility, ALL, name)
            axes = plot_heat(run, facility, class_name=name)
            rows = heat_rows(run, facility, class_name=name)
            yield Picture(f"heat-{facility}{ending}", f"{facility}{said}: wait by hour and weekday", axes, rows)


def _lanes(run: RunData, facility: str) -> Iterator[Drawn]:
    for ending, said, part in pages(lanes(run, facility), MOST_STATIONS):
        axes = plot_utilisation(run, facility, stations=part)
        rows = utilisation_rows(run, facility, part)
        yield Picture(f"lanes-{facility}{ending}", f"{facility}: how busy the booths are{said}", axes, rows)


def _flow(run: RunData, facility: str) -> Iterator[Drawn]:
    axes = plot_flow(run, facility)
    yield Picture(f"flow-{facility}", f"{facility}: who has come and who has gone", axes, flow_rows(run, facility))


def _programmes(run: RunData, facility: str) -> Iterator[Drawn]:
    for mode, classes in groups(run, facility) if not is_flow(run, facility) else ():
        members = [words.class_words(name, classes) for name in classes if "." in name]
        title = f"{facility}: {members[0]} against the others"
        axes = plot_programmes(run, facility, classes)
        yield Picture(f"programmes-{facility}-{mode}", title, axes, programme_rows(run, facility, classes))


def _convergence(run: RunData, facility: str) -> Iterator[Drawn]:
    if why := convergence_why_not(run, facility):
        yield LeftOut(why)
        return
    measures = usual_measures(run, facility)
    axes = plot_convergence(run, facility, measures=measures)
    rows = convergence_rows(run, facility, measures)
    yield Picture(f"convergence-{facility}", f"{facility}: are there enough replications?", axes, rows)


def _compared(run: RunData, facility: str) -> Iterator[Drawn]:
    others = [variant for variant in run.variants if variant != BASELINE]
    chosen = _most_different(run, facility, others)
    if len(chosen) < len(others):
        yield LeftOut(
            f"{facility}: of {len(others)} variants, the {len(chosen)} whose mean wait differs most are drawn over "
            "the day"
        )
    for variant in chosen:
        for station, class_name in _scopes(run, facility):
            if _changes(run, facility, station, class_name, variant):
                yield _day(run, facility, station, class_name, (BASELINE, variant))


def _forests(run: RunData, facility: str) -> Iterator[Drawn]:
    if len(run.variants) < 2:
        return
    for measure in compared_of(run, facility):
        if forest_why_not(run, facility, measure):
            continue
        rows = forest_rows(run, facility, measure)
        for ending, said, part in pages(rows["variant"].tolist(), MOST_VARIANTS):
            title = f"{facility}: {words.measure_words(measure)} of the variants{said}"
            axes = plot_forest(run, facility, measure, variants=part)
            own = rows[rows["variant"].isin(part)]
            yield Picture(f"forest-{facility}-{measure}{ending}", title, axes, own)


def _swept(run: RunData, facility: str) -> Iterator[Drawn]:
    for sweep in sweeps(run):
        for measure in compared_of(run, facility):
            rows = sweep_rows(run, facility, sweep, measure)
            if rows["mean"].notna().any():
                title = f"{facility}: {words.measure_words(measure)} over the sweep {sweep}"
                axes = plot_sweep(run, facility, sweep, measure)
                yield Picture(f"sweep-{facility}-{sweep}-{measure}", title, axes, rows)


def _hall(run: RunData, facility: str) -> Iterator[Drawn]:
    if is_hall(run, facility):
        title = f"{facility}: people in the hall against departures"
        yield Picture(f"hall-{facility}", title, plot_hall(run, facility), hall_rows(run, facility))
        title = f"{facility}: missed departures by bank"
        yield Picture(f"missed-{facility}", title, plot_missed(run, facility), missed_rows(run, facility))


def _irregular(run: RunData, facility: str) -> Iterator[Drawn]:
    if not decides(run, facility):
        return
    title = f"{facility}: from the border to a decision"
    yield Picture(f"stages-{facility}", title, plot_stages(run, facility), stage_rows(run, facility))
    rows = places_rows(run, facility)
    if not rows.empty:
        yield Picture(f"places-{facility}", f"{facility}: places of intake", plot_places(run, facility), rows)
    rows = drivers_rows(run, facility)
    yield Picture(f"drivers-{facility}", f"{facility}: who came, and what drives it", plot_drivers(run, facility), rows)
    rows = true_flow_rows(run, facility)
    if rows["measure"].nunique() > 1:
        title = f"{facility}: what truly came, and what was seen of it"
        yield Picture(f"true-flow-{facility}", title, plot_true_flow(run, facility), rows)


def _frontier(run: RunData, facility: str) -> Iterator[Drawn]:
    if len(run.variants) < 3:
        return
    if why := frontier_why_not(run, facility):
        yield LeftOut(why)
        return
    rows = frontier_rows(run, facility)
    title = f"{facility}: what more {words.measure_words(str(rows['price_measure'].iloc[0]))} buy"
    yield Picture(f"frontier-{facility}", title, plot_frontier(run, facility), rows)


KINDS: dict[str, Callable[[RunData, str], Iterator[Drawn]]] = {
    "day": _days,
    "wait": _waits,
    "heat": _heat,
    "lanes": _lanes,
    "flow": _flow,
    "programmes": _programmes,
    "hall": _hall,
    "irregular": _irregular,
    "convergence": _convergence,
    "forest": _forests,
    "sweep": _swept,
    "frontier": _frontier,
    "compare": _compared,
    MAP: _maps,
}
"""Kinds of figures, in the order in which they are drawn."""


# ---- parts ------------------------------------------------------------------------------------------------


def _scopes(run: RunData, facility: str) -> list[tuple[str, str]]:
    """(station, class) of each day figure: the whole facility, then its classes and lane groups if several."""
    classes, stations = run.classes(facility), run.lane_groups(facility)
    scopes = [(ALL, ALL)]
    scopes += [(ALL, name) for name in classes if len(classes) > 1]
    scopes += [(name, ALL) for name in stations if len(stations) > 1]
    return [(s, c) for s, c in scopes if any(not run.day((BASELINE, facility, s, c), m).empty for m in MEASURES)]


def _ending(run: RunData, facility: str, station: str, class_name: str) -> tuple[str, str]:
    """How the stem and the headline of a figure of one class or station go on after the facility."""
    if class_name != ALL:
        return f"-{class_name}", f", {words.class_words(class_name, run.classes(facility))}"
    return (f"-at-{station}", f", {station}") if station != ALL else ("", "")


def _day(run: RunData, facility: str, station: str, class_name: str, variants: Sequence[str]) -> Picture:
    stem = "day" if len(variants) == 1 else f"compare-{variants[1]}"
    ending, said = _ending(run, facility, station, class_name)
    time = "day" if run.horizon <= words.LONGEST_DAY else "run"
    what = f"wait and queue over the {time}" if len(variants) == 1 else f"{variants[1]} against the {BASELINE}"
    return Picture(
        f"{stem}-{facility}{ending}",
        f"{facility}{said}: {what}",
        plot_day(run, facility, station=station, class_name=class_name, variants=variants),
        day_rows(run, facility, station, class_name, variants),
    )


def _most_different(run: RunData, facility: str, variants: Sequence[str]) -> list[str]:
    """The MOST_COMPARED variants whose mean wait differs most from the baseline's, in the order of the run."""

    def far(variant: str) -> float:
        waits = [run.estimate((name, facility, ALL, ALL), waits_of(run, facility)[0]) for name in (BASELINE, variant)]
        means = [each.mean for each in waits if each is not None and np.isfinite(each.mean)]
        return abs(means[1] - means[0]) if len(means) == 2 else 0.0

    chosen = sorted(variants, key=far, reverse=True)[:MOST_COMPARED]
    return [variant for variant in variants if variant in chosen]


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
