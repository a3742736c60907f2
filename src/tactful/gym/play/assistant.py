"""The assistant played by a language model: it words offers from events and history, and carries out what was accepted.

It sees what can be seen on the screen, what it can do, and how its offers fared: never the scene, the goal or the person.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from tactful.data.formats.moments import plain_proposal
from tactful.gym.play.asking import ModelPart, PartReply, plain
from tactful.gym.play.parts import Seen
from tactful.gym.play.shown import seen_fields
from tactful.llm.replies.words import Said
from tactful.prompts import Rendered, load_prompt
from tactful.text.lang import language
from tactful.text.quoting.fence import fenced
from tactful.text.quoting.lines import as_json

_SEEN = {"mark", "events", "operations", "history", "language"}
PROPOSE = load_prompt(__file__, "propose", fields=_SEEN)
OFFER = load_prompt(__file__, "offer", fields=_SEEN)
OPERATE = load_prompt(__file__, "operate", fields=_SEEN | {"offer", "most"})
_MOST_OFFER, _MOST_OPERATION = 400, 300


class ProposeReply(PartReply):
    """Help, or silence."""

    thought: str
    """One sentence: what the person is doing, and whether help is wanted now."""
    proposal: str | None
    """The help, in one sentence addressed to the person; null for silence."""


class OfferReply(ProposeReply):
    """The best help that there is."""

    thought: str
    """One sentence: what the person is doing, and what would help most."""
    proposal: Said
    """The help, in one sentence addressed to the person."""


class OperateReply(PartReply):
    """What is done."""

    operations: tuple[str, ...]
    """In order; each an operation of the list with its arguments filled in."""


@dataclass(frozen=True)
class ModelProposer(ModelPart):
    """A chat model that words offers."""

    prompts = (PROPOSE, OFFER, OPERATE)

    async def offer(self, seen: Seen, *, due: bool) -> str | None:
        """The help to offer now; None for silence, which a model without a usable reply keeps too."""
        said = await self.speaker.say_or_note(
            partial(propose_prompt, seen, due=due),
            OfferReply if due else ProposeReply,
            index=_round(seen),
            instead="nothing is offered",
        )
        return None if said is None else offered(said.proposal)

    async def operations(self, seen: Seen, offer: str, *, most: int) -> tuple[str, ...]:
        """What it does for an accepted offer; nothing without a usable reply."""

        def prompt(max_chars: int) -> Rendered:
            shown = fenced(**seen_fields(seen, max_chars), offer=as_json(offer))
            return OPERATE.render(**shown, most=most, language=_language(seen))

        said = await self.speaker.say_or_note(
            prompt, OperateReply, index=_round(seen), instead="nothing is carried out"
        )
        done = (plain(text, _MOST_OPERATION) for text in (said.operations if said else ()))
        return tuple(text for text in done if text)[:most]


def propose_prompt(seen: Seen, max_chars: int, *, due: bool = False) -> Rendered:
    """What the assistant is asked, the latest events that fit in `max_chars` in it; `due`: for an offer in any case."""
    shown = fenced(**seen_fields(seen, max_chars))
    return (OFFER if due else PROPOSE).render(**shown, language=_language(seen))


def orders(lang: str) -> str:
    """The system message of `propose_prompt` where a scene is in this language: the same in every round."""
    system, _ = PROPOSE.render(
        **dict.fromkeys(_SEEN - {"language"}, ""), language=language(lang, "the events")
    ).messages
    return system.content


def offered(proposal: str | None) -> str | None:
    """The offer that a reply's `proposal` is, as it is shown; None for silence, also where that is put in words."""
    said = plain_proposal(proposal)
    return None if said is None else plain(said, _MOST_OFFER)


def _round(seen: Seen) -> int:
    return int(seen.moment.id.rpartition("#")[2])


def _language(seen: Seen) -> str:
    return language(seen.lang, "the events")
