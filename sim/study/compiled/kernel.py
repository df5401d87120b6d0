"""What Python calls: one compiled function, kept on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numba
import numpy as np

from sim.engine.compiled import jit
from sim.engine.compiled.jit import compiled, pointer
from sim.study.compiled.distribution import distribute
from sim.study.compiled.highest import lowest_wanted, times_in_system
from sim.study.compiled.lines import full_in_bins, overtime, peaks
from sim.study.compiled.ordering import in_order
from sim.study.compiled.reading import all_alone, read_all, room_by_cell, settle, spread
from sim.study.compiled.tables import Found, High, Late, Line, Log, Network, Visits, Waits


@compiled
def point_network(net: Network) -> Network:
    """The same with pointers."""
    return Network(
        pointer(net.cell), pointer(net.home), pointer(net.facility), pointer(net.kind), pointer(net.pool),
        pointer(net.travel), pointer(net.on_the_way), pointer(net.road), pointer(net.good), pointer(net.edges),
        net.opens, net.horizon, net.bins_per_second, pointer(net.standard_begin), pointer(net.standard_time),
        pointer(net.standard_value), pointer(net.queue_columns), pointer(net.same_line), pointer(net.grid),
        pointer(net.grid_from), pointer(net.begin), pointer(net.of_facility), net.facilities, net.stations,
        net.classes, net.outcomes, net.cells, net.bins, net.first_bin, net.maps, net.takes_road,
    )  # fmt: skip


@compiled
def point_visits(v: Visits) -> Visits:
    """The same with pointers."""
    return Visits(
        pointer(v.party), pointer(v.station), pointer(v.joined), pointer(v.started), pointer(v.ended), pointer(v.left),
        pointer(v.booth), pointer(v.outcome), pointer(v.away), pointer(v.away_outcome), pointer(v.time),
        pointer(v.klass), pointer(v.size), pointer(v.initial), pointer(v.full_time), pointer(v.full_station),
        pointer(v.full_state), v.visits, v.turned_away, v.parties, v.full,
    )  # fmt: skip


@compiled
def point_log(log: Log) -> Log:
    """The same with pointers."""
    return Log(pointer(log.begin), pointer(log.since), pointer(log.open), pointer(log.has_overtime), log.pools)


@compiled
def point_found(f: Found) -> Found:
    """The same with pointers."""
    return Found(
        pointer(f.sums), pointer(f.outcomes), pointer(f.left), pointer(f.by_start), pointer(f.system),
        pointer(f.seconds), pointer(f.begins), pointer(f.stops), pointer(f.in_bins), pointer(f.parties),
        pointer(f.metres), pointer(f.waits), pointer(f.waits_in_bins), pointer(f.survival), pointer(f.p95),
        pointer(f.overtime), pointer(f.full),
    )  # fmt: skip


@compiled
def read(net: Network, v: Visits, log: Log, into: Found) -> int:
    """Everything; returns the row of a visit that no rule leads to, or -1."""
    begin = np.zeros(net.cells + 1, np.int64)
    stray = room_by_cell(net, v, begin)
    if stray >= 0:
        return stray
    # Pages that nothing is written to take no memory: room for all is given, and most of it stays empty.
    seconds, end = np.empty(begin[net.cells]), begin[:-1].copy()
    bins = np.empty(begin[net.cells] if net.bins > 1 else 0, np.int32)
    starts, ends, cell = np.empty(v.visits), np.empty(v.visits), np.empty(v.visits, np.int32)
    metres, piece = np.empty(v.visits if net.takes_road else 0), np.empty(log.pools, np.int64)
    late = np.empty(v.visits, np.int32)
    for pool in range(log.pools):
        piece[pool] = log.begin[pool]
    in_system, in_system_end = np.empty(begin[net.cells]), begin[:-1].copy()
    above = lowest_wanted(net, v, begin, in_system, len(into.p95))
    waits = Waits(pointer(seconds), pointer(bins), pointer(end))
    high = High(pointer(above), pointer(in_system), pointer(in_system_end))
    line = Line(pointer(starts), pointer(ends), pointer(cell), pointer(metres))
    out, alone = point_found(into), all_alone(v)
    waiting, lates = read_all(net, v, log, out, waits, high, line, Late(pointer(late), pointer(piece)), alone)
    settle(net, out, alone)
    spread(net, out)
    full_in_bins(net, v, out)
    overtime(net, v, log, late[:lates], into.overtime)
    times_in_system(net, v, begin, High(above, in_system, in_system_end), into.system, into.p95)
    distribute(net, seconds, bins, begin, end, into.sums, into.waits, into.waits_in_bins, into.survival)
    joins, leaves = in_order(starts, waiting), in_order(ends, waiting)
    peaks(net, line, joins, leaves, into.parties, into.metres)
    lengths = len(piece) + len(late) + len(end) + len(starts) + len(ends) + len(cell) + len(metres)
    return -1 if lengths >= 0 else stray  # arrays that are pointed to live until here


def _entry(version: int) -> Any:
    """The function with the hash of the whole source in its closure, so that no stale code is ever loaded."""

    def entry(tables, visits, log, into):  # type: ignore[no-untyped-def]
        net, v = point_network(tables), point_visits(visits)
        stray = read(net, v, point_log(log), into)
        return stray if version >= 0 else -2

    return jit.cached(entry)


entry = _entry(jit.source_hash(Path(__file__).parent, Path(jit.__file__).parent))


def _tuple_type(cls: Any, **fields: str) -> Any:
    """The compiler's type of a named tuple, its fields as below."""
    kinds = {
        "i1": numba.int64[::1],
        "i2": numba.int64[:, ::1],
        "f1": numba.float64[::1],
        "f2": numba.float64[:, ::1],
        "f3": numba.float64[:, :, ::1],
        "f4": numba.float64[:, :, :, ::1],
        "u1": numba.uint8[::1],
        "f": numba.float64,
        "i": numba.int64,
        "b": numba.boolean,
    }
    return numba.types.NamedTuple(tuple(kinds[fields[name]] for name in cls._fields), cls)  # type: ignore[no-untyped-call]


def _signature() -> Any:
    net = _tuple_type(
        Network, cell="i2", home="i1", facility="i1", kind="i1", pool="i1", travel="f1", on_the_way="u1", road="f2",
        good="u1", edges="f1", opens="f", horizon="f", bins_per_second="f", standard_begin="i1", standard_time="f1",
        standard_value="f1", queue_columns="i2", same_line="i1", grid="f1", grid_from="i1", begin="i1",
        of_facility="i1", facilities="i", stations="i", classes="i", outcomes="i", cells="i", bins="i", first_bin="i",
        maps="i", takes_road="b",
    )  # fmt: skip
    visits = _tuple_type(
        Visits, party="i1", station="i1", joined="f1", started="f1", ended="f1", left="f1", booth="i1", outcome="i1",
        away="i1", away_outcome="i1", time="f1", klass="i1", size="i1", initial="u1",
        full_time="f1", full_station="i1", full_state="i1", visits="i", turned_away="i", parties="i", full="i",
    )  # fmt: skip
    log = _tuple_type(Log, begin="i1", since="f1", open="i1", has_overtime="f1", pools="i")
    found = _tuple_type(
        Found, sums="f3", outcomes="f3", left="f2", by_start="f3", system="f2", seconds="f2", begins="f4", stops="f4",
        in_bins="f3", parties="f2", metres="f2", waits="f2", waits_in_bins="f3", survival="f2", p95="f1", overtime="f2",
        full="f2",
    )  # fmt: skip
    return net, visits, log, found


SIGNATURE = _signature()


def stands_in_cache() -> bool:
    """Calling would load the code and not compile it."""
    return bool(entry.signatures) or jit.is_on_disk(entry, SIGNATURE)


def compile_now() -> None:
    """Load the code, or compile it, now."""
    jit.ready(entry, SIGNATURE)
