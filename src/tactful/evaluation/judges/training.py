"""A reward model trained, measured out of session, and saved with a card that says what it is worth."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tactful import __version__
from tactful.data.formats.labelled import Labelled
from tactful.errors import DataError, UserError
from tactful.evaluation.judges.measure import measure
from tactful.evaluation.judges.results import Measured
from tactful.reward.card import CardData, CardFigure, model_card
from tactful.reward.embedded.model import CARD_FILE, MODEL_FILE, RewardModel, save_model
from tactful.reward.embedded.training import Prepared, TrainConfig, cross_judge, prepare, train_prepared
from tactful.reward.gate.store import drop_gate
from tactful.stats import Estimate

FEWEST_TO_EVALUATE = 3
NOTES = (
    "(1) four categories weigh the same; (2) calibration error, as the data stand",
    "(3) mean distance of mean probability and rate",
)
"""What the numbers behind the figures' names mean."""
_FITTED_PER_S = 4000
"""Rows times fits that an ordinary core does in a second: a rough guide."""


@dataclass(frozen=True)
class TrainedReward:
    """A reward model, and what it is worth on sessions that it has not seen."""

    model: RewardModel
    measured: Measured | None
    """Each session judged by a model trained on the others; None: `why_not`."""
    why_not: str
    figures: tuple[CardFigure, ...]
    """The lines of the card: value with interval, and what to hold it against."""
    card: str

    def save(self, folder: Path | str, *, replace: bool = False) -> tuple[Path, Path]:
        """Write the model and MODEL_CARD.md into `folder`; their paths. The gate of a model that is replaced goes with it.

        Raises: UserError when there is one already (unless `replace`).
        """
        place = Path(folder)
        save_model(self.model, place, card=self.card, replace=replace)
        drop_gate(place)
        return place / MODEL_FILE, place / CARD_FILE


def seconds_to_measure(groups: int, rows: int) -> float:
    """How long judging each group by a model without it takes, roughly; 0 where there are too few groups for it."""
    return groups * rows / _FITTED_PER_S if groups >= FEWEST_TO_EVALUATE else 0.0


def train_reward(
    data: Labelled, *, likeness: str = "ngrams", evaluate: bool = True, seed: int = 0
) -> TrainedReward:
    """A model of the moments in `data`; with `evaluate` also its figures out of session.

    Raises: DataError when they are too few, of one session, or all accepted or rejected; MissingExtra for `likeness`.
    """
    prepared = prepare(data.moments, TrainConfig(likeness=likeness, seed=seed))
    try:
        model = train_prepared(prepared)
    except UserError as error:
        raise DataError.at(data.name, None, str(error)) from error
    found, why_not = _measured(prepared, seed) if evaluate else (None, "trained with --no-evaluate")
    figures = () if found is None else _figures(found)
    kinds = Counter(item.category for item in data.moments)
    card = model_card(
        model,
        CardData(
            source=data.name,
            moments=len(data.moments),
            categories=tuple(kinds.most_common()),
            unusable_rows=data.bad,
        ),
        figures,
        not_measured=why_not,
        version=__version__,
        made_at=datetime.now(UTC),
    )
    return TrainedReward(model, found, why_not, figures, card)


def _measured(prepared: Prepared, seed: int) -> tuple[Measured | None, str]:
    """(leave-one-session-out figures, why there are none)."""
    count = len(prepared.sessions)
    if count < FEWEST_TO_EVALUATE:
        return None, f"{count} sessions, and leaving one out must leave {FEWEST_TO_EVALUATE - 1}"
    try:
        crossed = cross_judge(prepared)
    except UserError as error:
        return None, f"with one session left out, {error}"
    return measure(crossed.items, crossed.acceptances, judge="embedded", rates=crossed.rates, seed=seed), ""


def _figures(measured: Measured) -> tuple[CardFigure, ...]:
    row, always = measured.row, measured.baseline("always-accept")
    look_up = _plain(measured.baseline("look-up").equal["balanced_accuracy"])
    lines = [
        CardFigure(
            name="balanced accuracy (1)",
            value=row.equal["balanced_accuracy"].text(),
            beside=f"0.500 always-accept, {look_up} look-up",
        ),
        CardFigure(name="AUROC (1)", value=row.equal["auroc"].text(), beside="0.500 chance"),
        CardFigure(
            name="F1 (1)",
            value=row.equal["f1"].text(),
            beside=f"{_plain(always.equal['f1'])} always-accept",
        ),
    ]
    for found in row.calibration:
        floor = found.ece_floor
        lines += [
            CardFigure(
                name=f"ECE, {found.items} {found.kind} (2)",
                value=found.ece.text(),
                beside=f"{floor.mean:.3f} floor (95% within {floor.high:.3f})",
            ),
            CardFigure(
                name=f"gap by session, {found.kind} (3)",
                value=found.session_gap.text(),
                beside=f"{found.session_gap_floor.mean:.3f} floor",
            ),
        ]
    return tuple(lines)


def _plain(found: Estimate) -> str:
    """The value of a baseline, with its interval where it varies at all."""
    return found.text() if found.low is not None or found.value is None else f"{found.value:.3f}"
