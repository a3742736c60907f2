"""The records of a training set: where something could have been said, what was tried there, and what a judge made of it."""

from __future__ import annotations

from typing import Literal, Protocol

from pydantic import Field

from tactful.gym.play.parts import Seen
from tactful.gym.types import GymEpisode, GymStep, Setting, Timing
from tactful.prompts import Prompt
from tactful.runs import Context
from tactful.types import Moment, Provenance, Record, Written

Source = Literal["judged", "recorded"]


def seen_at(moment: Moment, operations: tuple[str, ...], setting: str, lang: str) -> Seen:
    """What an assistant is shown at a moment."""
    return Seen(
        moment=moment, operations=operations, setting=setting, lang=lang, key=(moment.id,), rehearsal={}
    )


class Point(Record):
    """An episode up to one round: what the runner hands to the stage."""

    id: str
    """`<episode>#<round>`"""
    episode: GymEpisode
    """Its last step is the round, of which nothing after its events counts as seen."""

    @property
    def step(self) -> GymStep:
        """The round."""
        return self.episode.steps[-1]

    @property
    def moment(self) -> Moment:
        """What an assistant sees here, before it says anything."""
        before = self.episode.steps[:-1]
        events = tuple(event for step in before for event in step.seen)
        return Moment(
            id=self.id,
            session=self.episode.group,
            user=self.episode.id,
            events=(*events, *self.step.events),
            proposal=None,
            history=self.step.history,
        )

    @property
    def operations(self) -> tuple[str, ...]:
        """What the assistant can do; nothing where the episode does not say."""
        return () if self.episode.scene is None else self.episode.scene.operations

    @property
    def seen(self) -> Seen:
        """What an assistant is shown here."""
        return seen_at(self.moment, self.operations, self.episode.setting, self.episode.lang)


class Verdict(Record):
    """What a judge says of one candidate."""

    accepted: bool | None
    """None: unscored, as where its reply was unreadable."""
    p_accept: float | None = Field(default=None, ge=0, le=1)
    """Probability of acceptance, where the judge gives one."""
    reason: str = ""
    source: Source = "judged"
    """`recorded`: the very same offer was made in the episode, and this is what the user did."""


class Try(Verdict):
    """A candidate and what the judge says of it."""

    thought: str = ""
    proposal: str | None
    """None: silence."""


class JudgedPoint(Written):
    """A point with all that was tried there, in order; the last one is accepted, or none is."""

    row_kind = "judged-points"

    id: str
    episode: str
    scene_id: str
    group: str
    """What splits go by: the scene's."""
    setting: Setting
    lang: str = "en"
    timing: Timing | None = None
    """Where the work stood; for `trainset.json` and its table, never for a prompt."""
    help_wanted: bool | None = None
    """As the simulation knows it; None where nobody can say."""
    operations: tuple[str, ...] = ()
    """What the assistant can do."""
    moment: Moment
    """Before anything was said: its proposal is None."""
    tries: tuple[Try, ...] = Field(min_length=1)
    repeated: int = 0
    """Candidates that were the same as one before but for case and punctuation, and not judged again."""
    unreadable: int = 0
    """Replies of the proposer without a candidate."""
    judge: str
    """Who selected: `user`, a model's name, or `reward:` and the fingerprint of a trained one."""
    provenance: Provenance
    """Of the proposer, with the judge's prompts beside its own."""

    @property
    def accepted(self) -> Try | None:
        """The one that was accepted."""
        return self.tries[-1] if self.tries[-1].accepted else None

    @property
    def rejected(self) -> tuple[Try, ...]:
        """Those that were not; unscored ones are neither."""
        return tuple(one for one in self.tries if one.accepted is False)

    @property
    def unscored(self) -> bool:
        """No candidate could be judged. `runs retry --unscored` takes it again."""
        return all(one.accepted is None for one in self.tries)

    @property
    def seen(self) -> Seen:
        """What an assistant is shown here."""
        return seen_at(self.moment, self.operations, self.setting, self.lang)


class CandidateJudge(Protocol):
    """Says whether a candidate is right at a point; silence is a candidate like any other. Picklable."""

    @property
    def identity(self) -> str:
        """Who judges, as it stands in every row: by this, measuring with the same judge is noticed."""
        ...

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        """Used by it; empty where no model is asked."""
        ...

    async def judge(self, point: Point, proposal: str | None, context: Context) -> Verdict:
        """The verdict; unscored where the judge's reply is of no use. Raises: ProviderError, StopRun."""
        ...
