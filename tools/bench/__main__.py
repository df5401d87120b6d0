"""`python -m tools.bench`: measure, print the tables, write docs/performance.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from .page import blocks, write
from .suite import FULL, QUICK, Bench


def main() -> int:
    """Measure everything and report it; a slow machine is no failure."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smaller measurement, printed and not written")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(QUICK if quick else FULL, Path(folder), lambda text: print(text, file=sys.stderr, flush=True))
        results = bench.everything()
    tables = blocks(results)
    print("\n\n".join(tables.values()))
    for library in results.missing:
        print(f"\n{library} is not installed and was left out: pip install -c constraints.txt '.[bench]'")
    if not quick:
        print(f"\nwritten to {write(tables)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
