"""Replications of a study whose booths a rule written in Python steers (`sim.engine.rules`)."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from pathlib import Path

from sim.engine import REFERENCE, Records
from sim.engine.rules import Rule, run_with, steered
from sim.model.build import Model
from sim.model.parties import Parties
from sim.scenario import Study
from sim.study import runs
from sim.study.conservation import check_conservation
from sim.study.experiment import Experiment
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
        RunFolderError: the folder cannot be written, or is being made by another process.
        IncompleteRunError: replications failed, perhaps in the rule.
    """
    folder, plain, source = folder_of(study, out, rule), runs.experiment(study, REFERENCE), _source(rule)
    runs.make(
        study,
        RuledExperiment(plain.scenarios, plain.seed, plain.replications, REFERENCE, visits, rule=rule),
        folder,
        workers=1,
        anew=True,
        advance=advance,
        described={"rule": type(rule).__name__},
        files={"rule.py": source.encode()} if source else {},
    )
    return folder


def _source(rule: Rule) -> str:
    """The text of the rule's class, for whoever reads the run; blank where it was typed into a session."""
    try:
        return inspect.getsource(type(rule))
    except (OSError, TypeError):
        return ""
