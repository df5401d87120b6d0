"""The documentation runs: scenarios load, commands do what is printed below them, Python blocks execute, links hold.

A page is run from top to bottom in a folder of its own. Above a block may stand, invisible to readers,

    <!-- file: NAME -->       write the block to a file first        <!-- append: NAME -->  add it to one
    <!-- edit: NAME -->       a diff block: replace its - lines by its + lines in a file
    <!-- replace: PATH -->    a fragment of YAML takes the place of what stands at PATH, instead of adding to it
    <!-- run -->              run the commands of a console block, hold what they print against the block
    <!-- skip -->             leave the block alone
    <!-- output -->           a text block: what the Python block before it printed

In printed output a line `...` stands for any lines, blanks and rules are not compared, run ids are all alike.
`python tests/unit/test_docs.py` writes the output of today into the pages.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sim.cli import main, parser
from sim.scenario import Study, load

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "results" / "README.md", *sorted(DOCS.glob("*.md")))
BLOCK = re.compile(r"(?:^<!-- (?P<note>[^\n]*?) -->\n)?^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
RUN_ID = re.compile(r"\b[0-9a-f]{12}\b")
RULE = re.compile(r"[─-]{3,}")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page, with what the comment above it says."""

    kind: str
    text: str
    verb: str
    argument: str
    line: int
    span: tuple[int, int]
    """Where its text stands in the page."""


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = []
    for match in BLOCK.finditer(text):
        verb, _, argument = (match["note"] or "").partition(": ")
        line = text.count("\n", 0, match.start("text"))
        found.append(Block(match["kind"], match["text"], verb, argument, line, match.span("text")))
    return found


@dataclass
class Session:
    """A page being run in a folder."""

    folder: Path
    status: int = 0
    printed: str = ""
    names: dict[str, Any] = field(default_factory=dict)

    def run(self, command: str) -> str:
        """What a command line prints, both streams in one; its status is kept."""
        words = command.split()
        if words[:2] == ["echo", "$?"]:
            status, self.status = self.status, 0
            return f"{status}\n"
        if words[0] != "bordersim":
            done = subprocess.run(command, shell=True, cwd=self.folder, capture_output=True, text=True)
            self.status = done.returncode
            return done.stdout + done.stderr
        if words[1] in ("run", "compare") and "--workers" not in words and "--replication" not in words:
            words += ["--workers", "1"]  # the numbers are the same, and starting processes is slow
        with printing() as said, contextlib.chdir(self.folder):
            try:
                self.status = main(words[1:])
            except SystemExit as leaving:  # argparse
                self.status = int(leaving.code or 0)
        return said.getvalue()

    def console(self, text: str) -> str:
        """The block as it reads today: each command followed by what it prints."""
        lines: list[str] = []
        for command in [line for line in text.splitlines() if line.startswith("$ ")]:
            asks = command == "$ echo $?"
            if self.status and not asks:
                raise AssertionError(f"a command before '{command}' ended with status {self.status}:\n{lines}")
            lines += [command, *self.run(command[2:]).splitlines()]
        if self.status:
            raise AssertionError("\n".join([*lines, f"ended with status {self.status}"]))
        return "\n".join(line.rstrip() for line in lines) + "\n"

    def python(self, code: str) -> None:
        with printing() as said, contextlib.chdir(self.folder):
            exec(compile(code, "<documentation>", "exec"), self.names)
        self.printed = said.getvalue()

    def prepare(self, block: Block) -> None:
        """Files a block stands for."""
        path = self.folder / block.argument
        if block.verb == "file":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        elif block.verb == "append":
            path.write_text(path.read_text(encoding="utf-8") + block.text, encoding="utf-8")
        elif block.verb == "edit":
            text = path.read_text(encoding="utf-8")
            before, after = (
                "".join(f"{line[1:]}\n" for line in block.text.splitlines() if line[0] == sign) for sign in "-+"
            )
            assert text.count(before) == 1, f"{before!r} does not stand once in {path.name}"
            path.write_text(text.replace(before, after), encoding="utf-8")


@contextlib.contextmanager
def printing() -> Iterator[io.StringIO]:
    """What is printed, as a terminal of 80 columns without colours would get it."""
    said, before = io.StringIO(), {name: os.environ.get(name) for name in ("COLUMNS", "NO_COLOR")}
    os.environ |= {"COLUMNS": "80", "NO_COLOR": "1"}
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            yield said
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def plain(text: str) -> list[str]:
    """Lines as they are compared."""
    lines = (RULE.sub("---", RUN_ID.sub("0123456789ab", line)) for line in text.splitlines())
    return [" ".join(line.split()) for line in lines if line.strip()]


def agrees(shown: str, printed: str) -> bool:
    """True when the printed lines are those shown, `...` standing for any."""
    parts = [".*" if line == "..." else re.escape(line) for line in plain(shown)]
    return re.fullmatch("\n".join(parts), "\n".join(plain(printed)), re.DOTALL) is not None


def play(page: Path, folder: Path) -> list[tuple[Block, str]]:
    """Run a page; the blocks that show output, with what is printed now."""
    session, shown = Session(folder), []
    for block in blocks(page):
        session.prepare(block)
        if block.kind == "console" and block.verb == "run":
            shown.append((block, session.console(block.text)))
        elif block.kind == "python" and block.verb != "skip":
            session.python(block.text)
        elif block.verb == "output":
            shown.append((block, session.printed))
    return shown


def played(name: str, folder: Path) -> None:
    """Run a page of docs/ and hold what it shows against what is printed."""
    shown = play(DOCS / name, folder)
    assert shown, f"{name} shows nothing that is run"
    for block, printed in shown:
        assert agrees(block.text, printed), f"docs/{name}:{block.line} prints now:\n{printed}"


@pytest.fixture
def crossing(tmp_path: Path) -> Path:
    """A folder with what docs/how-to.md begins with, and its tables."""
    for block in blocks(DOCS / "how-to.md"):
        if block.verb == "file":
            Session(tmp_path).prepare(block)
    return tmp_path


# ---- pages that are run ---------------------------------------------------------------------------------


def test_tutorial(tmp_path: Path) -> None:
    played("tutorial.md", tmp_path)
    assert (tmp_path / "sumas.yaml").is_file()
    assert list(tmp_path.glob("results/sumas/*/figures/day-sumas.png"))


def test_how_to_commands(crossing: Path) -> None:
    played("how-to.md", crossing)


def test_results_page(tmp_path: Path) -> None:
    scenario = next(block for block in blocks(DOCS / "tutorial.md") if block.verb == "file")
    variants = next(block for block in blocks(DOCS / "tutorial.md") if block.verb == "append")
    (tmp_path / "sumas.yaml").write_text(scenario.text + variants.text, encoding="utf-8")
    played("results.md", tmp_path)


def test_errors_page(tmp_path: Path) -> None:
    played("errors.md", tmp_path)


def test_preclearance_page(tmp_path: Path) -> None:
    played("preclearance.md", tmp_path)


def test_python_page(tmp_path: Path) -> None:
    played("python.md", tmp_path)
    assert list(tmp_path.glob("results/crossing/*-rule-Relief/manifest.json"))


def test_the_checklist_page_lists_every_item() -> None:
    from sim.report.checklist_answers import ITEMS

    page = (DOCS / "reporting-checklist.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| (\d[\d.]*) ", page, re.MULTILINE) == [number for number, *_ in ITEMS]


def test_sweeps_page(tmp_path: Path) -> None:
    from sim.scenario import policies

    played("sweeps.md", tmp_path)
    page = (DOCS / "sweeps.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `([a-z0-9-]+)` \|", page.partition("## Policies")[2].partition("## ")[0], re.MULTILINE)
    assert sorted(told) == sorted(policies.names())


def test_every_folder_of_the_program_has_a_row_with_what_is_in_it() -> None:
    """Neither is a folder left out of the page on architecture, nor does a row name what is not there."""
    rows = dict(
        re.findall(r"^\| `(sim/[^`]*)` \| (.*) \|$", (DOCS / "architecture.md").read_text(encoding="utf-8"), re.M)
    )
    folders = {f"{file.parent.relative_to(ROOT).as_posix()}/" for file in (ROOT / "sim").glob("*/**/*.py")}
    assert {row for row in rows if row.endswith("/")} == folders
    for row, text in rows.items():
        assert (ROOT / row).exists()
        for name in re.findall(r"`([\w*]+(?:\.py|/))`", text):
            assert list((ROOT / row).glob(name.rstrip("/"))), f"{row} has no {name}"


def test_architecture_page(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    played("architecture.md", tmp_path)


# ---- scenarios and fragments ----------------------------------------------------------------------------


def test_the_tutorial_in_two_replications(tmp_path: Path) -> None:
    scenario = next(block for block in blocks(DOCS / "tutorial.md") if block.verb == "file")
    session = Session(tmp_path)
    session.prepare(scenario)
    said = session.run("bordersim run sumas.yaml --replications 2 --json")
    assert session.status == 0
    assert '"measure": "wait_mean"' in said


def whole_scenarios() -> list[tuple[str, Block]]:
    return [
        (f"{page.name}:{block.line}", block)
        for page in PAGES
        for block in blocks(page)
        if block.kind == "yaml" and block.text.startswith("format:")
    ]


def test_there_are_whole_scenarios() -> None:
    assert len(whole_scenarios()) >= 2


@pytest.mark.parametrize(
    ("place", "block"), whole_scenarios(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_whole_scenarios_load(place: str, block: Block, crossing: Path) -> None:
    file = crossing / "whole.yaml"
    file.write_text(block.text, encoding="utf-8")
    page = next(page for page in PAGES if page.name == place.partition(":")[0])
    for table in (each for each in blocks(page) if each.kind == "csv" and each.verb == "file"):
        (crossing / table.argument).write_text(table.text, encoding="utf-8")
    baseline = load(file).baseline
    assert baseline.ports or baseline.preclearance


def fragments() -> list[Block]:
    """YAML of the recipes that is not a whole scenario."""
    return [block for block in blocks(DOCS / "how-to.md") if block.kind == "yaml" and block.verb != "file"]


def merged(base: Any, more: Any, replace: list[str]) -> Any:
    """`more` laid over `base`, key by key; what stands at the path `replace` is taken from `more` alone."""
    if not replace or not (isinstance(base, dict) and isinstance(more, dict)):
        return more
    below = {key: replace[1:] if replace[0] == key else ["?"] for key in more}
    return {
        **base,
        **{key: merged(base[key], value, below[key]) if key in base else value for key, value in more.items()},
    }


def with_fragment(folder: Path, block: Block) -> Study:
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    base, more = yaml.load((folder / "crossing.yaml").read_text(encoding="utf-8")), yaml.load(block.text)
    path = block.argument.split(".") if block.verb == "replace" else ["?"]
    file = folder / "merged.yaml"
    with file.open("w", encoding="utf-8") as out:
        YAML(typ="safe", pure=True).dump(merged(base, more, path), out)
    return load(file)


def test_there_are_many_recipes() -> None:
    assert len(fragments()) >= 14


@pytest.mark.parametrize("block", fragments(), ids=lambda block: f"how-to.md:{block.line}")
def test_recipes_load_and_run(block: Block, crossing: Path) -> None:
    from sim.study.runs import experiment, select

    study = with_fragment(crossing, block)
    assert study.baseline != load(crossing / "crossing.yaml").baseline, "the fragment changes nothing"
    parties, _ = experiment(select(study, []), "reference").simulate("baseline", 0)
    assert len(parties) > 0


def test_a_wrong_key_in_a_recipe_is_a_fault(crossing: Path) -> None:
    from sim.errors import ScenarioError

    wrong = Block("yaml", "ports:\n  here:\n    lanes:\n      general: {jokey: 2}\n", "", "", 0, (0, 0))
    with pytest.raises(ScenarioError, match="did you mean 'jockey'"):
        with_fragment(crossing, wrong)


# ---- commands, links, names -----------------------------------------------------------------------------


def commands() -> list[tuple[str, str]]:
    return [
        (f"{page.name}:{block.line}", line.removeprefix("$ "))
        for page in PAGES
        for block in blocks(page)
        if block.kind == "console"
        for line in block.text.splitlines()
        if line.startswith("$ bordersim ")
    ]


@pytest.mark.parametrize(("place", "command"), commands())
def test_printed_commands_are_understood(place: str, command: str) -> None:
    words = command.split("#")[0].split()[1:]
    if not {"--help", "--version"} & set(words):
        arguments = parser().parse_args(words)
        if place.startswith("README.md"):
            assert (ROOT / arguments.path).exists() or arguments.path.startswith("results/")


def test_the_readme_names_every_command_and_no_other() -> None:
    _, usage = parser().format_help().split("COMMAND\n", 1)
    verbs = set(re.findall(r"^    ([\w-]+)(?: |$)", usage, re.MULTILINE))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `bordersim ([\w-]+)", readme, re.MULTILINE)) == verbs


def anchors(page: Path) -> set[str]:
    """Fragments a page's headings answer to, as GitHub makes them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_hold(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in anchors(file), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_files_and_tests_named_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for path, test in re.findall(r"`((?:sim|tests|tools|scenarios|docs)/[\w/.-]+?\.\w+)(?:::(\w+))?`", text):
        assert (ROOT / path).is_file(), f"{page.name} names {path}"
        assert not test or f"def {test}(" in (ROOT / path).read_text(encoding="utf-8"), f"{page.name} names {test}"


def test_every_measure_has_its_formula() -> None:
    from sim.model.network import ENGINE_OUTCOMES
    from sim.study.catalogue import BIN_TABLE, START_BIN_TABLE, catalogue

    theory = (DOCS / "theory.md").read_text(encoding="utf-8")
    missing = [m.name for m in (*catalogue(()), *BIN_TABLE, *START_BIN_TABLE) if f"`{m.name}`" not in theory]
    assert missing == []
    assert [outcome for outcome in ENGINE_OUTCOMES if f"`{outcome}`" not in theory] == []


def test_every_file_and_column_of_a_run_is_described(crossing: Path) -> None:
    page = (DOCS / "results.md").read_text(encoding="utf-8")
    variant = crossing / "crossing.yaml"
    variant.write_text(variant.read_text(encoding="utf-8") + "variants:\n  v: {horizon: 3 h}\n", encoding="utf-8")
    session = Session(crossing)
    session.run("bordersim run crossing.yaml --all --visits --replications 1 --quiet --out out")
    session.run("bordersim run crossing.yaml --replication 0 --quiet --out out")
    assert session.status == 0
    columns: set[str] = set()
    for file in (crossing / "out").rglob("*"):
        if file.suffix == ".csv" and "tables" not in file.parts:
            columns |= set(next(csv.reader(file.read_text(encoding="utf-8").splitlines())))
        elif file.suffix == ".parquet":
            import pyarrow.parquet

            columns |= set(pyarrow.parquet.read_schema(file).names)
        if file.is_file() and file.parent.name != "visits":
            assert f"`{file.name}`" in page, f"docs/results.md does not describe {file.name}"
    assert {name for name in columns if f"`{name}`" not in page} == set()


def test_every_dependency_has_its_reason() -> None:
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    needed = {re.split(r"[<>=]", line)[0] for line in stated}
    page = (DOCS / "dependencies.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([\w.-]+)` ", page, re.MULTILINE)) == needed


def test_the_readme_is_short_and_its_picture_light() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(readme.splitlines()) <= 135
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", readme)
    assert len(pictures) == 1
    assert (ROOT / pictures[0]).stat().st_size < 300_000


# ---- writing the output of today ------------------------------------------------------------------------


def update(name: str, folder: Path) -> None:
    """Put what is printed now into a page of docs/; blocks with `...` stay as they are."""
    page = DOCS / name
    text = page.read_text(encoding="utf-8")
    for block, printed in reversed(play(page, folder)):
        if not agrees(block.text, printed) and "\n...\n" not in block.text:
            masked = RUN_ID.sub("0123456789ab", printed).strip("\n") + "\n"
            text = text[: block.span[0]] + masked + text[block.span[1] :]
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    import tempfile

    for chosen in sys.argv[1:] or ("tutorial.md", "how-to.md", "results.md", "architecture.md"):
        with tempfile.TemporaryDirectory() as scratch:
            shutil.copytree(ROOT / "scenarios", Path(scratch) / "scenarios")
            if chosen == "results.md":
                kept = [b for b in blocks(DOCS / "tutorial.md") if b.verb in ("file", "append")][:2]
                (Path(scratch) / "sumas.yaml").write_text("".join(b.text for b in kept), encoding="utf-8")
            update(chosen, Path(scratch))
