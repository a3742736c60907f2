"""What was learned, and what would have changed, as Markdown for people. Texts of users stand in indented blocks: inert."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tactful.mend.replay import Difference, Replay
    from tactful.mend.results import Lesson
    from tactful.mend.situations import Situation
    from tactful.stats.offpolicy import OffPolicyValue

_ROWS = 15
_OPEN_TURNS = 400  # characters of each text of a difference


def learned_page(lesson: Lesson) -> str:
    """The page of `tactful learn`."""
    return "\n".join(_learned(lesson)) + "\n"


def _learned(lesson: Lesson) -> Iterator[str]:
    yield "# What the log teaches\n"
    yield lesson.headline + "\n"
    yield "## For the system prompt\n"
    if lesson.patch.lines:
        yield "```text"
        yield lesson.patch.text().rstrip()
        yield "```\n"
        yield from _table(
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
    else:
        yield "No line: the log holds too little evidence for any.\n"
    if lesson.patch.too_little:
        yield "\nToo little evidence for lines on (a group is a user, or a conversation where the log names none):\n"
        yield from (f"- {what}" for what in lesson.patch.too_little)
    yield "\n## The policy's costs\n"
    yield from _table(
        ("number", "value", "from", "the log says", "meaning"),
        (
            (
                number.name,
                f"{number.value:.3f}",
                number.by,
                number.estimate.text(),
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
    yield "\nOn the log that it was learned from, and so better than on another:\n"
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


def _situations(rows: Sequence[Situation]) -> Iterator[str]:
    fields = list(rows[0].where) if rows else []
    yield from _table(
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


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


# ---------------------------------------------------------------- replay


def replay_lines(found: Replay) -> Iterator[str]:
    """What the terminal shows."""
    yield (
        f"{found.policy} against {found.against}: {found.turns} turns of {found.conversations} conversations; "
        f"asks {found.asks_after} times instead of {found.asks_before}"
    )
    for change in found.changes:
        yield f"  {change.words}: {change.share.percent(0)} of {change.share.items}"
    yield "  decided otherwise: " + ", ".join(f"{count} {effect}" for effect, count in found.effects.items())
    for name, value in ((found.policy, found.value), (found.against, found.value_against)):
        if value is not None:
            yield from _value_lines(name, value)
    if found.value is None:
        yield (
            "  no off-policy estimate: the log has no propensities (the key `propensity` of the assistant's messages); "
            "only a policy that draws its actions and writes down how likely they were allows one"
        )


def _value_lines(name: str, value: OffPolicyValue) -> Iterator[str]:
    yield (
        f"  share of right decisions, {name}: {value.decisions} decisions with propensities, effective sample size "
        f"{value.effective:.0f}; the log's own {value.logged.percent()}"
    )
    if value.refused:
        yield f"    refused: {value.refused}"
        return
    for words, figure in (
        ("inverse propensity", value.ips),
        ("self-normalised", value.self_normalised),
        ("doubly robust", value.doubly_robust),
    ):
        if figure is not None:
            yield f"    {words:<19} {figure.percent()}"


def replay_page(found: Replay) -> str:
    """The page of `tactful replay`: counts, estimates, and the turns that would have been decided otherwise."""
    return "\n".join(_replayed(found)) + "\n"


def _replayed(found: Replay) -> Iterator[str]:
    yield f"# {found.policy} against {found.against}\n"
    yield from (f"{line}  " for line in replay_lines(found))
    yield "\n## By what the log's turn led to\n"
    yield from _table(
        ("it was", "would ask", "would answer"),
        (
            (outcome, str(counts.get("asks", 0)), str(counts.get("answers", 0)))
            for outcome, counts in found.counts.items()
        ),
    )
    if found.differences:
        yield "\n## Turns decided otherwise\n"
        yield "The marked turn (▶) is the one decided; what stands below it followed what the log did.\n"
    for one in found.differences:
        yield from _shown(one, found)


def _shown(one: Difference, found: Replay) -> Iterator[str]:
    need = "not known" if one.need is None else f"{one.need:.2f}"
    yield f"### {one.turn}: {found.against} {one.before}, {found.policy} {one.after} ({one.effect})\n"
    yield f"Need {need}; in the log: {one.outcome}.\n"
    for who, text in (("  user", one.request), ("▶ assistant", one.answer), ("  user", one.reply)):
        if text:
            yield textwrap.indent(f"{who}: {text[:_OPEN_TURNS]}", "    ", lambda line: True)
    yield ""
