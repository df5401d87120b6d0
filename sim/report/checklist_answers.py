"""What a run answers to each item of the STRESS-DES checklist (`sim.report.checklist`), and what only a person can."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sim.model.build import Model
from sim.model.network import Network, Target
from sim.scenario import Study
from sim.scenario.vocabulary import BASELINE
from sim.study.catalogue import catalogue

FILLED, PARTLY, GAP = "filled", "partly filled", "gap"


@dataclass(frozen=True)
class Facts:
    """A run as the checklist sees it."""

    manifest: dict[str, Any]
    runtime: dict[str, Any]
    study: Study
    model: Model

    @property
    def network(self) -> Network:
        """The baseline's network."""
        return self.model.network

    @property
    def tree(self) -> dict[str, Any]:
        """The resolved baseline as plain values."""
        return self.study.trees[BASELINE]

    @property
    def ports(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Ports of entry by name."""
        yield from self.tree["ports"].items()


@dataclass(frozen=True)
class Answer:
    """What is said to an item, and what only the author of the study can add."""

    lines: tuple[str, ...]
    gap: str = ""

    @property
    def state(self) -> str:
        """`filled`, `partly filled` or `gap`."""
        if not self.gap:
            return FILLED
        return PARTLY if self.lines else GAP


# ---- 1 objectives -----------------------------------------------------------------------------------------


def _purpose(facts: Facts) -> Answer:
    text = str(facts.manifest.get("description", "")).strip()
    gap = "say who decides what with this study, and the background of it"
    return Answer((said(text),) if text else (), gap)


def _outputs(facts: Facts) -> Answer:
    rows = [[f"`{m.name}`", m.unit, m.doc] for m in catalogue(facts.network.outcomes)]
    level = f"{100.0 * float(facts.manifest['confidence']):g} %"
    text = (
        f"Intervals are {level}, over replications; their formulas and those of the measures: docs/theory.md, "
        f"Measures, and Estimates and intervals. Parties that joined, and time, from the end of the warm-up to the "
        f"horizon count; the same by bins of {facts.tree['bin']}."
    )
    return Answer((*_table(["measure", "unit", "what it is"], rows), "", text))


def _aims(facts: Facts) -> Answer:
    names = facts.manifest["variants"]
    if not names:
        return Answer(("No variants were run: the baseline alone.",), "say what the run was made to find out")
    listed = ", ".join(f"`{name}`" for name in names)
    return Answer((f"Scenario analysis: the baseline against {listed}.",), "say why these variants were chosen")


# ---- 2 logic ----------------------------------------------------------------------------------------------


def _diagram(facts: Facts) -> Answer:
    network = facts.network
    nodes = [f'  s{i}["{_label(s.name, network, s.facility)}"]' for i, s in enumerate(network.stations) if s.classes]
    edges = dict.fromkeys(_edges(network))
    ends = sorted({end for _, end in edges if end.startswith("o")}, key=lambda end: int(end[1:]))
    nodes += [f'  {end}(["{html.escape(network.outcomes[int(end[1:])])}"])' for end in ends]
    drawn = [f"  {source} --> {end}" for source, end in edges]
    return Answer(("```mermaid", "flowchart LR", '  arrivals(["arrivals"])', *nodes, *drawn, "```"))


def _edges(network: Network) -> Iterator[tuple[str, str]]:
    entered = [end for target in network.entry for end in _ends(target)]
    yield from (("arrivals", end) for end in entered)
    for index, station in enumerate(network.stations):
        for treated in station.classes.values():
            if treated.route is not None:
                for target in (*(branch.target for branch in treated.route.branches), treated.route.otherwise):
                    yield from ((f"s{index}", end) for end in _ends(target))
        if station.divert is not None and f"s{index}" in entered:
            yield from ((f"s{index}", end) for end in _ends(station.divert))


def _ends(target: Target) -> list[str]:
    return [f"o{target.outcome}"] if target.outcome >= 0 else [f"s{index}" for index in target.stations]


def _label(name: str, network: Network, facility: int) -> str:
    return html.escape(f"{network.facilities[facility].name}: {name}")


def _base_logic(facts: Facts) -> Answer:
    end = "runs on until everybody is gone" if facts.tree["end"] == "drain" else "stops at the horizon"
    return Answer(
        (
            "Parties arrive from outside, queue at stations and are served, move on, are held where what is behind is "
            "full, and end in a named outcome: the rules are written out in docs/theory.md, The rules (1 to 12), and "
            f"the order of what happens at one instant in rule 12. This run {end}.",
        )
    )


def _scenario_logic(facts: Facts) -> Answer:
    rows = []
    for name in facts.manifest["variants"]:
        for path, value in facts.study.tree["variants"][name].items():
            rows.append([f"`{name}`", f"`{said(path)}`", _value(value)])
    if not rows:
        return Answer(("Only the baseline was run.",))
    return Answer((*_table(["variant", "what it changes", "to"], rows), "", "Everything else is as in the baseline."))


def _algorithms(facts: Facts) -> Answer:
    rows = []
    for port, tree in facts.ports:
        for lane, what in tree["lanes"].items():
            used = {key: what[key] for key in ("control", "jockey", "priority", "tandem", "handover") if what.get(key)}
            queue = what["service"].get("when_queue_over") if isinstance(what.get("service"), dict) else None
            used |= {"when_queue_over": queue} if queue else {}
            rows += [[f"{port}, {lane}", f"`{key}`", _value(value)] for key, value in used.items()]
    lines = [
        "Choice of lane group, closing of booths, blocking and patience: docs/theory.md, rules 2 to 9.",
    ]
    if rows:
        lines += ["", *_table(["where", "decision rule", "as set"], rows)]
    if "rule" in facts.manifest:
        lines += [
            "",
            f"Booths are steered by the Python rule `{said(facts.manifest['rule'])}`; its text is `rule.py`.",
        ]
        if "rule.py" not in facts.manifest["files"]:
            return Answer(
                tuple(lines[:-1]), f"give the text of the Python rule {facts.manifest['rule']}: it was not kept"
            )
    return Answer(tuple(lines))


def _entities(facts: Facts) -> Answer:
    rows = []
    for party_class in facts.network.classes:
        port = facts.network.facilities[party_class.facility].name
        rows.append([port, f"`{party_class.name}`", f"{party_class.length:g}"])
    text = "A party is what is inspected together; a class is its mode and programme."
    return Answer((text, "", *_table(["facility", "class", "car lengths in a line"], rows)))


def _activities(facts: Facts) -> Answer:
    rows = [[where, _value(what.get("service"))] for where, what in _served(facts)]
    return Answer((*_table(["station", "service time"], rows), "", "Roads are driven, not served: see queues."))


def _resources(facts: Facts) -> Answer:
    rows = []
    for where, what in _served(facts):
        built = what.get("booths", what.get("bays"))
        calendar = _value(what["open"]) if what.get("open") is not None else "all, always"
        rows.append([where, _value(built), calendar])
    rows += [[f"officers {name}", "", _value(pool)] for name, pool in (facts.tree.get("officers") or {}).items()]
    return Answer(tuple(_table(["station", "servers", "open"], rows)))


def _queues(facts: Facts) -> Answer:
    rows = []
    for port, tree in facts.ports:
        roads = [("approach", tree.get("approach")), ("toll", tree.get("toll"))]
        for name, what in [*roads, *tree["lanes"].items(), *_secondaries(tree).items()]:
            if what:
                lanes = what.get("lanes", 1)
                shape = "one line per booth" if what.get("queue") == "per_booth" else f"{lanes} lane{'s' * (lanes > 1)}"
                limits = {
                    k: what[k] for k in ("storage", "balk_at", "patience", "when_full") if what.get(k) is not None
                }
                rows.append([f"{port}, {name}", shape, _value(limits)])
    text = "First come first served within a priority class, without pre-emption (docs/theory.md, rule 3)."
    return Answer((text, "", *_table(["station", "line", "limits"], rows)))


def _entry_exit(facts: Facts) -> Answer:
    network = facts.network
    ways = {end for target in network.entry for end in _ends(target)}
    doors = ", ".join(_label(s.name, network, s.facility) for i, s in enumerate(network.stations) if f"s{i}" in ways)
    outcomes = ", ".join(f"`{name}`" for name in network.outcomes)
    return Answer(
        (f"Parties come in at: {doors}.", "", f"Every one ends as one of: {outcomes}; or is inside at the end.")
    )


# ---- 3 data -----------------------------------------------------------------------------------------------


def _sources(facts: Facts) -> Answer:
    hashes = facts.manifest["files"]
    rows = [[f"`{said(name)}`", f"`{hashes[name]}`"] for name in facts.study.tables if name in hashes]
    entries = [
        f"{port}: registry entry `{said(tree['registry'])}`" for port, tree in facts.ports if tree.get("registry")
    ]
    lines = [f"{line} (sources: docs/data.md, The registry)." for line in entries]
    if rows:
        lines += ["Tables read:", "", *_table(["table", "SHA-256"], rows)]
    return Answer(tuple(lines), "name the source of each input, with its period and how it was obtained")


def _preprocessing(facts: Facts) -> Answer:
    return Answer((), "tell what was done to the data before they became inputs: cleaning, imputation, fitting")


def _inputs(facts: Facts) -> Answer:
    sha = facts.manifest["files"].get("scenario.resolved.yaml", "")
    demand = [[f"{port}, {mode}", _value(what)] for port, tree in facts.ports for mode, what in tree["traffic"].items()]
    text = (
        "Every parameter, defaults included, stands in `scenario.resolved.yaml` beside this file "
        f"(SHA-256 `{sha}`). Demand:"
    )
    return Answer((text, "", *_table(["traffic", "parameters"], demand)))


def _assumptions(facts: Facts) -> Answer:
    return Answer(
        ("What the model takes for granted is stated rule by rule in docs/theory.md.",),
        "list the inputs that are assumed, with the range thought possible, and what was left out of the system",
    )


# ---- 4 experimentation ------------------------------------------------------------------------------------


def _initialisation(facts: Facts) -> Answer:
    warm = facts.manifest["warm_up_minutes"]
    left_out = f"the first {warm:g} min are left out of all measures" if warm else "no warm-up is left out"
    queues = [
        f"{port} begins with {_value(t['initial_queue'])} in line" for port, t in facts.ports if t.get("initial_queue")
    ]
    begins = "; ".join(queues) if queues else "the system begins empty"
    gap = "say how the warm-up was chosen" if warm else ""
    return Answer((f"Each replication starts anew: {begins}, and {left_out}.",), gap)


def _length(facts: Facts) -> Answer:
    tree = facts.tree
    after = f"then on until empty, at most {tree['drain_cap']}" if tree["end"] == "drain" else "and stops there"
    return Answer((f"From {facts.manifest['start']} for {tree['horizon']}, {after}. Time units: docs/theory.md.",))


def _estimation(facts: Facts) -> Answer:
    level = f"{100.0 * float(facts.manifest['confidence']):g} %"
    pairs = " Variants use common random numbers and are compared pair by pair." if facts.manifest["variants"] else ""
    lines = f"{facts.manifest['replications']} independent replications; {level} intervals over them.{pairs}"
    if facts.manifest["replications"] < 2:
        return Answer((lines,), "one replication has no interval: run more")
    return Answer((lines,))


# ---- 5 implementation, 6 code access ----------------------------------------------------------------------


def _software(facts: Facts) -> Answer:
    names = ", ".join(f"{name} {number}" for name, number in facts.manifest["versions"].items())
    return Answer((f"{names}.",))


def _sampling(facts: Facts) -> Answer:
    text = (
        "NumPy's PCG64, one stream per purpose and replication from `SeedSequence`, master seed "
        f"{facts.manifest['seed']}; all randomness is drawn before the clock starts (docs/theory.md, Random streams)."
    )
    return Answer((text,))


def _execution(facts: Facts) -> Answer:
    engine = facts.runtime.get("engine")
    ran = f" This run: the {engine} engine, {facts.runtime.get('workers')} at work." if engine else ""
    text = "Event by event; ties at an instant are settled by a stated order (docs/theory.md, rule 12). "
    return Answer((f"{text}The numbers do not depend on the engine or on how many work.{ran}",))


def _system(facts: Facts) -> Answer:
    found = facts.runtime
    if "seconds" not in found:
        return Answer((), "state machine and run time: `runtime.json` of this run is missing")
    where = f"{found['system']} on {found['processor']}, {found['cpus']} processors, Python {found['python']}"
    return Answer((f"{found['seconds']:g} s on {where}.",))


def _sharing(facts: Facts) -> Answer:
    text = f"bordersim {facts.manifest['versions']['bordersim']}, MIT licence."
    return Answer((text,), "say where the scenario file and its tables can be had, and under which licence")


SECTIONS = {
    "1": "Objectives",
    "2": "Logic",
    "3": "Data",
    "4": "Experimentation",
    "5": "Implementation",
    "6": "Code access",
}
ITEMS: tuple[tuple[str, str, Callable[[Facts], Answer]], ...] = (
    ("1.1", "Purpose of the model", _purpose),
    ("1.2", "Model outputs", _outputs),
    ("1.3", "Experimentation aims", _aims),
    ("2.1", "Base model overview diagram", _diagram),
    ("2.2", "Base model logic", _base_logic),
    ("2.3", "Scenario logic", _scenario_logic),
    ("2.4", "Algorithms", _algorithms),
    ("2.5.1", "Entities", _entities),
    ("2.5.2", "Activities", _activities),
    ("2.5.3", "Resources", _resources),
    ("2.5.4", "Queues", _queues),
    ("2.5.5", "Entry and exit points", _entry_exit),
    ("3.1", "Data sources", _sources),
    ("3.2", "Data pre-processing", _preprocessing),
    ("3.3", "Input parameters", _inputs),
    ("3.4", "Assumptions", _assumptions),
    ("4.1", "Initialisation", _initialisation),
    ("4.2", "Run length", _length),
    ("4.3", "Estimation approach", _estimation),
    ("5.1", "Software or programming language", _software),
    ("5.2", "Random sampling", _sampling),
    ("5.3", "Model execution", _execution),
    ("5.4", "System specification", _system),
    ("6.1", "Computer model sharing statement", _sharing),
)


# ---- words ------------------------------------------------------------------------------------------------


def _served(facts: Facts) -> Iterator[tuple[str, dict[str, Any]]]:
    """Lane groups, toll plazas and secondary inspections with their keys."""
    for port, tree in facts.ports:
        if tree.get("toll"):
            yield f"{port}, toll", tree["toll"]
        for lane, what in tree["lanes"].items():
            yield f"{port}, {lane}", what
        for name, what in _secondaries(tree).items():
            yield f"{port}, {name}", what


def _secondaries(tree: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Secondary inspections of a port by name; a single one is called `secondary`."""
    found: dict[str, Any] = tree.get("secondary") or {}
    return {"secondary": found} if isinstance(found.get("bays"), int) else found


def _table(head: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def said(text: object) -> str:
    """A person's text as Markdown that shows it: no tags, no table cells, one line."""
    return html.escape(" ".join(str(text).split()), quote=False).replace("|", "\\|")


def _value(value: object) -> str:
    """A value of a scenario on one line, without the keys that say nothing."""
    if isinstance(value, dict):
        stated = {key: what for key, what in value.items() if what not in (None, {}, [])}
        return ", ".join(f"{said(key)}: {_value(what)}" for key, what in stated.items()) or "none"
    if isinstance(value, list):
        return ", ".join(_value(each) for each in value) or "none"
    return said(value)
