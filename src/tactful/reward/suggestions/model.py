"""A model of who accepts which suggestion: one calibrated head, kept as one readable JSON file. Never pickle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from tactful.data.formats.suggestions import DecidedSuggestion, ShownSuggestion, shown_in_order
from tactful.data.sealed import Sealed, load_document, save_document
from tactful.errors import DataError, UserError
from tactful.reward.embedded import model as embedded
from tactful.reward.embedded.head_store import HeadFile, head_file, head_of
from tactful.reward.embedded.heads import Head, fit_head
from tactful.reward.embedded.model import CARD_FILE, influences_of
from tactful.reward.suggestions.features import DEFAULT_GROUPS, column_names, in_words, suggestion_features
from tactful.reward.types import Acceptance
from tactful.types import content_hash

MODEL_FILE = "suggestions.json"
_AGAIN = "train it again with: tactful reward train DECISIONS --out MODEL"


@dataclass(frozen=True)
class SuggestionModel:
    """Judges suggestions at the moment of showing. The verdict is `accepted` iff p_accept reaches the base rate."""

    head: Head
    groups: tuple[str, ...]
    """Groups of features that it reads; see `reward.suggestions.COLUMNS`."""
    users: tuple[str, ...]
    """Whom it was trained on; a figure on any of these is not out of user."""
    data_hash: str = ""
    seed: int = 0

    @property
    def name(self) -> str:
        """As tables name it."""
        return "embedded (suggestions)"

    def judge_now(self, shown: Sequence[ShownSuggestion], *, explain: bool = False) -> list[Acceptance]:
        """The judgements in the order given, `moment_id` the suggestion's id; with `explain`, what moved each."""
        values = suggestion_features(shown, self.groups).values
        told = self.head.contributions(values) if explain else np.zeros((len(shown), 0))
        chances = self.head.probability(values)
        return [
            Acceptance(
                moment_id=item.suggestion.id,
                p_accept=float(p),
                accepted=bool(p >= self.head.base_rate),
                influences=influences_of(self.head.names, effects, in_words),
            )
            for item, p, effects in zip(shown, chances, told, strict=True)
        ]


def train_suggestions(decisions: Sequence[DecidedSuggestion], *, seed: int = 0) -> SuggestionModel:
    """A model of these decisions; penalty and calibration are chosen out of user within them.

    Raises: UserError for fewer than two users, or one verdict only.
    """
    if not decisions:
        raise UserError(
            "there is no decision to learn from; give rows with 'user', 'shown_time' and 'accepted'"
        )
    users = [decision.suggestion.user for decision in decisions]
    table = suggestion_features(shown_in_order(decisions))
    head = fit_head(
        table.values,
        table.names,
        np.array([decision.outcome.accepted for decision in decisions], dtype=float),
        np.ones(len(decisions)),
        users,
        seed=seed,
    )
    hashed = content_hash("\n".join(decision.model_dump_json() for decision in decisions))
    return SuggestionModel(head, DEFAULT_GROUPS, tuple(sorted(set(users))), hashed, seed)


# ---------------------------------------------------------------- the file


class _File(Sealed):
    format: Literal["tactful-suggestions-1"] = "tactful-suggestions-1"
    groups: tuple[str, ...]
    head: HeadFile
    users: tuple[str, ...]
    data_hash: str
    seed: int


def save_suggestion_model(
    model: SuggestionModel, folder: Path, *, card: str = "", replace: bool = False
) -> Path:
    """Write `suggestions.json`, and the model card where there is one, into `folder`; the path of the first.

    Raises: UserError when there is a model already (unless `replace`), or the disk refuses.
    """
    content = _File(
        head=head_file(model.head),
        groups=model.groups,
        users=model.users,
        data_hash=model.data_hash,
        seed=model.seed,
    )
    return save_document(
        folder / MODEL_FILE, content, replace=replace, beside={CARD_FILE: card} if card else None
    )


def load_suggestion_model(folder: Path | str) -> SuggestionModel:
    """The model in `folder` (or its `suggestions.json`).

    Raises: DataError when there is none, when it is another kind of file, was changed, or reads other features.
    """
    path = Path(folder)
    path = path if path.is_file() else path / MODEL_FILE
    content = load_document(path, _File, what="model of suggestions", again=_AGAIN)
    try:
        names = column_names(content.groups)
    except KeyError as error:
        raise DataError.at(path, None, f"reads the unknown features {error}", fix=_AGAIN) from error
    head = head_of(content.head, names, path, _AGAIN)
    return SuggestionModel(head, content.groups, content.users, content.data_hash, content.seed)


def holds_suggestions(place: Path) -> bool:
    """Whether a folder, or a file, holds a model of suggestions, and no reward model beside it."""
    if place.is_file():
        return place.name == MODEL_FILE
    return (place / MODEL_FILE).is_file() and not (place / embedded.MODEL_FILE).is_file()
