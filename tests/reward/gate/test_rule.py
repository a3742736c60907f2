from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tactful.errors import UserError
from tactful.reward.gate.rule import (
    ABSTAIN,
    SILENT,
    SPEAK,
    Costs,
    Gate,
    GateConfig,
    threshold_from_costs,
)
from tactful.reward.types import Acceptance

COST = st.floats(0.01, 100)
SHARE = st.floats(0, 1)
FORM = st.sampled_from(["prism", "utility"])


@pytest.mark.parametrize(
    ("alarm", "miss", "form", "need", "expected"),
    [
        (2, 1, "prism", None, 2 / 3),  # 2 / (2 + 1·1)
        (2, 1, "prism", 0.5, 0.8),  # 2 / (2 + 0.5)
        (2, 1, "prism", 0.0, 1.0),  # no need, nothing to miss: only what is certain
        (2, 0, "prism", 0.7, 1.0),
        (3, 0, "utility", None, 0.75),  # c / (1 + c)
        (3, 0, "utility", 0.9, 0.75),
        (3, 2, "utility", 0.5, 0.5),  # (3 − 2·0.5) / 4
        (1, 4, "utility", 0.5, 0.0),  # (1 − 2) / 2 < 0: speaking always pays
        (3, 2, "utility", None, 0.5),  # 3 / (1 + 3 + 2)
    ],
)
def test_threshold_is_the_worked_one(alarm, miss, form, need, expected):
    found = threshold_from_costs(Costs(false_alarm=alarm, miss=miss), form=form, p_need=need)
    assert float(found) == pytest.approx(expected)


@given(COST, COST, COST, COST, SHARE, FORM)
def test_threshold_rises_with_the_cost_of_a_false_alarm_and_falls_with_that_of_a_miss(a, b, c, d, need, form):
    (low, high), (rare, often) = sorted([a, b]), sorted([c, d])
    for p_need in (None, need):
        cheap = threshold_from_costs(Costs(false_alarm=low, miss=often), form=form, p_need=p_need)
        dear = threshold_from_costs(Costs(false_alarm=high, miss=rare), form=form, p_need=p_need)
        assert cheap <= dear + 1e-12


@given(st.tuples(SHARE, SHARE), COST, COST, FORM)
def test_the_threshold_speaks_exactly_where_speaking_is_expected_to_be_worth_more(moment, alarm, miss, form):
    p, need = moment
    costs = Costs(false_alarm=alarm, miss=miss)
    if form == "prism":
        speak, silent = -alarm * (1 - p), -miss * need * p
    else:
        speak, silent = p - alarm * (1 - p), -miss * need
    threshold = float(threshold_from_costs(costs, form=form, p_need=need))
    if abs(speak - silent) > 1e-9:
        assert (p >= threshold) == (speak > silent)


def test_the_judged_need_goes_into_the_threshold_only_where_the_configuration_says_so():
    costs = Costs(false_alarm=1, miss=1)
    assert GateConfig(costs=costs).thresholds([0.25, np.nan]) == pytest.approx([0.8, 0.5])
    assert GateConfig(costs=costs, need="certain").thresholds([0.25, np.nan]) == pytest.approx(0.5)


def test_silence_comes_before_abstaining_and_abstaining_before_speaking():
    config = GateConfig(costs=Costs(false_alarm=1, miss=1), abstain_low=0.4, abstain_high=0.6)
    assert config.actions([0.39, 0.4, 0.59, 0.6]).tolist() == [SILENT, ABSTAIN, ABSTAIN, SPEAK]


def test_a_band_that_lacks_the_threshold_is_stretched_to_it():
    config = GateConfig(
        costs=Costs(false_alarm=3, miss=1), abstain_low=0.4, abstain_high=0.6
    )  # threshold 0.75
    assert config.actions([0.39, 0.7, 0.75]).tolist() == [SILENT, ABSTAIN, SPEAK]


def test_the_floor_of_a_promise_is_never_undercut():
    config = GateConfig(costs=Costs(false_alarm=1, miss=9), floor=0.5)  # 0.1 by costs
    assert config.actions([0.3, 0.5]).tolist() == [SILENT, SPEAK]


def test_an_unscored_judgement_abstains():
    gate = Gate(judge="fake", config=GateConfig(costs=Costs(false_alarm=1, miss=1)))
    decision = gate.decide(Acceptance.unscored("m1", reason="unreadable"))
    assert decision.action == "abstain"
    assert "unreadable" in decision.reason


def test_a_decision_says_what_it_weighed():
    gate = Gate(judge="fake", config=GateConfig(costs=Costs(false_alarm=1, miss=1)))
    decision = gate.decide(Acceptance(moment_id="m1", p_accept=0.7, p_need=0.25, accepted=True))
    assert (decision.action, decision.threshold) == ("silent", pytest.approx(0.8))
    assert decision.reason == "p(accept) 0.700 is below the threshold 0.800"
    assert gate.decide(Acceptance(moment_id="m1", p_accept=0.8, accepted=True)).action == "speak"
    band = Gate(judge="fake", config=gate.config.model_copy(update={"abstain_low": 0.5, "abstain_high": 0.9}))
    assert band.decide(Acceptance(moment_id="m1", p_accept=0.85, accepted=True)).action == "abstain"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"form": "fixed"}, "that form needs one"),
        ({"threshold": 0.5}, "belongs to the form 'fixed'"),
        ({"costs": None}, "needs costs"),
        ({"abstain_low": 0.5}, "both ends"),
        ({"abstain_low": 0.5, "abstain_high": 0.4}, "0.5..0.4 ends before it begins"),
    ],
)
def test_a_configuration_that_contradicts_itself_is_refused(changes, problem):
    with pytest.raises(ValidationError, match=problem):
        GateConfig(**{"costs": Costs(false_alarm=1), **changes})


@pytest.mark.parametrize(
    "costs", [{"false_alarm": 0}, {"false_alarm": 1, "miss": -1}, {"false_alarm": float("inf")}]
)
def test_costs_must_be_finite_and_a_false_alarm_must_cost_something(costs):
    with pytest.raises(ValidationError):
        Costs(**costs)


@pytest.mark.parametrize("other", [{"fingerprint": "b"}, {"fingerprint": ""}, {"name": "else"}])
def test_a_gate_decides_for_its_own_model_alone(other):
    @dataclass
    class Named:
        name: str = "embedded"
        fingerprint: str = "a"

    gate = Gate(judge="embedded", model="a", config=GateConfig(form="fixed", threshold=0.5))
    gate.check(Named())
    with pytest.raises(UserError, match="make a gate for it with 'tactful reward gate'"):
        gate.check(Named(**other))


def test_a_fixed_threshold_is_not_below_the_floor_either():
    config = GateConfig(form="fixed", threshold=0.3, floor=0.5)
    assert config.actions([0.3, 0.49, 0.5]).tolist() == [SILENT, SILENT, SPEAK]
    assert float(config.thresholds()) == 0.5
