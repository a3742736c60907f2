from __future__ import annotations

import pytest
from tests.evaluation.gating_fixtures import calibrated

from tactful.evaluation.gates.setup import Asked, JudgedMoments, kept_config, set_gate
from tactful.reward.gate.rule import Costs, GateConfig

CONFIG = GateConfig(costs=Costs(false_alarm=1, miss=4), need="certain")  # threshold 0.2


def judged(sessions: int, *, held_out: bool = True, moments: int = 30) -> JudgedMoments:
    items, said = calibrated(sessions, moments)
    return JudgedMoments(judge="fake", items=items, said=said, regime="made up", held_out=held_out)


def test_a_promised_rate_becomes_a_floor_under_the_threshold_of_the_costs():
    report = set_gate(judged(60), CONFIG, Asked(0.1, 0.1), data="made up")
    assert report.promise is not None
    assert report.config.floor == report.promise.threshold
    assert report.config.form == "prism"
    rate = report.measured.rows[0].figures["false_alarm_rate"].value
    assert rate is not None
    assert rate <= 0.1
    assert "by costs alone" in {row.name for row in report.measured.rows}
    assert report.on_average is not None
    assert report.on_average.threshold is not None
    assert report.on_average.threshold <= report.promise.threshold


@pytest.mark.slow
def test_a_promised_ratio_becomes_the_threshold_itself():
    report = set_gate(judged(300), CONFIG, Asked(0.45, 0.1, "session-ratio"), data="made up")
    assert report.promise is not None
    assert report.promise.kept
    assert (report.config.form, report.config.threshold) == ("fixed", report.promise.threshold)
    assert report.on_average is None


@pytest.mark.parametrize("case", [judged(16), judged(60, held_out=False)])
def test_without_a_promise_the_costs_alone_decide(case):
    report = set_gate(case, CONFIG, Asked(0.1, 0.1), data="made up")
    assert report.config == CONFIG
    assert report.promise is not None
    assert not report.promise.kept
    assert kept_config(CONFIG, report.promise) is CONFIG


def test_nothing_is_promised_where_nothing_was_asked():
    report = set_gate(judged(5), CONFIG, data="made up", bad_rows=2)
    assert report.promise is None
    assert report.on_average is None
    assert report.left_out == ("left out: 2 unusable lines",)
