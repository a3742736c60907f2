"""What a split by item gives away: one judge and the look-up, measured under a leaking split and under a grouped one.

The published split of the reward data put proposals made at one point of a session on both sides: every observation
of the test part stood in the training part. Here the same is done on purpose, next to folds by session.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Literal

from tactful.data.formats.moments import observation_id
from tactful.errors import UserError
from tactful.evaluation.judges.measure import RESAMPLES, measure
from tactful.evaluation.judges.results import Measured
from tactful.evaluation.judges.tables import SHOWN, Table, table_row, titled
from tactful.reward.types import Acceptance
from tactful.stats import group_folds
from tactful.types import LabelledMoment, Record, seeded

SplitBy = Literal["by item (leaks)", "by session"]
JudgeOn = Callable[
    [Sequence[LabelledMoment], Sequence[LabelledMoment]], tuple[Sequence[Acceptance], Sequence[float]]
]
"""(training part, test part) → (acceptances of the test part, in order, by a judge trained on the training part; the base
rates that its probabilities are meant at)."""
FOLDS = 5


class LeakSide(Record):
    """One way of splitting, and what was measured under it."""

    split: SplitBy
    folds: int
    observations_known: float
    """Share of test moments whose very observation stands in the training part."""
    measured: Measured


def leaky_folds(items: Sequence[LabelledMoment], folds: int, seed: int = 0) -> list[int]:
    """Fold of every item; the items of one observation go to different folds, so the other folds know it."""
    at_one_point: dict[str, list[int]] = defaultdict(list)
    for at, item in enumerate(items):
        at_one_point[observation_id(item.moment)].append(at)
    found = [0] * len(items)
    rng = seeded("leaky folds", seed)
    for places in at_one_point.values():
        rng.shuffle(places)
        first = rng.randrange(folds)
        for number, at in enumerate(places):
            found[at] = (first + number) % folds
    return found


def measure_leak(
    items: Sequence[LabelledMoment],
    judge_on: JudgeOn,
    *,
    judge: str,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> tuple[LeakSide, LeakSide]:
    """The judge and its baselines (leaking folds, folds by session), each item judged by the folds that lack it.

    The look-up knows the same training part as the judge. Raises: UserError for fewer than two sessions.
    """
    sessions = sorted({item.moment.session for item in items})
    if len(sessions) < 2:
        raise UserError(
            f"a split by session needs two sessions, there is {len(sessions)}; give moments of more sessions"
        )
    by_session = group_folds(sessions, min(FOLDS, len(sessions)), seed)
    grouped = [by_session[item.moment.session] for item in items]

    def side(split: SplitBy, places: list[int]) -> LeakSide:
        said, known = _judged(items, judge_on, places)
        folds = len(set(places))
        measured = measure(
            items,
            [acceptance for acceptance, _ in said],
            judge=judge,
            regime=f"{folds} folds {split}",
            parts=[str(place) for place in places],
            rates=[rate for _, rate in said],
            seed=seed,
            resamples=resamples,
        )
        return LeakSide(split=split, folds=folds, observations_known=known / len(items), measured=measured)

    return side("by item (leaks)", leaky_folds(items, FOLDS, seed)), side("by session", grouped)


def _judged(
    items: Sequence[LabelledMoment], judge_on: JudgeOn, places: Sequence[int]
) -> tuple[list[tuple[Acceptance, float]], int]:
    """(what is said of every item by the folds that lack it, items whose very observation stands in these)."""
    found: dict[int, tuple[Acceptance, float]] = {}
    known = 0
    for fold in sorted(set(places)):
        test = [at for at, place in enumerate(places) if place == fold]
        train = [item for item, place in zip(items, places, strict=True) if place != fold]
        there = {observation_id(item.moment) for item in train}
        known += sum(observation_id(items[at].moment) in there for at in test)
        said, rates = judge_on(train, [items[at] for at in test])
        found |= dict(zip(test, zip(said, rates, strict=True), strict=True))
    return [found[at] for at in range(len(items))], known


def leak_table(sides: Sequence[LeakSide]) -> Table:
    """Both splits under one another; a judge worth its name beats the look-up only under the second."""
    rows = [
        table_row(
            row.name if side.split == "by session" else f"{row.name}, leaking",
            row.baseline,
            [row.equal.get(name) for name in SHOWN[:4]],
        )
        for side in sides
        for row in side.measured.rows
    ]
    notes = [
        f"Split {side.split}: {side.observations_known:.0%} of the test moments have their very observation in train."
        for side in sides
    ]
    return Table(
        title="What a split by item gives away (the four categories weighted equally)",
        columns=tuple(titled(name) for name in SHOWN[:4]),
        rows=tuple(rows),
        notes=tuple(notes),
    )
