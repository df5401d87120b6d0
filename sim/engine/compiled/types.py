"""Types of what the kernel takes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.int64]
"""The block of memory read as integers; inside the kernel, a pointer to it."""
Reals = npt.NDArray[np.float64]
"""The same memory read as reals."""
