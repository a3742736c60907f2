"""Which function tells which kind of row, and which fields of it are then told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tactful.types import TAG
from tactful.viewer.stories import chats, dialogues, moments, plain
from tactful.viewer.stories.beats import Beat, Story, TurnAt
from tactful.viewer.strips.kinds import kind_of
from tactful.viewer.strips.plain import Row, part, words

Teller = Callable[[Row], Iterator[Beat]]
_BY_KIND: Mapping[str, tuple[Teller, tuple[str, ...]]] = {
    "trajectories": (dialogues.trajectory_beats, ("steps", "hidden")),
    "rewarded": (dialogues.rewarded_beats, ("trajectory",)),
    "trees": (dialogues.tree_beats, ("state", "nodes", "first", "frame")),
    "pairs": (dialogues.pair_beats, ("prompt", "chosen", "rejected", "state")),
    "states": (dialogues.state_beats, ("query", "history", "hidden")),
    "judged-turns": (chats.judged_turn_beats, ("turn",)),
    "talks": (chats.talk_beats, ("messages",)),
    "replayed": (chats.replayed_beats, ("request", "answer", "reply")),
    "predictions": (chats.prediction_beats, ("context", "predictions", "views", "hindsight")),
    "utterance": (chats.utterance_beats, ("context", "chosen", "rejected", "gold")),
    "episodes": (moments.episode_beats, ("steps", "background", "identity", "goal", "scene")),
    "judged-points": (moments.point_beats, ("moment", "tries")),
    "decisions": (moments.decision_beats, ("proposal",)),
    "proposals": (moments.decision_beats, ("proposal", "thought")),
    "moments": (moments.moment_beats, ("moment", "events", "proposal")),
    "reasoned-moments": (moments.moment_beats, ("moment", "events", "proposal")),
    "labelled-moments": (moments.judged_row_beats, ("obs", "pred_task")),
    "scenes": (
        moments.scene_beats, ("theme", "description", "user", "entities", "operations", "example_events"),
    ),
}  # fmt: skip
_CHAT: tuple[Teller, tuple[str, ...]] = (plain.chat_beats, (*plain.CHATS, "chosen", "rejected"))


def story_of(row: Any) -> Story:
    """What the row tells; one of which nothing is known is told as it is."""
    if not isinstance(row, Mapping):
        return Story(kind="", rest=row)
    kind = kind_of(row)
    tell, shown = _BY_KIND.get(kind, _CHAT)
    inner = part(row, "trajectory") or part(row, "frame") or row
    private = {name: owner["hidden"] for name, owner in (("hidden", inner),) if owner.get("hidden")}
    beats = tuple(tell(row))
    rest = plain.without(row, ("id", TAG, "provenance", "hidden", *shown))
    return Story(
        kind=kind,
        id=words(row.get("id")) or words(inner.get("id")),
        beats=beats if beats else (TurnAt(turn=0),),
        private=private,
        rest=rest or None,
        provenance=part(row, "provenance")
        or part(inner, "provenance")
        or part(part(row, "judgement"), "provenance"),
    )
