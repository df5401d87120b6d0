"""Where everything lies in the block of memory the kernel works on.

The kernel gets two arguments, pointers to one block of 8-byte words read as integers (`w`) or as reals (`r`):
functions that take many arrays spend their time handing them over. The network comes first in the block, then the
running state. Headers say where the tables start; a table has rows of a fixed width; a row is named by its offset:
`st = station_row(w, r, station)`, then `w[st + POOL]` or `r[st + STORAGE]`. The arrays of the parties are not in the
block but read where they are: their offsets lead out of it.
"""

from __future__ import annotations

from sim.engine.compiled.jit import compiled
from sim.engine.compiled.types import Reals, Words

# ---- the network: header ------------------------------------------------------------------------------
N_STATIONS, N_CLASSES, N_POOLS, N_BOOTHS, N_LINES, N_INSTANTS = range(6)
STATIONS, CELLS, ROUTES, BRANCHES, TARGETS, POOLS, STEPS, STEP_VALUES, FACTORS = range(6, 15)
ALTERNATIVES, REROUTES, MEMBERS, ORDER, ENTRY, LENGTHS, INSTANTS, BOOTH_LINES = range(15, 23)
HORIZON, WARM_UP, END = range(23, 26)
"""Reals."""

# ---- the network: columns -----------------------------------------------------------------------------
ROAD, POOL, PER_BOOTH, WHEN_FULL, DIVERT, ADMITS, WHEN_CLOSED, RUNNING = range(8)
JOCKEY, ON_CLOSE, WAIVES, RANKED, SERVICE_FACTOR, LINE, LANES, SHORTEST, BALK_WITH = range(8, 17)
SHARES_POOL = 17
STORAGE, BALK_AT, TRAVEL = range(18, 21)
ZONE, NOTED, PLAIN = range(21, 24)
LONGEST = 24
STATION_WIDTH = 25
"""`DIVERT` is a target (-1: none), `ADMITS`, `RUNNING`, `SERVICE_FACTOR` step functions (-1: always 1), `SHORTEST` a
class; `LINE` is the first of the station's lines: the shared one, the held one, then one per lane of a road. Where
`NOTED` is set, what changes here may make some station full, or no longer so. Where `PLAIN` is set, whoever arrives or
is served lets at most one other party move, the next of the line here (`image._plain`), as long as there is room for
two of the length `LONGEST`."""
SHARED, HELD, FIRST_LANE = range(3)
"""A station's lines, from its first."""

SERVICE, RANK, PATIENCE_SLOT, ROUTE, FACTOR_BEGIN, FACTOR_END, REROUTE_BEGIN, REROUTE_END = range(8)
EXTRA_PERSON, MOVE_UP = range(8, 10)
PRECEDENCE = 10
CELL_WIDTH = 11
"""A class at a station; `ROUTE` is -1 where the class never comes."""

MARK, BRANCH_BEGIN, BRANCH_END, OTHERWISE = range(4)
ROUTE_WIDTH = 4
BRANCH_TARGET, BRANCH_FACTOR, PROBABILITY = range(3)
BRANCH_WIDTH = 3
OUTCOME, TARGET_BEGIN, TARGET_END, SHORTER = range(4)
TARGET_WIDTH = 4
SERVERS, CALENDAR, TANDEM, FIRST_BOOTH, MEMBER_BEGIN, MEMBER_END = range(6)
POOL_WIDTH = 6
STEERED, WATCH_BEGIN, WATCH_END, TICK_BEGIN, TICK_END, BY_WAIT, LEAD, MOST = range(8)
OPEN_ABOVE, CLOSE_BELOW = range(8, 10)
CONTROLLER_WIDTH = 10
"""A controller of the pool `STEERED`; `WATCHED` and `TICKS` are columns of stations and instants."""
STEPS_WIDTH = 2
"""Begin and end in the table of step values."""
STEP_TIME, STEP_VALUE = range(2)
STEP_WIDTH = 2
OVER, FACTOR = range(2)
FACTOR_WIDTH = 2

# ---- the state: header --------------------------------------------------------------------------------
N_BLOCKED, N_ENDS, N_PATIENCE, N_AWAY, INSIDE_NOW, NEXT_VISIT, VISITS_END, N_COMING = range(26, 34)
SCHEDULED, OPEN, BEFORE, FRONT, REAR, HEAD, TAIL, COUNT, STANDING, SPACE = range(34, 44)
GAUGES, BLOCKED_LIST, ENDS, PATIENCE, AWAY, VISITS = range(44, 50)
ARRIVALS, KLASSES, DRAWS = range(50, 53)
FULL_LOG, NEXT_FULL, FULL_END = range(53, 56)
N_CONTROLLERS, CONTROLLERS, WATCHED, TICKS, CONTROL, STAFF_LOG, NEXT_STAFF = range(56, 63)
N_STANDING = 63
"""Parties in the lines of all stations together."""
CAPACITIES, IN_ZONE, FOLLOWERS, BARRED, STAYS, FOLLOW = range(64, 70)
"""Of zones the people they hold (reals) and those there now; for each class whether its parties follow others, for each
outcome whether it bars; the outcome of who stays behind; rows by party, where anybody follows (else `STAYS` is -1)."""
LIVE, NEXT_LIVE, FREE = range(70, 73)
"""Rows of visits under way: the first, the first never used, the first of those that are free again (-1: none)."""
FINITES, N_FINITES, FULL_DUE = range(73, 76)
"""Stations that can be full; whether anything has changed since it was last looked at which of them are."""
SIZES, FIRST_DRAWS, INITIALS = range(76, 79)
"""With `ARRIVALS`, `KLASSES` and `DRAWS` the columns of the `N_COMING` parties that come here, in order of arrival.
`INITIALS` is 0 where none is of the initial queue."""
BEGUN, NOW, NEXT_COMING, NEXT_INSTANT, SETTLE_DUE, LEAVING = range(79, 85)
"""Where the run goes on when the kernel is called again: whether it has begun, the instant (a real), the next arrival,
the next instant of change, whether settling is due; from which visit on those that are not over have yet to be written
down (0: the run is not over)."""
NEXT_ENDS, FIRST_END = range(85, 87)
"""The ends that come first (`ends`), and the row of the very first of them; `ENDS` is the heap of the others."""
PATIENCE_ROOM = 87
"""Events of patience from which on there has to be made room for more."""
HEADER = 88
"""`NEXT_LIVE`, `FREE`, `NEXT_VISIT`, `VISITS_END`, `NEXT_FULL`, `FULL_END` and `NEXT_STAFF` are offsets;
`SPACE` holds reals (car lengths in line, per station)."""

# ---- the state: columns -------------------------------------------------------------------------------
WAITING, BUSY, BLOCKED, FULL, GAUGE_KINDS = range(5)
"""Gauges of a station; those of the pools' overtime follow the stations'."""
VALUE, HIGH, LAST, INTEGRAL = range(4)
GAUGE_WIDTH = 4
TIME, EVENT_KEY, EVENT_VISIT = range(3)
EVENT_WIDTH = 3
"""An end of service or of patience, or, where `EVENT_VISIT` is the complement of a visit (below 0), of a free drive."""
PARTY_BITS = 40
"""An event's key is its station and, in so many lower bits, its party: the order of rule 12 in one comparison."""
PARTY, STATION, BOOTH, VISIT_OUTCOME, JOINED, STARTED, ENDED, LEFT = range(8)
VISIT_WIDTH = 8
"""What is written down of a visit when it is over. `VISITS` are these, one after another."""
KLASS, IN_REAR, QUEUED, TARGET, SKIP, IN_LINE, NEXT, PREVIOUS = range(8, 16)
DEADLINE = 16
LIVE_WIDTH = 17
"""A visit under way is named by the offset of its row, which another visit takes when it is over: few rows, which stay
in cache. -1 is nobody; a free row has no party (-1) and the next free one in `NEXT`."""

NEXT_TICK, OPENS_AT, WANTED = range(3)
CONTROL_WIDTH = 3
"""State of a controller: the next tick, the tick at which a server opens (-1: none), servers wanted."""
STAFF_TIME, STAFF_POOL, STAFF_OPEN = range(3)
STAFF_WIDTH = 3
FULL_TIME, FULL_STATION, FULL_STATE = range(3)
FULL_WIDTH = 3

# ---- the parties: columns -----------------------------------------------------------------------------
FORERUNNER, END_OUTCOME, UNTIL, ENDED_AT = range(4)
FOLLOW_WIDTH = 4
"""Whom a party follows and by when that one must have got through; how and when the party itself ended."""


@compiled
def station_row(w: Words, r: Reals, station: int) -> int:
    return int(w[STATIONS] + station * STATION_WIDTH)


@compiled
def cell_row(w: Words, r: Reals, station: int, klass: int) -> int:
    return int(w[CELLS] + (station * w[N_CLASSES] + klass) * CELL_WIDTH)


@compiled
def pool_row(w: Words, r: Reals, pool: int) -> int:
    return int(w[POOLS] + pool * POOL_WIDTH)


@compiled
def target_row(w: Words, r: Reals, target: int) -> int:
    return int(w[TARGETS] + target * TARGET_WIDTH)


@compiled
def route_row(w: Words, r: Reals, route: int) -> int:
    return int(w[ROUTES] + route * ROUTE_WIDTH)


@compiled
def gauge_row(w: Words, r: Reals, station: int, kind: int) -> int:
    return int(w[GAUGES] + (station * GAUGE_KINDS + kind) * GAUGE_WIDTH)


@compiled
def overtime_row(w: Words, r: Reals, pool: int) -> int:
    return int(w[GAUGES] + (w[N_STATIONS] * GAUGE_KINDS + pool) * GAUGE_WIDTH)
