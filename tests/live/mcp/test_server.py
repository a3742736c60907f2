"""The MCP server as the real client sees it, over stdio: a process that speaks the protocol on its streams."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

import tactful as tf
from tactful.live.advisor import Advisor
from tactful.live.counsel.here import CounselHere
from tactful.live.counsel.there import CounselThere
from tactful.live.learning.choosing import Guards
from tactful.live.mcp.server import mcp_server
from tactful.live.settings import LiveSettings
from tactful.reading.opening import open_embedded_reader

mcp_client = pytest.importorskip(
    "mcp.client", reason="the package mcp, of the extra `live`, is not installed"
)
stdio = pytest.importorskip("mcp.client.stdio")
OPEN, CLOSED = "Book a table", "What is the capital of Peru?"


@asynccontextmanager
async def client(folder: Path, *flags: str) -> AsyncIterator[Any]:
    """A client of `tactful live mcp`, decided without draws."""
    (folder / "live.toml").write_text("timeout_ms = 20000\n[guards]\nexplore = 0\n")
    arguments = ["-m", "tactful", "live", "mcp", "--config", str(folder / "live.toml"), *flags]
    import os

    server = stdio.StdioServerParameters(
        command=sys.executable,
        args=arguments,
        cwd=folder,
        env={**os.environ, "XDG_STATE_HOME": str(folder)},
    )
    async with mcp_client.Client(server) as one:
        yield one


async def called(one: Any, tool: str, **arguments: Any) -> Any:
    """The structured answer of a tool."""
    result = await one.call_tool(tool, arguments)
    assert not result.is_error, result
    return result.structured_content


@pytest.mark.slow
async def test_the_tools_answer_over_stdio_and_learn(tmp_path: Path) -> None:
    async with client(tmp_path, "--reader", "surface") as one:
        tools = {tool.name: tool for tool in (await one.list_tools()).tools}
        assert tools.keys() == {"should_i_ask", "report_reaction"}
        assert all(tool.description for tool in tools.values())
        asks = await called(one, "should_i_ask", request=OPEN, conversation="c")
        assert asks["ask"] is True
        assert asks["suggested_question"]
        assert asks["facts"].startswith("About this request")
        needless = await called(
            one, "should_i_ask", request=CLOSED, question="As a sentence?", options=["a word", "a sentence"]
        )
        assert needless["ask"] is False
        assert needless["default"] == "a word"
        kept = await called(
            one, "should_i_ask", request=CLOSED, question="May I delete it?", options=["yes", "no"]
        )
        assert kept["ask"] is True  # never assumed in a person's name
        for learned in (True, False):  # once
            told = await called(one, "report_reaction", advice=asks["advice"], reaction="rejected")
            assert told == {"learned": learned}
        wrong = await one.call_tool("report_reaction", {"advice": asks["advice"], "reaction": "loved it"})
        assert wrong.is_error
    assert (tmp_path / "tactful" / "live.sqlite").exists()


@pytest.mark.slow
async def test_in_shadow_there_is_no_verdict(tmp_path: Path) -> None:
    async with client(tmp_path, "--reader", "surface", "--mode", "shadow") as one:
        told = await called(one, "should_i_ask", request=OPEN, question="For how many?", options=["two"])
        assert told["ask"] is None
        assert told["facts"] == ""


async def test_a_running_server_decides(tmp_path: Path) -> None:
    (tmp_path / "live.toml").write_text("timeout_ms = 20000\n")
    options = {"config": tmp_path / "live.toml", "reader": "surface", "mode": "act"}
    with tf.live_serve(**options, database=str(tmp_path / "l.sqlite")) as served:
        async with mcp_client.Client(
            mcp_server(CounselThere(served.address, timeout_s=20.0), user="ann")
        ) as one:
            told = await called(one, "should_i_ask", request=CLOSED)
            assert told["ask"] is False
            assert (await called(one, "report_reaction", advice=told["advice"], reaction="content")) == {
                "learned": True
            }
    async with mcp_client.Client(mcp_server(CounselThere(served.address), user="ann")) as one:
        gone = await called(one, "should_i_ask", request=CLOSED)
        assert gone["ask"] is None  # nobody answers any more: the assistant goes on
        assert (await called(one, "report_reaction", advice="x", reaction="content")) == {"learned": False}


async def test_a_question_is_held_against_the_advice_that_was_given(tmp_path: Path) -> None:
    """No second draw, also where the first is not in the database yet."""
    settings = LiveSettings(mode="act", timeout_ms=20_000)
    reader = open_embedded_reader("surface")
    with Advisor(tmp_path / "l.sqlite", reader=reader, settings=settings) as advisor:
        async with mcp_client.Client(mcp_server(CounselHere(advisor), user="ann")) as one:
            for _ in range(5):
                await called(
                    one, "should_i_ask", request=CLOSED, question="As a sentence?", options=["a word"]
                )
        advisor.settle()
        with advisor._memory.store.read() as connection:
            assert connection.execute(text("SELECT count(*) FROM advice")).scalar() == 5


@pytest.mark.parametrize(
    ("mode", "asked", "ask", "why"),
    [
        ("act", {"question": "As a sentence?"}, True, "it offers nothing that could be assumed"),
        ("act", {"question": "As a sentence?", "options": ["a word"]}, False, "it is needless"),
        ("advise", {"question": "As a sentence?"}, None, "mode advise holds nothing back"),
        ("advise", {}, False, "little is missing"),
    ],
)
async def test_no_facts_speak_against_the_verdict_beside_them(
    tmp_path: Path, mode: Any, asked: dict[str, Any], ask: bool | None, why: str
) -> None:
    settings = LiveSettings(mode=mode, timeout_ms=20_000, guards=Guards(explore=0))
    with Advisor(tmp_path / "l.sqlite", reader=open_embedded_reader("surface"), settings=settings) as advisor:
        async with mcp_client.Client(mcp_server(CounselHere(advisor), user="ann")) as one:
            told = await called(one, "should_i_ask", request=CLOSED, **asked)
    assert (told["ask"], told["why"]) == (ask, why)
    assert ("can be acted on as it stands" in told["facts"]) == (ask is not True)
