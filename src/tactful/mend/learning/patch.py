"""The prompt patch: about ten lines for a system prompt, each made from a finding that the log is sure of.

A line that tells to ask less needs most questions of its kind to be needless, one that tells to ask needs more wrong
guesses than a question costs; both at the near end of the 95% interval. What there is too little evidence for is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tactful.audit.domains import OTHER
from tactful.feedback.embedded.lexicon import STOPWORDS
from tactful.mend.situations import Part, need_of, progress_of
from tactful.mend.types import LoggedTalk, LoggedTurn
from tactful.stats import FEWEST_GROUPS, Estimate
from tactful.types import Record

MOST = 10
_MOSTLY = 0.5
_NOTICEABLE = 0.05  # share of turns from which a habit is worth a line
_SHOWN = 2
_LONGEST = 90  # characters of a question that a line shows
_SEEN_IN = 3  # conversations from which a word counts as a topic
_WORD = re.compile(r"[a-z][a-z-]{3,}")
_EMPTY_WORDS = """
about also another before could exactly here kind know like mean need please prefer prefers should something tell
that there these thing this want wants what when which with would your specific sort include there's ideally
"""
_SAYS_NOTHING = frozenset(_EMPTY_WORDS.split())
Kind = Literal["ask less", "ask", "how to ask", "answer"]
MISSING = {
    "goal": "it is open what the result is to be",
    "constraint": "a limit or a preference that changes the result is open",
    "input": "the material to work on is missing",
    "context": "the circumstances that decide are not told",
}
"""Kind of gap → when it is so, in words."""


def _words(question: str) -> set[str]:
    return {word for word in _WORD.findall(question.lower()) if word not in STOPWORDS | _SAYS_NOTHING}


@dataclass
class Topic:
    """A word of needless questions."""

    conversations: int = 0
    question: str = ""
    """The shortest that holds it."""


class Line(Record):
    """One line of the patch, and what it rests on."""

    text: str
    kind: Kind
    count: int
    of: int
    what: str
    """What is counted."""
    share: Estimate
    conversations: tuple[str, ...]
    """The first in which it happened."""
    turns: int
    """Turns of the log that following the line might have mended."""

    @property
    def evidence(self) -> str:
        """Counts, share and interval, in words."""
        return f"{self.count} of {self.of} {self.what} ({self.share.percent(0)})"


class Patch(Record):
    """Lines for a system prompt, those that mend most first."""

    lines: tuple[Line, ...]
    too_little: tuple[str, ...]
    """What there was too little evidence for."""

    def text(self) -> str:
        """What goes into the system prompt; empty without lines."""
        return "".join(f"- {line.text}\n" for line in self.lines)


@dataclass
class Habits:
    """Shares that lines are made of, gathered while a log goes by."""

    parts: dict[tuple[str, str], Part] = field(default_factory=dict)
    topics: dict[str, dict[str, Topic]] = field(default_factory=dict)
    """Domain → word → of needless questions where the request was not open."""

    def add(self, talk: LoggedTalk) -> None:
        """A conversation."""
        asked: dict[str, list[str]] = {}
        for turn in talk.turns:
            if turn.right is None:
                continue
            bad = not turn.right
            (self._question if turn.asked else self._answer)(talk, turn, bad)
            if turn.asked and bad and need_of(turn) != "open":
                asked.setdefault(turn.state.domain, []).extend(turn.questions)
        for domain, questions in asked.items():
            self._add_topics(self.topics.setdefault(domain, {}), sorted(questions, key=len))

    @staticmethod
    def _add_topics(known: dict[str, Topic], questions: Sequence[str]) -> None:
        """Those of one conversation, its shortest question first."""
        here: dict[str, str] = {}
        for question in questions:
            for word in _words(question):
                here.setdefault(word, question)
        for word, question in here.items():
            topic = known.setdefault(word, Topic(question=question))
            topic.conversations += 1
            topic.question = min(topic.question, question, key=len)

    def typical(self, domain: str) -> list[str]:
        """Questions of the domain about what needless ones are most often about; none where no word is common."""
        common = sorted(
            self.topics.get(domain, {}).items(), key=lambda item: (-item[1].conversations, item[0])
        )
        short = (
            topic.question
            for _, topic in common
            if topic.conversations >= _SEEN_IN and len(topic.question) <= _LONGEST
        )
        return list(dict.fromkeys(short))[:_SHOWN]

    def _question(self, talk: LoggedTalk, turn: LoggedTurn, bad: bool) -> None:
        self._note("questions", "", talk, bad)
        if need_of(turn) != "open":  # what an open request of the domain needs is not told by the others
            self._note("questions in", turn.state.domain, talk, bad)
        self._note("several at once" if len(turn.questions) > 1 else "one at a time", "", talk, bad)
        self._note("already said", "", talk, turn.reason == "already said")
        self._note("just do it", "", talk, turn.reason in ("just do it", "answered with annoyance"))
        if turn.state.prev_reject:
            self._note("after a rejection", "", talk, bad)
        if progress_of(turn) == "late":
            self._note("late", "", talk, bad)
        if turn.state.missing:
            self._note("asked about", turn.state.missing[0], talk, bad)

    def _answer(self, talk: LoggedTalk, turn: LoggedTurn, bad: bool) -> None:
        self._note("answers", "", talk, bad)
        self._note("constraints", "", talk, turn.reason == "an ignored constraint")
        self._note("answers in", turn.state.domain, talk, bad)
        if need_of(turn) != "clear" and turn.state.missing:
            self._note("guessed at", turn.state.missing[0], talk, bad)

    def _note(self, name: str, value: str, talk: LoggedTalk, happened: bool) -> None:
        self.parts.setdefault((name, value), Part()).add(talk.group, talk.id, happened=happened)

    def of(self, name: str) -> Iterator[tuple[str, Part]]:
        """The parts of this name, by value, the largest first."""
        found = [(value, part) for (key, value), part in self.parts.items() if key == name]
        return iter(sorted(found, key=lambda item: (-item[1].total, item[0])))


def make_patch(habits: Habits, *, worth_asking: float) -> Patch:
    """The lines that the log is sure of. `worth_asking`: share of wrong guesses from which a question pays."""
    thin: list[str] = []
    lines = [*_fewer(habits, thin), *_how(habits, thin), *_rather(habits, worth_asking, thin)]
    lines += _better(habits, thin)
    chosen = sorted(lines, key=lambda line: -line.turns)[:MOST]
    order: Mapping[Kind, int] = {"ask less": 0, "ask": 1, "how to ask": 2, "answer": 3}
    return Patch(
        lines=tuple(sorted(chosen, key=lambda line: (order[line.kind], -line.turns))), too_little=tuple(thin)
    )


def _fewer(habits: Habits, thin: list[str]) -> Iterator[Line]:
    """Where most questions were needless."""
    whole = habits.parts.get(("questions", ""))
    if whole is None:
        thin.append("asking: no question of the log could be judged")
        return
    if _sure(whole, _MOSTLY, thin, "questions"):
        yield _line(
            "Where a usual default would do, answer with it at once and state it in one line; do not ask.",
            "ask less", whole, "questions that could be judged were needless",
        )  # fmt: skip
    for domain, part in habits.of("questions in"):
        if domain == OTHER or not _sure(
            part, _MOSTLY, thin, f"questions about {domain}, where it was not open"
        ):
            continue
        typical = " or ".join(f"“{question}”" for question in habits.typical(domain))
        yield _line(
            f"For requests about {domain} that say what is wanted, answer at once and name the details that you chose; "
            f"do not ask about them{f', as in {typical}' if typical else ''}.",
            "ask less", part, f"questions about {domain} were needless, where the request was not open",
        )  # fmt: skip
    for name, text, what in (
        (
            "already said",
            "Before you ask, look for the answer in everything that the user has written; never ask for what was said.",
            "questions asked for what the user had said",
        ),
        (
            "just do it",
            "When the user says what to do, do it; if they decline a question, answer at once with your best guess "
            "and name it.",
            "questions were answered with “just do it” or annoyance",
        ),
    ):
        habit = habits.parts.get((name, ""))
        if habit is not None and habit.count and _sure(habit, _NOTICEABLE, thin, f"{name}: questions"):
            yield _line(text, "ask less", habit, what)


def _how(habits: Habits, thin: list[str]) -> Iterator[Line]:
    """How and when to ask, where the log shows that it mattered."""
    for name, text, what in (
        (
            "several at once",
            "Ask one question at most, the one that decides the result.",
            "turns with several questions at once were needless",
        ),
        (
            "after a rejection",
            "After a user has declined a question, ask nothing more in this task.",
            "questions after a declined one were needless",
        ),
        (
            "late",
            "Ask at the start of a task or not at all; later, choose and say what you chose.",
            "questions in the later half of a task were needless",
        ),
    ):
        part = habits.parts.get((name, ""))
        if part is not None and _sure(part, _MOSTLY, thin, name):
            yield _line(text, "how to ask", part, what)


def _rather(habits: Habits, worth_asking: float, thin: list[str]) -> Iterator[Line]:
    """Where guessing went wrong more often than a question costs."""
    found = False
    for gap, part in habits.of("guessed at"):
        if part.count and _sure(part, worth_asking, thin, f"answers although {MISSING.get(gap, gap)}"):
            found = True
            yield _line(
                f"Ask one short question before you answer when {MISSING.get(gap, gap)} and no default would do.",
                "ask", part, "answers to such requests guessed wrong",
            )  # fmt: skip
    for domain, part in habits.of("answers in"):
        if domain != OTHER and part.count and _sure(part, worth_asking, thin, f"answers about {domain}"):
            found = True
            yield _line(
                f"For requests about {domain} that can be understood in different ways, ask one question first.",
                "ask", part, f"answers about {domain} guessed wrong",
            )  # fmt: skip
    whole = habits.parts.get(("answers", ""))
    if not found and whole is not None and whole.count and _sure(whole, _NOTICEABLE, thin, "answers"):
        yield _line(
            "Ask one question only when a wrong guess would have to be undone and nothing said or usual decides it.",
            "ask", whole, "answers guessed wrong",
        )  # fmt: skip


def _better(habits: Habits, thin: list[str]) -> Iterator[Line]:
    """Complaints that no question would have spared."""
    part = habits.parts.get(("constraints", ""))
    if part is not None and part.count and _sure(part, _NOTICEABLE / 2, thin, "ignored constraints"):
        yield _line(
            "Before you send an answer, check it against every limit that the user has set.",
            "answer", part, "answers ignored what had been said",
        )  # fmt: skip


def _sure(part: Part, above: float, thin: list[str], what: str) -> bool:
    """Whether the share lies above, at the near end of its interval; too little evidence is noted."""
    if not part.enough:
        thin.append(f"{what}: {part.total} judged, of {len(part.groups)} groups ({FEWEST_GROUPS} are needed)")
        return False
    return part.bounds()[0] > above


def _line(text: str, kind: Kind, part: Part, what: str) -> Line:
    return Line(
        text=text,
        kind=kind,
        count=part.count,
        of=part.total,
        what=what,
        share=part.share(),
        conversations=tuple(part.talks),
        turns=part.count,
    )
