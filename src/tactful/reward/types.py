"""What a judge says about a moment, and what every judge can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Annotated, Protocol, Self

from pydantic import Field

from tactful.types import Moment, Provenance, Record, Written

_BATCH = 256
Probability = Annotated[float, Field(ge=0, le=1)]


class Influence(Record):
    """One feature that moved a judgement."""

    feature: str
    """Name of the column."""
    effect: float
    """Change of the log-odds of acceptance against an average moment; positive = towards acceptance."""
    words: str
    """The same in a short clause, such as `the proposal picks up what has just happened`."""


class Acceptance(Written):
    """Whether the user would accept what is proposed at a moment; silence is judged too.

    `p_accept` None means unscored: neither accepted nor rejected. Metrics leave it out and count it.
    """

    row_kind = "acceptances"

    moment_id: str
    p_accept: Probability | None
    """Probability that the proposal, or the silence, is accepted; higher = surer of acceptance."""
    p_need: Probability | None = None
    """Probability that help is wanted at this moment, whatever is proposed; None where the judge does not say."""
    accepted: bool | None = None
    """The judge's verdict; None = unscored."""
    reason: str = ""
    """In the first person of the user, or in words about the features; for an unscored one, why."""
    influences: tuple[Influence, ...] = ()
    """The strongest first; empty for judges that do not explain themselves by features."""
    votes: tuple[bool | None, ...] = ()
    """LM judge: the single verdicts; None = unreadable."""
    provenance: Provenance | None = None
    """LM judge: model, prompt hash and run; None for judges that say it on their card."""
    judge: str = ""
    """A trained judge, as `MomentLabel.judge` names it; empty in memory, and for a prompted one, which `provenance` names."""

    @classmethod
    def unscored(cls, moment_id: str, *, reason: str) -> Self:
        """A judgement that could not be made, with why."""
        return cls(moment_id=moment_id, p_accept=None, reason=reason)


def how_welcome(moment: Moment, p_accept: float, base_rate: float) -> str:
    """The beginning of a sentence that says what was judged, and how it compares."""
    what = "A proposal" if moment.proposal is not None else "Saying nothing"
    side = "at least" if p_accept >= base_rate else "less than"
    return f"{what} here is welcome with probability {p_accept:.2f}, {side} the usual {base_rate:.2f}"


class MomentJudge(Protocol):
    """Judges moments: the embedded model, a prompted model, or a baseline."""

    @property
    def name(self) -> str:
        """As tables and reports name it."""
        ...

    async def judge(self, moment: Moment) -> Acceptance:
        """The judgement of one moment; unscored when the judge's reply is unreadable. Raises: ProviderError."""
        ...

    async def judge_batch(self, moments: Sequence[Moment]) -> list[Acceptance]:
        """The judgements in the order of `moments`."""
        ...


class TrainedJudge(MomentJudge, Protocol):
    """A trained model as a `MomentJudge` that waits for nothing, and what must be known to measure it."""

    @property
    def fingerprint(self) -> str:
        """Hash of everything that decides: a gate belongs to the model that has the same."""
        ...

    @property
    def sessions(self) -> tuple[str, ...]:
        """What it was trained on; a figure on any of these is not out of session."""
        ...

    def base_rate(self, moment: Moment) -> float:
        """The base rate that p_accept of such a moment is meant at, in [0, 1]."""
        ...

    def judge_now(self, moments: Sequence[Moment], *, explain: bool = False) -> list[Acceptance]:
        """The judgements in the order of `moments`; with `explain`, why."""
        ...

    def judge_each(
        self, moments: Iterable[Moment], *, explain: bool = False
    ) -> Iterator[tuple[Moment, Acceptance]]:
        """Each moment with its judgement, as they are asked for."""
        ...


def identity_of(model: TrainedJudge) -> str:
    """How labels name a trained judge that gave them: by what it decides with, wherever its folder lies."""
    return identified(model.fingerprint)


def identified(fingerprint: str) -> str:
    """The same, of its fingerprint."""
    return f"reward:{fingerprint}"


class JudgeAtOnce(ABC):
    """A `MomentJudge` that waits for nothing: everything it does comes from `judge_now`."""

    @abstractmethod
    def judge_now(self, moments: Sequence[Moment], *, explain: bool = False) -> list[Acceptance]:
        """The judgements in the order of `moments`; with `explain`, why."""

    def judge_each(
        self, moments: Iterable[Moment], *, explain: bool = False
    ) -> Iterator[tuple[Moment, Acceptance]]:
        """Each moment with its judgement, as they are asked for: memory does not grow with their number."""
        left, fingerprint = iter(moments), getattr(self, "fingerprint", "")
        signed = {"judge": identified(fingerprint)} if fingerprint else {}
        while batch := list(islice(left, _BATCH)):
            for moment, said in zip(batch, self.judge_now(batch, explain=explain), strict=True):
                yield moment, said.model_copy(update=signed)

    async def judge(self, moment: Moment) -> Acceptance:
        """The judgement of one moment, explained."""
        return self.judge_now([moment], explain=True)[0]

    async def judge_batch(self, moments: Sequence[Moment]) -> list[Acceptance]:
        """The judgements in the order of `moments`."""
        return self.judge_now(moments)
