"""`tactful bench proactive`: assistants that may speak up or stay silent, along traces of working users."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tactful.cli import bench_freeze
from tactful.cli.common import (
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
    emit_json,
    finite,
    model_spec,
    next_command,
    quoted,
    say,
    tell_failures,
)
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.data.traces import Trace
    from tactful.evaluation.proactive import Decision
    from tactful.evaluation.proactive_assistants import Assistant, AssistantConfig
    from tactful.evaluation.proactive_bench import BenchResult, JudgeAll
    from tactful.evaluation.proactive_matching import FileMatch
    from tactful.evaluation.proactive_points import Scene
    from tactful.llm import ModelSpec
    from tactful.reward.types import Acceptance, MomentJudge
    from tactful.runs import Job, RunOptions, RunSummary
    from tactful.types import LabelledMoment, Moment

PEOPLE_FOR_A_MODEL = 100
"""Labelled moments that a paid judge judges for its agreement with people, unless told otherwise."""


def register(noun: typer.Typer) -> None:
    """Add `proactive` and `freeze` to the noun `bench`."""
    noun.command("proactive")(proactive)
    bench_freeze.register(noun)


@dataclass
class _Chosen:
    """The assistants to score, and how those from files were matched."""

    assistants: list[Assistant] = field(default_factory=list)
    files: dict[str, list[FileMatch]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Judge:
    """Who judges, and how it stands to the traces."""

    name: str
    regime: str
    judge: JudgeAll
    warnings: tuple[str, ...] = ()


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
    dry_run: DryRunFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Score assistants along traces: as published and corrected, with baselines in every table, intervals by session.

    Example: `tactful bench proactive traces --responses agent_responses --reward-data reward_train.jsonl`

    Run a model over the traces and score it: `tactful bench proactive traces --model gpt-4.1-mini --reward-data
    reward_train.jsonl --out runs/proactive --budget-usd 2`
    """
    from tactful.data.moments import labelled_rows
    from tactful.data.traces import read_splits, read_traces
    from tactful.evaluation.proactive_assistants import SCRIPTS, AssistantConfig
    from tactful.evaluation.proactive_bench import run_bench
    from tactful.evaluation.proactive_freeze import check_frozen, read_labels
    from tactful.evaluation.proactive_points import scenes_of
    from tactful.runs import RunOptions

    if not (responses or model or policy):
        raise UsageError("nothing to score; give --responses FOLDER, --model NAME or --policy gate")
    _refuse_unknown(policy or [])
    _refuse_two_judges(judge, reward_model, judge_data, votes, gate="gate" in (policy or []))
    frozen = check_frozen(traces)
    found = read_traces(traces)
    own = read_labels(traces) if frozen is not None else []
    labels = list(labelled_rows(reward_data)) if reward_data is not None else own
    training = list(labelled_rows(judge_data)) if judge_data is not None else labels
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
    chosen = _Chosen()
    _add_responses(chosen, responses or [], found)
    asyncio.run(_add_policies(chosen, policy or [], scenes, training, threshold, seed))
    if spec is not None:
        assert place is not None
        options = _add_model(chosen, spec, config, traces, found, place / "assistant", options)
    if judge is not None:
        from tactful.evaluation.proactive_judge_run import SCRIPTS as JUDGE_SCRIPTS

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
        judging = _by_run(judge_spec, votes, _here(options, place / "judge"))
    elif reward_model is not None:
        judging = _by_model(reward_model, scenes)
    else:
        judging = _by_held_out(scenes, training)
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
    from tactful.runs.folder import new_folder_path

    return new_folder_path(Path("runs"), "bench", "proactive")


# ---------------------------------------------------------------- who is scored


def _add_responses(chosen: _Chosen, places: Sequence[Path], traces: Sequence[Trace]) -> None:
    """Assistants whose responses are in files. Raises: DataError; UsageError for two of one name."""
    from tactful.data.traces import answer_folders, read_answers
    from tactful.evaluation.proactive_assistants import from_files
    from tactful.evaluation.proactive_matching import match_answers

    for place in places:
        for name, folder in answer_folders(place).items():
            if name in chosen.files:
                raise UsageError(f"{folder}: a folder '{name}' is among the responses already; rename one")
            files = read_answers(folder)
            chosen.files[name] = match_answers(files, traces)
            chosen.assistants.append(from_files(name, files, chosen.files[name]))


async def _add_policies(
    chosen: _Chosen,
    policies: Sequence[str],
    scenes: Sequence[Scene],
    training: Sequence[LabelledMoment],
    threshold: float,
    seed: int,
) -> None:
    from tactful.evaluation.proactive_assistants import always, gated, never, thrown

    for name in policies:
        title = f"policy {name}"
        if name == "gate":
            judge, _ = _held_out(scenes, training)
            chosen.assistants.append(await gated(scenes, judge, threshold, f"{title} {threshold:g}"))
        elif name == "random":
            chosen.assistants.append(thrown(scenes, seed, title))
        else:
            chosen.assistants.append((always if name == "always" else never)(scenes, title))


def _add_model(
    chosen: _Chosen,
    spec: ModelSpec,
    config: AssistantConfig,
    source: Path,
    traces: Sequence[Trace],
    folder: Path,
    options: RunOptions,
) -> RunOptions:
    """Run the model over the traces; the options with what is left of the budget."""
    from tactful.evaluation.proactive_assistants import assistant_job, from_run
    from tactful.runs import run_job

    job = replace(
        assistant_job(config, traces, spec),
        resume_with="tactful.cli.bench_proactive:retry_assistant",
        resume_args={"traces": str(source.resolve()), "spec": spec.model_dump(mode="json")},
    )
    summary = run_job(job, _here(options, folder))
    tell_failures(summary, "; then give this command again with --resume")
    if spec.name == "offline":
        say("a rehearsal: cues made these proposals, no language model read anything")
    chosen.assistants.append(from_run(spec.name, summary.folder, traces))
    return _left(options, summary)


def retry_assistant(config: dict[str, Any], traces: str, spec: dict[str, Any]) -> Job:
    """The run of a folder once more, from its stored configuration; `tactful runs retry` calls it."""
    from tactful.data.traces import read_traces
    from tactful.evaluation.proactive_assistants import AssistantConfig, assistant_job
    from tactful.llm import ModelSpec

    return assistant_job(
        AssistantConfig.model_validate(config), read_traces(Path(traces)), ModelSpec.model_validate(spec)
    )


def _here(options: RunOptions, folder: Path) -> RunOptions:
    """The options for the run in `folder`: it goes on where it is there, and begins where it is not."""
    return options.model_copy(
        update={"out": folder, "resume": options.resume and (folder / "run.json").is_file()}
    )


def _left(options: RunOptions, summary: RunSummary) -> RunOptions:
    """The options with what the run left of the budget."""
    usage = summary.usage
    usd, tokens = options.budget_usd, options.budget_tokens
    return options.model_copy(
        update={
            "budget_usd": None if usd is None else max(0.0, usd - (usage.cost_usd or 0.0)),
            "budget_tokens": None
            if tokens is None
            else max(0, tokens - usage.prompt_tokens - usage.completion_tokens),
        }
    )


# ---------------------------------------------------------------- who judges


def _held_out(scenes: Sequence[Scene], training: Sequence[LabelledMoment]) -> tuple[MomentJudge, str]:
    """Our reward model, for each trace trained without it. Raises: UsageError without labels to train on."""
    from tactful.evaluation.proactive_judges import held_out_judge
    from tactful.reward.training import TrainConfig, train, train_without

    if not training:
        raise UsageError(
            "our reward model must be trained on labels; give --reward-data (or --judge-data) like "
            "reward_train.jsonl, or judge by --judge MODEL or --reward-model FOLDER"
        )

    def fit(items: Sequence[LabelledMoment], session: str) -> MomentJudge:
        config = TrainConfig()
        return train_without(items, session, config) if session else train(items, config)

    return held_out_judge(
        [scene.trace for scene in scenes], training, fit, name="our reward model, out of session"
    )


def _by_held_out(scenes: Sequence[Scene], training: Sequence[LabelledMoment]) -> _Judge:
    judge, told = _held_out(scenes, training)
    return _Judge(name=judge.name, regime=told, judge=_now(judge))


def _by_model(folder: Path, scenes: Sequence[Scene]) -> _Judge:
    """A saved model; a warning where it was trained on the traces that it is to judge."""
    from tactful.evaluation.proactive_judges import seen_traces
    from tactful.reward.model import load_model

    model = load_model(folder)
    seen = seen_traces(scenes, model)
    if not seen:
        return _Judge(
            name=model.name, regime="saved model; none of these traces is in its training", judge=_now(model)
        )
    told = (
        f"{folder} was trained on {len(seen)} of these {len(scenes)} traces ({', '.join(seen)}): it judges what it has "
        "learnt by heart, and these figures are NOT out of session; leave --reward-model out to judge out of session"
    )
    return _Judge(
        name=model.name,
        regime=f"saved model, TRAINED ON {len(seen)} of these {len(scenes)} traces",
        judge=_now(model),
        warnings=(told,),
    )


def _now(judge: MomentJudge) -> JudgeAll:
    return lambda moments: asyncio.run(judge.judge_batch(moments))


def _by_run(spec: ModelSpec, votes: int, options: RunOptions) -> _Judge:
    """A chat model, whose judgements are a run."""
    from tactful.evaluation.proactive_judge_run import MomentJudgeConfig, judge_job, read_judgements
    from tactful.runs import run_job

    def judge(moments: Sequence[Moment]) -> list[Acceptance]:
        summary = run_job(judge_job(MomentJudgeConfig(votes=votes), moments, spec), options)
        tell_failures(summary)
        return read_judgements(summary.folder, moments)

    warnings = ("the judge is a rehearsal: cues made these judgements",) if spec.name == "offline" else ()
    name = spec.name + (f" \u00d7{votes}" if votes > 1 else "")
    regime = "prompted model; whether its training held these traces is not known"
    return _Judge(name=name, regime=regime, judge=judge, warnings=warnings)


# ---------------------------------------------------------------- output


def _report(
    result: BenchResult,
    decisions: Mapping[str, Sequence[Decision]],
    chosen: _Chosen,
    place: Path | None,
    reward_data: Path | None,
    *,
    as_json: bool,
) -> None:
    from tactful.evaluation.proactive_report import bench_lines

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
    result: BenchResult, decisions: Mapping[str, Sequence[Decision]], chosen: _Chosen, place: Path
) -> None:
    from tactful.data.io import write_file, write_jsonl
    from tactful.evaluation.proactive_assistants import write_answers

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
    from tactful.evaluation.proactive_assistants import forecast

    expected = forecast(traces, config, spec)
    if as_json:
        emit_json(expected.model_dump(mode="json"))
        return
    cost = "price not known" if expected.cost_usd is None else f"about {expected.cost_usd:.2f} USD"
    say(f"{expected.events} events in {len(traces)} traces; estimated, nothing was sent:")
    say(
        f"  assistant: {expected.calls} calls, {expected.prompt_tokens} prompt tokens, {cost}; the judge comes on top"
    )
