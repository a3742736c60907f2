from __future__ import annotations

import pytest
from tests.chat_server import Ask, ChatServer, Fault
from tests.llm.asking import opened, prompt

from tactful.errors import ProviderError
from tactful.feedback.judging.judge import FeedbackJudge
from tactful.feedback.types import FeedbackConfig, Turn
from tactful.llm import within_context


async def test_an_input_that_is_too_long_is_asked_again_with_half_as_much() -> None:
    def narrow(ask: Ask) -> Fault | None:
        return Fault("context") if len(ask.prompt) > 3000 else None

    tried = []
    async with ChatServer(narrow) as server, opened(server) as model:

        async def ask(most: int) -> str:
            tried.append(most)
            return (await model.complete(prompt("x" * most))).text

        assert (await within_context(ask, 10_000)).startswith("Reply to")
        assert tried == [10_000, 5_000, 2_500]
        tried.clear()
        with pytest.raises(ProviderError):
            await within_context(ask, 100_000)
        assert tried == [100_000, 50_000, 25_000, 12_500]


async def test_an_answer_that_was_cut_is_no_reason_to_shorten_the_input() -> None:
    async with ChatServer(faults={"length_cut": 1.0}) as server, opened(server) as model:

        async def ask(most: int) -> str:
            return (await model.complete(prompt("x" * most))).text

        with pytest.raises(ProviderError, match="raise --max-tokens"):
            await within_context(ask, 10_000)
        assert {len(one.text) for one in server.asks} == {10_000}


async def test_a_turn_too_long_for_its_judge_is_judged_on_less_of_it() -> None:
    verdict = {"rationale": "thanks", "label": "pos_praise", "confidence": 90}

    def narrow(ask: Ask) -> Fault | dict[str, object]:
        return Fault("context") if len(ask.prompt) > 12_000 else verdict

    turn = Turn(id="d/1", q_t="q " * 4000, a_t="a " * 4000, user_next="thanks", dialogue_id="d")
    async with ChatServer(narrow) as server, opened(server) as model:
        judged = await FeedbackJudge(model, FeedbackConfig()).judge(turn)
        assert (judged.label, judged.confidence) == ("pos_praise", 0.9)
        assert "characters left out" in server.asks[-1].prompt
