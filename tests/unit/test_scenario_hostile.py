"""Files that cannot be kept in a repository: huge, binary, wrongly encoded, bombs, links out of the folder.

They belong to the corpus of tests/scenarios: each is named for its fault and answered with file, line and column.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.errors import Fault, ScenarioError
from sim.scenario import load
from sim.scenario.csvfile import MAX_BYTES as MAX_TABLE
from sim.scenario.yaml_nodes import MAX_BYTES, MAX_KEY, MAX_LINE, MAX_NODES

SOUND = """format: 1
name: A port
start: 2024-07-06 06:00
horizon: 12 h
seed: 1
ports:
  here:
    direction: northbound
    zone: America/Vancouver
    traffic:
      car: {per_day: 2400}
    lanes:
      general: {serves: [car], booths: 3, service: 50 s}
"""
TRACED = SOUND.replace("per_day: 2400", "trace: t.csv")
ROWS = "time,class\n0,car\n60,car\n"

Maker = Callable[[Path], str | bytes]
"""Writes what stands beside the scenario into a folder, and gives the scenario."""


def beside(table: str | bytes, text: str = TRACED) -> Maker:
    """A scenario with a table `t.csv` of these bytes beside it."""

    def make(folder: Path) -> str:
        (folder / "t.csv").write_bytes(table.encode() if isinstance(table, str) else table)
        return text

    return make


def linked(target: str, name: str = "t.csv") -> Maker:
    """A scenario beside which a symbolic link leads to `target`; a sound table stands outside the folder."""

    def make(folder: Path) -> str:
        (folder.parent / "outside.csv").write_text(ROWS)
        (folder / name).symlink_to(target)
        return TRACED

    return make


def sparse(folder: Path) -> str:
    with (folder / "t.csv").open("wb") as file:
        file.truncate(MAX_TABLE + 1)
    return TRACED


def nested(levels: int) -> Maker:
    return lambda folder: SOUND + "x: " + "[" * levels + "]" * levels + "\n"


def bomb(folder: Path) -> str:
    rows = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    return SOUND + "\n".join(rows)


CASES: dict[str, tuple[Maker, str, str]] = {
    "100-megabytes": (lambda folder: b"# " + b"x" * 100_000_000, "1:1", "a file of 100,000,002 bytes"),
    "one-byte-too-many": (lambda folder: b"#" * (MAX_BYTES + 1), "1:1", "a file of 1,000,001 bytes"),
    "long-line": (lambda folder: SOUND + "#" * (MAX_LINE + 1), f"14:{MAX_LINE}", "a line of 100001 characters"),
    "long-key": (lambda folder: SOUND + "k" * (MAX_KEY + 1) + ": 1\n", "14:1", "a key of 201 characters"),
    "too-many-values": (lambda folder: f"a: [{('1,' * 30000 + chr(10)) * 4}]", "4:", f"more than {MAX_NODES} values"),
    "alias-bomb": (bomb, "19:", "more than 100000 values"),
    "aliases-that-nest": (
        lambda folder: SOUND + "a: &a " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 20 + "*a" + "]" * 20,
        "15:24",
        "more than 50 levels",
    ),
    "deep-nesting": (nested(60), "14:53", "more than 50 levels"),
    "very-deep-nesting": (nested(40_000), "14:53", "more than 50 levels"),
    "very-deep-mappings": (lambda folder: "".join(" " * i + "a:\n" for i in range(300)), "51:51", "more than 50"),
    "binary": (lambda folder: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "1:1", "a byte that is not UTF-8 (0x89)"),
    "null-bytes": (lambda folder: SOUND.encode() + b"\0\0", "14:1", "not YAML"),
    "control-characters": (lambda folder: SOUND.replace("A port", "A \x07 port"), "2:9", "not YAML"),
    "latin-1": (lambda folder: SOUND.replace("A port", "Détroit").encode("latin-1"), "2:8", "not UTF-8 (0xe9)"),
    "utf-16": (lambda folder: SOUND.encode("utf-16"), "1:1", "a byte that is not UTF-8"),
    "half-a-character": (lambda folder: SOUND.replace("A port", '"\\ud83d"'), "2:7", "half a character"),
    "tab-in-indentation": (lambda folder: SOUND.replace("  here:", "\there:"), "7:1", "a tab"),
    "link-out-of-the-folder": (linked("../outside.csv"), "11:20", "'t.csv' leads out of the scenario's folder"),
    "link-by-absolute-path": (linked(os.devnull), "11:20", "'t.csv' leads out of the scenario's folder"),
    "link-to-itself": (linked("t.csv"), "11:20", "no file 't.csv'"),
    "link-to-nothing": (linked("gone.csv"), "11:20", "no file 't.csv'"),
    "folder-linked-out": (
        lambda folder: linked("..", "up")(folder).replace("t.csv", "up/outside.csv"),
        "11:20",
        "'up/outside.csv' leads out of the scenario's folder",
    ),
    "path-that-leaves-and-returns": (
        lambda folder: beside(ROWS)(folder).replace("t.csv", f"../../{folder.parent.name}/x.csv"),
        "11:20",
        "leads out of the scenario's folder",
    ),
    "path-too-long": (lambda folder: TRACED.replace("t.csv", "t" * 5000), "11:20", "no file"),
    "path-with-a-null": (lambda folder: TRACED.replace("t.csv", '"t\\0.csv"'), "11:20", "as a table"),
    "table-missing": (lambda folder: TRACED, "11:20", "no file 't.csv'"),
    "table-is-a-folder": (lambda folder: (folder / "t.csv").mkdir() or TRACED, "11:20", "'t.csv' is a folder"),  # type: ignore[func-returns-value]
    "table-is-a-pipe": (lambda folder: os.mkfifo(folder / "t.csv") or TRACED, "11:20", "no file 't.csv'"),
    "table-empty": (beside(""), "t.csv:1:1", "an empty table"),
    "table-of-blanks": (beside("\n \n\n"), "t.csv:1:1", "an empty table"),
    "table-huge": (sparse, "t.csv:1:1", "a table of 50 MB"),
    "table-binary": (beside(b"time,class\n\x89PNG\0\0"), "t.csv:2:1", "a byte that is not UTF-8 (0x89)"),
    "table-of-nulls": (beside(b"time,class\n\0\0,car\n"), "t.csv:2:1", "'"),
    "table-in-latin-1": (beside("time,class\n0,détroit\n".encode("latin-1")), "t.csv:2:4", "not UTF-8 (0xe9)"),
    "table-in-utf-16": (beside(ROWS.encode("utf-16")), "t.csv:1:1", "a byte that is not UTF-8"),
    "table-with-one-endless-cell": (beside('time,class\n"' + "x" * 200_000), "t.csv:2:1", "a malformed row"),
    "table-with-an-endless-number": (beside("time,class\n" + "9" * 6000 + ",car\n"), "t.csv:2:1", "'999"),
    "table-of-many-faults": (beside("time,class\n" + "x,cra\n" * 5000), "t.csv:2:1", "'x'"),
}


def answer(folder: Path, make: Maker) -> tuple[Fault, ...]:
    inner = folder / "inner"
    inner.mkdir()
    content = make(inner)
    path = inner / "s.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    with pytest.raises(ScenarioError) as caught:
        load(path)
    return caught.value.faults


@pytest.mark.parametrize("name", CASES)
def test_hostile_file_is_answered_with_its_place(tmp_path: Path, name: str) -> None:
    make, place, found = CASES[name]
    first = answer(tmp_path, make)[0]
    where = f"{'' if first.file.endswith('.yaml') else 't.csv:'}{first.line}:{first.column}"
    assert where.startswith(place)
    assert found in first.found
    assert first.allowed
    assert len(first.found) < 200


def test_a_broken_table_is_not_quoted_without_end(tmp_path: Path) -> None:
    make, _, _ = CASES["table-of-many-faults"]
    assert len(answer(tmp_path, make)) == 20


@pytest.mark.parametrize(
    ("name", "content"),
    {
        "byte-order-mark": b"\xef\xbb\xbf" + SOUND.encode(),
        "windows-line-ends": SOUND.replace("\n", "\r\n").encode(),
        "table-with-byte-order-mark": b"\xef\xbb\xbf" + ROWS.encode(),
        "table-with-windows-line-ends": ROWS.replace("\n", "\r\n").encode(),
        "table-with-old-mac-line-ends": ROWS.replace("\n", "\r").encode(),
    }.items(),
)
def test_marks_and_line_ends_of_other_systems_are_no_fault(tmp_path: Path, name: str, content: bytes) -> None:
    table = name.startswith("table")
    (tmp_path / "t.csv").write_bytes(content if table else ROWS.encode())
    (tmp_path / "s.yaml").write_bytes(TRACED.encode() if table else content)
    assert load(tmp_path / "s.yaml").baseline.name == "A port"


def test_a_link_within_the_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text(ROWS)
    (tmp_path / "t.csv").symlink_to("real.csv")
    (tmp_path / "s.yaml").write_text(TRACED)
    assert load(tmp_path / "s.yaml").baseline.ports["here"].traffic["car"].trace is not None


def test_a_scenario_that_is_a_device_ends(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"a file of 1,000,001 bytes"):
        load(Path("/dev/zero"))


def test_a_missing_scenario_names_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "sumas.yaml").write_text(SOUND)
    with pytest.raises(ScenarioError, match=r"no such file.*did you mean 'sumas.yaml'\?"):
        load(tmp_path / "summas.yaml")
