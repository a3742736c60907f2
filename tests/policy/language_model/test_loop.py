"""`calibrate iterate --train dpo`: the loop with a language model as the policy."""

from __future__ import annotations

from pathlib import Path

import pytest

import tactful as tf
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
