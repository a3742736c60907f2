"""Our own exchanges: 21 per label and language, traps included, for judges to be tested on."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

import tactful.feedback
from tactful.data.io import read_jsonl
from tactful.feedback.labels import Label
from tactful.feedback.types import LabelledTurn
from tactful.types import Record

FOLDER = Path(tactful.feedback.__file__).parent / "probes"


class Probe(Record):
    """One authored exchange."""

    id: str
    source: Literal["probes"]
    lang: Literal["en", "zh"]
    q_t: str
    a_t: str
    user_next: str
    label7: Label
    part: Literal["look", "check", "late"]
    """`look` and `check` were written before the lexicon; errors in `look` were used to mend it, those in `check`
    never. `late` was written after it, in phrasing that the lexicon lacks."""
    trap: str = ""
    """What a careless reader would fall for."""

    def turn(self) -> LabelledTurn:
        """The exchange as judges and measures take it; every probe is a dialogue of its own."""
        texts = {"q_t": self.q_t, "a_t": self.a_t, "user_next": self.user_next}
        return LabelledTurn(
            id=self.id,
            dialogue_id=self.id,
            source=f"{self.source}-{self.lang}",
            lang=self.lang,
            label7=self.label7,
            **texts,
        )


@lru_cache(maxsize=1)
def load_probes() -> tuple[Probe, ...]:
    """All probes, English first."""
    return tuple(probe for name in ("en", "zh") for probe in read_jsonl(FOLDER / f"{name}.jsonl", Probe))
