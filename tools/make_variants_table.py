"""Compare ten variants of the shipped Pacific Highway scenario, and write the table to docs/comparing.md.

    python -m tools.make_variants_table [--replications N] [--print]

Three of the variants are those of the scenario; the others are given here. The same number of replications gives the
same table. It takes some minutes.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from sim.cli import main as bordersim
from sim.report import words
from sim.report.sentences import best_sentences
from sim.study.comparison import Comparison, Row, compare_runs
from sim.study.samples import USUAL, Choice
from tools import marked_page
from tools.make_coverage_table import KIND, PAGE

ROOT = Path(__file__).resolve().parents[1]
SCENARIO = "pacific-highway-southbound.yaml"
MORE = """
  demand-up-2:         {ports.pacific-highway.traffic.car.per_day: 4549.2}
  demand-down-5:       {ports.pacific-highway.traffic.car.per_day: 4237}
  inspection-50-s:     {ports.pacific-highway.lanes.general.service.erlang.mean: 50 s}
  nexus-second-booth:  {ports.pacific-highway.lanes.nexus.booths: 2, ports.pacific-highway.lanes.nexus.open: {"00:00": 0, "06:00": 2}}
  one-line-for-all:    {ports.pacific-highway.lanes.general.queue: shared}
  split-400-cars:      {ports.pacific-highway.approach.split: 400 cars}
  third-booth-at-06:   {ports.pacific-highway.lanes.general.open: {"00:00": 1, "05:00": 2, "06:00": 3, "10:30": 4, "19:00": 3, "21:00": 2}}
"""  # noqa: E501
"""Beside `nexus-40`, `one-more-booth` and `trucks-down-25` of the scenario."""
COLUMNS = (
    "variant", "mean wait, min", "95th percentile wait, min", "over 20 min, points",
    "correlation", "variance ratio",
)  # fmt: skip


def with_ten(folder: Path) -> Path:
    """The scenario with all ten variants, in a new folder below `folder`; its file."""
    shutil.copytree(ROOT / "scenarios", folder / "scenarios")
    file = folder / "scenarios" / SCENARIO
    variants, ranges, rest = file.read_text(encoding="utf-8").partition("\nranges:")  # which follow the variants
    file.write_text(variants.rstrip("\n") + MORE + ranges + rest, encoding="utf-8")
    return file


def compared(replications: int, folder: Path) -> Comparison:
    """Run the scenario with all ten in a folder, and compare."""
    file = with_ten(folder)
    command = ["run", str(file), "--all", "--quiet", "--engine", "compiled", "--out", str(folder / "out")]
    if bordersim([*command, "--replications", str(replications)]):
        raise RuntimeError("the run failed")
    (run,) = [path.parent for path in (folder / "out").rglob("manifest.json")]
    return compare_runs([run], Choice(classes=("all",)))


def table(found: Comparison) -> str:
    """A row per variant, all parties; correlation and variance ratio are those of the 95th percentile wait."""
    lines = [f"| {' | '.join(COLUMNS)} |", f"|{'|'.join('---' for _ in COLUMNS)}|"]
    for variant in dict.fromkeys(row.variant for row in found.rows):
        own = {row.key.measure: row for row in found.rows if row.variant == variant}
        lines.append(f"| {' | '.join(_cells(variant, own))} |")
    said = [f"- {sentence}" for sentence in best_sentences(found)]
    return "\n".join([*lines, "", *said])


def _cells(variant: str, rows: dict[str, Row]) -> Iterator[str]:
    yield f"`{variant}`"
    for measure in USUAL:
        row = rows[measure]
        factor, bounds = words.scale(row.key.unit), (row.difference, row.low_all, row.high_all)
        mean, low, high = (words.signed(factor * words.cut_difference(v, row.key.unit), 1) for v in bounds)
        yield f"{mean} ({low} to {high})"
    row = rows["wait_p95"]
    yield words.number(row.correlation, 2)
    yield "over 1,000" if row.variance_ratio > 1000.0 else words.number(row.variance_ratio, 1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replications", type=int, default=30)
    parser.add_argument("--print", action="store_true", help="print the table, write nothing")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        text = table(compared(given.replications, Path(scratch)))
    if given.print:
        print(text)
    else:
        marked_page.write(PAGE, KIND, {"variants": text}, only=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
