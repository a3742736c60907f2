import random
import subprocess
import sys
from collections import Counter

import pytest

from tactful.errors import UsageError, UserError
from tactful.policy import CostPolicy, FixedPolicy, RandomPolicy, RulePolicy, open_policy
from tactful.types import PublicState, UserHistory

LEVELS = ("LOW", "MID", "HIGH")


def state(**changes) -> PublicState:
    base = {"id": "s", "domain": "coding", "query": "q", "query_clarity": 0.1, "task_complexity": 0.1}
    return PublicState(**{**base, **changes})


def act(policy, **changes) -> str:
    return policy.act(state(**changes), random.Random(0)).action


def test_fixed_policy_is_certain():
    decision = FixedPolicy("MID", LEVELS).act(state(), random.Random(0))
    assert decision.action == "MID"
    assert decision.probabilities == {"LOW": 0.0, "MID": 1.0, "HIGH": 0.0}


def test_random_policy_draws_every_action_about_equally():
    rng = random.Random(1)
    drawn = Counter(RandomPolicy(LEVELS).act(state(), rng).action for _ in range(3000))
    assert all(850 < drawn[level] < 1150 for level in LEVELS)


@pytest.mark.parametrize(
    ("seen", "action"),
    [
        ({}, "MID"),
        ({"query_clarity": 0.9}, "LOW"),
        ({"task_complexity": 0.9}, "HIGH"),
        ({"prev_reject": 1}, "LOW"),
        ({"questions_asked": 1}, "LOW"),
        ({"user": UserHistory(tasks=2, questions=3, rejected=2)}, "LOW"),
        ({"user": UserHistory(tasks=2, questions=3, rejected=1)}, "MID"),
    ],
)
def test_rule_asks_when_open_and_welcome(seen, action):
    assert act(RulePolicy(LEVELS), **seen) == action


def test_rule_works_with_two_actions():
    assert act(RulePolicy(("Execute", "Clarify"))) == "Clarify"
    assert act(RulePolicy(("Execute", "Clarify")), query_clarity=1.0) == "Execute"


@pytest.mark.parametrize("spec", ["random", "rule", "always-HIGH"])
def test_policies_open_by_name(spec):
    assert open_policy(spec, LEVELS).name == spec


@pytest.mark.parametrize(
    ("spec", "message"), [("always-SHOUT", "no action 'SHOUT'"), ("clever", "'clever' is unknown")]
)
def test_an_unknown_policy_is_named(spec, message):
    with pytest.raises(UserError, match=message):
        open_policy(spec, LEVELS)


def test_a_policy_of_costs_is_opened_and_made_ready_without_numpy() -> None:
    code = (
        "import sys; from tactful.policy import open_policy, ready; "
        "ready(open_policy('cost', ('LOW', 'HIGH'))); print('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("policy", [RulePolicy(LEVELS), CostPolicy(LEVELS)], ids=lambda policy: policy.name)
def test_a_bare_text_is_no_state_and_the_sentence_says_how_to_make_one(policy):
    with pytest.raises(
        UsageError, match=r"'Sort my people' is no state; make one of a request: \[state\] = tf"
    ):
        policy.act("Sort my people", random.Random(0))
