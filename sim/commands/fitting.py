"""What `fit-flow` does: from monthly interceptions to a scenario."""

from __future__ import annotations

import math
import shlex
import sys
from argparse import Namespace
from pathlib import Path

from sim.commands.quickly import collect_again
from sim.commands.shared import json_of
from sim.errors import UsageError

LARGEST_GROUP = 1000.0


def fit_flow(arguments: Namespace) -> int:
    """Fit a file of monthly interceptions, print what it tells, and write a scenario when asked to."""
    from sim.report.flows_fitted import describe, plain
    from sim.study.flow_breaks import given_driver
    from sim.study.flow_scenario import Assumptions, scenario_text
    from sim.study.flow_study import fit_flows

    collect_again()
    out = _writable(arguments)
    assumed = Assumptions(_detect(arguments.detect), _group_size(arguments.group_size))
    study = fit_flows(
        Path(arguments.path),
        arguments.province,
        held=arguments.hold_back,
        given=[given_driver(text) for text in arguments.given],
        breaks=arguments.breaks,
        complete_only=arguments.complete,
    )
    sys.stdout.write(json_of(plain(study)) if arguments.json else describe(study))
    if out is None:
        return 0
    try:
        out.write_text(scenario_text(study, assumed), encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}") from None
    if not arguments.json:
        print(
            f"\n{out} is the fit as a scenario; look it over and run it:\n\n    bordersim run {shlex.quote(str(out))}"
        )
    return 0


def _writable(arguments: Namespace) -> Path | None:
    """Where the scenario goes; looked at before the work is done."""
    if arguments.out is None:
        if arguments.detect is not None or arguments.group_size != 1.0 or arguments.force:
            raise UsageError("--detect, --group-size and --force go with --out FILE: they are about the scenario")
        return None
    out = Path(arguments.out)
    if out.suffix not in (".yaml", ".yml"):
        raise UsageError(f"--out takes a file that ends in .yaml, found {out}")
    if out.exists() and not arguments.force:
        raise UsageError(f"{out} stands there already; another name, or --force to write over it")
    return out


def _detect(text: str | None) -> str | list[str]:
    """A share as a scenario has it, or the two ends of a range."""
    from sim.scenario.problems import ProblemError
    from sim.scenario.units import share
    from sim.study.flow_scenario import ASSUMED_DETECT

    if text is None:
        return ASSUMED_DETECT
    parts = [part.strip() for part in text.split("..")]
    try:
        ends = [share(part) for part in parts]
    except ProblemError as trouble:
        problem = trouble.problems[0]
        raise UsageError(f"--detect: {problem.found}; allowed: {problem.allowed}") from None
    if len(ends) > 2 or ends != sorted(ends) or ends[0] <= 0.001:
        raise UsageError(
            f"--detect takes a share above 0.1 % or two of them, the lowest first, as in 20%..60%, found {text}"
        )
    said = [f"{100.0 * end:g} %" for end in ends]
    return said[0] if len(said) == 1 else said


def _group_size(size: float) -> float:
    if math.isfinite(size) and 1.0 <= size <= LARGEST_GROUP:
        return size
    raise UsageError(f"--group-size takes a mean of 1 to {LARGEST_GROUP:g} persons, found {size:g}")
