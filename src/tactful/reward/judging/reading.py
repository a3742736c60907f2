"""A reader judges moments: what is offered is read in the light of the latest events. Nothing is trained, nothing sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tactful.reward.types import Acceptance, JudgeAtOnce
from tactful.types import Moment

if TYPE_CHECKING:
    from tactful.reading.types import ReaderAtOnce

EVEN = 0.5
"""p_accept from which the verdict is "accepted": a gate derives its own threshold from costs."""


class ReadingMomentJudge(JudgeAtOnce):
    """A `MomentJudge` behind which a reader stands. Unscored where the reader does not know."""

    def __init__(self, reader: ReaderAtOnce, *, need: bool = True) -> None:
        self.reader = reader
        self.need = need
        """Whether the silence at each moment is read too, for p_need: a reader that asks a model is paid for it."""

    @property
    def name(self) -> str:
        """The reader's."""
        return self.reader.name

    def judge_now(self, moments: Sequence[Moment], *, explain: bool = False) -> list[Acceptance]:
        """The judgements in the order of `moments`; p_need is what the silence at the same moment would get, turned round."""
        said = self.reader.offers_now(moments)
        offered = [moment for moment in moments if moment.proposal is not None] if self.need else []
        silences = [moment.model_copy(update={"proposal": None}) for moment in offered]
        quiets = iter([quiet.accept for quiet in self.reader.offers_now(silences)])  # none without need
        made = []
        for moment, one in zip(moments, said, strict=True):
            quiet = one.accept if moment.proposal is None else next(quiets, None)
            if one.accept is None:
                made.append(Acceptance.unscored(moment.id, reason=f"the reader does not know: {one.unknown}"))
                continue
            what = "this proposal" if moment.proposal is not None else "saying nothing"
            made.append(
                Acceptance(
                    moment_id=moment.id,
                    p_accept=one.accept,
                    p_need=None if quiet is None else 1 - quiet,
                    accepted=one.accept >= EVEN,
                    reason=f"Read with the latest events, {what} is welcome with probability {one.accept:.2f}."
                    if explain
                    else "",
                )
            )
        return made
