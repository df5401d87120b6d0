"""The models: short forms, defaults, and checks across fields."""

from __future__ import annotations

import copy
from datetime import datetime
from typing import Any

import pytest
from pydantic import ValidationError

from sim.scenario.faults import problems_of
from sim.scenario.names import check_names
from sim.scenario.problems import Problem
from sim.scenario.schema import Dist, NexusMembers, Scenario, WeekTable, class_names

BASE: dict[str, Any] = {
    "format": 1,
    "name": "A port",
    "start": "2024-07-06 00:00",
    "horizon": "24 h",
    "ports": {
        "here": {
            "direction": "northbound",
            "zone": "America/Vancouver",
            "traffic": {"car": {"per_day": 2400, "nexus": "30 %"}, "truck": {"per_day": 500, "fast": "22 %"}},
            "lanes": {
                "general": {"serves": ["car"], "booths": 3, "service": "50 s"},
                "trucks": {"serves": ["truck"], "booths": 2, "service": {"gamma": {"mean": "75 s", "cv": 0.7}}},
            },
        }
    },
}


def with_(*changes: tuple[str, Any]) -> dict[str, Any]:
    """BASE with values at `/`-separated paths; paths that start with `.` are below the port."""
    plain = copy.deepcopy(BASE)
    for path, value in changes:
        *parents, last = path.replace("./", "ports/here/").split("/")
        place = plain
        for step in parents:
            place = place[step]
        place[last] = value
    return plain


def scenario(*changes: tuple[str, Any]) -> Scenario:
    return Scenario.model_validate(with_(*changes))


def problems(*changes: tuple[str, Any]) -> list[Problem]:
    plain = with_(*changes)
    found = list(check_names(plain))
    try:
        Scenario.model_validate(plain)
    except ValidationError as error:
        found += problems_of(error, Scenario)
    return found


def test_defaults() -> None:
    found = scenario()
    assert (found.warm_up, found.end, found.drain_cap, found.replications) == (0.0, "drain", 86400.0, 30)
    assert (found.seed, found.bin, found.holidays, found.events) == (None, 900.0, (), ())
    assert found.start == datetime(2024, 7, 6)
    port = found.ports["here"]
    assert port.lengths == {"car": 1.0, "truck": 3.0, "bus": 3.0, "pedestrian": 0.0}
    assert (port.secondary, port.hours, port.metres_per_car) == ({}, None, 7.5)
    lane = port.lanes["general"]
    assert lane.open == WeekTable.constant(3)
    assert (lane.queue, lane.on_close, lane.tandem, lane.priority) == ("shared", "reroute", 0, ())
    assert lane.service["*"].distribution == Dist("deterministic", {"value": 50.0})
    assert port.traffic["car"].occupants.average == 1.0


def test_models_are_frozen() -> None:
    with pytest.raises(ValidationError):
        scenario().seed = 5  # type: ignore[misc]


def test_json_schema_can_be_made() -> None:
    schema = Scenario.model_json_schema()
    assert schema["properties"]["horizon"]["examples"] == ["24 h"]
    assert schema["additionalProperties"] is False


def test_every_field_has_a_description() -> None:
    for name, model in Scenario.model_json_schema()["$defs"].items():
        for key, field in model["properties"].items():
            assert field.get("description"), f"{name}.{key}"


def test_class_names_in_order_of_modes_then_programmes() -> None:
    port = scenario(("./traffic/car/ready", "10 %")).ports["here"]
    assert class_names(port) == ("car", "car.nexus", "car.ready", "truck", "truck.fast")


def test_nexus_as_share_or_as_members() -> None:
    assert scenario().ports["here"].traffic["car"].nexus == 0.3
    members = scenario(("./traffic/car/nexus", {"members": "40 %"})).ports["here"].traffic["car"].nexus
    assert members == NexusMembers.model_validate({"members": "40 %", "alike": "0 %"})


def test_occupants() -> None:
    assert scenario(("./traffic/car/occupants", 2.1)).ports["here"].traffic["car"].occupants.mean == 2.1
    fixed = scenario(("./traffic/car/occupants", {"fixed": 3})).ports["here"].traffic["car"].occupants
    assert (fixed.fixed, fixed.mean, fixed.average) == (3, None, 3.0)


def test_tandem_true_is_all_booths() -> None:
    assert scenario(("./lanes/general/tandem", True)).ports["here"].lanes["general"].tandem == 3
    assert scenario(("./lanes/general/tandem", False)).ports["here"].lanes["general"].tandem == 0


def test_service_per_class_and_extras() -> None:
    service = {"car.nexus": "10 s", "car": {"erlang": {"mean": "50 s", "shape": 3}, "when_queue_over": {"40": 0.9}}}
    found = scenario(("./lanes/general/service", service)).ports["here"].lanes["general"].service
    assert list(found) == ["car.nexus", "car"]
    assert found["car"].when_queue_over == {40: 0.9}
    assert found["car.nexus"].distribution.parameters == {"value": 10.0}


def test_single_secondary_is_called_secondary() -> None:
    one = {"bays": 2, "referral": {"car": "5 %"}, "service": "10 min"}
    assert list(scenario(("./secondary", one)).ports["here"].secondary) == ["secondary"]
    assert list(scenario(("./secondary", {"search": one})).ports["here"].secondary) == ["search"]


def test_hours_and_standard() -> None:
    port = scenario(
        ("./hours", {"08:00": "open", "20:00": "closed"}),
        ("./standard", {"wait": {"mon-thu": "10 min", "fri-sun": "20 min"}}),
    ).ports["here"]
    assert port.hours is not None
    assert [port.hours.at(0, hour * 3600.0) for hour in (7, 8, 20)] == [0.0, 1.0, 0.0]
    assert port.standard is not None
    assert [port.standard.wait.at(day, 0.0) for day in (0, 4)] == [600.0, 1200.0]


def test_event_short_forms() -> None:
    event = {
        "name": "Fair",
        "from": "2024-07-06 10:00",
        "demand": {"car": 1.4, "all": 1.1},
        "service": 2,
        "referral": 0.5,
    }
    (found,) = scenario(("events", [event])).events
    assert found.from_ == datetime(2024, 7, 6, 10)
    assert found.demand == {"car": 1.4, "*": 1.1}
    assert found.service == {"*": 2.0}
    assert found.referral == {"*": 0.5}


def test_null_is_as_good_as_not_there() -> None:
    plain = (("warm_up", None), ("./approach", None), ("./lanes/general/open", None), ("./traffic/car/profile", None))
    assert scenario(*plain) == scenario()


def kind(**more: Any) -> dict[str, Any]:
    return {"bays": 2, "referral": {"car": "5 %"}, "service": "10 min", **more}


def event(**more: Any) -> list[dict[str, Any]]:
    return [{"name": "Fair", "from": "2024-07-06 10:00", **more}]


FAULTS: list[tuple[str, Any, str, str]] = [
    # path changed, value, path of the fault, words in it
    ("format", 2, "format", "format: 1"),
    ("format", True, "format", "format true"),
    ("replications", 0, "replications/<number>", "of 1 or more"),
    ("replications", "30", "replications/<number>", "write 30 without quotes"),
    ("replications", True, "replications/<number>", "a whole number"),
    ("replications", {"precision": 5}, "replications/<precise>/precision", "write '5 %'"),
    ("replications", {"precision": "0 %"}, "replications/<precise>/precision", "no number of replications reaches"),
    ("replications", {"precision": "5 %", "of": []}, "replications/<precise>/of", "no measure"),
    ("replications", {"precision": "5 %", "at_most": 5}, "replications/<precise>/at_most", "at_most of 10 or more"),
    (
        "replications",
        {"precision": "5 %", "of": {"mesure": "wait_p95"}},
        "replications/<precise>/of/0/mesure",
        "'measure'?",
    ),
    ("seed", -1, "seed", "of 0 or more"),
    ("end", "cutt", "end", "did you mean 'cut'?"),
    ("ports", {}, "ports", "nothing in it"),
    ("name", 7, "name", 'in quotes: "7"'),
    ("holidays", "2024-07-01", "holidays", "write [2024-07-01]"),
    ("warm_up", "24 h", "warm_up", "the whole horizon"),
    ("bin", "0 min", "bin", "no time at all"),
    ("./traffic/tram", {"per_day": 5}, "ports/here/traffic/tram", "one of car, truck, bus, pedestrian"),
    ("./traffic/car/per_day", "600 /h", "ports/here/traffic/car/per_day", "a rate goes to 'rate'"),
    ("./traffic/car/rate", "5 /h", "ports/here/traffic/car", "both per_day and rate"),
    ("./traffic/car/occupants", 0.5, "ports/here/traffic/car/occupants/mean", "of 1 or more"),
    ("./traffic/car/occupants", "two", "ports/here/traffic/car/occupants", "{fixed: 2}"),
    ("./traffic/car/nexus", {"membrs": "40 %"}, "ports/here/traffic/car/nexus/<members>/membrs", "'members'?"),
    ("./traffic/car/fast", "10 %", "ports/here/traffic/car/fast", "fast for car"),
    ("./traffic/car/profile", {"mon-sun": 0}, "ports/here/traffic/car/profile", "every weight is 0"),
    ("./traffic/car/trace", "cars.csv", "ports/here/traffic/car/trace", "without a folder"),
    ("./lanes/general/booths", -1, "ports/here/lanes/general/booths", "of 0 or more"),
    ("./lanes/general/booths", None, "ports/here/lanes/general", "neither booths nor pool"),
    ("./lanes/general/open", {"06:00": 4}, "ports/here/lanes/general/open", "4 open of 3 booths"),
    ("./lanes/general/tandem", 4, "ports/here/lanes/general/tandem", "at most 3"),
    ("./lanes/general/jockey", 2, "ports/here/lanes/general/jockey", "queue: per_booth"),
    ("./lanes/general/jockey", 1, "ports/here/lanes/general/jockey", "of 2 or more"),
    ("./lanes/general/serves", [], "ports/here/lanes/general", "serves no class"),
    ("./lanes/general/serves", ["car", "car"], "ports/here/lanes/general/serves/1", "stands twice"),
    ("./lanes/general/serves", "car", "ports/here/lanes/general/serves", "write [car]"),
    ("./lanes/general/serves", ["car.nexus"], "ports/here/lanes", "no lane group serves 'car'"),
    ("./lanes/general/priority", ["truck"], "ports/here/lanes/general/priority/0", "does not serve"),
    ("./lanes/general/priority", ["car.ready"], "ports/here/lanes/general/priority/0", "no traffic"),
    ("./lanes/general/waive_when_full", "yes", "ports/here/lanes/general/waive_when_full", "write true"),
    ("./lanes/general/when_full", "divert", "ports/here/lanes/general/when_full", "no 'divert'"),
    ("./lanes/general/service", {"car.nexus": "9 s"}, "ports/here/lanes/general/service", "no service time for car"),
    ("./lanes/general/service", {"car": "9 s", "bus": "9 s"}, "ports/here/lanes/general/service/bus", "no traffic"),
    ("./lanes/general/service", {"move_up": "9 s"}, "ports/here/lanes/general/service/*", "no distribution"),
    ("./lanes/general/patience", {"bus": "9 min"}, "ports/here/lanes/general/patience/bus", "no traffic"),
    ("./lanes/trucks/storage", "2 cars", "ports/here/lanes/trucks/storage", "less than one truck (3)"),
    ("./approach", {"storage": "2 cars"}, "ports/here/approach/storage", "'3 cars' or more"),
    ("./approach", {"split": "0 cars"}, "ports/here/approach/split", "no room at all"),
    ("./approach", {"patience": "5 min"}, "ports/here/approach/patience", "can_leave: true"),
    ("./approach", {"can_leave": True}, "ports/here/approach/can_leave", "without patience"),
    ("./approach", {"serves": ["bus"]}, "ports/here/approach/serves/0", "no traffic"),
    ("./toll", {"booths": 1, "service": {"car": "5 s"}}, "ports/here/toll/service", "no service time for truck"),
    ("./secondary", kind(bays=0), "ports/here/secondary/secondary/bays", "0 bays"),
    ("./secondary", kind(referral={"bus": "5 %"}), "ports/here/secondary/secondary/referral/bus", "no traffic"),
    ("./secondary", kind(outcomes={"a": "60 %", "b": "60 %"}), "ports/here/secondary/secondary/outcomes", "120 %"),
    ("./secondary", kind(outcomes={"released": "6 %"}), "ports/here/secondary/secondary/outcomes/released", "the rest"),
    ("./secondary", kind(service={"truck": "5 min"}), "ports/here/secondary/secondary/service", "for car, car.nexus"),
    ("./secondary", {"a": kind(), "b": kind(referral={"car": "96 %"})}, "ports/here/secondary/b/referral", "101 %"),
    ("./initial_queue", {"bus": 5}, "ports/here/initial_queue/bus", "no traffic"),
    ("./initial_queue", {"car": -5}, "ports/here/initial_queue/car", "of 0 or more"),
    ("./lengths", {"cars": "1 car"}, "ports/here/lengths/cars", "did you mean 'car'?"),
    ("./zone", "Vancouver", "ports/here/zone", "unknown time zone"),
    ("./hours", {"08:00": "opn"}, "ports/here/hours/08:00", "did you mean 'open'?"),
    ("./divert", {"to": "there", "after": "5 min"}, "ports/here/divert/to", "no port 'there'"),
    ("./divert", {"to": "here", "after": "5 min"}, "ports/here/divert/to", "to itself"),
    ("events", event(), "events/0", "without an effect"),
    ("events", event(demand=1.2, until="2024-07-06 10:00"), "events/0/until", "not after"),
    ("events", event(demand=-1), "events/0/demand/*", "factor of 0 or more"),
    (
        "events",
        event(demand=1.2, ports=["ther"]),
        "events/0/ports/0",
        "no port, preclearance facility or irregular flow 'ther'",
    ),
    ("events", event(booths={"genral": 1}), "events/0/booths/genral", "did you mean 'general'?"),
    ("events", event(stopped=["x"]), "events/0/stopped/0", "no lane group, station or kind of secondary 'x'"),
    ("events", event(service={"x": 2}), "events/0/service/x", "no lane group or station 'x'"),
    ("events", event(service=0), "events/0/service/*", "above 0"),
    ("officers", {"team": {"officers": 2, "open": 3}}, "officers/team/open", "3 on duty of 2"),
]


@pytest.mark.parametrize(("changed", "value", "at", "words"), FAULTS)
def test_fault(changed: str, value: Any, at: str, words: str) -> None:
    (problem,) = problems((changed, value))
    assert "/".join(map(str, problem.at)) == at
    assert words in f"{problem.found}; {problem.allowed}; {problem.mend}"


def test_pool_and_booths_exclude_each_other() -> None:
    (problem,) = problems(("officers", {"team": {"officers": 2}}), ("./lanes/general/pool", "team"))
    assert problem.found == "both booths and pool"


def test_missing_keys_say_what_they_mean() -> None:
    plain = with_()
    del plain["horizon"]
    with pytest.raises(ValidationError) as caught:
        Scenario.model_validate(plain)
    (problem,) = problems_of(caught.value, Scenario)
    assert (problem.found, problem.allowed) == ("no 'horizon'", "length of time simulated, such as 24 h")


def test_diverted_classes_must_be_served_where_they_go() -> None:
    there = copy.deepcopy(BASE["ports"]["here"])
    del there["traffic"]["truck"], there["lanes"]["trucks"]
    found = problems(("ports/there", there), ("./divert", {"to": "there", "after": "5 min"}))
    assert [problem.found for problem in found] == [
        "'truck' diverts to a port that does not serve it",
        "'truck.fast' diverts to a port that does not serve it",
    ]


def test_a_pool_takes_the_place_of_booths() -> None:
    found = scenario(
        ("officers", {"team": {"officers": 4}}),
        ("./lanes/general", {"serves": ["car"], "pool": "team", "service": "50 s"}),
    )
    assert found.ports["here"].lanes["general"].pool == "team"
    assert found.officers["team"].open == WeekTable.constant(4)
