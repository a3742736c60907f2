"""What would have changed, as Markdown for people. Texts of users stand in indented blocks, where nothing runs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tactful.mend.replaying.replay import THE_LOG
from tactful.mend.tables import table
from tactful.text.counting import counted

if TYPE_CHECKING:
    from tactful.mend.replaying.replay import Difference, Replay
    from tactful.stats.offpolicy import OffPolicyValue

FLATTERED = (
    "the reader that says what is open also says what was a guess, so these shares flatter a policy that goes by it; "
    "they say what changes, not that it is right"
)
_OPEN_TURNS = 400  # characters of each text of a difference


def replay_lines(found: Replay) -> Iterator[str]:
    """What the terminal shows."""
    yield (
        f"{found.policy} against {found.against}: {counted(found.turns, 'turn')} of "
        f"{counted(found.conversations, 'conversation')}; asks {counted(found.asks_after, 'time')}, "
        f"{found.against} {found.asks_before}"
    )
    if found.against != THE_LOG:
        yield f"  what {found.policy} would change in the log, whatever {found.against} does:"
    for change in found.changes:
        yield f"  {change.words}: {change.share.percent(0)} of {change.share.items}"
    yield f"  decided otherwise than {found.against}: " + ", ".join(
        f"{count} {effect}" for effect, count in found.effects.items()
    )
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
    yield f"\nMind: {FLATTERED}."
    yield "\n## By what the log's turn led to\n"
    yield from table(
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
    weighed = "".join(f", {name} {value:.2f}" for name, value in one.weighed.items() if name != "need")
    asked = counted(one.questions, "earlier question")
    before = f"this user rejected {one.rejected} of {asked}" if one.questions else "never asked before"
    yield f"Need {need}{weighed}; {before}; in the log: {one.outcome}.\n"
    for who, text in (("  user", one.request), ("▶ assistant", one.answer), ("  user", one.reply)):
        if text:
            yield textwrap.indent(f"{who}: {text[:_OPEN_TURNS]}", "    ", lambda line: True)
    yield ""
