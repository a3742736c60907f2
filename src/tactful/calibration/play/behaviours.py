"""Behaviours: what an action means at a decision point, its prompt, and how to read the message that came back.

*Whether* to ask is the policy's choice and follows from the action and its question budget, never from the prompt:

- multi: a message asks while fewer questions than the action's budget were put to the user in this task (and the
  action has sent fewer asking messages than it may), and gives no solution; otherwise it solves. Where the episode
  must end, it solves whatever the action.
- single: question and solution stand in one message.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from tactful.calibration.play.actions import Action, ActionSpace, Mode, SolutionKind
from tactful.errors import ConfigError
from tactful.prompts import Prompt, Rendered
from tactful.text import questions
from tactful.text.code.answers import extract_code

LANGUAGES = {"en": "English", "zh": "Chinese (简体中文)"}


@dataclass(frozen=True)
class Move:
    """What one action does at one decision point."""

    action: Action
    kind: Literal["ask", "solve", "both"]
    may_ask: int
    """Questions that the message may hold."""
    prompt: Prompt
    forced: bool
    """The action would have asked, but the episode has to end here."""

    @property
    def sends(self) -> tuple[str, int]:
        """What tells two moves apart: equal ones send the same prompt, so they have the same future."""
        return self.prompt.prompt_id, self.may_ask


def plan_move(
    space: ActionSpace, name: str, *, mode: Mode, questions_asked: int, must_solve: bool, messages: int = 0
) -> Move:
    """The move that `name` makes after `questions_asked` questions in this task, `messages` messages with some by `name`.

    An action that has no prompt to solve with becomes the space's least intense one that has.
    Raises ConfigError when the space has no such action, or no such mode.
    """
    action = space.action(name)
    if mode not in space.modes:
        raise ConfigError(
            f"action space '{space.name}' has no {mode}-turn form; it has {', '.join(space.modes)}: use --turns"
        )
    left = max(0, min(action.per_message, action.budget - questions_asked))
    if action.messages is not None and messages >= action.messages:
        left = 0
    if mode == "single":
        if action.single is not None and left > 0:
            return Move(action, "both", left, action.single, forced=False)
        return _solving(action, space, forced=False)
    asks = action.ask is not None and left > 0
    if action.ask is not None and asks and not must_solve:
        return Move(action, "ask", left, action.ask, forced=False)
    return _solving(action, space, forced=asks)


def _solving(action: Action, space: ActionSpace, *, forced: bool) -> Move:
    solver = action if action.solve is not None else space.solver
    assert solver.solve is not None, "load_action_space refuses a space without a solver"
    return Move(solver, "solve", 0, solver.solve, forced)


@lru_cache(maxsize=1024)
def render(prompt: Prompt, may_ask: int, lang: str) -> Rendered:
    """The behaviour prompt as sent, in front of the conversation."""
    known: dict[str, str | int] = {
        "questions": may_ask,
        "language": LANGUAGES.get(lang, f"the language of the request ('{lang}')"),
    }
    return prompt.render(**{name: known[name] for name in prompt.fields})


# ---------------------------------------------------------------- reading what came back


@dataclass(frozen=True)
class Reading:
    """What a message turned out to be, whatever it was meant to be."""

    questions: tuple[str, ...]
    solution: str | None
    """None: it gave none, so the conversation goes on."""


def read_message(
    text: str, kind: Literal["ask", "solve", "both"], solution: SolutionKind, wanted: Collection[str] = ()
) -> Reading:
    """Questions and solution of a message that was meant to ask, to solve or both. `wanted`: see `extract_code`.

    A well-behaved message is taken at its word. A disobedient one counts as what it is:
    meant to ask, but holding a solution and no question → a solution; holding both → a question, and the solution
    counts for nothing; meant to solve, but only asking → a question; neither → neither.
    """
    asked = ask_of(text)
    if kind == "ask" and asked:
        return Reading(asked, None)
    found = extract_code(text, wanted) if solution == "code" else extract_text(text)
    if solution == "text" and found is not None and (kind == "ask" or asked) and not looks_like_plan(found):
        found = None
    return Reading(asked, found)


@lru_cache(maxsize=4096)
def ask_of(text: str) -> tuple[str, ...]:
    """`text.questions`, remembered: the same message is read along several branches."""
    return tuple(questions(text))


_LIST_LINE = re.compile(r"^\s*(?:[-*+•]|\d{1,2}[.)、]|#{1,6})\s*\S")
_WORDS = re.compile(r"[A-Za-z0-9]+|[\u4e00-\u9fff]")


def extract_text(text: str) -> str | None:
    """The text beside the questions: after those that open the message, before those that close it; None if empty."""
    lines = text.strip().split("\n")
    start, end = 0, len(lines)
    for index, line in enumerate(lines):
        if ask_of(line):
            start = index + 1
        elif _LIST_LINE.match(line):
            break
    while end > start and (not lines[end - 1].strip() or ask_of(lines[end - 1])):
        end -= 1
    return "\n".join(lines[start:end]).strip() or None


def looks_like_plan(text: str) -> bool:
    """Two list lines, three lines of any kind, or 40 words (CJK characters): less is talk, not a plan."""
    lines = [line for line in text.split("\n") if line.strip()]
    listed = sum(1 for line in lines if _LIST_LINE.match(line))
    return listed >= 2 or len(lines) >= 3 or len(_WORDS.findall(text)) >= 40
