"""A decision point as a language model is shown it: the one rendering for training, evaluation and live use."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal

from tactful.prompts import load_prompt
from tactful.text.quoting.shorten import shortened
from tactful.types import Message, PublicState

PROMPT = load_prompt(__file__, "act", fields={"actions", "conversation", "facts"})
Shown = Literal["conversation", "numbers"]
"""`conversation`: what was said, and what is known of the user. `numbers`: clarity and complexity of the state beside it."""
MEANING = {
    "LOW": "do the work at once",
    "MID": "ask one question where one is open, then do the work",
    "HIGH": "ask about all that is open, outline, then do the work",
    "Execute": "do the work at once",
    "Clarify": "ask one question first",
}
"""Actions of the bundled spaces, in words."""
_MAX_TEXT = 2_000


def state_messages(
    state: PublicState, actions: Sequence[str], shown: Shown = "conversation"
) -> tuple[Message, ...]:
    """The prompt whose answer is the name of an action; `actions` stand in the order given."""
    said = [("user", state.query), *((message.role, message.content) for message in state.history)]
    rendered = PROMPT.render(
        actions="\n".join(f"{name}: {MEANING[name]}" if name in MEANING else name for name in actions),
        conversation="\n".join(_line(role, text) for role, text in said if role != "system"),
        facts="\n" + "\n".join(_facts(state, shown)) + "\n",
    )
    return rendered.messages


def _line(role: str, text: str) -> str:
    return json.dumps({role: shortened(text, _MAX_TEXT, joint=" ")}, ensure_ascii=False)


def _facts(state: PublicState, shown: Shown) -> list[str]:
    """What is known beside what was said; what is not known of the user is left out."""
    lines = [
        f"questions in this task: {state.questions_asked} asked, {state.answered} answered, {state.prev_reject} rejected"
    ]
    user = state.user
    if user.questions:
        lines.append(
            f"earlier questions to this user: {user.questions} asked, {user.answered} answered, {user.rejected} rejected"
        )
    if shown == "numbers":
        lines += [
            f"clarity of the request: {state.query_clarity:.2f} (1 = nothing left to ask)",
            f"complexity of the task: {state.task_complexity:.2f}",
        ]
    return lines
