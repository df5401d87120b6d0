"""Random networks with their parties, small and mean: everything the rules name occurs and instants collide.

A network is drawn in stages: routes lead to later stages only, and a closed group reroutes within its own stage.
Every time, length and factor is a dyadic number, so that sums are exact and integrals can be compared with `==`.

    random_case(seed)   the same network and parties for the same seed, for any engine
    cases()             the same generator driven by hypothesis, which shrinks what fails
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from sim.model.draft import downstream_first
from sim.model.network import (
    ALWAYS_ONE,
    ENGINE_OUTCOMES,
    NEVER,
    Branch,
    ClassAtStation,
    Controller,
    Facility,
    Following,
    Network,
    OnClose,
    PartyClass,
    Pool,
    Route,
    Station,
    StationKind,
    Steps,
    Target,
    WhenFull,
    Zone,
)
from sim.model.parties import Parties

OUTCOMES = (*ENGINE_OUTCOMES, "released", "refused")
RELEASED, REFUSED = OUTCOMES.index("released"), OUTCOMES.index("refused")
SERVERS = (StationKind.LANE_GROUP, StationKind.SECONDARY, StationKind.TOLL)

SERVICE, PATIENCE, MARK = "service", "patience", "mark"
DRAWS: dict[str, tuple[float, ...]] = {
    SERVICE: (0.0, 1.0, 2.0, 2.0, 3.0, 3.0, 5.0, 8.0),
    PATIENCE: (0.0, 1.0, 2.0, 3.0, 5.0, 9.0, NEVER),
    MARK: tuple(i / 16 for i in range(16)),
}

Case = tuple[Network, Parties]


def random_case(seed: int) -> Case:
    """A network and its parties, the same for the same seed."""
    return build_case(random.Random(seed), steered=True)


def cases() -> st.SearchStrategy[Case]:
    """Networks with their parties, for hypothesis."""
    return st.randoms(use_true_random=False).map(build_case)


def build_case(rng: random.Random, steered: bool = False) -> Case:
    """A network and its parties from a source of randomness; with `steered`, some have controllers."""
    maker = CaseMaker(rng)
    network, parties = maker.network(), maker.parties()
    if steered and maker.chance(0.3):  # last of all, so that the rest stays as it was
        network = replace(network, controllers=maker.controllers(network.stations))
    if steered and maker.chance(0.4):
        network = replace(network, stations=maker.in_zones(network.stations), zones=maker.zones)
    if steered and maker.chance(0.2):
        network, parties = maker.following(network, parties)
    return network, parties


@dataclass
class Place:
    """A station to be: which stage it is in and who comes there."""

    index: int
    kind: StationKind
    stage: int
    classes: list[int] = field(default_factory=list)
    by_the_way: bool = True
    """On a route; False for the detour, where only those who divert come."""


class CaseMaker:
    """One random case in the making."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.horizon = float(rng.choice([0, 8, 20, 20, 40, 40]))
        self.n_classes = rng.randint(1, 3)
        self.lengths = [rng.choice([0.0, 0.5, 1.0, 1.0, 1.0, 3.0]) for _ in range(self.n_classes)]
        self.slots: list[list[str]] = [[] for _ in range(self.n_classes)]
        self.pools: list[Pool] = []
        self.shareable: list[int] = []

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def network(self) -> Network:
        rng = self.rng
        self.places = self.lay_out()
        stations = tuple(self.station(place) for place in sorted(self.places, key=lambda p: p.index))
        self.net = Network(
            facilities=(Facility("here", "land", "UTC"), Facility("there", "land", "UTC")),
            classes=tuple(PartyClass(f"class-{k}", k % 2, length) for k, length in enumerate(self.lengths)),
            pools=tuple(self.pools),
            stations=stations,
            outcomes=OUTCOMES,
            entry=tuple(self.first_stop(k) for k in range(self.n_classes)),
            downstream_first=downstream_first(stations),
            horizon=self.horizon,
            warm_up=rng.choice([0.0, 0.0, self.horizon / 4]),
            end=self.horizon + rng.choice([0.0, 0.0, 8.0, 1000.0, 1000.0]),
        )
        return self.net

    def controllers(self, stations: tuple[Station, ...]) -> tuple[Controller, ...]:
        """Some pools steered by what is seen in some lines."""
        rng = self.rng
        steered = [i for i, pool in enumerate(self.pools) if pool.servers >= 0 and self.chance(0.5)]
        seen = [i for i, station in enumerate(stations) if station.kind is not StationKind.TRAVEL]
        return tuple(
            Controller(
                pool=pool,
                watch=tuple(rng.sample(seen, rng.randint(1, len(seen)))),
                ticks=tuple(float(t) for t in range(1, int(self.horizon) + 20, rng.choice([1, 2, 5]))),
                open_above=rng.choice([0.0, 1.0, 3.0]),
                close_below=rng.choice([0.0, 1.0, 2.0]),
                by_wait=self.chance(0.5),
                lead=rng.choice([0, 0, 1, 2, 3]),
                most=self.steps([*map(float, range(self.pools[pool].servers + 1))]),
            )
            for pool in steered
        )

    def in_zones(self, stations: tuple[Station, ...]) -> tuple[Station, ...]:
        """Stations in zones, and classes of different precedence at those that share servers."""
        rng = self.rng
        self.zones = tuple(Zone(f"zone-{z}", rng.choice([1.0, 2.0, 3.0, 3.0, 5.0])) for z in range(rng.randint(1, 2)))
        return tuple(
            replace(
                station,
                zone=rng.randrange(-1, len(self.zones)),
                classes={k: replace(c, precedence=rng.choice([0, 0, 1])) for k, c in station.classes.items()},
            )
            for station in stations
        )

    def following(self, network: Network, parties: Parties) -> Case:
        """Some classes come only after parties of a facility have got through."""
        rng, count = self.rng, len(parties)
        after = [rng.choice([-1, 0, 1]) for _ in network.classes]
        facility = [network.classes[k].facility for k in parties.klass.tolist()]
        follows = np.full(count, -1)
        for party, k in enumerate(parties.klass.tolist()):
            before = [p for p in range(party) if facility[p] == after[k]]
            if before and self.chance(0.8):
                follows[party] = rng.choice(before)
        until = np.array([rng.choice([float(t) - 1.0, float(t), NEVER]) for t in parties.time], dtype=np.float64)
        classes = tuple(replace(one, after=a) for one, a in zip(network.classes, after, strict=True))
        barred = (REFUSED,) if self.chance(0.5) else ()
        following = Following(stays=len(network.outcomes), barred=barred)
        outcomes = (*network.outcomes, "behind")
        network = replace(network, classes=classes, following=following, outcomes=outcomes)
        return network, replace(parties, follows=follows, until=until)

    # ---- stages ---------------------------------------------------------------------------------------

    def lay_out(self) -> list[Place]:
        """Stations by stage; their indices are shuffled now and then, so that ties fall both ways."""
        rng = self.rng
        places: list[Place] = []
        for stage in range(rng.randint(1, 4)):
            served = self.chance(0.7)
            for _ in range(rng.randint(1, 3) if served else rng.randint(1, 2)):
                kind = rng.choice(SERVERS) if served else StationKind.ROAD
                if self.chance(0.06):
                    kind = StationKind.TRAVEL
                places.append(Place(len(places), kind, stage))
        for klass in range(self.n_classes):
            coming = [place for place in places if self.chance(0.75)]
            for place in coming or [rng.choice(places)]:
                place.classes.append(klass)
        if self.chance(0.3):
            everyone = list(range(self.n_classes))
            places.append(Place(len(places), StationKind.TRAVEL, 0, everyone, by_the_way=False))
        if self.chance(0.5):
            order = list(range(len(places)))
            rng.shuffle(order)
            for place, index in zip(places, order, strict=True):
                place.index = index
        return places

    def stops(self, klass: int, after: int) -> dict[int, list[int]]:
        """Per stage after `after`, the stations a class can come to."""
        stops: dict[int, list[int]] = {}
        for place in self.places:
            if place.by_the_way and place.stage > after and klass in place.classes:
                stops.setdefault(place.stage, []).append(place.index)
        return stops

    def to_stage(self, stations: list[int]) -> Target:
        chosen = self.rng.sample(stations, self.rng.randint(1, len(stations)))
        return Target(stations=tuple(chosen), shorter=self.chance(0.4))

    def first_stop(self, klass: int) -> Target:
        stops = self.stops(klass, -1)
        return self.to_stage(stops[min(stops)])

    def onward(self, klass: int, stage: int) -> Target:
        """Out, or on to a later stage, most often the next."""
        stops = self.stops(klass, stage)
        if not stops or self.chance(0.25):
            return Target(outcome=self.rng.choice([RELEASED, REFUSED]))
        return self.to_stage(stops[min(stops) if self.chance(0.8) else max(stops)])

    # ---- stations -------------------------------------------------------------------------------------

    def station(self, place: Place) -> Station:
        rng = self.rng
        common: dict[str, Any] = {
            "name": f"station-{place.index}",
            "facility": rng.randint(0, 1),
            "kind": place.kind,
            "classes": {klass: self.rules(klass, place) for klass in place.classes},
        }
        if place.kind is StationKind.TRAVEL:
            self.pools.append(Pool(f"drive-{place.index}", -1, ALWAYS_ONE))
            return Station(**common, pool=len(self.pools) - 1)
        detour = [other.index for other in self.places if not other.by_the_way and place.stage == other.stage]
        roomy = place.stage == 0 and self.chance(0.6)
        common |= {
            "storage": NEVER if roomy else rng.choice([0.0, 0.0, 1.0, 2.0, 2.5, 4.0, NEVER]),
            "balk_at": rng.choice([0.0, 1.0, 3.0]) if self.chance(0.1) else NEVER,
            "when_full": rng.choice((WhenFull.WAIT, WhenFull.BALK, WhenFull.DIVERT, WhenFull.DIVERT)),
            "divert": Target(stations=tuple(detour)) if detour else None,
            "admits": self.on_and_off() if self.chance(0.15) else ALWAYS_ONE,
            "when_closed": rng.choice(list(WhenFull)),
        }
        if place.kind is StationKind.ROAD:
            return Station(**common, lanes=rng.choice([1, 1, 2, 3]), travel=rng.choice([0.0, 0.0, 1.0, 4.0]))
        return Station(**common, **self.group(place))

    def group(self, place: Place) -> dict[str, Any]:
        """What a station with booths has beyond the rest."""
        rng = self.rng
        shares = self.chance(0.25)
        per_booth = not shares and self.chance(0.5)
        if shares and self.shareable:
            pool = rng.choice(self.shareable)
        else:
            pool = len(self.pools)
            servers = rng.choice([0, *[1, 1, 2, 2, 3] * 3])
            self.pools.append(Pool(f"pool-{pool}", servers, self.calendar(servers)))
            if shares:
                self.shareable.append(pool)
        servers = self.pools[pool].servers
        beside = [other for other in self.places if other.stage == place.stage and other is not place]
        return {
            "pool": pool,
            "per_booth": per_booth,
            "tandem": rng.randint(0, servers) if not shares and self.chance(0.6) else 0,
            "running": self.on_and_off() if self.chance(0.2) else ALWAYS_ONE,
            "jockey": rng.choice([0, 2, 2, 3]) if per_booth and servers >= 2 else 0,
            "on_close": rng.choice((OnClose.FINISH, OnClose.REROUTE, OnClose.REROUTE, OnClose.WAIT)),
            "reroute": self.reroutes(place, beside) if self.chance(0.9) else None,
            "waive_when_full": self.chance(0.4),
            "service_factor": self.steps([0.5, 1.0, 2.0]) if self.chance(0.2) else ALWAYS_ONE,
        }

    def reroutes(self, place: Place, beside: list[Place]) -> dict[int, tuple[int, ...]]:
        """Per class, the groups beside this one that serve it."""
        groups = [p for p in beside if p.kind in SERVERS]
        others = {klass: tuple(p.index for p in groups if klass in p.classes) for klass in place.classes}
        return {klass: indices for klass, indices in others.items() if indices}

    def rules(self, klass: int, place: Place) -> ClassAtStation:
        rng = self.rng
        otherwise = self.onward(klass, place.stage)
        if place.kind is StationKind.ROAD:
            patience = self.slot(klass, PATIENCE) if self.chance(0.2) else -1
            return ClassAtStation(patience=patience, route=Route(-1, (), otherwise))
        branches = tuple(
            Branch(
                rng.choice([0.25, 0.5, 1.0]),
                self.onward(klass, place.stage),
                self.steps([0.0, 1.0, 2.0]) if self.chance(0.3) else ALWAYS_ONE,
            )
            for _ in range(rng.choice([0, 1, 1, 2]))
        )
        return ClassAtStation(
            service=self.slot(klass, SERVICE),
            extra_person=rng.choice([0.0, 0.0, 0.5]),
            queue_factor=rng.choice([(), (), ((1, 0.5), (3, 2.0))]),
            move_up=rng.choice([0.0, 0.0, 1.0]),
            rank=rng.choice([0, 0, 0, 1, 2]),
            patience=self.slot(klass, PATIENCE) if place.by_the_way and self.chance(0.3) else -1,
            route=Route(self.slot(klass, MARK) if branches else -1, branches, otherwise),
        )

    def slot(self, klass: int, role: str) -> int:
        self.slots[klass].append(role)
        return len(self.slots[klass]) - 1

    # ---- over time ------------------------------------------------------------------------------------

    def steps(self, values: list[float]) -> Steps:
        """Changes at whole seconds, some after the horizon, often several at one instant across the network."""
        last = int(self.horizon) + 10
        times = sorted({float(self.rng.randint(1, last)) for _ in range(self.rng.randint(0, 4))})
        return Steps((-NEVER, *times), tuple(self.rng.choice(values) for _ in range(len(times) + 1)))

    def on_and_off(self) -> Steps:
        return self.steps([0.0, 1.0])

    def calendar(self, servers: int) -> Steps:
        if self.chance(0.4):
            return Steps((-NEVER,), (float(servers),))
        return self.steps([*map(float, range(servers + 1)), float(servers)])

    def parties(self) -> Parties:
        rng = self.rng
        count = rng.choice([0, 1, 6, 15, 25, 40]) if self.horizon else 0
        moments = [float(rng.randrange(int(self.horizon))) for _ in range(rng.randint(1, 12))] if count else []
        time = sorted(rng.choice(moments) for _ in range(count))
        klass = [rng.randrange(self.n_classes) for _ in range(count)]
        draws: list[float] = []
        first = []
        for k in klass:
            first.append(len(draws))
            draws += [rng.choice(DRAWS[role]) for role in self.slots[k]]
        return Parties(
            time=np.array(time, dtype=np.float64),
            klass=np.array(klass, dtype=np.int64),
            size=np.array([rng.choice([1, 1, 2, 3]) for _ in range(count)], dtype=np.int64),
            first_draw=np.array(first, dtype=np.int64),
            draws=np.array(draws, dtype=np.float64),
            initial=np.zeros(count, dtype=np.bool_),
        )
