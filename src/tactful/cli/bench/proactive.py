"""`tactful bench proactive`: assistants that may speak up or stay silent, along traces of working users."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.options import (
    ConcurrencyOption,
    DryRunFlag,
    JsonFlag,
    JudgeEndpointFlags,
    RunFlags,
    SkipBadFlag,
    ThinkingFlags,
)
from tactful.cli.output import emit_json, next_command, print_lines, quoted, say, tell_bad, tell_failures
from tactful.cli.splice import without

if TYPE_CHECKING:
    from tactful.evaluation.proactive.assistant_run import AssistantForecast
    from tactful.evaluation.proactive.setup import Benched
    from tactful.runs import RunSummary

_THEN = "; then give this command again with --resume"


@dataclass(frozen=True, kw_only=True)
class AssistantFlags(ThinkingFlags):
    """Where --model answers, and how."""

    temperature: Annotated[
        float | None, typer.Option("--temperature", min=0, max=2, help="--model; default: the endpoint's.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class BenchFlags(RunFlags):
    """The runs of --model and --judge, and all that is written."""

    concurrency: ConcurrencyOption = 16
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Folder for runs, responses, decisions and results; default with --model: in runs/."
        ),
    ] = None


def proactive(
    traces: Annotated[
        Path,
        typer.Argument(
            metavar="TRACES", help="Folder of traces (JSON, ProactiveBench's form), or a frozen benchmark."
        ),
    ],
    *,
    responses: Annotated[
        list[Path] | None,
        typer.Option(
            "--responses",
            help="Score these: a folder of responses, or one with a folder per model. Repeatable.",
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", help="Run this model over the traces; `offline` rehearses.")
    ] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option("--policy", help="Score a policy of ours: always, never, random or gate. Repeatable."),
    ] = None,
    threshold: Annotated[
        float, typer.Option("--threshold", min=0, max=1, help="--policy gate: speak from this p(accept) on.")
    ] = 0.5,
    reward_data: Annotated[
        Path | None,
        typer.Option(
            "--reward-data", help="What people said about these traces: JSONL like reward_train.jsonl."
        ),
    ] = None,
    judge_data: Annotated[
        Path | None,
        typer.Option(
            "--judge-data",
            help="Judge by our reward model, trained on these labels without the judged session. Default: --reward-data.",
        ),
    ] = None,
    judge: Annotated[
        str | None, typer.Option("--judge", help="Judge by this chat model instead; `offline` rehearses.")
    ] = None,
    reward_model: Annotated[
        Path | None,
        typer.Option("--reward-model", help="Judge by this saved model instead; see `reward train`."),
    ] = None,
    votes: Annotated[int, typer.Option("--votes", min=1, help="--judge: verdicts per moment.")] = 1,
    people: Annotated[
        int | None,
        typer.Option(
            "--people",
            min=0,
            help="Labelled moments that the judge judges too, for its agreement with people. Default: all; --judge: 100.",
        ),
    ] = None,
    trained_on: Annotated[
        Path | None,
        typer.Option(
            "--trained-on",
            help="A run of `gym trainset` that --model, or who gave --responses, was trained on: its judge is refused here.",
        ),
    ] = None,
    allow_seen: Annotated[
        bool,
        typer.Option(
            "--allow-seen",
            help="Let a judge judge what it selected itself, or by labels of its own; marked so.",
        ),
    ] = False,
    quirks: Annotated[
        bool, typer.Option("--quirks/--no-quirks", help="Count the published table with its quirks.")
    ] = True,
    max_chars: Annotated[
        int, typer.Option("--max-chars", min=200, help="--model: most characters of events in a prompt.")
    ] = 24_000,
    at: AssistantFlags,
    judge_at: JudgeEndpointFlags,
    run: Annotated[BenchFlags, without("limit")],
    skip_bad: SkipBadFlag = False,
    dry_run: DryRunFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Score assistants along traces: as published and corrected, with baselines in every table, intervals by session.

    Example: `tactful bench proactive traces --responses agent_responses --reward-data reward_train.jsonl`

    Run a model over the traces and score it: `tactful bench proactive traces --model gpt-4.1-mini --reward-data
    reward_train.jsonl --out runs/proactive --budget-usd 2`
    """
    from tactful.api.reward.assistants import BenchOptions, bench_assistants, forecast_assistant

    chosen: BenchOptions = {
        "responses": responses or (),
        "policies": policy or (),
        "threshold": threshold,
        "max_chars": max_chars,
        "reward_data": reward_data,
        "judge_data": judge_data,
        "judge": judge,
        "judge_base_url": judge_at.judge_base_url,
        "judge_api_key_env": judge_at.judge_api_key_env,
        "reward_model": reward_model,
        "votes": votes,
        "people": people,
        "trained_on": trained_on,
        "allow_seen": allow_seen,
        "quirks": quirks,
        "skip_bad": skip_bad,
        **at.given(),
        **run.given(),
    }
    if dry_run:
        _tell_forecast(forecast_assistant(traces, model=model, **chosen), as_json=as_json)
        return
    found = bench_assistants(traces, model=model, on_run=_tell_run, **chosen)
    for labels in found.ground.read:
        tell_bad(labels)
    if model == "offline":
        say("a rehearsal: cues made these proposals, no language model read anything")
    _report(found, as_json=as_json)
    if reward_data is not None:
        next_command(f"tactful bench judge {quoted(reward_data)} --leave-one-session-out")


def _tell_run(summary: RunSummary) -> None:
    tell_failures(summary, _THEN)
    if summary.unscored:
        place = quoted(summary.folder.path)
        say(f"take the unscored again: tactful runs retry {place} --unscored{_THEN}")


def _report(found: Benched, *, as_json: bool) -> None:
    for warning in found.result.warnings:
        say(f"WARNING: {warning}")
    if as_json:
        emit_json(found.result.model_dump(mode="json"))
    else:
        print_lines(found)
    if (place := found.folder) is not None:
        say(f"results: {place / 'results.json'}; every decision: {place / 'decisions.jsonl'}")


def _tell_forecast(expected: AssistantForecast, *, as_json: bool) -> None:
    if as_json:
        emit_json(expected.model_dump(mode="json"))
        return
    cost = "price not known" if expected.cost_usd is None else f"about {expected.cost_usd:.2f} USD"
    say(f"{expected.events} events in {expected.traces} traces; estimated, nothing was sent:")
    say(
        f"  assistant: {expected.calls} calls, {expected.prompt_tokens} prompt tokens, {cost}; the judge comes on top"
    )
