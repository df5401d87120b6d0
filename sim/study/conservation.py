"""Checked on every replication: arrivals = outcomes + inside, and time never runs backwards."""

from __future__ import annotations

import numpy as np

from sim.engine.records import INSIDE, MOVED_ON, Records
from sim.errors import SimulationError
from sim.model.arrays import BoolArray, IntArray
from sim.model.network import DIVERTED, Network
from sim.model.parties import Parties

AT_ONCE = 1 << 16
"""Visits looked at together."""


def check_conservation(network: Network, parties: Parties, records: Records) -> None:
    """Hold a replication's records against what any run must satisfy.

    Raises:
        SimulationError: a party has no end or two, or the times of a visit are out of order.
    """
    moved_on = records.outcome == MOVED_ON
    if records.turned_away.size or not _all_leave_once(records.party, moved_on, len(parties)):
        _check_one_end_each(records, moved_on, len(parties))
        _check_last_visit_ends(records, moved_on)
    _check_ways(records, moved_on)
    for earlier, later, what in (
        (records.joined, records.started, "starts before it joins"),
        (records.started, records.ended, "ends before it starts"),
        (records.ended, records.left, "leaves before it ends"),
        (records.joined, records.left, "leaves before it joins"),
    ):
        wrong = earlier > later  # False where either is NaN
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            station = network.stations[int(records.station[row])].name
            raise SimulationError(f"party {int(records.party[row])} {what} at station {station!r}")


def _all_leave_once(party: IntArray, moved_on: BoolArray, parties: int) -> bool:
    """Every party has visits, and moves on from all but the last; seen without a number for each of millions."""
    if not (party.size and party[0] == 0 and party[-1] == parties - 1 and not moved_on[-1]):
        return False
    begun = 1
    for begin in range(0, party.size - 1, AT_ONCE):
        here, following = party[begin : begin + AT_ONCE], party[begin + 1 : begin + AT_ONCE + 1]
        last = here[: following.size] != following
        if (last == moved_on[begin : begin + following.size]).any() or (here[: following.size] > following).any():
            return False
        begun += int(np.count_nonzero(last))
    return begun == parties


def _check_one_end_each(records: Records, moved_on: BoolArray, parties: int) -> None:
    """Every party has one end: a last visit or turning away."""
    ends = np.bincount(records.party[~moved_on], minlength=parties)
    if records.turned_away.size:
        ends += np.bincount(records.turned_away[records.turned_away_outcome != DIVERTED], minlength=parties)
    if (ends != 1).any():
        party = int(np.flatnonzero(ends != 1)[0])
        raise SimulationError(f"party {party} has {ends[party]} ends instead of 1")


def _check_last_visit_ends(records: Records, moved_on: BoolArray) -> None:
    """Only a party's last visit has an outcome."""
    last = np.ones(len(moved_on), np.bool_)
    np.not_equal(records.party[1:], records.party[:-1], out=last[:-1])
    if (moved_on == last).any():
        row = int(np.flatnonzero(moved_on == last)[0])
        raise SimulationError(f"party {int(records.party[row])} goes on after its end, or ends on the way")


def _check_ways(records: Records, moved_on: BoolArray) -> None:
    """A visit that moved on is followed by another at its instant, and who has not left is inside."""
    following = np.flatnonzero(moved_on) + 1
    if (records.joined[following] != records.left[following - 1]).any():
        raise SimulationError("a party does not join its next station when it leaves the one before")
    if (np.isnan(records.left) != (records.outcome == INSIDE)).any():
        raise SimulationError("a party that left counts as inside, or the other way round")
