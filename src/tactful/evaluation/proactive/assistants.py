"""Assistants along traces: the baselines of every table, our gate, and any chat model as a resumable run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from pydantic import Field

from tactful.data.formats.moments import plain_proposal
from tactful.data.formats.traces import Answer, Answers, Trace
from tactful.data.io import write_file
from tactful.evaluation.proactive.matching import FileMatch
from tactful.evaluation.proactive.points import Scene
from tactful.llm import ModelSpec, Rehearsal
from tactful.llm.prices import price_table
from tactful.prompts import Rendered, load_prompt
from tactful.reward.judging.prompt import MAX_CHARS, as_json, shown_events
from tactful.reward.types import MomentJudge
from tactful.runs import Context, Job, RunFolder
from tactful.text import estimate_tokens
from tactful.types import Event, Provenance, Record, seeded

PROMPT = load_prompt(__file__, "proactive_assistant", fields={"omitted", "events"})
SCRIPTS = "evaluation.proactive"
ROLE = "assistant"
REPLY_TOKENS = 80
"""Assumed length of a reply; a reasoning model's thoughts come on top."""
DEFAULT_URL = "https://api.openai.com/v1"
BASELINES = ("always-propose", "never-propose", "random", "look-up")
"""Rows of every table of assistants, in this order."""


@dataclass(frozen=True)
class Assistant:
    """A name, and what it said: trace → event → answer. Where it has no answer, there was no response."""

    name: str
    answers: Mapping[str, Mapping[int, Answer]] = field(default_factory=dict)


def silent(event: Event) -> Answer:
    """Silence, on purpose."""
    return Answer(event=event, state="answered", said=(None,))


def saying(event: Event, proposal: str | None) -> Answer:
    """A proposal, or silence for None."""
    return Answer(event=event, state="answered", said=(proposal,))


def _along(name: str, scenes: Sequence[Scene], texts: Mapping[str, Sequence[str | None]]) -> Assistant:
    return Assistant(
        name,
        {
            scene.trace.id: {
                at: saying(point.event, texts[scene.trace.id][at])
                for at, point in enumerate(scene.trace.points)
            }
            for scene in scenes
        },
    )


def always(scenes: Sequence[Scene], name: str = BASELINES[0]) -> Assistant:
    """Proposes at every event; what, `Scene.generic_proposal` says."""
    return _along(
        name,
        scenes,
        {s.trace.id: [s.generic_proposal(at) for at in range(len(s.trace.points))] for s in scenes},
    )


def never(scenes: Sequence[Scene], name: str = BASELINES[1]) -> Assistant:
    """Stays silent at every event."""
    return _along(name, scenes, {scene.trace.id: [None] * len(scene.trace.points) for scene in scenes})


def look_up(scenes: Sequence[Scene], name: str = BASELINES[3]) -> Assistant:
    """Says what people accepted at this very point, where they wanted help; silent elsewhere.

    It has read the labels of the traces that it is scored on: what a table gains from a leak. Without labels it knows
    nothing and stays silent.
    """
    return _along(
        name,
        scenes,
        {
            s.trace.id: [s.welcome_proposal(at) if s.need(at) else None for at in range(len(s.trace.points))]
            for s in scenes
        },
    )


def thrown(scenes: Sequence[Scene], seed: int, name: str = "policy random") -> Assistant:
    """Throws a coin at every event: the proposal of `always`, or silence. Equal seeds throw alike."""

    def text(scene: Scene, at: int) -> str | None:
        heads = seeded("proactive coin", seed, scene.trace.id, at).random() < 0.5
        return scene.generic_proposal(at) if heads else None

    return _along(
        name, scenes, {s.trace.id: [text(s, at) for at in range(len(s.trace.points))] for s in scenes}
    )


async def gated(
    scenes: Sequence[Scene], judge: MomentJudge, threshold: float, name: str = "policy gate"
) -> Assistant:
    """Of the trace's own suggestions at an event the one that `judge` thinks most welcome, from `threshold` on.

    Silent where the trace suggests nothing or the best one stays below. Candidates that are unscored do not count.
    """
    texts: dict[str, list[str | None]] = {}
    for scene in scenes:
        offered = [(at, text) for at, point in enumerate(scene.trace.points) for text in point.candidates]
        said = await judge.judge_batch([scene.moment(at, text) for at, text in offered])
        best: list[tuple[float, str | None]] = [(threshold, None)] * len(scene.trace.points)
        for (at, text), one in zip(offered, said, strict=True):
            p, chosen = best[at]
            if one.p_accept is not None and (one.p_accept > p or (chosen is None and one.p_accept == p)):
                best[at] = (one.p_accept, text)
        texts[scene.trace.id] = [text for _, text in best]
    return _along(name, scenes, texts)


def from_files(name: str, files: Sequence[Answers], matches: Sequence[FileMatch]) -> Assistant:
    """What the files say, at the events that they were matched to."""
    return Assistant(
        name,
        {
            match.trace: {ours: file.answers[theirs] for theirs, ours in match.pairs}
            for file, match in zip(files, matches, strict=True)
        },
    )


# ---------------------------------------------------------------- a chat model


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
            provenance=Provenance(
                model=model.name,
                generator=model.generator,
                prompt_hashes={PROMPT.prompt_id: PROMPT.hash},
                run_id=context.run_id,
                seed=context.seed,
            ),
        )


def assistant_tasks(traces: Sequence[Trace]) -> Iterator[AssistantTask]:
    """One task per event. What the traces suggest and what people labelled is not part of it."""
    for trace in traces:
        for at in range(len(trace.points)):
            yield AssistantTask(id=f"{trace.id}:{at:04d}", trace=trace.id, at=at, events=trace.seen(at))


def assistant_job(config: AssistantConfig, traces: Sequence[Trace], model: ModelSpec) -> Job:
    """The run of a chat model over traces; its calls are independent of each other."""
    return Job(
        noun="bench",
        verb="proactive",
        config=config,
        source=assistant_tasks(traces),
        stage=AssistantStage(config),
        models={ROLE: model},
        prompts=[PROMPT],
        total=sum(len(trace.points) for trace in traces),
    )


class AssistantForecast(Record):
    """What running an assistant will ask of its model; all figures are estimates."""

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
        return AssistantForecast(events=events, calls=0, prompt_tokens=0, completion_tokens=0, cost_usd=0.0)
    sent = sum(
        estimate_tokens(message.content)
        for task in assistant_tasks(traces)
        for message in assistant_prompt(task, config.max_chars).messages
    )
    received = events * REPLY_TOKENS
    price = price_table().lookup(model.name, model.base_url or DEFAULT_URL)
    return AssistantForecast(
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


def write_answers(assistant: Assistant, folder: Path) -> None:
    """Write the answers as ProactiveBench's files have them, one per trace; a failed call is marked `"failed": true`."""
    for trace, answers in assistant.answers.items():
        rows = []
        for _, one in sorted(answers.items()):
            row: dict[str, object] = {"observation": {"time": one.event.time, "event": one.event.text}}
            row |= {"failed": True} if one.state == "failed" else {"agent_response": list(one.said)}
            rows.append(row)
        write_file(folder / f"{trace}.json", [orjson.dumps(rows, option=orjson.OPT_INDENT_2), b"\n"])
