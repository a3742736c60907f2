"""From dialogues to examples: which of the user's messages are predicted, and what stands before them.

A user's **turn** is all they write until the assistant speaks again; its text is the label. A turn can be predicted
when a finished exchange (a user message, then an assistant message) stands before it and its text is not already
there word for word, for then there would be nothing to predict. Blank messages are left out as if they were not
there, but for an answer that only calls tools, which ends the user's turn as words would. System, developer, tool and
function messages stay in the context; those inside a turn are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal

from tactful.data.formats.chats import ChatMessage, ChatRows, Dialogue
from tactful.data.io import Rows
from tactful.data.logs import LogOptions, log_input
from tactful.errors import UsageError
from tactful.runs import Job, reopening, worth_counting
from tactful.text import detect_lang, normalise
from tactful.types import seeded
from tactful.utterance.types import Example, Hindsight, Untargeted

NO_EXCHANGE = "no user message after a finished exchange"
ONLY_REPEATS = "every later user message repeats an earlier message"
CALLS_ONLY = "(calls a tool)"
"""What stands in the context for an answer without a word, in which the assistant only called tools."""


@dataclass(frozen=True)
class TargetRule:
    """Which of the possible targets of a dialogue are taken."""

    kind: Literal["sample", "last", "all"] = "sample"
    count: int = 1
    """`sample`: how many, at the most."""

    def choose(self, targets: Sequence[UserTurn], *, seed: int, dialogue_id: str) -> list[UserTurn]:
        """The chosen ones in the order of the dialogue; a draw depends on seed and dialogue alone."""
        if self.kind == "all":
            return list(targets)
        if self.kind == "last":
            return list(targets[-1:])
        drawn = seeded("targets", seed, dialogue_id).sample(targets, min(self.count, len(targets)))
        return sorted(drawn, key=lambda turn: turn.number)


def parse_targets(text: str) -> TargetRule:
    """`sample:N`, `last` or `all`. Raises: UsageError."""
    if text == "all":
        return TargetRule("all")
    if text == "last":
        return TargetRule("last")
    kind, _, count = text.partition(":")
    if kind != "sample" or not count.isascii() or not count.isdigit() or int(count) < 1:
        raise UsageError(f"--targets {text}: expected sample:N with N at least 1, last, or all")
    return TargetRule("sample", int(count))


@dataclass(frozen=True)
class UserTurn:
    """All that the user writes until the assistant speaks again."""

    number: int
    """Among the user's turns, from 0."""
    start: int
    """Index of its first message among those that are not blank."""
    text: str
    """Its messages, joined by newlines."""


def spoken(conversation: Sequence[ChatMessage]) -> tuple[ChatMessage, ...]:
    """The messages that are not blank, and `CALLS_ONLY` for each answer that only calls tools."""
    answers = list(accumulate(message.role == "user" and not message.blank for message in conversation))
    told = {
        answer
        for answer, message in zip(answers, conversation, strict=True)
        if message.role == "assistant" and not message.blank
    }
    kept: list[ChatMessage] = []
    for answer, message in zip(answers, conversation, strict=True):
        if not message.blank:
            kept.append(message)
        elif message.role == "assistant" and message.calls_tools and answer not in told:
            kept.append(message.model_copy(update={"content": CALLS_ONLY}))
            told.add(answer)
    return tuple(kept)


def user_turns(messages: Sequence[ChatMessage]) -> list[UserTurn]:
    """The user's turns in order; `messages` holds no blank ones."""
    turns: list[tuple[int, list[str]]] = []
    speaking = False
    for at, message in enumerate(messages):
        if message.role == "user":
            if not speaking:
                turns.append((at, []))
            turns[-1][1].append(message.content.strip())
            speaking = True
        elif message.role == "assistant":
            speaking = False
    return [UserTurn(number, start, "\n".join(parts)) for number, (start, parts) in enumerate(turns)]


@lru_cache(maxsize=1024)
def plain(text: str) -> str:
    """A text as it is compared: case, width, punctuation and spacing do not count, unless there is nothing else."""
    return normalise(text).strip() or text.strip()


def possible_targets(messages: Sequence[ChatMessage]) -> tuple[list[UserTurn], str]:
    """The turns that can be predicted; without any, why not."""
    turns = {turn.start: turn for turn in user_turns(messages)}
    said: set[str] = set()
    asked = answered = repeats = False
    new: list[UserTurn] = []
    for at, message in enumerate(messages):
        if answered and at in turns:
            if plain(turns[at].text) in said:
                repeats = True
            else:
                new.append(turns[at])
        said.add(plain(message.content))
        if at in turns:
            said.add(plain(turns[at].text))
        asked = asked or message.role == "user"
        answered = answered or (asked and message.role == "assistant")
    return new, "" if new else ONLY_REPEATS if repeats else NO_EXCHANGE


def examples_of(dialogue: Dialogue, rule: TargetRule, *, seed: int = 0) -> list[Example] | Untargeted:
    """The examples of one dialogue, or why it has none."""
    messages = spoken(dialogue.conversation)
    targets, why_not = possible_targets(messages)
    if not targets:
        return Untargeted(id=f"{dialogue.id}#-", reason=why_not)
    turns = user_turns(messages)
    return [
        Example(
            id=f"{dialogue.id}#{turn.number}",
            dialogue_id=dialogue.id,
            turn=turn.number,
            source=dialogue.source,
            lang=dialogue.lang or _lang(messages[: turn.start]),
            context=messages[: turn.start],
            meta=dialogue.model_extra or {},
            hindsight=Hindsight(
                message=turn.text, later=tuple(later.text for later in turns[turn.number + 1 :])
            ),
        )
        for turn in rule.choose(targets, seed=seed, dialogue_id=dialogue.id)
    ]


def _lang(context: Sequence[ChatMessage]) -> str:
    """Of what is spoken in the context alone: the target and what follows it would tell a switch of language."""
    words = (message.content for message in context if message.role in ("user", "assistant"))
    return detect_lang("\n".join(text for text in words if text != CALLS_ONLY))


@dataclass
class Examples:
    """The examples of a file of dialogues, read as they are asked for; iterating again starts over.

    A dialogue without a possible target comes out as `Untargeted`, so that a run can count it.

    Raises, while iterating: UserError when the file cannot be opened, DataError at the first bad line (unless
    `skip_bad`, which counts them in `.rows.bad`).
    """

    path: Path | str | Sequence[Any]
    """Of the file; or the dialogues themselves."""
    rule: TargetRule = field(default_factory=TargetRule)
    seed: int = 0
    skip_bad: bool = False
    reading: LogOptions = field(default_factory=LogOptions)
    rows: Rows[Dialogue] = field(init=False)
    dialogues: int = 0
    """Read so far, bad lines not counted."""
    untargeted: int = 0
    examples: int = 0

    def __post_init__(self) -> None:
        self.rows = ChatRows(self.path, Dialogue, skip_bad=self.skip_bad, unique=True, reading=self.reading)

    def __iter__(self) -> Iterator[Example | Untargeted]:
        self.dialogues = self.untargeted = self.examples = 0
        for dialogue in self.rows:
            self.dialogues += 1
            found = examples_of(dialogue, self.rule, seed=self.seed)
            if isinstance(found, Untargeted):
                self.untargeted += 1
                yield found
            else:
                self.examples += len(found)
                yield from found

    def job(self, job: Job) -> Job:
        """The job over these examples: with their number, where counting is cheap, and for `runs retry`."""
        again = None
        if self.rows.given is None:
            again = reopening(Path(self.rows.path), skip_bad=self.skip_bad, reading=self.reading.stored)
        total = None
        if self.rows.given is not None or worth_counting(Path(self.rows.path)):
            total = sum(1 for _ in replace(self, skip_bad=True))
        return replace(job, source=self, total=total, resume_args=again)


def open_examples(
    source: Path | str | Sequence[Any],
    targets: str = "sample:1",
    *,
    seed: int = 0,
    skip_bad: bool = False,
    reading: Mapping[str, Any] | None = None,
) -> Examples:
    """The examples of a file, a run folder, stdin or dialogues in memory; `reading`: as for `LogOptions.of`.

    Raises: UsageError for odd `targets`, DataError for no file.
    """
    found = log_input(Path(source)) if isinstance(source, str | Path) else source
    return Examples(
        found, parse_targets(targets), seed=seed, skip_bad=skip_bad, reading=LogOptions.of(reading)
    )
