"""An assistant for the chat server that knows the tasks of a states file and plays honestly over real HTTP.

It recognises a task by its query, asks for what is open where the behaviour prompt wants a question, and otherwise
writes the reference if the conversation tells every open requirement, the uninformed solution if not.

    python -m tests.chat_server --port 8123 --states data/seeds/mbpp_states.jsonl
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tactful.data.io import read_jsonl
from tactful.types import Requirement, State

NOTHING_OPEN = "Is there anything else about the task that I should know?"


def assistant_script(states: Iterable[State]) -> Callable[[Any], str | None]:
    """A script for `ChatServer`: the reply to a request about one of `states`, None for any other request."""
    by_query = {state.query: state for state in states}

    def reply(ask: Any) -> str | None:
        said = [message["content"] for message in ask.messages if message["role"] != "system"]
        state = by_query.get(said[0]) if said else None
        if state is None:
            return None
        told = "\n".join(said)
        unknown = [item for item in state.hidden.requirements if item.open and not _known(item, told)]
        behaviour = ask.messages[0]["content"]
        if "ends with a question mark" in behaviour:
            return _question(unknown)
        solution = state.hidden.uninformed if unknown else state.hidden.reference
        return solution if state.domain == "planning" else f"Here it is.\n\n```python\n{solution}\n```"

    return reply


def script_of_file(path: Path) -> Callable[[Any], str | None]:
    """The script for the states in a JSONL file."""
    return assistant_script(read_jsonl(path, State))


def _known(requirement: Requirement, told: str) -> bool:
    """Without keywords, the answer or the text of the requirement tells it: nothing is known for having no marks."""
    if requirement.keywords:
        return all(word in told for word in requirement.keywords)
    return any(said in told for said in (requirement.answer, requirement.text) if said)


def _question(unknown: list[Requirement]) -> str:
    if not unknown:
        return NOTHING_OPEN
    return max(unknown, key=lambda item: item.weight).question
