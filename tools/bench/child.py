"""What is measured, each in a process of its own: `python -m tools.bench.child TASK`, arguments and answer as JSON.

A task runs on one core unless it is given more, so that no library gains by its threads.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Answer = dict[str, Any]


def main() -> int:
    """Run the task named on the command line."""
    arguments = json.load(sys.stdin)
    if not arguments.pop("all_cores", False) and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    answer = TASKS[sys.argv[1]](**arguments)
    answer.setdefault("processor", time.process_time())
    answer.setdefault("peak_mb", peak_mb())
    # What the program under measurement prints goes before; the answer is the last line.
    print("\n" + json.dumps(answer))
    return 0


def peak_mb() -> float:
    """Most memory this process has held so far, in MB (10^6 bytes)."""
    try:
        # getrusage would also count what the parent held when it forked.
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) * 1024 / 1e6
    except OSError:
        import resource

        return in_mb(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def in_mb(most: int) -> float:
    """What systems tell as the most memory held: bytes on macOS, KiB elsewhere."""
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6


def peer(library: str, seeds: list[int]) -> Answer:
    """Days at the port in another library, start-up excluded."""
    import numpy as np

    day = importlib.import_module(f"tools.bench.peers_{library}").day
    imported = peak_mb()
    began, processor = time.perf_counter(), time.process_time()
    waits = [np.array(day(seed)) for seed in seeds]
    spent = time.perf_counter() - began, time.process_time() - processor
    return {
        "seconds": spent[0],
        "processor": spent[1],
        "vehicles": sum(map(len, waits)),
        "means": [float(wait.mean()) for wait in waits],
        "p95s": [float(np.quantile(wait, 0.95)) for wait in waits],
        "imported_mb": imported,
    }


def floor(seeds: list[int]) -> Answer:
    """Days of variates and nothing else."""
    from .floor import day

    imported = peak_mb()
    began, processor = time.perf_counter(), time.process_time()
    vehicles = sum(map(day, seeds))
    spent = time.perf_counter() - began, time.process_time() - processor
    return {"seconds": spent[0], "processor": spent[1], "vehicles": vehicles, "imported_mb": imported}


def command(words: list[str]) -> Answer:
    """The command `bordersim` with these words, from before it is started until it has ended, as a user waits for it.

    Its memory is that of its largest process: this one, which has imported nothing yet, is smaller.
    """
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "sim", *words])
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    return {
        "status": os.waitstatus_to_exitcode(status),
        "seconds": seconds,
        "processor": used.ru_utime + used.ru_stime,
        "peak_mb": in_mb(used.ru_maxrss),
    }


def imports() -> Answer:
    """What the command imports, to know how much memory that alone takes."""
    import_all()
    return {}


def import_all() -> None:
    """Everything `run` imports, as it does."""
    from sim.cli import settle

    settle()
    from sim.commands.quickly import leave_out_what_is_seldom_used

    leave_out_what_is_seldom_used()
    for name in ("sim.model.special", "pyarrow.parquet", "sim.commands", "sim.report.progress", "sim.study.runs"):
        importlib.import_module(name)
    for name in ("sim.engine.compiled.kernel", "sim.engine.compiled_streams", "sim.study.compiled"):
        importlib.import_module(name)


TOGETHER = 10
"""Replications that are measured and kept together, about as many as `run` takes of this size."""


def stages(path: str, replications: int) -> Answer:
    """The replications of a scenario as `run` does them, with the processor seconds of each stage."""
    clock = Clock()
    import_all()
    imported = peak_mb()
    clock.stop("import")

    from sim.engine import COMPILED, engine, streams_of
    from sim.scenario import load
    from sim.scenario.vocabulary import BASELINE
    from sim.study import compiled, runs, store, writing
    from sim.study.conservation import check_conservation
    from sim.study.journal import Journal
    from sim.study.looked import look_at
    from sim.study.measures import Together

    study = load(Path(path), replications=replications)
    plan = runs.experiment(study, COMPILED)
    model, layout = plan.model(BASELINE)
    clock.stop("load scenario")
    runs.ready(plan, lambda text: None)
    run, streams = engine(COMPILED), streams_of(COMPILED)
    clock.stop("load kernel")
    folder = tempfile.TemporaryDirectory()
    journal = Journal(Path(folder.name) / "journal", {})
    vehicles, kernel = 0, 0.0
    for first in range(0, replications, TOGETHER):
        last = min(first + TOGETHER, replications)
        together = Together(layout, last - first, compiled.put_binned)
        for replication in range(first, last):
            parties = model.draw(plan.seed, replication, streams)
            clock.stop("draw")
            before = time.perf_counter()
            records = run(model.network, parties)
            kernel += time.perf_counter() - before
            clock.stop("kernel")
            check_conservation(model.network, parties, records)
            parties = parties.without_draws()
            clock.stop("check")
            together.add(look_at(layout, parties, records, compiled.see))
            vehicles += len(parties)
            clock.stop("measure")
        assert not together.measure()
        clock.stop("measure")
        journal.keep(BASELINE, first, together.rows)
        clock.stop("journal")
    # The largest arrays of the last replication are not to count as memory of writing.
    del parties, records, together
    with folder:
        results = Path(folder.name) / "results"
        results.mkdir()
        store.file_hashes(results, writing.write_results(plan, plan.found(journal), results))
        clock.stop("write")
    return {
        "seconds": kernel,
        "processor": clock.spent["kernel"],
        "vehicles": vehicles,
        "stages": clock.spent,
        "imported_mb": imported,
    }


class Clock:
    """Processor seconds by stage."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self.last = time.process_time()

    def stop(self, stage: str) -> None:
        """What has passed since the last stop belongs to this stage."""
        now = time.process_time()
        self.spent[stage] = self.spent.get(stage, 0.0) + now - self.last
        self.last = now


TASKS: dict[str, Callable[..., Answer]] = {task.__name__: task for task in (peer, floor, command, imports, stages)}

if __name__ == "__main__":
    sys.exit(main())
