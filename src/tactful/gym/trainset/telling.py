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
    yield f"{'part':<12}{'scenes':>8}{'points':>8}{'sft':>8}{'pairs':>8}{'moments':>9}"
    for part, held in found.parts.items():
        yield f"{part:<12}{len(held.groups):>8}{held.points:>8}{held.sft:>8}{held.pairs:>8}{held.moments:>9}"
    for why, count in found.left_out.items():
        yield f"left out: {count} rows, {why}"
