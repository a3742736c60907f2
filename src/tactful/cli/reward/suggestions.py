"""`tactful reward train` and `judge` on decisions about suggestions in an editor."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tactful.cli.output import emit_json, next_command, quoted, say
from tactful.errors import DataError, UsageError, UserError

if TYPE_CHECKING:
    from tactful.cli.reward.train import Given
    from tactful.evaluation.suggestions.results import ProbabilityRow
    from tactful.reward.embedded.card import CardFigure
    from tactful.reward.types import Acceptance


def train_on_decisions(
    given: Given, out: Path, *, measured: bool, replace: bool, seed: int, as_json: bool
) -> None:
    """Train, measure out of user, save with a card, and tell. Raises: DataError for too few users, or one verdict."""
    from tactful import __version__
    from tactful.cli.reward.train import be_patient, tell_figures
    from tactful.reward.embedded.card import CardData, suggestion_card
    from tactful.reward.suggestions.model import CARD_FILE, save_suggestion_model, train_suggestions

    try:
        model = train_suggestions(given.decisions, seed=seed)
    except UserError as error:
        raise DataError.at(given.name, None, str(error)) from error
    rows: tuple[ProbabilityRow, ...] = ()
    why_not = "trained with --no-evaluate"
    if measured:
        be_patient(len(model.users), 4 * len(given.decisions), "users")  # four models: ours and baselines
        rows, why_not = _measured(given, seed)
    figures = _figures(rows)
    accepted = sum(decision.outcome.accepted for decision in given.decisions)
    kinds = (("rejected", len(given.decisions) - accepted), ("accepted", accepted))
    card = suggestion_card(
        model,
        CardData(source=given.name, moments=len(given.decisions), categories=kinds, unusable_rows=given.bad),
        figures,
        not_measured=why_not,
        version=__version__,
        made_at=datetime.now(UTC),
    )
    path = save_suggestion_model(model, out, card=card, replace=replace)
    if as_json:
        emit_json(
            {
                "model": str(path),
                "card": str(out / CARD_FILE),
                "decisions": len(given.decisions),
                "accepted": accepted,
                "unusable_rows": given.bad,
                "users": len(model.users),
                "data_hash": model.data_hash,
                "leave_users_out": [row.model_dump(mode="json") for row in rows] or None,
            }
        )
    else:
        typer.echo(
            f"trained on {len(given.decisions)} decisions about suggestions, of {len(model.users)} users, "
            f"{accepted} accepted{given.left_out}"
        )
        tell_figures(figures, "out of user (each user judged by a model trained on others):")
    if measured and not rows:
        say(f"not evaluated: {why_not}")
    say(f"model: {path}")
    say(f"card: {out / CARD_FILE}")
    if given.name == "<stdin>":
        next_command(f"tactful reward judge NEW_DECISIONS.jsonl --model {quoted(out)}")
    else:
        next_command(f"tactful bench suggestions {quoted(given.name)}")


def _measured(given: Given, seed: int) -> tuple[tuple[ProbabilityRow, ...], str]:
    """(the model's row and the baselines', why there are none)."""
    from tactful.evaluation.suggestions.measure import measure_probabilities

    try:
        return measure_probabilities(given.decisions, seed=seed), ""
    except UserError as error:
        return (), str(error)


def _figures(rows: tuple[ProbabilityRow, ...]) -> tuple[CardFigure, ...]:
    from tactful.reward.embedded.card import CardFigure

    if not rows:
        return ()
    model = rows[0]
    others = {"the others' rate": "random", "confidence alone": "confidence alone"}
    baselines = {words: next(row for row in rows if row.name == name) for words, name in others.items()}

    def beside(field: str) -> str:
        told = {words: getattr(row, field).value for words, row in baselines.items()}
        return ", ".join(
            f"{'–' if value is None else format(value, '.3f')} {words}" for words, value in told.items()
        )

    return (
        CardFigure(name="AUROC", value=model.auroc.text(), beside=beside("auroc")),
        CardFigure(name="AUROC within users", value=model.auroc_within.text(), beside=beside("auroc_within")),
        CardFigure(name="Brier", value=model.brier.text(), beside=beside("brier")),
        CardFigure(
            name="ECE",
            value=model.ece.text(),
            beside=f"{model.ece_floor.mean:.3f} floor (95% within {model.ece_floor.high:.3f})",
        ),
    )


def judge_decisions(
    folder: Path,
    data: str,
    out: Path | None,
    limit: int | None,
    *,
    explain: bool,
    skip_bad: bool,
    as_json: bool,
) -> None:
    """Judge each suggestion of a file at its showing. Verdicts in the file count for later suggestions alone.

    Raises: DataError for a file without a usable row; UsageError when `out` exists.
    """
    from tactful.data.formats.suggestions import shown_in_order, suggestion_rows
    from tactful.data.io import to_line, write_file
    from tactful.reward.suggestions.model import load_suggestion_model

    if out is not None and out.exists():
        raise UsageError(f"{out}: exists already; give --out a new name")
    model = load_suggestion_model(folder)
    rows = suggestion_rows(data, skip_bad=skip_bad)
    shown = shown_in_order(list(islice(rows, limit)))
    if not shown:
        raise DataError.at(
            rows.name,
            None,
            "holds no suggestion",
            fix="give rows with 'user', 'shown_time', 'decided_time' and 'accepted'",
        )
    said = model.judge_now(shown, explain=explain)
    if out is not None:
        write_file(out, (to_line(one) for one in said))
        say(f"judgements: {out}")
    else:
        for line in (to_line(one).decode().rstrip("\n") for one in said) if as_json else _lines(said):
            typer.echo(line)
    accepted = sum(one.accepted is True for one in said)
    left_out = f"; {rows.bad} unusable rows left out" if rows.bad else ""
    say(f"{len(said)} suggestions: {accepted} accepted, {len(said) - accepted} rejected{left_out}")
    seen = sorted({item.suggestion.user for item in shown} & set(model.users))
    if seen:
        say(f"the model was trained on {len(seen)} of these users: no figure on them is out of user")
    next_command(f"tactful bench suggestions {quoted(data)}")


def _lines(said: list[Acceptance]) -> Iterator[str]:
    for one in said:
        why = f"  {one.influences[0].words}" if one.influences else ""
        yield f"{'accepted' if one.accepted else 'rejected'} {one.p_accept:.2f}  {one.moment_id}{why}"
