"""Ask a model until its reply also passes checks that need more than the reply itself.

The door asks again when a reply does not fit its type; here the same is done when it fits the type but not the
dialogue: a path with a name that nobody has said, a prediction that repeats a message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from tactful.errors import ParseError, raise_first
from tactful.llm import or_afresh
from tactful.llm.types import ChatModel, rehearsal_for
from tactful.prompts import Rendered, load_prompt
from tactful.types import Message
from tactful.utterance.replies import ModelReply

T = TypeVar("T", bound=ModelReply)
A = TypeVar("A")
B = TypeVar("B")

CORRECTION = load_prompt(__file__, "correct", fields={"problem"})
ASK_AGAIN = 2
"""How often a reply that fails a check is asked for again."""


async def ask(
    model: ChatModel,
    prompt: Rendered,
    reply_type: type[T],
    *,
    task: str,
    facts: Mapping[str, Any],
    check: Callable[[T], str] = lambda reply: "",
    sample: int = 0,
) -> T:
    """A reply that fits its type and for which `check` says nothing; what it says is sent back to the model.

    `task` and `facts` are for the offline model alone.

    Raises: ParseError when no reply passes; ProviderError; StopRun.
    """
    rehearsal = rehearsal_for(model, "utterance", task, facts)

    async def checked() -> T:
        asked = prompt
        for _ in range(ASK_AGAIN + 1):
            reply = await model.structured(asked, reply_type, sample=sample, rehearsal=rehearsal)
            problem = check(reply)
            if not problem:
                return reply
            said = Message(role="assistant", content=reply.model_dump_json())
            asked = asked.followed_by((said, *CORRECTION.render(problem=problem).messages))
        raise ParseError(
            f"{model.name}: no usable {reply_type.__name__} after {ASK_AGAIN + 1} replies: {problem}",
            reply=reply.model_dump_json(),
        )

    return await or_afresh(checked)


async def both(first: Awaitable[A], second: Awaitable[B]) -> tuple[A, B]:
    """Two independent steps side by side. Both are waited for; then what went wrong is raised, StopRun before all."""
    one, two = await asyncio.gather(first, second, return_exceptions=True)
    raise_first(one, two)
    assert not isinstance(one, BaseException)
    assert not isinstance(two, BaseException)
    return one, two
