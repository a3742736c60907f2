"""The old clarity estimate as a reader of requests: 1 − clarity, counted from words; it reads nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from tactful.reading.estimate.estimator import ALL_DOMAINS, domain_estimator
from tactful.reading.types import (
    BLANK,
    Exchange,
    Need,
    OfferReading,
    ReactionReading,
    ReaderAtOnce,
    Request,
    refuse_texts,
)
from tactful.types import Moment

_REQUESTS_ALONE = "the estimate counts words of requests; it reads nothing else"


class EstimateReader(ReaderAtOnce):
    """A `Reader` of requests alone; every other text is not known. Earlier turns are not looked at."""

    name = "estimate"

    def needs_now(self, requests: Sequence[Request]) -> list[Need]:
        """1 − clarity of each text, by the models fitted on the bundled tasks of all domains together."""
        refuse_texts(requests)
        clarity = domain_estimator(ALL_DOMAINS).clarity.predict([request.text for request in requests])
        return [
            Need(need=min(1.0, max(0.0, 1 - float(one))))
            if request.text.strip()
            else Need(need=None, unknown=BLANK)
            for request, one in zip(requests, clarity, strict=True)
        ]

    def reactions_now(self, exchanges: Sequence[Exchange]) -> list[ReactionReading]:
        """Not known."""
        return [ReactionReading(probabilities=None, unknown=_REQUESTS_ALONE) for _ in exchanges]

    def offers_now(self, moments: Sequence[Moment]) -> list[OfferReading]:
        """Not known."""
        return [OfferReading(accept=None, unknown=_REQUESTS_ALONE) for _ in moments]
