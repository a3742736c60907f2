"""Figures over all votes, computed beside the requests and told with their age: a page never waits for a hundred thousand votes."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from threading import Lock, Thread

from starlette.requests import Request

from tactful.annotation.agreement.annotators import Checks, known, repeats, share_of
from tactful.annotation.agreement.measure import first_votes, measure_agreement
from tactful.annotation.agreement.results import Agreement
from tactful.annotation.queries.collected import collected
from tactful.annotation.queries.disagreement import Disputed, disputed
from tactful.annotation.queries.people import Errs, confusions
from tactful.annotation.store import Store
from tactful.annotation.types import Question
from tactful.stats.estimate import Estimate

log = logging.getLogger(__name__)
_EVERY_S = 15.0
_SHARE = 20
"""A measurement that takes long is repeated no sooner than after this many times as long: answers go first."""
_FIRST_S = 1.0
"""How long a page waits for figures when there are none at all yet."""


@dataclass(frozen=True)
class Checked:
    """Shares of an annotator's votes that are as they should be."""

    gold: Estimate
    """Among those whose answer is known."""
    consistency: Estimate
    """Among those that were asked again."""


@dataclass(frozen=True)
class Measured:
    """What all votes say, as of one moment."""

    at: datetime
    agreement: Agreement
    disputed: Sequence[Disputed]
    errs: Mapping[str, Errs]
    known: Checks
    """Votes on items whose answer is known."""
    repeated: Checks
    """Votes on items that came again."""

    def checked(self, annotator: str, question: Question | None = None) -> Checked:
        """Of the annotator's votes on one question, or on all."""

        def share(found: Checks) -> Estimate:
            wanted = (
                votes
                for (who, asked), votes in found.items()
                if who == annotator and question in (None, asked)
            )
            return share_of(chain.from_iterable(wanted))

        return Checked(gold=share(self.known), consistency=share(self.repeated))


class Measuring:
    """Keeps the last figures, and has new ones made when they are asked for and old."""

    def __init__(self, store: Store, *, every_s: float = _EVERY_S) -> None:
        self._store, self._every_s = store, every_s
        self._lock = Lock()
        self._last: Measured | None = None
        self._again_at = 0.0
        self._thread: Thread | None = None

    def latest(self) -> Measured | None:
        """The figures, at most a while old; None while the first are being made."""
        with self._lock:
            if self._thread is None and time.monotonic() >= self._again_at:
                self._thread = Thread(target=self._measure, name="annotation figures", daemon=True)
                self._thread.start()
            thread, last = self._thread, self._last
        if last is None and thread is not None:
            thread.join(_FIRST_S)
        return self._last

    def _measure(self) -> None:
        started = time.monotonic()
        try:
            self._last = _measured(self._store)
        except Exception:  # the last wall of this thread: pages show the figures before, with their age
            log.exception("the figures of annotation could not be made")
        now = time.monotonic()
        with self._lock:
            self._again_at = now + max(self._every_s, _SHARE * (now - started))
            self._thread = None


def _measured(store: Store) -> Measured:
    at = datetime.now(UTC)
    found = collected(store)
    first = list(first_votes(found.annotations))
    return Measured(
        at=at,
        agreement=measure_agreement(found, by_annotator=False),
        disputed=disputed(found),
        errs=confusions(found),
        known=known(found, first),
        repeated=repeats(found, first),
    )


def figures(request: Request) -> Measured | None:
    """The figures of the app that was asked."""
    measuring: Measuring = request.app.state.measuring
    return measuring.latest()
