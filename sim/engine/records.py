"""What an engine returns: one flat row per visit, and what it counted at events.

Every statistic follows from these rows (`sim.study.measures`). The integrals are counted by the engine while
its clock runs, not derived from the rows, so the two can be held against each other (Little's law).
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.model.arrays import FloatArray, IntArray

MOVED_ON = -1
"""Outcome of a visit after which the party went to another station."""
INSIDE = -2
"""Outcome of the visit a party was in when the run stopped."""


@dataclass(frozen=True)
class Records:
    """One replication. Arrays of a visit have one row per visit, sorted by (party, order of visiting).

    Times are seconds from the start of the horizon; NaN where the thing never happened.
    """

    party: IntArray
    station: IntArray
    joined: FloatArray
    """When the party joined the line of the station (kept when a closing line rejoins)."""
    started: FloatArray
    """Start of service; for a road, the instant it was joined."""
    ended: FloatArray
    """End of service, the party may then stay blocked; for a road, when the free drive was over."""
    left: FloatArray
    """When the party left the station: `left - ended` is time blocked."""
    booth: IntArray
    """Server that served it, from 0; a tandem booth's rear position counts as the same booth; -1 for none."""
    outcome: IntArray
    """Index into `Network.outcomes`, or MOVED_ON, or INSIDE."""

    turned_away: IntArray
    """Parties that never joined a station (balked, diverted, closed), with `turned_away_outcome`."""
    turned_away_outcome: IntArray

    staffing_time: FloatArray
    """Log of changes of the number of open servers, in order of time; starts with the state at 0."""
    staffing_pool: IntArray
    staffing_open: IntArray

    queue_integral: FloatArray
    """Per station, the integral of parties waiting over [warm_up, horizon), counted at events."""
    busy_integral: FloatArray
    """Per station, the integral of parties in service (not blocked) over [warm_up, horizon)."""
    blocked_integral: FloatArray
    """Per station, the integral of finished parties held in a server over [warm_up, horizon)."""
    full_integral: FloatArray
    """Per station, seconds within [warm_up, horizon) in which its shortest class would have found no room."""
    full_time: FloatArray
    """Log behind `full_integral`, station by station in order of time: when it became full, and when no longer.

    Changes before the horizon only, one at an instant. A station is not full before its first row."""
    full_station: IntArray
    full_state: IntArray
    """1 for full, 0 for room again."""
    queue_max: IntArray
    """Per station, the most parties waiting for any length of time within [warm_up, horizon)."""
    overtime: FloatArray
    """Per pool, seconds within [warm_up, horizon) that positions of closed booths were occupied, added up."""
    stopped_at: float
    """The last instant at which something happened to a party."""
