"""A moment out of a request: events and proposal under whatever names, bounded, with errors that use those names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from tactful.data.formats.moments import parse_event, plain_proposal
from tactful.data.io import shorten
from tactful.data.times import oldest_first
from tactful.reward.serve.errors import invalid
from tactful.types import Moment, ProposalHistory, content_hash

MOST_EVENTS = 2_000
"""Of one moment; recordings are longer, but no judge reads further back."""
LONGEST_TEXT = 20_000
"""Characters of one event or proposal."""


@dataclass(frozen=True)
class Names:
    """What a request calls the parts of a moment."""

    events: str = "events"
    proposal: str = "proposal"
    param: str | None = None
    """The field of the request that holds them, where they are inside another one."""


def moment_of(
    rows: Any,
    proposal: Any,
    names: Names = Names(),
    *,
    user: str = "",
    history: ProposalHistory | None = None,
) -> Moment:
    """The moment of `[{"time", "event"}, …]` and a proposal; null, also spelt as text, is silence.

    Raises: ApiError 400 that names what is wrong.
    """
    events, param = names.events, names.param or names.events
    if not isinstance(rows, list) or not rows:
        raise invalid(f"'{events}' is {shorten(rows)}, expected a list with at least one event", param)
    if len(rows) > MOST_EVENTS:
        told = f"'{events}' holds {len(rows)} events, at most {MOST_EVENTS} are read; send the latest"
        raise invalid(told, param)
    if proposal is not None and not isinstance(proposal, str):
        told = f"'{names.proposal}' is {shorten(proposal)}, expected text, or null for silence"
        raise invalid(told, names.param or names.proposal)
    try:
        seen = oldest_first([parse_event(row, f"'{events}' (item {at})") for at, row in enumerate(rows, 1)])
    except ValueError as error:
        raise invalid(str(error), param) from None
    if max(len(proposal or ""), *(len(event.text) + len(event.time) for event in seen)) > LONGEST_TEXT:
        raise invalid(f"an event or the proposal is longer than {LONGEST_TEXT} characters", param)
    content = orjson.dumps([[[event.time, event.text] for event in seen], proposal])
    return Moment(
        id=f"moment-{content_hash(content)[:16]}",
        session=seen[0].text,
        user=user,
        events=seen,
        proposal=plain_proposal(proposal),
        history=history,
    )
