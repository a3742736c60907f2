"""What the offline model says to the prompts of this room: it repeats the verdicts of the checks."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from tactful.types import Message


def rubric_script(
    messages: Sequence[Message], facts: Mapping[str, Any], rng: random.Random
) -> dict[str, Any]:
    """The verdicts that the checks came to."""
    return {
        "verdicts": [
            {"requirement": number, "evidence": "rehearsal", "met": "yes" if met else "no"}
            for number, met in enumerate(facts["met"], start=1)
        ]
    }


SCRIPTS = {"rubric": rubric_script}
