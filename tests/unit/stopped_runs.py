"""A run in a process of its own that is stopped half-way, and what stands on disk afterwards."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from sim.scenario import load
from sim.study.kept import kept
from sim.study.runs import folder_of

SCENARIO = """
format: 1
name: Stopped
start: 2024-01-01 00:00
horizon: 2 h
seed: 5
replications: 12
ports:
  here:
    direction: southbound
    zone: America/Vancouver
    traffic: {car: {rate: 200 /h, nexus: 20 %}}
    lanes:
      general: {serves: [car], booths: 3, service: {erlang: {mean: 50 s, shape: 3}}}
      nexus: {serves: [car.nexus], booths: 1, service: 12 s}
variants: {busy: {ports.here.traffic.car.rate: 240 /h}}
"""
REPLICATIONS = 24
"""Of baseline and variant."""
PROGRAM = """
import resource, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever the tests were started with
largest = int(sys.argv[1])
if largest:
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
from sim.cli import main
sys.exit(main(sys.argv[2:]))
"""


def write_scenario(folder: Path) -> Path:
    """The scenario as a file."""
    path = folder / "stopped.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    return path


def arguments(scenario: Path, out: Path, *more: str) -> list[str]:
    """The command line of the run."""
    return ["run", str(scenario), "--all", "--quiet", "--engine", "reference", "--out", str(out), *more]


def start(command: Sequence[str], largest_file: int = 0) -> subprocess.Popen[str]:
    """The program in a process, and a session, of its own; with a limit on the size of files, in bytes."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(largest_file), *command],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run_folder(scenario: Path, out: Path) -> Path:
    """Where the run stands when it is finished."""
    return folder_of(load(scenario), out)


def wait_for(condition: object, seconds: float = 60.0) -> bool:
    """Look until a function says yes."""
    assert callable(condition)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.005)
    return False


def begun(process: subprocess.Popen[str], folder: Path, replications: int) -> bool:
    """Wait until a run has so many replications on disk; False where it ended before."""
    wait_for(lambda: kept(folder) >= replications or process.poll() is not None)
    return process.poll() is None


def contents(folder: Path) -> dict[str, bytes]:
    """Every file under the same-bytes promise."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "runtime.json")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def of_session(session: int) -> list[int]:
    """Processes of a session that are alive."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


def kill_and_resume(scenario: Path, out: Path, kills: int, seed: int, workers: int) -> list[int]:
    """Kill a run at random moments, each time going on with it, then let it end.

    Returns:
        How many replications were on disk after each kill that hit it at work.
    """
    moments, folder = random.Random(seed), run_folder(scenario, out)
    had = list[int]()
    for kill in range(kills):
        process = start(arguments(scenario, out, "--workers", str(workers)))
        # Somewhere in the next sixth of the work, so that several kills fit into one run.
        begun(process, folder, min(REPLICATIONS * kill // kills, REPLICATIONS - 1))
        time.sleep(moments.uniform(0.0, 0.1))
        process.kill()
        process.communicate()
        assert wait_for(lambda of=process.pid: not of_session(of), 10.0), "a worker outlived its parent"
        if process.returncode != -signal.SIGKILL:
            break  # it was faster than the kill
        had.append(kept(folder))
    last = start(arguments(scenario, out, "--resume", "--workers", str(workers)))
    _, told = last.communicate(timeout=120)
    assert last.returncode == 0, told
    return had


def interrupt(process: subprocess.Popen[str]) -> str:
    """Ctrl-C, which a terminal sends to every process of the session; what the program says."""
    os.killpg(process.pid, signal.SIGINT)
    return process.communicate(timeout=60)[1]
