"""`tactful reward train`: a model from labelled moments, or from decisions about suggestions in an editor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.options import JsonFlag, LimitOption, SeedOption, SkipBadFlag
from tactful.cli.output import emit_json, next_command, print_lines, quoted, say
from tactful.cli.reward.options import LikenessOption, left_out
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.data.formats.labelled import Labelled
    from tactful.reward.card import CardFigure

_PATIENCE_S = 2
"""Work that is expected to take longer is announced."""


def train(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="Labelled moments, JSONL in ProactiveBench's form: `obs`, `pred_task`, `valid`; a run of `gym run`; "
            "or decisions about suggestions in an editor, as `bench suggestions` reads them; `-` is stdin.",
        ),
    ],
    *,
    out: Annotated[
        Path, typer.Option("--out", help="Folder for the model (one JSON file) and MODEL_CARD.md.")
    ] = Path("model"),
    likeness: LikenessOption = "ngrams",
    measure: Annotated[
        bool,
        typer.Option(
            "--evaluate/--no-evaluate",
            help="Also judge each session by a model without it, for the figures of the model card.",
        ),
    ] = True,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a model that is there already.")
    ] = False,
    limit: LimitOption = None,
    seed: SeedOption = 0,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Train the embedded reward model: will the user accept this, now? Seconds on a laptop, no network.

    Example: `tactful reward train reward_train.jsonl --out model`

    Rows with `shown_time` and `accepted` are decisions about suggestions: a model of those is trained.
    """
    from tactful.data.formats.labelled import read_either

    _refuse_taken(out, replace=replace)
    given = read_either(data, limit, skip_bad=skip_bad)
    if not given.decisions:
        _on_moments(given, out, likeness, measured=measure, replace=replace, seed=seed, as_json=as_json)
    elif likeness != "ngrams":
        raise UsageError(
            f"--likeness compares texts, and {given.name} holds decisions about suggestions, which have none; "
            "leave it out"
        )
    else:
        _on_decisions(given, out, measured=measure, replace=replace, seed=seed, as_json=as_json)


def _on_moments(
    given: Labelled, out: Path, likeness: str, *, measured: bool, replace: bool, seed: int, as_json: bool
) -> None:
    from tactful.evaluation.judges.training import NOTES, seconds_to_measure, train_reward

    if measured:
        sessions = {item.moment.session for item in given.moments}
        _be_patient(seconds_to_measure(len(sessions), len(given.moments)), f"{len(sessions)} sessions")
    done = train_reward(given, likeness=likeness, evaluate=measured, seed=seed)
    model, card = done.save(out, replace=replace)
    if as_json:
        emit_json(
            {
                "model": str(model),
                "card": str(card),
                "moments": len(given.moments),
                "unusable_rows": given.bad,
                "sessions": len(done.model.sessions),
                "data_hash": done.model.data_hash,
                "leave_one_session_out": None
                if done.measured is None
                else done.measured.model_dump(mode="json"),
            }
        )
    else:
        print_lines(
            f"trained on {len(given.moments)} moments of {len(done.model.sessions)} sessions{left_out(given.bad)}"
        )
        _tell_figures(
            done.figures, "out of session (each session judged by a model trained on the others):", NOTES
        )
    if measured and done.measured is None:
        say(f"not evaluated: {done.why_not}")
    say(f"model: {model}")
    say(f"card: {card}")
    next_command(f"tactful reward judge NEW_MOMENTS.jsonl --model {quoted(out)}")


def _on_decisions(
    given: Labelled, out: Path, *, measured: bool, replace: bool, seed: int, as_json: bool
) -> None:
    from tactful.evaluation.judges.training import seconds_to_measure
    from tactful.evaluation.suggestions.training import train_on_decisions

    if measured:
        users = {decision.suggestion.user for decision in given.decisions}
        rows = 4 * len(given.decisions)  # four models: ours and baselines
        _be_patient(seconds_to_measure(len(users), rows), f"{len(users)} users")
    done = train_on_decisions(given, evaluate=measured, seed=seed)
    model, card = done.save(out, replace=replace)
    if as_json:
        emit_json(
            {
                "model": str(model),
                "card": str(card),
                "decisions": len(given.decisions),
                "accepted": done.accepted,
                "unusable_rows": given.bad,
                "users": len(done.model.users),
                "data_hash": done.model.data_hash,
                "leave_users_out": [row.model_dump(mode="json") for row in done.rows] or None,
            }
        )
    else:
        print_lines(
            f"trained on {len(given.decisions)} decisions about suggestions, of {len(done.model.users)} users, "
            f"{done.accepted} accepted{left_out(given.bad)}"
        )
        _tell_figures(done.figures, "out of user (each user judged by a model trained on others):")
    if measured and not done.rows:
        say(f"not evaluated: {done.why_not}")
    say(f"model: {model}")
    say(f"card: {card}")
    if given.name == "<stdin>":
        next_command(f"tactful reward judge NEW_DECISIONS.jsonl --model {quoted(out)}")
    else:
        next_command(f"tactful bench suggestions {quoted(given.name)}")


def _refuse_taken(out: Path, *, replace: bool) -> None:
    """Raises: UsageError for a folder that holds a model of either kind, and for a file."""
    from tactful.reward.embedded.model import MODEL_FILE
    from tactful.reward.suggestions import model as suggestion_model

    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: is a file; give --out the name of a folder")
    for path in (out / MODEL_FILE, out / suggestion_model.MODEL_FILE):
        if path.exists() and not replace:
            raise UsageError(f"{path}: exists already; give --out a new folder, or --replace")


def _be_patient(seconds: float, what: str) -> None:
    """Say what takes long before it does."""
    if seconds > _PATIENCE_S:
        say(
            f"judging each of {what} by a model without it, about {seconds:.0f} s (--no-evaluate leaves that out)"
        )


def _tell_figures(figures: tuple[CardFigure, ...], title: str, notes: tuple[str, ...] = ()) -> None:
    """The figures, what to hold them against, and notes, in 80 columns; nothing where there are no figures."""
    if not figures:
        return
    print_lines(title)
    width = max(len(one.name) for one in figures)
    for one in figures:
        print_lines(f"  {one.name:<{width}}  {one.value}")
        print_lines(f"  {'':<{width}}    beside {one.beside}")
    for note in notes:
        print_lines(f"  {note}")
