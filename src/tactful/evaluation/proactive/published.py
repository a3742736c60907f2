"""ProactiveBench's figures by its own rules. The quirks stand here and nowhere else; nothing in this file is corrected.

Rules (source: the scoring of assistants in the code of arXiv:2410.12361). Every prediction at every event is one pair
with its judgement: proposed and accepted is TP, proposed and rejected FP, silent and accepted TN, silent and rejected
FN. Recall = TP/(TP + FN), Precision = TP/(TP + FP), Accuracy = (TP + TN)/all, False-Alarm = FP/(TP + FP), which is a
ratio and no rate, F1 from Precision and Recall; 1e-8 in each denominator, so that an empty one gives 0. An event
without any response is skipped.

Quirks, all behind one switch:

- only JSON null is silence: the text "null" counts as a proposal;
- a judgement that cannot be read counts as rejected;
- several predictions at one event each count;
- a failed call leaves an object in place of the response, and each key of it counts as a prediction.

Without the quirks: "null" is silence, what could not be judged and failed calls are left out, the first proposal of an
event counts. The figures stay the published ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from pydantic import Field

from tactful.data.formats.moments import plain_proposal
from tactful.data.formats.traces import Answer
from tactful.types import Record

EPSILON = 1e-8


class Prediction(Record):
    """One pair of the published counting."""

    proposed: bool
    accepted: bool | None
    """None = the judgement could not be read."""
    weight: float = Field(default=1.0, gt=0)
    """Below 1 for a baseline whose expected counts are taken."""


class PublishedCounts(Record):
    """Counts and figures as published; expected counts of a random baseline may be broken numbers."""

    tp: float
    fp: float
    tn: float
    fn: float
    recall: float
    """TP/(TP + FN)"""
    precision: float
    """TP/(TP + FP)"""
    accuracy: float
    """(TP + TN)/all"""
    false_alarm: float
    """FP/(TP + FP): our `false_alarm_ratio`."""
    f1: float
    """2PR/(P + R)"""


def pairs_of(answer: Answer, *, quirks: bool) -> tuple[str | None, ...]:
    """The predictions that count at one event; None = silence. Empty when the event is left out."""
    if answer.state == "absent":
        return ()
    if quirks:
        return answer.said
    if answer.state == "failed":
        return ()
    return (answer.proposals or (None,))[:1]


def is_proposed(prediction: str | None) -> bool:
    """Proposed, as published: anything but JSON null."""
    return prediction is not None


def judged_text(prediction: str | None) -> str | None:
    """What the judge is asked about: the text "null" is put to it as silence, since that is how one reads it."""
    return plain_proposal(prediction)


def count(predictions: Iterable[Prediction], *, quirks: bool) -> PublishedCounts:
    """The counts. Unreadable judgements count as rejected with the quirks, and are left out without."""
    counts: dict[tuple[bool, bool], float] = defaultdict(float)
    for one in predictions:
        if one.accepted is not None or quirks:
            counts[one.proposed, bool(one.accepted)] += one.weight
    return figures(counts[True, True], counts[True, False], counts[False, True], counts[False, False])


def figures(tp: float, fp: float, tn: float, fn: float) -> PublishedCounts:
    """The published figures of four counts."""
    recall, precision = tp / (tp + fn + EPSILON), tp / (tp + fp + EPSILON)
    return PublishedCounts(
        tp=tp,
        fp=fp,
        tn=tn,
        fn=fn,
        recall=recall,
        precision=precision,
        accuracy=(tp + tn) / (tp + fp + tn + fn + EPSILON),
        false_alarm=fp / (tp + fp + EPSILON),
        f1=2 * precision * recall / (precision + recall + EPSILON),
    )
