"""Compare variants from Python: the tables, sentences and intervals that `bordersim compare` prints."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.api import pages
from sim.api.finished import Run, check_known
from sim.api.running import run
from sim.errors import UsageError
from sim.scenario import Study
from sim.scenario.precision import ALL

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sim.study.comparison import Comparison as Found
    from sim.study.layout import Key

Source = str | Path | Study | Run
Names = str | Sequence[str]


def compare(
    source: Source | Sequence[Source],
    variants: Names = "all",
    *,
    measures: Names = (),
    classes: Names = (),
    facilities: Names = (),
    stations: Names = (),
    indifference: Names = (),
    **how: Any,
) -> Comparison:
    """Variants against the baseline, replication by replication on common random numbers.

    Args:
        source: a scenario file or study (run first when needed), a run, or a run folder; or several of these, whose
            replications are the same days: they are compared with the baseline of the first.
        variants: which ones of a scenario or study; `"all"` for all of them.
        measures, classes, facilities, stations: which rows, one name or several; `wait_mean`, `wait_p95` and
            `over_standard_share` of every class of whole facilities unless named.
        indifference: differences not worth detecting, each with its unit, such as `"1 min"` or `"2 %"`.
        how: as `run` takes it, `policy` and `precision` among it; not where all runs stand already.

    Returns:
        What was found; nothing is written (`Comparison.save` does).

    Raises:
        UsageError: nothing of that name, or the runs are not comparable; says in what they differ.
        RunFolderError: a folder is no finished run, was changed, or there is nothing to compare.
        And what `run` raises.
    """
    from sim.study.comparison import compare_runs
    from sim.study.samples import Choice

    sources: list[Source] = [source] if isinstance(source, str | Path | Study | Run) else list(source)
    if not sources:
        raise UsageError("there is no run to compare; give a scenario file, a run, or several")
    folders = [_standing(one) for one in sources]
    if all(folder is not None for folder in folders) and (variants != "all" or how):
        raise UsageError("what was given stands already: variants and how to run go with a scenario file")
    asked = (_named(names) for names in (measures, classes, facilities, stations))
    runs = [
        folder or run(one, variants, **how).folder  # type: ignore[arg-type]  # a Run stands already
        for one, folder in zip(sources, folders, strict=True)
    ]
    return Comparison(compare_runs(runs, Choice(*asked), _named(indifference)))


def _standing(source: Source) -> Path | None:
    """The folder of a run that stands already; None for what has to be run."""
    if isinstance(source, Run):
        return source.folder
    return Path(source) if isinstance(source, str | Path) and Path(source).is_dir() else None


def _named(names: Names) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Variants against the baseline. `print` it for what the command line prints; in a notebook it shows itself."""

    found: Found
    """Everything that was found, as `sim.study.comparison` has it."""

    @property
    def runs(self) -> tuple[Path, ...]:
        """Folders of the runs; the baseline is that of the first."""
        return self.found.samples.folders

    @property
    def variants(self) -> tuple[str, ...]:
        """Names of what is compared with the baseline."""
        return tuple(self.found.samples.variants)

    @property
    def method(self) -> str:
        """How the intervals that hold all at once were made."""
        return self.found.method

    @property
    def level(self) -> float:
        """Probability with which all of these hold together."""
        return self.found.level

    @cached_property
    def differences(self) -> pd.DataFrame:
        """Chosen rows: difference, its interval alone and all at once, what pairing saved (comparison_chosen.csv)."""
        return self._table("comparison_chosen.csv")

    @cached_property
    def bad_days(self) -> pd.DataFrame:
        """The same rows on bad days (comparison_days.csv)."""
        return self._table("comparison_days.csv")

    @cached_property
    def selection(self) -> pd.DataFrame:
        """Contenders by each measure: whether still in, and at most how much worse (comparison_best.csv)."""
        return self._table("comparison_best.csv")

    @cached_property
    def all_rows(self) -> pd.DataFrame:
        """Every measure, class and station of the runs, each row for itself (comparison.csv), with a column `run`."""
        import pandas as pd

        parts = [Run(folder) for folder in self.runs]
        tables = [part.comparison.assign(run=str(part.folder)) for part in parts if len(part.variants) > 1]
        return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """One sentence per variant and measure, then on bad days, then on which is best."""
        from sim.report import sentences

        made = (sentences.sentences, sentences.bad_day_sentences, sentences.best_sentences)
        return tuple(line for make in made for line in make(self.found))

    def best(self, measure: str = "", facility: str = "", *, class_: str = "", station: str = "") -> str | None:
        """The variant, or the baseline, that is best by a measure; None where the replications do not decide it.

        Args:
            measure: one of those compared that is better in one direction and has an indifference zone; the first
                when empty.
            facility, class_, station: which of those compared; needed where there are several.

        Raises:
            UsageError: nothing was selected by such a measure, facility, class or station, or several were.
        """
        measure = measure or next((one.key.measure for one in self.found.best), "")
        asked = {"measure": measure, "facility": facility, "klass": class_, "station": station}
        fitting = [one for one in self.found.best if _is_asked(one.key, asked)]
        if len(fitting) == 1:
            return fitting[0].winner
        if fitting:
            several = "; ".join(_called(one.key) for one in fitting)
            raise UsageError(f"several were selected by: {several}; say which: facility, class_ or station")
        known = "; ".join(_called(one.key) for one in self.found.best)
        wanted = ", ".join(name for name in asked.values() if name) or "any measure"
        raise UsageError(f"no best by {wanted}; there is one by: {known or 'none'}")

    def plot(self, facility: str = "", measure: str = "wait_mean", *, ax: Axes | None = None) -> Figure:
        """Draw all variants of all runs against the baseline: a forest, `figure.savefig("name.png")` writes it.

        Args:
            facility: its name; the first when empty.
            measure: as in comparison.csv.
            ax: Axes to draw on; a new figure when None.

        Raises:
            UsageError: the runs have no such facility or measure.
        """
        from sim.report.figures_runs import plot_forest_of_runs

        samples = self.found.samples
        facility = facility or samples.facilities[0]
        check_known("facility", facility, samples.facilities)
        own = (key.measure for key in samples.keys["baseline"] if key.facility == facility)
        check_known("measure", measure, tuple(dict.fromkeys(own)))
        drawn = plot_forest_of_runs(samples, facility, measure, ax=ax)
        figure = drawn.get_figure(root=True)
        assert figure is not None
        return figure

    def save(self) -> list[Path]:
        """Write the tables where the command line does: into the run's folder, or beside the first of several.

        Raises:
            OSError: the folder cannot be written to.
        """
        from sim.study import comparison_files

        return comparison_files.write(self.found, comparison_files.place_of(self.runs))

    def _table(self, name: str) -> pd.DataFrame:
        import pandas as pd

        from sim.study import comparison_files

        return pd.DataFrame(comparison_files.tables(self.found)[name], columns=list(comparison_files.TABLES[name]))

    def __str__(self) -> str:
        from rich.console import Console

        from sim.report.tables import comparison_table

        page = io.StringIO()
        Console(file=page, width=100, highlight=False, color_system=None).print(comparison_table(self.found))
        return page.getvalue().rstrip("\n")

    def __repr__(self) -> str:
        samples = self.found.samples
        return (
            f"<Comparison of {samples.title!r}: {', '.join(self.variants)} against the baseline, "
            f"{samples.replications} replications, {len(self.found.rows)} rows>"
        )

    def _repr_html_(self) -> str:
        """In a notebook: the chosen rows, and all of it in sentences."""
        from sim.report.tables import difference_texts

        samples = self.found.samples
        about = f"{samples.replications} replications; all at once: {100.0 * self.level:g} %, {self.method}"
        said = f"<p><b>{pages.text(samples.title)}</b><br>{pages.text(about)}</p>"
        head = ("variant", "facility", "where", "measure", "change", "interval", "all at once")
        return said + pages.table(head, difference_texts(self.found)) + pages.lines(self.sentences)


def _is_asked(key: Key, asked: Mapping[str, str]) -> bool:
    return all(name in ("", getattr(key, field)) for field, name in asked.items())


def _called(key: Key) -> str:
    """What was selected by, in the words in which it is asked for."""
    klass = "" if key.klass == ALL else f" of class {key.klass}"
    station = "" if key.station == ALL else f", station {key.station}"
    return f"{key.measure}{klass} at {key.facility}{station}"
