"""scipy's special functions, from where they are loaded.

A command loads them without the package around them (`sim.commands.quickly`), which takes a tenth of a second more:
documentation, other array libraries, functions made of these. They are the same functions.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING or "scipy.special" in sys.modules or "scipy.special._ufuncs" not in sys.modules:
    from scipy import special
else:
    special = sys.modules["scipy.special._ufuncs"]

__all__ = ["special"]
