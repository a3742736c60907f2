"""`tactful reward train` and `evaluate`: a model from labelled moments, and what it is worth on sessions it never saw."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.common import (
    JsonFlag,
    LimitOption,
    SeedOption,
    SkipBadFlag,
    emit_json,
    next_command,
    quoted,
    say,
)
from tactful.errors import DataError, UsageError, UserError

if TYPE_CHECKING:
    from tactful.evaluation.acceptance_results import Measured
    from tactful.evaluation.intervals import Estimate
    from tactful.reward.card import CardData, CardFigure
    from tactful.reward.model import RewardModel
    from tactful.reward.training import Prepared
    from tactful.types import LabelledMoment

DataArgument = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="Labelled moments, JSONL in ProactiveBench's form: `obs`, `pred_task`, `valid`; `-` is stdin.",
    ),
]
LikenessOption = Annotated[
    str,
    typer.Option(
        "--likeness",
        help="How texts are compared: `ngrams`, or a sentence encoder's name or folder (extra `encoder`).",
    ),
]
FEWEST_TO_EVALUATE = 3


def register(noun: typer.Typer) -> None:
    """Add the verbs to the noun `reward`."""
    noun.command("train")(train)
    noun.command("evaluate")(evaluate)


def train(
    data: DataArgument,
    out: Annotated[Path, typer.Option("--out", help="Folder for model.json and MODEL_CARD.md.")] = Path(
        "model"
    ),
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
    """
    from tactful import __version__
    from tactful.reward.card import model_card
    from tactful.reward.model import CARD_FILE, MODEL_FILE, save_model
    from tactful.reward.training import TrainConfig, prepare, train_prepared

    if (out / MODEL_FILE).exists() and not replace:
        raise UsageError(f"{out / MODEL_FILE}: exists already; give --out a new folder, or --replace")
    items, bad = read_labelled(data, limit, skip_bad=skip_bad)
    name = _named(data)
    try:
        prepared = prepare(items, TrainConfig(likeness=likeness, seed=seed))
        model = train_prepared(prepared)
    except DataError:
        raise
    except UserError as error:
        raise DataError.at(name, None, str(error)) from error
    measured = _measured(prepared, seed) if measure else None
    figures = _figures(measured) if measured is not None else ()
    card = model_card(
        model,
        _card_data(name, items, bad),
        figures,
        version=__version__,
        made_at=datetime.now(UTC),
    )
    save_model(model, out, card=card, replace=replace)
    if as_json:
        emit_json(
            {
                "model": str(out / MODEL_FILE),
                "card": str(out / CARD_FILE),
                "moments": len(items),
                "unusable_rows": bad,
                "sessions": len(model.sessions),
                "data_hash": model.data_hash,
                "leave_one_session_out": None if measured is None else measured.model_dump(mode="json"),
            }
        )
    else:
        _tell(model, items, bad, figures)
    if measure and measured is None:
        say(
            f"not evaluated: {len(model.sessions)} sessions, and leaving one out must leave "
            f"{FEWEST_TO_EVALUATE - 1}; the card says so"
        )
    say(f"model: {out / MODEL_FILE}")
    say(f"card: {out / CARD_FILE}")
    next_command(f"tactful reward judge NEW_MOMENTS.jsonl --model {quoted(out)}")


def evaluate(
    data: DataArgument,
    model: Annotated[
        Path | None, typer.Option("--model", help="Measure this model; it must not have seen these sessions.")
    ] = None,
    leave_one_session_out: Annotated[
        bool,
        typer.Option(
            "--leave-one-session-out",
            help="Judge each session of DATA by a model trained on the others; the default without --model.",
        ),
    ] = False,
    likeness: LikenessOption = "ngrams",
    allow_seen: Annotated[
        bool,
        typer.Option("--allow-seen", help="Measure --model also on sessions it was trained on; marked so."),
    ] = False,
    probes: Annotated[
        bool, typer.Option("--probes", help="Also try to game the model: length, parroting, praise, orders.")
    ] = False,
    leak: Annotated[bool, typer.Option("--leak", help="Also show what a split by item gives away.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write results.json and report.html into this new folder.")
    ] = None,
    limit: LimitOption = None,
    seed: SeedOption = 0,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Measure the embedded reward model out of session, beside always-accept, random and look-up.

    The same tables as `tactful bench judge`, which measures any other judge too.
    Example: `tactful reward evaluate reward_train.jsonl --leave-one-session-out`
    """
    from tactful.cli.bench_judge import judge

    if model is not None and leave_one_session_out:
        raise UsageError("give --model to measure a model that exists, or --leave-one-session-out, not both")
    if model is not None and likeness != "ngrams":
        raise UsageError("--likeness belongs to --leave-one-session-out; a saved model knows its own")
    judge(
        data=data,
        model=model,
        leave_one_session_out=model is None,
        likeness=likeness,
        judge_model=None,
        judged=None,
        allow_seen=allow_seen,
        probes=probes,
        leak=leak,
        out=out,
        limit=limit,
        seed=seed,
        skip_bad=skip_bad,
        as_json=as_json,
    )


def read_labelled(data: str, limit: int | None, *, skip_bad: bool) -> tuple[list[LabelledMoment], int]:
    """(the items, unusable rows left out). Raises: DataError, and for a file without a usable row."""
    from itertools import islice

    from tactful.data.moments import labelled_rows

    rows = labelled_rows(data, skip_bad=skip_bad)
    items = list(islice(rows, limit))
    if not items:
        raise DataError.at(
            rows.name, None, "holds no labelled moment", fix="give rows with 'obs', 'pred_task' and 'valid'"
        )
    return items, rows.bad


def _measured(prepared: Prepared, seed: int) -> Measured | None:
    """Leave-one-session-out figures; None with too few sessions for it."""
    from tactful.evaluation.acceptance import measure
    from tactful.reward.training import cross_judge

    if len(prepared.sessions) < FEWEST_TO_EVALUATE:
        return None
    crossed = cross_judge(prepared)
    return measure(
        crossed.items,
        crossed.acceptances,
        judge="embedded",
        rates=crossed.rates,
        seed=seed,
    )


def _figures(measured: Measured) -> tuple[CardFigure, ...]:
    """The lines of the card and of the terminal: value with interval, and what to hold it against."""
    from tactful.reward.card import CardFigure

    row, always = measured.row, measured.baseline("always-accept")
    look_up = measured.baseline("look-up")
    equal = "four categories weighted equally"
    lines = [
        CardFigure(
            name=f"balanced accuracy ({equal})",
            value=row.equal["balanced_accuracy"].text(),
            beside=f"0.500 (always-accept); look-up {_plain(look_up.equal['balanced_accuracy'])}",
        ),
        CardFigure(name=f"AUROC ({equal})", value=row.equal["auroc"].text(), beside="0.500 (chance)"),
        CardFigure(
            name=f"F1 ({equal})",
            value=row.equal["f1"].text(),
            beside=f"{_plain(always.equal['f1'])} (always-accept)",
        ),
    ]
    for found in row.calibration:
        what = "proposals" if found.kind == "proposals" else "silences"
        floor = (
            f"floor {found.ece_floor.mean:.3f}, up to {found.ece_floor.high:.3f} when perfectly calibrated"
        )
        lines.append(
            CardFigure(name=f"ECE, {what} (n = {found.items})", value=found.ece.text(), beside=floor)
        )
        lines.append(
            CardFigure(
                name=f"gap by session of mean probability and rate, {what}",
                value=found.session_gap.text(),
                beside=f"floor {found.session_gap_floor.mean:.3f}",
            )
        )
    return tuple(lines)


def _plain(found: Estimate) -> str:
    """The value of a baseline, with its interval where it varies at all."""
    return found.text() if found.low is not None or found.value is None else f"{found.value:.3f}"


def _card_data(name: str, items: list[LabelledMoment], bad: int) -> CardData:
    from collections import Counter

    from tactful.reward.card import CardData

    counts = Counter(item.category for item in items)
    return CardData(
        source=name, moments=len(items), categories=tuple(counts.most_common()), unusable_rows=bad
    )


def _named(data: str) -> str:
    return "<stdin>" if data == "-" else data


def _tell(model: RewardModel, items: list[LabelledMoment], bad: int, figures: tuple[CardFigure, ...]) -> None:
    left_out = f", {bad} unusable rows left out" if bad else ""
    typer.echo(f"trained on {len(items)} moments of {len(model.sessions)} sessions{left_out}")
    if figures:
        typer.echo("out of session (each session judged by a model trained on the others):")
    width = max((len(one.name) for one in figures), default=0)
    for one in figures:
        typer.echo(f"  {one.name:<{width}}  {one.value}")
        typer.echo(f"  {'':<{width}}    beside {one.beside}")
