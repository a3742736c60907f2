"""A model that builds scenes by the book, for tests that need an endpoint or one bad reply among good ones."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

_STEP = re.compile(r"^Step (\d): ", re.MULTILINE)
_TASK = re.compile(r'"task": ("(?:[^"\\]|\\.)*")')
NAMES = ("profile", "work", "things", "abilities", "happenings", "final")
THINGS = ("ledger", "phone", "notice board", "laptop", "kettle")


def step_of(prompt: str) -> str:
    """Which step a prompt asks for."""
    found = _STEP.search(prompt)
    assert found, prompt[:200]
    return NAMES[int(found[1]) - 1]


def task_of(prompt: str) -> str:
    """The seed's task, as the prompt has it."""
    found = _TASK.search(prompt)
    assert found
    return json.loads(found[1])


def good(step: str, task: str) -> dict[str, Any]:
    """A reply that every check lets pass; the person's name differs from task to task."""
    name = "Quirin" + re.sub(r"\W", "", task)[:12]
    return {
        "profile": lambda: {
            "theme": f"About {task[:60]}",
            "surroundings": f"The back room of a shop where somebody has to do this: {task}",
            "name": name,
            "description": f"{name}, 44, keeps the shop and knows a little of everything, glad of help at the right time.",
        },
        "work": lambda: {
            "goal": task,
            "pieces": ["look at it", "do it", "check it"],
            "character": "One thing after the other, and tea in between.",
        },
        "things": lambda: {
            "entities": [
                {"name": thing, "state": "as it was left", "operations": ["look at", "change"]}
                for thing in THINGS
            ]
        },
        "abilities": lambda: {
            "operations": [
                {"name": f"help_{at}", "arguments": ["what"], "uses": [thing]}
                for at, thing in enumerate(THINGS)
            ]
        },
        "happenings": lambda: {
            "events": [
                {"entity": thing, "text": f"The user {verb} the {thing}."}
                for thing in THINGS
                for verb in ("reads", "changes", "searches in")
            ]
        },
        "final": lambda: {
            "description": f"{name} sits in the back room of a shop between the ledger and the phone. {task}",
            "person": f"{name}, 44, keeps the shop; one thing after the other, and tea in between.",
        },
    }[step]()


def answers(
    change: Callable[[str, str, dict[str, Any]], Any] = lambda step, task, reply: reply,
) -> Callable[[Any], Any]:
    """A script for the chat server: good replies, each as `change(step, task, reply)` leaves it."""

    def script(ask: Any) -> Any:
        step, task = step_of(ask.prompt), task_of(ask.prompt)
        return change(step, task, good(step, task))

    return script


class Model:
    """A `ChatModel` that answers by the book; `replies[step]` are given first, one after the other. Keeps its prompts."""

    name = "by-the-book"
    generator = "endpoint"

    def __init__(self, **replies: Any) -> None:
        self.prompts: list[str] = []
        self._replies = {step: list(given) for step, given in replies.items()}

    async def structured(self, prompt, reply_type, **_):
        text = "\n".join(message.content for message in prompt.messages)
        self.prompts.append(text)
        step = step_of(text)
        waiting = self._replies.get(step)
        change = waiting.pop(0) if waiting else {}
        return reply_type.model_validate({**good(step, task_of(text)), **change})
