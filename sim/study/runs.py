"""Run a study into its folder, or find the folder where it already stands."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sim import engine as engines
from sim.engine import AUTO, COMPILED, choose_engine
from sim.errors import IncompleteRunError, RunFolderError, UsageError
from sim.scenario import Study, fingerprint, resolved_yaml
from sim.scenario.problems import nearest
from sim.scenario.show import sweep_table
from sim.scenario.vocabulary import BASELINE
from sim.study import alongside, precision, store
from sim.study.experiment import Experiment, visits_name
from sim.study.journal import Journal
from sim.study.named import check_measures
from sim.study.standards import of_manifest
from sim.study.writing import write_results

Advance = Callable[[int], None]
Note = Callable[[str], None]
JOURNAL = "journal"
"""Folder of a run under way that holds its finished replications."""


def select(study: Study, variants: Sequence[str] | None) -> Study:
    """The study with only the named variants (None: all of them).

    Raises:
        UsageError: a variant the scenario does not have.
    """
    if variants is None:
        return study
    if unknown := [name for name in variants if name not in study.variants]:
        known = ", ".join(study.variants) or "none"
        found = f"{study.path.name} has no variant {unknown[0]!r}; its variants are: {known}"
        raise UsageError(f"{found}. {nearest(unknown[0], study.variants)}".rstrip(". "))
    return study.only(variants)


def folder_of(study: Study, out: Path) -> Path:
    """Where the run of a study stands below `out`: `<scenario>/<run id>`."""
    return out / _slug(study.path.stem) / store.run_id(fingerprint(study))


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "scenario"


def experiment(study: Study, engine: str) -> Experiment:
    """The experiment a study describes."""
    seed = study.baseline.seed
    assert seed is not None, "the loader draws a seed where none is given"
    scenarios = {BASELINE: study.baseline, **study.variants}
    return Experiment(scenarios, seed, study.baseline.most_replications, engine)


def ready(plan: Experiment, note: Note) -> Experiment:
    """The experiment with its engine chosen, and compiled where that is due."""
    plan = replace(plan, engine=choose_engine(plan.engine, plan.expected_work()))
    if plan.engine == COMPILED:
        prepare(note)
    return plan


def prepare(note: Note = lambda text: None) -> None:
    """Compile the engine and the measuring, or load them, so that worker processes find them on disk."""
    from sim.study import compiled as measuring

    if not (engines.is_compiled() and measuring.stands_in_cache()):
        note("compiling the engine: less than a minute, once")
    engines.prepare()
    measuring.compile_now()


def run(
    study: Study,
    out: Path,
    *,
    engine: str = AUTO,
    workers: int | None = None,
    force: bool = False,
    visits: bool = False,
    advance: Advance = lambda n: None,
    note: Note = lambda text: None,
) -> tuple[Path, bool]:
    """Run a study and write its folder, unless it already stands there finished.

    Args:
        study: with the variants to run.
        out: folder of results.
        engine: name of the engine; the numbers do not depend on it.
        workers: processes; None for as many as pay. The numbers do not depend on it.
        force: run again even when finished.
        visits: also write one row per visit.
        advance: called with the number of replications just finished.
        note: called with a sentence on what takes time before the first replication, and on the precision reached.

    Returns:
        The run folder, and whether it was run now.

    Raises:
        RunFolderError: the folder cannot be written, or a finished run in it was changed.
        SimulationError: a replication failed.
    """
    folder = folder_of(study, out)
    if (folder / store.MANIFEST).exists() and not force:
        manifest = store.verify(folder)
        if not visits or any(name.startswith("visits/") for name in manifest["files"]):
            _tell_precision(manifest, note)
            return folder, False
    plan = replace(experiment(study, engine), visits=visits)
    manifest = make(study, plan, folder, workers=workers, anew=force, advance=advance, note=note)
    _tell_precision(manifest, note)
    return folder, True


def make(
    study: Study,
    plan: Experiment,
    folder: Path,
    *,
    workers: int | None = None,
    anew: bool = False,
    advance: Advance = lambda n: None,
    note: Note = lambda text: None,
    described: Mapping[str, Any] | None = None,
    files: Mapping[str, bytes] | None = None,
) -> dict[str, Any]:
    """Run an experiment and write its folder, whole or not at all; finished replications are kept meanwhile.

    Args:
        study: what the experiment was made of.
        plan: the experiment; its engine may still be `auto`.
        folder: of the run; an old one of that name is replaced.
        workers: processes; None for as many as pay.
        anew: begin without what an earlier attempt left.
        advance: called with the number of replications just finished.
        note: called with a sentence on what takes time before the first replication.
        described: what the manifest says besides.
        files: further files of the folder, by name.

    Returns:
        The manifest.

    Raises:
        ScenarioError: a measure that is to be precise does not exist.
        RunFolderError: the folder cannot be written, or is being made by another process.
        IncompleteRunError: replications failed.
    """
    check_measures(study)
    began = time.perf_counter()
    plan = ready(plan, note)
    with store.claimed(folder) as workplace:
        if anew:
            shutil.rmtree(workplace / JOURNAL, ignore_errors=True)
        journal = Journal(workplace / JOURNAL, {**store.versions(), "visits": str(plan.visits)})
        with alongside.bins_written(plan, journal, workers or plan.workers_worth()) as bins:
            failures, reached, plan = precision.run(plan, journal, workers, advance)
            if failures:
                raise IncompleteRunError(failures) from failures[0]
            with store.writing(folder) as scratch:
                write_inputs(study, scratch)
                hashes = write_results(plan, plan.found(journal), scratch, bins)
                if plan.visits:
                    copy_visits(plan, journal, scratch / "visits")
                for name, data in (files or {}).items():
                    store.write_bytes(scratch / name, data)
                precise = {"precision": reached} if reached else {}
                manifest = {**manifest_of(study, plan), **precise, **(described or {})}
                store.write_json(scratch / store.MANIFEST, {**manifest, "files": store.file_hashes(scratch, hashes)})
                seconds = {"seconds": round(time.perf_counter() - began, 3)}
                store.write_json(
                    scratch / store.RUNTIME,
                    {**seconds, "engine": plan.engine, "workers": workers or plan.workers_worth(), **store.machine()},
                )
        journal.remove()
    return manifest


def _tell_precision(manifest: Mapping[str, Any], note: Note) -> None:
    if said := precision.sentence(manifest):
        note(said)


def copy_visits(plan: Experiment, journal: Journal, folder: Path) -> None:
    """The visits of the replications that count; the journal may hold more."""
    folder.mkdir()
    for variant in plan.scenarios:
        for replication in range(plan.replications):
            name = visits_name(variant, replication)
            shutil.copyfile(journal.folder / "visits" / name, folder / name)


def write_inputs(study: Study, folder: Path) -> None:
    """The resolved scenario and the tables it names: running it again gives the same bytes. And whence its values."""
    store.write_bytes(folder / "scenario.resolved.yaml", resolved_yaml(study).encode())
    store.write_json(folder / store.ORIGINS, _whence(study))
    if study.sweeps:
        store.write_csv(folder / "sweep.csv", *sweep_table(study.sweeps))
    for name, source in study.tables.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _whence(study: Study) -> dict[str, dict[str, str]]:
    """The origin of each value of the baseline by its path; of a variant, where it is another.

    The scenario file goes by its name: the folders above it are nobody's business whom a run is handed to.
    """
    whole = study.origins[BASELINE]
    where, name = str(study.path), study.path.name
    kept = {
        variant: own if variant == BASELINE else {path: text for path, text in own.items() if whole.get(path) != text}
        for variant, own in study.origins.items()
    }
    return {variant: {path: text.replace(where, name) for path, text in own.items()} for variant, own in kept.items()}


def manifest_of(study: Study, plan: Experiment) -> dict[str, Any]:
    """What was run and with what: everything in it is under the same-bytes promise."""
    model, _ = plan.model(BASELINE)
    network, baseline = model.network, study.baseline
    stations: dict[str, dict[str, str]] = {facility.name: {} for facility in network.facilities}
    for station in network.stations:
        stations[network.facilities[station.facility].name][station.name] = station.kind.name.lower()
    return {
        "format": store.FORMAT,
        "scenario": baseline.name,
        "file": study.path.name,
        "description": baseline.description,
        "start": baseline.start.isoformat(sep=" ", timespec="minutes"),
        "horizon_minutes": baseline.horizon / 60.0,
        "warm_up_minutes": baseline.warm_up / 60.0,
        "variants": list(study.variants),
        "replications": plan.replications,
        "seed": plan.seed,
        "confidence": 0.95,
        "facilities": {
            f.name: {"mode": f.mode, "zone": f.zone, "stations": stations[f.name]} for f in network.facilities
        },
        **of_manifest(model.standards, network.warm_up, network.horizon),
        "versions": store.versions(),
    }


def replay(study: Study, out: Path, variant: str, replication: int, *, engine: str = AUTO, visits: bool = True) -> Path:
    """Run one replication alone and write its measures and visits; equal to the same one of the whole run.

    Raises:
        UsageError: no such variant or replication.
    """
    plan = ready(replace(experiment(study, engine), replications=1), lambda text: None)
    plan = replace(plan, replications=study.baseline.most_replications)
    if variant not in plan.scenarios:
        found = f"no variant {variant!r}; there are: {', '.join(plan.scenarios)}"
        raise UsageError(f"{found}. {nearest(variant, plan.scenarios)}".rstrip(". "))
    if not 0 <= replication < plan.replications:
        raise UsageError(f"no replication {replication}; the scenario has 0 to {plan.replications - 1}")
    folder = out / _slug(study.path.stem) / "replays" / f"{store.run_id(fingerprint(study))}-{variant}-{replication}"
    scenarios = {BASELINE: plan.scenarios[BASELINE], variant: plan.scenarios[variant]}
    alone = replace(plan, scenarios=scenarios, visits=visits)
    with store.writing(folder) as scratch:
        _, layout = alone.model(variant)
        row, visited = alone.measures(variant, replication)
        rows = ((variant, replication, *key, value) for key, value in zip(layout.keys, row, strict=False))
        columns = ("variant", "replication", "facility", "station", "class", "measure", "unit", "value")
        store.write_csv(scratch / "measures.csv", columns, rows)
        if visits:
            store.write_bytes(scratch / "visits.parquet", visited)
    return folder


def find(path: Path, out: Path, load: Callable[[Path], Study]) -> Path:
    """The run folder a user means: itself, or the newest finished run of a scenario file as it stands now.

    A run of any choice of variants counts; where the seed was drawn, so does a run with any seed.

    Raises:
        RunFolderError: there is none yet (the message says how to make it), or its files were changed.
        ScenarioError: the scenario file has faults.
    """
    if path.is_dir():
        store.verify(path)
        return path
    study = load(path)
    runs = (out / _slug(study.path.stem)).glob(f"*/{store.MANIFEST}")
    fitting = [run.parent for run in runs if _is_of(study, run.parent)]
    if not fitting:
        raise RunFolderError(
            f"no finished run of {path} as it stands below {out}; make one with: bordersim run {path} --all"
        )
    newest = max(fitting, key=lambda folder: (folder / store.MANIFEST).stat().st_mtime_ns)
    store.verify(newest)
    return newest


def _is_of(study: Study, folder: Path) -> bool:
    """The run is of this very scenario, with some of its variants."""
    try:
        manifest = store.read_manifest(folder)
    except RunFolderError:
        return False
    if any(name not in study.variants for name in manifest["variants"]):
        return False
    seeded = study if study.drawn_seed is None else study.with_seed(manifest["seed"])
    return folder_of(seeded.only(manifest["variants"]), folder.parents[1]).name == folder.name
