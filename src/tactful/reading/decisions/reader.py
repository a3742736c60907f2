"""A decisions endpoint reads: what it says of a text is the reading, with no draws and no words in between.

Known weakness of such endpoints: their calibration does not travel. `tactful reader calibrate` fits it to your labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from tactful.errors import UsageError
from tactful.llm import ChatModel
from tactful.llm.decisions import Ask, Said, Shown
from tactful.prompts import Prompt, load_prompt
from tactful.reading.asked import AskedReader, Unread
from tactful.reading.prompted.asking import MAX_CHARS, shown_moment
from tactful.reading.types import Exchange, Missing, Need, Request
from tactful.text.quoting.shorten import shortened
from tactful.types import Gap, Label, Message, Moment

if TYPE_CHECKING:
    from tactful.reading.fit import ReaderFit
    from tactful.reading.setup import ReaderSetup

NEED = load_prompt(__file__, "decide_need", fields=set())
GAP = load_prompt(__file__, "decide_gap", fields={"meaning"})
CRITICAL = load_prompt(__file__, "decide_critical", fields=set())
REACTION = load_prompt(__file__, "decide_reaction", fields=set())
OFFER = load_prompt(__file__, "decide_offer", fields=set())

GAP_MEANINGS: Mapping[Gap, str] = {
    "goal": "what it is for, or what result is wanted",
    "constraint": "a limit, preference, audience or format",
    "input": "the text, file, number or name that is to be worked on",
    "context": "the situation, or which of several things is meant",
}
_LABELS: Mapping[Label, str] = {
    Label.NEG_CONSTRAINT_RESTATE: "points back to a condition or wish given before that the answer did not keep",
    Label.NEG_CORRECTION: "says or shows that the answer is wrong, unwanted or beside the point, or wants it undone",
    Label.NEG_CONFUSION: "does not understand the answer, or asks to have it explained again",
    Label.POS_PRAISE: "says that the answer is good, helped or worked, and wants nothing more on the matter",
    Label.POS_PROGRESS: "takes the answer as good enough and goes on from it, or answers what the assistant asked",
    Label.NEUTRAL: "so short or unclear that it tells neither content nor discontent",
    Label.TOPIC_SHIFT: "turns to something else that neither uses the answer nor comments on it",
}
_LIKELY = 0.5


@runtime_checkable
class DecidingModel(Protocol):
    """A model at an endpoint that answers `/v1/decisions`."""

    async def decide(self, shown: Shown, questions: Sequence[Ask]) -> list[Said]:
        """One answer for each question, in order."""
        ...


class DecisionsReader(AskedReader):
    """A `Reader` played by `/v1/decisions`.

    Raises: UsageError for a model that decides nothing (the offline one).
    """

    asks_with = (NEED, GAP, CRITICAL, REACTION, OFFER)

    def __init__(self, model: ChatModel, spec: str, setup: ReaderSetup, fit: ReaderFit | None) -> None:
        super().__init__(model, spec, setup, fit)
        if not isinstance(model, DecidingModel):
            raise UsageError(
                f"reader '{spec}': {model.name} answers no /v1/decisions; name a model at an endpoint"
            )
        self._decide = model.decide

    async def need(self, request: Request) -> Need:
        """Need, each kind of gap and whether one is critical, in one call."""
        shown = [*_cut(request.context), *_cut([Message(role="user", content=request.text)])]
        asked = [
            Ask(name="need", instructions=instructions_of(NEED)),
            *(
                Ask(name=kind, instructions=instructions_of(GAP, meaning=meaning))
                for kind, meaning in GAP_MEANINGS.items()
            ),
            Ask(name="critical", instructions=instructions_of(CRITICAL)),
        ]
        need, *gaps, critical = await self._decide(shown, asked)
        p = _known(need)
        if p < _LIKELY:
            return Need(need=p)
        missing = [
            Missing(kind=kind, p=said.p)
            for kind, said in zip(GAP_MEANINGS, gaps, strict=True)
            if said.p is not None and said.p >= _LIKELY
        ]
        return Need(need=p, missing=tuple(sorted(missing, key=lambda gap: -gap.p)), critical=critical.p)

    async def reaction(self, exchange: Exchange) -> Mapping[str, float]:
        """Label → probability."""
        turns = (("user", exchange.query), ("assistant", exchange.answer), ("user", exchange.next))
        shown = _cut([Message.model_validate({"role": role, "content": text}) for role, text in turns])
        asked = Ask(
            name="reaction",
            instructions=instructions_of(REACTION),
            choices={str(label): meaning for label, meaning in _LABELS.items()},
        )
        [said] = await self._decide(shown, [asked])
        if not said.shares:
            raise Unread(said.why)
        return said.shares

    async def offer(self, moment: Moment) -> float:
        """Probability that the offer, or the silence, is welcome."""
        asked = Ask(name="welcome", instructions=instructions_of(OFFER))
        [said] = await self._decide("\n".join(shown_moment(moment).values()), [asked])
        return _known(said)


def _known(said: Said) -> float:
    if said.p is None:
        raise Unread(said.why)
    return said.p


def instructions_of(prompt: Prompt, **values: str) -> str:
    """A question's words, as they are sent."""
    return prompt.render(**values).messages[0].content


def _cut(turns: Sequence[Message]) -> list[Message]:
    return [turn.model_copy(update={"content": shortened(turn.content, MAX_CHARS)}) for turn in turns]
