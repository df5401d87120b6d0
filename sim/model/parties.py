"""The parties of one replication: everything random, drawn before the clock starts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.model.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Parties:
    """Parties in order of arrival: by time, then source order, then index within the source (rule 12).

    All arrays but `draws` have one entry per party (see `without_draws`); a party's number is its position.
    """

    time: FloatArray
    """Arrival instant, seconds from the start of the horizon."""
    klass: IntArray
    """Index into `Network.classes`."""
    size: IntArray
    """Persons in the party."""
    first_draw: IntArray
    """Where the party's draws begin in `draws`; its slot s is `draws[first_draw + s]`."""
    draws: FloatArray
    """Service times and patience in seconds, routing marks in [0, 1)."""
    initial: BoolArray
    """True for a party of the initial queue: it joined before the horizon began."""

    follows: IntArray | None = None
    """Number of the party this one comes after (its forerunner), -1 for none; None where nobody follows anybody."""
    until: FloatArray | None = None
    """When the forerunner must have got through at the latest, seconds; None where `follows` is."""

    departs: FloatArray | None = None
    """When what the party wants to board departs, seconds from the start of the horizon; NaN for none. Engines take no
    notice of it: it is for the measures. None where nobody boards anything."""
    flight: IntArray | None = None
    """Number of that departure at its facility, -1 for none; None where `departs` is."""
    traveller: IntArray | None = None
    """Number of the traveller, the same for the party at a facility and at its far side; -1 for parties of land ports,
    None where there is no preclearance. For the measures, as `departs`."""

    def __len__(self) -> int:
        return int(self.time.shape[0])

    def without_draws(self) -> Parties:
        """The same parties without what only engines need: half of their memory."""
        return Parties(**{**self.__dict__, "first_draw": np.empty(0, np.int64), "draws": np.empty(0)})
