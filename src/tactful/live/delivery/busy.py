"""Whether somebody is in a call, a presentation or a time of focus, by the events as they come."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from tactful.live.delivery.policy import BusyPattern
from tactful.types import Event


class Busy:
    """What one person is in."""

    def __init__(self, patterns: Sequence[BusyPattern]) -> None:
        self._patterns = patterns
        self._since: dict[str, datetime] = {}

    def note(self, event: Event, at: datetime) -> None:
        """Take in one event, seen at `at`."""
        for pattern in self._patterns:
            starts = re.search(pattern.starts, event.text, re.IGNORECASE)
            if re.search(pattern.ends, event.text, re.IGNORECASE) if pattern.ends else not starts:
                self._since.pop(pattern.what, None)
            elif starts:
                self._since[pattern.what] = at

    def now(self, at: datetime) -> str:
        """What they are in at `at`; empty: nothing."""
        for pattern in self._patterns:
            since = self._since.get(pattern.what)
            if since is not None and at - since < timedelta(minutes=pattern.most_minutes):
                return pattern.what
        return ""
