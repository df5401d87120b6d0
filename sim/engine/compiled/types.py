"""Types of the arrays the kernel takes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.int64]
"""A memory image read as integers."""
Reals = npt.NDArray[np.float64]
"""The same memory read as reals, or the draws."""
