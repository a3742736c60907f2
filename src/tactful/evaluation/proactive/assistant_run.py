"""Any chat model as an assistant along traces, as a resumable run: one event in, a proposal or silence out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field

from tactful.data.formats.moments import plain_proposal
from tactful.data.formats.traces import Answer, Trace, read_traces
from tactful.evaluation.proactive.assistants import Assistant, saying
from tactful.llm import ModelSpec, Rehearsal
from tactful.llm.spending.prices import price_of
from tactful.llm.types import spoken_by
from tactful.prompts import Rendered, load_prompt
from tactful.reward.judging.prompt import MAX_CHARS
from tactful.runs import Context, Job, RunFolder
from tactful.text import estimate_tokens
from tactful.text.quoting.lines import as_json, shown_events
from tactful.types import Event, Provenance, Record

PROMPT = load_prompt(__file__, "proactive_assistant", fields={"omitted", "events"})
SCRIPTS = "evaluation.proactive"
ROLE = "assistant"
REPLY_TOKENS = 80
"""Assumed length of a reply; a reasoning model's thoughts come on top."""


class AssistantConfig(Record):
    """What a run of an assistant over traces depends on, beside the model."""

    max_chars: int = Field(default=MAX_CHARS, ge=200)
    """Most characters of events in a prompt; of longer recordings the latest events are sent."""


class AssistantTask(Record):
    """One event of a trace, with all that was seen until then."""

    id: str
    """`<trace>:<event>`"""
    trace: str
    at: int
    events: tuple[Event, ...]


class AssistantReply(Record):
    """What the model is asked for."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    thought: str
    """What the person is doing, and whether help is wanted now."""
    proposal: str | None
    """The help, in one sentence addressed to the person; null for silence."""


class AssistantOutput(Record):
    """What the model said at one event."""

    id: str
    trace: str
    at: int
    proposal: str | None
    thought: str
    provenance: Provenance


def assistant_prompt(task: AssistantTask, max_chars: int) -> Rendered:
    """What the model reads: the events as JSON lines, so that no text in them can pose as another event."""
    rows, omitted = shown_events(task.events, max_chars)
    left_out = f"({omitted} earlier events are left out.)\n\n" if omitted else ""
    return PROMPT.render(omitted=left_out, events="\n".join(map(as_json, rows)))


@dataclass(frozen=True)
class AssistantStage:
    """One event in, a proposal or silence out."""

    config: AssistantConfig

    async def __call__(self, record: AssistantTask, context: Context) -> AssistantOutput:
        """Raises: ProviderError or ParseError (the event counts as a failed call); StopRun."""
        model = context.models[ROLE]
        reply = await model.structured(
            assistant_prompt(record, self.config.max_chars),
            AssistantReply,
            rehearsal=Rehearsal(
                room="evaluation",
                task="proactive_assistant",
                facts={"last_event": record.events[-1].text},
            ),
        )
        return AssistantOutput(
            id=record.id,
            trace=record.trace,
            at=record.at,
            proposal=plain_proposal(reply.proposal),
            thought=reply.thought,
            provenance=spoken_by(model, PROMPT, run_id=context.run_id, seed=context.seed),
        )


def assistant_tasks(traces: Sequence[Trace]) -> Iterator[AssistantTask]:
    """One task per event. What the traces suggest and what people labelled is not part of it."""
    for trace in traces:
        for at in range(len(trace.points)):
            yield AssistantTask(id=f"{trace.id}:{at:04d}", trace=trace.id, at=at, events=trace.seen(at))


def assistant_file(config: AssistantConfig, source: Path, model: ModelSpec) -> Job:
    """The run of a chat model over a folder of traces, which `runs retry` can make again. Raises: DataError."""
    traces = read_traces(source)
    return Job(
        noun="bench",
        verb="proactive",
        config=config,
        source=assistant_tasks(traces),
        stage=AssistantStage(config),
        models={ROLE: model},
        prompts=[PROMPT],
        total=sum(len(trace.points) for trace in traces),
        resume_args={"traces": str(source.resolve()), "spec": model.model_dump(mode="json")},
    )


def retry_assistant(config: dict[str, Any], traces: str, spec: dict[str, Any]) -> Job:
    """The run of a folder once more, from its stored configuration; `tactful runs retry` calls it."""
    return assistant_file(
        AssistantConfig.model_validate(config), Path(traces), ModelSpec.model_validate(spec)
    )


class AssistantForecast(Record):
    """What running an assistant will ask of its model; all figures are estimates."""

    traces: int
    events: int
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    """None: the price of this model at this endpoint is not known."""


def forecast(traces: Sequence[Trace], config: AssistantConfig, model: ModelSpec | None) -> AssistantForecast:
    """Every prompt is made and measured; nothing is sent. Without a model there is nothing to send."""
    events = sum(len(trace.points) for trace in traces)
    if model is None:
        return AssistantForecast(
            traces=len(traces), events=events, calls=0, prompt_tokens=0, completion_tokens=0, cost_usd=0.0
        )
    sent = sum(
        estimate_tokens(message.content)
        for task in assistant_tasks(traces)
        for message in assistant_prompt(task, config.max_chars).messages
    )
    received = events * REPLY_TOKENS
    price = price_of(model)
    return AssistantForecast(
        traces=len(traces),
        events=events,
        calls=events,
        prompt_tokens=sent,
        completion_tokens=received,
        cost_usd=price.cost_usd(sent, received) if price else None,
    )


def from_run(name: str, folder: RunFolder, traces: Sequence[Trace]) -> Assistant:
    """What a run said; events that it has no output for are failed calls."""
    said = {(one.trace, one.at): one.proposal for one in folder.records(AssistantOutput)}

    def answer(trace: Trace, at: int, event: Event) -> Answer:
        if (trace.id, at) not in said:
            return Answer(event=event, state="failed")
        return saying(event, said[trace.id, at])

    return Assistant(
        name,
        {
            trace.id: {at: answer(trace, at, point.event) for at, point in enumerate(trace.points)}
            for trace in traces
        },
    )
