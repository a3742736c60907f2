"""Who judges: our reward model, trained anew for each trace without that trace; or a saved model, which may have seen it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from tactful.data.formats.traces import Trace
from tactful.errors import UsageError, UserError
from tactful.evaluation.judges.acceptances import BySession
from tactful.evaluation.proactive.bench import JudgeAll
from tactful.evaluation.proactive.judge_run import MomentJudgeConfig, judge_file, read_judgements
from tactful.evaluation.proactive.matching import matching_sessions, sessions_of
from tactful.evaluation.proactive.points import Scene
from tactful.llm import ModelSpec
from tactful.reward.embedded.training import train
from tactful.reward.opening import open_judge
from tactful.reward.types import Acceptance, MomentJudge
from tactful.runs import RunOptions, RunSummary, run_job
from tactful.types import LabelledMoment, Moment

Train = Callable[[Sequence[LabelledMoment]], MomentJudge]
"""Items → a judge trained on them."""


def held_out_judge(
    traces: Sequence[Trace], items: Sequence[LabelledMoment], train: Train, *, name: str
) -> tuple[BySession, str]:
    """(a judge for each trace, trained without every session that holds events of it; how that went, in words).

    Raises: UserError when a trace leaves no session to train on.
    """
    sessions = sessions_of(items)
    held = {
        trace.id: tuple(match.session for match in matching_sessions(trace, sessions)) for trace in traces
    }
    for trace, names in held.items():
        if len(names) == len(sessions):
            raise UserError(
                f"trace '{trace}' is all that the judge's training data hold ({len(sessions)} sessions), so no judge "
                "can be trained without it; give data of other sessions with --judge-data"
            )

    def judge_for(trace: str) -> MomentJudge:
        return train([item for item in items if item.moment.session not in held[trace]])

    found = sum(map(bool, held.values()))
    told = f"trained on {len(sessions)} sessions, for each trace without its own: {found} of {len(traces)} traces are among them"
    return BySession(name, judge_for), told


def seen_traces(scenes: Sequence[Scene], trained_on: Collection[str]) -> list[str]:
    """The traces among these sessions: by the labels' session of the same events, or by the first event."""

    def names(scene: Scene) -> set[str]:
        return {scene.trace.id, scene.trace.events[0].text, *(match.session for match in scene.sessions)}

    return [scene.trace.id for scene in scenes if not names(scene).isdisjoint(trained_on)]


# ---------------------------------------------------------------- as the benchmark asks them


@dataclass(frozen=True)
class Judge:
    """Who judges, and how it stands to the traces."""

    name: str
    regime: str
    judge: JudgeAll
    warnings: tuple[str, ...] = ()


def out_of_session(scenes: Sequence[Scene], training: Sequence[LabelledMoment]) -> tuple[MomentJudge, str]:
    """(our reward model, for each trace trained without it; how that went, in words). Raises: UsageError without labels."""
    if not training:
        raise UsageError(
            "our reward model must be trained on labels; give --reward-data (or --judge-data) like "
            "reward_train.jsonl, or judge by --judge MODEL or --reward-model FOLDER"
        )
    traces = [scene.trace for scene in scenes]
    return held_out_judge(traces, training, train, name="our reward model, out of session")


def by_model(folder: Path, scenes: Sequence[Scene]) -> Judge:
    """A saved model; a warning where it was trained on the traces that it is to judge."""
    model = open_judge(folder)
    seen = seen_traces(scenes, model.sessions)
    if not seen:
        return Judge(model.name, "saved model; none of these traces is in its training", now(model))
    share = f"{len(seen)} of these {len(scenes)} traces"
    told = (
        f"{folder} was trained on {share} ({', '.join(seen)}): it judges what it has "
        "learnt by heart, and these figures are NOT out of session; leave --reward-model out to judge out of session"
    )
    return Judge(model.name, f"saved model, TRAINED ON {share}", now(model), (told,))


def by_run(spec: ModelSpec, votes: int, options: RunOptions, on_run: Callable[[RunSummary], object]) -> Judge:
    """A chat model, whose judgements are a run in `options.out`; the moments are written beside it."""

    def judge(moments: Sequence[Moment]) -> list[Acceptance]:
        assert options.out is not None
        asked = options.out.parent / "moments.jsonl"
        summary = run_job(judge_file(MomentJudgeConfig(votes=votes), moments, asked, spec), options)
        on_run(summary)
        return read_judgements(summary.folder, moments)

    return Judge(
        name=spec.name + (f" \u00d7{votes}" if votes > 1 else ""),
        regime="prompted model; whether its training held these traces is not known",
        judge=judge,
        warnings=("the judge is a rehearsal: cues made these judgements",) if spec.name == "offline" else (),
    )


def now(judge: MomentJudge) -> JudgeAll:
    """The judge as the benchmark asks it: outside any event loop."""
    return lambda moments: asyncio.run(judge.judge_batch(moments))
