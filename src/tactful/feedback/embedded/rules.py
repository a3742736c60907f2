"""The untrained judge: a score for every label from the signals of a turn, and their softmax.

Weights are set by hand from what each label means; they were never fitted to a data set. The rules say, in order
of force: an announced change of topic and a repeated constraint outweigh thanks; a complaint outweighs thanks;
praise before a request is politeness; a request that shares nothing with the exchange is another topic.
"""

from __future__ import annotations

import math

from tactful.feedback.embedded import lexicon as lex
from tactful.feedback.embedded.reading import Reading
from tactful.feedback.labels import LABELS, Label

TEMPERATURE = 0.8
"""Divides the scores before the softmax; higher is less sure."""


def scores(reading: Reading) -> dict[Label, float]:
    """A score per label; higher means rather this label. Differences count, levels do not."""
    hits = {kind: min(count, 2) for kind, count in reading.kinds.items()}

    def count(kind: str) -> float:
        return float(hits.get(kind, 0))

    restate, wrong, confused = count(lex.RESTATE), count(lex.WRONG), count(lex.CONFUSED)
    praise, thanks, topic = count(lex.PRAISE), count(lex.THANKS), count(lex.TOPIC)
    complaint = restate + wrong + confused > 0
    asks = _asks(reading)
    related = _related(reading)
    contradicts = reading.has(lex.NO) * (1.3 if reading.answer_asks or reading.words < 2 else 2.4)
    short = reading.words <= 4
    bare = short and not (asks or complaint or praise or thanks)
    request = asks * (0.5 if complaint else 1.0)
    result = {
        Label.NEG_CONSTRAINT_RESTATE: (
            2.2 * restate
            + 1.2 * reading.contrast * (reading.from_query > 0)
            + 1.6 * reading.has(lex.LIMIT) * (reading.from_query >= 0.3)
            + 1.0 * (reading.from_query >= 0.5) * (not reading.question)
            - 0.8 * (reading.question and not restate)
        ),
        Label.NEG_CORRECTION: (
            1.9 * wrong
            + contradicts * (0.4 if restate else 1.0)
            + 0.7 * reading.contrast
            + 0.6 * count(lex.REMARK)
            - 0.8 * (asks and not wrong)
        ),
        Label.NEG_CONFUSION: 2.2 * confused + 3.0 * reading.marks_only + 1.4 * _echoes(reading),
        Label.POS_PRAISE: (
            (1.7 * praise + 1.4 * thanks + 0.4 * reading.exclaims * (praise + thanks > 0))
            * (0.4 if asks or topic else 1.0)
            - 1.4 * complaint
            - 1.6 * (reading.solicited and short)
        ),
        Label.POS_PROGRESS: (
            request * (1.0 + 0.9 * related + 0.3 * reading.has(lex.BACK))
            + 0.9 * reading.has(lex.NEXT) * (0.5 if complaint else 1.0)
            - 0.7 * complaint
        ),
        Label.NEUTRAL: 1.1 + 0.8 * bare + 0.5 * bare * reading.has(lex.ACK) - 0.5 * complaint,
        Label.TOPIC_SHIFT: 2.6 * topic + 2.0 * request * (not related) - 0.8 * complaint,
    }
    return result


def probabilities(reading: Reading) -> dict[Label, float]:
    """Label → share of belief in (0, 1), summing to 1. Ordered as stated confidence, not calibrated."""
    found = scores(reading)
    top = max(found.values())
    raised = {label: math.exp((found[label] - top) / TEMPERATURE) for label in LABELS}
    total = sum(raised.values())
    return {label: value / total for label, value in raised.items()}


def _asks(reading: Reading) -> bool:
    """Asks or orders something in a clause that is not just a complaint."""
    if reading.marks_only:
        return False
    return reading.has(lex.ASKS, lex.NEXT) and (reading.words > 2 or reading.question)


def _related(reading: Reading) -> bool:
    """Shares words with the exchange, or points back to it."""
    if reading.has(lex.TOPIC):
        return False
    return reading.shared > 0 or reading.has(lex.BACK, lex.NEXT) or reading.content <= 1


def _echoes(reading: Reading) -> bool:
    """A short question about a word of the answer: "what is bench rest?"."""
    return (
        reading.question
        and reading.has(lex.WHAT)
        and reading.words <= 14
        and reading.from_answer >= 0.5
        and not reading.has(lex.NEXT)
    )
