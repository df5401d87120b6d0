"""A word under the tables where calendars of the registry decide the waits: booths assumed to follow demand."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sim import registry
from sim.report.page_inputs import read_origins
from sim.scenario.vocabulary import BASELINE


def staffing_note(run_folders: Iterable[Path | str]) -> str:
    """The ports whose open booths are assumed in the baseline of the runs, what that does, and what to do about it.

    Lane groups are named where others of the port have a calendar of their own. Empty where every calendar was stated,
    or a run was passed on without its origins. Raises RunFolderError where those are damaged.
    """
    assumed, stated = dict[str, dict[str, None]](), set[str]()
    for folder in run_folders:
        origins = read_origins(Path(folder)) or {BASELINE: {}}
        for path, origin in origins[BASELINE].items():
            steps = path.split(".")
            if steps[0] != "ports" or steps[2:3] != ["lanes"] or steps[4:5] != ["open"]:
                continue
            if registry.FOLLOWS_DEMAND in origin:
                assumed.setdefault(steps[1], {})[steps[3]] = None
            elif not origin.startswith("registry"):
                stated.add(steps[1])
    if not assumed:
        return ""
    names = (f"{port} ({', '.join(lanes)})" if port in stated else port for port, lanes in assumed.items())
    return (
        f"Booths open at {', '.join(names)} are assumed to follow demand, which keeps waits short. Replace them (open "
        "of each lane group) by what is staffed; `bordersim sensitivity` tells what the other assumptions do."
    )
