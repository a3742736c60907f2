"""One episode, straight down:

expand the scene ─ who am I? ─ questions ─▶ rounds ─▶ GymEpisode

a round:  the user acts ─▶ events, states ─▶ the assistant offers or is silent ─▶ accepted, rejected, ignored
                                                                       └ accepted: carried out, as further events

Time is virtual: nothing sleeps. A round's draws are seeded by (run seed, play, round), so that an episode is the same in
any order of work; a killed one is played again from its first round, and the calls of the rounds that were finished are
answered from the call cache.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tactful.gym.play.parts import Act, Cast, Limits, NoReply, Proposed, Reacted, Seen, Unfolded, World
from tactful.gym.types import End, GymEpisode, GymStep, Outcome, Play, Traits
from tactful.prompts import Prompt
from tactful.types import Moment, ProposalHistory, Provenance

MORNING = datetime(2025, 3, 3, 9, 0, tzinfo=UTC)
"""When every episode begins: a Monday."""


async def play_episode(
    play: Play, cast: Cast, *, traits: Traits, limits: Limits, seed: int, run_id: str = ""
) -> GymEpisode:
    """Play one scene to its end; without a usable reply for a round, what was played until then stands.

    Raises what the models raise: ProviderError, StopRun, and ParseError where not even one round could be played.
    """
    world = await _opened(play, cast, traits=traits, limits=limits, seed=seed)
    end: End | None = None
    while end is None:
        try:
            world, end = await _round(world, cast, limits)
        except NoReply as error:
            if not world.steps:
                raise
            cast.notes.append(f"round {len(world.steps)} was not played: {error}")
            end = "cut"
    return _told(world, end, cast, run_id)


async def _opened(play: Play, cast: Cast, *, traits: Traits, limits: Limits, seed: int) -> World:
    states = {entity.name: entity.state for entity in play.scene.entities}
    world = World(play=play, traits=traits, seed=seed, clock=MORNING, states=states)
    world = world.after(background=await cast.environment.expand(world))
    world = world.after(identity=await cast.worker.introduce(world))
    for _ in range(limits.questions):
        question = await cast.worker.ask(world)
        if question is None:
            break
        found = (question, await cast.environment.answer(world, question))
        world = world.after(asked=(*world.asked, found))
    return world


async def _round(world: World, cast: Cast, limits: Limits) -> tuple[World, End | None]:
    """The world one round later, and why that was the last one."""
    act = await cast.worker.act(world)
    world = world.after(doing=act.text)
    unfolded = await cast.environment.unfold(world, act)
    if act.kind != "act":
        closing = replace(unfolded, help_wanted=None)
        step = _step(world, act, closing, world.history, Proposed(None, shown=False))
        return _grown(world, step, act.work), "goal" if act.kind == "finish" else "left"
    seen = _seen(world, act, unfolded)
    said = await cast.assistant.propose(seen)
    reacted = None
    if said.text is not None and said.shown:
        reacted = await cast.worker.react(world, unfolded, said.text)
    if said.text is None or reacted is None:
        step = _step(world, act, unfolded, seen.moment.history, replace(said, shown=False))
        world = _grown(world, step, unfolded.work or act.work)
        return world, _over(world, limits)
    step = _step(world, act, unfolded, seen.moment.history, said, reacted)
    done = await _carried_out(_grown(world, step, reacted.work), said.text, seen, reacted, cast, limits)
    changes = {**step.changes, **done.changes}
    step = step.model_copy(update={"carried_out": done.events, "changes": changes})
    world = _grown(world, step, done.work or reacted.work or unfolded.work or act.work)
    shown = world.history.shown + 1
    accepted = world.history.accepted + (reacted.verdict == "accepted")
    history = ProposalHistory(shown=shown, accepted=accepted)
    world = world.after(history=history, shown_at=seen.moment.events[-1].at)
    return world, "left" if reacted.leaves else _over(world, limits)


def _seen(world: World, act: Act, unfolded: Unfolded) -> Seen:
    """What the assistant is shown in this round: the events so far, and how its offers fared."""
    events = (*world.events, *unfolded.events)
    now = events[-1].at
    since = None
    if world.shown_at is not None and now is not None:
        since = max(0.0, (now - world.shown_at).total_seconds())
    history = world.history.model_copy(update={"since_last_s": since})
    play = world.play
    moment = Moment(
        id=f"{play.id}#{len(world.steps)}",
        session=play.scene.split,
        user=play.id,
        events=events,
        proposal=None,
        history=history,
    )
    hidden = {
        "goal": play.scene.user.goal,
        "act": act.text,
        "timing": unfolded.timing,
        "help_wanted": unfolded.help_wanted,
        "work": unfolded.work or act.work,
    }
    return Seen(
        moment=moment,
        operations=play.scene.operations,
        setting=play.scene.setting,
        lang=play.scene.lang,
        key=world.draw_key("assistant"),
        rehearsal=hidden,
        fresh=len(unfolded.events),
        since_asked=len(unfolded.events) + (len(world.steps[-1].carried_out) if world.steps else 0),
    )


async def _carried_out(
    now: World, offer: str, seen: Seen, reacted: Reacted, cast: Cast, limits: Limits
) -> Unfolded:
    """What the assistant's work looked like; nothing unless its offer was accepted, or where no step is allowed."""
    if reacted.verdict == "accepted" and limits.operations:
        operations = await cast.assistant.operations(seen, offer, most=limits.operations)
        if operations:
            return await cast.environment.carry_out(now, operations[: limits.operations])
    return Unfolded((), {})


def _step(
    world: World,
    act: Act,
    unfolded: Unfolded,
    history: ProposalHistory | None,
    said: Proposed,
    reacted: Reacted | None = None,
) -> GymStep:
    return GymStep(
        index=len(world.steps),
        act=act.text,
        events=unfolded.events,
        changes=unfolded.changes,
        history=history or ProposalHistory(),
        proposal=said.text,
        shown=said.text is not None and said.shown,
        acceptance=said.acceptance,
        outcome=Outcome(
            timing=unfolded.timing,
            help_wanted=unfolded.help_wanted,
            verdict=reacted.verdict if reacted else None,
            reason=reacted.reason if reacted else "",
        ),
    )


def _grown(world: World, step: GymStep, work: object) -> World:
    """The world with one more step, its clock at the last event, its entities as they are now."""
    times = [event.at for event in step.seen if event.at is not None]
    return world.after(
        steps=(*world.steps, step),
        clock=max([world.clock, *times]),
        states={**world.states, **step.changes},
        work=work if work is not None else world.work,
    )


def _over(world: World, limits: Limits) -> End | None:
    if len(world.events) >= limits.events:
        return "events"
    return "rounds" if len(world.steps) >= limits.rounds else None


def _told(world: World, end: End, cast: Cast, run_id: str) -> GymEpisode:
    scene = world.scene
    parts = (cast.environment, cast.worker, cast.assistant)
    prompts: list[Prompt] = [prompt for part in parts for prompt in part.prompts]
    made = {part.generator for part in parts}
    return GymEpisode(
        id=world.play.id,
        scene_id=scene.id,
        scene=scene,
        group=scene.split,
        setting=scene.setting,
        lang=scene.lang,
        goal=scene.user.goal,
        assistant=cast.assistant_label,
        traits=world.traits,
        identity=world.identity,
        background=world.background,
        asked=world.asked,
        steps=world.steps,
        end=end,
        notes=tuple(cast.notes),
        provenance=Provenance(
            model=" · ".join(dict.fromkeys(part.name for part in parts)),
            generator="endpoint" if "endpoint" in made else "offline" if "offline" in made else "rules",
            prompt_hashes={prompt.prompt_id: prompt.hash for prompt in prompts},
            run_id=run_id,
            seed=world.seed,
        ),
    )
