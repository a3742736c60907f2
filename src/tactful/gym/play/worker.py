"""The person at work played by a language model: who it is, what it asks, does next, and says of an offer.

It sees its own goal, what has happened, and how it took earlier offers; never what the surroundings think of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tactful.data.formats.moments import plain_proposal
from tactful.gym.play.asking import ModelPart, PartReply, plain
from tactful.gym.play.parts import Act, Reacted, Unfolded, World
from tactful.gym.play.shown import clock, happened, traits, world_fields
from tactful.gym.types import Verdict
from tactful.llm.replies.words import Said
from tactful.prompts import Rendered, load_prompt
from tactful.text.quoting.lines import as_json
from tactful.text.quoting.shorten import shortened

_TRAITS = {"openness", "patience", "skill", "focus"}
INTRODUCE = load_prompt(
    __file__, "introduce", fields=_TRAITS | {"mark", "scene", "background", "person", "language"}
)
ASK = load_prompt(
    __file__, "ask", fields={"mark", "scene", "background", "identity", "person", "answers", "language"}
)
_WORKING = {"mark", "scene", "identity", "person", "answers", "happened", "now", "language"}
ACT = load_prompt(__file__, "act", fields=_WORKING | {"patience", "skill", "focus"})
REACT = load_prompt(__file__, "react", fields=_WORKING | _TRAITS | {"offer", "shown", "refused"})
_AT_WORK = ("scene", "identity", "person", "answers")
_MOST_ACT, _MOST_REASON, _MOST_QUESTION, _MOST_IDENTITY = 400, 400, 400, 3_000


class IdentityReply(PartReply):
    """Who the person is."""

    identity: Said
    """One paragraph in the first person."""


class QuestionReply(PartReply):
    """A question about the surroundings, or none."""

    question: str | None
    """One sentence; null when enough is known to begin."""


class ActReply(PartReply):
    """The next thing to do."""

    thought: str
    """One sentence: how far the work is, and what comes next."""
    kind: Literal["act", "finish", "leave"]
    """act: go on; finish: the goal is reached; leave: give up and go away."""
    act: Said
    """What the person does now, one sentence in the third person."""


class ReactReply(PartReply):
    """What the person does with an offer."""

    reason: str
    """Why, one sentence in the person's own words."""
    verdict: Verdict
    """accepted: yes, do it; rejected: waved away; ignored: not looked at."""
    leaves: bool
    """True only when this was the last straw and the person stops working."""


@dataclass(frozen=True)
class ModelWorker(ModelPart):
    """A chat model as the person at work."""

    prompts = (INTRODUCE, ASK, ACT, REACT)

    async def introduce(self, world: World) -> str:
        """Who am I? Without a usable reply, whom the scene describes."""

        def prompt(max_chars: int) -> Rendered:
            shown = world_fields(world, max_chars, "scene", "background", "person")
            return INTRODUCE.render(**shown, **traits(world.traits, *_TRAITS))

        instead = "the scene's description stands for the identity"
        said = await self.speaker.say_or_note(prompt, IdentityReply, index=0, instead=instead)
        return shortened(said.identity.strip(), _MOST_IDENTITY) if said else world.scene.user.description

    async def ask(self, world: World) -> str | None:
        """A question about the surroundings; none without a usable reply."""

        def prompt(max_chars: int) -> Rendered:
            names = ("scene", "background", "identity", "person", "answers")
            return ASK.render(**world_fields(world, max_chars, *names))

        instead = "no further question is asked"
        said = await self.speaker.say_or_note(prompt, QuestionReply, index=0, instead=instead)
        question = plain_proposal(said.question if said else None)
        return None if question is None else plain(question, _MOST_QUESTION)

    async def act(self, world: World) -> Act:
        """The next thing to do. Raises: NoReply, for which nothing can stand; ProviderError; StopRun."""

        def prompt(max_chars: int) -> Rendered:
            return ACT.render(
                **world_fields(world, max_chars, *_AT_WORK, "happened"),
                **traits(world.traits, "patience", "skill", "focus"),
                now=clock(world.clock),
            )

        said = await self.speaker.say(prompt, ActReply)
        return Act(plain(said.act, _MOST_ACT), said.kind)

    async def react(self, world: World, unfolded: Unfolded, offer: str) -> Reacted | None:
        """Accept, reject or ignore; None without a usable reply."""

        def prompt(max_chars: int) -> Rendered:
            past = happened(world, max_chars, now=unfolded.events)
            by_now = world.after(states={**world.states, **unfolded.changes})
            now = unfolded.events[-1].at if unfolded.events else world.clock
            history = world.history
            return REACT.render(
                **world_fields(by_now, max_chars, *_AT_WORK, happened=past, offer=as_json(offer)),
                **traits(world.traits, *_TRAITS),
                shown=history.shown,
                refused=history.shown - history.accepted,
                now=clock(now),
            )

        instead = "nobody knows the reaction, and the offer counts as held back"
        said = await self.speaker.say_or_note(prompt, ReactReply, index=len(world.steps), instead=instead)
        if said is None:
            return None
        return Reacted(said.verdict, plain(said.reason, _MOST_REASON), said.leaves)
