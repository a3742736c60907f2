"""The template sentences of a session said again by a language model, some twenty at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, create_model

from tactful.data.activity.types import WorkSession
from tactful.data.io import read_jsonl
from tactful.llm import ChatModel, ModelSpec, Rehearsal
from tactful.llm.spending.prices import price_of
from tactful.llm.types import spoken_by
from tactful.prompts import Rendered, load_prompt
from tactful.runs import Context, Job, OutsideHash
from tactful.sources import whole
from tactful.text import estimate_tokens
from tactful.text.quoting.fence import mark_for
from tactful.text.redaction import Redaction
from tactful.types import Event, Record

PROMPT = load_prompt(__file__, "tell", fields={"mark", "lines", "count", "language"})
SCRIPTS = "data.activity.telling"
"""What the offline model says here: goes into `ModelSpec.scripts`."""
ROLE = "assistant"
LINES = 20
"""Sentences in a call."""
_LONGEST = 400
_REPLY_TOKENS = 30
_LANGUAGES = {"en": "English", "zh": "Chinese"}


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    if not line:
        raise ValueError("is blank")
    if len(line) > _LONGEST:
        raise ValueError(f"has {len(line)} characters, expected at most {_LONGEST}")
    return line


Sentence = Annotated[str, AfterValidator(_one_line)]


@lru_cache(maxsize=64)
def reply_type(count: int) -> type[Record]:
    """A reply with so many sentences."""
    return create_model(
        "Told", __base__=Record, sentences=(list[Sentence], Field(min_length=count, max_length=count))
    )


class TellConfig(Record):
    """What telling depends on, beside the sessions."""

    seed: int = 0
    reading: str = ""
    """Hash of how the log was read: what is denied now must not go out of sentences that were written before."""
    assistant: Annotated[ModelSpec, OutsideHash()]
    """How the model is reached. (The runner hashes the model by itself.)"""


@dataclass(frozen=True)
class TellStage:
    """From a session told by templates to the same session told by a model."""

    async def __call__(self, record: WorkSession, context: Context) -> WorkSession:
        """Raises: ProviderError, ParseError, StopRun."""
        model = context.models[ROLE]
        told: list[Event] = []
        for part in _parts(record.events):
            sentences = await _told(part, record.lang, model)
            told += [
                event.model_copy(update={"text": text}) for event, text in zip(part, sentences, strict=True)
            ]
        provenance = spoken_by(model, PROMPT, run_id=context.run_id, seed=context.seed)
        return record.model_copy(update={"events": tuple(told), "provenance": provenance})


async def _told(events: Sequence[Event], lang: str, model: ChatModel) -> list[str]:
    reply: Any = await model.structured(
        tell_prompt(events, lang),
        reply_type(len(events)),
        rehearsal=Rehearsal(
            room="data", task="activity_tell", facts={"sentences": [event.text for event in events]}
        ),
    )
    return [Redaction().text(sentence) for sentence in reply.sentences]


def tell_prompt(events: Sequence[Event], lang: str) -> Rendered:
    """The lines of one call, fenced by a mark that none of them holds."""
    lines = [
        f"{number}. {event.at:%H:%M:%S} {event.text}" if event.at else f"{number}. {event.text}"
        for number, event in enumerate(events, start=1)
    ]
    return PROMPT.render(
        mark=mark_for(lines),
        lines="\n".join(lines),
        count=len(lines),
        language=_LANGUAGES.get(lang, "English"),
    )


def _parts(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    for start in range(0, len(events), LINES):
        yield events[start : start + LINES]


def tell_job(config: TellConfig, sessions: Path) -> Job:
    """The run over a file of sessions told by templates; `runs retry` can make it again."""
    return Job(
        noun="data",
        verb="activity",
        config=config,
        source=read_jsonl(sessions, WorkSession),
        stage=TellStage(),
        models={ROLE: config.assistant},
        prompts=[PROMPT],
        resume_args={"sessions": whole(sessions)},
    )


def retry_tell(config: dict[str, Any], sessions: str) -> Job:
    """The run of a folder once more, from its stored configuration; `tactful runs retry` calls it."""
    return tell_job(TellConfig.model_validate(config), Path(sessions))


class TellForecast(Record):
    """What telling will ask of its model; all figures are estimates."""

    sessions: int
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    """None: the price of this model at this endpoint is not known."""


def forecast(sessions: Sequence[WorkSession], model: ModelSpec, *, limit: int | None = None) -> TellForecast:
    """Every prompt is made and measured; nothing is sent."""
    asked = list(islice(sessions, limit))
    prompts = [tell_prompt(part, session.lang) for session in asked for part in _parts(session.events)]
    sent = sum(estimate_tokens(message.content) for prompt in prompts for message in prompt.messages)
    received = _REPLY_TOKENS * sum(len(session.events) for session in asked)
    price = price_of(model)
    return TellForecast(
        sessions=len(asked),
        calls=len(prompts),
        prompt_tokens=sent,
        completion_tokens=received,
        cost_usd=price.cost_usd(sent, received) if price else None,
    )
