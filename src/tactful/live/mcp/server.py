"""Two tools over MCP: `should_i_ask` before a question, `report_reaction` after it. What fails inside is no verdict."""

from __future__ import annotations

import logging
from collections.abc import Callable
from getpass import getuser
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_args
from uuid import uuid4

from pydantic import BaseModel, Field

from tactful.live.counsel.types import Counsel
from tactful.types import Message, NativeAsk

if TYPE_CHECKING:
    from mcp.server import MCPServer

_log = logging.getLogger(__name__)
_R = TypeVar("_R")
Text = Annotated[str, Field(max_length=100_000)]
Reaction = Literal[
    "answered", "answered_needlessly", "rejected", "ignored", "content", "wrong_guess", "complained"
]
_OUTCOMES = dict(
    zip(
        get_args(Reaction),
        ("welcome", "needless", "rejected", "left", "fine", "guess", "faulty"),
        strict=True,
    )
)
ABOUT = (
    "Whether a question is worth this person's time, from calibrated readings of their request and from how they took "
    "earlier questions. Facts to weigh, not orders."
)


class Turn(BaseModel):
    """A message before the request."""

    role: Literal["user", "assistant"]
    content: Text


class Verdict(BaseModel):
    """Whether to ask."""

    ask: bool | None
    """None: no verdict; go on as without this tool."""
    why: str
    facts: str = ""
    """What is known of this request, to weigh."""
    missing: list[str] = []
    """Kinds of what the request leaves open, the likeliest first."""
    suggested_question: str = ""
    default: str = ""
    """What to assume, and say, where it is not asked or not answered."""
    advice: str = ""
    """Give it to report_reaction."""


class Learned(BaseModel):
    """Whether a reaction was learned."""

    learned: bool
    """False: this advice is not known, or its reaction was learned before."""


def mcp_server(counsel: Counsel, *, user: str | None = None) -> MCPServer:
    """The server. The caller closes `counsel`. `user`: in whose name it is asked; None: whoever is logged in.

    Raises: MissingExtra without the package `mcp`.
    """
    from tactful import __version__
    from tactful.errors import MissingExtra

    try:
        from mcp.server import MCPServer
    except ImportError as error:
        raise MissingExtra("live", "the MCP server") from error
    person = getuser() if user is None else user
    server = MCPServer("tactful", version=__version__, instructions=ABOUT, log_level="ERROR")

    @server.tool(
        description="Before you ask the user: is a question about this request worth their time? " + ABOUT
    )
    def should_i_ask(
        request: Annotated[Text, Field(description="The user's last message, word for word.")],
        question: Annotated[
            str, Field(max_length=20_000, description="The question you would ask; empty: none yet.")
        ] = "",
        options: Annotated[
            list[str],
            Field(max_length=20, description="Answers that you would offer, the recommended one first."),
        ] = [],  # noqa: B006  (a schema's default)
        earlier: Annotated[
            list[Turn], Field(max_length=100, description="The messages before it, oldest first.")
        ] = [],  # noqa: B006
        conversation: Annotated[
            str, Field(max_length=64, description="An id that stays the same within a conversation.")
        ] = "",
    ) -> Verdict:
        def decide() -> Verdict:
            messages = [Message(role=turn.role, content=turn.content) for turn in earlier]
            messages.append(Message(role="user", content=request))
            return _verdict(counsel, messages, question, options, person, conversation or uuid4().hex)

        return _open(decide, Verdict(ask=None, why="no verdict could be reached"))

    @server.tool(
        description="After you asked, or answered at once: what the user made of it. It teaches their patience."
    )
    def report_reaction(
        advice: Annotated[str, Field(max_length=64, description="`advice` of should_i_ask.")],
        reaction: Annotated[
            Reaction,
            Field(
                description="Of a question: answered, answered_needlessly, rejected, ignored. Of an answer: content, "
                "wrong_guess, complained."
            ),
        ],
    ) -> Learned:
        def learn() -> Learned:
            return Learned(learned=counsel.report(advice, _OUTCOMES[reaction]) is not None)

        return _open(learn, Learned(learned=False))

    return server


def _verdict(
    counsel: Counsel,
    messages: list[Message],
    question: str,
    options: list[str],
    user: str,
    conversation: str,
) -> Verdict:
    told = counsel.advise(messages, user=user, conversation=conversation)
    if told["failed"] or not told["treated"]:
        return Verdict(ask=None, why=told["failed"] or "nobody is advised now", advice=told["id"])
    asks: bool | None = told["choice"] == "ask"
    why, facts = told["reason"], told["behaviour"]
    suggested: dict[str, Any] = told["question"] or {}
    default = suggested.get("default", "")
    if question.strip():
        ask = NativeAsk(tool="should_i_ask", questions=(question,), options=(tuple(options),))
        vetted = counsel.vet(messages, ask, user=user, conversation=conversation)
        why = vetted["why"]
        if not vetted["put"]:
            asks, facts = False, vetted["told"]
        elif not asks and told["mode"] == "act":
            asks, facts = True, ""  # in doubt it is put, and nothing beside that speaks against it
        elif not asks:  # nothing is held back: the facts are there to be weighed
            asks = None
        default = next((one["default"] for one in vetted["assumed"]), default)
    return Verdict(
        ask=asks,
        why=why,
        facts=facts,
        missing=list(told["missing"]),
        suggested_question=suggested.get("text", ""),
        default=default,
        advice=told["id"],
    )


def _open(work: Callable[[], _R], otherwise: _R) -> _R:
    """What `work` gives; where it fails, no verdict and no text of what failed."""
    try:
        return work()
    except Exception as error:
        _log.error("a tool failed with %s", type(error).__name__)
        return otherwise
