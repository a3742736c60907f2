"""The judge behind which a reader stands: the whole exchange is read, and what the reader does not know is unscored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tactful.feedback.labels import Label
from tactful.feedback.types import FeedbackConfig, Turn, TurnJudgement
from tactful.types import Provenance

if TYPE_CHECKING:
    from tactful.reading.opening import EmbeddedReader


class ReadingJudge:
    """Judges by a reader. The confidence is the calibrated probability of the label. Deterministic."""

    def __init__(self, reader: EmbeddedReader, *, config: FeedbackConfig | None = None) -> None:
        self.reader = reader
        self.config = config or FeedbackConfig()

    @property
    def name(self) -> str:
        """`embedded:` and the name of the reader."""
        return f"embedded:{self.reader.name}"

    def judge_now(self, turns: Sequence[Turn]) -> list[TurnJudgement]:
        """One judgement per turn, in order; unscored where the reader does not know."""
        from tactful.reading import Exchange

        provenance = Provenance(model=self.name, generator="rules")
        shown = [Exchange(query=turn.q_t, answer=turn.a_t, next=turn.user_next) for turn in turns]
        made = []
        for turn, reading in zip(turns, self.reader.reactions_now(shown), strict=True):
            if reading.probabilities is None or reading.label is None:
                reason = f"the reader does not know: {reading.unknown}"
                made.append(TurnJudgement.not_scored(turn.id, reason=reason, provenance=provenance))
                continue
            chances = reading.probabilities
            second = sorted(chances, key=lambda name: -chances[name])[1]
            made.append(
                TurnJudgement.scored(
                    turn.id,
                    Label(reading.label),
                    min(1.0, chances[reading.label]),
                    self.config,
                    rationale=f"complaint {reading.complaint:.2f}; next likeliest {second} {chances[second]:.2f}",
                    provenance=provenance,
                )
            )
        return made

    async def judge(self, turn: Turn) -> TurnJudgement:
        """A judgement of one turn."""
        return self.judge_now([turn])[0]

    async def judge_batch(self, turns: Sequence[Turn]) -> list[TurnJudgement]:
        """One judgement per turn, in order."""
        return self.judge_now(turns)
