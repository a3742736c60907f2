"""`policy act`, `explain`, `serve` and `calibrate evaluate` take the folder of a language model like any policy."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from tests.commands import Command
from tests.commands import tactful as tactful

import tactful as tf
from tactful.policy import read_policy

QUERY = "fix my list"


def test_act_prints_the_action_with_its_probabilities(tactful: Command, policy_folder: Path) -> None:
    done = tactful("policy", "act", policy_folder, "--query", QUERY, "--json", "--reader", "surface")
    assert done.returncode == 0, done.stderr
    row = json.loads(done.stdout)
    assert row["action"] in ("LOW", "MID", "HIGH")
    assert sum(row["probabilities"].values()) == pytest.approx(1)


def test_explain_says_base_temperature_and_the_log_odds_of_each_action(
    tactful: Command, policy_folder: Path, tiny: Path
) -> None:
    card = tactful("policy", "explain", policy_folder)
    assert f"dpo, an adapter on {tiny}; actions LOW, MID, HIGH" in card.stdout
    assert "held-out pairs" in card.stdout
    assert "pairs.jsonl (20 rows)" in card.stdout
    done = tactful("policy", "explain", policy_folder, "--query", QUERY, "--json", "--reader", "surface")
    row = json.loads(done.stdout)
    assert set(row["log_odds"]) == set(row["log_probabilities"]) == {"LOW", "MID", "HIGH"}
    assert max(row["log_odds"], key=row["log_odds"].get) == row["action"]
    assert "log-odds" in tactful("policy", "explain", policy_folder, "--query", QUERY).stdout


def test_evaluate_measures_it_beside_the_fixed_ones(policy_folder: Path, tmp_path: Path) -> None:
    found = tf.evaluate(
        tf.states("coding", n=4), policies=[f"policy:{policy_folder}"], passes=1, users_per_task=1,
        out=tmp_path / "run", progress="off",
    ).found  # fmt: skip
    [mine] = [one for one in found.policies if one.kind == "given"]
    assert mine.name == str(policy_folder)
    assert mine.measures["reward"].items == 4
    assert {one.name for one in found.policies} >= {"always-LOW", "random", "rule", "cost"}
    assert not any("does not say which tasks" in note for note in found.notes)


def post(address: str, body: Any) -> Any:
    asked = urllib.request.Request(
        f"{address}/v1/act", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return json.load(answer)


def refused(address: str, body: Any) -> tuple[int, str]:
    with pytest.raises(urllib.error.HTTPError) as error:
        post(address, body)
    return error.value.code, json.load(error.value)["error"]["message"]


def test_served_it_tells_no_path_and_reads_no_clarity_that_it_is_not_shown(
    policy_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tactful.reading.surface import SurfaceReader

    def refuse(*_: Any) -> Any:
        raise AssertionError("read")

    monkeypatch.setattr(SurfaceReader, "needs_now", refuse)
    with tf.serve_policy(policy_folder, reader="surface") as served:
        told = post(served.address, {"messages": [{"role": "user", "content": QUERY}]})
        with urllib.request.urlopen(f"{served.address}/v1/policy", timeout=60) as answer:
            about = json.load(answer)
    assert told["policy"] == about["policy"] == served.name == policy_folder.name
    assert tf.load(policy_folder).name == str(policy_folder)


def test_serve_answers_states_and_messages_and_refuses_the_rest(policy_folder: Path) -> None:
    policy = read_policy(policy_folder)
    with tf.serve_policy(policy_folder, reader="surface") as served:
        told = post(served.address, {"messages": [{"role": "user", "content": QUERY}]})
        state = {"id": "x", "domain": "coding", "query": QUERY, "query_clarity": 0.2, "task_complexity": 0.5}
        assert post(served.address, {"state": state}) == told
        [known] = tf.states([state])
        assert told["action"] == policy.act(known.public()).action
        assert told["probabilities"] == pytest.approx(dict(policy.act(known.public()).probabilities))
        many = post(served.address, {"states": [state, {**state, "query": "sort list 1"}]})
        assert [set(one) for one in many["decisions"]] == [{"action", "probabilities"}] * 2
        talk = [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": QUERY},
            {"role": "assistant", "content": "Which one?"},
        ]
        assert refused(served.address, {"messages": talk}) == (
            400, "the last of 'messages' is not the user's; ask when it is the assistant's turn",
        )  # fmt: skip
        assert post(served.address, {"messages": [*talk, {"role": "user", "content": "Any."}]})["action"]
        assert refused(served.address, {})[0] == 400
        assert "which no policy sees" in refused(served.address, {"state": {**state, "tests": ["x"]}})[1]
        assert "'query'" in refused(served.address, {"state": {"id": "x"}})[1]
        with pytest.raises(urllib.error.HTTPError) as lost:
            urllib.request.urlopen(f"{served.address}/v1/judge", timeout=60)
        assert "POST /v1/act" in json.load(lost.value)["error"]["message"]
