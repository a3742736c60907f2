"""Would this programmer accept the suggestion that is about to be shown? Features and a model of the reward room's class.

The features come from `ShownSuggestion` alone, which holds what is known at that moment and nothing later. Each value is
bounded, so that no broken clock and no giant document carries a judgement by itself. A programmer whom the model has
not met is judged like the others until verdicts of the own history come in: that is how the split by user measures it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tactful.data.formats.suggestions import DecidedSuggestion, ShownSuggestion, own_labels
from tactful.reward.features.table import FeatureTable, table_of

_LONGEST_S = 600.0  # a pause longer than this is a pause
_LONGEST_TEXT = 500.0  # tokens
_LONGEST_DOCUMENT = 100_000.0  # characters
_PRIOR_SHOWN, _PRIOR_ACCEPTED = 3.0, 1.0  # a programmer of whom nothing is known accepts one of three


@dataclass(frozen=True, slots=True)
class Column:
    """One feature."""

    value: Callable[[ShownSuggestion], float]
    about: str
    """What it tells of, for explanations."""


def _log(value: float | None, most: float, missing: float = 0.0) -> float:
    return missing if value is None else math.log1p(min(max(value, 0.0), most))


def _grown(value: float | None) -> float:
    """Signed logarithm of the characters gained or lost."""
    return 0.0 if value is None else math.copysign(_log(abs(value), _LONGEST_DOCUMENT), value)


def _accepted_share(item: ShownSuggestion) -> float:
    history = item.history
    return (history.accepted + _PRIOR_ACCEPTED) / (history.decided + _PRIOR_SHOWN)


_SUGGESTION: Mapping[str, Column] = {
    "confidence": Column(
        lambda item: 0.5 if item.suggestion.confidence is None else item.suggestion.confidence,
        "how sure the suggesting model is of itself",
    ),
    "confidence_unknown": Column(
        lambda item: float(item.suggestion.confidence is None), "whether a confidence was recorded"
    ),
    "log_tokens": Column(
        lambda item: _log(item.suggestion.tokens, _LONGEST_TEXT), "the length of the suggestion"
    ),
    "tiny": Column(
        lambda item: float(item.suggestion.tokens is not None and item.suggestion.tokens <= 2),
        "whether the suggestion is a token or two",
    ),
}
"""What is suggested; unknown until the suggesting model has run."""

_SCENE: Mapping[str, Column] = {
    "log_document": Column(
        lambda item: _log(item.suggestion.document_length, _LONGEST_DOCUMENT), "the length of the document"
    ),
    "typing": Column(
        lambda item: {"typing": 1.0, "paused": 0.0, "unknown": 0.5}[item.suggestion.activity],
        "whether the programmer was typing just before",
    ),
    "document_grown": Column(
        lambda item: _grown(item.history.document_grown),
        "how the document has grown since the last suggestion",
    ),
    "log_since_shown": Column(
        lambda item: _log(item.history.since_shown_s, _LONGEST_S, missing=math.log1p(_LONGEST_S)),
        "the time since the last suggestion",
    ),
    "log_since_decided": Column(
        lambda item: _log(item.history.since_decided_s, _LONGEST_S, missing=math.log1p(_LONGEST_S)),
        "the time since the last verdict",
    ),
}
"""Where it is shown; known before the suggesting model runs."""

_HISTORY: Mapping[str, Column] = {
    "accepted_so_far": Column(_accepted_share, "the share that this programmer has accepted so far"),
    "last_accepted": Column(
        lambda item: 0.5 if item.history.last_accepted is None else float(item.history.last_accepted),
        "what became of the last suggestion",
    ),
    "rejected_in_a_row": Column(
        lambda item: math.log1p(min(item.history.rejected_in_a_row, 10)), "the rejections in a row before it"
    ),
    "log_shown": Column(
        lambda item: _log(item.history.shown, 1000), "the number of suggestions shown so far"
    ),
}
"""What this programmer did with the earlier ones."""

_LEVELS = ("beginner", "intermediate", "advanced", "expert")


def _years(item: ShownSuggestion) -> float:
    """The first number in the first text that speaks of years, at most 30; 5 when none does."""
    found = [re.search(r"\d+", text) for text in item.suggestion.experience if "year" in text.lower()]
    return min(float(found[0][0]), 30.0) if found and found[0] else 5.0


def _level(item: ShownSuggestion) -> float:
    """Place of the stated skill among `_LEVELS`; 1 when none is stated."""
    said = " ".join(item.suggestion.experience).lower()
    return float(next((place for place, word in enumerate(_LEVELS) if word in said), 1))


_PERSON: Mapping[str, Column] = {
    "years": Column(_years, "the years of experience"),
    "level": Column(_level, "the stated skill"),
}
"""What the programmer had said beforehand; one value per person, so there is little to learn it from."""

COLUMNS: Mapping[str, Mapping[str, Column]] = {
    "suggestion": _SUGGESTION,
    "scene": _SCENE,
    "history": _HISTORY,
    "person": _PERSON,
}
"""Group of features → name → column."""
DEFAULT_GROUPS = ("suggestion", "scene", "history")
"""What the model sees unless told otherwise."""
BEFORE_GROUPS = ("scene", "history")
"""What is known before the suggesting model has run: the first of the two steps of arXiv:2306.04930."""


def column_names(groups: Sequence[str]) -> tuple[str, ...]:
    """The columns of these groups, in order. Raises: KeyError for another group."""
    return tuple(_columns(groups))


def in_words(feature_name: str, raises: bool) -> str:
    """What moved the judgement, and whether towards acceptance (`raises`) or away from it. Raises: KeyError."""
    about = _columns(tuple(COLUMNS))[feature_name].about
    return f"{about} {'speaks for it' if raises else 'speaks against it'}"


def suggestion_features(
    shown: Sequence[ShownSuggestion], groups: Sequence[str] = DEFAULT_GROUPS
) -> FeatureTable:
    """The features of these groups. Each row is computed from its own item alone. Raises: KeyError for another group."""
    columns = _columns(groups)
    rows = [{name: column.value(item) for name, column in columns.items()} for item in shown]
    return table_of(tuple(columns), rows)


def label_features(decisions: Sequence[DecidedSuggestion]) -> FeatureTable:
    """One column per state that programmers wrote down afterwards, for an ablation alone; see `own_labels`.

    The label that tells the verdict is in no column: its rows hold zeros like those without a label.
    """
    labels = own_labels(decisions)
    names = {f"own_label:{state}": state for state in sorted(set(labels) - {""})}
    rows = [{name: float(label == state) for name, state in names.items()} for label in labels]
    return table_of(tuple(names), rows)


def _columns(groups: Sequence[str]) -> dict[str, Column]:
    return {name: column for group in groups for name, column in COLUMNS[group].items()}
