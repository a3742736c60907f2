"""Promises from simulated sessions with effects of their own, checked against the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.reward.gate_simulation import simulate
from tests.reward.gate_worlds import World

from tactful.reward.gate.losses import GRID, count_sessions

WORLD = World()


def test_the_worlds_counts_are_those_of_the_library():
    rng = np.random.default_rng(0)
    p, accepted, there = WORLD.draw(np.random.default_rng(0), (1, 6))
    counts = WORLD.counts(rng, 1, 6)
    names = np.repeat([f"s{at}" for at in range(6)], WORLD.most).reshape(6, -1)
    found = count_sessions(p[0][there[0]], accepted[0][there[0]], names[there[0]], GRID)
    for own, theirs in ((counts.false_alarms, found.false_alarms), (counts.hits, found.hits)):
        assert sorted(own[0].tolist()) == sorted(theirs.tolist())


@pytest.mark.slow
def test_the_known_risks_are_those_of_very_many_sessions():
    counts = WORLD.counts(np.random.default_rng(1), 1, 40_000)
    risks, at = WORLD.risks(), int(np.argmax(GRID <= 0.6))
    alarms, hits = counts.false_alarms[0, :, at], counts.hits[0, :, at]
    assert (alarms / np.maximum(counts.unwanted[0], 1)).mean() == pytest.approx(risks["rate"][at], abs=0.003)
    assert alarms.sum() / (alarms + hits).sum() == pytest.approx(risks["ratio"][at], abs=0.003)
    said = (alarms + hits) > 0
    assert (alarms / np.maximum(alarms + hits, 1))[said].mean() == pytest.approx(
        risks["session-ratio"][at], abs=0.004
    )


@pytest.mark.parametrize(
    ("sessions", "alpha"),
    [
        pytest.param(60, 0.2, marks=pytest.mark.slow),
        pytest.param(30, 0.1, marks=pytest.mark.slow),
        pytest.param(200, 0.3, marks=pytest.mark.soak),
    ],
)
def test_at_most_222_of_2000_promises_are_broken_and_they_are_more_than_silence(sessions, alpha):
    # delta 0.1: 200 expected at most, and 1.64 standard errors (13.4) above that are 222
    found = {
        one.of: one for one in simulate(WORLD, 2000, sessions, alpha, 0.1, np.random.default_rng(sessions))
    }
    for of in ("rate", "ratio", "session-ratio"):
        assert found[of].broken <= 222
    if (sessions, alpha) == (60, 0.2):
        assert found["rate"].mean_risk >= 0.12
        assert found["rate"].none == 0
    average = found["on average"]
    assert average.none == 0
    assert average.mean_risk <= alpha + 1e-3
    assert average.mean_risk > found["rate"].mean_risk or math.isnan(found["rate"].mean_risk)
