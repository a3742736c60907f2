"""Stage 5, similarity: how close each prediction comes to what the user really wrote.

Source: ProUtt (arXiv:2601.09713), similarity in [0, 1]; prompt and anchors our own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tactful.llm.replies.percent import Percent
from tactful.llm.replies.words import Said
from tactful.llm.types import ChatModel
from tactful.prompts import load_prompt
from tactful.text.quoting.shorten import shortened
from tactful.types import Record
from tactful.utterance.asking import ask
from tactful.utterance.replies import ModelReply, Note, as_list, narrow, spelled
from tactful.utterance.transcript import MAX_CHARS, fenced, language
from tactful.utterance.types import Example, Insight, Similarity

PROMPT = load_prompt(__file__, fields={"mark", "answer", "message", "predictions", "language"})
MAX_TEXT_CHARS = 8_000
_MAX_PREDICTION_CHARS = 4_000

Scores = tuple[Similarity, Similarity, Similarity, Similarity]


class ScoreReply(Record):
    """How close one prediction comes."""

    number: int
    reason: Said
    score: Percent


class SimilarityReply(ModelReply):
    """One entry for each prediction."""

    bare = "scores"

    scores: tuple[ScoreReply, ...]

    @classmethod
    def mend(cls, data: Mapping[str, Any], note: Note) -> Mapping[str, Any]:
        """An object where the list belongs, and numbers written as text, also in full-width digits."""
        if "scores" not in data:
            return data
        scores = data["scores"]
        if (
            isinstance(scores, Mapping)
            and scores
            and all(isinstance(value, Mapping) for value in scores.values())
        ):
            scores = {key: {"number": key, **value} for key, value in scores.items()}
        scores = as_list(scores, note, "scores")
        if isinstance(scores, list):
            scores = _in_one_measure([_score(item, note) for item in scores])
        return {**data, "scores": scores}


def _score(data: Any, note: Note) -> Any:
    data = spelled(data, ScoreReply.model_fields, note)
    if not isinstance(data, Mapping):
        return data
    mended = {name: data[name] for name in ScoreReply.model_fields if name in data}
    for name, kind in (("number", int), ("score", _number)):
        value = mended.get(name)
        if isinstance(value, str):
            try:
                mended[name] = kind(narrow(value))
            except ValueError:
                continue
            note(f"{name} given as text")
        elif isinstance(value, bool):
            mended[name] = None  # true is no number; validation says so
    return mended


def _number(text: str) -> float:
    """A whole number as one: `1` is one percent, `1.0` a share."""
    try:
        return int(text)
    except ValueError:
        return float(text)


def _in_one_measure(scores: list[Any]) -> list[Any]:
    """Beside a fraction a whole 1 is a share too: no reply mixes shares and percent."""
    given = [score.get("score") for score in scores if isinstance(score, dict)]
    if not any(isinstance(score, float) and 0 < score < 1 for score in given):
        return scores
    return [
        {**score, "score": 1.0} if isinstance(score, dict) and score.get("score") == 1 else score
        for score in scores
    ]


async def score_predictions(
    example: Example, insight: Insight, model: ChatModel, *, max_chars: int = MAX_CHARS
) -> tuple[Scores, tuple[str, ...]]:
    """The score of each of the four predictions, in their order, and what was mended.

    Raises: ParseError, also when a prediction has no score or two; ProviderError, StopRun.
    """
    answers = [item.content for item in example.context if item.role == "assistant"]
    last = shortened(answers[-1], min(MAX_TEXT_CHARS, max_chars))
    message, lang = example.hindsight.message, example.lang
    reply = await ask_scores(insight.predictions, message, last, lang, model, check=_each_once)
    by_number = {item.number: Similarity(score=item.score, reason=item.reason) for item in reply.scores}
    return (by_number[1], by_number[2], by_number[3], by_number[4]), reply.repairs


async def ask_scores(
    predictions: Sequence[str],
    message: str,
    last: str,
    lang: str,
    model: ChatModel,
    *,
    check: Callable[[SimilarityReply], str],
) -> SimilarityReply:
    """What the model says of `predictions` of `message`, after `last`, the assistant's last one. Raises: as `ask`."""
    numbered = "\n\n".join(
        f"Prediction {number}\n{shortened(text, _MAX_PREDICTION_CHARS)}"
        for number, text in enumerate(predictions, start=1)
    )
    shown = fenced(answer=last, message=shortened(message, MAX_TEXT_CHARS), predictions=numbered)
    return await ask(
        model,
        PROMPT.render(**shown, language=language(lang)),
        SimilarityReply,
        task="utterance_similarity",
        facts={"gold": message, "predictions": list(predictions), "lang": lang},
        check=check,
    )


def _each_once(reply: SimilarityReply) -> str:
    numbers = sorted(item.number for item in reply.scores)
    if numbers != [1, 2, 3, 4]:
        return f"there are scores for the predictions {numbers}, expected one for each of 1, 2, 3 and 4"
    return ""
