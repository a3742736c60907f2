"""Labelled rows as training examples: inputs, targets, and who is ranked against whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tactful.data.corpora.types import FollowUpRow, MomentRow, RequestRow
from tactful.reading.encoder.inputs import ENCODER, Showing, Shown
from tactful.reading.labelled import Labelled
from tactful.reading.types import GAPS, REACTIONS, Exchange, Request

_TOLERABLE = 0.25
"""Share of the target that tolerable labels get together."""


@dataclass(frozen=True)
class Example:
    """One labelled input."""

    task: str
    """`need`, `reaction`, `accept` or `silence`."""
    shown: Shown
    target: tuple[float, ...]
    """Class probabilities of the task's head; they sum to 1."""
    group: str
    """Contrast group: stays in one batch."""
    writer: str = ""
    rival: str = ""
    """Examples with the same rival key are ranked against each other; empty: not ranked."""
    gaps: tuple[float, ...] = ()
    """Open requests: 0 or 1 per kind of gap, and for critical."""
    weight: float = 1.0


def request_of(row: RequestRow) -> Request:
    """What a reader sees of a labelled request."""
    return Request(text=row.text, context=row.context)


def exchange_of(row: FollowUpRow) -> Exchange:
    """What a reader sees of a labelled follow-up."""
    return Exchange(query=row.q_t, answer=row.a_t, next=row.user_next)


def examples_of(rows: Labelled, tokens: Any, show: Showing = ENCODER) -> list[Example]:
    """Every row as an example, shown as a reader with these `tokens` is shown it: requests, follow-ups, moments."""
    return [
        *(_of_request(row, show.request(request_of(row), tokens)) for row in rows.requests),
        *(_of_followup(row, show.exchange(exchange_of(row), tokens)) for row in rows.followups),
        *(_of_moment(row, show.moment(row.labelled.moment, tokens)) for row in rows.moments),
    ]


def _of_request(row: RequestRow, shown: Shown) -> Example:
    """The texts of a group are ranked, open above complete."""
    is_open = float(row.label == "open")
    kinds = {gap.kind for gap in row.missing}
    gaps = (*(float(kind in kinds) for kind in GAPS), float(any(gap.critical for gap in row.missing)))
    return Example(
        task="need",
        shown=shown,
        target=(1 - is_open, is_open),
        group=row.group,
        writer=row.writer,
        rival=row.group,
        gaps=gaps if row.missing else (),
    )


def _of_followup(row: FollowUpRow, shown: Shown) -> Example:
    """Tolerable labels share a quarter of the target."""
    others = [label for label in row.accept if label != row.label7]
    target = dict.fromkeys(REACTIONS, 0.0)
    target[row.label7] = 1 - _TOLERABLE if others else 1.0
    for label in others:
        target[label] += _TOLERABLE / len(others)
    return Example(
        task="reaction", shown=shown, target=tuple(target.values()), group=row.group, writer=row.writer
    )


def _of_moment(row: MomentRow, shown: Shown) -> Example:
    """The offers of a session are ranked against each other by their welcome."""
    session = row.labelled.moment.session
    good = float(row.labelled.label.accepted)
    silent = row.labelled.moment.proposal is None
    return Example(
        task="silence" if silent else "accept",
        shown=shown,
        target=(1 - good, good),
        group=session,
        writer=row.writer,
        rival="" if silent else session,
        weight=0.5 if silent else 1.0,
    )


def texts_of(rows: Labelled) -> dict[str, list[str]]:
    """Head → judged texts, in the order of `examples_of`; the kind of a text is read off them."""
    moments = [row.labelled.moment for row in rows.moments]
    return {
        "need": [row.text for row in rows.requests],
        "reaction": [row.user_next for row in rows.followups],
        "accept": [one.proposal for one in moments if one.proposal is not None],
        "silence": [one.events[-1].text for one in moments if one.proposal is None],
    }
