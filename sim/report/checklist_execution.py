"""Sections 4 to 6 of the reporting checklist: experimentation, implementation, access."""

from __future__ import annotations

from sim.report.checklist_facts import Answer, Facts, value_of


def initialisation(facts: Facts) -> Answer:
    """4.1."""
    warm = facts.manifest["warm_up_minutes"]
    left_out = f"the first {warm:g} min are left out of all measures" if warm else "no warm-up is left out"
    queues = [
        f"{port} begins with {value_of(t['initial_queue'])} in line"
        for port, t in facts.ports
        if t.get("initial_queue")
    ]
    begins = "; ".join(queues) if queues else "the system begins empty"
    gap = "say how the warm-up was chosen" if warm else ""
    until = "when everybody is gone" if facts.tree["end"] == "drain" else "at the horizon"
    kind = "non-terminating, looked at after the warm-up" if warm else f"terminating: a replication ends {until}"
    return Answer((f"The system is taken as {kind}. Each replication starts anew: {begins}, and {left_out}.",), gap)


def length(facts: Facts) -> Answer:
    """4.2."""
    tree = facts.tree
    after = f"then on until empty, at most {tree['drain_cap']}" if tree["end"] == "drain" else "and stops there"
    return Answer((f"From {facts.manifest['start']} for {tree['horizon']}, {after}. Time units: docs/theory.md.",))


def estimation(facts: Facts) -> Answer:
    """4.3."""
    level = f"{100.0 * float(facts.manifest['confidence']):g} %"
    pairs = " Variants use common random numbers and are compared pair by pair." if facts.manifest["variants"] else ""
    lines = f"{facts.manifest['replications']} independent replications; {level} intervals over them.{pairs}"
    if facts.manifest["replications"] < 2:
        return Answer((lines,), "one replication has no interval: run more")
    if (asked := facts.manifest.get("precision")) is not None:
        why = (
            f"Replications were added until what was named was within {100.0 * asked['asked']:g} % (docs/precision.md)."
        )
        return Answer((f"{lines} {why}",))
    return Answer((lines,), "say why that many replications: a precision to reach would say it (docs/precision.md)")


def software(facts: Facts) -> Answer:
    """5.1."""
    names = ", ".join(f"{name} {number}" for name, number in facts.manifest["versions"].items())
    system = facts.runtime.get("platform")
    if system is None:
        return Answer((f"{names}.",), "state the operating system: `runtime.json` of this run does not have it")
    return Answer((f"{names}; {system}.",))


def sampling(facts: Facts) -> Answer:
    """5.2."""
    text = (
        "NumPy's PCG64, one stream per purpose and replication from `SeedSequence`, master seed "
        f"{facts.manifest['seed']}; all randomness is drawn before the clock starts (docs/theory.md, Random streams)."
        " Variants use the same streams: common random numbers."
    )
    return Answer((text,))


def execution(facts: Facts) -> Answer:
    """5.3."""
    engine = facts.runtime.get("engine")
    ran = f" This run: the {engine} engine, {facts.runtime.get('workers')} at work." if engine else ""
    text = "Event by event; ties at an instant are settled by a stated order (docs/theory.md, rule 12). "
    return Answer((f"{text}The numbers do not depend on the engine or on how many work.{ran}",))


def system(facts: Facts) -> Answer:
    """5.4."""
    found = facts.runtime
    if "seconds" not in found:
        return Answer((), "state machine and run time: `runtime.json` of this run is missing")
    where = f"{found['system']} on {found['processor']}, {found['cpus']} processors, Python {found['python']}"
    return Answer((f"{found['seconds']:g} s on {where}.",))


def sharing(facts: Facts) -> Answer:
    """6.1."""
    text = f"bordersim {facts.manifest['versions']['bordersim']}, MIT licence."
    return Answer((text,), "say where the scenario file and its tables can be had, and under which licence")
