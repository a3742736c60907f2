"""`tactful feedback train | fit-confidence | evaluate`: what needs labelled turns."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tactful.cli.options import ApiKeyEnvOption, BaseUrlOption, CacheOption, JsonFlag, SeedOption, SkipBadFlag
from tactful.cli.output import emit_json, next_command, quoted, say
from tactful.errors import UsageError, UserError

if TYPE_CHECKING:
    from tactful.evaluation.feedback.attacks import AttackResult
    from tactful.feedback.judging.confidence import ConfidenceMap
    from tactful.feedback.types import FeedbackConfig, JudgedTurn, LabelledTurn, TurnJudgement

EMBEDDED = "embedded"
PROBES = "probes"

LabelledArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="LABELLED...",
        help="JSONL rows: `conversation` or `q_t` and `a_t`; `user_next`; `label7`; optional `accept`, `source`, "
        "`lang`, `dialogue_id`. `probes` is the test set that ships.",
    ),
]
JudgeOption = Annotated[
    str, typer.Option("--model", help="`embedded` (no network), `offline`, or the name of a model.")
]
TrainedOption = Annotated[
    Path | None, typer.Option("--trained", help="embedded: what `feedback train` wrote; default: untrained.")
]
CrossFitOption = Annotated[
    int | None,
    typer.Option(
        "--cross-fit", min=2, help="embedded: train in so many folds by dialogue, judge what was left out."
    ),
]
JudgedOption = Annotated[
    Path | None,
    typer.Option(
        "--judged",
        help="A run of `feedback judge` on these turns, also a panel's, in place of judging them now.",
    ),
]


def register(noun: typer.Typer) -> None:
    """Add the verbs to the noun `feedback`."""
    noun.command("train")(train)
    noun.command("fit-confidence")(fit)
    noun.command("evaluate")(evaluate)


def train(
    labelled: LabelledArgument,
    out: Annotated[Path, typer.Option("--out", help="The model file to write (npz, no pickle).")],
    seed: SeedOption = 0,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Train the embedded judge on labelled turns of your own. Seconds on a CPU.

    Example: `tactful feedback train labelled.jsonl --out judge.npz`

    How good it is on dialogues that it has not seen: `tactful feedback evaluate labelled.jsonl --cross-fit 5`.
    """
    from tactful.feedback.embedded.linear import train_linear

    if out.exists():
        raise UsageError(f"{out}: exists already; give --out a new name")
    turns, left_out = _read(labelled, skip_bad=skip_bad)
    model = train_linear(turns, seed=seed)
    model.save(out)
    _say_left_out(left_out)
    card = model.card
    say(f"trained on {card['turns']} turns of {card['dialogues']} dialogues, {len(model.labels)} labels")
    missing = sorted(set(_all_labels()) - set(card["labels"]))
    if missing:
        say(f"it will never say {', '.join(missing)}: no turn had that label")
    if as_json:
        emit_json({"model": str(out), "left_out": left_out, **{k: v for k, v in card.items() if k != "seen"}})
    next_command(f"tactful feedback judge CHATS.jsonl --model embedded --trained {quoted(out)}")


def fit(
    labelled: LabelledArgument,
    out: Annotated[Path, typer.Option("--out", help="The confidence map to write (JSON).")],
    model: JudgeOption = EMBEDDED,
    trained: TrainedOption = None,
    judged: JudgedOption = None,
    cross_fit: CrossFitOption = None,
    base_url: BaseUrlOption = None,
    api_key_env: ApiKeyEnvOption = "OPENAI_API_KEY",
    cache: CacheOption = None,
    method: Annotated[
        Literal["auto", "platt", "isotonic"],
        typer.Option("--method", help="Form of the map; `auto` takes what predicts better out of fold."),
    ] = "auto",
    tolerant: Annotated[
        bool, typer.Option("--tolerant", help="A label listed in `accept` counts as right.")
    ] = False,
    precision: Annotated[
        float, typer.Option("--precision", min=0, max=1, help="Print τ_c for this share of right labels.")
    ] = 0.8,
    seed: SeedOption = 0,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Learn what the judge's confidence means: the probability of being right, per source, out of fold.

    Example: `tactful feedback fit-confidence labelled.jsonl --model embedded --out confidence.json`

    With a trained judge whose training turns these are, add `--cross-fit 5`: what a model says of its own training
    turns is too sure.
    """
    from tactful.feedback.judging.confidence import fit_confidence
    from tactful.feedback.types import FeedbackConfig

    if out.exists():
        raise UsageError(f"{out}: exists already; give --out a new name")
    if cross_fit is not None and trained is None:
        raise UsageError("--cross-fit fits the confidence of a trained judge; name it with --trained")
    turns, left_out = _read(labelled, skip_bad=skip_bad)
    config = FeedbackConfig()
    if judged is not None:
        turns, name, judgements = _from_run(turns, judged, left_out, own_judge=(model, trained, cross_fit))
    else:
        name, judgements = _judged(
            turns,
            model,
            trained,
            cross_fit,
            config,
            base_url=base_url,
            api_key_env=api_key_env,
            cache=cache,
            seed=seed,
        )
    found, skipped = fit_confidence(
        turns, judgements, judge=name, method=method, tolerant=tolerant, seed=seed
    )
    found.save(out)
    _say_left_out(left_out)
    for source, why in skipped.items():
        say(f"{source}: no map ({why}); its confidences stay as stated")
    if as_json:
        emit_json({"out": str(out), "not_fitted": skipped, **found.model_dump(mode="json")})
    else:
        _print_map(found, precision)
    next_command(
        f"tactful feedback judge CHATS.jsonl --model {model}{_with(trained)} --confidence {quoted(out)} --precision {precision:g}"
    )


def evaluate(
    labelled: LabelledArgument,
    model: JudgeOption = EMBEDDED,
    trained: TrainedOption = None,
    judged: JudgedOption = None,
    cross_fit: CrossFitOption = None,
    confidence: Annotated[
        Path | None, typer.Option("--confidence", help="What `feedback fit-confidence` wrote.")
    ] = None,
    attacks: Annotated[
        bool, typer.Option("--attacks", help="Also try to buy praise: fishing, orders, padding; flip rates.")
    ] = False,
    base_url: BaseUrlOption = None,
    api_key_env: ApiKeyEnvOption = "OPENAI_API_KEY",
    cache: CacheOption = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write the page with plots here.")] = None,
    seed: SeedOption = 0,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Measure a judge against labels of people: by source, beside baselines, with intervals by dialogue.

    Example: `tactful feedback evaluate labelled.jsonl --model embedded --cross-fit 5 --html feedback.html`

    With `--cross-fit` and several sources it also trains on each and tests on the others.
    """
    from tactful.evaluation.feedback.measure import evaluate_feedback, transfer_between_sources
    from tactful.evaluation.feedback.report import table_lines, write_page
    from tactful.feedback.judging.gating import refit
    from tactful.feedback.types import FeedbackConfig

    turns, left_out = _read(labelled, skip_bad=skip_bad)
    config = FeedbackConfig()
    if judged is not None:
        turns, name, judgements = _from_run(turns, judged, left_out, own_judge=(model, trained, cross_fit))
    else:
        name, judgements = _judged(
            turns,
            model,
            trained,
            cross_fit,
            config,
            base_url=base_url,
            api_key_env=api_key_env,
            cache=cache,
            seed=seed,
        )
    notes = []
    if confidence is not None:
        from tactful.feedback.judging.confidence import load_confidence

        fitted = load_confidence(confidence)
        judgements = [
            refit(judgement, turn.source, config, fitted)
            for turn, judgement in zip(turns, judgements, strict=True)
        ]
        strange = sorted(
            {t.source for t, j in zip(turns, judgements, strict=True) if j.label and not j.fitted}
        )
        notes = [fitted.refusal(source) for source in strange]
    if model == "offline":
        notes.append("A rehearsal, not a language model, spoke: cues made these labels.")
    found = evaluate_feedback(
        turns,
        judgements,
        judge=name,
        cross_fit=cross_fit,
        left_out=left_out,
        transfers=transfer_between_sources(turns, seed=seed) if cross_fit else (),
        seed=seed,
        notes=notes,
    )
    tried = _attacked(turns, model, trained) if attacks else []
    _say_left_out(left_out)
    for note in notes:
        say(note)
    if as_json:
        emit_json({**found.model_dump(mode="json"), "attacks": [item.model_dump() for item in tried]})
    else:
        for line in table_lines(found):
            typer.echo(line)
        for item in tried:
            typer.echo(
                f"{item.attack}: label changed {item.flipped:.3f}, higher reward {item.gained:.3f}, praise bought "
                f"{item.bought:.3f} of {item.turns} turns ({item.meaning})"
                if item.flipped is not None and item.gained is not None and item.bought is not None
                else f"{item.attack}: nothing scored"
            )
    if html is not None:
        write_page(found, html)
        say(f"page: {html}")
    next_command(
        f"tactful feedback fit-confidence {' '.join(map(quoted, labelled))} --model {model} --out confidence.json"
    )


def _read(paths: list[str], *, skip_bad: bool) -> tuple[list[LabelledTurn], dict[str, int]]:
    """The labelled turns of all files, and why rows were counted out. Raises: DataError, UserError for none."""
    from tactful.evaluation.feedback.probes import load_probes
    from tactful.feedback.chats import LabelledTurns

    turns: list[LabelledTurn] = []
    left_out: dict[str, int] = {}
    for path in paths:
        if path == PROBES:
            turns += [probe.turn() for probe in load_probes()]
            continue
        rows = LabelledTurns(path, skip_bad=skip_bad)
        turns += list(rows)
        counted = {
            "without label7": rows.no_label,
            "without a query of the user": rows.count.no_query,
            "unusable lines": rows.rows.bad,
        }
        for why, count in counted.items():
            if count:
                left_out[why] = left_out.get(why, 0) + count
    if not turns:
        raise UserError(
            f"{', '.join(paths)}: no row has a query, a next message and label7 "
            f"({', '.join(f'{n} {why}' for why, n in left_out.items()) or 'the files are empty'}); label some turns"
        )
    return turns, left_out


def _judged(
    turns: list[LabelledTurn],
    model: str,
    trained: Path | None,
    cross_fit: int | None,
    config: FeedbackConfig,
    *,
    base_url: str | None,
    api_key_env: str,
    cache: Path | None,
    seed: int,
) -> tuple[str, list[TurnJudgement]]:
    """(name of the judge, its judgement of every turn)."""
    from tactful.evaluation.feedback.measure import cross_fitted
    from tactful.feedback.embedded import open_embedded

    if model != EMBEDDED:
        if trained is not None or cross_fit is not None:
            raise UsageError(f"--trained and --cross-fit belong to the judge '{EMBEDDED}', not to '{model}'")
        return asyncio.run(_by_model(turns, model, config, base_url, api_key_env, cache))
    judge = open_embedded(trained, config)
    if cross_fit is not None:
        judged = cross_fitted(turns, folds=cross_fit, seed=seed, config=config)
        if trained is None:
            return "embedded, cross-fitted", judged
        provenance = judged[0].provenance.model_copy(update={"model": judge.name})
        return judge.name, [item.model_copy(update={"provenance": provenance}) for item in judged]
    if judge.model is not None:
        known = judge.model.knows(turns)
        if known:
            raise UsageError(
                f"{trained}: was trained on {known} of these {len(turns)} turns' dialogues, so its figures here would "
                "flatter it; use other turns, or --cross-fit 5"
            )
    return judge.name, judge.judge_now(turns)


def _from_run(
    turns: list[LabelledTurn],
    path: Path,
    left_out: dict[str, int],
    *,
    own_judge: tuple[str, Path | None, int | None],
) -> tuple[list[LabelledTurn], str, list[TurnJudgement]]:
    """(the turns that the run judged, name of its judge, their judgements); the other turns are counted out."""
    from tactful.feedback.pipeline import JudgedTurns

    if own_judge != (EMBEDDED, None, None):
        raise UsageError("--judged brings its own judge; leave out --model, --trained and --cross-fit")
    found = {item.turn.id: item for item in JudgedTurns(path)}
    both = [turn for turn in turns if _same(turn, found.get(turn.id))]
    if not both:
        raise UserError(
            f"{path}: holds none of these {len(turns)} turns (the first is '{turns[0].id}'); run "
            "'tactful feedback judge' on the same file"
        )
    if len(both) < len(turns):
        left_out["not in the run"] = len(turns) - len(both)
    judgements = [found[turn.id].judgement for turn in both]
    return both, judgements[0].provenance.model, judgements


def _same(turn: LabelledTurn, judged: JudgedTurn | None) -> bool:
    """The run judged these very texts under this id."""
    if judged is None:
        return False
    one, two = turn, judged.turn
    return (one.q_t, one.a_t, one.user_next) == (two.q_t, two.a_t, two.user_next)


async def _by_model(
    turns: list[LabelledTurn],
    name: str,
    config: FeedbackConfig,
    base_url: str | None,
    api_key_env: str,
    cache: Path | None,
) -> tuple[str, list[TurnJudgement]]:
    from tactful.evaluation.feedback.measure import judge_labelled
    from tactful.feedback.judging.judge import FeedbackJudge, judge_spec
    from tactful.llm import open_model
    from tactful.llm.cache import CallCache

    spec = judge_spec(name, base_url=base_url or os.environ.get("OPENAI_BASE_URL"), api_key_env=api_key_env)
    store = CallCache(cache) if cache is not None else None
    try:
        async with FeedbackJudge(open_model(spec, cache=store), config) as judge:
            return judge.name, await judge_labelled(turns, judge)
    finally:
        if store is not None:
            store.close()


def _attacked(turns: list[LabelledTurn], model: str, trained: Path | None) -> list[AttackResult]:
    from tactful.evaluation.feedback.attacks import attack_results
    from tactful.feedback.embedded import open_embedded

    if model != EMBEDDED:
        raise UsageError("--attacks plays every turn eight times; it is for the judge 'embedded'")
    return asyncio.run(attack_results(turns, open_embedded(trained)))


def _print_map(found: ConfidenceMap, precision: float) -> None:
    for source, item in found.sources.items():
        tau = found.threshold(source, precision)
        gate = f"τ_c {tau:.3f}" if tau is not None else "no threshold reaches it"
        typer.echo(
            f"{source}: {item.turns} turns of {item.dialogues} dialogues; Brier {item.brier_stated:.3f} → "
            f"{item.brier:.3f}, ECE {item.ece_stated:.3f} → {item.ece:.3f} (out of fold); precision {precision:g}: {gate}"
        )


def _with(trained: Path | None) -> str:
    return "" if trained is None else f" --trained {quoted(trained)}"


def _say_left_out(left_out: dict[str, int]) -> None:
    if left_out:
        say("counted out: " + ", ".join(f"{count} {why}" for why, count in left_out.items()))


def _all_labels() -> list[str]:
    from tactful.feedback.labels import LABELS

    return [str(label) for label in LABELS]
