"""The clock of the compiled engine: at an instant the lowest step with work runs (rule 12)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numba
import numpy as np

from sim.engine.compiled import fullness, unpacking
from sim.engine.compiled.control import begin_control
from sim.engine.compiled.ends import begin_ends, next_end, pop_end
from sim.engine.compiled.floor import choose, class_of, has_room, is_open, parties_at, people_of, stays_behind
from sim.engine.compiled.heap import party_of, pop, station_of
from sim.engine.compiled.jit import address, cached, compiled, is_on_disk, pointer, ready, source_hash
from sim.engine.compiled.layout import *
from sim.engine.compiled.layout import pool_row, station_row
from sim.engine.compiled.lines import set_queued, settle_gauge, value_at
from sim.engine.compiled.opening import apply_calendar
from sim.engine.compiled.plainly import come_plainly, is_plain, next_in_line
from sim.engine.compiled.rules import patience_ends, service_ends
from sim.engine.compiled.settling import enter_through, settle
from sim.engine.compiled.types import Reals, Words
from sim.engine.compiled.visits import goes_on, has_place, write_down_rest
from sim.model.network import BALKED, CLOSED, DIVERTED, NEVER, WhenFull


@compiled
def run_kernel(w: Words, r: Reals) -> bool:
    """Run to the end; False when there has to be made room first, after which the next call goes on."""
    if not w[BEGUN]:
        begin(w, r)
    if w[LEAVING]:
        return write_down_rest(w, r)
    now, instant, settle_due = r[NOW], w[NEXT_INSTANT], w[SETTLE_DUE] != 0
    coming, n_coming = w[NEXT_COMING], w[N_COMING]
    arrival_due = arrival(w, r, coming)
    last_arrival = arrival(w, r, n_coming - 1) if n_coming > 0 else 0.0
    calendar_due = instant_of_change(w, r, instant)
    while has_place(w, r):
        end_due = next_end(w, r)
        patience_due = r[w[PATIENCE] + TIME] if w[N_PATIENCE] > 0 else np.inf
        due = now if settle_due else min(min(end_due, calendar_due), min(patience_due, arrival_due))
        over = due >= r[HORIZON] and w[INSIDE_NOW] == 0 and due > last_arrival
        if over or not due < r[END]:
            stop(w, r, now)
            return write_down_rest(w, r)
        now = due
        if end_due == now:
            event = w[FIRST_END]
            visit, station, who = w[event + EVENT_VISIT], station_of(w, r, event), party_of(w, r, event)
            pop_end(w, r)
            if visit >= 0:
                booth = service_ends(w, r, visit, now)
                if settle_due or booth < 0 or not is_plain(w, r, station):
                    settle_due = True
                else:
                    settle_due = next_in_line(w, r, station, booth, calendar_due, now)
            elif goes_on(w, r, ~visit, station, who):
                set_queued(w, r, now, ~visit, 1)
                settle_due = True
        elif calendar_due == now:
            instant += 1
            calendar_due = instant_of_change(w, r, instant)
            apply_calendar(w, r, now)
            settle_due = True
        elif settle_due:
            settle_due = settle(w, r, calendar_due, now)
        elif patience_due == now:
            event = w[PATIENCE]
            visit, station, who = w[event + EVENT_VISIT], station_of(w, r, event), party_of(w, r, event)
            pop(w, r, PATIENCE, N_PATIENCE)
            settle_due = patience_ends(w, r, visit, station, who, now)
        else:
            settle_due = arrive(w, r, coming, now)
            coming += 1
            arrival_due = arrival(w, r, coming)
    r[NOW], w[NEXT_INSTANT], w[SETTLE_DUE], w[NEXT_COMING] = now, instant, 1 if settle_due else 0, coming
    return False


@compiled
def begin(w: Words, r: Reals) -> None:
    for pool in range(w[N_POOLS]):
        row = pool_row(w, r, pool)
        w[w[SCHEDULED] + pool] = int(value_at(w, r, w[row + CALENDAR], 0.0)) if w[row + SERVERS] >= 0 else 1
        w[w[OPEN] + pool] = w[w[SCHEDULED] + pool]
    begin_control(w, r)
    begin_ends(w, r)
    w[FULL_DUE], w[SETTLE_DUE], w[BEGUN] = 1, 1, 1


@compiled
def arrival(w: Words, r: Reals, party: int) -> float:
    """When a party comes; nobody does after the last."""
    return float(r[w[ARRIVALS] + party]) if party < w[N_COMING] else np.inf


@compiled
def instant_of_change(w: Words, r: Reals, instant: int) -> float:
    return float(r[w[INSTANTS] + instant]) if instant < w[N_INSTANTS] else np.inf


@compiled
def arrive(w: Words, r: Reals, party: int, now: float) -> bool:
    """True when settling is due then."""
    if stays_behind(w, r, party):
        row = w[AWAY] + 2 * w[N_AWAY]
        w[N_AWAY] += 1
        w[row], w[row + 1] = party, w[STAYS]
        return True
    klass = class_of(w, r, party)
    station = choose(w, r, w[w[ENTRY] + klass], now)
    st = station_row(w, r, station)
    if w[INITIALS] and w[w[INITIALS] + party]:
        pass
    elif w[st + WHEN_CLOSED] != WhenFull.WAIT and value_at(w, r, w[st + ADMITS], now) == 0.0:
        return turn_away(w, r, station, party, w[st + WHEN_CLOSED], CLOSED, now)
    elif r[st + BALK_AT] < NEVER and parties_before(w, r, station) >= r[st + BALK_AT]:
        return turn_away(w, r, station, party, WhenFull.BALK, BALKED, now)
    elif not is_plain(w, r, station) and not has_room(w, r, station, klass, people_of(w, r, party), -1, now):
        return turn_away(w, r, station, party, w[st + WHEN_FULL], BALKED, now)
    return let_in(w, r, station, party, now)


@compiled
def let_in(w: Words, r: Reals, station: int, party: int, now: float) -> bool:
    """True when settling is due then."""
    w[INSIDE_NOW] += 1
    if is_open(w, r, station) and is_plain(w, r, station):
        return come_plainly(w, r, station, party, class_of(w, r, party), now)
    enter_through(w, r, station, party, class_of(w, r, party), NEVER, now)
    return True


@compiled
def parties_before(w: Words, r: Reals, station: int) -> int:
    more = w[station_row(w, r, station) + BALK_WITH]
    return parties_at(w, r, station) + (parties_at(w, r, more) if more >= 0 else 0)


@compiled
def turn_away(
    w: Words,
    r: Reals,
    station: int,
    party: int,
    policy: int,
    outcome: int,
    now: float,
) -> bool:
    """True when settling is due then."""
    divert = w[station_row(w, r, station) + DIVERT]
    row = w[AWAY] + 2 * w[N_AWAY]
    w[N_AWAY] += 1
    w[row], w[row + 1] = party, outcome
    if policy == WhenFull.DIVERT and divert >= 0:
        w[row + 1] = DIVERTED
        return let_in(w, r, choose(w, r, divert, now), party, now)
    return True


@compiled
def stop(w: Words, r: Reals, now: float) -> None:
    """Settle every gauge; what is left is to write down the visits that are not over."""
    w[LEAVING] = w[LIVE]
    until = min(max(now, r[HORIZON]), r[END])
    for at in range(w[N_STATIONS] * GAUGE_KINDS + w[N_POOLS]):
        settle_gauge(w, r, w[GAUGES] + at * GAUGE_WIDTH, until)


def _entry(version: int) -> Any:
    """`run_kernel` with the hash of the whole source in its closure, so that no stale code is ever loaded."""

    def entry(words, reals, arrivals, klasses, sizes, first_draws, draws, initials):  # type: ignore[no-untyped-def]
        begin = address(words)
        words[ARRIVALS] = (address(arrivals) - begin) // 8
        words[KLASSES] = (address(klasses) - begin) // 8
        words[SIZES] = (address(sizes) - begin) // 8
        words[FIRST_DRAWS] = (address(first_draws) - begin) // 8
        words[DRAWS] = (address(draws) - begin) // 8
        words[INITIALS] = (address(initials) - begin) // 8 if len(initials) > 0 else 0
        over = run_kernel(pointer(words), pointer(reals)) and version >= 0
        # Arrays that are pointed to live until here.
        lengths = len(arrivals) + len(klasses) + len(sizes) + len(first_draws) + len(draws) + len(initials)
        return over and lengths >= 0

    return cached(entry)


entry = _entry(source_hash(Path(__file__).parent))
"""What Python calls with the two views of the block and the columns of the parties that come (`block.columns_of`), read
where they are: loaded from disk where it stands there."""

_WHOLE, _REAL = numba.int64[::1], numba.float64[::1]
SIGNATURE = (_WHOLE, _REAL, _REAL, _WHOLE, _WHOLE, _WHOLE, _REAL, _WHOLE)
_OTHERS = ((unpacking.unpack, unpacking.SIGNATURE), (fullness.log_of, fullness.SIGNATURE))


def stands_in_cache() -> bool:
    """Running would load the kernel and what makes records of what it writes, and compile nothing."""
    every = ((entry, SIGNATURE), *_OTHERS)
    return all(function.signatures or is_on_disk(function, signature) for function, signature in every)


def compile_now() -> None:
    """Load the kernel, or compile it, now."""
    ready(entry, SIGNATURE, in_steps=True)
    for function, signature in _OTHERS:
        ready(function, signature)
