"""The long runs share their cases and tools with the quick ones of tests/analytic and tests/unit."""

import sys
from pathlib import Path

for drawer in ("unit", "analytic"):
    sys.path.insert(0, str(Path(__file__).parents[1] / drawer))
