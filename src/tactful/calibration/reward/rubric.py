"""Does the delivered result meet each requirement? Judged by a language model, for tasks that no program can check.

The judge sees the request, the requirements and the result, never the dialogue: questions and praise cannot
sway it. What it does not judge readably stays unscored, never 0.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Literal

from pydantic import ConfigDict

from tactful.calibration.reward.task_score import TaskScores, delivered, requirement_weights, unscored
from tactful.data.seeds.planning_check import check_plan
from tactful.errors import ParseError
from tactful.llm.types import ChatModel, Rehearsal
from tactful.prompts import Rendered, load_prompt
from tactful.types import Record, Trajectory

PROMPT = load_prompt(__file__, fields={"query", "requirements", "result"})
OFFLINE_SCRIPTS = "calibration.reward"
"""Goes into `ModelSpec.scripts` for a rehearsal of the judge."""

Met = Literal["yes", "partly", "no"]
SHARES: dict[Met, float] = {"yes": 1.0, "partly": 0.5, "no": 0.0}


class RequirementVerdict(Record):
    """What the judge says of one requirement."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    requirement: int
    """Its number in the prompt, from 1."""
    evidence: str
    met: Met


class RubricReply(Record):
    """The judge's reply."""

    verdicts: tuple[RequirementVerdict, ...]


async def judge_requirements(trajectory: Trajectory, judge: ChatModel) -> TaskScores:
    """Which requirements the delivered result meets, in the judge's view; nothing delivered meets none.

    A requirement that the reply leaves out or judges in two ways is unscored; an unreadable reply leaves all
    of them unscored.

    Raises: ProviderError, when the judge stays out of reach.
    """
    requirements = trajectory.hidden.requirements
    result = delivered(trajectory)
    if result is None:
        return TaskScores(
            dict.fromkeys((item.id for item in requirements), 0.0), requirement_weights(requirements), None
        )
    try:
        reply = await judge.structured(
            rubric_prompt(trajectory, result), RubricReply, rehearsal=_rehearsal(trajectory, result, judge)
        )
    except ParseError as error:
        return unscored(requirements, reason=f"judge: {error}")
    said: dict[int, set[Met]] = defaultdict(set)
    for verdict in reply.verdicts:
        said[verdict.requirement].add(verdict.met)
    scores = {
        item.id: SHARES[next(iter(said[number]))] if len(said[number]) == 1 else None
        for number, item in enumerate(requirements, start=1)
    }
    unclear = [name for name, score in scores.items() if score is None]
    reason = f"judge: no clear verdict on {', '.join(unclear)}" if unclear else ""
    return TaskScores(
        scores, requirement_weights(requirements), None, judge=judge.name, unscored_reason=reason
    )


def rubric_prompt(trajectory: Trajectory, result: str) -> Rendered:
    """The prompt as sent."""
    requirements = trajectory.hidden.requirements
    return PROMPT.render(
        query=trajectory.steps[0].state.query,
        requirements="\n".join(f"{number}. {item.text}" for number, item in enumerate(requirements, start=1)),
        result=result,
    )


def _rehearsal(trajectory: Trajectory, result: str, judge: ChatModel) -> Rehearsal | None:
    """For the offline judge alone: what the checks say, where there are any."""
    if judge.generator != "offline":
        return None
    met = [bool(item.checks) and check_plan(result, item) for item in trajectory.hidden.requirements]
    return Rehearsal(room="calibration", task="rubric", facts={"met": met})
