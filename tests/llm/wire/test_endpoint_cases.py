"""What endpoints have been seen to answer, each kind with its neighbours: `endpoint_cases.jsonl`, one case a line.

`ends` says what is right: `reply` (the answer is read at once), `text` (taken for whole, with a warning), `again`,
`pause`, `longer` (asked again, at once, later, with a larger limit), `merged` (asked again without a system message),
`fails` (this record alone, as `outcome`), `stop` (the run, saying `says`).
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.chat_server import Ask, ChatServer, Raw
from tests.llm.asking import opened, prompt

from tactful.errors import EndpointRefused, ProviderError
from tactful.feedback.judging.judge import FeedbackVerdict
from tactful.llm import CallOptions, metered
from tactful.types import Message

CASES = [
    json.loads(line) for line in Path(__file__).with_name("endpoint_cases.jsonl").read_text().splitlines()
]
LIMIT = CallOptions(max_tokens=100, temperature=0.0)
TURNS = [Message(role="system", content="Be brief."), *prompt("the case")]


def ended(*kinds: str) -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in CASES if case["ends"] in kinds]


def first_answers(case: dict[str, Any], times: int = 1) -> ChatServer:
    """A server that answers `times` times as in the case, and then well."""
    left = [Raw(case["body"].encode(), case["status"], case["headers"])] * times
    return ChatServer(lambda ask: left.pop() if left else None)


@pytest.mark.parametrize("case", ended("reply"))
async def test_a_whole_answer_is_read_at_once(case: dict[str, Any]) -> None:
    async with first_answers(case) as server, opened(server) as model:
        said = await model.structured(prompt(), FeedbackVerdict)
        assert (said.label, said.confidence) == ("pos_praise", 0.8)
        assert said.rationale.startswith("She says it helped")
        assert server.jobs == 1


@pytest.mark.parametrize("case", ended("text"))
async def test_an_unknown_ending_is_taken_for_whole_and_counted(
    case: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    async with first_answers(case) as server, opened(server) as model:
        with metered() as meter:
            assert (await model.complete(prompt())).text == "Here is all of it."
        assert (server.jobs, meter.unknown_endings) == (1, 1)
    assert "is not known; the answer is taken for whole (1 so far)" in caplog.text


@pytest.mark.parametrize("case", ended("again", "pause", "longer", "merged"))
async def test_what_is_no_answer_is_asked_again_and_never_stored(
    case: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "calls.sqlite"
    async with first_answers(case) as server, opened(server, cache=path) as model:
        assert (await model.complete(TURNS, options=LIMIT)).text.startswith("Reply to")
        first, second = server.asks
        assert second.at - first.at >= case.get("wait_s", 0.0)
        assert second.limit == (200 if case["ends"] == "longer" else 100)
        said = (
            [{"role": "user", "content": "Be brief.\n\nthe case"}]
            if case["ends"] == "merged"
            else first.messages
        )
        assert second.messages == said
    with closing(sqlite3.connect(path)) as stored:
        bodies = [body for (body,) in stored.execute("SELECT body FROM calls")]
    assert len(bodies) == 1
    assert bodies[0] != case["body"].encode()


@pytest.mark.parametrize("case", ended("fails"))
async def test_a_trouble_of_one_request_fails_that_record_alone(case: dict[str, Any]) -> None:
    async with first_answers(case) as server, opened(server) as model:
        with pytest.raises(ProviderError, match=case.get("says", "m at")) as failed:
            await model.complete(prompt(), options=LIMIT)
        assert (failed.value.outcome, server.jobs) == (case["outcome"], 1)
        assert (await model.complete(prompt("the next"))).text.startswith("Reply to")


@pytest.mark.parametrize("case", ended("stop"))
async def test_a_trouble_of_every_request_stops_at_once_and_says_what_to_fix(case: dict[str, Any]) -> None:
    async with first_answers(case, times=9) as server, opened(server) as model:
        with pytest.raises(EndpointRefused, match=f"(?s)m at http.*{case['says']}.*resume"):
            await model.complete(prompt(), options=LIMIT)
        assert server.jobs <= 2
        with pytest.raises(EndpointRefused):
            await model.complete(prompt("the next"))
        assert server.jobs <= 2


@pytest.mark.parametrize("name", ["a page of a web interface", "plain words"])
async def test_a_page_between_answers_is_asked_again(name: str) -> None:
    case = next(case for case in CASES if case["name"] == name)
    answers: list[Raw | None] = [None, Raw(case["body"].encode()), Raw(case["body"].encode()), None]
    async with ChatServer(lambda ask: answers.pop(0)) as server, opened(server) as model:
        for number in range(2):
            assert (await model.complete(prompt(number))).text.startswith("Reply to")
        assert server.jobs == 4


async def test_a_merged_system_message_is_learnt_once_and_remembered(tmp_path: Path) -> None:
    def no_system(ask: Ask) -> Raw | None:
        if ask.messages[0]["role"] == "system":
            return Raw(b'{"error": {"message": "System role not supported"}}', 400)
        return None

    async with ChatServer(no_system) as server:
        for turn in range(2):
            async with opened(server, cache=tmp_path / "c.sqlite") as model:
                for number in range(2):
                    await model.complete([TURNS[0], *prompt((turn, number))])
        assert server.jobs == 5


async def test_a_token_limit_that_leaves_no_room_is_lowered_once() -> None:
    full = (
        b'{"error": {"message": "This model\'s maximum context length is 4096 tokens. However, you requested 8000 tokens '
        b'(3000 in the messages, 5000 in the completion)."}}'
    )

    def narrow(ask: Ask) -> Raw | None:
        return Raw(full, 400) if (ask.limit or 0) > 1096 else None

    async with ChatServer(narrow) as server, opened(server) as model:
        await model.complete(prompt(), options=CallOptions(max_tokens=5000))
        assert [ask.limit for ask in server.asks] == [5000, 1080]


async def test_a_larger_limit_is_never_smaller_than_the_one_that_was_too_small() -> None:
    cut = {"choices": [{"message": {"content": "x"}, "finish_reason": "length"}],
           "usage": {"prompt_tokens": 9, "completion_tokens": 16384}}  # fmt: skip
    answers = [Raw(json.dumps(cut).encode()), None]
    async with ChatServer(lambda ask: answers.pop(0)) as server, opened(server) as model:
        await model.complete(prompt())
        assert [ask.limit for ask in server.asks] == [None, 2 * 16384]
