"""One annotator against the others, against themselves, and against what is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from tactful.annotation.agreement.ballots import Array, Ballots
from tactful.annotation.agreement.figures import RESAMPLES
from tactful.annotation.agreement.results import AnnotatorRow
from tactful.annotation.types import Annotation, Kind, Question, Value
from tactful.annotation.votes import Collected, known_votes, votes_of
from tactful.stats.bootstrap import group_sums, resampled
from tactful.stats.estimate import Estimate
from tactful.stats.shares import share_over

Checks = dict[tuple[str, Question], list[tuple[str, bool]]]
"""(annotator, question) → (session, whether it was as it should be) of each vote that can be checked."""


def annotator_rows(
    ballots: Ballots,
    kind: Kind,
    question: Question,
    *,
    repeated: Checks,
    gold: Checks,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Iterator[AnnotatorRow]:
    """A row for each annotator who voted on this question, in the order of their names."""
    left, right = ballots.pairs()
    own, other = np.concatenate([left, right]), np.concatenate([right, left])
    order = np.argsort(ballots.annotator[own], kind="stable")
    own, other = own[order], other[order]
    edges = np.searchsorted(ballots.annotator[own], np.arange(len(ballots.annotators) + 1))
    votes = np.bincount(ballots.annotator, minlength=len(ballots.annotators))
    for at, name in enumerate(ballots.annotators):
        mine = slice(edges[at], edges[at + 1])
        found = _with_others(ballots, own[mine], other[mine], seed, resamples)
        found |= {
            "consistency": share_of(repeated.get((name, question), ())),
            "gold": share_of(gold.get((name, question), ())),
        }
        why = {
            "raw": "nobody else voted on the same units",
            "chance": "nobody else voted on the same units",
            "consistency": "no repeated question was answered",
            "gold": "no question whose answer is known was answered",
        }
        yield AnnotatorRow(
            annotator=name,
            kind=kind,
            question=question,
            votes=int(votes[at]),
            undefined={figure: said for figure, said in why.items() if found[figure].value is None},
            **found,
        )


def _with_others(
    ballots: Ballots, own: Array, other: Array, seed: int, resamples: int
) -> dict[str, Estimate]:
    """`raw` and `chance` from the positions of their votes and of the others' on the same units."""
    names, session = np.unique(ballots.session[own], return_inverse=True)
    width = len(ballots.values)
    mine, theirs = np.eye(width)[ballots.value[own]], np.eye(width)[ballots.value[other]]
    alike = ballots.value[own] == ballots.value[other]
    sums = group_sums(session, np.column_stack([alike, mine, theirs]), len(names))

    def figures(rows: Array) -> dict[str, Array]:
        first, second = rows[:, 1 : 1 + width], rows[:, 1 + width :]
        pairs = first.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return {"raw": rows[:, 0] / pairs, "chance": (first * second).sum(axis=1) / pairs**2}

    units = len(np.unique(ballots.unit[own]))
    found = resampled(sums, figures, items=units, seed=seed, resamples=resamples)
    return found | {"chance": found["chance"].model_copy(update={"low": None, "high": None})}


def repeats(collected: Collected, first: Sequence[Annotation]) -> Checks:
    """Whether each repeated vote is the annotator's `first` on the same; those that were not answered tell nothing."""
    said: dict[tuple[str, str, Question], Value] = {
        (vote.annotator, vote.unit, vote.question): vote.value for one in first for vote in votes_of(one)
    }
    found: Checks = defaultdict(list)
    for one in collected.annotations:
        if one.repeat and one.withdrawn_at is None:
            for vote in votes_of(one):
                before = said.get((vote.annotator, vote.unit, vote.question))
                if before is not None:
                    found[vote.annotator, vote.question].append((vote.session, vote.value == before))
    return found


def known(collected: Collected, first: Sequence[Annotation]) -> Checks:
    """Whether each vote on an item whose answer is known is that answer."""
    found: Checks = defaultdict(list)
    for vote, right in known_votes(collected, first):
        found[vote.annotator, vote.question].append((vote.session, vote.value == right))
    return found


def share_of(checks: Iterable[tuple[str, bool]]) -> Estimate:
    """The share of votes that are as they should be; its interval goes by session."""
    groups: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for session, right in checks:
        groups[session][0] += right
        groups[session][1] += 1
    return share_over(groups.values())
