import json
import pickle
import random

import numpy as np
import pytest

from tactful.errors import DataError, UserError
from tactful.policy import CostPolicy, open_policy, read_policy
from tactful.policy.embedded import EmbeddedPolicy, load_policy
from tactful.policy.features import FEATURES
from tactful.types import PublicState

WIDTH = len(FEATURES)


@pytest.fixture
def policy() -> EmbeddedPolicy:
    rng = np.random.default_rng(0)
    return EmbeddedPolicy(
        actions=("LOW", "MID"),
        mean=rng.normal(size=WIDTH),
        scale=np.ones(WIDTH),
        weights=rng.normal(size=(2, WIDTH)),
        bias=rng.normal(size=2),
        l2=0.01,
        training={"pairs": 3},
    )


def test_a_saved_policy_acts_the_same_when_loaded(policy, tmp_path):
    policy.save(tmp_path / "policy.json")
    again = load_policy(tmp_path / "policy.json")
    for clarity in (0.0, 0.4, 1.0):
        state = PublicState(id="s", domain="d", query="q", query_clarity=clarity, task_complexity=0.2)
        assert again.act(state, random.Random(0)) == policy.act(state, random.Random(0))
    assert again.training == {"pairs": 3}


def test_an_existing_file_is_never_overwritten(policy, tmp_path):
    path = tmp_path / "policy.json"
    path.write_text("mine")
    with pytest.raises(UserError, match="exists already"):
        policy.save(path)
    assert path.read_text() == "mine"


class Boom:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was executed",))


def test_a_pickle_is_refused_without_running_it(tmp_path):
    path = tmp_path / "policy.json"
    path.write_bytes(pickle.dumps(Boom()))
    with pytest.raises(DataError, match="is no policy"):
        load_policy(path)


@pytest.mark.parametrize("rejects", [[0, 0], [-1, 2]])
def test_a_prior_of_costs_that_is_none_is_refused_with_the_file(rejects, tmp_path):
    path = tmp_path / "policy.json"
    CostPolicy(("Execute", "Clarify")).save(path)
    told = json.loads(path.read_text())
    told["costs"]["rejects"] = rejects
    path.write_text(json.dumps(told))
    with pytest.raises(DataError, match=r"policy.json.*rejects.*from 0 on, of which one is above 0"):
        read_policy(path)


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(DataError, match="cannot read the policy"):
        load_policy(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features": ["other"]}, "other features"),
        ({"mean": [0.0]}, "numbers per row"),
        ({"mean": [1e308] * WIDTH}, r"mean\.0: Input should be less than"),
        ({"scale": [1e-300] * WIDTH}, r"scale\.0: Input should be greater than"),
        ({"bias": {"LOW": 0.0}}, "do not cover"),
        ({"format": "tactful-policy-99"}, "format"),
    ],
)
def test_a_damaged_file_names_what_is_wrong(policy, tmp_path, change, message):
    path = tmp_path / "policy.json"
    policy.save(path)
    content = {**json.loads(path.read_text()), **change}
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match=message):
        load_policy(path)


def test_a_policy_over_other_actions_is_refused(policy, tmp_path):
    policy.save(tmp_path / "policy.json")
    with pytest.raises(UserError, match="Clarify"):
        open_policy(f"policy:{tmp_path / 'policy.json'}", ("Execute", "Clarify"))
