"""Which rows there are, and that the catalogue describes them."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from measures_world import OUTCOMES, comes, lane, network, parties, records, station, visit

from sim.model.network import Network, StationKind, Target
from sim.study.catalogue import BIN_TABLE, START_BIN_TABLE, catalogue, describe
from sim.study.measures import Layout, measure


def port() -> Network:
    """Travel, a road with finite storage, two lane groups, secondary."""
    to_lanes = {"then": Target(stations=(2,)), "patience": 0}
    referred = {"sometimes": [Target(stations=(4,))]}
    return network(
        [
            station("drive", StationKind.TRAVEL, comes(0, 1, then=Target(stations=(1,))), pool=0),
            station("approach", StationKind.ROAD, comes(0, 1, **to_lanes), storage=60.0, metres_per_length=7.5),
            station("general", StationKind.LANE_GROUP, comes(0, 1, **referred), pool=1),
            station("nexus", StationKind.LANE_GROUP, comes(1, **referred), pool=2, storage=20.0),
            station("secondary", StationKind.SECONDARY, comes(0, 1, then=Target(outcome=5)), pool=3, storage=0.0),
        ],
        classes=[("car", 0, 1.0), ("car.nexus", 0, 1.0)],
        pools=4,
    )


def rows(layout: Layout, station_name: str, klass: str = "all") -> set[str]:
    return {key.measure for key in layout.keys if (key.station, key.klass) == (station_name, klass)}


def test_keys_are_unique_and_described() -> None:
    layout = Layout.of(port(), 900.0)
    for keys in (layout.keys, layout.bin_keys, layout.start_bin_keys):
        assert len(set(keys)) == len(keys)
    for key in layout.keys:
        assert describe(key.measure).unit == key.unit


def test_classes_have_rows_where_they_can_come() -> None:
    layout = Layout.of(port(), 900.0)
    classes = {(key.station, key.klass) for key in layout.keys}
    assert {klass for name, klass in classes if name == "all"} == {"all", "car", "car.nexus"}
    assert {klass for name, klass in classes if name == "nexus"} == {"all", "car.nexus"}


def test_measures_that_make_no_sense_have_no_row() -> None:
    layout = Layout.of(port(), 900.0)
    assert {"utilisation", "spillback_share", "booth_hours"} <= rows(layout, "all")
    assert not {"utilisation", "spillback_share", "booth_hours", "overtime_hours"} & rows(layout, "all", "car")
    assert "blocked_hours" in rows(layout, "general", "car")
    assert "spillback_share" in rows(layout, "approach")
    assert "spillback_share" in rows(layout, "nexus")
    assert not {"spillback_share", "wait_left_mean"} & rows(layout, "general")
    assert not {"spillback_share", "inspected_share"} & rows(layout, "secondary")
    assert not {"utilisation", "blocked_hours", "booth_hours"} & rows(layout, "approach")
    assert {"queue_metres_mean", "wait_left_mean"} <= rows(layout, "approach")
    assert "queue_metres_mean" not in rows(layout, "nexus")
    assert rows(layout, "drive") == {"arrivals", "throughput", "time_in_system_mean", "time_in_system_p95"}


def test_outcomes_are_those_the_rules_lead_to() -> None:
    layout = Layout.of(port(), 900.0)
    named = {measure for measure in rows(layout, "all") if measure.startswith("outcome_")}
    assert named == {"outcome_reneged", "outcome_released", "outcome_refused"}


def test_standards_add_rows_where_they_are_given() -> None:
    named = {key.measure for key in Layout.of(lane(), 900.0).keys}
    promised = {key.measure for key in Layout.of(lane(), 900.0, {"port": lambda joined: joined * 0.0}).keys}
    assert promised - named == {"over_standard_share", "over_standard_mean"}


@pytest.mark.parametrize(("seconds", "standards"), [(0.0, {}), (-1.0, {}), (900.0, {"nowhere": lambda t: t})])
def test_bad_arguments_are_refused(seconds: float, standards: dict) -> None:
    with pytest.raises(ValueError, match=r"bin lasts|standards of no facility"):
        Layout.of(lane(), seconds, standards)


def test_shapes_and_values_survive_pickling() -> None:
    layout = Layout.of(port(), 900.0)
    people = parties([0.0], klass=[0])
    rec = records(port(), [visit(0, 2, 0.0, 10.0, 20.0)])
    first, again = (measure(one, people, rec) for one in (layout, pickle.loads(pickle.dumps(layout))))
    assert first.values.shape == (len(layout.keys),)
    assert first.bins.shape == (len(layout.bin_keys), 4)
    assert first.bins_by_start.shape == (len(layout.start_bin_keys), 4)
    assert first.values.tobytes() == again.values.tobytes()
    assert first.bins.tobytes() == again.bins.tobytes()
    assert np.isnan(first.values).any()


def test_catalogue_lists_every_measure_once() -> None:
    names = [entry.name for entry in catalogue(OUTCOMES)]
    assert len(set(names)) == len(names)
    assert names[0] == "arrivals"
    assert names[1 : 1 + len(OUTCOMES)] == [f"outcome_{name}" for name in OUTCOMES]
    assert describe("wait_sum").kind == "party"
    assert describe("outcome_reneged").lower_is_better is True
    assert describe("outcome_released").lower_is_better is None
    assert all(entry.doc.endswith(".") and entry.unit for entry in (*BIN_TABLE, *START_BIN_TABLE, *catalogue(OUTCOMES)))
    with pytest.raises(KeyError):
        describe("wait_median")
