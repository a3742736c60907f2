"""ProUtt's published files, and rows like them, as predictions that can be evaluated.

| file | rows | what is read |
|---|---|---|
| `raw/*.jsonl` | `id`, `conversation` | dialogues as they are: give them to `synthesize` or `predict` |
| `synthesized_raw/*.jsonl` | `sample_id`, `context`, `label`, … | gold message = `label`; labels = `utterance_category_gt`, `gt_insight_path`; predictions = one `side` |
| `processed/*_pref.json`, `*_sft.json` | `conversations` or `messages`, `chosen`, `rejected` | predictions from the `<predict>` tags of one side; they hold no gold message, so it is looked up in the raw dialogues by the history in the prompt |
| any rows | `context` (or `conversation`), `gold` (or `label`), `predictions` | as they say |

Sides: `insight` (default) is what was predicted before any revision, knowing the gold message's category; `chosen` was
revised with the gold message in sight, so its figures are no measure of prediction.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import orjson

from tactful.data.formats.chats import ChatMessage, Dialogue
from tactful.data.io import cannot_read, shorten
from tactful.errors import DataError
from tactful.text import detect_lang
from tactful.types import Provenance
from tactful.utterance.dialogues import UserTurn, plain, user_turns
from tactful.utterance.predict.predictor import Label, Prediction
from tactful.utterance.stages.target_text import PER_VIEW, parse_target
from tactful.utterance.types import VIEWS, Category, ViewName

PublishedSide = Literal["insight", "chosen", "rejected"]
_Said = tuple[tuple[str, ...], tuple[ViewName, ...], Category | None, tuple[str, ...]]
"""(predictions, views, category, problems)"""
_CONTEXT_KEYS = ("context", "conversation", "messages", "history")
_GOLD_KEYS = ("gold", "label", "target", "user_next", "reference")
_TEXT_KEYS = ("output", "response", "completion", "reply", "text")
_ROUND = re.compile(r"\[Round \d+\]")
_PROSE_CATEGORY = re.compile(
    r"sentence category[^.]{0,80}\b(statement|question|instruction)\b", re.IGNORECASE
)
_IMPORTED = Provenance(model="unknown", generator="import")


def prediction_of(row: Any, *, side: PublishedSide = "insight") -> Prediction:
    """The prediction in one row that is not our own. Raises: ValueError that says what is missing."""
    if not isinstance(row, Mapping):
        raise ValueError(f"the row is {shorten(row)}, expected an object")
    context = _context(row)
    gold = gold_of(row)
    if gold is None:
        raise ValueError(
            f"the row has no gold message ({' or '.join(_GOLD_KEYS)}); "
            "processed files hold none: give the raw dialogues with --dialogues"
        )
    predictions, views, category, problems = _said(row, side)
    name = _id_of(row)
    return Prediction(
        id=name,
        dialogue_id=str(row.get("dialogue_id") or row.get("sample_id") or name.partition("#")[0]),
        turn=max(0, sum(message.role == "user" for message in context)),
        source=str(row.get("source") or ""),
        lang=str(row.get("lang") or detect_lang("\n".join((*(m.content for m in context), gold)))),
        context=context,
        predictions=predictions,
        views=views,
        category=category,
        problems=problems,
        reply="",
        hindsight=Label(message=gold, category=_gold_category(row), view=_gold_view(row)),
        provenance=_IMPORTED,
    )


def gold_of(row: Mapping[str, Any]) -> str | None:
    """The message that really came, where the row holds it."""
    gold = _first_key(row, _GOLD_KEYS)
    return gold if isinstance(gold, str) and gold.strip() else None


def _context(row: Mapping[str, Any]) -> tuple[ChatMessage, ...]:
    given = _first_key(row, _CONTEXT_KEYS)
    if not isinstance(given, list) or not given:
        raise ValueError(f"the row has no {' or '.join(_CONTEXT_KEYS)} with messages")
    messages = tuple(ChatMessage.model_validate(message) for message in given)
    return tuple(message for message in messages if not message.blank)


def _id_of(row: Mapping[str, Any]) -> str:
    if "sample_id" in row:
        return f"{row['sample_id']}#{row.get('item_id', 0)}"
    if row.get("id") is None:
        raise ValueError("the row has no 'id'")
    return str(row["id"])


def _first_key(row: Mapping[str, Any], keys: Sequence[str]) -> Any:
    return next((row[key] for key in keys if row.get(key) is not None), None)


def _said(row: Mapping[str, Any], side: PublishedSide) -> _Said:
    """Of one side, or of rows that hold predictions or a reply."""
    given = row.get("predictions")
    if isinstance(given, list):
        for at, text in enumerate(given):
            if not isinstance(text, str):
                raise ValueError(f"predictions[{at}] is {shorten(text)}, expected a text")
        said = tuple(text.strip() for text in given if text.strip())
        return said, (), _category_word(row.get("category")), () if said else ("no predictions",)
    text = _first_key(row, _TEXT_KEYS)
    if isinstance(text, str):
        return _from_text(text)
    held = row.get(side) if side != "insight" else row
    insight = held.get("insight_reason") if isinstance(held, Mapping) else None
    if not isinstance(insight, Mapping):
        raise ValueError(f"the row has neither 'predictions' nor an insight on the side '{side}'")
    by_view = [_view_predictions(insight, name) for name in ("mining", "explor")]
    said = tuple(text for texts in by_view for text in texts)
    whole = all(len(texts) == PER_VIEW for texts in by_view)
    category = held.get("utterance_category_reason") if isinstance(held, Mapping) else None
    named = category.get("category") if isinstance(category, Mapping) else None
    return (
        said,
        tuple(view for view in VIEWS for _ in range(PER_VIEW)) if whole else (),
        _category_word(named),
        () if said else ("no predictions",),
    )


def _view_predictions(insight: Mapping[str, Any], name: str) -> list[str]:
    view = next((value for key, value in insight.items() if key.lower().startswith(name)), None)
    texts = view.get("predictions") if isinstance(view, Mapping) else None
    return (
        [text for text in texts if isinstance(text, str) and text.strip()] if isinstance(texts, list) else []
    )


def _from_text(text: str) -> _Said:
    parsed = parse_target(text)
    prose = _PROSE_CATEGORY.findall(text)
    category = parsed.category or (_category_word(prose[-1]) if prose else None)
    problems = () if parsed.usable else parsed.problems  # their thoughts have another form than ours
    return parsed.predictions, parsed.views, category, problems


def _category_word(word: Any) -> Category | None:
    try:
        return Category(str(word).strip().capitalize())
    except ValueError:
        return None


def _gold_category(row: Mapping[str, Any]) -> Category | None:
    given = row.get("gold_category") or row.get("utterance_category_gt")
    if isinstance(given, Mapping):
        given = given.get("predicted_category") or given.get("category")
    return _category_word(given)


def _gold_view(row: Mapping[str, Any]) -> ViewName | None:
    given = row.get("gold_view") or row.get("gt_insight_path")
    if isinstance(given, Mapping):
        given = given.get("insight")
    word = str(given).strip().lower()
    return next((name for name in VIEWS if word.startswith(name[:6])), None)


# ---------------------------------------------------------------- processed files


def is_array(path: Path) -> bool:
    """The file is one JSON array, as ProUtt's processed files are. Raises: UserError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
    except OSError as error:
        raise cannot_read(path, error) from error


def array_rows(path: Path) -> list[Any]:
    """The rows of a JSON array. Raises: UserError, DataError."""
    try:
        data = orjson.loads(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except OSError as error:
        raise cannot_read(path, error) from error
    except orjson.JSONDecodeError as error:
        line = path.read_bytes()[: error.pos].count(b"\n") + 1
        raise DataError.at(path, line, f"not JSON ({error.msg})", fix="correct the file") from error
    assert isinstance(data, list)
    return data


class GoldByHistory:
    """What came next in raw dialogues, looked up by the history as ProUtt's prompts show it."""

    def __init__(self, dialogues: Iterable[Dialogue]) -> None:
        self._next: dict[str, list[tuple[Dialogue, int]]] = defaultdict(list)
        for dialogue in dialogues:
            for turn, key in _histories(dialogue):
                self._next[key].append((dialogue, turn))

    def row(self, row: Any, number: int, side: PublishedSide) -> dict[str, Any]:
        """A processed row as one with id, context, gold and reply. Raises: ValueError."""
        if not isinstance(row, Mapping):
            raise ValueError(f"the row is {shorten(row)}, expected an object")
        prompt, reply = _prompt_and_reply(row, side)
        start = _ROUND.search(prompt)
        if start is None:
            raise ValueError("its prompt holds no '[Round 1]'")
        dialogue, messages, turn = self._place(plain(prompt[start.start() :]))
        return {
            "id": f"{dialogue.id}#{turn.number}/{number}",
            "dialogue_id": dialogue.id,
            "source": dialogue.source,
            "lang": dialogue.lang,
            "context": [message.model_dump() for message in messages[: turn.start]],
            "gold": turn.text,
            "output": reply,
        }

    def _place(self, history: str) -> tuple[Dialogue, list[ChatMessage], UserTurn]:
        """The dialogue with this history, its messages, and the user's turn that came next. Raises: ValueError."""
        found = [(dialogue, *_turn(dialogue, at)) for dialogue, at in self._next.get(history, ())]
        if not found:
            raise ValueError(
                "none of the --dialogues has the history of its prompt followed by a user message"
            )
        if len({plain(turn.text) for _, _, turn in found}) > 1:
            raise ValueError(
                f"{len(found)} of the --dialogues have the history of its prompt, and different messages come next"
            )
        return found[0]


def _turn(dialogue: Dialogue, at: int) -> tuple[list[ChatMessage], UserTurn]:
    messages = [message for message in dialogue.conversation if not message.blank]
    return messages, user_turns(messages)[at]


def _histories(dialogue: Dialogue) -> Iterator[tuple[int, str]]:
    """(turn, history before it) for each user turn after the first."""
    messages = [message for message in dialogue.conversation if not message.blank]
    turns = user_turns(messages)
    rounds: list[str] = []
    for number, (turn, after) in enumerate(pairwise(turns), start=1):
        answers = [m.content for m in messages[turn.start : after.start] if m.role == "assistant"]
        answer = "\n".join(answers)
        rounds.append(f"[Round {number}]\nUser: {turn.text}\nAssistant: {answer}")
        yield number, plain("\n\n".join(rounds))


def _prompt_and_reply(row: Mapping[str, Any], side: PublishedSide) -> tuple[str, str]:
    """What was asked and answered, in LLaMA-Factory's form or as messages."""
    turns = row.get("conversations") or row.get("messages")
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, Mapping) for turn in turns):
        raise ValueError("the row has no conversations or messages")
    texts = [str(turn.get("value") or turn.get("content") or "") for turn in turns]
    answered = row.get("rejected" if side == "rejected" else "chosen")
    if isinstance(answered, list) and answered:
        answered = answered[-1]
    if isinstance(answered, Mapping):
        return "\n".join(texts), str(answered.get("value") or answered.get("content") or "")
    if len(texts) < 2:
        raise ValueError("the row has no reply")
    return "\n".join(texts[:-1]), texts[-1]
