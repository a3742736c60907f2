"""The person at work played by a language model: who it is, what it asks, does next, and says of an offer.

It sees its own goal, what has happened, and how it took earlier offers; never what the surroundings think of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tactful.data.formats.moments import plain_proposal
from tactful.gym.play.asking import ModelPart, PartReply, plain
from tactful.gym.play.parts import Act, NoReply, Reacted, Unfolded, World
from tactful.gym.play.shown import (
    answer_lines,
    background,
    clock,
    fenced,
    happened,
    identity,
    person_lines,
    scene_lines,
    traits,
)
from tactful.gym.types import Verdict
from tactful.llm.replies.words import Said
from tactful.prompts import Prompt, Rendered, load_prompt
from tactful.text.lang import language
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
            shown = fenced(
                scene=scene_lines(world.scene, world.states, max_chars),
                background=background(world, max_chars),
                person=person_lines(world.scene, max_chars),
            )
            return INTRODUCE.render(**shown, **traits(world.traits), language=_language(world))

        try:
            said = await self.speaker.say(prompt, IdentityReply)
        except NoReply as error:
            self.speaker.note(0, "the scene's description stands for the identity", error)
            return world.scene.user.description
        return shortened(said.identity.strip(), _MOST_IDENTITY)

    async def ask(self, world: World) -> str | None:
        """A question about the surroundings; none without a usable reply."""

        def prompt(max_chars: int) -> Rendered:
            shown = fenced(
                scene=scene_lines(world.scene, world.states, max_chars),
                background=background(world, max_chars),
                identity=identity(world, max_chars),
                person=person_lines(world.scene, max_chars),
                answers=answer_lines(world, max_chars),
            )
            return ASK.render(**shown, language=_language(world))

        try:
            said = await self.speaker.say(prompt, QuestionReply)
        except NoReply as error:
            self.speaker.note(0, "no further question is asked", error)
            return None
        question = plain_proposal(said.question)
        return None if question is None else plain(question, _MOST_QUESTION)

    async def act(self, world: World) -> Act:
        """The next thing to do. Raises: NoReply, for which nothing can stand; ProviderError; StopRun."""

        def prompt(max_chars: int) -> Rendered:
            about = traits(world.traits)
            return ACT.render(
                **_shown(world, happened(world, max_chars), max_chars),
                **{name: about[name] for name in ("patience", "skill", "focus")},
                now=clock(world.clock),
                language=_language(world),
            )

        said = await self.speaker.say(prompt, ActReply)
        return Act(plain(said.act, _MOST_ACT), said.kind)

    async def react(self, world: World, unfolded: Unfolded, offer: str) -> Reacted | None:
        """Accept, reject or ignore; None without a usable reply."""

        def prompt(max_chars: int) -> Rendered:
            past = happened(world, max_chars, now=unfolded.events)
            by_now = world.after(states={**world.states, **unfolded.changes})
            shown = _shown(by_now, past, max_chars, offer=as_json(offer))
            now = unfolded.events[-1].at if unfolded.events else world.clock
            history = world.history
            return REACT.render(
                **shown,
                **traits(world.traits),
                shown=history.shown,
                refused=history.shown - history.accepted,
                now=clock(now),
                language=_language(world),
            )

        try:
            said = await self.speaker.say(prompt, ReactReply)
        except NoReply as error:
            self.speaker.note(
                len(world.steps), "nobody knows the reaction, and the offer counts as held back", error
            )
            return None
        return Reacted(said.verdict, plain(said.reason, _MOST_REASON), said.leaves)


def _shown(world: World, past: str, max_chars: int, **more: str) -> dict[str, str]:
    return fenced(
        scene=scene_lines(world.scene, world.states, max_chars),
        identity=identity(world, max_chars),
        person=person_lines(world.scene, max_chars),
        answers=answer_lines(world, max_chars),
        happened=past,
        **more,
    )


def _language(world: World) -> str:
    return language(world.scene.lang, "the scene")


PROMPTS: tuple[Prompt, ...] = ModelWorker.prompts
