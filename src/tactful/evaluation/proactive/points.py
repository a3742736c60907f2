"""The points at which an assistant could speak, what people said about them, and the moments that a judge is asked about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tactful.data.formats.traces import Trace
from tactful.errors import DataError
from tactful.evaluation.proactive.matching import (
    SessionMatch,
    labelled_at,
    matching_sessions,
    need_at,
    play_in,
    sessions_of,
)
from tactful.reward.types import Acceptance
from tactful.types import LabelledMoment, Moment, content_hash

GENERIC = "Offer help with what you are doing right now."
"""What always-propose says before a trace has suggested anything."""


@dataclass(frozen=True)
class Scene:
    """A trace with what the reward data know about it."""

    trace: Trace
    sessions: tuple[SessionMatch, ...] = ()
    """Sessions of the labels that are this recording, the best first; empty when it is not found there."""
    labelled: Mapping[int, Sequence[LabelledMoment]] = field(default_factory=dict)
    """Event → what people labelled there, with the session's name changed to the trace's."""
    together: str = ""
    """The first of the traces that are plays of one session, as in the gym, maybe this one; empty where none was found."""

    @property
    def group(self) -> str:
        """What the trace counts as in intervals: plays of one session are no independent sessions."""
        return self.together or self.trace.id

    def need(self, at: int) -> bool | None:
        """Whether people wanted help at event `at`; None where nobody said."""
        return need_at(self.labelled.get(at, ()))

    def verdict(self, at: int, proposal: str) -> bool | None:
        """Whether people accepted these very words at event `at`; None where they were not shown, or for a tie."""
        said = [i.label.accepted for i in self.labelled.get(at, ()) if i.moment.proposal == proposal]
        return None if 2 * sum(said) == len(said) else 2 * sum(said) > len(said)

    def generic_proposal(self, at: int) -> str:
        """What always-propose says: the first proposal that the trace suggests here, else its latest before, else GENERIC."""
        here = (point.candidates for point in reversed(self.trace.points[: at + 1]))
        return next((candidates[0] for candidates in here if candidates), GENERIC)

    def welcome_proposal(self, at: int) -> str | None:
        """What a look-up says: a proposal that people accepted at this very point; None where they accepted none."""
        good = (item for item in self.labelled.get(at, ()) if item.category == "hit")
        return next((item.moment.proposal for item in good), None)

    def moment(self, at: int, proposal: str | None) -> Moment:
        """What a judge is asked: the events up to `at`, and a proposal or silence."""
        return Moment(
            id=f"{self.trace.id}:{at:04d}:{content_hash(proposal)[:8] if proposal is not None else 'silence'}",
            session=self.trace.id,
            events=self.trace.seen(at),
            proposal=proposal,
        )


def scenes_of(traces: Sequence[Trace], labels: Sequence[LabelledMoment]) -> list[Scene]:
    """The traces with their labels; what one user did in a labelled session belongs to one trace at most.

    Raises: DataError when two traces hold one session, or one user's play of it: they would count as two.
    """
    sessions = sessions_of(labels)
    scenes, owner, first = [], dict[tuple[str, str], str](), dict[str, str]()
    for trace in traces:
        found = matching_sessions(trace, sessions)
        mine, together = list[LabelledMoment](), ""
        for match in found[:1]:
            user, mine = play_in(trace, sessions[match.session])
            if (match.session, user) in owner:
                whose = f" of user '{user}'" if user else ""
                raise DataError(
                    f"traces '{owner[match.session, user]}' and '{trace.id}' hold the same session of the labels "
                    f"('{match.session}'{whose}); a session counts once, so leave one out"
                )
            owner[match.session, user] = trace.id
            together = first.setdefault(match.session, trace.id)
        there = labelled_at(trace, [in_session(item, trace.id) for item in mine])
        scenes.append(Scene(trace=trace, sessions=tuple(found), labelled=there, together=together))
    return scenes


def in_session(item: LabelledMoment, session: str) -> LabelledMoment:
    """The same moment under another session: that of a trace, so that its judge judges it."""
    return item.model_copy(update={"moment": item.moment.model_copy(update={"session": session})})


@dataclass
class Judgements:
    """What a judge said, by moment."""

    by_id: dict[str, Acceptance] = field(default_factory=dict)

    def add(self, moments: Sequence[Moment], said: Sequence[Acceptance]) -> None:
        """Keep what was said about `moments`, in their order."""
        self.by_id |= {moment.id: one for moment, one in zip(moments, said, strict=True)}

    def of(self, moment: Moment) -> Acceptance:
        """What was said; unscored where the judge gave nothing."""
        return self.by_id.get(moment.id) or Acceptance.unscored(moment.id, reason="the judge gave no answer")


def distinct(moments: Iterable[Moment]) -> list[Moment]:
    """Each moment once, in order of first appearance."""
    return list({moment.id: moment for moment in moments}.values())


def labelled_moments(scenes: Sequence[Scene], limit: int | None = None) -> list[LabelledMoment]:
    """What people labelled along the traces; with `limit` about as many, evenly spread over all of them."""
    everything = [item for scene in scenes for at in sorted(scene.labelled) for item in scene.labelled[at]]
    if limit is None or len(everything) <= limit:
        return everything
    return [everything[at * len(everything) // limit] for at in range(limit)]
