"""The house keeps its order: a folder imports only from itself and those before it, and a start stays light."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ORDER = ("errors", "registry", "scenario", "model", "engine", "study", "report")
"""Lowest first. What stands beside these folders (the command line) may import from all of them."""
TOP = len(ORDER)
COMMAND_LINE = {"api", "commands", "cli", "__main__", "__init__"}
HEAVY = ("numpy", "scipy", "pandas", "matplotlib", "numba", "pyarrow", "rich")
"""What `--help` and `check` have no use for; each of them costs more than the command itself."""

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
    program = (
        "import json, sys\n"
        "from sim.cli import main\n"
        "try:\n    status = main(sys.argv[1:])\n"
        "except SystemExit as leaving:\n    status = leaving.code\n"
        "print(json.dumps([status, sorted(sys.modules)]))"
    )
    done = subprocess.run([sys.executable, "-c", program, *arguments], cwd=ROOT, capture_output=True, text=True)
    status, modules = json.loads(done.stdout.splitlines()[-1])
    assert not status, done.stderr
    heavy = [name for name in modules if any(name == one or name.startswith(f"{one}.") for one in HEAVY)]
    assert heavy == []
