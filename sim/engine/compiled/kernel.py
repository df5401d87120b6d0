"""The clock of the compiled engine: at an instant the lowest step with work runs (rule 12)."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from sim.engine.compiled.heap import pop
from sim.engine.compiled.jit import cached, compiled, is_on_disk, source_hash
from sim.engine.compiled.layout import *
from sim.engine.compiled.layout import pool_row, station_row
from sim.engine.compiled.lines import set_queued, settle_gauge, value_at
from sim.engine.compiled.opening import apply_calendar
from sim.engine.compiled.rules import choose, has_room, parties_at, patience_ends, service_ends
from sim.engine.compiled.settling import enter_through, settle
from sim.engine.compiled.types import Reals, Words
from sim.model.network import BALKED, CLOSED, DIVERTED, NEVER, WhenFull


@compiled
def run_kernel(n: Words, x: Reals, s: Words, f: Reals, p: Words, d: Reals, arrivals: Reals) -> bool:
    """Run to the end; False when more visits were made than there is room for."""
    n_parties = len(arrivals)
    last_arrival = arrivals[n_parties - 1] if n_parties else 0.0
    for pool in range(n[N_POOLS]):
        row = pool_row(n, pool)
        s[s[SCHEDULED] + pool] = int(value_at(n, x, n[row + CALENDAR], 0.0)) if n[row + SERVERS] >= 0 else 1
        s[s[OPEN] + pool] = s[s[SCHEDULED] + pool]
    now, party, instant, settle_due = 0.0, 0, 0, True
    while s[NEXT_VISIT] <= s[VISITS_END]:
        end_due = f[s[ENDS] + TIME] if s[N_ENDS] > 0 else np.inf
        calendar_due = x[n[INSTANTS] + instant] if instant < n[N_INSTANTS] else np.inf
        patience_due = f[s[PATIENCE] + TIME] if s[N_PATIENCE] > 0 else np.inf
        arrival_due = arrivals[party] if party < n_parties else np.inf
        due = now if settle_due else min(min(end_due, calendar_due), min(patience_due, arrival_due))
        over = due >= x[HORIZON] and s[INSIDE_NOW] == 0 and due > last_arrival
        if over or not due < x[END]:
            stop(n, x, s, f, now)
            return True
        now = due
        if end_due == now:
            visit, ready = s[s[ENDS] + EVENT_VISIT], s[s[ENDS] + READY]
            pop(s, f, ENDS, N_ENDS)
            if not ready:
                service_ends(n, x, s, f, p, d, visit, now)
                settle_due = True
            elif np.isnan(f[visit + LEFT]):
                set_queued(x, s, f, now, visit, 1)
                settle_due = True
        elif calendar_due == now:
            instant += 1
            apply_calendar(n, x, s, f, now)
            settle_due = True
        elif settle_due:
            settle_due = settle(n, x, s, f, p, d, calendar_due, now)
        elif patience_due == now:
            visit = s[s[PATIENCE] + EVENT_VISIT]
            pop(s, f, PATIENCE, N_PATIENCE)
            settle_due = patience_ends(n, x, s, f, visit, now)
        else:
            arrive(n, x, s, f, p, d, party, now)
            party += 1
            settle_due = True
    return False


@compiled
def arrive(n: Words, x: Reals, s: Words, f: Reals, p: Words, d: Reals, party: int, now: float) -> None:
    klass = p[party * PARTY_WIDTH + PARTY_KLASS]
    station = choose(n, x, s, n[n[ENTRY] + klass], now)
    st = station_row(n, station)
    if p[party * PARTY_WIDTH + INITIAL]:
        let_in(n, x, s, f, p, d, station, party, now)
    elif n[st + WHEN_CLOSED] != WhenFull.WAIT and value_at(n, x, n[st + ADMITS], now) == 0.0:
        turn_away(n, x, s, f, p, d, station, party, n[st + WHEN_CLOSED], CLOSED, now)
    elif parties_before(n, s, station) >= x[st + BALK_AT]:
        turn_away(n, x, s, f, p, d, station, party, WhenFull.BALK, BALKED, now)
    elif not has_room(n, x, s, f, station, klass, now):
        turn_away(n, x, s, f, p, d, station, party, n[st + WHEN_FULL], BALKED, now)
    else:
        let_in(n, x, s, f, p, d, station, party, now)


@compiled
def let_in(n: Words, x: Reals, s: Words, f: Reals, p: Words, d: Reals, station: int, party: int, now: float) -> None:
    s[INSIDE_NOW] += 1
    enter_through(n, x, s, f, p, d, station, party, p[party * PARTY_WIDTH + PARTY_KLASS], NEVER, now)


@compiled
def parties_before(n: Words, s: Words, station: int) -> int:
    more = n[station_row(n, station) + BALK_WITH]
    return parties_at(s, station) + (parties_at(s, more) if more >= 0 else 0)


@compiled
def turn_away(
    n: Words,
    x: Reals,
    s: Words,
    f: Reals,
    p: Words,
    d: Reals,
    station: int,
    party: int,
    policy: int,
    outcome: int,
    now: float,
) -> None:
    divert = n[station_row(n, station) + DIVERT]
    row = s[AWAY] + 2 * s[N_AWAY]
    s[N_AWAY] += 1
    s[row], s[row + 1] = party, outcome
    if policy == WhenFull.DIVERT and divert >= 0:
        s[row + 1] = DIVERTED
        let_in(n, x, s, f, p, d, choose(n, x, s, divert, now), party, now)


@compiled
def stop(n: Words, x: Reals, s: Words, f: Reals, now: float) -> None:
    """Settle every gauge."""
    until = min(max(now, x[HORIZON]), x[END])
    for at in range(n[N_STATIONS] * GAUGE_KINDS + n[N_POOLS]):
        settle_gauge(x, s, f, s[GAUGES] + at * GAUGE_WIDTH, until)


def _entry(version: int) -> Any:
    """`run_kernel` with the hash of the whole source in its closure, so that no stale code is ever loaded."""

    def entry(n, x, s, f, p, d, arrivals):  # type: ignore[no-untyped-def]
        return run_kernel(n, x, s, f, p, d, arrivals) and version >= 0

    return cached(entry)


entry = _entry(source_hash())
"""What Python calls: loaded from disk where it stands there."""

_WORDS, _REALS = numba.int64[::1], numba.float64[::1]
SIGNATURE = (_WORDS, _REALS, _WORDS, _REALS, _WORDS, _REALS, _REALS)


def stands_in_cache() -> bool:
    """Running would load the kernel and not compile it."""
    return bool(entry.signatures) or is_on_disk(entry, SIGNATURE)


def compile_now() -> None:
    """Load the kernel, or compile it, now."""
    entry.compile(SIGNATURE)
