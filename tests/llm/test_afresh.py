"""Replies that a stage turned down, met again in the cache."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.chat_server import ChatServer
from tests.llm.asking import opened, prompt

from tactful.errors import ParseError
from tactful.llm import ChatModel, or_afresh
from tactful.prompts import Rendered
from tactful.utterance.asking import ask as ask_checked
from tactful.utterance.replies import ModelReply


class Named(ModelReply):
    name: str


async def good(model: ChatModel) -> str:
    """The first of two replies that says something good."""
    for sample in range(2):
        reply = await model.complete(prompt(), sample=sample)
        if "good" in reply.text:
            return reply.text
    raise ParseError("no good reply")


async def test_replies_that_were_turned_down_are_asked_for_anew_where_the_cache_holds_no_other(
    tmp_path: Path,
) -> None:
    async with ChatServer(lambda ask: "bad") as server, opened(server, cache=tmp_path / "calls") as model:
        with pytest.raises(ParseError):
            await or_afresh(lambda: good(model))
        assert server.jobs == 2, "new replies are not asked for twice"
        with pytest.raises(ParseError):
            await or_afresh(lambda: good(model))
        assert server.jobs == 4
        server.script = lambda ask: "good"
        assert await or_afresh(lambda: good(model)) == "good"
        assert await or_afresh(lambda: good(model)) == "good"
        assert server.jobs == 5, "a good one is taken from the cache"


async def test_a_check_that_needs_more_than_the_reply_meets_new_replies_too(tmp_path: Path) -> None:
    async def asked(model: ChatModel) -> str:
        said = await ask_checked(
            model, Rendered(tuple(prompt()), "p", "0"), Named, task="", facts={}, check=lambda one: "" if one.name == "good" else "no"
        )  # fmt: skip
        return said.name

    async with (
        ChatServer(lambda ask: {"name": "bad"}) as server,
        opened(server, cache=tmp_path / "calls") as model,
    ):
        with pytest.raises(ParseError):
            await asked(model)
        sent = server.jobs
        server.script = lambda ask: {"name": "good"}
        assert await asked(model) == "good"
        assert server.jobs == sent + 1
