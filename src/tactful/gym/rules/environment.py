"""The surroundings by rules: what acts look like from outside, and when."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from tactful.gym.play.parts import Act, ByRule, Unfolded, World
from tactful.gym.rules.matter import matter_of
from tactful.gym.rules.parameters import GapParameters, Parameters
from tactful.gym.rules.phrases import chosen, filled, single
from tactful.gym.rules.work import Work, after_act, begun
from tactful.gym.types import event_at
from tactful.text.lang import is_chinese
from tactful.types import Event, seeded

_NAMED = 4  # tools and topics told of in the background


@dataclass(frozen=True)
class RuleEnvironment(ByRule):
    """Turns what the rules' work says into timed events; a worker that is a model gets its own words as the event."""

    parameters: Parameters

    async def expand(self, world: World) -> str:
        """The scene's own description, with what is at hand."""
        matter = matter_of(world.scene)
        template = single(matter.lang, "common", "background")
        between = "、" if is_chinese(matter.lang) else ", "
        return filled(
            template,
            where=world.scene.description,
            tools=between.join(matter.tools[:_NAMED]),
            topics=between.join(matter.topics[:_NAMED]),
        )

    async def answer(self, world: World, question: str) -> str:
        """In what state the first thing at hand is."""
        matter = matter_of(world.scene)
        state = world.states.get(_entity_of(matter.tools[0], world))
        told = {"tools": matter.tools[0], "state": state or single(matter.lang, "common", "ready")}
        return filled(single(matter.lang, "common", "answer"), **told)

    async def unfold(self, world: World, act: Act) -> Unfolded:
        """The events of an act; of one by a model its own words, the work going on by rule beneath it."""
        by_rule = isinstance(act.work, Work)
        work: Work = act.work if by_rule else next_work(world, self.parameters)
        sayings = work.sayings if by_rule else (act.text,)
        return Unfolded(
            events=_timed(sayings, world, _gaps(len(sayings), work, world, self.parameters)),
            changes=_changes(work, world),
            timing=work.timing,
            help_wanted=None if act.kind != "act" else work.wanted,
            work=work,
        )

    async def carry_out(self, world: World, operations: Sequence[str]) -> Unfolded:
        """One event a step, by the assistant."""
        work = world.work if isinstance(world.work, Work) else next_work(world, self.parameters)
        rng = seeded(*world.draw_key("carried out"))
        sayings = [
            chosen(rng, work.matter.lang, "common", "step", operation=operation, topic=work.piece.topic)
            for operation in operations
        ]
        median = self.parameters.course.step_median_s
        return Unfolded(_timed(sayings, world, (median * rng.lognormvariate(0, 0.5) for _ in sayings)), {})


def next_work(world: World, parameters: Parameters) -> Work:
    """The work one act after the world's; begun where there is none."""
    work = world.work
    if not isinstance(work, Work):
        work = begun(world.scene, world.traits, parameters, seeded(world.seed, world.play.id, "begun"))
    return after_act(work, world.traits, parameters, seeded(*world.draw_key("act")))


# ---------------------------------------------------------------- time


def _timed(sayings: Sequence[str], world: World, gaps: Iterable[float]) -> tuple[Event, ...]:
    """The sentences, each so many seconds after the one before it, from the world's clock on."""
    _, *times = accumulate(gaps, _later, initial=world.clock)
    return tuple(map(event_at, times, sayings))


def _gaps(count: int, work: Work, world: World, parameters: Parameters) -> Iterator[float]:
    """Seconds before each of so many events; none before the very first of an episode."""
    rng = seeded(*world.draw_key("gap"))
    for number in range(count):
        first_of_all = not world.steps and not number
        gap = 0.0 if first_of_all else _gap_s(work, parameters.gaps, rng, within=number > 0)
        yield gap * world.traits.pace


def _gap_s(work: Work, gaps: GapParameters, rng: random.Random, *, within: bool) -> float:
    """Seconds before an event: short within a burst of doing, longer where something is read or thought over."""
    if work.beat == "back":
        return gaps.away_median_s * rng.lognormvariate(0, gaps.away_spread)
    if within or rng.random() < gaps.quick_share:
        return gaps.quick_median_s * rng.lognormvariate(0, gaps.quick_spread)
    return gaps.slow_median_s * rng.lognormvariate(0, gaps.slow_spread)


def _later(at: datetime, seconds: float) -> datetime:
    """To the millisecond, as recorders write it."""
    return at + timedelta(milliseconds=round(1000 * seconds))


def _changes(work: Work, world: World) -> dict[str, str]:
    """What the act made of the tool in hand, where that is an entity of the scene."""
    if work.beat not in ("open", "error", "fix", "done"):
        return {}
    named = _entity_of(work.piece.tool, world)
    if not named:
        return {}
    return {named: work.trouble if work.beat == "error" else work.sayings[-1]}


def _entity_of(tool: str, world: World) -> str:
    """The entity of the scene that the rules call `tool`; empty for one that the scene does not name."""
    return next((name for name in world.states if name.startswith(tool)), "")
