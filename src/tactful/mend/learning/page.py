"""What was learned, as Markdown for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tactful.mend.tables import table
from tactful.text.counting import counted

if TYPE_CHECKING:
    from tactful.mend.learning.results import Lesson
    from tactful.mend.situations import Situation

_ROWS = 15
FLATTERED_LINES = (
    "one reader says both which requests are open and which answers were guesses, so a share near 100% of lines that tell "
    "when to ask is in part its own echo"
)


def learned_page(lesson: Lesson) -> str:
    """The page of `tactful learn`."""
    return "\n".join(_learned(lesson)) + "\n"


def _learned(lesson: Lesson) -> Iterator[str]:
    yield "# What the log teaches\n"
    yield lesson.headline + "\n"
    if passed := passed_over(lesson.read):
        yield f"Of the log: {passed}.\n"
    yield "## For the system prompt\n"
    if lesson.patch.lines:
        yield "```text"
        yield lesson.patch.text().rstrip()
        yield "```\n"
        yield from table(
            ("line", "evidence", "conversations"),
            (
                (
                    line.text,
                    line.evidence,
                    ", ".join(line.conversations[:3]) + (" …" if len(line.conversations) > 3 else ""),
                )
                for line in lesson.patch.lines
            ),
        )
        yield f"\nMind: {FLATTERED_LINES}."
    else:
        yield "No line: the log holds too little evidence for any.\n"
    if lesson.patch.too_little:
        yield "\nToo little evidence for lines on (a group is a user, or a conversation where the log names none):\n"
        yield from (f"- {what}" for what in lesson.patch.too_little)
    yield "\n## The policy's costs\n"
    yield from table(
        ("number", "value", "from", "the log says", "meaning"),
        (
            (
                number.name,
                f"{number.value:.3f}",
                number.by,
                number.told,
                number.meaning + (f" ({number.note})" if number.note else ""),
            )
            for number in lesson.costs.numbers
        ),
    )
    start = lesson.costs.asks_from
    yield "\n" + (
        "Somebody whom it does not know is never asked at the start of a task."
        if start > 1
        else f"Somebody whom it does not know is asked where the need is at least {start:.2f}."
    )
    yield "\nIt rests on these assumptions:\n"
    yield from (f"- {assumption}" for assumption in lesson.costs.assumptions)
    yield "\nOn the log that it was learned from, so better than on another, and read by the same reader:\n"
    yield from (
        f"- {change.words}: {change.share.percent(0)} of {change.share.items}"
        for change in lesson.on_this_log
    )
    for name, rows in lesson.by.items():
        yield f"\n## By {name}\n"
        yield from _situations(rows)
    yield "\n## Training rows\n"
    made = ", ".join(f"{count} in {name}" for name, count in lesson.files.items()) or "none"
    yield f"{made}. Left out: {', '.join(f'{count} {why}' for why, count in lesson.rows_left_out.items()) or 'none'}."
    if lesson.contradicting_pairs:
        yield f"Pairs that prefer what an earlier one rejects, both written: {lesson.contradicting_pairs}."


def _situations(rows: Sequence[Situation]) -> Iterator[str]:
    fields = list(rows[0].where) if rows else []
    yield from table(
        (*fields, "asked", "needless", "answered", "guessed wrong", "too little evidence of"),
        (
            (
                *(row.where[name] for name in fields),
                str(row.asked),
                row.needless.percent(0),
                str(row.answered),
                row.guessed.percent(0),
                row.too_little or "–",
            )
            for row in rows[:_ROWS]
        ),
    )
    if len(rows) > _ROWS:
        yield f"\n… and {len(rows) - _ROWS} rarer ones, in learned.json"


def passed_over(read: Mapping[str, Any]) -> str:
    """What of a log was skipped, unusable or redacted, in words; empty: nothing."""
    parts = [f"{count} × {reason}" for reason, count in read.get("skipped", {}).items()]
    if read.get("bad"):
        parts.append(f"{counted(read['bad'], 'row')} that could not be read (the first: {read['problem']})")
    parts += [f"{count} × {kind} redacted" for kind, count in read.get("cut", {}).items()]
    return "; ".join(parts)
