"""The finding in words: one sentence, one paragraph, and what the log cannot tell."""

from __future__ import annotations

from collections.abc import Mapping

from tactful.audit.results import Shared
from tactful.audit.types import Reason, Subject
from tactful.stats import FEWEST_GROUPS, Estimate
from tactful.text.counting import counted

FEW_TURNS = 200
"""Turns of the assistant below which shares are rough."""
FEW_JUDGED = 10
"""Judged questions, or judged answers, below which nothing is said of whether it asks too much, or too little."""
_MANY = 0.1


def percent(estimate: Estimate | None) -> str:
    """`23% (19–28%)`, the value alone where it has no interval, – where nothing was judged."""
    if estimate is None or estimate.value is None:
        return "–"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.0%}"
    return f"{estimate.value:.0%} ({100 * estimate.low:.0f}–{estimate.high:.0%})"


def headline(needless: Shared, guessed: Shared) -> str:
    """Too much, too little, both or neither, by how many turns each fault takes; nothing from fewer than ten."""
    over, under = needless.count, guessed.count
    judged = needless.total + guessed.total
    if not judged:
        return "Whether it asks too much or too little could not be judged."
    questions, answers = needless.total >= FEW_JUDGED, guessed.total >= FEW_JUDGED
    fair = max(over, under) < 0.02 * judged
    if fair and (questions or answers):
        return "It asks about as much as it should."
    if not fair and questions and over >= 2 * under:
        return "It asks too much."
    if not fair and answers and under >= 2 * over:
        return "It asks too little."
    if not (questions and answers):
        return "Too few questions and answers could be judged to say whether it asks too much or too little."
    return "It asks too much where the request is clear, and too little where it is open."


def paragraph(
    shares: Mapping[str, Shared],
    figures: Mapping[str, Estimate],
    reasons: Mapping[Reason, int],
    subjects: Mapping[Subject, int],
) -> str:
    """The finding, for the terminal and for the top of the page."""
    asked, talks, needless, guessed = (
        shares[name] for name in ("asked", "conversations_asked", "needless", "guessed")
    )
    said = [
        headline(needless, guessed),
        f"It asked in {asked.count:,} of {counted(asked.total, 'turn')} ({_inside(asked.by_conversation)}), in "
        f"{_share(talks.by_conversation)} of the conversations.",
    ]
    if needless.total:
        why = " or ".join(_WHY[reason] for reason in _most(reasons))
        said.append(
            f"Of {counted(needless.total, 'question')} that could be judged, {needless.count:,} "
            f"{'was' if needless.count == 1 else 'were'} needless "
            f"({_inside(needless.by_conversation)}){f', most often because {why}' if why else ''}."
        )
    if guessed.total:
        said.append(
            f"{guessed.count:,} of {counted(guessed.total, 'answer')} guessed what only the user could tell "
            f"({_inside(guessed.by_conversation)})."
        )
    about = _most(subjects)
    if about:
        each = ", each" if len(about) > 1 else ""
        said.append(
            f"{counted(sum(subjects.values()), 'reply', 'complains')}, most often of {' or '.join(about)} "
            f"({max(subjects.values()):,}{each})."
        )
    if figures["ask_f1"].value is not None:
        said.append(f"Ask-F1 {figures['ask_f1'].short(2)}.")
    return " ".join(said)


def limits(
    *,
    conversations: int,
    turns: int,
    users: int,
    dated: int,
    left: int,
    unjudged: Mapping[str, int],
    shares: Mapping[str, Shared],
) -> tuple[str, ...]:
    """What this log is too small, too short or too foreign for, in sentences; `left`: conversations without a last reply."""
    found = []
    if conversations < FEWEST_GROUPS:
        found.append(
            f"{counted(conversations, 'conversation', 'is')} too few for intervals ({FEWEST_GROUPS} at least): read the examples, "
            "not the shares."
        )
    elif turns < FEW_TURNS:
        found.append(
            f"{counted(turns, 'turn', 'is')} few: the intervals are wide, and parts of the log say little."
        )
    if shares["needless"].total < FEW_JUDGED:
        found.append(
            f"{counted(shares['needless'].total, 'question')} could be judged: too few to say how many are needless."
        )
    if 2 * left >= conversations:
        found.append(
            f"{left} of {counted(conversations, 'conversation')} {'ends' if left == 1 else 'end'} with the assistant's turn, so that what the user said to it is not "
            "known: if most were content, the shares of guesses and complaints are too high."
        )
    unread = sum(count for why, count in unjudged.items() if not why.startswith("the log ends"))
    if unread >= _MANY * max(1, turns):
        worst = max((why for why in unjudged if not why.startswith("the log ends")), key=unjudged.__getitem__)
        found.append(
            f"{counted(unread, 'turn')} ({unread / turns:.0%}) could not be read, most because {worst}; a prompted judge may: --model NAME."
        )
    if not users:
        found.append(
            "The log names no users: intervals are by conversation alone, and nothing is said of single users."
        )
    if dated < conversations:
        found.append(
            "The log has no times: nothing is shown by week."
            if not dated
            else f"{counted(conversations - dated, 'conversation', 'has')} no time: missing by week."
        )
    return tuple(found)


_WHY = {
    "already said": "the user had said it already",
    "just do it": "the user just wanted it done",
    "a default would do": "a default would have done",
    "answered with annoyance": "the request was clear, and the user minded",
    "unanswered": "nobody answered it",
}


def _most(counts: Mapping[Reason, int] | Mapping[Subject, int]) -> list[str]:
    """The commonest; several where as many are of each."""
    most = max(counts.values(), default=0)
    return [str(name) for name, count in counts.items() if count == most and most]


def _inside(estimate: Estimate) -> str:
    """`23%, 19–28%`: as `percent`, for a bracket."""
    return percent(estimate).replace(" (", ", ").rstrip(")")


def _share(estimate: Estimate) -> str:
    return "none" if estimate.value is None else f"{estimate.value:.0%}"
