"""What Python calls: one compiled function, kept on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numba
import numpy as np

from sim.engine.compiled import jit
from sim.engine.compiled.jit import compiled, pointer
from sim.study.compiled.lines import overtime, peaks
from sim.study.compiled.ordering import ascending, grouped, quantile_of_columns
from sim.study.compiled.reading import read_all
from sim.study.compiled.tables import Line, Network, Spells, Standing, Stretches, Visits

P95 = 0.95


@compiled
def point_network(net: Network) -> Network:
    """The same with pointers."""
    return Network(
        pointer(net.cell), pointer(net.home), pointer(net.facility), pointer(net.kind), pointer(net.pool),
        pointer(net.travel), pointer(net.on_the_way), pointer(net.road), pointer(net.good), pointer(net.edges),
        net.bins_per_second, pointer(net.standard_begin), pointer(net.standard_time), pointer(net.standard_value),
        pointer(net.queue_columns), pointer(net.owner), pointer(net.begin), net.facilities, net.classes, net.outcomes,
        net.cells, net.bins, net.first_bin, net.maps, net.takes_road,
    )  # fmt: skip


@compiled
def point_visits(v: Visits) -> Visits:
    """The same with pointers."""
    return Visits(
        pointer(v.party), pointer(v.station), pointer(v.joined), pointer(v.started), pointer(v.ended), pointer(v.left),
        pointer(v.booth), pointer(v.outcome), pointer(v.away), pointer(v.away_outcome), pointer(v.time),
        pointer(v.klass), pointer(v.size), pointer(v.initial), v.visits, v.turned_away,
    )  # fmt: skip


@compiled
def point_spells(s: Spells) -> Spells:
    """The same with pointers."""
    return Spells(
        pointer(s.sums), pointer(s.outcomes), pointer(s.left), pointer(s.by_start), pointer(s.system),
        pointer(s.counts), pointer(s.wait), pointer(s.wait_cell), pointer(s.wait_bin), pointer(s.system_time),
        pointer(s.system_cell),
    )  # fmt: skip


@compiled
def point_line(line: Line) -> Line:
    """The same with pointers."""
    return Line(
        pointer(line.waits), pointer(line.cell), pointer(line.start), pointer(line.end), pointer(line.begins),
        pointer(line.within), pointer(line.road),
    )  # fmt: skip


@compiled
def point_stretches(s: Stretches) -> Stretches:
    """The same with pointers."""
    return Stretches(pointer(s.seconds), pointer(s.begins), pointer(s.stops))


@compiled
def point_standing(s: Standing) -> Standing:
    """The same with pointers."""
    return Standing(pointer(s.most), pointer(s.standing), pointer(s.reached))


def _entry(version: int) -> Any:
    """The function with the hash of the whole source in its closure, so that no stale code is ever loaded."""

    def entry(  # type: ignore[no-untyped-def]
        tables, visits, spells, line, waiting, road, busy, blocked, parties, metres, log_begin, log_since, log_count,
        has_overtime,
    ):  # fmt: skip
        net, seen, in_line = point_network(tables), point_visits(visits), point_line(line)
        states = point_stretches(waiting), point_stretches(road), point_stretches(busy), point_stretches(blocked)
        stray = read_all(net, seen, point_spells(spells), in_line, *states)
        n, owners = spells.counts[0], len(tables.begin) - 1
        wait, cell, found = spells.wait[:n], spells.wait_cell[:n], spells.wait_bin[:n]
        order = ascending(wait)
        waits, count = grouped(order, wait, cell, np.zeros(n, np.int64), tables.owner, owners, 1)
        waits_in_bins, count_in_bins = waits, count
        if net.bins > 1:
            waits_in_bins, count_in_bins = grouped(order, wait, cell, found, tables.owner, owners, net.bins)
        m = spells.counts[1]
        p95 = quantile_of_columns(spells.system_time[:m], spells.system_cell[:m], tables.begin, tables.owner, P95)
        waited = line.waits[0]
        joins, leaves = ascending(line.start[:waited]), ascending(line.end[:waited])
        peaks(net, in_line, joins, leaves, point_standing(parties), point_standing(metres))
        late = overtime(net, seen, log_begin, log_since, log_count, has_overtime)
        return stray if version >= 0 else -2, waits, count, waits_in_bins, count_in_bins, p95, late

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
        "u1": numba.uint8[::1],
        "f": numba.float64,
        "i": numba.int64,
        "b": numba.boolean,
    }
    return numba.types.NamedTuple(tuple(kinds[fields[name]] for name in cls._fields), cls)  # type: ignore[no-untyped-call]


def _signature() -> Any:
    net = _tuple_type(
        Network, cell="i2", home="i1", facility="i1", kind="i1", pool="i1", travel="f1", on_the_way="u1", road="f2",
        good="u1", edges="f1", bins_per_second="f", standard_begin="i1", standard_time="f1", standard_value="f1",
        queue_columns="i2", owner="i1", begin="i1", facilities="i", classes="i", outcomes="i", cells="i", bins="i",
        first_bin="i", maps="i", takes_road="b",
    )  # fmt: skip
    visits = _tuple_type(
        Visits, party="i1", station="i1", joined="f1", started="f1", ended="f1", left="f1", booth="i1", outcome="i1",
        away="i1", away_outcome="i1", time="f1", klass="i1", size="i1", initial="u1",
        visits="i", turned_away="i",
    )  # fmt: skip
    spells = _tuple_type(
        Spells, sums="f3", outcomes="f3", left="f2", by_start="f3", system="f2", counts="i1", wait="f1",
        wait_cell="i1", wait_bin="i1", system_time="f1", system_cell="i1",
    )  # fmt: skip
    line = _tuple_type(Line, waits="i1", cell="i1", start="f1", end="f1", begins="i1", within="i1", road="f1")
    state = _tuple_type(Stretches, seconds="f1", begins="f3", stops="f3")
    standing = _tuple_type(Standing, most="f2", standing="f1", reached="i1")
    log = numba.int64[::1], numba.float64[::1], numba.int64[::1], numba.float64[::1]
    return (net, visits, spells, line, state, state, state, state, standing, standing, *log)


SIGNATURE = _signature()


def stands_in_cache() -> bool:
    """Calling would load the code and not compile it."""
    return bool(entry.signatures) or jit.is_on_disk(entry, SIGNATURE)


def compile_now() -> None:
    """Load the code, or compile it, now."""
    entry.compile(SIGNATURE)
