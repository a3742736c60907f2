"""An advisor in this process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tactful.live.advisor import Advisor
from tactful.live.counsel.types import Told
from tactful.live.deciding.vetting import vet
from tactful.live.following.tasks import Followed
from tactful.live.types import QUESTION_OUTCOMES, Observation
from tactful.mend.types import OUTCOMES
from tactful.types import Message, NativeAsk


@dataclass(frozen=True)
class CounselHere:
    """A `Counsel` that decides itself."""

    advisor: Advisor

    def advise(self, messages: Sequence[Message], *, user: str, conversation: str) -> Told:
        """What to do about the user's last message."""
        return self.advisor.decide(messages, user=user, conversation=conversation).model_dump(mode="json")

    def vet(self, messages: Sequence[Message], ask: NativeAsk, *, user: str, conversation: str) -> Told:
        """May this question be put?"""
        advice = self.advisor.standing(messages, user=user, conversation=conversation)
        return vet(advice, ask).model_dump(mode="json")

    def observe(
        self, messages: Sequence[Message], ask: NativeAsk | None, *, conversation: str
    ) -> Told | None:
        """Learn what came of the latest advice in a conversation."""
        latest = self.advisor.latest(conversation)
        return None if latest is None else _told(self.advisor.observe(latest.id, messages, ask=ask))

    def report(self, advice: str, outcome: str) -> Told | None:
        """Learn what came of an advice. Raises: ValueError for an outcome that is none."""
        found = next((one for one in OUTCOMES if one == outcome), None)
        if found is None:
            raise ValueError(f"outcome '{outcome}' is none of {', '.join(OUTCOMES)}")
        told = Followed(asked=found in QUESTION_OUTCOMES, outcome=found, complaint=None)
        return _told(self.advisor.observe(advice, told=told))

    def killed(self) -> bool:
        """Whether the kill switch is on."""
        return self.advisor.killed()

    def close(self) -> None:
        """Finish what waits."""
        self.advisor.close()


def _told(found: Observation | None) -> Told | None:
    return None if found is None else found.model_dump(mode="json")
