"""The report of a run: one HTML file that opens from the disk, with nothing to fetch.

The page is made of the run's own files, and of sensitivity studies of it that stand beside, so the same files give the
same bytes. Everything that comes from a scenario is
escaped (Jinja2 with autoescape; JSON without `<`), and a policy in the page itself lets run only the two scripts the
page was made with and load nothing from anywhere.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.report import page_answers, sentences, words
from sim.report.checklist import answers_of, facts_of
from sim.report.checklist_answers import SECTIONS
from sim.report.checklist_facts import Answer, Facts
from sim.report.page_charts import facility_charts
from sim.report.page_comparison import comparison_chart
from sim.report.page_hall import hall_charts
from sim.report.page_inputs import OPEN, input_tables, read_origins, source_table, variant_changes
from sim.report.page_irregular import irregular_charts
from sim.report.page_pictures import map_charts
from sim.report.page_settling import settling_charts
from sim.report.page_spec import Chart
from sim.report.page_studies import study_charts
from sim.report.page_tables import Column, PageTable, at_a_glance, comparison_tables, results, text
from sim.report.page_tornado import tornado_charts
from sim.report.rundata import RunData
from sim.scenario.vocabulary import BASELINE
from sim.study import store
from sim.study.comparison import Comparison, compare_runs

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

FILE = "report.html"
ASSETS = Path(__file__).with_name("page_assets")


@dataclass(frozen=True)
class _Facility:
    name: str
    said: Sequence[str]
    charts: Sequence[Chart]
    tables: Sequence[PageTable]


def write_report(folder: Path | str) -> Path:
    """Write the report of a run into its folder; the file written.

    Raises:
        RunFolderError: it is no finished run, was changed, or cannot be written to.
    """
    return store.put(Path(folder), FILE, report(folder).encode())


def report(folder: Path | str) -> str:
    """The report of a run, as HTML.

    Raises:
        RunFolderError: it is no finished run, or was changed.
    """
    folder = Path(folder)
    facts = facts_of(folder)
    scripts = [(ASSETS / name).read_text(encoding="utf-8") for name in ("charts.js", "page.js")]
    return str(
        _environment()
        .get_template("report.html.j2")
        .render(
            style=(ASSETS / "page.css").read_text(encoding="utf-8"),
            scripts=scripts,
            policy=_policy(scripts),
            **_contents(folder, facts),
        )
    )


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(ASSETS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["compact_json"] = _json_in_html
    return environment


def _policy(scripts: Sequence[str]) -> str:
    """What the browser lets the page do: run these scripts, style itself, and nothing else."""
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{each}'" for each in hashes)
    rules = {
        "default-src": "'none'",
        "script-src": allowed,
        "style-src": "'unsafe-inline'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{what} {sources}" for what, sources in rules.items())


def _json_in_html(value: Any) -> Markup:
    """JSON that can stand in a script element: no `<`, `>` or `&`, so no tag can begin or end in it."""
    from markupsafe import Markup

    said = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        said = said.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(said)


def _contents(folder: Path, facts: Facts) -> dict[str, Any]:
    run = RunData.open(folder)
    variants = tuple(facts.manifest["variants"])
    comparison = compare_runs([folder]) if variants else None
    origins = read_origins(folder)
    found = dict(origins[BASELINE]) if origins is not None else None
    return {
        "title": run.scenario,
        "description": " ".join(str(facts.manifest.get("description", "")).split()),
        "subtitle": _subtitle(run),
        "run": run,
        "maps": list(map_charts(run)),
        "facilities": [_facility(run, name) for name in run.facilities],
        "comparison": None if comparison is None else _compared(comparison, variant_changes(facts.study, variants)),
        "inputs": [] if found is None else [(group, t) for group, t in input_tables(facts.study, found) if t.rows],
        "inputs_open": OPEN,
        "sources": None if found is None else source_table(found),
        "origins_kept": found is not None,
        "provenance": list(_provenance(folder, facts)),
        "checklist": _checklist(facts),
    }


def _subtitle(run: RunData) -> str:
    parts = [f"{run.start:%A} {run.start.day} {run.start:%B %Y, %H:%M}", page_answers.span_words(run.horizon)]
    if run.warm_up:
        parts.append(f"the first {page_answers.span_words(run.warm_up)} left out")
    parts.append(words.counted(run.replications, "replication"))
    if len(run.variants) > 1:
        parts.append(f"the baseline and {words.counted(len(run.variants) - 1, 'variant')}")
    return ", ".join(parts)


def _facility(run: RunData, name: str) -> _Facility:
    tables = [table for table in results(run, name) if table.rows]
    return _Facility(name, page_answers.standing(run, name), list(_charts(run, name)), tables)


def _charts(run: RunData, name: str) -> Iterator[Chart]:
    """What the run has to show of a facility, what most people ask for first."""
    yield from irregular_charts(run, name)
    yield from facility_charts(run, name)
    yield from hall_charts(run, name)
    yield from study_charts(run, name)
    yield from tornado_charts(run, name)
    yield from settling_charts(run, name)


def _compared(comparison: Comparison, changes: dict[str, list[tuple[str, str]]]) -> dict[str, Any]:
    answers = page_answers.variant_answers(comparison, changes)
    return {
        "glance": at_a_glance(comparison),
        "best": sentences.best_sentences(comparison),
        "answers": answers[: page_answers.MOST_TOLD],
        "more": answers[page_answers.MOST_TOLD :],
        "chart": comparison_chart(comparison),
        "tables": [table for table in comparison_tables(comparison) if table.rows],
        "level": f"{100.0 * comparison.level:g} %",
    }


def _provenance(folder: Path, facts: Facts) -> Iterator[PageTable]:
    manifest, runtime = facts.manifest, facts.runtime
    rows = {
        "run": folder.resolve().name,
        "scenario file": manifest["file"],
        "format of the run": manifest["format"],
        "master seed": manifest["seed"],
        "replications": manifest["replications"],
        "level of intervals": f"{100.0 * float(manifest['confidence']):g} %",
        **{f"version of {name}": number for name, number in manifest["versions"].items()},
        **{f"made with: {name}": value for name, value in runtime.items()},
    }
    columns = (Column("what"), Column("value"))
    cells = tuple((text(name), text(value)) for name, value in rows.items())
    yield PageTable("provenance", "What was run, and with what", columns, cells)
    hashes = tuple((text(name), text(sha)) for name, sha in manifest["files"].items() if not name.startswith("visits/"))
    yield PageTable("files", "Files of the run and their SHA-256", (Column("file"), Column("SHA-256")), hashes)


def _checklist(facts: Facts) -> dict[str, Any]:
    answers = answers_of(facts)
    sections: dict[str, list[dict[str, Any]]] = {title: [] for title in SECTIONS.values()}
    for number, title, answer in answers:
        item = {"number": number, "title": title, "state": answer.state, "gap": answer.gap, "body": _html(answer)}
        sections[SECTIONS[number[0]]].append(item)
    gaps = [item for items in sections.values() for item in items if item["gap"]]
    return {"sections": sections, "gaps": gaps, "count": len(answers)}


def _html(answer: Answer) -> Markup:
    """An answer's Markdown as HTML; no tags, links or pictures of a scenario's text come through."""
    from markdown_it import MarkdownIt
    from markupsafe import Markup

    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    reader.disable(["link", "image", "autolink", "reference"])
    return Markup(reader.render("\n".join(_plain_diagram(answer.lines))))


def _plain_diagram(lines: Sequence[str]) -> Iterator[str]:
    """A Mermaid diagram as a table of its arrows: nothing on the page draws Mermaid, and a table can be read out."""
    if not lines or lines[0] != "```mermaid":
        yield from lines
        return
    labels = {"arrivals": "arrivals"}
    ways: dict[str, list[str]] = {}
    for line in lines[1:-1]:
        if node := re.fullmatch(r'\s*(\w+)[\[(]+"(.*)"[\])]+', line):
            labels[node[1]] = node[2].replace("|", "\\|")
        elif arrow := re.fullmatch(r"\s*(\w+) --> (\w+)", line):
            ways.setdefault(labels[arrow[1]], []).append(labels[arrow[2]])
    yield from ("| from | to |", "|---|---|")
    yield from (f"| {start} | {', '.join(ends)} |" for start, ends in ways.items())
