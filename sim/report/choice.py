"""One figure by its name, for those who draw from Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from sim.errors import UsageError
from sim.report import figures
from sim.report.figures_forest import compared_of
from sim.report.figures_map import WAIT
from sim.report.figures_programme import groups
from sim.report.rundata import ALL, RunData
from sim.scenario.problems import nearest
from sim.scenario.vocabulary import BASELINE

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Choice(NamedTuple):
    """What a figure is to show."""

    facility: str
    station: str = ALL
    class_name: str = ALL
    variants: tuple[str, ...] = ()
    """None named: the usual ones of the kind."""
    measure: str = ""
    """None named: the first that is compared of the facility; on a map the mean wait."""

    @property
    def variant(self) -> str:
        """The variant of a figure that shows one."""
        return self.variants[0] if self.variants else BASELINE


def draw(run: RunData, kind: str, of: Choice, ax: Axes | None = None) -> Axes:
    """Draw one figure of a run; its first Axes.

    Raises:
        UsageError: there is no such kind, or it shows one variant and several were named.
    """
    if kind not in _KINDS:
        found = f"the run has no kind of figure {kind!r}; there are: {', '.join(_KINDS)}"
        raise UsageError(f"{found}. {nearest(kind, list(_KINDS))}".rstrip(". "))
    if len(of.variants) > 1 and kind not in _OF_SEVERAL:
        raise UsageError(f"a figure of kind {kind} shows one variant")
    return _KINDS[kind](run, of, ax)


def _measure(run: RunData, of: Choice) -> str:
    return of.measure or compared_of(run, of.facility)[0]


def _day(run: RunData, of: Choice, ax: Axes | None) -> Axes:
    variants = of.variants or run.variants[:2]
    return figures.plot_day(run, of.facility, station=of.station, class_name=of.class_name, variants=variants, ax=ax)


def _wait(run: RunData, of: Choice, ax: Axes | None) -> Axes:
    return figures.plot_wait_distribution(run, of.facility, variant=of.variant, ax=ax)


def _histogram(run: RunData, of: Choice, ax: Axes | None) -> Axes:
    return figures.plot_wait_histogram(run, of.facility, variant=of.variant, ax=ax)


def _heat(run: RunData, of: Choice, ax: Axes | None) -> Axes:
    return figures.plot_heat(run, of.facility, class_name=of.class_name, variant=of.variant, ax=ax)


def _lanes(run: RunData, of: Choice, ax: Axes | None) -> Axes:
    return figures.plot_utilisation(run, of.facility, variant=of.variant, ax=ax)


def _flow(run: RunData, of: Choice, ax: Axes | None) -> Axes:
    return figures.plot_flow(run, of.facility, class_name=of.class_name, variant=of.variant, ax=ax)


def _programmes(run: RunData, of: Choice, ax: Axes | None) -> Axes:
    classes = next((classes for _, classes in groups(run, of.facility)), run.classes(of.facility)[:1])
    return figures.plot_programmes(run, of.facility, classes, variant=of.variant, ax=ax)


def _hall(run: RunData, of: Choice, ax: Axes | None) -> Axes:
    return figures.plot_hall(run, of.facility, variant=of.variant, ax=ax)


def _missed(run: RunData, of: Choice, ax: Axes | None) -> Axes:
    return figures.plot_missed(run, of.facility, variant=of.variant, ax=ax)


def _stages(run: RunData, of: Choice, ax: Axes | None) -> Axes:
    return figures.plot_stages(run, of.facility, variant=of.variant, ax=ax)


def _places(run: RunData, of: Choice, ax: Axes | None) -> Axes:
    return figures.plot_places(run, of.facility, variant=of.variant, ax=ax)


def _drivers(run: RunData, of: Choice, ax: Axes | None) -> Axes:
    return figures.plot_drivers(run, of.facility, variant=of.variant, ax=ax)


def _true_flow(run: RunData, of: Choice, ax: Axes | None) -> Axes:
    return figures.plot_true_flow(run, of.facility, variant=of.variant, ax=ax)


def _convergence(run: RunData, of: Choice, ax: Axes | None) -> Axes:
    where = {"station": of.station, "class_name": of.class_name, "variant": of.variant}
    return figures.plot_convergence(run, of.facility, measures=[_measure(run, of)], ax=ax, **where)


def _forest(run: RunData, of: Choice, ax: Axes | None) -> Axes:
    where = {"station": of.station, "class_name": of.class_name}
    return figures.plot_forest(run, of.facility, _measure(run, of), variants=of.variants or None, ax=ax, **where)


def _frontier(run: RunData, of: Choice, ax: Axes | None) -> Axes:
    return figures.plot_frontier(run, of.facility, ax=ax)


def _map(run: RunData, of: Choice, ax: Axes | None) -> Axes:
    return figures.plot_map(run, of.measure or WAIT, variant=of.variant, ax=ax)


_KINDS: dict[str, Callable[..., Axes]] = {
    "day": _day,
    "wait": _wait,
    "histogram": _histogram,
    "heat": _heat,
    "lanes": _lanes,
    "flow": _flow,
    "programmes": _programmes,
    "hall": _hall,
    "missed": _missed,
    "stages": _stages,
    "places": _places,
    "drivers": _drivers,
    "true-flow": _true_flow,
    "convergence": _convergence,
    "forest": _forest,
    "frontier": _frontier,
    "map": _map,
}
_OF_SEVERAL = ("day", "forest")
