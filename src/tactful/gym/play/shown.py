"""An episode as prompts show it: lines of JSON inside a fence, so that no text of a scene or event can pose as anything else.

Everything between `begin … MARK` and `end … MARK` is material. The mark is a hash over all the texts that it fences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from tactful.gym.play.asking import plain
from tactful.gym.play.parts import Seen, World
from tactful.gym.types import GymStep, Traits
from tactful.text.lang import language
from tactful.text.quoting.fence import fenced
from tactful.text.quoting.lines import as_json, shown_events, visible
from tactful.text.quoting.shorten import shortened
from tactful.types import Event, ProposalHistory

_MOST_ENTITIES, _MOST_EXAMPLES = 40, 12
_MOST_TEXT, _MOST_PROSE = 1_000, 4_000
NOTHING = "(nothing yet)"


def world_fields(world: World, max_chars: int, *names: str, **more: str) -> dict[str, str]:
    """What is told of the world under these names of `_TOLD`, and more texts, fenced; with the language to write in."""
    told = {name: _TOLD[name](world, max_chars) for name in names}
    return {**fenced(**told, **more), "language": language(world.scene.lang, "the scene")}


def _scene(world: World, max_chars: int) -> str:
    """Surroundings and things in them, each with its present state; the first that fit in a third of `max_chars`."""
    scene = world.scene
    surroundings = {
        "setting": scene.setting,
        **({"theme": _cut(scene.theme)} if scene.theme else {}),
        "description": _cut(scene.description, min(_MOST_PROSE, max_chars // 4)),
    }
    things = [
        {
            "entity": entity.name,
            "state": _cut(world.states.get(entity.name, entity.state)),
            **({"can": ", ".join(entity.operations)} if entity.operations else {}),
        }
        for entity in scene.entities[:_MOST_ENTITIES]
    ]
    kept, room = [as_json(surroundings)], max_chars // 3
    for number, line in enumerate(map(as_json, things)):
        room -= len(line) + 1
        if room < 0:
            return "\n".join([*kept, as_json({"left out": f"{len(things) - number} more things"})])
        kept.append(line)
    return "\n".join(kept)


def _examples(world: World, max_chars: int) -> str:
    """Sample events of the scene, for the grain in which things are told; as many as fit in a third of `max_chars`."""
    examples = world.scene.example_events[:_MOST_EXAMPLES]
    return _latest([as_json({"event": _cut(text)}) for text in examples], max_chars // 3)


def _person(world: World, max_chars: int) -> str:
    """Who works here, and at what; each cut in the middle at a third of `max_chars`."""
    most, user = min(_MOST_PROSE, max_chars // 3), world.scene.user
    return as_json({"person": _cut(user.description, most), "goal": _cut(user.goal, most)})


def _answers(world: World, max_chars: int) -> str:
    """What the person has asked about the surroundings, with the answers; the latest that fit in half of `max_chars`."""
    lines = [as_json({"asked": _cut(asked), "answer": _cut(answer)}) for asked, answer in world.asked]
    return _latest(lines, max_chars // 2)


def _background(world: World, max_chars: int) -> str:
    """The scene as it was told in full, cut in the middle at a third of `max_chars`."""
    return visible(shortened(world.background, min(_MOST_PROSE, max_chars // 3))) or NOTHING


def _identity(world: World, max_chars: int) -> str:
    """Whom the person takes itself for, cut in the middle at a third of `max_chars`."""
    return visible(shortened(world.identity, min(_MOST_PROSE, max_chars // 3))) or NOTHING


def traits(one: Traits, *names: str) -> dict[str, int]:
    """Traits out of 10."""
    return {name: round(10 * getattr(one, name)) for name in names}


def clock(at: datetime | None) -> str:
    """Day of the week and time of day; empty where no time is known."""
    return f"{at:%a %H:%M:%S}" if at is not None else ""


def happened(world: World, max_chars: int, *, now: Sequence[Event] = ()) -> str:
    """What was done, seen and offered so far, oldest first, the act of this round and its events `now` at the end.

    The latest lines that fit are kept.
    """
    lines = [as_json(line) for step in world.steps for line in _step_lines(step)]
    lines += [as_json({"act": _cut(world.doing)})] if now and world.doing else []
    lines += [as_json(_event_line(event)) for event in now]
    return _latest(lines, max_chars)


_TOLD: Mapping[str, Callable[[World, int], str]] = {
    "scene": _scene,
    "examples": _examples,
    "person": _person,
    "background": _background,
    "identity": _identity,
    "answers": _answers,
    "happened": happened,
}
"""Field of a prompt → what it is told, with so many characters for all of what has happened."""


def _latest(lines: Sequence[str], max_chars: int) -> str:
    """The last of the lines that fit, with a line that says how many earlier ones do not; the very last always fits."""
    kept: list[str] = []
    room = max_chars
    for line in reversed(lines):
        room -= len(line) + 1
        if kept and room < 0:
            break
        kept.append(line)
    left_out = len(lines) - len(kept)
    first = [as_json({"left out": f"{left_out} earlier lines"})] if left_out else []
    return "\n".join([*first, *reversed(kept)]) or NOTHING


def seen_fields(seen: Seen, max_chars: int) -> dict[str, str]:
    """What an assistant is shown: the latest events, what it can do, and how its offers fared."""
    rows, left_out = shown_events(seen.moment.events, max_chars)
    lines = [as_json({"left out": f"{left_out} earlier events"})] if left_out else []
    history = seen.moment.history or ProposalHistory()
    fared = {"shown": history.shown, "accepted": history.accepted}
    if history.since_last_s is not None:
        fared["seconds since the last"] = round(history.since_last_s)
    return {
        "events": "\n".join([*lines, *map(as_json, rows)]),
        "operations": "\n".join(as_json(_cut(name)) for name in seen.operations) or NOTHING,
        "history": as_json(fared),
    }


def _step_lines(step: GymStep) -> list[dict[str, str]]:
    lines = [{"act": _cut(step.act)}, *map(_event_line, step.events)]
    if step.shown and step.proposal is not None:
        offered = {"offer of the assistant": _cut(step.proposal), "reaction": step.outcome.verdict or ""}
        lines.append(offered | ({"why": _cut(step.outcome.reason)} if step.outcome.reason else {}))
    lines += [
        {"time": clock(event.at), "done by the assistant": _cut(event.text)} for event in step.carried_out
    ]
    return lines


def _event_line(event: Event) -> dict[str, str]:
    return {"time": clock(event.at), "event": _cut(event.text)}


def _cut(text: str, most: int = _MOST_TEXT) -> str:
    return plain(text, most)
