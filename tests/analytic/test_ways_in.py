"""Who waits in front of a full port and who leaves, where the parts of it serve some classes only (rules 4 and 9)."""

from __future__ import annotations

from pathlib import Path

import pytest
from toolbox import minutes, run, scenario, trace

from sim.errors import SimulationError
from sim.model.build import build
from sim.model.draft import Draft
from sim.model.network import ClassAtStation, Facility, Station, StationKind, Target
from sim.scenario import load

LANES = """
lanes:
  general: {serves: [car, truck], booths: 1, service: 1 min}
"""
TOLL_FOR_TRUCKS = "toll: {serves: [truck], booths: 1, service: 10 s%s}\n"
WAITED_FOR = {
    "approach-behind-a-toll-for-others": (
        "car",
        TOLL_FOR_TRUCKS % "" + "approach: {storage: 20 cars, split: 10 cars}\n" + LANES,
    ),
    "lane-beside-an-approach-for-others": (
        "truck",
        "approach: {serves: [car]}\n"
        "lanes:\n"
        "  general: {serves: [car], booths: 1, service: 1 min}\n"
        "  trucks: {serves: [truck], booths: 1, service: 1 min, storage: 9 cars}\n",
    ),
    "lane-that-begins-at-the-split-of-others": (
        "truck",
        "approach: {serves: [car], storage: 20 cars, split: 10 cars}\n" + LANES,
    ),
    "toll-that-balks-is-for-others": (
        "car",
        TOLL_FOR_TRUCKS % ", balk_at: 2" + "approach: {storage: 20 cars, split: 10 cars}\n" + LANES,
    ),
}


@pytest.mark.parametrize("case", WAITED_FOR)
def test_who_is_to_wait_for_room_is_never_turned_away(tmp_path: Path, case: str) -> None:
    """Forty at once and one booth of a minute: each starts a minute after the one before, and none leaves."""
    mode, parts = WAITED_FOR[case]
    trace(tmp_path, "t.csv", [1.0] * 40, klass=mode)
    other = "truck" if mode == "car" else "car"
    port = f"traffic: {{{mode}: {{trace: t.csv}}, {other}: {{rate: 0 /h}}}}\n{parts}"
    done = run(scenario(tmp_path, port, horizon="60 min", more="end: drain"))
    assert done.summary("outcome_admitted") == done.summary("arrivals") == 40
    assert len(done.visits("outside")) == 40
    lane = done.visits("trucks" if "trucks" in parts else "general")
    assert minutes(lane["started"]) == [1.0 + k for k in range(40)]


@pytest.mark.parametrize("toll", ["", ", balk_at: 9"])
def test_a_class_balks_at_its_own_first_part(tmp_path: Path, toll: str) -> None:
    """Of eight cars that come half a minute apart, those who find three on the road leave, whatever the toll says."""
    trace(tmp_path, "t.csv", [0.5 * k for k in range(8)], klass="car")
    road = "approach: {storage: 12 cars, split: 3 cars, balk_at: 3}\n"
    port = "traffic: {car: {trace: t.csv}, truck: {rate: 0 /h}}\n" + TOLL_FOR_TRUCKS % toll + road
    port += "lanes:\n  general: {serves: [car, truck], booths: 1, service: 10 min}\n"
    done = run(scenario(tmp_path, port, horizon="5 min", more="end: cut"))
    assert done.visits("approach")["party"].tolist() == list(range(7))  # one went to the booth, three into its line
    assert done.summary("outcome_balked") == 1


def test_control_looks_at_those_who_wait_in_front_of_a_line(tmp_path: Path) -> None:
    """A line with an end goes on outside: a controller that saw the line alone would stop at its length."""
    control = "control: {every: 5 min, open_above: 20, close_below: 2, lead: 5 min}"
    lane = f"general: {{serves: [car], booths: 3, open: 1, service: 1 min, storage: 9 cars, {control}}}"
    port = f"traffic: {{car: {{rate: 100 /h}}}}\nlanes:\n  {lane}\n"
    network = build(load(scenario(tmp_path, port, horizon="60 min")).baseline).network
    names = [station.name for station in network.stations]
    (controller,) = network.controllers
    assert {names[index] for index in controller.watch} == {"general", "outside"}


def test_a_network_that_turns_away_who_should_wait_is_refused() -> None:
    draft = Draft()
    draft.facilities.append(Facility("here", "land", "UTC", ()))
    klass, station = 0, draft.new_station("here/general")
    draft.stations[station] = Station("general", 0, StationKind.ROAD, {klass: ClassAtStation(route=None)}, storage=9.0)
    draft.entry[klass] = Target(stations=(station,))
    with pytest.raises(SimulationError, match="'general' is to be waited for"):
        draft.network(60.0, 0.0, 60.0)
