"""Which function reads which kind of record: by the word in the row, else by the keys that it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tactful.types import TAG
from tactful.viewer.strips import chats, dialogues, moments
from tactful.viewer.strips.plain import Row, as_they_are
from tactful.viewer.types import Strip

_BY_KIND: Mapping[str, Callable[[Row], Iterator[Strip]]] = {
    "trajectories": dialogues.trajectory_strips,
    "trees": dialogues.tree_strips,
    "pairs": dialogues.pair_strips,
    "episodes": moments.episode_strips,
    "judged-points": moments.point_strips,
    "acceptances": moments.acceptance_strips,
    "decisions": moments.decision_strips,
    "proposals": moments.decision_strips,
    "labelled-moments": moments.judged_row_strips,
    "moments": moments.moment_strips,
    "reasoned-moments": moments.moment_strips,
    "judged-turns": chats.judged_turn_strips,
    "findings": chats.finding_strips,
    "replayed": chats.replayed_strips,
    "talks": chats.talk_strips,
    "predictions": chats.prediction_strips,
    "utterance": chats.utterance_strips,
}
_BY_KEYS: tuple[tuple[str, frozenset[str]], ...] = (
    ("talks", frozenset({"user", "messages", "turns", "left_out"})),
    ("decisions", frozenset({"trace", "at", "proposal", "outcome"})),
    ("moments", frozenset({"moment", "label"})),
    ("moments", frozenset({"session", "events", "proposal"})),
    ("rewarded", frozenset({"trajectory", "counts", "reward"})),
    ("trajectories", frozenset({"state_id", "steps", "action_space"})),
    ("pairs", frozenset({"prompt", "chosen", "rejected"})),
    ("proposals", frozenset({"trace", "at", "proposal", "thought"})),
    ("labelled-moments", frozenset({"obs", "pred_task"})),
    ("acceptances", frozenset({"acceptance"})),
    ("states", frozenset({"query", "query_clarity", "dialogue_turn", "history"})),
)
"""Rows without the word: records of one room alone, and files of before."""


def kind_of(row: Row) -> str:
    """The kind of a row, by the names of `tactful data check`; empty: none that we know."""
    if isinstance(named := row.get(TAG), str):
        return named
    return next((kind for kind, keys in _BY_KEYS if keys <= row.keys()), "")


def strips_of(rows: Sequence[Any], config: Mapping[str, Any] | None = None) -> tuple[Strip, ...]:
    """The turns of a record's outputs, in order; `config` is that of the run, where it is known.

    A row of which we know nothing has one strip, with its plain values as facts; what is no object has none.
    """
    found: list[Strip] = []
    for line, row in enumerate(rows):
        if not isinstance(row, Mapping):
            continue
        found += (strip.model_copy(update={"line": line}) for strip in _strips(row, config))
    return tuple(found)


def _strips(row: Row, config: Mapping[str, Any] | None) -> Iterator[Strip]:
    kind = kind_of(row)
    if kind == "rewarded":
        return dialogues.rewarded_strips(row, config)
    return _BY_KIND.get(kind, as_they_are)(row)
