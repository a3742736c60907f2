"""A decision point as a language model is shown it: the one rendering for training, evaluation and live use."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal

from tactful.prompts import Rendered, load_prompt
from tactful.text.shorten import shortened
from tactful.types import PublicState

PROMPT = load_prompt(__file__, "act", fields={"actions", "conversation", "facts"})
Shown = Literal["state", "conversation"]
"""`state`: the conversation, and the state's figures. `conversation`: what was said, no figure beside it."""
MEANING = {
    "LOW": "do the work at once",
    "MID": "ask one question where one is open, then do the work",
    "HIGH": "ask about all that is open, outline, then do the work",
    "Execute": "do the work at once",
    "Clarify": "ask one question first",
}
"""Actions of the bundled spaces, in words."""
_MAX_TEXT = 2_000


def state_prompt(state: PublicState, actions: Sequence[str], shown: Shown = "state") -> Rendered:
    """The prompt whose answer is the name of an action; `actions` stand in the order given."""
    said = [("user", state.query), *((message.role, message.content) for message in state.history)]
    return PROMPT.render(
        actions="\n".join(f"{name}: {MEANING[name]}" if name in MEANING else name for name in actions),
        conversation="\n".join(_line(role, text) for role, text in said if role != "system"),
        facts=_facts(state) if shown == "state" else "",
    )


def _line(role: str, text: str) -> str:
    return json.dumps({role: shortened(text, _MAX_TEXT, joint=" ")}, ensure_ascii=False)


def _facts(state: PublicState) -> str:
    """The figures of a state, one a line; what is not known of the user is left out."""
    lines = [
        f"clarity of the request: {state.query_clarity:.2f} (1 = nothing left to ask)",
        f"complexity of the task: {state.task_complexity:.2f}",
        f"questions asked: {state.questions_asked}, answered: {state.answered}, rejected: {state.prev_reject}",
    ]
    if state.user.questions:
        lines.append(
            f"earlier questions to this user: {state.user.questions}, rejected: {state.user.rejected}"
        )
    return "\n" + "\n".join(lines) + "\n"
