"""What each policy asked in its walks, counted for `stats.asking`: was it needed, what was left unasked, how soon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tactful.calibration.play.matching import match_questions
from tactful.calibration.reward.information import cell_of
from tactful.evaluation.policies.walking.tree import ActionTree
from tactful.evaluation.policies.walking.walk import Walk
from tactful.stats import Estimate
from tactful.stats.asking import AskingCounts, asking_figures, clarity_of
from tactful.text import questions


def asking(trees: Sequence[ActionTree], walks: Sequence[Walk]) -> Mapping[str, Estimate]:
    """The measures of `stats.asking.MEANINGS`, with intervals by base task.

    A question is needed while something that the wording leaves open was not told yet; a blocker is an open request.
    Tasks that do not say what they leave open are in no figure of need.
    """
    by_task: dict[str, AskingCounts] = {}
    for walk in walks:
        tree = trees[walk.tree]
        by_task.setdefault(tree.group, AskingCounts()).add(_counts(tree, walk))
    return asking_figures(list(by_task.values()))


def _counts(tree: ActionTree, walk: Walk) -> AskingCounts:
    steps = tree.steps(walk.leaf)
    asked = [step for step in steps if step.questions]
    counts = AskingCounts(turns=len(steps), asked=len(asked))
    if asked and tree.nodes[walk.leaf].solution is not None:
        counts.clarified, counts.turns_to_clarify = 1, len(asked)
    clarity = clarity_of(1 - steps[0].state.query_clarity)
    setattr(counts, clarity, 1)
    setattr(counts, f"{clarity}_asked", float(steps[0].questions > 0))
    if cell_of(tree.frame):
        _judge(counts, tree, walk)
    return counts


def _judge(counts: AskingCounts, tree: ActionTree, walk: Walk) -> None:
    """Add what the task itself tells: whether questions were needed, and which of the open requirements they met."""
    wanted = [item for item in tree.frame.hidden.requirements if item.open]
    untold, met = list(wanted), set[str]()
    for step in tree.steps(walk.leaf):
        if step.questions:
            counts.questions_judged += 1
            counts.questions_needed += bool(untold)
            met |= {item.id for item in match_questions(questions(step.message), untold)}
        untold = [item for item in untold if item.id not in step.revealed]
    if wanted:
        counts.blockers, counts.blockers_asked = 1, float(counts.asked > 0)
        counts.with_blockers, counts.covered = 1, len(met) / len(wanted)
