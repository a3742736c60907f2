"""Suggestions shown in an editor and what became of them, in the columns of the CUPS study.

A row's columns fall in two. What is known when the suggestion is shown makes a `Suggestion`. What is known only
afterwards (the verdict, when it fell, how the text was edited later, the state that the programmer wrote down
while watching the recording) makes an `Outcome`, which is private by type: no feature can be made from it but
through `shown_in_order`, and that reads earlier outcomes alone.

Source of the columns: the CUPS study (arXiv:2210.14306), where `hidden_state` is told from the length of the
document at the event before, so that it is known when the suggestion is shown.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from tactful.data.formats.keys import refuse_keys, text_in
from tactful.data.io import Rows, shorten
from tactful.data.times import parse_time
from tactful.types import Private, Record

Activity = Literal["typing", "paused", "unknown"]

_ACTIVITIES: Mapping[str, Activity] = {"UserTyping": "typing", "UserPaused": "paused"}
_NEEDED = ("user", "shown_time", "decided_time", "accepted")
_KEYS = (
    *_NEEDED,
    "id",
    "confidence",
    "numTokens",
    "documentLength",
    "hidden_state",
    "task",
    "experience",
    "label_when_shown",
    "edit_pct",
)
_LEAKING_LABEL = "deferring thought"


class Suggestion(Record):
    """A suggestion at the moment when it is shown."""

    id: str = Field(min_length=1)
    user: str = Field(min_length=1)
    """Splits, calibration and intervals go by it."""
    shown_at: AwareDatetime
    confidence: float | None = None
    """The suggesting model's own, in [0, 1]; higher = surer. None = not recorded."""
    tokens: float | None = Field(default=None, ge=0)
    """Length of the suggestion; None = not recorded."""
    document_length: float | None = Field(default=None, ge=0)
    """Characters of the document in which it is shown; None = not recorded."""
    activity: Activity = "unknown"
    """What the programmer did just before it was shown."""
    task: str = ""
    experience: tuple[str, ...] = ()
    """What the programmer had said about himself or herself beforehand."""

    @model_validator(mode="after")
    def _in_range(self) -> Self:
        if self.confidence is not None and not 0 <= self.confidence <= 1:
            raise ValueError(f"confidence {self.confidence:g} is outside [0, 1]")
        return self


class Outcome(Private):
    """What became of a suggestion: unknown when it is shown."""

    accepted: bool
    decided_at: AwareDatetime
    own_label: str = ""
    """The state that the programmer wrote down for this moment afterwards; some tell the verdict. No feature by default."""
    edits: tuple[float, ...] = ()
    """How far an accepted text was edited later, relative edit distance. Never used."""


class DecidedSuggestion(Record):
    """A suggestion and what became of it."""

    suggestion: Suggestion
    outcome: Outcome


class SuggestionHistory(Record):
    """What is known of this programmer's earlier suggestions when the next one is shown."""

    shown: int = Field(default=0, ge=0)
    decided: int = Field(default=0, ge=0)
    """Those of them whose verdict has fallen before now."""
    accepted: int = Field(default=0, ge=0)
    rejected_in_a_row: int = Field(default=0, ge=0)
    """Rejections since the last acceptance, among the decided."""
    last_accepted: bool | None = None
    """Verdict that fell last; None when none has."""
    since_shown_s: float | None = Field(default=None, ge=0)
    """Seconds since the last one was shown; None for the first."""
    since_decided_s: float | None = Field(default=None, ge=0)
    """Seconds since the last verdict that is known; None when none is."""
    document_grown: float | None = None
    """Characters by which the document has grown since the last one was shown; None where a length is unknown."""


class ShownSuggestion(Record):
    """A suggestion and what is known of the earlier ones: all that a model may see."""

    suggestion: Suggestion
    history: SuggestionHistory


def suggestion_rows(path: Path | str, *, skip_bad: bool = False) -> Rows[DecidedSuggestion]:
    """The decisions of a JSONL file.

    Raises, while iterating: DataError at the first unusable row, unless `skip_bad` (counted in `.bad`).
    """
    return Rows(path, parse_decision, skip_bad=skip_bad, kind="suggestion", key=lambda row: row.suggestion.id)


def shown_in_order(decisions: Sequence[DecidedSuggestion]) -> list[ShownSuggestion]:
    """What was known when each suggestion was shown, in the order given.

    An earlier verdict counts from its own time on: one that fell after (or at) the moment of showing is not yet known.
    The outcome of the suggestion itself is never read.
    """
    of_user: dict[str, list[DecidedSuggestion]] = defaultdict(list)
    for decision in decisions:
        of_user[decision.suggestion.user].append(decision)
    found: dict[str, ShownSuggestion] = {}
    for mine in of_user.values():
        mine.sort(key=lambda one: one.suggestion.shown_at)
        for place, decision in enumerate(mine):
            shown = decision.suggestion
            found[shown.id] = ShownSuggestion(suggestion=shown, history=_history(shown, mine[:place]))
    return [found[decision.suggestion.id] for decision in decisions]


def _history(shown: Suggestion, earlier: Sequence[DecidedSuggestion]) -> SuggestionHistory:
    """`earlier` are those shown before, oldest first."""
    if not earlier:
        return SuggestionHistory()
    known = sorted(
        (one.outcome for one in earlier if one.outcome.decided_at < shown.shown_at),
        key=lambda outcome: outcome.decided_at,
    )
    last = earlier[-1].suggestion
    lengths = (shown.document_length, last.document_length)
    return SuggestionHistory(
        shown=len(earlier),
        decided=len(known),
        accepted=sum(outcome.accepted for outcome in known),
        rejected_in_a_row=sum(1 for _ in takewhile(lambda outcome: not outcome.accepted, reversed(known))),
        last_accepted=known[-1].accepted if known else None,
        since_shown_s=(shown.shown_at - last.shown_at).total_seconds(),
        since_decided_s=(shown.shown_at - known[-1].decided_at).total_seconds() if known else None,
        document_grown=None if lengths[0] is None or lengths[1] is None else lengths[0] - lengths[1],
    )


def own_labels(decisions: Iterable[DecidedSuggestion]) -> list[str]:
    """The states that the programmers wrote down afterwards, empty for the one that tells the verdict ("Deferring thought").

    For an ablation alone: a live system has none of them.
    """
    labels = [decision.outcome.own_label for decision in decisions]
    return ["" if label.lower().startswith(_LEAKING_LABEL) else label for label in labels]


# ---------------------------------------------------------------- reading a row


def parse_decision(row: Any) -> DecidedSuggestion:
    """The decision of one row. Raises: ValueError that says what is wrong, or pydantic's ValidationError."""
    if not isinstance(row, Mapping):
        raise ValueError(f"suggestion is {shorten(row)}, expected an object with {', '.join(_NEEDED)}")
    refuse_keys(row, "suggestion", _NEEDED, _KEYS)
    if not isinstance(row["accepted"], bool):
        raise ValueError(f"suggestion has accepted {shorten(row['accepted'])}, expected true or false")
    shown_at, decided_at = _time(row, "shown_time"), _time(row, "decided_time")
    if decided_at < shown_at:
        raise ValueError(
            f"suggestion has decided_time {shorten(row['decided_time'])} before its shown_time {shorten(row['shown_time'])}"
        )
    user = text_in(row, "user", "suggestion")
    if not user:
        raise ValueError(f"suggestion has user {shorten(row['user'])}, expected a name or a number")
    return DecidedSuggestion(
        suggestion=Suggestion(
            id=text_in(row, "id", "suggestion") or f"{user}@{shown_at.isoformat()}",
            user=user,
            shown_at=shown_at,
            confidence=_number(row, "confidence"),
            tokens=_number(row, "numTokens"),
            document_length=_number(row, "documentLength"),
            activity=_ACTIVITIES.get(text_in(row, "hidden_state", "suggestion"), "unknown"),
            task=text_in(row, "task", "suggestion"),
            experience=tuple(map(str.strip, _list(row, "experience", "texts", str))),
        ),
        outcome=Outcome(
            accepted=row["accepted"],
            decided_at=decided_at,
            own_label=text_in(row, "label_when_shown", "suggestion"),
            edits=tuple(map(float, _list(row, "edit_pct", "numbers", (int, float)))),
        ),
    )


def _time(row: Mapping[str, Any], key: str) -> datetime:
    at = parse_time(row[key])
    if at is None:
        raise ValueError(
            f"suggestion has {key} {shorten(row[key])}, expected a time such as '2022-08-08T16:05:28.904Z'"
        )
    return at


def _number(row: Mapping[str, Any], key: str) -> float | None:
    value = row.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(
            f"suggestion has {key} {shorten(value)}, expected a number, or null where it is unknown"
        )
    return float(value)


def _list(row: Mapping[str, Any], key: str, called: str, kinds: type | tuple[type, ...]) -> list[Any]:
    value = row.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(
        isinstance(one, kinds) and not isinstance(one, bool) for one in value
    ):
        raise ValueError(f"suggestion has {key} {shorten(value)}, expected a list of {called}")
    return value
