"""Sources of parties, and the drawing of one replication before its clock starts.

A Poisson source draws *candidates* at a constant envelope rate and keeps each with probability rate/envelope.
Every candidate carries its own marks (acceptance, class, size, and one uniform per role), drawn whether it is
kept or not, so nothing depends on how many others were kept: a variant with more demand keeps every party the
baseline kept and adds to them (Lewis and Shedler, 1979, thinning; marks per candidate keep variants coupled).
Demand above the envelope comes from further, separately named layers of candidates.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

from sim.model.distribution import Distribution
from sim.model.distributions import Deterministic, Gamma, shifted_poisson_quantile
from sim.model.network import ALWAYS_ONE, Steps
from sim.model.parties import Parties
from sim.model.steps import values_at
from sim.model.streams import Streams

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

ENVELOPE = 1.5
"""Candidates per unit of the baseline's peak rate: room for variants to raise demand on common candidates."""


@dataclass(frozen=True)
class Drawing:
    """What a derived column is made of, for some of the parties of one layer."""

    time: FloatArray
    """When they arrive."""
    uniform: Callable[[str], FloatArray]
    """Their uniforms of a role, which other columns may use as well."""
    once: Callable[[str], float]
    """One uniform for the whole replication from the stream of that name, the same for every source."""


class Derived(Protocol):
    """A column that follows from several draws, or from when a party arrives."""

    @property
    def roles(self) -> tuple[str, ...]:
        """Roles whose uniforms it uses."""

    def column(self, drawing: Drawing) -> FloatArray:
        """The values, shape of `drawing.time`."""


@dataclass(frozen=True)
class Slot:
    """One column of a class's draws: the uniform of a role, its transform by a distribution, or what is derived."""

    role: str
    distribution: Distribution | None = None
    given: str = ""
    """Column of a trace that replaces the draw where it has a value."""
    derived: Derived | None = None

    @property
    def roles(self) -> tuple[str, ...]:
        """Roles whose uniforms the column is made of."""
        return self.derived.roles if self.derived is not None else (self.role,)


@dataclass(frozen=True)
class Programme:
    """One class a source can produce, with its share of candidates."""

    klass: int
    share: float
    """Share of parties; of persons when `together` is set."""
    slots: tuple[Slot, ...]
    together: float | None = None
    """All occupants must be members: the probability that a whole party is alike (else independent)."""
    demand: Steps = ALWAYS_ONE
    """Multiplier of dated events on this class's demand."""


@dataclass(frozen=True)
class Sizes:
    """Persons in a party: fixed, or 1 + Poisson(mean - 1)."""

    mean: float
    fixed: bool = False

    def draw(self, streams: Streams, name: str, count: int) -> IntArray:
        """Sizes of `count` parties, from the stream of that name when they vary."""
        if self.fixed or self.mean <= 1.0:
            return np.full(count, int(self.mean), np.int64)
        return self.quantile(streams.uniform(name, count))

    def quantile(self, u: FloatArray) -> IntArray:
        """Sizes that vary, at uniforms."""
        return shifted_poisson_quantile(u, self.mean)


@dataclass(frozen=True)
class Source:
    """Where parties come from outside: one mode of traffic at one facility."""

    name: str
    """Stream path, such as `pacific-highway/car`."""
    programmes: tuple[Programme, ...]
    """The classes it produces; the last takes the share the others leave."""
    sizes: Sizes
    batch: int = 1
    rate: Steps | None = None
    """Arrivals (of batches) per second; None for a source with fixed times."""
    envelope: float = 0.0
    """Candidates per second in each layer."""
    day_stream: str = ""
    """Stream of the day factors; empty for none. Sources of one facility share it."""
    day_cv: float = 0.0
    day_edges: tuple[float, ...] = ()
    """Seconds at which the civil days begin, from the first on."""
    times: FloatArray | None = None
    """Fixed arrival instants (trace, initial queue), ascending."""
    kinds: IntArray | None = None
    """For fixed times: index into `programmes` of each arrival."""
    given_sizes: IntArray | None = None
    given: Mapping[str, FloatArray] = field(default_factory=dict)
    """For a trace: columns named by `Slot.given`, NaN where nothing is given."""
    initial: bool = False

    def expected(self, horizon: float) -> float:
        """About how many parties arrive in [0, horizon), before dated events."""
        if self.rate is None:
            return float(len(self.times)) if self.times is not None else 0.0
        edges = [0.0, *(t for t in self.rate.times if 0.0 < t < horizon), horizon]
        return self.batch * sum(self.rate.at(a) * (b - a) for a, b in pairwise(edges))

    def arrivals(self, horizon: float, streams: Streams) -> list[Arrivals]:
        """Who comes in one replication: layer by layer, or all at once where times are fixed."""
        if self.rate is None:
            return [_fixed(self, horizon, streams)]
        return layers_of(self, self.rate, horizon, streams)

    def uniforms(self, prefix: str, role: str, rows: int, streams: Streams) -> FloatArray:
        """The uniforms of a role for all candidates of a layer, (rows,)."""
        return streams.uniform(f"{prefix}/{role}", rows)

    def marks(self, prefix: str, times: FloatArray, streams: Streams) -> tuple[IntArray, IntArray]:
        """Which programme each candidate of a layer belongs to, and its size: (rows,) each."""
        size = self.sizes.draw(streams, f"{prefix}/size", times.size)
        return _kinds(self, streams, prefix, size), size

    def stream_names(self) -> list[str]:
        """Every stream the source may draw from, but for the shared one of its days."""
        roles = {role for programme in self.programmes for slot in programme.slots for role in slot.roles}
        names = [*sorted(roles), "times", "accept", "class", "size"]
        return [f"{self.name}/{name}" for name in names]


@dataclass(frozen=True)
class Arrivals:
    """Accepted arrivals of one layer of one source, with the marks' row of each."""

    time: FloatArray
    kind: IntArray
    size: IntArray
    row: IntArray
    rows: int
    prefix: str
    departs: FloatArray | None = None
    """What they come for departs then; None where they board nothing."""
    flight: IntArray | None = None
    traveller: IntArray | None = None
    """Number of the traveller at the facility they leave from; None at land ports."""
    home: str = ""
    """Source whose parties these come after, traveller by traveller; empty for none."""
    until: FloatArray | None = None
    """When the traveller must have got through there; None where `home` is empty."""


def draw_parties(sources: tuple[Source, ...], horizon: float, seed: int, replication: int) -> Parties:
    """Draw the parties of one replication.

    Args:
        sources: in the order of the scenario.
        horizon: seconds; parties arrive in [0, horizon).
        seed: master seed.
        replication: number of the replication, from 0.
    """
    streams = Streams(seed, replication)
    blocks = [_block(source, arrivals, streams) for source in sources for arrivals in source.arrivals(horizon, streams)]
    return _merge(blocks)


def layers_of(source: Source, rate: Steps, horizon: float, streams: Streams) -> list[Arrivals]:
    """Candidates of every layer the source needs; layer k accepts with clip(rate/envelope - k, 0, 1)."""
    factors = day_factors(source, streams)
    peak = max(rate.values) * max(factors.values) * max((max(p.demand.values) for p in source.programmes), default=1.0)
    if peak <= 0.0 or source.envelope <= 0.0:
        return []
    layers = math.ceil(peak / source.envelope)
    return [_thin(source, rate, factors, horizon, streams, layer) for layer in range(layers)]


def day_factors(source: Source, streams: Streams) -> Steps:
    """One demand factor per civil day, gamma with mean 1, shared by the sources that name the same stream."""
    if source.day_cv <= 0.0:
        return ALWAYS_ONE
    values = Gamma(1.0, source.day_cv).quantile(streams.uniform(source.day_stream, len(source.day_edges)))
    return Steps((-math.inf, *source.day_edges[1:]), tuple(float(value) for value in values))


def _thin(source: Source, rate: Steps, factors: Steps, horizon: float, streams: Streams, layer: int) -> Arrivals:
    prefix = source.name if layer == 0 else f"{source.name}/layer-{layer}"
    times = np.repeat(_poisson_times(streams, f"{prefix}/times", source.envelope, horizon), source.batch)
    rows = times.size
    kind, size = source.marks(prefix, times, streams)
    demand = values_at(rate, times) * values_at(factors, times)
    for index, programme in enumerate(source.programmes):
        if not programme.demand.is_one():
            mine = kind == index
            demand[mine] = demand[mine] * values_at(programme.demand, times[mine])
    # A batch is kept or dropped as one: every party of it looks at the mark of the batch.
    accept = np.repeat(streams.uniform(f"{prefix}/accept", rows // source.batch), source.batch)
    row = np.flatnonzero(accept < demand / source.envelope - layer)
    return Arrivals(times[row], kind[row], size[row], row, rows, prefix)


def _poisson_times(streams: Streams, name: str, rate: float, horizon: float) -> FloatArray:
    """Instants of a Poisson process on [0, horizon). A longer horizon keeps the earlier instants."""
    generator = streams.generator(name)
    expected = rate * horizon
    gaps = generator.standard_exponential(int(expected + 6.0 * math.sqrt(expected)) + 16)
    times = np.cumsum(gaps) / rate
    while times[-1] < horizon:
        gaps = np.concatenate([gaps, generator.standard_exponential(gaps.size)])
        times = np.cumsum(gaps) / rate
    return times[: int(np.searchsorted(times, horizon))]


def _kinds(source: Source, streams: Streams, prefix: str, size: IntArray) -> IntArray:
    """Which programme each candidate belongs to: one uniform against the cumulated shares."""
    if len(source.programmes) == 1:
        return np.zeros(size.size, np.int64)
    mark = streams.uniform(f"{prefix}/class", size.size)
    kind = np.full(size.size, len(source.programmes) - 1, np.int64)
    upper = np.zeros(size.size)
    for index, programme in enumerate(source.programmes[:-1]):
        share = np.full(size.size, programme.share)
        if programme.together is not None:
            alone = programme.share ** size.astype(np.float64)
            share = programme.together * programme.share + (1.0 - programme.together) * alone
        lower, upper = upper, upper + share
        kind[(mark >= lower) & (mark < upper)] = index
    return kind


def _fixed(source: Source, horizon: float, streams: Streams) -> Arrivals:
    """Arrivals at given instants; whatever a trace does not give is drawn by row."""
    assert source.times is not None
    times = source.times
    rows = times.size
    kind = source.kinds if source.kinds is not None else np.zeros(rows, np.int64)
    if source.given_sizes is not None:
        size = source.given_sizes
    else:
        size = source.sizes.draw(streams, f"{source.name}/size", rows)
    row = np.flatnonzero(times < horizon)
    return Arrivals(times[row], kind[row], size[row], row, rows, source.name)


@dataclass(frozen=True)
class _Block:
    """One layer's parties with their draws, before all are merged in order of arrival."""

    time: FloatArray
    klass: IntArray
    size: IntArray
    first_draw: IntArray
    draws: FloatArray
    initial: bool
    departs: FloatArray | None
    flight: IntArray | None
    traveller: IntArray | None
    name: str
    home: str
    until: FloatArray | None


def _block(source: Source, arrivals: Arrivals, streams: Streams) -> _Block:
    uniforms: dict[str, FloatArray] = {}
    parts: list[FloatArray] = []
    first = np.zeros(arrivals.time.size, np.int64)
    klass = np.zeros(arrivals.time.size, np.int64)
    used = 0
    for index, programme in enumerate(source.programmes):
        mine = np.flatnonzero(arrivals.kind == index)
        klass[mine] = programme.klass
        if not mine.size:
            continue
        width = len(programme.slots)
        table = np.empty((mine.size, width))
        for column, slot in enumerate(programme.slots):
            table[:, column] = _column(source, slot, arrivals, mine, streams, uniforms)
        first[mine] = used + width * np.arange(mine.size)
        used += table.size
        parts.append(table.ravel())
    draws = np.concatenate(parts) if parts else np.empty(0)
    boards = arrivals.departs, arrivals.flight, arrivals.traveller
    after = source.name, arrivals.home, arrivals.until
    return _Block(arrivals.time, klass, arrivals.size, first, draws, source.initial, *boards, *after)


def _column(
    source: Source, slot: Slot, arrivals: Arrivals, mine: IntArray, streams: Streams, uniforms: dict[str, FloatArray]
) -> FloatArray:
    """Values of one slot for some of the arrivals, told by their positions."""
    rows = arrivals.row[mine]

    def uniform(role: str) -> FloatArray:
        if role not in uniforms:
            uniforms[role] = source.uniforms(arrivals.prefix, role, arrivals.rows, streams)
        return uniforms[role][rows]

    if slot.derived is not None:
        return slot.derived.column(Drawing(arrivals.time[mine], uniform, streams.once))
    if isinstance(slot.distribution, Deterministic):
        values = np.full(rows.size, slot.distribution.value)
    else:
        values = uniform(slot.role)
        if slot.distribution is not None:
            values = slot.distribution.quantile(values)
    given = source.given.get(slot.given)
    if given is not None:
        values = np.where(np.isnan(given[rows]), values, given[rows])
    return values


def _merge(blocks: list[_Block]) -> Parties:
    """All parties in order of time, then source, then index: a stable sort of the sources laid end to end."""
    time = np.concatenate([block.time for block in blocks]) if blocks else np.empty(0)
    order = np.argsort(time, kind="stable")
    offsets = np.cumsum([0, *(block.draws.size for block in blocks)])

    def gather(arrays: list[npt.NDArray[np.int64]]) -> IntArray:
        return (np.concatenate(arrays) if arrays else np.empty(0, np.int64))[order]

    initial = [np.full(block.time.size, block.initial) for block in blocks]
    departs, flight = None, None
    if any(block.departs is not None for block in blocks):
        none = [np.full(block.time.size, np.nan) for block in blocks]
        given = [n if block.departs is None else block.departs for n, block in zip(none, blocks, strict=True)]
        departs = np.concatenate(given)[order]
        flight = gather([_or_none(block, block.flight) for block in blocks])
    traveller = None
    if any(block.traveller is not None for block in blocks):
        traveller = gather([_or_none(block, block.traveller) for block in blocks])
    follows, until = _forerunners(blocks, order)
    return Parties(
        time=time[order],
        klass=gather([block.klass for block in blocks]),
        size=gather([block.size for block in blocks]),
        first_draw=gather([block.first_draw + offset for block, offset in zip(blocks, offsets, strict=False)]),
        draws=np.concatenate([block.draws for block in blocks]) if blocks else np.empty(0),
        initial=(np.concatenate(initial) if initial else np.empty(0, bool))[order],
        departs=departs,
        flight=flight,
        traveller=traveller,
        follows=follows,
        until=until,
    )


def _forerunners(blocks: list[_Block], order: IntArray) -> tuple[IntArray | None, FloatArray | None]:
    """Whom each party comes after and until when, in order of arrival; None where nobody comes after anybody."""
    if not any(block.home for block in blocks):
        return None, None
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    begins = np.cumsum([0, *(block.time.size for block in blocks)])
    follows, until = np.full(len(order), -1), np.full(len(order), np.inf)
    for begin, block in zip(begins, blocks, strict=False):
        if block.until is None or block.traveller is None or not block.time.size:
            continue
        there = next(number for number, other in enumerate(blocks) if other.name == block.home)
        travellers = blocks[there].traveller
        assert travellers is not None
        known = np.full(1 + max(travellers.max(initial=-1), block.traveller.max()), -1)
        known[travellers] = place[begins[there] : begins[there + 1]]
        mine = slice(begin, begin + block.time.size)
        follows[mine], until[mine] = known[block.traveller], block.until
    return follows[order], until[order]


def _or_none(block: _Block, numbers: IntArray | None) -> IntArray:
    return np.full(block.time.size, -1) if numbers is None else numbers
