"""Warnings of what was written over the registry, and of tables that begin late: when they come, and what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.scenario import load
from sim.scenario.cautions import Caution
from sim.study.preflight import warnings_of

HEAD = "format: 1\nname: A day\nstart: 2024-08-10 00:00\nhorizon: {horizon}\nseed: 1\n"
LACOLLE = "ports:\n  lacolle:\n    registry: ca-qc-st-bernard-de-lacolle\n"
PORT = """ports:
  here:
    direction: northbound
    zone: America/Toronto
    traffic: {{car: {{rate: 20 /h}}}}
    lanes:
      general: {{serves: [car], booths: 4, open: {open}, service: 50 s}}
"""


def warned(folder: Path, text: str, name: str, horizon: str = "24 h") -> list[Caution]:
    file = folder / "s.yaml"
    file.write_text(HEAD.format(horizon=horizon) + text, encoding="utf-8")
    return [caution for caution in warnings_of(load(file)) if caution.name == name]


# ---- the mean day --------------------------------------------------------------------------------------------


def test_a_number_over_the_registrys_says_what_it_comes_to(tmp_path: Path) -> None:
    (found,) = warned(tmp_path, f"{LACOLLE}    traffic: {{car: {{per_day: 2000}}}}\n", "mean-day")
    assert (found.line, found.column) == (9, 30)
    assert "2,000 x 1.87 = 3,740 on 2024-08-10" in found.found  # August 1.543 x Saturday 1.212
    assert "average: no" in found.mend


def test_over_several_days_it_says_between_what(tmp_path: Path) -> None:
    text = f"{LACOLLE}    traffic: {{car: {{per_day: 2000}}}}\n"
    (found,) = warned(tmp_path, text, "mean-day", horizon="48 h")
    assert "2,000 x 1.87 to 1.88 = 3,740 to 3,756 from 2024-08-10 to 2024-08-11" in found.found


def test_a_holiday_has_its_factor(tmp_path: Path) -> None:
    text = f"holidays: [2024-08-10]\n{LACOLLE}    traffic: {{car: {{per_day: 2000}}}}\n"
    (found,) = warned(tmp_path, text, "mean-day")
    assert "2,000 x 2.94 = 5,872" in found.found  # x 1.57


@pytest.mark.parametrize("traffic", ["{per_day: 2000, average: yes}", "{per_day: 2000, average: no}", "{nexus: 20 %}"])
def test_what_was_stated_needs_no_word(tmp_path: Path, traffic: str) -> None:
    assert not warned(tmp_path, f"{LACOLLE}    traffic: {{car: {traffic}}}\n", "mean-day")


def test_one_word_is_enough_for_all_variants(tmp_path: Path) -> None:
    path = "ports.lacolle.traffic.car.per_day"
    text = f"{LACOLLE}variants:\n  few: {{{path}: 1477}}\n  many: {{{path}: 2941.5}}\n"
    (found,) = warned(tmp_path, text, "mean-day")
    assert found.variant == "few"


def test_a_policy_that_multiplies_means_what_stood_there(tmp_path: Path) -> None:
    (tmp_path / "fewer.yaml").write_text(
        "policy: 1\nname: f\nstory: f\nsource: assumed\nchanges: {ports.*.traffic.car.per_day: {times: 0.9}}\n",
        encoding="utf-8",
    )
    (tmp_path / "s.yaml").write_text(HEAD.format(horizon="24 h") + LACOLLE, encoding="utf-8")
    study = load(tmp_path / "s.yaml", policy=[str(tmp_path / "fewer.yaml")])
    assert not [caution for caution in warnings_of(study) if caution.name == "mean-day"]


# ---- tables that begin late ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ('{"12:00": 3, "20:00": 2}', "begins at 12:00: before that its last value, 2 (from 20:00), holds"),
        ('{"20:00": 2, "9:00": 3}', "begins at 9:00: before that its last value, 2 (from 20:00), holds"),
        ('{"12:00": 3}', "begins at 12:00: before that its last value, 3, holds"),
        ('{mon-fri: 2, sat-sun: {"12:00": 3, "20:00": 2}}', "begins at 12:00"),
    ],
)
def test_a_table_that_begins_late_says_what_holds_before(tmp_path: Path, table: str, says: str) -> None:
    (found,) = warned(tmp_path, PORT.format(open=table), "before-first-time")
    assert says in found.found
    assert found.path == "ports.here.lanes.general.open" + (".sat-sun" if "sat" in table else "")


@pytest.mark.parametrize("table", ['{"00:00": 1, "12:00": 3}', '{"07:00": 3, "22:00": 0}', "3", "{mon-sun: 2}"])
def test_a_table_that_can_be_read_one_way_is_left_alone(tmp_path: Path, table: str) -> None:
    assert not warned(tmp_path, PORT.format(open=table), "before-first-time")


def test_opening_hours_and_the_registrys_tables_are_left_alone(tmp_path: Path) -> None:
    text = (
        PORT.format(open=2) + '    hours: {"06:00": open, "23:00": closed}\n' + "  lynden: {registry: us-3023-lynden}\n"
    )
    assert not warned(tmp_path, text, "before-first-time")


# ---- programmes --------------------------------------------------------------------------------------------------


def lynden(more: str) -> str:
    return f"ports:\n  lynden:\n    registry: us-3023-lynden\n{more}"


def test_a_share_without_a_lane_queues_with_everybody(tmp_path: Path) -> None:
    text = lynden("    traffic: {car: {nexus: 25 %}}\n")
    (found,) = warned(tmp_path, text, "programme-without-lane")
    assert (found.line, found.column) == (9, 28)
    assert found.found == "no lane is for car.nexus alone: it queues with every car"


@pytest.mark.parametrize(
    "more",
    [
        "    traffic: {car: {ready: 25 %}}\n",  # has a Ready lane
        "    traffic: {car: {nexus: 25 %}}\n    lanes: {n: {serves: [car.nexus], booths: 1, service: 9 s}}\n",
        "    traffic: {car: {nexus: 25 %}}\n    lanes: {general: {service: {car.nexus: 9 s, '*': 50 s}}}\n",
    ],
)
def test_a_share_that_something_tells_apart_needs_no_word(tmp_path: Path, more: str) -> None:
    assert not warned(tmp_path, lynden(more), "programme-without-lane")


def test_a_port_without_registry_says_what_it_means(tmp_path: Path) -> None:
    text = PORT.format(open=2).replace("20 /h", "20 /h, nexus: 10 %")
    assert not warned(tmp_path, text, "programme-without-lane")
