"""A language model says how close predictions come to the real message; the baselines are judged just the same.

One call for each (system, item), with the prompt of synthesis' similarity stage. A reply that cannot be read is an
unscored judgement, never a low one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tactful.errors import ParseError
from tactful.llm import ModelSpec
from tactful.runs import Context, Job, RunFolder
from tactful.text.quoting.shorten import shortened
from tactful.types import Record, Written
from tactful.utterance.predict.predictor import Prediction
from tactful.utterance.stages.similarity import MAX_TEXT_CHARS, PROMPT, SimilarityReply, ask_scores
from tactful.utterance.types import Hindsight

ROLE = "judge"
SCRIPTS = "utterance"


class JudgeTask(Record):
    """The predictions of one system for one item."""

    id: str
    """`<system>:<item id>`"""
    system: str
    item_id: str
    lang: str
    answer: str
    """The assistant's last message before the target."""
    predictions: tuple[str, ...]
    hindsight: Hindsight


class JudgedTask(Written):
    """What the judge said: a similarity in [0, 1] for each prediction."""

    row_kind = "judged-predictions"

    id: str
    system: str
    item_id: str
    scores: tuple[float, ...] = ()
    """Empty when unscored."""
    unscored: bool = False
    reason: str = ""


class JudgeConfig(Record):
    """What is judged; the runner hashes the model by itself."""

    source: str
    k: int
    seed: int


def judge_tasks(
    items: Sequence[Prediction], predictions: Mapping[str, Sequence[tuple[str, ...]]]
) -> Iterator[JudgeTask]:
    """One task for every system and item that has predictions."""
    for at, item in enumerate(items):
        answers = [message.content for message in item.context if message.role == "assistant"]
        for system, said in predictions.items():
            texts = tuple(text for text in said[at] if text.strip())
            if texts:
                yield JudgeTask(
                    id=f"{system}:{item.id}",
                    system=system,
                    item_id=item.id,
                    lang=item.lang,
                    answer=answers[-1] if answers else "",
                    predictions=texts,
                    hindsight=Hindsight(message=item.hindsight.message),
                )


@dataclass(frozen=True)
class JudgeStage:
    """One task in, its judgement out; unscored when no reply can be read."""

    async def __call__(self, record: JudgeTask, context: Context) -> JudgedTask:
        """Raises: ProviderError, when the judge gives no answer; StopRun."""
        wanted = list(range(1, len(record.predictions) + 1))

        def each_once(reply: SimilarityReply) -> str:
            numbers = sorted(item.number for item in reply.scores)
            if numbers == wanted:
                return ""
            return f"there are scores for {numbers}, expected one for each of {wanted}"

        same = {"id": record.id, "system": record.system, "item_id": record.item_id}
        try:
            reply = await ask_scores(
                record.predictions,
                record.hindsight.message,
                shortened(record.answer, MAX_TEXT_CHARS),
                record.lang,
                context.models[ROLE],
                check=each_once,
            )
        except ParseError as error:
            return JudgedTask(**same, unscored=True, reason=f"unreadable: {error}")
        by_number = {item.number: item.score for item in reply.scores}
        return JudgedTask(**same, scores=tuple(by_number[number] for number in wanted))


def judge_job(config: JudgeConfig, tasks: Iterator[JudgeTask], model: ModelSpec) -> Job:
    """The run that has `tasks` judged."""
    return Job(
        noun="utterance",
        verb="evaluate",
        config=config,
        source=tasks,
        stage=JudgeStage(),
        models={ROLE: model},
        prompts=[PROMPT],
    )


def judge_scores(folder: RunFolder) -> dict[tuple[str, str], Sequence[float | None]]:
    """What a run's judge said; what is unscored or failed is not in it."""
    return {
        (record.system, record.item_id): record.scores
        for record in folder.records(JudgedTask)
        if not record.unscored
    }
