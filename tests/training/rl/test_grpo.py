"""GRPO on talks: real steps of a tiny model, its tokens and masks, and credit worked out by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.training.tiny import write_rows

from tactful.calibration.pipeline import by_names, sessions
from tactful.calibration.play.talk import Talk, talk_prompt
from tactful.calibration.tasks.states import seed_states
from tactful.data.io import write_jsonl
from tactful.errors import UserError
from tactful.training import Place, TrainConfig, train
from tactful.training.material.forms import read_material
from tactful.training.methods.grpo import named
from tactful.training.rl.talking import THE_USERS, Spoken, between, talk_all
from tactful.training.rl.trainer import token_advantages
from tactful.types import Message, Trajectory
from tactful.weights import load_trained, prompt_ids


@pytest.fixture
def states(tmp_path: Path) -> Path:
    """Four planning tasks with an open wording."""
    found = [state for state in seed_states("planning") if state.wording == "open"][:4]
    write_jsonl(tmp_path / "states.jsonl", found)
    return tmp_path / "states.jsonl"


def config(model: Path, **more: object) -> TrainConfig:
    settings: dict[str, object] = {
        "batch": 2,
        "accumulate": 1,
        "generations": 2,
        "max_steps": 2,
        "max_turns": 2,
        "max_message": 8,
        "max_length": 3000,
        "personas": ("wedding-planner",),
        "learning_rate": 1e-3,
        "valid": 0.25,
        "patience": 0,
    }
    return TrainConfig.model_validate({"trainer": "grpo", "model": str(model), **settings, **more})


@pytest.mark.slow
@pytest.mark.parametrize(("credit", "lora"), [("talk", False), ("turn", True)])
def test_grpo_takes_real_steps_on_talks_and_its_folder_opens_again(
    credit: str, lora: bool, states: Path, tiny: Path, tmp_path: Path
) -> None:
    manifest = train(states, config(tiny, credit=credit, lora=lora), Place(tmp_path / "out"))
    assert (manifest.trainer, manifest.form, manifest.steps) == ("grpo", "tasks", 2)
    assert {"eval_reward", "eval_reward_before", "eval_talk/messages"} <= manifest.figures.keys()
    assert all(math.isfinite(value) for value in manifest.figures.values())
    assert set(manifest.prompts) == {"calibration/talk_code", "calibration/talk_text"}
    assert load_trained(tmp_path / "out").manifest == manifest
    rows = [json.loads(line) for line in (tmp_path / "out" / "curves.jsonl").read_text().splitlines()]
    assert any("reward" in row for row in rows)


def test_sizes_that_do_not_fit_are_refused_before_a_model_trains(
    states: Path, tiny: Path, tmp_path: Path
) -> None:
    with pytest.raises(
        UserError, match="--generations 3: takes 2 or more, and --batch 2 times --accumulate 1"
    ):
        train(states, config(tiny, generations=3), Place(tmp_path / "out"))


def test_states_with_one_id_are_talked_about_each_by_itself(states: Path, tmp_path: Path) -> None:
    rows = [{**json.loads(line), "id": "same"} for line in states.read_text().splitlines()]
    settings = config(tmp_path)
    items = read_material(write_rows(tmp_path / "same.jsonl", rows), settings).examples
    known, asked = named(items)
    assert len(known) == len(items) == len(rows)
    for row, item in zip(asked, items, strict=True):
        session, prompt = known[row["id"]]
        assert session.states[0].query in row["prompt"][-1]["content"]
        assert prompt == item.prompt


def test_a_talk_is_the_models_own_tokens_with_the_users_masked_between(tiny: Path) -> None:
    from tactful.weights.base import load_tokenizer

    tokenizer = load_tokenizer(tiny)
    states = [state for state in seed_states("planning") if state.wording == "open"]
    one = next(sessions(states, personas=by_names(["wedding-planner"])))
    question = next(item.question for item in one.states[0].hidden.requirements if item.open)
    lines = iter([question, one.states[0].hidden.reference])
    end = tokenizer.eos_token_id

    def generate(prompts: list[list[int]]) -> list[list[int]]:
        return [[*tokenizer(next(lines), add_special_tokens=False)["input_ids"], end] for _ in prompts]

    (spoken,) = talk_all([(Talk.start(one), talk_prompt(one))], tokenizer, generate, limit=9_000)
    assert spoken.talk.episode.finished == "completed"
    # whole = what the template makes of all messages at once, so training sees what live use will
    whole = prompt_ids(tokenizer, spoken.messages[:-1])
    opening = len(tokenizer("<|assistant|>")["input_ids"])
    assert spoken.prompt + spoken.completion == whole[:-opening]
    mine = [token for token, turn in zip(spoken.completion, spoken.turns, strict=True) if turn == 1]
    assert tokenizer.decode(mine, skip_special_tokens=True) == one.states[0].hidden.reference
    users = [token for token, mask in zip(spoken.completion, spoken.mask, strict=True) if not mask]
    assert spoken.messages[3].content in tokenizer.decode(users)


def test_a_message_that_was_cut_gets_the_end_of_its_turn_from_the_template(tiny: Path) -> None:
    from tactful.weights.base import load_tokenizer

    tokenizer = load_tokenizer(tiny)
    said = [
        Message(role="user", content="q"),
        Message(role="assistant", content="a"),
        Message(role="user", content="b"),
    ]
    cut = between(tokenizer, said, tokenizer("a")["input_ids"])
    ended = between(tokenizer, said, [tokenizer.eos_token_id])
    assert cut == [tokenizer.eos_token_id, *ended]
    assert tokenizer.decode(ended) == "<|user|>b<|end|><|assistant|>"


def test_credit_by_message_is_the_one_worked_out_by_hand() -> None:
    # returns of the task's messages: 0.6, 1.0 and 0.2 → mean 0.6, deviation 0.4
    spoken = [
        Spoken(None, [], [], [7, 7, 7, 7], [0, 0, THE_USERS, 1]),  # type: ignore[arg-type]
        Spoken(None, [], [], [7], [0]),  # type: ignore[arg-type]
        Spoken(None, [], [], [7], [0]),  # type: ignore[arg-type]
    ]
    credits = [SimpleNamespace(turns=turns) for turns in ((0.6, 1.0), (0.2,), (None,))]
    found = token_advantages(["a", "a", "b"], spoken, credits)  # type: ignore[arg-type]
    one = 0.4 / 0.4001
    assert found[0] == [pytest.approx(0, abs=1e-9), pytest.approx(0, abs=1e-9), 0.0, pytest.approx(one)]
    assert found[1] == [pytest.approx(-one)]
    assert found[2] == [0.0]  # unscored


@pytest.mark.slow
@pytest.mark.parametrize("credit", ["talk", pytest.param("turn", marks=pytest.mark.soak)])
def test_what_earns_more_is_said_more_often(
    credit: str, states: Path, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our reward is too far for random weights, so here the letters a to m earn: the way from talk to weights is tested."""
    said: list[float] = []

    def letters(trajectories: list[Trajectory], *_: object) -> list[object]:
        earned = [share_of_low_letters(one) for one in trajectories]
        said.extend(earned)
        return [
            SimpleNamespace(reward=value, turns=(value,) * len(one.steps), figures=dict)
            for value, one in zip(earned, trajectories, strict=True)
        ]

    monkeypatch.setattr("tactful.training.rl.trainer.credits_of", letters)
    more = {
        "batch": 16,
        "generations": 16,
        "max_steps": 25,
        "max_turns": 1,
        "learning_rate": 1e-2,
        "valid": 0,
    }
    train(states, config(tiny, credit=credit, **more), Place(tmp_path / "out"))
    first, last = said[:80], said[-80:]
    assert sum(last) / 80 > sum(first) / 80 + 0.05


def share_of_low_letters(one: Trajectory) -> float:
    text = "".join(step.message for step in one.steps)
    return sum(letter in "abcdefghijklm" for letter in text.lower()) / max(len(text), 1)
