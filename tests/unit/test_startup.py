"""The start-up benchmark measures fresh processes, and never fails for being slow."""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    """tools/bench_startup.py, which is a script and no package."""
    spec = importlib.util.spec_from_file_location("bench_startup", ROOT / "tools" / "bench_startup.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("before", "status"), [("", 0), ("", 2), ("atexit.register(print, '.', end='')", 2)])
def test_the_program_leaves_with_its_status_when_all_is_said_and_done(before: str, status: int) -> None:
    """Through a pipe, which is flushed at the end alone; and after what somebody else has for the end, if anything."""
    program = (
        "import atexit\n"
        f"{before}\n"
        "from sim import cli\n"
        "def main():\n"
        "    atexit.register(print, 'done', end='')\n"
        "    print('said', end=' ')\n"
        f"    return {status}\n"
        "cli.main = main\n"
        "cli.program()"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (status, "said done" + "." * bool(before)), done.stderr


FULL = Path("/dev/full")


def by_shell(command: str, unbuffered: bool = False) -> subprocess.CompletedProcess[str]:
    """A command line in which `bordersim` is this program, done by the shell of the system."""
    program = f"{shlex.quote(sys.executable)} {'-u' * unbuffered} -m sim"
    line = f'bordersim() {{ {program} "$@"; }}\n{command}'
    return subprocess.run(["sh", "-c", line], cwd=ROOT, capture_output=True, text=True)


@pytest.mark.skipif(not FULL.exists(), reason="a file that is full is Linux's")
@pytest.mark.parametrize("unbuffered", [False, True])
@pytest.mark.parametrize("arguments", ["ports", "--version"])
def test_a_full_disk_is_said_in_a_line(arguments: str, unbuffered: bool) -> None:
    done = by_shell(f"bordersim {arguments} > {FULL}", unbuffered)
    assert done.returncode == 2
    assert done.stderr == "bordersim: cannot write the output: No space left on device\n"


@pytest.mark.skipif(not FULL.exists(), reason="a file that is full is Linux's")
def test_a_fault_that_cannot_be_said_is_one_all_the_same() -> None:
    assert by_shell(f"bordersim check no-such-file 2> {FULL}").returncode == 2


@pytest.mark.skipif(os.name == "nt", reason="of a shell that there is not")
@pytest.mark.parametrize("arguments", ["ports", "schema", "--version"])
def test_a_reader_who_went_away_is_no_fault(arguments: str) -> None:
    """Before the first word is said, or the last: `ports` says so much that it is told, `--version` does not."""
    done = by_shell(f"{{ sleep 0.5; bordersim {arguments}; echo $? >&2; }} | true")
    assert done.stderr == "0\n"


@pytest.mark.skipif(os.name == "nt", reason="of a shell that there is not")
@pytest.mark.parametrize("arguments", ["ports --json", "schema", "--version"])
def test_closed_output_goes_nowhere(arguments: str) -> None:
    done = by_shell(f"bordersim {arguments} >&-")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(os.name == "nt", reason="of a shell that there is not")
def test_warnings_do_not_go_into_the_output_where_errors_go_nowhere(tmp_path: Path) -> None:
    scenario = "scenarios/preclearance-kiosks.yaml"
    run = f"bordersim run {scenario} --replications 2 --engine reference --json --out {shlex.quote(str(tmp_path))}"
    warned, done = by_shell(run), by_shell(f"{run} <&- 2>&-")
    assert "warning" in warned.stderr
    assert done.returncode == 0
    assert json.loads(done.stdout) == json.loads(warned.stdout)


def test_every_command_of_the_benchmark_works(bench: ModuleType) -> None:
    for start in bench.STARTS:
        assert bench.seconds(start.arguments) > 0.0


def test_a_command_that_does_not_work_is_reported(bench: ModuleType) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)status 2: .*no-such-command"):
        bench.seconds(["no-such-command"])


def test_the_median_is_taken_over_all_runs(bench: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    took = iter([9.0, 1.0, 2.0, 0.5, 3.0])
    monkeypatch.setattr(bench, "seconds", lambda arguments: next(took))
    assert bench.median(["--help"], runs=5) == 2.0


def test_the_table_puts_targets_beside_what_was_measured(bench: ModuleType) -> None:
    rows = [(start, 12.345) for start in bench.STARTS]
    header, *lines = bench.table(rows).splitlines()
    assert header.split() == ["command", "target", "s", "median", "s"]
    assert [line.split()[-2:] for line in lines] == [[f"{start.target:.2f}", "12.35"] for start in bench.STARTS]


def test_slowness_is_no_failure(
    bench: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "seconds", lambda arguments: 60.0)
    assert bench.main() == 0
    assert "60.00" in capsys.readouterr().out
