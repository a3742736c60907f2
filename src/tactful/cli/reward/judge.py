"""`tactful reward judge`: would the user accept this, now? By a trained model, or by a prompted one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.options import (
    ApiKeyEnvOption,
    BaseUrlOption,
    BudgetTokensOption,
    BudgetUsdOption,
    CacheOption,
    ConcurrencyOption,
    DryRunFlag,
    JsonFlag,
    LimitOption,
    ResumeFlag,
    SeedOption,
    SkipBadFlag,
    finite,
)
from tactful.cli.output import emit_json, next_command, printable, quoted, say
from tactful.errors import UsageError, UserError

if TYPE_CHECKING:
    from tactful.reward.types import Acceptance
    from tactful.types import Moment

_BATCH = 256
_WIDTH = 54
"""Characters of a proposal on the terminal: with what stands before it, 80."""


def register(noun: typer.Typer) -> None:
    """Add the verb to the noun `reward`."""
    noun.command("judge")(judge)


def judge(
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="[DATA]",
            help="Moments, JSONL: `obs` (events) and `pred_task` (the proposal, null = silence); `-` is stdin.",
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            "--model", help="A model of `reward train`, of moments or of suggestions: no network, no cost."
        ),
    ] = None,
    judge_model: Annotated[
        str | None, typer.Option("--judge", help="Name of a prompted model, or `offline` for the rehearsal.")
    ] = None,
    event: Annotated[
        list[str] | None,
        typer.Option("--event", help="Instead of DATA: one event; repeat it, oldest first."),
    ] = None,
    proposal: Annotated[
        str | None, typer.Option("--proposal", help="With --event: what is proposed; without it, silence.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="--model: the JSONL file to write. --judge: the folder of the run."),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain/--no-explain", help="--model: say which features moved a judgement.")
    ] = True,
    votes: Annotated[int, typer.Option("--votes", min=1, help="--judge: verdicts asked for per moment.")] = 1,
    published_layout: Annotated[
        bool,
        typer.Option(
            "--published-layout",
            help="--judge: lay the message out as ProactiveBench does, for models tuned on it.",
        ),
    ] = False,
    resume: ResumeFlag = False,
    base_url: BaseUrlOption = None,
    api_key_env: ApiKeyEnvOption = "OPENAI_API_KEY",
    temperature: Annotated[
        float | None,
        typer.Option("--temperature", min=0, max=2, callback=finite, help="--judge: of the replies."),
    ] = None,
    cache: CacheOption = None,
    concurrency: ConcurrencyOption = 32,
    budget_usd: BudgetUsdOption = None,
    budget_tokens: BudgetTokensOption = None,
    limit: LimitOption = None,
    seed: SeedOption = 0,
    skip_bad: SkipBadFlag = False,
    dry_run: DryRunFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Judge moments: the probability that a proposal, or a silence, is accepted, and why.

    Example: `tactful reward judge --model model --event "The user searches for 'merge two dicts python'" --proposal "Show how to merge two dicts"`
    """
    if (model is None) == (judge_model is None):
        raise UsageError("name one judge: --model FOLDER (a trained model) or --judge NAME (a prompted one)")
    if proposal is not None and not event:
        raise UsageError("--proposal belongs to --event; moments in DATA bring their own 'pred_task'")
    if (data is None) == (not event):
        raise UsageError("give DATA, or the events of one moment with --event")
    if judge_model is not None:
        if data is None:
            raise UsageError(
                "--event is for --model; give a prompted judge its moments as DATA (`-` is stdin)"
            )
        from tactful.cli.reward.lm import run_lm_judge
        from tactful.runs import RunOptions

        run_lm_judge(
            data,
            judge_model,
            RunOptions(
                out=out,
                resume=resume,
                concurrency=concurrency,
                budget_usd=budget_usd,
                budget_tokens=budget_tokens,
                cache=cache,
                seed=seed,
                limit=limit,
            ),
            votes=votes,
            layout="proactivebench" if published_layout else "tactful",
            base_url=base_url,
            api_key_env=api_key_env,
            temperature=temperature,
            skip_bad=skip_bad,
            dry_run=dry_run,
            as_json=as_json,
        )
        return
    _refuse_of_prompted(
        {
            "--votes": votes != 1,
            "--published-layout": published_layout,
            "--resume": resume,
            "--base-url": base_url is not None,
            "--temperature": temperature is not None,
            "--cache": cache is not None,
            "--budget-usd": budget_usd is not None,
            "--budget-tokens": budget_tokens is not None,
            "--dry-run": dry_run,
        }
    )
    assert model is not None
    if _is_of_suggestions(model):
        if data is None:
            raise UsageError(
                f"{model}: judges suggestions in an editor, not events; give it a file of decisions as DATA"
            )
        from tactful.cli.reward.suggestions import judge_decisions

        judge_decisions(model, data, out, limit, explain=explain, skip_bad=skip_bad, as_json=as_json)
    elif event:
        _judge_one(model, event, proposal, as_json=as_json)
    else:
        assert data is not None
        _judge_file(model, data, out, limit, explain=explain, skip_bad=skip_bad, as_json=as_json)


def _refuse_of_prompted(given: dict[str, bool]) -> None:
    """Raises: UsageError for an option that a trained model would read and ignore."""
    for name, used in given.items():
        if used:
            raise UsageError(f"{name} belongs to --judge; a trained model sends nothing")


def _is_of_suggestions(model: Path) -> bool:
    """Whether a folder, or a file, holds a model of suggestions (and no reward model beside it)."""
    from tactful.reward.embedded.model import MODEL_FILE
    from tactful.reward.suggestions import model as suggestion_model

    if model.is_file():
        return model.name == suggestion_model.MODEL_FILE
    return (model / suggestion_model.MODEL_FILE).is_file() and not (model / MODEL_FILE).is_file()


def _judge_one(model: Path, events: list[str], proposal: str | None, *, as_json: bool) -> None:
    from tactful.data.formats.moments import parse_moment
    from tactful.reward.embedded.model import load_model

    try:
        moment = parse_moment({"obs": [{"event": text} for text in events], "pred_task": proposal})
    except ValueError as error:
        raise UsageError(f"--event: {error}") from error
    said = load_model(model).judge_now([moment], explain=True)[0]
    if as_json:
        emit_json(said.model_dump(mode="json"))
        return
    typer.echo(_line(moment, said))
    typer.echo(said.reason)


def _judge_file(
    folder: Path,
    data: str,
    out: Path | None,
    limit: int | None,
    *,
    explain: bool,
    skip_bad: bool,
    as_json: bool,
) -> None:
    from itertools import islice

    from tactful.data.formats.moments import moment_rows
    from tactful.data.io import to_line, write_file
    from tactful.reward.embedded.model import load_model
    from tactful.runs import begun, resolve_input

    if out is not None and out.exists():
        raise UsageError(f"{out}: exists already; give --out a new name")
    judge = load_model(folder)
    rows = moment_rows(resolve_input(data), skip_bad=skip_bad)
    fix = "write one JSON object with 'obs' and 'pred_task' per line"
    moments = begun(islice(rows, limit), rows.name, what="moment", fix=fix)
    counts = {"accepted": 0, "rejected": 0, "unscored": 0}

    def judged() -> Iterator[tuple[Moment, Acceptance]]:
        while batch := list(islice(moments, _BATCH)):
            for moment, said in zip(batch, judge.judge_now(batch, explain=explain), strict=True):
                verdict = "unscored" if said.accepted is None else "accepted" if said.accepted else "rejected"
                counts[verdict] += 1
                yield moment, said

    if out is not None:
        write_file(out, (to_line(said) for _, said in judged()))
        say(f"judgements: {out}")
    else:
        for moment, said in judged():
            typer.echo(to_line(said).decode().rstrip("\n") if as_json else _line(moment, said))
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    say(
        f"{sum(counts.values())} moments: {told}"
        + (f"; {rows.bad} unusable rows left out" if rows.bad else "")
    )
    for problem in rows.problems:
        say(f"  {problem}")
    if counts["unscored"] == sum(counts.values()):
        raise UserError(f"{folder}: could judge none of these moments; see the reasons in the judgements")
    next_command(f"tactful reward gate {quoted(folder)} LABELLED.jsonl --cost-false-alarm 2 --cost-miss 1")


def _line(moment: Moment, said: Acceptance) -> str:
    """One moment on one line of a terminal."""
    what = printable(moment.proposal) if moment.proposal is not None else "(silence)"
    shown = what if len(what) <= _WIDTH else what[: _WIDTH - 1] + "…"
    if said.p_accept is None:
        return f"unscored            {shown}: {printable(said.reason)}"
    need = "" if said.p_need is None else f" need {said.p_need:.2f}"
    return f"{'accepted' if said.accepted else 'rejected'} {said.p_accept:.2f}{need}  {shown}"
