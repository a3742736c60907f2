"""What `tactful bench proactive` puts together: the assistants that are scored, and who judges them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tactful.cli.output import quoted, say, tell_failures
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.data.formats.traces import Trace
    from tactful.evaluation.proactive.assistants import Assistant, AssistantConfig
    from tactful.evaluation.proactive.bench import JudgeAll
    from tactful.evaluation.proactive.matching import FileMatch
    from tactful.evaluation.proactive.points import Scene
    from tactful.llm import ModelSpec
    from tactful.reward.types import Acceptance, MomentJudge
    from tactful.runs import Job, RunOptions, RunSummary
    from tactful.types import LabelledMoment, Moment


_THEN = "; then give this command again with --resume"


@dataclass
class Chosen:
    """The assistants to score, and how those from files were matched."""

    assistants: list[Assistant] = field(default_factory=list)
    files: dict[str, list[FileMatch]] = field(default_factory=dict)


@dataclass(frozen=True)
class Judge:
    """Who judges, and how it stands to the traces."""

    name: str
    regime: str
    judge: JudgeAll
    warnings: tuple[str, ...] = ()


# ---------------------------------------------------------------- who is scored


def add_responses(chosen: Chosen, places: Sequence[Path], traces: Sequence[Trace]) -> None:
    """Assistants whose responses are in files. Raises: DataError; UsageError for two of one name."""
    from tactful.data.formats.traces import answer_folders, read_answers
    from tactful.evaluation.proactive.assistants import from_files
    from tactful.evaluation.proactive.matching import match_answers

    for place in places:
        for name, folder in answer_folders(place).items():
            if name in chosen.files:
                raise UsageError(f"{folder}: a folder '{name}' is among the responses already; rename one")
            files = read_answers(folder)
            chosen.files[name] = match_answers(files, traces)
            chosen.assistants.append(from_files(name, files, chosen.files[name]))


def add_policies(
    chosen: Chosen,
    policies: Sequence[str],
    scenes: Sequence[Scene],
    held_out: Callable[[], tuple[MomentJudge, str]],
    threshold: float,
    seed: int,
) -> None:
    """Our own policies, by name; `held_out` gives the model by which the gate chooses."""
    from tactful.evaluation.proactive.assistants import always, gated, never, thrown

    for name in policies:
        title = f"policy {name}"
        if name == "gate":
            said = gated(scenes, held_out()[0], threshold, f"{title} {threshold:g}")
            chosen.assistants.append(asyncio.run(said))
        elif name == "random":
            chosen.assistants.append(thrown(scenes, seed, title))
        else:
            chosen.assistants.append((always if name == "always" else never)(scenes, title))


def add_model(
    chosen: Chosen,
    spec: ModelSpec,
    config: AssistantConfig,
    source: Path,
    traces: Sequence[Trace],
    folder: Path,
    options: RunOptions,
) -> RunOptions:
    """Run the model over the traces; the options with what is left of the budget."""
    from tactful.evaluation.proactive.assistants import assistant_job, from_run
    from tactful.runs import run_job

    job = replace(
        assistant_job(config, traces, spec),
        resume_args={"traces": str(source.resolve()), "spec": spec.model_dump(mode="json")},
    )
    summary = run_job(job, here(options, folder))
    tell_failures(summary, _THEN)
    if spec.name == "offline":
        say("a rehearsal: cues made these proposals, no language model read anything")
    chosen.assistants.append(from_run(spec.name, summary.folder, traces))
    return _left(options, summary)


def retry_assistant(config: dict[str, Any], traces: str, spec: dict[str, Any]) -> Job:
    """The run of a folder once more, from its stored configuration; `tactful runs retry` calls it."""
    from tactful.data.formats.traces import read_traces
    from tactful.evaluation.proactive.assistants import AssistantConfig, assistant_job
    from tactful.llm import ModelSpec

    return assistant_job(
        AssistantConfig.model_validate(config), read_traces(Path(traces)), ModelSpec.model_validate(spec)
    )


def retry_judge(config: dict[str, Any], moments: str, spec: dict[str, Any]) -> Job:
    """The judge's run of a folder once more; `tactful runs retry` calls it."""
    from tactful.data.io import read_jsonl
    from tactful.evaluation.proactive.judge_run import MomentJudgeConfig, judge_job
    from tactful.llm import ModelSpec
    from tactful.types import Moment

    return judge_job(
        MomentJudgeConfig.model_validate(config),
        list(read_jsonl(moments, Moment)),
        ModelSpec.model_validate(spec),
    )


def here(options: RunOptions, folder: Path) -> RunOptions:
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


def held_out(scenes: Sequence[Scene], training: Sequence[LabelledMoment]) -> tuple[MomentJudge, str]:
    """Our reward model, for each trace trained without it. Raises: UsageError without labels to train on."""
    from tactful.evaluation.proactive.judges import held_out_judge

    if not training:
        raise UsageError(
            "our reward model must be trained on labels; give --reward-data (or --judge-data) like "
            "reward_train.jsonl, or judge by --judge MODEL or --reward-model FOLDER"
        )

    from tactful.reward.embedded.training import TrainConfig, train, train_without

    def fit(items: Sequence[LabelledMoment], session: str) -> MomentJudge:
        config = TrainConfig()
        return train_without(items, session, config) if session else train(items, config)

    return held_out_judge(
        [scene.trace for scene in scenes], training, fit, name="our reward model, out of session"
    )


def by_model(folder: Path, scenes: Sequence[Scene]) -> Judge:
    """A saved model; a warning where it was trained on the traces that it is to judge."""
    from tactful.evaluation.proactive.judges import seen_traces
    from tactful.reward.embedded.model import load_model

    model = load_model(folder)
    seen = seen_traces(scenes, model)
    if not seen:
        return Judge(
            name=model.name, regime="saved model; none of these traces is in its training", judge=now(model)
        )
    told = (
        f"{folder} was trained on {len(seen)} of these {len(scenes)} traces ({', '.join(seen)}): it judges what it has "
        "learnt by heart, and these figures are NOT out of session; leave --reward-model out to judge out of session"
    )
    return Judge(
        name=model.name,
        regime=f"saved model, TRAINED ON {len(seen)} of these {len(scenes)} traces",
        judge=now(model),
        warnings=(told,),
    )


def now(judge: MomentJudge) -> JudgeAll:
    """The judge as the benchmark asks it: outside any event loop."""
    return lambda moments: asyncio.run(judge.judge_batch(moments))


def by_run(spec: ModelSpec, votes: int, options: RunOptions) -> Judge:
    """A chat model, whose judgements are a run."""
    from tactful.data.io import write_jsonl
    from tactful.evaluation.proactive.judge_run import MomentJudgeConfig, judge_job, read_judgements
    from tactful.runs import run_job

    def judge(moments: Sequence[Moment]) -> list[Acceptance]:
        assert options.out is not None
        asked = options.out.parent / "moments.jsonl"
        write_jsonl(asked, moments)
        job = replace(
            judge_job(MomentJudgeConfig(votes=votes), moments, spec),
            resume_args={"moments": str(asked.resolve()), "spec": spec.model_dump(mode="json")},
        )
        summary = run_job(job, options)
        tell_failures(summary, _THEN)
        if summary.unscored:
            say(f"take the unscored again: tactful runs retry {quoted(options.out)} --unscored{_THEN}")
        return read_judgements(summary.folder, moments)

    warnings = ("the judge is a rehearsal: cues made these judgements",) if spec.name == "offline" else ()
    name = spec.name + (f" \u00d7{votes}" if votes > 1 else "")
    regime = "prompted model; whether its training held these traces is not known"
    return Judge(name=name, regime=regime, judge=judge, warnings=warnings)
