"""Distributions as written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.scenario.distributions import KINDS, Dist, parse_dist
from sim.scenario.problems import ProblemError
from sim.scenario.tables import TableReader

SOUND: list[tuple[Any, str, dict[str, Any]]] = [
    ("50 s", "deterministic", {"value": 50.0}),
    ({"deterministic": {"value": "1 min"}}, "deterministic", {"value": 60.0}),
    ({"exponential": {"mean": "50 s"}}, "exponential", {"mean": 50.0}),
    ({"erlang": {"mean": "50 s", "shape": 3}}, "erlang", {"mean": 50.0, "shape": 3}),
    ({"gamma": {"mean": "1 min", "cv": 0.5}}, "gamma", {"mean": 60.0, "cv": 0.5}),
    ({"lognormal": {"mean": "15 min", "cv": 1}}, "lognormal", {"mean": 900.0, "cv": 1.0}),
    ({"weibull": {"mean": "2 h", "shape": 1.5}}, "weibull", {"mean": 7200.0, "shape": 1.5}),
    ({"uniform": {"low": "0 s", "high": "9 s"}}, "uniform", {"low": 0.0, "high": 9.0}),
    (
        {"triangular": {"low": "1 s", "mode": "1 s", "high": "3 s"}},
        "triangular",
        {"low": 1.0, "mode": 1.0, "high": 3.0},
    ),
    (
        {"truncated_normal": {"mean": "50 s", "sd": "20 s", "high": "90 s"}},
        "truncated_normal",
        {"mean": 50.0, "sd": 20.0, "low": 0.0, "high": 90.0},
    ),
    (
        {
            "mixture": [
                {"share": "30 %", "gamma": {"mean": "10 s", "cv": 0.5}},
                {"share": "70 %", "exponential": {"mean": "60 s"}},
            ]
        },
        "mixture",
        {"parts": ((0.3, "gamma", {"mean": 10.0, "cv": 0.5}), (0.7, "exponential", {"mean": 60.0}))},
    ),
]


@pytest.mark.parametrize(("raw", "kind", "parameters"), SOUND)
def test_parameters_are_in_seconds(raw: Any, kind: str, parameters: dict[str, Any]) -> None:
    assert parse_dist(raw) == Dist(kind, parameters)


def test_every_kind_is_tried_here() -> None:
    assert {kind for _, kind, _ in SOUND} | {"empirical"} == set(KINDS)


def test_empirical_reads_its_table(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("minutes,weight\n1,2\n1.5,3\n")
    dist = parse_dist({"empirical": {"file": "x.csv"}}, TableReader(tmp_path))
    assert dist == Dist("empirical", {"values": (60.0, 90.0), "weights": (2.0, 3.0)})


@pytest.mark.parametrize(
    ("raw", "at", "words"),
    [
        ({"erlan": {"mean": "50 s"}}, ("erlan",), "did you mean 'erlang'?"),
        ({"erlang": {"mean": "50 s"}}, ("erlang",), "no 'shape'"),
        ({"erlang": {"mean": "50 s", "shape": 2.5}}, ("erlang", "shape"), "whole number"),
        ({"erlang": {"mean": 50, "shape": 2}}, ("erlang", "mean"), "has no unit"),
        ({"gamma": {"mean": "50 s", "cv": "50 %"}}, ("gamma", "cv"), "plain number above 0"),
        ({"gamma": {"mean": "50 s", "cv": 0}}, ("gamma", "cv"), "above 0"),
        ({"gamma": {"mean": "50 s", "cvs": 1}}, ("gamma", "cvs"), "did you mean 'cv'?"),
        ({"gamma": "50 s"}, ("gamma",), "the parameters of gamma"),
        ({"uniform": {"low": "9 s", "high": "1 s"}}, ("uniform", "low"), "'low' is above 'high'"),
        ({"uniform": {"low": "9 s", "high": "9 s"}}, ("uniform",), "write 9 s"),
        ({}, (), "no distribution"),
        ({"gamma": {"mean": "1 s", "cv": 1}, "uniform": {"low": "0 s", "high": "1 s"}}, (), "2 distributions"),
        ({"mixture": [{"share": "50 %", "exponential": {"mean": "1 s"}}]}, ("mixture",), "sum to 50 %"),
        ({"mixture": [{"exponential": {"mean": "1 s"}}]}, ("mixture", 0), "without a share"),
        ({"mixture": []}, ("mixture",), "a list of parts"),
        ({"empirical": "x.csv"}, ("empirical",), "{file: service.csv}"),
        ([], (), "is not a duration"),
    ],
)
def test_faults_stand_at_their_place(raw: Any, at: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ProblemError) as caught:
        parse_dist(raw)
    (problem,) = caught.value.problems
    assert problem.at == at
    assert words in f"{problem.found} {problem.allowed} {problem.mend}"


def test_a_mixture_reports_every_part() -> None:
    parts = [{"share": 3, "exponential": {"mean": "1 s"}}, {"share": "5 %", "exponental": {}}]
    with pytest.raises(ProblemError) as caught:
        parse_dist({"mixture": parts})
    assert [problem.at for problem in caught.value.problems] == [("mixture", 0, "share"), ("mixture", 1, "exponental")]
