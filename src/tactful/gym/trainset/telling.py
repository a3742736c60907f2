"""A training set in words, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from tactful.gym.trainset.writing import Trainset


def trainset_lines(found: Trainset) -> Iterator[str]:
    """What was accepted, after how many tries, and what each part holds."""
    yield f"selected by {found.judge} from what {found.proposer} proposed, at {found.points} points:"
    nothing = found.points - found.accepted
    yield (
        f"  accepted at {found.accepted}, {found.silent} of them silence; nothing accepted at {nothing}; "
        f"{found.unscored} candidates unscored"
    )
    tries = ", ".join(f"{number}: {count}" for number, count in found.tries.items())
    yield f"  tries up to the accepted one: {tries}"
    yield f"{'at':<12}{'points':>8}{'offers':>8}{'silences':>10}{'nothing':>9}"
    for name, at in found.timings.items():
        nothing = at.points - at.offers - at.silences
        yield f"{name:<12}{at.points:>8}{at.offers:>8}{at.silences:>10}{nothing:>9}"
    yield f"{'part':<12}{'scenes':>8}{'groups':>8}{'points':>8}{'sft':>8}{'pairs':>8}{'moments':>9}"
    for part, held in found.parts.items():
        yield f"{part:<12}{held.scenes:>8}{len(held.groups):>8}{held.points:>8}{held.sft:>8}{held.pairs:>8}{held.moments:>9}"
    yield from found.notes
    if found.contradicting:
        yield f"pairs that prefer what an earlier one rejects at the same prompt, both written: {found.contradicting}"
    for why, count in found.left_out.items():
        yield f"left out: {count} rows, {why}"
