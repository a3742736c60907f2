"""A conversation while it is being read: turns are added as the log tells them, results find their calls.

What machinery writes in the user's name (system reminders, environment blocks, interrupt marks) is cut here, once for
every format, and what was asked by a tool becomes a question of the assistant and an answer of the user.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from tactful.data.logs.drafting.asking import HELD_BACK, answer_of, ask_of
from tactful.text.thoughts import split_thoughts

_MACHINERY = re.compile(
    r"\s*(?:# AGENTS\.md instructions[^\n<]*\s*)?<(?P<tag>system-reminder|system_reminder|environment_context|environment_details|user_instructions"
    r"|permissions instructions|collaboration_mode|turn_aborted|ide_opened_file|ide_selection|local-command-stdout"
    r"|bash-input|local-command-stderr|local-command-caveat|command-name|command-message|user-prompt-submit-hook|bash-stdout|bash-stderr"
    r"|task-notification|INSTRUCTIONS)\b[^>]*>.*?</(?P=tag)>\s*",
    re.DOTALL,
)
"""Blocks that tools of assistants put into the user's messages."""
_ARGUMENTS = re.compile(r"<command-args>(?P<text>.*?)</command-args>", re.DOTALL)
"""The user's own words behind a command of the tool (`/review the tax module`)."""
_INTERRUPT = re.compile(r"\s*\[Request interrupted by user(?: for tool use)?\]\s*")
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W\d_\u3400-\u9fff]+")
_WORDS = 4
"""A shorter message (`continue`, `yes`) is said again and again, and no regeneration."""
REMINDER = "written by machinery in the user's name"
REPEATED = "the same message twice in a row"


class Draft:
    """The turns of one conversation so far, and what is known of the whole."""

    def __init__(
        self, id: str = "", *, skipped: Counter[str] | None = None, verbatim: bool = False, **known: Any
    ) -> None:
        self.id = id
        self._verbatim = verbatim
        """Repetitions stay: the log is no chat but a record of ours."""
        self.known: dict[str, Any] = {key: value for key, value in known.items() if value}
        """Fields of `Conversation` beside id, turns, branches; empty ones are left out."""
        self.turns: list[dict[str, Any]] = []
        self.branches: list[tuple[int, list[dict[str, Any]]]] = []
        self.skipped = skipped if skipped is not None else Counter()
        self._calls: dict[str, tuple[dict[str, Any], int]] = {}
        """Id of a call → its turn, and the call's place there."""

    def say(self, role: str, text: str, **more: Any) -> None:
        """Add a message. Fields of `ChatTurn` may come along; empty ones are left out."""
        more = {key: value for key, value in more.items() if value not in (None, "", (), {})}
        if role == "user":
            text, cut = self._without_machinery(text)
            if cut and not text.strip():
                return
        elif role == "assistant":
            inside, text = split_thoughts(text)
            if inside:
                more["thoughts"] = f"{more['thoughts']}\n{inside}" if "thoughts" in more else inside
            last: dict[str, Any] = self.turns[-1] if self.turns else {}
            if last.get("role") == "assistant" and more.get("id") and last.get("id") == more["id"]:
                _go_on(last, text, more)  # a message that the log wrote in pieces
                return
        self.turns.append({"role": role, "content": text, **more})

    def call(self, calls: Sequence[Mapping[str, Any]]) -> None:
        """Add calls `{id, name, arguments}` of tools to the assistant's last turn; those of an ask tool ask."""
        turn = self.turns[-1]
        for call in calls:
            fact = {
                "id": str(call.get("id") or ""),
                "name": str(call.get("name") or ""),
                "arguments": spelt(call.get("arguments")),
            }
            ask = ask_of(fact["name"], fact["arguments"])
            if ask is not None:
                turn["ask"] = ask.model_dump()
                said = "\n".join(ask.questions)
                turn["content"] = f"{turn['content']}\n{said}".strip()
            turn["calls"] = [*turn.get("calls", ()), fact]
            if fact["id"]:
                self._calls[fact["id"]] = (turn, len(turn["calls"]) - 1)

    def result(self, call_id: str, text: str, *, failed: bool = False, at: datetime | None = None) -> None:
        """What a tool gave back; the answer to an ask tool is a turn of the user."""
        turn, place = self._calls.get(call_id) or self._open_call()
        if turn is None:
            self.say("tool", text, at=at)
            return
        turn["calls"][place].update(result=text, failed=failed)
        ask: dict[str, Any] | None = turn.get("ask")
        if ask is None or turn["calls"][place]["name"] != ask["tool"]:
            return
        if HELD_BACK in text:  # nobody was asked, and nobody declined
            del turn["ask"]
            turn["content"] = turn["content"].removesuffix("\n".join(ask["questions"])).strip()
            return
        ask["answer"], ask["declined"] = answer_of(text, failed=failed)
        if ask["answer"]:
            self.say("user", ask["answer"], at=at, answers=ask["tool"])

    def adopt(self, other: Draft) -> None:
        """Know the calls of another draft whose turns were taken over, so that a later result finds them."""
        self._calls.update(other._calls)

    def interrupt(self) -> None:
        """The user stopped the assistant in its last turn."""
        last = next((turn for turn in reversed(self.turns) if turn["role"] == "assistant"), None)
        if last is not None:
            last["interrupted"] = True

    def begun(self, at: datetime | None) -> None:
        """When the whole began, where none of its turns tells a time."""
        if at is not None and self.turns and not any("at" in turn for turn in self.turns):
            self.turns[0]["at"] = at

    def _open_call(self) -> tuple[dict[str, Any] | None, int]:
        """The last turn's first call without a result, for logs that do not name calls."""
        for turn in reversed(self.turns):
            if turn["role"] == "user":
                break
            for place, call in enumerate(turn.get("calls", ())):
                if "result" not in call:
                    return turn, place
        return None, 0

    def _without_machinery(self, text: str) -> tuple[str, bool]:
        if "[Request interrupted" in text and _INTERRUPT.fullmatch(text):
            self.interrupt()
            return "", True
        if "<" not in text:
            return text, False
        rest, count = _MACHINERY.subn("\n", _ARGUMENTS.sub(r"\g<text>", text))
        if not count:
            return text, False
        self.skipped[REMINDER] += count
        return rest.strip(), True

    def as_dict(self, number: int) -> dict[str, Any]:
        """Fields of the conversation; one without an id is called by its place in the file."""
        turns, branches = self.turns, self.branches
        if not self._verbatim:
            turns, branches = once(turns, branches, self.skipped)
        model = self.known.get("model") or next(
            (turn["model"] for turn in reversed(turns) if turn.get("model")), ""
        )
        return {
            **self.known,
            "id": self.id or f"dialogue-{number}",
            "turns": turns,
            "branches": [{"start": start, "turns": said} for start, said in branches],
            "model": model,
        }


def _go_on(turn: dict[str, Any], text: str, more: Mapping[str, Any]) -> None:
    turn["content"] = "\n".join(filter(None, (turn["content"], text)))
    if "thoughts" in more:
        turn["thoughts"] = "\n".join(filter(None, (turn.get("thoughts", ""), more["thoughts"])))


def once(
    turns: list[dict[str, Any]], branches: list[tuple[int, list[dict[str, Any]]]], skipped: Counter[str]
) -> tuple[list[dict[str, Any]], list[tuple[int, list[dict[str, Any]]]]]:
    """The turns without repetitions: one sent twice in a row counts once; a request sent again, word for word, after its
    answer is a regeneration, and the answer before it a branch. What branches off inside that branch is left out."""
    kept: list[dict[str, Any]] = []
    made: list[tuple[int, list[dict[str, Any]]]] = []
    moved: list[int | None] = []
    """Place of a turn → its place among `kept`; None where it is in a branch."""
    for turn in turns:
        same = kept and kept[-1]["role"] == turn["role"] and kept[-1]["content"] == turn["content"]
        if (
            same
            and turn["content"].strip()
            and turn["role"] in ("user", "assistant")
            and not turn.get("calls")
        ):
            skipped[REPEATED] += 1
            moved.append(len(kept) - 1)
            continue
        if turn["role"] == "user" and (at := _asked_before(kept, turn["content"])) is not None:
            made.append((at + 1, kept[at + 1 :]))
            del kept[at + 1 :]
            moved = [None if place is not None and place > at + 1 else place for place in moved]
            moved.append(at)
            continue
        moved.append(len(kept))
        kept.append(turn)
    moved.append(len(kept))
    held = [(place, said) for start, said in branches if (place := moved[start]) is not None]
    return kept, [*held, *made]


def _asked_before(kept: Sequence[Mapping[str, Any]], text: str) -> int | None:
    """Where the user's last message stands, if it is this one and the assistant has answered since."""
    if not kept or kept[-1]["role"] == "user" or len(_WORD.findall(text, 0, 200)) < _WORDS:
        return None
    at = next((at for at in range(len(kept) - 1, -1, -1) if kept[at]["role"] == "user"), None)
    return at if at is not None and kept[at]["content"] == text else None


def spelt(value: Any) -> str:
    """Arguments or results as text: JSON for what is none."""
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
