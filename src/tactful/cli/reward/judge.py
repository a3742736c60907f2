"""`tactful reward judge`: would the user accept this, now? By a trained model, or by a prompted one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.options import (
    DryRunFlag,
    JsonFlag,
    ModelFlags,
    RunFlags,
    SamplesOption,
    SkipBadFlag,
    finite,
)
from tactful.cli.reward.options import ExplainFlag
from tactful.cli.splice import without
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.api.options import ReaderOptions
    from tactful.api.reward.judge import AskingOptions


@dataclass(frozen=True, kw_only=True)
class JudgeModelFlags(ModelFlags):
    """Where --judge and --reader answer, and how."""

    temperature: Annotated[
        float | None,
        typer.Option(
            "--temperature", min=0, max=2, callback=finite, help="--judge, --reader: of the replies."
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class JudgingFlags(RunFlags):
    """How the judging goes on."""

    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="--model, --reader: the JSONL file to write. --judge: the folder of the run."
        ),
    ] = None


def judge(
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="[DATA]",
            help="Moments, JSONL: `obs` (events) and `pred_task` (the proposal, null = silence); `-` is stdin.",
        ),
    ] = None,
    *,
    model: Annotated[
        Path | None,
        typer.Option(
            "--model",
            help="A model of `reward train` or `train reward`, or an embedded reader: no network. Default: --reader encoder.",
        ),
    ] = None,
    judge_model: Annotated[
        str | None, typer.Option("--judge", help="Name of a prompted model, or `offline` for the rehearsal.")
    ] = None,
    reader: Annotated[
        str | None,
        typer.Option(
            "--reader",
            help="Instead of --model: a reader: `encoder`, `surface`, a folder, `MODEL` or `decisions:MODEL`.",
        ),
    ] = None,
    samples: SamplesOption = 5,
    event: Annotated[
        list[str] | None,
        typer.Option("--event", help="Instead of DATA: one event; repeat it, oldest first."),
    ] = None,
    proposal: Annotated[
        str | None, typer.Option("--proposal", help="With --event: what is proposed; without it, silence.")
    ] = None,
    explain: ExplainFlag = True,
    votes: Annotated[int, typer.Option("--votes", min=1, help="--judge: verdicts asked for per moment.")] = 1,
    published_layout: Annotated[
        bool,
        typer.Option(
            "--published-layout",
            help="--judge: lay the message out as ProactiveBench does, for models tuned on it.",
        ),
    ] = False,
    max_chars: Annotated[
        int | None,
        typer.Option(
            "--max-chars",
            min=500,
            help="--judge: longest text that is sent whole; halved by itself where the model's context is too short.",
        ),
    ] = None,
    at: Annotated[JudgeModelFlags, without("max_tokens", "requests_per_minute")],
    run: JudgingFlags,
    skip_bad: SkipBadFlag = False,
    dry_run: DryRunFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Judge moments: the probability that a proposal, or a silence, is accepted, and why.

    Example: `tactful reward judge --model model --event "The user searches for 'merge two dicts python'" --proposal "Show how to merge two dicts"`
    """
    from tactful.api.reader import reader as opened
    from tactful.cli.reward import judge_prompted, judge_trained
    from tactful.reward.suggestions.model import holds_suggestions

    if sum(one is not None for one in (model, judge_model, reader)) > 1:
        raise UsageError(
            "name one judge: --model FOLDER (a trained model), --judge NAME (a prompted one) or --reader NAME"
        )
    if proposal is not None and not event:
        raise UsageError("--proposal belongs to --event; moments in DATA bring their own 'pred_task'")
    if (data is None) == (not event):
        raise UsageError("give DATA, or the events of one moment with --event")
    if judge_model is not None:
        if data is None:
            raise UsageError(
                "--event is for --model and --reader; give a prompted judge its moments as DATA (`-` is stdin)"
            )
        _refuse({"--samples": samples != 5}, "belongs to --reader; --votes draws from --judge")
        _refuse({"--no-explain": not explain}, "belongs to --model and --reader; --judge always says why")
        chosen: AskingOptions = {
            "votes": votes,
            "layout": "proactivebench" if published_layout else "tactful",
            "skip_bad": skip_bad,
            **({} if max_chars is None else {"max_chars": max_chars}),
            **at.given(),
            **run.given(),
        }
        judge_prompted.judge_by_prompt(data, judge_model, chosen, dry_run=dry_run, as_json=as_json)
        return
    _refuse(
        {
            "--votes": votes != 1,
            "--published-layout": published_layout,
            "--max-chars": max_chars is not None,
            "--resume": run.resume,
            "--dry-run": dry_run,
            "--executor": run.executor != "local",
        },
        "belongs to --judge; neither --model nor --reader takes it",
    )
    if data is None:
        only = "belongs to DATA; what is said of one moment is printed"
        _refuse(
            {"--out": run.out is not None, "--limit": run.limit is not None, "--skip-bad": skip_bad}, only
        )
    if reader is None:
        _refuse({"--samples": samples != 5}, "belongs to --reader MODEL; a trained model draws nothing")
        _refuse(
            {
                "--base-url": at.base_url is not None,
                "--timeout": at.timeout is not None,
                "--temperature": at.temperature is not None,
                "--cache": run.cache is not None,
                "--budget-usd": run.budget_usd is not None,
                "--budget-tokens": run.budget_tokens is not None,
            },
            "belongs to --judge and --reader; a trained model sends nothing",
        )
    if run.out is not None and run.out.exists() and data is not None:
        raise UsageError(f"{run.out}: exists already; give --out a new name")
    if model is not None and holds_suggestions(model):
        if data is None:
            raise UsageError(
                f"{model}: judges suggestions in an editor, not events; give it a file of decisions as DATA"
            )
        judge_trained.judge_decisions(
            model, data, run.out, run.limit, explain=explain, skip_bad=skip_bad, as_json=as_json
        )
        return
    asking: ReaderOptions = {**at.given(), **run.spent(), "samples": samples}
    by_whom = model if model is not None else opened(reader or "encoder", **asking)
    if data is None:
        judge_trained.judge_one(by_whom, event or [], proposal, as_json=as_json)
    else:
        judge_trained.judge_moments(
            by_whom, data, run.out, run.limit, explain=explain, skip_bad=skip_bad, as_json=as_json
        )


def _refuse(given: dict[str, bool], why: str) -> None:
    """Raises: UsageError for an option that would be read and ignored."""
    for name, used in given.items():
        if used:
            raise UsageError(f"{name} {why}")
