"""Four ways to predict the next message without a model; each gives k predictions, and a model has to beat them.

- `repeat`: the user's own last messages, the latest first
- `nearest`: what users wrote next in the most similar contexts of a training file
- `common`: the most common next messages of the training file, in the same language
- `random`: next messages of the training file in the same language, drawn by lot

Without a training file the evaluated dialogues serve, by cross-fitting: what a dialogue is compared with comes from
the dialogues of the other folds alone.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from tactful.data.formats.chats import ChatMessage
from tactful.errors import UsageError
from tactful.stats import group_folds
from tactful.types import seeded
from tactful.utterance.dialogues import Examples, TargetRule, plain, user_turns
from tactful.utterance.predict.predictor import Prediction
from tactful.utterance.types import Example

BASELINES: dict[str, str] = {
    "repeat": "the user's last messages once more",
    "nearest": "next messages of the most similar contexts in the training dialogues",
    "common": "the most common next messages in the training dialogues",
    "random": "next messages of the training dialogues, drawn by lot",
}
FOLDS = 5
NOTHING = ""
"""What is predicted where a pool has no message at all: it scores 0."""
_TOKEN = re.compile(r"[㐀-䶿一-鿿぀-ヿ가-힯]|\w+")
_CHUNK = 256


@dataclass(frozen=True)
class Known:
    """One place in a training dialogue: what stood before, and what the user wrote."""

    dialogue_id: str
    lang: str
    context: str
    message: str


@dataclass(frozen=True)
class Pool:
    """Next messages of training dialogues."""

    known: tuple[Known, ...]
    folds: Mapping[str, int] = field(default_factory=dict)
    """Dialogue → fold, where the evaluated dialogues themselves serve; empty with a training file."""
    left_out: int = 0
    """Dialogues of the training file that are among the evaluated ones and were left out."""

    @cached_property
    def _by_fold(self) -> dict[int | None, list[int]]:
        """Fold of the evaluated dialogue → positions that may be used."""
        if not self.folds:
            return {None: list(range(len(self.known)))}
        return {
            fold: [at for at, entry in enumerate(self.known) if self.folds[entry.dialogue_id] != fold]
            for fold in set(self.folds.values())
        }

    @cached_property
    def _by_language(self) -> dict[tuple[int | None, str], list[int]]:
        """(fold, language) → positions that may be used."""
        found: dict[tuple[int | None, str], list[int]] = defaultdict(list)
        for fold, places in self._by_fold.items():
            for at in places:
                found[fold, self.known[at].lang].append(at)
        return found

    def usable(self, dialogue_id: str) -> list[int]:
        """Positions that may be used for this dialogue: none of its fold, so none of it."""
        return self._by_fold[self.folds.get(dialogue_id)]

    def same_language(self, dialogue_id: str, lang: str) -> list[int]:
        """Those in this language; all where there are none."""
        return self._by_language.get((self.folds.get(dialogue_id), lang)) or self.usable(dialogue_id)


def pool_from_items(items: Sequence[Prediction], seed: int = 0) -> Pool:
    """The evaluated dialogues as their own training file, in folds by dialogue.

    Every user turn of a context that follows an exchange counts, and the message that came next.
    Fewer dialogues than folds: as many folds as dialogues; with one dialogue there is nothing to learn from.
    """
    dialogues = {item.dialogue_id for item in items}
    known = {(item.dialogue_id, number): entry for item in items for number, entry in _within(item)}
    folds = (
        group_folds(dialogues, min(FOLDS, len(dialogues)), seed)
        if len(dialogues) > 1
        else dict.fromkeys(dialogues, 0)
    )
    return Pool(tuple(known.values()), folds)


def _within(item: Prediction) -> Iterator[tuple[int, Known]]:
    for turn in user_turns(item.context):
        before = item.context[: turn.start]
        if any(message.role == "assistant" for message in before):
            yield turn.number, Known(item.dialogue_id, item.lang, context_text(before), turn.text)
    yield (
        item.turn,
        Known(item.dialogue_id, item.lang, context_text(item.context), item.hindsight.message),
    )


def pool_from_file(path: Path | str, items: Sequence[Prediction], *, skip_bad: bool = False) -> Pool:
    """All next messages of a file of dialogues; dialogues that are among the evaluated ones are left out and counted.

    The same dialogue is one with the same id or the same beginning (its first exchange, as `plain` compares texts).

    Raises: UsageError when nothing is left; DataError for a bad line (unless `skip_bad`).
    """
    ids = {item.dialogue_id for item in items}
    openings = {_opening(item.context) for item in items}
    known: list[Known] = []
    left_out: set[str] = set()
    seen = 0
    for example in Examples(path, TargetRule("all"), skip_bad=skip_bad):
        if not isinstance(example, Example):
            continue
        seen += 1
        if example.dialogue_id in ids or _opening(example.context) in openings:
            left_out.add(example.dialogue_id)
            continue
        known.append(
            Known(example.dialogue_id, example.lang, context_text(example.context), example.hindsight.message)
        )
    if not known:
        why = (
            f"all {len(left_out)} of its dialogues are among the evaluated ones" if seen else "it holds none"
        )
        raise UsageError(
            f"{path}: no training dialogue is left ({why}); give --train a file of other dialogues"
        )
    return Pool(tuple(known), left_out=len(left_out))


def _opening(messages: Sequence[ChatMessage]) -> tuple[str, ...]:
    spoken = [message for message in messages if message.role in ("user", "assistant")]
    return tuple(plain(message.content) for message in spoken[:2])


def context_text(messages: Sequence[ChatMessage]) -> str:
    """What contexts are compared by: the last two messages that somebody spoke."""
    spoken = [message.content for message in messages if message.role in ("user", "assistant")]
    return "\n".join(spoken[-2:])


# ---------------------------------------------------------------- predicting


def baseline_predictions(
    items: Sequence[Prediction], pool: Pool, k: int, *, seed: int = 0
) -> dict[str, list[tuple[str, ...]]]:
    """Baseline → k predictions for each item, in order. Where it knows fewer than k different ones, they come again."""
    common = _Common(pool)
    return {
        "repeat": [_filled((turn.text for turn in reversed(user_turns(item.context))), k) for item in items],
        "nearest": [_filled(found, k) for found in _nearest(items, pool, k)],
        "common": [_filled(common.messages(item, k), k) for item in items],
        "random": [_filled(_drawn(item, pool, k, seed), k) for item in items],
    }


def _filled(messages: Iterable[str], k: int) -> tuple[str, ...]:
    distinct = list({plain(message): message for message in messages}.values())[:k]
    return tuple(islice(cycle(distinct or [NOTHING]), k))


def _drawn(item: Prediction, pool: Pool, k: int, seed: int) -> list[str]:
    places = pool.same_language(item.dialogue_id, item.lang)
    rng = seeded("random baseline", seed, item.id)
    drawn = rng.sample(places, min(len(places), 4 * k))  # some are equal to others
    return [pool.known[at].message for at in drawn]


class _Common:
    """The most common messages by language, counted once for each fold."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._found: dict[tuple[int | None, str], list[str]] = {}

    def messages(self, item: Prediction, k: int) -> list[str]:
        key = (self._pool.folds.get(item.dialogue_id), item.lang)
        if key not in self._found:
            places = self._pool.same_language(item.dialogue_id, item.lang)
            said = [self._pool.known[at].message for at in places]
            counts = Counter(map(plain, said))
            as_written: dict[str, str] = {}
            for message in said:
                as_written.setdefault(plain(message), message)
            self._found[key] = [as_written[name] for name, _ in counts.most_common(k)]
        return self._found[key]


def _nearest(items: Sequence[Prediction], pool: Pool, k: int) -> Iterator[list[str]]:
    """For each item, messages after the contexts that share most rare words and word pairs with its own."""
    import numpy as np

    if not pool.known:
        yield from ([] for _ in items)
        return
    vectors, ask = _vectorised(pool, items)
    usable: dict[int | None, Any] = {}
    for start in range(0, len(items), _CHUNK):
        scores: Any = (ask[start : start + _CHUNK] @ vectors.T).toarray()
        for row, item in zip(scores, items[start : start + _CHUNK], strict=True):
            fold = pool.folds.get(item.dialogue_id)
            if fold not in usable:
                usable[fold] = np.array(pool.usable(item.dialogue_id), dtype=int)
            places = usable[fold]
            order = places[np.argsort(-row[places], kind="stable")[: 8 * k]]
            yield [pool.known[at].message for at in order]


def _vectorised(pool: Pool, items: Sequence[Prediction]) -> tuple[Any, Any]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(
        tokenizer=_TOKEN.findall, token_pattern=None, ngram_range=(1, 2), sublinear_tf=True
    )
    texts = [entry.context for entry in pool.known]
    try:
        vectors = vectorizer.fit_transform(texts)
    except ValueError:  # not a single word in any context
        vectors = vectorizer.fit_transform([f"{text} empty" for text in texts])
    return vectors, vectorizer.transform([context_text(item.context) for item in items])
