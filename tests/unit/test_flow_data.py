"""The file that `fit-flow` reads: months that are missing are not zero, and every fault has its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import ScenarioError, UsageError
from sim.study.flow_data import FlowSeries, Month, chosen, month_of, read_flows

HEAD = "year,month,province,interceptions,completeness,source\n"


def written(folder: Path, *rows: str, head: str = HEAD) -> Path:
    path = folder / "flows.csv"
    path.write_text(head + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def test_months_count_across_years() -> None:
    assert Month(2022, 11).plus(3) == Month(2023, 2)
    assert Month(2022, 1).plus(-1) == Month(2021, 12)
    assert Month(2021, 11).until(Month(2022, 2)) == 3
    assert (Month(2024, 2).days, str(Month(2024, 2))) == (29, "2024-02")
    assert month_of("2022-07") == Month(2022, 7)


def test_series_are_in_order_of_time_and_keep_what_is_missing_missing(tmp_path: Path) -> None:
    rows = ("2022,3,Quebec,30,complete,x", "2022,1,Quebec,0,complete,x", "2022,1,Manitoba,4,from news,x")
    found = read_flows(written(tmp_path, *rows))
    assert found["Quebec"] == FlowSeries("Quebec", {Month(2022, 1): 0, Month(2022, 3): 30})
    assert list(found["Quebec"].counts) == [Month(2022, 1), Month(2022, 3)]
    assert list(found) == ["Quebec", "Manitoba"]
    assert list(read_flows(written(tmp_path, *rows), complete_only=True)) == ["Quebec"]


def test_the_last_two_columns_need_not_be_there(tmp_path: Path) -> None:
    path = written(tmp_path, "2022,1,Quebec,7", head="year,month,province,interceptions\n")
    assert read_flows(path, complete_only=True)["Quebec"].total == 7


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2022,13,Quebec,1,,", ":3:6: '13'; allowed: a month from 1 to 12"),
        ("22,1,Quebec,1,,", ":3:1: '22'; allowed: a year, such as 2022"),
        ("2022,2,Quebec,,,", ":3:15: an empty cell; allowed: a whole number of persons"),
        ("2022,2,Quebec,,,", "leave the row out: a missing month is not zero"),
        ("2022,2,Quebec,-4,,", ":3:15: '-4'"),
        ("2022,2,Quebec,4.5,,", ":3:15: '4.5'"),
        ("2022,2,,4,,", ":3:8: an empty cell; allowed: the name of a province"),
        ("2022,1,Quebec,4,,", ":3:15: a second figure for Quebec in 2022-01, the first is in line 2"),
        ("2022,2,Quebec", ":3:1: 3 cells"),
        ("2199,2,Quebec,4,,", "months from 2022-01 to 2199-02"),
    ],
)
def test_a_fault_has_its_place(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(ScenarioError) as trouble:
        read_flows(written(tmp_path, "2022,1,Quebec,5,,", row))
    assert said in str(trouble.value)


def test_faults_of_the_header_and_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="did you mean 'interceptions'"):
        read_flows(written(tmp_path, "2022,1,Quebec,5", head="year,month,province,intercepted\n"))
    with pytest.raises(ScenarioError, match="no column 'province'"):
        read_flows(written(tmp_path, "2022,1,5", head="year,month,interceptions\n"))
    with pytest.raises(UsageError, match="cannot read"):
        read_flows(tmp_path / "nowhere.csv")


def test_a_province_is_one_however_it_is_written(tmp_path: Path) -> None:
    rows = ("2022,1,Québec,5,,", "2022,2,quebec,6,,", "2022,3,QUEBEC,7,,", "2022,1,total,5,,", "2022,2,TOTAL,6,,")
    series = read_flows(written(tmp_path, *rows))
    assert {name: each.total for name, each in series.items()} == {"Québec": 18, "total": 11}
    assert [each.province for each in chosen(series, ())] == ["Québec"]
    assert [each.total for each in chosen(series, ("quebec", "Québec", "Total"))] == [18, 11]
    with pytest.raises(ScenarioError, match="a second figure for Québec in 2022-01, the first is in line 2"):
        read_flows(written(tmp_path, *rows, "2022,1,quebec,5,,"))


def test_provinces_are_chosen_by_name_and_the_total_only_when_named(tmp_path: Path) -> None:
    rows = ("2022,1,Quebec,5,,", "2022,1,Total,9,,", "2022,1,Manitoba,4,,")
    series = read_flows(written(tmp_path, *rows))
    assert [each.province for each in chosen(series, ())] == ["Quebec", "Manitoba"]
    assert [each.province for each in chosen(series, ("total", "quebec"))] == ["Total", "Quebec"]
    with pytest.raises(UsageError, match="did you mean 'Manitoba'"):
        list(chosen(series, ("Manitobah",)))
