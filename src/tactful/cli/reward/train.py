"""`tactful reward train` and `evaluate`: a model from labelled moments, and what it is worth on sessions it never saw."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tactful.cli.options import JsonFlag, LimitOption, SeedOption, SkipBadFlag
from tactful.cli.output import emit_json, next_command, quoted, say
from tactful.errors import DataError, UsageError, UserError

if TYPE_CHECKING:
    from tactful.data.formats.suggestions import Decision
    from tactful.evaluation.judges.results import Measured
    from tactful.reward.embedded.card import CardData, CardFigure
    from tactful.reward.embedded.training import Prepared
    from tactful.stats.bootstrap import Estimate
    from tactful.types import LabelledMoment

TrainDataArgument = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="Labelled moments, JSONL in ProactiveBench's form: `obs`, `pred_task`, `valid`; or decisions about "
        "suggestions in an editor, as `bench suggestions` reads them; `-` is stdin.",
    ),
]
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
_PATIENCE_S = 2
"""Work that is expected to take longer is announced."""
_FITTED_PER_S = 4000
"""Rows times fits that an ordinary core does in a second: a rough guide."""
_NOTES = (
    "(1) four categories weigh the same; (2) calibration error, as the data stand",
    "(3) mean distance of mean probability and rate",
)


def register(noun: typer.Typer) -> None:
    """Add the verbs to the noun `reward`."""
    noun.command("train")(train)
    noun.command("evaluate")(evaluate)


def train(
    data: TrainDataArgument,
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
    from tactful.cli.reward.suggestions import train_on_decisions

    _refuse_taken(out, replace=replace)
    given = read_any(data, limit, skip_bad=skip_bad)
    if given.decisions:
        if likeness != "ngrams":
            raise UsageError(
                f"--likeness compares texts, and {given.name} holds decisions about suggestions, which have none; "
                "leave it out"
            )
        train_on_decisions(given, out, measured=measure, replace=replace, seed=seed, as_json=as_json)
    else:
        _train_on_moments(given, out, likeness, measured=measure, replace=replace, seed=seed, as_json=as_json)


def _train_on_moments(
    given: Given, out: Path, likeness: str, *, measured: bool, replace: bool, seed: int, as_json: bool
) -> None:
    from tactful import __version__
    from tactful.reward.embedded.card import model_card
    from tactful.reward.embedded.model import CARD_FILE, MODEL_FILE, save_model
    from tactful.reward.embedded.training import TrainConfig, prepare, train_prepared

    prepared = prepare(given.moments, TrainConfig(likeness=likeness, seed=seed))
    try:
        model = train_prepared(prepared)
    except UserError as error:
        raise DataError.at(given.name, None, str(error)) from error
    why_not, found = "trained with --no-evaluate", None
    if measured:
        be_patient(len(prepared.sessions), len(given.moments), "sessions")
        found, why_not = _measured(prepared, seed)
    figures = _figures(found) if found is not None else ()
    card = model_card(
        model,
        _card_data(given),
        figures,
        not_measured=why_not,
        version=__version__,
        made_at=datetime.now(UTC),
    )
    save_model(model, out, card=card, replace=replace)
    if as_json:
        emit_json(
            {
                "model": str(out / MODEL_FILE),
                "card": str(out / CARD_FILE),
                "moments": len(given.moments),
                "unusable_rows": given.bad,
                "sessions": len(model.sessions),
                "data_hash": model.data_hash,
                "leave_one_session_out": None if found is None else found.model_dump(mode="json"),
            }
        )
    else:
        typer.echo(
            f"trained on {len(given.moments)} moments of {len(model.sessions)} sessions{given.left_out}"
        )
        tell_figures(
            figures, "out of session (each session judged by a model trained on the others):", _NOTES
        )
    if measured and found is None:
        say(f"not evaluated: {why_not}")
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

    Example: `tactful reward evaluate reward_train.jsonl --leave-one-session-out`

    The same tables as `tactful bench judge`, which measures any other judge too.
    """
    from tactful.cli.bench.judge import judge

    if model is not None and leave_one_session_out:
        raise UsageError("give --model to measure a model that exists, or --leave-one-session-out, not both")
    if model is not None and likeness != "ngrams":
        raise UsageError("--likeness belongs to --leave-one-session-out; a saved model knows its own")
    if model is not None and leak:
        raise UsageError("--leak trains anew under two splits; it belongs to --leave-one-session-out")
    if model is None and allow_seen:
        raise UsageError("--allow-seen belongs to --model; without it no session is judged by what saw it")
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


@dataclass(frozen=True)
class Given:
    """What a file holds: labelled moments, or decisions about suggestions; never both."""

    name: str
    """The file as messages name it."""
    moments: tuple[LabelledMoment, ...]
    decisions: tuple[Decision, ...]
    bad: int
    """Unusable rows left out."""

    @property
    def left_out(self) -> str:
        """Words about the unusable rows; empty where there is none."""
        return f", {self.bad} unusable row{'s' if self.bad > 1 else ''} left out" if self.bad else ""


def read_any(data: str, limit: int | None, *, skip_bad: bool) -> Given:
    """The rows of a file, of the kind that its first row is of.

    Raises: DataError at the first unusable row unless `skip_bad`, and for a file without a usable one.
    """
    from tactful.data.formats.moments import parse_labelled
    from tactful.data.formats.suggestions import Decision, parse_decision
    from tactful.data.io import Rows

    parse: Callable[[Any], LabelledMoment | Decision] | None = None

    def as_the_first(row: Any) -> LabelledMoment | Decision:
        nonlocal parse
        if parse is None:
            parse = parse_decision if _is_decision(row) else parse_labelled
        return parse(row)

    def own_id(item: LabelledMoment | Decision) -> str:
        return item.suggestion.id if isinstance(item, Decision) else item.moment.id

    rows = Rows(data, as_the_first, skip_bad=skip_bad, kind="row", key=own_id)
    items = list(islice(rows, limit))
    if not items:
        first = f"; the first of {rows.bad} unusable rows: {rows.problems[0]}" if rows.problems else ""
        raise DataError.at(
            rows.name,
            None,
            f"holds no labelled moment{first}",
            fix="give rows with 'obs', 'pred_task' and 'valid'",
        )
    return Given(
        name=rows.name,
        moments=tuple(item for item in items if not isinstance(item, Decision)),
        decisions=tuple(item for item in items if isinstance(item, Decision)),
        bad=rows.bad,
    )


def _is_decision(row: object) -> bool:
    """Whether a row is a decision about a suggestion in an editor, by its own keys."""
    return isinstance(row, Mapping) and "obs" not in row and bool({"shown_time", "decided_time"} & set(row))


def _refuse_taken(out: Path, *, replace: bool) -> None:
    """Raises: UsageError for a folder that holds a model of either kind, and for a file."""
    from tactful.reward.embedded.model import MODEL_FILE
    from tactful.reward.suggestions import model as suggestion_model

    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: is a file; give --out the name of a folder")
    for path in (out / MODEL_FILE, out / suggestion_model.MODEL_FILE):
        if path.exists() and not replace:
            raise UsageError(f"{path}: exists already; give --out a new folder, or --replace")


def be_patient(groups: int, rows: int, what: str) -> None:
    """Say what takes seconds before it does: one fit on about `rows` rows for each of the `groups`."""
    expected = groups * rows / _FITTED_PER_S
    if groups >= FEWEST_TO_EVALUATE and expected > _PATIENCE_S:
        say(
            f"judging each of {groups} {what} by a model without it, about {expected:.0f} s "
            "(--no-evaluate leaves that out)"
        )


def _measured(prepared: Prepared, seed: int) -> tuple[Measured | None, str]:
    """(leave-one-session-out figures, why there are none)."""
    from tactful.evaluation.judges.measure import measure
    from tactful.reward.embedded.training import cross_judge

    count = len(prepared.sessions)
    if count < FEWEST_TO_EVALUATE:
        return None, f"{count} sessions, and leaving one out must leave {FEWEST_TO_EVALUATE - 1}"
    try:
        crossed = cross_judge(prepared)
    except UserError as error:
        return None, f"with one session left out, {error}"
    found = measure(crossed.items, crossed.acceptances, judge="embedded", rates=crossed.rates, seed=seed)
    return found, ""


def _figures(measured: Measured) -> tuple[CardFigure, ...]:
    """The lines of the card and of the terminal: value with interval, and what to hold it against."""
    from tactful.reward.embedded.card import CardFigure

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
        what = "proposals" if found.kind == "proposals" else "silences"
        floor = found.ece_floor
        lines.append(
            CardFigure(
                name=f"ECE, {found.items} {what} (2)",
                value=found.ece.text(),
                beside=f"{floor.mean:.3f} floor (95% within {floor.high:.3f})",
            )
        )
        lines.append(
            CardFigure(
                name=f"gap by session, {what} (3)",
                value=found.session_gap.text(),
                beside=f"{found.session_gap_floor.mean:.3f} floor",
            )
        )
    return tuple(lines)


def _plain(found: Estimate) -> str:
    """The value of a baseline, with its interval where it varies at all."""
    return found.text() if found.low is not None or found.value is None else f"{found.value:.3f}"


def _card_data(given: Given) -> CardData:
    from collections import Counter

    from tactful.reward.embedded.card import CardData

    counts = Counter(item.category for item in given.moments)
    return CardData(
        source=given.name,
        moments=len(given.moments),
        categories=tuple(counts.most_common()),
        unusable_rows=given.bad,
    )


def tell_figures(figures: tuple[CardFigure, ...], title: str, notes: tuple[str, ...] = ()) -> None:
    """The figures, what to hold them against, and notes, in 80 columns; nothing where there are no figures."""
    if not figures:
        return
    typer.echo(title)
    width = max(len(one.name) for one in figures)
    for one in figures:
        typer.echo(f"  {one.name:<{width}}  {one.value}")
        typer.echo(f"  {'':<{width}}    beside {one.beside}")
    for note in notes:
        typer.echo(f"  {note}")
