"""The report page in a real headless Chromium: nothing fails, nothing is fetched, sorting, saving and hovering work.

Without Chromium on the machine these tests are left out, and the summary of the tests says so (tests/conftest.py).
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from report_page_runs import flow_run, hall_run, port_run, settled_run
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.ui import WebDriverWait
from test_report_page import HOSTILE, TRICKS, hostile_names

from sim.report.page import report, write_report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
NO_CHROMIUM = "no Chromium with its driver on this machine"
"""The summary of the tests looks for these words (tests/conftest.py)."""
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None or DRIVER is None, reason=NO_CHROMIUM),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]
AXE = Path(__file__).parent / "data" / "axe.min.js"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1280,1000",
)  # fmt: skip
PATIENCE = 60.0
"""Seconds: a machine that is busy with other tests draws slowly."""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the browser puts what is saved."""
    return tmp_path_factory.mktemp("saved")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory, saved: Path) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.add_experimental_option("prefs", {"download.default_directory": str(saved)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    started.set_script_timeout(PATIENCE)
    yield started
    started.quit()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(port_run(tmp_path_factory.mktemp("port")))


def opened(browser: webdriver.Chrome, file: Path) -> list[str]:
    """Open a page and wait until its charts stand; what was asked of the network meanwhile."""
    browser.get_log("performance")
    browser.get_log("browser")
    browser.get(file.as_uri())
    until(browser, lambda: browser.execute_script("return document.documentElement.dataset.drawn !== undefined"))
    return requests(browser)


def until(browser: webdriver.Chrome, holds: Any) -> Any:
    return WebDriverWait(browser, PATIENCE, 0.1).until(lambda _: holds())


def requests(browser: webdriver.Chrome) -> list[str]:
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]


def texts(browser: webdriver.Chrome, name: str, column: int) -> list[str]:
    script = "return [...document.querySelectorAll(arguments[0])].map(cell => cell.textContent)"
    found: list[str] = browser.execute_script(script, f"#table-{name} tbody td:nth-child({column})")
    return found


def button(browser: webdriver.Chrome, selector: str) -> WebElement:
    found = browser.find_element(By.CSS_SELECTOR, selector)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", found)
    return found


def test_it_opens_without_an_error_and_asks_nothing_of_the_network(browser: webdriver.Chrome, file: Path) -> None:
    asked = opened(browser, file)
    assert browser.get_log("browser") == []
    assert asked[0] == file.as_uri()
    assert [url for url in asked[1:] if not url.startswith(("data:", "blob:"))] == []
    charts = browser.find_elements(By.CSS_SELECTOR, "[role=img][aria-label] > [aria-hidden=true] svg")
    assert len(charts) == len(browser.find_elements(By.CSS_SELECTOR, ".chart")) == 6
    assert all(chart.size["height"] > 60 for chart in charts)


def test_a_table_sorts_by_mouse_and_by_keyboard(browser: webdriver.Chrome, file: Path) -> None:
    opened(browser, file)
    head = button(browser, "#table-waits-here th:nth-child(4) button")
    cell = "#table-waits-here th:nth-child(4)"
    before = [float(text) for text in texts(browser, "waits-here", 4)]
    head.click()
    until(browser, lambda: [float(t) for t in texts(browser, "waits-here", 4)] == sorted(before))
    assert browser.find_element(By.CSS_SELECTOR, cell).get_attribute("aria-sort") == "ascending"
    head.send_keys(Keys.ENTER)
    until(browser, lambda: [float(t) for t in texts(browser, "waits-here", 4)] == sorted(before, reverse=True))
    assert browser.find_element(By.CSS_SELECTOR, cell).get_attribute("aria-sort") == "descending"
    assert browser.switch_to.active_element == head
    assert browser.find_element(By.ID, "status").get_attribute("textContent") == "sorted by mean wait, min, descending"


def saved_rows(browser: webdriver.Chrome, saved: Path, name: str) -> list[dict[str, str]]:
    target = saved / name
    until(browser, lambda: target.exists() and target.stat().st_size > 0)
    with target.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_table_is_saved_as_numbers(browser: webdriver.Chrome, file: Path, saved: Path) -> None:
    opened(browser, file)
    button(browser, "#table-waits-here .save-table").click()
    rows = saved_rows(browser, saved, "waits-here.csv")
    with (file.parent / "summary.csv").open(encoding="utf-8") as stream:
        summary = {
            (row["variant"], row["class"]): row
            for row in csv.DictReader(stream)
            if row["station"] == "all" and row["measure"] == "wait_mean"
        }
    assert len(rows) == len(summary) == 9
    for row in rows:
        own = summary[row["variant"], row["class"]]
        assert float(row["mean wait, min"]) == float(own["mean"])
        assert float(row["interval of mean wait, min, low"]) == float(own["ci_low"])
        assert float(row["interval of mean wait, min, high"]) == float(own["ci_high"])


def test_the_numbers_of_a_chart_are_saved(browser: webdriver.Chrome, file: Path, saved: Path) -> None:
    opened(browser, file)
    button(browser, "#chart-day-here .save-chart").click()
    rows = saved_rows(browser, saved, "day-here.csv")
    assert {row["variant"] for row in rows} == {"baseline", "nexus-40", "third-booth"}


def test_values_show_under_the_pointer(browser: webdriver.Chrome, file: Path) -> None:
    opened(browser, file)
    for name, word, above in (("day-here", "8 days in 10", 150), ("waits-longer-here", "share of parties", 0)):
        chart = button(browser, f"#chart-{name} svg")
        pointer = ActionChains(browser).move_to_element_with_offset(chart, 5, 3 - above)
        pointer.move_to_element_with_offset(chart, 15, -above).perform()
        tip = "#vg-tooltip-element.visible"
        until(browser, lambda tip=tip: browser.find_elements(By.CSS_SELECTOR, tip))
        assert word in browser.find_element(By.CSS_SELECTOR, tip).text


def test_another_variant_can_be_chosen(browser: webdriver.Chrome, file: Path) -> None:
    opened(browser, file)
    choice = Select(button(browser, "#chart-day-here select"))
    assert choice.first_selected_option.text == "nexus-40"
    choice.select_by_visible_text("third-booth")
    chart = "#chart-day-here svg"
    until(browser, lambda: "third-booth" in browser.find_element(By.CSS_SELECTOR, chart).text)
    assert browser.get_log("browser") == []


@pytest.mark.parametrize("names", [False, True])
def test_tags_of_a_scenario_do_not_run(
    browser: webdriver.Chrome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: bool
) -> None:
    folder = port_run(tmp_path, name=TRICKS, description=TRICKS, replications=2, horizon="30 min")
    page = tmp_path / "page.html"
    page.write_text(hostile_names(monkeypatch, folder) if names else report(folder), encoding="utf-8")
    opened(browser, page)
    assert browser.get_log("browser") == []
    assert browser.title == f"{TRICKS}: report"
    assert browser.find_element(By.TAG_NAME, "h1").text == " ".join(TRICKS.split())
    assert browser.find_elements(By.TAG_NAME, "img") == []
    if names:
        options = [option.text for option in browser.find_elements(By.CSS_SELECTOR, "figure option")]
        assert HOSTILE in options


def test_an_accessibility_checker_finds_no_serious_fault(browser: webdriver.Chrome, file: Path) -> None:
    opened(browser, file)
    assert serious_faults(browser) == []


@pytest.mark.parametrize(
    ("made", "charts", "pictures"),
    [(hall_run, 7, 0), (flow_run, 9, 2), (settled_run, 7, 0)],
    ids=["hall", "flow", "settled"],
)
def test_pages_of_other_kinds_open_whole(
    browser: webdriver.Chrome, tmp_path: Path, made: Callable[[Path], Path], charts: int, pictures: int
) -> None:
    asked = opened(browser, write_report(made(tmp_path)))
    assert browser.get_log("browser") == []
    assert [url for url in asked[1:] if not url.startswith(("data:", "blob:"))] == []
    drawn = browser.find_elements(By.CSS_SELECTOR, "[role=img][aria-label] > [aria-hidden=true] svg")
    assert len(drawn) == len(browser.find_elements(By.CSS_SELECTOR, ".chart")) == charts
    wide = browser.execute_script("return [...document.images].map(each => each.naturalWidth)")
    assert [each > 500 for each in wide] == [True] * pictures
    assert serious_faults(browser) == []


def serious_faults(browser: webdriver.Chrome) -> list[tuple[str, ...]]:
    """What an accessibility checker finds on the page that is open."""
    browser.execute_script("for (const part of document.querySelectorAll('details')) part.open = true")
    browser.execute_script(AXE.read_text(encoding="utf-8"))
    found = browser.execute_async_script("axe.run().then(arguments[arguments.length - 1])")
    assert len(found["passes"]) > 20
    faults = [(fault["impact"], fault["id"], fault["nodes"][0]["html"][:200]) for fault in found["violations"]]
    return [fault for fault in faults if fault[0] in ("serious", "critical")]


def test_it_fits_a_narrow_screen_and_prints_whole(browser: webdriver.Chrome, file: Path) -> None:
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    )
    try:
        opened(browser, file)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    opened(browser, file)
    closed = "return document.querySelectorAll('details.printed:not([open])').length"
    before = browser.execute_script(closed)
    assert before > 0
    browser.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    assert browser.execute_script(closed) == 0
    browser.execute_script("window.dispatchEvent(new Event('afterprint'))")
    assert browser.execute_script(closed) == before
    assert len(browser.execute_cdp_cmd("Page.printToPDF", {})["data"]) > 50_000
