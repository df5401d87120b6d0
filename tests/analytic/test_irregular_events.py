"""Dated events at irregular flows: who comes, who is on duty, how fast they work, how many places there are."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from sim.engine import Records, engine
from sim.model.build import Model, build
from sim.model.parties import Parties
from sim.scenario import load
from sim.study.conservation import check_conservation
from sim.study.preflight import expected_parties

DAY, HOUR = 86400.0, 3600.0
SINCE, UNTIL = 4 * DAY, 8 * DAY
FLOWS = """\
format: 1
name: events
start: 2025-06-02 00:00
horizon: 12 d
replications: 1
seed: 7
bin: 1 d
drain_cap: 60 d
irregular:
  here:
    zone: America/Toronto
    groups: {per_day: 60, composition: {family: 40 %, adults: rest}, hide: 50 %}
    intercept: {detect: 80 %, patrols: 9, response: 30 min, with_group: 30 min, leaves_after: 5 h}
    processing: {officers: 9, service: 2 h}
    eligibility: {officers: 12, service: 1 h, exceptions: {document: 90 %}}
    intake: {places: 30, stay: 12 h}
  claims:
    zone: America/Toronto
    kind: port
    eligibility: {officers: 9, service: 1 h}
displacement:
  origins:
    east:
      zone: America/New_York
      groups: {per_day: 60, composition: {family: 40 %, adults: rest}}
      to: {here: {attraction: 1}, claims: {}, staying: {}}
variants:
"""


class World:
    """The flows with one event of four days, and without it."""

    def __init__(self, folder: Path, effect: str, ports: str = "[here]") -> None:
        dates = "from: 2025-06-06 00:00, until: 2025-06-10 00:00"
        path = folder / "events.yaml"
        path.write_text(f"{FLOWS}  eventful: {{events: [{{name: It, {dates}, ports: {ports}, {effect}}}]}}\n")
        self.study = load(path)
        self.calm, self.eventful = (
            build(self.study.baseline),
            build(self.study.variants["eventful"], self.study.baseline),
        )
        self.before, self.after = self.calm.draw(5, 0), self.eventful.draw(5, 0)

    def records(self, model: Model, parties: Parties) -> Records:
        """What the compiled engine makes of them; that the other makes the same, random flows with events show."""
        records = engine("compiled")(model.network, parties)
        check_conservation(model.network, parties, records)
        return records

    def station(self, name: str) -> int:
        network = self.eventful.network
        found = (s.name == name and network.facilities[s.facility].name == "here" for s in network.stations)
        return list(found).index(True)

    def most_at_once(self, records: Records, name: str, since: float, until: float) -> int:
        """Most parties in service at a station at any start of one within a time."""
        mine = (records.station == self.station(name)) & ~np.isnan(records.started)
        started, left = records.started[mine], records.left[mine]
        instants = started[(started >= since) & (started < until)]
        return max(int(((started <= at) & ~(left <= at)).sum()) for at in instants)

    def service(self, records: Records, name: str) -> tuple[set[float], set[float]]:
        """Lengths of service, in hours, of who was begun with outside and inside the event."""
        mine = (records.station == self.station(name)) & ~np.isnan(records.ended)
        length = np.round((records.ended - records.started)[mine] / HOUR, 6)
        inside = (records.started[mine] >= SINCE) & (records.started[mine] < UNTIL)
        return set(length[~inside].tolist()), set(length[inside].tolist())


def kinds(model: Model, parties: Parties) -> list[str]:
    network = model.network
    classes = [network.classes[k] for k in parties.klass]
    return [f"{network.facilities[one.facility].name} {one.name}" for one in classes]


def during(parties: Parties) -> np.ndarray:
    return (parties.time >= SINCE) & (parties.time < UNTIL)


def test_a_closed_flow_moves_who_chooses_and_keeps_its_own_away(tmp_path: Path) -> None:
    world = World(tmp_path, "closed: yes")
    stayed_out = during(world.after)
    assert not any(kind.startswith("here") for kind in np.array(kinds(world.eventful, world.after))[stayed_out])
    before = dict(zip(world.before.time.tolist(), kinds(world.calm, world.before), strict=True))
    after = dict(zip(world.after.time.tolist(), kinds(world.eventful, world.after), strict=True))
    assert set(after) < set(before)
    moved = {time: before[time] for time in after if before[time] != after[time]}
    assert len(moved) > 60
    assert all(SINCE <= time < UNTIL and kind.startswith("here") for time, kind in moved.items())
    gone = [time for time in before if time not in after]
    assert len(gone) > 150
    assert all(SINCE <= time < UNTIL and before[time].startswith("here") for time in gone)


def test_demand_multiplies_who_comes_by_kind_and_leaves_the_others(tmp_path: Path) -> None:
    world = World(tmp_path, "demand: {irregular.family: 3}")
    calm, eventful = (
        [kind for kind, inside in zip(kinds(m, p), during(p), strict=True) if inside]
        for m, p in ((world.calm, world.before), (world.eventful, world.after))
    )
    for kind, factor in (
        ("here irregular.family", 3.0),
        ("here irregular.adults", 1.0),
        ("claims irregular.family", 1.0),
    ):
        before, after = calm.count(kind), eventful.count(kind)
        assert abs(after - factor * before) <= (0 if factor == 1.0 else 4.0 * np.sqrt(9 * before + after))
    assert np.array_equal(world.before.time[~during(world.before)], world.after.time[~during(world.after)])
    assert expected_parties(world.study.variants["eventful"]) >= len(world.after) - 4 * np.sqrt(len(world.after))


def test_units_and_officers_are_limited_while_it_lasts(tmp_path: Path) -> None:
    world = World(tmp_path, "booths: {response: 1, processing: 2}")
    records = world.records(world.eventful, world.after)
    # Who was begun with before it is finished: a unit takes an hour, processing two.
    assert world.most_at_once(records, "response", SINCE + HOUR, UNTIL) == 1
    assert world.most_at_once(records, "processing", SINCE + 2 * HOUR, UNTIL) == 2
    assert world.most_at_once(records, "response", UNTIL, 12 * DAY) > 2
    assert world.most_at_once(records, "processing", UNTIL, 12 * DAY) > 2


def test_a_stopped_stage_begins_with_nobody(tmp_path: Path) -> None:
    world = World(tmp_path, "stopped: [response, eligibility]")
    records = world.records(world.eventful, world.after)
    for name in ("response", "eligibility"):
        started = records.started[records.station == world.station(name)]
        assert not ((started >= SINCE) & (started < UNTIL)).any(), name
        assert (started >= UNTIL).any(), name


def test_service_takes_longer_by_stage(tmp_path: Path) -> None:
    world = World(tmp_path, 'service: {response: 1.5, "*": 2, processing: 3}')
    records = world.records(world.eventful, world.after)
    assert world.service(records, "processing") == ({2.0}, {6.0})
    assert world.service(records, "eligibility") == ({1.0}, {2.0})
    # The way of a unit to a group that comes meanwhile takes 45 min for 30, and 30 min with it as ever.
    response = world.service(records, "response")
    assert response[0] | response[1] == {1.0, 1.25}


@pytest.mark.parametrize(("more", "overflow"), [(60, -1), (-30, 1)])
def test_places_come_and_go(more: int, overflow: int, tmp_path: Path) -> None:
    """Three times as many take all who come; with none left all go to the hotel, and who is inside stays on."""
    world = World(tmp_path, f"more_places: {more}")
    calm = world.records(world.calm, world.before)
    eventful = world.records(world.eventful, world.after)
    hotel = world.station("hotel")
    settled = SINCE + DAY, UNTIL

    def nights(records: Records) -> int:
        joined = records.joined[records.station == hotel]
        return int(((joined >= settled[0]) & (joined < settled[1])).sum())

    assert np.sign(nights(eventful) - nights(calm)) == overflow
    if overflow > 0:
        started = records_started(eventful, world.station("intake"))
        assert not ((started >= SINCE) & (started < UNTIL)).any()
        assert (started >= UNTIL).any()
    else:
        assert nights(eventful) == 0
        assert world.most_at_once(eventful, "intake", UNTIL + DAY, 12 * DAY) <= 30


def records_started(records: Records, station: int) -> np.ndarray:
    return np.asarray(records.started[records.station == station])


def test_a_shared_pool_is_cut_by_name(tmp_path: Path) -> None:
    """Officers of a pool are limited whatever they serve: a flow may be named beside it."""
    text = FLOWS.replace("irregular:\n", "officers: {team: {officers: 9}}\nirregular:\n", 1)
    text = text.replace("processing: {officers: 9,", "processing: {pool: team,")
    path = tmp_path / "pool.yaml"
    event = "{name: It, from: 2025-06-06 00:00, until: 2025-06-10 00:00, ports: [here], officers: {team: 2}}"
    path.write_text(f"{text}  eventful: {{events: [{event}]}}\n")
    (pool,) = (p for p in build(load(path).variants["eventful"]).network.pools if p.name == "team")
    assert [pool.calendar.at(time) for time in (0.0, SINCE, UNTIL)] == [9.0, 2.0, 9.0]


def test_the_events_of_the_page_are_events(tmp_path: Path) -> None:
    """docs/irregular.md: the example takes the place of the events of a scenario that has its sector."""
    root = Path(__file__).resolve().parents[2]
    (example,) = re.findall(r"```yaml\n(events:.*?)```", (root / "docs" / "irregular.md").read_text(), re.DOTALL)
    text = (root / "tests" / "scenarios" / "valid" / "irregular-events.yaml").read_text()
    path = tmp_path / "page.yaml"
    path.write_text(text[: text.index("events:\n")] + example)
    study = load(path)
    assert [event.closed or bool(event.booths) or event.more_places > 0 for event in study.baseline.events] == [
        True
    ] * 3
