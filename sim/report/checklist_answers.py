"""The items of the STRESS-DES checklist (`sim.report.checklist`), and what answers each from a run."""

from __future__ import annotations

from collections.abc import Callable

from sim.report import checklist_components as components
from sim.report import checklist_execution as execution
from sim.report import checklist_inputs as inputs
from sim.report import checklist_logic as logic
from sim.report.checklist_facts import Answer, Facts

SECTIONS = {
    "1": "Objectives",
    "2": "Logic",
    "3": "Data",
    "4": "Experimentation",
    "5": "Implementation",
    "6": "Code access",
}
ITEMS: tuple[tuple[str, str, Callable[[Facts], Answer]], ...] = (
    ("1.1", "Purpose of the model", inputs.purpose),
    ("1.2", "Model outputs", inputs.outputs),
    ("1.3", "Experimentation aims", inputs.aims),
    ("2.1", "Base model overview diagram", logic.diagram),
    ("2.2", "Base model logic", logic.base_logic),
    ("2.3", "Scenario logic", logic.scenario_logic),
    ("2.4", "Algorithms", logic.algorithms),
    ("2.5.1", "Entities", components.entities),
    ("2.5.2", "Activities", components.activities),
    ("2.5.3", "Resources", components.resources),
    ("2.5.4", "Queues", components.queues),
    ("2.5.5", "Entry and exit points", components.entry_exit),
    ("3.1", "Data sources", inputs.sources),
    ("3.2", "Data pre-processing", inputs.preprocessing),
    ("3.3", "Input parameters", inputs.inputs),
    ("3.4", "Assumptions", inputs.assumptions),
    ("4.1", "Initialisation", execution.initialisation),
    ("4.2", "Run length", execution.length),
    ("4.3", "Estimation approach", execution.estimation),
    ("5.1", "Software or programming language", execution.software),
    ("5.2", "Random sampling", execution.sampling),
    ("5.3", "Model execution", execution.execution),
    ("5.4", "System specification", execution.system),
    ("6.1", "Computer model sharing statement", execution.sharing),
)
