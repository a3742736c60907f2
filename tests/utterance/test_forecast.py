"""What a synthesis is said to cost before it begins."""

from __future__ import annotations

import asyncio

import pytest
from tests.utterance.fakes import FakeModel, example

from tactful.llm import ModelSpec
from tactful.runs import Context
from tactful.text import estimate_tokens
from tactful.utterance.forecast import forecast
from tactful.utterance.pipeline import PairConfig, SynthesizeConfig, SynthesizeStage

LONG = "Please sort the rows by date. " * 200
TURNS = (
    ("user", "Hi"),
    ("assistant", LONG),
    ("user", f"{LONG} Go on."),
    ("assistant", "Done."),
    ("user", LONG * 2),
)


@pytest.mark.slow
@pytest.mark.parametrize("turns", [TURNS, (*TURNS[:3], ("assistant", "Done."))])
def test_no_target_takes_more_calls_or_tokens_than_were_said(turns):
    model, one = FakeModel(), example(turns)
    said = forecast([one], SynthesizeConfig(assistant=ModelSpec(name="nobody-knows-this-one")))
    asyncio.run(SynthesizeStage(PairConfig())(one, Context(one.id, 0, "", {"assistant": model})))
    # the middle branch takes the most: six stages, a wrong path, two revisions, each scored
    assert len(model.prompts) == said.calls == 11
    sent = sum(estimate_tokens(prompt) for _, prompt in model.prompts)
    assert sent <= said.prompt_tokens <= 2 * sent
