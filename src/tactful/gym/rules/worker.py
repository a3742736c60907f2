"""The person at work, by rules: what is done next, and what is made of an offer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tactful.gym.play.parts import Act, ByRule, Reacted, Unfolded, World
from tactful.gym.rules.environment import next_work
from tactful.gym.rules.matter import matter_of
from tactful.gym.rules.parameters import Parameters
from tactful.gym.rules.phrases import filled, single
from tactful.gym.rules.weighing import weighed
from tactful.gym.rules.work import Work, after_help, after_refusal
from tactful.gym.types import Verdict
from tactful.types import seeded

_KINDS: dict[str, Literal["finish", "leave"]] = {"finish": "finish", "leave": "leave"}


@dataclass(frozen=True)
class RuleWorker(ByRule):
    """Works through the pieces of a goal, and takes offers by timing, fit, need, patience and what came before."""

    parameters: Parameters

    async def introduce(self, world: World) -> str:
        """The scene's user, and the goal."""
        user = world.scene.user
        return filled(
            single(world.scene.lang, "common", "identity"), who=_ended(user.description), goal=user.goal
        )

    async def ask(self, world: World) -> str | None:
        """One question."""
        if world.asked:
            return None
        matter = matter_of(world.scene)
        rng = seeded(*world.draw_key("question"))
        template = single(matter.lang, "common", "question")
        return filled(template, topic=rng.choice(matter.topics), part=matter.tools[0])

    async def act(self, world: World) -> Act:
        """The next act of the work."""
        work = next_work(world, self.parameters)
        return Act(text=work.sayings[0], kind=_KINDS.get(work.beat, "act"), work=work)

    async def react(self, world: World, unfolded: Unfolded, offer: str) -> Reacted:
        """Accepted, rejected or ignored, and why; the work goes on accordingly."""
        work = unfolded.work if isinstance(unfolded.work, Work) else next_work(world, self.parameters)
        wanted = work.wanted if unfolded.help_wanted is None else unfolded.help_wanted
        timing = unfolded.timing or work.timing
        rng = seeded(*world.draw_key("reaction"))
        found = weighed(
            world, unfolded, offer, work=work, timing=timing, wanted=wanted, parameters=self.parameters
        )
        lang = world.scene.lang
        if rng.random() < found.acceptance:
            reason = single(lang, "reason", f"accepted_{timing}")
            return Reacted("accepted", reason, work=after_help(work, found.fit, self.parameters))
        rejected = rng.random() < self.parameters.refusal.at(timing)
        verdict: Verdict = "rejected" if rejected else "ignored"
        after = after_refusal(work, rejected=rejected, parameters=self.parameters, rng=rng)
        leaves = rng.random() < self.parameters.patience.leaves * after.worn
        return Reacted(
            verdict, _why(found.objection, verdict, timing, lang, leaves=leaves), leaves, work=after
        )


def _why(objection: str | None, verdict: Verdict, timing: str, lang: str, *, leaves: bool) -> str:
    if leaves:
        return single(lang, "reason", "leaves")
    if verdict == "ignored":
        return single(lang, "reason", "ignored")
    return single(lang, "reason", objection or f"rejected_{timing}")


def _ended(text: str) -> str:
    """With a full stop and a space in English."""
    text = text.strip()
    return text if not text.isascii() else f"{text.rstrip('.')}. "
