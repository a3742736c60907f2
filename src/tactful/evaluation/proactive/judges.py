"""Who judges: our reward model, trained anew for each trace without that trace; or a saved model, which may have seen it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from tactful.data.formats.traces import Trace
from tactful.errors import UserError
from tactful.evaluation.judges.acceptances import BySession
from tactful.evaluation.proactive.matching import matching_sessions, sessions_of
from tactful.evaluation.proactive.points import Scene
from tactful.reward.types import MomentJudge
from tactful.types import LabelledMoment

Train = Callable[[Sequence[LabelledMoment], str], MomentJudge]
"""(items, session to leave out, or "" for none) → a judge trained on the others."""


class TrainedOn(Protocol):
    """A saved model that tells what it was trained on."""

    @property
    def sessions(self) -> Iterable[str]:
        """Names of the sessions."""
        ...


def held_out_judge(
    traces: Sequence[Trace], items: Sequence[LabelledMoment], train: Train, *, name: str
) -> tuple[BySession, str]:
    """(a judge for each trace, trained without every session that holds events of it; how that went, in words).

    Raises: UserError when a trace leaves no session to train on.
    """
    sessions = sessions_of(items)
    held = {
        trace.id: tuple(match.session for match in matching_sessions(trace, sessions)) for trace in traces
    }
    for trace, names in held.items():
        if len(names) == len(sessions):
            raise UserError(
                f"trace '{trace}' is all that the judge's training data hold ({len(sessions)} sessions), so no judge "
                "can be trained without it; give data of other sessions with --judge-data"
            )

    def judge_for(trace: str) -> MomentJudge:
        names = held[trace]
        if not names:
            return train(items, "")
        others = [item for item in items if item.moment.session not in names[1:]]
        return train(others, names[0])

    found = sum(map(bool, held.values()))
    told = f"trained on {len(sessions)} sessions, for each trace without its own: {found} of {len(traces)} traces are among them"
    return BySession(name, judge_for), told


def seen_traces(scenes: Sequence[Scene], model: TrainedOn) -> list[str]:
    """The traces that a saved model was trained on: by the labels' session of the same events, or by the first event."""
    trained_on = set(model.sessions)

    def names(scene: Scene) -> Mapping[str, None]:
        own = {scene.trace.id: None, scene.trace.events[0].text: None}
        return own | {match.session: None for match in scene.sessions}

    return [scene.trace.id for scene in scenes if trained_on & names(scene).keys()]
