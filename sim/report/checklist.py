"""The STRESS-DES reporting checklist of a run: what the run itself can answer is filled in, the rest is named a gap.

Monks, Currie, Onggo, Robinson, Kunc and Taylor, Strengthening the reporting of empirical simulation studies:
introducing the STRESS guidelines, Journal of Simulation 13 (2019) 55-67, doi 10.1080/17477778.2018.1442155. The
numbers and titles of the items are theirs; what each asks for is told in docs/reporting-checklist.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from sim.model.build import build
from sim.report.checklist_answers import ITEMS, SECTIONS
from sim.report.checklist_facts import Answer, Facts, said
from sim.report.page_inputs import read_origins
from sim.scenario import load
from sim.scenario.vocabulary import BASELINE
from sim.study import store

FILE = "checklist.md"


def checklist(folder: Path | str) -> str:
    """The checklist of a run, as Markdown.

    Args:
        folder: of a finished run.

    Raises:
        RunFolderError: it is none, or its scenario cannot be read.
    """
    facts = facts_of(Path(folder))
    answers = answers_of(facts)
    return "\n".join([*_head(facts, answers), *_body(answers)]) + "\n"


def answers_of(facts: Facts) -> list[tuple[str, str, Answer]]:
    """Number, title and answer of every item."""
    return [(number, title, answer(facts)) for number, title, answer in ITEMS]


def write_checklist(folder: Path | str) -> Path:
    """Write the checklist into the run's folder; the file written.

    Raises:
        RunFolderError: it is no finished run, or cannot be written to.
    """
    return store.put(Path(folder), FILE, checklist(folder).encode())


def facts_of(folder: Path) -> Facts:
    """A run as the checklist sees it, every file held against its hash.

    Raises:
        RunFolderError: it is no finished run, was changed, or its scenario or origins cannot be read.
    """
    manifest = store.verify(folder)
    try:
        runtime = json.loads((folder / store.RUNTIME).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # it is outside the promise, so a run may be passed on without it
        runtime = {}
    study = load(folder / "scenario.resolved.yaml")
    origins = (read_origins(folder) or {}).get(BASELINE, {})
    return Facts(manifest, runtime, study, build(study.baseline), origins)


def _head(facts: Facts, answers: list[tuple[str, str, Answer]]) -> Iterator[str]:
    yield f"# STRESS-DES checklist: {said(facts.manifest['scenario'])}"
    yield ""
    yield (
        "Strengthening the reporting of empirical simulation studies, discrete-event simulation: Monks et al. (2019), "
        "doi [10.1080/17477778.2018.1442155](https://doi.org/10.1080/17477778.2018.1442155)."
    )
    open_ones = [each for each in answers if each[2].gap]
    yield f"Filled from the run: {len(answers) - len(open_ones)} of {len(answers)} items. Yours to complete:"
    yield ""
    for number, title, answer in open_ones:
        yield f"- **{number} {title}** ({answer.state}): {answer.gap}"


def _body(answers: list[tuple[str, str, Answer]]) -> Iterator[str]:
    section = ""
    for number, title, answer in answers:
        if number[0] != section:
            section = number[0]
            yield from ("", f"## {section}. {SECTIONS[section]}")
        yield from ("", f"### {number} {title}", "")
        yield from answer.lines
        if answer.gap:
            yield from (*([""] if answer.lines else []), f"**Gap:** {answer.gap}")
