"""`sim.study.conservation` in one compiled loop over the visits, for nearly all replications: those that are sound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numba
import numpy as np

from sim.engine.compiled import jit
from sim.engine.records import INSIDE, MOVED_ON, Records
from sim.model.network import Network
from sim.model.parties import Parties
from sim.study.conservation import check_conservation as check_in_numpy


def _is_sound(version: int) -> Any:
    """`is_sound` with the hash of the whole source in its closure, so that no stale code is ever loaded."""

    def is_sound(party, outcome, joined, started, ended, left, parties):  # type: ignore[no-untyped-def]
        visits = len(party)
        if version < 0 or visits == 0 or party[0] != 0 or party[visits - 1] != parties - 1:
            return False
        wrong, lasts = 0, 0
        for row in range(visits):
            moved_on = outcome[row] == MOVED_ON
            following = row + 1 if row + 1 < visits else row
            last = row + 1 == visits or party[following] != party[row]
            lasts += last
            wrong |= (last == moved_on) | (party[row] > party[following])
            wrong |= moved_on & (joined[following] != left[row])
            wrong |= np.isnan(left[row]) != (outcome[row] == INSIDE)
            # False where either is NaN.
            wrong |= (joined[row] > started[row]) | (started[row] > ended[row])
            wrong |= (ended[row] > left[row]) | (joined[row] > left[row])
        return wrong == 0 and lasts == parties

    return jit.cached(is_sound)


is_sound = _is_sound(jit.source_hash(Path(__file__).parent, Path(jit.__file__).parent))
"""Every party has visits and moves on from all but the last, each of which begins when the one before ends; who has not
left is inside; and no time runs backwards."""

_I, _F = numba.int64[::1], numba.float64[::1]
SIGNATURE = (_I, _I, _F, _F, _F, _F, numba.int64)


def check_conservation(network: Network, parties: Parties, records: Records) -> None:
    """The same as `sim.study.conservation.check_conservation`, which says what is wrong where anything is.

    Raises:
        SimulationError: a party has no end or two, or the times of a visit are out of order.
    """
    columns = records.party, records.outcome, records.joined, records.started, records.ended, records.left
    if records.turned_away.size or not is_sound(*map(np.ascontiguousarray, columns), len(parties)):
        check_in_numpy(network, parties, records)


def stands_in_cache() -> bool:
    """Calling would load the code and not compile it."""
    return bool(is_sound.signatures) or jit.is_on_disk(is_sound, SIGNATURE)


def compile_now() -> None:
    """Load the code, or compile it, now."""
    jit.ready(is_sound, SIGNATURE)
