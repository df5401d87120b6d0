"""The registry: entries, search, tables of time, what a port is filled with."""

from __future__ import annotations

import calendar
import math
from datetime import date

import pytest

from sim import registry
from sim.errors import UsageError
from sim.registry.entries import Hours
from sim.registry.files import Origin, plain_number, rows
from sim.registry.searching import distance
from sim.registry.staffing import booths_for, enough, longest_wait, open_table, opened
from sim.registry.tables import holiday_factor, season_year

IDS = registry.ids()


def test_kinds_and_ids() -> None:
    kinds = [each.kind for each in registry.entries()]
    assert (kinds.count("port"), kinds.count("office")) == (86, 26)
    assert len(set(IDS)) == len(IDS) == 86 + 26 + kinds.count("crossing")
    listed = {row["id"] for row in rows("crossings.csv")}
    assert len(listed) == 29
    assert listed <= set(IDS)
    assert all(each.id == id for id, each in zip(IDS, registry.entries(), strict=True))


def test_an_entry_has_position_zone_direction_and_traffic() -> None:
    from zoneinfo import ZoneInfo

    for each in registry.entries():
        assert 41 < each.latitude < 63
        assert -142 < each.longitude < -66
        ZoneInfo(each.zone)
        assert each.direction == ("northbound" if each.agency == "CBSA" else "southbound")
        assert each.volumes
        assert all(volume.per_day > 0 for volume in each.volumes.values())
        assert all(v.low <= v.per_day <= v.high for v in each.volumes.values() if v.low and v.high), each.id
        assert each.port in IDS
        assert not each.facing or registry.entry(each.facing).agency == "CBP"


def test_an_unknown_id_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'us-3004-pacific-highway'"):
        registry.entry("us-3004-pacific-higway")
    with pytest.raises(UsageError, match="no registry entry 'xyz'"):
        registry.port_defaults("xyz")


def test_search_finds_every_word_anywhere() -> None:
    assert {each.id for each in registry.search("Blaine")} == {
        "us-3004-blaine",
        "us-3004-pacific-highway",
        "us-3004-peace-arch",
        "ca-bc-pacific-highway",
        "ca-bc-douglas-peace-arch",
    }
    assert [each.id for each in registry.search("peace CBSA bc")] == ["ca-bc-douglas-peace-arch"]
    assert registry.search("no such place") == ()
    assert registry.search("") == registry.entries()
    assert registry.nearest_word("niagra") == "niagara"


def test_near_is_in_order_of_great_circle_distance() -> None:
    found = registry.near(49.0, -122.0, limit=4)
    assert found[0][1].id == "us-3009-sumas"
    assert [km for km, _ in found] == sorted(km for km, _ in found)
    assert len(found) == 4
    # A degree of latitude on a sphere of 6371 km; a quarter of the equator.
    assert distance(49, -122, 50, -122) == pytest.approx(6371 * math.pi / 180)
    assert distance(0, 0, 0, 90) == pytest.approx(6371 * math.pi / 2)


def test_hours_of_part_of_the_year() -> None:
    summer, rest = Hours("08:00", "21:00", "x", "06-01", "09-15"), Hours("09:00", "19:00", "x", "09-16", "05-31")
    for day, is_summer in {"06-01": True, "09-15": True, "09-16": False, "12-31": False, "05-31": False}.items():
        assert (summer.holds(day), rest.holds(day)) == (is_summer, not is_summer)
    july, january = (registry.port_defaults("us-3309-scobey", date(2024, month, 6)) for month in (7, 1))
    assert july.tree["hours"] == {"08:00": "open", "21:00": "closed"}
    assert january.tree["hours"] == {"09:00": "open", "19:00": "closed"}


def test_every_row_in_force_for_an_entry_has_hours_of_full_hours() -> None:
    for each in registry.entries():
        for hours in each.hours:
            assert hours.opens.endswith(":00")
            assert hours.closes.endswith(":00")
            assert hours.opens < hours.closes
    assert sum(bool(each.hours) for each in registry.entries()) >= 20


def test_profiles_are_shares_of_a_day() -> None:
    for profile in registry.profiles().values():
        for day in range(8):
            assert len(profile.hours(day)) == 24
            assert sum(profile.hours(day)) == pytest.approx(1.0, abs=2e-4)  # five decimals each
    assert registry.profile("pov").hours(2) == registry.profile("pov-weekday").weekday
    assert (
        registry.profile("pov").hours(6) == registry.profile("pov").hours(7) == registry.profile("pov-weekend").weekday
    )
    with pytest.raises(KeyError):
        registry.profile("no such profile")


def test_the_summer_saturday_is_that_of_the_shipped_scenario() -> None:
    from pathlib import Path

    lines = (Path(__file__).parents[2] / "scenarios" / "pacific-highway" / "cars.csv").read_text().splitlines()[1:]
    assert registry.profile("pov-summer-saturday").weekday == tuple(float(line.split(",")[1]) for line in lines)


def test_a_profile_within_hours_keeps_its_shape_and_leaves_nobody_outside() -> None:
    whole = registry.profile("pov")
    cut = whole.within(8, 20)
    assert sum(cut.weekday) == pytest.approx(1.0, abs=1e-4)
    assert all(share == 0 for hour, share in enumerate(cut.weekday) if not 8 <= hour < 20)
    assert cut.weekday[10] / cut.weekday[17] == pytest.approx(whole.weekday[10] / whole.weekday[17], rel=1e-3)


def test_seasons_and_weekdays_leave_the_mean_day_what_it_is() -> None:
    for name in registry.seasons():
        factors, year = registry.season(name), int(season_year(name) or 2023)
        days = [calendar.monthrange(year, month)[1] for month in range(1, 13)]
        assert len(factors) == 12
        assert sum(f * d for f, d in zip(factors, days, strict=True)) / sum(days) == pytest.approx(1.0, abs=6e-4), name
    for name in registry.weekdays():
        assert len(registry.weekday(name)) == 7
        assert sum(registry.weekday(name)) / 7 == pytest.approx(1.0, abs=1e-3)


def test_one_factor_for_holidays_lies_between_the_single_ones() -> None:
    car = holiday_factor("car", "northbound")
    assert car is not None
    ours = [day for day in registry.holidays() if day.mode == "car" and day.country != "United States"]
    assert car.low == min(day.factor for day in ours)
    assert car.high == max(day.factor for day in ours)
    mean = sum(day.factor * day.samples for day in ours) / sum(day.samples for day in ours)
    assert car.factor == pytest.approx(mean, abs=0.005)
    assert holiday_factor("car", "southbound") is None


def test_assumptions_have_a_value_inside_their_range() -> None:
    for key, known in registry.assumptions().items():
        if ":" not in known.value:
            assert plain_number(known.low) <= known.number <= plain_number(known.high), key
        assert known.why
        assert not known.source or known.source in registry.sources()


def test_every_source_named_in_a_table_exists() -> None:
    tables = ("us_ports", "us_monthly", "crossings", "offices", "seasons", "weekdays", "holidays", "hours")
    columns = {"source", "cars_source", "lanes_source", "nexus_share_source", "fast_share_source", "nexus_hours_source"}
    for table in (*tables, "airport_facts", "irregular_monthly", "flow_seasons", "flow_events", "published_waits"):
        for row in rows(f"{table}.csv"):
            named = {row[column] for column in columns & row.keys()} - {""}
            assert named <= registry.sources().keys(), table


# ---- staffing -------------------------------------------------------------------------------------------


def flat(parties: float) -> dict[int, list[float]]:
    return {day: [parties] * 24 for day in range(7)}


def test_booths_for_a_flow() -> None:
    assert booths_for(flat(60.0), 60.0, load=0.8) == 2  # an hour of work an hour, at 0.8
    assert booths_for(flat(48.0), 60.0, load=0.8) == 1
    assert booths_for(flat(0.0), 60.0, load=0.8) == 1


def test_open_booths_take_flow_and_line() -> None:
    hours = [0.0] * 8 + [180.0] + [0.0] * 15
    booths, line = opened(hours, 60.0, load=1.0, built=2)
    assert booths[8:11] == [2, 1, 1]  # two of the three hours of work at once, the third in the next hour
    assert line[8:10] == [60.0, 0.0]
    assert longest_wait(hours, 60.0, 1.0, built=2) == 60 * 60.0 / 2
    assert enough(dict.fromkeys(range(7), hours), 60.0, 1.0, longest=0.0, built=2) == 3


def test_an_open_table_is_as_short_as_it_can_be() -> None:
    assert open_table(flat(10.0), 60.0, 0.85, built=4) == 1
    assert open_table(flat(10.0), 60.0, 0.85, built=4, span=(7, 23)) == {"00:00": 0, "07:00": 1, "23:00": 0}
    busy = {**flat(10.0), 5: [90.0] * 24}
    assert open_table(busy, 60.0, 0.85, built=4) == {"mon-thu": 1, "fri": 1, "sat-sun": 2}


# ---- a port -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", IDS)
def test_every_value_has_an_origin_and_every_assumption_a_reason(id: str) -> None:
    known = registry.port_defaults(id)

    def walk(value: object, path: tuple[str, ...]) -> None:
        if isinstance(value, dict) and path not in known.origins:
            for key, child in value.items():
                walk(child, (*path, key))
            return
        origin = known.origins[path]
        assert origin.text
        assert not origin.source or origin.source in registry.sources()
        assert (origin.low is None) == (origin.high is None)

    walk(known.tree, ())
    assert known.tree["direction"] == known.entry.direction
    assert set(known.tree["traffic"]) == set(known.entry.volumes)
    assert ("standard" in known.tree) == (known.entry.agency == "CBSA")


def test_a_port_states_what_is_published() -> None:
    known = registry.port_defaults("us-3004-blaine", date(2024, 7, 6))
    car = known.tree["traffic"]["car"]
    assert car["per_day"] == round(3_243_799 / 366, 1)
    assert car["season"] == "us-3004-car"
    assert str(known.origin(("traffic", "car", "per_day"))) == "BTS 2024"
    assert known.tree["lanes"]["truck"]["booths"] == 3  # Pacific Highway has 3 commercial lanes, Peace Arch none
    assert known.origin(("lanes", "truck", "booths")) == Origin("CBP 2022", source="cbp-lanes")
    assert known.origin(("lanes", "general", "service", "move_up")).assumed


def test_what_was_read_for_another_place_is_assumed_here() -> None:
    """Published is what a source says of this place and direction; the rest is assumed, its source kept beside it."""
    office, port = registry.port_defaults("ca-bc-pacific-highway"), registry.port_defaults("us-3408-hannah")
    mean = ("lanes", "general", "service", "erlang", "mean")
    for known in (office, port):
        assert known.origin(mean).assumed
        assert known.origin(mean).source == "cbp-2008"  # Blaine
        assert known.origin(("traffic", "car", "weekday")).assumed  # all land ports, into Canada
        assert known.origin(("traffic", "car", "holiday")).assumed
    assert office.origin(("traffic", "car", "season")).assumed  # of the other direction
    assert port.origin(("traffic", "car", "season")).assumed  # of all ports: too few cars of its own
    assert registry.port_defaults("ca-bc-aldergrove").origin(("hours",)).assumed  # of the other side
    fast = registry.port_defaults("us-3004-pacific-highway").origin(("traffic", "truck", "fast"))
    assert str(fast) == "BPRI 2009, range assumed 10 % to 40 %"
    arch = registry.port_defaults("us-3004-peace-arch").origin(("traffic", "car", "nexus"))
    assert arch.assumed  # counted northbound
    assert registry.port_defaults("ca-bc-douglas-peace-arch").origin(("traffic", "car", "nexus")).source == "cascade"


def test_lanes_of_a_crossing_add_up_to_what_is_published() -> None:
    for id in ("us-3004-pacific-highway", "us-0901-rainbow-bridge", "us-0712-champlain", "us-3802-bluewater-bridge"):
        lanes = registry.port_defaults(id).tree["lanes"]
        found = sum(lanes[name]["booths"] for name in ("general", "nexus", "ready") if name in lanes)
        assert found == registry.entry(id).lanes.passenger


def test_the_crossing_for_nexus_alone() -> None:
    tree = registry.port_defaults("us-0901-whirlpool-bridge").tree
    assert list(tree["lanes"]) == ["nexus"]
    assert tree["traffic"]["car"]["nexus"] == "100 %"
    assert tree["hours"] == {"07:00": "open", "23:00": "closed"}


def test_calendars_follow_the_months_simulated() -> None:
    def most(*days: date) -> int:
        table = registry.port_defaults("us-3004-peace-arch", *days).tree["lanes"]["general"]["open"]
        return max(max(steps.values()) if isinstance(steps, dict) else steps for steps in table.values())

    winter, summer = most(date(2024, 1, 6)), most(date(2024, 8, 3))
    assert winter < summer
    assert most(date(2024, 1, 6), date(2024, 8, 3)) == most(date(2023, 1, 1), date(2024, 12, 31)) == summer


def test_a_port_without_traffic_in_2024_says_which_year_it_shows() -> None:
    origins = {
        id: str(registry.port_defaults(id).origin(("traffic", "car", "per_day")))
        for id in ("us-3010-anacortes", "us-3014-friday-harbor", "us-3102-ketchikan")
    }
    assert origins == {
        "us-3010-anacortes": "BTS 2019",
        "us-3014-friday-harbor": "BTS 2019",
        "us-3102-ketchikan": "BTS 2022",
    }


def test_crossings_share_out_the_traffic_of_their_port() -> None:
    for port in ("us-3004-blaine", "us-0901-buffalo-niagara-falls", "us-3801-detroit", "us-0115-calais"):
        parts = [each for each in registry.entries() if each.kind == "crossing" and each.port == port]
        for mode, volume in registry.entry(port).volumes.items():
            found = sum(each.volumes[mode].per_day for each in parts if mode in each.volumes)
            assert found == pytest.approx(volume.per_day, rel=2e-3), (port, mode)


# ---- the rest -----------------------------------------------------------------------------------------------


def test_the_eight_airports() -> None:
    airports = registry.airports()
    assert [airport.iata for airport in airports] == ["YVR", "YYC", "YEG", "YWG", "YYZ", "YOW", "YUL", "YHZ"]
    assert all(airport.facts for airport in airports)
    assert all(fact.address.startswith("http") or "." in fact.address for a in airports for fact in a.facts)


def test_sectors_face_one_another() -> None:
    sectors = {sector.id: sector for sector in registry.sectors()}
    assert len(sectors) == 7
    quebec = next(s for s in sectors["quebec"].northbound if s.year == 2017)
    assert sum(month or 0 for month in quebec.months) == 18_836  # as published for the year
    assert {series.place for series in sectors["new-brunswick"].southbound} == {"houlton"}
    covered = {name for sector in sectors.values() for name in sector.us_sectors}
    assert covered == {"blaine", "spokane", "havre", "grand-forks", "detroit", "buffalo", "swanton", "houlton"}


def test_published_waits() -> None:
    trucks = {wait.statistic: wait.minutes for wait in registry.published_waits("us-0901-peace-bridge")}
    assert trucks == {"p50": 16.9, "p95": 52.3}
    arch = registry.published_waits("us-3004-peace-arch")
    assert {(wait.day, wait.hour) for wait in arch} == {
        (day, hour) for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun") for hour in range(24)
    }
    assert registry.published_waits("us-3408-hannah") == ()
