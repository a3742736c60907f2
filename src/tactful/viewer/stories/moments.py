"""People at work: what happened, when the assistant spoke up, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator

from tactful.viewer.stories.beats import Beat, Option, Options, Told, TurnAt
from tactful.viewer.stories.plain import happened, told
from tactful.viewer.strips.plain import Row, part, parts, texts, words


def episode_beats(row: Row) -> Iterator[Beat]:
    """Who works on what; then round by round what happened, and whether the assistant spoke up."""
    yield from told(row, "background", "identity", "goal")
    for turn, step in enumerate(parts(row, "steps")):
        events = tuple(happened(step, "events"))
        yield from events
        if not events:
            yield from told(step, "act")
        yield TurnAt(turn=turn)


def point_beats(row: Row) -> Iterator[Beat]:
    """What was seen, and the candidates that were tried there, where the turn does not tell all of them."""
    yield from happened(part(row, "moment"), "events")
    if tries := parts(row, "tries"):
        yield TurnAt(turn=0)
    if len(tries) > 1:
        yield Options(name="tries", options=tuple(map(_try, tries)))


def moment_beats(row: Row) -> Iterator[Beat]:
    """What was seen, and what was proposed there."""
    moment = part(row, "moment") or row
    yield from happened(moment, "events")
    yield TurnAt(turn=0)


def judged_row_beats(row: Row) -> Iterator[Beat]:
    """A row of ProactiveBench."""
    yield from happened(row, "obs")
    yield TurnAt(turn=0)


def decision_beats(row: Row) -> Iterator[Beat]:
    """What an assistant thought and did at one event of a trace."""
    yield from told(row, "thought")
    yield TurnAt(turn=0)


def scene_beats(row: Row) -> Iterator[Beat]:
    """Setting, persona, goal; what is at hand, what may happen."""
    yield from told(row, "theme", "description")
    user = part(row, "user")
    if persona := words(user.get("description")):
        yield Told(name="identity", text=persona)
    yield from told(user, "goal")
    if entities := parts(row, "entities"):
        yield Options(
            name="entities",
            options=tuple(
                Option(text=f"{words(one.get('name'))}: {words(one.get('state'))}") for one in entities
            ),
        )
    for name in ("operations", "example_events"):
        if found := texts(row, name):
            yield Options(name=name, options=tuple(Option(text=text) for text in found))


def _try(one: Row) -> Option:
    accepted = one.get("accepted")
    verdict = ("accepted" if accepted else "rejected",) if isinstance(accepted, bool) else ()
    silent = () if one.get("proposal") is not None else ("silent",)
    reason = words(one.get("reason"))
    text = words(one.get("proposal"))
    return Option(text="\n".join(filter(None, (text, reason))), tags=(*silent, *verdict))
