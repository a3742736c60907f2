"""`calibrate iterate --train dpo`: the loop with a language model as the policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import tactful as tf
from tactful.errors import UserError
from tactful.policy.language_model.policy import LanguageModelPolicy


@pytest.mark.slow
def test_a_language_model_is_trained_and_measured_in_the_loop(tiny: Path, tmp_path: Path) -> None:
    config = tmp_path / "train.toml"
    config.write_text('max_steps = 2\nbatch = 2\naccumulate = 1\nmax_length = 4096\ntoo_long = "leave-out"\n')
    loop = tf.iterate(
        "planning", model="offline", rounds=1, out=tmp_path / "loop", n=10, train="dpo", base=str(tiny),
        train_config=config, progress="off",
    )  # fmt: skip
    [first] = loop.found.rounds
    assert first.policy == "round-1/policy"
    assert first.reward.items > 0
    policy = tf.load(tmp_path / "loop" / first.policy)
    assert isinstance(policy, LanguageModelPolicy)
    assert (policy.card.domains, policy.card.shown) == (("planning",), "conversation")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"base": "./nowhere"}, "is no folder of a model"),
        ({"train_config": "wrong.toml"}, "unknown key 'nonsense'"),
        ({"train_config": "misfit.toml"}, "--packing is for sft"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_anything_is_played(
    wrong: dict[str, Any], told: str, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("wrong.toml").write_text("nonsense = 1\n")
    Path("misfit.toml").write_text("packing = true\n")
    with pytest.raises(UserError, match=told):
        tf.iterate(
            "planning",
            model="offline",
            rounds=1,
            out="loop",
            n=10,
            train="dpo",
            **{"base": str(tiny), **wrong},
        )
    assert not Path("loop").exists()
