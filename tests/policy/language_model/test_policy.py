"""A trained language model as a policy: the rendered state, several actions, one model kept, nothing else in its place."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.policy.language_model.made import ASKED, state, train_actions
from tests.training.tiny import tiny_model, trl_pairs, write_rows

import tactful as tf
from tactful.errors import DataError, UserError
from tactful.policy import open_policy, read_policy
from tactful.policy.language_model import policy as module
from tactful.policy.language_model.policy import LanguageModelPolicy, read_card
from tactful.policy.language_model.prompt import state_messages
from tactful.training import Place, TrainConfig, actions, train
from tactful.training.material.checks import Checked
from tactful.training.types import Example, Material
from tactful.types import BatchPolicy, Message
from tactful.weights import answer_ids, load_trained, prompt_ids

LEVELS = ("LOW", "MID", "HIGH")


@pytest.fixture
def policy(policy_folder: Path) -> LanguageModelPolicy:
    found = read_policy(policy_folder)
    assert isinstance(found, LanguageModelPolicy)
    return found


def test_the_training_leaves_a_calibrated_sealed_card(policy: LanguageModelPolicy) -> None:
    assert policy.actions == LEVELS
    assert policy.card.calibrated_on > 0
    assert policy.card.temperature > 0
    assert policy.training["domains"] == ["coding"]
    assert len(policy.training["base_tasks"]) == 20
    assert "policy.json" in policy.manifest.files
    assert isinstance(policy, BatchPolicy)


@pytest.mark.parametrize(("use_weights", "right"), [(True, 0.9), (False, 0.5)])
def test_it_is_calibrated_with_the_weights_that_it_was_trained_with(
    use_weights: bool, right: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two pairs in the right and in the wrong order, of weights 9 and 1."""
    pairs = [
        Example(str(at), f"g{at}", (), (Message(role="assistant", content="LOW"),), (Message(role="assistant", content="MID"),), weight=weight)
        for at, weight in enumerate((9.0, 1.0))
    ]  # fmt: skip
    monkeypatch.setattr(actions, "choice_ids", lambda *_: ([1], [[2], [3]]))
    monkeypatch.setattr(actions, "log_probabilities", lambda *_: [(-1.0, -2.0), (-2.0, -1.0)])
    material = Material("pairs", "pairs", pairs, [], "base task", actions=LEVELS)
    checked = Checked([], pairs, "base task", {}, Counter())
    config = TrainConfig(trainer="dpo", model="m", learn="action", use_weights=use_weights)
    actions.write_card(tmp_path, SimpleNamespace(eval=lambda: None), None, material, checked, config)
    assert read_card(tmp_path).order_right == pytest.approx(right)


def test_probabilities_are_those_of_the_names_after_the_rendered_state(policy: LanguageModelPolicy) -> None:
    import torch

    loaded = load_trained(policy.folder)
    messages = state_messages(ASKED[2], LEVELS)
    prompt = prompt_ids(loaded.tokenizer, messages)
    sums = []
    for name in LEVELS:
        answer = answer_ids(loaded.tokenizer, messages, name)
        assert len(answer) == len(name) + 1  # a byte a token, and the end of the turn
        with torch.no_grad():
            said = loaded.model(torch.tensor([prompt + answer])).logits[0].log_softmax(-1)
        sums.append(sum(float(said[len(prompt) - 1 + at, token]) for at, token in enumerate(answer)))
    raised = np.exp(np.array(sums) / policy.card.temperature)
    decision = policy.act(ASKED[2])
    assert list(decision.probabilities) == list(LEVELS)
    assert list(decision.probabilities.values()) == pytest.approx(list(raised / raised.sum()), abs=1e-5)
    assert decision.action == LEVELS[int(np.argmax(sums))]
    odds = policy.log_odds(np.array(sums), "HIGH")
    chance = decision.probabilities["HIGH"]
    assert odds == pytest.approx(np.log(chance / (1 - chance)), abs=1e-4)


def test_many_states_are_decided_as_one_by_one_and_none_twice(
    policy: LanguageModelPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    module._open.cache_clear()
    together = policy.act_many([*ASKED, ASKED[0]])
    assert together[0] == together[-1]

    def refuse(*_: Any) -> Any:
        raise AssertionError("asked again")

    with monkeypatch.context() as patched:
        patched.setattr(module, "log_probabilities", refuse)
        assert [policy.act(one) for one in ASKED] == together[:-1]
    module._open.cache_clear()
    for one, many in zip([policy.act(one) for one in ASKED], together, strict=False):
        assert dict(one.probabilities) == pytest.approx(dict(many.probabilities), abs=1e-6)


def test_the_model_is_loaded_once_for_all_policies_of_a_folder(
    policy_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module._open.cache_clear()
    loads = []
    monkeypatch.setattr(module, "load_trained", lambda folder: loads.append(folder) or load_trained(folder))
    for _ in range(2):
        open_policy(f"policy:{policy_folder}", LEVELS).act(ASKED[0], None)
    assert len(loads) == 1


def test_by_default_the_conversation_and_the_user_are_shown_and_no_clarity() -> None:
    def shown(*words: Any) -> str:
        return "\n".join(message.content for message in state_messages(*words))

    said = shown(ASKED[2], LEVELS)
    assert "earlier questions to this user: 3 asked, 1 answered, 2 rejected" in said
    assert "clarity" not in said
    assert shown(state(1), LEVELS) == shown(state(1, query_clarity=0.1, task_complexity=0.9), LEVELS)
    assert "clarity of the request: 0.90" in shown(state(1), LEVELS, "numbers")
    assert "Guess." in shown(ASKED[3], LEVELS)


def test_what_training_showed_is_shown_when_it_decides(tiny: Path, tmp_path: Path) -> None:
    found = read_policy(train_actions(tiny, tmp_path, shown="numbers", max_steps=1))
    assert isinstance(found, LanguageModelPolicy)
    assert (found.card.shown, found.manifest.shown) == ("numbers", "numbers")
    clear, open_ = found.log_probabilities([state(1), state(1, query_clarity=0.1)])
    assert not np.allclose(clear, open_)


def copied(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def test_a_missing_adapter_is_refused(policy_folder: Path, tmp_path: Path) -> None:
    folder = copied(policy_folder, tmp_path)
    (folder / "adapter_model.safetensors").unlink()
    with pytest.raises(UserError, match="adapter_model"):
        open_policy(f"policy:{folder}", LEVELS)


def test_a_changed_adapter_is_refused(policy_folder: Path, tmp_path: Path) -> None:
    folder = copied(policy_folder, tmp_path)
    weights = folder / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(DataError, match="differs from what training wrote"):
        open_policy(f"policy:{folder}", LEVELS)


def test_an_adapter_of_another_base_is_refused(policy_folder: Path, tmp_path: Path) -> None:
    folder = copied(policy_folder, tmp_path)
    other = tiny_model(tmp_path / "other", seed=1)
    manifest = json.loads((folder / "training.json").read_text())
    manifest["base_folder"] = str(other)
    (folder / "training.json").write_text(json.dumps(manifest))
    with pytest.raises(UserError, match="with other weights than"):
        open_policy(f"policy:{folder}", LEVELS)


def test_a_changed_temperature_is_refused(policy_folder: Path, tmp_path: Path) -> None:
    folder = copied(policy_folder, tmp_path)
    card = json.loads((folder / "policy.json").read_text())
    (folder / "policy.json").write_text(json.dumps({**card, "temperature": 0.5}))
    with pytest.raises(DataError, match="does not match its hash"):
        read_policy(folder)


def test_an_unfinished_folder_other_actions_and_a_model_of_texts_are_refused(
    policy_folder: Path, tiny: Path, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="chooses among"):
        open_policy(f"policy:{policy_folder}", ("Execute", "Clarify"))
    with pytest.raises(UserError, match="no folder of 'tactful train'"):
        read_policy(tmp_path)
    data = write_rows(tmp_path / "rows.jsonl", trl_pairs())
    train(data, TrainConfig(trainer="dpo", model=str(tiny), max_steps=1, valid=0), Place(tmp_path / "texts"))
    with pytest.raises(UserError, match="learned texts, not which action"):
        read_policy(tmp_path / "texts")


def test_load_knows_the_folder(policy_folder: Path) -> None:
    assert isinstance(tf.load(policy_folder), LanguageModelPolicy)
