"""`tactful bench proactive`: assistants that may speak up or stay silent, along traces of working users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache as cache_results
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.bench import freeze as bench_freeze
from tactful.cli.bench.proactive_parts import (
    Chosen,
    Judge,
    add_model,
    add_policies,
    add_responses,
    by_model,
    by_run,
    held_out,
    here,
    now,
)
from tactful.cli.options import (
    ApiKeyEnvOption,
    BaseUrlOption,
    BudgetTokensOption,
    BudgetUsdOption,
    CacheOption,
    ConcurrencyOption,
    DryRunFlag,
    JsonFlag,
    ResumeFlag,
    SeedOption,
    SkipBadFlag,
    finite,
)
from tactful.cli.output import emit_json, next_command, quoted, say
from tactful.errors import DataError, UsageError

if TYPE_CHECKING:
    from tactful.data.formats.traces import Trace
    from tactful.evaluation.proactive.assistants import AssistantConfig
    from tactful.evaluation.proactive.bench import BenchResult
    from tactful.evaluation.proactive.measure import Decision
    from tactful.llm import ModelSpec
    from tactful.types import LabelledMoment

PEOPLE_FOR_A_MODEL = 100
"""Labelled moments that a paid judge judges for its agreement with people, unless told otherwise."""


def register(noun: typer.Typer) -> None:
    """Add `proactive` and `freeze` to the noun `bench`."""
    noun.command("proactive")(proactive)
    bench_freeze.register(noun)


def proactive(
    traces: Annotated[
        Path,
        typer.Argument(
            metavar="TRACES", help="Folder of traces (JSON, ProactiveBench's form), or a frozen benchmark."
        ),
    ],
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
    quirks: Annotated[
        bool, typer.Option("--quirks/--no-quirks", help="Count the published table with its quirks.")
    ] = True,
    max_chars: Annotated[
        int, typer.Option("--max-chars", min=200, help="--model: most characters of events in a prompt.")
    ] = 24_000,
    base_url: BaseUrlOption = None,
    api_key_env: ApiKeyEnvOption = "OPENAI_API_KEY",
    judge_base_url: Annotated[
        str | None, typer.Option("--judge-base-url", help="Endpoint of --judge; default: that of --model.")
    ] = None,
    judge_api_key_env: Annotated[
        str | None,
        typer.Option("--judge-api-key-env", help="Key variable of --judge; default: that of --model."),
    ] = None,
    temperature: Annotated[
        float | None, typer.Option("--temperature", min=0, max=2, help="--model; default: the endpoint's.")
    ] = None,
    max_tokens: Annotated[
        int, typer.Option("--max-tokens", min=16, help="Length limit of one reply, reasoning included.")
    ] = 4096,
    requests_per_minute: Annotated[
        float | None,
        typer.Option("--requests-per-minute", min=0.001, callback=finite, help="Send no faster than this."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Folder for runs, responses, decisions and results; default with --model: in runs/."
        ),
    ] = None,
    resume: ResumeFlag = False,
    concurrency: ConcurrencyOption = 16,
    cache: CacheOption = None,
    budget_usd: BudgetUsdOption = None,
    budget_tokens: BudgetTokensOption = None,
    seed: SeedOption = 0,
    skip_bad: SkipBadFlag = False,
    dry_run: DryRunFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Score assistants along traces: as published and corrected, with baselines in every table, intervals by session.

    Example: `tactful bench proactive traces --responses agent_responses --reward-data reward_train.jsonl`

    Run a model over the traces and score it: `tactful bench proactive traces --model gpt-4.1-mini --reward-data
    reward_train.jsonl --out runs/proactive --budget-usd 2`
    """
    from tactful.data.formats.traces import read_splits, read_traces
    from tactful.evaluation.proactive.assistants import SCRIPTS, AssistantConfig
    from tactful.evaluation.proactive.bench import run_bench
    from tactful.evaluation.proactive.freeze import check_frozen, read_labels
    from tactful.evaluation.proactive.points import scenes_of
    from tactful.llm import model_spec
    from tactful.runs import RunOptions

    if not (responses or model or policy):
        raise UsageError("nothing to score; give --responses FOLDER, --model NAME or --policy gate")
    _refuse_unknown(policy or [])
    _refuse_two_judges(judge, reward_model, judge_data, votes, gate="gate" in (policy or []))
    frozen = check_frozen(traces)
    found = read_traces(traces)
    own = read_labels(traces) if frozen is not None else []
    labels = _labels(reward_data, skip_bad=skip_bad) if reward_data is not None else own
    training = _labels(judge_data, skip_bad=skip_bad) if judge_data is not None else labels
    scenes = scenes_of(found, labels)
    splits = read_splits(traces, found)
    spec = None
    if model is not None:
        spec = model_spec(
            model,
            scripts=SCRIPTS,
            seed=seed,
            base_url=base_url,
            api_key_env=api_key_env,
            temperature=temperature,
            max_tokens=max_tokens,
            requests_per_minute=requests_per_minute,
            concurrency=concurrency,
        )
    config = AssistantConfig(max_chars=max_chars)
    if dry_run:
        _print_forecast(found, config, spec, as_json=as_json)
        return
    place = _folder(out, resume=resume, needed=spec is not None or judge is not None)
    options = RunOptions(
        resume=resume,
        concurrency=concurrency,
        cache=cache,
        budget_usd=budget_usd,
        budget_tokens=budget_tokens,
        seed=seed,
    )
    chosen = Chosen()
    add_responses(chosen, responses or [], found)
    ours = cache_results(lambda: held_out(scenes, training))
    add_policies(chosen, policy or [], scenes, ours, threshold, seed)
    if spec is not None:
        assert place is not None
        options = add_model(chosen, spec, config, traces, found, place / "assistant", options)
    if judge is not None:
        from tactful.reward.judging.judge import SCRIPTS as JUDGE_SCRIPTS

        assert place is not None
        judge_spec = model_spec(
            judge,
            scripts=JUDGE_SCRIPTS,
            seed=seed,
            base_url=judge_base_url or base_url,
            api_key_env=judge_api_key_env or api_key_env,
            max_tokens=max_tokens,
            requests_per_minute=requests_per_minute,
            concurrency=concurrency,
        )
        judging = by_run(judge_spec, votes, here(options, place / "judge"))
    elif reward_model is not None:
        judging = by_model(reward_model, scenes)
    else:
        held, told = ours()
        judging = Judge(name=held.name, regime=told, judge=now(held))
    if people is None and judge is not None:
        people = PEOPLE_FOR_A_MODEL
    result, decisions = run_bench(
        scenes,
        chosen.assistants,
        judging.judge,
        splits,
        judge_name=judging.name,
        regime=judging.regime,
        files=chosen.files,
        warnings=[*judging.warnings, *_circular(policy or [], judge, reward_model)],
        quirks=quirks,
        people=people,
        seed=seed,
    )
    _report(result, decisions, chosen, place, reward_data, as_json=as_json)


def _refuse_unknown(policies: Sequence[str]) -> None:
    known = ("always", "never", "random", "gate")
    for name in policies:
        if name not in known:
            raise UsageError(f"--policy {name}: is unknown, expected one of {', '.join(known)}")


def _refuse_two_judges(
    judge: str | None, reward_model: Path | None, judge_data: Path | None, votes: int, *, gate: bool
) -> None:
    """Raises: UsageError for options about judges that do not fit together."""
    if judge is not None and reward_model is not None:
        raise UsageError("--judge and --reward-model exclude each other; name one judge")
    other = "--judge" if judge is not None else "--reward-model" if reward_model is not None else ""
    if other and judge_data is not None and not gate:
        raise UsageError(f"--judge-data trains our reward model, but {other} judges; give one of them")
    if votes > 1 and judge is None:
        raise UsageError(f"--votes {votes} belongs to --judge; a reward model says the same every time")


def _circular(policies: Sequence[str], judge: str | None, reward_model: Path | None) -> list[str]:
    if "gate" not in policies or judge is not None or reward_model is not None:
        return []
    return [
        "policy gate chooses by the model that judges it, so nearly all that it proposes counts as accepted; "
        "judge it by --judge MODEL, and read its silence alone here"
    ]


def _labels(path: Path, *, skip_bad: bool) -> list[LabelledMoment]:
    """What people said, from a file. Raises: DataError, also for a file without any."""
    from tactful.data.formats.moments import labelled_rows

    rows = labelled_rows(path, skip_bad=skip_bad)
    found = list(rows)
    if rows.bad:
        say(f"{rows.bad} unusable lines left out, the first: {rows.problems[0]}")
    if not found:
        raise DataError.at(
            path, None, "holds no labelled moment", fix="give rows with 'obs', 'pred_task' and 'valid'"
        )
    return found


def _folder(out: Path | None, *, resume: bool, needed: bool) -> Path | None:
    """Where results go; None for nowhere. Raises: UsageError rather than write into a folder that is there."""
    if resume and (out is None or not out.is_dir()):
        raise UsageError("--resume goes on with the runs in --out; name the folder of the earlier call")
    if out is not None:
        if not resume and out.exists():
            raise UsageError(f"{out}: exists already; give --out a new name, or --resume")
        return out
    if not needed:
        return None
    from tactful.runs.read.folder import new_folder_path

    return new_folder_path(Path("runs"), "bench", "proactive")


# ---------------------------------------------------------------- output


def _report(
    result: BenchResult,
    decisions: Mapping[str, Sequence[Decision]],
    chosen: Chosen,
    place: Path | None,
    reward_data: Path | None,
    *,
    as_json: bool,
) -> None:
    from tactful.evaluation.proactive.report import bench_lines

    for warning in result.warnings:
        say(f"WARNING: {warning}")
    if as_json:
        emit_json(result.model_dump(mode="json"))
    else:
        for line in bench_lines(result):
            typer.echo(line)
    if place is not None:
        _write(result, decisions, chosen, place)
        say(f"results: {place / 'results.json'}; every decision: {place / 'decisions.jsonl'}")
    if reward_data is not None:
        next_command(f"tactful bench judge {quoted(reward_data)} --leave-one-session-out")


def _write(
    result: BenchResult, decisions: Mapping[str, Sequence[Decision]], chosen: Chosen, place: Path
) -> None:
    from tactful.data.io import write_file, write_jsonl
    from tactful.evaluation.proactive.assistants import write_answers

    write_file(place / "results.json", [result.model_dump_json(indent=2).encode(), b"\n"])
    rows = (
        {"assistant": name, **one.model_dump(mode="json")} for name, mine in decisions.items() for one in mine
    )
    write_jsonl(place / "decisions.jsonl", rows)
    for one in chosen.assistants:
        if one.name not in chosen.files:
            write_answers(one, place / "responses" / one.name.replace(" ", "-").replace("/", "-"))


def _print_forecast(
    traces: Sequence[Trace], config: AssistantConfig, spec: ModelSpec | None, *, as_json: bool
) -> None:
    from tactful.evaluation.proactive.assistants import forecast

    expected = forecast(traces, config, spec)
    if as_json:
        emit_json(expected.model_dump(mode="json"))
        return
    cost = "price not known" if expected.cost_usd is None else f"about {expected.cost_usd:.2f} USD"
    say(f"{expected.events} events in {len(traces)} traces; estimated, nothing was sent:")
    say(
        f"  assistant: {expected.calls} calls, {expected.prompt_tokens} prompt tokens, {cost}; the judge comes on top"
    )
