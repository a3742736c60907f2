"""How far annotators agree: the one way in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from tactful.annotation.agreement.annotators import annotator_rows, known, repeats
from tactful.annotation.agreement.ballots import Ballots, ballots_of
from tactful.annotation.agreement.figures import RESAMPLES, figures_of
from tactful.annotation.agreement.results import Agreement, AnnotatorRow, QuestionAgreement
from tactful.annotation.types import KINDS, QUESTIONS, Annotation, Kind, Question
from tactful.annotation.votes import Collected, Vote, votes_of


def measure_agreement(
    collected: Collected, *, seed: int = 0, resamples: int = RESAMPLES, by_annotator: bool = True
) -> Agreement:
    """Agreement on each question, whole and by setting, and of each annotator.

    Votes that were skipped or withdrawn and repeats are left out and counted. Intervals are 95% and go by session. Without
    `by_annotator`, as for a page that asks every few seconds, the annotators have no rows.
    """
    from tactful import __version__

    first = list(first_votes(collected.annotations))
    votes: dict[tuple[Kind, Question], list[Vote]] = {}
    for one in first:
        for vote in votes_of(one):
            votes.setdefault((vote.kind, vote.question), []).append(vote)
    named = by_annotator and not collected.nameless
    repeated, gold = (repeats(collected, first), known(collected, first)) if named else ({}, {})
    questions: list[QuestionAgreement] = []
    annotators: list[AnnotatorRow] = []
    for kind, question in sorted(votes, key=lambda key: (KINDS.index(key[0]), QUESTIONS.index(key[1]))):
        ballots = ballots_of(votes[kind, question])
        questions.append(_question(ballots, kind, question, collected.nameless, seed, resamples))
        if named:
            annotators += annotator_rows(
                ballots, kind, question, repeated=repeated, gold=gold, seed=seed, resamples=resamples
            )
    answered = [one for one in collected.annotations if one.withdrawn_at is None and one.answer is not None]
    return Agreement(
        source=collected.name,
        items=len({one.item for one in first}),
        annotations=len(first),
        votes=sum(map(len, votes.values())),
        sessions=len({one.session for one in first}),
        annotators=None if collected.nameless else len({one.annotator for one in first}),
        skipped=sum(one.answer is None and one.withdrawn_at is None for one in collected.annotations),
        withdrawn=sum(one.withdrawn_at is not None for one in collected.annotations),
        repeats=sum(one.repeat for one in answered),
        doubled=sum(one.counts for one in answered) - len(first),
        gold=sum(one.gold for one in first),
        bad=collected.bad,
        questions=tuple(questions),
        by_annotator=tuple(annotators),
        resamples=resamples,
        seed=seed,
        version=__version__,
    )


def first_votes(annotations: Sequence[Annotation]) -> Iterator[Annotation]:
    """The annotations that count, each person's first on each item alone: nobody agrees with themselves."""
    seen: set[tuple[str, str]] = set()
    for one in annotations:
        if one.counts and (one.item, one.annotator) not in seen:
            seen.add((one.item, one.annotator))
            yield one


def _question(
    ballots: Ballots, kind: Kind, question: Question, nameless: bool, seed: int, resamples: int
) -> QuestionAgreement:
    figures = partial(figures_of, nameless=nameless, seed=seed, resamples=resamples)
    parts = enumerate(ballots.settings) if len(ballots.settings) > 1 else ()
    return QuestionAgreement(
        kind=kind,
        question=question,
        whole=figures(ballots),
        settings={name: figures(ballots.take(ballots.setting == at)) for at, name in parts},
    )
