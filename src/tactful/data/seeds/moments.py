"""The bundled moments: work sessions written for Tactful, each point with proposals and the silence, judged by the author.

The verdicts and the three votes are the author's, made to be plausible: they teach and test the tool, and are no evidence about people.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tactful.data.formats.moments import labelled_rows
from tactful.types import LabelledMoment

SEED_MOMENTS = Path(__file__).with_name("moments.jsonl")


@cache
def load_seed_moments() -> tuple[LabelledMoment, ...]:
    """All bundled moments, session by session."""
    return tuple(labelled_rows(SEED_MOMENTS))
