"""The tables of docs/validation.md, in a page whose text is written by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from tools import marked_page
from tools.marked_page import table

from .fit import Fitted
from .northbound import Northbound
from .northbound import Scored as Lane
from .southbound import Southbound

PAGE = Path(__file__).resolve().parents[2] / "docs" / "validation.md"
NAMES = {
    "yardstick": "past mean",
    "volume": "parabola of the volume",
    "control": "model, opened by wait",
    "calendar": "model, opened by clock",
}
LANES = {"cars": "cars", "nexus": "NEXUS"}


def write(tables: Mapping[str, str], page: Path = PAGE) -> Path:
    """Put the tables into the page.

    Raises:
        KeyError: the page has a place for a table there is not.
    """
    return marked_page.write(page, "validate", tables)


def blocks(south: Southbound, north: Northbound) -> dict[str, str]:
    """Each table of the page by its name."""
    return {
        "southbound": southbound(south),
        "southbound-shape": southbound_shape(south),
        "southbound-fit": fitted(south.fits),
        "northbound": northbound(north, "rest"),
        "northbound-spring": northbound(north, "spring"),
        "northbound-shape": northbound_shape(north),
        "northbound-fit": fitted(north.fits),
    }


def southbound(south: Southbound) -> str:
    """Errors of the hours, and days and hours inside their bands."""
    first = south.scored["yardstick"].score
    head = (
        f"{first.count:,} hours",
        "mean absolute error",
        f"over 10 min ({first.count_long:,})",
        "bias",
        "days inside 90 %",
        "hours inside 90 %",
    )
    return table(
        head,
        (
            (
                NAMES[name],
                _minutes(each.score.error),
                _minutes(each.score.error_long),
                _signed(each.score.bias),
                percent(each.score.inside),
                percent(each.hours_inside),
            )
            for name, each in south.scored.items()
        ),
    )


def southbound_shape(south: Southbound) -> str:
    """Profiles and tails."""
    head = ("", "mean profile, apart", "P90 profile, apart", "P95 / median, 10:00 to 14:00")
    rows = [("published", "", "", _ratio(south.published_tail))]
    for name, each in south.scored.items():
        rows.append((NAMES[name], _minutes(each.mean_apart), _minutes(each.p90_apart), _ratio(each.tail)))
    return table(head, rows)


def northbound(north: Northbound, stretch: str) -> str:
    """Errors of the days of a stretch, and days inside their bands."""
    lanes = north.scored[stretch]
    head = ("", "lane", "days", "mean absolute error", "over 10 min (days)", "bias", "days inside 90 %")
    rows = []
    for lane, scored in lanes.items():
        for name, each in scored.items():
            of = each.score
            rows.append(
                (
                    NAMES[name],
                    LANES[lane],
                    str(of.count),
                    _minutes(of.error),
                    f"{_minutes(of.error_long)} ({of.count_long})",
                    _signed(of.bias),
                    percent(of.inside),
                )
            )
    return table(head, rows)


def northbound_shape(north: Northbound) -> str:
    """Profiles over volumes, and tails."""
    head = ("", "lane", "mean by volume, apart", "P90 by volume, apart", "P95 / median of days")
    rows: list[tuple[str, ...]] = []
    for lane, scored in north.scored["rest"].items():
        rows.append(("published", LANES[lane], "", "", _ratio(north.published_tail[lane])))
        rows += [_shape(name, lane, scored[name]) for name in ("control", "calendar")]
    return table(head, rows)


def _shape(name: str, lane: str, of: Lane) -> tuple[str, ...]:
    return NAMES[name], LANES[lane], _minutes(of.mean_apart), _minutes(of.p90_apart), _ratio(of.tail)


def fitted(fits: Mapping[str, Fitted]) -> str:
    """What each fit chose, with how many parameters, out of how many settings."""
    names = list(dict.fromkeys(name for each in fits.values() for name in each.values))
    rows = [[f"`{name}`", *(_value(each.values.get(name)) for each in fits.values())] for name in names]
    rows.append(["parameters", *(str(len(each.values)) for each in fits.values())])
    rows.append(["settings tried", *(str(each.tried) for each in fits.values())])
    rows.append(["loss, min", *(_minutes(each.loss) for each in fits.values())])
    return table(("fitted", *(NAMES[name] for name in fits)), rows)


def _value(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _minutes(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.2f}"


def _signed(value: float) -> str:
    return f"{value:+.2f}"


def percent(value: float) -> str:
    """A share in whole percent; blank for none."""
    return "" if math.isnan(value) else f"{100.0 * value:.0f} %"


def _ratio(value: float) -> str:
    return "median 0" if math.isinf(value) else f"{value:.1f}"
