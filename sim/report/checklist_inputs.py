"""Sections 1 and 3 of the reporting checklist: what the study is for, and its data."""

from __future__ import annotations

from sim.report.checklist_facts import Answer, Facts, said, table, value_of
from sim.report.words import counted
from sim.study.catalogue import catalogue


def purpose(facts: Facts) -> Answer:
    """1.1."""
    text = str(facts.manifest.get("description", "")).strip()
    gap = "say who decides what with this study, and the background of it"
    return Answer((said(text),) if text else (), gap)


def outputs(facts: Facts) -> Answer:
    """1.2."""
    rows = [[f"`{m.name}`", m.unit, m.doc] for m in catalogue(facts.network.outcomes)]
    level = f"{100.0 * float(facts.manifest['confidence']):g} %"
    text = (
        f"Intervals are {level}, over replications; their formulas and those of the measures: docs/theory.md, "
        f"Measures, and Estimates and intervals. Parties that joined, and time, from the end of the warm-up to the "
        f"horizon count; the same by bins of {facts.tree['bin']}."
    )
    return Answer((*table(["measure", "unit", "what it is"], rows), "", text))


def aims(facts: Facts) -> Answer:
    """1.3."""
    names = facts.manifest["variants"]
    if not names:
        return Answer(("No variants were run: the baseline alone.",), "say what the run was made to find out")
    listed = ", ".join(f"`{name}`" for name in names)
    design = "".join(
        f" Design of experiments: the sweep `{said(name)}` has {len(points)} of them, their values are in `sweep.csv`."
        for name, points in facts.study.sweeps.items()
    )
    return Answer((f"Scenario analysis: the baseline against {listed}.{design}",), "say why these variants were chosen")


def sources(facts: Facts) -> Answer:
    """3.1."""
    hashes = facts.manifest["files"]
    tables = [[f"`{said(name)}`", f"`{hashes[name]}`"] for name in facts.study.tables if name in hashes]
    entries = [
        [f"`{said(entry)}`", f"{said(source)} ({counted(len(paths), 'value')})"]
        for (entry, source), paths in _registered(facts).items()
        if entry
    ]
    lines = []
    if entries:
        text = "Of the registry (links and periods of its sources: docs/data.md, The registry):"
        lines += [text, "", *table(["entry", "source"], entries)]
    if tables:
        lines += [""] * bool(lines) + ["Tables read:", "", *table(["table", "SHA-256"], tables)]
    return Answer(tuple(lines), "name the source of each other input, with its period and how it was obtained")


def _registered(facts: Facts) -> dict[tuple[str, str], list[str]]:
    """Paths of the values of the registry by entry and source; an assumed one has no entry but what is assumed."""
    found: dict[tuple[str, str], list[str]] = {}
    for path, origin in facts.origins.items():
        kind, _, rest = origin.partition(" ")
        if kind == "registry":
            entry, _, source = ("", "", rest[1:-1]) if rest.startswith("(") else rest.partition(": ")
            found.setdefault((entry, source), []).append(path)
    return found


def preprocessing(facts: Facts) -> Answer:
    """3.2."""
    return Answer((), "tell what was done to the data before they became inputs: cleaning, imputation, fitting")


def inputs(facts: Facts) -> Answer:
    """3.3."""
    sha = facts.manifest["files"].get("scenario.resolved.yaml", "")
    demand = [
        [f"{port}, {mode}", value_of(what)] for port, tree in facts.ports for mode, what in tree["traffic"].items()
    ]
    for kind, keys in _DEMAND.items():
        for name, tree in (facts.tree.get(kind) or {}).items():
            demand += [[f"{name}, {key}", value_of(tree[key])] for key in keys if tree.get(key)]
    text = (
        "Every parameter, defaults included, stands in `scenario.resolved.yaml` beside this file "
        f"(SHA-256 `{sha}`), those that a variant changes in 2.3, times of service in 2.5.2. Demand:"
    )
    gap = "" if demand else "say how those who come were stated: the scenario has no demand of its own"
    return Answer((text, "", *table(["traffic", "parameters"], demand)) if demand else (text[:-9],), gap)


_DEMAND = {"preclearance": ("departures", "classes", "show_up", "party"), "irregular": ("groups", "drivers")}


def assumptions(facts: Facts) -> Answer:
    """3.4."""
    assumed = [[_together(paths), said(source)] for (entry, source), paths in _registered(facts).items() if not entry]
    assumed += [[f"`{said(path)}`", value_of(range)] for path, range in (facts.study.tree.get("ranges") or {}).items()]
    lines = ["What the model takes for granted is stated rule by rule in docs/theory.md."]
    if assumed:
        lines += ["", "Inputs that are assumed, of the registry and with a range in the scenario:", ""]
        lines += table(["input", "assumed, or thought possible"], assumed)
    missing = "" if assumed else "list the inputs that are assumed, with the range thought possible, and "
    return Answer(tuple(lines), f"{missing}say what was left out of the system")


def _together(paths: list[str]) -> str:
    first = f"`{said(paths[0])}`"
    return first if len(paths) == 1 else f"{first} and {len(paths) - 1} more"
