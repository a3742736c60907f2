"""A model of suggestions trained, measured out of user, and saved with its card."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tactful import __version__
from tactful.data.formats.labelled import Labelled
from tactful.errors import DataError, UserError
from tactful.evaluation.judges.tables import cell
from tactful.evaluation.suggestions.measure import measure_probabilities
from tactful.evaluation.suggestions.results import ProbabilityRow
from tactful.reward.card import CardData, CardFigure, suggestion_card
from tactful.reward.embedded.model import CARD_FILE
from tactful.reward.suggestions.model import (
    SuggestionModel,
    save_suggestion_model,
    train_suggestions,
)


@dataclass(frozen=True)
class TrainedSuggestions:
    """A model of suggestions, and what it is worth on users whom it has not seen."""

    model: SuggestionModel
    accepted: int
    """Of the decisions that it was trained on."""
    rows: tuple[ProbabilityRow, ...]
    """The model's and the baselines'; empty: `why_not`."""
    why_not: str
    figures: tuple[CardFigure, ...]
    card: str

    def save(self, folder: Path | str, *, replace: bool = False) -> tuple[Path, Path]:
        """Write the model and MODEL_CARD.md into `folder`; their paths. Raises: UserError when there is one already."""
        place = Path(folder)
        return save_suggestion_model(self.model, place, card=self.card, replace=replace), place / CARD_FILE


def train_on_decisions(data: Labelled, *, evaluate: bool = True, seed: int = 0) -> TrainedSuggestions:
    """A model of the decisions in `data`; with `evaluate` also its figures out of user.

    Raises: DataError for too few users, or one verdict alone.
    """
    try:
        model = train_suggestions(data.decisions, seed=seed)
    except UserError as error:
        raise DataError.at(data.name, None, str(error)) from error
    rows, why_not = _measured(data, seed) if evaluate else ((), "trained with --no-evaluate")
    figures = _figures(rows)
    count = len(data.decisions)
    accepted = sum(decision.outcome.accepted for decision in data.decisions)
    card = suggestion_card(
        model,
        CardData(
            source=data.name,
            moments=count,
            categories=(("rejected", count - accepted), ("accepted", accepted)),
            unusable_rows=data.bad,
        ),
        figures,
        not_measured=why_not,
        version=__version__,
        made_at=datetime.now(UTC),
    )
    return TrainedSuggestions(model, accepted, rows, why_not, figures, card)


def _measured(data: Labelled, seed: int) -> tuple[tuple[ProbabilityRow, ...], str]:
    """(the model's row and the baselines', why there are none)."""
    try:
        return measure_probabilities(data.decisions, seed=seed), ""
    except UserError as error:
        return (), str(error)


def _figures(rows: tuple[ProbabilityRow, ...]) -> tuple[CardFigure, ...]:
    if not rows:
        return ()
    model = rows[0]
    others = {"the others' rate": "random", "confidence alone": "confidence alone"}
    baselines = {words: next(row for row in rows if row.name == name) for words, name in others.items()}

    def beside(field: str) -> str:
        return ", ".join(f"{cell(getattr(row, field).value)} {words}" for words, row in baselines.items())

    floor = model.ece_floor
    return (
        CardFigure(name="AUROC", value=model.auroc.text(), beside=beside("auroc")),
        CardFigure(name="AUROC within users", value=model.auroc_within.text(), beside=beside("auroc_within")),
        CardFigure(name="Brier", value=model.brier.text(), beside=beside("brier")),
        CardFigure(
            name="ECE",
            value=model.ece.text(),
            beside=f"{floor.mean:.3f} floor (95% within {floor.high:.3f})",
        ),
    )
