"""The embedded judge behind the protocol of all judges: a label, how sure, and why, for each turn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tactful.feedback.embedded import lexicon as lex
from tactful.feedback.embedded.reading import Reading, read_turn
from tactful.feedback.embedded.rules import probabilities
from tactful.feedback.labels import LABELS, Label
from tactful.feedback.types import FeedbackConfig, Turn, TurnJudgement
from tactful.types import Provenance

if TYPE_CHECKING:
    from tactful.feedback.embedded.linear import LinearModel

NAME = "embedded"


class EmbeddedJudge:
    """Judges by the lexicon, or by a linear model where one is given. Deterministic; never unscored.

    The confidence is the probability of the chosen label under the model. It orders turns; only a fitted
    map (`tactful feedback fit-confidence`) makes it a probability of being right.
    """

    def __init__(self, model: LinearModel | None = None, *, config: FeedbackConfig | None = None) -> None:
        self.model = model
        self.config = config or FeedbackConfig()

    @classmethod
    def load(cls, path: Path | str, *, config: FeedbackConfig | None = None) -> EmbeddedJudge:
        """The judge with a trained model. Raises: DataError when the file holds no such model."""
        from tactful.feedback.embedded.linear import LinearModel

        return cls(LinearModel.load(path), config=config)

    @property
    def name(self) -> str:
        """`embedded`, or `embedded:` and the fingerprint of the trained model."""
        return NAME if self.model is None else f"{NAME}:{self.model.fingerprint}"

    def judge_now(self, turns: Sequence[Turn]) -> list[TurnJudgement]:
        """One judgement per turn, in order; synchronous, since nothing is waited for."""
        readings = [read_turn(turn) for turn in turns]
        beliefs = self._beliefs(turns, readings)
        provenance = Provenance(model=self.name, generator="rules")
        return [
            self._judgement(turn, reading, belief, provenance)
            for turn, reading, belief in zip(turns, readings, beliefs, strict=True)
        ]

    async def judge(self, turn: Turn) -> TurnJudgement:
        """A judgement of one turn."""
        return self.judge_now([turn])[0]

    async def judge_batch(self, turns: Sequence[Turn]) -> list[TurnJudgement]:
        """One judgement per turn, in order."""
        return self.judge_now(turns)

    def _beliefs(self, turns: Sequence[Turn], readings: Sequence[Reading]) -> list[dict[Label, float]]:
        if self.model is None:
            return [probabilities(reading) for reading in readings]
        rows = self.model.probabilities(turns, readings)
        return [dict(zip(self.model.labels, map(float, row), strict=True)) for row in rows]

    def _judgement(
        self, turn: Turn, reading: Reading, belief: dict[Label, float], provenance: Provenance
    ) -> TurnJudgement:
        label = max(LABELS, key=lambda name: belief.get(name, 0.0))
        return TurnJudgement.scored(
            turn.id,
            label,
            min(1.0, belief[label]),
            self.config,
            rationale=_because(reading),
            provenance=provenance,
        )


def _because(reading: Reading) -> str:
    """What the lexicon found, in words; the linear model weighs the words themselves too."""
    told = [lex.KINDS[kind] for kind in lex.KINDS if kind in reading.kinds and kind not in _QUIET]
    if reading.marks_only:
        told.append("nothing but a question mark")
    if reading.solicited:
        told.append("the answer fished for praise")
    return "; ".join(told) or "no telling phrase"


_QUIET = frozenset({lex.NEGATION, lex.BACK, lex.WHAT, lex.LIMIT})
