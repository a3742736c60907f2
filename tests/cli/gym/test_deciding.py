"""A gate or a policy of ours decides on offers in the gym."""

from __future__ import annotations

import numpy as np
import pytest
from tests.gym.players import scene

import tactful as tf
from tactful.gym.scenes.reading import write_scenes
from tactful.gym.types import GymEpisode
from tactful.policy.embedded import EmbeddedPolicy
from tactful.policy.features import FEATURES
from tactful.reward.gate.rule import Gate, GateConfig
from tactful.reward.gate.store import save_gate
from tactful.runs import RunFolder

THRESHOLD = 0.4


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A reward model with a gate at a fixed probability beside it."""
    folder = tmp_path_factory.mktemp("gate") / "model"
    trained = tf.train_reward(tf.moments(), limit=200, evaluate=False)
    trained.save(folder)
    config = GateConfig(form="fixed", threshold=THRESHOLD)
    save_gate(Gate(judge=trained.model.name, model=trained.model.fingerprint, config=config), folder)
    return folder


@pytest.fixture
def scenes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_scenes(tmp_path / "scenes.yaml", [scene(number) for number in range(3)])
    return tmp_path / "scenes.yaml"


def steps(run):
    return [step for episode in RunFolder.open(run).records(GymEpisode) for step in episode.steps]


def test_a_gate_shows_an_offer_iff_its_probability_reaches_the_threshold(tactful, scenes, tmp_path, model):
    words = ("gym", "run", scenes, "--model", "offline", "--assistant", f"gate:{model}")
    for name, at_once in (("one", 1), ("many", 64)):
        assert tactful(*words, "--out", name, "--concurrency", at_once).returncode == 0
    judged = [step for step in steps(tmp_path / "one") if step.proposal is not None]
    assert {step.shown for step in judged} == {True, False}
    assert all(step.shown == (step.acceptance >= THRESHOLD) for step in judged)
    assert all(step.outcome.verdict is None for step in judged if not step.shown)
    assert (tmp_path / "one/records.jsonl").read_bytes() == (tmp_path / "many/records.jsonl").read_bytes()
    assert {one.assistant for one in RunFolder.open(tmp_path / "one").records(GymEpisode)} == {
        f"gate:{model}"
    }


def test_where_a_gate_abstains_nothing_is_shown(tactful, scenes, tmp_path, model):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "model.json").write_bytes((model / "model.json").read_bytes())
    gate = Gate.model_validate_json((model / "gate.json").read_bytes())
    band = GateConfig(form="fixed", threshold=THRESHOLD, abstain_low=0.2, abstain_high=0.6)
    save_gate(gate.model_copy(update={"config": band}), mine)
    words = ("gym", "run", scenes, "--model", "offline", "--assistant", "gate:mine", "--out", "run")
    assert tactful(*words).returncode == 0
    judged = [step for step in steps(tmp_path / "run") if step.proposal is not None]
    assert any(THRESHOLD <= step.acceptance < 0.6 for step in judged)
    assert all(step.shown == (step.acceptance >= 0.6) for step in judged)


@pytest.mark.slow
def test_a_gate_of_another_model_is_refused_before_anything_is_played(tactful, scenes, tmp_path, model):
    other = tmp_path / "other"
    tf.train_reward(tf.moments(), limit=150, evaluate=False).save(other)
    (other / "gate.json").write_bytes((model / "gate.json").read_bytes())
    done = tactful("gym", "run", scenes, "--model", "offline", "--assistant", f"gate:{other}", "--out", "run")
    assert done.returncode == 1
    assert "the gate was set for another model" in done.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_model_without_a_gate_says_how_to_make_one(tactful, scenes, tmp_path):
    other = tmp_path / "other"
    tf.train_reward(tf.moments(), limit=150, evaluate=False).save(other)
    done = tactful("gym", "run", scenes, "--model", "offline", "--assistant", f"gate:{other}", "--out", "run")
    assert "holds no gate.json; make it with 'tactful reward gate" in done.stderr


def test_a_run_does_not_go_on_with_another_gate(tactful, scenes, tmp_path, model):
    mine = tmp_path / "mine"
    mine.mkdir()
    for name in ("model.json", "gate.json"):
        (mine / name).write_bytes((model / name).read_bytes())
    words = ("gym", "run", scenes, "--model", "offline", "--assistant", f"gate:{mine}", "--out", "run")
    assert tactful(*words, "--limit", 1).returncode == 0
    gate = Gate.model_validate_json((mine / "gate.json").read_bytes())
    (mine / "gate.json").unlink()
    save_gate(gate.model_copy(update={"config": GateConfig(form="fixed", threshold=0.9)}), mine)
    done = tactful(*words, "--resume")
    assert "another configuration" in done.stderr
    assert "assistant_hash" in done.stderr


def policy(path, *bias):
    """A policy that looks at nothing: its bias alone chooses among LOW, MID, HIGH."""
    zeros = np.zeros(len(FEATURES))
    EmbeddedPolicy(
        actions=("LOW", "MID", "HIGH"),
        mean=zeros,
        scale=zeros + 1,
        weights=np.zeros((3, len(FEATURES))),
        bias=np.array(bias, dtype=float),
        l2=0.1,
    ).save(path)


def test_a_run_whose_policy_was_named_from_elsewhere_can_be_retried(tactful, scenes, tmp_path, monkeypatch):
    policy(tmp_path / "policy.json", 0, 1, 0)
    words = ("gym", "run", scenes, "--model", "offline", "--assistant", "policy:policy.json", "--out", "run")
    assert tactful(*words, "--rounds", 3).returncode == 0
    assert {one.assistant for one in RunFolder.open(tmp_path / "run").records(GymEpisode)} == {
        "policy:policy.json"
    }
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    done = tactful("runs", "retry", "../run")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("bias", "speaks"), [((1, 0, 0), False), ((0, 1, 0), True), ((0, 0, 1), True)])
def test_the_least_asking_action_of_a_policy_is_silence(tactful, scenes, tmp_path, bias, speaks):
    policy(tmp_path / "policy.json", *bias)
    words = ("gym", "run", scenes, "--model", "offline", "--assistant", "policy:policy.json", "--out", "run")
    done = tactful(*words, "--rounds", 8)
    assert done.returncode == 0, done.stderr
    open_rounds = steps(tmp_path / "run")
    assert {step.shown for step in open_rounds if step.proposal is not None or not speaks} == {speaks}


def test_what_a_policy_sees_of_a_round(tmp_path):
    from tests.gym.play.test_deciding import seen

    from tactful.api.gym.deciding import state_of
    from tactful.policy import read_policy
    from tactful.types import ProposalHistory

    policy(tmp_path / "policy.json", 1, 0, 0)
    here = seen(5, fresh=2)
    history = ProposalHistory(shown=3, accepted=1)
    here = type(here)(**{**vars(here), "moment": here.moment.model_copy(update={"history": history})})
    state = state_of(here, read_policy(tmp_path / "policy.json"))
    assert state.query == "event 3\nevent 4", "what came in this round"
    assert (state.user.questions, state.user.answered, state.user.rejected) == (3, 1, 2)
    assert (state.dialogue_turn, state.prev_reject) == (0, 0)
    assert state.domain == "coding"
    assert 0 <= state.query_clarity <= 1
