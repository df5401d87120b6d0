"""Replications of a study whose booths a rule written in Python steers (`sim.engine.rules`)."""

from __future__ import annotations

import inspect
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path

from sim.engine import REFERENCE, Records
from sim.engine.rules import Rule, run_with, steered
from sim.errors import IncompleteRunError, UsageError
from sim.model.build import Model
from sim.model.parties import Parties
from sim.scenario import Study
from sim.study import runs, store
from sim.study.conservation import check_conservation
from sim.study.experiment import Experiment
from sim.study.journal import Journal
from sim.study.layout import Layout


@dataclass
class RuledExperiment(Experiment):
    """An experiment in which a rule decides, in every variant, on the servers that no scenario controller has."""

    rule: Rule | None = None

    def model(self, variant: str) -> tuple[Model, Layout]:
        """The variant's model with the rule's ticks."""
        if variant not in self._models and self.rule is not None:
            model, layout = super().model(variant)
            network = steered(model.network, self.rule)
            self._models[variant] = replace(model, network=network), replace(layout, network=network)
        return super().model(variant)

    def simulate(self, variant: str, replication: int) -> tuple[Parties, Records]:
        """Run one replication alone; the rule begins it as it was given."""
        if self.rule is None:
            return super().simulate(variant, replication)
        network = self.model(variant)[0].network
        parties = self.model(variant)[0].draw(self.seed, replication)
        records = run_with(self.rule, network, parties)
        check_conservation(network, parties, records)
        return parties, records


def folder_of(study: Study, out: Path, rule: Rule) -> Path:
    """Where the run of a study with a rule stands: never where the run without it would."""
    folder = runs.folder_of(study, out)
    return folder.with_name(f"{folder.name}-rule-{type(rule).__name__}")


def run(study: Study, out: Path, rule: Rule, *, visits: bool = False, advance: runs.Advance = lambda n: None) -> Path:
    """Run a study with a rule and write its folder, in this process and on the reference engine.

    Always anew: nothing tells whether a rule, and all that it calls, is still what it was.

    Raises:
        UsageError: the scenario asks for a precision instead of a number of replications.
        RunFolderError: the folder cannot be written, or is being made by another process.
        IncompleteRunError: replications failed, perhaps in the rule.
    """
    if not isinstance(study.baseline.replications, int):
        raise UsageError(
            f"a run with a rule needs a number of replications: sim.run({study.path.name!r}, replications=30)"
        )
    folder, began = folder_of(study, out, rule), time.perf_counter()
    plain = runs.experiment(study, REFERENCE)
    plan = RuledExperiment(plain.scenarios, plain.seed, plain.replications, REFERENCE, visits, rule=rule)
    with store.claimed(folder) as workplace:
        shutil.rmtree(workplace / runs.JOURNAL, ignore_errors=True)
        journal = Journal(workplace / runs.JOURNAL, {**store.versions(), "visits": str(visits)})
        if failures := plan.run(journal, 1, advance):
            raise IncompleteRunError(failures, len(plan.scenarios) * plan.replications - len(failures)) from failures[0]
        with store.writing(folder) as scratch:
            runs.write_inputs(study, scratch)
            runs.write_results(plan, plan.found(journal), scratch)
            if visits:
                shutil.copytree(journal.folder / "visits", scratch / "visits")
            if source := _source(rule):
                store.write_bytes(scratch / "rule.py", source.encode())
            manifest = {**runs.manifest_of(study, plan), "rule": type(rule).__name__}
            store.write_json(scratch / store.MANIFEST, {**manifest, "files": store.file_hashes(scratch)})
            runtime = {"seconds": round(time.perf_counter() - began, 3), "engine": REFERENCE, "workers": 1}
            store.write_json(scratch / store.RUNTIME, {**runtime, **store.machine()})
    return folder


def _source(rule: Rule) -> str:
    """The text of the rule's class, for whoever reads the run; blank where it was typed into a session."""
    try:
        return inspect.getsource(type(rule))
    except (OSError, TypeError):
        return ""
