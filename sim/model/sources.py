"""Sources of parties: who comes in one replication, and what their draws are made of.

A Poisson source draws *candidates* at a constant envelope rate and keeps each with probability rate/envelope.
Every candidate has its own marks (acceptance, class, size, and one uniform per role), at its own place in their
streams whether it is kept or not, so nothing depends on how many others were kept: a variant with more demand keeps
every party the baseline kept and adds to them (Lewis and Shedler, 1979, thinning; marks per candidate keep variants
coupled).
Demand above the envelope comes from further, separately named layers of candidates.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, reduce
from itertools import accumulate, pairwise
from typing import NamedTuple, Protocol

import numpy as np

from sim.model.arrays import FloatArray, IntArray
from sim.model.distribution import Distribution
from sim.model.distributions import Gamma, geometric_quantile, shifted_poisson_quantile
from sim.model.network import ALWAYS_ONE, Steps
from sim.model.steps import StepTable, combine, values_at
from sim.model.streams import Streams
from sim.scenario.traffic import Occupants

STRETCH = 2**16
"""Candidates drawn at once: half a megabyte for each of their quantities. What is drawn does not depend on it."""
ENVELOPE = 1.5
"""Candidates per unit of the baseline's peak rate: room for variants to raise demand on common candidates."""

NOBODY = Steps(values=(0.0,))
"""The demand of no programme at all."""


class Drawing(NamedTuple):
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

    @property
    def is_uniform(self) -> bool:
        """It is the uniform of its role itself, but where a trace gives another value."""
        return self.distribution is None and self.derived is None


@dataclass(frozen=True)
class Seldom:
    """Only parties whose mark is below `below`, or forced, ever need a draw."""

    mark: int
    """Slot of the mark."""
    below: float


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
    seldom: Mapping[int, Seldom] = field(default_factory=dict)
    """By slot, who needs it; who does not has NaN there."""


@dataclass(frozen=True, eq=False)
class Quantity:
    """A slot of several programmes, made for the parties of all of them at once."""

    slot: Slot
    columns: IntArray
    """(programmes,): which of a programme's slots it is, -1 for none."""
    marks: IntArray
    """(programmes,): slot of the mark below which a party needs it; -1 where it is made for all."""
    below: FloatArray

    @cached_property
    def programmes(self) -> tuple[int, ...]:
        """Those that have it."""
        return tuple(np.flatnonzero(self.columns >= 0).tolist())

    @cached_property
    def of_all(self) -> bool:
        """Every programme has it."""
        return len(self.programmes) == len(self.columns)

    @cached_property
    def is_seldom(self) -> bool:
        """It is made for those alone whose mark sends them to where it is needed."""
        return bool(self.marks.max() >= 0)


@dataclass(frozen=True)
class Sizes:
    """Persons in a party: fixed, geometric, or 1 + Poisson(mean - 1)."""

    mean: float
    fixed: bool = False
    geometric: bool = False

    @classmethod
    def of(cls, stated: Occupants | None, least: int = 1) -> Sizes:
        """As stated, one person where nothing is; with a `least`, of the persons beyond the others of it."""
        if stated is None:
            return cls(1.0)
        mean = max(float(least), stated.average) - least + 1
        return cls(mean, stated.fixed is not None, stated.geometric is not None)

    def draw(self, streams: Streams, name: str, rows: IntArray) -> IntArray:
        """Sizes of candidates told by their numbers, from the stream of that name when they vary."""
        if self.fixed or self.mean <= 1.0:
            return np.full(rows.size, int(self.mean), np.int64)
        return self.quantile(streams.at(name, rows))

    def quantile(self, u: FloatArray) -> IntArray:
        """Sizes that vary, at uniforms."""
        return geometric_quantile(u, self.mean) if self.geometric else shifted_poisson_quantile(u, self.mean)


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

    @cached_property
    def classes(self) -> IntArray:
        """(programmes,): class of each."""
        return np.array([programme.klass for programme in self.programmes], np.int64)

    @cached_property
    def every_day(self) -> _Demand:
        """Who wants to come where no day differs from another: the same in every replication."""
        assert self.rate is not None
        return _Demand.of(self, self.rate, ALWAYS_ONE)

    @cached_property
    def upper(self) -> FloatArray | None:
        """(programmes - 1,): shares of each and those before it; None where they depend on who is in a party."""
        if any(programme.together is not None for programme in self.programmes[:-1]):
            return None
        return np.array([*accumulate((programme.share for programme in self.programmes[:-1]), initial=0.0)][1:])

    @cached_property
    def widths(self) -> IntArray:
        """(programmes,): how many slots each has."""
        return np.array([len(programme.slots) for programme in self.programmes], np.int64)

    @cached_property
    def quantities(self) -> tuple[Quantity, ...]:
        """Every slot of the programmes, those that few parties need after those that tell who they are."""
        users: dict[tuple[bool, Slot, int], list[tuple[int, int]]] = {}
        for index, programme in enumerate(self.programmes):
            times: dict[tuple[bool, Slot], int] = {}
            for column, slot in enumerate(programme.slots):
                seldom = column in programme.seldom
                times[seldom, slot] = nth = times.get((seldom, slot), 0) + 1
                users.setdefault((seldom, slot, nth), []).append((index, column))
        order = sorted(users, key=lambda key: key[0])
        return tuple(self._quantity(slot, users[seldom, slot, nth]) for seldom, slot, nth in order)

    def _quantity(self, slot: Slot, places: list[tuple[int, int]]) -> Quantity:
        columns, marks = np.full((2, len(self.programmes)), -1)
        below = np.zeros(len(self.programmes))
        for index, column in places:
            columns[index], seldom = column, self.programmes[index].seldom.get(column)
            if seldom is not None:
                marks[index], below[index] = seldom.mark, seldom.below
        return Quantity(slot, columns, marks, below)

    @cached_property
    def busiest(self) -> Steps:
        """The highest demand of any programme, by time."""
        return reduce(lambda one, other: combine(one, other, max), {p.demand for p in self.programmes}, NOBODY)

    def expected(self, horizon: float) -> float:
        """About how many parties arrive in [0, horizon), before dated events."""
        if self.rate is None:
            return float(len(self.times)) if self.times is not None else 0.0
        edges = [0.0, *(t for t in self.rate.times if 0.0 < t < horizon), horizon]
        return self.batch * sum(self.rate.at(a) * (b - a) for a, b in pairwise(edges))

    def arrivals(self, horizon: float, streams: Streams) -> Iterator[Arrivals]:
        """Who comes in one replication, stretch by stretch of each layer."""
        return _fixed(self, horizon, streams) if self.rate is None else layers_of(self, self.rate, horizon, streams)

    def uniforms(self, prefix: str, role: str, rows: IntArray, streams: Streams) -> FloatArray:
        """The uniforms of a role for candidates of a layer told by their numbers, which ascend: (rows,)."""
        return streams.at(f"{prefix}/{role}", rows)

    def marks(self, prefix: str, times: FloatArray, rows: IntArray, streams: Streams) -> tuple[IntArray, IntArray]:
        """Programme and size of candidates of a layer, told by their times and numbers: (rows,) each."""
        size = self.sizes.draw(streams, f"{prefix}/size", rows)
        return _kinds(self, streams, prefix, size, rows), size

    def stream_names(self) -> list[str]:
        """Every stream the source may draw from, but for the shared one of its days."""
        roles = {role for programme in self.programmes for slot in programme.slots for role in slot.roles}
        names = [*sorted(roles), "times", "accept", "class", "size"]
        return [f"{self.name}/{name}" for name in names]


class Arrivals(NamedTuple):
    """Accepted arrivals of one layer of one source, or of a stretch of it, with the number of each as a candidate."""

    time: FloatArray
    kind: IntArray
    size: IntArray
    row: IntArray
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


def layers_of(source: Source, rate: Steps, horizon: float, streams: Streams) -> Iterator[Arrivals]:
    """Candidates of every layer the source needs; layer k accepts with clip(rate/envelope - k, 0, 1)."""
    alike = source.day_cv <= 0.0 and rate is source.rate  # whatever the replication
    demand = source.every_day if alike else _Demand.of(source, rate, day_factors(source, streams))
    for layer in range(len(demand.chances)):
        yield from _thin(source, demand, horizon, streams, layer)


def day_factors(source: Source, streams: Streams) -> Steps:
    """One demand factor per civil day, gamma with mean 1, shared by the sources that name the same stream."""
    if source.day_cv <= 0.0:
        return ALWAYS_ONE
    values = Gamma(1.0, source.day_cv).quantile(streams.uniform(source.day_stream, len(source.day_edges)))
    return Steps((-math.inf, *source.day_edges[1:]), tuple(float(value) for value in values))


class _Demand(NamedTuple):
    """Who wants to come in a replication, as a step function."""

    times: FloatArray
    rate: FloatArray
    """Arrivals per second, of all programmes before their own demand."""
    chances: tuple[StepTable, ...]
    """With what chance a candidate of each layer is kept if its programme is the one most in demand."""

    @classmethod
    def of(cls, source: Source, rate: Steps, factors: Steps) -> _Demand:
        """Of the rate of a source and the factors of the days: these are all that is new in a replication."""
        times, rates, busiest, day = _steps_of(rate, source.busiest, factors.times)
        rates, programmes = rates * np.array(factors.values)[day], source.programmes
        peak = max(rate.values) * max(factors.values) * max((max(p.demand.values) for p in programmes), default=1.0)
        layers = math.ceil(peak / source.envelope) if peak > 0.0 and source.envelope > 0.0 else 0
        chances = (StepTable(times, rates * busiest / source.envelope - layer) for layer in range(layers))
        return cls(times, rates, tuple(chances))


@lru_cache(maxsize=64)
def _steps_of(
    rate: Steps, busiest: Steps, days: tuple[float, ...]
) -> tuple[FloatArray, FloatArray, FloatArray, IntArray]:
    """When any of them changes, both step functions from then on, and the day; mostly the same in every replication."""
    times = np.array(sorted({*rate.times, *busiest.times, *days}))
    day = np.searchsorted(np.array(days), times, side="right") - 1
    return times, values_at(rate, times), values_at(busiest, times), day


def _thin(source: Source, demand: _Demand, horizon: float, streams: Streams, layer: int) -> Iterator[Arrivals]:
    """The candidates of a layer that are kept, stretch by stretch: what few candidates need stays in cache.

    First all go that would not be kept whatever their programme is: they need no marks, which is most of the work.
    """
    prefix = source.name if layer == 0 else f"{source.name}/layer-{layer}"
    chance, batch, begin = demand.chances[layer], source.batch, 0
    for instants in streams.poisson(f"{prefix}/times", source.envelope, horizon, STRETCH):
        # A batch is kept or dropped as one: every party of it looks at the mark of the batch.
        times, rows = streams.accepted(f"{prefix}/accept", begin, instants, chance)
        begin += instants.size
        if batch > 1:
            times, rows = np.repeat(times, batch), (rows[:, np.newaxis] * batch + np.arange(batch)).ravel()
        kind, size = source.marks(prefix, times, rows, streams)
        found = Arrivals(times, kind, size, rows, prefix)
        if any(not programme.demand.is_one() for programme in source.programmes):
            found = _by_programme(source, demand, streams, layer, found)
        yield found


def _by_programme(source: Source, wanted: _Demand, streams: Streams, layer: int, found: Arrivals) -> Arrivals:
    """Those that are kept at the demand of their own programmes."""
    demand = StepTable(wanted.times, wanted.rate).along(found.time)
    for index, programme in enumerate(source.programmes):
        if not programme.demand.is_one():
            mine = np.flatnonzero(found.kind == index)
            demand[mine] *= values_at(programme.demand, found.time[mine])
    accept = streams.at(f"{found.prefix}/accept", found.row // source.batch)
    kept = np.flatnonzero(accept < demand / source.envelope - layer)
    return Arrivals(found.time[kept], found.kind[kept], found.size[kept], found.row[kept], found.prefix)


def _kinds(source: Source, streams: Streams, prefix: str, size: IntArray, rows: IntArray) -> IntArray:
    """Which programme each candidate belongs to: one uniform against the cumulated shares."""
    if len(source.programmes) == 1:
        return np.zeros(size.size, np.int64)
    if source.upper is not None:
        return streams.kinds(f"{prefix}/class", rows, source.upper)
    mark = streams.at(f"{prefix}/class", rows)
    kind = np.zeros(size.size, np.int64)
    upper: FloatArray | float = 0.0
    for programme in source.programmes[:-1]:
        share: FloatArray | float = programme.share
        if programme.together is not None:
            alone = programme.share ** size.astype(np.float64)
            share = programme.together * programme.share + (1.0 - programme.together) * alone
        upper = upper + share
        kind += mark >= upper
    return kind


def _fixed(source: Source, horizon: float, streams: Streams) -> Iterator[Arrivals]:
    """Arrivals at given instants; whatever a trace does not give is drawn by row."""
    assert source.times is not None
    coming = np.flatnonzero(source.times < horizon)
    for begin in range(0, max(coming.size, 1), STRETCH):
        rows = coming[begin : begin + STRETCH]
        kind = source.kinds[rows] if source.kinds is not None else np.zeros(rows.size, np.int64)
        if source.given_sizes is not None:
            size = source.given_sizes[rows]
        else:
            size = source.sizes.draw(streams, f"{source.name}/size", rows)
        yield Arrivals(source.times[rows], kind, size, rows, source.name)
