"""Log-probabilities of whole answers: as summed by hand, however they are batched."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tactful.policy.language_model import scoring
from tactful.policy.language_model.scoring import log_probabilities


def asked(count: int) -> tuple[list[list[int]], list[list[list[int]]]]:
    """Prompts of 1 to 60 tokens; three answers each, of 1, 3 and 5 tokens."""
    rng = random.Random(0)

    def tokens(length: int) -> list[int]:
        return [rng.randrange(5, 250) for _ in range(length)]

    prompts = [tokens(rng.randrange(1, 60)) for _ in range(count)]
    return prompts, [[tokens(1), tokens(3), tokens(5)] for _ in prompts]


def by_hand(model: Any, prompt: list[int], answer: list[int]) -> float:
    """Σ log P(token | all before), from one plain pass over prompt and answer."""
    import torch

    with torch.no_grad():
        said = model(torch.tensor([prompt + answer])).logits[0].log_softmax(-1)
    return sum(float(said[len(prompt) - 1 + at, token]) for at, token in enumerate(answer))


@pytest.fixture(scope="module")
def model(tiny: Path) -> Any:
    from tactful.weights import load_base

    return load_base(str(tiny), dtype="f32").model


def test_the_log_probability_of_an_answer_is_the_sum_over_its_tokens(model: Any) -> None:
    prompts, answers = asked(9)
    wanted = [
        [by_hand(model, prompt, one) for one in own] for prompt, own in zip(prompts, answers, strict=True)
    ]
    assert np.allclose(log_probabilities(model, prompts, answers), wanted, atol=1e-5)


def test_answers_of_one_token_need_no_second_pass(model: Any) -> None:
    prompts, answers = asked(3)
    short = [[one[:1] for one in own] for own in answers]
    wanted = [
        [by_hand(model, prompt, one) for one in own] for prompt, own in zip(prompts, short, strict=True)
    ]
    assert np.allclose(log_probabilities(model, prompts, short), wanted, atol=1e-5)


def test_batching_changes_nothing(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    prompts, answers = asked(9)
    together = log_probabilities(model, prompts, answers)
    for most in (1, 100):
        monkeypatch.setattr(scoring, "_AT_ONCE", most)
        assert np.allclose(log_probabilities(model, prompts, answers), together, atol=1e-5)


def test_a_batch_keeps_no_more_than_the_bound_answers_and_what_is_shared_counted(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of 9 prompts is kept after 30 shared tokens, for 3 answers: 90 tokens at least, 600 hold at most 6."""
    prompts, answers = asked(9)
    prompts = [list(range(30, 60)) + prompt for prompt in prompts]
    together = log_probabilities(model, prompts, answers)
    kept: list[int] = []
    score = scoring._scored

    def watched(model: Any, rest: Any, answers: Any, begun: Any, shared: int) -> Any:
        kept.append(len(rest) * 3 * (shared + max(map(len, rest))))
        return score(model, rest, answers, begun, shared)

    monkeypatch.setattr(scoring, "_scored", watched)
    monkeypatch.setattr(scoring, "_AT_ONCE", 600)
    assert np.allclose(log_probabilities(model, prompts, answers), together, atol=1e-5)
    assert len(kept) > 1
    assert max(kept) <= 600


def test_no_prompt_has_no_answer(model: Any) -> None:
    assert log_probabilities(model, [], []).shape == (0, 0)


def test_a_beginning_that_all_prompts_share_is_read_once_and_changes_nothing(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts, answers = asked(9)
    prompts = [list(range(30, 60)) + prompt for prompt in prompts]
    wanted = [
        [by_hand(model, prompt, one) for one in own] for prompt, own in zip(prompts, answers, strict=True)
    ]
    read: list[int] = []
    whole = scoring._begun
    monkeypatch.setattr(scoring, "_begun", lambda model, ids: read.append(len(ids)) or whole(model, ids))
    assert np.allclose(log_probabilities(model, prompts, answers), wanted, atol=1e-5)
    assert read == [30]
    assert np.allclose(log_probabilities(model, prompts[:1] * 2, answers[:1] * 2), wanted[:1] * 2, atol=1e-5)
