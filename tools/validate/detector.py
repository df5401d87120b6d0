"""The delay as the Cascade Gateway's detectors publish it, taken from what an engine records.

The system knows no vehicle's own wait. It publishes, every five minutes, about

    delay = vehicles between its two detectors / rate at which they leave

where they leave by entering the port of entry, which is the start of primary inspection here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
EVERY = 300.0
"""Seconds between two readings."""


@dataclass(frozen=True)
class Detector:
    """How one direction is measured. Times in seconds."""

    cut_off: float
    """A delay below this is published as 0."""
    window: float = 900.0
    """Stretch before a reading over which the rate of leaving is taken. Assumed: it is not published."""
    quantum: float = 60.0
    """Delays are published in multiples of this."""

    def readings(self, joined: FloatArray, started: FloatArray, count: int) -> FloatArray:
        """Delay at the end of each of `count` stretches of five minutes, in minutes.

        Args:
            joined: when each vehicle came to the end of the queue, seconds from the start of the horizon.
            started: when its primary inspection began; NaN for one that never got there.
            count: readings, at 300 s, 600 s and so on.

        A vehicle that joins at the instant of a reading is between the detectors, one that leaves at it is not. With
        nobody between them the delay is 0; while nobody leaves, the last rate there was is taken.
        """
        at = EVERY * np.arange(1, count + 1)
        leaves = np.sort(started[~np.isnan(started)])
        left = np.searchsorted(leaves, at, side="right")
        between = np.searchsorted(np.sort(joined), at, side="right") - left
        recent = left - np.searchsorted(leaves, at - self.window, side="right")
        rate = _last_positive(recent) / np.minimum(self.window, at)
        delay = np.divide(between, rate, out=np.zeros(count), where=rate > 0.0)
        return self.published(delay) / 60.0

    def published(self, delay: FloatArray) -> FloatArray:
        """Delays in seconds to the nearest quantum (a half goes up), those below the cut-off to 0."""
        rounded = np.floor(delay / self.quantum + 0.5) * self.quantum
        return np.where(rounded < self.cut_off, 0.0, rounded)


def _last_positive(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Each value, or the last positive one before it where it is 0; 0 before the first."""
    place = np.maximum.accumulate(np.where(values > 0, np.arange(values.size), -1))
    return np.where(place >= 0, values[place], 0)


SOUTHBOUND = Detector(cut_off=0.0)
"""Not cut off. Whole minutes: of the published hourly means, to one decimal, the digits 3 and 8 occur twice as often as
the others, as they do among means of twelve whole minutes (3/12 and 4/12 both round to 3; 9/12 and 10/12 to 8)."""
NORTHBOUND = Detector(cut_off=600.0)
"""Published from 10 minutes up (`docs/data.md`). The quantum is taken from southbound."""
