"""CSV tables named by a scenario."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.scenario.problems import ProblemError
from sim.scenario.tables import TableReader


def reader(folder: Path, text: str | bytes, name: str = "t.csv") -> TableReader:
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return TableReader(folder)


def test_trace(tmp_path: Path) -> None:
    text = (
        "time,class,size,service,referral,secondary,patience\n"
        "# a comment\n"
        "0,car.nexus,2,45.5,no,,\n"
        "00:01:30,car,,,yes,600,\n"
        "\n"
        '"95",car, 3 ,30,search,,900\n'
        "26:00,truck,1,,,,\n"
    )
    table = reader(tmp_path, text).trace("t.csv")
    assert len(table) == 4
    assert table.classes == ("car", "car.nexus", "truck")
    assert table.klass.tolist() == [1, 0, 0, 2]
    assert table.time.tolist() == [0.0, 90.0, 95.0, 93600.0]
    assert table.size.tolist() == [2, 1, 3, 1]
    assert table.kinds == ("yes", "search")
    assert table.referral.tolist() == [0, 1, 2, -1]
    np.testing.assert_array_equal(table.service, [45.5, np.nan, 30.0, np.nan])
    np.testing.assert_array_equal(table.secondary, [np.nan, 600.0, np.nan, np.nan])
    np.testing.assert_array_equal(table.patience, [np.nan, np.nan, 900.0, np.nan])


def test_equal_tables_are_equal_also_with_empty_cells(tmp_path: Path) -> None:
    text = "time,class,service\n0,car,\n5,car,3\n"
    first, again = (reader(tmp_path, text).trace("t.csv") for _ in range(2))
    other = reader(tmp_path, text.replace("3", "4")).trace("t.csv")
    assert first == again
    assert first != other


def test_counts_last_row_lasts_as_long_as_the_one_before(tmp_path: Path) -> None:
    table = reader(tmp_path, "time,car.nexus,car\n00:00,5,100\n01:00,7.5,120\n01:30,0,80\n").counts("t.csv")
    assert table.classes == ("car", "car.nexus")
    assert table.edges.tolist() == [0.0, 3600.0, 5400.0, 7200.0]
    assert table.counts.tolist() == [[100.0, 5.0], [120.0, 7.5], [80.0, 0.0]]


def test_profile_by_hour_and_by_day(tmp_path: Path) -> None:
    table = reader(tmp_path, "hour,weight\n6,3\n18,1\n").profile("t.csv")
    assert table.days[2] == ((0.0, 1.0), (21600.0, 3.0), (64800.0, 1.0))
    assert table.days[7] is None
    table = reader(tmp_path, "day,time,weight\nmon-fri,00:00,3\nsat-sun,00:00,1\nholiday,00:00,2\n").profile("t.csv")
    assert [table.at(day, 0.0) for day in (0, 5, 7)] == [3.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("kind", "text", "places"),
    [
        ("trace", "time,class\n60,car\n30,cra\n", [(3, 1), (3, 4)]),
        ("trace", 'time,class,size\n"0","car",0\n', [(2, 11)]),
        ("trace", "time,class\n0,car,5\n", [(2, 1)]),
        ("trace", "time,classs\n0,car\n", [(1, 6)]),
        ("trace", "time,classs\nsoon,cra\n", [(1, 6), (2, 1), (2, 6)]),
        ("trace", "time,kind\nsoon,car\n", [(1, 6), (1, 1), (2, 1)]),
        ("trace", "time,time,class\n0,x,car,\nsoon,x,cra\n", [(1, 6), (2, 1), (3, 1), (3, 8)]),
        ("trace", "time,time,class\n", [(1, 6), (1, 1)]),
        ("counts", "tme,crs\nsoon,5\n", [(1, 1), (1, 5), (2, 1)]),
        ("counts", "time,lorries\nsoon,5\n", [(1, 6), (1, 1), (2, 1)]),
        ("trace", "time,class\n", [(1, 1)]),
        ("trace", "", [(1, 1)]),
        ("trace", "time,class,service\nsoon,car,-5\n", [(2, 1), (2, 10)]),
        ("trace", "time,class,service\n0,car,nan\n1,car,inf\n", [(2, 7), (3, 7)]),
        ("trace", b"time,class\n0,c\xffr\n", [(2, 4)]),
        ("trace", 'time,class\n0,"car\n', [(2, 1)]),
        ("counts", "time,car\n0,5\n", [(1, 1)]),
        ("counts", "time,car\n0,5\n0,5\n", [(3, 1)]),
        ("counts", "time\n0\n1\n", [(1, 1)]),
        ("profile", "hour,weight\n24,1\n3,-1\n", [(2, 1), (3, 3)]),
        ("profile", "weight\n1\n", [(1, 1)]),
        ("profile", "day,hour,weight\nmon-fri,0,1\n", [(1, 1)]),
        ("profile", "hour,weight\n3,1\n3,1\n", [(3, 1)]),
        ("empirical", "seconds,weight\n5,0\n", [(1, 1)]),
        ("empirical", "weight\n5\n", [(1, 1)]),
    ],
)
def test_faults_name_line_and_column(
    tmp_path: Path, kind: str, text: str | bytes, places: list[tuple[int, int]]
) -> None:
    tables = reader(tmp_path, text)
    with pytest.raises(ProblemError) as caught:
        getattr(tables, kind)("t.csv")
    found = [problem.place for problem in caught.value.problems]
    assert found == [(str(tmp_path / "t.csv"), *place) for place in places]


def test_a_thoroughly_broken_table_stops_early(tmp_path: Path) -> None:
    with pytest.raises(ProblemError) as caught:
        reader(tmp_path, "time,class\n" + "x,car\n" * 1000).trace("t.csv")
    assert len(caught.value.problems) == 20


@pytest.mark.parametrize("file", ["../t.csv", "/etc/passwd", "a/../../t.csv", "C:\\t.csv", "", "t\0.csv", 5, None, "."])
def test_paths_stay_in_the_folder(tmp_path: Path, file: object) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "t.csv").write_text("seconds\n5\n")
    with pytest.raises(ProblemError):
        TableReader(inner).empirical(file)


def test_symbolic_links_may_not_lead_out(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "t.csv").write_text("seconds\n5\n")
    (inner / "link.csv").symlink_to(tmp_path / "t.csv")
    (inner / "up").symlink_to(tmp_path)
    for file in ("link.csv", "up/t.csv"):
        with pytest.raises(ProblemError, match="leads out of the scenario's folder"):
            TableReader(inner).empirical(file)


def test_a_link_inside_the_folder_is_fine(tmp_path: Path) -> None:
    tables = reader(tmp_path, "seconds\n5\n")
    (tmp_path / "link.csv").symlink_to(tmp_path / "t.csv")
    assert tables.empirical("link.csv") == ((5.0,), (1.0,))
    assert tables.files == {"link.csv": (tmp_path / "t.csv").resolve()}


def test_a_missing_table_suggests_the_nearest(tmp_path: Path) -> None:
    tables = reader(tmp_path, "seconds\n5\n", "service.csv")
    with pytest.raises(ProblemError) as caught:
        tables.empirical("servce.csv")
    assert caught.value.problems[0].mend == "did you mean 'service.csv'?"
