"""The program from Python: load a scenario, run it, compare variants, read results as DataFrames.

The same runs as the command line makes, in the same folders: what one has run, the other finds. docs/python.md shows
all of it on one scenario.
"""

from __future__ import annotations

import contextlib
import html
import math
import os
import warnings
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.engine.rules import Line, Rule
from sim.errors import BordersimError, RunFolderError, ScenarioError, UsageError
from sim.scenario import Study, load

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["BordersimError", "Line", "Rule", "Run", "ScenarioError", "Study", "compare", "load", "run"]

RESULTS = "results"
"""Where runs land by default, as from the command line."""
_TEXTS = ("variant", "baseline", "facility", "station", "class", "measure", "unit")
_SHOWN = ("arrivals", "wait_mean", "wait_p95", "queue_max")
"""Measures of a facility in the notebook view of a run."""


def run(
    source: str | Path | Study,
    variants: str | Sequence[str] | None = None,
    *,
    replications: int | None = None,
    seed: int | None = None,
    out: str | Path = RESULTS,
    workers: int | None = 1,
    engine: str = "auto",
    cluster: str | None = None,
    rule: Rule | None = None,
    visits: bool = False,
    force: bool = False,
    progress: bool = False,
) -> Run:
    """Run a scenario, or find the run where it stands finished; a run that was stopped goes on.

    Args:
        source: a scenario file, or what `load` made of one.
        variants: names of variants to run beside the baseline; `"all"` for all of them, None for none.
        replications: instead of the scenario's number; given to `load` where `source` is a study.
        seed: instead of the scenario's master seed; likewise.
        out: folder of results.
        workers: processes, None for as many as pay; the numbers do not depend on it. A script that asks for more than
            one needs the guard `if __name__ == "__main__":`, as every program that starts processes this way.
        engine: `auto`, `compiled` or `reference`; the numbers do not depend on it.
        cluster: address of the scheduler of a Dask cluster that does the work instead; the numbers do not depend on it.
        rule: steers the booths (`Rule`), on the reference engine and in this process; such a run is always made anew,
            in a folder of its own.
        visits: also write one row per visit.
        force: run again even when finished.
        progress: show a bar on a terminal.

    Returns:
        The run; what is probably not meant in the scenario is told as Python warnings.

    Raises:
        ScenarioError: the scenario has faults, or does not fit in memory.
        UsageError: an argument is at fault.
        RunFolderError: results cannot be written, or were changed.
        SimulationError: replications failed; the others are kept for the next attempt.
    """
    from sim.study import runs
    from sim.study.kept import telling_what_is_kept
    from sim.study.preflight import check_memory, for_a_run, warnings_of

    study = _chosen(_study(source, replications, seed), variants)
    _check_arguments(workers, engine, cluster, rule)
    check_memory(study, workers or os.cpu_count() or 1)
    for warning in for_a_run(warnings_of(study)):
        warnings.warn(str(warning), stacklevel=2)
    if rule is not None:
        from sim.study import ruled

        with telling_what_is_kept(ruled.folder_of(study, Path(out), rule)), _bar(study, progress) as advance:
            return Run(ruled.run(study, Path(out), rule, visits=visits, advance=advance))
    folder = runs.folder_of(study, Path(out))
    with telling_what_is_kept(folder), _place(cluster, workers) as hands, _bar(study, progress) as advance:
        folder, _ = runs.run(
            study, Path(out), engine=engine, workers=hands, force=force, visits=visits, advance=advance
        )
    return Run(folder)


def compare(
    source: str | Path | Study | Run,
    variants: str | Sequence[str] = "all",
    *,
    measures: str | Sequence[str] | None = None,
    **how: Any,
) -> pd.DataFrame:
    """Differences of variants from the baseline, replication by replication on common random numbers.

    Args:
        source: a scenario file or study (run first when needed), a run, or a run folder.
        variants: which ones, of a scenario or study; `"all"` for all of them.
        measures: only these, such as `"wait_mean"` or `["wait_mean", "wait_p95"]`.
        how: as `run` takes it; not with a run that stands already.

    Returns:
        Rows of comparison.csv, described in docs/results.md.

    Raises:
        UsageError: no such variant or measure.
        RunFolderError: the run has no variants.
        And what `run` raises.
    """
    if isinstance(source, Run) or (isinstance(source, str | Path) and Path(source).is_dir()):
        if variants != "all" or how:
            raise UsageError("this run stands already: variants and how to run go with a scenario file")
        table = (source if isinstance(source, Run) else Run.open(source)).comparison
    else:
        table = run(source, variants, **how).comparison
    return table if measures is None else _only(table, measures)


def _only(table: pd.DataFrame, measures: str | Sequence[str]) -> pd.DataFrame:
    from sim.scenario.problems import nearest

    wanted = [measures] if isinstance(measures, str) else list(measures)
    known = list(dict.fromkeys(table["measure"]))
    if unknown := [name for name in wanted if name not in known]:
        raise UsageError(f"the run has no measure {unknown[0]!r}. {nearest(unknown[0], known)}".rstrip(". "))
    return table[table["measure"].isin(wanted)].reset_index(drop=True)


def _study(source: str | Path | Study, replications: int | None, seed: int | None) -> Study:
    if not isinstance(source, Study):
        return load(source, replications=replications, seed=seed)
    if replications is not None or seed is not None:
        name = "replications" if replications is not None else "seed"
        raise UsageError(f"the study is loaded already: sim.load({str(source.path)!r}, {name}=...) sets its {name}")
    return source


def _chosen(study: Study, variants: str | Sequence[str] | None) -> Study:
    from sim.study.runs import select

    if variants is None:
        return select(study, [])
    if isinstance(variants, str):
        return select(study, None if variants == "all" else [variants])
    return select(study, variants)


def _check_arguments(workers: int | None, engine: str, cluster: str | None, rule: Rule | None) -> None:
    if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
        raise UsageError(f"workers is a whole number of 1 or more, found {workers!r}")
    if cluster is not None and workers != 1:
        raise UsageError("give workers or cluster: the work is done here or there")
    if rule is None:
        return
    if not isinstance(rule, Rule):
        hint = (
            f"write {rule.__name__}()"
            if isinstance(rule, type) and issubclass(rule, Rule)
            else "a subclass of sim.Rule"
        )
        raise UsageError(f"rule is an instance of a subclass of sim.Rule, found {rule!r}; {hint}")
    if workers != 1 or cluster is not None:
        raise UsageError("a rule runs in this process: leave workers and cluster out")
    if engine == "compiled":
        raise UsageError("a rule runs on the reference engine: leave engine out")


@contextlib.contextmanager
def _place(cluster: str | None, workers: int | None) -> Iterator[int | None]:
    """Where the work is done while the block runs; yields how many do it, None for as many as pay."""
    if cluster is None:
        yield workers
        return
    from sim.study.cluster import connected
    from sim.study.executors import using

    with connected(cluster) as there, using(there):
        yield there.threads


@contextlib.contextmanager
def _bar(study: Study, wanted: bool) -> Iterator[Any]:
    from sim.report.progress import progress

    total = study.baseline.most_replications * (1 + len(study.variants))
    with progress(total, study.baseline.name, quiet=not wanted) as advance:
        yield advance


class Run:
    """A finished run: its folder, and its files as DataFrames, each read when first asked for.

    Waits are in minutes, `bin_start` in minutes from the start of the horizon; columns: docs/results.md.
    """

    def __init__(self, folder: str | Path) -> None:
        """The run in a folder.

        Raises:
            RunFolderError: it is none, or of a format this version does not read.
        """
        from sim.study.store import read_manifest

        self.folder = Path(folder)
        self.manifest: dict[str, Any] = read_manifest(self.folder)

    @classmethod
    def open(cls, path: str | Path, *, out: str | Path = RESULTS) -> Run:
        """The run in a folder, or the newest of a scenario file as it stands now; every file held against its hash.

        Raises:
            RunFolderError: there is none, or a file was changed since.
        """
        from sim.study.runs import find

        return cls(find(Path(path), Path(out), load))

    @property
    def scenario(self) -> str:
        """Name of the scenario."""
        return str(self.manifest["scenario"])

    @property
    def variants(self) -> tuple[str, ...]:
        """The baseline, then the variants that were run."""
        return ("baseline", *self.manifest["variants"])

    @property
    def facilities(self) -> tuple[str, ...]:
        """Facilities of the scenario."""
        return tuple(self.manifest["facilities"])

    @cached_property
    def summary(self) -> pd.DataFrame:
        """Every measure over the whole horizon, with its interval and the spread across days."""
        return self._csv("summary.csv")

    @cached_property
    def series(self) -> pd.DataFrame:
        """The same by time bin."""
        return self._csv("series.csv")

    @cached_property
    def wait_distribution(self) -> pd.DataFrame:
        """Share of parties that wait longer than a time."""
        return self._csv("wait_distribution.csv")

    @cached_property
    def comparison(self) -> pd.DataFrame:
        """Differences of variants from the baseline.

        Raises:
            RunFolderError: the run has no variants.
        """
        if len(self.variants) == 1:
            raise RunFolderError(f'{self.folder} has no variants to compare; run the scenario with variants="all"')
        return self._csv("comparison.csv")

    @cached_property
    def replications(self) -> pd.DataFrame:
        """One row per variant, replication and measure."""
        return self._parquet("replications.parquet")

    @cached_property
    def bins(self) -> pd.DataFrame:
        """One row per variant, replication, measure and time bin; large."""
        return self._parquet("bins.parquet")

    def _csv(self, name: str) -> pd.DataFrame:
        """Names are never taken for missing values (a port may be called `null`); blank numbers are NaN."""
        import pandas as pd

        path = self.folder / name
        try:
            columns = path.open(encoding="utf-8").readline().rstrip("\n").split(",")
            blank = {column: [""] for column in columns if column not in _TEXTS}
            texts = dict.fromkeys((column for column in columns if column in _TEXTS), "str")
            return pd.read_csv(path, dtype=texts, keep_default_na=False, na_values=blank)
        except (OSError, ValueError) as error:
            raise RunFolderError(f"{path} cannot be read: {error}") from error

    def _parquet(self, name: str) -> pd.DataFrame:
        import pandas as pd

        path = self.folder / name
        try:
            return pd.read_parquet(path)
        except (OSError, ValueError) as error:
            raise RunFolderError(f"{path} cannot be read: {error}") from error

    def plot(
        self,
        facility: str | None = None,
        *,
        kind: str = "day",
        station: str = "all",
        class_: str = "all",
        variants: Sequence[str] | None = None,
        measure: str = "wait_mean",
        ax: Axes | None = None,
    ) -> Figure:
        """Draw a figure; `figure.savefig("name.png")` writes it.

        Args:
            facility: its name; the first when None.
            kind: `day`, wait and queue and open booths over the day; `wait`, how long parties wait, by class;
                `histogram`, the same as bars; `heat`, wait by hour and weekday; `lanes`, how busy the booths are;
                `flow`, who has come and who has gone; `programmes`, NEXUS against the others; `convergence`;
                `forest`, all variants against the baseline; `frontier`, service against booth-hours; `map`, all
                facilities by place.
            station: of `day`, `forest` and `convergence`, one station instead of the whole facility.
            class_: of `day`, `heat`, `flow`, `forest` and `convergence`, one class instead of all parties.
            variants: which to draw; None draws the baseline and, of `day`, the first variant beside it. Only `day` and
                `forest` draw several.
            measure: of `forest`, `convergence` and `map`: as in summary.csv.
            ax: Axes to draw on; a new figure when None.

        Raises:
            UsageError: the run has no such facility, station, class, variant, measure or kind.
        """
        from sim.report.choice import Choice, draw
        from sim.report.rundata import RunData

        facility = facility or self.facilities[0]
        data = RunData.open(self.folder)
        _known("facility", facility, self.facilities)
        for variant in variants or ():
            _known("variant", variant, self.variants)
        _known("station", station, ("all", *data.stations(facility)))
        _known("class", class_, ("all", *data.classes(facility)))
        _known("measure", measure, tuple(dict.fromkeys(data.summary["measure"])))
        drawn = draw(data, kind, Choice(facility, station, class_, tuple(variants or ()), measure), ax)
        figure = drawn.get_figure(root=True)
        assert figure is not None
        return figure

    def save_figures(self) -> list[Path]:
        """Write every figure of the run below its folder, as `bordersim plot` does; the paths written."""
        from sim.report.figures import save_figures

        return save_figures(self.folder)

    def report(self) -> Path:
        """Write the run's page, `report.html`, as `bordersim report` does; the file written."""
        from sim.report.page import write_report

        return write_report(self.folder)

    def checklist(self) -> str:
        """The STRESS-DES reporting checklist filled from the run, as Markdown, with its gaps named."""
        from sim.report.checklist import checklist

        return checklist(self.folder)

    def __repr__(self) -> str:
        others = len(self.variants) - 1
        count = "" if not others else f" and {others} variant{'s' if others > 1 else ''}"
        what = f"baseline{count}, {self.manifest['replications']} replications"
        return f"<Run of {self.scenario!r}: {what}; {self.folder}>"

    def _repr_html_(self) -> str:
        """The run in a notebook: what it is, and the main measures of every facility."""
        said = f"<p><b>{html.escape(self.scenario)}</b><br>{html.escape(self._about())}</p>"
        try:
            rows = self._main_rows()
        except RunFolderError as error:
            return f"{said}<p>{html.escape(str(error))}</p>"
        head = "".join(f"<th>{html.escape(name)}</th>" for name in rows[0])
        body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows[1:])
        return f"{said}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _about(self) -> str:
        hours = self.manifest["horizon_minutes"] / 60.0
        many = f"{self.manifest['replications']} replications, seed {self.manifest['seed']}"
        return f"{self.manifest['start']}, {hours:g} h, {many}; {self.folder}"

    def _main_rows(self) -> list[list[str]]:
        """A head, then per facility and variant the main measures with their intervals."""
        table = self.summary[(self.summary["station"] == "all") & (self.summary["class"] == "all")]
        cells = {
            (row.facility, row.variant, row.measure): _cell(row.mean, row.ci_low, row.ci_high)
            for row in table.itertuples()
        }
        units = dict(zip(table["measure"], table["unit"], strict=True))
        shown = [name for name in _SHOWN if name in units]
        rows = [["facility", "variant", *(f"{name}, {units[name]}" for name in shown)]]
        for facility in self.facilities:
            for variant in self.variants:
                rows.append([facility, variant, *(cells.get((facility, variant, name), "") for name in shown)])
        return rows


def _known(what: str, name: str, names: Sequence[str]) -> None:
    from sim.scenario.problems import nearest

    if name not in names:
        found = f"the run has no {what} {name!r}; there are: {', '.join(names)}"
        raise UsageError(f"{found}. {nearest(name, names)}".rstrip(". "))


def _cell(mean: Any, low: Any, high: Any) -> str:
    """An estimate with its interval, as a person reads it; blank where there is none."""
    if math.isnan(mean):
        return ""
    return f"{mean:.4g}" if math.isnan(low) or math.isnan(high) else f"{mean:.4g} ({low:.4g} to {high:.4g})"
