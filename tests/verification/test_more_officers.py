"""More officers do not raise missed departures, on a chain in which it is no theorem: 100 replications, one-sided."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from sim.engine import engine
from sim.model.build import build
from sim.model.network import Network
from sim.model.parties import Parties
from sim.scenario import load

pytestmark = pytest.mark.verification

REPLICATIONS, ONE_SIDED = 100, 0.999
CLOSES = 900.0
KIOSKS = """\
format: 1
name: A chain with kiosks
start: 2024-07-06 00:00
horizon: 5 h
seed: 7
officers: {team: {officers: 3}}
variants: {one: {officers.team.officers: 4}, two: {officers.team.officers: 5}}
preclearance:
  here:
    zone: America/Toronto
    departures: {banks: {"02:00": 5, "03:00": 4}, within: 40 min, seats: 60, load: 90 %}
    classes: {visitor: 40 %, app: 20 %, citizen: rest}
    show_up: {gamma: {mean: 75 min, cv: 0.4}}
    party: {visitor: 1.8, "*": 1.3}
    closes: 15 min
    tight: 50 min
    hall: {from: documents, capacity: 60 people}
    stations:
      documents: {booths: 2, service: 9 s}
      kiosk:
        serves: [visitor, citizen]
        share: 80 %
        instead: interview
        booths: 8
        storage: 12 people
        service: {gamma: {mean: 90 s, cv: 0.4}, per_extra_person: 60 %}
        failure: {share: {visitor: 25 %, "*": 8 %}, to: interview}
      verify: {kind: primary, pool: team, service: {gamma: {mean: 60 s, cv: 0.6}}, priority: [tight], then: exit}
      interview: {kind: primary, pool: team, service: {gamma: {mean: 140 s, cv: 0.7}}, serves: [visitor, citizen]}
      secondary: {kind: secondary, pool: team, referral: {"*": 3 %}, service: {lognormal: {mean: 6 min, cv: 0.8}}}
"""


def test_of_a_chain_with_kiosks_and_a_pool_of_officers(tmp_path: Path) -> None:
    """Kiosks that fail, lines that fill, tight connections first, one pool for three stations, a full hall.

    Officers who serve several stations make it no theorem party by party: one more may call the wrong line first.
    """
    path = tmp_path / "hall.yaml"
    path.write_text(KIOSKS, encoding="utf-8")
    study = load(path)
    models = [build(scenario, study.baseline) for scenario in (study.baseline, *study.variants.values())]
    missed = np.zeros((len(models), REPLICATIONS))
    for replication in range(REPLICATIONS):
        parties = models[0].draw(7, replication)  # the same whoever is on duty
        missed[:, replication] = [missed_persons(model.network, parties) for model in models]
    assert 0.02 < missed[0].mean() / (9 * 54) < 0.5
    for saved in missed[:-1] - missed[1:]:
        error = saved.std(ddof=1) / np.sqrt(REPLICATIONS)
        assert saved.mean() > stats.t.ppf(ONE_SIDED, REPLICATIONS - 1) * error


def missed_persons(network: Network, parties: Parties) -> int:
    """Persons not at the gate when it closes."""
    records = engine("compiled")(network, parties)
    gate = np.full(len(parties), np.inf)
    ended = records.outcome >= 0
    gate[records.party[ended]] = records.left[ended]
    assert parties.departs is not None
    return int(parties.size[gate > parties.departs - CLOSES].sum())
