"""Ports that name an entry of the registry: what is merged, what gives way, how it is told, and that it runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sim import registry
from sim.cli import main
from sim.errors import Fault, ScenarioError
from sim.scenario import Study, fingerprint, load, resolved_yaml, show
from sim.scenario.show import differences
from sim.scenario.yaml_nodes import read_bytes
from sim.study.offered import offered_load
from sim.study.preflight import warnings_of

HEAD = "format: 1\nname: one\nstart: 2024-07-06 00:00\nhorizon: 24 h\nseed: 7\nreplications: 12\n"
BLAINE = "ports: {blaine: {registry: us-3004-blaine}}\n"


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Study]:
    def reader(text: str, start: str = "2024-07-06 00:00") -> Study:
        path = tmp_path / "s.yaml"
        path.write_text(HEAD.replace("2024-07-06 00:00", start) + text, encoding="utf-8")
        return load(path)

    return reader


def faults(read: Any, text: str) -> tuple[Fault, ...]:
    with pytest.raises(ScenarioError) as caught:
        read(text)
    return caught.value.faults


def port(study: Study, variant: str = "baseline", name: str = "blaine") -> dict[str, Any]:
    found: dict[str, Any] = study.trees[variant]["ports"][name]
    return found


# ---- every entry ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", registry.ids())
def test_every_entry_is_a_scenario_of_one_line(id: str, read: Any) -> None:
    """No fault, no warning, and no group of servers with more work than it can do, in summer and in winter."""
    for start in ("2024-08-03 00:00", "2024-01-17 00:00"):
        study = read(f"ports: {{p: {{registry: {id}}}}}\n", start)
        assert warnings_of(study) == ()
        for group in offered_load(study.baseline):
            assert group.load < 1.0, (group.name, start)


@pytest.mark.parametrize(
    "id", ["us-3004-blaine", "us-0901-whirlpool-bridge", "ca-bc-pacific-highway", "us-3309-scobey"]
)
def test_the_resolved_form_does_not_need_the_registry(id: str, read: Any, tmp_path: Path) -> None:
    study = read(f"ports: {{p: {{registry: {id}}}}}\n")
    text = resolved_yaml(study)
    assert "registry" not in text
    resolved = tmp_path / "resolved.yaml"
    resolved.write_text(text, encoding="utf-8")
    again = load(resolved)
    assert again == study
    assert fingerprint(again) == fingerprint(study)
    assert resolved_yaml(again) == text


# ---- what is written wins ---------------------------------------------------------------------------------


def test_keys_are_replaced_one_by_one(read: Any) -> None:
    alone = port(read(BLAINE))
    mine = port(read("ports: {blaine: {registry: us-3004-blaine, lanes: {general: {booths: 20, jockey: 2}}}}\n"))
    assert mine["lanes"]["general"]["booths"] == 20
    assert mine["lanes"]["general"]["jockey"] == 2
    for key in ("serves", "open", "queue", "service"):
        assert mine["lanes"]["general"][key] == alone["lanes"]["general"][key]
    assert list(mine["lanes"]) == list(alone["lanes"])
    assert {key: value for key, value in mine.items() if key != "lanes"} == {
        key: value for key, value in alone.items() if key != "lanes"
    }


def test_a_service_or_table_replaces_the_whole(read: Any) -> None:
    text = "{general: {service: {gamma: {mean: 40 s, cv: 0.5}}, open: {'00:00': 3, '08:00': 9}}}"
    lane = port(read(f"ports: {{blaine: {{registry: us-3004-blaine, lanes: {text}}}}}\n"))["lanes"]["general"]
    assert lane["open"] == {"00:00": 3, "08:00": 9}
    assert lane["service"]["gamma"] == {"mean": "40 s", "cv": 0.5}
    assert "erlang" not in lane["service"]
    assert lane["service"]["move_up"] == "0 s"


def test_fewer_booths_cap_the_calendar(read: Any) -> None:
    lane = port(read("ports: {blaine: {registry: us-3004-blaine, lanes: {general: {booths: 2}}}}\n"))["lanes"][
        "general"
    ]
    assert max(max(steps.values()) for steps in lane["open"].values()) == 2


def test_a_pool_takes_the_place_of_booths(read: Any) -> None:
    text = (
        "officers: {crew: {officers: 9}}\nports: {blaine: {registry: us-3004-blaine, lanes: {general: {pool: crew}}}}\n"
    )
    lane = read(text).baseline.ports["blaine"].lanes["general"]
    assert (lane.pool, lane.booths, lane.queue) == ("crew", 0, "shared")


def test_null_takes_away(read: Any) -> None:
    study = read(
        "ports: {blaine: {registry: us-3004-blaine, secondary: null, day_to_day: null, "
        "traffic: {bus: null, car: {nexus: null}}, lanes: {truck: {open: null}}}}\n"
    )
    blaine = study.baseline.ports["blaine"]
    assert blaine.secondary == {}
    assert blaine.day_to_day is None
    assert list(blaine.traffic) == ["car", "truck", "pedestrian"]
    assert blaine.traffic["car"].programmes == ("ready",)
    assert list(blaine.lanes) == ["general", "ready", "truck", "pedestrian"]  # bus and NEXUS have nobody to serve
    assert set(blaine.lanes["truck"].open.values()) == {3.0}


def test_null_for_what_the_registry_has_not_is_a_fault(read: Any) -> None:
    (fault,) = faults(read, "ports: {blaine: {registry: us-3004-blaine, lanes: {nexuss: null}}}\n")
    assert fault.path == "ports.blaine.lanes.nexuss"


def test_a_number_of_ones_own_is_for_the_mean_day_as_the_registrys_is(read: Any) -> None:
    """Key by key: the factors of season, weekday and holidays stay, so that more a day is more on every date."""
    theirs = read(BLAINE).baseline.ports["blaine"].traffic["car"]
    found = read("ports: {blaine: {registry: us-3004-blaine, traffic: {car: {per_day: 9999}}}}\n").baseline
    mine = found.ports["blaine"].traffic["car"]
    assert mine == theirs.model_copy(update={"per_day": 9999.0})
    assert (mine.average, mine.season) == (True, registry.season("us-3004-car"))
    text = "ports: {blaine: {registry: us-3004-blaine, traffic: {car: {per_day: 9999, average: yes}}}}\n"
    assert read(text).baseline.ports["blaine"].traffic["car"] == mine


def test_a_number_with_average_no_is_for_its_date(read: Any) -> None:
    text = "ports: {blaine: {registry: us-3004-blaine, traffic: {car: {per_day: 5200, average: no}}}}\n"
    found = read(text).baseline.ports["blaine"].traffic["car"]
    assert (found.per_day, found.average, found.season, found.holiday) == (5200, False, None, 1.0)
    assert found.profile is not None


def test_a_variant_of_one_number_differs_in_that_number(read: Any) -> None:
    study = read(f"{BLAINE}variants: {{busy: {{ports.blaine.traffic.car.per_day: 9999}}}}\n")
    assert [one.path for one in differences(study, "busy")] == ["ports.blaine.traffic.car.per_day"]


def test_average_no_leaves_the_mean_day_as_it_is(read: Any) -> None:
    study = read("ports: {blaine: {registry: us-3004-blaine, traffic: {car: {average: no}}}}\n")
    found = study.baseline.ports["blaine"].traffic["car"]
    assert (found.average, found.season, found.holiday) == (False, None, 1.0)


def test_another_source_of_demand_takes_its_place(read: Any, tmp_path: Path) -> None:
    study = read("ports: {blaine: {registry: us-3004-blaine, traffic: {car: {rate: 300 /h}}}}\n")
    found = study.baseline.ports["blaine"].traffic["car"]
    assert (found.rate, found.per_day, found.profile) == (300 / 3600, None, None)
    assert found.nexus == 0.42
    (tmp_path / "cars.csv").write_text("time,class\n10,car\n20,car\n")
    study = read("ports: {blaine: {registry: us-3004-blaine, traffic: {car: {trace: cars.csv}}}}\n")
    blaine = study.baseline.ports["blaine"]
    assert blaine.traffic["car"].trace is not None
    assert "nexus" not in blaine.lanes  # no NEXUS car stands in the table
    assert "ready" not in blaine.lanes


def test_a_single_secondary_takes_the_place_of_both(read: Any) -> None:
    text = "{bays: 3, referral: {car: 5 %}, service: 10 min}"
    study = read(f"ports: {{blaine: {{registry: us-3004-blaine, secondary: {text}}}}}\n")
    assert list(study.baseline.ports["blaine"].secondary) == ["secondary"]


# ---- variants ---------------------------------------------------------------------------------------------


def test_a_variant_names_any_path_of_the_registry(read: Any, tmp_path: Path) -> None:
    study = read(
        BLAINE + "variants:\n"
        "  booths: {ports.blaine.lanes.general.booths: 20}\n"
        "  faster: {ports.blaine.lanes.general.service.erlang.mean: 45 s}\n"
        "  earlier: {'ports.blaine.lanes.nexus.open.sat-sun.20:00': 2}\n"
        "  group: {ports.blaine.lanes.general: {booths: 21}}\n"
        "  fewer: {ports.blaine.traffic.bus: null, ports.blaine.traffic.car.nexus: null}\n"
        "  steady: {ports.blaine.traffic.car.rate: 200 /h}\n"
        "  more-nexus: {extends: booths, ports.blaine.traffic.car.nexus: 60 %}\n"
        "  elsewhere: {ports.blaine.registry: us-3009-sumas}\n"
        "  two: {ports.sumas: {registry: us-3009-sumas}}\n"
        "  nothing: {ports.blaine.lanes.nexus.booths: 2}\n"
    )
    base = port(study)
    assert port(study, "booths")["lanes"]["general"]["booths"] == 20
    service = port(study, "faster")["lanes"]["general"]["service"]
    assert (service["erlang"], service["move_up"]) == ({"mean": "45 s", "shape": 3}, "7 s")
    calendar = {**base["lanes"]["nexus"]["open"]}
    calendar["sat-sun"] = {**calendar["sat-sun"], "20:00": 2}
    assert port(study, "earlier")["lanes"]["nexus"]["open"] == calendar != base["lanes"]["nexus"]["open"]
    assert port(study, "group")["lanes"]["general"] == {**base["lanes"]["general"], "booths": 21}
    assert list(port(study, "fewer")["lanes"]) == ["general", "ready", "truck", "pedestrian"]
    assert "per_day" not in port(study, "steady")["traffic"]["car"]
    both = port(study, "more-nexus")
    assert (both["traffic"]["car"]["nexus"], both["lanes"]["general"]["booths"]) == ("60 %", 20)
    assert port(study, "elsewhere")["description"].startswith("Sumas")
    assert list(study.variants["two"].ports) == ["blaine", "sumas"]
    assert port(study, "nothing") == base
    # The resolved form says each variant in full: reading it gives the same, whatever becomes of the registry.
    resolved = tmp_path / "resolved.yaml"
    resolved.write_text(resolved_yaml(study), encoding="utf-8")
    again = load(resolved)
    assert again == study
    assert resolved_yaml(again) == resolved_yaml(study)
    assert list(again.variants) == list(study.variants)


def test_a_path_the_registry_has_not_is_refused(read: Any) -> None:
    (fault,) = faults(read, f"{BLAINE}variants: {{v: {{ports.blaine.lanes.genral.booths: 3}}}}\n")
    assert fault.mend == "did you mean 'ports.blaine.lanes.general.booths'?"


# ---- faults and origins -------------------------------------------------------------------------------------


def test_an_unknown_entry_is_the_one_fault(read: Any) -> None:
    (fault,) = faults(read, "ports:\n  blaine:\n    registry: us-3004-blain\n")
    assert (fault.line, fault.column, fault.path) == (9, 15, "ports.blaine.registry")
    assert fault.found == "no registry entry 'us-3004-blain'"
    assert fault.mend == "did you mean 'us-3004-blaine'?"


@pytest.mark.parametrize(
    ("wrong", "mend"),
    [
        ("us-0712-lacolle", "did you mean 'us-0712-champlain'?"),  # the code says which, not the letters
        ("lacolle", "did you mean 'ca-qc-st-bernard-de-lacolle', the one entry that `bordersim ports lacolle` finds?"),
        ("ca-qc-lacolle", "did you mean 'ca-qc-st-bernard-de-lacolle'?"),
        ("ambassador", "`bordersim ports ambassador` lists 2 that it may be"),
        ("xyz", "`bordersim ports` lists them"),
    ],
)
def test_a_wrong_id_is_answered_by_code_then_by_name(wrong: str, mend: str, read: Any) -> None:
    (fault,) = faults(read, f"ports: {{blaine: {{registry: {wrong}}}}}\n")
    assert fault.mend == mend


@pytest.mark.parametrize("line", ["registery: us-3004-blaine", "registry: us-3004-nowhere"])
def test_what_follows_from_an_entry_that_is_not_known_is_held_back(line: str, read: Any) -> None:
    text = (
        f"ports: {{blaine: {{{line}}}}}\n"
        "events: [{name: e, from: 2024-07-06 07:00, booths: {general: 2}}]\n"
        "variants:\n"
        "  one: {ports.blaine.lanes.general.booths: 3}\n"
        "  two: {extends: one, ports.blaine.traffic.car.per_day: 3}\n"
        "  three: {prots.blaine: 3}\n"
    )
    first, second = faults(read, text)
    assert first.path.startswith("ports.blaine.regist")
    assert second.path == "variants.three.prots.blaine"  # no consequence of the first


@pytest.mark.parametrize("value", ["7", "[us-3004-blaine]", "{id: us-3004-blaine}", "true"])
def test_an_entry_that_is_no_text(value: str, read: Any) -> None:
    (fault,) = faults(read, f"ports:\n  blaine:\n    registry: {value}\n")
    assert fault.path == "ports.blaine.registry"


def test_a_fault_in_a_merged_value_points_at_the_line_that_asked_for_it(read: Any) -> None:
    found = faults(
        read, "ports:\n  blaine:\n    registry: us-3004-blaine\n    traffic: {pedestrian: {nexus: 100 %, ready: 5 %}}\n"
    )
    assert [(fault.line, fault.path) for fault in found] == [(10, "ports.blaine.traffic.pedestrian.nexus")]
    text = "ports:\n  blaine:\n    registry: us-3004-blaine\n    lanes: {nexus: null, general: {serves: [car.ready]}}\n"
    (fault,) = [fault for fault in faults(read, text) if "car.nexus" in fault.found]
    assert fault.path == "ports.blaine.lanes"
    text = "ports:\n  blaine:\n    registry: us-3004-blaine\n    approach: {storage: 2 cars}\n"
    (fault,) = faults(read, text)
    assert fault.line == 10
    text = "ports:\n  blaine:\n    registry: us-3004-blaine\n    lengths: {truck: 40 cars}\n"
    (fault,) = faults(read, text)
    assert (fault.line, fault.column, fault.path) == (9, 15, "ports.blaine.secondary.trucks.storage")


def test_show_tells_what_came_from_the_registry(read: Any) -> None:
    study = read("ports: {blaine: {registry: us-3004-blaine, traffic: {truck: {profile: truck-weekday}}}}\n")
    origins = study.origins["baseline"]
    assert origins["ports.blaine.traffic.car.per_day"] == "registry us-3004-blaine: BTS 2024"
    assert origins["ports.blaine.lanes.general.service.erlang.mean"] == "registry (assumed 45 s to 60 s)"
    assert origins["ports.blaine.traffic.truck.fast"].startswith("registry (assumed")
    assert origins["ports.blaine.lanes.general.service.move_up"] == "registry (assumed 5 s to 10 s)"
    assert origins["ports.blaine.lanes.general.on_close"] == "default"
    assert origins["ports.blaine.traffic.car.profile.mon-fri.00:00"].startswith("registry (assumed")
    assert origins["ports.blaine.traffic.truck.profile.00:00"].endswith("s.yaml:7:71, registry profile truck-weekday")
    text = show(study)
    assert read_bytes(text.encode(), "shown").plain == study.trees["baseline"]
    assert "per_day: 8862.8" in text


def test_the_baseline_without_registry_is_untouched(read: Any) -> None:
    text = own("per_day: 9") + "variants: {v: {ports.a.lanes.g.booths: 2}}\n"
    study = read(text)
    assert study.tree["variants"] == {"v": {"ports.a.lanes.g.booths": 2}}
    assert not any("registry" in origin for origin in study.origins["baseline"].values())


# ---- profiles by name -----------------------------------------------------------------------------------------


def own(traffic: str) -> str:
    return (
        "ports: {a: {direction: southbound, zone: UTC, traffic: {car: {" + traffic + "}},"
        " lanes: {g: {serves: [car], booths: 9, service: 9 s}}}}\n"
    )


def test_a_name_without_dot_or_slash_is_a_profile_of_the_registry(read: Any) -> None:
    table = read(own("per_day: 9, profile: pov-summer-saturday")).baseline.ports["a"].traffic["car"].profile
    assert table is not None
    assert table.at(0, 11 * 3600) == registry.profile("pov-summer-saturday").weekday[11]
    (fault,) = faults(read, own("per_day: 9, profile: pov-sumer-saturday"))
    assert fault.mend == "did you mean 'pov-summer-saturday'?"
    (fault,) = faults(read, own("per_day: 9, profile: pov.csv"))
    assert fault.found == "no file 'pov.csv'"


@pytest.mark.parametrize(
    ("traffic", "path", "found"),
    [
        ("per_day: 9, average: maybe", "average", "'maybe'"),
        ("per_day: 9, average: yes, season: cars", "season", "'cars' names no factors"),
        ("per_day: 9, average: yes, season: [1, 2]", "season", "2 numbers"),
        ("per_day: 9, average: yes, weekday: [1, 1, 1, 1, 1, 1, -1]", "weekday.6", "the number -1"),
        ("per_day: 9, average: yes, weekday: [0, 0, 0, 0, 0, 0, 0]", "weekday", "factors that are all 0"),
        ("per_day: 9, season: car", "season", "a season without average"),
        ("per_day: 9, holiday: 2", "holiday", "a holiday without average"),
        ("rate: 9 /h, average: yes", "average", "average with rate"),
    ],
)
def test_faults_of_the_mean_day(traffic: str, path: str, found: str, read: Any) -> None:
    fault = faults(read, own(traffic))[0]
    assert (fault.path, fault.found) == (f"ports.a.traffic.car.{path}", found)
    assert fault.line == 7
    assert fault.allowed


# ---- the command -----------------------------------------------------------------------------------------------


def test_ports_lists_searches_and_describes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ports", "niagara"]) == 0
    listed = capsys.readouterr().out
    assert "us-0901-rainbow-bridge" in listed
    assert "ca-on-rainbow-bridge" in listed
    assert f"of {len(registry.ids())} entries" in listed
    assert main(["ports", "us-3004-pacific-highway"]) == 0
    told = capsys.readouterr().out
    for words in (
        "inspected by CBP",
        "{registry: us-3004-pacific-highway}",
        "2024: 3,243,799 cars",
        "# assumed",
        "CC BY 4.0",
    ):
        assert words in told


def test_ports_near_a_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ports", "--near", "49,-122", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["id"] for each in found][:2] == ["us-3009-sumas", "ca-bc-abbotsford-huntingdon"]
    assert found[0]["km"] < found[1]["km"]
    assert main(["ports", "cbsa", "--near", "49,-122", "--json"]) == 0
    assert all(each["agency"] == "CBSA" for each in json.loads(capsys.readouterr().out))


def test_ports_as_json_holds_the_port(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ports", "us-3408-hannah", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["port"]["traffic"]["car"]["per_day"] == 1.18
    assert found["origins"]["traffic.car.per_day"]["text"] == "BTS 2024"
    assert sum(found["monthly_counts"]["cars"]["2024"]) == 432


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ports", "niagra"], "did you mean 'niagara'?"),
        (["ports", "--near", "49"], "--near takes latitude,longitude"),
        (["ports", "--near", "99,-122"], "--near takes latitude,longitude"),
    ],
)
def test_ports_refuses(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert words in capsys.readouterr().err


def test_the_list_fits_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert main(["ports", "--near", "44,-80"]) == 0
    assert main(["ports"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 100
    assert all(id in out for id in registry.ids())


def test_the_list_shows_the_name_that_was_searched_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ports", "Saint-Bernard-de-Lacolle"]) == 0
    listed = capsys.readouterr().out
    assert "St-Bernard-de-Lacolle, QC" in listed
    assert "1 of" in listed


def test_words_that_no_entry_holds_together_find_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ports", "Lacolle", "Quebec"]) == 0
    said = capsys.readouterr()
    assert "no entry holds all of 'Lacolle Quebec'" in said.err
    assert "ca-qc-st-bernard-de-lacolle" in said.out
