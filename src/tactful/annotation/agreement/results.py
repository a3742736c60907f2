"""What is told of agreement, as it is printed and saved."""

from __future__ import annotations

from collections.abc import Mapping

from tactful.annotation.types import Kind, Question
from tactful.stats.estimate import Estimate
from tactful.types import Record


class Figures(Record):
    """How far votes on one question agree. A figure that is undefined has no value, and `undefined` says why."""

    units: int
    """Items, or proposals, with two votes or more."""
    votes: int
    """On these."""
    single: int
    """Units with one vote: they tell nothing of agreement."""
    sessions: int
    """Of `units`: what intervals go by."""
    alpha: Estimate
    """Krippendorff's, nominal: 1 is full agreement, 0 what chance gives."""
    fleiss: Estimate
    """Fleiss' kappa, generalised to units with unequal numbers of votes: `raw` set against `chance`."""
    cohen: Estimate
    """Cohen's kappa of two annotators; of more, their agreement and its chance averaged over pairs, weighted by shared units."""
    pairs: int
    """Pairs of annotators that share enough units for it."""
    raw: Estimate
    """Share of the pairs of votes on a unit that are alike, mean over units. Not corrected for chance."""
    chance: Estimate
    """What `raw` would be if votes fell at random with the same shares of the values. It has no interval: where these are
    nearly even it is at its least, and nearly every draw finds more."""
    undefined: Mapping[str, str] = {}
    """Figure → why it has no value."""


class QuestionAgreement(Record):
    """One question: the whole, and by setting where there is more than one."""

    kind: Kind
    question: Question
    whole: Figures
    settings: Mapping[str, Figures] = {}


class AnnotatorRow(Record):
    """One annotator on one question."""

    annotator: str
    """A UUID."""
    kind: Kind
    question: Question
    votes: int
    """That count."""
    raw: Estimate
    """Share of the pairs of a vote of theirs and one of someone else on the same unit that are alike; `items` are units."""
    chance: Estimate
    """What `raw` would be if their votes and the others' fell at random with the same shares of the values; without
    an interval, as in `Figures`."""
    consistency: Estimate
    """Share of repeated questions that they answered as before."""
    gold: Estimate
    """Share of the questions whose answer is known that they answered so."""
    undefined: Mapping[str, str] = {}
    """Figure → why it has no value."""


class Agreement(Record):
    """Everything about what was collected."""

    source: str
    """As messages name it."""
    items: int
    """With at least one annotation that counts."""
    annotations: int
    """That count: answered, not withdrawn, no repeat."""
    votes: int
    """In them."""
    sessions: int
    annotators: int | None
    """None: the votes name no annotators, only an order within their item."""
    skipped: int
    withdrawn: int
    repeats: int
    doubled: int
    """Further annotations of the same person on the same item that no one marked as repeats: left out."""
    gold: int
    """Of `annotations`, those on items whose answer is known; they count."""
    bad: int
    """Rows that could not be read."""
    questions: tuple[QuestionAgreement, ...]
    by_annotator: tuple[AnnotatorRow, ...]
    resamples: int
    seed: int
    version: str
