"""The audit of a published set as text."""

from __future__ import annotations

from collections.abc import Iterator

from tactful.annotation.agreement.telling import INTERVALS, figure_lines
from tactful.annotation.published.results import FileAudit, Overlap, PublishedAudit
from tactful.text.counting import counted


def audit_lines(found: PublishedAudit) -> Iterator[str]:
    """What two files share, then each file."""
    for one in found.overlaps:
        yield _overlap(one)
    if found.overlaps:
        yield ""
    for file in found.files:
        yield from _file(file)
        yield ""
    yield INTERVALS


def headline(found: PublishedAudit) -> str:
    """What was read, in a sentence."""
    items = sum(one.items for one in found.files)
    return f"{counted(items, 'item')} in {counted(len(found.files), 'file')}"


def _overlap(one: Overlap) -> str:
    return (
        f"{one.first} and {one.second} share {counted(one.observations, 'observation')}: {_part(one.items, one.of)} items "
        f"of the second were seen in the first, {one.rows:,} with the same proposal; {counted(one.sessions, 'session')} "
        "in both"
    )


def _file(one: FileAudit) -> Iterator[str]:
    yield (
        f"{one.name}: {counted(one.items, 'item')}, {counted(one.observations, 'distinct observation')}, "
        f"{counted(one.sessions, 'session group')} (the largest of {counted(one.largest_session, 'item')}); "
        f"{one.proposals:,} proposals, {one.silences:,} silences"
    )
    if one.bad:
        yield f"unusable rows, left out: {one.bad:,}"
        yield from (f"  {problem}" for problem in one.problems)
    if one.contradicting:
        yield f"categories that contradict 'valid', which counts: {one.contradicting:,}"
        yield from (f"  {problem}" for problem in one.contradictions)
    if not one.items:
        return
    yield (
        f"observations within the file: {_part(one.shared, one.items)} items share theirs with another item, so that a split "
        f"by item leaks; repeated with the same proposal: {one.repeated:,}, {one.torn:,} of these proposals with both labels"
    )
    yield "votes on an item: " + ", ".join(f"{votes}: {items:,} items" for votes, items in one.votes.items())
    yield ""
    wide = max(len(row.category) for row in one.labels) + 2
    yield f"{'labels and votes':<{wide}}{'labels':>10}{'contradicted':>14}{'ties':>8}{'no votes':>10}{'share':>8}"
    for row in one.labels:
        share = "–" if row.share is None else f"{row.share:.0%}"
        yield (
            f"{row.category:<{wide}}{row.labels:>10,}{row.contradicted:>14,}{row.tied:>8,}{row.unvoted:>10,}{share:>8}"
        )
    yield (
        f"items on which all wanted silence: {one.all_silent or 'none'}; at {counted(one.refused, 'observation')} "
        f"nobody accepted any proposal, and {one.refused_unsaid:,} of these have no item of silence"
    )
    yield ""
    yield from figure_lines(list(one.agreement.items()))
    yield ""
    yield from _baselines(one)


def _baselines(one: FileAudit) -> Iterator[str]:
    yield f"{'labels, predicted':<20}{'accuracy':>26}{'F1':>26}{'unscored':>10}"
    for row in one.baselines:
        yield f"{row.name:<20}{row.accuracy.short():>26}{row.f1.short():>26}{row.accuracy.unscored:>10,}"
    own = one.looked_up_in == one.name
    yield (
        "The look-up never reads what is proposed: only whether help was wanted at the same observation, in "
        + ("the other items of this file." if own else f"{one.looked_up_in}.")
    )


def _part(count: int, of: int) -> str:
    return f"{count:,} of {of:,}" + (f" ({count / of:.0%})" if of else "")
