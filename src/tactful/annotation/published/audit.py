"""What is wrong with a published set: the one way in."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from tactful.annotation.agreement.figures import RESAMPLES, figures_of_counts
from tactful.annotation.agreement.results import Figures
from tactful.annotation.published.reading import PublishedFile
from tactful.annotation.published.results import (
    FileAudit,
    LabelsAndVotes,
    LookUpRow,
    Overlap,
    PublishedAudit,
)
from tactful.data.formats.moments import moment_row, observation_id
from tactful.evaluation.judges.baselines import Constant, LookUp
from tactful.evaluation.judges.measures import columns_of, estimates
from tactful.stats.bootstrap import group_draws
from tactful.types import LabelledMoment

_SHOWN = 20


def audit_published(
    files: Sequence[PublishedFile], *, seed: int = 0, resamples: int = RESAMPLES
) -> PublishedAudit:
    """Each file by itself, and what every two share. The first is the training file: the look-up of the others knows it alone.

    Intervals are 95% and go by session.
    """
    from tactful import __version__

    return PublishedAudit(
        files=tuple(_file(one, files[0], seed, resamples) for one in files),
        overlaps=tuple(_overlap(first, second) for first, second in combinations(files, 2)),
        resamples=resamples,
        seed=seed,
        version=__version__,
    )


def _file(file: PublishedFile, known: PublishedFile, seed: int, resamples: int) -> FileAudit:
    items = file.items
    seen = Counter(observation_id(item.moment) for item in items)
    sessions = Counter(item.moment.session for item in items)
    labels: dict[tuple[str, str | None], set[bool]] = defaultdict(set)
    for item in items:
        labels[_proposed(item)].add(item.label.accepted)
    silent = [item for item in items if item.moment.proposal is None]
    refused = _refused(items)
    return FileAudit(
        name=file.name,
        items=len(items),
        bad=file.bad,
        problems=file.problems,
        contradicting=len(file.contradictions),
        contradictions=file.contradictions[:_SHOWN],
        observations=len(seen),
        shared=sum(count for count in seen.values() if count > 1),
        repeated=len(items) - len(labels),
        torn=sum(len(said) > 1 for said in labels.values()),
        sessions=len(sessions),
        largest_session=max(sessions.values(), default=0),
        proposals=len(items) - len(silent),
        silences=len(silent),
        votes=dict(sorted(Counter(len(item.label.votes) for item in items).items())),
        labels=tuple(_labels(items)),
        all_silent=sum(bool(item.label.votes) and all(item.label.votes) for item in silent),
        refused=len(refused),
        refused_unsaid=len(refused - {observation_id(item.moment) for item in silent}),
        agreement={
            name: _agreement(part, seed, resamples)
            for name, part in (
                ("proposals", [item for item in items if item.moment.proposal is not None]),
                ("silence", silent),
                ("all", items),
            )
        },
        looked_up_in=known.name,
        baselines=tuple(_baselines(items, known.items, seed, resamples)) if items else (),
    )


def _proposed(item: LabelledMoment) -> tuple[str, str | None]:
    return observation_id(item.moment), item.moment.proposal


def _refused(items: Sequence[LabelledMoment]) -> set[str]:
    """Observations with votes on proposals, none of which accepts."""
    accepted: dict[str, bool] = defaultdict(bool)
    for item in items:
        if item.moment.proposal is not None and item.label.votes:
            accepted[observation_id(item.moment)] |= any(item.label.votes)
    return {name for name, any_accepted in accepted.items() if not any_accepted}


def _labels(items: Sequence[LabelledMoment]) -> Iterator[LabelsAndVotes]:
    by_category: dict[str, list[LabelledMoment]] = defaultdict(list)
    for item in items:
        by_category[moment_row(item)["category"]].append(item)
    for category, labelled in sorted(by_category.items()):
        # votes beyond a tie, in the label's direction: below 0 they contradict it
        for_it = [
            sum(1 if vote == item.label.accepted else -1 for vote in item.label.votes) for item in labelled
        ]
        unvoted = sum(not item.label.votes for item in labelled)
        yield LabelsAndVotes(
            category=category,
            labels=len(labelled),
            contradicted=sum(votes < 0 for votes in for_it),
            tied=sum(votes == 0 for votes in for_it) - unvoted,
            unvoted=unvoted,
        )


def _agreement(items: Sequence[LabelledMoment], seed: int, resamples: int) -> Figures:
    several = [item for item in items if len(item.label.votes) >= 2]
    votes = [(sum(item.label.votes), len(item.label.votes)) for item in several]
    sessions = [item.moment.session for item in several]
    return figures_of_counts(
        np.array([[all_ - for_, for_] for for_, all_ in votes], dtype=int).reshape(-1, 2),
        np.unique(sessions, return_inverse=True)[1] if several else np.zeros(0, dtype=int),
        values=(False, True),
        single=sum(len(item.label.votes) == 1 for item in items),
        seed=seed,
        resamples=resamples,
    )


def _baselines(
    items: Sequence[LabelledMoment], known: Sequence[LabelledMoment], seed: int, resamples: int
) -> Iterator[LookUpRow]:
    """The look-up, which leaves an item out where it judges it, always-accept, always-reject."""
    moments = [item.moment for item in items]
    for judge in (LookUp(known), Constant(accepts=True), Constant(accepts=False)):
        said = judge.judge_now(moments)
        columns = columns_of(items, said)
        found = estimates(
            columns,
            group_draws(columns.sessions, resamples, seed),
            equal=False,
            unscored=len(items) - len(columns.p),
        )
        if found:
            yield LookUpRow(name=judge.name, accuracy=found["accuracy"], f1=found["f1"])


def _overlap(first: PublishedFile, second: PublishedFile) -> Overlap:
    seen = {observation_id(item.moment) for item in first.items}
    proposed = {_proposed(item) for item in first.items}
    sessions = {item.moment.session for item in first.items}
    there = [observation_id(item.moment) for item in second.items]
    return Overlap(
        first=first.name,
        second=second.name,
        observations=len(seen & set(there)),
        items=sum(name in seen for name in there),
        of=len(there),
        rows=sum(_proposed(item) in proposed for item in second.items),
        sessions=len(sessions & {item.moment.session for item in second.items}),
    )
