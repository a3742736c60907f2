"""Hand-made trajectories and a cage that needs no kernel: each test states only what matters to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tactful.calibration.pairs import PairConfig, PairMaker, PairSummary
from tactful.calibration.reward.rewards import RewardConfig, reward
from tactful.calibration.reward.task_score import TaskScores
from tactful.calibration.types import Rewarded
from tactful.sandbox.types import Job, Outcome, TestResult, Tier, Verdict
from tactful.types import (
    Hidden,
    Message,
    PreferencePair,
    Provenance,
    PublicState,
    Reaction,
    Requirement,
    Step,
    Trajectory,
)

OFFLINE = Provenance(model="offline", generator="offline", run_id="run-a")
SOLVED = TaskScores({"t0": 1.0}, {"t0": 1.0}, True)
FAILED = TaskScores({"t0": 0.0}, {"t0": 1.0}, False)
UNKNOWN = TaskScores({"t0": None}, {"t0": 1.0}, None, unscored_reason="sandbox: broke")


def make_state(state_id: str = "task-1-open", **changes: Any) -> PublicState:
    fields: dict[str, Any] = {
        "id": state_id,
        "domain": "coding",
        "query": "Sort the rows.",
        "query_clarity": 0.4,
        "task_complexity": 0.5,
        "group": state_id.rsplit("-", 1)[0],
    }
    return PublicState(**{**fields, **changes})


def make_step(
    action: str = "LOW",
    *,
    questions: int = 0,
    rejected: bool = False,
    answered: bool = False,
    revealed: Sequence[str] = (),
    tokens: int = 50,
    off_topic: bool = False,
    solves: bool = False,
    message: str = "",
    reply: str = "ok",
    state: PublicState | None = None,
) -> Step:
    return Step(
        state=state or make_state(),
        action=action,
        message=message or f"{action} says so",
        questions=questions,
        tokens=tokens,
        gave_solution=solves,
        reaction=Reaction(
            reply=reply,
            answered_clarification=answered,
            reject_signal=rejected,
            off_topic_flag=off_topic,
        ),
        revealed=tuple(revealed),
    )


def make_trajectory(*steps: Step, **changes: Any) -> Trajectory:
    steps = steps or (make_step(solves=True),)
    state = steps[0].state
    fields: dict[str, Any] = {
        "id": f"{state.id}/calm/p0/{steps[-1].action}",
        "state_id": state.id,
        "group": state.group,
        "domain": state.domain,
        "persona": "calm",
        "action_space": "levels",
        "mode": "single",
        "steps": steps,
        "end": "completed",
        "solution": "code" if any(step.gave_solution for step in steps) else None,
        "hidden": Hidden(tests=("assert f() == 1",)),
        "provenance": OFFLINE,
        "wording": "open",
    }
    return Trajectory(**{**fields, **changes})


def make_rewarded(
    trajectory: Trajectory, scores: TaskScores = SOLVED, config: RewardConfig | None = None
) -> Rewarded:
    return reward(trajectory, scores, config or RewardConfig())


def one_step(
    action: str,
    share: float | None,
    *,
    state: PublicState | None = None,
    persona: str = "calm",
    pass_index: int = 0,
    run_id: str = "run-a",
    **step: Any,
) -> Rewarded:
    """A single-turn trajectory whose reward is `share` (config: `task_score = "share"`) minus its step's cost."""
    state = state or make_state()
    trajectory = make_trajectory(
        make_step(action, solves=True, state=state, **step),
        id=f"{state.id}/{persona}/p{pass_index}/{action}/{run_id}",
        persona=persona,
        pass_index=pass_index,
        wording="complete" if state.id.endswith("complete") else "open",
        provenance=OFFLINE.model_copy(update={"run_id": run_id}),
    )
    scores = TaskScores({"t0": share}, {"t0": 1.0}, None)
    return reward(trajectory, scores, RewardConfig(task_score="share"))


def requirement(name: str, weight: float, **changes: Any) -> Requirement:
    fields: dict[str, Any] = {"id": name, "text": f"wants {name}", "weight": weight, "open": False}
    return Requirement(**{**fields, **changes})


def said(*texts: str) -> tuple[Message, ...]:
    """Messages after the query: assistant, user, assistant, …"""
    return tuple(
        Message(role="assistant" if n % 2 == 0 else "user", content=text) for n, text in enumerate(texts)
    )


@dataclass
class FakeCage:
    """Passes the tests named in the code (`passes: a, b`); counts what it ran. Code `boom` breaks the cage."""

    jobs: list[Job] = field(default_factory=list)

    def run_many(self, jobs: Iterable[Job]) -> Iterator[Verdict]:
        for job in jobs:
            self.jobs.append(job)
            passing = job.code.removeprefix("passes:").replace(" ", "").split(",")
            yield Verdict(
                job_hash=job.hash,
                tests=tuple(
                    TestResult(
                        outcome=Outcome.PASSED if test in passing else Outcome.FAILED, weak=test == "weak"
                    )
                    for test in job.tests
                ),
                tier=Tier.CAGED,
                error="the cage broke" if job.code == "boom" else "",
                unscored=job.code == "boom",
            )


def make_pairs(
    records: Iterable[Rewarded], config: PairConfig, reward_config: RewardConfig
) -> tuple[list[PreferencePair], PairSummary]:
    """All pairs of `records` and what became of their decision points."""
    maker = PairMaker(config, reward_config)
    for record in records:
        maker.add(record)
    return list(maker.pairs()), maker.summary
