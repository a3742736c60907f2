"""What the offline model says of a passage: the signs of the reply, with slips. A rehearsal, no judgement."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from tactful.audit.judging.signs import signs_of
from tactful.llm import Script
from tactful.types import Message

_SLIP = 0.1
"""Share of the passages on which it says the opposite."""


def judge_passage(
    messages: Sequence[Message], facts: Mapping[str, Any], rng: random.Random
) -> dict[str, Any]:
    """Needless where the reply rejects, a guess where it corrects."""
    reply, request = facts["reply"] or "", facts["request"]
    signs = signs_of(reply, request, request)
    slip = rng.random() < _SLIP
    complains = signs.objects or signs.denies or signs.corrects
    said = {"why": "a rehearsal by signs", "question": "none", "reason": "none", "complaint": "none"}
    if facts["asked"]:
        needless = signs.rejects != slip
        said |= {"question": "needless" if needless else "needed"}
        said |= {"reason": "a default would do" if needless else "none"}
    elif complains != slip:
        said["complaint"] = "a wrong guess"
    return {**said, "chance": 80}


SCRIPTS: dict[str, Script] = {"judge_passage": judge_passage}
