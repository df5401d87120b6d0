"""The report page says what the files say, in every corner case, and nothing in it comes unescaped from a scenario."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import shutil
import warnings
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from report_page_runs import HOSTILE, VARIANTS, port_run

from sim.cli import main
from sim.errors import RunFolderError
from sim.report import page
from sim.report.page import report, write_report
from sim.report.page_answers import MOST_TOLD
from sim.report.page_comparison import MOST_BARS
from sim.report.page_inputs import group_of
from sim.report.page_tables import Cell, interval, number
from sim.report.rundata import RunData

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


class Outline(HTMLParser):
    """Elements of a page, its visible text, and the charts' specifications by name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.charts: dict[str, dict] = {}
        self._in = ""
        self._chart = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = dict(attrs)
        self.tags.append((tag, own))
        self._in = tag if tag in ("script", "style") else ""
        if own.get("class") == "chart":
            self._chart = own["data-name"] or ""

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in == "script" and data.startswith("{"):
            self.charts[self._chart] = json.loads(data)
        elif not self._in:
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))


def rows(spec: dict) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(spec["data"]["values"])))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return port_run(tmp_path_factory.mktemp("port"))


@pytest.fixture(scope="module")
def html(folder: Path) -> str:
    return report(folder)


@pytest.fixture(scope="module")
def outline(html: str) -> Outline:
    return Outline(html)


def test_the_same_run_gives_the_same_bytes(folder: Path, html: str) -> None:
    assert report(folder) == html
    assert write_report(folder).read_text(encoding="utf-8") == html


def test_it_says_the_numbers_of_the_files(folder: Path, outline: Outline) -> None:
    summary = pd.read_csv(folder / "summary.csv")
    whole = summary.query("variant == 'baseline' and station == 'all' and `class` == 'all'").set_index("measure")
    assert f"they wait {whole.loc['wait_mean', 'mean']:.1f} (" in outline.text
    assert f"1 in 20 longer than {whole.loc['wait_p95', 'mean']:.1f} (" in outline.text
    assert f"{whole.loc['arrivals', 'mean']:,.0f} parties come in the 3 h measured" in outline.text


@pytest.mark.parametrize("klass", ["all", "car", "car.nexus"])
@pytest.mark.parametrize(("short", "measure"), [("wait", "wait_mean"), ("queue", "queue_mean")])
def test_the_day_draws_the_series(folder: Path, outline: Outline, klass: str, short: str, measure: str) -> None:
    drawn = [row for row in rows(outline.charts["day-here"]) if row["class"] == klass]
    series = pd.read_csv(folder / "series.csv")
    wanted = (series["station"] == "all") & (series["class"] == klass) & (series["measure"] == measure)
    for variant in ("baseline", "nexus-40", "third-booth"):
        own = series[wanted & (series["variant"] == variant)].set_index("bin_start")
        points = {float(row["minute"]) - 7.5: row for row in drawn if row["variant"] == variant}
        assert set(points) == set(own.index)
        for at, row in own.iterrows():
            for column, end in (("mean", ""), ("ci_low", "_low"), ("ci_high", "_high"), ("day_p90", "_p90")):
                text = points[at][f"{short}{end}"]
                value = float(text) if text else math.nan
                assert value == pytest.approx(row[column], rel=1e-4, nan_ok=True)


def test_how_long_parties_wait_draws_the_distribution(folder: Path, outline: Outline) -> None:
    table = pd.read_csv(folder / "wait_distribution.csv").set_index(["variant", "class", "wait_min"])
    drawn = rows(outline.charts["waits-longer-here"])
    assert {row["class"] for row in drawn} == {"car", "car.nexus"}
    for row in drawn:
        at = table.loc[(row["variant"], row["class"], float(row["minutes"]))]
        assert float(row["share"]) == pytest.approx(at["survival_mean"], rel=1e-4, abs=1e-9)


def test_the_comparison_draws_and_lists_every_difference(folder: Path, outline: Outline) -> None:
    table = pd.read_csv(folder / "comparison.csv")
    table = table[(table["station"] == "all") & (table["measure"] == "wait_mean")]
    drawn = {
        (row["variant"], row["where"]): row
        for row in rows(outline.charts["comparison-chart"])
        if row["measure"] == "mean wait, min"
    }
    names = {"all": "all parties", "car": "general cars", "car.nexus": "NEXUS cars"}
    assert len(drawn) == len(table) == 6
    for _, row in table.iterrows():
        own = drawn[row["variant"], names[row["class"]]]
        for column, field in (("difference", "change"), ("ci_low", "low"), ("ci_high", "high")):
            assert float(own[field]) == pytest.approx(row[column], rel=1e-4, abs=1e-9)
        assert float(own["low_all"]) <= float(own["low"]) <= float(own["high"]) <= float(own["high_all"])


def test_every_open_booth_is_drawn(folder: Path, outline: Outline) -> None:
    drawn = list(csv.DictReader(io.StringIO(outline.charts["day-here"]["vconcat"][2]["data"]["values"])))
    opened = {(row["variant"], row["station"], row["open"]) for row in drawn}
    assert ("baseline", "general", "2") in opened
    assert ("third-booth", "general", "3") in opened


def test_provenance_assumptions_and_checklist_are_there(folder: Path, outline: Outline) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    for sha in manifest["files"].values():
        assert sha in outline.text
    assert "master seed" in outline.text
    assert "port.yaml:17:" in outline.text
    assert str(folder.parents[2]) not in outline.text
    assert "4.3 Estimation approach" in outline.text
    assert "arrivals here: general, here: nexus" in outline.text
    assert "flowchart" not in outline.text
    assert "6 independent replications" in outline.text
    assert "ports.here.traffic.car.nexus to 40 %" in outline.text


def test_a_run_without_origins_says_so(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    (copy / "origins.json").unlink()
    assert "passed on without origins.json" in Outline(report(copy)).text


def test_a_changed_run_is_refused(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    (copy / "summary.csv").write_text("")
    (copy / "report.html").unlink(missing_ok=True)
    with pytest.raises(RunFolderError, match="changed since the run"):
        write_report(copy)
    assert not (copy / "report.html").exists()


def test_damaged_origins_are_told(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    (copy / "origins.json").write_text("[]")
    with pytest.raises(RunFolderError, match="origins of the baseline"):
        report(copy)


def test_the_command(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    assert main(["report", str(copy)]) == 0
    assert capsys.readouterr().out.startswith(f"{copy / 'report.html'}: open it in a browser")
    assert main(["report", str(copy), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said == {"run": str(copy), "report": str(copy / "report.html"), "bytes": said["bytes"]}
    assert said["bytes"] == (copy / "report.html").stat().st_size
    assert main(["report", str(copy), "--seed", "3"]) == 2
    assert main(["report", str(tmp_path)]) == 2


# ---- what a scenario says stays text --------------------------------------------------------------------

TRICKS = (
    f"</title><script>document.title='broken'</script> {HOSTILE} ![x](https://example.org/x.png) {{{{ 7*7 }}}} <!--"
)


@pytest.fixture(scope="module")
def tricky(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("tricky")
    return port_run(where, name=TRICKS, description=TRICKS, replications=3, horizon="1 h", file="<u>port.yaml")


def hostile_names(monkeypatch: pytest.MonkeyPatch, folder: Path) -> str:
    """A page whose variants and facility have names that the schema would refuse."""
    run, compared = RunData.open(folder), page.compare_runs([folder])
    swap = {"nexus-40": HOSTILE, "here": f"{HOSTILE}</script>"}
    tables = {name: getattr(run, name).replace(swap) for name in ("summary", "series", "wait_distribution")}
    changed = tuple(
        replace(row, variant=swap.get(row.variant, row.variant), key=row.key._replace(facility=swap["here"]))
        for row in compared.rows
    )
    monkeypatch.setattr(page.RunData, "open", lambda folder: replace(run, **tables))
    monkeypatch.setattr(page, "compare_runs", lambda folders: replace(compared, rows=changed, best=()))
    return report(folder)


@pytest.mark.parametrize("names", [False, True])
def test_tags_of_a_scenario_stay_text(tricky: Path, monkeypatch: pytest.MonkeyPatch, names: bool) -> None:
    html = hostile_names(monkeypatch, tricky) if names else report(tricky)
    outline = Outline(html)
    tags = [tag for tag, _ in outline.tags]
    assert {"img", "u", "iframe", "object"}.isdisjoint(tags)
    executable = [own for tag, own in outline.tags if tag == "script" and own.get("type") != "application/json"]
    assert executable == [{}, {}]
    assert not [name for _, own in outline.tags for name in own if name.startswith("on")]
    assert TRICKS in outline.text
    assert "{{ 7*7 }}" in outline.text
    assert "<u>port.yaml" in outline.text
    assert (HOSTILE in str(outline.charts)) == names
    assert tags.count("h1") == 1


def test_nothing_is_fetched(outline: Outline, html: str) -> None:
    for tag, own in outline.tags:
        assert "src" not in own
        assert tag not in ("iframe", "object", "embed", "base")
        if "href" in own:
            assert own["href"] == "data:," or (own["href"] or "").startswith("#")
    policy = next(own["content"] for tag, own in outline.tags if own.get("http-equiv") == "Content-Security-Policy")
    assert (policy or "").startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in (policy or "")
    assert "@import" not in html
    assert "url(" not in html.split("<style>")[1].split("</style>")[0]


# ---- corner cases ---------------------------------------------------------------------------------------


def page_of(tmp_path: Path, **how: object) -> Outline:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Outline(report(port_run(tmp_path, **how)))  # type: ignore[arg-type]


def test_one_replication(tmp_path: Path) -> None:
    outline = page_of(tmp_path, replications=1)
    assert "One replication: it says nothing about other days, nor how sure the means are." in outline.text
    assert "one replication: no interval" in outline.text
    assert "nan" not in outline.text.lower().split()
    assert all(row["wait_low"] == "" for row in rows(outline.charts["day-here"]))


def test_nobody_comes(tmp_path: Path) -> None:
    outline = page_of(tmp_path, rate="0 /h", replications=2)
    assert "Nobody arrived, so there is no wait." in outline.text
    assert "Nobody waited, or the run kept no distribution of waits." in outline.text
    assert "waits-longer-here" not in outline.charts


def test_one_class_and_no_variants(tmp_path: Path) -> None:
    outline = page_of(tmp_path, nexus="0 %", variants="", replications=2)
    assert "No variants were run" in outline.text
    assert "comparison-chart" not in outline.charts
    legends = [layer["encoding"]["color"]["legend"] for layer in outline.charts["busy-here"]["layer"][:1]]
    assert legends == [None]
    binds = [one["name"] for one in outline.charts["waits-longer-here"]["params"] if "bind" in one]
    assert binds == []


def test_more_variants_than_a_chart_shows(tmp_path: Path) -> None:
    count = MOST_BARS + 2
    many = "".join(f"  v-{n}: {{ports.here.traffic.car.nexus: {n + 21} %}}\n" for n in range(count))
    outline = page_of(tmp_path, variants=f"variants:\n{many}", horizon="15 min", replications=2)
    assert f"{count - MOST_TOLD} more variants" in outline.text
    assert f"Drawn are the {MOST_BARS} variants that differ most; the table has all." in outline.text
    drawn = rows(outline.charts["comparison-chart"])
    for measure in {row["measure"] for row in drawn}:
        assert sum(row["measure"] == measure and row["where"] == "all parties" for row in drawn) <= MOST_BARS
    assert f"Change against the baseline: {count * 9} rows" in outline.text


def test_a_long_run_is_drawn_by_wider_stretches(tmp_path: Path) -> None:
    outline = page_of(tmp_path, horizon="8 d", rate="2 /h", replications=2, variants="")
    drawn = rows(outline.charts["day-here"])
    assert len({row["minute"] for row in drawn}) <= 720
    assert "Mean of 2 replications, by 30 min;" in outline.text
    heat = rows(outline.charts["heat-here"])
    assert len(heat) == 7 * 24
    assert {row["weekday"] for row in heat} >= {"Saturday", "Sunday"}
    assert drawn[12]["clock"] == "Sat 06 Jul 2024 12:00"


def test_sweeps_and_the_frontier_are_drawn(tmp_path: Path) -> None:
    more = "sweeps:\n  booths: {vary: {ports.here.lanes.general.booths: [2, 3, 4]}}"
    folder = port_run(tmp_path, more=more, variants="", horizon="1 h", replications=3)
    outline = Outline(report(folder))
    summary = pd.read_csv(folder / "summary.csv")
    whole = summary[(summary["station"] == "all") & (summary["class"] == "all")].set_index(["variant", "measure"])
    points = [row for row in rows(outline.charts["sweep-booths-here"]) if row["measure"] == "mean wait, min"]
    assert [row["along"] for row in points] == ["2", "3", "4"]
    for row in points:
        assert float(row["mean"]) == pytest.approx(whole.loc[(row["variant"], "wait_mean"), "mean"], rel=1e-4)
    front = rows(outline.charts["frontier-here"])
    assert {row["variant"] for row in front} == set(summary["variant"])
    assert "yes" in {row["frontier"] for row in front}


# ---- small parts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "group"),
    [
        ("registry (assumed 45 s to 60 s)", "assumed"),
        ("registry us-3004-blaine: BTS 2024", "published"),
        ("port.yaml:3:4", "stated"),
        ("assumed.yaml:3:4", "stated"),
        ("command line", "stated"),
        ("drawn", "stated"),
        ("default", "default"),
    ],
)
def test_origins_are_grouped(origin: str, group: str) -> None:
    assert group_of(origin) == group


def test_cells_read_in_per_cent_and_export_as_the_files_have_them() -> None:
    assert number(0.1234, 1, "share") == Cell("12.3", "12.34", ("0.1234",))
    assert interval(-1.5, 0.25, "share", sign=True) == Cell("-100.0 to +25.0", "-37.5", ("-1.5", "0.25"))
    assert number(math.nan) == Cell("-", "", ("",))
    assert VARIANTS.startswith("variants:")
