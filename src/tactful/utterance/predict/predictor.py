"""Ask any model what the user will write next: one call for each example, and every reply is read and kept.

The prompt is the one that training exports use, so a trained model meets what it was trained on. A reply without a
readable prediction is asked for again; one that still holds none is kept, and measured as help that did not come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any

from pydantic import Field

from tactful.data.formats.chats import ChatMessage
from tactful.errors import ParseError
from tactful.llm import ChatModel, ModelSpec, Rehearsal, Reply, or_afresh, within_context
from tactful.llm.spending.prices import price_of
from tactful.llm.types import spoken_by
from tactful.prompts import Rendered, load_prompt
from tactful.runs import Context, Job, OutsideHash, Skip
from tactful.text import estimate_tokens
from tactful.types import Message, Provenance, Record, Written
from tactful.utterance.dialogues import Examples, open_examples
from tactful.utterance.stages.target_text import ParsedTarget, parse_target
from tactful.utterance.transcript import MAX_CHARS, fenced, language, transcript
from tactful.utterance.types import Category, Example, Hindsight, Untargeted, ViewName

PROMPT = load_prompt(__file__, "predict", fields={"mark", "context", "language"})
AGAIN_PROMPT = load_prompt(__file__, "predict_again", fields={"problem"})
ASK_AGAIN = 2
"""How often a reply without a prediction is asked for again."""
SCRIPTS = "utterance.predict"
"""What the offline model predicts: goes into `ModelSpec.scripts`."""
ROLE = "assistant"
REPLY_TOKENS = 600
"""Assumed length of a reply, for forecasts."""


class Label(Hindsight):
    """What the user really wrote, and where it is labelled, what kind of message it is."""

    category: Category | None = None
    view: ViewName | None = None


class Prediction(Written):
    """What `tactful utterance predict` writes, one line for each example."""

    row_kind = "predictions"

    id: str
    dialogue_id: str
    turn: int
    source: str = ""
    lang: str
    context: tuple[ChatMessage, ...]
    predictions: tuple[str, ...]
    """In the order given; empty when none could be read."""
    views: tuple[ViewName, ...] = ()
    """The view of each prediction; empty when the reply does not tell."""
    category: Category | None = None
    """None: the reply names none."""
    problems: tuple[str, ...] = ()
    """What was unparsable in the reply, in words."""
    thoughts: str = ""
    reply: str
    """What the model said after its thoughts, as it said it."""
    hindsight: Label
    provenance: Provenance

    @property
    def usable(self) -> bool:
        """There is at least one prediction."""
        return bool(self.predictions)

    @property
    def unscored(self) -> bool:
        """No reply could be read: `runs retry --unscored` asks again."""
        return not self.usable


def predict_prompt(context: Sequence[ChatMessage], lang: str, *, max_chars: int = MAX_CHARS) -> Rendered:
    """The prompt as sent and as exported: equal contexts give equal prompts. Nothing of the hindsight is in it."""
    return PROMPT.render(**fenced(context=transcript(context, max_chars)), language=language(lang))


async def predict(
    example: Example, model: ChatModel, *, run_id: str = "", max_chars: int = MAX_CHARS
) -> Prediction:
    """The model's predictions for one example; none, when no reply holds any, also after asking again.

    Raises: ProviderError, when the model gives no answer; StopRun.
    """

    async def ask(max_chars: int) -> Prediction:
        nothing: list[Prediction] = []

        async def read() -> Prediction:
            found = await _asked(example, model, max_chars, run_id)
            if found.usable:
                return found
            nothing.append(found)
            raise ParseError("no reply holds a prediction", reply=found.reply)

        try:
            return await or_afresh(read)
        except ParseError:
            return nothing[-1]

    return await within_context(ask, max_chars)


async def _asked(example: Example, model: ChatModel, max_chars: int, run_id: str) -> Prediction:
    prompt = predict_prompt(example.context, example.lang, max_chars=max_chars)
    for attempt in range(ASK_AGAIN + 1):
        reply = await model.complete(prompt, sample=attempt, rehearsal=_rehearsal(example, model))
        parsed = parse_target(reply.text, reply.thoughts)
        if parsed.usable:
            break
        said = Message(role="assistant", content=reply.text or reply.thoughts)
        again = AGAIN_PROMPT.render(problem="; ".join(parsed.problems))
        prompt = prompt.followed_by([said, *again.messages])
    return _prediction(example, model, reply, parsed, run_id)


def _prediction(
    example: Example, model: ChatModel, reply: Reply, parsed: ParsedTarget, run_id: str
) -> Prediction:
    return Prediction(
        id=example.id,
        dialogue_id=example.dialogue_id,
        turn=example.turn,
        source=example.source,
        lang=example.lang,
        context=example.context,
        predictions=parsed.predictions,
        views=parsed.views,
        category=parsed.category,
        problems=parsed.problems,
        thoughts=reply.thoughts,
        reply=reply.text,
        hindsight=Label(message=example.hindsight.message),
        provenance=spoken_by(model, PROMPT, AGAIN_PROMPT, run_id=run_id),
    )


def _rehearsal(example: Example, model: ChatModel) -> Rehearsal | None:
    """For the offline model alone: what the user said so far. Of the hindsight it learns nothing."""
    if model.generator != "offline":
        return None
    said = [message.content for message in example.context if message.role == "user"]
    return Rehearsal(room="utterance", task="utterance_predict", facts={"said": said, "lang": example.lang})


# ---------------------------------------------------------------- the run


class PredictConfig(Record):
    """What `tactful utterance predict` does; `config.toml` of the run folder holds it."""

    targets: str = "sample:1"
    """Which user turns are predicted: `sample:N`, `last` or `all`."""
    seed: int = 0
    """Of the choice of targets."""
    max_chars: int = Field(default=MAX_CHARS, ge=500)
    """Longest context that is sent whole; halved by itself where the model's own is too short."""
    assistant: Annotated[ModelSpec, OutsideHash()]
    """How the model is reached. (The runner hashes the model by itself.)"""


@dataclass(frozen=True)
class PredictStage:
    """One example in, its prediction out; a dialogue without a target is skipped with the reason."""

    max_chars: int = MAX_CHARS

    async def __call__(self, record: Example | Untargeted, context: Context) -> Prediction | Skip:
        """Raises: ProviderError, when the model gives no answer; StopRun."""
        if isinstance(record, Untargeted):
            return Skip(record.reason)
        return await predict(record, context.models[ROLE], run_id=context.run_id, max_chars=self.max_chars)


def predict_job(config: PredictConfig, examples: Iterable[Example | Untargeted]) -> Job:
    """The run that predicts `examples` as `config` says; from a file, `runs retry` can make it again."""
    job = Job(
        noun="utterance",
        verb="predict",
        config=config,
        source=examples,
        stage=PredictStage(config.max_chars),
        models={ROLE: config.assistant},
        prompts=[PROMPT, AGAIN_PROMPT],
    )
    return examples.job(job) if isinstance(examples, Examples) else job


def retry_predict(
    config: Mapping[str, Any], source: str, skip_bad: bool, reading: Mapping[str, Any] | None = None
) -> Job:
    """The run of a folder once more, from its stored configuration; `tactful runs retry` calls it."""
    settings = PredictConfig.model_validate(config)
    examples = open_examples(source, settings.targets, seed=settings.seed, skip_bad=skip_bad, reading=reading)
    return predict_job(settings, examples)


class PredictForecast(Record):
    """What predicting will take; all figures are estimates."""

    examples: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    """None: the price of this model at this endpoint is not known."""

    @property
    def calls(self) -> int:
        """One for each message."""
        return self.examples


def forecast(
    examples: Iterable[Example | Untargeted], config: PredictConfig, *, limit: int | None = None
) -> PredictForecast:
    """Every prompt is made and measured; nothing is sent."""
    sent = count = 0
    for example in islice(examples, limit):
        if isinstance(example, Example):
            count += 1
            prompt = predict_prompt(example.context, example.lang, max_chars=config.max_chars)
            sent += sum(estimate_tokens(message.content) for message in prompt.messages)
    model = config.assistant
    price = price_of(model)
    received = count * REPLY_TOKENS
    return PredictForecast(
        examples=count,
        prompt_tokens=sent,
        completion_tokens=received,
        cost_usd=price.cost_usd(sent, received) if price else None,
    )
