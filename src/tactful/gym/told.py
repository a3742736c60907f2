"""An episode in lines that a person can read from top to bottom."""

from __future__ import annotations

from collections.abc import Iterator

from tactful.gym.types import GymEpisode, GymStep
from tactful.types import Event

ENDS = {
    "goal": "the goal was reached",
    "left": "the user left",
    "rounds": "the limit of rounds was met",
    "events": "the limit of events was met",
    "cut": "no usable reply was to be had",
}


def told(episode: GymEpisode) -> Iterator[str]:
    """Who, where and what for; then each event, offer and reaction at its time; then how it ended."""
    yield f"{episode.id}: {episode.setting}, {episode.lang}, assistant {episode.assistant}"
    yield f"goal: {_line(episode.goal)}"
    if episode.identity:
        yield f"user: {_line(episode.identity)}"
    if episode.traits is not None:
        one = episode.traits
        yield (
            f"      openness {one.openness:.2f}, patience {one.patience:.2f}, skill {one.skill:.2f}, "
            f"focus {one.focus:.2f}, pace {one.pace:.2f}"
        )
    for question, answer in episode.asked:
        yield f"asked: {_line(question)}"
        yield f"       {_line(answer) or '(no answer)'}"
    for step in episode.steps:
        yield from _step(step)
    for note in episode.notes:
        yield f"note: {_line(note)}"
    shown = sum(step.shown for step in episode.steps)
    taken = sum(step.outcome.verdict == "accepted" for step in episode.steps)
    yield (
        f"end: {ENDS[episode.end]}; {len(episode.steps)} rounds, {len(episode.events)} events, {shown} offers, "
        f"{taken} accepted"
    )


def _step(step: GymStep) -> Iterator[str]:
    yield from map(_event, step.events)
    wanted = "help wanted" if step.outcome.help_wanted else ""
    place = ", ".join(filter(None, (step.outcome.timing, wanted)))
    at = f" [{place}]" if place else ""
    if step.proposal is not None:
        chance = "" if step.acceptance is None else f", P(accept) {step.acceptance:.2f}"
        held = "" if step.shown else ", held back"
        yield f"          > {_line(step.proposal)}{at}{chance}{held}"
    elif step.outcome.help_wanted:
        yield f"          > silence{at}"
    if step.outcome.verdict is not None:
        why = f": {_line(step.outcome.reason)}" if step.outcome.reason else ""
        yield f"          < {step.outcome.verdict}{why}"
    yield from map(_event, step.carried_out)


def _event(event: Event) -> str:
    at = "" if event.at is None else f"{event.at:%H:%M:%S}"
    return f"{at:8}  {_line(event.text)}"


def _line(text: str) -> str:
    return " ".join(text.split())
