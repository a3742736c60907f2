"""One more candidate from the proposer: it is asked as the assistant of an episode is, and told what was turned down and why.

The prompt is the assistant's own (`gym/play/prompts/propose.md`), so that a model trained on the accepted answers is asked
in the gym exactly as it was trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tactful.gym.play.asking import plain
from tactful.gym.play.assistant import PROPOSE, ProposeReply, offered, propose_prompt
from tactful.gym.trainset.types import Point, Try
from tactful.llm import ChatModel, Rehearsal, within_context
from tactful.prompts import Prompt, load_prompt
from tactful.text.quoting.lines import as_json
from tactful.types import Message

AGAIN = load_prompt(__file__, "again", fields={"reason"})
PROMPTS: tuple[Prompt, ...] = (PROPOSE, AGAIN)
_MOST_THOUGHT, _MOST_REASON = 600, 400


class Candidate(NamedTuple):
    """What could be said: None is silence."""

    thought: str
    proposal: str | None


async def next_candidate(
    point: Point, tried: Sequence[Try], model: ChatModel, *, sample: int, max_chars: int
) -> Candidate:
    """What the proposer says after `tried`. Raises: ParseError for an unreadable reply; ProviderError, StopRun."""

    seen = point.seen

    async def ask(room: int) -> ProposeReply:
        prompt = propose_prompt(seen, room).followed_by(_turned_down(tried))
        return await model.structured(
            prompt, ProposeReply, sample=sample, rehearsal=_rehearsal(point, tried, model)
        )

    said = await within_context(ask, max_chars)
    return Candidate(plain(said.thought, _MOST_THOUGHT), offered(said.proposal))


def answer_text(candidate: Candidate | Try) -> str:
    """The reply that says this, as the assistant of an episode gives it."""
    return ProposeReply(thought=candidate.thought, proposal=candidate.proposal).model_dump_json()


def _turned_down(tried: Sequence[Try]) -> list[Message]:
    """The candidates that were rejected, each with the reason; what could not be judged is not told."""
    told: list[Message] = []
    for one in tried:
        if one.accepted is False:
            reason = as_json(plain(one.reason, _MOST_REASON))
            told.append(Message(role="assistant", content=answer_text(one)))
            told += AGAIN.render(reason=reason).messages
    return told


def _rehearsal(point: Point, tried: Sequence[Try], model: ChatModel) -> Rehearsal | None:
    """For the offline proposer alone."""
    if model.generator != "offline":
        return None
    outcome = point.step.outcome
    return Rehearsal(
        room="gym.trainset",
        task="candidate",
        facts={
            "wanted": outcome.help_wanted,
            "lang": point.episode.lang,
            "events": [event.text for event in point.moment.events[-3:]],
            "tried": [one.proposal for one in tried],
        },
    )
