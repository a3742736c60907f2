"""What the offline model says here: every sentence as the template has it. It shows the way through the run, and no skill."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from tactful.types import Message


def activity_tell(
    messages: Sequence[Message], facts: Mapping[str, Any], rng: random.Random
) -> dict[str, Any]:
    """The sentences that were given."""
    return {"sentences": list(facts["sentences"])}


SCRIPTS = {"activity_tell": activity_tell}
"""Task → what is said."""
