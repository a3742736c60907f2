"""The judge behind which a reader stands: the whole exchange is read, and what the reader does not know is unscored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tactful.feedback.labels import Label
from tactful.feedback.types import FeedbackConfig, Turn, TurnJudgement
from tactful.types import Provenance

if TYPE_CHECKING:
    from tactful.reading import Exchange, ReactionReading, Reader
    from tactful.reading.types import ReaderAtOnce


class TurnReader:
    """A `TurnJudge` behind which any reader stands. The confidence is the reader's probability of the label."""

    def __init__(
        self, reader: Reader, *, config: FeedbackConfig | None = None, provenance: Provenance | None = None
    ) -> None:
        self.reader = reader
        self.config = config or FeedbackConfig()
        self._provenance = provenance or Provenance(model=self.name, generator="rules")

    @property
    def name(self) -> str:
        """The reader's."""
        return self.reader.name

    async def judge(self, turn: Turn) -> TurnJudgement:
        """A judgement of one turn. Raises: StopRun, where the reader asks a model and going on is pointless."""
        return (await self.judge_batch([turn]))[0]

    async def judge_batch(self, turns: Sequence[Turn]) -> list[TurnJudgement]:
        """One judgement per turn, in order; unscored where the reader does not know. Raises: as `judge`."""
        return self._judged(turns, await self.reader.reactions(_shown(turns)))

    def _judged(self, turns: Sequence[Turn], readings: Sequence[ReactionReading]) -> list[TurnJudgement]:
        made = []
        for turn, reading in zip(turns, readings, strict=True):
            if reading.probabilities is None or reading.label is None:
                reason = f"the reader does not know: {reading.unknown}"
                made.append(TurnJudgement.not_scored(turn.id, reason=reason, provenance=self._provenance))
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
                    provenance=self._provenance,
                )
            )
        return made


class ReadingJudge(TurnReader):
    """The same behind an embedded reader, at once too. Deterministic."""

    def __init__(self, reader: ReaderAtOnce, *, config: FeedbackConfig | None = None) -> None:
        self._now = reader
        super().__init__(reader, config=config)

    @property
    def name(self) -> str:
        """`embedded:` and the name of the reader."""
        return f"embedded:{self.reader.name}"

    def judge_now(self, turns: Sequence[Turn]) -> list[TurnJudgement]:
        """One judgement per turn, in order; unscored where the reader does not know."""
        return self._judged(turns, self._now.reactions_now(_shown(turns)))


def _shown(turns: Sequence[Turn]) -> list[Exchange]:
    from tactful.reading import Exchange

    return [Exchange(query=turn.q_t, answer=turn.a_t, next=turn.user_next) for turn in turns]
