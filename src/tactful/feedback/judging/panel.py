"""Several votes on one turn: what they say together, and how far they disagree.

The label's posterior is Dawid and Skene's (Applied Statistics 28, 1979, 20–28): each judge has a confusion matrix,
each label a prior, both found by EM from the votes alone. Several draws of one model are votes of one judge. We
differ in one point: a few pseudo-votes per judge, half of them right, keep the matrices sane where votes are few.

Votes count as independent given the true label. Draws of one model are not, nor are models that share a fault: the
posterior is then too sure, which `tactful feedback fit-confidence` corrects where there are labelled turns.
(crowd-kit has the same model, but brings transformers, pandas and pyarrow into the base install.)
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tactful.feedback.labels import LABELS, Label
from tactful.feedback.types import FeedbackConfig, TurnJudgement, Vote
from tactful.stats.agreement import alpha
from tactful.types import Provenance, Record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PSEUDO_VOTES = 2.0
"""Votes that each judge is credited with on each label before any is counted; half of them right."""
MOST_ITERATIONS = 200
TOLERANCE = 1e-6
_NUMBER = {label: at for at, label in enumerate(LABELS)}
_NO_VOTE = 255


def shares(votes: Sequence[Vote]) -> dict[Label, float]:
    """Label → share of the readable votes; empty when there is none."""
    counts = Counter(vote.label for vote in votes if vote.label is not None)
    total = counts.total()
    return {label: counts[label] / total for label in LABELS if counts[label]}


def disagreement(votes: Sequence[Vote]) -> float | None:
    """Entropy of the votes over that of as many different ones, in [0, 1]; 0 = all agree. None below two votes."""
    readable = sum(vote.label is not None for vote in votes)
    if readable < 2:
        return None
    entropy = -sum(share * math.log(share) for share in shares(votes).values())
    return max(0.0, entropy / math.log(min(readable, len(LABELS))))


def plain_judgement(
    turn_id: str, votes: Sequence[Vote], config: FeedbackConfig, provenance: Provenance
) -> TurnJudgement:
    """The label with most votes (a tie: with the higher stated confidence), its share as confidence.

    What a single record can say by itself; `Panel.judgement` says it in the light of all of them.
    """
    by_label = shares(votes)
    if not by_label:
        why = "; ".join(dict.fromkeys(vote.reason for vote in votes if vote.reason)) or "no votes"
        reason = f"no vote of {len(votes)} is readable: {why}"
        return TurnJudgement.not_scored(turn_id, reason=reason, provenance=provenance, votes=votes)
    stated: Counter[Label] = Counter()
    for vote in votes:
        if vote.label is not None:
            stated[vote.label] += vote.confidence or 0.0  # type: ignore[assignment]
    label = max(by_label, key=lambda item: (by_label[item], stated[item]))
    return _judgement(turn_id, label, by_label, votes, config, provenance)


def _judgement(
    turn_id: str,
    label: Label,
    posterior: Mapping[Label, float],
    votes: Sequence[Vote],
    config: FeedbackConfig,
    provenance: Provenance,
) -> TurnJudgement:
    agreeing = [vote for vote in votes if vote.label is label]
    best = max(agreeing, key=lambda vote: vote.confidence or 0.0, default=None)
    return TurnJudgement.scored(
        turn_id,
        label,
        min(1.0, posterior[label]),
        config,
        provenance=provenance,
        rationale=best.rationale if best else "",
        posterior=dict(posterior),
        share=shares(votes).get(label, 0.0),
        votes=tuple(votes),
    )


# ---------------------------------------------------------------- Dawid and Skene


@dataclass(frozen=True)
class Fit:
    """What EM found. Labels are numbered as in `LABELS`."""

    prior: NDArray[np.float64]
    """(labels,), sums to 1."""
    confusion: NDArray[np.float64]
    """(judges, true label, voted label); rows sum to 1."""
    posterior: NDArray[np.float64]
    """(items, labels); rows sum to 1."""
    iterations: int
    converged: bool


def dawid_skene(
    counts: NDArray[np.float64] | NDArray[np.uint8],
    *,
    pseudo_votes: float = PSEUDO_VOTES,
    most_iterations: int = MOST_ITERATIONS,
) -> Fit:
    """Posterior over labels from `counts`, (items, judges, labels): how often each judge gave each label.

    Every item needs a vote. Starts from the shares of the votes. Raises ValueError for an item without votes.
    """
    import numpy as np

    votes = np.asarray(counts, dtype=np.float64)
    items, judges, labels = votes.shape
    totals = votes.sum(axis=(1, 2))
    if items == 0 or (totals == 0).any():
        raise ValueError("every item needs at least one vote")
    right = np.eye(labels)
    wrong = (1 - right) / max(1, labels - 1)
    pseudo = pseudo_votes * (right + wrong) / 2
    posterior = votes.sum(axis=1) / totals[:, None]
    flat = votes.reshape(items, judges * labels)
    iteration, change = 0, math.inf
    while iteration < most_iterations and change > TOLERANCE:
        iteration += 1
        prior = posterior.mean(axis=0)
        seen = (posterior.T @ flat).reshape(labels, judges, labels).transpose(1, 0, 2) + pseudo
        confusion = seen / np.maximum(seen.sum(axis=2, keepdims=True), np.finfo(float).tiny)
        with np.errstate(divide="ignore"):
            log_confusion = np.log(confusion).transpose(0, 2, 1).reshape(judges * labels, labels)
            log_prior = np.log(prior)
        # A vote that was never cast must not turn log 0 into NaN.
        evidence = flat @ np.where(np.isneginf(log_confusion), -1e6, log_confusion)
        log_posterior = evidence + np.where(np.isneginf(log_prior), -1e6, log_prior)
        log_posterior -= log_posterior.max(axis=1, keepdims=True)
        updated = np.exp(log_posterior)
        updated /= updated.sum(axis=1, keepdims=True)
        change = float(np.abs(updated - posterior).max())
        posterior = updated
    return Fit(prior, confusion, posterior, iteration, change <= TOLERANCE)


class PanelReport(Record):
    """A panel in figures."""

    judges: tuple[str, ...]
    turns: int
    """With at least one readable vote; only these were fitted."""
    unscored: int
    votes: int
    unreadable_votes: int
    unanimous: float | None
    """Share of the turns with two or more readable votes on which all agree; not corrected for chance."""
    disagreement: float | None
    """Mean over those turns of the votes' normalised entropy, in [0, 1]; 0 = all agree."""
    alpha: float | None
    """Krippendorff's alpha of the votes (nominal): 1 = full agreement, 0 = what chance gives, below 0 = less than
    chance. None where it is undefined: no turn with two readable votes, or one label throughout."""
    reliability: Mapping[str, float]
    """Judge → expected share of its votes that are right, under the fitted model; no human label was seen."""
    prior: Mapping[Label, float]
    iterations: int
    converged: bool


@dataclass
class VoteTable:
    """The votes of a whole run, one byte per vote, for two readings of the run in flat memory."""

    _judges: dict[str, int] = field(default_factory=dict)
    _who: array[int] = field(default_factory=lambda: array("H"))
    _what: array[int] = field(default_factory=lambda: array("B"))
    _ends: array[int] = field(default_factory=lambda: array("Q"))
    _entropy: float = 0.0
    _several: int = 0
    _unanimous: int = 0

    def add(self, votes: Iterable[Vote]) -> None:
        """The votes on the next turn."""
        votes = tuple(votes)
        for vote in votes:
            self._who.append(self._judges.setdefault(vote.judge, len(self._judges)))
            self._what.append(_NO_VOTE if vote.label is None else _NUMBER[vote.label])
        self._ends.append(len(self._what))
        measured = disagreement(votes)
        if measured is not None:
            self._several += 1
            self._entropy += measured
            self._unanimous += len(shares(votes)) == 1

    def fit(self) -> Panel:
        """Dawid and Skene over all that was added. A panel without a readable vote is fitted on nothing."""
        import numpy as np

        who, what = np.frombuffer(self._who, dtype=np.uint16), np.frombuffer(self._what, dtype=np.uint8)
        ends = np.frombuffer(self._ends, dtype=np.uint64).astype(np.int64)
        row = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))
        readable = what != _NO_VOTE
        counts = np.zeros((len(ends), max(1, len(self._judges)), len(LABELS)), dtype=np.uint8)
        np.add.at(counts, (row[readable], who[readable], what[readable]), 1)
        scored = counts.sum(axis=(1, 2)) > 0
        place = np.where(scored, np.cumsum(scored) - 1, -1)
        fit = dawid_skene(counts[scored]) if scored.any() else None
        return Panel(fit, tuple(int(at) for at in place), self._report(fit, counts, scored))

    def _report(self, fit: Fit | None, counts: NDArray[np.uint8], scored: NDArray[np.bool_]) -> PanelReport:
        cast = int(counts.sum())
        reliability = {}
        if fit is not None:
            right = (fit.posterior[:, None, :] * counts[scored]).sum(axis=(0, 2))
            given = counts[scored].sum(axis=(0, 2))
            reliability = {
                name: round(float(right[at] / given[at]), 4) for name, at in self._judges.items() if given[at]
            }
        return PanelReport(
            judges=tuple(self._judges),
            turns=int(scored.sum()),
            unscored=int((~scored).sum()),
            votes=len(self._what),
            unreadable_votes=len(self._what) - cast,
            unanimous=self._unanimous / self._several if self._several else None,
            disagreement=self._entropy / self._several if self._several else None,
            alpha=alpha(counts.sum(axis=1)),
            reliability=reliability,
            prior={} if fit is None else {label: float(fit.prior[at]) for label, at in _NUMBER.items()},
            iterations=0 if fit is None else fit.iterations,
            converged=fit is not None and fit.converged,
        )


@dataclass(frozen=True)
class Panel:
    """A fitted panel: the judgement on each turn, in the order in which the turns were added."""

    _fit: Fit | None
    _place: tuple[int, ...]
    report: PanelReport

    def judgement(self, at: int, plain: TurnJudgement, config: FeedbackConfig) -> TurnJudgement:
        """The judgement on turn number `at`, whose votes are in `plain`; unscored stays unscored."""
        place = self._place[at]
        if self._fit is None or place < 0:
            return plain
        row = self._fit.posterior[place]
        posterior = {label: float(row[number]) for label, number in _NUMBER.items()}
        label = max(posterior, key=lambda item: posterior[item])
        return _judgement(plain.turn_id, label, posterior, plain.votes, config, plain.provenance)
