"""The house keeps its order: a folder imports only from itself and those before it, and a start stays light."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numba
import pytest
import scipy

from sim.commands import quickly
from sim.engine.compiled import jit, unpacking

ROOT = Path(__file__).resolve().parents[2]
ORDER = ("errors", "registry", "scenario", "model", "engine", "study", "report")
"""Lowest first. What stands beside these folders (the command line) may import from all of them."""
TOP = len(ORDER)
COMMAND_LINE = {"api", "commands", "cli", "process", "__main__", "__init__"}
HEAVY = ("numpy", "scipy", "pandas", "matplotlib", "numba", "pyarrow", "rich")
"""What `--help` and `check` have no use for; each of them costs more than the command itself."""

NOT_FOR_A_RUN = (
    "pandas",
    "matplotlib",
    "numba",
    "jinja2",
    "numpy.testing._private",
    "numpy.f2py.f2py2e",
    "pyarrow.compute",
)
"""What `run` has no use for with the engine in Python; of numpy what scipy would have loaded."""
if scipy.__version__.startswith(quickly.ALONE):
    NOT_FOR_A_RUN += ("scipy.special._basic",)

MODULES = sorted((ROOT / "sim").rglob("*.py"))


def floor_of(module: str) -> int:
    """Position in the order of a module below `sim`, such as `sim.model.streams`."""
    folder = module.removeprefix("sim").removeprefix(".").partition(".")[0] or "__init__"
    return ORDER.index(folder) if folder in ORDER else TOP


def module_name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(tree: ast.AST, package: list[str]) -> Iterator[tuple[int, str]]:
    """Line and full name of everything of `sim` that a module imports, also inside functions and for types."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            # `from sim import commands` names the module only in its list.
            names = [f"{module}.{alias.name}" for alias in node.names] if module == "sim" else [module]
        for name in names:
            if name == "sim" or name.startswith("sim."):
                yield node.lineno, name


def violations(source: str, module: str, is_package: bool = False) -> list[str]:
    """Imports of a module that lead to a folder after its own."""
    package = module.split(".") if is_package else module.split(".")[:-1]
    return [
        f"{module}, line {line}: {name}"
        for line, name in imported(ast.parse(source), package)
        if floor_of(name) > floor_of(module)
    ]


def test_there_are_modules_on_every_floor() -> None:
    found = {floor_of(module_name(file)) for file in MODULES}
    assert found == set(range(TOP + 1))


def test_only_the_command_line_stands_beside_the_folders() -> None:
    beside = {name for name in map(module_name, MODULES) if floor_of(name) == TOP}
    assert {name.removeprefix("sim").strip(".").partition(".")[0] or "__init__" for name in beside} <= COMMAND_LINE


@pytest.mark.parametrize("file", MODULES, ids=module_name)
def test_imports_point_one_way(file: Path) -> None:
    found = violations(file.read_text(encoding="utf-8"), module_name(file), file.name == "__init__.py")
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("from sim.engine import Records", "sim.model.streams"),
        ("def draw():\n    import sim.study.runs", "sim.engine.reference"),
        ("from sim import commands", "sim.report.tables"),
        ("from ..engine.records import Records", "sim.model.streams"),
        ("if TYPE_CHECKING:\n    from sim.report.tables import summary_table", "sim.scenario.load"),
    ],
)
def test_a_wrong_import_is_found_wherever_it_hides(source: str, module: str) -> None:
    assert violations(source, module)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["check", "scenarios/pacific-highway-southbound.yaml"]], ids=["help", "check"]
)
def test_a_light_command_imports_nothing_heavy(arguments: list[str]) -> None:
    assert those_of(HEAVY, loaded_by(arguments)) == []


def test_a_run_imports_no_more_than_it_uses(tmp_path: Path) -> None:
    """Nor does it look for garbage before its work begins: the program is started as by its entry point."""
    scenario = "scenarios/preclearance-kiosks.yaml"
    modules = loaded_by(["run", scenario, "--replications", "1", "--engine", "reference", "--out", str(tmp_path)])
    assert those_of(NOT_FOR_A_RUN, modules) == []


def loaded_by(arguments: list[str]) -> list[str]:
    """Names of the modules that are loaded when a command ends, the program being started anew."""
    program = (
        "import gc, json, sys\n"
        "from sim.cli import main\n"
        "try:\n    status = main()\n"
        "except SystemExit as leaving:\n    status = leaving.code\n"
        "assert not gc.isenabled() or gc.get_freeze_count() > 0\n"
        "print(json.dumps([status, sorted(sys.modules)]))"
    )
    done = subprocess.run([sys.executable, "-c", program, *arguments], cwd=ROOT, capture_output=True, text=True)
    status, modules = json.loads(done.stdout.splitlines()[-1])
    assert not status, done.stderr
    return list(modules)


def those_of(packages: tuple[str, ...], modules: list[str]) -> list[str]:
    """The modules of some packages."""
    return [name for name in modules if any(name == one or name.startswith(f"{one}.") for one in packages)]


def test_code_on_disk_is_loaded_without_a_compiler_that_compiles_later_all_the_same() -> None:
    """In a process of its own: this one has compiled before."""
    unpacking.unpack.compile(unpacking.SIGNATURE)
    program = (
        "import sys, numba, numpy as np\n"
        "from sim.engine.compiled import jit, unpacking\n"
        "jit.ready(unpacking.unpack, unpacking.SIGNATURE)\n"
        "assert unpacking.unpack.stats.cache_hits\n"
        "loaded = [name in sys.modules for name in ('numba.np.arrayobj', 'numba.np.linalg')]\n"
        "print(*loaded, numba.njit(lambda values: values.sum())(np.arange(4.0)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    loaded = str(numba.version_info.short not in jit.LOADS_ALONE)
    assert done.stdout.split() == [loaded, loaded, "6.0"], done.stderr


def test_special_functions_alone_are_those_of_the_package_that_is_imported_later() -> None:
    program = (
        "import sys\n"
        "from sim.commands.quickly import leave_out_what_is_seldom_used\n"
        "leave_out_what_is_seldom_used()\n"
        "from sim.model.special import special\n"
        "alone = 'scipy.special' not in sys.modules\n"
        "import scipy.special, scipy.linalg\n"
        "from scipy.special import logsumexp, multigammaln\n"
        "print(alone, special.ndtri is scipy.special.ndtri, float(logsumexp([0.0, 0.0]).round(3)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == [str(scipy.__version__.startswith(quickly.ALONE)), "True", "0.693"], done.stderr
