"""A language model judges, as the user, whether what is offered at a moment is welcome; silence is judged too.

It sees the events, the proposal (null = silence) and the history of proposals, never a label, a session or an id. A model
that was trained on what `reward export` wrote is asked by the same prompt file: name it, and nothing else changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from tactful.errors import ParseError
from tactful.llm import CallCache, ChatModel, ModelSpec, open_model, within_context
from tactful.llm.judging import AskingJudge, all_of
from tactful.llm.types import rehearsal_for, spoken_by
from tactful.reward.judging.prompt import MAX_CHARS, PROMPTS, AcceptanceVerdict, Layout, judge_prompt
from tactful.reward.types import Acceptance
from tactful.types import Moment, Provenance

SCRIPTS = "reward"
"""What the offline model says in this room: goes into `ModelSpec.scripts`."""


class LMAcceptance(Acceptance):
    """An `Acceptance` as the runner stores it: it says by itself whether it is unscored. Its row is an `Acceptance`."""

    @property
    def unscored(self) -> bool:  # type: ignore[override]
        """No verdict: every vote unreadable, or a tie. `runs retry --unscored` takes it again."""
        return self.accepted is None


def vote_share(votes: Sequence[bool | None]) -> float | None:
    """(accepted + ½) / (readable + 1), in (0, 1); higher = more votes accept. None without a readable vote.

    The half vote on either side keeps a probability of 0 or 1 out: one vote gives 0.25 or 0.75, five give 0.08 to 0.92.
    It is a share of draws from one model, not a calibrated probability: calibrate it before a threshold rests on it.
    Source: mean of the Beta posterior under Jeffreys' prior.
    """
    readable = [vote for vote in votes if vote is not None]
    return (sum(readable) + 0.5) / (len(readable) + 1) if readable else None


def from_votes(
    moment: Moment,
    votes: Sequence[bool | None],
    thoughts: Sequence[str],
    provenance: Provenance | None = None,
) -> LMAcceptance:
    """The majority of the readable votes, with the first thought on its side; a tie or no readable vote is unscored.

    `thoughts` goes with `votes`, one each: of an unreadable vote, why it is. Silence also says what is needed:
    `p_need` = 1 − `p_accept`; of a proposal the votes do not tell it.
    """
    readable = [vote for vote in votes if vote is not None]
    share = vote_share(votes)
    if share is None or share == 0.5:
        why = "; ".join(dict.fromkeys(thoughts)) or "no votes"
        reason = (
            f"a tie of {len(readable)} readable votes"
            if readable
            else f"no vote of {len(votes)} is readable: {why}"
        )
        return LMAcceptance(
            moment_id=moment.id, p_accept=None, reason=reason, votes=tuple(votes), provenance=provenance
        )
    accepted = share > 0.5
    return LMAcceptance(
        moment_id=moment.id,
        p_accept=share,
        p_need=1 - share if moment.proposal is None else None,
        accepted=accepted,
        reason=thoughts[list(votes).index(accepted)],
        votes=tuple(votes),
        provenance=provenance,
    )


@dataclass(frozen=True)
class LMJudge(AskingJudge[Moment, Acceptance]):
    """A `MomentJudge` played by a chat model.

    judge = LMJudge(model, votes=3)                    # you close the model
    async with LMJudge.open(spec, votes=3) as judge:   # closed at the end of the block
        acceptance = await judge.judge(moment)
    """

    model: ChatModel
    votes: int = 1
    """Draws per moment; an odd number cannot tie while all are readable."""
    layout: Layout = "tactful"
    max_chars: int = MAX_CHARS
    concurrency: int = 32
    run_id: str = ""

    @classmethod
    def open(
        cls,
        spec: ModelSpec,
        *,
        votes: int = 1,
        layout: Layout = "tactful",
        concurrency: int = 32,
        cache: CallCache | None = None,
    ) -> Self:
        """A judge with a model of its own; close it with `aclose()` or `async with`. Raises: UserError (no key)."""
        return cls(open_model(spec, cache=cache), votes=votes, layout=layout, concurrency=concurrency)

    @property
    def name(self) -> str:
        """`m`, or `m ×3` for three votes."""
        return self.model.name + (f" ×{self.votes}" if self.votes > 1 else "")

    @property
    def provenance(self) -> Provenance:
        """Of every judgement that it makes."""
        return spoken_by(self.model, PROMPTS[self.layout], run_id=self.run_id)

    async def judge(self, moment: Moment) -> LMAcceptance:
        """The judgement of one moment by the majority of the votes; unscored on a tie or when none is readable.

        Raises: ProviderError when a vote got no answer, once the others are in; EndpointRefused and BudgetSpent.
        """
        said = await all_of(*(self._vote(moment, sample) for sample in range(self.votes)))
        return from_votes(
            moment, [vote for vote, _ in said], [thought for _, thought in said], self.provenance
        )

    def unanswered(self, moment: Moment, why: str) -> Acceptance:
        """Unscored, because of `why`."""
        return Acceptance.unscored(moment.id, reason=why)

    async def _vote(self, moment: Moment, sample: int) -> tuple[bool | None, str]:
        """(the vote, its thought); for an unreadable reply (None, why)."""
        facts = {"events": [event.text for event in moment.events], "proposal": moment.proposal}
        rehearsal = rehearsal_for(self.model, "reward", "moment_judge", facts)

        async def ask(max_chars: int) -> AcceptanceVerdict:
            prompt = judge_prompt(moment, layout=self.layout, max_chars=max_chars)
            return await self.model.structured(prompt, AcceptanceVerdict, sample=sample, rehearsal=rehearsal)

        try:
            said = await within_context(ask, self.max_chars)
        except ParseError as error:
            return None, f"unreadable: {error}"
        return said.judgement == "accepted", said.thought
