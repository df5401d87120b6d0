"""The long runs share their cases and tools with the quick ones of tests/analytic."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "analytic"))
