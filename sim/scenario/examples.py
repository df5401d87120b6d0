"""The worked examples that come with the program: `bordersim new` lists and copies them.

They stand in `scenarios/` of the project; a wheel carries that folder as `sim/examples`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sim.errors import UsageError
from sim.scenario import editor_schema
from sim.scenario.load import load
from sim.scenario.problems import nearest

_PACKAGE = Path(__file__).resolve().parents[1]
FOLDERS = (_PACKAGE / "examples", _PACKAGE.parent / "scenarios")
"""Where the examples may stand: in an installed package, in the project."""


@dataclass(frozen=True)
class Example:
    """A worked example."""

    name: str
    """What `new` calls it: the name of its file without the ending."""
    title: str
    """The scenario's own name."""
    shows: str
    """What there is to see in it."""
    file: Path


def examples() -> tuple[Example, ...]:
    """All worked examples, by name. Raises UsageError when they were not installed."""
    folder = next((folder for folder in FOLDERS if any(folder.glob("*.yaml"))), None)
    if folder is None:
        raise UsageError("the worked examples were not installed with this program")
    return tuple(_example(file) for file in sorted(folder.glob("*.yaml")))


def find(name: str) -> Example:
    """The example of that name. Raises UsageError, with the nearest name, when there is none."""
    known = {example.name: example for example in examples()}
    wanted = name.removesuffix(".yaml")
    if wanted not in known:
        close = nearest(wanted, known)
        raise UsageError(f"no worked example '{name}'; {close or 'there are: ' + ', '.join(known)}")
    return known[wanted]


def copy(example: Example, to: Path) -> Path:
    """Write the example, its tables and the schema for editors into a folder; the path of the scenario.

    What stands there already with the same content is left as it is.

    Raises
    ------
    UsageError : something of the same name and other content stands there, or cannot be written; nothing is written.
    """
    study = load(example.file)
    wanted = {to / example.file.name: example.file.read_bytes()}
    wanted |= {to / name: table.read_bytes() for name, table in study.tables.items()}
    wanted[to / editor_schema.FILE] = editor_schema.text().encode()
    missing: dict[Path, bytes] = {}
    try:
        for path, content in wanted.items():
            if not path.exists():
                missing[path] = content
            elif not path.is_file() or path.read_bytes() != content:
                raise UsageError(f"{path} stands there already and differs; choose another folder with --to")
        for path, content in missing.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    except OSError as error:
        raise UsageError(f"cannot write {error.filename or to}: {error.strerror}") from None
    return to / example.file.name


def _example(file: Path) -> Example:
    """Read by its lines: a list needs no whole scenario."""
    text = file.read_text(encoding="utf-8")
    said = {key: match[1].strip() for key in ("# Shows", "name") if (match := re.search(rf"(?m)^{key}: (.+)$", text))}
    return Example(file.stem, said.get("name", file.stem), said.get("# Shows", ""), file)
